/* One connection in words: the pane under the list, and the page that Enter
 * opens, with its handshake drawn as a ladder and every key of its record.
 */
#include <string.h>

#include "look.h"
#include "sockeye/loss.h"
#include "sockeye/clock.h"
#include "words.h"

enum { LABEL = 1, VALUE = 12 };

/* ---- the lines ------------------------------------------------------------ */

static unsigned detail_label(struct canvas *c, unsigned y, const char *label)
{
	canvas_put(c, LABEL, y, VALUE, ROLE_HEAD, label);
	return VALUE;
}

/* A name in front of a duration that the record has. */
static unsigned detail_duration(struct canvas *c, unsigned x, unsigned y, const struct flow_record *r,
				enum record_key k, const char *name)
{
	char buffer[48];
	struct text t;

	if (!record_has(r, k))
		return x;
	text_init(&t, buffer, sizeof buffer);
	words_span(&t, *(const int64_t *)record_member(r, k));
	if (x + canvas_width(name) + canvas_width(buffer) + 2 > c->width)
		return c->width; /* nor does the next one fit */
	x = canvas_put(c, x, y, c->width, ROLE_DIM, name);
	x = canvas_put(c, x + 1, y, c->width, ROLE_TEXT, buffer);
	return x + 2;
}

static void detail_handshake(struct canvas *c, unsigned y, const struct flow_record *r)
{
	/* Only TCP's is known step by step; of all others whether packets came both ways. */
	unsigned x = detail_label(c, y, r->ip_proto == PROTO_TCP ? "handshake" : condition_is_message(r) ? "message" : "exchange");
	bool roomy = c->width >= 110;

	x = handshake_draw(c, x, y, c->width - 1, r, roomy ? HANDSHAKE_WORDS : HANDSHAKE_CHAIN) + 3;
	x = detail_duration(c, x, y, r, RECORD_HS_LAST_SYN_TO_SYNACK, "network");
	x = detail_duration(c, x, y, r, RECORD_HS_SYNACK_TO_ACK, "client");
	if (r->syns > 1 || roomy)
		x = detail_duration(c, x, y, r, RECORD_HS_FIRST_SYN_TO_ACK, "in all");
	if (roomy && record_has(r, RECORD_CAPTURE_SIDE) && x + 26 < c->width) {
		x = canvas_put(c, x, y, c->width, ROLE_DIM, strcmp(r->capture_side, "between") == 0 ? "captured " : "captured near the ");
		canvas_put(c, x, y, c->width, ROLE_DIM, r->capture_side);
	}
}

static void detail_pair_number(struct text *t, const struct flow_record *r, enum record_key client,
			       enum record_key server)
{
	const enum record_key k[2] = {client, server};

	for (unsigned i = 0; i < 2; i++) {
		if (i > 0)
			text_char(t, '/');
		if (record_has(r, k[i]))
			text_u64(t, *(const uint64_t *)record_member(r, k[i]));
		else
			text_char(t, '-');
	}
}

/* An option is in use only if both offered it; if one did, say which. */
static void detail_option(struct text *t, const struct flow_record *r, enum record_key client,
			  enum record_key server, const char *name)
{
	bool a = record_has(r, client) && *(const bool *)record_member(r, client);
	bool b = record_has(r, server) && *(const bool *)record_member(r, server);

	if (!a && !b)
		return;
	text_put(t, "  ");
	text_put(t, name);
	if (a != b)
		text_put(t, a ? " (client only)" : " (server only)");
}

static void detail_options(struct canvas *c, unsigned y, const struct flow_record *r)
{
	unsigned x = detail_label(c, y, "options");
	char buffer[160];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (r->syns == 0 && r->synacks == 0) {
		canvas_put(c, x, y, c->width, ROLE_DIM,
			   r->ip_proto == PROTO_TCP ? "not captured" : "none: it is not TCP");
		return;
	}
	text_put(&t, "mss ");
	detail_pair_number(&t, r, RECORD_HS_CLIENT_MSS, RECORD_HS_SERVER_MSS);
	text_put(&t, "  wscale ");
	detail_pair_number(&t, r, RECORD_HS_CLIENT_WSCALE, RECORD_HS_SERVER_WSCALE);
	detail_option(&t, r, RECORD_HS_CLIENT_SACK, RECORD_HS_SERVER_SACK, "sack");
	detail_option(&t, r, RECORD_HS_CLIENT_TS, RECORD_HS_SERVER_TS, "timestamps");
	if (record_has(r, RECORD_HS_SIMULTANEOUS) && r->simultaneous_open)
		text_put(&t, "  simultaneous open");
	if (record_has(r, RECORD_HS_SPLIT) && r->split)
		text_put(&t, "  split handshake");
	if (record_has(r, RECORD_HS_FAST_OPEN))
		text_format(&t, "  fast open %s", record_is(r, RECORD_HS_FAST_OPEN, "cookie_given") ? "cookie given"
											       : r->fast_open);
	if (record_has(r, RECORD_HS_ECN))
		text_format(&t, "  ecn %s", r->ecn_agreed);
	if (record_has(r, RECORD_MPTCP_SUBFLOW))
		text_format(&t, "  multipath #%u.%u", (unsigned)r->mptcp.connection, (unsigned)r->mptcp.subflow);
	canvas_cut(c, x, y, c->width - 1, ROLE_TEXT, buffer);
}

/* "retransmitted 0   out of order 0   dup ack 2": of TCP, where it is judged. */
static void detail_repeats(struct canvas *c, unsigned x, unsigned y, const struct flow_record *r)
{
	static const struct {
		const char *name;
		enum record_key key;
	} count[] = {
		{"retransmitted", RECORD_RETRANSMISSIONS}, {"out of order", RECORD_OUT_OF_ORDER},
		{"dup ack", RECORD_DUP_ACKS}, {"zero window", RECORD_ZERO_WINDOWS},
	};

	for (size_t i = 0; i < sizeof count / sizeof count[0]; i++) {
		const uint64_t *pair = record_member(r, count[i].key);
		char buffer[32];
		struct text t;

		if (!record_has(r, count[i].key))
			continue;
		text_init(&t, buffer, sizeof buffer);
		words_size(&t, pair[0] + pair[1]);
		if (x + canvas_width(count[i].name) + canvas_width(buffer) + 2 > c->width)
			return;
		x = canvas_put(c, x, y, c->width, ROLE_DIM, count[i].name);
		x = canvas_put(c, x + 1, y, c->width, pair[0] + pair[1] > 0 ? ROLE_WARN : ROLE_TEXT, buffer) + 2;
	}
}

static void detail_data(struct canvas *c, unsigned y, const struct flow_record *r)
{
	static const char *const way[] = {"▶ ", "◀ "};
	static const enum role role[] = {ROLE_UP, ROLE_DOWN};
	/* What a datagram carries, without headers; of TCP the stream. */
	unsigned x = detail_label(c, y, r->ip_proto == PROTO_TCP ? "data" : "payload");
	char buffer[96], lost[256];
	bool trouble;
	struct text t;

	text_init(&t, lost, sizeof lost);
	trouble = loss_text(&t, r);
	for (unsigned i = 0; i < 2; i++) {
		text_init(&t, buffer, sizeof buffer);
		words_size(&t, r->bytes[i]);
		text_char(&t, 'B');
		if (!trouble || c->width >= 100) { /* what went wrong needs the room more */
			text_put(&t, " in ");
			words_count(&t, r->packets[i]);
			text_put(&t, r->packets[i] == 1 ? " packet" : " packets");
		}
		x = canvas_put(c, x, y, c->width, role[i], way[i]);
		x = canvas_put(c, x, y, c->width, ROLE_TEXT, buffer) + 3;
	}
	if (trouble) {
		canvas_cut(c, x, y, c->width - 1, ROLE_WARN, lost);
	} else if (c->width >= 100) {
		text_init(&t, buffer, sizeof buffer);
		words_span(&t, r->last_ns - r->first_ns);
		x = canvas_put(c, x, y, c->width, ROLE_DIM, "for ");
		x = canvas_put(c, x, y, c->width, ROLE_TEXT, buffer) + 3;
		detail_repeats(c, x, y, r);
	}
}

/* nginx pid 815 fd 19 uid 33, and where there is room how that is known and where it lives. */
static unsigned detail_owner(struct canvas *c, unsigned x, unsigned y, const struct record_owner *o)
{
	char buffer[128];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (o->pid > 0) {
		x = canvas_foreign(c, x, y, c->width, ROLE_TEXT, o->comm, strnlen(o->comm, sizeof o->comm));
		text_format(&t, " pid %d", (int)o->pid);
	}
	if (o->fd >= 0)
		text_format(&t, " fd %d", (int)o->fd);
	if (o->uid != UINT32_MAX && x + t.len + 16 < c->width) /* whole or not at all */
		text_format(&t, "%suid %u", o->pid > 0 ? " " : "", (unsigned)o->uid);
	x = canvas_put(c, x, y, c->width, ROLE_TEXT, buffer);
	if (c->width < 110)
		return x;
	text_reset(&t);
	if (o->home != NULL && strcmp(o->home_kind, "unit") != 0)
		text_format(&t, " %s", o->home_kind);
	if (o->home != NULL) {
		text_char(&t, ' ');
		text_foreign(&t, o->home, strnlen(o->home, strcmp(o->home_kind, "unit") == 0 ? 40 : 12), false);
	}
	if (o->evidence != NULL)
		text_format(&t, " (%s)", o->evidence);
	return canvas_put(c, x, y, c->width, ROLE_DIM, buffer);
}

/* The processes at each end, else why they are not known; false: there is nothing of both. */
static bool detail_owners(struct canvas *c, unsigned y, const struct flow_record *r)
{
	static const enum record_key key[] = {RECORD_OWNER_CLIENT, RECORD_OWNER_SERVER};
	static const enum record_key unknown[] = {RECORD_OWNER_UNKNOWN_CLIENT, RECORD_OWNER_UNKNOWN_SERVER};
	static const char *const end[] = {"client ", "server "};
	unsigned x = VALUE;

	if (record_process(r, 0) == NULL && record_process(r, 1) == NULL)
		return false;
	detail_label(c, y, "socket");
	for (unsigned i = 0; i < 2; i++) {
		if (!record_has(r, key[i]) && !record_has(r, unknown[i]))
			continue;
		x = canvas_put(c, x, y, c->width, ROLE_DIM, end[i]);
		for (unsigned k = 0; record_has(r, key[i]) && k < r->owner[i].n && k < RECORD_OWNERS_MAX; k++) {
			x = canvas_put(c, x, y, c->width, ROLE_DIM, k > 0 ? ", " : "");
			x = detail_owner(c, x, y, &r->owner[i].at[k]);
		}
		if (record_has(r, key[i]) && r->owner[i].netns != 0) {
			char netns[48];

			(void)snprintf(netns, sizeof netns, " in namespace %u", (unsigned)r->owner[i].netns);
			x = canvas_cut(c, x, y, c->width - 1, ROLE_DIM, netns);
		}
		if (record_has(r, unknown[i])) {
			x = canvas_put(c, x, y, c->width, ROLE_DIM, record_has(r, key[i]) ? ", " : "not known: ");
			x = canvas_put(c, x, y, c->width, ROLE_DIM, strcmp(r->owner_unknown[i], "other_host") == 0
				       ? "another host's" : strcmp(r->owner_unknown[i], "other_netns") == 0
				       ? "another namespace's" : r->owner_unknown[i]);
		}
		x += 2;
	}
	if (record_has(r, RECORD_ACCEPT_LATENCY)) {
		char buffer[48];
		struct text t;

		text_init(&t, buffer, sizeof buffer);
		text_put(&t, "accepted after ");
		words_span(&t, r->accept_latency);
		if (x + canvas_width(buffer) < c->width)
			canvas_put(c, x, y, c->width, ROLE_TEXT, buffer);
	}
	return true;
}

/* Service and name, then the way the packets took. */
static void detail_path(struct canvas *c, unsigned y, const struct flow_record *r)
{
	unsigned x = detail_label(c, y, "service");
	char buffer[96];
	struct text t;

	if (record_has(r, RECORD_SERVICE))
		x = canvas_put(c, x, y, c->width, ROLE_TEXT, r->service) + 1;
	if (record_has(r, RECORD_SERVER_NAME))
		x = canvas_foreign(c, x, y, c->width - 1, ROLE_MATCH, r->server_name.bytes, r->server_name.len) + 1;
	if (!record_has(r, RECORD_SERVICE) && !record_has(r, RECORD_SERVER_NAME))
		x = canvas_put(c, x, y, c->width, ROLE_DIM, "not known by its content") + 1;
	x += 2;
	if (record_has(r, RECORD_TTL)) {
		text_init(&t, buffer, sizeof buffer);
		text_put(&t, "ttl ");
		for (unsigned i = 0; i < 2; i++) {
			if (i > 0)
				text_char(&t, '/');
			if (r->ttl[i] == PAIR_UNKNOWN)
				text_char(&t, '-');
			else
				text_u64(&t, r->ttl[i]);
		}
		x = canvas_put(c, x, y, c->width, ROLE_DIM, buffer) + 2;
	}
	if (record_has(r, RECORD_VLAN)) {
		text_init(&t, buffer, sizeof buffer);
		text_put(&t, "vlan");
		for (unsigned i = 0; i < r->vlan.n && i < RECORD_LIST_MAX; i++)
			text_format(&t, " %u", (unsigned)r->vlan.at[i]);
		x = canvas_put(c, x, y, c->width, ROLE_DIM, buffer) + 2;
	}
	if (record_has(r, RECORD_TUNNEL))
		canvas_foreign(c, x, y, c->width - 1, ROLE_DIM, r->tunnel.bytes, r->tunnel.len);
}

static void detail_story(struct canvas *c, unsigned y, const struct flow_record *r, bool ended, int64_t now_ns)
{
	const struct condition_look *looks = words_look(r, ended);
	unsigned x = detail_label(c, y, "state");
	char letter[2] = {looks->ascii, '\0'}, buffer[256];
	struct text t;

	x = canvas_put(c, x, y, c->width, looks->role, c->ascii ? letter : looks->glyph);
	text_init(&t, buffer, sizeof buffer);
	words_story(&t, r, ended, now_ns);
	x = canvas_cut(c, x + 1, y, c->width - 1, ROLE_TEXT, buffer);
	text_reset(&t);
	words_ends(&t, r);
	if (x + 2 + canvas_width(buffer) < c->width) /* whole or not at all: the page has it among its keys */
		canvas_put(c, x + 2, y, c->width, ROLE_DIM, buffer);
}

/* ── 10.9.0.1:47840 → 10.9.0.2:5301  tcp  #17 ──────────────────────── */
static void detail_rule(struct canvas *c, unsigned y, const struct flow_record *r, const char *right,
			const char *place)
{
	unsigned x = canvas_fill(c, 0, y, 2, ROLE_RULE, 0x2500), end = c->width;
	unsigned room = c->width > 30 ? (c->width - 24) / 2 : 12;
	char buffer[96];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	words_endpoint(&t, &r->client, room);
	x = canvas_put(c, x + 1, y, end, ROLE_NEW, buffer);
	canvas_attr(c, 3, y, x, ATTR_BOLD);
	x = canvas_put(c, x + 1, y, end, ROLE_RULE, "→");
	text_reset(&t);
	words_endpoint(&t, &r->server, room);
	{
		unsigned from = x + 1;

		x = canvas_put(c, from, y, end, ROLE_NEW, buffer);
		canvas_attr(c, from, y, x, ATTR_BOLD);
	}
	text_reset(&t);
	text_format(&t, "  %s  #", r->proto != NULL ? r->proto : "?");
	text_u64(&t, r->id);
	if (place != NULL && place[0] != '\0' && c->width >= 100) {
		text_put(&t, "  ");
		text_put(&t, place);
	}
	x = canvas_put(c, x, y, end, ROLE_DIM, buffer) + 1;
	canvas_fill(c, x, y, end, ROLE_RULE, 0x2500);
	if (right != NULL && x + canvas_width(right) + 4 < end) {
		unsigned from = end - canvas_width(right) - 2;

		canvas_put(c, from, y, from + 1, ROLE_TEXT, " ");
		canvas_put(c, from + 1, y, end, ROLE_DIM, right);
		canvas_put(c, end - 1, y, end, ROLE_TEXT, " ");
	}
}

void detail_pane(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	const struct flow_record *r;
	unsigned y = at->pane + 1;
	char place[64];
	struct text t;

	(void)l;
	if (a->rows == 0) {
		canvas_fill(c, 0, at->pane, c->width, ROLE_RULE, 0x2500);
		return;
	}
	r = &a->row[a->selected_row];
	text_init(&t, place, sizeof place);
	if (record_has(r, RECORD_OPEN) && r->open) {
		text_put(&t, "open ");
		words_span(&t, (a->live && !a->ended ? a->now_ns : r->last_ns) - r->first_ns);
	}
	detail_rule(c, at->pane, r, "Enter: ladder  d: all of it", place);
	detail_handshake(c, y++, r);
	if (at->pane_rows >= 5)
		detail_options(c, y++, r);
	detail_data(c, y++, r);
	if (at->pane_rows >= 5 && !detail_owners(c, y, r))
		detail_path(c, y, r);
	y += at->pane_rows >= 5;
	detail_story(c, y, r, a->ended, a->now_ns);
}

/* ---- the page ------------------------------------------------------------- */

struct arrow {
	int64_t at_ns;
	bool from_server, again;
	const char *label, *note;
};

static unsigned detail_arrows(const struct flow_record *r, struct arrow *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RECORD_TRIES && i < r->syns && r->syn_ns[i] != 0; i++)
		out[n++] = (struct arrow){r->syn_ns[i], false, i > 0, "SYN", i ? "the SYN again" : "the client asks"};
	for (unsigned i = 0; i < RECORD_TRIES && i < r->synacks && r->synack_ns[i] != 0; i++)
		out[n++] = (struct arrow){r->synack_ns[i], true, i > 0, r->split ? "SYN" : "SYN/ACK",
					  r->split ? "the server asks instead of answering"
					  : i	   ? "the SYN/ACK again"
						   : "the server agrees"};
	if (r->peer_syn_ns != 0)
		out[n++] = (struct arrow){r->peer_syn_ns, true, false, "SYN", "the server asks, too: both open at once"};
	if (r->ack_ns != 0)
		out[n++] = (struct arrow){r->ack_ns, false, false, r->split ? "SYN/ACK" : "ACK",
					  r->split ? "the client agrees" : "open"};
	else if (r->rst_ns != 0 && n > 0)
		out[n++] = (struct arrow){r->rst_ns, r->rst[1] > 0, false, "RST",
					  record_is(r, RECORD_STATE, "refused") ? "refused" : "given up"};
	for (unsigned i = 1; i < n; i++) {
		struct arrow s = out[i];
		unsigned k = i;

		for (; k > 0 && out[k - 1].at_ns > s.at_ns; k--)
			out[k] = out[k - 1];
		out[k] = s;
	}
	return n;
}

static void detail_arrow(struct canvas *c, unsigned y, const struct arrow *w, int64_t first_ns, int64_t before_ns)
{
	enum { TIME = 11, DELTA = 21, LEFT = 23 };
	unsigned right = c->width >= 110 ? 70 : c->width >= 76 ? 56 : c->width - 3;
	enum role role = w->label[0] == 'R' ? ROLE_BAD : w->from_server ? ROLE_DOWN : ROLE_UP;
	char buffer[48];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	ladder_seconds(&t, w->at_ns - first_ns, TIME - 1, 6);
	canvas_right(c, 1, y, TIME, ROLE_TEXT, buffer);
	if (w->at_ns != before_ns) {
		ladder_delta(&t, w->at_ns - before_ns, DELTA - TIME - 1, 3);
		canvas_right(c, TIME, y, DELTA, ROLE_DIM, buffer);
	}
	canvas_put(c, LEFT, y, c->width, ROLE_RULE, "│");
	/* What the record calls a repeat is one: a double line, as in the Ladder. */
	ladder_arrow(c, y, LEFT + 1, right, !w->from_server, role, w->again ? 0x2550 : 0x2500, w->again ? 2 : 1, w->label);
	canvas_put(c, right, y, c->width, ROLE_RULE, "│");
	if (right + 2 + 8 < c->width)
		canvas_cut(c, right + 2, y, c->width, ROLE_DIM, w->note);
}

/* The repeats that the record does not keep one by one. */
static void detail_more(struct sheet *s, uint32_t n, const char *what)
{
	char line[64];
	struct text t;

	if (n <= RECORD_TRIES)
		return;
	text_init(&t, line, sizeof line);
	text_format(&t, "… and %s %u times more", what, n - RECORD_TRIES);
	canvas_put(s->c, 23, sheet_next(s), s->c->width, ROLE_DIM, line);
}

static void detail_ladder(struct sheet *s, const struct flow_record *r)
{
	struct arrow arrow[2 * RECORD_TRIES + 3];
	unsigned n = r->ip_proto == PROTO_TCP ? detail_arrows(r, arrow) : 0;
	unsigned y;

	if (n == 0 || (r->syns == 0 && r->synacks == 0))
		return;
	y = sheet_next(s);
	canvas_right(s->c, 1, y, 11, ROLE_HEAD, "time s");
	canvas_right(s->c, 11, y, 21, ROLE_HEAD, "+ ms");
	canvas_put(s->c, 23, y, s->c->width, ROLE_HEAD, "client");
	canvas_right(s->c, 30, y, (s->c->width >= 110 ? 70 : s->c->width >= 76 ? 56 : s->c->width - 3) + 1, ROLE_HEAD,
		     "server");
	for (unsigned i = 0; i < n; i++)
		detail_arrow(s->c, sheet_next(s), &arrow[i], arrow[0].at_ns, arrow[i > 0 ? i - 1 : 0].at_ns);
	detail_more(s, r->syns, "the SYN");
	detail_more(s, r->synacks, "the SYN/ACK");
	sheet_next(s);
}

/* A verdict that was never passed: there are many, and a zero says little. */
static bool detail_nothing(const struct flow_record *r, unsigned k)
{
	const uint64_t *pair = record_member(r, (enum record_key)k);

	return k >= RECORD_RETRANSMISSIONS && k <= RECORD_EXACT_FORGOTTEN_HOLES &&
	       record_fields[k].kind == VALUE_PAIR && !pair[0] && !pair[1];
}

/* Every key of the record that has a value, in the table's order. */
static void detail_keys(struct sheet *s, const struct flow_record *r)
{
	unsigned columns = s->c->width >= 110 ? 2 : 1, half = s->c->width / columns, column = 0, y = 0;

	canvas_put(s->c, LABEL, sheet_next(s), s->c->width, ROLE_HEAD, "record");
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		unsigned x = LABEL + column * half;
		char buffer[512];
		struct text t;

		if (!(record_fields[k].in & IN_CONNECTION) || !record_has(r, (enum record_key)k) ||
		    detail_nothing(r, k))
			continue;
		if (column == 0)
			y = sheet_next(s);
		text_init(&t, buffer, sizeof buffer);
		if (record_fields[k].kind == VALUE_TIME)
			words_date(&t, *(const int64_t *)record_member(r, (enum record_key)k));
		else
			record_text(&t, r, (enum record_key)k);
		canvas_cut(s->c, x, y, x + 24, ROLE_DIM, record_fields[k].title);
		/* record_text() has escaped what is foreign. */
		canvas_cut(s->c, x + 25, y, x + half - 2, ROLE_TEXT, buffer);
		column = (column + 1) % columns;
	}
}

unsigned detail_page(const struct look *l, const struct answer *a, struct canvas *c, unsigned top, unsigned rows)
{
	struct sheet s = {c, top, rows, l->scrolled, 0};
	const struct flow_record *r;

	if (a->rows == 0) {
		canvas_put(c, 3, sheet_next(&s), c->width, ROLE_DIM, "nothing is selected; Esc goes back");
		return s.line;
	}
	r = &a->row[a->selected_row];
	detail_rule(c, sheet_next(&s), r, NULL, NULL);
	detail_story(c, sheet_next(&s), r, a->ended, a->now_ns);
	sheet_next(&s);
	detail_ladder(&s, r);
	detail_handshake(c, sheet_next(&s), r);
	detail_options(c, sheet_next(&s), r);
	detail_data(c, sheet_next(&s), r);
	detail_path(c, sheet_next(&s), r);
	if (record_process(r, 0) != NULL || record_process(r, 1) != NULL)
		detail_owners(c, sheet_next(&s), r);
	sheet_next(&s);
	detail_keys(&s, r);
	return s.line;
}
