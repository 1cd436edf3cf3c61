/* ECN (RFC 3168) and accurate ECN (RFC 9768): what is agreed, and the marks.
 *
 * links: flow facts base
 */
#include "flow_world.h"

enum { MS = CLOCK_MS, A = TCP_ACK, SA = TCP_SYN | TCP_ACK, ECE = TCP_ECE, CWR = TCP_CWR, AE = TCP_AE };

static struct flow *marked(struct world *w, bool c, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct descriptor d = segment(c, flags, seq, ack, len);

	d.ecn = 3;
	return track(w, MS, d);
}

static const char *agreed(uint16_t syn, uint16_t synack, uint64_t *verdicts)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	const char *word;

	tcp(w, 0, true, TCP_SYN | syn, 100, 0, 0);
	r = record_of(w, tcp(w, MS, false, SA | synack, 900, 101, 0));
	*verdicts = w->judged.verdicts & (verdict_bit(VERDICT_ECN) | verdict_bit(VERDICT_ACCECN));
	word = record_has(&r, RECORD_HS_ECN) ? r.ecn_agreed : "-";
	world_free(w);
	return word;
}

/* RFC 3168 6.1.1, RFC 9768 table 2; AE with ECE: 3.1.3 there. */
static void every_answer(void **state)
{
	static const struct {
		uint16_t syn, synack;
		const char *word;
	} cases[] = {
		{0, 0, "-"}, {0, ECE, "-"},
		{ECE | CWR, 0, "refused"}, {ECE | CWR, ECE, "classic"}, {ECE | CWR, ECE | CWR, "refused"},
		{ECE | CWR, AE | ECE, "classic"}, {ECE | CWR, CWR, "refused"}, {ECE | CWR, AE, "refused"},
		{ECE | CWR | AE, 0, "refused"}, {ECE | CWR | AE, ECE, "classic"}, {ECE | CWR | AE, CWR, "accurate"},
		{ECE | CWR | AE, CWR | ECE, "accurate"}, {ECE | CWR | AE, AE, "accurate"},
		{ECE | CWR | AE, AE | ECE, "accurate"}, {ECE | CWR | AE, AE | CWR, "accurate"},
		{ECE | CWR | AE, AE | CWR | ECE, "refused"},
		{ECE, ECE, "-"}, {CWR, ECE, "-"}, {AE, AE, "-"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t v, want = 0;

		assert_string_equal(agreed(cases[i].syn, cases[i].synack, &v), cases[i].word);
		if (strcmp(cases[i].word, "classic") == 0)
			want = verdict_bit(VERDICT_ECN);
		if (strcmp(cases[i].word, "accurate") == 0)
			want = verdict_bit(VERDICT_ACCECN);
		assert_true(v == want);
	}
}

static void no_answer_no_word(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	r = record_of(w, tcp(w, 0, true, TCP_SYN | ECE | CWR, 100, 0, 0));
	assert_false(record_has(&r, RECORD_HS_ECN));
	world_free(w);
}

/* RFC 3168 6.1.1.1: asked in vain, the SYN comes again without. */
static void asked_and_taken_back(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	tcp(w, 0, true, TCP_SYN | ECE | CWR, 100, 0, 0);
	tcp(w, CLOCK_S, true, TCP_SYN, 100, 0, 0);
	r = record_of(w, tcp(w, MS, false, SA | ECE, 900, 101, 0));
	assert_string_equal(r.ecn_agreed, "refused");
	world_free(w);
}

static void classic_marks(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN | ECE | CWR, 100, 0, 0);
	tcp(w, MS, false, SA | ECE, 900, 101, 0);
	assert_false(said(w, VERDICT_ECN_ECHO)); /* there ECE is an answer */
	tcp(w, MS, true, A, 101, 901, 0);
	marked(w, true, A, 101, 901, 100);
	assert_true(said(w, VERDICT_ECN_CE));
	tcp(w, MS, false, A | ECE, 901, 201, 0);
	assert_true(said(w, VERDICT_ECN_ECHO));
	tcp(w, MS, true, A | CWR, 201, 901, 100);
	assert_true(said(w, VERDICT_CWR));
	f = tcp(w, MS, false, A, 901, 301, 0);
	assert_false(said(w, VERDICT_ECN_ECHO));
	r = record_of(w, f);
	assert_true(record_has(&r, RECORD_ECN_CE) && record_has(&r, RECORD_ECN_CWR));
	assert_int_equal(r.ecn.ce[0], 1);
	assert_int_equal(r.ecn.ce[1], 0);
	assert_int_equal(r.ecn.ece[0], 0);
	assert_int_equal(r.ecn.ece[1], 1);
	assert_int_equal(r.ecn.cwr[0], 1);
	world_free(w);
}

/* The three bits are a counter, which begins at 5; the client's first segment
 * says how the SYN/ACK came, and counts nothing. */
static void accurate_marks(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN | ECE | CWR | AE, 100, 0, 0);
	tcp(w, MS, false, SA | CWR, 900, 101, 0);
	tcp(w, MS, true, A | CWR, 101, 901, 0);
	assert_false(said(w, VERDICT_ECN_ECHO));
	tcp(w, MS, true, A | AE | ECE, 101, 901, 100); /* 5 */
	assert_false(said(w, VERDICT_ECN_ECHO));
	assert_false(said(w, VERDICT_CWR));
	tcp(w, MS, false, A | AE | ECE, 901, 201, 0);
	assert_false(said(w, VERDICT_ECN_ECHO));
	marked(w, true, A | AE | ECE, 201, 901, 100);
	assert_true(said(w, VERDICT_ECN_CE));
	tcp(w, MS, false, A | AE | CWR, 901, 301, 0); /* 6 */
	assert_true(said(w, VERDICT_ECN_ECHO));
	tcp(w, MS, false, A | AE | ECE, 901, 201, 0); /* 5, but an ACK of before */
	assert_false(said(w, VERDICT_ECN_ECHO));
	f = tcp(w, MS, false, A, 901, 401, 0); /* 0: three more, no flag at all */
	assert_true(said(w, VERDICT_ECN_ECHO));
	r = record_of(w, f);
	assert_int_equal(r.ecn.ce[0], 1);
	assert_int_equal(r.ecn.ece[1], 2);
	assert_false(record_has(&r, RECORD_ECN_CWR));
	world_free(w);
}

/* Refused, or never asked for: the flags mean nothing; a mark was still made. */
static void without_agreement(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	f = tcp_open(w);
	r = record_of(w, f);
	assert_false(record_has(&r, RECORD_ECN_CE));
	tcp(w, MS, true, A | ECE | CWR, 101, 901, 10);
	assert_false(said(w, VERDICT_ECN_ECHO) || said(w, VERDICT_CWR));
	f = marked(w, true, A, 111, 901, 10);
	assert_true(said(w, VERDICT_ECN_CE));
	r = record_of(w, f);
	assert_int_equal(r.ecn.ce[0], 1);
	assert_int_equal(r.ecn.ece[0], 0);
	world_free(w);
}

/* Begun before the capture: the flags are believed. */
static void in_the_middle(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp(w, 0, true, A | CWR, 5000, 900, 10);
	assert_true(said(w, VERDICT_CWR));
	tcp(w, MS, false, A | ECE, 900, 5010, 0);
	assert_true(said(w, VERDICT_ECN_ECHO));
	world_free(w);
}

static void a_marked_syn_counts(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	assert_int_equal(record_of(w, marked(w, true, TCP_SYN | ECE | CWR, 100, 0, 0)).ecn.ce[0], 1);
	assert_true(said(w, VERDICT_ECN_CE));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer),
		cmocka_unit_test(no_answer_no_word),
		cmocka_unit_test(asked_and_taken_back),
		cmocka_unit_test(classic_marks),
		cmocka_unit_test(accurate_marks),
		cmocka_unit_test(without_agreement),
		cmocka_unit_test(in_the_middle),
		cmocka_unit_test(a_marked_syn_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
