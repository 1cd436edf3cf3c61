/* Compressed input: streams made by hand (stored and raw blocks, so that no
 * library is needed to write them), whole, in pieces, cut at every byte, damaged.
 * Where a library was left out, the sentence that says so.
 * links: source base
 */
#include "capture_bytes.h"

enum { FRAMES = 20 };

static struct bytes plain;

static uint32_t crc_of(const uint8_t *p, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (unsigned k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

/* A gzip member with one stored block. */
static void put_gzip(struct bytes *b, const uint8_t *p, size_t n)
{
	static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1};

	for (size_t i = 0; i < sizeof head; i++)
		put8(b, head[i]);
	put16(b, (unsigned)n);
	put16(b, ~(unsigned)n & 0xffff);
	for (size_t i = 0; i < n; i++)
		put8(b, p[i]);
	put32(b, crc_of(p, n));
	put32(b, (uint32_t)n);
}

/* A zstd frame with one raw block; window: 2^(10 + window). */
static void put_zstd(struct bytes *b, const uint8_t *p, size_t n, unsigned window)
{
	put32(b, 0xfd2fb528);
	put8(b, 0);
	put8(b, window << 3);
	put8(b, (1 | (unsigned)n << 3) & 255);
	put16(b, (unsigned)(n >> 5));
	for (size_t i = 0; i < n; i++)
		put8(b, p[i]);
}

static void put_skippable(struct bytes *b)
{
	put32(b, 0x184d2a57);
	put32(b, 5);
	put_text(b, "hello");
}

/* The plain file in parts of n bytes. */
static void put_parts(struct bytes *b, enum inflate_kind kind, size_t n)
{
	for (size_t at = 0; at < plain.n; at += n) {
		size_t part = plain.n - at < n ? plain.n - at : n;

		if (kind == INFLATE_GZIP)
			put_gzip(b, plain.at + at, part);
		else
			put_zstd(b, plain.at + at, part, 8);
	}
}

static bool there(enum inflate_kind kind)
{
	struct bytes b = {0};

	if (inflate_library(kind))
		return true;
	put_parts(&b, kind, plain.n);
	assert_refused(&b, b.n, -EPROTO,
		       kind == INFLATE_GZIP ? "built without zlib (Debian: zlib1g-dev): zcat FILE | sockeye -r -"
					    : "built without libzstd (Debian: libzstd-dev): zstdcat FILE | sockeye -r -");
	return false;
}

static int make_plain(void **state)
{
	(void)state;
	put_pcap_header(&plain, 0xa1b2c3d4, 4, 1);
	for (unsigned i = 0; i < FRAMES; i++) {
		put_pcap_record(&plain, 100 + i, 0, 10 + i, 50);
		put_data(&plain, i, 10 + i);
	}
	return 0;
}

static void assert_whole(const struct bytes *b, size_t buffer)
{
	struct source *s = open_bytes(b, b->n, buffer);
	struct source_stats st;

	assert_int_equal(drain(s), FRAMES);
	st = stats_of(s);
	assert_string_equal(st.problem, "");
	assert_true(st.complete);
	assert_int_equal(st.bytes, plain.n);
	assert_int_equal(st.bytes_read, b->n);
	assert_int_equal(st.bytes_total, b->n);
	assert_true(st.held > 0);
	s->free(s);
}

static void test_whole(void **state)
{
	(void)state;
	for (enum inflate_kind kind = INFLATE_GZIP; kind <= INFLATE_ZSTD; kind++) {
		if (!there(kind))
			continue;
		for (size_t part = 1; part <= plain.n; part = part * 3 + 1) {
			struct bytes b = {0};

			put_parts(&b, kind, part);
			for (size_t buffer = 64; buffer <= 4096; buffer *= 8)
				assert_whole(&b, buffer);
		}
	}
}

/* Empty members, zeros behind gzip, skippable frames before, between and behind. */
static void test_between(void **state)
{
	struct bytes b = {0};

	(void)state;
	if (there(INFLATE_GZIP)) {
		put_gzip(&b, plain.at, 0);
		put_parts(&b, INFLATE_GZIP, 100);
		put_gzip(&b, plain.at, 0);
		for (unsigned i = 0; i < 700; i++)
			put8(&b, 0);
		assert_whole(&b, 64);
	}
	b.n = 0;
	if (there(INFLATE_ZSTD)) {
		put_skippable(&b);
		put_zstd(&b, plain.at, 40, 0);
		put_skippable(&b);
		put_skippable(&b);
		put_zstd(&b, plain.at, 0, 0);
		put_zstd(&b, plain.at + 40, plain.n - 40, 0);
		put_skippable(&b);
		assert_whole(&b, 64);
	}
}

/* Every length: nothing is called whole that is not, the position is said. */
static void test_every_cut(void **state)
{
	(void)state;
	for (enum inflate_kind kind = INFLATE_GZIP; kind <= INFLATE_ZSTD; kind++) {
		struct bytes b = {0};
		unsigned before = 0, whole = 0;

		if (!there(kind))
			continue;
		put_parts(&b, kind, 200);
		for (size_t n = 4; n < b.n; n++) {
			struct reader_options o = {.buffer = 128};
			struct error e = {""};
			struct source *s;
			struct source_stats st;
			char at[64];
			unsigned frames;

			if (reader_open(&s, memory_file(b.at, n), "trace", NULL, &o, &e) < 0) {
				assert_non_null(strstr(e.text, "not a whole capture file: "));
				continue;
			}
			frames = drain(s);
			assert_true(frames >= before && frames <= FRAMES);
			before = frames;
			st = stats_of(s);
			whole += st.complete;
			(void)snprintf(at, sizeof at, "cut at byte %zu of the compressed file, ", n);
			if (!st.complete && !strstr(st.problem, "uncompressed: cut at byte ") && !strstr(st.problem, at))
				fail_msg("%zu bytes: %s", n, st.problem);
			s->free(s);
		}
		/* Between two members, between two records: whole as far as anybody can tell. */
		assert_true(before >= FRAMES - 1);
		assert_true(whole <= b.n / 200);
	}
}

static void assert_broken(const struct bytes *b, unsigned frames, const char *words)
{
	struct source *s = open_bytes(b, b->n, 0);

	assert_int_equal(drain(s), frames);
	assert_false(stats_of(s).complete);
	assert_int_equal(stats_of(s).damaged, 1);
	assert_string_equal(stats_of(s).problem, words);
	s->free(s);
}

static void test_damaged(void **state)
{
	struct bytes b = {0};
	char words[200];

	(void)state;
	if (there(INFLATE_GZIP)) {
		put_parts(&b, INFLATE_GZIP, plain.n);
		b.at[b.n - 8] ^= 1;
		(void)snprintf(words, sizeof words, "trace: the checksum at byte %zu of the compressed file is wrong: what was "
			       "read may be damaged, after packet 20", b.n - 4);
		assert_broken(&b, FRAMES, words);
		b.at[b.n - 8] ^= 1;
		(void)snprintf(words, sizeof words, "trace: what follows byte %zu of the compressed file is no gzip and is not "
			       "read, after packet 20", b.n);
		put_text(&b, "garbage");
		assert_broken(&b, FRAMES, words);
		b.n = 0;
		put_gzip(&b, plain.at, 100);
		(void)snprintf(words, sizeof words, "trace: damaged at byte %zu of the compressed file (gzip: invalid block "
			       "type), in packet 3", b.n + 11);
		put_gzip(&b, plain.at + 100, 100);
		b.at[100 + 15 + 8 + 10] = 7;
		assert_broken(&b, 2, words);
		b.n = 0;
		put_gzip(&b, b.at, 0);
		put_gzip(&b, b.at, 0);
		assert_refused(&b, b.n, -EPROTO, "trace, uncompressed: not a capture file: it is empty");
		b.n = 0;
		put_gzip(&b, (const uint8_t *)"\x1f\x8b\x08\x00", 4);
		assert_refused(&b, b.n, -EPROTO, "compressed twice: zcat FILE");
	}
	b.n = 0;
	if (there(INFLATE_ZSTD)) {
		put_parts(&b, INFLATE_ZSTD, plain.n);
		(void)snprintf(words, sizeof words, "trace: what follows byte %zu of the compressed file is no zstd and is not "
			       "read, after packet 20", b.n);
		put_text(&b, "garbage");
		assert_broken(&b, FRAMES, words);
		b.n = 0;
		put_zstd(&b, plain.at, plain.n, 18);
		assert_refused(&b, b.n, -EPROTO, "trace: needs a window of more than 128 MiB to decompress: zstdcat");
	}
}

/* Blocks before a damaged one are given, whatever the room. */
static void test_blocks_before(void **state)
{
	static const size_t buffers[] = {64, 97, 300, 131072};
	struct bytes b = {0};
	char words[200];

	(void)state;
	if (!there(INFLATE_ZSTD))
		return;
	put_zstd(&b, plain.at, 300, 0);
	b.at[6] &= 0xfe; /* not the last block */
	(void)snprintf(words, sizeof words, "trace: damaged at byte %zu of the compressed file (zstd: Data corruption "
		       "detected), in packet 10", b.n);
	put8(&b, 7); /* the block type that is reserved */
	put16(&b, 0);
	for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
		struct source *s = open_bytes(&b, b.n, buffers[i]);

		assert_int_equal(drain(s), 9);
		assert_string_equal(stats_of(s).problem, words);
		s->free(s);
	}
}

/* A window beyond what was allowed is refused with what helps. */
static void test_window(void **state)
{
	struct reader_options o = {.window = 3 << 20};
	struct bytes b = {0};
	struct error e = {""};
	struct source *s = NULL;

	(void)state;
	if (!there(INFLATE_ZSTD))
		return;
	put_zstd(&b, plain.at, plain.n, 12); /* 4 MiB */
	assert_int_equal(reader_open(&s, memory_file(b.at, b.n), "trace", NULL, &o, &e), -EPROTO);
	assert_non_null(strstr(e.text, "needs a window of more than 2 MiB to decompress: raise --memory, or zstdcat"));
	o.window = 4 << 20;
	assert_int_equal(reader_open(&s, memory_file(b.at, b.n), "trace", NULL, &o, &e), 0);
	assert_int_equal(drain(s), FRAMES);
	s->free(s);
}

/* Damage of the capture itself: the position is one of the uncompressed bytes, and says so. */
static void test_positions(void **state)
{
	struct bytes b = {0};

	(void)state;
	if (!there(INFLATE_GZIP))
		return;
	put_gzip(&b, plain.at, 60);
	assert_broken(&b, 1, "trace, uncompressed: cut at byte 60: 10 bytes of the record header of packet 2 are there, 6 are "
			     "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),   cmocka_unit_test(test_between), cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_blocks_before), cmocka_unit_test(test_window),
		cmocka_unit_test(test_positions),
	};

	return cmocka_run_group_tests(tests, make_plain, NULL);
}
