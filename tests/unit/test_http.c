/* HTTP/1 heads: requests, responses, and what only looks like them.
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

static enum dissect_result say(struct speaker *s, const char *words)
{
	return speak(s, PROTO_TCP, 12345, words, strlen(words));
}

static void server_name_is(const struct speaker *s, const char *want)
{
	assert_int_equal(s->packet.server_name_len, strlen(want));
	assert_memory_equal(s->packet.server_name, want, strlen(want));
	assert_true(s->packet.server_name >= s->bytes);
}

static void http_request_names_its_server(void **state)
{
	struct speaker *s = *state;

	assert_int_equal(say(s, "GET /x?y HTTP/1.1\r\nhOsT:\twww.example.org:8080 \r\nUser-Agent: curl/8\r\n"
				"X-Other: 1\r\n\r\nbody"),
			 DISSECT_OK);
	assert_string_equal(speak_service(s), "http");
	assert_string_equal(speak_row(s, "http.request.method", 0), "GET");
	assert_string_equal(speak_row(s, "http.request.uri", 0), "/x?y");
	assert_string_equal(speak_row(s, "http.request.version", 0), "HTTP/1.1");
	assert_string_equal(speak_row(s, "http.host", 0), "www.example.org:8080");
	assert_string_equal(speak_row(s, "http.user_agent", 0), "curl/8");
	assert_string_equal(speak_row(s, "http.request.line", 0), "X-Other: 1");
	server_name_is(s, "www.example.org");
	assert_int_equal(s->packet.layer[0].len, s->packet.payload_len - 4); /* without the body */

	assert_int_equal(say(s, "GET / HTTP/1.0\nHost: [2001:db8::1]:80\n\n"), DISSECT_OK);
	server_name_is(s, "[2001:db8::1]");
	assert_int_equal(say(s, "GET / HTTP/1.0\r\nHost: example.org\r\n"), DISSECT_OK);
	server_name_is(s, "example.org");
}

static void http_response_has_a_status(void **state)
{
	struct speaker *s = *state;

	assert_int_equal(say(s, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nHost: no\r\n\r\n"), DISSECT_OK);
	assert_string_equal(speak_row(s, "http.response.code", 0), "404");
	assert_string_equal(speak_row(s, "http.response.phrase", 0), "Not Found");
	assert_string_equal(speak_row(s, "http.content_type", 0), "text/html");
	assert_null(s->packet.server_name); /* Host is a client's word */
	assert_int_equal(say(s, "HTTP/1.1 200\r\n\r\n"), DISSECT_OK);
}

static void http_look_alikes_are_not(void **state)
{
	static const char *const others[] = {
		"GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.9\r\n\r\n", "GET /\r\n", "GETTING / HTTP/1.1\r\n\r\n",
		"get / HTTP/1.1\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET / RTSP/1.0\r\n\r\n", "GET /\x01 HTTP/1.1\r\n",
		"HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 099 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTPS/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK", "GET /short", "\r\n\r\n", "G",
	};
	struct speaker *s = *state;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(say(s, others[i]), DISSECT_NOT_MINE);
		speak_nothing(s);
	}
	assert_int_equal(say(s, "OPTIONS sip:a@example.org SIP/2.0\r\n"), DISSECT_OK);
	assert_string_equal(speak_service(s), "sip");
}

static void http_heads_go_on_in_the_next_segment(void **state)
{
	struct speaker *s = *state;
	char target[9000] = "GET /";

	memset(target + 5, 'a', 8990);
	assert_int_equal(speak(s, PROTO_TCP, 80, target, 200), DISSECT_OK);
	assert_string_equal(speak_row(s, "http.request.method", 0), "GET");
	assert_int_equal(say(s, "GET / HTTP/1.1\r\nHost: exam"), DISSECT_OK);
	assert_null(s->packet.server_name); /* half a name is none */
}

static void http_cut_is_never_whole(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
	struct speaker *s = *state;

	for (size_t n = 1; n < sizeof(head) - 1; n++)
		assert_int_equal(speak_cut(s, PROTO_TCP, 80, head, n, sizeof(head) - 1), n < 16 ? DISSECT_NOT_MINE : DISSECT_CUT);
}

static void http_many_headers_end(void **state)
{
	static char flood[40000];
	struct speaker *s = *state;
	size_t n = 0;

	memcpy(flood, "GET / HTTP/1.1\r\n", 16);
	for (n = 16; n + 6 < sizeof(flood); n += 6)
		memcpy(flood + n, "a: b\r\n", 6);
	assert_int_equal(speak(s, PROTO_TCP, 80, flood, n), DISSECT_OK);
	assert_true(s->packet.layer[0].len < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_request_names_its_server),
		cmocka_unit_test(http_response_has_a_status),
		cmocka_unit_test(http_look_alikes_are_not),
		cmocka_unit_test(http_heads_go_on_in_the_next_segment),
		cmocka_unit_test(http_cut_is_never_whole),
		cmocka_unit_test(http_many_headers_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
