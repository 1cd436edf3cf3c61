/* Sockets for people: a line each, in parts; children below their listener.
 *
 *     tcp    listen        0.0.0.0:9000   *    4/5 waiting  88 dropped   python3[901] fd 4
 *       tcp    waiting     10.0.0.1:9000  10.0.0.3:51102     for 1.90 s
 *       tcp    established 10.0.0.1:9000  10.0.0.3:51100     python3[901] fd 7
 */
#include "sockets.h"

#include <string.h>
#include <sys/socket.h>

#include "sockeye/clock.h"

enum { TEXT_LINE = 2048, TEXT_WAITING = 4, TEXT_PROTO = 9, TEXT_STATE = 13, TEXT_ENDPOINT = 24, TEXT_QUEUE = 8 };

/* ---- what there is to say of one ------------------------------------------------------------- */

static void put_listener(struct text *d, const struct socket_record *s)
{
	if (s->has & SOCKET_HAS_QUEUES)
		text_format(d, "%u/%u waiting", s->receive_queue, s->send_queue);
	if (s->has & SOCKET_HAS_QUEUES && s->receive_queue > s->send_queue)
		text_put(d, " (full)");
	if (s->has & SOCKET_HAS_DROPS && s->memory[SOCKET_DROPS] > 0)
		text_format(d, "  %u dropped", s->memory[SOCKET_DROPS]);
	text_put(d, "  ");
}

static void put_tcp(struct text *d, const struct socket_record *s)
{
	const struct socket_tcp *i = &s->tcp;
	uint64_t us;

	if (socket_waited(s, &us)) {
		text_put(d, "for ");
		socket_duration(d, us);
		text_put(d, "  ");
	}
	if (s->waiting && s->listeners > 1)
		text_format(d, "of one of %u listeners  ", s->listeners);
	if (s->timer != SOCKET_NO_TIMER) {
		text_format(d, "%s ", socket_timer_word(s->timer));
		socket_duration(d, (uint64_t)s->timer_ms * 1000);
		if (s->retransmits > 0)
			text_format(d, " after %u", s->retransmits);
		text_put(d, "  ");
	}
	if (s->state == SOCKET_CLOSE_WAIT && s->has & SOCKET_HAS_TCP && !s->waiting) {
		text_put(d, "closed by the peer at least ");
		socket_duration(d, (uint64_t)i->last_ack_ms * 1000);
		text_put(d, " ago  ");
	}
	if (!(s->has & SOCKET_HAS_TCP) || i->rtt_us == 0)
		return;
	text_put(d, "rtt ");
	socket_duration(d, i->rtt_us);
	text_format(d, " cwnd %u", i->cwnd);
	if (i->total_retransmissions > 0)
		text_format(d, " retransmitted %u", i->total_retransmissions);
	if (i->unacked > 0)
		text_format(d, " unacked %u", i->unacked);
	if (s->congestion[0])
		text_format(d, " %s", s->congestion);
	text_put(d, "  ");
}

static void put_unix(struct text *d, const struct socket_table *t, const struct socket_record *s, bool ascii)
{
	const struct socket_record *peer = s->has & SOCKET_HAS_PEER ? socket_by_inode(t, s->peer) : NULL;

	if (s->state == SOCKET_LISTEN)
		put_listener(d, s);
	for (unsigned i = 0; i < s->un.waitings && i < TEXT_WAITING; i++) {
		const struct socket_record *client = socket_by_inode(t, t->waiting[s->un.waiting + i]);

		text_put(d, i ? ", " : "waits: ");
		if (client && client->owners > 0)
			socket_owners(d, t, client, ascii);
		else
			text_format(d, "inode %llu", (unsigned long long)t->waiting[s->un.waiting + i]);
	}
	if (s->un.waitings > 0)
		text_put(d, "  ");
	if (s->has & SOCKET_HAS_PEER && s->peer != 0) {
		text_put(d, "peer ");
		if (peer && peer->owners > 0)
			socket_owners(d, t, peer, ascii);
		else
			text_format(d, "inode %llu", (unsigned long long)s->peer);
		text_put(d, "  ");
	}
}

static void put_packet(struct text *d, const struct socket_table *t, const struct socket_record *s, bool ascii)
{
	const char *interface = socket_interface_name(t, s->interface);

	if (socket_frames_word(s->packet.protocol))
		text_put(d, socket_frames_word(s->packet.protocol));
	else
		text_format(d, "frames of type 0x%04x", s->packet.protocol);
	text_put(d, s->interface == 0 ? " of all interfaces" : " of ");
	if (s->interface != 0 && interface)
		text_foreign(d, interface, strlen(interface), ascii);
	else if (s->interface != 0)
		text_format(d, "interface %u", s->interface);
	if (s->packet.promiscuous > 0)
		text_put(d, " promiscuous");
	if (s->has & SOCKET_HAS_RING)
		text_format(d, " ring %llu KiB", (unsigned long long)s->packet.ring_blocks * s->packet.ring_block_size / 1024);
	if (s->has & SOCKET_HAS_FILTER)
		text_format(d, " filter %u instructions", s->packet.filter);
	if (s->has & SOCKET_HAS_FANOUT)
		text_format(d, " fanout %u", s->packet.fanout & 0xffff);
	if (!s->packet.running)
		text_put(d, " not running");
	text_put(d, "  ");
}

static void put_details(struct text *d, const struct socket_table *t, const struct socket_record *s, bool ascii)
{
	const char *unknown = socket_owner_unknown(t, s);
	struct process_home home;

	if (s->family == SOCKET_UNIX)
		put_unix(d, t, s, ascii);
	else if (s->family == SOCKET_PACKET)
		put_packet(d, t, s, ascii);
	else if (s->family == SOCKET_NETLINK)
		text_format(d, s->netlink.groups ? "port %u groups 0x%x  " : "port %u  ", s->netlink.portid, s->netlink.groups);
	else if (s->proto == SOCKET_PROTO_RAW)
		text_format(d, "protocol %u  ", s->raw_protocol);
	else if (s->proto == PROTO_TCP && s->state == SOCKET_LISTEN)
		put_listener(d, s);
	else if (s->proto == PROTO_TCP)
		put_tcp(d, s);
	if (s->state != SOCKET_LISTEN && s->has & SOCKET_HAS_DROPS && s->memory[SOCKET_DROPS] > 0)
		text_format(d, "%u dropped  ", s->memory[SOCKET_DROPS]);
	socket_owners(d, t, s, ascii);
	if (unknown)
		text_format(d, "owner %s", unknown);
	if (s->has & SOCKET_HAS_UID && socket_held(s) && s->uid != 0)
		text_format(d, " uid %u", s->uid);
	if (socket_container(t, s, &home)) {
		text_format(d, "  %s ", home.kind);
		text_foreign(d, home.name, home.len > 12 && strcmp(home.kind, "unit") != 0 ? 12 : home.len, ascii);
	}
}

/* -v: everything that has a key, by its key. */
static void put_all(struct sockets_view *v, const struct socket_table *t, const struct socket_record *s)
{
	char line[TEXT_LINE];
	struct text d;

	text_init(&d, line, sizeof line);
	text_put(&d, "       ");
	for (const struct socket_key *k = socket_keys; k->key; k++) {
		struct socket_value value = {.kind = k->kind};

		if ((k->kind != KIND_U64 && k->kind != KIND_FOREIGN && k->kind != KIND_BOOL) || !k->get(t, s, k, &value) ||
		    (k->kind == KIND_U64 && value.u64 == 0))
			continue;
		text_format(&d, " %s ", k->key);
		if (k->kind == KIND_U64)
			text_u64(&d, value.u64);
		else if (k->kind == KIND_BOOL)
			text_put(&d, value.yes ? "yes" : "no");
		else
			text_foreign(&d, value.text, value.len, v->o.ascii);
	}
	for (const struct socket_tcp_field *f = socket_tcp_fields; f->key && s->has & SOCKET_HAS_TCP; f++) {
		uint64_t n;

		if (socket_tcp_value(&s->tcp, f, &n) && n != 0)
			text_format(&d, " %s %llu", f->key, (unsigned long long)n);
	}
	text_char(&d, '\n');
	out_text(&v->out, line);
}

/* ---- lines ----------------------------------------------------------------------------------------- */

static void put_endpoints(struct sockets_view *v, const struct socket_record *s)
{
	char text[256];
	struct text to;

	text_init(&to, text, sizeof text);
	if (s->family == SOCKET_UNIX) {
		if (s->un.name_len > 0 && s->un.name[0] != '\0')
			text_foreign(&to, s->un.name, strnlen(s->un.name, s->un.name_len), v->o.ascii);
		else
			socket_name(&to, s, v->o.ascii);
		if (s->un.name_len == 0)
			text_format(&to, "inode %llu", (unsigned long long)s->inode);
		out_left(&v->out, text, 2 * TEXT_ENDPOINT + 1);
		out_char(&v->out, ' ');
		return;
	}
	if (s->family > SOCKET_UNIX) {
		out_left(&v->out, s->family == SOCKET_NETLINK ? socket_proto_word(s) : "", 2 * TEXT_ENDPOINT + 2);
		return;
	}
	socket_endpoint(&to, &s->local);
	out_left(&v->out, text, TEXT_ENDPOINT);
	out_char(&v->out, ' ');
	text_init(&to, text, sizeof text);
	socket_endpoint(&to, &s->remote);
	out_left(&v->out, text, TEXT_ENDPOINT);
	out_char(&v->out, ' ');
}

static void put_queue(struct sockets_view *v, const struct socket_record *s, uint32_t bytes)
{
	char text[16] = "";
	struct text to;

	text_init(&to, text, sizeof text);
	if (s->state != SOCKET_LISTEN && s->has & SOCKET_HAS_QUEUES)
		text_u64(&to, bytes);
	out_right(&v->out, text, TEXT_QUEUE);
	out_char(&v->out, ' ');
}

static void put_line(struct sockets_view *v, const struct socket_table *t, const struct socket_record *s, bool child)
{
	char line[TEXT_LINE], proto[32];
	struct text d;

	text_init(&d, proto, sizeof proto);
	/* Families of netlink have long names, and the place of the addresses. */
	text_format(&d, "%s%s%s", child ? "  " : "", s->family == SOCKET_NETLINK ? "netlink" : socket_proto_word(s),
		    s->family == SOCKET_INET6 && s->proto != SOCKET_PROTO_RAW && !s->mapped ? "6" : "");
	out_left(&v->out, proto, TEXT_PROTO);
	out_char(&v->out, ' ');
	out_left(&v->out, s->waiting ? "waiting" : socket_state_word(s), TEXT_STATE);
	put_endpoints(v, s);
	put_queue(v, s, s->receive_queue);
	put_queue(v, s, s->send_queue);
	text_init(&d, line, sizeof line - 1);
	put_details(&d, t, s, v->o.ascii);
	while (d.len > 0 && line[d.len - 1] == ' ')
		line[--d.len] = '\0';
	out_text(&v->out, line);
	out_char(&v->out, '\n');
	if (v->o.verbose)
		put_all(v, t, s);
}

static void put_heading(struct sockets_view *v, enum socket_part part)
{
	static const char *const titles[PARTS] = {
		"Listeners and what came to them", "Connections by program", "Held by no program", "Datagrams",
		"UNIX, with a name", "UNIX, without a name", "Raw and packet: who else listens", "Netlink",
	};

	out_format(&v->out, "%s%s\n", v->headed ? "\n" : "", titles[part]);
	v->headed = true;
	out_left(&v->out, "PROTO", TEXT_PROTO + 1);
	out_left(&v->out, "STATE", TEXT_STATE);
	if (part == PART_NAMED || part == PART_NAMELESS) {
		out_left(&v->out, part == PART_NAMED ? "NAME" : "", 2 * TEXT_ENDPOINT + 2);
	} else {
		out_left(&v->out, part < PART_SNIFFERS ? "LOCAL" : part == PART_NETLINK ? "FAMILY" : "", TEXT_ENDPOINT + 1);
		out_left(&v->out, part < PART_SNIFFERS ? "REMOTE" : "", TEXT_ENDPOINT + 1);
	}
	out_right(&v->out, "RECV-Q", TEXT_QUEUE);
	out_right(&v->out, "SEND-Q", TEXT_QUEUE + 1);
	out_put(&v->out, " DETAILS\n");
}

void sockets_text(struct sockets_view *v, const struct socket_table *t)
{
	enum socket_part part = PARTS;
	char time[32];

	if (v->o.repeats && !t->netns) {
		clock_of_day(t->at_ns, 3, time);
		out_format(&v->out, "%s%s\n", v->headed ? "\n" : "", time);
		v->headed = false;
	}
	for (uint32_t i = 0; i < v->n; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];
		bool under;

		/* --listen: what waits stands below its listener too. */
		if (!sockets_shown(v, t, s) && !(v->o.only_listen && s->waiting))
			continue;
		if (sockets_part(s) != part)
			put_heading(v, part = sockets_part(s));
		under = s->listener != SOCKET_NONE && sockets_shown(v, t, &t->sockets[s->listener]);
		put_line(v, t, s, under);
	}
}
