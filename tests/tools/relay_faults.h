/* The faults of a cable: their list as text, and what they do to frame number n.
 * What happens is a function of seed, direction and number, and of nothing else.
 * relay.c has the words. */
#ifndef TESTS_TOOLS_RELAY_FAULTS_H
#define TESTS_TOOLS_RELAY_FAULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

enum {
	RELAY_WAITING = 4096, /* frames under way, both directions */
	RELAY_DROPS = 64,     /* of drop= */
};

enum { RELAY_DIDS = 6 };
enum did { LOST = 1, DUPLICATED = 2, CORRUPTED = 4, REORDERED = 8, QUEUE_FULL = 16, NO_ROOM = 32 };
static const char *const did_names[RELAY_DIDS] = {
	"lost", "duplicated", "corrupted", "reordered", "queue_full", "no_room",
};


struct faults {
	double loss, duplicate, corrupt, reorder; /* shares */
	int64_t delay_ns, jitter_ns;
	double bits_s;
	unsigned queue;
	bool data;
	uint64_t drop[RELAY_DROPS];
	unsigned drops;
};

/* ---- what happens to a frame ------------------------------------------------------------ */

/* splitmix64 (Steele, Lea, Flood 2014): a number from 0 to below 1. */
static inline double dice(uint64_t seed, unsigned way, uint64_t n, unsigned question)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15u + n * 16 + question * 2 + way;

	for (unsigned i = 0; i < 2; i++) {
		z += 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
	}
	return (double)(z >> 11) / 9007199254740992.0;
}

/* LOST, or whatever else it meets. */
static inline unsigned decide(const struct faults *f, uint64_t seed, unsigned way, uint64_t n)
{

	for (unsigned i = 0; i < f->drops; i++)
		if (f->drop[i] == n)
			return LOST;
	if (dice(seed, way, n, 0) < f->loss)
		return LOST;
	return (dice(seed, way, n, 1) < f->duplicate ? DUPLICATED : 0u) |
	       (dice(seed, way, n, 2) < f->corrupt ? CORRUPTED : 0u) |
	       (dice(seed, way, n, 3) < f->reorder ? REORDERED : 0u);
}

/* ---- the list ------------------------------------------------------------------------------ */

static inline int64_t duration(const char *name, const char *text)
{
	char *end;
	double v = strtod(text, &end);
	double unit = strcmp(end, "ms") == 0 ? 1e6 : strcmp(end, "us") == 0 ? 1e3 : strcmp(end, "s") == 0 ? 1e9 : 0;

	if (end == text || unit == 0 || !(v >= 0 && v * unit <= 1e10))
		wire_die("%s=%s: like 10ms or 250us, at most 10s", name, text);
	return (int64_t)(v * unit);
}

static inline double share(const char *name, const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(v >= 0 && v <= 100))
		wire_die("%s=%s: a share like 2.5%%", name, text);
	return v / 100;
}

static inline void parse_drops(struct faults *f, char *text)
{
	for (char *next = text, *one; (one = strsep(&next, ":"));) {
		if (f->drops == RELAY_DROPS)
			wire_die("drop=: at most %d numbers", (int)RELAY_DROPS);
		f->drop[f->drops++] = (uint64_t)wire_number("drop", one, 1, 1e12);
	}
}

static inline void parse_faults(struct faults *f, const char *list)
{
	char copy[512], *next = copy, *name;

	if (snprintf(copy, sizeof copy, "%s", list) >= (int)sizeof copy)
		wire_die("a list of faults has at most %zu characters", sizeof copy - 1);
	while ((name = strsep(&next, ","))) {
		char *value = name, *unit;

		(void)strsep(&value, "=");
		if (strcmp(name, "data") == 0 && !value)
			f->data = true;
		else if (!value)
			wire_die("%s: NAME=VALUE", name);
		else if (strcmp(name, "loss") == 0)
			f->loss = share(name, value);
		else if (strcmp(name, "duplicate") == 0)
			f->duplicate = share(name, value);
		else if (strcmp(name, "corrupt") == 0)
			f->corrupt = share(name, value);
		else if (strcmp(name, "reorder") == 0)
			f->reorder = share(name, value);
		else if (strcmp(name, "delay") == 0)
			f->delay_ns = duration(name, value);
		else if (strcmp(name, "jitter") == 0)
			f->jitter_ns = duration(name, value);
		else if (strcmp(name, "queue") == 0)
			f->queue = (unsigned)wire_number(name, value, 1, RELAY_WAITING / 2);
		else if (strcmp(name, "drop") == 0)
			parse_drops(f, value);
		else if (strcmp(name, "rate") == 0 && (unit = strstr(value, "mbit")) && unit[4] == '\0') {
			*unit = '\0';
			f->bits_s = wire_number(name, value, 0.01, 1e5) * 1e6;
		} else {
			wire_die("%s=%s: no such fault", name, value);
		}
	}
}

#endif
