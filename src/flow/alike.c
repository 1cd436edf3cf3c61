/* Flows that are alike (flow.h): of whom nothing is odd, the words of a record follow from a few bits of each end.
 *
 * They are what tcp_state(), flow_outcome(), fill_ends(), fill_datagram() and whoever fills what is in alike_words[]
 * read of a flow, the client's end first; tests compare the records of all that are alike. */
#include <string.h>

#include "kept.h"

/* Where what stands in the number. */
enum { ALIKE_KEPT = 1, ALIKE_EMBRYO = 2, ALIKE_PROTO = 2, ALIKE_SERVICE = 10, ALIKE_PATH = 18, ALIKE_HANDSHAKE = 34, ALIKE_BITS = 38,
       ALIKE_SIDES = 43, ALIKE_SIDE_BITS = 7, ALIKE_PAST = 57 };

/* What a brief record has, too (fill.c). */
static const enum record_key alike_words[] = {
	RECORD_PROTO, RECORD_STATE, RECORD_OPEN, RECORD_OUTCOME, RECORD_HS_STATE, RECORD_HS_OPEN, RECORD_SERVICE, RECORD_TUNNEL,
	RECORD_SERVER_NAME, RECORD_ICMP_TYPE, RECORD_ICMP_CODE, RECORD_ICMP_ID, RECORD_ICMP_ERROR_TYPE, RECORD_ICMP_ERROR_CODE,
	RECORD_TCP_STATE_CLIENT, RECORD_TCP_STATE_SERVER, RECORD_FIN, RECORD_RST,
};
static const enum record_key alike_counts[] = {
	RECORD_RETRANSMISSIONS, RECORD_FAST_RETRANSMISSIONS, RECORD_SPURIOUS_RETRANSMISSIONS, RECORD_OUT_OF_ORDER,
	RECORD_DUP_ACKS, RECORD_ZERO_WINDOWS, RECORD_ZERO_WINDOW_PROBES, RECORD_WINDOW_FULL, RECORD_WINDOW_UPDATES,
	RECORD_KEEP_ALIVES, RECORD_KEEP_ALIVE_ACKS, RECORD_ZERO_WINDOW_PROBE_ACKS, RECORD_LOST_SEGMENTS, RECORD_ACKED_UNSEEN,
	RECORD_EXACT_RETRANSMITTED_SEGMENTS, RECORD_EXACT_RETRANSMITTED_BYTES, RECORD_EXACT_LATE_SEGMENTS,
	RECORD_EXACT_LATE_BYTES, RECORD_EXACT_CONFLICTING_BYTES, RECORD_EXACT_DUPLICATES, RECORD_EXACT_FORGOTTEN_HOLES,
};

void keys_without_words(uint64_t keys[2])
{
	keys_without(keys, alike_words, sizeof alike_words / sizeof *alike_words);
}

enum flow_alike flow_alike_keys(const uint64_t keys[2])
{
	uint64_t left[2] = {keys[0], keys[1]};

	keys_without_words(left);
	if (!(left[0] | left[1]))
		return ALIKE_WORDS;
	keys_without(left, alike_counts, sizeof alike_counts / sizeof *alike_counts);
	return left[0] | left[1] ? ALIKE_NOT : ALIKE_COUNTS;
}

static uint64_t alike_side(const struct kept_side *s)
{
	return (s->state & 15U) | (s->end & END_FIN ? 16U : 0) | (s->bits & SIDE_ACKED ? 32U : 0) | (s->packets != 0 ? 64U : 0);
}

static uint64_t alike_kept(const struct kept *k, enum flow_alike what, bool *named)
{
	const unsigned client = (k->class & KEPT_CLIENT) != 0;
	const bool tcp = k->proto == PROTO_TCP;

	*named = k->name != REF_NONE;
	if (k->family == FAMILY_NONE || k->odd != REF_NONE || k->proto == PROTO_ICMP || k->proto == PROTO_ICMPV6 ||
	    k->bits & FLOW_BIT_ICMP_ERROR)
		return 0;
	/* Both ends may be one; resets are odd, but for what was not counted. */
	if (tcp && (k->port[0] == k->port[1] || (k->side[0].end | k->side[1].end) & END_RST))
		return 0;
	if (what == ALIKE_COUNTS && (k->side[0].trouble & k->side[1].trouble) != REF_NONE)
		return 0;
	return ALIKE_KEPT | (uint64_t)k->proto << ALIKE_PROTO | (uint64_t)k->service << ALIKE_SERVICE |
	       (uint64_t)k->path << ALIKE_PATH | (uint64_t)((k->class & KEPT_CLASS) >= FLOW_PAST) << ALIKE_PAST |
	       (uint64_t)(k->handshake & 15) << ALIKE_HANDSHAKE |
	       (uint64_t)((k->bits & FLOW_BIT_ACKED ? 1U : 0) | (k->bits & FLOW_BIT_UNJUDGED ? 2U : 0) |
			  (k->completeness & COMPLETE_DATA ? 4U : 0) | (k->completeness_before & COMPLETE_SYNACK ? 8U : 0) |
			  (k->completeness_before & COMPLETE_ACK ? 16U : 0)) << ALIKE_BITS |
	       (alike_side(&k->side[client]) | alike_side(&k->side[!client]) << ALIKE_SIDE_BITS) << ALIKE_SIDES;
}

uint64_t flow_seat_alike(const struct flow_table *t, uint32_t seat, enum flow_alike what, bool *named)
{
	const struct embryo *e;
	uint8_t service;

	if (seat < t->flow_max)
		return alike_kept(&t->flows[seat], what, named);
	*named = false;
	e = &t->embryos[seat - t->flow_max];
	if (e->key.family == FAMILY_NONE || e->key.proto == PROTO_ICMP || e->key.proto == PROTO_ICMPV6 ||
	    (e->key.proto == PROTO_TCP && e->key.a_port == e->key.b_port))
		return 0;
	service = e->key.proto == PROTO_TCP ? 0 : e->wscale_or_service;
	return ALIKE_EMBRYO | (uint64_t)e->key.proto << ALIKE_PROTO | (uint64_t)service << ALIKE_SERVICE |
	       (uint64_t)e->path << ALIKE_PATH;
}

unsigned flow_alike_parts(void)
{
	unsigned parts = 0;

	for (size_t i = 0; i < sizeof alike_words / sizeof *alike_words; i++)
		parts |= record_part_of(alike_words[i]);
	return parts;
}

uint64_t flow_record_alike(const struct flow_record *r, const struct hash_key *key, bool past)
{
	struct { uint64_t key, value[2]; } all[sizeof alike_words / sizeof *alike_words] = {{0}};
	size_t n = 0, len;

	for (size_t i = 0; i < sizeof alike_words / sizeof *alike_words; i++, n++) {
		const enum record_key k = alike_words[i];
		const void *at = record_member(r, k);

		if (!record_has(r, k) || k == RECORD_SERVER_NAME)
			continue;
		all[n].key = 1;
		switch ((enum value_kind)record_fields[k].kind) {
		case VALUE_WORD: memcpy(all[n].value, at, sizeof(const char *)); break; /* ours, it stays */
		case VALUE_U64: memcpy(all[n].value, at, sizeof(uint64_t)); break;
		case VALUE_BOOL: all[n].value[0] = *(const bool *)at; break;
		case VALUE_PAIR: memcpy(all[n].value, at, sizeof all[n].value); break;
		case VALUE_NAME:
			len = ((const struct record_name *)at)->len;
			all[n].value[0] = hash_bytes(key, ((const struct record_name *)at)->bytes, len);
			break;
		default: /* none of them is of another kind */
			return 0;
		}
	}
	all[0].key |= past ? 2 : 0;
	return hash_bytes(key, all, sizeof all) | UINT64_C(1) << 63;
}
