/* What several lower dissectors share: numbers, their names, and the quote
 * inside an ICMP error. Private to this room. */
#ifndef SOCKEYE_DISSECT_LAYERS_H
#define SOCKEYE_DISSECT_LAYERS_H

#include "sockeye/dissector.h"

enum {
	ETHERTYPE_LLC = 0x0004, /* not on the wire: 802.2 follows (Linux uses it so, too) */
	ETHERTYPE_LENGTH_MAX = 1500, /* IEEE 802.3 3.2.6: up to here it is a length */
	ETHERTYPE_MIN = 1536,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_BRIDGE = 0x6558, /* transparent Ethernet bridging */
	ETHERTYPE_RARP = 0x8035,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_ERSPAN = 0x88be,
	ETHERTYPE_ERSPAN3 = 0x22eb,
	ETHERTYPE_QINQ_OLD = 0x9100,
};

enum {
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_NO_NEXT = 59,
	IPV6_DESTINATION = 60,
	IPV6_MOBILITY = 135,
	IPV6_HIP = 139,
	IPV6_SHIM6 = 140,
};

/* The counters of the loop, for the other files of this room. */
struct dissect_stats *dissect_counters(struct dissect *d);

extern const struct name_of ether_types[];
extern const struct name_of ip_protocols[];
extern const struct name_of arp_hardware[];

/* What comes after an Ethernet type or length field: the type, or 802.2 within
 * that length, so that padding leaves the cursor's sight. False: neither. */
bool layers_ethertype(struct cursor *c, struct packet *p, unsigned type);

/* Name what follows by its first four bits: IPv4, IPv6; false: neither. */
bool layers_ip_by_version(const struct cursor *c, struct packet *p);

/* The next n bytes, at most 8, as a big endian number and a row. Zero and no
 * row, and the cursor's fault, if they are not there. */
uint64_t layers_number(struct cursor *c, struct packet *p, const struct field_info *info, size_t n);

/* The next n bytes as a row of bytes, text or an address; no row of nothing. */
void layers_bytes(struct cursor *c, struct packet *p, const struct field_info *info, size_t n);

/* The rest of the cursor is the payload of the transport just read. */
void layers_payload(const struct cursor *c, struct packet *p);

/* Begin an IP header: what was known of an outer one is no longer the tuple. */
void layers_ip_begin(struct packet *p);

/* The IP packet quoted in an ICMP error, cut as routers cut it: into
 * p->icmp.quoted and rows of the layer being read. */
void quote_read(struct cursor *c, struct packet *p);

#endif
