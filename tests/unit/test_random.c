/* Any key, any click, any size, any answer, on all screens and in all dialogs; and every line
 * of the key table in every place it holds for.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"
#include "tui/look.h"
#include "tui/screen.h"

#define BEGIN (INT64_C(1700000000) * CLOCK_S)

enum { STEPS = 20000 };

static struct answer a;
static struct look l;
static struct canvas c;
static unsigned width, height;

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	a.ended = true;
	a.totals.first_ns = BEGIN;
	look_init(&l, false, "two.pcap", NULL);
	keys_reset();
	memset(&c, 0, sizeof c);
	width = 120;
	height = 35;
	return canvas_resize(&c, width, height) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	look_release(&l);
	canvas_release(&c);
	keys_reset();
	return 0;
}

/* ---- answers ---------------------------------------------------------------------- */

static void some_record(struct flow_record *r, uint64_t id)
{
	static const char *const states[] = {"established", "closed", "reset", "syn_sent", "syn_received",
					     "half_closed", "midstream", "refused"};
	static const char name[] = "日本語.example\x1b";

	memset(r, 0, sizeof *r);
	r->id = id;
	r->ip_proto = rand() % 4 ? PROTO_TCP : PROTO_UDP;
	r->proto = r->ip_proto == PROTO_TCP ? "tcp" : "udp";
	r->client = (struct endpoint){{{10, 0, 0, 1}}, (uint16_t)rand(), FAMILY_IPV4, true};
	r->server = (struct endpoint){{{0x20, 1, 0xd, 0xb8}}, (uint16_t)rand(), FAMILY_IPV6, rand() % 8 != 0};
	r->state = states[rand() % 8];
	r->first_ns = BEGIN + rand();
	r->last_ns = r->first_ns + rand();
	r->syns = (uint32_t)rand() % 9;
	r->synacks = (uint32_t)rand() % 9;
	for (unsigned i = 0; i < RECORD_TRIES; i++) {
		r->syn_ns[i] = rand() % 2 ? r->first_ns + rand() : 0;
		r->synack_ns[i] = rand() % 2 ? r->first_ns + rand() : 0;
	}
	r->ack_ns = rand() % 2 ? r->first_ns + rand() : 0;
	r->bytes[0] = (uint64_t)rand() << (rand() % 32);
	r->packets[0] = (uint64_t)rand() % 1000;
	r->retransmissions[1] = (uint64_t)rand() % 100;
	r->open = rand() % 2;
	r->owner[0].n = 1;
	memcpy(r->owner[0].at[0].comm, "x\x1b[31my", 8);
	r->server_name.len = sizeof name - 1;
	memcpy(r->server_name.bytes, name, sizeof name - 1);
	r->service = "tls";
	for (unsigned k = RECORD_PROTO; k <= RECORD_STATE; k++)
		if (rand() % 2 && record_fields[k].kind != VALUE_WORD)
			record_set(r, (enum record_key)k);
	record_set(r, RECORD_STATE);
	record_set(r, rand() % 2 ? RECORD_SERVER_NAME : RECORD_OPEN);
	record_set(r, rand() % 2 ? RECORD_RETRANSMISSIONS : RECORD_SERVICE);
	if (rand() % 16 == 0)
		record_set(r, RECORD_OWNER_CLIENT);
}

static void answer_groups(const struct query *q)
{
	a.rows = a.selected_row = 0;
	a.groups = (unsigned)rand() % (q->rows < 30 ? q->rows + 1 : 30);
	a.groups_all = a.groups;
	a.ungrouped = (uint64_t)rand() % 2;
	for (unsigned i = 0; i < a.groups; i++) {
		a.group[i] = (struct flow_group){.id = i + 1, .flows = (uint64_t)rand(), .again = (uint64_t)rand() % 9};
		if (rand() % 2)
			a.group[i].at = (struct endpoint){{{0x20, 1, 0xd, 0xb8}}, 443, FAMILY_IPV6, rand() % 2};
		a.group[i].service = rand() % 2 ? "tls" : NULL;
	}
	a.selected_row = a.groups > 0 ? (unsigned)rand() % a.groups : 0;
	a.selected = a.groups > 0 ? a.group[a.selected_row].id : 0;
}

static void answer_flows(const struct query *q)
{
	unsigned most = (unsigned)rand() % 40;

	a.rows = most < q->rows ? most : q->rows;
	for (unsigned i = 0; i < a.rows; i++) {
		some_record(&a.row[i], 1 + (uint64_t)rand() % 60);
		a.rate[i] = (uint64_t)rand();
	}
	a.matched = a.flows = a.rows + (unsigned)rand() % 3;
	a.newer = (uint64_t)rand() % 3;
	a.newest = 60;
	a.left = (enum query_left)(rand() % 4);
	a.selected_row = a.rows > 0 ? (unsigned)rand() % a.rows : 0;
	a.selected = a.rows > 0 ? a.row[a.selected_row].id : 0;
}

static void answer_packets(const struct query *q)
{
	struct packet_answer *p = &a.packets;
	unsigned most = (unsigned)rand() % 40;

	memset(p, 0, offsetof(struct packet_answer, detail));
	p->rows = most < q->packets.rows ? most : q->packets.rows;
	p->has_subject = rand() % 2;
	some_record(&p->subject, 7);
	for (unsigned i = 0; i < p->rows; i++) {
		struct packet_row *r = &p->row[i];

		memset(r, 0, sizeof *r);
		r->number = i + 1 + (uint64_t)rand() % 3 * 1000;
		r->flow = (uint64_t)rand() % 4;
		r->ts_ns = BEGIN + rand();
		r->from = (struct endpoint){{{10, 0, 0, 1}}, (uint16_t)rand(), FAMILY_IPV4, true};
		r->to = (struct endpoint){{{192, 0, 2, 7}}, (uint16_t)rand(), FAMILY_IPV4, true};
		r->side = (uint8_t)(rand() & 1);
		r->is_tcp = rand() % 2;
		r->flags = (uint16_t)(rand() & 0xfff);
		r->room = rand() % 3 - 1;
		r->rtt_ns = rand() % 2 ? -1 : rand();
		r->verdicts = (uint64_t)1 << rand() % 30;
		r->folded = rand() % 4 ? 0 : 4 + (uint64_t)rand() % 99;
		r->gone = rand() % 16 == 0;
		(void)snprintf(r->protocol, sizeof r->protocol, "tcp");
		(void)snprintf(r->line, sizeof r->line, "%.*s", rand() % 200, "日本語 a line of a packet, as long as it likes to be");
	}
	p->total = p->matched = p->rows;
	p->counted = rand() % 2;
	p->selected_row = p->rows > 0 ? (unsigned)rand() % p->rows : 0;
	p->selected = p->rows > 0 ? p->row[p->selected_row].number : 0;
}

static void answer_stream(void)
{
	struct stream_answer *s = &a.stream;

	memset(s, 0, offsetof(struct stream_answer, bytes));
	s->pieces = (unsigned)rand() % 6;
	for (unsigned i = 0; i < s->pieces; i++) {
		s->piece[i] = (struct stream_piece){.index = i, .ts_ns = BEGIN, .number = i + 1, .len = 100, .here = 100,
						    .from = s->len, .side = (uint8_t)(rand() & 1), .gap = rand() % 4 == 0};
		if (s->piece[i].gap)
			s->piece[i].here = 0;
		s->len += s->piece[i].here;
	}
	for (unsigned i = 0; i < s->len; i++)
		s->bytes[i] = (uint8_t)rand();
	s->all = s->pieces;
}

static void answer_some(const struct query *q)
{
	a.about = q->about;
	switch (q->about) {
	case QUERY_FLOWS:
		assert_in_range(q->rows, 1, QUERY_ROWS);
		assert_true(q->anchor < q->rows && q->holds <= q->rows && q->onlys <= QUERY_TOGETHER);
		a.groups = 0;
		if (q->group != GROUP_NONE)
			answer_groups(q);
		else
			answer_flows(q);
		break;
	case QUERY_PACKETS:
		assert_in_range(q->packets.rows, 1, QUERY_ROWS);
		assert_true(q->packets.anchor < q->packets.rows && q->packets.flows <= QUERY_TOGETHER);
		answer_packets(q);
		break;
	case QUERY_STREAM:
		answer_stream();
		break;
	case QUERY_TOTALS:
		break;
	}
	assert_non_null(memchr(q->match, '\0', sizeof q->match));
}

/* ---- any key ------------------------------------------------------------------------- */

static uint32_t some_key(void)
{
	switch (rand() % 8) {
	case 0:
		return KEY_NONE_YET + (uint32_t)rand() % 24;
	case 1:
		return KEY_POINTED(rand() % 3, rand() % 200, rand() % 60);
	case 2: /* out of where nothing else leads out */
		return rand() % 4 ? KEY_ESCAPE : (uint32_t)(0x80 + rand() % 0x3000);
	default:
		return (uint32_t)rand() % 128;
	}
}

/* ---- tables of sockets ------------------------------------------------------------- */

enum { TABLE_SOCKETS = 80, TABLE_OWNERS = 40, TABLE_PROCESSES = 5 };

static struct socket_record some_socket(uint32_t place, const struct socket_record *all)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_UDP, SOCKET_PROTO_RAW};
	static const char name[] = "/run/日本\x1b語";
	struct socket_record r = {.cookie = (uint64_t)(rand() % 3 ? (int)place + 1 : rand() % 400), .inode = (uint64_t)(rand() % 5) * 100 + place,
				  .listener = SOCKET_NONE, .owner = SOCKET_NONE, .has = (uint32_t)rand(), .uid = (uint32_t)rand() % 3};
	const uint32_t listener = place > 0 ? (uint32_t)rand() % place : 0;

	r.family = (uint8_t)(rand() % 2 ? SOCKET_INET : rand() % (SOCKET_NETLINK + 1));
	r.proto = protos[rand() % 5];
	r.state = (uint8_t)(rand() % 4 ? SOCKET_LISTEN : 1 + rand() % 12);
	r.receive_queue = (uint32_t)rand() % 9;
	r.send_queue = (uint32_t)rand() % 6;
	r.local = (struct endpoint){.port = (uint16_t)(rand() % 4 * 80), .family = rand() % 2 ? FAMILY_IPV4 : FAMILY_IPV6, .has_port = true};
	r.remote = r.local;
	r.remote.family = r.state == SOCKET_LISTEN ? FAMILY_NONE : r.local.family;
	if (r.family == SOCKET_UNIX) {
		r.un.name_len = (uint8_t)(rand() % 2 ? sizeof name - 1 : 0);
		memcpy(r.un.name, name, r.un.name_len);
	} else if (place > 0 && r.state != SOCKET_LISTEN && all[listener].state == SOCKET_LISTEN && r.proto == PROTO_TCP) {
		r.listener = listener;
		r.listeners = 1 + (uint32_t)rand() % 3;
		r.waiting = rand() % 2;
	}
	if (rand() % 2) {
		r.owners = 1 + (uint32_t)rand() % 4;
		r.owner = (uint32_t)rand() % (TABLE_OWNERS - 4);
	}
	return r;
}

static const struct socket_table *some_table(void)
{
	static struct socket_record sockets[2][TABLE_SOCKETS];
	static struct socket_owner owners[2][TABLE_OWNERS];
	static struct process processes[TABLE_PROCESSES];
	static struct socket_table tables[2];
	static unsigned turn;
	struct socket_table *t = &tables[turn ^= 1];

	for (unsigned i = 0; i < TABLE_PROCESSES; i++)
		processes[i] = (struct process){.pid = 100 + (int32_t)i, .started = i, .comm = "a\x1b[7m 本"};
	for (unsigned i = 0; i < TABLE_OWNERS; i++)
		owners[turn][i] = (struct socket_owner){.inode = i, .process = (uint32_t)rand() % TABLE_PROCESSES, .fd = rand() % 9 - 1};
	*t = (struct socket_table){.sockets = sockets[turn], .n_sockets = (uint32_t)rand() % (TABLE_SOCKETS + 1), .owners = owners[turn],
				   .n_owners = TABLE_OWNERS, .processes = processes, .n_processes = TABLE_PROCESSES,
				   .unknown = (enum socket_unknown)(rand() % 3 + 1)};
	for (uint32_t i = 0; i < t->n_sockets; i++)
		sockets[turn][i] = some_socket(i, sockets[turn]);
	return t;
}

/* The cells are whole: a wide character has its right half, and nothing is of no width. */
static void check_cells(void)
{
	for (unsigned y = 0; y < c.height; y++)
		for (unsigned x = 0; x < c.width; x++) {
			uint32_t code = canvas_at(&c, x, y)->code;

			assert_true(code == 0 ? x > 0 && text_width(canvas_at(&c, x - 1, y)->code) == 2 : text_width(code) > 0);
		}
}

/* One row is selected, and the pane and the list do not overlap. */
static void check_rows(void)
{
	struct layout at = look_layout(width, height < 8 ? 8 : height);
	unsigned reversed = 0;

	if (l.page != PAGE_SCREEN || l.screen != SCREEN_CONNECTIONS || !look_fits(width, height) || l.dialog.kind ||
	    l.list.group != GROUP_NONE)
		return;
	for (unsigned y = at.list; y < at.list + at.rows; y++)
		reversed += (canvas_at(&c, width - 1, y)->attr & ATTR_REVERSE) != 0;
	assert_int_equal(reversed, a.rows > 0);
}

static void any_key_at_any_size(void **state)
{
	unsigned seen[SCREENS_ALL] = {0}, dialogs = 0, prompts = 0;

	(void)state;
	srand(11);
	for (unsigned i = 0; i < STEPS; i++) {
		int64_t now_ns = (int64_t)i * CLOCK_MS;
		enum reaction reaction;
		struct query q;

		if (i % 50 == 0) {
			c.ascii = rand() % 4 == 0;
			width = 1 + (unsigned)rand() % 200;
			height = 1 + (unsigned)rand() % 60;
			assert_true(canvas_resize(&c, width, height));
			l.live = a.live = rand() % 2;
			a.ended = !a.live || rand() % 4 == 0;
			a.now_ns = BEGIN + now_ns;
		}
		if (i % 90 == 0)
			sockets_show(&l, some_table(), NULL, 0);
		/* Few keys lead there, and more lead away. */
		reaction = look_key(&l, i % 150 == 75 ? '4' : some_key(), &a, width, height, now_ns);
		assert_in_range(reaction, REACT_NOTHING, REACT_QUIT);
		if (reaction == REACT_ASK || l.again || rand() % 8 == 0) {
			look_ask(&l, &a, width, height, now_ns, &q);
			look_asked(&l);
			if (!l.paused) {
				answer_some(&q);
				look_answered(&l, &a);
			}
		}
		/* Rows were asked for another size. */
		if (a.rows > look_layout(width, height < 8 ? 8 : height).rows) {
			a.rows = look_layout(width, height < 8 ? 8 : height).rows;
			a.selected_row = 0;
		}
		if (l.save.wanted)
			save_posted(&l, i % 3 != 0);
		look_draw(&l, &a, &c);
		check_cells();
		check_rows();
		seen[l.screen]++;
		dialogs += l.dialog.kind != NULL;
		prompts += l.prompting;
		assert_true(l.marks <= QUERY_TOGETHER && l.list.columns <= COLUMNS && l.sort < LOOK_SORTS);
	}
	print_message("%u steps: connections %u, ladder %u, packets %u, stream %u, sockets %u; in dialogs %u, in prompts %u\n",
		      (unsigned)STEPS, seen[SCREEN_CONNECTIONS], seen[SCREEN_LADDER], seen[SCREEN_PACKETS], seen[SCREEN_STREAM],
		      seen[SCREEN_SOCKETS], dialogs, prompts);
	assert_true(seen[SCREEN_SOCKETS] > 500);
	assert_true(seen[SCREEN_CONNECTIONS] > 1000 && seen[SCREEN_LADDER] > 200 && seen[SCREEN_PACKETS] > 200);
	assert_true(dialogs > 200 && prompts > 200);
}

/* ---- every key of the table ------------------------------------------------------------ */

static void fingerprint(char *out, size_t size)
{
	struct query q;
	uint64_t h = 1469598103934665603u;

	look_draw(&l, &a, &c);
	for (unsigned y = 0; y < c.height; y++)
		for (unsigned x = 0; x < c.width; x++) {
			const struct cell *cell = canvas_at(&c, x, y);

			h = (h ^ cell->code ^ (uint64_t)cell->role << 32 ^ (uint64_t)cell->attr << 40) * 1099511628211u;
		}
	look_ask(&l, &a, width, height, 0, &q);
	for (size_t i = 0; i < sizeof q; i++)
		h = (h ^ ((const uint8_t *)&q)[i]) * 1099511628211u;
	/* Of a stream what is asked next depends on the answer. */
	h = (h ^ l.stream.line ^ l.stream.up << 20 ^ (uint64_t)l.stream.to_last << 40) * 1099511628211u;
	(void)snprintf(out, size, "%016llx", (unsigned long long)h);
}

/* A packet with two layers, so that there is something to move in, to fold and to look at. */
static void some_detail(struct packet_detail *d)
{
	static const struct detail_line lines[] = {
		{.depth = 0, .osi = 4, .len = 20, .off = 34, .key = "tcp", .title = "TCP"},
		{.depth = 1, .len = 2, .off = 34, .key = "tcp.srcport", .title = "Source port", .text = "51544", .filter = "tcp.srcport == 51544"},
		{.depth = 1, .len = 2, .off = 36, .key = "tcp.dstport", .title = "Destination port", .text = "443"},
		{.depth = 0, .osi = 7, .len = 6, .off = 54, .key = "tls", .title = "TLS"},
		{.depth = 1, .len = 1, .off = 54, .key = "tls.type", .title = "Type", .text = "22"},
	};

	memset(d, 0, sizeof *d);
	d->number = a.packets.selected;
	d->row = a.packets.row[a.packets.selected_row];
	d->row.flow = 2;
	d->ts_ns = d->row.ts_ns;
	d->lines = sizeof lines / sizeof *lines;
	memcpy(d->line, lines, sizeof lines);
	d->wirelen = d->caplen = d->len[BUFFER_FRAME] = d->all[BUFFER_FRAME] = 60;
	d->len[BUFFER_STREAM] = d->all[BUFFER_STREAM] = 40;
}

/* A screen in the middle of what it shows, so that there is something in every direction. */
static void begin_in(unsigned place)
{
	struct query q = {.about = QUERY_FLOWS, .rows = 20, .packets = {.rows = 30}};

	srand(5);
	look_release(&l);
	look_init(&l, false, "two.pcap", NULL);
	answer_flows(&q);
	while (a.rows < 10 || a.selected_row < 2 || a.selected_row > 7)
		answer_flows(&q);
	a.left = LEFT_NOT;
	a.about = QUERY_FLOWS;
	look_answered(&l, &a);
	l.stick = STICK_NONE;
	l.selected = a.selected;
	if (place == IN_TEXT) {
		(void)look_key(&l, '?', &a, width, height, 0);
		l.scrolled = l.page_at = 5;
		memcpy(l.page_search, "state", 6);
	} else if (place == IN_LADDER || place == IN_PACKETS) {
		(void)look_key(&l, place == IN_LADDER ? '2' : '3', &a, width, height, 0);
		answer_packets(&q);
		while (a.packets.rows < 10 || a.packets.selected_row < 2 || a.packets.selected_row > 7)
			answer_packets(&q);
		a.packets.row[a.packets.selected_row].folded = 0;
		some_detail(&a.packets.detail);
		a.about = QUERY_PACKETS;
		look_answered(&l, &a);
		l.packets.shift = 16; /* the info is scrolled: it goes both ways */
		l.packets.to_first = l.ladder.to_first = false;
	} else if (place == IN_STREAM) {
		(void)look_key(&l, 'f', &a, width, height, 0);
		answer_stream();
		while (a.stream.pieces < 5)
			answer_stream();
		a.about = QUERY_STREAM;
		l.stream.width = width;
		l.stream.rows = 3;
		l.stream.piece = 2;
		l.stream.from = 2;
	}
}

/* Pressed where the help says that it works, it changes what is seen or asked, or says
 * something. In Packets in each of the three panes. */
static void every_key_does_something(void **state)
{
	static const unsigned places[] = {IN_CONNECTIONS, IN_TEXT, IN_LADDER, IN_PACKETS, IN_STREAM};
	unsigned pressed = 0;

	(void)state;
	for (size_t i = 0; i < keys_lines; i++)
		for (unsigned p = 0; p < sizeof places / sizeof *places; p++)
			for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0 && keys_table[i].places & places[p]; k++)
				for (unsigned pane = 0; pane < (places[p] == IN_PACKETS ? PANES : 1); pane++) {
					char before[24], after[24];
					enum reaction r;

					begin_in(places[p]);
					l.packets.pane = (enum packets_pane)pane;
					if (pane == PANE_LAYERS) { /* a field of an open layer, with others round it */
						layers_fold_all(&l.packets, &a);
						layers_select(&l.packets, &a, l.packets.before + 1, true);
					} else if (pane == PANE_BYTES) {
						bytes_select(&l.packets, &a, 35);
					}
					l.message[0] = '\0';
					fingerprint(before, sizeof before);
					r = look_key(&l, keys_table[i].key[k], &a, width, height, 0);
					fingerprint(after, sizeof after);
					pressed++;
					if (r == REACT_NOTHING || (r <= REACT_ASK && strcmp(before, after) == 0))
						fail_msg("%s, key %u of it, does nothing in place %u, pane %u", keys_table[i].name, k,
							 places[p], pane);
				}
	print_message("%u keys pressed\n", pressed);
	assert_true(pressed > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_key_at_any_size, start, stop),
		cmocka_unit_test_setup_teardown(every_key_does_something, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
