/* The handshake as a column: S─12.1─SA─0.2─A.
 *
 *   S─12.1─SA─0.2─A        SYN, 12.1 ms later SYN/ACK, 0.2 ms later ACK
 *   S─1.0s─S─2.0s─S…       SYN repeated after 1 s and 2 s more, no answer
 *   S×3─12.1─SA─0.2─A      repeats folded where the column is too narrow;
 *                          the time is from the last SYN
 *   S─0.1─R                refused
 *   …SA─0.2─A              the SYN was not captured
 *
 * The text is built first and drawn cell by cell, so that each part has its
 * role: who sent it, how long it took, whether it failed.
 */
#include <string.h>

#include "look.h"
#include "words.h"

enum { STEPS_MAX = 2 * RECORD_TRIES + 2 };

struct step {
	const char *label; /* S, SA, A, R */
	int64_t at_ns;
	uint32_t more;     /* repeats after this one that the record has no time for */
};

static unsigned handshake_steps(const struct flow_record *r, struct step *step)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < r->syns && i < RECORD_TRIES && r->syn_ns[i] != 0; i++)
		step[n++] = (struct step){"S", r->syn_ns[i],
					  i == RECORD_TRIES - 1 ? r->syns - RECORD_TRIES : 0};
	for (uint32_t i = 0; i < r->synacks && i < RECORD_TRIES && r->synack_ns[i] != 0; i++)
		step[n++] = (struct step){r->split ? "S" : "SA", r->synack_ns[i],
					  i == RECORD_TRIES - 1 ? r->synacks - RECORD_TRIES : 0};
	if (r->ack_ns != 0)
		step[n++] = (struct step){r->split ? "SA" : "A", r->ack_ns, 0};
	else if (r->rst_ns != 0)
		step[n++] = (struct step){"R", r->rst_ns, 0};
	/* A repeat may come after the answer to the one before it. */
	for (unsigned i = 1; i < n; i++) {
		struct step s = step[i];
		unsigned k = i;

		for (; k > 0 && step[k - 1].at_ns > s.at_ns; k--)
			step[k] = step[k - 1];
		step[k] = s;
	}
	return n;
}

static void handshake_chain(struct text *t, const struct step *step, unsigned n, bool fold)
{
	if (n > 0 && strcmp(step[0].label, "S") != 0)
		text_put(t, "…");
	for (unsigned i = 0; i < n; i++) {
		uint32_t same = 1 + step[i].more;

		if (i > 0) {
			text_put(t, "─");
			words_ms(t, step[i].at_ns - step[i - 1].at_ns);
			text_put(t, "─");
		}
		while (fold && i + 1 < n && strcmp(step[i + 1].label, step[i].label) == 0)
			same += 1 + step[++i].more;
		text_put(t, step[i].label);
		if (fold && same > 1)
			text_format(t, "×%u", (unsigned)same);
		else if (step[i].more > 0)
			text_put(t, "─…");
	}
	/* Somebody still waits for an answer. */
	if (n > 0 && step[n - 1].label[0] == 'S' && step[n - 1].more == 0)
		text_put(t, "…");
}

/* SYN 0.0 → SYN/ACK 12.1 → ACK 12.3 ms: times from the first packet. */
static void handshake_words(struct text *t, const struct step *step, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		static const char *const word[][2] = {{"S", "SYN"}, {"SA", "SYN/ACK"}, {"A", "ACK"}, {"R", "RST"}};

		if (i > 0)
			text_put(t, " → ");
		for (unsigned k = 0; k < 4; k++)
			if (strcmp(step[i].label, word[k][0]) == 0)
				text_put(t, word[k][1]);
		if (i == 0)
			continue;
		text_char(t, ' ');
		words_ms(t, step[i].at_ns - step[0].at_ns);
	}
	if (n == 1)
		text_put(t, " …");
	else if (n > 1 && t->at[t->len - 1] >= '0' && t->at[t->len - 1] <= '9')
		text_put(t, " ms"); /* else the last one brought its unit */
}

/* 12.1+0.2: network and client; S×3 before it where the SYN was repeated. */
static void handshake_short(struct text *t, const struct step *step, unsigned n, const struct flow_record *r,
			    bool both)
{
	unsigned syns = r->syns;

	if (syns > 1)
		text_format(t, "S×%u ", syns);
	if (record_has(r, RECORD_HS_LAST_SYN_TO_SYNACK) && record_has(r, RECORD_HS_SYNACK_TO_ACK)) {
		words_ms(t, r->last_syn_to_synack);
		text_char(t, '+');
		if (both)
			words_ms(t, r->synack_to_ack);
	} else if (n > 1 && step[n - 1].label[0] == 'R') {
		words_ms(t, step[n - 1].at_ns - step[n - 2].at_ns);
		text_put(t, " R");
	} else if (r->synacks > 0 && r->ack_ns == 0) {
		text_format(t, r->synacks > 1 ? "SA×%u…" : "SA…", (unsigned)r->synacks);
	} else if (record_has(r, RECORD_HS_SYNACK_TO_ACK)) {
		text_put(t, "…+");
		words_ms(t, r->synack_to_ack);
	} else if (syns <= 1) {
		text_put(t, n > 0 ? "S…" : "mid-stream");
	} else {
		text_put(t, "…");
	}
}

/* S×3 in all 3.07 s */
static bool handshake_in_all(struct text *t, const struct flow_record *r, unsigned width)
{
	if ((r->syns < 2 && r->synacks < 2) || !record_has(r, RECORD_HS_FIRST_SYN_TO_ACK))
		return false;
	for (unsigned level = 0; level < 3; level++) {
		text_reset(t);
		if (level < 2)
			text_format(t, r->syns > 1 ? "S×%u " : "SA×%u ", (unsigned)(r->syns > 1 ? r->syns : r->synacks));
		text_put(t, level == 0 ? "in all " : level == 1 ? "all " : "");
		words_ms(t, r->first_syn_to_ack);
		if (canvas_width(t->at) <= width)
			return true;
	}
	return true;
}

/* What takes the place of a handshake where the protocol has none. */
static void handshake_none(struct text *t, const struct flow_record *r, bool whole)
{
	if (r->ip_proto == PROTO_TCP) {
		text_put(t, whole ? "(mid-stream)" : "mid-stream");
		return;
	}
	text_put(t, r->proto != NULL ? r->proto : "?");
	if (condition_of(r, true) == CONDITION_MESSAGE) {
		text_format(t, whole ? " type %u code %u" : " %u/%u", (unsigned)r->icmp_type,
			    (unsigned)r->icmp_code);
		return;
	}
	if (record_has(r, RECORD_ICMP_ERROR_TYPE))
		text_put(t, whole ? " unreachable" : " ✗");
	else if (record_has(r, RECORD_STATE) && strcmp(r->state, "unanswered") == 0)
		text_put(t, whole ? " no answer" : " …");
	else if (whole)
		text_put(t, " answered");
}

static enum role handshake_role(const char *s, size_t at, enum role former)
{
	switch (s[at]) {
	case 'S': /* SA comes from the server */
		return s[at + 1] == 'A' || strncmp(s + at, "SYN/ACK", 7) == 0 ? ROLE_DOWN : ROLE_UP;
	case 'A':
		return at > 0 && s[at - 1] == 'S' ? ROLE_DOWN : ROLE_UP;
	case 'R':
		return ROLE_BAD;
	default:
		break;
	}
	if (strncmp(s + at, "─", 3) == 0 || strncmp(s + at, "→", 3) == 0)
		return ROLE_RULE;
	if (strncmp(s + at, "…", 3) == 0)
		return ROLE_WARN;
	if ((s[at] >= 'A' && s[at] <= 'Z') || s[at] == '/' || strncmp(s + at, "×", 2) == 0 ||
	    (at > 1 && strncmp(s + at - 2, "×", 2) == 0))
		return former; /* the rest of a label */
	return ROLE_TEXT;
}

static unsigned handshake_paint(struct canvas *c, unsigned x, unsigned y, unsigned end, const char *s)
{
	enum role role = ROLE_TEXT;

	if (end > x && canvas_width(s) > end - x)
		return canvas_cut(c, x, y, end, ROLE_TEXT, s);
	for (size_t i = 0; s[i] != '\0';) {
		char one[5];
		uint32_t code;
		bool bad;
		size_t n = text_utf8(s + i, strlen(s + i), &code, &bad);

		memcpy(one, s + i, n);
		one[n] = '\0';
		role = handshake_role(s, i, role);
		x = canvas_put(c, x, y, end, role, one);
		i += n;
	}
	return x;
}

unsigned handshake_draw(struct canvas *c, unsigned x, unsigned y, unsigned end, const struct flow_record *r,
			enum handshake_size size)
{
	struct step step[STEPS_MAX];
	unsigned n = r->ip_proto == PROTO_TCP ? handshake_steps(r, step) : 0;
	unsigned width = end > x ? end - x : 0;
	char buffer[192];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	/* A lone ACK or RST is no handshake: the rest was before the capture. */
	if (n == 0 || (r->syns == 0 && r->synacks == 0)) {
		handshake_none(&t, r, size != HANDSHAKE_SHORT);
		return canvas_cut(c, x, y, end, ROLE_DIM, buffer);
	}
	if (size == HANDSHAKE_IN_ALL && handshake_in_all(&t, r, width))
		return handshake_paint(c, x, y, end, buffer);
	if (size == HANDSHAKE_IN_ALL)
		size = width < 17 ? HANDSHAKE_SHORT : HANDSHAKE_CHAIN;
	if (size == HANDSHAKE_WORDS)
		handshake_words(&t, step, n);
	if (size == HANDSHAKE_CHAIN || (size == HANDSHAKE_WORDS && canvas_width(buffer) > width)) {
		text_reset(&t);
		handshake_chain(&t, step, n, false);
	}
	if (size != HANDSHAKE_SHORT && canvas_width(buffer) > width) {
		text_reset(&t);
		handshake_chain(&t, step, n, true);
	}
	if (size == HANDSHAKE_SHORT || canvas_width(buffer) > width) {
		text_reset(&t);
		handshake_short(&t, step, n, r, true);
		if (canvas_width(buffer) > width) {
			text_reset(&t);
			handshake_short(&t, step, n, r, false);
		}
	}
	return handshake_paint(c, x, y, end, buffer);
}
