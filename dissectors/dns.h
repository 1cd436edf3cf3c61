/* The message that three protocols share: DNS, multicast DNS (RFC 6762) and
 * link-local multicast name resolution (RFC 4795). dns.c reads it for all;
 * which of the three a message is, its context says: ports, groups, flags. */
#ifndef DISSECTORS_DNS_H
#define DISSECTORS_DNS_H

#include "sockeye/dissector.h"

enum dns_kind { DNS_UNICAST, DNS_MULTICAST, DNS_LINK_LOCAL, DNS_NONE };

/* One datagram. NOT_MINE if it is of another kind. */
enum dissect_result dns_datagram(struct cursor *c, struct packet *p, enum dns_kind kind);

#define DNS_INFO \
	"{dns.flags.response}[ {dns.qry.type}][ {dns.qry.name}][ {dns.flags.rcode}]" \
	"[ {dns.cname}][ {dns.a}][ {dns.aaaa}][ {dns.mx.mail_exchange}][ {dns.ns}][ {dns.ptr.domain_name}]" \
	"[ {dns.srv.target}:{dns.srv.port}][ {dns.txt}]"

#endif
