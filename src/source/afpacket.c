/* Live capture by the kernel's ring of blocks (TPACKET_V3).
 *
 * Frames are lent where the kernel put them; a block goes back when all of its
 * frames were lent and the next call comes. A batch is of one block. Nothing is
 * asked of the kernel while there are blocks to read but its counters, and these
 * when a block says that packets were lost before it: the loss is told with that
 * block's first frame, where it was.
 *
 * At the end (finish) the filter is shut, the block that the kernel still fills
 * is waited for, and only then the counters are read: what was taken in is
 * either a frame or a drop.
 */
#include "afpacket.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hatype.h"
#include "bpf.h"
#include "packet_socket.h"
#include "ring_filter.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"
#include "watch.h"

enum {
	NATIVE_ASK_MS = 100,                       /* between two questions for drops while nothing comes */
	NATIVE_REST_MS = 15,                       /* that the ring may be left alone, while no more than */
	NATIVE_REST_SHARE = 16,                    /* of its blocks have filled meanwhile: their part of all */
	NATIVE_DRAIN_MS = 2 * PACKET_RETIRE_MS + 5, /* a block is handed over within two turns of its timer */
};

struct native {
	struct source s; /* first */
	int fd;
	char *name;
	unsigned index;      /* 0: any */
	int linktype;        /* -1: by each packet's hardware type */
	uint32_t snaplen, netmask;
	enum source_direction direction;
	struct packet_ring ring;
	struct ring_filter filter;
	struct watch watch;
	int ended;           /* 0, or what every further call answers */
	bool ending;         /* after until_ns: with end_as */
	int end_as;
	int64_t until_ns;    /* monotonic */
	uint64_t frames, filtered, drops, told;
	int64_t asked_ns;
	unsigned taken;      /* blocks, since there was none to take */
	uint16_t last_hatype, last_linktype; /* of "any" */
	unsigned last_index;
	uint16_t last_slot;
	char problem[256];
};

/* ---- frames -------------------------------------------------------------------- */

static uint16_t native_linktype(struct native *n, const struct ring_packet *p)
{
	if (n->linktype >= 0)
		return (uint16_t)n->linktype;
	if (p->hatype != n->last_hatype) {
		n->last_hatype = p->hatype;
		n->last_linktype = (uint16_t)hatype_linktype(p->hatype, true);
	}
	return n->last_linktype;
}

/* Of "any": the slot of the packet's interface. Its name comes by the kernel's messages. */
static uint16_t native_slot(struct native *n, const struct ring_packet *p)
{
	if (n->index)
		return 0;
	if ((unsigned)p->ifindex != n->last_index) {
		n->last_index = (unsigned)p->ifindex;
		n->last_slot = watch_slot(&n->watch, n->last_index);
	}
	return n->last_slot;
}

/* False: it does not pass. */
static bool native_frame(struct native *n, struct ring_packet *p, struct frame *f)
{
	*f = (struct frame){.ts_ns = p->ts_ns, .linktype = native_linktype(n, p)};
	hatype_frame(f, p, n->snaplen);
	if (n->filter.words && !ring_filter_pass(&n->filter, f, p)) {
		n->filtered++;
		return false;
	}
	f->interface = native_slot(n, p);
	watch_frame(&n->watch, f, f->interface);
	return true;
}

/* Ask what was dropped; done: all that was kept has been read. */
static void native_ask(struct native *n, int64_t now, bool done)
{
	uint64_t dropped = 0;

	n->asked_ns = now;
	(void)packet_dropped(n->fd, &dropped);
	n->drops += dropped;
	watch_dropped(&n->watch, dropped, done);
}

/* The block was handed over after a loss: what was lost, lies before it. */
static void native_tell_losses(struct native *n, struct frame *first)
{
	const uint64_t lost = n->drops - n->told;

	if (!lost)
		return;
	first->flags |= FRAME_LOSING;
	first->lost = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
	n->told += first->lost;
}

/* ---- the end ---------------------------------------------------------------------- */

static void native_end_after(struct native *n, int as)
{
	if (n->ending || n->ended)
		return;
	n->ending = true;
	n->end_as = as;
	n->until_ns = clock_monotonic_ns() + NATIVE_DRAIN_MS * (int64_t)CLOCK_MS;
}

static void native_gone(struct native *n)
{
	struct text t;

	if (n->problem[0] == '\0') {
		text_init(&t, n->problem, sizeof n->problem);
		text_put(&t, n->watch.title);
		text_put(&t, WATCH_GONE);
	}
	native_end_after(n, -ENODEV);
}

/* Nothing to read: the one moment for everything else. Right after packets it is not looked for what may have come
 * besides them, unless that is due: the descriptor is ready again at once where something has. */
static int native_idle(struct native *n, bool after_packets)
{
	const int64_t now = clock_monotonic_ns();
	int error = 0;
	socklen_t len = sizeof error;

	if (after_packets && !n->ending && !n->watch.paused && now - n->asked_ns < NATIVE_ASK_MS * (int64_t)CLOCK_MS)
		return 0;
	watch_look(&n->watch, true);
	/* A link that went down leaves an error, which keeps the descriptor readable. */
	if (getsockopt(n->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error && n->index &&
	    !packet_exists(n->fd, n->index))
		n->watch.gone = true;
	if (n->watch.gone)
		native_gone(n);
	if (n->watch.paused || now - n->asked_ns >= NATIVE_ASK_MS * (int64_t)CLOCK_MS)
		native_ask(n, now, true);
	if (n->ending && now >= n->until_ns) {
		native_ask(n, now, true);
		n->ended = n->end_as;
	}
	return n->ended;
}

static int native_next_batch(struct source *s, struct frame *out, unsigned want)
{
	struct native *n = (struct native *)s;
	struct ring *ring = &n->ring.ring;
	const bool read = ring->ours && ring->left == 0; /* to its end, by the calls before */
	struct ring_packet p;
	unsigned have = 0;

	s->rest_ms = 0;
	if (n->ended)
		return n->ended;
	if (read)
		ring_give(ring);
	if (!ring->ours) {
		if (!ring_take(ring)) {
			s->rest_ms = n->taken * NATIVE_REST_SHARE <= ring->blocks ? NATIVE_REST_MS : 0;
			n->taken = 0;
			return native_idle(n, read);
		}
		n->taken++;
		watch_look(&n->watch, false);
		if (ring->losing)
			native_ask(n, clock_monotonic_ns(), false);
	}
	while (have < want && ring_next(ring, &p))
		have += native_frame(n, &p, &out[have]);
	if (have > 0)
		native_tell_losses(n, &out[0]);
	if (watch_pause_is_old(&n->watch))
		native_ask(n, clock_monotonic_ns(), true);
	n->frames += have;
	return (int)have;
}

static void native_finish(struct source *s)
{
	struct native *n = (struct native *)s;

	(void)ring_filter_shut(n->fd);
	native_end_after(n, -ENODATA);
}

/* ---- what is asked of it --------------------------------------------------------- */

static bool native_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct native *n = (struct native *)s;

	if (index != 0)
		return false;
	*out = (struct source_stats){
		.name = n->name,
		.format = "live",
		.frames = n->frames + n->filtered,
		.filtered = n->filtered,
		.damaged = n->ring.ring.damaged,
		.gone = n->ended == -ENODEV,
		.problem_told = n->watch.gone_told,
		.drops = n->drops,
		.drops_known = true,
		.complete = n->ended != -ENODEV,
		.fine = true,
	};
	if (n->problem[0])
		(void)snprintf(out->problem, sizeof out->problem, "%s", n->problem);
	else if (n->filter.refusal[0])
		(void)snprintf(out->problem, sizeof out->problem, "%.*s: %.*s", 63, n->watch.title, 190, n->filter.refusal);
	else if (n->ring.ring.damaged)
		(void)snprintf(out->problem, sizeof out->problem, "%s: %llu blocks of the capture ring were damaged",
			       n->watch.title, (unsigned long long)n->ring.ring.damaged);
	else if (n->watch.homeless)
		(void)snprintf(out->problem, sizeof out->problem, "%s: %llu frames of more than %d interfaces are not "
			       "told apart", n->watch.title, (unsigned long long)n->watch.homeless, LINKS_MAX);
	return true;
}

static const char *native_interface(struct source *s, unsigned source, unsigned interface)
{
	struct native *n = (struct native *)s;
	const struct link *k;

	if (source != 0)
		return NULL;
	if (interface == 0)
		return n->name;
	k = n->index ? NULL : links_at(n->watch.links, interface);
	return k ? k->name : NULL;
}

static bool native_note(struct source *s, struct source_note *out)
{
	return watch_note(&((struct native *)s)->watch, out);
}

static int64_t native_now(struct source *s)
{
	return watch_now(&((struct native *)s)->watch);
}

static int native_filter_open(struct native *n, struct ring_filter *f, const char *words, struct error *e)
{
	const struct ring_filter_options o = {
		.words = words, .title = n->watch.title, .linktype = n->linktype, .snaplen = n->snaplen,
		.netmask = n->netmask, .direction = n->direction, .live = true,
	};

	return ring_filter_open(f, &o, e);
}

static int native_filter(struct source *s, const char *words, struct error *e)
{
	struct native *n = (struct native *)s;
	struct ring_filter *f;
	int rc = bpf_short(words, e);

	if (rc < 0)
		return rc;
	f = calloc(1, sizeof *f);
	if (!f)
		return error_set(e, ENOMEM, "no memory for the filter");
	rc = native_filter_open(n, f, words, e);
	if (rc == 0) {
		rc = ring_filter_attach(f, n->direction, n->fd);
		if (rc < 0)
			(void)error_set(e, -rc, "%s: the kernel does not take the filter: %s", n->watch.title, strerror(-rc));
	}
	if (rc == 0) {
		f->changed_ns = clock_wall_ns();
		ring_filter_release(&n->filter);
		n->filter = *f;
	} else {
		ring_filter_release(f);
	}
	free(f);
	return rc;
}

static void native_shut(struct source *s)
{
	struct native *n = (struct native *)s;

	packet_ring_release(&n->ring);
	watch_release(&n->watch);
	ring_filter_release(&n->filter);
	if (n->fd >= 0)
		(void)close(n->fd);
	n->fd = n->s.fd = -1;
}

static void native_free(struct source *s)
{
	struct native *n = (struct native *)s;

	native_shut(s);
	free(n->name);
	free(n);
}

/* ---- open ------------------------------------------------------------------------- */

/* Which bytes there are to be had; -ENOTSUP: libpcap may know. */
static int native_bytes(struct native *n, const struct source_options *o, struct error *e)
{
	unsigned hatype = 0;
	const char *name;
	int rc;

	n->linktype = -1;
	if (strcmp(n->name, "any") != 0) {
		rc = packet_interface(n->fd, n->name, &n->index, &hatype);
		if (rc < 0)
			return error_set(e, ENODEV, "%s: no such interface (sockeye -D lists them)", n->watch.title);
		n->linktype = hatype_linktype(hatype, false);
		n->netmask = packet_netmask(n->fd, n->name);
		if (n->linktype < 0)
			return error_set(e, ENOTSUP, "%s: the native ring does not know this kind of interface (hardware "
					 "type %u): --backend libpcap", n->watch.title, hatype);
	}
	name = n->linktype == LINKTYPE_ETHERNET ? "EN10MB" : n->linktype == LINKTYPE_RAW ? "RAW" : "";
	if (o->link_type && strcasecmp(o->link_type, name) != 0)
		return error_set(e, ENOTSUP, "%s: the native ring has not the link type that -y asks for: "
				 "--backend libpcap may", n->watch.title);
	return 0;
}

static int native_start(struct native *n, const struct source_options *o, bool *refused, struct error *e)
{
	struct error why = {""};
	int rc = native_bytes(n, o, e);

	if (rc < 0)
		return rc;
	rc = native_filter_open(n, &n->filter, o->filter, &why);
	if (rc == -EINVAL) { /* nothing comes, and the stats say why */
		*refused = true;
		(void)snprintf(n->problem, sizeof n->problem, "%.*s", (int)sizeof n->problem - 1, why.text);
		n->filter.program[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
		n->filter.len = 1;
	} else if (rc < 0) {
		return error_set(e, -rc, "%s", why.text);
	}
	rc = packet_ring_open(&n->ring, n->fd, &n->filter, o, n->index, n->watch.title, e);
	if (rc == 0)
		rc = watch_open(&n->watch, n->name, n->index, n->fd, e);
	n->s.fd = n->watch.fd;
	if (rc == 0 && *refused)
		(void)error_set(e, EINVAL, "%s", why.text);
	return rc;
}

int afpacket_open(struct source **out, const char *interface, int packet_fd, const struct source_options *o,
		  bool *refused, struct error *e)
{
	struct native *n = calloc(1, sizeof *n);
	struct text t;
	int rc;

	*out = NULL;
	*refused = false;
	if (!n || !(n->name = strdup(interface))) {
		free(n);
		if (packet_fd >= 0)
			(void)close(packet_fd);
		return error_set(e, ENOMEM, "no memory for a capture");
	}
	n->s = (struct source){
		.kind = "native",
		.fd = -1,
		.live = true,
		.next_batch = native_next_batch,
		.stats = native_stats,
		.interface = native_interface,
		.note = native_note,
		.filter = native_filter,
		.finish = native_finish,
		.shut = native_shut,
		.now = native_now,
		.free = native_free,
	};
	n->snaplen = o->snaplen > 0 && o->snaplen < FRAME_MAX ? (uint32_t)o->snaplen : FRAME_MAX;
	n->direction = o->direction;
	n->netmask = UINT32_MAX;
	n->last_linktype = LINKTYPE_LINUX_SLL2; /* of hardware type 0 */
	n->watch.fd = -1;
	text_init(&t, n->watch.title, sizeof n->watch.title);
	text_foreign(&t, interface, strlen(interface), false);
	n->fd = packet_fd >= 0 ? packet_fd : capture_socket(o, n->watch.title, e);
	rc = n->fd < 0 ? n->fd : native_start(n, o, refused, e);
	if (rc < 0) {
		native_free(&n->s);
		return rc;
	}
	*out = &n->s;
	return 0;
}
