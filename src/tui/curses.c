/* The only file that includes curses.
 *
 * newterm, one window, wide cells; curses compares with what is on the
 * terminal and writes the difference, one update a frame. One thread owns it.
 * Signals are not taken here: the loop reads them from a descriptor and calls
 * display_size() or display_suspend().
 *
 * What a terminal sends that is no key - reports, the mouse, function keys that
 * terminfo does not know - is read past as a whole, so that its letters are not
 * taken for keys. Pasted text comes between marks (bracketed paste).
 */
#define NCURSES_WIDECHAR 1
#include "display.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncursesw/curses.h>
#include <ncursesw/term.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* term.h of curses has macros for everything; these are in our way. */
#undef columns
#undef lines

#include "keys.h"
#include "theme.h"

enum {
	PASTE_BEGINS = KEY_MAX + 1, /* codes of our own for curses' table of sequences */
	PASTE_ENDS,
	SEQUENCE_MAX = 64,          /* bytes of a sequence that nobody knows */
};

static const char mouse_off[] = "\033[?1006;1000l";
/* Synchronized update: does the terminal know that mode? Its answer is read among the keys. */
static const char sync_ask[] = "\033[?2026$p", sync_on[] = "\033[?2026h", sync_off[] = "\033[?2026l";
static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";

struct display {
	SCREEN *screen;
	FILE *in;
	bool own_in; /* /dev/tty, because packets come on standard input */
	bool ascii;
	bool marks_paste;
	bool mouse;
	const char *sync; /* of terminfo, "" */
	bool syncs;       /* the terminal can be told that a frame begins and ends */
	enum depth depth, most; /* used; what the terminal has */
	struct canvas shown; /* what curses was told last */
};

/* For a crash: what puts the terminal right, ready to be written. */
static struct {
	char bytes[128];
	size_t n;
	int fd;
	struct termios modes;
	bool have_modes;
} crash;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
static struct sigaction crash_before[sizeof crash_signals / sizeof crash_signals[0]];

static void crash_handler(int number)
{
	ssize_t n = write(crash.fd, crash.bytes, crash.n);

	(void)n;
	if (crash.have_modes)
		(void)tcsetattr(crash.fd, TCSANOW, &crash.modes);
	for (size_t i = 0; i < sizeof crash_signals / sizeof crash_signals[0]; i++)
		if (crash_signals[i] == number)
			(void)sigaction(number, &crash_before[i], NULL);
	raise(number); /* to whoever had it before: the core, or a sanitizer */
}

static const char *capability(const char *name)
{
	const char *s = tigetstr(name);

	return s == NULL || s == (const char *)-1 ? "" : s;
}

static void crash_keep(const char *s)
{
	size_t n = strlen(s);

	if (n > sizeof crash.bytes - crash.n)
		return;
	memcpy(crash.bytes + crash.n, s, n);
	crash.n += n;
}

static void crash_watch(const struct termios *modes, bool marks_paste)
{
	struct sigaction action;

	crash.n = 0;
	crash.fd = STDOUT_FILENO;
	crash.have_modes = modes != NULL;
	if (modes != NULL)
		crash.modes = *modes;
	if (marks_paste)
		crash_keep(paste_off);
	if (marks_paste)
		crash_keep(mouse_off);
	crash_keep(capability("sgr0"));
	crash_keep(capability("cnorm"));
	crash_keep(capability("rmcup"));
	memset(&action, 0, sizeof action);
	action.sa_handler = crash_handler;
	for (size_t i = 0; i < sizeof crash_signals / sizeof crash_signals[0]; i++)
		(void)sigaction(crash_signals[i], &action, &crash_before[i]);
}

static void crash_unwatch(void)
{
	for (size_t i = 0; i < sizeof crash_signals / sizeof crash_signals[0]; i++)
		(void)sigaction(crash_signals[i], &crash_before[i], NULL);
}

int tui_check(const struct tui_options *o, struct error *err)
{
	const char *name = getenv("TERM");
	int status;

	if (o->headless)
		return 0;
	if (!isatty(STDOUT_FILENO))
		return error_set(err, ENOTTY, "watch needs a terminal: standard output is none (connections, "
					      "handshakes and packets print; --headless draws without one)");
	if (name == NULL || name[0] == '\0' || strcmp(name, "dumb") == 0)
		return error_set(err, ENOTTY, "unknown terminal: TERM is %s, which cannot show a screen; set it, "
					      "e.g. TERM=xterm-256color, or use connections",
				 name == NULL || name[0] == '\0' ? "not set" : "dumb");
	if (setupterm(NULL, STDOUT_FILENO, &status) != OK) {
		char shown[64];
		struct text t;

		text_init(&t, shown, sizeof shown);
		text_foreign(&t, name, strlen(name), true);
		return error_set(err, ENOTTY, "unknown terminal: terminfo has no \"%s\"; try TERM=xterm-256color, "
					      "or install ncurses-term", shown);
	}
	(void)del_curterm(cur_term); /* newterm() reads it again */
	return 0;
}

/* UTF-8, and not where our glyphs take two columns. */
static bool curses_unicode(void)
{
	const char *language = setlocale(LC_CTYPE, "");

	if (language == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return false;
	return strncmp(language, "zh", 2) != 0 && strncmp(language, "ja", 2) != 0 &&
	       strncmp(language, "ko", 2) != 0;
}

static bool curses_pairs(enum depth depth)
{
	for (int role = 0; role < ROLES && depth != DEPTH_MONO; role++)
		if (init_extended_pair(role + 1, theme_look((enum role)role, depth).color, -1) == ERR)
			return false;
	return true;
}

static enum depth curses_colors(enum tui_color wish)
{
	enum depth depth;

	if (!theme_wanted(wish) || !has_colors() || start_color() == ERR)
		return DEPTH_MONO;
	(void)use_default_colors();
	depth = COLORS > 256 ? DEPTH_DIRECT : COLORS == 256 ? DEPTH_256 : COLORS >= 16 ? DEPTH_16 :
		COLORS >= 8 ? DEPTH_8 : DEPTH_MONO;
	return curses_pairs(depth) ? depth : DEPTH_MONO;
}

/* Terminals that read past a question they do not know; others might print it. */
static bool curses_asks(void)
{
	static const char *const begins[] = {"xterm", "tmux", "foot", "alacritty", "kitty", "wezterm", "contour", "ghostty",
					     "mintty", "rio"};
	const char *name = getenv("TERM");

	for (size_t i = 0; name != NULL && i < sizeof begins / sizeof begins[0]; i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static void curses_say(const char *s)
{
	(void)putp(s);
	(void)fflush(stdout);
}

/* A frame begins, or is whole. */
static void curses_frame(const struct display *t, bool begins)
{
	if (!t->syncs)
		return;
	if (t->sync[0] != '\0')
		curses_say(tparm(t->sync, begins ? 1L : 2L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L));
	else
		curses_say(begins ? sync_on : sync_off);
}

/* Ask for marks around pasted text, or no more of them. */
static void curses_paste(const struct display *t, bool on)
{
	if (!t->marks_paste)
		return;
	(void)putp(on ? paste_on : paste_off);
	(void)fflush(stdout); /* putp() is stdio's, the rest curses writes itself */
}

int display_open(struct display **out, const struct tui_options *o, struct error *err)
{
	struct display *t = calloc(1, sizeof *t);
	struct termios modes;
	int failed;

	*out = NULL;
	if (t == NULL)
		return error_set(err, ENOMEM, "no memory for the screen");
	failed = tui_check(o, err);
	if (failed != 0) {
		free(t);
		return failed;
	}
	t->in = stdin;
	if (!isatty(STDIN_FILENO)) {
		t->in = fopen("/dev/tty", "re");
		t->own_in = true;
		if (t->in == NULL) {
			failed = error_set(err, errno, "watch takes keys from the terminal: cannot open /dev/tty: %s",
					   strerror(errno));
			free(t);
			return failed;
		}
	}
	t->ascii = !curses_unicode() || o->ascii;
	failed = tcgetattr(STDOUT_FILENO, &modes);
	t->screen = newterm(NULL, stdout, t->in);
	if (t->screen == NULL) {
		if (t->own_in)
			fclose(t->in);
		free(t);
		return error_set(err, ENOTTY, "unknown terminal: curses cannot draw on it; try TERM=xterm-256color");
	}
	set_term(t->screen);
	/* A terminal of the ANSI family reads past a mode that it does not have. */
	t->marks_paste = strncmp(capability("cup"), "\033[", 2) == 0;
	crash_watch(failed == 0 ? &modes : NULL, t->marks_paste);
	t->depth = t->most = curses_colors(o->color);
	t->sync = capability("Sync");
	t->syncs = t->sync[0] != '\0';
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	notimeout(stdscr, FALSE);
	set_escdelay(25);
	leaveok(stdscr, TRUE);
	curs_set(0);
	(void)define_key("\033[200~", PASTE_BEGINS);
	(void)define_key("\033[201~", PASTE_ENDS);
	curses_paste(t, true);
	if (!t->syncs && t->marks_paste && curses_asks())
		curses_say(sync_ask);
	*out = t;
	return 0;
}

void display_close(struct display *t)
{
	if (t == NULL)
		return;
	curses_paste(t, false);
	endwin();
	crash_unwatch();
	delscreen(t->screen);
	if (t->own_in)
		fclose(t->in);
	canvas_release(&t->shown);
	free(t);
}

void display_discard(void)
{
	(void)tcflush(STDOUT_FILENO, TCOFLUSH);
	/* Off and on again: that undoes a ^S, and wakes the writer. */
	(void)tcflow(STDOUT_FILENO, TCOOFF);
	(void)tcflow(STDOUT_FILENO, TCOON);
}

bool display_ascii(const struct display *t)
{
	return t->ascii;
}

int display_fd(const struct display *t)
{
	return fileno(t->in);
}

bool display_bytes(const struct display *t)
{
	int n = 0;

	return ioctl(fileno(t->in), FIONREAD, &n) == 0 && n > 0;
}

void display_size(struct display *t, unsigned *width, unsigned *height)
{
	struct winsize size;
	int w = COLS, h = LINES;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		w = size.ws_col < TUI_WIDTH_MAX ? size.ws_col : TUI_WIDTH_MAX;
		h = size.ws_row < TUI_HEIGHT_MAX ? size.ws_row : TUI_HEIGHT_MAX;
	}
	if (w != COLS || h != LINES) {
		(void)resizeterm(h, w);
		display_repaint(t);
	}
	*width = (unsigned)w;
	*height = (unsigned)h;
}

/* After ESC: the rest of a sequence that curses does not know is read past.
 * False: no sequence, it was the key. */
static bool curses_sequence(struct display *t)
{
	char report[16] = "";
	wint_t c;

	if (wget_wch(stdscr, &c) != OK)
		return false;
	if (c != '[' && c != 'O') {
		(void)unget_wch((wchar_t)c);
		return false;
	}
	for (unsigned i = 0; i < SEQUENCE_MAX && wget_wch(stdscr, &c) == OK; i++) {
		if (c == 'M' && i == 0) { /* an old mouse: three characters follow */
			for (unsigned more = 0; more < 3 && wget_wch(stdscr, &c) != ERR; more++)
				;
			break;
		}
		if (c < 0x7f && i + 1 < sizeof report)
			report[i] = (char)c;
		if (c < ' ' || c > 0x7e) { /* broken off: a key, or the next sequence */
			(void)unget_wch((wchar_t)c);
			break;
		}
		if (c >= 0x40)
			break;
	}
	/* Set or reset: it knows the mode. 0 and 4: it does not, or never will. */
	if (strcmp(report, "?2026;1$y") == 0 || strcmp(report, "?2026;2$y") == 0)
		t->syncs = true;
	return true;
}

/* After what begins a report of the mouse: three characters, or numbers and a letter. */
static void curses_mouse(void)
{
	bool numbers = false;
	wint_t c;

	for (unsigned i = 0; i < SEQUENCE_MAX && wget_wch(stdscr, &c) == OK; i++) {
		numbers = numbers || (i == 0 && c >= '0' && c <= '9');
		if (numbers ? c == 'M' || c == 'm' : i == 2)
			return;
	}
}

static uint32_t curses_pointed(void)
{
	MEVENT event;

	if (getmouse(&event) != OK || event.x < 0 || event.y < 0 || event.x >= TUI_WIDTH_MAX || event.y >= TUI_HEIGHT_MAX)
		return KEY_NONE_YET;
	if (event.bstate & BUTTON1_PRESSED)
		return KEY_POINTED(POINTER_CLICK, event.x, event.y);
	if (event.bstate & BUTTON4_PRESSED)
		return KEY_POINTED(POINTER_WHEEL_UP, event.x, event.y);
	return event.bstate & BUTTON5_PRESSED ? KEY_POINTED(POINTER_WHEEL_DOWN, event.x, event.y) : (uint32_t)KEY_NONE_YET;
}

void display_mouse(struct display *t, bool on)
{
	t->mouse = on;
	(void)mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
	(void)mouseinterval(0);
}

void display_theme(struct display *t, enum theme theme)
{
	enum depth depth = theme_depth(theme) < t->most ? theme_depth(theme) : t->most;

	if (t->most == DEPTH_DIRECT && theme == THEME_256)
		depth = DEPTH_DIRECT; /* numbers mean other colours there */
	if (depth == t->depth || !curses_pairs(depth))
		return;
	t->depth = depth;
	display_repaint(t);
}

uint32_t display_key(struct display *t)
{
	static const struct {
		wint_t curses;
		uint32_t key;
	} named[] = {
		{KEY_UP, KEY_ARROW_UP}, {KEY_DOWN, KEY_ARROW_DOWN}, {KEY_LEFT, KEY_ARROW_LEFT},
		{KEY_RIGHT, KEY_ARROW_RIGHT}, {KEY_PPAGE, KEY_PAGE_UP}, {KEY_NPAGE, KEY_PAGE_DOWN},
		{KEY_HOME, KEY_TO_HOME}, {KEY_END, KEY_TO_END}, {KEY_BACKSPACE, KEY_ERASE},
		{KEY_DC, KEY_DELETE}, {KEY_BTAB, KEY_BACK_TAB}, {KEY_ENTER, KEY_RETURN},
		{KEY_FIND, KEY_TO_HOME}, {KEY_SELECT, KEY_TO_END},
		{PASTE_BEGINS, KEY_PASTE}, {PASTE_ENDS, KEY_PASTE_END},
	};
	wint_t c;

	for (;;) {
		int kind = wget_wch(stdscr, &c);

		if (kind == ERR)
			return 0;
		if (kind == OK && c == KEY_ESCAPE && curses_sequence(t))
			return KEY_NONE_YET;
		if (kind == OK)
			return c == '\n' ? KEY_RETURN : c == 0x7f || c == 8 ? (uint32_t)KEY_ERASE : (uint32_t)c;
		if (c == KEY_MOUSE) {
			if (t->mouse)
				return curses_pointed();
			curses_mouse();
			return KEY_NONE_YET;
		}
		for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
			if (named[i].curses == c)
				return named[i].key;
		if (c > KEY_F0 && c <= KEY_F0 + 12)
			return KEY_FUNCTION + (uint32_t)(c - KEY_F0);
		/* KEY_RESIZE and keys without a meaning here: the next one. */
	}
}

static void curses_cell(const struct display *t, const struct cell *cell, unsigned x, unsigned y)
{
	struct theme_look look = theme_look((enum role)cell->role, t->depth);
	wchar_t text[2] = {(wchar_t)cell->code, L'\0'};
	attr_t attr = A_NORMAL;
	cchar_t out;

	if ((look.attr | cell->attr) & ATTR_BOLD)
		attr |= A_BOLD;
	if ((look.attr | cell->attr) & ATTR_UNDERLINE)
		attr |= A_UNDERLINE;
	if (cell->attr & ATTR_REVERSE)
		attr |= A_REVERSE;
	if (look.dim)
		attr |= A_DIM;
	if (setcchar(&out, text, attr, t->depth == DEPTH_MONO ? 0 : (short)(cell->role + 1), NULL) == OK)
		(void)mvadd_wch((int)y, (int)x, &out);
}

void display_show(struct display *t, const struct canvas *c)
{
	bool all = t->shown.width != c->width || t->shown.height != c->height, any = all;

	if (all && !canvas_resize(&t->shown, c->width, c->height))
		return; /* no memory: the old frame stands */
	for (unsigned y = 0; y < c->height; y++)
		for (unsigned x = 0; x < c->width; x++) {
			const struct cell *cell = canvas_at(c, x, y), *old = canvas_at(&t->shown, x, y);
			bool same = cell->code == old->code && cell->role == old->role && cell->attr == old->attr;

			any = any || !same;
			if (cell->code != 0 && (all || !same))
				curses_cell(t, cell, x, y);
		}
	memcpy(t->shown.cell, c->cell, (size_t)c->width * c->height * sizeof *c->cell);
	if (!any)
		return;
	wnoutrefresh(stdscr);
	curses_frame(t, true);
	doupdate();
	curses_frame(t, false);
}

void display_repaint(struct display *t)
{
	t->shown.width = 0;
	clearok(curscr, TRUE);
}

void display_suspend(struct display *t)
{
	struct sigaction action, before;
	sigset_t stop, former;

	curses_paste(t, false);
	endwin();
	/* The default way, so that it stops nothing where no shell could go on. */
	memset(&action, 0, sizeof action);
	action.sa_handler = SIG_DFL;
	sigaction(SIGTSTP, &action, &before);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &stop, &former); /* here it stops */
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	sigaction(SIGTSTP, &before, NULL);
	curses_paste(t, true);
	display_repaint(t);
	refresh();
}
