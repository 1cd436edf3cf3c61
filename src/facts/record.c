/* The field table of the flow record, and one value of it compared or shown.
 *
 * The table is written out of RECORD_FIELD_LIST; nothing here knows a key by
 * name.
 */
#include "sockeye/record.h"

#include <string.h>

#include "sockeye/event.h"

_Static_assert(RECORD_KEYS <= 128, "struct flow_record has two words of bits");
_Static_assert(sizeof(struct flow_record) < UINT16_MAX, "offsets are 16 bits");

const struct record_field record_fields[RECORD_KEYS] = {
#define X(ID, KIND, IN, MEMBER, KEY, TITLE)                                                           \
	[RECORD_##ID] = {.key = KEY,                                                                  \
			 .title = TITLE,                                                              \
			 .offset = (uint16_t)offsetof(struct flow_record, MEMBER),                    \
			 .kind = VALUE_##KIND,                                                        \
			 .in = IN},
	RECORD_FIELD_LIST(X)
#undef X
};

const char *const outcome_names[OUTCOMES] = {
	[OUTCOME_NONE] = "none",
	[OUTCOME_COMPLETE] = "complete",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_UNANSWERED] = "unanswered",
	[OUTCOME_HALF_OPEN] = "half_open",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_UNREACHABLE] = "unreachable",
};

unsigned record_part_of(enum record_key k)
{
	const size_t at = record_fields[k].offset;

	if (at >= offsetof(struct flow_record, RECORD_LONG_FIRST))
		return at >= offsetof(struct flow_record, RECORD_LONG_REST_FIRST) ? RECORD_PART_REST : RECORD_PART_STATE;
	if (at >= offsetof(struct flow_record, RECORD_REST_FIRST))
		return RECORD_PART_REST;
	if (at >= offsetof(struct flow_record, RECORD_TRIPS_FIRST))
		return RECORD_PART_TRIPS;
	if (at >= offsetof(struct flow_record, RECORD_STATE_FIRST))
		return RECORD_PART_STATE;
	if (at >= offsetof(struct flow_record, RECORD_LOSSES_FIRST))
		return RECORD_PART_LOSSES;
	if (at >= offsetof(struct flow_record, RECORD_HANDSHAKE_FIRST))
		return RECORD_PART_HANDSHAKE;
	if (at >= offsetof(struct flow_record, RECORD_OUTCOME_FIRST))
		return RECORD_PART_OUTCOME;
	return 0;
}

bool record_filled(const struct flow_record *r, enum record_key k)
{
	return !(r->missing & record_part_of(k));
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Both halves together; an unknown half counts nothing. */
static uint64_t pair_sum(const uint64_t *pair)
{
	return (pair[0] == PAIR_UNKNOWN ? 0 : pair[0]) + (pair[1] == PAIR_UNKNOWN ? 0 : pair[1]);
}

static int compare_name(const struct record_name *a, const struct record_name *b)
{
	int c = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (int)a->len - (int)b->len;
}

static int compare_list(const struct record_list *a, const struct record_list *b)
{
	for (unsigned i = 0; i < a->n && i < b->n && i < RECORD_LIST_MAX; i++)
		if (a->at[i] != b->at[i])
			return a->at[i] < b->at[i] ? -1 : 1;
	return (int)a->n - (int)b->n;
}

static int compare_owners(const struct record_owners *a, const struct record_owners *b)
{
	if (a->n > 0 && b->n > 0) {
		int c = strcmp(a->at[0].comm, b->at[0].comm);

		return c != 0 ? c : (a->at[0].pid > b->at[0].pid) - (a->at[0].pid < b->at[0].pid);
	}
	return (int)b->n - (int)a->n;
}

bool record_is(const struct flow_record *r, enum record_key k, const char *word)
{
	const char *const *at = record_member(r, k);

	return record_has(r, k) && *at && **at == *word && strcmp(*at, word) == 0;
}

int record_compare(enum record_key k, const struct flow_record *a, const struct flow_record *b)
{
	bool has_a = record_has(a, k), has_b = record_has(b, k);
	const void *x = record_member(a, k), *y = record_member(b, k);

	if (!has_a || !has_b)
		return (int)has_b - (int)has_a;
	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD:
		return strcmp(*(const char *const *)x, *(const char *const *)y);
	case VALUE_LETTERS:
		return strcmp(x, y);
	case VALUE_NAME:
		return compare_name(x, y);
	case VALUE_U64:
		return compare_u64(*(const uint64_t *)x, *(const uint64_t *)y);
	case VALUE_BOOL:
		return (int)*(const bool *)x - (int)*(const bool *)y;
	case VALUE_TIME:
	case VALUE_DURATION:
		return compare_i64(*(const int64_t *)x, *(const int64_t *)y);
	case VALUE_PAIR:
		return compare_u64(pair_sum(x), pair_sum(y));
	case VALUE_ENDPOINT:
		return tuple_compare_endpoint(x, y);
	case VALUE_LIST:
		return compare_list(x, y);
	case VALUE_OWNERS:
		return compare_owners(x, y);
	}
	return 0;
}

static void duration_text(struct text *t, int64_t ns)
{
	uint64_t size = ns < 0 ? UINT64_C(0) - (uint64_t)ns : (uint64_t)ns;

	if (ns <= -500) /* what is shown as 0 has no sign */
		text_char(t, '-');
	if (size < 1000000)
		text_u64(t, (size + 500) / 1000);
	else if (size < UINT64_C(10000000000))
		text_scaled(t, size, 1000000, 1);
	else
		text_scaled(t, size, 1000000000, 1);
	text_put(t, size < 1000000 ? " us" : size < UINT64_C(10000000000) ? " ms" : " s");
}

static void pair_text(struct text *t, const uint64_t *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		if (i > 0)
			text_put(t, " / ");
		if (pair[i] == PAIR_UNKNOWN)
			text_char(t, '?');
		else
			text_u64(t, pair[i]);
	}
}

/* python3[4711] fd 5; of a user alone: uid 1000 */
static void owner_text(struct text *t, const struct record_owner *o)
{
	if (o->pid > 0) {
		text_foreign(t, o->comm, strnlen(o->comm, sizeof o->comm), false);
		text_format(t, "[%d]", (int)o->pid);
	} else {
		text_format(t, "uid %u", (unsigned)o->uid);
	}
	if (o->fd >= 0)
		text_format(t, " fd %d", (int)o->fd);
	if (o->home) {
		text_format(t, " %s ", o->home_kind);
		text_foreign(t, o->home, strlen(o->home), false);
	}
}

static void owners_text(struct text *t, const struct record_owners *o)
{
	for (unsigned i = 0; i < o->n && i < RECORD_OWNERS_MAX; i++) {
		if (i > 0)
			text_put(t, ", ");
		owner_text(t, &o->at[i]);
	}
}

void record_text(struct text *t, const struct flow_record *r, enum record_key k)
{
	const void *x = record_member(r, k);

	if (!record_has(r, k))
		return;
	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD:
		text_put(t, *(const char *const *)x);
		break;
	case VALUE_LETTERS:
		text_put(t, x);
		break;
	case VALUE_NAME: {
		const struct record_name *name = x;

		text_foreign(t, name->bytes, name->len, false);
		break;
	}
	case VALUE_U64:
		text_u64(t, *(const uint64_t *)x);
		break;
	case VALUE_BOOL:
		text_put(t, *(const bool *)x ? "yes" : "no");
		break;
	case VALUE_TIME:
		text_seconds(t, *(const int64_t *)x, 6);
		break;
	case VALUE_DURATION:
		duration_text(t, *(const int64_t *)x);
		break;
	case VALUE_PAIR:
		pair_text(t, x);
		break;
	case VALUE_ENDPOINT:
		tuple_endpoint(t, x);
		break;
	case VALUE_LIST: {
		const struct record_list *list = x;

		for (unsigned i = 0; i < list->n && i < RECORD_LIST_MAX; i++) {
			text_put(t, i > 0 ? " / " : "");
			text_u64(t, list->at[i]);
		}
		break;
	}
	case VALUE_OWNERS:
		owners_text(t, x);
		break;
	}
}
