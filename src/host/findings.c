/* A ring between two threads: see findings.h.
 *
 * The taker is told (eventfd) only of the first finding after it found the ring
 * empty: a crowd of them costs one wake-up.
 */
#include "findings.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sockeye/memory.h"

_Static_assert((HOST_LIVE_FINDINGS & (HOST_LIVE_FINDINGS - 1)) == 0, "places are found by a mask");

int findings_open(struct findings *q, struct error *e)
{
	void *at;
	int rc = memory_reserve(&at, HOST_LIVE_FINDINGS * sizeof *q->at, "findings about sockets", e);

	q->fd = -1;
	q->at = NULL;
	q->owed = false;
	if (rc < 0)
		return rc;
	q->at = at;
	atomic_init(&q->put, 0);
	atomic_init(&q->taken, 0);
	atomic_init(&q->lost, 0);
	atomic_init(&q->asleep, true);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		rc = errno;
		findings_close(q);
		return error_set(e, rc, "no descriptor to tell of sockets: %s", strerror(rc));
	}
	return 0;
}

void findings_close(struct findings *q)
{
	if (q->at != NULL)
		memory_release(q->at, HOST_LIVE_FINDINGS * sizeof *q->at);
	q->at = NULL;
	if (q->fd >= 0)
		(void)close(q->fd);
	q->fd = -1;
}

void findings_put(struct findings *q, const struct host_finding *f)
{
	const uint32_t put = atomic_load_explicit(&q->put, memory_order_relaxed);

	if (put - atomic_load_explicit(&q->taken, memory_order_acquire) == HOST_LIVE_FINDINGS) {
		atomic_fetch_add_explicit(&q->lost, 1, memory_order_relaxed);
		return;
	}
	q->at[put & (HOST_LIVE_FINDINGS - 1)] = *f;
	atomic_store(&q->put, put + 1);
	if (atomic_exchange(&q->asleep, false))
		(void)eventfd_write(q->fd, 1);
}

unsigned findings_take(struct findings *q, struct host_finding *out, unsigned most)
{
	const uint32_t taken = atomic_load_explicit(&q->taken, memory_order_relaxed);
	uint32_t n = atomic_load_explicit(&q->put, memory_order_acquire) - taken;
	eventfd_t told;

	/* Nobody was told since it was found empty: then there is nothing to read either. */
	if (n == 0 && (q->owed || !atomic_load(&q->asleep))) {
		q->owed = eventfd_read(q->fd, &told) != 0;
		atomic_store(&q->asleep, true);
		/* One that was put before that store told nobody. */
		n = atomic_load(&q->put) - taken;
	}
	n = n < most ? n : most;
	for (uint32_t i = 0; i < n; i++)
		out[i] = q->at[(taken + i) & (HOST_LIVE_FINDINGS - 1)];
	atomic_store_explicit(&q->taken, taken + n, memory_order_release);
	return n;
}
