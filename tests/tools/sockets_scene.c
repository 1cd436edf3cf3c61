/* The Sockets screen over a table that is made up: what a kernel could say, the same on every machine.
 *
 * usage: sockets_scene --headless WxH --dump FILE [--keys KEYS] [--ascii] [--dump-attrs FILE]
 *
 * The key <F12> brings the next table: a connection is accepted, one has gone, a queue is full. <F9> the one after
 * that, in which the kernel closes a connection with long addresses. <F11> brings
 * connections, for the bars of a live run: two of a day in which many were forgotten; again: and packets were lost.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/host_private.h"
#include "sockeye/clock.h"
#include "tui/headless.h"
#include "tui/screen.h"

enum { TURNS = 3 };

#define WALL (INT64_C(1800000000) * CLOCK_S)

struct world {
	struct host_table *t;
	struct process_batch *batch;
	struct host_listener queue[8];
	unsigned queues;
};

static struct endpoint v4(unsigned a, unsigned b, unsigned c, unsigned d, unsigned port)
{
	return (struct endpoint){.ip = {{(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}}, .port = (uint16_t)port,
				 .family = FAMILY_IPV4, .has_port = true};
}

static const struct endpoint nowhere = {.family = FAMILY_NONE};

/* ---- making ------------------------------------------------------------------------------- */

static struct socket_record *add(struct world *w, uint64_t id, unsigned family)
{
	struct socket_record *s = host_table_add(w->t);

	memset(s, 0, sizeof *s);
	s->family = (uint8_t)family;
	s->inode = s->cookie = id;
	s->has = SOCKET_HAS_COOKIE | SOCKET_HAS_QUEUES | SOCKET_HAS_DROPS | SOCKET_HAS_MEMORY | SOCKET_HAS_UID | SOCKET_HAS_TIMER;
	s->memory[SOCKET_RECEIVE_LIMIT] = 131072;
	s->memory[SOCKET_SEND_LIMIT] = 2626560;
	return s;
}

static struct socket_record *add_tcp(struct world *w, uint64_t id, struct endpoint local, struct endpoint remote, unsigned state)
{
	struct socket_record *s = add(w, id, SOCKET_INET);

	s->proto = PROTO_TCP;
	s->local = local;
	s->remote = remote;
	s->state = (uint8_t)state;
	if (state == SOCKET_LISTEN)
		return s;
	s->has |= SOCKET_HAS_TCP;
	memcpy(s->congestion, "cubic", 6);
	s->tcp = (struct socket_tcp){.rtt_us = 300, .rtt_variation_us = 40, .rto_us = 204000, .cwnd = 38, .mss = 1448,
				     .bytes_sent = 43440, .bytes_received = 610, .last_sent_ms = 120, .last_received_ms = 130,
				     .data_segments_out = 30};
	return s;
}

static void listener(struct world *w, uint64_t id, struct endpoint local, uint32_t used, uint32_t limit, uint32_t drops)
{
	struct socket_record *s = add_tcp(w, id, local, nowhere, SOCKET_LISTEN);
	struct host_listener *q = &w->queue[w->queues++];

	s->receive_queue = used;
	s->send_queue = limit;
	s->memory[SOCKET_DROPS] = drops;
	*q = (struct host_listener){.cookie = id, .inode = id, .local = local, .used = used, .limit = limit,
				    .highest = used > 3 ? used : used + 2, .drops = drops, .drops_before = drops / 2, .seen_ns = WALL};
	for (unsigned i = 0; i < 8; i++)
		q->recent[i] = used > i / 2 ? used - i / 2 : 0;
}

static void waits(struct world *w, uint64_t id, struct endpoint local, struct endpoint remote, uint32_t ms)
{
	struct socket_record *s = add_tcp(w, id, local, remote, SOCKET_ESTABLISHED);

	s->inode = 0;
	s->receive_queue = 214;
	s->tcp.last_sent_ms = ms;
	s->tcp.data_segments_out = 0;
}

static void holds(struct world *w, int32_t pid, const char *comm, uint32_t uid, int32_t fd, uint64_t inode)
{
	struct process_batch *b = w->batch;

	memset(b, 0, sizeof *b);
	b->processes = b->holders = 1;
	b->seen = 9;
	b->process[0] = (struct process){.pid = pid, .uid = uid, .started = 1000 + (uint64_t)pid};
	(void)snprintf(b->process[0].comm, PROCESS_COMM, "%s", comm);
	(void)snprintf(b->process[0].cgroup, PROCESS_CGROUP, "/system.slice/%s.service", comm);
	b->holder[0] = (struct process_holder){.inode = inode, .fd = fd};
	host_table_batch(w->t, b, SOCKET_BY_PROC);
}

static void servers(struct world *w, unsigned turn)
{
	const struct endpoint web = v4(10, 9, 0, 1, 8080), app = v4(10, 9, 0, 1, 9000);
	struct socket_record *s;

	listener(w, 100, v4(0, 0, 0, 0, 8080), 1, 511, 0);
	for (int32_t pid = 812; pid <= 816; pid++)
		holds(w, pid, "nginx", pid == 812 ? 0 : 33, 6, 100);
	s = add_tcp(w, 101, web, v4(10, 9, 0, 3, 45012), SOCKET_ESTABLISHED);
	s->send_queue = 43440;
	holds(w, 815, "nginx", 33, 19, 101);
	s = add_tcp(w, 102, web, v4(10, 9, 0, 3, 45010), SOCKET_CLOSE_WAIT);
	s->receive_queue = 1;
	s->tcp.last_ack_ms = 412000;
	holds(w, 815, "nginx", 33, 17, 102);
	s = add_tcp(w, 103, web, v4(198, 51, 100, 7, 40112), SOCKET_SYN_RECEIVED);
	s->inode = 0;
	s->retransmits = 1;
	s = add_tcp(w, 104, web, v4(10, 9, 0, 7, 50011), SOCKET_ESTABLISHED);
	s->inode = 0;
	s->receive_queue = 214;
	s->tcp.last_sent_ms = 1900;
	s->tcp.data_segments_out = 0;
	if (turn > 0) { /* accepted meanwhile */
		s->inode = 104;
		s->tcp.data_segments_out = 1;
		holds(w, 816, "nginx", 33, 20, 104);
	}
	listener(w, 110, v4(0, 0, 0, 0, 9000), turn ? 6 : 4, 5, turn ? 102 : 88);
	holds(w, 901, "python3", 1000, 4, 110);
	s = add_tcp(w, 111, app, v4(10, 9, 0, 3, 51102), SOCKET_ESTABLISHED);
	s->receive_queue = 65160;
	s->tcp.last_received_ms = 61000;
	holds(w, 901, "python3", 1000, 5, 111);
	for (unsigned i = 0; i < (turn ? 6U : 4U); i++)
		waits(w, 120 + i, app, v4(10, 9, 0, 3, 51200 + i), 61000 - i * 9000);
	listener(w, 130, (struct endpoint){.port = 22, .family = FAMILY_IPV6, .has_port = true}, 0, 128, 0);
	holds(w, 410, "sshd", 0, 3, 130);
	listener(w, 131, v4(127, 0, 0, 1, 5432), 0, 200, 0);
	holds(w, 700, "postgres", 70, 7, 131);
	for (unsigned i = 0; i < 24; i++) {
		add_tcp(w, 140 + i, v4(127, 0, 0, 1, 5432), v4(127, 0, 0, 1, 60000 + i), SOCKET_ESTABLISHED);
		holds(w, 700, "postgres", 70, 10 + (int32_t)i, 140 + i);
	}
}

static void clients(struct world *w, unsigned turn)
{
	struct socket_record *s;

	for (unsigned i = 0; i < 3; i++) {
		s = add_tcp(w, 200 + i, v4(10, 9, 0, 1, 51546 + i), v4(151, 101, 1, 6 + i, 443), SOCKET_ESTABLISHED);
		s->tcp.rtt_us = 9100 + 1000 * i;
		holds(w, 2201, "firefox", 1000, 112 + (int32_t)i, 200 + i);
	}
	if (turn == 0) {
		s = add_tcp(w, 210, v4(10, 9, 0, 1, 51560), v4(203, 0, 113, 9, 443), SOCKET_SYN_SENT);
		s->send_queue = 1;
		holds(w, 2202, "curl", 1000, 5, 210);
	}
	s = add_tcp(w, 211, v4(10, 9, 0, 1, 40000), v4(10, 9, 0, 2, 80), SOCKET_TIME_WAIT);
	s->inode = 0;
	s->has &= ~(unsigned)SOCKET_HAS_TCP;
	s->timer = SOCKET_TIMEWAIT;
	s->timer_ms = 42000;
	if (turn > 1) {
		s = add_tcp(w, 213, v4(192, 168, 100, 201, 50001), v4(198, 151, 100, 202, 50443), SOCKET_FIN_WAIT2);
		s->inode = 0;
	}
	add_tcp(w, 212, v4(10, 9, 0, 1, 40002), v4(10, 9, 0, 2, 80), SOCKET_ESTABLISHED); /* nobody is known to hold it */
}

static struct socket_record *add_unix(struct world *w, uint64_t inode, const char *name, size_t n, unsigned state, uint64_t peer)
{
	struct socket_record *s = add(w, inode, SOCKET_UNIX);

	s->type = SOCK_STREAM;
	s->state = (uint8_t)state;
	s->un.name_len = (uint8_t)n;
	memcpy(s->un.name, name, n);
	s->peer = peer;
	s->has |= peer ? (unsigned)SOCKET_HAS_PEER : 0U;
	return s;
}

static void others(struct world *w)
{
	struct socket_record *s = add(w, 300, SOCKET_INET);

	s->proto = PROTO_UDP;
	s->state = SOCKET_CLOSED;
	s->local = v4(127, 0, 0, 53, 53);
	holds(w, 390, "systemd-resolve", 101, 12, 300);
	s = add(w, 301, SOCKET_INET);
	s->proto = PROTO_UDP;
	s->state = SOCKET_CLOSED;
	s->local = v4(0, 0, 0, 0, 67);
	s->memory[SOCKET_DROPS] = 3;
	holds(w, 402, "dnsmasq", 102, 4, 301);
	s = add_unix(w, 310, "/run/app.sock", 13, SOCKET_LISTEN, 0);
	s->send_queue = 5;
	holds(w, 901, "python3", 1000, 8, 310);
	add_unix(w, 311, "/run/app.sock", 13, SOCKET_ESTABLISHED, 312);
	holds(w, 901, "python3", 1000, 9, 311);
	add_unix(w, 312, "", 0, SOCKET_ESTABLISHED, 311);
	holds(w, 815, "nginx", 33, 22, 312);
	s = add_unix(w, 313, "\0evil\x1b[31m", 10, SOCKET_LISTEN, 0);
	holds(w, 903, "\x1b]0;x", 1000, 3, 313);
	s = add(w, 320, SOCKET_PACKET);
	s->type = SOCK_RAW;
	s->packet.protocol = 3;
	s->packet.promiscuous = 1;
	s->packet.ring_blocks = 64;
	s->packet.ring_block_size = 1 << 20;
	s->has |= SOCKET_HAS_RING;
	holds(w, 3021, "sockeye", 0, 5, 320);
	s = add(w, 321, SOCKET_PACKET);
	s->type = SOCK_DGRAM;
	s->packet.protocol = 0x800;
	s->interface = 2;
	holds(w, 377, "dhclient", 0, 6, 321);
	s = add(w, 330, SOCKET_NETLINK);
	s->netlink.portid = 390;
	holds(w, 390, "systemd-resolve", 101, 5, 330);
}

static const struct socket_table *make(struct world *w, unsigned turn)
{
	static const struct socket_interface interfaces[] = {{2, "va"}};
	struct socket_table *f;
	struct error e;

	w->queues = 0;
	w->batch = calloc(1, sizeof *w->batch);
	if (!w->batch || host_table_new(&w->t, HOST_MEMORY_MIN, &e) < 0)
		return NULL;
	f = host_table_facts(w->t);
	f->at_ns = WALL;
	f->kernel_ns = 4 * CLOCK_MS;
	f->owners_ns = 9 * CLOCK_MS;
	f->interfaces = interfaces;
	f->n_interfaces = 1;
	f->unknown = SOCKET_NO_CAPABILITY;
	f->counters.listen_overflows = f->counters.listen_drops = turn ? 102 : 88;
	f->counters.known = 3;
	f->tiers[0] = (struct host_tier){.name = "raw", .works = true,
					 .reason = "sock_diag does not have raw sockets in this kernel; /proc/net/raw is read, which has less"};
	f->n_tiers = 1;
	servers(w, turn);
	clients(w, turn);
	others(w);
	host_table_finish(w->t, NULL);
	return f;
}

/* What nginx 815 and python3 901 do. */
static void look_into(struct sockets_look *s)
{
	const struct sockets_row *row = sockets_row(s);
	const struct process *p = row ? sockets_process(s, row) : NULL;
	struct process_inside *in = &s->inside;

	s->inside_known = p && (p->pid == 815 || p->pid == 901 || p->pid == 812);
	if (!s->inside_known)
		return;
	memset(in, 0, sizeof *in);
	in->pid = p->pid;
	in->started = p->started;
	in->threads = in->all_threads = p->pid == 901 ? 2 : 1;
	in->descriptors = 12;
	in->thread[0] = (struct process_thread){.tid = p->pid, .call = -1, .fd = -1, .state = 'R', .comm = "main"};
	in->thread[1] = (struct process_thread){.tid = p->pid + 1, .call = -2, .fd = -1, .state = 'S', .comm = "worker"};
	if (p->pid == 901)
		return;
	in->epolls = 1;
	in->watchers = 3;
	in->epoll[0] = (struct process_epoll){.fd = 9, .n = 3};
	in->watched[0] = (struct process_watched){.fd = 6, .events = 0x10000001, .inode = 100};
	in->watched[1] = (struct process_watched){.fd = 19, .events = 0x80002005U, .inode = 101};
	in->watched[2] = (struct process_watched){.fd = 17, .events = 0x80002001U, .inode = 102};
}

/* ---- connections ----------------------------------------------------------------------------------- */

static void connection(struct answer *a, const char *state, struct endpoint client, struct endpoint server)
{
	struct flow_record *r = &a->row[a->rows++];

	*r = (struct flow_record){.id = 1204330 + a->rows, .proto = "tcp", .ip_proto = PROTO_TCP, .state = state, .client = client,
				  .server = server, .first_ns = WALL - 42 * CLOCK_S, .last_ns = WALL - 30 * CLOCK_S, .packets = {20, 18}, .bytes = {4100, 218000}};
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	record_set(r, RECORD_BYTES);
}

static void connections(struct answer *a)
{
	a->now_ns = a->totals.last_ns = WALL;
	a->totals.first_ns = WALL - INT64_C(86400) * CLOCK_S;
	a->totals.packets = 41203118;
	a->totals.flows_tcp = 1204331;
	a->totals.flows_live = a->flows = a->matched = 10038;
	a->open = 38;
	a->totals.memory_used = 41 << 20;
	a->totals.memory_limit = 192 << 20;
	a->past_forgotten = 1194293;
	a->source[0] = (struct source_stats){.name = "va", .drops_known = true};
	a->sources = 1;
	connection(a, "established", v4(10, 9, 0, 1, 51544), v4(93, 184, 215, 14, 443));
	connection(a, "closed", v4(10, 9, 0, 1, 51546), v4(151, 101, 1, 6, 443));
	a->selected = a->row[0].id;
}

/* ---- running -------------------------------------------------------------------------------------- */

struct options {
	unsigned width, height;
	const char *dump, *attrs, *keys;
	bool ascii;
};

static bool options_of(struct options *o, int argc, char **argv)
{
	*o = (struct options){.keys = ""};
	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--ascii") == 0) {
			o->ascii = true;
			continue;
		}
		if (strcmp(argv[i], "--headless") == 0)
			(void)sscanf(next, "%ux%u", &o->width, &o->height);
		else if (strcmp(argv[i], "--dump") == 0)
			o->dump = next;
		else if (strcmp(argv[i], "--dump-attrs") == 0)
			o->attrs = next;
		else if (strcmp(argv[i], "--keys") == 0)
			o->keys = next;
		else
			return false;
		i++;
	}
	return o->width > 0 && o->dump != NULL;
}

static int write_out(const char *name, const struct canvas *c, enum theme theme,
		     void (*write)(const struct canvas *, enum theme, FILE *))
{
	FILE *to = name ? fopen(name, "w") : NULL;

	if (name && !to)
		return 1;
	if (to)
		write(c, theme, to);
	return to && fclose(to) != 0;
}

static void press(struct look *l, struct answer *a, const struct canvas *c, uint32_t key, struct world *w, const struct socket_table **tables)
{
	struct query q;

	if (key == KEY_FUNCTION + 11 && a->rows == 0) {
		connections(a);
		return;
	}
	if (key == KEY_FUNCTION + 11) { /* and worse: those that lived, and packets */
		a->totals.flows_evicted = 1200;
		a->source[0].drops = 41;
		return;
	}
	if (key == KEY_FUNCTION + 12 || key == KEY_FUNCTION + 9) {
		const unsigned turn = key == KEY_FUNCTION + 9 ? 2 : 1;

		sockets_show(l, tables[turn], w[turn].queue, w[turn].queues);
		return;
	}
	if (look_key(l, key, a, c->width, c->height, 0) == REACT_ASK) {
		look_ask(l, a, c->width, c->height, 0, &q);
		look_asked(l);
		a->about = q.about;
		look_answered(l, a);
	}
}

int main(int argc, char **argv)
{
	struct answer *a = calloc(1, sizeof *a);
	struct look *l = calloc(1, sizeof *l);
	const struct socket_table *tables[TURNS];
	struct world w[TURNS] = {0};
	struct canvas c = {0};
	struct options o;
	uint32_t key;
	int wrong;

	if (!options_of(&o, argc, argv) || !a || !l || !canvas_resize(&c, o.width, o.height))
		return 2;
	c.ascii = o.ascii;
	for (unsigned i = 0; i < TURNS; i++)
		if ((tables[i] = make(&w[i], i)) == NULL)
			return 1;
	look_init(l, true, "va", NULL);
	a->live = true;
	l->sockets.self = 3021;
	l->sockets.missing = "";
	press(l, a, &c, '4', w, tables);
	sockets_show(l, tables[0], w[0].queue, w[0].queues);
	while ((key = keys_script(&o.keys, NULL)) != 0) {
		press(l, a, &c, key, w, tables);
		look_into(&l->sockets);
		look_draw(l, a, &c);
	}
	look_into(&l->sockets);
	look_draw(l, a, &c);
	wrong = write_out(o.dump, &c, l->theme, headless_text) || write_out(o.attrs, &c, l->theme, headless_attrs);
	look_release(l);
	canvas_release(&c);
	for (unsigned i = 0; i < TURNS; i++) {
		host_table_free(w[i].t);
		free(w[i].batch);
	}
	free(l);
	free(a);
	return wrong;
}
