/* Looking up a tuple, and what has ended and can still be found.
 *
 * Packets come late: a socket that a sweep misses stays for HOST_KEEP_S seconds,
 * the last HOST_KEPT of them, with up to four of its holders. Tuples are used
 * again, so a tuple may have several that ended: the last one is found first.
 */
#include "table.h"

#include <string.h>

#include "sockeye/clock.h"

enum { KEEP_CHAIN = 64 /* sockets of one endpoint that are looked at */, KEEP_EARLY_MS = 5 }; /* a packet may be a little older than what the kernel says of it */

static uint32_t kept_slot(const struct host_table *t, const struct endpoint *local, const struct endpoint *remote)
{
	const struct {
		struct address local, remote;
		uint16_t local_port, remote_port;
		uint32_t family;
	} is = {local->ip, remote->ip, local->port, remote->port, local->family};

	return (uint32_t)(hash_bytes(&t->key, &is, sizeof is) % HOST_KEPT);
}

/* The new one, or NULL: the oldest go first, which the caller gives last. */
static struct kept *keep_one(struct host_table *t, const struct socket_record *s, int64_t gone_ns)
{
	uint32_t *slot;
	struct kept *k;

	if (t->n_kept == HOST_KEPT) {
		t->facts.forgotten++;
		return NULL;
	}
	k = &t->kept[t->n_kept++];
	k->socket = *s;
	k->socket.owners = 0;
	k->socket.owner = k->socket.listener = SOCKET_NONE;
	k->gone_ns = gone_ns;
	slot = &t->kept_slots[kept_slot(t, &s->local, &s->remote)];
	k->next = *slot;
	*slot = t->n_kept; /* one more than its place */
	return k;
}

static void keep_owners(struct host_table *t, struct kept *k, const struct host_table *from,
			const struct socket_owner *owners, uint32_t n)
{
	for (uint32_t i = 0; i < n && k->socket.owners < TABLE_KEPT_OWNERS; i++) {
		struct socket_owner o = owners[i];

		o.process = table_process(t, &from->processes[o.process]);
		if (o.process != SOCKET_NONE)
			k->owner[k->socket.owners++] = o;
	}
}

void table_keep(struct host_table *t, const struct host_table *before, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		const struct socket_record *s = &before->sockets[i], *now;
		struct kept *k;

		if ((s->family != SOCKET_INET && s->family != SOCKET_INET6) || s->cookie == 0 || s->remote.family == FAMILY_NONE)
			continue;
		/* In TIME-WAIT, or closed and still sending: it is nobody's any more, and whose it was is asked. */
		now = table_by_cookie(t, s->cookie);
		if (now && (now->inode != 0 || s->inode == 0))
			continue;
		k = keep_one(t, s, t->facts.at_ns);
		if (k && s->owners > 0)
			keep_owners(t, k, before, &before->owners[s->owner], s->owners);
	}
}

void table_keep_kept(struct host_table *t, const struct host_table *before)
{
	for (uint32_t i = 0; i < before->n_kept; i++) {
		const struct kept *old = &before->kept[i];
		struct kept *k;

		if (t->facts.at_ns - old->gone_ns > HOST_KEEP_S * CLOCK_S)
			continue;
		k = keep_one(t, &old->socket, old->gone_ns);
		if (k)
			keep_owners(t, k, before, old->owner, old->socket.owners);
	}
}

/* ---- looking up -------------------------------------------------------------------------- */

static struct endpoint endpoint_of(const struct tuple *t, bool to)
{
	return (struct endpoint){
		.ip = to ? t->to : t->from, .port = to ? t->to_port : t->from_port, .family = t->family, .has_port = true};
}

/* cookie: that one alone; 0: any. */
static const struct socket_record *find_gone(const struct host_table *t, const struct socket_record *like, int64_t at_ns,
					     uint64_t cookie)
{
	uint32_t i = t->kept_slots[kept_slot(t, &like->local, &like->remote)], first = HOST_KEPT;

	for (; i > 0; i = t->kept[i - 1].next) {
		const struct kept *k = &t->kept[i - 1];

		if (i - 1 < first && k->socket.proto == like->proto && (cookie == 0 || k->socket.cookie == cookie) &&
		    tuple_compare_endpoint(&k->socket.local, &like->local) == 0 &&
		    tuple_compare_endpoint(&k->socket.remote, &like->remote) == 0 &&
		    (at_ns == 0 || at_ns <= k->gone_ns + KEEP_EARLY_MS * CLOCK_MS))
			first = i - 1;
	}
	return first < HOST_KEPT ? &t->kept[first].socket : NULL;
}

const struct socket_record *host_find(const struct host_table *t, const struct tuple *tuple, bool local_to, int64_t at_ns,
				      enum host_match *how)
{
	struct socket_record like = {
		.proto = tuple->proto, .local = endpoint_of(tuple, local_to), .remote = endpoint_of(tuple, !local_to)};
	const struct socket_record *gone;
	uint32_t found = table_tuple_first(t, &like);

	*how = HOST_GONE;
	gone = found == SOCKET_NONE                  ? find_gone(t, &like, at_ns, 0)
	       : t->sockets[found].inode == 0        ? find_gone(t, &like, at_ns, t->sockets[found].cookie)
						     : NULL;
	if (gone)
		return gone;
	*how = HOST_CONNECTED;
	if (found != SOCKET_NONE)
		return &t->sockets[found];
	*how = HOST_BOUND;
	like.remote = (struct endpoint){.family = FAMILY_NONE};
	found = table_tuple_first(t, &like);
	if (found != SOCKET_NONE)
		return &t->sockets[found];
	*how = HOST_WILDCARD;
	memset(&like.local.ip, 0, sizeof like.local.ip);
	for (unsigned turn = 0; turn < 2; turn++) {
		found = table_tuple_first(t, &like);
		for (unsigned i = 0; turn == 1 && i < KEEP_CHAIN && found != SOCKET_NONE && t->sockets[found].only_ipv6; i++)
			found = t->same[found];
		if (found != SOCKET_NONE && !(turn == 1 && t->sockets[found].only_ipv6))
			return &t->sockets[found];
		if (like.local.family == FAMILY_IPV6)
			break;
		like.local.family = FAMILY_IPV6; /* one for both */
	}
	*how = HOST_NO_MATCH;
	return NULL;
}

const struct socket_record *host_next(const struct host_table *t, const struct socket_record *s)
{
	uint32_t next;

	if ((uintptr_t)s < (uintptr_t)t->sockets || (uintptr_t)s >= (uintptr_t)(t->sockets + t->facts.n_sockets))
		return NULL; /* one that has ended */
	next = t->same[s - t->sockets];
	return next != SOCKET_NONE ? &t->sockets[next] : NULL;
}

const struct socket_record *host_by_cookie(const struct host_table *t, uint64_t cookie)
{
	return cookie != 0 ? table_by_cookie(t, cookie) : NULL;
}

const struct socket_owner *host_owners(const struct host_table *t, const struct socket_record *s, uint32_t *n)
{
	*n = s->owners;
	if (s->owners == 0)
		return NULL;
	/* Of those that ended, the holders lie beside it. */
	if ((uintptr_t)s >= (uintptr_t)t->kept && (uintptr_t)s < (uintptr_t)(t->kept + t->n_kept))
		return t->kept[((uintptr_t)s - (uintptr_t)t->kept) / sizeof *t->kept].owner;
	return &t->owners[s->owner];
}
