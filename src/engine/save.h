/* Packets or a text into a new file, step by step. */
#ifndef ENGINE_SAVE_H
#define ENGINE_SAVE_H

#include "remember.h"

struct save;
void save_go_on(struct remembered *m, int64_t deadline_ns);
void save_free(struct save *s);

#endif
