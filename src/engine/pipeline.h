/* Two threads for a file: one reads ahead and prepares, the engine's does the rest.
 *
 *     reading thread                                                  engine's thread
 *     next_batch() of the file -> prepare() -> ring of batches -> next_batch() of the pipeline
 *                                                                     -> engine_prepared()
 *
 * To the run it is a source like any other: the same batches in the same order, and
 * stats as they were when the batch at hand had just been read. So results, sentences
 * about damage and -c do not depend on how far ahead the other thread is.
 */
#ifndef ENGINE_PIPELINE_H
#define ENGINE_PIPELINE_H

#include "prepare.h"

/* Whoever calls next_batch() of s, if that is a pipeline, takes its frames from pipeline_frames(), where they lie: they are
 * not copied from one processor's memory to the other's. Valid until the next call. */
void pipeline_lend(struct source *s);
const struct frame *pipeline_frames(struct source *s, const struct frame *copied); /* copied: what next_batch() got */

/* The batch that next_batch() of s lent last, prepared; NULL: it comes as frames (s is no pipeline, its thread could not be
 * started or was let go, or that one is what everything waits for and left it to the engine's). Valid as long as the frames. */
struct ready *pipeline_ready(struct source *s);
/* The one that will be lent so many after it, if it is there and prepared already; or NULL. */
struct ready *pipeline_next(struct source *s, unsigned later);
uint32_t pipeline_paid(struct source *s); /* of batches that were done with: as in struct apart */

#endif
