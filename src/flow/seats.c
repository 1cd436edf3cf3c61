/* Flows by seat (flow.h): which of them moved, and what the screen's list reads of each at
 * once, from as few lines of memory as it takes.
 *
 * Who moved is a bit for each seat, set where a packet is taken in or a flow begins or ends, and
 * taken off by whoever looks. Nothing is kept, and the packet path pays one test, until somebody
 * watches. */
#include <string.h>

#include "kept_trips.h"
#include "sockeye/memory.h"

int flow_watch(struct flow_table *t, struct error *e)
{
	void *at;
	int r;

	if (t->moved)
		return 0;
	r = memory_reserve(&at, moved_size(t), "which flows moved", e);
	if (r == 0)
		t->moved = at;
	return r;
}

uint32_t flow_seats_most(const struct flow_table *t)
{
	return t->flow_max + t->chunk_max * EMBRYO_CHUNK;
}

void flow_seats(const struct flow_table *t, struct flow_seats out[2])
{
	out[0] = (struct flow_seats){0, t->flow_used};
	out[1] = (struct flow_seats){t->flow_max, t->flow_max + t->chunks_made * EMBRYO_CHUNK};
}

/* The first bit that is set in [from, to), which is taken off; to: none. */
static uint32_t take_bit(uint64_t *bits, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint64_t word = bits[from / 64] >> from % 64;

		if (word == 0) {
			from = (from / 64 + 1) * 64;
			continue;
		}
		from += (uint32_t)__builtin_ctzll(word);
		if (from >= to)
			break;
		bits[from / 64] &= ~(UINT64_C(1) << from % 64);
		return from;
	}
	return to;
}

bool flow_next_moved(struct flow_table *t, uint32_t *seat)
{
	struct flow_seats is[2];

	flow_store(t);
	flow_seats(t, is);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t from = *seat > is[i].from ? *seat : is[i].from;

		if (from >= is[i].to)
			continue;
		from = take_bit(t->moved, from, is[i].to);
		if (from < is[i].to) {
			*seat = from;
			return true;
		}
	}
	return false;
}

bool flow_seat_moved(const struct flow_table *t, uint32_t seat)
{
	return t->moved[seat / 64] >> seat % 64 & 1;
}

void flow_unmark(struct flow_table *t, uint32_t seat)
{
	t->moved[seat / 64] &= ~(UINT64_C(1) << seat % 64);
}

void flow_seat_near(const struct flow_table *t, uint32_t seat, bool whole)
{
	if (seat < t->flow_used) {
		const uint8_t *k = (const uint8_t *)&t->flows[seat];

		for (unsigned line = 0; line < (whole ? sizeof *t->flows : sizeof *t->flows / 2); line += 64)
			__builtin_prefetch(k + line);
	} else if (seat >= t->flow_max && seat - t->flow_max < t->chunks_made * EMBRYO_CHUNK) {
		__builtin_prefetch(&t->embryos[seat - t->flow_max]);
	}
}

void flow_seat_near_ends(const struct flow_table *t, uint32_t seat)
{
	if (seat < t->flow_used && t->flows[seat].family == FAMILY_IPV6)
		__builtin_prefetch(&t->flows[seat].trips);
}

void flow_seat_near_rest(const struct flow_table *t, uint32_t seat, bool trips)
{
	const struct kept *k;

	if (seat >= t->flow_used)
		return;
	k = &t->flows[seat];
	if (k->odd != REF_NONE && k->family != FAMILY_NONE)
		__builtin_prefetch(&t->flows[k->odd]);
	for (unsigned i = 0; i < 2 && trips; i++)
		if (k->trips_are[i] & KEPT_TRIPS_BLOCK && k->family != FAMILY_NONE)
			__builtin_prefetch(blocks_at(&t->blocks, k->trips[i][0]));
}

/* ---- at once ----------------------------------------------------------------------- */

bool flow_seat_is(const struct flow_table *t, uint32_t seat, struct flow_seat *out)
{
	const struct embryo *e;

	if (seat < t->flow_max) {
		const struct kept *k = &t->flows[seat];
		const unsigned class = k->class & KEPT_CLASS;

		out->id = kept_id(k);
		out->open = class == FLOW_ESTABLISHED || class == FLOW_HALF_OPEN;
		out->reused = k->bits & FLOW_BIT_REUSED;
		out->past = class >= FLOW_PAST;
		out->proto = k->proto;
		return k->family != FAMILY_NONE;
	}
	e = &t->embryos[seat - t->flow_max];
	out->id = (uint64_t)e->id_high << 32 | e->id_low;
	out->open = embryo_class(e->key.proto) == FLOW_HALF_OPEN;
	out->reused = out->past = false;
	out->proto = e->key.proto;
	return e->key.family != FAMILY_NONE;
}

static uint64_t ordered(int64_t ns)
{
	return (uint64_t)ns ^ UINT64_C(1) << 63; /* as flow_sort_key() */
}

static uint64_t kept_bytes(const struct kept_side *s)
{
	return (uint64_t)s->bytes_high << 32 | s->bytes;
}

static bool embryo_key(const struct embryo *e, enum record_key k, uint64_t *out)
{
	switch (k) {
	case RECORD_ID:
		*out = (uint64_t)e->id_high << 32 | e->id_low;
		return true;
	case RECORD_FIRST:
	case RECORD_LAST:
		*out = ordered(e->ts_ns);
		return true;
	case RECORD_PACKETS:
		*out = 1;
		return true;
	case RECORD_BYTES:
		*out = e->key.proto == PROTO_TCP ? 0 : e->mss_or_len;
		return true;
	default:
		return false;
	}
}

static bool kept_number(const struct flow_table *t, const struct kept *k, enum record_key key, uint64_t *out)
{
	const struct odd *o;

	switch (key) {
	case RECORD_ID:
		*out = kept_id(k);
		return true;
	case RECORD_FIRST:
		o = kept_odd(t, k);
		*out = ordered(o ? o->first_ns : k->base_ns);
		return true;
	case RECORD_LAST:
		*out = ordered(kept_last_ns(k));
		return true;
	case RECORD_PACKETS:
		*out = (uint64_t)k->side[0].packets + k->side[1].packets;
		return true;
	case RECORD_BYTES:
		*out = kept_bytes(&k->side[0]) + kept_bytes(&k->side[1]);
		return true;
	default:
		return false;
	}
}

bool flow_seat_key(const struct flow_table *t, uint32_t seat, enum record_key k, uint64_t *out)
{
	if (seat < t->flow_max)
		return t->flows[seat].family != FAMILY_NONE && kept_number(t, &t->flows[seat], k, out);
	seat -= t->flow_max;
	return t->embryos[seat].key.family != FAMILY_NONE && embryo_key(&t->embryos[seat], k, out);
}

bool seat_key(const struct flow_table *t, uint32_t seat, struct flow_key *key, bool *client)
{
	if (seat < t->flow_max) {
		kept_key(&t->flows[seat], key);
		*client = t->flows[seat].class & KEPT_CLIENT;
	} else {
		*key = t->embryos[seat - t->flow_max].key;
		*client = t->embryos[seat - t->flow_max].bits & EMBRYO_FROM_B;
	}
	return key->family != FAMILY_NONE;
}

bool flow_seat_end(const struct flow_table *t, uint32_t seat, bool server, struct endpoint *out)
{
	const struct kept *k;
	unsigned i;

	if (seat >= t->flow_max) {
		const struct embryo *e = &t->embryos[seat - t->flow_max];

		end_of_key(out, &e->key, server != ((e->bits & EMBRYO_FROM_B) != 0));
		return e->key.family != FAMILY_NONE;
	}
	k = &t->flows[seat];
	i = server != ((k->class & KEPT_CLIENT) != 0);
	*out = (struct endpoint){.port = k->port[i], .family = k->family, .has_port = key_has_ports(k->proto)};
	memcpy(out->ip.b, k->address[i], sizeof k->address[i]);
	if (k->family != FAMILY_IPV4)
		memcpy(out->ip.b + sizeof k->address[i], &k->trips[i][1], sizeof out->ip - sizeof k->address[i]);
	return k->family != FAMILY_NONE;
}

bool flow_seat_again(const struct flow_table *t, uint32_t seat, uint64_t *out)
{
	const struct kept *k;

	*out = 0;
	if (seat >= t->flow_max)
		return t->embryos[seat - t->flow_max].key.proto == PROTO_TCP;
	k = &t->flows[seat];
	for (unsigned i = 0; i < 2 && k->proto == PROTO_TCP; i++)
		if (k->side[i].trouble != REF_NONE)
			*out += ((const struct side_trouble *)blocks_at(&t->blocks, k->side[i].trouble))->count[VERDICT_RETRANSMISSION];
	return k->proto == PROTO_TCP && !(k->bits & FLOW_BIT_UNJUDGED);
}

bool flow_seat_sums(const struct flow_table *t, uint32_t seat, struct flow_sums *out)
{
	if (seat < t->flow_max) {
		const struct kept *k = &t->flows[seat];
		const struct odd *o = k->family != FAMILY_NONE ? kept_odd(t, k) : NULL;
		const unsigned client = (k->class & KEPT_CLIENT) != 0;

		*out = (struct flow_sums){
			.packets = (uint64_t)k->side[0].packets + k->side[1].packets,
			.bytes = {kept_bytes(&k->side[client]), kept_bytes(&k->side[!client])},
			.first_ns = o ? o->first_ns : k->base_ns,
			.last_ns = kept_last_ns(k),
		};
		return k->family != FAMILY_NONE;
	}
	*out = (struct flow_sums){.packets = 1, .first_ns = t->embryos[seat - t->flow_max].ts_ns};
	out->last_ns = out->first_ns;
	(void)embryo_key(&t->embryos[seat - t->flow_max], RECORD_BYTES, &out->bytes[0]);
	return t->embryos[seat - t->flow_max].key.family != FAMILY_NONE;
}

/* Its SYN, SYN/ACK and ACK are there, and time between the first and the last: handshake.rtt_us, without a record.
 * False: it takes that. */
static bool kept_handshake_ns(const struct kept *k, const struct odd *o, struct flow_trips *out)
{
	const unsigned all = KEPT_SYN | KEPT_SYNACK | KEPT_ACK | KEPT_RTT;

	if (!(k->handshake & KEPT_RTT))
		return true;
	if ((k->handshake & all) != all)
		return o == NULL;
	out->handshake = o ? o->rtt_ns : kept_ns(0, k->ack, k->ack_high);
	out->known |= FLOW_TRIP_HANDSHAKE;
	return true;
}

bool flow_seat_trips(const struct flow_table *t, uint32_t seat, struct flow_trips *out)
{
	const struct kept *k;
	uint32_t us;

	out->known = 0;
	if (seat >= t->flow_max) /* one packet has met nothing yet */
		return t->embryos[seat - t->flow_max].key.family != FAMILY_NONE;
	k = &t->flows[seat];
	if (k->family == FAMILY_NONE)
		return false;
	if (k->proto != PROTO_TCP)
		return true;
	for (unsigned i = 0; i < 2; i++)
		if (kept_trips_median(t, k, i ^ ((k->class & KEPT_CLIENT) != 0), &us)) {
			out->known |= 1U << i;
			out->p50[i] = (int64_t)us * 1000;
		}
	return kept_handshake_ns(k, kept_odd(t, k), out);
}
