/* Errors of set-up: one sentence for a person, and a number for the caller.
 *
 * Whatever can fail at set-up returns 0 or a negative errno and fills a struct
 * error: what failed, which one, why, and what to do where we know it
 * ("eth9: no such interface"). The packet path has no errors, only results and
 * counters. Only main.c prints an error and only main.c exits.
 */
#ifndef SOCKEYE_ERROR_H
#define SOCKEYE_ERROR_H

struct error {
	char text[512]; /* one sentence, no newline; "" where nothing failed */
};

/* Fill *e (NULL is allowed) and return -errnum, so that a caller can write
 * "return error_set(e, ENOENT, ...)". Foreign text must have been escaped. */
int error_set(struct error *e, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
