/* A pcap file, frame by frame: both byte orders, micro- and nanoseconds. For
 * files that tests made or that were read whole before; a damaged one ends the tool. */
#ifndef TESTS_TOOLS_PCAP_READ_H
#define TESTS_TOOLS_PCAP_READ_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

enum { PCAP_READ_FRAME = 262144 };

struct pcap_read {
	FILE *f;
	const char *path;
	bool little, nano;
	uint64_t frames;
	uint8_t *bytes;
};

struct pcap_frame {
	int64_t ts_ns;
	uint8_t *bytes; /* until the next one */
	uint32_t kept;
};

static inline uint32_t pcap_read_word(const struct pcap_read *r, const uint8_t *p)
{
	uint32_t v = get32(p);

	return r->little ? __builtin_bswap32(v) : v;
}

static inline void pcap_read_open(struct pcap_read *r, const char *path)
{
	uint8_t head[24];
	uint32_t magic;

	*r = (struct pcap_read){.f = fopen(path, "re"), .path = path, .bytes = malloc(PCAP_READ_FRAME)};
	if (!r->f || !r->bytes || fread(head, 1, sizeof head, r->f) != sizeof head)
		wire_die("%s: cannot read it: %s", path, errno ? strerror(errno) : "too short");
	magic = get32(head);
	r->little = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	magic = pcap_read_word(r, head);
	r->nano = magic == 0xa1b23c4d;
	if (!r->nano && magic != 0xa1b2c3d4)
		wire_die("%s: not a pcap file", path);
}

static inline bool pcap_read_next(struct pcap_read *r, struct pcap_frame *out)
{
	uint8_t head[16];
	size_t n = fread(head, 1, sizeof head, r->f);
	uint32_t kept;

	if (n == 0)
		return false;
	kept = n == sizeof head ? pcap_read_word(r, head + 8) : 0;
	if (n != sizeof head || kept > PCAP_READ_FRAME || fread(r->bytes, 1, kept, r->f) != kept)
		wire_die("%s: damaged in frame %llu", r->path, (unsigned long long)r->frames + 1);
	r->frames++;
	*out = (struct pcap_frame){
		.ts_ns = (int64_t)pcap_read_word(r, head) * 1000000000 +
			 (int64_t)pcap_read_word(r, head + 4) * (r->nano ? 1 : 1000),
		.bytes = r->bytes,
		.kept = kept,
	};
	return true;
}

static inline void pcap_read_close(struct pcap_read *r)
{
	(void)fclose(r->f);
	free(r->bytes);
}

#endif
