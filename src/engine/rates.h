/* How fast flows are, for the screen: nothing is kept in the packet path.
 *
 * Live, two looks at a flow's bytes make a rate, an exponential average over 2 s. The order
 * goes by another number, which follows the rate only when it has moved by a tenth: so rows
 * do not change places for noise. Of what is read from files the rate is over the flow's life.
 */
#ifndef ENGINE_RATES_H
#define ENGINE_RATES_H

#include "sockeye/flow.h"
#include "sockeye/query.h"

enum { RATES_MAX = 65536 /* flows; of more, those met last */, RATES_WAYS = 4 };

struct rates;

struct rates *rates_open(void); /* NULL: no memory */
void rates_free(struct rates *r);

/* Bytes a second. r NULL: not live. now_ns: the time of the run; the first look at a flow
 * after now_ns went on takes its bytes in. */
uint64_t rates_of(struct rates *r, const struct flow *f, int64_t now_ns);
/* Of a file: over the life of the flow, and what lived for no time is as if for a second. */
uint64_t rates_life(const struct flow_sums *s);
/* What f is ordered by; true: that changes as time goes on, without a packet of f. */
bool rates_rank(struct rates *r, const struct flow *f, int64_t now_ns, uint64_t *out);

/* The other ranks that no single key of the record has; false: absent. */
bool rank_derived(const struct flow_record *r, enum query_rank rank, uint64_t *out);

/* The engine's; NULL: not live, or no memory. */
struct engine;
struct rates *engine_rates(struct engine *e);

#endif
