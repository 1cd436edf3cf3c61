/* The head of a direction: bytes in order from segments in any order, bounded.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

static const struct dissector some = {.name = "some"};

/* A stream whose byte i is known; what a later copy says instead differs. */
static uint8_t stream[3 * FLOW_HEAD_MAX], other[3 * FLOW_HEAD_MAX];

static void fill_streams(void)
{
	for (unsigned i = 0; i < sizeof stream; i++) {
		stream[i] = (uint8_t)(i * 7 + i / 256);
		other[i] = (uint8_t)~stream[i];
	}
}

#define ISN UINT32_C(0xfffffff0) /* the numbers wrap inside the head */

/* Client, port 5000 + flow, sends len bytes at offset of its stream. */
static struct flow *send_bytes(struct world *w, uint16_t flow, uint32_t offset, uint32_t len, const uint8_t *bytes,
			 enum flow_piece *piece)
{
	struct descriptor d = packet(CLIENT, (uint16_t)(5000 + flow), SERVER, 80, PROTO_TCP);
	struct flow *f;

	d.flags = TCP_ACK;
	d.tcp.seq = ISN + 1 + offset;
	d.tcp.ack = 1;
	d.payload_len = d.payload_captured = len;
	d.payload = bytes + offset;
	f = track(w, 1000, d);
	*piece = flow_head_piece(w->flows, f, 0, &d);
	if (*piece != PIECE_OLD && *piece != PIECE_KEPT) {
		flow_service_missed(w->flows, f, 0);
		(void)flow_head_keep(w->flows, f, 0, &d, *piece == PIECE_AHEAD, 0);
	}
	return f;
}

static void open_flow(struct world *w, uint16_t flow)
{
	struct descriptor d = packet(CLIENT, (uint16_t)(5000 + flow), SERVER, 80, PROTO_TCP);

	d.flags = TCP_SYN;
	d.tcp.seq = ISN;
	(void)track(w, 1000, d);
}

static void holds(struct world *w, const struct flow *f, uint32_t len)
{
	uint32_t n;
	const uint8_t *at = flow_head(w->flows, f, 0, &n);

	assert_int_equal(n, len);
	if (len)
		assert_memory_equal(at, stream, len);
}

static void in_order_out_of_order_and_holes(void **state)
{
	struct world *w = world_new(false, 1 << 22);
	enum flow_piece piece;
	struct flow *f;

	(void)state;
	open_flow(w, 0);
	f = send_bytes(w, 0, 0, 100, stream, &piece);
	assert_int_equal(piece, PIECE_BEGINS);
	holds(w, f, 100);
	f = send_bytes(w, 0, 100, 1400, stream, &piece);
	assert_int_equal(piece, PIECE_GREW);
	holds(w, f, 1500);

	open_flow(w, 1);
	f = send_bytes(w, 1, 1000, 500, stream, &piece); /* the last first */
	assert_int_equal(piece, PIECE_AHEAD);
	holds(w, f, 0);
	f = send_bytes(w, 1, 300, 100, stream, &piece);
	assert_int_equal(piece, PIECE_KEPT);
	f = send_bytes(w, 1, 0, 300, stream, &piece);
	assert_int_equal(piece, PIECE_GREW);
	holds(w, f, 400);
	f = send_bytes(w, 1, 400, 600, stream, &piece);
	assert_int_equal(piece, PIECE_GREW);
	holds(w, f, 1500);
	assert_int_equal(flow_stats(w->flows)->heads, 2);
	assert_int_equal(flow_stats(w->flows)->heads_forgotten, 0);
	world_free(w);
}

static void the_first_copy_stands(void **state)
{
	struct world *w = world_new(false, 1 << 22);
	enum flow_piece piece;
	struct flow *f;

	(void)state;
	open_flow(w, 0);
	(void)send_bytes(w, 0, 0, 100, stream, &piece);
	f = send_bytes(w, 0, 0, 100, other, &piece); /* a retransmission that lies */
	assert_int_equal(piece, PIECE_OLD);
	holds(w, f, 100);
	(void)send_bytes(w, 0, 200, 100, stream, &piece);
	(void)send_bytes(w, 0, 400, 100, stream, &piece);
	memcpy(other + 100, stream + 100, 100); /* new only in the two holes */
	memcpy(other + 300, stream + 300, 100);
	f = send_bytes(w, 0, 50, 500 - 50, other, &piece);
	assert_int_equal(piece, PIECE_GREW);
	holds(w, f, 500);
	fill_streams();
	world_free(w);
}

static void a_byte_before_the_start_is_nothing(void **state)
{
	struct world *w = world_new(false, 1 << 22);
	enum flow_piece piece;
	struct descriptor d;
	struct flow *f;

	(void)state;
	open_flow(w, 0);
	d = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP); /* keep-alive before any data */
	d.flags = TCP_ACK;
	d.tcp.seq = ISN;
	d.payload_len = d.payload_captured = 1;
	d.payload = other;
	f = track(w, 1000, d);
	assert_int_equal(flow_head_piece(w->flows, f, 0, &d), PIECE_OLD);
	assert_true(flow_service_wanted(f, 0));
	f = send_bytes(w, 0, 0, 10, stream, &piece);
	assert_int_equal(piece, PIECE_BEGINS);
	holds(w, f, 10);
	world_free(w);
}

static void the_limit_ends_it(void **state)
{
	struct world *w = world_new(false, 1 << 22);
	enum flow_piece piece;
	struct flow *f;

	(void)state;
	open_flow(w, 0);
	f = send_bytes(w, 0, 0, 1000, stream, &piece);
	for (uint32_t at = 1000; at < FLOW_HEAD_MAX - 96; at += 1000)
		f = send_bytes(w, 0, at, 1000, stream, &piece);
	assert_int_equal(piece, PIECE_GREW);
	assert_true(flow_service_wanted(f, 0));
	f = send_bytes(w, 0, 4000, 1000, stream, &piece); /* the last 96 bytes are looked at, and then no more */
	assert_int_equal(piece, PIECE_GREW);
	assert_false(flow_service_wanted(f, 0));

	open_flow(w, 1); /* a hole that never fills */
	f = send_bytes(w, 1, 10, 100, stream, &piece);
	assert_true(flow_service_wanted(f, 0));
	f = send_bytes(w, 1, FLOW_HEAD_MAX + 5, 100, stream, &piece);
	assert_int_equal(piece, PIECE_OLD);
	assert_false(flow_service_wanted(f, 0));

	open_flow(w, 2); /* segment by segment without end */
	f = send_bytes(w, 2, 0, 1, stream, &piece);
	for (uint32_t at = 1; at < 200 && flow_service_wanted(f, 0); at++)
		f = send_bytes(w, 2, at, 1, stream, &piece);
	assert_false(flow_service_wanted(f, 0));
	assert_int_equal(flow_stats(w->flows)->heads, 0);
	assert_int_equal(flow_stats(w->flows)->heads_forgotten, 0);

	open_flow(w, 3); /* more holes than are kept */
	for (uint32_t i = 0; i <= HEAD_RUNS; i++)
		f = send_bytes(w, 3, 10 + i * 20, 10, stream, &piece);
	assert_false(flow_service_wanted(f, 0));
	assert_int_equal(flow_stats(w->flows)->heads_forgotten, 1);
	world_free(w);
}

static void a_known_application_frees_it(void **state)
{
	struct world *w = world_new(false, 1 << 22);
	static const uint8_t name[] = "example.org";
	enum flow_piece piece;
	struct flow *f;

	(void)state;
	open_flow(w, 0);
	f = send_bytes(w, 0, 0, 10, stream, &piece);
	assert_int_equal(flow_stats(w->flows)->heads, 1);
	flow_service_set(w->flows, f, 0, &some, NULL, 0); /* the name may still come */
	assert_true(flow_service_wanted(f, 0));
	flow_service_set(w->flows, f, 0, &some, name, 11);
	assert_false(flow_service_wanted(f, 0));
	assert_int_equal(flow_stats(w->flows)->heads, 0);

	open_flow(w, 1); /* a flow that ends takes its head along */
	(void)send_bytes(w, 1, 0, 10, stream, &piece);
	flow_table_end(w->flows);
	assert_int_equal(flow_stats(w->flows)->heads, 0);
	world_free(w);
}

/* Whatever the memory, what is kept is right, what is not is counted. */
static void memory_is_bounded_and_counted(void **state)
{
	enum { FLOWS = 400, MEMORY = 1 << 20 };
	struct world *w = world_new(false, MEMORY);
	uint64_t kept = 0;

	(void)state;
	for (uint16_t i = 0; i < FLOWS; i++) {
		enum flow_piece piece;
		struct flow *f;

		open_flow(w, i);
		f = send_bytes(w, i, 0, 1000, stream, &piece);
		assert_int_equal(piece, PIECE_BEGINS);
		holds(w, f, 1000); /* the newest always has room */
		f = send_bytes(w, i, 1000, 1000, stream, &piece);
		assert_int_equal(piece, PIECE_GREW);
		holds(w, f, 2000);
		assert_true(flow_stats(w->flows)->memory_used <= MEMORY);
	}
	for (uint64_t at = 0; at != UINT64_MAX;) {
		const struct flow *f = flow_next(w->flows, &at);

		f = f ? flow_at(w->flows, flow_place(f), flow_id(f)) : NULL;
		if (f && f->side[f->client].head != REF_NONE) {
			holds(w, f, 2000);
			kept++;
		}
	}
	assert_true(kept > 0 && kept < FLOWS);
	assert_int_equal(flow_stats(w->flows)->heads, kept);
	assert_int_equal(kept + flow_stats(w->flows)->heads_forgotten, FLOWS);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_out_of_order_and_holes),
		cmocka_unit_test(the_first_copy_stands),
		cmocka_unit_test(a_byte_before_the_start_is_nothing),
		cmocka_unit_test(the_limit_ends_it),
		cmocka_unit_test(a_known_application_frees_it),
		cmocka_unit_test(memory_is_bounded_and_counted),
	};

	fill_streams();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
