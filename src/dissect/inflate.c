/* Deflate of single packets: zlib does the work, this file keeps it within
 * bounds. zlib's state is made once; a packet makes 64 KiB at most, a batch 64
 * of them. Without zlib the packet says so and ends at its IPComp header. */
#include "inflate.h"

#include <errno.h>
#include <stdlib.h>

#include "sockeye/memory.h"

#if SOCKEYE_ZLIB
#include <zlib.h>

enum { INFLATE_MAX = 65536, INFLATE_BATCH = 64 };

struct inflater {
	z_stream stream;
	void *arena;
	size_t used;
};

int inflater_open(struct inflater **out, struct error *e)
{
	struct inflater *i = calloc(1, sizeof *i);
	int r;

	*out = NULL;
	if (!i)
		return error_set(e, ENOMEM, "dissectors: out of memory");
	r = memory_reserve(&i->arena, (size_t)INFLATE_MAX * INFLATE_BATCH, "decompressed packets", e);
	if (r < 0) {
		free(i);
		return r;
	}
	if (inflateInit2(&i->stream, -15) != Z_OK) { /* RFC 2394: no zlib header */
		memory_release(i->arena, (size_t)INFLATE_MAX * INFLATE_BATCH);
		free(i);
		return error_set(e, ENOMEM, "dissectors: zlib: out of memory");
	}
	*out = i;
	return 0;
}

void inflater_free(struct inflater *i)
{
	if (!i)
		return;
	(void)inflateEnd(&i->stream);
	memory_release(i->arena, (size_t)INFLATE_MAX * INFLATE_BATCH);
	free(i);
}

void inflater_batch(struct inflater *i)
{
	i->used = 0;
}

const uint8_t *inflater_run(struct inflater *i, const struct cursor *c, uint32_t *len, const char **words)
{
	size_t room = (size_t)INFLATE_MAX * INFLATE_BATCH - i->used;
	uint8_t *out = (uint8_t *)i->arena + i->used, *in;
	int r;

	if (cursor_left(c) < cursor_wire_left(c)) {
		*words = "compressed, and cut by the capture";
		return NULL;
	}
	if (room < INFLATE_MAX) {
		*words = "compressed, and no room left in this batch";
		return NULL;
	}
	/* zlib's next_in is not const in old versions; it does not write there. */
	memcpy(&in, &c->pos, sizeof in);
	(void)inflateReset(&i->stream);
	i->stream.next_in = in;
	i->stream.avail_in = (uInt)cursor_left(c);
	i->stream.next_out = out;
	i->stream.avail_out = INFLATE_MAX;
	r = inflate(&i->stream, Z_FINISH);
	*len = INFLATE_MAX - i->stream.avail_out;
	if (r != Z_STREAM_END || *len == 0) {
		*words = "compressed, but not by deflate";
		return NULL;
	}
	i->used += *len;
	return out;
}

const char *dissect_zlib(void)
{
	return zlibVersion();
}

#else

const char *dissect_zlib(void)
{
	return NULL;
}

int inflater_open(struct inflater **out, struct error *e)
{
	(void)e;
	*out = NULL;
	return 0;
}

void inflater_free(struct inflater *i)
{
	(void)i;
}

void inflater_batch(struct inflater *i)
{
	(void)i;
}

const uint8_t *inflater_run(struct inflater *i, const struct cursor *c, uint32_t *len, const char **words)
{
	(void)i;
	(void)c;
	(void)len;
	*words = "compressed, and this program was built without zlib";
	return NULL;
}

#endif
