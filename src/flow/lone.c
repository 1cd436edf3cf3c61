/* How flows end of which one packet was seen.
 *
 * In a flood that is what nearly all do, so they are told together where nobody wants records
 * of them (flow_table_lone()): who only counts reads few words of each. */
#include "flow_private.h"
#include "sockeye/clock.h"

static void set_endpoint(struct endpoint *e, const struct embryo *m, unsigned side, bool has_port)
{
	e->ip = side ? m->key.b : m->key.a;
	e->port = side ? m->key.b_port : m->key.a_port;
	e->family = m->key.family;
	e->has_port = has_port;
}

void lone_tell(struct flow_table *t, struct lones *all, uint32_t ref, bool evicted)
{
	const struct embryo *m = &t->embryos[ref & ~REF_EMBRYO];
	unsigned client = m->bits & EMBRYO_FROM_B ? 1 : 0;
	bool has_port = embryo_class(m->key.proto) != FLOW_ICMP;
	bool syn = m->key.proto == PROTO_TCP;
	struct lone *l;

	if (!t->lones) {
		flow_tell(t, embryo_outline(t, ref), evicted);
		return;
	}
	t->stats.evicted += evicted;
	t->stats.evicted_embryos += evicted;
	all->n.syns += syn;
	all->n.evicted += evicted;
	all->n.flows++;
	if (!t->lones_each)
		return;
	l = &all->at[all->n.flows - 1];
	set_endpoint(&l->client, m, client, has_port);
	set_endpoint(&l->server, m, !client, has_port);
	l->syn = syn;
	l->bytes = syn ? 0 : m->mss_or_len;
	l->evicted = evicted;
	if (all->n.flows == FLOW_LONES)
		lones_flush(t, all);
}

void lones_flush(struct flow_table *t, struct lones *all)
{
	if (all->n.flows)
		t->lones(t->arg, &all->n, t->lones_each ? all->at : NULL);
	all->n = (struct lone_counts){0};
}

/* What a chunk has is of one class, and only TCP's wait for an answer to a SYN. */
bool lones_tell_all(struct flow_table *t)
{
	struct lone_counts n = {0};

	if (!t->lones || t->lones_each)
		return false;
	for (uint32_t i = 0; i < t->chunks_made; i++) {
		n.flows += t->chunks[i].live;
		n.syns += t->chunks[i].bucket < EMBRYO_SPREAD ? t->chunks[i].live : 0;
	}
	if (n.flows)
		t->lones(t->arg, &n, NULL);
	return true;
}

/* By age if its time is over, else by want of memory. keep: it stays to be looked at. */
static void end_embryo(struct flow_table *t, uint32_t ref, uint32_t hash, struct lones *all, bool keep)
{
	struct embryo *m = &t->embryos[ref & ~REF_EMBRYO];
	const bool old = flow_too_old(t, embryo_class(m->key.proto), m->ts_ns, t->now_ns);
	uint32_t slot = hash & t->slot_mask;

	lone_tell(t, all, ref, !old);
	if (keep)
		past_keep_lone(t, ref);
	for (t->stats.probes++; t->slots[slot].ref != ref && t->slots[slot].ref != REF_NONE; slot = (slot + 1) & t->slot_mask)
		t->stats.probes++;
	if (t->slots[slot].ref == ref)
		table_remove(t, slot);
	flow_moved(t, ref);
	m->key.family = FAMILY_NONE;
	t->chunks[(ref & ~REF_EMBRYO) / EMBRYO_CHUNK].live--;
	t->embryo_live--;
}

void lone_end_chunk(struct flow_table *t, uint32_t n)
{
	enum { AHEAD = 16 }; /* slots: memory is waited for in so many places at once, not in many more */
	uint32_t first = n * EMBRYO_CHUNK, used = t->chunks[n].used, hash[EMBRYO_CHUNK];
	struct lones all;

	all.n = (struct lone_counts){0};
	for (uint32_t i = 0; i < used + AHEAD; i++) {
		if (i < used) {
			hash[i] = table_hash(t, &t->embryos[first + i].key);
			__builtin_prefetch(&t->slots[hash[i] & t->slot_mask], 1);
		}
		if (i >= AHEAD && t->embryos[first + i - AHEAD].key.family != FAMILY_NONE)
			end_embryo(t, (first + i - AHEAD) | REF_EMBRYO, hash[i - AHEAD], &all, false);
	}
	lones_flush(t, &all);
}

/* The silent ones of a bucket, which are its first: the walk ends at one that
 * may live on. */
static void expire_bucket(struct flow_table *t, const struct embryo_bucket *b, int64_t patience, struct lones *all)
{
	uint32_t next;

	for (uint32_t n = b->old; n != REF_NONE; n = next) {
		uint32_t first = n * EMBRYO_CHUNK;

		next = t->chunks[n].next;
		for (uint32_t i = first; i < first + t->chunks[n].used; i++) {
			t->stats.probes++;
			if (t->embryos[i].key.family == FAMILY_NONE)
				continue;
			if (t->now_ns - t->embryos[i].ts_ns <= patience)
				return;
			end_embryo(t, i | REF_EMBRYO, table_hash(t, &t->embryos[i].key), all, true);
		}
		chunk_release(t, n);
	}
}

void embryo_expire(struct flow_table *t)
{
	struct lones all;

	/* Once per millisecond of the run's time is often enough, and free. */
	if (t->now_ns - t->embryos_looked_ns < CLOCK_MS)
		return;
	t->embryos_looked_ns = t->now_ns;
	all.n = (struct lone_counts){0};
	for (unsigned class = FLOW_HALF_OPEN; class <= FLOW_ICMP; class++) {
		const struct embryo_bucket *first = &t->bucket[(class - FLOW_HALF_OPEN) * EMBRYO_SPREAD];

		for (unsigned i = 0; i < EMBRYO_SPREAD && t->limits.idle_ns[class]; i++)
			expire_bucket(t, first + i, t->limits.idle_ns[class], &all);
	}
	lones_flush(t, &all);
}
