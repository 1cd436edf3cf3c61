/* The handshake, into the flat record: its outcome, and all the rest of it. */
#include "flow_private.h"

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

void fill_handshake(struct flow_record *r, const struct flow *f)
{
	r->syn = seen(f->first_syn_ns);
	r->synack = seen(f->synack_ns);
	r->ack = r->synack && tcp_ack_seen(f);
	r->complete = r->syn && r->synack && r->ack;
	r->split = f->story & STORY_SPLIT;
	r->simultaneous_open = f->bits & FLOW_BIT_SIMULTANEOUS && !r->split;
	r->syn_retransmits = f->syn_retransmits;
	r->synack_retransmits = f->synack_retransmits;
	record_set_from(r, RECORD_HS_SYN, RECORD_HS_COMPLETE);
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
	if (!r->synack && f->side[!f->client].rst)
		duration(r, RECORD_HS_SYN_TO_RST, &r->syn_to_rst, f->answered_syn_ns, f->rst_ns);
	record_set(r, RECORD_HS_SYN_RETRANSMITS);
	record_set(r, RECORD_HS_SYNACK_RETRANSMITS);
	record_set(r, RECORD_HS_SIMULTANEOUS);
	if (r->syn)
		fill_options(r, &f->side[f->client], 0);
	if (r->synack)
		fill_options(r, &f->side[!f->client], 1);
	fill_agreed(r, f);
	if (r->split) /* complete, but what stands for them came from the other side */
		r->synack = r->ack = false;
	fill_tries(r, f);
}

void fill_outcome(struct flow_record *r, const struct flow *f)
{
	static const char *const outcome_state[OUTCOMES] = {
		NULL, "established", "refused", "syn_sent", "syn_received", "reset", "syn_sent",
	};
	enum handshake_outcome outcome = flow_outcome(f);

	r->syns = f->syns;
	r->synacks = f->synacks;
	duration(r, RECORD_HS_FIRST_SYN_TO_ACK, &r->first_syn_to_ack, f->first_syn_ns, f->ack_ns);
	if (outcome == OUTCOME_NONE)
		return;
	r->outcome = outcome_names[outcome];
	r->outcome_state = outcome_state[outcome];
	record_set(r, RECORD_OUTCOME);
	record_set(r, RECORD_HS_STATE);
}
