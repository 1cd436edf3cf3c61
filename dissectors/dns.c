/* DNS: questions and answers, over UDP and over TCP.
 *
 * Promises: a name is walked backwards only, within its message, in bounded
 * work; a message on a port that is not 53 is DNS only if every byte of it
 * reads as DNS. Multicast DNS and LLMNR share the format: their messages are
 * read here for mdns.c and llmnr.c (dns.h); NetBIOS names are another protocol.
 * Nothing is remembered: an answer is read without its question.
 *
 *  0      2      4      6      8      10     12
 *  | id   | flags| qd   | an   | ns   | ar   | questions, records ...
 */
#include <string.h>

#include "dns.h"

enum {
	DNS_PORT = 53, NBNS_PORT = 137, MDNS_PORT = 5353, LLMNR_PORT = 5355,
	DNS_HEADER_LEN = 12,
	DNS_NAME_MAX = 255,     /* RFC 1035 section 2.3.4 */
	DNS_POINTERS_MAX = 16,
	DNS_COUNT_MAX = 512,    /* records of one section that a stranger may claim */
	DNS_TYPE_OPT = 41,
	DNS_TCP_MESSAGES = 16,
};

/* Multicast DNS: the top bit of a class (RFC 6762 sections 5.4, 10.2). LLMNR:
 * other words for known bits (RFC 4795 section 2.1.1). */
enum { MDNS_TOP_BIT = 0x8000, LLMNR_CONFLICT = 0x0400, LLMNR_TENTATIVE = 0x0100 };

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

static const struct name_of dns_types[] = {
	{1, "A"},       {2, "NS"},     {5, "CNAME"},   {6, "SOA"},    {10, "NULL"},  {12, "PTR"},
	{13, "HINFO"},  {15, "MX"},    {16, "TXT"},    {17, "RP"},    {18, "AFSDB"}, {24, "SIG"},
	{25, "KEY"},    {28, "AAAA"},  {29, "LOC"},    {33, "SRV"},   {35, "NAPTR"}, {37, "CERT"},
	{39, "DNAME"},  {41, "OPT"},   {43, "DS"},     {44, "SSHFP"}, {46, "RRSIG"}, {47, "NSEC"},
	{48, "DNSKEY"}, {50, "NSEC3"}, {51, "NSEC3PARAM"}, {52, "TLSA"}, {59, "CDS"}, {60, "CDNSKEY"},
	{61, "OPENPGPKEY"}, {64, "SVCB"}, {65, "HTTPS"}, {99, "SPF"}, {249, "TKEY"}, {250, "TSIG"},
	{251, "IXFR"},  {252, "AXFR"}, {255, "ANY"},   {256, "URI"},  {257, "CAA"},  {0, NULL},
};

static const struct name_of dns_classes[] = {
	{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}, {0, NULL},
};

static const struct name_of dns_options[] = {
	{3, "NSID"},  {5, "DAU"},     {8, "client subnet"}, {9, "expire"}, {10, "cookie"},
	{11, "TCP keep-alive"}, {12, "padding"}, {15, "extended error"}, {0, NULL},
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
static const struct field_info f_qname = {"dns.qry.name", "Question", FIELD_DOMAIN, NULL};
static const struct field_info f_qtype = {"dns.qry.type", "Type", FIELD_UINT, dns_types};
static const struct field_info f_qclass = {"dns.qry.class", "Class", FIELD_UINT, dns_classes};
static const struct field_info f_qu = {"dns.qry.qu", "Unicast answer wanted", FIELD_BOOL, NULL};
static const struct field_info f_flush = {"dns.resp.cache_flush", "Replaces what is cached", FIELD_BOOL, NULL};
static const struct field_info f_name = {"dns.resp.name", "Record", FIELD_DOMAIN, NULL};
static const struct field_info f_type = {"dns.resp.type", "Type", FIELD_UINT, dns_types};
static const struct field_info f_class = {"dns.resp.class", "Class", FIELD_UINT, dns_classes};
static const struct field_info f_ttl = {"dns.resp.ttl", "Time to live (s)", FIELD_UINT, NULL};
static const struct field_info f_rdlen = {"dns.resp.len", "Data length", FIELD_UINT, NULL};
static const struct field_info f_data = {"dns.data", "Data", FIELD_BYTES, NULL};
static const struct field_info f_a = {"dns.a", "Address", FIELD_IPV4, NULL};
static const struct field_info f_aaaa = {"dns.aaaa", "Address", FIELD_IPV6, NULL};
static const struct field_info f_cname = {"dns.cname", "Canonical name", FIELD_DOMAIN, NULL};
static const struct field_info f_nsname = {"dns.ns", "Name server", FIELD_DOMAIN, NULL};
static const struct field_info f_ptr = {"dns.ptr.domain_name", "Pointer", FIELD_DOMAIN, NULL};
static const struct field_info f_mx_pref = {"dns.mx.preference", "Preference", FIELD_UINT, NULL};
static const struct field_info f_mx = {"dns.mx.mail_exchange", "Mail exchange", FIELD_DOMAIN, NULL};
static const struct field_info f_txt = {"dns.txt", "Text", FIELD_TEXT, NULL};
static const struct field_info f_soa_mname = {"dns.soa.mname", "Primary server", FIELD_DOMAIN, NULL};
static const struct field_info f_soa_rname = {"dns.soa.rname", "Mailbox", FIELD_DOMAIN, NULL};
static const struct field_info f_soa_serial = {"dns.soa.serial_number", "Serial", FIELD_UINT, NULL};
static const struct field_info f_soa_minimum = {"dns.soa.minimum_ttl", "Minimum TTL (s)", FIELD_UINT, NULL};
static const struct field_info f_srv_priority = {"dns.srv.priority", "Priority", FIELD_UINT, NULL};
static const struct field_info f_srv_weight = {"dns.srv.weight", "Weight", FIELD_UINT, NULL};
static const struct field_info f_srv_port = {"dns.srv.port", "Port", FIELD_UINT, NULL};
static const struct field_info f_srv_target = {"dns.srv.target", "Target", FIELD_DOMAIN, NULL};
static const struct field_info f_opt_size = {"dns.rr.udp_payload_size", "UDP payload size", FIELD_UINT, NULL};
static const struct field_info f_opt_rcode = {"dns.resp.ext_rcode", "Extended result", FIELD_UINT, NULL};
static const struct field_info f_opt_version = {"dns.resp.edns0_version", "EDNS version", FIELD_UINT, NULL};
static const struct field_info f_opt_do = {"dns.resp.z.do", "DNSSEC OK", FIELD_BOOL, NULL};
static const struct field_info f_opt_code = {"dns.opt.code", "Option", FIELD_UINT, dns_options};
static const struct field_info f_opt_len = {"dns.opt.len", "Option length", FIELD_UINT, NULL};

/* One message being read. */
struct dns {
	struct cursor whole; /* at its first byte: compression points from here */
	struct packet *p;
	const char *wrong;   /* what does not read as DNS, or NULL */
	enum dns_kind kind;
};

static bool dns_wrong(struct dns *d, const char *words)
{
	if (!d->wrong)
		d->wrong = words;
	return false;
}

/* Step over the name at c, after following its pointers to see that they lead
 * to a name (RFC 1035 section 4.1.4). False: not a name, or not all there. */
static bool dns_name(struct dns *d, struct cursor *c)
{
	struct cursor at = *c;
	size_t length = 0, bound = cursor_offset(c);
	unsigned pointers = 0;

	for (;;) {
		uint8_t label = cursor_u8(&at);
		size_t target;

		if (at.fault != CURSOR_OK) {
			c->fault = c->fault == CURSOR_OK ? at.fault : c->fault;
			return false;
		}
		if (!budget_take(&d->p->budget))
			return dns_wrong(d, "names take too much work");
		if (label >= 0xc0) {
			target = (size_t)(label & 0x3f) << 8 | cursor_u8(&at);
			if (at.fault != CURSOR_OK) {
				c->fault = c->fault == CURSOR_OK ? at.fault : c->fault;
				return false;
			}
			if (pointers++ == 0)
				cursor_skip(c, cursor_offset(&at) - cursor_offset(c));
			if (target >= bound || target < DNS_HEADER_LEN)
				return dns_wrong(d, "a name's pointer does not lead backwards");
			if (pointers > DNS_POINTERS_MAX)
				return dns_wrong(d, "a name has too many pointers");
			bound = target;
			at = d->whole;
			cursor_skip(&at, target);
			continue;
		}
		if (label > 63)
			return dns_wrong(d, "a name has a label of an unknown kind");
		length += (size_t)label + 1;
		if (length > DNS_NAME_MAX)
			return dns_wrong(d, "a name is longer than 255 bytes");
		cursor_skip(&at, label);
		if (label == 0)
			break;
	}
	if (pointers == 0)
		cursor_skip(c, cursor_offset(&at) - cursor_offset(c));
	return true;
}

/* A name with its row. */
static bool dns_name_field(struct dns *d, struct cursor *c, const struct field_info *info)
{
	const uint8_t *at = c->pos;
	const struct packet *p = d->p;

	if (!dns_name(d, c))
		return false;
	packet_field(d->p, info, at, (size_t)(c->pos - at),
		     (uint64_t)(d->whole.base - p->buffer[p->current_buffer].data));
	return true;
}

static bool dns_class_known(uint16_t class)
{
	return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

static bool dns_question(struct dns *d, struct cursor *c)
{
	const uint8_t *at;
	uint16_t type, class;
	bool top;

	if (!dns_name_field(d, c, &f_qname))
		return false;
	at = c->pos;
	type = cursor_be16(c);
	class = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return false;
	top = d->kind == DNS_MULTICAST && class & MDNS_TOP_BIT;
	if (top)
		class &= (uint16_t)~MDNS_TOP_BIT;
	if (type == 0 || !dns_class_known(class))
		return dns_wrong(d, "a question of an unknown class");
	packet_field(d->p, &f_qtype, at, 2, type);
	packet_field(d->p, &f_qclass, at + 2, 2, class);
	if (d->kind == DNS_MULTICAST)
		packet_field(d->p, &f_qu, at + 2, 2, top);
	return true;
}

static void dns_u16(struct dns *d, struct cursor *c, const struct field_info *info)
{
	const uint8_t *at = c->pos;
	uint16_t v = cursor_be16(c);

	if (c->fault == CURSOR_OK)
		packet_field(d->p, info, at, 2, v);
}

static void dns_u32(struct dns *d, struct cursor *c, const struct field_info *info)
{
	const uint8_t *at = c->pos;
	uint32_t v = cursor_be32(c);

	if (c->fault == CURSOR_OK)
		packet_field(d->p, info, at, 4, v);
}

static void dns_address(struct dns *d, struct cursor *c, const struct field_info *info, size_t n)
{
	const uint8_t *at = cursor_take(c, n);

	if (at)
		packet_field(d->p, info, at, n, 0);
}

static void dns_texts(struct dns *d, struct cursor *c)
{
	while (cursor_wire_left(c) > 0 && c->fault == CURSOR_OK && budget_take(&d->p->budget)) {
		size_t n = cursor_u8(c);
		const uint8_t *at = cursor_take(c, n);

		if (at)
			packet_field(d->p, &f_txt, at, n, 0);
	}
}

/* EDNS options (RFC 6891 section 6.1.2). */
static void dns_edns(struct dns *d, struct cursor *c)
{
	struct tlv option;

	while (tlv_next(c, TLV_U16_U16, &d->p->budget, &option)) {
		packet_field(d->p, &f_opt_code, option.value.base - 4, 2, option.type);
		packet_field(d->p, &f_opt_len, option.value.base - 2, 2, option.value.wire);
	}
}

/* The data of a record: names in it may point anywhere before them, so they
 * are read at the message's cursor, which sees nothing after this record. */
static void dns_data(struct dns *d, struct cursor *c, uint16_t type)
{
	const uint8_t *rest;
	size_t n;

	switch (type) {
	case 1:
		dns_address(d, c, &f_a, 4);
		break;
	case 28:
		dns_address(d, c, &f_aaaa, 16);
		break;
	case 2:
		(void)dns_name_field(d, c, &f_nsname);
		break;
	case 5:
	case 39:
		(void)dns_name_field(d, c, &f_cname);
		break;
	case 12:
		(void)dns_name_field(d, c, &f_ptr);
		break;
	case 15:
		dns_u16(d, c, &f_mx_pref);
		(void)dns_name_field(d, c, &f_mx);
		break;
	case 16:
	case 99:
		dns_texts(d, c);
		break;
	case 6:
		if (!dns_name_field(d, c, &f_soa_mname) || !dns_name_field(d, c, &f_soa_rname))
			break;
		dns_u32(d, c, &f_soa_serial);
		cursor_skip(c, 12); /* refresh, retry, expire */
		dns_u32(d, c, &f_soa_minimum);
		break;
	case 33:
		dns_u16(d, c, &f_srv_priority);
		dns_u16(d, c, &f_srv_weight);
		dns_u16(d, c, &f_srv_port);
		(void)dns_name_field(d, c, &f_srv_target);
		break;
	case DNS_TYPE_OPT:
		dns_edns(d, c);
		break;
	default:
		n = cursor_left(c);
		rest = cursor_take(c, n);
		if (rest && n > 0)
			packet_field(d->p, &f_data, rest, n, 0);
	}
}

static bool dns_record(struct dns *d, struct cursor *c)
{
	struct cursor data;
	const uint8_t *at;
	uint16_t type, class, n;
	uint32_t ttl;

	if (!dns_name_field(d, c, &f_name))
		return false;
	at = c->pos;
	type = cursor_be16(c);
	class = cursor_be16(c);
	ttl = cursor_be32(c);
	n = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return false;
	packet_field(d->p, &f_type, at, 2, type);
	if (type == DNS_TYPE_OPT) { /* RFC 6891 section 6.1.3: class and TTL mean other things */
		packet_field(d->p, &f_opt_size, at + 2, 2, class);
		packet_field(d->p, &f_opt_rcode, at + 4, 1, ttl >> 24);
		packet_field(d->p, &f_opt_version, at + 5, 1, ttl >> 16 & 0xff);
		packet_field(d->p, &f_opt_do, at + 6, 2, ttl >> 15 & 1);
	} else {
		bool top = d->kind == DNS_MULTICAST && class & MDNS_TOP_BIT;

		if (top)
			class &= (uint16_t)~MDNS_TOP_BIT;
		if (!dns_class_known(class))
			return dns_wrong(d, "a record of an unknown class");
		if (d->kind == DNS_MULTICAST)
			packet_field(d->p, &f_flush, at + 2, 2, top);
		packet_field(d->p, &f_class, at + 2, 2, class);
		packet_field(d->p, &f_ttl, at + 4, 4, ttl);
	}
	packet_field(d->p, &f_rdlen, at + 8, 2, n);

	data = *c; /* base stays the message's */
	if (!cursor_limit(&data, n))
		return dns_wrong(d, "a record is longer than its message");
	if (n > 0)
		dns_data(d, &data, type);
	cursor_skip(c, n);
	if (c->fault != CURSOR_OK)
		return false;
	if (data.fault != CURSOR_OK || (n > 0 && cursor_wire_left(&data) > 0))
		return dns_wrong(d, "a record's data does not fit its type");
	return d->wrong == NULL;
}

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

static const struct bind dns_binds[] = {{TABLE_UDP_GUESS, 0}, {TABLE_TCP_GUESS, 0}, {TABLE_NONE, 0}};

const struct dissector dns_dissector = {
	.name = "dns",
	.title = "Domain Name System",
	.reference = "RFC 1035, RFC 6891",
	.binds = dns_binds,
	.info = DNS_INFO,
	.dissect = dns_dissect,
};
