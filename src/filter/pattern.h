/* Regular expressions that hostile text cannot make slow.
 *
 *   .  [a-z] [^a-z]  * + ?  |  ( )  ^ $  \d \w \s \D \W \S  \t \n \r \xHH  \.
 *
 * All ways through the pattern are walked at once, byte by byte (Thompson
 * 1968): the time is the length of the text times the length of the pattern,
 * whatever either holds, and matching takes no memory. There are no counts
 * {n,m}, no references back and no look-around; a byte is a character.
 */
#ifndef FILTER_PATTERN_H
#define FILTER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "sockeye/text.h"

enum { PATTERN_STEPS = 512, PATTERN_DEPTH = 32 };

struct pattern;

/* 0; -EINVAL with the sentence and the byte it is about; -ENOMEM. */
int pattern_compile(struct pattern **out, const char *s, size_t n, bool fold, struct text *why, size_t *at);
void pattern_free(struct pattern *p);

/* Does it match anywhere in the text? */
bool pattern_matches(const struct pattern *p, const char *s, size_t n);

#endif
