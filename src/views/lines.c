/* A line per flow and a line per handshake, for people.
 *
 * Columns are wide enough for IPv4; a longer endpoint pushes its line to the
 * right rather than losing its end. The header line comes once.
 */
#include <stdio.h>
#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/condition.h"
#include "sockeye/loss.h"
#include "view.h"

enum { ENDPOINT_WIDTH = 21, STATE_WIDTH = 12, OUTCOME_WIDTH = 11, TIMES_WIDTH = 11, DAY_DIGITS = 3 };

/* 517, 3.0k, 12M: five characters at most. */
static void lines_short(struct text *t, uint64_t v)
{
	static const char units[] = "kMGTPE";
	double size = (double)v;
	unsigned unit = 0;

	if (v == PAIR_UNKNOWN) {
		text_char(t, '?');
		return;
	}
	if (v < 1000) {
		text_u64(t, v);
		return;
	}
	if (v < 999500) { /* nearly all of them */
		text_scaled(t, v, 1000, v < 9950 ? 1 : 0);
		text_char(t, units[0]);
		return;
	}
	for (size /= 1000; size >= 999.5 && unit < 5; unit++)
		size /= 1000;
	text_format(t, size < 9.95 ? "%.1f%c" : "%.0f%c", size, units[unit]);
}

static void lines_pair(struct out *out, const struct flow_record *r, enum record_key k, unsigned width)
{
	const uint64_t *pair = record_member(r, k);
	char cell[32];
	struct text t;

	text_init(&t, cell, sizeof cell);
	if (record_has(r, k)) {
		lines_short(&t, pair[0]);
		text_char(&t, '/');
		lines_short(&t, pair[1]);
	}
	out_right(out, cell, width);
}

static void lines_cell(struct out *out, const struct flow_record *r, enum record_key k, unsigned width)
{
	char cell[RECORD_NAME_MAX * 4];
	struct text t;

	text_init(&t, cell, sizeof cell);
	record_text(&t, r, k);
	out_left(out, cell, width);
}

/* The columns that both lines begin with: the time and some cells. */
struct lines_column {
	const char *title;
	enum record_key key;
	unsigned width;
};

static void lines_begin(struct view *v, const struct flow_record *r, const struct lines_column *columns, unsigned n,
			const char *other_titles)
{
	struct out *out = &v->out;
	char time[32];

	if (!v->headed) {
		v->headed = true;
		out_left(out, "TIME", DAY_DIGITS + 10);
		for (unsigned i = 0; i < n; i++)
			out_left(out, columns[i].title, columns[i].width + 1);
		out_put(out, other_titles);
	}
	clock_of_day_near(&v->near, r->first_ns, DAY_DIGITS, time);
	out_put(out, time);
	out_char(out, ' ');
	for (unsigned i = 0; i < n; i++) {
		lines_cell(out, r, columns[i].key, columns[i].width);
		out_char(out, ' ');
	}
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

	text_init(&t, cell, sizeof cell);
	record_text(&t, r, RECORD_PROTO);
	if (record_has(r, RECORD_SERVICE)) {
		text_char(&t, '/');
		record_text(&t, r, RECORD_SERVICE);
	}
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
	char cell[64];
	struct text t;

	lines_begin(v, r, columns, 3, "      BYTES   PACKETS HANDSHAKE SERVICE\n");
	lines_pair(out, r, RECORD_BYTES, 11);
	out_char(out, ' ');
	lines_pair(out, r, RECORD_PACKETS, 9);
	out_char(out, ' ');
	text_init(&t, cell, sizeof cell);
	if (record_has(r, duration))
		record_text(&t, r, duration);
	out_right(out, t.len ? cell : "-", 9);
	out_char(out, ' ');
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

	lines_begin(v, r, columns, 3, "NET+HOST ms  NOTES\n");
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
