/* Which addresses are this host's: those of its interfaces at the start, and every one that a
 * socket of it has had; and which are another network namespace's of the same machine. What both have counts as ours. */
#include "owners_private.h"

#include <string.h>

#include "sockeye/namespaces.h"

static bool loopback(const struct address *a, uint8_t family)
{
	static const struct address one = {.b = {[15] = 1}};

	return family == FAMILY_IPV4 ? a->b[0] == 127 : memcmp(a, &one, sizeof one) == 0;
}

/* Its place, or the free one that it would take. */
static unsigned place_of(const struct owners *o, const struct address *a, uint8_t family)
{
	unsigned at = (unsigned)(hash_bytes(&o->key, a, sizeof *a) % OWNERS_LOCALS);

	while (o->local[at].family != FAMILY_NONE &&
	       (o->local[at].family != family || memcmp(&o->local[at].ip, a, sizeof *a) != 0))
		at = (at + 1) % OWNERS_LOCALS;
	return at;
}

bool owners_is_local(const struct owners *o, const struct address *a, uint8_t family)
{
	const struct local_address *l = &o->local[place_of(o, a, family)];

	return loopback(a, family) || (l->family != FAMILY_NONE && !l->elsewhere);
}

bool owners_is_elsewhere(const struct owners *o, const struct address *a, uint8_t family)
{
	const struct local_address *l = &o->local[place_of(o, a, family)];

	return !loopback(a, family) && l->family != FAMILY_NONE && l->elsewhere;
}

void owners_local(struct owners *o, const struct address *a, uint8_t family)
{
	struct local_address *l = &o->local[place_of(o, a, family)];

	if (family == FAMILY_NONE)
		return;
	if (l->family != FAMILY_NONE) {
		l->elsewhere = false; /* both have it: here it is ours */
		return;
	}
	if (o->locals >= OWNERS_LOCALS / 2)
		return;
	*l = (struct local_address){*a, family, false};
	o->locals++;
}

void owners_elsewhere(struct owners *o, const struct address *a, uint8_t family)
{
	struct local_address *l = &o->local[place_of(o, a, family)];

	/* They leave room for this host's own. */
	if (family == FAMILY_NONE || loopback(a, family) || l->family != FAMILY_NONE || o->locals >= OWNERS_ELSEWHERE)
		return;
	*l = (struct local_address){*a, family, true};
	o->locals++;
}

static void put_local(void *arg, const struct address *a, uint8_t family)
{
	owners_local(arg, a, family);
}

void owners_locals(struct owners *o)
{
	namespace_addresses(put_local, o); /* if none is told, sockets tell them */
}
