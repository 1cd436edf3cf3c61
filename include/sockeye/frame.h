/* A frame: bytes with a time stamp, as captured. Lent by the source until its
 * next next_batch(). */
#ifndef SOCKEYE_FRAME_H
#define SOCKEYE_FRAME_H

#include <stdint.h>

enum frame_flag {
	FRAME_OUTGOING = 1,          /* this host sent it (live, or the file says so) */
	FRAME_INCOMING = 2,
	FRAME_CHECKSUM_NOT_READY = 4, /* the network card fills it in later */
	FRAME_CHECKSUM_VALID = 8,    /* the kernel has checked it */
	FRAME_LOSING = 16,           /* the ring lost frames before this one */
	FRAME_VLAN = 32,             /* vlan holds a tag that is not in the bytes */
	FRAME_NO_TIME = 64,          /* the file has no time for it (pcapng SPB) */
	FRAME_BLIND = 128,           /* the capture saw nothing for a while before this one (the link was down,
				      * this process did not run): what is missing is not the network's loss */
};

struct frame {
	uint64_t number;      /* 1, 2, 3 ... per run, in the order of the merge */
	int64_t ts_ns;        /* since the epoch */
	const uint8_t *data;  /* lent */
	uint32_t caplen;      /* bytes at data */
	uint32_t wirelen;     /* on the wire, >= caplen */
	uint32_t lost;        /* frames that the capture lost before this one, with FRAME_LOSING */
	uint16_t linktype;    /* LINKTYPE_ number, as in a pcap file */
	uint16_t source;      /* index of the source within the run */
	uint16_t interface;   /* index of the interface within the source */
	uint16_t vlan;        /* TCI, where FRAME_VLAN is set */
	uint16_t vlan_tpid;
	uint8_t flags;        /* enum frame_flag */
	const char *comment;  /* of the file, escaped by whoever prints it; or NULL */
	uint64_t offset;      /* of its record in the capture, uncompressed, for source.again(); 0: not known */
};

/* The link types that are read (numbers of the tcpdump group's list). */
enum {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_PPP = 9,
	LINKTYPE_FDDI = 10,
	LINKTYPE_PPP_HDLC = 50,
	LINKTYPE_PPP_ETHER = 51,
	LINKTYPE_RAW = 101,
	LINKTYPE_C_HDLC = 104,
	LINKTYPE_IEEE802_11 = 105,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_PRISM = 119,
	LINKTYPE_RADIOTAP = 127,
	LINKTYPE_AVS = 163,
	LINKTYPE_PPP_PPPD = 166,
	LINKTYPE_PPI = 192,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_NFLOG = 239,
	LINKTYPE_IPOIB = 242,
	LINKTYPE_LINUX_SLL2 = 276,
};

enum { FRAME_MAX = 262144 }; /* the largest frame that a reader accepts */

#endif
