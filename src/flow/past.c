/* Flows that are over and stay to be looked at: for a screen, where rows shall not vanish while they are read.
 *
 * Such a flow was told and is out of the table: its tuple may begin anew, no packet meets it, nothing of it changes.
 * It hangs in a list of its own, as long as there is room. There are limits.past of them at most; memory that is wanted
 * for one that lives is theirs first. Those that were never answered have a list apart: when there are too many, the
 * oldest of the longer list is forgotten, and counted, so that neither a flood nor ordinary ends push out all of the
 * other kind. */
#include "kept.h"

enum { PAST_MOST = 10000, PAST_SHARE = 8192 /* bytes of the table's memory for one of them */ };

uint32_t flow_limits_past(size_t memory)
{
	return memory / PAST_SHARE < PAST_MOST ? (uint32_t)(memory / PAST_SHARE) : PAST_MOST;
}

bool past_forget(struct flow_table *t)
{
	const unsigned longer = t->n_past[FLOW_PAST_LONE - FLOW_PAST] > t->n_past[0] ? FLOW_PAST_LONE : FLOW_PAST;

	if (t->n_past[longer - FLOW_PAST] == 0)
		return false;
	t->n_past[longer - FLOW_PAST]--;
	t->stats.past_forgotten++;
	flow_release(t, t->list[longer].head);
	return true;
}

static void past_added(struct flow_table *t, unsigned class)
{
	t->n_past[class - FLOW_PAST]++;
	while (t->n_past[0] + t->n_past[FLOW_PAST_LONE - FLOW_PAST] > t->limits.past)
		(void)past_forget(t);
}

void past_keep(struct flow_table *t, uint32_t ref)
{
	struct kept *k = &t->flows[ref];
	const bool answered = k->side[0].packets > 0 && k->side[1].packets > 0;
	struct flow_key key;
	uint32_t slot;

	if (t->limits.past == 0) {
		flow_release(t, ref);
		return;
	}
	kept_key(k, &key);
	if (table_find(t, &key, table_hash(t, &key), &slot) == ref)
		table_remove(t, slot);
	flow_list_remove(t, ref);
	flow_list_add(t, ref, answered ? FLOW_PAST : FLOW_PAST_LONE);
	flow_moved(t, ref);
	past_added(t, answered ? FLOW_PAST : FLOW_PAST_LONE);
}

/* The flow at hand is of no use any more. There are as many free places afterwards as whoever folds relies on. */
void past_keep_lone(struct flow_table *t, uint32_t ref)
{
	struct flow *f = &t->work;

	if (t->limits.past == 0 || !places_are_free(t))
		return;
	embryo_expand(t, ref, f);
	f->bits |= FLOW_BIT_TOLD | FLOW_BIT_REPORTED;
	f->class = FLOW_PAST_LONE;
	f->self = place_take(t);
	t->flow_live++;
	kept_begin(&t->flows[f->self], &f->key);
	kept_fold(t, f);
	flow_list_add(t, f->self, FLOW_PAST_LONE);
	past_added(t, FLOW_PAST_LONE);
	(void)places_are_free(t); /* as before */
}
