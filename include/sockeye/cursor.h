/* Checked reading of bytes that strangers wrote.
 *
 * One cursor, used by every reader and dissector. After the first fault every
 * read gives zero and stays inside, so code reads straight through and asks
 * once at the end. Invariant: base <= pos <= end, and end - base <= wire.
 *
 *   base        pos            end          base + wire
 *    |  read     |  captured    |  on the wire, not captured  |
 *
 * CURSOR_CUT: the capture kept less than the wire carried (tcpdump: truncated).
 * CURSOR_OVERRUN: the bytes claim more than the wire carried (malformed).
 * Values are in host order once read; byte order appears nowhere else.
 */
#ifndef SOCKEYE_CURSOR_H
#define SOCKEYE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Numbers at a place of bytes that cursor_take() lent. Nothing is asked here: the place lies in
 * what was taken, and who reads says so with constants (at + 12, of 14 bytes). */
static inline uint16_t bytes_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t bytes_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t bytes_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t bytes_u32(const uint8_t *p, bool big)
{
	return big ? bytes_be32(p) : bytes_le32(p);
}

enum cursor_fault { CURSOR_OK, CURSOR_CUT, CURSOR_OVERRUN };

struct cursor {
	const uint8_t *base, *pos, *end;
	size_t wire;             /* length on the wire, counted from base */
	enum cursor_fault fault; /* the first one, kept */
};

/* captured <= wire is established here: a wire length below it is raised. */
static inline void cursor_init(struct cursor *c, const uint8_t *data, size_t captured, size_t wire)
{
	c->base = c->pos = data;
	c->end = data + captured;
	c->wire = wire > captured ? wire : captured;
	c->fault = CURSOR_OK;
}

/* Captured bytes not read yet. */
static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->pos);
}

/* Bytes not read yet as the wire carried them. */
static inline size_t cursor_wire_left(const struct cursor *c)
{
	return c->wire - (size_t)(c->pos - c->base);
}

/* Bytes read so far: the offset of pos from base. */
static inline size_t cursor_offset(const struct cursor *c)
{
	return (size_t)(c->pos - c->base);
}

/* Lend n bytes and step over them; NULL, and a fault, if they are not there. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	if (n <= cursor_left(c)) {
		const uint8_t *at = c->pos;
		c->pos += n;
		return at;
	}
	if (c->fault == CURSOR_OK)
		c->fault = n <= cursor_wire_left(c) ? CURSOR_CUT : CURSOR_OVERRUN;
	c->pos = c->end;
	return NULL;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_take(c, n);
}

/* A look ahead without a step and without a fault: false if not captured. */
static inline bool cursor_peek(const struct cursor *c, size_t offset, uint8_t *out)
{
	if (offset >= cursor_left(c))
		return false;
	*out = c->pos[offset];
	return true;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t cursor_be16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return p ? bytes_be16(p) : 0;
}

static inline uint32_t cursor_be24(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 3);
	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? bytes_be32(p) : 0;
}

static inline uint64_t cursor_be64(struct cursor *c)
{
	uint64_t high = cursor_be32(c);
	return high << 32 | cursor_be32(c);
}

static inline uint16_t cursor_le16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return p ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : 0;
}

static inline uint32_t cursor_le32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? bytes_le32(p) : 0;
}

static inline uint64_t cursor_le64(struct cursor *c)
{
	uint64_t low = cursor_le32(c);
	return (uint64_t)cursor_le32(c) << 32 | low;
}

/* Copy n bytes to out; zeroes, and a fault, if they are not there. */
static inline void cursor_copy(struct cursor *c, void *out, size_t n)
{
	const uint8_t *p = cursor_take(c, n);
	if (p)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

/* A length field said that n bytes follow pos. Everything after them leaves
 * the cursor's sight. False if the wire has fewer: then nothing changes, and
 * the caller decides whether that is an issue. */
static inline bool cursor_limit(struct cursor *c, size_t n)
{
	if (n > cursor_wire_left(c))
		return false;
	c->wire = cursor_offset(c) + n;
	if (n < cursor_left(c))
		c->end = c->pos + n;
	return true;
}

/* A cursor of its own over the next n bytes (or what the wire has of them),
 * and a step over them here. The sub-cursor knows how much of it was cut. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	struct cursor sub;
	size_t wire = n <= cursor_wire_left(c) ? n : cursor_wire_left(c);
	size_t have = wire <= cursor_left(c) ? wire : cursor_left(c);

	cursor_init(&sub, c->pos, have, wire);
	if (n > cursor_left(c))
		(void)cursor_take(c, n); /* records the fault, goes to the end */
	else
		c->pos += n;
	return sub;
}

/* Work budget of one frame: every turn of every loop over foreign bytes takes
 * from it, so no frame costs more than a constant, whatever it says. */
struct budget {
	uint32_t left;
};

enum { BUDGET_FRAME = 4096 };

static inline bool budget_take(struct budget *b)
{
	if (b->left == 0)
		return false;
	b->left--;
	return true;
}

/* The one way to walk type-length-value lists. Each turn consumes at least one
 * byte and one unit of the budget; the value never reaches outside its list. */
enum tlv_style {
	TLV_OPTION,  /* IPv4 and TCP options: kind 0 ends, 1 is one byte, length counts itself */
	TLV_U8_U8,   /* IPv6 options: type 0 is one byte (Pad1), length counts the value only */
	TLV_U16_U16, /* TLS extensions, pcapng options without padding */
};

struct tlv {
	uint32_t type;
	uint32_t offset;     /* of the type byte, from the list's base */
	uint32_t length;     /* of the whole element as consumed */
	struct cursor value;
};

/* False at the end of the list, at a malformed or cut element (c->fault then
 * says which), or when the budget is spent. *out is valid only after true. */
static inline bool tlv_next(struct cursor *c, enum tlv_style style, struct budget *b, struct tlv *out)
{
	size_t n;

	if (cursor_wire_left(c) == 0 || c->fault != CURSOR_OK || !budget_take(b))
		return false;
	out->offset = (uint32_t)cursor_offset(c);
	if (style == TLV_U16_U16) {
		out->type = cursor_be16(c);
		n = cursor_be16(c);
	} else {
		out->type = cursor_u8(c);
		if (c->fault != CURSOR_OK)
			return false;
		if (out->type == 0 && style == TLV_OPTION)
			return false;
		if (out->type == 0 || (out->type == 1 && style == TLV_OPTION)) {
			out->length = 1;
			cursor_init(&out->value, c->pos, 0, 0);
			return true;
		}
		n = cursor_u8(c);
		if (style == TLV_OPTION && c->fault == CURSOR_OK) {
			if (n < 2) {
				c->fault = CURSOR_OVERRUN;
				return false;
			}
			n -= 2;
		}
	}
	if (c->fault != CURSOR_OK)
		return false;
	if (n > cursor_left(c)) {
		cursor_skip(c, n);
		return false;
	}
	out->value = cursor_sub(c, n);
	out->length = (uint32_t)cursor_offset(c) - out->offset;
	return true;
}

#endif
