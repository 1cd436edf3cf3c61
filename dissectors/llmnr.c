/* Link-local multicast name resolution: who has this name, asked of the link.
 *
 * Promises: a message in the format of DNS that came from or went to port 5355,
 * with exactly one question and the flags of RFC 4795 section 2.1.1; all of it
 * must read as DNS. dns.c does the reading.
 */
#include "dns.h"

static enum dissect_result llmnr_dissect(struct cursor *c, struct packet *p)
{
	return dns_datagram(c, p, DNS_LINK_LOCAL);
}

static const struct bind llmnr_binds[] = {
	{TABLE_UDP_GUESS, GUESS_AT(2, 0x00, 0x07)}, /* of the flags no operation and no result */
	{TABLE_UDP_GUESS, GUESS_AT(2, 0x80, 0x87)},
	{TABLE_UDP_GUESS, GUESS_AT(3, 0, 0)},
	{TABLE_UDP_GUESS, GUESS_AT(4, 0, 0)}, /* one question */
	{TABLE_UDP_GUESS, GUESS_AT(5, 1, 1)},
	{TABLE_NONE, 0},
};

const struct dissector llmnr_dissector = {
	.name = "llmnr",
	.title = "Link-Local Multicast Name Resolution",
	.reference = "RFC 4795",
	.binds = llmnr_binds,
	.info = DNS_INFO,
	.dissect = llmnr_dissect,
};
