/* The list of dissectors and its tables.
 * links: dissect facts base
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "dissect/registry.h"

static void registry_every_dissector_says_what_it_is(void **state)
{
	const struct dissector *const *list = dissect_list();
	unsigned n = 0;

	(void)state;
	for (; list[n]; n++) {
		assert_non_null(list[n]->name);
		assert_non_null(list[n]->title);
		assert_non_null(list[n]->reference);
		assert_non_null(list[n]->info);
		assert_non_null(list[n]->dissect);
		assert_non_null(list[n]->binds);
		assert_int_equal(dissect_index(list[n]), n);
		assert_ptr_equal(dissect_by_name(list[n]->name), list[n]); /* so names are unique */
	}
	assert_int_equal(n, dissect_count());
	assert_null(dissect_by_name("nothing"));
}

static void registry_no_bind_is_lost(void **state)
{
	(void)state;
	registry_open();
	for (const struct dissector *const *by = dissect_list(); *by; by++) {
		for (const struct bind *b = (*by)->binds; b->table != TABLE_NONE; b++) {
			if (b->table == TABLE_TCP_GUESS || b->table == TABLE_UDP_GUESS)
				continue;
			assert_ptr_equal(registry_find(b->table, b->key), *by);
		}
	}
}

static void registry_unknown_keys_are_unknown(void **state)
{
	(void)state;
	registry_open();
	assert_null(registry_find(TABLE_ETHERTYPE, 0x88cc));
	assert_null(registry_find(TABLE_IPPROTO, 200));
	assert_null(registry_find(TABLE_LINKTYPE, 0x0800));
	assert_null(registry_find(TABLE_UDP_PORT, 53));
	assert_null(registry_find(TABLE_UDP_PORT, UINT32_MAX));
}

static void registry_guessers_keep_the_order_of_the_file(void **state)
{
	const enum table tables[] = {TABLE_TCP_GUESS, TABLE_UDP_GUESS};

	(void)state;
	registry_open();
	for (unsigned t = 0; t < 2; t++) {
		unsigned n = 0;
		const struct dissector *const *guessers = registry_guessers(tables[t], &n);

		assert_true(n > 0);
		for (unsigned i = 1; i < n; i++)
			assert_true(dissect_index(guessers[i - 1]) < dissect_index(guessers[i]));
	}
}

/* ---- first bytes ------------------------------------------------------------- */

/* Beginnings of what guessers take, or want more of. */
static const struct {
	const char *bytes;
	size_t n;
} openings[] = {
#define OPENING(text) {text, sizeof(text) - 1}
	OPENING("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), OPENING("GET /a-long-way"), OPENING("HTTP/1.1 200 OK\r\n\r\n"),
	OPENING("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), OPENING("PRI * HTTP"),
	OPENING("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"), OPENING("SSH-2.0-x\r\n"), OPENING("hello\r\nSSH-2.0-x\r\n"),
	OPENING("\x16\x03\x01\x00\x05\x01\0\0\x01\0"), OPENING("\x16\x03\x01\x02\x00\x01"), OPENING("\x16\x03\x01"),
	OPENING("\x17\x03\x03\x00\x02xx"), OPENING("\x15\x03\x03\x00\x02\x01\0"),
	OPENING("INVITE sip:a@b.example SIP/2.0\r\n\r\n"), OPENING("invite sip:a@b.example sip/2.0\r\n\r\n"),
	OPENING("SIP/2.0 200 OK\r\n\r\n"), OPENING("*1\r\n$4\r\nPING\r\n"), OPENING("PING\r\n"), OPENING("+PONG\r\n"),
	OPENING("\0\0\0\x08\x04\xd2\x16\x2f"), OPENING("EHLO a.example\r\n"), OPENING("ehlo word\r\n"),
	OPENING("MAIL FROM:<a@b>\r\n"), OPENING("220 a.example ESMTP\r\n"), OPENING("220 a"), OPENING("220 a\r\n"),
	OPENING("250 a\r\n"), OPENING("554 SMTP\r\n"), OPENING("421 a"), OPENING("220 FTP\r\n"), OPENING("USER a\r\n"),
	OPENING("AUTH TLS\r\n"), OPENING("AUTH\r\n"), OPENING("PORT 1,2,3,4,5,6\r\n"), OPENING("227 x (1,2,3,4,5,6)\r\n"),
	OPENING("+OK\r\n"), OPENING("+OK POP3\r\n"), OPENING("CAPA\r\n"), OPENING("STLS\r\n"), OPENING("-ERR no\r\n"),
	OPENING("* OK IMAP4rev1\r\n"), OPENING("* OK\r\n"), OPENING("a1 CAPABILITY\r\n"), OPENING("a LOGIN b c\r\n"),
	OPENING(". NOOP\r\n"), OPENING("_ ID NIL\r\n"), OPENING("1 STARTTLS\r\n"),
	OPENING("\xc3\0\0\0\x01\x08" "12345678" "\0\0\x14" "12345678901234567890"),
	OPENING("\x01\x12\x34\x56\0\x01\0\x0a\0\x03\0\x01\x02\0\0\0\0\x01"),
	OPENING("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01" "a\0\0\x01\0\x01"),
#undef OPENING
};

static const char *const others[] = {NULL, "220 a\r\n", "USER a\r\n", "+OK\r\n", "* OK\r\n", "a1 CAPABILITY\r\n",
				     "PING\r\n", "EHLO a.example\r\n"};

/* Who talks, and where: ports that mean something to somebody, groups, either side, begun or not. which: of all these ways. */
static void conversation(struct packet *p, struct talk *talk, enum table table, unsigned which)
{
	static const uint16_t ports[] = {7777, 53, 5353, 5355, 123, 137, 22, 25, 80, 443, 3306, 5432, 5060, 6379, 67, 547};
	static const uint8_t groups[][4] = {{192, 0, 2, 1}, {224, 0, 0, 251}, {224, 0, 0, 252}};
	const char *other = others[which % (sizeof others / sizeof *others)];
	uint32_t more = (which + 1) * UINT32_C(2654435761) >> 8;

	p->tuple.family = more & 1 ? FAMILY_IPV4 : FAMILY_IPV6;
	p->tuple.proto = table == TABLE_TCP_GUESS ? PROTO_TCP : PROTO_UDP;
	memcpy(p->tuple.to.b, groups[(more >> 1) % 3], sizeof groups[0]);
	p->tuple.to_port = ports[(more >> 4) % (sizeof ports / sizeof *ports)];
	p->tuple.from_port = more >> 8 & 1 ? p->tuple.to_port : 40000;
	*talk = (struct talk){.first = more >> 9 & 1, .from_client = more >> 10 & 1, .gap = more >> 11 & 1,
			      .other = (const uint8_t *)other, .other_len = other ? (uint32_t)strlen(other) : 0};
}

/* Asked all the same, a guesser takes nothing and wants nothing. */
static void says_nothing(const struct dissector *by, enum table table, const uint8_t *bytes, size_t n, size_t wire,
			 unsigned which)
{
	static struct packet p;
	const struct frame frame = {.data = bytes, .caplen = (uint32_t)n, .wirelen = (uint32_t)wire};
	struct talk talk;
	struct cursor c;

	packet_reset(&p, &frame);
	conversation(&p, &talk, table, which);
	p.transport = true;
	p.layer[p.layers++] = (struct layer){.by = by};
	p.current = by;
	p.talk = &talk;
	cursor_init(&c, bytes, n, wire);
	assert_int_equal(by->dissect(&c, &p), DISSECT_NOT_MINE);
	assert_int_equal(p.need_more, 0);
	assert_int_equal(p.budget.left, BUDGET_FRAME); /* nor is work counted that is not done */
}

struct tried {
	unsigned asked, left_out;
};

/* Who is left out, of a transport, had nothing to say. which: of what conversation. */
static void leaves_nobody_out(enum table table, const uint8_t *bytes, size_t n, size_t wire, unsigned which,
			      struct tried *t)
{
	const uint32_t may = registry_guess(table, bytes, n);
	const unsigned asked = t->asked;
	unsigned all = 0;
	const struct dissector *const *guessers = registry_guessers(table, &all);

	assert_int_equal(all < 32 ? may >> all : 0, 0);
	for (unsigned i = 0; i < all; i++) {
		if (may >> i & 1 && (!guessers[i]->perhaps || guessers[i]->perhaps(bytes, n))) {
			t->asked++;
			continue;
		}
		t->left_out++;
		says_nothing(guessers[i], table, bytes, n, wire, which);
	}
	assert_int_equal(dissect_anybody(table == TABLE_TCP_GUESS ? PROTO_TCP : PROTO_UDP, bytes, n), t->asked > asked);
}

static const enum table transports[] = {TABLE_TCP_GUESS, TABLE_UDP_GUESS};

/* Each opening with any byte at each place, and cut anywhere. */
static void guess_leaves_nobody_out_of_what_begins_well(void **state)
{
	struct tried tried = {0, 0};
	uint8_t bytes[64];

	(void)state;
	registry_open();
	for (unsigned o = 0; o < sizeof openings / sizeof *openings; o++) {
		const size_t n = openings[o].n;

		assert_true(n <= sizeof bytes);
		for (unsigned t = 0; t < 2; t++) {
			for (unsigned place = 0; place < GUESS_DEPTH && place < n; place++) {
				memcpy(bytes, openings[o].bytes, n);
				for (unsigned value = 0; value < 256; value++) {
					bytes[place] = (uint8_t)value;
					leaves_nobody_out(transports[t], bytes, n, n, o + place + value, &tried);
				}
			}
			memcpy(bytes, openings[o].bytes, n);
			for (size_t here = 1; here <= n; here++) {
				leaves_nobody_out(transports[t], bytes, here, here, o + (unsigned)here, &tried);
				leaves_nobody_out(transports[t], bytes, here, n + 1, o + (unsigned)here, &tried);
			}
		}
	}
	assert_true(tried.asked && tried.left_out);
}

static uint32_t any(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Noise, and openings that become noise. Of noise alone hardly anybody is asked. */
static void guess_leaves_nobody_out_of_noise(void **state)
{
	enum { ROUNDS = 20000, LONGEST = 600 };
	struct tried noise = {0, 0}, begun = {0, 0};
	uint8_t bytes[LONGEST];
	uint32_t seed = 7;

	(void)state;
	registry_open();
	for (unsigned i = 0; i < ROUNDS; i++) {
		const size_t o = any(&seed) % (sizeof openings / sizeof *openings), n = 16 + any(&seed) % (LONGEST - 16);
		const size_t wire = n + (any(&seed) % 4 == 0 ? 100 : 0);
		const size_t kept = any(&seed) % (openings[o].n < n ? openings[o].n : n);
		const enum table table = transports[any(&seed) % 2];

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)any(&seed);
		leaves_nobody_out(table, bytes, n, wire, i, &noise);
		memcpy(bytes, openings[o].bytes, kept);
		leaves_nobody_out(table, bytes, n, wire, i, &begun);
	}
	print_message("guessers asked: of noise %u of %u, of what began well %u\n", noise.asked, noise.asked + noise.left_out,
		      begun.asked);
	assert_true(noise.asked < ROUNDS / 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registry_every_dissector_says_what_it_is),
		cmocka_unit_test(registry_no_bind_is_lost),
		cmocka_unit_test(registry_unknown_keys_are_unknown),
		cmocka_unit_test(registry_guessers_keep_the_order_of_the_file),
		cmocka_unit_test(guess_leaves_nobody_out_of_what_begins_well),
		cmocka_unit_test(guess_leaves_nobody_out_of_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
