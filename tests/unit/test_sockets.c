/* What the kernel says of sockets: recorded messages and lines, whole, cut and wrong.
 * links: host process facts base
 *
 * The recordings are tests/fuzz/fuzz_host/, made by tests/tools/record_host.py, which
 * says what the namespace held.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/cgroups.h"
#include "host/host_private.h"

enum { RECORDED = 8192 };

/* A recording without its first byte, in memory of exactly its size. */
static uint8_t *recorded(const char *name, size_t *n)
{
	char path[128];
	uint8_t buffer[RECORDED], *bytes;
	FILE *f;

	(void)snprintf(path, sizeof path, "tests/fuzz/fuzz_host/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	*n = fread(buffer, 1, sizeof buffer, f);
	(void)fclose(f);
	assert_in_range(*n, 2, sizeof buffer - 1);
	*n -= 1;
	bytes = malloc(*n);
	assert_non_null(bytes);
	memcpy(bytes, buffer + 1, *n);
	return bytes;
}

struct seen {
	struct socket_record at[32];
	unsigned n;
};

static void see(void *arg, const uint8_t *bytes, size_t n)
{
	struct seen *s = arg;

	assert_true(s->n < 32);
	assert_true(host_parse_inet(bytes, n, PROTO_TCP, &s->at[s->n]));
	s->n++;
}

static const char *shown(const struct endpoint *e)
{
	static char out[2][80];
	static unsigned turn;
	struct text t;

	turn = !turn;
	text_init(&t, out[turn], sizeof out[turn]);
	tuple_endpoint(&t, e);
	return out[turn];
}

static void dump_has_listener_and_its_queue(void **state)
{
	struct seen *s = calloc(1, sizeof *s);
	bool partial = false;
	unsigned listeners = 0, waiting = 0;
	size_t n;
	uint8_t *bytes = recorded("walk-tcp4-0", &n);

	(void)state;
	assert_non_null(s);
	assert_int_equal(netlink_walk(bytes, n, 1, see, s, &partial), 1);
	assert_int_equal(s->n, 8);
	assert_false(partial);
	for (unsigned i = 0; i < s->n; i++) {
		const struct socket_record *r = &s->at[i];

		assert_int_equal(r->family, SOCKET_INET);
		assert_true(r->cookie != 0);
		assert_true(r->has & SOCKET_HAS_MEMORY);
		if (r->state == SOCKET_LISTEN) {
			listeners++;
			assert_string_equal(shown(&r->local), "127.0.0.1:8080");
			assert_int_equal(r->remote.family, FAMILY_NONE);
			assert_int_equal(r->receive_queue, 3);
			assert_int_equal(r->send_queue, 5);
		} else {
			assert_int_equal(r->state, SOCKET_ESTABLISHED);
			assert_true(r->has & SOCKET_HAS_TCP);
			assert_true(r->tcp.mss > 500 && r->tcp.cwnd > 0);
			assert_string_equal(socket_state_word(r), "established");
		}
		waiting += r->state == SOCKET_ESTABLISHED && r->inode == 0;
	}
	assert_int_equal(listeners, 1);
	assert_int_equal(waiting, 3);
	free(s);
	free(bytes);
}

static void ipv4_in_ipv6_becomes_ipv4(void **state)
{
	struct seen *s = calloc(1, sizeof *s);
	bool partial = false, mapped = false, half = false, closed = false;
	size_t n;
	uint8_t *bytes = recorded("walk-tcp6-0", &n);

	(void)state;
	assert_non_null(s);
	assert_int_equal(netlink_walk(bytes, n, 1, see, s, &partial), 1);
	assert_int_equal(s->n, 7);
	for (unsigned i = 0; i < s->n; i++) {
		const struct socket_record *r = &s->at[i];

		assert_int_equal(r->family, SOCKET_INET6);
		if (r->mapped) {
			mapped = true;
			assert_string_equal(shown(&r->local), "127.0.0.1:8082");
			assert_int_equal(r->remote.family, FAMILY_IPV4);
			assert_int_equal(r->tcp.bytes_received, 3000);
			assert_int_equal(r->receive_queue, 2000);
		}
		closed = closed || r->state == SOCKET_CLOSE_WAIT;
		half = half || r->state == SOCKET_FIN_WAIT2;
	}
	assert_true(mapped && closed && half);
	free(s);
	free(bytes);
}

/* In both shapes, and for another request. */
static void errors_of_the_kernel_are_told(void **state)
{
	uint32_t done[5] = {20, 0x00020003, 1, 0, (uint32_t)-ENOENT}, error[5] = {20, 2, 1, 0, (uint32_t)-EINVAL};
	bool partial = false;
	size_t n;
	uint8_t *bytes = recorded("walk-raw-0", &n);

	(void)state;
	assert_int_equal(netlink_walk((const uint8_t *)done, sizeof done, 1, see, NULL, &partial), -ENOENT);
	assert_int_equal(netlink_walk((const uint8_t *)error, sizeof error, 1, see, NULL, &partial), -EINVAL);
	assert_int_equal(netlink_walk((const uint8_t *)error, sizeof error, 2, see, NULL, &partial), 1);
	assert_int_equal(netlink_walk(bytes, n, 1, see, NULL, &partial), -ENOENT); /* INET_RAW_DIAG is not set */
	assert_false(partial);
	done[1] |= 0x10u << 16; /* NLM_F_DUMP_INTR */
	(void)netlink_walk((const uint8_t *)done, sizeof done, 1, see, NULL, &partial);
	assert_true(partial);
	free(bytes);
}

static void netlink_of_wrong_lengths_is_refused(void **state)
{
	static const uint32_t lengths[] = {0, 1, 15, 17, 24, 1000, UINT32_MAX};
	struct seen *s = calloc(1, sizeof *s);
	bool partial = false;

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		uint32_t message[4] = {lengths[i], 20, 1, 0};

		assert_int_equal(netlink_walk((const uint8_t *)message, sizeof message, 1, see, s, &partial), -EBADMSG);
	}
	assert_int_equal(s->n, 0);
	free(s);
}

typedef bool parse(const uint8_t *bytes, size_t n, struct socket_record *out);

static bool parse_inet(const uint8_t *bytes, size_t n, struct socket_record *out)
{
	return host_parse_inet(bytes, n, PROTO_TCP, out);
}

static bool parse_unix(const uint8_t *bytes, size_t n, struct socket_record *out)
{
	uint64_t inodes[8];
	struct host_waiting w = {.at = inodes, .most = 8};

	return host_parse_unix(bytes, n, out, &w);
}

/* Each length, in memory of that size: taken from its fixed part on, and not before. */
static void messages_cut_anywhere_are_safe(void **state)
{
	static const struct {
		const char *name;
		parse *parse;
		size_t fixed;
	} all[] = {
		{"inet-tcp4-00", parse_inet, 72}, {"inet-tcp6-02", parse_inet, 72}, {"inet-udp", parse_inet, 72},
		{"unix-listen", parse_unix, 16}, {"unix-pair-a", parse_unix, 16}, {"packet-all", host_parse_packet, 16},
		{"netlink-0", host_parse_netlink, 28},
	};

	(void)state;
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		struct socket_record whole, cut;
		size_t n;
		uint8_t *bytes = recorded(all[k].name, &n);

		assert_true(all[k].parse(bytes, n, &whole));
		for (size_t length = 0; length < n; length++) {
			uint8_t *part = malloc(length ? length : 1);

			assert_non_null(part);
			memcpy(part, bytes, length);
			assert_int_equal(all[k].parse(part, length, &cut), length >= all[k].fixed);
			if (length >= all[k].fixed) {
				assert_int_equal(cut.inode, whole.inode);
				assert_int_equal(cut.has & ~whole.has, 0); /* never more than the whole says */
			}
			free(part);
		}
		free(bytes);
	}
}

/* Attributes of no length, of one beyond the end, nested into themselves: the walk ends. */
static void attributes_of_wrong_lengths_end_the_walk(void **state)
{
	static const uint16_t lengths[] = {0, 1, 3, 4, 5, 100, UINT16_MAX};
	struct socket_record out;
	uint8_t *bytes;
	size_t n;

	(void)state;
	bytes = recorded("inet-tcp4-00", &n);
	for (size_t at = 72; at + 4 <= n; at += 4) {
		uint8_t old[2];

		memcpy(old, bytes + at, 2);
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			memcpy(bytes + at, &lengths[i], 2);
			assert_true(host_parse_inet(bytes, n, PROTO_TCP, &out));
		}
		memcpy(bytes + at, old, 2);
	}
	free(bytes);
}

static void unix_listener_names_who_waits(void **state)
{
	uint64_t inodes[4];
	struct host_waiting w = {.at = inodes, .most = 4};
	struct socket_record listener, client, pair;
	size_t n;
	uint8_t *bytes = recorded("unix-listen", &n);

	(void)state;
	assert_true(host_parse_unix(bytes, n, &listener, &w));
	assert_int_equal(listener.state, SOCKET_LISTEN);
	assert_int_equal(listener.receive_queue, 1);
	assert_int_equal(listener.send_queue, 4);
	assert_int_equal(listener.un.name_len, strlen("sockeye-recorded") + 1);
	assert_memory_equal(listener.un.name, "\0sockeye-recorded", listener.un.name_len);
	assert_int_equal(w.n, 1);
	w.n = w.most = 0; /* no room: counted */
	assert_true(host_parse_unix(bytes, n, &pair, &w));
	assert_int_equal(pair.un.waitings, 0);
	assert_int_equal(w.forgotten, 1);
	free(bytes);
	bytes = recorded("unix-waiting", &n);
	assert_true(host_parse_unix(bytes, n, &client, &w));
	assert_int_equal(client.inode, inodes[0]);
	assert_int_equal(client.state, SOCKET_ESTABLISHED);
	free(bytes);
	bytes = recorded("unix-pair-a", &n);
	assert_true(host_parse_unix(bytes, n, &pair, &w));
	assert_int_equal(pair.type, SOCK_SEQPACKET);
	assert_true(pair.has & SOCKET_HAS_PEER && pair.peer != 0);
	free(bytes);
}

static void packet_socket_is_described(void **state)
{
	struct socket_record s;
	size_t n;
	uint8_t *bytes = recorded("packet-all", &n);

	(void)state;
	assert_true(host_parse_packet(bytes, n, &s));
	assert_int_equal(s.packet.protocol, 3);
	assert_int_equal(s.interface, 1);
	assert_true(s.packet.running);
	assert_string_equal(socket_proto_word(&s), "raw");
	free(bytes);
}

static void lines_say_what_messages_say(void **state)
{
	struct socket_record r;
	unsigned listeners = 0, waiting = 0, n_lines = 0, mapped = 0;
	const char *end;
	size_t n;

	(void)state;
	for (unsigned six = 0; six < 2; six++) {
		char *bytes = (char *)recorded(six ? "tcp6-all" : "tcp-all", &n), *s = bytes;

		for (; n > 0; n -= (size_t)(end - s), s += end - s) {
			end = memchr(s, '\n', n);
			assert_non_null(end);
			end++;
			if (!host_parse_line(six ? HOST_TCP6 : HOST_TCP, s, (size_t)(end - s), &r))
				continue;
			n_lines++;
			listeners += r.state == SOCKET_LISTEN;
			waiting += r.state == SOCKET_ESTABLISHED && r.inode == 0;
			mapped += r.mapped;
			if (r.state == SOCKET_LISTEN && !six)
				assert_string_equal(shown(&r.local), "127.0.0.1:8080");
			if (r.mapped)
				assert_int_equal(r.receive_queue, 2000);
		}
		free(bytes);
	}
	assert_int_equal(n_lines, 15);
	assert_int_equal(listeners, 3);
	assert_int_equal(waiting, 3);
	assert_int_equal(mapped, 1);
}

static void lines_of_others_are_read(void **state)
{
	static const char packet[] = "00000000fcb8023e 3      3    0003   1     1 0      1000   4711\n";
	static const char netlink[] = "00000000aa4d3e2a 16  8123   00000111 0        0        0     2        7        4712\n";
	static const char named[] = "00000000b2607326: 00000002 00000000 00010000 0001 01 4713 /run/a b\n";
	static const char raw[] = "   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4714 2 00000000e6 9\n";
	struct socket_record r;

	(void)state;
	assert_true(host_parse_line(HOST_PACKET, packet, sizeof packet - 1, &r));
	assert_int_equal(r.inode, 4711);
	assert_int_equal(r.uid, 1000);
	assert_true(host_parse_line(HOST_NETLINK, netlink, sizeof netlink - 1, &r));
	assert_string_equal(socket_proto_word(&r), "generic");
	assert_int_equal(r.memory[SOCKET_DROPS], 7);
	assert_int_equal(r.netlink.groups, 0x111);
	assert_true(host_parse_line(HOST_UNIX, named, sizeof named - 1, &r));
	assert_int_equal(r.state, SOCKET_LISTEN);
	assert_int_equal(r.un.name_len, strlen("/run/a b"));
	assert_true(host_parse_line(HOST_RAW, raw, sizeof raw - 1, &r));
	assert_int_equal(r.raw_protocol, 1);
	assert_int_equal(r.memory[SOCKET_DROPS], 9);
	assert_false(r.local.has_port);
	for (size_t length = 0; length + 1 < sizeof raw; length++)
		(void)host_parse_line(HOST_RAW, raw, length, &r);
	assert_false(host_parse_line(HOST_TCP, "  sl  local_address", 19, &r));
	assert_false(host_parse_line(HOST_TCP, "", 0, &r));
}

static void counters_are_found_by_name(void **state)
{
	static const char pairs[] = "TcpExt: A ListenOverflows B ListenDrops\nTcpExt: 1 88 2 99\nOdd: x\nUdp: NoPorts\nUdp: 5\n";
	static const char stat[] = "sockets: used 9\nTCP: inuse 4 orphan 3 tw 7 alloc 5 mem 1";
	struct socket_counters c = {0};
	size_t n;
	uint8_t *bytes;

	(void)state;
	host_parse_pairs(pairs, sizeof pairs - 1, &c);
	assert_int_equal(c.listen_overflows, 88);
	assert_int_equal(c.listen_drops, 99);
	assert_int_equal(c.udp_no_port, 5);
	assert_int_equal(c.known & 3, 3);
	assert_int_equal(c.known >> 4 & 1, 0);
	host_parse_sockstat(stat, sizeof stat - 1, &c);
	assert_int_equal(c.time_wait, 7);
	assert_int_equal(c.orphans, 3);
	assert_int_equal(c.known >> 4 & 1, 1);
	host_parse_ports("32768\t60999\n", 12, &c);
	assert_int_equal(c.port_first, 32768);
	assert_int_equal(c.port_last, 60999);
	c = (struct socket_counters){0};
	host_parse_ports("9 3\n", 4, &c);
	assert_int_equal(c.port_last, 0);
	bytes = recorded("netstat-all", &n);
	host_parse_pairs((const char *)bytes, n, &c);
	assert_int_equal(c.known & 3, 3);
	free(bytes);
}

static void states_have_the_words_of_ss(void **state)
{
	(void)state;
	assert_int_equal(socket_state_find("established"), SOCKET_ESTABLISHED);
	assert_int_equal(socket_state_find("ESTAB"), SOCKET_ESTABLISHED);
	assert_int_equal(socket_state_find("syn-recv"), SOCKET_SYN_RECEIVED);
	assert_int_equal(socket_state_find("fin-wait-1"), SOCKET_FIN_WAIT1);
	assert_int_equal(socket_state_find("close_wait"), SOCKET_CLOSE_WAIT);
	assert_int_equal(socket_state_find("listening"), SOCKET_LISTEN);
	assert_int_equal(socket_state_find("unconnected"), SOCKET_CLOSED);
	assert_int_equal(socket_state_find("lis"), 0);
	assert_int_equal(socket_state_find(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dump_has_listener_and_its_queue), cmocka_unit_test(ipv4_in_ipv6_becomes_ipv4),
		cmocka_unit_test(errors_of_the_kernel_are_told), cmocka_unit_test(netlink_of_wrong_lengths_is_refused),
		cmocka_unit_test(messages_cut_anywhere_are_safe), cmocka_unit_test(attributes_of_wrong_lengths_end_the_walk),
		cmocka_unit_test(unix_listener_names_who_waits), cmocka_unit_test(packet_socket_is_described),
		cmocka_unit_test(lines_say_what_messages_say), cmocka_unit_test(lines_of_others_are_read),
		cmocka_unit_test(counters_are_found_by_name), cmocka_unit_test(states_have_the_words_of_ss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
