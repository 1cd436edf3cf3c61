/* What could stand at the cursor. */
#include <string.h>

#include "scan.h"

struct offers {
	struct filter_offer *out;
	unsigned n, most;
	const char *prefix;
	size_t len;
};

static bool is_word(char c)
{
	return lower(c) != c || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static void offer(struct offers *o, const char *text, size_t n, const char *meaning)
{
	struct text t;

	if (o->n == o->most || n < o->len || !equal_folded(text, o->len, o->prefix, o->len))
		return;
	text_init(&t, o->out[o->n].text, sizeof o->out[o->n].text);
	text_bytes(&t, text, n);
	o->out[o->n].meaning = meaning;
	o->n += !t.cut;
}

static void offer_names(struct offers *o, enum filter_scope scope)
{
	struct filter_field f;

	for (unsigned i = 0; o->n < o->most && name_at(i, &f); i++) {
		unsigned before = o->n;

		if (scope == FILTER_FLOWS ? f.flows : f.packets)
			offer(o, f.name, strlen(f.name), f.meaning);
		if (o->n > before && name_again(i))
			o->n = before;
	}
}

static void offer_values(struct offers *o, const struct name *f, enum filter_scope scope)
{
	const char *list = f->values ? f->values : f->type == TYPE_BOOL ? "yes no" : "";

	while (*list) {
		size_t n = strcspn(list, " ");

		offer(o, list, n, f->name);
		list += n + (list[n] == ' ');
	}
	for (unsigned v = 0; v < VERDICTS && f->type == TYPE_VERDICT; v++)
		if (scope == FILTER_PACKETS || verdicts_countable() >> v & 1)
			offer(o, verdict_info[v].word, strlen(verdict_info[v].word), verdict_info[v].sentence);
}

/* Is text[0..n) a whole condition, so that "and" may follow? */
static bool is_whole(const char *text, size_t n, enum filter_scope scope)
{
	char copy[512];
	struct filter *f;

	while (n > 0 && text[n - 1] == ' ')
		n--;
	if (n == 0 || n >= sizeof copy)
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (filter_compile(&f, copy, scope, NULL) < 0)
		return false;
	filter_free(f);
	return true;
}

/* The name before a relation that ends at `end`, if one stands there. */
static bool name_before(const char *text, size_t end, enum filter_scope scope, struct name *out)
{
	size_t from;

	while (end > 0 && text[end - 1] == ' ')
		end--;
	if (end == 0 || !strchr(":=,", text[end - 1]))
		return false;
	/* In a list the name stands before all of it. */
	while (end > 0 && text[end - 1] == ',')
		for (end--; end > 0 && (is_word(text[end - 1])); end--)
			;
	while (end > 0 && strchr(":=! ", text[end - 1]))
		end--;
	for (from = end; from > 0 && is_word(text[from - 1]); from--)
		;
	return from < end && name_resolve(text + from, end - from, scope, out);
}

/* The word before a value that begins at `begin`, behind blanks, a colon or a relation; in a list, before all of it. */
static bool sockets_wanted(const char *text, size_t begin, bool *states)
{
	size_t end = begin, from;

	while (end > 0 && text[end - 1] == ',')
		for (end--; end > 0 && is_word(text[end - 1]); end--)
			;
	while (end > 0 && strchr(" :=!<>", text[end - 1]))
		end--;
	for (from = end; from > 0 && is_word(text[from - 1]); from--)
		;
	return end < begin && sockets_words_wants(text + from, end - from, states);
}

static void offer_sockets(struct offers *o, const char *text, size_t begin)
{
	const char *word, *meaning;
	bool states;

	if (sockets_wanted(text, begin, &states)) {
		for (unsigned i = 0; states && (word = sockets_words_state(i)) != NULL; i++)
			offer(o, word, strlen(word), i < SOCKETS_STATES ? "a state" : "several states, as in ss");
		return;
	}
	for (unsigned i = 0; (word = sockets_words_list(i, &meaning)) != NULL; i++)
		offer(o, word, strlen(word), meaning);
}

unsigned filter_complete(const char *text, size_t cursor, enum filter_scope scope, struct filter_offer *out,
			 unsigned most, size_t *from)
{
	size_t n = strlen(text), begin;
	struct offers o = {.out = out, .most = most};
	struct name f;

	cursor = cursor < n ? cursor : n;
	for (begin = cursor; begin > 0 && is_word(text[begin - 1]); begin--)
		;
	*from = begin;
	o.prefix = text + begin;
	o.len = cursor - begin;
	if (scope == FILTER_SOCKETS) {
		offer_sockets(&o, text, begin);
		return o.n;
	}
	if (name_before(text, begin, scope, &f)) {
		offer_values(&o, &f, scope);
		return o.n;
	}
	if (begin > 0 && text[begin - 1] == ' ' && is_whole(text, begin, scope)) {
		offer(&o, "and", 3, "both");
		offer(&o, "or", 2, "either");
	}
	offer_names(&o, scope);
	return o.n;
}
