/* witness: what the BPF programs tell, as lines.
 *
 * usage: witness events | elsewhere | walk | both | findings | sweeps [SECONDS]
 *
 * Opens them, gives its rights up as a run does (user nobody, no capability, seccomp, Landlock), prints "ready" and
 * what works in bits, and what does not on standard error. Then, for SECONDS (10) or until standard input ends, an
 * event a line, fields between tabs:
 *
 *     kind at_ns cookie inode pid comm uid fd family local local_port remote remote_port state
 *
 * "elsewhere" prints those of other network namespaces instead, and the ends of all.
 * "walk" prints each holder instead, pid comm fd inode parent uid descriptors started cgroup, and what the pass took.
 * "findings" prints what the host thread makes of events, as events, and the tiers on standard error; kind is
 * that of findings. At the end "lost N". "sweeps" has the host thread make tables as for the screen, one after the other, and
 * prints at the end "sweeps N sockets N longest_us N": of the sweep whose longest step was the shortest. A machine that is
 * taken away from us now and then makes some step of one sweep long; one that is long by itself is so in each.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bpf/witness.h"
#include "sockeye/host_bpf.h"
#include "sockeye/clock.h"
#include "sockeye/confine.h"

static void give_up(void)
{
	struct error e = {""};
	unsigned calls;
	int abi;

	(void)confine_bounding();
	if ((geteuid() == 0 && confine_user(65534, 65534, false, &e) < 0) || confine_capabilities(0, &e) < 0 ||
	    confine_no_new_privs(&e) < 0 || confine_files(&abi, &e) < 0 || confine_calls(CONFINE_MAIN, &calls, &e) < 0)
		(void)fprintf(stderr, "witness: %s\n", e.text);
}

static bool elsewhere;

static void print_event(void *arg, const struct event *e)
{
	const int64_t *offset = arg;
	char local[64], remote[64];
	const int family = e->family == 4 ? AF_INET : AF_INET6;

	if (elsewhere ? e->kind != EVENT_GONE && e->network == 0 : e->network != 0)
		return; /* else another test's */
	(void)printf("%u\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t%u\t%.16s\t%u\t%d\t%u\t%s\t%u\t%s\t%u\t%u\n", e->kind,
		     (int64_t)e->at_ns + *offset, (uint64_t)e->cookie, (uint64_t)e->inode, e->process.pid, e->process.comm, e->process.uid,
		     e->fd, e->family, inet_ntop(family, e->local, local, sizeof local), e->local_port,
		     inet_ntop(family, e->remote, remote, sizeof remote), e->remote_port, e->state);
}

static int walk(struct witness *w)
{
	static struct process_batch b;
	int64_t took = 0, longest = 0;
	struct error e = {""};
	unsigned pieces = 0;
	bool begin = true;

	do {
		const int64_t began = clock_monotonic_ns();
		int64_t piece;

		if (witness_walk(w, begin, &b, &e) < 0 || !process_batch_sound(&b)) {
			(void)fprintf(stderr, "witness: %s\n", e.text);
			return 1;
		}
		piece = clock_monotonic_ns() - began;
		took += piece;
		longest = piece > longest ? piece : longest;
		begin = false;
		pieces++;
		for (uint32_t i = 0; i < b.holders; i++) {
			const struct process *p = &b.process[b.holder[i].process];

			(void)printf("%d\t%s\t%d\t%" PRIu64 "\t%d\t%u\t%u\t%" PRIu64 "\t%s\n", p->pid, p->comm, b.holder[i].fd, b.holder[i].inode,
				     p->parent, p->uid, p->descriptors, p->started, p->cgroup);
		}
	} while (!b.done);
	(void)fprintf(stderr, "seen %u\ntook %.3f ms in %u pieces, the longest %.3f ms\n", b.seen, (double)took / CLOCK_MS, pieces,
		      (double)longest / CLOCK_MS);
	return 0;
}

static void print_finding(const struct host_finding *f)
{
	char local[64], remote[64];
	const int family = f->tuple.family == FAMILY_IPV6 ? AF_INET6 : AF_INET;

	if (f->netns != 0)
		return; /* another test's */
	(void)printf("%u\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t%d\t%s\t%u\t%d\t%u\t%s\t%u\t%s\t%u\t%u\n", f->kind, f->at_ns, f->cookie,
		     f->inode, f->pid, f->comm, f->uid, f->fd, f->tuple.family, inet_ntop(family, f->tuple.from.b, local, sizeof local),
		     f->tuple.from_port, inet_ntop(family, f->tuple.to.b, remote, sizeof remote), f->tuple.to_port, f->state);
}

static int findings(int64_t until)
{
	const struct host_options o = {.memory = 16 << 20, .processes_fd = -1};
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	static struct host_finding some[256];
	struct host_live *h;
	struct error e = {""};
	unsigned turns = 0, last = 0;

	if (host_live_open(&h, &o, &e) < 0 || host_add_bpf(h, &e) < 0) {
		(void)fprintf(stderr, "witness: %s\n", e.text);
		return 1;
	}
	give_up();
	if (host_live_start(h, &e) < 0)
		return 1;
	fds[1].fd = host_live_findings_fd(h);
	(void)printf("ready 0\n");
	(void)fflush(stdout);
	while (last < 20) { /* turns without a finding after the end of input */
		unsigned n;

		(void)poll(fds, 2, 20);
		last = fds[0].revents != 0 || last > 0 || clock_monotonic_ns() > until ? last + 1 : 0;
		if (last == 1)
			fds[0].fd = -1;
		while ((n = host_live_findings(h, some, 256)) > 0)
			for (unsigned i = 0; i < n; i++)
				print_finding(&some[i]);
		turns++;
	}
	(void)fprintf(stderr, "%u turns\n", turns);
	(void)printf("lost %" PRIu64 "\n", host_live_lost(h));
	host_live_free(h);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int sweeps(int64_t until)
{
	const struct host_options o = {.memory = 256 << 20, .processes_fd = -1};
	struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};
	const struct host_table *t;
	struct host_live_stats stats;
	int64_t least = INT64_MAX;
	struct host_live *h;
	struct error e = {""};
	uint64_t seen = 0;

	if (host_live_open(&h, &o, &e) < 0 || host_add_bpf(h, &e) < 0) {
		(void)fprintf(stderr, "witness: %s\n", e.text);
		return 1;
	}
	give_up();
	host_live_want(h, HOST_LIVE_SCREEN, HOST_ALL);
	if (host_live_start(h, &e) < 0)
		return 1;
	(void)printf("ready 0\n");
	(void)fflush(stdout);
	while (end.revents == 0 && clock_monotonic_ns() < until) {
		host_live_stats(h, &stats);
		if (stats.sweeps != seen)
			least = stats.step_ns < least ? stats.step_ns : least;
		seen = stats.sweeps;
		host_live_once(h, HOST_ALL);
		(void)poll(&end, 1, 20);
	}
	t = host_live_take(h);
	(void)printf("sweeps %" PRIu64 " sockets %u longest_us %" PRId64 "\n", seen, t ? host_table_sockets(t)->n_sockets : 0, least / 1000);
	host_live_release(h, t);
	host_live_free(h);
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const bool walks = strcmp(what, "events") != 0 && strcmp(what, "elsewhere") != 0;
	const bool events = strcmp(what, "walk") != 0;
	const int64_t until = clock_monotonic_ns() + (argc > 2 ? strtol(argv[2], NULL, 10) : 10) * CLOCK_S;
	int64_t began = clock_monotonic_ns(), offset;
	struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};
	struct error e = {""};
	struct witness *w;
	unsigned n = 0;
	int rc;

	elsewhere = strcmp(what, "elsewhere") == 0;
	if (strcmp(what, "findings") == 0)
		return findings(until);
	if (strcmp(what, "sweeps") == 0)
		return sweeps(until);
	if (witness_open(&w, (events ? WITNESS_EVENTS : 0U) | (walks ? WITNESS_WALK : 0U), &e) < 0) {
		(void)fprintf(stderr, "witness: %s\n", e.text);
		return 1;
	}
	(void)fprintf(stderr, "opened in %.1f ms\n", (double)(clock_monotonic_ns() - began) / CLOCK_MS);
	give_up();
	if (witness_lacks(w)[0])
		(void)fprintf(stderr, "witness: %s\n", witness_lacks(w));
	(void)printf("ready %u\n", witness_has(w));
	(void)fflush(stdout);
	rc = walks ? walk(w) : 0;
	/* The end of input is waited for, and what came until then is read. */
	for (bool last = !events; events && !last;) {
		last = poll(&end, 1, 20) > 0 || clock_monotonic_ns() > until;
		offset = clock_wall_ns() - clock_monotonic_ns();
		while ((n = witness_events(w, print_event, &offset, 1024)) > 0)
			;
		(void)fflush(stdout);
	}
	(void)printf("lost %" PRIu64 "\n", witness_lost(w));
	witness_free(w);
	return fflush(stdout) == 0 ? rc : 1;
}
