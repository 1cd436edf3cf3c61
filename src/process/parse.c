/* Texts of /proc, as bytes.
 *
 * The kernel writes them, but names in them are anybody's: a program may call
 * itself ") S 1 (" and a control group may hold any byte but a newline. What does
 * not look as it must is refused, and never read beyond its end.
 */
#include "sockeye/process.h"

#include <string.h>

enum { PARSE_STAT_PARENT = 2, PARSE_STAT_FLAGS = 7, PARSE_STAT_THREADS = 18, PARSE_STAT_STARTED = 20 }; /* fields behind the name, from 1 */
enum { PARSE_KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD */

/* A number of that base at *at, which moves behind it. */
static bool parse_number(const char *s, size_t n, size_t *at, unsigned base, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = *at;

	for (; i < n; i++) {
		char c = s[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: 99;

		if (digit >= base)
			break;
		if (v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	if (i == *at)
		return false;
	*at = i;
	*out = v;
	return true;
}

static void parse_blanks(const char *s, size_t n, size_t *at)
{
	while (*at < n && (s[*at] == ' ' || s[*at] == '\t'))
		(*at)++;
}

/* The line at *at without its newline; *at moves behind it. */
static bool parse_line(const char *s, size_t n, size_t *at, const char **line, size_t *len)
{
	const char *end;

	if (*at >= n)
		return false;
	*line = s + *at;
	end = memchr(*line, '\n', n - *at);
	*len = end ? (size_t)(end - *line) : n - *at;
	*at += *len + (end != NULL);
	return true;
}

static bool parse_begins(const char *s, size_t n, const char *word)
{
	return n >= strlen(word) && memcmp(s, word, strlen(word)) == 0;
}

bool process_parse_stat(const char *s, size_t n, struct process *out, bool *kernel)
{
	const char *open = memchr(s, '(', n), *close = memrchr(s, ')', n);
	size_t at = 0, len;
	uint64_t pid, v;

	if (!open || !close || close < open || !parse_number(s, n, &at, 10, &pid) || pid > INT32_MAX)
		return false;
	memset(out, 0, sizeof *out);
	out->pid = (int32_t)pid;
	len = (size_t)(close - open) - 1;
	memcpy(out->comm, open + 1, len < sizeof out->comm ? len : sizeof out->comm - 1);
	at = (size_t)(close - s) + 1;
	for (unsigned field = 1;; field++) {
		size_t from;

		parse_blanks(s, n, &at);
		from = at;
		while (at < n && s[at] != ' ' && s[at] != '\n')
			at++;
		if (from == at)
			return false;
		if (field != PARSE_STAT_PARENT && field != PARSE_STAT_FLAGS && field != PARSE_STAT_STARTED)
			continue;
		if (!parse_number(s, n, &from, 10, &v) || from != at)
			return false;
		if (field == PARSE_STAT_PARENT)
			out->parent = (int32_t)(v & INT32_MAX);
		else if (field == PARSE_STAT_FLAGS)
			*kernel = (v & PARSE_KERNEL_THREAD) != 0;
		else
			break;
	}
	out->started = v;
	return true;
}

bool process_parse_threads(const char *s, size_t n, uint32_t *threads)
{
	const char *close = memrchr(s, ')', n);
	size_t at = close ? (size_t)(close - s) + 1 : n;
	uint64_t v;

	for (unsigned field = 1; field < PARSE_STAT_THREADS; field++) {
		parse_blanks(s, n, &at);
		while (at < n && s[at] != ' ' && s[at] != '\n')
			at++;
	}
	parse_blanks(s, n, &at);
	if (!parse_number(s, n, &at, 10, &v) || v > UINT32_MAX)
		return false;
	*threads = (uint32_t)v;
	return true;
}

bool process_parse_uid(const char *s, size_t n, uint32_t *uid)
{
	size_t at = 0, len;
	const char *line;

	while (parse_line(s, n, &at, &line, &len)) {
		size_t i = strlen("Uid:");
		uint64_t real, effective;

		if (!parse_begins(line, len, "Uid:"))
			continue;
		parse_blanks(line, len, &i);
		if (!parse_number(line, len, &i, 10, &real))
			return false;
		parse_blanks(line, len, &i);
		if (!parse_number(line, len, &i, 10, &effective) || effective > UINT32_MAX)
			return false;
		*uid = (uint32_t)effective;
		return true;
	}
	return false;
}

void process_parse_cgroup(const char *s, size_t n, char out[PROCESS_CGROUP])
{
	const char *best = NULL, *line;
	size_t at = 0, best_len = 0, len;

	/* "0::/path" is the unified tree; "4:memory:/path" one of the old ones. */
	while (parse_line(s, n, &at, &line, &len)) {
		const char *first = memchr(line, ':', len);
		const char *second = first ? memchr(first + 1, ':', len - (size_t)(first + 1 - line)) : NULL;
		size_t path;

		if (!second)
			continue;
		path = len - (size_t)(second + 1 - line);
		if (parse_begins(line, len, "0::") && path > 1) {
			best = second + 1;
			best_len = path;
			break;
		}
		if (path > best_len) {
			best = second + 1;
			best_len = path;
		}
	}
	if (best_len >= PROCESS_CGROUP || (best && memchr(best, '\0', best_len)))
		best_len = 0;
	if (best_len > 0)
		memcpy(out, best, best_len);
	memset(out + best_len, 0, PROCESS_CGROUP - best_len);
}

bool process_parse_link(const char *s, size_t n, uint64_t *inode)
{
	size_t at = strlen("socket:[");

	return parse_begins(s, n, "socket:[") && parse_number(s, n, &at, 10, inode) && at + 1 == n && s[at] == ']';
}

/* The number behind a word of a line. */
static bool parse_named(const char *line, size_t len, const char *word, unsigned base, uint64_t *out)
{
	const char *found = memmem(line, len, word, strlen(word));
	size_t at;

	if (!found)
		return false;
	at = (size_t)(found - line) + strlen(word);
	parse_blanks(line, len, &at);
	return parse_number(line, len, &at, base, out);
}

size_t process_parse_epoll(const char *s, size_t n, struct process_watched *out, size_t most)
{
	size_t at = 0, found = 0, len;
	const char *line;

	while (parse_line(s, n, &at, &line, &len)) {
		uint64_t fd, events, inode = 0;

		if (!parse_begins(line, len, "tfd:") || !parse_named(line, len, "tfd:", 10, &fd) || fd > INT32_MAX ||
		    !parse_named(line, len, "events:", 16, &events))
			continue;
		(void)parse_named(line, len, " ino:", 16, &inode);
		if (found < most)
			out[found] = (struct process_watched){(int32_t)fd, (uint32_t)events, inode};
		found++;
	}
	return found;
}

unsigned process_parse_hidepid(const char *s, size_t n)
{
	static const struct {
		const char *word;
		unsigned value;
	} words[] = {{"off", 0}, {"noaccess", 1}, {"invisible", 2}, {"ptraceable", 4}};
	unsigned hidden = 0;
	size_t at = 0, len;
	const char *line;

	/* 22 27 0:21 / /proc rw,relatime - proc proc rw,hidepid=2: what is mounted last lies on top */
	while (parse_line(s, n, &at, &line, &len)) {
		const char *mine = memmem(line, len, " /proc ", 7), *dash, *option;
		size_t left;

		dash = mine ? memmem(mine, len - (size_t)(mine - line), " - proc ", 8) : NULL;
		if (!dash)
			continue;
		left = len - (size_t)(dash - line);
		option = memmem(dash, left, "hidepid=", 8);
		hidden = 0;
		if (!option)
			continue;
		option += 8;
		left = len - (size_t)(option - line);
		if (left > 0 && option[0] >= '0' && option[0] <= '4')
			hidden = (unsigned)(option[0] - '0');
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (parse_begins(option, left, words[i].word))
				hidden = words[i].value;
	}
	return hidden;
}
