/* CSV and TSV: a header line, then one line per record. */
#ifndef SOCKEYE_VIEWS_CSV_H
#define SOCKEYE_VIEWS_CSV_H

#include "out.h"
#include "sockeye/record.h"

struct csv {
	struct out *out;
	char separator;  /* comma or tab */
	unsigned digits; /* of times: 6 or 9 */
	bool first;      /* in this line */
};

void csv_begin(struct csv *c, struct out *out, char separator, unsigned digits);
void csv_end(struct csv *c);

/* One cell; "" is the unknown. The text has been escaped. */
void csv_cell(struct csv *c, const char *text);
void csv_u64(struct csv *c, uint64_t v);
void csv_time(struct csv *c, int64_t ns);

/* csv_record.c: where each key of a record type stands, found once. */
struct csv_plan;
/* Of IN_CONNECTION or IN_HANDSHAKE; the type is a constant. NULL: no memory. Freed with free(). */
struct csv_plan *csv_plan_open(unsigned in, const char *type, char separator);

/* Whole lines: type, then the keys of the field table; their names, their values in r. */
void csv_record_header(struct out *out, const struct csv_plan *plan);
void csv_record(struct out *out, struct csv_plan *plan, const struct flow_record *r, unsigned digits);

#endif
