/* The writer's files: names, opening, rotation, closing.
 *
 * Rotation is tcpdump's: -C appends 1, 2, 3 ... to the name, with -W 0, 1, 2 ...
 * of as many digits as the last one has, and begins again with 0; -G makes the
 * name of the time. A symbolic link to a file is not followed, for others may
 * have foreseen the name; one to a device or a pipe is, where the user typed it.
 * A file is locked while it is written, and never one of those that are read.
 */
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/text.h"

/* ---- names ------------------------------------------------------------------------ */

/* Digits of the last number of a ring of that many. */
static unsigned writing_digits(unsigned files)
{
	unsigned digits = 0;

	for (unsigned last = files > 0 ? files - 1 : 0; last > 0; last /= 10)
		digits++;
	return digits;
}

/* strftime's pattern comes from the command line. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t writing_time_name(char *out, size_t size, const char *pattern, int64_t now_s)
{
	time_t t = (time_t)now_s;
	struct tm tm;

	return localtime_r(&t, &tm) ? strftime(out, size, pattern, &tm) : 0;
}
#pragma GCC diagnostic pop

static int writing_name(struct writer *w, int64_t now_s, struct error *e)
{
	unsigned digits = w->o.rotate_bytes ? writing_digits(w->o.rotate_files) : 0;
	size_t n = strlen(w->o.path);
	struct text t;

	text_init(&t, w->title, sizeof w->title);
	text_foreign(&t, w->o.path, n, false);
	if (w->o.rotate_s) {
		n = writing_time_name(w->path, sizeof w->path, w->o.path, now_s);
	} else if (n < sizeof w->path) {
		memcpy(w->path, w->o.path, n + 1);
	} else {
		n = 0;
	}
	if (n == 0 || n + 12 > sizeof w->path)
		return error_set(e, ENAMETOOLONG, "%s: the name is longer than %zu bytes, or empty", w->title,
				 sizeof w->path - 12);
	memcpy(w->stem, w->path, n + 1);
	if (w->o.rotate_bytes && (w->number > 0 || digits > 0))
		(void)snprintf(w->path + n, sizeof w->path - n, "%0*u", (int)digits, w->number);
	text_init(&t, w->title, sizeof w->title);
	text_foreign(&t, w->path, strlen(w->path), false);
	return 0;
}

/* ---- opening ---------------------------------------------------------------------- */

static bool writing_is_stdout(const char *path)
{
	return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0 || strcmp(path, "/proc/self/fd/1") == 0;
}

static int writing_refusal(const struct writer *w, int why, struct error *e)
{
	struct stat st;

	switch (why) {
	case ENOENT:
		return error_set(e, why, "%s: there is no such directory to write it in: make it first", w->title);
	case EACCES:
	case EPERM:
		return error_set(e, why, "%s: no permission to write it; name a file in a directory of yours",
				 w->title);
	case EISDIR:
		return error_set(e, why, "%s: a directory: name a file in it", w->title);
	case ENXIO:
		if (stat(w->path, &st) == 0 && S_ISSOCK(st.st_mode))
			return error_set(e, why, "%s: a socket, which is not written to: name a file or a FIFO", w->title);
		return error_set(e, why, "%s: a FIFO that nobody reads: start its reader first", w->title);
	case ELOOP:
		if (writing_is_stdout(w->path))
			return error_set(e, why, "%s: standard output goes to a file: -w - writes there", w->title);
		return error_set(e, why, "%s: a symbolic link, which is not followed: whoever made it chose what is written over; name the file itself", w->title);
	default:
		return error_set(e, why, "%s: cannot be opened for writing: %s", w->title, strerror(why));
	}
}

static int writing_try(struct writer *w, int flags, struct error *e)
{
	int fd;

	if (w->o.create)
		return w->o.create(w->o.create_arg, w->path, flags, e);
	fd = open(w->path, flags, 0666);
	return fd < 0 ? -errno : fd;
}

/* A link may lead elsewhere by now than where it was looked at: not to a file. */
static int writing_followed(struct writer *w, int flags, struct error *e)
{
	int fd = writing_try(w, flags & ~O_CREAT, e);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))) {
		(void)close(fd);
		return -ELOOP;
	}
	return fd;
}

static int writing_descriptor(struct writer *w, struct error *e)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK; /* a FIFO is not waited for */
	struct stat st;
	int fd;

	e->text[0] = '\0';
	fd = writing_try(w, flags | O_NOFOLLOW, e);
	/* The user may name a device or a pipe by a link, /dev/stdout say. */
	if (fd == -ELOOP && strcmp(w->path, w->o.path) == 0 && stat(w->path, &st) == 0 && !S_ISREG(st.st_mode))
		fd = writing_followed(w, flags, e);
	if (fd >= 0)
		return fd;
	return e->text[0] && fd != -ELOOP ? fd : writing_refusal(w, -fd, e);
}

/* A pipe's end of our own, so that a full pipe is no wait without end; else the one that we have. */
static int writing_standard_output(void)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static int writing_lock(struct writer *w, struct error *e)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET}, holder = lock;

	if (fcntl(w->fd, F_SETLK, &lock) == 0 || (errno != EACCES && errno != EAGAIN))
		return 0; /* a file system without locks is no reason not to write */
	if (fcntl(w->fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0)
		return error_set(e, EBUSY, "%s: process %ld is writing it: name another file", w->title,
				 (long)holder.l_pid);
	return error_set(e, EBUSY, "%s: another process is writing it: name another file", w->title);
}

/* What was opened, and whether it may be written to. */
static int writing_check(struct writer *w, struct error *e)
{
	struct stat st;
	int flags = fcntl(w->fd, F_GETFL);
	int rc;

	if (fstat(w->fd, &st) != 0 || flags < 0)
		return error_set(e, errno, "%s: cannot be written: %s", w->title, strerror(errno));
	w->regular = S_ISREG(st.st_mode);
	w->pipe = S_ISFIFO(st.st_mode);
	w->base = 0;
	if (!w->own && (flags & O_ACCMODE) == O_RDONLY)
		return error_set(e, EBADF, "standard output is closed: name a file after -w, or redirect it");
	if (!w->own && isatty(w->fd))
		return error_set(e, ENOTTY, "standard output is a terminal: name a file after -w, or redirect it");
	for (unsigned i = 0; i < w->n_inputs && (w->regular || w->pipe); i++)
		if (w->input[i].device == st.st_dev && w->input[i].inode == st.st_ino)
			return error_set(e, EINVAL, "%s: is being read: write to another file", w->title);
	if (!w->regular) {
		if (w->own && !w->pipe)
			(void)fcntl(w->fd, F_SETFL, flags & ~O_NONBLOCK);
		return 0;
	}
	rc = writing_lock(w, e);
	if (rc != 0)
		return rc;
	if (w->own) {
		(void)fcntl(w->fd, F_SETFL, flags & ~O_NONBLOCK);
		w->stale = st.st_size > 0; /* emptied when the run has begun: it may fail before */
		return 0;
	}
	if (flags & O_APPEND) {
		w->base = (uint64_t)st.st_size;
	} else {
		off_t at = lseek(w->fd, 0, SEEK_CUR);

		w->base = at > 0 ? (uint64_t)at : 0;
	}
	return 0;
}

int writing_open(struct writer *w, int64_t now_s, struct error *e)
{
	int rc;

	w->begun_s = now_s;
	w->size = 0;
	w->stale = false;
	w->own = strcmp(w->o.path, "-") != 0;
	if (w->own) {
		rc = writing_name(w, now_s, e);
		if (rc == 0)
			rc = w->fd = writing_descriptor(w, e);
	} else {
		(void)snprintf(w->title, sizeof w->title, "standard output");
		rc = w->fd = writing_standard_output();
		if (rc < 0)
			rc = error_set(e, errno, "standard output is closed: %s", strerror(errno));
	}
	if (rc >= 0)
		rc = writing_check(w, e);
	if (rc < 0)
		return writing_end(w, -rc);
	w->stats.files++;
	w->kind->begin(w);
	return 0;
}

/* ---- rotation ------------------------------------------------------------------------ */

int writing_whole(struct writer *w, struct error *e)
{
	int rc = w->kind->end(w, e);
	int fd;

	if (rc == 0)
		rc = writing_flush(w, e);
	if (rc == 0)
		rc = writing_look(w, e);
	if (rc != 0)
		return rc;
	fd = w->fd;
	w->fd = -1;
	/* Some file systems say only here that there was no room. EINTR is no failure: it is closed. */
	if (close(fd) == 0 || errno == EINTR)
		return 0;
	w->ended = true;
	return error_set(e, errno, "%s: cannot be written whole: %s", w->title, strerror(errno));
}

bool writing_over(const struct writer *w, int64_t now_s)
{
	return w->o.rotate_s > 0 && w->o.rotate_bytes == 0 && w->o.rotate_files > 0 &&
	       w->number + 1 >= w->o.rotate_files && now_s - w->begun_s >= w->o.rotate_s;
}

int writing_rotate(struct writer *w, int64_t now_s, struct error *e)
{
	bool late = w->o.rotate_s > 0 && now_s - w->begun_s >= w->o.rotate_s;
	bool large = w->o.rotate_bytes > 0 && w->size + w->used > w->o.rotate_bytes;
	char before[WRITER_PATH];
	int rc;

	if (!late && !large)
		return 0;
	w->last_file = late && writing_over(w, now_s);
	rc = writing_whole(w, e);
	if (rc != 0)
		return rc;
	if (w->last_file) {
		w->ended = true;
		return WRITER_FULL;
	}
	if (late && w->o.rotate_bytes)
		w->number = 0;
	else if (w->o.rotate_bytes && w->o.rotate_files && w->number + 1 >= w->o.rotate_files)
		w->number = 0;
	else
		w->number++;
	if (!late) {
		now_s = w->begun_s; /* -C and -G: the name keeps its time */
		return writing_open(w, now_s, e);
	}
	memcpy(before, w->stem, sizeof before);
	rc = writing_name(w, now_s, e);
	if (rc == 0 && strcmp(w->stem, before) == 0) {
		w->ended = true;
		return error_set(e, EEXIST, "%s: the next file of -G would have this name too, and overwrite what this run "
				 "wrote: put a finer time into it, as x-%%H%%M%%S.pcapng", w->title);
	}
	return rc == 0 ? writing_open(w, now_s, e) : writing_end(w, -rc);
}

/* ---- looking after it ----------------------------------------------------------------- */

int writing_look(struct writer *w, struct error *e)
{
	struct stat st;

	if (!w->regular || !w->own || fstat(w->fd, &st) != 0)
		return 0;
	if (st.st_nlink == 0) {
		(void)error_set(e, ESTALE, "%s: was removed while it was written: its %llu packets are lost with it",
				w->title, (unsigned long long)w->stats.frames);
		return writing_end(w, ESTALE);
	}
	if (!w->stale && (uint64_t)st.st_size != w->size) {
		(void)error_set(e, ESTALE, "%s: was changed by another process at byte %llu of %llu: it is not whole",
				w->title, (unsigned long long)st.st_size, (unsigned long long)w->size);
		return writing_end(w, ESTALE);
	}
	return 0;
}
