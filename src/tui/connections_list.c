/* The list of connections: a glyph, both ends, the handshake, how fast and how much went
 * each way, what was lost, and what it was.
 *
 * columns.c says which columns fit; none ever overlaps. The rows are the answer's; this
 * file orders nothing.
 */
#include <string.h>

#include "columns.h"
#include "look.h"
#include "sockeye/clock.h"
#include "words.h"

enum { GLYPH_AT = 1, MARK_AT = 2, FADE_S = 5, /* live: a closed one is shown as others for so long */
       RTX_PERCENT = 1 };

/* The mark of the order behind a head; where it would be too long, the head loses its last word, the unit. */
static void connections_mark(struct text *t, const char *mark, unsigned cells)
{
	char *blank = strrchr(t->at, ' ');

	if (canvas_width(t->at) + 1 > cells && blank != NULL) {
		*blank = '\0';
		t->len = (size_t)(blank - t->at);
	}
	text_put(t, mark);
}

static void connections_heads(const struct look *l, struct canvas *c, const struct columns *set, unsigned y)
{
	canvas_put(c, GLYPH_AT, y, COLUMNS_FROM, ROLE_HEAD, "St");
	for (unsigned i = 0; i < set->n; i++) {
		const struct column *col = &set->at[i];
		bool sorted = column_sort(l, col->id) == l->sort;
		enum role role = sorted ? ROLE_KEY : ROLE_HEAD;
		char title[48];
		struct text t;

		text_init(&t, title, sizeof title);
		text_put(&t, col->title);
		if (sorted)
			connections_mark(&t, l->descending ? "▼" : "▲", col->end - col->x + col->right);
		/* A number's head may begin in the gap before it: the mark must not cost a letter. */
		if (col->right)
			canvas_right(c, canvas_width(title) > col->end - col->x ? col->x - 1 : col->x, y, col->end, role, title);
		else
			canvas_put(c, col->x, y, col->end, role, title);
	}
	if (set->more_left)
		canvas_put(c, COLUMNS_FROM, y, COLUMNS_FROM + 1, ROLE_KEY, "◀");
	if (set->more_right)
		canvas_put(c, c->width - 1, y, c->width, ROLE_KEY, "▶");
	canvas_attr(c, 0, y, c->width, ATTR_UNDERLINE);
}

/* Service and name; where neither is known, and no column of its own says it,
 * what became of the flow. */
static void connections_service(struct canvas *c, unsigned x, unsigned y, unsigned end,
				const struct flow_record *r, bool ended, bool remark)
{
	bool named = record_has(r, RECORD_SERVER_NAME) && r->server_name.len > 0;
	bool room = end - x >= 20; /* for both the service and the name */

	if (record_has(r, RECORD_SERVICE) && r->service != NULL && (!named || room)) {
		x = canvas_cut(c, x, y, end, ROLE_TEXT, r->service);
		if (named)
			x = canvas_put(c, x, y, end, ROLE_TEXT, " ");
	} else if (!named) {
		enum condition is = condition_of(r, ended);

		if (remark)
			canvas_cut(c, x, y, end, is == CONDITION_CLOSED || is == CONDITION_CLOSING
				   ? ROLE_DIM : condition_looks[is].role, condition_remark(r, ended));
		return;
	}
	if (named)
		canvas_foreign(c, x, y, end, ROLE_TEXT, r->server_name.bytes, r->server_name.len);
}

/* The process that has it, and through which descriptor. */
static void connections_process(struct canvas *c, unsigned x, unsigned y, unsigned end, const struct flow_record *r)
{
	char fd[16];
	struct text t;

	for (unsigned i = 0; i < 2; i++) {
		const struct record_owner *o = record_process(r, i);
		unsigned room;

		if (o == NULL)
			continue;
		text_init(&t, fd, sizeof fd);
		if (end - x >= 12 && o->fd >= 0)
			text_format(&t, ":%d", (int)o->fd);
		room = end - x - (unsigned)t.len;
		x = canvas_foreign(c, x, y, x + room, ROLE_TEXT, o->comm, strnlen(o->comm, sizeof o->comm));
		canvas_put(c, x, y, end, ROLE_DIM, fd);
		return;
	}
}

/* One cell a second, the highest is whole; what was silent is blank. */
static void connections_curve(const struct look *l, const struct answer *a, struct canvas *c, const struct column *col,
			      unsigned y, const struct flow_record *r, unsigned seconds)
{
	const struct spark *s = sparks_of(&l->list, r->id);
	int64_t now = a->now_ns / CLOCK_S;
	uint64_t most = 0;

	if (s == NULL)
		return;
	for (unsigned turn = 0; turn < 2; turn++)
		for (unsigned i = 0; i < seconds && col->x + i < col->end; i++) {
			int64_t second = now - (int64_t)seconds + 1 + (int64_t)i;
			bool known = second >= 0 && second <= s->second && second > s->second - SPARK_SECONDS;
			uint64_t v = known ? s->at[second % SPARK_SECONDS] : 0;
			unsigned level;

			most = v > most ? v : most;
			if (turn == 0 || v == 0)
				continue;
			level = (unsigned)((double)v * 7.99 / (double)most); /* 0 to 7 */
			canvas_fill(c, col->x + i, y, col->x + i + 1, ROLE_GOOD, c->ascii ? '1' + level : 0x2581 + level);
		}
}

/* 0.3s, 42s, 18m, 5h, 3d */
static void connections_span(struct text *t, int64_t ns)
{
	double s = (double)ns / 1e9;

	if (ns < 0)
		text_put(t, "<0");
	else if (s < 9.95)
		text_format(t, "%.1fs", s);
	else if (s < 99.5)
		text_format(t, "%.0fs", s);
	else if (s < 99.5 * 60)
		text_format(t, "%.0fm", s / 60);
	else if (s < 99.5 * 3600)
		text_format(t, "%.0fh", s / 3600);
	else
		text_format(t, "%.0fd", s / 86400);
}

static uint64_t connections_again(const struct flow_record *r)
{
	return record_has(r, RECORD_RETRANSMISSIONS) ? r->retransmissions[0] + r->retransmissions[1] : 0;
}

/* Numbers as text, and how they look. */
static enum role connections_number(const struct look *l, const struct answer *a, enum column_id id, struct text *t,
				    unsigned row)
{
	const struct flow_record *r = &a->row[row];
	bool live = a->live && !a->ended;
	int64_t now = live ? a->now_ns : a->totals.last_ns, ns;
	uint64_t again = connections_again(r);

	switch (id) {
	case COLUMN_START:
		text_seconds(t, r->first_ns - a->totals.first_ns, 3);
		return ROLE_DIM;
	case COLUMN_RTT:
		if (query_round_trip(r, &ns))
			words_ms(t, ns);
		return ROLE_TEXT;
	case COLUMN_UP:
	case COLUMN_DOWN:
		words_size(t, r->bytes[id == COLUMN_DOWN]);
		return r->bytes[id == COLUMN_DOWN] == 0 ? ROLE_DIM : ROLE_TEXT;
	case COLUMN_BYTES:
		words_size(t, l->live ? a->rate[row] : r->bytes[0] + r->bytes[1]);
		return ROLE_TEXT;
	case COLUMN_RATE:
		words_size(t, a->rate[row]);
		return a->rate[row] == 0 ? ROLE_DIM : ROLE_TEXT;
	case COLUMN_RTX:
		if (again == 0)
			text_put(t, r->ip_proto == PROTO_TCP ? "·" : "");
		else
			words_size(t, again);
		return again == 0 ? ROLE_DIM : again * 100 > (r->packets[0] + r->packets[1]) * RTX_PERCENT ? ROLE_BAD
													    : ROLE_TEXT;
	case COLUMN_AGE:
		connections_span(t, (live && record_has(r, RECORD_OPEN) && r->open ? now : r->last_ns) - r->first_ns);
		return ROLE_TEXT;
	case COLUMN_IDLE:
		connections_span(t, now - r->last_ns);
		return ROLE_DIM;
	default:
		return ROLE_TEXT;
	}
}

static void connections_cell(const struct look *l, const struct answer *a, const struct columns *set,
			     const struct column *col, struct canvas *c, unsigned y, unsigned row)
{
	const struct flow_record *r = &a->row[row];
	enum condition is = condition_of(r, a->ended);
	bool in_all = column_sort(l, COLUMN_HANDSHAKE) == l->sort && set->handshake != HANDSHAKE_WORDS &&
		      (r->syns > 1 || r->synacks > 1);
	unsigned x = col->x, end = col->end;
	enum role role;
	char buffer[96];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	switch (col->id) {
	case COLUMN_PORT:
		text_format(&t, r->client.has_port ? ":%u" : "-", (unsigned)r->client.port);
		canvas_put(c, x, y, end, ROLE_TEXT, buffer);
		break;
	case COLUMN_CLIENT:
	case COLUMN_SERVER:
		words_endpoint(&t, col->id == COLUMN_CLIENT ? &r->client : &r->server, end - x);
		canvas_cut(c, x, y, end, ROLE_TEXT, buffer);
		break;
	case COLUMN_HANDSHAKE:
		handshake_draw(c, x, y, end, r, in_all ? HANDSHAKE_IN_ALL : set->handshake);
		break;
	case COLUMN_STATE:
		canvas_cut(c, x, y, end, condition_looks[is].role,
			   condition_remark(r, a->ended)[0] != '\0' ? condition_remark(r, a->ended)
								: condition_looks[is].word);
		break;
	case COLUMN_SERVICE:
		connections_service(c, x, y, end, r, a->ended, !set->state_said);
		break;
	case COLUMN_PROCESS:
		connections_process(c, x, y, end, r);
		break;
	case COLUMN_RATE:
		if (set->spark > 0) {
			connections_curve(l, a, c, col, y, r, set->spark);
			break;
		}
		/* fall through */
	default:
		role = connections_number(l, a, col->id, &t, row);
		if (col->id == COLUMN_BYTES && connections_again(r) > 0)
			canvas_put(c, --end, y, col->end, ROLE_BAD, "!");
		else if (col->id == COLUMN_BYTES)
			end--;
		canvas_right(c, x, y, end, role, buffer);
		break;
	}
}

static bool connections_marked(const struct look *l, uint64_t id)
{
	for (unsigned i = 0; i < l->marks; i++)
		if (l->marked[i] == id)
			return true;
	return false;
}

static void connections_row(const struct look *l, const struct answer *a, struct canvas *c, const struct columns *set,
			    unsigned y, unsigned row, bool selected)
{
	const struct flow_record *r = &a->row[row];
	enum condition is = condition_of(r, a->ended);
	const struct condition_look *looks = words_look(r, a->ended);
	char letter[2] = {looks->ascii, '\0'};

	for (unsigned i = 0; i < set->n; i++)
		connections_cell(l, a, set, &set->at[i], c, y, row);
	/* Of a file most are closed: none would stand out. */
	if (r->past || (is == CONDITION_CLOSED && a->live && a->now_ns - r->last_ns > FADE_S * CLOCK_S))
		canvas_role(c, 0, y, c->width, ROLE_DIM);
	else if (look_new(a, r))
		canvas_attr(c, 0, y, c->width, ATTR_BOLD);
	if (l->match[0] != '\0')
		canvas_mark(c, COLUMNS_FROM, y, c->width, l->match);
	canvas_put(c, GLYPH_AT, y, GLYPH_AT + 1, looks->role,
		   c->ascii ? letter : looks->glyph);
	if (connections_marked(l, r->id))
		canvas_put(c, MARK_AT, y, MARK_AT + 1, ROLE_MATCH, "*");
	if (selected) {
		canvas_put(c, 0, y, 1, ROLE_TEXT, "▶");
		canvas_role(c, 0, y, c->width, ROLE_TEXT);
		canvas_attr(c, 0, y, c->width, ATTR_REVERSE | ATTR_BOLD);
	}
}

/* Of the socket that was come from. */
static void connections_uncaptured(const struct look *l, struct canvas *c, unsigned y)
{
	const bool listens = l->sockets.led_listens;

	canvas_cut(c, 3, y, c->width, ROLE_TEXT, listens ? "no connection to this socket was captured"
							 : "nothing of this connection was captured");
	if (!listens)
		canvas_cut(c, 3, y + 1, c->width, ROLE_DIM, c->width < 70 ? "it began before the capture, or is elsewhere" :
			   "it began before the capture and was silent since, or goes another way");
	canvas_cut(c, 3, y + 1 + !listens, c->width, ROLE_DIM, "Esc goes back to the sockets");
}

/* An empty list says why. */
static void connections_empty(const struct look *l, const struct answer *a, struct canvas *c,
			      const struct layout *at)
{
	unsigned y = at->list + (at->rows > 4 ? at->rows / 3 : 0), x = 3;
	char meant[FILTER_OFFER_TEXT];
	struct text hint;

	text_init(&hint, meant, sizeof meant);
	if (l->list.marked_only) {
		canvas_cut(c, x, y, c->width, ROLE_DIM, "none of those marked is here any more: & shows the others");
	} else if (l->match[0] != '\0' && a->match_error.column > 0) {
		canvas_cut(c, x, y, c->width, ROLE_BAD, "this filter is not understood: Esc clears it");
	} else if (l->match[0] != '\0' && l->from[SCREEN_CONNECTIONS] == SCREEN_SOCKETS &&
		   strcmp(l->match, l->sockets.led_match) == 0) {
		connections_uncaptured(l, c, y);
	} else if (l->match[0] != '\0') {
		x = canvas_put(c, x, y, c->width, ROLE_DIM, "nothing matches ");
		x = canvas_foreign(c, x, y, c->width, ROLE_MATCH, l->match, strlen(l->match));
		if (filter_hint(&hint, l->match, FILTER_FLOWS)) {
			x = canvas_put(c, x, y, c->width, ROLE_DIM, "; did you mean ");
			x = canvas_put(c, x, y, c->width, ROLE_MATCH, meant);
		}
		canvas_cut(c, x, y, c->width, ROLE_DIM, hint.len > 0 ? "? Esc clears the filter" : ": Esc clears the filter");
	} else if (l->list.open_only && a->over > 0) {
		canvas_cut(c, x, y, c->width, ROLE_DIM, "all of them are over: x shows them");
	} else if (a->live && !a->ended) {
		x = canvas_cut(c, x, y, c->width, ROLE_DIM, c->width < 60 ? "no connections yet; waiting" :
				       "no connections yet; waiting for packets on ");
		if (c->width >= 60)
			canvas_foreign(c, x, y, c->width, ROLE_TEXT, l->title, strlen(l->title));
	} else if (!a->ended) {
		canvas_cut(c, x, y, c->width, ROLE_DIM, "no connections yet; reading");
	} else if (a->totals.packets == 0) {
		canvas_cut(c, x, y, c->width, ROLE_DIM, "no packets came in");
	} else {
		canvas_cut(c, x, y, c->width, ROLE_DIM, "no connections: none of these packets belongs to one");
	}
}

void connections_list(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	struct columns set;

	columns_fit(l, c->width, &set);
	connections_heads(l, c, &set, at->head);
	for (unsigned i = 0; l->list.top + i < a->rows && i < at->rows; i++)
		connections_row(l, a, c, &set, at->list + i, l->list.top + i, l->list.top + i == a->selected_row);
	if (a->rows == 0)
		connections_empty(l, a, c, at);
}
