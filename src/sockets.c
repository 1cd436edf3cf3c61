/* The view sockets: opens the ways to the kernel, gives up rights, sweeps and writes.
 *
 * Nothing of it needs a right. Owners of other users' sockets are told by the
 * broker, which keeps what that takes and nothing else; without those rights it
 * tells the owners it may see, and one sentence says what is missing.
 */
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "netns.h"
#include "netns_walk.h"
#include "rights.h"
#include "say.h"
#include "signals.h"
#include "sockeye/clock.h"
#include "sockeye/confine.h"
#include "sockeye/host.h"
#include "sockeye/host_bpf.h"
#include "sockeye/sockets_view.h"

#define BPF_NEEDS (CONFINE_BIT(CONFINE_BPF) | CONFINE_BIT(CONFINE_PERFMON))
#define OWNERS_NEED (CONFINE_BIT(CONFINE_SYS_PTRACE) | CONFINE_BIT(CONFINE_DAC_READ_SEARCH))

static struct netns_hosts hosts; /* large, and there is one */

struct world {
	const struct options *o;
	struct rights rights;
	struct netns_walk walk;
	struct sockets_words *words;
	struct sockets_view *view;
	struct host_table *table; /* the last one, where there is one namespace */
	int signals;
	bool told, lost; /* what is missing has been said; the owners are gone since */
	bool incomplete;
};

static int ask_broker(void *arg, bool begin, struct process_batch *out, struct error *e)
{
	struct world *w = arg;

	return w->o->netns_all ? netns_walk_next(&w->walk, w->rights.broker, begin, out, e)
			       : broker_processes(w->rights.broker, begin, out, e);
}

/* ---- what is wanted -------------------------------------------------------------------------- */

static struct host_wanted wanted(const struct options *o)
{
	struct host_wanted w = {.what = HOST_ALL, .only = o->ipv4 && !o->ipv6 ? FAMILY_IPV4 : o->ipv6 && !o->ipv4 ? FAMILY_IPV6 : 0};

	if (o->unix_sockets && !o->ipv4 && !o->ipv6)
		w.what = HOST_UNIX_SOCKETS | HOST_OWNERS;
	else if (o->ipv4 || o->ipv6)
		w.what = HOST_TCP_SOCKETS | HOST_UDP_SOCKETS | HOST_RAW_SOCKETS | HOST_OWNERS |
			 (o->unix_sockets ? (unsigned)HOST_UNIX_SOCKETS : 0U);
	return w;
}

static enum view_format format_of(const struct options *o)
{
	return o->format == OPTIONS_JSON ? VIEW_JSON : o->format == OPTIONS_CSV ? VIEW_CSV : o->format == OPTIONS_TSV ? VIEW_TSV : VIEW_TEXT;
}

/* ---- what is missing ---------------------------------------------------------------------------- */

/* Which ways do not work, once; -v: also which give less. What went wrong with this table, each time. */
static void tell(struct world *w, const struct socket_table *t)
{
	for (unsigned i = 0; i < t->n_tiers; i++) {
		const struct host_tier *tier = &t->tiers[i];
		const bool owners = strcmp(tier->name, "owners") == 0;
		const bool lost = owners && !tier->works && !w->lost;
		const bool matters = (!tier->works && strcmp(tier->name, "cgroups") != 0 && strcmp(tier->name, "descriptors") != 0) || owners || w->o->verbose > 0;

		w->lost = w->lost || lost;
		if (tier->reason[0] && (w->told ? lost || (t->failed && !tier->works && !owners) : matters))
			say("%s", tier->reason);
	}
	w->told = true;
	if (w->o->verbose > 0)
		say("%u sockets in %.1f ms, %u descriptors that hold them in %.1f ms", t->n_sockets, (double)t->kernel_ns / CLOCK_MS,
		    t->n_owners, (double)t->owners_ns / CLOCK_MS);
	if (t->partial)
		say("the kernel was interrupted while it told its sockets: some may be missing, or there twice");
	if (t->forgotten > 0)
		say("%llu sockets or their holders did not fit into --memory and are missing", (unsigned long long)t->forgotten);
	w->incomplete = w->incomplete || t->failed || t->forgotten > 0;
}

/* ---- the run ---------------------------------------------------------------------------------------- */

/* 0: go on; else the status to end with. */
enum { WAIT_ON = -1 };
static int wait_until(const struct world *w, int64_t until_ns)
{
	for (;;) {
		struct pollfd p = {.fd = w->signals, .events = POLLIN};
		int64_t left = until_ns - clock_monotonic_ns();
		struct signalfd_siginfo info;
		int n = poll(&p, 1, left > 0 ? (int)((left + CLOCK_MS - 1) / CLOCK_MS < 3600000 ? (left + CLOCK_MS - 1) / CLOCK_MS : 3600000) : 0);

		if (n > 0 && read(w->signals, &info, sizeof info) == (ssize_t)sizeof info && info.ssi_signo != SIGUSR1)
			return info.ssi_signo == SIGHUP ? EXIT_HUNG_UP : EXIT_COMPLETE;
		if (n <= 0 && clock_monotonic_ns() >= until_ns)
			return WAIT_ON;
	}
}

/* One table of one namespace. 0, or -errno: of the sweep with the sentence, or of the write without. */
static int one(struct world *w, struct host *h, struct error *e)
{
	const struct host_wanted what = wanted(w->o);
	struct host_table *t;
	int rc = host_sweep(h, &what, w->table, &t, e);

	if (rc < 0)
		return rc;
	host_table_free(w->table);
	w->table = t;
	rc = sockets_view_write(w->view, host_table_sockets(t));
	tell(w, host_table_sockets(t));
	return rc;
}

/* One namespace's sweep failed: the others are told. */
static void one_failed(struct world *w, const struct socket_netns *n, struct error *e)
{
	char shown[600];
	struct text t;

	text_init(&t, shown, sizeof shown);
	socket_netns_label(&t, n, w->o->ascii);
	say("--netns all: %s: %s; its sockets are missing", shown, e->text);
	e->text[0] = '\0';
	w->incomplete = true;
}

/* Of all of them, one after the other: each table is freed before the next one is made. As again_and_again(). */
static int once(struct world *w, struct error *e)
{
	int status, rc = 0;

	for (unsigned i = 0; i < hosts.n && rc == 0; i++) {
		if (i > 0 && (status = wait_until(w, 0)) != WAIT_ON)
			return status;
		rc = one(w, hosts.at[i], e);
		if (hosts.n == 1)
			break;
		if (rc < 0 && e->text[0]) {
			one_failed(w, hosts.whose[i], e);
			rc = 0;
		}
		host_table_free(w->table);
		w->table = NULL;
	}
	return rc;
}

static int again_and_again(struct world *w, struct error *e)
{
	const int64_t began = clock_monotonic_ns();
	int64_t next = began;
	uint64_t rounds = 0;
	int rc, status;

	for (;;) {
		rc = once(w, e);
		if (rc < 0 || w->o->interval_ns == 0 || ++rounds == w->o->count)
			return rc;
		next += w->o->interval_ns;
		if (next < clock_monotonic_ns()) /* the sweep took longer: no crowd of them */
			next = clock_monotonic_ns();
		if (w->o->duration_ns > 0 && next >= began + w->o->duration_ns)
			return wait_until(w, began + w->o->duration_ns) == EXIT_HUNG_UP ? EXIT_HUNG_UP : 0;
		status = wait_until(w, next);
		if (status != WAIT_ON)
			return status;
	}
}

/* The kernel's own walk, where it pays: for one look at little /proc is quicker, where all of it may be read. */
static bool by_bpf(const struct world *w)
{
	const uint64_t had = w->rights.had;
	const bool may = (had & BPF_NEEDS) == BPF_NEEDS || (had & CONFINE_BIT(CONFINE_SYS_ADMIN));

	/* Loading it takes some time for each namespace. */
	return may && !w->o->no_bpf &&
	       ((w->o->interval_ns > 0 && !w->o->netns_all) || (had & OWNERS_NEED) != OWNERS_NEED ||
		(!w->o->netns_all && host_walk_pays()));
}

static int prepare(struct world *w, struct error *e)
{
	const struct broker_options broker = {.owners = true, .no_capture = true};
	const struct sockets_view_options view = {
		.format = format_of(w->o), .fd = STDOUT_FILENO, .ascii = w->o->ascii, .verbose = w->o->verbose > 0,
		.summary = w->o->summary, .leaks = w->o->leaks, .only_listen = w->o->listen, .repeats = w->o->interval_ns > 0,
		.words = w->words, .netns = w->o->netns != NULL,
	};
	struct host_options host = {.memory = w->o->memory / 2, .arg = w};
	int rc;

	if ((rc = rights_see(&w->rights, w->o->user, e)) < 0 || (rc = rights_broker(&w->rights, false, &broker, e)) < 0)
		return rc;
	host.processes = ask_broker;
	host.bpf_walk = by_bpf(w);
	host.all_rights = (w->rights.had & OWNERS_NEED) == OWNERS_NEED;
	if (w->o->netns_all)
		netns_walk_open(&w->walk, w->o->memory / 16);
	rc = netns_hosts_open(&hosts, w->o, &host, e);
	w->incomplete = hosts.missing;
	if (rc < 0 || (rc = sockets_view_open(&w->view, &view, e)) < 0)
		return rc;
	w->signals = signals_open(false, e);
	if (w->signals < 0)
		return w->signals;
	if ((rc = rights_drop(&w->rights, e)) < 0)
		return rc;
	rights_tell(&w->rights);
	return 0;
}

static int status_of(const struct world *w, int rc, const struct error *e)
{
	if (rc == -EPIPE && !e->text[0])
		return EXIT_COMPLETE;
	if (rc < 0 && !e->text[0]) {
		say("standard output cannot be written: %s; what came after is missing", strerror(-rc));
		return EXIT_INCOMPLETE;
	}
	if (rc < 0) {
		say("%s", e->text);
		return EXIT_CANNOT;
	}
	return rc == EXIT_HUNG_UP ? EXIT_HUNG_UP : w->incomplete ? EXIT_INCOMPLETE : EXIT_COMPLETE;
}

int sockets_run(const struct options *o)
{
	struct world w = {.o = o, .signals = -1};
	struct error e = {""};
	unsigned column;
	int rc;

	if (sockets_words_parse(&w.words, o->filter, &column, &e) < 0) {
		say("column %u: %s", column, e.text);
		say_column(o->filter, column);
		return EXIT_USAGE;
	}
	rc = prepare(&w, &e);
	if (rc == 0)
		rc = again_and_again(&w, &e);
	rc = status_of(&w, rc, &e);
	host_table_free(w.table);
	sockets_view_free(w.view);
	netns_hosts_free(&hosts);
	netns_walk_close(&w.walk);
	sockets_words_free(w.words);
	rights_end(&w.rights);
	return rc;
}
