/* From the options to an open source, and what to say where that fails. */
#ifndef SOCKEYE_OPENING_H
#define SOCKEYE_OPENING_H

#include <stdbool.h>

#include "options.h"
#include "sockeye/error.h"
#include "sockeye/source.h"

/* A readable file, FIFO or device: what a leading word must be to be a source. */
bool opening_is_source(const char *word);

/* -F: its text becomes the filter. */
int opening_filter_file(struct options *o, struct error *e);

/* All that was named; without a name every interface. */
int opening_source(struct source **out, struct options *o, struct error *e);

/* One interface more for a source that runs, by a packet socket of the broker's, which is taken over. */
int opening_more(struct source *s, const struct options *o, int packet_fd, const char *name, const char *filter,
		 struct error *e);

/* The sentence of a source, hints fitting the options. */
void opening_say(const struct options *o, const struct error *e);

/* That failed: says why (what the words were probably meant to be), and
 * returns the status. */
int opening_failed(const struct options *o, int why, const struct error *e);

#endif
