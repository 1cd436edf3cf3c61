/* Two threads and a screen: packets are looked at again while the reading thread is on its
 * way, pcapng's table of interfaces growing. For ThreadSanitizer above all.
 *
 * links: engine source dissect flow filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/engine.h"

struct screen {
	struct exchange *x;
	uint64_t answers, details, rows, streams, total, gone;
};

static const char *const names[] = {
	"captures/pcapng-interfaces.pcapng", "captures/truth-18-interfaces.pcapng", "captures/handshakes.pcap",
	"captures/hostile-max.pcapng", "captures/pcapng-big-endian.pcapng", "captures/handshakes.pcap",
	"captures/tls.pcap", "captures/handshakes.pcap", "captures/http.pcap", "captures/pcapng-interfaces.pcapng",
};

/* Asks one thing after the other until the source has ended and all was answered. */
static void *screen_run(void *arg)
{
	struct screen *s = arg;
	struct answer *a = calloc(1, sizeof *a);
	uint64_t serial = 0;

	for (unsigned after = 0; after < 60;) {
		struct query q = {.serial = ++serial, .about = serial % 5 == 4 ? QUERY_STREAM : QUERY_PACKETS};
		struct pollfd p = {.fd = exchange_answer_fd(s->x), .events = POLLIN};

		q.packets.rows = 30;
		q.packets.detail = true;
		q.packets.to_last = serial % 3 == 0;
		q.packets.selected = serial * 7 % 500;
		q.packets.flows = serial % 4 == 1;
		q.packets.flow[0] = serial % 40;
		q.packets.fold = serial % 8 == 1;
		q.stream.flow = serial % 40;
		q.stream.side[0] = q.stream.side[1] = true;
		exchange_post(s->x, &q);
		do
			(void)poll(&p, 1, 1000);
		while (!exchange_take(s->x, a) && !exchange_quitting(s->x));
		s->answers++;
		s->details += a->about == QUERY_PACKETS && a->packets.detail.number != 0;
		s->rows += a->about == QUERY_PACKETS ? a->packets.rows : 0;
		for (unsigned i = 0; a->about == QUERY_PACKETS && i < a->packets.rows; i++)
			s->gone += a->packets.row[i].gone;
		s->streams += a->about == QUERY_STREAM && a->stream.pieces > 0;
		s->total = a->totals.packets;
		after += a->ended;
	}
	exchange_quit(s->x);
	free(a);
	return NULL;
}

static void packets_again_while_they_are_read(void **state)
{
	const struct source_options so = {.files = names, .n_files = sizeof names / sizeof *names};
	const struct engine_options eo = {.memory = 64 << 20, .remember = true};
	struct run_options ro = {.signal_fd = -1, .keep_flows = true};
	struct run_result result;
	struct screen screen = {0};
	struct source *source;
	struct engine *engine;
	struct error e = {""};
	pthread_t thread;

	(void)state;
	assert_int_equal(source_open(&source, &so, &e), 0);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(pipeline_open(&source, source, engine, 0, &e), 0);
	assert_int_equal(engine_remember(engine, source, &e), 0);
	assert_int_equal(exchange_open(&screen.x, &e), 0);
	ro.screen = screen.x;
	assert_int_equal(pthread_create(&thread, NULL, screen_run, &screen), 0);
	assert_int_equal(run_loop(engine, source, &ro, &result, &e), 0);
	pthread_join(thread, NULL);
	print_message("%llu answers of %llu packets, %llu rows, %llu details, %llu streams\n",
		      (unsigned long long)screen.answers, (unsigned long long)screen.total, (unsigned long long)screen.rows,
		      (unsigned long long)screen.details, (unsigned long long)screen.streams);
	assert_true(screen.details >= 20 && screen.rows >= 600 && screen.streams >= 1);
	assert_int_equal(screen.gone, 0);
	assert_int_equal(screen.total, result.packets);
	exchange_free(screen.x);
	source->free(source);
	engine_free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(packets_again_while_they_are_read)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
