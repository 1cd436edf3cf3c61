/* The inside of a packet: its layers and rows as a tree or as JSON. Knows no
 * protocol: everything comes from the rows.
 */
#include <string.h>

#include "json.h"
#include "sockeye/dissector.h"
#include "view.h"

static const char *rows_result(enum dissect_result r)
{
	switch (r) {
	case DISSECT_CUT:
		return "cut: the capture ends here";
	case DISSECT_BAD:
		return "malformed";
	default:
		return NULL;
	}
}

static void rows_layer_line(struct out *out, const struct layer *l)
{
	static const char *const buffers[PACKET_BUFFERS] = {"", " of the datagram", " of the stream"};
	const char *result = rows_result((enum dissect_result)l->result);

	out_format(out, "    %s  %s, %u bytes at %u%s", l->by ? l->by->name : "?", l->by ? l->by->title : "?",
		   (unsigned)l->len, (unsigned)l->off, l->buffer < PACKET_BUFFERS ? buffers[l->buffer] : "");
	if (result)
		out_format(out, "  [%s]", result);
	if (l->issue)
		out_format(out, "  [%s]", l->issue);
	out_char(out, '\n');
}

void rows_text(struct view *v, const struct packet *p)
{
	struct out *out = &v->out;
	char value[2048];
	struct text t;

	text_init(&t, value, sizeof value);
	if (p->frame.comment) {
		text_foreign(&t, p->frame.comment, strlen(p->frame.comment), false);
		out_put(out, "    comment: ");
		out_text(out, value);
		out_char(out, '\n');
	}
	for (unsigned i = 0; i < p->layers; i++) {
		rows_layer_line(out, &p->layer[i]);
		for (unsigned k = 0; k < p->fields; k++) {
			const struct field *f = &p->field[k];

			if (f->layer != i)
				continue;
			text_reset(&t);
			packet_field_text(&t, p, f);
			out_put(out, "        ");
			out_left(out, f->info->title, 24);
			out_char(out, ' ');
			out_text(out, value);
			out_put(out, t.cut ? "...\n" : "\n");
		}
	}
	if (p->fields_dropped > 0)
		out_format(out, "        %u more\n", (unsigned)p->fields_dropped);
	if (p->layers_full)
		out_put(out, "    more layers than are read\n");
	if (p->payload_len > 0)
		out_format(out, "    payload  %u bytes, %u captured\n", (unsigned)p->payload_len,
			   (unsigned)(p->payload ? p->payload_captured : 0));
}

static void rows_json_value(struct json *j, const struct packet *p, const struct field *f)
{
	char value[4096];
	struct text t;

	switch (f->info->kind) {
	case FIELD_UINT:
	case FIELD_HEX:
	case FIELD_FLAGS:
		json_u64(j, f->num);
		return;
	case FIELD_INT:
		text_init(&t, value, sizeof value);
		packet_field_text(&t, p, f);
		out_put(j->out, value);
		return;
	case FIELD_BOOL:
		json_bool(j, f->num != 0);
		return;
	case FIELD_TEXT:
		/* The bytes themselves, so that nothing is escaped twice. */
		if (f->buffer < PACKET_BUFFERS && f->off <= p->buffer[f->buffer].len &&
		    f->len <= p->buffer[f->buffer].len - f->off && f->len > 0) {
			json_foreign(j, p->buffer[f->buffer].data + f->off, f->len);
			return;
		}
		json_word(j, "");
		return;
	default:
		text_init(&t, value, sizeof value);
		packet_field_text(&t, p, f);
		json_word(j, value);
		return;
	}
}

/* The fields of one layer; a repeated key becomes an array at its first. */
static void rows_json_fields(struct json *j, const struct packet *p, unsigned layer)
{
	const char *between = "";

	for (unsigned i = 0; i < p->fields; i++) {
		const struct field *f = &p->field[i];
		bool before = false, more = false;

		if (f->layer != layer)
			continue;
		for (unsigned k = 0; k < p->fields && !(before && more); k++) {
			if (k == i || p->field[k].layer != layer ||
			    strcmp(p->field[k].info->key, f->info->key) != 0)
				continue;
			if (k < i)
				before = true;
			else
				more = true;
		}
		if (before)
			continue;
		out_put(j->out, between);
		between = ",";
		json_word(j, f->info->key);
		out_char(j->out, ':');
		if (!more) {
			rows_json_value(j, p, f);
			continue;
		}
		out_char(j->out, '[');
		for (unsigned k = i; k < p->fields; k++) {
			if (p->field[k].layer != layer || strcmp(p->field[k].info->key, f->info->key) != 0)
				continue;
			if (k > i)
				out_char(j->out, ',');
			rows_json_value(j, p, &p->field[k]);
		}
		out_char(j->out, ']');
	}
}

void rows_json(struct view *v, const struct packet *p)
{
	struct json j = {.out = &v->out, .digits = 6};

	out_char(&v->out, '[');
	for (unsigned i = 0; i < p->layers; i++) {
		const struct layer *l = &p->layer[i];

		out_put(&v->out, i > 0 ? ",{\"name\":" : "{\"name\":");
		json_word(&j, l->by ? l->by->name : "unknown");
		if (l->result == DISSECT_CUT || l->result == DISSECT_BAD)
			out_format(&v->out, ",\"result\":\"%s\"", l->result == DISSECT_CUT ? "cut" : "bad");
		if (l->issue) {
			out_put(&v->out, ",\"issue\":");
			json_word(&j, l->issue);
		}
		out_put(&v->out, ",\"fields\":{");
		rows_json_fields(&j, p, i);
		out_put(&v->out, "}}");
	}
	out_char(&v->out, ']');
}
