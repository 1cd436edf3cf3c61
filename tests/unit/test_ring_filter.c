/* The program of the ring: its switch on hardware types, directions, tags; and
 * the interpreter that answers here what the kernel did not.
 * links: source
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>

#include "sockeye/source.h"
#include "source/bpf_run.h"
#include "source/ring_filter.h"

static const uint8_t ip_tcp[] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x1f, 0x90, 0, 80,
				 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0};
static struct ring_filter filter;

struct sample {
	uint8_t bytes[80];
	uint32_t len;
};

static struct sample ethernet(unsigned vlan)
{
	struct sample s = {{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, 12};

	if (vlan) {
		s.bytes[s.len++] = 0x81;
		s.bytes[s.len++] = 0;
		s.bytes[s.len++] = (uint8_t)(vlan >> 8);
		s.bytes[s.len++] = (uint8_t)vlan;
	}
	s.bytes[s.len++] = 8;
	s.bytes[s.len++] = 0;
	memcpy(s.bytes + s.len, ip_tcp, sizeof ip_tcp);
	s.len += (uint32_t)sizeof ip_tcp;
	return s;
}

/* What the kernel's program keeps of it. */
static uint32_t kernel(const struct sample *s, uint16_t hatype, uint8_t pkttype)
{
	const struct bpf_known known = {.hatype = hatype, .pkttype = pkttype, .protocol = 0x800};

	return bpf_run(filter.program, filter.len, s->bytes, s->len, s->len, &known);
}

static bool here(struct sample *s, uint16_t linktype)
{
	const struct frame f = {.linktype = linktype, .data = s->bytes, .caplen = s->len, .wirelen = s->len};
	const struct ring_packet p = {.link = s->bytes, .caplen = s->len, .wirelen = s->len};

	return ring_filter_pass(&filter, &f, &p);
}

static int open_filter(const char *words, int linktype, enum source_direction direction)
{
	const struct ring_filter_options o = {
		.words = words, .title = "eth0", .linktype = linktype, .snaplen = 96, .netmask = UINT32_MAX,
		.direction = direction,
	};
	struct error e = {""};
	int rc;

	ring_filter_release(&filter);
	rc = ring_filter_open(&filter, &o, &e);
	assert_true(rc == 0 || e.text[0]);
	return rc;
}

static void filter_without_words(void **state)
{
	const struct sample s = ethernet(0);

	(void)state;
	assert_int_equal(open_filter(NULL, LINKTYPE_ETHERNET, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), 96);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_OUTGOING), 96);
	/* What loopback carries comes in, too. */
	assert_int_equal(kernel(&s, ARPHRD_LOOPBACK, PACKET_OUTGOING), 0);
	assert_int_equal(kernel(&s, ARPHRD_LOOPBACK, PACKET_HOST), 96);
	assert_int_equal(open_filter("", -1, SOURCE_IN), 0);
	assert_int_equal(kernel(&s, ARPHRD_PPP, PACKET_OUTGOING), 0);
	assert_int_equal(kernel(&s, ARPHRD_PPP, PACKET_MULTICAST), 96);
	assert_int_equal(open_filter(NULL, -1, SOURCE_OUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_OUTGOING), 96);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), 0);
	assert_int_equal(kernel(&s, ARPHRD_LOOPBACK, PACKET_OUTGOING), 0);
}

static void filter_runs_off_its_end_and_rejects(void **state)
{
	static const struct sock_filter endless[] = {BPF_STMT(BPF_LD | BPF_IMM, 1),
						     BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff)};
	static const struct sock_filter stack[] = {BPF_STMT(BPF_ST, 16), BPF_STMT(BPF_RET | BPF_K, 1)};
	static const struct sock_filter zero[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 1)};
	static const struct sock_filter beyond[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, 1)};
	static const struct sock_filter index[] = {BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0xffffffff),
						   BPF_STMT(BPF_LD | BPF_B | BPF_IND, 4), BPF_STMT(BPF_RET | BPF_K, 1)};
	const struct bpf_known known = {.pkttype = 0};
	const uint8_t data[5] = {1, 2, 3, 4, 5};

	(void)state;
	assert_int_equal(bpf_run(endless, 2, data, 5, 5, &known), 0);
	assert_int_equal(bpf_run(stack, 2, data, 5, 5, &known), 0);
	assert_int_equal(bpf_run(zero, 2, data, 5, 5, &known), 0);
	assert_int_equal(bpf_run(beyond, 2, data, 5, 5, &known), 0);
	assert_int_equal(bpf_run(index, 3, data, 5, 5, &known), 0);
	assert_int_equal(bpf_run(endless, 0, data, 5, 5, &known), 0);
}

static void filter_words(void **state)
{
	struct sample s = ethernet(0), raw = {.len = sizeof ip_tcp};

	(void)state;
	memcpy(raw.bytes, ip_tcp, sizeof ip_tcp);
	if (!source_has_live()) {
		assert_int_equal(open_filter("tcp", LINKTYPE_ETHERNET, SOURCE_INOUT), -ENOTSUP);
		return;
	}
	assert_int_equal(open_filter("tcp port 80", LINKTYPE_ETHERNET, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), 96);
	assert_int_equal(open_filter("tcp port 81", LINKTYPE_ETHERNET, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), 0);
	assert_int_equal(open_filter("nonsense words", LINKTYPE_ETHERNET, SOURCE_INOUT), -EINVAL);
	/* One program for all link types of "any". */
	assert_int_equal(open_filter("tcp port 80", -1, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), 96);
	assert_int_equal(kernel(&s, ARPHRD_LOOPBACK, PACKET_HOST), 96);
	assert_int_equal(kernel(&s, ARPHRD_LOOPBACK, PACKET_OUTGOING), 0);
	assert_int_equal(kernel(&raw, ARPHRD_NONE, PACKET_HOST), 96);
	assert_int_equal(kernel(&raw, ARPHRD_SIT, PACKET_HOST), 96);
	assert_int_equal(kernel(&raw, ARPHRD_ETHER, PACKET_HOST), 0);
	assert_int_equal(kernel(&raw, ARPHRD_PPP, PACKET_HOST), FRAME_MAX); /* decided here, on all of it */
	assert_true(here(&s, LINKTYPE_ETHERNET));
	/* Words that fit one link type only: the others' frames come as one byte, and do not pass. */
	assert_int_equal(open_filter("ether src 02:00:00:00:00:01", -1, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), 96);
	assert_int_equal(kernel(&raw, ARPHRD_NONE, PACKET_HOST), 1);
	assert_string_equal(filter.refusal, "");
	assert_false(here(&raw, LINKTYPE_RAW));
	assert_non_null(strstr(filter.refusal, "does not fit link type 101"));
	assert_int_equal(open_filter("arp", LINKTYPE_RAW, SOURCE_INOUT), -EINVAL);
}

static void filter_tags_are_answered_here(void **state)
{
	struct sample stripped = ethernet(0), tagged = ethernet(100), other = ethernet(101);

	(void)state;
	if (!source_has_live()) {
		assert_int_equal(open_filter("vlan", -1, SOURCE_INOUT), -ENOTSUP);
		return;
	}
	assert_int_equal(open_filter("vlan 100 and tcp port 80", LINKTYPE_ETHERNET, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&stripped, ARPHRD_ETHER, PACKET_HOST), FRAME_MAX);
	assert_true(here(&tagged, LINKTYPE_ETHERNET));
	assert_false(here(&other, LINKTYPE_ETHERNET));
	assert_false(here(&stripped, LINKTYPE_ETHERNET));
	/* What came by an older program is looked at again. */
	assert_int_equal(open_filter("tcp port 81", LINKTYPE_ETHERNET, SOURCE_INOUT), 0);
	assert_true(here(&stripped, LINKTYPE_ETHERNET));
	filter.changed_ns = 1;
	assert_false(here(&stripped, LINKTYPE_ETHERNET));
}

static void filter_too_long_for_the_kernel(void **state)
{
	static char words[60000];
	struct sample s = ethernet(0);
	size_t n = 0;

	(void)state;
	if (!source_has_live()) {
		assert_int_equal(open_filter("tcp", -1, SOURCE_INOUT), -ENOTSUP);
		return;
	}
	for (unsigned i = 0; i < 700; i++)
		n += (size_t)snprintf(words + n, sizeof words - n, "(ip[%u:4] ^ %u) != 0x%x and ", i % 16, i, 0x80000000 + i);
	(void)snprintf(words + n, sizeof words - n, "tcp port 80");
	assert_int_equal(open_filter(words, -1, SOURCE_INOUT), 0);
	assert_int_equal(kernel(&s, ARPHRD_ETHER, PACKET_HOST), FRAME_MAX);
	assert_int_equal(kernel(&s, ARPHRD_LOOPBACK, PACKET_OUTGOING), 0);
	assert_true(here(&s, LINKTYPE_ETHERNET));
	s.bytes[37] = 81;
	assert_false(here(&s, LINKTYPE_ETHERNET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_without_words),
		cmocka_unit_test(filter_runs_off_its_end_and_rejects),
		cmocka_unit_test(filter_words),
		cmocka_unit_test(filter_tags_are_answered_here),
		cmocka_unit_test(filter_too_long_for_the_kernel),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	ring_filter_release(&filter);
	return rc;
}
