/* From the options to an open -w: what is written, how, and what must not be
 * written over. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Before the drop we open it ourselves, later the broker does. */
static int output_create(void *arg, const char *path, int flags, struct error *e)
{
	struct rights *rights = arg;
	int fd;

	if (rights->dropped && rights->broker)
		return broker_create_output(rights->broker, path, flags, e);
	/* O_EXCL means something with O_CREAT only, and follows no link. */
	fd = flags & O_CREAT ? open(path, flags | O_EXCL, 0666) : -1;
	if (fd < 0 && (!(flags & O_CREAT) || errno == EEXIST)) {
		fd = open(path, flags, 0666);
		return fd >= 0 ? fd : -errno;
	}
	if (fd < 0)
		return -errno;
	/* New: it belongs to who asked for it through sudo or -Z, as tcpdump's do. */
	if (rights->owns && fchown(fd, rights->uid, rights->gid) != 0)
		return fd; /* a file system without owners */
	return fd;
}

int output_save(void *arg, const char *name, struct error *e)
{
	struct rights *rights = arg;

	return rights->broker ? broker_create_save(rights->broker, name, e) : -ENOTSUP;
}

struct broker_options output_broker(const struct options *o)
{
	return (struct broker_options){
		.output = o->write && strcmp(o->write, "-") != 0 ? o->write : NULL,
		.saves = o->view == OPTIONS_WATCH,
		.sized = o->rotate_bytes > 0,
		.timed = o->rotate_s > 0,
		.files = o->rotate_files,
	};
}

int output_open(struct writer **out, const struct options *o, struct source *source, struct rights *rights,
		struct error *e)
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
		.create = output_create,
		.create_arg = rights,
	};

	*out = NULL;
	return o->write ? writer_open(out, &w, source, e) : 0;
}
