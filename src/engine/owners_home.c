/* Where a process lives: its container or unit.
 *
 * By the table's processes, else by the number of the control group. Names are kept once each and
 * never change, so that records can point to them for as long as the engine lives; they are few,
 * and bounded: beyond that a home is not known.
 */
#include "owners_private.h"

#include <stdlib.h>
#include <string.h>

static const struct home *home_named(struct owners *o, const struct process_home *h)
{
	const size_t len = h->len < OWNERS_HOME - 1 ? h->len : OWNERS_HOME - 1;
	uint32_t slot = (uint32_t)hash_bytes(&o->key, h->name, len) % OWNERS_HOMES;

	for (unsigned i = 0; i < 16; i++, slot = (slot + 1) % OWNERS_HOMES) {
		struct home *at = &o->home[slot];

		if (!at->kind) {
			memcpy(at->name, h->name, len);
			at->kind = h->kind;
			return at;
		}
		if (strcmp(at->kind, h->kind) == 0 && strlen(at->name) == len && memcmp(at->name, h->name, len) == 0)
			return at;
	}
	return NULL;
}

bool owners_home(struct owners *o, int32_t pid, uint64_t started, uint64_t cgroup_id, const char **kind,
		 const char **name)
{
	const struct process *p = o->table && pid > 0 ? host_process(o->table, pid, started) : NULL;
	const struct socket_record s = {.has = SOCKET_HAS_CGROUP, .cgroup_id = cgroup_id};
	const char *path = p && p->cgroup[0] ? p->cgroup : NULL;
	const struct home *at;
	struct process_home h;

	if (!path && o->facts && cgroup_id)
		path = socket_cgroup(o->facts, &s);
	if (!path)
		return false;
	h = process_home(path);
	at = h.kind && h.len > 0 ? home_named(o, &h) : NULL;
	if (!at)
		return false;
	*kind = at->kind;
	*name = at->name;
	return true;
}
