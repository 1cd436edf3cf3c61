/* The options of the view sockets, which reads no packets, --netns, and seconds of any option. */
#include "options_sockets.h"

#include <errno.h>

#include "options_table.h"
#include "options_values.h"

int options_seconds(const char *option, const char *s, int64_t *out, struct error *e)
{
	uint64_t seconds = 0, fraction = 0;
	const char *end;
	char w[128];

	if (!number(s, 1000000000, &seconds, &end))
		goto bad;
	if (*end == '.') {
		uint64_t scale = 100000000;

		for (end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
			fraction += (uint64_t)(*end - '0') * scale;
	}
	if (*end || (seconds == 0 && fraction == 0))
		goto bad;
	*out = (int64_t)(seconds * 1000000000 + fraction);
	return 0;
bad:
	return error_set(e, EINVAL, "%s wants seconds such as 10 or 2.5, not \"%s\"", option, word(w, s));
}

int options_apply_sockets(struct options *o, int letter, const char *value, struct error *e)
{
	switch (letter) {
	case LONG_INTERVAL:
		return options_seconds("--interval", value, &o->interval_ns, e);
	case LONG_IPV4:
		o->ipv4 = true;
		return 0;
	case LONG_IPV6:
		o->ipv6 = true;
		return 0;
	case LONG_UNIX:
		o->unix_sockets = true;
		return 0;
	case LONG_LISTEN:
		o->listen = true;
		return 0;
	case LONG_SUMMARY:
		o->summary = true;
		return 0;
	default: /* LONG_LEAKS */
		o->leaks = true;
		return 0;
	}
}

int options_not_as_ss(int letter, struct error *e)
{
	return error_set(e, EINVAL, "-%c does not mean here what it means to ss: for its -l there is --listen, for -t -u -w the "
			 "words tcp udp raw, for -x --unix, for -4 -6 --ipv4 --ipv6; -a -n -p hold always: "
			 "sockeye sockets --listen tcp", letter);
}

int options_check_sockets(const struct options *o, const char *format, struct error *e)
{
	if (o->view != OPTIONS_SOCKETS) {
		const char *option = o->ipv4 ? "--ipv4" : o->ipv6 ? "--ipv6" : o->unix_sockets ? "--unix" : o->listen ? "--listen" :
				     o->summary ? "--summary" : o->leaks ? "--leaks" : o->interval_ns > 0 ? "--interval" : NULL;

		return !option ? 0 : error_set(e, EINVAL, "%s belongs to the view sockets, not to %s: sockeye sockets %s", option,
					       options_views[o->view], option);
	}
	if (o->line_buffered || o->no_promiscuous || o->times || o->hex)
		return options_not_as_ss(o->line_buffered ? 'l' : o->no_promiscuous ? 'p' : o->times ? 't' : 'x', e);
	if (o->n_files > 0 || o->n_interfaces > 0 || o->write || o->filter_file)
		return error_set(e, EINVAL, "the view sockets asks the kernel and reads no packets: %s does not belong to it",
				 o->n_files ? "a file" : o->n_interfaces ? "-i" : o->write ? "-w" : "-F");
	if (o->display_filter)
		return error_set(e, EINVAL, "-Y is not for the view sockets; its words are: sockeye sockets state established port 443");
	if (o->summary && o->leaks)
		return error_set(e, EINVAL, "--summary and --leaks are two answers: one of them at a time");
	if ((o->summary || o->leaks) && o->format != OPTIONS_TEXT && o->format != OPTIONS_JSON)
		return error_set(e, EINVAL, "%s has no format %s, but text and json", o->leaks ? "--leaks" : "--summary",
				 format);
	if (o->interval_ns == 0 && (o->count > 0 || o->duration_ns > 0))
		return error_set(e, EINVAL, "%s of the view sockets needs --interval SECONDS", o->count ? "-c" : "--duration");
	return 0;
}

int options_check_netns(const struct options *o, struct error *e)
{
	const bool run = o->action == OPTIONS_RUN;

	if (!o->netns || (!run && o->action != OPTIONS_INTERFACES && o->action != OPTIONS_LINK_TYPES))
		return 0;
	if (run && o->n_files > 0 && o->n_interfaces == 0)
		return error_set(e, EINVAL, "--netns belongs to interfaces and to the view sockets, not to files");
	if (o->netns_all && o->action != OPTIONS_INTERFACES && !(run && o->view == OPTIONS_SOCKETS))
		return error_set(e, EINVAL, "--netns all belongs to the view sockets and to -D: a capture is in one network namespace, "
				 "--netns NAME or PID; sockeye sockets --netns all --summary lists them");
	return 0;
}
