/* Sentences about segments: each verdict has its own, none says what is not known.
 * links: tui engine facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ladder_world.h"

static const char *words(const struct segment *g, enum segment_size size)
{
	static char out[4][512];
	static unsigned turn;
	char *at = out[++turn % 4];
	struct text t;

	text_init(&t, at, sizeof out[0]);
	segment_words(&t, g, size);
	return at;
}

static const unsigned flag_sets[] = {
	0, TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_FIN | TCP_ACK, TCP_FIN, TCP_RST, TCP_RST | TCP_ACK,
	TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST, TCP_FIN | TCP_RST, TCP_URG | TCP_ACK, TCP_PSH,
};
enum { FLAG_SETS = sizeof flag_sets / sizeof flag_sets[0] };

/* Each verdict has words of its own, in both lengths, whatever the flags are; the plain ones have
 * words where they are asked for. */
static void every_verdict_has_its_words(void **state)
{
	static char said[VERDICTS + 1][2][512];
	enum segment_size size[2] = {SEGMENT_BRIEF, SEGMENT_LINE};

	(void)state;
	for (unsigned f = 0; f < FLAG_SETS; f++)
		for (unsigned len = 0; len < 2; len++) {
			struct packet_row r = {.number = 1, .flow = 2, .is_tcp = true, .flags = (uint16_t)flag_sets[f],
					       .payload_len = len * 500, .seq_known = true, .ack_known = true, .window = 9,
					       .protocol = "tcp", .rtt_ns = -1};
			struct segment g = {.row = &r};

			for (unsigned v = 0; v <= VERDICTS; v++) {
				r.verdicts = v < VERDICTS ? verdict_bit((enum verdict)v) : 0;
				assert_true(words(&g, SEGMENT_WHOLE)[0] != '\0');
				for (unsigned k = 0; k < 2; k++) {
					(void)snprintf(said[v][k], sizeof said[v][k], "%s", words(&g, size[k]));
					assert_true(v == VERDICTS || said[v][k][0] != '\0');
					assert_true(k == 1 || canvas_width(said[v][k]) <= 31 || len == 1 || flag_sets[f] == 0 ||
						    v == VERDICTS);
					for (unsigned w = 0; w < v; w++)
						assert_true(strcmp(said[v][1], said[w][1]) != 0);
				}
			}
		}
	for (unsigned v = 0; v < VERDICTS; v++) {
		assert_true(segment_verdict((enum verdict)v, true)[0] != '\0');
		assert_true(canvas_width(segment_verdict((enum verdict)v, true)) <= 18); /* of 60 columns */
		assert_true(canvas_width(segment_verdict((enum verdict)v, false)) <= 45); /* of 120 */
		for (unsigned w = 0; w < v; w++) {
			assert_string_not_equal(segment_verdict((enum verdict)v, true), segment_verdict((enum verdict)w, true));
			assert_string_not_equal(segment_verdict((enum verdict)v, false),
						segment_verdict((enum verdict)w, false));
		}
	}
}

static void labels_shrink_and_never_vanish(void **state)
{
	(void)state;
	for (unsigned f = 0; f < FLAG_SETS; f++)
		for (unsigned len = 0; len < 2; len++) {
			struct packet_row r = {.flow = 2, .is_tcp = true, .flags = (uint16_t)flag_sets[f],
					       .payload_len = len * 65535, .seq_known = true, .ack_known = true,
					       .seq_from_isn = 4123456789, .ack_from_isn = 4000000001, .protocol = "tcp"};
			struct segment g = {.row = &r};
			unsigned last = 1000;

			for (unsigned level = 0; level < LADDER_LABELS; level++) {
				char buffer[128];
				struct text t;

				text_init(&t, buffer, sizeof buffer);
				ladder_label(&t, &g, false, level);
				assert_in_range(canvas_width(buffer), 1, last);
				last = canvas_width(buffer);
			}
			assert_in_range(last, 1, 13); /* one letter each, "win 0", or a length */
		}
}

/* Says whose fault it is only as far as the rows tell. */
static void what_is_not_at_hand_is_not_said(void **state)
{
	struct segment g[QUERY_ROWS];

	(void)state;
	segment_read(g, a.packets.row, a.packets.rows, &a.packets.subject, 1);
	assert_int_equal(g[8].gap, 1448);
	assert_int_equal(g[8].gap_at, 2897);
	assert_int_equal(g[9].dup, 1);
	assert_int_equal(g[10].late_ns, (238113 - 25502) * CLOCK_US);
	assert_true(g[11].fills && !g[10].fills);
	assert_int_equal(g[13].delta_ns, 512 * CLOCK_US); /* since the end of the run */
	assert_true(g[14].peer_zero);
	assert_int_equal(g[16].open_ns, (1902444 - 311208) * CLOCK_US);
	assert_true(g[19].closes && !g[18].closes);
	/* From the gap on, as if the rest were above the screen. */
	segment_read(g, a.packets.row + 8, a.packets.rows - 8, &a.packets.subject, 1);
	assert_int_equal(g[0].gap, 0);
	assert_false(g[0].has_delta);
	assert_string_equal(words(&g[0], SEGMENT_LINE), "gap: bytes missing before this");
	segment_read(g, a.packets.row + 9, a.packets.rows - 9, &a.packets.subject, 1);
	assert_int_equal(g[0].dup, 0);
	assert_string_equal(words(&g[0], SEGMENT_LINE), "duplicate ACK");
	assert_int_equal(g[1].late_ns, 0);
	assert_string_equal(words(&g[1], SEGMENT_LINE), "retransmission");
	/* The last ACK alone: the record says that it ends the connection. */
	segment_read(g, a.packets.row + 18, 2, &a.packets.subject, 1);
	assert_string_equal(words(&g[1], SEGMENT_LINE), "CLOSED tidy.  server goes to TIME-WAIT");
	segment_read(g, a.packets.row + 18, 2, NULL, 0);
	assert_string_equal(words(&g[1], SEGMENT_LINE), "ACKs the FIN; this end may go on");
}

static void numbers_wrap(void **state)
{
	struct segment g[QUERY_ROWS];

	(void)state;
	a.packets.rows = 0;
	world_row(0, 0, TCP_ACK, 0xfffffc00, 1000, 1, 500);
	world_row(1, 0, TCP_ACK, 1000, 1000, 1, 500)->verdicts = V(LOST_SEGMENT);
	segment_read(g, a.packets.row, a.packets.rows, NULL, 0);
	assert_int_equal(g[1].gap, 1024);
	assert_int_equal(g[1].gap_at, 0xffffffe8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_verdict_has_its_words, start, stop),
		cmocka_unit_test_setup_teardown(labels_shrink_and_never_vanish, start, stop),
		cmocka_unit_test_setup_teardown(what_is_not_at_hand_is_not_said, start, stop),
		cmocka_unit_test_setup_teardown(numbers_wrap, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
