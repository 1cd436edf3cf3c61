/* The list of connections: a glyph, both ends, the handshake, how much went
 * each way, and what it was.
 *
 * Columns are chosen by the width of the screen from a written list; none ever
 * overlaps. The rows are the answer's; this file orders nothing.
 */
#include <string.h>

#include "connections.h"
#include "look.h"
#include "words.h"

enum column_id {
	COLUMN_START, COLUMN_CLIENT, COLUMN_PORT, COLUMN_SERVER, COLUMN_HANDSHAKE, COLUMN_UP, COLUMN_DOWN,
	COLUMN_BYTES, COLUMN_STATE, COLUMN_SERVICE,
};

struct column {
	enum column_id id;
	const char *title;
	enum record_key sort; /* what the head's mark stands for */
	bool right;
	unsigned width;       /* 0: the rest */
};

enum { COLUMNS_MAX = 9, GLYPH_WIDTH = 3, STATE_FROM = 140 };

struct columns {
	unsigned from; /* least width of the screen */
	enum handshake_size handshake;
	struct column at[COLUMNS_MAX];
};

#define START {COLUMN_START, "Start s", RECORD_FIRST, true, 9}
#define CLIENT(w) {COLUMN_CLIENT, "Client", RECORD_CLIENT, false, w}
#define SERVER(w) {COLUMN_SERVER, "Server", RECORD_SERVER, false, w}
#define HANDSHAKE(t, w) {COLUMN_HANDSHAKE, t, RECORD_HS_FIRST_SYN_TO_ACK, false, w}
#define UP {COLUMN_UP, "Up", RECORD_BYTES, true, 5}
#define DOWN {COLUMN_DOWN, "Down", RECORD_KEYS, true, 6}
#define BYTES {COLUMN_BYTES, "Bytes", RECORD_BYTES, true, 6}
#define STATE {COLUMN_STATE, "State", RECORD_STATE, false, 12}
#define SERVICE(t) {COLUMN_SERVICE, t, RECORD_SERVICE, false, 0}

/* Widest first; a column that a line lacks was dropped there. */
static const struct columns connections_columns[] = {
	{160, HANDSHAKE_WORDS, {START, CLIENT(26), SERVER(26), HANDSHAKE("Handshake", 40), UP, DOWN, STATE,
				SERVICE("Service, name")}},
	{STATE_FROM, HANDSHAKE_CHAIN, {START, CLIENT(24), SERVER(24), HANDSHAKE("Handshake ms", 26), UP, DOWN, STATE,
				SERVICE("Service, name")}},
	{120, HANDSHAKE_CHAIN, {START, CLIENT(21), SERVER(21), HANDSHAKE("Handshake ms", 24), UP, DOWN,
				SERVICE("Service, name")}},
	{100, HANDSHAKE_CHAIN, {CLIENT(21), SERVER(21), HANDSHAKE("Handshake ms", 21), UP, DOWN,
				SERVICE("Service, name")}},
	{80, HANDSHAKE_SHORT, {CLIENT(20), SERVER(20), HANDSHAKE("Handshake", 13), BYTES, SERVICE("Service")}},
	{60, HANDSHAKE_SHORT, {{COLUMN_PORT, "Client", RECORD_CLIENT, false, 6}, SERVER(20),
			       HANDSHAKE("Handshake", 11), BYTES, SERVICE("Service")}},
	{0, HANDSHAKE_SHORT, {SERVER(19), HANDSHAKE("Handshake", 9), BYTES}},
};

static const struct columns *connections_fit(unsigned width)
{
	const struct columns *set = connections_columns;

	while (set->from > width)
		set++;
	return set;
}

/* The cells of a column: [x, return). */
static unsigned connections_end(const struct column *col, unsigned x, unsigned width)
{
	return col->width != 0 && x + col->width < width ? x + col->width : width;
}

static bool connections_last(const struct columns *set, unsigned i)
{
	return i == COLUMNS_MAX || set->at[i].title == NULL;
}

static void connections_heads(const struct look *l, struct canvas *c, unsigned y)
{
	const struct columns *set = connections_fit(c->width);
	unsigned x = GLYPH_WIDTH;

	canvas_put(c, 1, y, x, ROLE_HEAD, "St");
	for (unsigned i = 0; !connections_last(set, i); i++) {
		const struct column *col = &set->at[i];
		unsigned end = connections_end(col, x + 1, c->width);
		bool sorted = col->sort == look_sorts[l->sort].key;
		char title[48];
		struct text t;

		text_init(&t, title, sizeof title);
		text_put(&t, col->title);
		if (sorted)
			text_put(&t, l->descending ? "▼" : "▲");
		if (col->right)
			canvas_right(c, x + 1, y, end, sorted ? ROLE_KEY : ROLE_HEAD, title);
		else
			canvas_put(c, x + 1, y, end, sorted ? ROLE_KEY : ROLE_HEAD, title);
		x = end;
	}
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

static void connections_cell(const struct answer *a, const struct columns *set, const struct column *col,
			     struct canvas *c, unsigned x, unsigned y, unsigned end, const struct flow_record *r)
{
	enum condition is = condition_of(r, a->ended);
	char buffer[96];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	switch (col->id) {
	case COLUMN_START:
		text_seconds(&t, r->first_ns - a->totals.first_ns, 3);
		canvas_right(c, x, y, end, ROLE_DIM, buffer);
		break;
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
		handshake_draw(c, x, y, end, r, set->handshake);
		break;
	case COLUMN_UP:
	case COLUMN_DOWN:
		words_size(&t, r->bytes[col->id == COLUMN_DOWN]);
		canvas_right(c, x, y, end, r->bytes[col->id == COLUMN_DOWN] == 0 ? ROLE_DIM : ROLE_TEXT, buffer);
		break;
	case COLUMN_BYTES:
		words_size(&t, r->bytes[0] + r->bytes[1]);
		canvas_right(c, x, y, end, ROLE_TEXT, buffer);
		break;
	case COLUMN_STATE:
		canvas_cut(c, x, y, end, condition_looks[is].role,
			   condition_remark(r, a->ended)[0] != '\0' ? condition_remark(r, a->ended)
								: condition_looks[is].word);
		break;
	case COLUMN_SERVICE:
		connections_service(c, x, y, end, r, a->ended, set->from < STATE_FROM);
		break;
	}
}

static void connections_row(const struct look *l, const struct answer *a, struct canvas *c, unsigned y,
			    const struct flow_record *r, bool selected)
{
	const struct columns *set = connections_fit(c->width);
	enum condition is = condition_of(r, a->ended);
	char letter[2] = {condition_looks[is].ascii, '\0'};
	unsigned x = GLYPH_WIDTH;

	for (unsigned i = 0; !connections_last(set, i); i++) {
		unsigned end = connections_end(&set->at[i], x + 1, c->width);

		if (x + 1 < end)
			connections_cell(a, set, &set->at[i], c, x + 1, y, end, r);
		x = end;
	}
	if (is == CONDITION_CLOSED && a->live) /* of a file most are: none would stand out */
		canvas_role(c, 0, y, c->width, ROLE_DIM);
	else if (look_new(a, r))
		canvas_attr(c, 0, y, c->width, ATTR_BOLD);
	if (l->match[0] != '\0')
		canvas_mark(c, GLYPH_WIDTH, y, c->width, l->match);
	canvas_put(c, 1, y, 2, condition_looks[is].role, c->ascii ? letter : condition_looks[is].glyph);
	if (selected) {
		canvas_put(c, 0, y, 1, ROLE_TEXT, "▶");
		canvas_role(c, 0, y, c->width, ROLE_TEXT);
		canvas_attr(c, 0, y, c->width, ATTR_REVERSE | ATTR_BOLD);
	}
}

/* An empty list says why. */
static void connections_empty(const struct look *l, const struct answer *a, struct canvas *c,
			      const struct layout *at)
{
	unsigned y = at->list + (at->rows > 4 ? at->rows / 3 : 0), x = 3;

	if (l->match[0] != '\0') {
		x = canvas_put(c, x, y, c->width, ROLE_DIM, "nothing matches ");
		x = canvas_foreign(c, x, y, c->width, ROLE_MATCH, l->match, strlen(l->match));
		canvas_cut(c, x, y, c->width, ROLE_DIM, ": Esc clears the filter");
	} else if (a->live && !a->ended) {
		x = canvas_put(c, x, y, c->width, ROLE_DIM, "no connections yet; waiting for packets on ");
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
	connections_heads(l, c, at->head);
	for (unsigned i = 0; i < a->rows && i < at->rows; i++)
		connections_row(l, a, c, at->list + i, &a->row[i], i == a->selected_row);
	if (a->rows == 0)
		connections_empty(l, a, c, at);
}
