/* From a table of sockets to the rows of a tree.
 *
 * One pass puts every socket into a group, one counts, one fills; only the groups that
 * are unfolded are sorted. A listener with what came to it is a group, and so is the
 * process whose sockets are clients. Rows are known by what they show, so that the
 * selection stays on it from table to table.
 */
#include "sockets.h"

#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "sockeye/hash.h"

const char *const sockets_by_words[SOCKETS_BYS] = {"listener", "process", "state", "kind"};
const char *const sockets_sort_words[SOCKETS_SORTS] = {"place", "receive queue", "send queue", "owner", "state", "round trip"};

enum { ROWS_NEAR = 16 };

/* ---- identity ----------------------------------------------------------------------------- */

static uint64_t mix(uint64_t v)
{
	return hash_fold(v ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd6e8feb86659fd93));
}

static uint64_t bytes_of(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t v = n;

	for (size_t i = 0; i < n; i++)
		v = mix(v ^ b[i]);
	return v;
}

static uint64_t id_of_socket(const struct socket_record *r)
{
	uint64_t v = r->cookie ? r->cookie : r->inode;

	if (v == 0)
		v = bytes_of(&r->local, sizeof r->local) ^ mix(bytes_of(&r->remote, sizeof r->remote));
	return mix(v) | 1; /* never 0, never a group's */
}

static uint64_t id_of_group(enum sockets_class class, uint64_t v)
{
	return (mix(v ^ mix((uint64_t)class + 1)) | 2) & ~UINT64_C(1);
}

/* ---- which group ---------------------------------------------------------------------------- */

struct place {
	enum sockets_class class;
	uint64_t key;
	uint32_t head, process;
};

static uint32_t process_of(const struct socket_table *t, const struct socket_record *r)
{
	return r->owners > 0 ? t->owners[r->owner].process : SOCKET_NONE;
}

static struct place place_process(const struct socket_table *t, const struct socket_record *r, enum sockets_class class)
{
	const uint32_t p = process_of(t, r);
	struct place at = {.class = p == SOCKET_NONE ? CLASS_NOBODY : class, .head = SOCKET_NONE, .process = p};

	if (p != SOCKET_NONE)
		at.key = (uint64_t)t->processes[p].pid ^ mix(t->processes[p].started);
	return at;
}

static struct place place_tree(const struct socket_table *t, uint32_t i)
{
	const struct socket_record *r = &t->sockets[i];
	struct place at = {.head = SOCKET_NONE, .process = SOCKET_NONE};

	if (r->family == SOCKET_UNIX) {
		at.class = r->un.name_len > 0 ? CLASS_UNIX : CLASS_NAMELESS;
		at.key = r->un.name_len > 0 ? bytes_of(r->un.name, r->un.name_len) : 0;
		at.head = r->un.name_len > 0 && r->state == SOCKET_LISTEN ? i : SOCKET_NONE;
	} else if (r->family == SOCKET_NETLINK) {
		at.class = CLASS_NETLINK;
	} else if (r->family == SOCKET_PACKET || r->proto == SOCKET_PROTO_RAW) {
		at.class = CLASS_SNIFFER;
	} else if (r->proto != PROTO_TCP) {
		at.class = CLASS_DATAGRAM;
	} else if (r->state == SOCKET_LISTEN || r->listener != SOCKET_NONE) {
		at.head = r->state == SOCKET_LISTEN ? i : r->listener;
		at.class = CLASS_LISTENER;
		at.key = id_of_socket(&t->sockets[at.head]);
	} else {
		return place_process(t, r, CLASS_CLIENT);
	}
	return at;
}

static struct place place_of(const struct sockets_look *s, uint32_t i)
{
	const struct socket_record *r = &s->table->sockets[i];
	struct place at = {.head = SOCKET_NONE, .process = SOCKET_NONE};
	const char *word;

	switch (s->by) {
	case BY_PROCESS:
		return place_process(s->table, r, CLASS_PROCESS);
	case BY_STATE:
		at.class = CLASS_STATE;
		word = socket_state_word(r);
		at.key = bytes_of(word, strlen(word)) + r->waiting;
		return at;
	case BY_KIND:
		at.class = CLASS_KIND;
		word = socket_proto_word(r);
		at.key = bytes_of(word, strlen(word)) ^ r->family;
		return at;
	default:
		return place_tree(s->table, i);
	}
}

/* ---- groups -------------------------------------------------------------------------------------- */

static bool room(void *at, uint32_t *have, uint32_t want, size_t size)
{
	void **p = at;
	uint32_t to = *have ? *have : 64;
	void *more;

	if (want <= *have)
		return true;
	while (to < want)
		to *= 2;
	more = realloc(*p, to * size);
	if (!more)
		return false;
	*p = more;
	*have = to;
	return true;
}

/* Places of groups by their id; 0 is free. */
struct finder {
	uint32_t *at, mask;
};

static bool finder_grow(struct finder *f, const struct sockets_look *s)
{
	const uint32_t size = f->at ? (f->mask + 1) * 2 : 256;
	uint32_t *at = calloc(size, sizeof *at);

	if (!at)
		return false;
	free(f->at);
	f->at = at;
	f->mask = size - 1;
	for (uint32_t g = 0; g < s->groups; g++) {
		uint32_t slot = (uint32_t)(s->group[g].id >> 8) & f->mask;

		while (at[slot] != 0)
			slot = (slot + 1) & f->mask;
		at[slot] = g + 1;
	}
	return true;
}

/* The group of that place, made where there is none; SOCKET_NONE: no memory. */
static uint32_t group_at(struct sockets_look *s, struct finder *f, const struct place *at, uint32_t example)
{
	const uint64_t id = id_of_group(at->class, at->key);
	uint32_t slot;

	if ((!f->at || s->groups * 2 > f->mask) && !finder_grow(f, s))
		return SOCKET_NONE;
	slot = (uint32_t)(id >> 8) & f->mask;
	while (f->at[slot] != 0 && s->group[f->at[slot] - 1].id != id)
		slot = (slot + 1) & f->mask;
	if (f->at[slot] == 0) {
		if (!room(&s->group, &s->groups_room, s->groups + 1, sizeof *s->group))
			return SOCKET_NONE;
		s->group[s->groups] = (struct sockets_group){
			.id = id, .class = (uint8_t)at->class, .head = at->head, .process = at->process, .example = example};
		f->at[slot] = ++s->groups;
	}
	if (at->head != SOCKET_NONE)
		s->group[f->at[slot] - 1].head = at->head;
	return f->at[slot] - 1;
}

/* Into which group each goes; SOCKET_NONE: it is not shown. */
static bool rows_assign(struct sockets_look *s)
{
	struct finder f = {0};
	bool enough = true;

	s->matched = s->listeners = s->tcp = s->udp = s->unix_ = 0;
	for (uint32_t i = 0; i < s->table->n_sockets && enough; i++) {
		const struct socket_record *r = &s->table->sockets[i];
		const bool fits = !s->filter || filter_socket(s->filter, s->table, r);
		const struct place at = place_of(s, i);
		const bool below = !fits && r->waiting && at.head != SOCKET_NONE &&
				   filter_socket(s->filter, s->table, &s->table->sockets[at.head]);
		struct sockets_group *g;

		s->listeners += r->state == SOCKET_LISTEN && r->family <= SOCKET_INET6;
		s->tcp += r->family <= SOCKET_INET6 && r->proto == PROTO_TCP && r->state != SOCKET_LISTEN;
		s->udp += r->family <= SOCKET_INET6 && r->proto == PROTO_UDP;
		s->unix_ += r->family == SOCKET_UNIX;
		s->matched += fits;
		s->member[i] = SOCKET_NONE;
		if (!fits && !below)
			continue;
		s->member[i] = group_at(s, &f, &at, i);
		enough = s->member[i] != SOCKET_NONE;
		if (!enough)
			break;
		g = &s->group[s->member[i]];
		g->weight = sockets_weight(s, r) > g->weight ? sockets_weight(s, r) : g->weight;
		if (g->head == i) {
			g->fits = fits;
			s->member[i] = SOCKET_NONE;
			continue;
		}
		g->n++;
		g->waiting += r->waiting;
		g->half_open += r->state == SOCKET_SYN_RECEIVED || r->state == SOCKET_NEW_SYN_RECEIVED;
		g->established += r->state == SOCKET_ESTABLISHED && !r->waiting;
	}
	free(f.at);
	return enough;
}

/* ---- folding --------------------------------------------------------------------------------------- */

static bool group_folded(const struct sockets_look *s, const struct sockets_group *g)
{
	for (unsigned i = 0; i < s->folds; i++)
		if (s->fold[i].id == g->id)
			return s->fold[i].folded;
	if (s->all != ALL_OWN)
		return s->all == ALL_FOLDED;
	switch ((enum sockets_class)g->class) {
	case CLASS_UNIX: case CLASS_NAMELESS: case CLASS_NETLINK: case CLASS_STATE: case CLASS_KIND:
		return s->filter == NULL;
	default:
		return g->n > SOCKETS_FEW;
	}
}

void sockets_set_fold(struct sockets_look *s, uint64_t id, bool folded)
{
	unsigned i = 0;

	while (i < s->folds && s->fold[i].id != id)
		i++;
	if (i == s->folds && s->folds == SOCKETS_FOLDS) { /* the oldest is forgotten */
		memmove(&s->fold[0], &s->fold[1], (SOCKETS_FOLDS - 1) * sizeof s->fold[0]);
		i = SOCKETS_FOLDS - 1;
	} else if (i == s->folds) {
		s->folds++;
	}
	s->fold[i] = (struct sockets_fold){.id = id, .folded = folded};
}

/* ---- rows ------------------------------------------------------------------------------------------ */

/* The children of each group that is unfolded, together. */
static void rows_fill(struct sockets_look *s)
{
	uint32_t *place = malloc((s->groups + 1) * sizeof *place), at = 0;

	s->no_memory = place == NULL;
	if (!place) {
		s->groups = 0;
		return;
	}
	/* Groups are in their order by now, members know the places before. */
	for (uint32_t g = 0; g < s->groups; g++) {
		place[s->group[g].first] = g;
		s->group[g].folded = group_folded(s, &s->group[g]);
	}
	for (uint32_t g = 0; g < s->groups; g++) {
		s->group[g].first = at;
		s->group[g].all = 0;
		at += s->group[g].folded ? 0 : s->group[g].n;
	}
	for (uint32_t i = 0; i < s->table->n_sockets; i++) {
		struct sockets_group *g;

		if (s->member[i] == SOCKET_NONE)
			continue;
		g = &s->group[place[s->member[i]]];
		if (!g->folded)
			s->order[g->first + g->all++] = i;
	}
	free(place);
	for (uint32_t g = 0; g < s->groups; g++)
		qsort_r(s->order + s->group[g].first, s->group[g].all, sizeof *s->order, sockets_child_order, s);
}

static int number_order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Order held: rows that were there keep their order, by their old places. */
struct old_row {
	uint64_t id;
	uint32_t at;
};

static int old_order(const void *a, const void *b)
{
	return number_order(((const struct old_row *)a)->id, ((const struct old_row *)b)->id);
}

static int held_order(const void *a, const void *b)
{
	const struct old_row *x = a, *y = b;

	return number_order(x->at, y->at);
}

static void rows_hold(struct sockets_look *s, struct old_row *old, uint32_t n)
{
	for (uint32_t g = 0; g < s->groups && n > 0; g++) {
		const struct sockets_group *of = &s->group[g];
		struct old_row *now = malloc((of->all + 1) * sizeof *now);

		if (!now)
			return;
		for (uint32_t i = 0; i < of->all; i++) {
			const struct old_row like = {.id = id_of_socket(&s->table->sockets[s->order[of->first + i]])};
			const struct old_row *was = bsearch(&like, old, n, sizeof *old, old_order);

			now[i] = (struct old_row){.id = s->order[of->first + i], .at = was ? was->at : n + i};
		}
		qsort(now, of->all, sizeof *now, held_order);
		for (uint32_t i = 0; i < of->all; i++)
			s->order[of->first + i] = (uint32_t)now[i].id;
		free(now);
	}
}

static struct old_row *rows_old(const struct sockets_look *s)
{
	struct old_row *old = s->held_order && s->rows > 0 ? malloc(s->rows * sizeof *old) : NULL;

	if (!old)
		return NULL;
	for (uint32_t i = 0; i < s->rows; i++)
		old[i] = (struct old_row){.id = s->row[i].id, .at = i};
	qsort(old, s->rows, sizeof *old, old_order);
	return old;
}

static bool rows_write(struct sockets_look *s)
{
	uint32_t want = s->groups;

	for (uint32_t g = 0; g < s->groups; g++)
		want += s->group[g].all;
	if (!room(&s->row, &s->rows_room, want + 1, sizeof *s->row))
		return false;
	s->rows = 0;
	for (uint32_t g = 0; g < s->groups; g++) {
		const struct sockets_group *of = &s->group[g];

		s->row[s->rows++] = (struct sockets_row){.id = of->id, .place = of->head, .group = g, .head = true};
		for (uint32_t i = 0; i < of->all; i++)
			s->row[s->rows++] = (struct sockets_row){
				.id = id_of_socket(&s->table->sockets[s->order[of->first + i]]),
				.place = s->order[of->first + i], .group = g, .last = i + 1 == of->all};
	}
	return true;
}

static void groups_sort(struct sockets_look *s)
{
	for (uint32_t g = 0; g < s->groups; g++)
		s->group[g].first = g; /* its place before: members know it by that */
	qsort_r(s->group, s->groups, sizeof *s->group, sockets_group_order, s);
}

/* Rows near the selected one, the next ones first: who takes its place if it is gone. */
static void rows_near(const struct sockets_look *s, uint64_t near[ROWS_NEAR])
{
	for (uint32_t i = 0; i < ROWS_NEAR; i++) {
		const uint32_t half = ROWS_NEAR / 2, step = i < half ? i + 1 : i - half + 1;
		const bool there = i < half ? s->at + step < s->rows : s->at >= step && s->at - step < s->rows;

		near[i] = there ? s->row[i < half ? s->at + step : s->at - step].id : 0;
	}
}

/* Puts the selection on its row, or on the nearest that is there still. True: on its own. */
static bool rows_select(struct sockets_look *s, const uint64_t near[ROWS_NEAR])
{
	const bool first = s->selected == 0;
	uint32_t best = ROWS_NEAR;

	for (uint32_t i = 0; i < s->rows; i++) {
		if (s->row[i].id == s->selected) {
			s->at = i;
			return true;
		}
		for (uint32_t k = 0; k < best; k++) {
			if (near[k] == s->row[i].id) {
				best = k;
				s->at = i;
			}
		}
	}
	s->at = s->at < s->rows ? s->at : s->rows > 0 ? s->rows - 1 : 0;
	if (s->rows > 0)
		s->selected = s->row[s->at].id;
	return first;
}

bool sockets_rows(struct sockets_look *s)
{
	struct old_row *old;
	uint64_t near[ROWS_NEAR];
	uint32_t room_before = s->sockets_room, n, old_rows = s->rows;

	s->measured = false;
	if (!s->table) {
		s->rows = s->groups = 0;
		return true;
	}
	rows_near(s, near);
	n = s->table->n_sockets;
	s->total = n;
	s->groups = 0;
	s->no_memory = !room(&s->order, &room_before, n + 1, sizeof *s->order) ||
		       !room(&s->member, &s->sockets_room, n + 1, sizeof *s->member) || !rows_assign(s);
	old = s->no_memory ? NULL : rows_old(s);
	if (!s->no_memory) {
		groups_sort(s);
		rows_fill(s);
	}
	if (old)
		rows_hold(s, old, old_rows);
	free(old);
	if (s->no_memory || !rows_write(s)) {
		s->no_memory = true;
		s->rows = s->groups = 0;
	}
	return rows_select(s, near);
}

void sockets_release(struct sockets_look *s)
{
	if (s->held)
		host_live_release(s->live, s->held);
	s->held = NULL;
	s->table = NULL;
	filter_free(s->filter);
	s->filter = NULL;
	free(s->group);
	free(s->row);
	free(s->order);
	free(s->member);
	free(s->queues);
	s->group = NULL;
	s->row = NULL;
	s->order = s->member = NULL;
	s->queues = NULL;
	s->rows = s->groups = s->rows_room = s->groups_room = s->sockets_room = 0;
}

const struct sockets_row *sockets_row(const struct sockets_look *s)
{
	return s->at < s->rows ? &s->row[s->at] : NULL;
}

static int queue_order(const void *a, const void *b)
{
	return number_order(((const struct host_listener *)a)->cookie, ((const struct host_listener *)b)->cookie);
}

const struct host_listener *sockets_queue(const struct sockets_look *s, const struct socket_record *listener)
{
	const struct host_listener like = {.cookie = listener->cookie};

	if (listener->family > SOCKET_INET6 || listener->cookie == 0 || s->n_queues == 0)
		return NULL;
	return bsearch(&like, s->queues, s->n_queues, sizeof *s->queues, queue_order);
}
