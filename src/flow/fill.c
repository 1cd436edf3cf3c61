/* A flow as views see it: the flat record filled from the flow's memory.
 * Nothing is computed elsewhere, nothing is printed here. */
#include <string.h>

#include "flow_private.h"

static void set_endpoint(struct endpoint *e, const struct flow *f, unsigned side)
{
	e->ip = side ? f->key.b : f->key.a;
	e->port = side ? f->key.b_port : f->key.a_port;
	e->family = f->key.family;
	e->has_port = f->key.proto == PROTO_TCP || f->key.proto == PROTO_UDP || f->key.proto == PROTO_SCTP ||
		      f->key.proto == PROTO_UDPLITE;
}

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
	set_endpoint(&r->client, f, f->client);
	set_endpoint(&r->server, f, !f->client);
	r->orientation = known_by[f->client_known];
	for (unsigned i = 0; i < 2; i++) {
		r->packets[i] = side[i]->packets;
		r->bytes[i] = side[i]->bytes;
		r->ttl[i] = side[i]->packets ? side[i]->ttl : PAIR_UNKNOWN;
	}
	r->evicted = f->bits & FLOW_BIT_EVICTED;
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

static void fill_options(struct flow_record *r, const struct flow_side *s, unsigned i)
{
	static const enum record_key mss[] = {RECORD_HS_CLIENT_MSS, RECORD_HS_SERVER_MSS};
	static const enum record_key wscale[] = {RECORD_HS_CLIENT_WSCALE, RECORD_HS_SERVER_WSCALE};
	static const enum record_key sack[] = {RECORD_HS_CLIENT_SACK, RECORD_HS_SERVER_SACK};
	static const enum record_key cut[] = {RECORD_HS_CLIENT_CUT, RECORD_HS_SERVER_CUT};
	static const enum record_key ts[] = {RECORD_HS_CLIENT_TS, RECORD_HS_SERVER_TS};

	r->options[i].mss = s->mss;
	r->options[i].wscale = s->wscale;
	r->options[i].sack_permitted = s->options & TCP_HAS_SACK_PERMITTED;
	r->options[i].timestamps = s->options & TCP_HAS_TIMESTAMPS;
	if (s->options & TCP_HAS_MSS)
		record_set(r, mss[i]);
	if (s->options & TCP_HAS_WSCALE)
		record_set(r, wscale[i]);
	if (s->options & TCP_OPTIONS_CUT) {
		r->options[i].cut = true;
		record_set(r, cut[i]);
	}
	/* Cut options: what was not seen is unknown, not absent. */
	if (r->options[i].sack_permitted || !(s->options & TCP_OPTIONS_CUT))
		record_set(r, sack[i]);
	if (r->options[i].timestamps || !(s->options & TCP_OPTIONS_CUT))
		record_set(r, ts[i]);
}

static void duration(struct flow_record *r, enum record_key k, int64_t *out, int64_t from, int64_t to)
{
	if (!seen(from) || !seen(to) || to < from) /* a time that went back is no duration */
		return;
	*out = to - from;
	record_set(r, k);
}

/* For pictures: there 0 means none, so the epoch itself moves by 1 ns. */
static int64_t shown(int64_t ns)
{
	return !seen(ns) ? 0 : ns ? ns : 1;
}

static void fill_tries(struct flow_record *r, const struct flow *f)
{
	r->syns = f->syns;
	r->synacks = f->synacks;
	r->syn_ns[0] = shown(f->first_syn_ns);
	r->synack_ns[0] = shown(f->synack_ns);
	for (unsigned i = 0; i < FLOW_TRIES; i++) {
		r->syn_ns[i + 1] = i + 1 < f->syns ? f->first_syn_ns + (int64_t)f->syn_after_us[i] * 1000 : 0;
		r->synack_ns[i + 1] =
			i + 1 < f->synacks ? f->synack_ns + (int64_t)f->synack_after_us[i] * 1000 : 0;
	}
	r->peer_syn_ns = r->simultaneous_open ? shown(f->peer_syn_ns) : 0;
	r->ack_ns = shown(f->ack_ns);
	r->rst_ns = shown(f->rst_ns);
}

static void fill_handshake(struct flow_record *r, const struct flow *f)
{
	r->syn = seen(f->first_syn_ns);
	r->synack = seen(f->synack_ns);
	r->ack = r->synack && tcp_ack_seen(f);
	r->complete = r->syn && r->synack && r->ack;
	r->split = f->story & STORY_SPLIT;
	r->simultaneous_open = f->bits & FLOW_BIT_SIMULTANEOUS && !r->split;
	r->syn_retransmits = f->syn_retransmits;
	r->synack_retransmits = f->synack_retransmits;
	for (enum record_key k = RECORD_HS_SYN; k <= RECORD_HS_COMPLETE; k++)
		record_set(r, k);
	if (r->complete && seen(f->rtt_ns)) {
		r->rtt = f->rtt_ns;
		record_set(r, RECORD_HS_RTT);
	}
	/* The one duration that may be negative: then the capture has the SYN/ACK before its SYN. */
	if (seen(f->first_syn_ns) && seen(f->synack_ns)) {
		r->syn_to_synack = f->synack_ns - f->first_syn_ns;
		record_set(r, RECORD_HS_SYN_TO_SYNACK);
	}
	duration(r, RECORD_HS_LAST_SYN_TO_SYNACK, &r->last_syn_to_synack, f->answered_syn_ns, f->synack_ns);
	duration(r, RECORD_HS_SYNACK_TO_ACK, &r->synack_to_ack, f->synack_ns, f->ack_ns);
	duration(r, RECORD_HS_FIRST_SYN_TO_ACK, &r->first_syn_to_ack, f->first_syn_ns, f->ack_ns);
	if (!r->synack && f->side[!f->client].rst)
		duration(r, RECORD_HS_SYN_TO_RST, &r->syn_to_rst, f->answered_syn_ns, f->rst_ns);
	record_set(r, RECORD_HS_SYN_RETRANSMITS);
	record_set(r, RECORD_HS_SYNACK_RETRANSMITS);
	record_set(r, RECORD_HS_SIMULTANEOUS);
	if (r->syn)
		fill_options(r, &f->side[f->client], 0);
	if (r->synack)
		fill_options(r, &f->side[!f->client], 1);
	if (r->split) /* complete, but what stands for them came from the other side */
		r->synack = r->ack = false;
	fill_tries(r, f);
}

/* Wireshark's counters and the exact ones, of side i of the record. */
static void fill_verdicts(struct flow_record *r, const struct flow_table *t, const struct flow *f, unsigned i)
{
	const struct flow_side *s = &f->side[i ^ f->client], *peer = &f->side[!(i ^ f->client)];
	const struct side_trouble *x = side_trouble(t, s);
	static const struct side_trouble none;
	const uint32_t *n = x ? x->count : none.count;

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
	segments_missing(t, s, peer, &r->exact.missed_bytes[i], &r->exact.lost_bytes[i]);
	if (!x)
		return;
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
	const struct side_trips *x = side_trips(t, &f->side[i ^ f->client]);

	if (!x || !x->samples)
		return;
	r->round_trip[i].min = (int64_t)x->min_us * 1000;
	r->round_trip[i].p50 = (int64_t)trips_median_us(x) * 1000;
	r->round_trip[i].max = (int64_t)x->max_us * 1000;
	r->round_trip[i].samples = x->samples;
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
		if (strcmp(state, open[i]) == 0)
			return true;
	return false;
}

static const enum record_key counted_keys[] = {
	RECORD_RETRANSMISSIONS, RECORD_FAST_RETRANSMISSIONS, RECORD_SPURIOUS_RETRANSMISSIONS, RECORD_OUT_OF_ORDER,
	RECORD_DUP_ACKS, RECORD_ZERO_WINDOWS, RECORD_ZERO_WINDOW_PROBES, RECORD_WINDOW_FULL, RECORD_WINDOW_UPDATES,
	RECORD_KEEP_ALIVES, RECORD_KEEP_ALIVE_ACKS, RECORD_ZERO_WINDOW_PROBE_ACKS, RECORD_LOST_SEGMENTS,
	RECORD_ACKED_UNSEEN, RECORD_EXACT_RETRANSMITTED_SEGMENTS, RECORD_EXACT_RETRANSMITTED_BYTES,
	RECORD_EXACT_LATE_SEGMENTS, RECORD_EXACT_LATE_BYTES, RECORD_EXACT_MISSED_BYTES, RECORD_EXACT_LOST_BYTES,
	RECORD_EXACT_CONFLICTING_BYTES, RECORD_EXACT_DUPLICATES,
};

static void fill_tcp(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	static const char *const outcome_state[OUTCOMES] = {
		NULL, "established", "refused", "syn_sent", "syn_received", "reset", "syn_sent",
	};
	enum handshake_outcome outcome = flow_outcome(f);

	r->state = tcp_state(f);
	r->open = state_is_open(r->state);
	r->closing = !seen(f->rst_ns) && (f->side[0].fin != 0) != (f->side[1].fin != 0);
	r->completeness = f->completeness_before;
	r->reused = f->bits & FLOW_BIT_REUSED;
	for (unsigned i = 0; i < 2; i++) {
		const struct flow_side *s = &f->side[i ^ f->client];

		r->rst[i] = s->rst;
		r->fin[i] = s->fin;
		r->isn[i] = s->base;
		r->isn_known[i] = s->bits & SIDE_BASE;
		fill_verdicts(r, t, f, i);
		fill_trips(r, t, f, i);
	}
	for (unsigned i = 0; i < sizeof counted_keys / sizeof *counted_keys && !(f->bits & FLOW_BIT_UNJUDGED); i++)
		record_set(r, counted_keys[i]);
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_OPEN);
	record_set(r, RECORD_HS_OPEN);
	record_set(r, RECORD_COMPLETENESS);
	record_set(r, RECORD_REUSED);
	record_set(r, RECORD_RST);
	record_set(r, RECORD_FIN);
	if (outcome != OUTCOME_NONE) {
		r->outcome = outcome_names[outcome];
		r->outcome_state = outcome_state[outcome];
		record_set(r, RECORD_OUTCOME);
		record_set(r, RECORD_HS_STATE);
	}
	if (f->closed_by) {
		r->closed_by = (unsigned)(f->closed_by - 1) == f->client ? "client" : "server";
		record_set(r, RECORD_CLOSED_BY);
	}
	fill_handshake(r, f);
	fill_capture_side(r);
	fill_extensions(r, t, f);
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

static void fill_path(struct flow_record *r, const struct flow *f, const struct paths *paths)
{
	const struct path *p = paths ? paths_get(paths, f->path) : NULL;
	struct text t;

	if (!p)
		return;
	if (p->vlans) {
		r->vlan.n = p->vlans;
		for (unsigned i = 0; i < p->vlans; i++)
			r->vlan.at[i] = p->vlan[i];
		record_set(r, RECORD_VLAN);
	}
	if (p->tunnels) {
		text_init(&t, r->tunnel.bytes, sizeof r->tunnel.bytes);
		path_tunnels(&t, p);
		r->tunnel.len = (uint16_t)t.len;
		record_set(r, RECORD_TUNNEL);
	}
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

void flow_record_fill(struct flow_record *r, struct flow_table *t, const struct flow *f,
		      const struct paths *paths)
{
	const struct flow_rare *x = flow_rare(t, f);
	uint32_t blind;

	record_clear(r);
	fill_common(r, t, f);
	if (f->key.proto == PROTO_TCP)
		fill_tcp(r, t, f);
	else
		fill_datagram(r, f);
	zeek_fill(r, t, f);
	fill_service(r, t, f);
	fill_path(r, f, paths);
	blind = blinds_of(t, f);
	r->capture_blind = blind > 0;
	if (r->capture_blind)
		record_set(r, RECORD_CAPTURE_BLIND);
	r->capture_drops = (uint32_t)(f->lost_until - f->lost_before) - blind + t->capture_lost_sometime;
	if (r->capture_drops)
		record_set(r, RECORD_CAPTURE_DROPS);
	if (f->bits & FLOW_BIT_ICMP_ERROR) {
		r->icmp_error.type = f->icmp_type;
		r->icmp_error.code = f->icmp_code;
		record_set(r, RECORD_ICMP_ERROR_TYPE);
		record_set(r, RECORD_ICMP_ERROR_CODE);
		if (x && x->bits & RARE_ICMP) { /* else there was no room to keep it */
			r->icmp_error.from = (struct endpoint){x->icmp_from, 0, f->icmp_family, false};
			record_set(r, RECORD_ICMP_ERROR_FROM);
		}
	}
}
