/* Giving rights up, one kind at a time, and for good.
 *
 * Used by main before the first packet is read, and by the broker before its
 * first question. Each returns 0, or -errno with the sentence in e; -ENOSYS: this
 * kernel or this build does not have it, and the caller decides whether to go
 * on. All of them are for a process with one thread; threads made later inherit
 * what was given up.
 *
 * In builds with a sanitizer the lists are wider by what its runtime does at the
 * end and after an error (confine_sanitized()): reading files, looking at its
 * own threads through ptrace. Writing, execve, sockets stay shut.
 */
#ifndef SOCKEYE_CONFINE_H
#define SOCKEYE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sockeye/error.h"

/* Capabilities by number, and as a bit of a set. */
enum {
	CONFINE_DAC_OVERRIDE = 1, CONFINE_DAC_READ_SEARCH = 2, CONFINE_SETPCAP = 8, CONFINE_NET_ADMIN = 12, CONFINE_NET_RAW = 13,
	CONFINE_SYS_PTRACE = 19, CONFINE_SYS_ADMIN = 21, CONFINE_PERFMON = 38, CONFINE_BPF = 39,
};
#define CONFINE_BIT(number) (UINT64_C(1) << (number))

/* What this process may use now; 0 where it cannot be asked. */
uint64_t confine_permitted(void);
uint64_t confine_effective(void);

/* Becomes that user and group with no other groups. keep: permitted capabilities
 * survive it. -EINVAL: the user is not mapped in this user namespace. */
int confine_user(uid_t uid, gid_t gid, bool keep, struct error *e);

/* Empties the bounding and the ambient set. False: the bounding set stays, which
 * takes CAP_SETPCAP to empty; without effect under no_new_privs. */
bool confine_bounding(void);

/* Permitted and effective become exactly keep, inheritable nothing. */
int confine_capabilities(uint64_t keep, struct error *e);

int confine_no_new_privs(struct error *e);

/* Landlock: no file, directory, TCP port, abstract socket or process outside
 * can be reached any more; what is open stays open. *abi: the kernel's. */
int confine_files(int *abi, struct error *e);

/* seccomp: the calls of that role and no others. Calls that only an intruder
 * makes (execve, ptrace ...) kill the process, the rest fail with EPERM.
 * *allowed: how many calls the list names. */
enum confine_role { CONFINE_MAIN, CONFINE_BROKER, CONFINE_BROKER_OUTPUT, CONFINE_BROKER_OWNERS, CONFINE_BROKER_BOTH, CONFINE_ROLES };
int confine_calls(enum confine_role role, unsigned *allowed, struct error *e);

bool confine_sanitized(void);

#endif
