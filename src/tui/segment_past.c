/* What the rows before a row tell about it: gaps, duplicate ACKs in a row, how
 * long a window has been zero, whose FIN it ACKs.
 *
 * Only the rows at hand are read. Where what a figure counts from lies before
 * them it stays 0, "not known". Numbers are relative ones, compared across
 * their wrap.
 */
#include <string.h>

#include "segment_words.h"

enum { PAST_HOLES = 4 };

struct past_hole {
	uint32_t from, to;
	int64_t ts_ns; /* noticed */
};

struct past_side {
	bool next_known, ack_known, dup_known, fin, fin_acked, syn, synack;
	bool repaired; /* something was sent again, or late, since the last ACK that moved on after duplicates */
	uint32_t next; /* the number after the highest seen */
	uint32_t ack;
	unsigned dups;
	uint32_t fin_end;
	int64_t zero_ns, fin_ns, last_ns; /* 0: none */
	bool zero;
	struct past_hole hole[PAST_HOLES];
	unsigned holes;
};

struct past {
	uint64_t flow;
	struct past_side side[2];
};

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool has(const struct packet_row *r, enum verdict v)
{
	return (r->verdicts & verdict_bit(v)) != 0;
}

static uint32_t past_end(const struct packet_row *r)
{
	return r->seq_from_isn + r->payload_len + ((r->flags & TCP_SYN) != 0) + ((r->flags & TCP_FIN) != 0);
}

/* A run in order: each side moved on by so many bytes, and no window was zero. */
static void past_folded(struct past *p, const struct packet_row *r)
{
	for (unsigned i = 0; i < 2; i++) {
		struct past_side *s = &p->side[i];

		if (r->folded_bytes[i] > INT32_MAX)
			s->next_known = false;
		s->next += (uint32_t)r->folded_bytes[i];
		if (r->folded_segments[i] == 0)
			continue;
		s->ack_known = false;
		s->dup_known = true; /* none in a run: the next one is the first */
		s->dups = 0;
		s->zero = false;
		s->last_ns = segment_end_ns(r);
	}
}

static void past_sequence(struct past_side *s, struct segment *out)
{
	const struct packet_row *r = out->row;
	uint32_t end = past_end(r);
	bool ordinary = !(r->verdicts & SEGMENT_REPEATS) && !has(r, VERDICT_OUT_OF_ORDER) && !has(r, VERDICT_EXACT_LATE) &&
			!has(r, VERDICT_KEEP_ALIVE) && !has(r, VERDICT_ZERO_WINDOW_PROBE) && !(r->flags & TCP_RST);

	if (!ordinary && r->payload_len > 0)
		s->repaired = true;
	if (!r->seq_known)
		return;
	if (has(r, VERDICT_LOST_SEGMENT) && s->next_known && after(r->seq_from_isn, s->next)) {
		out->gap = r->seq_from_isn - s->next;
		out->gap_at = s->next;
		s->hole[s->holes++ % PAST_HOLES] = (struct past_hole){s->next, r->seq_from_isn, r->ts_ns};
	}
	for (unsigned i = 0; i < PAST_HOLES && i < s->holes && r->payload_len > 0; i++)
		if (!after(s->hole[i].from, r->seq_from_isn) && after(s->hole[i].to, r->seq_from_isn))
			out->late_ns = r->ts_ns - s->hole[i].ts_ns;
	out->tail = s->next_known && end == s->next;
	out->fin_sent = s->fin;
	if (r->flags & TCP_FIN && s->fin && r->payload_len == 0)
		out->late_ns = r->ts_ns - s->fin_ns;
	if (r->flags & TCP_FIN && !s->fin) {
		s->fin = true;
		s->fin_ns = r->ts_ns;
		s->fin_end = end;
	}
	if (r->flags & TCP_SYN) {
		out->answers_syn = r->answers_syn || (r->flags & TCP_ACK && s->syn && !s->synack);
		s->syn = s->syn || !(r->flags & TCP_ACK);
		s->synack = s->synack || r->flags & TCP_ACK;
	}
	/* The first one at hand says where the numbers are only if it is none of those behind the highest. */
	if (ordinary && (!s->next_known || after(end, s->next))) {
		s->next = end;
		s->next_known = true;
	}
}

static void past_acknowledged(struct past_side *s, struct past_side *other, struct segment *out)
{
	const struct packet_row *r = out->row;

	if (!(r->flags & TCP_ACK) || !r->ack_known || r->flags & TCP_RST || has(r, VERDICT_EXACT_DUPLICATE))
		return;
	if (has(r, VERDICT_DUP_ACK)) {
		s->dups++;
		out->dup = s->dup_known ? s->dups : 0;
	} else {
		out->fills = s->dups > 0 && other->repaired && s->ack_known && after(r->ack_from_isn, s->ack);
		other->repaired = other->repaired && !out->fills;
		/* The count begins with each new number. */
		if (s->ack_known && r->ack_from_isn != s->ack) {
			s->dups = 0;
			s->dup_known = true;
		}
		s->dup_known = s->dup_known || s->syn || s->synack; /* of its first ACK none is a repeat */
	}
	if (other->fin && !other->fin_acked && !after(other->fin_end, r->ack_from_isn)) {
		other->fin_acked = true;
		out->acks_fin = !(r->flags & TCP_FIN);
		out->closes = s->fin_acked;
	}
	s->ack = r->ack_from_isn;
	s->ack_known = true;
}

static void past_window(struct past_side *s, struct segment *out)
{
	const struct packet_row *r = out->row;
	bool zero = has(r, VERDICT_ZERO_WINDOW) || has(r, VERDICT_ZERO_WINDOW_PROBE_ACK);

	if (r->flags & TCP_RST || has(r, VERDICT_EXACT_DUPLICATE))
		return;
	if (zero && s->zero)
		out->zero_ns = r->ts_ns - s->zero_ns;
	if (s->zero && !zero && r->window != 0)
		out->open_ns = r->ts_ns - s->zero_ns;
	if (zero && !s->zero)
		s->zero_ns = r->ts_ns;
	s->zero = zero || (s->zero && r->window == 0);
}

/* The last FIN's ACK, where the other FIN lies before the rows at hand. */
static void past_closes(const struct past *p, struct segment *out)
{
	const struct flow_record *r = out->flow;
	const char *mine = out->row->side ? "server" : "client";

	if (!out->acks_fin || out->closes || p->side[out->row->side & 1].fin || r == NULL)
		return;
	out->closes = record_is(r, RECORD_STATE, "closed") && record_has(r, RECORD_CLOSED_BY) && r->closed_by != NULL &&
		      strcmp(r->closed_by, mine) == 0;
}

static struct past *past_of(struct past *all, unsigned *n, uint64_t flow)
{
	for (unsigned i = 0; i < *n; i++)
		if (all[i].flow == flow)
			return &all[i];
	/* More flows than can be asked for do not come; if they did, they share the last. */
	if (*n == QUERY_TOGETHER)
		return &all[QUERY_TOGETHER - 1];
	all[*n].flow = flow;
	return &all[(*n)++];
}

void segment_read(struct segment *out, const struct packet_row *rows, unsigned n, const struct flow_record *records,
		  unsigned known)
{
	struct past all[QUERY_TOGETHER];
	unsigned flows = 0;

	memset(all, 0, sizeof all);
	for (unsigned i = 0; i < n; i++) {
		const struct packet_row *r = &rows[i];
		struct past *p = past_of(all, &flows, r->flow);
		struct past_side *side = &p->side[r->side & 1], *other = &p->side[(r->side & 1) ^ 1];
		struct segment *s = &out[i];

		*s = (struct segment){.row = r};
		for (unsigned k = 0; k < known && s->flow == NULL; k++)
			s->flow = records[k].id == r->flow ? &records[k] : NULL;
		s->has_delta = i > 0 && !r->no_time && !rows[i - 1].no_time && !r->gone && !rows[i - 1].gone;
		if (s->has_delta)
			/* Any time may stand in a file: the difference wraps, and does not overflow. */
			s->delta_ns = (int64_t)((uint64_t)r->ts_ns - (uint64_t)segment_end_ns(&rows[i - 1]));
		if (r->folded > 0) {
			past_folded(p, r);
			continue;
		}
		if (r->is_tcp && !r->gone) {
			past_sequence(side, s);
			past_acknowledged(side, other, s);
			s->peer_zero = other->zero;
			past_window(side, s);
			past_closes(p, s);
		} else if (!r->gone && r->side == 1 && other->last_ns > side->last_ns) {
			s->answer_ns = r->ts_ns - other->last_ns;
		}
		side->last_ns = r->ts_ns;
	}
}
