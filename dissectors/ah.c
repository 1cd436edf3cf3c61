/* AH: authentication without encryption, so what follows is read on.
 *
 *  0      1        2          4     8
 *  | next | length | reserved | spi | sequence | integrity check ...     RFC 4302
 */
#include "layers.h"

static const struct field_info f_next = {"ah.next_header", "Next header", FIELD_UINT, ip_protocols};
static const struct field_info f_length = {"ah.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_spi = {"ah.spi", "Security association", FIELD_HEX, NULL};
static const struct field_info f_sequence = {"ah.sequence", "Sequence", FIELD_UINT, NULL};
static const struct field_info f_icv = {"ah.icv", "Integrity check", FIELD_BYTES, NULL};

enum { AH_FIXED = 12 };

static enum dissect_result ah_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos, *icv;
	unsigned next = cursor_u8(c), length = (cursor_u8(c) + 2u) * 4; /* RFC 4302 section 2.2 */
	uint32_t spi, sequence;

	cursor_skip(c, 2);
	spi = cursor_be32(c);
	sequence = cursor_be32(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_next, at, 1, next);
	packet_field(p, &f_length, at + 1, 1, length);
	packet_field(p, &f_spi, at + 4, 4, spi);
	packet_field(p, &f_sequence, at + 8, 4, sequence);
	if (length < AH_FIXED) {
		packet_issue(p, "the AH length is below 12");
		return DISSECT_BAD;
	}
	icv = cursor_take(c, length - AH_FIXED);
	if (!icv)
		return DISSECT_OK;
	if (length > AH_FIXED)
		packet_field(p, &f_icv, icv, length - AH_FIXED, 0);
	p->tuple.proto = (uint8_t)next;
	packet_next(p, TABLE_IPPROTO, next);
	return DISSECT_OK;
}

static const struct bind ah_binds[] = {{TABLE_IPPROTO, PROTO_AH}, {TABLE_NONE, 0}};

const struct dissector ah_dissector = {
	.name = "ah",
	.title = "Authentication header",
	.reference = "RFC 4302",
	.binds = ah_binds,
	.info = "AH {ah.spi} sequence {ah.sequence}",
	.dissect = ah_dissect,
};
