/* Shapes, from the plan and what a format says about keys. */
#include "shape.h"

#include <assert.h>

void shapes_init(struct shapes *shapes, unsigned in, const struct shape_format *format)
{
	plan_init(&shapes->plan, in);
	shapes->format = format;
}

static bool is_loss(const struct record_field *f)
{
	return f->kind == VALUE_PAIR && f->offset >= offsetof(struct flow_record, RECORD_LOSSES_FIRST) &&
	       f->offset < offsetof(struct flow_record, RECORD_STATE_FIRST);
}

/* The value, where it is in the form and stands for itself; returns where it ended, NULL: it is not. */
static char *fixed(char *p, const struct shapes *shapes, const struct shape_form *form, enum record_key k, unsigned word)
{
	const char *quote = shapes->format->quote;
	const size_t n = strlen(quote);

	if (shapes->plan.bools[k / 64] >> (k % 64) & 1) {
		bool yes = form->yes[k / 64] >> (k % 64) & 1;

		memcpy(p, yes ? "true" : "false", yes ? 4 : 5);
		return p + (yes ? 4 : 5);
	}
	if (!(shapes->plan.words[k / 64] >> (k % 64) & 1))
		return NULL;
	memcpy(p, quote, n);
	p = out_word(p + n, form->word[word]);
	if (!p)
		return NULL;
	memcpy(p, quote, n);
	return p + n;
}

/* From the last to the first: a row goes on where the next value is a pair that lies behind this one. */
static void rows(struct shape *s)
{
	for (unsigned i = s->ops; i-- > 0;) {
		struct shape_op *op = &s->op[i];
		bool next = i + 1 < s->ops && op[1].kind == VALUE_PAIR && op[1].losses == op->losses &&
			    op[1].offset == op->offset + sizeof(uint64_t[2]);

		op->pairs = op->kind != VALUE_PAIR ? 0 : next ? (uint8_t)(op[1].pairs + 1) : 1;
	}
}

void shape_make(struct shape *s, const struct shapes *shapes, const void *self, const struct shape_form *form)
{
	const struct shape_format *format = shapes->format;
	char *p = s->text, *from = p;
	unsigned state = 0, word = 0;

	_Static_assert((int)RECORD_KEYS <= UINT8_MAX && (int)SHAPE_TEXT <= UINT16_MAX, "small numbers");
	s->form = *form;
	s->ops = 0;
	s->made = true;
	p += format->begin(self, p);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];
		char *end;

		if (!(form->has[k / 64] >> (k % 64) & 1))
			continue;
		p += format->before(self, &state, (enum record_key)k, p);
		end = fixed(p, shapes, form, (enum record_key)k, word);
		if (shapes->plan.words[k / 64] >> (k % 64) & 1)
			word++;
		if (end) {
			p = end;
			continue;
		}
		s->op[s->ops++] = (struct shape_op){.text = (uint16_t)(from - s->text), .offset = f->offset,
						    .len = (uint16_t)(p - from), .kind = f->kind, .losses = is_loss(f)};
		if (f->kind == VALUE_PAIR) {
			memcpy(p, format->zeroes, strlen(format->zeroes));
			p += strlen(format->zeroes);
		}
		from = p;
	}
	rows(s);
	p += format->end(self, state, p);
	s->op[s->ops] = (struct shape_op){.text = (uint16_t)(from - s->text), .len = (uint16_t)(p - from)};
	assert(p <= s->text + SHAPE_TEXT);
}
