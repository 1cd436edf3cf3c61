/* Explanations: a sentence for every combination of flags, for every value that has a
 * name, and never a promise that the bytes do not hold.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/filter.h"
#include "tui/means.h"

static struct packet_detail d;
static struct flow_record flow;
static char out[MEANS_TEXT];

static int start(void **state)
{
	(void)state;
	memset(&d, 0, sizeof d);
	memset(&flow, 0, sizeof flow);
	d.row.rtt_ns = d.row.room = -1;
	d.row.is_tcp = true;
	return 0;
}

static struct detail_line line(const char *key, const char *text, uint64_t num)
{
	struct detail_line l = {.depth = 1, .num = num, .off = 40, .len = 2};

	(void)snprintf(l.key, sizeof l.key, "%s", key);
	(void)snprintf(l.title, sizeof l.title, "Title");
	(void)snprintf(l.text, sizeof l.text, "%s", text);
	return l;
}

static const char *says(const char *key, const char *text, uint64_t num)
{
	const struct means_of of = {&d, &flow, true};
	struct detail_line l = line(key, text, num), layer = {.osi = 4};
	struct text t;

	text_init(&t, out, sizeof out);
	means_line(&t, &of, &l, &layer);
	assert_false(t.cut);
	return out;
}

static const char *flags(unsigned f, bool accurate)
{
	struct text t;

	text_init(&t, out, sizeof out);
	means_flags(&t, f, accurate);
	assert_false(t.cut);
	return out;
}

/* ---- flags ---------------------------------------------------------------------- */

static void every_combination_has_a_sentence(void **state)
{
	(void)state;
	for (unsigned f = 0; f < 512; f++)
		for (unsigned accurate = 0; accurate < 2; accurate++) {
			const char *s = flags(f, accurate);

			assert_true(strlen(s) > 20);
			/* What is called wrong is; what is right is not. */
			if ((f & (TCP_SYN | TCP_FIN)) == (TCP_SYN | TCP_FIN) || (f & 0x3f) == 0)
				assert_true(strstr(s, "no honest stack") != NULL || strstr(s, "scanner") != NULL);
			if ((f & 0x3f & ~(unsigned)TCP_PSH) == TCP_ACK || (f & 0x3f) == (TCP_FIN | TCP_ACK))
				assert_null(strstr(s, "honest"));
			assert_int_equal(strstr(s, "(URG)") != NULL,
					 f & TCP_URG && f & TCP_ACK && !(f & (TCP_SYN | TCP_RST)));
			for (const char *c = s; *c; c++)
				assert_true((unsigned char)*c >= ' ');
		}
}

static void the_usual_ones_are_exact(void **state)
{
	static const struct {
		unsigned flags;
		const char *says;
	} usual[] = {
		{0x002, "asks to open a connection (SYN)"},
		{0x0c2, "asks to open a connection (SYN); offers ECN: routers may mark instead of dropping"},
		{0x1c2, "asks to open a connection (SYN); offers accurate ECN (RFC 9768), or classic ECN to who knows only that"},
		{0x012, "agrees to open (SYN) and confirms the other end's SYN (ACK)"},
		{0x052, "agrees to open (SYN) and confirms the other end's SYN (ACK); takes the offer of ECN (ECE)"},
		{0x112,
		 "agrees to open (SYN) and confirms the other end's SYN "
		 "(ACK); takes accurate ECN, the SYN came as ECT(0)"},
		{0x192,
		 "agrees to open (SYN) and confirms the other end's SYN (ACK); takes "
		 "accurate ECN, the SYN came marked: congestion on its way"},
		{0x152,
		 "agrees to open (SYN) and confirms the other end's SYN (ACK); these "
		 "congestion bits were the ECN nonce, which is history (RFC 3540)"},
		{0x0d2,
		 "agrees to open (SYN) and confirms the other end's SYN "
		 "(ACK); takes accurate ECN, the SYN came as ECT(1)"},
		{0x010, "\"I have all up to ack\" (ACK)"},
		{0x018, "\"deliver what you have now\" (PSH) and \"I have all up to ack\" (ACK)"},
		{0x011, "\"I have nothing more to send\" (FIN) and \"I have all up to ack\" (ACK)"},
		{0x019,
		 "\"I have nothing more to send\" (FIN) and \"I have all "
		 "up to ack\" (ACK); deliver what you have now (PSH)"},
		{0x004,
		 "ends or refuses the connection at once (RST); it answers a segment "
		 "without knowing the connection, or takes back its SYN"},
		{0x014, "ends or refuses the connection at once (RST) and confirms what came (ACK)"},
		{0x030, "\"I have all up to ack\" (ACK); urgent data up to the urgent pointer (URG)"},
		{0x038,
		 "\"I have all up to ack\" (ACK); deliver what you have "
		 "now (PSH); urgent data up to the urgent pointer (URG)"},
		{0x031,
		 "\"I have nothing more to send\" (FIN) and \"I have all up to "
		 "ack\" (ACK); urgent data up to the urgent pointer (URG)"},
		{0x050, "\"I have all up to ack\" (ACK); a packet of yours came marked: congestion on its way (ECE)"},
		{0x058,
		 "\"deliver what you have now\" (PSH) and \"I have all up to ack\" (ACK); "
		 "a packet of yours came marked: congestion on its way (ECE)"},
		{0x090, "\"I have all up to ack\" (ACK); I have slowed down because of a mark (CWR)"},
		{0x098,
		 "\"deliver what you have now\" (PSH) and \"I have all up to "
		 "ack\" (ACK); I have slowed down because of a mark (CWR)"},
		{0x0d0,
		 "\"I have all up to ack\" (ACK); a packet of yours came marked: congestion "
		 "on its way (ECE); I have slowed down because of a mark (CWR)"},
		{0x110,
		 "\"I have all up to ack\" (ACK); AE is set: only accurate ECN uses "
		 "it, and the handshake that agrees to that is not known here"},
		{0x000, "no flag at all, a \"null scan\": no honest stack sends this"},
		{0x001, "FIN without ACK: after the handshake every segment has ACK, so this is a \"FIN scan\""},
		{0x029, "FIN, PSH and URG without ACK, a \"Christmas tree\" scan: no honest stack sends this"},
		{0x003, "opens and closes at once: no honest stack sends this, scanners do (T/TCP once did, RFC 1644)"},
		{0x006, "opens and resets at once: no honest stack sends this"},
		{0x03f, "every flag at once, a \"Christmas tree\": a scanner's, or rubbish"},
		{0x1ff, "every flag at once, a \"Christmas tree\": a scanner's, or rubbish"},
		{0x008, "no ACK, though only the first SYN and a RST go without: not of an open connection, a scan or rubbish"},
		{0x00a, "asks to open a connection (SYN); PSH beside SYN: with data in the SYN only"},
		{0x013, "opens and closes at once: no honest stack sends this, scanners do (T/TCP once did, RFC 1644)"},
		{0x007, "opens, closes and resets at once: no honest stack sends this"},
		{0x005, "a reset with FIN: the reset counts; odd, middleboxes send it"},
		{0x0c0, "no flag at all, a \"null scan\": no honest stack sends this; its congestion bits mean nothing here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		assert_string_equal(flags(usual[i].flags, false), usual[i].says);
	assert_string_equal(flags(0x1d0, true), "\"I have all up to ack\" (ACK); packets that came marked, counted modulo 8: 7 "
						"(AE, CWR, ECE: accurate ECN)");
}

/* ---- numbers ---------------------------------------------------------------------- */

static void numbers_are_relative_and_scaled(void **state)
{
	struct packet_row *r = &d.row;

	(void)state;
	r->flags = TCP_PSH | TCP_ACK;
	r->payload_len = 517;
	r->window = 502;
	r->room = 64256;
	r->seq_known = r->ack_known = true;
	r->seq_from_isn = 1;
	r->ack_from_isn = 2897;
	assert_string_equal(says("tcp.window_size_value", "502", 502),
			    "502 × 128 = 64 256 bytes that the other end may have under way");
	assert_string_equal(says("tcp.seq", "2914011220", 2914011220), "byte 1 to 517 of what the client sends; its SYN was 0");
	assert_string_equal(says("tcp.ack", "9", 9), "all that the server sent up to byte 2 896 came in; 2 897 is expected next");
	r->rtt_ns = 12100 * CLOCK_US;
	assert_string_equal(says("tcp.ack", "9", 9), "all that the server sent up to byte 2 896 came in; 2 897 is expected next; "
						     "that took 12.10 ms");
	r->side = 1;
	r->payload_len = 0;
	assert_string_equal(says("tcp.seq", "1", 1), "the next byte to send is 1 of what the server sends; its SYN was 0");
	r->ack_from_isn = 1;
	r->rtt_ns = -1;
	assert_string_equal(says("tcp.ack", "9", 9), "the SYN of the client came in; its byte 1 is expected next");
	/* What is not known is not told. */
	r->seq_known = r->ack_known = false;
	r->room = -1;
	assert_non_null(strstr(says("tcp.window_size_value", "502", 502), "502 times a scale that only the handshake says"));
	assert_non_null(strstr(says("tcp.seq", "77", 77), "start was not captured"));
	assert_non_null(strstr(says("tcp.ack", "9", 9), "was not captured"));
	r->window = 0;
	assert_non_null(strstr(says("tcp.window_size_value", "0", 0), "zero window"));
	r->flags = TCP_SYN;
	r->window = 64240;
	r->room = 64240;
	assert_string_equal(says("tcp.window_size_value", "64240", 64240),
			    "64 240 bytes that the other end may have under way; in a SYN never scaled");
	assert_non_null(strstr(says("tcp.ack", "0", 0), "means nothing"));
}

static void hops_and_code_points(void **state)
{
	(void)state;
	assert_string_equal(says("ip.ttl", "57", 57), "7 routers were passed, if it began with 64 as stacks mostly do (64 - 57)");
	assert_non_null(strstr(says("ip.ttl", "64", 64), "on this link or this host"));
	assert_non_null(strstr(says("ipv6.hlim", "255", 255), "on this link"));
	assert_non_null(strstr(says("ip.ttl", "1", 1), "traceroute"));
	assert_string_equal(says("ip.dsfield.dscp", "46", 46), "EF, expedited: voice and the like, before all other (RFC 3246)");
	assert_string_equal(says("ip.dsfield.dscp", "26", 26), "AF31: assured forwarding, class 3, dropped late (RFC 2597)");
	assert_string_equal(says("ip.dsfield.dscp", "48", 48), "CS6, class selector: network control, routing (RFC 2474)");
	assert_non_null(strstr(says("ip.dsfield.ecn", "congestion experienced (3)", 3), "marked on its way"));
	assert_non_null(strstr(says("ip.flags", "don't fragment", 0x4000), "must not be cut"));
	assert_non_null(strstr(says("ip.flags", "more fragments", 0x2000), "may be cut, and was"));
	assert_non_null(strstr(says("ip.src", "192.168.1.20", 0), "RFC 1918"));
	assert_non_null(strstr(says("ipv6.dst", "ff02::1", 0), "group"));
	assert_non_null(strstr(says("eth.dst", "ff:ff:ff:ff:ff:ff", 0), "broadcast"));
	assert_non_null(strstr(says("eth.src", "02:00:be:af:7c:41", 0), "made locally"));
}

/* ---- names -------------------------------------------------------------------------- */

static void values_have_sentences(void **state)
{
	(void)state;
	assert_non_null(strstr(says("arp.opcode", "request (1)", 1), "who has"));
	assert_non_null(strstr(says("dns.flags.rcode", "NXDomain (3)", 3), "does not exist"));
	assert_non_null(strstr(says("icmp.code", "port (3)", 3), "nothing listens"));
	assert_non_null(strstr(says("icmp.code", "in transit (0)", 0), "traceroute"));
	assert_non_null(strstr(says("vlan.etype", "0x0800 IPv4", 0x800), "IPv4"));
	assert_non_null(strstr(says("tls.handshake.type", "ClientHello (1)", 1), "the client offers"));
	/* What has a name only says that; what has not even that, its number. */
	assert_string_equal(says("x.y", "a (b) name (7)", 7), "Title 7 stands for \"a (b) name\"");
	assert_string_equal(says("x.y", "0x0009 nine", 9), "Title 0x0009 stands for \"nine\"");
	assert_string_equal(says("x.y", "200", 200), "Title is 200, in 2 bytes");
	assert_string_equal(says("icmp.code", "9", 9), "Title is 9, in 2 bytes");
}

/* Every option that dissectors/tcp_options.c names. */
static void every_option_has_a_sentence(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		bool known = kind <= 30 || kind == 34 || kind == 69 || kind == 76 || kind == 78 || kind == 172 ||
			     kind == 174 || kind >= 253;

		if (kind == 25 || kind == 255)
			continue;
		assert_int_equal(known, means_value("tcp.option_kind", kind) != NULL);
	}
}

/* Every row of every dissector that names its values: something is said, and the name
 * is in it unless a sentence of its own is. */
static void every_enumeration_says_something(void **state)
{
	struct filter_field f;
	unsigned named = 0;

	(void)state;
	for (unsigned i = 0; filter_field(i, &f); i++) {
		if (!f.row || strcmp(f.type, "number or word") != 0)
			continue;
		named++;
		for (unsigned v = 0; v < 300; v++) {
			char text[32];
			const char *s;

			(void)snprintf(text, sizeof text, "the-name (%u)", v);
			s = says(f.name, text, v);
			assert_true(strlen(s) > 3);
			if (means_value(f.name, v) == NULL && means_field(f.name) == NULL && strstr(s, "the-name") == NULL)
				assert_true(strncmp(f.name, "tcp.", 4) == 0 || strncmp(f.name, "ip", 2) == 0 ||
					    strstr(f.name, "message") != NULL || strstr(f.name, "type") != NULL ||
					    strcmp(f.name, "icmp.code") == 0 || strstr(f.name, "next") != NULL ||
					    strstr(f.name, "proto") != NULL || strstr(f.name, "nxt") != NULL);
		}
	}
	assert_true(named > 90);
}

static void verdicts_have_words_and_advice(void **state)
{
	struct text t;

	(void)state;
	for (unsigned v = 0; v < VERDICTS; v++) {
		assert_non_null(means_verdicts[v].words);
		assert_non_null(means_verdicts[v].think);
		assert_true(strlen(means_verdicts[v].words) <= 28);
		text_init(&t, out, sizeof out);
		means_verdict(&t, (enum verdict)v);
		assert_false(t.cut);
		assert_non_null(strstr(out, verdict_info[v].sentence));
	}
	text_init(&t, out, sizeof out);
	means_words(&t, verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |
		    verdict_bit(VERDICT_EXACT_LATE) | verdict_bit(VERDICT_WINDOW_UPDATE), MEANS_WARNING);
	assert_string_equal(out, "fast retransmission, late bytes");
	assert_int_equal(means_weight(verdict_bit(VERDICT_WINDOW_UPDATE)), MEANS_PLAIN);
	assert_int_equal(means_weight(verdict_bit(VERDICT_ZERO_WINDOW) | verdict_bit(VERDICT_DUP_ACK)), MEANS_WARNING);
}

static void states_after_a_segment(void **state)
{
	struct text t;

	(void)state;
	text_init(&t, out, sizeof out);
	d.row.flags = TCP_SYN;
	means_states(&t, &d.row, NULL);
	assert_string_equal(out, "client SYN-SENT, server SYN-RECEIVED if it listens there");
	text_reset(&t);
	d.row.flags = TCP_FIN | TCP_ACK;
	means_states(&t, &d.row, NULL);
	assert_string_equal(out, "");
	flow.closed_by = "client";
	record_set(&flow, RECORD_CLOSED_BY);
	means_states(&t, &d.row, &flow);
	assert_string_equal(out, "client FIN-WAIT-1, server CLOSE-WAIT");
	text_reset(&t);
	d.row.side = 1;
	means_states(&t, &d.row, &flow);
	assert_string_equal(out, "server LAST-ACK, client TIME-WAIT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_combination_has_a_sentence, start),
		cmocka_unit_test_setup(the_usual_ones_are_exact, start),
		cmocka_unit_test_setup(numbers_are_relative_and_scaled, start),
		cmocka_unit_test_setup(hops_and_code_points, start),
		cmocka_unit_test_setup(values_have_sentences, start),
		cmocka_unit_test_setup(every_option_has_a_sentence, start),
		cmocka_unit_test_setup(every_enumeration_says_something, start),
		cmocka_unit_test_setup(verdicts_have_words_and_advice, start),
		cmocka_unit_test_setup(states_after_a_segment, start),
	};

	return cmocka_run_group_tests_name("means", tests, NULL, NULL);
}
