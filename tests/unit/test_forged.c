/* What a stranger sends into a conversation, or an end that means harm, must
 * not make us say: one segment with made-up numbers makes no bytes and ends
 * nothing, whatever it carries.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

enum { MS = CLOCK_MS };

static struct descriptor forge(bool c, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct descriptor d = c ? packet(CLIENT, 5000, SERVER, 80, PROTO_TCP) : packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);

	d.flags = flags;
	d.tcp.seq = seq;
	d.tcp.ack = ack;
	d.payload_len = len;
	d.window = 60000;
	return d;
}

static struct flow *send(struct world *w, bool c, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	return track(w, MS, forge(c, flags, seq, ack, len));
}

/* The client's first byte is 101, the server's 901; 100 bytes of the client are under way. */
static struct flow *open_one(struct world *w)
{
	(void)send(w, true, TCP_SYN, 100, 0, 0);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	(void)send(w, true, TCP_ACK, 101, 901, 0);
	return send(w, true, TCP_ACK, 101, 901, 100);
}

static struct flow_record record(struct world *w)
{
	uint64_t at = 0;

	return record_of(w, flow_next(w->flows, &at));
}

static void one_ack_makes_no_bytes(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	open_one(w);
	(void)send(w, false, TCP_ACK, 901, 100000000, 0);
	assert_int_equal(record(w).exact.missed_bytes[0], 0);
	(void)send(w, false, TCP_ACK, 901, 201, 0);
	assert_int_equal(record(w).exact.missed_bytes[0], 0);
	/* Inside the window that the server gave it is believed: the capture may have missed it. */
	(void)send(w, false, TCP_ACK, 901, 1201, 0);
	assert_int_equal(record(w).exact.missed_bytes[0], 1000);
	/* Beyond it with a second witness. */
	(void)send(w, false, TCP_ACK, 901, 300000, 0);
	assert_int_equal(record(w).exact.missed_bytes[0], 1000);
	(void)send(w, false, TCP_ACK, 901, 301000, 0);
	assert_int_equal(record(w).exact.missed_bytes[0], 301000 - 201);
	world_free(w);
}

/* A side's first ACK is held against a window without scale (RFC 7323 2.2). */
static void the_first_ack_is_held_to_the_window(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	(void)send(w, true, TCP_SYN, 100, 0, 0);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	(void)send(w, true, TCP_ACK, 101, 500000000, 0);
	assert_int_equal(record(w).exact.missed_bytes[1], 0);
	world_free(w);
}

/* An old ACK with a wide window lets nobody send more. */
static void an_old_ack_moves_no_edge(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d;

	(void)state;
	open_one(w);
	(void)send(w, false, TCP_ACK, 901, 201, 0);
	d = forge(false, TCP_ACK, 901, 150, 0);
	d.window = UINT16_MAX;
	(void)track(w, MS, d);
	(void)send(w, false, TCP_ACK, 901, 201 + 60000 + 5000, 0);
	assert_int_equal(record(w).exact.missed_bytes[0], 0);
	world_free(w);
}

static void an_empty_sack_block_splits_no_hole(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d;

	(void)state;
	open_one(w);
	(void)send(w, true, TCP_ACK, 1201, 901, 100); /* a hole from 201 to 1201 */
	d = forge(false, TCP_ACK, 901, 201, 0);
	d.sacks = 1;
	d.tcp.sack[0][0] = d.tcp.sack[0][1] = 700;
	(void)track(w, MS, d);
	(void)send(w, true, TCP_ACK, 201, 901, 1000);
	assert_int_equal(w->judged.late, 1000);
	assert_int_equal(w->judged.seen_again, 0);
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	world_free(w);
}

/* Two segments of anybody: an ACK that names a number, and a RST with it. */
static void a_number_of_ones_own_makes_no_reset(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	open_one(w);
	(void)send(w, true, TCP_ACK, 700000000, 800000000, 0);
	(void)send(w, false, TCP_RST, 800000000, 0, 0);
	assert_true(judged(&w->judged, VERDICT_RST_UNACCEPTABLE));
	r = record(w);
	assert_string_equal(r.tcp_state[0], "established");
	assert_string_equal(r.tcp_state[1], "established");
	world_free(w);
}

/* An old segment with a stamp from the future does not make all that follows old. */
static void a_stamp_of_an_old_segment_counts_for_nothing(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d;

	(void)state;
	open_one(w);
	(void)send(w, false, TCP_ACK, 901, 201, 0);
	d = forge(true, TCP_ACK, 101, 901, 10);
	d.options = TCP_HAS_TIMESTAMPS;
	d.tcp.tsval = 2000000000;
	(void)track(w, MS, d);
	d = forge(true, TCP_ACK, 201, 901, 100);
	d.options = TCP_HAS_TIMESTAMPS;
	d.tcp.tsval = 1000;
	(void)track(w, MS, d);
	assert_false(judged(&w->judged, VERDICT_PAWS_OLD));
	world_free(w);
}

/* Only the server was heard after its SYN/ACK: nothing was opened. */
static void the_servers_own_acks_open_nothing(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	(void)send(w, true, TCP_SYN, 100, 0, 0);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	(void)send(w, false, TCP_ACK, 901, 101, 0);
	(void)send(w, false, TCP_ACK, 901, 101, 0);
	r = record(w);
	assert_false(r.complete);
	assert_string_equal(r.state, "syn_received");
	world_free(w);
}

/* An ACK of the wrong number, and the reset that says so (RFC 9293 3.5.2). */
static void a_wrong_ack_is_no_handshake(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	(void)send(w, true, TCP_SYN, 100, 0, 0);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	(void)send(w, true, TCP_ACK, 101, 5000, 0);
	(void)send(w, false, TCP_RST, 5000, 0, 0);
	assert_false(record(w).complete);
	world_free(w);
}

/* The numbers go round after 4 GB: other bytes in the same place are no conflict. */
static void new_bytes_in_an_old_place_conflict_with_nothing(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	uint8_t one[100], other[100];
	struct content_side c;
	struct descriptor d;
	struct flow *f;

	(void)state;
	memset(one, 'a', sizeof one);
	memset(other, 'b', sizeof other);
	f = open_one(w);
	c = (struct content_side){0, &f->side[0].contents, f->side[0].low, f->side[0].next};
	d = forge(true, TCP_ACK, 201, 901, sizeof one);
	d.payload = one;
	d.payload_captured = sizeof one;
	assert_int_equal(contents_saw(w->flows, &c, &d, false), 0);
	d.payload = other;
	assert_int_equal(contents_saw(w->flows, &c, &d, false), 0);
	assert_int_equal(contents_saw(w->flows, &c, &d, true), 0);
	d.payload = one;
	assert_int_equal(contents_saw(w->flows, &c, &d, true), sizeof one);
	world_free(w);
}

/* The capture lost frames while a SYN waited: nobody knows what was among them. */
static void losses_while_a_syn_waits_are_known(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	flow_capture_lost(w->flows, 7); /* before: not this one's */
	(void)send(w, true, TCP_SYN, 100, 0, 0);
	flow_capture_lost(w->flows, 100);
	r = record(w);
	assert_true(record_has(&r, RECORD_CAPTURE_DROPS));
	assert_int_equal(r.capture_drops, 100);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	r = record(w);
	assert_int_equal(r.capture_drops, 100);
	world_free(w);
}

/* It saw nothing for a while: whoever lived then is told so, and no number is made up. */
static void blindness_is_known_and_no_number(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	flow_capture_blind(w->flows); /* before: not this one's */
	(void)send(w, true, TCP_SYN, 100, 0, 0);
	r = record(w);
	assert_false(record_has(&r, RECORD_CAPTURE_BLIND));
	flow_capture_blind(w->flows);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	r = record(w);
	assert_true(record_has(&r, RECORD_CAPTURE_BLIND) && r.capture_blind);
	assert_false(record_has(&r, RECORD_CAPTURE_DROPS));
	flow_capture_lost(w->flows, 5);
	flow_capture_blind(w->flows);
	(void)send(w, true, TCP_ACK, 101, 901, 0);
	r = record(w);
	assert_true(record_has(&r, RECORD_CAPTURE_BLIND));
	assert_int_equal(r.capture_drops, 5);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_ack_makes_no_bytes),
		cmocka_unit_test(the_first_ack_is_held_to_the_window),
		cmocka_unit_test(an_old_ack_moves_no_edge),
		cmocka_unit_test(an_empty_sack_block_splits_no_hole),
		cmocka_unit_test(a_number_of_ones_own_makes_no_reset),
		cmocka_unit_test(a_stamp_of_an_old_segment_counts_for_nothing),
		cmocka_unit_test(the_servers_own_acks_open_nothing),
		cmocka_unit_test(a_wrong_ack_is_no_handshake),
		cmocka_unit_test(new_bytes_in_an_old_place_conflict_with_nothing),
		cmocka_unit_test(losses_while_a_syn_waits_are_known),
		cmocka_unit_test(blindness_is_known_and_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
