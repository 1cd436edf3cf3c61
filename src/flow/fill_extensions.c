/* What state.c and its neighbours know, into the flat record: both ends' states,
 * what the handshake agreed besides, marks of congestion, multipath. */
#include "flow_private.h"

/* What else the handshake was about: one word each, the furthest. */
void fill_agreed(struct flow_record *r, const struct flow *f)
{
	uint16_t is = f->story;

	if (is & STORY_FAST_OPEN) {
		r->fast_open = is & STORY_ACCEPTED  ? "accepted"
			       : is & STORY_IGNORED ? "ignored"
			       : is & STORY_COOKIE  ? "cookie_given"
						    : "requested";
		record_set(r, RECORD_HS_FAST_OPEN);
	}
	if (is & STORY_ECN_ANSWERED) {
		r->ecn_agreed = is & STORY_ECN_ACCURATE ? "accurate" : is & STORY_ECN_CLASSIC ? "classic" : "refused";
		record_set(r, RECORD_HS_ECN);
	}
	if (r->split)
		record_set(r, RECORD_HS_SPLIT);
}

/* Both ends' states. */
void fill_ends(struct flow_record *r, const struct flow *f)
{
	unsigned other = state_is_self(f) ? f->client : !f->client;

	r->tcp_state[0] = end_state_names[f->side[f->client].state];
	r->tcp_state[1] = end_state_names[f->side[other].state];
	if (r->tcp_state[0])
		record_set(r, RECORD_TCP_STATE_CLIENT);
	if (r->tcp_state[1])
		record_set(r, RECORD_TCP_STATE_SERVER);
}

static void fill_mptcp(struct flow_record *r, const struct flow *f, const struct flow_rare *x)
{
	static const char *const reasons[] = { /* RFC 8684 3.6 */
		"unspecified", "mptcp_error", "lack_of_resources", "prohibited", "too_much_data", "performance",
		"middlebox",
	};

	for (unsigned i = 0; i < 2; i++)
		r->mptcp.token[i] = x->bits >> (i ^ f->client) & 1 ? x->token[i ^ f->client] : PAIR_UNKNOWN;
	if (x->bits & (RARE_TOKEN | RARE_TOKEN << 1))
		record_set(r, RECORD_MPTCP_TOKEN);
	if (x->joined) {
		r->mptcp.connection = x->joined;
		r->mptcp.subflow = x->subflow;
		record_set(r, RECORD_MPTCP_CONNECTION);
		record_set(r, RECORD_MPTCP_SUBFLOW);
	}
	if (x->bits & RARE_VERSION) {
		r->mptcp.version = x->version;
		record_set(r, RECORD_MPTCP_VERSION);
	}
	if (x->bits & RARE_FASTCLOSE) {
		r->mptcp.fastclose = true;
		record_set(r, RECORD_MPTCP_FASTCLOSE);
	}
	if (x->bits & RARE_REASON) {
		r->mptcp.reset_reason = x->reset_reason < sizeof reasons / sizeof *reasons ? reasons[x->reset_reason]
											  : "unknown";
		record_set(r, RECORD_MPTCP_RESET);
	}
}

/* Marks are there where ECN was agreed, or seen: else they are not 0 but nothing. */
void fill_rare(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	static const struct flow_rare none;
	const struct flow_rare *x = flow_rare(t, f);
	const uint32_t *ce, *ece, *cwr;
	bool ecn = f->story & (STORY_ECN_CLASSIC | STORY_ECN_ACCURATE) && f->story & STORY_ECN_ANSWERED;

	if (!x)
		x = &none;
	ce = x->ce;
	ece = x->ece;
	cwr = x->cwr;
	if (f->bits & FLOW_BIT_RARE_LOST && !flow_rare(t, f))
		ecn = false; /* not 0 but unknown */
	if (ecn || ce[0] || ce[1] || ece[0] || ece[1] || cwr[0] || cwr[1]) {
		for (unsigned i = 0; i < 2; i++) {
			r->ecn.ce[i] = ce[i ^ f->client];
			r->ecn.ece[i] = ece[i ^ f->client];
			r->ecn.cwr[i] = cwr[i ^ f->client];
		}
		record_set(r, RECORD_ECN_CE);
		record_set(r, RECORD_ECN_ECE);
		if (!(f->story & STORY_ECN_ACCURATE)) /* there the bit is part of the counter */
			record_set(r, RECORD_ECN_CWR);
	}
	fill_mptcp(r, f, x);
}
