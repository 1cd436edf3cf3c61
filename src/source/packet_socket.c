/* The packet socket and its ring: see packet_socket.h.
 *
 *   socket(protocol 0)   nothing comes in yet
 *   V3
 *   filter               before the ring: no frame that was not asked for
 *   ring, mmap
 *   bind(interface)      now they come
 *   promiscuous
 */
#include "packet_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockeye/text.h"

/* A process that does not run loses nothing while there are blocks, and the
 * kernel takes one each PACKET_RETIRE_MS, full or not: 512 of them are 4 s. Their
 * size bounds a frame: 128 KiB hold what GSO makes of 64 KiB, twice. */
enum {
	RING_BLOCKS = 512,
	BLOCK_LEAST = 128 << 10,
	BLOCK_MOST = 1 << 20,
	RING_DEFAULT_KIB = 64 << 10,
	RING_FRAME = 2048,          /* the kernel wants a size; V3 packs by the packet's own */
};

int capture_no_right(const char *title, struct error *e)
{
	char path[256], printable[300];
	struct text t;
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);

	text_init(&t, printable, sizeof printable);
	if (n > 0)
		text_foreign(&t, path, (size_t)n, false);
	return error_set(e, EPERM,
			 "%s: no permission to capture: needs CAP_NET_RAW: "
			 "sudo setcap cap_net_raw,cap_net_admin+ep %s, or read a file",
			 title, n > 0 ? printable : "/path/of/sockeye");
}

int capture_socket(const struct source_options *o, const char *title, struct error *e)
{
	int fd;

	if (o->packet_socket)
		return o->packet_socket(o->packet_socket_arg, e);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		return fd;
	if (errno == EPERM || errno == EACCES)
		return capture_no_right(title, e);
	return error_set(e, errno, "%s: no packet socket: %s", title, strerror(errno));
}

int packet_interface(int fd, const char *name, unsigned *index, unsigned *hatype)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	if (strlen(name) >= sizeof r.ifr_name)
		return -ENODEV;
	(void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (ioctl(fd, SIOCGIFINDEX, &r) != 0)
		return -errno;
	*index = (unsigned)r.ifr_ifindex;
	if (ioctl(fd, SIOCGIFHWADDR, &r) != 0)
		return -errno;
	*hatype = r.ifr_hwaddr.sa_family;
	return 0;
}

uint32_t packet_netmask(int fd, const char *name)
{
	struct sockaddr_in mask;
	struct ifreq r;

	memset(&r, 0, sizeof r);
	(void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	r.ifr_addr.sa_family = AF_INET;
	if (ioctl(fd, SIOCGIFNETMASK, &r) != 0)
		return UINT32_MAX;
	memcpy(&mask, &r.ifr_netmask, sizeof mask);
	return mask.sin_addr.s_addr;
}

bool packet_exists(int fd, unsigned index)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	r.ifr_ifindex = (int)index;
	return ioctl(fd, SIOCGIFNAME, &r) == 0 || errno != ENODEV;
}

/* The ring, as large as asked for or as there is memory. */
static int ring_of(int fd, int kib, struct tpacket_req3 *req)
{
	const size_t wanted = (size_t)(kib > 0 ? kib : RING_DEFAULT_KIB) << 10;
	unsigned block = BLOCK_LEAST;
	size_t blocks;

	while (block < BLOCK_MOST && wanted / block > RING_BLOCKS)
		block *= 2;
	blocks = wanted / block;
	if (blocks > INT32_MAX / block) /* the kernel counts bytes in 32 bits */
		blocks = INT32_MAX / block;
	for (blocks = blocks > 2 ? blocks : 2; blocks >= 2; blocks /= 2) {
		*req = (struct tpacket_req3){
			.tp_block_size = block,
			.tp_block_nr = (unsigned)blocks,
			.tp_frame_size = RING_FRAME,
			.tp_frame_nr = (unsigned)blocks * (block / RING_FRAME),
			.tp_retire_blk_tov = PACKET_RETIRE_MS,
		};
		if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, req, sizeof *req) == 0)
			return 0;
		if (errno != ENOMEM)
			break;
	}
	return -errno;
}

static int promiscuous(int fd, unsigned index)
{
	struct packet_mreq m = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};

	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof m) == 0 ? 0 : -errno;
}

int packet_ring_open(struct packet_ring *r, int fd, struct ring_filter *filter, const struct source_options *o,
		     unsigned index, const char *title, struct error *e)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
	int version = TPACKET_V3, rc;
	struct tpacket_req3 req;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0)
		return error_set(e, ENOTSUP, "%s: this kernel has no packet ring of version 3: %s; "
				 "--backend libpcap may work", title, strerror(errno));
	rc = ring_filter_attach(filter, o->direction, fd);
	if (rc < 0)
		return error_set(e, -rc, "%s: the kernel does not take the filter: %s", title, strerror(-rc));
	rc = ring_of(fd, o->buffer_kib, &req);
	if (rc < 0)
		return error_set(e, -rc, "%s: no capture ring: %s; a smaller one: -B KIB", title, strerror(-rc));
	r->bytes = (size_t)req.tp_block_size * req.tp_block_nr;
	r->map = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return error_set(e, errno, "%s: the capture ring cannot be mapped: %s; a smaller one: -B KIB", title,
				 strerror(errno));
	}
	ring_init(&r->ring, r->map, req.tp_block_size, req.tp_block_nr);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
		return error_set(e, errno, "%s: cannot capture: %s", title, strerror(errno));
	rc = index && !o->no_promiscuous ? promiscuous(fd, index) : 0;
	return rc == 0 ? 0 : error_set(e, -rc, "%s: no promiscuous mode: %s; without it: -p", title, strerror(-rc));
}

void packet_ring_release(struct packet_ring *r)
{
	if (r->map)
		(void)munmap(r->map, r->bytes);
	r->map = NULL;
}

bool packet_dropped(int fd, uint64_t *out)
{
	struct tpacket_stats_v3 s;
	socklen_t len = sizeof s;

	memset(&s, 0, sizeof s);
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) != 0)
		return false;
	*out = s.tp_drops;
	return true;
}
