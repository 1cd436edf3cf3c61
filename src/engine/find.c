/* Looking for text, bytes or verdicts in packets: see find.h.
 *
 * Text is ASCII without case, looked for in the line and in all bytes; bytes in all
 * bytes: the frame's, and what was put together of several; verdicts are in the index. From the selected row to the
 * end of the list and on from its beginning; the selected row is the last that is looked
 * at. Of a folded run any packet will do, and the run's row is selected. */
#include "find.h"

#include <string.h>

#include "packet_rows.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"

enum { FIND_LOOK = 32 /* packets between two looks at the clock */ };

static bool has(const struct find *f, const uint8_t *in, size_t n)
{
	if (f->len == 0 || n < f->len)
		return false;
	if (f->kind == FIND_BYTES)
		return memmem(in, n, f->what, f->len) != NULL;
	for (size_t i = 0; i + f->len <= n; i++) {
		uint32_t k = 0;

		while (k < f->len && text_lower(in[i + k]) == f->what[k])
			k++;
		if (k == f->len)
			return true;
	}
	return false;
}

static bool packet_has(const struct find *f, const struct remembered *m, struct recall *r, uint64_t number)
{
	const uint64_t repeats = verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |
				 verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION);
	struct index_entry e;
	struct packet_row row;
	struct recalled p;

	if (f->kind == FIND_VERDICT) {
		uint64_t is = index_get(m->index, number, &e) ? index_verdicts(m->index, &e) & f->verdicts : 0;

		/* What only looks like a repeat is looked at once more. */
		return is & ~repeats || (is && !packet_row_answers(r, number, &e));
	}

	if (!recall(r, number, true, false, &p) || p.gone)
		return false;
	for (unsigned i = 0; i < PACKET_BUFFERS; i++)
		if (p.ev.packet->buffer[i].data && has(f, p.ev.packet->buffer[i].data, p.ev.packet->buffer[i].len))
			return true;
	if (f->kind != FIND_TEXT)
		return false;
	packet_row_fill(r, &p, &row);
	return has(f, (const uint8_t *)row.line, strlen(row.line)) ||
	       has(f, (const uint8_t *)row.protocol, strlen(row.protocol));
}

void find_begin(struct find *f, struct packet_list *l, const struct packet_query *q, uint64_t row)
{
	struct find new = {.on = true, .back = q->find_back, .kind = q->find, .origin = row, .verdicts = q->find_verdicts};
	struct packet_run run;

	new.len = q->find_len < QUERY_FIND ? q->find_len : QUERY_FIND;
	for (uint32_t i = 0; i < new.len; i++)
		new.what[i] = q->find == FIND_TEXT ? text_lower(q->find_for[i]) : q->find_for[i];
	if (f->on && f->back == new.back && f->kind == new.kind && f->len == new.len && f->origin == row &&
	    f->verdicts == new.verdicts &&
	    memcmp(f->what, new.what, new.len) == 0)
		return;
	packet_list_run(l, row, &run);
	new.at = new.back ? row : run.last;
	new.end = new.back ? row : run.last;
	*f = new;
}

/* The flows of that packet and of those of the list that come next, in one walk over the table. True: they were looked for. */
static bool find_flows(struct find *f, struct packet_list *l, struct recall *r, uint64_t number)
{
	const struct remembered *m = packet_list_of(l);
	uint32_t ids[RECALL_FLOWS];
	uint64_t last = number;
	unsigned n = 0;

	if (f->kind == FIND_VERDICT || (number >= f->from && number <= f->to && f->forgot == recall_forgot(r)))
		return false;
	for (uint64_t at = number; at != 0 && n < RECALL_FLOWS; at = packet_list_next(l, at, f->back)) {
		struct index_entry e;

		ids[n++] = index_get(m->index, at, &e) ? e.flow : 0;
		last = at;
	}
	f->from = number < last ? number : last;
	f->to = number < last ? last : number;
	recall_flows(r, ids, n);
	f->forgot = recall_forgot(r);
	return true;
}

enum find_result find_go_on(struct find *f, struct packet_list *l, struct recall *r, int64_t deadline_ns, uint64_t *number)
{
	for (unsigned steps = 1;; steps++) {
		uint64_t next = packet_list_next(l, f->at, f->back);
		bool walked;

		if (next == 0 && f->wrapped)
			break;
		if (next == 0) {
			if (!packet_list_done(l) && !packet_list_full(l))
				return FIND_GOES_ON; /* who else is in the list is not known yet */
			f->wrapped = true;
			f->at = f->back ? UINT64_MAX : remember_first(packet_list_of(l)) - 1;
			next = packet_list_next(l, f->at, f->back);
		}
		if (next == 0 || (f->wrapped && (f->back ? next < f->end : next > f->end)))
			break;
		f->at = next;
		walked = find_flows(f, l, r, next);
		if (packet_has(f, packet_list_of(l), r, next)) {
			f->on = false;
			*number = next;
			return FIND_FOUND;
		}
		if ((walked || steps % FIND_LOOK == 0) && clock_monotonic_ns() >= deadline_ns)
			return FIND_GOES_ON;
	}
	f->on = false;
	return FIND_NOBODY;
}

uint64_t find_looked(const struct find *f, uint64_t first, uint64_t last)
{
	/* Forward from end + 1 to last and first to end, or the other way round: at may be just outside. */
	const uint64_t at = f->at < first ? first : f->at > last ? last : f->at;
	const uint64_t end = f->end < first ? first : f->end > last ? last : f->end;

	if (f->back)
		return f->wrapped ? end - first + (last - at) : end > at ? end - at : 0;
	return f->wrapped ? last - end + (at - first) : at > end ? at - end : 0;
}
