/* The screen's question about the stream of one flow: see streams.h. */
#include "streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "packet_list.h"
#include "sockeye/clock.h"

enum { STREAM_LOOK = 32 /* packets between two looks at the clock */, NOTES_FIRST = 256 };

struct streams {
	struct remembered *m;
	struct packet_list *list; /* packets of the flow */
	uint64_t flow;
	uint64_t looked;          /* number of the packet that was noted last */
	struct stream_note *note;
	size_t notes, room, most;
	bool cut;
	bool dirty;               /* notes that are not in order yet */
	bool over;
	struct stream_order order;
};

int streams_open(struct remembered *m, struct error *e)
{
	struct streams *s = calloc(1, sizeof *s);
	struct packet_list *own = NULL;

	if (!s || packet_list_make(&own, m, e) < 0) {
		free(s);
		return error_set(e, ENOMEM, "no memory for a stream");
	}
	s->m = m;
	s->list = own;
	s->most = m->memory / 4 / sizeof *s->note;
	m->streams = s;
	return 0;
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	packet_list_free(s->list);
	free(s->note);
	free(s->order.part);
	free(s);
}

static bool note_room(struct streams *s)
{
	size_t more = s->room ? s->room * 2 : NOTES_FIRST;
	struct stream_note *at;

	if (s->notes < s->room)
		return true;
	if (more > s->most)
		more = s->most;
	at = more > s->room ? realloc(s->note, more * sizeof *at) : NULL;
	if (!at)
		return false;
	s->note = at;
	s->room = more;
	return true;
}

static void note(struct streams *s, uint64_t number)
{
	struct stream_note *n;
	const struct packet *p;
	struct recalled e;

	if (!recall(s->m->recall, number, false, false, &e) || e.gone)
		return;
	p = e.ev.packet;
	if (!note_room(s)) {
		s->cut = true;
		return;
	}
	n = &s->note[s->notes++];
	*n = (struct stream_note){.number = number, .side = (uint8_t)e.ev.side};
	n->captured = p->payload ? p->payload_captured : 0;
	if (n->captured > p->payload_len)
		n->captured = p->payload_len;
	if (e.entry.about & INDEX_TCP) {
		n->seq = p->tcp.seq;
		n->ack = p->tcp.ack;
		n->flags = p->tcp.flags ? p->tcp.flags : TCP_URG; /* not 0, which is no TCP */
		n->strange = (e.verdicts & verdict_bit(VERDICT_OUT_OF_WINDOW)) != 0;
	}
	s->dirty = true;
}

bool streams_go_on(struct streams *s, int64_t deadline_ns)
{
	bool all = packet_list_go_on(s->list, deadline_ns);

	if (s->flow == 0)
		return true;
	for (unsigned steps = 1; !s->cut; steps++) {
		uint64_t number = packet_list_next(s->list, s->looked, false);

		if (number == 0)
			return all;
		note(s, number);
		s->looked = number;
		if (steps % STREAM_LOOK == 0 && clock_monotonic_ns() >= deadline_ns)
			return false;
	}
	return true;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void ask(struct streams *s, uint64_t flow)
{
	const struct packet_query q = {.flow = {flow}, .flows = 1};

	if (s->flow != flow) {
		s->flow = flow;
		s->looked = 0;
		s->notes = 0;
		s->cut = false;
		s->dirty = true;
	}
	packet_list_ask(s->list, &q);
}

static void put_in_order(struct streams *s, const struct flow_record *r, bool gone)
{
	struct stream_order *o = &s->order;
	bool over = gone || !record_has(r, RECORD_OPEN) || !r->open;

	if (!s->dirty && over == s->over)
		return;
	if (!o->part && !(o->part = malloc((s->most ? s->most : 1) * sizeof *o->part))) {
		o->cut = true;
		return;
	}
	o->most = s->most;
	o->note = s->note;
	o->notes = s->notes;
	for (unsigned i = 0; i < 2; i++) {
		o->isn_known[i] = !gone && r->isn_known[i];
		o->isn[i] = r->isn[i];
	}
	o->over = s->over = over;
	s->dirty = false;
	stream_order(o);
}

/* The bytes of a part into the answer, as far as there is room. */
static void put_bytes(struct streams *s, const struct stream_part *part, struct stream_answer *out, struct stream_piece *piece)
{
	uint32_t n = part->len, room = STREAM_BYTES - out->len;
	const struct packet *p;
	struct recalled e;

	if (!recall(s->m->recall, part->number, false, false, &e) || e.gone)
		return;
	p = e.ev.packet;
	if (!p->payload || part->skip >= p->payload_captured)
		return;
	n = n < p->payload_captured - part->skip ? n : p->payload_captured - part->skip;
	n = n < room ? n : room;
	memcpy(out->bytes + out->len, p->payload + part->skip, n);
	out->len += n;
	piece->here += n;
}

/* False: it has none, or cannot be had any more. */
static bool time_of(struct streams *s, uint64_t number, int64_t *ns)
{
	struct recalled e;

	if (!recall_frame(s->m->recall, number, &e) || e.gone || e.entry.about & INDEX_NO_TIME)
		return false;
	*ns = e.ev.ts_ns;
	return true;
}

/* All pieces are counted; those from q->from on are shown while there is room. */
static void pieces(struct streams *s, const struct stream_query *q, struct stream_answer *out)
{
	const struct stream_order *o = &s->order;
	struct stream_piece *piece = NULL;
	uint64_t at[2] = {0, 0};

	for (size_t i = 0; i < o->parts; i++) {
		const struct stream_part *part = &o->part[i];
		unsigned bits = STREAM_BITS(part), side = bits & STREAM_SERVER ? 1 : 0;
		bool gap = bits & STREAM_GAP;

		if (gap)
			out->gaps_all[side]++;
		else
			out->bytes_all[side] += part->len;
		if (q->side[side] && bits & STREAM_BEGINS) {
			piece = NULL;
			if (out->all++ >= q->from && out->pieces < STREAM_PIECES && out->len < STREAM_BYTES) {
				piece = &out->piece[out->pieces++];
				*piece = (struct stream_piece){
					.index = out->all - 1, .number = STREAM_BY(part), .at = at[side], .from = out->len,
					.side = (uint8_t)side, .gap = gap,
				};
				piece->no_time = !time_of(s, STREAM_BY(part), &piece->ts_ns);
			}
		}
		if (q->side[side] && piece) {
			piece->len += part->len;
			if (!gap)
				put_bytes(s, part, out, piece);
		}
		at[side] += part->len;
	}
}

static bool open_parts(struct remembered *m)
{
	return answer_can_recall(m) && (m->streams || streams_open(m, NULL) == 0);
}

void answer_stream(struct engine *e, const struct stream_query *q, struct stream_answer *out, int64_t deadline_ns)
{
	struct remembered *m = engine_remembered(e);
	struct flow_record r = {.open = false};
	const struct flow *f;
	struct streams *s;

	memset(out, 0, offsetof(struct stream_answer, piece));
	out->len = 0;
	if (!m || q->flow == 0 || !open_parts(m))
		return;
	s = m->streams;
	ask(s, q->flow);
	out->looking = !streams_go_on(s, deadline_ns);
	f = recall_flow(m->recall, q->flow);
	out->has_subject = f != NULL;
	if (f) {
		flow_record_fill(&out->subject, engine_flows(e), f, engine_paths(e));
		r = out->subject;
	}
	put_in_order(s, &r, f == NULL);
	pieces(s, q, out);
	out->cut = s->cut || s->order.cut;
	m->unfinished = out->looking;
}
