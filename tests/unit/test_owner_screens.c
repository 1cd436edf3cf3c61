/* What the screens say of who holds a socket: kept lines of the list, the pane, the ladder.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "screen_world.h"
#include "sockeye/clock.h"
#include "tui/ladder.h"
#include "tui/look.h"
#include "tui/words.h"

#define BEGIN (INT64_C(1700000000) * CLOCK_S)

static struct answer a;
static struct look l;
static struct canvas c;

static const struct record_owner curl = {22731, 7, 1000, "bpf", NULL, NULL, "curl"};
static const struct record_owner nginx = {815, 19, 33, "bpf", "unit", "nginx.service", "nginx"};
static const struct record_owner boxed = {9, 4, 0, "proc", "docker", "3f2a9c0123456789aaaa", "\x1b[31mred"};
static const struct record_owner user = {0, -1, 33, "diag", NULL, NULL, ""};
static const struct record_owner listens = {815, -1, 33, "listener", NULL, NULL, "nginx"};

static struct flow_record *flow(void)
{
	struct flow_record *r = &a.row[a.rows++];

	memset(r, 0, sizeof *r);
	r->id = a.rows;
	r->proto = "tcp";
	r->ip_proto = PROTO_TCP;
	r->client = (struct endpoint){{{10, 0, 0, 1}}, (uint16_t)(40000 + a.rows), FAMILY_IPV4, true};
	r->server = (struct endpoint){{{192, 0, 2, 7}}, 80, FAMILY_IPV4, true};
	r->state = "established";
	r->first_ns = r->last_ns = BEGIN;
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	a.flows = a.matched = a.rows;
	return r;
}

static void held(struct flow_record *r, unsigned side, const struct record_owner *o, const char *unknown)
{
	if (o != NULL) {
		r->owner[side].at[r->owner[side].n++] = *o;
		record_set(r, side ? RECORD_OWNER_SERVER : RECORD_OWNER_CLIENT);
	}
	if (unknown != NULL) {
		r->owner_unknown[side] = unknown;
		record_set(r, side ? RECORD_OWNER_UNKNOWN_SERVER : RECORD_OWNER_UNKNOWN_CLIENT);
	}
}

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	memset(&c, 0, sizeof c);
	a.selected = 1;
	a.totals.first_ns = a.totals.last_ns = BEGIN;
	look_init(&l, false, "two.pcap", NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

static const char *line(unsigned y)
{
	return world_text(&c, y);
}

static void draw(unsigned width, unsigned height)
{
	canvas_release(&c);
	memset(&c, 0, sizeof c);
	assert_true(canvas_resize(&c, width, height));
	look_answered(&l, &a);
	look_draw(&l, &a, &c);
}

/* The line of the screen that begins with those words, without what precedes it; "" where none is. */
static const char *said(const char *begin)
{
	for (unsigned y = 0; y < c.height; y++) {
		const char *at = strstr(line(y), begin);

		if (at != NULL)
			return at;
	}
	return "";
}

static void the_pane(void **state)
{
	struct flow_record *r = flow();

	(void)state;
	held(r, 0, &curl, NULL);
	held(r, 1, &nginx, NULL);
	r->accept_latency = 600000;
	record_set(r, RECORD_ACCEPT_LATENCY);
	draw(120, 35);
	assert_string_equal(said("socket  "), "socket     client curl pid 22731 fd 7 uid 1000 (bpf)  server nginx pid 815 fd 19 uid 33 nginx.service (bpf)");
	draw(160, 35);
	assert_string_equal(said("socket  "), "socket     client curl pid 22731 fd 7 uid 1000 (bpf)  server nginx pid 815 fd 19 uid 33 nginx.service (bpf)  "
					      "accepted after 600 µs");
	draw(80, 35);
	assert_string_equal(said("socket  "), "socket     client curl pid 22731 fd 7 uid 1000  server nginx pid 815 fd 19");
	r->owner[0].n = 0;
	held(r, 0, &boxed, NULL);
	held(r, 0, &curl, NULL);
	r->owner[1].n = 0;
	held(r, 1, &user, "too_late");
	draw(160, 35);
	assert_string_equal(said("socket  "), "socket     client ·[31mred pid 9 fd 4 uid 0 docker 3f2a9c012345 (proc), curl pid 22731 fd 7 uid 1000 (bpf)  "
					      "server uid 33 (diag), too_late");
	r->owner[1].n = 0;
	held(r, 1, &listens, NULL);
	memset(r->has, 0, sizeof r->has);
	held(r, 1, NULL, NULL);
	record_set(r, RECORD_OWNER_SERVER);
	held(r, 0, NULL, "other_host");
	draw(120, 35);
	assert_string_equal(said("socket  "), "socket     client not known: another host's  server nginx pid 815 uid 33 (listener)");
}

/* Nobody is known: the pane keeps what it has else. */
static void nobody_is_known(void **state)
{
	struct flow_record *r = flow();

	(void)state;
	held(r, 0, &user, "too_late");
	held(r, 1, NULL, "other_host");
	draw(120, 35);
	assert_string_equal(said("socket  "), "");
	assert_string_not_equal(said("service  "), "");
	assert_false(l.list.owners);
}

static void the_column(void **state)
{
	(void)state;
	held(flow(), 0, &curl, NULL);
	held(flow(), 1, &listens, NULL);
	held(flow(), 1, &user, "too_late");
	held(flow(), 0, &boxed, NULL);
	draw(120, 35);
	assert_true(l.list.owners);
	assert_non_null(strstr(line(2), "Process"));
	assert_non_null(strstr(line(3), "curl:7"));
	assert_non_null(strstr(line(4), "nginx"));
	assert_null(strstr(line(4), "nginx:"));
	assert_null(strstr(line(5), "33"));
	assert_non_null(strstr(line(6), "·[31m"));
	/* Live there is a curve besides: all of them have their place, the service, too. */
	l.live = a.live = true;
	a.ended = false;
	draw(120, 35);
	assert_non_null(strstr(line(2), "Rate 8s Rtx Process      Service"));
	assert_null(strstr(line(2), "▶"));
	l.live = a.live = false;
	a.ended = true;
}

static void the_packet_that_opens(void **state)
{
	struct flow_record *r = flow();
	struct packet_row row = {.number = 3, .flow = 1, .ts_ns = BEGIN + 12300000, .is_tcp = true, .flags = TCP_ACK, .rtt_ns = -1};
	struct segment s = {.row = &row, .flow = r};
	char text[256];
	struct text t;

	(void)state;
	r->ack_ns = row.ts_ns;
	r->first_syn_to_ack = 12300000;
	record_set(r, RECORD_HS_FIRST_SYN_TO_ACK);
	r->accept_latency = 600000;
	r->accepted.pid = 815;
	r->accepted.fd = 19;
	text_init(&t, text, sizeof text);
	segment_words(&t, &s, SEGMENT_LINE);
	assert_string_equal(text, "OPEN after 12.30 ms");
	record_set(r, RECORD_ACCEPT_LATENCY);
	held(r, 1, &nginx, NULL);
	text_reset(&t);
	segment_words(&t, &s, SEGMENT_LINE);
	assert_string_equal(text, "OPEN; accept()=19 by nginx 815, waited 600 µs");
	text_reset(&t);
	segment_words(&t, &s, SEGMENT_WHOLE);
	assert_string_equal(text, "the handshake is complete 12.30 ms after the first SYN.  accept()=19 by nginx 815, waited 600 µs");
	text_reset(&t);
	segment_words(&t, &s, SEGMENT_BRIEF);
	assert_string_equal(text, "OPEN 12.30 ms");
	r->accepted.fd = -1; /* and by another one than who holds it now */
	r->accepted.pid = 816;
	text_reset(&t);
	segment_words(&t, &s, SEGMENT_LINE);
	assert_string_equal(text, "OPEN; accept() by 816, waited 600 µs");
}

static void an_end_that_has_not_closed(void **state)
{
	struct flow_record *r = flow();
	char text[256];
	struct text t;

	(void)state;
	r->tcp_state[0] = "fin_wait_2";
	r->tcp_state[1] = "close_wait";
	r->close_wait[1] = 754 * CLOCK_S;
	record_set(r, RECORD_TCP_STATE_CLIENT);
	record_set(r, RECORD_TCP_STATE_SERVER);
	record_set(r, RECORD_CLOSE_WAIT_SERVER);
	text_init(&t, text, sizeof text);
	words_ends(&t, r);
	assert_string_equal(text, "client FIN-WAIT-2, server CLOSE-WAIT for 12 min 34 s");
}

#define SCREEN_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCREEN_TEST(the_pane), SCREEN_TEST(nobody_is_known), SCREEN_TEST(the_column), SCREEN_TEST(the_packet_that_opens),
		SCREEN_TEST(an_end_that_has_not_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
