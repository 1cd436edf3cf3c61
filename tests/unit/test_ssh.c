/* SSH: identification, KEXINIT, and what is encrypted.
 * links: dissect facts base
 */
#include "speak.h"

static int setup(void **state)
{
	*state = speak_open();
	return 0;
}

static int teardown(void **state)
{
	speak_free(*state);
	return 0;
}

/* KEXINIT: padding 6, cookie, "curve", "ed", then eight empty lists, no guess, reserved */
static const uint8_t kexinit[] = "\x00\x00\x00\x4c\x06\x14" "0123456789abcdef"
				 "\0\0\0\x05" "curve" "\0\0\0\x02" "ed"
				 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				 "\0\0\0\0\0" "pppppp";
enum { KEXINIT = sizeof(kexinit) - 1 };

static void ssh_identification_on_any_port(void **state)
{
	static const char banner[] = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_TCP, 2222, banner, sizeof(banner) - 1), DISSECT_OK);
	assert_string_equal(speak_service(s), "ssh");
	assert_string_equal(speak_row(s, "ssh.protocol", 0), "SSH-2.0-OpenSSH_9.2p1 Debian");
	assert_int_equal(speak(s, PROTO_TCP, 22, "SSH-1.99-x\n", 11), DISSECT_OK);
	assert_int_equal(speak(s, PROTO_TCP, 22, "hello\r\nSSH-2.0-x\n", 17), DISSECT_OK);
	assert_string_equal(speak_row(s, "ssh.protocol", 0), "SSH-2.0-x");
}

static void ssh_look_alikes_are_not(void **state)
{
	static const char *const others[] = {"SSH-3.0-x\r\n", "SSH-2.0-x", "ssh-2.0-x\r\n", "SSH-2.0-\x01x\r\n",
					     "SSH is what\r\n", "SSH-2.0"};
	struct speaker *s = *state;
	char line[400];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(speak(s, PROTO_TCP, 22, others[i], strlen(others[i])), DISSECT_NOT_MINE);
		speak_nothing(s);
	}
	memset(line, 'a', sizeof(line));
	memcpy(line, "SSH-2.0-", 8);
	line[300] = '\n';
	assert_int_equal(speak(s, PROTO_TCP, 22, line, sizeof(line)), DISSECT_NOT_MINE);
}

static void ssh_kexinit_shows_its_lists(void **state)
{
	uint8_t both[KEXINIT + 9];
	struct speaker *s = *state;

	assert_int_equal(KEXINIT, 80);
	assert_int_equal(speak(s, PROTO_TCP, 22, kexinit, KEXINIT), DISSECT_OK);
	assert_string_equal(speak_row(s, "ssh.message", 0), "KEXINIT");
	assert_string_equal(speak_row(s, "ssh.kex_algorithms", 0), "curve");
	assert_string_equal(speak_row(s, "ssh.server_host_key_algorithms", 0), "ed");
	memcpy(both, "SSH-2.0-x", 9);
	both[8] = '\n';
	memcpy(both + 9, kexinit, KEXINIT);
	assert_int_equal(speak(s, PROTO_TCP, 22, both, sizeof(both)), DISSECT_OK);
	assert_string_equal(speak_row(s, "ssh.protocol", 0), "SSH-2.0-");
	assert_string_equal(speak_row(s, "ssh.message", 0), "KEXINIT");
}

static void ssh_wrong_kexinit_is_not(void **state)
{
	/* length, padding, code, a list with a control character, a list too long */
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 1}, {3, 0x4d}, {4, 3}, {4, 0xff}, {5, 22}, {26, 1}, {22, 1}, {25, 0}};
	uint8_t copy[KEXINIT];
	struct speaker *s = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(copy, kexinit, KEXINIT);
		copy[wrong[i].at] = wrong[i].value;
		assert_int_equal(speak(s, PROTO_TCP, 22, copy, KEXINIT), DISSECT_NOT_MINE);
		speak_nothing(s);
	}
}

static void ssh_encrypted_only_when_known(void **state)
{
	static const uint8_t newkeys[] = "\0\0\0\x0c\x0a\x15" "0123456789" "\x9f\x3a\x77\x01\x9f\x3a\x77\x01\x10";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_TCP, 22, newkeys, sizeof(newkeys) - 1), DISSECT_NOT_MINE);
	s->known = dissect_by_name("ssh");
	assert_non_null(s->known);
	assert_int_equal(speak(s, PROTO_TCP, 22, newkeys, sizeof(newkeys) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "ssh.message", 0), "NEWKEYS");
	assert_string_equal(speak_row(s, "ssh.encrypted_packet", 0), "encrypted");
	assert_int_equal(speak_cut(s, PROTO_TCP, 22, newkeys, 10, 31), DISSECT_CUT);
	s->known = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ssh_identification_on_any_port),
		cmocka_unit_test(ssh_look_alikes_are_not),
		cmocka_unit_test(ssh_kexinit_shows_its_lists),
		cmocka_unit_test(ssh_wrong_kexinit_is_not),
		cmocka_unit_test(ssh_encrypted_only_when_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
