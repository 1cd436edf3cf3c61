/* One packet once more: from its number to what the dissectors say of it.
 *
 * Bytes come from the source or the history; a second struct packet takes them. What
 * the application says depends on the conversation so far:
 *
 *   most packets       the application of the flow as it is known now
 *   those in which it was looked for (INDEX_HEAD), and what was put together of
 *   fragments          the flow's head, RECALL_HEAD packets at most, goes through
 *                      another engine up to the packet: what that one says is what
 *                      `packets -v` said
 *
 * One thread, the engine's. What is lent is lent until the next call. */
#ifndef ENGINE_RECALL_H
#define ENGINE_RECALL_H

#include "remember.h"

enum { RECALL_HEAD = 64, RECALL_HEAD_BYTES = 65536, RECALL_LOOK = 65536 /* entries, for a head */ };

struct recalled {
	uint64_t number;
	struct index_entry entry;
	uint64_t verdicts;
	bool gone;                 /* then why says it, and only the entry is there */
	const char *why;           /* static words */
	const char *interface;     /* foreign; "" unknown */
	struct event ev;           /* of EVENT_PACKET, as views get it; its record is the flow's as it is now */
	struct judgement judged;   /* only its verdicts */
};

/* What is short of a packet of TCP: for looking back. */
struct recall_brief {
	uint64_t number; /* 0: none */
	int64_t ts_ns;
	uint32_t seq, ack, payload_len;
	uint16_t flags, window;
	bool no_time;
};

int recall_open(struct remembered *m, struct error *e);
void recall_free(struct recall *r);
struct engine *recall_engine(const struct recall *r);

/* The flows of these are looked for in one walk over the table, before many are recalled: at most RECALL_FLOWS. */
enum { RECALL_FLOWS = 16384 };
void recall_flows(struct recall *r, const uint32_t *ids, unsigned n);
/* Another number than before: what was looked for is not at hand any more. */
unsigned recall_forgot(const struct recall *r);
/* The flow of that id, or NULL. */
const struct flow *recall_flow(struct recall *r, uint64_t id);

/* False: there is no entry. fields: rows are wanted; record: the flow's is. */
bool recall(struct recall *r, uint64_t number, bool fields, bool record, struct recalled *out);
/* Its bytes, to be written: looks for no flow, and nothing is said of what it carries. */
bool recall_frame(struct recall *r, uint64_t number, struct recalled *out);
/* The same without its application, kept for a while; false: it is gone or no TCP. */
bool recall_brief(struct recall *r, uint64_t number, struct recall_brief *out);

struct recall_stats {
	uint64_t frames;            /* read once more */
	uint64_t replays, replayed; /* engines begun for heads, packets that they were fed */
	uint64_t walks;             /* over all flows */
};
const struct recall_stats *recall_stats(const struct recall *r);

#endif
