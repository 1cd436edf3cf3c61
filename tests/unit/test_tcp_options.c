/* TCP options: facts and rows of every kind, wrong lengths, experiments.
 * links: dissect facts base
 */
#include "frames.h"

/* A SYN with these options, a multiple of four of them. */
static struct packet *read_options(struct frames *s, const void *options, size_t n)
{
	put_ipv4(s, PROTO_TCP, 20 + (unsigned)n);
	put_tcp(s, 1000, 2000, 1, TCP_SYN, 20 + (unsigned)n);
	put(s, options, n);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_true(s->packet.transport);
	return &s->packet;
}

#define READ(s, bytes) read_options(s, bytes, sizeof(bytes) - 1)

static void tcp_options_fast_open_asked_and_given(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x22\x02\x01\x01");

	assert_int_equal(p->tcp.options, TCP_HAS_FAST_OPEN);
	assert_int_equal(p->tcp.fast_open_len, 0);
	assert_string_equal(frames_row(s, "tcp.options.tfo.request"), "yes");
	p = READ(s, "\x22\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x01\x01");
	assert_int_equal(p->tcp.options, TCP_HAS_FAST_OPEN);
	assert_int_equal(p->tcp.fast_open_len, 8);
	assert_string_equal(frames_row(s, "tcp.options.tfo.cookie"), "0102030405060708");
}

static void tcp_options_fast_open_as_an_experiment(void **state)
{
	struct frames *s = *state;
	struct packet *p;

	s->packet.want_fields = false; /* a fact, whether somebody looks or not */
	p = READ(s, "\xfe\x04\xf9\x89");
	assert_int_equal(p->tcp.options, TCP_HAS_FAST_OPEN);
	assert_int_equal(p->tcp.fast_open_len, 0);
	p = READ(s, "\xfd\x0a\xf9\x89\x01\x02\x03\x04\x05\x06\x01\x01");
	assert_int_equal(p->tcp.fast_open_len, 6);
	s->packet.want_fields = true;
	p = READ(s, "\xfe\x08\xe2\xd4\xc3\xd9\x01\x02");
	assert_int_equal(p->tcp.options, 0);
	assert_string_equal(frames_row(s, "tcp.options.experimental.exid"), "0xe2d4 shared memory communications");
	assert_string_equal(frames_row(s, "tcp.options.experimental.data"), "c3d90102");
}

static void tcp_options_multipath_capable(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x1e\x04\x01\x81");

	assert_int_equal(p->tcp.options, TCP_HAS_MPTCP);
	assert_int_equal(p->tcp.mptcp, MPTCP_CAPABLE);
	assert_int_equal(p->tcp.mptcp_version, 1);
	assert_true(p->tcp.mptcp_key == 0);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.flags"), "checksum required, HMAC-SHA256");
	p = READ(s, "\x1e\x0c\x00\x01\x11\x12\x13\x14\x15\x16\x17\x18"); /* version 0: a key in the SYN */
	assert_int_equal(p->tcp.mptcp_version, 0);
	assert_true(p->tcp.mptcp_key == 0x1112131415161718);
	p = READ(s, "\x1e\x18\x01\x01\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22\x23\x24\x25\x26\x27\x28\x05\xb4\xab\xcd");
	assert_true(p->tcp.mptcp_key == 0x1112131415161718);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.recvkey"), "0x2122232425262728");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.datalvllen"), "1460");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.checksum"), "0xabcd");
}

static void tcp_options_multipath_join(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x1e\x0c\x11\x07\x64\xa4\x5f\x01\x01\x02\x03\x04");

	assert_int_equal(p->tcp.mptcp, MPTCP_JOIN);
	assert_int_equal(p->tcp.mptcp_token, 0x64a45f01);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.backup.flag"), "yes");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.addrid"), "7");
	p = READ(s, "\x1e\x10\x10\x02\x01\x02\x03\x04\x05\x06\x07\x08\x0a\x0b\x0c\x0d");
	assert_int_equal(p->tcp.mptcp_token, 0);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.sendtrunchmac"), "0x0102030405060708");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.sendrand"), "0x0a0b0c0d");
	p = READ(s, "\x1e\x18\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14");
	assert_int_equal(p->tcp.mptcp, MPTCP_JOIN);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.sendhmac"), "0102030405060708090a0b0c0d0e0f1011121314");
}

static void tcp_options_multipath_several_in_one_segment(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x1e\x08\x20\x01\x00\x00\x10\x00\x1e\x03\x51\x1e\x05\x40\x01\x02");

	assert_int_equal(p->tcp.mptcp, MPTCP_DSS | MPTCP_PRIO | MPTCP_REMOVE_ADDR);
	assert_null(p->issue);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.rawdataack"), "4096");
}

static void tcp_options_multipath_signal(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x1e\x1c\x20\x1f\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x20\x00"
				   "\x00\x00\x00\x05\x00\x64\xab\xcd");

	assert_int_equal(p->tcp.mptcp, MPTCP_DSS);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.rawdataack"), "4096");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.rawdataseqno"), "8192");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.subflowseqno"), "5");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.datalvllen"), "100");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.checksum"), "0xabcd");
	/* flags that promise more than the option has */
	p = READ(s, "\x1e\x08\x20\x05\x00\x00\x10\x00");
	assert_string_equal(p->issue, "a multipath TCP option is too short for what it says");
	assert_int_equal(p->tcp.mptcp, MPTCP_DSS);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.rawdataack"), "4096");
	assert_null(packet_find(p, "tcp.options.mptcp.rawdataseqno"));
}

static void tcp_options_multipath_addresses(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x1e\x12\x30\x03\xc0\x00\x02\x07\x1f\x90\x01\x02\x03\x04\x05\x06\x07\x08\x01\x01");

	assert_string_equal(frames_row(s, "tcp.options.mptcp.ipv4"), "192.0.2.7");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.port"), "8080");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.addaddrtrunchmac"), "0x0102030405060708");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.echo"), "no");
	READ(s, "\x1e\x14\x31\x03\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.ipv6"), "2001:db8::9");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.echo"), "yes");
	READ(s, "\x1e\x08\x34\x03\xc0\x00\x02\x08"); /* version 0 */
	assert_string_equal(frames_row(s, "tcp.options.mptcp.ipver"), "4");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.ipv4"), "192.0.2.8");
	p = READ(s, "\x1e\x04\x81\x03");
	assert_int_equal(p->tcp.mptcp, MPTCP_TCPRST);
	assert_string_equal(frames_row(s, "tcp.options.mptcp.rst_reason"), "administratively prohibited (3)");
	assert_string_equal(frames_row(s, "tcp.options.mptcp.rst.flags"), "transient");
}

static void tcp_options_accurate_ecn_in_both_orders(void **state)
{
	struct frames *s = *state;

	READ(s, "\xac\x0b\x00\x00\x01\x00\x00\x02\x00\x00\x03\x01");
	assert_string_equal(frames_row(s, "tcp.options.acc_ecn.ee0b"), "1");
	assert_string_equal(frames_row(s, "tcp.options.acc_ecn.eceb"), "2");
	assert_string_equal(frames_row(s, "tcp.options.acc_ecn.ee1b"), "3");
	READ(s, "\xae\x05\x00\x00\x01\x01\x01\x01");
	assert_string_equal(frames_row(s, "tcp.options.acc_ecn.ee1b"), "1");
	assert_null(packet_find(&s->packet, "tcp.options.acc_ecn.eceb"));
	READ(s, "\xac\x04\x00\x01");
	assert_string_equal(frames_row(s, "tcp.options.data"), "0001");
	assert_string_equal(frames_row(s, "tcp.option.len.invalid"), "a length that this kind cannot have");
}

static void tcp_options_wrong_lengths_make_no_facts(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x02\x03\x05\x03\x04\x07\x07\x08\x04\x00\x01\x05\x05\x00\x00\x01\x04\x03\x00\x01");

	assert_int_equal(p->tcp.options, 0);
	assert_int_equal(p->tcp.mss, 0);
	assert_null(p->issue);
	p = READ(s, "\x1e\x02\x1c\x02");
	assert_int_equal(p->tcp.options, 0);
	assert_int_equal(p->tcp.mptcp, 0);
}

static void tcp_options_window_scale_above_14(void **state)
{
	struct frames *s = *state;
	struct packet *p = READ(s, "\x03\x03\x0f\x01");

	assert_int_equal(p->tcp.wscale, 15);
	assert_null(p->issue);
	assert_string_equal(frames_row(s, "tcp.options.wscale.multiplier"), "16384");
	assert_string_equal(frames_row(s, "tcp.options.wscale.shift.invalid"),
			    "a shift above 14: 14 counts (RFC 7323 2.3)");
}

static void tcp_options_shown_only(void **state)
{
	struct frames *s = *state;

	READ(s, "\x1c\x04\x80\x1e\x1b\x08\x07\x03\x00\x00\x00\x14");
	assert_string_equal(frames_row(s, "tcp.options.user_to_val"), "30");
	assert_string_equal(frames_row(s, "tcp.options.user_to_granularity"), "minutes (1)");
	assert_string_equal(frames_row(s, "tcp.options.qs.rate"), "5.12 Mbit/s (7)");
	assert_string_equal(frames_row(s, "tcp.options.qs.ttl_diff"), "3");
	assert_string_equal(frames_row(s, "tcp.options.qs.nonce"), "0x00000005");
	READ(s, "\x1d\x08\x01\x02\xaa\xbb\xcc\xdd\x14\x04\x61\x09");
	assert_string_equal(frames_row(s, "tcp.options.ao.keyid"), "1");
	assert_string_equal(frames_row(s, "tcp.options.ao.rnextkeyid"), "2");
	assert_string_equal(frames_row(s, "tcp.options.ao.mac"), "aabbccdd");
	assert_string_equal(frames_row(s, "tcp.options.scps.vector"), "SNACK1, SNACK2, 0x01");
	READ(s, "\x06\x06\x00\x00\x00\x05\x0e\x03\x02\x0b\x06\x00\x00\x00\x06\x01");
	assert_string_equal(frames_row(s, "tcp.options.echo_value"), "5");
	assert_string_equal(frames_row(s, "tcp.options.checksum"), "16-bit Fletcher (2)");
	assert_string_equal(frames_row(s, "tcp.options.cc_value"), "6");
}

static void tcp_options_ace_by_kind_of_segment(void **state)
{
	static const struct {
		unsigned flags;
		const char *text;
	} ace[] = {
		{TCP_SYN | TCP_AE | TCP_CWR | TCP_ECE, "accurate ECN asked for (7)"},
		{TCP_SYN | TCP_CWR | TCP_ECE, "classic ECN asked for (3)"},
		{TCP_SYN, ""},
		{TCP_SYN | TCP_ACK | TCP_ECE, "classic ECN agreed (1)"},
		{TCP_SYN | TCP_ACK | TCP_CWR, "accurate ECN agreed, the SYN came as not-ECT (2)"},
		{TCP_SYN | TCP_ACK | TCP_AE | TCP_CWR, "accurate ECN agreed, the SYN came as CE (6)"},
		{TCP_ACK | TCP_AE | TCP_ECE, "5"},
	};
	struct frames *s = *state;

	for (unsigned i = 0; i < sizeof ace / sizeof *ace; i++) {
		put_ipv4(s, PROTO_TCP, 20);
		put_tcp(s, 1, 2, 3, ace[i].flags, 20);
		assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
		assert_string_equal(frames_row(s, "tcp.flags.ace"), ace[i].text);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)
	const struct CMUnitTest tests[] = {
		T(tcp_options_fast_open_asked_and_given), T(tcp_options_fast_open_as_an_experiment),
		T(tcp_options_multipath_capable), T(tcp_options_multipath_join),
		T(tcp_options_multipath_several_in_one_segment), T(tcp_options_multipath_signal),
		T(tcp_options_multipath_addresses), T(tcp_options_accurate_ecn_in_both_orders),
		T(tcp_options_wrong_lengths_make_no_facts), T(tcp_options_window_scale_above_14),
		T(tcp_options_shown_only), T(tcp_options_ace_by_kind_of_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
