/* The unified tree of control groups, read once.
 *
 * sock_diag says the number of the group in which a socket was made; the number is
 * the inode of the group's directory. With the tree, the number is a path even where
 * the socket's processes cannot be read. Groups that come later are not in it.
 */
#include "cgroups.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CGROUPS_DEPTH = 24, CGROUPS_PATH = 1024 };

bool cgroups_mount(const char *mountinfo, size_t n, char *out, size_t size)
{
	const char *end = mountinfo + n;

	/* 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw */
	for (const char *line = mountinfo; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line)), *at = line;
		size_t len;

		stop = stop ? stop : end;
		if (memmem(line, (size_t)(stop - line), " - cgroup2 ", 11)) {
			for (unsigned field = 0; field < 4 && at; field++) {
				at = memchr(at, ' ', (size_t)(stop - at));
				at = at ? at + 1 : NULL;
			}
			len = 0;
			while (at && at + len < stop && at[len] != ' ')
				len++;
			if (at && len > 0 && len < size) {
				memcpy(out, at, len);
				out[len] = '\0';
				return true;
			}
		}
		line = stop < end ? stop + 1 : end;
	}
	return false;
}

static void cgroups_add(struct cgroups *c, uint64_t id, const char *path)
{
	size_t n = strlen(path) + 1;

	if (c->n == CGROUPS_MOST || n > sizeof c->text - c->text_len) {
		c->forgotten++;
		return;
	}
	memcpy(c->text + c->text_len, path, n);
	c->at[c->n++] = (struct socket_cgroup){.id = id, .path = c->text + c->text_len};
	c->text_len += n;
}

/* The groups in that directory, which it closes. */
static void cgroups_below(struct cgroups *c, int fd, char path[CGROUPS_PATH], unsigned depth)
{
	DIR *d = fdopendir(fd);
	size_t len = strlen(path);
	struct dirent *entry;

	if (!d) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(d)) != NULL) {
		size_t n = strlen(entry->d_name);
		struct stat st;
		int below;

		if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
		    len + n + 2 > CGROUPS_PATH || c->n == CGROUPS_MOST)
			continue;
		below = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (below < 0)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, entry->d_name, n + 1);
		if (fstat(below, &st) == 0)
			cgroups_add(c, st.st_ino, path);
		if (depth < CGROUPS_DEPTH)
			cgroups_below(c, below, path, depth + 1);
		else
			(void)close(below);
		path[len] = '\0';
	}
	(void)closedir(d);
}

static int by_id(const void *a, const void *b)
{
	const struct socket_cgroup *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void cgroups_read(struct cgroups *c, const char *mount)
{
	char path[CGROUPS_PATH] = "";
	int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	c->n = 0;
	c->text_len = 0;
	c->forgotten = 0;
	if (fd < 0)
		return;
	cgroups_below(c, fd, path, 0);
	qsort(c->at, c->n, sizeof *c->at, by_id);
}
