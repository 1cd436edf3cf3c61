/* What the files of this room share: the view's state and its parts. */
#ifndef SOCKEYE_VIEWS_VIEW_H
#define SOCKEYE_VIEWS_VIEW_H

#include "out.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"
#include "sockeye/views.h"

struct csv_plan;
struct json_plan;
struct report;

/* Of the lines so far: times.c. */
struct times {
	bool begun;            /* first_ns and last_ns mean something */
	int64_t first_ns, last_ns;
	int64_t second;        /* since the epoch, of date[] */
	char date[32];         /* "": none yet */
};

struct view {
	struct views_options o;
	struct report *report; /* VIEW_REPORT only */
	struct json_plan *json; /* of flow records; VIEW_JSON only */
	struct csv_plan *csv;  /* of flow records; VIEW_CSV and VIEW_TSV only */
	bool headed;           /* the header line is written */
	bool fine;             /* times have nine digits from now on */
	struct clock_near near;
	struct times times;    /* VIEW_PACKETS, text */
	struct out out;
};

/* Digits of times: 6, or 9 where it is known that they mean something. */
unsigned view_digits(struct view *v);

/* lines.c: a line per flow, a line per handshake; and the parts of records that the first reads */
enum { LINES_FLOW_PARTS = RECORD_PART_OUTCOME | RECORD_PART_LOSSES | RECORD_PART_STATE };
void lines_connection(struct view *v, const struct flow_record *r);
void lines_handshake(struct view *v, const struct flow_record *r);

/* packets.c: one packet in the view's format. */
void packets_header(struct view *v);
void packets_event(struct view *v, const struct event *ev);

/* times.c: the time at the beginning of a packet's line, with the blank after it; also nothing. */
void times_text(struct view *v, struct text *t, const struct packet *p);

/* link.c: -e, "02:... > 02:..., ethertype IPv4 (0x0800), length 74: vlan 100, p 3, ethertype ..., ". */
void link_text(struct text *t, const struct packet *p, bool quiet);
/* How many VLAN tags that has told of. */
unsigned link_vlans(const struct packet *p);
/* Where in the frame the link header ends. */
uint32_t link_end(const struct packet *p);

/* rows.c: the layers and rows of a packet. */
void rows_text(struct view *v, const struct packet *p);
void rows_json(struct view *v, const struct packet *p);

/* bytes.c: -x, -X, -A. */
void bytes_text(struct view *v, const struct packet *p);

/* files.c: the records that close the sources. */
void files_json(struct view *v, const struct totals *t);

/* zeek.c: a line of conn.log, with the header before the first; and its end. */
void zeek_flow(struct view *v, const struct flow_record *r, const struct totals *t);
void zeek_end(struct view *v, const struct totals *t);

/* report.c: and the parts of records that it reads */
enum { REPORT_HANDSHAKE_PARTS = RECORD_PART_OUTCOME, REPORT_FLOW_PARTS = RECORD_PART_LOSSES };
int report_open(struct report **out, bool names, struct error *e); /* names: of hosts, which only text has */
void report_free(struct report *r);
void report_handshake(struct report *r, const struct flow_record *f);
void report_flow(struct report *r, const struct flow_record *f);
void report_lone(struct report *r, const struct lone_counts *n, const struct lone *each);
void report_left_out(struct report *r); /* a flow that -Y does not let through */
void report_write(struct view *v, const struct totals *t);

#endif
