/* Live capture through libpcap.
 *
 * Non-blocking; libpcap lends its bytes for the callback only, so a batch is
 * copied into an arena: address space for 64 of the largest frames, of which
 * only what real frames need is ever touched. The kernel hands over its blocks
 * every 10 ms; libpcap's immediate mode is quicker by that but falls back to
 * the old ring, which loses packets and slows the observed. "any" is asked for
 * in SLL2, which names each packet's interface; libpcap itself drops the second
 * copy of packets on lo.
 */
#include "pcap_live.h"

#include <errno.h>
#include <stddef.h>

#if SOCKEYE_LIVE

#include <limits.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf.h"
#include "packet_socket.h"
#include "ring_filter.h"
#include "sockeye/clock.h"
#include "sockeye/cursor.h"
#include "sockeye/memory.h"
#include "sockeye/text.h"
#include "watch.h"

enum {
	LIVE_TIMEOUT_MS = 10,
	LIVE_DRAIN_MS = 2 * LIVE_TIMEOUT_MS + 5, /* the kernel hands its last block over within that */
	LIVE_BATCH = 64,
	LIVE_ARENA = LIVE_BATCH * FRAME_MAX,
	SLL_OUTGOING = 4,
};

struct live {
	struct source s; /* first */
	pcap_t *p;
	char *name;
	char title[64]; /* the name, printable */
	bool ns, refused;
	int gone; /* 0, or what every further call answers */
	uint16_t linktype;
	uint8_t *arena;
	size_t used;
	struct frame *out; /* of the batch that is being filled */
	unsigned have, want;
	uint64_t frames;
	int64_t asked_ns;    /* when libpcap was last asked for its drops */
	uint64_t told_drops; /* of them, told with a frame */
	struct watch watch;
	bool ending;         /* after until_ns (monotonic) that is the end */
	int64_t until_ns;
	uint64_t drops;      /* libpcap counts in 32 bits */
	uint32_t last_drops;
	char problem[256];
};

/* "any" says in each packet where it was and who sent it. */
static void live_cooked(struct live *l, struct frame *f)
{
	struct cursor c;
	unsigned type;

	cursor_init(&c, f->data, f->caplen, f->caplen);
	if (l->linktype == LINKTYPE_LINUX_SLL2) {
		unsigned index;

		cursor_skip(&c, 4);
		index = cursor_be32(&c);
		cursor_skip(&c, 2);
		type = cursor_u8(&c);
		if (c.fault == CURSOR_OK)
			f->interface = watch_slot(&l->watch, index);
	} else {
		type = cursor_be16(&c);
	}
	if (c.fault == CURSOR_OK)
		f->flags = type == SLL_OUTGOING ? FRAME_OUTGOING : FRAME_INCOMING;
}

static void live_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct live *l = (struct live *)(void *)user;
	uint32_t captured = h->caplen < FRAME_MAX ? h->caplen : FRAME_MAX;
	struct frame *f;

	if (l->have == l->want)
		return; /* libpcap was asked for no more */
	f = &l->out[l->have++];
	memcpy(l->arena + l->used, bytes, captured);
	*f = (struct frame){
		.ts_ns = (int64_t)h->ts.tv_sec * CLOCK_S + (int64_t)h->ts.tv_usec * (l->ns ? 1 : 1000),
		.data = l->arena + l->used,
		.caplen = captured,
		.wirelen = h->len > captured ? h->len : captured,
		.linktype = l->linktype,
	};
	l->used += captured;
	l->frames++;
	if (l->linktype == LINKTYPE_LINUX_SLL2 || l->linktype == LINKTYPE_LINUX_SLL)
		live_cooked(l, f);
	watch_frame(&l->watch, f, f->interface);
}

/* What the kernel dropped until now. */
static void live_count(struct live *l, int64_t now)
{
	struct pcap_stat st;

	l->asked_ns = now;
	if (pcap_stats(l->p, &st) != 0)
		return;
	watch_dropped(&l->watch, st.ps_drop - l->last_drops, false);
	l->drops += st.ps_drop - l->last_drops;
	l->last_drops = st.ps_drop;
}

/* Losses are told with the first frame after them, ten times a second: asking is a system call. */
static void live_losses(struct live *l)
{
	int64_t now = clock_monotonic_ns();
	uint64_t lost;

	if (now - l->asked_ns >= 100 * CLOCK_MS)
		live_count(l, now);
	if (l->watch.paused && (l->have == 0 || watch_pause_is_old(&l->watch))) {
		live_count(l, now);
		watch_dropped(&l->watch, 0, true);
	}
	lost = l->drops - l->told_drops;
	if (l->have == 0 || !lost)
		return;
	l->out[0].flags |= FRAME_LOSING;
	l->out[0].lost = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
	l->told_drops += l->out[0].lost;
}

/* Nothing more to read after the last has been waited for. */
static int live_over(struct live *l)
{
	if (l->have > 0 || !l->ending || clock_monotonic_ns() < l->until_ns)
		return 0;
	l->gone = -ENODATA;
	return l->gone;
}

static void live_finish(struct source *s)
{
	struct live *l = (struct live *)s;

	/* Not by pcap_setfilter(): it would filter what is in the ring, too. */
	(void)ring_filter_shut(pcap_fileno(l->p));
	l->ending = true;
	l->until_ns = clock_monotonic_ns() + LIVE_DRAIN_MS * (int64_t)CLOCK_MS;
}

static int live_next_batch(struct source *s, struct frame *out, unsigned n)
{
	struct live *l = (struct live *)s;
	char why[PCAP_ERRBUF_SIZE];
	struct text t;
	int rc;

	if (l->gone)
		return l->gone;
	l->out = out;
	l->have = 0;
	l->want = n < LIVE_BATCH ? n : LIVE_BATCH;
	l->used = 0;
	rc = pcap_dispatch(l->p, (int)l->want, live_packet, (u_char *)l);
	watch_look(&l->watch, l->have == 0);
	live_losses(l);
	/* libpcap looks for the name when the link goes down: one that was renamed is there all the same. */
	if (rc == PCAP_ERROR && !l->watch.gone && l->watch.index && strstr(pcap_geterr(l->p), "disappeared") &&
	    packet_exists(pcap_fileno(l->p), l->watch.index))
		rc = 0;
	if ((rc >= 0 || rc == PCAP_ERROR_BREAK) && (l->have > 0 || !l->watch.gone)) {
		rc = live_over(l);
		return rc ? rc : (int)l->have;
	}
	l->gone = -ENODEV;
	text_init(&t, l->problem, sizeof l->problem);
	text_put(&t, l->title);
	if (l->watch.gone || (l->watch.index && !packet_exists(pcap_fileno(l->p), l->watch.index))) {
		text_put(&t, WATCH_GONE);
	} else {
		(void)snprintf(why, sizeof why, "%s", pcap_geterr(l->p));
		text_put(&t, ": capture stopped: ");
		text_foreign(&t, why, strlen(why), false);
	}
	return l->have > 0 ? (int)l->have : l->gone;
}

static bool live_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct live *l = (struct live *)s;

	if (index != 0)
		return false;
	live_count(l, clock_monotonic_ns());
	*out = (struct source_stats){
		.name = l->name,
		.format = "live",
		.frames = l->frames,
		.drops = l->drops,
		.drops_known = true,
		.gone = l->gone != 0 && l->gone != -ENODATA,
		.problem_told = l->watch.gone_told,
		.complete = l->gone == 0 || l->gone == -ENODATA,
		.fine = l->ns,
	};
	(void)snprintf(out->problem, sizeof out->problem, "%s", l->problem);
	if (l->problem[0] == '\0' && l->watch.homeless && l->linktype == LINKTYPE_LINUX_SLL2)
		(void)snprintf(out->problem, sizeof out->problem, "%s: %llu frames of more than %d interfaces are not "
			       "told apart", l->title, (unsigned long long)l->watch.homeless, LINKS_MAX);
	return true;
}

static const char *live_interface(struct source *s, unsigned source, unsigned interface)
{
	struct live *l = (struct live *)s;

	const struct link *k;

	if (source != 0)
		return NULL;
	if (interface == 0)
		return l->name;
	k = l->watch.index ? NULL : links_at(l->watch.links, interface);
	return k ? k->name : NULL;
}

static bool live_note(struct source *s, struct source_note *out)
{
	return watch_note(&((struct live *)s)->watch, out);
}

static int64_t live_now(struct source *s)
{
	return watch_now(&((struct live *)s)->watch);
}

static void live_free(struct source *s)
{
	struct live *l = (struct live *)s;

	if (l->p)
		pcap_close(l->p);
	watch_release(&l->watch);
	memory_release(l->arena, LIVE_ARENA);
	free(l->name);
	free(l);
}

/* What activation said, as a sentence with a way out. */
static int live_refusal(struct live *l, int rc, struct error *e)
{
	char printable[300];
	struct text t;

	text_init(&t, printable, sizeof printable);
	switch (rc) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return error_set(e, ENODEV, "%s: no such interface (sockeye -D lists them)", l->title);
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return capture_no_right(l->title, e);
	case PCAP_ERROR_IFACE_NOT_UP:
		return error_set(e, ENETDOWN, "%s: the interface is down (ip link set %s up)", l->title, l->title);
	default:
		text_foreign(&t, pcap_geterr(l->p), strlen(pcap_geterr(l->p)), false);
		if (printable[0] == '\0')
			text_put(&t, pcap_statustostr(rc));
		return error_set(e, EIO, "%s: cannot capture: %s", l->title, printable);
	}
}

static int live_link_type(struct live *l, const struct source_options *o, struct error *e)
{
	if (o->link_type) {
		int dlt = pcap_datalink_name_to_val(o->link_type);
		char asked[64];
		struct text t;

		text_init(&t, asked, sizeof asked);
		text_foreign(&t, o->link_type, strlen(o->link_type), false);
		if (dlt < 0)
			return error_set(e, EINVAL, "%s: no such link type", asked);
		if (pcap_set_datalink(l->p, dlt) != 0)
			return error_set(e, EINVAL, "%s: the interface has no link type %s", l->title, asked);
	} else if (strcmp(l->name, "any") == 0) {
		(void)pcap_set_datalink(l->p, DLT_LINUX_SLL2); /* older libpcap: SLL stays */
	}
	l->linktype = bpf_linktype(pcap_datalink(l->p));
	return 0;
}

/* 0; or -EINVAL with the reason in e. */
static int live_filter(struct live *l, const char *words, struct error *e)
{
	char errors[PCAP_ERRBUF_SIZE], shown[200], why[200];
	bpf_u_int32 net, mask = PCAP_NETMASK_UNKNOWN;
	struct bpf_program program;
	struct text t;

	if (!words)
		words = "";
	if (strcmp(l->name, "any") == 0 || pcap_lookupnet(l->name, &net, &mask, errors) != 0)
		mask = PCAP_NETMASK_UNKNOWN;
	if (pcap_compile(l->p, &program, words, bpf_optimizing(), mask) == 0) {
		int rc = pcap_setfilter(l->p, &program);

		pcap_freecode(&program);
		if (rc == 0)
			return 0;
	}
	text_init(&t, shown, sizeof shown);
	text_foreign(&t, words, strlen(words), false);
	text_init(&t, why, sizeof why);
	bpf_reason(&t, pcap_geterr(l->p));
	return error_set(e, EINVAL, "%s: the filter \"%s\" does not compile: %s", l->title, shown, why);
}

static int live_refilter(struct source *s, const char *words, struct error *e)
{
	const int rc = bpf_short(words, e);

	return rc < 0 ? rc : live_filter((struct live *)s, words, e);
}

/* A filter that lets nothing through. */
static int live_shut(struct live *l, struct error *e)
{
	struct bpf_insn nothing = {.code = BPF_RET | BPF_K, .k = 0};
	struct bpf_program program = {.bf_len = 1, .bf_insns = &nothing};

	if (pcap_setfilter(l->p, &program) != 0)
		return error_set(e, EIO, "%s: cannot set a filter: %s", l->title, pcap_geterr(l->p));
	return 0;
}

static int live_activate(struct live *l, const struct source_options *o, struct error *e)
{
	int snaplen = o->snaplen > 0 && o->snaplen < FRAME_MAX ? o->snaplen : FRAME_MAX;
	char errors[PCAP_ERRBUF_SIZE] = "";
	int rc;

	l->p = pcap_create(l->name, errors);
	if (!l->p) {
		char why[200];
		struct text t;

		text_init(&t, why, sizeof why);
		text_foreign(&t, errors, strlen(errors), false);
		return error_set(e, ENODEV, "%s: cannot capture: %s", l->title, why);
	}
	(void)pcap_set_snaplen(l->p, snaplen);
	(void)pcap_set_promisc(l->p, !o->no_promiscuous && strcmp(l->name, "any") != 0);
	(void)pcap_set_timeout(l->p, LIVE_TIMEOUT_MS);
	if (o->buffer_kib > 0)
		(void)pcap_set_buffer_size(l->p, o->buffer_kib < INT_MAX / 1024 ? o->buffer_kib * 1024 : INT_MAX);
	if (o->ns)
		l->ns = pcap_set_tstamp_precision(l->p, PCAP_TSTAMP_PRECISION_NANO) == 0;
	rc = pcap_activate(l->p);
	if (rc < 0)
		return live_refusal(l, rc, e);
	l->ns = pcap_get_tstamp_precision(l->p) == PCAP_TSTAMP_PRECISION_NANO;
	rc = live_link_type(l, o, e);
	if (rc < 0)
		return rc;
	if (pcap_setnonblock(l->p, 1, errors) != 0)
		return error_set(e, EIO, "%s: cannot capture without blocking: %s", l->title, errors);
	if (pcap_get_selectable_fd(l->p) < 0)
		return error_set(e, ENOTSUP, "%s: this kind of interface cannot be waited for", l->title);
	/* 0 of "any", and of what is no interface of the kernel's. */
	rc = watch_open(&l->watch, l->name, if_nametoindex(l->name), pcap_get_selectable_fd(l->p), e);
	l->s.fd = l->watch.fd;
	if (rc == 0 && o->direction != SOURCE_INOUT &&
	    pcap_setdirection(l->p, o->direction == SOURCE_IN ? PCAP_D_IN : PCAP_D_OUT) != 0)
		return error_set(e, ENOTSUP, "%s: libpcap cannot tell directions apart there (-Q)", l->title);
	return rc;
}

int live_open(struct source **out, const char *interface, const struct source_options *o, bool *refused,
	      struct error *e)
{
	struct live *l = calloc(1, sizeof *l);
	struct text t;
	void *arena = NULL;
	int rc = 0;

	*out = NULL;
	*refused = false;
	if (!l || !(l->name = strdup(interface))) {
		free(l);
		return error_set(e, ENOMEM, "no memory for a capture");
	}
	text_init(&t, l->title, sizeof l->title);
	text_foreign(&t, interface, strlen(interface), false);
	l->watch.fd = -1;
	l->s = (struct source){
		.kind = "libpcap",
		.fd = -1,
		.live = true,
		.next_batch = live_next_batch,
		.stats = live_stats,
		.interface = live_interface,
		.note = live_note,
		.filter = live_refilter,
		.finish = live_finish,
		.now = live_now,
		.free = live_free,
	};
	rc = memory_reserve(&arena, LIVE_ARENA, "capture buffer", e);
	l->arena = arena;
	if (rc == 0)
		rc = live_activate(l, o, e);
	if (rc == 0 && o->filter) {
		struct error why;

		if (live_filter(l, o->filter, &why) < 0) {
			*refused = true;
			rc = live_shut(l, e);
			if (rc == 0) {
				(void)error_set(e, EINVAL, "%s", why.text);
				(void)snprintf(l->problem, sizeof l->problem, "%.*s", (int)sizeof l->problem - 1,
					       why.text);
			}
		}
	}
	if (rc < 0) {
		live_free(&l->s);
		return rc;
	}
	*out = &l->s;
	return 0;
}

#else

int live_open(struct source **out, const char *interface, const struct source_options *o, bool *refused,
	      struct error *e)
{
	(void)interface;
	(void)o;
	*out = NULL;
	*refused = false;
	return error_set(e, ENOTSUP, "live capture needs libpcap, and this program was built without it");
}

#endif
