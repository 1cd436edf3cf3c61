/* Trying each way once, at the start, and saying what it lacks.
 *
 * The trials ask for nothing that is there: TCP for listeners, which costs
 * microseconds whatever the machine holds, the others for no state at all.
 */
#include "asking.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PROBE_NOTICE_BUFFER = 8 << 20 };

void host_tier_add(struct host *h, const char *name, bool works, const char *reason)
{
	struct host_tier *t = &h->tiers[h->n_tiers < SOCKET_TIERS ? h->n_tiers++ : SOCKET_TIERS - 1];

	t->name = name;
	t->works = works;
	(void)snprintf(t->reason, sizeof t->reason, "%.*s", (int)sizeof t->reason - 1, reason);
}

void host_tier_set(struct host *h, const char *name, bool works, const char *reason)
{
	for (unsigned i = 0; i < h->n_tiers; i++) {
		struct host_tier *t = &h->tiers[i];

		if (strcmp(t->name, name) != 0)
			continue;
		t->works = works;
		(void)snprintf(t->reason, sizeof t->reason, "%.*s", (int)sizeof t->reason - 1, reason);
	}
}

static void probe_kind(struct host *h, unsigned i, bool diag, const char *no_diag)
{
	const struct asking *a = &askings[i];
	bool files = false;
	char why[200] = "";
	int rc = !diag || a->family == 0 ? -ENOTSUP : asking_trial(h, a, a->proto == PROTO_TCP ? 1U << SOCKET_LISTEN : 0);

	for (unsigned k = 0; k < 2; k++)
		files = files || (a->files[k] >= 0 && h->files[a->files[k]] >= 0);
	h->ways[i] = rc == 0 ? WAY_DIAG : files ? WAY_FILES : WAY_NONE;
	if (!diag)
		(void)snprintf(why, sizeof why, "%.*s", (int)sizeof why - 1, no_diag);
	else if (rc < 0 && files && a->family != 0)
		(void)snprintf(why, sizeof why, "sock_diag does not have %s sockets in this kernel; /proc/net/%s is read, which has less",
			       a->name, host_file_names[a->files[0]]);
	else if (rc < 0 && !files)
		(void)snprintf(why, sizeof why, "%s sockets are not known: %s", a->name,
			       rc == -ENOENT ? "this kernel has neither sock_diag nor /proc/net for them" : strerror(-rc));
	if (h->ways[i] != WAY_NONE || !a->rare)
		host_tier_add(h, a->name, h->ways[i] != WAY_NONE, why);
}

/* Notices of ended sockets; no right is needed, but for the large buffer. */
int notices_open(struct error *e)
{
	static const int groups[] = {1, 3}; /* SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY */
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	int size = PROBE_NOTICE_BUFFER, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	int why = errno;

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&self, sizeof self) == 0 &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[0], sizeof groups[0]) == 0 &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[1], sizeof groups[1]) == 0) {
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
			(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		return fd;
	}
	if (fd >= 0) {
		why = errno;
		(void)close(fd);
	}
	return error_set(e, why, "the kernel does not tell which sockets end: %s", strerror(why));
}

static void probe_mounts(struct host *h)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char mount[512];
	size_t n = fd >= 0 ? asking_read(fd, h->text, sizeof h->text) : 0;

	if (fd >= 0)
		(void)close(fd);
	h->hidepid = process_parse_hidepid(h->text, n);
	if (!cgroups_mount(h->text, n, mount, sizeof mount)) {
		host_tier_add(h, "cgroups", false, "there is no unified tree of control groups; those of processes are shown");
		return;
	}
	cgroups_read(&h->cgroups, mount);
	host_tier_add(h, "cgroups", true, h->cgroups.forgotten ? "there are more control groups than are remembered" : "");
}

/* Their names, while they can be asked for; one that comes later has its number alone. */
static void probe_interfaces(struct host *h)
{
	struct if_nameindex *all = if_nameindex();

	for (const struct if_nameindex *i = all; i && i->if_index != 0 && h->n_interfaces < ASKING_INTERFACES; i++) {
		struct socket_interface *to = &h->interfaces[h->n_interfaces++];

		to->index = i->if_index;
		(void)snprintf(to->name, sizeof to->name, "%.15s", i->if_name);
	}
	if_freenameindex(all);
}

void probe_all(struct host *h)
{
	static const char *const counters[COUNTER_FILES] = {
		"/proc/net/netstat", "/proc/net/snmp", "/proc/net/sockstat", "/proc/sys/net/ipv4/ip_local_port_range"};
	struct error e = {""};
	bool diag = !h->o.no_diag && netlink_open(&h->diag, &e) == 0 && netlink_open(&h->dumps, &e) == 0;

	for (unsigned i = 0; i < HOST_FILES; i++) {
		char path[64];

		(void)snprintf(path, sizeof path, "/proc/net/%s", host_file_names[i]);
		h->files[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	for (unsigned i = 0; i < COUNTER_FILES; i++)
		h->counters[i] = open(counters[i], O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; i < ASKINGS; i++)
		probe_kind(h, i, diag, h->o.no_diag ? "sock_diag is not asked" : e.text);
	if (h->o.notices) {
		h->notices = notices_open(&e);
		host_tier_add(h, "notices", h->notices >= 0, h->notices >= 0 ? "" : e.text);
	}
	probe_mounts(h);
	probe_interfaces(h);
	if (!h->o.processes)
		h->walks = process_walk_open(&h->walk, "/proc", &e) == 0;
	if (h->o.bpf_walk)
		(void)bpf_walk_open(h, &e);
	host_tier_add(h, "owners", h->o.processes || h->walks, h->o.processes || h->walks ? "" : e.text);
}
