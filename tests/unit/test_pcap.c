/* Classic pcap: every variant, and every place where a file can be cut.
 * links: source
 */
#include "capture_bytes.h"

static void test_byte_orders_and_clocks(void **state)
{
	static const struct {
		uint32_t magic;
		bool big, fine;
		int64_t ns;
	} each[] = {
		{0xa1b2c3d4, false, false, INT64_C(1500000000123456000)},
		{0xa1b2c3d4, true, false, INT64_C(1500000000123456000)},
		{0xa1b23c4d, false, true, INT64_C(1500000000000123456)},
		{0xa1b23c4d, true, true, INT64_C(1500000000000123456)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct bytes b = {.big = each[i].big};
		struct source_stats st;
		struct frame f[4];
		struct source *s;

		put_pcap_header(&b, each[i].magic, 4, 113);
		put_pcap_record(&b, 1500000000, 123456, 5, 60);
		put_data(&b, 7, 5);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(next_of(s, f, 4), 1);
		assert_int_equal(f[0].ts_ns, each[i].ns);
		assert_int_equal(f[0].caplen, 5);
		assert_int_equal(f[0].wirelen, 60);
		assert_int_equal(f[0].linktype, 113);
		assert_int_equal(f[0].data[0], 7);
		assert_int_equal(f[0].data[4], 11);
		assert_int_equal(f[0].flags, 0);
		assert_null(f[0].comment);
		assert_int_equal(next_of(s, f, 4), -ENODATA);
		assert_int_equal(next_of(s, f, 4), -ENODATA);
		st = stats_of(s);
		assert_string_equal(st.format, "pcap");
		assert_string_equal(st.name, "trace");
		assert_int_equal(st.frames, 1);
		assert_true(st.complete);
		assert_int_equal(st.fine, each[i].fine);
		assert_int_equal(st.bytes_read, b.n);
		assert_int_equal(st.bytes_total, b.n);
		assert_string_equal(st.problem, "");
		assert_null(s->interface(s, 0, 0));
		s->free(s);
	}
}

static void test_modified(void **state)
{
	struct bytes b = {0};
	struct frame f[4];
	struct source *s;

	(void)state;
	put_pcap_header(&b, 0xa1b2cd34, 4, 1);
	for (unsigned i = 0; i < 2; i++) {
		put_pcap_record(&b, 10 + i, 1, 3, 3);
		put32(&b, 2);           /* interface */
		put16(&b, 0x0800);      /* protocol */
		put8(&b, i == 0 ? 4 : 0); /* outgoing, then to us */
		put8(&b, 0);
		put_data(&b, 20 + i, 3);
	}
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 4), 2);
	assert_int_equal(f[0].data[0], 20);
	assert_int_equal(f[0].flags, FRAME_OUTGOING);
	assert_int_equal(f[1].data[0], 21);
	assert_int_equal(f[1].flags, 0);
	s->free(s);
}

/* Before 2.4 the lengths stood the other way round; 2.3 did either. */
static void test_old_versions(void **state)
{
	static const struct {
		unsigned minor;
		uint32_t first, second;
	} each[] = {{0, 60, 4}, {2, 60, 4}, {3, 60, 4}, {3, 4, 60}, {4, 4, 60}};

	(void)state;
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct bytes b = {0};
		struct frame f[1];
		struct source *s;

		put_pcap_header(&b, 0xa1b2c3d4, each[i].minor, 1);
		put_pcap_record(&b, 1, 1, each[i].first, each[i].second);
		put_data(&b, 0, 4);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(next_of(s, f, 1), 1);
		assert_int_equal(f[0].caplen, 4);
		assert_int_equal(f[0].wirelen, 60);
		s->free(s);
	}
}

static void test_link_types(void **state)
{
	static const struct {
		uint32_t network;
		uint16_t linktype;
	} each[] = {{12, 101}, {14, 101}, {101, 101}, {0x54000001, 1}, {0xf0000071, 113}, {65535, 65535}};
	struct bytes b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct frame f[1];
		struct source *s;

		b.n = 0;
		put_pcap_header(&b, 0xa1b2c3d4, 4, each[i].network);
		put_pcap_record(&b, 1, 1, 1, 1);
		put8(&b, 0);
		s = open_bytes(&b, b.n, 0);
		assert_int_equal(reader_linktype(s), each[i].linktype);
		assert_int_equal(next_of(s, f, 1), 1);
		assert_int_equal(f[0].linktype, each[i].linktype);
		s->free(s);
	}
	b.n = 0;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 0x00300000);
	assert_refused(&b, b.n, -EPROTO, "link type 3145728");
}

static void test_not_a_capture(void **state)
{
	struct bytes b = {0};

	(void)state;
	assert_refused(&b, 0, -EPROTO, "trace: not a capture file: it is empty");
	put8(&b, 0xd4);
	assert_refused(&b, 1, -EPROTO, "1 bytes long");
	put_text(&b, "hello");
	assert_refused(&b, b.n, -EPROTO, "not a capture file (it begins with d4 68 65 6c)");
	b.n = 0;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	for (size_t n = 4; n < b.n; n++)
		assert_refused(&b, n, -EPROTO, "within its header");
	b.n = 0;
	put_pcap_header(&b, 0xa1b2c3d4, 5, 1);
	assert_refused(&b, b.n, -EPROTO, "version 2.5");
	b.n = 0;
	put_text(&b, "BZh91AY&SY");
	assert_refused(&b, b.n, -EPROTO, "compressed in a way that is not read: bzcat FILE | sockeye -r -");
	b.n = 0;
	put32(&b, 0x587a37fd);
	assert_refused(&b, b.n, -EPROTO, "xzcat FILE");
	b.n = 0;
	put32(&b, 0x184d2204);
	assert_refused(&b, b.n, -EPROTO, "lz4cat FILE");
}

/* Where records should be there are zeros: stepped over once, not for ever. */
static void test_zeros(void **state)
{
	struct bytes b = {0};
	struct source *s;

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	put_pcap_record(&b, 1, 0, 0, 0);
	for (unsigned i = 0; i < 10; i++)
		put_pcap_record(&b, 0, 0, 0, 0);
	put_pcap_record(&b, 2, 0, 0, 0);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(drain(s), 2);
	assert_int_equal(stats_of(s).damaged, 1);
	assert_string_equal(stats_of(s).problem, "trace: zeros from byte 40 on (after packet 1) where a record should be: "
						 "stepped over, 64 KiB of them at most");
	s->free(s);
	while (b.n + 16 <= sizeof b.at)
		put_pcap_record(&b, 0, 0, 0, 0);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(drain(s), 2);
	assert_int_equal(stats_of(s).frames, 2);
	assert_false(stats_of(s).complete);
	s->free(s);
}

/* A clock that was set back is said, a little disorder is not. */
static void test_clock_steps(void **state)
{
	struct bytes b = {0};
	struct source *s;

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	put_pcap_record(&b, 5000, 5, 0, 0);
	put_pcap_record(&b, 4999, 6, 0, 0);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(drain(s), 2);
	assert_string_equal(stats_of(s).problem, "");
	s->free(s);
	put_pcap_record(&b, 1399, 0, 0, 0);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(drain(s), 3);
	assert_true(stats_of(s).complete);
	assert_string_equal(stats_of(s).problem, "trace: the clock steps back by 3600.000 s at packet 3: durations across it "
						 "are wrong");
	s->free(s);
}

/* A header alone is a whole capture of nothing; a packet may be empty, and may
 * say that the wire had less than was captured. */
static void test_borders(void **state)
{
	struct bytes b = {0};
	struct frame f[2];
	struct source *s;

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 2), -ENODATA);
	assert_true(stats_of(s).complete);
	s->free(s);
	put_pcap_record(&b, UINT32_MAX, 1500000, 0, 0);
	put_pcap_record(&b, 1, 0, 4, 2);
	put_data(&b, 0, 4);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(next_of(s, f, 2), 2);
	assert_int_equal(f[0].caplen, 0);
	/* A microsecond part past a second: its digits, within the second. */
	assert_int_equal(f[0].ts_ns, INT64_C(4294967295150000000));
	assert_int_equal(f[1].wirelen, 4);
	s->free(s);
}

static void put_three(struct bytes *b)
{
	put_pcap_header(b, 0xa1b2c3d4, 4, 1);
	for (unsigned i = 0; i < 3; i++) {
		put_pcap_record(b, 100 + i, 0, 10, 10);
		put_data(b, i, 10);
	}
}

static void test_every_cut(void **state)
{
	struct bytes b = {0};

	(void)state;
	put_three(&b);
	assert_int_equal(b.n, 24 + 3 * 26);
	for (size_t n = 24; n <= b.n; n++) {
		struct source *s = open_bytes(&b, n, n % 2 ? 64 : 0);
		struct source_stats st;
		bool whole = (n - 24) % 26 == 0;
		char where[32];

		assert_int_equal(drain(s), (n - 24) / 26);
		st = stats_of(s);
		assert_int_equal(st.complete, whole);
		assert_int_equal(st.damaged, !whole);
		(void)snprintf(where, sizeof where, "trace: cut at byte %zu:", n);
		if (whole)
			assert_string_equal(st.problem, "");
		else
			assert_memory_equal(st.problem, where, strlen(where));
		s->free(s);
	}
}

static void test_length_too_large(void **state)
{
	struct bytes b = {0};
	struct source_stats st;
	struct source *s;

	(void)state;
	put_three(&b);
	set32(&b, 24 + 26 + 8, FRAME_MAX + 1);
	s = open_bytes(&b, b.n, 0);
	assert_int_equal(drain(s), 1);
	st = stats_of(s);
	assert_int_equal(st.damaged, 1);
	assert_false(st.complete);
	assert_string_equal(st.problem, "trace: the record at byte 50 (packet 2) says 262145 bytes captured, "
					"more than 262144: the file was cut or damaged");
	s->free(s);
}

/* The largest frame, more than the buffer, between small ones. */
static void test_largest(void **state)
{
	size_t n = 24 + 16 + FRAME_MAX + 16 + 1;
	uint8_t *file = malloc(n);
	struct bytes b = {0};
	struct frame f[4];
	struct error e;
	struct source *s;
	int fd;

	(void)state;
	assert_non_null(file);
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	put_pcap_record(&b, 1, 0, FRAME_MAX, FRAME_MAX + 9);
	memcpy(file, b.at, b.n);
	for (size_t i = 0; i < FRAME_MAX; i++)
		file[40 + i] = (uint8_t)(i % 251);
	b.n = 0;
	put_pcap_record(&b, 2, 0, 1, 1);
	put8(&b, 77);
	memcpy(file + 40 + FRAME_MAX, b.at, b.n);
	fd = memory_file(file, n);
	assert_int_equal(reader_open(&s, fd, "trace", NULL, NULL, &e), 0);
	assert_int_equal(next_of(s, f, 4), 2);
	assert_int_equal(f[0].caplen, FRAME_MAX);
	assert_memory_equal(f[0].data, file + 40, FRAME_MAX);
	assert_int_equal(f[1].data[0], 77);
	assert_int_equal(next_of(s, f, 4), -ENODATA);
	s->free(s);
	free(file);
}

/* Frames of one batch stand until the next call, whatever the buffer's size. */
static void test_batch_stays(void **state)
{
	struct bytes b = {0};
	struct frame f[SOURCE_BATCH];

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	for (unsigned i = 0; i < 500; i++) {
		put_pcap_record(&b, i, 0, 1 + i % 90, 90);
		put_data(&b, i, 1 + i % 90);
	}
	for (size_t buffer = 64; buffer < 5000; buffer = buffer * 3 / 2) {
		struct source *s = open_bytes(&b, b.n, buffer);
		unsigned seen = 0;
		int n;

		while ((n = next_of(s, f, SOURCE_BATCH)) > 0) {
			for (int i = 0; i < n; i++, seen++) {
				assert_int_equal(f[i].ts_ns, seen * INT64_C(1000000000));
				assert_int_equal(f[i].caplen, 1 + seen % 90);
				for (unsigned k = 0; k < f[i].caplen; k++)
					assert_int_equal(f[i].data[k], (seen + k) & 255);
			}
		}
		assert_int_equal(n, -ENODATA);
		assert_int_equal(seen, 500);
		s->free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_orders_and_clocks),
		cmocka_unit_test(test_modified),
		cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_not_a_capture),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_clock_steps),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_length_too_large),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_batch_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
