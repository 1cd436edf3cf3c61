/* One text in a file's place, by a descriptor alone: nothing can be opened any more, so nothing can be
 * renamed.
 *
 * Room is asked for first. Then the new text goes over the old one in one write; where it is shorter, blank lines stand
 * behind it until the file is cut. So whoever reads it meanwhile, or after a crash between two of these steps, finds
 * the old text or all of the new one. What fails is undone with the old text, which is at hand. A machine that
 * loses power in the write itself may leave a part of each.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static bool put_whole(int fd, const char *bytes, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t wrote = pwrite(fd, bytes + at, n - at, (off_t)at);

		if (wrote <= 0)
			return false;
		at += (size_t)wrote;
	}
	return true;
}

bool config_put(int fd, char *bytes, size_t n, const char *old, size_t was)
{
	const size_t most = n > was ? n : was;

	if (most > CONFIG_BYTES)
		return false;
	memset(bytes + n, '\n', most - n);
	/* Where a file system cannot promise room, the write finds out. */
	(void)fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)most);
	if (put_whole(fd, bytes, most) && ftruncate(fd, (off_t)n) == 0 && fsync(fd) == 0)
		return true;
	if (put_whole(fd, old, was) && ftruncate(fd, (off_t)was) == 0)
		(void)fsync(fd);
	return false;
}
