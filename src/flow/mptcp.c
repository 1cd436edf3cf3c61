/* Multipath TCP: which subflows belong together (RFC 8684; version 0: RFC 6824).
 *
 *   first subflow    MP_CAPABLE   each end tells its key
 *   further ones     MP_JOIN      the SYN tells the token of its receiver: the
 *                                 first 32 bits of SHA-256 (version 0: SHA-1) of the key
 *
 * Connections stand in a ring in the order of birth; slots find them by either
 * token. When the ring is full, the oldest is forgotten, which is counted; its
 * flow goes on. A token that two connections have is the younger one's.
 *
 * The hashes are libnettle's; without it nothing is tied together. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/memory.h"

#if SOCKEYE_NETTLE
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/version.h>
#endif

enum { JOINED_BYTES = sizeof(struct joined) + 4 * sizeof(uint32_t) /* two tokens, half full */ };

static size_t joins_size(size_t memory)
{
	size_t max = 1;

	while (max * 2 * JOINED_BYTES <= memory / 256)
		max *= 2;
	return max * JOINED_BYTES;
}

int joins_open(struct joins *k, size_t memory, struct error *e)
{
	size_t size = joins_size(memory);
	int err;

	k->size = size;
	k->max = (uint32_t)(size / JOINED_BYTES);
	err = memory_reserve((void **)&k->at, size, "multipath connections", e);
	if (err < 0)
		return err;
	k->slots = (uint32_t *)(void *)(k->at + k->max);
	return 0;
}

void joins_free(struct joins *k)
{
	if (k->at)
		memory_release(k->at, (size_t)k->max * JOINED_BYTES);
}

/* ---- tokens ------------------------------------------------------------------- */

#if SOCKEYE_NETTLE

const char *flow_token_library(void)
{
	return "nettle";
}

static bool token_of(unsigned version, const uint32_t key[2], uint32_t *token)
{
	uint8_t bytes[8], digest[SHA256_DIGEST_SIZE];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(key[i / 4] >> (24 - 8 * (i % 4)));
	if (version == 0) {
		struct sha1_ctx c;

		sha1_init(&c);
		sha1_update(&c, sizeof bytes, bytes);
		sha1_digest(&c, SHA1_DIGEST_SIZE, digest);
	} else {
		struct sha256_ctx c;

		sha256_init(&c);
		sha256_update(&c, sizeof bytes, bytes);
		sha256_digest(&c, SHA256_DIGEST_SIZE, digest);
	}
	*token = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
	return true;
}

#else

const char *flow_token_library(void)
{
	return NULL;
}

static bool token_of(unsigned version, const uint32_t key[2], uint32_t *token)
{
	(void)version;
	(void)key;
	(void)token;
	return false;
}

#endif

/* ---- the table ------------------------------------------------------------------ */

static uint32_t mask_of(const struct joins *k)
{
	return k->max * 4 - 1;
}

static uint32_t home_of(const struct flow_table *t, uint32_t token)
{
	return (uint32_t)hash_bytes(&t->key, &token, sizeof token) & mask_of(&t->joins);
}

static uint32_t token_at(const struct joins *k, uint32_t slot)
{
	return k->at[(slot - 1) / 2].token[(slot - 1) % 2];
}

/* The place of the token's slot, or of the empty one where it would be. */
static uint32_t find(struct flow_table *t, uint32_t token)
{
	const struct joins *k = &t->joins;
	uint32_t i = home_of(t, token);

	while (k->slots[i] && token_at(k, k->slots[i]) != token) {
		t->stats.probes++;
		i = (i + 1) & mask_of(k);
	}
	return i;
}

/* No tombstones: a follower moves back unless it stands at or after its home. */
static void slot_remove(struct flow_table *t, uint32_t hole)
{
	struct joins *k = &t->joins;

	for (uint32_t i = (hole + 1) & mask_of(k); k->slots[i]; i = (i + 1) & mask_of(k)) {
		uint32_t home = home_of(t, token_at(k, k->slots[i]));

		t->stats.probes++;
		if (((i - home) & mask_of(k)) >= ((i - hole) & mask_of(k))) {
			k->slots[hole] = k->slots[i];
			hole = i;
		}
	}
	k->slots[hole] = 0;
}

static void forget(struct flow_table *t, struct joined *e)
{
	for (unsigned end = 0; end < 2; end++)
		if (e->known >> end & 1)
			slot_remove(t, find(t, e->token[end]));
	if (e->id)
		t->stats.joins_lost++;
	memset(e, 0, sizeof *e);
}

/* The connection that flow began, or a new one for it. */
static struct joined *joined_of(struct flow_table *t, const struct flow *f, const struct flow_rare *x)
{
	struct joins *k = &t->joins;
	struct joined *e;

	for (unsigned dir = 0; dir < 2; dir++) {
		uint32_t slot = x->bits >> dir & 1 ? k->slots[find(t, x->token[dir])] : 0;

		if (slot && k->at[(slot - 1) / 2].id == f->id)
			return &k->at[(slot - 1) / 2];
	}
	e = &k->at[k->next];
	k->next = (k->next + 1) & (k->max - 1);
	k->begun++;
	forget(t, e);
	e->id = f->id;
	e->subflows = 1;
	return e;
}

static void token_add(struct flow_table *t, struct joined *e, unsigned end, uint32_t token)
{
	struct joins *k = &t->joins;
	uint32_t at = find(t, token), slot = k->slots[at];

	if (slot) /* an older one's: it cannot be found by this any more */
		k->at[(slot - 1) / 2].known &= (uint8_t)~(1u << (slot - 1) % 2);
	e->token[end] = token;
	e->known |= (uint8_t)(1u << end);
	k->slots[at] = (uint32_t)(e - k->at) * 2 + end + 1;
}

/* ---- segments ---------------------------------------------------------------------- */

/* Its sender tells its key; the version is what the later ones agree on. */
static void capable(struct flow_table *t, struct flow *f, struct flow_rare *x, const struct descriptor *d, unsigned dir)
{
	struct joined *e;
	uint32_t token;

	if (d->tcp.syn.mptcp_version > 1)
		return;
	x->version = d->tcp.syn.mptcp_version;
	x->bits |= RARE_VERSION;
	if (x->bits >> dir & 1 || !(d->tcp.syn.mptcp_key[0] | d->tcp.syn.mptcp_key[1]) ||
	    !token_of(x->version, d->tcp.syn.mptcp_key, &token))
		return;
	e = joined_of(t, f, x);
	e->version = x->version;
	token_add(t, e, dir, token);
	x->token[dir] = token;
	x->bits |= (uint8_t)(RARE_TOKEN << dir);
	x->joined = f->id;
	x->subflow = 1;
}

/* The SYN names its receiver by token. */
static void join(struct flow_table *t, struct flow_rare *x, const struct descriptor *d, unsigned dir)
{
	uint32_t slot, token = d->tcp.syn.mptcp_token;
	struct joined *e;

	if (!token || x->bits & (RARE_TOKEN << !dir))
		return;
	x->token[!dir] = token;
	x->bits |= (uint8_t)(RARE_TOKEN << !dir);
	slot = t->joins.slots[find(t, token)];
	if (!slot)
		return;
	e = &t->joins.at[(slot - 1) / 2];
	x->joined = e->id;
	x->version = e->version;
	x->bits |= RARE_VERSION;
	if (e->subflows < UINT16_MAX)
		e->subflows++;
	x->subflow = e->subflows;
	if (e->known >> !((slot - 1) % 2) & 1) {
		x->token[dir] = e->token[!((slot - 1) % 2)];
		x->bits |= (uint8_t)(RARE_TOKEN << dir);
	}
}

void mptcp_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	struct flow_rare *x = flow_rare_need(t, f);

	if (d->tcp.mptcp & MPTCP_FASTCLOSE)
		j->verdicts |= verdict_bit(VERDICT_MPTCP_FASTCLOSE);
	if (!x)
		return;
	if (d->tcp.mptcp & MPTCP_CAPABLE)
		capable(t, f, x, d, dir);
	else if (d->tcp.mptcp & MPTCP_JOIN && (d->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		join(t, x, d, dir);
	if (d->tcp.mptcp & MPTCP_FASTCLOSE)
		x->bits |= RARE_FASTCLOSE;
	if (d->tcp.mptcp & MPTCP_TCPRST && d->flags & TCP_RST && !(x->bits & RARE_REASON)) {
		x->bits |= RARE_REASON;
		x->reset_reason = d->tcp.syn.mptcp_reason;
	}
}
