/* What was in the bytes: to tell whether what comes again is the same.
 *
 * A log of what was sent last, of all flows one after the other in the order of
 * packets: memory is written from one end to the other, which costs next to nothing,
 * and begins again where it ends. Each piece of it names the one before of its direction;
 * what comes again is held against them from the newest back, so that only the rare
 * segment that comes again looks for anything.
 *
 * Kept are the first 2 KB of a direction and the first 48 bytes of every segment
 * behind them: enough for what forges and injects, and little to copy. Bytes that are
 * no longer here, or more than WALK_MOST pieces back, are not compared, so a conflict
 * may be missed, never invented. The first copy stays, until bytes that were not seen
 * before come in its place: numbers go round after 4 GB. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/memory.h"

enum {
	CONTENT_MOST = 64 << 20,      /* bytes of log */
	CONTENT_LEAST = 4 << 20,      /* bytes of it that are used before it begins again */
	CONTENT_OF_FLOW = 256,        /* or so many for each flow, if that is more */
	WALK_MOST = 128,              /* pieces looked at for one segment */
	LINE = 64, PUT_AHEAD = 512, PUT_LINES = 4, /* bytes, and lines from there on: brought near for writing */
	AT_ONCE = 64,                 /* batches of which nothing is owed, after one that was asked for something of it */
	GAPS_MOST = 8,                /* parts of it that may wait for an older piece */
};

/* A place is the turn of the log and the offset, so that an old one is known. */
struct piece {
	uint32_t before; /* place of the one before of this direction, 0: none */
	uint32_t tag;    /* whose it is, mixed with its place and a secret: bytes that were sent cannot look like it */
	uint32_t seq;    /* of its first byte */
	uint32_t top;    /* nothing in this piece or an older one lies at this number or behind it */
	uint64_t n;      /* bytes that follow */
};
enum { PIECE_UNITS = sizeof(struct piece) / CONTENTS_UNIT };

/* Part of a segment that was not held against anything yet: offsets in its payload. */
struct gap {
	uint32_t from, to;
};

int contents_open(struct contents *c, const struct hash_key *key, size_t memory, struct error *e)
{
	uint32_t units = 1024;

	while ((size_t)units * 2 * CONTENTS_UNIT <= memory && units < CONTENT_MOST / CONTENTS_UNIT)
		units *= 2;
	c->mask = units - 1;
	c->head = 1;
	c->limit = c->bound = 0;
	c->secret = (uint32_t)(key->a >> 32);
	return memory_reserve((void **)&c->at, contents_size(c), "contents of segments", e);
}

void contents_free(struct contents *c)
{
	if (c->at)
		memory_release(c->at, contents_size(c));
}

size_t contents_size(const struct contents *c)
{
	return ((size_t)c->mask + 1) * CONTENTS_UNIT;
}

size_t contents_touched(const struct contents *c)
{
	const uint32_t at = c->head & c->mask;

	return (size_t)(c->used < at && at > 1 ? at : c->used) * CONTENTS_UNIT; /* it begins at 1 */
}

static struct piece *piece_at(const struct contents *c, uint32_t place)
{
	return (struct piece *)(c->at + (size_t)(place & c->mask) * CONTENTS_UNIT);
}

static inline void put_piece(struct piece *p, const struct piece *is, const uint8_t *bytes)
{
	*p = *is;
	if (is->n == CONTENTS_REST) /* six moves, and no call */
		memcpy(p + 1, bytes, CONTENTS_REST);
	else
		memcpy(p + 1, bytes, is->n);
}

static uint32_t tag_of(const struct contents *c, uint32_t owner, uint32_t place)
{
	return owner ^ c->secret ^ place * UINT32_C(0x9e3779b1);
}

/* The piece at a place, if nothing was written over it since. */
static const struct piece *piece_of(const struct contents *c, uint32_t owner, uint32_t place)
{
	uint32_t turn = c->mask + 1, at = place & c->mask, head = c->head & c->mask;
	const struct piece *p = piece_at(c, place);
	bool here = at < head ? (place & ~c->mask) == (c->head & ~c->mask)
			      : (place & ~c->mask) == (c->head & ~c->mask) - turn;

	return place && here && p->tag == tag_of(c, owner, place) ? p : NULL;
}

/* How much of a segment is kept. */
static uint32_t kept(uint32_t low, const struct descriptor *d, uint32_t at)
{
	uint32_t left = d->payload_captured < d->payload_len ? d->payload_captured : d->payload_len;

	return at - low >= CONTENTS_HEAD && left > CONTENTS_REST ? CONTENTS_REST : left;
}

/* ---- what is owed -------------------------------------------------------------- */

/* Pieces [sure, head) may not be there yet. */
static bool is_owed(const struct contents *c, uint32_t place)
{
	return c->owes && place - c->sure < c->head - c->sure;
}

void flow_pay(struct flow_table *t, const struct flow_owing *o)
{
	enum { AHEAD = 8 };
	const struct contents *c = &t->contents;

	for (unsigned i = 0; i < o->n; i++) {
		const struct flow_owed *one = &o->at[i];
		const struct descriptor *d = one->d;

		if (i + AHEAD < o->n) {
			const uint8_t *payload = o->at[i + AHEAD].d->payload;

			__builtin_prefetch(payload);
			__builtin_prefetch((const void *)((uintptr_t)payload + CONTENTS_REST - 1));
			__builtin_prefetch(c->at + (size_t)(o->at[i + AHEAD].place & c->mask) * CONTENTS_UNIT + LINE, 1);
		}
		put_piece(piece_at(c, one->place), &(struct piece){.before = one->before, .tag = one->tag, .seq = d->tcp.seq,
								   .n = one->n, .top = d->tcp.seq + d->payload_len}, d->payload);
	}
}

/* Now, because somebody looks at it, or the log comes round to it. */
static void pay_all(struct flow_table *t)
{
	struct contents *c = &t->contents;

	if (c->owing) {
		flow_pay(t, c->owing);
		c->owing->n = 0;
	}
	if (c->pays)
		c->pays(c->pays_arg);
	c->owes = false;
}

bool flow_owe(struct flow_table *t, struct flow_owing *o, uint32_t paid)
{
	struct contents *c = &t->contents;

	if (c->owes && paid - c->sure <= c->head - c->sure) /* an old one is outside */
		c->sure = paid;
	if (c->sure == c->head)
		c->owes = false;
	o->n = 0;
	c->owing = c->at_once > 0 ? NULL : o;
	c->at_once = (uint8_t)(c->at_once - (c->at_once > 0));
	o->until = c->head; /* where nothing is owed in it, all before it */
	return c->owing != NULL;
}

void flow_owes(struct flow_table *t)
{
	if (t->contents.owing)
		t->contents.owing->until = t->contents.head;
	t->contents.owing = NULL;
}

void flow_pays(struct flow_table *t, void (*all)(void *arg), void *arg)
{
	t->contents.pays = all;
	t->contents.pays_arg = arg;
	if (!all)
		t->contents.owes = false;
}

/* ---- the log -------------------------------------------------------------------- */

static uint32_t turn_of(const struct contents *c, uint32_t place)
{
	return place & ~c->mask;
}

/* Where the part in use ends: more of it where there are more flows, so that each has its past. */
static void begin_again(struct flow_table *t, uint32_t units)
{
	struct contents *c = &t->contents;
	uint64_t limit = (uint64_t)t->flow_live * (CONTENT_OF_FLOW / CONTENTS_UNIT);

	if (limit < CONTENT_LEAST / CONTENTS_UNIT)
		limit = CONTENT_LEAST / CONTENTS_UNIT;
	c->limit = limit > c->mask ? c->mask : (uint32_t)limit;
	if ((c->head & c->mask) + units <= c->limit)
		return;
	c->used = c->used < (c->head & c->mask) ? c->head & c->mask : c->used;
	c->head = turn_of(c, c->head) + c->mask + 1;
	c->head += c->head == 0; /* no place is 0 */
}

/* Behind the bound. What is owed of the turn before is not run over: up to there, or it is paid first. */
__attribute__((noinline)) static void go_on(struct flow_table *t, uint32_t units)
{
	struct contents *c = &t->contents;

	if ((c->head & c->mask) + units > c->limit) {
		if (c->owes && turn_of(c, c->sure) != turn_of(c, c->head))
			pay_all(t); /* two turns back nothing is owed: the bound below looks at one */
		begin_again(t, units);
	}
	c->bound = c->limit;
	if (!c->owes || turn_of(c, c->sure) == turn_of(c, c->head))
		return;
	if ((c->head & c->mask) + units > (c->sure & c->mask))
		pay_all(t);
	else if (c->bound > (c->sure & c->mask))
		c->bound = c->sure & c->mask;
}

/* Room for a piece of n bytes: a small part of the log. */
static inline uint32_t take(struct flow_table *t, uint32_t *n)
{
	struct contents *c = &t->contents;
	uint32_t units, place;

	if (*n > c->mask / 2)
		*n = c->mask / 2;
	units = PIECE_UNITS + (*n + CONTENTS_UNIT - 1) / CONTENTS_UNIT;
	if ((c->head & c->mask) + units > c->bound)
		go_on(t, units);
	place = c->head;
	c->head += units;
	return place;
}

/* Bytes that were not seen before, from number seq on; behind top lies nothing. */
static inline void put(struct flow_table *t, uint32_t owner, uint32_t *place, uint32_t seq, uint32_t top,
		       const uint8_t *bytes, uint32_t n)
{
	struct contents *c = &t->contents;
	const uint32_t at = take(t, &n);
	struct piece *p = piece_at(c, at);

	put_piece(p, &(struct piece){.before = *place, .tag = tag_of(c, owner, at), .seq = seq, .n = n, .top = top}, bytes);
	for (unsigned line = 0; line < PUT_LINES; line++) /* of the pieces that come next */
		__builtin_prefetch((const uint8_t *)p + PUT_AHEAD + line * LINE, 1);
	*place = at;
}

static void append(struct flow_table *t, const struct content_side *s, uint32_t seq, const uint8_t *bytes, uint32_t n)
{
	put(t, s->owner, s->place, seq, seq_before(seq + n, s->next) ? s->next : seq + n, bytes, n);
}

static uint32_t differences(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	uint32_t differ = 0;

	if (memcmp(a, b, n) == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		differ += a[i] != b[i];
	return differ;
}

/* The gaps of a segment from number at on, where piece p has bytes: compared, and closed. How many differ. */
static uint32_t close_gaps(struct gap *gaps, unsigned *n, const struct piece *p, uint32_t at, const uint8_t *bytes)
{
	const uint8_t *had = (const uint8_t *)(p + 1);
	uint32_t differ = 0;

	for (unsigned i = 0; i < *n; i++) {
		/* Numbers relative to where the piece begins, in 64 bits: nothing wraps. */
		int64_t start = (int32_t)(at - p->seq);
		int64_t from = start + gaps[i].from, to = start + gaps[i].to;

		from = from < 0 ? 0 : from;
		to = to > (int64_t)p->n ? (int64_t)p->n : to;
		if (from >= to)
			continue;
		differ += differences(bytes + (from - start), had + from, (uint32_t)(to - from));
		if (gaps[i].from < from - start && to - start < gaps[i].to && *n < GAPS_MOST) {
			gaps[(*n)++] = (struct gap){(uint32_t)(to - start), gaps[i].to};
			gaps[i].to = (uint32_t)(from - start);
		} else if (gaps[i].from < from - start) {
			gaps[i].to = (uint32_t)(from - start);
		} else {
			gaps[i].from = (uint32_t)(to - start);
		}
	}
	return differ;
}

/* The lowest offset that waits; n: none does. */
static uint32_t lowest(const struct gap *gaps, unsigned n, uint32_t none)
{
	uint32_t low = none;

	for (unsigned i = 0; i < n; i++)
		if (gaps[i].from < gaps[i].to && gaps[i].from < low)
			low = gaps[i].from;
	return low;
}

/* Set apart: what comes again is rare. */
__attribute__((noinline)) static uint32_t compare(struct flow_table *t, const struct content_side *s, uint32_t at,
						   const uint8_t *bytes, uint32_t n)
{
	struct gap gaps[GAPS_MOST] = {{0, n}};
	uint32_t place = *s->place, differ = 0;
	unsigned n_gaps = 1;

	for (unsigned steps = 0; steps < WALK_MOST; steps++) {
		uint32_t low = lowest(gaps, n_gaps, n);
		const struct piece *p;

		if (__builtin_expect(is_owed(&t->contents, place), 0)) {
			pay_all(t);
			t->contents.at_once = AT_ONCE;
		}
		p = piece_of(&t->contents, s->owner, place);
		t->stats.interval_steps++;
		if (!p || low == n || !seq_before(at + low, p->top))
			break;
		differ += close_gaps(gaps, &n_gaps, p, at, bytes);
		place = p->before;
	}
	for (unsigned i = 0; i < n_gaps; i++)
		if (gaps[i].from < gaps[i].to)
			append(t, s, at + gaps[i].from, bytes + gaps[i].from, gaps[i].to - gaps[i].from);
	return differ;
}

uint32_t contents_saw(struct flow_table *t, const struct content_side *s, const struct descriptor *d, bool again)
{
	uint32_t at = d->tcp.seq + (d->flags & TCP_SYN ? 1 : 0), n = kept(s->low, d, at);

	if (n == 0)
		return 0;
	t->stats.bytes_copied += n;
	if (again)
		return compare(t, s, at, d->payload, n);
	append(t, s, at, d->payload, n);
	return 0;
}

void contents_follow(struct flow_table *t, uint32_t owner, uint32_t *place, uint32_t low, const struct descriptor *d)
{
	const uint32_t seq = d->tcp.seq;
	struct contents *c = &t->contents;
	uint32_t n = kept(low, d, seq), at;

	if (n == 0)
		return;
	t->stats.bytes_copied += n;
	if (!c->owing || c->owing->n == FLOW_OWED) {
		put(t, owner, place, seq, seq + d->payload_len, d->payload, n);
		return;
	}
	at = take(t, &n);
	if (!c->owes)
		c->sure = at;
	c->owes = true;
	c->owing->at[c->owing->n++] = (struct flow_owed){.d = d, .place = at, .before = *place, .tag = tag_of(c, owner, at), .n = n};
	*place = at;
}
