/* The Packets screen: exact lines from answers made by hand, what keys ask and
 * change.
 * links: tui engine source filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "packets_world.h"
#include "screen_world.h"
#include "tui/screen.h"

static struct answer a;
static struct look l;
static struct canvas c;
static unsigned width = 120, height = 35;

static int start(void **state)
{
	(void)state;
	(void)setenv("TZ", "UTC", 1);
	look_init(&l, false, "two.pcap", NULL);
	l.screen = SCREEN_PACKETS;
	world_packets(&a);
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
	if (getenv("SHOW") != NULL)
		for (unsigned y = 0; y < h; y++)
			printf("%s\n", row(y));
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

static bool on_screen(const char *s)
{
	return world_shows(&c, s);
}

/* ---- what is drawn --------------------------------------------------------------- */

static void one(void)
{
	l.packets.flows = 1;
	l.packets.flow[0] = 2;
}

static void a_page_of_120(void **state)
{
	(void)state;
	one();
	a.packets.row[0].caplen = 74;
	draw(120, 35);
	press("<Tab>k<Right>jj"); /* from the highest layer up to the transport */
	look_draw(&l, &a, &c);
	assert_string_equal(row(2), "     No      Time s  Source                Destination           Proto    Len  Info");
	assert_string_equal(row(3), "      1    0.000000  10.9.0.1:51544        93.184.215.14:443     TCP       74  SYN seq 0 win 502"
				    "  mss 1460");
	assert_string_equal(row(6), "▶     4    0.012688  10.9.0.1:51544        93.184.215.14:443     TLS      583  ClientHello SNI "
				    "example.org");
	assert_string_equal(row(7), "      5    0.024901  93.184.215.14:443     10.9.0.1:51544        TCP       66  ACK ack 518 win 64256");
	assert_string_equal(row(8), "      6    0.025391  93.184.215.14:443     10.9.0.1:51544        TCP       66  "
				    "▲ previous segment missing  ACK seq 1449…");
	assert_string_equal(row(9), "      7    0.238113  93.184.215.14:443     10.9.0.1:51544        TCP       66  "
				    "● retransmission, late bytes  ACK seq 1 …");
	assert_string_equal(row(10), "      8              10.9.0.1:51544        93.184.215.14:443                   ACK  (no longer to "
				     "be had)");
	assert_string_equal(row(11), "      9 ✗  0.238200  10.9.0.1:51544        93.184.215.14:443     TCP       66  "
				     "the TCP header is cut  ACK ack 1 win 642…");
	assert_int_equal(canvas_at(&c, 79, 9)->role, ROLE_BAD);
	assert_int_equal(canvas_at(&c, 79, 8)->role, ROLE_WARN);
	assert_non_null(strstr(row(12), "── ▸ layers ──────"));
	assert_string_equal(row(13), " ▸ L1  frame 4: 583 bytes on the wire, 583 captured, 2026-11-21 12:00:00.012688 UTC");
	assert_string_equal(row(16), " ▾ L4  TCP  51544 → 443  seq 1  ack 1  PSH ACK  win 64256");
	assert_string_equal(row(18), "   ▶ Flags                  PSH, ACK");
	assert_non_null(strstr(row(24), "── bytes  0x002e, 2 bytes: tcp.flags ─"));
	assert_string_equal(row(27), "0020  d7 0e c9 58 01 bb ad b0 48 54 31 0f 22 01[80 18] ...X....HT1.\"...");
	assert_string_equal(row(30), "  field  TCP flags: AE 0 CWR 0 ECE 0 URG 0 ACK 1 PSH 1 RST 0 SYN 0 FIN 0");
	assert_string_equal(row(31), "  means  \"deliver what you have now\" (PSH) and \"I have all up to ack\" (ACK)");
	assert_string_equal(row(33), " = writes the filter tcp.flags == 0x18");
	/* Brackets and reverse. */
	assert_int_equal(canvas_at(&c, 48, 27)->attr & ATTR_REVERSE, ATTR_REVERSE);
	assert_int_equal(canvas_at(&c, 6, 27)->attr & ATTR_REVERSE, 0);
}

static void smaller_pages(void **state)
{
	(void)state;
	one();
	draw(80, 24);
	assert_string_equal(row(2), "   No     Time s Dir  Proto  Len Info");
	assert_string_equal(row(6), "▶   4   0.012688  →   TLS    583 ClientHello SNI example.org");
	assert_string_equal(row(7), "    5   0.024901  ←   TCP     66 ACK ack 518 win 64256");
	assert_string_equal(row(20), "  means  Transport Layer Security: the presentation layer, as TLS is");
	draw(60, 20);
	assert_string_equal(row(6), "▶   4   0.012688 → TLS   ClientHello SNI example.org");
	assert_non_null(strstr(row(7), "── layers ──"));
	l.packets.flows = 0;
	draw(80, 24);
	assert_string_equal(row(6), "▶   4   0.012688 10.9.0.1        93.184.215.14   TLS   ClientHello SNI example.…");
	draw(60, 20);
	assert_string_equal(row(6), "▶   4   0.012688 → 93.184.215.14   TLS   ClientHello SNI ex…");
	draw(40, 8);
	assert_string_equal(row(1), "   No    Proto Info");
	assert_string_equal(row(5), "▶   4  → TLS   ClientHello SNI example.…");
	press("<Tab><Tab>");
	draw(40, 8);
	assert_string_equal(row(1), "── ▸ bytes  0x0042 ───────────── x: hex─");
	assert_true(on_screen("0040  84 a1[16 03 01 02 00 01  ........") || on_screen("[16 03 01"));
	c.ascii = true;
	look_draw(&l, &a, &c);
	for (unsigned y = 0; y < 8; y++)
		for (unsigned x = 0; x < 40; x++)
			assert_true(canvas_at(&c, x, y)->code < 0x80);
	c.ascii = false;
	press("|");
	draw(170, 35);
	assert_true(on_screen("─ ── ▸ bytes "));
}

static void ascii_has_the_same_columns(void **state)
{
	(void)state;
	c.ascii = true;
	draw(120, 35);
	assert_string_equal(row(3), "      1 x  0.000000  10.9.0.1:51544        93.184.215.14:443     TCP       74  SYN seq 0 win 502"
				    "  mss 1460");
	assert_non_null(strstr(row(8), "  ! previous segment missing  "));
	assert_non_null(strstr(row(9), "  !! retransmission, late bytes  "));
	assert_string_equal(row(16), " + L4  TCP  51544 > 443  seq 1  ack 1  PSH ACK  win 64256");
	assert_string_equal(row(15), " + L3  IPv4  10.9.0.1 > 93.184.215.14  ttl 64");
}

static void an_empty_list_says_why(void **state)
{
	(void)state;
	a.packets.rows = 0;
	a.packets.detail.number = 0;
	(void)snprintf(a.packets.detail.why, sizeof a.packets.detail.why, "nothing is selected");
	draw(120, 35);
	assert_string_equal(row(4), "  no packets came in");
	assert_true(on_screen("  nothing is selected"));
	(void)snprintf(l.packets.match, sizeof l.packets.match, "tls and zz");
	draw(120, 35);
	assert_string_equal(row(4), "  no packet matches tls and zz: Esc clears the filter");
	l.packets.marked_only = true;
	draw(120, 35);
	assert_string_equal(row(4), "  nothing is marked: & shows all");
}

/* ---- layers and bytes --------------------------------------------------------------- */

static void folds_stay_from_packet_to_packet(void **state)
{
	(void)state;
	draw(120, 35);
	press("<Tab>kkk<Right>"); /* Ethernet, unfolded */
	draw(120, 35);
	assert_true(on_screen("     Destination            02:00:00:00:00:02"));
	press("jj"); /* its type */
	draw(120, 35);
	assert_true(on_screen("means  what follows is IPv4"));
	a.packets.detail.number = 5; /* another packet, the same layers */
	draw(120, 35);
	assert_true(on_screen("     Destination            02:00:00:00:00:02"));
	assert_true(on_screen("   ▶ Type                   0x0800 IPv4"));
	press("<Left>");
	draw(120, 35);
	assert_false(on_screen("     Destination            02:00:00:00:00:02"));
	assert_true(on_screen("▶▸ L2  Ethernet"));
	press("*");
	draw(120, 35);
	assert_true(on_screen("     number                 5"));
	assert_true(on_screen("     TTL                    64"));
	press("*");
	draw(120, 35);
	assert_false(on_screen("     TTL"));
	assert_false(on_screen("     Flags"));
	press("+");
	draw(120, 35);
	assert_true(on_screen("     Type                   0x0800 IPv4"));
	press("<Space>");
	draw(120, 35);
	assert_false(on_screen("     Type                   0x0800 IPv4"));
	press("+-");
	draw(120, 35);
	assert_false(on_screen("     Type                   0x0800 IPv4"));
}

static void bytes_find_their_field(void **state)
{
	(void)state;
	draw(120, 35);
	press("<BackTab>"); /* bytes */
	assert_int_equal(l.packets.pane, PANE_BYTES);
	press("g");
	draw(120, 35);
	assert_true(on_screen("0x0000, 6 bytes: eth.dst"));
	assert_true(on_screen("0000 [02 00 00 00 00 02]02"));
	assert_true(on_screen("▾ L2")); /* unfolded to show it */
	press("j<Right><Right><Right><Right><Right><Right>"); /* 22: the TTL */
	draw(120, 35);
	assert_true(on_screen("0x0016, 1 byte: ip.ttl"));
	assert_true(on_screen("as it was sent: its sender is on this link"));
	press("x");
	draw(120, 35);
	assert_true(on_screen("x: bits"));
	assert_true(on_screen("[01000000]"));
	press("x");
	draw(120, 35);
	assert_true(on_screen("x: text"));
	press("xG");
	draw(120, 35);
	assert_int_equal(l.packets.byte, sizeof world_frame - 1);
	press("j<Right>");
	assert_int_equal(l.packets.byte, sizeof world_frame - 1);
}

static void buffers_have_tabs(void **state)
{
	struct packet_detail *d = &a.packets.detail;

	(void)state;
	memcpy(d->bytes[BUFFER_STREAM], "GET / HTTP/1.1\r\n", 16);
	d->len[BUFFER_STREAM] = 16;
	d->all[BUFFER_STREAM] = 70000;
	draw(120, 35);
	assert_true(on_screen("── bytes [frame] stream "));
	press("b");
	draw(120, 35);
	assert_true(on_screen("── bytes  frame [stream] 0x0000, the first 16 of 70 000"));
	assert_true(on_screen("0000  47 45 54"));
	press("b");
	draw(120, 35);
	assert_true(on_screen("── bytes [frame] stream "));
}

static void a_broken_layer_says_how(void **state)
{
	struct detail_line *line;

	(void)state;
	a.packets.detail.lines = 5;
	line = world_line(&a, 0, "tcp", "Transmission Control Protocol", "header cut: 12 of 20 bytes", 34, 12, 0);
	line->osi = 4;
	line->bad = true;
	draw(120, 35);
	assert_true(on_screen("▶✗ L4  TCP  header cut: 12 of 20 bytes"));
	assert_true(on_screen("broken or cut: header cut: 12 of 20 bytes"));
}

static void comments_and_verdicts_are_lines(void **state)
{
	struct packet_detail *d = &a.packets.detail;

	(void)state;
	(void)snprintf(d->comment, sizeof d->comment, "look here");
	a.packets.row[4].comment = true;
	d->row.verdicts = verdict_bit(VERDICT_RETRANSMISSION);
	d->row.rtt_ns = 12100 * CLOCK_US;
	d->row.about = 2;
	d->row.about_ns = WORLD_BEGIN + 584 * CLOCK_US;
	draw(120, 35);
	press("<Tab>\\G");
	draw(120, 35);
	assert_true(on_screen("     comment                look here"));
	assert_true(on_screen("     verdict                retransmission"));
	assert_true(on_screen("     round trip             12.10 ms"));
	assert_true(on_screen("   ▶ about                  packet 2, 12.10 ms before"));
	press("kk");
	draw(120, 35);
	assert_true(on_screen("means  sent again: it does not advance the sequence numbers."));
	press("\\<Esc>");
	draw(120, 35);
	assert_non_null(strstr(row(7), "      5 \""));
}

/* ---- times, marks --------------------------------------------------------------------- */

static void times_have_three_ways(void **state)
{
	(void)state;
	draw(120, 35);
	press("t");
	draw(120, 35);
	assert_non_null(strstr(row(2), "Delta s"));
	assert_non_null(strstr(row(3), "         -  "));
	assert_non_null(strstr(row(4), "  0.012104  "));
	assert_non_null(strstr(row(5), "  0.000206  "));
	press("t");
	draw(120, 35);
	assert_non_null(strstr(row(5), "  12:00:00.012310  "));
	press("tT");
	draw(120, 35);
	assert_non_null(strstr(row(6), "       REF  "));
	assert_non_null(strstr(row(3), " -0.012688  "));
	assert_non_null(strstr(row(7), "  0.012213  "));
	press("T");
	draw(120, 35);
	assert_non_null(strstr(row(6), "  0.012688  "));
}

static void marks(void **state)
{
	struct query q;

	(void)state;
	draw(120, 35);
	assert_int_equal(press("<Space>"), REACT_ASK);
	assert_int_equal(ask().packets.move, 1);
	l.packets.selected = 2;
	press("<Space>");
	ask();
	draw(120, 35);
	assert_non_null(strstr(row(6), "▶     4*"));
	assert_non_null(strstr(row(34), "marked 2"));
	press("&");
	q = ask();
	assert_true(q.packets.marked_only);
	assert_int_equal(q.packets.marks, 2);
	assert_int_equal(q.packets.marked[0], 2);
	assert_int_equal(q.packets.marked[1], 4);
	assert_true(on_screen("marked"));
	l.packets.selected = 4;
	press("<Space>");
	assert_int_equal(ask().packets.marks, 1);
	for (unsigned i = 10; i < 300; i++) {
		l.packets.selected = i;
		press("<Space>");
	}
	assert_int_equal(l.packets.marks, QUERY_ROWS);
	assert_non_null(strstr(l.message, "no room"));
	press("<Esc>");
	assert_false(l.packets.marked_only);
}

/* ---- what is asked ----------------------------------------------------------------------- */

static void moves_are_asked(void **state)
{
	struct query q;

	(void)state;
	draw(120, 35);
	press("jjk");
	q = ask();
	assert_int_equal(q.about, QUERY_PACKETS);
	assert_int_equal(q.packets.selected, 4);
	assert_int_equal(q.packets.move, 1);
	assert_int_equal(q.packets.rows, 10); /* one more than shown */
	assert_true(q.packets.detail);
	assert_int_equal(ask().packets.move, 0);
	press("<PgDn>");
	assert_int_equal(ask().packets.move, 9);
	press("g");
	assert_true(ask().packets.to_first);
	press("G");
	assert_true(ask().packets.to_last);
	press("#17<Enter>");
	assert_int_equal(ask().packets.to_number, 17);
	assert_int_equal(ask().packets.to_number, 0);
	press("#x<Enter>");
	assert_int_equal(ask().packets.to_number, 0);
	assert_non_null(strstr(l.message, "a packet has a number"));
}

static void finding(void **state)
{
	struct query q;

	(void)state;
	draw(120, 35);
	press("n");
	q = ask();
	assert_int_equal(q.packets.find, FIND_VERDICT);
	assert_true(q.packets.find_verdicts & verdict_bit(VERDICT_RETRANSMISSION));
	assert_false(q.packets.find_verdicts & verdict_bit(VERDICT_WINDOW_UPDATE));
	assert_int_equal(ask().packets.find, FIND_NOTHING);
	press("<F3>example<Enter>");
	q = ask();
	assert_int_equal(q.packets.find, FIND_TEXT);
	assert_memory_equal(q.packets.find_for, "example", 7);
	press("N");
	q = ask();
	assert_true(q.packets.find_back);
	assert_int_equal(q.packets.find_len, 7);
	press("<F3>0x1603<Enter>");
	q = ask();
	assert_int_equal(q.packets.find, FIND_BYTES);
	assert_int_equal(q.packets.find_len, 2);
	assert_memory_equal(q.packets.find_for, "\x16\x03", 2);
	press("<F3>16 03<Space>01<Enter>");
	q = ask();
	assert_int_equal(q.packets.find, FIND_TEXT); /* blanks of scripts are not typed */
	press("<F3>16<Space>03<Space>01<Enter>");
	q = ask();
	assert_int_equal(q.packets.find, FIND_BYTES);
	assert_memory_equal(q.packets.find_for, "\x16\x03\x01", 3);
	press("<F3>\"0x16\"<Enter>");
	q = ask();
	assert_int_equal(q.packets.find, FIND_TEXT);
	assert_memory_equal(q.packets.find_for, "0x16", 4);
	a.packets.not_found = true;
	look_answered(&l, &a);
	assert_string_equal(l.message, "no packet of these has it");
}

static void a_field_becomes_a_filter(void **state)
{
	(void)state;
	draw(120, 35);
	assert_int_equal(press("<Tab>k<Right>jj="), REACT_DRAW);
	assert_true(l.prompting);
	assert_string_equal(l.packets.match, "tcp.flags == 0x18");
	press("<Esc>");
	assert_string_equal(l.packets.match, "");
	press("=");
	assert_int_equal(press("<Enter>"), REACT_ASK);
	assert_string_equal(ask().packets.match, "tcp.flags == 0x18");
	press("=");
	assert_string_equal(l.packets.match, "(tcp.flags == 0x18) and tcp.flags == 0x18");
	press("<Esc>");
	assert_string_equal(l.packets.match, "tcp.flags == 0x18");
	press("k=");
	assert_false(l.prompting);
	assert_non_null(strstr(l.message, "no filter"));
	press("<Esc>="); /* of the list: the connection */
	assert_string_equal(l.packets.match, "(tcp.flags == 0x18) and flow == 2");
}

static void ways_between_screens(void **state)
{
	struct query q;

	(void)state;
	l.screen = SCREEN_CONNECTIONS;
	a.rows = 2;
	a.row[1].id = 7;
	a.selected_row = 1;
	assert_int_equal(press("p"), REACT_ASK);
	assert_int_equal(l.screen, SCREEN_PACKETS);
	q = ask();
	assert_int_equal(q.packets.flows, 1);
	assert_int_equal(q.packets.flow[0], 7);
	assert_true(q.packets.to_first);
	press("]");
	q = ask();
	assert_int_equal(q.about, QUERY_FLOWS);
	assert_int_equal(q.selected, 7);
	assert_int_equal(q.move, 1);
	a.about = QUERY_FLOWS;
	a.selected = 9;
	look_answered(&l, &a);
	assert_true(l.again);
	q = ask();
	assert_int_equal(q.about, QUERY_PACKETS);
	assert_int_equal(q.packets.flow[0], 9);
	assert_int_equal(l.selected, 9);
	press("[");
	ask();
	look_answered(&l, &a); /* the same one: there is no other */
	assert_non_null(strstr(l.message, "no other connection"));
	a.about = QUERY_PACKETS;
	look_answered(&l, &a);
	press("<Enter>");
	assert_int_equal(l.packets.pane, PANE_LAYERS);
	press("<Esc>");
	assert_int_equal(l.packets.pane, PANE_LIST);
	press("<Esc>");
	assert_int_equal(l.screen, SCREEN_CONNECTIONS);
	/* By its digit: of the selected one; again: all there are; and those of the selected packet. */
	press("3");
	q = ask();
	assert_int_equal(q.packets.flows, 1);
	assert_int_equal(q.packets.flow[0], l.selected);
	assert_non_null(strstr(l.message, "3 again shows all"));
	press("3");
	assert_int_equal(ask().packets.flows, 0);
	press("3");
	q = ask();
	assert_int_equal(q.packets.flows, 1);
	assert_int_equal(q.packets.flow[0], a.packets.detail.row.flow);
	press("<Esc>"); /* out of the one, not of the screen */
	assert_int_equal(l.screen, SCREEN_PACKETS);
	assert_int_equal(ask().packets.flows, 0);
	press("]");
	assert_non_null(strstr(l.message, "not one connection is shown"));
	press("f");
	assert_int_equal(l.screen, SCREEN_STREAM);
	q = ask();
	assert_int_equal(q.about, QUERY_STREAM);
	assert_int_equal(q.stream.flow, 2);
	press("<Esc>");
	assert_int_equal(l.screen, SCREEN_PACKETS);
}

static void live_follows_the_end(void **state)
{
	(void)state;
	look_init(&l, true, "eth0", NULL);
	a.live = true;
	a.ended = false;
	press("3");
	assert_true(ask().packets.to_last);
	draw(120, 35);
	assert_non_null(strstr(row(1), " FOLLOW"));
	press("k");
	assert_false(ask().packets.to_last);
	press("G");
	assert_true(ask().packets.to_last);
	assert_true(ask().packets.to_last);
	press("Z");
	assert_false(ask().packets.to_last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_page_of_120, start, stop),
		cmocka_unit_test_setup_teardown(smaller_pages, start, stop),
		cmocka_unit_test_setup_teardown(ascii_has_the_same_columns, start, stop),
		cmocka_unit_test_setup_teardown(an_empty_list_says_why, start, stop),
		cmocka_unit_test_setup_teardown(folds_stay_from_packet_to_packet, start, stop),
		cmocka_unit_test_setup_teardown(bytes_find_their_field, start, stop),
		cmocka_unit_test_setup_teardown(buffers_have_tabs, start, stop),
		cmocka_unit_test_setup_teardown(a_broken_layer_says_how, start, stop),
		cmocka_unit_test_setup_teardown(comments_and_verdicts_are_lines, start, stop),
		cmocka_unit_test_setup_teardown(times_have_three_ways, start, stop),
		cmocka_unit_test_setup_teardown(marks, start, stop),
		cmocka_unit_test_setup_teardown(moves_are_asked, start, stop),
		cmocka_unit_test_setup_teardown(finding, start, stop),
		cmocka_unit_test_setup_teardown(a_field_becomes_a_filter, start, stop),
		cmocka_unit_test_setup_teardown(ways_between_screens, start, stop),
		cmocka_unit_test_setup_teardown(live_follows_the_end, start, stop),
	};

	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}
