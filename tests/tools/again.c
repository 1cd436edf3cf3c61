/* Asks the engine about packets and streams, as the screen does, and prints what it answers.
 *
 * usage: again CAPTURE flows                     a line for each flow: id proto client server packets
 *        again CAPTURE stream FLOW SIDE          the bytes of one direction, gaps left out
 *        again CAPTURE pieces FLOW               a line a piece: side, time, length or gap
 *        again CAPTURE rows [FLOW] [fold]        a line a row
 *        again CAPTURE times                     what answers cost, for benchmarks
 *        again CAPTURE lists                     what the list of connections costs, likewise: before and after it was
 *                                                prepared for questions, and what that cost
 *        again -iIFACE live PACKETS MIB          captures so many with so much memory; a line about what is left
 *        again CAPTURE save FLOW|0 [MATCH [TEXT]]  saves them, or the text; prints the answer
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"

static struct engine *engine;
static struct answer *answer;

static uint64_t number(const char *s)
{
	return s ? strtoull(s, NULL, 10) : 0;
}

static double ms(int64_t ns)
{
	return (double)ns / CLOCK_MS;
}

static void print_flows(void)
{
	struct flow_table *t = engine_flows(engine);
	struct flow_record r;
	const struct flow *f;
	uint64_t at = 0;

	while ((f = flow_next(t, &at)) != NULL) {
		char client[64], server[64];
		struct text c, s;

		flow_record_fill(&r, t, f, engine_paths(engine));
		text_init(&c, client, sizeof client);
		tuple_endpoint(&c, &r.client);
		text_init(&s, server, sizeof server);
		tuple_endpoint(&s, &r.server);
		printf("%" PRIu64 " %s %s %s %" PRIu64 " %" PRIu64 "\n", r.id, r.proto, client, server,
		       r.packets[0] + r.packets[1], r.stream_bytes[0] + r.stream_bytes[1]);
	}
}

static void ask_stream(uint64_t flow, unsigned sides, uint64_t from)
{
	struct query q = {.about = QUERY_STREAM, .stream = {.flow = flow, .from = from}};

	q.stream.side[0] = sides & 1;
	q.stream.side[1] = sides & 2;
	engine_answer(engine, &q, answer);
}

static void print_stream(uint64_t flow, unsigned sides, bool bytes)
{
	const struct stream_answer *s = &answer->stream;
	uint64_t from = 0;

	do {
		ask_stream(flow, sides, from);
		for (unsigned i = 0; i < s->pieces; i++) {
			const struct stream_piece *p = &s->piece[i];

			/* A piece longer than what one answer holds is told, not hidden. */
			if (bytes)
				fwrite(s->bytes + p->from, 1, p->here, stdout);
			else
				printf("%" PRIu64 " %c %" PRIu64 " at %" PRIu64 " %s %" PRIu64 " here %u\n", p->index,
				       p->side ? '<' : '>', p->number, p->at, p->gap ? "gap" : "data", p->len, (unsigned)p->here);
		}
		from += s->pieces;
	} while (s->pieces > 0 && from < s->all);
	if (!bytes)
		printf("all %" PRIu64 " bytes %" PRIu64 " %" PRIu64 " gaps %" PRIu64 " %" PRIu64 "%s\n", s->all, s->bytes_all[0],
		       s->bytes_all[1], s->gaps_all[0], s->gaps_all[1], s->cut ? " cut" : "");
}

static void print_rows(uint64_t flow, bool fold)
{
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = QUERY_ROWS, .fold = fold}};
	const struct packet_answer *p = &answer->packets;

	if (flow) {
		q.packets.flow[0] = flow;
		q.packets.flows = 1;
	}
	engine_answer(engine, &q, answer);
	printf("total %" PRIu64 " matched %" PRIu64 " forgotten %" PRIu64 " first %" PRIu64 "\n", p->total, p->matched, p->forgotten,
	       p->first);
	for (unsigned i = 0; i < p->rows; i++) {
		const struct packet_row *r = &p->row[i];

		printf("%" PRIu64 " flow %" PRIu64 " %c %s %s%s", r->number, r->flow, r->side ? '<' : '>', r->protocol,
		       r->line, r->gone ? " gone" : "");
		if (r->is_tcp)
			printf(" flags %x seq %u ack %u room %" PRId64 " len %u", r->flags, r->seq_from_isn, r->ack_from_isn,
			       r->room, r->payload_len);
		if (r->rtt_ns >= 0)
			printf(" rtt %" PRId64 "us", r->rtt_ns / CLOCK_US);
		if (r->about)
			printf(" about %" PRIu64, r->about);
		if (r->folded)
			printf(" folded %" PRIu64 " in %.3f ms", r->folded, ms(r->folded_ns));
		putchar('\n');
	}
}

static void time_one(const char *what, const struct query *q)
{
	const struct packet_answer *p = &answer->packets;

	clock_t begun = clock();

	engine_answer(engine, q, answer);
	printf("%-34s %8.2f ms, %8.2f of the processor; matched %" PRIu64 " of %" PRIu64 ", rows %u, selected %" PRIu64 "\n", what, ms(answer->cost_ns),
	       (double)(clock() - begun) * 1000 / CLOCKS_PER_SEC, p->matched, p->total, p->rows, p->selected);
}

static void print_times(void)
{
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = 50}};
	uint64_t last, all = engine_totals(engine)->packets;

	time_one("all, first (opens its parts)", &q);
	time_one("all, first", &q);
	q.packets.to_last = true;
	time_one("all, last", &q);
	q.packets.to_last = false;
	q.packets.detail = true;
	q.packets.selected = all / 2;
	time_one("all, middle, with detail", &q);
	last = answer->packets.has_subject ? answer->packets.subject.id : 1;
	q.packets.flows = 1;
	q.packets.flow[0] = last;
	q.packets.selected = 0;
	time_one("a flow of the middle", &q);
	time_one("the same again", &q);
	q.packets.flow[0] = 1;
	time_one("flow 1", &q);
	q.packets.fold = true;
	time_one("flow 1, folded", &q);
	q.packets.flow[0] = engine_totals(engine)->flows_tcp + engine_totals(engine)->flows_udp;
	time_one("the last flow", &q);
	q = (struct query){.about = QUERY_STREAM, .stream = {.flow = last, .side = {true, true}}};
	engine_answer(engine, &q, answer);
	printf("%-34s %8.2f ms  %" PRIu64 " pieces\n", "its stream", ms(answer->cost_ns), answer->stream.all);
}

/* As the run does when nobody asks and nothing comes: in turns, until there is nothing to do. */
static void print_prepared(void)
{
	const size_t held = engine_totals(engine)->memory_used;
	const uint64_t flows = engine_totals(engine)->flows_live;
	clock_t begun = clock(), turn, longest = 0;
	unsigned turns = 0;

	for (; !engine_is_ahead(engine); turns++) {
		turn = clock();
		engine_ahead(engine, true, 4 * CLOCK_MS);
		turn = clock() - turn;
		longest = turn > longest ? turn : longest;
	}
	begun = clock() - begun;
	printf("%-34s %8.2f ms, %8.2f of the processor; in all and the longest of %u turns; %.1f bytes a flow\n", "prepared",
	       (double)begun * 1000 / CLOCKS_PER_SEC, (double)longest * 1000 / CLOCKS_PER_SEC, turns,
	       flows > 0 ? (double)(engine_totals(engine)->memory_used - held) / (double)flows : 0);
}

/* The first time, when order and filter are new; and the least of some more: what else the machine does is not
 * the list's. */
static void time_list(const char *what, const struct query *q)
{
	clock_t first = 0, least = 0;

	for (unsigned i = 0; i < 6; i++) {
		clock_t begun = clock();

		engine_answer(engine, q, answer);
		begun = clock() - begun;
		if (i == 0)
			first = begun;
		else
			least = i == 1 || begun < least ? begun : least;
	}
	printf("%-34s %8.2f ms, %8.2f of the processor; at first and again; matched %" PRIu64 " of %" PRIu64 ", rows %u\n", what,
	       (double)first * 1000 / CLOCKS_PER_SEC, (double)least * 1000 / CLOCKS_PER_SEC, answer->matched, answer->flows,
	       answer->rows);
}

static void print_lists(void)
{
	static const char *const filters[] = {"port == 443", "10.0.0.0/8", "retransmissions > 0", "closed"};
	/* Near; one in many; none, of words that are alike, of text in what is seen, of numbers. */
	static const char *const finds[] = {"port == 443", "retransmissions > 5", "zzz", "1.2.3.4.5", "bytes > 900000000000"};
	static const enum query_group groups[] = {GROUP_CLIENT, GROUP_SERVER, GROUP_SERVICE};
	static const char *const by[] = {"groups, by client", "groups, by server", "groups, by service"};
	struct query q = {.about = QUERY_FLOWS, .rows = 30, .rank = RANK_KEY, .sort = RECORD_FIRST};
	uint64_t middle;

	time_list("frame, at the top", &q);
	q.to_last = true;
	time_list("to the end", &q);
	q.to_last = false;
	middle = q.selected = engine_totals(engine)->flows_tcp / 2;
	time_list("frame, in the middle", &q);
	q.sort = RECORD_BYTES;
	time_list("sort by bytes", &q);
	q.sort = RECORD_CLIENT;
	time_list("sort by client", &q);
	q.rank = RANK_RATE;
	time_list("sort by rate", &q);
	q.rank = RANK_ROUND_TRIP;
	time_list("sort by round trip", &q);
	q.rank = RANK_RETRANSMITTED;
	time_list("sort by retransmissions", &q);
	q.rank = RANK_UP;
	time_list("sort by up", &q);
	q.rank = RANK_KEY;
	q.sort = RECORD_STATE;
	time_list("sort by state", &q);
	q.sort = RECORD_FIRST;
	q.selected = middle;
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		char what[64];

		snprintf(what, sizeof what, "filter %s", filters[i]);
		memcpy(q.match, filters[i], strlen(filters[i]) + 1);
		time_list(what, &q);
		if (answer->match_error.column != 0)
			printf("%s: %s\n", filters[i], answer->match_error.text);
	}
	q.match[0] = '\0';
	q.open_only = true;
	time_list("filter: those that are over hidden", &q);
	q.open_only = false;
	for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++) {
		char what[64];

		snprintf(what, sizeof what, "find %s", finds[i]);
		memcpy(q.find, finds[i], strlen(finds[i]) + 1);
		time_list(what, &q);
	}
	q.find[0] = '\0';
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		q.group = groups[i];
		time_list(by[i], &q);
	}
}

/* What a history holds: the first row, and whether all of them can be had. */
static void print_left(void)
{
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = QUERY_ROWS, .detail = true}};
	const struct packet_answer *p = &answer->packets;
	uint64_t gone = 0, shown = 0;

	engine_answer(engine, &q, answer);
	printf("total %" PRIu64 " forgotten %" PRIu64 " matched %" PRIu64 " first %" PRIu64 " detail %" PRIu64 " lines %u interface %s",
	       p->total, p->forgotten, p->matched, p->rows ? p->row[0].number : 0, p->detail.number, p->detail.lines,
	       p->detail.interface);
	for (;; q.packets.selected = p->row[p->rows - 1].number, q.packets.move = QUERY_ROWS) {
		engine_answer(engine, &q, answer);
		for (unsigned i = 0; i < p->rows; i++)
			if (p->row[i].number > shown) {
				gone += p->row[i].gone;
				shown = p->row[i].number;
			}
		if (p->rows == 0 || shown == p->total)
			break;
	}
	printf(" gone %" PRIu64 "\n", gone);
}

static int create(void *arg, const char *name, struct error *e)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	(void)arg;
	(void)e;
	return fd >= 0 ? fd : -errno;
}

static int save(uint64_t flow, const char *match, const char *text)
{
	struct save_query q = {.kind = text ? SAVE_TEXT : SAVE_PACKETS, .text = text, .len = text ? strlen(text) : 0};
	struct save_answer a;

	if (flow) {
		q.packets.flow[0] = flow;
		q.packets.flows = 1;
	}
	if (match)
		(void)snprintf(q.packets.match, sizeof q.packets.match, "%s", match);
	engine_save_with(engine, create, NULL);
	engine_save(engine, &q, &a);
	while (!a.done) {
		engine_go_on(engine, CLOCK_MS);
		engine_saved(engine, &a);
	}
	if (a.error[0])
		printf("error: %s\n", a.error);
	printf("%s %" PRIu64 " packets %" PRIu64 " bytes %" PRIu64 " gone\n", a.name, a.packets, a.bytes, a.gone);
	return a.error[0] != 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "", *what = argc > 2 ? argv[2] : "", *third = argc > 3 ? argv[3] : NULL;
	const bool live = strncmp(name, "-i", 2) == 0;
	const char *interface = name + 2;
	const struct source_options so = {.files = &name, .n_files = live ? 0 : 1, .interfaces = &interface, .n_interfaces = live};
	const struct engine_options eo = {.memory = live && argc > 4 ? (size_t)number(argv[4]) << 20 :
						    strcmp(what, "lists") == 0 ? (size_t)2 << 30 : ENGINE_MEMORY_DEFAULT,
					  .remember = true, .live = live};
	const struct run_options ro = {.signal_fd = -1, .keep_flows = true, .max_packets = live ? number(third) : 0};
	struct run_result result;
	struct source *source;
	struct error e = {""};
	int64_t begun;

	(void)signal(SIGXFSZ, SIG_IGN);
	answer = calloc(1, sizeof *answer);
	if (argc < 3 || !answer || source_open(&source, &so, &e) < 0 || engine_open(&engine, &eo, &e) < 0 ||
	    engine_remember(engine, source, &e) < 0) {
		fprintf(stderr, "again: %s\n", e.text[0] ? e.text : "again CAPTURE WORD [...]");
		return 1;
	}
	if (live)
		fprintf(stderr, "listening\n");
	begun = clock_monotonic_ns();
	(void)run_loop(engine, source, &ro, &result, &e);
	if (strcmp(what, "flows") == 0)
		print_flows();
	else if (strcmp(what, "stream") == 0)
		print_stream(number(third), argc > 4 ? 1U << number(argv[4]) : 3, true);
	else if (strcmp(what, "pieces") == 0)
		print_stream(number(third), 3, false);
	else if (strcmp(what, "rows") == 0)
		print_rows(number(third), argc > 4);
	else if (strcmp(what, "live") == 0)
		print_left();
	else if (strcmp(what, "save") == 0)
		return save(number(third), argc > 4 ? argv[4] : NULL, argc > 5 ? argv[5] : NULL);
	else if (strcmp(what, "lists") == 0) {
		print_lists();
		print_prepared();
		print_lists();
	} else if (strcmp(what, "times") == 0) {
		printf("%-34s %8.2f ms\n", "read, one thread, with index", ms(clock_monotonic_ns() - begun));
		print_times();
	}
	engine_free(engine);
	source->free(source);
	free(answer);
	return 0;
}
