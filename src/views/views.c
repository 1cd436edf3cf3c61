/* A view as an observer: which events it wants, and which file writes them.
 *
 * Where asked (live), every record is flushed when it is written; else when the
 * buffer is full and at the end.
 */
#include <errno.h>
#include <stdlib.h>

#include "csv.h"
#include "json.h"
#include "sockeye/filter.h"
#include "view.h"

unsigned view_digits(struct view *v)
{
	if (!v->fine && v->o.sources.fine && v->o.sources.fine(v->o.sources.arg))
		v->fine = true;
	return v->fine ? 9 : 6;
}

static bool view_is_table(const struct view *v)
{
	return v->o.format == VIEW_CSV || v->o.format == VIEW_TSV;
}

static char view_separator(const struct view *v)
{
	return v->o.format == VIEW_CSV ? ',' : '\t';
}

/* Column names, even where no record follows: an empty table says so. */
static void view_table_header(struct view *v)
{
	if (v->headed || !view_is_table(v))
		return;
	v->headed = true;
	if (v->o.view == VIEW_PACKETS)
		packets_header(v);
	else
		csv_record_header(&v->out, v->csv);
}

static void view_record(struct view *v, const struct event *ev)
{
	const struct flow_record *r = ev->flow;

	switch (v->o.format) {
	case VIEW_TEXT:
		if (v->o.view == VIEW_HANDSHAKES)
			lines_handshake(v, r);
		else
			lines_connection(v, r);
		break;
	case VIEW_JSON:
		json_record(&v->out, v->json, r, view_digits(v));
		break;
	case VIEW_CSV:
	case VIEW_TSV:
		view_table_header(v);
		csv_record(&v->out, v->csv, r, view_digits(v));
		break;
	case VIEW_ZEEK:
		zeek_flow(v, r, ev->totals);
		break;
	}
}

static void view_end(struct view *v, const struct event *ev)
{
	view_table_header(v);
	if (v->o.view == VIEW_REPORT)
		report_write(v, ev->totals);
	else if (v->o.format == VIEW_ZEEK)
		zeek_end(v, ev->totals);
	else if (v->o.view == VIEW_CONNECTIONS && v->o.format == VIEW_JSON && ev->totals)
		files_json(v, ev->totals);
}

/* Does -Y let it through? */
static bool view_passes(struct view *v, const struct event *ev)
{
	const struct filter *f = v->o.filter;
	bool passes = true;

	if (f && ev->kind == EVENT_PACKET)
		passes = filter_packet(f, ev);
	else if (f && ev->kind == EVENT_HANDSHAKE && v->o.view == VIEW_REPORT)
		passes = false;
	else if (f && (ev->kind == EVENT_HANDSHAKE || ev->kind == EVENT_FLOW_END))
		passes = filter_flow(f, ev->flow);
	return passes;
}

static int view_event(void *self, const struct event *ev)
{
	struct view *v = self;

	if (!view_passes(v, ev)) {
		if (v->o.view == VIEW_REPORT && ev->kind == EVENT_FLOW_END)
			report_left_out(v->report);
		return v->out.error;
	}
	switch (ev->kind) {
	case EVENT_PACKET:
		view_table_header(v);
		packets_event(v, ev);
		break;
	case EVENT_HANDSHAKE:
		if (v->o.view == VIEW_REPORT)
			report_handshake(v->report, ev->flow);
		else
			view_record(v, ev);
		break;
	case EVENT_FLOW_END:
		/* What fits is known at the flow's end: its handshake is counted there. */
		if (v->o.view == VIEW_REPORT && v->o.filter)
			report_handshake(v->report, ev->flow);
		if (v->o.view == VIEW_REPORT)
			report_flow(v->report, ev->flow);
		else
			view_record(v, ev);
		break;
	case EVENT_TICK:
		break;
	case EVENT_END:
		view_end(v, ev);
		break;
	}
	if (v->o.flush || ev->kind == EVENT_END)
		(void)out_flush(&v->out);
	return v->out.error;
}

static void view_lone(void *self, const struct lone_counts *n, const struct lone *each)
{
	const struct view *v = self;

	report_lone(v->report, n, each);
}

static void view_close(void *self)
{
	struct view *v = self;

	(void)out_flush(&v->out);
	report_free(v->report);
	free(v->json);
	free(v->csv);
	free(v);
}

/* What a line per flow or handshake needs. False: no memory. */
static bool view_plans(struct view *v)
{
	bool handshakes = v->o.view == VIEW_HANDSHAKES;
	unsigned in = handshakes ? IN_HANDSHAKE : IN_CONNECTION;
	const char *type = handshakes ? "handshake" : "connection";

	if (!handshakes && v->o.view != VIEW_CONNECTIONS)
		return true;
	if (v->o.format == VIEW_JSON)
		v->json = json_plan_open(in, type);
	else if (view_is_table(v))
		v->csv = csv_plan_open(in, type, view_separator(v));
	return v->json || v->csv || (v->o.format != VIEW_JSON && !view_is_table(v));
}

int views_open(struct observer *out, const struct views_options *o, struct error *e)
{
	static const char *const names[] = {"connections", "handshakes", "packets", "report"};
	static const unsigned wants[] = {
		[VIEW_CONNECTIONS] = EVENT_FLOW_END | EVENT_END,
		[VIEW_HANDSHAKES] = EVENT_HANDSHAKE | EVENT_END,
		[VIEW_PACKETS] = EVENT_PACKET | EVENT_END,
		[VIEW_REPORT] = EVENT_HANDSHAKE | EVENT_FLOW_END | EVENT_END,
	};
	struct view *v;
	int r;

	if (o->view == VIEW_REPORT && o->format != VIEW_TEXT && o->format != VIEW_JSON)
		return error_set(e, EINVAL, "report has no CSV or TSV: it holds more than one record type");
	if (o->format == VIEW_ZEEK && o->view != VIEW_CONNECTIONS)
		return error_set(e, EINVAL, "zeek is a format of connections: it is Zeek's conn.log");
	v = calloc(1, sizeof *v);
	if (!v)
		return error_set(e, ENOMEM, "no memory for the output");
	v->o = *o;
	v->fine = o->live;
	out_init(&v->out, o->fd, o->ascii);
	if (o->view == VIEW_REPORT && (r = report_open(&v->report, o->format == VIEW_TEXT, e)) != 0) {
		free(v);
		return r;
	}
	if (!view_plans(v)) {
		free(v);
		return error_set(e, ENOMEM, "no memory for the output");
	}
	*out = (struct observer){
		.name = names[o->view],
		.wants = wants[o->view],
		.wants_fields = o->view == VIEW_PACKETS,
		.wants_totals = o->format == VIEW_ZEEK, /* its first line says when it began */
		.event = view_event,
		.close = view_close,
		.self = v,
	};
	if (o->view == VIEW_REPORT && !o->filter) { /* a filter may ask for anything */
		out->handshake_parts = REPORT_HANDSHAKE_PARTS;
		out->flow_parts = REPORT_FLOW_PARTS;
		out->lone = view_lone;
		out->lone_each = o->format == VIEW_TEXT; /* it names hosts */
	}
	return 0;
}
