/* One socket in words: the pane under the list has the first lines, the page all of them.
 *
 * What matters most comes first: of a listener its queue, of others what lies in their
 * buffers; then who holds it and what that process does, then every number there is.
 */
#include <string.h>

#include "look.h"
#include "screen.h"
#include "sockeye/clock.h"
#include "sockets.h"
#include "words.h"

enum { DETAIL_LABEL = 1, DETAIL_VALUE = 12, DETAIL_TEXT = 640, DETAIL_SECONDS = 16, DETAIL_WATCHED = 12 };

struct lines {
	struct sheet sheet;
	const struct sockets_look *s;
	const struct sockets_row *row;
	const struct socket_record *r; /* NULL: a group without one */
	char buffer[DETAIL_TEXT];
	struct text t;
};

/* The next line: its label, and a text to be filled. */
static struct text *begin(struct lines *d)
{
	text_init(&d->t, d->buffer, sizeof d->buffer);
	return &d->t;
}

static unsigned put(struct lines *d, const char *label, enum role role)
{
	const unsigned y = sheet_next(&d->sheet);

	canvas_put(d->sheet.c, DETAIL_LABEL, y, DETAIL_VALUE, ROLE_HEAD, label);
	canvas_cut(d->sheet.c, DETAIL_VALUE, y, d->sheet.c->width - 1, role, d->buffer);
	return y;
}

/* ---- listeners ---------------------------------------------------------------------------------- */

static void line_queue(struct lines *d)
{
	const struct host_listener *q = sockets_queue(d->s, d->r);
	const uint32_t used = q ? q->used : d->r->receive_queue, limit = q ? q->limit : d->r->send_queue;
	const uint32_t drops = q ? q->drops : d->r->memory[SOCKET_DROPS];
	struct text *t = begin(d);
	unsigned y, x;

	text_format(t, "%u of %u%s", used, limit, used > limit ? " FULL (the kernel takes one more than listen() said)" : "");
	if (q)
		text_format(t, "   highest %u", q->highest);
	text_format(t, "   %u dropped", drops);
	if (q && drops > q->drops_before)
		text_format(t, ", %u since it was looked at first", drops - q->drops_before);
	y = put(d, "accept", used > limit ? ROLE_BAD : used > 0 ? ROLE_WARN : ROLE_TEXT);
	if (!q || q->highest == 0)
		return;
	x = DETAIL_VALUE + canvas_width(d->buffer) + 2;
	for (unsigned i = DETAIL_SECONDS; i-- > 0 && x < d->sheet.c->width - 1;) {
		const uint32_t most = q->highest > limit ? q->highest : limit > 0 ? limit : 1;
		unsigned step = (unsigned)((uint64_t)q->recent[i] * 8 / most);

		step = q->recent[i] > 0 && step == 0 ? 1 : step > 8 ? 8 : step;
		x = canvas_fill(d->sheet.c, x, y, x + 1, q->recent[i] > limit ? ROLE_BAD : ROLE_DIM,
				step == 0 ? 0xb7 : d->sheet.c->ascii ? '0' + step : 0x2580 + step);
	}
}

static void line_children(struct lines *d)
{
	const struct sockets_group *g = &d->s->group[d->row->group];
	struct text *t = begin(d);

	text_format(t, "%u wait for accept()   %u half-open   %u established   %u in all", g->waiting, g->half_open,
		    g->established, g->n);
	put(d, "came", ROLE_TEXT);
}

static void line_rates(struct lines *d)
{
	const struct host_listener *q = sockets_queue(d->s, d->r);
	struct text *t = begin(d);

	if (!q || !(q->syns_known || q->accepts_known))
		return;
	if (q->syns_known)
		text_format(t, "%u SYNs a second came   ", q->syns_s);
	if (q->accepts_known)
		text_format(t, "%u a second were accepted", q->accepts_s);
	else
		text_put(t, "how many were accepted is not known: that takes BPF and tracefs");
	if (q->sharers > 1)
		text_format(t, "   by all %u listeners of port %u", q->sharers, q->local.port);
	put(d, "rate", q->accepts_known && q->syns_s > q->accepts_s + q->accepts_s / 4 + 2 ? ROLE_WARN : ROLE_TEXT);
}

static void line_kernel(struct lines *d)
{
	const struct socket_counters *k = &d->s->table->counters;
	struct text *t = begin(d);

	if (k->known == 0)
		return;
	text_format(t, "ListenOverflows %llu  ListenDrops %llu  of all listeners here since the machine began",
		    (unsigned long long)k->listen_overflows, (unsigned long long)k->listen_drops);
	put(d, "kernel", ROLE_DIM);
}

static void line_try(struct lines *d)
{
	const struct host_listener *q = sockets_queue(d->s, d->r);
	const uint32_t used = q ? q->used : d->r->receive_queue, limit = q ? q->limit : d->r->send_queue;

	if (used <= limit && !(q && q->drops > q->drops_before))
		return;
	text_put(begin(d), "accept() until EAGAIN; move slow work off the accepting thread; then a larger backlog in listen()");
	put(d, "try", ROLE_WARN);
}

/* ---- numbers of one ------------------------------------------------------------------------------- */

static void line_buffers(struct lines *d)
{
	const struct socket_record *r = d->r;
	struct text *t = begin(d);

	if (!(r->has & (SOCKET_HAS_QUEUES | SOCKET_HAS_MEMORY)))
		return;
	if (r->has & SOCKET_HAS_QUEUES && r->state != SOCKET_LISTEN) {
		text_put(t, "not read ");
		words_count(t, r->receive_queue);
		text_put(t, " B   not sent or acknowledged ");
		words_count(t, r->send_queue);
		text_put(t, " B   ");
	}
	if (r->has & SOCKET_HAS_MEMORY) {
		text_put(t, "memory in ");
		words_size(t, r->memory[SOCKET_RECEIVE]);
		text_char(t, '/');
		words_size(t, r->memory[SOCKET_RECEIVE_LIMIT]);
		text_put(t, " out ");
		words_size(t, r->memory[SOCKET_SEND] + (uint64_t)r->memory[SOCKET_QUEUED]);
		text_char(t, '/');
		words_size(t, r->memory[SOCKET_SEND_LIMIT]);
		if (r->memory[SOCKET_BACKLOG] > 0)
			text_format(t, " backlog %u", r->memory[SOCKET_BACKLOG]);
	}
	if (r->state != SOCKET_LISTEN && r->memory[SOCKET_DROPS] > 0)
		text_format(t, "   dropped %u", r->memory[SOCKET_DROPS]);
	put(d, "buffers", ROLE_TEXT);
}

static void line_tcp(struct lines *d)
{
	const struct socket_tcp *i = &d->r->tcp;
	struct text *t = begin(d);

	if (!(d->r->has & SOCKET_HAS_TCP))
		return;
	text_put(t, "rtt ");
	words_span(t, (int64_t)i->rtt_us * CLOCK_US);
	text_put(t, " var ");
	words_span(t, (int64_t)i->rtt_variation_us * CLOCK_US);
	text_put(t, "  rto ");
	words_span(t, (int64_t)i->rto_us * CLOCK_US);
	text_format(t, "  cwnd %u  mss %u  unacked %u  retransmitted %u", i->cwnd, i->mss, i->unacked, i->total_retransmissions);
	if (d->r->congestion[0])
		text_format(t, "  %s", d->r->congestion);
	put(d, "tcp", ROLE_TEXT);
}

static void line_traffic(struct lines *d)
{
	const struct socket_tcp *i = &d->r->tcp;
	struct text *t = begin(d);

	if (!(d->r->has & SOCKET_HAS_TCP))
		return;
	text_put(t, "sent ");
	words_size(t, i->bytes_sent);
	text_put(t, "B  received ");
	words_size(t, i->bytes_received);
	text_put(t, "B  last sent ");
	words_span(t, (int64_t)i->last_sent_ms * CLOCK_MS);
	text_put(t, " ago, received ");
	words_span(t, (int64_t)i->last_received_ms * CLOCK_MS);
	text_put(t, " ago");
	if (d->r->timer != SOCKET_NO_TIMER && d->r->has & SOCKET_HAS_TIMER) {
		text_format(t, "  timer %s in ", socket_timer_word(d->r->timer));
		words_span(t, (int64_t)d->r->timer_ms * CLOCK_MS);
	}
	put(d, "traffic", ROLE_TEXT);
}

static void line_owners(struct lines *d)
{
	const bool ascii = d->sheet.c->ascii;
	struct text *t = begin(d);
	const char *unknown;

	if (!d->r)
		return;
	unknown = socket_owner_unknown(d->s->table, d->r);
	if (d->r->owners == 0 && !unknown && !d->r->waiting)
		return;
	if (d->r->owners > 0)
		socket_owners(t, d->s->table, d->r, ascii);
	else
		text_put(t, !unknown ? "nobody yet: no program has called accept() for it"
			    : strcmp(unknown, "no_capability") == 0
				    ? "not known: not all processes may be read here; that takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (? rights)"
			    : strcmp(unknown, "unsupported") == 0
				    ? "not known: no process that is to be seen here has it; it may be the kernel's own"
				    : "not known: whoever held it was gone when /proc was read, or holds it without a descriptor");
	if (d->r->has & SOCKET_HAS_UID && d->r->uid != 0)
		text_format(t, "   uid %u", d->r->uid);
	if (socket_cgroup(d->s->table, d->r)) {
		const char *path = socket_cgroup(d->s->table, d->r);

		text_put(t, "   cgroup ");
		text_foreign(t, path, strlen(path), ascii);
	}
	put(d, "owner", d->r->owners > 0 ? ROLE_TEXT : ROLE_DIM);
}

/* ---- the process from inside --------------------------------------------------------------------- */

static bool inside_is(const struct lines *d, const struct process *p)
{
	return p && d->s->inside_known && d->s->inside.pid == p->pid && d->s->inside.started == p->started;
}

/* Which epoll set watches the selected socket: its descriptor, or -1. */
static int32_t epoll_of(const struct process_inside *in, uint64_t inode)
{
	for (uint32_t e = 0; e < in->epolls; e++)
		for (uint32_t i = in->epoll[e].first; i < in->epoll[e].first + in->epoll[e].n && i < in->watchers; i++)
			if (in->watched[i].inode == inode && inode != 0)
				return in->epoll[e].fd;
	return -1;
}

static void put_thread(struct text *t, const struct process_thread *h)
{
	const char *call = h->call >= 0 ? process_call_word(h->call) : NULL;

	text_format(t, "%d ", h->tid);
	if (h->call == -2)
		text_format(t, "state %c", h->state);
	else if (h->call == -1)
		text_put(t, "running");
	else if (call)
		text_format(t, "in %s", call);
	else
		text_format(t, "in system call %d", h->call);
	if (h->call >= 0 && h->fd >= 0 && process_call_has_fd(h->call))
		text_format(t, " fd %lld", (long long)h->fd);
}

static void line_threads(struct lines *d, const struct process *p, bool all)
{
	const struct process_inside *in = &d->s->inside;
	struct text *t = begin(d);

	text_foreign(t, p->comm, strlen(p->comm), d->sheet.c->ascii);
	text_format(t, " %d: ", p->pid);
	if (!inside_is(d, p)) {
		text_put(t, d->s->live ? "being looked at ..." : "its threads were not asked for");
		put(d, "process", ROLE_DIM);
		return;
	}
	if (in->failed != 0) {
		text_format(t, "cannot be looked into: %s", strerror(in->failed));
		put(d, "process", ROLE_DIM);
		return;
	}
	text_format(t, "%u thread%s  ", in->all_threads, in->all_threads == 1 ? "" : "s");
	for (uint32_t i = 0; i < in->threads && i < (all ? 1U : 4U); i++) {
		text_put(t, i ? ", " : "");
		put_thread(t, &in->thread[i]);
	}
	if (!all && in->all_threads > 4)
		text_format(t, ", and %u more", in->all_threads - 4);
	put(d, "threads", ROLE_TEXT);
	for (uint32_t i = 1; all && i < in->threads; i++) {
		put_thread(begin(d), &in->thread[i]);
		put(d, "", ROLE_TEXT);
	}
	if (all && in->threads > 0 && in->all_threads > in->threads) {
		text_format(begin(d), "and %u more", in->all_threads - in->threads);
		put(d, "", ROLE_DIM);
	}
}

static void put_watched(struct text *t, const struct process_watched *w)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} bits[] = {{1, "in"}, {4, "out"}, {0x2000, "rdhup"}, {0x80000000U, "edge"}, {0x40000000, "oneshot"}, {0x10000000, "exclusive"}};

	text_format(t, "%d", w->fd);
	for (size_t i = 0, n = 0; i < sizeof bits / sizeof *bits; i++)
		if (w->events & bits[i].bit)
			text_format(t, "%s%s", n++ ? "," : ":", bits[i].word);
}

/* What there is beyond, or may be. */
static void line_epoll_rest(struct lines *d, bool all)
{
	const struct process_inside *in = &d->s->inside;
	struct text *t = begin(d);

	if (all && in->all_epolls > in->epolls)
		text_format(t, "and %u more sets   ", in->all_epolls - in->epolls);
	if (in->partial)
		text_format(t, "at least: there was only the time to look at %u descriptors", in->descriptors);
	if (d->buffer[0] != '\0')
		put(d, "", ROLE_DIM);
}

static void line_epoll(struct lines *d, const struct process *p, bool all)
{
	const struct process_inside *in = &d->s->inside;
	const int32_t mine = d->r ? epoll_of(in, d->r->inode) : -1;

	if (!inside_is(d, p) || in->failed != 0)
		return;
	if (in->epolls == 0) {
		text_format(begin(d), "no set among %u descriptors%s", in->descriptors,
			    in->partial ? ", and there was not the time for all" : "");
		put(d, "epoll", ROLE_DIM);
		return;
	}
	for (uint32_t e = 0; e < in->epolls; e++) {
		const struct process_epoll *set = &in->epoll[e];
		struct text *t = begin(d);
		uint32_t listed = 0;

		if (!all && mine >= 0 && set->fd != mine)
			continue; /* the set that this socket is in, where there is one */
		text_format(t, "fd %d watches %s%u%s  ", set->fd, set->partial ? "at least " : "", set->n,
			    set->fd == mine ? ", this one too" : "");
		while (listed < set->n && set->first + listed < in->watchers && (all || listed < DETAIL_WATCHED)) {
			text_put(t, listed ? " " : "fd ");
			put_watched(t, &in->watched[set->first + listed++]);
		}
		if (set->n > listed)
			text_format(t, "%sand %u more", listed ? " " : "", set->n - listed);
		put(d, e == 0 || !all ? "epoll" : "", ROLE_TEXT);
		if (!all)
			break;
	}
	line_epoll_rest(d, all);
}

static void line_process(struct lines *d, bool all)
{
	const struct process *p = sockets_process(d->s, d->row);

	if (!p)
		return;
	line_threads(d, p, all);
	line_epoll(d, p, all);
}

/* ---- all there is ----------------------------------------------------------------------------------- */

static void line_waiting(struct lines *d)
{
	const struct socket_table *table = d->s->table;

	for (unsigned i = 0; i < d->r->un.waitings; i++) {
		const struct socket_record *client = socket_by_inode(table, table->waiting[d->r->un.waiting + i]);
		struct text *t = begin(d);

		if (client && client->owners > 0)
			socket_owners(t, table, client, d->sheet.c->ascii);
		else
			text_format(t, "inode %llu", (unsigned long long)table->waiting[d->r->un.waiting + i]);
		put(d, i ? "" : "waits", ROLE_WARN);
	}
}

static void line_identity(struct lines *d)
{
	const struct socket_record *r = d->r;
	struct text *t = begin(d);

	text_format(t, "%s %s  %s  inode %llu", socket_family_word(r), socket_proto_word(r),
		    r->waiting ? "waiting" : socket_state_word(r), (unsigned long long)r->inode);
	if (r->has & SOCKET_HAS_COOKIE)
		text_format(t, "  cookie %llu", (unsigned long long)r->cookie);
	if (r->mapped)
		text_put(t, "  an IPv4 address in an IPv6 socket");
	if (r->has & SOCKET_HAS_MARK && r->mark)
		text_format(t, "  mark 0x%x", r->mark);
	put(d, "socket", ROLE_DIM);
}

static void lines_numbers(struct lines *d)
{
	struct text *t = begin(d);
	unsigned n = 0;

	for (unsigned i = 0; i < SOCKET_TCP_FIELDS && d->r->has & SOCKET_HAS_TCP; i++) {
		uint64_t v;

		if (!socket_tcp_fields[i].key || !socket_tcp_value(&d->r->tcp, &socket_tcp_fields[i], &v) || v == 0)
			continue;
		text_format(t, "%s %llu  ", socket_tcp_fields[i].key, (unsigned long long)v);
		if (canvas_width(d->buffer) + DETAIL_VALUE + 24 < d->sheet.c->width)
			continue;
		put(d, n++ ? "" : "tcp_info", ROLE_DIM);
		t = begin(d);
	}
	if (t->len > 0)
		put(d, n ? "" : "tcp_info", ROLE_DIM);
}

/* What works here and what is missing, for the page. */
static void lines_tiers(struct lines *d)
{
	const struct socket_table *table = d->s->table;
	unsigned n = 0;

	for (unsigned i = 0; i < table->n_tiers; i++) {
		if (table->tiers[i].works && table->tiers[i].reason[0] == '\0')
			continue;
		text_format(begin(d), "%s: ", table->tiers[i].name);
		text_put(&d->t, table->tiers[i].reason[0] ? table->tiers[i].reason : "not to be had here");
		put(d, n++ ? "" : "lacking", ROLE_DIM);
	}
	text_format(begin(d), "%u sockets in %.1f ms, %u holders in %.1f ms; every ", table->n_sockets,
		    (double)table->kernel_ns / CLOCK_MS, table->n_owners, (double)table->owners_ns / CLOCK_MS);
	words_span(&d->t, d->s->stats.every_ns);
	text_put(&d->t, ", at most ");
	words_span(&d->t, d->s->stats.longest_ns);
	text_put(&d->t, " at a time");
	put(d, "looked", ROLE_DIM);
	if (table->forgotten > 0) {
		text_format(begin(d), "%llu sockets, holders or ended ones had no room in --memory and are missing",
			    (unsigned long long)table->forgotten);
		put(d, "forgotten", ROLE_WARN);
	}
}

static void lines_all(struct lines *d, bool page)
{
	const bool listener = d->r && d->r->state == SOCKET_LISTEN;

	if (listener) {
		line_queue(d);
		line_try(d);
		line_children(d);
		line_rates(d);
	} else if (d->r) {
		line_buffers(d);
		line_tcp(d);
	}
	if (d->r && d->r->owners == 0)
		line_owners(d); /* else the pane's rule has the first of them */
	line_process(d, page);
	if (d->r && !listener)
		line_traffic(d);
	if (d->r && d->r->owners > 0)
		line_owners(d);
	if (listener && d->r->family == SOCKET_UNIX)
		line_waiting(d);
	if (listener && d->r->family <= SOCKET_INET6)
		line_kernel(d);
	if (!page)
		return;
	if (d->r) {
		if (listener)
			line_buffers(d);
		line_identity(d);
		lines_numbers(d);
	}
	lines_tiers(d);
}

static struct lines lines_of(const struct look *l, struct canvas *c, unsigned top, unsigned rows)
{
	const struct sockets_look *s = &l->sockets;
	struct lines d = {.sheet = {.c = c, .top = top, .rows = rows}, .s = s, .row = sockets_row(s)};

	if (d.row && d.row->place != SOCKET_NONE)
		d.r = &s->table->sockets[d.row->place];
	return d;
}

void sockets_pane(const struct look *l, struct canvas *c, const struct layout *at)
{
	struct lines d = lines_of(l, c, at->pane + 1, at->pane_rows);
	unsigned x = canvas_fill(c, 0, at->pane, 2, ROLE_RULE, 0x2500), end;
	const char *enter = "";
	struct text *t;

	if (d.row) {
		const uint8_t class = l->sockets.group[d.row->group].class;

		t = begin(&d);
		text_char(t, ' ');
		sockets_title(t, d.s, d.row, false, c->ascii);
		text_put(t, "   ");
		sockets_owner(t, d.s, d.row, c->ascii);
		text_char(t, ' ');
		enter = class == CLASS_LISTENER || (d.r && d.r->family <= SOCKET_INET6 && d.r->proto != SOCKET_PROTO_RAW)
				? " Enter: its connections " : "";
		end = c->width > canvas_width(enter) + 4 ? c->width - canvas_width(enter) - 1 : c->width;
		x = canvas_cut(c, x, at->pane, end, ROLE_TEXT, d.buffer);
		canvas_fill(c, x, at->pane, end, ROLE_RULE, 0x2500);
		x = canvas_put(c, end, at->pane, c->width, ROLE_DIM, enter);
	}
	canvas_fill(c, x, at->pane, c->width, ROLE_RULE, 0x2500);
	if (d.row)
		lines_all(&d, false);
}

unsigned sockets_page(const struct look *l, struct canvas *c, unsigned top, unsigned rows)
{
	struct lines d = lines_of(l, c, top, rows);

	d.sheet.scrolled = l->scrolled;
	if (!d.row) {
		canvas_put(c, 1, sheet_next(&d.sheet), c->width, ROLE_DIM, "nothing is selected");
		return d.sheet.line;
	}
	sockets_title(begin(&d), d.s, d.row, false, c->ascii);
	canvas_cut(c, DETAIL_LABEL, sheet_next(&d.sheet), c->width - 1, ROLE_HEAD, d.buffer);
	(void)sheet_next(&d.sheet);
	lines_all(&d, true);
	return d.sheet.line;
}
