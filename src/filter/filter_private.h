/* What the files of this room share: names, values, tests, the program. */
#ifndef FILTER_PRIVATE_H
#define FILTER_PRIVATE_H

#include "pattern.h"
#include "sockeye/filter.h"
#include "sockeye/socket_words.h"

/* What a name's values are; decides what may be written behind it. */
enum type {
	TYPE_NUMBER,
	TYPE_SIGNED,
	TYPE_NAMED,    /* a number whose values may have words */
	TYPE_DURATION, /* ns */
	TYPE_TIME,     /* ns since the epoch */
	TYPE_BOOL,
	TYPE_TEXT,     /* case ignored */
	TYPE_LETTERS,  /* case counts */
	TYPE_ENDPOINT, /* address, port, or both */
	TYPE_ADDRESS,
	TYPE_MAC,
	TYPE_BYTES,
	TYPE_VERDICT,
	TYPES,
};

enum relation {
	RELATION_EXISTS,   /* a name alone */
	RELATION_VISIBLE,  /* a word alone */
	RELATION_NATURAL,  /* `:`; decided when the type is known */
	RELATION_EQUAL, RELATION_UNEQUAL, RELATION_LESS, RELATION_LEAST, RELATION_MORE, RELATION_MOST,
	RELATION_CONTAINS, /* text, bytes, words of numbers */
	RELATION_PATTERN, RELATION_PATTERN_FOLDED,
};

/* Where values come from. */
enum from {
	FROM_RECORD,   /* a key of the flow record */
	FROM_ROW,      /* rows of a packet, by key */
	FROM_LAYER,    /* is there a layer of that name? */
	FROM_FLAG,     /* a bit of the rows tcp.flags */
	FROM_VERDICTS, /* of a packet: bits */
	FROM_COUNTERS, /* of a flow: record keys of the verdicts in test.mask */
	FROM_FACT,     /* enum fact */
};

/* What is computed, not looked up. */
enum fact {
	FACT_DURATION, /* of a flow, first to last packet */
	FACT_NUMBER, FACT_LENGTH, FACT_CAPTURED, FACT_TIME,
	FACT_LAYERS,   /* the names of a packet's layers, and its service */
	FACT_ISSUE, FACT_RTT, FACT_DUP_ACK,
	FACT_VERDICT,  /* words: turned into FROM_VERDICTS or FROM_COUNTERS */
	FACT_PID, FACT_PROCESS, FACT_FD, FACT_USER, FACT_CONTAINER, FACT_UNIT, /* of those that hold a socket of either end */
	FACTS,
};

enum part { PART_ALL, PART_CLIENT, PART_SERVER, PART_ADDRESS, PART_PORT };

struct origin {
	uint8_t from, part;
	uint16_t key;      /* record key, fact, mask of tcp.flags */
	const char *name;  /* of a row or layer */
	const char *only;  /* FROM_RECORD: of flows of that protocol or service; or NULL */
};

enum { ORIGINS = 10 };

/* A name, understood in a scope. */
struct name {
	enum type type;
	struct origin origin[ORIGINS];
	unsigned origins;
	uint64_t verdicts;   /* of FROM_VERDICTS by name */
	bool plain_us;       /* a bare number is microseconds: the key says so */
	const char *name;    /* as in the table */
	const char *values;  /* words with blanks between, or NULL */
	const char *closed;  /* the same where it can have no others */
};

/* One row of the table of words. flows and packets list record keys and row
 * keys, blanks between; "@x" is a fact, "&2" a TCP flag, "=tls" a layer. NULL:
 * not in that scope. */
struct word {
	const char *name;
	enum type type;
	enum part part;
	const char *flows, *packets, *only;
	uint64_t verdicts; /* with "@is" in packets: any of these */
	const char *values;
	const char *meaning;
};

extern const struct word filter_words[];
extern const unsigned filter_words_n;

/* A value as written, understood as its field's type. Numbers of all types are
 * kept in one order (see ordered()), ranges and rounding as low..high. */
struct literal {
	uint64_t low, exact, high;
	bool number;             /* the three above hold */
	bool has_address, has_port;
	struct address address;
	uint8_t family, prefix;  /* bits */
	uint16_t port;
	uint32_t text, len;      /* in the filter's store: text or bytes */
	const struct pattern *pattern;
};

struct test {
	enum relation relation;
	enum type type;
	struct origin origin[ORIGINS];
	unsigned origins;
	uint64_t verdicts;
	struct literal value;
};

enum step_kind { STEP_TEST, STEP_NOT, STEP_IF_FALSE, STEP_IF_TRUE };

/* IF_*: if the truth value is that, go on at step `to`, which lies ahead. */
struct step {
	enum step_kind kind;
	uint32_t to; /* or the test's index */
};

struct filter {
	enum filter_scope scope;
	struct test *test;
	unsigned tests, tests_room;
	struct step *step;
	unsigned steps, steps_room;
	char *store;            /* values' text */
	uint32_t stored, store_room;
	struct pattern **pattern;
	unsigned patterns, patterns_room;
	struct sockets_words *sockets; /* FILTER_SOCKETS: all that there is */
};

/* names.c */
bool name_resolve(const char *name, size_t n, enum filter_scope scope, struct name *out);
/* A protocol that packets can have; its name as in the table, or NULL. */
const char *name_protocol(const char *name, size_t n);
/* The name most like it within `most` changes, of that scope, or NULL. */
const char *name_near(const char *name, size_t n, enum filter_scope scope, unsigned most);
/* Letters to change, add or leave out to make a of b. */
unsigned name_distance(const char *a, size_t n, const char *b, size_t m);
/* Why a name that exists cannot be asked in this scope; NULL: it does not exist. */
const char *name_elsewhere(const char *name, size_t n, enum filter_scope scope);
/* filter_field() without the dear `again`, and that. */
bool name_at(unsigned i, struct filter_field *out);
bool name_again(unsigned i);
extern const char *const type_names[TYPES];

/* verdicts.c: which verdicts a condition speaks of, and where flows count them. */
uint64_t verdicts_matching(enum relation r, const char *text, size_t n, const struct pattern *p);
uint64_t verdicts_countable(void);
int verdict_key(unsigned verdict); /* enum record_key, or -1 */
/* The verdict most like it; returns how long its word is, 0: none is like it. */
size_t verdicts_near(const char *s, size_t n, const char **word);

/* closed.c: all words that a name can have, with blanks between; NULL: they are not few, or not ours. */
const char *closed_words(const struct name *f);
/* Words of ours have no hyphen: syn-sent is syn_sent. */
void closed_fold(char *s, size_t n);
/* Does any of them fit? p: of a pattern. */
bool closed_has(const char *words, enum relation r, const char *s, size_t n, const struct pattern *p);
/* What is said behind a word that none fits. */
void closed_advice(struct text *t, const char *words, enum relation r, const char *s, size_t n);
/* Is it a state or an outcome of flows, written with - or _? */
bool closed_is_state(const char *s, size_t n);

/* literal.c: false: *e says what the type wants. `at` is put into the store by
 * the caller where text is asked for. */
bool literal_read(struct literal *out, const struct name *f, enum relation r, const char *s, size_t n,
		  struct text *why);
/* Bytes in hexadecimal, with or without colons; returns how many, 0: not that. */
size_t literal_bytes(const char *s, size_t n, uint8_t *out, size_t most);
bool literal_address(struct literal *out, const char *s, size_t n);

/* compare.c */
struct value {
	enum { VALUE_IS_NUMBER, VALUE_IS_TEXT, VALUE_IS_ENDPOINT, VALUE_IS_BYTES } is;
	uint64_t number;                 /* ordered */
	const char *text;
	size_t len;
	struct endpoint end;             /* has_port: whether port counts */
	const struct name_of *names;     /* of a number */
	bool flags;                      /* names are of single bits */
};
bool compare(const struct filter *f, const struct test *t, const struct value *v);
/* Is needle in it, ASCII case ignored? */
bool contains_folded(const char *s, size_t n, const char *needle, size_t len);

/* visible.c: is that word, without a blank, in what filter_visible() has behind the endpoints? Can it only be there? */
bool visible_has(const struct flow_record *r, const char *want, size_t len);
bool visible_is_word(const char *want, size_t len);
bool equal_folded(const char *a, size_t n, const char *b, size_t m);

/* Signed numbers in the order of unsigned ones. */
static inline uint64_t ordered(int64_t v)
{
	return (uint64_t)v ^ UINT64_C(1) << 63;
}

static inline char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#endif
