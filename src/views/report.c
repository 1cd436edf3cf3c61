/* The summary of a run: totals, handshakes, slowest, failures, talkers, and
 * what was not seen whole.
 *
 * Everything it remembers is bounded: a histogram, ten slowest handshakes, and
 * two tables of counts whose evictions are said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/histogram.h"
#include "json.h"
#include "losses.h"
#include "sockeye/clock.h"
#include "talkers.h"
#include "view.h"

enum { REPORT_SLOWEST = 10 };

struct report_slow {
	struct endpoint client, server;
	int64_t took_ns, first_ns;
	uint64_t repeats;
};

/* Whoever has talked, and is not counted yet: its entry is on its way from memory. */
struct report_talk {
	struct endpoint host;
	uint64_t hash, sent, received;
};

struct report {
	struct histogram times;
	struct report_slow slow[REPORT_SLOWEST];
	unsigned slows;
	struct talkers hosts;    /* by address */
	struct report_talk talks[2]; /* of the flow that ended last */
	unsigned talks_wait;
	struct talkers failures; /* by server and outcome */
	struct losses losses;
	uint64_t handshakes[OUTCOMES];
	bool names;              /* who talks and who fails is printed: in text */
	uint64_t flows, left_out; /* ended; and of -Y: not let through */
};

int report_open(struct report **out, bool names, struct error *e)
{
	struct report *r = calloc(1, sizeof *r);

	*out = r;
	if (!r)
		return error_set(e, ENOMEM, "no memory for the report");
	r->names = names;
	talkers_init(&r->hosts);
	talkers_init(&r->failures);
	return 0;
}

void report_free(struct report *r)
{
	free(r);
}

static void report_slow_add(struct report *r, const struct flow_record *f)
{
	unsigned at = r->slows;

	while (at > 0 && f->first_syn_to_ack > r->slow[at - 1].took_ns)
		at--;
	if (at == REPORT_SLOWEST)
		return;
	if (r->slows < REPORT_SLOWEST)
		r->slows++;
	memmove(&r->slow[at + 1], &r->slow[at], (r->slows - at - 1) * sizeof *r->slow);
	r->slow[at] = (struct report_slow){
		.client = f->client,
		.server = f->server,
		.took_ns = f->first_syn_to_ack,
		.first_ns = f->first_ns,
		.repeats = (f->syns > 1 ? f->syns - 1 : 0) + (f->synacks > 1 ? f->synacks - 1 : 0),
	};
}

static unsigned report_outcome(const struct flow_record *f)
{
	if (!record_has(f, RECORD_OUTCOME))
		return OUTCOME_NONE;
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++) /* nearly always the very word */
		if (f->outcome == outcome_names[i])
			return i;
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++)
		if (strcmp(f->outcome, outcome_names[i]) == 0)
			return i;
	return OUTCOME_NONE;
}

void report_handshake(struct report *r, const struct flow_record *f)
{
	unsigned outcome = report_outcome(f);

	r->handshakes[outcome]++;
	if (outcome == OUTCOME_COMPLETE) {
		if (record_has(f, RECORD_HS_FIRST_SYN_TO_ACK)) {
			histogram_add(&r->times, f->first_syn_to_ack);
			report_slow_add(r, f);
		}
	} else if (outcome != OUTCOME_NONE && r->names) {
		talkers_add(&r->failures, talkers_hash(&r->failures, &f->server, outcome), &f->server, outcome, 0, 0);
	}
}

static uint64_t report_half(const struct flow_record *f, enum record_key k, const uint64_t *pair, unsigned i)
{
	return record_has(f, k) && pair[i] != PAIR_UNKNOWN ? pair[i] : 0;
}

void report_left_out(struct report *r)
{
	r->left_out++;
}

/* Counted by address: without its port. */
static struct endpoint report_host(const struct endpoint *e)
{
	return (struct endpoint){.ip = e->ip, .family = e->family};
}

static void report_talks(struct report *r)
{
	for (unsigned i = 0; i < r->talks_wait; i++) {
		const struct report_talk *t = &r->talks[i];

		talkers_add(&r->hosts, t->hash, &t->host, 0, t->sent, t->received);
	}
	r->talks_wait = 0;
}

void report_flow(struct report *r, const struct flow_record *f)
{
	r->flows++;
	losses_add(&r->losses, f);
	if (!r->names)
		return;
	report_talks(r);
	for (unsigned i = 0; i < 2; i++) {
		struct report_talk *t = &r->talks[r->talks_wait];

		t->host = report_host(i == 0 ? &f->client : &f->server);
		if (t->host.family == FAMILY_NONE)
			continue;
		t->hash = talkers_hash(&r->hosts, &t->host, 0);
		t->sent = report_half(f, RECORD_BYTES, f->bytes, i);
		t->received = report_half(f, RECORD_BYTES, f->bytes, i ^ 1);
		r->talks_wait++;
	}
}

/* The entries of a few are brought near before the first is needed: addresses of a flood never come twice. */
static void report_lone_names(struct report *r, const struct lone *l, unsigned n)
{
	enum { FEW = 16 };
	uint64_t hash[FEW][3];

	for (; n > FEW; l += FEW, n -= FEW)
		report_lone_names(r, l, FEW);
	for (unsigned i = 0; i < n; i++) {
		struct endpoint client = report_host(&l[i].client), server = report_host(&l[i].server);

		hash[i][0] = talkers_hash(&r->hosts, &client, 0);
		hash[i][1] = talkers_hash(&r->hosts, &server, 0);
		if (l[i].syn)
			hash[i][2] = talkers_hash(&r->failures, &l[i].server, OUTCOME_UNANSWERED);
	}
	for (unsigned i = 0; i < n; i++) {
		struct endpoint client = report_host(&l[i].client), server = report_host(&l[i].server);

		talkers_add(&r->hosts, hash[i][0], &client, 0, l[i].bytes, 0);
		talkers_add(&r->hosts, hash[i][1], &server, 0, 0, l[i].bytes);
		if (l[i].syn)
			talkers_add(&r->failures, hash[i][2], &l[i].server, OUTCOME_UNANSWERED, 0, 0);
	}
}

/* As the two above do of a record that says the same. */
void report_lone(struct report *r, const struct lone_counts *n, const struct lone *each)
{
	r->flows += n->flows;
	r->handshakes[OUTCOME_UNANSWERED] += n->syns;
	if (!r->names)
		return;
	report_talks(r);
	report_lone_names(r, each, n->flows);
}

/* ---- JSON ---------------------------------------------------------------- */

static void report_json(struct view *v, const struct totals *t)
{
	const struct report *r = v->report;
	struct json j;

	files_json(v, t);
	json_begin(&j, &v->out, "summary", view_digits(v));
	json_key(&j, "packets");
	json_u64(&j, t->packets);
	json_key(&j, "wire_bytes");
	json_u64(&j, t->wire_bytes);
	json_key(&j, "flows.tcp");
	json_u64(&j, t->flows_tcp);
	json_key(&j, "flows.udp");
	json_u64(&j, t->flows_udp);
	json_key(&j, "flows.icmp");
	json_u64(&j, t->flows_icmp);
	if (t->flows_other > 0) {
		json_key(&j, "flows.other");
		json_u64(&j, t->flows_other);
	}
	if (v->o.filter) {
		json_key(&j, "filter");
		json_foreign(&j, v->o.filter_text, strlen(v->o.filter_text));
		json_key(&j, "flows_fitting");
		json_u64(&j, r->flows);
	}
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++) {
		char key[48];
		struct text name;

		text_init(&name, key, sizeof key);
		text_put(&name, "handshakes.");
		text_put(&name, outcome_names[i]);
		json_key(&j, key);
		json_u64(&j, r->handshakes[i]);
	}
	json_key(&j, "flows_evicted");
	json_u64(&j, t->flows_evicted);
	if (t->flows_unjudged > 0) {
		json_key(&j, "flows_without_verdicts");
		json_u64(&j, t->flows_unjudged);
	}
	if (r->times.n > 0) {
		static const struct {
			const char *key;
			unsigned percent;
		} percentiles[] = {{"handshake_us.p50", 50}, {"handshake_us.p90", 90}, {"handshake_us.p99", 99}};

		for (unsigned i = 0; i < 3; i++) {
			int64_t ns = histogram_percentile(&r->times, percentiles[i].percent);

			json_key(&j, percentiles[i].key);
			out_format(&v->out, "%lld", (long long)out_microseconds(ns));
		}
	}
	if (!v->o.filter) /* these are of all flows */
		losses_json_trips(&j, t);
	losses_json(&j, &r->losses);
	json_end(&j);
}

/* ---- text ---------------------------------------------------------------- */

static void report_cell_endpoint(struct out *out, const struct endpoint *e, unsigned width)
{
	char cell[80];
	struct text t;

	text_init(&t, cell, sizeof cell);
	tuple_endpoint(&t, e);
	out_left(out, cell, width);
}

static void report_source_lines(struct view *v)
{
	const struct views_sources *s = &v->o.sources;
	struct views_source stats;

	for (unsigned i = 0; s->source && i < TOTALS_SOURCES && s->source(s->arg, i, &stats); i++) {
		char name[512];
		struct text t;

		text_init(&t, name, sizeof name);
		if (stats.name)
			text_foreign(&t, stats.name, strlen(stats.name), false);
		out_put(&v->out, "  Source        ");
		out_text(&v->out, name);
		out_format(&v->out, " (%s", stats.format ? stats.format : "?");
		if (stats.compression && stats.file_bytes > 0)
			out_format(&v->out, ", %s %llu.%llu:1", stats.compression,
				   (unsigned long long)(stats.bytes / stats.file_bytes),
				   (unsigned long long)(stats.bytes % stats.file_bytes * 10 / stats.file_bytes));
		out_format(&v->out, ")%s\n", stats.complete ? "" : ", incomplete");
	}
}

static void report_protocols(struct view *v, const struct totals *t)
{
	const char *between = "  Protocols     ";

	for (unsigned i = 0; i < t->protocols; i++) {
		uint64_t n = 0;

		for (unsigned s = 0; s < t->sources && s < TOTALS_SOURCES; s++)
			if (t->source[s].protocols)
				n += t->source[s].protocols[i];
		if (n == 0)
			continue;
		out_put(&v->out, between);
		out_format(&v->out, "%s %llu", t->protocol_names[i], (unsigned long long)n);
		between = ", ";
	}
	if (between[0] == ',')
		out_char(&v->out, '\n');
}

static void report_totals(struct view *v, const struct totals *t)
{
	struct out *out = &v->out;
	char from[32], to[32];

	out_put(out, "Totals\n");
	report_source_lines(v);
	out_format(out, "  Packets       %llu, %llu bytes on the wire\n", (unsigned long long)t->packets,
		   (unsigned long long)t->wire_bytes);
	if (t->packets > 0 && t->last_ns != 0) {
		clock_of_day(t->first_ns, view_digits(v), from);
		clock_of_day(t->last_ns, view_digits(v), to);
		out_format(out, "  Time          %s to %s, ", from, to);
		out_duration(out, t->last_ns - t->first_ns, 0);
		out_char(out, '\n');
	}
	report_protocols(v, t);
	out_format(out, "  Flows         tcp %llu, udp %llu, icmp %llu", (unsigned long long)t->flows_tcp,
		   (unsigned long long)t->flows_udp, (unsigned long long)t->flows_icmp);
	if (t->flows_other > 0)
		out_format(out, ", other %llu", (unsigned long long)t->flows_other);
	out_char(out, '\n');
}

/* What stands above is of all packets, what follows of some flows. */
static void report_filter(struct view *v)
{
	const struct report *r = v->report;
	char text[512];
	struct text t;

	if (!v->o.filter)
		return;
	text_init(&t, text, sizeof text);
	text_foreign(&t, v->o.filter_text, strlen(v->o.filter_text), false);
	out_put(&v->out, "  Filter        ");
	out_text(&v->out, text);
	out_format(&v->out, "%s: what follows is of %llu of %llu flows\n", t.cut ? "..." : "",
		   (unsigned long long)r->flows, (unsigned long long)(r->flows + r->left_out));
}

static void report_handshakes(struct view *v)
{
	const struct report *r = v->report;
	struct out *out = &v->out;

	out_put(out, "\nHandshakes\n  Outcome       ");
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++)
		out_format(out, "%s%s %llu", i > OUTCOME_NONE + 1 ? ", " : "", outcome_names[i],
			   (unsigned long long)r->handshakes[i]);
	out_char(out, '\n');
	if (r->times.n == 0)
		return;
	out_put(out, "  First SYN to ACK  p50 ");
	out_duration(out, histogram_percentile(&r->times, 50), 0);
	out_put(out, ", p90 ");
	out_duration(out, histogram_percentile(&r->times, 90), 0);
	out_put(out, ", p99 ");
	out_duration(out, histogram_percentile(&r->times, 99), 0);
	out_put(out, " (to 3 %)\n\nSlowest handshakes\n");
	for (unsigned i = 0; i < r->slows; i++) {
		const struct report_slow *s = &r->slow[i];
		char at[32];

		clock_of_day(s->first_ns, view_digits(v), at);
		out_duration(out, s->took_ns, 10);
		out_format(out, "  %s  ", at);
		report_cell_endpoint(out, &s->client, 21);
		out_put(out, " -> ");
		report_cell_endpoint(out, &s->server, s->repeats > 0 ? 21 : 0);
		if (s->repeats > 0)
			out_format(out, "  %llu repeat%s", (unsigned long long)s->repeats, s->repeats == 1 ? "" : "s");
		out_char(out, '\n');
	}
}

static void report_failures(struct view *v)
{
	const struct talker *top[TALKERS_TOP];
	const struct talkers *all = &v->report->failures;
	unsigned n = talkers_top(all, top);

	if (n == 0)
		return;
	out_put(&v->out, "\nFailed handshakes\n");
	for (unsigned i = 0; i < n; i++) {
		out_format(&v->out, "%10llu  ", (unsigned long long)top[i]->n);
		out_left(&v->out, outcome_names[top[i]->outcome], 12);
		out_put(&v->out, " to ");
		report_cell_endpoint(&v->out, &top[i]->end, 0);
		out_char(&v->out, '\n');
	}
	if (talkers_count(all) > n)
		out_format(&v->out, "            and %llu more servers\n",
			   (unsigned long long)(talkers_count(all) - n));
	if (all->evicted > 0)
		out_format(&v->out, "            %llu servers were forgotten for want of room\n",
			   (unsigned long long)all->evicted);
}

static void report_hosts(struct view *v)
{
	const struct talker *top[TALKERS_TOP];
	const struct talkers *all = &v->report->hosts;
	unsigned n = talkers_top(all, top);

	if (n == 0)
		return;
	out_put(&v->out, "\nTop talkers (payload bytes)\n            sent        received     flows  address\n");
	for (unsigned i = 0; i < n; i++) {
		out_format(&v->out, "%16llu%16llu%10llu  ", (unsigned long long)top[i]->sent,
			   (unsigned long long)top[i]->received, (unsigned long long)top[i]->n);
		report_cell_endpoint(&v->out, &top[i]->end, 0);
		out_char(&v->out, '\n');
	}
	if (all->evicted > 0)
		out_format(&v->out, "  %llu addresses were forgotten for want of room\n",
			   (unsigned long long)all->evicted);
}

static void report_lost_line(struct out *out, bool *any, const char *what, uint64_t n)
{
	if (n == 0)
		return;
	if (!*any)
		out_put(out, "\nNot seen whole\n");
	*any = true;
	out_format(out, "%10llu  %s\n", (unsigned long long)n, what);
}

static void report_lost(struct view *v, const struct totals *t)
{
	const struct views_sources *s = &v->o.sources;
	struct views_source stats;
	uint64_t damaged = 0, drops = 0, filtered = 0;
	bool any = false;

	for (unsigned i = 0; s->source && i < TOTALS_SOURCES && s->source(s->arg, i, &stats); i++) {
		damaged += stats.damaged;
		drops += stats.drops_known ? stats.drops : 0;
		filtered += stats.filtered;
	}
	report_lost_line(&v->out, &any, "flows were forgotten early for want of memory", t->flows_evicted);
	report_lost_line(&v->out, &any, "flows are without verdicts for want of memory", t->flows_unjudged);
	report_lost_line(&v->out, &any, "packets were dropped by the capture", drops);
	report_lost_line(&v->out, &any, "records or blocks of the input were damaged", damaged);
	report_lost_line(&v->out, &any, "frames did not pass the filter", filtered);
	report_lost_line(&v->out, &any, "packets belong to no flow", t->no_flow);
	for (unsigned i = 0; s->source && i < TOTALS_SOURCES && s->source(s->arg, i, &stats); i++) {
		if (!stats.problem || !stats.problem[0])
			continue;
		if (!any)
			out_put(&v->out, "\nNot seen whole\n");
		any = true;
		out_put(&v->out, "            ");
		out_text(&v->out, stats.problem);
		out_char(&v->out, '\n');
	}
}

void report_write(struct view *v, const struct totals *t)
{
	if (!t)
		return;
	report_talks(v->report);
	if (v->o.format == VIEW_JSON) {
		report_json(v, t);
		return;
	}
	report_totals(v, t);
	report_filter(v);
	report_handshakes(v);
	report_failures(v);
	if (!v->o.filter) /* these are of all flows */
		losses_text_trips(&v->out, t);
	losses_text(&v->out, &v->report->losses);
	report_hosts(v);
	report_lost(v, t);
}
