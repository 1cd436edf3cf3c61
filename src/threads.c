/* Whether there are further threads, for files.
 *
 * Without --threads: for more than 64 MB where two cores may be used, because starting
 * costs a little and small files are read before it has paid. Not for what may be waited
 * for (pipes, --follow), and not where packets themselves are shown or written.
 */
#include "threads.h"

#include "sockeye/thread.h"

enum {
	THREADS_BYTES = 64 << 20,
	THREADS_PACKED = 4, /* so many times a compressed file's size is what it will be, about */
	THREADS_INFLATE = 4 << 20,
};

size_t threads_inflate(const struct options *o)
{
	if (o->threads == 0)
		return thread_cores() ? THREADS_INFLATE : 0;
	return o->threads == 2;
}

static bool threads_pay(struct source *s)
{
	struct source_stats stats;
	uint64_t bytes = 0;

	for (unsigned i = 0; s->stats(s, i, &stats); i++)
		bytes += stats.bytes_total * (stats.compression ? THREADS_PACKED : 1);
	return bytes > THREADS_BYTES && thread_cores();
}

int threads_open(struct source **s, struct engine *engine, const struct options *o, struct error *e)
{
	int r;

	if (o->threads == 1 || o->view == OPTIONS_PACKETS || o->write || (*s)->fd >= 0 || (*s)->live || !(*s)->lend)
		return 0;
	if (o->threads == 0 && !threads_pay(*s))
		return 0;
	r = pipeline_open(s, *s, engine, o->count, e);
	return o->threads == 0 ? 0 : r; /* nobody asked for it: one thread does as well */
}
