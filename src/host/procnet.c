/* Lines of /proc/net: the older way to the same sockets.
 *
 * Read where sock_diag does not have a family (INET_RAW_DIAG is often left out of
 * kernels) or cannot be asked at all. They have no cookie, no tcp_info, no memory
 * and no limit of a listener's queue; what a line lacks stays unknown. Addresses
 * are words of the machine's byte order, in hexadecimal digits.
 */
#include "host_private.h"

#include <string.h>
#include <sys/socket.h>

const char *const host_file_names[HOST_FILES] = {
	"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "unix", "packet", "netlink", "icmp", "icmp6",
};

enum { LINE_WORDS = 24, LINE_TICK_MS = 10 }; /* USER_HZ is 100 everywhere */
enum { UNIX_LISTENS = 1 << 16, UNIX_CONNECTED = 3, UNIX_CONNECTING = 2 }; /* linux/net.h: __SO_ACCEPTCON, SS_ */

struct line {
	const char *at[LINE_WORDS];
	size_t len[LINE_WORDS];
	unsigned n;
};

static void line_split(struct line *l, const char *s, size_t n)
{
	size_t at = 0;

	l->n = 0;
	while (l->n < LINE_WORDS) {
		while (at < n && s[at] == ' ')
			at++;
		if (at == n || s[at] == '\n')
			break;
		l->at[l->n] = s + at;
		while (at < n && s[at] != ' ' && s[at] != '\n')
			at++;
		l->len[l->n] = (size_t)(s + at - l->at[l->n]);
		l->n++;
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* n digits, all of them. */
static bool hex(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		int digit = hex_digit(s[i]);

		if (digit < 0 || i >= 16)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	*out = v;
	return n > 0;
}

static bool decimal(const struct line *l, unsigned word, uint64_t most, uint64_t *out)
{
	uint64_t v = 0;

	if (word >= l->n)
		return false;
	for (size_t i = 0; i < l->len[word]; i++) {
		char c = l->at[word][i];

		if (c < '0' || c > '9' || v > (most - (uint64_t)(c - '0')) / 10)
			return false;
		v = v * 10 + (uint64_t)(c - '0');
	}
	*out = v;
	return true;
}

static bool hex_word(const struct line *l, unsigned word, uint64_t *out)
{
	return word < l->n && hex(l->at[word], l->len[word], out);
}

/* "0100007F:1F90", or four such words before the colon. */
static bool endpoint_word(const struct line *l, unsigned word, bool six, struct endpoint *out)
{
	const size_t digits = six ? 32 : 8;
	const char *s = word < l->n ? l->at[word] : "";
	uint64_t v;

	if (word >= l->n || l->len[word] != digits + 5 || s[digits] != ':' || !hex(s + digits + 1, 4, &v))
		return false;
	memset(out, 0, sizeof *out);
	out->port = (uint16_t)v;
	out->has_port = true;
	out->family = six ? FAMILY_IPV6 : FAMILY_IPV4;
	for (size_t i = 0; i < digits / 8; i++) {
		uint32_t part;

		if (!hex(s + i * 8, 8, &v))
			return false;
		part = (uint32_t)v;
		memcpy(out->ip.b + i * 4, &part, 4);
	}
	return true;
}

/* "00000000:00000005" */
static bool pair_word(const struct line *l, unsigned word, size_t first, size_t second, uint64_t *a, uint64_t *b)
{
	return word < l->n && l->len[word] == first + 1 + second && l->at[word][first] == ':' &&
	       hex(l->at[word], first, a) && hex(l->at[word] + first + 1, second, b);
}

static bool parse_inet_line(const struct line *l, enum host_file file, struct socket_record *out)
{
	static const uint8_t protos[HOST_FILES] = {
		[HOST_TCP] = PROTO_TCP, [HOST_TCP6] = PROTO_TCP, [HOST_UDP] = PROTO_UDP, [HOST_UDP6] = PROTO_UDP,
		[HOST_UDPLITE] = PROTO_UDPLITE, [HOST_UDPLITE6] = PROTO_UDPLITE, [HOST_RAW] = SOCKET_PROTO_RAW,
		[HOST_RAW6] = SOCKET_PROTO_RAW, [HOST_ICMP] = PROTO_ICMP, [HOST_ICMP6] = PROTO_ICMPV6,
	};
	const bool six = file == HOST_TCP6 || file == HOST_UDP6 || file == HOST_UDPLITE6 || file == HOST_RAW6 || file == HOST_ICMP6;
	uint64_t state, send, receive, timer, when, retransmits, uid, inode, drops;
	static const struct address none;

	if (!endpoint_word(l, 1, six, &out->local) || !endpoint_word(l, 2, six, &out->remote) || !hex_word(l, 3, &state) ||
	    !pair_word(l, 4, 8, 8, &send, &receive) || !pair_word(l, 5, 2, 8, &timer, &when) ||
	    !hex_word(l, 6, &retransmits) || !decimal(l, 7, UINT32_MAX, &uid) || !decimal(l, 9, UINT64_MAX, &inode) ||
	    state == 0 || state >= SOCKET_STATES || timer >= SOCKET_TIMERS)
		return false;
	out->family = six ? SOCKET_INET6 : SOCKET_INET;
	out->proto = protos[file];
	out->state = (uint8_t)state;
	out->send_queue = (uint32_t)send;
	out->receive_queue = (uint32_t)receive;
	out->inode = inode;
	out->uid = (uint32_t)uid;
	out->has = inode ? (unsigned)SOCKET_HAS_UID : 0U;
	if (out->state != SOCKET_LISTEN || out->proto != PROTO_TCP)
		out->has |= SOCKET_HAS_QUEUES; /* of a listener the limit is not there */
	if (out->proto == PROTO_TCP) {
		out->timer = (uint8_t)timer;
		out->timer_ms = (uint32_t)(when < UINT32_MAX / LINE_TICK_MS ? when * LINE_TICK_MS : UINT32_MAX);
		out->retransmits = (uint8_t)retransmits;
		out->has |= SOCKET_HAS_TIMER;
	} else if (decimal(l, l->n - 1, UINT32_MAX, &drops) && l->n >= 13) {
		out->memory[SOCKET_DROPS] = (uint32_t)drops;
		out->has |= SOCKET_HAS_DROPS;
	}
	if (out->proto == SOCKET_PROTO_RAW) {
		out->raw_protocol = (uint8_t)out->local.port;
		out->local.port = out->remote.port = 0;
		out->local.has_port = out->remote.has_port = false;
	}
	if (out->remote.port == 0 && memcmp(&out->remote.ip, &none, sizeof none) == 0)
		out->remote.family = FAMILY_NONE;
	host_unmap(out);
	return true;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 20312 @/tmp/.X11-unix/X0" */
static bool parse_unix_line(const struct line *l, const char *s, size_t n, struct socket_record *out)
{
	uint64_t flags, type, state, inode;

	if (!hex_word(l, 3, &flags) || !hex_word(l, 4, &type) || !hex_word(l, 5, &state) ||
	    !decimal(l, 6, UINT64_MAX, &inode))
		return false;
	out->family = SOCKET_UNIX;
	out->type = (uint8_t)type;
	out->state = flags & UNIX_LISTENS       ? SOCKET_LISTEN
		     : state == UNIX_CONNECTED  ? SOCKET_ESTABLISHED
		     : state == UNIX_CONNECTING ? SOCKET_SYN_SENT
						: SOCKET_CLOSED;
	out->inode = inode;
	if (l->n < 8)
		return true;
	/* The name is the rest of the line, blanks and all. */
	{
		const char *name = l->at[7];
		size_t len = (size_t)(s + n - name);

		if (len > 0 && name[len - 1] == '\n')
			len--;
		out->un.name_len = (uint8_t)(len < SOCKET_NAME ? len : SOCKET_NAME);
		memcpy(out->un.name, name, out->un.name_len);
		if (out->un.name[0] == '@')
			out->un.name[0] = '\0';
	}
	return true;
}

/* sk RefCnt Type Proto Iface R Rmem User Inode */
static bool parse_packet_line(const struct line *l, struct socket_record *out)
{
	uint64_t type, protocol, interface, running, memory, uid, inode;

	if (!decimal(l, 2, 255, &type) || !hex_word(l, 3, &protocol) || !decimal(l, 4, UINT32_MAX, &interface) ||
	    !decimal(l, 5, 1, &running) || !decimal(l, 6, UINT32_MAX, &memory) || !decimal(l, 7, UINT32_MAX, &uid) ||
	    !decimal(l, 8, UINT64_MAX, &inode))
		return false;
	out->family = SOCKET_PACKET;
	out->state = SOCKET_CLOSED;
	out->type = (uint8_t)type;
	out->packet.protocol = (uint16_t)protocol;
	out->packet.running = running != 0;
	out->interface = (uint32_t)interface;
	out->receive_queue = (uint32_t)memory;
	out->uid = (uint32_t)uid;
	out->inode = inode;
	out->has = SOCKET_HAS_QUEUES | SOCKET_HAS_UID;
	return true;
}

/* sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode */
static bool parse_netlink_line(const struct line *l, struct socket_record *out)
{
	uint64_t protocol, port, groups, receive, send, drops, inode;

	if (!decimal(l, 1, 255, &protocol) || !decimal(l, 2, UINT32_MAX, &port) || !hex_word(l, 3, &groups) ||
	    !decimal(l, 4, UINT32_MAX, &receive) || !decimal(l, 5, UINT32_MAX, &send) || !decimal(l, 8, UINT32_MAX, &drops) ||
	    !decimal(l, 9, UINT64_MAX, &inode))
		return false;
	out->family = SOCKET_NETLINK;
	out->state = SOCKET_CLOSED;
	out->proto = (uint8_t)protocol;
	out->netlink.portid = (uint32_t)port;
	out->netlink.groups = (uint32_t)groups;
	out->receive_queue = (uint32_t)receive;
	out->send_queue = (uint32_t)send;
	out->memory[SOCKET_DROPS] = (uint32_t)drops;
	out->inode = inode;
	out->has = SOCKET_HAS_QUEUES | SOCKET_HAS_DROPS;
	return true;
}

bool host_parse_line(enum host_file file, const char *s, size_t n, struct socket_record *out)
{
	struct line l;

	memset(out, 0, sizeof *out);
	line_split(&l, s, n);
	switch (file) {
	case HOST_UNIX:
		return parse_unix_line(&l, s, n, out);
	case HOST_PACKET:
		return parse_packet_line(&l, out);
	case HOST_NETLINK:
		return parse_netlink_line(&l, out);
	default:
		return l.n > 9 && parse_inet_line(&l, file, out);
	}
}
