/* Follow stream: what is drawn of pieces, what is asked, and a model: wherever one
 * scrolls in a stream, the screen shows those lines of it.
 * links: tui engine source filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen_world.h"
#include "sockeye/clock.h"
#include "tui/screen.h"

enum { PIECES = 400, WIDTH = 80, HEIGHT = 24, TURNS = 64 };

static struct answer a;
static struct look l;
static struct canvas c;
static unsigned width = WIDTH, height = HEIGHT;

/* ---- an engine that has a stream ---------------------------------------------------- */

static struct {
	uint8_t side;
	bool gap;
	uint32_t len;
	const uint8_t *bytes;
} piece[PIECES];
static unsigned pieces;
static uint8_t noise[200000];

static void add(unsigned side, const void *bytes, size_t len)
{
	piece[pieces].side = (uint8_t)side;
	piece[pieces].gap = bytes == NULL;
	piece[pieces].len = (uint32_t)len;
	piece[pieces++].bytes = bytes;
}

static void answer(const struct stream_query *q)
{
	struct stream_answer *out = &a.stream;
	uint64_t at[2] = {0, 0}, index = 0;

	memset(out, 0, offsetof(struct stream_answer, bytes));
	a.about = QUERY_STREAM;
	out->has_subject = true;
	out->subject.client = (struct endpoint){{{10, 9, 0, 1}}, 38098, FAMILY_IPV4, true};
	out->subject.server = (struct endpoint){{{10, 9, 0, 2}}, 8080, FAMILY_IPV4, true};
	for (unsigned i = 0; i < pieces; i++) {
		struct stream_piece *p = &out->piece[out->pieces];
		uint64_t begin = at[piece[i].side];

		at[piece[i].side] += piece[i].len;
		out->bytes_all[piece[i].side] += piece[i].gap ? 0 : piece[i].len;
		if (!q->side[piece[i].side])
			continue;
		if (index++ < q->from || out->pieces == STREAM_PIECES ||
		    (out->pieces > 0 && p[-1].here < p[-1].len && !p[-1].gap) || (out->len == STREAM_BYTES && !piece[i].gap))
			continue;
		*p = (struct stream_piece){.index = index - 1, .ts_ns = i * CLOCK_MS, .number = i + 1, .at = begin, .len = piece[i].len,
					   .side = piece[i].side, .gap = piece[i].gap};
		if (!p->gap) {
			p->from = out->len;
			p->here = piece[i].len < STREAM_BYTES - out->len ? piece[i].len : STREAM_BYTES - out->len;
			if (p->here < p->len && out->pieces > 0) { /* not whole: with the next question */
				out->len = STREAM_BYTES;
				continue;
			}
			memcpy(out->bytes + out->len, piece[i].bytes, p->here);
			out->len += p->here;
		}
		out->pieces++;
	}
	out->all = index;
}

static void go_on(void)
{
	unsigned turns = 0;

	do {
		struct query q;

		look_ask(&l, &a, width, height, 0, &q);
		look_asked(&l);
		assert_int_equal(q.about, QUERY_STREAM);
		answer(&q.stream);
		look_answered(&l, &a);
	} while (l.again && ++turns < TURNS);
	assert_true(turns < TURNS);
	look_draw(&l, &a, &c);
}

static void press(const char *keys)
{
	uint32_t key;

	while ((key = keys_script(&keys, NULL)) != 0) {
		if (look_key(&l, key, &a, width, height, 0) == REACT_ASK && l.screen == SCREEN_STREAM)
			go_on();
		look_draw(&l, &a, &c);
	}
}

static const char *row(unsigned y)
{
	return world_text(&c, y);
}

static int start(void **state)
{
	(void)state;
	(void)setenv("TZ", "UTC", 1);
	memset(&a, 0, sizeof a);
	a.ended = true;
	look_init(&l, false, "two.pcap", NULL);
	memset(&c, 0, sizeof c);
	pieces = 0;
	width = WIDTH;
	height = HEIGHT;
	return canvas_resize(&c, width, height) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

static void open_stream(void)
{
	(void)stream_open(&l, 2, &a);
	go_on();
}

/* ---- what is drawn ------------------------------------------------------------------- */

static void text_with_every_control_shown(void **state)
{
	static const char ask[] = "GET / HTTP/1.0\r\nCookie: a=\x1b]2;PWN\x07\r\n\r\n", reply[] = "HTTP/1.0 200 OK\r\n\tx\\y \xc3\xa9 \xe2\x80\xae \x1b";

	(void)state;
	add(0, ask, sizeof ask - 1);
	add(1, reply, sizeof reply - 1);
	add(1, NULL, 1448);
	open_stream();
	assert_string_equal(row(2), "── Follow 10.9.0.1:38098 ↔ 10.9.0.2:8080 ── both directions  text ──────────────");
	assert_string_equal(row(3), "▶ 00:00:00.000  38 B  packet 1  from byte 0");
	assert_string_equal(row(4), "  GET / HTTP/1.0\\r\\n");
	assert_string_equal(row(5), "  Cookie: a=\\x1b]2;PWN\\x07\\r\\n");
	assert_string_equal(row(6), "  \\r\\n");
	assert_string_equal(row(7), "◀ 00:00:00.001  30 B  packet 2  from byte 0");
	assert_string_equal(row(8), "  HTTP/1.0 200 OK\\r\\n");
	assert_string_equal(row(9), "  \\tx\\\\y é \\xe2\\x80\\xae \\x1b");
	assert_string_equal(row(10), "◀ ✂ 1 448 bytes were not captured here");
	width = 100;
	assert_true(canvas_resize(&c, width, height));
	look_draw(&l, &a, &c);
	assert_non_null(strstr(row(2), "▶ 38  ◀ 30 B"));
	width = WIDTH;
	assert_true(canvas_resize(&c, width, height));
	press("x");
	assert_string_equal(row(4), "  00000000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a");
	press("x");
	assert_string_equal(row(4), "  00000000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a  GET / HTTP/1.0..");
	press("xd");
	assert_non_null(strstr(row(2), "the client's"));
	assert_string_equal(row(7), "");
	press("d");
	assert_string_equal(row(3), "◀ 00:00:00.001  30 B  packet 2  from byte 0");
	c.ascii = true;
	press("d");
	assert_string_equal(row(10), "< x 1 448 bytes were not captured here");
	assert_string_equal(row(9), "  \\tx\\\\y . \\xe2\\x80\\xae \\x1b");
}

/* A piece is text if all of it is: else what bytes would be by chance is not shown. */
static void bytes_are_no_letters_by_chance(void **state)
{
	static const char split[] = "\xa9 caf\xc3\xa9 \xe2\x82", zero[] = "\xc3\xa9 and \x01", broken[] = "\xc3\xa9 \xff and more";

	(void)state;
	add(0, split, sizeof split - 1); /* a character began before it, one ends behind it */
	add(0, zero, sizeof zero - 1);
	add(0, broken, sizeof broken - 1);
	open_stream();
	assert_string_equal(row(4), "  \\xa9 café \\xe2\\x82");
	assert_string_equal(row(6), "  \\xc3\\xa9 and \\x01");
	assert_string_equal(row(8), "  \\xc3\\xa9 \\xff and more");
}

static void nothing_says_so(void **state)
{
	(void)state;
	open_stream();
	assert_string_equal(row(4), "  no data was captured of it");
	press("jkGgnx<PgUp>");
	l.screen = SCREEN_PACKETS;
	assert_int_equal(stream_open(&l, 0, &a), REACT_DRAW);
	assert_int_equal(l.screen, SCREEN_PACKETS);
}

/* ---- find ------------------------------------------------------------------------------ */

static void finds_across_pieces_and_round(void **state)
{
	unsigned i;

	(void)state;
	memset(noise, 'x', sizeof noise);
	for (i = 0; i < 100; i++)
		add(i % 2, noise, 1448);
	add(0, "nee", 3);
	add(1, "no", 2);
	add(0, "dle", 3);
	for (i = 0; i < 100; i++)
		add(i % 2, noise, 1448);
	add(0, "a NEEDLE", 8);
	open_stream();
	press("/Needle<Enter>");
	assert_int_equal(l.stream.hit_piece, 100);
	assert_int_equal(l.stream.piece, 99); /* a little of what is before */
	press("n");
	assert_int_equal(l.stream.hit_piece, 203);
	assert_int_equal(l.stream.hit_off, 2);
	press("n");
	assert_int_equal(l.stream.hit_piece, 100);
	assert_string_equal(l.message, "found from the beginning again");
	press("N");
	assert_int_equal(l.stream.hit_piece, 203);
	press("N");
	assert_int_equal(l.stream.hit_piece, 100);
	press("/0x6e65<Enter>"); /* "ne", bytes: case counts */
	assert_int_equal(l.stream.hit_piece, 100);
	press("n");
	assert_int_equal(l.stream.hit_piece, 100);
	press("/absent<Enter>");
	assert_string_equal(l.message, "the stream does not have it");
}

/* ---- the model --------------------------------------------------------------------------- */

static uint32_t seed = 7;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Every line of the stream, by drawing it whole once. */
static char (*lines)[200];
static unsigned lines_all, lines_room;

static void whole(void)
{
	static struct stream_look s;
	struct canvas big = {.ascii = false};
	struct stream_query q = {.flow = 2, .side = {true, true}};

	s = l.stream;
	lines_all = 0;
	assert_true(canvas_resize(&big, width, 3000));
	for (q.from = 0; q.from < pieces; q.from++) {
		unsigned n;

		answer(&q);
		canvas_clear(&big);
		n = stream_piece_draw(&s, &a.stream, &a.stream.piece[0], &big, 0, 3000, 0);
		assert_true(n < 3000);
		assert_int_equal(n, stream_lines(&s, &a.stream, &a.stream.piece[0], width));
		for (unsigned y = 0; y < n; y++) {
			struct text t;

			if (lines_all == lines_room) {
				lines_room = lines_room ? 2 * lines_room : 1024;
				lines = realloc(lines, lines_room * sizeof *lines);
				assert_non_null(lines);
			}
			text_init(&t, lines[lines_all], sizeof lines[0]);
			for (unsigned x = 0; x < width; x++)
				if (canvas_at(&big, x, y)->code != 0)
					text_code(&t, canvas_at(&big, x, y)->code);
			while (t.len > 0 && lines[lines_all][t.len - 1] == ' ')
				lines[lines_all][--t.len] = '\0';
			lines_all++;
		}
	}
	canvas_release(&big);
}

static void scrolling_shows_the_lines_of_the_stream(void **state)
{
	static const char *const keys[] = {"j", "k", "<PgDn>", "<PgUp>", "<C-d>", "<C-u>", "G", "g", "j", "k", "<PgUp>", "<PgUp>"};
	static const int moves[] = {1, -1, 19, -19, 10, -10, 0, 0, 1, -1, -19, -19};
	unsigned rows, top = 0;

	(void)state;
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(any(3) ? 'a' + any(26) : any(256));
	for (unsigned i = 0; i < PIECES; i++)
		if (any(20) == 0)
			add(any(2), NULL, 1 + any(9999));
		else
			add(any(2), noise + any(50000), any(8) ? 1 + any(3000) : 1 + any(30000));
	open_stream();
	whole();
	rows = height - 5;
	press("g");
	rows = l.stream.rows;
	assert_int_equal(rows, 19);
	for (unsigned turn = 0; turn < 400; turn++) {
		unsigned k = any(12);
		int64_t to = (int64_t)top + (moves[k] == 19 || moves[k] == -19 ? moves[k] / 19 * 18 : moves[k] == 10 || moves[k] == -10
					     ? moves[k] / 10 * 9 : moves[k]);

		press(keys[k]);
		if (strcmp(keys[k], "G") == 0)
			to = (int64_t)lines_all - rows;
		if (strcmp(keys[k], "g") == 0)
			to = 0;
		top = (unsigned)(to < 0 ? 0 : to >= lines_all ? lines_all - 1 : to);
		for (unsigned y = 0; y < rows && top + y < lines_all; y++)
			assert_string_equal(row(3 + y), lines[top + y]);
	}
	free(lines);
	lines = NULL;
	lines_room = 0;
	lines = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_with_every_control_shown, start, stop),
		cmocka_unit_test_setup_teardown(bytes_are_no_letters_by_chance, start, stop),
		cmocka_unit_test_setup_teardown(nothing_says_so, start, stop),
		cmocka_unit_test_setup_teardown(finds_across_pieces_and_round, start, stop),
		cmocka_unit_test_setup_teardown(scrolling_shows_the_lines_of_the_stream, start, stop),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
