/* Durations counted so that any percentile is exact to 3 %. */
#ifndef SOCKEYE_HISTOGRAM_H
#define SOCKEYE_HISTOGRAM_H

#include <stdint.h>

/* 32 steps per power of two: a step is at most 1/32 of its value, and the
 * middle of it is told, so the error is below 1.6 %. */
enum { HISTOGRAM_STEPS = 32, HISTOGRAM_SIZE = 60 * HISTOGRAM_STEPS };

struct histogram {
	uint64_t n;
	int64_t least, most; /* where n is not 0: no percentile lies outside */
	uint64_t count[HISTOGRAM_SIZE];
};

void histogram_add(struct histogram *h, int64_t ns);
/* The value that `percent` of 100 do not exceed; 0 if nothing was counted. */
int64_t histogram_percentile(const struct histogram *h, unsigned percent);

#endif
