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

static void filling_each(void *arg, const uint8_t *bytes, size_t n)
{
	struct filling *f = arg;
	struct socket_record *s = f->table ? host_table_add(f->table) : NULL;
	bool good;

	if (!s)
		return; /* a trial; or there is no room, which is counted */
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
	if (!good || !wanted(f->wanted, s))
		host_table_drop_last(f->table);
}

static int dump_inet(struct host *h, const struct asking *a, struct filling *f, uint32_t states, bool *partial)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int rc = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct inet_diag_req_v2 q = {
			.sdiag_family = families[i], .sdiag_protocol = a->proto, .idiag_ext = ASKING_INFO, .idiag_states = states};

		/* IPv6 sockets with IPv4 addresses come with the IPv6 ones. */
		if (f->table && f->wanted->only == FAMILY_IPV6 && i == 0)
			continue;
		rc = netlink_ask(&h->diag, &q, sizeof q, true, filling_each, f, partial);
		if (rc < 0 && !(i == 1 && rc == -ENOENT))
			return rc; /* a kernel without IPv6 has none of its sockets */
	}
	return 0;
}

int asking_dump(struct host *h, const struct asking *a, struct filling *f, uint32_t states, bool *partial)
{
	struct unix_diag_req u = {
		.sdiag_family = AF_UNIX, .udiag_states = states,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN |
			      UDIAG_SHOW_MEMINFO | UDIAG_SHOW_UID,
	};
	struct packet_diag_req p = {
		.sdiag_family = AF_PACKET,
		.pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_MCLIST | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT |
			      PACKET_SHOW_MEMINFO | PACKET_SHOW_FILTER,
	};
	struct netlink_diag_req n = {
		.sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL,
		.ndiag_show = NDIAG_SHOW_MEMINFO | NDIAG_SHOW_GROUPS | NDIAG_SHOW_FLAGS,
	};

	f->proto = a->proto;
	f->family = a->family;
	switch (a->family) {
	case AF_UNIX:
		return netlink_ask(&h->diag, &u, sizeof u, true, filling_each, f, partial);
	case AF_PACKET:
		return netlink_ask(&h->diag, &p, sizeof p, true, filling_each, f, partial);
	case AF_NETLINK:
		return netlink_ask(&h->diag, &n, sizeof n, true, filling_each, f, partial);
	default:
		return dump_inet(h, a, f, states, partial);
	}
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
	struct socket_record *r = host_table_add(f->table);

	if (r && (!host_parse_line(file, s, n, r) || !wanted(f->wanted, r)))
		host_table_drop_last(f->table);
}

static int filling_file(struct host *h, enum host_file file, struct filling *f)
{
	int fd = h->files[file];
	size_t have = 0;
	ssize_t got;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return -ENOENT;
	while ((got = read(fd, h->text + have, sizeof h->text - have)) > 0) {
		size_t at = 0;
		const char *end;

		have += (size_t)got;
		while ((end = memchr(h->text + at, '\n', have - at)) != NULL) {
			filling_line(f, file, h->text + at, (size_t)(end - h->text) - at);
			at = (size_t)(end - h->text) + 1;
		}
		if (at == 0 && have == sizeof h->text)
			at = have; /* a line of 64 KiB is none */
		memmove(h->text, h->text + at, have - at);
		have -= at;
	}
	return got < 0 ? -errno : 0;
}

int asking_files(struct host *h, const struct asking *a, struct filling *f)
{
	int rc = -ENOENT;

	for (unsigned i = 0; i < 2 && a->files[i] >= 0; i++)
		if (filling_file(h, (enum host_file)a->files[i], f) == 0)
			rc = 0;
	return rc;
}
