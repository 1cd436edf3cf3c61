/* Counters of the kernel: /proc/net/netstat, snmp, sockstat, and the range of ports.
 *
 * Two lines belong together, names and values, by their place. Which counters
 * there are differs between kernels: what is not there is not known.
 */
#include "host_private.h"

#include <string.h>

static const struct {
	const char *group, *name;
	size_t offset;
} counters[] = {
#define COUNTER(group, name, field) {group, name, offsetof(struct socket_counters, field)}
	COUNTER("TcpExt:", "ListenOverflows", listen_overflows), COUNTER("TcpExt:", "ListenDrops", listen_drops),
	COUNTER("TcpExt:", "TCPReqQFullDoCookies", request_full_cookies),
	COUNTER("TcpExt:", "TCPReqQFullDrop", request_full_drops), COUNTER("TCP:", "tw", time_wait),
	COUNTER("TCP:", "orphan", orphans), COUNTER("TCP:", "mem", tcp_memory), COUNTER("TCP:", "alloc", tcp_alloc),
	COUNTER("TCP:", "inuse", tcp_in_use), COUNTER("UDP:", "inuse", udp_in_use),
	COUNTER("TcpExt:", "TCPAbortOnMemory", abort_on_memory), COUNTER("TcpExt:", "TCPAbortOnClose", abort_on_close),
	COUNTER("TcpExt:", "TCPAbortOnTimeout", abort_on_timeout), COUNTER("TcpExt:", "TCPAbortFailed", abort_failed),
	COUNTER("TcpExt:", "TCPTimeWaitOverflow", tw_overflow), COUNTER("Udp:", "RcvbufErrors", udp_receive_errors),
	COUNTER("Udp:", "NoPorts", udp_no_port),
#undef COUNTER
};

struct word {
	const char *s;
	size_t n;
};

/* The next word of a line; false at its end. */
static bool next_word(const char **at, const char *end, struct word *w)
{
	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	w->s = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		(*at)++;
	w->n = (size_t)(*at - w->s);
	return w->n > 0;
}

static bool word_is(const struct word *w, const char *s)
{
	return w->n == strlen(s) && memcmp(w->s, s, w->n) == 0;
}

static bool word_value(const struct word *w, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (w->s[i] < '0' || w->s[i] > '9' || v > (UINT64_MAX - 9) / 10)
			return false; /* a few are negative: none of ours */
		v = v * 10 + (uint64_t)(w->s[i] - '0');
	}
	*out = v;
	return w->n > 0;
}

static void counter_set(struct socket_counters *c, const struct word *group, const struct word *name, const struct word *value)
{
	for (unsigned i = 0; i < sizeof counters / sizeof *counters; i++) {
		uint64_t v;

		if (!word_is(group, counters[i].group) || !word_is(name, counters[i].name) || !word_value(value, &v))
			continue;
		memcpy((char *)c + counters[i].offset, &v, sizeof v);
		c->known |= UINT32_C(1) << counters[i].offset / sizeof v;
	}
}

static const char *line_end(const char *s, const char *end)
{
	const char *newline = memchr(s, '\n', (size_t)(end - s));

	return newline ? newline : end;
}

void host_parse_pairs(const char *s, size_t n, struct socket_counters *c)
{
	const char *end = s + n;

	while (s < end) {
		const char *names = s, *names_end = line_end(s, end);
		const char *values = names_end < end ? names_end + 1 : end, *values_end = line_end(values, end);
		struct word group, same, name, value;

		if (!next_word(&names, names_end, &group) || !next_word(&values, values_end, &same) || group.n != same.n ||
		    memcmp(group.s, same.s, group.n) != 0) {
			s = names_end < end ? names_end + 1 : end;
			continue; /* a name without values: the next line may begin a pair */
		}
		while (next_word(&names, names_end, &name) && next_word(&values, values_end, &value))
			counter_set(c, &group, &name, &value);
		s = values_end < end ? values_end + 1 : end;
	}
}

void host_parse_sockstat(const char *s, size_t n, struct socket_counters *c)
{
	const char *end = s + n;

	for (; s < end; s = line_end(s, end) + 1) {
		const char *at = s, *stop = line_end(s, end);
		struct word group, name, value;

		if (!next_word(&at, stop, &group))
			continue;
		while (next_word(&at, stop, &name) && next_word(&at, stop, &value))
			counter_set(c, &group, &name, &value);
		if (stop == end)
			break;
	}
}

void host_parse_ports(const char *s, size_t n, struct socket_counters *c)
{
	const char *at = s, *end = line_end(s, s + n);
	struct word first, last;
	uint64_t a, b;

	if (next_word(&at, end, &first) && next_word(&at, end, &last) && word_value(&first, &a) && word_value(&last, &b) &&
	    a <= b && b <= UINT16_MAX) {
		c->port_first = (uint32_t)a;
		c->port_last = (uint32_t)b;
	}
}
