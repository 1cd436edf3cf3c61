#include "witness.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "holders.h"
#include "library.h"
#include "object.h"
#include "ring_events.h"

/* Headers older than the kernel. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

enum { WITNESS_PROGRAMS = 8, WITNESS_GROUPS = 5 };

static const struct {
	const char *program;
	unsigned bit;
} programs[] = {
	{"socket_state", WITNESS_OPENED}, {"socket_again", WITNESS_OPENED}, {"socket_sent", WITNESS_USED}, {"socket_received", WITNESS_USED},
	{"socket_gone", WITNESS_ENDED}, {"accepted_accept4", WITNESS_ACCEPTED}, {"accepted_accept", WITNESS_ACCEPTED},
	{"holders", WITNESS_WALK},
};

static const struct {
	unsigned bit;
	const char *what;
} groups[WITNESS_GROUPS] = {
	{WITNESS_OPENED, "who opens a connection"}, {WITNESS_USED, "who uses a socket"}, {WITNESS_ENDED, "which sockets end"},
	{WITNESS_ACCEPTED, "when accept(2) takes a connection"}, {WITNESS_WALK, "all descriptors at once"},
};

struct witness {
	const struct library *library;
	struct bpf_object *object;
	struct bpf_link *links[WITNESS_PROGRAMS];
	unsigned n_links, has, wanted;
	int walk;     /* the link of the iterator, or -1 */
	int pass;     /* a pass under way, or -1 */
	int ring_fd;  /* or -1 */
	struct ring_events ring;
	const struct counters *counters;
	struct holders holders;
	char lacks[200];
};

const char *witness_missing(void)
{
	return NULL;
}

/* ---- may we, and can it ------------------------------------------------------------------------- */

static bool capable(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof data);
	return syscall(SYS_capget, &header, data) == 0 && (data[capability / 32].effective >> capability % 32 & 1);
}

/* The smallest thing that takes CAP_BPF: a ring of one page. */
static int witness_may(struct error *e)
{
	union bpf_attr a;
	long fd;
	int why;

	if (!capable(CAP_SYS_ADMIN) && !(capable(CAP_BPF) && capable(CAP_PERFMON)))
		return error_set(e, EPERM, "BPF needs CAP_BPF and CAP_PERFMON, or root");
	memset(&a, 0, sizeof a);
	a.map_type = BPF_MAP_TYPE_RINGBUF;
	a.max_entries = (uint32_t)sysconf(_SC_PAGESIZE);
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof a);
	if (fd >= 0) {
		(void)close((int)fd);
		return 0;
	}
	why = errno;
	if (why == EPERM || why == EACCES)
		return error_set(e, why, "BPF is refused, whatever the rights: by a container's seccomp, a security module, or the "
				 "kernel's lockdown");
	if (why == ENOSYS || why == EINVAL)
		return error_set(e, ENOSYS, "BPF: this kernel lacks what is needed (Linux 5.11 with CONFIG_BPF_SYSCALL has it)");
	return error_set(e, why, "BPF does not work: %s", strerror(why));
}

static bool witness_tracefs(void)
{
	return access("/sys/kernel/tracing/events/syscalls/sys_exit_accept4/id", R_OK) == 0 ||
	       access("/sys/kernel/debug/tracing/events/syscalls/sys_exit_accept4/id", R_OK) == 0;
}

/* sock_send_length and sock_recv_length. */
static bool witness_since_6_3(void)
{
	struct utsname u;
	unsigned long major, minor;
	char *end;

	if (uname(&u) != 0)
		return false;
	major = strtoul(u.release, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	return major > 6 || (major == 6 && minor >= 3);
}

/* ---- loading ---------------------------------------------------------------------------------------- */

static unsigned bit_of(const char *name)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (strcmp(programs[i].program, name) == 0)
			return programs[i].bit;
	return 0;
}

/* Our namespaces, by the numbers that the kernel gives them: those of the links below /proc. */
static int witness_settings(struct settings *s, struct error *e)
{
	const uint32_t first = 0xEFFFFFFC; /* the machine's own namespace of processes, since Linux 3.8 */
	struct stat net, pid;

	if (stat("/proc/self/ns/net", &net) != 0 || stat("/proc/self/ns/pid", &pid) != 0)
		return error_set(e, errno, "BPF: which network namespace this is cannot be told: /proc/self/ns: %s", strerror(errno));
	s->network = (uint32_t)net.st_ino;
	s->others = 1;
	s->processes = (uint32_t)pid.st_ino == first ? 0 : (uint32_t)pid.st_ino;
	return 0;
}

/* An object with these programs loaded and no others; NULL: the kernel does not take them, and why in *rc. */
static struct bpf_object *load(const struct library *l, unsigned bits, const struct settings *settings, int *rc)
{
	const struct bpf_object_open_opts options = {.sz = sizeof options, .object_name = "sockeye"};
	struct bpf_object *o = l->bpf_object__open_mem(witness_object, witness_object_len, &options);
	struct bpf_program *p = NULL;
	struct bpf_map *map = o ? l->bpf_object__find_map_by_name(o, ".rodata.settings") : NULL;

	*rc = -ENOTSUP;
	if (map && l->bpf_map__set_initial_value(map, settings, sizeof *settings) == 0) {
		while ((p = l->bpf_object__next_program(o, p)) != NULL)
			(void)l->bpf_program__set_autoload(p, (bit_of(l->bpf_program__name(p)) & bits) != 0);
		*rc = l->bpf_object__load(o);
	}
	if (*rc == 0)
		return o;
	if (o)
		l->bpf_object__close(o);
	return NULL;
}

/* What of bits this kernel takes, one after the other. */
static unsigned witness_try(const struct library *l, unsigned bits, const struct settings *settings)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < WITNESS_GROUPS; i++) {
		struct bpf_object *o;
		int rc;

		if (!(bits & groups[i].bit))
			continue;
		o = load(l, groups[i].bit, settings, &rc);
		if (o) {
			taken |= groups[i].bit;
			l->bpf_object__close(o);
		}
	}
	return taken;
}

/* Of a pair of programs both, or it does not count. */
static void witness_attach(struct witness *w, unsigned bits)
{
	const struct library *l = w->library;
	struct bpf_program *p = NULL;
	unsigned failed = 0;

	while ((p = l->bpf_object__next_program(w->object, p)) != NULL) {
		const unsigned bit = bit_of(l->bpf_program__name(p));
		struct bpf_link *link;

		if (!(bit & bits) || w->n_links == WITNESS_PROGRAMS)
			continue;
		link = l->bpf_program__attach(p);
		if (!link) {
			failed |= bit;
			continue;
		}
		w->links[w->n_links++] = link;
		if (bit == WITNESS_WALK)
			w->walk = l->bpf_link__fd(link);
		w->has |= bit;
	}
	w->has &= ~failed;
}

static int witness_maps(struct witness *w, struct error *e)
{
	struct bpf_map *counters = w->library->bpf_object__find_map_by_name(w->object, ".data.counters");
	struct bpf_map *ring = w->library->bpf_object__find_map_by_name(w->object, "events");
	void *at = counters ? mmap(NULL, sizeof *w->counters, PROT_READ, MAP_SHARED, w->library->bpf_map__fd(counters), 0) : MAP_FAILED;

	if (at != MAP_FAILED)
		w->counters = at;
	if (!w->counters || !ring)
		return error_set(e, EPROTO, "BPF: the installed libbpf reads the programs of this build in another way");
	if (!(w->has & WITNESS_EVENTS))
		return 0;
	w->ring_fd = w->library->bpf_map__fd(ring);
	return ring_events_open(&w->ring, w->ring_fd, EVENTS_RING, e);
}

static void witness_say(struct witness *w, bool tracefs, bool old)
{
	const unsigned lacks = w->wanted & ~w->has;
	const char *between = "BPF does not tell ";
	size_t len = 0;

	for (unsigned i = 0; i < WITNESS_GROUPS && len < sizeof w->lacks - 1; i++) {
		const char *why = groups[i].bit == WITNESS_ACCEPTED && !tracefs ? " (tracefs is not mounted, or not readable)" :
				  groups[i].bit == WITNESS_USED && old	       ? " (Linux 6.3 has it)" :
										 " (this kernel refuses the program)";

		if (!(lacks & groups[i].bit))
			continue;
		len += (size_t)snprintf(w->lacks + len, sizeof w->lacks - len, "%s%s%s", between, groups[i].what, why);
		between = ", ";
	}
}

int witness_open(struct witness **out, unsigned wanted, struct error *e)
{
	const bool tracefs = witness_tracefs(), old = !witness_since_6_3();
	unsigned bits = wanted & ~((tracefs ? 0U : WITNESS_ACCEPTED) | (old ? WITNESS_USED : 0U));
	struct settings settings;
	struct witness *w = NULL;
	int rc = witness_may(e);

	*out = NULL;
	if (rc < 0 || (rc = witness_settings(&settings, e)) < 0)
		return rc;
	w = calloc(1, sizeof *w);
	if (!w)
		return error_set(e, ENOMEM, "no memory for BPF");
	w->walk = w->pass = w->ring_fd = -1;
	w->wanted = wanted;
	w->library = library_open(e);
	if (!w->library) {
		free(w);
		return -ENOENT;
	}
	w->object = load(w->library, bits, &settings, &rc);
	if (!w->object) {
		bits = witness_try(w->library, bits, &settings);
		w->object = bits ? load(w->library, bits, &settings, &rc) : NULL;
	}
	if (w->object)
		witness_attach(w, bits);
	if (w->has == 0) {
		witness_free(w);
		return error_set(e, ENOTSUP, "BPF: this kernel takes none of the programs: %s",
				 rc == -ESRCH || rc == -ENOENT ? "it has no types of its own (CONFIG_DEBUG_INFO_BTF)"
							       : strerror(rc < 0 ? -rc : ENOTSUP));
	}
	rc = witness_maps(w, e);
	if (rc < 0) {
		witness_free(w);
		return rc;
	}
	witness_say(w, tracefs, old);
	*out = w;
	return 0;
}

void witness_free(struct witness *w)
{
	if (!w)
		return;
	ring_events_close(&w->ring);
	if (w->counters)
		(void)munmap((void *)(uintptr_t)w->counters, sizeof *w->counters);
	if (w->pass >= 0)
		(void)close(w->pass);
	for (unsigned i = 0; i < w->n_links; i++)
		(void)w->library->bpf_link__destroy(w->links[i]);
	if (w->object)
		w->library->bpf_object__close(w->object);
	free(w);
}

/* ---- what it says -------------------------------------------------------------------------------------- */

unsigned witness_has(const struct witness *w)
{
	return w->has;
}

const char *witness_lacks(const struct witness *w)
{
	return w->lacks;
}

int witness_fd(const struct witness *w)
{
	return w->ring_fd;
}

unsigned witness_events(struct witness *w, void (*each)(void *arg, const struct event *e), void *arg, unsigned most)
{
	return ring_events_take(&w->ring, each, arg, most);
}

uint64_t witness_lost(const struct witness *w)
{
	return __atomic_load_n(&w->counters->lost, __ATOMIC_RELAXED);
}

/* Begins a pass: the one call of bpf(2) that is left once rights are gone. */
static int walk_begin(struct witness *w, struct error *e)
{
	union bpf_attr a;
	long fd;

	if (w->pass >= 0)
		(void)close(w->pass);
	w->pass = -1;
	if (w->walk < 0)
		return error_set(e, ENOTSUP, "the kernel's walk through descriptors is not there");
	memset(&a, 0, sizeof a);
	a.iter_create.link_fd = (uint32_t)w->walk;
	fd = syscall(SYS_bpf, BPF_ITER_CREATE, &a, sizeof a);
	if (fd < 0)
		return error_set(e, errno, "the kernel's walk through descriptors cannot be begun: %s%s", strerror(errno),
				 errno == EPERM ? " (Linux 5.19 allows it without rights)" : "");
	w->pass = (int)fd;
	holders_reset(&w->holders);
	return 0;
}

int witness_walk(struct witness *w, bool begin, struct process_batch *out, struct error *e)
{
	int rc = begin || w->pass < 0 ? walk_begin(w, e) : 0;
	bool hungry;

	if (rc < 0)
		return rc;
	holders_batch(&w->holders, out);
	hungry = holders_take(&w->holders, out); /* what the last batch had no room for */
	if (hungry) {
		size_t room;
		uint8_t *to = holders_room(&w->holders, &room);
		ssize_t n = read(w->pass, to, room);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return error_set(e, errno, "the kernel's walk through descriptors failed: %s", strerror(errno));
		holders_came(&w->holders, n > 0 ? (size_t)n : 0);
		(void)holders_take(&w->holders, out);
		out->done = n == 0;
	}
	out->seen = (uint32_t)__atomic_load_n(&w->counters->seen, __ATOMIC_RELAXED);
	if (out->done) {
		(void)close(w->pass);
		w->pass = -1;
	}
	return 0;
}
