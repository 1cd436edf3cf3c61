/* The interfaces as the kernel tells of them: see links.h. */
#include "links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/cursor.h"

enum {
	LINKS_BUFFER = 64 << 10,
	LINKS_QUEUE = 1 << 20,       /* of the socket: bursts of some thousand interfaces */
	LINKS_READS = 64,            /* datagrams a turn */
	LINKS_WAIT_MS = 2000,        /* for the first list */
	LINKS_HASH = 4 * LINKS_MAX,  /* a power of 2 */
	LINKS_CARRIER = 1 << 16,     /* IFF_LOWER_UP, which <net/if.h> does not have */
};

struct links {
	int fd;
	unsigned only;
	bool lost;          /* messages were: ask for the list */
	bool listing;       /* it has been asked for and is not complete */
	uint32_t list;      /* number of the last list asked for */
	unsigned slots;     /* places in link[] in use, with place 0 */
	unsigned gone;      /* of these: interfaces that are gone */
	uint32_t departures; /* ever */
	uint64_t forgotten; /* interfaces that are gone and whose place another took */
	struct link link[LINKS_MAX + 1];
	uint16_t hash[LINKS_HASH]; /* place, or 0 */
	uint8_t buffer[LINKS_BUFFER];
};

/* ---- the table --------------------------------------------------------------- */

static unsigned links_hash(unsigned index)
{
	return (unsigned)(index * UINT32_C(2654435761)) % LINKS_HASH;
}

static uint16_t *links_place(struct links *l, unsigned index)
{
	unsigned at = links_hash(index);

	while (l->hash[at] && l->link[l->hash[at]].index != index)
		at = (at + 1) % LINKS_HASH;
	return &l->hash[at];
}

/* Out of the hash; those behind that would no longer be found move up. */
static void links_unhash(struct links *l, unsigned index)
{
	unsigned hole = (unsigned)(links_place(l, index) - l->hash);

	for (unsigned at = (hole + 1) % LINKS_HASH; l->hash[at]; at = (at + 1) % LINKS_HASH) {
		const unsigned home = links_hash(l->link[l->hash[at]].index);

		if ((at - home) % LINKS_HASH < (at - hole) % LINKS_HASH)
			continue;
		l->hash[hole] = l->hash[at];
		hole = at;
	}
	l->hash[hole] = 0;
}

/* The place of the interface that has been gone for longest, emptied; 0: all are there. */
static unsigned links_forget(struct links *l)
{
	unsigned oldest = 0;

	if (l->gone == 0)
		return 0;
	for (unsigned i = 1; i < l->slots; i++)
		if (l->link[i].gone && (oldest == 0 || (int32_t)(l->link[i].left - l->link[oldest].left) < 0))
			oldest = i;
	links_unhash(l, l->link[oldest].index);
	l->gone--;
	l->forgotten++;
	return oldest;
}

uint16_t links_slot(struct links *l, unsigned index)
{
	const uint16_t known = *links_place(l, index);
	unsigned place = l->slots, slot;
	struct link *k;

	if (known)
		return l->link[known].slot;
	if (l->slots <= LINKS_MAX)
		l->slots++;
	else if ((place = links_forget(l)) == 0)
		return 0;
	k = &l->link[place];
	slot = k->slot == 0 || k->slot + LINKS_MAX > UINT16_MAX ? place : k->slot + (unsigned)LINKS_MAX;
	*k = (struct link){.slot = (uint16_t)slot, .index = index, .up = true};
	(void)snprintf(k->name, sizeof k->name, "if%u", index);
	*links_place(l, index) = (uint16_t)place;
	return k->slot;
}

struct link *links_at(const struct links *l, unsigned slot)
{
	const unsigned place = slot > 0 ? (slot - 1) % LINKS_MAX + 1 : 0;

	return place > 0 && place < l->slots && l->link[place].slot == slot ? (struct link *)&l->link[place] : NULL;
}

uint64_t links_forgotten(const struct links *l)
{
	return l->forgotten;
}

unsigned links_count(const struct links *l)
{
	return l->slots;
}

/* ---- messages ------------------------------------------------------------------ */

struct link_told {
	unsigned index, flags, mtu;
	bool has_mtu;
	char name[IF_NAMESIZE];
};

/* An ifinfomsg and its attributes; numbers are in the host's order. False: cut, or not about an interface. */
static bool links_message(struct cursor *c, struct link_told *out)
{
	struct ifinfomsg m;

	*out = (struct link_told){.index = 0};
	cursor_copy(c, &m, sizeof m);
	/* AF_BRIDGE: of a port of a bridge. Its DELLINK says that the bridge has one port less, and no more. */
	if (c->fault != CURSOR_OK || m.ifi_family != AF_UNSPEC || m.ifi_index <= 0)
		return false;
	out->index = (unsigned)m.ifi_index;
	out->flags = m.ifi_flags;
	while (cursor_left(c) >= sizeof(struct rtattr)) {
		struct rtattr a;
		struct cursor value;
		size_t padded;

		cursor_copy(c, &a, sizeof a);
		if (a.rta_len < sizeof a)
			return false;
		value = cursor_sub(c, a.rta_len - sizeof a);
		padded = (RTA_ALIGN(a.rta_len) - a.rta_len);
		cursor_skip(c, padded < cursor_left(c) ? padded : cursor_left(c));
		if (c->fault != CURSOR_OK)
			return false;
		if ((a.rta_type & NLA_TYPE_MASK) == IFLA_IFNAME) {
			size_t n = cursor_left(&value) < IF_NAMESIZE - 1 ? cursor_left(&value) : IF_NAMESIZE - 1;

			cursor_copy(&value, out->name, n);
		} else if ((a.rta_type & NLA_TYPE_MASK) == IFLA_MTU && cursor_left(&value) >= sizeof out->mtu) {
			cursor_copy(&value, &out->mtu, sizeof out->mtu);
			out->has_mtu = true;
		}
	}
	return true;
}

struct links_turn {
	struct links *l;
	int64_t now_ns;
	links_tell *tell;
	void *arg;
};

static void links_say(const struct links_turn *t, struct link_change *c, enum link_change_kind kind)
{
	c->kind = kind;
	if (t->tell)
		t->tell(t->arg, t->l, c);
}

static void links_gone(const struct links_turn *t, struct link *k)
{
	struct link_change c = {.slot = k->slot};

	if (k->gone)
		return;
	k->gone = true;
	k->left = t->l->departures++;
	t->l->gone++;
	links_say(t, &c, LINK_GONE);
}

/* It is there: what is new about it? */
static void links_there(const struct links_turn *t, const struct link_told *m)
{
	const bool up = (m->flags & IFF_UP) && (m->flags & LINKS_CARRIER);
	uint16_t slot = links_slot(t->l, m->index);
	struct link *k = links_at(t->l, slot);
	struct link_change c = {.slot = slot};

	if (!k)
		return;
	if (k->gone) { /* back under its number, from another namespace say: as a new one */
		t->l->gone--;
		k->gone = k->named = k->blind = false;
		k->up = true;
		k->mtu = 0;
	}
	k->seen = t->l->list;
	if (m->name[0] && strncmp(k->name, m->name, sizeof k->name) != 0) {
		memcpy(c.before, k->name, sizeof c.before);
		memcpy(k->name, m->name, sizeof k->name);
		if (k->named)
			links_say(t, &c, LINK_RENAMED);
	}
	if (m->has_mtu && k->mtu != m->mtu) {
		const bool known = k->mtu != 0;

		k->mtu = m->mtu;
		if (known)
			links_say(t, &c, LINK_MTU);
	}
	if (!k->named && !up) {
		k->up = false;
		k->down_ns = t->now_ns;
		k->fresh = !t->l->listing;
	} else if (k->up && !up) {
		k->up = false;
		k->down_ns = t->now_ns;
		links_say(t, &c, LINK_DOWN);
	} else if (!k->up && up) {
		k->up = true;
		if (!k->fresh) {
			k->blind = true;
			c.blind_ns = t->now_ns - k->down_ns;
			links_say(t, &c, LINK_UP);
		}
		k->fresh = false;
	}
	k->named = true;
}

/* The list is complete: what was not in it is gone. */
static void links_listed(const struct links_turn *t)
{
	if (!t->l->listing)
		return;
	t->l->listing = false;
	for (unsigned i = 1; i < t->l->slots; i++)
		if (t->l->link[i].named && t->l->link[i].seen != t->l->list)
			links_gone(t, &t->l->link[i]);
}

void links_parse(struct links *l, const void *bytes, size_t n, int64_t now_ns, links_tell *tell, void *arg)
{
	const struct links_turn t = {.l = l, .now_ns = now_ns, .tell = tell, .arg = arg};
	struct cursor c;

	cursor_init(&c, bytes, n, n);
	while (cursor_left(&c) >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		struct link_told m;
		struct cursor body;
		size_t padded;

		cursor_copy(&c, &h, sizeof h);
		if (h.nlmsg_len < sizeof h || h.nlmsg_len - sizeof h > cursor_left(&c))
			return;
		body = cursor_sub(&c, h.nlmsg_len - sizeof h);
		padded = NLMSG_ALIGN(h.nlmsg_len) - h.nlmsg_len;
		cursor_skip(&c, padded < cursor_left(&c) ? padded : cursor_left(&c));
		if (h.nlmsg_type == NLMSG_DONE) {
			links_listed(&t);
		} else if (h.nlmsg_type == NLMSG_ERROR) {
			l->listing = false;
		} else if ((h.nlmsg_type == RTM_NEWLINK || h.nlmsg_type == RTM_DELLINK) && links_message(&body, &m) &&
			   (l->only == 0 || l->only == m.index)) {
			if (h.nlmsg_type == RTM_NEWLINK)
				links_there(&t, &m);
			else if (*links_place(l, m.index))
				links_gone(&t, &l->link[*links_place(l, m.index)]);
		}
	}
}

/* ---- the socket ---------------------------------------------------------------- */

/* Ask for the list of all. */
static int links_ask(struct links *l)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} ask = {
		.h = {.nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		      .nlmsg_seq = ++l->list},
		.m = {.ifi_family = AF_UNSPEC},
	};

	l->lost = false;
	l->listing = send(l->fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask;
	return l->listing ? 0 : -errno;
}

void links_read(struct links *l, int64_t now_ns, links_tell *tell, void *arg)
{
	for (unsigned i = 0; l->fd >= 0 && i < LINKS_READS; i++) {
		struct sockaddr_nl from = {.nl_family = AF_NETLINK};
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(l->fd, l->buffer, sizeof l->buffer, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == ENOBUFS) {
			l->lost = true;
			continue;
		}
		if (n <= 0)
			break;
		if (from.nl_pid == 0) /* the kernel, and nobody else */
			links_parse(l, l->buffer, (size_t)n, now_ns, tell, arg);
	}
	if (l->lost && !l->listing)
		(void)links_ask(l);
}

struct links *links_new(unsigned only)
{
	struct links *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->fd = -1;
	l->only = only;
	l->slots = 1;
	return l;
}

static int links_socket(struct links *l)
{
	struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int size = LINKS_QUEUE;

	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (l->fd < 0)
		return -errno;
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return bind(l->fd, (struct sockaddr *)&own, sizeof own) == 0 ? links_ask(l) : -errno;
}

int links_open(struct links **out, unsigned only, struct error *e)
{
	struct links *l = links_new(only);
	int64_t end = clock_monotonic_ns() + LINKS_WAIT_MS * (int64_t)CLOCK_MS;
	int rc;

	*out = l;
	if (!l)
		return error_set(e, ENOMEM, "no memory for the list of interfaces");
	rc = links_socket(l);
	while (rc == 0 && l->listing && clock_monotonic_ns() < end) {
		struct pollfd fd = {.fd = l->fd, .events = POLLIN};

		if (poll(&fd, 1, 50) > 0)
			links_read(l, clock_monotonic_ns(), NULL, NULL);
	}
	if (rc == 0)
		return 0;
	links_free(l);
	*out = NULL;
	return error_set(e, -rc, "the kernel does not tell of interfaces (netlink): %s", strerror(-rc));
}

void links_free(struct links *l)
{
	if (l && l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

int links_fd(const struct links *l)
{
	return l->fd;
}
