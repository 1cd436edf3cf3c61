/* Look: keys become queries, answers become cells; hand-made answers, exact rows.
 * links: tui engine facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "screen_world.h"
#include "sockeye/clock.h"
#include "tui/headless.h"
#include "tui/look.h"
#include "tui/words.h"

#define BEGIN (INT64_C(1700000000) * CLOCK_S)

static struct answer a;
static struct look l;
static struct canvas c;
static unsigned width = 120, height = 35;

/* ---- an answer made by hand -------------------------------------------------- */

static struct flow_record *flow(const char *proto, uint16_t port, const char *state)
{
	struct flow_record *r = &a.row[a.rows++];

	memset(r, 0, sizeof *r);
	r->id = a.rows;
	r->proto = proto;
	r->ip_proto = strcmp(proto, "tcp") == 0 ? PROTO_TCP : PROTO_UDP;
	r->client = (struct endpoint){{{10, 0, 0, 1}}, (uint16_t)(40000 + a.rows), FAMILY_IPV4, true};
	r->server = (struct endpoint){{{192, 0, 2, 7}}, port, FAMILY_IPV4, true};
	r->state = state;
	r->first_ns = BEGIN + (int64_t)a.rows * CLOCK_S / 2;
	r->last_ns = r->first_ns + CLOCK_S;
	r->bytes[0] = 517;
	r->bytes[1] = 218000;
	r->packets[0] = r->packets[1] = 9;
	record_set(r, RECORD_ID);
	record_set(r, RECORD_PROTO);
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	a.flows = a.matched = a.rows;
	a.totals.packets = 18 * (uint64_t)a.rows;
	return r;
}

static void times(struct flow_record *r, int64_t synack_us, int64_t ack_us, int64_t rst_us)
{
	r->syns = 1;
	r->syn_ns[0] = r->first_ns;
	if (synack_us > 0) {
		r->synacks = 1;
		r->synack_ns[0] = r->first_ns + synack_us * CLOCK_US;
		r->last_syn_to_synack = synack_us * CLOCK_US;
		record_set(r, RECORD_HS_LAST_SYN_TO_SYNACK);
	}
	if (ack_us > 0) {
		r->ack_ns = r->first_ns + ack_us * CLOCK_US;
		r->synack_to_ack = (ack_us - synack_us) * CLOCK_US;
		record_set(r, RECORD_HS_SYNACK_TO_ACK);
	}
	if (rst_us > 0)
		r->rst_ns = r->first_ns + rst_us * CLOCK_US;
}

static void named(struct flow_record *r, const char *service, const char *name)
{
	r->service = service;
	record_set(r, RECORD_SERVICE);
	if (name == NULL)
		return;
	r->server_name.len = (uint16_t)strlen(name);
	memcpy(r->server_name.bytes, name, strlen(name));
	record_set(r, RECORD_SERVER_NAME);
}

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	a.ended = true;
	a.totals.first_ns = BEGIN;
	a.totals.last_ns = BEGIN + 10 * CLOCK_S;
	a.totals.memory_limit = 256 << 20;
	look_init(&l, false, "two.pcap", NULL);
	memset(&c, 0, sizeof c);
	width = 120;
	height = 35;
	return canvas_resize(&c, width, height) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

static const char *row(unsigned y)
{
	return world_text(&c, y);
}

static void draw(unsigned w, unsigned h)
{
	width = w;
	height = h;
	assert_true(canvas_resize(&c, w, h));
	look_answered(&l, &a);
	look_draw(&l, &a, &c);
}

static enum reaction press(const char *keys)
{
	return world_keys(&l, &a, keys, width, height);
}

static struct query ask(void)
{
	struct query q;

	look_ask(&l, &a, width, height, 0, &q);
	look_asked(&l);
	return q;
}

/* ---- what is drawn ------------------------------------------------------------ */

static void handshakes_as_a_column(void **state)
{
	struct flow_record *r;

	(void)state;
	times(flow("tcp", 443, "established"), 12100, 12300, 0);
	r = flow("tcp", 443, "syn_sent");
	times(r, 0, 0, 0);
	r->syns = 3;
	r->syn_ns[1] = r->syn_ns[0] + CLOCK_S;
	r->syn_ns[2] = r->syn_ns[1] + 2 * CLOCK_S;
	times(flow("tcp", 9, "refused"), 0, 0, 100);
	flow("tcp", 22, "midstream");
	named(flow("udp", 53, "answered"), "dns", NULL);
	r = flow("tcp", 80, "established");
	times(r, 7012100, 7012300, 0);
	r->last_syn_to_synack = 12100 * CLOCK_US;
	r->syns = 4;
	for (unsigned i = 1; i < 4; i++)
		r->syn_ns[i] = r->syn_ns[0] + ((1 << i) - 1) * CLOCK_S;
	r = flow("tcp", 80, "established");
	times(r, 100, 300, 0);
	r->syns = 0;
	draw(120, 35);
	assert_non_null(strstr(row(3), "S─12.1─SA─0.20─A "));
	assert_non_null(strstr(row(4), "S─1.0s─S─2.0s─S… "));
	assert_non_null(strstr(row(4), "no answer"));
	assert_non_null(strstr(row(5), "S─0.10─R "));
	assert_non_null(strstr(row(5), "✗"));
	assert_non_null(strstr(row(6), "(mid-stream)"));
	assert_non_null(strstr(row(7), "udp answered"));
	assert_non_null(strstr(row(8), "S×4─12.1─SA─0.20─A"));
	assert_non_null(strstr(row(9), "…SA─0.20─A"));
	draw(80, 24);
	assert_non_null(strstr(row(3), " 12.1+0.20 "));
	assert_non_null(strstr(row(4), " S×3 … "));
	assert_non_null(strstr(row(5), " 0.10 R "));
	assert_non_null(strstr(row(8), " S×4 12.1+0.20 "));
}

static void a_whole_row(void **state)
{
	struct flow_record *r = flow("tcp", 443, "established");

	(void)state;
	times(r, 12100, 12300, 0);
	named(r, "tls", "www.example\x1b[31m.org");
	draw(120, 35);
	assert_string_equal(row(3), "▶●  10.0.0.1:40001        192.0.2.7:443         S─12.1─SA─0.20─A            517  218K"
				    "     0    · tls www.example·[31m.o…");
	c.ascii = true;
	look_draw(&l, &a, &c);
	assert_string_equal(row(3), ">O  10.0.0.1:40001        192.0.2.7:443         S-12.1-SA-0.20-A            517  218K"
				    "     0    . tls www.example.[31m.o~");
	c.ascii = false;
	draw(60, 20);
	assert_string_equal(row(3), "▶●  :40001 192.0.2.7:443        12.1+0.20    219K  www.exam…");
	draw(40, 8);
	assert_string_equal(row(2), "▶●  192.0.2.7:443       12.1+0.20  219K");
}

/* Of a path the file's name stays, and what is free is used; the name of an interface begins as it is. */
static void the_front_of_a_path_is_cut(void **state)
{
	(void)state;
	a.live = false;
	a.ended = true;
	l.title = "/srv/captures/of/the/year/2026/november/trace-of-friday.pcap";
	draw(80, 24);
	assert_non_null(strstr(row(0), "sockeye …/year/2026/november/trace-of-friday.pcap FILE"));
	draw(60, 20);
	assert_non_null(strstr(row(0), "sockeye …/trace-of-friday.pcap FILE"));
	draw(40, 10);
	assert_non_null(strstr(row(0), "sockeye …trace-of-fr"));
	a.live = true;
	a.ended = false;
	l.title = "eth0 in /run/netns/a-name-that-is-far-too-long-for-a-row-of-so-many-columns-as-there-are";
	draw(80, 24);
	assert_non_null(strstr(row(0), "sockeye eth0 in /run/netns/"));
}

static void small_screens_say_so(void **state)
{
	(void)state;
	flow("tcp", 443, "established");
	draw(30, 6);
	assert_string_equal(row(0), "needs 40x8, is 30x6");
	draw(1, 1);
	assert_string_equal(row(0), "n");
}

static void an_empty_list_says_why(void **state)
{
	(void)state;
	draw(80, 24);
	assert_non_null(strstr(row(8), "no packets came in"));
	a.totals.packets = 5;
	draw(80, 24);
	assert_non_null(strstr(row(8), "none of these packets belongs to one"));
	press("/zz<Enter>");
	draw(80, 24);
	assert_non_null(strstr(row(8), "nothing matches zz: Esc clears the filter"));
	look_init(&l, true, "eth0", NULL);
	a.live = true;
	a.ended = false;
	draw(80, 24);
	assert_non_null(strstr(row(8), "no connections yet; waiting for packets on eth0"));
}

static void losses_are_said(void **state)
{
	(void)state;
	flow("tcp", 443, "established");
	a.sources = 1;
	a.source[0].drops_known = true;
	a.source[0].drops = 12;
	a.source[0].damaged = 2;
	a.totals.flows_evicted = 1500;
	(void)snprintf(a.source[0].problem, sizeof a.source[0].problem, "two.pcap: cut at byte 99");
	draw(120, 35);
	assert_non_null(strstr(row(0), "drop 12"));
	assert_non_null(strstr(row(0), "damaged 2"));
	assert_non_null(strstr(row(0), "forgot 1.5K"));
	assert_non_null(strstr(row(33), "▲ two.pcap: cut at byte 99"));
}

static void detail_and_help_open_and_close(void **state)
{
	(void)state;
	times(flow("tcp", 443, "established"), 12100, 12300, 0);
	press("d");
	draw(120, 35);
	assert_non_null(strstr(row(2), "10.0.0.1:40001 → 192.0.2.7:443"));
	assert_non_null(strstr(row(6), "SYN"));
	assert_non_null(strstr(row(6), "▶│"));
	assert_non_null(strstr(row(7), "│◀"));
	press("?");
	draw(120, 35);
	assert_non_null(strstr(row(2), "Keys"));
	press("GGGG<Esc>");
	assert_int_equal(l.page, PAGE_DETAIL);
	press("<Esc>");
	assert_int_equal(l.page, PAGE_SCREEN);
	assert_int_equal(press("5"), REACT_DRAW);
	draw(120, 35);
	assert_string_equal(row(33), " Diagnosis is not built yet");
}

/* ---- what is asked -------------------------------------------------------------- */

static void files_begin_with_the_oldest(void **state)
{
	struct query q = ask();

	(void)state;
	assert_int_equal(q.sort, RECORD_FIRST);
	assert_false(q.descending);
	assert_true(q.to_first);
	assert_int_equal(q.rows, look_layout(120, 35).rows);
	look_init(&l, true, "eth0", NULL);
	assert_true(ask().descending);
}

static void moves_add_up_and_are_spent(void **state)
{
	struct query q;

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		flow("tcp", 443, "established");
	a.selected = 1;
	look_answered(&l, &a);
	assert_int_equal(press("jjk"), REACT_ASK);
	q = ask();
	assert_int_equal(q.selected, 1);
	assert_int_equal(q.move, 1);
	assert_int_equal(q.anchor, 1);
	assert_false(q.to_first);
	assert_int_equal(ask().move, 0);
	press("G");
	assert_true(ask().to_last);
	press("k");
	assert_false(ask().to_last);
	press("<PgDn>");
	q = ask();
	assert_int_equal(q.move, q.rows);
	assert_int_equal(q.anchor, 0);
}

static void sorting_goes_round(void **state)
{
	unsigned turns = 0;

	(void)state;
	press("sss");
	assert_int_equal(ask().sort, RECORD_HS_FIRST_SYN_TO_ACK);
	assert_true(l.descending);
	press("S");
	assert_false(ask().descending);
	press("<lt>");
	assert_int_equal(ask().sort, RECORD_SERVER);
	do
		press(">");
	while (ask().sort != RECORD_SERVER && ++turns < LOOK_SORTS);
	assert_in_range(turns, 7, LOOK_SORTS - 1); /* all whose column is in sight, and round */
}

static void the_filter_is_typed_and_taken_back(void **state)
{
	(void)state;
	press("/te<Backspace>ls");
	assert_true(l.prompting);
	assert_string_equal(ask().match, "tls");
	press("<Enter>/x");
	assert_string_equal(ask().match, "tlsx");
	press("<Esc>");
	assert_string_equal(ask().match, "tls");
	assert_false(l.prompting);
	press("<Esc>");
	assert_string_equal(ask().match, "");
	press("/é<Backspace>");
	assert_string_equal(ask().match, "");
	press("<Backspace>");
	assert_false(l.prompting);
	/* What is too long is not taken, and q is text here. */
	press("/");
	for (unsigned i = 0; i < 300; i++)
		press("q");
	assert_int_equal(strlen(ask().match), QUERY_MATCH - 1);
	assert_true(l.prompting);
}

static void held_and_paused(void **state)
{
	struct query q;

	(void)state;
	flow("tcp", 443, "established");
	flow("tcp", 443, "established");
	a.selected = 1;
	look_answered(&l, &a);
	press("jz");
	q = ask();
	assert_int_equal(q.holds, 2);
	assert_int_equal(q.hold[1], 2);
	press("s"); /* another order lets go */
	assert_int_equal(ask().holds, 0);
	a.selected_row = 0;
	assert_int_equal(press("Z"), REACT_ASK); /* once, for what is kept */
	assert_int_equal(ask().rows, QUERY_ROWS);
	look_answered(&l, &a);
	assert_int_equal(press("j"), REACT_DRAW); /* inside that answer */
	assert_int_equal(a.selected, 2);
	press("jjj");
	assert_int_equal(a.selected, 2);
	assert_int_equal(press("s"), REACT_DRAW);
	assert_int_equal(press("Z"), REACT_ASK);
	assert_int_not_equal(ask().rows, QUERY_ROWS);
}

/* Sorted, filtered, and all there again, without a question to the engine. */
static void what_is_kept_is_sorted_and_filtered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		flow(i % 3 ? "tcp" : "udp", (uint16_t)(400 + i), "established");
		a.row[i].bytes[0] = (i * 37) % 60; /* each once */
		record_set(&a.row[i], RECORD_BYTES);
	}
	a.selected = l.selected = a.row[5].id;
	a.selected_row = 5;
	l.stick = STICK_NONE;
	press("Z");
	look_answered(&l, &a);
	assert_int_equal(press(":sort<Space>bytes<Enter>"), REACT_DRAW);
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(a.row[i].bytes[0], 59 - i);
	assert_int_equal(a.row[a.selected_row].bytes[0], 5 * 37 % 60); /* still that one */
	assert_int_equal(press("/proto:udp"), REACT_DRAW);
	assert_int_equal(a.rows, 20);
	for (unsigned i = 0; i < a.rows; i++)
		assert_string_equal(a.row[i].proto, "udp");
	assert_int_equal(press("<Enter>"), REACT_DRAW);
	assert_int_equal(press("S"), REACT_DRAW);
	for (unsigned i = 1; i < a.rows; i++)
		assert_true(a.row[i].bytes[0] > a.row[i - 1].bytes[0]);
	assert_int_equal(press("<Esc>"), REACT_DRAW); /* the filter */
	assert_int_equal(a.rows, 60);
	assert_int_equal(press("G"), REACT_DRAW);
	assert_int_equal(a.selected_row, 59);
	draw(80, 24);
	assert_true(l.list.top > 30); /* scrolled within what is kept */
	assert_int_equal(press("g"), REACT_DRAW);
	draw(80, 24);
	assert_int_equal(l.list.top, 0);
}

static void the_order_stands_after_navigation(void **state)
{
	struct query q;

	(void)state;
	flow("tcp", 443, "established");
	a.selected = 1;
	look_answered(&l, &a);
	(void)look_key(&l, 'j', &a, width, height, 10 * CLOCK_S);
	look_ask(&l, &a, width, height, 11 * CLOCK_S, &q);
	assert_int_equal(q.holds, 1);
	look_ask(&l, &a, width, height, 13 * CLOCK_S, &q);
	assert_int_equal(q.holds, 0);
}

/* The picker: what is captured is marked, what is not can be added, by its name alone. */
static void an_interface_is_added(void **state)
{
	(void)state;
	look_init(&l, true, "eth0", NULL);
	a.live = true;
	a.ended = false;
	l.interfaces = "1.eth0 [Up, Running]\n2.wlan0.7 [Up]\n3.any (all of them)\n";
	a.sources = 1;
	a.source[0].name = "eth0";
	a.source[0].frames = 1000;
	a.now_ns = 10 * CLOCK_S;
	look_answered(&l, &a);
	a.now_ns += CLOCK_S;
	a.source[0].frames = 1500;
	look_answered(&l, &a);
	press("i"); /* it begins in the list */
	draw(100, 24);
	assert_non_null(strstr(row(9), "● 1.eth0 [Up, Running]"));
	assert_non_null(strstr(row(9), "500 pkt/s  1.5K in all"));
	press("<Enter>");
	assert_non_null(strstr(l.dialog.note, "from the start on, and stays"));
	assert_string_equal(l.interface_wanted, "");
	assert_int_equal(press("j<Enter>"), REACT_ASK);
	assert_string_equal(l.interface_wanted, "wlan0.7");
	assert_false(l.interface_off);
	l.interface_wanted[0] = '\0';
	a.sources = 2; /* it came, and Enter takes it off again, and adds it once more */
	a.source[1].name = "wlan0.7";
	a.source[1].added = true;
	a.now_ns += CLOCK_S;
	look_answered(&l, &a);
	assert_int_equal(press("<Enter>"), REACT_ASK);
	assert_string_equal(l.interface_wanted, "wlan0.7");
	assert_true(l.interface_off);
	assert_int_not_equal(press("<Enter>"), REACT_ASK); /* nobody has taken that from it: it is not lost */
	assert_non_null(strstr(l.dialog.note, "try it again"));
	assert_true(l.interface_off);
	l.interface_wanted[0] = '\0';
	a.sources = 1; /* what was taken off is left out */
	a.now_ns += CLOCK_S;
	look_answered(&l, &a);
	draw(100, 24);
	assert_non_null(strstr(row(10), "  2.wlan0.7 [Up]"));
	assert_int_equal(press("<Enter>"), REACT_ASK);
	assert_false(l.interface_off);
	l.interface_wanted[0] = '\0';
	press("j<Enter>");
	assert_string_equal(l.interface_wanted, "");
}

static void quitting_asks_once_when_live(void **state)
{
	(void)state;
	assert_int_equal(press("q"), REACT_QUIT);
	look_init(&l, true, "eth0", NULL);
	a.live = true;
	a.ended = false;
	a.totals.packets = 41203;
	assert_int_equal(press("q"), REACT_DRAW);
	assert_non_null(strstr(l.message, "41 203 packets are not saved"));
	assert_int_equal(press("q"), REACT_QUIT);
	assert_int_equal(press("qjq"), REACT_DRAW);
	assert_int_equal(look_key(&l, KEY_CONTROL('C'), &a, width, height, 0), REACT_QUIT);
}

static void yank_writes_the_tuple(void **state)
{
	(void)state;
	flow("tcp", 443, "established");
	press("y");
	assert_string_equal(l.message, "tcp 10.0.0.1:40001 192.0.2.7:443");
}

static void word(void (*f)(struct text *, int64_t), int64_t v, const char *want)
{
	char buffer[32];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	f(&t, v);
	assert_string_equal(buffer, want);
}

static void size(struct text *t, int64_t v)
{
	words_size(t, (uint64_t)v);
}

static void count(struct text *t, int64_t v)
{
	words_count(t, (uint64_t)v);
}

static void numbers_fit_their_columns(void **state)
{
	(void)state;
	word(words_ms, 0, "0.00");
	word(words_ms, 994 * CLOCK_US, "0.99");
	word(words_ms, 996 * CLOCK_US, "1.0");
	word(words_ms, 99949 * CLOCK_US, "99.9");
	word(words_ms, 99960 * CLOCK_US, "100");
	word(words_ms, 999600 * (int64_t)CLOCK_US, "1.0s");
	word(words_ms, 31 * CLOCK_S, "31s");
	word(words_ms, 3000 * CLOCK_S, "50m");
	word(words_ms, -1, "<0");
	word(size, 999, "999");
	word(size, 1000, "1.0K");
	word(size, 99949, "99.9K");
	word(size, 99960, "100K");
	word(size, 999600, "1.0M");
	word(size, INT64_MAX, "9.2E");
	word(count, 1234567, "1 234 567");
	word(words_span, 45 * CLOCK_US, "45 µs");
	word(words_span, 123 * CLOCK_S, "2 min 3 s");
	/* Any time takes at most five cells. */
	for (int64_t ns = 1; ns > 0 && ns < INT64_MAX / 3; ns *= 3) {
		char buffer[32];
		struct text t;

		text_init(&t, buffer, sizeof buffer);
		words_ms(&t, ns);
		assert_true(t.len <= 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(handshakes_as_a_column, start, stop),
		cmocka_unit_test_setup_teardown(a_whole_row, start, stop),
		cmocka_unit_test_setup_teardown(the_front_of_a_path_is_cut, start, stop),
		cmocka_unit_test_setup_teardown(small_screens_say_so, start, stop),
		cmocka_unit_test_setup_teardown(an_empty_list_says_why, start, stop),
		cmocka_unit_test_setup_teardown(losses_are_said, start, stop),
		cmocka_unit_test_setup_teardown(detail_and_help_open_and_close, start, stop),
		cmocka_unit_test_setup_teardown(files_begin_with_the_oldest, start, stop),
		cmocka_unit_test_setup_teardown(moves_add_up_and_are_spent, start, stop),
		cmocka_unit_test_setup_teardown(sorting_goes_round, start, stop),
		cmocka_unit_test_setup_teardown(the_filter_is_typed_and_taken_back, start, stop),
		cmocka_unit_test_setup_teardown(held_and_paused, start, stop),
		cmocka_unit_test_setup_teardown(what_is_kept_is_sorted_and_filtered, start, stop),
		cmocka_unit_test_setup_teardown(the_order_stands_after_navigation, start, stop),
		cmocka_unit_test_setup_teardown(quitting_asks_once_when_live, start, stop),
		cmocka_unit_test_setup_teardown(yank_writes_the_tuple, start, stop),
		cmocka_unit_test(numbers_fit_their_columns),
		cmocka_unit_test_setup_teardown(an_interface_is_added, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
