/* Finding a connection in the list: F3 takes what the filter takes, n and N go on. Nothing is left out of the list, and
 * the selection moves.
 *
 * Who is in sight is found here, in the order that stands; whoever is not, by the engine (query.find).
 */
#include <string.h>

#include "columns.h"
#include "screen.h"
#include "sockeye/filter.h"

/* With nothing searched: who is in trouble. */
static const char find_trouble[] = "outcome:refused,unanswered,half_open,reset,unreachable or retrans>0";

static const char *find_text(const struct look *l)
{
	return l->list.find[0] != '\0' ? l->list.find : find_trouble;
}

/* The rows of the answer from the selected one on; round: and from the other end. */
static bool find_row(const struct look *l, const struct answer *a, bool round, unsigned *row)
{
	struct filter *f = NULL;
	bool found = false;

	if (a->rows == 0 || a->selected_row >= a->rows || query_find_compile(&f, find_text(l), a->live, NULL) < 0)
		return false;
	for (unsigned i = 1; i <= a->rows && !found; i++) {
		const unsigned at = (a->selected_row + (l->list.find_back ? a->rows - i : i)) % a->rows;

		if (!round && (at < a->selected_row) != l->list.find_back)
			break;
		found = (round || at != a->selected_row) && filter_flow(f, &a->row[at]);
		*row = at;
	}
	filter_free(f);
	return found;
}

bool connections_find_ask(const struct look *l, const struct answer *a, struct query *q)
{
	struct text t;
	unsigned row;

	if (a->rows > 0 && a->selected_row < a->rows && a->row[a->selected_row].id == l->selected &&
	    find_row(l, a, false, &row)) {
		q->move = (int64_t)row - a->selected_row;
		return true;
	}
	text_init(&t, q->find, sizeof q->find);
	text_put(&t, find_text(l));
	q->find_back = l->list.find_back;
	return false;
}

static void find_say(struct look *l, bool bad, const char *before, const char *behind)
{
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_put(&t, before);
	if (l->list.find[0] != '\0')
		text_foreign(&t, l->list.find, strlen(l->list.find), false);
	else
		text_put(&t, "trouble");
	text_put(&t, behind);
	l->message_bad = bad;
}

void connections_found(struct look *l, enum query_found found)
{
	if (found == FOUND_NOBODY)
		find_say(l, true, "not found: ", l->match[0] != '\0' ? ", among those that the filter lets through" : "");
	else if (found == FOUND_ROUND)
		find_say(l, false, "found: ", l->list.find_back ? ", round from the last row" : ", round from the first row");
}

void connections_find_paused(struct look *l, struct answer *a)
{
	const unsigned from = a->selected_row;
	unsigned row;

	l->list.finding = false;
	if (!find_row(l, a, true, &row)) {
		connections_found(l, FOUND_NOBODY);
		return;
	}
	a->selected_row = row;
	a->selected = l->selected = a->row[row].id;
	if ((row <= from) != l->list.find_back)
		connections_found(l, FOUND_ROUND);
}

enum reaction connections_find(struct look *l, bool back)
{
	l->list.finding = true;
	l->list.find_back = back;
	l->stick = STICK_NONE;
	l->move = 0;
	l->scroll = false;
	if (l->list.find[0] == '\0')
		screen_say(l, false, "the next that failed, or had to send again; F3 takes a text");
	return REACT_ASK;
}

enum reaction connections_prompted(struct look *l, const char *text, int64_t now_ns)
{
	struct filter_error e = {0};
	struct filter *f = NULL;
	struct text t;

	(void)now_ns;
	text_init(&t, l->list.find, sizeof l->list.find);
	if (text[strspn(text, " ")] == '\0')
		return screen_say(l, false, "nothing is looked for: n goes to the next that failed, or had to send again");
	if (query_find_compile(&f, text, false, &e) < 0) {
		text_init(&t, l->message, sizeof l->message);
		text_format(&t, "column %u: ", e.column);
		text_put(&t, e.text);
		l->message_bad = true;
		l->found[SCREEN_CONNECTIONS][0] = '\0'; /* nothing to go on with */
		l->found_here = false;
		return REACT_DRAW;
	}
	filter_free(f);
	text_put(&t, text);
	return connections_find(l, false);
}
