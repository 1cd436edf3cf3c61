/* Words of sockets, and the table of tcp_info's numbers. */
#include "sockeye/socket_record.h"

#include <string.h>
#include <sys/socket.h>

static const char *const state_words[SOCKET_STATES] = {
	NULL, "established", "syn_sent", "syn_received", "fin_wait1", "fin_wait2", "time_wait", "closed", "close_wait",
	"last_ack", "listen", "closing", "syn_received", "bound",
};

const char *socket_family_word(const struct socket_record *s)
{
	static const char *const words[] = {"unknown", "inet", "inet6", "unix", "packet", "netlink"};

	return words[s->family <= SOCKET_NETLINK ? s->family : 0];
}

static const char *type_word(unsigned type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_SEQPACKET:
		return "seqpacket";
	case SOCK_RAW:
		return "raw";
	case 10:
		return "packet"; /* SOCK_PACKET, obsolete since Linux 2.2 */
	default:
		return "unknown";
	}
}

/* linux/netlink.h */
static const char *netlink_word(unsigned protocol)
{
	static const char *const words[] = {
		"route", NULL, "usersock", "firewall", "sock_diag", "nflog", "xfrm", "selinux", "iscsi", "audit", "fib_lookup",
		"connector", "netfilter", "ip6_fw", "dnrtmsg", "kobject_uevent", "generic", NULL, "scsitransport", "ecryptfs",
		"rdma", "crypto", "smc",
	};

	return protocol < sizeof words / sizeof *words && words[protocol] ? words[protocol] : "unknown";
}

const char *socket_proto_word(const struct socket_record *s)
{
	if (s->family == SOCKET_UNIX || s->family == SOCKET_PACKET)
		return type_word(s->type);
	if (s->family == SOCKET_NETLINK)
		return netlink_word(s->proto);
	if (s->proto == SOCKET_PROTO_RAW)
		return "raw";
	return tuple_proto_name(s->proto) ? tuple_proto_name(s->proto) : "unknown";
}

const char *socket_state_word(const struct socket_record *s)
{
	if (s->state == SOCKET_CLOSED && !((s->family == SOCKET_INET || s->family == SOCKET_INET6) && s->proto == PROTO_TCP))
		return "unconnected";
	return s->state < SOCKET_STATES && state_words[s->state] ? state_words[s->state] : "unknown";
}

const char *socket_timer_word(unsigned timer)
{
	static const char *const words[SOCKET_TIMERS] = {NULL, "on", "keepalive", "time_wait", "persist"};

	return timer < SOCKET_TIMERS ? words[timer] : "unknown";
}

const char *socket_unknown_word(enum socket_unknown u)
{
	static const char *const words[] = {"", "no_capability", "too_late", "other_netns", "unsupported"};

	return words[u <= SOCKET_UNSUPPORTED ? u : 0];
}

const char *socket_evidence_word(unsigned evidence)
{
	static const char *const words[SOCKET_EVIDENCES] = {"proc", "iter", "bpf", "diag", "listener", "inherited"};

	return evidence < SOCKET_EVIDENCES ? words[evidence] : words[SOCKET_BY_PROC];
}

/* "syn-recv", "SYN_RECV", "fin-wait-1": letters and digits alone count. */
static bool same_word(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '-' || *a == '_')
			a++;
		while (*b == '-' || *b == '_')
			b++;
		if ((*a >= 'A' && *a <= 'Z' ? *a - 'A' + 'a' : *a) != *b)
			return false;
		if (*b == '\0')
			return true;
	}
}

unsigned socket_state_find(const char *word)
{
	static const struct {
		const char *word;
		unsigned state;
	} others[] = {
		{"estab", SOCKET_ESTABLISHED}, {"synrecv", SOCKET_SYN_RECEIVED}, {"listening", SOCKET_LISTEN},
		{"close", SOCKET_CLOSED}, {"unconn", SOCKET_CLOSED}, {"unconnected", SOCKET_CLOSED}, {"timewait", SOCKET_TIME_WAIT},
		{"boundinactive", SOCKET_BOUND},
	};

	for (unsigned i = 1; i < SOCKET_STATES; i++)
		if (same_word(word, state_words[i]))
			return i;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (same_word(word, others[i].word))
			return others[i].state;
	return 0;
}

const char *socket_interface_name(const struct socket_table *t, uint32_t index)
{
	for (uint32_t i = 0; i < t->n_interfaces; i++)
		if (t->interfaces[i].index == index)
			return t->interfaces[i].name;
	return NULL;
}

const struct socket_record *socket_by_inode(const struct socket_table *t, uint64_t inode)
{
	uint32_t low = 0, high = t->n_by_inode;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->by_inode[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n_by_inode && t->by_inode[low].inode == inode ? &t->sockets[t->by_inode[low].place] : NULL;
}

const char *socket_cgroup(const struct socket_table *t, const struct socket_record *s)
{
	uint32_t low = 0, high = t->n_cgroups;

	/* 1 is the root, where everybody is who was not put into the unified tree. */
	while (s->has & SOCKET_HAS_CGROUP && s->cgroup_id > 1 && low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->cgroups[middle].id == s->cgroup_id)
			return t->cgroups[middle].path;
		if (t->cgroups[middle].id < s->cgroup_id)
			low = middle + 1;
		else
			high = middle;
	}
	if (s->owners > 0 && t->processes[t->owners[s->owner].process].cgroup[0])
		return t->processes[t->owners[s->owner].process].cgroup;
	return s->has & SOCKET_HAS_CGROUP && s->cgroup_id == 1 ? "/" : NULL;
}

bool socket_held(const struct socket_record *s)
{
	return s->inode != 0 && !(s->family == SOCKET_NETLINK && s->netlink.portid == 0);
}

#define FIELD(name) {#name, offsetof(struct socket_tcp, name), sizeof(((struct socket_tcp *)0)->name)}
const struct socket_tcp_field socket_tcp_fields[SOCKET_TCP_FIELDS] = {
	FIELD(rtt_us), FIELD(rtt_variation_us), FIELD(min_rtt_us), FIELD(receive_rtt_us), FIELD(rto_us), FIELD(ato_us),
	FIELD(cwnd), FIELD(ssthresh), FIELD(mss), FIELD(receive_mss), FIELD(advertised_mss), FIELD(mtu), FIELD(send_scale),
	FIELD(receive_scale), FIELD(options), FIELD(congestion_state), FIELD(retransmits), FIELD(probes), FIELD(backoff),
	FIELD(unacked), FIELD(sacked), FIELD(lost), FIELD(retransmitted), FIELD(total_retransmissions), FIELD(fackets),
	FIELD(reordering), FIELD(reordered), FIELD(dsacks), FIELD(out_of_order), FIELD(last_sent_ms),
	FIELD(last_received_ms), FIELD(last_ack_ms), FIELD(bytes_sent), FIELD(bytes_acked), FIELD(bytes_received),
	FIELD(bytes_retransmitted), FIELD(segments_out), FIELD(segments_in), FIELD(data_segments_out),
	FIELD(data_segments_in), FIELD(unsent), FIELD(pacing_rate), FIELD(max_pacing_rate), FIELD(delivery_rate),
	FIELD(delivered), FIELD(delivered_ce), FIELD(limited_by_program), FIELD(busy_us), FIELD(window_limited_us),
	FIELD(buffer_limited_us), FIELD(receive_space), FIELD(receive_ssthresh), FIELD(peer_window), FIELD(own_window),
	FIELD(rehashes), {NULL, 0, 0},
};
#undef FIELD

bool socket_tcp_value(const struct socket_tcp *t, const struct socket_tcp_field *f, uint64_t *out)
{
	const char *at = (const char *)t + f->offset;
	uint32_t v32 = 0;

	if (f->width == 8) {
		memcpy(out, at, sizeof *out);
		return *out != UINT64_MAX; /* a rate without a limit */
	}
	if (f->width == 4)
		memcpy(&v32, at, sizeof v32);
	else
		v32 = *(const uint8_t *)at;
	*out = v32;
	switch (f->offset) {
	case offsetof(struct socket_tcp, ssthresh):
		return v32 < INT32_MAX; /* nothing has been lost yet */
	case offsetof(struct socket_tcp, min_rtt_us):
		return v32 != 0 && v32 != UINT32_MAX;
	case offsetof(struct socket_tcp, rtt_us):
	case offsetof(struct socket_tcp, receive_rtt_us):
		return v32 != 0;
	default:
		return true;
	}
}
