/* send: frames onto a test wire, counted, bounded, and told exactly.
 *
 * usage: send -i IFACE [OPTIONS] udp | tcp | syn | gso | file PATH
 *
 *   udp    datagrams of -f flows            tcp    data segments of -f flows
 *   syn    SYNs, each of another tuple      gso    TCP frames of 64 KB that the kernel would cut later
 *   file   the frames of a pcap file, at their own pace unless -r says otherwise
 *
 *   -n N       at most N frames (1000000)          -l LEN    frame length (64; tcp and syn at least 70)
 *   -t S       at most S seconds (10, up to 120)   -f FLOWS  tuples to go round (1; syn: as many as frames)
 *   -r PPS     so many a second, or max            -D ADDR   IPv4 target (10.77.0.99)
 *   -p PORT    target port (9)                     -M MAC    target's address (02:00:00:77:00:99)
 *
 * The last 16 bytes of a frame of udp, tcp and syn are "SKYE", its number from 0
 * (32 bits) and the wall clock in ns when it was handed over (64 bits), both big
 * endian: a receiver finds what is missing and how long it took. IPv4's
 * identification is the number's low half. Frames bypass the queueing discipline,
 * and with it those who listen on the sending interface: listen at the other end.
 *
 * Ends at a bound or on SIGINT and SIGTERM, and prints one line of JSON: sent
 * (the kernel took them), refused (it did not, and they were tried again), dropped
 * (taken, then dropped by the interface: by its own counter), bytes, seconds, pps.
 * For namespaces of tests: never give it an interface that leaves the machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pcap_read.h"
#include "wire.h"

enum {
	BATCH = 64,
	SLOT = 2048,
	ETH = 14,
	IP = 20,
	STAMP = 16,
	GSO_BYTES = 65000, /* of an IPv4 packet */
	GSO_SEGMENT = 1448,
	SECONDS_MAX = 120,
	REFUSED_MAX = 1000000,
};

enum mode { UDP, TCP, SYN, GSO, FRAMES };

static struct {
	const char *interface, *path;
	enum mode mode;
	uint64_t frames;
	double seconds, rate; /* rate 0: flat out; negative: the file's own */
	unsigned length, flows, port;
	uint8_t mac[6];
	uint32_t target;
} options = {
	.frames = 1000000,
	.seconds = 10,
	.rate = -1,
	.length = 64,
	.port = 9,
	.mac = {2, 0, 0, 0x77, 0, 0x99},
	.target = 0x0a4d0063,
};

static struct {
	uint64_t sent, refused, bytes;
} done;

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* ---- the frames of a pattern -------------------------------------------------------- */

static unsigned transport_length(void)
{
	return options.mode == UDP ? 8 : 20;
}

/* What all frames have in common. */
static void pattern_begin(uint8_t *p, unsigned length)
{
	memset(p, 0, length);
	memcpy(p, options.mac, 6);
	memcpy(p + 6, (const uint8_t[]){2, 0, 0, 0x77, 0, 1}, 6);
	put16(p + 12, 0x0800);
	p[ETH] = 0x45;
	put16(p + ETH + 2, length - ETH);
	put16(p + ETH + 6, 0x4000);
	p[ETH + 8] = 64;
	p[ETH + 9] = options.mode == UDP ? 17 : 6;
	put32(p + ETH + 16, options.target);
	put16(p + ETH + IP + 2, options.port);
	if (options.mode == UDP) {
		put16(p + ETH + IP + 4, length - ETH - IP);
	} else {
		p[ETH + IP + 12] = 0x50;
		p[ETH + IP + 13] = options.mode == SYN ? 0x02 : 0x18;
		put16(p + ETH + IP + 14, 64240);
	}
}

/* Frame number n: its tuple, its stamp, its sums. */
static void pattern_frame(uint8_t *p, unsigned length, uint32_t n, uint64_t now_ns)
{
	uint32_t flow = options.flows ? n % options.flows : n;
	uint32_t round = options.flows ? n / options.flows : 0;
	/* An odd factor: a permutation of 24 bits, so no two flows share a tuple. */
	uint32_t host = options.mode == SYN ? (flow * 2654435761u) & 0xffffff : 0x800000 + (flow >> 12);
	unsigned payload = length - ETH - IP - transport_length();

	put16(p + ETH + 4, n & 0xffff);
	put32(p + ETH + 12, 0x0a000000 | host);
	put16(p + ETH + 10, 0);
	put16(p + ETH + 10, wire_sum(p + ETH, IP, 0));
	put16(p + ETH + IP, options.mode == SYN ? 1024 + (flow >> 24) : 16384 + (flow & 4095));
	if (options.mode != SYN || payload >= STAMP) {
		memcpy(p + length - STAMP, "SKYE", 4);
		put32(p + length - 12, n);
		put32(p + length - 8, (uint32_t)(now_ns >> 32));
		put32(p + length - 4, (uint32_t)now_ns);
	}
	if (options.mode == UDP)
		return; /* no sum: IPv4 allows it */
	put32(p + ETH + IP + 4, options.mode == SYN ? n : 1 + round * payload);
	put16(p + ETH + IP + 16, 0);
	put16(p + ETH + IP + 16, wire_sum(p + ETH + IP, length - ETH - IP, wire_pseudo(p + ETH, length - ETH - IP)));
}

/* A frame of 64 KB whose sum and whose cutting are left to the kernel. */
static void gso_frame(uint8_t *p, unsigned length, uint32_t n)
{
	put16(p + ETH + 4, n & 0xffff);
	put32(p + ETH + 12, 0x0a800000);
	put16(p + ETH + 10, 0);
	put16(p + ETH + 10, wire_sum(p + ETH, IP, 0));
	put16(p + ETH + IP, 16384);
	put32(p + ETH + IP + 4, 1 + n * (length - ETH - IP - 20));
	put16(p + ETH + IP + 16, wire_fold(wire_pseudo(p + ETH, length - ETH - IP)));
}

/* ---- sending -------------------------------------------------------------------------- */

static int wire_open(void)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(options.interface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1, room = 4 << 20;

	if (fd < 0 || where.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&where, sizeof where) != 0)
		wire_die("%s: cannot send: %s", options.interface, strerror(where.sll_ifindex ? errno : ENODEV));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) != 0)
		wire_die("%s: PACKET_QDISC_BYPASS: %s", options.interface, strerror(errno));
	if (options.mode == GSO && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0)
		wire_die("%s: PACKET_VNET_HDR: %s", options.interface, strerror(errno));
	return fd;
}

/* All of them, or those before a signal. */
static void hand_over(int fd, struct mmsghdr *m, unsigned n)
{
	unsigned at = 0;

	while (at < n && !stop) {
		int r = sendmmsg(fd, m + at, n - at, 0);

		if (r > 0) {
			for (int i = 0; i < r; i++)
				done.bytes += m[at + (unsigned)i].msg_len;
			at += (unsigned)r;
			done.sent += (unsigned)r;
			continue;
		}
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			wire_die("%s: frame %llu: %s", options.interface, (unsigned long long)done.sent,
				 strerror(errno));
		if (++done.refused > REFUSED_MAX)
			wire_die("%s: refused %d times", options.interface, (int)REFUSED_MAX);
		if (errno == ENOBUFS)
			(void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1);
	}
}

/* How many of the next frames are due; sleeps, but never long, where none is. */
static unsigned due(int64_t begun, uint64_t left)
{
	unsigned n = left < BATCH ? (unsigned)left : BATCH;
	double now, ready;

	if (options.rate <= 0)
		return n;
	now = (double)(wire_ns(CLOCK_MONOTONIC) - begun) / 1e9;
	ready = now * options.rate - (double)done.sent;
	if (ready >= 1)
		return ready < n ? (unsigned)ready : n;
	wire_sleep((int64_t)((1 - ready) / options.rate * 1e9));
	return 0;
}

static void send_pattern(int fd, int64_t begun)
{
	static uint8_t bytes[BATCH][SLOT];
	static struct iovec part[BATCH];
	static struct mmsghdr m[BATCH];
	int64_t end = begun + (int64_t)(options.seconds * 1e9);

	for (unsigned i = 0; i < BATCH; i++) {
		pattern_begin(bytes[i], options.length);
		part[i] = (struct iovec){bytes[i], options.length};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &part[i], .msg_iovlen = 1};
	}
	while (!stop && done.sent < options.frames && wire_ns(CLOCK_MONOTONIC) < end) {
		unsigned n = due(begun, options.frames - done.sent);
		uint64_t now = (uint64_t)wire_ns(CLOCK_REALTIME);

		for (unsigned i = 0; i < n; i++)
			pattern_frame(bytes[i], options.length, (uint32_t)(done.sent + i), now);
		hand_over(fd, m, n);
	}
}

static void send_gso(int fd, int64_t begun)
{
	static uint8_t bytes[ETH + GSO_BYTES];
	struct virtio_net_hdr cut = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = ETH + IP + 20,
		.gso_size = GSO_SEGMENT,
		.csum_start = ETH + IP,
		.csum_offset = 16,
	};
	struct iovec part[2] = {{&cut, sizeof cut}, {bytes, sizeof bytes}};
	struct mmsghdr m = {.msg_hdr = {.msg_iov = part, .msg_iovlen = 2}};
	int64_t end = begun + (int64_t)(options.seconds * 1e9);

	pattern_begin(bytes, sizeof bytes);
	while (!stop && done.sent < options.frames && wire_ns(CLOCK_MONOTONIC) < end) {
		if (due(begun, 1) == 0)
			continue;
		gso_frame(bytes, sizeof bytes, (uint32_t)done.sent);
		hand_over(fd, &m, 1);
	}
	done.bytes -= done.sent * sizeof cut;
}

static void send_file(int fd, int64_t begun)
{
	struct pcap_read file;
	struct pcap_frame frame;
	int64_t first = -1, end = begun + (int64_t)(options.seconds * 1e9), wait;

	pcap_read_open(&file, options.path);
	while (!stop && done.sent < options.frames && wire_ns(CLOCK_MONOTONIC) < end && pcap_read_next(&file, &frame)) {
		struct iovec part = {frame.bytes, frame.kept};
		struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};

		if (first < 0)
			first = frame.ts_ns;
		while (options.rate > 0 && !stop && due(begun, 1) == 0)
			;
		while (options.rate < 0 && !stop &&
		       (wait = begun + frame.ts_ns - first - wire_ns(CLOCK_MONOTONIC)) > 0 && begun < end)
			wire_sleep(wait);
		hand_over(fd, &m, 1);
	}
	pcap_read_close(&file);
}

/* ---- the command line ------------------------------------------------------------------- */

static void parse_mode(int argc, char **argv)
{
	static const char *const names[] = {"udp", "tcp", "syn", "gso", "file"};
	unsigned least;

	if (optind >= argc)
		wire_die("what to send? udp, tcp, syn, gso or file PATH");
	for (options.mode = UDP; options.mode <= FRAMES && strcmp(argv[optind], names[options.mode]) != 0;)
		options.mode++;
	if (options.mode > FRAMES || argc - optind != (options.mode == FRAMES ? 2 : 1))
		wire_die("%s: udp, tcp, syn, gso or file PATH, and nothing after it", argv[optind]);
	options.path = argv[argc - 1];
	if (options.rate < 0 && options.mode != FRAMES)
		options.rate = 0;
	if (options.flows == 0 && options.mode != SYN)
		options.flows = 1;
	if (options.mode > SYN)
		return;
	least = ETH + IP + transport_length() + (options.mode == SYN ? 0 : STAMP);
	if (options.length < least)
		options.length = least;
	if (options.length > 1514)
		wire_die("-l %u: at most 1514", options.length);
}

static void parse(int argc, char **argv)
{
	unsigned mac[6];
	int c;

	while ((c = getopt(argc, argv, "i:n:t:r:l:f:D:p:M:")) != -1) {
		switch (c) {
		case 'i':
			options.interface = optarg;
			break;
		case 'n':
			options.frames = (uint64_t)wire_number("-n", optarg, 1, 1e9);
			break;
		case 't':
			options.seconds = wire_number("-t", optarg, 0.001, SECONDS_MAX);
			break;
		case 'r':
			options.rate = strcmp(optarg, "max") == 0 ? 0 : wire_number("-r", optarg, 0.01, 1e7);
			break;
		case 'l':
			options.length = (unsigned)wire_number("-l", optarg, 1, 1514);
			break;
		case 'f':
			options.flows = (unsigned)wire_number("-f", optarg, 1, 1e7);
			break;
		case 'p':
			options.port = (unsigned)wire_number("-p", optarg, 1, 65535);
			break;
		case 'D':
			if (inet_pton(AF_INET, optarg, &options.target) != 1)
				wire_die("-D %s: not an IPv4 address", optarg);
			options.target = ntohl(options.target);
			break;
		case 'M':
			if (sscanf(optarg, "%2x:%2x:%2x:%2x:%2x:%2x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
				   &mac[5]) != 6)
				wire_die("-M %s: not an Ethernet address", optarg);
			for (unsigned i = 0; i < 6; i++)
				options.mac[i] = (uint8_t)mac[i];
			break;
		default:
			wire_die("see the top of tests/tools/send.c");
		}
	}
	if (!options.interface)
		wire_die("-i: which interface?");
	parse_mode(argc, argv);
}

int main(int argc, char **argv)
{
	uint64_t dropped;
	int64_t begun;
	double took;
	int fd;

	parse(argc, argv);
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	fd = wire_open();
	dropped = wire_dropped(options.interface);
	begun = wire_ns(CLOCK_MONOTONIC);
	if (options.mode == FRAMES)
		send_file(fd, begun);
	else if (options.mode == GSO)
		send_gso(fd, begun);
	else
		send_pattern(fd, begun);
	took = (double)(wire_ns(CLOCK_MONOTONIC) - begun) / 1e9;
	printf("{\"sent\":%llu,\"refused\":%llu,\"dropped\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"pps\":%.0f}\n",
	       (unsigned long long)done.sent, (unsigned long long)done.refused,
	       (unsigned long long)(wire_dropped(options.interface) - dropped), (unsigned long long)done.bytes, took,
	       (double)done.sent / (took > 0 ? took : 1));
	close(fd);
	return 0;
}
