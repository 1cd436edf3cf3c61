/* The layers of the selected packet as a tree: what the dissectors made of it, and
 * around that what the screen knows itself (packets_own.c).
 *
 * A line is a parent if the one behind it is deeper. What is open is remembered by
 * the name of the layer, so that it stays from packet to packet; usually the
 * highest layer is, and what is broken. The selected line is the highest layer, until
 * one is chosen: that is found again in the next packet by its key.
 */
#include <stdio.h>
#include <string.h>

#include "look.h"
#include "means.h"
#include "words.h"

void packets_name(struct text *t, const char *key)
{
	static const char *const names[][2] = {
		{"eth", "Ethernet"}, {"ip", "IPv4"}, {"ipv6", "IPv6"}, {"icmpv6", "ICMPv6"}, {"mysql", "MySQL"},
		{"pgsql", "PgSQL"}, {"redis", "Redis"}, {"http2", "HTTP/2"}, {"teredo", "Teredo"}, {"geneve", "Geneve"},
		{"radiotap", "Radiotap"}, {"prism", "Prism"}, {"loopback", "Loopback"}, {"raw", "Raw IP"}, {"dhcpv6", "DHCPv6"},
		{"ipv6ext", "IPv6 extension"}, {"udplite", "UDP-Lite"}, {"mdns", "mDNS"}, {"unknown", "?"}, {"frame", "frame"},
		{"talk", "conversation"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(key, names[i][0]) == 0) {
			text_put(t, names[i][1]);
			return;
		}
	for (; *key != '\0'; key++) /* nobody knows better */
		text_char(t, *key >= 'a' && *key <= 'z' ? (char)(*key - 'a' + 'A') : *key);
}

/* ---- lines ------------------------------------------------------------------------ */

unsigned layers_lines(const struct packets_look *s, const struct answer *a)
{
	return a->packets.detail.number == 0 ? 0 : s->owns + a->packets.detail.lines;
}

const struct detail_line *layers_line(const struct packets_look *s, const struct answer *a, unsigned i)
{
	if (i >= layers_lines(s, a))
		return NULL;
	if (i < s->before)
		return &s->own[i];
	i -= s->before;
	return i < a->packets.detail.lines ? &a->packets.detail.line[i]
					   : &s->own[s->before + i - a->packets.detail.lines];
}

/* The line that it stands under; itself where it is a layer. */
static unsigned layers_above(const struct packets_look *s, const struct answer *a, unsigned i)
{
	unsigned depth = layers_line(s, a, i)->depth, at = i;

	while (at > 0 && depth > 0 && layers_line(s, a, at)->depth >= depth)
		at--;
	return at;
}

static unsigned layers_root(const struct packets_look *s, const struct answer *a, unsigned i)
{
	while (i > 0 && layers_line(s, a, i)->depth > 0)
		i--;
	return i;
}

const struct detail_line *layers_of(const struct packets_look *s, const struct answer *a, unsigned i)
{
	return layers_line(s, a, i) != NULL ? layers_line(s, a, layers_root(s, a, i)) : NULL;
}

bool layers_parent(const struct packets_look *s, const struct answer *a, unsigned i)
{
	const struct detail_line *line = layers_line(s, a, i), *next = layers_line(s, a, i + 1);

	return line != NULL && next != NULL && next->depth > line->depth;
}

/* The innermost layer that the dissectors made. */
static bool layers_last(const struct packets_look *s, const struct answer *a, unsigned i)
{
	unsigned end = s->before + a->packets.detail.lines;

	for (unsigned k = i + 1; k < end; k++)
		if (layers_line(s, a, k)->depth == 0)
			return false;
	return i >= s->before && i < end;
}

bool layers_open(const struct packets_look *s, const struct answer *a, unsigned i)
{
	const struct detail_line *line = layers_line(s, a, i);

	if (line == NULL)
		return false;
	for (unsigned k = s->folds; k > 0; k--)
		if (strcmp(s->fold[k - 1].key, line->key) == 0)
			return s->fold[k - 1].open;
	if (s->folded != FOLDS_USUAL)
		return s->folded == FOLDS_OPEN;
	if (line->depth > 0)
		return false;
	if (strcmp(line->key, "frame") == 0)
		return a->packets.detail.comment[0] != '\0';
	if (strcmp(line->key, "talk") == 0)
		return means_weight(means_said(&a->packets.detail.row)) > MEANS_PLAIN;
	return line->bad || layers_last(s, a, i);
}

bool layers_visible(const struct packets_look *s, const struct answer *a, unsigned i)
{
	if (layers_line(s, a, i) == NULL)
		return false;
	while (layers_line(s, a, i)->depth > 0) {
		unsigned above = layers_above(s, a, i);

		if (above == i || !layers_open(s, a, above))
			return above == i;
		i = above;
	}
	return true;
}

void layers_fold(struct packets_look *s, const struct answer *a, unsigned i, bool open)
{
	const struct detail_line *line = layers_line(s, a, i);
	unsigned at = 0;

	if (line == NULL)
		return;
	while (at < s->folds && strcmp(s->fold[at].key, line->key) != 0)
		at++;
	if (at == PACKETS_FOLDS) { /* the oldest is forgotten */
		memmove(&s->fold[0], &s->fold[1], (PACKETS_FOLDS - 1) * sizeof s->fold[0]);
		at = PACKETS_FOLDS - 1;
	} else if (at == s->folds) {
		s->folds++;
	}
	memcpy(s->fold[at].key, line->key, sizeof s->fold[at].key);
	s->fold[at].open = open;
}

void layers_fold_all(struct packets_look *s, const struct answer *a)
{
	bool all = true;

	for (unsigned i = 0; i < layers_lines(s, a); i++)
		all = all && (!layers_parent(s, a, i) || layers_open(s, a, i));
	s->folds = 0;
	s->folded = all ? FOLDS_CLOSED : FOLDS_OPEN;
	if (layers_line(s, a, s->line) != NULL && !layers_visible(s, a, s->line))
		layers_select(s, a, layers_root(s, a, s->line), false);
}

/* ---- the selected line -------------------------------------------------------------- */

void layers_select(struct packets_look *s, const struct answer *a, unsigned i, bool bytes)
{
	const struct detail_line *line = layers_line(s, a, i);
	unsigned nth = 0;

	if (line == NULL)
		return;
	for (unsigned k = layers_root(s, a, i); k < i; k++)
		nth += strcmp(layers_line(s, a, k)->key, line->key) == 0;
	s->line = i;
	s->line_nth = nth;
	memcpy(s->line_key, line->key, sizeof s->line_key);
	memcpy(s->line_layer, layers_of(s, a, i)->key, sizeof s->line_layer);
	if (!bytes || line->buffer >= PACKET_BUFFERS)
		return;
	s->buffer = line->len > 0 ? line->buffer : s->buffer;
	if (line->len > 0)
		s->byte = line->off;
}

/* The field that was chosen in another packet; else its layer; else the highest layer that the dissectors made. */
static unsigned layers_again(const struct packets_look *s, const struct answer *a)
{
	unsigned layer = UINT32_MAX, highest = 0, nth = 0;
	bool in = false;

	for (unsigned i = 0; i < layers_lines(s, a); i++) {
		const struct detail_line *line = layers_line(s, a, i);

		if (line->depth == 0) {
			in = s->line_chosen && strcmp(line->key, s->line_layer) == 0;
			layer = in && layer == UINT32_MAX ? i : layer;
			highest = i >= s->before && i < s->before + a->packets.detail.lines ? i : highest;
		}
		if (in && strcmp(line->key, s->line_key) == 0 && nth++ == s->line_nth)
			return i;
	}
	return layer != UINT32_MAX ? layer : highest;
}

void layers_answered(struct packets_look *s, const struct answer *a)
{
	const struct packet_detail *d = &a->packets.detail;
	bool other = s->of != d->number;

	s->owns = s->before = 0;
	s->of = d->number;
	if (d->number == 0)
		return;
	own_frame(s, d);
	s->before = s->owns;
	if (d->row.flow != 0)
		own_talk(s, a);
	if (other) {
		s->buffer = BUFFER_FRAME;
		s->byte = 0;
		layers_select(s, a, layers_again(s, a), true);
	}
	if (s->line >= layers_lines(s, a))
		s->line = 0;
	if (!layers_visible(s, a, s->line))
		layers_select(s, a, layers_root(s, a, s->line), true);
	if (s->buffer >= PACKET_BUFFERS || s->byte >= d->len[s->buffer])
		s->byte = 0;
}

void layers_move(struct packets_look *s, const struct answer *a, int64_t move)
{
	unsigned to = s->line, lines = layers_lines(s, a);

	s->line_chosen = true;

	for (unsigned i = s->line; move > 0 && i + 1 < lines;)
		if (layers_visible(s, a, ++i)) {
			to = i;
			move--;
		}
	for (unsigned i = s->line; move < 0 && i > 0;)
		if (layers_visible(s, a, --i)) {
			to = i;
			move++;
		}
	layers_select(s, a, to, true);
}

/* ---- a layer in a line -------------------------------------------------------------- */

/* The row of that key in the layer, or NULL. */
static const struct detail_line *summary_row(const struct packets_look *s, const struct answer *a, unsigned layer, const char *key)
{
	const struct detail_line *line;

	for (unsigned i = layer + 1; (line = layers_line(s, a, i)) != NULL && line->depth > 0; i++)
		if (strcmp(line->key, key) == 0)
			return line;
	return NULL;
}

/* "FROM → TO" of two rows. */
static bool summary_ends(struct text *t, const struct packets_look *s, const struct answer *a, unsigned layer, const char *from,
			 const char *to)
{
	const struct detail_line *f = summary_row(s, a, layer, from), *o = summary_row(s, a, layer, to);

	if (f == NULL || o == NULL)
		return false;
	text_put(t, f->text);
	text_put(t, " → ");
	text_put(t, o->text);
	return true;
}

static void summary_more(struct text *t, const struct packets_look *s, const struct answer *a, unsigned layer, const char *key,
			 const char *word)
{
	const struct detail_line *line = summary_row(s, a, layer, key);

	if (line == NULL || line->text[0] == '\0')
		return;
	text_put(t, "  ");
	text_put(t, word);
	text_put(t, line->text);
}

/* Its first rows, where nobody knows better. */
static void summary_rows(struct text *t, const struct packets_look *s, const struct answer *a, unsigned layer)
{
	const struct detail_line *line;

	for (unsigned i = layer + 1; i < layer + 5 && (line = layers_line(s, a, i)) != NULL && line->depth > 0; i++) {
		if (line->text[0] == '\0')
			continue;
		text_put(t, t->len > 0 ? "  " : "");
		text_put(t, line->title);
		text_char(t, ' ');
		text_put(t, line->text);
	}
}

static void layers_summary(struct text *t, const struct packets_look *s, const struct answer *a, unsigned i)
{
	static const struct {
		const char *layer, *from, *to, *more[3][2];
	} ends[] = {
		{"eth", "eth.src", "eth.dst", {{"eth.type", "type "}, {"eth.len", "len "}}},
		{"ip", "ip.src", "ip.dst", {{"ip.ttl", "ttl "}, {"ip.id", "id "}, {"ip.flags", ""}}},
		{"ipv6", "ipv6.src", "ipv6.dst", {{"ipv6.hlim", "hop limit "}}},
		{"udp", "udp.srcport", "udp.dstport", {{"udp.length", "len "}}},
		{"sctp", "sctp.srcport", "sctp.dstport", {{"sctp.chunk_type", ""}}},
	};
	const struct detail_line *line = layers_line(s, a, i);
	const struct packet_row *r = &a->packets.detail.row;

	if (line->text[0] != '\0') {
		text_put(t, line->text);
		return;
	}
	for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
		if (strcmp(line->key, ends[k].layer) != 0 || !summary_ends(t, s, a, i, ends[k].from, ends[k].to))
			continue;
		for (unsigned m = 0; m < 3 && ends[k].more[m][0] != NULL; m++)
			summary_more(t, s, a, i, ends[k].more[m][0], ends[k].more[m][1]);
		return;
	}
	if (strcmp(line->key, "tcp") == 0 && r->is_tcp && summary_ends(t, s, a, i, "tcp.srcport", "tcp.dstport")) {
		text_put(t, "  ");
		packets_tcp(t, r, s->raw);
		return;
	}
	if (layers_last(s, a, i) && r->line[0] != '\0')
		text_put(t, r->line);
	else
		summary_rows(t, s, a, i);
}

/* ---- drawing -------------------------------------------------------------------------- */

static void layers_row(const struct packets_look *s, const struct answer *a, struct canvas *c, unsigned i, unsigned y,
		       unsigned end)
{
	const struct detail_line *line = layers_line(s, a, i);
	bool selected = i == s->line, parent = layers_parent(s, a, i), open = parent && layers_open(s, a, i);
	const char *sign = open ? (c->ascii ? "-" : "▾") : c->ascii ? "+" : "▸";
	unsigned x = line->depth == 0 ? 1 : 1 + 2U * (line->depth < 8 ? line->depth : 8U);
	enum role role = line->bad ? ROLE_BAD : ROLE_TEXT;
	char buffer[400];
	struct text t;

	if (line->bad)
		canvas_put(c, x, y, end, ROLE_BAD, c->ascii ? "x" : "✗");
	else if (parent)
		canvas_put(c, x, y, end, ROLE_KEY, sign);
	if (selected)
		canvas_put(c, line->depth == 0 || parent ? x - 1 : x, y, end, ROLE_TEXT, "▶");
	x += 2;
	text_init(&t, buffer, sizeof buffer);
	if (line->depth > 0) {
		x = canvas_foreign(c, x, y, end, ROLE_TEXT, line->title, strlen(line->title));
		x = x + 1 > 28 || end < 60 ? x + 2 : 28;
		if (strcmp(line->key, "talk.verdict") == 0 && line->num < VERDICTS)
			role = means_verdicts[line->num].weight == MEANS_PROBLEM ? ROLE_BAD
			       : means_verdicts[line->num].weight == MEANS_WARNING ? ROLE_WARN : ROLE_TEXT;
		canvas_foreign(c, x, y, end, role, line->text, strlen(line->text));
	} else {
		if (line->osi >= 1 && line->osi <= 7)
			text_format(&t, "L%u", (unsigned)line->osi);
		canvas_put(c, x, y, end, ROLE_DIM, buffer);
		x += end >= 100 ? 4 : 3;
		text_reset(&t);
		packets_name(&t, line->key);
		x = canvas_foreign(c, x, y, end, line->bad ? ROLE_BAD : ROLE_HEAD, buffer, t.len);
		x += strcmp(line->key, "frame") == 0 ? 1 : end >= 100 ? 2 : 1;
		text_init(&t, buffer, sizeof buffer);
		layers_summary(&t, s, a, i);
		canvas_foreign(c, x, y, end, role, buffer, t.len);
	}
	if (selected)
		canvas_attr(c, 0, y, end, s->pane == PANE_LAYERS ? ATTR_REVERSE : ATTR_BOLD);
}

static void layers_title(const struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at)
{
	char buffer[96];
	unsigned x = packets_rule(c, 0, at->layers_rule, at->layers_end, s->pane == PANE_LAYERS, "layers");
	struct text t;

	if (c->width >= 80 && s->pane != PANE_LAYERS)
		x = canvas_put(c, x, at->layers_rule, at->layers_end, ROLE_DIM, "(Tab moves: list → layers → bytes) ");
	text_init(&t, buffer, sizeof buffer);
	text_char(&t, ' ');
	if (a->packets.detail.more > 0) {
		words_count(&t, a->packets.detail.more);
		text_put(&t, " rows more found no room");
	}
	if (t.len > 1 && x + t.len < at->layers_end)
		canvas_right(c, x, at->layers_rule, at->layers_end, ROLE_WARN, buffer);
}

/* Scrolls so that the selected line is in sight; where it is the screen that selected it, with half a pane of
 * what it holds. */
static void layers_scroll(struct packets_look *s, const struct answer *a, unsigned rows)
{
	unsigned lines = layers_lines(s, a), above = 0, seen = 0, inside = 0, last;

	for (unsigned i = 0; i < lines; i++) {
		above += i < s->line && layers_visible(s, a, i);
		inside += i > s->line && layers_root(s, a, i) == layers_root(s, a, s->line) && layers_visible(s, a, i);
		seen += layers_visible(s, a, i);
	}
	last = above + (s->line_chosen ? 0 : inside < rows / 2 ? inside : rows / 2);
	if (above < s->top)
		s->top = above;
	if (last >= s->top + rows)
		s->top = last - rows + 1;
	if (s->top + rows > seen)
		s->top = seen > rows ? seen - rows : 0;
}

void layers_draw(struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at)
{
	unsigned lines = layers_lines(s, a), seen = 0, y = at->layers;

	if (at->layers_rows == 0)
		return;
	layers_title(s, a, c, at);
	if (lines == 0) {
		const char *why = a->packets.detail.why;

		canvas_foreign(c, 2, y, at->layers_end, ROLE_DIM, why, strlen(why));
		return;
	}
	layers_scroll(s, a, at->layers_rows);
	for (unsigned i = 0; i < lines && y < at->layers + at->layers_rows; i++)
		if (layers_visible(s, a, i) && seen++ >= s->top)
			layers_row(s, a, c, i, y++, at->layers_end);
}
