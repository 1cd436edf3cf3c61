/* Sorting in place, some at a time: for a thread that has others to look after. Private to this room. */
#ifndef HOST_SORT_H
#define HOST_SORT_H

#include <stdbool.h>
#include <stddef.h>

enum { SORT_SIZE = 32 }; /* bytes of an element, at most */

/* All zero at first. */
struct sorting {
	size_t done;  /* elements of this half of the work */
	bool heaped;
};

/* Moves `most` elements at most; as qsort(3) when it is done. True: there is more to do. */
bool sort_some(struct sorting *s, void *base, size_t n, size_t size, int (*compare)(const void *, const void *), size_t most);

#endif
