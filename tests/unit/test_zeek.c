/* Zeek's conn_state and history, from packets made by hand: each state and each
 * letter with the frames that make it.
 *
 * links: flow facts base
 */
#include "flow_world.h"

enum { S = TCP_SYN, A = TCP_ACK, F = TCP_FIN, R = TCP_RST, W = 1 << 15 /* no window */ };

/* One packet of a story. */
struct step {
	bool client;
	uint16_t flags;
	uint32_t seq, ack, len;
};

#define STORY(...) (const struct step[]){__VA_ARGS__}, sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)
#define OPENED {true, S, 100, 0, 0}, {false, S | A, 900, 101, 0}, {true, A, 101, 901, 0}

static struct flow *play(struct world *w, const struct step *story, size_t n)
{
	struct flow *f = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct step *p = &story[i];
		struct descriptor d = p->client ? packet(CLIENT, 5000, SERVER, 80, PROTO_TCP)
						: packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);

		d.flags = p->flags & (uint16_t)~W;
		d.tcp.seq = p->seq;
		d.tcp.ack = p->ack;
		d.payload_len = p->len;
		d.window = p->flags & W ? 0 : 64000;
		f = track(w, CLOCK_MS, d);
	}
	return f;
}

/* The record of a story that has a world of its own. */
static struct flow_record told_of(const struct step *story, size_t n)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r = record_of(w, play(w, story, n));

	assert_int_equal(w->told, 0); /* one flow */
	world_free(w);
	return r;
}

static void check(const char *state, const char *history, const struct step *story, size_t n)
{
	struct flow_record r = told_of(story, n);

	assert_string_equal(r.conn_state, state);
	assert_string_equal(r.history, history);
	assert_true(record_has(&r, RECORD_CONN_STATE));
	assert_int_equal(record_has(&r, RECORD_HISTORY), history[0] != '\0');
}

static void state_of_each_ending(void **state)
{
	(void)state;
	check("S0", "S", STORY({true, S, 100, 0, 0}));
	check("S0", "S", STORY({true, S, 100, 0, 0}, {true, S, 100, 0, 0}));
	check("REJ", "Sr", STORY({true, S, 100, 0, 0}, {false, R | A, 0, 101, 0}));
	check("S1", "Sh", STORY({true, S, 100, 0, 0}, {false, S | A, 900, 101, 0}));
	check("S1", "ShA", STORY(OPENED));
	check("S1", "ShADad", STORY(OPENED, {true, A, 101, 901, 50}, {false, A, 901, 151, 0}, {false, A, 901, 151, 70}));
	check("S2", "ShAFa", STORY(OPENED, {true, F | A, 101, 901, 0}, {false, A, 901, 102, 0}));
	check("S3", "ShAf", STORY(OPENED, {false, F | A, 901, 101, 0}, {true, A, 101, 902, 0}));
	check("SF", "ShAFf", STORY(OPENED, {true, F | A, 101, 901, 0}, {false, F | A, 901, 102, 0}));
	check("RSTO", "ShAR", STORY(OPENED, {true, R, 101, 0, 0}));
	check("RSTR", "ShAr", STORY(OPENED, {false, R, 901, 0, 0}));
	check("RSTOS0", "SR", STORY({true, S, 100, 0, 0}, {true, R, 101, 0, 0}));
	check("RSTRH", "^hr", STORY({false, S | A, 900, 101, 0}, {false, R, 901, 0, 0}));
	check("SH", "SF", STORY({true, S, 100, 0, 0}, {true, F | A, 101, 901, 0}));
	check("SHR", "^hf", STORY({false, S | A, 900, 101, 0}, {false, F | A, 901, 101, 0}));
	check("OTH", "D", STORY({true, A, 101, 901, 10}));
	check("OTH", "DA", STORY({true, A, 101, 901, 10}, {true, A, 111, 950, 0}));
	check("OTH", "R", STORY({true, R, 101, 0, 0}));
	/* An ACK between SYN and RST: more than half of a scan. */
	check("OTH", "SAR", STORY({true, S, 100, 0, 0}, {true, A, 101, 1, 0}, {true, R, 101, 0, 0}));
}

static void state_of_what_is_less_usual(void **state)
{
	(void)state;
	/* Both abort with nothing said: taken for a refusal, too. */
	check("REJ", "ShARr", STORY(OPENED, {true, R, 101, 0, 0}, {false, R, 901, 0, 0}));
	check("RSTR", "ShADRr", STORY(OPENED, {true, A, 101, 901, 5}, {true, R, 106, 0, 0}, {false, R, 901, 0, 0}));
	/* A RST after both FINs changes nothing; after one's own it does, until the other's FIN comes. */
	check("SF", "ShAFfR", STORY(OPENED, {true, F | A, 101, 901, 0}, {false, F | A, 901, 102, 0}, {true, R, 102, 0, 0}));
	check("RSTO", "ShAFR", STORY(OPENED, {true, F | A, 101, 901, 0}, {true, R, 102, 0, 0}));
	check("SF", "ShAFRf", STORY(OPENED, {true, F | A, 101, 901, 0}, {true, R, 102, 0, 0}, {false, F | A, 901, 102, 0}));
	/* Some ACK a SYN before they answer it: that is no beginning in the middle. */
	check("S1", "SahA", STORY({true, S, 100, 0, 0}, {false, A, 900, 101, 0}, {false, S | A, 900, 101, 0},
				  {true, A, 101, 901, 0}));
	check("S1", "Ss", STORY({true, S, 100, 0, 0}, {false, S, 700, 0, 0}));
	check("SF", "FfA", STORY({true, F | A, 101, 901, 0}, {false, F | A, 901, 102, 0}, {true, A, 102, 902, 0}));
}

static void history_follows_the_client(void **state)
{
	(void)state;
	/* The SYN was missed, or comes late. */
	check("SF", "^hADdaFf", STORY({false, S | A, 900, 101, 0}, {true, A, 101, 901, 0}, {true, A, 101, 901, 9},
				      {false, A, 901, 110, 9}, {false, A, 910, 110, 0}, {true, F | A, 110, 910, 0},
				      {false, F | A, 910, 111, 0}));
	check("S1", "^hSA", STORY({false, S | A, 900, 101, 0}, {true, S, 100, 0, 0}, {true, A, 101, 901, 0}));
	/* The letters before the ^ have the case of whom they are of in the end. */
	check("OTH", "d^h", STORY({false, A, 901, 101, 5}, {false, S | A, 900, 101, 0}));
}

static void letters_of_flags(void **state)
{
	(void)state;
	check("RSTO", "ShAI", STORY(OPENED, {true, F | R, 101, 0, 0}, {true, F | R, 102, 0, 0}));
	check("RSTO", "ShAQ", STORY(OPENED, {true, S | R, 100, 0, 0}));
	check("S2", "ShAQ", STORY(OPENED, {true, S | F, 100, 0, 0}, {true, S | F, 100, 0, 0}));
	/* Again only with another number than the last. */
	check("S2", "ShAF", STORY(OPENED, {true, F | A, 101, 901, 0}, {true, F | A, 101, 901, 0}));
	check("S2", "ShAFF", STORY(OPENED, {true, F | A, 101, 901, 0}, {true, F | A, 102, 901, 0}));
	check("RSTO", "ShARRR", STORY(OPENED, {true, R, 101, 0, 0}, {true, R, 101, 0, 0}, {true, R, 150, 0, 0},
				      {true, R, 101, 0, 0}));
	check("S1", "ShA", STORY(OPENED, {false, S | A, 900, 101, 0}, {false, S | A, 950, 101, 0}));
	check("SF", "ShAFfhh", STORY(OPENED, {true, F | A, 101, 901, 0}, {false, F | A, 901, 102, 0},
				     {false, S | A, 900, 101, 0}, {false, S | A, 950, 101, 0}, {false, S | A, 950, 101, 0},
				     {false, S | A, 960, 101, 0}));
	check("REJ", "Srh", STORY({true, S, 100, 0, 0}, {false, R | A, 0, 101, 0}, {false, S | A, 900, 101, 0},
				  {false, S | A, 950, 101, 0}));
	/* No flag, no data: nothing. Data with a FIN is a FIN. */
	check("S1", "ShA", STORY(OPENED, {true, 0, 101, 0, 0}));
	check("S2", "ShAF", STORY(OPENED, {true, F | A, 101, 901, 40}));
}

static void letters_of_repeats_windows_and_gaps(void **state)
{
	(void)state;
	check("S1", "ShADT", STORY(OPENED, {true, A, 101, 901, 50}, {true, A, 101, 901, 50}));
	/* Late is not new either; the rest of what is partly new is. */
	check("S1", "ShADT", STORY(OPENED, {true, A, 151, 901, 50}, {true, A, 101, 901, 50}));
	check("S1", "ShAD", STORY(OPENED, {true, A, 101, 901, 50}, {true, A, 101, 901, 51}));
	/* Zeek takes a SYN with data for a repeat. */
	check("S0", "ST", STORY({true, S, 100, 0, 20}));
	check("S0", "SW", STORY({true, S | W, 100, 0, 0}));
	check("S1", "ShAWa", STORY(OPENED, {true, A | W, 101, 901, 0}, {false, A, 901, 101, 0}));
	/* No zero window with a RST, nor after the other's FIN. */
	check("RSTO", "ShAR", STORY(OPENED, {true, R | W, 101, 0, 0}));
	check("S3", "ShAf", STORY(OPENED, {false, F | A, 901, 101, 0}, {true, A | W, 101, 902, 0}));
	/* 30 bytes were not captured; they are a gap once they are ACKed. */
	check("S1", "ShAD", STORY(OPENED, {true, A, 131, 901, 50}));
	check("S1", "ShADaG", STORY(OPENED, {true, A, 131, 901, 50}, {false, A, 901, 181, 0}, {false, A, 901, 181, 0}));
	check("S1", "ShADaG", STORY(OPENED, {true, A, 101, 901, 50}, {false, A, 901, 200, 0}));
	check("S1", "ShADTa", STORY(OPENED, {true, A, 131, 901, 50}, {true, A, 101, 901, 30}, {false, A, 901, 181, 0}));
	/* The ACK of a FIN is none; that of a FIN which was not captured is, as in Zeek. */
	check("S2", "ShADFa", STORY(OPENED, {true, A, 101, 901, 50}, {true, F | A, 151, 901, 0}, {false, A, 901, 152, 0}));
	check("S1", "ShADaG", STORY(OPENED, {true, A, 101, 901, 50}, {false, A, 901, 152, 0}));
	/* No gaps where the beginning was not seen, nor by a RST. */
	check("OTH", "Da", STORY({true, A, 101, 901, 50}, {false, A, 901, 400, 0}));
	check("RSTR", "ShADr", STORY(OPENED, {true, A, 131, 901, 50}, {false, R | A, 901, 181, 0}));
}

/* The second, third ... letter at the 10th and the 100th. */
static void letters_by_powers_of_ten(void **state)
{
	static const struct step opened[] = {OPENED, {true, A, 101, 901, 50}};
	struct world *w = world_new(false, 16 << 20);
	struct flow *f = play(w, opened, 4);

	(void)state;
	for (unsigned i = 1; i <= 101; i++) {
		f = play(w, STORY({true, A, 101, 901, 50}));
		assert_string_equal(record_of(w, f).history,
				    i < 10 ? "ShADT" : i < 100 ? "ShADTT" : "ShADTTT");
	}
	for (unsigned i = 1; i <= 10; i++)
		f = play(w, STORY({false, A | W, 901, 151, 0}));
	assert_string_equal(record_of(w, f).history, "ShADTTTaww");
	world_free(w);
}

/* Letters without end: kept as far as there is room, then said to be cut. */
static void history_is_bounded(void **state)
{
	static const struct step opened[] = {OPENED};
	struct world *w = world_new(false, 16 << 20);
	struct flow *f = play(w, opened, 3);
	struct flow_record r;

	(void)state;
	for (uint32_t i = 0; i < 49; i++)
		f = play(w, STORY({false, R, 901 + i, 0, 0}));
	r = record_of(w, f);
	assert_int_equal(strlen(r.history), 52);
	assert_int_equal(strspn(r.history + 3, "r"), 49);
	for (uint32_t i = 0; i < 1000; i++)
		f = play(w, STORY({i % 2 == 0, R, 901 + i, 0, 0}));
	r = record_of(w, f);
	assert_int_equal(strlen(r.history), 54);
	assert_string_equal(r.history + 50, "rrRX");
	assert_string_equal(r.conn_state, "REJ");
	world_free(w);
}

/* Many flows with long histories in little memory: what finds no room says so,
 * and what ends gives its room back. */
static void history_without_room(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	unsigned cut = 0;

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		struct descriptor d = packet(CLIENT + i, 5000, SERVER, 80, PROTO_TCP);
		struct flow_record r;
		struct flow *f = NULL;

		d.flags = R;
		for (uint32_t k = 0; k < 20; k++) {
			d.tcp.seq = 100 + k;
			f = track(w, 1, d);
		}
		r = record_of(w, f);
		if (strchr(r.history, 'X')) {
			assert_string_equal(r.history, "RRRRRRRRRRRRRX");
			cut++;
		} else {
			assert_string_equal(r.history, "RRRRRRRRRRRRRRRRRRRR");
		}
	}
	assert_true(w->told_evicted > 0);
	assert_true(cut <= flow_stats(w->flows)->blocks_lost);
	world_free(w);
}

static void bytes_are_those_of_the_sequence_numbers(void **state)
{
	struct flow_record r = told_of(STORY(OPENED, {true, A, 101, 901, 50}, {true, A, 101, 901, 50},
					     {true, F | A, 151, 901, 0}, {false, A, 901, 152, 0}));

	(void)state;
	assert_int_equal(r.bytes[0], 100);
	assert_int_equal(r.stream_bytes[0], 50);
	assert_int_equal(r.stream_bytes[1], 0);
	/* What was ACKed counts, captured or not; where nothing was captured, nothing. */
	r = told_of(STORY(OPENED, {true, A, 101, 901, 50}, {false, A, 901, 181, 7}));
	assert_int_equal(r.stream_bytes[0], 80);
	assert_int_equal(r.stream_bytes[1], 7);
	r = told_of(STORY({true, A, 101, 901, 50}, {true, A, 151, 1000, 0}));
	assert_int_equal(r.stream_bytes[0], 50);
	assert_int_equal(r.stream_bytes[1], 0);
}

/* More than 2^32 bytes: the numbers have passed their beginning. */
static void bytes_beyond_four_gigabytes(void **state)
{
	static const struct step opened[] = {OPENED};
	struct world *w = world_new(false, 16 << 20);
	struct flow *f = play(w, opened, 3);
	uint32_t seq = 101, step = 1 << 24;

	(void)state;
	for (unsigned i = 0; i < 600; i++, seq += step) {
		f = play(w, STORY({true, A, seq, 901, step}));
		play(w, STORY({false, A, 901, seq + step, 0}));
	}
	assert_int_equal(record_of(w, f).stream_bytes[0], UINT64_C(600) << 24);
	assert_string_equal(record_of(w, f).history, "ShADa");
	world_free(w);
}

static void datagrams_have_states_too(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(CLIENT, 5000, SERVER, 53, PROTO_UDP);
	struct flow_record r;

	(void)state;
	d.payload_len = 30;
	r = record_of(w, track(w, 1, d));
	assert_string_equal(r.conn_state, "S0");
	assert_string_equal(r.history, "D");
	assert_int_equal(r.stream_bytes[0], 30);
	d = packet(SERVER, 53, CLIENT, 5000, PROTO_UDP);
	r = record_of(w, track(w, 1, d));
	assert_string_equal(r.conn_state, "SF");
	assert_string_equal(r.history, "Dd");
	d = packet(CLIENT, 7, SERVER, 7, PROTO_ICMP);
	d.icmp.type = 8;
	d.icmp.about = ICMP_IS_ECHO;
	r = record_of(w, track(w, 1, d));
	assert_string_equal(r.conn_state, "OTH");
	assert_false(record_has(&r, RECORD_HISTORY));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_of_each_ending),
		cmocka_unit_test(state_of_what_is_less_usual),
		cmocka_unit_test(history_follows_the_client),
		cmocka_unit_test(letters_of_flags),
		cmocka_unit_test(letters_of_repeats_windows_and_gaps),
		cmocka_unit_test(letters_by_powers_of_ten),
		cmocka_unit_test(history_is_bounded),
		cmocka_unit_test(history_without_room),
		cmocka_unit_test(bytes_are_those_of_the_sequence_numbers),
		cmocka_unit_test(bytes_beyond_four_gigabytes),
		cmocka_unit_test(datagrams_have_states_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
