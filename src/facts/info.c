/* What a packet does, in words. A template is words, {key} for a field, [ ] around
 * what goes if a key in it is absent. */
#include "sockeye/info.h"

#include <stdio.h>
#include <string.h>

#include "sockeye/dissector.h"

static const struct layer *info_layer(const struct packet *p)
{
	return p->layers > 0 ? &p->layer[p->layers - 1] : NULL;
}

const char *info_protocol(const struct packet *p)
{
	const struct layer *top = info_layer(p);

	if (p->service)
		return p->service->name;
	return top && top->by ? top->by->name : "unknown";
}

bool info_is_tcp(const struct packet *p)
{
	return p->transport && p->tuple.family != FAMILY_NONE && p->tuple.proto == PROTO_TCP;
}

static void info_flags(struct text *t, unsigned flags)
{
	static const struct {
		unsigned bit;
		char letter;
	} letters[] = {{TCP_SYN, 'S'}, {TCP_FIN, 'F'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'}, {TCP_ACK, '.'},
		       {TCP_URG, 'U'}, {TCP_CWR, 'W'}, {TCP_ECE, 'E'}, {TCP_AE, 'e'}};

	if (flags == 0) {
		text_put(t, "none");
		return;
	}
	for (unsigned i = 0; i < sizeof letters / sizeof *letters; i++)
		if (flags & letters[i].bit)
			text_char(t, letters[i].letter);
}

/* The start of the side's numbers, if they are to be counted from it. SYNs
 * show the numbers of the wire: they are what the others are counted from. */
static uint32_t info_base(const struct event *ev, unsigned side, bool absolute)
{
	const struct flow_record *r = ev->flow;

	if (absolute || !r || ev->packet->tcp.flags & TCP_SYN || !r->isn_known[side])
		return 0;
	return r->isn[side];
}

static void info_number(struct text *t, const char *before, uint32_t v)
{
	text_put(t, before);
	text_u64(t, v);
}

static void info_sack(struct text *t, const struct tcp_facts *f, uint32_t base)
{
	info_number(t, "sack ", f->sacks);
	text_char(t, ' ');
	for (unsigned i = 0; i < f->sacks && i < 4; i++) {
		info_number(t, "{", f->sack[i][0] - base);
		info_number(t, ":", f->sack[i][1] - base);
		text_char(t, '}');
	}
}

/* The comma between options; none before the first. */
static void info_option(struct text *t, bool *any, const char *words)
{
	if (*any)
		text_char(t, ',');
	*any = true;
	text_put(t, words);
}

static void info_options(struct text *t, const struct tcp_facts *f, uint32_t ack_base)
{
	bool any = false;

	if (f->options == 0)
		return;
	text_put(t, ", options [");
	if (f->options & TCP_HAS_MSS) {
		info_option(t, &any, "mss ");
		text_u64(t, f->mss);
	}
	if (f->options & TCP_HAS_SACK_PERMITTED)
		info_option(t, &any, "sackOK");
	if (f->options & TCP_HAS_TIMESTAMPS) {
		info_option(t, &any, "TS val ");
		text_u64(t, f->tsval);
		info_number(t, " ecr ", f->tsecr);
	}
	if (f->options & TCP_HAS_WSCALE) {
		info_option(t, &any, "wscale ");
		text_u64(t, f->wscale);
	}
	if (f->options & TCP_HAS_SACK) {
		info_option(t, &any, "");
		info_sack(t, f, ack_base);
	}
	if (f->options & TCP_HAS_FAST_OPEN)
		info_option(t, &any, f->fast_open_len > 0 ? "tfo cookie" : "tfo cookiereq");
	if (f->options & TCP_HAS_MPTCP)
		info_option(t, &any, "mptcp");
	if (f->options & TCP_OPTIONS_CUT)
		info_option(t, &any, "...");
	text_char(t, ']');
}

void info_tcp(struct text *t, const struct event *ev, bool absolute)
{
	const struct packet *p = ev->packet;
	const struct tcp_facts *f = &p->tcp;
	unsigned side = ev->side & 1;
	uint32_t seq = f->seq - info_base(ev, side, absolute);
	uint32_t ack_base = info_base(ev, side ^ 1, absolute);

	text_put(t, "Flags [");
	info_flags(t, f->flags);
	text_char(t, ']');
	if (p->payload_len > 0 || f->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		info_number(t, ", seq ", seq);
	if (p->payload_len > 0)
		info_number(t, ":", seq + p->payload_len);
	if (f->flags & TCP_ACK)
		info_number(t, ", ack ", f->ack - ack_base);
	info_number(t, ", win ", f->window);
	info_options(t, f, ack_base);
	info_number(t, ", length ", p->payload_len);
}

/* Whose rows a template takes. */
struct info_of {
	const struct packet *p;
	unsigned layer;
	bool only;    /* of that layer, and of no other */
	bool numbers; /* beside the words for them: IPv4 (0x0800) */
};

/* The first row of that key in the layer, else in any. */
static const struct field *info_field(const struct info_of *of, const char *key)
{
	const struct packet *p = of->p;

	for (unsigned i = 0; i < p->fields; i++)
		if (p->field[i].layer == of->layer && strcmp(p->field[i].info->key, key) == 0)
			return &p->field[i];
	return of->only ? NULL : packet_find(p, key);
}

/* In a line the word of a number is enough, but for the numbers of the link header. */
static void info_value(struct text *t, const struct info_of *of, const struct field *f)
{
	if (f->info->kind == FIELD_UINT || f->info->kind == FIELD_HEX) {
		for (const struct name_of *n = f->info->names; n && n->name; n++) {
			if (n->value != f->num)
				continue;
			text_put(t, n->name);
			if (of->numbers && f->info->kind == FIELD_HEX) {
				text_put(t, " (0x");
				text_hex(t, f->num, f->len > 0 && f->len < 8 ? 2 * (unsigned)f->len : 16);
				text_char(t, ')');
			}
			return;
		}
	}
	packet_field_text(t, of->p, f);
}

/* Render from at to the end or to the closing bracket. False: a key in it is
 * absent. *end is where the template goes on. */
static bool info_template(struct text *t, const struct info_of *of, const char *at, bool inner, const char **end)
{
	const size_t begun = t->len;
	bool all = true;

	while (*at && !(inner && *at == ']')) {
		if (*at == '{') {
			const char *close = strchr(at, '}');
			char key[64];
			size_t n = close ? (size_t)(close - at - 1) : 0;
			const struct field *f = NULL;

			if (!close)
				break;
			if (n < sizeof key) {
				memcpy(key, at + 1, n);
				key[n] = '\0';
				f = info_field(of, key);
			}
			if (f)
				info_value(t, of, f);
			else
				all = false;
			at = close + 1;
		} else if (*at == '[' && !inner) {
			char part[512];
			struct text sub;

			text_init(&sub, part, sizeof part);
			if (info_template(&sub, of, at + 1, true, &at)) /* a blank in front parts it from what is before it */
				text_put(t, part + (part[0] == ' ' && t->len == begun));
			if (*at == ']')
				at++;
		} else {
			text_char(t, *at++);
		}
	}
	*end = at;
	return all;
}

void info_link(struct text *t, const struct packet *p, unsigned layer, bool quiet)
{
	const struct info_of of = {.p = p, .layer = layer, .only = true, .numbers = !quiet};
	const char *end;

	(void)info_template(t, &of, p->layer[layer].by->link, false, &end);
}

void info_upper(struct text *t, const struct packet *p)
{
	const struct info_of of = {.p = p, .layer = p->layers ? p->layers - 1u : 0};
	const struct layer *top = info_layer(p);
	size_t before = t->len;
	const char *end;

	if (!top || !top->by)
		return;
	if (info_is_tcp(p) && strcmp(top->by->name, "tcp") == 0)
		return;
	if (!top->by->info || info_template(t, &of, top->by->info, false, &end) || p->fields_dropped == 0)
		return;
	/* Outer layers took all the rows: a sentence with holes says nothing. */
	t->len = before;
	t->at[before] = '\0';
	text_put(t, "more fields than are kept");
}

void info_line(struct text *t, const struct event *ev, bool absolute)
{
	size_t before = t->len;

	info_upper(t, ev->packet);
	if (t->len == before && info_is_tcp(ev->packet))
		info_tcp(t, ev, absolute);
}
