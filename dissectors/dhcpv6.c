/* DHCPv6: messages of clients, servers and relays.
 *
 * Promises: a datagram is DHCPv6 only if its type exists, its options fill it
 * to the last byte, and one of them is an identifier of client or server (a
 * relay's: the message it carries). Addresses and prefixes are read inside
 * their associations, one level deep; the message in a relay's is not.
 *
 *  0      1             4                0      1      2        18       34
 *  | type | transaction | options ...    | type | hops | link   | peer   | options ...
 */
#include "sockeye/dissector.h"

enum {
	DHCPV6_RELAY_FORWARD = 12, DHCPV6_RELAY_REPLY = 13, DHCPV6_LAST = 19,
	DHCPV6_CLIENT_ID = 1, DHCPV6_SERVER_ID = 2, DHCPV6_IA_NA = 3, DHCPV6_IA_ADDRESS = 5, DHCPV6_RELAY_MESSAGE = 9,
	DHCPV6_STATUS = 13, DHCPV6_DNS = 23, DHCPV6_IA_PD = 25, DHCPV6_PREFIX = 26, DHCPV6_FQDN = 39,
	DHCPV6_IA_FIXED = 12, DHCPV6_DUID_MIN = 3, DHCPV6_DUID_MAX = 130,
};

static const struct name_of dhcpv6_types[] = {
	{1, "Solicit"}, {2, "Advertise"}, {3, "Request"}, {4, "Confirm"}, {5, "Renew"}, {6, "Rebind"}, {7, "Reply"},
	{8, "Release"}, {9, "Decline"}, {10, "Reconfigure"}, {11, "Information-request"}, {12, "Relay-forward"},
	{13, "Relay-reply"}, {14, "Leasequery"}, {15, "Leasequery-reply"}, {16, "Leasequery-done"},
	{17, "Leasequery-data"}, {18, "Reconfigure-request"}, {19, "Reconfigure-reply"}, {0, NULL},
};

static const struct name_of dhcpv6_statuses[] = {
	{0, "success"}, {1, "failure"}, {2, "no addresses"}, {3, "no binding"}, {4, "not on link"}, {5, "use multicast"},
	{6, "no prefix"}, {0, NULL},
};

static const struct field_info f_type = {"dhcpv6.msgtype", "Message", FIELD_UINT, dhcpv6_types};
static const struct field_info f_xid = {"dhcpv6.xid", "Transaction", FIELD_HEX, NULL};
static const struct field_info f_hops = {"dhcpv6.hopcount", "Hops", FIELD_UINT, NULL};
static const struct field_info f_link = {"dhcpv6.linkaddr", "Link", FIELD_IPV6, NULL};
static const struct field_info f_peer = {"dhcpv6.peeraddr", "Peer", FIELD_IPV6, NULL};
static const struct field_info f_option = {"dhcpv6.option.type", "Option", FIELD_UINT, NULL};
static const struct field_info f_client = {"dhcpv6.duid.client", "Client", FIELD_BYTES, NULL};
static const struct field_info f_server = {"dhcpv6.duid.server", "Server", FIELD_BYTES, NULL};
static const struct field_info f_address = {"dhcpv6.iaaddr.ip", "Address", FIELD_IPV6, NULL};
static const struct field_info f_prefix_len = {"dhcpv6.iaprefix.pref_len", "Prefix length", FIELD_UINT, NULL};
static const struct field_info f_prefix = {"dhcpv6.iaprefix.pref_addr", "Prefix", FIELD_IPV6, NULL};
static const struct field_info f_valid = {"dhcpv6.iaaddr.valid_lifetime", "Valid (s)", FIELD_UINT, NULL};
static const struct field_info f_status = {"dhcpv6.status_code", "Status", FIELD_UINT, dhcpv6_statuses};
static const struct field_info f_dns = {"dhcpv6.dns_server", "Name server", FIELD_IPV6, NULL};

/* RFC 8415 section 21.6, 21.22: preferred and valid lifetime around. */
static void dhcpv6_association(struct cursor c, struct packet *p)
{
	struct tlv o;

	cursor_skip(&c, DHCPV6_IA_FIXED);
	while (tlv_next(&c, TLV_U16_U16, &p->budget, &o)) {
		const uint8_t *at = o.value.pos;

		if (o.type == DHCPV6_IA_ADDRESS && cursor_left(&o.value) >= 24) {
			packet_field(p, &f_address, at, 16, 0);
			cursor_skip(&o.value, 20);
			packet_field(p, &f_valid, at + 20, 4, cursor_be32(&o.value));
		} else if (o.type == DHCPV6_PREFIX && cursor_left(&o.value) >= 25) {
			cursor_skip(&o.value, 4);
			packet_field(p, &f_valid, at + 4, 4, cursor_be32(&o.value));
			packet_field(p, &f_prefix_len, at + 8, 1, at[8]);
			packet_field(p, &f_prefix, at + 9, 16, 0);
		} else if (o.type == DHCPV6_STATUS && cursor_left(&o.value) >= 2) {
			packet_field(p, &f_status, at, 2, cursor_be16(&o.value));
		}
	}
}

static void dhcpv6_option(struct packet *p, const struct tlv *o)
{
	struct cursor c = o->value;
	const uint8_t *at = c.pos;
	size_t n = cursor_left(&c);

	packet_field(p, &f_option, at - 4, 2, o->type);
	switch (o->type) {
	case DHCPV6_CLIENT_ID:
		packet_field(p, &f_client, at, n, 0);
		break;
	case DHCPV6_SERVER_ID:
		packet_field(p, &f_server, at, n, 0);
		break;
	case DHCPV6_IA_NA:
	case DHCPV6_IA_PD:
		dhcpv6_association(c, p);
		break;
	case DHCPV6_STATUS:
		if (n >= 2)
			packet_field(p, &f_status, at, 2, cursor_be16(&c));
		break;
	case DHCPV6_DNS:
		while (cursor_left(&c) >= 16 && budget_take(&p->budget))
			packet_field(p, &f_dns, cursor_take(&c, 16), 16, 0);
		break;
	default:
		break;
	}
}

/* RFC 8415 section 11: a type, and up to 128 bytes. */
static bool dhcpv6_is_duid(const struct tlv *o)
{
	size_t n = cursor_left(&o->value);

	return n >= DHCPV6_DUID_MIN && n <= DHCPV6_DUID_MAX && o->value.pos[0] == 0 && o->value.pos[1] >= 1 &&
	       o->value.pos[1] <= 4;
}

static enum dissect_result dhcpv6_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned type = cursor_u8(c);
	bool relay = type == DHCPV6_RELAY_FORWARD || type == DHCPV6_RELAY_REPLY, sure = false;
	struct tlv o;

	if (type == 0 || type > DHCPV6_LAST)
		return DISSECT_NOT_MINE;
	packet_field(p, &f_type, at, 1, type);
	if (relay) {
		packet_field(p, &f_hops, at + 1, 1, cursor_u8(c));
		if ((at = cursor_take(c, 16)) != NULL)
			packet_field(p, &f_link, at, 16, 0);
		if ((at = cursor_take(c, 16)) != NULL)
			packet_field(p, &f_peer, at, 16, 0);
	} else {
		packet_field(p, &f_xid, at + 1, 3, cursor_be24(c));
	}
	while (tlv_next(c, TLV_U16_U16, &p->budget, &o)) {
		if (o.type == 0)
			return DISSECT_NOT_MINE;
		if (o.type == DHCPV6_CLIENT_ID || o.type == DHCPV6_SERVER_ID) {
			if (!dhcpv6_is_duid(&o))
				return DISSECT_NOT_MINE;
			sure = true;
		}
		if (relay && o.type == DHCPV6_RELAY_MESSAGE && cursor_left(&o.value) >= 4)
			sure = o.value.pos[0] >= 1 && o.value.pos[0] <= DHCPV6_LAST;
		dhcpv6_option(p, &o);
	}
	if (!sure || c->fault == CURSOR_OVERRUN || (c->fault == CURSOR_OK && cursor_wire_left(c) > 0))
		return DISSECT_NOT_MINE;
	p->service = p->current;
	return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind dhcpv6_binds[] = {
	{TABLE_UDP_GUESS, GUESS_BYTES(1, DHCPV6_LAST)},
	{TABLE_NONE, 0},
};

const struct dissector dhcpv6_dissector = {
	.name = "dhcpv6",
	.title = "Dynamic Host Configuration Protocol for IPv6",
	.reference = "RFC 8415, RFC 5007",
	.binds = dhcpv6_binds,
	.info = "{dhcpv6.msgtype}[ {dhcpv6.xid}][ address {dhcpv6.iaaddr.ip}]"
		"[ prefix {dhcpv6.iaprefix.pref_addr}/{dhcpv6.iaprefix.pref_len}][ {dhcpv6.status_code}]",
	.dissect = dhcpv6_dissect,
};
