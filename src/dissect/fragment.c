/* IP fragments put together, within bounds.
 *
 * Bytes are kept in small blocks of one pool, each a piece of one datagram, in
 * the order of their offsets and without overlap. Bounded in bytes, datagrams,
 * pieces of one datagram and time; what is given up is counted, and remembered
 * until its time is over, so that its stragglers take no memory.
 *
 * Overlaps: in IPv4 the bytes that came first stay; in IPv6 the datagram is
 * dropped (RFC 5722 section 3), an exact duplicate is ignored (RFC 8200 4.5).
 * The path (VLAN, tunnel) is no part of the key.
 *
 *   datagram: [piece 0..511] -> [piece 512..1023] -> [piece 1480..1991] ...
 */
#include "fragment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/memory.h"

enum {
	FRAGMENT_DATAGRAMS = 256,
	FRAGMENT_PIECES = 512, /* of one datagram: 64 KiB in pieces of 128 bytes */
	FRAGMENT_PIECE_BYTES = 512,
	FRAGMENT_DATAGRAM_MAX = 65535,
	FRAGMENT_WHOLE_MAX = 64,        /* datagrams lent in one batch */
	FRAGMENT_WHOLE_SLOT = 65536,
	FRAGMENT_NONE = 0, /* piece 0 is not used: zeroed memory holds no links */
};

static const size_t FRAGMENT_MEMORY = 4u << 20;
static const int64_t FRAGMENT_TIMEOUT_NS = 30 * CLOCK_S;

struct fragment_piece {
	uint32_t next; /* in the datagram, or in the free list */
	uint16_t offset, len;
	uint8_t bytes[FRAGMENT_PIECE_BYTES];
};

struct fragment_datagram {
	struct address from, to;
	int64_t first_ns;
	uint32_t id;
	uint32_t head;      /* first piece */
	uint32_t total;     /* known once the last fragment came; 0: not yet */
	uint32_t have;      /* bytes kept */
	uint16_t pieces;
	uint8_t family;     /* FAMILY_NONE: free */
	uint8_t proto;
	bool given_up;
};

struct fragments {
	struct fragment_datagram datagram[FRAGMENT_DATAGRAMS];
	struct dissect_stats *stats;
	struct fragment_piece *piece;
	size_t piece_memory;
	uint32_t piece_count, piece_fresh, piece_free; /* fresh: never used from here on */
	uint8_t *whole;
	unsigned wholes;
	int64_t timeout_ns;
};

int fragments_open(struct fragments **out, const struct dissect_options *o, struct dissect_stats *stats,
		   struct error *e)
{
	struct fragments *f = calloc(1, sizeof *f);
	void *memory;
	int r;

	*out = NULL;
	if (!f)
		return error_set(e, ENOMEM, "fragments: out of memory");
	f->stats = stats;
	f->timeout_ns = o && o->fragment_timeout_ns > 0 ? o->fragment_timeout_ns : FRAGMENT_TIMEOUT_NS;
	f->piece_memory = o && o->fragment_memory > 0 ? o->fragment_memory : FRAGMENT_MEMORY;
	if (f->piece_memory < 2 * FRAGMENT_WHOLE_SLOT)
		f->piece_memory = 2 * FRAGMENT_WHOLE_SLOT;
	if (f->piece_memory > (size_t)1 << 31)
		f->piece_memory = (size_t)1 << 31;
	f->piece_count = (uint32_t)(f->piece_memory / sizeof(struct fragment_piece));
	f->piece_fresh = FRAGMENT_NONE + 1;
	if ((r = memory_reserve(&memory, f->piece_memory, "fragments", e)) < 0) {
		free(f);
		return r;
	}
	f->piece = memory;
	r = memory_reserve(&memory, (size_t)FRAGMENT_WHOLE_MAX * FRAGMENT_WHOLE_SLOT, "reassembled datagrams", e);
	if (r < 0) {
		memory_release(f->piece, f->piece_memory);
		free(f);
		return r;
	}
	f->whole = memory;
	*out = f;
	return 0;
}

void fragments_free(struct fragments *f)
{
	if (!f)
		return;
	memory_release(f->piece, f->piece_memory);
	memory_release(f->whole, (size_t)FRAGMENT_WHOLE_MAX * FRAGMENT_WHOLE_SLOT);
	free(f);
}

void fragments_batch(struct fragments *f)
{
	f->wholes = 0;
}

/* ---- pieces and datagrams ------------------------------------------------ */

static void fragment_release(struct fragments *f, struct fragment_datagram *d)
{
	f->stats->fragment_steps += d->pieces;
	while (d->head != FRAGMENT_NONE) {
		uint32_t at = d->head;

		d->head = f->piece[at].next;
		f->piece[at].next = f->piece_free;
		f->piece_free = at;
	}
	d->pieces = 0;
	d->have = 0;
}

static void fragment_forget(struct fragments *f, struct fragment_datagram *d)
{
	if (!d->given_up)
		f->stats->fragments_forgotten++;
	fragment_release(f, d);
	d->family = FAMILY_NONE;
}

/* Its bytes go, its key stays for the rest of its time. */
static void fragment_give_up(struct fragments *f, struct fragment_datagram *d)
{
	if (!d->given_up)
		f->stats->fragments_forgotten++;
	fragment_release(f, d);
	d->given_up = true;
}

static struct fragment_datagram *fragment_oldest(struct fragments *f, const struct fragment_datagram *but)
{
	struct fragment_datagram *oldest = NULL;

	for (unsigned i = 0; i < FRAGMENT_DATAGRAMS; i++) {
		struct fragment_datagram *d = &f->datagram[i];

		f->stats->fragment_steps++;
		if (d->family == FAMILY_NONE || d == but || (but && d->head == FRAGMENT_NONE))
			continue;
		if (!oldest || d->first_ns < oldest->first_ns)
			oldest = d;
	}
	return oldest;
}

/* A free piece; the oldest other datagram gives up its own if there is none. */
static uint32_t fragment_piece(struct fragments *f, const struct fragment_datagram *mine)
{
	uint32_t at;

	if (f->piece_free == FRAGMENT_NONE && f->piece_fresh == f->piece_count) {
		struct fragment_datagram *oldest = fragment_oldest(f, mine);

		if (!oldest)
			return FRAGMENT_NONE;
		fragment_give_up(f, oldest);
	}
	if (f->piece_free == FRAGMENT_NONE)
		return f->piece_fresh++;
	at = f->piece_free;
	f->piece_free = f->piece[at].next;
	return at;
}

static bool fragment_is(const struct fragment_datagram *d, const struct packet *p)
{
	/* RFC 791 section 3.2: the protocol belongs to the key; IPv6: it does not. */
	return d->id == p->fragment.id && d->family == p->tuple.family &&
	       (d->family == FAMILY_IPV6 || d->proto == p->fragment.proto) &&
	       memcmp(&d->from, &p->tuple.from, sizeof d->from) == 0 &&
	       memcmp(&d->to, &p->tuple.to, sizeof d->to) == 0;
}

/* The datagram of this fragment, begun if it is the first one seen. */
static struct fragment_datagram *fragment_find(struct fragments *f, const struct packet *p)
{
	struct fragment_datagram *d = NULL, *unused = NULL;
	int64_t now = p->frame.ts_ns;

	for (unsigned i = 0; i < FRAGMENT_DATAGRAMS && !d; i++) {
		struct fragment_datagram *one = &f->datagram[i];

		f->stats->fragment_steps++;
		if (one->family == FAMILY_NONE)
			unused = unused ? unused : one;
		else if (fragment_is(one, p))
			d = one;
	}
	if (d && now - d->first_ns <= f->timeout_ns)
		return d;
	if (d)
		fragment_forget(f, d);
	else
		d = unused;
	if (!d) {
		d = fragment_oldest(f, NULL);
		fragment_forget(f, d);
	}
	memset(d, 0, sizeof *d);
	d->from = p->tuple.from;
	d->to = p->tuple.to;
	d->first_ns = now;
	d->id = p->fragment.id;
	d->family = p->tuple.family;
	d->proto = p->fragment.proto;
	return d;
}

/* ---- one fragment --------------------------------------------------------- */

/* How many bytes of [from, to) are there already, and whether they are the same. */
static uint32_t fragment_covered(const struct fragments *f, const struct fragment_datagram *d,
				 const uint8_t *bytes, uint32_t from, uint32_t to, bool *same)
{
	uint32_t covered = 0;

	*same = true;
	for (uint32_t at = d->head; at != FRAGMENT_NONE; at = f->piece[at].next) {
		const struct fragment_piece *e = &f->piece[at];
		uint32_t begin = e->offset > from ? e->offset : from;
		uint32_t end = e->offset + e->len < to ? (uint32_t)e->offset + e->len : to;

		f->stats->fragment_steps++;
		if (begin >= end)
			continue;
		covered += end - begin;
		f->stats->fragment_bytes += end - begin;
		if (memcmp(e->bytes + (begin - e->offset), bytes + (begin - from), end - begin) != 0)
			*same = false;
	}
	return covered;
}

/* Keep [from, to), of which nothing is there yet, behind the piece prev. */
static bool fragment_keep(struct fragments *f, struct fragment_datagram *d, uint32_t *prev,
			  const uint8_t *bytes, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t n = to - from < FRAGMENT_PIECE_BYTES ? to - from : FRAGMENT_PIECE_BYTES;
		uint32_t at = d->pieces < FRAGMENT_PIECES ? fragment_piece(f, d) : FRAGMENT_NONE;
		struct fragment_piece *e = &f->piece[at];

		if (at == FRAGMENT_NONE)
			return false;
		e->offset = (uint16_t)from;
		e->len = (uint16_t)n;
		memcpy(e->bytes, bytes, n);
		e->next = *prev == FRAGMENT_NONE ? d->head : f->piece[*prev].next;
		if (*prev == FRAGMENT_NONE)
			d->head = at;
		else
			f->piece[*prev].next = at;
		*prev = at;
		d->pieces++;
		d->have += n;
		f->stats->fragment_bytes += n;
		from += n;
		bytes += n;
	}
	return true;
}

/* Keep what of [from, to) is not there yet. */
static bool fragment_insert(struct fragments *f, struct fragment_datagram *d, const uint8_t *bytes,
			    uint32_t from, uint32_t to)
{
	uint32_t prev = FRAGMENT_NONE, at = d->head, pos = from;

	for (; at != FRAGMENT_NONE && pos < to; at = f->piece[at].next) {
		uint32_t begin = f->piece[at].offset, end = begin + f->piece[at].len;

		f->stats->fragment_steps++;
		if (begin > pos && !fragment_keep(f, d, &prev, bytes + (pos - from), pos, begin < to ? begin : to))
			return false;
		if (end > pos)
			pos = end;
		prev = at;
	}
	return pos >= to || fragment_keep(f, d, &prev, bytes + (pos - from), pos, to);
}

static enum fragment_outcome fragment_assemble(struct fragments *f, struct fragment_datagram *d,
					       const uint8_t **data, uint32_t *len, const char **words)
{
	uint8_t *to = f->whole + (size_t)f->wholes * FRAGMENT_WHOLE_SLOT;

	if (f->wholes == FRAGMENT_WHOLE_MAX) {
		fragment_give_up(f, d);
		*words = "too many reassembled datagrams at once";
		return FRAGMENT_REFUSED;
	}
	for (uint32_t at = d->head; at != FRAGMENT_NONE; at = f->piece[at].next)
		memcpy(to + f->piece[at].offset, f->piece[at].bytes, f->piece[at].len);
	f->wholes++;
	f->stats->reassembled++;
	f->stats->fragment_steps += d->pieces;
	f->stats->fragment_bytes += d->total;
	*data = to;
	*len = d->total;
	fragment_release(f, d);
	d->family = FAMILY_NONE;
	return FRAGMENT_WHOLE;
}

static enum fragment_outcome fragment_refuse(struct fragments *f, struct fragment_datagram *d,
					     const char **words, const char *why)
{
	fragment_give_up(f, d);
	*words = why;
	return FRAGMENT_REFUSED;
}

enum fragment_outcome fragments_add(struct fragments *f, const struct cursor *c, struct packet *p,
				    const uint8_t **data, uint32_t *len, const char **words)
{
	uint32_t from = p->fragment.offset, have = (uint32_t)cursor_left(c), n = p->fragment.len;
	struct fragment_datagram *d;
	uint32_t covered;
	bool same;

	f->stats->fragments++;
	if (n > FRAGMENT_DATAGRAM_MAX || from + n > FRAGMENT_DATAGRAM_MAX) {
		*words = "the fragment reaches beyond 65535 bytes";
		return FRAGMENT_REFUSED;
	}
	d = fragment_find(f, p);
	if (d->given_up) {
		*words = "fragment of a datagram that was given up";
		return FRAGMENT_REFUSED;
	}
	if (have < n)
		return fragment_refuse(f, d, words, "fragment cut by the capture: not put together");
	if (n == 0 && p->fragment.more)
		return fragment_refuse(f, d, words, "empty fragment");
	if (d->total != 0 && (from + n > d->total || (!p->fragment.more && from + n != d->total)))
		return fragment_refuse(f, d, words, "the fragments disagree about the length");
	covered = fragment_covered(f, d, c->pos, from, from + n, &same);
	if (covered > 0 && p->tuple.family == FAMILY_IPV6 && !(covered == n && same)) {
		f->stats->fragment_overlaps++;
		return fragment_refuse(f, d, words, "fragments overlap: the datagram is dropped");
	}
	if (!p->fragment.more)
		d->total = from + n;
	if (!fragment_insert(f, d, c->pos, from, from + n))
		return fragment_refuse(f, d, words, "too many fragments");
	if (covered > 0)
		packet_issue(p, same ? "duplicate fragment" : "fragments overlap: the first bytes stay");
	if (d->total != 0 && d->have > d->total)
		return fragment_refuse(f, d, words, "the fragments disagree about the length");
	if (d->total != 0 && d->have == d->total)
		return fragment_assemble(f, d, data, len, words);
	return FRAGMENT_WAITS;
}
