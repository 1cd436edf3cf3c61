/* Time stamps: is a segment older than one that was taken before (PAWS)?
 *
 * RFC 7323 5: the receiver remembers the stamp of what came in order
 * (TS.Recent, 4.3) and drops what is older, by signed comparison, because a
 * stamp wraps. What was remembered 24 days ago is not compared (5.5). The
 * receiver's place is known by its ACKs, which the capture may see late: then
 * less is said, not more. A late pure ACK is dropped as well, but nothing is
 * lost by it, and nothing is said. */
#include "flow_private.h"
#include "sockeye/clock.h"

void stamps_account(struct flow *f, const struct descriptor *d, unsigned dir, int64_t idle_ns, struct judgement *j)
{
	struct flow_side *s = &f->side[dir];
	const struct flow_side *peer = &f->side[!dir];
	bool known = stamps_known(s, idle_ns);

	if (!(d->options & TCP_HAS_TIMESTAMPS) || d->flags & (TCP_RST | TCP_SYN) || judged(j, VERDICT_OUT_OF_WINDOW))
		return;
	if (known && (int32_t)(d->tcp.tsval - s->tsval) < 0) {
		if (d->payload_len || d->flags & TCP_FIN)
			j->verdicts |= verdict_bit(VERDICT_PAWS_OLD);
		return;
	}
	/* Only what may still be taken (RFC 7323 5.3): old numbers bring no new stamp. */
	if (peer->bits & SIDE_ACKED && !seq_before(peer->acked, d->tcp.seq) &&
	    !seq_before(d->tcp.seq + d->payload_len + 1, peer->acked)) {
		s->tsval = d->tcp.tsval;
		s->end |= END_TSVAL;
	}
}
