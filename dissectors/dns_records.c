/* What a DNS message consists of: names, questions, records and their data.
 *
 * Promises: a name is walked backwards only, within its message, in bounded
 * work; a record's data ends where its length says.
 *
 *  question: | name | type 2 | class 2 |
 *  record:   | name | type 2 | class 2 | time to live 4 | length 2 | data ...     RFC 1035 section 4.1
 */
#include "dns_records.h"

enum {
	DNS_NAME_MAX = 255, /* RFC 1035 section 2.3.4 */
	DNS_POINTERS_MAX = 16,
	DNS_TYPE_OPT = 41,
};

/* The top bit of a class in multicast DNS: RFC 6762 sections 5.4, 10.2. */
enum { MDNS_TOP_BIT = 0x8000 };

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

bool dns_wrong(struct dns *d, const char *words)
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

bool dns_question(struct dns *d, struct cursor *c)
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

bool dns_record(struct dns *d, struct cursor *c)
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
