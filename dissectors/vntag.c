/* VN-Tag: the virtual interfaces between an adapter and its switch.
 *
 *  0                                       4      6
 *  | direction, pointer, from and to ports | type | payload ...   IEEE 802.1BR
 */
#include "layers.h"

enum { ETHERTYPE_VNTAG = 0x8926 };

static const struct field_info f_tag = {"vntag.tag", "Tag", FIELD_HEX, NULL};
static const struct field_info f_type = {"vntag.etype", "Type", FIELD_HEX, ether_types};

static enum dissect_result vntag_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint32_t tag = cursor_be32(c);
	uint16_t type = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_tag, at, 4, tag);
	packet_field(p, &f_type, at + 4, 2, type);
	(void)layers_ethertype(c, p, type);
	return DISSECT_OK;
}

static const struct bind vntag_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_VNTAG}, {TABLE_NONE, 0}};

const struct dissector vntag_dissector = {
	.name = "vntag",
	.title = "VN-Tag",
	.reference = "IEEE 802.1BR",
	.binds = vntag_binds,
	.info = "tag {vntag.tag} type {vntag.etype}",
	.link = "VN-Tag {vntag.tag}, ethertype {vntag.etype}",
	.dissect = vntag_dissect,
};
