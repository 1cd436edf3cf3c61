/* How many sockets of each kind there are, in which states, and what they hold. */
#include "sockets.h"

#include <string.h>

struct kind {
	const char *family, *proto;
	uint32_t states[SOCKET_STATES];
	uint32_t n, unowned;
	uint64_t receive, send, memory;
};

enum { KINDS = 24 };

static struct kind *kind_of(struct kind *kinds, unsigned *n, const struct socket_record *s)
{
	const char *family = socket_family_word(s), *proto = socket_proto_word(s);

	if (s->family == SOCKET_NETLINK)
		proto = "";
	for (unsigned i = 0; i < *n; i++)
		if (kinds[i].family == family && kinds[i].proto == proto)
			return &kinds[i];
	if (*n == KINDS)
		return &kinds[KINDS - 1];
	kinds[*n] = (struct kind){.family = family, .proto = proto};
	return &kinds[(*n)++];
}

static void text_kind(struct sockets_view *v, const struct kind *k)
{
	char name[32], line[512];
	struct socket_record like = {.family = SOCKET_INET, .proto = PROTO_TCP};
	struct text to;
	bool tcp = strcmp(k->proto, "tcp") == 0;

	text_init(&to, name, sizeof name);
	text_format(&to, "%s %s", k->family, k->proto);
	out_left(&v->out, name, 16);
	text_init(&to, line, sizeof line);
	text_format(&to, "%7u", k->n);
	if (!tcp)
		like.family = SOCKET_UNIX;
	for (unsigned i = 1; i < SOCKET_STATES; i++) {
		like.state = (uint8_t)i;
		if (k->states[i] > 0)
			text_format(&to, "  %s %u", socket_state_word(&like), k->states[i]);
	}
	if (k->unowned > 0)
		text_format(&to, "  without a known owner %u", k->unowned);
	text_format(&to, "  bytes unread %llu, unsent %llu, of memory %llu\n", (unsigned long long)k->receive,
		    (unsigned long long)k->send, (unsigned long long)k->memory);
	out_text(&v->out, line);
}

static void json_kind(struct sockets_view *v, const struct socket_table *t, const struct kind *k)
{
	struct socket_record like = {.family = strcmp(k->proto, "tcp") == 0 ? SOCKET_INET : SOCKET_UNIX, .proto = PROTO_TCP};
	struct json j;

	json_begin(&j, &v->out, "socket_summary", 9);
	sockets_json_of(v, &j, t);
	json_key(&j, "family");
	json_word(&j, k->family);
	if (k->proto[0]) {
		json_key(&j, "proto");
		json_word(&j, k->proto);
	}
	json_key(&j, "sockets");
	json_u64(&j, k->n);
	for (unsigned i = 1; i < SOCKET_STATES; i++) {
		char key[64];
		struct text to;

		like.state = (uint8_t)i;
		if (k->states[i] == 0)
			continue;
		text_init(&to, key, sizeof key);
		text_format(&to, "states.%s", socket_state_word(&like));
		json_key(&j, key);
		json_u64(&j, k->states[i]);
	}
	json_key(&j, "owner_unknown");
	json_u64(&j, k->unowned);
	json_key(&j, "receive_queue");
	json_u64(&j, k->receive);
	json_key(&j, "send_queue");
	json_u64(&j, k->send);
	json_key(&j, "memory");
	json_u64(&j, k->memory);
	json_end(&j);
}

void sockets_summary(struct sockets_view *v, const struct socket_table *t)
{
	struct kind kinds[KINDS];
	unsigned n = 0;

	for (uint32_t i = 0; i < v->n; i++) {
		const struct socket_record *s = &t->sockets[v->order[i]];
		struct kind *k;

		if (!sockets_shown(v, t, s))
			continue;
		k = kind_of(kinds, &n, s);
		k->n++;
		/* Half-open has two numbers and one word. */
		k->states[s->state == SOCKET_NEW_SYN_RECEIVED ? SOCKET_SYN_RECEIVED : s->state]++;
		k->unowned += socket_owner_unknown(t, s) != NULL;
		if (s->has & SOCKET_HAS_QUEUES && s->state != SOCKET_LISTEN) {
			k->receive += s->receive_queue;
			k->send += s->send_queue;
		}
		if (s->has & SOCKET_HAS_MEMORY)
			k->memory += (uint64_t)s->memory[SOCKET_RECEIVE] + s->memory[SOCKET_QUEUED] + s->memory[SOCKET_OPTION];
	}
	for (unsigned i = 0; i < n; i++) {
		if (v->o.format == VIEW_JSON)
			json_kind(v, t, &kinds[i]);
		else
			text_kind(v, &kinds[i]);
	}
}
