/* Numbers, states and sentences. No drawing, no terminal. */
#include "words.h"

#include <string.h>
#include <time.h>

#include "sockeye/clock.h"

const struct condition_look condition_looks[CONDITIONS] = {
	[CONDITION_OPEN] = {"●", 'O', ROLE_GOOD, "open", "handshake whole, or answered"},
	[CONDITION_OPENING] = {"◐", 'H', ROLE_OPENING, "opening", "SYN seen, handshake not whole yet"},
	[CONDITION_CLOSING] = {"◍", 'F', ROLE_CLOSING, "closing", "one side has sent its FIN"},
	[CONDITION_CLOSED] = {"○", 'C', ROLE_DIM, "closed", "FIN both ways: tidy"},
	[CONDITION_FAILED] = {"✗", 'R', ROLE_BAD, "failed", "refused, reset or unreachable"},
	[CONDITION_SILENT] = {"◌", 'T', ROLE_WARN, "no answer", "nobody answered"},
	[CONDITION_MIDSTREAM] = {"~", 'M', ROLE_TEXT, "mid-stream", "its start was not captured"},
	[CONDITION_MESSAGE] = {"·", 'I', ROLE_DIM, "message", "ICMP that asks for no answer"},
};

void words_size(struct text *t, uint64_t v)
{
	static const char unit[] = " KMGTPE";
	double d = (double)v;
	unsigned u = 0;

	if (v < 1000) {
		text_u64(t, v);
		return;
	}
	while (d >= 999.5 && u < 6) {
		d /= 1000;
		u++;
	}
	text_format(t, d < 99.95 ? "%.1f%c" : "%.0f%c", d, unit[u]);
}

void words_count(struct text *t, uint64_t v)
{
	char digits[24];
	struct text d;

	text_init(&d, digits, sizeof digits);
	text_u64(&d, v);
	for (size_t i = 0; i < d.len; i++) {
		if (i > 0 && (d.len - i) % 3 == 0)
			text_char(t, ' ');
		text_char(t, digits[i]);
	}
}

void words_ms(struct text *t, int64_t ns)
{
	double ms = (double)ns / CLOCK_MS;

	if (ms < 0)
		text_put(t, "<0");
	else if (ms < 0.995)
		text_format(t, "%.2f", ms);
	else if (ms < 99.95)
		text_format(t, "%.1f", ms);
	else if (ms < 999.5)
		text_format(t, "%.0f", ms);
	else if (ms < 9950)
		text_format(t, "%.1fs", ms / 1e3);
	else if (ms < 600e3)
		text_format(t, "%.0fs", ms / 1e3);
	else if (ms < 360000e3)
		text_format(t, "%.0fm", ms / 60e3);
	else
		text_put(t, "long");
}

void words_span(struct text *t, int64_t ns)
{
	double d = (double)ns;

	if (ns < 0)
		text_put(t, "a negative time");
	else if (ns < CLOCK_MS)
		text_format(t, "%.0f µs", d / 1e3);
	else if (d < 999.5e6)
		text_format(t, d < 99.995e6 ? "%.2f ms" : "%.0f ms", d / 1e6);
	else if (ns < 60 * CLOCK_S)
		text_format(t, "%.2f s", d / 1e9);
	else if (ns < 3600 * CLOCK_S)
		text_format(t, "%d min %d s", (int)(ns / (60 * CLOCK_S)), (int)(ns / CLOCK_S % 60));
	else
		text_format(t, "%.0f h %d min", (double)(ns / (3600 * CLOCK_S)), (int)(ns / (60 * CLOCK_S) % 60));
}

void words_date(struct text *t, int64_t ns)
{
	time_t seconds = (time_t)(ns / CLOCK_S) - (ns % CLOCK_S < 0);
	char of_day[32];
	struct tm tm;

	if (!localtime_r(&seconds, &tm)) {
		text_seconds(t, ns, 6);
		return;
	}
	clock_of_day(ns, 6, of_day);
	text_format(t, "%04d-%02d-%02d %s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, of_day);
}

static const char *words_icmp(const struct flow_record *r)
{
	static const char *const v4[] = {
		"network unreachable", "host unreachable", "protocol unreachable", "port unreachable",
		"packet too big, must not be cut", "source route failed", "network unknown", "host unknown",
		"source host isolated", "network forbidden", "host forbidden", "network unreachable for this service",
		"host unreachable for this service", "forbidden by a filter",
	};
	static const char *const v6[] = {
		"no route", "forbidden by a filter", "beyond the source's scope", "address unreachable",
		"port unreachable", "source address refused", "route refused",
	};
	uint64_t type = r->icmp_error.type, code = r->icmp_error.code;

	if (r->client.family == FAMILY_IPV6) { /* RFC 4443 section 3 */
		if (type == 1)
			return code < sizeof v6 / sizeof v6[0] ? v6[code] : "unreachable";
		return type == 2 ? "packet too big" : type == 3 ? "time exceeded" : "an ICMP error";
	}
	if (type == 3) /* RFC 792, RFC 1812 section 5.2.7.1 */
		return code < sizeof v4 / sizeof v4[0] ? v4[code] : "unreachable";
	return type == 11 ? "time exceeded" : type == 12 ? "a bad header" : "an ICMP error";
}

/* By whom, where the record knows. */
static void words_by(struct text *t, const struct flow_record *r, const char *verb)
{
	text_put(t, verb);
	if (record_has(r, RECORD_CLOSED_BY) && r->closed_by != NULL) {
		text_put(t, " by the ");
		text_put(t, r->closed_by);
	}
}

static void words_tries(struct text *t, const struct flow_record *r)
{
	if (r->syns <= 1) {
		text_put(t, "one SYN");
		return;
	}
	text_u64(t, r->syns);
	text_put(t, " SYNs");
	if (r->syns <= RECORD_TRIES && r->syn_ns[r->syns - 1] > r->syn_ns[0]) {
		text_put(t, " in ");
		words_span(t, r->syn_ns[r->syns - 1] - r->syn_ns[0]);
	}
}

/* Sentences fit what an 80-column screen leaves them. */
static void words_story_tcp(struct text *t, const struct flow_record *r, bool ended, int64_t now_ns)
{
	if (condition_reset_not_taken(r)) {
		text_put(t, "a reset whose number does not fit: it was not taken");
	} else if (record_is(r, RECORD_STATE, "refused")) {
		text_put(t, "refused: a reset answered the SYN; nothing listens there");
	} else if (record_is(r, RECORD_STATE, "reset")) {
		words_by(t, r, "reset");
		text_put(t, " after ");
		words_span(t, r->last_ns - r->first_ns);
		text_put(t, ": what was unread is lost");
	} else if (record_is(r, RECORD_STATE, "syn_sent")) {
		words_tries(t, r);
		text_put(t, ended ? ", no answer: a filter, or the host is down" : ", no answer yet");
	} else if (record_is(r, RECORD_STATE, "syn_received")) {
		text_put(t, "half-open: the client's ACK is missing");
		if (r->synacks > 1)
			text_format(t, "; SYN/ACK sent %u times", (unsigned)r->synacks);
	} else if (record_is(r, RECORD_STATE, "closed")) {
		words_by(t, r, "closed, first");
		text_put(t, ", after ");
		words_span(t, r->last_ns - r->first_ns);
	} else if (record_is(r, RECORD_STATE, "half_closed")) {
		words_by(t, r, "closed");
		if (!r->one_sided)
			text_put(t, ", the other side goes on");
	} else if (record_is(r, RECORD_STATE, "midstream")) {
		text_put(t, "mid-stream: it began before the capture");
	} else {
		text_put(t, r->past ? "nothing came for so long that it counts as over; open for "
			    : ended ? "open at the end of the capture, for " : "open for ");
		words_span(t, (ended || now_ns < r->last_ns ? r->last_ns : now_ns) - r->first_ns);
	}
}

const struct condition_look *words_look(const struct flow_record *r, bool ended)
{
	const enum condition is = condition_of(r, ended);
	const bool says = is == CONDITION_FAILED || is == CONDITION_SILENT || is == CONDITION_MESSAGE;

	return &condition_looks[r->past && !says ? CONDITION_CLOSED : is];
}

void words_story(struct text *t, const struct flow_record *r, bool ended, int64_t now_ns)
{
	ended = ended || r->past; /* nothing more can come */
	if (record_has(r, RECORD_ICMP_ERROR_TYPE)) {
		text_put(t, words_icmp(r));
		text_put(t, ", says ");
		tuple_endpoint(t, &r->icmp_error.from);
		if (r->ip_proto == PROTO_TCP) {
			text_put(t, ": ");
			words_story_tcp(t, r, ended, now_ns);
		}
		return;
	}
	if (r->ip_proto == PROTO_TCP) {
		words_story_tcp(t, r, ended, now_ns);
		return;
	}
	if (condition_is_message(r)) {
		text_format(t, "a message, type %u code %u", (unsigned)r->icmp_type, (unsigned)r->icmp_code);
		if (condition_remark(r, true)[0] != '\0') {
			text_put(t, ": ");
			text_put(t, condition_remark(r, true));
		}
		text_put(t, "; it asks for no answer");
		return;
	}
	if (record_is(r, RECORD_STATE, "unanswered"))
		text_put(t, ended ? "one direction only: nobody answered" : "one direction only: no answer yet");
	else
		text_put(t, "answered: packets both ways");
	text_put(t, ", seen for ");
	words_span(t, r->last_ns - r->first_ns);
}

/* As RFC 9293 writes it: TIME-WAIT for time_wait. */
static void words_end(struct text *t, const char *who, const struct flow_record *r, enum record_key k, enum record_key waits)
{
	if (!record_has(r, k))
		return;
	if (t->len)
		text_put(t, ", ");
	text_put(t, who);
	for (const char *c = *(const char *const *)record_member(r, k); *c; c++)
		text_char(t, *c == '_' ? '-' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
	if (record_has(r, waits)) {
		text_put(t, " for ");
		words_span(t, *(const int64_t *)record_member(r, waits));
	}
}

void words_ends(struct text *t, const struct flow_record *r)
{
	words_end(t, "client ", r, RECORD_TCP_STATE_CLIENT, RECORD_CLOSE_WAIT_CLIENT);
	words_end(t, "server ", r, RECORD_TCP_STATE_SERVER, RECORD_CLOSE_WAIT_SERVER);
	if (record_has(r, RECORD_ONE_SIDED) && r->one_sided)
		text_put(t, "; the other direction was not captured");
}

void words_endpoint(struct text *t, const struct endpoint *e, unsigned width)
{
	char whole[80], port[16] = "";
	struct endpoint alone = *e;
	struct text w, p;

	text_init(&w, whole, sizeof whole);
	tuple_endpoint(&w, e);
	if (w.len <= width) {
		text_put(t, whole);
		return;
	}
	text_init(&p, port, sizeof port);
	if (e->has_port)
		text_format(&p, "%s:%u", e->family == FAMILY_IPV6 ? "]" : "", (unsigned)e->port);
	alone.has_port = false;
	text_reset(&w);
	if (e->has_port && e->family == FAMILY_IPV6)
		text_char(&w, '[');
	tuple_endpoint(&w, &alone);
	/* The head names the network, the tail the machine: the middle goes. */
	if (width > p.len + 2) {
		size_t room = width - p.len - 1, head = (room + 1) / 2;

		text_bytes(t, whole, head);
		text_put(t, "…");
		text_bytes(t, whole + w.len - (room - head), room - head);
	}
	text_put(t, port);
}
