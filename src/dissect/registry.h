/* The tables made from dissectors.def: who reads what.
 *
 * Private to this room. The loop asks by table and key, the payload step asks
 * for the guessers of a transport. Everything here is constant once
 * dissect_open() has run; nothing is copied, nothing is owned by the caller.
 */
#ifndef SOCKEYE_DISSECT_REGISTRY_H
#define SOCKEYE_DISSECT_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "sockeye/dissector.h"

/* Build the tables, once for the whole process; from any thread. */
void registry_open(void);

/* The dissector bound to that key, or NULL. The guess tables have no keys. */
const struct dissector *registry_find(enum table table, uint32_t key);

/* The guessers of TABLE_TCP_GUESS or TABLE_UDP_GUESS in the order of
 * dissectors.def; *n of them. */
const struct dissector *const *registry_guessers(enum table table, unsigned *n);

/* Which of them may take what begins with those bytes, or want more of it: bit i is the i-th.
 * Whom the table lets through may still say that it does not (perhaps). */
uint32_t registry_guess(enum table table, const uint8_t *at, size_t n);

/* Is there anybody left, if those look for themselves who do? */
bool registry_guesses(enum table table, const uint8_t *at, size_t n);

/* Is anyone bound to that UDP port? Those who are not are nearly all known by a bit. */
extern uint64_t registry_udp_ports[8];
static inline bool registry_has_udp_port(unsigned port)
{
	return registry_udp_ports[port / 64 % 8] >> port % 64 & 1 && registry_find(TABLE_UDP_PORT, port);
}

#endif
