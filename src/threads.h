/* Whether there are further threads, for files: --threads. */
#ifndef THREADS_H
#define THREADS_H

#include "options.h"
#include "sockeye/engine.h"
#include "sockeye/source.h"

/* The least size of a compressed file that is decompressed on a thread of its own; 0: none is. */
size_t threads_inflate(const struct options *o);

/* Put a pipeline in place of *s where one is asked for or pays, and can be. Where it cannot,
 * one thread reads; that is an error only where two were asked for and there is no memory. */
int threads_open(struct source **s, struct engine *engine, const struct options *o, struct error *e);

#endif
