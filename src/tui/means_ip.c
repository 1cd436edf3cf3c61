/* Numbers of the network and link layers that take a little arithmetic: how far a
 * packet has come, what its code points ask for, whom an address names. */
#include <stdio.h>
#include <string.h>

#include "means.h"

/* Stacks begin with one of these. */
static unsigned ip_began(unsigned ttl)
{
	return ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
}

static void ip_ttl(struct text *t, uint64_t v)
{
	unsigned ttl = (unsigned)(v & 255), began = ip_began(ttl);

	if (ttl == 0)
		text_put(t, "used up: it may not travel on");
	else if (ttl == 1)
		text_put(t, "the next router throws it away and says so: traceroute, or a protocol that stays on the link");
	else if (ttl == began)
		text_format(t, "as it was sent: its sender is on this link or this host (no router was passed)");
	else
		text_format(t, "%u routers were passed, if it began with %u as stacks mostly do (%u - %u)", began - ttl,
			    began, began, ttl);
}

static void ip_dscp(struct text *t, unsigned v)
{
	if (v == 0)
		text_put(t, "best effort, nothing asked for");
	else if (v == 46)
		text_put(t, "EF, expedited: voice and the like, before all other (RFC 3246)");
	else if (v == 44)
		text_put(t, "voice admitted (RFC 5865)");
	else if (v == 1)
		text_put(t, "LE, lower effort: after all other (RFC 8622)");
	else if (v % 8 == 0)
		text_format(t, "CS%u, class selector: %s (RFC 2474)", v / 8,
			    v / 8 == 1 ? "background" : v / 8 >= 6 ? "network control, routing" : "a class of its own");
	else if (v % 2 == 0 && v / 8 >= 1 && v / 8 <= 4 && v % 8 <= 6)
		text_format(t, "AF%u%u: assured forwarding, class %u, dropped %s (RFC 2597)", v / 8, v % 8 / 2, v / 8,
			    v % 8 / 2 == 1 ? "late" : v % 8 / 2 == 2 ? "sooner" : "first");
	else
		text_put(t, "a code point that only this network knows");
}

static void ip_ecn(struct text *t, unsigned v)
{
	static const char *const words[] = {
		"its sender takes no part in ECN: a full queue drops it",
		"may be marked instead of dropped; ECT(1): by low-latency queues, too (RFC 9331)",
		"may be marked instead of dropped, ECT(0) (RFC 3168)",
		"marked on its way: a queue was filling, its sender is to slow down",
	};

	text_put(t, words[v & 3]);
}

static void ip_flags(struct text *t, uint64_t v)
{
	const char *mf = v & 0x2000 ? "; a piece of a datagram, more follow" : "";

	if (v & 0x8000)
		text_put(t, "the reserved bit is set, which nobody should (RFC 3514 is a joke)");
	else if (v & 0x4000)
		text_put(t, "must not be cut: too long for a link, it is dropped and ICMP tells the sender, who so finds the path's MTU");
	else
		text_put(t, v & 0x2000 ? "may be cut, and was" : "may be cut into fragments on its way");
	if (v & 0xc000)
		text_put(t, mf);
}

/* "02:00:..": the two lowest bits of the first byte say what kind it is (IEEE 802 8.2). */
static bool ip_mac(struct text *t, const char *text)
{
	unsigned first;

	if (sscanf(text, "%2x:", &first) != 1)
		return false;
	if (strncmp(text, "ff:ff:ff:ff:ff:ff", 17) == 0)
		text_put(t, "everyone on this link (broadcast)");
	else if (strncmp(text, "33:33", 5) == 0)
		text_put(t, "a group of IPv6 hosts on this link (RFC 2464 7)");
	else if (strncmp(text, "01:00:5e", 8) == 0)
		text_put(t, "a group of IPv4 hosts on this link (RFC 1112 6.4)");
	else if (strncmp(text, "01:80:c2", 8) == 0)
		text_put(t, "bridges and switches of this link (IEEE 802.1)");
	else if (strncmp(text, "00:00:00:00:00:00", 17) == 0)
		text_put(t, "no address: a loopback, or not known yet");
	else if (first & 1)
		text_put(t, "a group on this link (multicast)");
	else if (first & 2)
		text_put(t, "one station; the address was made locally: a virtual machine, a container, or privacy");
	else
		text_put(t, "one station; the first three bytes name who made its card");
	return true;
}

static bool ip_address(struct text *t, const char *text)
{
	unsigned a = 256, b = 256;

	(void)sscanf(text, "%3u.%3u.", &a, &b);
	if (a < 256 && b < 256) {
		if (a == 127)
			text_put(t, "this host itself (loopback)");
		else if (a == 10 || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168))
			text_put(t, "a private network's (RFC 1918): on the Internet it is hidden behind another");
		else if (a == 169 && b == 254)
			text_put(t, "chosen by the host itself, for this link only: no DHCP server answered (RFC 3927)");
		else if (a == 100 && b >= 64 && b < 128)
			text_put(t, "a provider's inner network: many customers share an outer address (RFC 6598)");
		else if (strcmp(text, "255.255.255.255") == 0)
			text_put(t, "everyone on this link (broadcast)");
		else if (a >= 224 && a < 240)
			text_put(t, "a group (multicast)");
		else if (a == 0)
			text_put(t, "no address yet");
		else
			text_put(t, "a public address, of one host");
		return true;
	}
	if (strchr(text, ':') == NULL)
		return false;
	if (strncmp(text, "fe8", 3) == 0 || strncmp(text, "fe9", 3) == 0 || strncmp(text, "fea", 3) == 0 ||
	    strncmp(text, "feb", 3) == 0)
		text_put(t, "for this link only (link-local, RFC 4291 2.5.6)");
	else if (strncmp(text, "ff", 2) == 0)
		text_put(t, "a group (multicast)");
	else if (strncmp(text, "fc", 2) == 0 || strncmp(text, "fd", 2) == 0)
		text_put(t, "a private network's (RFC 4193)");
	else if (strcmp(text, "::1") == 0)
		text_put(t, "this host itself (loopback)");
	else if (strcmp(text, "::") == 0)
		text_put(t, "no address yet");
	else
		text_put(t, "a public address, of one interface");
	return true;
}

static bool ip_is(const char *key, const char *const *of)
{
	for (; *of != NULL; of++)
		if (strcmp(key, *of) == 0)
			return true;
	return false;
}

bool means_ip(struct text *t, const struct detail_line *line)
{
	static const char *const ttl[] = {"ip.ttl", "ipv6.hlim", NULL};
	static const char *const dscp[] = {"ip.dsfield.dscp", "ipv6.tclass.dscp", NULL};
	static const char *const ecn[] = {"ip.dsfield.ecn", "ipv6.tclass.ecn", NULL};
	static const char *const address[] = {"ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "arp.src.proto_ipv4",
					      "arp.dst.proto_ipv4", NULL};
	static const char *const mac[] = {"eth.dst", "eth.src", "wlan.ra", "wlan.ta", "wlan.da", "wlan.sa",
					  "arp.src.hw_mac", "arp.dst.hw_mac", "sll.src.eth", NULL};

	if (ip_is(line->key, ttl))
		ip_ttl(t, line->num);
	else if (ip_is(line->key, dscp))
		ip_dscp(t, (unsigned)line->num);
	else if (ip_is(line->key, ecn))
		ip_ecn(t, (unsigned)line->num);
	else if (strcmp(line->key, "ip.flags") == 0)
		ip_flags(t, line->num);
	else if (ip_is(line->key, address))
		return ip_address(t, line->text);
	else if (ip_is(line->key, mac))
		return ip_mac(t, line->text);
	else
		return false;
	return true;
}
