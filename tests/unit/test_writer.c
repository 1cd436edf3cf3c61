/* The writer's formats, byte by byte against what the format says, and read back.
 * links: source
 */
#include "writing_world.h"

/* Expected bytes are put in the machine's order, as the writer does. */
static struct bytes native(void)
{
	const uint16_t one = 1;
	uint8_t first;

	memcpy(&first, &one, 1);
	return (struct bytes){.big = first == 0};
}

static size_t begin(struct bytes *b, uint32_t type)
{
	put32(b, type);
	put32(b, 0);
	return b->n - 8;
}

static void end(struct bytes *b, size_t at)
{
	put32(b, (uint32_t)(b->n + 4 - at));
	set32(b, at + 4, (uint32_t)(b->n - at));
}

static void pad(struct bytes *b)
{
	while (b->n % 4 != 0)
		put8(b, 0);
}

static void put_option(struct bytes *b, unsigned code, const char *value, unsigned n)
{
	put16(b, code);
	put16(b, n);
	for (unsigned i = 0; i < n; i++)
		put8(b, (uint8_t)value[i]);
	pad(b);
}

static void put_count(struct bytes *b, unsigned code, uint64_t v)
{
	put16(b, code);
	put16(b, 8);
	put32(b, (uint32_t)(b->big ? v >> 32 : v));
	put32(b, (uint32_t)(b->big ? v : v >> 32));
}

static void put_time(struct bytes *b, uint64_t units)
{
	put32(b, (uint32_t)(units >> 32));
	put32(b, (uint32_t)units);
}

static void put_time_option(struct bytes *b, unsigned code, uint64_t units)
{
	put16(b, code);
	put16(b, 8);
	put_time(b, units);
}

static void put_section(struct bytes *b)
{
	size_t at = begin(b, 0x0a0d0d0a);

	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put32(b, UINT32_MAX); /* -1: as long as it takes */
	put32(b, UINT32_MAX);
	put_option(b, 4, "test 1", 6);
	put32(b, 0);
	end(b, at);
}

static void put_interface(struct bytes *b, unsigned linktype, const char *name, char resolution)
{
	size_t at = begin(b, 1);

	put16(b, linktype);
	put16(b, 0);
	put32(b, FRAME_MAX);
	if (name)
		put_option(b, 2, name, (unsigned)strlen(name));
	put_option(b, 9, &resolution, 1);
	put_option(b, 11, "\0tcp", 4);
	put32(b, 0);
	end(b, at);
}

static size_t begin_packet(struct bytes *b, uint32_t interface, uint64_t units, uint32_t captured, uint32_t wire)
{
	size_t at = begin(b, 6);

	put32(b, interface);
	put_time(b, units);
	put32(b, captured);
	put32(b, wire);
	return at;
}

static void put_statistics(struct bytes *b, uint32_t interface, uint64_t first, uint64_t last, uint64_t end_units,
			   uint64_t frames, int64_t drops)
{
	size_t at = begin(b, 5);

	put32(b, interface);
	put_time(b, end_units);
	put_time_option(b, 2, first);
	put_time_option(b, 3, last);
	put_count(b, 4, frames + (uint64_t)(drops > 0 ? drops : 0));
	if (drops >= 0)
		put_count(b, 5, (uint64_t)drops);
	put_count(b, 8, frames);
	put32(b, 0);
	end(b, at);
}

static void assert_file(struct world *x, const char *name, const struct bytes *wanted)
{
	static uint8_t got[1 << 16];
	size_t n = world_read(x, name, got, sizeof got);

	for (size_t i = 0; i < n && i < wanted->n; i++)
		if (got[i] != wanted->at[i])
			fail_msg("byte %zu is %02x, not %02x", i, got[i], wanted->at[i]);
	assert_int_equal(n, wanted->n);
}

/* Everything that a packet may have, in two interfaces, one of them in microseconds. */
static void writer_pcapng_is_what_the_format_says(void **state)
{
	static struct bytes b;
	const uint64_t ns = (uint64_t)WORLD_TIME;
	struct world x;
	struct frame f;
	size_t at;

	(void)state;
	world_begin(&x);
	x.fine = true;
	x.name[1] = "eth0";
	x.drops_known = true;
	x.drops = 9; /* five of them are told with a packet */
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a.pcapng"), .program = "test 1",
				    .filter = "tcp"}), 0);
	f = world_frame(WORLD_TIME + 1, 5, 60);
	f.interface = 1;
	f.flags = FRAME_OUTGOING | FRAME_CHECKSUM_NOT_READY | FRAME_LOSING;
	f.lost = 5;
	f.comment = "seen";
	assert_int_equal(world_write(&x, f), 0);
	f = world_frame(WORLD_TIME + 2, 14, 14);
	f.interface = 1;
	f.flags = FRAME_INCOMING | FRAME_CHECKSUM_VALID | FRAME_VLAN;
	f.vlan = 0x2064;
	f.vlan_tpid = 0x8100;
	assert_int_equal(world_write(&x, f), 0);
	f = world_frame(WORLD_TIME + 3, 0, 40);
	f.linktype = LINKTYPE_RAW;
	f.source = 1;
	assert_int_equal(world_write(&x, f), 0);
	world_finish(&x);

	b = native();
	put_section(&b);
	put_interface(&b, 1, "eth0", 9);
	at = begin_packet(&b, 0, ns + 1, 5, 60);
	put_data(&b, 0, 5);
	pad(&b);
	put_option(&b, 1, "seen", 4);
	put16(&b, 2);
	put16(&b, 4);
	put32(&b, 2 | 1 << 9);
	put_count(&b, 4, 5);
	put32(&b, 0);
	end(&b, at);
	at = begin_packet(&b, 0, ns + 2, 18, 18);
	put_data(&b, 0, 12);
	put_data(&b, 0x81, 1);
	put_data(&b, 0x00, 1);
	put_data(&b, 0x20, 1);
	put_data(&b, 0x64, 1);
	put_data(&b, 12, 2);
	pad(&b);
	put16(&b, 2);
	put16(&b, 4);
	put32(&b, 1 | 1 << 10);
	put32(&b, 0);
	end(&b, at);
	put_interface(&b, 101, NULL, 9);
	end(&b, begin_packet(&b, 1, ns + 3, 0, 40));
	put_statistics(&b, 0, ns + 1, ns + 2, ns + 3, 2, 9);
	put_statistics(&b, 1, ns + 3, ns + 3, ns + 3, 1, -1);
	assert_file(&x, "a.pcapng", &b);
	assert_int_equal(world_stats_of(&x).frames, 3);
	assert_int_equal(world_stats_of(&x).bytes, b.n);
	world_end(&x);
}

static void writer_pcapng_microseconds(void **state)
{
	static struct bytes b;
	const uint64_t us = (uint64_t)WORLD_TIME / 1000;
	struct world x;
	size_t at;

	(void)state;
	world_begin(&x);
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a"), .program = "test 1",
				    .filter = "tcp"}), 0);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME + 7000, 1, 1)), 0);
	world_finish(&x);
	b = native();
	put_section(&b);
	put_interface(&b, 1, NULL, 6);
	at = begin_packet(&b, 0, us + 7, 1, 1);
	put_data(&b, 0, 1);
	pad(&b);
	end(&b, at);
	put_statistics(&b, 0, us + 7, us + 7, us + 7, 1, -1);
	assert_file(&x, "a", &b);
	world_end(&x);
}

static void writer_pcap_is_what_the_format_says(void **state)
{
	static struct bytes b;

	(void)state;
	for (unsigned fine = 0; fine < 2; fine++) {
		struct world x;

		world_begin(&x);
		x.fine = fine;
		assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a.pcap"),
					    .snaplen = 8}), 0);
		assert_int_equal(world_write(&x, world_frame(WORLD_TIME + 1234567, 3, 70)), 0);
		assert_int_equal(world_write(&x, world_frame(WORLD_TIME + 2 * CLOCK_S, 20, 20)), 0);
		world_finish(&x);
		b = native();
		put32(&b, fine ? 0xa1b23c4d : 0xa1b2c3d4);
		put16(&b, 2);
		put16(&b, 4);
		put32(&b, 0);
		put32(&b, 0);
		put32(&b, 8);
		put32(&b, 1);
		put_pcap_record(&b, 1700000000, fine ? 1234567 : 1234, 3, 70);
		put_data(&b, 0, 3);
		put_pcap_record(&b, 1700000002, 0, 8, 20); /* cut to the snap length */
		put_data(&b, 0, 8);
		assert_file(&x, "a.pcap", &b);
		assert_int_equal(world_stats_of(&x).rounded, !fine);
		world_end(&x);
	}
}

/* A tag goes back where libpcap puts it, and nowhere if the frame ends before. */
static void writer_puts_tags_back(void **state)
{
	static const struct { uint16_t linktype; uint32_t caplen, snaplen, kept, wire, at; } c[] = {
		{LINKTYPE_ETHERNET, 20, 0, 24, 64, 12},
		{LINKTYPE_ETHERNET, 12, 0, 16, 64, 12},
		{LINKTYPE_ETHERNET, 11, 0, 11, 64, 99},
		{LINKTYPE_ETHERNET, 20, 14, 14, 64, 12},
		{LINKTYPE_ETHERNET, 20, 9, 9, 64, 99},
		{LINKTYPE_LINUX_SLL, 20, 0, 24, 64, 14},
		{LINKTYPE_RAW, 20, 0, 20, 60, 99},
	};

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		static const uint8_t tag[4] = {0x88, 0xa8, 0x01, 0x02};
		struct frame f = world_frame(WORLD_TIME, c[i].caplen, 60), got[2];
		struct world x;
		struct source *s;

		world_begin(&x);
		f.linktype = c[i].linktype;
		f.flags = FRAME_VLAN;
		f.vlan_tpid = 0x88a8;
		f.vlan = 0x0102;
		assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a"),
					    .snaplen = c[i].snaplen}), 0);
		assert_int_equal(world_write(&x, f), 0);
		world_finish(&x);
		s = world_reread(&x, "a");
		assert_int_equal(next_of(s, got, 2), 1);
		assert_int_equal(got[0].caplen, c[i].kept);
		assert_int_equal(got[0].wirelen, c[i].wire);
		for (uint32_t k = 0; k < got[0].caplen; k++) {
			uint32_t tagged = k - c[i].at;

			assert_int_equal(got[0].data[k], k < c[i].at ? k : tagged < 4 ? tag[tagged] : k - 4);
		}
		s->free(s);
		world_end(&x);
	}
}

/* From the earliest to the latest time that a reader gives, and back. */
static void writer_times_before_1970(void **state)
{
	static const int64_t seconds[] = {-4600000000, -1, 0, 4294967296, 4599999999};
	struct frame got[8];
	struct world x;
	struct source *s;

	(void)state;
	world_begin(&x);
	x.fine = true;
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a")}), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(world_write(&x, world_frame(seconds[i] * CLOCK_S + 5, 4, 4)), 0);
	world_finish(&x);
	s = world_reread(&x, "a");
	assert_int_equal(next_of(s, got, 8), 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(got[i].ts_ns, seconds[i] * CLOCK_S + 5);
	assert_int_equal(next_of(s, got, 8), -ENODATA);
	assert_true(stats_of(s).complete);
	s->free(s);
	world_end(&x);
}

/* What was read is read again: bytes, flags, comments longer than an option. */
static void writer_keeps_what_frames_have(void **state)
{
	static char comment[70000];
	struct frame f = world_frame(WORLD_TIME, 33, 44), got[2];
	struct world x;
	struct source *s;

	(void)state;
	memset(comment, 'c', sizeof comment - 1);
	world_begin(&x);
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a")}), 0);
	f.comment = comment;
	f.flags = FRAME_INCOMING | FRAME_CHECKSUM_VALID | FRAME_CHECKSUM_NOT_READY | FRAME_LOSING;
	f.lost = 3;
	assert_int_equal(world_write(&x, f), 0);
	world_finish(&x);
	s = world_reread(&x, "a");
	assert_int_equal(next_of(s, got, 2), 1);
	assert_int_equal(strlen(got[0].comment), 65535);
	assert_int_equal(got[0].flags, f.flags);
	assert_int_equal(got[0].lost, 3);
	assert_int_equal(got[0].caplen, 33);
	assert_memory_equal(got[0].data, world_data, 33);
	assert_int_equal(next_of(s, got, 2), -ENODATA);
	assert_int_equal(stats_of(s).drops, 3);
	s->free(s);
	world_end(&x);
}

/* More interfaces than a section holds: another section, and nothing is lost. */
static void writer_many_interfaces(void **state)
{
	struct world x;

	(void)state;
	world_begin(&x);
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a")}), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 2500; i++) {
			struct frame f = world_frame(WORLD_TIME, 60, 60);

			f.interface = (uint16_t)i;
			assert_int_equal(world_write(&x, f), 0);
		}
	}
	world_finish(&x);
	assert_int_equal(world_count(&x, "a"), 5000);
	world_end(&x);
}

/* Ten files of 1000 interfaces each, with names of their own: what is written is read back,
 * and every packet's interface has its name. */
static void writer_very_many_interfaces(void **state)
{
	struct frame got[SOURCE_BATCH];
	unsigned n = 0;
	struct world x;
	struct source *s;
	int rc;

	(void)state;
	world_begin(&x);
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a")}), 0);
	x.numbered = true;
	for (unsigned i = 0; i < 10000; i++) {
		struct frame f = world_frame(WORLD_TIME, 60, 60);

		f.source = (uint16_t)(i % 10);
		f.interface = (uint16_t)(i / 10);
		f.lost = 2;
		assert_int_equal(world_write(&x, f), 0);
	}
	world_finish(&x);
	s = world_reread(&x, "a");
	while ((rc = next_of(s, got, SOURCE_BATCH)) > 0) {
		for (int i = 0; i < rc; i++, n++) {
			char name[16];

			(void)snprintf(name, sizeof name, "%u.%u", n % 10, n / 10);
			assert_string_equal(s->interface(s, 0, got[i].interface), name);
		}
	}
	assert_int_equal(rc, -ENODATA);
	assert_int_equal(n, 10000);
	assert_true(stats_of(s).complete);
	assert_int_equal(stats_of(s).drops, 20000);
	s->free(s);
	world_end(&x);
}

static void writer_empty_captures(void **state)
{
	struct world x;

	(void)state;
	world_begin(&x);
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a.pcap")}), 0);
	world_finish(&x);
	assert_int_equal(world_count(&x, "a.pcap"), 0);
	writer_free(x.w);
	assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a.pcapng")}), 0);
	world_finish(&x);
	assert_int_equal(world_count(&x, "a.pcapng"), 0);
	assert_true(world_size(&x, "a.pcapng") > 28 + 20); /* with an interface: libpcap wants one */
	world_end(&x);
}

static void writer_pcap_refuses_what_it_cannot_hold(void **state)
{
	struct world x;
	struct frame f = world_frame(WORLD_TIME, 10, 10);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world_begin(&x);
		assert_int_equal(world_open(&x, (struct writer_options){.path = world_path(&x, "a.pcap")}), 0);
		assert_int_equal(world_write(&x, f), 0);
		f.linktype = i == 0 ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
		f.ts_ns = i == 1 ? -1 : i == 2 ? INT64_C(4294967296) * CLOCK_S : WORLD_TIME;
		assert_int_equal(world_write(&x, f), -EINVAL);
		assert_says(&x, ".pcapng");
		assert_says(&x, i == 0 ? "link type 101" : "1970 to 2106");
		assert_int_equal(world_write(&x, f), 0); /* told once */
		assert_int_equal(writer_finish(x.w, &x.e), 0);
		assert_int_equal(world_count(&x, "a.pcap"), 1);
		assert_int_equal(world_stats_of(&x).frames, 1);
		f = world_frame(WORLD_TIME, 10, 10);
		world_end(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer_pcapng_is_what_the_format_says),
		cmocka_unit_test(writer_pcapng_microseconds),
		cmocka_unit_test(writer_pcap_is_what_the_format_says),
		cmocka_unit_test(writer_puts_tags_back),
		cmocka_unit_test(writer_times_before_1970),
		cmocka_unit_test(writer_keeps_what_frames_have),
		cmocka_unit_test(writer_many_interfaces),
		cmocka_unit_test(writer_very_many_interfaces),
		cmocka_unit_test(writer_empty_captures),
		cmocka_unit_test(writer_pcap_refuses_what_it_cannot_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
