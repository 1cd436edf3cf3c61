/* What is told on standard error, and the statuses that a run may end with. */
#ifndef SOCKEYE_SAY_H
#define SOCKEYE_SAY_H

enum {
	EXIT_COMPLETE = 0, EXIT_CANNOT = 1, EXIT_USAGE = 2, EXIT_INCOMPLETE = 3, EXIT_HUNG_UP = 129,
	EXIT_INTERRUPTED = 130,
};

/* One sentence on standard error: "sockeye: ..." and a newline. Foreign words
 * in it must have been escaped. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A text, or what is near that column of it (in characters, from 1), and a mark
 * under it. The text may be foreign. */
void say_column(const char *text, unsigned column);

#endif
