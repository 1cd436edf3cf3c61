/* Contents that another thread puts down, later: whenever it does, what comes again is told as if they had been put down at once.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

#include "sockeye/hash.h"

enum { TALKS = 30, LISTS = 16, BATCH = 40, BATCHES = 3000, SAID_MOST = 700 };

/* Packets of some batches, with their payloads, which are there until their list is paid. */
struct batch {
	struct flow_owing owing;
	struct descriptor d[BATCH];
	uint8_t payload[BATCH][SAID_MOST];
};

/* Lists [paid, given) wait; the one at hand is behind them. */
struct later {
	struct world *w;
	struct batch *ring; /* [LISTS] */
	unsigned paid, given, asked;
	uint32_t until;
};

static void pay_one(struct later *l)
{
	struct batch *b = &l->ring[l->paid++ % LISTS];

	flow_pay(l->w->flows, &b->owing);
	l->until = b->owing.until;
	memset(b->d, 0xee, sizeof b->d); /* from here on others may write there */
	memset(b->payload, 0xee, sizeof b->payload);
}

static void all(void *arg)
{
	struct later *l = arg;

	l->asked++;
	while (l->paid < l->given)
		pay_one(l);
}

/* As the engine does it; nobody knows the applications. */
static void account(struct world *w, const struct descriptor *d)
{
	struct hash_key key = flow_hash_key(w->flows);
	struct descriptor *lies = (struct descriptor *)(uintptr_t)d; /* its hash is set there */
	struct flow_near near;
	enum handshake_outcome outcome;
	struct flow_trip trip;
	struct flow *f;

	flow_expire(w->flows, d->ts_ns);
	flow_hash(&key, lies, &near);
	flow_near_record(w->flows, d, &near);
	if (flow_ordinary(w->flows, d, &near, &trip))
		return;
	switch (flow_step(w->flows, d, &near, &trip)) {
	case STEP_NOT:
		f = flow_track(w->flows, d, &near, &w->change, &w->side, &w->judged);
		if (d->payload && flow_service_wanted(f, w->side))
			flow_service_missed(w->flows, f, w->side);
		if (w->change & FLOW_HANDSHAKE_DONE)
			(void)flow_handshake_report(f, false, &outcome);
		break;
	case STEP_HANDSHAKE_DONE:
		(void)flow_handshake_report(flow_met(w->flows, trip.place), false, &outcome);
		break;
	case STEP_ASKS:
		f = flow_met(w->flows, trip.place);
		flow_service_missed(w->flows, f, trip.side);
		break;
	default:
		break;
	}
	flow_put_down(w->flows);
}

struct talks {
	struct hash_key key;
	uint64_t dice;
	uint32_t next[TALKS][2];
	int64_t now_ns;
	uint16_t ip_id;
	unsigned again_in; /* packets; of ten thousand so many come again */
};

static uint32_t throw(struct talks *t, uint32_t sides)
{
	t->dice = hash_bytes(&t->key, &t->dice, sizeof t->dice);
	return (uint32_t)(t->dice >> 16) % sides;
}

/* The next of a talk; now and then one that came before, with other bytes. */
static void next_packet(struct talks *t, struct descriptor *d, uint8_t *payload)
{
	const unsigned talk = throw(t, TALKS), side = throw(t, 2);
	const uint32_t client = CLIENT + 10 + talk, begins = side ? 5000 : 1000;
	uint32_t *next = &t->next[talk][side], len = 1 + throw(t, throw(t, 4) ? 60 : SAID_MOST), seq = *next;

	*d = side ? packet(SERVER, 80, client, 5000, PROTO_TCP) : packet(client, 5000, SERVER, 80, PROTO_TCP);
	if (throw(t, 10000) < t->again_in && seq - begins > 3 * SAID_MOST)
		seq -= throw(t, 2) ? len : throw(t, 3 * SAID_MOST);
	else
		*next += len;
	d->ts_ns = t->now_ns += 10 * CLOCK_US;
	d->flags = TCP_ACK;
	d->tcp.seq = seq;
	d->tcp.ack = t->next[talk][!side];
	d->window = 60000;
	d->ip_id = ++t->ip_id;
	d->payload_len = d->payload_captured = len;
	d->payload = payload;
	memset(payload, (int)throw(t, 256), len);
}

static void open_talks(struct talks *t, struct world *w)
{
	for (unsigned i = 0; i < TALKS; i++)
		for (unsigned step = 0; step < 3; step++) {
			struct descriptor d = step == 1 ? packet(SERVER, 80, CLIENT + 10 + i, 5000, PROTO_TCP)
							: packet(CLIENT + 10 + i, 5000, SERVER, 80, PROTO_TCP);

			d.ts_ns = t->now_ns += CLOCK_US;
			d.flags = step == 0 ? TCP_SYN : step == 1 ? TCP_SYN | TCP_ACK : TCP_ACK;
			d.tcp.seq = step == 1 ? 4999 : step == 0 ? 999 : 1000;
			d.tcp.ack = step == 1 ? 1000 : step == 2 ? 5000 : 0;
			d.window = 60000;
			d.ip_id = ++t->ip_id;
			t->next[i][0] = 1000;
			t->next[i][1] = 5000;
			account(w, &d);
		}
}

struct figures {
	uint64_t conflicts, again, copied, steps, owed; /* owed: packets */
	unsigned asked;
};

/* lag: that many lists wait at most, by chance fewer; -1: all is put down at once. */
static struct figures play(size_t memory, int lag, unsigned again_in)
{
	static struct batch ring[LISTS + 1];
	struct world *w = world_new(false, memory);
	struct later l = {.w = w, .ring = ring};
	struct talks t = {.dice = 1, .now_ns = 1000 * CLOCK_S, .again_in = again_in};
	struct figures figures = {.asked = 0};

	hash_key_init(&t.key, 3);
	open_talks(&t, w);
	flow_pays(w->flows, all, &l);
	for (unsigned n = 0; n < BATCHES; n++) {
		struct batch *b = &ring[lag < 0 ? 0 : l.given % LISTS];

		if (lag >= 0)
			flow_owe(w->flows, &b->owing, l.until);
		for (unsigned i = 0; i < BATCH; i++) {
			next_packet(&t, &b->d[i], b->payload[i]);
			account(w, &b->d[i]);
		}
		if (lag < 0)
			continue;
		flow_owes(w->flows);
		figures.owed += b->owing.n;
		l.given++;
		for (unsigned keep = throw(&(struct talks){.key = t.key, .dice = t.dice}, (unsigned)lag + 1); l.given - l.paid > keep;)
			pay_one(&l);
	}
	all(&l);
	flow_pays(w->flows, NULL, NULL);
	flow_table_end(w->flows);
	assert_int_equal(w->told, TALKS);
	for (unsigned i = 0; i < w->n_ended; i++)
		for (unsigned side = 0; side < 2; side++) {
			figures.conflicts += w->ended[i].exact.conflicting_bytes[side];
			figures.again += w->ended[i].exact.retransmitted_bytes[side];
		}
	figures.copied = flow_stats(w->flows)->bytes_copied;
	figures.steps = flow_stats(w->flows)->interval_steps;
	figures.asked = l.asked;
	world_free(w);
	return figures;
}

static void assert_same(const struct figures *a, const struct figures *b)
{
	assert_int_equal(a->conflicts, b->conflicts);
	assert_int_equal(a->again, b->again);
	assert_int_equal(a->copied, b->copied);
	assert_int_equal(a->steps, b->steps);
}

/* The log is small enough to begin again while lists wait, once in many batches or several times in one. */
static void whenever_they_are_put_down(void **state)
{
	static const size_t memory[] = {1 << 20, 2 << 20, 16 << 20, 64 << 20};
	static const unsigned again_in[] = {0, 1, 20, 500};

	(void)state;
	for (unsigned m = 0; m < 4; m++)
		for (unsigned a = 0; a < 4; a++) {
			const struct figures once = play(memory[m], -1, again_in[a]);

			assert_true((once.conflicts > 0) == (again_in[a] > 0));
			for (int lag = 0; lag < LISTS; lag += 5) {
				const struct figures later = play(memory[m], lag, again_in[a]);

				assert_same(&once, &later);
				assert_true(later.owed > 1000);
				assert_true(later.asked > 1 || again_in[a] < 20 || lag < 5);
				assert_true(later.asked > 1 || m > 0 || lag < LISTS - 1); /* the log has come round to it */
			}
		}
}

struct taken {
	uint8_t *unit; /* [units of the log]: owed */
	size_t units;
	unsigned asked;
};

static void nothing_is_owed(void *arg)
{
	struct taken *t = arg;

	t->asked++;
	memset(t->unit, 0, t->units);
}

/* It was long, when there were many flows, and what is owed lies behind where it begins again from now on: it comes round
 * twice, and never to a place that is owed. */
static void a_log_that_shrinks(void **state)
{
	enum { FEW = 14, SAID = 2000, LONG = (12 << 20) / CONTENTS_UNIT };
	static uint8_t payload[SAID];
	static struct flow_owing lists[FEW];
	struct world *w = world_new(false, 512 << 20);
	struct contents *c = &w->flows->contents;
	struct descriptor d = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP);
	struct taken taken = {.units = (size_t)c->mask + 1};
	uint32_t place = 0;

	(void)state;
	taken.unit = calloc(taken.units, 1);
	assert_non_null(taken.unit);
	flow_pays(w->flows, nothing_is_owed, &taken);
	c->limit = c->bound = LONG;
	c->head = c->mask + 1 + LONG - 1000;
	d.payload = payload;
	d.payload_len = d.payload_captured = SAID;
	for (unsigned n = 0; n < FEW; n++) {
		flow_owe(w->flows, &lists[n], 0);
		for (unsigned i = 0; i < FLOW_OWED; i++, d.tcp.seq += SAID) {
			contents_follow(w->flows, 2, &place, d.tcp.seq, &d);
			assert_int_equal(lists[n].at[lists[n].n - 1].place, place);
			for (uint32_t unit = place; unit != c->head; unit++)
				assert_false(taken.unit[unit & c->mask]++);
		}
		flow_owes(w->flows);
	}
	assert_true(taken.asked >= 1);
	free(taken.unit);
	flow_pays(w->flows, NULL, NULL);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whenever_they_are_put_down),
		cmocka_unit_test(a_log_that_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
