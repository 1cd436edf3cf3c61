/* Ladder: answers about packets become arrows and words; hand-made answers, exact rows.
 * links: tui engine facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ladder_world.h"
#include "ladder_screens.h"

static void compare(unsigned w, unsigned h, bool ascii, const char *const *want, unsigned n, const char *name)
{
	c.ascii = ascii;
	draw(w, h);
	if (getenv("LADDER_SHOW") != NULL) {
		printf("@@%s\n", name);
		for (unsigned y = 2; y < h - 1; y++)
			printf("%s\n", row(y));
		printf("[]\n");
		return;
	}
	for (unsigned i = 0; i < n; i++)
		assert_string_equal(row(2 + i), want[i]);
	assert_int_equal(n, h - 3);
}

#define COMPARE(w, h, ascii, name) compare(w, h, ascii, name, sizeof name / sizeof name[0], #name)

static void whole_screens(void **state)
{
	(void)state;
	COMPARE(120, 35, false, screen_120);
	COMPARE(80, 24, false, screen_80);
	COMPARE(60, 20, false, screen_60);
	COMPARE(40, 8, false, screen_40);
	COMPARE(120, 35, true, screen_120_ascii);
	COMPARE(80, 24, true, screen_80_ascii);
	COMPARE(40, 8, true, screen_40_ascii);
}

/* ---- what rows look like ------------------------------------------------------ */

static void where_it_was_captured_swaps_the_words(void **state)
{
	(void)state;
	a.packets.subject.capture_side = "server";
	draw(120, 35);
	assert_non_null(strstr(row(2), "captured near the server (◆ right)"));
	assert_non_null(strstr(row(4), "server ◆"));
	assert_non_null(strstr(row(6), "this host 12.10 ms"));
	assert_non_null(strstr(row(7), "network RTT 206 µs.  OPEN after 12.31 ms"));
	a.packets.subject.capture_side = "between";
	draw(120, 35);
	assert_non_null(strstr(row(6), "server's half 12.10 ms"));
	assert_non_null(strstr(row(7), "client's half 206 µs.  OPEN"));
}

static void arrows_tell_what_was_sent_before(void **state)
{
	(void)state;
	a.packets.rows = 0;
	world_row(0, 0, TCP_SYN, 0, 0, 0, 500);
	world_about(world_row(1000000, 0, TCP_SYN, 0, 0, 0, 500), 1);
	a.packets.row[1].verdicts = V(RETRANSMISSION);
	world_row(1000100, 0, TCP_ACK, 1, 100, 1, 500)->verdicts = V(RETRANSMISSION) | V(EXACT_RETRANSMITTED);
	world_row(1000200, 1, TCP_ACK, 1, 100, 1, 500)->verdicts = V(OUT_OF_ORDER) | V(EXACT_LATE);
	world_row(1000300, 1, TCP_RST, 1, 0, 1, 0)->verdicts = V(RST_ABORT);
	world_row(1000400, 0, TCP_FIN | TCP_ACK, 101, 0, 1, 500);
	world_row(1300400, 0, TCP_FIN | TCP_ACK, 101, 0, 1, 500)->verdicts = V(RETRANSMISSION);
	select_row(0);
	draw(80, 24);
	assert_non_null(strstr(row(5), "│────────── SYN ───────────▶│"));
	assert_non_null(strstr(row(6), "│═══════ SYN again ═══════▶▶│ ● SYN again +1.00 s"));
	assert_non_null(strstr(row(7), "══ 100 again ══"));
	assert_non_null(strstr(row(8), "◀·········· 100"));
	assert_non_null(strstr(row(9), "RST"));
	assert_non_null(strstr(row(9), "● RESET, data lost"));
	assert_non_null(strstr(row(11), "FIN again ═══════▶▶│ ● FIN again +300 ms, timeout"));
	draw(40, 8);
	assert_non_null(strstr(row(3), "▶═SYN"));
	assert_non_null(strstr(row(5), "◀·100"));
	c.ascii = true;
	draw(80, 24);
	assert_non_null(strstr(row(6), "|======= SYN again =======>>| !! SYN again"));
	assert_non_null(strstr(row(8), "<.......... 100"));
}

/* ---- keys ---------------------------------------------------------------------- */

static void moves_and_pages(void **state)
{
	unsigned rows;
	struct query q;

	(void)state;
	draw(120, 35);
	rows = l.ladder.lines;
	assert_int_equal(rows, 24);
	q = ask();
	assert_int_equal(q.about, QUERY_PACKETS);
	assert_int_equal(q.packets.flows, 1);
	assert_int_equal(q.packets.flow[0], 2);
	assert_int_equal(q.packets.rows, rows + LADDER_BEFORE);
	assert_int_equal(q.packets.anchor, LADDER_BEFORE + 3);
	assert_true(q.packets.fold && q.packets.detail && !q.packets.events);
	assert_int_equal(press("jj"), REACT_ASK);
	q = ask();
	assert_int_equal(q.packets.move, 2);
	assert_int_equal(q.packets.anchor, LADDER_BEFORE + 5);
	assert_int_equal(ask().packets.move, 0);
	press("<PgDn>");
	q = ask();
	assert_int_equal(q.packets.move, rows);
	assert_int_equal(q.packets.anchor, LADDER_BEFORE + 5);
	press("<PgUp>");
	assert_int_equal(ask().packets.move, -(int64_t)rows);
	press("<C-d>");
	assert_int_equal(ask().packets.move, (rows + 1) / 2);
	press("<C-u>");
	assert_int_equal(ask().packets.move, -(int64_t)(rows + 1) / 2);
	press("G");
	assert_true(ask().packets.to_last);
	press("g");
	q = ask();
	assert_true(q.packets.to_first && !q.packets.to_last);
	assert_int_equal(ask().packets.anchor, LADDER_BEFORE);
	press("kkkk");
	assert_int_equal(ask().packets.anchor, LADDER_BEFORE);
}

static void folding(void **state)
{
	struct query q;

	(void)state;
	draw(120, 35);
	assert_int_equal(press("+"), REACT_DRAW); /* not a run */
	assert_non_null(strstr(l.message, "not a folded run"));
	assert_int_equal(press("-"), REACT_DRAW);
	assert_non_null(strstr(l.message, "nothing is unfolded"));
	select_row(12);
	draw(120, 35);
	assert_int_equal(press("+"), REACT_ASK);
	q = ask();
	assert_int_equal(q.packets.unfolds, 1);
	assert_int_equal(q.packets.unfolded[0], 13);
	l.ladder.selected = 20;
	assert_int_equal(press("-"), REACT_ASK);
	q = ask();
	assert_int_equal(q.packets.unfolds, 0);
	assert_int_equal(q.packets.selected, 13);
	press("<Right>");
	assert_int_equal(ask().packets.unfolds, 1);
	press("<Left>");
	assert_int_equal(ask().packets.unfolds, 0);
	/* More than there is room for: the oldest folds again. */
	for (unsigned i = 0; i < QUERY_UNFOLDED + 3; i++) {
		a.packets.row[12].number = 1000 + i;
		press("l");
	}
	q = ask();
	assert_int_equal(q.packets.unfolds, QUERY_UNFOLDED);
	assert_int_equal(q.packets.unfolded[0], 1003);
	press("*");
	q = ask();
	assert_true(!q.packets.fold && q.packets.unfolds == 0);
	press("h");
	assert_true(ask().packets.fold);
	press("e");
	q = ask();
	assert_true(q.packets.events && !q.packets.fold);
	press("e");
	assert_false(ask().packets.events);
}

static void times_and_numbers(void **state)
{
	(void)state;
	draw(120, 35);
	press("t");
	draw(120, 35);
	assert_string_equal(row(4), "       Δ ms  ◆ client                                  server  what it means");
	assert_non_null(strstr(row(6), "   +12.104  │◀─────── SYN/ACK seq 0"));
	press("t");
	draw(120, 35);
	assert_non_null(strstr(row(6), ":20.012104   +12.104  │◀─────── SYN/ACK seq 0"));
	draw(60, 20);
	assert_non_null(strstr(row(6), ":20.012  +12.10 │◀──── SA ─────│ network 12.10 ms"));
	draw(40, 8);
	assert_non_null(strstr(row(3), ":20.012 ◀ SA"));
	press("tu");
	draw(120, 35);
	assert_non_null(strstr(row(6), "   0.012104   +12.104  │◀─── SYN/ACK seq 700000000 ack 2914010704 ────│"));
	press("u");
	draw(120, 35);
	assert_non_null(strstr(row(6), "SYN/ACK seq 0 ack 1"));
	/* Longer than the column: fewer decimals. */
	for (unsigned i = 0; i < a.packets.rows; i++)
		a.packets.row[i].ts_ns += i * 123456 * CLOCK_S;
	draw(120, 35);
	assert_non_null(strstr(row(6), " 123456.012    +2058m  │"));
	draw(80, 24);
	assert_non_null(strstr(row(6), " 123456  +2058m │"));
}

static void neighbours_without_leaving(void **state)
{
	struct query q;

	(void)state;
	draw(120, 35);
	l.match[0] = 'x';
	press("]");
	q = ask();
	assert_int_equal(q.about, QUERY_FLOWS);
	assert_int_equal(q.selected, 2);
	assert_int_equal(q.move, 1);
	assert_string_equal(q.match, "x");
	/* What is under way about packets changes nothing of it. */
	a.about = QUERY_PACKETS;
	look_answered(&l, &a);
	assert_int_equal(ask().about, QUERY_FLOWS);
	a.about = QUERY_FLOWS;
	a.rows = 2;
	a.matched = 2;
	a.row[0].id = 2;
	a.row[1].id = 7;
	a.selected = 7;
	a.selected_row = 1;
	look_answered(&l, &a);
	assert_true(l.again);
	assert_int_equal(l.selected, 7);
	q = ask();
	assert_int_equal(q.about, QUERY_PACKETS);
	assert_int_equal(q.packets.flow[0], 7);
	assert_true(q.packets.to_first);
	/* The last one: said, and the ladder stays. */
	press("]");
	(void)ask();
	look_answered(&l, &a);
	assert_int_equal(l.ladder.flow[0], 7);
	assert_string_equal(l.message, "this is the last connection of the list");
	press("[");
	q = ask();
	assert_int_equal(q.move, -1);
	a.selected = 2;
	a.selected_row = 0;
	look_answered(&l, &a);
	assert_int_equal(l.ladder.flow[0], 2);
}

static void deeper_back_and_yank(void **state)
{
	(void)state;
	draw(120, 35);
	press("y");
	assert_string_equal(l.message, "0.012688    +0.378  │───────────── PSH seq 1 len 517 ─────────────▶│  TLS "
				       "ClientHello  SNI example.org  ALPN h2");
	assert_int_equal(press("<Enter>"), REACT_ASK);
	assert_int_equal(l.screen, SCREEN_PACKETS);
	assert_int_equal(l.packets.selected, 4);
	press("<Esc>");
	assert_int_equal(l.screen, SCREEN_LADDER);
	assert_int_equal(press("p"), REACT_ASK);
	assert_int_equal(l.screen, SCREEN_PACKETS);
	press("<Esc><Esc>");
	assert_int_equal(l.screen, SCREEN_CONNECTIONS);
}

static void paused_moves_inside_the_answer(void **state)
{
	(void)state;
	draw(120, 35);
	press("Z");
	assert_int_equal(press("j"), REACT_DRAW);
	assert_int_equal(a.packets.selected_row, 4);
	assert_int_equal(l.ladder.selected, 5);
	press("G");
	assert_int_equal(a.packets.selected_row, 19);
	assert_int_equal(press("+"), REACT_DRAW);
	assert_int_equal(press("]"), REACT_DRAW);
	press("g");
	assert_int_equal(a.packets.selected_row, 0);
	assert_int_equal(press("Z"), REACT_ASK);
}

static void live_sticks_to_the_end(void **state)
{
	(void)state;
	l.live = a.live = true;
	a.ended = false;
	draw(120, 35);
	assert_null(strstr(row(1), "FOLLOW"));
	press("G");
	(void)ask();
	select_row(19);
	draw(120, 35);
	assert_non_null(strstr(row(1), "FOLLOW"));
	assert_true(ask().packets.to_last);
	press("k");
	assert_false(ask().packets.to_last);
	select_row(18);
	draw(120, 35);
	assert_null(strstr(row(1), "FOLLOW"));
	/* Down to the last row: it sticks again. */
	press("j");
	(void)ask();
	select_row(19);
	draw(120, 35);
	assert_true(ask().packets.to_last);
	a.ended = true;
	draw(120, 35);
	assert_false(ask().packets.to_last);
}

/* ---- several connections ------------------------------------------------------------ */

static void together(unsigned hosts)
{
	l.screen = SCREEN_CONNECTIONS;
	l.marks = hosts - 1;
	for (unsigned i = 0; i < l.marks; i++)
		l.marked[i] = 11 + i;
	l.selected = 11; /* one of them */
	press("2");
	(void)ask();
	for (unsigned i = 0; i < a.packets.rows; i++) {
		struct packet_row *r = &a.packets.row[i];
		struct endpoint *end = r->side ? &r->from : &r->to;

		r->flow = 11 + i % l.marks;
		end->ip.b[3] = (uint8_t)(100 + i % l.marks);
	}
	a.packets.subject.id = 11;
	select_row(3);
	l.ladder.anchor = 3;
}

static void marked_ones_stand_together(void **state)
{
	struct query q;

	(void)state;
	together(3);
	draw(120, 35);
	q = ask();
	assert_int_equal(q.packets.flows, 2);
	assert_int_equal(q.packets.flow[1], 12);
	assert_string_equal(row(2), " A 10.9.0.1:51544 → 93.184.215.100:443   B 10.9.0.1:51544 → 93.184.215.101:443");
	assert_non_null(strstr(row(4), "10.9.0.1"));
	assert_non_null(strstr(row(4), "93.184.215.100"));
	assert_non_null(strstr(row(4), "93.184…5.101  what"));
	assert_non_null(strstr(row(5), " A:51544"));
	assert_non_null(strstr(row(5), "▶│                       │"));
	assert_non_null(strstr(row(6), " B:51544"));
	assert_non_null(strstr(row(6), "│◀"));
	draw(80, 24);
	assert_non_null(strstr(row(5), " A "));
	/* More hosts than lifelines fit: the client is left, the server right. */
	together(8);
	draw(80, 24);
	assert_non_null(strstr(row(4), "client"));
	draw(40, 8);
	assert_non_null(strstr(row(2), " A "));
}

/* ---- anything ------------------------------------------------------------------------ */

static void random_row(struct packet_row *r, unsigned number)
{
	uint8_t *bytes = (uint8_t *)r;
	bool tcp = rand() % 4 != 0;

	for (size_t i = 0; i < sizeof *r; i++)
		bytes[i] = (uint8_t)rand();
	r->number = number;
	r->flow = (uint64_t)rand() % 3 + 1;
	r->side &= 1;
	r->is_tcp = tcp;
	r->no_time = rand() % 9 == 0;
	r->gone = rand() % 9 == 0;
	r->has_mac = r->answers_syn = r->comment = r->reference = r->seq_known = r->ack_known = rand() % 2;
	r->from.has_port = r->to.has_port = rand() % 2;
	r->from.family = r->to.family = rand() % 2 ? FAMILY_IPV4 : FAMILY_IPV6;
	r->verdicts &= verdict_bit(VERDICTS) - 1;
	r->verdicts &= rand() % 2 ? (uint64_t)rand() : UINT64_MAX;
	r->folded = rand() % 5 ? 0 : (uint64_t)rand();
	r->folded_ns = (r->folded_ns & INT64_MAX) >> 2;
	r->ts_ns >>= 2;
	r->about_ns >>= 2;
	r->room = rand() % 3 ? r->room : -1;
	r->protocol[rand() % 16] = r->protocol[15] = r->line[rand() % 208] = r->line[207] = '\0';
	r->issue[rand() % 5 ? 0 : 47] = r->issue[47] = '\0';
}

static void one_random_screen(void)
{
	struct ladder_columns at;
	struct ladder_rows rows;
	struct layout layout;

	draw(40 + (unsigned)rand() % 160, 8 + (unsigned)rand() % 50);
	layout = look_layout(width, height);
	rows = ladder_rows(&layout);
	at = ladder_columns(&l.ladder, width);
	for (unsigned y = 0; y < c.height; y++)
		for (unsigned x = 0; x < c.width; x++) {
			uint32_t code = canvas_at(&c, x, y)->code;

			assert_true(code == 0 ? x > 0 && text_width(canvas_at(&c, x - 1, y)->code) == 2 : text_width(code) > 0);
		}
	for (unsigned i = 0; i < rows.rows && i < a.packets.rows; i++) {
		unsigned y = rows.list + i;

		/* Between the columns nothing is drawn, on the outer lifelines nothing else. */
		assert_int_equal(canvas_at(&c, at.note - 1, y)->code, ' ');
		if (at.lines == 0 || a.packets.rows <= rows.rows)
			continue;
		assert_int_equal(canvas_at(&c, at.line[0], y)->code, c.ascii ? '|' : 0x2502);
		assert_int_equal(canvas_at(&c, at.line[at.lines - 1], y)->code, c.ascii ? '|' : 0x2502);
		assert_int_equal(canvas_at(&c, at.line[0] - 1, y)->code, ' ');
	}
}

static void random_answers(void **state)
{
	static const char keys[] = "jkgGZ+-*etu[]pyhl12\x1b\r?";

	(void)state;
	srand(17);
	for (unsigned turn = 0; turn < 3000; turn++) {
		char key[2] = {keys[(unsigned)rand() % (sizeof keys - 1)], '\0'};

		a.packets.rows = (unsigned)rand() % (QUERY_ROWS + 1);
		for (unsigned i = 0; i < a.packets.rows; i++)
			random_row(&a.packets.row[i], i + 1);
		a.packets.has_subject = rand() % 2;
		a.packets.subject.id = (uint64_t)rand() % 3 + 1;
		a.packets.matched = a.packets.rows + (unsigned)rand() % 100;
		a.packets.selected_row = a.packets.rows > 0 ? (unsigned)rand() % a.packets.rows : 0;
		a.packets.selected = a.packets.rows > 0 ? a.packets.row[a.packets.selected_row].number : 0;
		c.ascii = rand() % 3 == 0;
		l.screen = SCREEN_LADDER;
		l.page = PAGE_SCREEN;
		l.ladder.flows = 1 + (unsigned)rand() % 3;
		for (unsigned i = 0; i < l.ladder.flows; i++)
			l.ladder.flow[i] = i + 1;
		l.ladder.times = (enum times)(rand() % TIMES);
		l.ladder.anchor = (unsigned)rand() % 40;
		one_random_screen();
		(void)look_key(&l, (uint32_t)(uint8_t)key[0], &a, width, height, 0);
		(void)ask();
	}
}

static void as_text(void *to, const char *line)
{
	text_put(to, line);
	text_char(to, '\n');
}

static void text_is_what_the_screen_shows(void **state)
{
	static char all[16384], shown[16384];
	struct text t, s;

	(void)state;
	draw(120, 60);
	text_init(&t, all, sizeof all);
	assert_true(ladder_text(&l.ladder, &a, 0, 120, false, true, as_text, &t));
	text_init(&s, shown, sizeof shown);
	for (unsigned i = 0; i < a.packets.rows + 3; i++) {
		const char *line = row(2 + i);

		text_put(&s, strncmp(line, "▶", 3) == 0 ? " " : "");
		text_put(&s, strncmp(line, "▶", 3) == 0 ? line + 3 : line);
		text_char(&s, '\n');
	}
	assert_string_equal(all, shown);
}

/* ---- the whole ladder ------------------------------------------------------------------ */

enum { MANY = 700 };

/* A window of that many segments, as an engine would answer. */
static void many_answer(const struct packet_query *q)
{
	unsigned at = q->to_first || q->selected == 0 ? 0 : (unsigned)q->selected - 1;
	unsigned first = at > q->anchor ? at - q->anchor : 0;

	if (first + q->rows > MANY)
		first = MANY - q->rows;
	a.packets.rows = 0;
	for (unsigned i = 0; i < q->rows; i++)
		world_row(first + i, 0, TCP_ACK, 1 + 10 * (first + i), 10, 1, 500)->number = first + i + 1;
	a.packets.first = first;
	a.packets.matched = MANY;
	a.packets.selected_row = at - first;
	a.packets.selected = at + 1;
	a.about = QUERY_PACKETS;
	look_answered(&l, &a);
}

static void the_whole_ladder_is_saved(void **state)
{
	struct save_answer saved = {.done = true, .name = "sockeye-x.txt", .bytes = 12345};
	const char *at;
	unsigned turns = 0, lines = 0;
	struct query q;

	(void)state;
	draw(120, 35);
	q = ask();
	many_answer(&q.packets);
	press("jjjj");
	q = ask();
	q.packets.selected = 400; /* it was there that the key was pressed */
	many_answer(&q.packets);
	press("w"); /* the dialog */
	assert_true(l.save.open && !l.whole.on);
	assert_int_equal(press("<Enter>"), REACT_ASK);
	many_answer(&q.packets); /* one that was under way: not the beginning */
	assert_int_equal(l.whole.len, 0);
	while (!l.save.wanted && turns++ < 50) {
		assert_true(l.again);
		q = ask();
		assert_int_equal(q.packets.rows, QUERY_ROWS);
		many_answer(&q.packets);
	}
	assert_in_range(turns, MANY / QUERY_ROWS, 6);
	assert_int_equal(l.ladder.selected, 400);
	assert_int_equal(l.save.query.kind, SAVE_TEXT);
	assert_int_equal(l.save.query.packets.flow[0], 2);
	at = l.save.query.text;
	for (unsigned i = 0; i < 3; i++)
		at = (const char *)memchr(at, '\n', l.save.query.len) + 1;
	for (; at < l.save.query.text + l.save.query.len; at = (const char *)memchr(at, '\n', l.save.query.len) + 1, lines++) {
		char want[32];

		(void)snprintf(want, sizeof want, " seq %u len 10 ", 1 + 10 * lines);
		assert_non_null(memmem(at, 200, want, strlen(want)));
	}
	assert_int_equal(lines, MANY);
	save_posted(&l, true);
	assert_null(l.whole.text);
	look_saved(&l, &saved);
	assert_string_equal(l.message, "12 345 bytes are in sockeye-x.txt");
	(void)snprintf(saved.error, sizeof saved.error, "the disk is full");
	look_saved(&l, &saved);
	assert_true(l.message_bad);
	/* Left in the middle: nothing stays behind. */
	press("w<Enter>");
	q = ask();
	many_answer(&q.packets);
	look_release(&l);
	assert_false(l.whole.on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_screens, start, stop),
		cmocka_unit_test_setup_teardown(where_it_was_captured_swaps_the_words, start, stop),
		cmocka_unit_test_setup_teardown(arrows_tell_what_was_sent_before, start, stop),
		cmocka_unit_test_setup_teardown(moves_and_pages, start, stop),
		cmocka_unit_test_setup_teardown(folding, start, stop),
		cmocka_unit_test_setup_teardown(times_and_numbers, start, stop),
		cmocka_unit_test_setup_teardown(neighbours_without_leaving, start, stop),
		cmocka_unit_test_setup_teardown(deeper_back_and_yank, start, stop),
		cmocka_unit_test_setup_teardown(paused_moves_inside_the_answer, start, stop),
		cmocka_unit_test_setup_teardown(live_sticks_to_the_end, start, stop),
		cmocka_unit_test_setup_teardown(marked_ones_stand_together, start, stop),
		cmocka_unit_test_setup_teardown(random_answers, start, stop),
		cmocka_unit_test_setup_teardown(text_is_what_the_screen_shows, start, stop),
		cmocka_unit_test_setup_teardown(the_whole_ladder_is_saved, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
