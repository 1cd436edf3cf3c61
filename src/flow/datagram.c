/* UDP, ICMP and all that have no connection: asked, answered or not. And the
 * application of any flow, which the engine finds out and keeps here. */
#include "flow_private.h"

void datagram_account(struct flow *f, const struct descriptor *d, unsigned dir)
{
	(void)dir;
	if (f->key.proto != PROTO_ICMP && f->key.proto != PROTO_ICMPV6)
		return;
	if (f->side[0].packets + f->side[1].packets == 1) {
		f->icmp_type = d->icmp.type;
		f->icmp_code = d->icmp.code;
		f->icmp_id = d->icmp.id;
		if (d->icmp.about & ICMP_IS_ECHO)
			f->bits |= FLOW_BIT_ECHO;
	}
	if (d->icmp.about & ICMP_IS_REPLY)
		f->bits |= FLOW_BIT_REPLY;
}

static unsigned wire_side(const struct flow *f, unsigned side)
{
	return side ^ f->client;
}

bool flow_service_wanted(const struct flow *f, unsigned side)
{
	unsigned i = wire_side(f, side);

	return (!(f->side[i].bits & SIDE_TRIED) || f->side[i].head != REF_NONE) &&
	       (f->service == NULL || f->name == REF_NONE);
}

bool flow_first_payload(const struct flow *f, unsigned side)
{
	unsigned i = wire_side(f, side);

	return !(f->side[i].bits & SIDE_TRIED) || f->side[i].head != REF_NONE;
}

const struct dissector *flow_service(const struct flow *f)
{
	return f->service;
}

bool flow_service_named(const struct flow *f)
{
	return f->service && f->name != REF_NONE;
}

static uint8_t service_number(struct flow_table *t, const struct dissector *by)
{
	unsigned i = 1;

	while (i <= t->n_services && t->services[i] != by)
		i++;
	if (i > SERVICES_MAX)
		return 0;
	if (i > t->n_services) {
		t->services[i] = by;
		t->n_services = i;
	}
	return (uint8_t)i;
}

void flow_service_missed(struct flow_table *t, struct flow *f, unsigned side)
{
	f->side[wire_side(f, side)].bits |= SIDE_TRIED;
	if (f->self & REF_EMBRYO)
		t->embryos[f->self & ~REF_EMBRYO].bits |= EMBRYO_TRIED;
}

/* Memory for a name. Whose embryos end for it are seen in scratch, where the flow may be that was met (plain.c). */
static bool give_back(struct flow_table *t)
{
	const struct flow met = t->scratch;
	const bool open = t->bits_open;
	bool given;

	if (!open)
		return embryo_give_back(t);
	t->bits_open = false;
	given = embryo_give_back(t);
	t->scratch = met;
	t->scratch_is = NAME_ONLY;
	t->bits_open = true;
	return given;
}

/* An embryo keeps the service's number; a name has no place in it, and comes
 * again with the flow's next payload. */
void flow_service_set(struct flow_table *t, struct flow *f, unsigned side, const struct dissector *by,
		      const uint8_t *server_name, uint32_t len)
{
	if (!f->service) {
		f->service = by;
		f->service_number = service_number(t, by);
		head_settle(t, f, !side);
	}
	flow_service_missed(t, f, side);
	if (f->self & REF_EMBRYO) {
		if (f->key.proto != PROTO_TCP)
			t->embryos[f->self & ~REF_EMBRYO].wscale_or_service = f->service_number;
		return;
	}
	if (server_name && len && f->name == REF_NONE) {
		f->name = names_put(&t->names, server_name, len, false);
		if (f->name == REF_NONE && (budget_affords_name(t) || give_back(t)))
			f->name = names_put(&t->names, server_name, len, true);
		if (f->name == REF_NONE)
			t->stats.names_lost++;
		flow_head_drop(t, f, 0);
		flow_head_drop(t, f, 1);
	}
}
