/* Bounded text, and the escaping of foreign bytes.
 *
 * Once something did not fit, the text is cut and takes nothing more, so that
 * a cut text is a prefix of the whole one and never ends inside an escape or a
 * character. Categories and widths come from utf8proc: the same in every
 * locale and on every machine.
 */
#include "sockeye/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "sockeye/digits.h"

static const char hex_digits[] = "0123456789abcdef";

void text_init(struct text *t, char *buffer, size_t size)
{
	t->at = buffer;
	t->size = size;
	text_reset(t);
}

void text_reset(struct text *t)
{
	t->len = 0;
	t->cut = false;
	t->at[0] = '\0';
}

/* All of it or nothing. */
static bool text_whole(struct text *t, const char *s, size_t n)
{
	if (t->cut || n > t->size - 1 - t->len) {
		t->cut = true;
		return false;
	}
	memcpy(t->at + t->len, s, n);
	t->len += n;
	t->at[t->len] = '\0';
	return true;
}

void text_char(struct text *t, char c)
{
	(void)text_whole(t, &c, 1);
}

void text_bytes(struct text *t, const char *s, size_t n)
{
	size_t room = t->size - 1 - t->len;

	if (t->cut)
		return;
	if (n > room) {
		(void)text_whole(t, s, room);
		t->cut = true;
		return;
	}
	(void)text_whole(t, s, n);
}

void text_put(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_format(struct text *t, const char *format, ...)
{
	size_t room = t->size - t->len;
	va_list args;
	int n;

	if (t->cut)
		return;
	va_start(args, format);
	n = vsnprintf(t->at + t->len, room, format, args);
	va_end(args);
	if (n < 0) {
		t->at[t->len] = '\0';
		t->cut = true;
	} else if ((size_t)n >= room) {
		t->len = t->size - 1;
		t->cut = true;
	} else {
		t->len += (size_t)n;
	}
}

void text_u64(struct text *t, uint64_t v)
{
	char digits[DIGITS_U64_MAX];

	text_bytes(t, digits, (size_t)(digits_u64(digits, v) - digits));
}

/* printf() rounds the binary quotient, which lies on the side of a half where the decimal one lies: it is
 * nearer to it than 1 in 2^53 of v. Only of the half itself it knows better, so that is left to it. */
void text_scaled(struct text *t, uint64_t v, uint64_t unit, unsigned decimals)
{
	uint64_t step = decimals == 0 ? unit : decimals == 1 ? unit / 10 : unit / 100;
	uint64_t whole = v / step, rest = v % step;
	char digits[DIGITS_U64_MAX + 4], *p = digits;

	if (v > TEXT_SCALED_MAX || rest * 2 == step) {
		text_format(t, "%.*f", (int)decimals, (double)v / (double)unit);
		return;
	}
	whole += rest * 2 > step;
	if (decimals == 0) {
		p = digits_u64(p, whole);
	} else if (decimals == 1) {
		p = digits_u64(p, whole / 10);
		*p++ = '.';
		*p++ = (char)('0' + whole % 10);
	} else {
		p = digits_u64(p, whole / 100);
		*p++ = '.';
		p = digits_two(p, (unsigned)(whole % 100));
	}
	text_bytes(t, digits, (size_t)(p - digits));
}

void text_hex(struct text *t, uint64_t v, unsigned digits)
{
	char out[16];

	if (digits > sizeof out)
		digits = sizeof out;
	for (unsigned i = digits; i-- > 0; v >>= 4)
		out[i] = hex_digits[v & 15];
	text_bytes(t, out, digits);
}

void text_seconds(struct text *t, int64_t ns, unsigned digits)
{
	char out[DIGITS_SECONDS_MAX];

	text_bytes(t, out, (size_t)(digits_seconds(out, ns, digits) - out));
}

size_t text_utf8(const void *bytes, size_t n, uint32_t *code, bool *bad)
{
	const uint8_t *p = bytes;
	uint32_t c = p[0], least;
	size_t len;

	*bad = false;
	if (c < 0x80) {
		*code = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		len = 2;
		c &= 0x1f;
		least = 0x80;
	} else if (c >= 0xe0 && c <= 0xef) {
		len = 3;
		c &= 0x0f;
		least = 0x800;
	} else if (c >= 0xf0 && c <= 0xf4) {
		len = 4;
		c &= 0x07;
		least = 0x10000;
	} else {
		goto bad_byte;
	}
	if (len > n)
		goto bad_byte;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			goto bad_byte;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* RFC 3629 section 3: no long forms, no surrogates, nothing past 10FFFF. */
	if (c < least || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		goto bad_byte;
	*code = c;
	return len;
bad_byte:
	*code = 0xfffd;
	*bad = true;
	return 1;
}

unsigned text_width(uint32_t code)
{
	int width;

	if (code < 0x7f)
		return code >= 0x20;
	switch (utf8proc_category((utf8proc_int32_t)code)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return 0;
	default:
		break;
	}
	/* Letters that nobody can see: the Hangul fillers. */
	if (code == 0x115f || code == 0x1160 || code == 0x3164 || code == 0xffa0)
		return 0;
	width = utf8proc_charwidth((utf8proc_int32_t)code);
	return width == 1 || width == 2 ? (unsigned)width : 0;
}

size_t text_clean(const void *bytes, size_t n, char not)
{
	const char *p = bytes;
	size_t i = 0;

	while (i < n && p[i] >= ' ' && p[i] <= '~' && p[i] != '\\' && p[i] != not)
		i++;
	return i;
}

/* \xNN for each of up to four bytes, all or nothing. */
static bool text_escape(struct text *t, const uint8_t *p, size_t n)
{
	char out[16];

	for (size_t i = 0; i < n; i++) {
		out[i * 4] = '\\';
		out[i * 4 + 1] = 'x';
		out[i * 4 + 2] = hex_digits[p[i] >> 4];
		out[i * 4 + 3] = hex_digits[p[i] & 15];
	}
	return text_whole(t, out, n * 4);
}

/* What stands for itself, as far as it goes: put there at once; how long it was. */
static size_t text_put_clean(struct text *t, const uint8_t *p, size_t n, char not)
{
	size_t len = text_clean(p, n, not);

	if (len > 0)
		text_bytes(t, (const char *)p, len);
	return len;
}

void text_foreign(struct text *t, const void *bytes, size_t n, bool ascii)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		uint32_t code;
		bool bad, fits;
		size_t len = text_put_clean(t, p, n, '\\');

		p += len;
		n -= len;
		if (n == 0 || t->cut)
			return;
		len = text_utf8(p, n, &code, &bad);

		if (code == '\\')
			fits = text_whole(t, "\\\\", 2);
		else if (bad || text_width(code) == 0 || (ascii && code >= 0x80))
			fits = text_escape(t, p, len);
		else
			fits = text_whole(t, (const char *)p, len);
		if (!fits)
			return;
		p += len;
		n -= len;
	}
}

/* \uXXXX, as a surrogate pair above the basic plane (RFC 8259 section 7). */
static bool text_json_code(struct text *t, uint32_t code)
{
	char out[16];
	int n;

	if (code >= 0x10000) {
		code -= 0x10000;
		n = snprintf(out, sizeof out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (code >> 10),
			     0xdc00 + (code & 0x3ff));
	} else {
		n = snprintf(out, sizeof out, "\\u%04" PRIx32, code);
	}
	return text_whole(t, out, (size_t)n);
}

void text_json(struct text *t, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		uint32_t code;
		bool bad, fits;
		size_t len = text_put_clean(t, p, n, '"');

		p += len;
		n -= len;
		if (n == 0 || t->cut)
			return;
		len = text_utf8(p, n, &code, &bad);

		if (bad) {
			char out[5] = {'\\', '\\', 'x', hex_digits[p[0] >> 4], hex_digits[p[0] & 15]};

			fits = text_whole(t, out, sizeof out);
		} else if (code == '"') {
			fits = text_whole(t, "\\\"", 2);
		} else if (code == '\\') {
			fits = text_whole(t, "\\\\", 2);
		} else if (text_width(code) == 0) {
			fits = text_json_code(t, code);
		} else {
			fits = text_whole(t, (const char *)p, len);
		}
		if (!fits)
			return;
		p += len;
		n -= len;
	}
}

void text_code(struct text *t, uint32_t code)
{
	char out[4];
	size_t n = 0;

	if (code < 0x80) {
		out[n++] = (char)code;
	} else if (code < 0x800) {
		out[n++] = (char)(0xc0 | code >> 6);
		out[n++] = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		out[n++] = (char)(0xe0 | code >> 12);
		out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | (code >> 18 & 7));
		out[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (code & 0x3f));
	}
	(void)text_whole(t, out, n);
}
