/* The BPF programs, loaded: who does what with sockets, told by the kernel while it happens.
 *
 *     witness_open()   while rights are held: CAP_BPF and CAP_PERFMON, or root
 *     ...              rights are given up
 *     witness_events() what has happened since; witness_fd() says when to look
 *     witness_walk()   a pass through all descriptors of all processes
 *
 * Each program is tried; one that this kernel does not take is left out, and witness_lacks() says what it would
 * have told. No allocation once it is open, and no system call but those that read. One thread. Private to this room.
 */
#ifndef BPF_WITNESS_H
#define BPF_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "sockeye/error.h"
#include "sockeye/process.h"

struct witness;

enum {
	WITNESS_OPENED = 1,   /* connect(2), listen(2), and closing */
	WITNESS_USED = 2,     /* the first time that a process sends or receives */
	WITNESS_ENDED = 4,
	WITNESS_ACCEPTED = 8, /* accept(2), in time */
	WITNESS_EVENTS = WITNESS_OPENED | WITNESS_USED | WITNESS_ENDED | WITNESS_ACCEPTED,
	WITNESS_WALK = 16,
};

/* Why this build has none of it; NULL: it has. */
const char *witness_missing(void);

/* 0 with at least one of what is wanted, or -errno with the sentence. */
int witness_open(struct witness **out, unsigned wanted, struct error *e);
void witness_free(struct witness *w);
/* WITNESS_ bits: what works. */
unsigned witness_has(const struct witness *w);
/* A sentence about what was wanted and does not work; "" */
const char *witness_lacks(const struct witness *w);

/* Readable when something has happened since all was read; -1: no events. */
int witness_fd(const struct witness *w);
/* The oldest events, most of them at most; how many. */
unsigned witness_events(struct witness *w, void (*each)(void *arg, const struct event *e), void *arg, unsigned most);
/* Events that found no room. */
uint64_t witness_lost(const struct witness *w);

/* The next piece of a pass; begin: of a new one. 0; -errno with the sentence. A piece takes a few milliseconds at most. */
int witness_walk(struct witness *w, bool begin, struct process_batch *out, struct error *e);

#endif
