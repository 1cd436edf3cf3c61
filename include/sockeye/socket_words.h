/* Words that choose sockets: for the view sockets, and the filter of the screen of that name.
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
 * NAME:VALUE is NAME VALUE, as in display filters. Where words are typed on a screen, one that is none of these is
 * looked for as it stands: in addresses and ports, kind, state, a UNIX socket's name, and who holds it.
 *
 * State words are the record's and ss's, with ss's groups all, connected, synchronized,
 * bucket and big. process, cgroup and name ask whether that text is in it.
 */
#ifndef SOCKEYE_SOCKET_WORDS_H
#define SOCKEYE_SOCKET_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "sockeye/error.h"
#include "sockeye/socket_record.h"

enum { SOCKETS_WORDS = 64, SOCKETS_DEPTH = 32, SOCKETS_STATES = 11 /* of sockets_words_state(); then groups */ };

struct sockets_words;

/* text: the words with blanks between; "" fits all. 0, or -EINVAL with the sentence and the
 * column (from 1) that it is about. -ENOMEM. */
int sockets_words_parse(struct sockets_words **out, const char *text, unsigned *column, struct error *e);
/* The same for a screen: a word that is none of them is a text. */
int sockets_words_parse_typed(struct sockets_words **out, const char *text, unsigned *column, struct error *e);
void sockets_words_free(struct sockets_words *w);
bool sockets_words_fit(const struct sockets_words *w, const struct socket_table *t, const struct socket_record *s);

/* The words one by one, and what they ask; NULL: there is no i-th. */
const char *sockets_words_list(unsigned i, const char **meaning);
/* Is that a word behind which a value stands? states: one of a state. */
bool sockets_words_wants(const char *word, size_t n, bool *states);
/* The words of states, one by one; NULL: there is no i-th. */
const char *sockets_words_state(unsigned i);

#endif
