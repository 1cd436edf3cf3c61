/* The hand-over between the screen's thread and the engine's.
 *
 * Rule: one query and one answer. A mutex guards the two slots and three
 * flags, and is held for a copy, never for work; the engine fills its own
 * answer and copies it in when it is whole. Two eventfds wake the sides. The
 * packet path touches one atomic flag a batch (exchange_dirty) and makes a
 * system call only on the way from clean to dirty.
 */
#include "sockeye/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "answers.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"

enum { INTERFACES_WAIT = 4 };

struct wanted_interface {
	char name[64];
	bool off; /* one less */
};

struct exchange {
	pthread_mutex_t lock;
	struct query query;
	char filter[256];       /* guarded by the lock, for the source */
	bool filter_wanted;
	struct wanted_interface wanted[INTERFACES_WAIT]; /* the same: to capture from, or no more, in this order */
	unsigned wants;
	exchange_add_fn *add;   /* said before the run */
	exchange_off_fn *off;   /* the same; or NULL */
	void *add_arg;
	char filtered[256];     /* the engine's own: the filter that was set last; */
	bool filter_set;        /* else that of the start holds */
	uint64_t tellings;      /* the engine's own, like told */
	bool told_bad;
	char told[sizeof((struct answer *)0)->told];
	bool asked;             /* query waits */
	struct query at_hand;   /* the engine's own: what it answers, slice by slice */
	bool going_on;          /* the same: it is not answered yet */
	int64_t spent_ns;       /* the same: on it */
	bool answered;          /* handed waits */
	struct answer *handed;  /* guarded by the lock */
	struct answer *working; /* the engine's own */
	char trouble[sizeof((struct answer *)0)->trouble]; /* the engine's own */
	struct source_note note;                           /* the same */
	struct save_query save; /* guarded by the lock, with its text, which is ours */
	char *text;
	bool save_asked, saving, save_news;
	struct save_answer saved;
	atomic_bool waiting;    /* asked, seen without the lock */
	atomic_bool changed;
	atomic_bool quitting;
	int query_fd, answer_fd;
};

static void exchange_wake(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof one);

	(void)n; /* a full counter is a wake-up too */
}

static void exchange_calm(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);

	(void)n; /* nothing to read: it was calm */
}

/* Only what is filled: the rest is never looked at. */
static void packets_copy(struct packet_answer *to, const struct packet_answer *from)
{
	struct packet_detail *detail = &to->detail;

	memcpy(to, from, offsetof(struct packet_answer, row) + from->rows * sizeof from->row[0]);
	memcpy(detail, &from->detail, offsetof(struct packet_detail, line) +
	       from->detail.lines * sizeof from->detail.line[0]);
	memcpy(detail->len, from->detail.len, sizeof detail->len);
	memcpy(detail->all, from->detail.all, sizeof detail->all);
	for (unsigned i = 0; i < PACKET_BUFFERS; i++)
		memcpy(detail->bytes[i], from->detail.bytes[i], from->detail.len[i]);
}

void answer_copy(struct answer *to, const struct answer *from)
{
	const size_t flows = offsetof(struct answer, flows);

	memcpy(to, from, flows);
	switch (from->about) {
	case QUERY_FLOWS:
		memcpy((char *)to + flows, (const char *)from + flows,
		       offsetof(struct answer, row) - flows + from->rows * sizeof from->row[0]);
		break;
	case QUERY_PACKETS:
		packets_copy(&to->packets, &from->packets);
		break;
	case QUERY_STREAM:
		memcpy(&to->stream, &from->stream, offsetof(struct stream_answer, bytes) + from->stream.len);
		break;
	case QUERY_TOTALS:
		break;
	}
}

int exchange_open(struct exchange **out, struct error *e)
{
	struct exchange *x = calloc(1, sizeof *x);

	*out = NULL;
	if (x == NULL)
		return error_set(e, ENOMEM, "no memory for the screen");
	x->query_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	x->answer_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	x->handed = calloc(1, sizeof *x->handed);
	x->working = calloc(1, sizeof *x->working);
	if (x->query_fd < 0 || x->answer_fd < 0 || x->handed == NULL || x->working == NULL ||
	    pthread_mutex_init(&x->lock, NULL) != 0) {
		if (x->query_fd >= 0)
			close(x->query_fd);
		if (x->answer_fd >= 0)
			close(x->answer_fd);
		free(x->handed);
		free(x->working);
		free(x);
		return error_set(e, ENOMEM, "no memory or descriptors for the screen");
	}
	*out = x;
	return 0;
}

void exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	pthread_mutex_destroy(&x->lock);
	close(x->query_fd);
	close(x->answer_fd);
	free(x->handed);
	free(x->working);
	free(x->text);
	free(x);
}

bool exchange_save(struct exchange *x, const struct save_query *q)
{
	bool taken;

	pthread_mutex_lock(&x->lock);
	taken = !x->saving;
	if (taken) {
		free(x->text);
		x->text = NULL;
		x->save = *q;
		x->save.len = q->kind == SAVE_PACKETS ? 0 : q->len < SAVE_TEXT_MOST ? q->len : SAVE_TEXT_MOST;
		if (x->save.len > 0 && (x->text = malloc(x->save.len)) != NULL)
			memcpy(x->text, q->text, x->save.len);
		if (x->save.len > 0 && x->text == NULL)
			taken = false;
		x->save.text = x->text;
		x->saving = x->save_asked = taken;
	}
	pthread_mutex_unlock(&x->lock);
	if (taken) {
		exchange_wake(x->query_fd);
		atomic_store(&x->waiting, true);
	}
	return taken;
}

bool exchange_saved(struct exchange *x, struct save_answer *out)
{
	bool news;

	pthread_mutex_lock(&x->lock);
	news = x->save_news;
	*out = x->saved;
	x->save_news = false;
	pthread_mutex_unlock(&x->lock);
	return news;
}

/* The engine: a save that was asked for begins; of one that goes on it tells how far it is. */
static void exchange_serve_save(struct exchange *x, struct engine *e)
{
	struct save_answer a;
	struct save_query q;
	bool begin, saving;

	pthread_mutex_lock(&x->lock);
	begin = x->save_asked;
	saving = x->saving;
	x->save_asked = false;
	q = x->save;
	pthread_mutex_unlock(&x->lock);
	if (!saving)
		return;
	if (begin)
		engine_save(e, &q, &a);
	else
		engine_saved(e, &a);
	pthread_mutex_lock(&x->lock);
	x->saved = a;
	x->saving = !a.done;
	x->save_news = true;
	pthread_mutex_unlock(&x->lock);
	if (a.done)
		exchange_wake(x->answer_fd);
}

void exchange_post(struct exchange *x, const struct query *q)
{
	pthread_mutex_lock(&x->lock);
	x->query = *q;
	x->asked = true;
	pthread_mutex_unlock(&x->lock);
	/* In this order: a readable descriptor is then always calmed by a serve. */
	exchange_wake(x->query_fd);
	atomic_store(&x->waiting, true);
}

bool exchange_take(struct exchange *x, struct answer *out)
{
	bool had;

	exchange_calm(x->answer_fd);
	pthread_mutex_lock(&x->lock);
	had = x->answered;
	if (had)
		answer_copy(out, x->handed);
	x->answered = false;
	pthread_mutex_unlock(&x->lock);
	return had;
}

int exchange_answer_fd(const struct exchange *x)
{
	return x->answer_fd;
}

int exchange_query_fd(const struct exchange *x)
{
	return x->query_fd;
}

void exchange_capture_filter(struct exchange *x, const char *words)
{
	struct text t;

	pthread_mutex_lock(&x->lock);
	text_init(&t, x->filter, sizeof x->filter);
	text_put(&t, words);
	x->filter_wanted = true;
	pthread_mutex_unlock(&x->lock);
	exchange_wake(x->query_fd);
	atomic_store(&x->waiting, true);
}

void exchange_add_with(struct exchange *x, exchange_add_fn *add, exchange_off_fn *off, void *arg)
{
	x->add = add;
	x->off = off;
	x->add_arg = arg;
}

static bool exchange_want_interface(struct exchange *x, const char *name, bool off)
{
	struct text t;
	bool room;

	pthread_mutex_lock(&x->lock);
	room = x->wants < INTERFACES_WAIT;
	if (room) {
		text_init(&t, x->wanted[x->wants].name, sizeof x->wanted[x->wants].name);
		text_put(&t, name);
		x->wanted[x->wants++].off = off;
	}
	pthread_mutex_unlock(&x->lock);
	exchange_wake(x->query_fd);
	atomic_store(&x->waiting, true);
	return room;
}

bool exchange_add_interface(struct exchange *x, const char *name)
{
	return exchange_want_interface(x, name, false);
}

bool exchange_take_off_interface(struct exchange *x, const char *name)
{
	return exchange_want_interface(x, name, true);
}

/* On the engine's thread, between two batches: one interface more, under the filter that holds; or one less. What the
 * one before it came to is told, too. */
static void exchange_interface(struct exchange *x, struct source *s, const struct wanted_interface *is, bool first,
			       bool ended)
{
	const size_t told = first ? 0 : strlen(x->told);
	const char *name = is->name;
	const bool off = is->off;
	struct error e = {""};
	struct text t;
	int r;

	if (off)
		r = source_take_off(s, name, &e);
	else if (ended || !s->live || s->replay || x->add == NULL)
		r = error_set(&e, ENOTSUP, "this source takes no more interfaces");
	else
		r = x->add(x->add_arg, s, name, x->filter_set ? x->filtered : NULL, &e);
	if (off && r >= 0 && x->off)
		x->off(x->add_arg, name);
	text_init(&t, x->told + told, sizeof x->told - told);
	text_put(&t, told > 0 ? "; " : "");
	text_put(&t, r < 0 ? "" : off ? "not captured any more: " : "captured from now on, too: ");
	if (r >= 0 || off)
		text_foreign(&t, name, strlen(name), false);
	text_put(&t, r < 0 && off ? ": " : "");
	text_put(&t, r < 0 ? e.text : "");
	x->told_bad = r < 0 || (told > 0 && x->told_bad);
	x->tellings++;
	exchange_dirty(x);
}

/* The same: another capture filter. */
static void exchange_filter(struct exchange *x, struct source *s, const char *words, bool ended)
{
	struct error e = {""};
	int r = ended || !s->filter ? error_set(&e, ENOTSUP, "this source takes no other one")
				    : s->filter(s, words[0] != '\0' ? words : NULL, &e);
	struct text t;

	text_init(&t, x->told, sizeof x->told);
	if (r < 0) {
		text_put(&t, "capture filter: ");
		text_put(&t, e.text);
	} else {
		x->filter_set = true;
		memcpy(x->filtered, words, strlen(words) < sizeof x->filtered ? strlen(words) + 1 : 0);
		text_put(&t, "captured from now on: ");
		words = words[0] != '\0' ? words : "everything";
		text_foreign(&t, words, strlen(words), false);
	}
	x->told_bad = r < 0;
	x->tellings++;
	exchange_dirty(x);
}

/* What the screen has asked for since: a question replaces the one at hand. */
static void exchange_asked(struct exchange *x, struct source *s, bool ended)
{
	struct wanted_interface wanted[INTERFACES_WAIT];
	char filter[sizeof x->filter];
	bool asked, filter_wanted;
	unsigned wants;

	exchange_calm(x->query_fd);
	atomic_store(&x->waiting, false);
	pthread_mutex_lock(&x->lock);
	asked = x->asked;
	if (asked)
		x->at_hand = x->query;
	x->asked = false;
	filter_wanted = x->filter_wanted;
	memcpy(filter, x->filter, sizeof filter);
	x->filter_wanted = false;
	memcpy(wanted, x->wanted, sizeof wanted);
	wants = x->wants;
	x->wants = 0;
	pthread_mutex_unlock(&x->lock);
	if (filter_wanted)
		exchange_filter(x, s, filter, ended);
	for (unsigned i = 0; i < wants; i++)
		exchange_interface(x, s, &wanted[i], i == 0 && !filter_wanted, ended);
	if (!asked)
		return;
	x->going_on = true;
	x->spent_ns = 0;
	/* Before the walk: what comes during it is news for the next answer. */
	atomic_store(&x->changed, false);
}

bool exchange_going_on(const struct exchange *x)
{
	return x->going_on;
}

bool exchange_serve(struct exchange *x, struct engine *e, struct source *s, bool ended)
{
	int64_t ms;

	if (!atomic_load(&x->waiting) && !x->going_on && !engine_saving(e))
		return false;
	exchange_serve_save(x, e);
	if (atomic_load(&x->waiting))
		exchange_asked(x, s, ended);
	if (!x->going_on)
		return false;
	ms = x->at_hand.about != QUERY_FLOWS ? ANSWER_MS : ended ? SLICE_ENDED_MS : SLICE_MS;
	x->going_on = !engine_answer_within(e, &x->at_hand, x->working, ms * CLOCK_MS);
	x->spent_ns += x->working->cost_ns;
	if (x->going_on)
		return false;
	x->working->cost_ns = x->spent_ns;
	engine_answer_sources(x->working, s, ended);
	memcpy(x->working->trouble, x->trouble, sizeof x->trouble);
	x->working->note = x->note;
	x->working->tellings = x->tellings;
	x->working->told_bad = x->told_bad;
	memcpy(x->working->told, x->told, sizeof x->told);
	pthread_mutex_lock(&x->lock);
	answer_copy(x->handed, x->working);
	x->answered = true;
	pthread_mutex_unlock(&x->lock);
	exchange_wake(x->answer_fd);
	return true;
}

void exchange_dirty(struct exchange *x)
{
	if (!atomic_load_explicit(&x->changed, memory_order_relaxed) && !atomic_exchange(&x->changed, true))
		exchange_wake(x->answer_fd);
}

void exchange_note(struct exchange *x, const struct source_note *n)
{
	x->note = *n;
	exchange_dirty(x);
}

void exchange_trouble(struct exchange *x, const char *sentence)
{
	struct text t;

	text_init(&t, x->trouble, sizeof x->trouble);
	text_put(&t, sentence);
	exchange_dirty(x);
}

bool exchange_changed(const struct exchange *x)
{
	return atomic_load(&x->changed);
}

void exchange_quit(struct exchange *x)
{
	atomic_store(&x->quitting, true);
	exchange_wake(x->query_fd);
	exchange_wake(x->answer_fd);
}

bool exchange_quitting(const struct exchange *x)
{
	return atomic_load(&x->quitting);
}
