/* The netlink client: one request, its answers, both shapes of the kernel's errors.
 *
 * sock_diag's messages are flat: a fixed part, then attributes. An error comes as
 * NLMSG_ERROR, or as a number inside NLMSG_DONE, which is how a module that is not
 * there shows itself. A dump that was interrupted (NLM_F_DUMP_INTR) is a partial
 * result and no error. The kernel fills 32 KiB a call at most.
 */
#include "host_private.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NETLINK_HEADER = 16, NETLINK_REQUEST = 256, NETLINK_ALIGN = 4 };

int netlink_open(struct netlink *nl, struct error *e)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};

	nl->sequence = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (nl->fd < 0)
		return error_set(e, errno, "the kernel cannot be asked for sockets (sock_diag): %s; /proc/net is read, which has less",
				 strerror(errno));
	if (bind(nl->fd, (const struct sockaddr *)&self, sizeof self) != 0) {
		int why = errno;

		netlink_close(nl);
		return error_set(e, why, "the kernel cannot be asked for sockets (sock_diag): %s; /proc/net is read, which has less",
				 strerror(why));
	}
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		(void)close(nl->fd);
	nl->fd = -1;
}

static size_t aligned(size_t n)
{
	return (n + NETLINK_ALIGN - 1) & ~(size_t)(NETLINK_ALIGN - 1);
}

bool netlink_attribute(struct cursor *c, uint16_t *type, struct cursor *value)
{
	uint16_t length;
	size_t padding;

	if (cursor_left(c) < 4)
		return false;
	length = native_u16(c);
	*type = native_u16(c) & 0x3fff; /* without the bits "nested" and "network byte order" */
	if (length < 4 || (size_t)length - 4 > cursor_left(c))
		return false;
	*value = cursor_sub(c, (size_t)length - 4);
	padding = aligned(length) - length;
	cursor_skip(c, padding < cursor_left(c) ? padding : cursor_left(c));
	return true;
}

int netlink_walk(const uint8_t *bytes, size_t n, uint32_t sequence, netlink_each *each, void *arg, bool *partial)
{
	struct cursor c;

	cursor_init(&c, bytes, n, n);
	while (cursor_left(&c) >= NETLINK_HEADER) {
		const uint32_t length = native_u32(&c);
		const uint16_t type = native_u16(&c), flags = native_u16(&c);
		const uint32_t serial = native_u32(&c);
		struct cursor body;
		size_t padding;

		cursor_skip(&c, 4); /* the port it is for */
		if (length < NETLINK_HEADER || length - NETLINK_HEADER > cursor_left(&c))
			return -EBADMSG;
		body = cursor_sub(&c, length - NETLINK_HEADER);
		padding = aligned(length) - length;
		cursor_skip(&c, padding < cursor_left(&c) ? padding : cursor_left(&c));
		if (serial != sequence)
			continue; /* of a request that was given up */
		if (flags & NLM_F_DUMP_INTR)
			*partial = true;
		if (type == NLMSG_DONE || type == NLMSG_ERROR) {
			int32_t why = cursor_left(&body) >= 4 ? (int32_t)native_u32(&body) : 0;

			return why < 0 && why > -4096 ? why : 0;
		}
		if (type != SOCK_DIAG_BY_FAMILY && type != TCPDIAG_GETSOCK)
			continue;
		each(arg, body.pos, cursor_left(&body));
		if (!(flags & NLM_F_MULTI))
			return 0; /* the one answer to an exact question */
	}
	return cursor_left(&c) == 0 ? 1 : -EBADMSG;
}

int netlink_send(struct netlink *nl, const void *request, size_t n, bool dump)
{
	return netlink_send_as(nl, SOCK_DIAG_BY_FAMILY, request, n, dump);
}

int netlink_send_as(struct netlink *nl, uint16_t type, const void *request, size_t n, bool dump)
{
	_Alignas(8) uint8_t message[NETLINK_REQUEST];
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(NETLINK_HEADER + n),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0)),
	};
	ssize_t sent;

	if (n > sizeof message - NETLINK_HEADER)
		return -EMSGSIZE;
	h.nlmsg_seq = ++nl->sequence;
	memcpy(message, &h, sizeof h);
	memcpy(message + NETLINK_HEADER, request, n);
	do {
		sent = send(nl->fd, message, NETLINK_HEADER + n, 0);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)(NETLINK_HEADER + n) ? 0 : sent < 0 ? -errno : -EIO;
}

int netlink_more(struct netlink *nl, netlink_each *each, void *arg, bool *partial)
{
	for (;;) {
		ssize_t got = recv(nl->fd, nl->buffer, sizeof nl->buffer, MSG_TRUNC | MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) {
			*partial = true;
			continue;
		}
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		if ((size_t)got > sizeof nl->buffer)
			return -EMSGSIZE;
		return netlink_walk(nl->buffer, (size_t)got, nl->sequence, each, arg, partial);
	}
}

int netlink_ask(struct netlink *nl, const void *request, size_t n, bool dump, netlink_each *each, void *arg, bool *partial)
{
	int rc = netlink_send(nl, request, n, dump);

	if (rc < 0)
		return rc;
	for (;;) {
		struct pollfd p = {.fd = nl->fd, .events = POLLIN};

		rc = netlink_more(nl, each, arg, partial);
		if (rc != -EAGAIN && rc <= 0)
			return rc;
		if (rc > 0)
			continue;
		rc = poll(&p, 1, NETLINK_PATIENCE_MS);
		if (rc == 0)
			return -ETIMEDOUT;
		if (rc < 0 && errno != EINTR)
			return -errno;
	}
}
