/* Tokens of the filter language. */
#include "scan.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_name(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static char peek(const struct scan *c, size_t ahead)
{
	return ahead < c->n - c->at ? c->s[c->at + ahead] : '\0';
}

void scan_blanks(struct scan *c)
{
	while (c->at < c->n && is_blank(c->s[c->at]))
		c->at++;
}

/* A word by itself: what follows is a blank, a bracket, or the end. */
static bool take_word(struct scan *c, const char *word)
{
	size_t n = strlen(word);

	if (c->n - c->at < n || !equal_folded(c->s + c->at, n, word, n))
		return false;
	if (c->n - c->at > n && !is_blank(c->s[c->at + n]) && !strchr("(){!\"", c->s[c->at + n]))
		return false;
	c->at += n;
	return true;
}

enum token scan_token(struct scan *c)
{
	scan_blanks(c);
	if (c->at == c->n)
		return TOKEN_END;
	switch (c->s[c->at]) {
	case '(':
		c->at++;
		return TOKEN_OPEN;
	case ')':
		c->at++;
		return TOKEN_CLOSE;
	case '!':
		if (peek(c, 1) == '=' || peek(c, 1) == '~')
			return TOKEN_OTHER;
		c->at++;
		return TOKEN_NOT;
	case '&':
		if (peek(c, 1) != '&')
			return TOKEN_OTHER;
		c->at += 2;
		return TOKEN_AND;
	case '|':
		if (peek(c, 1) != '|')
			return TOKEN_OTHER;
		c->at += 2;
		return TOKEN_OR;
	default:
		break;
	}
	if (take_word(c, "and"))
		return TOKEN_AND;
	if (take_word(c, "or"))
		return TOKEN_OR;
	if (take_word(c, "not"))
		return TOKEN_NOT;
	return TOKEN_OTHER;
}

size_t scan_name(const struct scan *c)
{
	size_t n = 0;

	if (!is_letter(peek(c, 0)) && peek(c, 0) != '_')
		return 0;
	while (c->at + n < c->n && is_name(c->s[c->at + n]))
		n++;
	return n;
}

static bool signs(struct scan *c, enum relation *out)
{
	static const struct {
		const char *sign;
		enum relation relation;
	} all[] = {
		{"==", RELATION_EQUAL}, {"!=", RELATION_UNEQUAL}, {"<=", RELATION_MOST}, {">=", RELATION_LEAST},
		{"<", RELATION_LESS}, {">", RELATION_MORE}, {"=", RELATION_EQUAL}, {"~", RELATION_PATTERN},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		size_t n = strlen(all[i].sign);

		if (c->n - c->at >= n && memcmp(c->s + c->at, all[i].sign, n) == 0) {
			*out = all[i].relation;
			c->at += n;
			return true;
		}
	}
	return false;
}

bool scan_relation(struct scan *c, bool words, enum relation *out, bool *in)
{
	static const struct {
		const char *word;
		enum relation relation;
	} all[] = {
		{"eq", RELATION_EQUAL}, {"ne", RELATION_UNEQUAL}, {"lt", RELATION_LESS}, {"gt", RELATION_MORE},
		{"le", RELATION_MOST}, {"ge", RELATION_LEAST}, {"contains", RELATION_CONTAINS},
		{"matches", RELATION_PATTERN_FOLDED},
	};
	struct scan ahead = *c;

	*in = false;
	if (peek(c, 0) == ':') {
		c->at++;
		*out = RELATION_NATURAL;
		(void)signs(c, out); /* rtt:>50ms is as good */
		return true;
	}
	scan_blanks(&ahead);
	if (signs(&ahead, out)) {
		*c = ahead;
		return true;
	}
	if (!words)
		return false;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (take_word(&ahead, all[i].word)) {
			*out = all[i].relation;
			*c = ahead;
			return true;
		}
	if (!take_word(&ahead, "in"))
		return false;
	*out = RELATION_NATURAL;
	*in = true;
	*c = ahead;
	return true;
}

size_t scan_word(const struct scan *c)
{
	size_t at = c->at;

	while (at < c->n && !is_blank(c->s[at]) && !strchr("()\"'<>=~", c->s[at]) &&
	       !(at + 1 < c->n && (memcmp(c->s + at, "&&", 2) == 0 || memcmp(c->s + at, "||", 2) == 0)))
		at++;
	return at - c->at;
}

long scan_value(struct scan *c, bool braces, char *out, size_t most, bool *quoted)
{
	char quote = peek(c, 0);
	size_t n = 0, at = c->at;

	*quoted = quote == '"' || quote == '\'';
	if (!*quoted) {
		while (at < c->n && n < most && !is_blank(c->s[at]) && c->s[at] != ')' && c->s[at] != ',' &&
		       !(braces && c->s[at] == '}') &&
		       !(at + 1 < c->n && (memcmp(c->s + at, "&&", 2) == 0 || memcmp(c->s + at, "||", 2) == 0)))
			out[n++] = c->s[at++];
		c->at = at;
		return (long)n;
	}
	for (at++; at < c->n && c->s[at] != quote; at++) {
		/* A backslash makes a quote a letter; any other is a pattern's. */
		if (c->s[at] == '\\' && at + 1 < c->n && c->s[at + 1] == quote)
			at++;
		if (n < most)
			out[n++] = c->s[at];
	}
	if (at >= c->n)
		return -1;
	c->at = at + 1;
	return (long)n;
}
