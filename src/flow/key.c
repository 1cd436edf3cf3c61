/* What the screen's walk needs of a flow without a whole record: a number to
 * sort by, and whether it counts as open. Agrees with record_compare() on the
 * keys that it knows. */
#include "flow_private.h"

bool flow_sort_key(const struct flow *f, enum record_key k, uint64_t *out)
{
	switch (k) {
	case RECORD_ID:
		*out = f->id;
		return true;
	case RECORD_FIRST: /* a signed number in the order of an unsigned one */
		*out = (uint64_t)f->first_ns ^ UINT64_C(1) << 63;
		return true;
	case RECORD_LAST:
		*out = (uint64_t)f->last_ns ^ UINT64_C(1) << 63;
		return true;
	case RECORD_PACKETS:
		*out = (uint64_t)f->side[0].packets + f->side[1].packets;
		return true;
	case RECORD_BYTES:
		*out = f->side[0].bytes + f->side[1].bytes;
		return true;
	default:
		return false;
	}
}

bool flow_is_open(const struct flow *f)
{
	return f->class == FLOW_ESTABLISHED || f->class == FLOW_HALF_OPEN;
}

bool flow_is_reused(const struct flow *f)
{
	return f->bits & FLOW_BIT_REUSED;
}
