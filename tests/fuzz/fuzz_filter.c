/* Fuzz target: the display filter.
 *
 * The bytes are an expression. It is compiled for flows and for packets and
 * asked of a few; it must end, stay in bounds, give the same answer twice, and
 * the same where only the keys are filled that it says it needs. What does not
 * compile must say why, at a column that exists. Completion at every tenth byte.
 * links: filter facts base
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct name_of words[] = {{1, "one"}, {2, "two"}, {0, NULL}};
static const struct field_info rows[] = {
	{"tcp.srcport", "", FIELD_UINT, NULL}, {"tcp.flags", "", FIELD_FLAGS, words}, {"ip.src", "", FIELD_IPV4, NULL},
	{"ipv6.dst", "", FIELD_IPV6, NULL}, {"eth.src", "", FIELD_MAC, NULL}, {"http.host", "", FIELD_TEXT, NULL},
	{"dns.qry.name", "", FIELD_DOMAIN, NULL}, {"arp.opcode", "", FIELD_UINT, words}, {"dns.data", "", FIELD_BYTES, NULL},
};

static void flow_fill(struct flow_record *r, uint8_t seed)
{
	memset(r, 0, sizeof *r);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		void *at = (char *)r + record_fields[k].offset;

		if ((k + seed) % 5 == 0 && seed)
			continue;
		record_set(r, (enum record_key)k);
		if (record_fields[k].kind == VALUE_WORD)
			*(const char **)at = seed % 2 ? "tcp" : "half_closed";
		else if (record_fields[k].kind == VALUE_PAIR)
			((uint64_t *)at)[seed % 2] = seed % 3 ? seed : PAIR_UNKNOWN;
		else if (record_fields[k].kind == VALUE_U64)
			*(uint64_t *)at = seed;
	}
	r->client = (struct endpoint){.ip = {{10, 0, 0, seed}}, .family = seed % 3 ? FAMILY_IPV4 : FAMILY_IPV6,
				      .port = 443, .has_port = seed % 2};
	r->server_name.len = seed % 64;
	memset(r->server_name.bytes, 'a' + seed % 26, sizeof r->server_name.bytes);
}

/* Rows over the expression itself: foreign bytes that look like it. */
static void packet_fill(struct packet *p, const uint8_t *data, uint32_t size)
{
	struct frame f = {.number = 7, .data = data, .caplen = size, .wirelen = size};

	p->want_fields = true;
	packet_reset(p, &f);
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		packet_field(p, &rows[i], data + (size > i ? i : 0), size > i ? (size - i) % 40 : 0, i);
	p->issue = "cut";
}

static void check_error(const char *text, int r, const struct filter_error *e)
{
	if (r != -EINVAL || e->column == 0 || e->column > strnlen(text, FILTER_TEXT) + 1 || e->text[0] == '\0')
		abort();
	for (const char *s = e->text; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			abort();
}

static void ask_flows(const struct filter *f)
{
	static struct flow_record r;
	uint64_t keys[2];

	filter_needs(f, keys);
	for (uint8_t seed = 0; seed < 4; seed++) {
		bool fits;

		flow_fill(&r, seed);
		fits = filter_flow(f, &r);
		if (filter_flow(f, &r) != fits)
			abort();
		r.has[0] &= keys[0];
		r.has[1] &= keys[1];
		if (filter_flow(f, &r) != fits)
			abort();
	}
}

static void ask_packets(const struct filter *f, const uint8_t *data, size_t size)
{
	static struct packet p;
	static struct flow_record r;
	struct judgement judged = {.verdicts = 6, .rtt_ns = 1000000};
	struct event ev = {.kind = EVENT_PACKET, .packet = &p};

	packet_fill(&p, data, (uint32_t)size);
	(void)filter_packet(f, &ev);
	flow_fill(&r, 1);
	ev.flow = &r;
	ev.judged = &judged;
	if (filter_packet(f, &ev) != filter_packet(f, &ev))
		abort();
}

static void complete(const char *text, enum filter_scope scope)
{
	struct filter_offer offers[4];
	size_t n = strlen(text), from;

	for (size_t at = 0; at <= n && at < 400; at += 10)
		for (unsigned i = filter_complete(text, at, scope, offers, 4, &from); i-- > 0;)
			if (from > at || strlen(offers[i].text) < at - from)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (unsigned scope = FILTER_FLOWS; scope <= FILTER_PACKETS; scope++) {
		struct filter_error e;
		struct filter *f;
		int r = filter_compile(&f, text, (enum filter_scope)scope, &e);

		if (r < 0)
			check_error(text, r, &e);
		else if (scope == FILTER_FLOWS)
			ask_flows(f);
		else
			ask_packets(f, data, size);
		filter_free(f);
		complete(text, (enum filter_scope)scope);
	}
	free(text);
	return 0;
}
