/* Frames read again are what they were, of every capture file; and what a file says that
 * changed meanwhile. links: source base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockeye/source.h"

enum { FRAMES = 20000 };

struct kept {
	struct frame f;
	uint8_t *bytes;
	char *comment;
};

static struct kept *kept;
static unsigned frames;

static struct source *open_all(const char *const *names, unsigned n)
{
	const struct source_options o = {.files = names, .n_files = n};
	struct source *s = NULL;
	struct error e = {""};

	return source_open(&s, &o, &e) == 0 ? s : NULL;
}

static void read_all(struct source *s)
{
	struct frame f[SOURCE_BATCH];
	int got;

	while ((got = s->next_batch(s, f, SOURCE_BATCH)) >= 0)
		for (int i = 0; i < got && frames < FRAMES; i++) {
			struct kept *k = &kept[frames++];

			k->f = f[i];
			k->bytes = malloc(f[i].caplen + 1);
			memcpy(k->bytes, f[i].data, f[i].caplen);
			k->comment = f[i].comment ? strdup(f[i].comment) : NULL;
		}
}

static void forget(void)
{
	for (unsigned i = 0; i < frames; i++) {
		free(kept[i].bytes);
		free(kept[i].comment);
	}
	frames = 0;
}

static void is_the_same(struct source *s, const struct kept *k, struct source_again *a)
{
	const char *name = s->interface(s, k->f.source, k->f.interface);

	assert_int_equal(s->again(s, k->f.source, k->f.offset, a), 0);
	assert_int_equal(a->frame.caplen, k->f.caplen);
	assert_int_equal(a->frame.wirelen, k->f.wirelen);
	assert_int_equal(a->frame.linktype, k->f.linktype);
	assert_int_equal(a->frame.source, k->f.source);
	assert_int_equal(a->frame.interface, k->f.interface);
	assert_int_equal(a->frame.flags, k->f.flags);
	assert_int_equal(a->frame.lost, k->f.lost);
	assert_true(k->f.flags & FRAME_NO_TIME || a->frame.ts_ns == k->f.ts_ns);
	assert_memory_equal(a->frame.data, k->bytes, k->f.caplen);
	assert_int_equal(a->frame.comment != NULL, k->comment != NULL);
	if (k->comment)
		assert_string_equal(a->frame.comment, k->comment);
	assert_string_equal(a->interface, name ? name : "");
}

static void every_frame_of_every_file(void **state)
{
	struct source_again a = {.bytes = malloc(SOURCE_AGAIN)};
	unsigned all = 0, files = 0;
	glob_t found;

	(void)state;
	assert_int_equal(glob("captures/*.pcap*", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = found.gl_pathv[i];
		struct source *s = open_all(&name, 1);

		if (!s)
			continue;
		read_all(s);
		if (strstr(name, ".gz") || strstr(name, ".zst")) {
			assert_int_equal(s->rereads, 0);
			assert_true(frames == 0 || s->again(s, 0, kept[0].f.offset, &a) == -ENOTSUP);
		} else {
			assert_int_equal(s->rereads, 1);
			for (unsigned k = frames; k-- > 0;)
				is_the_same(s, &kept[k], &a);
			all += frames;
			files++;
		}
		s->free(s);
		forget();
	}
	globfree(&found);
	print_message("%u frames of %u files\n", all, files);
	assert_true(all > 4000 && files > 200);
	free(a.bytes);
}

static void several_files_keep_theirs(void **state)
{
	static const char *const names[] = {"captures/handshakes.pcap", "captures/pcapng-interfaces.pcapng",
					    "captures/compressed.pcap.gz"};
	struct source_again a = {.bytes = malloc(SOURCE_AGAIN)};
	struct source *s = open_all(names, 3);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->rereads, 3);
	read_all(s);
	for (unsigned i = 0; i < frames; i++) {
		if (kept[i].f.source < 2)
			is_the_same(s, &kept[i], &a);
		else
			assert_int_equal(s->again(s, 2, kept[i].f.offset, &a), -ENOTSUP);
	}
	assert_int_equal(s->again(s, 3, 24, &a), -ENOTSUP);
	s->free(s);
	forget();
	free(a.bytes);
}

/* Cut short, written over, and places where no packet begins. */
static void a_file_that_changes(void **state)
{
	struct source_again a = {.bytes = malloc(SOURCE_AGAIN)};
	char name[] = "/tmp/sockeye-again-XXXXXX";
	const char *const names[] = {name};
	static uint8_t all[1 << 20];
	int from = open("captures/handshakes.pcap", O_RDONLY), to = mkstemp(name);
	ssize_t n = read(from, all, sizeof all);
	struct source *s;
	unsigned seed = 1;

	(void)state;
	assert_true(n > 0 && write(to, all, (size_t)n) == n);
	s = open_all(names, 1);
	assert_non_null(s);
	read_all(s);
	is_the_same(s, &kept[300], &a);
	assert_int_equal(ftruncate(to, (off_t)kept[300].f.offset + 20), 0);
	assert_int_equal(s->again(s, 0, kept[300].f.offset, &a), -ENODATA);
	assert_int_equal(s->again(s, 0, kept[400].f.offset, &a), -ENODATA);
	is_the_same(s, &kept[299], &a);
	/* Anything at all: never more than an answer. */
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t junk[16];

		for (unsigned k = 0; k < sizeof junk; k++)
			junk[k] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
		if (i % 4 == 0)
			assert_int_equal(pwrite(to, junk, sizeof junk, seed % 20000), sizeof junk);
		(void)s->again(s, 0, seed >> 17, &a);
	}
	s->free(s);
	forget();
	close(from);
	close(to);
	unlink(name);
	free(a.bytes);
}

/* Where a packet stood, a description of an interface with a long name: it is no packet, and describes nothing. */
static void a_block_that_became_another(void **state)
{
	struct source_again a = {.bytes = malloc(SOURCE_AGAIN)};
	char name[] = "/tmp/sockeye-again-XXXXXX";
	const char *const names[] = {name};
	static uint8_t all[1 << 20];
	int from = open("captures/truth-18-interfaces.pcapng", O_RDONLY), to = mkstemp(name);
	ssize_t n = read(from, all, sizeof all);
	uint8_t block[84] = {1, 0, 0, 0, 84, 0, 0, 0};
	struct source *s;

	(void)state;
	memset(block + 20, 'A', 60);
	block[16] = 2; /* if_name */
	block[18] = 60;
	block[80] = 84;
	assert_true(n > 0 && write(to, all, (size_t)n) == n);
	s = open_all(names, 1);
	assert_non_null(s);
	read_all(s);
	is_the_same(s, &kept[0], &a);
	assert_int_equal(pwrite(to, block, sizeof block, (off_t)kept[0].f.offset), sizeof block);
	assert_int_equal(s->again(s, 0, kept[0].f.offset, &a), -EBADMSG);
	s->free(s);
	forget();
	close(from);
	close(to);
	unlink(name);
	free(a.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_of_every_file),
		cmocka_unit_test(several_files_keep_theirs),
		cmocka_unit_test(a_file_that_changes),
		cmocka_unit_test(a_block_that_became_another),
	};
	int rc;

	kept = calloc(FRAMES, sizeof *kept);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	free(kept);
	return rc;
}
