/* Zeek's conn.log as a view writes it: the exact bytes of a header and of lines.
 *
 * links: views facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/views.h"

static const char header[] = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n";

static struct flow_record record;
static struct totals totals;
static char output[8192];

/* What a new view writes for that event. */
static const char *play(enum event_kind kind)
{
	struct views_options o = {.view = VIEW_CONNECTIONS, .format = VIEW_ZEEK};
	struct event ev = {.kind = kind, .flow = &record, .totals = &totals};
	struct observer observer;
	struct error e;
	ssize_t len;

	o.fd = memfd_create("zeek", 0);
	assert_true(o.fd >= 0);
	assert_int_equal(views_open(&observer, &o, &e), 0);
	assert_int_equal(observer.event(observer.self, &ev), 0);
	observer.close(observer.self);
	len = pread(o.fd, output, sizeof output - 1, 0);
	assert_true(len > 0);
	output[len] = '\0';
	close(o.fd);
	return output;
}

static void assert_has(const char *out, const char *part)
{
	if (!strstr(out, part))
		fail_msg("\"%s\" is not in:\n%s", part, out);
}

static void set(enum record_key k)
{
	record_set(&record, k);
}

static void fresh(void)
{
	memset(&record, 0, sizeof record);
	totals = (struct totals){.packets = 12, .first_ns = 1362692526 * CLOCK_S, .last_ns = 1362692530 * CLOCK_S + 5};
	record.id = 17;
	record.first_ns = 1362692526 * CLOCK_S + 869344123;
	record.last_ns = 1362692527 * CLOCK_S + 900000000;
	record.client = (struct endpoint){.ip = {{10, 0, 0, 1}}, .port = 1234, .family = FAMILY_IPV4, .has_port = true};
	record.server = (struct endpoint){.ip = {{10, 0, 0, 2}}, .port = 80, .family = FAMILY_IPV4, .has_port = true};
	record.packets[0] = 7;
	record.packets[1] = 5;
	record.ip_proto = PROTO_TCP;
}

static void zeek_line_of_a_connection(void **state)
{
	char first[8192];

	(void)state;
	fresh();
	record.conn_state = "SF";
	memcpy(record.history, "ShADadFf", 9);
	record.service = "tls"; /* ssl to Zeek */
	record.vlan = (struct record_list){2, {100, 7}};
	set(RECORD_CONN_STATE);
	set(RECORD_HISTORY);
	set(RECORD_SERVICE);
	set(RECORD_VLAN);
	record.stream_bytes[0] = 500;
	record.stream_bytes[1] = UINT64_C(5000000000);
	set(RECORD_EXACT_MISSED_BYTES);
	record.exact.missed_bytes[0] = 3;
	record.exact.missed_bytes[1] = 4;
	play(EVENT_FLOW_END);
	assert_int_equal(strncmp(output, header, sizeof header - 1), 0);
	assert_has(output, "#path\tconn\n#open\t2013-03-07-21-42-06\n#fields\tts\tuid\tid.orig_h\tid.orig_p\t");
	assert_has(output, "\ttunnel_parents\tip_proto\tvlan\tinner_vlan\n#types\ttime\tstring\taddr\tport\t");
	assert_has(output, "\n1362692526.869344\tC");
	assert_has(output, "\t10.0.0.1\t1234\t10.0.0.2\t80\ttcp\tssl\t1.030655\t500\t5000000000\tSF\t-\t-\t7\tShADadFf\t"
			   "7\t-\t5\t-\t-\t6\t100\t7\n");
	/* The uid: again the same, with another id another. */
	memcpy(first, output, sizeof first);
	assert_string_equal(play(EVENT_FLOW_END), first);
	record.id = 18;
	assert_string_not_equal(play(EVENT_FLOW_END), first);
}

static void zeek_line_of_icmp(void **state)
{
	(void)state;
	fresh();
	record.last_ns = record.first_ns; /* a moment has no sizes */
	record.ip_proto = PROTO_ICMPV6;
	record.icmp_type = 129;
	assert_has(play(EVENT_FLOW_END), "\t10.0.0.1\t129\t10.0.0.2\t128\ticmp\t-\t-\t-\t-\t-\t-\t-\t0\t-\t7\t-\t5\t-\t-\t58\t"
					 "-\t-\n");
	record.icmp_type = 1; /* unreachable: no counterpart, so its code */
	record.icmp_code = 4;
	assert_has(play(EVENT_FLOW_END), "\t10.0.0.1\t1\t10.0.0.2\t4\ticmp\t");
	record.ip_proto = PROTO_ICMP;
	record.icmp_type = 0;
	assert_has(play(EVENT_FLOW_END), "\t10.0.0.1\t0\t10.0.0.2\t8\ticmp\t");
	record.ip_proto = PROTO_SCTP;
	assert_has(play(EVENT_FLOW_END), "\t10.0.0.1\t1234\t10.0.0.2\t80\tunknown_transport\t");
}

static void zeek_log_without_a_line(void **state)
{
	(void)state;
	fresh();
	play(EVENT_END);
	assert_int_equal(strncmp(output, header, sizeof header - 1), 0);
	assert_string_equal(strstr(output, "#close"), "#close\t2013-03-07-21-42-10\n");
	totals.packets = 0; /* no packet, no time */
	play(EVENT_END);
	assert_has(output, "#open\t-\n");
	assert_string_equal(strstr(output, "#close"), "#close\t-\n");
}

static void zeek_is_for_connections_only(void **state)
{
	static const enum view_kind others[] = {VIEW_HANDSHAKES, VIEW_PACKETS, VIEW_REPORT};
	struct observer observer;
	struct error e;

	(void)state;
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		struct views_options o = {.view = others[i], .format = VIEW_ZEEK, .fd = -1};

		assert_int_equal(views_open(&observer, &o, &e), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeek_line_of_a_connection),
		cmocka_unit_test(zeek_line_of_icmp),
		cmocka_unit_test(zeek_log_without_a_line),
		cmocka_unit_test(zeek_is_for_connections_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
