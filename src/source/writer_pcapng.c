/* pcapng out (draft-ietf-opsawg-pcapng), in the machine's byte order.
 *
 *   section | interface | packet | packet | interface | packet ... | statistics
 *
 * An interface is described right before its first packet: tcpdump reads up to a
 * second link type that way, and no description of an interface without packets
 * stands in its way. A section holds WRITER_INTERFACES of them; further ones
 * begin another section. Times are in ns where the source has them, else in us,
 * so that what is read back is printed alike.
 */
#include "writing.h"

#include "sockeye/clock.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,

	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SHB_USERAPPL = 4,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_FILTER = 11,
	OPTION_IF_TSOFFSET = 14,
	OPTION_EPB_FLAGS = 2,
	OPTION_EPB_DROPCOUNT = 4,
	OPTION_ISB_STARTTIME = 2,
	OPTION_ISB_ENDTIME = 3,
	OPTION_ISB_IFRECV = 4,
	OPTION_ISB_IFDROP = 5,
	OPTION_ISB_USRDELIV = 8,

	FLAG_INBOUND = 1,
	FLAG_OUTBOUND = 2,
	FLAG_CHECKSUM_NOT_READY = 1 << 9,
	FLAG_CHECKSUM_VALID = 1 << 10,

	OPTION_MAX = 65535,            /* bytes of one */
	TEXT_MAX = 32768,              /* of a filter or a name */
	SMALL = 256,                   /* a block without its texts */
	PACKET_MAX = SMALL + FRAME_MAX + 8 + OPTION_MAX,
};

_Static_assert(PACKET_MAX + SMALL + 2 * TEXT_MAX < WRITER_BUFFER, "a packet and a description fit the buffer");

#define SECTION_MAGIC UINT32_C(0x1a2b3c4d)
/* Offset of interfaces whose times lie before 1970: those of readers begin in 1824. */
#define EARLY_S INT64_C(-4600000000)

/* ---- blocks -------------------------------------------------------------------------- */

static uint8_t *put_u64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

/* Zeros up to a multiple of four. at: where the counting begins. */
static uint8_t *put_padding(uint8_t *p, const uint8_t *at)
{
	while ((p - at) % 4 != 0)
		*p++ = 0;
	return p;
}

/* One option; of text what one can hold. */
static uint8_t *put_option(uint8_t *p, uint16_t code, const void *value, size_t n)
{
	const uint8_t *at = p;

	if (n > OPTION_MAX)
		n = OPTION_MAX;
	p = writing_u16(p, code);
	p = writing_u16(p, (uint16_t)n);
	return put_padding(writing_bytes(p, value, n), at);
}

/* Two halves, the upper one first, in whatever byte order. */
static uint8_t *put_time(uint8_t *p, uint64_t units)
{
	p = writing_u32(p, (uint32_t)(units >> 32));
	return writing_u32(p, (uint32_t)units);
}

static uint8_t *put_time_option(uint8_t *p, uint16_t code, uint64_t units)
{
	p = writing_u16(p, code);
	p = writing_u16(p, 8);
	return put_time(p, units);
}

static uint8_t *put_count(uint8_t *p, uint16_t code, uint64_t n)
{
	p = writing_u16(p, code);
	p = writing_u16(p, 8);
	return put_u64(p, n);
}

static uint8_t *block_begin(uint8_t *p, uint32_t type)
{
	p = writing_u32(p, type);
	return writing_u32(p, 0);
}

/* The length, in front and behind; the block is in the buffer. */
static void block_end(struct writer *w, uint8_t *begin, uint8_t *p)
{
	uint32_t length = (uint32_t)(p - begin) + 4;

	(void)writing_u32(begin + 4, length);
	(void)writing_u32(p, length);
	w->used += length;
	w->stats.bytes += length;
}

/* ---- section and interfaces ------------------------------------------------------------ */

static int pcapng_section(struct writer *w, struct error *e)
{
	int rc;
	uint8_t *begin = writing_room(w, SMALL, &rc, e), *p;

	if (!begin)
		return rc;
	p = block_begin(begin, BLOCK_SECTION);
	p = writing_u32(p, SECTION_MAGIC);
	p = writing_u16(p, 1);
	p = writing_u16(p, 0);
	p = put_u64(p, UINT64_MAX); /* its length is not known yet */
	if (w->o.program) {
		p = put_option(p, OPTION_SHB_USERAPPL, w->o.program, strnlen(w->o.program, SMALL / 2));
		p = put_option(p, OPTION_END, NULL, 0);
	}
	block_end(w, begin, p);
	w->headed = true;
	w->n = w->last = 0;
	memset(w->slot, 0, WRITER_SLOTS * sizeof *w->slot);
	return 0;
}

static void pcapng_begin(struct writer *w)
{
	w->headed = false;
}

static bool source_fine(const struct writer *w, unsigned source)
{
	struct source_stats s;

	return !w->source->stats(w->source, source, &s) || s.fine;
}

static int pcapng_describe(struct writer *w, const struct writing_interface *i, struct error *e)
{
	const char *name = w->source->interface ? w->source->interface(w->source, i->source, i->interface) : NULL;
	uint8_t resolution = i->fine ? 9 : 6;
	int rc;
	uint8_t *begin = writing_room(w, SMALL + 2 * TEXT_MAX, &rc, e), *p;

	if (!begin)
		return rc;
	p = block_begin(begin, BLOCK_INTERFACE);
	p = writing_u16(p, i->linktype);
	p = writing_u16(p, 0);
	p = writing_u32(p, w->o.snaplen);
	if (name && name[0])
		p = put_option(p, OPTION_IF_NAME, name, strnlen(name, TEXT_MAX - 8));
	p = put_option(p, OPTION_IF_TSRESOL, &resolution, 1);
	if (w->o.filter && w->o.filter[0]) {
		size_t n = strnlen(w->o.filter, TEXT_MAX - 8);
		uint8_t *at = p;

		p = writing_u16(p, OPTION_IF_FILTER);
		p = writing_u16(p, (uint16_t)(n + 1));
		*p++ = 0; /* in libpcap's words */
		p = put_padding(writing_bytes(p, w->o.filter, n), at);
	}
	if (i->early)
		p = put_count(p, OPTION_IF_TSOFFSET, (uint64_t)EARLY_S);
	p = put_option(p, OPTION_END, NULL, 0);
	block_end(w, begin, p);
	return 0;
}

/* ---- finding an interface ---------------------------------------------------------------- */

static bool interface_is(const struct writing_interface *i, const struct frame *f)
{
	return i->source == f->source && i->interface == f->interface && i->linktype == f->linktype &&
	       i->early == (f->ts_ns < 0);
}

static unsigned interface_slot(const struct writer *w, const struct frame *f)
{
	uint32_t h = f->source * UINT32_C(0x9e3779b1) ^ f->interface * UINT32_C(0x85ebca77) ^
		     f->linktype * UINT32_C(0xc2b2ae3d) ^ (f->ts_ns < 0);
	unsigned at = (h ^ h >> 15) % WRITER_SLOTS;

	/* At most a quarter of the slots is taken, so this ends. */
	while (w->slot[at] != 0 && !interface_is(&w->interface[w->slot[at] - 1], f))
		at = (at + 1) % WRITER_SLOTS;
	return at;
}

static int pcapng_statistics(struct writer *w, struct error *e);

/* The frame's interface, described if it is new, becomes w->last. */
static int pcapng_interface(struct writer *w, const struct frame *f, struct error *e)
{
	struct writing_interface *i;
	unsigned at;
	int rc;

	if (w->n > 0 && interface_is(&w->interface[w->last], f))
		return 0;
	at = interface_slot(w, f);
	if (w->slot[at] != 0) {
		w->last = w->slot[at] - 1u;
		return 0;
	}
	if (w->n == WRITER_INTERFACES) {
		rc = pcapng_statistics(w, e);
		if (rc == 0)
			rc = pcapng_section(w, e);
		if (rc != 0)
			return rc;
		at = interface_slot(w, f);
	}
	i = &w->interface[w->n];
	*i = (struct writing_interface){
		.source = f->source,
		.interface = f->interface,
		.linktype = f->linktype,
		.fine = source_fine(w, f->source),
		.early = f->ts_ns < 0,
		.first_ns = f->ts_ns,
		.last_ns = f->ts_ns,
	};
	rc = pcapng_describe(w, i, e);
	if (rc != 0)
		return rc;
	w->last = w->n++;
	w->slot[at] = (uint16_t)w->n;
	return 0;
}

/* ---- packets ------------------------------------------------------------------------------- */

/* A time in the interface's units, from its offset. */
static uint64_t interface_units(const struct writing_interface *i, int64_t ns)
{
	if (i->early)
		ns -= EARLY_S * CLOCK_S; /* both within 2^62: see reader_time() */
	if (ns < 0)
		ns = 0;
	return (uint64_t)ns / (i->fine ? 1 : CLOCK_US);
}

static uint32_t packet_flags(const struct frame *f)
{
	uint32_t flags = 0;

	if (f->flags & FRAME_OUTGOING)
		flags |= FLAG_OUTBOUND;
	else if (f->flags & FRAME_INCOMING)
		flags |= FLAG_INBOUND;
	if (f->flags & FRAME_CHECKSUM_NOT_READY)
		flags |= FLAG_CHECKSUM_NOT_READY;
	if (f->flags & FRAME_CHECKSUM_VALID)
		flags |= FLAG_CHECKSUM_VALID;
	return flags;
}

static uint8_t *put_packet_options(uint8_t *p, const struct frame *f, uint32_t lost)
{
	uint8_t *at = p;
	uint32_t flags = packet_flags(f);

	if (f->comment && f->comment[0])
		p = put_option(p, OPTION_COMMENT, f->comment, strnlen(f->comment, OPTION_MAX));
	if (flags)
		p = put_option(p, OPTION_EPB_FLAGS, &flags, sizeof flags);
	if (lost > 0)
		p = put_count(p, OPTION_EPB_DROPCOUNT, lost);
	return p == at ? p : put_option(p, OPTION_END, NULL, 0);
}

/* What was lost before a frame, without that which the file before has told already. */
static uint32_t packet_lost(struct writer *w, const struct frame *f)
{
	uint64_t *ahead = &w->ahead[f->source % SOURCE_MAX];
	uint32_t told = *ahead < f->lost ? (uint32_t)*ahead : f->lost;

	*ahead -= told;
	return f->lost - told;
}

static int pcapng_frame(struct writer *w, const struct frame *f, struct error *e)
{
	struct writing_interface *i;
	struct writing_view v;
	uint32_t lost;
	uint8_t *begin, *p;
	int rc = w->headed ? 0 : pcapng_section(w, e);

	if (rc == 0)
		rc = pcapng_interface(w, f, e);
	if (rc != 0)
		return rc;
	i = &w->interface[w->last];
	writing_view(w, f, &v);
	begin = writing_room(w, SMALL + v.caplen + (f->comment ? OPTION_MAX + 8 : 0), &rc, e);
	if (!begin)
		return rc;
	p = block_begin(begin, BLOCK_ENHANCED);
	p = writing_u32(p, w->last);
	p = put_time(p, interface_units(i, f->ts_ns));
	p = writing_u32(p, v.caplen);
	p = writing_u32(p, v.wirelen);
	p = put_padding(writing_frame_bytes(p, f, &v), begin);
	lost = packet_lost(w, f);
	p = put_packet_options(p, f, lost);
	block_end(w, begin, p);
	if (i->frames++ == 0)
		i->first_ns = f->ts_ns;
	i->last_ns = f->ts_ns;
	i->lost += lost;
	w->seen[f->source % SOURCE_MAX].linktype = f->linktype;
	w->seen[f->source % SOURCE_MAX].interface = f->interface;
	w->last_ns = f->ts_ns;
	w->stats.frames++;
	w->buffered++;
	return 0;
}

/* ---- statistics ------------------------------------------------------------------------------ */

/* What a source says that it lost and nothing written tells yet: live at the end of
 * every file, so that the sum over a rotation is the source's number at any time. A
 * reader of files runs ahead of what is written, and its packets tell themselves:
 * of those the rest is told at the very end. */
static uint64_t source_news(const struct writer *w, unsigned source, bool *known)
{
	struct source_stats s;
	uint64_t told = w->said[source];

	*known = w->source->stats(w->source, source, &s) && s.drops_known;
	if (!*known || !(w->live || w->last_file))
		return 0;
	for (unsigned k = 0; k < w->n; k++)
		if (w->interface[k].source == source)
			told += w->interface[k].lost;
	return s.drops > told ? s.drops - told : 0;
}

/* Sources that have something to tell and no packet in this section. */
static int pcapng_silent_sources(struct writer *w, struct error *e)
{
	int rc = 0;

	for (unsigned source = 0; source < SOURCE_MAX && rc == 0; source++) {
		struct frame none = {.source = (uint16_t)source, .ts_ns = w->last_ns};
		bool known, there = false;

		if (source_news(w, source, &known) == 0)
			continue;
		for (unsigned k = 0; k < w->n; k++)
			there = there || w->interface[k].source == source;
		none.interface = w->seen[source].interface;
		none.linktype = w->seen[source].linktype;
		if (none.linktype == 0) /* never a packet: as the others, for libpcap's readers */
			none.linktype = w->n > 0 ? w->interface[0].linktype : LINKTYPE_ETHERNET;
		if (!there)
			rc = pcapng_interface(w, &none, e);
	}
	return rc;
}

/* Live the wall clock, else the packets', so that the same input gives the same file. */
static int pcapng_statistics(struct writer *w, struct error *e)
{
	int64_t now_ns = w->live ? clock_wall_ns() : w->last_ns;
	uint64_t news[SOURCE_MAX];
	bool of_source[SOURCE_MAX];

	for (unsigned source = 0; source < SOURCE_MAX; source++)
		news[source] = source_news(w, source, &of_source[source]);
	for (unsigned k = 0; k < w->n; k++) {
		const struct writing_interface *i = &w->interface[k];
		uint64_t more = news[i->source % SOURCE_MAX], lost = i->lost + more;
		bool known = of_source[i->source % SOURCE_MAX] || lost > 0;
		int rc;
		uint8_t *begin = writing_room(w, SMALL, &rc, e), *p;

		if (!begin)
			return rc;
		p = block_begin(begin, BLOCK_STATISTICS);
		p = writing_u32(p, k);
		p = put_time(p, interface_units(i, now_ns));
		p = put_time_option(p, OPTION_ISB_STARTTIME, interface_units(i, w->live ? w->opened_ns : i->first_ns));
		p = put_time_option(p, OPTION_ISB_ENDTIME, interface_units(i, w->live ? now_ns : i->last_ns));
		p = put_count(p, OPTION_ISB_IFRECV, i->frames + (known ? lost : 0));
		if (known)
			p = put_count(p, OPTION_ISB_IFDROP, lost);
		p = put_count(p, OPTION_ISB_USRDELIV, i->frames);
		p = put_option(p, OPTION_END, NULL, 0);
		block_end(w, begin, p);
		w->said[i->source % SOURCE_MAX] += lost;
		w->ahead[i->source % SOURCE_MAX] += more;
		news[i->source % SOURCE_MAX] = 0; /* with its first interface */
	}
	return 0;
}

/* libpcap reads no capture without an interface: one of nothing gets its source's first. */
static int pcapng_end(struct writer *w, struct error *e)
{
	struct frame none = {.linktype = LINKTYPE_ETHERNET};
	int rc = w->headed ? 0 : pcapng_section(w, e);

	if (rc == 0 && w->n == 0)
		rc = pcapng_interface(w, &none, e);
	if (rc == 0)
		rc = pcapng_silent_sources(w, e);
	return rc == 0 ? pcapng_statistics(w, e) : rc;
}

static size_t pcapng_record(const struct writer *w, const uint8_t *p, size_t left, bool first, uint64_t *frames)
{
	uint32_t type, length;

	(void)w;
	(void)first;
	if (left < 8)
		return 0;
	memcpy(&type, p, sizeof type);
	memcpy(&length, p + 4, sizeof length);
	*frames += type == BLOCK_ENHANCED;
	return length;
}

const struct writing_kind writing_pcapng = {
	.frame = pcapng_frame,
	.end = pcapng_end,
	.record = pcapng_record,
	.begin = pcapng_begin,
	.head = pcapng_section,
};
