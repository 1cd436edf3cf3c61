/* An unlinked file for what memory has no room for, opened before rights are given up.
 *
 * It has no name, so it ends with the process. O_TMPFILE in $TMPDIR, /var/tmp or /tmp;
 * where the file system has no such thing, a file that is unlinked at once.
 */
#ifndef ENGINE_SPOOL_H
#define ENGINE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"

enum { SPOOL_SHARE = 2 }; /* of the free space: a half */
#define SPOOL_MOST (UINT64_C(4) << 30)

/* A descriptor, and how much may be put there: SPOOL_MOST, or half of what is free. -errno with the sentence. */
int spool_open(uint64_t *room, struct error *e);

/* All of it, or -errno. */
int spool_write(int fd, const void *bytes, size_t n, uint64_t at);
int spool_read(int fd, void *bytes, size_t n, uint64_t at);

#endif
