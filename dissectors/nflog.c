/* NFLOG: packets that a netfilter rule logged, as attributes.
 *
 * One attribute is the packet from its IP header on; the family says which.
 * Lengths and types are in the byte order of the machine that captured: the
 * first attribute tells it. Numbers inside are big endian.
 *
 *  0        1         2
 *  | family | version | group 2 | attributes: length 2 (itself and type counted), type 2, value, to 4 bytes
 */
#include "layers.h"

enum {
	NFLOG_HEADER = 1, NFLOG_IN = 4, NFLOG_OUT = 5, NFLOG_PAYLOAD = 9, NFLOG_PREFIX = 10, NFLOG_UID = 11,
	NFLOG_GID = 14,
};

static const struct name_of nflog_families[] = {{0, "none"}, {2, "IPv4"}, {7, "bridge"}, {10, "IPv6"}, {0, NULL}};

static const struct name_of nflog_hooks[] = {
	{0, "prerouting"}, {1, "input"}, {2, "forward"}, {3, "output"}, {4, "postrouting"}, {0, NULL}};

static const struct field_info f_family = {"nflog.family", "Family", FIELD_UINT, nflog_families};
static const struct field_info f_version = {"nflog.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_group = {"nflog.res_id", "Group", FIELD_UINT, NULL};
static const struct field_info f_protocol = {"nflog.protocol", "Protocol", FIELD_HEX, ether_types};
static const struct field_info f_hook = {"nflog.hook", "Hook", FIELD_UINT, nflog_hooks};
static const struct field_info f_in = {"nflog.ifindex_indev", "Came in by interface", FIELD_UINT, NULL};
static const struct field_info f_out = {"nflog.ifindex_outdev", "Goes out by interface", FIELD_UINT, NULL};
static const struct field_info f_prefix = {"nflog.prefix", "Prefix", FIELD_TEXT, NULL};
static const struct field_info f_uid = {"nflog.uid", "User", FIELD_UINT, NULL};
static const struct field_info f_gid = {"nflog.gid", "Group of the user", FIELD_UINT, NULL};

static void nflog_value(struct cursor *v, struct packet *p, unsigned type)
{
	const uint8_t *zero;

	switch (type) {
	case NFLOG_HEADER:
		(void)layers_number(v, p, &f_protocol, 2);
		(void)layers_number(v, p, &f_hook, 1);
		break;
	case NFLOG_IN:
	case NFLOG_OUT:
		(void)layers_number(v, p, type == NFLOG_IN ? &f_in : &f_out, 4);
		break;
	case NFLOG_PREFIX: /* ends with a zero byte */
		zero = cursor_left(v) > 0 ? memchr(v->pos, 0, cursor_left(v)) : NULL;
		layers_bytes(v, p, &f_prefix, zero ? (size_t)(zero - v->pos) : cursor_left(v));
		break;
	case NFLOG_UID:
	case NFLOG_GID:
		(void)layers_number(v, p, type == NFLOG_UID ? &f_uid : &f_gid, 4);
		break;
	default:
		break;
	}
}

static enum dissect_result nflog_dissect(struct cursor *c, struct packet *p)
{
	uint8_t low = 0, high = 0;
	bool little;

	(void)layers_number(c, p, &f_family, 1);
	(void)layers_number(c, p, &f_version, 1);
	(void)layers_number(c, p, &f_group, 2);
	(void)cursor_peek(c, 0, &low);
	(void)cursor_peek(c, 1, &high);
	little = ((unsigned)high << 8 | low) <= cursor_wire_left(c);
	while (cursor_wire_left(c) > 0 && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		unsigned length = little ? cursor_le16(c) : cursor_be16(c);
		unsigned type = little ? cursor_le16(c) : cursor_be16(c);
		unsigned padding = (4 - length % 4) % 4;
		struct cursor value;

		if (c->fault != CURSOR_OK)
			break;
		if (length < 4) {
			packet_issue(p, "an NFLOG attribute's length is below 4");
			return DISSECT_BAD;
		}
		if (type == NFLOG_PAYLOAD) {
			if (!cursor_limit(c, length - 4))
				packet_issue(p, "the NFLOG payload exceeds the frame");
			(void)layers_ip_by_version(c, p);
			return DISSECT_OK;
		}
		value = cursor_sub(c, length - 4);
		nflog_value(&value, p, type & 0x7fff);
		cursor_skip(c, padding < cursor_wire_left(c) ? padding : cursor_wire_left(c));
	}
	return DISSECT_OK;
}

static const struct bind nflog_binds[] = {{TABLE_LINKTYPE, LINKTYPE_NFLOG}, {TABLE_NONE, 0}};

const struct dissector nflog_dissector = {
	.name = "nflog",
	.title = "Netfilter log",
	.reference = "LINKTYPE_NFLOG",
	.binds = nflog_binds,
	.info = "{nflog.family}[ {nflog.prefix}]",
	.link = "nflog group {nflog.res_id}, family {nflog.family}",
	.dissect = nflog_dissect,
};
