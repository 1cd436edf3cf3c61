/* Tuples: order, and addresses as RFC 5952 writes them.
 * links: facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <arpa/inet.h>

#include "sockeye/tuple.h"

static const char *shown(const char *address)
{
	static char out[64];
	struct address a = {{0}};
	struct text t;
	bool six = strchr(address, ':') != NULL;

	assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, address, a.b), 1);
	text_init(&t, out, sizeof out);
	tuple_address(&t, &a, six ? FAMILY_IPV6 : FAMILY_IPV4);
	return out;
}

static void tuple_address_is_rfc5952(void **state)
{
	(void)state;
	assert_string_equal(shown("192.0.2.1"), "192.0.2.1");
	assert_string_equal(shown("2001:0db8:0:0:0:0:0:1"), "2001:db8::1");
	assert_string_equal(shown("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1"); /* 4.2.2 */
	assert_string_equal(shown("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");          /* 4.2.3 longest */
	assert_string_equal(shown("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");    /* 4.2.3 first */
	assert_string_equal(shown("::"), "::");
	assert_string_equal(shown("::1"), "::1");
	assert_string_equal(shown("fe80::"), "fe80::");
	assert_string_equal(shown("2001:DB8::ABCD"), "2001:db8::abcd");
	assert_string_equal(shown("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
	assert_string_equal(shown("1:2:3:4:5:6:0:0"), "1:2:3:4:5:6::");
}

static void tuple_endpoint_brackets(void **state)
{
	struct endpoint e = {.family = FAMILY_IPV6, .port = 443, .has_port = true};
	char out[64];
	struct text t;

	(void)state;
	e.ip.b[15] = 1;
	text_init(&t, out, sizeof out);
	tuple_endpoint(&t, &e);
	assert_string_equal(out, "[::1]:443");
	e.has_port = false;
	text_reset(&t);
	tuple_endpoint(&t, &e);
	assert_string_equal(out, "::1");
	e = (struct endpoint){.family = FAMILY_IPV4, .port = 0, .has_port = true, .ip = {{10, 0, 0, 1}}};
	text_reset(&t);
	tuple_endpoint(&t, &e);
	assert_string_equal(out, "10.0.0.1:0");
}

static void tuple_order_joins_both_directions(void **state)
{
	struct tuple a = {.from = {{10, 0, 0, 2}}, .to = {{10, 0, 0, 1}}, .from_port = 5, .to_port = 6,
			  .proto = PROTO_TCP, .family = FAMILY_IPV4};
	struct tuple b = {.from = {{10, 0, 0, 1}}, .to = {{10, 0, 0, 2}}, .from_port = 6, .to_port = 5,
			  .proto = PROTO_TCP, .family = FAMILY_IPV4};

	(void)state;
	assert_false(tuple_equal(&a, &b));
	assert_int_equal(tuple_order(&a), 1);
	assert_int_equal(tuple_order(&b), 0);
	assert_true(tuple_equal(&a, &b));
	/* One host: the ports decide. */
	a.to = a.from;
	a.from_port = 9;
	assert_int_equal(tuple_order(&a), 1);
	assert_int_equal(a.from_port, 5);
	b.proto = PROTO_UDP;
	assert_string_equal(tuple_proto_name(b.proto), "udp");
	assert_null(tuple_proto_name(50));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tuple_address_is_rfc5952),
		cmocka_unit_test(tuple_endpoint_brackets),
		cmocka_unit_test(tuple_order_joins_both_directions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
