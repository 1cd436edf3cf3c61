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

#include "packet_socket.h"
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

/* Of a handle; freed by libpcap. */
static int link_types_of(pcap_t *p, const char *title, void (*line)(void *arg, const char *text), void *arg,
			 struct error *e)
{
	char buffer[256];
	struct text t;
	int *list = NULL, n = pcap_list_datalinks(p, &list);

	text_init(&t, buffer, sizeof buffer);
	if (n < 0)
		return error_set(e, EIO, "%s: its link types cannot be listed: %s", title, pcap_geterr(p));
	text_format(&t, "Data link types for %s (use option -y to set):", title);
	line(arg, buffer);
	for (int i = 0; i < n; i++) {
		const char *name = pcap_datalink_val_to_name(list[i]);
		const char *says = pcap_datalink_val_to_description(list[i]);

		text_reset(&t);
		text_format(&t, "  %s (%s)", name ? name : "DLT", says ? says : "not named");
		line(arg, buffer);
	}
	pcap_free_datalinks(list);
	return 0;
}

int source_list_link_types(const char *interface, void (*line)(void *arg, const char *text), void *arg,
			   struct error *e)
{
	char errors[PCAP_ERRBUF_SIZE] = "", title[64], why[200];
	pcap_t *p = pcap_create(interface, errors);
	struct text t;
	int rc;

	text_init(&t, title, sizeof title);
	text_foreign(&t, interface, strlen(interface), false);
	text_init(&t, why, sizeof why);
	if (!p) {
		text_foreign(&t, errors, strlen(errors), false);
		return error_set(e, ENODEV, "%s: cannot capture: %s", title, why);
	}
	rc = pcap_activate(p);
	if (rc == PCAP_ERROR_PERM_DENIED || rc == PCAP_ERROR_PROMISC_PERM_DENIED) {
		rc = capture_no_right(title, e);
	} else if (rc == PCAP_ERROR_NO_SUCH_DEVICE) {
		rc = error_set(e, ENODEV, "%s: no such interface (sockeye -D lists them)", title);
	} else if (rc < 0) {
		text_foreign(&t, pcap_geterr(p), strlen(pcap_geterr(p)), false);
		rc = error_set(e, EIO, "%s: cannot capture: %s", title, why[0] ? why : pcap_statustostr(rc));
	} else {
		rc = link_types_of(p, title, line, arg, e);
	}
	pcap_close(p);
	return rc;
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

int source_list_link_types(const char *interface, void (*line)(void *arg, const char *text), void *arg,
			   struct error *e)
{
	(void)interface;
	(void)line;
	(void)arg;
	return error_set(e, ENOTSUP, "link types are listed by libpcap, and this program was built without it");
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
