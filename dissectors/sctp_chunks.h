/* The chunks of SCTP: between sctp.c and sctp_chunks.c. */
#ifndef SOCKEYE_DISSECTORS_SCTP_CHUNKS_H
#define SOCKEYE_DISSECTORS_SCTP_CHUNKS_H

#include "layers.h"

enum { SCTP_CHUNK_HEADER = 4 };

enum sctp_chunk_type { /* RFC 9260 section 3.2, and the extensions' own */
	SCTP_DATA = 0, SCTP_INIT = 1, SCTP_INIT_ACK = 2, SCTP_SACK = 3, SCTP_HEARTBEAT = 4,
	SCTP_HEARTBEAT_ACK = 5, SCTP_ABORT = 6, SCTP_SHUTDOWN = 7, SCTP_SHUTDOWN_ACK = 8, SCTP_ERROR = 9,
	SCTP_COOKIE_ECHO = 10, SCTP_COOKIE_ACK = 11, SCTP_ECNE = 12, SCTP_CWR = 13,
	SCTP_SHUTDOWN_COMPLETE = 14,
	SCTP_AUTH = 15,          /* RFC 4895 */
	SCTP_I_DATA = 64,        /* RFC 8260 */
	SCTP_ASCONF_ACK = 128,   /* RFC 5061 */
	SCTP_RE_CONFIG = 130,    /* RFC 6525 */
	SCTP_PAD = 132,          /* RFC 4820 */
	SCTP_FORWARD_TSN = 192,  /* RFC 3758 */
	SCTP_ASCONF = 193,       /* RFC 5061 */
	SCTP_I_FORWARD_TSN = 194, /* RFC 8260 */
};

/* The value of a chunk, as rows. Leaves v->fault where it is too short. */
void sctp_chunk_read(struct cursor *v, struct packet *p, unsigned type, unsigned flags);

#endif
