/* What the screen asks, what the engine answers.
 *
 * The screen owns no rows. It posts a query about flows, about packets, or
 * about the stream of one flow: order, filter, window, selected id. The engine
 * answers between two batches with at most QUERY_ROWS rows and the counts.
 * Selection is an id that is never reused: of flows theirs, of packets their number.
 * Where a key is absent the flow comes last, in either direction.
 *
 * An answer fills what every answer has and the part that it is about; of the
 * other parts the screen's copy keeps what an earlier answer said.
 */
#ifndef SOCKEYE_QUERY_H
#define SOCKEYE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/event.h"
#include "sockeye/filter.h"
#include "sockeye/packet.h"
#include "sockeye/record.h"
#include "sockeye/source.h"

enum { QUERY_ROWS = 200, QUERY_MATCH = 256, QUERY_SOURCES = 4 };

/* TOTALS: nothing besides the totals, for a screen whose rows come from elsewhere. */
enum query_about { QUERY_FLOWS, QUERY_PACKETS, QUERY_STREAM, QUERY_TOTALS };

/* ---- packets to look at again ----------------------------------------------
 *
 * Of files, from the file; of what cannot be read twice (pipes, compressed
 * files) from a bounded spool; live from a bounded history. What is not to be
 * had any more is counted in packet_answer.forgotten, and its rows are gone. */

enum { QUERY_TOGETHER = 8, QUERY_UNFOLDED = 32, QUERY_FIND = 128, DETAIL_LINES = 320, DETAIL_BYTES = 65536 };

enum packet_find {
	FIND_NOTHING,
	FIND_TEXT, /* ASCII case ignored, in line and bytes */
	FIND_BYTES,
	FIND_VERDICT, /* one of find_verdicts */
};

struct packet_query {
	uint64_t flow[QUERY_TOGETHER]; /* of these flows only, */
	unsigned flows;                /* 0: of all, and those of none */
	char match[QUERY_MATCH];       /* display filter over packets (FILTER_PACKETS); "": all */
	uint64_t marked[QUERY_ROWS];   /* with marked_only: these numbers only, ascending */
	unsigned marks;
	bool marked_only;
	bool fold;                     /* dull runs (below) become one row each */
	bool events;                   /* dull packets are left out, and what became of them is not said */
	bool no_acks;                  /* dull packets without data are left out: plain ACKs */
	uint64_t unfolded[QUERY_UNFOLDED]; /* number of the first packet of each run that is shown in full */
	unsigned unfolds;
	uint64_t selected;             /* packet number; 0: the first */
	int64_t move;
	bool to_first, to_last;
	uint64_t to_number;            /* not 0: select that one, or the next that there is */
	enum packet_find find;         /* select the next that has it, from the selected one on, and round */
	bool find_back;
	bool find_stop;                /* a search that goes on is over */
	uint8_t find_for[QUERY_FIND];
	unsigned find_len;
	uint64_t find_verdicts;        /* verdict_bit(); a repeat that is row.answers_syn is none */
	unsigned rows, anchor;         /* as of flows */
	bool detail;                   /* the selected one in full */
};

/* Dull: a segment with data in order, or a plain ACK that moves on, without a verdict
 * other than window_update, SYN, FIN, RST, and without the start of a message of a known
 * application. The ACK of a SYN/ACK is none: it opens; nor is that of a FIN
 * when both ends have sent theirs: it ends the close. A run: four or more of them in a row within the flow. */

/* One row, filled for people and for the ladder. */
struct packet_row {
	uint64_t number, flow;   /* flow 0: none */
	int64_t ts_ns;
	bool no_time, gone;      /* gone: only the number, flow, side, flags, verdicts and payload_len are known */
	uint32_t wirelen, caplen;
	struct endpoint from, to; /* family NONE: see line */
	uint8_t mac_from[6], mac_to[6];
	bool has_mac;
	uint8_t side;            /* 0: the client sent it */
	bool is_tcp;
	uint16_t flags;          /* enum tcp_flag */
	uint16_t window;         /* as on the wire */
	int64_t room;            /* the window in bytes, scaled where that is known; -1: the scale is not known */
	uint32_t seq, ack;       /* as on the wire */
	bool seq_known, ack_known; /* isn[]: of this side, of the other, are known */
	uint32_t seq_from_isn, ack_from_isn; /* relative to them */
	uint32_t payload_len;
	uint64_t verdicts;       /* verdict_bit(); of a folded run: none */
	bool answers_syn;        /* a SYN/ACK of a side that had sent its SYN before, as both ends open at once: by
				  * Wireshark's rules a retransmission, and none */
	int64_t rtt_ns;          /* what this one's ACK measures; -1: nothing */
	/* The packet that this one is about: of a repeat the first that carried its bytes; of a SYN/ACK the
	 * SYN, of the handshake's ACK the SYN/ACK; of a window that opens again the first zero; of an answer to
	 * a probe the probe; of an ACK that fills a hole nothing. 0: none, or not found within 4096 packets. */
	uint64_t about;
	int64_t about_ns;        /* its time; valid where about is not 0 */
	char protocol[16];       /* info_protocol() */
	char line[208];          /* info_line(), printable; for TCP without an application: without flags and numbers */
	char issue[48];          /* what is wrong with it, static words; "" */
	bool comment;            /* the file has a comment for it */
	bool reference;          /* not by the engine: the screen's time reference */
	/* A folded run: so many packets, from this number on; 0: an ordinary row. */
	uint64_t folded, folded_bytes[2], folded_segments[2];
	int64_t folded_ns;       /* from its first to its last */
};

/* One line of the layers of a packet: a layer, or a row of one. */
struct detail_line {
	uint8_t depth;           /* 0: a layer */
	uint8_t osi;             /* of a layer: 1 to 7 */
	uint8_t buffer;          /* enum packet_buffer that holds its bytes */
	bool bad;                /* of a layer: cut or broken, the text says how */
	uint32_t off, len;       /* len 0: it has no bytes */
	uint64_t num;            /* of a number or flags: its value */
	char key[56];            /* "tcp.flags"; of a layer its name */
	char title[40];
	char text[176];          /* printable */
	char filter[96];         /* what = writes: "tcp.flags == 0x18"; "": none */
};

struct packet_detail {
	uint64_t number;         /* 0: nothing is selected, or it is not to be had */
	char why[96];            /* then: why, or "" */
	char comment[256];       /* of the file, printable */
	char interface[40];      /* printable; "" unknown */
	int64_t ts_ns;
	uint32_t wirelen, caplen;
	struct packet_row row;   /* the same as its row, wherever that stands */
	unsigned lines, more;    /* more: rows that found no room */
	struct detail_line line[DETAIL_LINES];
	uint32_t len[PACKET_BUFFERS], all[PACKET_BUFFERS]; /* bytes here, and how many there are */
	uint8_t bytes[PACKET_BUFFERS][DETAIL_BYTES];
};

struct packet_answer {
	bool has_subject;
	struct flow_record subject;  /* of the one flow asked for, else of the selected packet's */
	/* Of several flows asked for: their records, in that order, of those that are there. */
	struct flow_record together[QUERY_TOGETHER];
	unsigned togethers;
	uint64_t total;              /* packets read so far */
	uint64_t forgotten;          /* of them, not to be had any more */
	uint64_t matched;            /* rows in all (a folded run is one); exact where counted, else at least so many */
	bool counted;
	bool not_found;              /* find: nobody has it */
	bool found_round;            /* what find found is beyond the end, from the other one on */
	unsigned looked;             /* looking: percent of the packets that were looked at so far, at most 99 */
	bool looking;                /* match or find goes on: news will come (exchange_dirty); what find finds is then
				      * selected in the answer to a query that selects what this one did and moves nowhere */
	char trouble[200];           /* why less is kept than could be, a sentence; or "" */
	uint64_t first, selected;    /* place of row[0]; number now selected, 0: none */
	unsigned selected_row, rows;
	uint64_t elsewhere;          /* of the flow asked for: packets that are no more in the history */
	struct filter_error match_error;
	struct packet_row row[QUERY_ROWS];
	struct packet_detail detail; /* where asked for */
};

/* ---- the stream of one flow -------------------------------------------------- */

enum { STREAM_BYTES = 65536, STREAM_PIECES = 256 };

struct stream_query {
	uint64_t flow;
	bool side[2];     /* directions wanted */
	uint64_t from;    /* piece to begin with */
};

/* Bytes of one direction that became readable at once (in order, nothing twice), or a gap. */
struct stream_piece {
	uint64_t index;      /* 0, 1, 2 ... of those wanted */
	int64_t ts_ns;       /* of the packet that completed it */
	uint64_t number;     /* that packet */
	uint64_t at;         /* offset in its direction */
	uint64_t len;        /* bytes; of a gap: that were not captured */
	uint32_t here, from; /* of them in bytes[], from there on; here may be less than len for the last piece */
	uint8_t side;
	bool gap;
	bool no_time;        /* that packet has none, or it cannot be had any more */
};

struct stream_answer {
	bool has_subject;
	struct flow_record subject;
	uint64_t all;        /* pieces in all */
	uint64_t bytes_all[2], gaps_all[2]; /* of each direction, wanted or not: bytes that are there; number of gaps */
	bool cut;            /* too long: what comes later is left out */
	bool looking;        /* what comes later is still being looked for: news will come */
	unsigned pieces;
	struct stream_piece piece[STREAM_PIECES];
	uint32_t len;
	uint8_t bytes[STREAM_BYTES];
};

/* ---- saving -------------------------------------------------------------------- */

enum { SAVE_NAME = 64, SAVE_TEXT_MOST = 16 << 20, SAVE_TRIES = 99 };

enum save_kind { SAVE_PACKETS /* pcapng */, SAVE_TEXT, SAVE_JSON };

/* Write the packets of a query, in full (fold, events and the window mean nothing), or a text, into a
 * new file in the working directory. Its name is said, or made here: sockeye-20261121-120712-conn2.pcapng, of the
 * run's clock and the one flow asked for; with -2, -3 ... where there is one of that name. */
struct save_query {
	uint64_t serial;             /* answers carry it back */
	enum save_kind kind;
	struct packet_query packets; /* SAVE_TEXT, SAVE_JSON: only flow[0], for the name */
	const char *text;            /* SAVE_TEXT, SAVE_JSON: copied when it is posted */
	size_t len;                  /* SAVE_TEXT_MOST at most */
	char name[SAVE_NAME];        /* "": made here. Of letters, digits, . _ - and the ending .pcapng, or
				      * SAVE_TEXT_END of a text; else nothing is made */
	int64_t proposed_ns;         /* the clock of the name that was shown; 0: the one of now. "-2" is added all the same */
};

#define SAVE_TEXT_END ".sockeye.txt"

struct save_answer {
	uint64_t serial;
	bool done;                   /* nothing more will come; else how far it is */
	char error[256];             /* a sentence, printable; "" none. What was written so far stays, whole packets */
	char name[SAVE_NAME];
	uint64_t packets, bytes;     /* written */
	uint64_t gone;               /* packets that could not be had any more */
};

/* ---- flows --------------------------------------------------------------- */

/* What flows are ordered by: a key of the record, or what follows from several. RANK_PROCESS: the name of the
 * process that holds it at either end, the client's first. */
enum query_rank { RANK_KEY, RANK_UP, RANK_DOWN, RANK_RATE, RANK_RETRANSMITTED, RANK_ROUND_TRIP, RANK_PROCESS };

/* Flows taken together: by the client's address, the server's address and port, the application, the process
 * that holds it (as of RANK_PROCESS). */
enum query_group { GROUP_NONE, GROUP_CLIENT, GROUP_SERVER, GROUP_SERVICE, GROUP_PROCESS, QUERY_GROUPINGS };

enum { QUERY_GROUPS = 4096 }; /* at most; flows of further ones are counted in answer.ungrouped */

struct flow_group {
	uint64_t id;              /* of its name: the same from answer to answer */
	struct endpoint at;       /* its port only of GROUP_SERVER; the two others: family NONE */
	const char *service;      /* our own word, NULL: not known */
	int32_t pid;              /* GROUP_PROCESS: 0 nobody is known */
	char process[16];         /* the same: foreign, terminated */
	uint64_t flows, open, failed; /* failed: refused, reset, unreachable, no answer */
	uint64_t packets, bytes[2], again, rate; /* again: retransmissions */
	int64_t last_ns;
};

/* Why the selected flow is not among the rows any more. */
enum query_left { LEFT_NOT, LEFT_GONE, LEFT_FILTER, LEFT_OVER /* query.open_only */ };

/* What came of query.find; NOT: nothing was looked for. ROUND: beyond the end, and on from the other one. */
enum query_found { FOUND_NOT, FOUND_AHEAD, FOUND_ROUND, FOUND_NOBODY };

/* What is looked for so, for who wants to know of a row himself: owners, live: a word alone is also looked for in the
 * names of processes. As filter_compile(). */
int query_find_compile(struct filter **out, const char *text, bool owners, struct filter_error *e);

/* What a round trip takes: of data, both ways together, where both are known; else
 * of the handshake; else of the one side. False: not known. */
bool query_round_trip(const struct flow_record *r, int64_t *ns);

struct query {
	uint64_t serial;            /* answers carry it back */
	enum query_about about;
	struct packet_query packets; /* about QUERY_PACKETS; the members below then mean nothing */
	struct stream_query stream;  /* about QUERY_STREAM */
	/* Not GROUP_NONE: groups instead of rows. They are ordered by what rank or sort adds up to
	 * (bytes, a direction, rate, retransmissions), else by their number of flows; `selected`
	 * is a group's id, `otherwise` and `hold` mean nothing. */
	enum query_group group;
	enum query_rank rank;
	enum record_key sort;       /* rank RANK_KEY */
	bool descending;
	bool open_only;             /* those that are over are left out, and counted */
	uint64_t only[QUERY_TOGETHER]; /* these flows and no others, */
	unsigned onlys;             /* 0: all */
	uint64_t since;             /* flows begun after this one are counted in answer.newer; 0: none are */
	char match[QUERY_MATCH];    /* display filter (filter.h); "" matches all */
	char find[QUERY_MATCH];     /* "": nobody; else an expression as of match, and the next row that fits is selected, */
	bool find_back;             /* or the one before; round where there is none */
	uint64_t selected;          /* flow id, 0: the first row */
	uint64_t otherwise[2];      /* if that is gone: its neighbours, below and above */
	int64_t move;               /* select the row that many further on (or back) */
	bool to_first, to_last;
	unsigned rows;              /* height of the window, <= QUERY_ROWS */
	unsigned anchor;            /* screen line of the selected row; kept where possible */
	unsigned holds;             /* order held: these rows stay in this order */
	uint64_t hold[QUERY_ROWS];  /* their ids, as the last answer had them */
};

struct answer {
	uint64_t serial;
	enum query_about about;
	int64_t cost_ns;            /* what the answer cost the engine's thread */
	int64_t now_ns;             /* the run's clock: last packet (file), wall (live) */
	bool live, ended;           /* the source has come to its end */
	bool replay;                /* live, but of files */
	struct totals totals;
	struct source_stats source[QUERY_SOURCES];
	unsigned sources;           /* of them filled, those taken off left out; there may be more */
	uint64_t drops_left_out;    /* of those taken off */
	uint64_t past_forgotten;    /* flows that were over and told, and found no room any more to be looked at */
	struct source_note note;    /* the newest that the sources told; text "": none */
	uint64_t tellings;          /* counts what told[] was set to */
	bool told_bad;
	char told[256];             /* what came of exchange_capture_filter(), a sentence of ours */
	char trouble[512];          /* of the run, not of a source: a sentence, foreign; or "" */

	/* QUERY_FLOWS: from here to row[] */
	uint64_t flows, open;       /* in the table */
	uint64_t matched;
	/* query.group: how many there are, flows in none of them, and those of the window; then
	 * first, selected and selected_row are of them, and rows is 0. */
	uint64_t groups_all, ungrouped;
	unsigned groups;
	struct flow_group group[QUERY_ROWS];
	uint64_t over;              /* left out by query.open_only */
	uint64_t newest, newer;     /* greatest id; of the matching ones, begun after query.since and not in sight */
	uint64_t reused;            /* flows that began on the ports of another, which ended by it and is gone */
	enum query_left left;       /* why, where vanished */
	enum query_found found;     /* query.find */
	uint64_t rate[QUERY_ROWS];  /* bytes a second of row[]: live as of late, of files over its life */
	/* The query's filter does not compile: what holds is the one before it. */
	struct filter_error match_error; /* column 0: it does */
	uint64_t first;             /* position of row[0] among the matched, 0-based */
	uint64_t selected;          /* id now selected, 0: nothing to select */
	unsigned selected_row;      /* index in row[] */
	unsigned rows;
	bool vanished;              /* the selected flow of the query is gone or does not match */
	struct flow_record row[QUERY_ROWS];

	struct packet_answer packets; /* QUERY_PACKETS */
	struct stream_answer stream;  /* QUERY_STREAM */
};

/* What is filled of an answer and said by what it is about, into another one. */
void answer_copy(struct answer *to, const struct answer *from);

#endif
