/* The value of a key as numbers that order as it does. */
#include "rank.h"

#include <string.h>

static uint64_t rank_word(const void *bytes, size_t n, size_t from)
{
	const uint8_t *p = bytes;
	uint64_t v = 0;

	for (size_t i = from; i < from + 8; i++)
		v = v << 8 | (i < n ? p[i] : 0U);
	return v;
}

static void rank_bytes(uint64_t at[RANK_WORDS], const void *bytes, size_t n)
{
	for (size_t i = 0; i < RANK_WORDS; i++)
		at[i] = rank_word(bytes, n, i * 8);
}

/* How many letters of our own words come before c, and c where it is one. */
static unsigned rank_letter(char c)
{
	if (c >= 'a')
		return c <= 'z' ? 13U + (unsigned)(c - 'a') : 38;
	if (c >= '0')
		return c <= '9' ? 2U + (unsigned)(c - '0') : c >= '_' ? 12 : 11;
	return c >= '-' ? 1 : 0;
}

/* Twelve letters of a word of ours are one number (39^12 fits). Whatever does not say all of it has more. */
static void rank_word_of(uint64_t at[RANK_WORDS], const char *word)
{
	enum { LETTERS = 12, OF_THEM = 39 };
	size_t n = strlen(word);

	at[0] = 0;
	for (size_t i = 0; i < LETTERS; i++)
		at[0] = at[0] * OF_THEM + (i < n ? rank_letter(word[i]) : 0);
	at[1] = at[2] = 0;
	if (n <= LETTERS && strspn(word, "-_0123456789abcdefghijklmnopqrstuvwxyz") == n)
		return;
	at[1] = rank_word(word, n, 0);
	at[2] = rank_word(word, n, 8);
}

/* Signed numbers in the order of unsigned ones. */
static uint64_t rank_signed(int64_t v)
{
	return (uint64_t)v ^ UINT64_C(1) << 63;
}

static uint64_t rank_eight(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void rank_endpoint(const struct endpoint *end, uint64_t at[RANK_WORDS])
{
	at[1] = at[2] = 0;
	if (end->family == FAMILY_IPV4) { /* one word says it all */
		at[0] = (uint64_t)end->family << 56 | rank_eight(end->ip.b) >> 32 << 24 | (uint64_t)end->port << 8;
		return;
	}
	at[0] = (uint64_t)end->family << 56 | rank_eight(end->ip.b) >> 8;
	at[1] = rank_eight(end->ip.b + 7);
	at[2] = (uint64_t)end->ip.b[15] << 16 | end->port;
}

bool rank_process(const struct flow_record *r, uint64_t at[RANK_WORDS])
{
	const struct record_owner *o = record_process(r, 0);

	if (o == NULL)
		o = record_process(r, 1);
	if (o == NULL)
		return false;
	rank_bytes(at, o->comm, strnlen(o->comm, sizeof o->comm));
	at[2] = (uint64_t)o->pid;
	return true;
}

bool rank_is_wide(enum record_key k)
{
	enum value_kind kind = (enum value_kind)record_fields[k].kind;

	return kind == VALUE_WORD || kind == VALUE_LETTERS || kind == VALUE_NAME || kind == VALUE_ENDPOINT;
}

bool rank_value(const struct flow_record *f, enum record_key k, uint64_t at[RANK_WORDS])
{
	const void *v = record_member(f, k);
	const struct record_name *name;
	const uint64_t *pair;

	if (!record_has(f, k))
		return false;
	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD:
		rank_word_of(at, *(const char *const *)v);
		break;
	case VALUE_LETTERS:
		rank_bytes(at, v, strlen(v));
		break;
	case VALUE_NAME:
		name = v;
		rank_bytes(at, name->bytes, name->len);
		break;
	case VALUE_U64:
		at[0] = *(const uint64_t *)v;
		break;
	case VALUE_BOOL:
		at[0] = *(const bool *)v;
		break;
	case VALUE_TIME:
	case VALUE_DURATION:
		at[0] = rank_signed(*(const int64_t *)v);
		break;
	case VALUE_PAIR:
		pair = v;
		for (size_t i = 0; i < 2; i++)
			at[0] += pair[i] == PAIR_UNKNOWN ? 0 : pair[i];
		break;
	case VALUE_ENDPOINT:
		rank_endpoint(v, at);
		break;
	case VALUE_LIST:
	case VALUE_OWNERS:
		return false; /* nothing sorts by these yet */
	}
	return true;
}
