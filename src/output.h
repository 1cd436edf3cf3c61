/* From the options to an open -w. */
#ifndef SOCKEYE_OUTPUT_H
#define SOCKEYE_OUTPUT_H

#include "options.h"
#include "rights.h"
#include "sockeye/error.h"
#include "sockeye/source.h"
#include "sockeye/writer.h"

/* For engine_save_with(): a new file by the broker; arg: struct rights. */
int output_save(void *arg, const char *name, struct error *e);

/* What the broker is to know before anything is open; its user is left out. */
struct broker_options output_broker(const struct options *o);

/* NULL in *out where nothing is to be written. 0, or -errno with the sentence.
 * Files that a rotation opens once rights are dropped come from their broker. */
int output_open(struct writer **out, const struct options *o, struct source *source, struct rights *rights,
		struct error *e);

#endif
