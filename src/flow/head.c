/* The head of a direction: its first bytes, put in order, until the application
 * and the name of its server are known.
 *
 * Taken only where a dissector says that more bytes would tell more, or where
 * the first payload that arrived is not the direction's first. So most flows
 * never have one, and a flow whose application is known has none.
 *
 *   heads     a record each: start, runs of bytes that are here, blocks
 *   blocks    1 KiB each, taken when a byte falls into them, four at most
 *
 *   start                                     start + FLOW_HEAD_MAX
 *     |##########          ####               |   runs [0,10) [20,24)
 *
 * Bytes are placed by their distance from start (RFC 9293 3.4: numbers wrap);
 * where two segments differ, the first one's stand. The region is bounded; when
 * it is full, the oldest head is forgotten, and counted. A head is given up, and not counted,
 * when its limit is reached or when it was looked at HEAD_TRIES times: then nobody knew it.
 */
#include <string.h>

#include "flow_private.h"

enum { HEAD_TRIES = 32 };

static struct head *head_of(struct flow_table *t, const struct flow *f, unsigned side)
{
	uint32_t ref = f->side[side ^ f->client].head;

	return ref == REF_NONE ? NULL : &t->heads.head[ref];
}

/* Bytes in order from the start. */
static uint32_t head_len(const struct head *h)
{
	return h->runs > 0 && h->run[0].from == 0 ? h->run[0].to : 0;
}

/* ---- memory ---------------------------------------------------------------- */

size_t heads_size(size_t memory)
{
	size_t blocks = memory / 32 / HEAD_BLOCK;

	return blocks * (HEAD_BLOCK + sizeof(struct head));
}

void heads_open(struct heads *s, void *at, size_t size)
{
	s->max = (uint32_t)(size / (HEAD_BLOCK + sizeof(struct head)));
	s->head = at;
	s->bytes = (uint8_t *)at + (size_t)s->max * sizeof(struct head);
	s->free_head = s->free_block = s->old = s->young = REF_NONE;
}

size_t heads_used(const struct heads *s)
{
	return (size_t)s->heads_made * sizeof(struct head) + (size_t)s->blocks_made * HEAD_BLOCK;
}

static uint8_t *block_at(struct heads *s, uint32_t block)
{
	return s->bytes + (size_t)block * HEAD_BLOCK;
}

static void head_release(struct flow_table *t, struct head *h)
{
	struct heads *s = &t->heads;
	uint32_t ref = (uint32_t)(h - s->head);

	for (unsigned i = 0; i < HEAD_BLOCKS; i++) {
		if (h->block[i] == REF_NONE)
			continue;
		memcpy(block_at(s, h->block[i]), &s->free_block, sizeof s->free_block);
		s->free_block = h->block[i];
	}
	if (h->older != REF_NONE)
		s->head[h->older].younger = h->younger;
	else
		s->old = h->younger;
	if (h->younger != REF_NONE)
		s->head[h->younger].older = h->older;
	else
		s->young = h->older;
	/* Where its flow is folded, head_is() will say that it is no longer there. */
	if (t->work.self == h->flow)
		t->work.side[h->dir].head = REF_NONE;
	if (t->scratch.self == h->flow)
		t->scratch.side[h->dir].head = REF_NONE;
	h->flow = REF_NONE;
	h->younger = s->free_head;
	s->free_head = ref;
	t->stats.heads--;
}

bool head_is(const struct heads *s, uint32_t ref, uint32_t flow, unsigned dir)
{
	return ref != REF_NONE && s->head[ref].flow == flow && s->head[ref].dir == dir;
}

void head_forget(struct flow_table *t, uint32_t ref)
{
	head_release(t, &t->heads.head[ref]);
}

/* The oldest but h. */
static bool forget_oldest(struct flow_table *t, const struct head *h)
{
	struct heads *s = &t->heads;
	uint32_t ref = s->old;

	if (ref != REF_NONE && &s->head[ref] == h)
		ref = s->head[ref].younger;
	if (ref == REF_NONE)
		return false;
	t->stats.heads_forgotten++;
	head_release(t, &s->head[ref]);
	return true;
}

/* REF_NONE: neither memory nor anything to forget. */
static uint32_t block_take(struct flow_table *t, const struct head *h)
{
	struct heads *s = &t->heads;
	uint32_t block;

	while (s->free_block == REF_NONE) {
		if (s->blocks_made < s->max && budget_affords_head(t))
			return s->blocks_made++;
		if (!forget_oldest(t, h))
			return REF_NONE;
	}
	block = s->free_block;
	memcpy(&s->free_block, block_at(s, block), sizeof s->free_block);
	return block;
}

/* There are as many heads as blocks, and each has a block, but for the newest. */
static struct head *head_new(struct flow_table *t, struct flow *f, unsigned dir, uint32_t start)
{
	struct heads *s = &t->heads;
	struct head *h;
	uint32_t ref;

	if (s->free_head == REF_NONE && s->heads_made == s->max && !forget_oldest(t, NULL))
		return NULL;
	if (s->free_head != REF_NONE) {
		ref = s->free_head;
		s->free_head = s->head[ref].younger;
	} else {
		ref = s->heads_made++;
	}
	h = &s->head[ref];
	*h = (struct head){
	    .flow = f->self, .dir = (uint8_t)dir, .start = start, .older = s->young, .younger = REF_NONE};
	for (unsigned i = 0; i < HEAD_BLOCKS; i++)
		h->block[i] = REF_NONE;
	if (s->young != REF_NONE)
		s->head[s->young].younger = ref;
	else
		s->old = ref;
	s->young = ref;
	ordinary_leave(f); /* its payloads are wanted */
	f->side[dir].head = ref;
	t->stats.heads++;
	return h;
}

/* ---- bytes ----------------------------------------------------------------- */

/* Bytes [from, to) of the head, none of which is here yet. */
static bool head_write(struct flow_table *t, struct head *h, uint32_t from, uint32_t to, const uint8_t *bytes)
{
	while (from < to) {
		uint32_t i = from / HEAD_BLOCK, at = from % HEAD_BLOCK, n = HEAD_BLOCK - at;

		if (n > to - from)
			n = to - from;
		if (h->block[i] == REF_NONE)
			h->block[i] = block_take(t, h);
		if (h->block[i] == REF_NONE)
			return false;
		memcpy(block_at(&t->heads, h->block[i]) + at, bytes, n);
		bytes += n;
		from += n;
	}
	return true;
}

/* Put [from, to) into the sorted list; runs that touch become one. False: too many. */
static bool runs_add(struct head *h, uint32_t from, uint32_t to)
{
	struct head_run merged[HEAD_RUNS + 1];
	struct head_run new = {(uint16_t)from, (uint16_t)to};
	unsigned n = 0, i = 0;

	while (i < h->runs && h->run[i].to < new.from)
		merged[n++] = h->run[i++];
	for (; i < h->runs && h->run[i].from <= new.to; i++) {
		new.from = h->run[i].from < new.from ? h->run[i].from : new.from;
		new.to = h->run[i].to > new.to ? h->run[i].to : new.to;
	}
	merged[n++] = new;
	while (i < h->runs)
		merged[n++] = h->run[i++];
	if (n > HEAD_RUNS)
		return false;
	memcpy(h->run, merged, n * sizeof *merged);
	h->runs = (uint8_t)n;
	return true;
}

/* Place n bytes at offset: only what is not here yet. False: no memory, or too
 * many holes; then the head is of no use any more. */
static bool head_add(struct flow_table *t, struct head *h, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	uint32_t end = offset + n < FLOW_HEAD_MAX ? offset + n : FLOW_HEAD_MAX, at = offset;

	for (unsigned i = 0; i <= h->runs && at < end; i++) {
		uint32_t gap_end = i < h->runs && h->run[i].from < end ? h->run[i].from : end;

		if (at < gap_end && !head_write(t, h, at, gap_end, bytes + (at - offset)))
			return false;
		if (i < h->runs && at < h->run[i].to)
			at = h->run[i].to;
	}
	return offset >= end || runs_add(h, offset, end);
}

/* ---- what the engine asks -------------------------------------------------- */

static uint32_t payload_seq(const struct descriptor *d)
{
	return d->tcp.seq + (d->flags & TCP_SYN ? 1 : 0); /* fast open: data after the SYN */
}

/* Step over what lies before start: a keep-alive's byte, a repeated SYN's data.
 * False: nothing is left. */
static bool clip(uint32_t start, const struct descriptor *d, uint32_t *offset, const uint8_t **bytes, uint32_t *n)
{
	uint32_t seq = payload_seq(d), before = seq_before(seq, start) ? start - seq : 0;

	if (before >= d->payload_captured)
		return false;
	*offset = seq + before - start;
	*bytes = d->payload + before;
	*n = d->payload_captured - before;
	return true;
}

static enum flow_piece piece_of_head(struct flow_table *t, struct head *h, const struct descriptor *d)
{
	const uint8_t *bytes;
	uint32_t offset, n, had = head_len(h);

	if (!clip(h->start, d, &offset, &bytes, &n))
		return PIECE_OLD;
	if (offset >= FLOW_HEAD_MAX) { /* so far on, and still a hole or unknown */
		head_release(t, h);
		return PIECE_OLD;
	}
	if (!head_add(t, h, offset, bytes, n)) {
		t->stats.heads_forgotten++;
		head_release(t, h);
		return PIECE_OLD;
	}
	if (head_len(h) == had)
		return had < offset ? PIECE_KEPT : PIECE_OLD;
	return head_len(h) >= h->need ? PIECE_GREW : PIECE_KEPT;
}

enum flow_piece flow_head_piece(struct flow_table *t, struct flow *f, unsigned side, const struct descriptor *d)
{
	const struct flow_side *s = &f->side[side ^ f->client];
	struct head *h = head_of(t, f, side);
	uint32_t start = s->base + 1, seq = payload_seq(d);

	if (f->key.proto != PROTO_TCP)
		return PIECE_BEGINS;
	if (h)
		return piece_of_head(t, h, d);
	/* Only the SYN says for certain where a direction begins. */
	if (!(s->bits & (SIDE_SYN | SIDE_SYNACK)) || seq == start)
		return PIECE_BEGINS;
	if (!seq_before(seq, start))
		return seq - start < FLOW_HEAD_MAX ? PIECE_AHEAD : PIECE_BEGINS;
	/* A keep-alive's byte. Far off: the SYN was not this stream's, or something
	 * between us and it changes numbers; look at what there is. */
	return start - seq < FLOW_HEAD_MAX && d->payload_captured <= start - seq ? PIECE_OLD : PIECE_BEGINS;
}

const uint8_t *flow_head(struct flow_table *t, const struct flow *f, unsigned side, uint32_t *len)
{
	const struct head *h = head_of(t, f, side);
	uint8_t *out = t->heads.flat[side];

	*len = h ? head_len(h) : 0;
	for (uint32_t at = 0, i = 0; at < *len; at += HEAD_BLOCK, i++)
		memcpy(out + at, block_at(&t->heads, h->block[i]), *len - at < HEAD_BLOCK ? *len - at : HEAD_BLOCK);
	return *len ? out : NULL;
}

bool flow_head_keep(struct flow_table *t, struct flow *f, unsigned side, const struct descriptor *d, bool ahead,
		    uint32_t need)
{
	unsigned dir = side ^ f->client;
	struct head *h = head_of(t, f, side);
	uint32_t offset, n;
	const uint8_t *bytes;

	if (f->key.proto != PROTO_TCP || f->self & REF_EMBRYO)
		return false;
	if (!h) {
		/* What the capture cut never becomes whole. */
		if (d->payload_captured < d->payload_len)
			return false;
		f = flow_at_hand(t, f);
		h = head_new(t, f, dir, ahead ? f->side[dir].base + 1 : payload_seq(d));
		if (!h || !clip(h->start, d, &offset, &bytes, &n) || !head_add(t, h, offset, bytes, n)) {
			t->stats.heads_forgotten++;
			if (h)
				head_release(t, h);
			return false;
		}
	}
	if (head_len(h) >= FLOW_HEAD_MAX || ++h->tries > HEAD_TRIES) {
		head_release(t, h);
		return false;
	}
	h->need = need < FLOW_HEAD_MAX ? need : FLOW_HEAD_MAX;
	if (h->need <= head_len(h))
		h->need = head_len(h) + 1;
	return true;
}

/* The application became known from the other side. What this side said first
 * was evidence and is not needed any more; but where the client's beginning has
 * not come yet, it may still bring the server's name. */
void head_settle(struct flow_table *t, struct flow *f, unsigned side)
{
	struct head *h = head_of(t, f, side);

	if (h && (side == 1 || head_len(h) > 0))
		head_release(t, h);
}

void flow_head_drop(struct flow_table *t, struct flow *f, unsigned side)
{
	struct head *h = head_of(t, f, side);

	if (h)
		head_release(t, h);
}
