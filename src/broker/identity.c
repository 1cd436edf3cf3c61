/* User, groups and capabilities, by the plain system calls.
 *
 * capset(2) in its version 3 has two words of 32 bits. The order matters: the
 * bounding set takes CAP_SETPCAP to empty and the groups take CAP_SETGID, so
 * both go before the user; the user goes before the capabilities, because
 * leaving user 0 empties the effective set anyway.
 */
#include "sockeye/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { IDENTITY_LAST_CAPABILITY = 63 };

/* Since Linux 4.3; older headers lack it. */
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

static bool identity_read(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};

	memset(data, 0, 2 * sizeof *data);
	return syscall(SYS_capget, &header, data) == 0;
}

uint64_t confine_permitted(void)
{
	struct __user_cap_data_struct data[2];

	return identity_read(data) ? (uint64_t)data[1].permitted << 32 | data[0].permitted : 0;
}

uint64_t confine_effective(void)
{
	struct __user_cap_data_struct data[2];

	return identity_read(data) ? (uint64_t)data[1].effective << 32 | data[0].effective : 0;
}

bool confine_bounding(void)
{
	bool emptied = true;

	for (int c = 0; c <= IDENTITY_LAST_CAPABILITY; c++) {
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break; /* past the last one of this kernel */
		emptied = false; /* no right to, and none to any other */
		break;
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* kernels before 4.3 have none */
	return emptied;
}

int confine_user(uid_t uid, gid_t gid, bool keep, struct error *e)
{
	uid_t real, effective, saved;
	int why = 0;

	if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return error_set(e, errno, "capabilities cannot be kept over a change of user: %s", strerror(errno));
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		why = errno;
	if (keep)
		(void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (why == EINVAL)
		return error_set(e, EINVAL, "user %u is not mapped in this user namespace", (unsigned)uid);
	if (why != 0)
		return error_set(e, why, "cannot become user %u, group %u: %s", (unsigned)uid, (unsigned)gid,
				 strerror(why));
	if (getresuid(&real, &effective, &saved) != 0 || real != uid || effective != uid || saved != uid)
		return error_set(e, EPERM, "the user did not become %u", (unsigned)uid);
	return 0;
}

int confine_capabilities(uint64_t keep, struct error *e)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof data);
	data[0].permitted = data[0].effective = (uint32_t)keep;
	data[1].permitted = data[1].effective = (uint32_t)(keep >> 32);
	if (syscall(SYS_capset, &header, data) != 0)
		return error_set(e, errno, "capabilities cannot be given up: %s", strerror(errno));
	if (!identity_read(data) || confine_permitted() != keep || confine_effective() != keep ||
	    (data[0].inheritable | data[1].inheritable) != 0)
		return error_set(e, EPERM, "capabilities were not given up");
	return 0;
}

int confine_no_new_privs(struct error *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(e, ENOSYS, "no_new_privs: not in this kernel (Linux 3.5 has it)");
	return error_set(e, errno, "no_new_privs: %s", strerror(errno));
}
