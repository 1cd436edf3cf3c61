/* Between the two halves of the pcapng reader: blocks, and what they describe. */
#ifndef SOURCE_PCAPNG_H
#define SOURCE_PCAPNG_H

#include "reader.h"
#include "sockeye/cursor.h"

static inline uint16_t pcapng_u16(const struct pcapng *ng, struct cursor *c)
{
	return ng->big ? cursor_be16(c) : cursor_le16(c);
}

static inline uint32_t pcapng_u32(const struct pcapng *ng, struct cursor *c)
{
	return ng->big ? cursor_be32(c) : cursor_le32(c);
}

static inline uint64_t pcapng_u64(const struct pcapng *ng, struct cursor *c)
{
	return ng->big ? cursor_be64(c) : cursor_le64(c);
}

/* 1.2 was written for a while and means 1.0. */
static inline bool pcapng_version(uint16_t major, uint16_t minor)
{
	return major == 1 && (minor == 0 || minor == 2);
}

/* The interface of a section's id, or NULL. */
struct pcapng_interface *pcapng_local(struct reader *r, uint32_t id);

void pcapng_interface_block(struct reader *r, struct cursor *c);
/* A description that cannot be read still takes its number. */
void pcapng_unknown_interface(struct reader *r);
void pcapng_statistics_block(struct reader *r, struct cursor *c);

/* Comment and direction into the frame, drops added to *drops. */
void pcapng_packet_options(struct reader *r, struct cursor *c, struct frame *f, uint64_t *drops);

/* Options of which nothing is used: only whether they are whole. */
void pcapng_check_options(struct reader *r, struct cursor *c, const char *where);

void pcapng_lost(struct reader *r, uint32_t id, uint64_t drops);
int64_t pcapng_time(struct reader *r, const struct pcapng_interface *i, uint64_t units);

#endif
