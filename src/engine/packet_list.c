/* Which packets are rows: see packet_list.h.
 *
 * Two walks that go on where they stopped. The first makes members of entries: it leaves
 * out chunks in which no flow asked for can be, and ends when all packets of those flows
 * are found. The second makes rows of members. Where everything is asked for, in full,
 * there is neither: the place of a packet is its number. */
#include "packet_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "packet_dull.h"
#include "sockeye/clock.h"

enum {
	RUN_LEAST = 4,
	LOOK_MATCH = 64, LOOK_ROWS = 4096, /* between two looks at the clock */
	MATCH_BLOCK = RECALL_FLOWS,        /* packets whose flows are looked for together */
};

struct packet_list {
	struct remembered *m;
	struct packet_query asked;
	bool plain;               /* everything, in full */
	bool all_rows;            /* every member is one */
	struct filter *filter;
	char filter_text[QUERY_MATCH];
	struct filter_error error;
	bool record;              /* the filter reads the flow's */
	struct bits member, row;
	bool full;                /* no memory for more: what comes later is left out */
	uint64_t looked;          /* packets, for members */
	uint64_t want[QUERY_TOGETHER], found[QUERY_TOGETHER]; /* packets of each flow; want UINT64_MAX: not known */
	bool known[QUERY_TOGETHER]; /* its application */
	uint64_t prepared;        /* flows of packets up to here were looked for, */
	unsigned forgot;          /* and are at hand as long as that is recall_forgot() */
	/* The second walk. */
	uint64_t rowed;
	struct dull dull[QUERY_TOGETHER];
	uint32_t run_flow;
	uint64_t run_first, run_n, run_early[RUN_LEAST];
};

int packet_list_open(struct remembered *m, struct error *e)
{
	return packet_list_make(&m->list, m, e);
}

int packet_list_make(struct packet_list **out, struct remembered *m, struct error *e)
{
	struct packet_list *l = calloc(1, sizeof *l);

	if (!l)
		return error_set(e, ENOMEM, "no memory for a list of packets");
	l->m = m;
	l->plain = true;
	l->member.most = l->row.most = m->memory / 4 / sizeof(struct bits_page);
	*out = l;
	return 0;
}

void packet_list_free(struct packet_list *l)
{
	if (!l)
		return;
	bits_clear(&l->member);
	bits_clear(&l->row);
	filter_free(l->filter);
	free(l);
}

/* ---- what is asked --------------------------------------------------------------------- */

static bool same_members(const struct packet_query *a, const struct packet_query *b)
{
	return a->flows == b->flows && memcmp(a->flow, b->flow, a->flows * sizeof a->flow[0]) == 0 &&
	       a->marked_only == b->marked_only &&
	       (!a->marked_only || (a->marks == b->marks && memcmp(a->marked, b->marked, a->marks * sizeof a->marked[0]) == 0));
}

static bool same_rows(const struct packet_query *a, const struct packet_query *b)
{
	return a->fold == b->fold && a->events == b->events && a->no_acks == b->no_acks && a->unfolds == b->unfolds &&
	       memcmp(a->unfolded, b->unfolded, a->unfolds * sizeof a->unfolded[0]) == 0;
}

/* The filter of that text; the one before where it does not compile. True: it is another one. */
static bool ask_match(struct packet_list *l, const char *text)
{
	struct filter *fresh = NULL;
	uint64_t keys[2] = {0, 0};

	if (strncmp(l->filter_text, text, sizeof l->filter_text) == 0)
		return false;
	memcpy(l->filter_text, text, sizeof l->filter_text);
	l->filter_text[sizeof l->filter_text - 1] = '\0';
	if (l->filter_text[strspn(l->filter_text, " ")] != '\0' &&
	    filter_compile(&fresh, l->filter_text, FILTER_PACKETS, &l->error) < 0)
		return false;
	memset(&l->error, 0, sizeof l->error);
	filter_free(l->filter);
	l->filter = fresh;
	if (fresh)
		filter_needs(fresh, keys);
	l->record = keys[0] | keys[1];
	return true;
}

static void rows_anew(struct packet_list *l)
{
	bits_clear(&l->row);
	l->rowed = 0;
	l->run_n = 0;
	memset(l->dull, 0, sizeof l->dull);
	l->full = l->full && l->member.taken >= l->member.most;
}

static void members_anew(struct packet_list *l)
{
	bits_clear(&l->member);
	l->looked = index_first(l->m->index) - 1;
	l->prepared = 0;
	l->full = false;
	memset(l->found, 0, sizeof l->found);
	rows_anew(l);
}

/* How many packets the flows have, so that the walk knows when it has them all. */
static void ask_flows(struct packet_list *l)
{
	struct flow_table *t = engine_flows(l->m->engine);
	uint32_t ids[QUERY_TOGETHER];
	struct flow_record r;

	for (unsigned i = 0; i < l->asked.flows; i++)
		ids[i] = (uint32_t)l->asked.flow[i];
	recall_flows(l->m->recall, ids, l->asked.flows);
	for (unsigned i = 0; i < l->asked.flows; i++) {
		const struct flow *f = recall_flow(l->m->recall, l->asked.flow[i]);

		l->want[i] = UINT64_MAX;
		if (!f)
			continue;
		flow_record_fill_parts(&r, t, f, NULL, 0);
		l->want[i] = r.packets[0] + r.packets[1];
		l->known[i] = flow_service(f) != NULL;
	}
}

void packet_list_ask(struct packet_list *l, const struct packet_query *q)
{
	struct packet_query a = *q;
	bool other, rows;

	a.flows = a.flows < QUERY_TOGETHER ? a.flows : QUERY_TOGETHER;
	a.marks = a.marked_only ? (a.marks < QUERY_ROWS ? a.marks : QUERY_ROWS) : 0;
	a.unfolds = a.unfolds < QUERY_UNFOLDED ? a.unfolds : QUERY_UNFOLDED;
	other = ask_match(l, a.match);
	other = !same_members(&l->asked, &a) || other;
	rows = !same_rows(&l->asked, &a);
	l->asked = a;
	l->all_rows = !a.fold && !a.events && !a.no_acks;
	l->plain = l->all_rows && a.flows == 0 && !a.marked_only && !l->filter;
	if (other)
		members_anew(l);
	else if (rows)
		rows_anew(l);
	ask_flows(l);
}

const struct filter_error *packet_list_error(const struct packet_list *l)
{
	return &l->error;
}

/* ---- members ----------------------------------------------------------------------------- */

static int flow_asked(const struct packet_list *l, uint32_t flow)
{
	for (unsigned i = 0; i < l->asked.flows; i++)
		if ((uint32_t)l->asked.flow[i] == flow && flow != 0)
			return (int)i;
	return -1;
}

static bool all_found(const struct packet_list *l)
{
	if (l->asked.flows == 0)
		return false;
	for (unsigned i = 0; i < l->asked.flows; i++)
		if (l->found[i] < l->want[i])
			return false;
	return true;
}

static bool may_hold(const struct packet_list *l, const struct index_chunk *says)
{
	if (l->asked.flows == 0)
		return true;
	for (unsigned i = 0; i < l->asked.flows; i++)
		if (l->found[i] < l->want[i] && (uint32_t)l->asked.flow[i] >= says->flow_min &&
		    (uint32_t)l->asked.flow[i] <= says->flow_max)
			return true;
	return false;
}

/* The flows of the packets that come next are looked for at once. */
static void prepare_flows(struct packet_list *l, const struct index_entry *e, unsigned from, unsigned n, uint64_t number)
{
	uint32_t ids[MATCH_BLOCK];
	unsigned many = 0;

	if (number <= l->prepared && l->forgot == recall_forgot(l->m->recall))
		return;
	for (; from < n && many < MATCH_BLOCK; from++)
		ids[many++] = e[from].flow;
	l->prepared = number + many - 1;
	recall_flows(l->m->recall, ids, many);
	l->forgot = recall_forgot(l->m->recall);
}

static bool matches(struct packet_list *l, uint64_t number)
{
	struct recalled p;

	return recall(l->m->recall, number, true, l->record, &p) && !p.gone && filter_packet(l->filter, &p.ev);
}

/* Entry i of a chunk. False: there is no memory for it. */
static bool look_at(struct packet_list *l, const struct index_entry *e, unsigned i, unsigned n, uint64_t number)
{
	int which = l->asked.flows > 0 ? flow_asked(l, e[i].flow) : 0;

	if (which < 0)
		return true;
	if (l->asked.flows > 0)
		l->found[which]++;
	if (l->filter) {
		if (l->asked.flows == 0)
			prepare_flows(l, e, i, n, number);
		if (!matches(l, number))
			return true;
	}
	return bits_set(&l->member, number);
}

/* The packets marked are few and named. */
static bool look_at_marked(struct packet_list *l)
{
	uint64_t all = index_count(l->m->index);

	for (unsigned i = 0; i < l->asked.marks; i++) {
		uint64_t number = l->asked.marked[i];
		struct index_entry e;

		if (number > all || number <= l->looked || !index_get(l->m->index, number, &e))
			continue;
		if (l->asked.flows > 0 && flow_asked(l, e.flow) < 0)
			continue;
		if ((!l->filter || matches(l, number)) && !bits_set(&l->member, number))
			l->full = true;
	}
	l->looked = all;
	return true;
}

static bool members_go_on(struct packet_list *l, int64_t deadline_ns)
{
	struct index *x = l->m->index;
	uint64_t all = index_count(x);

	if (l->asked.marked_only)
		return look_at_marked(l);
	while (l->looked < all && !all_found(l) && !l->full) {
		uint64_t chunk = l->looked / INDEX_CHUNK;
		unsigned i = (unsigned)(l->looked % INDEX_CHUNK), n;
		const struct index_entry *e = NULL;
		struct index_chunk says;

		if (clock_monotonic_ns() >= deadline_ns)
			return false;
		if (index_chunk_says(x, chunk, &says) && may_hold(l, &says))
			e = index_chunk(x, chunk, &n);
		if (!e) {
			l->looked = (chunk + 1) * INDEX_CHUNK < all ? (chunk + 1) * INDEX_CHUNK : all;
			continue;
		}
		index_stats(x)->looked += n - i;
		for (unsigned steps = 0; i < n && !l->full; i++) {
			if (l->filter && ++steps % LOOK_MATCH == 0 && clock_monotonic_ns() >= deadline_ns)
				return false;
			l->full = !look_at(l, e, i, n, chunk * INDEX_CHUNK + i + 1);
			l->looked = chunk * INDEX_CHUNK + i + 1;
			if (l->filter) /* other chunks may have been looked at meanwhile */
				e = index_chunk(x, chunk, &n);
			if (!e)
				break;
		}
	}
	return true;
}

/* ---- rows --------------------------------------------------------------------------------- */

static bool is_dull(struct packet_list *l, uint64_t number, const struct index_entry *e)
{
	int which = flow_asked(l, e->flow);

	return packet_is_dull(which < 0 ? NULL : &l->dull[which], l->m, number, e, which >= 0 && l->known[which]);
}

static bool is_unfolded(const struct packet_list *l, uint64_t number)
{
	for (unsigned i = 0; i < l->asked.unfolds; i++)
		if (l->asked.unfolded[i] == number)
			return true;
	return false;
}

/* One member more: false: no memory. */
static bool row_of(struct packet_list *l, uint64_t number, const struct index_entry *e)
{
	bool dull = is_dull(l, number, e);

	if (l->asked.events || (l->asked.no_acks && !(e->about & INDEX_LENGTH)))
		return dull || bits_set(&l->row, number);
	if (!l->asked.fold)
		return bits_set(&l->row, number);
	if (!dull) {
		l->run_n = 0;
		return bits_set(&l->row, number);
	}
	if (l->run_n == 0 || l->run_flow != e->flow) {
		l->run_flow = e->flow;
		l->run_first = number;
		l->run_n = 0;
	}
	if (l->run_n < RUN_LEAST)
		l->run_early[l->run_n] = number;
	l->run_n++;
	if (l->run_n < RUN_LEAST || is_unfolded(l, l->run_first))
		return bits_set(&l->row, number);
	if (l->run_n == RUN_LEAST)
		for (unsigned i = 1; i + 1 < RUN_LEAST; i++)
			bits_unset(&l->row, l->run_early[i]);
	return true;
}

static bool rows_go_on(struct packet_list *l, int64_t deadline_ns)
{
	unsigned steps = 0;

	for (;;) {
		uint64_t number = bits_next(&l->member, l->rowed + 1);
		struct index_entry e;

		if (number == UINT64_MAX || l->full)
			return true;
		if (++steps % LOOK_ROWS == 0 && clock_monotonic_ns() >= deadline_ns)
			return false;
		if (index_get(l->m->index, number, &e))
			l->full = !row_of(l, number, &e);
		l->rowed = number;
	}
}

/* Folds of everything: every packet is a member. */
static bool rows_of_all(struct packet_list *l, int64_t deadline_ns)
{
	uint64_t all = index_count(l->m->index);

	l->rowed = l->rowed < index_first(l->m->index) - 1 ? index_first(l->m->index) - 1 : l->rowed;
	while (l->rowed < all && !l->full) {
		struct index_entry e;

		if (l->rowed % LOOK_ROWS == 0 && clock_monotonic_ns() >= deadline_ns)
			return false;
		if (index_get(l->m->index, l->rowed + 1, &e))
			l->full = !row_of(l, l->rowed + 1, &e);
		l->rowed++;
	}
	return true;
}

/* Every packet is a member: no bits of them. */
static bool all_members(const struct packet_list *l)
{
	return l->asked.flows == 0 && !l->filter && !l->asked.marked_only;
}

bool packet_list_go_on(struct packet_list *l, int64_t deadline_ns)
{
	if (l->plain)
		return true;
	if (all_members(l))
		return rows_of_all(l, deadline_ns);
	return members_go_on(l, deadline_ns) && (l->all_rows || rows_go_on(l, deadline_ns));
}

bool packet_list_done(const struct packet_list *l)
{
	uint64_t all = index_count(l->m->index);

	if (l->plain)
		return true;
	if (l->full)
		return false;
	if (all_members(l))
		return l->rowed >= all;
	return (l->looked >= all || all_found(l)) &&
	       (l->all_rows || bits_next(&l->member, l->rowed + 1) == UINT64_MAX);
}

/* ---- asked of it ------------------------------------------------------------------------------ */

static const struct bits *rows_of(const struct packet_list *l)
{
	return l->all_rows ? &l->member : &l->row;
}

static uint64_t member_next(const struct packet_list *l, uint64_t number)
{
	return all_members(l) ? (number <= index_count(l->m->index) ? number : UINT64_MAX) : bits_next(&l->member, number);
}

/* Where rows begin: what is gone is left out, but a run of which something is there. */
static uint64_t begins(const struct packet_list *l)
{
	uint64_t first = remember_first(l->m), run;

	if (first <= 1 || !l->asked.fold || l->asked.events)
		return first;
	run = bits_last(&l->row, first);
	if (run == UINT64_MAX || run == first || bits_next(&l->row, run + 1) <= member_next(l, first))
		return first;
	return run;
}

static uint64_t last_number(const struct packet_list *l)
{
	return index_count(l->m->index);
}

uint64_t packet_list_rows(const struct packet_list *l)
{
	uint64_t first = begins(l);

	if (l->plain)
		return last_number(l) + 1 > first ? last_number(l) + 1 - first : 0;
	return rows_of(l)->n - bits_before(rows_of(l), first);
}

uint64_t packet_list_before(const struct packet_list *l, uint64_t number)
{
	uint64_t first = begins(l);

	if (number <= first)
		return 0;
	return l->plain ? number - first : bits_before(rows_of(l), number) - bits_before(rows_of(l), first);
}

uint64_t packet_list_at(const struct packet_list *l, uint64_t place)
{
	uint64_t first = begins(l), number;

	if (place >= packet_list_rows(l))
		return 0;
	if (l->plain)
		return first + place;
	number = bits_at(rows_of(l), place + bits_before(rows_of(l), first));
	return number == UINT64_MAX ? 0 : number;
}

uint64_t packet_list_near(const struct packet_list *l, uint64_t number)
{
	uint64_t first = begins(l), rows = packet_list_rows(l), at;

	if (rows == 0)
		return 0;
	if (number < first)
		number = first;
	if (l->plain)
		return number < last_number(l) ? number : last_number(l);
	if (bits_has(rows_of(l), number))
		return number;
	at = bits_last(rows_of(l), number);
	if (l->asked.fold && !l->asked.events && at != UINT64_MAX && at >= first && member_next(l, number) == number)
		return at; /* it lies in this run */
	at = bits_next(rows_of(l), number);
	return at != UINT64_MAX ? at : packet_list_at(l, rows - 1);
}

uint64_t packet_list_members(const struct packet_list *l)
{
	uint64_t first = remember_first(l->m);

	if (all_members(l))
		return last_number(l) + 1 > first ? last_number(l) + 1 - first : 0;
	return l->member.n - bits_before(&l->member, first);
}

uint64_t packet_list_looked(const struct packet_list *l)
{
	return all_members(l) ? index_count(l->m->index) : l->looked;
}

bool packet_list_full(const struct packet_list *l)
{
	return l->full;
}

const struct remembered *packet_list_of(const struct packet_list *l)
{
	return l->m;
}

uint64_t packet_list_next(const struct packet_list *l, uint64_t number, bool back)
{
	uint64_t at;

	if (all_members(l)) {
		if (back && number > last_number(l))
			number = last_number(l) + 1;
		at = back ? number - 1 : number + 1;
		return at >= 1 && at <= last_number(l) ? at : 0;
	}
	if (back)
		at = number > 0 ? bits_last(&l->member, number - 1) : UINT64_MAX;
	else
		at = bits_next(&l->member, number + 1);
	return at == UINT64_MAX ? 0 : at;
}

void packet_list_run(struct packet_list *l, uint64_t number, struct packet_run *out)
{
	uint64_t end = !l->asked.fold || l->asked.events ? number + 1 : bits_next(&l->row, number + 1);

	memset(out, 0, sizeof *out);
	for (uint64_t at = number; at != UINT64_MAX && at < end; at = member_next(l, at + 1)) {
		struct index_entry e;
		unsigned side;

		if (!index_get(l->m->index, at, &e))
			break;
		if (l->asked.no_acks && at != number && !(e.about & INDEX_LENGTH))
			continue; /* left out, and of no run */
		side = e.about & INDEX_SERVER ? 1 : 0;
		out->packets++;
		out->segments[side]++;
		out->bytes[side] += e.about & INDEX_LENGTH;
		out->last = at;
	}
}
