/* Sockets by cookie and by tuple: findings in, the oldest out.
 *
 * Every socket is in one list: of those that live, or of those that ended, oldest first. Without
 * room the one that ended first goes, then the oldest of all: it is a flow that may still last, and
 * the tables of all sockets still have it.
 */
#include "owners_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/memory.h"

/* ---- open --------------------------------------------------------------------------------- */

static uint32_t power_below(size_t n)
{
	uint32_t p = 1;

	while ((size_t)p * 2 <= n && p < UINT32_C(1) << 30)
		p *= 2;
	return p;
}

int owners_open(struct owners **out, size_t memory, uint64_t hash_seed, struct error *e)
{
	/* A socket, one holder and a quarter, slots of four bytes in two tables, twice as many at most. */
	const size_t each = sizeof(struct owned) + sizeof(struct holder) * 5 / 4 + 4 * sizeof(uint32_t);
	struct owners *o = calloc(1, sizeof *o);
	size_t sockets, holders, slots;
	uint8_t *p;
	int r;

	*out = NULL;
	if (!o)
		return error_set(e, ENOMEM, "no memory for the owners of sockets");
	memory = memory > sizeof *o ? memory - sizeof *o : 0;
	sockets = memory / each > OWNERS_LEAST ? memory / each : OWNERS_LEAST;
	sockets = sockets < OWNERS_MOST ? sockets : OWNERS_MOST;
	slots = power_below(2 * sockets);
	holders = sockets * 5 / 4;
	o->memory_len = sockets * sizeof(struct owned) + holders * sizeof(struct holder) + 2 * slots * sizeof(uint32_t);
	r = memory_reserve(&o->memory, o->memory_len, "owners of sockets", e);
	if (r < 0) {
		free(o);
		return r;
	}
	p = o->memory;
	o->at = (struct owned *)(void *)p;
	p += sockets * sizeof(struct owned);
	o->holders = (struct holder *)(void *)p;
	p += holders * sizeof(struct holder);
	o->by_cookie = (uint32_t *)(void *)p;
	o->by_tuple = o->by_cookie + slots;
	memset(o->by_cookie, 0xff, 2 * slots * sizeof(uint32_t));
	o->most = (uint32_t)sockets;
	o->mask = (uint32_t)(slots - 1);
	o->most_holders = (uint32_t)holders;
	o->free = o->free_holder = OWNERS_NONE;
	o->live = o->gone = o->datagrams = (struct owned_list){OWNERS_NONE, OWNERS_NONE};
	hash_key_init(&o->key, hash_seed);
	*out = o;
	return 0;
}

void owners_free(struct owners *o)
{
	if (!o)
		return;
	memory_release(o->memory, o->memory_len);
	free(o);
}

const struct owners_stats *owners_stats(const struct owners *o)
{
	return &o->stats;
}

/* ---- lists and slots -------------------------------------------------------------------------- */

static uint32_t place(const struct owners *o, const struct owned *s)
{
	return (uint32_t)(s - o->at);
}

static void list_add(struct owners *o, struct owned_list *l, struct owned *s)
{
	s->older = l->youngest;
	s->younger = OWNERS_NONE;
	if (l->youngest != OWNERS_NONE)
		o->at[l->youngest].younger = place(o, s);
	else
		l->oldest = place(o, s);
	l->youngest = place(o, s);
}

static void list_remove(struct owners *o, struct owned_list *l, struct owned *s)
{
	if (s->older != OWNERS_NONE)
		o->at[s->older].younger = s->younger;
	else
		l->oldest = s->younger;
	if (s->younger != OWNERS_NONE)
		o->at[s->younger].older = s->older;
	else
		l->youngest = s->older;
}

static uint32_t *cookie_slot(struct owners *o, uint64_t cookie)
{
	return &o->by_cookie[(uint32_t)hash_fold(cookie ^ o->key.a, o->key.b) & o->mask];
}

static uint32_t *tuple_slot(struct owners *o, const struct tuple *t)
{
	struct {
		struct address from, to;
		uint16_t from_port, to_port;
		uint8_t proto, family;
		uint16_t nothing;
	} is = {t->from, t->to, t->from_port, t->to_port, t->proto, t->family, 0};

	return &o->by_tuple[(uint32_t)hash_bytes(&o->key, &is, sizeof is) & o->mask];
}

static struct owned *by_cookie(struct owners *o, uint64_t cookie)
{
	uint32_t i = cookie ? *cookie_slot(o, cookie) : OWNERS_NONE;

	while (i != OWNERS_NONE && o->at[i].cookie != cookie)
		i = o->at[i].by_cookie;
	return i != OWNERS_NONE ? &o->at[i] : NULL;
}

static struct owned *with_tuple(struct owners *o, uint32_t i, const struct tuple *t)
{
	while (i != OWNERS_NONE && !tuple_equal(&o->at[i].tuple, t))
		i = o->at[i].by_tuple;
	return i != OWNERS_NONE ? &o->at[i] : NULL;
}

struct owned *owned_first(struct owners *o, const struct tuple *t)
{
	return with_tuple(o, *tuple_slot(o, t), t);
}

struct owned *owned_next(struct owners *o, const struct owned *s)
{
	return with_tuple(o, s->by_tuple, &s->tuple);
}

static void link_tuple(struct owners *o, struct owned *s)
{
	uint32_t *slot = tuple_slot(o, &s->tuple);

	s->by_tuple = *slot;
	*slot = place(o, s);
	s->linked = true;
}

static void unlink_slots(struct owners *o, struct owned *s)
{
	uint32_t *at;

	if (s->cookie) {
		for (at = cookie_slot(o, s->cookie); *at != place(o, s);)
			at = &o->at[*at].by_cookie;
		*at = s->by_cookie;
	}
	if (s->linked) {
		for (at = tuple_slot(o, &s->tuple); *at != place(o, s);)
			at = &o->at[*at].by_tuple;
		*at = s->by_tuple;
	}
}

/* ---- holders ------------------------------------------------------------------------------------ */

static void drop_holders(struct owners *o, struct owned *s)
{
	while (s->holder != OWNERS_NONE) {
		struct holder *h = &o->holders[s->holder];
		const uint32_t next = h->next;

		h->next = o->free_holder;
		o->free_holder = s->holder;
		s->holder = next;
	}
}

static struct holder *new_holder(struct owners *o, uint32_t *index)
{
	*index = o->free_holder;
	if (*index != OWNERS_NONE)
		o->free_holder = o->holders[*index].next;
	else if (o->used_holders < o->most_holders)
		*index = o->used_holders++;
	else
		return NULL;
	return &o->holders[*index];
}

/* Was it only said by descent? Then who was seen with it is the better word. */
static bool is_guess(unsigned evidence)
{
	return evidence == SOCKET_BY_LISTENER || evidence == SOCKET_BY_DESCENT;
}

static void tell_holder(struct holder *h, const struct host_finding *f)
{
	if (f->fd >= 0)
		h->fd = f->fd;
	if (f->started)
		h->started = f->started;
	h->evidence = f->evidence;
	h->uid = f->uid;
	memcpy(h->comm, f->comm, sizeof h->comm);
	h->comm[sizeof h->comm - 1] = '\0';
}

static void add_holder(struct owners *o, struct owned *s, const struct host_finding *f)
{
	uint32_t *at, index;
	struct holder *h;
	unsigned n = 0;

	if (s->holder != OWNERS_NONE && is_guess(o->holders[s->holder].evidence) != is_guess(f->evidence)) {
		if (is_guess(f->evidence))
			return;
		drop_holders(o, s);
	}
	for (at = &s->holder; *at != OWNERS_NONE; at = &o->holders[*at].next, n++) {
		h = &o->holders[*at];
		/* The same number of a process may be another process; one descriptor may not be known yet. */
		if (h->pid == f->pid && (h->started == f->started || !h->started || !f->started) &&
		    (h->fd == f->fd || h->fd < 0 || f->fd < 0)) {
			tell_holder(h, f);
			return;
		}
	}
	h = n < RECORD_OWNERS_MAX ? new_holder(o, &index) : NULL;
	if (!h) {
		o->stats.holders_lost++;
		return;
	}
	*h = (struct holder){.pid = f->pid, .fd = -1, .next = OWNERS_NONE};
	tell_holder(h, f);
	*at = index;
}

/* ---- those of UDP ---------------------------------------------------------------------------------- */

static struct owned_list *list_of(struct owners *o, const struct owned *s)
{
	return s->bits & OWNED_GONE ? &o->gone : s->bits & OWNED_DATAGRAM ? &o->datagrams : &o->live;
}

static void list_enter(struct owners *o, struct owned *s)
{
	list_add(o, list_of(o, s), s);
	o->n_datagrams += list_of(o, s) == &o->datagrams;
}

static void list_leave(struct owners *o, struct owned *s)
{
	o->n_datagrams -= list_of(o, s) == &o->datagrams;
	list_remove(o, list_of(o, s), s);
}

/* ---- sockets ---------------------------------------------------------------------------------------- */

static void forget(struct owners *o, struct owned *s)
{
	unlink_slots(o, s);
	drop_holders(o, s);
	list_leave(o, s);
	s->younger = o->free;
	o->free = place(o, s);
	o->stats.sockets--;
}

/* Who goes where there is no room. Of UDP many may have ended unseen, so they do not push out others. */
static struct owned *oldest_of_all(struct owners *o)
{
	const bool datagram = o->live.oldest == OWNERS_NONE || o->n_datagrams > o->most / 2;

	return &o->at[o->gone.oldest != OWNERS_NONE ? o->gone.oldest : datagram ? o->datagrams.oldest : o->live.oldest];
}

static struct owned *new_socket(struct owners *o, const struct host_finding *f)
{
	struct owned *s;

	if (o->free == OWNERS_NONE && o->used == o->most) {
		forget(o, oldest_of_all(o));
		o->stats.forgotten++;
	}
	if (o->free != OWNERS_NONE) {
		s = &o->at[o->free];
		o->free = s->younger;
	} else {
		s = &o->at[o->used++];
	}
	*s = (struct owned){.cookie = f->cookie, .first_ns = f->at_ns, .holder = OWNERS_NONE, .by_tuple = OWNERS_NONE,
			    .by_cookie = OWNERS_NONE, .accepted_fd = -1, .netns = f->netns};
	s->bits = f->tuple.proto == PROTO_UDP || f->tuple.proto == PROTO_UDPLITE ? OWNED_DATAGRAM : 0;
	list_enter(o, s);
	if (s->cookie) {
		uint32_t *slot = cookie_slot(o, s->cookie);

		s->by_cookie = *slot;
		*slot = place(o, s);
	}
	o->stats.sockets++;
	return s;
}

/* Who of two of one tuple goes first: one that has ended, then the older one. */
static struct owned *goes_first(struct owned *a, struct owned *b)
{
	const bool a_gone = a && a->bits & OWNED_GONE, b_gone = b->bits & OWNED_GONE;

	if (!a || a_gone != b_gone)
		return a_gone ? a : b;
	return b->first_ns < a->first_ns ? b : a;
}

/* A peer may use one port over and over, and not each end is told: of a tuple the OWNERS_SAME last of a network namespace
 * stay, where but one can live at a time, and OWNERS_SAME_ALL of all of them, so that no walk is long. */
static void thin_out(struct owners *o, const struct tuple *t, uint32_t netns)
{
	struct owned *one = NULL, *any = NULL;
	unsigned n = 0, all = 0;

	for (struct owned *s = owned_first(o, t); s; s = owned_next(o, s), all++) {
		any = goes_first(any, s);
		if (s->netns != netns)
			continue;
		if (!one || s->first_ns < one->first_ns)
			one = s;
		n++;
	}
	if (n < OWNERS_SAME && all < OWNERS_SAME_ALL)
		return;
	forget(o, n < OWNERS_SAME ? any : one);
	o->stats.forgotten++;
}

static bool tuple_told(const struct tuple *t)
{
	return t->family != FAMILY_NONE && t->from_port && t->to_port;
}

/* Without a cookie: the one that lives with that tuple. */
static struct owned *socket_of(struct owners *o, const struct host_finding *f)
{
	struct owned *s;

	if (f->cookie)
		return by_cookie(o, f->cookie);
	for (s = tuple_told(&f->tuple) ? owned_first(o, &f->tuple) : NULL; s; s = owned_next(o, s))
		if (!(s->bits & OWNED_GONE) && s->netns == f->netns)
			return s;
	return NULL;
}

static void ended(struct owners *o, struct owned *s, int64_t at_ns)
{
	if (s->bits & OWNED_GONE)
		return;
	list_leave(o, s);
	s->bits |= OWNED_GONE;
	s->last_ns = at_ns;
	list_enter(o, s);
}

/* The end of a UDP socket is not told: it is over when a whole table that was begun later lacks it. Those of other network
 * namespaces are in none. */
static void datagram_look(struct owners *o, struct owned *s)
{
	const struct socket_record *there = s->cookie ? host_by_cookie(o->table, s->cookie) : socket_by_inode(o->facts, s->inode);

	list_leave(o, s);
	list_enter(o, s); /* the last now */
	if (!there && s->netns == 0 && s->first_ns <= o->facts->at_ns)
		ended(o, s, o->facts->at_ns);
}

void owners_look(struct owners *o)
{
	for (unsigned i = 0; i < OWNERS_LOOK && o->unlooked > 0 && o->datagrams.oldest != OWNERS_NONE; i++, o->unlooked--)
		datagram_look(o, &o->at[o->datagrams.oldest]);
}

static void tell_socket(struct owners *o, struct owned *s, const struct host_finding *f)
{
	if (!s->linked && tuple_told(&f->tuple)) {
		s->tuple = f->tuple;
		thin_out(o, &s->tuple, s->netns);
		link_tuple(o, s);
		if (s->netns)
			owners_elsewhere(o, &f->tuple.from, f->tuple.family);
		else
			owners_local(o, &f->tuple.from, f->tuple.family);
	}
	if (f->inode)
		s->inode = f->inode;
	if (f->cgroup_id)
		s->cgroup_id = f->cgroup_id;
	if (f->at_ns < s->first_ns)
		s->first_ns = f->at_ns;
	if (f->evidence == SOCKET_BY_BPF && f->state == SOCKET_SYN_SENT)
		s->bits |= OWNED_BORN;
	if (f->kind != FINDING_SOCKET)
		return;
	if (f->evidence == SOCKET_BY_BPF || f->evidence == SOCKET_BY_DIAG)
		s->bits |= OWNED_BORN; /* both look when it is made */
	if (f->inode || f->uid) {
		s->uid = f->uid;
		s->has_uid = true;
	}
	if (f->evidence == SOCKET_BY_BPF && f->state == SOCKET_ESTABLISHED && !s->opened_ns)
		s->opened_ns = f->at_ns;
}

const struct tuple *owners_found(struct owners *o, const struct host_finding *f)
{
	static const struct tuple none;
	struct owned *s = socket_of(o, f);

	o->stats.findings++;
	/* Listeners come with the tables; what is not known and cannot be met again is not kept. */
	if (f->state == SOCKET_LISTEN || (!s && (f->kind == FINDING_GONE || f->kind == FINDING_UNKNOWN)) ||
	    (!s && !f->cookie && !tuple_told(&f->tuple)))
		return &none;
	if (!s)
		s = new_socket(o, f);
	tell_socket(o, s, f);
	switch ((enum host_finding_kind)f->kind) {
	case FINDING_ACCEPTED:
		if (!s->accepted_ns) {
			s->accepted_ns = f->at_ns;
			s->opened_ns = f->opened_ns ? f->opened_ns : s->opened_ns;
			s->accepted_pid = f->pid;
			s->accepted_fd = f->fd;
		}
		if (f->pid > 0)
			add_holder(o, s, f);
		break;
	case FINDING_OWNER:
		if (f->pid > 0)
			add_holder(o, s, f);
		break;
	case FINDING_UNKNOWN:
		s->why = f->why;
		break;
	case FINDING_GONE:
		ended(o, s, f->at_ns);
		break;
	case FINDING_SOCKET:
		break;
	}
	return s->linked ? &s->tuple : &none;
}
