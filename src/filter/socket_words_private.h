/* The program that words about sockets become. */
#ifndef SOCKET_WORDS_PRIVATE_H
#define SOCKET_WORDS_PRIVATE_H

#include "sockeye/socket_words.h"

enum kind {
	TEST_AND, TEST_OR, TEST_NOT, TEST_STATES, TEST_PORT, TEST_ADDRESS, TEST_PID, TEST_PROCESS, TEST_UID, TEST_INODE, TEST_HOLDERS,
	TEST_CGROUP, TEST_NAME, TEST_PROTO, TEST_FAMILY, TEST_IP, TEST_TEXT,
};
enum side { SIDE_LOCAL = 1, SIDE_REMOTE = 2, SIDE_EITHER = 3 };
enum operator { IS, IS_NOT, LESS, LESS_OR_IS, MORE, MORE_OR_IS };

enum { WORD_TEXT = 128 };

struct test {
	uint8_t kind, side, operator, prefix, family; /* prefix: bits of the address */
	uint64_t low, high;                           /* numbers; states as bits */
	struct address address;
	char text[WORD_TEXT];
};

struct sockets_words {
	struct test at[SOCKETS_WORDS];
	unsigned n;
};

#endif
