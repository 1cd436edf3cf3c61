/* What main does with its rights: see them, keep a broker, give them up.
 *
 *     rights_see()      who are we, and who shall we be
 *     rights_broker()   before anything is open
 *     ...               open files, sockets, the terminal; compile filters
 *     rights_drop()     before the first packet is read
 *     rights_tell()     once the screen is gone: what could not be given up
 *     rights_end()
 */
#ifndef SOCKEYE_RIGHTS_H
#define SOCKEYE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/broker.h"
#include "sockeye/error.h"
#include "sockeye/text.h"

enum { RIGHTS_MISSING = 5 };

struct rights {
	uint64_t had;         /* capabilities at the start */
	bool root, change;    /* started as user 0; another user is to be taken */
	uid_t uid;            /* who we shall be, or are */
	gid_t gid;
	bool said;            /* -Z: who cannot be had is an error */
	bool owns;            /* what is written belongs to uid: named by -Z, or who called sudo */
	char why[128];        /* how uid was chosen, printable */
	struct broker *broker; /* or NULL: nothing to ask for */
	struct broker *teller; /* a second one, for the host thread: who holds sockets; or NULL */

	bool dropped;         /* the rest is known */
	bool changed, bounding_emptied, no_new_privs;
	unsigned calls;       /* seccomp's list; 0: no seccomp */
	int landlock_abi;     /* 0: no Landlock */
	struct broker_facts broker_facts;
	unsigned missing;     /* sentences about what could not be given up */
	char missing_why[RIGHTS_MISSING][200];
	bool gone_told;
};

/* A setuid or setgid program answers questions that nobody asked: -EPERM with the
 * sentence. With file capabilities (AT_SECURE) the environment is emptied of all
 * but TERM, COLORTERM, NO_COLOR, LANG, LC_* and a TZ that is no path. Call it first. */
int rights_environment(struct error *e);

/* user: -Z, or NULL. Looks it up. -ENOENT: there is no such user. */
int rights_see(struct rights *r, const char *user, struct error *e);

/* capture: a live one; output: -w and its rotations, and whether the screen may save, the user left out; no
 * name: none; its owners: who holds sockets will be asked. Without any of it, or without the right to capture,
 * there is nothing a broker could do, and none is started. */
int rights_broker(struct rights *r, bool capture, const struct broker_options *output, struct error *e);

/* One more, which tells who holds sockets and can do nothing else, for a thread of its own. */
int rights_teller(struct rights *r, struct error *e);

/* 0, or -errno: capabilities or the user of -Z are as they were, and nothing may
 * be read. What this kernel lacks is a sentence in missing_why, and no error. */
int rights_drop(struct rights *r, struct error *e);

/* What is left, a line each, once they are given up. */
void rights_lines(const struct rights *r, struct text *t);

/* The sentences, where rights were at stake: one for each that is missing. */
void rights_tell(const struct rights *r);

/* True once, when the broker has gone: the sentence in e. */
bool rights_lost(struct rights *r, struct error *e);

void rights_end(struct rights *r);

#endif
