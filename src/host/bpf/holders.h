/* What the iterator tells, as batches of processes and the sockets they hold. Private to this room.
 *
 * The bytes are of our own program, but come through a descriptor: lengths are checked as anywhere. */
#ifndef BPF_HOLDERS_H
#define BPF_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "sockeye/process.h"

enum { HOLDERS_READ = 2048, HOLDERS_RECORD = 1024 };

struct holders {
	struct process now;
	bool known; /* now is a process */
	uint32_t row; /* of now in the batch */
	uint64_t tick_ns;
	size_t have, at;
	_Alignas(8) uint8_t bytes[HOLDERS_READ + HOLDERS_RECORD];
};

/* Before a new pass. */
void holders_reset(struct holders *h);
/* Before a new batch: what goes on comes again. */
void holders_batch(struct holders *h, struct process_batch *out);
/* Where to read to, and how much: what is left of the last read comes before it. */
uint8_t *holders_room(struct holders *h, size_t *n);
void holders_came(struct holders *h, size_t n);
/* Takes what is there into the batch. True: it needs more bytes; false: the batch is full. */
bool holders_take(struct holders *h, struct process_batch *out);

#endif
