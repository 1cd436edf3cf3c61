/* Decompressing on a thread of its own.
 *
 *     that thread: read(2) -> inflate_run() -> pieces -> [queue of 4] -> input_fill(): who reads the records
 *
 * Rule: from unpack_begin() on, the file, the decompressor and the compressed bytes are
 * that thread's until unpack_end() has joined it; the reader has what it copied out of a
 * piece. A piece carries what a reader without the thread would know at each of its bytes:
 * how much of the file was read, and at the end how it ended, with the sentence.
 */
#ifndef SOURCE_UNPACK_H
#define SOURCE_UNPACK_H

#include <stddef.h>

struct input;
struct unpack;

/* Begin with what stands in in: compressed, a regular file that is not followed. NULL: no
 * memory or no thread, and nothing has changed. */
struct unpack *unpack_begin(struct input *in);
/* As input_fill(), and waits for a piece: 1, 0: nothing came for a while, or how it ended. */
int unpack_fill(struct unpack *u, struct input *in);
/* Stop it, wherever it is. */
void unpack_end(struct unpack *u);

#endif
