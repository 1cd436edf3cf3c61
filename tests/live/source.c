/* A source that runs without rights, asked from outside: for tests/live/ring.py.
 *
 * usage: live_source INTERFACE MORE OUTPUT
 *
 * Starts a broker, captures on INTERFACE with the filter "tcp", gives up its
 * rights as the program does, and obeys lines: "filter WORDS", "count" (the frames
 * since the last count), "add" (MORE joins, by a socket of the broker), "output
 * NAME" (a file that the broker creates, a line is written into it), "quit"
 * (drained; prints how it ended). One line answers each.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rights.h"
#include "sockeye/source.h"

static struct rights rights;

/* Everything that is there; what ended the source, or 0. */
static int take(struct source *s, uint64_t *count)
{
	struct frame frames[SOURCE_BATCH];
	int got;

	do {
		got = s->next_batch(s, frames, SOURCE_BATCH);
		*count += got > 0 ? (uint64_t)got : 0;
	} while (got > 0);
	return got;
}

static int obey(struct source *s, char *line, const char *more, const struct source_options *o, uint64_t *count)
{
	struct error e = {""};
	int rc;

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "filter", 6) == 0) {
		rc = s->filter(s, line[6] ? line + 7 : NULL, &e);
		printf("%d%s%s\n", rc, rc ? " " : "", e.text);
	} else if (strcmp(line, "count") == 0) {
		(void)take(s, count);
		printf("%llu\n", (unsigned long long)*count);
		*count = 0;
	} else if (strcmp(line, "add") == 0) {
		int fd = broker_packet_socket(rights.broker, &e);
		struct source_options plain = *o;

		plain.filter = NULL;
		rc = fd < 0 ? fd : source_add_interface(s, fd, more, &plain, &e);
		printf("%d%s%s\n", rc, rc ? " " : "", e.text);
	} else if (strncmp(line, "output ", 7) == 0) {
		rc = broker_create_output(rights.broker, line + 7, O_WRONLY | O_CREAT, &e);
		if (rc >= 0)
			rc = write(rc, "written\n", 8) == 8 ? 0 : -errno;
		printf("%d%s%s\n", rc, rc ? " " : "", e.text);
	} else {
		s->finish(s);
		while ((rc = take(s, count)) == 0)
			(void)poll(NULL, 0, 1);
		printf("%d\n", rc == -ENODATA ? 0 : rc);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *const interfaces[] = {argc > 1 ? argv[1] : "lo"};
	const struct source_options o = {
		.interfaces = interfaces, .n_interfaces = 1, .filter = "tcp", .may_grow = true,
		.backend = SOURCE_NATIVE,
	};
	const struct broker_options output = {.output = argc > 3 ? argv[3] : NULL, .sized = true};
	struct error e = {""};
	struct source *s;
	uint64_t count = 0;
	int over = 0;

	if (argc != 4 || rights_see(&rights, NULL, &e) < 0 || rights_broker(&rights, true, &output, &e) < 0 ||
	    source_open(&s, &o, &e) < 0 || rights_drop(&rights, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	source_close_names();
	printf("ready\n");
	while (!over) {
		struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = s->fd, .events = POLLIN}};
		char line[256];
		ssize_t n;

		(void)fflush(stdout);
		(void)poll(fds, 2, 100);
		(void)take(s, &count);
		if (!(fds[0].revents & (POLLIN | POLLHUP)))
			continue;
		n = read(STDIN_FILENO, line, sizeof line - 1);
		if (n <= 0)
			break;
		line[n] = '\0';
		over = obey(s, line, argv[2], &o, &count);
	}
	(void)fflush(stdout);
	s->free(s);
	rights_end(&rights);
	return over ? 0 : 1;
}
