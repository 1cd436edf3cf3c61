/* Ladder: answers about packets become arrows and words; hand-made answers, exact rows.
 * links: tui engine facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ladder_world.h"

static void show(void **state)
{
	unsigned const size[][2] = {{120, 35}, {80, 24}, {60, 20}, {40, 8}, {160, 45}, {100,30}};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		draw(size[i][0], size[i][1]);
		for (unsigned y = 0; y < c.height; y++)
			printf("%s\n", row(y));
	}
	c.ascii = true;
	draw(120, 35);
	for (unsigned y = 0; y < c.height; y++)
		printf("%s\n", row(y));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(show, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
