/* A record's owners: at each end that is this host's the processes that hold its socket, or why
 * they are not known.
 *
 * Asked in this order, the surer first: who was seen with the socket; who held it in the last table;
 * of a server's end, who holds the listener that took the connection - one of those may have passed
 * it on, which the evidence says. Where no process is known, the user may be: the kernel names it
 * with the socket.
 */
#include "owners_private.h"

#include <string.h>

/* The kernel's moment of becoming established and a packet's time are two clocks. */
#define ACCEPT_CLOCKS_NS CLOCK_MS

static const enum record_key owner_key[2] = {RECORD_OWNER_CLIENT, RECORD_OWNER_SERVER};
static const enum record_key unknown_key[2] = {RECORD_OWNER_UNKNOWN_CLIENT, RECORD_OWNER_UNKNOWN_SERVER};
static const enum record_key wait_key[2] = {RECORD_CLOSE_WAIT_CLIENT, RECORD_CLOSE_WAIT_SERVER};

/* What is known of one end. */
struct end {
	struct owners *o;
	const struct owned *seen;            /* or NULL */
	const struct socket_record *in_table; /* or NULL */
	bool hidden;                         /* its listener's holder cannot be seen */
	struct record_owners *out;
};

/* One more; a descriptor only where it is the socket's own. */
static void put(struct end *e, const struct holder *h, uint64_t cgroup_id, bool descriptor)
{
	struct record_owner *at;

	for (unsigned i = 0; i < e->out->n; i++)
		if (e->out->at[i].pid == h->pid && (!descriptor || e->out->at[i].fd == h->fd))
			return;
	if (e->out->n == RECORD_OWNERS_MAX)
		return;
	at = &e->out->at[e->out->n++];
	*at = (struct record_owner){.pid = h->pid, .fd = descriptor ? h->fd : -1, .uid = h->uid,
				    .evidence = socket_evidence_word(h->evidence)};
	memcpy(at->comm, h->comm, sizeof at->comm);
	(void)owners_home(e->o, h->pid, h->started, cgroup_id, &at->home_kind, &at->home);
}

/* The same socket in the last table. */
static void find_in_table(struct end *e, const struct flow_record *r, unsigned side)
{
	enum host_match how;

	e->in_table = owners_match_table(e->o, r, side, &how);
	if (!e->in_table && e->seen && e->seen->inode && e->o->facts)
		e->in_table = socket_by_inode(e->o->facts, e->seen->inode);
	if (e->in_table && e->seen && e->seen->cookie && e->in_table->cookie && e->in_table->cookie != e->seen->cookie)
		e->in_table = NULL; /* another one, on the same ports */
}

/* Under which descriptor that process held it then; -1: not known. */
static int32_t descriptor_of(const struct end *e, int32_t pid)
{
	uint32_t n = 0;
	const struct socket_owner *owners = e->in_table ? host_owners(e->o->table, e->in_table, &n) : NULL;

	for (uint32_t i = 0; i < n; i++)
		if (e->o->facts->processes[owners[i].process].pid == pid)
			return owners[i].fd;
	return -1;
}

static void put_seen(struct end *e)
{
	for (uint32_t i = e->seen ? e->seen->holder : OWNERS_NONE; i != OWNERS_NONE; i = e->o->holders[i].next) {
		struct holder h = e->o->holders[i];

		if (h.fd < 0)
			h.fd = descriptor_of(e, h.pid);
		put(e, &h, e->seen->cgroup_id, true);
	}
	e->out->netns = e->seen && e->out->n > 0 ? e->seen->netns : 0;
}

static struct holder holder_of(const struct end *e, const struct socket_owner *owner, uint8_t evidence)
{
	const struct process *p = &e->o->facts->processes[owner->process];
	struct holder h = {.started = p->started, .pid = p->pid, .fd = owner->fd, .uid = p->uid, .evidence = evidence};

	memcpy(h.comm, p->comm, sizeof h.comm);
	return h;
}

static void put_table(struct end *e, const struct socket_record *s)
{
	uint32_t n = 0;
	const struct socket_owner *owners = s ? host_owners(e->o->table, s, &n) : NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct holder h = holder_of(e, &owners[i], owners[i].evidence);

		put(e, &h, s->cgroup_id, true);
	}
}

/* More processes than a record can hold, or one socket whose holder is not known: any of them may be it, so nobody is named. */
static bool too_many(const struct end *e, const struct socket_record *const *s, unsigned sockets)
{
	uint32_t processes[RECORD_OWNERS_MAX], found = 0;

	for (unsigned at = 0; at < sockets; at++) {
		uint32_t n = 0;
		const struct socket_owner *owners = host_owners(e->o->table, s[at], &n);

		if (n == 0)
			return true;
		for (uint32_t i = 0; i < n; i++) {
			uint32_t k = 0;

			while (k < found && processes[k] != owners[i].process)
				k++;
			if (k < found)
				continue;
			if (found == RECORD_OWNERS_MAX)
				return true;
			processes[found++] = owners[i].process;
		}
	}
	return false;
}

/* Who holds any of these: one of them it was. */
static void put_any(struct end *e, const struct socket_record *const *s, unsigned sockets)
{
	if (too_many(e, s, sockets))
		return;
	for (unsigned at = 0; at < sockets; at++) {
		uint32_t n = 0;
		const struct socket_owner *owners = host_owners(e->o->table, s[at], &n);

		for (uint32_t i = 0; i < n; i++) {
			const struct holder h = holder_of(e, &owners[i], SOCKET_BY_LISTENER);

			put(e, &h, s[at]->cgroup_id, false);
		}
	}
}

static void put_listeners(struct end *e, const struct flow_record *r)
{
	const struct socket_record *s[OWNERS_CANDIDATES];
	const unsigned n = owners_match_listeners(e->o, r, s);

	put_any(e, s, n);
	e->hidden = n == 1 && s[0]->hidden;
}

/* What the table has; of UDP several may share the endpoint, and the kernel gives each packet to one of them. */
static void put_in_table(struct end *e, const struct flow_record *r, unsigned side)
{
	const struct socket_record *s[OWNERS_CANDIDATES];
	const struct endpoint *own = side ? &r->server : &r->client;

	if (!e->in_table || r->ip_proto == PROTO_TCP || e->in_table->remote.family != FAMILY_NONE ||
	    !host_next(e->o->table, e->in_table)) {
		put_table(e, e->in_table);
		return;
	}
	put_any(e, s, owners_match_shared(e->o, e->in_table, own->family == FAMILY_IPV4, s));
}

/* No process, but whose socket it is. */
static void put_user(struct end *e)
{
	const bool table = e->in_table && e->in_table->has & SOCKET_HAS_UID;
	struct record_owner *at = &e->out->at[0];

	if (!table && !(e->seen && e->seen->has_uid))
		return;
	*at = (struct record_owner){.fd = -1, .uid = table ? e->in_table->uid : e->seen->uid,
				    .evidence = socket_evidence_word(SOCKET_BY_DIAG)};
	(void)owners_home(e->o, 0, 0, table ? e->in_table->cgroup_id : e->seen->cgroup_id, &at->home_kind, &at->home);
	e->out->n = 1;
}

static const char *why_unknown(const struct end *e, const struct flow_record *r, unsigned side)
{
	const struct endpoint *own = side ? &r->server : &r->client;

	if (!e->seen && !e->in_table && !owners_is_local(e->o, &own->ip, own->family))
		return owners_is_elsewhere(e->o, &own->ip, own->family) ? "other_netns" : "other_host";
	if (r->ip_proto != PROTO_TCP && r->ip_proto != PROTO_UDP)
		return "unsupported"; /* such sockets have no ports to be found by */
	if (e->seen && e->seen->why != SOCKET_KNOWN)
		return socket_unknown_word((enum socket_unknown)e->seen->why);
	if (e->hidden || (e->in_table && e->in_table->hidden))
		return socket_unknown_word(e->o->facts->unknown == SOCKET_TOO_LATE ? SOCKET_UNSUPPORTED
											: e->o->facts->unknown);
	/* A table that has it without a holder says why; but who holds what is asked once a second at most, and what no
	 * table met was over before one was made. */
	return socket_unknown_word(e->in_table && e->o->facts->unknown != SOCKET_KNOWN && r->last_ns - r->first_ns > CLOCK_S
					   ? e->o->facts->unknown : SOCKET_TOO_LATE);
}

static void fill_end(struct owners *o, struct flow_record *r, unsigned side)
{
	struct end e = {.o = o, .out = &r->owner[side]};

	if (r->ip_proto == PROTO_TCP || r->ip_proto == PROTO_UDP) {
		e.seen = owners_match(o, r, side);
		find_in_table(&e, r, side);
		put_seen(&e);
		if (e.out->n == 0)
			put_in_table(&e, r, side);
		if (e.out->n == 0 && side == 1)
			put_listeners(&e, r);
	}
	/* Nobody holds what was refused: the kernel answered. */
	if (e.out->n == 0 && !(side == 1 && record_is(r, RECORD_STATE, "refused"))) {
		r->owner_unknown[side] = why_unknown(&e, r, side);
		record_set(r, unknown_key[side]);
		put_user(&e);
	}
	if (e.out->n > 0)
		record_set(r, owner_key[side]);
	if (side == 1 && e.seen && e.seen->accepted_ns) {
		const int64_t opened = e.seen->opened_ns ? e.seen->opened_ns : record_has(r, RECORD_HS_ACK) ? r->ack_ns : 0;
		const int64_t waited = e.seen->accepted_ns - opened;

		if (!opened || waited < -ACCEPT_CLOCKS_NS)
			return;
		r->accept_latency = waited > 0 ? waited : 0;
		record_set(r, RECORD_ACCEPT_LATENCY);
		r->accepted.at_ns = e.seen->accepted_ns;
		r->accepted.pid = e.seen->accepted_pid;
		r->accepted.fd = e.seen->accepted_fd;
	}
}

/* An end that got the other's FIN and has not closed: since when. */
static void fill_wait(struct owners *o, struct flow_record *r, unsigned side, enum record_key state, int64_t now_ns)
{
	const int64_t fin = record_is(r, state, "close_wait") ? owners_closed(o, r->id, !side) : 0;

	if (!fin || now_ns < fin)
		return;
	r->close_wait[side] = now_ns - fin;
	record_set(r, wait_key[side]);
}

void owners_fill(struct owners *o, struct flow_record *r, int64_t now_ns)
{
	if (r->missing & RECORD_PART_REST)
		return;
	for (unsigned side = 0; side < 2; side++)
		fill_end(o, r, side);
	fill_wait(o, r, 0, RECORD_TCP_STATE_CLIENT, now_ns);
	fill_wait(o, r, 1, RECORD_TCP_STATE_SERVER, now_ns);
}

void owners_offline(void *nobody, struct flow_record *r)
{
	(void)nobody;
	for (unsigned side = 0; side < 2; side++) {
		r->owner_unknown[side] = "offline";
		record_set(r, unknown_key[side]);
	}
}
