/* The loop: link to transport, through tunnels, without recursion.
 *
 * Promises: at most PACKET_LAYERS layers and BUDGET_FRAME turns a frame,
 * whatever it says. A layer that is cut or malformed keeps its row and ends
 * the loop; what the finished layers said stays. p->tuple is that of the
 * innermost IP header whose transport was read: where a tunnel's content
 * breaks, the outer conversation holds. The protocols are in dissectors/.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fragment.h"
#include "inflate.h"
#include "layers.h"
#include "registry.h"

struct dissect {
	struct dissect_stats stats;
	struct fragments *fragments;
	struct inflater *inflater; /* NULL: built without zlib */
};

/* What the engine computes with, of an outer conversation. */
struct dissect_facts {
	struct tuple tuple;
	struct ip_facts ip;
	struct tcp_facts tcp;
	struct icmp_facts icmp;
	const uint8_t *payload;
	uint32_t payload_captured, payload_len;
	uint8_t payload_buffer;
	bool transport;
	bool valid; /* there is an outer conversation */
};

/* What a dissector that says "not mine" has to give back. */
struct dissect_mark {
	struct cursor cursor;
	const char *issue;
	uint16_t fields, fields_dropped;
	uint8_t layers, vlans, tunnels;
	bool has_mac;
};

int dissect_open(struct dissect **out, const struct dissect_options *o, struct error *e)
{
	struct dissect *d = calloc(1, sizeof *d);
	int r;

	*out = NULL;
	if (!d)
		return error_set(e, ENOMEM, "dissectors: out of memory");
	registry_open();
	if ((r = fragments_open(&d->fragments, o, &d->stats, e)) < 0 || (r = inflater_open(&d->inflater, e)) < 0) {
		dissect_free(d);
		return r;
	}
	*out = d;
	return 0;
}

void dissect_free(struct dissect *d)
{
	if (!d)
		return;
	inflater_free(d->inflater);
	fragments_free(d->fragments);
	free(d);
}

void dissect_batch(struct dissect *d)
{
	fragments_batch(d->fragments);
	inflater_batch(d->inflater);
}

const struct dissect_stats *dissect_stats(const struct dissect *d)
{
	return &d->stats;
}

void dissect_count_steps(struct dissect *d, uint64_t steps)
{
	d->stats.steps += steps;
}

struct dissect_stats *dissect_counters(struct dissect *d)
{
	return &d->stats;
}

/* ---- facts of an outer conversation ---------------------------------------- */

/* Is the packet's tuple one that a flow could be made of? */
static bool dissect_complete(const struct packet *p)
{
	return !p->fragment.present && tuple_is_flow(&p->tuple, p->transport);
}

static void dissect_hold(struct dissect_facts *f, const struct packet *p)
{
	f->tuple = p->tuple;
	f->ip = p->ip;
	f->tcp = p->tcp;
	f->icmp = p->icmp;
	f->payload = p->payload;
	f->payload_captured = p->payload_captured;
	f->payload_len = p->payload_len;
	f->payload_buffer = p->payload_buffer;
	f->transport = p->transport;
	f->valid = true;
}

static void dissect_restore(const struct dissect_facts *f, struct packet *p)
{
	p->tuple = f->tuple;
	p->ip = f->ip;
	p->tcp = f->tcp;
	p->icmp = f->icmp;
	p->payload = f->payload;
	p->payload_captured = f->payload_captured;
	p->payload_len = f->payload_len;
	p->payload_buffer = f->payload_buffer;
	p->transport = f->transport;
	memset(&p->fragment, 0, sizeof p->fragment);
}

/* ---- one layer -------------------------------------------------------------- */

static enum dissect_result dissect_layer(struct packet *p, const struct dissector *by, struct cursor *c)
{
	const struct dissect_mark mark = {
		.cursor = *c, .issue = p->issue, .fields = p->fields, .fields_dropped = p->fields_dropped,
		.layers = p->layers, .vlans = p->path.vlans, .tunnels = p->path.tunnels, .has_mac = p->has_mac,
	};
	struct layer *layer = &p->layer[p->layers++];
	size_t off = cursor_offset(c);
	enum dissect_result result;

	*layer = (struct layer){.by = by, .off = (uint32_t)off, .buffer = p->current_buffer};
	p->next_table = TABLE_NONE;
	p->current = by;
	result = by->dissect(c, p);
	p->current = NULL;

	if (result == DISSECT_NOT_MINE) {
		*c = mark.cursor;
		p->issue = mark.issue;
		p->fields = mark.fields;
		p->fields_dropped = mark.fields_dropped;
		p->layers = mark.layers;
		p->path.vlans = mark.vlans;
		p->path.tunnels = mark.tunnels;
		p->has_mac = mark.has_mac;
		p->next_table = TABLE_NONE;
		return result;
	}
	/* Read past the end without a word about it: judged here. */
	if (result == DISSECT_OK && c->fault != CURSOR_OK)
		result = c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_BAD;
	layer->len = (uint32_t)(cursor_offset(c) - off);
	layer->result = (uint8_t)result;
	if (result == DISSECT_CUT)
		p->cut = true;
	if (result == DISSECT_BAD && !layer->issue)
		packet_issue(p, "the packet ends inside this header");
	if (result != DISSECT_OK)
		p->next_table = TABLE_NONE;
	return result;
}

/* Who reads what the last layer named? Tunnels are asked by either port, and
 * may refuse; NOT_MINE: nobody. */
static enum dissect_result dissect_next(struct dissect *d, struct packet *p, struct cursor *c,
					struct dissect_facts *outer)
{
	enum table table = p->next_table;
	uint32_t key = p->next_key, other = p->next_alternative;
	const struct dissector *by = registry_find(table, key), *second;
	enum dissect_result result = DISSECT_NOT_MINE;

	second = other != key ? registry_find(table, other) : NULL;
	p->next_table = TABLE_NONE;
	if (!by && !second) {
		if (table == TABLE_LINKTYPE) {
			if (d->stats.unknown_link++ == 0)
				d->stats.unknown_link_type = (uint16_t)key;
			packet_issue(p, "a link type that is not read");
		}
		return DISSECT_NOT_MINE;
	}
	if (p->layers >= PACKET_LAYERS || !budget_take(&p->budget)) {
		p->layers_full = true;
		packet_issue(p, "too many layers");
		return DISSECT_NOT_MINE;
	}
	if (dissect_complete(p))
		dissect_hold(outer, p);
	if (by)
		result = dissect_layer(p, by, c);
	if (result == DISSECT_NOT_MINE && second && second != by)
		result = dissect_layer(p, second, c);
	return result;
}

/* A fragment: its bytes are kept, or the datagram that it completes is what is
 * read next. False: the loop ends here. */
static bool dissect_fragment(struct dissect *d, struct packet *p, struct cursor *c)
{
	uint8_t proto = p->fragment.proto;
	const uint8_t *data = NULL;
	const char *words = NULL;
	uint32_t len = 0;

	p->next_table = TABLE_NONE;
	if (p->current_buffer != BUFFER_FRAME) {
		packet_issue(p, "fragments inside fragments are not put together");
		return false;
	}
	switch (fragments_add(d->fragments, c, p, &data, &len, &words)) {
	case FRAGMENT_WAITS:
		packet_issue(p, "fragment, waits for the rest");
		return false;
	case FRAGMENT_REFUSED:
		packet_issue(p, words);
		/* Cut, but the transport header may be there: better than nothing.
		 * How long the segment is, only the datagram would have told. */
		if (p->fragment.offset > 0 || cursor_left(c) >= cursor_wire_left(c))
			return false;
		p->fragment.alone = true;
		break;
	case FRAGMENT_WHOLE:
		cursor_init(c, data, len, len);
		p->current_buffer = BUFFER_DATAGRAM;
		p->buffer[BUFFER_DATAGRAM].data = data;
		p->buffer[BUFFER_DATAGRAM].len = len;
		break;
	}
	p->fragment.present = false;
	p->tuple.proto = proto;
	packet_next(p, TABLE_IPPROTO, proto);
	return true;
}

/* A compressed payload: what it makes is what is read next. */
static bool dissect_inflate(struct dissect *d, struct packet *p, struct cursor *c)
{
	const char *words = NULL;
	uint32_t len = 0;
	const uint8_t *data;

	/* One datagram a packet: rows and layers keep lying in the one they name. */
	if (p->current_buffer != BUFFER_FRAME) {
		packet_issue(p, "compressed inside a reassembled packet: not read");
		return false;
	}
	data = inflater_run(d->inflater, c, &len, &words);
	if (!data) {
		packet_issue(p, words);
		return false;
	}
	cursor_init(c, data, len, len);
	p->compressed = false;
	p->current_buffer = BUFFER_DATAGRAM;
	p->buffer[BUFFER_DATAGRAM].data = data;
	p->buffer[BUFFER_DATAGRAM].len = len;
	p->tuple.proto = (uint8_t)p->next_key;
	return true;
}

/* ---- the loop ----------------------------------------------------------------- */

/* No transport: what is left after the last good layer is what can be shown. */
static void dissect_rest(struct packet *p, const struct cursor *c)
{
	if (!p->transport && !p->payload)
		layers_payload(c, p);
}

enum dissect_result dissect_headers(struct dissect *d, struct packet *p)
{
	static const uint8_t nothing[1];
	struct dissect_facts outer = {.valid = false};
	enum dissect_result result = DISSECT_OK;
	struct cursor c;

	cursor_init(&c, p->frame.data ? p->frame.data : nothing, p->frame.caplen, p->frame.wirelen);
	if (p->frame.flags & FRAME_VLAN)
		packet_vlan(p, p->frame.vlan);
	packet_next(p, TABLE_LINKTYPE, p->frame.linktype);
	while (p->next_table != TABLE_NONE) {
		result = dissect_next(d, p, &c, &outer);
		if (result != DISSECT_OK)
			break;
		if (p->fragment.present && !dissect_fragment(d, p, &c))
			break;
		if (p->compressed && !dissect_inflate(d, p, &c))
			break;
	}
	if (result == DISSECT_NOT_MINE) /* nobody reads the rest: it is payload */
		result = DISSECT_OK;
	if (result == DISSECT_OK)
		dissect_rest(p, &c);
	if (outer.valid && !dissect_complete(p) && !p->fragment.present)
		dissect_restore(&outer, p);
	d->stats.steps += BUDGET_FRAME - p->budget.left;
	d->stats.cut += result == DISSECT_CUT;
	d->stats.bad += result == DISSECT_BAD;
	return result;
}
