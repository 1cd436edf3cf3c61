/* The one table of options, and what is told from it: --help, and hints for
 * what was mistyped. The parser is options.c.
 */
#include "options_table.h"

#include <string.h>

#include "sockeye/text.h"

const struct option_row options_rows[OPTIONS_ROWS] = {
	{'i', "interface", "IFACE", GROUP_INPUT, true, "capture on an interface; may be given again; any: all"},
	{'r', "read", "FILE", GROUP_INPUT, true, "read a capture file; - is standard input; may be given again"},
	{LONG_FOLLOW, "follow", NULL, GROUP_INPUT, true, "go on when a file grows, until interrupted"},
	{LONG_REPLAY, "replay", "[=SPEED]", GROUP_INPUT, true, "play files at their own pace, or SPEED times as fast"},
	{'D', "list-interfaces", NULL, GROUP_INPUT, true, "list the interfaces"},
	{LONG_NETNS, "netns", "NAME|PID|all", GROUP_INPUT, true, "look into that network namespace; sockets and -D: all of them"},
	{'f', "filter", "EXPR", GROUP_INPUT, true, "the BPF filter, as one word"},
	{'F', NULL, "FILE", GROUP_INPUT, true, "the BPF filter, from a file"},
	{'O', "no-optimize", NULL, GROUP_INPUT, true, "compile the BPF filter without libpcap's optimizer"},
	{'s', "snapshot-length", "BYTES", GROUP_INPUT, true, "bytes to keep of each packet (default 262144)"},
	{'p', "no-promiscuous-mode", NULL, GROUP_INPUT, true, "no promiscuous mode"},
	{'B', "buffer-size", "KIB", GROUP_INPUT, true, "size of the capture buffer"},
	{'y', "linktype", "NAME", GROUP_INPUT, true, "link type to capture"},
	{'L', "list-data-link-types", NULL, GROUP_INPUT, true, "list the link types of the interface"},
	{'Q', "direction", "in|out|inout", GROUP_INPUT, true, "packets of that direction only"},
	{LONG_BACKEND, "backend", "native|libpcap", GROUP_INPUT, true, "how to capture (default: native where it can)"},
	{'o', "output", "FORMAT", GROUP_OUTPUT, true, "text, json, csv or tsv; connections: zeek"},
	{'v', "verbose", NULL, GROUP_OUTPUT, true, "packets: layers and their fields"},
	{'x', "hex", NULL, GROUP_OUTPUT, true, "packets: their bytes; -xx with the link header"},
	{'X', NULL, NULL, GROUP_OUTPUT, true, "packets: their bytes and characters; -XX with the link header"},
	{'A', NULL, NULL, GROUP_OUTPUT, true, "packets: their characters; -AA with the link header"},
	{'e', NULL, NULL, GROUP_OUTPUT, true, "packets: the link header: addresses, type, tags, length"},
	{'t', NULL, NULL, GROUP_OUTPUT, true, "packets: no time; -tt: since 1970; -ttt: since the line\n"
	 "before; -tttt: with the date; -ttttt: since the first line"},
	{'q', "quiet", NULL, GROUP_OUTPUT, true, "packets: less of TCP and UDP"},
	{'#', "number", NULL, GROUP_OUTPUT, true, "packets: their numbers"},
	{'Y', "display-filter", "EXPR", GROUP_OUTPUT, true, "show only what fits, 'port:443 rtt>50ms'; docs/filter.md"},
	{LONG_LIST_FIELDS, "list-fields", NULL, GROUP_OUTPUT, true, "list the names that -Y and / know"},
	{'S', "absolute-tcp-sequence-numbers", NULL, GROUP_OUTPUT, true, "packets: sequence numbers as on the wire"},
	{'l', "line-buffered", NULL, GROUP_OUTPUT, true, "write each record at once"},
	{'n', "numeric", NULL, GROUP_OUTPUT, true, "do not look up names (they never are)"},
	{'K', "dont-verify-checksums", NULL, GROUP_OUTPUT, true, "do not verify checksums (they never are)"},
	{'w', "write", "FILE", GROUP_OUTPUT, true, "write the packets: pcapng, .pcap: pcap; -: standard output"},
	{LONG_PRINT, "print", NULL, GROUP_OUTPUT, true, "with -w, show packets too (as a VIEW word or -o does)"},
	{'U', "packet-buffered", NULL, GROUP_OUTPUT, true, "-w: write packets as they come, not by blocks"},
	{'C', NULL, "SIZE", GROUP_OUTPUT, true, "-w: a new file after SIZE million bytes; or 64k, 10m, 1g"},
	{'G', NULL, "SECONDS", GROUP_OUTPUT, true, "-w: a new file after that time, named by strftime"},
	{'W', NULL, "COUNT", GROUP_OUTPUT, true, "-C: a ring of so many files; -G: end after them"},
	{LONG_ASCII, "ascii", NULL, GROUP_OUTPUT, true, "write nothing but ASCII"},
	{LONG_COLOR, "color", "auto|always|never", GROUP_OUTPUT, true, "colours on the screen"},
	{LONG_HEADLESS, "headless", "WxH", GROUP_WATCH, true, "draw to no terminal, 120x35 say"},
	{LONG_KEYS, "keys", "KEYS", GROUP_WATCH, true, "headless: keys to type, '2 j <Enter>'"},
	{LONG_DUMP, "dump", "FILE", GROUP_WATCH, true, "headless: write the last screen (default: standard output)"},
	{LONG_DUMP_ATTRS, "dump-attrs", "FILE", GROUP_WATCH, true, "headless: write its attributes"},
	{LONG_NO_MOUSE, "no-mouse", NULL, GROUP_WATCH, true, "leave the mouse to the terminal"},
	{LONG_CONFIG, "config", "FILE", GROUP_WATCH, true, "read that configuration instead of one's own"},
	{LONG_LIST_KEYS, "list-keys", NULL, GROUP_WATCH, true, "list keys and what they do"},
	{LONG_IPV4, "ipv4", NULL, GROUP_SOCKETS, true, "those with IPv4 addresses"},
	{LONG_IPV6, "ipv6", NULL, GROUP_SOCKETS, true, "those with IPv6 addresses"},
	{LONG_UNIX, "unix", NULL, GROUP_SOCKETS, true, "UNIX sockets"},
	{LONG_LISTEN, "listen", NULL, GROUP_SOCKETS, true, "listeners and what waits for accept()"},
	{LONG_SUMMARY, "summary", NULL, GROUP_SOCKETS, true, "how many in which state"},
	{LONG_LEAKS, "leaks", NULL, GROUP_SOCKETS, true, "what is not closed, stuck, full or used up"},
	{LONG_INTERVAL, "interval", "SECONDS", GROUP_SOCKETS, true, "again and again, until -c N times or --duration"},
	{'c', "count", "N", GROUP_RUN, true, "stop after N packets"},
	{LONG_DURATION, "duration", "SECONDS", GROUP_RUN, true, "stop after that time"},
	{LONG_MEMORY, "memory", "SIZE", GROUP_RUN, true, "bound of everything that grows (default 256M, at least 16M)"},
	{LONG_THREADS, "threads", "1|2", GROUP_RUN, true, "threads for files (default: 2 for more than 64 MB)"},
	{'Z', "relinquish-privileges", "USER", GROUP_RUN, true, "as root: whom to become (default: sudo's caller, or nobody)"},
	{LONG_PRIVILEGES, "privileges", NULL, GROUP_RUN, true, "tell what rights there are, and what is left of them"},
	{LONG_NO_BPF, "no-bpf", NULL, GROUP_RUN, true, "load no BPF programs: short connections have no owner then"},
	{LONG_NO_FAST_PATH, "no-fast-path", NULL, GROUP_RUN, true, "judge common packets the long way, too: same results"},
	{'h', "help", NULL, GROUP_OTHER, true, "list the options"},
	{LONG_VERSION, "version", NULL, GROUP_OTHER, true, "version and features built in"},
	{LONG_COMPLETION, "completion", "bash|zsh", GROUP_OTHER, true, "write a script that completes command lines"},
	/* Known, reserved, not built yet: not in --help, exit 2. */
	{LONG_NOT_BUILT, "resolve", NULL, GROUP_OUTPUT, false, NULL},
	{LONG_NOT_BUILT, "log", "FILE", GROUP_RUN, false, NULL},
};

const char *const options_views[OPTIONS_VIEWS] = {
	"watch", "packets", "handshakes", "connections", "report", "sockets", "graph",
};

/* ---- resemblance: hints for what was mistyped ----------------------------- */

/* Letters to change, add or leave out to make a of b; at most 32 each. */
static unsigned distance(const char *a, const char *b)
{
	unsigned before[33], now[33];
	size_t n = strlen(a), m = strlen(b);

	if (n > 32 || m > 32)
		return 99;
	for (unsigned j = 0; j <= m; j++)
		before[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = before[j - 1] + (a[i - 1] != b[j - 1]);

			if (before[j] + 1 < best)
				best = before[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			now[j] = best;
		}
		memcpy(before, now, (m + 1) * sizeof *now);
	}
	return before[m];
}

const char *options_near_option(const char *name)
{
	const char *best = NULL;
	unsigned least = 3;

	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		unsigned d;

		if (!options_rows[i].name || !options_rows[i].built)
			continue;
		d = distance(name, options_rows[i].name);
		if (d < least) {
			least = d;
			best = options_rows[i].name;
		}
	}
	return best;
}

const char *options_near_view(const struct options *o)
{
	if (o->n_words == 0)
		return NULL;
	for (unsigned i = 0; i <= OPTIONS_SOCKETS; i++)
		if (distance(o->words[0], options_views[i]) <= 2)
			return options_views[i];
	return NULL;
}

const char *options_path_word(const struct options *o)
{
	static const char *const ends[] = {".pcap", ".pcapng", ".cap", ".dump", ".gz", ".zst", ".dmp", ".pcap0"};

	for (unsigned i = 0; i < o->n_words; i++) {
		const char *w = o->words[i], *slash = strrchr(w, '/');
		size_t n = strlen(w);

		/* 10.0.0.0/8 and fe80::/10 have a slash too, but end in a number;
		 * what has blanks or brackets is an expression. */
		if (slash && slash[1 + strspn(slash + 1, "0123456789")] != '\0' && !strpbrk(w, " ()[]"))
			return w;
		if (w[0] == '/' || strncmp(w, "./", 2) == 0 || strncmp(w, "../", 3) == 0)
			return w;
		for (unsigned k = 0; k < sizeof ends / sizeof *ends; k++) {
			size_t m = strlen(ends[k]);

			if (n > m && strcmp(w + n - m, ends[k]) == 0)
				return w;
		}
	}
	return NULL;
}

/* ---- help --------------------------------------------------------------------- */

static void help_row(FILE *to, const struct option_row *row)
{
	char left[64];
	struct text t;

	text_init(&t, left, sizeof left);
	if (row->letter < LONG_MEMORY)
		text_format(&t, "-%c%s", row->letter, row->name ? ", " : row->argument ? " " : "");
	else
		text_put(&t, "    ");
	if (row->name)
		text_format(&t, "--%s%s", row->name, row->argument && row->argument[0] != '[' ? "=" : "");
	if (row->argument)
		text_put(&t, row->argument);
	if (t.len > 30)
		fprintf(to, "  %s\n%34s", left, "");
	else
		fprintf(to, "  %-30s  ", left);
	for (const char *c = row->help; *c; c++) {
		fputc(*c, to);
		if (*c == '\n')
			fprintf(to, "%34s", "");
	}
	fputc('\n', to);
}

void options_help(FILE *to)
{
	static const char *const titles[GROUPS] = {"Input", "Output", "The screen", "Sockets", "The run", "Other"};

	fputs("Usage: sockeye [VIEW] [-i IFACE]... [-r FILE]... [OPTIONS] [FILE...] [BPF FILTER WORDS...]\n"
	      "See every TCP handshake and every socket 4-tuple, in a terminal.\n"
	      "\nViews\n"
	      "  watch         the live view (default on a terminal)\n"
	      "  packets       a line per packet; -v its layers, -x or -X its bytes\n"
	      "  handshakes    a line per TCP handshake\n"
	      "  connections   a line per flow, when it ends (default elsewhere)\n"
	      "  report        the summary\n"
	      "  sockets       the kernel's sockets and who holds them; words choose: state listen port 443\n"
	      "\nThe first word is the view, leading words that are files are read, the rest is a\n"
	      "BPF filter; -- ends the guessing. Without a source: all interfaces.\n"
	      "With -w FILE and no view, -o or --print, packets are written and not shown.\n"
	      "Letters are tcpdump's. For ss's, sockets has --listen (-l), the words tcp udp raw (-t -u -w),\n"
	      "--unix (-x), --ipv4 --ipv6 (-4 -6); -a, -n and -p hold always.\n"
	      "Words in {braces} say what is to be noted of a segment: packets -v explains them.\n",
	      to);
	for (unsigned g = 0; g < GROUPS; g++) {
		fprintf(to, "\n%s\n", titles[g]);
		for (unsigned i = 0; i < OPTIONS_ROWS; i++)
			if (options_rows[i].built && (unsigned)options_rows[i].group == g)
				help_row(to, &options_rows[i]);
	}
	fputs("\nExit status: 0 complete, 1 could not do it, 2 usage, 3 incomplete input or output,\n"
	      "129 hung up, 130 interrupted twice.\n",
	      to);
}
