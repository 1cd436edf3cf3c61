/* The record that closes each source: what was read, what was damaged. */
#include <string.h>

#include "json.h"
#include "view.h"

static void files_protocols(struct json *j, const struct totals *t, const struct source_totals *s)
{
	const char *between = "";

	json_key(j, "protocols");
	out_char(j->out, '{');
	for (unsigned i = 0; s->protocols && i < t->protocols; i++) {
		if (s->protocols[i] == 0)
			continue;
		out_put(j->out, between);
		json_word(j, t->protocol_names[i]);
		out_char(j->out, ':');
		json_u64(j, s->protocols[i]);
		between = ",";
	}
	out_char(j->out, '}');
}

void files_json(struct view *v, const struct totals *t)
{
	const struct views_sources *asked = &v->o.sources;

	for (unsigned i = 0; i < TOTALS_SOURCES; i++) {
		const struct source_totals *s = &t->source[i];
		struct views_source stats = {.name = NULL};
		struct json j;
		bool known = asked->source && asked->source(asked->arg, i, &stats);

		if (!known && (i >= t->sources || s->packets == 0))
			break;
		json_begin(&j, &v->out, "file", view_digits(v));
		if (known) {
			json_key(&j, "file");
			json_word(&j, stats.name ? stats.name : "");
			json_key(&j, "format");
			json_word(&j, stats.format ? stats.format : "");
			if (stats.compression) {
				json_key(&j, "compression");
				json_word(&j, stats.compression);
				json_key(&j, "compressed_bytes");
				json_u64(&j, stats.file_bytes);
				json_key(&j, "uncompressed_bytes");
				json_u64(&j, stats.bytes);
			}
		}
		json_key(&j, "packets");
		json_u64(&j, s->packets);
		json_key(&j, "wire_bytes");
		json_u64(&j, s->wire_bytes);
		if (s->packets > 0) {
			json_key(&j, "first");
			json_time(&j, s->first_ns);
			json_key(&j, "last");
			json_time(&j, s->last_ns);
		}
		files_protocols(&j, t, s);
		if (known) {
			json_key(&j, "damaged");
			json_u64(&j, stats.damaged);
			if (stats.drops_known) {
				json_key(&j, "capture_drops");
				json_u64(&j, stats.drops);
			}
			json_key(&j, "complete");
			json_bool(&j, stats.complete);
		}
		json_end(&j);
	}
}
