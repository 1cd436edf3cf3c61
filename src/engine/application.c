/* The application of a flow: from the first payload of each direction; from its first
 * bytes put in order where that payload is not enough. */
#include "engine_private.h"
#include "index.h"

/* What dissectors of the payload need of the frame, if it is not there yet: where the
 * headers were read at once, the packet is made of what they said. */
static struct packet *packet_of(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct headers *h)
{
	if (e->packet_is == PACKET_IS_NOT) {
		packet_reset_payload(&e->packet, frame, d);
		e->packet.budget.left -= h->steps;
		e->packet_is = PACKET_IS_PAYLOAD;
	}
	return &e->packet;
}

/* Most first payloads are nobody's, which their first bytes tell: no packet is made of those. */
static bool is_noise(const struct engine *e, const struct descriptor *d, const struct talk *talk, enum flow_piece piece)
{
	return e->packet_is == PACKET_IS_NOT && !talk->known && piece != PIECE_GREW &&
	       !dissect_anybody(d->tuple.proto, d->payload, d->payload_captured);
}

/* The dissectors, of the bytes in order where this piece made them longer. */
static enum dissect_result asked(struct engine *e, struct packet *p, const struct talk *talk, struct flow *f, unsigned side,
				 enum flow_piece piece)
{
	const uint8_t *head;
	uint32_t len;

	if (piece != PIECE_GREW)
		return dissect_payload(e->dissect, p, talk);
	head = flow_head(e->flows, f, side, &len);
	return dissect_stream(e->dissect, p, talk, head, len);
}

void application_look(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct headers *h,
		      struct flow *f, unsigned side)
{
	bool wanted = flow_service_wanted(f, side), known = false;
	struct packet *p = NULL;
	uint32_t need_more = 0;
	enum flow_piece piece = PIECE_OLD;
	struct talk talk = {.known = flow_service(f), .from_client = side == 0,
			    .first = flow_first_payload(f, side)};

	if (!d->payload || (!e->packet.want_fields && !wanted))
		return;
	if (wanted) {
		e->looked = INDEX_HEAD;
		if (!talk.known)
			talk.other = flow_head(e->flows, f, !side, &talk.other_len);
		piece = flow_head_piece(e->flows, f, side, d);
	}
	talk.gap = piece == PIECE_AHEAD;
	if (piece == PIECE_OLD || piece == PIECE_KEPT) { /* for its rows only */
		if (e->packet.want_fields)
			(void)dissect_payload(e->dissect, packet_of(e, frame, d, h), &talk);
		return;
	}
	if (!is_noise(e, d, &talk, piece)) {
		p = packet_of(e, frame, d, h);
		known = asked(e, p, &talk, f, side, piece) != DISSECT_NOT_MINE && p->service;
		need_more = p->need_more;
	}
	if (known)
		e->looked |= INDEX_MESSAGE;
	if (known)
		flow_service_set(e->flows, f, side, p->service, p->server_name, p->server_name_len);
	else
		flow_service_missed(e->flows, f, side);
	if (flow_service_named(f))
		return;
	if (need_more || (talk.gap && !known))
		(void)flow_head_keep(e->flows, f, side, d, talk.gap, need_more);
	else
		flow_head_drop(e->flows, f, side);
}
