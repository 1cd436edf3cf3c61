/* A capture file written frame by frame, for tests that read one by its name:
 * pcapng in memory, interfaces as they are named, times to the nanosecond. */
#ifndef SOCKEYE_TESTS_CAPTURE_FILE_H
#define SOCKEYE_TESTS_CAPTURE_FILE_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "sockeye/frame.h"

enum { CAPTURE_NAME = 64, CAPTURE_INTERFACES = 64 };

struct capture_file {
	FILE *out;
	struct { uint16_t linktype; unsigned interface; } known[CAPTURE_INTERFACES];
	unsigned n;
};

static inline void capture_put32(struct capture_file *f, uint32_t v)
{
	assert_int_equal(fwrite(&v, 4, 1, f->out), 1); /* the byte order is the machine's: the section says so */
}

static inline void capture_begin(struct capture_file *f)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	memset(f, 0, sizeof *f);
	assert_true(fd >= 0);
	f->out = fdopen(fd, "wb");
	assert_non_null(f->out);
	capture_put32(f, 0x0a0d0d0a);
	capture_put32(f, 28);
	capture_put32(f, 0x1a2b3c4d);
	capture_put32(f, 1); /* version 1.0 */
	capture_put32(f, UINT32_MAX);
	capture_put32(f, UINT32_MAX);
	capture_put32(f, 28);
}

/* The number of an interface, which is described when it is first met. */
static inline uint32_t capture_interface(struct capture_file *f, uint16_t linktype, unsigned interface)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->known[i].linktype == linktype && f->known[i].interface == interface)
			return i;
	assert_true(f->n < CAPTURE_INTERFACES);
	f->known[f->n].linktype = linktype;
	f->known[f->n].interface = interface;
	capture_put32(f, 1);
	capture_put32(f, 32);
	capture_put32(f, linktype); /* the upper half is reserved */
	capture_put32(f, 0);
	assert_int_equal(fwrite("\x09\0\x01\0\x09\0\0\0\0\0\0\0", 12, 1, f->out), 1); /* if_tsresol: 10^-9 */
	capture_put32(f, 32);
	return f->n++;
}

static inline void capture_add(struct capture_file *f, const struct frame *frame, unsigned interface, int64_t ts_ns)
{
	static const uint8_t zeros[4];
	uint32_t number = capture_interface(f, frame->linktype, interface);
	uint32_t padded = (frame->caplen + 3) & ~UINT32_C(3);

	capture_put32(f, 6);
	capture_put32(f, 32 + padded);
	capture_put32(f, number);
	capture_put32(f, (uint32_t)((uint64_t)ts_ns >> 32));
	capture_put32(f, (uint32_t)ts_ns);
	capture_put32(f, frame->caplen);
	capture_put32(f, frame->wirelen);
	if (frame->caplen)
		assert_int_equal(fwrite(frame->data, frame->caplen, 1, f->out), 1);
	if (padded > frame->caplen)
		assert_int_equal(fwrite(zeros, padded - frame->caplen, 1, f->out), 1);
	capture_put32(f, 32 + padded);
}

/* The file's name goes to name, which holds CAPTURE_NAME bytes; it is there
 * until the descriptor returned is closed. */
static inline int capture_end(struct capture_file *f, char *name)
{
	int fd = dup(fileno(f->out));

	assert_true(fd >= 0);
	assert_int_equal(fclose(f->out), 0);
	(void)snprintf(name, CAPTURE_NAME, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
