/* Above the transport: which application speaks.
 *
 * Promises: at most one dissector leaves its layer in the packet; one that
 * answers "not mine" leaves nothing. Content decides: ports only make a
 * guesser stricter or milder. Nothing is remembered here; what is known of the
 * conversation comes in with the call.
 */
#include "layers.h"
#include "registry.h"

/* The bytes that are looked at: a payload, or the head of a stream. */
struct piece {
	const uint8_t *at;
	uint32_t captured, wire;
	uint8_t buffer; /* enum packet_buffer */
};

/* What a guesser may have written and has to give back. */
struct payload_mark {
	const char *issue;
	uint16_t fields, fields_dropped;
	uint8_t layers;
	uint8_t buffer;
};

static void payload_undo(struct packet *p, const struct payload_mark *m)
{
	p->issue = m->issue;
	p->fields = m->fields;
	p->fields_dropped = m->fields_dropped;
	p->layers = m->layers;
	p->service = NULL;
	p->server_name = NULL;
	p->server_name_len = 0;
}

static enum dissect_result payload_try(struct packet *p, const struct piece *piece, const struct dissector *by)
{
	const struct payload_mark mark = {
		.issue = p->issue, .fields = p->fields, .fields_dropped = p->fields_dropped,
		.layers = p->layers, .buffer = p->current_buffer,
	};
	enum dissect_result result;
	struct layer *layer;
	struct cursor c;

	if (p->layers >= PACKET_LAYERS) {
		p->layers_full = true;
		return DISSECT_NOT_MINE;
	}
	cursor_init(&c, piece->at, piece->captured, piece->wire);
	layer = &p->layer[p->layers++];
	*layer = (struct layer){
		.by = by,
		.off = (uint32_t)(piece->at - p->buffer[piece->buffer].data),
		.buffer = piece->buffer,
	};
	p->current_buffer = piece->buffer;
	p->current = by;
	result = by->dissect(&c, p);
	p->current = NULL;
	p->current_buffer = mark.buffer;

	/* Read past the end without a word about it: judged here. */
	if (result == DISSECT_OK && c.fault != CURSOR_OK)
		result = c.fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_BAD;
	if (result == DISSECT_NOT_MINE) {
		payload_undo(p, &mark);
		return result;
	}
	layer->len = (uint32_t)cursor_offset(&c);
	layer->result = (uint8_t)result;
	if (result == DISSECT_CUT)
		p->cut = true;
	if (result == DISSECT_BAD && !layer->issue)
		packet_issue(p, "the message is malformed");
	return result;
}

/* Those who may begin with its first bytes are asked. Everyone who cannot tell yet says how
 * much more would do; the least counts. */
static enum dissect_result payload_guess(struct packet *p, const struct piece *piece, enum table table)
{
	const struct dissector *const *guessers;
	enum dissect_result result = DISSECT_NOT_MINE;
	uint32_t least = 0;
	unsigned n = 0;

	if (p->layers >= PACKET_LAYERS) {
		p->layers_full = true;
		return DISSECT_NOT_MINE;
	}
	guessers = registry_guessers(table, &n);
	for (uint32_t left = registry_guess(table, piece->at, piece->captured); left && result == DISSECT_NOT_MINE;
	     left &= left - 1) {
		const struct dissector *by = guessers[__builtin_ctz(left)];

		if (by->perhaps && !by->perhaps(piece->at, piece->captured))
			continue;
		p->need_more = 0;
		result = payload_try(p, piece, by);
		if (result == DISSECT_NOT_MINE && p->need_more && (!least || p->need_more < least))
			least = p->need_more;
	}
	if (result == DISSECT_NOT_MINE)
		p->need_more = least;
	return result;
}

/* The guessers' table of a transport, or TABLE_NONE. */
static enum table payload_table(uint8_t proto)
{
	if (proto == PROTO_UDP || proto == PROTO_UDPLITE)
		return TABLE_UDP_GUESS;
	return proto == PROTO_TCP ? TABLE_TCP_GUESS : TABLE_NONE;
}

bool dissect_anybody(uint8_t proto, const uint8_t *at, size_t n)
{
	const enum table table = payload_table(proto);

	return table != TABLE_NONE && n > 0 && registry_guesses(table, at, n);
}

static enum dissect_result payload_of(struct dissect *d, struct packet *p, const struct piece *piece,
				      const struct talk *t)
{
	static const struct talk stranger = {0};
	const enum table table = payload_table(p->tuple.proto);
	enum dissect_result result;
	uint32_t before = p->budget.left;

	p->need_more = 0;
	if (table == TABLE_NONE)
		return DISSECT_NOT_MINE;
	p->talk = t ? t : &stranger;
	if (p->talk->known)
		result = payload_try(p, piece, p->talk->known);
	else
		result = payload_guess(p, piece, table);
	p->talk = NULL;
	dissect_counters(d)->steps += before - p->budget.left;
	return result;
}

enum dissect_result dissect_payload(struct dissect *d, struct packet *p, const struct talk *t)
{
	const struct piece piece = {p->payload, p->payload_captured, p->payload_len, p->payload_buffer};

	if (!p->transport || !p->payload || p->payload_captured == 0)
		return DISSECT_NOT_MINE;
	return payload_of(d, p, &piece, t);
}

enum dissect_result dissect_stream(struct dissect *d, struct packet *p, const struct talk *t,
				   const uint8_t *bytes, uint32_t len)
{
	const struct piece piece = {bytes, len, len, BUFFER_STREAM};

	if (!p->transport || len == 0)
		return DISSECT_NOT_MINE;
	p->buffer[BUFFER_STREAM].data = bytes;
	p->buffer[BUFFER_STREAM].len = len;
	return payload_of(d, p, &piece, t);
}
