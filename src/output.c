/* From the options to an open -w: what is written, how, and what must not be
 * written over. */
#include "output.h"

#include <stddef.h>

int output_open(struct writer **out, const struct options *o, struct source *source, struct error *e)
{
	struct writer_options w = {
		.path = o->write,
		.rotate_bytes = o->rotate_bytes,
		.rotate_s = o->rotate_s,
		.rotate_files = o->rotate_files,
		.packet_buffered = o->packet_buffered,
		/* Frames of files are as long as they are: -s is of the capture. */
		.snaplen = o->n_files == 0 && o->snaplen > 0 ? (uint32_t)o->snaplen : 0,
		.program = "sockeye " SOCKEYE_VERSION,
		.filter = o->filter[0] ? o->filter : NULL,
		.inputs = o->files,
		.n_inputs = o->n_files,
	};

	*out = NULL;
	return o->write ? writer_open(out, &w, source, e) : 0;
}
