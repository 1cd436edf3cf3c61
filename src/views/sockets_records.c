/* Sockets for scripts: JSON Lines, CSV and TSV from one list of keys.
 *
 * JSON has a listener as a record of its own kind, with who waits for it; CSV and
 * TSV have one kind of record, "socket", a listener among them.
 */
#include "sockets.h"

#include <string.h>
#include <sys/socket.h>

#include "sockeye/clock.h"

enum { RECORDS_TEXT = 1024 };

/* ---- JSON ------------------------------------------------------------------------------------ */

void sockets_json_owners(struct json *j, const char *key, const struct socket_table *t, const struct socket_record *s)
{
	json_key(j, key);
	out_char(j->out, '[');
	for (uint32_t i = 0; i < s->owners; i++) {
		const struct socket_owner *o = &t->owners[s->owner + i];
		const struct process *p = &t->processes[o->process];

		out_format(j->out, "%s{\"pid\":%d,\"comm\":", i ? "," : "", p->pid);
		json_foreign(j, p->comm, strlen(p->comm));
		out_format(j->out, ",\"fd\":%d", o->fd);
		if (p->uid != UINT32_MAX)
			out_format(j->out, ",\"uid\":%u", p->uid);
		out_format(j->out, ",\"evidence\":\"%s\"}", socket_evidence_word(o->evidence));
	}
	out_char(j->out, ']');
}

static void json_value(struct json *j, const struct socket_table *t, const struct socket_record *s, const struct socket_key *k)
{
	struct socket_value v = {.kind = k->kind};

	if (!k->get(t, s, k, &v))
		return;
	if (v.kind == KIND_NULL) { /* there is no timer, which is known */
		json_key(j, "timer");
		out_put(j->out, "null");
		return;
	}
	if (v.kind == KIND_OWNERS) {
		sockets_json_owners(j, k->key, t, s);
		return;
	}
	json_key(j, k->key);
	if (v.kind == KIND_WORD)
		json_word(j, v.text);
	else if (v.kind == KIND_FOREIGN)
		json_foreign(j, v.text, v.len);
	else if (v.kind == KIND_BOOL)
		json_bool(j, v.yes);
	else if (v.kind == KIND_ENDPOINT)
		json_endpoint(j, &v.endpoint);
	else
		json_u64(j, v.u64);
}

static void json_time_of(struct sockets_view *v, struct json *j, const struct socket_table *t)
{
	if (!v->o.repeats)
		return;
	json_key(j, "time");
	json_time(j, t->at_ns);
}

static void json_socket(struct sockets_view *v, const struct socket_table *t, const struct socket_record *s)
{
	struct json j;

	json_begin(&j, &v->out, "socket", 9);
	json_time_of(v, &j, t);
	for (const struct socket_key *k = socket_keys; k->key; k++)
		json_value(&j, t, s, k);
	for (const struct socket_tcp_field *f = socket_tcp_fields; f->key && s->has & SOCKET_HAS_TCP; f++) {
		char key[64] = "tcp_info.";
		uint64_t value;

		if (!socket_tcp_value(&s->tcp, f, &value))
			continue;
		memcpy(key + 9, f->key, strlen(f->key) + 1);
		json_key(&j, key);
		json_u64(&j, value);
	}
	json_end(&j);
}

/* Who waits for a UNIX listener: clients, by inode, and who holds them. */
static void json_waiting_unix(struct json *j, const struct socket_table *t, const struct socket_record *s)
{
	for (unsigned i = 0; i < s->un.waitings; i++) {
		const uint64_t inode = t->waiting[s->un.waiting + i];
		const struct socket_record *client = socket_by_inode(t, inode);

		out_format(j->out, "%s{\"inode\":%llu", i ? "," : "", (unsigned long long)inode);
		j->first = false;
		if (client && client->owners > 0)
			sockets_json_owners(j, "owner", t, client);
		out_char(j->out, '}');
	}
}

static void json_waiting_tcp(struct sockets_view *v, struct json *j, const struct socket_table *t, uint32_t listener, uint32_t at)
{
	bool first = true;

	/* Its children follow it in the order of the view. */
	for (uint32_t i = at + 1; i < v->n && t->sockets[v->order[i]].listener == listener; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];
		char ip[TUPLE_ADDRESS_MAX];
		uint64_t us;

		if (!s->waiting)
			continue;
		*tuple_write(ip, &s->remote.ip, s->remote.family) = '\0';
		out_format(j->out, "%s{\"ip\":\"%s\",\"port\":%u", first ? "" : ",", ip, s->remote.port);
		if (socket_waited(s, &us))
			out_format(j->out, ",\"waited_us\":%llu", (unsigned long long)us);
		if (s->listeners > 1)
			out_format(j->out, ",\"listeners\":%u", s->listeners);
		out_char(j->out, '}');
		first = false;
	}
}

/* Keys of a socket that a listener has under the same name. */
static bool listener_has(const char *key)
{
	static const char *const not[] = {"receive_queue", "send_queue", "remote", "state", "proto", "local", "memory.drops", NULL};

	for (unsigned i = 0; not[i]; i++)
		if (strcmp(key, not[i]) == 0)
			return false;
	return strncmp(key, "timer", 5) != 0;
}

static void json_listener(struct sockets_view *v, const struct socket_table *t, uint32_t at)
{
	const struct socket_record *s = &t->sockets[v->order[at]];
	struct json j;

	json_begin(&j, &v->out, "listener", 9);
	json_time_of(v, &j, t);
	json_key(&j, "proto");
	json_word(&j, socket_proto_word(s));
	if (s->family != SOCKET_UNIX) {
		json_key(&j, "local");
		json_endpoint(&j, &s->local);
	}
	if (s->has & SOCKET_HAS_QUEUES) {
		json_key(&j, "accept_queue.used");
		json_u64(&j, s->receive_queue);
		json_key(&j, "accept_queue.limit");
		json_u64(&j, s->send_queue);
	}
	if (s->has & SOCKET_HAS_DROPS) {
		json_key(&j, "accept_queue.drops");
		json_u64(&j, s->memory[SOCKET_DROPS]);
	}
	for (const struct socket_key *k = socket_keys; k->key; k++)
		if (listener_has(k->key))
			json_value(&j, t, s, k);
	json_key(&j, "waiting");
	out_char(j.out, '[');
	if (s->family == SOCKET_UNIX)
		json_waiting_unix(&j, t, s);
	else
		json_waiting_tcp(v, &j, t, v->order[at], at);
	out_char(j.out, ']');
	json_end(&j);
}

void sockets_json(struct sockets_view *v, const struct socket_table *t)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];

		if (!sockets_shown(v, t, s))
			continue;
		if (s->state == SOCKET_LISTEN && (s->family == SOCKET_UNIX || s->proto == PROTO_TCP))
			json_listener(v, t, i);
		else
			json_socket(v, t, s);
	}
}

/* ---- CSV -------------------------------------------------------------------------------------------- */

enum { OWNER_PID, OWNER_COMM, OWNER_FD, OWNER_UID, OWNER_PARTS };

/* One part of all owners, joined by ';'. */
static void csv_owners(struct sockets_view *v, struct csv *c, const struct socket_table *t, const struct socket_record *s,
		       unsigned part)
{
	char text[RECORDS_TEXT];
	struct text to;

	text_init(&to, text, sizeof text);
	for (uint32_t i = 0; i < s->owners; i++) {
		const struct socket_owner *o = &t->owners[s->owner + i];
		const struct process *p = &t->processes[o->process];

		if (i > 0)
			text_char(&to, ';');
		if (part == OWNER_PID)
			text_format(&to, "%d", p->pid);
		else if (part == OWNER_COMM)
			text_foreign(&to, p->comm, strlen(p->comm), v->o.ascii);
		else if (part == OWNER_FD)
			text_format(&to, "%d", o->fd);
		else if (p->uid != UINT32_MAX)
			text_format(&to, "%u", p->uid);
	}
	csv_cell(c, text);
}

static void csv_endpoint(struct csv *c, const struct endpoint *e, bool known)
{
	char ip[TUPLE_ADDRESS_MAX] = "";

	if (known)
		*tuple_write(ip, &e->ip, e->family) = '\0';
	csv_cell(c, ip);
	if (known && e->has_port)
		csv_u64(c, e->port);
	else
		csv_cell(c, "");
}

static void csv_value(struct sockets_view *v, struct csv *c, const struct socket_table *t, const struct socket_record *s,
		      const struct socket_key *k)
{
	struct socket_value value = {.kind = k->kind};
	const bool known = k->get(t, s, k, &value);
	char text[RECORDS_TEXT];
	struct text to;

	text_init(&to, text, sizeof text);
	if (k->kind == KIND_ENDPOINT) {
		csv_endpoint(c, &value.endpoint, known);
	} else if (k->kind == KIND_OWNERS) {
		for (unsigned part = 0; part < OWNER_PARTS; part++)
			csv_owners(v, c, t, s, part);
	} else if (!known || value.kind == KIND_NULL) {
		csv_cell(c, "");
	} else if (k->kind == KIND_U64) {
		csv_u64(c, value.u64);
	} else if (k->kind == KIND_BOOL) {
		csv_cell(c, value.yes ? "true" : "false");
	} else if (k->kind == KIND_WORD) {
		csv_cell(c, value.text);
	} else {
		text_foreign(&to, value.text, value.len, v->o.ascii);
		csv_cell(c, text);
	}
}

static void csv_header(struct sockets_view *v, struct csv *c)
{
	static const char *const endpoint[] = {"ip", "port", NULL}, *const owner[] = {"pid", "comm", "fd", "uid", NULL};

	csv_begin(c, &v->out, c->separator, 9);
	csv_cell(c, "type");
	if (v->o.repeats)
		csv_cell(c, "time");
	for (const struct socket_key *k = socket_keys; k->key; k++) {
		const char *const *parts = k->kind == KIND_ENDPOINT ? endpoint : k->kind == KIND_OWNERS ? owner : NULL;
		char key[64];
		struct text to;

		if (!parts)
			csv_cell(c, k->key);
		for (; parts && *parts; parts++) {
			text_init(&to, key, sizeof key);
			text_format(&to, "%s.%s", k->key, *parts);
			csv_cell(c, key);
		}
	}
	for (const struct socket_tcp_field *f = socket_tcp_fields; f->key; f++) {
		char key[64] = "tcp_info.";

		memcpy(key + 9, f->key, strlen(f->key) + 1);
		csv_cell(c, key);
	}
	csv_end(c);
}

void sockets_csv(struct sockets_view *v, const struct socket_table *t)
{
	struct csv c = {.separator = v->o.format == VIEW_CSV ? ',' : '\t'};

	if (!v->headed)
		csv_header(v, &c);
	v->headed = true;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];

		if (!sockets_shown(v, t, s))
			continue;
		csv_begin(&c, &v->out, c.separator, 9);
		csv_cell(&c, "socket");
		if (v->o.repeats)
			csv_time(&c, t->at_ns);
		for (const struct socket_key *k = socket_keys; k->key; k++)
			csv_value(v, &c, t, s, k);
		for (const struct socket_tcp_field *f = socket_tcp_fields; f->key; f++) {
			uint64_t value;

			if (s->has & SOCKET_HAS_TCP && socket_tcp_value(&s->tcp, f, &value))
				csv_u64(&c, value);
			else
				csv_cell(&c, "");
		}
		csv_end(&c);
	}
}
