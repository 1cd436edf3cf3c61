/* Multicast DNS: names and services of the local link, without a server.
 *
 * Promises: a message in the format of DNS that came from or went to port 5353
 * and whose group, ports or flags say that it is not a name server's; all of it
 * must read as DNS. dns.c does the reading; what differs is there: the top bit
 * of a class (unicast answer wanted, cached records to be flushed), several
 * questions, answers in a question.
 */
#include "dns.h"

static enum dissect_result mdns_dissect(struct cursor *c, struct packet *p)
{
	return dns_datagram(c, p, DNS_MULTICAST);
}

static const struct bind mdns_binds[] = {
	{TABLE_UDP_GUESS, GUESS_AT(2, 0x00, 0x07)}, /* of the flags no operation and no result */
	{TABLE_UDP_GUESS, GUESS_AT(2, 0x80, 0x87)},
	{TABLE_UDP_GUESS, GUESS_AT(3, 0, 0)},
	{TABLE_NONE, 0},
};

const struct dissector mdns_dissector = {
	.name = "mdns",
	.title = "Multicast Domain Name System",
	.reference = "RFC 6762, RFC 6763",
	.binds = mdns_binds,
	.info = "{dns.flags.response}[ {dns.qry.type}][ {dns.qry.name}][ {dns.resp.type} {dns.resp.name}]"
		"[ {dns.ptr.domain_name}][ {dns.srv.target}:{dns.srv.port}][ {dns.a}][ {dns.aaaa}]",
	.dissect = mdns_dissect,
};
