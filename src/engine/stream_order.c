/* Notes of segments, put in order: nothing twice, and what is missing is a gap.
 *
 * Packet by packet, as they came. Of the bytes of a segment those count that nobody
 * brought before: the first bytes win. What continues the stream is readable at once;
 * the rest waits behind its hole, and becomes readable with the segment that fills it.
 * A first pass over all notes tells which holes nobody ever fills: those become gaps
 * as soon as something stands behind them that was acknowledged, or nothing more comes.
 *
 *        next                  waits
 *   ======|......|=========|.......|=====
 *          hole             hole
 */
#include <stdlib.h>
#include <string.h>

#include "streams.h"

enum {
	RANGES = 1024,      /* holes at once, of a direction */
	BEGIN_NOTES = 16,   /* segments among which the first byte is, where the SYN was not seen */
	BEGIN_BYTES = 65536,
};

struct range {
	int64_t from, to;
};

/* Bytes that are there: disjoint and ordered. */
struct ranges {
	unsigned n;
	bool full;
	struct range at[RANGES];
};

struct waiting {
	int64_t from;
	uint32_t len, skip;
	uint64_t number;
};

struct direction {
	bool begun;
	uint32_t base;       /* sequence number of its byte 0 */
	int64_t highest;     /* end of what was seen */
	int64_t next;        /* readable up to here */
	int64_t acked;       /* the most that the other side acknowledged, by packet: */
	uint64_t acked_by;
	int64_t fin;         /* place of its FIN, or -1 */
	struct ranges all;   /* of the first pass: bytes that are there at any time */
	struct ranges seen;  /* of the second: so far */
	unsigned waits;
	struct waiting wait[RANGES];
};

/* ---- ranges ----------------------------------------------------------------------------- */

/* The first range that ends behind that place. */
static unsigned range_find(const struct ranges *r, int64_t at)
{
	unsigned low = 0, high = r->n;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (r->at[middle].to <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Add one. False: there are too many holes. */
static bool range_add(struct ranges *r, int64_t from, int64_t to)
{
	unsigned i = range_find(r, from), k;

	if (i > 0 && r->at[i - 1].to == from)
		i--;
	for (k = i; k < r->n && r->at[k].from <= to; k++) {
		from = r->at[k].from < from ? r->at[k].from : from;
		to = r->at[k].to > to ? r->at[k].to : to;
	}
	if (k == i && r->n == RANGES) {
		r->full = true;
		return false;
	}
	memmove(&r->at[i + 1], &r->at[k], (r->n - k) * sizeof r->at[0]);
	r->n = r->n - (k - i) + 1;
	r->at[i] = (struct range){from, to};
	return true;
}

/* Where the stream goes on that has a hole at that place; INT64_MAX: nowhere. */
static int64_t range_after(const struct ranges *r, int64_t at)
{
	unsigned i = range_find(r, at);

	if (i == r->n)
		return INT64_MAX;
	return r->at[i].from > at ? r->at[i].from : at;
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* The place of a sequence number, near what was seen last. */
static int64_t place_of(const struct direction *d, uint32_t seq)
{
	return d->highest + (int32_t)(seq - (d->base + (uint32_t)d->highest));
}

/* Where the payload of a segment stands; behind the SYN, if it has one. */
static int64_t payload_at(const struct direction *d, const struct stream_note *n)
{
	return place_of(d, n->seq + (n->flags & TCP_SYN ? 1 : 0));
}

/* The number of byte 0: behind the SYN, else the lowest among the first few segments. */
static void begin(struct direction *d, const struct stream_order *o, unsigned side)
{
	unsigned looked = 0;

	d->fin = -1;
	if (o->isn_known[side]) {
		d->base = o->isn[side] + 1;
		d->begun = true;
		return;
	}
	for (size_t i = 0; i < o->notes && looked < BEGIN_NOTES; i++) {
		const struct stream_note *n = &o->note[i];
		uint32_t seq = n->seq + (n->flags & TCP_SYN ? 1 : 0);

		if (n->side != side || n->strange || n->captured == 0)
			continue;
		looked++;
		if (!d->begun || ((int32_t)(seq - d->base) < 0 && d->base - seq < BEGIN_BYTES))
			d->base = seq;
		d->begun = true;
	}
}

/* ---- the first pass ------------------------------------------------------------------------- */

static void acknowledge(struct direction *d, const struct stream_note *n)
{
	int64_t place;

	if (!(n->flags & TCP_ACK) || n->flags & TCP_RST || !d->begun)
		return;
	place = place_of(d, n->ack);
	if (place > d->acked && place - d->highest < INT32_MAX) {
		d->acked = place;
		d->acked_by = n->number;
	}
}

static void see_all(struct direction d[2], const struct stream_order *o)
{
	for (size_t i = 0; i < o->notes; i++) {
		const struct stream_note *n = &o->note[i];
		struct direction *s = &d[n->side & 1];
		int64_t from;

		if (n->strange || !n->flags)
			continue;
		acknowledge(&d[!(n->side & 1)], n);
		if (!s->begun)
			continue;
		from = payload_at(s, n);
		if (n->captured && from + n->captured > 0)
			(void)range_add(&s->all, from > 0 ? from : 0, from + n->captured);
		if (n->flags & TCP_FIN)
			s->fin = from + n->captured;
		if (from + n->captured > s->highest)
			s->highest = from + n->captured;
	}
	d[0].highest = d[1].highest = 0;
}

/* ---- the second ------------------------------------------------------------------------------- */

static void put(struct stream_order *o, unsigned bits, uint64_t number, uint64_t by, uint32_t skip, uint32_t len)
{
	struct stream_part *last = o->parts > 0 ? &o->part[o->parts - 1] : NULL;

	if (o->parts == o->most) {
		o->cut = true;
		return;
	}
	if (!last || bits & STREAM_GAP || STREAM_BITS(last) & STREAM_GAP || STREAM_BY(last) != by ||
	    (STREAM_BITS(last) & STREAM_SERVER) != (bits & STREAM_SERVER) || o->piece_len + len > STREAM_PIECE)
		bits |= STREAM_BEGINS;
	o->piece_len = len + (bits & STREAM_BEGINS ? 0 : o->piece_len);
	o->part[o->parts++] = (struct stream_part){.number = number, .by = by | (uint64_t)bits << 48, .skip = skip, .len = len};
}

/* A gap from next up to that place, told by packet by. */
static void put_gap(struct stream_order *o, struct direction *d, unsigned bits, int64_t to, uint64_t by)
{
	while (d->next < to && !o->cut) {
		int64_t len = to - d->next > INT32_MAX ? INT32_MAX : to - d->next;

		put(o, bits | STREAM_GAP, by, by, 0, (uint32_t)len);
		d->next += len;
	}
}

/* What waits at the place where the stream goes on now. */
static void release(struct stream_order *o, struct direction *d, unsigned bits, uint64_t by)
{
	unsigned i = 0;

	while (i < d->waits && d->wait[i].from <= d->next) {
		put(o, bits, d->wait[i].number, by, d->wait[i].skip, d->wait[i].len);
		d->next = d->wait[i].from + d->wait[i].len;
		i++;
	}
	memmove(&d->wait[0], &d->wait[i], (d->waits - i) * sizeof d->wait[0]);
	d->waits -= i;
}

/* Holes before what waits, that nobody fills. */
static void pass_over(struct stream_order *o, struct direction *d, unsigned bits, uint64_t by)
{
	while (d->waits > 0 && d->wait[0].from > d->next && !o->cut) {
		int64_t to = range_after(&d->all, d->next);

		if (to == d->next || to == INT64_MAX || (to > d->acked && !o->over))
			return; /* it will come, or may */
		put_gap(o, d, bits, to, by);
		release(o, d, bits, by);
	}
}

/* Bytes that nobody brought before. */
static void bring(struct stream_order *o, struct direction *d, unsigned bits, const struct stream_note *n, int64_t from,
		  int64_t to, int64_t payload)
{
	uint32_t skip = (uint32_t)(from - payload), len = (uint32_t)(to - from);
	unsigned i;

	if (from == d->next) {
		put(o, bits, n->number, n->number, skip, len);
		d->next = to;
		release(o, d, bits, n->number);
		return;
	}
	if (d->waits == RANGES) {
		o->cut = true;
		return;
	}
	for (i = d->waits; i > 0 && d->wait[i - 1].from > from; i--)
		d->wait[i] = d->wait[i - 1];
	d->wait[i] = (struct waiting){.from = from, .len = len, .skip = skip, .number = n->number};
	d->waits++;
}

static void segment(struct stream_order *o, struct direction *d, const struct stream_note *n)
{
	unsigned bits = n->side ? STREAM_SERVER : 0;
	int64_t payload, at, end;

	if (!d->begun || n->strange)
		return;
	payload = payload_at(d, n);
	end = payload + n->captured;
	at = payload > 0 ? payload : 0;
	if (at < d->next)
		at = d->next;
	if (end > d->highest)
		d->highest = end;
	while (at < end && !o->cut) {
		unsigned i = range_find(&d->seen, at);
		int64_t hole = i < d->seen.n ? d->seen.at[i].from : INT64_MAX;

		if (hole <= at) {
			at = d->seen.at[i].to;
			continue;
		}
		hole = hole < end ? hole : end;
		if (!range_add(&d->seen, at, hole))
			o->cut = true;
		bring(o, d, bits, n, at, hole, payload);
		at = hole > d->next ? hole : d->next;
	}
	pass_over(o, d, bits, n->number);
}

/* What was acknowledged at the end and never seen; a FIN that was not is one of them, so one is none. */
static void missing_end(struct stream_order *o, struct direction *d, unsigned bits)
{
	int64_t to = d->acked - (d->fin >= 0 && d->acked > d->fin ? 1 : 0);

	if (d->begun && d->waits == 0 && to > d->next && (d->fin >= 0 || to - d->next > 1))
		put_gap(o, d, bits, to, d->acked_by);
}

void stream_order(struct stream_order *o)
{
	struct direction *d = calloc(2, sizeof *d);

	o->parts = 0;
	o->cut = d == NULL;
	if (!d)
		return;
	begin(&d[0], o, 0);
	begin(&d[1], o, 1);
	see_all(d, o);
	for (size_t i = 0; i < o->notes && !o->cut; i++) {
		const struct stream_note *n = &o->note[i];

		if (!n->flags) {
			if (n->captured)
				put(o, n->side ? STREAM_SERVER : 0, n->number, n->number, 0, n->captured);
		} else {
			segment(o, &d[n->side & 1], n);
		}
	}
	for (unsigned side = 0; side < 2 && !o->cut; side++)
		missing_end(o, &d[side], side ? STREAM_SERVER : 0);
	free(d);
}
