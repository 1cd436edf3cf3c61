/* Which columns a screen of a given width has: the written list of what is dropped.
 *
 *   from   what is shown                                     what that drops
 *   200    start, state, age, idle, words of the handshake
 *   160    the same without start and state                  start, state
 *   120    a chain for the handshake, 8 s of rate            age, idle; where processes are known, a
 *                                                            little of each, so that the service has room
 *   100    live, the rate as a number; no service where      the curve; service, or rate
 *          processes are known, else no rate
 *   80     a short handshake, rate or bytes with ! for       both directions; RTT where no
 *          retransmissions                                   process is known
 *   60     the client's port without its address             the client's address, RTT
 *   40     the server, a short handshake, rate or bytes      client, service
 *
 * The process has a column where one is known, and takes no room else. Who chooses columns
 * gets those, and the arrows bring what does not fit.
 */
#include "columns.h"

#include <string.h>

enum { SERVICE_LEAST = 8 };

struct width {
	enum column_id id;
	unsigned cells; /* 0: the rest */
};

struct set {
	unsigned from;
	enum handshake_size handshake;
	unsigned spark;
	struct width at[COLUMNS];
};

#define ADDRESSES(w) {COLUMN_CLIENT, w}, {COLUMN_SERVER, w}
#define TRAFFIC {COLUMN_RTT, 5}, {COLUMN_UP, 5}, {COLUMN_DOWN, 5}
#define END {COLUMNS, 0}

/* Widest first. */
static const struct set columns_sets[] = {
	{200, HANDSHAKE_WORDS, 16, {{COLUMN_START, 9}, ADDRESSES(26), {COLUMN_HANDSHAKE, 40}, TRAFFIC, {COLUMN_RATE, 16},
				    {COLUMN_RTX, 4}, {COLUMN_STATE, 12}, {COLUMN_AGE, 5}, {COLUMN_IDLE, 5},
				    {COLUMN_PROCESS, 18}, {COLUMN_SERVICE, 0}, END}},
	{160, HANDSHAKE_WORDS, 16, {ADDRESSES(26), {COLUMN_HANDSHAKE, 40}, TRAFFIC, {COLUMN_RATE, 16}, {COLUMN_RTX, 4},
				    {COLUMN_AGE, 5}, {COLUMN_IDLE, 5}, {COLUMN_PROCESS, 14}, {COLUMN_SERVICE, 0}, END}},
	{120, HANDSHAKE_CHAIN, 8, {ADDRESSES(21), {COLUMN_HANDSHAKE, 19}, TRAFFIC, {COLUMN_RATE, 8}, {COLUMN_RTX, 4},
				   {COLUMN_PROCESS, 14}, {COLUMN_SERVICE, 0}, END}},
	{100, HANDSHAKE_CHAIN, 0, {ADDRESSES(21), {COLUMN_HANDSHAKE, 17}, TRAFFIC, {COLUMN_RATE, 5}, {COLUMN_RTX, 3},
				   {COLUMN_PROCESS, 0}, {COLUMN_SERVICE, 0}, END}},
	{80, HANDSHAKE_SHORT, 0, {ADDRESSES(20), {COLUMN_HANDSHAKE, 13}, {COLUMN_RTT, 5}, {COLUMN_BYTES, 6},
				  {COLUMN_PROCESS, 0}, {COLUMN_SERVICE, 0}, END}},
	{60, HANDSHAKE_SHORT, 0, {{COLUMN_PORT, 6}, {COLUMN_SERVER, 20}, {COLUMN_HANDSHAKE, 11}, {COLUMN_BYTES, 6},
				  {COLUMN_PROCESS, 0}, {COLUMN_SERVICE, 0}, END}},
	{0, HANDSHAKE_SHORT, 0, {{COLUMN_SERVER, 19}, {COLUMN_HANDSHAKE, 9}, {COLUMN_BYTES, 6}, END}},
};

/* At 120, with processes: together as much as the service needs. */
static const struct width columns_close[] = {{COLUMN_HANDSHAKE, 17}, {COLUMN_RTX, 3}, {COLUMN_PROCESS, 12}};

/* What the columns are called, and how wide those are that the set of the width lacks. */
static const struct {
	const char *name, *title, *brief;
	unsigned cells;
	bool right;
} columns_table[COLUMNS] = {
	[COLUMN_START] = {"start", "Start s", "seconds from the first packet to its first", 9, true},
	[COLUMN_CLIENT] = {"client", "Client", "who opened it", 21, false},
	[COLUMN_PORT] = {"client-port", "Client", "the client's port alone", 6, false},
	[COLUMN_SERVER] = {"server", "Server", "who was asked", 21, false},
	[COLUMN_HANDSHAKE] = {"handshake", "Handshake ms", "SYN, SYN/ACK, ACK and the times between", 19, false},
	[COLUMN_RTT] = {"rtt", "RTT ms", "median round trip of data, else of the handshake", 5, true},
	[COLUMN_UP] = {"up", "Up", "bytes from client to server", 5, true},
	[COLUMN_DOWN] = {"down", "Down", "bytes from server to client", 5, true},
	[COLUMN_BYTES] = {"bytes", "Bytes", "both ways; live: bytes a second; ! sent again", 6, true},
	[COLUMN_RATE] = {"rate", "Rate", "live: the last seconds; of files: a second, over its life", 8, true},
	[COLUMN_RTX] = {"rtx", "Rtx", "retransmissions; red or bold from 1 % on", 4, true},
	[COLUMN_PROCESS] = {"process", "Process", "name and descriptor of its owner, where known", 14, false},
	[COLUMN_SERVICE] = {"service", "Service, name", "known by the content, and the server's name", 16, false},
	[COLUMN_STATE] = {"state", "State", "what became of it", 12, false},
	[COLUMN_AGE] = {"age", "Age", "first to last packet; live: since the first", 5, true},
	[COLUMN_IDLE] = {"idle", "Idle", "since its last packet", 5, true},
};

const char *column_name(enum column_id id)
{
	return columns_table[id].name;
}

const char *column_title(enum column_id id)
{
	return columns_table[id].title;
}

const char *column_brief(enum column_id id)
{
	return columns_table[id].brief;
}

enum column_id column_by_name(const char *name, size_t n)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		if (strlen(columns_table[i].name) == n && memcmp(columns_table[i].name, name, n) == 0)
			return (enum column_id)i;
	return COLUMNS;
}

static const struct set *columns_set(unsigned width)
{
	const struct set *set = columns_sets;

	while (set->from > width)
		set++;
	return set;
}

/* Not everything in the set has its place everywhere. */
static bool columns_leave(const struct look *l, const struct set *set, enum column_id id)
{
	bool owners = l->list.owners;

	switch (id) {
	case COLUMN_PROCESS:
		return !owners;
	case COLUMN_SERVICE: /* two that take the rest do not go together */
		return owners && set->from <= 100;
	case COLUMN_RATE:
		return set->from == 100 && !(owners && l->live);
	case COLUMN_RTT:
		return set->from == 80 && !owners;
	default:
		return false;
	}
}

unsigned columns_wanted(const struct look *l, unsigned width, uint8_t out[COLUMNS])
{
	const struct set *set = columns_set(width);
	unsigned n = 0;

	if (l->list.columns > 0) {
		memcpy(out, l->list.column, l->list.columns);
		return l->list.columns;
	}
	for (unsigned i = 0; i < COLUMNS && set->at[i].id != COLUMNS; i++)
		if (!columns_leave(l, set, set->at[i].id))
			out[n++] = (uint8_t)set->at[i].id;
	return n;
}

static unsigned columns_cells(const struct look *l, const struct set *set, enum column_id id)
{
	if (id == COLUMN_RATE && !l->live)
		return 5; /* of a file a number is all there is */
	if (set->from == 120 && l->list.owners && l->list.columns == 0) {
		for (unsigned i = 0; i < sizeof columns_close / sizeof *columns_close; i++)
			if (columns_close[i].id == id)
				return columns_close[i].cells;
	}
	for (unsigned i = 0; i < COLUMNS && set->at[i].id != COLUMNS; i++)
		if (set->at[i].id == id)
			return set->at[i].cells;
	return id == COLUMN_SERVICE && set->from == 0 ? SERVICE_LEAST : columns_table[id].cells;
}

static const char *columns_title(const struct look *l, const struct columns *c, enum column_id id, unsigned cells)
{
	if (id == COLUMN_BYTES && l->live)
		return "B/s";
	if (id == COLUMN_RATE)
		return !l->live || c->spark == 0 ? "B/s" : c->spark == 16 ? "Rate, last 16 s" : "Rate 8s";
	if (id == COLUMN_HANDSHAKE)
		return c->handshake == HANDSHAKE_CHAIN ? "Handshake ms" : "Handshake";
	if (id == COLUMN_SERVICE && cells < 13)
		return "Service";
	return columns_table[id].title;
}

void columns_fit(const struct look *l, unsigned width, struct columns *out)
{
	const struct set *set = columns_set(width);
	uint8_t wanted[COLUMNS];
	unsigned n = columns_wanted(l, width, wanted), x = COLUMNS_FROM + 1;
	unsigned first = l->list.skipped < n ? l->list.skipped : n > 0 ? n - 1 : 0;

	memset(out, 0, sizeof *out);
	out->wanted = n;
	out->handshake = set->handshake;
	out->spark = l->live ? set->spark : 0;
	out->more_left = first > 0;
	for (unsigned i = 0; i < n; i++)
		out->state_said = out->state_said || wanted[i] == COLUMN_STATE;
	for (unsigned i = first; i < n; i++) {
		enum column_id id = (enum column_id)wanted[i];
		unsigned cells = columns_cells(l, set, id), room = width > x ? width - x : 0;

		/* The last one has what is left, which must be enough to be read. */
		if (cells == 0 || (i + 1 == n && id == COLUMN_SERVICE))
			cells = i + 1 == n || room < columns_table[id].cells ? room : columns_table[id].cells;
		if (cells > room || cells == 0 || (id == COLUMN_SERVICE && cells < SERVICE_LEAST && i > first)) {
			out->more_right = true;
			break;
		}
		out->at[out->n++] = (struct column){id, columns_title(l, out, id, cells), columns_table[id].right, x,
						    x + cells};
		x += cells + 1;
	}
}

unsigned column_sort(const struct look *l, enum column_id id)
{
	enum column_id shown = id == COLUMN_PORT ? COLUMN_CLIENT : id == COLUMN_AGE ? COLUMN_START :
			       id == COLUMN_BYTES && l->live ? COLUMN_RATE : id;

	for (unsigned i = 0; i < LOOK_SORTS; i++)
		if (look_sorts[i].column == shown)
			return i;
	return LOOK_SORTS;
}
