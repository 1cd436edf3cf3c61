/* DNS: questions and answers, over UDP and over TCP.
 *
 * Promises: a message on a port that is not 53 is DNS only if every byte of it
 * reads as DNS. Multicast DNS and LLMNR share the format: their messages are
 * read here for mdns.c and llmnr.c (dns.h); NetBIOS names are another protocol.
 * Nothing is remembered: an answer is read without its question. Questions and
 * records are dns_records.c's.
 *
 *  0      2      4      6      8      10     12
 *  | id   | flags| qd   | an   | ns   | ar   | questions, records ...
 */
#include <string.h>

#include "dns_records.h"

enum {
	DNS_PORT = 53, NBNS_PORT = 137, MDNS_PORT = 5353, LLMNR_PORT = 5355,
	DNS_COUNT_MAX = 512,    /* records of one section that a stranger may claim */
	DNS_TCP_MESSAGES = 16,
};

/* LLMNR: other words for known bits (RFC 4795 section 2.1.1). */
enum { LLMNR_CONFLICT = 0x0400, LLMNR_TENTATIVE = 0x0100 };

enum dns_flag {
	DNS_RESPONSE = 0x8000, DNS_AA = 0x0400, DNS_TC = 0x0200, DNS_RD = 0x0100,
	DNS_RA = 0x0080, DNS_Z = 0x0040, DNS_AD = 0x0020, DNS_CD = 0x0010,
};

static const struct name_of dns_directions[] = {{0, "query"}, {1, "response"}, {0, NULL}};

static const struct name_of dns_opcodes[] = {
	{0, "query"}, {1, "iquery"}, {2, "status"}, {4, "notify"}, {5, "update"}, {6, "dso"}, {0, NULL},
};

static const struct name_of dns_rcodes[] = {
	{0, "NoError"},  {1, "FormErr"},   {2, "ServFail"}, {3, "NXDomain"}, {4, "NotImp"},
	{5, "Refused"},  {6, "YXDomain"},  {7, "YXRRSet"},  {8, "NXRRSet"},  {9, "NotAuth"},
	{10, "NotZone"}, {11, "DSOTypeNI"}, {0, NULL},
};

static const struct name_of dns_flag_names[] = {
	{DNS_RESPONSE, "response"}, {DNS_AA, "authoritative"}, {DNS_TC, "truncated"},
	{DNS_RD, "recursion desired"}, {DNS_RA, "recursion available"}, {DNS_AD, "authentic data"},
	{DNS_CD, "checking disabled"}, {0, NULL},
};

static const struct name_of llmnr_flag_names[] = {
	{DNS_RESPONSE, "response"}, {LLMNR_CONFLICT, "conflict"}, {DNS_TC, "truncated"},
	{LLMNR_TENTATIVE, "tentative"}, {0, NULL},
};

static const struct field_info f_length = {"dns.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_id = {"dns.id", "Transaction", FIELD_HEX, NULL};
static const struct field_info f_response = {"dns.flags.response", "Message", FIELD_STATIC, dns_directions};
static const struct field_info f_flags = {"dns.flags", "Flags", FIELD_FLAGS, dns_flag_names};
static const struct field_info f_llmnr_flags = {"dns.flags", "Flags", FIELD_FLAGS, llmnr_flag_names};
static const struct field_info f_opcode = {"dns.flags.opcode", "Operation", FIELD_UINT, dns_opcodes};
static const struct field_info f_rcode = {"dns.flags.rcode", "Result", FIELD_UINT, dns_rcodes};
static const struct field_info f_qd = {"dns.count.queries", "Questions", FIELD_UINT, NULL};
static const struct field_info f_an = {"dns.count.answers", "Answers", FIELD_UINT, NULL};
static const struct field_info f_ns = {"dns.count.auth_rr", "Authority records", FIELD_UINT, NULL};
static const struct field_info f_ar = {"dns.count.add_rr", "Additional records", FIELD_UINT, NULL};
/* RFC 6762 section 18: no recursion, no errors; a question may have answers
 * (known ones) and authority records (a probe), or nothing but more answers. */
static bool mdns_plausible(uint16_t flags, const uint16_t count[4])
{
	if (flags & (DNS_Z | DNS_RA | DNS_AD | DNS_CD) || flags >> 11 & 15 || flags & 15)
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (count[i] > DNS_COUNT_MAX)
			return false;
	if (flags & DNS_RESPONSE)
		return count[1] + count[2] + count[3] > 0;
	return count[0] > 0 || count[1] > 0;
}

/* RFC 4795 section 2.1.1. */
static bool llmnr_plausible(uint16_t flags, const uint16_t count[4])
{
	if (flags & (DNS_Z | DNS_RA | DNS_AD | DNS_CD) || flags >> 11 & 15 || flags & 15 || count[0] != 1)
		return false;
	if (flags & DNS_RESPONSE)
		return count[1] <= DNS_COUNT_MAX && count[2] <= DNS_COUNT_MAX && count[3] <= DNS_COUNT_MAX;
	return !(flags & LLMNR_TENTATIVE) && count[1] == 0 && count[2] == 0 && count[3] <= 1;
}

/* Opcode, reserved bit, result and counts that a name server could have sent. */
static bool dns_plausible(uint16_t flags, const uint16_t count[4], enum dns_kind kind)
{
	unsigned opcode = flags >> 11 & 15;

	if (kind == DNS_MULTICAST)
		return mdns_plausible(flags, count);
	if (kind == DNS_LINK_LOCAL)
		return llmnr_plausible(flags, count);
	if ((flags & DNS_Z) || opcode == 3 || opcode > 5 || (flags & 15) > 11)
		return false;
	if (count[0] > 1 && opcode != 5) /* RFC 9619: exactly one question */
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (count[i] > DNS_COUNT_MAX)
			return false;
	if (flags & DNS_RESPONSE)
		return count[0] + count[1] + count[2] + count[3] > 0 || (flags & 15) != 0;
	/* a question carries no result, and answers only to update or notify */
	return count[0] == 1 && (flags & 15) == 0 && !(flags & DNS_RA) && (opcode != 0 || count[1] == 0);
}

static void dns_header_fields(struct packet *p, const uint8_t *at, uint16_t id, uint16_t flags,
			      const uint16_t count[4], enum dns_kind kind)
{
	packet_field(p, &f_id, at, 2, id);
	packet_field(p, &f_response, at + 2, 2, (flags & DNS_RESPONSE) ? 1 : 0);
	packet_field(p, kind == DNS_LINK_LOCAL ? &f_llmnr_flags : &f_flags, at + 2, 2, flags & 0x8fb0U);
	packet_field(p, &f_opcode, at + 2, 2, flags >> 11 & 15U);
	if (flags & DNS_RESPONSE && kind == DNS_UNICAST)
		packet_field(p, &f_rcode, at + 2, 2, flags & 15U);
	packet_field(p, &f_qd, at + 4, 2, count[0]);
	packet_field(p, &f_an, at + 6, 2, count[1]);
	packet_field(p, &f_ns, at + 8, 2, count[2]);
	packet_field(p, &f_ar, at + 10, 2, count[3]);
}

/* One message, which fills c. trusted: the port is 53 or the flow is known, so
 * a mistake in it is a mistake and not another protocol. */
static enum dissect_result dns_message(struct cursor *c, struct packet *p, bool trusted, enum dns_kind kind)
{
	struct dns d = {.p = p, .kind = kind};
	uint16_t id, flags, count[4];
	bool good = true;

	cursor_init(&d.whole, c->pos, cursor_left(c), cursor_wire_left(c));
	*c = d.whole;
	id = cursor_be16(c);
	flags = cursor_be16(c);
	for (unsigned i = 0; i < 4; i++)
		count[i] = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_NOT_MINE; /* a port alone proves nothing */
	if (!dns_plausible(flags, count, kind) || (!trusted && count[0] == 0 && kind != DNS_MULTICAST))
		return DISSECT_NOT_MINE;
	dns_header_fields(p, d.whole.base, id, flags, count, kind);

	for (unsigned i = 0; i < count[0] && good; i++)
		good = dns_question(&d, c);
	if (!good && !trusted)
		return DISSECT_NOT_MINE;
	for (unsigned s = 1; s < 4; s++)
		for (unsigned i = 0; i < count[s] && good; i++)
			good = dns_record(&d, c);

	/* A cut question was refused above: what remains is ours beyond doubt
	 * only if its question, with class and type, was whole. */
	if (c->fault == CURSOR_CUT && !d.wrong && (trusted || count[0] > 0)) {
		p->service = p->current;
		return DISSECT_CUT;
	}
	if (good && cursor_wire_left(c) > 0)
		good = dns_wrong(&d, "bytes follow the last record");
	if (good || trusted)
		p->service = p->current;
	if (good)
		return DISSECT_OK;
	if (!trusted)
		return DISSECT_NOT_MINE;
	packet_issue(p, d.wrong ? d.wrong : "the message ends inside a record");
	return DISSECT_BAD;
}

/* RFC 1035 section 4.2.2: each message after its length in two bytes. */
static enum dissect_result dns_stream(struct cursor *c, struct packet *p, bool trusted)
{
	enum dissect_result result = DISSECT_NOT_MINE;

	for (unsigned i = 0; i < DNS_TCP_MESSAGES && cursor_wire_left(c) > 2; i++) {
		const uint8_t *at = c->pos;
		size_t n = cursor_be16(c);
		struct cursor message;

		/* A message that goes on in the next segment is not read: half of
		 * it proves nothing. */
		if (c->fault != CURSOR_OK || n < DNS_HEADER_LEN || n > cursor_wire_left(c))
			break;
		packet_field(p, &f_length, at, 2, n);
		message = cursor_sub(c, n);
		result = dns_message(&message, p, trusted, DNS_UNICAST);
		if (result != DISSECT_OK)
			return result;
	}
	return result;
}

static bool dns_on_port(const struct packet *p, uint16_t port)
{
	return p->tuple.from_port == port || p->tuple.to_port == port;
}

static bool dns_to_group(const struct packet *p, const uint8_t v4[4], const uint8_t v6[16])
{
	if (p->tuple.family == FAMILY_IPV4)
		return memcmp(p->tuple.to.b, v4, 4) == 0;
	return p->tuple.family == FAMILY_IPV6 && memcmp(p->tuple.to.b, v6, 16) == 0;
}

/* To the group, or among hosts that speak it (both ports), multicast DNS is
 * beyond doubt. To or from one such port alone, a resolver that has been put
 * there asks for recursion, and multicast DNS never does (RFC 6762 section
 * 18.6); LLMNR has another meaning for that bit, in answers only. */
static enum dns_kind dns_kind_of(const struct packet *p, uint16_t flags, bool *sure)
{
	static const uint8_t mdns4[] = {224, 0, 0, 251}, llmnr4[] = {224, 0, 0, 252};
	static const uint8_t mdns6[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb};
	static const uint8_t llmnr6[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3};

	*sure = false;
	if (dns_on_port(p, NBNS_PORT))
		return DNS_NONE;
	if (dns_on_port(p, MDNS_PORT)) {
		*sure = dns_to_group(p, mdns4, mdns6) || p->tuple.from_port == p->tuple.to_port;
		return *sure || !(flags & (DNS_RD | DNS_RA)) ? DNS_MULTICAST : DNS_UNICAST;
	}
	if (dns_on_port(p, LLMNR_PORT)) {
		*sure = dns_to_group(p, llmnr4, llmnr6);
		if (!*sure && (flags & DNS_RA || (flags & (DNS_RESPONSE | DNS_RD)) == DNS_RD))
			return DNS_UNICAST;
		return DNS_LINK_LOCAL;
	}
	*sure = dns_on_port(p, DNS_PORT);
	return DNS_UNICAST;
}

enum dissect_result dns_datagram(struct cursor *c, struct packet *p, enum dns_kind kind)
{
	bool known = p->talk && p->talk->known, sure;
	uint8_t high = 0, low = 0;

	if (!cursor_peek(c, 2, &high) || !cursor_peek(c, 3, &low) ||
	    dns_kind_of(p, (uint16_t)(high << 8 | low), &sure) != kind)
		return DISSECT_NOT_MINE;
	return dns_message(c, p, known || sure, kind);
}

static enum dissect_result dns_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known;
	bool trusted = known || dns_on_port(p, DNS_PORT);

	if (p->tuple.proto == PROTO_TCP)
		return dns_on_port(p, NBNS_PORT) ? DISSECT_NOT_MINE : dns_stream(c, p, trusted);
	return dns_datagram(c, p, DNS_UNICAST);
}

/* What dns_plausible() says of the upper bytes of flags and counts, of a message that begins there. */
#define DNS_BEGINS(table, place) \
	{table, GUESS_AT(place + 2, 0x00, 0x17)}, {table, GUESS_AT(place + 2, 0x20, 0x2f)}, \
	{table, GUESS_AT(place + 2, 0x80, 0x97)}, {table, GUESS_AT(place + 2, 0xa0, 0xaf)}, \
	{table, GUESS_AT(place + 4, 0, DNS_COUNT_MAX >> 8)}

static const struct bind dns_binds[] = {
	DNS_BEGINS(TABLE_UDP_GUESS, 0),
	{TABLE_UDP_GUESS, GUESS_AT(6, 0, DNS_COUNT_MAX >> 8)},
	DNS_BEGINS(TABLE_TCP_GUESS, 2),
	{TABLE_NONE, 0},
};

const struct dissector dns_dissector = {
	.name = "dns",
	.title = "Domain Name System",
	.reference = "RFC 1035, RFC 6891",
	.binds = dns_binds,
	.info = DNS_INFO,
	.dissect = dns_dissect,
};
