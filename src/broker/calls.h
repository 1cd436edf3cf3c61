/* The system calls of each role, as data. Private to this room. */
#ifndef BROKER_CALLS_H
#define BROKER_CALLS_H

#include <stdint.h>

#include "sockeye/confine.h"

enum call_answer {
	CALL_ALLOWED,  /* whatever its arguments */
	CALL_IF_NONE,  /* if no bit of value is in the argument */
	CALL_IF_ALL,   /* if every bit of value is */
	CALL_IF_EQUAL, /* if it is value; several rows of a call: one of them */
	CALL_IF_SETS,  /* fcntl: the command is argument, and no bit of value is in what it sets */
	CALL_IF_ZEROS, /* if each argument whose bit is in value is 0, in all its bits */
	CALL_IF_SELF,  /* if it is this process's id */
	CALL_ABSENT,   /* ENOSYS, so that libc takes its older way */
	CALL_KILLS,
};

struct call_row {
	int number;
	enum call_answer answer;
	unsigned argument; /* 0 to 5 */
	uint32_t value;    /* of the argument's lower 32 bits, which is all the kernel reads of these */
};

/* Ends with number -1. Rows of one call are tried in their order. */
const struct call_row *calls_of(enum confine_role role);

#endif
