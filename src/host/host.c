/* Sweeps: from all ways of knowing to one table.
 *
 * Sockets first, then who holds them: a holder whose socket has ended meanwhile
 * finds none, a socket whose holder has ended is told as too late. Each way that
 * fails is left out and said; a sweep fails only where none is left.
 */
#include "sockeye/host.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asking.h"
#include "sockeye/clock.h"

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int host_open(struct host **out, const struct host_options *o, struct error *e)
{
	struct host *h = calloc(1, sizeof *h);
	bool any = false;

	*out = NULL;
	if (!h)
		return error_set(e, ENOMEM, "no memory to ask the kernel for sockets");
	h->o = *o;
	h->diag.fd = h->notices = -1;
	probe_all(h);
	for (unsigned i = 0; i < ASKINGS; i++)
		any = any || h->ways[i] != WAY_NONE;
	if (!any) {
		host_free(h);
		return error_set(e, ENOTSUP, "the kernel does not tell its sockets: neither sock_diag nor /proc/net can be read here");
	}
	*out = h;
	return 0;
}

void host_free(struct host *h)
{
	if (!h)
		return;
	netlink_close(&h->diag);
	shut(&h->notices);
	for (unsigned i = 0; i < HOST_FILES; i++)
		shut(&h->files[i]);
	for (unsigned i = 0; i < COUNTER_FILES; i++)
		shut(&h->counters[i]);
	if (h->walks)
		process_walk_close(&h->walk);
	free(h);
}

/* ---- a sweep -------------------------------------------------------------------------------- */

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

static int sweep_sockets(struct host *h, const struct host_wanted *w, struct host_table *t)
{
	struct socket_table *facts = host_table_facts(t);
	struct filling f = {.table = t, .wanted = w};
	int worst = 0;

	for (unsigned i = 0; i < ASKINGS; i++) {
		const struct asking *a = &askings[i];
		uint32_t states = a->proto == PROTO_TCP && w->states != 0 ? w->states : UINT32_MAX;
		int rc = 0;

		if (!(w->what & a->bit) || h->ways[i] == WAY_NONE)
			continue;
		if (h->ways[i] == WAY_DIAG)
			rc = asking_dump(h, a, &f, states, &facts->partial);
		else
			rc = asking_files(h, a, &f);
		if (rc < 0) {
			worst = rc;
			sweep_failed(facts, a->name, rc);
		}
	}
	return worst;
}

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
		} else if (facts->processes_unreadable > 0) {
			(void)snprintf(t->reason, sizeof t->reason, "the descriptors of %u of %u processes cannot be read%s",
				       facts->processes_unreadable, facts->processes_seen,
				       h->o.all_rights ? ", whatever the rights: their sockets have no owner here"
						       : ": needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or root");
		} else if (h->hidepid >= 2 && facts->unknown == SOCKET_NO_CAPABILITY) {
			(void)snprintf(t->reason, sizeof t->reason,
				       "/proc hides processes of other users (hidepid): needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or root");
		}
	}
}

static void sweep_owners(struct host *h, struct host_table *t)
{
	struct socket_table *facts = host_table_facts(t);
	struct error e = {""};
	bool begin = true;
	int rc = 0;

	do {
		if (h->o.processes)
			rc = h->o.processes(h->o.arg, begin, &h->batch, &e);
		else if (h->walks)
			(void)process_walk_next(&h->walk, &h->batch, ASKING_WALK_MS * CLOCK_MS);
		else
			rc = error_set(&e, ENOENT, "/proc cannot be read: owners of sockets are not known");
		if (rc == 0 && !process_batch_sound(&h->batch))
			rc = error_set(&e, EPROTO, "what was said of processes is damaged: owners of sockets are not known");
		if (rc == 0)
			host_table_batch(t, &h->batch);
		begin = false;
	} while (rc == 0 && !h->batch.done);
	if (rc == 0 && h->batch.failed)
		rc = error_set(&e, (int)h->batch.failed, "/proc cannot be read: %s: owners of sockets are not known",
			       strerror((int)h->batch.failed));
	facts->unknown = rc < 0                                              ? SOCKET_UNSUPPORTED
			 : facts->processes_unreadable > 0 || h->hidepid >= 2 ? SOCKET_NO_CAPABILITY
									      : SOCKET_TOO_LATE;
	sweep_told(h, facts, rc, &e);
}

int host_sweep(struct host *h, const struct host_wanted *w, const struct host_table *before, struct host_table **out,
	       struct error *e)
{
	const int64_t began = clock_monotonic_ns();
	struct socket_table *facts;
	struct host_table *t;
	int64_t middle;
	int rc = host_table_new(&t, h->o.memory, e);

	*out = NULL;
	if (rc < 0)
		return rc;
	facts = host_table_facts(t);
	facts->began_ns = clock_boot_ns();
	facts->at_ns = clock_wall_ns();
	memcpy(facts->tiers, h->tiers, sizeof facts->tiers);
	facts->n_tiers = h->n_tiers;
	facts->cgroups = h->cgroups.at;
	facts->n_cgroups = h->cgroups.n;
	facts->interfaces = h->interfaces;
	facts->n_interfaces = h->n_interfaces;
	rc = sweep_sockets(h, w, t);
	if (rc < 0 && facts->n_sockets == 0) {
		host_table_free(t);
		return error_set(e, -rc, "the kernel does not tell its sockets: %s", strerror(-rc));
	}
	sweep_counters(h, &facts->counters);
	middle = clock_monotonic_ns();
	facts->unknown = SOCKET_UNSUPPORTED;
	if (w->what & HOST_OWNERS)
		sweep_owners(h, t);
	host_table_finish(t, before);
	facts->kernel_ns = middle - began;
	facts->owners_ns = clock_monotonic_ns() - middle;
	*out = t;
	return 0;
}

/* ---- one socket -------------------------------------------------------------------------------- */

struct exact {
	struct socket_record *out;
	uint8_t proto;
	bool found;
};

static void exact_each(void *arg, const uint8_t *bytes, size_t n)
{
	struct exact *x = arg;

	x->found = host_parse_inet(bytes, n, x->proto, x->out);
}

int host_exact(struct host *h, const struct tuple *tuple, bool local_to, struct socket_record *out)
{
	const size_t len = tuple->family == FAMILY_IPV4 ? 4 : 16;
	struct inet_diag_req_v2 q = {
		.sdiag_family = tuple->family == FAMILY_IPV4 ? AF_INET : AF_INET6, .sdiag_protocol = tuple->proto,
		.idiag_ext = 0xfa, .idiag_states = UINT32_MAX,
	};
	const uint16_t local = local_to ? tuple->to_port : tuple->from_port, remote = local_to ? tuple->from_port : tuple->to_port;
	/* TCP is asked from the socket's point of view, UDP from the packet's. */
	const bool swap = tuple->proto != PROTO_TCP;
	struct exact x = {.out = out, .proto = tuple->proto};
	bool partial = false;
	int rc;

	if (h->diag.fd < 0)
		return -ENOTSUP;
	q.id.idiag_cookie[0] = q.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	q.id.idiag_sport = htobe16(swap ? remote : local);
	q.id.idiag_dport = htobe16(swap ? local : remote);
	memcpy(q.id.idiag_src, local_to != swap ? tuple->to.b : tuple->from.b, len);
	memcpy(q.id.idiag_dst, local_to != swap ? tuple->from.b : tuple->to.b, len);
	rc = netlink_ask(&h->diag, &q, sizeof q, false, exact_each, &x, &partial);
	if (rc < 0)
		return rc;
	if (!x.found || out->local.port != local || (out->remote.port != 0 && out->remote.port != remote))
		return -ENOENT; /* on loopback it may be the peer's */
	out->owner = out->listener = SOCKET_NONE;
	return 0;
}

/* ---- sockets that ended ---------------------------------------------------------------------------- */

int host_notices_fd(const struct host *h)
{
	return h->notices;
}

struct notice {
	void (*each)(void *arg, const struct socket_record *s);
	void *arg;
	unsigned n;
};

static void notice_each(void *arg, const uint8_t *bytes, size_t n)
{
	struct notice *x = arg;
	struct socket_record s;

	if (!host_parse_inet(bytes, n, PROTO_TCP, &s))
		return;
	s.owner = s.listener = SOCKET_NONE;
	x->each(x->arg, &s);
	x->n++;
}

unsigned host_notices(struct host *h, void (*each)(void *arg, const struct socket_record *s), void *arg, uint64_t *lost)
{
	struct notice x = {.each = each, .arg = arg};
	bool partial;

	while (h->notices >= 0) {
		ssize_t n = recv(h->notices, h->diag.buffer, sizeof h->diag.buffer, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			(*lost)++; /* the kernel does not say how many */
			continue;
		}
		if (n <= 0)
			break;
		(void)netlink_walk(h->diag.buffer, (size_t)n, 0, notice_each, &x, &partial);
	}
	return x.n;
}
