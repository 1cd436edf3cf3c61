/* What the files of the Connections screen share. */
#ifndef TUI_CONNECTIONS_H
#define TUI_CONNECTIONS_H

#include "look.h"

/* connections_list.c: heads and rows */
void connections_list(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);

#endif
