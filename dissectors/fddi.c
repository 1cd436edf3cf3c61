/* FDDI: a frame control byte, addresses, then 802.2.
 *
 *  0    1             7        13
 *  | fc | destination | source | LLC ...            ISO 9314-2; LINKTYPE_FDDI
 */
#include "layers.h"

static const struct field_info f_control = {"fddi.fc", "Frame control", FIELD_HEX, NULL};
static const struct field_info f_to = {"fddi.dst", "Destination", FIELD_MAC, NULL};
static const struct field_info f_from = {"fddi.src", "Source", FIELD_MAC, NULL};

enum { FDDI_LLC = 0x50, FDDI_KIND = 0xf0 };

static enum dissect_result fddi_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint8_t control = cursor_u8(c), to[6], from[6];

	cursor_copy(c, to, sizeof to);
	cursor_copy(c, from, sizeof from);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	memcpy(p->mac_to, to, sizeof to);
	memcpy(p->mac_from, from, sizeof from);
	p->has_mac = true;
	packet_field(p, &f_control, at, 1, control);
	packet_field(p, &f_to, at + 1, 6, 0);
	packet_field(p, &f_from, at + 7, 6, 0);
	if ((control & FDDI_KIND) == FDDI_LLC)
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_LLC);
	return DISSECT_OK;
}

static const struct bind fddi_binds[] = {{TABLE_LINKTYPE, LINKTYPE_FDDI}, {TABLE_NONE, 0}};

const struct dissector fddi_dissector = {
	.name = "fddi",
	.title = "Fiber Distributed Data Interface",
	.reference = "ISO 9314-2",
	.binds = fddi_binds,
	.info = "{fddi.src} > {fddi.dst}",
	.link = "FDDI {fddi.src} > {fddi.dst}",
	.dissect = fddi_dissect,
};
