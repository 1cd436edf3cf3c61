/* The capture filter on frames of files.
 *
 * A program is compiled for the link types that a file is known to have, or for
 * all that are read where it may have any, before the first packet: names in the
 * words are looked up while they can be. Another link type's is compiled when its
 * first frame comes by; at most BPF_PROGRAMS of them, for a file may name 65536
 * link types. A link type that the words do not fit keeps libpcap's reason
 * instead: its frames do not pass. The files of a run share their programs. Live
 * capture compiles on its own handle (pcap_live.c).
 */
#include "bpf.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/source.h"
#include "sockeye/text.h"

/* LINKTYPE numbers that differ from libpcap's DLT numbers on Linux. */
static const struct {
	uint16_t linktype;
	int dlt;
} bpf_numbers[] = {
	{100, 11}, {LINKTYPE_RAW, 12}, {102, 15}, {103, 16}, {106, 19}, {246, 18},
};

int bpf_dlt(uint16_t linktype)
{
	for (size_t i = 0; i < sizeof bpf_numbers / sizeof bpf_numbers[0]; i++)
		if (bpf_numbers[i].linktype == linktype)
			return bpf_numbers[i].dlt;
	return linktype;
}

uint16_t bpf_linktype(int dlt)
{
	for (size_t i = 0; i < sizeof bpf_numbers / sizeof bpf_numbers[0]; i++)
		if (bpf_numbers[i].dlt == dlt)
			return bpf_numbers[i].linktype;
	return (uint16_t)dlt;
}

#if SOCKEYE_LIVE

#include <pcap/pcap.h>

enum { BPF_PROGRAMS = 64, BPF_LIVE_BUFFER = 1 << 18 };

struct bpf_entry {
	uint16_t linktype;
	bool works;
	struct bpf_program program;
	char refusal[160]; /* printable */
};

struct bpf_programs {
	unsigned holders;
	char *words;
	bpf_u_int32 netmask;
	pcap_t *live; /* while bpf_live() compiles */
	bool files;
	unsigned entries;
	struct bpf_entry entry[BPF_PROGRAMS];
};

struct bpf {
	struct bpf_programs *all;
	unsigned last; /* the entry of the previous frame */
	bool told[BPF_PROGRAMS];
};

/* Set for good when rights are dropped: a name service cannot be reached. */
static bool bpf_names_closed;

void source_close_names(void)
{
	bpf_names_closed = true;
}

static int bpf_optimize = 1;

void source_no_optimize(void)
{
	bpf_optimize = 0;
}

int bpf_optimizing(void)
{
	return bpf_optimize;
}

void bpf_reason(struct text *out, const char *why)
{
	text_foreign(out, why, strlen(why), false);
	if (bpf_names_closed && strncmp(why, "unknown ", 8) == 0)
		text_put(out, "; names are looked up at the start only, give a number");
}

static int bpf_hold(struct bpf **out, struct bpf_programs *all, struct error *e)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return error_set(e, ENOMEM, "no memory for the filter");
	(*out)->all = all;
	all->holders++;
	return 0;
}

int bpf_open(struct bpf **out, const char *words, struct error *e)
{
	struct bpf_programs *all = calloc(1, sizeof *all);
	int rc;

	*out = NULL;
	if (!all || !(all->words = strdup(words))) {
		free(all);
		return error_set(e, ENOMEM, "no memory for the filter");
	}
	all->netmask = PCAP_NETMASK_UNKNOWN;
	rc = bpf_hold(out, all, e);
	if (rc < 0) {
		free(all->words);
		free(all);
	}
	return rc;
}

int bpf_share(struct bpf **out, struct bpf *other, struct error *e)
{
	return bpf_hold(out, other->all, e);
}

void bpf_netmask(struct bpf *b, uint32_t mask)
{
	b->all->netmask = mask;
}

void bpf_free(struct bpf *b)
{
	if (!b)
		return;
	if (--b->all->holders == 0) {
		for (unsigned i = 0; i < b->all->entries; i++)
			if (b->all->entry[i].works)
				pcap_freecode(&b->all->entry[i].program);
		free(b->all->words);
		free(b->all);
	}
	free(b);
}

void bpf_files(struct bpf *b)
{
	b->all->files = true;
}

/* inbound, outbound, ifindex: loads from where the kernel keeps what is not in the bytes. */
static bool bpf_asks_kernel(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++)
		if (BPF_CLASS(program->bf_insns[i].code) == BPF_LD && BPF_MODE(program->bf_insns[i].code) == BPF_ABS &&
		    program->bf_insns[i].k >= (bpf_u_int32)SKF_AD_OFF)
			return true;
	return false;
}

static void bpf_compile_entry(const struct bpf_programs *b, struct bpf_entry *n)
{
	bool live = b->live && n->linktype == LINKTYPE_ETHERNET;
	pcap_t *p = live ? b->live : pcap_open_dead(bpf_dlt(n->linktype), FRAME_MAX);
	const char *why = "no memory";
	struct text t;

	text_init(&t, n->refusal, sizeof n->refusal);
	if (p && pcap_compile(p, &n->program, b->words, bpf_optimize, b->netmask) == 0) {
		n->works = !b->files || !bpf_asks_kernel(&n->program);
		if (!n->works) {
			pcap_freecode(&n->program);
			text_put(&t, "inbound, outbound and ifindex are known only while packets are captured");
		}
	} else {
		if (p)
			why = pcap_geterr(p);
		bpf_reason(&t, why);
	}
	if (p && !live)
		pcap_close(p);
}

/* NULL: the table is full. */
static struct bpf_entry *bpf_entry_of(struct bpf *b, uint16_t linktype)
{
	struct bpf_programs *all = b->all;
	struct bpf_entry *n = &all->entry[b->last];

	if (b->last < all->entries && n->linktype == linktype)
		return n;
	for (unsigned i = 0; i < all->entries; i++) {
		if (all->entry[i].linktype == linktype) {
			b->last = i;
			return &all->entry[i];
		}
	}
	if (all->entries == BPF_PROGRAMS)
		return NULL;
	b->last = all->entries++;
	n = &all->entry[b->last];
	n->linktype = linktype;
	bpf_compile_entry(all, n);
	return n;
}

/* The handle lives as long as it compiles. */
bool bpf_live(struct bpf *b)
{
	char errors[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("lo", errors); /* Ethernet on every machine */
	bool good;

	if (!p)
		return false;
	(void)pcap_set_snaplen(p, FRAME_MAX);
	(void)pcap_set_buffer_size(p, BPF_LIVE_BUFFER);
	good = pcap_activate(p) >= 0 && pcap_datalink(p) == DLT_EN10MB;
	if (good) {
		b->all->live = p;
		(void)bpf_entry_of(b, LINKTYPE_ETHERNET);
		b->all->live = NULL;
	}
	pcap_close(p);
	return good;
}

const char *bpf_refusal(struct bpf *b, uint16_t linktype)
{
	const struct bpf_entry *n = bpf_entry_of(b, linktype);

	if (!n)
		return "too many link types";
	return n->works ? NULL : n->refusal;
}

/* All that are read. */
static const uint16_t bpf_known[] = {
	LINKTYPE_ETHERNET,   LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_RAW,        LINKTYPE_NULL,
	LINKTYPE_LOOP,       LINKTYPE_PPP,       LINKTYPE_PPP_HDLC,   LINKTYPE_PPP_ETHER,  LINKTYPE_C_HDLC,
	LINKTYPE_PPP_PPPD,   LINKTYPE_IPV4,      LINKTYPE_IPV6,       LINKTYPE_IEEE802_11, LINKTYPE_RADIOTAP,
	LINKTYPE_FDDI,       LINKTYPE_PRISM,     LINKTYPE_AVS,        LINKTYPE_PPI,        LINKTYPE_NFLOG,
	LINKTYPE_IPOIB,
};
enum { BPF_KNOWN = sizeof bpf_known / sizeof bpf_known[0] };

void bpf_prepare(struct bpf *b)
{
	for (size_t i = 0; i < BPF_KNOWN; i++)
		(void)bpf_entry_of(b, bpf_known[i]);
}

unsigned bpf_program_of(struct bpf *b, uint16_t linktype, const struct sock_filter **out)
{
	const struct bpf_entry *n = bpf_entry_of(b, linktype);

	/* One instruction is the same 8 bytes here, in libpcap and in the kernel. */
	_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "instructions differ");
	if (!n || !n->works)
		return 0;
	*out = (const struct sock_filter *)(const void *)n->program.bf_insns;
	return n->program.bf_len;
}

int bpf_check(struct bpf *b, struct error *e)
{
	const char *first;
	char words[256];
	struct text t;

	for (size_t i = 0; i < BPF_KNOWN; i++)
		if (!bpf_refusal(b, bpf_known[i]))
			return 0;
	first = bpf_refusal(b, LINKTYPE_ETHERNET);
	text_init(&t, words, sizeof words);
	text_foreign(&t, b->all->words, strlen(b->all->words), false);
	return error_set(e, EINVAL, "the filter \"%s\" does not compile: %s", words, first);
}

bool bpf_pass(struct bpf *b, const struct frame *f, const char **refusal)
{
	struct bpf_entry *n = bpf_entry_of(b, f->linktype);
	struct pcap_pkthdr h;

	*refusal = NULL;
	if (!n)
		return false;
	if (!n->works) {
		if (!b->told[b->last])
			*refusal = n->refusal;
		b->told[b->last] = true;
		return false;
	}
	memset(&h, 0, sizeof h);
	h.caplen = f->caplen;
	h.len = f->wirelen;
	return pcap_offline_filter(&n->program, &h, f->data) != 0;
}

#else

int bpf_open(struct bpf **out, const char *words, struct error *e)
{
	(void)words;
	*out = NULL;
	return error_set(e, ENOTSUP, "filter words need libpcap, and this program was built without it");
}

int bpf_share(struct bpf **out, struct bpf *other, struct error *e)
{
	(void)other;
	return bpf_open(out, "", e);
}

void bpf_free(struct bpf *b)
{
	(void)b;
}

void bpf_prepare(struct bpf *b)
{
	(void)b;
}

void bpf_reason(struct text *out, const char *why)
{
	text_foreign(out, why, strlen(why), false);
}

void source_close_names(void)
{
}

void source_no_optimize(void)
{
}

int bpf_check(struct bpf *b, struct error *e)
{
	(void)b;
	return error_set(e, ENOTSUP, "filter words need libpcap, and this program was built without it");
}

const char *bpf_refusal(struct bpf *b, uint16_t linktype)
{
	(void)b;
	(void)linktype;
	return "built without libpcap";
}

unsigned bpf_program_of(struct bpf *b, uint16_t linktype, const struct sock_filter **out)
{
	(void)b;
	(void)linktype;
	*out = NULL;
	return 0;
}

void bpf_netmask(struct bpf *b, uint32_t mask)
{
	(void)b;
	(void)mask;
}

bool bpf_live(struct bpf *b)
{
	(void)b;
	return false;
}

void bpf_files(struct bpf *b)
{
	(void)b;
}

bool bpf_pass(struct bpf *b, const struct frame *f, const char **refusal)
{
	(void)b;
	(void)f;
	*refusal = NULL;
	return false;
}

#endif
