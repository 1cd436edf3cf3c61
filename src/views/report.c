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
#include "sockeye/clock.h"
#include "talkers.h"
#include "view.h"

enum { REPORT_SLOWEST = 10 };

struct report_slow {
	struct endpoint client, server;
	int64_t took_ns, first_ns;
	uint64_t repeats;
};

struct report {
	struct histogram times;
	struct report_slow slow[REPORT_SLOWEST];
	unsigned slows;
	struct talkers hosts;    /* weight: bytes both ways + packets */
	struct talkers failures; /* weight: how often; by server and outcome */
	struct {
		uint64_t flows[2];       /* connections with a network loss, with a loss of the capture */
		uint64_t network, capture, unclear; /* bytes; unclear: the capture dropped frames meanwhile */
		uint64_t again, again_bytes, late, late_bytes, conflicting, duplicates, holes;
		uint64_t wireshark[4];   /* retransmissions, out of order, duplicate ACKs, zero windows */
	} loss;
};

int report_open(struct report **out, struct error *e)
{
	struct report *r = calloc(1, sizeof *r);

	*out = r;
	if (!r)
		return error_set(e, ENOMEM, "no memory for the report");
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
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++)
		if (record_has(f, RECORD_OUTCOME) && strcmp(f->outcome, outcome_names[i]) == 0)
			return i;
	return OUTCOME_NONE;
}

void report_handshake(struct report *r, const struct flow_record *f)
{
	unsigned outcome = report_outcome(f);

	if (outcome == OUTCOME_COMPLETE) {
		if (record_has(f, RECORD_HS_FIRST_SYN_TO_ACK)) {
			histogram_add(&r->times, f->first_syn_to_ack);
			report_slow_add(r, f);
		}
	} else if (outcome != OUTCOME_NONE) {
		talkers_find(&r->failures, &f->server, outcome)->weight++;
	}
}

static uint64_t report_half(const struct flow_record *f, enum record_key k, const uint64_t *pair, unsigned i)
{
	return record_has(f, k) && pair[i] != PAIR_UNKNOWN ? pair[i] : 0;
}

static void report_loss(struct report *r, const struct flow_record *f)
{
	uint64_t lost = f->exact.lost_bytes[0] + f->exact.lost_bytes[1];
	uint64_t missed = f->exact.missed_bytes[0] + f->exact.missed_bytes[1];

	if (!record_has(f, RECORD_EXACT_LOST_BYTES))
		return;
	if (lost && !record_has(f, RECORD_CAPTURE_DROPS)) {
		r->loss.network += lost;
		r->loss.flows[0]++;
	} else {
		r->loss.unclear += lost;
	}
	r->loss.capture += missed;
	r->loss.flows[1] += missed != 0;
	for (unsigned i = 0; i < 2; i++) {
		r->loss.again += f->exact.retransmitted_segments[i];
		r->loss.again_bytes += f->exact.retransmitted_bytes[i];
		r->loss.late += f->exact.late_segments[i];
		r->loss.late_bytes += f->exact.late_bytes[i];
		r->loss.conflicting += f->exact.conflicting_bytes[i];
		r->loss.duplicates += f->exact.duplicates[i];
		r->loss.holes += f->exact.forgotten_holes[i];
		r->loss.wireshark[0] += f->retransmissions[i];
		r->loss.wireshark[1] += f->out_of_order[i];
		r->loss.wireshark[2] += f->dup_acks[i];
		r->loss.wireshark[3] += f->zero_windows[i];
	}
}

void report_flow(struct report *r, const struct flow_record *f)
{
	report_loss(r, f);

	for (unsigned i = 0; i < 2; i++) {
		struct endpoint host = i == 0 ? f->client : f->server;
		struct talker *t;

		if (host.family == FAMILY_NONE)
			continue;
		host.port = 0;
		host.has_port = false;
		t = talkers_find(&r->hosts, &host, 0);
		t->sent += report_half(f, RECORD_BYTES, f->bytes, i);
		t->received += report_half(f, RECORD_BYTES, f->bytes, i ^ 1);
		t->n++;
		t->weight = t->sent + t->received + t->n; /* never 0: it is in use */
	}
}

/* ---- JSON ---------------------------------------------------------------- */

static void report_json_trips(struct json *j, const struct totals *t)
{
	static const char *const key[2][4] = {
		{"rtt_us.server.p50", "rtt_us.server.p90", "rtt_us.server.p99", "rtt_us.server.samples"},
		{"rtt_us.client.p50", "rtt_us.client.p90", "rtt_us.client.p99", "rtt_us.client.samples"},
	};
	static const unsigned percent[3] = {50, 90, 99};

	for (unsigned i = 0; i < 2; i++) {
		if (t->rtt[i].n == 0)
			continue;
		for (unsigned k = 0; k < 3; k++) {
			json_key(j, key[i][k]);
			json_u64(j, (uint64_t)json_microseconds(histogram_percentile(&t->rtt[i], percent[k])));
		}
		json_key(j, key[i][3]);
		json_u64(j, t->rtt[i].n);
	}
}

static void report_json_loss(struct json *j, const struct report *r)
{
	const struct {
		const char *key;
		uint64_t n;
	} all[] = {
		{"loss.network_bytes", r->loss.network}, {"loss.network_connections", r->loss.flows[0]},
		{"loss.unclear_bytes", r->loss.unclear}, {"loss.capture_bytes", r->loss.capture},
		{"loss.capture_connections", r->loss.flows[1]},
		{"exact.retransmitted_segments", r->loss.again}, {"exact.retransmitted_bytes", r->loss.again_bytes},
		{"exact.late_segments", r->loss.late}, {"exact.late_bytes", r->loss.late_bytes},
		{"exact.conflicting_bytes", r->loss.conflicting}, {"exact.duplicates", r->loss.duplicates},
		{"exact.forgotten_holes", r->loss.holes},
		{"retransmissions", r->loss.wireshark[0]}, {"out_of_order", r->loss.wireshark[1]},
		{"dup_acks", r->loss.wireshark[2]}, {"zero_windows", r->loss.wireshark[3]},
	};

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		json_key(j, all[i].key);
		json_u64(j, all[i].n);
	}
}

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
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++) {
		char key[48];
		struct text name;

		text_init(&name, key, sizeof key);
		text_put(&name, "handshakes.");
		text_put(&name, outcome_names[i]);
		json_key(&j, key);
		json_u64(&j, t->handshakes[i]);
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
			out_format(&v->out, "%lld", (long long)json_microseconds(ns));
		}
	}
	report_json_trips(&j, t);
	report_json_loss(&j, r);
	json_end(&j);
}

/* ---- text ---------------------------------------------------------------- */

static void report_duration(struct text *t, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	if (ns < CLOCK_MS)
		text_format(t, "%lld us", (long long)json_microseconds(ns));
	else if (ns < CLOCK_S)
		text_format(t, "%.1f ms", (double)ns / 1e6);
	else
		text_format(t, "%.2f s", (double)ns / 1e9);
}

static void report_cell_duration(struct out *out, int64_t ns, unsigned width)
{
	char cell[48];
	struct text t;

	text_init(&t, cell, sizeof cell);
	report_duration(&t, ns);
	out_right(out, cell, width);
}

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
		out_format(&v->out, " (%s)%s\n", stats.format ? stats.format : "?",
			   stats.complete ? "" : ", incomplete");
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
		report_cell_duration(out, t->last_ns - t->first_ns, 0);
		out_char(out, '\n');
	}
	report_protocols(v, t);
	out_format(out, "  Flows         tcp %llu, udp %llu, icmp %llu", (unsigned long long)t->flows_tcp,
		   (unsigned long long)t->flows_udp, (unsigned long long)t->flows_icmp);
	if (t->flows_other > 0)
		out_format(out, ", other %llu", (unsigned long long)t->flows_other);
	out_char(out, '\n');
}

static void report_handshakes(struct view *v, const struct totals *t)
{
	const struct report *r = v->report;
	struct out *out = &v->out;

	out_put(out, "\nHandshakes\n  Outcome       ");
	for (unsigned i = OUTCOME_NONE + 1; i < OUTCOMES; i++)
		out_format(out, "%s%s %llu", i > OUTCOME_NONE + 1 ? ", " : "", outcome_names[i],
			   (unsigned long long)t->handshakes[i]);
	out_char(out, '\n');
	if (r->times.n == 0)
		return;
	out_put(out, "  First SYN to ACK  p50 ");
	report_cell_duration(out, histogram_percentile(&r->times, 50), 0);
	out_put(out, ", p90 ");
	report_cell_duration(out, histogram_percentile(&r->times, 90), 0);
	out_put(out, ", p99 ");
	report_cell_duration(out, histogram_percentile(&r->times, 99), 0);
	out_put(out, " (to 3 %)\n\nSlowest handshakes\n");
	for (unsigned i = 0; i < r->slows; i++) {
		const struct report_slow *s = &r->slow[i];
		char at[32];

		clock_of_day(s->first_ns, view_digits(v), at);
		report_cell_duration(out, s->took_ns, 10);
		out_format(out, "  %s  ", at);
		report_cell_endpoint(out, &s->client, 21);
		out_put(out, " -> ");
		report_cell_endpoint(out, &s->server, s->repeats > 0 ? 21 : 0);
		if (s->repeats > 0)
			out_format(out, "  %llu repeats", (unsigned long long)s->repeats);
		out_char(out, '\n');
	}
}

static void report_trips(struct view *v, const struct totals *t)
{
	static const char *const whose[2] = {"To the server", "To the client"};
	static const unsigned percent[3] = {50, 90, 99};
	struct out *out = &v->out;

	if (t->rtt[0].n == 0 && t->rtt[1].n == 0)
		return;
	out_put(out, "\nRound trips of data, from where the capture was taken\n");
	for (unsigned i = 0; i < 2; i++) {
		if (t->rtt[i].n == 0)
			continue;
		out_format(out, "  %s ", whose[i]);
		for (unsigned k = 0; k < 3; k++) {
			out_format(out, "%s p%u ", k ? "," : "", percent[k]);
			report_cell_duration(out, histogram_percentile(&t->rtt[i], percent[k]), 0);
		}
		out_format(out, " (to 3 %%), %llu samples\n", (unsigned long long)t->rtt[i].n);
	}
}

/* The losses of the network and of the capture, each by its name. */
static void report_losses(struct view *v)
{
	const struct report *r = v->report;
	struct out *out = &v->out;

	if (r->loss.wireshark[0] + r->loss.wireshark[1] + r->loss.wireshark[2] + r->loss.wireshark[3] +
		    r->loss.again + r->loss.late + r->loss.network + r->loss.capture + r->loss.unclear == 0)
		return;
	out_put(out, "\nLosses and repeats\n");
	out_format(out, "  Network       %llu bytes never seen nor acknowledged, in %llu connections\n",
		   (unsigned long long)r->loss.network, (unsigned long long)r->loss.flows[0]);
	out_format(out, "  Capture       %llu bytes acknowledged but not captured, in %llu connections\n",
		   (unsigned long long)r->loss.capture, (unsigned long long)r->loss.flows[1]);
	if (r->loss.unclear)
		out_format(out, "  Unclear       %llu bytes not seen while the capture dropped frames\n",
			   (unsigned long long)r->loss.unclear);
	out_format(out, "  Exactly       again %llu segments (%llu bytes), late %llu (%llu)",
		   (unsigned long long)r->loss.again, (unsigned long long)r->loss.again_bytes,
		   (unsigned long long)r->loss.late, (unsigned long long)r->loss.late_bytes);
	if (r->loss.duplicates)
		out_format(out, ", duplicates %llu", (unsigned long long)r->loss.duplicates);
	if (r->loss.conflicting)
		out_format(out, ", other content %llu bytes", (unsigned long long)r->loss.conflicting);
	if (r->loss.holes)
		out_format(out, ", holes forgotten %llu", (unsigned long long)r->loss.holes);
	out_format(out, "\n  By Wireshark  retransmissions %llu, out of order %llu, duplicate ACKs %llu, zero windows %llu\n",
		   (unsigned long long)r->loss.wireshark[0], (unsigned long long)r->loss.wireshark[1],
		   (unsigned long long)r->loss.wireshark[2], (unsigned long long)r->loss.wireshark[3]);
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
		out_format(&v->out, "%10llu  ", (unsigned long long)top[i]->weight);
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
	if (v->o.format == VIEW_JSON) {
		report_json(v, t);
		return;
	}
	report_totals(v, t);
	report_handshakes(v, t);
	report_failures(v);
	report_trips(v, t);
	report_losses(v);
	report_hosts(v);
	report_lost(v, t);
}
