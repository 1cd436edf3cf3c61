/* The unified tree of control groups, by number. Private to this room. */
#ifndef HOST_CGROUPS_H
#define HOST_CGROUPS_H

#include "sockeye/socket_record.h"

enum { CGROUPS_MOST = 4096, CGROUPS_TEXT = 256 * 1024 };

struct cgroups {
	struct socket_cgroup at[CGROUPS_MOST];
	char text[CGROUPS_TEXT];
	uint32_t n;
	size_t text_len;
	uint32_t forgotten;
};

/* Where the unified tree is mounted, from /proc/self/mountinfo; false: nowhere. */
bool cgroups_mount(const char *mountinfo, size_t n, char *out, size_t size);
/* Reads the tree below that directory: the number of a group is its directory's inode. */
void cgroups_read(struct cgroups *c, const char *mount);

#endif
