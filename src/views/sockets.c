/* The view of sockets: which are written, in which order, in which format.
 *
 * The order is the text's: listeners, each with its children, those that wait
 * first; then connections by program; then what has no holder; then all else.
 */
#include "sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sockets_view_open(struct sockets_view **out, const struct sockets_view_options *o, struct error *e)
{
	struct sockets_view *v = calloc(1, sizeof *v);

	*out = v;
	if (!v)
		return error_set(e, ENOMEM, "no memory for the view of sockets");
	v->o = *o;
	out_init(&v->out, o->fd, o->ascii);
	return 0;
}

void sockets_view_free(struct sockets_view *v)
{
	free(v);
}

bool sockets_shown(const struct sockets_view *v, const struct socket_table *t, const struct socket_record *s)
{
	return (!v->o.only_listen || s->state == SOCKET_LISTEN) && sockets_words_fit(v->o.words, t, s);
}

enum socket_part sockets_part(const struct socket_record *s)
{
	switch (s->family) {
	case SOCKET_UNIX:
		return s->un.name_len > 0 ? PART_NAMED : PART_NAMELESS;
	case SOCKET_PACKET:
		return PART_SNIFFERS;
	case SOCKET_NETLINK:
		return PART_NETLINK;
	default:
		break;
	}
	if (s->proto == SOCKET_PROTO_RAW)
		return PART_SNIFFERS;
	if (s->proto != PROTO_TCP)
		return PART_DATAGRAMS;
	if (s->state == SOCKET_LISTEN || s->listener != SOCKET_NONE)
		return PART_LISTENERS;
	return s->owners > 0 ? PART_CLIENTS : PART_NOBODYS;
}

/* ---- order --------------------------------------------------------------------------------- */

static int order_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Listeners by port; below each who waits, the longest first, then who comes, then all others. */
static int order_children(const struct socket_table *t, const struct socket_record *a, const struct socket_record *b)
{
	const struct socket_record *la = a->state == SOCKET_LISTEN ? a : &t->sockets[a->listener];
	const struct socket_record *lb = b->state == SOCKET_LISTEN ? b : &t->sockets[b->listener];
	int c;

	if (la != lb) {
		c = order_numbers(la->local.port, lb->local.port);
		return c ? c : order_numbers((uint64_t)(la - t->sockets), (uint64_t)(lb - t->sockets));
	}
	if ((c = order_numbers(a->state != SOCKET_LISTEN, b->state != SOCKET_LISTEN)) != 0 ||
	    (c = order_numbers(!a->waiting, !b->waiting)) != 0)
		return c;
	if (a->waiting && (c = order_numbers(b->tcp.last_sent_ms, a->tcp.last_sent_ms)) != 0)
		return c;
	if ((c = order_numbers(a->state != SOCKET_SYN_RECEIVED, b->state != SOCKET_SYN_RECEIVED)) != 0)
		return c;
	return tuple_compare_endpoint(&a->remote, &b->remote);
}

static const struct process *order_process(const struct socket_table *t, const struct socket_record *s)
{
	return s->owners > 0 ? &t->processes[t->owners[s->owner].process] : NULL;
}

static int order_owners(const struct socket_table *t, const struct socket_record *a, const struct socket_record *b)
{
	const struct process *p = order_process(t, a), *q = order_process(t, b);
	int c;

	if (!p || !q)
		return order_numbers(p == NULL, q == NULL);
	c = strcmp(p->comm, q->comm);
	return c ? c : order_numbers((uint64_t)p->pid, (uint64_t)q->pid);
}

static int order_names(const struct socket_record *a, const struct socket_record *b)
{
	const uint8_t n = a->un.name_len < b->un.name_len ? a->un.name_len : b->un.name_len;
	int c = memcmp(a->un.name, b->un.name, n);

	if (c == 0)
		c = order_numbers(a->un.name_len, b->un.name_len);
	return c ? c : order_numbers(a->state != SOCKET_LISTEN, b->state != SOCKET_LISTEN);
}

static int order(const void *one, const void *other, void *arg)
{
	const struct socket_table *t = arg;
	const struct socket_record *a = &t->sockets[*(const uint32_t *)one], *b = &t->sockets[*(const uint32_t *)other];
	enum socket_part part = sockets_part(a);
	int c = order_numbers(part, sockets_part(b));

	if (c == 0 && part == PART_LISTENERS)
		c = order_children(t, a, b);
	else if (c == 0 && part == PART_NAMED)
		c = order_names(a, b);
	else if (c == 0 && (part == PART_CLIENTS || part == PART_NAMELESS))
		c = order_owners(t, a, b);
	else if (c == 0 && part == PART_NOBODYS)
		c = order_numbers(a->state, b->state);
	if (c == 0 && a->family <= SOCKET_INET6 && b->family <= SOCKET_INET6) {
		c = order_numbers(a->local.port, b->local.port);
		c = c ? c : tuple_compare_endpoint(&a->local, &b->local);
		c = c ? c : tuple_compare_endpoint(&a->remote, &b->remote);
	}
	if (c == 0)
		c = order_numbers(a->inode, b->inode);
	return c ? c : order_numbers(a->cookie, b->cookie);
}

static int view_order(struct sockets_view *v, const struct socket_table *t)
{
	v->order = malloc((t->n_sockets + 1) * sizeof *v->order);
	v->n = 0;
	if (!v->order)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n_sockets; i++) {
		const struct socket_record *s = &t->sockets[i];

		if (sockets_shown(v, t, s) || (s->waiting && sockets_shown(v, t, &t->sockets[s->listener])))
			v->order[v->n++] = i;
	}
	qsort_r(v->order, v->n, sizeof *v->order, order, (void *)t);
	return 0;
}

/* ---- growth ---------------------------------------------------------------------------------- */

void sockets_grow(struct sockets_view *v, const struct socket_table *t)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < v->n_growing; i++)
		v->growing[i].seen = false;
	for (uint32_t i = 0; i < t->n_processes; i++) {
		const struct process *p = &t->processes[i];
		struct growing *g = NULL;

		for (uint32_t k = 0; k < v->n_growing && !g; k++)
			if (v->growing[k].pid == p->pid && v->growing[k].started == p->started)
				g = &v->growing[k];
		if (!g && v->n_growing == SOCKETS_GROWING) {
			v->growing_forgotten++;
			continue;
		}
		if (!g) {
			g = &v->growing[v->n_growing++];
			*g = (struct growing){.pid = p->pid, .started = p->started, .first = p->descriptors, .last = p->descriptors};
		}
		if (p->descriptors < g->last) { /* it gave some back: begin anew */
			g->first = p->descriptors;
			g->looks = 0;
		}
		g->last = p->descriptors;
		g->looks++;
		g->seen = true;
	}
	for (uint32_t i = 0; i < v->n_growing; i++) /* who has ended is no more */
		if (v->growing[i].seen)
			v->growing[kept++] = v->growing[i];
	v->n_growing = kept;
}

int sockets_view_write(struct sockets_view *v, const struct socket_table *t)
{
	int rc = view_order(v, t);

	if (rc < 0)
		return rc;
	v->tables++;
	if (sockets_all_processes(t))
		sockets_grow(v, t);
	if (t->netns)
		sockets_netns(v, t);
	if (v->o.leaks)
		sockets_leaks(v, t);
	else if (v->o.summary)
		sockets_summary(v, t);
	else if (v->o.format == VIEW_JSON)
		sockets_json(v, t);
	else if (v->o.format == VIEW_TEXT)
		sockets_text(v, t);
	else
		sockets_csv(v, t);
	free(v->order);
	v->order = NULL;
	return out_flush(&v->out);
}
