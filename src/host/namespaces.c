/* Network namespaces by /proc/PID/ns/net and /run/netns: see namespaces.h. */
#include "sockeye/namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sockeye/text.h"

#define NAMES "/run/netns"

enum { NAMESPACE_PATH = 512, NAMESPACE_SHOWN = 160, NAMESPACE_NAMED = 6 /* names in a sentence */ };

/* ---- the list -------------------------------------------------------------------------------- */

/* Its place, or a new one; NULL: there is no room. */
static struct socket_netns *list_place(struct namespaces *n, const struct stat *st)
{
	struct socket_netns *at;

	for (unsigned i = 0; i < n->n; i++)
		if (n->at[i].inode == st->st_ino && n->at[i].device == st->st_dev)
			return &n->at[i];
	if (n->n == NAMESPACES_MOST) {
		n->forgotten++;
		return NULL;
	}
	at = &n->at[n->n++];
	memset(at, 0, sizeof *at);
	at->inode = st->st_ino;
	at->device = st->st_dev;
	return at;
}

static bool is_namespace(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

static void list_names(struct namespaces *n)
{
	DIR *d = opendir(NAMES);

	for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
		const size_t len = strlen(entry->d_name);
		char path[NAMESPACE_PATH];
		struct socket_netns *at;
		struct stat st;

		(void)snprintf(path, sizeof path, NAMES "/%s", entry->d_name);
		if (len >= SOCKET_NETNS_NAME || !is_namespace(path) || stat(path, &st) != 0)
			continue; /* "..", or left by one that is gone */
		at = list_place(n, &st);
		/* Of several names always the same one. */
		if (at && (!at->name[0] || strcmp(entry->d_name, at->name) < 0))
			memcpy(at->name, entry->d_name, len + 1);
	}
	if (d)
		(void)closedir(d);
}

/* A thread of the kernel's, or one of this program's own? */
static bool is_nobody(int proc, const char *name)
{
	const pid_t own = getpid();
	char path[64], text[1024];
	struct process p;
	bool kernel = false;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof path, "%.20s/stat", name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof text) : 0;
	if (fd >= 0)
		(void)close(fd);
	return n <= 0 || !process_parse_stat(text, (size_t)n, &p, &kernel) || kernel || p.pid == own || p.parent == own;
}

static void list_process(struct namespaces *n, int proc, const char *name, bool count)
{
	const long pid = strtol(name, NULL, 10);
	struct socket_netns *at;
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof path, "%.20s/ns/net", name);
	if (fstatat(proc, path, &st, 0) != 0) {
		n->unreadable += errno == EACCES || errno == EPERM;
		return;
	}
	at = list_place(n, &st);
	if (!at || (count && is_nobody(proc, name)))
		return;
	at->processes++;
	if (at->pid == 0 || pid < at->pid)
		at->pid = (int32_t)pid;
}

static void list_comm(struct socket_netns *at, int proc)
{
	char path[64];
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof path, "%d/comm", at->pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	got = fd >= 0 ? read(fd, at->comm, sizeof at->comm - 1) : 0;
	at->comm[got > 0 ? got : 0] = '\0';
	at->comm[strcspn(at->comm, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static int list_order(const void *one, const void *other)
{
	const struct socket_netns *a = one, *b = other;

	if (a->own != b->own)
		return a->own ? -1 : 1;
	if ((a->name[0] != '\0') != (b->name[0] != '\0'))
		return a->name[0] ? -1 : 1;
	if (a->name[0])
		return strcmp(a->name, b->name);
	return (a->inode > b->inode) - (a->inode < b->inode);
}

/* count: with its processes, which takes a file of each. */
static int list(struct namespaces *out, bool count, struct error *e)
{
	DIR *d = opendir("/proc");
	struct stat own;

	memset(out, 0, sizeof *out);
	if (!d || stat("/proc/self/ns/net", &own) != 0) {
		int why = errno;

		if (d)
			(void)closedir(d);
		return error_set(e, why, "network namespaces cannot be listed: /proc: %s", strerror(why));
	}
	list_place(out, &own)->own = true;
	list_names(out);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			list_process(out, dirfd(d), entry->d_name, count);
	for (unsigned i = 0; i < out->n && count; i++)
		if (out->at[i].pid > 0)
			list_comm(&out->at[i], dirfd(d));
	(void)closedir(d);
	qsort(out->at, out->n, sizeof out->at[0], list_order);
	return 0;
}

int namespaces_list(struct namespaces *out, struct error *e)
{
	return list(out, true, e);
}

/* ---- into one ---------------------------------------------------------------------------------- */

/* No such name: which there are. */
static int no_such_name(const char *shown, struct error *e)
{
	char names[NAMESPACE_SHOWN * 2];
	unsigned n = 0, more = 0;
	DIR *d = opendir(NAMES);
	struct text t;

	text_init(&t, names, sizeof names);
	for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		if (n == NAMESPACE_NAMED) {
			more++;
			continue;
		}
		text_put(&t, n++ ? ", " : "; there are: ");
		text_foreign(&t, entry->d_name, strlen(entry->d_name), false);
	}
	if (d)
		(void)closedir(d);
	if (more > 0)
		text_format(&t, " and %u more", more);
	return error_set(e, ENOENT, "--netns %s: no network namespace has that name in " NAMES "%s; or give the number of a process",
			 shown, n ? names : ", nor any other");
}

static int cannot_enter(const char *shown, int why, bool ptrace, struct error *e)
{
	if (why == EPERM || why == EACCES)
		return error_set(e, why, "--netns %s: to enter it needs CAP_SYS_ADMIN%s: run it as root (sudo sockeye ...)", shown,
				 ptrace ? " and, of another's process, CAP_SYS_PTRACE" : "");
	return error_set(e, why, "--netns %s: it cannot be entered: %s", shown, strerror(why));
}

static bool is_own(const struct stat *st)
{
	struct stat own;

	return stat("/proc/self/ns/net", &own) == 0 && own.st_ino == st->st_ino && own.st_dev == st->st_dev;
}

/* wanted: it must be that one, or NULL. */
static int enter_path(const char *path, const char *shown, bool process, const struct socket_netns *wanted, struct error *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), why = errno;

	if (fd < 0)
		return cannot_enter(shown, why, process, e);
	if (fstat(fd, &st) != 0 || (wanted && (wanted->inode != st.st_ino || wanted->device != st.st_dev))) {
		(void)close(fd);
		return error_set(e, ESRCH, "--netns %s: it has just ended", shown);
	}
	why = is_own(&st) ? 0 : setns(fd, CLONE_NEWNET) == 0 ? 0 : errno;
	(void)close(fd);
	if (why == EINVAL)
		return error_set(e, why, "--netns %s: that is a namespace, but not one of networks", shown);
	return why ? cannot_enter(shown, why, process, e) : 0;
}

int namespace_enter(const char *word, struct error *e)
{
	const bool process = word[0] && strspn(word, "0123456789") == strlen(word);
	const bool is_path = strchr(word, '/') != NULL;
	char path[NAMESPACE_PATH], shown[NAMESPACE_SHOWN];
	struct text t;
	int n;

	text_init(&t, shown, sizeof shown);
	text_foreign(&t, word, strlen(word), false);
	n = snprintf(path, sizeof path, process ? "/proc/%s/ns/net" : is_path ? "%s" : NAMES "/%s", word);
	if (n < 0 || (size_t)n >= sizeof path)
		return error_set(e, ENAMETOOLONG, "--netns %s: that name is too long", shown);
	errno = 0; /* what is something else is no error */
	if (is_namespace(path))
		return enter_path(path, shown, process, NULL, e);
	if (errno == EACCES || errno == EPERM)
		return cannot_enter(shown, errno, process, e);
	if (process)
		return error_set(e, ESRCH, "--netns %s: no process has that number", shown);
	if (is_path)
		return error_set(e, EINVAL, "--netns %s: that is no namespace; one is /run/netns/NAME or /proc/PID/ns/net", shown);
	return no_such_name(shown, e);
}

int namespace_home(struct error *e)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : error_set(e, errno, "network namespaces: /proc/self/ns/net: %s", strerror(errno));
}

int namespace_visit(const struct socket_netns *n, struct error *e)
{
	char path[NAMESPACE_PATH], shown[NAMESPACE_SHOWN];
	struct text t;

	text_init(&t, shown, sizeof shown);
	socket_netns_label(&t, n, false);
	if (n->own)
		return 0;
	if (n->name[0])
		(void)snprintf(path, sizeof path, NAMES "/%s", n->name);
	else
		(void)snprintf(path, sizeof path, "/proc/%d/ns/net", n->pid);
	return enter_path(path, shown, !n->name[0], n, e);
}

int namespace_back(int home, struct error *e)
{
	struct stat st;

	if ((fstat(home, &st) == 0 && is_own(&st)) || setns(home, CLONE_NEWNET) == 0)
		return 0;
	return error_set(e, errno, "the way back to the own network namespace is shut: %s", strerror(errno));
}

/* ---- addresses of the others ------------------------------------------------------------------ */

void namespace_addresses(void (*each)(void *arg, const struct address *a, uint8_t family), void *arg)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct address a = {.b = {0}};

		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET) {
			struct sockaddr_in in;

			memcpy(&in, i->ifa_addr, sizeof in);
			memcpy(a.b, &in.sin_addr, 4);
			each(arg, &a, FAMILY_IPV4);
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			struct sockaddr_in6 in6;

			memcpy(&in6, i->ifa_addr, sizeof in6);
			memcpy(a.b, &in6.sin6_addr, 16);
			each(arg, &a, FAMILY_IPV6);
		}
	}
	freeifaddrs(all);
}

int namespaces_elsewhere(void (*each)(void *arg, const struct address *a, uint8_t family), void *arg, struct error *e)
{
	struct namespaces *n = malloc(sizeof *n);
	int home = namespace_home(NULL), rc = 0;

	if (!n || home < 0 || list(n, false, NULL) < 0)
		goto done; /* then they are not known */
	for (unsigned i = 0; i < n->n && rc == 0; i++) {
		if (n->at[i].own)
			continue;
		rc = namespace_visit(&n->at[i], NULL);
		if (rc == 0)
			namespace_addresses(each, arg);
		else if (rc == -EPERM)
			break; /* nor into any other */
		rc = 0;
	}
	rc = namespace_back(home, e);
done:
	if (home >= 0)
		(void)close(home);
	free(n);
	return rc;
}
