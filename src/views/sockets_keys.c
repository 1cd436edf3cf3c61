/* The keys of a socket: what JSON, CSV and TSV have of it, in their order.
 *
 * A key is absent where the kernel did not say it or it is no thing of such a
 * socket. Numbers that the kernel counts in its own ways keep its meaning: of a
 * listener receive_queue and send_queue are those of accept(2), used and limit.
 */
#include "sockets.h"

#include <string.h>

static bool word(struct socket_value *out, const char *text)
{
	out->text = text;
	return text != NULL;
}

static bool number(struct socket_value *out, uint64_t v, bool known)
{
	out->u64 = v;
	return known;
}

static bool inet(const struct socket_record *s)
{
	return s->family == SOCKET_INET || s->family == SOCKET_INET6;
}

const char *socket_container(const struct socket_table *t, const struct socket_record *s, struct process_home *home)
{
	const char *path = socket_cgroup(t, s);

	*home = path ? process_home(path) : (struct process_home){NULL, NULL, 0};
	return home->kind;
}

/* ---- the common ones ------------------------------------------------------------------------ */

enum { W_FAMILY, W_PROTO, W_STATE, W_TIMER, W_UNKNOWN, W_CONGESTION };

static bool get_word(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
		     struct socket_value *out)
{
	switch (k->which) {
	case W_FAMILY:
		return word(out, socket_family_word(s));
	case W_PROTO:
		return word(out, socket_proto_word(s));
	case W_STATE:
		return word(out, socket_state_word(s));
	case W_UNKNOWN:
		return word(out, socket_owner_unknown(t, s));
	case W_CONGESTION:
		return word(out, s->congestion[0] ? s->congestion : NULL);
	default:
		if (!(s->has & SOCKET_HAS_TIMER) || s->proto != PROTO_TCP)
			return false;
		if (s->timer == SOCKET_NO_TIMER)
			out->kind = KIND_NULL;
		return s->timer == SOCKET_NO_TIMER || word(out, socket_timer_word(s->timer));
	}
}

static bool get_endpoint(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
			 struct socket_value *out)
{
	(void)t;
	out->endpoint = k->which ? s->remote : s->local;
	return inet(s) && out->endpoint.family != FAMILY_NONE;
}

static bool get_owners(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
		       struct socket_value *out)
{
	(void)t;
	(void)k;
	(void)out;
	return s->owners > 0;
}

enum { N_RECEIVE, N_SEND, N_INODE, N_COOKIE, N_EXPIRES, N_RETRANSMITS, N_UID, N_INTERFACE, N_RAW, N_TOS, N_TCLASS, N_MARK, N_CLASS,
       N_SHUTDOWN, N_CGROUP_ID, N_WAITED, N_LISTENER, N_LISTENERS, N_PEER, N_DEVICE, N_FILE, N_PROTOCOL, N_FANOUT, N_RING, N_FILTER,
       N_PROMISCUOUS, N_PORTID, N_GROUPS };

static bool get_special(const struct socket_table *t, const struct socket_record *s, unsigned which, struct socket_value *out)
{
	switch (which) {
	case N_WAITED:
		return socket_waited(s, &out->u64);
	case N_LISTENER:
		return s->listener != SOCKET_NONE && s->listeners <= 1 && number(out, t->sockets[s->listener].inode, true);
	case N_LISTENERS:
		return s->listener != SOCKET_NONE && number(out, s->listeners, s->listeners > 1);
	case N_PEER:
		return number(out, s->peer, s->has & SOCKET_HAS_PEER);
	case N_DEVICE:
		return s->family == SOCKET_UNIX && number(out, s->un.device, s->has & SOCKET_HAS_FILE);
	case N_FILE:
		return s->family == SOCKET_UNIX && number(out, s->un.file, s->has & SOCKET_HAS_FILE);
	case N_PROTOCOL:
		return s->family == SOCKET_PACKET && number(out, s->packet.protocol, true);
	case N_FANOUT:
		return s->family == SOCKET_PACKET && number(out, s->packet.fanout, s->has & SOCKET_HAS_FANOUT);
	case N_RING:
		return s->family == SOCKET_PACKET &&
		       number(out, (uint64_t)s->packet.ring_blocks * s->packet.ring_block_size, s->has & SOCKET_HAS_RING);
	case N_FILTER:
		return s->family == SOCKET_PACKET && number(out, s->packet.filter, s->has & SOCKET_HAS_FILTER);
	case N_PROMISCUOUS:
		return s->family == SOCKET_PACKET && number(out, s->packet.promiscuous, s->packet.promiscuous > 0);
	case N_PORTID:
		return s->family == SOCKET_NETLINK && number(out, s->netlink.portid, true);
	default: /* N_GROUPS */
		return s->family == SOCKET_NETLINK && number(out, s->netlink.groups, s->netlink.groups != 0);
	}
}

static bool get_number(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
		       struct socket_value *out)
{
	const bool timer = (s->has & SOCKET_HAS_TIMER) && s->timer != SOCKET_NO_TIMER;

	switch (k->which) {
	case N_RECEIVE:
		return number(out, s->receive_queue, s->has & SOCKET_HAS_QUEUES);
	case N_SEND:
		return number(out, s->send_queue, s->has & SOCKET_HAS_QUEUES);
	case N_INODE:
		return number(out, s->inode, s->inode != 0);
	case N_COOKIE:
		return number(out, s->cookie, s->has & SOCKET_HAS_COOKIE);
	case N_EXPIRES:
		return number(out, (uint64_t)s->timer_ms * 1000, timer);
	case N_RETRANSMITS:
		return number(out, s->retransmits, timer);
	case N_UID:
		return number(out, s->uid, s->has & SOCKET_HAS_UID);
	case N_INTERFACE:
		return number(out, s->interface, s->interface != 0);
	case N_RAW:
		return number(out, s->raw_protocol, inet(s) && s->proto == SOCKET_PROTO_RAW);
	case N_TOS:
		return number(out, s->tos, s->has & SOCKET_HAS_TOS);
	case N_TCLASS:
		return number(out, s->tclass, s->has & SOCKET_HAS_TCLASS);
	case N_MARK:
		return number(out, s->mark, s->has & SOCKET_HAS_MARK);
	case N_CLASS:
		return number(out, s->class_id, s->has & SOCKET_HAS_CLASS);
	case N_SHUTDOWN:
		return number(out, s->shutdown, s->has & SOCKET_HAS_SHUTDOWN);
	case N_CGROUP_ID:
		return number(out, s->cgroup_id, s->has & SOCKET_HAS_CGROUP);
	default:
		return get_special(t, s, k->which, out);
	}
}

enum { B_ONLY_IPV6, B_MAPPED, B_WAITING, B_RUNNING };

static bool get_bool(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
		     struct socket_value *out)
{
	(void)t;
	switch (k->which) {
	case B_ONLY_IPV6:
		out->yes = s->only_ipv6;
		return (s->has & SOCKET_HAS_ONLY_IPV6) != 0;
	case B_RUNNING:
		out->yes = s->family == SOCKET_PACKET && s->packet.running;
		return s->family == SOCKET_PACKET;
	default:
		out->yes = true; /* absent where it is not so */
		return k->which == B_MAPPED ? s->mapped : s->waiting;
	}
}

static bool get_memory(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
		       struct socket_value *out)
{
	(void)t;
	return number(out, s->memory[k->which], s->has & (k->which == SOCKET_DROPS ? SOCKET_HAS_DROPS : SOCKET_HAS_MEMORY));
}

enum { F_CGROUP, F_CONTAINER_KIND, F_CONTAINER, F_UNIT, F_PATH, F_ABSTRACT, F_INTERFACE };

static bool get_foreign(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k,
			struct socket_value *out)
{
	struct process_home home;
	const char *kind;

	switch (k->which) {
	case F_CGROUP:
		out->text = socket_cgroup(t, s);
		out->len = out->text ? strlen(out->text) : 0;
		return out->text != NULL;
	case F_INTERFACE:
		out->text = s->interface != 0 ? socket_interface_name(t, s->interface) : NULL;
		out->len = out->text ? strlen(out->text) : 0;
		return out->text != NULL;
	case F_PATH:
	case F_ABSTRACT:
		if (s->family != SOCKET_UNIX || s->un.name_len == 0 || (s->un.name[0] == '\0') != (k->which == F_ABSTRACT))
			return false;
		out->text = s->un.name + (k->which == F_ABSTRACT ? 1 : 0);
		out->len = s->un.name_len - (k->which == F_ABSTRACT ? 1U : 0U);
		/* The kernel counts the zero that ends a path. */
		if (k->which == F_PATH)
			out->len = strnlen(out->text, out->len);
		return true;
	default:
		kind = socket_container(t, s, &home);
		if (!kind || (strcmp(kind, "unit") == 0) != (k->which == F_UNIT))
			return false;
		out->text = k->which == F_CONTAINER_KIND ? kind : home.name;
		out->len = k->which == F_CONTAINER_KIND ? strlen(kind) : home.len;
		return true;
	}
}

const struct socket_key socket_keys[] = {
	{"family", KIND_WORD, get_word, W_FAMILY}, {"proto", KIND_WORD, get_word, W_PROTO}, {"state", KIND_WORD, get_word, W_STATE},
	{"local", KIND_ENDPOINT, get_endpoint, 0}, {"remote", KIND_ENDPOINT, get_endpoint, 1},
	{"receive_queue", KIND_U64, get_number, N_RECEIVE}, {"send_queue", KIND_U64, get_number, N_SEND},
	{"owner", KIND_OWNERS, get_owners, 0}, {"owner_unknown", KIND_WORD, get_word, W_UNKNOWN},
	{"inode", KIND_U64, get_number, N_INODE}, {"cookie", KIND_U64, get_number, N_COOKIE},
	{"timer.kind", KIND_WORD, get_word, W_TIMER}, {"timer.expires_us", KIND_U64, get_number, N_EXPIRES},
	{"timer.retransmits", KIND_U64, get_number, N_RETRANSMITS}, {"cgroup", KIND_FOREIGN, get_foreign, F_CGROUP},
	{"cgroup_id", KIND_U64, get_number, N_CGROUP_ID}, {"container.kind", KIND_FOREIGN, get_foreign, F_CONTAINER_KIND},
	{"container.id", KIND_FOREIGN, get_foreign, F_CONTAINER}, {"unit", KIND_FOREIGN, get_foreign, F_UNIT},
	{"uid", KIND_U64, get_number, N_UID}, {"interface", KIND_FOREIGN, get_foreign, F_INTERFACE},
	{"interface_index", KIND_U64, get_number, N_INTERFACE},
	{"waiting", KIND_BOOL, get_bool, B_WAITING}, {"waited_us", KIND_U64, get_number, N_WAITED},
	{"listener_inode", KIND_U64, get_number, N_LISTENER}, {"listeners", KIND_U64, get_number, N_LISTENERS},
	{"raw_protocol", KIND_U64, get_number, N_RAW},
	{"tos", KIND_U64, get_number, N_TOS}, {"tclass", KIND_U64, get_number, N_TCLASS}, {"mark", KIND_U64, get_number, N_MARK},
	{"class_id", KIND_U64, get_number, N_CLASS}, {"shutdown", KIND_U64, get_number, N_SHUTDOWN},
	{"only_ipv6", KIND_BOOL, get_bool, B_ONLY_IPV6}, {"mapped", KIND_BOOL, get_bool, B_MAPPED},
	{"path", KIND_FOREIGN, get_foreign, F_PATH}, {"abstract", KIND_FOREIGN, get_foreign, F_ABSTRACT},
	{"peer", KIND_U64, get_number, N_PEER}, {"file_device", KIND_U64, get_number, N_DEVICE},
	{"file_inode", KIND_U64, get_number, N_FILE}, {"packet.protocol", KIND_U64, get_number, N_PROTOCOL},
	{"packet.running", KIND_BOOL, get_bool, B_RUNNING}, {"packet.promiscuous", KIND_U64, get_number, N_PROMISCUOUS},
	{"packet.ring_bytes", KIND_U64, get_number, N_RING}, {"packet.fanout", KIND_U64, get_number, N_FANOUT},
	{"packet.filter", KIND_U64, get_number, N_FILTER}, {"netlink.portid", KIND_U64, get_number, N_PORTID},
	{"netlink.groups", KIND_U64, get_number, N_GROUPS}, {"congestion", KIND_WORD, get_word, W_CONGESTION},
	{"memory.receive", KIND_U64, get_memory, SOCKET_RECEIVE}, {"memory.receive_limit", KIND_U64, get_memory, SOCKET_RECEIVE_LIMIT},
	{"memory.send", KIND_U64, get_memory, SOCKET_SEND}, {"memory.send_limit", KIND_U64, get_memory, SOCKET_SEND_LIMIT},
	{"memory.forward", KIND_U64, get_memory, SOCKET_FORWARD}, {"memory.queued", KIND_U64, get_memory, SOCKET_QUEUED},
	{"memory.option", KIND_U64, get_memory, SOCKET_OPTION}, {"memory.backlog", KIND_U64, get_memory, SOCKET_BACKLOG},
	{"memory.drops", KIND_U64, get_memory, SOCKET_DROPS}, {NULL, KIND_NULL, NULL, 0},
};
