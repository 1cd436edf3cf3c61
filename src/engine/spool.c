/* An unlinked file: see spool.h. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int spool_in(const char *directory)
{
	char name[512];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), n;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	n = snprintf(name, sizeof name, "%s/sockeye-XXXXXX", directory);
	if (n < 0 || (size_t)n >= sizeof name)
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

int spool_open(uint64_t *room, struct error *e)
{
	const char *const places[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
	struct statvfs v;
	int why = ENOENT;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int fd = places[i] && places[i][0] == '/' ? spool_in(places[i]) : -1;

		if (fd < 0) {
			why = places[i] && places[i][0] == '/' ? errno : why;
			continue;
		}
		*room = SPOOL_MOST;
		if (fstatvfs(fd, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize / SPOOL_SHARE < *room)
			*room = (uint64_t)v.f_bavail * v.f_frsize / SPOOL_SHARE;
		return fd;
	}
	return error_set(e, why, "no file for packets that memory has no room for, in $TMPDIR, /var/tmp or /tmp: %s; "
			 "the oldest will be forgotten", strerror(why));
}

int spool_write(int fd, const void *bytes, size_t n, uint64_t at)
{
	const uint8_t *from = bytes;

	while (n > 0) {
		ssize_t put = pwrite(fd, from, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		from += put;
		at += (uint64_t)put;
		n -= (size_t)put;
	}
	return 0;
}

int spool_read(int fd, void *bytes, size_t n, uint64_t at)
{
	uint8_t *to = bytes;

	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}
