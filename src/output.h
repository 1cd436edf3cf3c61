/* From the options to an open -w. */
#ifndef SOCKEYE_OUTPUT_H
#define SOCKEYE_OUTPUT_H

#include "options.h"
#include "sockeye/error.h"
#include "sockeye/source.h"
#include "sockeye/writer.h"

/* NULL in *out where nothing is to be written. 0, or -errno with the sentence. */
int output_open(struct writer **out, const struct options *o, struct source *source, struct error *e);

#endif
