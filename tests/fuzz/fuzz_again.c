/* Fuzz target: packets looked at again.
 *
 * The bytes are a file, read through an engine that keeps an index, as `watch` does: once
 * from the file, once through a pipe. Then everything that the screen may ask is asked:
 * rows, details, folds, a filter, a search, streams; and once more when the file was
 * written over with other bytes. Whatever comes, answers stay within their bounds.
 * links: engine source
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockeye/engine.h"
#include "source/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_MIB = 4, PACKETS = 25, FLOWS = 8, BATCHES = 200 };

static struct answer answer;

static void check_text(const char *s, size_t size)
{
	if (memchr(s, '\0', size) == NULL)
		abort();
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			abort();
}

static void check_row(const struct packet_row *r)
{
	check_text(r->protocol, sizeof r->protocol);
	check_text(r->line, sizeof r->line);
	check_text(r->issue, sizeof r->issue);
	if (r->about >= r->number && r->about != 0)
		abort();
}

static void check_detail(const struct packet_detail *d)
{
	if (d->lines > DETAIL_LINES)
		abort();
	for (unsigned i = 0; i < d->lines; i++) {
		const struct detail_line *l = &d->line[i];

		check_text(l->text, sizeof l->text);
		check_text(l->key, sizeof l->key);
		check_text(l->filter, sizeof l->filter);
		if (l->buffer >= PACKET_BUFFERS || (l->len > 0 && (uint64_t)l->off > d->all[l->buffer]))
			abort();
	}
	check_text(d->comment, sizeof d->comment);
	check_text(d->interface, sizeof d->interface);
	for (unsigned i = 0; i < PACKET_BUFFERS; i++)
		if (d->len[i] > d->all[i] || d->len[i] > DETAIL_BYTES)
			abort();
}

static void ask_packets(struct engine *e, const struct packet_query *p)
{
	struct query q = {.about = QUERY_PACKETS};
	const struct packet_answer *a = &answer.packets;

	q.packets = *p;
	engine_answer(e, &q, &answer);
	if (a->rows > QUERY_ROWS || a->looking || (a->rows > 0 && a->selected_row >= a->rows) || a->matched > a->total)
		abort();
	for (unsigned i = 0; i < a->rows; i++)
		check_row(&a->row[i]);
	check_detail(&a->detail);
}

static void ask_stream(struct engine *e, uint64_t flow)
{
	struct query q = {.about = QUERY_STREAM, .stream = {.flow = flow, .side = {true, true}}};
	const struct stream_answer *a = &answer.stream;

	engine_answer(e, &q, &answer);
	if (a->pieces > STREAM_PIECES || a->pieces > a->all || a->len > STREAM_BYTES)
		abort();
	for (unsigned i = 0; i < a->pieces; i++)
		if (a->piece[i].here > a->piece[i].len || a->piece[i].from + a->piece[i].here > a->len)
			abort();
}

static void ask_everything(struct engine *e)
{
	struct packet_query q = {.rows = 50, .detail = true};
	uint64_t total;

	ask_packets(e, &q);
	total = answer.packets.total;
	for (uint64_t n = 1; n <= total && n <= PACKETS; n++) {
		q.selected = n;
		q.rows = 1;
		ask_packets(e, &q);
	}
	q = (struct packet_query){.rows = QUERY_ROWS, .to_last = true, .fold = true};
	ask_packets(e, &q);
	for (uint64_t flow = 1; flow <= FLOWS; flow++) {
		q = (struct packet_query){.rows = 30, .fold = flow % 2, .events = flow % 3 == 0, .flows = 1, .flow = {flow}};
		ask_packets(e, &q);
		ask_stream(e, flow);
	}
	q = (struct packet_query){.rows = 5, .match = "tcp or udp"};
	if (total <= 4096)
		ask_packets(e, &q);
	q = (struct packet_query){.rows = 5, .find = FIND_TEXT, .find_len = 4, .find_for = "HTTP"};
	if (total <= 4096)
		ask_packets(e, &q);
}

static void run(int fd, size_t size, bool change)
{
	const struct engine_options o = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 1, .remember = true};
	struct frame frames[SOURCE_BATCH];
	struct source_stats stats = {.bytes = 0};
	struct engine *engine;
	struct source *s;
	struct error e;
	int n;

	if (reader_open(&s, fd, "fuzz", NULL, NULL, &e) < 0)
		return;
	if (engine_open(&engine, &o, &e) < 0 || engine_remember(engine, s, &e) < 0)
		abort();
	for (unsigned i = 0; i < BATCHES && (n = s->next_batch(s, frames, SOURCE_BATCH)) >= 0; i++) {
		if (!s->stats(s, 0, &stats) || (stats.compression && stats.bytes > (uint64_t)MOST_MIB << 20))
			break;
		(void)engine_batch(engine, frames, (unsigned)n);
	}
	(void)engine_end(engine, true);
	ask_everything(engine);
	if (change) {
		uint8_t other[97];

		for (unsigned i = 0; i < sizeof other; i++)
			other[i] = (uint8_t)(i * 37);
		for (off_t at = 60; at < (off_t)size; at += 301)
			if (pwrite(fd, other, sizeof other, at) < 0)
				break;
		if (ftruncate(fd, (off_t)(size - size / 5)) != 0)
			abort();
		ask_everything(engine);
	}
	engine_free(engine);
	s->free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC), ends[2];

	if (fd < 0 || (size > 0 && write(fd, data, size) != (ssize_t)size) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	run(fd, size, true);
	if (size > 60000)
		return 0; /* more than a pipe holds */
	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], data, size) != (ssize_t)size)
		abort();
	(void)close(ends[1]);
	run(ends[0], size, false);
	return 0;
}
