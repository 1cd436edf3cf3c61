/* Things that one thread makes and all may hold, handed over by pointer. Private to this room.
 *
 * The last one lies in front. Who takes it holds it until it is released; the maker
 * puts another in front without waiting for anybody. What is neither held nor in front is
 * freed by the maker, when it tidies up: nobody else pays for that. There
 * are so many places and no more; while all are held nothing new can be put.
 */
#ifndef HOST_SHELF_H
#define HOST_SHELF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SHELF_PLACES = 4 };

struct shelf_place {
	_Atomic uint32_t holders; /* who is in front is held by the shelf */
	void *thing;              /* the maker's to change while it alone holds it */
};

struct shelf {
	struct shelf_place place[SHELF_PLACES];
	_Atomic int front; /* -1: none */
	void (*free)(void *thing);
};

void shelf_init(struct shelf *s, void (*free)(void *thing));
/* Frees all; nobody may hold any. */
void shelf_release(struct shelf *s);

/* Any thread. NULL: there is none yet. */
void *shelf_take(struct shelf *s);
void shelf_give(struct shelf *s, const void *thing);

/* The maker. False: all places are held. shelf_put() then is not called. */
bool shelf_room(struct shelf *s);
void shelf_put(struct shelf *s, void *thing);
void shelf_tidy(struct shelf *s);
void *shelf_front(const struct shelf *s); /* or NULL; the maker's own look, without holding it */

#endif
