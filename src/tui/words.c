/* Numbers, states and sentences. No drawing, no terminal. */
#include "words.h"

#include <string.h>

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
	else if (ns < CLOCK_S)
		text_format(t, d < 100e6 ? "%.2f ms" : "%.0f ms", d / 1e6);
	else if (ns < 60 * CLOCK_S)
		text_format(t, "%.2f s", d / 1e9);
	else if (ns < 3600 * CLOCK_S)
		text_format(t, "%d min %d s", (int)(ns / (60 * CLOCK_S)), (int)(ns / CLOCK_S % 60));
	else
		text_format(t, "%.0f h %d min", (double)(ns / (3600 * CLOCK_S)), (int)(ns / (60 * CLOCK_S) % 60));
}

static bool words_state(const struct flow_record *r, const char *state)
{
	return record_has(r, RECORD_STATE) && r->state != NULL && strcmp(r->state, state) == 0;
}

static bool words_outcome(const struct flow_record *r, const char *outcome)
{
	return record_has(r, RECORD_OUTCOME) && r->outcome != NULL && strcmp(r->outcome, outcome) == 0;
}

/* ICMP without an identifier is a message, not a question. */
static bool words_message(const struct flow_record *r)
{
	return record_has(r, RECORD_ICMP_TYPE) && !record_has(r, RECORD_ICMP_ID);
}

enum condition words_condition(const struct flow_record *r, bool ended)
{
	if (words_message(r))
		return CONDITION_MESSAGE;
	if (words_state(r, "refused") || words_state(r, "reset") || words_outcome(r, "unreachable"))
		return CONDITION_FAILED;
	if (words_state(r, "closed"))
		return CONDITION_CLOSED;
	if (words_state(r, "half_closed"))
		return CONDITION_CLOSING;
	if (words_state(r, "syn_sent"))
		return ended || words_outcome(r, "unanswered") ? CONDITION_SILENT : CONDITION_OPENING;
	if (words_state(r, "syn_received"))
		return CONDITION_OPENING;
	if (words_state(r, "midstream"))
		return CONDITION_MIDSTREAM;
	if (words_state(r, "unanswered"))
		return record_has(r, RECORD_ICMP_ERROR_TYPE) ? CONDITION_FAILED : CONDITION_SILENT;
	return CONDITION_OPEN;
}

/* RFC 792, RFC 4443, RFC 4861, RFC 3810: what people look at most. */
static const char *words_icmp_message(const struct flow_record *r)
{
	if (r->client.family == FAMILY_IPV6)
		switch (r->icmp_type) {
		case 1: return "unreachable";
		case 2: return "packet too big";
		case 3: return "time exceeded";
		case 4: return "bad header";
		case 133: return "router solicitation";
		case 134: return "router advert";
		case 135: return "who has";
		case 136: return "neighbor advert";
		case 137: return "redirect";
		case 130: case 131: case 132: case 143: return "multicast";
		default: return "";
		}
	switch (r->icmp_type) {
	case 3: return "unreachable";
	case 4: return "source quench";
	case 5: return "redirect";
	case 9: return "router advert";
	case 10: return "router solicitation";
	case 11: return "time exceeded";
	case 12: return "bad header";
	default: return "";
	}
}

const char *words_remark(const struct flow_record *r, bool ended)
{
	if (words_message(r))
		return words_icmp_message(r);
	if (record_has(r, RECORD_ICMP_ERROR_TYPE))
		return "unreachable";
	if (words_state(r, "syn_received"))
		return "half-open";
	switch (words_condition(r, ended)) {
	case CONDITION_FAILED:
		return words_state(r, "refused") ? "refused" : "reset";
	case CONDITION_SILENT:
		return "no answer";
	case CONDITION_OPENING:
		return "opening";
	case CONDITION_CLOSING:
		return "closing";
	case CONDITION_CLOSED:
		return "closed";
	default:
		return "";
	}
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
static void words_story_tcp(struct text *t, const struct flow_record *r, bool ended)
{
	if (words_state(r, "refused")) {
		text_put(t, "refused: a reset answered the SYN; nothing listens there");
	} else if (words_state(r, "reset")) {
		words_by(t, r, "reset");
		text_put(t, " after ");
		words_span(t, r->last_ns - r->first_ns);
		text_put(t, ": what was unread is lost");
	} else if (words_state(r, "syn_sent")) {
		words_tries(t, r);
		text_put(t, ended ? ", no answer: a filter, or the host is down" : ", no answer yet");
	} else if (words_state(r, "syn_received")) {
		text_put(t, "half-open: the client's ACK is missing");
		if (r->synacks > 1)
			text_format(t, "; SYN/ACK sent %u times", (unsigned)r->synacks);
	} else if (words_state(r, "closed")) {
		words_by(t, r, "closed, first");
		text_put(t, ", after ");
		words_span(t, r->last_ns - r->first_ns);
	} else if (words_state(r, "half_closed")) {
		words_by(t, r, "closed");
		text_put(t, ", the other side goes on");
	} else if (words_state(r, "midstream")) {
		text_put(t, "mid-stream: it began before the capture");
	} else {
		text_put(t, ended ? "open at the end of the capture, for " : "open for ");
		words_span(t, r->last_ns - r->first_ns);
	}
}

void words_story(struct text *t, const struct flow_record *r, bool ended)
{
	if (record_has(r, RECORD_ICMP_ERROR_TYPE)) {
		text_put(t, words_icmp(r));
		text_put(t, ", says ");
		tuple_endpoint(t, &r->icmp_error.from);
		if (r->ip_proto == PROTO_TCP) {
			text_put(t, ": ");
			words_story_tcp(t, r, ended);
		}
		return;
	}
	if (r->ip_proto == PROTO_TCP) {
		words_story_tcp(t, r, ended);
		return;
	}
	if (words_message(r)) {
		text_format(t, "a message, type %u code %u", (unsigned)r->icmp_type, (unsigned)r->icmp_code);
		if (words_icmp_message(r)[0] != '\0') {
			text_put(t, ": ");
			text_put(t, words_icmp_message(r));
		}
		text_put(t, "; it asks for no answer");
		return;
	}
	if (words_state(r, "unanswered"))
		text_put(t, ended ? "one direction only: nobody answered" : "one direction only: no answer yet");
	else
		text_put(t, "answered: packets both ways");
	text_put(t, ", seen for ");
	words_span(t, r->last_ns - r->first_ns);
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
