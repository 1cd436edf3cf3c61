/* The capture filter of the ring: what runs in the kernel, and what is left to
 * do here.
 *
 * The kernel's program begins with what is wanted at all (the second copy of
 * what loopback carries is not; -Q), then switches on the hardware type: the
 * ring of "any" holds mixed link types, and the words are compiled for each.
 * What a link type keeps is cut to the snap length before it is copied.
 *
 *   | lo's copies, -Q | hatype? | Ethernet | raw IP | every other type |
 *
 * Tags are taken off before the kernel filters: words that ask for them are
 * compiled as libpcap does it for a running capture, and mean the same. Left to
 * this process (ring_filter_pass) are: words with "vlan" that are given once
 * rights are dropped, answered on the bytes with the tag put back, as in a
 * file; cooked link types; and what was in the ring when the words changed. Frames of a link type that the words do not fit come as
 * one byte, to be counted, and do not pass.
 */
#ifndef SOURCE_RING_FILTER_H
#define SOURCE_RING_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "sockeye/error.h"
#include "sockeye/frame.h"
#include "sockeye/source.h"

struct bpf;

/* Who decides on the frames of a link type. */
enum ring_filter_mode { FILTER_KERNEL, FILTER_HERE, FILTER_REFUSED };

struct ring_filter {
	struct bpf *words;   /* NULL: everything passes */
	uint32_t snaplen;
	enum ring_filter_mode ethernet, raw, cooked;
	bool tags;           /* the words ask for tags, and cannot be compiled for the kernel */
	bool here;           /* one of them is not the kernel's */
	int64_t changed_ns;  /* frames older than that came by an older program; 0: none did */
	char refusal[240];   /* of a link type whose frames came by; printable */
	struct sock_filter program[BPF_MAXINSNS];
	unsigned short len;
};

/* What to build: -EINVAL where the words fit no link type that the interface
 * may have. linktype: its own, or -1 for "any". words NULL or "": no filter.
 * Without libpcap words are -ENOTSUP. Opened anew: release the old one. */
struct ring_filter_options {
	const char *words, *title;
	int linktype;
	uint32_t snaplen, netmask;
	enum source_direction direction;
	bool live; /* words with "vlan" may be compiled on a handle of libpcap's; tried, needs rights */
};
int ring_filter_open(struct ring_filter *f, const struct ring_filter_options *o, struct error *e);
void ring_filter_release(struct ring_filter *f);

/* A program that lets nothing through, for a socket. 0 or -errno. */
int ring_filter_shut(int fd);
/* This one from now on. Where the kernel does not take it (too long), everything
 * comes and is filtered here. */
int ring_filter_attach(struct ring_filter *f, enum source_direction direction, int fd);

/* Does the frame, as made from p, pass what the kernel did not decide? */
bool ring_filter_pass(struct ring_filter *f, const struct frame *frame, const struct ring_packet *p);

#endif
