/* In a build without clang for BPF, or without libbpf: says so. */
#include "witness.h"

#include <errno.h>
#include <stddef.h>

const char *witness_missing(void)
{
	return "not in this build: clang and libbpf were not there (Debian: apt install clang libbpf-dev)";
}

int witness_open(struct witness **out, unsigned wanted, struct error *e)
{
	(void)wanted;
	*out = NULL;
	return error_set(e, ENOSYS, "BPF is %s", witness_missing());
}

void witness_free(struct witness *w)
{
	(void)w;
}

unsigned witness_has(const struct witness *w)
{
	(void)w;
	return 0;
}

const char *witness_lacks(const struct witness *w)
{
	(void)w;
	return "";
}

int witness_fd(const struct witness *w)
{
	(void)w;
	return -1;
}

unsigned witness_events(struct witness *w, void (*each)(void *arg, const struct event *e), void *arg, unsigned most)
{
	(void)w;
	(void)each;
	(void)arg;
	(void)most;
	return 0;
}

uint64_t witness_lost(const struct witness *w)
{
	(void)w;
	return 0;
}

int witness_walk(struct witness *w, bool begin, struct process_batch *out, struct error *e)
{
	(void)w;
	(void)begin;
	(void)out;
	return error_set(e, ENOSYS, "BPF is %s", witness_missing());
}
