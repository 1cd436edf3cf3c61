/* The view of sockets: a table of the kernel's sockets as text, JSON Lines, CSV or TSV.
 */
#ifndef SOCKEYE_SOCKETS_VIEW_H
#define SOCKEYE_SOCKETS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/socket_record.h"
#include "sockeye/socket_words.h"
#include "sockeye/views.h"

struct sockets_view;

struct sockets_view_options {
	enum view_format format; /* all but VIEW_ZEEK */
	int fd;                  /* written to, not closed */
	bool ascii;
	bool verbose;            /* text: all that there is of each socket */
	bool summary;            /* counts alone; not as CSV */
	bool leaks;              /* findings alone; not as CSV */
	bool only_listen;        /* listeners and what waits for them */
	bool netns;              /* each table is of a network namespace that is named */
	bool repeats;            /* there will be more tables: each has its time */
	const struct sockets_words *words; /* lent */
};

int sockets_view_open(struct sockets_view **out, const struct sockets_view_options *o, struct error *e);
/* Writes the table and flushes. 0, or -errno of the write. -ENOMEM: there was no memory to sort. */
int sockets_view_write(struct sockets_view *v, const struct socket_table *t);
void sockets_view_free(struct sockets_view *v);

#endif
