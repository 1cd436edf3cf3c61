/* The capture filter: tcpdump's words, compiled once per link type. */
#ifndef SOURCE_BPF_H
#define SOURCE_BPF_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/frame.h"
#include "sockeye/text.h"

struct bpf;

/* Keep the words; nothing is compiled yet. -ENOTSUP without libpcap. */
int bpf_open(struct bpf **out, const char *words, struct error *e);
/* Another of the same words, which shares what is compiled. */
int bpf_share(struct bpf **out, struct bpf *other, struct error *e);
void bpf_free(struct bpf *b);

/* Compile for every link type that is read: now, while names can be looked up. */
void bpf_prepare(struct bpf *b);

/* libpcap's reason as a part of a sentence; where it is a name that could not be
 * looked up because rights are dropped, says so. */
void bpf_reason(struct text *out, const char *why);

/* 0 if the words compile for at least one link type that is read, else
 * -EINVAL with libpcap's reason. */
int bpf_check(struct bpf *b, struct error *e);

/* 0, or -EINVAL where compiling the words takes too long. Ask before anything
 * compiles them; costs that time. */
int bpf_trial(const char *words, struct error *e);
/* The same while a capture runs, which must not wait: 0, or -EINVAL where they
 * are too many to be sure. NULL is fine. */
int bpf_short(const char *words, struct error *e);

/* Why the words do not compile for this link type, or NULL if they do. */
const char *bpf_refusal(struct bpf *b, uint16_t linktype);

/* Does the frame pass? Frames of a link type that the words do not fit never
 * do; *refusal is then set once per link type. */
bool bpf_pass(struct bpf *b, const struct frame *f, const char **refusal);

/* Before anything is compiled. For a running capture of this machine: Ethernet is compiled as libpcap does it
 * there, with tags asked for where the kernel puts them, beside the bytes. Takes
 * the right to capture. False: not to be had, compiled as for files. */
bool bpf_live(struct bpf *b);
/* For files: words that only a running capture can answer do not compile. */
void bpf_files(struct bpf *b);

/* The compiled program for a link type, for the kernel or for bpf_run(); owned by
 * b. Returns its length; 0: the words do not compile for it, bpf_refusal() says why. */
struct sock_filter;
unsigned bpf_program_of(struct bpf *b, uint16_t linktype, const struct sock_filter **out);

/* What pcap_compile() is told: not 0, optimize. */
int bpf_optimizing(void);

/* The netmask of the interface, for "ip broadcast"; before anything is compiled. */
void bpf_netmask(struct bpf *b, uint32_t mask);

/* Numbers of a capture file and of libpcap's interfaces differ for a few. */
int bpf_dlt(uint16_t linktype);
uint16_t bpf_linktype(int dlt);

#endif
