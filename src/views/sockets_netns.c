/* Which network namespace the sockets are of: told before them, where one was asked for. */
#include "sockets.h"

#include <string.h>

#include "sockeye/clock.h"

const char *sockets_netns_label(const struct sockets_view *v, const struct socket_table *t, char out[SOCKETS_LABEL])
{
	struct text to;

	text_init(&to, out, SOCKETS_LABEL);
	if (t->netns)
		socket_netns_label(&to, t->netns, v->o.ascii);
	return out;
}

/* Namespace web: inode 4026532281, 12 processes, nginx[901] the first, 3 interfaces */
static void text_netns(struct sockets_view *v, const struct socket_table *t)
{
	const struct socket_netns *n = t->netns;
	char line[SOCKETS_LABEL + 400], time[32] = "";
	struct text to;

	if (v->o.repeats)
		clock_of_day(t->at_ns, 3, time);
	text_init(&to, line, sizeof line);
	text_format(&to, "%sNamespace ", v->tables > 1 ? "\n" : "");
	socket_netns_label(&to, n, v->o.ascii);
	if (time[0])
		text_format(&to, " at %s", time);
	text_put(&to, ": ");
	if (n->name[0])
		text_format(&to, "inode %llu, ", (unsigned long long)n->inode);
	if (n->processes == 0)
		text_put(&to, "no process to be seen");
	else
		text_format(&to, "%u process%s, ", n->processes, n->processes == 1 ? "" : "es");
	if (n->processes > 0) {
		text_foreign(&to, n->comm, strlen(n->comm), v->o.ascii);
		text_format(&to, "[%d]%s", n->pid, n->processes == 1 ? "" : " the first");
	}
	text_format(&to, ", %u interface%s\n", t->n_interfaces, t->n_interfaces == 1 ? "" : "s");
	out_text(&v->out, line);
	v->headed = false;
}

static void json_netns(struct sockets_view *v, const struct socket_table *t)
{
	const struct socket_netns *n = t->netns;
	struct json j;

	json_begin(&j, &v->out, "netns", 9);
	sockets_json_of(v, &j, t);
	json_key(&j, "inode");
	json_u64(&j, n->inode);
	json_key(&j, "own");
	json_bool(&j, n->own);
	/* Whoever asks is in its own: of none seen there it is not known how many there are. */
	if (n->processes > 0 || !n->own) {
		json_key(&j, "processes");
		json_u64(&j, n->processes);
	}
	if (n->processes > 0) {
		json_key(&j, "pid");
		json_u64(&j, (uint64_t)n->pid);
		json_key(&j, "comm");
		json_foreign(&j, n->comm, strlen(n->comm));
	}
	json_key(&j, "interfaces");
	json_u64(&j, t->n_interfaces);
	json_end(&j);
}

void sockets_netns(struct sockets_view *v, const struct socket_table *t)
{
	if (v->o.format == VIEW_TEXT)
		text_netns(v, t);
	else if (v->o.format == VIEW_JSON)
		json_netns(v, t);
}
