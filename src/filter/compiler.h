/* The compiler at work: what condition.c and compile.c share. */
#ifndef FILTER_COMPILER_H
#define FILTER_COMPILER_H

#include "scan.h"

enum { OPERATORS = 1024 };

enum operator { OPERATOR_OPEN, OPERATOR_NOT, OPERATOR_AND, OPERATOR_OR };

struct waiting {
	enum operator op;
	uint32_t step; /* of AND and OR: the jump to be patched */
	size_t at;
};

struct compiler {
	struct scan scan;
	struct filter *f;
	struct filter_error *e;
	int failed;            /* -errno of the first error */
	unsigned depth;        /* open parentheses */
	unsigned n;
	struct waiting waiting[OPERATORS];
};

/* All of these return false where the compiler has failed; the first error
 * stays. `at` is the byte that the sentence is about. */
bool compiler_fail(struct compiler *c, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool compiler_fail_memory(struct compiler *c);
bool compiler_step(struct compiler *c, enum step_kind kind, uint32_t to);
bool compiler_test(struct compiler *c, const struct test *t, size_t at);
/* NULL: failed. */
struct pattern *compiler_pattern(struct compiler *c, const char *s, size_t n, bool fold, size_t at);

/* condition.c: a condition at the reading point becomes tests. */
bool condition(struct compiler *c);

#endif
