/* Findings and tables of the host thread, taken in between two batches: a bounded number each
 * time, so that packets go on. */
#include "learn.h"

#include <errno.h>
#include <stdlib.h>

enum { LEARN_FINDINGS = 4096 }; /* at once */

/* Memory for owners of all that the engine has: the part of a live run's that has no other use. */
enum { LEARN_SHARE = 32 };

static void more(void *arg, struct flow_record *r)
{
	const struct learn *k = arg;

	owners_fill(k->owners, r, k->totals->now_ns);
}

int engine_host(struct engine *e, struct host_live *h, struct error *err)
{
	struct learn *k = calloc(1, sizeof *k);
	int r;

	if (!k)
		return error_set(err, ENOMEM, "no memory for the owners of sockets");
	k->live = h;
	k->totals = engine_totals(e);
	r = owners_open(&k->owners, k->totals->memory_limit / LEARN_SHARE, 0, err);
	if (r < 0) {
		free(k);
		return r;
	}
	owners_locals(k->owners);
	flow_record_more(engine_flows(e), more, k);
	*engine_learns(e) = k;
	if (h)
		host_live_want(h, HOST_LIVE_ENGINE, HOST_TCP_SOCKETS | HOST_UDP_SOCKETS | HOST_OWNERS);
	return 0;
}

static void another_table(struct learn *k, const struct host_table *t)
{
	const struct host_table *before = owners_has(k->owners);
	const unsigned n = t ? host_live_listeners(k->live, k->listener, HOST_LIVE_LISTENERS) : 0;

	owners_table(k->owners, t, k->listener, n < HOST_LIVE_LISTENERS ? n : HOST_LIVE_LISTENERS);
	if (before)
		host_live_release(k->live, before);
}

bool engine_learn(struct engine *e)
{
	struct learn *k = *engine_learns(e);
	unsigned taken = 0, n;
	uint64_t tables;

	if (!k || !k->live)
		return false;
	do {
		n = host_live_findings(k->live, k->finding, sizeof k->finding / sizeof *k->finding);
		for (unsigned i = 0; i < n; i++)
			owners_found(k->owners, &k->finding[i]);
		taken += n;
	} while (n == sizeof k->finding / sizeof *k->finding && taken < LEARN_FINDINGS);
	tables = host_live_tables(k->live);
	if (tables != k->tables) {
		const struct host_table *t = host_live_take(k->live);

		k->tables = tables;
		if (t)
			another_table(k, t);
		taken += t != NULL;
	}
	return taken > 0;
}

void learn_free(struct learn *k)
{
	if (!k)
		return;
	if (k->live)
		another_table(k, NULL);
	owners_free(k->owners);
	free(k);
}
