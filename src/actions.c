/* --version, -D, -L, --list-keys and --list-fields. */
#include "actions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "opening.h"
#include "say.h"
#include "sockeye/dissector.h"
#include "sockeye/filter.h"
#include "sockeye/flow.h"
#include "sockeye/host_bpf.h"
#include "sockeye/source.h"
#if SOCKEYE_TUI
#include "sockeye/tui.h"
#endif

int action_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return EXIT_COMPLETE;
	say("standard output cannot be written: %s", strerror(errno));
	return EXIT_INCOMPLETE;
}

int action_version(void)
{
	printf("sockeye %s\n", SOCKEYE_VERSION);
	if (source_has_live())
		printf("live capture and BPF filters: %s\n", source_libpcap_version());
	else
		printf("live capture and BPF filters: not built in\n");
	printf("capture: native ring%s\n", source_has_live() ? ", libpcap" : "");
	printf("screen: %s\n", SOCKEYE_TUI ? "ncurses" : "not built in");
	printf("compressed IP payloads: %s%s\n", dissect_zlib() ? "zlib " : "not built in",
	       dissect_zlib() ? dissect_zlib() : "");
	printf("multipath TCP tied together: %s\n", flow_token_library() ? flow_token_library() : "not built in");
	printf("owners of short connections: %s\n", host_bpf_missing() ? "not built in" : "BPF, by libbpf where it is installed");
	printf("capture files: pcap, pcapng\n");
	printf("compressed files: %s%s%s%s\n", source_inflate("gzip") ? "gzip, zlib " : "gzip not built in",
	       source_inflate("gzip") ? source_inflate("gzip") : "",
	       source_inflate("zstd") ? "; zstd, libzstd " : "; zstd not built in",
	       source_inflate("zstd") ? source_inflate("zstd") : "");
	printf("views: %spackets, handshakes, connections, report, sockets\n", SOCKEYE_TUI ? "watch, " : "");
	printf("formats: text, json, csv, tsv, zeek\n");
	printf("protocols:");
	for (const struct dissector *const *d = dissect_list(); *d; d++)
		printf(" %s", (*d)->name);
	printf("\n");
	return action_finish(EXIT_COMPLETE);
}

static void interface_line(void *arg, const char *text)
{
	(void)fprintf(arg, "%s\n", text);
}

int action_interfaces(void)
{
	struct error e = {""};

	if (source_list_interfaces(interface_line, stdout, &e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	return action_finish(EXIT_COMPLETE);
}

int action_link_types(const struct options *o)
{
	struct error e = {""};

	if (source_list_link_types(o->n_interfaces ? o->interfaces[0] : "any", interface_line, stdout, &e) < 0) {
		opening_say(o, &e);
		return EXIT_CANNOT;
	}
	return action_finish(EXIT_COMPLETE);
}

int action_keys(void)
{
#if SOCKEYE_TUI
	tui_list_keys(stdout);
	return action_finish(EXIT_COMPLETE);
#else
	say("this program was built without its screen: there are no keys");
	return EXIT_CANNOT;
#endif
}

/* One name a line: where it can be asked, its type, what it means. */
int action_fields(void)
{
	struct filter_field f;

	printf("%-44s %-14s %-17s %s\n", "NAME", "ASKED OF", "TYPE", "MEANING");
	for (unsigned i = 0; filter_field(i, &f); i++)
		if (!f.again)
			printf("%-44s %-14s %-17s %s\n", f.name,
			       f.flows && f.packets ? "flows packets" : f.flows ? "flows" : "packets", f.type, f.meaning);
	return action_finish(EXIT_COMPLETE);
}
