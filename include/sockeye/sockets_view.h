/* The view of sockets: a table of the kernel's sockets as text, JSON Lines, CSV or TSV.
 *
 * Which sockets is said in words, as users of ss type them:
 *
 *     state established        state listen,close-wait      exclude time-wait
 *     port 443   sport = :22   dport >= 1024   :443         port 6000-6063
 *     src 10.0.0.0/8:80        dst [2001:db8::1]:443        host 10.0.0.1
 *     process nginx   pid 4711   uid 1000   inode 4711      holders 0
 *     cgroup docker   name /run/   tcp udp raw unix packet netlink ipv4 ipv6
 *     and or not ( ); tests side by side must all hold
 *
 * State words are the record's and ss's, with ss's groups all, connected, synchronized,
 * bucket and big. process, cgroup and name ask whether that text is in it.
 */
#ifndef SOCKEYE_SOCKETS_VIEW_H
#define SOCKEYE_SOCKETS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/socket_record.h"
#include "sockeye/views.h"

enum { SOCKETS_WORDS = 64, SOCKETS_DEPTH = 32 };

struct sockets_words;

/* text: the words with blanks between; "" fits all. 0, or -EINVAL with the sentence and the
 * column (from 1) that it is about. -ENOMEM. */
int sockets_words_parse(struct sockets_words **out, const char *text, unsigned *column, struct error *e);
void sockets_words_free(struct sockets_words *w);
bool sockets_words_fit(const struct sockets_words *w, const struct socket_table *t, const struct socket_record *s);

struct sockets_view;

struct sockets_view_options {
	enum view_format format; /* all but VIEW_ZEEK */
	int fd;                  /* written to, not closed */
	bool ascii;
	bool verbose;            /* text: all that there is of each socket */
	bool summary;            /* counts alone; not as CSV */
	bool leaks;              /* findings alone; not as CSV */
	bool only_listen;        /* listeners and what waits for them */
	bool repeats;            /* there will be more tables: each has its time */
	const struct sockets_words *words; /* lent */
};

int sockets_view_open(struct sockets_view **out, const struct sockets_view_options *o, struct error *e);
/* Writes the table and flushes. 0, or -errno of the write. -ENOMEM: there was no memory to sort. */
int sockets_view_write(struct sockets_view *v, const struct socket_table *t);
void sockets_view_free(struct sockets_view *v);

/* How long a connection has lain in the queue of accept(2), in us: since it was complete.
 * The kernel says when it was put there, as the time since it last sent data, which such a
 * socket never did. False: the kernel does not say. */
bool sockets_waited(const struct socket_record *s, uint64_t *us);

#endif
