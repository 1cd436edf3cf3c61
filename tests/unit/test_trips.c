/* Round-trip times: which ACK gives a sample, and which may not.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

enum { MS = CLOCK_MS, US = 1000 };

struct call {
	struct world *w;
	bool stamps;          /* both sides send time stamps */
	uint32_t stamp[2], echo[2];
};

static struct flow *send(struct call *c, int64_t after, bool client, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct descriptor d = client ? packet(CLIENT, 5000, SERVER, 80, PROTO_TCP) : packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);

	d.flags = TCP_ACK;
	d.tcp.seq = seq;
	d.tcp.ack = ack;
	d.payload_len = len;
	d.window = 60000;
	if (c->stamps) {
		d.options = TCP_HAS_TIMESTAMPS;
		d.tcp.tsval = c->stamp[!client];
		d.tcp.tsecr = c->echo[!client];
	}
	return track(c->w, after, d);
}

/* The client's bytes, `after` ns later. */
static void data(struct call *c, int64_t after, uint32_t from, uint32_t to)
{
	(void)send(c, after, true, from, 901, to - from);
}

/* The server's ACK: the sample that it gives, -1 none. */
static int64_t ack(struct call *c, int64_t after, uint32_t number)
{
	(void)send(c, after, false, 901, number, 0);
	return c->w->judged.rtt_ns;
}

static struct call begin(void)
{
	struct call c = {.w = world_new(false, 16 << 20)};

	tcp(c.w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(c.w, 10 * MS, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	tcp(c.w, MS, true, TCP_ACK, 101, 901, 0);
	return c;
}

static struct flow_record record(struct call *c)
{
	uint64_t at = 0;

	return record_of(c->w, flow_next(c->w->flows, &at));
}

static void an_ack_gives_the_time_of_what_it_covers(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, MS, 101, 201);
	assert_int_equal(ack(&c, 20 * MS, 150), -1); /* not yet its end */
	assert_int_equal(ack(&c, 5 * MS, 201), 25 * MS);
	assert_true(c.w->judged.rtt_of_server);
	assert_int_equal(ack(&c, 5 * MS, 201), -1); /* once */
	world_free(c.w);
}

/* A delayed ACK covers two: the newer one was answered (the older waited). */
static void a_delayed_ack_counts_from_the_newest(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, MS, 101, 201);
	data(&c, 4 * MS, 201, 301);
	assert_int_equal(ack(&c, 20 * MS, 301), 20 * MS);
	assert_int_equal(record(&c).round_trip[0].samples, 1);
	world_free(c.w);
}

/* The other direction is the client's: its ACK of the server's data. */
static void each_side_has_its_own(void **state)
{
	struct call c = begin();
	struct flow_record r;

	(void)state;
	(void)send(&c, MS, false, 901, 101, 100);
	(void)send(&c, 3 * MS, true, 101, 1001, 0);
	assert_int_equal(c.w->judged.rtt_ns, 3 * MS);
	assert_false(c.w->judged.rtt_of_server);
	r = record(&c);
	assert_int_equal(r.round_trip[1].samples, 1);
	assert_int_equal(r.round_trip[1].min, 3 * MS);
	assert_int_equal(r.round_trip[0].samples, 0);
	world_free(c.w);
}

/* Karn (RFC 6298 3): which of the two was answered, nobody knows. */
static void what_was_sent_twice_gives_none(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, MS, 101, 201);
	data(&c, 300 * MS, 101, 201);
	assert_int_equal(ack(&c, 20 * MS, 201), -1);
	data(&c, MS, 201, 301); /* the next one does again */
	assert_int_equal(ack(&c, 20 * MS, 301), 20 * MS);
	world_free(c.w);
}

/* RFC 7323 4.1: the time stamp tells which. */
static void a_time_stamp_tells_which(void **state)
{
	struct call c = begin();

	(void)state;
	c.stamps = true;
	c.stamp[0] = 1000;
	data(&c, MS, 101, 201);
	c.stamp[0] = 1300;
	data(&c, 300 * MS, 101, 201);
	c.echo[1] = 1300;
	assert_int_equal(ack(&c, 20 * MS, 201), 20 * MS);

	c.stamp[0] = 1400; /* and where the first is echoed, the repeat was for nothing */
	data(&c, MS, 201, 301);
	c.stamp[0] = 1700;
	data(&c, 300 * MS, 201, 301);
	c.echo[1] = 1400;
	assert_int_equal(ack(&c, 20 * MS, 301), -1);
	world_free(c.w);
}

/* What was sent behind a hole is ACKed when the hole is repaired: no sample. */
static void a_repair_gives_none(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, MS, 201, 301); /* 101..201 is missing */
	data(&c, MS, 301, 401);
	assert_int_equal(ack(&c, 10 * MS, 101), -1);
	data(&c, 200 * MS, 101, 201);
	assert_int_equal(ack(&c, 10 * MS, 401), -1);
	data(&c, MS, 401, 501);
	assert_int_equal(ack(&c, 10 * MS, 501), 10 * MS);
	assert_int_equal(record(&c).round_trip[0].samples, 1);
	world_free(c.w);
}

static void a_time_that_goes_back_gives_none(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, 10 * MS, 101, 201);
	assert_int_equal(ack(&c, -5 * MS, 201), -1);
	assert_int_equal(record(&c).round_trip[0].samples, 0);
	world_free(c.w);
}

/* More segments in flight than are timed: those that are give their samples,
 * and when they are ACKed others have their turn. */
static void many_in_flight(void **state)
{
	struct call c = begin();
	uint32_t at = 101;

	(void)state;
	for (unsigned i = 0; i < 3 * TRIPS_TIMED; i++, at += 100)
		data(&c, MS, at, at + 100);
	for (unsigned i = 0; i < 3 * TRIPS_TIMED; i++) {
		int64_t rtt = ack(&c, MS, 201 + i * 100);

		assert_int_equal(rtt, i < TRIPS_TIMED ? 3 * TRIPS_TIMED * MS : -1);
	}
	data(&c, MS, at, at + 100);
	assert_int_equal(ack(&c, 7 * MS, at + 100), 7 * MS);
	world_free(c.w);
}

/* The median is that of a coarse histogram: within a fifth, from 1 us to the
 * longest that a flow may take. */
static void the_median_is_good_to_a_fifth(void **state)
{
	static const uint32_t times_us[] = {1, 2, 3, 5, 9, 14, 100, 999, 1500, 20000, 123456, 1000000, 9000000};

	(void)state;
	for (unsigned k = 0; k < sizeof times_us / sizeof *times_us; k++) {
		struct call c = begin();
		uint32_t at = 101;
		struct flow_record r;
		int64_t ns = times_us[k] * (int64_t)US;

		for (unsigned i = 0; i < 51; i++, at += 100) { /* a fourth twice as fast, a fourth ten times slower */
			data(&c, MS, at, at + 100);
			assert_true(ack(&c, i % 4 == 0 ? ns / 2 : i % 4 == 1 ? ns * 10 : ns, at + 100) >= 0);
		}
		r = record(&c);
		assert_int_equal(r.round_trip[0].samples, 51);
		assert_int_equal(r.round_trip[0].max, ns * 10);
		assert_int_equal(r.round_trip[0].min, ns / 2 / US * US);
		assert_true(r.round_trip[0].p50 >= ns * 4 / 5 && r.round_trip[0].p50 <= ns * 6 / 5);
		world_free(c.w);
	}
}

/* A bucket that is full halves all; the median stays. */
static void the_histogram_never_overflows(void **state)
{
	struct call c = begin();
	uint32_t at = 101;
	struct flow_record r;

	(void)state;
	for (unsigned i = 0; i < 3000; i++, at += 100) {
		data(&c, MS, at, at + 100);
		(void)ack(&c, i % 10 < 7 ? 10 * MS : 100 * MS, at + 100);
	}
	r = record(&c);
	assert_int_equal(r.round_trip[0].samples, 3000);
	assert_true(r.round_trip[0].p50 >= 8 * MS && r.round_trip[0].p50 <= 12 * MS);
	assert_int_equal(r.round_trip[0].min, 10 * MS);
	assert_int_equal(r.round_trip[0].max, 100 * MS);
	world_free(c.w);
}

/* Longer than the last bucket: it holds them all, and the least and the
 * greatest keep the median within them. */
/* Nobody acknowledged either; the second comes again when the first has waited too long, and once more: what is timed
 * is the repeat, wherever it stands by then. */
static void repeats_outlast_what_waits_too_long(void **state)
{
	struct call c = begin();

	(void)state;
	c.stamps = true;
	c.stamp[0] = 1000;
	data(&c, MS, 101, 201);
	data(&c, MS, 201, 301);
	for (unsigned i = 0; i < 40; i++) {
		c.stamp[0] += 1300 * 1000;
		data(&c, i ? CLOCK_S : 1300 * CLOCK_S, 201, 301);
	}
	c.echo[1] = c.stamp[0];
	assert_int_equal(ack(&c, 20 * MS, 301), 20 * MS);
	for (uint32_t at = 301; at < 1301; at += 100)
		data(&c, MS, at, at + 100);
	assert_int_equal(ack(&c, 5 * MS, 1301), 12 * MS); /* three are timed: the newest of them began 12 ms ago */
	assert_int_equal(record(&c).round_trip[0].samples, 2);
	world_free(c.w);
}

static void beyond_the_last_bucket(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, MS, 101, 201);
	assert_int_equal(ack(&c, 1200 * CLOCK_S, 201), 1200 * CLOCK_S);
	assert_int_equal(record(&c).round_trip[0].p50, 1200 * CLOCK_S);
	world_free(c.w);
}

/* Sent again and again, and acknowledged after 71 minutes, when the short times have come round. */
static void a_wait_of_an_hour_is_no_short_trip(void **state)
{
	struct call c = begin();

	(void)state;
	data(&c, MS, 101, 105);
	for (uint32_t i = 0; i < 7; i++)
		data(&c, 600 * CLOCK_S, 105 + i * 4, 109 + i * 4);
	assert_int_equal(ack(&c, 95 * CLOCK_S, 105), -1); /* 4295 s after it was sent */
	assert_true(ack(&c, MS, 133) > 0);                /* the last one was sent a while ago */
	world_free(c.w);
}

/* A segment of the conversation from that port. */
static void of_port(struct world *w, int64_t after, uint16_t port, bool client, uint16_t flags, uint32_t seq, uint32_t acks,
		    uint32_t len)
{
	struct descriptor d = client ? packet(CLIENT, port, SERVER, 80, PROTO_TCP) : packet(SERVER, 80, CLIENT, port, PROTO_TCP);

	d.flags = flags;
	d.tcp.seq = seq;
	d.tcp.ack = acks;
	d.payload_len = len;
	d.window = 60000;
	(void)track(w, after, d);
}

/* Three in flight need a block; of what was answered the flow's own words are room enough. One after the other has
 * three, so all of them together live with next to no blocks, and each still knows what it measured. */
static void a_block_is_taken_back(void **state)
{
	enum { FLOWS = 200 };
	struct world *w = world_new(false, 16 << 20);
	uint64_t at = 0;
	struct flow *f;
	unsigned n = 0;

	(void)state;
	w->flows->trips_gather_from = 0;
	for (uint16_t port = 5000; port < 5000 + FLOWS; port++) {
		of_port(w, MS, port, true, TCP_SYN, 100, 0, 0);
		of_port(w, MS, port, false, TCP_SYN | TCP_ACK, 900, 101, 0);
		of_port(w, MS, port, true, TCP_ACK, 101, 901, 0);
		for (uint32_t i = 0; i < 3; i++)
			of_port(w, MS, port, true, TCP_ACK, 101 + i * 10, 901, 10);
		of_port(w, (port - 4990) * MS, port, false, TCP_ACK, 901, 131, 0);
	}
	assert_in_range(w->flows->blocks.used, 1, 8 * BLOCK_MIN);
	while ((f = flow_next(w->flows, &at)) != NULL) {
		struct flow_record r = record_of(w, f);

		assert_int_equal(r.round_trip[0].samples, 1);
		assert_int_equal(r.round_trip[0].min, (r.client.port - 4990) * MS);
		assert_int_equal(r.round_trip[0].max, (r.client.port - 4990) * MS);
		n++;
	}
	assert_int_equal(n, FLOWS);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ack_gives_the_time_of_what_it_covers),
		cmocka_unit_test(a_delayed_ack_counts_from_the_newest),
		cmocka_unit_test(each_side_has_its_own),
		cmocka_unit_test(what_was_sent_twice_gives_none),
		cmocka_unit_test(a_time_stamp_tells_which),
		cmocka_unit_test(a_repair_gives_none),
		cmocka_unit_test(a_time_that_goes_back_gives_none),
		cmocka_unit_test(many_in_flight),
		cmocka_unit_test(the_median_is_good_to_a_fifth),
		cmocka_unit_test(the_histogram_never_overflows),
		cmocka_unit_test(repeats_outlast_what_waits_too_long),
		cmocka_unit_test(beyond_the_last_bucket),
		cmocka_unit_test(a_wait_of_an_hour_is_no_short_trip),
		cmocka_unit_test(a_block_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
