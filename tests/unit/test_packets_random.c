/* The Packets screen: random answers, sizes and keys. Nothing breaks, no cell holds what a
 * terminal would act on, ASCII is ASCII.
 * links: tui engine source filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "packets_world.h"
#include "tui/screen.h"

static struct answer a;
static struct look l;
static struct canvas c;

static int start(void **state)
{
	(void)state;
	look_init(&l, false, "two.pcap", NULL);
	l.screen = SCREEN_PACKETS;
	world_packets(&a);
	memset(&c, 0, sizeof c);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return below ? (seed >> 8) % below : 0;
}

static void any_text(char *s, size_t size)
{
	size_t n = any((uint32_t)size);

	for (size_t i = 0; i < n; i++)
		s[i] = (char)(any(4) ? ' ' + any(95) : 1 + any(255));
	s[n] = '\0';
}

static void any_answer(void)
{
	struct packet_detail *d = &a.packets.detail;

	a.packets.rows = any(QUERY_ROWS + 1);
	a.packets.selected_row = a.packets.rows ? any(a.packets.rows) : 0;
	a.packets.first = any(3) ? 0 : any(1000);
	a.packets.selected = a.packets.rows ? 1 + any(300) : 0;
	a.packets.total = any(2) ? any(100) : UINT64_MAX;
	for (unsigned i = 0; i < a.packets.rows; i++) {
		struct packet_row *r = &a.packets.row[i];

		memset(r, (int)any(256), sizeof *r);
		r->number = any(2) ? i + 1 : UINT64_MAX - i;
		r->side = (uint8_t)any(2);
		r->is_tcp = any(2);
		r->no_time = any(2);
		r->gone = any(4) == 0;
		r->has_mac = any(2);
		r->comment = any(2);
		r->answers_syn = any(2);
		r->reference = r->seq_known = r->ack_known = any(2);
		r->from.family = any(2) ? FAMILY_IPV6 : any(2) ? FAMILY_IPV4 : FAMILY_NONE;
		r->to.family = r->from.family;
		r->from.has_port = r->to.has_port = any(2);
		r->verdicts = any(2) ? (uint64_t)any(UINT32_MAX) << 16 : 0;
		r->verdicts &= (UINT64_C(1) << VERDICTS) - 1;
		any_text(r->protocol, sizeof r->protocol);
		any_text(r->line, sizeof r->line);
		any_text(r->issue, sizeof r->issue);
	}
	d->number = any(5) ? 1 + any(3) : 0;
	d->row = a.packets.row[0];
	d->lines = any(DETAIL_LINES + 1);
	d->more = any(2);
	any_text(d->comment, sizeof d->comment);
	any_text(d->why, sizeof d->why);
	any_text(d->interface, sizeof d->interface);
	for (unsigned i = 0; i < d->lines; i++) {
		struct detail_line *line = &d->line[i];
		static const char *const keys[] = {"tcp.flags", "ip.ttl", "tcp.seq", "eth.dst", "a", "b", "tcp", "tcp.window_size_value"};

		line->depth = (uint8_t)any(3);
		line->osi = (uint8_t)any(9);
		line->buffer = (uint8_t)any(4);
		line->bad = any(8) == 0;
		line->off = any(70000);
		line->len = any(3) ? any(40) : any(70000);
		line->num = any(2) ? any(600) : UINT64_MAX;
		(void)snprintf(line->key, sizeof line->key, "%s", keys[any(8)]);
		any_text(line->title, sizeof line->title);
		any_text(line->text, sizeof line->text);
		any_text(line->filter, sizeof line->filter);
	}
	for (unsigned b = 0; b < PACKET_BUFFERS; b++) {
		d->len[b] = any(2) ? any(DETAIL_BYTES + 1) : any(3);
		d->all[b] = d->len[b] + any(2);
	}
	a.packets.subject.id = any(4);
	a.packets.has_subject = any(2);
}

static void nothing_breaks_and_nothing_leaks(void **state)
{
	static const char keys[] = "jkhlgGtT&x\\|b=nN#/[]+-* 3f1\033\t\r\001\025\004\006qZ0123456789";
	static const unsigned sizes[][2] = {{120, 35}, {80, 24}, {60, 20}, {40, 8}, {170, 50}, {47, 15}, {100, 16}, {41, 9}, {20, 5}};
	uint8_t *noise = a.packets.detail.bytes[0];
	struct query q;

	(void)state;
	(void)setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof a.packets.detail.bytes; i++)
		noise[i] = (uint8_t)any(256);
	for (unsigned turn = 0; turn < 3000; turn++) {
		const unsigned *size = sizes[any(9)];

		if (any(3) == 0)
			any_answer();
		a.about = any(8) ? QUERY_PACKETS : QUERY_FLOWS;
		if (l.screen != SCREEN_PACKETS && any(2))
			l.screen = SCREEN_PACKETS;
		c.ascii = any(2);
		assert_true(canvas_resize(&c, size[0], size[1]));
		look_answered(&l, &a);
		look_draw(&l, &a, &c);
		for (unsigned y = 0; y < c.height; y++)
			for (unsigned x = 0; x < c.width; x++) {
				uint32_t code = canvas_at(&c, x, y)->code;

				assert_true(code == 0 || (code >= 0x20 && code != 0x7f && (code < 0x80 || code >= 0xa0)));
				assert_true(code == 0 || text_width(code) > 0);
				assert_true(!c.ascii || code < 0x80);
			}
		(void)look_key(&l, (uint8_t)keys[any(sizeof keys - 1)], &a, c.width, c.height, 0);
		look_ask(&l, &a, c.width, c.height, 0, &q);
		look_asked(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_breaks_and_nothing_leaks, start, stop),
	};

	return cmocka_run_group_tests_name("packets_random", tests, NULL, NULL);
}
