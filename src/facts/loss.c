/* The words of loss: the same in a line, in the report and on the screen. */
#include "sockeye/loss.h"

static void pair(struct text *t, bool *any, const char *before, const uint64_t *n, const char *after)
{
	if (!n[0] && !n[1])
		return;
	text_format(t, "%s%s %llu/%llu%s", *any ? ", " : "", before, (unsigned long long)n[0], (unsigned long long)n[1],
		    after);
	*any = true;
}

bool loss_text(struct text *t, const struct flow_record *r)
{
	bool any = false;

	if (!record_has(r, RECORD_EXACT_LOST_BYTES))
		return false;
	pair(t, &any, "again", r->exact.retransmitted_segments, "");
	pair(t, &any, "late", r->exact.late_segments, "");
	if (record_has(r, RECORD_CAPTURE_DROPS))
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
	return any;
}
