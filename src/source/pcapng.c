/* pcapng files (draft-ietf-opsawg-pcapng): the walk over blocks and packets.
 *
 * Sections with their own byte order, enhanced, simple and obsolete packet
 * blocks; everything else that is not needed is stepped over, known or not.
 * A damaged block of a plausible length is counted, named, and stepped over; a
 * length that cannot be true ends the file. Interfaces and options are read in
 * pcapng_interface.c.
 */
#include "pcapng.h"

#include <errno.h>

#include "sockeye/clock.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_LEAST = 12, /* type, length, length */
	PACKET_HEADER = 28, /* of an enhanced packet, from the block's type on */
};

#define SECTION_MAGIC UINT32_C(0x1a2b3c4d)

bool pcapng_magic(const uint8_t *p)
{
	return p[0] == 0x0a && p[1] == 0x0d && p[2] == 0x0d && p[3] == 0x0a;
}

static unsigned long long at(const struct reader *r)
{
	return (unsigned long long)r->in.offset;
}

/* The byte order of the section that begins here (12 bytes are there). */
static bool pcapng_order(const struct reader *r, bool *big)
{
	struct cursor c;

	cursor_init(&c, input_at(&r->in) + 8, 4, 4);
	if (cursor_le32(&c) == SECTION_MAGIC) {
		*big = false;
		return true;
	}
	c.pos = c.base;
	*big = true;
	return cursor_be32(&c) == SECTION_MAGIC;
}

int pcapng_open(struct reader *r, bool may_move, struct error *e)
{
	int rc = input_want(&r->in, 28, may_move);
	uint32_t length;
	uint16_t major, minor;
	struct cursor c;

	if (rc == -ENODATA)
		return error_set(e, EPROTO, "%s: not a whole capture file: it ends within its header, at byte %zu",
				 r->title, input_left(&r->in));
	if (rc <= 0)
		return rc;
	if (!pcapng_order(r, &r->ng.big))
		return error_set(e, EPROTO, "%s: not a capture file: a pcapng section without its byte-order magic",
				 r->title);
	cursor_init(&c, input_at(&r->in) + 4, 24, 24);
	length = pcapng_u32(&r->ng, &c);
	cursor_skip(&c, 4);
	major = pcapng_u16(&r->ng, &c);
	minor = pcapng_u16(&r->ng, &c);
	if (!pcapng_version(major, minor))
		return error_set(e, EPROTO, "%s: version %u.%u of the pcapng format is not known (1.0 is)", r->title,
				 major, minor);
	if (length < 28 || length % 4 != 0)
		return error_set(e, EPROTO, "%s: not a capture file: its header says it is %lu bytes long", r->title,
				 (unsigned long)length);
	return 1; /* the first step reads the block again */
}

/* Section header: byte order, version, length (not needed: blocks are walked), options. */
static void pcapng_section(struct reader *r, struct cursor *c)
{
	uint16_t major, minor;

	cursor_skip(c, 4);
	major = pcapng_u16(&r->ng, c);
	minor = pcapng_u16(&r->ng, c);
	cursor_skip(c, 8);
	r->ng.section++;
	r->ng.locals = 0;
	again_section(r);
	r->ng.skipping = c->fault != CURSOR_OK || !pcapng_version(major, minor);
	if (c->fault != CURSOR_OK)
		reader_damage(r, "the section at byte %llu has a header that is too short: it is stepped over", at(r));
	else if (r->ng.skipping)
		reader_damage(r, "the section at byte %llu is of version %u.%u, which is not known: it is stepped over",
			      at(r), major, minor);
	else
		pcapng_check_options(r, c, "section header");
}

/* What packet blocks share once their lengths are known. False: damaged. */
static bool pcapng_frame(struct reader *r, struct cursor *c, uint32_t interface, uint32_t captured,
			 uint32_t wire, struct frame *f)
{
	const uint8_t *data;
	const struct pcapng_interface *i = pcapng_local(r, interface);
	unsigned long long packet = (unsigned long long)r->stats.frames + 1;

	if (c->fault != CURSOR_OK) {
		reader_damage(r, "the block at byte %llu (packet %llu) is too short for a packet", at(r), packet);
		return false;
	}
	if (!i) {
		reader_damage(r, "the block at byte %llu (packet %llu) belongs to interface %lu, of which nothing is known",
			      at(r), packet, (unsigned long)interface);
		return false;
	}
	if (captured > FRAME_MAX || captured > cursor_left(c)) {
		reader_damage(r, "the block at byte %llu (packet %llu) says %lu bytes captured, more than %s", at(r),
			      packet, (unsigned long)captured,
			      captured > cursor_left(c) ? "it has" : "a packet can have");
		return false;
	}
	data = cursor_take(c, captured);
	*f = (struct frame){
		.ts_ns = r->last_ns,
		.data = data,
		.caplen = captured,
		.wirelen = wire > captured ? wire : captured,
		.linktype = i->linktype,
		.interface = r->ng.local[interface],
		.offset = r->in.offset,
	};
	return true;
}

/* Enhanced and obsolete packet blocks differ in their first words only. */
static int pcapng_packet(struct reader *r, struct cursor *c, bool obsolete, struct frame *f)
{
	uint32_t interface, captured, wire;
	uint64_t units, drops = 0;

	if (obsolete) {
		uint16_t lost;

		interface = pcapng_u16(&r->ng, c);
		lost = pcapng_u16(&r->ng, c);
		drops = lost == UINT16_MAX ? 0 : lost;
	} else {
		interface = pcapng_u32(&r->ng, c);
	}
	units = (uint64_t)pcapng_u32(&r->ng, c) << 32;
	units |= pcapng_u32(&r->ng, c);
	captured = pcapng_u32(&r->ng, c);
	wire = pcapng_u32(&r->ng, c);
	if (!pcapng_frame(r, c, interface, captured, wire, f))
		return READER_OTHER;
	f->ts_ns = pcapng_time(r, pcapng_local(r, interface), units);
	cursor_skip(c, (4 - captured % 4) % 4);
	pcapng_packet_options(r, c, f, &drops);
	if (drops > 0) {
		f->flags |= FRAME_LOSING;
		f->lost = drops < UINT32_MAX ? (uint32_t)drops : UINT32_MAX;
	}
	pcapng_lost(r, interface, drops);
	return READER_FRAME;
}

/* A simple packet has no time and belongs to the section's first interface. */
static int pcapng_simple(struct reader *r, struct cursor *c, struct frame *f)
{
	const struct pcapng_interface *i = pcapng_local(r, 0);
	uint32_t wire = pcapng_u32(&r->ng, c);
	uint32_t captured = i && i->snaplen != 0 && i->snaplen < wire ? i->snaplen : wire;

	if (!pcapng_frame(r, c, 0, captured, wire, f))
		return READER_OTHER;
	f->flags |= FRAME_NO_TIME;
	return READER_FRAME;
}

/* Blocks that are read whole; the rest is stepped over. */
static bool pcapng_needed(const struct reader *r, uint32_t type)
{
	if (type == BLOCK_SECTION)
		return true;
	return !r->ng.skipping && (type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_SIMPLE ||
				   type == BLOCK_STATISTICS || type == BLOCK_ENHANCED);
}

/* The length behind a block must be the one before it. */
static bool pcapng_trailer(struct reader *r, const uint8_t *p, uint32_t length, uint64_t offset)
{
	struct cursor c;
	uint32_t again;

	cursor_init(&c, p, 4, 4);
	again = pcapng_u32(&r->ng, &c);
	if (again == length)
		return true;
	reader_damage(r, "the block at byte %llu (after packet %llu) says %lu bytes before and %lu behind it",
		      (unsigned long long)offset, (unsigned long long)r->stats.frames, (unsigned long)length,
		      (unsigned long)again);
	return false;
}

/* The end of the input within a block, or a length that nobody can follow. */
static int pcapng_stop(struct reader *r, const char *why)
{
	reader_damage(r, "the block at byte %llu (after packet %llu) %s: the file was cut or damaged", at(r),
		      (unsigned long long)r->stats.frames, why);
	return -ENODATA;
}

/* The block whose content was stepped over: its last four bytes. */
static int pcapng_skipped(struct reader *r, bool may_move)
{
	int rc = input_want(&r->in, 4, may_move);

	if (rc == -ENODATA) {
		reader_damage(r, "the block at byte %llu (after packet %llu) ends with the file: it was cut or damaged",
			      (unsigned long long)r->ng.skipped_at, (unsigned long long)r->stats.frames);
		return -ENODATA;
	}
	if (rc <= 0)
		return rc;
	if (!r->ng.skipping)
		(void)pcapng_trailer(r, input_at(&r->in), r->ng.skipped_len, r->ng.skipped_at);
	input_skip(&r->in, 4);
	r->ng.skipped_len = 0;
	return READER_OTHER;
}

static int pcapng_step_over(struct reader *r, uint32_t length)
{
	r->ng.skipped_len = length;
	r->ng.skipped_at = r->in.offset;
	input_skip(&r->in, length - 4);
	return READER_OTHER;
}

/* Type and length of the block that begins here: 1, 0 or negative. */
static int pcapng_begin(struct reader *r, bool may_move, uint32_t *type, uint32_t *length)
{
	int rc = input_want(&r->in, 8, may_move);
	struct cursor c;

	if (rc == -ENODATA)
		return input_left(&r->in) == 0 ? -ENODATA : pcapng_stop(r, "ends with the file, within its header");
	if (rc <= 0)
		return rc;
	if (pcapng_magic(input_at(&r->in))) {
		rc = input_want(&r->in, 12, may_move);
		if (rc == -ENODATA)
			return pcapng_stop(r, "ends with the file, within its header");
		if (rc <= 0)
			return rc;
		if (!pcapng_order(r, &r->ng.big))
			return pcapng_stop(r, "begins a section, but has no byte-order magic");
	}
	cursor_init(&c, input_at(&r->in), 8, 8);
	*type = pcapng_u32(&r->ng, &c);
	*length = pcapng_u32(&r->ng, &c);
	if (*length < BLOCK_LEAST || *length % 4 != 0)
		return pcapng_stop(r, "has a length that no block has");
	return 1;
}

/* A block that is not read must not shift the numbers that later ones use. */
static void pcapng_lose(struct reader *r, uint32_t type)
{
	if (type == BLOCK_SECTION) {
		r->ng.section++;
		r->ng.locals = 0;
		r->ng.skipping = false;
		again_section(r);
	} else if (type == BLOCK_INTERFACE) {
		pcapng_unknown_interface(r);
	}
}

static int pcapng_block(struct reader *r, uint32_t type, struct cursor *c, struct frame *f)
{
	switch (type) {
	case BLOCK_SECTION:
		pcapng_section(r, c);
		return READER_OTHER;
	case BLOCK_INTERFACE:
		pcapng_interface_block(r, c);
		return READER_OTHER;
	case BLOCK_STATISTICS:
		pcapng_statistics_block(r, c);
		return READER_OTHER;
	case BLOCK_SIMPLE:
		return pcapng_simple(r, c, f);
	default:
		return pcapng_packet(r, c, type == BLOCK_PACKET, f);
	}
}

/* The next blocks that are as nearly all are: enhanced packets without options, the clock
 * of their interface simple, the lengths agreeing, in full in the buffer. */
__attribute__((always_inline)) static inline unsigned pcapng_plain(struct reader *r, struct frame *f, unsigned n,
								   bool big)
{
	const struct pcapng_interface *i = NULL;
	const uint8_t *const begin = input_at(&r->in);
	const uint64_t offset = r->in.offset;
	uint32_t id = 0; /* of i */
	int64_t last = r->last_ns;
	struct cursor c;
	unsigned have;

	cursor_init(&c, begin, input_left(&r->in), input_left(&r->in));
	for (have = 0; have < n; have++, f++) {
		struct cursor at = c;
		const uint8_t *head = cursor_take(&at, PACKET_HEADER), *data;
		uint32_t captured, padded, wire;
		uint64_t units;
		int64_t ts_ns;

		if (!head || bytes_u32(head, big) != BLOCK_ENHANCED)
			break;
		if (!i || bytes_u32(head + 8, big) != id) {
			id = bytes_u32(head + 8, big);
			i = pcapng_local(r, id);
			if (!i || i->unit_ns == 0)
				break;
		}
		units = (uint64_t)bytes_u32(head + 12, big) << 32 | bytes_u32(head + 16, big);
		captured = bytes_u32(head + 20, big);
		wire = bytes_u32(head + 24, big);
		padded = (captured + 3) & ~3u;
		if (captured > FRAME_MAX || units > i->units_max || bytes_u32(head + 4, big) != padded + PACKET_HEADER + 4)
			break;
		data = cursor_take(&at, padded + 4);
		ts_ns = (int64_t)(units * i->unit_ns);
		if (!data || bytes_u32(data + padded, big) != padded + PACKET_HEADER + 4 || last - ts_ns >= CLOCK_S)
			break;
		*f = (struct frame){
			.ts_ns = ts_ns,
			.data = data,
			.caplen = captured,
			.wirelen = wire > captured ? wire : captured,
			.linktype = i->linktype,
			.interface = r->ng.local[id],
			.offset = offset + (uint64_t)(head - begin),
		};
		last = ts_ns;
		c.pos = at.pos;
	}
	r->last_ns = last;
	input_skip(&r->in, cursor_offset(&c));
	return have;
}

unsigned pcapng_run(struct reader *r, struct frame *f, unsigned n)
{
	if (r->ng.skipping || r->ng.skipped_len > 0)
		return 0;
	return r->ng.big ? pcapng_plain(r, f, n, true) : pcapng_plain(r, f, n, false);
}

int pcapng_next(struct reader *r, struct frame *f, bool may_move)
{
	uint32_t type = 0, length = 0;
	struct cursor c;
	int rc;

	if (r->ng.skipped_len > 0)
		return pcapng_skipped(r, may_move);
	rc = pcapng_begin(r, may_move, &type, &length);
	if (rc <= 0)
		return rc;
	if (!pcapng_needed(r, type))
		return pcapng_step_over(r, length);
	if (length > INPUT_MAX) {
		pcapng_lose(r, type);
		reader_damage(r, "the block at byte %llu (after packet %llu) is %lu bytes long: it is stepped over", at(r),
			      (unsigned long long)r->stats.frames, (unsigned long)length);
		return pcapng_step_over(r, length);
	}
	rc = input_want(&r->in, length, may_move);
	if (rc == -ENODATA)
		return pcapng_stop(r, "ends with the file");
	if (rc <= 0)
		return rc;
	cursor_init(&c, input_at(&r->in) + 8, length - BLOCK_LEAST, length - BLOCK_LEAST);
	if (pcapng_trailer(r, c.end, length, r->in.offset)) {
		rc = pcapng_block(r, type, &c, f);
	} else {
		pcapng_lose(r, type);
		rc = READER_OTHER;
	}
	input_skip(&r->in, length);
	return rc;
}
