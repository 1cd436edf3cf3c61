/* Records read many at once are what they are one by one: every bundled capture, as
 * it is and with single bytes changed, by both ways of its reader.
 * links: source base
 */
#include "capture_bytes.h"

#include <dirent.h>

#include "sockeye/hash.h"

enum {
	FILE_MAX = 1 << 20,
	CHANGED_MAX = 24 << 10, /* files up to here are changed, too */
	CHANGES = 64,           /* of each: at random places, the same every time, */
	CHANGES_EARLY = 32,     /* and within the first records */
};

struct reading {
	uint64_t digest; /* of all frames in their order */
	uint64_t frames, ran;
	int end;
	struct source_stats stats;
};

static const struct hash_key key = {.a = 0x9e3779b97f4a7c15, .b = 0xc2b2ae3d27d4eb4f};
static unsigned (*reader_runs)(struct reader *r, struct frame *f, unsigned n);
static uint64_t ran;

static unsigned counted_run(struct reader *r, struct frame *f, unsigned n)
{
	unsigned got = reader_runs(r, f, n);

	ran += got;
	return got;
}

static void add(uint64_t *digest, uint64_t v)
{
	uint64_t both[2] = {*digest, v};

	*digest = hash_bytes(&key, both, sizeof both);
}

static void add_frame(uint64_t *digest, const struct frame *f)
{
	add(digest, (uint64_t)f->ts_ns);
	add(digest, (uint64_t)f->caplen << 32 | f->wirelen);
	add(digest, (uint64_t)f->lost << 32 | (uint64_t)f->linktype << 16 | f->source);
	add(digest, (uint64_t)f->interface << 48 | (uint64_t)f->vlan << 32 | (uint64_t)f->vlan_tpid << 16 | f->flags);
	add(digest, hash_bytes(&key, f->data, f->caplen));
	add(digest, f->comment ? hash_bytes(&key, f->comment, strlen(f->comment)) : 0);
	add(digest, f->number);
}

/* False: it does not open. steps: one record after the other. */
static bool reading(const uint8_t *bytes, size_t n, size_t buffer, bool steps, struct reading *out)
{
	struct reader_options o = {.buffer = buffer};
	struct frame f[SOURCE_BATCH];
	struct source *s;
	struct reader *r;
	struct error e;

	memset(out, 0, sizeof *out);
	if (reader_open(&s, memory_file(bytes, n), "trace", NULL, &o, &e) < 0)
		return false;
	r = (struct reader *)s;
	reader_runs = r->run;
	ran = 0;
	r->run = steps || !reader_runs ? NULL : counted_run;
	while ((out->end = s->next_batch(s, f, SOURCE_BATCH)) >= 0)
		for (int i = 0; i < out->end; i++, out->frames++)
			add_frame(&out->digest, &f[i]);
	(void)s->stats(s, 0, &out->stats);
	s->free(s);
	out->stats.name = NULL;
	out->ran = ran;
	return true;
}

static void assert_same(const char *name, size_t place, const struct reading *a, const struct reading *b)
{
	if (a->frames != b->frames || a->digest != b->digest || a->end != b->end ||
	    strcmp(a->stats.problem, b->stats.problem) != 0)
		fail_msg("%s, byte %zu changed: %llu and %llu frames, digests %llx and %llx, ends %d and %d, \"%s\" and \"%s\"",
			 name, place, (unsigned long long)a->frames, (unsigned long long)b->frames,
			 (unsigned long long)a->digest, (unsigned long long)b->digest, a->end, b->end, a->stats.problem,
			 b->stats.problem);
	assert_int_equal(a->stats.frames, b->stats.frames);
	assert_int_equal(a->stats.damaged, b->stats.damaged);
	assert_int_equal(a->stats.drops, b->stats.drops);
	assert_int_equal(a->stats.drops_known, b->stats.drops_known);
	assert_int_equal(a->stats.complete, b->stats.complete);
	assert_int_equal(a->stats.fine, b->stats.fine);
	assert_int_equal(a->stats.bytes, b->stats.bytes);
}

/* How many frames came at once. The small buffer is refilled every few records. */
static uint64_t both_ways(const char *name, size_t place, const uint8_t *bytes, size_t n)
{
	static const size_t buffers[] = {64, 0};
	struct reading once, steps;

	for (unsigned i = 0; i < 2; i++) {
		if (!reading(bytes, n, buffers[i], false, &once))
			return 0;
		assert_true(reading(bytes, n, buffers[i], true, &steps));
		assert_int_equal(steps.ran, 0);
		assert_same(name, place, &once, &steps);
	}
	return once.ran;
}

static size_t file_of(const char *name, uint8_t *bytes)
{
	char path[300];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "captures/%s", name); /* tests run in the top folder */
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, FILE_MAX, f);
	(void)fclose(f);
	return n;
}

static void runs_of_all_captures(void **state)
{
	uint8_t *bytes = malloc(FILE_MAX);
	DIR *d = opendir("captures");
	uint64_t at_once[2] = {0}, files = 0;
	const struct dirent *one;

	(void)state;
	assert_non_null(bytes);
	assert_non_null(d);
	while ((one = readdir(d))) {
		const char *dot = strrchr(one->d_name, '.');
		uint64_t random;
		size_t n;

		if (!dot || (strcmp(dot, ".pcap") != 0 && strcmp(dot, ".pcapng") != 0))
			continue;
		files++;
		random = hash_bytes(&key, one->d_name, strlen(one->d_name));
		n = file_of(one->d_name, bytes);
		at_once[strcmp(dot, ".pcapng") == 0] += both_ways(one->d_name, n, bytes, n);
		for (unsigned i = 0; n > 0 && n <= CHANGED_MAX && i < CHANGES; i++) {
			size_t place;
			uint8_t was;

			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			place = (size_t)(random >> 33) % (i < CHANGES_EARLY && n > 512 ? 512 : n);
			was = bytes[place];
			bytes[place] ^= (uint8_t)(random >> 24 | 1);
			(void)both_ways(one->d_name, place, bytes, n);
			bytes[place] = was;
		}
	}
	print_message("%llu files; at once %llu frames of pcap, %llu of pcapng\n", (unsigned long long)files,
		      (unsigned long long)at_once[0], (unsigned long long)at_once[1]);
	assert_true(files > 250);
	assert_true(at_once[0] > 4000);
	assert_true(at_once[1] > 200);
	(void)closedir(d);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(runs_of_all_captures)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
