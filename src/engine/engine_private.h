/* The engine's own: what engine.c shares with application.c, and nobody else sees. */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include "count.h"
#include "match.h"
#include "prepare.h"
#include "sockeye/descriptor.h"
#include "sockeye/engine.h"

struct index;
struct remembered;
struct rates;
struct learn;
struct listing;

enum { OBSERVERS_MAX = 8 };

enum packet_is { PACKET_IS_NOT, PACKET_IS_PAYLOAD /* no headers: packet_reset_payload() */, PACKET_IS_WHOLE };

struct engine {
	struct engine_options options;
	struct dissect *dissect;
	struct paths *paths;
	struct flow_table *flows;
	struct observer observer[OBSERVERS_MAX];
	unsigned observers;
	unsigned wants;          /* union of the observers' */
	bool wants_totals;       /* the same */
	bool lones, lones_each;  /* flow_table_lone() */
	unsigned handshake_parts, flow_parts; /* the same */
	int stop;                /* what an observer returned, or 0 */
	const char **protocol_names;
	struct totals totals;
	struct count count;
	struct histogram rtt[2];
	uint64_t frames_lost;    /* told with frames */
	struct ready ready;      /* of batches that come as frames */
	struct flow_near near[SOURCE_BATCH]; /* of the batch at hand: what is written here shall not lie with the reading thread */
	struct packet packet;    /* reused for every frame that needs it */
	enum packet_is packet_is; /* what packet has of the frame at hand */
	struct flow_record record;
	struct match match;      /* the screen's filter */
	struct index *index;     /* of packets, for those who look again; NULL: nobody will */
	uint32_t looked;         /* at the application of the packet at hand: bits of enum index_about */
	struct remembered *remembered;
	struct rates *rates;     /* live: of flows, for the screen */
	struct learn *learn;    /* live: who holds the sockets; or NULL */
	struct listing *listing; /* of flows, for the screen */
};

/* application.c: of a packet that was accounted, side 0 its sender if that is the client */
void application_look(struct engine *e, const struct frame *frame, const struct descriptor *d, const struct headers *h,
		      struct flow *f, unsigned side);

#endif
