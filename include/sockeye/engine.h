/* The engine: where dissectors and flows meet, on one thread; of a large file another
 * one reads ahead (pipeline.h).
 *
 * engine_batch() is the program: time, flow, application, counters, observers,
 * packet by packet. Reading a file and capturing live run the same code.
 */
#ifndef SOCKEYE_ENGINE_H
#define SOCKEYE_ENGINE_H

#include "sockeye/dissector.h"
#include "sockeye/error.h"
#include "sockeye/event.h"
#include "sockeye/flow.h"
#include "sockeye/query.h"
#include "sockeye/source.h"
#include "sockeye/writer.h"

struct engine;
struct host_live;

struct engine_options {
	size_t memory;      /* --memory, all of it; the engine takes its shares */
	bool live;
	bool no_fast_path;  /* every frame through the loop of dissectors, every segment by all rules: same results */
	uint64_t hash_seed; /* 0: random */
	bool remember;      /* engine_remember() will be called: packets have their share of the memory */
};

enum { ENGINE_MEMORY_DEFAULT = 256 << 20, ENGINE_MEMORY_MIN = 16 << 20 };

int engine_open(struct engine **out, const struct engine_options *o, struct error *e);
void engine_free(struct engine *e);

/* Add an observer before the first batch; closed by engine_free(). */
int engine_observe(struct engine *e, const struct observer *o);

/* From now on packets can be looked at again: an index of them is kept, and of those that s cannot read
 * again the bytes. Before the first batch, while files may still be opened; s outlives every answer.
 * -errno with the sentence; less than everything is no error: packet_answer.trouble says what. */
int engine_remember(struct engine *e, struct source *s, struct error *err);

/* Live: who holds the sockets of flows is asked of h from now on, and told in every record. h is there until the engine
 * is freed; NULL: nobody tells but the engine's own table of owners, for tests. Before the first batch. */
int engine_host(struct engine *e, struct host_live *h, struct error *err);
/* An address that another network namespace of this machine has: after engine_host(), before the first batch. */
void engine_elsewhere(struct engine *e, const struct address *a, uint8_t family);
/* Between two batches: what h has learnt meanwhile. True: something. */
bool engine_learn(struct engine *e);

/* Account n frames. 0, or what an observer returned to stop the run. */
int engine_batch(struct engine *e, const struct frame *f, unsigned n);

/* Live: time goes on without packets. */
int engine_tick(struct engine *e, int64_t now_ns);

/* What the sources say at the end that the capture lost; what of it no frame
 * told of may concern every flow. Before engine_end(). */
void engine_capture_lost(struct engine *e, uint64_t all);

/* Nothing follows: every flow ends (unless keep_flows: for the screen), then
 * EVENT_END. */
int engine_end(struct engine *e, bool keep_flows);

/* Brought up to date by the call; the pointer stays valid. */
const struct totals *engine_totals(struct engine *e);
const struct dissect_stats *engine_dissect_stats(const struct engine *e);
struct flow_table *engine_flows(struct engine *e);
const struct paths *engine_paths(const struct engine *e);

/* Answer a query in full, on the engine's thread. Leaves what the sources say
 * to the next function. */
void engine_answer(struct engine *e, const struct query *q, struct answer *out);
/* The same, of what there is within that time. About packets and streams it may be less than all;
 * packet_answer.looking and stream_answer.looking say so. About flows it is all or nothing: false, nothing was
 * answered but the time that it cost, and whoever asks the same again goes on where this ended. */
bool engine_answer_within(struct engine *e, const struct query *q, struct answer *out, int64_t ns);
/* Was the last answer less than all? Then a while more is worked on it, for the next one. */
bool engine_unfinished(struct engine *e);
void engine_go_on(struct engine *e, int64_t ns);
/* While nobody asks: work for ns on what makes the next question about flows cheap (listing_gist.h). ended: nothing comes any
 * more, so what is left of the memory may be taken. engine_is_ahead(): there is nothing to do, which stays so until flows
 * come, or engine_end() where there was no room. */
void engine_ahead(struct engine *e, bool ended, int64_t ns);
bool engine_is_ahead(struct engine *e);
/* Begin to save; engine_go_on() does the rest. One at a time: another one begins when it is done. text must stay
 * until then. *out: done, or how far it is. */
void engine_save(struct engine *e, const struct save_query *q, struct save_answer *out);
bool engine_saving(struct engine *e); /* something was begun, and how it ended was not asked yet */
/* How far it is, and done at last. */
void engine_saved(struct engine *e, struct save_answer *out);
/* The name that is made where none is said, by that clock; with -2, -3 ... from the second try on. */
void engine_save_name(const struct save_query *q, int64_t now_ns, unsigned try, char out[SAVE_NAME]);
/* How new files are made, by a name of the form that struct save_query tells: a descriptor for writing, opened with
 * O_EXCL, or -errno; e may stay empty. Without it nothing can be saved. */
void engine_save_with(struct engine *e, int (*create)(void *arg, const char *name, struct error *e), void *arg);

void engine_answer_sources(struct answer *out, struct source *s, bool ended);

/* ---- two threads for a file ----------------------------------------------- */

/* A source in place of below, which it takes over where it succeeds: from the first
 * next_batch() on another thread reads ahead and prepares the batches for e (pipeline.h);
 * results and stats are those of one thread. max_packets: as in run_options. For the run
 * alone, without a writer or a view of packets: names of interfaces are not to be had
 * meanwhile. All observers must be there at the first next_batch(). e outlives the source:
 * the other thread looks at it, and puts down contents, until free(). -ENOTSUP: below may be waited for, or cannot lend. */
int pipeline_open(struct source **out, struct source *below, struct engine *e, uint64_t max_packets,
		  struct error *err);

/* ---- the run: the one place that waits ---------------------------------- */

struct exchange; /* the screen's hand-over, below */

struct run_options {
	uint64_t max_packets;   /* -c; 0: no bound */
	int64_t duration_ns;    /* --duration; 0: no bound */
	struct exchange *screen; /* or NULL */
	bool keep_flows;        /* after the end of input go on answering the screen */
	int signal_fd;          /* signalfd with the signals below, or -1 */
	void (*note)(void *arg, const struct source_note *n); /* or NULL: only the screen is told */
	void *note_arg;
	struct writer *writer;  /* or NULL. Every batch goes there first; finished by the run, not freed */
	bool only_write;        /* nothing is shown: the engine gets no frames, the run ends with the writer */
	void (*complain)(void *arg, const char *sentence); /* why the writer has ended, when it does; or NULL */
	void *complain_arg;
	void (*counters)(void *arg, uint64_t packets); /* SIGUSR1 asks for them; or NULL */
	void *counters_arg;
	/* A descriptor that hangs up when something is gone that the run can do
	 * without, or -1: then other() is called once; true: e says what is lost,
	 * which is told as a note. */
	int other_fd;
	bool (*other)(void *arg, struct error *e);
	void *other_arg;
};

struct run_result {
	bool interrupted;  /* SIGINT, SIGTERM or SIGQUIT */
	bool hung_up;      /* SIGHUP, or the terminal is gone */
	bool incomplete;   /* a source was cut, damaged or vanished: exit 3 */
	uint64_t packets;  /* that passed the filter */
	int writer_error;  /* -errno that the writer ended with; a reader that leaves is no error */
	struct error writer_problem; /* its sentence, told already where there is a complain() */
	bool observer_stopped;
	int observer_error; /* -errno an observer returned (-EPIPE is silent) */
};

/* Pump frames from s into e until the end, a bound, a signal, or an observer
 * stops it; then engine_end(). */
int run_loop(struct engine *e, struct source *s, const struct run_options *o, struct run_result *out,
	     struct error *err);

/* What came by the signal descriptor of a run that is over, into its result; true: it is to end. */
bool run_signalled(const struct run_options *o, struct run_result *out);

/* ---- the hand-over between the screen's thread and the engine's ---------- */
/* Rule: one query and one answer at most are under way. The screen posts and
 * takes; the engine serves between batches. Only the memory of struct answer
 * is shared, and it belongs to whoever holds the turn. */

int exchange_open(struct exchange **out, struct error *e);
void exchange_free(struct exchange *x);
/* Screen: ask. Replaces a query that has not been served yet. */
void exchange_post(struct exchange *x, const struct query *q);
/* Screen: another capture filter, "" none, at most 200 characters. Its outcome comes with the
 * next answer (answer.told). Replaces one that has not been served yet. */
void exchange_capture_filter(struct exchange *x, const char *words);
/* Screen: capture from that interface as well; its outcome comes the same way. How that is done is said before the
 * run: called on the engine's thread between two batches. A few wait for it, and none is forgotten: false, there is no
 * room for another one yet. */
bool exchange_add_interface(struct exchange *x, const char *name);
/* The same: no more from one that was added so. */
bool exchange_take_off_interface(struct exchange *x, const char *name);
/* filter: the one that the screen has set since the start, "" none; NULL: that of the start holds. Where it cannot be
 * had for that interface nothing is added. */
typedef int exchange_add_fn(void *arg, struct source *s, const char *name, const char *filter, struct error *e);
/* One was taken off. */
typedef void exchange_off_fn(void *arg, const char *name);
void exchange_add_with(struct exchange *x, exchange_add_fn *add, exchange_off_fn *off, void *arg);
/* Screen: copy the newest answer if there is a new one. */
bool exchange_take(struct exchange *x, struct answer *out);
/* Screen: save. False: the one before is not done yet. */
bool exchange_save(struct exchange *x, const struct save_query *q);
/* Screen: how far the last one is; false: nothing was saved yet, or nothing new. */
bool exchange_saved(struct exchange *x, struct save_answer *out);
/* Readable when an answer is there (screen) / a query is there (engine). */
int exchange_answer_fd(const struct exchange *x);
int exchange_query_fd(const struct exchange *x);
/* Engine: serve a waiting query, or a slice of it; true: it was answered. */
bool exchange_serve(struct exchange *x, struct engine *e, struct source *s, bool ended);
/* Engine: is there more of it to serve? */
bool exchange_going_on(const struct exchange *x);
/* Engine: data changed since the last answer (the screen may ask again). The
 * answer descriptor becomes readable the first time after an answer. */
void exchange_dirty(struct exchange *x);
/* Engine: a sentence that every answer carries from now on. */
/* Engine: something happened to the capture; the newest is part of every answer. */
void exchange_note(struct exchange *x, const struct source_note *n);
void exchange_trouble(struct exchange *x, const char *sentence);
/* Screen: has it? */
bool exchange_changed(const struct exchange *x);
/* Either side: the run is over. */
void exchange_quit(struct exchange *x);
bool exchange_quitting(const struct exchange *x);

#endif
