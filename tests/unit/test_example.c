/* The example of dissectors/README.md does what it shows, though not enabled.
 * links: dissect facts base
 */
#include "speak.h"

#include "../../dissectors/example.c"

static int setup(void **state)
{
	struct speaker *s = speak_open();

	s->known = &example_dissector; /* asked directly: it is in no table */
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	speak_free(*state);
	return 0;
}

/* The example, asked as a guesser that knows nothing of the conversation. */
static enum dissect_result guess(struct packet *p, const void *bytes, size_t n)
{
	struct talk stranger = {0};
	struct cursor c;

	p->want_fields = false;
	p->talk = &stranger;
	cursor_init(&c, bytes, n, n);
	return example_dissector.dissect(&c, p);
}

static void example_request(void **state)
{
	static const uint8_t request[] = "\0\1boot/linux\0octet";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, 69, request, sizeof(request)), DISSECT_OK);
	assert_ptr_equal(s->packet.service, &example_dissector);
	assert_string_equal(speak_row(s, "tftp.message", 0), "read");
	assert_string_equal(speak_row(s, "tftp.source_file", 0), "boot/linux");
	assert_string_equal(speak_row(s, "tftp.type", 0), "octet");
	assert_int_equal(guess(&s->packet, request, sizeof(request)), DISSECT_OK);
	for (size_t n = 0; n < sizeof(request); n++)
		assert_int_equal(speak(s, PROTO_UDP, 69, request, n), DISSECT_NOT_MINE);
}

static void example_needs_to_know_for_blocks(void **state)
{
	static const uint8_t block[] = "\0\4\0\7", error[] = "\0\5\0\1gone", endless[] = "\0\5\0\1gone";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, 50000, block, 4), DISSECT_OK);
	assert_string_equal(speak_row(s, "tftp.block", 0), "7");
	assert_int_equal(speak_cut(s, PROTO_UDP, 50000, block, 3, 4), DISSECT_CUT);
	assert_int_equal(speak(s, PROTO_UDP, 50000, block, 3), DISSECT_BAD);
	assert_int_equal(speak(s, PROTO_UDP, 50000, error, sizeof(error)), DISSECT_OK);
	assert_string_equal(speak_row(s, "tftp.error.code", 0), "file not found (1)");
	assert_int_equal(speak(s, PROTO_UDP, 50000, endless, sizeof(endless) - 1), DISSECT_BAD);
	assert_string_equal(s->packet.issue, "the error's message does not end");
	assert_int_equal(guess(&s->packet, block, 4), DISSECT_NOT_MINE);
	assert_int_equal(guess(&s->packet, error, sizeof(error)), DISSECT_NOT_MINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_request),
		cmocka_unit_test(example_needs_to_know_for_blocks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
