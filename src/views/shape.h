/* How lines of a record type are written: what does not differ from line to line is put together once.
 *
 * What stands before a value - separator, name, objects that close and open - depends on nothing but
 * which keys a record has. Which keys those are, what is true of them, and which of our words they hold
 * takes few forms in a run. So for each such form there is a shape: the whole text of the line as it
 * would be if every counter were zero, and where in it each other value goes.
 *
 *   {"type":"connection","proto":"tcp","id":  ,"handshake":{"syn":true,"ack":true},"rst":[0,0]}
 *                                           ^                                            ^     ^ the end
 *
 * What a format says about keys is in struct shape_format; JSON and CSV have one each.
 */
#ifndef SOCKEYE_VIEWS_SHAPE_H
#define SOCKEYE_VIEWS_SHAPE_H

#include <string.h>

#include "out.h"
#include "plan.h"
#include "sockeye/digits.h"

enum {
	SHAPE_KEY = 96,   /* }},"handshake":{"client_options":{"sack_permitted": and the value that zeroes are */
	SHAPE_COPY = 32,  /* of a shape's text, at once */
	SHAPE_SETS = 128, /* of SHAPE_WAYS shapes that are kept; of these, the one that was not used last goes */
	SHAPE_WAYS = 2,
	SHAPE_TEXT = (RECORD_KEYS + 2) * SHAPE_KEY + PLAN_WORDS * (OUT_WORD + 2),
	SHAPE_VALUE = TUPLE_ADDRESS_MAX + 32, /* the longest value that is written in place */
	SHAPE_LINE = SHAPE_TEXT + RECORD_KEYS * SHAPE_VALUE + 2 * SHAPE_COPY,
};

_Static_assert((int)SHAPE_LINE <= (int)OUT_ROOM_MAX, "a line is written without asking for more room");
_Static_assert((int)SHAPE_VALUE >= (int)OUT_WORD + 2, "words");
_Static_assert((int)SHAPE_VALUE >= RECORD_LIST_MAX * ((int)DIGITS_U64_MAX + 1) + 2, "lists, pairs and numbers");

/* What a shape is for: the keys of a record, of bools which are true, of words where they lie. */
struct shape_form {
	uint64_t has[2];
	uint64_t yes[2]; /* bits as in has */
	const char *word[PLAN_WORDS]; /* as they come, of keys that it has; the rest is not looked at */
};

struct shape_op {
	uint16_t text;   /* in the shape's: what stands before the value */
	uint16_t offset; /* of the member in struct flow_record */
	uint16_t len;    /* of that text; behind it, up to the next op's, what zeroes are */
	uint8_t kind;    /* enum value_kind */
	uint8_t pairs;   /* in a row from here on, whose members and texts are, too */
	uint8_t losses;  /* it is among what is 0 where a record is lossless */
};

struct shape {
	struct shape_form form;
	unsigned ops;
	bool made;
	struct shape_op op[RECORD_KEYS + 1]; /* the last has no value, only the text that ends the line */
	char text[SHAPE_TEXT + SHAPE_COPY];  /* and what is copied too much */
};

/* What a format says. self is the format's own; state is 0 where a line begins. Each puts text at `to` and returns
 * how much: in a line SHAPE_KEY for each key, at most, and as much for its begin and its end. */
struct shape_format {
	unsigned (*begin)(const void *self, char *to);
	unsigned (*before)(const void *self, unsigned *state, enum record_key k, char *to);
	unsigned (*end)(const void *self, unsigned state, char *to);
	const char *zeroes; /* a pair of them */
	const char *quote;  /* around a word; "": none */
};

struct shapes {
	struct plan plan;
	const struct shape_format *format;
	struct digits_second near; /* of the times written last */
	uint8_t last[SHAPE_SETS];  /* used, of each set */
	struct shape at[SHAPE_SETS][SHAPE_WAYS];
};

void shapes_init(struct shapes *shapes, unsigned in, const struct shape_format *format);

/* Make it at this place; self as in struct shape_format. */
void shape_make(struct shape *shape, const struct shapes *shapes, const void *self, const struct shape_form *form);

static inline uint64_t shape_mix(uint64_t h, uint64_t x)
{
	h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* The form of a record; how many words it has. */
static inline unsigned shape_form(struct shape_form *form, const struct plan *plan, const struct flow_record *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++) {
		const struct record_field *field = record_fields + i * 64;

		form->has[i] = r->has[i] & plan->keys[i];
		form->yes[i] = 0;
		for (uint64_t bits = r->has[i] & plan->bools[i]; bits; bits &= bits - 1) {
			unsigned k = (unsigned)__builtin_ctzll(bits);

			form->yes[i] |= (uint64_t)*((const bool *)r + field[k].offset) << k;
		}
		for (uint64_t bits = r->has[i] & plan->words[i]; bits; bits &= bits - 1)
			memcpy(&form->word[n++], (const char *)r + field[__builtin_ctzll(bits)].offset, sizeof(char *));
	}
	return n;
}

static inline bool shape_is(const struct shape *s, const struct shape_form *form, unsigned words)
{
	uint64_t other = (s->form.has[0] ^ form->has[0]) | (s->form.has[1] ^ form->has[1]) |
			 (s->form.yes[0] ^ form->yes[0]) | (s->form.yes[1] ^ form->yes[1]);

	for (unsigned i = 0; i < words; i++) /* of equal keys: as many */
		other |= (uint64_t)(uintptr_t)s->form.word[i] ^ (uint64_t)(uintptr_t)form->word[i];
	return other == 0 && s->made;
}

/* Of this record: kept, or made now. */
static inline const struct shape *shape_of(struct shapes *shapes, const void *self, const struct flow_record *r)
{
	struct shape_form form;
	unsigned words = shape_form(&form, &shapes->plan, r), set, way;
	uint64_t h = shape_mix(shape_mix(form.has[0], form.has[1]), form.yes[0] ^ form.yes[1] << 1);

	for (unsigned i = 0; i < words; i++)
		h = shape_mix(h, (uint64_t)(uintptr_t)form.word[i]);
	set = (unsigned)(h % SHAPE_SETS);
	way = shapes->last[set];
	if (shape_is(&shapes->at[set][way], &form, words))
		return &shapes->at[set][way];
	way ^= 1;
	_Static_assert((int)SHAPE_WAYS == 2, "the other one");
	shapes->last[set] = (uint8_t)way;
	if (!shape_is(&shapes->at[set][way], &form, words))
		shape_make(&shapes->at[set][way], shapes, self, &form);
	return &shapes->at[set][way];
}

/* In whole steps, which is quicker than as much as there is. */
static inline char *shape_copy(char *p, const char *from, size_t n)
{
	size_t at = 0;

	do {
		memcpy(p + at, from + at, SHAPE_COPY);
		at += SHAPE_COPY;
	} while (at < n);
	return p + n;
}

/* How many pairs from here on are zeroes. */
static inline unsigned shape_zeroes(const struct shape_op *op, const struct flow_record *r)
{
	const uint64_t *pair = (const void *)((const char *)r + op->offset);
	unsigned n = 0;

	if (op->losses & r->lossless)
		return op->pairs;
	for (; n < op->pairs && (pair[0] | pair[1]) == 0; pair += 2)
		n++;
	return n;
}

/* A line. value: writes one at p and returns where it ended; NULL: it has no bound that fits SHAPE_VALUE, or needs
 * quotes. Then long_value does: the line is written up to p; it returns room for SHAPE_LINE, the rest of it. */
static inline void shape_line(struct out *out, struct shapes *shapes, const void *self, const struct flow_record *r,
			      unsigned digits,
			      char *(*value)(char *p, const void *self, enum value_kind kind, const void *x),
			      char *(*long_value)(struct out *out, char *p, const void *self, enum value_kind kind, const void *x))
{
	const struct shape *shape = shape_of(shapes, self, r);
	const struct shape_op *op = shape->op, *last = op + shape->ops;
	char *p = out_room(out, SHAPE_LINE);

	while (op < last) {
		const void *x = (const char *)r + op->offset;
		const char *text = shape->text + op->text;
		char *end;

		if (op->kind == VALUE_PAIR) {
			unsigned zeroes = shape_zeroes(op, r);

			if (zeroes > 0) { /* as the text says */
				op += zeroes;
				p = shape_copy(p, text, (size_t)(shape->text + op->text - text));
				continue;
			}
		}
		p = shape_copy(p, text, op->len);
		if (op->kind == VALUE_U64)
			end = digits_u64(p, *(const uint64_t *)x);
		else if (op->kind == VALUE_DURATION)
			end = digits_i64(p, out_microseconds(*(const int64_t *)x));
		else if (op->kind == VALUE_TIME)
			end = digits_seconds_near(&shapes->near, p, *(const int64_t *)x, digits);
		else
			end = value(p, self, (enum value_kind)op->kind, x);
		p = end ? end : long_value(out, p, self, (enum value_kind)op->kind, x);
		op++;
	}
	out_took(out, shape_copy(p, shape->text + last->text, last->len));
}

#endif
