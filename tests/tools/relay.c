/* relay: a cable with faults, between two interfaces of one namespace.
 *
 * usage: relay -a IFACE -b IFACE [-s SEED] [-t SECONDS] [-o TRUTH] [--ab FAULTS] [--ba FAULTS] [--both FAULTS]
 *
 * Frames that arrive on a leave on b, and the reverse. FAULTS is a list:
 *
 *   loss=2%        frames that never arrive        duplicate=1%   frames that arrive twice, back to back
 *   corrupt=0.5%   a byte of the payload flipped   reorder=1%     held until 3 later ones have left, or 20 ms
 *   delay=10ms     for every frame                 jitter=2ms     more or less of it; the order is kept
 *   rate=20mbit    a line of that speed            queue=100      frames that wait for it at most (1000)
 *   drop=3:17      these frames, by number         data           faults meet only TCP segments with payload
 *
 * Frames are numbered from 1 in each direction as they arrive; only IPv4 is
 * numbered and met by faults, the rest passes. What happens to a frame depends on
 * the seed, the direction and its number and on nothing else, so a run that sends
 * the same frames meets the same faults; `queue` alone also depends on time.
 *
 * TRUTH is JSON lines: {"event":"in",...} for each frame as it comes, with all that
 * will be done to it, and {"event":"out",...} as it leaves, each in its order; at
 * the end {"event":"end",...} with the sums. "listening" is printed once frames
 * are taken. SIGINT and SIGTERM end it: what is under way still leaves.
 *
 * Frames over 4096 bytes are not relayed but counted (`oversize`): turn off
 * segmentation and checksum offload of the senders (`peer.py plain`).
 */
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "relay_faults.h"
#include "wire.h"

enum {
	FRAME = 4096,
	WAITING = RELAY_WAITING,
	QUEUE = 1000,
	REORDER_GAP = 3,
	REORDER_NS = 20000000,
	ETH = 14,
};

struct way {
	const char *name;
	int from, to;
	struct faults faults;
	uint64_t in, out, did[RELAY_DIDS], passed, oversize;
	int64_t last_due, line_free; /* monotonic ns */
	unsigned waiting;
};

/* A frame under way. */
struct waiting {
	int64_t due;
	uint64_t order, n;
	unsigned way, length, copies;
	unsigned gap; /* reordered: later ones that must leave before it */
	uint8_t bytes[FRAME];
};

static struct way ways[2] = {{.name = "ab"}, {.name = "ba"}};
static struct waiting *queue[WAITING]; /* by due, then order of arrival */
static struct waiting pool[WAITING];
static unsigned waiting;
static uint64_t seed, arrivals;
static FILE *truth;
static int64_t begun;
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* ---- the truth ------------------------------------------------------------------------------ */

/* Bytes of TCP or UDP payload and where they begin; 0: none, or not to be found. */
static unsigned payload_of(const uint8_t *p, unsigned length, unsigned *at)
{
	unsigned head = ETH + (p[ETH] & 15u) * 4, total = ETH + get16(p + ETH + 2);
	unsigned own = p[ETH + 9] == 6 ? 20 : 8;

	if (length < head + own || total > length)
		return 0;
	if (p[ETH + 9] == 6)
		own = (p[head + 12] >> 4) * 4u;
	*at = head + own;
	return total > head + own ? total - head - own : 0;
}

static void tell_in(unsigned way, uint64_t n, unsigned did, const uint8_t *p, unsigned length)
{
	unsigned head = ETH + (p[ETH] & 15u) * 4, at = 0, data = payload_of(p, length, &at);

	if (!truth)
		return;
	fprintf(truth,
		"{\"event\":\"in\",\"way\":\"%s\",\"n\":%llu,\"us\":%lld,\"length\":%u,\"id\":%u,\"proto\":%u",
		ways[way].name, (unsigned long long)n, (long long)(wire_ns(CLOCK_MONOTONIC) - begun) / 1000, length,
		get16(p + ETH + 4), p[ETH + 9]);
	if ((p[ETH + 9] == 6 || p[ETH + 9] == 17) && length >= head + 8)
		fprintf(truth, ",\"ports\":[%u,%u],\"data\":%u", get16(p + head), get16(p + head + 2), data);
	if (p[ETH + 9] == 6 && length >= head + 20)
		fprintf(truth, ",\"seq\":%u,\"ack\":%u,\"flags\":%u", get32(p + head + 4), get32(p + head + 8),
			p[head + 13]);
	fprintf(truth, ",\"did\":[");
	for (unsigned i = 0, some = 0; i < RELAY_DIDS; i++)
		if (did >> i & 1)
			fprintf(truth, "%s\"%s\"", some++ ? "," : "", did_names[i]);
	fprintf(truth, "]}\n");
}

static void tell_end(void)
{
	if (!truth)
		return;
	fprintf(truth, "{\"event\":\"end\",\"seed\":%llu", (unsigned long long)seed);
	for (unsigned w = 0; w < 2; w++) {
		fprintf(truth, ",\"%s\":{\"in\":%llu,\"out\":%llu,\"passed\":%llu,\"oversize\":%llu", ways[w].name,
			(unsigned long long)ways[w].in, (unsigned long long)ways[w].out,
			(unsigned long long)ways[w].passed, (unsigned long long)ways[w].oversize);
		for (unsigned i = 0; i < RELAY_DIDS; i++)
			fprintf(truth, ",\"%s\":%llu", did_names[i], (unsigned long long)ways[w].did[i]);
		fprintf(truth, "}");
	}
	fprintf(truth, "}\n");
	if (fclose(truth) != 0)
		wire_die("the truth could not be written: %s", strerror(errno));
}

/* ---- frames under way --------------------------------------------------------------------------- */

static bool before(const struct waiting *a, const struct waiting *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(struct waiting *w)
{
	unsigned at = waiting++;

	while (at > 0 && before(w, queue[at - 1])) {
		queue[at] = queue[at - 1];
		at--;
	}
	queue[at] = w;
}

static void leave(struct waiting *w)
{
	struct way *way = &ways[w->way];

	for (unsigned c = 0; c < w->copies; c++) {
		while (send(way->to, w->bytes, w->length, 0) < 0)
			if (errno == ENOBUFS || errno == EAGAIN)
				wire_sleep(50000);
			else if (errno != EINTR)
				wire_die("relay: frame %llu of %s: %s", (unsigned long long)w->n, way->name,
					 strerror(errno));
		if (w->n)
			way->out++;
		if (truth && w->n)
			fprintf(truth, "{\"event\":\"out\",\"way\":\"%s\",\"n\":%llu,\"us\":%lld,\"copy\":%u}\n",
				way->name, (unsigned long long)w->n,
				(long long)(wire_ns(CLOCK_MONOTONIC) - begun) / 1000, c);
	}
	way->waiting--;
	w->length = 0; /* free */
}

static void take_out(unsigned at)
{
	memmove(&queue[at], &queue[at + 1], (--waiting - at) * sizeof queue[0]);
}

/* Everything that is due leaves; those held back after the ones they wait for. */
static void release(int64_t now)
{
	unsigned at = 0;

	while (at < waiting && queue[at]->due <= now) {
		struct waiting *w = queue[at];

		if (w->gap > 0 && now < w->due + REORDER_NS) {
			at++;
			continue;
		}
		take_out(at);
		leave(w);
		at = 0; /* one that was held may go now */
		for (unsigned i = 0; i < waiting; i++)
			if (queue[i]->gap > 0 && queue[i]->way == w->way && queue[i]->order < w->order)
				queue[i]->gap--;
	}
}

static int64_t next_due(int64_t now)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < waiting; i++) {
		int64_t due = queue[i]->due + (queue[i]->gap > 0 ? REORDER_NS : 0);

		if (due < next)
			next = due;
		if (queue[i]->gap == 0)
			break; /* the rest is later; a held one is looked at again when this has left */
	}
	return next == INT64_MAX ? 100000000 : next > now ? next - now : 0;
}

static struct waiting *room(void)
{
	static unsigned last;

	for (unsigned i = 0; i < WAITING; i++) {
		struct waiting *w = &pool[last++ % WAITING];

		if (w->length == 0)
			return w;
	}
	return NULL;
}

/* When it leaves: the line's speed, the delay and its jitter; never before the one before it. */
static int64_t schedule(unsigned w, uint64_t n, unsigned length, int64_t now)
{
	struct way *way = &ways[w];
	const struct faults *f = &way->faults;
	int64_t due = now;

	if (f->bits_s > 0) {
		if (way->line_free > due)
			due = way->line_free;
		due += (int64_t)((double)length * 8e9 / f->bits_s);
		way->line_free = due;
	}
	due += f->delay_ns + (int64_t)((dice(seed, w, n, 4) * 2 - 1) * (double)f->jitter_ns);
	if (due < way->last_due)
		due = way->last_due;
	way->last_due = due;
	return due;
}

static void arrive(unsigned w, const uint8_t *p, unsigned length, int64_t now)
{
	struct way *way = &ways[w];
	bool ours = length >= ETH + 20 && get16(p + 12) == 0x0800;
	unsigned did = 0, at = 0, data = ours ? payload_of(p, length, &at) : 0;
	struct waiting *slot = room();
	uint64_t n = ours ? ++way->in : 0;

	if (!ours)
		way->passed++;
	else if (!way->faults.data || (data > 0 && p[ETH + 9] == 6))
		did = decide(&way->faults, seed, w, n);
	if (!(did & LOST) && way->faults.bits_s > 0 && way->waiting >= way->faults.queue)
		did = QUEUE_FULL;
	else if (!(did & LOST) && !slot)
		did = NO_ROOM;
	if (data == 0)
		did &= ~(unsigned)CORRUPTED;
	for (unsigned i = 0; i < RELAY_DIDS; i++)
		way->did[i] += did >> i & 1;
	if (ours)
		tell_in(w, n, did, p, length);
	if (did & (LOST | QUEUE_FULL | NO_ROOM) || !slot)
		return;
	memcpy(slot->bytes, p, length);
	if (did & CORRUPTED)
		slot->bytes[at + (unsigned)(dice(seed, w, n, 5) * data)] ^= 0x40;
	slot->way = w;
	slot->n = n;
	slot->length = length;
	slot->copies = did & DUPLICATED ? 2 : 1;
	slot->gap = did & REORDERED ? REORDER_GAP : 0;
	slot->order = ++arrivals;
	slot->due = schedule(w, n, length, now);
	way->waiting++;
	put(slot);
}

/* ---- set-up ------------------------------------------------------------------------------------------ */

static int open_end(const char *name)
{
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = __builtin_bswap16(0x0003), /* all */
		.sll_ifindex = (int)if_nametoindex(name),
	};
	struct packet_mreq all = {.mr_ifindex = where.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, room_bytes = 32 << 20;

	if (where.sll_ifindex == 0)
		wire_die("relay: %s: no such interface", name);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room_bytes, sizeof room_bytes) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0 ||
	    bind(fd, (struct sockaddr *)&where, sizeof where) != 0)
		wire_die("relay: %s: %s", name, strerror(errno));
	return fd;
}

static double parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{"ab", required_argument, NULL, 'A'},
		{"ba", required_argument, NULL, 'B'},
		{"both", required_argument, NULL, 'C'},
		{NULL, 0, NULL, 0},
	};
	const char *end[2] = {NULL, NULL};
	double seconds = 60;
	int c;

	ways[0].faults.queue = ways[1].faults.queue = QUEUE;
	while ((c = getopt_long(argc, argv, "a:b:s:t:o:", longs, NULL)) != -1) {
		if (c == 'a' || c == 'b')
			end[c - 'a'] = optarg;
		else if (c == 's')
			seed = (uint64_t)wire_number("-s", optarg, 0, 1e15);
		else if (c == 't')
			seconds = wire_number("-t", optarg, 0.1, 600);
		else if (c == 'A' || c == 'B')
			parse_faults(&ways[c - 'A'].faults, optarg);
		else if (c == 'C')
			for (unsigned w = 0; w < 2; w++)
				parse_faults(&ways[w].faults, optarg);
		else if (c != 'o')
			wire_die("see the top of tests/tools/relay.c");
		else if (!(truth = fopen(optarg, "we")))
			wire_die("relay: %s: %s", optarg, strerror(errno));
	}
	if (!end[0] || !end[1] || optind != argc)
		wire_die("relay: -a IFACE -b IFACE, and nothing else but options");
	ways[0].from = ways[1].to = open_end(end[0]);
	ways[0].to = ways[1].from = open_end(end[1]);
	return seconds;
}

static void receive(unsigned w)
{
	static uint8_t bytes[FRAME + 1];

	for (unsigned i = 0; i < 64; i++) {
		ssize_t n = recv(ways[w].from, bytes, sizeof bytes, MSG_TRUNC);

		if (n < 0)
			return;
		if (n > FRAME)
			ways[w].oversize++;
		else
			arrive(w, bytes, (unsigned)n, wire_ns(CLOCK_MONOTONIC));
	}
}

int main(int argc, char **argv)
{
	double seconds = parse(argc, argv);
	int64_t end;

	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	begun = wire_ns(CLOCK_MONOTONIC);
	end = begun + (int64_t)(seconds * 1e9);
	printf("listening\n");
	(void)fflush(stdout);
	while ((!stop && wire_ns(CLOCK_MONOTONIC) < end) || waiting > 0) {
		struct pollfd fds[2] = {{.fd = ways[0].from, .events = POLLIN}, {.fd = ways[1].from, .events = POLLIN}};
		int64_t left = next_due(wire_ns(CLOCK_MONOTONIC));
		struct timespec pause = {0, left < 100000000 ? left : 100000000};

		(void)ppoll(fds, stop ? 0 : 2, &pause, NULL);
		for (unsigned w = 0; w < 2 && !stop; w++)
			if (fds[w].revents & POLLIN)
				receive(w);
		release(wire_ns(CLOCK_MONOTONIC));
	}
	tell_end();
	return 0;
}
