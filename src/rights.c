/* Rights: needed to open, gone before the first packet is read.
 *
 * Whoever sends packets writes what the dissectors read, so the process that
 * reads them has nothing to lose: another user than root, no capability, no way
 * to get one, no file to open, and a list of system calls. What must still be
 * had later is asked of the broker. Each of the parts goes on without what this
 * kernel lacks and says so; only capabilities that stay, and a user that was
 * named and cannot be had, are errors.
 */
#include "rights.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "say.h"
#include "sockeye/confine.h"
#include "sockeye/text.h"

/* The kernel's own "somebody else", not looked up: the name service may load
 * libraries and ask the network. */
enum { RIGHTS_NOBODY = 65534 };

/* ---- before anything ----------------------------------------------------------- */

static bool rights_harmless(const char *pair)
{
	static const char *const kept[] = {"TERM=", "COLORTERM=", "NO_COLOR=", "LANG=", "LC_"};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strncmp(pair, kept[i], strlen(kept[i])) == 0)
			return strchr(pair, '/') == NULL;
	return strncmp(pair, "TZ=", 3) == 0 && pair[3] != ':' && pair[3] != '/' && strstr(pair, "..") == NULL;
}

int rights_environment(struct error *e)
{
	extern char **environ;
	size_t kept = 0;

	if (getuid() != 0 && (geteuid() != getuid() || getegid() != getgid()))
		return error_set(e, EPERM,
				 "sockeye does not run setuid or setgid: remove that bit (chmod ug-s), and give it "
				 "capabilities instead: sudo setcap cap_net_raw,cap_net_admin+ep FILE");
	if (getauxval(AT_SECURE) == 0)
		return 0;
	for (char **at = environ; at && *at; at++)
		if (rights_harmless(*at))
			environ[kept++] = *at;
	if (environ)
		environ[kept] = NULL;
	return 0;
}

/* SUDO_UID and SUDO_GID: a number that is a user but not root. */
static bool rights_number(const char *name, unsigned long *out)
{
	const char *s = getenv(name);
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	errno = 0;
	*out = strtoul(s, &end, 10);
	return errno == 0 && *end == '\0' && *out > 0 && *out < UINT32_MAX;
}

static int rights_named(struct rights *r, const char *user, struct error *e)
{
	const struct passwd *p;
	char shown[64];
	struct text t;

	text_init(&t, shown, sizeof shown);
	text_foreign(&t, user, strlen(user), false);
	errno = 0;
	p = getpwnam(user);
	if (!p)
		return error_set(e, ENOENT, "-Z %s: no such user", shown);
	r->uid = p->pw_uid;
	r->gid = p->pw_gid;
	r->said = r->owns = true;
	(void)snprintf(r->why, sizeof r->why, "%s, as -Z says", shown);
	return 0;
}

int rights_see(struct rights *r, const char *user, struct error *e)
{
	unsigned long uid, gid;

	memset(r, 0, sizeof *r);
	r->had = confine_permitted();
	r->root = geteuid() == 0;
	r->change = r->root;
	r->uid = getuid();
	r->gid = getgid();
	if (!r->root) {
		(void)snprintf(r->why, sizeof r->why, "who started it");
		return 0; /* -Z is for root, as in tcpdump */
	}
	if (user)
		return rights_named(r, user, e);
	if (rights_number("SUDO_UID", &uid) && rights_number("SUDO_GID", &gid)) {
		r->uid = (uid_t)uid;
		r->gid = (gid_t)gid;
		r->owns = true;
		(void)snprintf(r->why, sizeof r->why, "who called sudo");
		return 0;
	}
	r->uid = r->gid = RIGHTS_NOBODY;
	(void)snprintf(r->why, sizeof r->why, "nobody, because root started it and -Z names no other");
	return 0;
}

int rights_broker(struct rights *r, bool capture, const struct broker_options *output, struct error *e)
{
	struct broker_options o = *output;

	/* What the screen saves is its starter's: plain root's, then, without a capability, and not nobody's. */
	o.change_user = r->change && !(o.saves && r->uid == RIGHTS_NOBODY);
	o.own_files = r->owns;
	o.uid = r->uid;
	o.gid = r->gid;
	if (!o.output && !o.saves && !o.owners && !(capture && (r->had & CONFINE_BIT(CONFINE_NET_RAW))))
		return 0;
	return broker_start(&r->broker, &o, e);
}

int rights_teller(struct rights *r, struct error *e)
{
	const struct broker_options o = {
		.owners = true, .no_capture = true, .change_user = r->change, .uid = r->uid, .gid = r->gid};

	return broker_start(&r->teller, &o, e);
}

/* ---- the drop ------------------------------------------------------------------ */

static void rights_missing(struct rights *r, const struct error *why)
{
	if (r->missing < RIGHTS_MISSING)
		(void)snprintf(r->missing_why[r->missing++], sizeof r->missing_why[0], "%.*s",
			       (int)sizeof r->missing_why[0] - 1, why->text);
}

/* More than one thread: a lone one would keep what the others gave up. */
static bool rights_threads(void)
{
	struct stat st;

#if defined(__SANITIZE_THREAD__)
	return false; /* its runtime has one of its own */
#endif
	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 3;
}

/* Another user and no capabilities: these two must work. */
static int rights_identity(struct rights *r, struct error *e)
{
	int rc;

	r->bounding_emptied = confine_bounding();
	if (r->change) {
		rc = confine_user(r->uid, r->gid, false, e);
		if (rc < 0 && r->said)
			return rc;
		if (rc < 0) {
			rights_missing(r, e); /* a container: nobody is not mapped, or CAP_SETUID not there */
			r->uid = getuid();
			r->gid = getgid();
		}
		r->changed = rc == 0;
	}
	rc = confine_capabilities(0, e);
	if (rc == 0 && r->had != 0)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no other process of this user looks in */
	return rc;
}

int rights_drop(struct rights *r, struct error *e)
{
	struct error why = {""}, broker_why = {""};
	int rc = 0;

	if (rights_threads())
		return error_set(e, EBUSY, "rights cannot be given up: a thread runs already");
	if (r->broker)
		rc = broker_ready(r->broker, &r->broker_facts, &broker_why);
	if (r->teller && (rc == 0 || rc == -EPIPE)) {
		struct broker_facts facts;
		int told = broker_ready(r->teller, &facts, &broker_why);

		rc = told < 0 && told != -EPIPE ? told : rc;
	}
	if (rc < 0 && rc != -EPIPE) {
		*e = broker_why;
		return rc;
	}
	tzset(); /* reads its file now */
	rc = rights_identity(r, e);
	if (rc < 0)
		return rc;
	r->no_new_privs = confine_no_new_privs(&why) == 0;
	if (!r->no_new_privs)
		rights_missing(r, &why);
	if (r->no_new_privs && confine_files(&r->landlock_abi, &why) < 0)
		rights_missing(r, &why);
	if (r->no_new_privs && confine_calls(CONFINE_MAIN, &r->calls, &why) < 0)
		rights_missing(r, &why);
	/* Where main has no filter either, one sentence says it. */
	if (r->broker_facts.calls_refused && r->calls > 0)
		rights_missing(r, &broker_why);
	r->dropped = true;
	return 0;
}

/* ---- afterwards ------------------------------------------------------------------ */

void rights_lines(const struct rights *r, struct text *t)
{
	text_format(t, "user %u: %s\n", (unsigned)r->uid, r->why);
	text_put(t, "capabilities: none in any set\n");
	text_put(t, r->no_new_privs ? "no_new_privs: no program started from here gains a right\n" : "");
	if (r->calls > 0)
		text_format(t, "seccomp: %u system calls are left\n", r->calls);
	else
		text_put(t, "seccomp: none\n");
	if (r->landlock_abi > 0)
		text_format(t, "Landlock: ABI %d, no file can be opened\n", r->landlock_abi);
	else
		text_put(t, "Landlock: none\n");
	text_put(t, r->teller ? "a second broker tells whose sockets they are, and can do nothing else\n" : "");
	text_put(t, r->broker ? "a broker keeps what another interface or the next file takes, and sees no packet\n" : "");
	for (unsigned i = 0; i < r->missing; i++)
		text_format(t, "missing: %s\n", r->missing_why[i]);
}

void rights_tell(const struct rights *r)
{
	for (unsigned i = 0; i < r->missing && (r->had != 0 || r->root); i++)
		say("%s; the run goes on without it (sockeye --privileges)", r->missing_why[i]);
}

bool rights_lost(struct rights *r, struct error *e)
{
	if (!r->broker || r->gone_told || broker_alive(r->broker))
		return false;
	r->gone_told = true;
	(void)error_set(e, EPIPE, "the broker is gone: no further interface or file can be opened");
	return true;
}

void rights_end(struct rights *r)
{
	broker_free(r->broker);
	broker_free(r->teller);
	r->broker = r->teller = NULL;
}
