/* The command line: words, options, the table of views and formats.
 * links: filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "options.c"
#include "options_sockets.c"
#include "options_table.c"
#include "options_completion.c"
#include "options_packets.c"
#include "options_replay.c"
#include "options_write.c"

static struct options o;
static struct error e;

/* In this world these are files. */
static bool is_file(const char *word_)
{
	return strcmp(word_, "a.pcap") == 0 || strcmp(word_, "b.pcap") == 0;
}

static int parse_on(bool terminal, const char *line)
{
	static char buffer[512];
	char *argv[64];
	int argc = 0;
	struct options_world world = {.terminal = terminal, .is_source = is_file};

	argv[argc++] = (char[]){"sockeye"};
	(void)snprintf(buffer, sizeof buffer, "%s", line);
	for (char *w = strtok(buffer, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	e.text[0] = '\0';
	return options_parse(&o, argc, argv, &world, &e);
}

static int parse(const char *line)
{
	return parse_on(false, line);
}

static void assert_refused(const char *line, const char *part)
{
	assert_int_equal(parse(line), -EINVAL);
	if (!strstr(e.text, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", line, e.text, part);
}

static void options_words_are_view_files_filter(void **state)
{
	(void)state;
	assert_int_equal(parse("packets a.pcap b.pcap tcp port 80"), 0);
	assert_int_equal(o.view, OPTIONS_PACKETS);
	assert_int_equal(o.n_files, 2);
	assert_string_equal(o.files[1], "b.pcap");
	assert_string_equal(o.filter, "tcp port 80");
	assert_int_equal(parse("a.pcap -c 5 tcp -n and port 80"), 0);
	assert_int_equal(o.view, OPTIONS_CONNECTIONS);
	assert_int_equal(o.count, 5);
	assert_string_equal(o.filter, "tcp and port 80");
	assert_int_equal(parse("tcp a.pcap"), 0); /* not leading: a word */
	assert_int_equal(o.n_files, 0);
	assert_string_equal(o.filter, "tcp a.pcap");
	assert_string_equal(options_path_word(&o), "a.pcap");
	assert_int_equal(parse("report -r - -- a.pcap -n"), 0); /* -- ends the guessing */
	assert_int_equal(o.n_files, 1);
	assert_string_equal(o.files[0], "-");
	assert_string_equal(o.filter, "a.pcap -n");
	assert_int_equal(parse("-- packets"), 0);
	assert_int_equal(o.view, OPTIONS_CONNECTIONS);
	assert_string_equal(o.filter, "packets");
	assert_int_equal(parse("host 10.0.0.0/8 or fe80::/10 ip[2]/a"), 0);
	assert_null(options_path_word(&o));
	assert_int_equal(parse("traces/monday"), 0); /* no known ending, and yet a path */
	assert_string_equal(options_path_word(&o), "traces/monday");
	assert_int_equal(parse("conections a.pcap"), 0);
	assert_string_equal(options_near_view(&o), "connections");
	assert_int_equal(parse("-f tcp a.pcap"), 0);
	assert_string_equal(o.filter, "tcp");
	assert_refused("-f tcp a.pcap udp", "given twice");
	assert_refused("-f tcp -F file", "given twice");
}

static void options_default_view(void **state)
{
	(void)state;
	assert_int_equal(parse_on(true, "a.pcap"), 0);
	assert_int_equal(o.view, OPTIONS_WATCH);
	assert_int_equal(parse_on(true, "-o json a.pcap"), 0);
	assert_int_equal(o.view, OPTIONS_CONNECTIONS);
	assert_int_equal(parse_on(false, ""), 0);
	assert_int_equal(o.view, OPTIONS_CONNECTIONS);
	assert_int_equal(o.format, OPTIONS_TEXT);
	assert_int_equal(o.memory, ENGINE_MEMORY_DEFAULT);
	assert_int_equal(parse("-r a.pcap --headless 120x35 --keys j"), 0);
	assert_int_equal(o.view, OPTIONS_WATCH);
	assert_int_equal(o.width, 120);
	assert_int_equal(o.height, 35);
	assert_string_equal(o.dump, "-");
}

static void options_table_of_views_and_formats(void **state)
{
	static const char *const views[] = {"packets", "handshakes", "connections", "report"};
	static const char *const formats[] = {"text", "json", "csv", "tsv"};
	char line[64];

	(void)state;
	for (unsigned v = 0; v < 4; v++) {
		for (unsigned f = 0; f < 4; f++) {
			bool has = v < 3 || f < 2;

			(void)snprintf(line, sizeof line, "%s -o %s", views[v], formats[f]);
			assert_int_equal(parse(line), has ? 0 : -EINVAL);
			if (has)
				assert_int_equal(o.format, OPTIONS_TEXT + f);
		}
	}
	assert_int_equal(parse("connections -o zeek"), 0);
	assert_int_equal(o.format, OPTIONS_ZEEK);
	assert_int_equal(parse("-o zeek a.pcap"), 0);
	assert_int_equal(o.view, OPTIONS_CONNECTIONS);
	assert_refused("handshakes -o zeek", "no format zeek");
	assert_refused("packets -o zeek", "no format zeek");
	assert_refused("report -o zeek", "no format zeek");
	assert_refused("report -o html", "not built yet");
	assert_refused("handshakes -o svg", "no format svg");
	assert_refused("watch -o json", "no format json");
	assert_refused("packets -o xml", "no such format");
	assert_refused("sockets -o zeek", "no format zeek");
	assert_refused("graph a.pcap", "not built yet");
}

static void options_of_sockets(void **state)
{
	(void)state;
	assert_int_equal(parse("sockets state listen port 443 --ipv4 --ipv6 --unix --listen"), 0);
	assert_int_equal(o.view, OPTIONS_SOCKETS);
	assert_string_equal(o.filter, "state listen port 443");
	assert_true(o.ipv4 && o.ipv6 && o.unix_sockets && o.listen && !o.summary && !o.leaks);
	assert_int_equal(parse("sockets -o tsv -v"), 0);
	assert_int_equal(o.format, OPTIONS_TSV);
	assert_int_equal(parse("sockets --leaks -o json --interval 0.5 -c 3"), 0);
	assert_true(o.interval_ns == 500000000 && o.count == 3 && o.leaks);
	assert_refused("sockets -c 3", "needs --interval");
	assert_refused("sockets --duration 3", "needs --interval");
	assert_refused("sockets --interval 0", "--interval wants seconds");
	assert_refused("sockets --leaks -o csv", "--leaks has no format csv");
	assert_refused("sockets --summary -o tsv", "--summary has no format tsv");
	assert_refused("sockets -i eth0", "reads no packets");
	assert_refused("sockets a.pcap", "reads no packets");
	assert_refused("sockets -w a.pcap", "reads no packets");
	assert_refused("sockets -Y tcp", "-Y is not for");
	/* What ss takes otherwise is told, not silently taken as tcpdump's. */
	assert_refused("sockets -x", "for -x --unix");
	assert_refused("sockets -ltnp", "-l does not mean here what it means to ss");
	assert_refused("sockets -p", "-p does not mean");
	assert_refused("sockets -t", "words tcp udp raw");
	assert_refused("sockets -a", "-a -n -p hold always");
	assert_refused("sockets -4", "--ipv4 --ipv6");
	assert_refused("packets -a", "unknown option -a; sockeye --help");
	assert_int_equal(parse("sockets -n"), 0);
	assert_refused("sockets --leaks --summary", "one of them at a time");
	assert_refused("packets --leaks", "--leaks belongs to the view sockets");
	assert_refused("--interval 1", "--interval belongs to the view sockets");
}

static void options_values_are_checked(void **state)
{
	(void)state;
	assert_int_equal(parse("--memory 32M"), 0);
	assert_int_equal(o.memory, 32 << 20);
	assert_int_equal(parse("--memory=1g"), 0);
	assert_int_equal(o.memory, (size_t)1 << 30);
	assert_refused("--memory 1M", "at least 16M");
	assert_refused("--memory 99999999999999999999", "wants a size");
	assert_refused("--memory 17179869184G", "wants a size");
	assert_refused("--memory 32MB", "wants a size");
	assert_refused("-c many", "wants a number");
	assert_refused("-c 0", "wants a number");
	assert_refused("-c -1", "wants a number");
	assert_refused("-s 9999999", "wants a number");
	assert_int_equal(parse("--duration 2.5"), 0);
	assert_int_equal(o.duration_ns, 2500000000);
	assert_refused("--duration 0", "wants seconds");
	assert_refused("--duration 1.x", "wants seconds");
	assert_refused("--headless 120", "WIDTHxHEIGHT");
	assert_refused("--headless 0x10", "WIDTHxHEIGHT");
	assert_refused("--color maybe", "auto, always or never");
	assert_refused("--keys j", "needs --headless");
	assert_refused("packets --headless 80x24", "belongs to the view watch");
	assert_refused("connections -v", "belongs to the view packets");
	assert_refused("report -x", "belongs to the view packets");
	assert_int_equal(parse("--backend native -Q in"), 0);
	assert_int_equal(o.backend, OPTIONS_NATIVE);
	assert_int_equal(o.direction, OPTIONS_IN);
	assert_refused("-Q sideways", "in, out or inout");
	assert_refused("--backend pf_ring", "wants native or libpcap");
	assert_int_equal(parse("--threads 1 --backend libpcap"), 0);
	assert_int_equal(o.backend, OPTIONS_LIBPCAP);
	assert_int_equal(o.threads, 1);
	assert_int_equal(parse("--threads 2"), 0);
	assert_int_equal(o.threads, 2);
	assert_refused("--threads 3", "--threads wants 1 or 2");
	assert_int_equal(parse("packets -i eth0 -i lo -B 4096 -s 96 -p -y EN10MB -vvxSln -Z daemon"), 0);
	assert_int_equal(o.n_interfaces, 2);
	assert_int_equal(o.buffer_kib, 4096);
	assert_int_equal(o.snaplen, 96);
	assert_int_equal(o.verbose, 2);
	assert_true(o.no_promiscuous && o.hex && o.absolute && o.line_buffered);
	assert_string_equal(o.link_type, "EN10MB");
	assert_string_equal(o.user, "daemon");
	assert_int_equal(parse("--privileges"), 0);
	assert_int_equal(o.action, OPTIONS_PRIVILEGES);
}

static void options_what_is_written(void **state)
{
	(void)state;
	assert_int_equal(parse_on(true, "-w x.pcapng a.pcap -v tcp"), 0);
	assert_true(o.only_write);
	assert_string_equal(o.write, "x.pcapng");
	assert_int_equal(parse("packets -w x --write=y"), -EINVAL);
	assert_int_equal(parse("report -w x a.pcap"), 0);
	assert_false(o.only_write);
	assert_int_equal(o.view, OPTIONS_REPORT);
	assert_int_equal(parse_on(true, "-w x --print"), 0);
	assert_false(o.only_write);
	assert_int_equal(o.view, OPTIONS_PACKETS);
	assert_int_equal(parse_on(true, "-w x -o json"), 0);
	assert_false(o.only_write);
	assert_int_equal(parse_on(true, "watch -w x"), 0);
	assert_int_equal(o.view, OPTIONS_WATCH);
	assert_false(o.only_write);
	assert_int_equal(parse("handshakes -U -w - a.pcap"), 0);
	assert_true(o.only_write && o.packet_buffered);
	assert_int_equal(parse("-w x -C 2 -W 10 -G 60"), 0);
	assert_int_equal(o.rotate_bytes, 2000000);
	assert_int_equal(o.rotate_files, 10);
	assert_int_equal(o.rotate_s, 60);
	assert_int_equal(parse("-w x -C 64k"), 0);
	assert_int_equal(o.rotate_bytes, 65536);
	assert_int_equal(parse("-w x -C 3M"), 0);
	assert_int_equal(o.rotate_bytes, 3 << 20);
	assert_refused("-w x -C 0", "-C wants");
	assert_refused("-w x -C 1t", "-C wants");
	assert_refused("-w x -C 1kk", "-C wants");
	assert_refused("-w x -G 0", "wants a number");
	assert_refused("-w x -W 4", "-C SIZE or -G SECONDS");
	assert_refused("-C 1 a.pcap", "belongs to -w");
	assert_refused("-w - -C 1", "name of a file");
	assert_refused("-w - -o json", "standard output for itself");
	assert_refused("-w - --print", "standard output for itself");
	assert_refused("-w - --headless 80x24", "standard output for itself");
}

static void options_replay(void **state)
{
	(void)state;
	assert_int_equal(parse("--replay a.pcap"), 0);
	assert_true(o.replay > 0.999999 && o.replay < 1.000001);
	assert_int_equal(parse("--replay=10x -r a.pcap"), 0);
	assert_true(o.replay > 9.99999 && o.replay < 10.00001);
	assert_int_equal(parse("packets --replay=0.25 --follow a.pcap"), 0);
	assert_true(o.replay > 0.2499999 && o.replay < 0.2500001);
	assert_int_equal(parse("--replay=2.5x a.pcap b.pcap"), 0);
	assert_true(o.replay > 2.4999999 && o.replay < 2.5000001);
	assert_refused("--replay=0 a.pcap", "from 0.001");
	assert_refused("--replay=0.0009 a.pcap", "from 0.001");
	assert_refused("--replay=1000001 a.pcap", "from 0.001");
	assert_refused("--replay=1000000.5 a.pcap", "from 0.001");
	assert_refused("--replay=99999999999999999999999 a.pcap", "from 0.001");
	assert_refused("--replay= a.pcap", "from 0.001");
	assert_refused("--replay=2xx a.pcap", "not \"2xx\"");
	assert_refused("--replay=-1 a.pcap", "from 0.001");
	assert_refused("--replay=nan a.pcap", "from 0.001");
	assert_refused("--replay=max a.pcap", "from 0.001");
	assert_refused("--replay -i eth0", "plays files, not interfaces");
	assert_refused("--replay -i eth0 a.pcap", "plays files");
	assert_refused("--replay", "wants a file");
	assert_int_equal(parse("--replay ./c.pcap"), -ENOENT);
	assert_string_equal(e.text, "./c.pcap: no such file");
	assert_refused("watch --replay --headless 80x24 a.pcap", "--headless");
}

static void options_letters_of_packets(void **state)
{
	(void)state;
	assert_int_equal(parse("--completion=zsh"), 0);
	assert_true(o.action == OPTIONS_COMPLETION && o.shell_zsh);
	assert_refused("--completion=sh", "bash or zsh");
	assert_int_equal(parse("connections -i lo --netns web"), 0);
	assert_string_equal(o.netns, "web");
	assert_false(o.netns_all);
	assert_int_equal(parse("sockets --netns all --summary"), 0);
	assert_true(o.netns_all);
	assert_int_equal(parse("-D --netns all"), 0);
	assert_refused("-i lo --netns all", "a capture is in one network namespace");
	assert_refused("-L --netns all", "a capture is in one network namespace");
	assert_refused("packets --netns web a.pcap", "not to files");
	assert_refused("--netns", "wants a value");
	assert_int_equal(parse("packets -eq#KO -XXttt a.pcap"), 0);
	assert_true(o.link && o.quiet && o.number && o.no_optimize);
	assert_int_equal(o.hex_ascii, 2);
	assert_int_equal(o.times, 3);
	assert_int_equal(o.bytes + o.hex, 0);
	assert_int_equal(parse("packets -AA --number a.pcap"), 0);
	assert_int_equal(o.bytes, 2);
	assert_int_equal(parse("-w x -e -XX -tttt a.pcap"), 0); /* tcpdump takes them, too */
	assert_true(o.only_write);
	assert_int_equal(parse("connections -K -O a.pcap"), 0);
	assert_int_equal(parse("packets -o json -v -S a.pcap"), 0);
	assert_refused("packets -tttttt a.pcap", "five times");
	assert_refused("packets -o json -X a.pcap", "-X belongs to the text of packets, not to json");
	assert_refused("packets -o csv -e a.pcap", "-e belongs to the text");
	assert_refused("packets -v -o tsv -t a.pcap", "-t belongs to the text");
	assert_refused("connections -# a.pcap", "-# belongs to the view packets, not to connections");
	assert_refused("report -v -q a.pcap", "-v belongs to the view packets");
}

static void options_unknown_and_not_built(void **state)
{
	static const char *const later[] = {"--resolve", "--log x"};

	(void)state;
	for (unsigned i = 0; i < sizeof later / sizeof *later; i++)
		assert_refused(later[i], "not built yet");
	assert_refused("--no-such-option", "unknown option --no-such-option");
	assert_refused("--memroy 32M", "did you mean --memory?");
	assert_refused("-k", "unknown option -k");
	assert_refused("-vk", "unknown option -k");
	assert_refused("-c", "wants a value");
	assert_refused("--memory", "wants a value");
	assert_refused("--ascii=yes", "takes no value");
	assert_refused("--\x1b[31m", "\\x1b");
}

static void options_actions(void **state)
{
	(void)state;
	assert_int_equal(parse("--help"), 0);
	assert_int_equal(o.action, OPTIONS_HELP);
	assert_int_equal(parse("--version"), 0);
	assert_int_equal(o.action, OPTIONS_VERSION);
	assert_int_equal(parse("-D"), 0);
	assert_int_equal(o.action, OPTIONS_INTERFACES);
	assert_int_equal(parse("--list-keys"), 0);
	assert_int_equal(o.action, OPTIONS_KEYS);
	assert_int_equal(parse("--list-fields"), 0);
	assert_int_equal(o.action, OPTIONS_FIELDS);
	assert_int_equal(parse("packets a.pcap -Y port:443"), 0);
	assert_string_equal(o.display_filter, "port:443");
	assert_refused("-Y", "wants a value");
}

static void options_help_has_what_is_built_only(void **state)
{
	char text[16384];
	FILE *f = fmemopen(text, sizeof text, "w");

	(void)state;
	assert_non_null(f);
	options_help(f);
	assert_int_equal(fclose(f), 0);
	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		char name[64];

		assert_int_not_equal(options_rows[i].letter, 0); /* the table is as long as it says */
		if (!options_rows[i].name)
			continue;
		(void)snprintf(name, sizeof name, "--%s", options_rows[i].name);
		if (options_rows[i].built)
			assert_non_null(strstr(text, name));
		else if (strcmp(options_rows[i].name, "number") != 0)
			assert_null(strstr(text, name));
	}
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_words_are_view_files_filter),
		cmocka_unit_test(options_default_view),
		cmocka_unit_test(options_table_of_views_and_formats),
		cmocka_unit_test(options_of_sockets),
		cmocka_unit_test(options_values_are_checked),
		cmocka_unit_test(options_what_is_written),
		cmocka_unit_test(options_letters_of_packets),
		cmocka_unit_test(options_replay),
		cmocka_unit_test(options_unknown_and_not_built),
		cmocka_unit_test(options_actions),
		cmocka_unit_test(options_help_has_what_is_built_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
