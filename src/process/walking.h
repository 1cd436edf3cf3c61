/* Directories and files below a process of /proc, without memory. Private to this room. */
#ifndef PROCESS_WALKING_H
#define PROCESS_WALKING_H

#include "sockeye/process.h"

/* The next number among a directory's names: 1; 0 at its end, -errno. buffer: of words; at, len: 0 at first. */
int walk_entry(int fd, void *buffer, size_t size, size_t *at, size_t *len, char name[16]);
/* What of a file fits; 0: it could not be read. */
size_t walk_file(int directory, const char *name, char *out, size_t size);

#endif
