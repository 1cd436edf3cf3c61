/* Sweeps: from all ways of knowing to one table.
 *
 * Sockets first, then who holds them: a holder whose socket has ended meanwhile
 * finds none, a socket whose holder has ended is told as too late. Each way that
 * fails is left out and said; a sweep fails only where none is left.
 */
#include "sockeye/host.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asking.h"
#include "sockeye/clock.h"

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int host_open(struct host **out, const struct host_options *o, struct error *e)
{
	struct host *h = calloc(1, sizeof *h);
	bool any = false;

	*out = NULL;
	if (!h)
		return error_set(e, ENOMEM, "no memory to ask the kernel for sockets");
	h->o = *o;
	h->diag.fd = h->dumps.fd = h->notices = -1;
	probe_all(h);
	for (unsigned i = 0; i < ASKINGS; i++)
		any = any || h->ways[i] != WAY_NONE;
	if (!any) {
		host_free(h);
		return error_set(e, ENOTSUP, "the kernel does not tell its sockets: neither sock_diag nor /proc/net can be read here");
	}
	*out = h;
	return 0;
}

void host_free(struct host *h)
{
	if (!h)
		return;
	netlink_close(&h->diag);
	netlink_close(&h->dumps);
	shut(&h->notices);
	for (unsigned i = 0; i < HOST_FILES; i++)
		shut(&h->files[i]);
	for (unsigned i = 0; i < COUNTER_FILES; i++)
		shut(&h->counters[i]);
	if (h->walks)
		process_walk_close(&h->walk);
	if (h->owners.free)
		h->owners.free(h->owners.self);
	free(h);
}

/* ---- one socket -------------------------------------------------------------------------------- */

struct exact {
	struct socket_record *out;
	uint8_t proto;
	bool found;
};

static void exact_each(void *arg, const uint8_t *bytes, size_t n)
{
	struct exact *x = arg;

	x->found = host_parse_inet(bytes, n, x->proto, x->out);
}

int host_exact(struct host *h, const struct tuple *tuple, bool local_to, struct socket_record *out)
{
	const size_t len = tuple->family == FAMILY_IPV4 ? 4 : 16;
	struct inet_diag_req_v2 q = {
		.sdiag_family = tuple->family == FAMILY_IPV4 ? AF_INET : AF_INET6, .sdiag_protocol = tuple->proto,
		.idiag_ext = 0xfa, .idiag_states = UINT32_MAX,
	};
	const uint16_t local = local_to ? tuple->to_port : tuple->from_port, remote = local_to ? tuple->from_port : tuple->to_port;
	/* TCP is asked from the socket's point of view, UDP from the packet's. */
	const bool swap = tuple->proto != PROTO_TCP;
	struct exact x = {.out = out, .proto = tuple->proto};
	bool partial = false;
	int rc;

	if (h->diag.fd < 0)
		return -ENOTSUP;
	q.id.idiag_cookie[0] = q.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	q.id.idiag_sport = htobe16(swap ? remote : local);
	q.id.idiag_dport = htobe16(swap ? local : remote);
	memcpy(q.id.idiag_src, local_to != swap ? tuple->to.b : tuple->from.b, len);
	memcpy(q.id.idiag_dst, local_to != swap ? tuple->from.b : tuple->to.b, len);
	rc = netlink_ask(&h->diag, &q, sizeof q, false, exact_each, &x, &partial);
	if (rc < 0)
		return rc;
	if (!x.found || out->local.port != local || (out->remote.port != 0 && out->remote.port != remote))
		return -ENOENT; /* on loopback it may be the peer's */
	out->owner = out->listener = SOCKET_NONE;
	return 0;
}

/* ---- sockets that ended ---------------------------------------------------------------------------- */

int host_notices_fd(const struct host *h)
{
	return h->notices;
}

struct notice {
	void (*each)(void *arg, const struct socket_record *s);
	void *arg;
	unsigned n;
};

static void notice_each(void *arg, const uint8_t *bytes, size_t n)
{
	struct notice *x = arg;
	struct socket_record s;

	if (!host_parse_inet(bytes, n, PROTO_TCP, &s))
		return;
	s.owner = s.listener = SOCKET_NONE;
	x->each(x->arg, &s);
	x->n++;
}

unsigned host_notices(struct host *h, void (*each)(void *arg, const struct socket_record *s), void *arg, uint64_t *lost)
{
	struct notice x = {.each = each, .arg = arg};
	bool partial;

	while (h->notices >= 0) {
		ssize_t n = recv(h->notices, h->diag.buffer, sizeof h->diag.buffer, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			(*lost)++; /* the kernel does not say how many */
			continue;
		}
		if (n <= 0)
			break;
		(void)netlink_walk(h->diag.buffer, (size_t)n, 0, notice_each, &x, &partial);
	}
	return x.n;
}
