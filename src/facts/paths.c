/* Paths by number, and the descriptor of a packet.
 *
 * A path is the VLANs and tunnels a packet came through. There are few of them
 * in a capture, so each is kept once and flows hold its number; 4096 at most,
 * because whoever sends the packets may invent them. Number 0 is the plain
 * path; a path that finds no room gets 0 and is counted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/descriptor.h"
#include "sockeye/hash.h"

enum { PATHS_MAX = 4096, PATHS_SLOTS = 8192 };

struct paths {
	struct hash_key key;
	uint64_t overflow, probes;
	unsigned n; /* of path[], number 0 included */
	uint16_t last;
	uint16_t slot[PATHS_SLOTS]; /* number, 0: free */
	struct path path[PATHS_MAX];
};

int paths_open(struct paths **out, struct error *e)
{
	struct paths *p = calloc(1, sizeof *p);

	*out = p;
	if (!p)
		return error_set(e, ENOMEM, "no memory for the table of tunnels");
	hash_key_init(&p->key, 0);
	p->n = 1;
	return 0;
}

void paths_free(struct paths *p)
{
	free(p);
}

/* The part of a path that means something, without the struct's gaps: two
 * counts, then VLANs, then kind, known, id of each tunnel. */
static size_t path_pack(const struct path *path, uint8_t *out)
{
	unsigned vlans = path->vlans < PACKET_VLANS ? path->vlans : PACKET_VLANS;
	unsigned tunnels = path->tunnels < PACKET_TUNNELS ? path->tunnels : PACKET_TUNNELS;
	size_t n = 0;

	out[n++] = (uint8_t)vlans;
	out[n++] = (uint8_t)tunnels;
	for (unsigned i = 0; i < vlans; i++) {
		out[n++] = (uint8_t)(path->vlan[i] >> 8);
		out[n++] = (uint8_t)path->vlan[i];
	}
	for (unsigned i = 0; i < tunnels; i++) {
		uint32_t id = path->tunnel_has_id[i] ? path->tunnel_id[i] : 0;

		out[n++] = path->tunnel[i];
		out[n++] = path->tunnel_has_id[i];
		for (int shift = 24; shift >= 0; shift -= 8)
			out[n++] = (uint8_t)(id >> shift);
	}
	return n;
}

enum { PATH_PACKED = 2 + 2 * PACKET_VLANS + 6 * PACKET_TUNNELS };

static bool path_same(const struct path *a, const uint8_t *packed, size_t n)
{
	uint8_t other[PATH_PACKED];

	return path_pack(a, other) == n && memcmp(other, packed, n) == 0;
}

/* Its number, or 0; *packed, *n and *at are what is needed to add it. */
static uint16_t path_find(struct paths *p, const struct path *path, uint8_t *packed, size_t *n, unsigned *at)
{
	*n = path_pack(path, packed);
	if (p->last != 0 && path_same(&p->path[p->last], packed, *n))
		return p->last;
	*at = (unsigned)hash_bytes(&p->key, packed, *n) % PATHS_SLOTS;
	while (p->probes++, p->slot[*at] != 0) { /* at most half full: ends */
		if (path_same(&p->path[p->slot[*at]], packed, *n)) {
			p->last = p->slot[*at];
			return p->last;
		}
		*at = (*at + 1) % PATHS_SLOTS;
	}
	return 0;
}

bool paths_known(struct paths *p, const struct path *path, uint16_t *number)
{
	uint8_t packed[PATH_PACKED];
	unsigned at;
	size_t n;

	*number = path->vlans || path->tunnels ? path_find(p, path, packed, &n, &at) : 0;
	return *number != 0 || (path->vlans == 0 && path->tunnels == 0);
}

uint16_t paths_index(struct paths *p, const struct path *path)
{
	uint8_t packed[PATH_PACKED];
	uint16_t number;
	unsigned at = 0;
	size_t n;

	if (path->vlans == 0 && path->tunnels == 0)
		return 0;
	number = path_find(p, path, packed, &n, &at);
	if (number)
		return number;
	if (p->n == PATHS_MAX) {
		p->overflow++;
		return 0;
	}
	p->last = (uint16_t)p->n;
	p->path[p->n] = *path;
	p->slot[at] = (uint16_t)p->n++;
	return p->last;
}

const struct path *paths_get(const struct paths *p, uint16_t index)
{
	return &p->path[index < p->n ? index : 0];
}

uint64_t paths_overflow(const struct paths *p)
{
	return p->overflow;
}

uint64_t paths_probes(const struct paths *p)
{
	return p->probes;
}

static void fill_icmp(struct descriptor *d, const struct packet *p)
{
	const struct icmp_facts *f = &p->icmp;

	d->icmp.quoted = f->quoted;
	d->icmp.quoted_seq = f->quoted_seq;
	d->icmp.id = f->id;
	d->icmp.type = f->type;
	d->icmp.code = f->code;
	d->icmp.about = (uint8_t)((f->error ? ICMP_IS_ERROR : 0) | (f->echo ? ICMP_IS_ECHO : 0) |
				  (f->reply ? ICMP_IS_REPLY : 0) | (f->quoted_has_seq ? ICMP_QUOTES_SEQ : 0));
}

bool descriptor_fill(struct descriptor *d, const struct packet *p, struct paths *paths)
{
	if (p->fragment.present || !tuple_is_flow(&p->tuple, p->transport))
		return false;
	memset(d, 0, sizeof *d);
	d->ts_ns = p->frame.ts_ns;
	d->payload = p->payload;
	d->tuple = p->tuple;
	d->path = paths_index(paths, &p->path);
	d->payload_len = p->payload_len;
	d->payload_captured = p->payload ? p->payload_captured : 0;
	d->ip_id = p->ip.id;
	d->interface = descriptor_interface(&p->frame);
	d->ttl = p->ip.ttl;
	d->ecn = p->ip.tos & 3;
	if (p->tuple.proto == PROTO_TCP)
		descriptor_tcp(d, &p->tcp);
	else if (p->tuple.proto == PROTO_ICMP || p->tuple.proto == PROTO_ICMPV6)
		fill_icmp(d, p);
	return true;
}

void packet_reset_payload(struct packet *p, const struct frame *f, const struct descriptor *d)
{
	packet_reset(p, f);
	p->tuple = d->tuple;
	p->transport = true;
	p->payload = d->payload;
	p->payload_captured = d->payload_captured;
	p->payload_len = d->payload_len;
	p->payload_buffer = BUFFER_FRAME;
}
