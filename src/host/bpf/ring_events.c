#include "ring_events.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RING_HEAD = 8 }; /* of a record: its length and two flags, and where it lies */
#define RING_BUSY (UINT32_C(1) << 31)      /* is still being written */
#define RING_DISCARDED (UINT32_C(1) << 30) /* was given up */

int ring_events_open(struct ring_events *r, int fd, size_t size, struct error *e)
{
	void *at;

	memset(r, 0, sizeof *r);
	r->size = size;
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	at = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return error_set(e, errno, "the ring of the BPF programs cannot be mapped: %s", strerror(errno));
	r->taken = at;
	at = mmap(NULL, r->page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)r->page);
	if (at == MAP_FAILED) {
		int why = errno;

		ring_events_close(r);
		return error_set(e, why, "the ring of the BPF programs cannot be mapped: %s", strerror(why));
	}
	r->given = at;
	r->data = (const uint8_t *)at + r->page;
	return 0;
}

void ring_events_close(struct ring_events *r)
{
	if (r->taken)
		(void)munmap(r->taken, r->page);
	if (r->data)
		(void)munmap((void *)(uintptr_t)r->given, r->page + 2 * r->size);
	memset(r, 0, sizeof *r);
}

unsigned ring_events_take(struct ring_events *r, void (*each)(void *arg, const struct event *e), void *arg, unsigned most)
{
	unsigned long at = r->taken ? *r->taken : 0;
	unsigned n = 0;

	while (r->taken && n < most && at != __atomic_load_n(r->given, __ATOMIC_ACQUIRE)) {
		const uint8_t *record = r->data + (at & (r->size - 1));
		const uint32_t head = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
		const uint32_t len = head & ~(RING_BUSY | RING_DISCARDED);
		struct event e;

		if ((head & RING_BUSY) || len > r->size - RING_HEAD)
			break;
		if (!(head & RING_DISCARDED) && (len == sizeof e || len == EVENT_HEAD)) {
			memset(&e, 0, sizeof e);
			memcpy(&e, record + RING_HEAD, len);
			each(arg, &e);
			n++;
		}
		at += (len + RING_HEAD + 7U) & ~7UL;
		__atomic_store_n(r->taken, at, __ATOMIC_RELEASE);
	}
	return n;
}
