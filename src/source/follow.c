/* Waiting for a regular file to grow: one epoll descriptor over inotify and a
 * timer. The watch is put on the open file itself, through its descriptor, so
 * that a file which takes the name meanwhile is not mistaken for it.
 */
#include "follow.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sockeye/clock.h"

enum { FOLLOW_LOOK_MS = 100 };

static void follow_alarm(const struct follow *f, int64_t first_ns)
{
	struct itimerspec t = {.it_value = {.tv_nsec = first_ns},
			       .it_interval = {.tv_nsec = FOLLOW_LOOK_MS * CLOCK_MS}};

	(void)timerfd_settime(f->timer, 0, &t, NULL);
}

static int follow_watch(const struct follow *f, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = fd}};

	return epoll_ctl(f->fd, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

int follow_open(struct follow *f, int file, const char *title, struct error *e)
{
	char path[32];
	int why;

	f->fd = epoll_create1(EPOLL_CLOEXEC);
	f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->fd < 0 || f->timer < 0 || follow_watch(f, f->timer) < 0) {
		why = errno;
		follow_close(f);
		return error_set(e, why, "%s: cannot be followed: %s", title, strerror(why));
	}
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (f->inotify >= 0 &&
	    (inotify_add_watch(f->inotify, path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF) < 0 ||
	     follow_watch(f, f->inotify) < 0)) {
		(void)close(f->inotify);
		f->inotify = -1;
	}
	follow_alarm(f, FOLLOW_LOOK_MS * CLOCK_MS);
	return 0;
}

void follow_close(struct follow *f)
{
	const int fds[] = {f->fd, f->timer, f->inotify};

	for (unsigned i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	f->fd = f->timer = f->inotify = -1;
}

void follow_take(struct follow *f)
{
	_Alignas(struct inotify_event) char events[4096];
	uint64_t rang;

	(void)!read(f->timer, &rang, sizeof rang);
	/* What a busy writer adds meanwhile is for the next time. */
	for (unsigned i = 0; f->inotify >= 0 && i < 16 && read(f->inotify, events, sizeof events) > 0; i++)
		continue;
}

void follow_again(struct follow *f)
{
	follow_alarm(f, 1);
}

enum follow_name follow_look(int file, const char *name)
{
	struct stat ours, named;

	if (strcmp(name, "-") == 0 || fstat(file, &ours) != 0)
		return FOLLOW_SAME;
	if (stat(name, &named) != 0)
		return errno == ENOENT ? FOLLOW_GONE : FOLLOW_SAME;
	return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino ? FOLLOW_SAME : FOLLOW_REPLACED;
}
