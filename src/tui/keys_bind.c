/* Keys bound anew: by the configuration and by :set, checked before anything changes.
 *
 * Help, bar and --list-keys read the same table. The keys that the program began with are
 * kept, to tell what was changed and to go back.
 */
#include <errno.h>
#include <string.h>

#include "keys.h"

enum { LINES_MAX = 128 };

static uint32_t first[LINES_MAX][KEYS_EACH];
static bool any;

static void keys_keep(void)
{
	if (any)
		return;
	for (size_t i = 0; i < keys_lines && i < LINES_MAX; i++)
		memcpy(first[i], keys_table[i].key, sizeof first[i]);
	any = true;
}

void keys_reset(void)
{
	for (size_t i = 0; any && i < keys_lines && i < LINES_MAX; i++)
		memcpy(keys_table[i].key, first[i], sizeof first[i]);
}

bool keys_bound(size_t line)
{
	return any && line < LINES_MAX && memcmp(keys_table[line].key, first[line], sizeof first[line]) != 0;
}

static unsigned keys_count(const struct key_line *l)
{
	unsigned n = 0;

	while (n < KEYS_EACH && l->key[n] != 0)
		n++;
	return n;
}

static bool keys_among(const uint32_t *keys, unsigned n, uint32_t key)
{
	for (unsigned i = 0; i < n; i++)
		if (keys[i] == key)
			return true;
	return false;
}

static bool keys_named(const struct key_line *l, const char *name, size_t n)
{
	return strlen(l->name) == n && memcmp(l->name, name, n) == 0;
}

/* Where the lines of that name hold; an action may have one for each of several places. */
static unsigned keys_places(const char *name, size_t n)
{
	unsigned places = 0;

	for (size_t i = 0; i < keys_lines && i < LINES_MAX; i++)
		places |= keys_named(&keys_table[i], name, n) ? keys_table[i].places : 0;
	return places;
}

/* Would somebody else in the same places be left without a key? */
static const struct key_line *keys_robbed(const char *name, size_t len, const uint32_t *keys, unsigned n)
{
	unsigned places = keys_places(name, len);

	for (size_t i = 0; i < keys_lines; i++) {
		const struct key_line *l = &keys_table[i];
		unsigned left = 0, had = keys_count(l);

		if (keys_named(l, name, len) || !(l->places & places))
			continue;
		for (unsigned k = 0; k < had; k++)
			left += !keys_among(keys, n, l->key[k]);
		if (left == 0)
			return l;
	}
	return NULL;
}

static void keys_take(const char *name, size_t len, const uint32_t *keys, unsigned n)
{
	unsigned places = keys_places(name, len);

	for (size_t i = 0; i < keys_lines; i++) {
		struct key_line *l = &keys_table[i];
		unsigned left = 0;

		if (keys_named(l, name, len) || !(l->places & places))
			continue;
		for (unsigned k = 0; k < KEYS_EACH && l->key[k] != 0; k++)
			if (!keys_among(keys, n, l->key[k]))
				l->key[left++] = l->key[k];
		while (left < KEYS_EACH)
			l->key[left++] = 0;
	}
}

static int keys_read(const char *keys, uint32_t out[KEYS_EACH], unsigned *n, struct error *err)
{
	struct error why = {""};
	uint32_t key;

	*n = 0;
	while ((key = keys_script(&keys, &why)) != 0) {
		if (*n == KEYS_EACH)
			return error_set(err, EINVAL, "more than %d keys", (int)KEYS_EACH);
		if (key == KEY_ESCAPE || key == KEY_RETURN || key == KEY_CONTROL('C') || (key & KEY_POINTER))
			return error_set(err, EINVAL, "Enter, Esc, ^C and the mouse are not to be bound");
		if (!keys_among(out, *n, key))
			out[(*n)++] = key;
	}
	if (why.text[0] != '\0')
		return error_set(err, EINVAL, "%s", strncmp(why.text, "--keys: ", 8) == 0 ? why.text + 8 : why.text);
	return *n > 0 ? 0 : error_set(err, EINVAL, "no key is said");
}

/* Of a line, the key that is not to be bound and stays where it is; 0: none. */
static uint32_t keys_fixed(const struct key_line *l)
{
	for (unsigned k = 0; k < keys_count(l); k++)
		if (l->key[k] == KEY_ESCAPE || l->key[k] == KEY_RETURN || l->key[k] == KEY_CONTROL('C'))
			return l->key[k];
	return 0;
}

int keys_bind(const char *name, size_t n, const char *keys, struct error *err)
{
	uint32_t to[KEYS_EACH] = {0};
	const struct key_line *robbed;
	unsigned many;
	int failed;

	if (keys_places(name, n) == 0)
		return error_set(err, EINVAL, "no action has that name; --list-keys lists them");
	failed = keys_read(keys, to, &many, err);
	if (failed != 0)
		return failed;
	for (size_t i = 0; i < keys_lines && many == KEYS_EACH; i++)
		if (keys_named(&keys_table[i], name, n) && keys_fixed(&keys_table[i]) != 0)
			return error_set(err, EINVAL, "more than %d keys, with the one that stays", (int)KEYS_EACH);
	robbed = keys_robbed(name, n, to, many);
	if (robbed != NULL)
		return error_set(err, EINVAL, "that would leave %s without a key; give it another one first", robbed->name);
	keys_keep();
	keys_take(name, n, to, many);
	for (size_t i = 0; i < keys_lines && i < LINES_MAX; i++) {
		uint32_t fixed = keys_fixed(&keys_table[i]);

		if (!keys_named(&keys_table[i], name, n))
			continue;
		memcpy(keys_table[i].key, to, sizeof to);
		if (fixed != 0)
			keys_table[i].key[many] = fixed;
	}
	return 0;
}
