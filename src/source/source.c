/* From the command line's names to one source.
 *
 * Opens every file and interface, each with the filter, and merges them if
 * there are several. Decides when a filter is wrong: when it compiles for no
 * link type at all, or for none of those that the inputs are known to have.
 */
#include "sockeye/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "afpacket.h"
#include "bpf.h"
#include "merge.h"
#include "pcap_live.h"
#include "reader.h"
#include "sockeye/text.h"

enum { SOURCE_UNPACK = 4 }; /* files, at most, that have a thread to decompress */

static int source_open_error(const char *title, int why, struct error *e)
{
	if (why == ENOENT)
		return error_set(e, why, "%s: no such file", title);
	if (why == EACCES)
		return error_set(e, why, "%s: no permission to read it", title);
	if (why == EISDIR)
		return error_set(e, why, "%s: a directory, not a capture file", title);
	return error_set(e, why, "%s: cannot be opened: %s", title, strerror(why));
}

/* A descriptor of the file. A FIFO is opened without waiting for its writer. */
static int source_file_descriptor(const char *name, const char *title, struct error *e)
{
	struct stat st;
	int fd, flags;

	if (strcmp(name, "-") == 0) {
		if (isatty(STDIN_FILENO))
			return error_set(e, ENOTTY, "standard input is a terminal: name a file, or pipe a capture in");
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return fd >= 0 ? fd : source_open_error("standard input", errno, e);
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return source_open_error(title, errno, e);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return source_open_error(title, EISDIR, e);
	}
	/* The description is ours alone; only a FIFO needs it to stay so. */
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && S_ISREG(st.st_mode))
		(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}

static int source_file(struct source **out, const char *name, const struct source_options *o, struct bpf *filter,
		       struct error *e)
{
	struct reader_options how = {.window = o->memory / o->n_files, .follow = o->follow,
				     .ahead = o->n_files <= SOURCE_UNPACK ? o->unpack_ahead : 0};
	struct bpf *b = NULL;
	char title[100];
	struct text t;
	int fd, rc;

	text_init(&t, title, sizeof title);
	text_foreign(&t, name, strlen(name), false);
	fd = source_file_descriptor(name, title, e);
	if (fd < 0)
		return fd;
	rc = filter ? bpf_share(&b, filter, e) : 0;
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	return reader_open(out, fd, name, b, &how, e);
}

/* The filter against what is known before the first packet. */
static int source_filter(const struct source_options *o, struct bpf *b, struct source *const *files, struct error *e)
{
	bool fits = o->n_files == 0, unknown = false;
	int rc = bpf_check(b, e);

	for (unsigned i = 0; i < o->n_files && rc == 0; i++) {
		int linktype = reader_linktype(files[i]);
		const char *why = linktype < 0 ? NULL : bpf_refusal(b, (uint16_t)linktype);

		unknown |= linktype < 0;
		fits |= !why;
		if (why)
			(void)error_set(e, EINVAL, "the filter does not fit the packets (link type %d): %s", linktype, why);
	}
	if (rc == 0 && !fits && !unknown && o->n_interfaces == 0)
		rc = -EINVAL;
	if (rc == 0 && unknown)
		bpf_prepare(b);
	return rc;
}

static bool source_named_twice(const struct source_options *o)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_files; i++)
		n += strcmp(o->files[i], "-") == 0;
	return n > 1;
}

/* By the ring where it knows the interface, else by libpcap, which knows more
 * kinds; unless the back end is named. */
static int source_live(struct source **out, const char *name, const struct source_options *o, bool *refused,
		       struct error *e)
{
	int rc;

	if (o->backend == SOURCE_LIBPCAP)
		return live_open(out, name, o, refused, e);
	rc = afpacket_open(out, name, -1, o, refused, e);
	if (o->backend == SOURCE_BEST && source_has_live() && (rc == -ENOTSUP || rc == -ENODEV))
		return live_open(out, name, o, refused, e);
	return rc;
}

/* All files, then all interfaces, into list. Returns their number or -errno. */
static int source_open_all(struct source **list, unsigned *n, const struct source_options *o, struct error *e)
{
	unsigned refusals = 0;
	struct bpf *b = NULL;
	int rc = o->filter ? bpf_open(&b, o->filter, e) : 0;

	if (b)
		bpf_files(b);
	for (unsigned i = 0; i < o->n_files && rc == 0; i++) {
		rc = source_file(&list[*n], o->files[i], o, b, e);
		*n += rc == 0;
	}
	if (rc == 0 && b && o->n_files > 0)
		rc = source_filter(o, b, list, e);
	bpf_free(b);
	for (unsigned i = 0; i < o->n_interfaces && rc == 0; i++) {
		bool refused = false;

		rc = source_live(&list[*n], o->interfaces[i], o, &refused, e);
		*n += rc == 0;
		refusals += refused;
	}
	/* Each refusal has left its sentence in e. */
	if (rc == 0 && o->n_files == 0 && refusals == o->n_interfaces)
		rc = -EINVAL;
	return rc;
}

int source_open(struct source **out, const struct source_options *o, struct error *e)
{
	struct source *list[SOURCE_MAX];
	unsigned n = 0;
	int rc;

	*out = NULL;
	if (o->n_files + o->n_interfaces == 0)
		return error_set(e, EINVAL, "no file and no interface to read from");
	if (o->n_files > SOURCE_MAX || o->n_interfaces > SOURCE_MAX - o->n_files)
		return error_set(e, E2BIG, "more than %d files and interfaces at once", (int)SOURCE_MAX);
	if (source_named_twice(o))
		return error_set(e, EINVAL, "standard input (-) is named twice");
	rc = o->filter ? bpf_trial(o->filter, e) : 0;
	if (rc < 0)
		return rc;
	rc = source_open_all(list, &n, o, e);
	if (rc < 0) {
		while (n > 0) {
			n--;
			list[n]->free(list[n]);
		}
		return rc;
	}
	if (n > 1 || o->may_grow)
		return merge_open(out, list, n, e);
	*out = list[0];
	return 0;
}

const char *source_inflate(const char *compression)
{
	return inflate_library(strcmp(compression, "gzip") == 0 ? INFLATE_GZIP : INFLATE_ZSTD);
}

int source_add_interface(struct source *s, int packet_fd, const char *name, const struct source_options *o,
			 struct error *e)
{
	struct source *more;
	bool refused = false;
	int rc = afpacket_open(&more, name, packet_fd, o, &refused, e);

	if (rc < 0)
		return rc;
	if (refused) {
		more->free(more);
		return -EINVAL; /* the sentence is there */
	}
	return merge_add(s, more, e);
}

int source_take_off(struct source *s, const char *name, struct error *e)
{
	return merge_take_off(s, name, e);
}
