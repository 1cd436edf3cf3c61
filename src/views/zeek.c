/* Zeek's conn.log: a table with tabs and its own header, as Zeek's ASCII writer
 * makes it and zeek-cut reads it.
 *
 * The columns are those of Zeek 8 with the scripts for VLANs loaded. A value
 * that is not known is "-". All text in it is our own words, addresses and
 * numbers, so nothing needs Zeek's \xNN. The header's times are those of the
 * first and last packet in UTC, so that a file gives the same bytes always.
 * What is not as in Zeek stands in docs/zeek.md. */
#include <string.h>
#include <time.h>

#include "sockeye/clock.h"
#include "sockeye/digits.h"
#include "sockeye/hash.h"
#include "view.h"

static const struct {
	const char *name, *type;
} columns[] = {
	{"ts", "time"}, {"uid", "string"},
	{"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"}, {"id.resp_p", "port"},
	{"proto", "enum"}, {"service", "string"}, {"duration", "interval"},
	{"orig_bytes", "count"}, {"resp_bytes", "count"}, {"conn_state", "string"},
	{"local_orig", "bool"}, {"local_resp", "bool"}, {"missed_bytes", "count"}, {"history", "string"},
	{"orig_pkts", "count"}, {"orig_ip_bytes", "count"}, {"resp_pkts", "count"}, {"resp_ip_bytes", "count"},
	{"tunnel_parents", "set[string]"}, {"ip_proto", "count"}, {"vlan", "int"}, {"inner_vlan", "int"},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* ---- header and end --------------------------------------------------------- */

static void put_moment(struct out *out, const char *key, const struct totals *t)
{
	bool open = strcmp(key, "#open") == 0;
	time_t seconds = t ? (time_t)((open ? t->first_ns : t->last_ns) / CLOCK_S) : 0;
	struct tm tm;
	char text[32];

	if (!t || t->packets == 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(text, sizeof text, "%Y-%m-%d-%H-%M-%S", &tm) == 0) {
		text[0] = '-';
		text[1] = '\0';
	}
	out_format(out, "%s\t%s\n", key, text);
}

static void put_header(struct view *v, const struct totals *t)
{
	struct out *out = &v->out;

	if (v->headed)
		return;
	v->headed = true;
	out_put(out, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n");
	put_moment(out, "#open", t);
	out_put(out, "#fields");
	for (unsigned i = 0; i < COLUMNS; i++)
		out_format(out, "\t%s", columns[i].name);
	out_put(out, "\n#types");
	for (unsigned i = 0; i < COLUMNS; i++)
		out_format(out, "\t%s", columns[i].type);
	out_char(out, '\n');
}

void zeek_end(struct view *v, const struct totals *t)
{
	put_header(v, t);
	put_moment(&v->out, "#close", t);
}

/* ---- one flow ------------------------------------------------------------------ */

/* The other half of a pair of ICMP messages, which Zeek takes for the second
 * port; the code where a message has none. */
static uint64_t icmp_counterpart(const struct flow_record *r)
{
	static const uint8_t v4[][2] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
	static const uint8_t v6[][2] = {{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}};
	const uint8_t (*pair)[2] = r->ip_proto == PROTO_ICMP ? v4 : v6;
	unsigned n = r->ip_proto == PROTO_ICMP ? sizeof v4 / sizeof *v4 : sizeof v6 / sizeof *v6;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 2; k++)
			if (r->icmp_type == pair[i][k])
				return pair[i][!k];
	return r->icmp_code;
}

static bool is_icmp(const struct flow_record *r)
{
	return r->ip_proto == PROTO_ICMP || r->ip_proto == PROTO_ICMPV6;
}

static const char *proto_word(const struct flow_record *r)
{
	return r->ip_proto == PROTO_TCP ? "tcp" : r->ip_proto == PROTO_UDP ? "udp" : is_icmp(r) ? "icmp" :
	       "unknown_transport";
}

/* Zeek's name of what we call by another. */
static const char *service_word(const struct flow_record *r)
{
	if (!record_has(r, RECORD_SERVICE))
		return "-";
	return strcmp(r->service, "tls") == 0 ? "ssl" : r->service;
}

/* C and base 62 of a hash of what the flow is: the same in every run. */
static void put_uid(struct out *out, const struct flow_record *r)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct {
		uint64_t id;
		int64_t first_ns;
		struct address client, server;
		uint16_t ports[2];
		uint32_t proto;
	} what = {r->id, r->first_ns, r->client.ip, r->server.ip, {r->client.port, r->server.port}, r->ip_proto};
	struct hash_key key;

	_Static_assert(sizeof what == 56, "no padding: all of it is hashed");
	out_put(out, "\tC");
	for (unsigned half = 1; half <= 2; half++) { /* 96 bits, as Zeek's */
		uint64_t h;

		hash_key_init(&key, half);
		h = hash_bytes(&key, &what, sizeof what);
		if (half == 1)
			h >>= 32;
		do {
			out_char(out, digits[h % 62]);
			h /= 62;
		} while (h);
	}
}

/* A tab, and what follows it. */
static void put_word(struct out *out, const char *word)
{
	out_char(out, '\t');
	out_put(out, word);
}

static void put_number(struct out *out, bool known, uint64_t n)
{
	out_char(out, '\t');
	if (known)
		out_u64(out, n);
	else
		out_char(out, '-');
}

static void put_end(struct out *out, const struct endpoint *e, uint64_t port)
{
	out_char(out, '\t');
	out_took(out, tuple_write(out_room(out, TUPLE_ADDRESS_MAX), &e->ip, e->family));
	put_number(out, true, port);
}

static void put_seconds(struct out *out, int64_t ns)
{
	out_took(out, digits_seconds(out_room(out, DIGITS_SECONDS_MAX), ns, 6));
}

void zeek_flow(struct view *v, const struct flow_record *r, const struct totals *t)
{
	struct out *out = &v->out;
	bool lasted = r->last_ns > r->first_ns; /* Zeek has no sizes of what was but a moment */

	put_header(v, t);
	put_seconds(out, r->first_ns);
	put_uid(out, r);
	put_end(out, &r->client, is_icmp(r) ? r->icmp_type : r->client.port);
	put_end(out, &r->server, is_icmp(r) ? icmp_counterpart(r) : r->server.port);
	put_word(out, proto_word(r));
	put_word(out, service_word(r));
	out_char(out, '\t');
	if (lasted)
		put_seconds(out, r->last_ns - r->first_ns);
	else
		out_char(out, '-');
	put_number(out, lasted, r->stream_bytes[0]);
	put_number(out, lasted, r->stream_bytes[1]);
	put_word(out, record_has(r, RECORD_CONN_STATE) ? r->conn_state : "-");
	out_put(out, "\t-\t-");
	put_number(out, r->ip_proto != PROTO_TCP || record_has(r, RECORD_EXACT_MISSED_BYTES),
		   r->exact.missed_bytes[0] + r->exact.missed_bytes[1]);
	put_word(out, record_has(r, RECORD_HISTORY) ? r->history : "-");
	for (unsigned i = 0; i < 2; i++) {
		put_number(out, true, r->packets[i]);
		out_put(out, "\t-"); /* IP bytes are not counted */
	}
	out_put(out, "\t-");
	put_number(out, true, r->ip_proto);
	for (unsigned i = 0; i < 2; i++)
		put_number(out, record_has(r, RECORD_VLAN) && r->vlan.n > i, r->vlan.at[i]);
	out_char(out, '\n');
}
