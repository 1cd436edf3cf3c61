/* The rest of the base: errors, reserved memory, the clock, the hash.
 * links: base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "sockeye/clock.h"
#include "sockeye/error.h"
#include "sockeye/hash.h"
#include "sockeye/memory.h"

static void error_is_negative_and_bounded(void **state)
{
	struct error e;
	char word[1024];

	(void)state;
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	assert_int_equal(error_set(&e, ENOENT, "%s: no such file", "a.pcap"), -ENOENT);
	assert_string_equal(e.text, "a.pcap: no such file");
	assert_int_equal(error_set(&e, -EINVAL, "%s", word), -EINVAL);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_int_equal(error_set(NULL, EIO, "nobody listens"), -EIO);
}

static void memory_is_zero_and_forgets(void **state)
{
	size_t size = (size_t)64 << 20;
	struct error e;
	void *p;
	uint8_t *b;

	(void)state;
	assert_int_equal(memory_reserve(&p, size, "test", &e), 0);
	b = p;
	assert_int_equal(b[size - 1], 0);
	b[4096] = 7;
	memory_forget(b, size);
	assert_int_equal(b[4096], 0);

	/* Whole pages only: neighbours in the same page keep what they have. */
	memset(b, 7, (size_t)4 << 16);
	memory_forget(b + 100, (size_t)2 << 16);
	assert_int_equal(b[99], 7);
	assert_int_equal(b[100], 7);
	assert_int_equal(b[(2 << 16) - 1], 0);
	assert_int_equal(b[(2 << 16) + 100], 7);
	memory_forget(b + 100, 8);
	assert_int_equal(b[101], 7);
	memory_release(p, size);
	assert_int_equal(memory_reserve(&p, SIZE_MAX, "test", &e), -ENOMEM);
	assert_null(p);
	assert_true(memory_resident() > 0);
}

static void clock_time_of_day(void **state)
{
	char out[32];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	clock_of_day(INT64_C(1362692526869344123), 6, out);
	assert_string_equal(out, "21:42:06.869344");
	clock_of_day(INT64_C(1362692526869344123), 9, out);
	assert_string_equal(out, "21:42:06.869344123");
	clock_of_day(INT64_C(-1), 6, out);
	assert_string_equal(out, "23:59:59.999999");
	clock_of_day(0, 0, out);
	assert_string_equal(out, "00:00:00");
	assert_true(clock_monotonic_ns() > 0);
	assert_true(clock_wall_ns() > INT64_C(1000000000) * CLOCK_S);
}

static void hash_is_keyed_and_spreads(void **state)
{
	struct hash_key k, other;
	uint8_t data[40] = {0};
	unsigned bucket[256] = {0};

	(void)state;
	hash_key_init(&k, 1);
	hash_key_init(&other, 2);
	for (size_t n = 0; n < sizeof data; n++) /* length counts, even of zeroes */
		assert_true(hash_bytes(&k, data, n) != hash_bytes(&k, data, n + 1));
	assert_true(hash_bytes(&k, data, 40) != hash_bytes(&other, data, 40));
	for (unsigned i = 0; i < 65536; i++) {
		data[0] = (uint8_t)i;
		data[17] = (uint8_t)(i >> 8);
		bucket[hash_bytes(&k, data, sizeof data) & 255]++;
	}
	for (unsigned i = 0; i < 256; i++) /* 256 expected; 5 sigma is 80 */
		assert_in_range(bucket[i], 176, 336);
	hash_key_init(&k, 0);
	hash_key_init(&other, 0);
	assert_true(k.a != other.a || k.b != other.b);
}

/* Whoever knows the code and not the key: words that are 0, the length, or all
 * ones must not make one of the two factors known. */
static void hash_has_no_weak_words(void **state)
{
	static const uint64_t words[] = {0, UINT64_MAX, 1};
	struct hash_key k;
	uint64_t block[6];

	(void)state;
	hash_key_init(&k, 3);
	for (unsigned n = 9; n <= sizeof block; n++)
		for (unsigned c = 0; c < 4 * 36; c++) {
			unsigned fixed = c / 4 / 6, place = c / 4 % 6, met = 0;
			uint64_t seen[64];

			if (place == fixed || place * 8 + 1 > n)
				continue;
			for (unsigned i = 0; i < 64; i++) {
				memset(block, 0, sizeof block);
				block[fixed] = c % 4 < 3 ? words[c % 4] : n;
				block[place] = i + 1;
				seen[i] = hash_bytes(&k, block, n) & 0xfffff;
				for (unsigned j = 0; j < i; j++)
					met += seen[j] == seen[i];
			}
			assert_true(met <= 2); /* of 2016 pairs in 2^20 */
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_is_negative_and_bounded),
		cmocka_unit_test(memory_is_zero_and_forgets),
		cmocka_unit_test(clock_time_of_day),
		cmocka_unit_test(hash_is_keyed_and_spreads),
		cmocka_unit_test(hash_has_no_weak_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
