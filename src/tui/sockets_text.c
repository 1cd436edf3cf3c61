/* A row of the Sockets screen in words: what it is, who holds it, what is to be said of it.
 *
 * The list draws these, find looks in them, the message row names the selected one by them.
 */
#include <string.h>
#include <sys/socket.h>

#include "look.h"
#include "sockeye/clock.h"
#include "sockets.h"
#include "words.h"

enum { NOTE_UNREAD_MS = 5000 }; /* bytes that lie longer are told, as sockets --leaks has it */

/* ---- what it is ------------------------------------------------------------------------------- */

const char *sockets_glyph(const struct socket_record *r, enum role *role)
{
	const bool tcp = r->family <= SOCKET_INET6 && r->proto == PROTO_TCP;

	*role = ROLE_TEXT;
	if (!tcp) {
		*role = r->state == SOCKET_ESTABLISHED ? ROLE_GOOD : ROLE_TEXT;
		return r->state == SOCKET_LISTEN ? "▸" : "●";
	}
	switch (r->state) {
	case SOCKET_ESTABLISHED:
		*role = r->waiting ? ROLE_WARN : ROLE_GOOD;
		return r->waiting ? "◐" : "●";
	case SOCKET_SYN_SENT: case SOCKET_SYN_RECEIVED: case SOCKET_NEW_SYN_RECEIVED:
		*role = ROLE_OPENING;
		return "◐";
	case SOCKET_CLOSE_WAIT:
		*role = ROLE_CLOSING;
		return "◍";
	case SOCKET_FIN_WAIT1: case SOCKET_FIN_WAIT2: case SOCKET_LAST_ACK: case SOCKET_CLOSING:
		*role = ROLE_CLOSING;
		return "◍";
	case SOCKET_LISTEN:
		return "▸";
	default:
		*role = ROLE_DIM;
		return "○";
	}
}

/* As administrators write them: ESTAB, CLOSE-WAIT. */
static const char *state_short(const struct socket_record *r)
{
	static const char *const words[SOCKET_STATES] = {
		"?", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT", "LAST-ACK",
		"LISTEN", "CLOSING", "SYN-RECV", "BOUND",
	};

	return words[r->state < SOCKET_STATES ? r->state : 0];
}

static void put_local(struct text *t, const struct endpoint *e, bool brief)
{
	static const struct address any;

	if (brief && e->has_port && memcmp(&e->ip, &any, sizeof any) == 0)
		text_format(t, ":%u", e->port);
	else
		socket_endpoint(t, e);
}

static void put_name(struct text *t, const struct socket_record *r, bool ascii)
{
	if (r->un.name_len > 0 && r->un.name[0] != '\0')
		text_foreign(t, r->un.name, strnlen(r->un.name, r->un.name_len), ascii);
	else
		socket_name(t, r, ascii);
}

static void put_process(struct text *t, const struct process *p, bool ascii)
{
	text_foreign(t, p->comm, strlen(p->comm), ascii);
	text_format(t, " %d", p->pid);
}

static void group_title(struct text *t, const struct sockets_look *s, const struct sockets_group *g, bool brief, bool ascii)
{
	const struct socket_table *table = s->table;
	const struct socket_record *r = &table->sockets[g->head != SOCKET_NONE ? g->head : g->example];

	switch ((enum sockets_class)g->class) {
	case CLASS_LISTENER:
		text_put(t, brief ? "L " : "LISTEN ");
		put_local(t, &r->local, brief);
		text_put(t, brief ? "" : r->family == SOCKET_INET6 && !r->mapped ? " tcp6" : " tcp");
		break;
	case CLASS_CLIENT:
	case CLASS_PROCESS:
		text_put(t, g->class == CLASS_CLIENT ? "CLIENT " : "");
		put_process(t, &table->processes[g->process], ascii);
		break;
	case CLASS_UNIX:
		text_put(t, "UNIX ");
		put_name(t, r, ascii);
		break;
	case CLASS_STATE:
		text_put(t, socket_state_word(r));
		text_put(t, r->waiting ? ", waiting for accept()" : "");
		break;
	case CLASS_KIND:
		text_format(t, "%s %s", socket_family_word(r), socket_proto_word(r));
		break;
	default:
		text_put(t, g->class == CLASS_NOBODY ? "NO PROGRAM" : g->class == CLASS_DATAGRAM ? "UDP"
			    : g->class == CLASS_NAMELESS ? "UNIX without a name" : g->class == CLASS_SNIFFER ? "RAW/PACKET" : "NETLINK");
		break;
	}
}

static void packet_title(struct text *t, const struct sockets_look *s, const struct socket_record *r, bool ascii)
{
	const char *name = socket_interface_name(s->table, r->interface), *frames = socket_frames_word(r->packet.protocol);

	if (frames)
		text_put(t, frames);
	else
		text_format(t, "frames 0x%04x", r->packet.protocol);
	text_put(t, r->interface == 0 ? " of all interfaces" : " of ");
	if (r->interface != 0 && name)
		text_foreign(t, name, strlen(name), ascii);
	else if (r->interface != 0)
		text_format(t, "interface %u", r->interface);
}

/* among: what its group says already is left out; CLASSES: nothing. */
static void socket_title(struct text *t, const struct sockets_look *s, const struct sockets_row *row,
			 enum sockets_class among, bool brief, bool ascii)
{
	const struct socket_record *r = &s->table->sockets[row->place];

	if (r->family == SOCKET_UNIX) {
		text_put(t, socket_proto_word(r));
		if (among != CLASS_UNIX && r->un.name_len > 0) {
			text_char(t, ' ');
			put_name(t, r, ascii);
		} else {
			text_format(t, " #%llu", (unsigned long long)r->inode);
		}
		return;
	}
	if (r->family == SOCKET_PACKET) {
		packet_title(t, s, r, ascii);
		return;
	}
	if (r->family == SOCKET_NETLINK) {
		text_format(t, "%s port %u", socket_proto_word(r), r->netlink.portid);
		return;
	}
	if (r->proto == SOCKET_PROTO_RAW)
		text_format(t, "raw %u ", r->raw_protocol);
	else if (r->proto != PROTO_TCP && among != CLASS_DATAGRAM)
		text_format(t, "%s ", socket_proto_word(r));
	else if (r->proto == PROTO_TCP && (!brief || (r->state != SOCKET_ESTABLISHED && among != CLASS_LISTENER && among != CLASS_NOBODY)))
		text_format(t, "%s ", state_short(r));
	if (among == CLASS_LISTENER) {
		socket_endpoint(t, &r->remote);
		return;
	}
	if ((among == CLASS_CLIENT || (brief && among == CLASS_NOBODY)) && r->local.has_port && r->remote.family != FAMILY_NONE)
		text_format(t, ":%u", r->local.port); /* its address says little */
	else
		put_local(t, &r->local, brief);
	if (r->remote.family != FAMILY_NONE) {
		text_put(t, " → ");
		socket_endpoint(t, &r->remote);
	}
}

void sockets_title(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool brief, bool ascii)
{
	if (r->head)
		group_title(t, s, &s->group[r->group], brief, ascii);
	else
		socket_title(t, s, r, (enum sockets_class)s->group[r->group].class, brief, ascii);
}

void sockets_whole(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool ascii)
{
	if (r->head)
		group_title(t, s, &s->group[r->group], false, ascii);
	else
		socket_title(t, s, r, CLASSES, false, ascii);
}

/* ---- who holds it ------------------------------------------------------------------------------- */

void sockets_holder(struct text *t, const struct sockets_look *s, const struct socket_record *r, bool ascii)
{
	const struct socket_owner *o = &s->table->owners[r->owner];
	const char *unknown = socket_owner_unknown(s->table, r);

	if (r->owners == 0) {
		if (r->waiting)
			text_put(t, "(not accepted)");
		else if (r->state == SOCKET_SYN_RECEIVED || r->state == SOCKET_NEW_SYN_RECEIVED)
			text_put(t, "(no fd yet)");
		else if (unknown)
			text_format(t, "? %s", unknown);
		else
			text_put(t, "(kernel)");
		return;
	}
	put_process(t, &s->table->processes[o->process], ascii);
	if (o->fd >= 0)
		text_format(t, " fd %d", o->fd);
	if (r->owners > 1)
		text_format(t, " +%u", r->owners - 1);
}

const struct process *sockets_process(const struct sockets_look *s, const struct sockets_row *r)
{
	const struct socket_record *of = r->place != SOCKET_NONE ? &s->table->sockets[r->place] : NULL;

	if (of && of->owners > 0)
		return &s->table->processes[s->table->owners[of->owner].process];
	if (r->head && s->group[r->group].process != SOCKET_NONE)
		return &s->table->processes[s->group[r->group].process];
	return NULL;
}

void sockets_owner(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool ascii)
{
	if (r->place != SOCKET_NONE)
		sockets_holder(t, s, &s->table->sockets[r->place], ascii);
	else if (r->head)
		text_format(t, "%u socket%s", s->group[r->group].n, s->group[r->group].n == 1 ? "" : "s");
}

/* ---- what is to be said of it ---------------------------------------------------------------------- */

static void put_bytes(struct text *t, const char *name, uint32_t n)
{
	text_put(t, name);
	words_count(t, n);
	text_put(t, "  ");
}

static enum role note_tcp(struct text *t, const struct socket_record *r)
{
	bool unread;
	uint64_t us;

	if (r->waiting) {
		if (socket_waited(r, &us)) {
			text_put(t, "waits ");
			words_span(t, (int64_t)us * CLOCK_US);
			text_put(t, "  ");
		} else {
			text_put(t, "waits for accept()  ");
		}
		put_bytes(t, "rcvq ", r->receive_queue);
		if (r->listeners > 1)
			text_format(t, "of one of %u listeners", r->listeners);
		return ROLE_WARN;
	}
	if (r->state == SOCKET_SYN_RECEIVED || r->state == SOCKET_NEW_SYN_RECEIVED) {
		text_format(t, "SYN-RECV  SYN/ACK sent %u time%s", r->retransmits + 1U, r->retransmits == 0 ? "" : "s");
		return ROLE_OPENING;
	}
	if (r->state == SOCKET_CLOSE_WAIT) {
		text_put(t, "CLOSE-WAIT ");
		if (r->has & SOCKET_HAS_TCP) {
			words_span(t, (int64_t)r->tcp.last_ack_ms * CLOCK_MS);
			text_put(t, ", ");
		}
		text_put(t, "program never closed  ");
		put_bytes(t, "rcvq ", r->receive_queue);
		return ROLE_WARN;
	}
	if (r->state == SOCKET_TIME_WAIT) {
		text_put(t, "TIME-WAIT, gone in ");
		words_span(t, (int64_t)r->timer_ms * CLOCK_MS);
		return ROLE_DIM;
	}
	unread = r->receive_queue > 0 && r->has & SOCKET_HAS_TCP && r->tcp.last_received_ms >= NOTE_UNREAD_MS;
	if (r->has & SOCKET_HAS_QUEUES) {
		put_bytes(t, "rcvq ", r->receive_queue);
		if (unread) {
			text_put(t, "unread for ");
			words_span(t, (int64_t)r->tcp.last_received_ms * CLOCK_MS);
			text_put(t, "  ");
		}
		put_bytes(t, "sndq ", r->send_queue);
	}
	if (r->has & SOCKET_HAS_TCP && r->tcp.rtt_us > 0) {
		text_format(t, "cwnd %u rtt ", r->tcp.cwnd);
		words_span(t, (int64_t)r->tcp.rtt_us * CLOCK_US);
		if (r->tcp.total_retransmissions > 0)
			text_format(t, "  again %u", r->tcp.total_retransmissions);
	}
	return unread ? ROLE_WARN : ROLE_TEXT;
}

static enum role note_unix(struct text *t, const struct sockets_look *s, const struct socket_record *r, bool ascii)
{
	const struct socket_record *peer = r->has & SOCKET_HAS_PEER && r->peer ? socket_by_inode(s->table, r->peer) : NULL;

	if (peer && peer->owners > 0) {
		text_put(t, "← ");
		sockets_holder(t, s, peer, ascii);
		text_put(t, "  ");
	} else if (r->has & SOCKET_HAS_PEER && r->peer) {
		text_format(t, "← #%llu  ", (unsigned long long)r->peer);
	}
	if (r->has & SOCKET_HAS_QUEUES && (r->receive_queue > 0 || r->send_queue > 0)) {
		put_bytes(t, "rcvq ", r->receive_queue);
		put_bytes(t, "sndq ", r->send_queue);
	}
	return ROLE_TEXT;
}

static enum role note_packet(struct text *t, const struct sockets_look *s, const struct socket_record *r)
{
	bool ours = false;

	for (uint32_t i = 0; i < r->owners; i++)
		ours = ours || s->table->processes[s->table->owners[r->owner + i].process].pid == s->self;
	text_put(t, ours ? "this sockeye  " : "");
	if (r->has & SOCKET_HAS_DROPS)
		text_format(t, "drops %u  ", r->memory[SOCKET_DROPS]);
	if (r->has & SOCKET_HAS_RING) {
		text_put(t, "ring ");
		words_size(t, (uint64_t)r->packet.ring_blocks * r->packet.ring_block_size);
		text_put(t, "B  ");
	}
	if (r->packet.promiscuous > 0)
		text_put(t, "promiscuous");
	return ours ? ROLE_DIM : ROLE_WARN;
}

static enum role note_datagram(struct text *t, const struct socket_record *r)
{
	if (r->has & SOCKET_HAS_QUEUES) {
		put_bytes(t, "rcvq ", r->receive_queue);
		if (r->send_queue > 0)
			put_bytes(t, "sndq ", r->send_queue);
	}
	if (r->has & SOCKET_HAS_DROPS)
		text_format(t, "drops %u", r->memory[SOCKET_DROPS]);
	return r->memory[SOCKET_DROPS] > 0 ? ROLE_WARN : ROLE_TEXT;
}

/* Of a listener: how full its queue is; the gauge stands before it. */
static enum role note_listener(struct text *t, const struct sockets_look *s, const struct sockets_row *row)
{
	const struct socket_record *r = &s->table->sockets[row->place];
	const struct sockets_group *g = &s->group[row->group];
	const struct host_listener *q = sockets_queue(s, r);
	const uint32_t used = q ? q->used : r->receive_queue, limit = q ? q->limit : r->send_queue;
	const uint32_t drops = q ? q->drops : r->memory[SOCKET_DROPS];
	const bool full = used > limit;

	if (r->has & SOCKET_HAS_QUEUES)
		text_format(t, "%u/%u%s  ", used, limit, full ? " FULL" : "");
	if (q && q->highest > used)
		text_format(t, "high %u  ", q->highest);
	if (r->has & SOCKET_HAS_DROPS)
		text_format(t, "drops %u  ", drops);
	if (q && q->syns_s > 0)
		text_format(t, "%u SYN/s  ", q->syns_s);
	else if (q && q->accepts_s > 0)
		text_format(t, "%u accept/s  ", q->accepts_s);
	if (g->half_open > 0)
		text_format(t, "%u half-open  ", g->half_open);
	if (g->folded && g->established > 0 && r->family != SOCKET_UNIX)
		text_format(t, "%u open", g->established);
	return full ? ROLE_BAD : used > 0 || (q && drops > q->drops_before) ? ROLE_WARN : ROLE_TEXT;
}

static enum role note_group(struct text *t, const struct sockets_look *s, const struct sockets_row *row)
{
	const struct sockets_group *g = &s->group[row->group];
	const char *unit;

	(void)s;
	unit = g->class == CLASS_UNIX ? "connected" : NULL;
	if (unit)
		text_format(t, "%u %s", g->n, unit);
	if (g->class == CLASS_CLIENT || g->class == CLASS_PROCESS)
		text_format(t, "%u open", g->established);
	return ROLE_DIM;
}

enum role sockets_note(struct text *t, const struct sockets_look *s, const struct sockets_row *row, bool ascii)
{
	const struct socket_record *r = row->place != SOCKET_NONE ? &s->table->sockets[row->place] : NULL;
	enum role role;

	if (!r)
		return note_group(t, s, row);
	if (r->state == SOCKET_LISTEN && (r->family <= SOCKET_INET6 || r->family == SOCKET_UNIX)) {
		role = note_listener(t, s, row);
		if (row->head && r->family == SOCKET_UNIX && s->group[row->group].n > 0)
			text_format(t, "%u connected", s->group[row->group].n);
		return role;
	}
	if (r->family == SOCKET_UNIX)
		return note_unix(t, s, r, ascii);
	if (r->family == SOCKET_PACKET)
		return note_packet(t, s, r);
	if (r->family == SOCKET_NETLINK)
		return note_datagram(t, r);
	return r->proto == PROTO_TCP ? note_tcp(t, r) : note_datagram(t, r);
}
