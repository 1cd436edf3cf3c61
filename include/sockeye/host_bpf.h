/* What the kernel tells of sockets while it happens (BPF): the way of the host thread that sees connections which are
 * over before anybody could look.
 *
 *     host_add_bpf()   while rights are held, before host_live_start()
 *
 * Needs CAP_BPF and CAP_PERFMON, or root, and a Linux 5.11 with its own types (CONFIG_DEBUG_INFO_BTF); what a kernel
 * lacks of the rest is left out. It takes a tenth of a second of work to load. Findings:
 *
 *     FINDING_OWNER     who connects (state SYN_SENT, at the moment of connect(2); told when both ports are known: the
 *                       connection is open, has failed, or was not answered for the first second), who listens, each
 *                       process that is the first time seen to use or to close a socket of TCP or UDP
 *     FINDING_ACCEPTED  to whom accept(2) gave it and when, where tracefs can be read; else the first use tells who
 *     FINDING_GONE      by cookie alone
 *
 * An owner's descriptor is told where it is one of those that were made last, or of the first.
 *
 * They come within HOST_BPF_REST_MS of it happening. Two tiers say what works: "bpf" and "descriptors", a walk of the
 * kernel through the descriptors of all processes, which is then asked for owners instead of /proc.
 */
#ifndef SOCKEYE_HOST_BPF_H
#define SOCKEYE_HOST_BPF_H

#include "sockeye/error.h"
#include "sockeye/host_live.h"

enum { HOST_BPF_REST_MS = 20 };

/* NULL: this build has it. */
const char *host_bpf_missing(void);

/* Where it tells which sockets end, the notices of struct host_options are shut again. 0, or -errno with the sentence,
 * which the tier has too: the run goes on without it. */
int host_add_bpf(struct host_live *h, struct error *e);

/* Would a walk by the kernel pay for one sweep? Loading it takes as long as /proc takes for some ten thousand
 * descriptors; less is walked through by who may. */
bool host_walk_pays(void);

#endif
