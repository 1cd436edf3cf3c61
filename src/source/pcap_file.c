/* Classic pcap files (draft-ietf-opsawg-pcap).
 *
 * Both byte orders, microseconds, nanoseconds, and Kuznetzov's modified format
 * with 24-byte record headers. Versions before 2.4 wrote the two lengths the
 * other way round; 2.3 did either. A damaged length ends the file: nothing in
 * the format says where the next record begins. Records of nothing but zeros
 * are none: a disk that was full or a machine that fell leaves them. They are
 * stepped over, as far as PCAP_ZEROS.
 */
#include <errno.h>

#include "reader.h"
#include "sockeye/clock.h"
#include "sockeye/cursor.h"

enum {
	PCAP_HEADER = 24,
	PCAP_RECORD = 16,
	PCAP_RECORD_MODIFIED = 24,
	PCAP_PACKET_OUTGOING = 4, /* PACKET_OUTGOING of the modified format */
	PCAP_ZEROS = 4096,        /* records of zeros that are stepped over in a row */
};

#define PCAP_MAGIC_US UINT32_C(0xa1b2c3d4)
#define PCAP_MAGIC_NS UINT32_C(0xa1b23c4d)
#define PCAP_MAGIC_MODIFIED UINT32_C(0xa1b2cd34)

static bool pcap_file_known(uint32_t magic)
{
	return magic == PCAP_MAGIC_US || magic == PCAP_MAGIC_NS || magic == PCAP_MAGIC_MODIFIED;
}

bool pcap_file_magic(const uint8_t *p)
{
	struct cursor le, be;

	cursor_init(&le, p, 4, 4);
	be = le;
	return pcap_file_known(cursor_le32(&le)) || pcap_file_known(cursor_be32(&be));
}

static uint32_t pcap_file_u32(const struct reader *r, struct cursor *c)
{
	return r->pcap.big ? cursor_be32(c) : cursor_le32(c);
}

static uint16_t pcap_file_u16(const struct reader *r, struct cursor *c)
{
	return r->pcap.big ? cursor_be16(c) : cursor_le16(c);
}

int pcap_file_open(struct reader *r, bool may_move, struct error *e)
{
	int rc = input_want(&r->in, PCAP_HEADER, may_move);
	uint32_t magic, network;
	uint16_t major, minor;
	struct cursor c;

	if (rc == -ENODATA)
		return error_set(e, EPROTO, "%s: not a whole capture file: it ends within its header, at byte %zu",
				 r->title, input_left(&r->in));
	if (rc <= 0)
		return rc;
	cursor_init(&c, input_at(&r->in), PCAP_HEADER, PCAP_HEADER);
	magic = cursor_le32(&c);
	if (!pcap_file_known(magic)) {
		r->pcap.big = true;
		c.pos = c.base;
		magic = cursor_be32(&c);
	}
	r->pcap.ns = magic == PCAP_MAGIC_NS;
	r->pcap.modified = magic == PCAP_MAGIC_MODIFIED;
	major = pcap_file_u16(r, &c);
	minor = pcap_file_u16(r, &c);
	cursor_skip(&c, 12); /* time zone, accuracy, snap length: nothing depends on them */
	network = pcap_file_u32(r, &c);

	/* 543.0 was written by tcpdump of DG/UX. */
	if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0))
		return error_set(e, EPROTO, "%s: version %u.%u of the pcap format is not known (2.0 to 2.4 are)",
				 r->title, major, minor);
	r->pcap.swapped = major == 543 || minor < 3;
	r->pcap.maybe_swapped = major == 2 && minor == 3;

	/* The upper six bits tell of the frame check sequence, the rest is the type. */
	network &= UINT32_C(0x03ffffff);
	if (network > UINT16_MAX)
		return error_set(e, EPROTO, "%s: link type %lu does not exist", r->title, (unsigned long)network);
	/* LINKTYPE_RAW as FreeBSD's (12) and OpenBSD's (14) libpcap once wrote it. */
	r->pcap.linktype = network == 12 || network == 14 ? LINKTYPE_RAW : (uint16_t)network;
	r->stats.fine = r->pcap.ns;
	input_skip(&r->in, PCAP_HEADER);
	return 1;
}

/* The record cannot be followed: say so and end. */
static int pcap_file_cut(struct reader *r, const char *what, size_t need)
{
	reader_damage(r, "cut at byte %llu: %zu bytes of the %s of packet %llu are there, %zu are missing",
		      (unsigned long long)(r->in.offset + input_left(&r->in)), input_left(&r->in), what,
		      (unsigned long long)r->stats.frames + 1, need - input_left(&r->in));
	return -ENODATA;
}

/* The part of a second, in ns. One that says a second or more is wrong; the
 * second itself is taken as it stands, and the digits as its fraction, which is
 * how such a time reads where other programs print it. */
static uint64_t pcap_file_fraction(struct reader *r, uint32_t part)
{
	uint64_t ns = r->pcap.ns ? part : (uint64_t)part * 1000;

	if (ns >= (uint64_t)CLOCK_S)
		reader_note(r, "packet %llu has a fraction of a second beyond its range; its second is kept",
			    (unsigned long long)r->stats.frames + 1);
	while (ns >= (uint64_t)CLOCK_S)
		ns /= 10;
	return ns;
}

/* 1970, no byte on the wire and none captured: no packet is like that. The
 * first of a run is damage, and a long run ends the file: what a few bytes of
 * compressed zeros make would else be read for hours. */
static int pcap_file_zeros(struct reader *r, size_t header)
{
	if (r->pcap.zeros++ == 0)
		reader_damage(r, "zeros from byte %llu on (after packet %llu) where a record should be: stepped over, %zu KiB "
			      "of them at most", (unsigned long long)r->in.offset, (unsigned long long)r->stats.frames,
			      PCAP_ZEROS * header / 1024);
	if (r->pcap.zeros == PCAP_ZEROS)
		return -ENODATA;
	input_skip(&r->in, header);
	return READER_OTHER;
}

bool pcap_file_is_plain(const struct reader *r)
{
	return !r->pcap.modified && !r->pcap.swapped && !r->pcap.maybe_swapped;
}

/* The next records that are as nearly all are. Three numbers are asked of each, and
 * whether it is there in full: a part of a second, two lengths that agree, a second after
 * 1970 began (the records of zeros) and not a second or more before the last. */
__attribute__((always_inline)) static inline unsigned pcap_file_plain(struct reader *r, struct frame *f, unsigned n,
								      bool big)
{
	const uint32_t parts = r->pcap.ns ? CLOCK_S : CLOCK_S / 1000, ns = r->pcap.ns ? 1 : 1000;
	const uint16_t linktype = r->pcap.linktype;
	const uint8_t *const begin = input_at(&r->in);
	const uint64_t offset = r->in.offset;
	int64_t last = r->last_ns;
	struct cursor c;
	unsigned have;

	cursor_init(&c, begin, input_left(&r->in), input_left(&r->in));
	for (have = 0; have < n; have++, f++) {
		struct cursor at = c;
		const uint8_t *record = cursor_take(&at, PCAP_RECORD), *data;
		uint32_t seconds, part, captured, wire;
		int64_t ts_ns;

		if (!record)
			break;
		seconds = bytes_u32(record, big);
		part = bytes_u32(record + 4, big);
		captured = bytes_u32(record + 8, big);
		wire = bytes_u32(record + 12, big);
		ts_ns = seconds * (int64_t)CLOCK_S + part * ns;
		if (captured > wire || captured > FRAME_MAX || part >= parts || seconds == 0 || last - ts_ns >= CLOCK_S)
			break;
		data = cursor_take(&at, captured);
		if (!data)
			break;
		*f = (struct frame){
			.ts_ns = ts_ns, .data = data, .caplen = captured, .wirelen = wire, .linktype = linktype,
			.offset = offset + (uint64_t)(record - begin),
		};
		last = ts_ns;
		c.pos = at.pos;
	}
	if (have > 0)
		r->pcap.zeros = 0;
	r->last_ns = last;
	input_skip(&r->in, cursor_offset(&c));
	return have;
}

unsigned pcap_file_run(struct reader *r, struct frame *f, unsigned n)
{
	return r->pcap.big ? pcap_file_plain(r, f, n, true) : pcap_file_plain(r, f, n, false);
}

int pcap_file_next(struct reader *r, struct frame *f, bool may_move)
{
	const size_t header = r->pcap.modified ? PCAP_RECORD_MODIFIED : PCAP_RECORD;
	uint32_t seconds, part, captured, wire;
	struct cursor c;
	int rc = input_want(&r->in, header, may_move);

	if (rc == -ENODATA)
		return input_left(&r->in) == 0 ? -ENODATA : pcap_file_cut(r, "record header", header);
	if (rc <= 0)
		return rc;
	cursor_init(&c, input_at(&r->in), PCAP_RECORD, PCAP_RECORD);
	if (!r->pcap.big) { /* nearly all: without a question for each number */
		seconds = cursor_le32(&c);
		part = cursor_le32(&c);
		captured = cursor_le32(&c);
		wire = cursor_le32(&c);
	} else {
		seconds = cursor_be32(&c);
		part = cursor_be32(&c);
		captured = cursor_be32(&c);
		wire = cursor_be32(&c);
	}
	if (r->pcap.swapped || (r->pcap.maybe_swapped && captured > wire)) {
		uint32_t first = captured;

		captured = wire;
		wire = first;
	}
	if (seconds == 0 && part == 0 && captured == 0 && wire == 0)
		return pcap_file_zeros(r, header);
	if (captured > FRAME_MAX) {
		reader_damage(r, "the record at byte %llu (packet %llu) says %lu bytes captured, more than %d: "
			      "the file was cut or damaged", (unsigned long long)r->in.offset,
			      (unsigned long long)r->stats.frames + 1, (unsigned long)captured, (int)FRAME_MAX);
		return -ENODATA;
	}
	rc = input_want(&r->in, header + captured, may_move);
	if (rc == -ENODATA)
		return pcap_file_cut(r, "record", header + captured);
	if (rc <= 0)
		return rc;
	*f = (struct frame){
		.ts_ns = reader_time(r, seconds, pcap_file_fraction(r, part)),
		.data = input_at(&r->in) + header,
		.caplen = captured,
		.wirelen = wire > captured ? wire : captured,
		.linktype = r->pcap.linktype,
		.offset = r->in.offset,
	};
	/* interface index (4), protocol (2), packet type (1), padding (1) */
	if (r->pcap.modified && f->data[-2] == PCAP_PACKET_OUTGOING)
		f->flags = FRAME_OUTGOING;
	input_skip(&r->in, header + captured);
	r->pcap.zeros = 0;
	return READER_FRAME;
}
