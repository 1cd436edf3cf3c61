/* Views: a stream of events made by hand, and the exact bytes that come out.
 * links: views facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sockeye/dissector.h"
#include "sockeye/views.h"
#include "sockeye/histogram.h"
#include "views/out.h"

#define NS INT64_C(1000000000)

static bool fine;
static struct flow_record record;
static struct packet packet;
static struct histogram rtt[2];
static struct totals totals = {.rtt = rtt};
static char output[65536];

static bool ask_source(void *arg, unsigned index, struct views_source *out)
{
	(void)arg;
	*out = (struct views_source){.name = "a\x1b.pcap", .format = "pcap", .damaged = 1, .drops_known = true,
				     .drops = 3, .complete = false, .problem = ""};
	return index == 0;
}

static const char *ask_interface(void *arg, unsigned source, unsigned interface)
{
	(void)arg;
	return source == 0 && interface == 2 ? "eth0" : NULL;
}

static bool ask_fine(void *arg)
{
	(void)arg;
	return fine;
}

static struct views_options options(enum view_kind view, enum view_format format)
{
	return (struct views_options){
		.view = view,
		.format = format,
		.sources = {.source = ask_source, .interface = ask_interface, .fine = ask_fine},
	};
}

/* Give the events to a new view; what it wrote. */
static const char *play(struct views_options o, const struct event *events, unsigned n)
{
	struct observer observer;
	struct error e;
	ssize_t len;

	o.fd = memfd_create("views", 0);
	assert_true(o.fd >= 0);
	assert_int_equal(views_open(&observer, &o, &e), 0);
	for (unsigned i = 0; i < n; i++)
		if (observer.wants & events[i].kind)
			assert_int_equal(observer.event(observer.self, &events[i]), 0);
	observer.close(observer.self);
	len = pread(o.fd, output, sizeof output - 1, 0);
	assert_true(len >= 0);
	output[len] = '\0';
	close(o.fd);
	return output;
}

static void set(enum record_key k)
{
	record_set(&record, k);
}

/* A handshake that completed, as the flow room would fill it. */
static void fill_record(void)
{
	static const enum record_key has[] = {
		RECORD_PROTO, RECORD_ID, RECORD_HS_TIME, RECORD_FIRST, RECORD_LAST, RECORD_CLIENT, RECORD_SERVER,
		RECORD_ORIENTATION, RECORD_OUTCOME, RECORD_HS_STATE, RECORD_HS_OPEN, RECORD_PACKETS, RECORD_BYTES,
		RECORD_HS_SYN, RECORD_HS_COMPLETE, RECORD_HS_RTT, RECORD_HS_LAST_SYN_TO_SYNACK,
		RECORD_HS_SYNACK_TO_ACK, RECORD_HS_FIRST_SYN_TO_ACK, RECORD_HS_SYN_RETRANSMITS,
		RECORD_HS_CLIENT_MSS, RECORD_HS_SERVER_MSS, RECORD_STATE, RECORD_OPEN, RECORD_LOST_SEGMENTS,
		RECORD_RTT_SERVER_MIN, RECORD_SERVICE, RECORD_SERVER_NAME, RECORD_TUNNEL, RECORD_VLAN,
	};

	memset(&record, 0, sizeof record);
	for (unsigned i = 0; i < sizeof has / sizeof *has; i++)
		set(has[i]);
	record.proto = "tcp";
	record.id = 17;
	record.first_ns = 1362692526 * NS + 869344123;
	record.last_ns = 1362692527 * NS + 900000000;
	record.client = (struct endpoint){.ip = {{10, 0, 0, 1}}, .port = 1234, .family = FAMILY_IPV4, .has_port = true};
	record.server = (struct endpoint){.ip = {{10, 0, 0, 2}}, .port = 80, .family = FAMILY_IPV4, .has_port = true};
	record.orientation = "syn";
	record.outcome = "complete";
	record.outcome_state = "established";
	record.packets[0] = 7;
	record.packets[1] = 5;
	record.bytes[0] = 517;
	record.bytes[1] = 3021;
	record.syn = record.complete = true;
	record.rtt = 70034499;
	record.last_syn_to_synack = 69800000;
	record.synack_to_ack = 234500;
	record.first_syn_to_ack = 70034500;
	record.syn_retransmits = 1;
	record.syns = 2;
	record.options[0].mss = 1460;
	record.options[1].mss = 1400;
	record.state = "closed";
	record.lost_segments[0] = 2;
	record.lost_segments[1] = PAIR_UNKNOWN;
	record.round_trip[0].min = 69000000;
	record.service = "http";
	record.server_name = (struct record_name){12, "ex,\"\t\x1b\xff.org\\"};
	record.tunnel = (struct record_name){8, "vxlan 42"};
	record.vlan = (struct record_list){2, {100, 7}};
}

static const struct event *flow_event(enum event_kind kind)
{
	static struct event ev;

	ev = (struct event){.kind = kind, .flow = &record, .totals = &totals};
	return &ev;
}

static void views_connection_json(void **state)
{
	(void)state;
	fill_record();
	assert_string_equal(play(options(VIEW_CONNECTIONS, VIEW_JSON), flow_event(EVENT_FLOW_END), 1),
		"{\"type\":\"connection\",\"proto\":\"tcp\",\"id\":17,\"first\":1362692526.869344,"
		"\"last\":1362692527.900000,\"client\":{\"ip\":\"10.0.0.1\",\"port\":1234},"
		"\"server\":{\"ip\":\"10.0.0.2\",\"port\":80},\"orientation\":\"syn\",\"packets\":[7,5],"
		"\"bytes\":[517,3021],\"handshake\":{\"syn\":true,\"complete\":true,\"rtt_us\":70034,"
		"\"last_syn_to_synack_us\":69800,\"synack_to_ack_us\":235,\"first_syn_to_ack_us\":70035,"
		"\"syn_retransmits\":1,\"client_options\":{\"mss\":1460},\"server_options\":{\"mss\":1400}},"
		"\"state\":\"closed\",\"open\":false,\"lost_segments\":[2,null],"
		"\"rtt\":{\"server\":{\"min_us\":69000}},\"service\":\"http\","
		"\"server_name\":\"ex,\\\"\\u0009\\u001b\\\\xff.org\\\\\",\"tunnel\":\"vxlan 42\",\"vlan\":[100,7]}\n");
	fine = true;
	assert_non_null(strstr(play(options(VIEW_CONNECTIONS, VIEW_JSON), flow_event(EVENT_FLOW_END), 1),
			       "\"first\":1362692526.869344123,\"last\":1362692527.900000000,"));
	fine = false;
}

static void views_handshake_json(void **state)
{
	(void)state;
	fill_record();
	assert_string_equal(play(options(VIEW_HANDSHAKES, VIEW_JSON), flow_event(EVENT_HANDSHAKE), 1),
		"{\"type\":\"handshake\",\"id\":17,\"time\":1362692526.869344,"
		"\"client\":{\"ip\":\"10.0.0.1\",\"port\":1234},\"server\":{\"ip\":\"10.0.0.2\",\"port\":80},"
		"\"outcome\":\"complete\",\"state\":\"established\",\"open\":false,"
		"\"handshake\":{\"syn\":true,\"complete\":true,\"rtt_us\":70034,"
		"\"last_syn_to_synack_us\":69800,\"synack_to_ack_us\":235,\"first_syn_to_ack_us\":70035,"
		"\"syn_retransmits\":1,\"client_options\":{\"mss\":1460},\"server_options\":{\"mss\":1400}}}\n");
}

static void assert_begins(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", text, start);
}

static unsigned columns(const char *line, char separator)
{
	unsigned n = 1;
	bool quoted = false;

	for (; *line && *line != '\n'; line++) {
		if (*line == '"')
			quoted = !quoted;
		if (*line == separator && !(quoted && separator == ','))
			n++;
	}
	return n;
}

static void views_csv_and_tsv(void **state)
{
	const char *out, *second;

	(void)state;
	fill_record();
	out = play(options(VIEW_CONNECTIONS, VIEW_CSV), flow_event(EVENT_FLOW_END), 1);
	assert_begins(out, "type,proto,id,first,last,client.ip,client.port,server.ip,server.port,orientation,"
			    "packets.client,packets.server,bytes.client,bytes.server,icmp.type,");
	second = strchr(out, '\n') + 1;
	assert_begins(second, "connection,tcp,17,1362692526.869344,1362692527.900000,10.0.0.1,1234,10.0.0.2,80,"
			    "syn,7,5,517,3021,,,,true,,,true,70034,");
	assert_non_null(strstr(second, ",\"ex,\"\"\\x09\\x1b\\xff.org\\\\\",vxlan 42,100;7,"));
	assert_non_null(strstr(second, ",2,,")); /* half a pair is unknown */
	assert_int_equal(columns(out, ','), columns(second, ','));
	out = play(options(VIEW_HANDSHAKES, VIEW_TSV), flow_event(EVENT_HANDSHAKE), 1);
	assert_begins(out, "type\tid\ttime\tclient.ip\tclient.port\t");
	second = strchr(out, '\n') + 1;
	assert_begins(second, "handshake\t17\t1362692526.869344\t10.0.0.1\t1234\t");
	assert_int_equal(columns(out, '\t'), columns(second, '\t'));
	/* No record: the header alone. */
	out = play(options(VIEW_HANDSHAKES, VIEW_CSV), flow_event(EVENT_END), 1);
	assert_begins(out, "type,id,time,");
	assert_int_equal(strchr(out, '\n')[1], '\0');
}

static void views_text_lines(void **state)
{
	(void)state;
	fill_record();
	record.server_name = (struct record_name){2, "\xc3\xbc"};
	assert_string_equal(play(options(VIEW_CONNECTIONS, VIEW_TEXT), flow_event(EVENT_FLOW_END), 1),
		"TIME         STATE        CLIENT                SERVER                      BYTES   PACKETS HANDSHAKE"
		" SERVICE\n"
		"21:42:06.869 closed       10.0.0.1:1234         10.0.0.2:80              517/3.0k       7/5   70.0 ms"
		" tcp/http \xc3\xbc, in vxlan 42, vlan 100 / 7\n");
	record.vlan.n = 0;
	record.synack = true;
	assert_string_equal(play(options(VIEW_HANDSHAKES, VIEW_TEXT), flow_event(EVENT_HANDSHAKE), 1),
		"TIME         CLIENT                SERVER                OUTCOME     NET+HOST ms  NOTES\n"
		"21:42:06.869 10.0.0.1:1234         10.0.0.2:80           complete      69.8+0.23"
		"  total 70.0 ms  SYN sent 2 times  mss 1460/1400\n");
}

static void views_ascii_is_ascii(void **state)
{
	struct views_options o = options(VIEW_CONNECTIONS, VIEW_TEXT);

	(void)state;
	fill_record();
	record.server_name = (struct record_name){2, "\xc3\xbc"};
	o.ascii = true;
	assert_non_null(strstr(play(o, flow_event(EVENT_FLOW_END), 1), "tcp/http \\xc3\\xbc,"));
	for (const char *c = output; *c; c++)
		assert_true((unsigned char)*c < 0x7f);
	/* JSON has its own way to say a character, the basic plane and above. */
	record.server_name = (struct record_name){6, "\xc3\xbc\xf0\x9f\x91\xa8"};
	o.format = VIEW_JSON;
	assert_non_null(strstr(play(o, flow_event(EVENT_FLOW_END), 1), "\"server_name\":\"\\u00fc\\ud83d\\udc68\""));
	record.server_name = (struct record_name){3, "\xc3\xbc,"};
	o.format = VIEW_CSV;
	assert_non_null(strstr(play(o, flow_event(EVENT_FLOW_END), 1), ",\"\\xc3\\xbc,\","));
}

static const char *const protocol_names[] = {"eth", "ip", "ipv6", "tcp"};

static void fill_totals(void)
{
	static const uint64_t protocols[] = {12, 12, 0, 12};

	memset(&totals, 0, sizeof totals);
	totals.rtt = rtt;
	totals.packets = 12;
	totals.wire_bytes = 4000;
	totals.first_ns = 1 * NS;
	totals.last_ns = 3 * NS + 500000000;
	totals.flows_tcp = 1;
	totals.handshakes[OUTCOME_COMPLETE] = 1;
	totals.protocols = 4;
	totals.protocol_names = protocol_names;
	totals.sources = 1;
	totals.source[0] = (struct source_totals){12, 4000, 1 * NS, 3 * NS + 500000000, protocols};
}

#define FILE_LINE                                                                                             \
	"{\"type\":\"file\",\"file\":\"a\\u001b.pcap\",\"format\":\"pcap\",\"packets\":12,\"wire_bytes\":4000,"     \
	"\"first\":1.000000,\"last\":3.500000,\"protocols\":{\"eth\":12,\"ip\":12,\"tcp\":12},\"damaged\":1,"     \
	"\"capture_drops\":3,\"complete\":false}\n"

static void views_file_and_summary(void **state)
{
	struct event events[3];
	struct flow_record troubled;

	(void)state;
	fill_record();
	fill_totals();
	events[0] = *flow_event(EVENT_HANDSHAKE);
	events[1] = *flow_event(EVENT_FLOW_END);
	/* The capture dropped frames meanwhile: what is not seen is not called lost on the network. */
	troubled = record;
	record_set(&troubled, RECORD_EXACT_LOST_BYTES);
	record_set(&troubled, RECORD_CAPTURE_DROPS);
	troubled.capture_drops = 12;
	troubled.exact.lost_bytes[0] = 700;
	troubled.exact.missed_bytes[1] = 9;
	troubled.exact.retransmitted_segments[1] = 2;
	troubled.retransmissions[1] = 3;
	events[1].flow = &troubled;
	histogram_add(&rtt[0], 1000000);
	events[2] = (struct event){.kind = EVENT_END, .totals = &totals};
	assert_string_equal(play(options(VIEW_CONNECTIONS, VIEW_JSON), &events[2], 1), FILE_LINE);
	assert_string_equal(play(options(VIEW_REPORT, VIEW_JSON), events, 3),
		FILE_LINE
		"{\"type\":\"summary\",\"packets\":12,\"wire_bytes\":4000,\"flows\":{\"tcp\":1,\"udp\":0,\"icmp\":0},"
		"\"handshakes\":{\"complete\":1,\"refused\":0,\"unanswered\":0,\"half_open\":0,\"reset\":0,"
		"\"unreachable\":0},\"flows_evicted\":0,\"handshake_us\":{\"p50\":70035,\"p90\":70035,\"p99\":70035},"
		"\"rtt_us\":{\"server\":{\"p50\":1000,\"p90\":1000,\"p99\":1000,\"samples\":1}},"
		"\"loss\":{\"network_bytes\":0,\"network_connections\":0,\"unclear_bytes\":700,\"capture_bytes\":9,"
		"\"capture_connections\":1},\"exact\":{\"retransmitted_segments\":2,\"retransmitted_bytes\":0,"
		"\"late_segments\":0,\"late_bytes\":0,\"conflicting_bytes\":0,\"duplicates\":0,\"forgotten_holes\":0},"
		"\"retransmissions\":3,\"out_of_order\":0,\"dup_acks\":0,\"zero_windows\":0}\n");
	/* Without a handshake nothing is said of its times. */
	assert_null(strstr(play(options(VIEW_REPORT, VIEW_JSON), &events[2], 1), "handshake_us"));
	memset(rtt, 0, sizeof rtt);
}

static void views_report_text(void **state)
{
	struct event events[4];
	struct flow_record refused;

	(void)state;
	fill_record();
	fill_totals();
	totals.flows_evicted = 2;
	totals.handshakes[OUTCOME_REFUSED] = 1;
	refused = record;
	refused.outcome = "refused";
	refused.server.port = 81;
	events[0] = *flow_event(EVENT_HANDSHAKE);
	events[1] = *flow_event(EVENT_HANDSHAKE);
	events[1].flow = &refused;
	events[2] = *flow_event(EVENT_FLOW_END);
	events[3] = (struct event){.kind = EVENT_END, .totals = &totals};
	assert_string_equal(play(options(VIEW_REPORT, VIEW_TEXT), events, 4),
		"Totals\n"
		"  Source        a\\x1b.pcap (pcap), incomplete\n"
		"  Packets       12, 4000 bytes on the wire\n"
		"  Time          00:00:01.000000 to 00:00:03.500000, 2.50 s\n"
		"  Protocols     eth 12, ip 12, tcp 12\n"
		"  Flows         tcp 1, udp 0, icmp 0\n"
		"\n"
		"Handshakes\n"
		"  Outcome       complete 1, refused 1, unanswered 0, half_open 0, reset 0, unreachable 0\n"
		"  First SYN to ACK  p50 70.0 ms, p90 70.0 ms, p99 70.0 ms (to 3 %)\n"
		"\n"
		"Slowest handshakes\n"
		"   70.0 ms  21:42:06.869344  10.0.0.1:1234         -> 10.0.0.2:80            1 repeat\n"
		"\n"
		"Failed handshakes\n"
		"         1  refused      to 10.0.0.2:81\n"
		"\n"
		"Top talkers (payload bytes)\n"
		"            sent        received     flows  address\n"
		"             517            3021         1  10.0.0.1\n"
		"            3021             517         1  10.0.0.2\n"
		"\n"
		"Not seen whole\n"
		"         2  flows were forgotten early for want of memory\n"
		"         3  packets were dropped by the capture\n"
		"         1  records or blocks of the input were damaged\n");
}

/* ---- packets ---------------------------------------------------------------- */

static const struct name_of type_names[] = {{1, "A"}, {0, NULL}};
static const struct field_info type_field = {"dns.qry.type", "Type", FIELD_UINT, type_names};
static const struct field_info name_field = {"dns.qry.name", "Name", FIELD_TEXT, NULL};
static const struct dissector tcp = {.name = "tcp", .title = "Transmission Control Protocol"};
static const struct dissector dns = {.name = "dns", .title = "Domain Name System",
	.info = "query {dns.qry.type}[ {dns.qry.name}][ id {dns.id}]"};
static const uint8_t bytes[20] = "GET / HTTP/1.1\x1b\xff";

static void start_packet(void)
{
	struct frame f = {.number = 4, .ts_ns = 1362692526 * NS + 882032000, .data = bytes, .caplen = 20,
			  .wirelen = 583, .interface = 2};

	packet.want_fields = true;
	packet_reset(&packet, &f);
	packet.tuple = (struct tuple){.from = {{10, 0, 0, 1}}, .to = {{10, 0, 0, 2}}, .from_port = 1234,
				      .to_port = 80, .proto = PROTO_TCP, .family = FAMILY_IPV4};
	packet.transport = true;
	packet.tcp = (struct tcp_facts){.seq = 1001, .ack = 501, .flags = TCP_PSH | TCP_ACK, .window = 502};
	packet.layers = 1;
	packet.layer[0] = (struct layer){.by = &tcp, .off = 0, .len = 20};
	packet.payload_len = 517;
	record.isn[0] = 1000;
	record.isn[1] = 500;
	record.isn_known[0] = record.isn_known[1] = true;
}

static const struct event *packet_event(void)
{
	static struct event ev;

	ev = (struct event){.kind = EVENT_PACKET, .packet = &packet, .flow = &record, .totals = &totals};
	return &ev;
}

static void views_packet_text_is_tcpdumps(void **state)
{
	struct views_options o = options(VIEW_PACKETS, VIEW_TEXT);

	(void)state;
	fill_record();
	start_packet();
	assert_string_equal(play(o, packet_event(), 1), "21:42:06.882032 10.0.0.1:1234 > 10.0.0.2:80: tcp Flags [P.], "
			    "seq 1:518, ack 1, win 502, length 517\n");
	o.absolute = true;
	assert_string_equal(play(o, packet_event(), 1), "21:42:06.882032 10.0.0.1:1234 > 10.0.0.2:80: tcp Flags [P.], "
			    "seq 1001:1518, ack 501, win 502, length 517\n");
	o.absolute = false;
	packet.payload_len = 0;
	packet.tcp = (struct tcp_facts){.seq = 1000, .flags = TCP_SYN, .window = 64240, .mss = 1460, .wscale = 7,
		.tsval = 5, .options = TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS | TCP_HAS_WSCALE};
	packet_vlan(&packet, 100);
	packet_tunnel(&packet, TUNNEL_VXLAN, true, 42);
	assert_string_equal(play(o, packet_event(), 1), "21:42:06.882032 vlan 100, vxlan 42: 10.0.0.1:1234 > "
			    "10.0.0.2:80: tcp Flags [S], seq 1000, win 64240, "
			    "options [mss 1460,sackOK,TS val 5 ecr 0,wscale 7], length 0\n");
}

static const struct dissector ethernet = {.name = "eth", .title = "Ethernet", .link = "a > b[, type {eth.type}]"};

static void add_dns(void)
{
	packet.layers = 2;
	packet.layer[1] = (struct layer){.by = &dns, .off = 0, .len = 20, .issue = "odd"};
	packet.service = &dns;
	packet_field(&packet, &type_field, bytes, 1, 1);
	packet_field(&packet, &name_field, bytes + 12, 4, 0);
	packet_field(&packet, &type_field, bytes, 1, 2);
}

static void views_packet_layers_and_bytes(void **state)
{
	struct views_options o = options(VIEW_PACKETS, VIEW_TEXT);

	(void)state;
	fill_record();
	start_packet();
	add_dns();
	o.verbose = 1;
	o.bytes = VIEW_HEX;
	o.bytes_of_link = true;
	packet.fields_dropped = 2;
	packet.frame.comment = "hi\x1b";
	assert_string_equal(play(o, packet_event(), 1),
		"21:42:06.882032 10.0.0.1:1234 > 10.0.0.2:80: tcp Flags [P.], seq 1:518, ack 1, win 502, length 517: "
		"dns query A .1\\x1b\\xff\n"
		"    comment: hi\\x1b\n"
		"    tcp  Transmission Control Protocol, 20 bytes at 0\n"
		"    dns  Domain Name System, 20 bytes at 0  [odd]\n"
		"        Type                     A (1)\n"
		"        Name                     .1\\x1b\\xff\n"
		"        Type                     2\n"
		"        2 more\n"
		"    payload  517 bytes, 0 captured\n"
		"\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 1bff\n"
		"\t0x0010:  0000 0000\n");
	o.verbose = 0;
	o.bytes_of_link = false; /* without the link header, here of 14 bytes */
	packet.layer[0].len = 14;
	packet.layer[0].by = &ethernet;
	packet.frame.comment = NULL;
	assert_non_null(strstr(play(o, packet_event(), 1), "\n\t0x0000:  1bff 0000 0000\n"));
	packet.layer[0].len = 2000; /* cut inside it */
	assert_non_null(strstr(play(o, packet_event(), 1), "\n\t0x0000:  4745 5420"));
	packet.layer[0].len = 0;
	o.bytes = VIEW_ASCII;
	assert_non_null(strstr(play(o, packet_event(), 1), "\nGET / HTTP/1.1......\n"));
	o.bytes = VIEW_HEX_ASCII;
	assert_non_null(strstr(play(o, packet_event(), 1), "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 1bff  GET./.HTTP/1.1..\n"
			       "\t0x0010:  0000 0000                                ....\n"));
}

static void views_packet_json(void **state)
{
	struct views_options o = options(VIEW_PACKETS, VIEW_JSON);

	(void)state;
	fill_record();
	start_packet();
	add_dns();
	assert_string_equal(play(o, packet_event(), 1),
		"{\"type\":\"packet\",\"number\":4,\"flow\":17,\"time\":1362692526.882032,\"length\":583,\"captured\":20,"
		"\"interface\":\"eth0\",\"source\":{\"ip\":\"10.0.0.1\",\"port\":1234},"
		"\"destination\":{\"ip\":\"10.0.0.2\",\"port\":80},\"protocol\":\"dns\","
		"\"info\":\"query A .1\\\\x1b\\\\xff\"}\n");
	o.verbose = 1;
	assert_non_null(strstr(play(o, packet_event(), 1),
		",\"layers\":[{\"name\":\"tcp\",\"fields\":{}},{\"name\":\"dns\",\"issue\":\"odd\",\"fields\":"
		"{\"dns.qry.type\":[1,2],\"dns.qry.name\":\".1\\u001b\\\\xff\"}}]}\n"));
	/* No IP: the link addresses; no time: none. */
	start_packet();
	packet.tuple.family = FAMILY_NONE;
	packet.transport = false;
	packet.has_mac = true;
	packet.mac_from[5] = 1;
	packet.frame.flags = FRAME_NO_TIME;
	assert_string_equal(play(options(VIEW_PACKETS, VIEW_JSON), packet_event(), 1),
		"{\"type\":\"packet\",\"number\":4,\"flow\":17,\"length\":583,\"captured\":20,\"interface\":\"eth0\","
		"\"source\":{\"mac\":\"00:00:00:00:00:01\"},\"destination\":{\"mac\":\"00:00:00:00:00:00\"},"
		"\"protocol\":\"tcp\",\"info\":\"\"}\n");
}

static void views_packet_csv(void **state)
{
	(void)state;
	fill_record();
	start_packet();
	assert_string_equal(play(options(VIEW_PACKETS, VIEW_CSV), packet_event(), 1),
		"type,number,flow,time,length,captured,interface,source.ip,source.port,source.mac,destination.ip,"
		"destination.port,destination.mac,protocol,info,verdicts\n"
		"packet,4,17,1362692526.882032,583,20,eth0,10.0.0.1,1234,,10.0.0.2,80,,tcp,"
		"\"Flags [P.], seq 1:518, ack 1, win 502, length 517\",\n");
}

/* ---- the writer -------------------------------------------------------------------- */

static void out_keeps_the_first_failure(void **state)
{
	struct views_options o = options(VIEW_CONNECTIONS, VIEW_JSON);
	struct observer observer;
	int ends[2];

	(void)state;
	fill_record();
	o.flush = true;
	o.fd = open("/dev/full", O_WRONLY);
	assert_true(o.fd >= 0);
	assert_int_equal(views_open(&observer, &o, NULL), 0);
	assert_int_equal(observer.event(observer.self, flow_event(EVENT_FLOW_END)), -ENOSPC);
	assert_int_equal(observer.event(observer.self, flow_event(EVENT_FLOW_END)), -ENOSPC);
	observer.close(observer.self);
	close(o.fd);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	o.fd = ends[1];
	assert_int_equal(views_open(&observer, &o, NULL), 0);
	assert_int_equal(observer.event(observer.self, flow_event(EVENT_FLOW_END)), -EPIPE);
	observer.close(observer.self);
	close(ends[1]);
}

static void views_refuse_what_is_not_in_the_table(void **state)
{
	struct views_options o = options(VIEW_REPORT, VIEW_CSV);
	struct observer observer;
	struct error e;

	(void)state;
	assert_int_equal(views_open(&observer, &o, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_connection_json),
		cmocka_unit_test(views_handshake_json),
		cmocka_unit_test(views_csv_and_tsv),
		cmocka_unit_test(views_text_lines),
		cmocka_unit_test(views_ascii_is_ascii),
		cmocka_unit_test(views_file_and_summary),
		cmocka_unit_test(views_report_text),
		cmocka_unit_test(views_packet_text_is_tcpdumps),
		cmocka_unit_test(views_packet_layers_and_bytes),
		cmocka_unit_test(views_packet_json),
		cmocka_unit_test(views_packet_csv),
		cmocka_unit_test(out_keeps_the_first_failure),
		cmocka_unit_test(views_refuse_what_is_not_in_the_table),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
