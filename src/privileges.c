/* What rights there are, what is left of them, and why.
 *
 * Nothing is guessed: a broker is started and the rights are dropped as for a
 * capture, and the lines tell what came of it.
 */
#include "privileges.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actions.h"
#include "rights.h"
#include "say.h"
#include "sockeye/confine.h"
#include "sockeye/host_bpf.h"
#include "sockeye/text.h"

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

/* Capabilities that this program knows by name; the rest by number. */
static void put_capabilities(struct text *t, uint64_t set)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {
		{CONFINE_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"}, {CONFINE_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"},
		{CONFINE_NET_ADMIN, "CAP_NET_ADMIN"}, {CONFINE_NET_RAW, "CAP_NET_RAW"}, {CONFINE_SYS_PTRACE, "CAP_SYS_PTRACE"},
		{CONFINE_PERFMON, "CAP_PERFMON"}, {CONFINE_BPF, "CAP_BPF"},
	};
	const char *between = "";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!(set & CONFINE_BIT(names[i].number)))
			continue;
		text_format(t, "%s%s", between, names[i].name);
		between = ", ";
		set &= ~CONFINE_BIT(names[i].number);
	}
	if (set != 0)
		text_format(t, "%sothers 0x%llx", between, (unsigned long long)set);
	else if (between[0] == '\0')
		text_put(t, "none");
}

static void print_needs(const struct rights *r)
{
	char self[512], shown[600];
	struct text t;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self);

	text_init(&t, shown, sizeof shown);
	if (n > 0)
		text_foreign(&t, self, (size_t)n, false);
	else
		text_put(&t, "/path/of/sockeye");
	printf("To capture\n");
	printf("  CAP_NET_RAW    %-4s packet sockets with their ring, filters and promiscuous mode; another interface later\n",
	       yes(r->had & CONFINE_BIT(CONFINE_NET_RAW)));
	printf("  CAP_NET_ADMIN  %-4s monitor mode and time stamps of the network card; the rest works without\n",
	       yes(r->had & CONFINE_BIT(CONFINE_NET_ADMIN)));
	printf("  without root        sudo setcap cap_net_raw,cap_net_admin+ep %s\n", shown);
	printf("  files               need no right but to be read\n");
	printf("\nTo tell whose sockets they are (sockeye sockets), of other users\n");
	printf("  CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH   %s  the broker keeps them, and no other; one's own processes need none\n",
	       yes((r->had & CONFINE_BIT(CONFINE_SYS_PTRACE)) && (r->had & CONFINE_BIT(CONFINE_DAC_READ_SEARCH))));
	printf("\nTo tell whose connections they are that are over in microseconds, and all descriptors without /proc\n");
	printf("  CAP_BPF and CAP_PERFMON                  %s  BPF programs are loaded at the start; nothing of it is kept\n",
	       yes((r->had & CONFINE_BIT(CONFINE_BPF)) && (r->had & CONFINE_BIT(CONFINE_PERFMON))));
	if (host_bpf_missing())
		printf("  BPF                                      %s\n", host_bpf_missing());
	printf("  without root        sudo setcap cap_net_raw,cap_net_admin,cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep %s\n",
	       shown);
	printf("\nTo look into another network namespace (--netns)\n");
	printf("  CAP_SYS_ADMIN                            %s  it is entered at the start; nothing of it is kept\n",
	       yes(r->had & CONFINE_BIT(CONFINE_SYS_ADMIN)));
}

static void print_left(const struct rights *r)
{
	const char *bounding = r->had == 0	   ? "" :
			       r->bounding_emptied ? "; the bounding set is empty"
						   : "; the bounding set stays, without effect under no_new_privs";

	printf("\nAt the first packet\n");
	/* Who is not root has none to change: no "no" for what is as it should be. */
	printf("  user           %-4s %u: %s\n", r->changed ? "yes" : r->change ? "no" : "", (unsigned)r->uid, r->why);
	printf("  groups         %-4s %s\n", r->changed ? "yes" : r->change ? "no" : "",
	       r->changed ? "none but its own" : "as they were");
	printf("  capabilities   yes  none, in no set%s\n", bounding);
	printf("  no_new_privs   %-4s no program started from here gains a right\n", yes(r->no_new_privs));
	if (r->calls > 0)
		printf("  seccomp        yes  %u system calls are left; execve, ptrace and their like kill, others fail%s\n", r->calls,
		       confine_sanitized() ? "; wider, for this is a build with a sanitizer" : "");
	else
		printf("  seccomp        no\n");
	if (r->landlock_abi > 0)
		printf("  Landlock       yes  ABI %d: no file%s%s\n", r->landlock_abi, confine_sanitized() ? " to write" : "",
		       r->landlock_abi >= 6   ? ", no TCP port, no signal and no abstract socket to others"
		       : r->landlock_abi >= 4 ? ", no TCP port"
					      : "");
	else
		printf("  Landlock       no\n");
	for (unsigned i = 0; i < r->missing; i++)
		printf("  missing             %s\n", r->missing_why[i]);
}

/* The other broker, of a run that writes files: as src/broker/serve.c confines it. */
static void print_writing(const struct rights *r)
{
	const uint64_t keeps = r->had & (CONFINE_BIT(CONFINE_NET_RAW) | CONFINE_BIT(CONFINE_DAC_OVERRIDE));
	char set[128];
	struct text t;

	text_init(&t, set, sizeof set);
	put_capabilities(&t, keeps);
	printf("  with -w FILE        stays user %u; capabilities: %s\n", r->root ? 0U : (unsigned)r->uid, set);
	printf("                      for the next file of -C or -G, in the directory of FILE, where that user may write\n");
}

static void print_broker(const struct rights *r)
{
	const struct broker_facts *f = &r->broker_facts;
	char set[128];
	struct text t;

	printf("\nBroker, which opens another interface later and sees no packet\n");
	if (!r->broker) {
		printf("  started             not needed: there is no right to capture that it could keep\n");
		print_writing(r);
		return;
	}
	text_init(&t, set, sizeof set);
	put_capabilities(&t, f->capabilities);
	printf("  started        yes  ends with this process\n");
	printf("  user           %-4s %u\n", yes(f->uid != 0), (unsigned)f->uid);
	printf("  capabilities   yes  %s%s\n", set, f->bounding_emptied ? "; the bounding set is empty" : "");
	printf("  no_new_privs   %s\n", yes(f->no_new_privs));
	if (f->calls > 0)
		printf("  seccomp        yes  %u system calls are left\n", f->calls);
	else
		printf("  seccomp        no\n");
	printf("  Landlock            not used: it has no file to open\n");
	print_writing(r);
}

int privileges_print(const struct options *o)
{
	struct error e = {""};
	struct rights r;
	int rc = rights_see(&r, o->user, &e);

	if (rc == 0)
		rc = rights_broker(&r, true, &(struct broker_options){.output = NULL}, &e);
	if (rc < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	print_needs(&r); /* while /proc can be read */
	rc = rights_drop(&r, &e);
	if (rc == 0) {
		print_left(&r);
		print_broker(&r);
	} else {
		say("%s", e.text);
	}
	rights_end(&r);
	return rc == 0 ? action_finish(EXIT_COMPLETE) : EXIT_CANNOT;
}
