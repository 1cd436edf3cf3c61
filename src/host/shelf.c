/* Handing over by pointer: see shelf.h.
 *
 * A place is the maker's once it has changed its count from 0 to 1: from there
 * on nobody takes it, because it is not in front. Whoever takes counts first and
 * looks afterwards whether that place still is in front; if not, it lets go
 * again and tries the new one. The maker finds such a count as "held" and takes
 * another place.
 */
#include "shelf.h"

#include <assert.h>
#include <stddef.h>

void shelf_init(struct shelf *s, void (*free)(void *thing))
{
	for (unsigned i = 0; i < SHELF_PLACES; i++) {
		atomic_init(&s->place[i].holders, 0);
		s->place[i].thing = NULL;
	}
	atomic_init(&s->front, -1);
	s->free = free;
}

void shelf_release(struct shelf *s)
{
	for (unsigned i = 0; i < SHELF_PLACES; i++) {
		if (s->place[i].thing != NULL)
			s->free(s->place[i].thing);
		s->place[i].thing = NULL;
	}
	atomic_store(&s->front, -1);
}

void *shelf_take(struct shelf *s)
{
	for (;;) {
		int front = atomic_load(&s->front);

		if (front < 0)
			return NULL;
		atomic_fetch_add(&s->place[front].holders, 1);
		if (atomic_load(&s->front) == front)
			return s->place[front].thing;
		atomic_fetch_sub(&s->place[front].holders, 1); /* another came meanwhile */
	}
}

void shelf_give(struct shelf *s, const void *thing)
{
	for (unsigned i = 0; thing != NULL && i < SHELF_PLACES; i++) {
		/* What is held stands still, so this reads no pointer that changes to ours. */
		if (__atomic_load_n(&s->place[i].thing, __ATOMIC_RELAXED) == thing) {
			atomic_fetch_sub(&s->place[i].holders, 1);
			return;
		}
	}
	assert(thing == NULL);
}

bool shelf_room(struct shelf *s)
{
	for (unsigned i = 0; i < SHELF_PLACES; i++)
		if ((int)i != atomic_load(&s->front) && atomic_load(&s->place[i].holders) == 0)
			return true;
	return false;
}

void shelf_put(struct shelf *s, void *thing)
{
	const int before = atomic_load(&s->front);

	for (unsigned i = 0;; i = (i + 1) % SHELF_PLACES) {
		struct shelf_place *p = &s->place[i];
		uint32_t free = 0;
		void *old = p->thing;

		/* shelf_room() said that there is one: who counts it up for a moment lets go again. */
		if ((int)i == before || !atomic_compare_exchange_strong(&p->holders, &free, 1))
			continue;
		__atomic_store_n(&p->thing, thing, __ATOMIC_RELAXED);
		atomic_store(&s->front, (int)i);
		if (before >= 0)
			atomic_fetch_sub(&s->place[before].holders, 1);
		if (old != NULL)
			s->free(old);
		return;
	}
}

void shelf_tidy(struct shelf *s)
{
	for (unsigned i = 0; i < SHELF_PLACES; i++) {
		struct shelf_place *p = &s->place[i];
		uint32_t free = 0;
		void *old = p->thing;

		if (old == NULL || !atomic_compare_exchange_strong(&p->holders, &free, 1))
			continue;
		__atomic_store_n(&p->thing, NULL, __ATOMIC_RELAXED);
		atomic_fetch_sub(&p->holders, 1);
		s->free(old);
	}
}

void *shelf_front(const struct shelf *s)
{
	int front = atomic_load(&s->front);

	return front < 0 ? NULL : s->place[front].thing;
}
