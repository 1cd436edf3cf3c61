/* The writer over a run: when an old file is emptied, headers at once, names and losses of a rotation.
 * links: source
 */
#include "writing_world.h"

static void to(struct world *x, const char *name, char path[128], struct writer_options *o)
{
	(void)snprintf(path, 128, "%s", world_path(x, name));
	*o = (struct writer_options){.path = path};
}

static void old_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "an older one", 12), 12);
	assert_int_equal(close(fd), 0);
}

/* A start that fails leaves the old file; the first tick, or what is written, empties it. */
static void writer_keeps_an_old_file_at_first(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	for (unsigned how = 0; how < 3; how++) {
		world_begin(&x);
		to(&x, "a", path, &o);
		old_file(path);
		assert_int_equal(world_open(&x, o), 0);
		assert_int_equal(world_size(&x, "a"), 12);
		if (how == 1)
			assert_int_equal(writer_tick(x.w, &x.e), 0);
		if (how == 1)
			assert_int_equal(world_size(&x, "a"), 0);
		if (how >= 1) {
			assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), 0);
			world_finish(&x);
			assert_int_equal(world_count(&x, "a"), 1);
		}
		writer_free(x.w);
		x.w = NULL;
		assert_true(how > 0 || world_size(&x, "a") == 12);
		world_end(&x);
	}
}

/* -U: who reads need not wait for a packet to know what it is. */
static void writer_heads_at_once(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	to(&x, "a", path, &o);
	o.packet_buffered = true;
	assert_int_equal(world_open(&x, o), 0);
	assert_int_equal(writer_tick(x.w, &x.e), 0);
	assert_int_equal(world_size(&x, "a"), 28);
	assert_int_equal(writer_tick(x.w, &x.e), 0);
	assert_int_equal(world_size(&x, "a"), 28);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), 0);
	world_finish(&x);
	assert_int_equal(world_count(&x, "a"), 1);
	world_end(&x);
}

static void writer_overwrites_nothing_of_its_own(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	to(&x, "a", path, &o);
	o.rotate_s = 1;
	assert_int_equal(world_open(&x, o), -EINVAL);
	assert_says(&x, "-G needs a name with a time in it");
	o.rotate_bytes = 100;
	o.rotate_files = 1;
	assert_int_equal(world_open(&x, o), -EINVAL);
	o.rotate_bytes = 0; /* one file: -G is how long */
	assert_int_equal(world_open(&x, o), 0);
	writer_free(x.w);
	to(&x, "%H%M", path, &o);
	o.rotate_s = 30; /* 22:13:20, 22:13:50 */
	assert_int_equal(world_open(&x, o), 0);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), 0);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME + 30 * CLOCK_S, 9, 9)), -EEXIST);
	assert_says(&x, "2213: the next file of -G would have this name too");
	assert_int_equal(world_count(&x, "2213"), 1);
	world_end(&x);
}

/* Of the n-th file: what our reader says that was lost. */
static uint64_t drops_of(struct world *x, const char *name)
{
	struct source *s = world_reread(x, name);
	uint64_t drops;

	(void)drain(s);
	drops = stats_of(s).drops;
	assert_true(stats_of(s).complete);
	s->free(s);
	return drops;
}

/* Live, two sources, of which the first has a packet in the first file only: each file tells
 * what is new, and what a packet tells later is not told twice. */
static void writer_tells_losses_at_each_end(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];
	struct frame f;

	(void)state;
	world_begin(&x);
	x.s.live = true;
	x.drops_known = true;
	to(&x, "a", path, &o);
	o.rotate_bytes = 1;
	assert_int_equal(world_open(&x, o), 0);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), 0);
	x.drops = 5;
	f = world_frame(WORLD_TIME, 9, 9);
	f.source = 1;
	assert_int_equal(world_write(&x, f), 0); /* ends the first file */
	x.drops = 12;
	assert_int_equal(world_write(&x, f), 0); /* ends the second, which has no packet of the first source */
	f = world_frame(WORLD_TIME, 9, 9);
	f.lost = 12; /* told before */
	assert_int_equal(world_write(&x, f), 0);
	x.drops = 13;
	world_finish(&x);
	assert_int_equal(drops_of(&x, "a"), 5);
	assert_int_equal(drops_of(&x, "a1"), 7);
	assert_int_equal(drops_of(&x, "a2") + drops_of(&x, "a3"), 1);
	assert_int_equal(world_count(&x, "a1"), 1);
	world_end(&x);
}

/* A source that never had a packet. */
static void writer_tells_losses_of_a_silent_source(void **state)
{
	struct frame f = world_frame(WORLD_TIME, 9, 9);
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	for (unsigned live = 0; live < 2; live++) {
		world_begin(&x);
		x.s.live = live;
		x.drops_known = true;
		x.drops = 8;
		to(&x, "a", path, &o);
		assert_int_equal(world_open(&x, o), 0);
		f.source = 1;
		assert_int_equal(world_write(&x, f), 0);
		world_finish(&x);
		assert_int_equal(drops_of(&x, "a"), 8);
		world_end(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer_keeps_an_old_file_at_first),
		cmocka_unit_test(writer_heads_at_once),
		cmocka_unit_test(writer_overwrites_nothing_of_its_own),
		cmocka_unit_test(writer_tells_losses_at_each_end),
		cmocka_unit_test(writer_tells_losses_of_a_silent_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
