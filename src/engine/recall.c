/* One packet once more: see recall.h. */
#include "recall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/info.h"

enum {
	BRIEFS = 4096,
	PLACES = 8 * RECALL_FLOWS,
	REPLAY_FLOWS = 48,    /* whose heads are in one engine: all that they keep fits into it */
	FRAGMENTS_BACK = 256, /* packets before one that was put together, among which its pieces are */
};

struct recall_place {
	uint64_t id;    /* 0: free */
	uint32_t place; /* UINT32_MAX: it is in the table no more */
};

/* How much of a flow an engine was fed. */
struct replayed {
	uint32_t flow;      /* 0: no more can be fed of it */
	uint64_t last;      /* packet */
	unsigned fed;
	uint32_t bytes[2];  /* of each side */
};

struct recall {
	struct remembered *m;
	struct source_again again;
	struct dissect *dissect;
	struct packet packet;
	struct flow_record record;
	struct recall_brief brief[BRIEFS];
	struct recall_place place[PLACES];
	unsigned places, forgot;
	struct {
		struct engine *engine;
		struct replayed flow[REPLAY_FLOWS]; /* that it was fed, each from its beginning on */
		unsigned flows;
		uint64_t newest; /* the greatest id that it gave to one */
		struct event ev; /* of the last packet */
		uint64_t id;     /* of its flow there; 0: none */
		bool has;
	} replay;
	struct recall_stats stats;
};

static int dissect_again(struct recall *r, struct error *e)
{
	const struct dissect_options o = {.fragment_memory = 256 << 10};

	dissect_free(r->dissect);
	r->dissect = NULL;
	return dissect_open(&r->dissect, &o, e);
}

int recall_open(struct remembered *m, struct error *e)
{
	struct recall *r = calloc(1, sizeof *r);

	if (!r)
		return error_set(e, ENOMEM, "no memory to look at packets again");
	r->m = m;
	r->packet.want_fields = true;
	r->again.bytes = malloc(SOURCE_AGAIN);
	if (!r->again.bytes || dissect_again(r, e) < 0) {
		recall_free(r);
		return error_set(e, ENOMEM, "no memory to look at packets again");
	}
	m->recall = r;
	return 0;
}

void recall_free(struct recall *r)
{
	if (!r)
		return;
	engine_free(r->replay.engine);
	dissect_free(r->dissect);
	free(r->again.bytes);
	free(r);
}

struct engine *recall_engine(const struct recall *r)
{
	return r->m->engine;
}

const struct recall_stats *recall_stats(const struct recall *r)
{
	return &r->stats;
}

/* ---- flows by id ------------------------------------------------------------------------ */

static struct recall_place *place_of(struct recall *r, uint64_t id)
{
	unsigned at = (unsigned)(id * UINT64_C(0x9e3779b97f4a7c15) >> 40) % PLACES;

	while (r->place[at].id != 0 && r->place[at].id != id)
		at = (at + 1) % PLACES;
	return &r->place[at];
}

static bool place_stands(struct recall *r, const struct recall_place *p)
{
	return p->id != 0 && (p->place == UINT32_MAX || flow_at(engine_flows(r->m->engine), p->place, p->id));
}

void recall_flows(struct recall *r, const uint32_t *ids, unsigned n)
{
	struct flow_table *t = engine_flows(r->m->engine);
	unsigned wanted = 0;
	uint64_t at = 0, id;
	uint32_t place;

	if (r->places + n > PLACES / 2) {
		memset(r->place, 0, sizeof r->place);
		r->places = 0;
		r->forgot++;
	}
	for (unsigned i = 0; i < n; i++) {
		struct recall_place *p = ids[i] ? place_of(r, ids[i]) : NULL;

		if (!p || place_stands(r, p))
			continue;
		r->places += p->id == 0;
		*p = (struct recall_place){.id = ids[i], .place = UINT32_MAX};
		wanted++;
	}
	r->stats.walks += wanted > 0;
	while (wanted > 0 && (id = flow_next_id(t, &at, &place)) != 0) {
		struct recall_place *p = place_of(r, id);

		if (p->id == 0 || p->place != UINT32_MAX)
			continue;
		p->place = place;
		wanted--;
	}
}

unsigned recall_forgot(const struct recall *r)
{
	return r->forgot;
}

const struct flow *recall_flow(struct recall *r, uint64_t id)
{
	struct recall_place *p = place_of(r, id);
	uint32_t one = (uint32_t)id;

	if (id == 0)
		return NULL;
	if (!place_stands(r, p)) {
		recall_flows(r, &one, 1);
		p = place_of(r, id);
	}
	return p->id != 0 && p->place != UINT32_MAX ? flow_at(engine_flows(r->m->engine), p->place, id) : NULL;
}

/* ---- bytes -------------------------------------------------------------------------------- */

static const char *why_gone(int rc)
{
	switch (rc) {
	case -ESTALE:
		return "it has left the history: newer packets took its room";
	case -ENODATA:
		return "the file is shorter than it was";
	case -EBADMSG:
		return "the file has changed: no such packet stands there any more";
	case -ENOTSUP:
		return "its place in the file is not known";
	default:
		return "the file cannot be read";
	}
}

/* Of what was kept: the source still knows its interfaces, unless another thread reads it. */
static void name_interface(struct recall *r)
{
	struct source *s = r->m->source;
	const char *name = s->interface ? s->interface(s, r->again.frame.source, r->again.frame.interface) : NULL;
	size_t n = name ? strnlen(name, sizeof r->again.interface - 1) : 0;

	if (n > 0)
		memcpy(r->again.interface, name, n);
	r->again.interface[n] = '\0';
}

/* The frame of that entry into r->again. */
static int frame_again(struct recall *r, uint64_t number, const struct index_entry *e)
{
	unsigned source = (unsigned)(e->place >> INDEX_PLACE_BITS) & 127;
	uint64_t place = e->place & INDEX_PLACE_MAX;
	struct history *h = r->m->index->history;
	int rc;

	r->stats.frames++;
	r->again.interface[0] = '\0';
	if (source == INDEX_STORED) {
		rc = h ? history_get(h, place, INDEX_PLACE_BITS, number, &r->again) : -ENOTSUP;
		if (rc == 0)
			name_interface(r);
	} else {
		rc = r->m->source->again(r->m->source, source, place, &r->again);
	}
	r->again.frame.number = number;
	return rc;
}

/* ---- what it says --------------------------------------------------------------------------- */

/* What was written about it when it was read is true of these bytes, too. */
static bool agrees(const struct packet *p, const struct index_entry *e)
{
	uint32_t len = p->payload_len < INDEX_LENGTH ? p->payload_len : INDEX_LENGTH;

	if (e->flow == 0)
		return true;
	if (info_is_tcp(p) != ((e->about & INDEX_TCP) != 0) || p->tuple.family == FAMILY_NONE)
		return false;
	return len == (e->about & INDEX_LENGTH) && (!info_is_tcp(p) || (p->tcp.flags & 0x1ff) == index_flags(e->about));
}

static void headers_again(struct recall *r, bool fields)
{
	struct packet *p = &r->packet;

	if (dissect_stats(r->dissect)->fragments > 0)
		(void)dissect_again(r, NULL);
	p->want_fields = fields;
	packet_reset(p, &r->again.frame);
	if (!r->dissect)
		return;
	dissect_batch(r->dissect);
	dissect_headers(r->dissect, p);
}

static int replay_event(void *self, const struct event *ev)
{
	struct recall *r = self;

	r->replay.ev = *ev;
	r->replay.id = ev->flow ? ev->flow->id : 0;
	r->replay.has = true;
	return 0;
}

static bool replay_begin(struct recall *r)
{
	const struct engine_options o = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 1};
	const struct observer observer = {
		.name = "again", .wants = EVENT_PACKET, .wants_fields = true, .event = replay_event, .self = r,
	};

	engine_free(r->replay.engine);
	memset(&r->replay, 0, sizeof r->replay);
	if (engine_open(&r->replay.engine, &o, NULL) < 0 || engine_observe(r->replay.engine, &observer) < 0)
		return false;
	r->stats.replays++;
	return true;
}

/* One packet more through the engine of the replay. */
static bool replay_feed(struct recall *r, uint64_t number, const struct index_entry *e)
{
	r->replay.has = false;
	if (frame_again(r, number, e) < 0)
		return false;
	(void)engine_batch(r->replay.engine, &r->again.frame, 1);
	r->stats.replayed++;
	return r->replay.has;
}

/* The packet, and before it the pieces that it may have been put together of: in an engine of its own. */
static bool replay_fragments(struct recall *r, uint64_t number, const struct index_entry *last)
{
	const uint64_t first = index_first(r->m->index);
	unsigned fed = 0;

	if (!replay_begin(r))
		return false;
	for (uint64_t at = number > FRAGMENTS_BACK ? number - FRAGMENTS_BACK : 1; at <= number; at++) {
		struct index_entry e;

		if (at < first)
			continue;
		if (!index_get(r->m->index, at, &e))
			return false;
		if (e.flow != last->flow && e.flow != 0)
			continue;
		if ((at < number && ++fed > RECALL_HEAD) || !replay_feed(r, at, &e))
			return false;
	}
	return r->replay.has;
}

static struct replayed *replayed_of(struct recall *r, uint32_t flow)
{
	for (unsigned i = 0; i < r->replay.flows; i++)
		if (r->replay.flow[i].flow == flow)
			return &r->replay.flow[i];
	return NULL;
}

/* The flow, of which nothing was fed yet. Its tuple must be new to the engine: see replay_head(). */
static struct replayed *replayed_new(struct recall *r, uint32_t flow, uint64_t birth)
{
	struct replayed *f;

	if ((!r->replay.engine || r->replay.flows == REPLAY_FLOWS) && !replay_begin(r))
		return NULL;
	f = &r->replay.flow[r->replay.flows++];
	*f = (struct replayed){.flow = flow, .last = birth - 1};
	return f;
}

/* What of a flow comes up to that packet. False: it is too much, one of them is gone, or the engine took
 * them for another's. */
static bool replay_on(struct recall *r, struct replayed *f, uint64_t number, const struct index_entry *last)
{
	const unsigned side = last->about & INDEX_SERVER ? 1 : 0;

	if (number - f->last > RECALL_LOOK)
		return false;
	for (uint64_t at = f->last + 1; at <= number; at++) {
		struct index_entry e;

		if (!index_next(r->m->index, last->flow, at, number, &at) || at == 0 || !index_get(r->m->index, at, &e))
			return false;
		if (f->fed > RECALL_HEAD || (at < number && f->fed == RECALL_HEAD) || f->bytes[side] > RECALL_HEAD_BYTES ||
		    !replay_feed(r, at, &e))
			return false;
		if (f->fed++ == 0 && r->replay.id <= r->replay.newest)
			return false;
		r->replay.newest = r->replay.id > r->replay.newest ? r->replay.id : r->replay.newest;
		f->bytes[e.about & INDEX_SERVER ? 1 : 0] += e.about & INDEX_LENGTH;
		f->last = at;
	}
	return r->replay.has;
}

/* The packet as its conversation makes it. Heads of several flows are in one engine, which keeps them apart
 * as it does all flows, by their tuples; it begins anew where a flow is to be fed from its beginning once more,
 * or has the tuple of another one. */
static bool replay_head(struct recall *r, uint64_t number, const struct index_entry *e)
{
	struct replayed *f = r->replay.engine ? replayed_of(r, e->flow) : NULL;
	uint64_t birth;

	if (f && f->last < number)
		return replay_on(r, f, number, e);
	birth = index_birth(r->m->index, e->flow, number > RECALL_LOOK ? number - RECALL_LOOK : 1);
	if (birth == 0 || birth > number)
		return false;
	if (f && !replay_begin(r))
		return false;
	f = replayed_new(r, e->flow, birth);
	if (f && replay_on(r, f, number, e))
		return true;
	if (!f || r->replay.flows == 1 || f->fed != 1)
		return false;
	return replay_begin(r) && (f = replayed_new(r, e->flow, birth)) != NULL && replay_on(r, f, number, e);
}

static bool replay(struct recall *r, uint64_t number, const struct index_entry *e, bool fragments)
{
	bool is = e->flow != 0 || fragments;

	is = is && (fragments ? replay_fragments(r, number, e) : replay_head(r, number, e));
	is = is && agrees(r->replay.ev.packet, e);
	if (fragments)
		r->replay.flows = REPLAY_FLOWS; /* whatever it was fed: no more */
	if (!is)
		return false;
	r->packet = *r->replay.ev.packet;
	r->packet.frame.number = number;
	return true;
}

/* The packet, whose frame is there, by itself, and the application that is known now. */
static bool plain(struct recall *r, const struct index_entry *e, const struct flow *f, bool fields)
{
	struct talk talk = {.from_client = !(e->about & INDEX_SERVER)};

	headers_again(r, fields);
	if (!agrees(&r->packet, e))
		return false;
	talk.known = f ? flow_service(f) : NULL;
	if (e->flow && r->packet.payload && r->dissect)
		(void)dissect_payload(r->dissect, &r->packet, &talk);
	return true;
}

/* The same, put together of its fragments where it is the last, and told apart where it is another one of them. */
static bool whole(struct recall *r, uint64_t number, const struct index_entry *e, const struct flow *f, bool fields)
{
	bool is = plain(r, e, f, fields);

	if (is && !r->packet.fragment.present && !(r->dissect && dissect_stats(r->dissect)->fragments > 0))
		return true;
	return replay(r, number, e, true) || (is && frame_again(r, number, e) == 0 && plain(r, e, f, fields));
}

static void event_of(struct recall *r, struct recalled *out, const struct flow *f, bool record)
{
	out->judged = (struct judgement){.verdicts = out->verdicts, .rtt_ns = -1};
	out->ev = (struct event){
		.kind = EVENT_PACKET,
		.ts_ns = r->packet.frame.ts_ns,
		.packet = &r->packet,
		.side = out->entry.about & INDEX_SERVER ? 1 : 0,
		.judged = out->entry.about & INDEX_TCP ? &out->judged : NULL,
	};
	if (f && record) {
		flow_record_fill(&r->record, engine_flows(r->m->engine), f, engine_paths(r->m->engine));
		out->ev.flow = &r->record;
	}
}

bool recall(struct recall *r, uint64_t number, bool fields, bool record, struct recalled *out)
{
	const struct flow *f;
	int rc;

	memset(out, 0, sizeof *out);
	out->number = number;
	if (!index_get(r->m->index, number, &out->entry))
		return false;
	out->verdicts = index_verdicts(r->m->index, &out->entry);
	f = fields || record || !(out->entry.about & INDEX_TCP) ? recall_flow(r, out->entry.flow) : NULL;
	if (!(fields && out->entry.about & INDEX_HEAD && replay(r, number, &out->entry, false))) {
		rc = frame_again(r, number, &out->entry);
		out->gone = rc < 0 || !whole(r, number, &out->entry, f, fields);
		out->why = out->gone ? why_gone(rc < 0 ? rc : -EBADMSG) : NULL;
		if (rc < 0)
			return true;
	}
	out->interface = r->again.interface;
	event_of(r, out, f, record);
	return true;
}

bool recall_frame(struct recall *r, uint64_t number, struct recalled *out)
{
	int rc;

	memset(out, 0, sizeof *out);
	out->number = number;
	if (!index_get(r->m->index, number, &out->entry))
		return false;
	rc = frame_again(r, number, &out->entry);
	if (rc == 0) {
		headers_again(r, false);
		rc = agrees(&r->packet, &out->entry) || r->packet.fragment.present ? 0 : -EBADMSG;
	}
	out->gone = rc < 0;
	out->why = out->gone ? why_gone(rc) : NULL;
	out->interface = r->again.interface;
	event_of(r, out, NULL, false);
	return true;
}

bool recall_brief(struct recall *r, uint64_t number, struct recall_brief *out)
{
	struct recall_brief *b = &r->brief[number % BRIEFS];
	const struct packet *p = &r->packet;
	struct index_entry e;

	if (b->number == number && number != 0) {
		*out = *b;
		return true;
	}
	if (!index_get(r->m->index, number, &e) || !(e.about & INDEX_TCP) || frame_again(r, number, &e) < 0)
		return false;
	headers_again(r, false);
	if (!agrees(p, &e))
		return false;
	*b = (struct recall_brief){
		.number = number, .ts_ns = p->frame.ts_ns, .seq = p->tcp.seq, .ack = p->tcp.ack,
		.payload_len = p->payload_len, .flags = p->tcp.flags, .window = p->tcp.window,
		.no_time = p->frame.flags & FRAME_NO_TIME,
	};
	*out = *b;
	return true;
}
