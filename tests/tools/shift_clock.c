/* shift_clock: a preload that moves the clocks of a program, as a step or a suspend would.
 *
 * LD_PRELOAD=shift_clock.so with SHIFT_FILE=PATH: the file holds two numbers of
 * seconds as text, "WALL BOOT", in 64 bytes. Every clock_gettime() adds the first to
 * CLOCK_REALTIME and the second to CLOCK_BOOTTIME; CLOCK_MONOTONIC goes on, as it
 * does over a suspend. Write into the file and the clocks jump: it is mapped when the
 * program begins, for later it may not be allowed to open one. Without the file: nothing.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int ask_clock(clockid_t, struct timespec *);

enum { SHIFT_BYTES = 64 };

static const char *shift_file;

__attribute__((constructor)) static void shift_begin(void)
{
	const char *path = getenv("SHIFT_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, SHIFT_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		shift_file = at;
}

static void shifts(long long *wall, long long *boot)
{
	char text[SHIFT_BYTES + 1] = "", *next;

	*wall = *boot = 0;
	if (!shift_file)
		return;
	memcpy(text, shift_file, SHIFT_BYTES);
	*wall = strtoll(text, &next, 10);
	*boot = strtoll(next, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static ask_clock *really;
	long long wall, boot;
	int r;

	if (!really) {
		void *symbol = dlsym(RTLD_NEXT, "clock_gettime");

		/* ISO C has no cast from an object's to a function's pointer. */
		*(void **)(void *)&really = symbol;
	}
	r = really(clock, t);
	if (r != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME))
		return r;
	shifts(&wall, &boot);
	t->tv_sec += clock == CLOCK_REALTIME ? wall : boot;
	return 0;
}
