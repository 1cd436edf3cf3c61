/* The order of groups, and of the sockets in one.
 *
 * Groups stand by their class; in it, and among the sockets of a group, by what is
 * sorted by, else by where they are: listeners by port, programs by name, who waits
 * longest first.
 */
#include <string.h>

#include "sockets.h"

static uint32_t process_of(const struct socket_table *t, const struct socket_record *r)
{
	return r->owners > 0 ? t->owners[r->owner].process : SOCKET_NONE;
}

uint64_t sockets_weight(const struct sockets_look *s, const struct socket_record *r)
{
	switch (s->sort) {
	case SORT_RECEIVE: return r->receive_queue;
	case SORT_SEND: return r->state == SOCKET_LISTEN ? 0 : r->send_queue;
	case SORT_RTT: return r->has & SOCKET_HAS_TCP ? r->tcp.rtt_us : 0;
	default: return 0;
	}
}

static int number_order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int process_order(const struct socket_table *t, uint32_t a, uint32_t b)
{
	int c;

	if (a == SOCKET_NONE || b == SOCKET_NONE)
		return number_order(a == SOCKET_NONE, b == SOCKET_NONE);
	c = strcmp(t->processes[a].comm, t->processes[b].comm);
	return c ? c : number_order((uint64_t)t->processes[a].pid, (uint64_t)t->processes[b].pid);
}

static int name_order(const struct socket_record *a, const struct socket_record *b)
{
	const uint8_t n = a->un.name_len < b->un.name_len ? a->un.name_len : b->un.name_len;
	int c = memcmp(a->un.name, b->un.name, n);

	return c ? c : number_order(a->un.name_len, b->un.name_len);
}

/* Where it stands unless sorted otherwise: who waits longest, who comes, then by its ends. */
static int place_order(const struct socket_record *a, const struct socket_record *b)
{
	int c = number_order(!a->waiting, !b->waiting);

	if (c == 0 && a->waiting)
		c = number_order(b->tcp.last_sent_ms, a->tcp.last_sent_ms);
	if (c == 0)
		c = number_order(a->state != SOCKET_SYN_RECEIVED, b->state != SOCKET_SYN_RECEIVED);
	if (c == 0 && a->family <= SOCKET_INET6 && b->family <= SOCKET_INET6) {
		c = tuple_compare_endpoint(&a->remote, &b->remote);
		c = c ? c : tuple_compare_endpoint(&a->local, &b->local);
	}
	if (c == 0)
		c = number_order(a->inode, b->inode);
	return c ? c : number_order(a->cookie, b->cookie);
}

int sockets_child_order(const void *one, const void *other, void *arg)
{
	const struct sockets_look *s = arg;
	const struct socket_record *a = &s->table->sockets[*(const uint32_t *)one], *b = &s->table->sockets[*(const uint32_t *)other];
	int c = 0;

	switch (s->sort) {
	case SORT_RECEIVE: case SORT_SEND: case SORT_RTT:
		c = number_order(sockets_weight(s, b), sockets_weight(s, a));
		break;
	case SORT_OWNER:
		c = process_order(s->table, process_of(s->table, a), process_of(s->table, b));
		break;
	case SORT_STATE:
		c = number_order(a->state, b->state);
		break;
	default:
		break;
	}
	c = s->reversed ? -c : c;
	return c ? c : s->reversed && s->sort == SORT_PLACE ? -place_order(a, b) : place_order(a, b);
}

int sockets_group_order(const void *one, const void *other, void *arg)
{
	const struct sockets_look *s = arg;
	const struct socket_table *t = s->table;
	const struct sockets_group *a = one, *b = other;
	const struct socket_record *x = &t->sockets[a->example], *y = &t->sockets[b->example];
	int c = number_order(a->class, b->class), turned = s->reversed ? -1 : 1;

	if (c != 0)
		return c;
	c = number_order(b->weight, a->weight);
	if (c == 0 && s->sort == SORT_OWNER && a->head != SOCKET_NONE && b->head != SOCKET_NONE)
		c = process_order(t, process_of(t, &t->sockets[a->head]), process_of(t, &t->sockets[b->head]));
	if (c != 0)
		return c * turned;
	switch ((enum sockets_class)a->class) {
	case CLASS_LISTENER:
		x = &t->sockets[a->head];
		y = &t->sockets[b->head];
		c = number_order(x->local.port, y->local.port);
		c = c ? c : tuple_compare_endpoint(&x->local, &y->local);
		break;
	case CLASS_CLIENT:
	case CLASS_PROCESS:
		c = process_order(t, a->process, b->process);
		break;
	case CLASS_UNIX:
		c = name_order(x, y);
		break;
	case CLASS_STATE:
		c = number_order(x->state, y->state);
		break;
	default:
		c = number_order(x->family, y->family);
		c = c ? c : number_order(x->proto, y->proto);
		break;
	}
	c = s->sort == SORT_PLACE ? c * turned : c;
	return c ? c : number_order(a->id, b->id);
}
