/* From words to the program.
 *
 * A condition becomes a test that sets the one truth value. "a and b" is: a,
 * if false go on behind b, b; "or" likewise; "not" turns the value round when
 * its operand is done. So jumps lead forwards only, and no stack is needed to
 * run it. The compiler's own stack holds operators that wait for their second
 * operand.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"

bool compiler_fail(struct compiler *c, size_t at, const char *format, ...)
{
	va_list args;

	if (c->failed)
		return false;
	c->failed = -EINVAL;
	c->e->column = 1;
	for (size_t i = 0; i < at && i < c->scan.n; i++)
		c->e->column += ((unsigned char)c->scan.s[i] & 0xc0) != 0x80;
	va_start(args, format);
	(void)vsnprintf(c->e->text, sizeof c->e->text, format, args);
	va_end(args);
	return false;
}

bool compiler_fail_memory(struct compiler *c)
{
	(void)compiler_fail(c, 0, "no memory for the filter");
	c->failed = -ENOMEM;
	return false;
}

/* ---- the program -------------------------------------------------------------- */

static bool room(struct compiler *c, void **at, unsigned n, unsigned *have, size_t size)
{
	unsigned more = *have == 0 ? 8 : *have * 2;
	void *moved;

	if (n < *have)
		return true;
	moved = realloc(*at, more * size);
	if (!moved)
		return compiler_fail_memory(c);
	*at = moved;
	*have = more;
	return true;
}

bool compiler_step(struct compiler *c, enum step_kind kind, uint32_t to)
{
	struct filter *f = c->f;
	void *steps = f->step;

	if (!room(c, &steps, f->steps, &f->steps_room, sizeof *f->step))
		return false;
	f->step = steps;
	f->step[f->steps++] = (struct step){kind, to};
	return true;
}

bool compiler_test(struct compiler *c, const struct test *t, size_t at)
{
	struct filter *f = c->f;
	void *tests = f->test;

	if (f->tests == FILTER_TESTS)
		return compiler_fail(c, at, "more than %d conditions", (int)FILTER_TESTS);
	if (!room(c, &tests, f->tests, &f->tests_room, sizeof *f->test))
		return false;
	f->test = tests;
	f->test[f->tests++] = *t;
	return compiler_step(c, STEP_TEST, f->tests - 1);
}

struct pattern *compiler_pattern(struct compiler *c, const char *s, size_t n, bool fold, size_t at)
{
	struct filter *f = c->f;
	void *patterns = f->pattern;
	char why[128];
	struct text t;
	size_t where = 0;
	int r;

	text_init(&t, why, sizeof why);
	if (!room(c, &patterns, f->patterns, &f->patterns_room, sizeof *f->pattern))
		return NULL;
	f->pattern = patterns;
	r = pattern_compile(&f->pattern[f->patterns], s, n, fold, &t, &where);
	if (r == -ENOMEM)
		(void)compiler_fail_memory(c);
	else if (r < 0)
		(void)compiler_fail(c, at + where, "pattern: %s", why);
	return r < 0 ? NULL : f->pattern[f->patterns++];
}

/* ---- operators ------------------------------------------------------------------- */

static bool push(struct compiler *c, enum operator op, uint32_t step, size_t at)
{
	if (c->n == OPERATORS)
		return compiler_fail(c, at, "too many operators wait for one another: at most %d", (int)OPERATORS);
	c->waiting[c->n++] = (struct waiting){op, step, at};
	return true;
}

/* What binds at least as tightly as op is complete. */
static bool complete(struct compiler *c, enum operator op)
{
	while (c->n > 0 && c->waiting[c->n - 1].op != OPERATOR_OPEN && c->waiting[c->n - 1].op <= op) {
		const struct waiting *w = &c->waiting[--c->n];

		if (w->op != OPERATOR_NOT)
			c->f->step[w->step].to = c->f->steps;
		else if (!compiler_step(c, STEP_NOT, 0))
			return false;
	}
	return true;
}

static bool join(struct compiler *c, enum operator op, size_t at)
{
	return complete(c, op) && push(c, op, c->f->steps, at) &&
	       compiler_step(c, op == OPERATOR_AND ? STEP_IF_FALSE : STEP_IF_TRUE, 0);
}

static bool open(struct compiler *c, size_t at)
{
	if (c->depth == FILTER_DEPTH)
		return compiler_fail(c, at, "more than %d parentheses in each other", (int)FILTER_DEPTH);
	c->depth++;
	return push(c, OPERATOR_OPEN, 0, at);
}

static bool close(struct compiler *c, size_t at)
{
	if (!complete(c, OPERATOR_OR))
		return false;
	if (c->n == 0)
		return compiler_fail(c, at, ") has no (");
	c->n--;
	c->depth--;
	return complete(c, OPERATOR_NOT);
}

static bool missing(struct compiler *c, size_t at)
{
	if (c->n == 0)
		return compiler_fail(c, at, "expected a condition here: NAME:VALUE, or a word");
	switch (c->waiting[c->n - 1].op) {
	case OPERATOR_OPEN:
		return compiler_fail(c, at, "expected a condition behind (");
	case OPERATOR_NOT:
		return compiler_fail(c, at, "expected a condition behind \"not\"");
	case OPERATOR_AND:
		return compiler_fail(c, at, "expected a condition behind \"and\"");
	default:
		return compiler_fail(c, at, "expected a condition behind \"or\"");
	}
}

static bool expression(struct compiler *c)
{
	bool operand = false; /* one stands before: an operator may follow */

	for (;;) {
		size_t at;
		enum token token;

		scan_blanks(&c->scan);
		at = c->scan.at;
		token = scan_token(&c->scan);
		if (token == TOKEN_END)
			break;
		if (operand && (token == TOKEN_AND || token == TOKEN_OR)) {
			if (!join(c, token == TOKEN_AND ? OPERATOR_AND : OPERATOR_OR, at))
				return false;
			operand = false;
			continue;
		}
		if (token == TOKEN_CLOSE) {
			if (!operand)
				return missing(c, at);
			if (!close(c, at))
				return false;
			continue;
		}
		if (token == TOKEN_AND || token == TOKEN_OR)
			return missing(c, at);
		if (operand && !join(c, OPERATOR_AND, at)) /* side by side: both */
			return false;
		operand = false;
		if (token == TOKEN_OPEN ? !open(c, at) : token == TOKEN_NOT && !push(c, OPERATOR_NOT, 0, at))
			return false;
		if (token != TOKEN_OTHER)
			continue;
		if (!condition(c) || !complete(c, OPERATOR_NOT))
			return false;
		operand = true;
	}
	if (!operand)
		return (c->n == 0 && c->f->steps == 0) || missing(c, c->scan.n);
	if (!complete(c, OPERATOR_OR))
		return false;
	return c->n == 0 || compiler_fail(c, c->waiting[c->n - 1].at, "( is not closed");
}

static int compile_sockets(struct filter **out, const char *text, struct filter_error *e)
{
	struct filter *f = calloc(1, sizeof *f);
	struct error why = {""};
	int rc = f ? sockets_words_parse_typed(&f->sockets, text, &e->column, &why)
		   : error_set(&why, ENOMEM, "no memory for the filter");

	if (rc < 0) {
		(void)snprintf(e->text, sizeof e->text, "%.*s", (int)sizeof e->text - 1, why.text);
		free(f);
		return rc;
	}
	f->scope = FILTER_SOCKETS;
	*out = f;
	return 0;
}

bool filter_socket(const struct filter *f, const struct socket_table *t, const struct socket_record *s)
{
	return sockets_words_fit(f->sockets, t, s);
}

int filter_compile(struct filter **out, const char *text, enum filter_scope scope, struct filter_error *e)
{
	struct filter_error unused;
	struct compiler *c;
	int r;

	*out = NULL;
	e = e ? e : &unused;
	*e = (struct filter_error){.column = 1};
	if (scope == FILTER_SOCKETS)
		return compile_sockets(out, text, e);
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	c->scan = (struct scan){.s = text, .n = strnlen(text, FILTER_TEXT + 1)};
	c->e = e;
	c->f = calloc(1, sizeof *c->f);
	if (c->scan.n > FILTER_TEXT) {
		(void)compiler_fail(c, 0, "the filter is longer than %d bytes", (int)FILTER_TEXT);
	} else if (!c->f || !(c->f->store = malloc(2 * c->scan.n + 1))) {
		(void)compiler_fail_memory(c);
	} else {
		c->f->store_room = 2 * (uint32_t)c->scan.n + 1; /* a state alone is there in two ways */
		c->f->scope = scope;
		if (!expression(c) && !c->failed)
			(void)compiler_fail(c, 0, "the filter cannot be read");
	}
	r = c->failed;
	if (r == 0)
		*out = c->f;
	else
		filter_free(c->f);
	free(c);
	return r;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->patterns; i++)
		pattern_free(f->pattern[i]);
	free(f->pattern);
	free(f->test);
	free(f->step);
	free(f->store);
	sockets_words_free(f->sockets);
	free(f);
}
