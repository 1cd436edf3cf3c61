/* The file of the configuration: whose it is, reading it at the start, writing it back.
 *
 * Opened once, before rights are given up, and kept: later nothing can be opened. It is opened
 * with the file system's rights of the person who started the program, never with root's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "screen.h"
#include "sockeye/tui.h"

/* Who started it: under sudo, who called that. False: it cannot be told. */
static bool config_person(uid_t *uid, gid_t *gid, bool *sudo)
{
	const char *said = getuid() == 0 ? getenv("SUDO_UID") : NULL;
	const struct passwd *pw;
	unsigned long v = 0;

	*uid = getuid();
	*gid = getgid();
	*sudo = said != NULL;
	if (said == NULL)
		return true;
	for (; *said >= '0' && *said <= '9' && v < 1UL << 31; said++)
		v = v * 10 + (unsigned long)(*said - '0');
	pw = *said == '\0' ? getpwuid((uid_t)v) : NULL;
	if (pw == NULL)
		return false;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

static bool config_path(struct text *t, uid_t uid, bool sudo)
{
	const char *base = sudo ? NULL : getenv("XDG_CONFIG_HOME"), *home = sudo ? NULL : getenv("HOME");
	const struct passwd *pw;

	if (base != NULL && base[0] == '/') {
		text_put(t, base);
	} else {
		if (home == NULL || home[0] != '/') {
			pw = getpwuid(uid);
			home = pw != NULL ? pw->pw_dir : NULL;
		}
		if (home == NULL || home[0] != '/')
			return false;
		text_put(t, home);
		text_put(t, "/.config");
	}
	text_put(t, "/sockeye/config");
	return !t->cut;
}

static int config_look_at(int fd, uid_t uid, const char *name, bool said, struct error *err)
{
	struct stat s;

	if (fstat(fd, &s) < 0)
		return error_set(err, errno, "%s: cannot be looked at: %s", name, strerror(errno));
	if (!S_ISREG(s.st_mode))
		return error_set(err, EINVAL, "%s: not read, it is no regular file", name);
	if (s.st_uid != uid && !said)
		return error_set(err, EPERM, "%s: not read, it belongs to somebody else", name);
	if ((s.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !said)
		return error_set(err, EPERM, "%s: not read, others may write it: chmod go-w", name);
	if (s.st_size > CONFIG_BYTES)
		return error_set(err, EFBIG, "%s: not read, it is longer than %d bytes", name, (int)CONFIG_BYTES);
	return 0;
}

/* All of it, from where it stands: how many bytes, -EFBIG: it is longer than CONFIG_BYTES, which may have come about
 * since it was looked at; -errno. text: room for one byte more. */
static ssize_t config_whole(int fd, char *text)
{
	size_t n = 0;
	ssize_t got;

	do {
		got = read(fd, text + n, CONFIG_BYTES + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0 && n <= CONFIG_BYTES);
	return got < 0 ? -errno : n > CONFIG_BYTES ? -EFBIG : (ssize_t)n;
}

static int config_take(struct look *l, int fd, const char *name, unsigned *wrong, struct error *err)
{
	char *text = malloc(CONFIG_BYTES + 1);
	struct error first = {""};
	ssize_t n;

	if (text == NULL)
		return error_set(err, ENOMEM, "%s: no memory to read it", name);
	n = config_whole(fd, text);
	if (n < 0) {
		free(text);
		return error_set(err, (int)-n, "%s: not read: %s", name,
				 n == -EFBIG ? "it is longer than a configuration may be" : strerror((int)-n));
	}
	*wrong = config_text(l, text, (size_t)n, &first);
	free(text);
	if (*wrong > 0)
		(void)error_set(err, EINVAL, "%s: %s%s", name, first.text, *wrong > 1 ? " (and more lines are wrong)" : "");
	return 0;
}

/* A file that is there, for writing if it may be written. */
static int config_opened(const char *path, bool *writable)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(path, O_RDWR | flags);

	*writable = fd >= 0;
	return fd >= 0 ? fd : open(path, O_RDONLY | flags);
}

static const char config_absent[] = "it was not there at the start, and no file can be made since";

/* What :save-config will say of a file that it cannot write; of a sentence that begins with the name, what is behind. */
static void config_because(struct look *l, const char *why)
{
	const size_t n = strlen(l->config_name);
	struct text t;

	if (n > 0 && strncmp(why, l->config_name, n) == 0 && strncmp(why + n, ": ", 2) == 0)
		why += n + 2;
	text_init(&t, l->config_why, sizeof l->config_why);
	text_put(&t, why);
}

int config_open(struct look *l, const char *path, unsigned *wrong, struct error *err)
{
	char own[4096], name[300];
	bool sudo, said = path != NULL, writable;
	int fd, failed, why;
	struct text t;
	uid_t uid;
	gid_t gid;

	*wrong = 0;
	l->config_fd = -1;
	text_init(&t, own, sizeof own);
	config_because(l, "nobody can be told whose home directory would have it");
	if (!config_person(&uid, &gid, &sudo) || (!said && !config_path(&t, uid, sudo)))
		return 0; /* nobody's file */
	path = said ? path : own;
	text_init(&t, name, sizeof name);
	text_foreign(&t, path, strlen(path), false);
	text_init(&t, l->config_name, sizeof l->config_name);
	text_put(&t, name);
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	fd = config_opened(path, &writable);
	why = errno;
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
	config_because(l, config_absent);
	if (fd < 0 && !said && (why == ENOENT || why == ENOTDIR))
		return 0;
	if (fd < 0 && why == ENOENT)
		return error_set(err, why, "%s: no such file", name);
	if (fd < 0)
		failed = error_set(err, why, "%s: cannot be read: %s", name, why == ELOOP ? "it is a link" : strerror(why));
	else
		failed = config_look_at(fd, uid, name, said, err);
	if (failed == 0)
		failed = config_take(l, fd, name, wrong, err);
	if (failed == 0 && writable)
		l->config_fd = fd;
	else if (fd >= 0)
		close(fd);
	if (failed != 0 && err != NULL)
		config_because(l, err->text);
	else
		config_because(l, writable ? "" : "whoever started this may read it and not write it");
	return failed;
}

int config_begin(struct look *l, const struct tui_options *o, struct error *err)
{
	struct error wrong = {""};
	unsigned lines;
	int failed = config_open(l, o->config, &lines, &wrong);

	if (failed != 0 && o->config != NULL)
		return error_set(err, -failed, "%s", wrong.text);
	if (wrong.text[0] != '\0')
		screen_say(l, true, wrong.text);
	l->mouse = l->mouse && !o->no_mouse;
	return 0;
}

/* ---- :save-config ----------------------------------------------------------------- */

/* Cells of the dialog; and bytes of what it says before the lines. */
enum { LINES_WIDTH = 70, LINES_WORDS = 900 };

static unsigned lines_count(const struct look *l)
{
	unsigned n = 0;

	for (const char *s = l->dialog_lines; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void lines_line(const struct look *l, unsigned i, struct canvas *c, unsigned x, unsigned y, unsigned end)
{
	const char *s = l->dialog_lines;
	const char *stop;

	while (i-- > 0)
		s = strchr(s, '\n') + 1;
	stop = strchr(s, '\n');
	canvas_foreign(c, x, y, end, ROLE_TEXT, s, stop != NULL ? (size_t)(stop - s) : strlen(s));
}

static enum reaction lines_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	(void)a, (void)at, (void)now_ns;
	return key == KEY_RETURN ? dialog_close(l) : dialog_say(l, false, "no such key here");
}

static const struct dialog_kind dialog_of_lines = {
	.title = "Keeping what was set",
	.keys = "Esc, Enter away",
	.width = LINES_WIDTH,
	.lines = lines_count,
	.line = lines_line,
	.key = lines_key,
};

/* What the file holds and what is set, together, written back. False: it cannot be; *why: a sentence, or NULL. */
static bool config_write(struct look *l, const char **why)
{
	char *old = malloc(CONFIG_BYTES + 1), *new = malloc(CONFIG_BYTES + 1);
	bool done = false;
	ssize_t n = -1;
	struct text t;

	*why = NULL;
	if (old != NULL && lseek(l->config_fd, 0, SEEK_SET) == 0)
		n = config_whole(l->config_fd, old);
	if (n == -EFBIG)
		*why = "not kept: the file is longer than a configuration may be by now; it stays as it is";
	if (n >= 0 && new != NULL) {
		text_init(&t, new, CONFIG_BYTES + 1);
		if (n == 0)
			text_put(&t, "# written by :save-config\n");
		if (config_keep(l, old, (size_t)n, &t))
			done = config_put(l->config_fd, new, t.len, old, (size_t)n);
		else
			*why = "the file has no room for what was set";
	}
	free(old);
	free(new);
	return done;
}

/* Words into lines of so many cells; what has no blank is broken where the line ends. */
static void lines_wrap(struct text *t, const char *words, unsigned width)
{
	for (size_t left = strlen(words); left > 0;) {
		size_t n = 0, blank = 0, step;
		unsigned cells = 0;

		for (uint32_t code; n < left; n += step) {
			bool bad;

			step = text_utf8(words + n, left - n, &code, &bad);
			cells += bad ? 1 : text_width(code);
			blank = code == ' ' ? n : blank;
			if (cells > width && n > 0)
				break;
		}
		n = n < left && blank > 0 ? blank : n;
		text_bytes(t, words, n);
		text_char(t, '\n');
		n += n < left && words[n] == ' ';
		words += n;
		left -= n;
	}
}

/* What stands in the dialog: where the lines would be kept and why they are not, what to do, and the lines. */
static void lines_say(struct look *l, const struct layout *at)
{
	const unsigned width = at->width > LINES_WIDTH + 4 ? LINES_WIDTH : at->width > 24 ? at->width - 4 : 20;
	char lines[CONFIG_LINES], words[800];
	struct text t, w;

	text_init(&t, lines, sizeof lines);
	config_lines(l, &t);
	text_init(&w, words, sizeof words);
	if (l->config_name[0] == '\0')
		text_format(&w, "Not kept: %s.", l->config_why[0] != '\0' ? l->config_why : "the configuration was not read at the start");
	else
		text_format(&w, "Not kept in %s: %s.", l->config_name,
			    l->config_fd >= 0 ? "it cannot be written now, and is as it was" : l->config_why);
	if (strcmp(l->config_why, config_absent) == 0)
		text_put(&w, " Make it, empty, and its directory where there is none; start again, and :save-config writes it.");
	text_put(&w, t.len > 0 ? " These lines keep what was set:" : " Nothing is set that is not so at every start.");
	text_init(&t, l->dialog_lines, sizeof l->dialog_lines);
	lines_wrap(&t, words, width);
	if (lines[0] != '\0') {
		text_char(&t, '\n');
		text_put(&t, lines);
	}
}

enum reaction config_save(struct look *l, const struct layout *at)
{
	char lines[CONFIG_LINES - LINES_WORDS];
	const char *why = NULL;
	struct text t;

	text_init(&t, lines, sizeof lines);
	config_lines(l, &t);
	if (t.cut)
		return screen_say(l, true, "too much was set to be kept");
	text_init(&t, l->message, sizeof l->message);
	if (l->config_fd >= 0 && config_write(l, &why)) {
		text_format(&t, "kept in %s; what else stands there is as it was", l->config_name);
		l->message_bad = false;
		return REACT_DRAW;
	}
	if (why != NULL)
		return screen_say(l, true, why);
	lines_say(l, at);
	return dialog_open(l, &dialog_of_lines, at);
}
