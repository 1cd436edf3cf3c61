/* Words that choose sockets; keys and texts of sockets that are made up.
 * links: views filter process facts base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockeye/sockets_view.h"

enum { SOCKETS = 7 };

static struct socket_record sockets[SOCKETS];
static const struct process processes[] = {
	{.pid = 901, .uid = 33, .descriptors = 9, .started = 5, .comm = "nginx", .cgroup = "/system.slice/nginx.service"},
	{.pid = 902, .uid = 33, .descriptors = 9, .started = 6, .comm = "ngi\033[31m"},
};
static const struct socket_owner owners[] = {{.inode = 1, .process = 0, .fd = 6}, {.inode = 1, .process = 1, .fd = 6},
					     {.inode = 3, .process = 1, .fd = 7}};
static struct socket_table table = {.sockets = sockets, .n_sockets = SOCKETS, .owners = owners, .n_owners = 3,
				    .processes = processes, .n_processes = 2, .unknown = SOCKET_NO_CAPABILITY, .at_ns = 1};

static struct endpoint v4(uint8_t last, uint16_t port)
{
	return (struct endpoint){.ip = {{10, 0, 0, last}}, .port = port, .family = FAMILY_IPV4, .has_port = true};
}

/* A listener, who waits for it, who came, a client, UDP, UNIX, and an IPv6 one. */
static int make_sockets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SOCKETS; i++)
		sockets[i] = (struct socket_record){.family = SOCKET_INET, .proto = PROTO_TCP, .inode = i + 1, .cookie = i + 1,
						    .owner = SOCKET_NONE, .listener = SOCKET_NONE, .has = SOCKET_HAS_QUEUES};
	sockets[0].state = SOCKET_LISTEN;
	sockets[0].local = (struct endpoint){.family = FAMILY_IPV4, .port = 443, .has_port = true};
	sockets[0].receive_queue = 2;
	sockets[0].send_queue = 1;
	sockets[0].memory[SOCKET_DROPS] = 88;
	sockets[0].has |= SOCKET_HAS_DROPS;
	sockets[0].owner = 0;
	sockets[0].owners = 2;
	sockets[1].state = SOCKET_ESTABLISHED;
	sockets[1].local = v4(1, 443);
	sockets[1].remote = v4(9, 51102);
	sockets[1].inode = 0;
	sockets[1].listener = 0;
	sockets[1].waiting = true;
	sockets[1].has |= SOCKET_HAS_TCP;
	sockets[1].tcp.last_sent_ms = 1900;
	sockets[2].state = SOCKET_CLOSE_WAIT;
	sockets[2].local = v4(1, 443);
	sockets[2].remote = v4(9, 51100);
	sockets[2].listener = 0;
	sockets[2].owner = 2;
	sockets[2].owners = 1;
	sockets[2].has |= SOCKET_HAS_TCP;
	sockets[2].tcp.last_ack_ms = 61000;
	sockets[2].uid = 33;
	sockets[2].has |= SOCKET_HAS_UID;
	sockets[3].state = SOCKET_SYN_SENT;
	sockets[3].local = v4(1, 40000);
	sockets[3].remote = v4(200, 6010);
	sockets[4].state = SOCKET_CLOSED;
	sockets[4].proto = PROTO_UDP;
	sockets[4].local = v4(1, 53);
	sockets[5].state = SOCKET_LISTEN;
	sockets[5].family = SOCKET_UNIX;
	sockets[5].proto = 0;
	sockets[5].type = SOCK_STREAM;
	sockets[5].un.name_len = 7;
	memcpy(sockets[5].un.name, "\0a\n\"b,c", 7);
	sockets[6].state = SOCKET_ESTABLISHED;
	sockets[6].family = SOCKET_INET6;
	sockets[6].local = (struct endpoint){.ip = {{0x20, 1, 0xd, 0xb8}}, .family = FAMILY_IPV6, .port = 22, .has_port = true};
	sockets[6].remote = sockets[6].local;
	sockets[6].remote.port = 40001;
	return 0;
}

/* The sockets that fit, as bits. */
static unsigned chosen(const char *words)
{
	struct sockets_words *w;
	struct error e = {""};
	unsigned column, bits = 0;

	if (sockets_words_parse(&w, words, &column, &e) < 0)
		fail_msg("%s: column %u: %s", words, column, e.text);
	for (unsigned i = 0; i < SOCKETS; i++)
		bits |= (unsigned)sockets_words_fit(w, &table, &sockets[i]) << i;
	sockets_words_free(w);
	return bits;
}

static void words_choose_sockets(void **state)
{
	static const struct {
		const char *words;
		unsigned bits;
	} all[] = {
		{"", 0x7f}, {"state listen", 0x21}, {"state LISTENING", 0x21}, {"state established", 0x42}, {"state estab,close-wait", 0x46},
		{"exclude listen", 0x5e}, {"state connected", 0x4e}, {"state synchronized", 0x46}, {"state all", 0x7f},
		{"port 443", 0x07}, {":443", 0x07}, {"sport = :443", 0x07}, {"sport :443", 0x07}, {"dport 443", 0}, {"dport eq 6010", 0x08},
		{"port 6000-6063", 0x08}, {"dport >= 51102", 0x02}, {"dport gt 51102", 0}, {"sport < 54", 0x50}, {"sport le 53", 0x50},
		{"dport != 6010", 0x77 & ~0x20}, {"src 10.0.0.1", 0x1e}, {"src 10.0.0.0/8", 0x1e}, {"src 10.0.0.1:443", 0x06},
		{"dst 10.0.0.9:51100", 0x04}, {"dst 10.0.0.128/25", 0x08}, {"host 10.0.0.9", 0x06}, {"10.0.0.9", 0x06},
		{"10.0.0.1:443", 0x06}, {"10.0.0.9:443", 0}, {"src 2001:db8::", 0x40}, {"src [2001:db8::]:22", 0x40}, {"src *:53", 0x10},
		{"src 2001:db8::/32", 0x40}, {"src != 10.0.0.1", 0x41}, {"pid 901", 0x01}, {"pid 902", 0x05}, {"process nginx", 0x01},
		{"process ngi", 0x05}, {"uid 33", 0x04}, {"inode 7", 0x40}, {"holders 2", 0x01}, {"holders 0", 0x78}, {"name a", 0x20},
		{"cgroup nginx.service", 0x01}, {"tcp", 0x4f}, {"udp", 0x10}, {"unix", 0x20}, {"ipv4", 0x1f}, {"ipv6", 0x40},
		{"tcp ipv4 state listen", 0x01}, {"tcp and state listen", 0x01}, {"udp or unix", 0x30}, {"not tcp", 0x30},
		{"! tcp", 0x30}, {"not not tcp", 0x4f}, {"(udp or unix) and not udp", 0x20}, {"( sport = :443 or sport = :22 ) state established", 0x42},
		{"port 443 and (state listen || state close-wait)", 0x05}, {"tcp && port 443", 0x07},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (chosen(all[i].words) != all[i].bits)
			fail_msg("%s: 0x%02x, not 0x%02x", all[i].words, chosen(all[i].words), all[i].bits);
}

static void wrong_words_say_where(void **state)
{
	static const struct {
		const char *words;
		unsigned column;
	} all[] = {
		{"foo", 1}, {"listening", 1}, {"state", 6}, {"state lisen", 7}, {"tcp state listen,x", 11}, {"port x", 6}, {"port 65536", 6}, {"port 5-3", 6},
		{"src 10.0.0", 5}, {"src 10.0.0.1/33", 5}, {"src 10.0.0.1:x", 5}, {"pid -1", 5}, {"(tcp", 5}, {"tcp)", 4}, {"tcp or", 7},
		{"not", 4}, {"process", 8}, {"uid 4294967296", 5}, {"\xc3\xa4 x", 1}, {"tcp \xc3\xa4", 5}, {"name", 5}, {"()", 2},
		{"src /", 5}, {"src [::1", 5}, {"dport = ", 9},
	};
	struct sockets_words *w;
	unsigned column;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct error e = {""};

		if (sockets_words_parse(&w, all[i].words, &column, &e) == 0)
			fail_msg("%s was taken", all[i].words);
		assert_null(w);
		assert_true(e.text[0] != '\0' && !strpbrk(e.text, "\n\033"));
		if (column != all[i].column)
			fail_msg("%s: column %u, not %u: %s", all[i].words, column, all[i].column, e.text);
	}
}

/* On a screen a word that is none is a text, and NAME:VALUE is NAME VALUE; what is a mistake is one there, too. */
static void typed_words_are_texts(void **state)
{
	static const struct {
		const char *words;
		unsigned bits, column; /* column: it is wrong there */
	} all[] = {
		{"nginx", 0x01, 0}, {"NGIN", 0x01, 0}, {"901", 0x01, 0}, {"443", 0x07, 0}, {"51102", 0x02, 0}, {"5110", 0x06, 0}, {"10.0", 0x5e & ~0x40, 0},
		{"10.0.0.9", 0x06, 0}, {":443", 0x07, 0}, {"close-wait", 0x04, 0}, {"CLOSE_W", 0x04, 0}, {"listen", 0x21, 0}, {"estab", 0x42, 0},
		{"udp", 0x10, 0}, {"unix", 0x20, 0}, {"2001:db8", 0x40, 0}, {"waiting", 0x02, 0}, {"b,c", 0x20, 0}, {"zzz", 0, 0},
		{"nginx or close-wait", 0x05, 0}, {"10.0.0.9 not wait", 0, 0}, {"tcp nginx", 0x01, 0}, {"not nginx", 0x7e, 0},
		{"port:443", 0x07, 0}, {"sport::443", 0x07, 0}, {"state:established", 0x42, 0}, {"process:nginx", 0x01, 0}, {"src:10.0.0.1", 0x1e, 0},
		{"host:2001:db8::", 0x40, 0}, {"dport:>=51102", 0x02, 0},
		{"prot:x", 0, 1}, {"tcp prot = x", 0, 5}, {"prot=x", 0, 1}, {"state lisen", 0, 7}, {"state", 0, 6}, {"port http", 0, 6}, {"or", 0, 1},
		{"nginx and", 0, 10}, {"( nginx", 0, 8}, {"10.0=5", 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct sockets_words *w;
		struct error e = {""};
		unsigned column, bits = 0;

		if (sockets_words_parse_typed(&w, all[i].words, &column, &e) < 0) {
			if (all[i].column != column)
				fail_msg("%s: column %u: %s", all[i].words, column, e.text);
			continue;
		}
		for (unsigned k = 0; k < SOCKETS; k++)
			bits |= (unsigned)sockets_words_fit(w, &table, &sockets[k]) << k;
		sockets_words_free(w);
		if (all[i].column != 0 || bits != all[i].bits)
			fail_msg("%s: 0x%02x, not 0x%02x", all[i].words, bits, all[i].bits);
	}
	assert_int_equal(chosen("port:443"), 0x07); /* of the command line, too */
	assert_int_equal(chosen("process:nginx state:listen"), 0x01);
}

static void many_words_end(void **state)
{
	char text[4096] = "";
	struct sockets_words *w;
	struct error e = {""};
	struct text t;
	unsigned column;

	(void)state;
	text_init(&t, text, sizeof text);
	for (unsigned i = 0; i < 200; i++)
		text_put(&t, "tcp ");
	assert_true(sockets_words_parse(&w, text, &column, &e) < 0);
	assert_non_null(strstr(e.text, "too many words"));
	memset(text, '(', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_true(sockets_words_parse(&w, text, &column, &e) < 0);
	assert_non_null(strstr(e.text, "too many brackets"));
	text_init(&t, text, sizeof text);
	for (unsigned i = 0; i < 1000; i++)
		text_put(&t, "! ");
	text_put(&t, "tcp");
	assert_int_equal(sockets_words_parse(&w, text, &column, &e), 0);
	sockets_words_free(w);
}

/* What the view writes of the sockets above. */
static const char *written(struct sockets_view_options o, const char *words)
{
	static char out[65536];
	struct sockets_words *w;
	struct sockets_view *v;
	struct error e = {""};
	unsigned column;
	int ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sockets_words_parse(&w, words, &column, &e), 0);
	o.fd = ends[1];
	o.words = w;
	assert_int_equal(sockets_view_open(&v, &o, &e), 0);
	assert_int_equal(sockets_view_write(v, &table), 0);
	sockets_view_free(v);
	sockets_words_free(w);
	n = read(ends[0], out, sizeof out - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	close(ends[0]);
	close(ends[1]);
	return out;
}

static void a_listener_and_who_waits(void **state)
{
	const char *s = written((struct sockets_view_options){.format = VIEW_JSON}, "tcp ipv4 state listen");

	(void)state;
	assert_non_null(strstr(s, "{\"type\":\"listener\",\"proto\":\"tcp\",\"local\":{\"ip\":\"0.0.0.0\",\"port\":443},"
				  "\"accept_queue\":{\"used\":2,\"limit\":1,\"drops\":88}"));
	assert_non_null(strstr(s, "\"owner\":[{\"pid\":901,\"comm\":\"nginx\",\"fd\":6,\"uid\":33,\"evidence\":\"proc\"},{\"pid\":902"));
	assert_non_null(strstr(s, "\"waiting\":[{\"ip\":\"10.0.0.9\",\"port\":51102,\"waited_us\":1900000}]"));
	assert_non_null(strstr(s, "\"unit\":\"nginx.service\""));
	assert_null(strchr(s, '\033'));
	assert_ptr_equal(strchr(s, '\n'), s + strlen(s) - 1);
}

/* Kinds of long names move no column: states stand below each other. */
static void states_stand_below_each_other(void **state)
{
	const char *s;
	unsigned lines = 0;

	(void)state;
	sockets[3].family = SOCKET_NETLINK;
	sockets[3].proto = 15;
	sockets[3].state = SOCKET_CLOSED;
	sockets[5].type = SOCK_SEQPACKET;
	s = written((struct sockets_view_options){.format = VIEW_TEXT}, "");
	assert_non_null(strstr(s, "netlink   unconnected  kobject_uevent "));
	assert_non_null(strstr(s, "seqpacket listen       @a"));
	for (const char *line = s; *line; line = strchr(line, '\n') + 1, lines++) {
		if (strncmp(line, "PROTO", 5) == 0)
			assert_int_equal(strstr(line, "STATE") - line, 10);
		else if (line[strcspn(line, " ")] == ' ' && line[0] >= 'a' && line[0] <= 'z') /* no heading */
			assert_true(line[9] == ' ' && line[10] != ' ');
	}
	assert_true(lines > SOCKETS);
	assert_non_null(strstr(s, " FAMILY "));
}

static void foreign_names_harm_nobody(void **state)
{
	static const enum view_format formats[] = {VIEW_TEXT, VIEW_JSON, VIEW_CSV, VIEW_TSV};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const char *s = written((struct sockets_view_options){.format = formats[i], .verbose = true, .ascii = i % 2 == 0}, "");
		unsigned lines = 0;

		for (const char *p = s; *p; p++) {
			lines += *p == '\n';
			assert_true(*p == '\n' || *p == '\t' || ((unsigned char)*p >= ' ' && *p != 0x7f));
		}
		if (formats[i] == VIEW_JSON)
			assert_int_equal(lines, SOCKETS);
		if (formats[i] == VIEW_CSV || formats[i] == VIEW_TSV) {
			const char separator = formats[i] == VIEW_CSV ? ',' : '\t';
			unsigned cells[2] = {0, 0}, row = 0, n = 0;
			bool quoted = false;

			assert_int_equal(lines, SOCKETS + 1);
			for (const char *p = s; *p; p++) {
				quoted ^= separator == ',' && *p == '"';
				n += *p == separator && !quoted;
				if (*p != '\n')
					continue;
				cells[row > 0] = n;
				if (row > 0)
					assert_int_equal(cells[1], cells[0]);
				row++;
				n = 0;
			}
		}
	}
}

static void leaks_are_told(void **state)
{
	const char *s = written((struct sockets_view_options){.format = VIEW_TEXT, .leaks = true}, "");

	(void)state;
	assert_non_null(strstr(s, "problem: ngi\\x1b[31m[902] has not closed 1 connection that the peer has closed, the oldest at least 1 m 1 s ago"));
	assert_non_null(strstr(s, "10.0.0.1:443 <-> 10.0.0.9:51100 fd 7 at least 1 m 1 s"));
	assert_non_null(strstr(s, "problem: the queue of accept() at 0.0.0.0:443 is full: 2 wait, of 1"));
	assert_non_null(strstr(s, "10.0.0.9:51102 waits for 1.90 s"));
	s = written((struct sockets_view_options){.format = VIEW_JSON, .leaks = true}, "pid 902 state close-wait");
	assert_non_null(strstr(s, "{\"type\":\"finding\",\"rule\":\"close-wait\",\"severity\":\"problem\",\"certainty\":\"sure\",\"count\":1,"));
	assert_ptr_equal(strchr(s, '\n'), s + strlen(s) - 1);
}

static void ports_in_time_wait_are_counted(void **state)
{
	enum { MANY = 300 };
	struct socket_record *many = calloc(MANY, sizeof *many);
	const struct socket_table kept = table;
	const char *s;

	(void)state;
	assert_non_null(many);
	for (unsigned i = 0; i < MANY; i++) {
		many[i] = sockets[3];
		many[i].state = i < 270 ? SOCKET_TIME_WAIT : SOCKET_ESTABLISHED;
		many[i].local.port = (uint16_t)(40000 + i);
		many[i].remote = v4(200, i < 290 ? 80 : 81);
	}
	table.sockets = many;
	table.n_sockets = MANY;
	table.counters.port_first = 40000;
	table.counters.port_last = 40999;
	s = written((struct sockets_view_options){.format = VIEW_TEXT, .leaks = true}, "");
	assert_non_null(strstr(s, "note: 27 % of the ephemeral ports to 10.0.0.200:80 are in TIME-WAIT, 29 % in use"));
	assert_null(strstr(s, ":81"));
	table = kept;
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(words_choose_sockets, make_sockets), cmocka_unit_test_setup(wrong_words_say_where, make_sockets),
		cmocka_unit_test_setup(typed_words_are_texts, make_sockets),
		cmocka_unit_test_setup(many_words_end, make_sockets), cmocka_unit_test_setup(a_listener_and_who_waits, make_sockets),
		cmocka_unit_test_setup(states_stand_below_each_other, make_sockets),
		cmocka_unit_test_setup(foreign_names_harm_nobody, make_sockets), cmocka_unit_test_setup(leaks_are_told, make_sockets),
		cmocka_unit_test_setup(ports_in_time_wait_are_counted, make_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
