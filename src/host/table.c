/* One sweep as a table: filled once, then joined (join.c), then never changed.
 *
 * Everything lies in one reservation whose parts are shares of the bound.
 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/memory.h"

enum { TABLE_PARTS = 9, TABLE_FREE_STEP = 16 << 20 };

/* ---- memory ------------------------------------------------------------------------------- */

uint32_t table_power(uint64_t n)
{
	uint32_t p = 64;

	while (p < n && p < UINT32_C(1) << 30)
		p <<= 1;
	return p;
}

int host_table_new(struct host_table **out, size_t memory, struct error *e)
{
	struct host_table *t = calloc(1, sizeof *t);
	size_t sizes[TABLE_PARTS], at = 0;
	void *parts[TABLE_PARTS];
	int rc;

	*out = NULL;
	if (!t)
		return error_set(e, ENOMEM, "no memory for the table of sockets");
	memory = memory < HOST_MEMORY_MIN ? (size_t)HOST_MEMORY_MIN : memory;
	/* The indices are sized by what comes; at most twice the sockets, doubled by rounding up. */
	t->most_sockets = (uint32_t)(memory / 8 * 5 / (sizeof *t->sockets + sizeof *t->by_inode + 20) & INT32_MAX);
	t->most_owners = (uint32_t)(memory / 8 / sizeof *t->owners & INT32_MAX);
	t->most_processes = (uint32_t)(memory / 16 / (sizeof *t->processes + 16) & INT32_MAX);
	t->waiting.most = (uint32_t)(memory / 64 / sizeof *t->waiting.at & INT32_MAX);
	sizes[0] = t->most_sockets * sizeof *t->sockets;
	sizes[1] = t->most_owners * sizeof *t->owners;
	sizes[2] = t->most_processes * sizeof *t->processes;
	sizes[3] = t->most_sockets * sizeof *t->by_inode;
	sizes[4] = t->waiting.most * sizeof *t->waiting.at;
	sizes[5] = sizes[6] = table_power((uint64_t)t->most_sockets * 2) * sizeof(uint32_t);
	sizes[7] = table_power((uint64_t)t->most_processes * 2) * sizeof(uint32_t);
	sizes[8] = t->most_sockets * sizeof *t->same;
	for (unsigned i = 0; i < TABLE_PARTS; i++)
		t->memory_len += (sizes[i] + 63) & ~(size_t)63;
	t->memory_len += HOST_KEPT * sizeof *t->kept;
	rc = memory_reserve(&t->memory, t->memory_len, "the table of sockets", e);
	if (rc < 0) {
		free(t);
		return rc;
	}
	for (unsigned i = 0; i < TABLE_PARTS; i++) {
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
	t->same = parts[8];
	t->kept = (struct kept *)((char *)t->memory + at);
	t->by_pid.mask = table_power((uint64_t)t->most_processes * 2) - 1;
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

/* Pages are given back some at a time: a gigabyte of them is a tenth of a second. */
bool host_table_free_some(struct host_table *t)
{
	size_t n = TABLE_FREE_STEP;

	if (t->freed >= t->memory_len) {
		host_table_free(t);
		return false;
	}
	n = t->memory_len - t->freed < n ? t->memory_len - t->freed : n;
	memory_forget((char *)t->memory + t->freed, n);
	t->freed += n;
	return true;
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

bool host_table_room(const struct host_table *t)
{
	return t->facts.n_sockets < t->most_sockets;
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

const struct process *host_process(const struct host_table *t, int32_t pid, uint64_t started)
{
	uint32_t slot = (uint32_t)hash_fold((uint64_t)(uint32_t)pid ^ t->key.a, t->key.b) & t->by_pid.mask;

	for (; t->by_pid.at[slot] != 0; slot = (slot + 1) & t->by_pid.mask) {
		const struct process *p = &t->processes[t->by_pid.at[slot] - 1];

		if (p->pid == pid && (started == 0 || p->started == started))
			return p;
	}
	return NULL;
}

void host_table_batch(struct host_table *t, const struct process_batch *b, uint8_t evidence)
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
			.inode = h->inode, .process = place[h->process], .fd = h->fd, .evidence = evidence};
	}
}
