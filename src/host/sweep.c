/* Sweeps: from all ways of knowing to one table.
 *
 * Sockets first, then who holds them: a holder whose socket has ended meanwhile
 * finds none, a socket whose holder has ended is told as too late. Each way that
 * fails is left out and said; a sweep fails only where none is left.
 *
 * It is done in steps, each as long as one read from the kernel or a few thousand sockets.
 * host_sweep() takes them one after the other.
 */
#include "sweep.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "asking.h"
#include "sockeye/clock.h"

enum { SWEEP_PATIENCE_MS = 10000, SWEEP_MANY = 30000 /* sockets of TCP */ };

/* ---- sockets ---------------------------------------------------------------------------------- */

static void sweep_counters(struct host *h, struct socket_counters *c)
{
	for (unsigned i = 0; i < COUNTER_FILES; i++) {
		size_t n = asking_read(h->counters[i], h->text, sizeof h->text);

		if (i == COUNTER_SOCKSTAT)
			host_parse_sockstat(h->text, n, c);
		else if (i == COUNTER_PORTS)
			host_parse_ports(h->text, n, c);
		else
			host_parse_pairs(h->text, n, c);
	}
}

/* A kind that could be read at the start and cannot now. */
static void sweep_failed(struct socket_table *facts, const char *name, int rc)
{
	for (unsigned i = 0; i < facts->n_tiers; i++) {
		struct host_tier *t = &facts->tiers[i];

		if (strcmp(t->name, name) != 0)
			continue;
		t->works = false;
		(void)snprintf(t->reason, sizeof t->reason, "%s sockets could not be read: %s; some are missing", name, strerror(-rc));
	}
	facts->failed = true;
}

/* A kind is done, or failed. */
static void step_kind_over(struct host *h, struct host_sweeping *s, int rc)
{
	if (rc < 0) {
		s->worst = rc;
		sweep_failed(host_table_facts(s->table), askings[s->kind].name, rc);
	}
	s->kind++;
	s->filling.part = 0;
	s->filling.asked = s->filling.read = false;
	s->asked_ns = clock_monotonic_ns();
	(void)h;
}

/* Sockets that are bound, and neither listen nor connect: to find them the kernel goes through all that have a port in one
 * call, which takes 25 ms with 100 000. Then they are left out, and that is said. */
static uint32_t states_in_steps(struct host *h, struct socket_table *facts)
{
	struct socket_counters c = {.known = 0};
	const size_t n = asking_read(h->counters[COUNTER_SOCKSTAT], h->text, sizeof h->text);

	host_parse_sockstat(h->text, n, &c);
	if (!h->in_steps || c.tcp_in_use < SWEEP_MANY)
		return UINT32_MAX;
	for (unsigned i = 0; i < facts->n_tiers; i++)
		if (strcmp(facts->tiers[i].name, "tcp") == 0)
			(void)snprintf(facts->tiers[i].reason, sizeof facts->tiers[i].reason,
				       "with so many sockets those that are bound alone, and neither listen nor connect, are not asked for");
	return ~(UINT32_C(1) << SOCKET_BOUND);
}

static int step_sockets(struct host *h, struct host_sweeping *s)
{
	const struct asking *a = &askings[s->kind];
	uint32_t states;
	int rc;

	if (s->kind == ASKINGS) {
		s->stage = SWEEP_COUNTERS;
		return 1;
	}
	if (!(s->wanted.what & a->bit) || h->ways[s->kind] == WAY_NONE) {
		step_kind_over(h, s, 0);
		return 1;
	}
	if (a->proto == PROTO_TCP && !s->filling.asked)
		s->states = s->wanted.states != 0 ? s->wanted.states : states_in_steps(h, host_table_facts(s->table));
	states = a->proto == PROTO_TCP ? s->states : UINT32_MAX;
	if (h->ways[s->kind] == WAY_DIAG)
		rc = asking_dump(h, a, &s->filling, states, &host_table_facts(s->table)->partial);
	else
		rc = asking_files(h, a, &s->filling);
	if (rc > 0)
		s->asked_ns = clock_monotonic_ns();
	if (rc == -EAGAIN && clock_monotonic_ns() - s->asked_ns < (int64_t)NETLINK_PATIENCE_MS * CLOCK_MS)
		return -EAGAIN;
	if (rc <= 0)
		step_kind_over(h, s, rc == -EAGAIN ? -ETIMEDOUT : rc);
	return 1;
}

/* ---- owners ----------------------------------------------------------------------------------- */

/* The tier "owners" of this sweep says what was missing. */
static void sweep_told(const struct host *h, struct socket_table *facts, int rc, const struct error *e)
{
	for (unsigned i = 0; i < facts->n_tiers; i++) {
		struct host_tier *t = &facts->tiers[i];

		if (strcmp(t->name, "owners") != 0)
			continue;
		if (rc < 0) {
			t->works = false;
			(void)snprintf(t->reason, sizeof t->reason, "%.*s", (int)sizeof t->reason - 1, e->text);
		} else if (h->hidepid >= 2 && facts->unknown == SOCKET_NO_CAPABILITY) {
			(void)snprintf(t->reason, sizeof t->reason,
				       "/proc hides processes of other users (hidepid): needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or root");
		} else if (facts->processes_unreadable > 0) {
			(void)snprintf(t->reason, sizeof t->reason, "the descriptors of %u of %u processes cannot be read%s",
				       facts->processes_unreadable, facts->processes_seen,
				       h->o.all_rights ? ", whatever the rights: their sockets have no owner here"
						       : ": needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or root");
		}
	}
}

/* The next piece of who holds what. 0; -EAGAIN; -errno with the sentence. */
static int owners_next(struct host *h, struct host_sweeping *s, struct error *e)
{
	int rc;

	if (h->owners.next && !s->fallen)
		return h->owners.next(h->owners.self, s->begin, &h->batch, e);
	if (h->o.processes_ask) {
		if (!s->asked) {
			rc = h->o.processes_ask(h->o.arg, s->begin, e);
			if (rc < 0)
				return rc;
			s->asked = true;
			s->asked_ns = clock_monotonic_ns();
		}
		rc = h->o.processes_take(h->o.arg, &h->batch, e);
		if (rc == -EAGAIN && clock_monotonic_ns() - s->asked_ns < (int64_t)SWEEP_PATIENCE_MS * CLOCK_MS)
			return rc;
		s->asked = false;
		return rc == -EAGAIN ? error_set(e, ETIMEDOUT, "the broker did not answer within %d s: owners of sockets are not known",
						 SWEEP_PATIENCE_MS / 1000)
				     : rc;
	}
	if (h->o.processes)
		return h->o.processes(h->o.arg, s->begin, &h->batch, e);
	if (!h->walks)
		return error_set(e, ENOENT, "/proc cannot be read: owners of sockets are not known");
	(void)process_walk_next(&h->walk, &h->batch, ASKING_WALK_MS * CLOCK_MS);
	return 0;
}

/* Owners are as complete as they get. */
static int owners_over(struct host *h, struct host_sweeping *s, int rc, const struct error *e)
{
	struct socket_table *facts = host_table_facts(s->table);
	const bool all = h->owners.next && !s->fallen; /* it sees every process */

	facts->unknown = rc < 0                                              ? SOCKET_UNSUPPORTED
			 : facts->processes_unreadable > 0 || (h->hidepid >= 2 && !all) ? SOCKET_NO_CAPABILITY
											  : SOCKET_TOO_LATE;
	sweep_told(h, facts, rc, e);
	if (rc == 0)
		host_table_walked(s->table);
	s->stage = SWEEP_FINISH;
	return 1;
}

static void listener_still(void *arg, const struct socket_record *s)
{
	host_table_still(arg, s->cookie);
}

/* A listener that nobody was seen to hold has been closed meanwhile, or its process may not be looked at. */
static int step_finish(struct host *h, struct host_sweeping *s)
{
	if (host_table_step(s->table, s->before))
		return 1;
	if (s->wanted.what & HOST_TCP_SOCKETS && s->wanted.what & HOST_OWNERS)
		(void)asking_listeners(h, listener_still, s->table);
	return 0;
}

static int step_owners(struct host *h, struct host_sweeping *s)
{
	const bool other = h->owners.next && !s->fallen;
	struct error e = {""};
	int rc;

	if (!s->walk && s->before) {
		host_table_carry(s->table, s->before);
		sweep_told(h, host_table_facts(s->table), s->before_failed ? -1 : 0, &s->before_why);
		s->stage = SWEEP_FINISH;
		return 1;
	}
	rc = owners_next(h, s, &e);
	if (rc == -EAGAIN)
		return rc;
	if (rc == 0 && !process_batch_sound(&h->batch))
		rc = error_set(&e, EPROTO, "what was said of processes is damaged: owners of sockets are not known");
	if (rc < 0 && other) { /* what it has told so far is true, and told again */
		s->fallen = s->begin = true;
		return 1;
	}
	if (rc == 0)
		host_table_batch(s->table, &h->batch, other ? h->owners.evidence : SOCKET_BY_PROC);
	s->begin = false;
	if (rc == 0 && !h->batch.done)
		return 1;
	if (rc == 0 && h->batch.failed)
		rc = error_set(&e, (int)h->batch.failed, "/proc cannot be read: %s: owners of sockets are not known",
			       strerror((int)h->batch.failed));
	s->before_failed = rc < 0;
	s->before_why = e;
	return owners_over(h, s, rc, &e);
}

static int step_newer(struct host_sweeping *s)
{
	if (s->before && !host_table_newer(s->table, s->before, &s->newer_at, &s->newer))
		return 1;
	s->stage = s->wanted.what & HOST_OWNERS ? SWEEP_OWNERS : SWEEP_FINISH;
	return 1;
}

/* ---- steps -------------------------------------------------------------------------------------- */

int sweep_begin(struct host *h, const struct host_wanted *w, const struct host_table *before, bool walk, struct error *e)
{
	struct host_sweeping *s = &h->sweep, last = *s;
	struct socket_table *facts;
	int rc;

	memset(s, 0, sizeof *s);
	s->before_failed = last.before_failed;
	s->before_why = last.before_why;
	rc = host_table_new(&s->table, h->o.memory, e);
	if (rc < 0)
		return rc;
	s->stage = SWEEP_SOCKETS;
	s->wanted = *w;
	s->before = before;
	s->walk = walk || !before;
	s->begin = true;
	s->asked_ns = clock_monotonic_ns();
	s->filling = (struct filling){.table = s->table, .wanted = &s->wanted};
	facts = host_table_facts(s->table);
	facts->asked = w->what;
	facts->began_ns = clock_boot_ns();
	facts->at_ns = clock_wall_ns();
	memcpy(facts->tiers, h->tiers, sizeof facts->tiers);
	facts->n_tiers = h->n_tiers;
	facts->cgroups = h->cgroups.at;
	facts->n_cgroups = h->cgroups.n;
	facts->interfaces = h->interfaces;
	facts->n_interfaces = h->n_interfaces;
	facts->netns = h->o.netns;
	facts->unknown = SOCKET_UNSUPPORTED;
	return 0;
}

static int sweep_do(struct host *h, struct host_sweeping *s)
{
	switch (s->stage) {
	case SWEEP_SOCKETS:
		return step_sockets(h, s);
	case SWEEP_COUNTERS:
		if (s->worst < 0 && host_table_facts(s->table)->n_sockets == 0)
			return s->worst;
		sweep_counters(h, &host_table_facts(s->table)->counters);
		s->stage = SWEEP_NEWER;
		return 1;
	case SWEEP_NEWER:
		return step_newer(s);
	case SWEEP_OWNERS:
		return step_owners(h, s);
	case SWEEP_FINISH:
		return step_finish(h, s);
	default:
		return -EINVAL;
	}
}

int sweep_step(struct host *h, struct host_table **out, struct error *e)
{
	struct host_sweeping *s = &h->sweep;
	const bool owners = s->stage > SWEEP_COUNTERS;
	const int64_t began = clock_monotonic_ns();
	int rc = sweep_do(h, s);

	*(owners ? &s->owners_ns : &s->kernel_ns) += clock_monotonic_ns() - began;
	*out = NULL;
	if (rc > 0 || rc == -EAGAIN)
		return rc;
	if (rc == 0) {
		host_table_facts(s->table)->kernel_ns = s->kernel_ns;
		host_table_facts(s->table)->owners_ns = s->owners_ns;
		*out = s->table;
		s->table = NULL;
		s->stage = SWEEP_NONE;
		return 0;
	}
	sweep_abandon(h);
	return error_set(e, -rc, "the kernel does not tell its sockets: %s", strerror(-rc));
}

int sweep_fd(const struct host *h)
{
	return h->sweep.stage == SWEEP_OWNERS ? h->o.processes_fd : h->dumps.fd;
}

void sweep_abandon(struct host *h)
{
	host_table_free(h->sweep.table);
	h->sweep.table = NULL;
	h->sweep.stage = SWEEP_NONE;
}

int host_sweep(struct host *h, const struct host_wanted *w, const struct host_table *before, struct host_table **out,
	       struct error *e)
{
	int rc = sweep_begin(h, w, before, true, e);

	*out = NULL;
	if (rc < 0)
		return rc;
	while ((rc = sweep_step(h, out, e)) > 0 || rc == -EAGAIN) {
		struct pollfd p = {.fd = sweep_fd(h), .events = POLLIN};

		if (rc == -EAGAIN)
			(void)poll(&p, 1, NETLINK_PATIENCE_MS);
	}
	return rc;
}
