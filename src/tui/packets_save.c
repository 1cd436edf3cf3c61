/* What is saved on its way into a file: packets that were chosen, texts, the bytes of a
 * stream; and the sentence when it is done.
 *
 * The name is one that the user typed, or made by the engine of the clock and the connection's
 * number: nothing of it comes from a packet, and no file is written over.
 */
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "words.h"

void save_ask(struct look *l)
{
	const struct packets_look *s = &l->packets;
	struct packet_query *q = &l->save.query.packets;

	l->save.open = false;
	if (l->save.what == SAVE_MARKED && s->marks == 0) {
		screen_say(l, false, "nothing is marked: Space marks");
		return;
	}
	memset(&l->save.query, 0, sizeof l->save.query);
	l->save.query.kind = SAVE_PACKETS;
	if (l->save.what == SAVE_SHOWN) {
		memcpy(q->flow, s->flow, sizeof q->flow);
		q->flows = s->flows;
		memcpy(q->match, s->match, sizeof q->match);
	}
	q->marked_only = l->save.what == SAVE_MARKED || (l->save.what == SAVE_SHOWN && s->marked_only);
	memcpy(q->marked, s->marked, sizeof q->marked);
	q->marks = s->marks;
	memcpy(l->save.query.name, l->save.chosen, sizeof l->save.query.name);
	l->save.query.proposed_ns = l->save.proposed_ns;
	l->save.wanted = true;
	screen_say(l, false, "saving ...");
}

void save_posted(struct look *l, bool taken)
{
	l->save.wanted = false;
	save_drop(l);
	if (!taken)
		screen_say(l, true, "what is being saved is not done yet");
}

void look_saved(struct look *l, const struct save_answer *s)
{
	struct text t;

	if (!s->done)
		return;
	text_init(&t, l->message, sizeof l->message);
	l->message_bad = s->error[0] != '\0' || s->gone > 0;
	if (s->error[0] != '\0') {
		text_put(&t, s->packets > 0 || s->bytes > 0 ? "not saved whole: " : "not saved: ");
		text_put(&t, s->error);
		return;
	}
	if (s->packets > 0) {
		words_count(&t, s->packets);
		text_put(&t, s->packets == 1 ? " packet, " : " packets, ");
	}
	words_count(&t, s->bytes);
	text_put(&t, " bytes are in ");
	text_put(&t, s->name);
	if (l->save.lacks != NULL) {
		text_put(&t, l->save.lacks);
		l->message_bad = true;
	}
	l->save.lacks = NULL;
	if (s->gone > 0) {
		text_put(&t, "; ");
		words_count(&t, s->gone);
		text_put(&t, " were not to be had any more");
	}
}

/* ---- bytes of a stream -------------------------------------------------------------- */

void save_drop(struct look *l)
{
	free(l->save.bytes);
	l->save.bytes = NULL;
	l->save.len = l->save.room = 0;
}

bool save_collect(struct look *l, const void *bytes, size_t n)
{
	struct save_look *s = &l->save;

	if (n > SAVE_TEXT_MOST - s->len) {
		save_drop(l);
		return false;
	}
	if (s->len + n > s->room) {
		size_t room = s->room * 2 > s->len + n ? s->room * 2 : s->len + n;
		uint8_t *at = realloc(s->bytes, room);

		if (at == NULL) {
			save_drop(l);
			return false;
		}
		s->bytes = at;
		s->room = room;
	}
	if (n > 0)
		memcpy(s->bytes + s->len, bytes, n);
	s->len += n;
	return true;
}

void save_collected(struct look *l, uint64_t flow)
{
	struct save_query *q = &l->save.query;

	memset(q, 0, sizeof *q);
	q->kind = SAVE_TEXT;
	q->packets.flow[0] = flow;
	q->packets.flows = flow != 0;
	q->text = l->save.bytes != NULL ? (const char *)l->save.bytes : "";
	q->len = l->save.len;
	memcpy(q->name, l->save.chosen, sizeof q->name);
	q->proposed_ns = l->save.proposed_ns;
	l->save.wanted = true;
}

void save_text(struct look *l, char *text, size_t len, uint64_t flow)
{
	save_drop(l);
	l->save.bytes = (uint8_t *)text;
	l->save.len = l->save.room = len;
	save_collected(l, flow);
}
