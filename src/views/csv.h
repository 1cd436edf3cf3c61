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

/* Column names and cells of the record type: type, then the field table. */
void csv_record_header(struct csv *c, unsigned in);
void csv_record(struct csv *c, const struct flow_record *r, unsigned in, const char *type);

#endif
