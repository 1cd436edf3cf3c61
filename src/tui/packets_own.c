/* Lines of the layers that the screen itself writes: the frame in front of what the
 * dissectors made of it, the conversation behind, with verdicts, round trip and states.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "look.h"
#include "means.h"
#include "sockeye/clock.h"
#include "words.h"

/* A line of own[], or a spare one where that is full. */
static struct detail_line *own_line(struct packets_look *s, unsigned depth, const char *key, const char *title, uint64_t num)
{
	struct detail_line *line = &s->own[s->owns < PACKETS_OWN ? s->owns++ : PACKETS_OWN - 1];

	memset(line, 0, sizeof *line);
	line->depth = (uint8_t)depth;
	line->num = num;
	(void)snprintf(line->key, sizeof line->key, "%s", key);
	(void)snprintf(line->title, sizeof line->title, "%s", title);
	return line;
}

static void own_count(struct packets_look *s, const char *key, const char *title, uint64_t v, const char *unit)
{
	struct detail_line *line = own_line(s, 1, key, title, v);
	struct text t;

	text_init(&t, line->text, sizeof line->text);
	words_count(&t, v);
	text_put(&t, unit);
	(void)snprintf(line->filter, sizeof line->filter, "%s == %llu", key, (unsigned long long)v);
}

static void own_text(struct packets_look *s, const char *key, const char *title, const char *text, const char *filter)
{
	struct detail_line *line = own_line(s, 1, key, title, 0);

	(void)snprintf(line->text, sizeof line->text, "%s", text);
	(void)snprintf(line->filter, sizeof line->filter, "%s", filter);
}

/* "2026-11-21 12:00:00.012688 UTC". */
static void own_time(struct text *t, int64_t ns)
{
	time_t seconds = (time_t)(ns / CLOCK_S - (ns % CLOCK_S < 0));
	char date[40];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return;
	text_format(t, "%s.%06d UTC", date, (int)((ns - (int64_t)seconds * CLOCK_S) / CLOCK_US));
}

void own_frame(struct packets_look *s, const struct packet_detail *d)
{
	struct detail_line *line = own_line(s, 0, "frame", "Frame", d->number);
	char when[64] = "no time in the file";
	struct text t;

	line->osi = 1;
	line->len = d->len[BUFFER_FRAME];
	text_init(&t, when, sizeof when);
	if (d->row.no_time)
		text_put(&t, "no time in the file");
	else
		own_time(&t, d->ts_ns);
	text_init(&t, line->text, sizeof line->text);
	words_count(&t, d->number);
	text_put(&t, ": ");
	words_count(&t, d->wirelen);
	text_put(&t, " bytes on the wire, ");
	words_count(&t, d->caplen);
	text_put(&t, " captured, ");
	text_put(&t, when);
	own_count(s, "frame.number", "number", d->number, "");
	own_text(s, "frame.time", "time", when, "");
	own_count(s, "frame.len", "on the wire", d->wirelen, " bytes");
	own_count(s, "frame.cap_len", "captured", d->caplen, d->caplen < d->wirelen ? " bytes: the capture cut it" : " bytes");
	if (d->interface[0] != '\0')
		own_text(s, "frame.interface", "interface", d->interface, "");
	if (d->comment[0] != '\0')
		own_text(s, "frame.comment", "comment", d->comment, "");
}

/* What this packet is about, and how long after. */
static void own_about(struct packets_look *s, const struct packet_detail *d)
{
	const struct packet_row *r = &d->row;
	char buffer[96];
	int64_t since;
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (r->rtt_ns >= 0) {
		words_span(&t, r->rtt_ns);
		own_text(s, "talk.rtt", "round trip", buffer, "");
	}
	if (r->about == 0)
		return;
	text_reset(&t);
	text_put(&t, "packet ");
	words_count(&t, r->about);
	if (r->about_ns <= r->ts_ns && !__builtin_sub_overflow(r->ts_ns, r->about_ns, &since)) {
		text_put(&t, ", ");
		words_span(&t, since);
		text_put(&t, " before");
	}
	own_text(s, "talk.about", "about", buffer, "");
}

void own_talk(struct packets_look *s, const struct answer *a)
{
	const struct packet_detail *d = &a->packets.detail;
	const uint64_t said = means_said(&d->row);
	const struct flow_record *f = a->packets.has_subject && a->packets.subject.id == d->row.flow ? &a->packets.subject : NULL;
	struct detail_line *line = own_line(s, 0, "talk", "Conversation", d->row.flow);
	char buffer[160];
	struct text t;

	text_init(&t, line->text, sizeof line->text);
	text_format(&t, "%llu  %s", (unsigned long long)d->row.flow, d->row.side ? "server → client" : "client → server");
	if (said != 0) {
		text_put(&t, "  ");
		means_words(&t, said, MEANS_PLAIN);
	}
	(void)snprintf(line->filter, sizeof line->filter, "flow == %llu", (unsigned long long)d->row.flow);
	for (unsigned v = 0; v < VERDICTS; v++) {
		if (!(said >> v & 1))
			continue;
		line = own_line(s, 1, "talk.verdict", "verdict", v);
		(void)snprintf(line->text, sizeof line->text, "%s", means_verdicts[v].words);
		(void)snprintf(line->filter, sizeof line->filter, "verdict:%s", verdict_info[v].word);
	}
	own_about(s, d);
	text_init(&t, buffer, sizeof buffer);
	means_states(&t, &d->row, f);
	if (t.len > 0)
		own_text(s, "talk.after", "states after it", buffer, "");
	text_reset(&t);
	if (f != NULL && d->row.is_tcp && record_filled(f, RECORD_TCP_STATE_CLIENT))
		words_ends(&t, f);
	if (t.len > 0)
		own_text(s, "talk.now", a->ended ? "states at the end" : "states now", buffer, "");
}
