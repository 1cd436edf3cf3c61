/* --netns: one namespace is entered for ever, all are visited one after the other.
 *
 * Who visits them keeps an open host of each: its sockets stay those of the namespace in which they were
 * opened. An open socket keeps a namespace alive, so one that is deleted meanwhile lasts until the end of the run.
 */
#include "netns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "actions.h"
#include "say.h"
#include "sockeye/text.h"

/* What an open host takes beside its table, and how many names stand in a sentence. */
enum { NETNS_HOST_COST = 512 << 10, NETNS_NAMED = 4, NETNS_FILES = 24 };

int netns_enter(const struct options *o, struct error *e)
{
	const bool looks = o->action == OPTIONS_RUN || o->action == OPTIONS_INTERFACES || o->action == OPTIONS_LINK_TYPES;

	return looks && o->netns && !o->netns_all ? namespace_enter(o->netns, e) : 0;
}

/* ---- those that cannot be looked into ---------------------------------------------------------- */

struct refused {
	char names[512];
	struct text t;
	unsigned n;
};

static void refused_add(struct refused *r, const struct socket_netns *n)
{
	if (r->n++ >= NETNS_NAMED)
		return;
	text_put(&r->t, r->n > 1 ? ", " : "");
	socket_netns_label(&r->t, n, false);
}

/* One sentence for all that want the same right. */
static void refused_tell(const struct refused *r)
{
	char more[40] = "";

	if (r->n == 0)
		return;
	if (r->n > NETNS_NAMED)
		(void)snprintf(more, sizeof more, " and %u more", r->n - NETNS_NAMED);
	say("--netns all: to enter %s%s needs CAP_SYS_ADMIN and CAP_SYS_PTRACE: run it as root (sudo sockeye ...)", r->names, more);
}

/* ---- -D ------------------------------------------------------------------------------------------- */

static int list_all(void)
{
	struct namespaces *n = malloc(sizeof *n);
	struct error e = {""};
	int home = namespace_home(&e), status = EXIT_COMPLETE;

	if (!n || home < 0 || namespaces_list(n, &e) < 0) {
		say("%s", e.text[0] ? e.text : "no memory for the list of network namespaces");
		status = EXIT_CANNOT;
	}
	for (unsigned i = 0; status != EXIT_CANNOT && i < n->n; i++) {
		char label[600];
		struct text t;

		if (namespace_visit(&n->at[i], &e) < 0) {
			say("%s", e.text);
			status = EXIT_INCOMPLETE;
			continue;
		}
		text_init(&t, label, sizeof label);
		socket_netns_label(&t, &n->at[i], false);
		printf("%sNamespace %s\n", i ? "\n" : "", label);
		if (action_interfaces() == EXIT_CANNOT)
			status = EXIT_INCOMPLETE;
		if (namespace_back(home, &e) < 0) {
			say("%s", e.text);
			status = EXIT_CANNOT;
		}
	}
	if (home >= 0)
		(void)close(home);
	free(n);
	return status == EXIT_COMPLETE ? action_finish(status) : status;
}

int netns_list_interfaces(const struct options *o)
{
	return o->netns_all ? list_all() : action_interfaces();
}

/* ---- the view sockets ------------------------------------------------------------------------------ */

/* Each host has some twenty descriptors open. */
static void more_files(unsigned n)
{
	const rlim_t wanted = 64 + (rlim_t)n * NETNS_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* else opening fails, and says so */
}

/* One of the list: 0, or -errno: home is not to be reached, and nothing may go on. */
static int hosts_visit(struct netns_hosts *h, const struct socket_netns *n, struct host_options *host, int home,
		       struct refused *refused, struct error *e)
{
	char label[600];
	struct error why = {""};
	struct text t;
	int rc = namespace_visit(n, &why);

	if (rc == -EPERM || rc == -EACCES) {
		refused_add(refused, n);
		h->missing = true;
		return 0;
	}
	if (rc < 0) {
		say("%s", why.text);
		h->missing = true;
		return 0;
	}
	host->netns = n;
	if (host_open(&h->at[h->n], host, &why) == 0) {
		h->whose[h->n++] = n;
	} else {
		text_init(&t, label, sizeof label);
		socket_netns_label(&t, n, false);
		say("--netns all: %s: %s", label, why.text);
		h->missing = true;
	}
	return namespace_back(home, e);
}

static int hosts_all(struct netns_hosts *h, const struct options *o, struct host_options *host, struct error *e)
{
	const size_t room = o->memory / 4 / NETNS_HOST_COST;
	struct refused refused = {.n = 0};
	int home = namespace_home(e), rc = 0;

	if (home < 0)
		return home;
	text_init(&refused.t, refused.names, sizeof refused.names);
	more_files(h->spaces.n);
	for (unsigned i = 0; rc == 0 && i < h->spaces.n; i++) {
		if (h->n == room) {
			say("--netns all: %u more network namespaces do not fit into --memory", h->spaces.n - i);
			h->missing = true;
			break;
		}
		rc = hosts_visit(h, &h->spaces.at[i], host, home, &refused, e);
	}
	(void)close(home);
	refused_tell(&refused);
	if (h->spaces.forgotten > 0) {
		say("--netns all: there are more than %d network namespaces; the others are not looked into", (int)NAMESPACES_MOST);
		h->missing = true;
	}
	if (h->spaces.unreadable > 0)
		say("--netns all: the network namespace%s may not be seen%s: what is used by no other is not in the list",
		    h->spaces.unreadable == 1 ? " of a process" : "s of several processes", geteuid() == 0 ? "" : " without CAP_SYS_PTRACE");
	return rc < 0 ? rc : h->n > 0 ? 0 : error_set(e, ENOENT, "--netns all: no network namespace can be looked into");
}

int netns_hosts_open(struct netns_hosts *h, const struct options *o, const struct host_options *host, struct error *e)
{
	struct host_options each = *host;
	int rc;

	memset(h, 0, sizeof *h);
	if (o->netns && (rc = namespaces_list(&h->spaces, e)) < 0)
		return rc;
	if (o->netns_all)
		return hosts_all(h, o, &each, e);
	each.netns = o->netns ? &h->spaces.at[0] : NULL; /* the own one, which has been entered */
	rc = host_open(&h->at[0], &each, e);
	h->n = rc == 0;
	return rc;
}

void netns_hosts_free(struct netns_hosts *h)
{
	for (unsigned i = 0; i < h->n; i++)
		host_free(h->at[i]);
	h->n = 0;
}
