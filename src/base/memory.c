/* Reserved address space.
 *
 * Anonymous private mappings without a reservation in swap: the bound is an
 * upper bound, and only touched pages count. Nothing here grows or moves.
 */
#include "sockeye/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

/* Big regions are looked at here and there, and a page of 2 MiB is found where one of
 * 4 KiB is missed. What a small capture touches, their beginning, stays in small ones:
 * it shall cost no more than it is. Where the system has none, nothing changes. */
static void ask_for_huge_pages(uint8_t *p, size_t bytes)
{
	const size_t huge = 2 << 20, least = 4 << 20;
	size_t before = huge + (huge - (uintptr_t)p % huge) % huge;

	if (bytes >= least)
		(void)madvise(p + before, (bytes - before) / huge * huge, MADV_HUGEPAGE);
}

int memory_reserve(void **out, size_t size, const char *what, struct error *e)
{
	size_t bytes = whole_pages(size);
	void *p;

	*out = NULL;
	if (bytes < size || bytes == 0)
		return error_set(e, ENOMEM, "%s: cannot reserve %zu bytes of memory", what, size);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		int why = errno;

		return error_set(e, why, "%s: cannot reserve %zu bytes of memory: %s", what, size,
				 strerror(why));
	}
	ask_for_huge_pages(p, bytes);
	*out = p;
	return 0;
}

void memory_release(void *p, size_t size)
{
	if (p)
		(void)munmap(p, whole_pages(size));
}

void memory_touch(void *p, size_t size)
{
#ifdef MADV_POPULATE_WRITE /* Linux 5.14; older ones refuse it, and the pages are cleared when they are used */
	(void)madvise(p, size, MADV_POPULATE_WRITE);
#else
	(void)p;
	(void)size;
#endif
}

void memory_forget(void *p, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t before = (page - (uintptr_t)p % page) % page;

	if (p && size >= before + page)
		(void)madvise((uint8_t *)p + before, (size - before) / page * page, MADV_DONTNEED);
}

size_t memory_resident(void)
{
	unsigned long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	(void)fclose(f);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}
