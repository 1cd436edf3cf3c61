/* One value against one test. */
#include <string.h>

#include "filter_private.h"

bool equal_folded(const char *a, size_t n, const char *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool contains_folded(const char *s, size_t n, const char *needle, size_t len)
{
	char first = len > 0 ? lower(needle[0]) : 0;

	for (size_t i = 0; i + len <= n; i++)
		if ((len == 0 || lower(s[i]) == first) && equal_folded(s + i, len, needle, len))
			return true;
	return false;
}

static bool compare_number(enum relation r, const struct literal *l, uint64_t v)
{
	switch (r) {
	case RELATION_LESS:
		return v < l->exact;
	case RELATION_MORE:
		return v > l->exact;
	case RELATION_LEAST:
		return v >= l->exact;
	case RELATION_MOST:
		return v <= l->exact;
	default:
		return v >= l->low && v <= l->high;
	}
}

static bool compare_text(const struct filter *f, const struct test *t, const char *s, size_t n)
{
	const char *want = f->store + t->value.text;
	size_t len = t->value.len;

	switch (t->relation) {
	case RELATION_PATTERN:
	case RELATION_PATTERN_FOLDED:
		return pattern_matches(t->value.pattern, s, n);
	case RELATION_CONTAINS:
		return t->type == TYPE_LETTERS ? len == 0 || memmem(s, n, want, len) != NULL
					       : contains_folded(s, n, want, len);
	default:
		return t->type == TYPE_LETTERS ? n == len && memcmp(s, want, len) == 0 : equal_folded(s, n, want, len);
	}
}

/* The words of a number: of flags, that of each bit that is set. */
static bool compare_words(const struct filter *f, const struct test *t, const struct value *v)
{
	for (const struct name_of *n = v->names; n && n->name; n++) {
		bool holds = v->flags ? n->value != 0 && (v->number & n->value) == n->value : n->value == v->number;

		if (holds && compare_text(f, t, n->name, strlen(n->name)))
			return true;
	}
	return false;
}

static bool compare_address(const struct literal *l, const struct endpoint *e)
{
	unsigned bits = l->prefix;

	if (l->family != e->family)
		return false;
	for (unsigned i = 0; i < 16 && bits > 0; i++) {
		unsigned n = bits < 8 ? bits : 8;

		if ((l->address.b[i] ^ e->ip.b[i]) >> (8 - n))
			return false;
		bits -= n;
	}
	return true;
}

static bool compare_bytes(const struct filter *f, const struct test *t, const char *s, size_t n)
{
	const char *want = f->store + t->value.text;
	size_t len = t->value.len;

	if (t->relation != RELATION_CONTAINS)
		return n == len && memcmp(s, want, len) == 0;
	if (t->type == TYPE_MAC)
		return n >= len && memcmp(s, want, len) == 0;
	return memmem(s, n, want, len) != NULL;
}

bool compare(const struct filter *f, const struct test *t, const struct value *v)
{
	switch (v->is) {
	case VALUE_IS_TEXT:
		return compare_text(f, t, v->text, v->len);
	case VALUE_IS_BYTES:
		return compare_bytes(f, t, v->text, v->len);
	case VALUE_IS_ENDPOINT:
		return (!t->value.has_address || compare_address(&t->value, &v->end)) &&
		       (!t->value.has_port || (v->end.has_port && v->end.port == t->value.port));
	default:
		break;
	}
	if (t->value.number)
		return compare_number(t->relation, &t->value, t->type == TYPE_BOOL ? v->number != 0 : v->number);
	return compare_words(f, t, v);
}
