/* DHCP: who asks for an address, who offers one, and for how long.
 *
 * Promises: a datagram is DHCP only if it has the form of BOOTP, the magic
 * cookie behind it and the option that names the message (RFC 2131 section 3).
 * BOOTP without that option is not read; neither are options that lie in the
 * fields for names (overload).
 *
 *  0    1       2      3      4     8      10     12 .. 28    28        44    108   236
 *  | op | htype | hlen | hops | xid | secs | flags| addresses | chaddr  | sname | file | cookie, options
 */
#include "sockeye/dissector.h"

enum {
	DHCP_FIXED = 236, DHCP_SNAME = 64, DHCP_FILE = 128,
	DHCP_REQUEST = 1, DHCP_REPLY = 2,
	DHCP_ETHERNET = 1, DHCP_CHADDR = 16,
	DHCP_MASK = 1, DHCP_ROUTER = 3, DHCP_DNS = 6, DHCP_HOST = 12, DHCP_DOMAIN = 15, DHCP_WANTED = 50,
	DHCP_LEASE = 51, DHCP_TYPE = 53, DHCP_SERVER = 54, DHCP_PARAMETERS = 55, DHCP_TEXT = 56, DHCP_VENDOR = 60,
	DHCP_CLIENT_ID = 61, DHCP_END = 255,
	DHCP_TYPE_LAST = 18,
};
#define DHCP_COOKIE UINT32_C(0x63825363)

static const struct name_of dhcp_ops[] = {{DHCP_REQUEST, "request"}, {DHCP_REPLY, "reply"}, {0, NULL}};

static const struct name_of dhcp_types[] = {
	{1, "DISCOVER"}, {2, "OFFER"}, {3, "REQUEST"}, {4, "DECLINE"}, {5, "ACK"}, {6, "NAK"}, {7, "RELEASE"},
	{8, "INFORM"}, {9, "FORCERENEW"}, {10, "LEASEQUERY"}, {11, "LEASEUNASSIGNED"}, {12, "LEASEUNKNOWN"},
	{13, "LEASEACTIVE"}, {14, "BULKLEASEQUERY"}, {15, "LEASEQUERYDONE"}, {16, "ACTIVELEASEQUERY"},
	{17, "LEASEQUERYSTATUS"}, {18, "TLS"}, {0, NULL},
};

static const struct field_info f_op = {"dhcp.type", "Direction", FIELD_UINT, dhcp_ops};
static const struct field_info f_message = {"dhcp.option.dhcp", "Message", FIELD_UINT, dhcp_types};
static const struct field_info f_xid = {"dhcp.id", "Transaction", FIELD_HEX, NULL};
static const struct field_info f_secs = {"dhcp.secs", "Seconds", FIELD_UINT, NULL};
static const struct field_info f_client = {"dhcp.ip.client", "Client has", FIELD_IPV4, NULL};
static const struct field_info f_your = {"dhcp.ip.your", "Address given", FIELD_IPV4, NULL};
static const struct field_info f_next = {"dhcp.ip.server", "Next server", FIELD_IPV4, NULL};
static const struct field_info f_relay = {"dhcp.ip.relay", "Relay", FIELD_IPV4, NULL};
static const struct field_info f_mac = {"dhcp.hw.mac_addr", "Client", FIELD_MAC, NULL};
static const struct field_info f_wanted = {"dhcp.option.requested_ip_address", "Address wanted", FIELD_IPV4, NULL};
static const struct field_info f_server = {"dhcp.option.dhcp_server_id", "Server", FIELD_IPV4, NULL};
static const struct field_info f_lease = {"dhcp.option.ip_address_lease_time", "Lease (s)", FIELD_UINT, NULL};
static const struct field_info f_host = {"dhcp.option.hostname", "Host name", FIELD_TEXT, NULL};
static const struct field_info f_domain = {"dhcp.option.domain_name", "Domain", FIELD_TEXT, NULL};
static const struct field_info f_mask = {"dhcp.option.subnet_mask", "Mask", FIELD_IPV4, NULL};
static const struct field_info f_router = {"dhcp.option.router", "Router", FIELD_IPV4, NULL};
static const struct field_info f_dns = {"dhcp.option.domain_name_server", "Name server", FIELD_IPV4, NULL};
static const struct field_info f_text = {"dhcp.option.message", "Text", FIELD_TEXT, NULL};
static const struct field_info f_vendor = {"dhcp.option.vendor_class_id", "Vendor class", FIELD_TEXT, NULL};
static const struct field_info f_option = {"dhcp.option.type", "Option", FIELD_UINT, NULL};

static void dhcp_addresses(struct cursor *c, struct packet *p, const struct field_info *info)
{
	while (cursor_left(c) >= 4 && budget_take(&p->budget)) {
		const uint8_t *at = cursor_take(c, 4);

		packet_field(p, info, at, 4, 0);
	}
}

static void dhcp_text(struct cursor *c, struct packet *p, const struct field_info *info)
{
	size_t n = cursor_left(c);

	if (n > 0)
		packet_field(p, info, cursor_take(c, n), n, 0);
}

static void dhcp_option(struct packet *p, const struct tlv *o)
{
	struct cursor c = o->value;
	const uint8_t *at = c.pos;

	switch (o->type) {
	case DHCP_MASK:
		dhcp_addresses(&c, p, &f_mask);
		break;
	case DHCP_ROUTER:
		dhcp_addresses(&c, p, &f_router);
		break;
	case DHCP_DNS:
		dhcp_addresses(&c, p, &f_dns);
		break;
	case DHCP_WANTED:
		dhcp_addresses(&c, p, &f_wanted);
		break;
	case DHCP_SERVER:
		dhcp_addresses(&c, p, &f_server);
		break;
	case DHCP_LEASE:
		if (cursor_left(&c) == 4)
			packet_field(p, &f_lease, at, 4, cursor_be32(&c));
		break;
	case DHCP_HOST:
		dhcp_text(&c, p, &f_host);
		break;
	case DHCP_DOMAIN:
		dhcp_text(&c, p, &f_domain);
		break;
	case DHCP_TEXT:
		dhcp_text(&c, p, &f_text);
		break;
	case DHCP_VENDOR:
		dhcp_text(&c, p, &f_vendor);
		break;
	default:
		if (at)
			packet_field(p, &f_option, at - 2, 1, o->type);
	}
}

/* RFC 2132 section 3: 0 is one byte, 255 ends. *type: of the message. */
static bool dhcp_options(struct cursor *c, struct packet *p, unsigned *type)
{
	struct tlv o;
	uint8_t next;

	while (cursor_peek(c, 0, &next)) {
		if (next == DHCP_END)
			return true;
		if (!tlv_next(c, TLV_U8_U8, &p->budget, &o))
			return false;
		if (o.type == 0)
			continue;
		if (o.type == DHCP_TYPE) {
			if (cursor_left(&o.value) != 1 || o.value.pos[0] == 0 || o.value.pos[0] > DHCP_TYPE_LAST)
				return false;
			*type = o.value.pos[0];
			packet_field(p, &f_message, o.value.pos, 1, *type);
		} else {
			dhcp_option(p, &o);
		}
	}
	return cursor_wire_left(c) == 0; /* some forget the end */
}

static void dhcp_address(struct cursor *c, struct packet *p, const struct field_info *info)
{
	const uint8_t *at = c->pos;

	if (cursor_be32(c) != 0)
		packet_field(p, info, at, 4, 0);
}

static enum dissect_result dhcp_dissect(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	const uint8_t *at = c->pos;
	unsigned op, hardware, length, type = 0;

	op = cursor_u8(&look);
	hardware = cursor_u8(&look);
	length = cursor_u8(&look);
	cursor_skip(&look, DHCP_FIXED - 3);
	if (cursor_be32(&look) != DHCP_COOKIE || look.fault != CURSOR_OK)
		return DISSECT_NOT_MINE;
	if ((op != DHCP_REQUEST && op != DHCP_REPLY) || length > DHCP_CHADDR)
		return DISSECT_NOT_MINE;
	cursor_skip(c, 4);
	packet_field(p, &f_op, at, 1, op);
	packet_field(p, &f_xid, at + 4, 4, cursor_be32(c));
	packet_field(p, &f_secs, at + 8, 2, cursor_be16(c));
	cursor_skip(c, 2);
	dhcp_address(c, p, &f_client);
	dhcp_address(c, p, &f_your);
	dhcp_address(c, p, &f_next);
	dhcp_address(c, p, &f_relay);
	if (hardware == DHCP_ETHERNET && length == 6)
		packet_field(p, &f_mac, c->pos, 6, 0);
	*c = look;
	if (!dhcp_options(c, p, &type)) {
		if (type == 0)
			return DISSECT_NOT_MINE;
		p->service = p->current;
		return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_BAD;
	}
	if (type == 0)
		return DISSECT_NOT_MINE;
	if (cursor_left(c) > 0) /* the end, and padding behind it */
		cursor_skip(c, cursor_wire_left(c));
	p->service = p->current;
	return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind dhcp_binds[] = {
	{TABLE_UDP_GUESS, GUESS_BYTES(DHCP_REQUEST, DHCP_REPLY)},
	{TABLE_NONE, 0},
};

const struct dissector dhcp_dissector = {
	.name = "dhcp",
	.title = "Dynamic Host Configuration Protocol",
	.reference = "RFC 2131, RFC 2132",
	.binds = dhcp_binds,
	.info = "{dhcp.option.dhcp}[ client {dhcp.hw.mac_addr}][ {dhcp.option.hostname}]"
		"[ wants {dhcp.option.requested_ip_address}][ gives {dhcp.ip.your}]"
		"[ server {dhcp.option.dhcp_server_id}][ for {dhcp.option.ip_address_lease_time} s]",
	.dissect = dhcp_dissect,
};
