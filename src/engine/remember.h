/* Packets to look at again: what an engine has for it beside the index.
 *
 * Opened by engine_remember(): the spool files, the shares of memory. Whatever is asked
 * about packets afterwards begins here. */
#ifndef ENGINE_REMEMBER_H
#define ENGINE_REMEMBER_H

#include "index.h"
#include "sockeye/engine.h"

struct recall;
struct packet_list;
struct streams;

/* A search, step by step: find.c. */
struct find {
	bool on;
	bool back, wrapped;
	bool nobody;        /* it came to its end between two answers: to be told */
	enum packet_find kind;
	uint8_t what[QUERY_FIND];
	uint32_t len;
	uint64_t verdicts;  /* FIND_VERDICT: any of these */
	uint64_t origin;    /* the row it began at */
	uint64_t end;       /* the packet that it ends with, when it has come round */
	uint64_t at;        /* looked at last */
	uint64_t from, to;  /* packets whose flows were looked for together, */
	unsigned forgot;    /* and are at hand as long as that is recall_forgot() */
};

struct remembered {
	struct engine *engine;
	struct index *index;      /* the engine's */
	struct source *source;
	struct recall *recall;    /* NULL until somebody asks */
	struct packet_list *list; /* the same */
	struct streams *streams;  /* the same */
	int index_fd, history_fd; /* -1: none */
	struct find find;         /* a search that was asked for */
	uint64_t found;           /* what it found between two answers; 0: nothing yet */
	struct save *save;        /* NULL: nothing is being saved */
	struct save_answer saved; /* the last one */
	bool saving;              /* how it ended was not asked yet */
	int (*create)(void *arg, const char *name, struct error *e);
	void *create_arg;
	bool unfinished;          /* the last answer was not all: engine_go_on() */
	size_t memory;            /* of lists and pieces */
	char trouble[200];        /* of what could not be opened */
};

int remember_open(struct remembered **out, struct index **index, struct engine *e, struct source *s, size_t memory,
		  struct error *err);
void remember_free(struct remembered *m);

struct index *engine_index(struct engine *e);
struct remembered *engine_remembered(struct engine *e);

/* The first packet that can be had, where they go in order; packets that are not to be had any more. */
uint64_t remember_first(const struct remembered *m);
uint64_t remember_forgotten(const struct remembered *m);
/* A sentence where less is kept than could be, or "". */
void remember_trouble(const struct remembered *m, char *out, size_t size);

#endif
