/* Landlock: the file system, the network and other processes out of reach.
 *
 * Three system calls and no library. The numbers are the kernel's interface and
 * stand here because headers older than the running kernel lack the newer ones
 * (Documentation/userspace-api/landlock.rst). A domain without a rule denies
 * all that it handles; descriptors that are open keep working, which is why
 * everything is opened before, or by the broker.
 */
#include "sockeye/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on every architecture. */
enum { LANDLOCK_CREATE = 444, LANDLOCK_ADD_RULE = 445, LANDLOCK_RESTRICT = 446 };
enum { LANDLOCK_VERSION_FLAG = 1, LANDLOCK_PATH_BENEATH = 1 };

/* Access to files; the first 13 are there since ABI 1. */
enum {
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_FIRST = (1 << 13) - 1,
	LANDLOCK_REFER = 1 << 13,     /* ABI 2 */
	LANDLOCK_TRUNCATE = 1 << 14,  /* ABI 3 */
	LANDLOCK_IOCTL_DEV = 1 << 15, /* ABI 5 */
};
enum { LANDLOCK_TCP = 3 };       /* bind and connect; ABI 4 */
enum { LANDLOCK_SCOPES = 3 };    /* abstract sockets and signals; ABI 6 */

struct landlock_attributes {
	uint64_t files, network, scoped; /* what is too long for the kernel must be 0 */
};

/* Sanitizers read /proc/self and debugging information. */
static int landlock_reading(int ruleset)
{
	struct {
		uint64_t access;
		int32_t parent;
	} __attribute__((packed)) beneath = {.access = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR};
	long rc;

	beneath.parent = open("/", O_PATH | O_CLOEXEC);
	if (beneath.parent < 0)
		return -errno;
	rc = syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_PATH_BENEATH, &beneath, 0);
	(void)close(beneath.parent);
	return rc == 0 ? 0 : -errno;
}

int confine_files(int *abi, struct error *e)
{
	struct landlock_attributes a = {.files = LANDLOCK_FIRST};
	long version = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION_FLAG), ruleset;
	int rc = 0;

	*abi = 0;
	if (version < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
		return error_set(e, errno, "Landlock: refused, by a container's seccomp for example: %s", strerror(errno));
	if (version < 1)
		return error_set(e, ENOSYS, "Landlock: %s",
				 errno == EOPNOTSUPP ? "switched off in this kernel (boot with lsm=landlock,...)"
						     : "not in this kernel (Linux 5.13 has it)");
	a.files |= (version >= 2 ? LANDLOCK_REFER : 0) | (version >= 3 ? LANDLOCK_TRUNCATE : 0) |
		   (version >= 5 ? LANDLOCK_IOCTL_DEV : 0);
	a.network = version >= 4 ? LANDLOCK_TCP : 0;
	a.scoped = version >= 6 ? LANDLOCK_SCOPES : 0;
	ruleset = syscall(LANDLOCK_CREATE, &a, sizeof a, 0);
	if (ruleset < 0)
		return error_set(e, errno, "Landlock: no ruleset: %s", strerror(errno));
	if (confine_sanitized())
		rc = landlock_reading((int)ruleset);
	if (rc == 0 && syscall(LANDLOCK_RESTRICT, (int)ruleset, 0) != 0)
		rc = -errno;
	(void)close((int)ruleset);
	if (rc < 0)
		return error_set(e, rc, "Landlock: the ruleset is not taken: %s", strerror(-rc));
	*abi = (int)version;
	return 0;
}
