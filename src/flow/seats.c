/* Flows by seat (flow.h): which of them moved, and what the screen's list reads of each at
 * once, from as few lines of memory as it takes.
 *
 * Who moved is a bit for each seat, set where a packet is taken in or a flow begins or ends, and
 * taken off by whoever looks. Nothing is kept, and the packet path pays one test, until somebody
 * watches. */
#include "kept.h"
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

/* ---- at once ----------------------------------------------------------------------- */

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

bool flow_seat_end(const struct flow_table *t, uint32_t seat, bool server, struct endpoint *out)
{
	const struct flow_key *key;
	struct flow_key of;
	bool second;

	if (seat < t->flow_max) {
		const struct kept *k = &t->flows[seat];

		kept_key(k, &of);
		key = &of;
		second = server != ((k->class & KEPT_CLIENT) != 0);
	} else {
		const struct embryo *e = &t->embryos[seat - t->flow_max];

		key = &e->key;
		second = server != ((e->bits & EMBRYO_FROM_B) != 0);
	}
	if (key->family == FAMILY_NONE)
		return false;
	end_of_key(out, key, second);
	return true;
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
