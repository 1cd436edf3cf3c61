/* A line per flow and a line per handshake, for people.
 *
 * Columns are wide enough for IPv4; a longer endpoint pushes its line to the
 * right rather than losing its end. The header line comes once.
 */
#include <stdio.h>
#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/condition.h"
#include "sockeye/digits.h"
#include "sockeye/loss.h"
#include "view.h"

enum { ENDPOINT_WIDTH = 21, STATE_WIDTH = 12, OUTCOME_WIDTH = 11, TIMES_WIDTH = 11, DAY_DIGITS = 3 };

/* Cells whose bytes are columns are written in place: in the room of a line's beginning, blanks in whole steps. */
enum { LINES_BLANKS = 32, LINES_ROOM = 1024 };

static char *write_blanks(char *p)
{
	memset(p, ' ', LINES_BLANKS);
	return p;
}

/* What was written from begin on, filled up to a width, and a blank. */
static char *write_filled(const char *begin, char *p, unsigned width)
{
	size_t n = (size_t)(p - begin);

	return write_blanks(p) + (n < width ? width - n : 0) + 1;
}

/* A cell of n bytes, up to LINES_BLANKS, at the right of its width. */
static char *write_right(char *p, const char cell[LINES_BLANKS], size_t n, unsigned width)
{
	p = write_blanks(p) + (n < width ? width - n : 0);
	memcpy(p, cell, LINES_BLANKS);
	return p + n;
}

/* 517, 3.0k, 12M: five characters at most. */
static char *write_short(char *p, uint64_t v)
{
	static const char units[] = "kMGTPE";
	double size = (double)v;
	unsigned unit = 0;
	struct text t;

	if (v < 1000)
		return digits_u64(p, v);
	text_init(&t, p, LINES_BLANKS / 2);
	if (v == PAIR_UNKNOWN) {
		text_char(&t, '?');
		return p + t.len;
	}
	if (v < 999500) { /* nearly all of them */
		text_scaled(&t, v, 1000, v < 9950 ? 1 : 0);
		text_char(&t, units[0]);
		return p + t.len;
	}
	for (size /= 1000; size >= 999.5 && unit < 5; unit++)
		size /= 1000;
	text_format(&t, size < 9.95 ? "%.1f%c" : "%.0f%c", size, units[unit]);
	return p + t.len;
}

static char *write_pair(char *p, const struct flow_record *r, enum record_key k, unsigned width)
{
	const uint64_t *pair = record_member(r, k);
	char cell[LINES_BLANKS], *end = cell;

	if (record_has(r, k)) {
		end = write_short(end, pair[0]);
		*end++ = '/';
		end = write_short(end, pair[1]);
	}
	return write_right(p, cell, (size_t)(end - cell), width);
}

static void lines_cell(struct out *out, const struct flow_record *r, enum record_key k, unsigned width)
{
	char cell[RECORD_NAME_MAX * 4];
	struct text t;

	text_init(&t, cell, sizeof cell);
	record_text(&t, r, k);
	out_left(out, cell, width);
	out_char(out, ' ');
}

/* The columns that both lines begin with: the time and some cells. */
struct lines_column {
	const char *title;
	enum record_key key;
	unsigned width;
};

/* One of them; NULL: its bytes may not be columns, or it has no bound. */
static char *write_column(char *p, const struct flow_record *r, const struct lines_column *column)
{
	const void *x = record_member(r, column->key);
	char *end = NULL;

	if (!record_has(r, column->key))
		return NULL;
	if (record_fields[column->key].kind == VALUE_ENDPOINT)
		end = tuple_write_endpoint(p, x);
	else if (record_fields[column->key].kind == VALUE_WORD)
		end = out_word(p, *(const char *const *)x);
	return end ? write_filled(p, end, column->width) : NULL;
}

/* Returns room for LINES_ROOM after it. */
static char *lines_begin(struct view *v, const struct flow_record *r, const struct lines_column *columns, unsigned n,
			 const char *other_titles)
{
	struct out *out = &v->out;
	char *p;

	if (!v->headed) {
		v->headed = true;
		out_left(out, "TIME", DAY_DIGITS + 10);
		for (unsigned i = 0; i < n; i++)
			out_left(out, columns[i].title, columns[i].width + 1);
		out_put(out, other_titles);
	}
	p = out_room(out, LINES_ROOM);
	clock_of_day_near(&v->near, r->first_ns, DAY_DIGITS, p);
	p += strlen(p);
	*p++ = ' ';
	for (unsigned i = 0; i < n; i++) {
		char *end = write_column(p, r, &columns[i]);

		if (!end) {
			out_took(out, p);
			lines_cell(out, r, columns[i].key, columns[i].width);
			end = out_room(out, LINES_ROOM);
		}
		p = end;
	}
	return p;
}

static void lines_icmp_error(struct text *t, const struct flow_record *r, const char *before)
{
	if (!record_has(r, RECORD_ICMP_ERROR_TYPE))
		return;
	text_format(t, "%sicmp error %u/%u", before, (unsigned)r->icmp_error.type, (unsigned)r->icmp_error.code);
	if (record_has(r, RECORD_ICMP_ERROR_FROM)) {
		text_put(t, " from ");
		record_text(t, r, RECORD_ICMP_ERROR_FROM);
	}
}

/* "tcp/tls example.org", "icmp type 3 from 10.0.0.9", "vxlan 42". */
static void lines_service(struct out *out, const struct flow_record *r)
{
	char cell[RECORD_NAME_MAX * 4 + 256];
	struct text t;

	out_put(out, r->proto);
	if (record_has(r, RECORD_SERVICE)) {
		out_char(out, '/');
		out_put(out, r->service);
	}
	text_init(&t, cell, sizeof cell);
	if (record_has(r, RECORD_SERVER_NAME)) {
		text_char(&t, ' ');
		record_text(&t, r, RECORD_SERVER_NAME);
	}
	lines_icmp_error(&t, r, ", ");
	if (record_has(r, RECORD_TUNNEL)) {
		text_put(&t, ", in ");
		record_text(&t, r, RECORD_TUNNEL);
	}
	if (record_has(r, RECORD_VLAN)) {
		text_put(&t, ", vlan ");
		record_text(&t, r, RECORD_VLAN);
	}
	if (record_has(r, RECORD_EVICTED) && r->evicted)
		text_put(&t, ", forgotten early");
	if (t.len > 0)
		out_text(out, cell);
	if (condition_reset_not_taken(r))
		out_put(out, "  [the reset does not fit: not taken]");
	if (record_has(r, RECORD_ONE_SIDED) && r->one_sided)
		out_put(out, "  [one direction only]");
	text_init(&t, cell, sizeof cell);
	if (loss_text(&t, r)) {
		out_put(out, "  [");
		out_put(out, cell);
		out_char(out, ']');
	}
}

void lines_connection(struct view *v, const struct flow_record *r)
{
	static const struct lines_column columns[] = {
		{"STATE", RECORD_STATE, STATE_WIDTH},
		{"CLIENT", RECORD_CLIENT, ENDPOINT_WIDTH},
		{"SERVER", RECORD_SERVER, ENDPOINT_WIDTH},
	};
	enum record_key duration = RECORD_HS_FIRST_SYN_TO_ACK;
	struct out *out = &v->out;
	char cell[LINES_BLANKS], *p;
	struct text t;

	p = lines_begin(v, r, columns, 3, "      BYTES   PACKETS HANDSHAKE SERVICE\n");
	p = write_pair(p, r, RECORD_BYTES, 11);
	*p++ = ' ';
	p = write_pair(p, r, RECORD_PACKETS, 9);
	*p++ = ' ';
	text_init(&t, cell, sizeof cell);
	if (record_has(r, duration))
		record_text(&t, r, duration);
	else
		text_char(&t, '-');
	p = write_right(p, cell, t.len, 9);
	*p++ = ' ';
	out_took(out, p);
	lines_service(out, r);
	out_char(out, '\n');
}

/* Milliseconds with as many decimals as three figures need: 0.05, 12.1, 3070. */
static void lines_ms(struct text *t, int64_t ns)
{
	double ms = (double)ns / 1e6;

	if (ns < 0)
		text_format(t, "%.2f", ms);
	else
		text_scaled(t, (uint64_t)ns, CLOCK_MS, ms < 9.995 ? 2 : ms < 999.95 ? 1 : 0);
}

/* "12.1+0.20": until the SYN/ACK came, and from there to the ACK; "18.0 RST": until it was refused. */
static void lines_times(struct out *out, const struct flow_record *r)
{
	bool answered = record_has(r, RECORD_HS_LAST_SYN_TO_SYNACK);
	char cell[64];
	struct text t;

	text_init(&t, cell, sizeof cell);
	if (answered)
		lines_ms(&t, r->last_syn_to_synack);
	if (record_has(r, RECORD_HS_SYNACK_TO_ACK)) {
		text_put(&t, answered ? "+" : "?+");
		lines_ms(&t, r->synack_to_ack);
	}
	if (record_has(r, RECORD_HS_SYN_TO_RST)) {
		lines_ms(&t, r->syn_to_rst);
		text_put(&t, " RST");
	}
	out_right(out, t.len ? cell : "-", TIMES_WIDTH);
}

/* n: how often it was sent; a copy by a mirror was not sent. */
static void lines_repeats(struct text *t, const struct flow_record *r, enum record_key k, uint32_t n,
			  const char *name)
{
	if (record_has(r, k) && n > 1)
		text_format(t, "  %s sent %u times", name, (unsigned)n);
}

/* One option of both sides: "mss 1460" where they agree, else "mss 1460/1400"; "-" where a
 * side has none. */
static void lines_option(struct text *t, const struct flow_record *r, enum record_key client,
			 enum record_key server, const char *name)
{
	if (!record_has(r, client) && !record_has(r, server))
		return;
	text_put(t, "  ");
	text_put(t, name);
	text_char(t, ' ');
	if (record_has(r, client) && record_has(r, server) &&
	    *(const uint64_t *)record_member(r, client) == *(const uint64_t *)record_member(r, server)) {
		record_text(t, r, client);
		return;
	}
	if (!r->synack) { /* only the client has spoken */
		record_text(t, r, client);
		return;
	}
	if (record_has(r, client))
		record_text(t, r, client);
	else
		text_char(t, '-');
	text_char(t, '/');
	if (record_has(r, server))
		record_text(t, r, server);
	else
		text_char(t, '-');
}

/* An option that is there or not: its name, and who alone has it. */
static void lines_flag(struct text *t, const struct flow_record *r, bool client, bool server, const char *name)
{
	const char *whose = client && server ? "" : client ? " client only" : " server only";

	if (!client && !server)
		return;
	text_put(t, "  ");
	text_put(t, name);
	text_put(t, r->synack ? whose : "");
}

void lines_handshake(struct view *v, const struct flow_record *r)
{
	static const struct lines_column columns[] = {
		{"CLIENT", RECORD_CLIENT, ENDPOINT_WIDTH},
		{"SERVER", RECORD_SERVER, ENDPOINT_WIDTH},
		{"OUTCOME", RECORD_OUTCOME, OUTCOME_WIDTH},
	};
	struct out *out = &v->out;
	char cell[512];
	struct text t;

	out_took(out, lines_begin(v, r, columns, 3, "NET+HOST ms  NOTES\n"));
	lines_times(out, r);
	text_init(&t, cell, sizeof cell);
	if (r->syns > 1 && record_has(r, RECORD_HS_FIRST_SYN_TO_ACK)) {
		text_put(&t, "  total ");
		record_text(&t, r, RECORD_HS_FIRST_SYN_TO_ACK);
	}
	lines_repeats(&t, r, RECORD_HS_SYN_RETRANSMITS, r->syns, "SYN");
	lines_repeats(&t, r, RECORD_HS_SYNACK_RETRANSMITS, r->synacks, "SYN/ACK");
	if (record_has(r, RECORD_HS_SIMULTANEOUS) && r->simultaneous_open)
		text_put(&t, "  simultaneous open");
	if (r->split)
		text_put(&t, "  split: the server's SYN and ACK apart");
	if (r->fast_open)
		text_format(&t, "  fast open %s", r->fast_open);
	if (r->ecn_agreed)
		text_format(&t, "  ecn %s", r->ecn_agreed);
	lines_icmp_error(&t, r, "  ");
	if (record_has(r, RECORD_CAPTURE_DROPS))
		text_format(&t, "  capture dropped %llu frames meanwhile", (unsigned long long)r->capture_drops);
	if (record_has(r, RECORD_CAPTURE_BLIND))
		text_put(&t, "  capture was blind meanwhile");
	lines_option(&t, r, RECORD_HS_CLIENT_MSS, RECORD_HS_SERVER_MSS, "mss");
	lines_option(&t, r, RECORD_HS_CLIENT_WSCALE, RECORD_HS_SERVER_WSCALE, "wscale");
	lines_flag(&t, r, r->options[0].sack_permitted, r->options[1].sack_permitted, "sack");
	lines_flag(&t, r, r->options[0].timestamps, r->options[1].timestamps, "ts");
	out_text(out, cell);
	out_char(out, '\n');
}
