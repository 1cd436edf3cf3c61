/* The list of packets: one row each.
 *
 * What a width has no room for goes, in this order; the number, who sent it and
 * what it says stay.
 *
 *   160  number, time, source and destination (30 cells), protocol, length, info
 *   120  endpoints in 22 cells
 *   100  endpoints in 18 cells
 *    80  of one connection: an arrow (from its client →, to it ←), no endpoints;
 *        of several: addresses without ports, no length
 *    60  of one: no length; of several: an arrow and the server's address
 *    40  number, arrow, protocol, info
 *
 * Behind the number stand two signs: `*` marked, and ✗ broken or cut, else " that
 * the file has a comment. Verdicts that are a problem ● or a warning ▲ and what is
 * broken come before the info, other verdicts behind it.
 */
#include <stdio.h>
#include <string.h>

#include "look.h"
#include "means.h"
#include "sockeye/clock.h"
#include "words.h"

enum { TIME_OF_DAY = 15, NARROW = 60 };

struct list_columns {
	unsigned no, time, from, to, arrow, remote, proto, len, info; /* where each ends, info: begins; 0: not there */
	unsigned wide; /* cells of an endpoint */
	bool ports;
};

static unsigned list_digits(const struct answer *a)
{
	unsigned n = 1;

	for (uint64_t v = a->packets.total; v >= 10; v /= 10)
		n++;
	return n;
}

/* Puts a column of so many cells at *x; returns where it ends. */
static unsigned list_column(unsigned *x, unsigned cells, unsigned gap)
{
	unsigned end = *x + cells;

	*x = end + gap;
	return end;
}

static struct list_columns list_fit(const struct packets_look *s, const struct answer *a, unsigned width)
{
	struct list_columns at = {.wide = width >= 160 ? 30 : width >= 120 ? 22 : width >= 100 ? 18 : 15, .ports = width >= 100};
	unsigned digits = list_digits(a), least = width >= 100 ? 6 : 4, x = 1;
	bool one = s->flows == 1;

	at.no = list_column(&x, digits > least ? digits : least, 2);
	if (width >= NARROW)
		at.time = list_column(&x, s->times == TIMES_CLOCK && width >= 100 ? TIME_OF_DAY : width >= 100 ? 10 : 9,
				      width >= 100 ? 2 : 1);
	if (width >= 100 || (width >= 80 && !one)) {
		at.from = list_column(&x, at.wide, 0 + (width < 100));
		at.to = list_column(&x, at.wide, width < 100);
	} else {
		at.arrow = list_column(&x, width >= 80 ? 3 : 1, width >= 80 ? 2 : 1);
		if (width >= NARROW && !one)
			at.remote = list_column(&x, at.wide, 1);
	}
	at.proto = list_column(&x, width >= 100 ? 6 : 5, 1);
	if (width >= 100 || (width >= 80 && one))
		at.len = list_column(&x, width >= 100 ? 5 : 4, width >= 100 ? 2 : 1);
	at.info = x;
	return at;
}

static void list_heads(const struct packets_look *s, const struct list_columns *at, struct canvas *c, unsigned y)
{
	static const char *const times[TIMES] = {"Time s", "Delta s", "Clock"};

	canvas_right(c, 0, y, at->no, ROLE_HEAD, "No");
	if (at->time)
		canvas_right(c, at->no, y, at->time, ROLE_HEAD, times[s->times]);
	if (at->from) {
		canvas_put(c, at->from - at->wide, y, c->width, ROLE_HEAD, "Source");
		canvas_put(c, at->to - at->wide, y, c->width, ROLE_HEAD, "Destination");
	}
	if (at->arrow)
		canvas_right(c, at->no, y, at->arrow, ROLE_HEAD, c->width >= 80 ? "Dir" : "");
	if (at->remote)
		canvas_put(c, at->remote - at->wide, y, c->width, ROLE_HEAD, "Server");
	canvas_put(c, at->proto - (c->width >= 100 ? 6 : 5), y, c->width, ROLE_HEAD, "Proto");
	if (at->len)
		canvas_right(c, at->proto, y, at->len, ROLE_HEAD, "Len");
	canvas_put(c, at->info, y, c->width, ROLE_HEAD, "Info");
}

/* ---- one row -------------------------------------------------------------------- */

/* Times of files can be anything. */
static int64_t list_since(int64_t ns, int64_t from)
{
	int64_t since;

	return __builtin_sub_overflow(ns, from, &since) ? (ns < from ? INT64_MIN : INT64_MAX) : since;
}

/* Seconds in so many cells: the decimals give way. */
static void list_seconds(struct text *t, int64_t ns, unsigned cells)
{
	char buffer[48];

	for (int decimals = 6; decimals >= 0; decimals--) {
		int n = snprintf(buffer, sizeof buffer, "%.*f", decimals, (double)ns / (double)CLOCK_S);

		if (n <= (int)cells || decimals == 0) {
			text_put(t, buffer);
			return;
		}
	}
}

static void list_time(struct text *t, const struct look *l, const struct answer *a, unsigned i, unsigned cells)
{
	const struct packets_look *s = &l->packets;
	const struct packet_row *r = &a->packets.row[i];
	int64_t from = s->reference ? s->reference_ns
		       : s->flows == 1 && a->packets.has_subject ? a->packets.subject.first_ns : a->totals.first_ns;
	char clock[32];

	if (r->no_time) {
		text_put(t, "no time");
		return;
	}
	switch (s->times) {
	case TIMES_CLOCK:
		clock_of_day(r->ts_ns, cells >= TIME_OF_DAY ? 6 : 0, clock);
		text_put(t, clock);
		break;
	case TIMES_DELTA:
		if (i > 0 && !a->packets.row[i - 1].no_time && !a->packets.row[i - 1].gone)
			list_seconds(t, list_since(r->ts_ns, a->packets.row[i - 1].ts_ns), cells);
		else
			text_put(t, "-");
		break;
	default:
		if (s->reference == r->number)
			text_put(t, "REF");
		else
			list_seconds(t, list_since(r->ts_ns, from), cells);
		break;
	}
}

static void list_flag(struct text *t, bool is, const char *word)
{
	if (!is)
		return;
	if (t->len > 0)
		text_char(t, ' ');
	text_put(t, word);
}

/* "SYN/ACK", "PSH ACK", "ACK". */
static void list_flags(struct text *t, unsigned f)
{
	list_flag(t, (f & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK), "SYN/ACK");
	list_flag(t, (f & (TCP_SYN | TCP_ACK)) == TCP_SYN, "SYN");
	list_flag(t, f & TCP_FIN, "FIN");
	list_flag(t, f & TCP_RST, "RST");
	list_flag(t, f & TCP_PSH, "PSH");
	list_flag(t, f & TCP_URG, "URG");
	list_flag(t, (f & (TCP_SYN | TCP_ACK)) == TCP_ACK, "ACK");
	list_flag(t, f & TCP_ECE, "ECE");
	list_flag(t, f & TCP_CWR, "CWR");
	list_flag(t, f & TCP_AE, "AE");
	if (t->len == 0)
		text_put(t, "no flags");
}

void packets_tcp(struct text *t, const struct packet_row *r, bool raw)
{
	char flags[48];
	struct text f;

	text_init(&f, flags, sizeof flags);
	list_flags(&f, r->flags);
	text_put(t, flags);
	if (r->payload_len > 0 || r->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		text_format(t, " seq %u", (unsigned)(raw || !r->seq_known ? r->seq : r->flags & TCP_SYN ? 0 : r->seq_from_isn));
	if (r->flags & TCP_ACK)
		text_format(t, " ack %u", (unsigned)(!raw && r->ack_known ? r->ack_from_isn : r->ack));
	if (r->flags & TCP_SYN || r->payload_len == 0)
		text_format(t, " win %llu", r->flags & TCP_SYN || r->room < 0 ? (unsigned long long)r->window
									    : (unsigned long long)r->room);
	if (r->payload_len > 0)
		text_format(t, " len %u", (unsigned)r->payload_len);
}

void packets_info(struct text *t, const struct packet_row *r, bool raw)
{
	char flags[48];
	struct text f;

	if (r->gone) {
		text_init(&f, flags, sizeof flags);
		list_flags(&f, r->flags);
		text_put(t, r->flags ? flags : "");
		if (r->payload_len > 0)
			text_format(t, " len %u", (unsigned)r->payload_len);
		text_put(t, r->flags || r->payload_len ? "  (no longer to be had)" : "no longer to be had");
		return;
	}
	if (!r->is_tcp || strcmp(r->protocol, "tcp") != 0) { /* an application has the word */
		text_put(t, r->line);
		return;
	}
	packets_tcp(t, r, raw);
	if (r->line[0] != '\0') {
		text_put(t, "  ");
		text_put(t, r->line);
	}
}

/* Without its first n characters. */
static const char *list_scrolled(const char *s, unsigned n)
{
	for (; n > 0 && *s != '\0'; n--)
		for (s++; ((unsigned char)*s & 0xc0) == 0x80; s++)
			;
	return s;
}

static void list_info(const struct packets_look *s, const struct packet_row *r, struct canvas *c, unsigned x, unsigned y)
{
	static const char *const sign[][2] = {{"", ""}, {"▲ ", "! "}, {"● ", "!! "}};
	const uint64_t said = means_said(r);
	enum means_weight weight = means_weight(said);
	enum role role = weight == MEANS_PROBLEM ? ROLE_BAD : weight == MEANS_WARNING ? ROLE_WARN : ROLE_DIM;
	uint64_t plain = 0;
	char buffer[512];
	unsigned from = x;
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (weight > MEANS_PLAIN && s->shift == 0) {
		text_put(&t, sign[weight][c->ascii]);
		means_words(&t, said, MEANS_WARNING);
		x = canvas_cut(c, x, y, c->width, role, buffer) + 2;
		text_reset(&t);
	}
	if (r->issue[0] != '\0' && s->shift == 0)
		x = canvas_cut(c, x, y, c->width, ROLE_BAD, r->issue) + 2;
	packets_info(&t, r, s->raw);
	x = canvas_foreign(c, x, y, c->width, r->gone ? ROLE_DIM : ROLE_TEXT, list_scrolled(buffer, s->shift),
			   strlen(list_scrolled(buffer, s->shift)));
	for (unsigned v = 0; v < VERDICTS; v++)
		if (said >> v & 1 && means_verdicts[v].weight == MEANS_PLAIN)
			plain |= UINT64_C(1) << v;
	text_reset(&t);
	if (plain != 0) {
		means_words(&t, plain, MEANS_PLAIN);
		canvas_cut(c, x + 2, y, c->width, ROLE_DIM, buffer);
	}
	if (s->find == FIND_TEXT && s->find_len < sizeof buffer) {
		memcpy(buffer, s->find_for, s->find_len);
		buffer[s->find_len] = '\0';
		canvas_mark(c, from, y, c->width, buffer);
	}
}

/* An end of a packet: its address, else its hardware address. */
static void list_end(struct text *t, const struct list_columns *at, const struct endpoint *e, const uint8_t mac[6], bool has_mac)
{
	struct endpoint shown = *e;

	if (e->family != FAMILY_NONE) {
		shown.has_port = e->has_port && at->ports;
		words_endpoint(t, &shown, at->wide - 1);
		return;
	}
	if (!has_mac)
		return;
	for (unsigned i = 0; i < 6; i++)
		text_format(t, at->wide >= 18 ? "%s%02x" : "%.0s%02x", i > 0 ? ":" : "", mac[i]);
}

static void list_ends(const struct list_columns *at, const struct packet_row *r, struct canvas *c, unsigned y)
{
	enum role role = r->flow == 0 ? ROLE_TEXT : r->side ? ROLE_DOWN : ROLE_UP;
	char buffer[80];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (at->from) {
		list_end(&t, at, &r->from, r->mac_from, r->has_mac);
		canvas_put(c, at->from - at->wide, y, at->from, role, buffer);
		text_reset(&t);
		list_end(&t, at, &r->to, r->mac_to, r->has_mac);
		canvas_put(c, at->to - at->wide, y, at->to, ROLE_TEXT, buffer);
	}
	if (at->arrow && r->flow != 0)
		canvas_put(c, c->width >= 80 ? at->arrow - 2 : at->arrow - 1, y, at->arrow, role, r->side ? "←" : "→");
	if (at->remote) {
		text_reset(&t);
		list_end(&t, at, r->side ? &r->from : &r->to, r->side ? r->mac_from : r->mac_to, r->has_mac);
		canvas_put(c, at->remote - at->wide, y, at->remote, ROLE_TEXT, buffer);
	}
}

static void list_row(const struct look *l, const struct answer *a, struct canvas *c, const struct list_columns *at,
		     unsigned i, unsigned y)
{
	const struct packets_look *s = &l->packets;
	const struct packet_row *r = &a->packets.row[i];
	bool selected = i == a->packets.selected_row;
	char buffer[48];
	struct text t;

	if (selected)
		canvas_put(c, 0, y, 1, ROLE_TEXT, "▶");
	text_init(&t, buffer, sizeof buffer);
	text_u64(&t, r->number);
	canvas_right(c, 1, y, at->no, r->gone ? ROLE_DIM : ROLE_TEXT, buffer);
	if (packets_is_marked(s, r->number))
		canvas_put(c, at->no, y, at->no + 1, ROLE_KEY, "*");
	if (r->issue[0] != '\0' || (r->caplen < r->wirelen && !r->gone))
		canvas_put(c, at->no + 1, y, at->no + 2, r->issue[0] != '\0' ? ROLE_BAD : ROLE_WARN, c->ascii ? "x" : "✗");
	else if (r->comment)
		canvas_put(c, at->no + 1, y, at->no + 2, ROLE_KEY, "\"");
	if (at->time && !r->gone) {
		text_reset(&t);
		list_time(&t, l, a, i, at->time - at->no - 2);
		canvas_right(c, at->no + 2, y, at->time, s->reference == r->number ? ROLE_KEY : ROLE_TEXT, buffer);
	}
	list_ends(at, r, c, y);
	if (!r->gone) {
		text_reset(&t);
		packets_name(&t, r->protocol);
		canvas_put(c, at->proto - (c->width >= 100 ? 6 : 5), y, at->proto, ROLE_TEXT, buffer);
	}
	if (at->len && !r->gone) {
		text_reset(&t);
		text_u64(&t, r->wirelen);
		canvas_right(c, at->proto, y, at->len, ROLE_TEXT, buffer);
	}
	list_info(s, r, c, at->info, y);
	if (selected)
		canvas_attr(c, 0, y, c->width, s->pane == PANE_LIST ? ATTR_REVERSE : ATTR_BOLD);
}

/* Why there is nothing. */
static void list_empty(const struct look *l, const struct answer *a, struct canvas *c, unsigned y)
{
	const struct packets_look *s = &l->packets;
	char buffer[QUERY_MATCH + 192], meant[FILTER_OFFER_TEXT];
	struct text t, hint;

	text_init(&t, buffer, sizeof buffer);
	if (s->marked_only) {
		text_put(&t, s->marks ? "the marked packets are no longer to be had: & shows all" : "nothing is marked: & shows all");
	} else if (s->match[0] != '\0') {
		text_put(&t, "no packet matches ");
		text_foreign(&t, s->match, strlen(s->match), false);
		text_init(&hint, meant, sizeof meant);
		if (filter_hint(&hint, s->match, FILTER_PACKETS)) {
			text_put(&t, "; did you mean ");
			text_put(&t, meant);
		}
		text_put(&t, hint.len > 0 ? "? Esc clears the filter" : ": Esc clears the filter");
	} else if (s->flows > 0 && a->packets.elsewhere > 0) {
		text_put(&t, "its packets are no longer to be had");
	} else if (a->packets.forgotten > 0) {
		text_put(&t, "no packet is to be had any more");
	} else {
		text_put(&t, l->live && !a->ended ? "no packets yet; waiting" : "no packets came in");
	}
	canvas_cut(c, 2, y, c->width, ROLE_DIM, buffer);
}

void packets_list(const struct look *l, const struct answer *a, struct canvas *c, const struct packets_panes *p)
{
	struct list_columns at = list_fit(&l->packets, a, c->width);
	unsigned skip = l->packets.skip < a->packets.rows ? l->packets.skip : 0;

	list_heads(&l->packets, &at, c, p->head);
	if (a->packets.rows == 0 && p->rows > 0)
		list_empty(l, a, c, p->list + (p->rows > 2));
	for (unsigned i = 0; i + skip < a->packets.rows && i < p->rows; i++)
		list_row(l, a, c, &at, i + skip, p->list + i);
}
