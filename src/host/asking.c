/* Asking for all sockets of a kind: by sock_diag, or line by line.
 *
 * One request for each family. What the kernel gives goes straight into the
 * table; what was not wanted (another family, another state) is dropped again.
 */
#include "asking.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union asking_requests {
	struct inet_diag_req_v2 inet;
	struct unix_diag_req un;
	struct packet_diag_req packet;
	struct netlink_diag_req netlink;
};

/* All attributes but the old meminfo, which skmeminfo has too, and Vegas'. */
enum { ASKING_INFO = 0xfa };

const struct asking askings[ASKINGS] = {
	{"tcp", HOST_TCP_SOCKETS, PROTO_TCP, AF_INET, {HOST_TCP, HOST_TCP6}, false},
	{"udp", HOST_UDP_SOCKETS, PROTO_UDP, AF_INET, {HOST_UDP, HOST_UDP6}, false},
	{"udplite", HOST_UDP_SOCKETS, PROTO_UDPLITE, AF_INET, {HOST_UDPLITE, HOST_UDPLITE6}, true},
	{"raw", HOST_RAW_SOCKETS, SOCKET_PROTO_RAW, AF_INET, {HOST_RAW, HOST_RAW6}, false},
	{"icmp", HOST_RAW_SOCKETS, PROTO_ICMP, 0, {HOST_ICMP, HOST_ICMP6}, true}, /* of ping without rights */
	{"unix", HOST_UNIX_SOCKETS, 0, AF_UNIX, {HOST_UNIX, -1}, false},
	{"packet", HOST_PACKET_SOCKETS, 0, AF_PACKET, {HOST_PACKET, -1}, false},
	{"netlink", HOST_NETLINK_SOCKETS, 0, AF_NETLINK, {HOST_NETLINK, -1}, false},
};

/* ---- sock_diag ------------------------------------------------------------------------------ */

static bool wanted(const struct host_wanted *w, const struct socket_record *s)
{
	if ((s->family == SOCKET_INET || s->family == SOCKET_INET6) && w->only != 0 && s->local.family != w->only)
		return false;
	return w->states == 0 || s->proto != PROTO_TCP || s->family > SOCKET_INET6 || (w->states >> s->state & 1);
}

/* A place for what comes next: in the table, or where it has no room in *one. */
static struct socket_record *filling_place(const struct filling *f, struct socket_record *one, bool *room)
{
	*room = host_table_room(f->table);
	return *room ? host_table_add(f->table) : one;
}

static void filling_keep(const struct filling *f, const struct socket_record *s, bool good, bool room)
{
	good = good && wanted(f->wanted, s);
	if (room && !good)
		host_table_drop_last(f->table);
	else if (!room && good)
		(void)host_table_add(f->table); /* which counts it as forgotten */
}

static void filling_each(void *arg, const uint8_t *bytes, size_t n)
{
	struct filling *f = arg;
	struct socket_record one, *s;
	bool good, room;

	if (!f->table)
		return; /* a trial */
	s = filling_place(f, &one, &room);
	switch (f->family) {
	case AF_UNIX:
		good = host_parse_unix(bytes, n, s, host_table_waiting(f->table));
		break;
	case AF_PACKET:
		good = host_parse_packet(bytes, n, s);
		break;
	case AF_NETLINK:
		good = host_parse_netlink(bytes, n, s);
		break;
	default:
		good = host_parse_inet(bytes, n, f->proto, s);
		break;
	}
	filling_keep(f, s, good, room);
}

/* The request for that part of a kind (inet: 0 is IPv4, 1 IPv6); its length. */
static size_t asking_request(const struct asking *a, unsigned part, uint32_t states, union asking_requests *out)
{
	memset(out, 0, sizeof *out);
	switch (a->family) {
	case AF_UNIX:
		out->un = (struct unix_diag_req){
			.sdiag_family = AF_UNIX, .udiag_states = states,
			.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS |
				      UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO | UDIAG_SHOW_UID,
		};
		return sizeof out->un;
	case AF_PACKET:
		out->packet = (struct packet_diag_req){
			.sdiag_family = AF_PACKET,
			.pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_MCLIST | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT |
				      PACKET_SHOW_MEMINFO | PACKET_SHOW_FILTER,
		};
		return sizeof out->packet;
	case AF_NETLINK:
		out->netlink = (struct netlink_diag_req){
			.sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL,
			.ndiag_show = NDIAG_SHOW_MEMINFO | NDIAG_SHOW_GROUPS | NDIAG_SHOW_FLAGS,
		};
		return sizeof out->netlink;
	default:
		out->inet = (struct inet_diag_req_v2){.sdiag_family = part == 0 ? AF_INET : AF_INET6, .sdiag_protocol = a->proto,
						      .idiag_ext = ASKING_INFO, .idiag_states = states};
		return sizeof out->inet;
	}
}

static unsigned asking_parts(const struct asking *a)
{
	return a->family == AF_INET ? 2 : 1;
}

int asking_trial(struct host *h, const struct asking *a, uint32_t states)
{
	struct filling nothing = {.proto = a->proto, .family = a->family};
	bool partial = false;
	int rc = 0;

	for (unsigned part = 0; part < asking_parts(a); part++) {
		union asking_requests q;
		size_t n = asking_request(a, part, states, &q);

		rc = netlink_ask(&h->diag, &q, n, true, filling_each, &nothing, &partial);
		if (rc < 0 && !(part == 1 && rc == -ENOENT))
			return rc; /* a kernel without IPv6 has none of its sockets */
	}
	return 0;
}

/* TCP of both families in one walk. Asked for IPv6 alone the kernel looks at every socket of IPv4 in one call, which
 * takes 50 ms with 100 000 of them; the older kind of question knows no family. */
static int asking_both(struct host *h, uint32_t states)
{
	const struct inet_diag_req q = {.idiag_family = AF_INET, .idiag_ext = ASKING_INFO, .idiag_states = states};

	return netlink_send_as(&h->dumps, TCPDIAG_GETSOCK, &q, sizeof q, true);
}

/* The question for that part; 0, or -errno. */
static int asking_send(struct host *h, const struct asking *a, struct filling *f, uint32_t states)
{
	union asking_requests q;
	size_t n;

	f->both = a->proto == PROTO_TCP && a->family == AF_INET && f->part == 0 && f->wanted->only == 0 && !h->no_both;
	if (f->both)
		return asking_both(h, states);
	n = asking_request(a, f->part, states, &q);
	return netlink_send(&h->dumps, &q, n, true);
}

int asking_dump(struct host *h, const struct asking *a, struct filling *f, uint32_t states, bool *partial)
{
	int rc;

	f->proto = a->proto;
	f->family = a->family;
	/* IPv6 sockets with IPv4 addresses come with the IPv6 ones. */
	if (a->family == AF_INET && f->part == 0 && f->wanted->only == FAMILY_IPV6)
		f->part = 1;
	if (!f->asked) {
		rc = asking_send(h, a, f, states);
		if (rc < 0)
			return rc;
		f->asked = true;
	}
	rc = netlink_more(&h->dumps, filling_each, f, partial);
	/* This kernel has no older kind: what it has told comes again. Any other failure is one of this question alone. */
	if (f->both && (rc == -EINVAL || rc == -EOPNOTSUPP || rc == -ENOENT)) {
		h->no_both = true;
		f->asked = f->both = false;
		return 1;
	}
	if (rc == -ENOENT && f->part == 1)
		rc = 0;
	if (rc != 0)
		return rc;
	f->asked = false;
	f->part += f->both ? 2 : 1;
	return f->part < asking_parts(a);
}

struct listening {
	void (*each)(void *arg, const struct socket_record *s);
	void *arg;
};

static void listening_each(void *arg, const uint8_t *bytes, size_t n)
{
	const struct listening *l = arg;
	struct socket_record s;

	if (host_parse_inet(bytes, n, PROTO_TCP, &s))
		l->each(l->arg, &s);
}

int asking_listeners(struct host *h, void (*each)(void *arg, const struct socket_record *s), void *arg)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct listening l = {.each = each, .arg = arg};
	bool partial = false;

	if (h->ways[0] != WAY_DIAG) /* the first kind is TCP */
		return -ENOTSUP;
	for (unsigned i = 0; i < 2; i++) {
		struct inet_diag_req_v2 q = {.sdiag_family = families[i], .sdiag_protocol = PROTO_TCP, .idiag_ext = ASKING_INFO,
					     .idiag_states = 1U << SOCKET_LISTEN};
		int rc = netlink_ask(&h->diag, &q, sizeof q, true, listening_each, &l, &partial);

		if (rc < 0 && !(i == 1 && rc == -ENOENT))
			return rc;
	}
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------- */

size_t asking_read(int fd, char *out, size_t size)
{
	size_t n = 0;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return 0;
	while (n < size) {
		ssize_t got = read(fd, out + n, size - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static void filling_line(struct filling *f, enum host_file file, const char *s, size_t n)
{
	struct socket_record one, *r;
	bool room;

	r = filling_place(f, &one, &room);
	filling_keep(f, r, host_parse_line(file, s, n, r), room);
}

/* One read of a file: 1: there is more; 0; -errno. */
static int filling_file(struct host *h, enum host_file file, struct filling *f)
{
	int fd = h->files[file];
	size_t at = 0;
	const char *end;
	ssize_t got;

	if (!f->asked) {
		if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0)
			return -ENOENT;
		f->asked = true;
		f->have = 0;
	}
	got = read(fd, h->lines + f->have, sizeof h->lines - f->have);
	if (got <= 0)
		return got < 0 ? -errno : 0;
	f->have += (size_t)got;
	while ((end = memchr(h->lines + at, '\n', f->have - at)) != NULL) {
		filling_line(f, file, h->lines + at, (size_t)(end - h->lines) - at);
		at = (size_t)(end - h->lines) + 1;
	}
	if (at == 0 && f->have == sizeof h->lines)
		at = f->have; /* a line of 64 KiB is none */
	memmove(h->lines, h->lines + at, f->have - at);
	f->have -= at;
	return 1;
}

int asking_files(struct host *h, const struct asking *a, struct filling *f)
{
	int rc = filling_file(h, (enum host_file)a->files[f->part], f);

	if (rc > 0)
		return 1;
	f->read = f->read || rc == 0;
	f->asked = false;
	f->part++;
	if (f->part < 2 && a->files[f->part] >= 0)
		return 1;
	return f->read ? 0 : rc;
}
