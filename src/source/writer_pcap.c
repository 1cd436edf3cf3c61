/* Classic pcap out: one link type, times from 1970 to 2106, in ns where a source
 * has them. Directions, comments, names of interfaces and losses have no place
 * in this format; what is worse than that ends the file with a sentence. */
#include "writing.h"

#include "sockeye/clock.h"

enum { PCAP_HEADER = 24, PCAP_RECORD = 16 };

#define PCAP_US UINT32_C(0xa1b2c3d4)
#define PCAP_NS UINT32_C(0xa1b23c4d)

static void pcap_begin(struct writer *w)
{
	w->headed = false;
}

static bool pcap_fine(const struct writer *w)
{
	struct source_stats s;

	for (unsigned i = 0; w->source->stats(w->source, i, &s); i++)
		if (s.fine)
			return true;
	return false;
}

/* The header waits for the first frame, which has the link type. */
static int pcap_head(struct writer *w, uint16_t linktype, struct error *e)
{
	int rc;
	uint8_t *p = writing_room(w, PCAP_HEADER, &rc, e);

	if (!p)
		return rc;
	w->headed = true;
	w->linktype = linktype;
	w->fine = pcap_fine(w);
	p = writing_u32(p, w->fine ? PCAP_NS : PCAP_US);
	p = writing_u16(p, 2);
	p = writing_u16(p, 4);
	p = writing_u32(p, 0); /* no time zone, no accuracy */
	p = writing_u32(p, 0);
	p = writing_u32(p, w->o.snaplen);
	(void)writing_u32(p, linktype);
	w->used += PCAP_HEADER;
	w->stats.bytes += PCAP_HEADER;
	return 0;
}

static int pcap_frame(struct writer *w, const struct frame *f, struct error *e)
{
	unsigned long long number = w->stats.frames + 1;
	struct writing_view v;
	int64_t part;
	uint8_t *p;
	int rc;

	if (!w->headed && (rc = pcap_head(w, f->linktype, e)) != 0)
		return rc;
	if (f->linktype != w->linktype)
		return writing_refuse(w, e, "packet %llu is of link type %u, and a pcap file holds one (%u here): "
				      "it ends whole before it; name the file .pcapng", number, f->linktype,
				      w->linktype);
	if (f->ts_ns < 0 || f->ts_ns / CLOCK_S > UINT32_MAX)
		return writing_refuse(w, e, "packet %llu has a time that a pcap file cannot hold (1970 to 2106): "
				      "it ends whole before it; name the file .pcapng", number);
	writing_view(w, f, &v);
	p = writing_room(w, PCAP_RECORD + v.caplen, &rc, e);
	if (!p)
		return rc;
	part = f->ts_ns % CLOCK_S;
	if (!w->fine) {
		w->stats.rounded += part % CLOCK_US != 0;
		part /= CLOCK_US;
	}
	p = writing_u32(p, (uint32_t)(f->ts_ns / CLOCK_S));
	p = writing_u32(p, (uint32_t)part);
	p = writing_u32(p, v.caplen);
	p = writing_u32(p, v.wirelen);
	(void)writing_frame_bytes(p, f, &v);
	w->used += PCAP_RECORD + v.caplen;
	w->stats.bytes += PCAP_RECORD + v.caplen;
	w->stats.frames++;
	w->buffered++;
	return 0;
}

/* A capture of nothing: of Ethernet, says every reader that must know. */
static int pcap_end(struct writer *w, struct error *e)
{
	return w->headed ? 0 : pcap_head(w, LINKTYPE_ETHERNET, e);
}

static size_t pcap_record(const struct writer *w, const uint8_t *p, size_t left, bool first, uint64_t *frames)
{
	uint32_t caplen;

	(void)w;
	if (first)
		return left >= PCAP_HEADER ? PCAP_HEADER : 0;
	if (left < PCAP_RECORD)
		return 0;
	memcpy(&caplen, p + 8, sizeof caplen);
	++*frames;
	return PCAP_RECORD + (size_t)caplen;
}

const struct writing_kind writing_pcap = {
	.frame = pcap_frame,
	.end = pcap_end,
	.record = pcap_record,
	.begin = pcap_begin,
};
