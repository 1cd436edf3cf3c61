/* What became of a flow, for people: its condition, and one or two words. */
#include "sockeye/condition.h"

/* ICMP without an identifier is a message, not a question. */
bool condition_is_message(const struct flow_record *r)
{
	return record_has(r, RECORD_ICMP_TYPE) && !record_has(r, RECORD_ICMP_ID);
}

static bool is_over(const struct flow_record *r, enum record_key end)
{
	return record_is(r, end, "closed") || record_is(r, end, "listen");
}

bool condition_reset_not_taken(const struct flow_record *r)
{
	if (!record_has(r, RECORD_TCP_STATE_CLIENT) && !record_has(r, RECORD_TCP_STATE_SERVER))
		return false;
	return (record_is(r, RECORD_STATE, "reset") || record_is(r, RECORD_STATE, "refused")) &&
	       !is_over(r, RECORD_TCP_STATE_CLIENT) && !is_over(r, RECORD_TCP_STATE_SERVER);
}

/* As if the reset had not been there. */
static enum condition without_reset(const struct flow_record *r, bool ended)
{
	if (record_is(r, RECORD_TCP_STATE_CLIENT, "time_wait") || record_is(r, RECORD_TCP_STATE_SERVER, "time_wait"))
		return CONDITION_CLOSED;
	if (r->fin[0] || r->fin[1])
		return CONDITION_CLOSING;
	if (record_is(r, RECORD_TCP_STATE_CLIENT, "syn_sent") && !record_has(r, RECORD_TCP_STATE_SERVER))
		return ended ? CONDITION_SILENT : CONDITION_OPENING;
	return record_is(r, RECORD_TCP_STATE_CLIENT, "syn_sent") ? CONDITION_OPENING : CONDITION_OPEN;
}

enum condition condition_of(const struct flow_record *r, bool ended)
{
	if (condition_is_message(r))
		return CONDITION_MESSAGE;
	if (condition_reset_not_taken(r))
		return without_reset(r, ended);
	if (record_is(r, RECORD_STATE, "refused") || record_is(r, RECORD_STATE, "reset") ||
	    record_is(r, RECORD_OUTCOME, "unreachable"))
		return CONDITION_FAILED;
	if (record_is(r, RECORD_STATE, "closed"))
		return CONDITION_CLOSED;
	if (record_is(r, RECORD_STATE, "half_closed"))
		return CONDITION_CLOSING;
	if (record_is(r, RECORD_STATE, "syn_sent"))
		return ended || record_is(r, RECORD_OUTCOME, "unanswered") ? CONDITION_SILENT : CONDITION_OPENING;
	if (record_is(r, RECORD_STATE, "syn_received"))
		return CONDITION_OPENING;
	if (record_is(r, RECORD_STATE, "midstream"))
		return CONDITION_MIDSTREAM;
	if (record_is(r, RECORD_STATE, "unanswered"))
		return record_has(r, RECORD_ICMP_ERROR_TYPE) ? CONDITION_FAILED : CONDITION_SILENT;
	return CONDITION_OPEN;
}

/* RFC 792, RFC 4443, RFC 4861, RFC 3810: what people look at most. */
static const char *icmp_message(const struct flow_record *r)
{
	if (r->client.family == FAMILY_IPV6)
		switch (r->icmp_type) {
		case 1: return "unreachable";
		case 2: return "packet too big";
		case 3: return "time exceeded";
		case 4: return "bad header";
		case 133: return "router solicitation";
		case 134: return "router advert";
		case 135: return "who has";
		case 136: return "neighbor advert";
		case 137: return "redirect";
		case 130: case 131: case 132: case 143: return "multicast";
		default: return "";
		}
	switch (r->icmp_type) {
	case 3: return "unreachable";
	case 4: return "source quench";
	case 5: return "redirect";
	case 9: return "router advert";
	case 10: return "router solicitation";
	case 11: return "time exceeded";
	case 12: return "bad header";
	default: return "";
	}
}

const char *condition_remark(const struct flow_record *r, bool ended)
{
	if (condition_is_message(r))
		return icmp_message(r);
	if (record_has(r, RECORD_ICMP_ERROR_TYPE))
		return "unreachable";
	if (record_is(r, RECORD_STATE, "syn_received"))
		return "half-open";
	switch (condition_of(r, ended)) {
	case CONDITION_FAILED:
		return record_is(r, RECORD_STATE, "refused") ? "refused" : "reset";
	case CONDITION_SILENT:
		return "no answer";
	case CONDITION_OPENING:
		return "opening";
	case CONDITION_CLOSING:
		return "closing";
	case CONDITION_CLOSED:
		return "closed";
	default:
		return "";
	}
}
