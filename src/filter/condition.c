/* A condition: a name with a relation and values, or a word alone.
 *
 * Here the types are checked: what may be asked of a name, and what its values
 * look like. Several values in a list are several tests.
 */
#include <string.h>

#include "compiler.h"

/* A piece of the expression in a sentence: escaped, and short. */
static const char *piece(char out[64], const char *s, size_t n)
{
	struct text t;

	text_init(&t, out, 64);
	text_foreign(&t, s, n < 40 ? n : 40, false);
	if (n > 40)
		text_put(&t, "...");
	return out;
}

/* ---- a condition ---------------------------------------------------------------- */

static bool ordered_type(enum type t)
{
	return t == TYPE_NUMBER || t == TYPE_SIGNED || t == TYPE_DURATION || t == TYPE_TIME || t == TYPE_NAMED;
}

static bool textual_type(enum type t)
{
	return t == TYPE_TEXT || t == TYPE_LETTERS || t == TYPE_NAMED || t == TYPE_VERDICT;
}

static const char *phrase(enum type t)
{
	static const char *const phrases[TYPES] = {
		[TYPE_NUMBER] = "a number",	  [TYPE_SIGNED] = "a signed number", [TYPE_NAMED] = "a number or a word",
		[TYPE_DURATION] = "a duration",	  [TYPE_TIME] = "a time",	     [TYPE_BOOL] = "yes or no",
		[TYPE_TEXT] = "text",		  [TYPE_LETTERS] = "text",	     [TYPE_ENDPOINT] = "an address with a port",
		[TYPE_ADDRESS] = "an address",	  [TYPE_MAC] = "a hardware address", [TYPE_BYTES] = "bytes",
		[TYPE_VERDICT] = "a verdict",
	};

	return phrases[t];
}

/* What may be asked of a type; the sentence where that cannot. */
static bool check_relation(struct compiler *c, const struct name *f, enum relation r, size_t at)
{
	static const char *const signs[] = {
		[RELATION_NATURAL] = ":", [RELATION_EQUAL] = "==", [RELATION_UNEQUAL] = "!=", [RELATION_LESS] = "<",
		[RELATION_LEAST] = ">=", [RELATION_MORE] = ">", [RELATION_MOST] = "<=", [RELATION_CONTAINS] = "contains",
		[RELATION_PATTERN] = "~", [RELATION_PATTERN_FOLDED] = "matches",
	};
	const char *has = f->type == TYPE_VERDICT          ? ": == ~"
			  : ordered_type(f->type)          ? ": == != < <= > >="
			  : textual_type(f->type)          ? ": == != ~ and contains"
			  : f->type == TYPE_BYTES          ? ": == != and contains"
							   : ": == !=";
	bool good = true;

	if (r >= RELATION_LESS && r <= RELATION_MOST)
		good = ordered_type(f->type);
	else if (r == RELATION_CONTAINS)
		good = textual_type(f->type) || f->type == TYPE_BYTES;
	else if (r == RELATION_PATTERN || r == RELATION_PATTERN_FOLDED)
		good = textual_type(f->type);
	else if (r == RELATION_UNEQUAL)
		good = f->type != TYPE_VERDICT;
	return good || compiler_fail(c, at, "%s is %s and cannot be asked with %s, only with %s%s", f->name, phrase(f->type),
			    signs[r], has, r == RELATION_UNEQUAL ? "; write ! before it" : "");
}

/* `:` and contains, once the value is known. */
static enum relation settled(const struct name *f, enum relation r, const struct literal *l)
{
	if (r != RELATION_NATURAL && r != RELATION_CONTAINS)
		return r;
	switch (f->type) {
	case TYPE_TEXT: case TYPE_LETTERS: case TYPE_MAC: case TYPE_BYTES: case TYPE_VERDICT:
		return RELATION_CONTAINS;
	case TYPE_NAMED:
		return l->number ? RELATION_EQUAL : RELATION_CONTAINS;
	default:
		return RELATION_EQUAL;
	}
}

static bool verdict_test(struct compiler *c, struct test *t, const char *s, size_t n, size_t at)
{
	char word[64];
	const char *near = NULL;
	bool flows = c->f->scope == FILTER_FLOWS;
	uint64_t all = verdicts_matching(t->relation, s, n, t->value.pattern);

	if (all == 0 && !t->value.pattern && verdicts_near(s, n, &near) > 0)
		return compiler_fail(c, at, "no verdict is called \"%s\"; did you mean %s?", piece(word, s, n), near);
	if (all == 0)
		return compiler_fail(c, at, "no verdict is called \"%s\"; docs/verdicts.md has them all", piece(word, s, n));
	if (flows && !(all & verdicts_countable()))
		return compiler_fail(c, at, "\"%s\" is noted of packets and not counted for flows: sockeye packets -Y",
			    piece(word, s, n));
	t->relation = RELATION_EXISTS;
	t->verdicts = flows ? all & verdicts_countable() : all;
	t->origins = 1;
	t->origin[0] = (struct origin){.from = flows ? FROM_COUNTERS : FROM_VERDICTS};
	return compiler_test(c, t, at);
}

static struct test test_of(const struct name *f, enum relation r)
{
	struct test t = {.relation = r, .type = f->type, .origins = f->origins, .verdicts = f->verdicts};

	memcpy(t.origin, f->origin, sizeof t.origin);
	return t;
}

/* Of a name with few words: one that it can have. */
static bool closed_test(struct compiler *c, const struct name *f, enum relation r, const struct literal *l, const char *s,
			size_t n, size_t at)
{
	char advice[200], shown[64];
	struct text t;

	if (closed_has(f->closed, r, s, n, l->pattern))
		return true;
	text_init(&t, advice, sizeof advice);
	closed_advice(&t, f->closed, r, s, n);
	return compiler_fail(c, at, "%s is never \"%s\"%s", f->name, piece(shown, s, n), advice);
}

/* One value, which lies at the end of the store. */
static bool value_test(struct compiler *c, const struct name *f, enum relation r, size_t n, size_t at, size_t inside)
{
	struct test t = test_of(f, r);
	char *s = c->f->store + c->f->stored, why[128], shown[64];
	bool pattern = r == RELATION_PATTERN || r == RELATION_PATTERN_FOLDED;
	bool ranking = r >= RELATION_LESS && r <= RELATION_MOST;
	struct text w;

	text_init(&w, why, sizeof why);
	if (!pattern && (f->closed || f->type == TYPE_VERDICT))
		closed_fold(s, n);
	if (pattern)
		t.value.pattern = compiler_pattern(c, s, n, r == RELATION_PATTERN_FOLDED, inside);
	else if (!literal_read(&t.value, f, r, s, n, &w))
		return compiler_fail(c, at, "%s wants %s, not \"%s\"", f->name, why, piece(shown, s, n));
	if (c->failed || (f->closed && !closed_test(c, f, r, &t.value, s, n, at)))
		return false;
	if (ranking && (!t.value.number || (t.value.low != t.value.high && f->type == TYPE_NUMBER)))
		return compiler_fail(c, at, "%s wants a single number here, not \"%s\"", f->name, piece(shown, s, n));
	t.relation = settled(f, r, &t.value);
	if (f->type == TYPE_MAC || f->type == TYPE_BYTES)
		n = literal_bytes(s, n, (uint8_t *)s, n);
	t.value.text = c->f->stored;
	t.value.len = (uint32_t)n;
	c->f->stored += (uint32_t)n;
	return f->type == TYPE_VERDICT ? verdict_test(c, &t, s, n, at) : compiler_test(c, &t, at);
}

static bool read_value(struct compiler *c, const struct name *f, enum relation r, bool braces)
{
	size_t at = c->scan.at;
	bool quoted;
	long n = scan_value(&c->scan, braces, c->f->store + c->f->stored, c->f->store_room - c->f->stored, &quoted);

	if (n < 0)
		return compiler_fail(c, at, "the quote is not closed");
	if (n == 0 && !quoted)
		return compiler_fail(c, at, "%s wants a value here (%s)", f->name, type_names[f->type]);
	return value_test(c, f, r, (size_t)n, at, at + quoted);
}

/* One value or several; != none of them, else any. */
static bool values(struct compiler *c, const struct name *f, enum relation r, bool in)
{
	bool braces, list = in || r == RELATION_NATURAL || r == RELATION_EQUAL || r == RELATION_UNEQUAL;
	enum step_kind jump = r == RELATION_UNEQUAL ? STEP_IF_FALSE : STEP_IF_TRUE;
	uint32_t first = c->f->steps;
	size_t open;

	scan_blanks(&c->scan);
	open = c->scan.at;
	braces = c->scan.at < c->scan.n && c->scan.s[c->scan.at] == '{' && list;
	if (in && !braces)
		return compiler_fail(c, open, "in wants a list such as {80, 443, 8000..8100}");
	c->scan.at += braces;
	for (bool more = true; more;) {
		if (braces)
			scan_blanks(&c->scan);
		if (!read_value(c, f, r, braces))
			return false;
		more = false;
		if (braces)
			scan_blanks(&c->scan);
		if (list && c->scan.at < c->scan.n && c->scan.s[c->scan.at] == ',') {
			c->scan.at++;
			more = true;
		} else if (braces && c->scan.at < c->scan.n && c->scan.s[c->scan.at] != '}') {
			more = true;
		}
		if (more && !compiler_step(c, jump, 0))
			return false;
	}
	if (braces) {
		if (c->scan.at == c->scan.n)
			return compiler_fail(c, open, "{ is not closed");
		c->scan.at++;
	}
	for (uint32_t i = first; i < c->f->steps; i++)
		if (c->f->step[i].kind != STEP_TEST)
			c->f->step[i].to = c->f->steps;
	return true;
}

static bool unknown_name(struct compiler *c, size_t at, size_t n)
{
	const char *s = c->scan.s + at, *why = name_elsewhere(s, n, c->f->scope);
	const char *near = why ? NULL : name_near(s, n, c->f->scope, n < 4 ? 1 : 2);
	char name[64];

	if (why)
		return compiler_fail(c, at, "%s %s", piece(name, s, n), why);
	if (near)
		return compiler_fail(c, at, "no field is called %s; did you mean %s?", piece(name, s, n), near);
	return compiler_fail(c, at, "no field is called %s; --list-fields lists them; text with : in it goes in quotes",
		    piece(name, s, n));
}

/* ---- a word alone ---------------------------------------------------------------- */

static bool exists(struct compiler *c, const struct name *f, size_t at)
{
	struct test t = test_of(f, RELATION_EXISTS);

	return compiler_test(c, &t, at);
}

static bool visible(struct compiler *c, const char *s, size_t n, size_t at)
{
	struct test t = {.relation = RELATION_VISIBLE, .value = {.text = c->f->stored, .len = (uint32_t)n}};

	memmove(c->f->store + c->f->stored, s, n);
	c->f->stored += (uint32_t)n;
	return compiler_test(c, &t, at);
}

/* A state or outcome alone is meant however it is written: half-open, half_open. */
static bool visible_state(struct compiler *c, const char *s, size_t n, size_t at)
{
	uint32_t either;
	char other[24];

	if (!closed_is_state(s, n) || (!memchr(s, '-', n) && !memchr(s, '_', n)))
		return visible(c, s, n, at);
	for (size_t i = 0; i < n; i++)
		other[i] = s[i] == '-' ? '_' : s[i] == '_' ? '-' : s[i];
	either = c->f->steps + 1;
	if (!visible(c, s, n, at) || !compiler_step(c, STEP_IF_TRUE, 0) || !visible(c, other, n, at))
		return false;
	c->f->step[either].to = c->f->steps;
	return true;
}

static bool follows(struct compiler *c)
{
	scan_blanks(&c->scan);
	return c->scan.at < c->scan.n;
}

/* `frame contains "GET"` is no three words: behind what is no field, a relation in letters is refused. In `in` a word
 * that is still typed may begin. `at` and n are of what stands before it, or of itself. */
static bool relation_of_nothing(struct compiler *c, size_t at, size_t n, bool itself)
{
	const char *s = c->scan.s + at, *near;
	size_t begin = c->scan.at, from;
	enum relation r;
	char name[64];
	bool in, meant;

	scan_blanks(&c->scan);
	from = c->scan.at;
	meant = !itself && scan_relation(&c->scan, true, &r, &in);
	if (itself)
		meant = equal_folded("contains", 8, s, n) || equal_folded("matches", 7, s, n) ||
			(equal_folded("in", 2, s, n) && c->f->steps > 0 && follows(c));
	else if (meant && c->scan.at - from == 2)
		meant = follows(c);
	c->scan.at = begin;
	if (!meant)
		return false;
	if (itself)
		return !compiler_fail(c, at, "%s stands behind the name of a field: NAME %s VALUE; a mere word goes in quotes",
			       piece(name, s, n), piece(name, s, n));
	near = name_protocol(s, n) || n < 4 ? NULL : name_near(s, n, c->f->scope, 1);
	if (near || name_elsewhere(s, n, c->f->scope))
		return !unknown_name(c, at, n);
	return !compiler_fail(c, at, "no field is called %s; a field is asked with NAME contains TEXT or NAME~PATTERN, a text "
		       "alone is looked for in all that is shown, and F3 on the screen finds texts and bytes", piece(name, s, n));
}

/* 10.0.0.0/8 alone is asked of both addresses. */
static bool prefix_alone(struct compiler *c, const char *s, size_t n, size_t at, bool *done)
{
	struct literal l = {0};
	struct name f;
	struct test t;

	*done = memchr(s, '/', n) != NULL && literal_address(&l, s, n) && name_resolve("ip", 2, c->f->scope, &f);
	if (!*done)
		return true;
	t = test_of(&f, RELATION_EQUAL);
	t.value = l;
	return compiler_test(c, &t, at);
}

static bool word_alone(struct compiler *c, size_t at, size_t n)
{
	const char *s = c->scan.s + at, *protocol = name_protocol(s, n);
	bool packets = c->f->scope == FILTER_PACKETS, dotted = memchr(s, '.', n) != NULL, done;
	struct name f = {.type = TYPE_NUMBER, .origins = 1};

	c->scan.at = at + n;
	if (relation_of_nothing(c, at, n, true))
		return false;
	if (packets && protocol) {
		f.origin[0] = (struct origin){.from = FROM_LAYER, .name = protocol};
		return exists(c, &f, at);
	}
	if (!prefix_alone(c, s, n, at, &done) || done)
		return !c->failed;
	if (!dotted)
		return visible_state(c, s, n, at);
	if (name_resolve(s, n, c->f->scope, &f))
		return exists(c, &f, at);
	/* A name mistyped finds nothing, silently: that must not be. */
	if (name_elsewhere(s, n, c->f->scope) || (n >= 8 && name_near(s, n, c->f->scope, 2)))
		return unknown_name(c, at, n);
	return visible(c, s, n, at);
}

static bool quoted_alone(struct compiler *c)
{
	size_t at = c->scan.at;
	char *to = c->f->store + c->f->stored;
	bool quoted;
	long n = scan_value(&c->scan, false, to, c->f->store_room - c->f->stored, &quoted);

	return n < 0 ? compiler_fail(c, at, "the quote is not closed") : visible(c, to, (size_t)n, at);
}

/* Up to four digits that may be hexadecimal, before a colon: the beginning of
 * an IPv6 address and not a name. */
static bool is_group(const struct compiler *c, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((c->scan.s[at + i] >= '0' && c->scan.s[at + i] <= '9') ||
		      (lower(c->scan.s[at + i]) >= 'a' && lower(c->scan.s[at + i]) <= 'f')))
			return false;
	return n > 0 && n <= 4 && at + n < c->scan.n && c->scan.s[at + n] == ':';
}

bool condition(struct compiler *c)
{
	size_t at = c->scan.at, n = scan_name(&c->scan);
	struct name f;
	bool known = n > 0 && name_resolve(c->scan.s + at, n, c->f->scope, &f), in;
	enum relation r;

	if (c->scan.s[at] == '"' || c->scan.s[at] == '\'')
		return quoted_alone(c);
	if (n > 0 && (known || !is_group(c, at, n))) {
		c->scan.at = at + n;
		if (scan_relation(&c->scan, known, &r, &in)) {
			if (!known)
				return unknown_name(c, at, n);
			return check_relation(c, &f, r, at) && values(c, &f, r, in);
		}
		if (!known && relation_of_nothing(c, at, n, false))
			return false;
		c->scan.at = at;
	}
	n = scan_word(&c->scan);
	if (n == 0)
		return compiler_fail(c, at, "expected a condition here: NAME:VALUE, or a word");
	return word_alone(c, at, n);
}
