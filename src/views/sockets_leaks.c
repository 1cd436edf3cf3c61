/* What leaks and what is stuck, as findings: a sentence, what it is based on, what to try.
 *
 * Only what the kernel says is told as sure. It does not say since when a socket is
 * in its state: the time since the peer's last acknowledgement is a lower bound for
 * CLOSE_WAIT (the FIN carried one), the time since the last data one for unread bytes.
 */
#include "sockets.h"

#include <stdlib.h>
#include <string.h>

enum { LEAKS_EVIDENCE = 5, LEAKS_TEXT = 400, LEAKS_OLD_MS = 60000, LEAKS_MANY = 100, LEAKS_UNREAD_MS = 5000, LEAKS_PORTS_PERCENT = 10,
       LEAKS_LOOKS = 3 };

struct finding {
	const char *rule, *severity, *certainty, *attempt;
	uint64_t count;
	char sentence[LEAKS_TEXT];
	char evidence[LEAKS_EVIDENCE][LEAKS_TEXT];
	unsigned n;
	bool each; /* a line of evidence for each that is counted */
};

static void finding_write(struct sockets_view *v, const struct socket_table *t, const struct finding *f)
{
	struct json j;

	if (v->o.format != VIEW_JSON) {
		out_format(&v->out, "%s: ", f->severity);
		out_text(&v->out, f->sentence);
		out_char(&v->out, '\n');
		for (unsigned i = 0; i < f->n; i++) {
			out_put(&v->out, "    ");
			out_text(&v->out, f->evidence[i]);
			out_char(&v->out, '\n');
		}
		if (f->each && f->count > f->n)
			out_format(&v->out, "    and %llu more\n", (unsigned long long)(f->count - f->n));
		out_format(&v->out, "    try: %s\n", f->attempt);
		return;
	}
	json_begin(&j, &v->out, "finding", 9);
	sockets_json_of(v, &j, t);
	json_key(&j, "rule");
	json_word(&j, f->rule);
	json_key(&j, "severity");
	json_word(&j, f->severity);
	json_key(&j, "certainty");
	json_word(&j, f->certainty);
	json_key(&j, "count");
	json_u64(&j, f->count);
	json_key(&j, "sentence");
	json_word(&j, f->sentence);
	json_key(&j, "evidence");
	out_char(&v->out, '[');
	for (unsigned i = 0; i < f->n; i++) {
		if (i > 0)
			out_char(&v->out, ',');
		json_word(&j, f->evidence[i]);
	}
	out_put(&v->out, "],\"ruled_out\":[],\"try\":[");
	json_word(&j, f->attempt);
	out_char(&v->out, ']');
	json_end(&j);
}

/* The next line of evidence, or NULL. */
static struct text *finding_more(struct finding *f, struct text *to)
{
	if (f->n == LEAKS_EVIDENCE)
		return NULL;
	text_init(to, f->evidence[f->n++], LEAKS_TEXT);
	return to;
}

static void put_tuple(struct text *to, const struct socket_record *s)
{
	socket_endpoint(to, &s->local);
	text_put(to, " <-> ");
	socket_endpoint(to, &s->remote);
}

static void put_program(struct sockets_view *v, struct text *to, const struct process *p)
{
	text_foreign(to, p->comm, strlen(p->comm), v->o.ascii);
	text_format(to, "[%d]", p->pid);
}

/* ---- by program: CLOSE_WAIT, unread ------------------------------------------------------------ */

enum leak { LEAK_CLOSE_WAIT, LEAK_UNREAD, LEAKS };

static bool leaks_so(enum leak leak, const struct socket_record *s)
{
	if (s->proto != PROTO_TCP || s->family > SOCKET_INET6 || s->inode == 0 || !(s->has & SOCKET_HAS_TCP))
		return false;
	if (leak == LEAK_CLOSE_WAIT)
		return s->state == SOCKET_CLOSE_WAIT;
	return s->state == SOCKET_ESTABLISHED && s->receive_queue > 0 && s->tcp.last_received_ms >= LEAKS_UNREAD_MS;
}

static uint32_t leak_age_ms(enum leak leak, const struct socket_record *s)
{
	return leak == LEAK_CLOSE_WAIT ? s->tcp.last_ack_ms : s->tcp.last_received_ms;
}

struct leaking {
	uint32_t process, place, age_ms; /* SOCKET_NONE: nobody known */
};

/* By program; the oldest first. */
static int by_program(const void *a, const void *b)
{
	const struct leaking *x = a, *y = b;

	if (x->process != y->process)
		return x->process > y->process ? 1 : -1;
	if (x->age_ms != y->age_ms)
		return x->age_ms < y->age_ms ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

static void leak_program(struct sockets_view *v, const struct socket_table *t, enum leak leak, const struct leaking *l, uint32_t n)
{
	static const char *const rules[LEAKS] = {"close-wait", "unread"};
	static const char *const attempts[LEAKS] = {
		"look in that program for a path that does not close() the descriptor after read() has returned 0",
		"see what that program waits for (its stack, or strace -p): it has not read what has arrived",
	};
	struct finding f = {.rule = rules[leak], .certainty = "sure", .attempt = attempts[leak], .count = n, .each = true};
	struct text to;

	f.severity = l->age_ms >= LEAKS_OLD_MS || n >= LEAKS_MANY ? "problem" : "note";
	text_init(&to, f.sentence, sizeof f.sentence);
	if (l->process == SOCKET_NONE)
		text_put(&to, "a program that is not known");
	else
		put_program(v, &to, &t->processes[l->process]);
	text_format(&to, leak == LEAK_CLOSE_WAIT ? " has not closed %u connection%s that the peer has closed, the oldest at least "
						 : " has not read from %u connection%s, the oldest for at least ",
		    n, n == 1 ? "" : "s");
	socket_duration(&to, (uint64_t)l->age_ms * 1000);
	text_put(&to, leak == LEAK_CLOSE_WAIT ? " ago" : "");
	for (uint32_t i = 0; i < n && finding_more(&f, &to); i++) {
		const struct socket_record *s = &t->sockets[l[i].place];

		put_tuple(&to, s);
		if (s->owners > 0)
			text_format(&to, " fd %d", t->owners[s->owner].fd);
		text_put(&to, " at least ");
		socket_duration(&to, (uint64_t)l[i].age_ms * 1000);
		if (s->receive_queue > (leak == LEAK_CLOSE_WAIT))
			text_format(&to, ", %u bytes unread", s->receive_queue - (leak == LEAK_CLOSE_WAIT)); /* the FIN counts as one */
	}
	finding_write(v, t, &f);
}

static void leaks_by_program(struct sockets_view *v, const struct socket_table *t, enum leak leak)
{
	struct leaking *l = malloc((v->n + 1) * sizeof *l);
	uint32_t n = 0, from;

	for (uint32_t i = 0; l && i < v->n; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];

		if (leaks_so(leak, s) && sockets_shown(v, t, s))
			l[n++] = (struct leaking){.process = s->owners > 0 ? t->owners[s->owner].process : SOCKET_NONE,
						  .place = v->order[i], .age_ms = leak_age_ms(leak, s)};
	}
	if (n > 0)
		qsort(l, n, sizeof *l, by_program);
	for (uint32_t i = from = 0; i < n; i++) {
		if (i + 1 < n && l[i + 1].process == l[i].process)
			continue;
		leak_program(v, t, leak, &l[from], i + 1 - from);
		from = i + 1;
	}
	free(l);
}

/* ---- queues of accept(2) -------------------------------------------------------------------------- */

static void leak_queue(struct sockets_view *v, const struct socket_table *t, uint32_t at)
{
	const struct socket_record *s = &t->sockets[v->order[at]];
	const uint32_t drops = s->has & SOCKET_HAS_DROPS ? s->memory[SOCKET_DROPS] : 0;
	const bool full = s->has & SOCKET_HAS_QUEUES && s->receive_queue > s->send_queue;
	struct finding f = {.rule = full ? "accept-queue-full" : "accept-queue-drops", .certainty = full ? "sure" : "likely",
			    .severity = full ? "problem" : "note", .count = drops,
			    .attempt = "call accept() more often or in more threads; else raise the backlog of listen() and net.core.somaxconn"};
	struct text to;

	if (s->state != SOCKET_LISTEN || (!full && drops == 0))
		return;
	text_init(&to, f.sentence, sizeof f.sentence);
	text_put(&to, "the queue of accept() at ");
	if (s->family == SOCKET_UNIX)
		socket_name(&to, s, v->o.ascii);
	else
		socket_endpoint(&to, &s->local);
	if (full)
		text_format(&to, " is full: %u wait, of %u; new connections are not taken", s->receive_queue, s->send_queue);
	else
		text_format(&to, " has room (%u of %u), but %u connections were dropped since it listens", s->receive_queue, s->send_queue,
			    drops);
	if (s->owners > 0 && finding_more(&f, &to))
		socket_owners(&to, t, s, v->o.ascii);
	if (drops > 0 && full && finding_more(&f, &to))
		text_format(&to, "%u dropped since it listens", drops);
	if (t->counters.known & 1 && s->family != SOCKET_UNIX && finding_more(&f, &to))
		text_format(&to, "ListenOverflows of this network namespace: %llu", (unsigned long long)t->counters.listen_overflows);
	for (uint32_t i = at + 1; i < v->n && t->sockets[v->order[i]].listener == v->order[at]; i++) {
		const struct socket_record *child = &t->sockets[v->order[i]];
		uint64_t us;

		if (!socket_waited(child, &us) || !finding_more(&f, &to))
			break;
		socket_endpoint(&to, &child->remote);
		text_put(&to, " waits for ");
		socket_duration(&to, us);
	}
	f.count = full && drops == 0 ? s->receive_queue : drops;
	finding_write(v, t, &f);
}

/* ---- held by no program ------------------------------------------------------------------------------- */

static void leak_orphans(struct sockets_view *v, const struct socket_table *t)
{
	struct finding f = {.rule = "orphans", .severity = "note", .certainty = "sure",
			    .attempt = "nothing, if the peers answer; else see net.ipv4.tcp_fin_timeout and tcp_orphan_retries", .each = true};
	uint64_t bytes = 0;
	struct text to;

	for (uint32_t i = 0; i < v->n; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];

		if (s->proto != PROTO_TCP || s->family > SOCKET_INET6 || s->inode != 0 || !sockets_shown(v, t, s) ||
		    (s->state != SOCKET_FIN_WAIT1 && s->state != SOCKET_FIN_WAIT2 && s->state != SOCKET_LAST_ACK &&
		     s->state != SOCKET_CLOSING))
			continue;
		f.count++;
		bytes += s->send_queue;
		if (!finding_more(&f, &to))
			continue;
		put_tuple(&to, s);
		text_format(&to, " %s", socket_state_word(s));
		if (s->send_queue > 0)
			text_format(&to, ", %u bytes unsent or not acknowledged", s->send_queue);
		if (s->timer != SOCKET_NO_TIMER) {
			text_format(&to, ", %s in ", socket_timer_word(s->timer));
			socket_duration(&to, (uint64_t)s->timer_ms * 1000);
		}
	}
	if (f.count == 0)
		return;
	text_init(&to, f.sentence, sizeof f.sentence);
	text_format(&to, "%llu connection%s still end%s that no program holds (orphans), with %llu bytes to send",
		    (unsigned long long)f.count, f.count == 1 ? "" : "s", f.count == 1 ? "s" : "", (unsigned long long)bytes);
	finding_write(v, t, &f);
}

/* One way out of ports: a local address to one remote endpoint. */
static int by_way(const void *one, const void *other, void *arg)
{
	const struct socket_table *t = arg;
	const struct socket_record *a = &t->sockets[*(const uint32_t *)one], *b = &t->sockets[*(const uint32_t *)other];
	int c = tuple_compare_endpoint(&a->remote, &b->remote);

	if (c == 0)
		c = (a->local.family > b->local.family) - (a->local.family < b->local.family);
	return c ? c : memcmp(&a->local.ip, &b->local.ip, sizeof a->local.ip);
}

static void leak_way(struct sockets_view *v, const struct socket_table *t, const uint32_t *places, uint32_t n)
{
	const uint32_t ports = t->counters.port_last - t->counters.port_first + 1;
	const struct socket_record *s = &t->sockets[places[0]];
	uint32_t waiting = 0;
	struct finding f = {.rule = "time-wait-ports", .certainty = "sure", .count = n,
			    .attempt = "keep connections open and use them again; or a wider net.ipv4.ip_local_port_range; or tcp_tw_reuse=1"};
	struct text to;

	for (uint32_t i = 0; i < n; i++)
		waiting += t->sockets[places[i]].state == SOCKET_TIME_WAIT;
	if (waiting == 0 || (uint64_t)n * 100 < (uint64_t)ports * LEAKS_PORTS_PERCENT)
		return;
	f.severity = (uint64_t)n * 100 >= (uint64_t)ports * 80 ? "problem" : "note";
	text_init(&to, f.sentence, sizeof f.sentence);
	text_format(&to, "%u %% of the ephemeral ports to ", (unsigned)((uint64_t)waiting * 100 / ports));
	socket_endpoint(&to, &s->remote);
	text_put(&to, " are in TIME-WAIT");
	if (n > waiting)
		text_format(&to, ", %u %% in use", (unsigned)((uint64_t)n * 100 / ports));
	if (finding_more(&f, &to)) {
		struct endpoint from = s->local;

		from.has_port = false;
		text_format(&to, "%u of %u ports (%u to %u) from ", n, ports, t->counters.port_first, t->counters.port_last);
		socket_endpoint(&to, &from);
	}
	finding_write(v, t, &f);
}

static void leak_ports(struct sockets_view *v, const struct socket_table *t)
{
	uint32_t *places = malloc((v->n + 1) * sizeof *places), n = 0, from;

	for (uint32_t i = 0; places && i < v->n && t->counters.port_last != 0; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];

		if (s->proto == PROTO_TCP && s->family <= SOCKET_INET6 && s->remote.family != FAMILY_NONE && s->listener == SOCKET_NONE &&
		    s->local.port >= t->counters.port_first && s->local.port <= t->counters.port_last && sockets_shown(v, t, s))
			places[n++] = v->order[i];
	}
	if (n > 0)
		qsort_r(places, n, sizeof *places, by_way, (void *)t);
	for (uint32_t i = from = 0; i < n; i++) {
		if (i + 1 < n && by_way(&places[i], &places[i + 1], (void *)t) == 0)
			continue;
		leak_way(v, t, &places[from], i + 1 - from);
		from = i + 1;
	}
	free(places);
}

/* ---- descriptors that only grow -------------------------------------------------------------------------- */

static void leak_growing(struct sockets_view *v, const struct socket_table *t)
{
	for (uint32_t i = 0; i < v->n_growing && sockets_all_processes(t); i++) {
		const struct growing *g = &v->growing[i];
		struct finding f = {.rule = "descriptors-grow", .severity = "note", .certainty = "likely", .count = g->last - g->first,
				    .attempt = "see which descriptors they are: ls -l /proc/PID/fd, and who does not close them"};
		const struct process *p = NULL;
		struct text to;

		for (uint32_t k = 0; k < t->n_processes && !p; k++)
			if (t->processes[k].pid == g->pid && t->processes[k].started == g->started)
				p = &t->processes[k];
		if (!p || g->looks < LEAKS_LOOKS || g->last < g->first + LEAKS_LOOKS - 1)
			continue;
		text_init(&to, f.sentence, sizeof f.sentence);
		put_program(v, &to, p);
		text_format(&to, " had %u descriptors and has %u now; in %u looks they were never fewer than before", g->first, g->last,
			    g->looks);
		finding_write(v, t, &f);
	}
}

void sockets_leaks(struct sockets_view *v, const struct socket_table *t)
{
	leaks_by_program(v, t, LEAK_CLOSE_WAIT);
	leaks_by_program(v, t, LEAK_UNREAD);
	for (uint32_t i = 0; i < v->n; i++)
		if (sockets_shown(v, t, &t->sockets[v->order[i]]))
			leak_queue(v, t, i);
	leak_orphans(v, t);
	leak_ports(v, t);
	leak_growing(v, t);
}
