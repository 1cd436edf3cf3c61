/* What the tools that speak to a test wire share: numbers in network order,
 * Internet sums, clocks, arguments, and ending with a sentence. */
#ifndef TESTS_TOOLS_WIRE_H
#define TESTS_TOOLS_WIRE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__attribute__((noreturn, format(printf, 1, 2))) static inline void wire_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static inline uint32_t wire_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* RFC 1071, beginning with what was added up before. */
static inline uint32_t wire_sum(const uint8_t *p, unsigned n, uint32_t sum)
{
	for (; n > 1; p += 2, n -= 2)
		sum += get16(p);
	if (n)
		sum += (uint32_t)p[0] << 8;
	return ~wire_fold(sum) & 0xffff;
}

/* The pseudo-header of TCP or UDP over this IPv4 header. */
static inline uint32_t wire_pseudo(const uint8_t *ip, unsigned length)
{
	uint32_t sum = ip[9] + length;

	for (unsigned i = 12; i < 20; i += 2)
		sum += get16(ip + i);
	return sum;
}

static inline int64_t wire_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* At most 50 ms, so that signals and bounds are looked at. */
static inline void wire_sleep(int64_t ns)
{
	struct timespec t = {0, ns > 50000000 ? 50000000 : ns > 0 ? ns : 0};

	(void)nanosleep(&t, NULL);
}

static inline double wire_number(const char *name, const char *text, double least, double most)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= least && v <= most))
		wire_die("%s %s: a number from %g to %g", name, text, least, most);
	return v;
}

/* Frames that an interface dropped instead of sending them, by its own counter. */
static inline uint64_t wire_dropped(const char *interface)
{
	FILE *f = fopen("/proc/self/net/dev", "re");
	unsigned long long dropped, found = 0;
	char line[512], *colon;

	while (f && fgets(line, sizeof line, f)) {
		char *name = line + strspn(line, " ");

		colon = strchr(name, ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (strcmp(name, interface) == 0 &&
		    sscanf(colon + 1, "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &dropped) == 1)
			found = dropped;
	}
	if (f)
		(void)fclose(f);
	return found;
}

#endif
