/* Streams put in order, against streams that are known: cut anyhow, late, twice, overlapping,
 * lost. links: engine source dissect flow filter facts base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/streams.h"

enum { BYTES = 6000, NOTES = 400 };

static uint32_t random_state = 9;

static uint32_t roll(uint32_t most)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % most;
}

static struct stream_note note(uint64_t number, uint32_t seq, uint32_t len, unsigned side)
{
	return (struct stream_note){.number = number, .seq = seq, .captured = len, .flags = TCP_ACK, .side = (uint8_t)side};
}

/* Every byte that anybody brought once, in order, at its place; gaps where nobody brought one. */
static void check(const struct stream_order *o, const uint32_t base[2])
{
	static bool there[2][2 * BYTES];
	uint64_t at[2] = {0, 0}, end[2] = {0, 0};

	memset(there, 0, sizeof there);
	for (size_t i = 0; i < o->notes; i++)
		for (uint32_t k = 0; k < o->note[i].captured; k++) {
			uint32_t place = o->note[i].seq - base[o->note[i].side] + k;

			there[o->note[i].side][place] = true;
			end[o->note[i].side] = place + 1 > end[o->note[i].side] ? place + 1 : end[o->note[i].side];
		}
	for (size_t i = 0; i < o->parts; i++) {
		const struct stream_part *p = &o->part[i];
		unsigned side = STREAM_BITS(p) & STREAM_SERVER ? 1 : 0;
		const struct stream_note *n = &o->note[p->number - 1];

		if (STREAM_BITS(p) & STREAM_GAP) {
			for (uint32_t k = 0; k < p->len; k++)
				assert_false(there[side][at[side] + k]);
		} else {
			assert_int_equal(n->side, side);
			assert_int_equal(n->seq - base[side] + p->skip, at[side]);
			assert_true(p->skip + p->len <= n->captured);
			assert_true(STREAM_BY(p) >= p->number);
		}
		at[side] += p->len;
	}
	for (unsigned side = 0; side < 2; side++)
		assert_int_equal(at[side], end[side]);
}

static void any_order(void **state)
{
	static struct stream_part part[8 * NOTES];
	static struct stream_note notes[NOTES];

	(void)state;
	for (unsigned trial = 0; trial < 3000; trial++) {
		struct stream_order o = {.note = notes, .part = part, .most = 8 * NOTES, .isn_known = {true, true}, .over = true};
		uint32_t base[2] = {UINT32_MAX - roll(BYTES), roll(UINT32_MAX)}, next[2] = {0, 0};

		o.isn[0] = base[0] - 1;
		o.isn[1] = base[1] - 1;
		while (o.notes < 200 + trial % 100) {
			unsigned side = roll(2);
			uint32_t len = 1 + roll(60), from = next[side];

			if (roll(8) == 0) /* again, and cut otherwise */
				from = from > 100 ? from - roll(100) : 0;
			else if (from + len < BYTES)
				next[side] += len;
			if (roll(20) != 0)
				notes[o.notes++] = note(0, base[side] + from, len, side);
		}
		for (size_t i = 0; i < o.notes; i++) { /* late */
			size_t with = i + roll(1 + trial % 8);

			if (with < o.notes) {
				struct stream_note n = notes[i];

				notes[i] = notes[with];
				notes[with] = n;
			}
		}
		for (size_t i = 0; i < o.notes; i++) {
			notes[i].number = i + 1;
			notes[i].flags = TCP_PSH; /* nothing is acknowledged */
		}
		stream_order(&o);
		assert_false(o.cut);
		check(&o, base);
	}
}

/* What waits for a hole that may still be filled is not shown; acknowledged, it is behind a gap. */
static void a_hole_that_may_be_filled(void **state)
{
	struct stream_note notes[] = {note(1, 100, 50, 0), note(2, 200, 50, 0), note(3, 900, 0, 1)};
	struct stream_part part[16];
	struct stream_order o = {.note = notes, .notes = 3, .part = part, .most = 16, .isn_known = {true, true}, .isn = {99, 899}};

	(void)state;
	stream_order(&o);
	assert_int_equal(o.parts, 1);
	notes[2].ack = 250;
	stream_order(&o);
	assert_int_equal(o.parts, 3);
	assert_true(STREAM_BITS(&part[1]) & STREAM_GAP);
	assert_int_equal(part[1].len, 50);
	notes[2].ack = 300; /* and what was acknowledged at the end and never seen */
	stream_order(&o);
	assert_int_equal(o.parts, 4);
	assert_true(STREAM_BITS(&part[3]) & STREAM_GAP);
	assert_int_equal(part[3].len, 50);
}

/* Numbers of an attacker: bounded work, and an end. */
static void any_numbers(void **state)
{
	static struct stream_note notes[20000];
	struct stream_part *part = calloc(4096, sizeof *part);

	(void)state;
	for (unsigned trial = 0; trial < 20; trial++) {
		struct stream_order o = {.note = notes, .notes = 20000, .part = part, .most = 4096, .over = trial % 2};

		for (size_t i = 0; i < o.notes; i++) {
			notes[i] = note(i + 1, roll(UINT32_MAX), roll(3000), roll(2));
			notes[i].ack = roll(UINT32_MAX);
			notes[i].flags = (uint16_t)(1 + roll(511));
		}
		stream_order(&o);
		assert_true(o.parts <= o.most);
	}
	free(part);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),
		cmocka_unit_test(a_hole_that_may_be_filled),
		cmocka_unit_test(any_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
