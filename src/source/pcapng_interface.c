/* pcapng: interfaces, options, statistics and the clock of each interface.
 *
 * Interfaces of several sections that are described alike (a file made of
 * several runs on eth0) share one index, two of one section never do. At most
 * PCAPNG_SECTION_INTERFACES are kept for a section, as many as our writer puts
 * into one, and PCAPNG_INTERFACES for a file; packets of further ones are counted
 * as damage. Does not walk blocks.
 */
#include <stdlib.h>
#include <string.h>

#include "pcapng.h"
#include "sockeye/clock.h"

enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_TSOFFSET = 14,
	OPTION_PACKET_FLAGS = 2,
	OPTION_PACKET_DROPS = 4,
	OPTION_STATISTICS_IFDROP = 5,
	OPTION_STATISTICS_OSDROP = 7,
};

enum {
	RESOLUTION_US = 6,       /* 10^-6 s, where the file says nothing */
	RESOLUTION_NS = 9,
	RESOLUTION_BINARY = 128, /* a power of two, not of ten */
	CHAIN_STEPS = 2048,      /* twice a section of descriptions that are alike */
};

struct option {
	uint16_t code;
	struct cursor value;
};

/* The next option; false at the end, or at one that does not fit (a fault). */
static bool option_next(const struct pcapng *ng, struct cursor *c, struct option *o)
{
	uint16_t length;

	if (c->fault != CURSOR_OK || cursor_left(c) == 0)
		return false;
	o->code = pcapng_u16(ng, c);
	length = pcapng_u16(ng, c);
	if (c->fault != CURSOR_OK || o->code == OPTION_END)
		return false;
	o->value = cursor_sub(c, length);
	/* The last one of a block may lack its padding. */
	if (c->fault == CURSOR_OK && length % 4 != 0)
		cursor_skip(c, 4u - length % 4u < cursor_left(c) ? 4u - length % 4u : cursor_left(c));
	return c->fault == CURSOR_OK;
}

static void options_end(struct reader *r, const struct cursor *c, const char *where)
{
	if (c->fault != CURSOR_OK)
		reader_damage(r, "an option of the %s at byte %llu (after packet %llu) is longer than its block", where,
			      (unsigned long long)r->in.offset, (unsigned long long)r->stats.frames);
}

void pcapng_check_options(struct reader *r, struct cursor *c, const char *where)
{
	struct option o;

	while (option_next(&r->ng, c, &o))
		continue;
	options_end(r, c, where);
}

struct pcapng_interface *pcapng_local(struct reader *r, uint32_t id)
{
	if (id >= r->ng.locals || r->ng.local[id] == LOCAL_NONE)
		return NULL;
	return &r->ng.interface[r->ng.local[id]];
}

static bool interface_alike(const struct pcapng_interface *a, const struct pcapng_interface *b)
{
	return a->linktype == b->linktype && a->snaplen == b->snaplen && a->resolution == b->resolution &&
	       a->offset_s == b->offset_s && strcmp(a->name, b->name) == 0;
}

/* Where interfaces that are alike meet. A file that puts all into one chain makes
 * it no longer than CHAIN_STEPS: an interface that is not found again is a new one. */
static unsigned interface_chain(const struct pcapng_interface *i)
{
	uint32_t h = i->linktype ^ i->snaplen * UINT32_C(0x9e3779b1) ^ i->resolution * UINT32_C(0x85ebca77);

	for (const char *c = i->name; *c; c++)
		h = (h ^ (uint8_t)*c) * UINT32_C(0x01000193);
	return (h ^ h >> 16) % PCAPNG_CHAINS;
}

/* Index of an interface within the file, LOCAL_NONE if there is no room. */
static uint16_t interface_index(struct pcapng *ng, const struct pcapng_interface *new)
{
	unsigned chain = interface_chain(new), steps = 0;

	for (unsigned at = ng->chain[chain].first; at != 0 && steps < CHAIN_STEPS; at = ng->interface[at - 1].next, steps++) {
		struct pcapng_interface *i = &ng->interface[at - 1];

		if (i->section != ng->section && interface_alike(i, new)) {
			i->section = ng->section;
			return (uint16_t)(at - 1);
		}
	}
	if (ng->interfaces == PCAPNG_INTERFACES)
		return LOCAL_NONE;
	if (ng->interfaces == ng->capacity) {
		unsigned capacity = ng->capacity ? ng->capacity * 2 : 8;
		struct pcapng_interface *more = realloc(ng->interface, capacity * sizeof *more);

		if (!more)
			return LOCAL_NONE;
		ng->interface = more;
		ng->capacity = capacity;
	}
	ng->interface[ng->interfaces] = *new;
	ng->interface[ng->interfaces].next = 0;
	ng->interfaces++;
	if (ng->chain[chain].last != 0)
		ng->interface[ng->chain[chain].last - 1].next = (uint16_t)ng->interfaces;
	else
		ng->chain[chain].first = (uint16_t)ng->interfaces;
	ng->chain[chain].last = (uint16_t)ng->interfaces;
	return (uint16_t)(ng->interfaces - 1);
}

static bool resolution_fine(uint8_t resolution)
{
	if (resolution & RESOLUTION_BINARY)
		return (resolution & 127) >= 20; /* 2^-20 s is the first below 1 us */
	return resolution > RESOLUTION_US;
}

/* Nearly all clocks tick in a power of ten of nanoseconds, from 1970 on: one product is the time, as
 * pcapng_time() has it. Up to 2100 no time is out of its range. */
static void interface_clock(struct pcapng_interface *i)
{
	uint32_t unit_ns = 1;

	if (i->resolution > RESOLUTION_NS || i->offset_s != 0)
		return;
	for (unsigned n = i->resolution; n < RESOLUTION_NS; n++)
		unit_ns *= 10;
	i->unit_ns = unit_ns;
	i->units_max = (uint64_t)CLOCK_S / unit_ns * UINT64_C(4102444800);
}

void pcapng_unknown_interface(struct reader *r)
{
	if (r->ng.locals == PCAPNG_SECTION_INTERFACES)
		return;
	r->ng.local[r->ng.locals++] = LOCAL_NONE;
	again_interface(r, LOCAL_NONE);
}

void pcapng_interface_block(struct reader *r, struct cursor *c)
{
	struct pcapng_interface new = {.resolution = RESOLUTION_US, .section = r->ng.section};
	struct option o;
	uint16_t index;

	new.linktype = pcapng_u16(&r->ng, c);
	cursor_skip(c, 2);
	new.snaplen = pcapng_u32(&r->ng, c);
	if (c->fault != CURSOR_OK) {
		reader_damage(r, "the interface at byte %llu has a description that is too short",
			      (unsigned long long)r->in.offset);
		pcapng_unknown_interface(r);
		return;
	}
	if (new.linktype == 12 || new.linktype == 14) /* as in pcap_file.c */
		new.linktype = LINKTYPE_RAW;
	while (option_next(&r->ng, c, &o)) {
		size_t n = cursor_left(&o.value);

		if (o.code == OPTION_IF_NAME && n > 0) {
			if (n > sizeof new.name - 1)
				n = sizeof new.name - 1;
			cursor_copy(&o.value, new.name, n);
		} else if (o.code == OPTION_IF_TSRESOL && n == 1) {
			new.resolution = cursor_u8(&o.value);
		} else if (o.code == OPTION_IF_TSOFFSET && n == 8) {
			new.offset_s = (int64_t)pcapng_u64(&r->ng, &o.value);
		}
	}
	options_end(r, c, "interface");
	interface_clock(&new);
	again_lock(r);
	index = interface_index(&r->ng, &new);
	again_unlock(r);
	if (index == LOCAL_NONE || r->ng.locals == PCAPNG_SECTION_INTERFACES) {
		reader_damage(r, "more than %d interfaces in a section, or %d in the file: packets of the rest are not read",
			      (int)PCAPNG_SECTION_INTERFACES, (int)PCAPNG_INTERFACES);
		if (r->ng.locals == PCAPNG_SECTION_INTERFACES)
			return;
	}
	r->ng.local[r->ng.locals++] = index;
	again_interface(r, index);
	if (resolution_fine(new.resolution))
		r->stats.fine = true;
}

static uint64_t interface_drops(const struct pcapng_interface *i)
{
	return i->said_drops > i->seen_drops ? i->said_drops : i->seen_drops;
}

/* Totals since the capture began: the last block of an interface has them all. */
void pcapng_statistics_block(struct reader *r, struct cursor *c)
{
	struct pcapng_interface *i = pcapng_local(r, pcapng_u32(&r->ng, c));
	uint64_t drops = 0;
	bool known = false;
	struct option o;

	cursor_skip(c, 8);
	while (option_next(&r->ng, c, &o)) {
		if ((o.code == OPTION_STATISTICS_IFDROP || o.code == OPTION_STATISTICS_OSDROP) &&
		    cursor_left(&o.value) == 8) {
			drops += pcapng_u64(&r->ng, &o.value);
			known = true;
		}
	}
	options_end(r, c, "statistics");
	if (!i || !known)
		return;
	r->stats.drops_known = true;
	r->ng.drops -= interface_drops(i);
	if (drops > i->said_drops)
		i->said_drops = drops;
	r->ng.drops += interface_drops(i);
}

void pcapng_lost(struct reader *r, uint32_t id, uint64_t drops)
{
	struct pcapng_interface *i = pcapng_local(r, id);

	if (!i || drops == 0)
		return;
	r->stats.drops_known = true;
	r->ng.drops -= interface_drops(i);
	i->seen_drops += drops;
	r->ng.drops += interface_drops(i);
}

uint64_t pcapng_drops(const struct reader *r, bool *known)
{
	*known = r->stats.drops_known;
	return r->ng.drops;
}

/* Comments end with a NUL in the buffer: the byte behind one is padding, the
 * head of an option that has been read, or the block's last length, which has
 * been compared. A further comment is moved up behind "; ": its own head left
 * the room. */
void pcapng_packet_options(struct reader *r, struct cursor *c, struct frame *f, uint64_t *drops)
{
	uint8_t *comment = NULL, *end = NULL;
	struct option o;

	while (option_next(&r->ng, c, &o)) {
		size_t n = cursor_left(&o.value);

		if (o.code == OPTION_COMMENT) {
			uint8_t *here = input_at(&r->in) + (o.value.pos - input_at(&r->in));

			if (comment) {
				memcpy(end, "; ", 2);
				memmove(end + 2, here, n);
				end += 2 + n;
			} else {
				comment = here;
				end = here + n;
			}
		} else if (o.code == OPTION_PACKET_FLAGS && n == 4) {
			uint32_t flags = pcapng_u32(&r->ng, &o.value), direction = flags & 3;

			if (flags & 1 << 9)
				f->flags |= FRAME_CHECKSUM_NOT_READY;
			if (flags & 1 << 10)
				f->flags |= FRAME_CHECKSUM_VALID;
			if (direction == 1)
				f->flags |= FRAME_INCOMING;
			else if (direction == 2)
				f->flags |= FRAME_OUTGOING;
		} else if (o.code == OPTION_PACKET_DROPS && n == 8) {
			*drops += pcapng_u64(&r->ng, &o.value);
		}
	}
	options_end(r, c, "packet");
	if (comment) {
		*end = '\0';
		f->comment = (const char *)comment;
	}
}

/* Units of 10^-n or 2^-n s as if_tsresol says; what is finer than ns is dropped. */
int64_t pcapng_time(struct reader *r, const struct pcapng_interface *i, uint64_t units)
{
	static const uint64_t ten[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
		UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
		UINT64_C(10000000000000000), UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
		UINT64_C(10000000000000000000),
	};
	unsigned n = i->resolution & 127u;
	uint64_t seconds, ns;
	int64_t sum;

	if (i->resolution & RESOLUTION_BINARY) {
		uint64_t part;

		seconds = n < 64 ? units >> n : 0;
		part = n < 64 ? units & ((UINT64_C(1) << n) - 1) : units;
		if (n > 34) { /* part * 10^9 must fit 64 bits */
			part = n - 34 < 64 ? part >> (n - 34) : 0;
			n = 34;
		}
		ns = (part * (uint64_t)CLOCK_S) >> n;
	} else if (n <= 9) {
		seconds = units / ten[n];
		ns = units % ten[n] * ten[9 - n];
	} else {
		seconds = n <= 19 ? units / ten[n] : 0;
		ns = n <= 19 ? units % ten[n] : units;
		ns = n - 9 <= 19 ? ns / ten[n - 9] : 0;
	}
	if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, i->offset_s, &sum))
		sum = i->offset_s < 0 && seconds <= INT64_MAX ? INT64_MIN : INT64_MAX;
	return reader_time(r, sum, ns);
}

const char *pcapng_interface_name(const struct reader *r, unsigned interface)
{
	if (interface >= r->ng.interfaces || r->ng.interface[interface].name[0] == '\0')
		return NULL;
	return r->ng.interface[interface].name;
}

void pcapng_close(struct reader *r)
{
	again_close(r);
	free(r->ng.interface);
	r->ng.interface = NULL;
}
