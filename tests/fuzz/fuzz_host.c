/* Fuzz what the kernel says of sockets and processes: netlink, /proc/net, /proc/PID.
 *
 * The first byte says which parser, as tests/tools/record_host.py does it; the rest is
 * the bytes, in a buffer of exactly their size. What is taken must be inside its bounds.
 * links: host process facts base
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroups.h"
#include "host/host_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KIND_WALK, KIND_INET, KIND_UNIX, KIND_PACKET, KIND_NETLINK, KIND_TCP, KIND_TCP6, KIND_UDP, KIND_RAW, KIND_UNIX_LINE,
       KIND_PACKET_LINE, KIND_NETLINK_LINE, KIND_STAT, KIND_STATUS, KIND_CGROUP, KIND_LINK, KIND_EPOLL, KIND_MOUNTS,
       KIND_PAIRS, KIND_SOCKSTAT, KIND_PORTS, KINDS };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_record(const struct socket_record *s)
{
	uint64_t value;

	check(s->family >= SOCKET_INET && s->family <= SOCKET_NETLINK);
	check(socket_state_word(s) && socket_proto_word(s) && socket_family_word(s));
	check(s->family != SOCKET_UNIX || s->un.name_len <= SOCKET_NAME);
	check(!s->mapped || s->local.family == FAMILY_IPV4);
	check(memchr(s->congestion, '\0', sizeof s->congestion) != NULL);
	for (const struct socket_tcp_field *f = socket_tcp_fields; f->key && s->has & SOCKET_HAS_TCP; f++)
		(void)socket_tcp_value(&s->tcp, f, &value);
}

static void each_message(void *arg, const uint8_t *bytes, size_t n)
{
	uint64_t inodes[4];
	struct host_waiting w = {.at = inodes, .most = 4};
	struct socket_record s;

	(void)arg;
	if (host_parse_inet(bytes, n, PROTO_TCP, &s))
		check_record(&s);
	if (host_parse_inet(bytes, n, SOCKET_PROTO_RAW, &s))
		check_record(&s);
	if (host_parse_unix(bytes, n, &s, &w)) {
		check_record(&s);
		check(w.n <= w.most && s.un.waiting + s.un.waitings == w.n);
	}
	if (host_parse_packet(bytes, n, &s))
		check_record(&s);
	if (host_parse_netlink(bytes, n, &s))
		check_record(&s);
}

static void lines(enum host_file file, const char *s, size_t n)
{
	struct socket_record r;

	for (const char *end; n > 0; n -= (size_t)(end - s), s = end) {
		end = memchr(s, '\n', n);
		end = end ? end + 1 : s + n;
		if (host_parse_line(file, s, (size_t)(end - s), &r))
			check_record(&r);
	}
}

static void texts(unsigned kind, const char *s, size_t n)
{
	struct process_watched watched[3];
	struct socket_counters c = {0};
	struct process p;
	struct process_home home;
	uint64_t inode;
	uint32_t uid;
	bool kernel;
	char out[64];

	switch (kind) {
	case KIND_STAT:
		if (process_parse_stat(s, n, &p, &kernel))
			check(p.pid >= 0 && memchr(p.comm, '\0', sizeof p.comm));
		break;
	case KIND_STATUS:
		(void)process_parse_uid(s, n, &uid);
		break;
	case KIND_CGROUP:
		process_parse_cgroup(s, n, p.cgroup);
		check(memchr(p.cgroup, '\0', sizeof p.cgroup) != NULL);
		home = process_home(p.cgroup);
		check(!home.kind || (home.name >= p.cgroup && home.name + home.len <= p.cgroup + strlen(p.cgroup)));
		break;
	case KIND_LINK:
		(void)process_parse_link(s, n, &inode);
		break;
	case KIND_EPOLL:
		(void)process_parse_epoll(s, n, watched, 3);
		break;
	case KIND_MOUNTS:
		check(process_parse_hidepid(s, n) <= 4);
		if (cgroups_mount(s, n, out, sizeof out))
			check(memchr(out, '\0', sizeof out) != NULL);
		break;
	case KIND_PAIRS:
		host_parse_pairs(s, n, &c);
		break;
	case KIND_SOCKSTAT:
		host_parse_sockstat(s, n, &c);
		break;
	default:
		host_parse_ports(s, n, &c);
		check(c.port_first <= c.port_last && c.port_last <= UINT16_MAX);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum host_file files[] = {HOST_TCP, HOST_TCP6, HOST_UDP, HOST_RAW, HOST_UNIX, HOST_PACKET, HOST_NETLINK};
	const unsigned kind = size > 0 ? data[0] % KINDS : KINDS;
	size_t n = size > 0 ? size - 1 : 0;
	bool partial = false;
	uint8_t *bytes = malloc(n ? n : 1);

	if (!bytes || size == 0) {
		free(bytes);
		return 0;
	}
	memcpy(bytes, data + 1, n);
	if (kind == KIND_WALK)
		check(netlink_walk(bytes, n, 1, each_message, NULL, &partial) <= 1);
	else if (kind <= KIND_NETLINK)
		each_message(NULL, bytes, n);
	else if (kind <= KIND_NETLINK_LINE)
		lines(files[kind - KIND_TCP], (const char *)bytes, n);
	else
		texts(kind, (const char *)bytes, n);
	free(bytes);
	return 0;
}
