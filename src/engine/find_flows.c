/* Finding a flow in the list: see find_flows.h. */
#include "find_flows.h"

#include <string.h>

#include "listing.h"
#include "match.h"
#include "rates.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"

enum { FIND_CLOCK = 64 /* flows between two looks at the clock */, FIND_AHEAD = 16 /* seats */ };

/* ---- what for --------------------------------------------------------------------------- */

/* May it stand behind process: as it is? */
static bool is_plain_word(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '_'))
			return false;
	return text[0] != '\0';
}

int query_find_compile(struct filter **out, const char *text, bool owners, struct filter_error *e)
{
	char both[2 * QUERY_MATCH + 32];
	struct text t;
	int r = filter_compile(out, text, FILTER_FLOWS, e);

	if (r < 0 || !owners || !is_plain_word(text))
		return r;
	/* The list shows who holds a connection, so a word is looked for there, too. */
	filter_free(*out);
	text_init(&t, both, sizeof both);
	text_put(&t, text);
	text_put(&t, " or process:");
	text_put(&t, text);
	return filter_compile(out, both, FILTER_FLOWS, e);
}

static bool find_reads(const uint64_t keys[2], enum record_key k)
{
	return keys[k / 64] >> k % 64 & 1;
}

/* What of a record it reads. */
static void find_needs(struct flow_find *f)
{
	uint64_t keys[2] = {0, 0};

	f->parts = 0;
	if (f->filter)
		filter_needs(f->filter, keys);
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		if (find_reads(keys, (enum record_key)k))
			f->parts |= record_part_of((enum record_key)k);
	f->brief = flow_record_brief(keys);
	f->alike = flow_alike_keys(keys);
	f->named = find_reads(keys, RECORD_SERVER_NAME);
	memset(f->known, 0, sizeof f->known);
}

static void find_for(struct flow_find *f, const struct query *q, bool owners)
{
	if (f->filter && f->owners == owners && strncmp(f->text, q->find, sizeof f->text) == 0)
		return;
	filter_free(f->filter);
	f->filter = NULL;
	memcpy(f->text, q->find, sizeof f->text);
	f->text[sizeof f->text - 1] = '\0';
	f->owners = owners;
	if (query_find_compile(&f->filter, f->text, owners, NULL) < 0)
		f->filter = NULL;
	find_needs(f);
}

void flow_find_free(struct flow_find *f)
{
	filter_free(f->filter);
	f->filter = NULL;
	f->on = false;
}

/* ---- one flow --------------------------------------------------------------------------- */

static bool find_ask(struct flow_find *f, struct engine *e, struct listing *l, uint32_t seat)
{
	struct flow_table *t = engine_flows(e);
	const struct flow *flow = flow_in_seat(t, seat);

	if (!flow)
		return false;
	listing_stats(l)->filled++;
	if (f->brief == BRIEF_NOT)
		flow_record_fill_parts(&f->record, t, flow, engine_paths(e), f->parts);
	else if (!flow_record_fill_brief(&f->record, t, seat, engine_paths(e), f->brief))
		return false;
	return filter_flow(f->filter, &f->record);
}

static bool find_fits(struct flow_find *f, struct engine *e, struct listing *l, uint32_t seat)
{
	bool named = false;
	uint64_t is = f->alike != ALIKE_NOT ? flow_seat_alike(engine_flows(e), seat, f->alike, &named) : 0;
	unsigned at = (unsigned)((is * UINT64_C(0x9e3779b97f4a7c15)) >> 58);

	if (is == 0 || (named && f->named))
		return find_ask(f, e, l, seat);
	if (f->known[at].is != is) {
		f->known[at].fits = find_ask(f, e, l, seat);
		f->known[at].is = is;
	}
	return f->known[at].fits;
}

/* ---- all of them ------------------------------------------------------------------------ */

static void find_begin(struct flow_find *f, struct engine *e, const struct query *q, const struct rank *from)
{
	const uint64_t turn = engine_match(e)->turn;

	find_for(f, q, engine_rates(e) != NULL);
	if (f->on && f->back == q->find_back && f->from == q->selected && f->turn == turn && f->rank == q->rank &&
	    f->sort == q->sort && f->descending == q->descending && f->open_only == q->open_only)
		return;
	f->on = true;
	f->back = q->find_back;
	f->from = q->selected;
	f->turn = turn;
	f->rank = q->rank;
	f->sort = q->sort;
	f->descending = q->descending;
	f->open_only = q->open_only;
	f->have = false;
	f->next = 0;
	f->round = false;
	f->some = from != NULL;
	if (from)
		f->pivot = *from;
	memset(f->known, 0, sizeof f->known);
}

/* Is it in the way of this walk, and nearer than the one that was found? */
static bool find_nearer(const struct flow_find *f, const struct rank *r)
{
	const bool ahead = r->id != f->pivot.id && (rank_compare(r, &f->pivot) < 0) == f->back;

	if (f->some && ahead == f->round)
		return false; /* those ahead come first, and the second time the others */
	return !f->have || (rank_compare(r, &f->best) < 0) != f->back;
}

/* The walk at hand; false: the deadline came first. */
static bool find_walk(struct flow_find *f, struct engine *e, struct listing *l, int64_t deadline_ns)
{
	const struct listing_view v = listing_view(l);
	unsigned turn = 0;
	struct rank r;

	for (unsigned i = 0; i < 2; i++)
		for (uint32_t seat = f->next > v.seats[i].from ? f->next : v.seats[i].from; seat < v.seats[i].to; seat++) {
			const struct listed *is = listing_at(&v, seat);

			f->next = seat + 1;
			if ((is->is & (LISTED_THERE | LISTED_MATCHES)) != (LISTED_THERE | LISTED_MATCHES))
				continue;
			listing_rank(&v, is, seat, &r);
			if (!f->have) /* each of them is asked */
				listing_near_seat(l, seat + FIND_AHEAD);
			if (find_nearer(f, &r) && find_fits(f, e, l, seat)) {
				f->have = true;
				f->best = r;
			}
			if (++turn % FIND_CLOCK == 0 && deadline_ns != INT64_MAX && clock_monotonic_ns() >= deadline_ns)
				return false;
		}
	return true;
}

/* Is who was found in an earlier slice still there? */
static bool find_stands(const struct flow_find *f, struct listing *l)
{
	const struct listing_view v = listing_view(l);
	const struct listed *is = listing_at(&v, f->best.seat);

	return (is->is & (LISTED_THERE | LISTED_MATCHES)) == (LISTED_THERE | LISTED_MATCHES) && listed_id(is) == f->best.id;
}

bool flow_find(struct flow_find *f, struct engine *e, const struct query *q, const struct rank *from, int64_t deadline_ns,
	       enum query_found *found, uint64_t *id)
{
	struct listing *l = engine_listing(e);

	*found = FOUND_NOBODY;
	do {
		find_begin(f, e, q, from);
		if (!f->filter) {
			f->on = false;
			return true;
		}
		if (!find_walk(f, e, l, deadline_ns))
			return false;
		if (!f->have && f->some && !f->round) {
			f->round = true;
			f->next = 0;
			if (!find_walk(f, e, l, deadline_ns))
				return false;
		}
		f->on = false;
	} while (f->have && !find_stands(f, l));
	if (f->have) {
		*found = f->round ? FOUND_ROUND : FOUND_AHEAD;
		*id = f->best.id;
	}
	return true;
}
