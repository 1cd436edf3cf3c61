/* A packet: what the dissectors made of one frame.
 *
 * One struct, reused for every frame, never allocated, never kept. It has two
 * kinds of content, on purpose: typed facts for what the engine computes with,
 * and field rows for what people look at. Rows cost nothing where want_fields
 * is false. Whatever points into bytes is lent until the batch ends.
 */
#ifndef SOCKEYE_PACKET_H
#define SOCKEYE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/cursor.h"
#include "sockeye/frame.h"
#include "sockeye/tuple.h"

struct dissector;
struct talk;

enum { PACKET_LAYERS = 16, PACKET_FIELDS = 128, PACKET_VLANS = 4, PACKET_TUNNELS = 4 };

/* ---- field rows: for people ------------------------------------------- */

enum field_kind {
	FIELD_UINT,   /* num, decimal; with names: the word, then the number */
	FIELD_HEX,    /* num, 0x... with two digits per byte of len */
	FIELD_FLAGS,  /* num; names gives a word for each single bit (value = mask) */
	FIELD_BOOL,   /* num 0 or 1 */
	FIELD_IPV4,   /* 4 bytes at off */
	FIELD_IPV6,   /* 16 bytes at off */
	FIELD_MAC,    /* 6 bytes at off */
	FIELD_BYTES,  /* len bytes at off, as hexadecimal */
	FIELD_TEXT,   /* len bytes at off: foreign text */
	FIELD_DOMAIN, /* off is a DNS name in wire form; num = offset of its message */
	FIELD_INT,    /* num as a signed number */
	FIELD_STATIC, /* num is an index into names: our own word, no bytes */
	FIELD_TIME,   /* num: nanoseconds since the epoch, as int64_t; shown in UTC */
};

struct name_of {
	uint64_t value;
	const char *name; /* NULL ends the list */
};

struct field_info {              /* static const, beside the code that fills it */
	const char *key;         /* "udp.length": JSON key, filter name, documentation */
	const char *title;       /* "Length" */
	enum field_kind kind;
	const struct name_of *names; /* value -> word, or NULL */
};

enum packet_buffer { BUFFER_FRAME, BUFFER_DATAGRAM, BUFFER_STREAM, PACKET_BUFFERS };

struct field {
	const struct field_info *info;
	uint32_t off, len; /* in the buffer named below */
	uint64_t num;
	uint8_t buffer;    /* enum packet_buffer */
	uint8_t layer;     /* index into layer[] */
};

enum dissect_result { DISSECT_OK, DISSECT_NOT_MINE, DISSECT_CUT, DISSECT_BAD };

struct layer {
	const struct dissector *by;
	uint32_t off, len;   /* the header, in the buffer named below; len as read */
	uint8_t buffer;
	uint8_t result;      /* enum dissect_result */
	const char *issue;   /* what is wrong with this layer, static words, or NULL */
};

/* ---- typed facts: for the engine --------------------------------------- */

enum tcp_flag {
	TCP_FIN = 0x001, TCP_SYN = 0x002, TCP_RST = 0x004, TCP_PSH = 0x008,
	TCP_ACK = 0x010, TCP_URG = 0x020, TCP_ECE = 0x040, TCP_CWR = 0x080,
	TCP_AE = 0x100, /* RFC 9768; formerly NS */
};

enum tcp_option_bit {
	TCP_HAS_MSS = 1, TCP_HAS_WSCALE = 2, TCP_HAS_SACK_PERMITTED = 4, TCP_HAS_TIMESTAMPS = 8,
	TCP_HAS_SACK = 16,
	TCP_HAS_FAST_OPEN = 32, /* RFC 7413, also as experiment 254 with 0xf989 */
	TCP_HAS_MPTCP = 64,     /* RFC 8684 */
	TCP_OPTIONS_CUT = 128,  /* the capture ends inside the options */
};

/* MPTCP subtypes (RFC 8684 8): bits of tcp_facts.mptcp. */
enum mptcp_bit {
	MPTCP_CAPABLE = 1 << 0, MPTCP_JOIN = 1 << 1, MPTCP_DSS = 1 << 2, MPTCP_ADD_ADDR = 1 << 3,
	MPTCP_REMOVE_ADDR = 1 << 4, MPTCP_PRIO = 1 << 5, MPTCP_FAIL = 1 << 6, MPTCP_FASTCLOSE = 1 << 7,
	MPTCP_TCPRST = 1 << 8,
};

struct tcp_facts {
	uint32_t seq, ack;
	uint32_t tsval, tsecr;
	uint32_t sack[4][2];
	uint16_t flags;    /* enum tcp_flag */
	uint16_t window;   /* as on the wire, not scaled */
	uint16_t mss;
	uint16_t checksum; /* as on the wire, not verified */
	uint8_t wscale;
	uint8_t options;   /* enum tcp_option_bit */
	uint8_t sacks;     /* blocks in sack[] */
	uint8_t header_len;
	uint8_t fast_open_len;  /* bytes of the cookie; 0: it is asked for */
	uint8_t mptcp_version;  /* of MP_CAPABLE */
	uint8_t mptcp_reason;   /* of MP_TCPRST */
	uint16_t mptcp;         /* enum mptcp_bit: the subtypes present */
	uint32_t mptcp_token;   /* of the receiver, in the SYN of MP_JOIN */
	uint64_t mptcp_key;     /* of the sender, in MP_CAPABLE; 0: none carried */
};

struct ip_facts {
	uint32_t total_len; /* as the innermost IP header says; 0: offloaded */
	uint16_t id;        /* IPv4 only */
	uint8_t ttl;        /* or hop limit */
	uint8_t tos;        /* DSCP and ECN */
};

struct icmp_facts {
	struct tuple quoted;   /* as the quoted packet carried it; family NONE: no quote */
	uint32_t quoted_seq;   /* TCP sequence number quoted, where quoted_has_seq */
	bool quoted_has_seq;
	uint16_t id, seq;
	uint8_t type, code;
	bool error;            /* an error message, so quoted is worth a look */
	bool echo;             /* id and seq are valid */
	bool reply;            /* an answer to a question with the same id */
};

/* The way a packet came: outer to inner. It does not belong to the flow's key. */
enum tunnel_kind {
	TUNNEL_IPIP, TUNNEL_6IN4, TUNNEL_GRE, TUNNEL_ERSPAN, TUNNEL_VXLAN, TUNNEL_GENEVE,
	TUNNEL_GTPU, TUNNEL_TEREDO, TUNNEL_MPLS, TUNNEL_PPPOE, TUNNEL_AYIYA, TUNNEL_KINDS,
};

struct path {
	uint16_t vlan[PACKET_VLANS];
	uint32_t tunnel_id[PACKET_TUNNELS]; /* VNI, TEID, key, label, session */
	uint8_t tunnel[PACKET_TUNNELS];     /* enum tunnel_kind */
	bool tunnel_has_id[PACKET_TUNNELS];
	uint8_t vlans, tunnels;
};

struct fragment_facts {
	uint32_t id;        /* IPv4 identification or IPv6 fragment identification */
	uint32_t offset;    /* bytes */
	uint32_t len;       /* bytes of this fragment on the wire */
	uint8_t proto;      /* what the datagram carries */
	bool more;
	bool present;       /* set by ipv4 and ipv6, taken back by the loop */
	bool alone;         /* the first one, read although the others are not to be had */
};

/* What next: set by a dissector through packet_next(), eaten by the loop. */
enum table {
	TABLE_NONE,      /* nothing follows that we know: the rest is payload */
	TABLE_LINKTYPE,  /* LINKTYPE_ numbers */
	TABLE_ETHERTYPE,
	TABLE_LLC,       /* destination service access point */
	TABLE_PPP,       /* PPP protocol numbers */
	TABLE_IPPROTO,
	TABLE_UDP_PORT,  /* tunnels only: services are known by content, not by port */
	/* Asked in the order of dissectors.def. Key: 0, or GUESS_AT() for each range of bytes
	 * at a place, one of the first GUESS_DEPTH, without which nothing that is not known yet
	 * is taken, nor more of it wanted; where it ends before that place, they say nothing. */
	TABLE_TCP_GUESS,
	TABLE_UDP_GUESS,
	TABLES,
};
enum { GUESS_DEPTH = 8 };
#define GUESS_AT(place, from, to) (0x10000u | (uint32_t)(place) << 20 | (uint32_t)(from) << 8 | (uint32_t)(to))
#define GUESS_BYTES(from, to) GUESS_AT(0, from, to)

struct packet {
	struct frame frame;

	struct tuple tuple;           /* innermost, as on the wire; family NONE: none */
	struct ip_facts ip;
	struct tcp_facts tcp;         /* where tuple.proto is TCP and transport is true */
	struct icmp_facts icmp;       /* where tuple.proto is ICMP or ICMPv6 */
	struct path path;
	struct fragment_facts fragment;
	uint8_t mac_from[6], mac_to[6];
	bool has_mac;
	bool transport;               /* the transport header was read in full */
	bool compressed;              /* set by ipcomp, taken back by the loop when inflated */

	const uint8_t *payload;       /* of the transport; lent; NULL if none captured */
	uint32_t payload_captured;    /* bytes at payload */
	uint32_t payload_len;         /* as the IP header says */
	uint8_t payload_buffer;       /* enum packet_buffer that holds it */

	/* Filled by payload dissectors. */
	const struct dissector *service;
	const uint8_t *server_name;   /* foreign bytes, lent, or NULL */
	uint32_t server_name_len;
	uint32_t need_more;           /* with so many bytes of this direction more would be known; 0: no */

	struct { const uint8_t *data; uint32_t len; } buffer[PACKET_BUFFERS];

	struct layer layer[PACKET_LAYERS];
	uint8_t layers;
	bool layers_full;             /* the layer budget ended the loop */

	struct field field[PACKET_FIELDS];
	uint16_t fields;
	uint16_t fields_dropped;      /* rows that found no room: "n more" */
	bool want_fields;             /* nobody looks: rows cost nothing */

	struct budget budget;
	const char *issue;            /* first thing wrong, static text */
	bool cut;                     /* a layer ended at the end of the capture */

	/* The loop's own state; dissectors write it through the functions below. */
	enum table next_table;
	uint32_t next_key, next_alternative; /* alternative: the other UDP port */
	uint8_t current_buffer;
	const struct dissector *current;
	const struct talk *talk; /* for payload dissectors only: what is known of the conversation */
};

/* Make p ready for f. Keeps want_fields. */
void packet_reset(struct packet *p, const struct frame *f);

/* What follows this layer: the loop looks it up. */
static inline void packet_next(struct packet *p, enum table table, uint32_t key)
{
	p->next_table = table;
	p->next_key = key;
	p->next_alternative = key;
}

/* Say what is wrong with the layer being read: static words. */
void packet_issue(struct packet *p, const char *words);

/* Add a row: len bytes at at (a pointer into the cursor's bytes; NULL for
 * none), with its value. */
void packet_field(struct packet *p, const struct field_info *info, const uint8_t *at, size_t len,
		  uint64_t num);

/* Add a tunnel or a VLAN to the path; silently full after four. */
void packet_tunnel(struct packet *p, enum tunnel_kind kind, bool has_id, uint32_t id);
void packet_vlan(struct packet *p, uint16_t tci);

/* The first row of that key, or NULL. */
const struct field *packet_find(const struct packet *p, const char *key);

/* A field's value as text for people; foreign text escaped. */
void packet_field_text(struct text *t, const struct packet *p, const struct field *f);

/* "vxlan 42 / gre" for the tunnels of a path; nothing if there are none. */
void path_tunnels(struct text *t, const struct path *p);

#endif
