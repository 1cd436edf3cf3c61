/* Below the ladder: the selected segment with its numbers as they are and as they
 * were on the wire, what it means in full, and the legend of the arrows.
 */
#include <string.h>

#include "look.h"
#include "sockeye/packet.h"
#include "words.h"

static void pane_flags(struct text *t, unsigned flags)
{
	static const struct {
		unsigned bit;
		const char *word;
	} flag[] = {{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"}, {TCP_ACK, "ACK"},
		    {TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"}, {TCP_AE, "AE"}};
	bool any = false;

	for (size_t i = 0; i < sizeof flag / sizeof flag[0]; i++)
		if (flags & flag[i].bit) {
			text_put(t, any ? " " : "");
			text_put(t, flag[i].word);
			any = true;
		}
	if (!any)
		text_put(t, "none");
}

/* "win 502 x128 = 64 256": the scale is what both numbers say. */
static void pane_window(struct text *t, const struct packet_row *r)
{
	text_format(t, "win %u", (unsigned)r->window);
	if (r->room < 0) {
		text_put(t, " (scale not known)");
	} else if (r->window > 0 && r->room > r->window && r->room % r->window == 0) {
		text_format(t, " x%lld = ", (long long)(r->room / r->window));
		words_count(t, (uint64_t)r->room);
	}
}

static void pane_number(struct text *t, const char *word, uint32_t v, uint32_t raw, bool known, uint32_t len)
{
	text_put(t, word);
	text_char(t, ' ');
	if (!known) {
		words_count(t, raw);
		text_put(t, " (raw; the first one was not captured)");
		return;
	}
	words_count(t, v);
	if (len > 0) {
		text_put(t, "..");
		words_count(t, v + len);
	}
	text_put(t, " (raw ");
	words_count(t, raw);
	text_char(t, ')');
}

/* "mss 1460": the short word of a row of options; NULL: its title; "": it is left out. */
static const char *pane_option(const struct detail_line *line)
{
	static const struct {
		const char *key, *word;
	} words[] = {
		{"tcp.options.mss_val", "mss "}, {"tcp.options.wscale.shift", "wscale "},
		{"tcp.options.wscale.multiplier", ""}, {"tcp.options.timestamp.tsval", "ts "},
		{"tcp.options.timestamp.tsecr", "/"}, {"tcp.options.sack_le", "sack "}, {"tcp.options.sack_re", "-"},
		{"tcp.options.tfo.cookie", "fast open cookie "},
	};

	if (strcmp(line->key, "tcp.option_kind") == 0)
		return strstr(line->text, "ermitted") != NULL ? "sackOK" : "";
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(line->key, words[i].key) == 0)
			return words[i].word;
	return NULL;
}

/* Options: as its layers have them; without those, of a segment without a message, its line. */
static void pane_options(struct text *t, const struct packet_row *r, const struct packet_detail *d)
{
	bool any = false;

	for (unsigned i = 0; d->number == r->number && i < d->lines && i < DETAIL_LINES; i++) {
		const struct detail_line *line = &d->line[i];
		const char *word = pane_option(line);

		if (line->depth == 0 || strncmp(line->key, "tcp.option", 10) != 0 || line->text[0] == '\0' ||
		    (word != NULL && word[0] == '\0'))
			continue;
		if (word == NULL || (word[0] != '/' && word[0] != '-'))
			text_put(t, any ? "  " : "  options ");
		any = true;
		text_put(t, word != NULL ? word : line->title);
		if (word != NULL && strcmp(word, "sackOK") == 0)
			continue;
		text_put(t, word != NULL ? "" : " ");
		text_put(t, line->text);
	}
	if (any || strcmp(r->protocol, "tcp") != 0 || r->line[0] == '\0')
		return;
	text_put(t, "  options ");
	text_put(t, r->line);
}

static void pane_tcp(struct text *t, const struct packet_row *r, const struct packet_detail *d, bool wide)
{
	text_put(t, wide ? "TCP  " : "");
	pane_number(t, "seq", r->seq_from_isn, r->seq, r->seq_known, r->payload_len);
	text_put(t, "  ");
	if (r->flags & TCP_ACK) {
		pane_number(t, "ack", r->ack_from_isn, r->ack, r->ack_known, 0);
		text_put(t, "  ");
	}
	if (wide) {
		text_put(t, "flags ");
		pane_flags(t, r->flags);
		text_put(t, "  ");
	}
	pane_window(t, r);
	pane_options(t, r, d);
}

/* ── #4 → 517 bytes PSH ACK ─── */
static void pane_rule(const struct packet_row *r, struct canvas *c, unsigned y)
{
	const char *way = r->side ? "◀" : "▶", *hint = "Enter: open in Packets";
	char buffer[128];
	struct text t;
	unsigned x;

	text_init(&t, buffer, sizeof buffer);
	text_format(&t, "── #%llu %s ", (unsigned long long)r->number, way);
	if (r->folded > 0) {
		words_count(&t, r->folded);
		text_put(&t, " segments, folded ");
	} else {
		words_count(&t, r->payload_len);
		text_put(&t, c->width >= 100 ? " bytes " : " B ");
		if (r->is_tcp && c->width < 100)
			pane_flags(&t, r->flags);
	}
	canvas_fill(c, 0, y, c->width, ROLE_RULE, 0x2500);
	x = canvas_put(c, 0, y, c->width, ROLE_HEAD, buffer);
	if (c->width < 100 && r->is_tcp && r->folded == 0)
		x = canvas_put(c, x, y, c->width, ROLE_HEAD, " ");
	if (c->width >= 100 && x + canvas_width(hint) + 4 < c->width) {
		canvas_put(c, c->width - canvas_width(hint) - 1, y, c->width, ROLE_TEXT, " ");
		canvas_right(c, x, y, c->width, ROLE_TEXT, hint);
	}
}

static void pane_legend(const struct ladder_look *s, struct canvas *c, unsigned y)
{
	static const char *const times[TIMES] = {"since the start", "since the row before", "of the day"};
	const char *legend = c->ascii ? "legend  - first  = seen before  . overtaken  x lost before here  >> SYN, FIN again  "
					"! warning  !! problem"
				      : "legend  ─ first  ═ seen before  · overtaken  ✕ lost before here  ▶▶ SYN, FIN again  "
					"▲ warning  ● problem";
	char buffer[64];
	struct text t;

	canvas_cut(c, 1, y, c->width, ROLE_DIM, legend);
	text_init(&t, buffer, sizeof buffer);
	text_format(&t, "t times: %s", times[s->times % TIMES]);
	if (canvas_width(legend) + canvas_width(buffer) + 4 <= c->width)
		canvas_right(c, 1, y, c->width - 1, ROLE_DIM, buffer);
}

void ladder_pane(const struct ladder_look *s, const struct segment *g, const struct answer *a, struct canvas *c,
		 const struct ladder_rows *at)
{
	const struct packet_row *r = g != NULL ? g->row : NULL;
	char buffer[768];
	struct text t;
	unsigned y = at->rule + 1;

	if (at->rule == 0)
		return;
	if (r == NULL) {
		canvas_fill(c, 0, at->rule, c->width, ROLE_RULE, 0x2500);
		return;
	}
	pane_rule(r, c, at->rule);
	text_init(&t, buffer, sizeof buffer);
	if (r->folded > 0) {
		text_put(&t, "in order, nothing lost, nothing repeated; + shows each of them");
	} else if (r->gone) {
		text_put(&t, "it is no longer in the history; its verdicts are known still");
	} else if (r->is_tcp) {
		pane_tcp(&t, r, &a->packets.detail, c->width >= 100);
	} else {
		text_put(&t, r->protocol);
		text_put(&t, "  ");
		text_put(&t, r->line);
	}
	if (at->pane >= 1)
		canvas_foreign(c, 1, y, c->width, ROLE_TEXT, buffer, t.len);
	if (at->pane < 3)
		return;
	text_reset(&t);
	if (r->folded == 0) {
		text_put(&t, "     ");
		segment_words(&t, g, SEGMENT_WHOLE);
		canvas_foreign(c, 1, y + 1, c->width, ROLE_TEXT, buffer, t.len);
	}
	pane_legend(s, c, y + 2);
}
