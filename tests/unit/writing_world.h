/* A source that says what a test wants, and files written in a folder of their
 * own, for the tests of the writer. */
#ifndef TEST_WRITING_WORLD_H
#define TEST_WRITING_WORLD_H

#include "capture_bytes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sockeye/clock.h"
#include "sockeye/writer.h"

#define WORLD_TIME (INT64_C(1700000000) * CLOCK_S)

enum { WORLD_DATA = 64 };

static uint8_t world_data[WORLD_DATA];

struct world {
	struct source s;
	bool fine, drops_known;
	uint64_t drops;
	const char *name[4]; /* of interfaces 0 to 3 of every source */
	bool numbered;       /* or names such as 2.17, of source and interface */
	char number[16];
	char folder[64];
	char path[128];
	struct writer *w;
	struct error e;
};

static inline bool world_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct world *x = (struct world *)s;

	if (index > 1)
		return false;
	*out = (struct source_stats){.name = "world", .fine = x->fine};
	out->drops = index == 0 ? x->drops : 0;
	out->drops_known = index == 0 && x->drops_known;
	return true;
}

static inline const char *world_interface(struct source *s, unsigned source, unsigned interface)
{
	struct world *x = (struct world *)s;

	if (!x->numbered)
		return interface < 4 ? x->name[interface] : NULL;
	(void)snprintf(x->number, sizeof x->number, "%u.%u", source, interface);
	return x->number;
}

static inline void world_begin(struct world *x)
{
	*x = (struct world){.s = {.fd = -1, .stats = world_stats, .interface = world_interface}};
	(void)snprintf(x->folder, sizeof x->folder, "%s/writer.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(x->folder));
	for (unsigned i = 0; i < WORLD_DATA; i++)
		world_data[i] = (uint8_t)i;
}

static inline const char *world_path(struct world *x, const char *name)
{
	(void)snprintf(x->path, sizeof x->path, "%s/%s", x->folder, name);
	return x->path;
}

static inline void world_end(struct world *x)
{
	DIR *d = opendir(x->folder);
	struct dirent *entry;

	writer_free(x->w);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), entry->d_name, 0), 0);
	closedir(d);
	assert_int_equal(rmdir(x->folder), 0);
}

static inline int world_open(struct world *x, struct writer_options o)
{
	x->e.text[0] = '\0';
	return writer_open(&x->w, &o, &x->s, &x->e);
}

static inline int world_write(struct world *x, struct frame f)
{
	return writer_batch(x->w, &f, 1, &x->e);
}

static inline struct frame world_frame(int64_t ts_ns, uint32_t caplen, uint32_t wirelen)
{
	return (struct frame){.ts_ns = ts_ns, .data = world_data, .caplen = caplen, .wirelen = wirelen,
			      .linktype = LINKTYPE_ETHERNET};
}

static inline void world_finish(struct world *x)
{
	int rc = writer_finish(x->w, &x->e);

	if (rc != 0)
		print_message("%s\n", x->e.text);
	assert_int_equal(rc, 0);
}

static inline struct writer_stats world_stats_of(struct world *x)
{
	struct writer_stats s;

	writer_get_stats(x->w, &s);
	return s;
}

static inline size_t world_size(struct world *x, const char *name)
{
	struct stat st;

	return stat(world_path(x, name), &st) == 0 ? (size_t)st.st_size : SIZE_MAX;
}

static inline size_t world_read(struct world *x, const char *name, uint8_t *out, size_t size)
{
	int fd = open(world_path(x, name), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, out, size);
	assert_true(n >= 0 && (size_t)n < size);
	close(fd);
	return (size_t)n;
}

/* Opened by our own reader, which must find it whole in the end. */
static inline struct source *world_reread(struct world *x, const char *name)
{
	struct source *s = NULL;
	int fd = open(world_path(x, name), O_RDONLY | O_CLOEXEC);
	int rc;

	assert_true(fd >= 0);
	rc = reader_open(&s, fd, name, NULL, 0, &x->e);
	if (rc != 0)
		fail_msg("%s", x->e.text);
	return s;
}

/* How many whole frames the file has; fails if it is damaged or cut. */
static inline unsigned world_count(struct world *x, const char *name)
{
	struct source *s = world_reread(x, name);
	unsigned n = drain(s);

	if (!stats_of(s).complete)
		fail_msg("%s", stats_of(s).problem);
	s->free(s);
	return n;
}

static inline void assert_says(const struct world *x, const char *part)
{
	if (!strstr(x->e.text, part))
		fail_msg("\"%s\" does not say \"%s\"", x->e.text, part);
}

#endif
