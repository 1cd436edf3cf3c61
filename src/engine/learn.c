/* Findings and tables of the host thread, taken in between two batches.
 *
 * All that is there is taken, a full queue in some milliseconds: a record that is told in the next
 * batch must not miss what has been found already. For the same reason the host thread is given
 * a moment after a stop of the whole process: both threads wake with two seconds of work, and the
 * engine's would end flows before the other has told whose they were. */
#include "learn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "sockeye/clock.h"
#include "sockeye/host_bpf.h"

#define LEARN_STOP_NS (400 * (int64_t)CLOCK_MS)
#define LEARN_LATE_NS (1000 * (int64_t)CLOCK_MS)
#define LEARN_PATIENCE_NS (200 * (int64_t)CLOCK_MS) /* no packet is read meanwhile: the ring must hold them */
#define LEARN_REST_NS (2 * HOST_BPF_REST_MS * (int64_t)CLOCK_MS)
enum { LEARN_POLL_MS = 10 };

/* Memory for owners, of all that the engine has. A burst of 5 000 connections a second over loopback has 20 000 sockets
 * before their records are told, which takes 5 MB. */
static size_t share(size_t memory)
{
	const size_t least = 8 << 20, most = 16 << 20, part = memory / 32 > least ? memory / 32 : least;

	return part > most ? most : part > memory / 8 ? memory / 8 : part;
}

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
	k->flows = engine_flows(e);
	r = owners_open(&k->owners, share(k->totals->memory_limit), 0, err);
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

void engine_elsewhere(struct engine *e, const struct address *a, uint8_t family)
{
	owners_elsewhere((*engine_learns(e))->owners, a, family);
}

static void another_table(struct learn *k, const struct host_table *t)
{
	const struct host_table *before = owners_has(k->owners);
	const unsigned n = t ? host_live_listeners(k->live, k->listener, HOST_LIVE_LISTENERS) : 0;

	owners_table(k->owners, t, k->listener, n < HOST_LIVE_LISTENERS ? n : HOST_LIVE_LISTENERS);
	if (before)
		host_live_release(k->live, before);
}

static unsigned take_findings(struct learn *k)
{
	unsigned taken = 0, n;

	do {
		n = host_live_findings(k->live, k->finding, sizeof k->finding / sizeof *k->finding);
		for (unsigned i = 0; i < n; i++)
			flow_mark(k->flows, owners_found(k->owners, &k->finding[i]));
		taken += n;
	} while (n == sizeof k->finding / sizeof *k->finding && taken < HOST_LIVE_FINDINGS);
	return taken;
}

/* Until the thread has looked at all twice, a little apart, and found nothing: what tells of events lets them rest a while,
 * and takes no more of them at once than a slice of time allows. */
static unsigned wait_for_thread(struct learn *k)
{
	struct pollfd p = {.fd = host_live_findings_fd(k->live), .events = POLLIN};
	const int64_t begun = clock_monotonic_ns();
	int64_t until = begun, turned;
	unsigned taken = 0, turns = 0, n;

	while (turns < 2 && clock_monotonic_ns() - begun < LEARN_PATIENCE_NS) {
		host_live_wake(k->live);
		(void)poll(&p, 1, LEARN_POLL_MS);
		turned = host_live_turned(k->live);
		n = take_findings(k);
		taken += n;
		turns = n > 0 ? 0 : turns;
		if (n > 0 || turned < until)
			continue;
		turns++;
		until = turned + LEARN_REST_NS;
	}
	return taken;
}

bool engine_learn(struct engine *e)
{
	struct learn *k = *engine_learns(e);
	unsigned taken;
	uint64_t tables;
	int64_t now, turned;

	if (!k || !k->live)
		return false;
	taken = take_findings(k);
	now = clock_monotonic_ns();
	turned = host_live_turned(k->live); /* 0: it never has, and may never: it could not be started */
	/* The run looks four times a second at least, the thread turns twice: one of them did not run. */
	if (k->looked_ns != 0 && turned != 0 && (now - k->looked_ns > LEARN_STOP_NS || now - turned > LEARN_LATE_NS))
		taken += wait_for_thread(k);
	k->looked_ns = clock_monotonic_ns();
	tables = host_live_tables(k->live);
	if (tables != k->tables) {
		const struct host_table *t = host_live_take(k->live);
		/* `same` is said of the table before it, which may not have come here. */
		const bool next = tables - k->tables == 1;

		k->tables = tables;
		if (t)
			another_table(k, t);
		taken += t != NULL && !(next && host_table_sockets(t)->same); /* else nothing new is to be told */
	}
	owners_look(k->owners);
	return taken > 0;
}

uint64_t engine_owner_tables(struct engine *e)
{
	const struct learn *k = *engine_learns(e);

	return k ? k->tables : 0;
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
