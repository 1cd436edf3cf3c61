/* Lines of text as many protocols speak them: commands, replies, greetings.
 *
 * For dissectors only. Everything is a span lent from the payload; a line is
 * bounded, and nothing here makes a fault of the cursor.
 */
#ifndef DISSECTORS_LINES_H
#define DISSECTORS_LINES_H

#include <string.h>

#include "sockeye/dissector.h"

struct span {
	const uint8_t *at;
	size_t len;
};

enum {
	LINES_MAX = 64,        /* of one payload that are read */
	LINES_GREETING = 4096, /* bytes in which a greeting says whose it is: as many as are kept of a stream */
};

/* The next line without its CR LF (or bare LF), and a step over it. False: it
 * does not end here, or is longer than most: then no step, and no bytes. */
static inline bool lines_next(struct cursor *c, size_t most, struct span *out)
{
	size_t left = cursor_left(c), look = left < most ? left : most;
	const uint8_t *end = look ? memchr(c->pos, '\n', look) : NULL;

	*out = (struct span){NULL, 0};
	if (!end)
		return false;
	out->at = c->pos;
	out->len = (size_t)(end - c->pos);
	cursor_skip(c, out->len + 1);
	if (out->len > 0 && out->at[out->len - 1] == '\r')
		out->len--;
	return true;
}

/* The word up to the next blank; s goes on behind that blank. */
static inline struct span span_word(struct span *s)
{
	const uint8_t *blank = s->len ? memchr(s->at, ' ', s->len) : NULL;
	struct span word = {s->at, blank ? (size_t)(blank - s->at) : s->len};
	size_t step = word.len + (blank ? 1 : 0);

	s->at += step;
	s->len -= step;
	return word;
}

static inline uint8_t lines_upper(uint8_t b)
{
	return b >= 'a' && b <= 'z' ? (uint8_t)(b - 32) : b;
}

/* Equal, whatever the case; word is in upper case. */
static inline bool span_is(struct span s, const char *word)
{
	size_t n = strlen(word);

	if (s.len != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lines_upper(s.at[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static inline bool span_begins(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && span_is((struct span){s.at, n}, word);
}

/* One of the words, which end with NULL. */
static inline bool span_is_any(struct span s, const char *const *words)
{
	for (; *words; words++)
		if (span_is(s, *words))
			return true;
	return false;
}

/* No control characters: what a line of these protocols has, in any charset. */
static inline bool span_is_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == 0x7f)
			return false;
	return true;
}

enum { SPAN_TAIL = 8 }; /* letters behind a name that are looked at: the longest tail and one */

static inline bool span_letter(uint8_t b)
{
	return lines_upper(b) >= 'A' && lines_upper(b) <= 'Z';
}

/* In a word: "ESMTP", "vsFTPd", "Qpopper", "IMAP4rev1", "FTP-server", but not
 * "softphone", "popular" or "pop-up": what follows are no letters, or the few
 * that make a program of it. */
static inline bool span_holds(struct span word, const char *name)
{
	static const char *const tails[] = {"", "D", "PER", "SVC", "SERVER", "SERVICE", NULL};
	const size_t n = strlen(name);

	for (; word.len >= n; word.at++, word.len--) {
		struct span left = {word.at + n, word.len - n}, tail;

		if (lines_upper(word.at[0]) != (uint8_t)name[0] || !span_begins(word, name))
			continue;
		if (left.len > 0 && left.at[0] == '-') {
			left.at++;
			left.len--;
		}
		tail = (struct span){left.at, 0};
		while (tail.len < left.len && tail.len < SPAN_TAIL && span_letter(tail.at[tail.len]))
			tail.len++;
		if (span_is_any(tail, tails))
			return true;
	}
	return false;
}

/* The greeting names its protocol: a word that holds `name` and is no host's
 * name (no dot inside): "ESMTP", "(vsFTPd", but not "ftp.example.org". */
static inline bool span_names(struct span s, const char *name)
{
	for (struct span left = s; left.len > 0;) {
		struct span word = span_word(&left);

		if (word.len > 0 && word.at[word.len - 1] == '.')
			word.len--;
		if (word.len > 0 && !memchr(word.at, '.', word.len) && !memchr(word.at, '@', word.len) &&
		    span_holds(word, name))
			return true;
	}
	return false;
}

/* IANA, SASL mechanisms, those in use; SCRAM has many. */
static inline bool lines_is_mechanism(struct span s)
{
	static const char *const names[] = {
		"ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "EXTERNAL", "GSS-SPNEGO", "GSSAPI", "KERBEROS_V4", "LOGIN",
		"NTLM", "OAUTHBEARER", "OTP", "PLAIN", "XOAUTH2", NULL};

	return span_is_any(s, names) || span_begins(s, "SCRAM-");
}

/* "250-text" or "250 text" or "250": the code, 0 if it is none. *last: no "-". */
static inline unsigned lines_code(struct span s, bool *last)
{
	if (s.len < 3 || s.at[0] < '1' || s.at[0] > '5')
		return 0;
	for (unsigned i = 1; i < 3; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return 0;
	if (s.len > 3 && s.at[3] != ' ' && s.at[3] != '-')
		return 0;
	*last = s.len == 3 || s.at[3] == ' ';
	return (s.at[0] - '0') * 100u + (s.at[1] - '0') * 10u + (s.at[2] - '0');
}

static inline struct span lines_code_text(struct span s)
{
	size_t step = s.len > 4 ? 4 : s.len;

	return (struct span){s.at + step, s.len - step};
}

/* The first line of what the other side said, if it is known. */
static inline bool lines_other(const struct packet *p, struct span *out)
{
	struct cursor c;

	if (!p->talk || !p->talk->other)
		return false;
	cursor_init(&c, p->talk->other, p->talk->other_len, p->talk->other_len);
	return lines_next(&c, 1024, out);
}

/* Ask for one byte more than is here: the next segment. Only at the beginning
 * of a direction, and where nothing was lost of it. */
static inline enum dissect_result lines_undecided(const struct cursor *c, struct packet *p)
{
	if (p->talk && p->talk->first && c->fault == CURSOR_OK && cursor_left(c) == cursor_wire_left(c))
		p->need_more = (uint32_t)(cursor_offset(c) + cursor_left(c)) + 1;
	return DISSECT_NOT_MINE;
}

static inline bool lines_known(const struct packet *p)
{
	return p->talk && p->talk->known;
}

/* Commands and replies with a code in three digits, as SMTP and FTP have them. */
struct lines_rows {
	const struct field_info *command, *argument, *code, *text;
	const char *const *commands; /* upper case; NULL ends them */
};

/* Rows for the lines from here that are one or the other; how many there were. */
static inline unsigned lines_rows(struct cursor *c, struct packet *p, const struct lines_rows *r)
{
	unsigned n = 0;
	bool last;

	for (; n < LINES_MAX && budget_take(&p->budget); n++) {
		struct cursor look = *c;
		struct span line, word;
		unsigned code;

		if (!lines_next(&look, 2048, &line))
			break;
		code = lines_code(line, &last);
		if (code) {
			packet_field(p, r->code, line.at, 3, code);
			line = lines_code_text(line);
			if (line.len > 0)
				packet_field(p, r->text, line.at, line.len, 0);
		} else {
			word = span_word(&line);
			if (!span_is_any(word, r->commands))
				break;
			packet_field(p, r->command, word.at, word.len, 0);
			if (line.len > 0)
				packet_field(p, r->argument, line.at, line.len, 0);
		}
		*c = look;
	}
	return n;
}

/* OK, unless the capture kept less than the wire carried. */
static inline enum dissect_result lines_done(const struct cursor *c, struct packet *p)
{
	p->service = p->current;
	return cursor_left(c) < cursor_wire_left(c) ? DISSECT_CUT : DISSECT_OK;
}

#endif
