/* The plain steps of an open connection, held against the long way: whatever comes, both say the same of each packet
 * and of the flow; and what is no loss of order goes where the flow lies.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"
#include "sockeye/record.h"
#include "sockeye/text.h"

enum { PACKETS = 4000, SAW_MAX = 16384 };

struct pair {
	struct world *quick, *longer;
	uint64_t dice;
	uint32_t next[2], acked[2]; /* of the client, of the server */
	uint16_t window[2];
	unsigned told[VERDICTS_COUNTED], folded[VERDICTS_COUNTED]; /* by verdict: all; those that needed no whole flow */
};

static unsigned roll(struct pair *p, unsigned n)
{
	p->dice ^= p->dice << 13;
	p->dice ^= p->dice >> 7;
	p->dice ^= p->dice << 17;
	return (unsigned)(p->dice % n);
}

static void record_says(struct world *w, struct flow *f, char out[SAW_MAX])
{
	struct flow_record r;
	struct text t;

	text_init(&t, out, SAW_MAX);
	flow_record_fill(&r, w->flows, f, NULL);
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		if (record_has(&r, (enum record_key)k)) {
			text_format(&t, " %u=", k);
			record_text(&t, &r, (enum record_key)k);
		}
	assert_false(t.cut);
}

static void both(struct pair *p, const struct descriptor *d)
{
	static char said[2][SAW_MAX];
	struct flow *quick, *longer;
	bool folded;

	quick = track(p->quick, 500 * 1000, *d);
	folded = !p->quick->flows->work_open;
	longer = track(p->longer, 500 * 1000, *d);
	assert_true(p->longer->flows->work_open || d->flags == TCP_SYN);
	assert_int_equal(p->quick->judged.verdicts, p->longer->judged.verdicts);
	assert_int_equal(p->quick->judged.dup_ack_number, p->longer->judged.dup_ack_number);
	assert_int_equal(p->quick->judged.rtt_ns, p->longer->judged.rtt_ns);
	assert_int_equal(p->quick->change & FLOW_HANDSHAKE_DONE, p->longer->change & FLOW_HANDSHAKE_DONE);
	for (unsigned v = 0; v < VERDICTS_COUNTED; v++)
		if (p->longer->judged.verdicts >> v & 1) {
			p->told[v]++;
			p->folded[v] += folded;
		}
	if (p->longer->change & FLOW_HANDSHAKE_DONE) {
		enum handshake_outcome outcome;

		assert_true(flow_handshake_report(quick, false, &outcome));
		assert_true(flow_handshake_report(longer, false, &outcome));
	}
	if (d->payload_len) { /* nobody knew what it says */
		flow_service_missed(p->quick->flows, quick, p->quick->side);
		flow_service_missed(p->longer->flows, longer, p->longer->side);
	}
	record_says(p->quick, quick, said[0]);
	record_says(p->longer, longer, said[1]);
	assert_string_equal(said[0], said[1]);
	flow_put_down(p->quick->flows);
	flow_put_down(p->longer->flows);
}

static struct descriptor of_side(struct pair *p, bool client, uint32_t len)
{
	struct descriptor d = segment(client, TCP_ACK, p->next[!client], p->acked[!client], len);

	d.ip_id = (uint16_t)roll(p, 65536);
	d.window = p->window[!client];
	d.options = 0;
	return d;
}

/* Mostly data in order and ACKs that move; else the same again, another window, SACKs, a hole, a repeat. */
static void one(struct pair *p)
{
	bool client = roll(p, 2);
	unsigned what = roll(p, 40), times = what < 6 ? 1 + roll(p, 5) : 1;
	struct descriptor d;

	if (what == 6)
		p->window[!client] = (uint16_t)(1 + roll(p, 1000));
	if (what > 10 || what == 8)
		p->acked[!client] = p->next[client];
	d = of_side(p, client, what > 25 || what == 8 ? 1 + roll(p, 1400) : 0);
	if (what < 3) {
		d.sacks = 1;
		d.tcp.sack[0][0] = p->acked[!client] + 1000;
		d.tcp.sack[0][1] = p->acked[!client] + 2000;
	}
	if (what == 8 && roll(p, 4) == 0) /* a hole */
		d.tcp.seq += 700;
	if (what == 9) { /* bytes again */
		d.payload_len = 100;
		d.tcp.seq -= 300;
	}
	for (unsigned i = 0; i < times; i++, d.ip_id++)
		both(p, &d);
	if (what != 9)
		p->next[!client] = d.tcp.seq + d.payload_len;
}

static void played(uint64_t seed, struct pair *p)
{
	struct descriptor d = segment(true, TCP_SYN, 100, 0, 0);

	*p = (struct pair){.quick = world_new(false, 16 << 20), .longer = world_new(false, 16 << 20), .dice = seed,
			   .next = {101, 901}, .acked = {901, 101}, .window = {500, 500}};
	p->longer->flows->limits.no_fast_path = true;
	both(p, &d);
	d = segment(false, TCP_SYN | TCP_ACK, 900, 101, 0);
	both(p, &d);
	d = of_side(p, true, 0);
	both(p, &d);
	for (unsigned i = 0; i < PACKETS; i++)
		one(p);
	world_free(p->quick);
	world_free(p->longer);
}

static void both_ways_say_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct pair p;

		played(seed * UINT64_C(0x9e3779b97f4a7c15), &p);
		assert_true(p.told[VERDICT_DUP_ACK] > 100);
		assert_true(p.told[VERDICT_WINDOW_UPDATE] > 10);
		assert_true(p.told[VERDICT_RETRANSMISSION] > 10);
	}
}

/* The first three of a row, and a moved window, need no whole flow. */
static void an_ack_again_is_a_step(void **state)
{
	struct pair p = {.quick = world_new(false, 16 << 20), .longer = world_new(false, 16 << 20), .dice = 1,
			 .next = {101, 901}, .acked = {901, 101}, .window = {500, 500}};
	struct descriptor d;

	(void)state;
	p.longer->flows->limits.no_fast_path = true;
	d = segment(true, TCP_SYN, 100, 0, 0);
	both(&p, &d);
	d = segment(false, TCP_SYN | TCP_ACK, 900, 101, 0);
	both(&p, &d);
	d = of_side(&p, true, 0);
	both(&p, &d);
	for (unsigned i = 1; i <= 5; i++) {
		d = of_side(&p, true, 0);
		both(&p, &d);
		assert_int_equal(p.quick->judged.dup_ack_number, i);
		assert_int_equal(p.folded[VERDICT_DUP_ACK], i < 3 ? i : 3);
	}
	d.window = 600;
	both(&p, &d);
	assert_int_equal(p.told[VERDICT_WINDOW_UPDATE], 1);
	world_free(p.quick);
	world_free(p.longer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_say_the_same),
		cmocka_unit_test(an_ack_again_is_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
