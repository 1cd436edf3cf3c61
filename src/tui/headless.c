/* Headless: the same look, the same canvas, one thread and no clock but the
 * capture's. The same command prints the same bytes on every machine.
 */
#include "headless.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "theme.h"

void headless_text(const struct canvas *c, FILE *to)
{
	for (unsigned y = 0; y < c->height; y++) {
		unsigned end = c->width;

		while (end > 0 && canvas_at(c, end - 1, y)->code == ' ')
			end--;
		for (unsigned x = 0; x < end; x++) {
			char one[8];
			struct text t;

			if (canvas_at(c, x, y)->code == 0)
				continue;
			text_init(&t, one, sizeof one);
			text_code(&t, canvas_at(c, x, y)->code);
			fwrite(one, 1, t.len, to);
		}
		fputc('\n', to);
	}
}

void headless_attrs(const struct canvas *c, FILE *to)
{
	for (unsigned y = 0; y < c->height; y++) {
		for (unsigned x = 0; x < c->width; x++) {
			const struct cell *cell = canvas_at(c, x, y);
			char letter = theme_letter((enum role)cell->role);

			if (cell->attr & ATTR_REVERSE)
				letter = letter == '.' ? '#' : (char)(letter - 'a' + 'A');
			fputc(letter, to);
		}
		fputc('\n', to);
	}
}

static int headless_write(const struct canvas *c, const char *name, void (*write)(const struct canvas *, FILE *),
			  struct error *err)
{
	FILE *to = strcmp(name, "-") == 0 ? stdout : fopen(name, "we");
	char shown[256];
	struct text t;
	int failed;

	text_init(&t, shown, sizeof shown);
	text_foreign(&t, name, strlen(name), false);
	if (to == NULL)
		return error_set(err, errno, "%s: cannot write the screen: %s", shown, strerror(errno));
	errno = 0;
	write(c, to);
	failed = ferror(to) | (to == stdout ? fflush(to) : fclose(to));
	if (failed == 0)
		return 0;
	if (errno == EPIPE)
		return error_set(err, EPIPE, "%s: nobody reads the screen", shown);
	return error_set(err, EIO, "%s: cannot write the screen whole: %s", shown, strerror(errno ? errno : EIO));
}

static void headless_answer(struct look *l, struct engine *e, struct source *s, const struct canvas *c,
			    struct answer *a)
{
	struct query q;

	look_ask(l, a, c->width, c->height, 0, &q);
	look_asked(l);
	engine_answer(e, &q, a);
	engine_answer_sources(a, s, true);
	look_answered(l, a);
}

int headless_run(const struct tui_options *o, struct engine *e, struct source *s, struct error *err)
{
	struct answer *a = calloc(1, sizeof *a);
	struct canvas c = {.ascii = o->ascii};
	const char *at = o->keys != NULL ? o->keys : "";
	enum reaction reaction = REACT_DRAW;
	struct look look;
	uint32_t key;
	int failed = 0;

	if (a == NULL || !canvas_resize(&c, o->width, o->height)) {
		free(a);
		return error_set(err, ENOMEM, "no memory for a screen of %ux%u", o->width, o->height);
	}
	look_init(&look, s->live, o->title, o->filter);
	headless_answer(&look, e, s, &c, a);
	while (reaction != REACT_QUIT && (key = keys_script(&at, NULL)) != 0) {
		/* Drawn after every key, as a terminal would: drawing clips. */
		reaction = look_key(&look, key, a, c.width, c.height, 0);
		if (reaction == REACT_ASK)
			headless_answer(&look, e, s, &c, a);
		look_draw(&look, a, &c);
	}
	look_draw(&look, a, &c);
	if (o->dump != NULL)
		failed = headless_write(&c, o->dump, headless_text, err);
	if (failed == 0 && o->dump_attrs != NULL)
		failed = headless_write(&c, o->dump_attrs, headless_attrs, err);
	canvas_release(&c);
	free(a);
	return failed;
}
