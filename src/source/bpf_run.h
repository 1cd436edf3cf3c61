/* Classic BPF on a frame in this process, with what only the kernel knows of it.
 *
 * The programs are libpcap's or made from them: for a frame of the ring they
 * may load the kernel's ancillary data (at SKF_AD_OFF), which libpcap's own
 * interpreter does not answer. Hostile programs end: jumps go forward only, and
 * what leaves the frame rejects it.
 */
#ifndef SOURCE_BPF_RUN_H
#define SOURCE_BPF_RUN_H

#include <stddef.h>
#include <stdint.h>

struct sock_filter;

struct bpf_known {
	uint16_t protocol, hatype;
	uint8_t pkttype;
	int ifindex;
	uint16_t tci; /* of a tag that is not in the bytes, or 0 */
	uint16_t tpid;
};

/* What the program returns: bytes to keep, 0: none. */
uint32_t bpf_run(const struct sock_filter *program, size_t n, const uint8_t *data, uint32_t caplen,
		 uint32_t wirelen, const struct bpf_known *known);

#endif
