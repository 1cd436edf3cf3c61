/* The flat flow record: all that a view sees of a flow.
 *
 * The engine fills it from the flow table; text, JSON, CSV, columns, filters
 * and details read only this struct and the field table below. One line of
 * RECORD_FIELD_LIST is one key; no view knows a key that is not there. A key
 * is printed where record_has() says so: unknown is absent, never 0.
 *
 * Pairs are [client->server, server->client] and belong to the sender. Times
 * are ns since the epoch, durations ns; keys that end in _us print whole
 * microseconds, rounded.
 */
#ifndef SOCKEYE_RECORD_H
#define SOCKEYE_RECORD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/text.h"
#include "sockeye/tuple.h"

enum value_kind {
	VALUE_WORD,     /* const char *: our own word; as it is for as long as the flow table lives */
	VALUE_LETTERS,  /* char[], terminated: our own letters */
	VALUE_NAME,     /* struct record_name: foreign text */
	VALUE_U64,
	VALUE_BOOL,
	VALUE_TIME,     /* int64_t ns since the epoch */
	VALUE_DURATION, /* int64_t ns, printed as whole us */
	VALUE_PAIR,     /* uint64_t[2] */
	VALUE_ENDPOINT, /* struct endpoint: an object {"ip","port"} */
	VALUE_LIST,     /* struct record_list: small numbers */
	VALUE_OWNERS,   /* struct record_owners */
};

/* Record types a key belongs to. */
enum { IN_CONNECTION = 1, IN_HANDSHAKE = 2, IN_BOTH = 3 };

enum { RECORD_NAME_MAX = 256, RECORD_LIST_MAX = 4, RECORD_OWNERS_MAX = 4, RECORD_TRIES = 4,
       RECORD_HISTORY_MAX = 56 };

/* An unknown half of a pair: printed as null, never as 0. */
#define PAIR_UNKNOWN UINT64_MAX

struct record_name {
	uint16_t len;
	char bytes[RECORD_NAME_MAX]; /* foreign, not terminated */
};

struct record_list {
	uint8_t n;
	uint32_t at[RECORD_LIST_MAX];
};

/* Who holds the socket of one end, through one descriptor. */
struct record_owner {
	int32_t pid, fd;       /* 0, -1: not known; a listener's holder has the listener's, which is not shown */
	uint32_t uid;          /* UINT32_MAX: not known */
	const char *evidence;
	const char *home_kind; /* of the container, or "unit"; NULL: neither is known */
	const char *home;      /* its name, foreign, terminated; both as they are for as long as the engine lives */
	char comm[16];         /* foreign, terminated */
};

struct record_owners {
	uint8_t n;
	struct record_owner at[RECORD_OWNERS_MAX];
	uint32_t netns; /* the inode of another network namespace, whose socket it is; 0: of this one */
};

/* X(ID, kind, record types, member, key, title) in the order of output.
 * A dot in a key nests it in JSON. */
#define RECORD_FIELD_LIST(X)                                                                      \
	X(PROTO, WORD, IN_CONNECTION, proto, "proto", "Protocol")                                 \
	X(ID, U64, IN_BOTH, id, "id", "Id")                                                       \
	X(HS_TIME, TIME, IN_HANDSHAKE, first_ns, "time", "Time")                                     \
	X(FIRST, TIME, IN_CONNECTION, first_ns, "first", "First packet")                          \
	X(LAST, TIME, IN_CONNECTION, last_ns, "last", "Last packet")                              \
	X(CLIENT, ENDPOINT, IN_BOTH, client, "client", "Client")                                  \
	X(SERVER, ENDPOINT, IN_BOTH, server, "server", "Server")                                  \
	X(ORIENTATION, WORD, IN_CONNECTION, orientation, "orientation", "Client known by")        \
	X(OUTCOME, WORD, IN_HANDSHAKE, outcome, "outcome", "Outcome")                             \
	X(HS_STATE, WORD, IN_HANDSHAKE, outcome_state, "state", "State")                          \
	X(HS_OPEN, BOOL, IN_HANDSHAKE, open, "open", "Open")                                      \
	X(PACKETS, PAIR, IN_CONNECTION, packets, "packets", "Packets")                            \
	X(BYTES, PAIR, IN_CONNECTION, bytes, "bytes", "Bytes")                                    \
	X(ICMP_TYPE, U64, IN_CONNECTION, icmp_type, "icmp.type", "ICMP type")                     \
	X(ICMP_CODE, U64, IN_CONNECTION, icmp_code, "icmp.code", "ICMP code")                     \
	X(ICMP_ID, U64, IN_CONNECTION, icmp_id, "icmp.id", "ICMP id")                             \
	X(HS_SYN, BOOL, IN_BOTH, syn, "handshake.syn", "SYN seen")                                \
	X(HS_SYNACK, BOOL, IN_BOTH, synack, "handshake.synack", "SYN/ACK seen")                   \
	X(HS_ACK, BOOL, IN_BOTH, ack, "handshake.ack", "ACK seen")                                \
	X(HS_COMPLETE, BOOL, IN_BOTH, complete, "handshake.complete", "Handshake complete")       \
	X(HS_RTT, DURATION, IN_BOTH, rtt, "handshake.rtt_us", "Last SYN to ACK")                  \
	X(HS_SYN_TO_SYNACK, DURATION, IN_BOTH, syn_to_synack, "handshake.syn_to_synack_us",       \
	  "First SYN to SYN/ACK")                                                                 \
	X(HS_LAST_SYN_TO_SYNACK, DURATION, IN_BOTH, last_syn_to_synack,                           \
	  "handshake.last_syn_to_synack_us", "Last SYN to SYN/ACK")                               \
	X(HS_SYNACK_TO_ACK, DURATION, IN_BOTH, synack_to_ack, "handshake.synack_to_ack_us",       \
	  "SYN/ACK to ACK")                                                                       \
	X(HS_FIRST_SYN_TO_ACK, DURATION, IN_BOTH, first_syn_to_ack,                               \
	  "handshake.first_syn_to_ack_us", "First SYN to ACK")                                    \
	X(HS_SYN_TO_RST, DURATION, IN_BOTH, syn_to_rst, "handshake.syn_to_rst_us",                \
	  "Last SYN to RST")                                                                      \
	X(HS_SYN_RETRANSMITS, U64, IN_BOTH, syn_retransmits, "handshake.syn_retransmits",         \
	  "SYN repeats")                                                                          \
	X(HS_SYNACK_RETRANSMITS, U64, IN_BOTH, synack_retransmits,                                \
	  "handshake.synack_retransmits", "SYN/ACK repeats")                                      \
	X(HS_SIMULTANEOUS, BOOL, IN_BOTH, simultaneous_open, "handshake.simultaneous_open",       \
	  "Simultaneous open")                                                                    \
	X(HS_SPLIT, BOOL, IN_BOTH, split, "handshake.split", "Split handshake")                   \
	X(HS_FAST_OPEN, WORD, IN_BOTH, fast_open, "handshake.fast_open", "Fast open")             \
	X(HS_ECN, WORD, IN_BOTH, ecn_agreed, "handshake.ecn", "ECN")                              \
	X(HS_CLIENT_MSS, U64, IN_BOTH, options[0].mss, "handshake.client_options.mss",            \
	  "Client MSS")                                                                           \
	X(HS_CLIENT_WSCALE, U64, IN_BOTH, options[0].wscale, "handshake.client_options.wscale",   \
	  "Client window scale")                                                                  \
	X(HS_CLIENT_SACK, BOOL, IN_BOTH, options[0].sack_permitted,                               \
	  "handshake.client_options.sack_permitted", "Client SACK")                               \
	X(HS_CLIENT_TS, BOOL, IN_BOTH, options[0].timestamps,                                     \
	  "handshake.client_options.timestamps", "Client time stamps")                            \
	X(HS_CLIENT_CUT, BOOL, IN_BOTH, options[0].cut, "handshake.client_options.cut",           \
	  "Client options cut")                                                                   \
	X(HS_SERVER_MSS, U64, IN_BOTH, options[1].mss, "handshake.server_options.mss",            \
	  "Server MSS")                                                                           \
	X(HS_SERVER_WSCALE, U64, IN_BOTH, options[1].wscale, "handshake.server_options.wscale",   \
	  "Server window scale")                                                                  \
	X(HS_SERVER_SACK, BOOL, IN_BOTH, options[1].sack_permitted,                               \
	  "handshake.server_options.sack_permitted", "Server SACK")                               \
	X(HS_SERVER_TS, BOOL, IN_BOTH, options[1].timestamps,                                     \
	  "handshake.server_options.timestamps", "Server time stamps")                            \
	X(HS_SERVER_CUT, BOOL, IN_BOTH, options[1].cut, "handshake.server_options.cut",           \
	  "Server options cut")                                                                   \
	X(STATE, WORD, IN_CONNECTION, state, "state", "State")                                    \
	X(OPEN, BOOL, IN_CONNECTION, open, "open", "Open")                                        \
	X(TCP_STATE_CLIENT, WORD, IN_CONNECTION, tcp_state[0], "tcp_state.client",                \
	  "Client is in")                                                                         \
	X(TCP_STATE_SERVER, WORD, IN_CONNECTION, tcp_state[1], "tcp_state.server",                \
	  "Server is in")                                                                         \
	X(ONE_SIDED, BOOL, IN_CONNECTION, one_sided, "one_sided", "One direction only")           \
	X(CONN_STATE, WORD, IN_CONNECTION, conn_state, "conn_state", "Zeek state")                \
	X(HISTORY, LETTERS, IN_CONNECTION, history, "history", "Zeek history")                       \
	X(COMPLETENESS, U64, IN_CONNECTION, completeness, "completeness", "Completeness")         \
	X(RETRANSMISSIONS, PAIR, IN_CONNECTION, retransmissions, "retransmissions",               \
	  "Retransmissions")                                                                      \
	X(FAST_RETRANSMISSIONS, PAIR, IN_CONNECTION, fast_retransmissions,                        \
	  "fast_retransmissions", "Fast retransmissions")                                         \
	X(SPURIOUS_RETRANSMISSIONS, PAIR, IN_CONNECTION, spurious_retransmissions,                \
	  "spurious_retransmissions", "Spurious retransmissions")                                 \
	X(OUT_OF_ORDER, PAIR, IN_CONNECTION, out_of_order, "out_of_order", "Out of order")        \
	X(DUP_ACKS, PAIR, IN_CONNECTION, dup_acks, "dup_acks", "Duplicate ACKs")                  \
	X(ZERO_WINDOWS, PAIR, IN_CONNECTION, zero_windows, "zero_windows", "Zero windows")        \
	X(ZERO_WINDOW_PROBES, PAIR, IN_CONNECTION, zero_window_probes, "zero_window_probes",      \
	  "Zero window probes")                                                                   \
	X(WINDOW_FULL, PAIR, IN_CONNECTION, window_full, "window_full", "Window full")            \
	X(WINDOW_UPDATES, PAIR, IN_CONNECTION, window_updates, "window_updates",                  \
	  "Window updates")                                                                       \
	X(KEEP_ALIVES, PAIR, IN_CONNECTION, keep_alives, "keep_alives", "Keep-alives")            \
	X(KEEP_ALIVE_ACKS, PAIR, IN_CONNECTION, keep_alive_acks, "keep_alive_acks",               \
	  "Keep-alive ACKs")                                                                      \
	X(ZERO_WINDOW_PROBE_ACKS, PAIR, IN_CONNECTION, zero_window_probe_acks,                    \
	  "zero_window_probe_acks", "Zero window probe ACKs")                                     \
	X(REUSED, BOOL, IN_CONNECTION, reused, "reused", "Ports reused")                          \
	X(LOST_SEGMENTS, PAIR, IN_CONNECTION, lost_segments, "lost_segments",                     \
	  "Previous segment lost")                                                                \
	X(ACKED_UNSEEN, PAIR, IN_CONNECTION, acked_unseen, "acked_unseen", "ACKed unseen")        \
	X(RST, PAIR, IN_CONNECTION, rst, "rst", "RST")                                            \
	X(FIN, PAIR, IN_CONNECTION, fin, "fin", "FIN")                                            \
	X(EXACT_RETRANSMITTED_SEGMENTS, PAIR, IN_CONNECTION, exact.retransmitted_segments,        \
	  "exact.retransmitted_segments", "Segments seen twice")                                  \
	X(EXACT_RETRANSMITTED_BYTES, PAIR, IN_CONNECTION, exact.retransmitted_bytes,              \
	  "exact.retransmitted_bytes", "Bytes seen twice")                                        \
	X(EXACT_LATE_SEGMENTS, PAIR, IN_CONNECTION, exact.late_segments, "exact.late_segments",   \
	  "Late segments")                                                                        \
	X(EXACT_LATE_BYTES, PAIR, IN_CONNECTION, exact.late_bytes, "exact.late_bytes",            \
	  "Late bytes")                                                                           \
	X(EXACT_MISSED_BYTES, PAIR, IN_CONNECTION, exact.missed_bytes, "exact.missed_bytes",      \
	  "Bytes the capture missed")                                                             \
	X(EXACT_LOST_BYTES, PAIR, IN_CONNECTION, exact.lost_bytes, "exact.lost_bytes",            \
	  "Lost bytes")                                                                           \
	X(EXACT_CONFLICTING_BYTES, PAIR, IN_CONNECTION, exact.conflicting_bytes,                  \
	  "exact.conflicting_bytes", "Conflicting bytes")                                         \
	X(EXACT_DUPLICATES, PAIR, IN_CONNECTION, exact.duplicates, "exact.duplicates",            \
	  "Duplicate frames")                                                                     \
	X(EXACT_FORGOTTEN_HOLES, PAIR, IN_CONNECTION, exact.forgotten_holes,                      \
	  "exact.forgotten_holes", "Holes forgotten")                                             \
	X(RTT_SERVER_MIN, DURATION, IN_CONNECTION, round_trip[0].min, "rtt.server.min_us",        \
	  "Server RTT min")                                                                       \
	X(RTT_SERVER_P50, DURATION, IN_CONNECTION, round_trip[0].p50, "rtt.server.p50_us",        \
	  "Server RTT p50")                                                                       \
	X(RTT_SERVER_MAX, DURATION, IN_CONNECTION, round_trip[0].max, "rtt.server.max_us",        \
	  "Server RTT max")                                                                       \
	X(RTT_SERVER_SAMPLES, U64, IN_CONNECTION, round_trip[0].samples, "rtt.server.samples",    \
	  "Server RTT samples")                                                                   \
	X(RTT_CLIENT_MIN, DURATION, IN_CONNECTION, round_trip[1].min, "rtt.client.min_us",        \
	  "Client RTT min")                                                                       \
	X(RTT_CLIENT_P50, DURATION, IN_CONNECTION, round_trip[1].p50, "rtt.client.p50_us",        \
	  "Client RTT p50")                                                                       \
	X(RTT_CLIENT_MAX, DURATION, IN_CONNECTION, round_trip[1].max, "rtt.client.max_us",        \
	  "Client RTT max")                                                                       \
	X(RTT_CLIENT_SAMPLES, U64, IN_CONNECTION, round_trip[1].samples, "rtt.client.samples",    \
	  "Client RTT samples")                                                                   \
	X(ECN_CE, PAIR, IN_CONNECTION, ecn.ce, "ecn.ce", "Marked on the way")                     \
	X(ECN_ECE, PAIR, IN_CONNECTION, ecn.ece, "ecn.ece", "Marks echoed")                       \
	X(ECN_CWR, PAIR, IN_CONNECTION, ecn.cwr, "ecn.cwr", "Slowed by a mark")                   \
	X(MPTCP_CONNECTION, U64, IN_CONNECTION, mptcp.connection, "mptcp.connection",             \
	  "Multipath, first subflow")                                                             \
	X(MPTCP_SUBFLOW, U64, IN_CONNECTION, mptcp.subflow, "mptcp.subflow", "Subflow")           \
	X(MPTCP_TOKEN, PAIR, IN_CONNECTION, mptcp.token, "mptcp.token", "Multipath token")        \
	X(MPTCP_VERSION, U64, IN_CONNECTION, mptcp.version, "mptcp.version",                      \
	  "Multipath version")                                                                    \
	X(MPTCP_FASTCLOSE, BOOL, IN_CONNECTION, mptcp.fastclose, "mptcp.fastclose",               \
	  "Closed by fast close")                                                                 \
	X(MPTCP_RESET, WORD, IN_CONNECTION, mptcp.reset_reason, "mptcp.reset_reason",             \
	  "Subflow reset because")                                                                \
	X(CAPTURE_DROPS, U64, IN_BOTH, capture_drops, "capture_drops", "Frames the capture lost")  \
	X(CAPTURE_BLIND, BOOL, IN_BOTH, capture_blind, "capture_blind", "Capture was blind meanwhile") \
	X(CAPTURE_SIDE, WORD, IN_CONNECTION, capture_side, "capture_side", "Captured near")       \
	X(SERVICE, WORD, IN_CONNECTION, service, "service", "Service")                            \
	X(SERVER_NAME, NAME, IN_CONNECTION, server_name, "server_name", "Server name")            \
	X(TUNNEL, NAME, IN_CONNECTION, tunnel, "tunnel", "Tunnel")                                \
	X(VLAN, LIST, IN_CONNECTION, vlan, "vlan", "VLAN")                                        \
	X(TTL, PAIR, IN_CONNECTION, ttl, "ttl", "TTL")                                            \
	X(OWNER_CLIENT, OWNERS, IN_CONNECTION, owner[0], "owner.client", "Client owner")          \
	X(OWNER_SERVER, OWNERS, IN_CONNECTION, owner[1], "owner.server", "Server owner")          \
	X(OWNER_UNKNOWN_CLIENT, WORD, IN_CONNECTION, owner_unknown[0], "owner_unknown.client",    \
	  "Client owner unknown")                                                                 \
	X(OWNER_UNKNOWN_SERVER, WORD, IN_CONNECTION, owner_unknown[1], "owner_unknown.server",    \
	  "Server owner unknown")                                                                 \
	X(ACCEPT_LATENCY, DURATION, IN_CONNECTION, accept_latency, "accept_latency_us",           \
	  "Accept latency")                                                                       \
	X(CLOSE_WAIT_CLIENT, DURATION, IN_CONNECTION, close_wait[0], "close_wait_us.client",      \
	  "Client has not closed for")                                                            \
	X(CLOSE_WAIT_SERVER, DURATION, IN_CONNECTION, close_wait[1], "close_wait_us.server",      \
	  "Server has not closed for")                                                            \
	X(CLOSED_BY, WORD, IN_CONNECTION, closed_by, "closed_by", "Closed by")                    \
	X(ICMP_ERROR_TYPE, U64, IN_BOTH, icmp_error.type, "icmp_error.type", "ICMP error type")   \
	X(ICMP_ERROR_CODE, U64, IN_BOTH, icmp_error.code, "icmp_error.code", "ICMP error code")   \
	X(ICMP_ERROR_FROM, ENDPOINT, IN_BOTH, icmp_error.from, "icmp_error.from",                 \
	  "ICMP error from")                                                                      \
	X(EVICTED, BOOL, IN_CONNECTION, evicted, "evicted", "Forgotten early")

enum record_key {
#define X(id, kind, in, member, key, title) RECORD_##id,
	RECORD_FIELD_LIST(X)
#undef X
	RECORD_KEYS
};

/* Parts of a record that a reader can do without: filling is most of what a flow
 * costs where only totals are wanted. What is filled is exact; of what is not, no key
 * may be asked for (record_has() asserts it) and members hold anything. All else is
 * always there. */
enum record_part {
	RECORD_PART_OUTCOME = 1,   /* of the handshake: outcome and its state, how long, how many tries */
	RECORD_PART_HANDSHAKE = 2, /* the rest of handshake.*, the times of its packets */
	RECORD_PART_LOSSES = 4,    /* the counts of verdicts, exact.* */
	RECORD_PART_STATE = 8,     /* states of the flow and its ends, resets, errors; service and names */
	RECORD_PART_TRIPS = 16,    /* round trips of data */
	RECORD_PART_REST = 32,     /* what stands from conn_state on: history, multipath, owners */
	RECORD_PARTS = 63,
};

/* The members that the parts begin with. */
#define RECORD_OUTCOME_FIRST outcome
#define RECORD_HANDSHAKE_FIRST syn
#define RECORD_LOSSES_FIRST lossless
#define RECORD_STATE_FIRST state
#define RECORD_TRIPS_FIRST round_trip
#define RECORD_REST_FIRST conn_state
#define RECORD_LONG_FIRST server_name
#define RECORD_LONG_REST_FIRST owner

struct flow_record {
	uint64_t has[2];         /* bit set over enum record_key */
	uint8_t missing;         /* bits of enum record_part */
	uint8_t ip_proto;
	bool evicted;
	bool reused;
	bool past;               /* told, and only kept to be looked at: nothing of it changes any more */
	bool capture_blind;      /* in its time the capture saw nothing for a while: link down, asleep; else absent */

	const char *proto;
	uint64_t id;
	int64_t first_ns, last_ns;
	struct endpoint client, server;
	const char *orientation;
	uint64_t packets[2], bytes[2];
	uint64_t ttl[2];
	uint64_t capture_drops;  /* frames of any flow that the capture lost in this one's time; absent: 0 or
				    unknown */

	/* RECORD_PART_OUTCOME */
	const char *outcome, *outcome_state;
	int64_t first_syn_to_ack;
	uint32_t syns, synacks; /* those of each end: tries */

	/* RECORD_PART_HANDSHAKE */
	bool syn, synack, ack, complete, simultaneous_open;
	bool split;              /* the server's SYN and ACK came apart: complete without synack and ack */
	const char *fast_open;   /* requested, cookie_given, accepted, ignored */
	const char *ecn_agreed;  /* classic, accurate, refused */
	int64_t rtt, syn_to_synack, last_syn_to_synack, synack_to_ack, syn_to_rst;
	uint64_t syn_retransmits, synack_retransmits;
	struct {
		uint64_t mss, wscale;
		bool sack_permitted, timestamps;
		bool cut; /* the capture ends inside the options: what is not here is unknown */
	} options[2];
	/* For the handshake column: the first SYNs and SYN/ACKs, ns after first_ns
	 * of the flow's first SYN (or SYN/ACK); their counts go on beyond four. */
	int64_t syn_ns[RECORD_TRIES], synack_ns[RECORD_TRIES]; /* since the epoch */
	int64_t peer_syn_ns; /* simultaneous open: the server's own SYN; 0: none */
	int64_t ack_ns;                                        /* 0: none */
	int64_t rst_ns;                                        /* first RST; 0: none */

	/* RECORD_PART_LOSSES */
	bool lossless;            /* all of them are known to be 0; else look */
	bool one_sided;           /* the other direction was not captured: what is lost is not known */
	uint64_t retransmissions[2], fast_retransmissions[2], spurious_retransmissions[2];
	uint64_t out_of_order[2], dup_acks[2], zero_windows[2], zero_window_probes[2];
	uint64_t window_full[2], window_updates[2], keep_alives[2], keep_alive_acks[2];
	uint64_t zero_window_probe_acks[2], lost_segments[2], acked_unseen[2];
	struct {
		uint64_t retransmitted_segments[2], retransmitted_bytes[2], late_segments[2];
		uint64_t late_bytes[2], missed_bytes[2], lost_bytes[2], conflicting_bytes[2];
		uint64_t duplicates[2];
		uint64_t forgotten_holes[2]; /* settled early as lost or missed: what comes for them is not late */
	} exact;

	/* RECORD_PART_STATE */
	const char *state;
	bool open;
	bool closing;             /* FIN seen, not closed yet */
	const char *tcp_state[2]; /* of each end, RFC 9293; absent: never seen */
	uint64_t rst[2], fin[2];
	uint64_t icmp_type, icmp_code, icmp_id;
	struct {
		uint64_t type, code;
		struct endpoint from;
	} icmp_error;
	const char *service;

	/* RECORD_PART_TRIPS */
	struct {
		int64_t min, p50, max;
		uint64_t samples;
	} round_trip[2];

	/* RECORD_PART_REST */
	const char *conn_state;
	char history[RECORD_HISTORY_MAX];
	uint64_t completeness;
	struct {
		uint64_t ce[2], ece[2], cwr[2];
	} ecn;
	struct {
		uint64_t connection, subflow, token[2], version;
		bool fastclose;
		const char *reset_reason;
	} mptcp;
	const char *capture_side; /* client, server, between */
	struct record_list vlan;
	const char *owner_unknown[2];
	int64_t accept_latency;
	int64_t close_wait[2];   /* of an end in CLOSE-WAIT: since the other's FIN was on the wire */
	const char *closed_by;

	/* Numbers that details and `packets` need besides the keys. */
	uint32_t isn[2];       /* valid where isn_known */
	bool isn_known[2];
	uint64_t stream_bytes[2]; /* payload as the sequence numbers say; not TCP: as bytes */
	struct {
		int64_t at_ns;     /* accept(2) returned it; where accept_latency is known */
		int32_t pid, fd;   /* to whom; 0, -1: not known */
	} accepted;

	/* Long, and mostly empty: where their keys are absent they hold anything. The first two are of
	 * RECORD_PART_STATE, the last of RECORD_PART_REST. */
	struct record_name server_name;
	struct record_name tunnel;
	struct record_owners owner[2];
};

struct record_field {
	const char *key, *title;
	uint16_t offset; /* of the member in struct flow_record */
	uint8_t kind;    /* enum value_kind */
	uint8_t in;      /* IN_CONNECTION, IN_HANDSHAKE */
};

extern const struct record_field record_fields[RECORD_KEYS];

/* The part that has this key; 0: it is always there. */
unsigned record_part_of(enum record_key k);
/* Is the part there that has this key? */
bool record_filled(const struct flow_record *r, enum record_key k);

static inline bool record_has(const struct flow_record *r, enum record_key k)
{
	assert(record_filled(r, k));
	return r->has[k / 64] >> (k % 64) & 1;
}

static inline void record_set(struct flow_record *r, enum record_key k)
{
	r->has[k / 64] |= UINT64_C(1) << (k % 64);
}

/* All keys from..to. */
static inline void record_set_from(struct flow_record *r, enum record_key from, enum record_key to)
{
	for (unsigned i = 0; i < 2; i++) {
		const unsigned begin = i * 64, low = from > begin ? from - begin : 0;
		const unsigned end = to < begin + 63 ? to - begin : 63;

		if (from <= begin + 63 && to >= begin)
			r->has[i] |= UINT64_MAX >> (63 - (end - low)) << low;
	}
}

static inline const void *record_member(const struct flow_record *r, enum record_key k)
{
	return (const char *)r + record_fields[k].offset;
}

/* The first process that is known to hold that end's socket; NULL: none is. */
static inline const struct record_owner *record_process(const struct flow_record *r, unsigned side)
{
	return record_has(r, side ? RECORD_OWNER_SERVER : RECORD_OWNER_CLIENT) && r->owner[side].n > 0 &&
			       r->owner[side].at[0].pid > 0
		       ? &r->owner[side].at[0] : NULL;
}

/* Is that key there, and that word? (VALUE_WORD) */
bool record_is(const struct flow_record *r, enum record_key k, const char *word);

/* Compare two records by a key: <0, 0, >0; the absent one is the greater. */
int record_compare(enum record_key k, const struct flow_record *a, const struct flow_record *b);

/* The value as text for people; "" if absent. Foreign text escaped. */
void record_text(struct text *t, const struct flow_record *r, enum record_key k);

#endif
