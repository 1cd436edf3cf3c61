/* What was in the bytes that come again: the same, or other ones.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

enum { FIRST = 101, ROOM = 1 << 16 };

static uint8_t stream[ROOM];

/* The client's bytes from..to (relative), as they stand in stream[]; how many conflict. */
static uint64_t send(struct world *w, uint32_t from, uint32_t to)
{
	struct descriptor d = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP);
	static uint16_t id;
	uint64_t before;
	struct flow *f;

	f = flow_by_id(w->flows, 1);
	before = f ? record_of(w, f).exact.conflicting_bytes[0] : 0;
	d.flags = TCP_ACK;
	d.tcp.seq = FIRST + from;
	d.tcp.ack = 901;
	d.window = 60000;
	d.ip_id = ++id;
	d.payload_len = d.payload_captured = to - from;
	d.payload = stream + from;
	f = track(w, CLOCK_MS, d);
	return record_of(w, f).exact.conflicting_bytes[0] - before;
}

static struct world *begin(void)
{
	struct world *w = world_new(false, 16 << 20);

	for (unsigned i = 0; i < ROOM; i++)
		stream[i] = (uint8_t)(i * 7 + (i >> 8));
	tcp(w, 0, true, TCP_SYN, FIRST - 1, 0, 0);
	tcp(w, CLOCK_MS, false, TCP_SYN | TCP_ACK, 900, FIRST, 0);
	return w;
}

static void the_same_again_is_no_conflict(void **state)
{
	struct world *w = begin();

	(void)state;
	assert_int_equal(send(w, 0, 1000), 0);
	assert_int_equal(send(w, 0, 1000), 0);
	assert_int_equal(send(w, 333, 777), 0);
	assert_false(judged(&w->judged, VERDICT_EXACT_CONFLICTING));
	assert_true(judged(&w->judged, VERDICT_EXACT_RETRANSMITTED));
	world_free(w);
}

static void other_bytes_are_counted_one_by_one(void **state)
{
	struct world *w = begin();

	(void)state;
	assert_int_equal(send(w, 0, 1000), 0);
	for (unsigned i = 500; i < 510; i++)
		stream[i] ^= 0xff;
	assert_int_equal(send(w, 400, 600), 10);
	assert_true(judged(&w->judged, VERDICT_EXACT_CONFLICTING));
	/* The first copy stays: the other one differs each time ... */
	assert_int_equal(send(w, 505, 600), 5);
	for (unsigned i = 500; i < 510; i++)
		stream[i] ^= 0xff;
	assert_int_equal(send(w, 400, 600), 0); /* ... and the first never. */
	world_free(w);
}

/* Of a segment that is partly new only the part that came again is compared. */
static void only_what_came_before_is_compared(void **state)
{
	struct world *w = begin();

	(void)state;
	assert_int_equal(send(w, 0, 100), 0);
	memset(stream, 0xaa, 300);
	assert_int_equal(send(w, 90, 300), 10); /* 10 of 210 */
	memset(stream, 0x55, 300);
	assert_int_equal(send(w, 90, 300), 210);
	world_free(w);
}

/* A segment that fills a hole conflicts with nothing, its neighbours do. */
static void a_late_segment_is_compared_where_it_overlaps(void **state)
{
	struct world *w = begin();

	(void)state;
	assert_int_equal(send(w, 0, 70), 0);
	assert_int_equal(send(w, 130, 200), 0);
	for (unsigned i = 60; i < 140; i++)
		stream[i] ^= 1;
	assert_int_equal(send(w, 70, 130), 0);
	assert_int_equal(send(w, 60, 140), 20);
	world_free(w);
}

/* Behind the head only the first 48 bytes of a segment are kept: a conflict
 * beyond them is missed, never invented. */
static void behind_the_head_only_the_beginning(void **state)
{
	struct world *w = begin();

	(void)state;
	for (uint32_t at = 0; at < 40000; at += 1000)
		assert_int_equal(send(w, at, at + 1000), 0);
	stream[30010] ^= 1;
	stream[30900] ^= 1;
	assert_int_equal(send(w, 30000, 31000), 1);
	stream[1900] ^= 1; /* within the head every byte */
	assert_int_equal(send(w, 1000, 2000), 1);
	world_free(w);
}

/* The log goes round, and the turns are counted: what the data of another flow has
 * pushed out is not compared, and nothing is taken for it. */
static void what_is_gone_conflicts_with_nothing(void **state)
{
	struct world *w = begin();
	size_t pieces = 20 * contents_size(&w->flows->contents) / 64; /* of 72 bytes each: 22 turns */
	struct descriptor d = packet(CLIENT + 1, 5000, SERVER, 80, PROTO_TCP);

	(void)state;
	assert_int_equal(send(w, 0, 1000), 0);
	d.flags = TCP_ACK;
	d.window = 100;
	d.payload = stream;
	d.payload_len = d.payload_captured = 48;
	d.tcp.seq = 1;
	for (size_t i = 0; i < pieces; i++, d.tcp.seq += 48)
		track(w, 0, d);
	memset(stream, 0xee, 1000);
	assert_int_equal(send(w, 0, 1000), 0);
	assert_int_equal(w->judged.seen_again, 1000);
	memset(stream, 0xdd, 1000); /* but what came then is remembered */
	assert_int_equal(send(w, 0, 1000), 1000);
	world_free(w);
}

/* Cut by the capture: what is not there is not compared. */
static void what_was_not_captured_is_not_compared(void **state)
{
	struct world *w = begin();
	struct descriptor d = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP);
	struct flow *f;

	(void)state;
	assert_int_equal(send(w, 0, 1000), 0);
	d.flags = TCP_ACK;
	d.tcp.seq = FIRST;
	d.tcp.ack = 901;
	d.ip_id = 9999;
	d.payload_len = 1000;
	d.payload_captured = 20;
	d.payload = stream + 500; /* other bytes */
	f = track(w, CLOCK_MS, d);
	assert_int_equal(w->judged.seen_again, 1000);
	assert_true(record_of(w, f).exact.conflicting_bytes[0] <= 20);
	assert_true(record_of(w, f).exact.conflicting_bytes[0] > 0);
	world_free(w);
}

/* Each direction has its own numbers. */
static void directions_do_not_mix(void **state)
{
	struct world *w = begin();
	struct descriptor d = packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);
	struct flow *f;

	(void)state;
	assert_int_equal(send(w, 0, 100), 0);
	d.flags = TCP_ACK;
	d.tcp.seq = 901;
	d.tcp.ack = FIRST;
	d.payload_len = d.payload_captured = 100;
	d.payload = stream + 500;
	f = track(w, CLOCK_MS, d);
	assert_int_equal(record_of(w, f).exact.conflicting_bytes[1], 0);
	d.ip_id = 5;
	d.payload = stream + 600;
	f = track(w, CLOCK_MS, d);
	assert_true(record_of(w, f).exact.conflicting_bytes[1] > 90);
	assert_int_equal(record_of(w, f).exact.conflicting_bytes[0], 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_again_is_no_conflict),
		cmocka_unit_test(other_bytes_are_counted_one_by_one),
		cmocka_unit_test(only_what_came_before_is_compared),
		cmocka_unit_test(a_late_segment_is_compared_where_it_overlaps),
		cmocka_unit_test(behind_the_head_only_the_beginning),
		cmocka_unit_test(what_is_gone_conflicts_with_nothing),
		cmocka_unit_test(what_was_not_captured_is_not_compared),
		cmocka_unit_test(directions_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
