/* Two threads for a file whose segments come again, with the same bytes or other ones: what is kept of them is put down by the
 * thread that reads, and may be on its way when it is asked for.
 *
 * links: engine source dissect flow facts base
 */
#include <unistd.h>

#include "capture_file.h"
#include "pipeline_world.h"

enum { TALKS_MOST = 256, SAID_MOST = 1400, STRANGERS = 100 /* segments between two */ };

/* Conversations in order: a handshake of each, then data of either side in turn. Now and then a stranger opens one, which is
 * told at once; and frames come that a filter rejects. */
struct kind {
	const char *name;
	unsigned talks, segments, len;
	unsigned every, back_most; /* one of so many comes again, which was sent at most so many of its side before; 0: none */
	bool same;                 /* with the same bytes */
	unsigned junk_every, junk; /* segments; rejected frames then, in a row */
	bool big;                  /* the first frame is as large as frames are: so buffers are */
	size_t memory;
};

struct talks {
	const struct kind *kind;
	struct capture_file file;
	uint8_t bytes[54 + SAID_MOST];
	uint32_t next[TALKS_MOST][2];
	unsigned frames;
};

static void put_frame(struct talks *t, const uint8_t *bytes, uint32_t len)
{
	const struct frame f = {.linktype = LINKTYPE_ETHERNET, .data = bytes, .caplen = len, .wirelen = len};

	capture_add(&t->file, &f, 0, (int64_t)t->frames++ * 10 * CLOCK_US);
}

/* From or to a client, which has that number and port. */
static void put_segment(struct talks *t, unsigned client, uint16_t port, unsigned side, uint8_t flags, uint32_t seq, uint32_t ack,
			uint32_t len, uint8_t fill)
{
	const uint8_t ip[] = {0x45, 0, (uint8_t)((40 + len) >> 8), (uint8_t)(40 + len), (uint8_t)(t->frames >> 8), (uint8_t)t->frames,
			      0x40, 0, 64, 6, 0, 0, 10, 0, (uint8_t)(side ? 9 : 1), (uint8_t)(side ? 9 : client),
			      10, 0, (uint8_t)(side ? 1 : 9), (uint8_t)(side ? client : 9)};
	uint8_t *at = t->bytes + 14;

	memset(t->bytes, 0, 54);
	t->bytes[12] = 8;
	memcpy(at, ip, sizeof ip);
	at += sizeof ip;
	at[side ? 2 : 0] = (uint8_t)(port >> 8);
	at[side ? 3 : 1] = (uint8_t)port;
	at[side ? 1 : 3] = 80;
	for (unsigned i = 0; i < 4; i++) {
		at[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
		at[8 + i] = (uint8_t)(ack >> (24 - 8 * i));
	}
	at[12] = 0x50;
	at[13] = flags;
	at[14] = 0xff;
	memset(t->bytes + 54, fill, len);
	put_frame(t, t->bytes, 54 + len);
}

static void put_handshake(struct talks *t, unsigned client, uint16_t port)
{
	put_segment(t, client, port, 0, TCP_SYN, 999, 0, 0, 0);
	put_segment(t, client, port, 1, TCP_SYN | TCP_ACK, 4999, 1000, 0, 0);
	put_segment(t, client, port, 0, TCP_ACK, 1000, 5000, 0, 0);
}

static void put_data(struct talks *t, unsigned talk, unsigned side, uint32_t seq, uint8_t other)
{
	const uint32_t len = t->kind->len;

	put_segment(t, talk, 7000, side, TCP_ACK, seq, t->next[talk][!side], len, (uint8_t)(seq / len * 7 + talk + other));
}

static void put_junk(struct talks *t, unsigned n)
{
	static const uint8_t udp[] = {[12] = 8, [14] = 0x45, [17] = 46, [22] = 64, 17, [26] = 10, [29] = 1, [30] = 10,
				      [33] = 2, [35] = 99, [37] = 98, [39] = 26, [59] = 0};

	for (; n > 0; n--)
		put_frame(t, udp, sizeof udp);
}

static int make_talks(char *name, const struct kind *kind)
{
	static struct talks t;
	static const uint8_t big[FRAME_MAX - 1];
	struct hash_key key;
	uint64_t dice = 1;

	hash_key_init(&key, 5);
	t = (struct talks){.kind = kind};
	capture_begin(&t.file);
	if (kind->big)
		put_frame(&t, big, sizeof big);
	for (unsigned i = 0; i < kind->talks; i++) {
		put_handshake(&t, i, 7000);
		t.next[i][0] = 1000;
		t.next[i][1] = 5000;
	}
	for (unsigned i = 0; i < kind->segments; i++) {
		const unsigned talk = i / 2 % kind->talks, side = i & 1;
		uint32_t *next = &t.next[talk][side], back;

		dice = hash_bytes(&key, &dice, sizeof dice);
		put_data(&t, talk, side, *next, 0);
		*next += kind->len;
		back = (1 + (uint32_t)(dice >> 8) % kind->back_most) * kind->len;
		if (kind->every && i % kind->every == kind->every - 1 && *next - (side ? 5000 : 1000) > back)
			put_data(&t, talk, side, *next - back, kind->same ? 0 : (uint8_t)(1 | dice));
		if (i % STRANGERS == 0)
			put_handshake(&t, 255, (uint16_t)(10000 + i / STRANGERS));
		if (kind->junk && i % kind->junk_every == kind->junk_every - 1)
			put_junk(&t, kind->junk);
	}
	return capture_end(&t.file, name);
}

/* Whatever is owed when it is asked for: a moment ago, batches ago, just before the log begins again; often, or now and then. */
static void the_same_with_two_threads(void **state)
{
	static const struct kind kinds[] = {
		{"never", .talks = 24, .segments = 70000, .len = 90, .back_most = 1},
		{"often", .talks = 24, .segments = 70000, .len = 90, .every = 40, .back_most = 3},
		{"now and then", .talks = 24, .segments = 70000, .len = 90, .every = 3000, .back_most = 40},
		{"long ago", .talks = 24, .segments = 400000, .len = 90, .every = 40000, .back_most = 400},
		{"large, other bytes", .talks = 256, .segments = 40000, .len = 1400, .every = 60, .back_most = 60, .big = true},
		{"large, the same", .talks = 256, .segments = 40000, .len = 1400, .every = 1500, .back_most = 60, .same = true,
		 .big = true, .memory = 256 << 20},
		/* Of so many rejected frames in a row whole batches are empty. */
		{"filter", .talks = 200, .segments = 300000, .len = 60, .every = 5, .back_most = 500, .same = true,
		 .junk_every = 30000, .junk = 120000},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct kind *k = &kinds[i];
		struct told one = {.engine_memory = k->memory}, two = one, slow = {.engine_memory = k->memory, .nap_ns = 300 * CLOCK_US, .naps = 3};
		const char *filter = k->junk && source_has_live() ? "tcp" : NULL;
		char name[CAPTURE_NAME];
		int fd = make_talks(name, k);
		const char *files[] = {name};

		print_message("%s\n", k->name);
		assert_true(play(files, 1, filter, false, 0, &one));
		assert_true(play(files, 1, filter, true, 0, &two));
		assert_true(play(files, 1, filter, true, 0, &slow));
		assert_same(&one, &two, k->name);
		assert_same(&one, &slow, k->name);
		assert_true((one.conflicts > 0) == (k->every > 0 && !k->same));
		(void)close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_with_two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
