/* Buffers whose frames are still needed elsewhere: the readers' side. See source.h. */
#ifndef SOURCE_LOANS_H
#define SOURCE_LOANS_H

#include <stddef.h>
#include <stdint.h>

#include "sockeye/source.h"

/* A buffer of at least n bytes in place of old, whose frames were all passed on: *size is old's
 * and becomes the new one's. NULL with *why 0: not now, or -ENOMEM; then old stays the caller's. */
uint8_t *loans_exchange(struct loans *l, uint8_t *old, size_t *size, size_t n, int *why);

#endif
