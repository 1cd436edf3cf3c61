/* The display filter asked of packets: rows of every kind, layers, verdicts, and
 * the record of the packet's flow.
 * links: filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "filter_flow.h"
#include "sockeye/dissector.h"
#include "sockeye/filter.h"

static const struct name_of flag_words[] = {{TCP_SYN, "SYN"}, {TCP_ACK, "ACK"}, {0, NULL}};
static const struct name_of opcodes[] = {{1, "request"}, {2, "reply"}, {0, NULL}};
static const struct field_info f_src = {"ip.src", "", FIELD_IPV4, NULL}, f_src6 = {"ipv6.src", "", FIELD_IPV6, NULL},
			       f_port = {"tcp.srcport", "", FIELD_UINT, NULL},
			       f_flags = {"tcp.flags", "", FIELD_FLAGS, flag_words},
			       f_mac = {"eth.src", "", FIELD_MAC, NULL}, f_host = {"http.host", "", FIELD_TEXT, NULL},
			       f_name = {"dns.qry.name", "", FIELD_DOMAIN, NULL}, f_data = {"dns.data", "", FIELD_BYTES, NULL},
			       f_op = {"arp.opcode", "", FIELD_UINT, opcodes}, f_do = {"dns.resp.z.do", "", FIELD_BOOL, NULL},
			       f_signal = {"wlancap.signal", "", FIELD_INT, NULL}, f_ttl = {"ip.ttl", "", FIELD_UINT, NULL};
static const struct dissector ip = {.name = "ip"}, tcp = {.name = "tcp"}, tls = {.name = "tls"};

static struct packet packet;
static struct flow_record flow;
static struct judgement judged_as;

static const uint8_t bytes[] = {
	2, 0, 0, 0, 0, 1,                                            /* 0: hardware */
	10, 1, 2, 3,                                                 /* 6: IPv4 */
	0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,     /* 10: IPv6 */
	'W', 'w', 'w', '.', 'a', 0x1b, 'b',                          /* 26: text */
	3, 'w', 'w', 'w', 2, 'd', 'e', 0,                            /* 33: name */
	0x0d, 0x0a, 0x0d, 0x0a,                                      /* 41 */
};

static void row(const struct field_info *info, size_t at, size_t n, uint64_t num)
{
	packet_field(&packet, info, bytes + at, n, num);
}

static void fill(void)
{
	struct frame f = {.number = 7, .data = bytes, .caplen = sizeof bytes, .wirelen = 1500,
			  .ts_ns = INT64_C(1700000000500000000)};

	packet.want_fields = true;
	packet_reset(&packet, &f);
	packet.layer[0].by = &ip;
	packet.layer[1].by = &tcp;
	packet.layers = 2;
	packet.service = &tls;
	packet.issue = "the options are wrong";
	packet.tuple = (struct tuple){.from = {{10, 1, 2, 3}}, .to = {{192, 0, 2, 80}}, .from_port = 443, .to_port = 5,
				      .proto = PROTO_TCP, .family = FAMILY_IPV4};
	packet.transport = true;
	row(&f_mac, 0, 6, 0);
	row(&f_src, 6, 4, 0);
	row(&f_src6, 10, 16, 0);
	row(&f_ttl, 6, 1, 64);
	row(&f_ttl, 6, 1, 3);
	row(&f_port, 6, 2, 443);
	row(&f_flags, 6, 2, TCP_SYN | TCP_ACK);
	row(&f_host, 26, 7, 0);
	row(&f_name, 33, 8, 33);
	row(&f_data, 41, 4, 0);
	row(&f_op, 6, 1, 2);
	row(&f_do, 6, 1, 1);
	row(&f_signal, 6, 1, (uint64_t)-70);
	filter_flow_fill(&flow);
	judged_as = (struct judgement){.verdicts = verdict_bit(VERDICT_DUP_ACK) | verdict_bit(VERDICT_EXACT_LATE),
				       .dup_ack_number = 2, .rtt_ns = 70000000};
}

static int asked(const char *text, bool with_flow)
{
	struct event ev = {.kind = EVENT_PACKET, .packet = &packet, .flow = with_flow ? &flow : NULL,
			   .judged = with_flow ? &judged_as : NULL};
	struct filter_error e;
	struct filter *f;
	bool fits;

	if (filter_compile(&f, text, FILTER_PACKETS, &e) < 0) {
		print_message("%s: column %u: %s\n", text, e.column, e.text);
		return -1;
	}
	fits = filter_packet(f, &ev);
	filter_free(f);
	return fits;
}

static void packets_are_asked(void **state)
{
	static const struct {
		const char *text;
		int fits, without_flow;
	} all[] = {
		{"ip.src==10.1.2.3", 1, 1}, {"ip.addr == 10.0.0.0/8", 1, 1}, {"ip.dst==10.1.2.3", 0, 0}, {"ip.dst!=1.1.1.1", 0, 0},
		{"ip:10.1.2.3", 1, 1}, {"src:2001:db8::/32", 1, 1}, {"ipv6.src==2001:db8::1", 1, 1}, {"ipv6.src==2001:db8::2", 0, 0},
		{"ip.ttl<10", 1, 1}, {"ip.ttl==64", 1, 1}, {"ip.ttl!=64", 0, 0}, {"ip.ttl!=65", 1, 1}, {"ttl>64", 0, 0},
		{"tcp.port==443", 1, 1}, {"port:443", 1, 1}, {"dport:443", 0, 0}, {"udp.port==443", 0, 0},
		{"tcp.flags:syn", 1, 1}, {"flags:syn", 1, 1}, {"flags:fin", 0, 0}, {"tcp.flags==0x12", 1, 1}, {"tcp.flags==18", 1, 1},
		{"tcp.flags.syn==1", 1, 1}, {"tcp.flags.fin==1", 0, 0}, {"tcp.flags.fin==0", 1, 1}, {"tcp.flags.fin", 1, 1},
		{"eth.addr==02:00:00:00:00:01", 1, 1}, {"eth.src:02:00", 1, 1}, {"eth.src==02:00", -1, -1}, {"eth.src:02:01", 0, 0},
		{"http.host contains WWW", 1, 1}, {"http.host==\"www.a\"", 0, 0}, {"http.host~'a.b$'", 1, 1}, {"http.host", 1, 1},
		{"http.server", 0, 0}, {"dns.qry.name==www.de", 1, 1}, {"dns.qry.name~'^w+\\.d'", 1, 1}, {"name:www.de", 1, 1},
		{"dns.data contains 0a:0d", 1, 1}, {"dns.data==0d0a0d0a", 1, 1}, {"dns.data:0b", 0, 0},
		{"arp.opcode==reply", 1, 1}, {"arp.opcode:rep", 1, 1}, {"arp.opcode==rep", 0, 0}, {"arp.opcode==2", 1, 1},
		{"arp.opcode matches '^RE'", 1, 1}, {"dns.resp.z.do==yes", 1, 1}, {"wlancap.signal<-60", 1, 1},
		{"wlancap.signal==-70", 1, 1}, {"wlancap.signal>0", 0, 0},
		{"tcp", 1, 1}, {"tls", 1, 1}, {"udp", 0, 0}, {"TCP and not dns", 1, 1}, {"proto:tls", 1, 1}, {"service==tls", 1, 1},
		{"frame.number==7", 1, 1}, {"frame.len==1500", 1, 1}, {"frame.cap_len<100", 1, 1}, {"number>7", 0, 0},
		{"time:1700000000.5", 1, 1}, {"issue:options", 1, 1}, {"issue:''", 1, 1},
		{"verdict:dup_ack", 1, 0}, {"verdict:exact", 1, 0}, {"verdict==exact", -1, -1}, {"!verdict:dup_ack", 0, 1},
		{"verdict:challenge_ack", 0, 0}, {"tcp.analysis.duplicate_ack", 1, 0}, {"tcp.analysis.duplicate_ack_num==2", 1, 0},
		{"tcp.analysis.retransmission", 0, 0}, {"tcp.analysis.flags", 1, 0}, {"tcp.analysis.ack_rtt>69ms", 1, 0},
		{"state:half", 1, 0}, {"!state:half", 0, 1}, {"rtt<13ms", 1, 0}, {"flow==17", 1, 0}, {"bytes.server>5M", 1, 0},
		{"tcp.completeness==31", 1, 0}, {"sni:example", 1, 0}, {"duration==10s", 1, 0},
		{"443", 1, 1}, {"10.1.2.3:443", 1, 1}, {"wrong", 1, 1}, {"reply", 1, 1}, {"late_segment", 1, 0}, {"zzz", 0, 0},
		{"10.0.0.0/8", 1, 1}, {"192.0.2.0/24", 0, 0}, {"tcp.len > 0", 0, 0}, {"tcp.stream==1", -1, -1},
		{"sctp.data_sid==1 or tcp.srcport in {80 443}", 1, 1},
	};

	(void)state;
	fill();
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (asked(all[i].text, true) != all[i].fits || asked(all[i].text, false) != all[i].without_flow)
			fail_msg("%s: %d, %d", all[i].text, asked(all[i].text, true), asked(all[i].text, false));
}

/* A row that lies about where it is shows nothing and is read nowhere. */
static void rows_that_lie_are_harmless(void **state)
{
	static const char *const texts[] = {"http.host:a", "ip.src==0.0.0.0/0", "ipv6.src==::/0", "eth.src:02", "dns.data:0d",
					    "dns.qry.name:w", "zzzz"};

	(void)state;
	fill();
	for (unsigned i = 0; i < packet.fields; i++) {
		packet.field[i].off = i % 3 ? 0xfffffff0U : sizeof bytes - 1;
		packet.field[i].len = 0xffffffffU;
		packet.field[i].buffer = i % 2 ? BUFFER_FRAME : (uint8_t)(i % 5);
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(asked(texts[i], true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_asked),
		cmocka_unit_test(rows_that_lie_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
