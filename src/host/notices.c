/* Notices of sockets that ended, as findings: from then on a tuple may be another socket's. */
#include "sockeye/host_ways.h"

#include <errno.h>
#include <stdlib.h>

#include "sockeye/clock.h"

struct notices {
	struct host_live *live;
	int fd;
	uint64_t lost;
};

static void each_notice(void *arg, const struct socket_record *s)
{
	struct notices *n = arg;
	const struct host_finding f = {
		.kind = FINDING_GONE, .evidence = SOCKET_BY_DIAG, .cookie = s->cookie, .fd = -1, .at_ns = clock_wall_ns(),
		.state = SOCKET_CLOSED,
		.tuple = {.from = s->local.ip, .to = s->remote.ip, .from_port = s->local.port, .to_port = s->remote.port,
			  .proto = PROTO_TCP, .family = s->local.family},
	};

	host_live_found(n->live, &f);
}

static void work(void *self, struct host_live *h, int64_t now_ns)
{
	struct notices *n = self;
	const uint64_t before = n->lost;

	(void)now_ns;
	n->live = h;
	(void)host_notices(host_live_host(h), each_notice, n, &n->lost);
	if (n->lost != before)
		host_live_once(h, HOST_TCP_SOCKETS); /* what was not told is seen missing */
}

static int notices_fd(void *self)
{
	return ((struct notices *)self)->fd;
}

int host_add_notices(struct host_live *h, struct error *e)
{
	static const struct host_way way = {.name = "notices", .fd = notices_fd, .work = work, .free = free};
	const int fd = host_notices_fd(host_live_host(h));
	struct notices *n;

	if (fd < 0)
		return error_set(e, ENOTSUP, "the kernel does not tell that sockets ended");
	n = calloc(1, sizeof *n);
	if (!n)
		return error_set(e, ENOMEM, "no memory for notices of sockets that ended");
	n->fd = fd;
	return host_live_add(h, &way, n, e);
}
