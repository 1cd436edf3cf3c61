/* The same packet twice: by a mirror port, or seen on two interfaces.
 *
 * A table of what passed last, by everything that a sender changes when it
 * sends again: the IP identification, the time stamps, the ACK, the checksum.
 * What agrees in all of them and comes at once is no second transmission.
 *
 * On the same interface that is within a millisecond; where the sender gives
 * its packets no identification (IPv6, many SYNs and RSTs) only within 50 us,
 * because a fast repeat could look the same. On another interface it is the
 * way through this host, which may take a while.
 *
 * Four places for those that would share one, of which the oldest is given up: no memory of
 * a flow is needed. */
#include "flow_private.h"
#include "sockeye/clock.h"
#include "sockeye/memory.h"

enum {
	COPY_NS = CLOCK_MS,
	COPY_UNNAMED_NS = 50 * 1000,
	COPY_ELSEWHERE_NS = 100 * CLOCK_MS,
	COPIES_MOST = 8192, /* of 16 bytes: a part of what a core has for itself, for each packet of TCP touches one */
};

int copies_open(struct copies *c, size_t memory, struct error *e)
{
	uint32_t n = 256;

	while (n < COPIES_MOST && (size_t)n * 2 * sizeof *c->at <= memory)
		n *= 2;
	c->mask = n / COPY_WAYS - 1;
	return memory_reserve((void **)&c->at, n * sizeof *c->at, "copies of packets", e);
}

void copies_free(struct copies *c)
{
	if (c->at)
		memory_release(c->at, copies_size(c));
}

size_t copies_size(const struct copies *c)
{
	return ((size_t)c->mask + 1) * COPY_WAYS * sizeof *c->at;
}

static int64_t limit_of(const struct copy *k, const struct descriptor *d)
{
	if (d->interface != k->interface)
		return COPY_ELSEWHERE_NS;
	if (d->ip_id)
		return COPY_NS;
	/* Without an identification a bare ACK that comes again looks like the one before it. */
	return d->payload_len || d->flags & (TCP_SYN | TCP_FIN | TCP_RST) ? COPY_UNNAMED_NS : 0;
}

bool copies_saw(struct copies *c, const struct descriptor *d, uint64_t identity)
{
	struct copy *set = copies_set(c, identity);
	const uint32_t tag = (uint32_t)(identity >> 32) | 1; /* 0: empty */
	const uint64_t when = copy_when(d, identity);

	for (struct copy *k = set; k < set + COPY_WAYS; k++) {
		int64_t since, limit;

		if (__builtin_expect(k->tag != tag, 1) || (uint8_t)(k->when ^ when) != 0)
			continue;
		since = (int64_t)(when - k->when) >> 8; /* of two years more it would be wrong: by then it was pushed out */
		limit = limit_of(k, d);
		if (since > limit || since < -limit)
			continue;
		if (d->interface == k->interface)
			k->when = when; /* a storm: each copy at once after the one before */
		return true;
	}
	copies_note(c, d, identity);
	return false;
}
