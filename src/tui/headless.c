/* Headless: the same look, the same canvas, one thread and no clock but the
 * capture's. The same command prints the same bytes on every machine.
 */
#include "headless.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "sockeye/clock.h"
#include "theme.h"

/* Questions that one key may lead to: a search goes through a stream answer by answer. */
enum { HEADLESS_TURNS = 4096, HEADLESS_SOCKETS_MS = 5000, HEADLESS_STEP_MS = 10 };

void headless_text(const struct canvas *c, enum theme theme, FILE *to)
{
	(void)theme;
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

/* What a role looks like with at most so many colours: its letter where it has one of the
 * 256; the colour's where there are 8; its attribute where there is none. */
static char headless_letter(enum role role, enum theme theme)
{
	static const char eight[] = "krgybmcw";
	struct theme_look look = theme_look(role, theme_depth(theme));

	if (theme == THEME_AUTO)
		return theme_letter(role);
	if (look.color >= 0)
		return look.color < 8 ? eight[look.color] : theme_letter(role);
	return look.attr & ATTR_UNDERLINE ? 'u' : look.attr & ATTR_BOLD ? 'o' : look.dim ? 'd' : '.';
}

void headless_attrs(const struct canvas *c, enum theme theme, FILE *to)
{
	for (unsigned y = 0; y < c->height; y++) {
		for (unsigned x = 0; x < c->width; x++) {
			const struct cell *cell = canvas_at(c, x, y);
			char letter = headless_letter((enum role)cell->role, theme);

			if (cell->attr & ATTR_REVERSE)
				letter = letter == '.' ? '#' : (char)(letter - 'a' + 'A');
			fputc(letter, to);
		}
		fputc('\n', to);
	}
}

static const char *headless_name(char shown[256], const char *name)
{
	struct text t;

	text_init(&t, shown, 256);
	text_foreign(&t, name, strlen(name), false);
	return shown;
}

static int headless_file(FILE **out, const char *name, struct error *err)
{
	char shown[256];

	if (name == NULL)
		return 0;
	*out = strcmp(name, "-") == 0 ? stdout : fopen(name, "we");
	if (*out != NULL)
		return 0;
	return error_set(err, errno, "%s: cannot write the screen: %s", headless_name(shown, name), strerror(errno));
}

int headless_open(struct headless_files *f, const struct tui_options *o, struct source *s, struct error *err)
{
	int failed = headless_file(&f->text, o->dump, err);

	if (failed == 0)
		failed = headless_file(&f->attrs, o->dump_attrs, err);
	if (failed != 0)
		return failed;
	f->look = calloc(1, sizeof *f->look);
	if (f->look == NULL)
		return error_set(err, ENOMEM, "no memory for the screen");
	look_init(f->look, s->live, o->title, o->filter);
	/* Nobody's own: the same command draws the same on every machine. */
	return o->config != NULL ? config_begin(f->look, o, err) : 0;
}

static int headless_shut(FILE **f)
{
	FILE *to = *f;

	*f = NULL;
	return to == NULL ? 0 : to == stdout ? fflush(to) : fclose(to);
}

void headless_close(struct headless_files *f)
{
	(void)headless_shut(&f->text);
	(void)headless_shut(&f->attrs);
	if (f->look != NULL && f->look->config_fd >= 0)
		close(f->look->config_fd);
	free(f->look);
	f->look = NULL;
}

static int headless_write(const struct canvas *c, enum theme theme, FILE **f, const char *name,
			  void (*write)(const struct canvas *, enum theme, FILE *), struct error *err)
{
	char shown[256];
	int failed;

	if (*f == NULL)
		return 0;
	errno = 0;
	write(c, theme, *f);
	failed = ferror(*f);
	failed |= headless_shut(f);
	if (failed == 0)
		return 0;
	if (errno == EPIPE)
		return error_set(err, EPIPE, "%s: nobody reads the screen", headless_name(shown, name));
	return error_set(err, EIO, "%s: cannot write the screen whole: %s", headless_name(shown, name),
			 strerror(errno ? errno : EIO));
}

/* There is one thread: what is to be saved is, before the next key. False: a signal came first. */
static bool headless_save(struct look *l, struct engine *e, const struct run_options *run, struct run_result *result)
{
	struct save_answer saved;

	engine_save(e, &l->save.query, &saved);
	while (!saved.done) {
		if (run_signalled(run, result))
			return false;
		engine_go_on(e, 10 * CLOCK_MS);
		engine_saved(e, &saved);
	}
	save_posted(l, true);
	look_saved(l, &saved);
	return true;
}

/* A table of the kernel's sockets, and what the selected one's process does: another thread
 * makes them, and they are waited for. */
static void headless_sockets(struct look *l)
{
	struct sockets_look *s = &l->sockets;

	for (unsigned i = 0; s->live && l->screen == SCREEN_SOCKETS && i < HEADLESS_SOCKETS_MS / HEADLESS_STEP_MS; i++) {
		const struct sockets_row *row;

		(void)sockets_turn(l);
		row = sockets_row(s);
		if (s->table && (s->inside_known || !row || !sockets_process(s, row)))
			break;
		(void)poll(NULL, 0, HEADLESS_STEP_MS);
	}
}

static void headless_answer(struct look *l, struct engine *e, struct source *s, const struct run_result *run,
			    const struct canvas *c, struct answer *a)
{
	struct query q;
	unsigned turns = 0;

	do {
		look_ask(l, a, c->width, c->height, 0, &q);
		look_asked(l);
		engine_answer(e, &q, a);
		engine_answer_sources(a, s, true);
		(void)snprintf(a->trouble, sizeof a->trouble, "%s", run->writer_problem.text);
		look_answered(l, a);
	} while (l->again && ++turns < HEADLESS_TURNS);
}

int headless_run(const struct tui_options *o, struct headless_files *f, struct engine *e, struct source *s,
		 const struct run_options *run, struct run_result *result, struct error *err)
{
	struct answer *a = calloc(1, sizeof *a);
	struct canvas c = {.ascii = o->ascii};
	const char *at = o->keys != NULL ? o->keys : "";
	enum reaction reaction = REACT_DRAW;
	struct look *look = f->look;
	uint32_t key;
	int failed = 0;

	if (a == NULL || !canvas_resize(&c, o->width, o->height)) {
		free(a);
		return error_set(err, ENOMEM, "no memory for a screen of %ux%u", o->width, o->height);
	}
	headless_answer(look, e, s, result, &c, a);
	while (reaction != REACT_QUIT && (key = keys_script(&at, NULL)) != 0) {
		/* Drawn after every key, as a terminal would: drawing clips. */
		reaction = look_key(look, key, a, c.width, c.height, 0);
		if (reaction == REACT_ASK)
			headless_answer(look, e, s, result, &c, a);
		if (look->save.wanted && !headless_save(look, e, run, result))
			break;
		headless_sockets(look);
		look_draw(look, a, &c);
	}
	look_draw(look, a, &c);
	failed = headless_write(&c, look->theme, &f->text, o->dump, headless_text, err);
	if (failed == 0)
		failed = headless_write(&c, look->theme, &f->attrs, o->dump_attrs, headless_attrs, err);
	canvas_release(&c);
	look_release(look);
	free(a);
	return failed;
}
