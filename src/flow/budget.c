/* The budget of the table: what its parts cost, and whether they may grow.
 *
 * Slots, embryos, full flows and the stores (stores.h) together stay under
 * limits.memory.
 * Embryos have a quarter for certain and five eighths at most; full flows have
 * what is left, and take back from the embryos what these have beyond their
 * quarter. Names and heads have a quarter of their regions for certain, side records
 * an eighth of theirs, which is larger. Slots are at most half full where the doubling can be paid for, and
 * three quarters where memory is short. */
#include "kept.h"

/* For people: of the tables without order only what was touched, a page an entry at most. */
size_t budget_touched(const struct flow_table *t)
{
	size_t copies = (size_t)t->copies.used * 4096;
	size_t all = copies_size(&t->copies) + contents_size(&t->contents);

	if (!t->joins.begun)
		all += t->joins.size;
	return budget_used(t) - all + (copies < copies_size(&t->copies) ? copies : copies_size(&t->copies)) +
	       contents_touched(&t->contents);
}

size_t budget_used(const struct flow_table *t)
{
	return (size_t)t->flow_used * sizeof *t->flows + (size_t)(t->chunks_made - t->chunks_back) * CHUNK_BYTES +
	       (size_t)(t->slot_mask + 1) * sizeof *t->slots + t->names.used + t->blocks.used +
	       heads_used(&t->heads) + t->joins.size + copies_size(&t->copies) +
	       contents_size(&t->contents);
}

static size_t heads_certain(const struct flow_table *t)
{
	return (size_t)t->heads.max / 4 * (HEAD_BLOCK + sizeof(struct head));
}

/* What names, side records and heads have for certain and do not use yet. */
static size_t promised(const struct flow_table *t)
{
	size_t bytes = 0;

	if (t->names.used < t->names.size / 4)
		bytes += t->names.size / 4 - t->names.used;
	if (t->blocks.used < t->blocks.size / 8)
		bytes += t->blocks.size / 8 - t->blocks.used;
	if (heads_used(&t->heads) < heads_certain(t))
		bytes += heads_certain(t) - heads_used(&t->heads);
	return bytes;
}

/* Room for bytes more, in which entries more will want slots? What embryos
 * have for certain stays theirs. */
bool budget_affords(const struct flow_table *t, size_t bytes, uint32_t entries)
{
	uint32_t chunks = t->chunks_made - t->chunks_back;
	uint64_t most = (uint64_t)t->flow_used + (uint64_t)chunks * EMBRYO_CHUNK + entries;
	size_t slots = (size_t)(t->slot_mask + 1) * sizeof *t->slots;
	size_t need = budget_used(t) + promised(t) + bytes;

	if (entries < EMBRYO_CHUNK && chunks < t->chunk_min)
		need += (size_t)(t->chunk_min - chunks) * CHUNK_BYTES;
	if (most * 4 > ((uint64_t)t->slot_mask + 1) * 3)
		need += slots * 2; /* the next doubling: both areas for a moment */
	return need <= t->limits.memory;
}

/* May the names grow by a block? */
bool budget_affords_name(const struct flow_table *t)
{
	return t->names.used + NAME_MOST <= t->names.size / 4 || budget_affords(t, NAME_MOST, 0);
}

/* May the side records grow by a block? */
bool budget_affords_block(const struct flow_table *t, size_t bytes)
{
	return t->blocks.used + bytes <= t->blocks.size / 8 || budget_affords(t, bytes, 0);
}

bool budget_affords_head(const struct flow_table *t)
{
	return heads_used(&t->heads) < heads_certain(t) ||
	       budget_affords(t, HEAD_BLOCK + sizeof(struct head), 0);
}

/* Half full, and it can be paid; or three quarters. Where neither is so, the next look is some entries later:
 * a table that is full for good would ask with every flow. */
bool budget_doubles_slots(struct flow_table *t)
{
	enum { LATER = 256 };
	uint64_t n = (uint64_t)t->slot_mask + 1, most = n / 4 * 3, next = (uint64_t)t->slots_used + LATER;
	bool paid = budget_used(t) + promised(t) + n * 2 * sizeof *t->slots <= t->limits.memory;

	if (n < t->slots_max && (uint64_t)t->slots_used * (paid ? 2 : 1) >= (paid ? n : most))
		return true;
	t->slots_ask = n == t->slots_max ? UINT32_MAX : t->slots_used < most && next > most ? (uint32_t)most : (uint32_t)next;
	return false;
}
