/* One packet: a line as tcpdump would write it, a JSON object, or a row.
 *
 * The layers and their rows follow where asked (rows.c), then the bytes (bytes.c).
 */
#include <string.h>

#include "csv.h"
#include "json.h"
#include "sockeye/clock.h"
#include "sockeye/dissector.h"
#include "sockeye/info.h"
#include "view.h"

static struct endpoint packets_end(const struct packet *p, bool from)
{
	const struct tuple *t = &p->tuple;
	bool ports = p->transport && t->proto != PROTO_ICMP && t->proto != PROTO_ICMPV6;

	return (struct endpoint){
		.ip = from ? t->from : t->to,
		.port = from ? t->from_port : t->to_port,
		.family = t->family,
		.has_port = ports,
	};
}

static void packets_number(struct text *t, const char *before, uint64_t v)
{
	text_put(t, before);
	text_u64(t, v);
}

static void packets_mac(struct text *t, const uint8_t *mac)
{
	for (unsigned i = 0; i < 6; i++) {
		if (i > 0)
			text_char(t, ':');
		text_hex(t, mac[i], 2);
	}
}

/* "vlan 100, vxlan 42: " before the endpoints of what came inside; without the
 * outer VLANs that have been told. */
static void packets_path(struct text *t, const struct path *path, unsigned told)
{
	if (path->vlans == told && path->tunnels == 0)
		return;
	for (unsigned i = told; i < path->vlans; i++)
		packets_number(t, i > told ? "/" : "vlan ", path->vlan[i]);
	if (path->vlans > told && path->tunnels > 0)
		text_put(t, ", ");
	path_tunnels(t, path);
	text_put(t, ": ");
}

/* Adds "a > b: ", with MAC addresses where there is no IP and they have not been told. */
static void packets_ends(struct text *t, const struct packet *p, bool told)
{
	if (p->tuple.family != FAMILY_NONE) {
		struct endpoint from = packets_end(p, true), to = packets_end(p, false);

		tuple_endpoint(t, &from);
		text_put(t, " > ");
		tuple_endpoint(t, &to);
		text_put(t, ": ");
	} else if (p->has_mac && !told) {
		packets_mac(t, p->mac_from);
		text_put(t, " > ");
		packets_mac(t, p->mac_to);
		text_put(t, ": ");
	}
}

static void packets_fragment(struct text *t, const struct packet *p)
{
	const struct fragment_facts *f = &p->fragment;

	if (f->present)
		text_format(t, " fragment id %u offset %u length %u%s", (unsigned)f->id, (unsigned)f->offset,
			    (unsigned)f->len, f->more ? ", more follow" : ", the last");
}

/* What each word in braces means. */
static void packets_sentences(struct view *v, const struct judgement *judged)
{
	for (unsigned i = 0; i < VERDICTS; i++)
		if (judged->verdicts >> i & 1) {
			out_put(&v->out, "    {");
			out_put(&v->out, verdict_info[i].word);
			out_put(&v->out, "} ");
			out_put(&v->out, verdict_info[i].sentence);
			out_char(&v->out, '\n');
		}
}

/* What the packet is and does. */
static void packets_what(struct view *v, struct text *t, const struct event *ev)
{
	const struct packet *p = ev->packet;
	const char *protocol = info_protocol(p);
	bool ports = packets_end(p, true).has_port;
	char upper[2048];
	struct text u;

	if (v->o.quiet && ports) {
		text_put(t, tuple_proto_name(p->tuple.proto));
		packets_number(t, " length ", p->payload_len);
		return;
	}
	text_init(&u, upper, sizeof upper);
	info_upper(&u, p);
	if (info_is_tcp(p)) {
		text_put(t, "tcp ");
		info_tcp(t, ev, v->o.absolute);
		if (strcmp(protocol, "tcp") != 0) {
			text_put(t, ": ");
			text_put(t, protocol);
		}
	} else {
		text_put(t, protocol);
	}
	if (u.len > 0) {
		text_char(t, ' ');
		text_put(t, upper);
	}
	if (!info_is_tcp(p) && p->transport && u.len == 0)
		packets_number(t, " length ", p->payload_len);
}

/* What is to be noted of it. */
static void packets_notes(struct text *t, const struct event *ev)
{
	const struct packet *p = ev->packet;

	if (p->frame.lost)
		text_format(t, " {capture dropped %u frames before}", (unsigned)p->frame.lost);
	if (ev->judged && ev->judged->verdicts) {
		text_put(t, " {");
		verdict_text(t, ev->judged);
		text_char(t, '}');
	}
	if (p->issue)
		text_format(t, " [%s]", p->issue);
	else if (p->cut)
		text_format(t, " [cut: %u of %u bytes captured]", (unsigned)p->frame.caplen,
			    (unsigned)p->frame.wirelen);
}

static void packets_text(struct view *v, const struct event *ev)
{
	const struct packet *p = ev->packet;
	char line[4096];
	struct text t;

	text_init(&t, line, sizeof line);
	if (v->o.number)
		text_format(&t, "%5llu  ", (unsigned long long)p->frame.number);
	times_text(v, &t, p);
	if (v->o.link)
		link_text(&t, p, v->o.quiet);
	packets_path(&t, &p->path, v->o.link ? link_vlans(p) : 0);
	packets_ends(&t, p, v->o.link);
	packets_what(v, &t, ev);
	packets_fragment(&t, p);
	packets_notes(&t, ev);
	out_text(&v->out, line);
	out_put(&v->out, t.cut ? "...\n" : "\n");
	if (v->o.verbose > 0 && ev->judged)
		packets_sentences(v, ev->judged);
	if (v->o.verbose > 0)
		rows_text(v, p);
	bytes_text(v, p);
}

static void packets_json_end(struct json *j, const struct packet *p, bool from)
{
	if (p->tuple.family != FAMILY_NONE) {
		struct endpoint e = packets_end(p, from);

		json_key(j, from ? "source" : "destination");
		json_endpoint(j, &e);
	} else if (p->has_mac) {
		char mac[24];
		struct text t;

		text_init(&t, mac, sizeof mac);
		packets_mac(&t, from ? p->mac_from : p->mac_to);
		json_key(j, from ? "source.mac" : "destination.mac");
		json_word(j, mac);
	}
}

static const char *packets_interface(const struct view *v, const struct packet *p)
{
	const struct views_sources *s = &v->o.sources;

	return s->interface ? s->interface(s->arg, p->frame.source, p->frame.interface) : NULL;
}

/* Every family's words: whoever reads JSON chooses. */
static void packets_verdicts(struct json *j, const struct judgement *judged)
{
	bool any = false;

	json_key(j, "verdicts");
	out_char(j->out, '[');
	for (unsigned v = 0; v < VERDICTS; v++) {
		if (!(judged->verdicts >> v & 1))
			continue;
		if (any)
			out_char(j->out, ',');
		json_word(j, verdict_info[v].word);
		any = true;
	}
	out_char(j->out, ']');
	if (judged->dup_ack_number) {
		json_key(j, "dup_ack_number");
		json_u64(j, judged->dup_ack_number);
	}
	if (judged->rtt_ns >= 0) {
		json_key(j, "rtt_us");
		json_u64(j, (uint64_t)out_microseconds(judged->rtt_ns));
	}
}

static void packets_json(struct view *v, const struct event *ev)
{
	const struct packet *p = ev->packet;
	const char *name = packets_interface(v, p);
	char info[4096];
	struct text t;
	struct json j;

	json_begin(&j, &v->out, "packet", view_digits(v));
	json_key(&j, "number");
	json_u64(&j, p->frame.number);
	if (ev->flow) {
		json_key(&j, "flow");
		json_u64(&j, ev->flow->id);
	}
	if (!(p->frame.flags & FRAME_NO_TIME)) {
		json_key(&j, "time");
		json_time(&j, p->frame.ts_ns);
	}
	json_key(&j, "length");
	json_u64(&j, p->frame.wirelen);
	json_key(&j, "captured");
	json_u64(&j, p->frame.caplen);
	if (name) {
		json_key(&j, "interface");
		json_word(&j, name);
	}
	if (p->frame.lost) {
		json_key(&j, "dropped_before");
		json_u64(&j, p->frame.lost);
	}
	packets_json_end(&j, p, true);
	packets_json_end(&j, p, false);
	json_key(&j, "protocol");
	json_word(&j, info_protocol(p));
	text_init(&t, info, sizeof info);
	info_line(&t, ev, v->o.absolute);
	json_key(&j, "info");
	json_word(&j, info);
	if (ev->judged && ev->judged->verdicts)
		packets_verdicts(&j, ev->judged);
	if (p->issue) {
		json_key(&j, "issue");
		json_word(&j, p->issue);
	}
	if (v->o.verbose > 0) {
		if (p->frame.comment) {
			json_key(&j, "comment");
			json_word(&j, p->frame.comment);
		}
		json_key(&j, "layers");
		rows_json(v, p);
		if (p->fields_dropped > 0) {
			json_key(&j, "fields_dropped");
			json_u64(&j, p->fields_dropped);
		}
	}
	json_end(&j);
}

static char packets_separator(const struct view *v)
{
	return v->o.format == VIEW_CSV ? ',' : '\t';
}

void packets_header(struct view *v)
{
	static const char *const names[] = {
		"type",	     "number",	   "flow",	 "time",	   "length",
		"captured",  "interface",  "source.ip",	 "source.port",	   "source.mac",
		"destination.ip", "destination.port", "destination.mac", "protocol", "info",
		"verdicts",
	};
	struct csv c;

	csv_begin(&c, &v->out, packets_separator(v), 6);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		csv_cell(&c, names[i]);
	csv_end(&c);
}

static void packets_csv_end(struct csv *c, const struct packet *p, bool from)
{
	struct endpoint e = packets_end(p, from);
	char cell[64];
	struct text t;

	text_init(&t, cell, sizeof cell);
	tuple_address(&t, &e.ip, e.family);
	csv_cell(c, cell);
	if (p->tuple.family != FAMILY_NONE && e.has_port)
		csv_u64(c, e.port);
	else
		csv_cell(c, "");
	text_reset(&t);
	if (p->tuple.family == FAMILY_NONE && p->has_mac)
		packets_mac(&t, from ? p->mac_from : p->mac_to);
	csv_cell(c, cell);
}

static void packets_csv(struct view *v, const struct event *ev)
{
	const struct packet *p = ev->packet;
	const char *name = packets_interface(v, p);
	char cell[4096];
	struct text t;
	struct csv c;

	csv_begin(&c, &v->out, packets_separator(v), view_digits(v));
	csv_cell(&c, "packet");
	csv_u64(&c, p->frame.number);
	if (ev->flow)
		csv_u64(&c, ev->flow->id);
	else
		csv_cell(&c, "");
	if (p->frame.flags & FRAME_NO_TIME)
		csv_cell(&c, "");
	else
		csv_time(&c, p->frame.ts_ns);
	csv_u64(&c, p->frame.wirelen);
	csv_u64(&c, p->frame.caplen);
	text_init(&t, cell, sizeof cell);
	if (name)
		text_foreign(&t, name, strlen(name), false);
	csv_cell(&c, cell);
	packets_csv_end(&c, p, true);
	packets_csv_end(&c, p, false);
	csv_cell(&c, info_protocol(p));
	text_reset(&t);
	info_line(&t, ev, v->o.absolute);
	csv_cell(&c, cell);
	text_reset(&t);
	if (ev->judged)
		verdict_list(&t, ev->judged);
	csv_cell(&c, cell);
	csv_end(&c);
}

void packets_event(struct view *v, const struct event *ev)
{
	switch (v->o.format) {
	case VIEW_TEXT:
		packets_text(v, ev);
		break;
	case VIEW_JSON:
		packets_json(v, ev);
		break;
	case VIEW_CSV:
	case VIEW_TSV:
		packets_csv(v, ev);
		break;
	case VIEW_ZEEK:
		break; /* views_open() has refused it */
	}
}
