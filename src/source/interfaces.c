/* The list of interfaces (-D), and what libpcap this is.
 *
 * The lines are those of tcpdump -D: number, name, description, state.
 */
#include <errno.h>
#include <stddef.h>

#include "sockeye/source.h"

#if SOCKEYE_LIVE

#include <pcap/pcap.h>
#include <string.h>

#include "sockeye/text.h"

/* Of a cable or of a radio; NULL: there is nothing to say. */
static const char *interface_connection(bpf_u_int32 flags, bool wireless)
{
	switch (flags & PCAP_IF_CONNECTION_STATUS) {
	case PCAP_IF_CONNECTION_STATUS_UNKNOWN:
		return wireless ? "Association status unknown" : NULL;
	case PCAP_IF_CONNECTION_STATUS_CONNECTED:
		return wireless ? "Associated" : "Connected";
	case PCAP_IF_CONNECTION_STATUS_DISCONNECTED:
		return wireless ? "Not associated" : "Disconnected";
	default:
		return NULL;
	}
}

static void interface_state(struct text *t, const pcap_if_t *i)
{
	const bool wireless = (i->flags & PCAP_IF_WIRELESS) != 0;
	const char *before = "", *status;

	if (i->flags == 0)
		return;
	text_put(t, " [");
	if (i->flags & PCAP_IF_UP) {
		text_put(t, "Up");
		before = ", ";
	}
	if (i->flags & PCAP_IF_RUNNING) {
		text_put(t, before);
		text_put(t, "Running");
		before = ", ";
	}
	if (i->flags & PCAP_IF_LOOPBACK) {
		text_put(t, before);
		text_put(t, "Loopback");
		before = ", ";
	}
	if (wireless) {
		text_put(t, before);
		text_put(t, "Wireless");
		before = ", ";
	}
	status = interface_connection(i->flags, wireless);
	if (status) {
		text_put(t, before);
		text_put(t, status);
		before = ", ";
	}
	if (before[0] == '\0')
		text_put(t, "none");
	text_put(t, "]");
}

int source_list_interfaces(void (*line)(void *arg, const char *text), void *arg, struct error *e)
{
	char errors[PCAP_ERRBUF_SIZE] = "", buffer[512];
	pcap_if_t *all = NULL;
	unsigned number = 0;
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (pcap_findalldevs(&all, errors) != 0) {
		text_foreign(&t, errors, strlen(errors), false);
		return error_set(e, EIO, "the interfaces cannot be listed: %s", buffer);
	}
	for (const pcap_if_t *i = all; i; i = i->next) {
		text_reset(&t);
		text_u64(&t, ++number);
		text_char(&t, '.');
		text_foreign(&t, i->name, strlen(i->name), false);
		if (i->description) {
			text_put(&t, " (");
			text_foreign(&t, i->description, strlen(i->description), false);
			text_put(&t, ")");
		}
		interface_state(&t, i);
		line(arg, buffer);
	}
	pcap_freealldevs(all);
	return 0;
}

bool source_has_live(void)
{
	return true;
}

const char *source_libpcap_version(void)
{
	return pcap_lib_version();
}

#else

int source_list_interfaces(void (*line)(void *arg, const char *text), void *arg, struct error *e)
{
	(void)line;
	(void)arg;
	return error_set(e, ENOTSUP, "interfaces are listed by libpcap, and this program was built without it");
}

bool source_has_live(void)
{
	return false;
}

const char *source_libpcap_version(void)
{
	return NULL;
}

#endif
