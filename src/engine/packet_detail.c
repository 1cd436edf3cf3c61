/* What is inside a packet: layers and rows as lines, and the bytes they stand in. */
#include <string.h>

#include "packet_rows.h"
#include "sockeye/dissector.h"
#include "sockeye/text.h"

/* The layer of the model that a protocol is customarily said to be of; what a radio says of a frame is of the first. */
static uint8_t osi(const struct dissector *by)
{
	static const char *const first[] = {"radiotap", "ppi", "prism", "avs", NULL};
	static const char *const second[] = {"eth", "vlan", "vntag", "llc", "sll", "sll2", "loopback", "raw", "ipoib",
					     "fddi", "ppp", "chdlc", "pppoe", "mpls", "wlan", "nflog", "arp", NULL};
	static const char *const third[] = {"ip", "ipv6", "ipv6ext", "icmp", "icmpv6", "igmp", "ah", "esp", "ipcomp", "gre",
					    "erspan", NULL};
	static const char *const fourth[] = {"tcp", "udp", "udplite", "sctp", NULL};

	for (unsigned i = 0; first[i]; i++)
		if (strcmp(by->name, first[i]) == 0)
			return 1;
	for (unsigned i = 0; second[i]; i++)
		if (strcmp(by->name, second[i]) == 0)
			return 2;
	for (unsigned i = 0; third[i]; i++)
		if (strcmp(by->name, third[i]) == 0)
			return 3;
	for (unsigned i = 0; fourth[i]; i++)
		if (strcmp(by->name, fourth[i]) == 0)
			return 4;
	return strcmp(by->name, "tls") == 0 ? 6 : 7;
}

/* Printable as it stands, and in quotes nothing else. */
static bool is_quotable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return false;
	return n > 0;
}

/* The condition that is true of this very row. */
static void condition(struct text *t, const struct packet *p, const struct field *f)
{
	char value[96];
	struct text v;

	text_init(&v, value, sizeof value);
	switch (f->info->kind) {
	case FIELD_UINT:
	case FIELD_BOOL:
		text_u64(&v, f->num);
		break;
	case FIELD_HEX:
	case FIELD_FLAGS:
		text_format(&v, "0x%llx", (unsigned long long)f->num);
		break;
	case FIELD_INT:
		text_format(&v, "%lld", (long long)f->num);
		break;
	case FIELD_IPV4:
	case FIELD_IPV6:
	case FIELD_MAC:
		packet_field_text(&v, p, f);
		break;
	case FIELD_TEXT:
	case FIELD_DOMAIN:
		text_char(&v, '"');
		packet_field_text(&v, p, f);
		if (!is_quotable(value + 1, v.len - 1))
			return;
		text_char(&v, '"');
		break;
	case FIELD_STATIC:
	case FIELD_BYTES:
	case FIELD_TIME:
		return;
	}
	if (v.cut || v.len == 0)
		return;
	text_put(t, f->info->key);
	text_put(t, " == ");
	text_put(t, value);
	if (t->cut)
		text_reset(t);
}

static struct detail_line *line_more(struct packet_detail *d)
{
	struct detail_line *l = &d->line[d->lines];

	if (d->lines == DETAIL_LINES) {
		d->more++;
		return NULL;
	}
	d->lines++;
	memset(l, 0, sizeof *l);
	return l;
}

static void layer_line(struct packet_detail *d, const struct layer *layer)
{
	struct detail_line *l = line_more(d);
	struct text t;

	if (!l)
		return;
	l->osi = layer->by ? osi(layer->by) : 7;
	l->buffer = layer->buffer;
	l->off = layer->off;
	l->len = layer->len;
	l->bad = layer->result == DISSECT_CUT || layer->result == DISSECT_BAD;
	text_init(&t, l->key, sizeof l->key);
	text_put(&t, layer->by ? layer->by->name : "unknown");
	text_init(&t, l->title, sizeof l->title);
	text_put(&t, layer->by ? layer->by->title : "Unknown");
	text_init(&t, l->text, sizeof l->text);
	if (layer->issue)
		text_put(&t, layer->issue);
	else if (layer->result == DISSECT_CUT)
		text_put(&t, "cut: the capture ends here");
	else if (layer->result == DISSECT_BAD)
		text_put(&t, "malformed");
	text_init(&t, l->filter, sizeof l->filter);
	if (layer->by)
		text_put(&t, layer->by->name);
}

static void field_line(struct packet_detail *d, const struct packet *p, const struct field *f)
{
	struct detail_line *l = line_more(d);
	struct text t;

	if (!l)
		return;
	l->depth = 1;
	l->buffer = f->buffer;
	l->off = f->off;
	l->len = f->len;
	l->num = f->num;
	text_init(&t, l->key, sizeof l->key);
	text_put(&t, f->info->key);
	text_init(&t, l->title, sizeof l->title);
	text_put(&t, f->info->title);
	text_init(&t, l->text, sizeof l->text);
	packet_field_text(&t, p, f);
	text_init(&t, l->filter, sizeof l->filter);
	condition(&t, p, f);
}

void packet_detail_fill(const struct recalled *e, struct packet_detail *d)
{
	const struct packet *p = e->ev.packet;
	struct text t;

	d->number = e->number;
	d->ts_ns = p->frame.ts_ns;
	d->wirelen = p->frame.wirelen;
	d->caplen = p->frame.caplen;
	text_init(&t, d->comment, sizeof d->comment);
	if (p->frame.comment)
		text_foreign(&t, p->frame.comment, strlen(p->frame.comment), false);
	text_init(&t, d->interface, sizeof d->interface);
	text_foreign(&t, e->interface, strlen(e->interface), false);
	d->lines = 0;
	d->more = p->fields_dropped;
	for (unsigned i = 0; i < p->layers; i++) {
		layer_line(d, &p->layer[i]);
		for (unsigned k = 0; k < p->fields; k++)
			if (p->field[k].layer == i)
				field_line(d, p, &p->field[k]);
	}
	for (unsigned i = 0; i < PACKET_BUFFERS; i++) {
		d->all[i] = p->buffer[i].data ? p->buffer[i].len : 0;
		d->len[i] = d->all[i] < DETAIL_BYTES ? d->all[i] : DETAIL_BYTES;
		if (d->len[i])
			memcpy(d->bytes[i], p->buffer[i].data, d->len[i]);
	}
}
