/* The engine: frames in, events out. Read engine_batch() first.
 *
 * What the flows need of a frame passes through a descriptor. A batch is walked
 * three times: common headers become descriptors at once, and what the flow table
 * will look at is brought near; then packet by packet. One struct packet is reused
 * for the frames that need it: those whose headers are not common, those whose
 * application is not known yet, and all where an observer wants packets. */
#include "sockeye/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_private.h"
#include "index.h"
#include "learn.h"
#include "listing.h"
#include "rates.h"
#include "remember.h"
#include "sockeye/clock.h"
#include "sockeye/descriptor.h"

/* Packets: so long before its turn what a flow needs is brought near: its slot, its record, what hangs on that. */
enum { AHEAD_SLOT = FLOW_NEAR_SLOTS, AHEAD = 12, AHEAD_REST = 5 };
enum { LINE = 64 }; /* bytes that travel together */

/* ---- observers ------------------------------------------------------------ */

static void publish(struct engine *e, struct event *ev)
{
	if (e->wants_totals || ev->kind == EVENT_END || ev->kind == EVENT_TICK)
		count_until(&e->count, e->count.at);
	ev->totals = ev->kind == EVENT_END || ev->kind == EVENT_TICK ? engine_totals(e) : &e->totals;
	for (unsigned i = 0; i < e->observers && !e->stop; i++)
		if (e->observer[i].wants & ev->kind)
			e->stop = e->observer[i].event(e->observer[i].self, ev);
}

static void handshake(struct engine *e, struct flow *f)
{
	struct event ev = {.kind = EVENT_HANDSHAKE, .ts_ns = e->totals.now_ns, .flow = &e->record};
	enum handshake_outcome outcome;

	if (!flow_handshake_report(f, false, &outcome))
		return;
	e->totals.handshakes[outcome]++;
	if (!(e->wants & EVENT_HANDSHAKE))
		return;
	flow_record_fill_parts(&e->record, e->flows, f, e->paths, e->handshake_parts);
	publish(e, &ev);
}

/* A flow ended; called by the flow table. Where its handshake is told now, too, both
 * are told of the same record. */
static void told(void *arg, struct flow *f, bool evicted)
{
	struct engine *e = arg;
	struct event ev = {.kind = EVENT_FLOW_END, .ts_ns = e->totals.now_ns, .flow = &e->record};
	enum handshake_outcome outcome;
	bool handshake_too = flow_handshake_report(f, true, &outcome);

	if (evicted)
		e->totals.flows_evicted++;
	if (e->wants & EVENT_FLOW_END || (handshake_too && e->wants & EVENT_HANDSHAKE))
		flow_record_fill_parts(&e->record, e->flows, f, e->paths,
				       e->flow_parts | (handshake_too ? e->handshake_parts : 0));
	if (handshake_too) {
		e->totals.handshakes[outcome]++;
		ev.kind = EVENT_HANDSHAKE;
		publish(e, &ev);
	}
	ev.kind = EVENT_FLOW_END;
	publish(e, &ev);
	learn_over(e->learn, f);
}

/* Flows of one packet, where nobody wants records of them. */
static void told_lones(void *arg, const struct lone_counts *n, const struct lone *each)
{
	struct engine *e = arg;

	count_lones(&e->totals, n);
	for (unsigned i = 0; i < e->observers && !e->stop; i++)
		if (e->observer[i].lone)
			e->observer[i].lone(e->observer[i].self, n, each);
}

int engine_observe(struct engine *e, const struct observer *o)
{
	if (e->observers == OBSERVERS_MAX)
		return -ENOSPC;
	e->observer[e->observers++] = *o;
	e->wants |= o->wants;
	e->wants_totals = e->wants_totals || o->wants_totals;
	if (o->wants & (EVENT_HANDSHAKE | EVENT_FLOW_END)) {
		e->lones = e->lones && o->lone;
		e->lones_each = e->lones_each || o->lone_each;
		flow_table_lone(e->flows, e->lones ? told_lones : NULL, e->lones_each);
	}
	if (o->wants & EVENT_HANDSHAKE)
		e->handshake_parts |= o->handshake_parts ? o->handshake_parts : RECORD_PARTS;
	if (o->wants & EVENT_FLOW_END)
		e->flow_parts |= o->flow_parts ? o->flow_parts : RECORD_PARTS;
	if (o->wants_fields)
		e->packet.want_fields = true;
	return 0;
}

/* ---- open and free -------------------------------------------------------- */

static int open_parts(struct engine *e, struct error *err)
{
	size_t memory = e->options.memory;
	struct dissect_options dissect = {.fragment_memory = memory / 16};
	struct flow_limits limits;
	unsigned n = dissect_count();
	int r;

	/* Shares: fragments a sixteenth, live a quarter for the ring; packets to look at
	 * again a quarter, live an eighth: where nobody will, the tables have it. A sixteenth
	 * is left for the screen's list. */
	if (e->options.live)
		flow_limits_live(&limits, memory / 16 * (e->options.remember ? 8 : 10));
	else
		flow_limits_file(&limits, memory / 16 * (e->options.remember ? 10 : 14));
	/* What is over stays in the list of a screen: live for a while, of a file where its ports were used again. */
	limits.past = e->options.remember ? flow_limits_past(limits.memory) : 0;
	limits.hash_seed = e->options.hash_seed;
	limits.no_fast_path = e->options.no_fast_path;
	e->protocol_names = calloc(n, sizeof *e->protocol_names);
	if (!count_open(&e->count, &e->totals) || !e->protocol_names)
		return error_set(err, ENOMEM, "no memory for the engine");
	for (unsigned i = 0; i < n; i++)
		e->protocol_names[i] = dissect_list()[i]->name;
	for (unsigned i = 0; i < TOTALS_SOURCES; i++)
		e->totals.source[i].protocols = e->count.protocols + (size_t)i * n;
	e->totals.protocols = n;
	e->totals.protocol_names = e->protocol_names;
	e->totals.memory_limit = memory;
	e->totals.rtt = e->rtt;
	if ((r = dissect_open(&e->dissect, &dissect, err)) < 0 || (r = paths_open(&e->paths, err)) < 0 ||
	    (r = flow_table_open(&e->flows, &limits, told, e, err)) < 0)
		return r;
	e->lones = true; /* until somebody wants records */
	flow_table_lone(e->flows, told_lones, false);
	if (!e->options.live)
		flow_record_more(e->flows, owners_offline, NULL);
	return 0;
}

int engine_open(struct engine **out, const struct engine_options *o, struct error *err)
{
	struct engine *e;
	int r;

	if (o->memory < ENGINE_MEMORY_MIN)
		return error_set(err, EINVAL, "--memory %zu is too small: at least 16M", o->memory);
	e = calloc(1, sizeof *e);
	if (!e)
		return error_set(err, ENOMEM, "no memory for the engine");
	e->options = *o;
	r = open_parts(e, err);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	*out = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < e->observers; i++)
		if (e->observer[i].close)
			e->observer[i].close(e->observer[i].self);
	match_free(&e->match);
	remember_free(e->remembered);
	index_free(e->index);
	rates_free(e->rates);
	learn_free(e->learn);
	listing_free(e->listing);
	flow_table_free(e->flows);
	paths_free(e->paths);
	dissect_free(e->dissect);
	count_free(&e->count);
	free(e->protocol_names);
	free(e);
}

/* ---- one packet ----------------------------------------------------------- */

static void packet_whole(struct engine *e, const struct frame *frame)
{
	struct frame f = *frame;

	f.number = e->count.before + e->count.at + 1;
	packet_reset(&e->packet, &f);
	dissect_headers(e->dissect, &e->packet);
	e->packet_is = PACKET_IS_WHOLE;
}

static void packet_event(struct engine *e, struct packet *p, const struct flow *f, unsigned side, const struct judgement *judged)
{
	struct event ev = {.kind = EVENT_PACKET, .ts_ns = p->frame.ts_ns, .packet = p, .side = side, .judged = judged};

	if (!(e->wants & EVENT_PACKET))
		return;
	if (f) {
		flow_record_fill(&e->record, e->flows, f, e->paths);
		ev.flow = &e->record;
	}
	publish(e, &ev);
}

static uint32_t about(const struct descriptor *d, unsigned side)
{
	uint32_t all = index_about_tcp(side, d->flags, d->payload_len);

	return d->tuple.proto == PROTO_TCP ? all : all & ~(uint32_t)(INDEX_TCP | 0x1ffu << INDEX_FLAGS_SHIFT);
}

/* The long way through a flow into the index. */
static void remember(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct flow *f,
		     unsigned side, const struct judgement *judged)
{
	index_add(e->index, frame, flow_id(f), about(d, side) | e->looked, d->tuple.proto == PROTO_TCP ? judged->verdicts : 0);
}

/* The packet was accounted: what else is to be done with it. */
static void look_at(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct headers *h,
		    struct flow *f, unsigned side, uint32_t change, const struct judgement *judged)
{
	if (judged->rtt_ns >= 0)
		histogram_add(&e->rtt[judged->rtt_of_server ? 0 : 1], judged->rtt_ns);
	learn_saw(e->learn, d, f, side);
	e->looked = 0;
	application_look(e, frame, d, h, f, side);
	if (e->index)
		remember(e, frame, d, f, side, judged);
	if (change & FLOW_HANDSHAKE_DONE)
		handshake(e, f);
	packet_event(e, &e->packet, f, side, d->tuple.proto == PROTO_TCP ? judged : NULL);
}

static void flow_of(struct engine *e, const struct frame *frame, const struct descriptor *d,
		    const struct flow_near *near, const struct headers *h)
{
	uint32_t change;
	unsigned side;
	struct judgement judged;
	struct flow *quoted, *f;

	if (d->tuple.proto == PROTO_ICMP || d->tuple.proto == PROTO_ICMPV6) {
		quoted = flow_quote(e->flows, d, &change);
		if (quoted && change & FLOW_HANDSHAKE_DONE)
			handshake(e, quoted);
	}
	f = flow_track(e->flows, d, near, &change, &side, &judged);
	look_at(e, frame, d, h, f, side, change, &judged);
}

static void frames_are_missing(struct engine *e, const struct frame *f)
{
	if (f->lost) {
		e->frames_lost += f->lost;
		flow_capture_lost(e->flows, f->lost);
	}
	if (f->flags & FRAME_BLIND)
		flow_capture_blind(e->flows);
}

/* Time moves before the packet is looked at, so that a flow that had timed out is
 * ended before its ports are used again. */
static inline void time_is(struct engine *e, int64_t ts_ns)
{
	e->totals.now_ns = ts_ns > e->totals.now_ns ? ts_ns : e->totals.now_ns;
	flow_expire(e->flows, e->totals.now_ns);
}

/* Of a packet whose headers were read in a calm batch the frame, which lies elsewhere, is not looked at. */
static inline void time_goes_on(struct engine *e, const struct frame *f, const struct ready *r, unsigned i)
{
	if (r->tally.calm && r->is[i]) {
		time_is(e, r->d[i].ts_ns);
		return;
	}
	time_is(e, f->ts_ns);
	if (f->lost | (f->flags & FRAME_BLIND))
		frames_are_missing(e, f);
}

/* Frames whose headers are not common: the loop of dissectors reads them, in their turn. */
static void frame_of_any_kind(struct engine *e, const struct frame *f)
{
	struct packet *p = &e->packet;
	struct descriptor d;

	packet_whole(e, f);
	if (descriptor_fill(&d, p, e->paths)) {
		struct hash_key key = flow_hash_key(e->flows);
		struct flow_near near;

		flow_hash(&key, &d, &near);
		flow_of(e, f, &d, &near, NULL);
	} else {
		e->totals.no_flow++;
		if (e->index)
			index_add(e->index, f, 0, 0, 0);
		packet_event(e, p, NULL, 0, NULL);
	}
}

struct prepare engine_prepare(const struct engine *e)
{
	return (struct prepare){
		.key = flow_hash_key(e->flows),
		.fast = !e->options.no_fast_path && !e->packet.want_fields && !(e->wants & EVENT_PACKET),
	};
}

void engine_pay(struct engine *e, const struct ready *r)
{
	flow_pay(e->flows, &r->owing);
}

void engine_pays(struct engine *e, void (*all)(void *arg), void *arg)
{
	flow_pays(e->flows, all, arg);
}

void engine_touch_ahead(const struct engine *e, size_t *done)
{
	flow_touch_ahead(e->flows, done);
}

void engine_expect(struct engine *e, struct ready *r)
{
	for (unsigned i = 0; i < r->n && i < AHEAD_SLOT && !r->expected; i++)
		if (r->is[i])
			flow_near_slot(e->flows, &r->d[i], &r->near[i]);
	r->expected = true;
}

/* What another thread wrote of packet i lies with that one's processor, which may be far away: it is asked for a batch ahead. */
static inline void get_here(const struct ready *r, unsigned i)
{
	for (size_t at = 0; at < sizeof r->d[i]; at += LINE)
		__builtin_prefetch((const uint8_t *)&r->d[i] + at);
	__builtin_prefetch(&r->near[i]);
}

/* The way that packet i came gets its number, and its flow is brought near; and as much as is mostly kept of its payload, where
 * that is done here. */
static inline void get_near(struct engine *e, struct ready *r, unsigned i, bool here)
{
	if (!r->is[i])
		return;
	if (!r->tally.calm && !headers_path(&r->headers[i], e->paths, &r->d[i])) {
		r->is[i] = false;
		return;
	}
	e->near[i] = r->near[i];
	if (here) {
		__builtin_prefetch(r->d[i].payload);
		__builtin_prefetch((const void *)((uintptr_t)r->d[i].payload + LINE)); /* of none: nowhere */
	}
	flow_near_record(e->flows, &r->d[i], &e->near[i]);
}

/* Nothing is to be said of that one but its round trip, and verdicts. */
static inline void passes(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct flow_trip *trip,
			  uint64_t verdicts)
{
	if (__builtin_expect(e->index != NULL, 0))
		index_add(e->index, frame, trip->id, about(d, trip->side), verdicts);
	if (trip->rtt_ns >= 0)
		histogram_add(&e->rtt[trip->side == 1 ? 0 : 1], trip->rtt_ns);
}

/* One of which nothing is to be said: true, and it is done. */
static inline bool ordinary(struct engine *e, const struct frame *frame, const struct descriptor *d,
			    const struct flow_near *near)
{
	struct flow_trip trip;

	if (!flow_ordinary(e->flows, d, near, &trip))
		return false;
	passes(e, frame, d, &trip, 0);
	return true;
}

/* One of the steps in which most flows go. */
__attribute__((noinline)) static bool steps(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct flow_near *near,
		  const struct headers *h)
{
	struct flow_trip trip;
	const enum flow_stepped stepped = flow_step(e->flows, d, near, &trip);
	struct judgement judged;

	if (stepped == STEP_NOT)
		return false;
	if (stepped == STEP_DONE && !e->learn) {
		passes(e, frame, d, &trip, trip.verdicts);
		return true;
	}
	judged = (struct judgement){.verdicts = trip.verdicts, .dup_ack_number = trip.dup_ack_number, .rtt_ns = trip.rtt_ns,
				    .rtt_of_server = trip.side == 1};
	look_at(e, frame, d, h, flow_met(e->flows, trip.place), trip.side,
		stepped == STEP_HANDSHAKE_DONE ? FLOW_HANDSHAKE_DONE : 0, &judged);
	return true;
}

/* One that begins a flow, and the same of it. */
static inline bool begins(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct flow_near *near)
{
	uint64_t id = flow_begins(e->flows, d, near);

	if (id && __builtin_expect(e->index != NULL, 0))
		index_add(e->index, frame, id, index_about_tcp(0, d->flags, 0), 0);
	return id != 0;
}

static void one_of_any_kind(struct engine *e, const struct frame *f, struct ready *r, unsigned i)
{
	e->packet_is = PACKET_IS_NOT;
	if (!r->is[i])
		frame_of_any_kind(e, f);
	else if (!steps(e, f, &r->d[i], &e->near[i], &r->headers[i]))
		flow_of(e, f, &r->d[i], &e->near[i], &r->headers[i]);
	flow_put_down(e->flows);
	if (e->packet_is != PACKET_IS_NOT)
		count_layers(&e->count, f, &e->packet);
}

/* Packet by packet: time, flow, application, counters, observers. */
int engine_prepared(struct engine *e, const struct frame *frames, unsigned n, struct ready *r, const struct apart *apart)
{
	const struct ready *later = apart ? apart->later : NULL;
	bool here; /* payloads are looked at on this thread */
	unsigned i;

	if (e->stop)
		return e->stop;
	here = !apart || !flow_owe(e->flows, &r->owing, apart->paid);
	dissect_batch(e->dissect);
	count_batch(&e->count, frames, r);
	engine_expect(e, r);
	for (i = 0; i < AHEAD; i++)
		get_near(e, r, i, here);
	for (i = 0; i < n && !e->stop; i++) {
		if (r->is[i + AHEAD_SLOT])
			flow_near_slot(e->flows, &r->d[i + AHEAD_SLOT], &r->near[i + AHEAD_SLOT]);
		get_near(e, r, i + AHEAD, here);
		if (later)
			get_here(later, i);
		if (r->is[i + AHEAD_REST]) {
			flow_near_rest(e->flows, &r->d[i + AHEAD_REST], &e->near[i + AHEAD_REST]);
			if (!here)
				flow_near_payload(e->flows, &r->d[i + AHEAD_REST], &e->near[i + AHEAD_REST]);
		}
		e->count.at = i;
		time_goes_on(e, &frames[i], r, i);
		if (!r->is[i] || (!ordinary(e, &frames[i], &r->d[i], &e->near[i]) &&
				  !begins(e, &frames[i], &r->d[i], &e->near[i])))
			one_of_any_kind(e, &frames[i], r, i);
	}
	if (apart)
		flow_owes(e->flows);
	count_until(&e->count, i);
	dissect_count_steps(e->dissect, e->count.steps);
	e->count.steps = 0;
	return e->stop;
}

int engine_batch(struct engine *e, const struct frame *frames, unsigned n)
{
	const struct prepare how = engine_prepare(e);

	for (; n > SOURCE_BATCH && !e->stop; frames += SOURCE_BATCH, n -= SOURCE_BATCH)
		(void)engine_batch(e, frames, SOURCE_BATCH);
	if (e->stop)
		return e->stop;
	prepare(&how, frames, n, &e->ready, e->flows);
	return engine_prepared(e, frames, n, &e->ready, NULL);
}

int engine_tick(struct engine *e, int64_t now_ns)
{
	struct event ev = {.kind = EVENT_TICK, .ts_ns = now_ns};

	if (now_ns > e->totals.now_ns)
		e->totals.now_ns = now_ns;
	flow_expire(e->flows, e->totals.now_ns);
	publish(e, &ev);
	return e->stop;
}

void engine_capture_lost(struct engine *e, uint64_t all)
{
	if (all > e->frames_lost)
		flow_capture_lost_sometime(e->flows, all - e->frames_lost);
}

int engine_end(struct engine *e, bool keep_flows)
{
	struct event ev = {.kind = EVENT_END, .ts_ns = e->totals.now_ns};

	if (!keep_flows)
		flow_table_end(e->flows);
	if (e->listing)
		listing_ended(e->listing);
	publish(e, &ev);
	return e->stop;
}

const struct totals *engine_totals(struct engine *e)
{
	struct totals *t = &e->totals;
	const struct flow_stats *s = flow_stats(e->flows);

	t->flows_tcp = s->tcp;
	t->flows_udp = s->udp;
	t->flows_icmp = s->icmp;
	t->flows_other = s->other;
	t->flows_live = s->live;
	t->flows_unjudged = s->flows_unjudged;
	t->memory_used = s->memory_used + (e->index ? index_held(e->index) : 0) +
			 (e->listing ? listing_held(e->listing) : 0);
	count_stacks(&e->count);
	return t;
}

const struct dissect_stats *engine_dissect_stats(const struct engine *e)
{
	return dissect_stats(e->dissect);
}

struct flow_table *engine_flows(struct engine *e)
{
	return e->flows;
}

struct match *engine_match(struct engine *e)
{
	return &e->match;
}

struct index *engine_index(struct engine *e)
{
	return e->index;
}

struct remembered *engine_remembered(struct engine *e)
{
	return e->remembered;
}

int engine_remember(struct engine *e, struct source *s, struct error *err)
{
	return remember_open(&e->remembered, &e->index, e, s, e->options.memory, err);
}

struct rates *engine_rates(struct engine *e)
{
	if (!e->rates && e->options.live)
		e->rates = rates_open();
	return e->rates;
}

struct learn **engine_learns(struct engine *e)
{
	return &e->learn;
}

size_t engine_listing_share(const struct engine *e)
{
	return e->options.memory / 16;
}

struct listing *engine_listing(struct engine *e)
{
	if (!e->listing)
		e->listing = listing_open(e, engine_listing_share(e));
	return e->listing;
}

const struct paths *engine_paths(const struct engine *e)
{
	return e->paths;
}
