/* The words of loss: the same in a line, in the report and on the screen. */
#include "sockeye/loss.h"

static void pair(struct text *t, bool *any, const char *before, const uint64_t *n, const char *after)
{
	bool here[2];

	for (unsigned i = 0; i < 2; i++)
		here[i] = n[i] && n[i] != PAIR_UNKNOWN;
	if (!here[0] && !here[1])
		return;
	text_format(t, "%s%s ", *any ? ", " : "", before);
	for (unsigned i = 0; i < 2; i++) {
		if (i)
			text_char(t, '/');
		if (n[i] == PAIR_UNKNOWN)
			text_char(t, '?');
		else
			text_u64(t, n[i]);
	}
	text_put(t, after);
	*any = true;
}

bool loss_text(struct text *t, const struct flow_record *r)
{
	bool any = false;

	if (!record_has(r, RECORD_EXACT_LOST_BYTES))
		return false;
	if (r->lossless && !record_has(r, RECORD_CAPTURE_DROPS) && !record_has(r, RECORD_CAPTURE_BLIND))
		return false;
	pair(t, &any, "again", r->exact.retransmitted_segments, "");
	pair(t, &any, "late", r->exact.late_segments, "");
	if (record_has(r, RECORD_CAPTURE_DROPS) || record_has(r, RECORD_CAPTURE_BLIND))
		pair(t, &any, "not seen", r->exact.lost_bytes, " bytes");
	else
		pair(t, &any, "lost", r->exact.lost_bytes, " bytes");
	pair(t, &any, "capture missed", r->exact.missed_bytes, " bytes");
	pair(t, &any, "other content", r->exact.conflicting_bytes, " bytes");
	pair(t, &any, "duplicates", r->exact.duplicates, "");
	pair(t, &any, "holes forgotten", r->exact.forgotten_holes, "");
	if (record_has(r, RECORD_CAPTURE_DROPS)) {
		text_format(t, "%scapture dropped %llu frames meanwhile", any ? ", " : "",
			    (unsigned long long)r->capture_drops);
		any = true;
	}
	if (record_has(r, RECORD_CAPTURE_BLIND)) {
		text_format(t, "%scapture was blind meanwhile", any ? ", " : "");
		any = true;
	}
	return any;
}
