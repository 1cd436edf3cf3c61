/* The dialog that saves: the name proposed, and the names that may be typed.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "packets_world.h"
#include "tui/screen.h"

static struct answer a;
static struct look l;

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	a.ended = true;
	a.about = QUERY_PACKETS;
	world_packets(&a);
	look_init(&l, false, "two.pcap", NULL);
	l.screen = SCREEN_PACKETS;
	look_answered(&l, &a);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	look_release(&l);
	return 0;
}

static void press(const char *keys)
{
	uint32_t key;

	while ((key = keys_script(&keys, NULL)) != 0)
		(void)look_key(&l, key, &a, 120, 35, 0);
}

/* The proposed name stays the engine's; a typed one gets its ending; what is no name is told, and nothing is saved. */
static void files_have_names(void **state)
{
	static const struct {
		const char *keys, *name;
	} typed[] = {
		{"w<C-u>slow<Enter>", "slow.pcapng"}, {"w<C-u>slow.pcapng<Enter>", "slow.pcapng"},
		{"w<C-u>a.b-c_D9<Enter>", "a.b-c_D9.pcapng"}, {"w<Enter>", ""}, {":w<Space>ticket<Enter>", "ticket.pcapng"},
		{":save<Space>ticket<Enter>", "ticket.pcapng"},
	};
	static const char *const wrong[] = {"w<C-u><Enter>", "w<C-u>.x<Enter>", "w<C-u>-x<Enter>", "w<C-u>.pcapng<Enter>",
					    ":save<Space>../x<Enter>", ":save<Space>a/b<Enter>", ":save<Space>a<Space>b<Enter>"};

	(void)state;
	for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
		l.save.wanted = l.save.open = false;
		press(typed[i].keys);
		assert_true(l.save.wanted && !l.save.open);
		assert_string_equal(l.save.query.name, typed[i].name);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		l.save.wanted = l.save.open = false;
		press(wrong[i]);
		assert_false(l.save.wanted);
		assert_true(l.message_bad && l.save.open); /* to be mended, or left */
		press("<Esc>");
		assert_false(l.save.open);
	}
	l.save.wanted = false;
	press("w<C-u>a/b"); /* the stroke is told and not taken */
	assert_string_equal(l.save.name, "ab");
	press("<Esc>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_have_names, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
