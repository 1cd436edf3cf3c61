/* pcapng: every block that is read, the clocks, damage, and every cut.
 * links: source
 */
#include "capture_bytes.h"

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, OBSOLETE = 2, SIMPLE = 3, NAMES = 4, STATISTICS = 5, ENHANCED = 6 };

static size_t begin(struct bytes *b, uint32_t type)
{
	put32(b, type);
	put32(b, 0);
	return b->n - 8;
}

static void end(struct bytes *b, size_t at)
{
	while (b->n % 4 != 0)
		put8(b, 0);
	put32(b, (uint32_t)(b->n + 4 - at));
	set32(b, at + 4, (uint32_t)(b->n - at));
}

static void put_option(struct bytes *b, unsigned code, const void *value, unsigned n)
{
	put16(b, code);
	put16(b, n);
	for (unsigned i = 0; i < n; i++)
		put8(b, ((const uint8_t *)value)[i]);
	while (b->n % 4 != 0)
		put8(b, 0);
}

static void put_section_version(struct bytes *b, unsigned major, unsigned minor)
{
	size_t at = begin(b, SECTION);

	put32(b, 0x1a2b3c4d);
	put16(b, major);
	put16(b, minor);
	put32(b, UINT32_MAX);
	put32(b, UINT32_MAX);
	end(b, at);
}

static void put_section(struct bytes *b)
{
	put_section_version(b, 1, 0);
}

static void put_interface(struct bytes *b, unsigned linktype, uint32_t snaplen, const char *name)
{
	size_t at = begin(b, INTERFACE);

	put16(b, linktype);
	put16(b, 0);
	put32(b, snaplen);
	if (name)
		put_option(b, 2, name, (unsigned)strlen(name));
	end(b, at);
}

/* An interface with a resolution and an offset of its clock. */
static void put_clock(struct bytes *b, unsigned resolution, int64_t offset)
{
	size_t at = begin(b, INTERFACE);
	uint8_t r = (uint8_t)resolution;

	put16(b, 1);
	put16(b, 0);
	put32(b, 0);
	put_option(b, 9, &r, 1);
	put16(b, 14);
	put16(b, 8);
	put32(b, b->big ? (uint32_t)((uint64_t)offset >> 32) : (uint32_t)offset);
	put32(b, b->big ? (uint32_t)offset : (uint32_t)((uint64_t)offset >> 32));
	put_option(b, 0, "", 0);
	end(b, at);
}

static size_t begin_packet(struct bytes *b, uint32_t interface, uint64_t units, unsigned first, unsigned n)
{
	size_t at = begin(b, ENHANCED);

	put32(b, interface);
	put32(b, (uint32_t)(units >> 32));
	put32(b, (uint32_t)units);
	put32(b, n);
	put32(b, n + 100);
	put_data(b, first, n);
	while (b->n % 4 != 0)
		put8(b, 0);
	return at;
}

static void put_packet(struct bytes *b, uint32_t interface, uint64_t units, unsigned first, unsigned n)
{
	end(b, begin_packet(b, interface, units, first, n));
}

static void put_simple(struct bytes *b, uint32_t wire, unsigned captured)
{
	size_t at = begin(b, SIMPLE);

	put32(b, wire);
	put_data(b, 1, captured);
	end(b, at);
}

static void test_packet_blocks(void **state)
{
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		struct bytes b = {.big = big};
		struct frame f[8];
		struct source *s;
		size_t at;

		put_section(&b);
		put_interface(&b, 113, 6, "eth0");
		put_packet(&b, 0, UINT64_C(1500000000123456), 9, 5);
		put_simple(&b, 40, 6);
		at = begin(&b, OBSOLETE);
		put16(&b, 0);
		put16(&b, 3); /* drops */
		put32(&b, (uint32_t)(UINT64_C(1500000001000000) >> 32));
		put32(&b, (uint32_t)UINT64_C(1500000001000000));
		put32(&b, 2);
		put32(&b, 2);
		put_data(&b, 50, 2);
		end(&b, at);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(next_of(s, f, 8), 3);
		assert_int_equal(f[0].ts_ns, INT64_C(1500000000123456000));
		assert_int_equal(f[0].caplen, 5);
		assert_int_equal(f[0].wirelen, 105);
		assert_int_equal(f[0].linktype, 113);
		assert_int_equal(f[0].data[0], 9);
		assert_int_equal(f[0].flags, 0);
		assert_int_equal(f[1].caplen, 6); /* the snap length says so */
		assert_int_equal(f[1].wirelen, 40);
		assert_int_equal(f[1].flags, FRAME_NO_TIME);
		assert_int_equal(f[1].ts_ns, f[0].ts_ns);
		assert_int_equal(f[2].ts_ns, INT64_C(1500000001000000000));
		assert_int_equal(f[2].data[0], 50);
		assert_int_equal(f[2].flags, FRAME_LOSING);
		assert_int_equal(next_of(s, f, 8), -ENODATA);
		assert_true(stats_of(s).complete);
		assert_int_equal(stats_of(s).drops, 3);
		assert_string_equal(s->interface(s, 0, 0), "eth0");
		assert_null(s->interface(s, 0, 1));
		assert_null(s->interface(s, 1, 0));
		assert_string_equal(stats_of(s).format, "pcapng");
		s->free(s);
	}
}

static void test_clocks(void **state)
{
	static const struct {
		unsigned resolution;
		int64_t offset;
		uint64_t units;
		int64_t ns;
		bool fine;
	} each[] = {
		{6, 0, 1500000000123456, INT64_C(1500000000123456000), false},
		{9, 0, UINT64_C(1500000000123456789), INT64_C(1500000000123456789), true},
		{0, 0, 1500000000, INT64_C(1500000000000000000), false},
		{3, 0, 1500000000123, INT64_C(1500000000123000000), false},
		{12, 0, UINT64_C(1500000123456789012), INT64_C(1500000123456789), true},
		{19, 0, UINT64_C(15000000000000000000), INT64_C(1500000000), true},
		{20, 0, UINT64_C(15000000000000000000), INT64_C(150000000), true},
		{127, 0, UINT64_MAX, 0, true},
		{128 | 0, 0, 1500000000, INT64_C(1500000000000000000), false},
		{128 | 10, 0, 1500000000 * UINT64_C(1024) + 512, INT64_C(1500000000500000000), false},
		{128 | 32, 0, (UINT64_C(1500000000) << 32) + (1u << 30), INT64_C(1500000000250000000), true},
		{128 | 63, 0, (UINT64_C(1) << 63) + (UINT64_C(1) << 62), INT64_C(1500000000), true},
		{128 | 64, 0, UINT64_C(1) << 63, INT64_C(500000000), true},
		{255, 0, UINT64_MAX, 0, true},
		{6, 1000, 500000, INT64_C(1000500000000), false},
		{6, -1000, 500000, INT64_C(-999500000000), false},
		{6, INT64_MAX, UINT64_MAX, INT64_C(4600000000000000000), false},
		{6, INT64_MIN, 0, INT64_C(-4600000000000000000), false},
		{0, 0, UINT64_MAX, INT64_C(4600000000000000000), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct bytes b = {.big = i & 1};
		struct frame f[2];
		struct source *s;

		put_section(&b);
		put_clock(&b, each[i].resolution, each[i].offset);
		put_packet(&b, 0, each[i].units, 0, 4);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(next_of(s, f, 2), 1);
		if (f[0].ts_ns != each[i].ns)
			fail_msg("clock %zu: %lld, not %lld", i, (long long)f[0].ts_ns, (long long)each[i].ns);
		assert_int_equal(stats_of(s).fine, each[i].fine);
		assert_int_equal(stats_of(s).damaged, 0);
		s->free(s);
	}
}

/* Sections of both byte orders; eth0 of the second is the eth0 of the first,
 * the unnamed twins of one section stay two. */
static void test_sections_and_interfaces(void **state)
{
	static const unsigned interface[] = {0, 1, 2, 0, 3, 1, 2};
	static const unsigned linktype[] = {1, 101, 101, 1, 113, 101, 101};
	struct bytes b = {0};
	struct frame f[8];
	struct source *s;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, "eth0");
	put_interface(&b, 101, 0, NULL);
	put_interface(&b, 101, 0, NULL);
	put_packet(&b, 0, 1, 0, 4);
	put_packet(&b, 1, 2, 0, 4);
	put_packet(&b, 2, 3, 0, 4);
	b.big = true;
	put_section_version(&b, 1, 2);
	put_interface(&b, 1, 0, "eth0");
	put_interface(&b, 113, 0, "any");
	put_interface(&b, 101, 0, NULL);
	put_interface(&b, 101, 0, NULL);
	for (uint32_t i = 0; i < 4; i++)
		put_packet(&b, i, 4 + i, 0, 4);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 8), 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(f[i].ts_ns, (i + 1) * 1000);
		assert_int_equal(f[i].interface, interface[i]);
		assert_int_equal(f[i].linktype, linktype[i]);
	}
	assert_string_equal(s->interface(s, 0, 3), "any");
	assert_null(s->interface(s, 0, 1));
	assert_int_equal(drain(s), 0);
	assert_true(stats_of(s).complete);
	s->free(s);
}

static void test_options(void **state)
{
	static const uint8_t in[4] = {1, 0, 0, 0}, out[4] = {2, 0, 0, 0}, lost[8] = {7};
	struct bytes b = {0};
	struct frame f[8];
	struct source *s;
	size_t at;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, NULL);
	at = begin_packet(&b, 0, 1, 0, 3);
	put_option(&b, 1, "hello", 5);
	put_option(&b, 2, in, 4);
	put_option(&b, 1, "four", 4);
	put_option(&b, 1, "", 0);
	put_option(&b, 0, "", 0);
	end(&b, at);
	at = begin_packet(&b, 0, 2, 0, 4);
	put_option(&b, 2, out, 4);
	put_option(&b, 4, lost, 8);
	put_option(&b, 1, "last", 4); /* nothing behind it but the length */
	end(&b, at);
	put_packet(&b, 0, 3, 0, 4);
	at = begin(&b, STATISTICS);
	put32(&b, 0);
	put32(&b, 0);
	put32(&b, 0);
	put_option(&b, 5, (const uint8_t[8]){5}, 8);
	put_option(&b, 7, (const uint8_t[8]){4}, 8);
	end(&b, at);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 8), 3);
	assert_string_equal(f[0].comment, "hello; four; ");
	assert_int_equal(f[0].flags, FRAME_INCOMING);
	assert_string_equal(f[1].comment, "last");
	assert_int_equal(f[1].flags, FRAME_OUTGOING | FRAME_LOSING);
	assert_null(f[2].comment);
	assert_int_equal(f[2].data[3], 3);
	assert_int_equal(drain(s), 0);
	assert_true(stats_of(s).drops_known);
	assert_int_equal(stats_of(s).drops, 9); /* the total said, more than the 7 seen */
	assert_true(stats_of(s).complete);
	s->free(s);
}

/* Blocks that are stepped over, small and larger than any buffer. */
static void test_other_blocks(void **state)
{
	static const uint32_t types[] = {NAMES, 7, 9, 10, 0xbad, 0x40000bad, 0x80000001, 0};
	struct bytes b = {0};
	struct source *s;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, NULL);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t at = begin(&b, types[i]);

		put_data(&b, 0, (unsigned)i * 1000);
		end(&b, at);
		put_packet(&b, 0, i, 0, 4);
	}
	for (size_t buffer = 64; buffer < 10000; buffer *= 3) {
		s = open_bytes(&b, b.n, buffer);
		assert_int_equal(drain(s), sizeof types / sizeof types[0]);
		assert_true(stats_of(s).complete);
		s->free(s);
	}
}

/* What is damaged but has a length is stepped over; the rest is read. */
static void test_damage_goes_on(void **state)
{
	static const char *const words[] = {
		"the block at byte 48 (packet 1) belongs to interface 9, of which nothing is known",
		"the block at byte 48 (packet 1) says 500 bytes captured, more than it has",
		"the block at byte 48 (packet 1) says 4294967295 bytes captured, more than it has",
		"the block at byte 48 (after packet 0) says 36 bytes before and 40 behind it",
		"an option of the packet at byte 48 (after packet 0) is longer than its block",
	};
	static const unsigned frames[] = {1, 1, 1, 1, 2};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct bytes b = {0};
		struct source_stats st;
		struct source *s;
		size_t at;

		put_section(&b);
		put_interface(&b, 1, 0, NULL);
		at = b.n;
		put_packet(&b, i == 0 ? 9 : 0, 1, 0, 4);
		if (i == 1 || i == 2)
			set32(&b, at + 20, i == 1 ? 500 : UINT32_MAX);
		if (i == 3)
			set32(&b, b.n - 4, 40);
		if (i == 4) {
			b.n = at;
			at = begin_packet(&b, 0, 1, 0, 4);
			put16(&b, 1);
			put16(&b, 100);
			end(&b, at);
		}
		put_packet(&b, 0, 2, 0, 4);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(drain(s), frames[i]);
		st = stats_of(s);
		assert_int_equal(st.damaged, 1);
		assert_false(st.complete);
		if (!strstr(st.problem, words[i]))
			fail_msg("\"%s\" does not say \"%s\"", st.problem, words[i]);
		s->free(s);
	}
}

/* A description that is damaged keeps its number: the next interface is 1. */
static void test_lost_interface(void **state)
{
	struct bytes b = {0};
	struct frame f[4];
	struct source *s;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, NULL);
	set32(&b, b.n - 4, 99);
	put_interface(&b, 113, 0, NULL);
	put_packet(&b, 0, 1, 0, 4);
	put_packet(&b, 1, 2, 0, 4);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 4), 1);
	assert_int_equal(f[0].ts_ns, 2000);
	assert_int_equal(f[0].linktype, 113);
	assert_int_equal(drain(s), 0);
	assert_int_equal(stats_of(s).damaged, 2);
	s->free(s);
}

static void test_unknown_version(void **state)
{
	struct bytes b = {0};
	struct source *s;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, NULL);
	put_packet(&b, 0, 1, 0, 4);
	put_section_version(&b, 2, 0);
	put_interface(&b, 1, 0, NULL);
	put_packet(&b, 0, 2, 0, 4);
	put_section(&b);
	put_interface(&b, 1, 0, NULL);
	put_packet(&b, 0, 3, 0, 4);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(drain(s), 2);
	assert_int_equal(stats_of(s).damaged, 1);
	assert_non_null(strstr(stats_of(s).problem, "of version 2.0, which is not known"));
	s->free(s);
	b.n = 0;
	put_section_version(&b, 3, 1);
	assert_refused(&b, b.n, -EPROTO, "version 3.1 of the pcapng format is not known");
	b.n = 8;
	put32(&b, 0x11111111);
	put_data(&b, 0, 100);
	assert_refused(&b, b.n, -EPROTO, "byte-order magic");
}

static void test_lengths_that_end_it(void **state)
{
	static const uint32_t lengths[] = {0, 3, 8, 11, 33, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct bytes b = {0};
		struct source *s;
		size_t at;

		put_section(&b);
		put_interface(&b, 1, 0, NULL);
		put_packet(&b, 0, 1, 0, 4);
		at = b.n;
		put_packet(&b, 0, 2, 0, 4);
		set32(&b, at + 4, lengths[i]);
		put_packet(&b, 0, 3, 0, 4);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(drain(s), 1);
		assert_int_equal(stats_of(s).damaged, 1);
		assert_non_null(strstr(stats_of(s).problem, "trace: the block at byte 84 (after packet 1) has a length"));
		s->free(s);
	}
}

/* More interfaces than are kept: their packets count as damage, nothing else. */
static void test_interface_flood(void **state)
{
	struct bytes b = {0};
	struct frame f[2];
	struct source *s;

	(void)state;
	put_section(&b);
	for (unsigned i = 0; i < PCAPNG_SECTION_INTERFACES + 10; i++)
		put_interface(&b, 1, 0, NULL);
	put_packet(&b, PCAPNG_SECTION_INTERFACES - 1, 1, 0, 4);
	put_packet(&b, PCAPNG_SECTION_INTERFACES, 2, 0, 4);
	put_packet(&b, UINT32_MAX, 3, 0, 4);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 2), 1);
	assert_int_equal(f[0].interface, PCAPNG_SECTION_INTERFACES - 1);
	assert_int_equal(drain(s), 0);
	assert_int_equal(stats_of(s).damaged, 12);
	s->free(s);
}

static void test_every_cut(void **state)
{
	struct bytes b = {0};
	size_t whole[16];
	unsigned wholes = 0;

	(void)state;
	put_section(&b);
	whole[wholes++] = b.n;
	put_interface(&b, 1, 0, "eth0");
	whole[wholes++] = b.n;
	for (unsigned i = 0; i < 3; i++) {
		size_t at = begin(&b, NAMES);

		put_data(&b, 0, 40);
		end(&b, at);
		whole[wholes++] = b.n;
		put_packet(&b, 0, i, 0, 10);
		whole[wholes++] = b.n;
	}
	for (size_t n = 28; n <= b.n; n++) {
		struct source *s = open_bytes(&b, n, n % 2 ? 64 : 0);
		struct source_stats st;
		unsigned frames = 0;
		bool at_end = false;

		for (unsigned i = 0; i < wholes; i++) {
			at_end |= whole[i] == n;
			frames += i >= 3 && i % 2 == 1 && whole[i] <= n;
		}
		assert_int_equal(drain(s), frames);
		st = stats_of(s);
		assert_int_equal(st.complete, at_end);
		assert_int_equal(st.damaged, !at_end);
		assert_int_equal(strstr(st.problem, "trace: the block at byte ") != NULL, !at_end);
		s->free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_blocks),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_sections_and_interfaces),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_other_blocks),
		cmocka_unit_test(test_damage_goes_on),
		cmocka_unit_test(test_lost_interface),
		cmocka_unit_test(test_unknown_version),
		cmocka_unit_test(test_lengths_that_end_it),
		cmocka_unit_test(test_interface_flood),
		cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
