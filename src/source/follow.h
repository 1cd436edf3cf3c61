/* Waiting for a regular file to grow.
 *
 * inotify tells at once; beside it a timer looks ten times a second, because
 * file systems of other machines tell nothing and some have no inotify.
 */
#ifndef SOURCE_FOLLOW_H
#define SOURCE_FOLLOW_H

#include <stdbool.h>

#include "sockeye/error.h"

struct follow {
	int fd; /* readable when it is time to look; -1: nothing is followed */
	int inotify, timer;
};

enum follow_name {
	FOLLOW_SAME,     /* the name still leads to the open file, or nobody can tell */
	FOLLOW_GONE,     /* no file has that name now; its writer may go on */
	FOLLOW_REPLACED, /* another file has it */
};

/* file: a descriptor of the file; title: its printable name. */
int follow_open(struct follow *f, int file, const char *title, struct error *e);
void follow_close(struct follow *f);

/* The descriptor has been readable: from now on it tells of what is new. Call
 * before reading. */
void follow_take(struct follow *f);
/* Readable at once: more is there than one call reads. */
void follow_again(struct follow *f);

/* Where the name leads, compared with the open file. */
enum follow_name follow_look(int file, const char *name);

#endif
