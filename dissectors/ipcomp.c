/* IPComp: the payload of one IP packet, compressed.
 *
 *  0      1       2     4
 *  | next | flags | cpi | compressed payload ...            RFC 3173 section 3.3
 *
 * The bytes are inflated by the loop (RFC 2394, deflate), which reads on in
 * them. */
#include "layers.h"

enum { PROTO_IPCOMP = 108 };

static const struct name_of cpis[] = {
	{1, "OUI"}, {2, "DEFLATE"}, {3, "LZS"}, {4, "LZJH"}, {0, NULL},
};

static const struct field_info f_next = {"ipcomp.next", "Next header", FIELD_UINT, ip_protocols};
static const struct field_info f_flags = {"ipcomp.flags", "Flags", FIELD_HEX, NULL};
static const struct field_info f_cpi = {"ipcomp.cpi", "Compression", FIELD_UINT, cpis};

static enum dissect_result ipcomp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint8_t next = cursor_u8(c), flags = cursor_u8(c);
	uint16_t cpi = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_next, at, 1, next);
	packet_field(p, &f_flags, at + 1, 1, flags);
	packet_field(p, &f_cpi, at + 2, 2, cpi);
	p->compressed = true;
	packet_next(p, TABLE_IPPROTO, next);
	return DISSECT_OK;
}

static const struct bind ipcomp_binds[] = {{TABLE_IPPROTO, PROTO_IPCOMP}, {TABLE_NONE, 0}};

const struct dissector ipcomp_dissector = {
	.name = "ipcomp",
	.title = "IP Payload Compression",
	.reference = "RFC 3173",
	.binds = ipcomp_binds,
	.info = "IPComp {ipcomp.cpi}",
	.dissect = ipcomp_dissect,
};
