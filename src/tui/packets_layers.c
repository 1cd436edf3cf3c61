/* The layers of the selected packet as a tree: what the dissectors made of it, and
 * around that what the screen knows itself - the frame in front, the conversation
 * behind, with verdicts, round trip and states.
 *
 * A line is a parent if the one behind it is deeper. What is open is remembered by
 * the name of the layer, so that it stays from packet to packet; usually the
 * transport and the innermost layer are, and what is broken. The selected line is
 * found again in the next packet by its key.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "look.h"
#include "means.h"
#include "sockeye/clock.h"
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

/* ---- what the screen says itself ----------------------------------------------- */

/* A line of own[], or a spare one where that is full. */
static struct detail_line *own_line(struct packets_look *s, unsigned depth, const char *key, const char *title, uint64_t num)
{
	struct detail_line *line = &s->own[s->owns < PACKETS_OWN ? s->owns++ : PACKETS_OWN - 1];

	memset(line, 0, sizeof *line);
	line->depth = (uint8_t)depth;
	line->num = num;
	(void)snprintf(line->key, sizeof line->key, "%s", key);
	(void)snprintf(line->title, sizeof line->title, "%s", title);
	return line;
}

static void own_count(struct packets_look *s, const char *key, const char *title, uint64_t v, const char *unit)
{
	struct detail_line *line = own_line(s, 1, key, title, v);
	struct text t;

	text_init(&t, line->text, sizeof line->text);
	words_count(&t, v);
	text_put(&t, unit);
	(void)snprintf(line->filter, sizeof line->filter, "%s == %llu", key, (unsigned long long)v);
}

static void own_text(struct packets_look *s, const char *key, const char *title, const char *text, const char *filter)
{
	struct detail_line *line = own_line(s, 1, key, title, 0);

	(void)snprintf(line->text, sizeof line->text, "%s", text);
	(void)snprintf(line->filter, sizeof line->filter, "%s", filter);
}

/* "2026-11-21 12:00:00.012688 UTC". */
static void own_time(struct text *t, int64_t ns)
{
	time_t seconds = (time_t)(ns / CLOCK_S - (ns % CLOCK_S < 0));
	char date[40];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return;
	text_format(t, "%s.%06d UTC", date, (int)((ns - (int64_t)seconds * CLOCK_S) / CLOCK_US));
}

static void own_frame(struct packets_look *s, const struct packet_detail *d)
{
	struct detail_line *line = own_line(s, 0, "frame", "Frame", d->number);
	char when[64] = "no time in the file";
	struct text t;

	line->osi = 1;
	line->len = d->len[BUFFER_FRAME];
	text_init(&t, when, sizeof when);
	if (d->row.no_time)
		text_put(&t, "no time in the file");
	else
		own_time(&t, d->ts_ns);
	text_init(&t, line->text, sizeof line->text);
	words_count(&t, d->number);
	text_put(&t, ": ");
	words_count(&t, d->wirelen);
	text_put(&t, " bytes on the wire, ");
	words_count(&t, d->caplen);
	text_put(&t, " captured, ");
	text_put(&t, when);
	own_count(s, "frame.number", "number", d->number, "");
	own_text(s, "frame.time", "time", when, "");
	own_count(s, "frame.len", "on the wire", d->wirelen, " bytes");
	own_count(s, "frame.cap_len", "captured", d->caplen, d->caplen < d->wirelen ? " bytes: the capture cut it" : " bytes");
	if (d->interface[0] != '\0')
		own_text(s, "frame.interface", "interface", d->interface, "");
	if (d->comment[0] != '\0')
		own_text(s, "frame.comment", "comment", d->comment, "");
}

/* What this packet is about, and how long after. */
static void own_about(struct packets_look *s, const struct packet_detail *d)
{
	const struct packet_row *r = &d->row;
	char buffer[96];
	int64_t since;
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (r->rtt_ns >= 0) {
		words_span(&t, r->rtt_ns);
		own_text(s, "talk.rtt", "round trip", buffer, "");
	}
	if (r->about == 0)
		return;
	text_reset(&t);
	text_put(&t, "packet ");
	words_count(&t, r->about);
	if (r->about_ns <= r->ts_ns && !__builtin_sub_overflow(r->ts_ns, r->about_ns, &since)) {
		text_put(&t, ", ");
		words_span(&t, since);
		text_put(&t, " before");
	}
	own_text(s, "talk.about", "about", buffer, "");
}

static void own_talk(struct packets_look *s, const struct answer *a)
{
	const struct packet_detail *d = &a->packets.detail;
	const struct flow_record *f = a->packets.has_subject && a->packets.subject.id == d->row.flow ? &a->packets.subject : NULL;
	struct detail_line *line = own_line(s, 0, "talk", "Conversation", d->row.flow);
	char buffer[160];
	struct text t;

	text_init(&t, line->text, sizeof line->text);
	text_format(&t, "%llu  %s", (unsigned long long)d->row.flow, d->row.side ? "server → client" : "client → server");
	if (d->row.verdicts != 0) {
		text_put(&t, "  ");
		means_words(&t, d->row.verdicts, MEANS_PLAIN);
	}
	(void)snprintf(line->filter, sizeof line->filter, "flow == %llu", (unsigned long long)d->row.flow);
	for (unsigned v = 0; v < VERDICTS; v++) {
		if (!(d->row.verdicts >> v & 1))
			continue;
		line = own_line(s, 1, "talk.verdict", "verdict", v);
		(void)snprintf(line->text, sizeof line->text, "%s", means_verdicts[v].words);
		(void)snprintf(line->filter, sizeof line->filter, "verdict:%s", verdict_info[v].word);
	}
	own_about(s, d);
	text_init(&t, buffer, sizeof buffer);
	means_states(&t, &d->row, f);
	if (t.len > 0)
		own_text(s, "talk.after", "states after it", buffer, "");
	text_reset(&t);
	if (f != NULL && d->row.is_tcp && record_filled(f, RECORD_TCP_STATE_CLIENT))
		words_ends(&t, f);
	if (t.len > 0)
		own_text(s, "talk.now", a->ended ? "states at the end" : "states now", buffer, "");
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
		return means_weight(a->packets.detail.row.verdicts) > MEANS_PLAIN;
	return line->bad || line->osi == 4 || layers_last(s, a, i);
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

/* The same field in another packet; else its layer; else the transport; else the first. */
static unsigned layers_again(const struct packets_look *s, const struct answer *a)
{
	unsigned layer = UINT32_MAX, transport = 0, nth = 0;
	bool in = false;

	for (unsigned i = 0; i < layers_lines(s, a); i++) {
		const struct detail_line *line = layers_line(s, a, i);

		if (line->depth == 0) {
			in = strcmp(line->key, s->line_layer) == 0;
			layer = in && layer == UINT32_MAX ? i : layer;
			transport = line->osi == 4 || (transport == 0 && i >= s->before && i < s->before + a->packets.detail.lines)
					    ? i : transport;
		}
		if (in && strcmp(line->key, s->line_key) == 0 && nth++ == s->line_nth)
			return i;
	}
	return layer != UINT32_MAX ? layer : transport;
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
		packets_tcp(t, r);
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

void layers_draw(struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at)
{
	unsigned lines = layers_lines(s, a), above = 0, seen = 0, y = at->layers;

	if (at->layers_rows == 0)
		return;
	layers_title(s, a, c, at);
	if (lines == 0) {
		const char *why = a->packets.detail.why;

		canvas_foreign(c, 2, y, at->layers_end, ROLE_DIM, why, strlen(why));
		return;
	}
	for (unsigned i = 0; i < s->line; i++)
		above += layers_visible(s, a, i);
	if (above < s->top)
		s->top = above;
	if (above >= s->top + at->layers_rows)
		s->top = above - at->layers_rows + 1;
	for (unsigned i = 0; i < lines; i++)
		seen += layers_visible(s, a, i);
	if (s->top + at->layers_rows > seen)
		s->top = seen > at->layers_rows ? seen - at->layers_rows : 0;
	seen = 0;
	for (unsigned i = 0; i < lines && y < at->layers + at->layers_rows; i++)
		if (layers_visible(s, a, i) && seen++ >= s->top)
			layers_row(s, a, c, i, y++, at->layers_end);
}
