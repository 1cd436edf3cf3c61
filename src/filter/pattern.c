/* Patterns: compiled to steps with relative jumps, walked as a set of states. */
#include "pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum op { OP_BYTE, OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_MATCH };

/* Jumps are relative, so that what stands together can be moved together. */
struct op_step {
	enum op op;
	uint8_t byte;
	int to, or_to;
	uint8_t set[32];
};

struct pattern {
	bool fold;
	int steps;
	struct op_step step[PATTERN_STEPS];
};

struct parser {
	struct pattern *p;
	const char *s;
	size_t n, at;
	unsigned depth;
	const char *wrong; /* NULL: nothing yet */
	size_t wrong_at;
	struct op_step spare; /* stands in where there is no room: the pattern is refused */
};

static char fold_byte(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void set_add(uint8_t *set, unsigned byte)
{
	set[byte / 8] |= (uint8_t)(1U << byte % 8);
}

static bool set_has(const uint8_t *set, unsigned byte)
{
	return set[byte / 8] >> byte % 8 & 1;
}

static void complain(struct parser *r, const char *words, size_t at)
{
	if (!r->wrong) {
		r->wrong = words;
		r->wrong_at = at;
	}
}

/* A step at `at`, what follows moved up. */
static struct op_step *put_step(struct parser *r, int at, enum op op)
{
	struct pattern *p = r->p;

	if (p->steps == PATTERN_STEPS) {
		complain(r, "the pattern is too long", r->at);
		return &r->spare;
	}
	memmove(&p->step[at + 1], &p->step[at], (size_t)(p->steps - at) * sizeof *p->step);
	p->steps++;
	memset(&p->step[at], 0, sizeof p->step[at]);
	p->step[at].op = op;
	return &p->step[at];
}

static bool more(const struct parser *r)
{
	return r->at < r->n && !r->wrong;
}

/* \d and its like: adds to the set. False: not one of them. */
static bool class_letter(uint8_t *set, char letter)
{
	uint8_t own[32] = {0};
	char small = fold_byte(letter);

	for (unsigned b = 0; b < 256; b++) {
		bool digit = b >= '0' && b <= '9', word = digit || (b | 32) - 'a' < 26U || b == '_';
		bool blank = b == ' ' || (b >= '\t' && b <= '\r');

		if ((small == 'd' && digit) || (small == 'w' && word) || (small == 's' && blank))
			set_add(own, b);
	}
	if (small != 'd' && small != 'w' && small != 's')
		return false;
	for (unsigned i = 0; i < sizeof own; i++)
		set[i] |= (uint8_t)(letter == small ? own[i] : ~own[i]);
	return true;
}

static int hex_digit(char c)
{
	c = fold_byte(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte behind a backslash. */
static uint8_t escaped(struct parser *r)
{
	char c = r->s[r->at++];

	switch (c) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'x':
		if (r->n - r->at >= 2 && hex_digit(r->s[r->at]) >= 0 && hex_digit(r->s[r->at + 1]) >= 0) {
			r->at += 2;
			return (uint8_t)(hex_digit(r->s[r->at - 2]) << 4 | hex_digit(r->s[r->at - 1]));
		}
		complain(r, "\\x wants two hexadecimal digits", r->at);
		return 0;
	default:
		if ((fold_byte(c) >= 'a' && fold_byte(c) <= 'z') || (c >= '0' && c <= '9'))
			complain(r, "no such escape: there are \\d \\w \\s \\t \\n \\r \\xHH, and \\ before a sign", r->at - 1);
		return (uint8_t)c;
	}
}

static void add_folded(struct parser *r, uint8_t *set, unsigned byte)
{
	set_add(set, (uint8_t)(r->p->fold ? fold_byte((char)byte) : (char)byte));
}

/* One end of a range, or a class: then false. */
static bool set_end(struct parser *r, uint8_t *set, unsigned *byte)
{
	char c = r->s[r->at++];

	*byte = (uint8_t)c;
	if (c != '\\')
		return true;
	if (!more(r)) {
		complain(r, "a backslash ends the pattern", r->at - 1);
		return true;
	}
	if (class_letter(set, r->s[r->at])) {
		r->at++;
		return false;
	}
	*byte = escaped(r);
	return true;
}

/* Behind '['. */
static void parse_set(struct parser *r)
{
	struct op_step *step = put_step(r, r->p->steps, OP_SET);
	size_t begin = r->at - 1;
	uint8_t set[32] = {0};
	bool not = more(r) && r->s[r->at] == '^', first = true;

	r->at += not;
	for (; more(r) && (r->s[r->at] != ']' || first); first = false) {
		unsigned from, to;

		if (!set_end(r, set, &from))
			continue;
		to = from;
		if (r->n - r->at >= 2 && r->s[r->at] == '-' && r->s[r->at + 1] != ']') {
			r->at++;
			if (!set_end(r, set, &to) || to < from) {
				complain(r, "a range in [ ] wants a lower and a higher end", r->at - 1);
				return;
			}
		}
		for (unsigned b = from; b <= to; b++)
			add_folded(r, set, b);
	}
	if (!more(r)) {
		complain(r, "[ is not closed", begin);
		return;
	}
	r->at++;
	for (unsigned i = 0; i < sizeof set; i++)
		step->set[i] = (uint8_t)(not ? ~set[i] : set[i]);
}

static void parse_either(struct parser *r);

static void parse_atom(struct parser *r)
{
	size_t at = r->at;
	char c = r->s[r->at++];
	struct op_step *step;

	switch (c) {
	case '(':
		if (r->depth == PATTERN_DEPTH) {
			complain(r, "too many parentheses in each other", at);
			return;
		}
		r->depth++;
		parse_either(r);
		r->depth--;
		if (!more(r))
			complain(r, "( is not closed", at);
		r->at++;
		return;
	case '[':
		parse_set(r);
		return;
	case '.':
		step = put_step(r, r->p->steps, OP_SET);
		memset(step->set, 0xff, sizeof step->set);
		return;
	case '^':
		put_step(r, r->p->steps, OP_BEGIN);
		return;
	case '$':
		put_step(r, r->p->steps, OP_END);
		return;
	case '*': case '+': case '?':
		complain(r, "nothing stands before it to repeat", at);
		return;
	case '{':
		complain(r, "{ } counts are not known: write \\{ for the sign", at);
		return;
	case '\\':
		if (r->at == r->n) {
			complain(r, "a backslash ends the pattern", at);
			return;
		}
		step = put_step(r, r->p->steps, OP_SET);
		if (class_letter(step->set, r->s[r->at])) {
			r->at++;
			return;
		}
		step->op = OP_BYTE;
		c = (char)escaped(r);
		break;
	default:
		step = put_step(r, r->p->steps, OP_BYTE);
		break;
	}
	step->byte = (uint8_t)(r->p->fold ? fold_byte(c) : c);
}

static void parse_row(struct parser *r)
{
	struct pattern *p = r->p;

	while (more(r) && r->s[r->at] != '|' && r->s[r->at] != ')') {
		int from = p->steps;
		struct op_step *step;

		parse_atom(r);
		while (more(r) && (r->s[r->at] == '*' || r->s[r->at] == '+' || r->s[r->at] == '?')) {
			char c = r->s[r->at++];
			int len = p->steps - from;

			if (c == '+') {
				step = put_step(r, p->steps, OP_SPLIT);
				step->to = -len;
				step->or_to = 1;
				continue;
			}
			step = put_step(r, from, OP_SPLIT);
			step->to = 1;
			step->or_to = c == '*' ? len + 2 : len + 1;
			if (c == '*')
				put_step(r, p->steps, OP_JUMP)->to = -(len + 1);
		}
	}
}

/* A|B|C is (A|B)|C: a split before what there is, a jump over what comes. */
static void parse_either(struct parser *r)
{
	struct pattern *p = r->p;
	int from = p->steps;

	parse_row(r);
	while (more(r) && r->s[r->at] == '|') {
		struct op_step *split = put_step(r, from, OP_SPLIT);
		int jump;

		r->at++;
		split->to = 1;
		split->or_to = p->steps - from + 1;
		jump = p->steps;
		put_step(r, jump, OP_JUMP);
		parse_row(r);
		if (!r->wrong)
			p->step[jump].to = p->steps - jump;
	}
}

int pattern_compile(struct pattern **out, const char *s, size_t n, bool fold, struct text *why, size_t *at)
{
	struct parser r = {.s = s, .n = n};
	struct pattern *small;

	*out = NULL;
	r.p = calloc(1, sizeof *r.p);
	if (!r.p)
		return -ENOMEM;
	r.p->fold = fold;
	parse_either(&r);
	if (more(&r)) /* only ')' ends it early */
		complain(&r, ") has no (", r.at);
	put_step(&r, r.p->steps, OP_MATCH);
	if (r.wrong) {
		text_put(why, r.wrong);
		*at = r.wrong_at;
		free(r.p);
		return -EINVAL;
	}
	small = realloc(r.p, offsetof(struct pattern, step) + (size_t)r.p->steps * sizeof *r.p->step);
	*out = small ? small : r.p;
	return 0;
}

void pattern_free(struct pattern *p)
{
	free(p);
}

struct states {
	uint64_t has[PATTERN_STEPS / 64];
	uint16_t at[PATTERN_STEPS];
	unsigned n;
};

/* Add a state and all that it leads to without a byte. Each is added once, so
 * the list of those still to do is never longer than the pattern. */
static bool states_add(const struct pattern *p, struct states *set, int state, bool begin, bool end)
{
	uint16_t todo[2 * PATTERN_STEPS];
	unsigned n = 0;

	todo[n++] = (uint16_t)state;
	while (n > 0) {
		int i = todo[--n];
		const struct op_step *step = &p->step[i];

		if (set->has[i / 64] >> (i % 64) & 1)
			continue;
		set->has[i / 64] |= UINT64_C(1) << (i % 64);
		switch (step->op) {
		case OP_MATCH:
			return true;
		case OP_SPLIT:
			todo[n++] = (uint16_t)(i + step->or_to);
			todo[n++] = (uint16_t)(i + step->to);
			break;
		case OP_JUMP:
			todo[n++] = (uint16_t)(i + step->to);
			break;
		case OP_BEGIN:
			if (begin)
				todo[n++] = (uint16_t)(i + 1);
			break;
		case OP_END:
			if (end)
				todo[n++] = (uint16_t)(i + 1);
			break;
		default:
			set->at[set->n++] = (uint16_t)i;
			break;
		}
	}
	return false;
}

bool pattern_matches(const struct pattern *p, const char *s, size_t n)
{
	struct states set[2];

	memset(set[0].has, 0, sizeof set[0].has);
	set[0].n = 0;
	for (size_t i = 0;; i++) {
		struct states *now = &set[i & 1], *next = &set[~i & 1];
		unsigned byte;

		if (states_add(p, now, 0, i == 0, i == n))
			return true;
		if (i == n)
			return false;
		byte = (uint8_t)(p->fold ? fold_byte(s[i]) : s[i]);
		memset(next->has, 0, sizeof next->has);
		next->n = 0;
		for (unsigned k = 0; k < now->n; k++) {
			const struct op_step *step = &p->step[now->at[k]];
			bool fits = step->op == OP_BYTE ? step->byte == byte : set_has(step->set, byte);

			if (fits && states_add(p, next, now->at[k] + 1, false, i + 1 == n))
				return true;
		}
	}
}
