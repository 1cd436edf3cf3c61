/* Two threads for a file: the same answers as with one, however fast either is.
 *
 * links: engine source dissect flow facts base
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <glob.h>

#include <cmocka.h>

#include "capture_file.h"
#include "pipeline_world.h"

static void all_captures(glob_t *found)
{
	assert_int_equal(glob("captures/*.pcap", 0, NULL, found), 0);
	assert_int_equal(glob("captures/*.pcapng", GLOB_APPEND, NULL, found), 0);
	assert_int_equal(glob("captures/*.gz", GLOB_APPEND, NULL, found), 0);
	assert_int_equal(glob("captures/*.zst", GLOB_APPEND, NULL, found), 0);
}

/* Each capture, with one thread and with two; also only its first packets. */
static void pipeline_same_answers(void **state)
{
	static const uint64_t counts[] = {0, 1, 5, 64, 65, 511, 512, 513, 1025};
	unsigned read = 0;
	glob_t found;

	(void)state;
	all_captures(&found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		for (unsigned k = 0; k < sizeof counts / sizeof counts[0]; k++) {
			const char *files[] = {found.gl_pathv[i]};
			struct told one = {.sum = 0}, two = {.sum = 0};
			bool can = play(files, 1, NULL, false, counts[k], &one);

			assert_int_equal(can, play(files, 1, NULL, true, counts[k], &two));
			if (!can)
				continue;
			assert_same(&one, &two, files[0]);
			read++;
		}
	assert_true(read > 1000);
	globfree(&found);
}

/* Many files at once, by time; with a filter where there is one. */
static void pipeline_same_merge(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("captures/truth-*.pcap", 0, NULL, &found), 0);
	for (size_t i = 0; i + 40 <= found.gl_pathc; i += 20)
		for (unsigned filter = 0; filter < 2; filter++) {
			struct told one = {.sum = 0}, two = {.sum = 0};
			const char *const *files = (const char *const *)found.gl_pathv + i;
			const char *words = filter && source_has_live() ? "tcp[tcpflags] & tcp-ack != 0" : NULL;

			assert_true(play(files, 40, words, false, 0, &one));
			assert_true(play(files, 40, words, true, 0, &two));
			assert_same(&one, &two, files[0]);
			assert_true(one.packets > 40);
		}
	globfree(&found);
}

/* ---- captures that are made ----------------------------------------------------- */

/* Conversations at random: sizes, ports, a tag here and there, frames that are cut. */
static int make_capture(char *name, unsigned frames, uint32_t most)
{
	static uint8_t bytes[FRAME_MAX];
	struct hash_key key;
	struct capture_file file;
	uint64_t dice = 1;

	hash_key_init(&key, 3);
	capture_begin(&file);
	for (unsigned i = 0; i < frames; i++) {
		struct frame f = {.linktype = LINKTYPE_ETHERNET, .data = bytes};
		unsigned at = 12, tagged, udp;

		dice = hash_bytes(&key, &dice, sizeof dice);
		tagged = dice % 5 == 0;
		udp = dice >> 8 & 1;
		memset(bytes, 0, 64);
		if (tagged) {
			memcpy(bytes + at, "\x81\x00\x00", 3);
			bytes[at + 3] = (uint8_t)(dice >> 16 & 7);
			at += 4;
		}
		f.wirelen = 64 + (uint32_t)(dice >> 20) % (most - 64);
		memcpy(bytes + at, "\x08\x00\x45\x00", 4);
		at += 2;
		bytes[at + 2] = (uint8_t)((f.wirelen - at > 65535 ? 65535 : f.wirelen - at) >> 8);
		bytes[at + 3] = (uint8_t)(f.wirelen - at > 65535 ? 65535 : f.wirelen - at);
		bytes[at + 6] = dice >> 60 == 0 ? 0x20 : 0x40; /* one in sixteen is a fragment */
		bytes[at + 8] = 64;
		bytes[at + 9] = udp ? 17 : 6;
		memcpy(bytes + at + 12, (dice >> 40 & 1) ? "\x0a\0\0\1\x0a\0\0\2" : "\x0a\0\0\2\x0a\0\0\1", 8);
		bytes[at + 21] = (uint8_t)(dice >> 44 & 15);
		bytes[at + 23] = 80;
		if (udp)
			bytes[at + 25] = 16;
		else
			bytes[at + 32] = 0x50, bytes[at + 33] = (uint8_t)(1 << (dice >> 48 & 7));
		f.caplen = dice >> 56 & 15 ? f.wirelen : 40;
		capture_add(&file, &f, 0, (int64_t)i * CLOCK_US);
	}
	return capture_end(&file, name);
}

/* A consumer that sleeps: the ring fills, and so do the buffers of large frames. */
static void pipeline_slow_engine(void **state)
{
	static const struct { unsigned frames; uint32_t most; } kinds[] = {{20000, 300}, {300, FRAME_MAX - 1}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct told one = {.sum = 0}, two = {.nap_ns = 300 * CLOCK_US, .naps = 3};
		char name[CAPTURE_NAME];
		int fd = make_capture(name, kinds[i].frames, kinds[i].most);
		const char *files[] = {name};

		assert_true(play(files, 1, NULL, false, 0, &one));
		assert_true(play(files, 1, NULL, true, 0, &two));
		assert_same(&one, &two, "made");
		assert_int_equal(one.packets, kinds[i].frames);
		assert_true(one.records > 20);
		(void)close(fd);
	}
}

/* The run ends while the other thread is anywhere: it is joined, and nothing is told twice. */
static void pipeline_stopped_early(void **state)
{
	char name[CAPTURE_NAME];
	int fd = make_capture(name, 20000, 200);
	const char *files[] = {name};

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct told one = {.stop_at = 1 + i}, two = {.stop_at = 1 + i, .nap_ns = 100 * CLOCK_US, .naps = i % 4};

		assert_true(play(files, 1, NULL, false, 0, &one));
		assert_true(play(files, 1, NULL, true, 0, &two));
		assert_int_equal(two.stopped, one.stopped);
		assert_same(&one, &two, "stopped");
	}
	(void)close(fd);
}

/* Damage that lies ahead is not told before the engine is there. */
static void pipeline_damage_ahead(void **state)
{
	const char *files[] = {"captures/damaged-record.pcap"};
	struct told all = {.sum = 0};

	(void)state;
	assert_true(play(files, 1, NULL, true, 0, &all));
	assert_true(all.damaged > 0 && all.problem[0] && all.incomplete && all.packets > 1);
	for (uint64_t n = 1; n < all.packets; n++) {
		struct told one = {.sum = 0}, two = {.sum = 0};

		assert_true(play(files, 1, NULL, false, n, &one));
		assert_true(play(files, 1, NULL, true, n, &two));
		assert_same(&one, &two, files[0]);
		assert_int_equal(two.damaged, 0);
		assert_string_equal(two.problem, "");
	}
}

/* ---- a source of the test's own ----------------------------------------------------- */

/* Gives batches of all sizes, nothing now and then, sleeps, and may break. */
struct odd {
	struct source s;
	unsigned calls, breaks_at; /* 0: it ends well */
	uint64_t nap_ns, frames, damaged;
	struct loans *loans;
	uint8_t bytes[64];
};

static int odd_next(struct source *s, struct frame *out, unsigned n)
{
	struct odd *o = (struct odd *)s;
	unsigned give = o->calls % 7 == 0 ? 0 : 1 + o->calls * 13 % n;

	o->calls++;
	if (o->nap_ns)
		nap(o->nap_ns);
	if (o->breaks_at && o->calls > o->breaks_at) {
		o->damaged = 1;
		return -ENODEV;
	}
	if (o->calls > 400)
		return -ENODATA;
	for (unsigned i = 0; i < give; i++, o->frames++)
		out[i] = (struct frame){.data = o->bytes, .caplen = 60, .wirelen = 60, .linktype = LINKTYPE_ETHERNET,
					.ts_ns = (int64_t)o->frames * CLOCK_MS};
	return (int)give;
}

static bool odd_stats(struct source *s, unsigned index, struct source_stats *out)
{
	const struct odd *o = (const struct odd *)s;

	*out = (struct source_stats){.name = "odd", .format = "pcap", .frames = o->frames, .damaged = o->damaged,
				     .complete = o->damaged == 0};
	if (o->damaged)
		memcpy(out->problem, "odd: gone", 10);
	return index == 0;
}

static bool odd_lend(struct source *s, struct loans *l)
{
	((struct odd *)s)->loans = l;
	return true;
}

static void odd_free(struct source *s)
{
	free(s);
}

static struct source *odd_open(uint64_t nap_ns, unsigned breaks_at)
{
	static const uint8_t udp[] = {[12] = 8, [14] = 0x45, [17] = 46, [22] = 64, 17, [26] = 10, [29] = 1, [30] = 10,
				      [33] = 2, [35] = 99, [37] = 98, [39] = 26, [63] = 0};
	struct odd *o = calloc(1, sizeof *o);

	assert_non_null(o);
	memcpy(o->bytes, udp, sizeof udp);
	o->nap_ns = nap_ns;
	o->breaks_at = breaks_at;
	o->s = (struct source){.kind = "file", .fd = -1, .next_batch = odd_next, .stats = odd_stats,
			       .lend = odd_lend, .free = odd_free};
	return &o->s;
}

static void pipeline_slow_file(void **state)
{
	struct told one = {.sum = 0}, two = {.sum = 0}, slow = {.sum = 0};

	(void)state;
	play_source(odd_open(0, 0), false, 0, &one);
	play_source(odd_open(0, 0), true, 0, &two);
	play_source(odd_open(500 * CLOCK_US, 0), true, 0, &slow);
	assert_same(&one, &two, "odd");
	assert_same(&one, &slow, "slow");
	assert_true(one.packets > 5000 && one.complete);
}

static void pipeline_broken_in_the_middle(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 300; at += 37) {
		struct told one = {.sum = 0}, two = {.sum = 0};

		play_source(odd_open(0, at), false, 0, &one);
		play_source(odd_open(0, at), true, 0, &two);
		assert_same(&one, &two, "broken");
		assert_true(two.incomplete);
		assert_string_equal(two.problem, "odd: gone");
	}
}

/* What may be waited for is not read ahead. */
static void pipeline_refuses_pipes(void **state)
{
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 7};
	struct source *s = odd_open(0, 0), *p = NULL;
	struct engine *e;
	struct error err = {""};

	(void)state;
	assert_int_equal(engine_open(&e, &eo, &err), 0);
	s->fd = 0;
	assert_int_equal(pipeline_open(&p, s, e, 0, &err), -ENOTSUP);
	assert_null(p);
	s->free(s);
	engine_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipeline_same_answers),
		cmocka_unit_test(pipeline_same_merge),
		cmocka_unit_test(pipeline_slow_engine),
		cmocka_unit_test(pipeline_stopped_early),
		cmocka_unit_test(pipeline_damage_ahead),
		cmocka_unit_test(pipeline_slow_file),
		cmocka_unit_test(pipeline_broken_in_the_middle),
		cmocka_unit_test(pipeline_refuses_pipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
