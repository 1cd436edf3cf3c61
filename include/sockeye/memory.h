/* Memory that is taken once and bounded from the start.
 *
 * memory_reserve() takes address space, not memory: pages cost something only
 * when they are first touched. Slabs and rings of records live in such
 * reservations, so a bound of 256 MB costs a small file nothing.
 */
#ifndef SOCKEYE_MEMORY_H
#define SOCKEYE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"

/* Reserve size bytes of zeroed address space; what names it in the error. */
int memory_reserve(void **out, size_t size, const char *what, struct error *e);
void memory_release(void *p, size_t size);

/* Touch the pages in there, so that who uses them does not wait for the system to clear
 * them. Any thread; nothing changes for the one that uses the region. */
void memory_touch(void *p, size_t size);

/* Give back the whole pages that lie in there; they read as zero afterwards.
 * What shares a page with others stays (pages have 4, 16 or 64 KiB). */
void memory_forget(void *p, size_t size);

/* Resident set of this process in bytes, 0 if it cannot be read. */
size_t memory_resident(void);

#endif
