/* The join of a table: which socket is whose, and whose child.
 *
 * By inode (holders to sockets), by cookie (a dump may give a socket twice: the
 * later one stands) and by tuple (children to their listener). A child is at its
 * listener's local port: at the same address, or any. Where several listeners
 * share a port (SO_REUSEPORT) the kernel does not say whose child it is: it is
 * that one's whose holders hold it, too, or the only one's with something in its
 * queue; else how many there are is kept. Sockets of one tuple hang on the first
 * of them, so that a thousand of them cost no more than a thousand others.
 *
 * It is done in steps that look at JOIN_STEP sockets each, for a thread that has
 * others to look after.
 */
#include <string.h>

#include "table.h"

enum { JOIN_STEP = 4096, JOIN_CHAIN = 64 /* listeners of one endpoint that are looked at */ };

/* ---- indices ------------------------------------------------------------------------------- */

static void places_clear(struct places *p, uint32_t n)
{
	const uint32_t size = table_power((uint64_t)n * 2);

	memset(p->at, 0xff, size * sizeof *p->at);
	p->mask = size - 1;
}

static bool tuple_indexed(const struct socket_record *s)
{
	return (s->family == SOCKET_INET || s->family == SOCKET_INET6) && s->local.has_port;
}

static uint32_t tuple_slot(const struct host_table *t, const struct socket_record *s)
{
	struct {
		struct address local, remote;
		uint16_t local_port, remote_port;
		uint8_t proto, family, zero[2];
	} k = {
		.local = s->local.ip, .local_port = s->local.port, .proto = s->proto, .family = s->local.family,
		.remote_port = s->remote.port,
	};

	if (s->remote.family != FAMILY_NONE)
		k.remote = s->remote.ip;
	return (uint32_t)hash_bytes(&t->key, &k, sizeof k) & t->by_tuple.mask;
}

static bool tuple_same(const struct socket_record *a, const struct socket_record *b)
{
	return a->proto == b->proto && a->local.family == b->local.family && a->local.port == b->local.port &&
	       a->remote.port == b->remote.port && memcmp(&a->local.ip, &b->local.ip, sizeof a->local.ip) == 0 &&
	       (a->remote.family == FAMILY_NONE) == (b->remote.family == FAMILY_NONE) &&
	       (a->remote.family == FAMILY_NONE || memcmp(&a->remote.ip, &b->remote.ip, sizeof a->remote.ip) == 0);
}

/* Its slot, or the free one where it belongs. */
static uint32_t tuple_find(const struct host_table *t, const struct socket_record *like)
{
	uint32_t slot = tuple_slot(t, like);

	while (t->by_tuple.at[slot] != SOCKET_NONE && !tuple_same(&t->sockets[t->by_tuple.at[slot]], like))
		slot = (slot + 1) & t->by_tuple.mask;
	return slot;
}

uint32_t table_tuple_first(const struct host_table *t, const struct socket_record *like)
{
	return t->by_tuple.at[tuple_find(t, like)];
}

static void tuple_put(struct host_table *t, uint32_t place)
{
	uint32_t slot, first;

	t->same[place] = SOCKET_NONE;
	if (!tuple_indexed(&t->sockets[place]))
		return;
	slot = tuple_find(t, &t->sockets[place]);
	first = t->by_tuple.at[slot];
	if (first == SOCKET_NONE) {
		t->by_tuple.at[slot] = place;
		return;
	}
	t->same[place] = t->same[first];
	t->same[first] = place;
}

static uint32_t cookie_find(const struct host_table *t, uint64_t cookie)
{
	uint32_t slot = (uint32_t)hash_fold(cookie ^ t->key.a, t->key.b) & t->by_cookie.mask;

	while (t->by_cookie.at[slot] != SOCKET_NONE && t->sockets[t->by_cookie.at[slot]].cookie != cookie)
		slot = (slot + 1) & t->by_cookie.mask;
	return slot;
}

const struct socket_record *table_by_cookie(const struct host_table *t, uint64_t cookie)
{
	const uint32_t place = t->by_cookie.at[cookie_find(t, cookie)];

	return place != SOCKET_NONE ? &t->sockets[place] : NULL;
}

bool table_has(const struct host_table *t, uint64_t cookie)
{
	return t->by_cookie.at[cookie_find(t, cookie)] != SOCKET_NONE;
}

/* A socket that came twice is there once, as it came last. t->to: where the next one goes. */
static void table_unite(struct host_table *t, uint32_t place)
{
	const struct socket_record *s = &t->sockets[place];
	uint32_t slot;

	if (s->cookie != 0) {
		slot = cookie_find(t, s->cookie);
		if (t->by_cookie.at[slot] != SOCKET_NONE) {
			t->sockets[t->by_cookie.at[slot]] = *s;
			return;
		}
		t->by_cookie.at[slot] = t->to;
	}
	if (t->to != place)
		t->sockets[t->to] = *s;
	t->to++;
}

/* One that lay in the queue of accept(2) was nobody's. */
static bool held_before(const struct host_table *before, const struct socket_record *s)
{
	const struct socket_record *then = s->cookie != 0 ? table_by_cookie(before, s->cookie) : NULL;

	return s->cookie != 0 ? then && then->inode != 0 : socket_by_inode(&before->facts, s->inode) != NULL;
}

bool host_table_newer(struct host_table *t, const struct host_table *before, uint32_t *at, bool *newer)
{
	const uint32_t end = t->facts.n_sockets - *at > JOIN_STEP ? *at + JOIN_STEP : t->facts.n_sockets;

	for (; *at < end && !*newer; (*at)++) {
		const struct socket_record *s = &t->sockets[*at];

		*newer = socket_held(s) && !held_before(before, s);
	}
	t->newer = *newer;
	return *newer || *at == t->facts.n_sockets;
}

/* ---- owners ---------------------------------------------------------------------------------- */

static int by_inode(const void *a, const void *b)
{
	const struct socket_place *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int by_holder(const void *a, const void *b)
{
	const struct socket_owner *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode > y->inode ? 1 : -1;
	if (x->process != y->process)
		return x->process > y->process ? 1 : -1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

void host_table_carry(struct host_table *t, const struct host_table *before)
{
	const uint32_t n = before->facts.n_owners;

	for (uint32_t i = 0; i < before->facts.n_processes; i++)
		(void)table_process(t, &before->processes[i]);
	if (t->facts.n_processes != before->facts.n_processes)
		return; /* cannot be: the bound is the same, and the table was empty */
	memcpy(t->owners, before->owners, n * sizeof *t->owners); /* sorted, so they are again */
	t->facts.n_owners = n;
	t->facts.processes_seen = before->facts.processes_seen;
	t->facts.processes_unreadable = before->facts.processes_unreadable;
	t->facts.unknown = before->facts.unknown;
	t->carried = true;
}

/* A holder that was told twice is one; one that was carried and whose socket is gone is none. */
static void owners_clean(struct host_table *t)
{
	uint32_t k = 0, place = 0;

	for (uint32_t i = 0; i < t->facts.n_owners; i++) {
		while (place < t->facts.n_by_inode && t->by_inode[place].inode < t->owners[i].inode)
			place++;
		if (t->carried && (place == t->facts.n_by_inode || t->by_inode[place].inode != t->owners[i].inode))
			continue;
		if (k == 0 || by_holder(&t->owners[k - 1], &t->owners[i]) != 0)
			t->owners[k++] = t->owners[i];
	}
	t->facts.n_owners = k;
}

/* t->to: the first holder that may be this one's. */
static void owners_join(struct host_table *t, uint32_t place)
{
	struct socket_record *s = &t->sockets[t->by_inode[place].place];
	uint32_t k = t->to;

	while (k < t->facts.n_owners && t->owners[k].inode < s->inode)
		k++;
	t->to = k;
	if (k == t->facts.n_owners || t->owners[k].inode != s->inode)
		return;
	s->owner = k;
	while (k + s->owners < t->facts.n_owners && t->owners[k + s->owners].inode == s->inode)
		s->owners++;
}

/* ---- children ----------------------------------------------------------------------------------- */

/* Listeners of one address and port that may have taken a child. */
struct candidates {
	uint32_t first, n;
	uint32_t kin, n_kin;   /* who shares a process with the child */
	uint32_t full, n_full; /* has something in its queue */
	bool cut;              /* there are more */
};

/* Does one process hold both? */
static bool same_holder(const struct host_table *t, const struct socket_record *a, const struct socket_record *b)
{
	uint32_t i = 0, k = 0;

	while (i < a->owners && k < b->owners) { /* both are in order of the process */
		const uint32_t x = t->owners[a->owner + i].process, y = t->owners[b->owner + k].process;

		if (x == y)
			return true;
		i += x < y;
		k += y < x;
	}
	return false;
}

static bool may_have_taken(const struct socket_record *s, const struct socket_record *child)
{
	return s->state == SOCKET_LISTEN && (s->interface == 0 || s->interface == child->interface) &&
	       !(s->only_ipv6 && child->local.family == FAMILY_IPV4);
}

static bool listeners_at(const struct host_table *t, const struct socket_record *child, struct endpoint local,
			 struct candidates *c)
{
	struct socket_record like = {.local = local, .proto = child->proto};
	uint32_t at = table_tuple_first(t, &like);

	*c = (struct candidates){.first = SOCKET_NONE};
	for (unsigned i = 0; i < JOIN_CHAIN && at != SOCKET_NONE; i++, at = t->same[at]) {
		const struct socket_record *s = &t->sockets[at];

		if (!may_have_taken(s, child))
			continue;
		if (c->n++ == 0)
			c->first = at;
		if (same_holder(t, s, child) && c->n_kin++ == 0)
			c->kin = at;
		if (s->receive_queue > 0 && c->n_full++ == 0)
			c->full = at;
	}
	c->cut = at != SOCKET_NONE;
	return c->n > 0;
}

/* Complete, and no program has it: it lies in the queue of accept(2). */
static bool lies_waiting(const struct socket_record *s)
{
	return s->inode == 0 && (s->state == SOCKET_ESTABLISHED || s->state == SOCKET_CLOSE_WAIT);
}

static void child_take(struct socket_record *s, const struct candidates *c)
{
	const bool waits = lies_waiting(s);

	s->listener = c->first;
	s->listeners = c->n;
	if (c->n_kin > 0) {
		s->listener = c->kin;
		s->listeners = c->cut ? c->n : c->n_kin;
	} else if (waits && c->n_full > 0) {
		s->listener = c->full;
		s->listeners = c->cut ? c->n : c->n_full;
	}
	s->waiting = waits;
}

static void child_join(struct host_table *t, uint32_t place)
{
	struct socket_record *s = &t->sockets[place];
	struct endpoint any = {.port = s->local.port, .family = s->local.family, .has_port = true};
	struct candidates c;
	bool found;

	if (!tuple_indexed(s) || s->proto != PROTO_TCP || s->state == SOCKET_LISTEN || s->state == SOCKET_CLOSED ||
	    s->state == SOCKET_SYN_SENT || s->state == SOCKET_BOUND)
		return;
	found = listeners_at(t, s, s->local, &c) || listeners_at(t, s, any, &c);
	if (!found && any.family == FAMILY_IPV4) {
		any.family = FAMILY_IPV6; /* one for both */
		found = listeners_at(t, s, any, &c);
	}
	if (found)
		child_take(s, &c);
}

static uint64_t moved_by(const struct socket_record *s)
{
	const uint64_t bytes = s->has & SOCKET_HAS_TCP ? s->tcp.bytes_sent + s->tcp.bytes_received : 0;

	return bytes + s->receive_queue * UINT64_C(3) + s->send_queue * UINT64_C(5) + s->state * UINT64_C(7) + s->memory[SOCKET_DROPS];
}

/* A socket that was there before who holds what was asked, and is there still: whoever holds it cannot be seen, or it
 * is the kernel's own. */
static void hidden_join(struct host_table *t, const struct host_table *before, uint32_t place)
{
	struct socket_record *s = &t->sockets[place];
	const struct socket_record *then;

	if (!before || s->owners > 0 || s->cookie == 0 || !socket_held(s))
		return;
	then = table_by_cookie(before, s->cookie);
	s->hidden = then && then->owners == 0 && socket_held(then) && (then->hidden || before->walked);
}

void host_table_walked(struct host_table *t)
{
	t->walked = t->facts.forgotten == 0; /* else a holder may be among what found no room */
}

void host_table_still(struct host_table *t, uint64_t cookie)
{
	const uint32_t place = t->by_cookie.at[cookie_find(t, cookie)];
	struct socket_record *s = place != SOCKET_NONE ? &t->sockets[place] : NULL;

	if (s && t->walked && s->owners == 0 && socket_held(s))
		s->hidden = true;
}

/* ---- steps ------------------------------------------------------------------------------------------ */

enum join_step { JOIN_UNITE, JOIN_TUPLES, JOIN_INODES, JOIN_SORT_INODES, JOIN_SORT_OWNERS, JOIN_CLEAN, JOIN_OWNERS,
		 JOIN_CHILDREN, JOIN_KEEP, JOIN_STEPS };

static uint32_t join_size(const struct host_table *t, const struct host_table *before)
{
	switch ((enum join_step)t->step) {
	case JOIN_CLEAN: return 1;
	case JOIN_OWNERS: return t->facts.n_by_inode;
	case JOIN_KEEP: return before ? before->facts.n_sockets : 0;
	default: return t->facts.n_sockets;
	}
}

static void join_begin(struct host_table *t)
{
	t->at = t->to = 0;
	if (t->step == JOIN_UNITE)
		places_clear(&t->by_cookie, t->facts.n_sockets);
	else if (t->step == JOIN_TUPLES)
		places_clear(&t->by_tuple, t->facts.n_sockets);
}

static void join_end(struct host_table *t, const struct host_table *before)
{
	switch ((enum join_step)t->step) {
	case JOIN_UNITE:
		t->facts.n_sockets = t->to;
		break;
	case JOIN_INODES:
		t->facts.n_by_inode = t->to;
		break;
	case JOIN_CLEAN:
		owners_clean(t);
		break;
	case JOIN_KEEP:
		t->facts.n_waiting = t->waiting.n;
		t->facts.forgotten += t->waiting.forgotten;
		if (before)
			table_keep_kept(t, before);
		t->facts.same = before && t->facts.n_sockets == before->facts.n_sockets && t->facts.n_owners == before->facts.n_owners &&
				t->facts.moved == before->facts.moved && t->facts.asked == before->facts.asked && !t->newer;
		break;
	default:
		break;
	}
}

static void join_each(struct host_table *t, const struct host_table *before, uint32_t end)
{
	if (t->step == JOIN_KEEP) {
		table_keep(t, before, t->at, end);
		t->at = end;
	}
	for (; t->at < end; t->at++) {
		struct socket_record *s = &t->sockets[t->at];

		switch ((enum join_step)t->step) {
		case JOIN_UNITE:
			table_unite(t, t->at);
			break;
		case JOIN_TUPLES:
			tuple_put(t, t->at);
			break;
		case JOIN_INODES:
			s->owner = s->listener = SOCKET_NONE;
			s->hidden = false;
			if (s->inode != 0)
				t->by_inode[t->to++] = (struct socket_place){.inode = s->inode, .place = t->at};
			break;
		case JOIN_OWNERS:
			owners_join(t, t->at);
			break;
		case JOIN_CHILDREN:
			child_join(t, t->at);
			hidden_join(t, before, t->at);
			t->facts.moved += moved_by(s);
			break;
		default:
			break;
		}
	}
}

_Static_assert(sizeof(struct socket_place) <= SORT_SIZE && sizeof(struct socket_owner) <= SORT_SIZE,
	       "sort_some() takes them");

/* True: there is more to sort. Holders that were carried are in their order. */
static bool join_sort(struct host_table *t)
{
	if (t->step == JOIN_SORT_INODES)
		return sort_some(&t->sorting, t->by_inode, t->facts.n_by_inode, sizeof *t->by_inode, by_inode, JOIN_STEP);
	return !t->carried &&
	       sort_some(&t->sorting, t->owners, t->facts.n_owners, sizeof *t->owners, by_holder, JOIN_STEP);
}

bool host_table_step(struct host_table *t, const struct host_table *before)
{
	const uint32_t size = join_size(t, before);

	if (t->step == JOIN_SORT_INODES || t->step == JOIN_SORT_OWNERS) {
		if (!join_sort(t)) {
			t->sorting = (struct sorting){.done = 0};
			t->step++;
		}
		return true;
	}
	if (t->at == 0)
		join_begin(t);
	join_each(t, before, size - t->at > JOIN_STEP ? t->at + JOIN_STEP : size);
	if (t->at < size)
		return true;
	join_end(t, before);
	t->at = 0;
	return ++t->step < JOIN_STEPS;
}

void host_table_finish(struct host_table *t, const struct host_table *before)
{
	while (host_table_step(t, before))
		;
}
