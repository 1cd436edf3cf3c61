/* IP fragments: put together in any order, within bounds, never wrongly.
 * links: dissect facts base
 */
#include "frames.h"

#include "sockeye/clock.h"

enum { MORE = 0x2000 };

/* One IPv4 fragment of a UDP datagram of 8 + 40 bytes, ports 1000 to 2000. */
static enum dissect_result fragment(struct frames *s, unsigned id, unsigned from, unsigned n, bool more, unsigned seed)
{
	put_ipv4_total(s, PROTO_UDP, 20 + n, id, (more ? MORE : 0u) | from / 8);
	if (from == 0) {
		put_udp(s, 1000, 2000, 48);
		put_data(s, n - 8, seed);
	} else {
		put_data(s, n, seed + from - 8);
	}
	return frames_read(s, LINKTYPE_IPV4);
}

static void whole(struct frames *s)
{
	const struct packet *p = &s->packet;

	assert_true(p->transport);
	assert_false(p->fragment.present);
	assert_int_equal(p->tuple.to_port, 2000);
	assert_int_equal(p->payload_len, 40);
	assert_int_equal(p->payload_captured, 40);
	assert_int_equal(p->payload_buffer, BUFFER_DATAGRAM);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(p->payload[i], i);
}

static void waits(struct frames *s)
{
	assert_false(s->packet.transport);
	assert_true(s->packet.fragment.present);
	assert_string_equal(s->packet.issue, "fragment, waits for the rest");
}

static void fragment_any_order(void **state)
{
	static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct frames *s = *state;

	for (unsigned o = 0; o < 6; o++) {
		for (unsigned i = 0; i < 3; i++) {
			unsigned which = orders[o][i];

			assert_int_equal(fragment(s, 50 + o, which * 16, 16, which < 2, 0), DISSECT_OK);
			if (i < 2)
				waits(s);
		}
		whole(s);
		assert_int_equal(dissect_stats(s->dissect)->reassembled, o + 1);
	}
	assert_int_equal(dissect_stats(s->dissect)->fragments, 18);
	assert_int_equal(dissect_stats(s->dissect)->fragments_forgotten, 0);
}

static void fragment_ipv4_overlap_first_bytes_stay(void **state)
{
	struct frames *s = *state;

	fragment(s, 1, 0, 24, true, 0);
	fragment(s, 1, 16, 16, true, 100); /* other bytes: 8 of them are taken */
	assert_string_equal(s->packet.issue, "fragments overlap: the first bytes stay");
	fragment(s, 1, 32, 16, false, 0);
	assert_true(s->packet.transport);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(s->packet.payload[i], i >= 16 && i < 24 ? i + 100 : i);
}

static void fragment_duplicate_changes_nothing(void **state)
{
	struct frames *s = *state;

	fragment(s, 1, 0, 16, true, 0);
	fragment(s, 1, 0, 16, true, 0);
	fragment(s, 1, 16, 16, true, 0);
	fragment(s, 1, 16, 16, true, 0);
	fragment(s, 1, 32, 16, false, 0);
	whole(s);
}

static void put_ipv6_fragment(struct frames *s, unsigned from, unsigned n, bool more, unsigned seed)
{
	put_ipv6(s, 44, 8 + n);
	put8(s, PROTO_UDP);
	put8(s, 0);
	put16(s, from | more);
	put32(s, 99);
	if (from == 0) {
		put_udp(s, 1000, 2000, 48);
		put_data(s, n - 8, seed);
	} else {
		put_data(s, n, seed + from - 8);
	}
}

static void fragment_ipv6_whole_and_duplicate(void **state)
{
	struct frames *s = *state;

	put_ipv6_fragment(s, 0, 24, true, 0);
	assert_int_equal(frames_read(s, LINKTYPE_IPV6), DISSECT_OK);
	waits(s);
	put_ipv6_fragment(s, 0, 24, true, 0);
	frames_read(s, LINKTYPE_IPV6);
	assert_string_equal(s->packet.issue, "duplicate fragment");
	put_ipv6_fragment(s, 24, 24, false, 0);
	frames_read(s, LINKTYPE_IPV6);
	whole(s);
	assert_string_equal(frames_layers(s), "ipv6 ipv6ext udp");
}

static void fragment_ipv6_overlap_drops_the_datagram(void **state)
{
	struct frames *s = *state;

	put_ipv6_fragment(s, 0, 24, true, 0);
	frames_read(s, LINKTYPE_IPV6);
	put_ipv6_fragment(s, 16, 16, true, 0);
	frames_read(s, LINKTYPE_IPV6);
	assert_string_equal(s->packet.issue, "fragments overlap: the datagram is dropped");
	put_ipv6_fragment(s, 24, 24, false, 0);
	frames_read(s, LINKTYPE_IPV6);
	assert_false(s->packet.transport);
	assert_true(s->packet.fragment.present);
	assert_int_equal(dissect_stats(s->dissect)->fragment_overlaps, 1);
	assert_int_equal(dissect_stats(s->dissect)->reassembled, 0);
}

static void fragment_time_is_bounded(void **state)
{
	struct frames *s = *state;

	fragment(s, 1, 0, 24, true, 0);
	s->now_ns += 31 * CLOCK_S;
	fragment(s, 1, 24, 24, false, 0);
	waits(s);
	assert_int_equal(dissect_stats(s->dissect)->fragments_forgotten, 1);
	fragment(s, 1, 0, 24, true, 0);
	whole(s);
}

static void fragment_keys_differ_by_id_and_protocol(void **state)
{
	struct frames *s = *state;

	fragment(s, 1, 0, 24, true, 0);
	fragment(s, 2, 24, 24, false, 0);
	waits(s);
	put_ipv4_total(s, PROTO_TCP, 44, 1, 3);
	put_data(s, 24, 0);
	frames_read(s, LINKTYPE_IPV4);
	waits(s);
	fragment(s, 1, 24, 24, false, 0);
	whole(s);
}

static void fragment_memory_is_bounded(void **state)
{
	struct dissect_options o = {.fragment_memory = 1};
	struct frames *s = *state;
	struct error e;

	dissect_free(s->dissect);
	assert_int_equal(dissect_open(&s->dissect, &o, &e), 0);
	for (unsigned id = 0; id < 2000; id++) {
		put_ipv4_total(s, PROTO_UDP, 1420, id, MORE | 100);
		put_data(s, 1400, id);
		assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
		waits(s);
	}
	assert_true(dissect_stats(s->dissect)->fragments_forgotten >= 1700);
	/* whoever comes now still finds room */
	fragment(s, 5000, 0, 24, true, 0);
	fragment(s, 5000, 24, 24, false, 0);
	whole(s);
}

static void fragment_many_small_ones_are_given_up(void **state)
{
	struct frames *s = *state;

	for (unsigned i = 0; i < 1000; i++) {
		put_ipv4_total(s, PROTO_UDP, 28, 3, MORE | (i * 2 + 1));
		put_data(s, 8, i);
		assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
		assert_false(s->packet.transport);
	}
	assert_int_equal(dissect_stats(s->dissect)->fragments_forgotten, 1);
}

static void fragment_cut_by_the_capture(void **state)
{
	struct frames *s = *state;

	put_ipv4_total(s, PROTO_UDP, 20 + 1480, 8, MORE);
	put_udp(s, 1000, 2000, 3000);
	put_data(s, 100, 0);
	/* the first one has the ports: better than nothing */
	assert_int_equal(frames_cut(s, LINKTYPE_IPV4, 128, 1500), DISSECT_OK);
	assert_string_equal(s->packet.issue, "fragment cut by the capture: not put together");
	assert_true(s->packet.transport);
	assert_int_equal(s->packet.tuple.to_port, 2000);
	put_ipv4_total(s, PROTO_UDP, 20 + 100, 8, 185);
	put_data(s, 100, 0);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
	assert_false(s->packet.transport);
	assert_int_equal(dissect_stats(s->dissect)->fragments_forgotten, 1);
}

static void fragment_beyond_64k_and_beyond_the_end(void **state)
{
	struct frames *s = *state;

	put_ipv4_total(s, PROTO_UDP, 20 + 100, 8, 0x1fff);
	put_data(s, 100, 0);
	frames_read(s, LINKTYPE_IPV4);
	assert_string_equal(s->packet.issue, "the fragment reaches beyond 65535 bytes");
	fragment(s, 9, 24, 16, false, 0);
	fragment(s, 9, 40, 16, true, 0);
	assert_string_equal(s->packet.issue, "the fragments disagree about the length");
	fragment(s, 9, 0, 24, true, 0);
	assert_false(s->packet.transport);
}

static void fragment_whole_ones_are_bounded_per_batch(void **state)
{
	struct frames *s = *state;
	unsigned done = 0;

	for (unsigned id = 0; id < 80; id++) {
		fragment(s, id, 0, 24, true, 0);
		fragment(s, id, 24, 24, false, 0);
		done += s->packet.transport;
	}
	assert_int_equal(done, 64);
	dissect_batch(s->dissect);
	fragment(s, 100, 0, 24, true, 0);
	fragment(s, 100, 24, 24, false, 0);
	whole(s);
}

static void fragment_inside_fragment_is_not_put_together(void **state)
{
	struct frames *s = *state;

	/* a datagram in two fragments that holds an IP fragment */
	put_ipv4_total(s, PROTO_IPIP, 20 + 24, 5, MORE);
	put_ipv4_total(s, PROTO_UDP, 48, 6, MORE);
	put_data(s, 4, 0);
	frames_read(s, LINKTYPE_IPV4);
	put_ipv4_total(s, PROTO_IPIP, 20 + 24, 5, 3);
	put_data(s, 24, 4);
	frames_read(s, LINKTYPE_IPV4);
	assert_string_equal(frames_layers(s), "ip ip");
	assert_string_equal(s->packet.issue, "fragments inside fragments are not put together");
	assert_false(s->packet.transport);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fragment_any_order, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_ipv4_overlap_first_bytes_stay, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_duplicate_changes_nothing, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_ipv6_whole_and_duplicate, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_ipv6_overlap_drops_the_datagram, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_time_is_bounded, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_keys_differ_by_id_and_protocol, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_memory_is_bounded, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_many_small_ones_are_given_up, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_cut_by_the_capture, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_beyond_64k_and_beyond_the_end, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_whole_ones_are_bounded_per_batch, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(fragment_inside_fragment_is_not_put_together, frames_setup,
						frames_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
