/* The display filter asked of flows: the language, its errors, its bounds.
 * links: filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_flow.h"
#include "sockeye/filter.h"

static struct flow_record flow;

/* 1, 0, or -1 if it does not compile. The keys that it says it needs must be
 * enough for the same answer. */
static int asked(const char *text)
{
	struct filter_error e;
	struct filter *f;
	struct flow_record less;
	uint64_t keys[2];
	bool fits;

	if (filter_compile(&f, text, FILTER_FLOWS, &e) < 0) {
		print_message("%s: column %u: %s\n", text, e.column, e.text);
		return -1;
	}
	fits = filter_flow(f, &flow);
	filter_needs(f, keys);
	less = flow;
	less.has[0] &= keys[0];
	less.has[1] &= keys[1];
	if (filter_flow(f, &less) != fits)
		fits = !fits; /* shows as a wrong answer */
	filter_free(f);
	return fits;
}

struct question {
	const char *text;
	int answer;
};

static void ask_all(const struct question *q, size_t n)
{
	unsigned wrong = 0;

	filter_flow_fill(&flow);
	for (size_t i = 0; i < n; i++) {
		int got = asked(q[i].text);

		if (got != q[i].answer) {
			print_message("%s: %d, not %d\n", q[i].text, got, q[i].answer);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

#define ASK(...)                                                             \
	do {                                                                 \
		static const struct question all[] = {__VA_ARGS__};          \
		ask_all(all, sizeof all / sizeof all[0]);                    \
	} while (0)

static void addresses_and_ports(void **state)
{
	(void)state;
	ASK({"ip:10.1.2.3", 1}, {"ip:192.0.2.80", 1}, {"ip:10.1.2.4", 0}, {"src:10.0.0.0/8", 1}, {"dst:10.0.0.0/8", 0},
	    {"!dst:10.0.0.0/8", 1}, {"src:10.", 1}, {"src:10.1", 1}, {"src:10.2", 0}, {"src:10.1.2.3/31", 1},
	    {"src:10.1.2.2/31", 1}, {"src:10.1.2.4/30", 0}, {"src:0.0.0.0/0", 1}, {"src:::/0", 0}, {"ip:2001:db8::1", 0},
	    {"client:10.1.2.3:51000", 1}, {"client:10.1.2.3:51001", 0}, {"client:51000", 1}, {"server:443", 1},
	    {"server:192.0.2.0/24", 1}, {"server==192.0.2.80", 1}, {"server!=192.0.2.80", 0}, {"ip!=1.2.3.4", 1},
	    {"ip != 10.1.2.3", 0}, {"port:443", 1}, {"port:51000", 1}, {"port:80", 0}, {"sport:443", 0}, {"dport:443", 1},
	    {"port>50000", 1}, {"dport>=443", 1}, {"dport<=443", 1}, {"dport<443", 0}, {"port:80,443", 1},
	    {"port in {80, 443}", 1}, {"port in {80 8000..8100}", 0}, {"port:400..450", 1}, {"port != 80", 1},
	    {"port != 443", 0}, {"port!=80,443", 0}, {"tcp.port==443", 1}, {"udp.port==443", 0}, {"udp.port!=443", 0},
	    {"ip.addr == 10.1.2.3", 1}, {"ip.src==192.0.2.80", 0}, {"10.0.0.0/8", 1}, {"11.0.0.0/8", 0});
}

static void numbers_and_units(void **state)
{
	(void)state;
	ASK({"bytes>5M", 1}, {"bytes>5.1M", 0}, {"bytes>=5.1M", 1}, {"bytes:405", 1}, {"bytes.client>405", 0},
	    {"bytes.client:405", 1}, {"bytes.server:405", 0}, {"bytes.server>5MB", 1}, {"bytes.server>5MiB", 0},
	    {"bytes.server==5100K", 1}, {"bytes:0x195", 1}, {"packets>8", 1}, {"packets.client>8", 0}, {"retrans>0", 1},
	    {"retrans.client>0", 0}, {"lost>0", 0}, {"lost:0", 1}, {"lost.client:0", 0}, {"lost.client!=0", 0},
	    {"!lost.client:0", 1}, {"ttl:64", 1}, {"ttl.server<255", 0}, {"vlan:100", 1}, {"vlan:200", 1}, {"vlan:300", 0},
	    {"vlan!=300", 1}, {"vlan!=200", 0}, {"id:17", 1}, {"flow==17", 1}, {"mptcp.token==4294967294", 1},
	    {"mptcp.token==18446744073709551614", 1}, {"completeness:31", 1}, {"tcp.completeness == 31", 1});
}

static void durations_and_times(void **state)
{
	(void)state;
	ASK({"rtt>12ms", 1}, {"rtt<12.2ms", 1}, {"rtt:12ms", 1}, {"rtt:12.1ms", 1}, {"rtt:12.2ms", 0}, {"rtt:12140us", 1},
	    {"rtt==12140123ns", 1}, {"rtt==12140122ns", 0}, {"rtt>0.012s", 1}, {"rtt>1m", 0}, {"rtt:>5ms", 1},
	    {"handshake.rtt_us==12140", 1}, {"handshake.rtt_us>12000", 1}, {"handshake.rtt_us>12ms", 1}, {"setup:62ms", 1},
	    {"rtt.server:70ms", 1}, {"rtt.server.p50_us:70034", 1}, {"rtt.client>0s", 0}, {"duration:10s", 1},
	    {"duration>10s", 0}, {"duration>=10s", 1}, {"time>1700000000", 1}, {"time<1700000000.5", 1},
	    {"time:1700000000", 1}, {"last==1700000010.25", 1}, {"first:1699999999", 0}, {"rtt>-1s", 1});
}

static void texts_and_patterns(void **state)
{
	(void)state;
	ASK({"state:closed", 1}, {"state==closed", 0}, {"state==HALF_closed", 1}, {"state!=closed", 1},
	    {"state!=half_closed", 0}, {"state:half-closed", 1}, {"STATE==HALF-Closed", 1},
	    {"state:syn-sent,half-", 1}, {"half-closed", 1}, {"HALF_closed", 1}, {"syn-sent", 0}, {"handshake:COMPLETE", 1},
	    {"tcp_state.server:time-wait", 0}, {"tcp_state.server:listen", 0}, {"verdict:dup-ack", 0}, {"tls in", 1},
	    {"\"contains\" x", 0}, {"proto:tcp", 1}, {"proto:udp,tcp", 1}, {"service:tls", 1}, {"sni:example", 1},
	    {"sni==www.example.org", 1}, {"name:\"example.org\"", 1}, {"sni:example.com", 0}, {"tunnel:vxlan", 1},
	    {"tunnel:'vxlan 42'", 1}, {"history:Sh", 1}, {"history:sh", 0}, {"history~^Sh", 1}, {"history~\"^S[^h]*$\"", 0},
	    {"history matches '^sh'", 1}, {"sni~^www\\.", 1}, {"sni~example", 0}, {"sni matches example", 1},
	    {"sni contains EXAMPLE", 1}, {"state~\"^(syn|half)_\"", 1}, {"handshake:complete", 1}, {"outcome:refused", 0},
	    {"owner.client:curl", 1}, {"open:yes", 1}, {"open:no", 0}, {"open==true", 1}, {"reused:0", 1},
	    {"pid:4711", 1}, {"pid:4712", 0}, {"pid>0", 1}, {"pid!=4711", 0}, {"process:curl", 1}, {"process==cur", 0},
	    {"process:CUR", 1}, {"process~'^c.*l$'", 1}, {"fd:5", 1}, {"fd>5", 0}, {"user:1000", 1}, {"uid:0", 0},
	    {"container:3f2a", 1}, {"container:docker", 1}, {"container:podman", 0}, {"container!=x", 1}, {"unit!=x", 0},
	    {"unit:nginx", 0}, {"curl", 0}, {"pid:4711 process:wget", 0}, {"pid:4000..5000", 1}, {"pid in {1 4711}", 1},
	    {"closed_by:client", 0}, {"!closed_by:client", 1}, {"closed_by != client", 0}, {"sni:\"\"", 1}, {"closed_by:''", 0});
}

static void verdicts_and_names_of_wireshark(void **state)
{
	(void)state;
	ASK({"verdict:retransmission", 1}, {"verdict:dup_ack", 0}, {"verdict==retransmission", 1}, {"verdict:fast", 0},
	    {"verdict~'^retr'", 1}, {"tcp.analysis.retransmission", 1}, {"tcp.analysis.duplicate_ack", 0},
	    {"tcp.analysis.retransmission>2", 1}, {"tcp.flags.reset==1", 0}, {"tcp.flags.syn==1", 1},
	    {"tls.handshake.extensions_server_name contains example", 1}, {"http.host contains example", 0},
	    {"handshake.syn", 1}, {"exact.lost_bytes", 0}, {"vlan.id==100", 1}, {"tcp.analysis.initial_rtt > 10 ms", -1},
	    {"tcp.analysis.initial_rtt > 10ms", 1});
}

static void words_and_operators(void **state)
{
	(void)state;
	ASK({"", 1}, {"   ", 1}, {"EXAMPLE", 1}, {"192.0.2.80:443", 1}, {":443", 1}, {"half", 1}, {"closing", 1}, {"zzz", 0},
	    {"tls closing", 1}, {"tls zzz", 0}, {"tls or zzz", 1}, {"zzz || tls", 1}, {"not zzz", 1}, {"!zzz", 1}, {"!!tls", 1},
	    {"!(tls zzz)", 1}, {"(tls or zzz) and 443", 1}, {"tls or zzz and zzz", 1}, {"(tls or zzz) and zzz", 0},
	    {"zzz and zzz or tls", 1}, {"not zzz and not yyy", 1}, {"not (zzz or tls)", 0}, {"! zzz tls", 1},
	    {"((((tls))))", 1}, {"port:443 state:closed rtt>10ms !dst:10.0.0.0/8", 1}, {"port:443&&tls", 1},
	    {"port:443||zzz", 1}, {"(port:443)(tls)", 1}, {"\"vxlan 42\"", 1}, {"'vxlan 43'", 0}, {"port eq 443 and bytes gt 5M", 1},
	    {"PORT:443 AND TLS", 1}, {"!port:80,8080", 1}, {"!port:80,443", 0}, {"zzz or port:80,443 and tls", 1},
	    {"dead:beef", 0}, {"fe80::1", 0}, {"-", 0}, {"[", 0}, {"sandy", 0}, {"\\x1b", 0});
}

struct mistake {
	const char *text;
	unsigned column;
	const char *says;
};

static void errors_have_a_column_and_a_sentence(void **state)
{
	static const struct mistake all[] = {
		{"prot:tcp", 1, "did you mean proto"},
		{"tls and porrt==4", 9, "did you mean port"},
		{"bogusbogus:1", 1, "goes in quotes"},
		{"rtt>50", 5, "duration such as 50s or 50ms"},
		{"port:http", 6, "a number such as 443"},
		{"port:99999999999999999999", 6, "a number"},
		{"port:443,x", 10, "a number"},
		{"port>443..445", 6, "single number"},
		{"port~4", 1, "is a number and cannot be asked with ~, only with : =="},
		{"state<x", 1, "is text and cannot be asked with <, only with :"},
		{"tls state:bogus", 11, "state is never \"bogus\": it is one of syn_sent "},
		{"state:answered,bogus", 16, "state is never \"bogus\""},
		{"state!=bogus", 8, "is never"},
		{"state==syn", 8, "is never"},
		{"state~^x", 7, "is never"},
		{"state:sin-sent", 7, "did you mean syn_sent?"},
		{"state:listen", 7, "sockets state listen"},
		{"state:time-wait", 7, "tcp_state.client and tcp_state.server can be"},
		{"state:half-open", 7, "handshake can be"},
		{"handshake:bogus", 11, "it is one of complete refused"},
		{"outcome:refuse_d", 9, "did you mean refused?"},
		{"tcp_state.client:fin_wait1", 18, "did you mean fin_wait_1?"},
		{"conn_state:S9", 12, "did you mean S0?"},
		{"verdict:retransmision", 9, "did you mean retransmission?"},
		{"frame contains \"GET\"", 1, "no field is called frame; a field is asked"},
		{"tls or frame contains", 8, "no field is called frame"},
		{"http matches \"GET\"", 1, "F3 on the screen"},
		{"protx contains t", 1, "did you mean proto"},
		{"tcp.len in {1}", 1, "of packets, not of flows"},
		{"frame in {80}", 1, "no field is called frame"},
		{"\"GET\" in http", 7, "in stands behind the name"},
		{"10.0.0.1 contains x", 10, "contains stands behind the name"},
		{"tcp.window_size>0", 1, "tcp.window_size_value"},
		{"tcp.analysis.initial_rtt>0.05", 26, "0.05s or 50ms"},
		{"state:", 7, "wants a value"},
		{"open:maybe", 6, "yes or no"},
		{"src:10.0.0.0/33", 5, "an address or a prefix"},
		{"src:10.0.0.1:80", 5, "an address or a prefix"},
		{"src:300.1.1.1", 5, "an address"},
		{"src:1:2:3", 5, "an address"},
		{"time:yesterday", 6, "seconds since 1970"},
		{"(tls", 1, "( is not closed"},
		{"tls)", 4, ") has no ("},
		{"()", 2, "behind ("},
		{"tls and", 8, "behind \"and\""},
		{"or tls", 1, "expected a condition"},
		{"tls or and x", 8, "behind \"or\""},
		{"not", 4, "behind \"not\""},
		{"== 5", 1, "expected a condition"},
		{"sni:\"abc", 5, "quote is not closed"},
		{"\"abc", 1, "quote is not closed"},
		{"port in 443", 9, "wants a list"},
		{"port in {443", 9, "is not closed"},
		{"sni~\"a(b\"", 7, "( is not closed"},
		{"sni~a{3}", 6, "counts"},
		{"verdict:nonsense", 9, "no verdict is called"},
		{"verdict:challenge", 9, "not counted for flows"},
		{"verdict!=dup_ack", 1, "write ! before it"},
		{"flags:syn", 1, "of packets, not of flows"},
		{"tcp.len>0", 1, "of packets, not of flows"},
		{"tcp.stream==0", 1, "flow is the number"},
		{"tcp.analysis.retransmision", 1, "did you mean tcp.analysis.retransmission"},
		{"\xc3\xa9\xc3\xa9 porrt:1", 4, "did you mean port"},
		{"handshake.rtt_us>x", 18, "a duration"},
		{"client:host", 8, "an address, a prefix or a port"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct filter_error e;
		struct filter *f;

		if (filter_compile(&f, all[i].text, FILTER_FLOWS, &e) != -EINVAL || f != NULL)
			fail_msg("%s: compiles", all[i].text);
		if (e.column != all[i].column || !strstr(e.text, all[i].says))
			fail_msg("%s: column %u: %s", all[i].text, e.column, e.text);
	}
}

static char *repeated(const char *head, const char *unit, size_t n, const char *tail)
{
	char *s = malloc(strlen(head) + n * strlen(unit) + strlen(tail) + 1), *at = s;

	assert_non_null(s);
	at = stpcpy(s, head);
	while (n-- > 0)
		at = stpcpy(at, unit);
	(void)stpcpy(at, tail);
	return s;
}

static int compiles(char *s, const char *says)
{
	struct filter_error e;
	struct filter *f;
	int r = filter_compile(&f, s, FILTER_FLOWS, &e);

	if (r == 0)
		(void)filter_flow(f, &flow);
	else if (!strstr(e.text, says))
		fail_msg("%.40s: %s", s, e.text);
	filter_free(f);
	free(s);
	return r;
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	filter_flow_fill(&flow);
	assert_int_equal(compiles(repeated("", "(", 10000, "tls"), "parentheses in each other"), -EINVAL);
	assert_int_equal(compiles(repeated("", "(", FILTER_DEPTH + 1, "tls"), "parentheses in each other"), -EINVAL);
	assert_int_equal(compiles(repeated("", "(", FILTER_DEPTH, "tls"), "is not closed"), -EINVAL);
	assert_int_equal(compiles(repeated("", "!", 10000, "tls"), "too many operators"), -EINVAL);
	assert_int_equal(compiles(repeated("", "!", 1000, "tls"), ""), 0);
	assert_int_equal(compiles(repeated("", "a ", FILTER_TESTS, ""), ""), 0);
	assert_int_equal(compiles(repeated("", "a ", FILTER_TESTS + 1, ""), "more than 1024 conditions"), -EINVAL);
	assert_int_equal(compiles(repeated("port:1", ",1", 30000, ""), "more than 1024 conditions"), -EINVAL);
	assert_int_equal(compiles(repeated("", "x", FILTER_TEXT, ""), ""), 0);
	assert_int_equal(compiles(repeated("", "x", FILTER_TEXT + 1, ""), "longer than 65536"), -EINVAL);
	assert_int_equal(compiles(repeated("sni~\"", "a?", 400, "\""), "too long"), -EINVAL);
	assert_int_equal(compiles(repeated("sni~\"", "(", 100, "\""), "too many parentheses"), -EINVAL);
}

/* Names in either scope resolve, and a name of the list is one of the language. */
static void every_name_of_the_list_is_known(void **state)
{
	struct filter_field field;
	unsigned n = 0, i;

	(void)state;
	for (i = 0; filter_field(i, &field); i++) {
		char text[96];

		(void)snprintf(text, sizeof text, "%s == \"\x01\"", field.name);
		assert_true(field.flows || field.packets);
		for (unsigned scope = FILTER_FLOWS; scope <= FILTER_PACKETS; scope++) {
			struct filter_error e = {0, ""};
			struct filter *f;
			int r = filter_compile(&f, text, (enum filter_scope)scope, &e);

			filter_free(f);
			if (!(scope == FILTER_FLOWS ? field.flows : field.packets)) {
				if (!field.again)
					assert_non_null(strstr(e.text, "not of"));
			} else if (r < 0 && !strstr(e.text, " wants ") && !strstr(e.text, "no verdict") &&
				   !strstr(e.text, " is never ")) {
				fail_msg("%s: %s", text, e.text);
			}
		}
		n += !field.again;
	}
	assert_true(n > 600);
	assert_false(filter_field(i, &field));
}

static void offers_complete(void **state)
{
	struct filter_offer offer[FILTER_OFFERS];
	size_t from;
	unsigned n;

	(void)state;
	n = filter_complete("rtt>5ms sta", 11, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 1);
	assert_int_equal(from, 8);
	assert_string_equal(offer[0].text, "state");
	/* Behind a word of sockets that wants a value there are its values, and no words. */
	n = filter_complete("state e", 7, FILTER_SOCKETS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 1);
	assert_string_equal(offer[0].text, "established");
	n = filter_complete("tcp exclude listen,t", 20, FILTER_SOCKETS, offer, FILTER_OFFERS, &from);
	assert_true(n == 1 && from == 19);
	assert_string_equal(offer[0].text, "time_wait");
	assert_int_equal(filter_complete("port ", 5, FILTER_SOCKETS, offer, FILTER_OFFERS, &from), 0);
	n = filter_complete("port 443 st", 11, FILTER_SOCKETS, offer, FILTER_OFFERS, &from);
	assert_true(n == 1 && strcmp(offer[0].text, "state") == 0);

	n = filter_complete("state:syn", 9, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 2);
	assert_int_equal(from, 6);
	assert_string_equal(offer[0].text, "syn_sent");
	n = filter_complete("state:closed,syn", 16, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 2);
	n = filter_complete("verdict:exact", 13, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 4);
	n = filter_complete("port:443 a", 10, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_true(n >= 2);
	assert_string_equal(offer[0].text, "and");
	n = filter_complete("", 0, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, FILTER_OFFERS);
	n = filter_complete("tcp.option", 10, FILTER_PACKETS, offer, 3, &from);
	assert_int_equal(n, 3);
	n = filter_complete("zzzz", 4, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 0);
	n = filter_complete("port:44", 7, FILTER_FLOWS, offer, FILTER_OFFERS, &from);
	assert_int_equal(n, 0);
}

static void a_number_is_hinted_at(void **state)
{
	static const struct {
		const char *text, *hint;
	} all[] = {
		{"retrans", "retrans>0"}, {"tls Retr", "retrans>0"}, {"rtt", "rtt>50ms"}, {"por", "port:443"}, {"zzz", ""}, {"tls", ""},
		{"retrans>0", ""}, {"", ""}, {"re", ""}, {"not zzz and yyy", ""}, {"state", ""},
	};
	char room[FILTER_OFFER_TEXT];
	struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		text_init(&t, room, sizeof room);
		assert_int_equal(filter_hint(&t, all[i].text, FILTER_FLOWS), all[i].hint[0] != '\0');
		assert_string_equal(room, all[i].hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_ports),
		cmocka_unit_test(numbers_and_units),
		cmocka_unit_test(durations_and_times),
		cmocka_unit_test(texts_and_patterns),
		cmocka_unit_test(verdicts_and_names_of_wireshark),
		cmocka_unit_test(words_and_operators),
		cmocka_unit_test(errors_have_a_column_and_a_sentence),
		cmocka_unit_test(a_number_is_hinted_at),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(every_name_of_the_list_is_known),
		cmocka_unit_test(offers_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
