/* What a person sees of a flow, and which keys of the record a filter reads. */
#include <string.h>

#include "filter_private.h"
#include "sockeye/condition.h"

/* What stands behind the endpoints, in order; a blank is before each. */
enum { VISIBLE_PIECES = 8 };
struct piece {
	const char *at; /* NULL: nothing */
	size_t len;
};

static void visible_pieces(const struct flow_record *r, struct piece out[VISIBLE_PIECES])
{
	const char *const words[] = {
		/* A message asks for no answer, so it is not "unanswered". */
		record_has(r, RECORD_STATE) && !condition_is_message(r) ? r->state : NULL,
		record_has(r, RECORD_OUTCOME) ? r->outcome : NULL,
		condition_remark(r, true),
		condition_of(r, true) == CONDITION_MIDSTREAM ? "mid-stream" : NULL,
		record_has(r, RECORD_PROTO) ? r->proto : NULL,
		record_has(r, RECORD_SERVICE) ? r->service : NULL,
	};
	const size_t n = sizeof words / sizeof words[0];

	for (size_t i = 0; i < n; i++)
		out[i] = (struct piece){words[i], words[i] != NULL ? strlen(words[i]) : 0};
	out[n] = record_has(r, RECORD_TUNNEL) ? (struct piece){r->tunnel.bytes, r->tunnel.len} : (struct piece){NULL, 0};
	out[n + 1] = record_has(r, RECORD_SERVER_NAME) ? (struct piece){r->server_name.bytes, r->server_name.len}
						       : (struct piece){NULL, 0};
}

bool visible_has(const struct flow_record *r, const char *want, size_t len)
{
	struct piece piece[VISIBLE_PIECES];

	visible_pieces(r, piece);
	for (size_t i = 0; i < VISIBLE_PIECES; i++)
		if (piece[i].len >= len && contains_folded(piece[i].at, piece[i].len, want, len))
			return true;
	return false;
}

void filter_visible(struct text *t, const struct flow_record *r)
{
	struct piece piece[VISIBLE_PIECES];

	tuple_endpoint(t, &r->client);
	text_char(t, ' ');
	tuple_endpoint(t, &r->server);
	visible_pieces(r, piece);
	for (size_t i = 0; i < VISIBLE_PIECES; i++) {
		text_char(t, ' ');
		if (piece[i].len > 0)
			text_bytes(t, piece[i].at, piece[i].len);
	}
}

/* No address and no port has a letter behind f, and blanks stand only between them. */
bool visible_is_word(const char *want, size_t len)
{
	bool letter = false;

	for (size_t i = 0; i < len; i++) {
		if (want[i] == ' ')
			return false;
		letter |= lower(want[i]) >= 'g' && lower(want[i]) <= 'z';
	}
	return letter;
}

static void need(uint64_t keys[2], enum record_key k)
{
	keys[k / 64] |= UINT64_C(1) << (k % 64);
}

/* What the line above is made of, through condition.c too; of a word only what stands behind the ends. */
static void need_visible(uint64_t keys[2], bool word)
{
	static const enum record_key read[] = {
		RECORD_STATE, RECORD_OUTCOME, RECORD_PROTO, RECORD_SERVICE,
		RECORD_TUNNEL, RECORD_SERVER_NAME, RECORD_ICMP_TYPE, RECORD_ICMP_ID, RECORD_ICMP_ERROR_TYPE,
		RECORD_TCP_STATE_CLIENT, RECORD_TCP_STATE_SERVER, RECORD_FIN,
	};

	for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
		need(keys, read[i]);
	if (!word) {
		need(keys, RECORD_CLIENT);
		need(keys, RECORD_SERVER);
	}
}

static void need_origin(const struct test *t, const struct origin *o, uint64_t keys[2])
{
	if (o->from == FROM_RECORD) {
		need(keys, (enum record_key)o->key);
		if (o->only) {
			need(keys, RECORD_PROTO);
			need(keys, RECORD_SERVICE);
		}
	} else if (o->from == FROM_COUNTERS) {
		for (unsigned v = 0; v < VERDICTS; v++)
			if (t->verdicts >> v & 1 && verdict_key(v) >= 0)
				need(keys, (enum record_key)verdict_key(v));
	} else if (o->from == FROM_FACT && o->key == FACT_DURATION) {
		need(keys, RECORD_FIRST);
		need(keys, RECORD_LAST);
	} else if (o->from == FROM_FACT && o->key >= FACT_PID && o->key <= FACT_UNIT) {
		need(keys, RECORD_OWNER_CLIENT);
		need(keys, RECORD_OWNER_SERVER);
	}
}

void filter_needs(const struct filter *f, uint64_t keys[2])
{
	keys[0] = keys[1] = 0;
	for (unsigned i = 0; i < f->tests; i++) {
		const struct test *t = &f->test[i];

		if (t->relation == RELATION_VISIBLE && f->scope == FILTER_FLOWS)
			need_visible(keys, visible_is_word(f->store + t->value.text, t->value.len));
		for (unsigned k = 0; k < t->origins; k++)
			need_origin(t, &t->origin[k], keys);
	}
}
