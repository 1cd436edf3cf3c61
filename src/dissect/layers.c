/* What several lower dissectors share: numbers and their names, what follows a
 * type field, where the payload begins. No protocol of its own. */
#include "layers.h"

const struct name_of ether_types[] = {
	{ETHERTYPE_LLC, "802.2"},
	{ETHERTYPE_IPV4, "IPv4"},
	{ETHERTYPE_ARP, "ARP"},
	{0x0842, "Wake-on-LAN"},
	{0x2000, "CDP"},
	{ETHERTYPE_ERSPAN3, "ERSPAN III"},
	{ETHERTYPE_BRIDGE, "Ethernet bridging"},
	{ETHERTYPE_RARP, "RARP"},
	{0x809b, "AppleTalk"},
	{0x80f3, "AARP"},
	{ETHERTYPE_VLAN, "802.1Q"},
	{0x8137, "IPX"},
	{ETHERTYPE_IPV6, "IPv6"},
	{0x8808, "Ethernet flow control"},
	{0x8809, "slow protocols (LACP)"},
	{ETHERTYPE_PPP, "PPP"},
	{ETHERTYPE_MPLS, "MPLS"},
	{ETHERTYPE_MPLS_MULTICAST, "MPLS multicast"},
	{ETHERTYPE_PPPOE_DISCOVERY, "PPPoE discovery"},
	{ETHERTYPE_PPPOE_SESSION, "PPPoE session"},
	{0x888e, "802.1X"},
	{0x8892, "PROFINET"},
	{0x88a2, "ATA over Ethernet"},
	{0x88a4, "EtherCAT"},
	{ETHERTYPE_QINQ, "802.1ad"},
	{0x88b5, "local experiment"},
	{ETHERTYPE_ERSPAN, "ERSPAN"},
	{0x88cc, "LLDP"},
	{0x88e5, "MACsec"},
	{0x88e7, "802.1ah"},
	{0x88f7, "PTP"},
	{0x8902, "CFM"},
	{0x8906, "FCoE"},
	{0x894f, "NSH"},
	{0x9000, "loopback test"},
	{ETHERTYPE_QINQ_OLD, "802.1Q in 802.1Q"},
	{0, NULL},
};

const struct name_of ip_protocols[] = {
	{IPV6_HOP_BY_HOP, "hop-by-hop options"},
	{PROTO_ICMP, "ICMP"},
	{PROTO_IGMP, "IGMP"},
	{PROTO_IPIP, "IPv4"},
	{PROTO_TCP, "TCP"},
	{8, "EGP"},
	{PROTO_UDP, "UDP"},
	{33, "DCCP"},
	{PROTO_IPV6, "IPv6"},
	{IPV6_ROUTING, "routing header"},
	{IPV6_FRAGMENT, "fragment header"},
	{46, "RSVP"},
	{PROTO_GRE, "GRE"},
	{PROTO_ESP, "ESP"},
	{PROTO_AH, "AH"},
	{PROTO_ICMPV6, "ICMPv6"},
	{IPV6_NO_NEXT, "no next header"},
	{IPV6_DESTINATION, "destination options"},
	{88, "EIGRP"},
	{89, "OSPF"},
	{94, "IP in IP (KA9Q)"},
	{97, "Ethernet in IP"},
	{103, "PIM"},
	{108, "IPComp"},
	{112, "VRRP"},
	{115, "L2TP"},
	{PROTO_SCTP, "SCTP"},
	{IPV6_MOBILITY, "mobility header"},
	{PROTO_UDPLITE, "UDP-Lite"},
	{137, "MPLS in IP"},
	{IPV6_HIP, "HIP"},
	{IPV6_SHIM6, "Shim6"},
	{143, "Ethernet"},
	{253, "experiment 253"},
	{254, "experiment 254"},
	{255, "reserved"},
	{0, NULL},
};

const struct name_of arp_hardware[] = {
	{1, "Ethernet"},     {6, "IEEE 802"},    {15, "Frame Relay"}, {16, "ATM"},
	{20, "serial line"}, {24, "IEEE 1394"},  {32, "InfiniBand"},  {512, "PPP"},
	{768, "IPIP"},       {769, "IP6IP6"},    {772, "loopback"},   {776, "SIT"},
	{778, "GRE"},        {801, "802.11"},    {802, "802.11 prism"}, {803, "802.11 radiotap"},
	{823, "GRE over IPv6"}, {824, "netlink"}, {65534, "none"},     {0, NULL},
};

bool layers_ethertype(struct cursor *c, struct packet *p, unsigned type)
{
	if (type >= ETHERTYPE_MIN) {
		packet_next(p, TABLE_ETHERTYPE, type);
		return true;
	}
	if (type > ETHERTYPE_LENGTH_MAX) {
		packet_issue(p, "the type field is neither a type nor a length");
		return false;
	}
	if (!cursor_limit(c, type))
		packet_issue(p, "the 802.3 length exceeds the frame");
	packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_LLC);
	return true;
}

bool layers_ip_by_version(const struct cursor *c, struct packet *p)
{
	uint8_t first;

	if (!cursor_peek(c, 0, &first))
		return false;
	if (first >> 4 == 4)
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_IPV4);
	else if (first >> 4 == 6)
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_IPV6);
	else
		return false;
	return true;
}

uint64_t layers_number(struct cursor *c, struct packet *p, const struct field_info *info, size_t n)
{
	const uint8_t *at = cursor_take(c, n);
	uint64_t number = 0;

	if (!at)
		return 0;
	for (size_t i = 0; i < n; i++)
		number = number << 8 | at[i];
	packet_field(p, info, at, n, number);
	return number;
}

void layers_bytes(struct cursor *c, struct packet *p, const struct field_info *info, size_t n)
{
	const uint8_t *at = cursor_take(c, n);

	if (at && n > 0)
		packet_field(p, info, at, n, 0);
}

void layers_payload(const struct cursor *c, struct packet *p)
{
	p->payload_captured = (uint32_t)cursor_left(c);
	p->payload_len = (uint32_t)cursor_wire_left(c);
	if (p->fragment.alone)
		p->payload_captured = p->payload_len = 0;
	p->payload = p->payload_captured > 0 ? c->pos : NULL;
	p->payload_buffer = p->current_buffer;
}

void layers_ip_begin(struct packet *p)
{
	p->transport = false;
	p->payload = NULL;
	p->payload_captured = p->payload_len = 0;
	memset(&p->tuple, 0, sizeof p->tuple);
}
