/* The kernel's side of a live run: opened while there are rights, started when they are gone.
 *
 *     kernel_wanted()  has this run one at all
 *     rights_teller()  before anything is open
 *     kernel_open()    as the source is
 *     kernel_start()   after rights_drop()
 *     kernel_close()   when nobody looks any more
 */
#ifndef SOCKEYE_KERNEL_H
#define SOCKEYE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "rights.h"
#include "sockeye/engine.h"
#include "sockeye/error.h"
#include "sockeye/host_live.h"

struct kernel {
	struct host_live *live; /* NULL: there is none, and why: */
	struct host_live *idle; /* its thread did not start */
	struct error missing;   /* a sentence, or "" where none is wanted */
	struct rights *rights;
};

/* A live run whose view shows owners, or may be filtered by them: files know no kernel. */
bool kernel_wanted(const struct options *o);
/* Do records name owners? Where files are read beside interfaces, what they tell of may be anybody's. */
bool kernel_joined(const struct kernel *k, const struct options *o);
/* What it may take of --memory. */
size_t kernel_share(const struct options *o);
/* The run goes on without what cannot be had: k->missing says it. */
void kernel_open(struct kernel *k, const struct options *o, struct rights *r);
/* Tells the engine which addresses are other network namespaces', where that may be known. 0, or -errno: the run cannot
 * go on. While there are rights and no thread. */
int kernel_elsewhere(const struct kernel *k, struct engine *engine, struct error *e);
void kernel_start(struct kernel *k);
/* That interface is captured from now on, too. */
void kernel_follow(struct kernel *k, const char *name);
void kernel_unfollow(struct kernel *k, const char *name); /* of those, one that is captured no more */
void kernel_close(struct kernel *k);

#endif
