/* One sweep as a table: filled once, then joined, then never changed.
 *
 * The join is by inode (holders to sockets), by cookie (a dump may give a socket
 * twice: the later one stands) and by tuple (children to their listener). A child
 * is at its listener's local port: at the same address, or any. Where several
 * listeners share a port (SO_REUSEPORT) the kernel does not say whose child it is,
 * and the first one gets it.
 *
 * Everything lies in one reservation whose parts are shares of the bound.
 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/memory.h"

enum { TABLE_CHAIN = 64 }; /* listeners of one endpoint that are looked at */

/* ---- memory ------------------------------------------------------------------------------- */

/* n rounded up to a power of two, at most the greatest that fits. */
static uint32_t power(uint64_t n)
{
	uint32_t p = 64;

	while (p < n && p < UINT32_C(1) << 30)
		p <<= 1;
	return p;
}

int host_table_new(struct host_table **out, size_t memory, struct error *e)
{
	struct host_table *t = calloc(1, sizeof *t);
	size_t sizes[8], at = 0;
	void *parts[8];
	int rc;

	*out = NULL;
	if (!t)
		return error_set(e, ENOMEM, "no memory for the table of sockets");
	memory = memory < HOST_MEMORY_MIN ? (size_t)HOST_MEMORY_MIN : memory;
	/* The indices are sized by what comes; at most twice the sockets, doubled by rounding up. */
	t->most_sockets = (uint32_t)(memory / 8 * 5 / (sizeof *t->sockets + sizeof *t->by_inode + 16) & INT32_MAX);
	t->most_owners = (uint32_t)(memory / 8 / sizeof *t->owners & INT32_MAX);
	t->most_processes = (uint32_t)(memory / 16 / (sizeof *t->processes + 16) & INT32_MAX);
	t->waiting.most = (uint32_t)(memory / 64 / sizeof *t->waiting.at & INT32_MAX);
	sizes[0] = t->most_sockets * sizeof *t->sockets;
	sizes[1] = t->most_owners * sizeof *t->owners;
	sizes[2] = t->most_processes * sizeof *t->processes;
	sizes[3] = t->most_sockets * sizeof *t->by_inode;
	sizes[4] = t->waiting.most * sizeof *t->waiting.at;
	sizes[5] = sizes[6] = power((uint64_t)t->most_sockets * 2) * sizeof(uint32_t);
	sizes[7] = power((uint64_t)t->most_processes * 2) * sizeof(uint32_t);
	for (unsigned i = 0; i < 8; i++)
		t->memory_len += (sizes[i] + 63) & ~(size_t)63;
	t->memory_len += HOST_KEPT * sizeof *t->kept;
	rc = memory_reserve(&t->memory, t->memory_len, "the table of sockets", e);
	if (rc < 0) {
		free(t);
		return rc;
	}
	for (unsigned i = 0; i < 8; i++) {
		parts[i] = (char *)t->memory + at;
		at += (sizes[i] + 63) & ~(size_t)63;
	}
	t->sockets = parts[0];
	t->owners = parts[1];
	t->processes = parts[2];
	t->by_inode = parts[3];
	t->waiting.at = parts[4];
	t->by_tuple.at = parts[5];
	t->by_cookie.at = parts[6];
	t->by_pid.at = parts[7];
	t->kept = (struct kept *)((char *)t->memory + at);
	t->by_pid.mask = power((uint64_t)t->most_processes * 2) - 1;
	hash_key_init(&t->key, 0);
	t->facts.sockets = t->sockets;
	t->facts.owners = t->owners;
	t->facts.processes = t->processes;
	t->facts.by_inode = t->by_inode;
	t->facts.waiting = t->waiting.at;
	*out = t;
	return 0;
}

void host_table_free(struct host_table *t)
{
	if (!t)
		return;
	memory_release(t->memory, t->memory_len);
	free(t);
}

/* ---- filling --------------------------------------------------------------------------------- */

struct socket_record *host_table_add(struct host_table *t)
{
	if (t->facts.n_sockets == t->most_sockets) {
		t->facts.forgotten++;
		return NULL;
	}
	return &t->sockets[t->facts.n_sockets++];
}

void host_table_drop_last(struct host_table *t)
{
	t->facts.n_sockets--;
}

struct host_waiting *host_table_waiting(struct host_table *t)
{
	return &t->waiting;
}

struct socket_table *host_table_facts(struct host_table *t)
{
	return &t->facts;
}

const struct socket_table *host_table_sockets(const struct host_table *t)
{
	return &t->facts;
}

/* Places of processes are kept as one more, so that an untouched page is free. */
uint32_t table_process(struct host_table *t, const struct process *p)
{
	uint32_t slot = (uint32_t)hash_fold((uint64_t)(uint32_t)p->pid ^ t->key.a, t->key.b) & t->by_pid.mask;

	for (; t->by_pid.at[slot] != 0; slot = (slot + 1) & t->by_pid.mask) {
		struct process *have = &t->processes[t->by_pid.at[slot] - 1];

		if (have->pid == p->pid && have->started == p->started) {
			if (p->descriptors > have->descriptors)
				have->descriptors = p->descriptors; /* the later batch has counted on */
			return t->by_pid.at[slot] - 1;
		}
	}
	if (t->facts.n_processes == t->most_processes) {
		t->facts.forgotten++;
		return SOCKET_NONE;
	}
	t->processes[t->facts.n_processes] = *p;
	t->by_pid.at[slot] = ++t->facts.n_processes;
	return t->facts.n_processes - 1;
}

void host_table_batch(struct host_table *t, const struct process_batch *b)
{
	uint32_t place[PROCESS_BATCH_PROCESSES];

	t->facts.processes_seen = b->seen;
	t->facts.processes_unreadable = b->unreadable;
	for (uint32_t i = 0; i < b->processes; i++)
		place[i] = table_process(t, &b->process[i]);
	for (uint32_t i = 0; i < b->holders; i++) {
		const struct process_holder *h = &b->holder[i];

		if (place[h->process] == SOCKET_NONE)
			continue;
		if (t->facts.n_owners == t->most_owners) {
			t->facts.forgotten++;
			continue;
		}
		t->owners[t->facts.n_owners++] = (struct socket_owner){
			.inode = h->inode, .process = place[h->process], .fd = h->fd, .evidence = SOCKET_BY_PROC};
	}
}

/* ---- indices -------------------------------------------------------------------------------------- */

static void places_clear(struct places *p, uint32_t n)
{
	const uint32_t size = power((uint64_t)n * 2);

	memset(p->at, 0xff, size * sizeof *p->at);
	p->mask = size - 1;
}

static bool tuple_indexed(const struct socket_record *s)
{
	return (s->family == SOCKET_INET || s->family == SOCKET_INET6) && s->local.has_port;
}

static uint64_t tuple_hash(const struct host_table *t, const struct socket_record *s)
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
	return hash_bytes(&t->key, &k, sizeof k);
}

static bool tuple_same(const struct socket_record *a, const struct socket_record *b)
{
	return a->proto == b->proto && a->local.family == b->local.family && a->local.port == b->local.port &&
	       a->remote.port == b->remote.port && memcmp(&a->local.ip, &b->local.ip, sizeof a->local.ip) == 0 &&
	       (a->remote.family == FAMILY_NONE) == (b->remote.family == FAMILY_NONE) &&
	       (a->remote.family == FAMILY_NONE || memcmp(&a->remote.ip, &b->remote.ip, sizeof a->remote.ip) == 0);
}

uint32_t table_tuple_first(const struct host_table *t, const struct socket_record *like, uint64_t *hash)
{
	uint32_t slot = (uint32_t)(*hash ? *hash : tuple_hash(t, like)) & t->by_tuple.mask;

	/* *hash is where to go on: the slot behind the last one, with a bit that no slot has. */
	for (; t->by_tuple.at[slot] != SOCKET_NONE; slot = (slot + 1) & t->by_tuple.mask) {
		if (tuple_same(&t->sockets[t->by_tuple.at[slot]], like)) {
			*hash = (UINT64_C(1) << 63) | ((slot + 1) & t->by_tuple.mask);
			return t->by_tuple.at[slot];
		}
	}
	return SOCKET_NONE;
}

static void places_put(struct places *p, uint64_t hash, uint32_t place)
{
	uint32_t slot = (uint32_t)hash & p->mask;

	while (p->at[slot] != SOCKET_NONE)
		slot = (slot + 1) & p->mask;
	p->at[slot] = place;
}

/* A socket that came twice is there once, as it came last. */
static void table_unite(struct host_table *t)
{
	uint32_t n = 0;

	places_clear(&t->by_cookie, t->facts.n_sockets);
	for (uint32_t i = 0; i < t->facts.n_sockets; i++) {
		const struct socket_record *s = &t->sockets[i];
		uint32_t slot;

		if (s->cookie == 0) {
			if (n != i)
				t->sockets[n] = *s;
			n++;
			continue;
		}
		slot = (uint32_t)hash_fold(s->cookie ^ t->key.a, t->key.b) & t->by_cookie.mask;
		while (t->by_cookie.at[slot] != SOCKET_NONE && t->sockets[t->by_cookie.at[slot]].cookie != s->cookie)
			slot = (slot + 1) & t->by_cookie.mask;
		if (t->by_cookie.at[slot] != SOCKET_NONE) {
			t->sockets[t->by_cookie.at[slot]] = *s;
			continue;
		}
		if (n != i)
			t->sockets[n] = *s;
		t->by_cookie.at[slot] = n++;
	}
	t->facts.n_sockets = n;
}

/* ---- the join ----------------------------------------------------------------------------------------- */

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

static void table_owners(struct host_table *t)
{
	uint32_t k = 0, n = 0;

	for (uint32_t i = 0; i < t->facts.n_sockets; i++) {
		t->sockets[i].owner = t->sockets[i].listener = SOCKET_NONE;
		if (t->sockets[i].inode != 0)
			t->by_inode[n++] = (struct socket_place){.inode = t->sockets[i].inode, .place = i};
	}
	t->facts.n_by_inode = n;
	qsort(t->by_inode, n, sizeof *t->by_inode, by_inode);
	qsort(t->owners, t->facts.n_owners, sizeof *t->owners, by_holder);
	for (uint32_t i = 0; i < t->facts.n_owners; i++) /* a holder that was told twice is one */
		if (k == 0 || by_holder(&t->owners[k - 1], &t->owners[i]) != 0)
			t->owners[k++] = t->owners[i];
	t->facts.n_owners = k;
	k = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct socket_record *s = &t->sockets[t->by_inode[i].place];

		while (k < t->facts.n_owners && t->owners[k].inode < s->inode)
			k++;
		if (k == t->facts.n_owners || t->owners[k].inode != s->inode)
			continue;
		s->owner = k;
		while (k + s->owners < t->facts.n_owners && t->owners[k + s->owners].inode == s->inode)
			s->owners++;
	}
}

/* A listener, or SOCKET_NONE, at that address and port. */
static uint32_t listener_at(const struct host_table *t, const struct socket_record *child, struct endpoint local)
{
	struct socket_record like = {.local = local, .proto = child->proto};
	uint64_t at = 0;
	uint32_t found;

	for (unsigned i = 0; i < TABLE_CHAIN && (found = table_tuple_first(t, &like, &at)) != SOCKET_NONE; i++) {
		const struct socket_record *s = &t->sockets[found];

		if (s->state == SOCKET_LISTEN && (s->interface == 0 || s->interface == child->interface) &&
		    !(s->only_ipv6 && child->local.family == FAMILY_IPV4))
			return found;
	}
	return SOCKET_NONE;
}

static void table_children(struct host_table *t)
{
	for (uint32_t i = 0; i < t->facts.n_sockets; i++) {
		struct socket_record *s = &t->sockets[i];
		struct endpoint any = {.port = s->local.port, .family = s->local.family, .has_port = true};

		if (!tuple_indexed(s) || s->proto != PROTO_TCP || s->state == SOCKET_LISTEN || s->state == SOCKET_CLOSED ||
		    s->state == SOCKET_SYN_SENT || s->state == SOCKET_BOUND)
			continue;
		s->listener = listener_at(t, s, s->local);
		if (s->listener == SOCKET_NONE)
			s->listener = listener_at(t, s, any);
		if (s->listener == SOCKET_NONE && any.family == FAMILY_IPV4) {
			any.family = FAMILY_IPV6; /* one for both */
			s->listener = listener_at(t, s, any);
		}
		/* Complete, and no program has it: it lies in the queue of accept(2). */
		s->waiting = s->inode == 0 && s->listener != SOCKET_NONE &&
			     (s->state == SOCKET_ESTABLISHED || s->state == SOCKET_CLOSE_WAIT);
	}
}

void host_table_finish(struct host_table *t, const struct host_table *before)
{
	table_unite(t);
	places_clear(&t->by_tuple, t->facts.n_sockets);
	for (uint32_t i = 0; i < t->facts.n_sockets; i++)
		if (tuple_indexed(&t->sockets[i]))
			places_put(&t->by_tuple, tuple_hash(t, &t->sockets[i]), i);
	table_owners(t);
	table_children(t);
	t->facts.n_waiting = t->waiting.n;
	t->facts.forgotten += t->waiting.forgotten;
	if (before)
		table_keep(t, before);
}
