/* Bounded text building, and the one function that makes foreign text printable.
 *
 * "Foreign" is every byte that we did not write: from the wire, from a file's
 * comments, from /proc, from the command line. It reaches a terminal, a log or
 * JSON only through text_foreign(), text_json() or text_cells().
 */
#ifndef SOCKEYE_TEXT_H
#define SOCKEYE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text under construction in a buffer that the caller owns. Always ends with a
 * NUL; what does not fit is dropped and remembered. */
struct text {
	char *at;
	size_t size; /* of the buffer, at least 1 */
	size_t len;  /* without the NUL; < size */
	bool cut;    /* something did not fit */
};

void text_init(struct text *t, char *buffer, size_t size);
void text_reset(struct text *t);
void text_char(struct text *t, char c);
void text_put(struct text *t, const char *s); /* our own words, not foreign ones */
void text_bytes(struct text *t, const char *s, size_t n);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_u64(struct text *t, uint64_t v);
void text_hex(struct text *t, uint64_t v, unsigned digits); /* lower case, no 0x */

/* ASCII letters alone. */
static inline uint8_t text_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* v / unit with 0, 1 or 2 decimals, every digit as printf("%.*f") has it; the unit is a
 * power of ten that has so many zeroes. Fast up to TEXT_SCALED_MAX. */
#define TEXT_SCALED_MAX (UINT64_C(1) << 52)
void text_scaled(struct text *t, uint64_t v, uint64_t unit, unsigned decimals);

/* Seconds with `digits` (6 or 9) decimals from nanoseconds since the epoch. */
void text_seconds(struct text *t, int64_t ns, unsigned digits);

/* Append foreign bytes so that no terminal acts on them: strict UTF-8; what is
 * not a printable character of width 1 or 2 (controls, C1, bidi and other
 * format characters, surrogates, private, unassigned, combining, line and
 * paragraph separators, bad bytes, the backslash itself) becomes \xNN per byte,
 * the backslash becomes \\. With ascii, every non-ASCII character becomes \xNN
 * too. The result is reversible and holds no byte below 0x20, no 0x7f, no C1. */
void text_foreign(struct text *t, const void *bytes, size_t n, bool ascii);

/* Append foreign bytes as the inside of a JSON string: valid UTF-8 whatever
 * came in. Printable characters stand for themselves, quote and backslash are
 * escaped, other well-formed characters become \uXXXX; a byte that is not
 * UTF-8 becomes the four characters \xNN, its backslash escaped. */
void text_json(struct text *t, const void *bytes, size_t n);

/* How many bytes from the beginning stand for themselves wherever text goes: printable
 * ASCII, neither a backslash nor not. */
size_t text_clean(const void *bytes, size_t n, char not);

/* Decode one character of strict UTF-8. Returns its length in bytes, 1 for a
 * bad byte (then *code is 0xfffd and *bad true). n must be at least 1. */
size_t text_utf8(const void *bytes, size_t n, uint32_t *code, bool *bad);

/* Columns of a printable character: 1 or 2; 0 if it must not be shown as it
 * is (see text_foreign). Independent of the locale. */
unsigned text_width(uint32_t code);

/* Append one character as UTF-8. */
void text_code(struct text *t, uint32_t code);

#endif
