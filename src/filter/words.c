/* The words of the language that are neither a key of the record nor a row:
 * short names, what is computed, and the names that Wireshark gives.
 *
 * See struct word for how flows and packets are written. docs/filter.md is made
 * from this table.
 */
#include "filter_private.h"

#define V(id) (UINT64_C(1) << VERDICT_##id)
/* What Wireshark's tcp.analysis.flags stands for. */
#define ANALYSIS                                                                                               \
	(V(REUSED) | V(RETRANSMISSION) | V(FAST_RETRANSMISSION) | V(SPURIOUS_RETRANSMISSION) | V(OUT_OF_ORDER) | \
	 V(LOST_SEGMENT) | V(ACKED_UNSEEN) | V(DUP_ACK) | V(ZERO_WINDOW) | V(ZERO_WINDOW_PROBE) |               \
	 V(ZERO_WINDOW_PROBE_ACK) | V(WINDOW_FULL) | V(WINDOW_UPDATE) | V(KEEP_ALIVE) | V(KEEP_ALIVE_ACK))

#define IP_SRC "ip.src ipv6.src arp.src.proto_ipv4"
#define IP_DST "ip.dst ipv6.dst arp.dst.proto_ipv4"
#define STATES                                                                                                 \
	"syn_sent syn_received established half_closed closed refused reset midstream answered unanswered"
#define OUTCOMES_ALL "complete refused unanswered half_open reset unreachable"

/* A verdict under Wireshark's name: packets that carry it, flows that count it. */
#define ANALYSIS_WORD(name, key, id, meaning)                                                                  \
	{"tcp.analysis." name, TYPE_NUMBER, PART_ALL, key, "@is", NULL, V(id), NULL, meaning}
#define FLAG_WORD(name, key, bit, meaning)                                                                     \
	{"tcp.flags." name, TYPE_BOOL, PART_ALL, key, "&" bit, NULL, 0, NULL, meaning}

const struct word filter_words[] = {
	{"ip", TYPE_ADDRESS, PART_ADDRESS, "client server", IP_SRC " " IP_DST, NULL, 0, NULL, "either address"},
	{"src", TYPE_ADDRESS, PART_ADDRESS, "client", IP_SRC, NULL, 0, NULL,
	 "the client's address; of a packet: its sender's"},
	{"dst", TYPE_ADDRESS, PART_ADDRESS, "server", IP_DST, NULL, 0, NULL,
	 "the server's address; of a packet: its receiver's"},
	{"port", TYPE_NUMBER, PART_PORT, "client server",
	 "tcp.srcport tcp.dstport udp.srcport udp.dstport sctp.srcport sctp.dstport", NULL, 0, NULL, "either port"},
	{"sport", TYPE_NUMBER, PART_PORT, "client", "tcp.srcport udp.srcport sctp.srcport", NULL, 0, NULL,
	 "the client's port; of a packet: its sender's"},
	{"dport", TYPE_NUMBER, PART_PORT, "server", "tcp.dstport udp.dstport sctp.dstport", NULL, 0, NULL,
	 "the server's port; of a packet: its receiver's"},
	{"proto", TYPE_TEXT, PART_ALL, "proto", "@layers", NULL, 0, "tcp udp icmp icmpv6 sctp udplite",
	 "transport; of a packet: any of its layers"},
	{"service", TYPE_TEXT, PART_ALL, "service", "service @layers", NULL, 0, NULL, "application, known by content"},
	{"state", TYPE_TEXT, PART_ALL, "state", "state", NULL, 0, STATES, "how the flow stands"},
	{"handshake", TYPE_TEXT, PART_ALL, "outcome", "outcome", NULL, 0, OUTCOMES_ALL, "what came of the handshake"},
	{"outcome", TYPE_TEXT, PART_ALL, "outcome", "outcome", NULL, 0, OUTCOMES_ALL, "what came of the handshake"},
	{"sni", TYPE_TEXT, PART_ALL, "server_name", "tls.handshake.extensions_server_name server_name", NULL, 0, NULL,
	 "the server's name as the client said it"},
	{"name", TYPE_TEXT, PART_ALL, "server_name",
	 "server_name tls.handshake.extensions_server_name http.host dns.qry.name", NULL, 0, NULL,
	 "the server's name; of a packet: any name asked for"},
	{"rtt", TYPE_DURATION, PART_ALL, "handshake.rtt_us", "handshake.rtt_us", NULL, 0, NULL,
	 "round trip of the handshake, last SYN to ACK"},
	{"rtt.server", TYPE_DURATION, PART_ALL, "rtt.server.p50_us", "rtt.server.p50_us", NULL, 0, NULL,
	 "round trip of data to the server, median"},
	{"rtt.client", TYPE_DURATION, PART_ALL, "rtt.client.p50_us", "rtt.client.p50_us", NULL, 0, NULL,
	 "round trip of data to the client, median"},
	{"setup", TYPE_DURATION, PART_ALL, "handshake.first_syn_to_ack_us", "handshake.first_syn_to_ack_us", NULL, 0,
	 NULL, "the whole handshake, first SYN to ACK"},
	{"duration", TYPE_DURATION, PART_ALL, "@duration", "@duration", NULL, 0, NULL, "first to last packet"},
	{"retrans", TYPE_NUMBER, PART_ALL, "retransmissions", "retransmissions", NULL, 0, NULL,
	 "retransmissions, by Wireshark's rules"},
	{"rtx", TYPE_NUMBER, PART_ALL, "retransmissions", "retransmissions", NULL, 0, NULL, "the same, as the column is called"},
	{"lost", TYPE_NUMBER, PART_ALL, "exact.lost_bytes", "exact.lost_bytes", NULL, 0, NULL,
	 "bytes that the network lost"},
	{"missed", TYPE_NUMBER, PART_ALL, "exact.missed_bytes", "exact.missed_bytes", NULL, 0, NULL,
	 "bytes that the capture missed"},
	{"pid", TYPE_NUMBER, PART_ALL, "@pid", "@pid", NULL, 0, NULL, "process that holds a socket of it, at either end"},
	{"process", TYPE_TEXT, PART_ALL, "@process", "@process", NULL, 0, NULL, "the same by its name"},
	{"fd", TYPE_NUMBER, PART_ALL, "@fd", "@fd", NULL, 0, NULL, "descriptor under which a process holds it"},
	{"user", TYPE_NUMBER, PART_ALL, "@user", "@user", NULL, 0, NULL, "user of such a process, or of the socket: a number"},
	{"uid", TYPE_NUMBER, PART_ALL, "@user", "@user", NULL, 0, NULL, "the same"},
	{"container", TYPE_TEXT, PART_ALL, "@container", "@container", NULL, 0, NULL,
	 "container of such a process: its number, or which kind"},
	{"unit", TYPE_TEXT, PART_ALL, "@unit", "@unit", NULL, 0, NULL, "unit of systemd of such a process"},
	{"verdict", TYPE_VERDICT, PART_ALL, "@verdict", "@verdict", NULL, 0, NULL,
	 "what is to be noted of a segment (docs/verdicts.md)"},
	{"flags", TYPE_NAMED, PART_ALL, NULL, "tcp.flags", NULL, 0, "syn ack fin rst psh urg ece cwr ae",
	 "TCP flags of a packet"},
	{"ttl", TYPE_NUMBER, PART_ALL, "ttl", "ip.ttl ipv6.hlim", NULL, 0, NULL, "TTL or hop limit"},
	{"vlan", TYPE_NUMBER, PART_ALL, "vlan", "vlan.id", NULL, 0, NULL, "VLAN, any of them"},
	{"time", TYPE_TIME, PART_ALL, "first", "@time", NULL, 0, NULL, "seconds since 1970"},
	{"flow", TYPE_NUMBER, PART_ALL, "id", "id", NULL, 0, NULL, "number of the flow"},
	{"number", TYPE_NUMBER, PART_ALL, NULL, "@number", NULL, 0, NULL, "number of the packet"},
	{"length", TYPE_NUMBER, PART_ALL, NULL, "@length", NULL, 0, NULL, "bytes of the packet on the wire"},
	{"issue", TYPE_TEXT, PART_ALL, NULL, "@issue", NULL, 0, NULL, "what is wrong with the packet"},

	{"ip.addr", TYPE_ADDRESS, PART_ADDRESS, "client server", "ip.src ip.dst", NULL, 0, NULL, "either IPv4 address"},
	{"ip.src", TYPE_ADDRESS, PART_ADDRESS, "client", "ip.src", NULL, 0, NULL, "the client's or sender's IPv4 address"},
	{"ip.dst", TYPE_ADDRESS, PART_ADDRESS, "server", "ip.dst", NULL, 0, NULL,
	 "the server's or receiver's IPv4 address"},
	{"ipv6.addr", TYPE_ADDRESS, PART_ADDRESS, "client server", "ipv6.src ipv6.dst", NULL, 0, NULL,
	 "either IPv6 address"},
	{"ipv6.src", TYPE_ADDRESS, PART_ADDRESS, "client", "ipv6.src", NULL, 0, NULL,
	 "the client's or sender's IPv6 address"},
	{"ipv6.dst", TYPE_ADDRESS, PART_ADDRESS, "server", "ipv6.dst", NULL, 0, NULL,
	 "the server's or receiver's IPv6 address"},
	{"tcp.port", TYPE_NUMBER, PART_PORT, "client server", "tcp.srcport tcp.dstport", "tcp", 0, NULL,
	 "either TCP port"},
	{"tcp.srcport", TYPE_NUMBER, PART_PORT, "client", "tcp.srcport", "tcp", 0, NULL, "the client's or sender's TCP port"},
	{"tcp.dstport", TYPE_NUMBER, PART_PORT, "server", "tcp.dstport", "tcp", 0, NULL,
	 "the server's or receiver's TCP port"},
	{"udp.port", TYPE_NUMBER, PART_PORT, "client server", "udp.srcport udp.dstport", "udp", 0, NULL,
	 "either UDP port"},
	{"udp.srcport", TYPE_NUMBER, PART_PORT, "client", "udp.srcport", "udp", 0, NULL, "the client's or sender's UDP port"},
	{"udp.dstport", TYPE_NUMBER, PART_PORT, "server", "udp.dstport", "udp", 0, NULL,
	 "the server's or receiver's UDP port"},
	FLAG_WORD("fin", "fin", "1", "a FIN"),
	FLAG_WORD("syn", "handshake.syn", "2", "a SYN; of a flow: its first SYN was seen"),
	FLAG_WORD("reset", "rst", "4", "a RST"),
	FLAG_WORD("push", NULL, "8", "PSH is set"),
	FLAG_WORD("ack", NULL, "16", "ACK is set"),
	FLAG_WORD("urg", NULL, "32", "URG is set"),
	FLAG_WORD("ece", NULL, "64", "ECE is set"),
	FLAG_WORD("cwr", NULL, "128", "CWR is set"),
	FLAG_WORD("ae", NULL, "256", "AE is set"),
	ANALYSIS_WORD("retransmission", "retransmissions", RETRANSMISSION, "a retransmission"),
	ANALYSIS_WORD("fast_retransmission", "fast_retransmissions", FAST_RETRANSMISSION, "a fast retransmission"),
	ANALYSIS_WORD("spurious_retransmission", "spurious_retransmissions", SPURIOUS_RETRANSMISSION,
		      "a retransmission of what is ACKed"),
	ANALYSIS_WORD("out_of_order", "out_of_order", OUT_OF_ORDER, "out of order"),
	ANALYSIS_WORD("lost_segment", "lost_segments", LOST_SEGMENT, "a segment before it was not captured"),
	ANALYSIS_WORD("ack_lost_segment", "acked_unseen", ACKED_UNSEEN, "it ACKs what was not captured"),
	ANALYSIS_WORD("duplicate_ack", "dup_acks", DUP_ACK, "a duplicate ACK"),
	{"tcp.analysis.duplicate_ack_num", TYPE_NUMBER, PART_ALL, NULL, "@dup_ack", NULL, 0, NULL,
	 "which duplicate ACK it is"},
	ANALYSIS_WORD("zero_window", "zero_windows", ZERO_WINDOW, "no room left"),
	ANALYSIS_WORD("zero_window_probe", "zero_window_probes", ZERO_WINDOW_PROBE, "a zero window probe"),
	ANALYSIS_WORD("zero_window_probe_ack", "zero_window_probe_acks", ZERO_WINDOW_PROBE_ACK, "answers the probe"),
	ANALYSIS_WORD("window_full", "window_full", WINDOW_FULL, "fills the window"),
	ANALYSIS_WORD("window_update", "window_updates", WINDOW_UPDATE, "only the window has changed"),
	ANALYSIS_WORD("keep_alive", "keep_alives", KEEP_ALIVE, "a keep-alive"),
	ANALYSIS_WORD("keep_alive_ack", "keep_alive_acks", KEEP_ALIVE_ACK, "answers a keep-alive"),
	ANALYSIS_WORD("reused_ports", "reused", REUSED, "a new connection on old ports"),
	{"tcp.analysis.flags", TYPE_NUMBER, PART_ALL, NULL, "@is", NULL, ANALYSIS, NULL, "any of Wireshark's verdicts"},
	{"tcp.analysis.initial_rtt", TYPE_DURATION, PART_ALL, "handshake.rtt_us", "handshake.rtt_us", NULL, 0, NULL,
	 "round trip of the handshake"},
	{"tcp.analysis.ack_rtt", TYPE_DURATION, PART_ALL, NULL, "@rtt", NULL, 0, NULL,
	 "the round trip that this ACK measures"},
	{"tcp.completeness", TYPE_NUMBER, PART_ALL, "completeness", "completeness", NULL, 0, NULL,
	 "Wireshark's completeness; of a packet: so far"},
	{"frame.number", TYPE_NUMBER, PART_ALL, NULL, "@number", NULL, 0, NULL, "number of the packet"},
	{"frame.len", TYPE_NUMBER, PART_ALL, NULL, "@length", NULL, 0, NULL, "bytes of the packet on the wire"},
	{"frame.cap_len", TYPE_NUMBER, PART_ALL, NULL, "@captured", NULL, 0, NULL, "bytes of the packet captured"},
	{"frame.time_epoch", TYPE_TIME, PART_ALL, "first", "@time", NULL, 0, NULL, "seconds since 1970"},
	{"eth.addr", TYPE_MAC, PART_ALL, NULL, "eth.src eth.dst", NULL, 0, NULL, "either hardware address"},
	{"vlan.id", TYPE_NUMBER, PART_ALL, "vlan", "vlan.id", NULL, 0, NULL, "VLAN"},
	{"tls.handshake.extensions_server_name", TYPE_TEXT, PART_ALL, "server_name",
	 "tls.handshake.extensions_server_name", "tls", 0, NULL, "the name in the ClientHello"},
	{"http.host", TYPE_TEXT, PART_ALL, "server_name", "http.host", "http", 0, NULL, "the host of the request"},
	{"http.request", TYPE_TEXT, PART_ALL, NULL, "http.request.method", NULL, 0, NULL, "a request"},
	{"http.response", TYPE_NUMBER, PART_ALL, NULL, "http.response.code", NULL, 0, NULL, "a response"},
};
const unsigned filter_words_n = sizeof filter_words / sizeof filter_words[0];
