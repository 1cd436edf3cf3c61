/* One walk through /proc, in pieces.
 *
 * Everything is opened below the directory of the process, which stays that
 * process's when its number is used again. Links are read with readlinkat(2),
 * directories with getdents64(2): nothing here takes memory.
 *
 * A process comes into a batch with its first socket; who holds none costs two
 * files and a directory. Its user and its control group are read then.
 */
#include "walking.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockeye/clock.h"

#define WALK_NO_ROW UINT32_MAX

enum { WALK_TEXT = 4096, WALK_ASK_TIME = 64 };
enum { DIRENT_LENGTH = 16, DIRENT_NAME = 19 }; /* of struct linux_dirent64: u64 inode, s64 offset, u16 length, u8 type */

static void walk_shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int process_walk_open(struct process_walk *w, const char *proc, struct error *e)
{
	w->directory = w->descriptors = -1;
	w->proc = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->proc < 0)
		return error_set(e, errno, "/proc cannot be read: %s: owners of sockets are not known", strerror(errno));
	process_walk_reset(w);
	return 0;
}

void process_walk_reset(struct process_walk *w)
{
	walk_shut(&w->directory);
	walk_shut(&w->descriptors);
	w->seen = w->unreadable = 0;
	w->row = WALK_NO_ROW;
	w->pids_at = w->pids_len = w->fds_at = w->fds_len = 0;
	(void)lseek(w->proc, 0, SEEK_SET);
}

void process_walk_close(struct process_walk *w)
{
	walk_shut(&w->directory);
	walk_shut(&w->descriptors);
	walk_shut(&w->proc);
}

int walk_entry(int fd, void *buffer, size_t size, size_t *at, size_t *len, char name[16])
{
	for (;;) {
		const char *bytes = buffer, *entry;
		uint16_t length;
		size_t digits = 0;

		if (*at + DIRENT_NAME >= *len) {
			long n = syscall(SYS_getdents64, fd, buffer, size);

			if (n <= 0)
				return n < 0 ? -errno : 0;
			*at = 0;
			*len = (size_t)n < size ? (size_t)n : size;
		}
		entry = bytes + *at;
		memcpy(&length, entry + DIRENT_LENGTH, sizeof length);
		if (length <= DIRENT_NAME || length > *len - *at)
			return -EIO;
		*at += length;
		entry += DIRENT_NAME;
		length = (uint16_t)(length - DIRENT_NAME);
		while (digits < length && digits < 15 && entry[digits] >= '0' && entry[digits] <= '9')
			digits++;
		if (digits == 0 || digits == length || entry[digits] != '\0')
			continue; /* "self", "net", "." */
		memcpy(name, entry, digits + 1);
		return 1;
	}
}

size_t walk_file(int directory, const char *name, char *out, size_t size)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t n = 0;

	while (fd >= 0 && n < size) {
		ssize_t got = read(fd, out + n, size - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	walk_shut(&fd);
	return n;
}

/* Steps to the next process whose descriptors can be read; false at the end. */
static bool walk_process(struct process_walk *w, struct process_batch *out)
{
	char name[16], text[WALK_TEXT];
	bool kernel = false;
	size_t n;
	int rc = walk_entry(w->proc, w->pids, sizeof w->pids, &w->pids_at, &w->pids_len, name);

	if (rc <= 0) {
		out->failed = (uint32_t)-rc;
		return false;
	}
	walk_shut(&w->directory);
	w->directory = openat(w->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (w->directory < 0)
		return true; /* it has ended */
	n = walk_file(w->directory, "stat", text, sizeof text);
	if (n == 0 || !process_parse_stat(text, n, &w->now, &kernel) || kernel)
		return true;
	w->seen++;
	w->descriptors = openat(w->directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (w->descriptors < 0) {
		w->unreadable += errno == EACCES || errno == EPERM;
		return true;
	}
	w->fds_at = w->fds_len = 0;
	w->row = WALK_NO_ROW;
	w->known = false;
	return true;
}

/* The process has its first socket: who is it? */
static void walk_know(struct process_walk *w)
{
	char text[WALK_TEXT];
	size_t n = walk_file(w->directory, "status", text, sizeof text);

	w->now.uid = UINT32_MAX;
	(void)process_parse_uid(text, n, &w->now.uid);
	n = walk_file(w->directory, "cgroup", text, sizeof text);
	process_parse_cgroup(text, n, w->now.cgroup);
	w->known = true;
}

static uint32_t walk_row(struct process_walk *w, struct process_batch *out)
{
	if (!w->known)
		walk_know(w);
	if (w->row == WALK_NO_ROW) {
		w->row = out->processes++;
		out->process[w->row] = w->now;
	}
	return w->row;
}

/* One descriptor of the process that is looked at; false: it has no more. */
static bool walk_descriptor(struct process_walk *w, struct process_batch *out)
{
	char name[16], link[64];
	uint64_t inode;
	int32_t fd = 0;
	ssize_t n;

	if (walk_entry(w->descriptors, w->fds, sizeof w->fds, &w->fds_at, &w->fds_len, name) <= 0)
		return false;
	w->now.descriptors++;
	n = readlinkat(w->descriptors, name, link, sizeof link);
	if (n < 0 && (errno == EACCES || errno == EPERM)) {
		w->unreadable++;
		return false; /* nor can the others */
	}
	if (n <= 0 || !process_parse_link(link, (size_t)n, &inode))
		return true;
	for (const char *c = name; *c; c++)
		fd = fd * 10 + (*c - '0');
	/* Its row first: it counts the processes. */
	out->holder[out->holders] = (struct process_holder){.inode = inode, .fd = fd, .process = walk_row(w, out)};
	out->holders++;
	return true;
}

static void walk_count(struct process_walk *w, struct process_batch *out)
{
	if (w->row != WALK_NO_ROW)
		out->process[w->row].descriptors = w->now.descriptors;
	out->seen = w->seen;
	out->unreadable = w->unreadable;
}

bool process_walk_next(struct process_walk *w, struct process_batch *out, int64_t budget_ns)
{
	const int64_t until = clock_monotonic_ns() + budget_ns;

	memset(out, 0, offsetof(struct process_batch, process));
	w->row = WALK_NO_ROW; /* a new batch: who goes on comes again */
	for (unsigned turn = 1;; turn++) {
		if (out->holders == PROCESS_BATCH_HOLDERS || out->processes == PROCESS_BATCH_PROCESSES ||
		    (turn % WALK_ASK_TIME == 0 && clock_monotonic_ns() > until))
			break;
		if (w->descriptors >= 0) {
			if (walk_descriptor(w, out))
				continue;
			walk_count(w, out);
			walk_shut(&w->descriptors);
			w->row = WALK_NO_ROW;
		}
		if (!walk_process(w, out)) {
			out->done = 1;
			break;
		}
	}
	walk_count(w, out);
	if (out->done)
		process_walk_reset(w);
	return out->done == 0;
}

bool process_batch_sound(const struct process_batch *b)
{
	if (b->processes > PROCESS_BATCH_PROCESSES || b->holders > PROCESS_BATCH_HOLDERS)
		return false;
	for (uint32_t i = 0; i < b->processes; i++)
		if (!memchr(b->process[i].comm, '\0', PROCESS_COMM) || !memchr(b->process[i].cgroup, '\0', PROCESS_CGROUP))
			return false;
	for (uint32_t i = 0; i < b->holders; i++)
		if (b->holder[i].process >= b->processes)
			return false;
	return true;
}
