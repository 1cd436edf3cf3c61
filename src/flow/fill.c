/* A flow as views see it: the flat record filled from the flow's memory.
 * Nothing is computed elsewhere, nothing is printed here. */
#include <string.h>

#include "flow_private.h"

static void fill_common(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	static const char *const known_by[] = {"first_packet", "synack", "syn"};
	const struct flow_side *side[2] = {&f->side[f->client], &f->side[!f->client]};

	const char *name = tuple_proto_name(f->key.proto);

	r->proto = name ? name : t->proto_words[f->key.proto];
	r->ip_proto = f->key.proto;
	r->id = f->id;
	r->first_ns = f->first_ns;
	r->last_ns = f->last_ns;
	end_of_key(&r->client, &f->key, f->client);
	end_of_key(&r->server, &f->key, !f->client);
	r->orientation = known_by[f->client_known];
	for (unsigned i = 0; i < 2; i++) {
		r->packets[i] = side[i]->packets;
		r->bytes[i] = side[i]->bytes;
		r->ttl[i] = side[i]->packets ? side[i]->ttl : PAIR_UNKNOWN;
	}
	r->evicted = f->bits & FLOW_BIT_EVICTED;
	r->past = f->class >= FLOW_PAST;
	r->reused = f->bits & FLOW_BIT_REUSED;
	if (f->key.proto == PROTO_TCP)
		record_set(r, RECORD_REUSED);
	record_set(r, RECORD_PROTO);
	record_set(r, RECORD_ID);
	record_set(r, RECORD_HS_TIME);
	record_set(r, RECORD_FIRST);
	record_set(r, RECORD_LAST);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	record_set(r, RECORD_ORIENTATION);
	record_set(r, RECORD_PACKETS);
	record_set(r, RECORD_BYTES);
	record_set(r, RECORD_TTL);
	record_set(r, RECORD_EVICTED);
}

/* Wireshark's counters and the exact ones, of side i of the record. */
static void fill_verdicts(struct flow_record *r, const struct flow_table *t, const struct flow *f, unsigned i)
{
	const struct flow_side *s = &f->side[i ^ f->client], *peer = &f->side[!(i ^ f->client)];
	const struct side_trouble *x = side_trouble(t, s);
	const uint32_t *n;

	segments_missing(t, s, peer, &r->exact.missed_bytes[i], &r->exact.lost_bytes[i]);
	if (!x)
		return;
	n = x->count;
	r->retransmissions[i] = n[VERDICT_RETRANSMISSION];
	r->fast_retransmissions[i] = n[VERDICT_FAST_RETRANSMISSION];
	r->spurious_retransmissions[i] = n[VERDICT_SPURIOUS_RETRANSMISSION];
	r->out_of_order[i] = n[VERDICT_OUT_OF_ORDER];
	r->dup_acks[i] = n[VERDICT_DUP_ACK];
	r->zero_windows[i] = n[VERDICT_ZERO_WINDOW];
	r->zero_window_probes[i] = n[VERDICT_ZERO_WINDOW_PROBE];
	r->zero_window_probe_acks[i] = n[VERDICT_ZERO_WINDOW_PROBE_ACK];
	r->window_full[i] = n[VERDICT_WINDOW_FULL];
	r->window_updates[i] = n[VERDICT_WINDOW_UPDATE];
	r->keep_alives[i] = n[VERDICT_KEEP_ALIVE];
	r->keep_alive_acks[i] = n[VERDICT_KEEP_ALIVE_ACK];
	r->lost_segments[i] = n[VERDICT_LOST_SEGMENT];
	r->acked_unseen[i] = n[VERDICT_ACKED_UNSEEN];
	r->exact.retransmitted_segments[i] = x->seen_again_segments;
	r->exact.retransmitted_bytes[i] = x->seen_again_bytes;
	r->exact.late_segments[i] = x->late_segments;
	r->exact.late_bytes[i] = x->late_bytes;
	r->exact.conflicting_bytes[i] = x->conflicting_bytes;
	r->exact.duplicates[i] = x->duplicates;
	r->exact.forgotten_holes[i] = x->forgotten_holes;
	if (x->forgotten_holes)
		record_set(r, RECORD_EXACT_FORGOTTEN_HOLES);
}

static void fill_trips(struct flow_record *r, const struct flow_table *t, const struct flow *f, unsigned i)
{
	static const enum record_key keys[2][4] = {
		{RECORD_RTT_SERVER_MIN, RECORD_RTT_SERVER_P50, RECORD_RTT_SERVER_MAX, RECORD_RTT_SERVER_SAMPLES},
		{RECORD_RTT_CLIENT_MIN, RECORD_RTT_CLIENT_P50, RECORD_RTT_CLIENT_MAX, RECORD_RTT_CLIENT_SAMPLES},
	};
	struct trips_summary x;

	if (!trips_summary(t, f, i ^ f->client, &x))
		return;
	r->round_trip[i].min = (int64_t)x.min_us * 1000;
	r->round_trip[i].p50 = (int64_t)x.median_us * 1000;
	r->round_trip[i].max = (int64_t)x.max_us * 1000;
	r->round_trip[i].samples = x.samples;
	for (unsigned k = 0; k < 4; k++)
		record_set(r, keys[i][k]);
}

static int64_t least(const struct flow_record *r, enum record_key a, int64_t a_ns, enum record_key b, int64_t b_ns)
{
	if (!record_has(r, a))
		return record_has(r, b) ? b_ns : -1;
	return record_has(r, b) && b_ns < a_ns ? b_ns : a_ns;
}

/* Which end is near: its half of the way is a quarter of the other's, or less. */
static void fill_capture_side(struct flow_record *r)
{
	int64_t server = least(r, RECORD_HS_LAST_SYN_TO_SYNACK, r->last_syn_to_synack, RECORD_RTT_SERVER_MIN,
			       r->round_trip[0].min);
	int64_t client =
	    least(r, RECORD_HS_SYNACK_TO_ACK, r->synack_to_ack, RECORD_RTT_CLIENT_MIN, r->round_trip[1].min);

	if (server < 0 || client < 0)
		return;
	r->capture_side = client <= server / 4 ? "client" : server <= client / 4 ? "server" : "between";
	record_set(r, RECORD_CAPTURE_SIDE);
}

static bool state_is_open(const char *state)
{
	static const char *const open[] = {"syn_sent", "syn_received", "established", "half_closed", "midstream"};

	for (unsigned i = 0; i < sizeof open / sizeof *open; i++)
		if (state[0] == open[i][0] && strcmp(state, open[i]) == 0)
			return true;
	return false;
}

/* Wireshark's counters, the exact ones, and what is missing. */
static void fill_losses(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	r->lossless = f->side[0].trouble == REF_NONE && f->side[1].trouble == REF_NONE;
	for (unsigned i = 0; i < 2; i++) {
		fill_verdicts(r, t, f, i);
		r->lossless &= !r->exact.missed_bytes[i] && !r->exact.lost_bytes[i];
		if (!state_one_sided(f, i ^ f->client))
			continue;
		r->one_sided = true;
		record_set(r, RECORD_ONE_SIDED);
		/* Nothing would ACK a hole where we could see it. */
		if (r->exact.lost_bytes[i])
			r->exact.lost_bytes[i] = PAIR_UNKNOWN;
	}
	if (f->bits & FLOW_BIT_UNJUDGED)
		return;
	record_set_from(r, RECORD_RETRANSMISSIONS, RECORD_ZERO_WINDOW_PROBE_ACKS);
	record_set_from(r, RECORD_LOST_SEGMENTS, RECORD_ACKED_UNSEEN);
	record_set_from(r, RECORD_EXACT_RETRANSMITTED_SEGMENTS, RECORD_EXACT_DUPLICATES);
}

static void fill_tcp_state(struct flow_record *r, const struct flow *f)
{
	r->state = tcp_state(f);
	r->open = f->class < FLOW_PAST && state_is_open(r->state);
	r->closing = !seen(f->rst_ns) && (f->side[0].fin != 0) != (f->side[1].fin != 0);
	for (unsigned i = 0; i < 2; i++) {
		const struct flow_side *s = &f->side[i ^ f->client];

		r->rst[i] = s->rst;
		r->fin[i] = s->fin;
	}
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_OPEN);
	record_set(r, RECORD_HS_OPEN);
	record_set(r, RECORD_RST);
	record_set(r, RECORD_FIN);
	fill_ends(r, f);
}

static void fill_tcp(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	r->completeness = f->completeness_before;
	for (unsigned i = 0; i < 2; i++) {
		const struct flow_side *s = &f->side[i ^ f->client];

		r->isn[i] = s->base;
		r->isn_known[i] = s->bits & SIDE_BASE;
	}
	record_set(r, RECORD_COMPLETENESS);
	if (f->closed_by) {
		r->closed_by = (unsigned)(f->closed_by - 1) == f->client ? "client" : "server";
		record_set(r, RECORD_CLOSED_BY);
	}
	fill_capture_side(r);
	fill_rare(r, t, f);
}

static void fill_datagram(struct flow_record *r, const struct flow *f)
{
	bool icmp = f->key.proto == PROTO_ICMP || f->key.proto == PROTO_ICMPV6;
	bool answered = icmp ? f->bits & FLOW_BIT_REPLY && f->side[0].packets && f->side[1].packets
			     : f->side[0].packets && f->side[1].packets;

	r->state = answered ? "answered" : "unanswered";
	record_set(r, RECORD_STATE);
	if (!icmp)
		return;
	r->icmp_type = f->icmp_type;
	r->icmp_code = f->icmp_code;
	r->icmp_id = f->icmp_id;
	record_set(r, RECORD_ICMP_TYPE);
	record_set(r, RECORD_ICMP_CODE);
	if (f->bits & FLOW_BIT_ECHO)
		record_set(r, RECORD_ICMP_ID);
}

static void fill_vlans(struct flow_record *r, const struct path *p)
{
	if (!p || !p->vlans)
		return;
	r->vlan.n = p->vlans;
	for (unsigned i = 0; i < p->vlans; i++)
		r->vlan.at[i] = p->vlan[i];
	record_set(r, RECORD_VLAN);
}

static void fill_tunnels(struct flow_record *r, const struct path *p)
{
	struct text t;

	if (!p || !p->tunnels)
		return;
	text_init(&t, r->tunnel.bytes, sizeof r->tunnel.bytes);
	path_tunnels(&t, p);
	r->tunnel.len = (uint16_t)t.len;
	record_set(r, RECORD_TUNNEL);
}

static void fill_service(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	const uint8_t *bytes = NULL;
	uint32_t len = names_get(&t->names, f->name, &bytes);

	if (f->service) {
		r->service = f->service->name;
		record_set(r, RECORD_SERVICE);
	}
	if (len) {
		r->server_name.len = (uint16_t)len;
		memcpy(r->server_name.bytes, bytes, len);
		record_set(r, RECORD_SERVER_NAME);
	}
}

/* How often the capture was blind in the flow's time; of long ago only the last are known. */
static uint32_t blinds_of(const struct flow_table *t, const struct flow *f)
{
	const uint32_t span = f->lost_until - f->lost_before;
	uint32_t n = 0;

	for (uint32_t i = t->losses; span > 0 && i > 0 && t->losses - i < LOSSES_KEPT; i--) {
		const uint32_t at = (i - 1) % LOSSES_KEPT;

		n += t->loss[at].blind && t->loss[at].before - f->lost_before < span;
	}
	return n;
}

static void fill_capture(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	uint32_t blind = blinds_of(t, f);

	r->capture_blind = blind > 0;
	if (r->capture_blind)
		record_set(r, RECORD_CAPTURE_BLIND);
	r->capture_drops = (uint32_t)(f->lost_until - f->lost_before) - blind + t->capture_lost_sometime;
	if (r->capture_drops)
		record_set(r, RECORD_CAPTURE_DROPS);
}

static void fill_icmp_error(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	const struct flow_rare *x = flow_rare(t, f);

	if (!(f->bits & FLOW_BIT_ICMP_ERROR))
		return;
	r->icmp_error.type = f->icmp_type;
	r->icmp_error.code = f->icmp_code;
	record_set(r, RECORD_ICMP_ERROR_TYPE);
	record_set(r, RECORD_ICMP_ERROR_CODE);
	if (x && x->bits & RARE_ICMP) { /* else there was no room to keep it */
		r->icmp_error.from = (struct endpoint){x->icmp_from, 0, f->icmp_family, false};
		record_set(r, RECORD_ICMP_ERROR_FROM);
	}
}

/* Of a part that nobody asked for, nothing is even cleared. */
static void record_clear(struct flow_record *r, unsigned parts)
{
	enum { OUTCOME = offsetof(struct flow_record, RECORD_OUTCOME_FIRST),
	       HANDSHAKE = offsetof(struct flow_record, RECORD_HANDSHAKE_FIRST),
	       LOSSES = offsetof(struct flow_record, RECORD_LOSSES_FIRST),
	       STATE = offsetof(struct flow_record, RECORD_STATE_FIRST),
	       TRIPS = offsetof(struct flow_record, RECORD_TRIPS_FIRST),
	       REST = offsetof(struct flow_record, RECORD_REST_FIRST),
	       LONG = offsetof(struct flow_record, RECORD_LONG_FIRST) };

#ifndef NDEBUG
	memset(r, 0xa5, sizeof *r); /* who reads what was not asked for shall see it */
#endif
	memset(r, 0, OUTCOME);
	if (parts & RECORD_PART_OUTCOME)
		memset((char *)r + OUTCOME, 0, HANDSHAKE - OUTCOME);
	if (parts & RECORD_PART_HANDSHAKE)
		memset((char *)r + HANDSHAKE, 0, LOSSES - HANDSHAKE);
	if (parts & RECORD_PART_LOSSES)
		memset((char *)r + LOSSES, 0, STATE - LOSSES);
	if (parts & RECORD_PART_STATE)
		memset((char *)r + STATE, 0, TRIPS - STATE);
	if (parts & RECORD_PART_TRIPS)
		memset((char *)r + TRIPS, 0, REST - TRIPS);
	if (parts & RECORD_PART_REST)
		memset((char *)r + REST, 0, LONG - REST);
	r->server_name.len = r->tunnel.len = 0;
	r->owner[0].n = r->owner[1].n = 0;
	r->missing = (uint8_t)(RECORD_PARTS & ~parts);
}

void flow_record_fill_parts(struct flow_record *r, struct flow_table *t, const struct flow *f,
			    const struct paths *paths, unsigned parts)
{
	const struct path *path;
	bool tcp;

	if (parts & RECORD_PART_REST) /* capture_side is made of them all */
		parts = RECORD_PARTS;
	scratch_ready(t, f, parts);
	tcp = f->key.proto == PROTO_TCP;
	record_clear(r, parts);
	fill_common(r, t, f);
	fill_capture(r, t, f);
	if (tcp && parts & RECORD_PART_OUTCOME)
		fill_outcome(r, f);
	if (tcp && parts & RECORD_PART_HANDSHAKE)
		fill_handshake(r, f);
	if (tcp && parts & RECORD_PART_LOSSES)
		fill_losses(r, t, f);
	for (unsigned i = 0; i < 2 && tcp && parts & RECORD_PART_TRIPS; i++)
		fill_trips(r, t, f, i);
	if (!(parts & (RECORD_PART_STATE | RECORD_PART_REST)))
		return;
	path = paths ? paths_get(paths, f->path) : NULL;
	if (parts & RECORD_PART_STATE) {
		if (tcp)
			fill_tcp_state(r, f);
		else
			fill_datagram(r, f);
		fill_service(r, t, f);
		fill_tunnels(r, path);
		fill_vlans(r, path);
		fill_icmp_error(r, t, f);
	}
	if (!(parts & RECORD_PART_REST))
		return;
	if (tcp)
		fill_tcp(r, t, f);
	zeek_fill(r, t, f);
	if (t->more)
		t->more(t->more_arg, r);
}

void flow_record_more(struct flow_table *t, void (*more)(void *arg, struct flow_record *r), void *arg)
{
	t->more = more;
	t->more_arg = arg;
}

void flow_record_fill(struct flow_record *r, struct flow_table *t, const struct flow *f, const struct paths *paths)
{
	flow_record_fill_parts(r, t, f, paths, RECORD_PARTS);
}

static const enum record_key brief_ends[] = {RECORD_CLIENT, RECORD_SERVER, RECORD_PROTO};

void keys_without(uint64_t keys[2], const enum record_key *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		keys[known[i] / 64] &= ~(UINT64_C(1) << known[i] % 64);
}

enum record_brief flow_record_brief(const uint64_t keys[2])
{
	uint64_t left[2] = {keys[0], keys[1]};

	keys_without(left, brief_ends, sizeof brief_ends / sizeof *brief_ends);
	if (!(left[0] | left[1]))
		return BRIEF_ENDS;
	keys_without_words(left);
	return left[0] | left[1] ? BRIEF_NOT : BRIEF_WORDS;
}

/* All but the ends. */
static void brief_begin(struct flow_record *r, const struct flow_table *t, uint8_t proto)
{
	const char *name = tuple_proto_name(proto);

#ifndef NDEBUG
	memset(r, 0xa5, sizeof *r); /* as record_clear() */
#endif
	r->has[0] = r->has[1] = 0;
	r->server_name.len = r->tunnel.len = 0;
	r->owner[0].n = r->owner[1].n = 0;
	r->missing = RECORD_PARTS;
	r->ip_proto = proto;
	r->proto = name ? name : t->proto_words[proto];
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	record_set(r, RECORD_PROTO);
}

void flow_record_fill_ends(struct flow_record *r, const struct flow_table *t, uint8_t proto, const struct endpoint ends[2])
{
	brief_begin(r, t, proto);
	r->client = ends[0];
	r->server = ends[1];
}

bool flow_record_fill_brief(struct flow_record *r, struct flow_table *t, uint32_t seat, const struct paths *paths,
			    enum record_brief what)
{
	const unsigned parts = RECORD_PART_OUTCOME | RECORD_PART_STATE;
	struct flow_key key;
	const struct path *path;
	const struct flow *f;
	bool client;

	if (!seat_key(t, seat, &key, &client))
		return false;
	brief_begin(r, t, key.proto);
	end_of_key(&r->client, &key, client);
	end_of_key(&r->server, &key, !client);
	if (what == BRIEF_ENDS)
		return true;
	f = flow_in_seat(t, seat);
	scratch_ready(t, f, parts);
	path = paths ? paths_get(paths, f->path) : NULL;
	r->missing = RECORD_PARTS & ~parts;
	if (key.proto == PROTO_TCP) {
		fill_outcome(r, f);
		fill_tcp_state(r, f);
	} else {
		fill_datagram(r, f);
	}
	fill_service(r, t, f);
	fill_tunnels(r, path);
	fill_vlans(r, path);
	fill_icmp_error(r, t, f);
	return true;
}
