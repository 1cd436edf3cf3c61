/* From a list of calls to a filter in the kernel.
 *
 * A classic BPF program that finds a call's rows by halving. The kernel runs it
 * once for every call there is when it is set, to remember those that are always
 * allowed and run no program for them (Linux 5.11): as one long list that took a
 * quarter of a millisecond at each start. A call of another architecture's
 * numbering kills: its numbers mean other calls.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"

#if defined(__x86_64__)
#define SECCOMP_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define SECCOMP_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define SECCOMP_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && !defined(__ARMEB__)
#define SECCOMP_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define SECCOMP_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define SECCOMP_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define SECCOMP_ARCH AUDIT_ARCH_S390X
#else
#define SECCOMP_ARCH 0
#endif

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { SECCOMP_LOW_WORD = 4 };
#else
enum { SECCOMP_LOW_WORD = 0 };
#endif

enum { SECCOMP_PROGRAM = 1024, SECCOMP_ROWS = 256, SECCOMP_LEAF = 3, SECCOMP_NEAR = 48, SECCOMP_X32 = 0x40000000 };

struct program {
	struct sock_filter at[SECCOMP_PROGRAM];
	unsigned short n;
};

static void put(struct program *p, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	if (p->n < SECCOMP_PROGRAM)
		p->at[p->n] = (struct sock_filter){(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
	p->n++;
}

static void put_load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_return(struct program *p, uint32_t what)
{
	put(p, BPF_RET | BPF_K, what, 0, 0);
}

/* Where a test fails, the row is left: these jumps, to be filled in. */
struct leaving {
	unsigned short at[16];
	unsigned n;
};

/* Goes on where the test holds (or, negated, does not hold). */
static void put_test(struct program *p, unsigned code, uint32_t value, bool negated, struct leaving *l)
{
	if (l->n < sizeof l->at / sizeof *l->at)
		l->at[l->n++] = p->n;
	put(p, BPF_JMP | code | BPF_K, value, negated ? 1 : 0, 0);
}

/* To here; the tests' own kind says which of their ways it is. */
static void put_leaving(struct program *p, const struct leaving *l)
{
	for (unsigned i = 0; i < l->n && p->n <= SECCOMP_PROGRAM; i++) {
		struct sock_filter *f = &p->at[l->at[i]];
		const uint8_t over = (uint8_t)(p->n - l->at[i] - 1);

		if (f->jt)
			f->jt = over;
		else
			f->jf = over;
	}
}

/* The lower or the upper half of an argument. */
static void put_argument(struct program *p, unsigned argument, bool upper)
{
	put_load(p, offsetof(struct seccomp_data, args) + 8 * argument +
			    (upper ? 4 - SECCOMP_LOW_WORD : SECCOMP_LOW_WORD));
}

static void put_condition(struct program *p, const struct call_row *r, struct leaving *l)
{
	if (r->answer == CALL_IF_ZEROS) {
		for (unsigned i = 0; i < 12; i++)
			if (r->value >> i / 2 & 1) {
				put_argument(p, i / 2, i % 2);
				put_test(p, BPF_JEQ, 0, false, l);
			}
		return;
	}
	if (r->answer == CALL_IF_SETS) {
		put_argument(p, 1, false);
		put_test(p, BPF_JEQ, r->argument, false, l);
		put_argument(p, 2, false);
		put_test(p, BPF_JSET, r->value, true, l);
		return;
	}
	put_argument(p, r->argument, false);
	if (r->answer == CALL_IF_ALL)
		put(p, BPF_ALU | BPF_AND | BPF_K, r->value, 0, 0);
	put_test(p, r->answer == CALL_IF_NONE ? BPF_JSET : BPF_JEQ,
		 r->answer == CALL_IF_SELF ? (uint32_t)getpid() : r->value, r->answer == CALL_IF_NONE, l);
}

static void put_row(struct program *p, const struct call_row *r)
{
	bool always = r->answer == CALL_ALLOWED || r->answer == CALL_ABSENT || r->answer == CALL_KILLS;
	struct leaving other = {.n = 0}, fails = {.n = 0};

	put_test(p, BPF_JEQ, (uint32_t)r->number, false, &other);
	if (always) {
		put_return(p, r->answer == CALL_ALLOWED  ? SECCOMP_RET_ALLOW
			      : r->answer == CALL_ABSENT ? SECCOMP_RET_ERRNO | ENOSYS
							 : SECCOMP_RET_KILL_PROCESS);
		put_leaving(p, &other);
		return;
	}
	put_condition(p, r, &fails);
	put_return(p, SECCOMP_RET_ALLOW);
	put_leaving(p, &fails);
	put_load(p, offsetof(struct seccomp_data, nr));
	put_leaving(p, &other);
}

/* By number; rows of one call stay in their order, which they have in memory. */
static int compare(const void *one, const void *other)
{
	const struct call_row *a = *(const struct call_row *const *)one, *b = *(const struct call_row *const *)other;

	return a->number != b->number ? (a->number > b->number) - (a->number < b->number) : (a > b) - (a < b);
}

/* The rows from..to (without to): a question in the middle, or one after the
 * other where they are few. A call's rows are not torn apart. */
static void put_rows(struct program *p, const struct call_row *const *rows, unsigned from, unsigned to)
{
	unsigned middle = from + (to - from) / 2, over, reach;
	bool far;

	while (middle > from && rows[middle]->number == rows[middle - 1]->number)
		middle--;
	if (to - from <= SECCOMP_LEAF || middle == from) {
		for (unsigned i = from; i < to; i++)
			put_row(p, rows[i]);
		put_return(p, SECCOMP_RET_ERRNO | EPERM);
		return;
	}
	/* A conditional jump reaches 255 instructions, and a row takes 2 to 11. */
	far = to - from > SECCOMP_NEAR;
	over = p->n + far;
	put(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)rows[middle]->number, 0, far);
	if (far)
		put(p, BPF_JMP | BPF_JA, 0, 0, 0);
	put_rows(p, rows, from, middle);
	reach = p->n - over - 1U;
	if (over < SECCOMP_PROGRAM && far)
		p->at[over].k = reach;
	else if (over < SECCOMP_PROGRAM)
		p->at[over].jt = (uint8_t)reach;
	put_rows(p, rows, middle, to);
}

/* Distinct calls that may be made. */
static unsigned count(const struct call_row *const *rows, unsigned n)
{
	unsigned calls = 0;
	int last = -1;

	for (unsigned i = 0; i < n; i++) {
		if (rows[i]->number == last || rows[i]->answer == CALL_KILLS || rows[i]->answer == CALL_ABSENT)
			continue;
		last = rows[i]->number;
		calls++;
	}
	return calls;
}

int confine_calls(enum confine_role role, unsigned *allowed, struct error *e)
{
	const struct call_row *rows[SECCOMP_ROWS];
	struct program p = {.n = 0};
	struct sock_fprog program;
	unsigned n = 0;
	long rc;

	*allowed = 0;
	if (SECCOMP_ARCH == 0)
		return error_set(e, ENOSYS, "seccomp: no list of system calls for this architecture");
	for (const struct call_row *r = calls_of(role); r->number >= 0; r++) {
		if (n == SECCOMP_ROWS)
			return error_set(e, E2BIG, "seccomp: the list of system calls is too long");
		rows[n++] = r;
	}
	qsort(rows, n, sizeof *rows, compare);
	put_load(&p, offsetof(struct seccomp_data, arch));
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_ARCH, 1, 0);
	put_return(&p, SECCOMP_RET_KILL_PROCESS);
	put_load(&p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(&p, BPF_JMP | BPF_JGE | BPF_K, SECCOMP_X32, 0, 1);
	put_return(&p, SECCOMP_RET_KILL_PROCESS);
#endif
	put_rows(&p, rows, 0, n);
	if (p.n > SECCOMP_PROGRAM)
		return error_set(e, E2BIG, "seccomp: the list of system calls is too long");
	program = (struct sock_fprog){.len = p.n, .filter = p.at};
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (rc < 0 && (errno == ENOSYS || errno == EINVAL))
		return error_set(e, ENOSYS, "seccomp: not in this kernel (Linux 4.14 built with CONFIG_SECCOMP_FILTER has it)");
	if (rc != 0)
		return error_set(e, rc < 0 ? errno : EBUSY, "seccomp: the filter is not taken: %s",
				 rc < 0 ? strerror(errno) : "a thread runs already");
	*allowed = count(rows, n);
	return 0;
}
