/* The configuration and keys bound anew: what is understood, what is refused, what is kept.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/config.h"

static struct look l;
static struct answer a;

static int start(void **state)
{
	(void)state;
	look_init(&l, false, "two.pcap", NULL);
	keys_reset();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	keys_reset();
	return 0;
}

static unsigned read_text(const char *text, struct error *e)
{
	e->text[0] = '\0';
	return config_text(&l, text, strlen(text), e);
}

static void lines_are_understood(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(read_text("# mine\n\n  columns=server , handshake,service  \r\nsort = -bytes\ntheme=8\nmouse = off\n"
				   "times = clock\nkey sort-next = s <F9>", &e), 0);
	assert_int_equal(l.list.columns, 3);
	assert_int_equal(l.list.column[1], COLUMN_HANDSHAKE);
	assert_string_equal(look_sorts[l.sort].name, "bytes");
	assert_false(l.descending);
	assert_int_equal(l.theme, THEME_8);
	assert_false(l.mouse);
	assert_int_equal(l.ladder.times, TIMES_CLOCK);
	assert_int_equal(keys_action(KEY_FUNCTION + 9, IN_CONNECTIONS), ACTION_SORT_NEXT);
	assert_int_equal(keys_action('>', IN_CONNECTIONS), ACTION_NONE);
	assert_int_equal(read_text("columns = default", &e), 0);
	assert_int_equal(l.list.columns, 0);
}

static void wrong_lines_are_told_and_change_nothing(void **state)
{
	static const char *const wrong[] = {
		"nonsense", "kolumns = server", "columns =", "columns = server, server", "columns = serve",
		"sort = up down", "sort =", "theme = 7", "mouse = maybe", "times = late", "key = q", "key bogus = q", "key quit =",
		"key quit = <Bogus>", "key down = <Esc>", "key down = <C-c>", "key down = abcdefg", "key hold = c", "key up = \x01",
	};
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct look before;
		char text[128];

		memcpy(&before, &l, sizeof l);
		(void)snprintf(text, sizeof text, "# one\n%s\nsort = bytes\n", wrong[i]);
		if (read_text(text, &e) != 1)
			fail_msg("taken: %s", wrong[i]);
		assert_memory_equal(e.text, "line 2: ", 8);
		assert_null(strchr(e.text, '\x01'));
		assert_string_equal(look_sorts[l.sort].name, "bytes"); /* the rest holds */
		l.sort = before.sort;
		l.descending = before.descending;
		assert_memory_equal(&before, &l, sizeof l);
		for (size_t k = 0; k < keys_lines; k++)
			assert_false(keys_bound(k));
	}
}

/* Who had the key loses it, but nobody is left without one. */
static void keys_are_taken(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(keys_bind("sort-reverse", 12, "s R", &e), 0);
	assert_int_equal(keys_action('s', IN_CONNECTIONS), ACTION_SORT_REVERSE);
	assert_int_equal(keys_action('>', IN_CONNECTIONS), ACTION_SORT_NEXT);
	assert_int_equal(keys_action('S', IN_CONNECTIONS), ACTION_NONE);
	assert_true(keys_bind("sort-reverse", 12, ">", &e) < 0); /* the last one that sort-next has */
	assert_non_null(strstr(e.text, "sort-next without a key"));
	assert_int_equal(keys_bind("back", 4, "B", &e), 0);
	assert_int_equal(keys_action(KEY_ESCAPE, IN_CONNECTIONS), ACTION_BACK);
	assert_int_equal(keys_bind("quit", 4, "Q", &e), 0);
	assert_int_equal(keys_action(KEY_CONTROL('C'), IN_CONNECTIONS), ACTION_QUIT);
	/* Where both are at home only: the ladder has its own e. */
	assert_int_equal(keys_bind("hide-closed", 11, "e", &e), 0);
	assert_int_equal(keys_action('e', IN_CONNECTIONS), ACTION_CLOSED);
	assert_int_equal(keys_action('e', IN_LADDER), ACTION_EVENTS);
	for (unsigned place = 1; place < IN_ALL; place <<= 1)
		for (size_t i = 0; i < keys_lines; i++)
			for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0; k++)
				if (keys_table[i].places & place)
					assert_int_equal(keys_action(keys_table[i].key[k], place), keys_table[i].action);
	keys_reset();
	assert_int_equal(keys_action('S', IN_CONNECTIONS), ACTION_SORT_REVERSE);
}

static void help_and_bar_tell_the_new_keys(void **state)
{
	struct canvas c = {.ascii = true};
	struct error e;
	char line[400];
	bool help = false, bar = false;

	(void)state;
	assert_int_equal(keys_bind("sort-next", 9, "<F9>", &e), 0);
	assert_true(canvas_resize(&c, 120, 40));
	for (unsigned page = 0; page < 2; page++) {
		l.page = page ? PAGE_HELP : PAGE_SCREEN;
		look_draw(&l, &a, &c);
		for (unsigned y = 0; y < c.height; y++) {
			for (unsigned x = 0; x < c.width; x++)
				line[x] = (char)canvas_at(&c, x, y)->code;
			line[c.width] = '\0';
			bar = bar || (page == 0 && strstr(line, "F9 Sort"));
			help = help || (page == 1 && strstr(line, "F9              sort by the next column"));
		}
	}
	canvas_release(&c);
	assert_true(help && bar);
}

/* What is kept, read again, sets the same. */
static void what_is_kept_is_read_again(void **state)
{
	char first[CONFIG_LINES], second[CONFIG_LINES];
	struct error e;
	struct text t;

	(void)state;
	text_init(&t, first, sizeof first);
	config_lines(&l, &t);
	assert_string_equal(first, ""); /* nothing was set */
	assert_int_equal(read_text("columns = service, rate\nsort = -rtx\ntheme = mono\nmouse = off\ntimes = delta\n"
				   "key quit = Q <F10>\nkey sort-previous = , <lt>\n", &e), 0);
	text_init(&t, first, sizeof first);
	config_lines(&l, &t);
	assert_non_null(strstr(first, "key quit = Q <F10>\n"));
	keys_reset();
	look_init(&l, false, "two.pcap", NULL);
	assert_int_equal(read_text(first, &e), 0);
	text_init(&t, second, sizeof second);
	config_lines(&l, &t);
	assert_string_equal(first, second);
}

/* Any bytes: no crash, no key bound twice, nobody without a key. */
static void any_bytes(void **state)
{
	static const char *const parts[] = {"columns", "sort", "theme", "key ", "quit", "mark", "=", " ", "\n", ",", "server", "rate", "-",
					    "<F", "3>", "<", "q", "#", "\xff", "\xe2\x96", "mono", "times", "delta", "\r"};
	char text[256];

	(void)state;
	srand(9);
	for (unsigned n = 0; n < 20000; n++) {
		size_t len = 0;
		struct error e = {""};

		while (len < 200 && rand() % 24) {
			const char *part = parts[(unsigned)rand() % (sizeof parts / sizeof parts[0])];

			memcpy(text + len, part, strlen(part));
			len += strlen(part);
			if (rand() % 8 == 0)
				text[len++] = (char)rand();
		}
		(void)config_text(&l, text, len, &e);
		assert_true(l.list.columns <= COLUMNS && l.sort < LOOK_SORTS);
		for (size_t i = 0; i < keys_lines; i++) {
			assert_int_not_equal(keys_table[i].key[0], 0);
			for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0; k++)
				assert_int_equal(keys_action(keys_table[i].key[k], keys_table[i].places & (0U - keys_table[i].places)),
						 keys_table[i].action);
		}
	}
}

/* What a person wrote stays; settings are written over where they stand, those as at the start go, new ones come last. */
static void what_a_person_wrote_is_kept(void **state)
{
	static const char before[] = "# mine\n\n  sort = -rate\nwindow = 12\ntheme= blue\nkey sort-next = x\n# the mouse\n"
				     "mouse = off\ntimes = clock\nkey nonsense = y\nno equals sign";
	static const char after[] = "# mine\n\nsort = rtt\nwindow = 12\ntheme= blue\nkey sort-next = s <F9>\n# the mouse\n"
				    "times = delta\nkey nonsense = y\nno equals sign\ntheme = mono\n";
	char room[512];
	struct error e;
	struct text t;

	(void)state;
	assert_int_equal(read_text("sort = rtt\ntheme = mono\ntimes = delta\nkey sort-next = s <F9>\n", &e), 0);
	text_init(&t, room, sizeof room);
	assert_true(config_keep(&l, before, sizeof before - 1, &t));
	assert_string_equal(room, after);
	/* Once more: nothing changes. */
	{
		char again[512];
		struct text u;

		text_init(&u, again, sizeof again);
		assert_true(config_keep(&l, room, t.len, &u));
		assert_string_equal(again, after);
	}
	text_init(&t, room, 32);
	assert_false(config_keep(&l, before, sizeof before - 1, &t)); /* no room: said, and nothing half is written */
}

static bool sync_fails;

/* In the place of the C library's: a disk that cannot keep what was written. */
int fsync(int fd)
{
	(void)fd;
	errno = EIO;
	return sync_fails ? -1 : 0;
}

/* The file holds the old text or the new one, longer or shorter, also where there is no room for it. */
static void a_text_is_put_whole_or_not_at_all(void **state)
{
	static char bytes[CONFIG_BYTES];
	static const char *const texts[] = {"sort = bytes\n", "# mine\n\nsort = client\ntheme = 16\n", "", "x\n"};
	struct rlimit limit, small;
	int fd = memfd_create("config", MFD_CLOEXEC);
	size_t was = 0;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < 4; i++) {
		size_t n = strlen(texts[i]);
		char is[64];

		memcpy(bytes, texts[i], n);
		assert_true(config_put(fd, bytes, n, i > 0 ? texts[i - 1] : "", was));
		assert_int_equal(lseek(fd, 0, SEEK_END), n);
		assert_int_equal(pread(fd, is, sizeof is, 0), n);
		assert_memory_equal(is, texts[i], n);
		was = n;
	}
	/* The disk does not keep it: what was there is put back. */
	sync_fails = true;
	memcpy(bytes, "theme = 256\n", 12);
	assert_false(config_put(fd, bytes, 12, "x\n", 2));
	sync_fails = false;
	assert_int_equal(lseek(fd, 0, SEEK_END), 2);
	assert_int_equal(pread(fd, bytes, 100, 0), 2);
	assert_memory_equal(bytes, "x\n", 2);
	/* No room for what is longer: what was there stands. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 100;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	memset(bytes, 'y', 4000);
	assert_false(config_put(fd, bytes, 4000, "x\n", 2));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 2);
	assert_int_equal(pread(fd, bytes, 100, 0), 2);
	assert_memory_equal(bytes, "x\n", 2);
	(void)close(fd);
}

static void write_file(const char *path, const char *mode, size_t lines)
{
	FILE *f = fopen(path, mode);

	assert_non_null(f);
	for (size_t i = 0; i < lines; i++)
		assert_int_equal(fputs("# sixteen bytes\n", f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

static size_t length_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* A file of 64 KiB is read and written whole; one that is longer, or has become so, is left as it is. */
static void a_long_file_is_whole_or_refused(void **state)
{
	const struct layout at = look_layout(100, 30);
	char path[] = "/tmp/sockeye-config-XXXXXX";
	const int made = mkstemp(path);
	unsigned wrong;
	struct error e;

	(void)state;
	assert_true(made >= 0 && close(made) == 0);
	write_file(path, "w", CONFIG_BYTES / 16);
	assert_int_equal(config_open(&l, path, &wrong, &e), 0);
	assert_int_equal(wrong, 0);
	assert_true(l.config_fd >= 0);
	l.mouse = !l.mouse;
	(void)config_save(&l, &at);
	assert_string_equal(l.message, "the file has no room for what was set");
	assert_int_equal(length_of(path), CONFIG_BYTES);
	write_file(path, "w", CONFIG_BYTES / 16 - 2);
	(void)config_save(&l, &at);
	assert_false(l.message_bad);
	assert_true(length_of(path) > CONFIG_BYTES - 32 && length_of(path) <= CONFIG_BYTES);
	write_file(path, "w", 2 * CONFIG_BYTES / 16);
	(void)config_save(&l, &at); /* it has grown since */
	assert_true(l.message_bad);
	assert_non_null(strstr(l.message, "it stays as it is"));
	assert_int_equal(length_of(path), 2 * CONFIG_BYTES);
	close(l.config_fd);
	assert_true(config_open(&l, path, &wrong, &e) < 0);
	assert_non_null(strstr(e.text, "longer than 65536 bytes"));
	assert_int_equal(unlink(path), 0);
}

static bool says(const char *words)
{
	char all[sizeof l.dialog_lines];
	size_t n = 0;

	for (const char *s = l.dialog_lines; *s != '\0'; s++)
		all[n++] = *s == '\n' ? ' ' : *s;
	all[n] = '\0';
	return strstr(all, words) != NULL;
}

/* Where, why and what to do, in lines as wide as the screen has them. */
static void what_is_not_kept_says_why_in_full(void **state)
{
	const struct layout at = look_layout(40, 24);
	unsigned wrong;
	struct error e;

	(void)state;
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/nonexistent/a-home-directory-that-has-a-very-long-name", 1), 0);
	(void)unsetenv("SUDO_UID");
	assert_int_equal(config_open(&l, NULL, &wrong, &e), 0);
	l.mouse = true;
	(void)config_save(&l, &at);
	assert_true(says("it was not there at the start"));
	assert_true(says("Make it, empty, and its directory"));
	assert_true(says("Nothing is set"));
	l.mouse = false;
	(void)config_save(&l, &at);
	assert_true(says("These lines keep what was set:"));
	assert_non_null(strstr(l.dialog_lines, "\n\nmouse = off\n"));
	for (const char *s = l.dialog_lines, *end; (end = strchr(s, '\n')) != NULL; s = end + 1)
		assert_true(end - s <= 36);
	/* A directory cannot be read as a file: that is why. */
	assert_true(config_open(&l, "/", &wrong, &e) < 0);
	(void)config_save(&l, &at);
	assert_true(says("Not kept in /: not read, it is no regular file."));
	(void)unsetenv("XDG_CONFIG_HOME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_understood, start, stop),
		cmocka_unit_test_setup_teardown(wrong_lines_are_told_and_change_nothing, start, stop),
		cmocka_unit_test_setup_teardown(keys_are_taken, start, stop),
		cmocka_unit_test_setup_teardown(help_and_bar_tell_the_new_keys, start, stop),
		cmocka_unit_test_setup_teardown(what_is_kept_is_read_again, start, stop),
		cmocka_unit_test_setup_teardown(what_a_person_wrote_is_kept, start, stop),
		cmocka_unit_test_setup_teardown(a_long_file_is_whole_or_refused, start, stop),
		cmocka_unit_test_setup_teardown(what_is_not_kept_says_why_in_full, start, stop),
		cmocka_unit_test_setup_teardown(any_bytes, start, stop),
		cmocka_unit_test(a_text_is_put_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
