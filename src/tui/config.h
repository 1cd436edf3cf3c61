/* The configuration: lines NAME = VALUE, of a file, or behind :set.
 *
 *   # a comment
 *   columns = client, server, handshake, rtt, service
 *   sort = rate                  a - before it: the other way round
 *   theme = auto                 mono, 8, 16, 256: at most so many colours
 *   mouse = on                   off
 *   times = relative             delta, clock: of the ladder
 *   key sort-next = s <F6>       names as --list-keys has them, keys as --keys
 *
 * The file is $XDG_CONFIG_HOME/sockeye/config, else ~/.config/sockeye/config, of the person who
 * started the program: under sudo of who called it. It is opened with that person's rights,
 * must be a regular file of theirs that nobody else may write, and of at most CONFIG_BYTES. A
 * line that is wrong is told with its number, and the rest holds.
 */
#ifndef TUI_CONFIG_H
#define TUI_CONFIG_H

#include "look.h"
#include "sockeye/error.h"

enum { CONFIG_BYTES = 65536 };

/* One line. 0; -EINVAL with the sentence, and nothing is changed. Blank ones and comments: 0. */
int config_line(struct look *l, const char *line, size_t n, struct error *err);

/* A whole text. Returns how many lines are wrong; the sentence of the first, with its number,
 * in first. */
unsigned config_text(struct look *l, const char *text, size_t n, struct error *first);

/* What differs from how the program begins, as lines. */
void config_lines(const struct look *l, struct text *t);

/* config_put.c: the text of n bytes in the place of the old one of `was`; bytes has room for CONFIG_BYTES. False: the
 * old one stands. */
bool config_put(int fd, char *bytes, size_t n, const char *old, size_t was);

/* config_keep.c: that file with what is set now. Comments, blank lines and those that are not understood stay.
 * False: no memory, or no room in out. */
bool config_keep(const struct look *l, const char *old, size_t n, struct text *out);

/* The i-th "NAME=VALUE" that :set offers, or NULL. */
const char *config_word(unsigned i);

/* :save-config: into the file that was open at the start, what a person wrote there stays; else a dialog says where
 * that would be, why it is not, what to do, and the lines. */
enum reaction config_save(struct look *l, const struct layout *at);

/* Opens the file for l->config_fd (-1: there is none) and reads it; path NULL: the person's
 * own. 0: read, or there is none; negative with a sentence: not read. *wrong as config_text(). */
int config_open(struct look *l, const char *path, unsigned *wrong, struct error *err);

/* At the start: what options and file set. A file that was named and cannot be read is an
 * error; what else is wrong is the first message on the screen. */
struct tui_options;
int config_begin(struct look *l, const struct tui_options *o, struct error *err);

#endif
