/* Fuzz target: the configuration and the commands behind a colon.
 *
 * The bytes are a configuration file, and then each line of them a command on each screen. What
 * was set must be written as lines that are understood and set the same again, with whatever
 * else the file holds; nothing may be drawn outside the screen, and it must end.
 * links: tui engine filter facts base
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command.h"
#include "tui/config.h"
#include "tui/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIDTH = 100, HEIGHT = 24 };

static struct look l;
static struct answer a;
static struct canvas c;

/* What is set, as lines; they are all understood, and what they set is told in the same lines. */
static void the_same_again(void)
{
	char lines[CONFIG_LINES], again[CONFIG_LINES];
	struct error why;
	struct text t;

	text_init(&t, lines, sizeof lines);
	config_lines(&l, &t);
	if (t.cut || strstr(lines, "key ") != NULL)
		return; /* keys are taken from each other in the order of the lines */
	look_init(&l, false, "two.pcap", NULL);
	if (config_text(&l, lines, t.len, &why) != 0)
		abort();
	text_init(&t, again, sizeof again);
	config_lines(&l, &t);
	if (strcmp(lines, again) != 0)
		abort();
}

/* Kept in the file twice, the second time nothing changes. */
static void kept(const char *text, size_t size)
{
	static char once[2 * CONFIG_BYTES], twice[2 * CONFIG_BYTES];
	struct text t, u;

	text_init(&t, once, sizeof once);
	text_init(&u, twice, sizeof twice);
	if (!config_keep(&l, text, size, &t))
		return;
	if (!config_keep(&l, once, t.len, &u) || t.len != u.len || memcmp(once, twice, t.len) != 0)
		abort();
}

static void commands(const uint8_t *data, size_t size, enum screen_id screen)
{
	struct layout at = look_layout(WIDTH, HEIGHT);

	while (size > 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end != NULL ? (size_t)(end - data) : size;
		char line[QUERY_MATCH] = "";
		struct filter_offer offers[FILTER_OFFERS];
		size_t from;

		memcpy(line, data, n < sizeof line - 1 ? n : sizeof line - 1);
		l.screen = screen;
		l.page = PAGE_SCREEN;
		l.save.open = l.save.wanted = l.whole.on = l.stream.saving = false;
		(void)command_complete(&l, line, offers, FILTER_OFFERS, &from);
		(void)command_run(&l, line, &a, &at, 0);
		look_draw(&l, &a, &c);
		n += end != NULL;
		data += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error why;

	if (size > CONFIG_BYTES || (c.cell == NULL && !canvas_resize(&c, WIDTH, HEIGHT)))
		return 0;
	look_init(&l, false, "two.pcap", NULL);
	keys_reset();
	(void)config_text(&l, (const char *)data, size, &why);
	kept((const char *)data, size);
	the_same_again();
	if (size <= 4096) {
		commands(data, size, SCREEN_CONNECTIONS);
		commands(data, size, SCREEN_LADDER);
		commands(data, size, SCREEN_PACKETS);
		commands(data, size, SCREEN_STREAM);
	}
	look_release(&l);
	return 0;
}
