/* Which socket was at that end of the flow, in its time.
 *
 * Of what was learnt about single sockets, the times are those of the socket's birth and end, so a
 * tuple that was used again is told apart. Of the tables, a socket was there when they were made:
 * it is taken only where it cannot be one that came before or after the flow.
 *
 *   client's    it is there when the SYN is sent, so it was made before, and lives then
 *   server's    the SYN makes it, so it was made after
 *
 * Of a flow whose SYN was not seen its beginning is not known: the socket must have lived in the
 * time that was seen.
 *
 * Tuples are a network namespace's own: each has a 127.0.0.1. An end whose address is this namespace's has
 * a socket of this one and no other; one that is not may have one of another namespace, where a single one had it then.
 */
#include "owners_private.h"

#include <string.h>

static bool saw_syn(const struct flow_record *r)
{
	return record_has(r, RECORD_HS_SYN) && r->syn;
}

/* Nothing follows on these ports that is still this flow. */
static bool is_over(const struct flow_record *r)
{
	return r->past || record_is(r, RECORD_STATE, "closed") || record_is(r, RECORD_STATE, "refused") ||
	       record_is(r, RECORD_STATE, "reset");
}

static struct tuple tuple_of(const struct flow_record *r, unsigned side)
{
	const struct endpoint *own = side ? &r->server : &r->client, *other = side ? &r->client : &r->server;

	return (struct tuple){.from = own->ip, .to = other->ip, .from_port = own->port, .to_port = other->port,
			      .proto = r->ip_proto, .family = own->family};
}

/* Can that socket have been it? */
static bool lived_then(const struct owned *s, const struct flow_record *r, unsigned side)
{
	const bool syn = saw_syn(r);

	if (s->bits & OWNED_GONE && s->last_ns + (syn ? 0 : OWNERS_LINGER_NS) < r->first_ns)
		return false;
	if (syn && side == 0 && s->bits & OWNED_BORN && s->first_ns > r->first_ns + OWNERS_EARLY_NS)
		return false;
	if (syn && s->first_ns < r->first_ns - OWNERS_EARLY_NS && (side == 1 || !(s->bits & OWNED_BORN)))
		return false;
	return !is_over(r) || s->first_ns <= r->last_ns + OWNERS_EARLY_NS;
}

/* Is it of the namespace that the end can be in? */
static bool lived_there(const struct owners *o, const struct owned *s)
{
	return s->netns == 0 || !owners_is_local(o, &s->tuple.from, s->tuple.family);
}

struct owned *owners_match(struct owners *o, const struct flow_record *r, unsigned side)
{
	const struct tuple t = tuple_of(r, side);
	struct owned *best = NULL;
	uint64_t least = UINT64_MAX;
	bool several = false; /* namespaces: which of them it was is not known */

	for (struct owned *s = owned_first(o, &t); s; s = owned_next(o, s)) {
		const uint64_t apart = s->first_ns > r->first_ns ? (uint64_t)s->first_ns - (uint64_t)r->first_ns
								 : (uint64_t)r->first_ns - (uint64_t)s->first_ns;

		if (!lived_then(s, r, side) || !lived_there(o, s))
			continue;
		several = several || (best && s->netns && best->netns && s->netns != best->netns);
		if (!best || (best->netns && !s->netns) || (!best->netns == !s->netns && apart < least)) {
			best = s;
			least = apart;
		}
	}
	return several && best->netns ? NULL : best;
}

/* ---- the table of all ------------------------------------------------------------------------ */

/* A time at which a socket that a later table lacks must still have been seen: the first sweep
 * after the flow began. What vanished before that one may have been another flow's. */
static int64_t seen_after(const struct owners *o, int64_t first_ns)
{
	const uint64_t kept = o->n_sweeps < OWNERS_SWEEPS ? o->n_sweeps : OWNERS_SWEEPS;
	int64_t at = INT64_MAX;

	for (uint64_t i = o->n_sweeps - kept; i < o->n_sweeps; i++) {
		const int64_t sweep = o->sweeps[i % OWNERS_SWEEPS];

		if (sweep >= first_ns && sweep < at)
			at = sweep;
	}
	return at;
}

const struct socket_record *owners_match_table(struct owners *o, const struct flow_record *r, unsigned side,
					       enum host_match *how)
{
	const struct tuple t = tuple_of(r, side);
	const bool syn = saw_syn(r);
	const struct socket_record *s;
	int64_t ask = syn && o->table ? seen_after(o, r->first_ns) : r->first_ns;

	*how = HOST_NO_MATCH;
	if (!o->table || ask == INT64_MAX)
		return NULL; /* every table is from before the flow */
	s = host_find(o->table, &t, false, syn ? ask + OWNERS_EARLY_NS + CLOCK_MS : ask, how);
	if (!s)
		return NULL;
	/* One that takes any address, or any sender: of another host's end it says nothing, and who has the port now
	 * need not be who had it when the flow was over. */
	if (r->ip_proto != PROTO_TCP && *how != HOST_CONNECTED && *how != HOST_GONE)
		return owners_is_local(o, &t.from, t.family) && (side == 1 || o->facts->at_ns <= r->last_ns + CLOCK_S)
			       ? s : NULL;
	if (*how == HOST_CONNECTED && is_over(r) && o->facts->at_ns > r->last_ns + OWNERS_EARLY_NS)
		return NULL; /* on the same ports again */
	if (r->ip_proto != PROTO_TCP)
		return s;
	return *how == HOST_CONNECTED || *how == HOST_GONE ? s : NULL;
}

/* ---- who listens ----------------------------------------------------------------------------------- */

unsigned owners_match_shared(struct owners *o, const struct socket_record *s, bool ipv4,
			     const struct socket_record *out[OWNERS_CANDIDATES])
{
	unsigned n = 0;

	for (; s; s = host_next(o->table, s)) {
		if (ipv4 && s->only_ipv6)
			continue;
		if (n == OWNERS_CANDIDATES)
			return 0;
		out[n++] = s;
	}
	return n;
}

static const struct heard *heard_of(const struct owners *o, uint64_t cookie)
{
	unsigned low = 0, high = o->n_heard;

	while (low < high) {
		const unsigned middle = (low + high) / 2;

		if (o->heard[middle].cookie == cookie)
			return &o->heard[middle];
		if (o->heard[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Could one that listened there have taken what went to that end? One at any address, where none was at its own. */
static bool heard_it(const struct endpoint *local, const struct endpoint *end, bool wildcard)
{
	static const struct address any;

	if (tuple_compare_endpoint(local, end) == 0)
		return true;
	return wildcard && local->port == end->port && memcmp(local->ip.b, any.b, sizeof any.b) == 0 &&
	       (local->family == end->family || local->family == FAMILY_IPV6);
}

/* Was there one for that end in the flow's time that is gone since? It may have been the one. wildcard: those that are
 * still there are at any address. */
static bool another_was_there(const struct owners *o, bool wildcard, const struct flow_record *r)
{
	for (unsigned i = 0; i < o->n_heard; i++) {
		const struct heard *h = &o->heard[i];

		if (h->gone_ns != 0 && h->gone_ns >= r->first_ns && h->since_ns <= r->first_ns &&
		    heard_it(&h->local, &r->server, wildcard))
			return true;
	}
	return false;
}

unsigned owners_match_listeners(struct owners *o, const struct flow_record *r, const struct socket_record *out[OWNERS_CANDIDATES])
{
	struct tuple t = tuple_of(r, 1);
	const struct socket_record *s;
	enum host_match how;
	unsigned all, n = 0;

	if (!o->table || r->ip_proto != PROTO_TCP || !record_has(r, RECORD_HS_SYNACK) || !r->synack)
		return 0;
	if (!owners_is_local(o, &t.from, t.family))
		return 0; /* a listener on any address is no other host's */
	t.to_port = 0; /* no connected socket is meant */
	s = host_find(o->table, &t, false, 0, &how);
	if (!s || (how != HOST_BOUND && how != HOST_WILDCARD))
		return 0;
	all = owners_match_shared(o, s, t.family == FAMILY_IPV4, out);
	for (unsigned i = 0; i < all; i++) {
		const struct heard *h = out[i]->state == SOCKET_LISTEN ? heard_of(o, out[i]->cookie) : NULL;

		if (out[i]->state != SOCKET_LISTEN)
			continue;
		if (!h)
			return 0; /* since when is not known */
		if (h->since_ns <= r->first_ns)
			out[n++] = out[i];
	}
	return n > 0 && another_was_there(o, how == HOST_WILDCARD, r) ? 0 : n;
}

/* Listeners that are still there keep their time; in the first table they count as always there. Those that are gone
 * stay a while, as far as there is room. */
static void hear(struct owners *o, const struct host_listener *now, unsigned n)
{
	const int64_t at_ns = o->facts->at_ns, since = o->n_sweeps == 0 ? INT64_MIN : at_ns;
	const unsigned had = o->n_heard;
	unsigned room = HOST_LIVE_LISTENERS - (n < HOST_LIVE_LISTENERS ? n : HOST_LIVE_LISTENERS), i = 0, k = 0;

	memcpy(o->heard_before, o->heard, had * sizeof o->heard[0]);
	for (o->n_heard = 0; i < n || k < had;) { /* both are in order of the cookie */
		const struct heard *old = k < had ? &o->heard_before[k] : NULL;

		if (i < n && (!old || now[i].cookie <= old->cookie)) {
			const bool same = old && old->cookie == now[i].cookie;

			if (o->n_heard == HOST_LIVE_LISTENERS)
				return;
			o->heard[o->n_heard++] = (struct heard){.cookie = now[i].cookie, .local = now[i].local,
								.since_ns = same ? old->since_ns : since};
			k += same;
			i++;
			continue;
		}
		if (room > 0 && (old->gone_ns == 0 || at_ns - old->gone_ns <= HOST_KEEP_S * CLOCK_S)) {
			o->heard[o->n_heard] = *old;
			o->heard[o->n_heard].gone_ns = old->gone_ns ? old->gone_ns : at_ns;
			o->n_heard++;
			room--;
		}
		k++;
	}
}

void owners_table(struct owners *o, const struct host_table *t, const struct host_listener *listeners, unsigned n)
{
	o->table = t;
	o->facts = t ? host_table_sockets(t) : NULL;
	o->unlooked = 0;
	if (!t)
		return;
	hear(o, listeners, n);
	/* A table that may lack one tells of no end. */
	if (o->facts->asked & HOST_UDP_SOCKETS && !o->facts->partial && !o->facts->failed && o->facts->forgotten == 0)
		o->unlooked = o->n_datagrams;
	o->sweeps[o->n_sweeps++ % OWNERS_SWEEPS] = o->facts->at_ns;
}

const struct host_table *owners_has(const struct owners *o)
{
	return o->table;
}
