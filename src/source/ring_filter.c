/* The capture filter of the ring: see ring_filter.h. */
#include "ring_filter.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "bpf.h"
#include "bpf_run.h"
#include "hatype.h"
#include "sockeye/text.h"

static const struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);

static bool add(struct ring_filter *f, struct sock_filter i)
{
	if (f->len == BPF_MAXINSNS)
		return false;
	f->program[f->len++] = i;
	return true;
}

#define ADD_STMT(f, code, k) add(f, (struct sock_filter)BPF_STMT((code), (k)))
#define ADD_JUMP(f, code, k, jt, jf) add(f, (struct sock_filter)BPF_JUMP((code), (k), (jt), (jf)))

static enum ring_filter_mode mode_of(struct ring_filter *f, uint16_t linktype)
{
	const struct sock_filter *p;
	unsigned n;

	if (!f->words)
		return FILTER_KERNEL;
	n = bpf_program_of(f->words, linktype, &p);
	if (n == 0)
		return FILTER_REFUSED;
	if (linktype == LINKTYPE_LINUX_SLL || linktype == LINKTYPE_LINUX_SLL2) /* there is no such header yet */
		return FILTER_HERE;
	return f->tags && linktype == LINKTYPE_ETHERNET ? FILTER_HERE : FILTER_KERNEL;
}

static enum ring_filter_mode mode_for(const struct ring_filter *f, uint16_t linktype)
{
	return linktype == LINKTYPE_ETHERNET ? f->ethernet : linktype == LINKTYPE_RAW ? f->raw : f->cooked;
}

/* The part of one link type; it ends with a return. */
static bool add_part(struct ring_filter *f, uint16_t linktype, enum ring_filter_mode mode)
{
	const struct sock_filter *p;
	bool good = true;
	unsigned n;

	if (!f->words || mode != FILTER_KERNEL)
		return ADD_STMT(f, BPF_RET | BPF_K, mode == FILTER_REFUSED ? 1 : mode == FILTER_HERE ? FRAME_MAX : f->snaplen);
	n = bpf_program_of(f->words, linktype, &p);
	for (unsigned i = 0; i < n && good; i++) {
		struct sock_filter one = p[i];

		if (one.code == (BPF_RET | BPF_K) && one.k > 0)
			one.k = f->snaplen;
		good = add(f, one);
	}
	return good;
}

/* What nobody wants of any link type. */
static bool add_unwanted(struct ring_filter *f, enum source_direction direction)
{
	bool good = ADD_STMT(f, BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));

	if (direction == SOURCE_OUT) {
		good = good && ADD_JUMP(f, BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0);
		good = good && add(f, nothing);
	} else if (direction == SOURCE_IN) {
		good = good && ADD_JUMP(f, BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1);
		return good && add(f, nothing);
	}
	/* Outgoing on loopback: it comes in, too. */
	good = good && ADD_JUMP(f, BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3);
	good = good && ADD_STMT(f, BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE));
	good = good && ADD_JUMP(f, BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 0, 1);
	return good && add(f, nothing);
}

/* Where the hardware type is one of types, the part of linktype. */
static bool add_case(struct ring_filter *f, uint16_t linktype, enum ring_filter_mode mode, const uint16_t *types,
		     uint8_t n)
{
	unsigned short skip;
	bool good = true;

	for (uint8_t i = 0; i < n && good; i++) /* to the part, which is behind the jump over it */
		good = ADD_JUMP(f, BPF_JMP | BPF_JEQ | BPF_K, types[i], (uint8_t)(n - i), 0);
	skip = f->len;
	good = good && ADD_STMT(f, BPF_JMP | BPF_JA, 0) && add_part(f, linktype, mode);
	if (good)
		f->program[skip].k = f->len - skip - 1u;
	return good;
}

static bool build(struct ring_filter *f, int linktype, enum source_direction direction)
{
	static const uint16_t ethernet[] = {ARPHRD_ETHER, ARPHRD_LOOPBACK};
	static const uint16_t raw[] = {ARPHRD_NONE, ARPHRD_TUNNEL, ARPHRD_SIT, 519 /* ARPHRD_RAWIP */};
	enum ring_filter_mode mode = linktype >= 0 ? mode_for(f, (uint16_t)linktype) : FILTER_KERNEL;

	f->len = 0;
	if (!add_unwanted(f, direction))
		return false;
	if (linktype >= 0)
		return add_part(f, (uint16_t)linktype, mode);
	return ADD_STMT(f, BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)) &&
	       add_case(f, LINKTYPE_ETHERNET, f->ethernet, ethernet, 2) &&
	       add_case(f, LINKTYPE_RAW, f->raw, raw, 4) &&
	       add_part(f, LINKTYPE_LINUX_SLL2, f->cooked);
}

static void filter_here(enum ring_filter_mode *m)
{
	if (*m == FILTER_KERNEL)
		*m = FILTER_HERE;
}

/* Everything comes, and is decided here. */
static void build_here(struct ring_filter *f, enum source_direction direction)
{
	filter_here(&f->ethernet);
	filter_here(&f->raw);
	filter_here(&f->cooked);
	f->here = true;
	f->len = 0;
	(void)(add_unwanted(f, direction) && ADD_STMT(f, BPF_RET | BPF_K, FRAME_MAX));
}

int ring_filter_open(struct ring_filter *f, const struct ring_filter_options *o, struct error *e)
{
	char words[200];
	struct text t;
	int rc;

	*f = (struct ring_filter){.snaplen = o->snaplen};
	if (o->words && o->words[0]) {
		rc = bpf_open(&f->words, o->words, e);
		if (rc < 0)
			return rc;
		bpf_netmask(f->words, o->netmask);
		f->tags = strstr(o->words, "vlan") != NULL && !(o->live && bpf_live(f->words));
	}
	if (o->linktype < 0 || o->linktype == LINKTYPE_ETHERNET)
		f->ethernet = mode_of(f, LINKTYPE_ETHERNET);
	if (o->linktype < 0 || o->linktype == LINKTYPE_RAW)
		f->raw = mode_of(f, LINKTYPE_RAW);
	if (o->linktype < 0 || o->linktype == LINKTYPE_LINUX_SLL)
		f->cooked = mode_of(f, o->linktype < 0 ? LINKTYPE_LINUX_SLL2 : LINKTYPE_LINUX_SLL);
	f->here = f->ethernet != FILTER_KERNEL || f->raw != FILTER_KERNEL || f->cooked != FILTER_KERNEL;
	if (f->words && (o->linktype >= 0 ? bpf_refusal(f->words, (uint16_t)o->linktype) != NULL
					  : f->ethernet == FILTER_REFUSED && f->raw == FILTER_REFUSED)) {
		text_init(&t, words, sizeof words);
		text_foreign(&t, o->words, strlen(o->words), false);
		rc = error_set(e, EINVAL, "%s: the filter \"%s\" does not compile: %s", o->title, words,
			       bpf_refusal(f->words, o->linktype >= 0 ? (uint16_t)o->linktype : LINKTYPE_ETHERNET));
		ring_filter_release(f);
		return rc;
	}
	if (!build(f, o->linktype, o->direction))
		build_here(f, o->direction);
	return 0;
}

void ring_filter_release(struct ring_filter *f)
{
	bpf_free(f->words);
	f->words = NULL;
}

static int attach(int fd, struct sock_filter *program, unsigned short len)
{
	struct sock_fprog p = {.len = len, .filter = program};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p) == 0 ? 0 : -errno;
}

int ring_filter_shut(int fd)
{
	struct sock_filter program = nothing;

	return attach(fd, &program, 1);
}

int ring_filter_attach(struct ring_filter *f, enum source_direction direction, int fd)
{
	int rc = attach(fd, f->program, f->len);

	if (rc == 0 || f->here)
		return rc;
	build_here(f, direction);
	return attach(fd, f->program, f->len);
}

bool ring_filter_pass(struct ring_filter *f, const struct frame *frame, const struct ring_packet *p)
{
	const struct bpf_known known = {
		.protocol = p->protocol, .hatype = p->hatype, .pkttype = p->pkttype, .ifindex = p->ifindex,
		.tci = frame->flags & FRAME_VLAN ? frame->vlan : 0,
		.tpid = frame->flags & FRAME_VLAN ? frame->vlan_tpid : 0,
	};
	const struct sock_filter *program;
	enum ring_filter_mode mode = mode_for(f, frame->linktype);
	unsigned n;

	if (!f->words)
		return true;
	if (mode == FILTER_REFUSED) {
		if (f->refusal[0] == '\0')
			(void)snprintf(f->refusal, sizeof f->refusal, "the filter does not fit link type %u, whose "
				       "frames do not pass: %s", (unsigned)frame->linktype,
				       bpf_refusal(f->words, frame->linktype));
		return false;
	}
	if (mode == FILTER_KERNEL && frame->ts_ns >= f->changed_ns)
		return true;
	n = bpf_program_of(f->words, frame->linktype, &program);
	return n > 0 && bpf_run(program, n, p->link, p->caplen, p->wirelen, &known) != 0;
}
