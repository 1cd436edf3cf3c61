/* Makes a large capture whose truth is known: traffic for benchmarks.
 *
 * Many conversations at once, each with a handshake, options, numbers that add
 * up, data in both directions and an end; some are refused, never answered,
 * reset, already under way, or lose a segment that is sent again. What was made
 * is told on standard error as one JSON object. The same arguments make the
 * same bytes.
 *
 * usage: traffic [OPTION=VALUE]... >FILE
 *
 *   packets=N   packets in all (1000000)        flows=N     conversations at once (10000)
 *   mix=imix|small|full   sizes of segments     length=N    packets of a TCP conversation, mean (60)
 *   udp=P six=P lost=P late=P refused=P unanswered=P reset=P midstream=P   per cent
 *   flood=N     a real handshake every N packets, the rest SYNs of strangers
 *   format=pcap|pcapng    seed=N
 */
#include "traffic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings set = {
	.packets = 1000000, .flows = 10000, .length = 60, .seed = 1, .udp = 15, .six = 20, .lost = 1, .late = 0.5,
	.refused = 1, .unanswered = 3, .reset = 8, .midstream = 5,
};
struct truth truth;

/* ---- a conversation ------------------------------------------------------------- */

static void begin(struct talk *t, uint64_t ns, uint32_t id, bool first)
{
	double x = unit() * 100, tail = (double)set.length / 4.2 / pow(1 - unit() * 0.9999, 1 / 1.2);

	*t = (struct talk){.id = id, .next_ns = ns};
	t->kind = x < set.udp ? (happens(60) ? QUESTION : DATAGRAMS)
		  : x < set.udp + set.unanswered ? UNANSWERED : x < set.udp + set.unanswered + set.refused ? REFUSED : TALK;
	t->six = happens(set.six), t->stamps = happens(75), t->rst = happens(set.reset);
	t->app = happens(60) && (port_of(t, 1) == 80 || port_of(t, 1) == 443) && set.mix != SMALL;
	t->seq[0] = (uint32_t)chance(), t->seq[1] = (uint32_t)chance();
	t->ip_id[0] = (uint16_t)chance(), t->ip_id[1] = (uint16_t)chance();
	t->left = tail > 2e9 ? 2000000000 : (int32_t)tail + 1;
	if (first && t->kind == TALK && happens(set.midstream)) {
		t->stage = DATA, t->said = 3;
	}
}

static uint32_t piece(const struct talk *t)
{
	uint32_t most = (t->six ? 1440u : 1460u) - (t->stamps ? 12u : 0u), r = below(100);

	if (set.mix == SMALL)
		return 1 + below(6);
	if (set.mix == FULL)
		return r < 97 ? 1400 : 1 + below(most);
	return r < 16 ? most : r < 50 ? 400 + below(256) : 1 + below(120);
}

/* One step of the data phase: a segment, or the ACK that the other side owes. */
static uint64_t exchange(struct talk *t, uint64_t ns)
{
	unsigned from = t->turn;
	uint32_t len = piece(t);

	if (t->unacked >= 2 || (t->unacked && (t->burst == 0 || t->left <= 0))) {
		tcp(t, ns, !from, ACK, t->seq[!from], 0);
		t->unacked = 0;
		if (t->hole_len) {
			t->stage = AGAIN; /* not at once: that would be a copy */
			return 2 * MS + wait_ns(20);
		}
		return t->burst == 0 ? wait_ns(50) : wait_ns(0.1);
	}
	if (t->left <= 0) {
		t->stage = CLOSING;
		return wait_ns(20);
	}
	if (t->burst == 0) {
		t->turn = (uint8_t)(t->turn ? below(4) == 0 : 1);
		t->burst = (uint16_t)(1 + below(8));
		return exchange(t, ns);
	}
	t->burst--, t->left--;
	if (!t->hole_len && t->said == 3 && happens(set.lost + set.late)) {
		/* This one does not come by here: lost before, or overtaken by the next. */
		bool seen = happens(set.lost * 100 / (set.lost + set.late));

		if (seen) {
			tcp(t, ns, from, ACK | PSH, t->seq[from], len);
			t->hole_seq = t->seq[from] - len, t->hole_len = len;
			t->seen = true;
		} else {
			t->hole_seq = t->seq[from], t->hole_len = len;
			t->seen = false;
			t->seq[from] += len;
			tcp(t, ns, from, ACK | PSH, t->seq[from], piece(t));
		}
		t->unacked = 2;
		return wait_ns(0.2);
	}
	tcp(t, ns, from, ACK | PSH, t->seq[from], len);
	t->unacked++;
	return wait_ns(0.05);
}

/* One packet; the time to the next, 0: it is over. */
static uint64_t step(struct talk *t, uint64_t ns)
{
	if (!t->begun && t->stage != ANSWER && t->stage != THIRD) {
		t->begun = true;
		truth.flows++;
		truth.tcp += t->kind <= REFUSED;
		truth.midstream += t->kind == TALK && t->stage == DATA;
	}
	if (t->kind == QUESTION) {
		question(t, ns);
		return t->turn++ || happens(2) ? 0 : wait_ns(20);
	}
	if (t->kind == DATAGRAMS) {
		datagram(t, ns, set.mix == SMALL ? 18 : happens(20) ? 1200 : 60 + below(100));
		t->turn ^= happens(30);
		return --t->left > 0 ? wait_ns(25) : 0;
	}
	switch (t->stage) {
	case OPENING:
		tcp(t, ns, 0, SYN, t->seq[0], 0);
		if (t->kind == UNANSWERED) {
			t->seq[0]--;
			truth.unanswered += t->tries == 0;
			return ++t->tries < 3 ? 1000 * MS << t->tries : 0;
		}
		t->stage = ANSWER;
		return wait_ns(20);
	case ANSWER:
		if (t->kind == REFUSED) {
			tcp(t, ns, 1, RST | ACK, 0, 0);
			truth.refused++;
			return 0;
		}
		tcp(t, ns, 1, SYN | ACK, t->seq[1], 0);
		t->stage = THIRD;
		return wait_ns(2);
	case THIRD:
		tcp(t, ns, 0, ACK, t->seq[0], 0);
		truth.complete++;
		t->stage = DATA, t->burst = 1;
		return wait_ns(1);
	case DATA:
		return exchange(t, ns);
	case AGAIN:
		tcp(t, ns, t->turn, ACK | PSH, t->hole_seq, t->hole_len);
		truth.retransmitted += t->seen;
		truth.late += !t->seen;
		t->hole_len = 0, t->unacked = 2, t->stage = DATA;
		return wait_ns(5);
	case CLOSING:
		t->stage = t->rst ? OVER : CLOSING_TOO;
		tcp(t, ns, 0, t->rst ? RST | ACK : FIN | ACK, t->seq[0], 0);
		return t->rst ? 0 : wait_ns(20);
	case CLOSING_TOO:
		tcp(t, ns, 1, FIN | ACK, t->seq[1], 0);
		t->stage = LAST;
		return wait_ns(2);
	default:
		tcp(t, ns, 0, ACK, t->seq[0], 0);
		return 0;
	}
}

/* ---- all of them ------------------------------------------------------------------ */

/* The conversation whose turn is next stands first: a binary heap by time. */
static void sift(struct talk *heap, size_t n, size_t i)
{
	struct talk moved = heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && heap[child + 1].next_ns < heap[child].next_ns)
			child++;
		if (heap[child].next_ns >= moved.next_ns)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moved;
}

static void converse(void)
{
	size_t n = (size_t)set.flows;
	struct talk *heap = calloc(n, sizeof *heap);
	uint32_t id = 0;

	if (!heap) {
		perror("traffic");
		exit(1);
	}
	for (size_t i = 0; i < n; i++, id++)
		begin(&heap[i], START + (uint64_t)i * 200 * MS / n, id, true); /* sorted: a heap already */
	while (truth.packets < set.packets) {
		uint64_t now = heap[0].next_ns, wait = step(&heap[0], now);

		if (wait)
			heap[0].next_ns = now + wait;
		else
			begin(&heap[0], now + wait_ns(30), id++, false);
		sift(heap, n, 0);
	}
	for (size_t i = 0; i < n; i++) /* asked, and the file ends */
		truth.unanswered += heap[i].kind != UNANSWERED && heap[i].kind <= REFUSED && heap[i].stage == ANSWER;
	free(heap);
}

/* Every set.flood SYNs a real handshake begins; it is answered 20000 SYNs later, and complete after 1000 more. */
static void real_steps(uint64_t n, uint64_t ns)
{
	static const uint64_t later[] = {0, 20000, 21000};

	for (unsigned i = 0; i < 3; i++) {
		struct talk real = {.kind = TALK, .stage = (uint8_t)(OPENING + i)};

		if (n < later[i] + set.flood || (n - later[i]) % set.flood != 0)
			continue;
		real.id = UINT32_C(0x80000000) + (uint32_t)((n - later[i]) / set.flood);
		real.seq[0] = real.id + (i > 0), real.seq[1] = ~real.id + (i > 1);
		(void)step(&real, ns);
		truth.unanswered += i == 0;
		truth.unanswered -= i == 1;
	}
}

static void flood(void)
{
	uint64_t ns = START;

	truth.flows = 0;
	for (uint32_t id = 1; truth.packets < set.packets; id++, ns += 1000) {
		struct talk stranger = {.id = id, .kind = UNANSWERED, .seq = {(uint32_t)chance()}};

		real_steps(id, ns);
		(void)step(&stranger, ns + 500);
	}
}

static bool number(const char *word, const char *name, uint64_t *whole, double *part)
{
	size_t n = strlen(name);
	char *end;

	if (strncmp(word, name, n) != 0 || word[n] != '=')
		return false;
	if (whole)
		*whole = strtoull(word + n + 1, &end, 10);
	else
		*part = strtod(word + n + 1, &end);
	if (*end || end == word + n + 1) {
		fprintf(stderr, "traffic: %s: not a number\n", word);
		exit(2);
	}
	return true;
}

static void setting(const char *w)
{
	if (strcmp(w, "mix=imix") == 0 || strcmp(w, "format=pcap") == 0)
		return;
	if (strcmp(w, "mix=small") == 0)
		set.mix = SMALL;
	else if (strcmp(w, "mix=full") == 0)
		set.mix = FULL;
	else if (strcmp(w, "format=pcapng") == 0)
		set.pcapng = true;
	else if (!number(w, "packets", &set.packets, NULL) && !number(w, "flows", &set.flows, NULL) &&
		 !number(w, "length", &set.length, NULL) && !number(w, "flood", &set.flood, NULL) &&
		 !number(w, "seed", &set.seed, NULL) && !number(w, "udp", NULL, &set.udp) &&
		 !number(w, "six", NULL, &set.six) && !number(w, "lost", NULL, &set.lost) &&
		 !number(w, "late", NULL, &set.late) && !number(w, "refused", NULL, &set.refused) &&
		 !number(w, "unanswered", NULL, &set.unanswered) && !number(w, "reset", NULL, &set.reset) &&
		 !number(w, "midstream", NULL, &set.midstream)) {
		fprintf(stderr, "traffic: %s: no such setting\n", w);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		setting(argv[i]);
	if (set.flows == 0 || set.flows > 20000000 || set.lost + set.late <= 0) {
		fprintf(stderr, "traffic: flows=1 to 20000000, and lost + late above 0\n");
		return 2;
	}
	chance_begin(set.seed);
	frames_begin();
	if (set.flood)
		flood();
	else
		converse();
	if (fflush(stdout) != 0) {
		perror("traffic: writing");
		return 1;
	}
	fprintf(stderr, "{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"flows\":%" PRIu64 ",\"tcp\":%" PRIu64
		",\"complete\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"unanswered\":%" PRIu64 ",\"midstream\":%" PRIu64
		",\"retransmitted\":%" PRIu64 ",\"late\":%" PRIu64 "}\n",
		truth.packets, truth.bytes, truth.flows, truth.tcp, truth.complete, truth.refused, truth.unanswered,
		truth.midstream, truth.retransmitted, truth.late);
	return 0;
}
