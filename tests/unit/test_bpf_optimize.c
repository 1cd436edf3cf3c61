/* -O: the filter as libpcap makes it at first, for every way that compiles one.
 * links: source
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/filter.h>

#include "sockeye/source.h"
#include "source/bpf.h"

static const char words[] = "tcp port 80 or tcp port 443";

static unsigned length(void)
{
	const struct sock_filter *program;
	struct error e = {""};
	struct bpf *b = NULL;
	unsigned n;

	assert_int_equal(bpf_open(&b, words, &e), 0);
	n = bpf_program_of(b, LINKTYPE_ETHERNET, &program);
	bpf_free(b);
	return n;
}

static void bpf_without_optimizer_is_longer(void **state)
{
	struct error e = {""};
	struct bpf *b = NULL;
	unsigned optimized, plain;

	(void)state;
	if (!source_has_live()) {
		assert_int_equal(bpf_open(&b, words, &e), -ENOTSUP);
		source_no_optimize();
		return;
	}
	optimized = length();
	source_no_optimize();
	plain = length();
	print_message("%u instructions, %u without the optimizer\n", optimized, plain);
	assert_true(optimized > 0 && plain > optimized);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bpf_without_optimizer_is_longer)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
