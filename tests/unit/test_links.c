/* The kernel's messages about interfaces, as recorded and built anew in this
 * machine's byte order; hostile ones; and the clocks.
 * links: source
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockeye/clock.h"
#include "source/links.h"
#include "source/pauses.h"

enum { UP = IFF_UP | 1 << 16 };

struct message {
	uint8_t at[256];
	uint32_t n;
};

static void put(struct message *m, const void *bytes, size_t n)
{
	memcpy(m->at + m->n, bytes, n);
	m->n += (uint32_t)(n + 3) / 4 * 4;
}

static void put_attribute(struct message *m, unsigned short type, const void *bytes, unsigned short n)
{
	const struct rtattr a = {.rta_len = (unsigned short)(sizeof a + n), .rta_type = type};

	put(m, &a, sizeof a);
	put(m, bytes, n);
}

/* As the kernel sends it: the same attributes in the same order, as far as the MTU. */
static struct message link_message(uint16_t type, int index, unsigned flags, const char *name, uint32_t mtu)
{
	const struct ifinfomsg info = {.ifi_type = 1, .ifi_index = index, .ifi_flags = flags};
	const uint8_t state = 2, mode = 0;
	const uint32_t queue = 1000;
	struct message m = {.n = sizeof(struct nlmsghdr)};
	struct nlmsghdr h = {.nlmsg_type = type};

	put(&m, &info, sizeof info);
	put_attribute(&m, IFLA_IFNAME, name, (unsigned short)(strlen(name) + 1));
	put_attribute(&m, IFLA_TXQLEN, &queue, sizeof queue);
	put_attribute(&m, IFLA_OPERSTATE, &state, 1);
	put_attribute(&m, IFLA_LINKMODE, &mode, 1);
	put_attribute(&m, IFLA_MTU, &mtu, sizeof mtu);
	h.nlmsg_len = m.n;
	memcpy(m.at, &h, sizeof h);
	return m;
}

static char told[1024];

static void tell(void *arg, const struct links *l, const struct link_change *c)
{
	static const char *const kinds[] = {"down", "up", "renamed", "mtu", "gone"};
	const struct link *k = links_at(l, c->slot);
	size_t n = strlen(told);

	(void)arg;
	(void)snprintf(told + n, sizeof told - n, "%s %s", k->name, kinds[c->kind]);
	n = strlen(told);
	if (c->kind == LINK_UP)
		(void)snprintf(told + n, sizeof told - n, " %lld", (long long)c->blind_ns);
	if (c->kind == LINK_RENAMED)
		(void)snprintf(told + n, sizeof told - n, " from %s", c->before);
	if (c->kind == LINK_MTU)
		(void)snprintf(told + n, sizeof told - n, " %u", k->mtu);
	n = strlen(told);
	(void)snprintf(told + n, sizeof told - n, "; ");
}

static void feed(struct links *l, const struct message *m, int64_t now, const char *expected)
{
	told[0] = '\0';
	links_parse(l, m->at, m->n, now, tell, NULL);
	assert_string_equal(told, expected);
}

static void feed_link(struct links *l, uint16_t type, int index, unsigned flags, const char *name, uint32_t mtu,
		      int64_t now, const char *expected)
{
	const struct message m = link_message(type, index, flags, name, mtu);

	feed(l, &m, now, expected);
}

static void links_changes(void **state)
{
	struct links *l = links_new(0);

	(void)state;
	feed_link(l, RTM_NEWLINK, 3, UP, "eth0", 1500, 1, "");
	feed_link(l, RTM_NEWLINK, 3, UP, "eth0", 1500, 2, "");
	feed_link(l, RTM_NEWLINK, 3, IFF_UP, "eth0", 1500, 100, "eth0 down; "); /* no carrier */
	feed_link(l, RTM_NEWLINK, 3, 0, "eth0", 1500, 150, "");
	feed_link(l, RTM_NEWLINK, 3, UP, "eth0", 1500, 400, "eth0 up 300; ");
	assert_true(links_at(l, links_slot(l, 3))->blind);
	feed_link(l, RTM_NEWLINK, 3, UP, "lan0", 9000, 401, "lan0 renamed from eth0; lan0 mtu 9000; ");
	/* A new one comes up for the first time: no news. */
	feed_link(l, RTM_NEWLINK, 9, 0, "veth1", 1500, 500, "");
	feed_link(l, RTM_NEWLINK, 9, UP, "veth1", 1500, 600, "");
	assert_false(links_at(l, links_slot(l, 9))->blind);
	feed_link(l, RTM_DELLINK, 3, 0, "lan0", 9000, 700, "lan0 gone; ");
	feed_link(l, RTM_DELLINK, 3, 0, "lan0", 9000, 701, "");
	feed_link(l, RTM_DELLINK, 77, 0, "never", 1500, 702, "");
	assert_int_equal(links_count(l), 3);
	assert_string_equal(links_at(l, 1)->name, "lan0"); /* its frames still name it */
	links_free(l);
}

/* Linux 6.18, "ip link set va nomaster": va leaves a bridge, RTM_DELLINK of AF_BRIDGE. */
static const uint8_t left_bridge[] = {
	0x54, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x07, 0x00, 0x01, 0x00, 0x04, 0x00, 0x00, 0x00, 0x43, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x07, 0x00, 0x03, 0x00, 0x76, 0x61, 0x00, 0x00, 0x08, 0x00, 0x0a, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x08, 0x00, 0x04, 0x00, 0xdc, 0x05, 0x00, 0x00, 0x05, 0x00, 0x10, 0x00, 0x06, 0x00, 0x00, 0x00,
	0x0a, 0x00, 0x01, 0x00, 0xaa, 0xf3, 0xd9, 0xe3, 0xa0, 0x5c, 0x00, 0x00, 0x08, 0x00, 0x05, 0x00,
	0x03, 0x00, 0x00, 0x00,
};

static void links_of_bridges(void **state)
{
	const unsigned short native = 1;
	uint8_t bytes[sizeof left_bridge];
	struct links *l = links_new(4);
	struct ifinfomsg info = {.ifi_family = AF_BRIDGE, .ifi_type = 1, .ifi_index = 4, .ifi_flags = IFF_UP};
	struct message m;

	(void)state;
	feed_link(l, RTM_NEWLINK, 4, UP, "va", 1500, 1, "");
	/* One that says "down" for a port, in this machine's byte order. */
	m = link_message(RTM_NEWLINK, 4, IFF_UP, "vb", 1400);
	memcpy(m.at + sizeof(struct nlmsghdr), &info, sizeof info);
	feed(l, &m, 2, "");
	m = link_message(RTM_DELLINK, 4, UP, "va", 1500);
	memcpy(m.at + sizeof(struct nlmsghdr), &info, sizeof info);
	feed(l, &m, 3, "");
	memcpy(bytes, left_bridge, sizeof bytes);
	told[0] = '\0';
	if (*(const uint8_t *)&native == 1) {
		links_parse(l, bytes, sizeof bytes, 4, tell, NULL);
		assert_string_equal(told, "");
		/* The same bytes about the interface itself are its end. */
		bytes[sizeof(struct nlmsghdr)] = AF_UNSPEC;
		links_parse(l, bytes, sizeof bytes, 5, tell, NULL);
	} else {
		feed_link(l, RTM_DELLINK, 4, UP, "va", 1500, 5, "va gone; ");
	}
	assert_string_equal(told, "va gone; ");
	assert_true(links_at(l, 1)->up && links_at(l, 1)->mtu == 1500);
	links_free(l);
}

static void links_only_one(void **state)
{
	struct links *l = links_new(3);

	(void)state;
	feed_link(l, RTM_NEWLINK, 9, UP, "veth1", 1500, 1, "");
	feed_link(l, RTM_NEWLINK, 3, UP, "eth0", 1500, 1, "");
	feed_link(l, RTM_DELLINK, 9, UP, "veth1", 1500, 1, "");
	assert_int_equal(links_count(l), 2);
	links_free(l);
}

static void links_bounded(void **state)
{
	struct links *l = links_new(0);

	(void)state;
	for (unsigned i = 1; i <= LINKS_MAX; i++)
		assert_int_equal(links_slot(l, i * 8), i);
	for (unsigned i = 1; i <= LINKS_MAX; i++)
		assert_int_equal(links_slot(l, i * 8), i);
	assert_int_equal(links_slot(l, 7), 0);
	feed_link(l, RTM_NEWLINK, 5, UP, "late", 1500, 1, "");
	assert_int_equal(links_slot(l, 5), 0);
	assert_null(links_at(l, 0));
	assert_null(links_at(l, LINKS_MAX + 1));
	links_free(l);
}

/* Interfaces come and go, three times as many as there is room for: containers of a day. */
static void links_come_and_go(void **state)
{
	struct links *l = links_new(0);
	uint16_t first;

	(void)state;
	feed_link(l, RTM_NEWLINK, 1, UP, "lo", 65536, 1, "");
	for (int i = 2; i <= 3 * LINKS_MAX; i++) {
		feed_link(l, RTM_NEWLINK, i, UP, "veth", 1500, i, "");
		assert_true(links_slot(l, (unsigned)i) != 0);
		if (i > 10)
			feed_link(l, RTM_DELLINK, i - 5, 0, "veth", 1500, i, "veth gone; ");
		if (i > LINKS_MAX) {
			/* Those that went last are still known, and all is found where it was put. */
			assert_true(links_at(l, links_slot(l, (unsigned)i - 1000))->gone);
			assert_int_equal(links_at(l, links_slot(l, (unsigned)i - 1000))->index, i - 1000);
			assert_int_equal(links_at(l, links_slot(l, 3))->index, 3);
		}
	}
	assert_int_equal(links_slot(l, 1), 1);
	assert_string_equal(links_at(l, 1)->name, "lo");
	assert_int_equal(links_count(l), LINKS_MAX + 1);
	assert_int_equal(links_forgotten(l), 2 * LINKS_MAX);
	/* The slot of one that is forgotten names nobody, and no other. */
	assert_null(links_at(l, 12));
	/* One comes back: it is there, and not forgotten before those that are gone. */
	first = links_slot(l, 2 * LINKS_MAX + 1000);
	assert_true(links_at(l, first)->gone);
	feed_link(l, RTM_NEWLINK, 2 * LINKS_MAX + 1000, UP, "again", 1500, 1, "");
	assert_false(links_at(l, first)->gone);
	assert_int_equal(links_slot(l, 2 * LINKS_MAX + 1000), first);
	assert_string_equal(links_at(l, first)->name, "again");
	feed_link(l, RTM_DELLINK, 2 * LINKS_MAX + 1000, 0, "again", 1500, 2, "again gone; ");
	links_free(l);
}

/* Every length of a good message, in a block of exactly that size; and lengths that lie. */
static void links_hostile(void **state)
{
	static const uint32_t lies[] = {0, 1, 15, 16, 17, 200, 1u << 31, UINT32_MAX};
	const struct message m = link_message(RTM_NEWLINK, 3, UP, "eth0", 1500);
	struct links *l = links_new(0);

	(void)state;
	for (uint32_t n = 0; n <= m.n; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, m.at, n);
		links_parse(l, copy, n, 1, NULL, NULL);
		for (unsigned i = 0; n >= 4 && i < sizeof lies / sizeof *lies; i++) {
			memcpy(copy, &lies[i], 4);
			links_parse(l, copy, n, 1, NULL, NULL);
		}
		for (uint32_t at = sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg); at + 2 <= n; at += 4) {
			const unsigned short length = 3; /* shorter than its own header */

			memcpy(copy, m.at, n);
			memcpy(copy, &n, 4);
			memcpy(copy + at, &length, 2);
			links_parse(l, copy, n, 1, NULL, NULL);
		}
		free(copy);
	}
	assert_true(links_count(l) <= 2);
	links_free(l);
}

/* ---- clocks ------------------------------------------------------------------------ */

#define HOUR (3600 * CLOCK_S)

static void pauses_of_every_kind(void **state)
{
	struct pauses p = {.known = false};
	int64_t wall = 1000 * HOUR, run = 5 * CLOCK_S, boot = 9 * CLOCK_S;
	struct pause out;

	(void)state;
	assert_false(pauses_look(&p, wall, run, boot, &out));
	/* A tick later; a busy machine's tick later. */
	assert_false(pauses_look(&p, wall += CLOCK_S / 10, run += CLOCK_S / 10, boot += CLOCK_S / 10, &out));
	assert_false(pauses_look(&p, wall += 900 * CLOCK_MS, run += 900 * CLOCK_MS, boot += 900 * CLOCK_MS, &out));
	/* Stopped for 3 s. */
	assert_true(pauses_look(&p, wall += 3 * CLOCK_S, run += 3 * CLOCK_S, boot += 3 * CLOCK_S, &out));
	assert_int_equal(out.stopped_ns, 3 * CLOCK_S);
	assert_int_equal(out.asleep_ns, 0);
	assert_int_equal(out.set_ns, 0);
	/* The machine slept for 2 h: the monotonic clock stood still. */
	assert_true(pauses_look(&p, wall += 2 * HOUR, run += CLOCK_S / 10, boot += 2 * HOUR, &out));
	assert_int_equal(out.asleep_ns, 2 * HOUR - CLOCK_S / 10);
	assert_int_equal(out.stopped_ns, 0);
	assert_int_equal(out.set_ns, 0);
	/* Slewed: no word. */
	assert_false(pauses_look(&p, wall += 102 * CLOCK_MS, run += 100 * CLOCK_MS, boot += 100 * CLOCK_MS, &out));
	assert_int_equal(pauses_time(&p, wall), wall);
}

static void pauses_clock_set_back_and_forward(void **state)
{
	struct pauses p = {.known = false};
	int64_t wall = 1000 * HOUR, run = 0;
	struct pause out;

	(void)state;
	assert_false(pauses_look(&p, wall, run, run, &out));
	wall -= HOUR - CLOCK_S / 10;
	run += CLOCK_S / 10;
	assert_true(pauses_look(&p, wall, run, run, &out));
	assert_int_equal(out.set_ns, -HOUR);
	/* Packets from before it was set, and from after. */
	assert_int_equal(pauses_time(&p, 1000 * HOUR + 50 * CLOCK_MS), 1000 * HOUR + 50 * CLOCK_MS);
	assert_int_equal(pauses_time(&p, wall - CLOCK_MS), 1000 * HOUR + 99 * CLOCK_MS);
	/* Forward again, by more. */
	wall += 5 * HOUR + CLOCK_S / 10;
	run += CLOCK_S / 10;
	assert_true(pauses_look(&p, wall, run, run, &out));
	assert_int_equal(out.set_ns, 5 * HOUR);
	assert_int_equal(pauses_time(&p, wall), 1000 * HOUR + 200 * CLOCK_MS);
	assert_int_equal(pauses_time(&p, wall - 5 * HOUR - CLOCK_MS), 1000 * HOUR + 199 * CLOCK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_changes),
		cmocka_unit_test(links_of_bridges),
		cmocka_unit_test(links_only_one),
		cmocka_unit_test(links_bounded),
		cmocka_unit_test(links_come_and_go),
		cmocka_unit_test(links_hostile),
		cmocka_unit_test(pauses_of_every_kind),
		cmocka_unit_test(pauses_clock_set_back_and_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
