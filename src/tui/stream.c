/* Follow stream: what both ends of a flow said, in the order in which it became
 * readable; what was not captured is said where it is missing.
 *
 * Only pieces in sight are asked (query.h, stream_query). Going down asks from the
 * piece at the top; going up asks some pieces earlier and counts their lines when
 * they are here. A search goes through the stream answer by answer, so the screen
 * stays quick while it does; any key but n ends it, Esc does nothing else then.
 */
#include <string.h>

#include "packets_find.h"
#include "screen.h"
#include "words.h"

enum { STREAM_HEADS = 1 }; /* rows of the page above the first piece */

enum reaction stream_open(struct look *l, uint64_t flow, const struct answer *a)
{
	struct stream_look *s = &l->stream;

	if (flow == 0)
		return screen_say(l, false, "this packet belongs to no connection: there is no stream to follow");
	if (s->flow != flow)
		*s = (struct stream_look){.flow = flow, .times = s->times, .as = s->as, .all = s->all};
	return screen_show(l, SCREEN_STREAM, a, true);
}

/* ---- queries ------------------------------------------------------------------- */

static void stream_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns, struct query *out)
{
	const struct stream_look *s = &l->stream;

	(void)a, (void)at, (void)now_ns;
	out->about = QUERY_STREAM;
	out->stream.flow = s->flow;
	out->stream.side[0] = s->ends != STREAM_ENDS_SERVER;
	out->stream.side[1] = s->ends != STREAM_ENDS_CLIENT;
	out->stream.from = s->from;
}

/* The piece of that index in the answer, or NULL. */
static const struct stream_piece *stream_at(const struct stream_answer *p, uint64_t index)
{
	uint64_t first = p->pieces > 0 ? p->piece[0].index : 0;

	return p->pieces > 0 && index >= first && index - first < p->pieces ? &p->piece[index - first] : NULL;
}

/* Pieces to ask before the first in sight so that so many lines are there: each has two at least. */
static uint64_t stream_before(const struct stream_look *s)
{
	uint64_t many = s->near ? 1 : s->up / 2 + 1;

	many = many < STREAM_PIECES / 2 ? many : STREAM_PIECES / 2;
	return s->up == 0 ? s->piece : s->piece > many ? s->piece - many : 0;
}

/* The pieces before the first in sight are here: go up into them. True: others are needed. */
static bool stream_go_up(struct stream_look *s, const struct stream_answer *p)
{
	while (s->up > 0) {
		const struct stream_piece *before;

		if (s->line >= s->up) {
			s->line -= s->up;
			s->up = 0;
			break;
		}
		s->up -= s->line;
		s->line = 0;
		if (s->piece == 0) {
			s->up = 0;
			break;
		}
		before = stream_at(p, s->piece - 1);
		if (before == NULL) {
			/* Asked for and not here: too many bytes lie between. Then one by one. */
			s->near = s->from < s->piece && stream_at(p, s->from) != NULL;
			s->from = stream_before(s);
			return true;
		}
		s->piece--;
		s->line = stream_lines(s, p, before, s->width);
	}
	s->near = false;
	return false;
}

/* Clip the first line in sight; going past a piece goes into the next. True: others are needed. */
static bool stream_go_down(struct stream_look *s, const struct stream_answer *p)
{
	for (;;) {
		const struct stream_piece *piece = stream_at(p, s->piece);
		uint64_t lines;

		if (p->all == 0 || s->piece >= p->all) {
			s->piece = p->all > 0 ? p->all - 1 : 0;
			s->line = 0;
			if (p->all == 0)
				return false;
			continue;
		}
		if (piece == NULL) {
			if (s->from == s->piece)
				return false; /* asked and not had */
			s->from = s->piece;
			return true;
		}
		lines = stream_lines(s, p, piece, s->width);
		if (s->line < lines)
			return false;
		if (s->piece + 1 >= p->all) {
			s->line = lines > 0 ? lines - 1 : 0;
			return false;
		}
		s->line -= lines;
		s->piece++;
	}
}

/* ---- find ------------------------------------------------------------------------- */

/* Does it stand there? It may go on in the next piece of that direction, if none is missing
 * between. */
static bool stream_matches(const struct stream_look *s, const struct stream_answer *p, unsigned i, uint32_t off)
{
	uint8_t side = p->piece[i].side;

	for (unsigned k = 0; k < s->find_len; k++, off++) {
		uint8_t want = s->find_for[k], is;

		while (off >= p->piece[i].here) {
			if (p->piece[i].here < p->piece[i].len)
				return false;
			for (i++; i < p->pieces && p->piece[i].side != side; i++)
				;
			if (i == p->pieces || p->piece[i].gap)
				return false;
			off = 0;
		}
		is = p->bytes[p->piece[i].from + off];
		if (s->find == FIND_TEXT ? text_lower(is) != text_lower(want) : is != want)
			return false;
	}
	return true;
}

static bool stream_after(uint64_t piece, uint64_t off, uint64_t than_piece, uint64_t than_off)
{
	return piece > than_piece || (piece == than_piece && off > than_off);
}

/* Look through the answer. True: it is decided. */
static bool stream_search(struct stream_look *s, const struct stream_answer *p)
{
	for (unsigned i = 0; i < p->pieces; i++) {
		const struct stream_piece *piece = &p->piece[i];

		for (uint32_t off = 0; !piece->gap && off < piece->here; off++) {
			bool past = !s->has_hit ? stream_after(piece->index, off, s->piece, 0) || (piece->index == s->piece && off == 0)
						: stream_after(piece->index, off, s->hit_piece, s->hit_off);

			/* Back: what was before is known now. Was there nothing, the last of all will do. */
			if (s->back && !s->round && (past || (s->has_hit && piece->index == s->hit_piece && off == s->hit_off))) {
				if (s->has_best)
					return true;
				s->round = true;
			}
			if (!s->back && !s->round && !past)
				continue;
			if (!stream_matches(s, p, i, off))
				continue;
			s->has_best = true;
			s->best_piece = piece->index;
			s->best_off = off;
			if (!s->back)
				return true;
		}
		s->at = piece->index + 1;
	}
	if (s->at < p->all && p->pieces > 0)
		return false;
	if (s->round || s->has_best)
		return true;
	s->round = true; /* from the beginning; back: to the very last */
	s->at = 0;
	return false;
}

/* The piece is shown the other way from now on, or as others again. */
static void stream_turn(struct stream_look *s, uint64_t piece)
{
	for (unsigned i = 0; i < s->others; i++)
		if (s->other[i] == piece) {
			s->others--;
			memmove(&s->other[i], &s->other[i + 1], (s->others - i) * sizeof s->other[0]);
			return;
		}
	if (s->others == STREAM_OTHERS) { /* the oldest one is as all others again */
		s->others--;
		memmove(&s->other[0], &s->other[1], s->others * sizeof s->other[0]);
	}
	s->other[s->others++] = piece;
}

static void stream_found(struct look *l, const struct stream_answer *p)
{
	struct stream_look *s = &l->stream;
	const struct stream_piece *piece;

	s->finding = false;
	if (!s->has_best) {
		screen_say(l, false, p->cut ? "the part of the stream that is kept does not have it; it is longer" :
					      "the stream does not have it");
		s->from = s->piece;
		return;
	}
	if (s->round)
		screen_say(l, false, s->back ? "found going back from the end" : "found from the beginning again");
	s->has_hit = true;
	s->hit_piece = s->piece = s->best_piece;
	s->hit_off = s->best_off;
	s->from = s->piece;
	piece = stream_at(p, s->piece);
	if (piece != NULL && stream_folded(s, piece) && s->hit_off + s->find_len > STREAM_SHORT)
		stream_turn(s, piece->index);
	s->line = piece != NULL ? stream_line_of(s, p, piece, s->width, s->hit_off) : 0;
	/* A little of what is before it. */
	s->up = s->line > 0 && s->rows > 4 ? 2 : 0;
}

/* ---- save ---------------------------------------------------------------------------- */

static void stream_collect(struct look *l, const struct stream_answer *p)
{
	struct stream_look *s = &l->stream;

	for (unsigned i = 0; i < p->pieces; i++) {
		const struct stream_piece *piece = &p->piece[i];

		if (piece->index < s->at)
			continue;
		if (!piece->gap && (piece->here < piece->len || !save_collect(l, p->bytes + piece->from, piece->here))) {
			if (piece->here < piece->len && piece->index != p->piece[0].index)
				break; /* whole with the next answer */
			s->saving = false;
			save_drop(l);
			screen_say(l, true, "not saved: more than 16 MB, or a piece that is longer than can be shown");
			return;
		}
		s->at = piece->index + 1;
	}
	if (s->at < p->all && p->pieces > 0) {
		s->from = s->at;
		l->again = true;
		return;
	}
	s->saving = false;
	s->from = s->piece;
	if (l->save.len == 0) {
		screen_say(l, false, "there is nothing to save");
	} else {
		save_collected(l, s->flow);
		l->save.lacks = p->cut ? "; its end is missing: the stream is longer than what is kept of one" :
				p->gaps_all[0] + p->gaps_all[1] > 0 ? "; what was not captured is left out" : NULL;
	}
	l->again = true;
}

static void stream_answered(struct look *l, const struct answer *a)
{
	struct stream_look *s = &l->stream;
	const struct stream_answer *p = &a->stream;

	if (a->about != QUERY_STREAM)
		return;
	/* Where it ends is not known yet: what needs the end waits for it. */
	if (p->looking && (s->saving || s->finding || s->to_last)) {
		screen_say(l, false, "the stream is still being read ...");
		l->again = true;
		return;
	}
	if (s->saving) {
		stream_collect(l, p);
		return;
	}
	if (s->finding) {
		if (stream_search(s, p)) {
			stream_found(l, p);
			l->again = true;
		} else {
			s->from = s->at > 0 && stream_at(p, s->at - 1) != NULL && s->at - 1 > s->from ? s->at - 1 : s->at;
			l->again = true;
		}
		return;
	}
	if (s->to_last && p->all > 0) {
		s->to_last = false;
		s->piece = p->all;
		s->line = 0;
		s->up = s->rows > 0 ? s->rows : 1;
		s->from = stream_before(s);
		l->again = true;
		return;
	}
	if (s->up > 0)
		l->again = stream_go_up(s, p);
	else
		l->again = stream_go_down(s, p);
	/* The window must begin with the first piece in sight, to show as much as can be. */
	if (!l->again && s->from != s->piece) {
		s->from = s->piece;
		l->again = true;
	}
}

/* ---- drawing ------------------------------------------------------------------------ */

static void stream_title(const struct look *l, const struct answer *a, struct canvas *c, unsigned y)
{
	static const char *const ends[STREAM_ENDS] = {"both directions", "the client's", "the server's"};
	static const char *const ways[STREAM_WAYS] = {"text", "hex", "hex and text"};
	const struct stream_look *s = &l->stream;
	const struct stream_answer *p = &a->stream;
	char buffer[256];
	struct text t;
	unsigned x;

	text_init(&t, buffer, sizeof buffer);
	if (p->has_subject) {
		words_endpoint(&t, &p->subject.client, c->width >= 100 ? 48 : c->width >= 80 ? 24 : 18);
		text_put(&t, c->width >= 60 ? " ↔ " : " ");
		words_endpoint(&t, &p->subject.server, c->width >= 100 ? 48 : c->width >= 80 ? 24 : 18);
	} else {
		text_format(&t, "flow %llu", (unsigned long long)s->flow);
	}
	canvas_fill(c, 0, y, c->width, ROLE_RULE, 0x2500);
	x = canvas_put(c, 2, y, c->width, ROLE_HEAD, c->width >= 60 ? " Follow " : " ");
	x = canvas_put(c, x, y, c->width, ROLE_HEAD, buffer);
	x = canvas_put(c, x, y, c->width, ROLE_HEAD, " ");
	text_reset(&t);
	text_format(&t, " %s  %s ", ends[s->ends], ways[s->as]);
	if (x + canvas_width(buffer) + 3 < c->width)
		x = canvas_put(c, x + 2, y, c->width, ROLE_TEXT, buffer);
	text_reset(&t);
	text_put(&t, " ▶ ");
	words_count(&t, p->bytes_all[0]);
	text_put(&t, "  ◀ ");
	words_count(&t, p->bytes_all[1]);
	text_put(&t, " B ");
	if (x + canvas_width(buffer) + 2 < c->width)
		canvas_right(c, x, y, c->width - 1, ROLE_TEXT, buffer);
}

static void stream_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	struct stream_look *s = &l->stream;
	const struct stream_answer *p = &a->stream;
	unsigned y = at->head + STREAM_HEADS, end = at->message ? at->message : at->bar;
	uint64_t skip = s->line;

	s->width = c->width;
	s->rows = end > y ? end - y : 0;
	stream_title(l, a, c, at->head);
	if (p->all == 0) {
		canvas_cut(c, 2, y + (s->rows > 2), c->width, ROLE_DIM,
			   !p->has_subject ? "this connection is no longer to be had" : "no data was captured of it");
		return;
	}
	for (uint64_t i = s->piece; y < end; i++) {
		const struct stream_piece *piece = stream_at(p, i);

		if (piece == NULL)
			break;
		y += stream_piece_draw(s, p, piece, c, y, end - y, skip);
		skip = 0;
	}
	if (y < end && s->piece < p->all && stream_at(p, p->all - 1) != NULL && p->cut)
		canvas_cut(c, 2, y, c->width, ROLE_WARN, "it goes on: what comes later is left out, as the stream is too long");
}

/* ---- what keys do --------------------------------------------------------------------- */

static enum reaction stream_move(struct stream_look *s, enum action act, bool live)
{
	uint64_t page = s->rows > 1 ? s->rows - 1 : 1, up = 0, down = 0;

	switch (act) {
	case ACTION_UP: up = 1; break;
	case ACTION_DOWN: down = 1; break;
	case ACTION_PAGE_UP: up = page; break;
	case ACTION_PAGE_DOWN: down = page; break;
	case ACTION_HALF_UP: up = (page + 1) / 2; break;
	case ACTION_HALF_DOWN: down = (page + 1) / 2; break;
	case ACTION_FIRST: s->piece = s->line = s->from = 0; return REACT_ASK;
	case ACTION_LAST: s->to_last = true; return REACT_ASK;
	default: return REACT_NOTHING;
	}
	(void)live;
	s->line += down;
	s->up = up;
	if (up > s->line)
		s->from = stream_before(s);
	return REACT_ASK;
}

/* The first long piece in sight that is not so already. */
static enum reaction stream_fold(struct look *l, const struct stream_answer *p, bool fold)
{
	struct stream_look *s = &l->stream;
	uint64_t lines = 0;

	for (uint64_t i = s->piece; i < p->all && lines < s->rows + s->line; i++) {
		const struct stream_piece *piece = stream_at(p, i);

		if (piece == NULL)
			break;
		if (!piece->gap && piece->len > STREAM_LONG && stream_folded(s, piece) != fold) {
			stream_turn(s, i);
			s->line = i == s->piece && fold ? 0 : s->line;
			return REACT_ASK;
		}
		lines += stream_lines(s, p, piece, s->width);
	}
	return screen_say(l, false, fold ? "no long piece is unfolded here" : "no folded piece is in sight");
}

static enum reaction stream_fold_all(struct look *l)
{
	struct stream_look *s = &l->stream;

	s->all = !s->all;
	s->others = 0;
	s->line = 0;
	screen_say(l, false, s->all ? "all pieces are shown whole; * folds" : "long pieces are folded; + unfolds, * all");
	return REACT_ASK;
}

static enum reaction stream_find(struct look *l, bool back)
{
	struct stream_look *s = &l->stream;

	if (s->find_len == 0)
		return screen_say(l, false, "nothing is looked for: / does");
	s->finding = true;
	s->back = back;
	s->round = s->has_best = false;
	s->at = s->from = back ? 0 : s->has_hit ? s->hit_piece : s->piece;
	return REACT_ASK;
}

enum reaction stream_save(struct look *l)
{
	struct stream_look *s = &l->stream;

	save_drop(l);
	s->finding = false;
	s->saving = true;
	s->at = s->from = 0;
	screen_say(l, false, "saving ...");
	return REACT_ASK;
}

static enum reaction stream_act(struct look *l, enum action act, struct answer *a, const struct layout *at, int64_t now_ns)
{
	static const char *const ends[STREAM_ENDS] = {"both directions", "what the client said", "what the server said"};
	struct stream_look *s = &l->stream;
	const bool searched = s->finding;
	enum reaction moved;

	(void)at, (void)now_ns;
	s->finding = s->saving = false;
	moved = stream_move(s, act, l->live);
	if (moved != REACT_NOTHING)
		return moved;
	switch (act) {
	case ACTION_DIRECTION:
		s->ends = (s->ends + 1) % STREAM_ENDS;
		s->piece = s->line = s->from = 0;
		s->has_hit = false;
		screen_say(l, false, ends[s->ends]);
		return REACT_ASK;
	case ACTION_BYTES:
		s->as = (s->as + 1) % STREAM_WAYS;
		s->line = 0;
		return REACT_ASK;
	case ACTION_TIMES: return look_times_next(l, s->times);
	case ACTION_UNFOLD: return stream_fold(l, &a->stream, false);
	case ACTION_FOLD: return stream_fold(l, &a->stream, true);
	case ACTION_FOLD_ALL: return stream_fold_all(l);
	case ACTION_FIND:
		prompt_open(l, PROMPT_FIND);
		return REACT_DRAW;
	case ACTION_FIND_NEXT: return stream_find(l, false);
	case ACTION_FIND_BACK: return stream_find(l, true);
	case ACTION_SAVE: return save_open(l, SAVE_OF_STREAM, a);
	case ACTION_BACK:
		if (!searched)
			return screen_show(l, l->from[SCREEN_STREAM], a, false);
		s->from = s->piece;
		screen_say(l, false, "the search was stopped");
		return REACT_ASK;
	default: return REACT_DRAW;
	}
}

static enum reaction stream_prompted(struct look *l, const char *text, int64_t now_ns)
{
	struct stream_look *s = &l->stream, former = *s;

	(void)now_ns;
	s->find_len = find_parse(text, &s->find, s->find_for);
	/* The same again goes on behind what was found. */
	s->has_hit = former.has_hit && s->find == former.find && s->find_len == former.find_len &&
		     memcmp(s->find_for, former.find_for, s->find_len) == 0;
	return s->find_len > 0 ? stream_find(l, false) : screen_say(l, false, "nothing is looked for");
}

static void stream_standing(const struct look *l, const struct answer *a, struct text *place, struct text *order)
{
	(void)order;
	if (a->stream.all == 0)
		return;
	text_put(place, "piece ");
	words_count(place, l->stream.piece + 1);
	text_put(place, " of ");
	words_count(place, a->stream.all);
}

static const char *stream_status(const struct look *l, const struct answer *a)
{
	(void)a;
	return l->stream.finding ? " SEARCHING " : "";
}

const struct screen screen_stream = {
	.name = "Stream",
	.brief = "Strm",
	.place = IN_STREAM,
	.ask = stream_ask,
	.answered = stream_answered,
	.draw = stream_draw,
	.act = stream_act,
	.standing = stream_standing,
	.prompted = stream_prompted,
	.status = stream_status,
};
