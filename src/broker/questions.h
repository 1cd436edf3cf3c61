/* What goes over the broker's socket. Private to this room.
 *
 * A question and an answer are one datagram each, of exactly these sizes. Answers
 * about processes are longer; all others are a struct broker_answer. The
 * answer repeats the serial number; serial 0 is the greeting, which is a struct
 * broker_greeting and comes once.
 */
#ifndef BROKER_QUESTIONS_H
#define BROKER_QUESTIONS_H

#include <stdint.h>

#include "sockeye/broker.h"

enum { BROKER_NAME = 1000 };

enum broker_kind { BROKER_PACKET_SOCKET = 1, BROKER_CREATE_OUTPUT = 2, BROKER_PROCESSES = 3, BROKER_CREATE_SAVE = 4,
		   BROKER_INSIDE = 5 };

enum { BROKER_WALK_MS = 100, BROKER_INSIDE_MS = 100 };

struct broker_question {
	uint32_t serial; /* not 0 */
	uint32_t kind;
	int32_t flags;           /* of open(2); BROKER_PROCESSES: 1: begin; BROKER_INSIDE: the process */
	uint64_t started;        /* BROKER_INSIDE: when it was; else 0 */
	char name[BROKER_NAME];  /* ends with a zero; "" where kind has no name */
};

struct broker_answer {
	uint32_t serial;
	int32_t result; /* 0: one descriptor comes along; else -errno */
};

/* The answer to BROKER_PROCESSES, where its result is 0. */
struct broker_walked {
	struct broker_answer answer;
	struct process_batch batch;
};

/* The answer to BROKER_INSIDE, where its result is 0. */
struct broker_looked {
	struct broker_answer answer;
	struct process_inside inside;
};

struct broker_greeting {
	int32_t result;
	struct broker_facts facts;
	char why[200];
};

/* The broker's side: confines itself, greets, answers, never returns. */
_Noreturn void serve(int fd, pid_t parent, const struct broker_options *o);

/* May a file of that name be made? The part below the directory, or NULL. */
const char *output_name(const struct broker_options *o, const char *name);
/* Is it one that the screen saves under (saves.c)? */
bool saves_name(const char *name);
/* Is it the same directory at all times? */
bool output_directory_fixed(const struct broker_options *o);

#endif
