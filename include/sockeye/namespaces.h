/* The network namespaces of this machine: which there are, and into one of them.
 *
 *     namespaces_list()    those with a process or a name, each once
 *     namespace_enter()    by what a person types: a name, a process, a path
 *     namespace_visit()    into one of the list; namespace_back() leads home
 *
 * Sockets, files of /proc/net and names of interfaces belong for ever to the namespace in which they were opened, so
 * a program enters, opens what it wants, and need never come back. Entering takes CAP_SYS_ADMIN; of another user's
 * process CAP_SYS_PTRACE too. Only a process with a single thread may do it: before the first one is made, and before
 * rights are given up.
 *
 * A namespace whose processes may not be seen, and which has no name, is not in the list. One that is held by
 * an open descriptor alone is in no list of the kernel's.
 */
#ifndef SOCKEYE_NAMESPACES_H
#define SOCKEYE_NAMESPACES_H

#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/socket_record.h"
#include "sockeye/tuple.h"

enum { NAMESPACES_MOST = 256 };

struct namespaces {
	struct socket_netns at[NAMESPACES_MOST]; /* this program's own first, then by name, then by inode */
	unsigned n;
	uint32_t forgotten;  /* processes and names of further ones */
	uint32_t unreadable; /* processes whose namespace may not be seen */
};

/* 0, or -errno: /proc cannot be read. */
int namespaces_list(struct namespaces *out, struct error *e);

/* A name below /run/netns, the number of a process, or with a slash in it a path. 0, or -errno with the sentence. */
int namespace_enter(const char *word, struct error *e);

/* A descriptor to come back by, or -errno. */
int namespace_home(struct error *e);
int namespace_visit(const struct socket_netns *n, struct error *e);
int namespace_back(int home, struct error *e);

/* The addresses of the namespace this thread is in. */
void namespace_addresses(void (*each)(void *arg, const struct address *a, uint8_t family), void *arg);

/* Addresses that interfaces of other namespaces have, 127.0.0.1 among them. Where they cannot be entered: none.
 * 0, or -errno: this program may have been left in another one, and must end. */
int namespaces_elsewhere(void (*each)(void *arg, const struct address *a, uint8_t family), void *arg, struct error *e);

#endif
