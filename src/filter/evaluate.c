/* The program asked of one flow or one packet.
 *
 * Every value that a name has is shown to the test; one that fits is enough
 * (for !=, none may). Nothing is allocated, nothing recurses, jumps lead
 * forwards.
 */
#include <string.h>

#include "filter_private.h"
#include "sockeye/dissector.h"

struct scene {
	const struct filter *f;
	const struct flow_record *r;     /* or NULL */
	const struct packet *p;          /* or NULL */
	const struct judgement *judged;  /* or NULL */
	char visible[FILTER_VISIBLE];
	size_t visible_len;
	bool has_visible;
};

/* What the values seen so far say. */
struct found {
	bool known, hit;
};

static void show(const struct scene *s, const struct test *t, const struct value *v, bool truth, struct found *out)
{
	out->known = true;
	if (!out->hit)
		out->hit = t->relation == RELATION_EXISTS ? truth : compare(s->f, t, v);
}

static void show_number(const struct scene *s, const struct test *t, uint64_t n, bool truth, struct found *out)
{
	struct value v = {.is = VALUE_IS_NUMBER, .number = n};

	show(s, t, &v, truth, out);
}

static void show_text(const struct scene *s, const struct test *t, const char *text, size_t n, struct found *out)
{
	struct value v = {.is = VALUE_IS_TEXT, .text = text, .len = n};

	show(s, t, &v, true, out);
}

/* ---- records --------------------------------------------------------------------- */

static void show_pair(const struct scene *s, const struct test *t, const uint64_t *pair, unsigned part, struct found *out)
{
	for (unsigned i = 0; i < 2; i++)
		if (pair[i] != PAIR_UNKNOWN && part != (i == 0 ? PART_SERVER : PART_CLIENT))
			show_number(s, t, pair[i], pair[i] != 0, out);
}

static void show_endpoint(const struct scene *s, const struct test *t, const struct endpoint *e, unsigned part,
			  struct found *out)
{
	struct value v = {.is = VALUE_IS_ENDPOINT, .end = *e};

	if (part == PART_PORT) {
		if (e->has_port)
			show_number(s, t, e->port, true, out);
	} else if (e->family != FAMILY_NONE) {
		show(s, t, &v, true, out);
	}
}

static bool only_of(const struct flow_record *r, const char *word)
{
	return !word || record_is(r, RECORD_PROTO, word) || record_is(r, RECORD_SERVICE, word);
}

static void show_key(const struct scene *s, const struct test *t, enum record_key k, unsigned part, struct found *out)
{
	const void *at = record_member(s->r, k);
	const struct record_owners *owners;
	const struct record_list *list;
	const struct record_name *name;
	const char *word;

	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD:
		word = *(const char *const *)at;
		show_text(s, t, word, strlen(word), out);
		break;
	case VALUE_LETTERS:
		show_text(s, t, at, strnlen(at, RECORD_HISTORY_MAX), out);
		break;
	case VALUE_NAME:
		name = at;
		show_text(s, t, name->bytes, name->len, out);
		break;
	case VALUE_U64:
		show_number(s, t, *(const uint64_t *)at, *(const uint64_t *)at != 0, out);
		break;
	case VALUE_BOOL:
		show_number(s, t, *(const bool *)at, *(const bool *)at, out);
		break;
	case VALUE_TIME:
	case VALUE_DURATION:
		show_number(s, t, ordered(*(const int64_t *)at), true, out);
		break;
	case VALUE_PAIR:
		show_pair(s, t, at, part, out);
		break;
	case VALUE_ENDPOINT:
		show_endpoint(s, t, at, part, out);
		break;
	case VALUE_LIST:
		list = at;
		for (unsigned i = 0; i < list->n && i < RECORD_LIST_MAX; i++)
			show_number(s, t, list->at[i], true, out);
		break;
	case VALUE_OWNERS:
		owners = at;
		for (unsigned i = 0; i < owners->n && i < RECORD_OWNERS_MAX; i++)
			show_text(s, t, owners->at[i].comm, strnlen(owners->at[i].comm, sizeof owners->at[i].comm), out);
		break;
	}
}

/* Of a flow: is any of these verdicts counted? */
static void show_counters(const struct scene *s, const struct test *t, struct found *out)
{
	for (unsigned v = 0; v < VERDICTS && !out->hit; v++) {
		int k = t->verdicts >> v & 1 ? verdict_key(v) : -1;

		if (k >= 0 && record_has(s->r, (enum record_key)k))
			show_key(s, t, (enum record_key)k, PART_ALL, out);
	}
}

/* ---- packets --------------------------------------------------------------------- */

/* The bytes of a row, as far as its buffer has them. */
static const uint8_t *row_bytes(const struct packet *p, const struct field *f, size_t *n)
{
	*n = 0;
	if (f->buffer >= PACKET_BUFFERS || f->off > p->buffer[f->buffer].len || !p->buffer[f->buffer].data)
		return NULL;
	*n = f->len < p->buffer[f->buffer].len - f->off ? f->len : p->buffer[f->buffer].len - f->off;
	return p->buffer[f->buffer].data + f->off;
}

static void show_address(const struct scene *s, const struct test *t, const uint8_t *bytes, size_t n, uint8_t family,
			 struct found *out)
{
	struct value v = {.is = VALUE_IS_ENDPOINT, .end = {.family = family}};
	size_t need = family == FAMILY_IPV4 ? 4 : 16;

	if (n < need)
		return;
	memcpy(v.end.ip.b, bytes, need);
	show(s, t, &v, true, out);
}

static void show_row(const struct scene *s, const struct test *t, const struct field *f, struct found *out)
{
	struct value v = {.is = VALUE_IS_NUMBER, .number = f->num, .names = f->info->names};
	char domain[1024];
	struct text text;
	size_t n;
	const uint8_t *bytes = row_bytes(s->p, f, &n);

	switch (f->info->kind) {
	case FIELD_IPV4:
	case FIELD_IPV6:
		show_address(s, t, bytes, n, f->info->kind == FIELD_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6, out);
		return;
	case FIELD_MAC:
	case FIELD_BYTES:
		v.is = VALUE_IS_BYTES;
		v.text = (const char *)bytes;
		v.len = n;
		break;
	case FIELD_TEXT:
		show_text(s, t, bytes ? (const char *)bytes : "", n, out);
		return;
	case FIELD_DOMAIN:
		text_init(&text, domain, sizeof domain);
		packet_field_text(&text, s->p, f);
		show_text(s, t, domain, text.len, out);
		return;
	case FIELD_INT:
	case FIELD_TIME:
		v.number = ordered((int64_t)f->num);
		break;
	case FIELD_FLAGS:
		v.flags = true;
		break;
	default:
		break;
	}
	if (v.is == VALUE_IS_BYTES && !v.text)
		return;
	show(s, t, &v, true, out);
}

static void show_rows(const struct scene *s, const struct test *t, const struct origin *o, struct found *out)
{
	for (unsigned i = 0; i < s->p->fields && !out->hit; i++) {
		const struct field *f = &s->p->field[i];

		if (strcmp(f->info->key, o->name) != 0)
			continue;
		if (o->from == FROM_FLAG)
			show_number(s, t, (f->num & o->key) != 0, true, out);
		else
			show_row(s, t, f, out);
	}
}

static void show_layers(const struct scene *s, const struct test *t, const char *only, struct found *out)
{
	const struct packet *p = s->p;

	for (unsigned i = 0; i < p->layers && !out->hit; i++)
		if (p->layer[i].by && (!only || strcmp(p->layer[i].by->name, only) == 0))
			show_text(s, t, p->layer[i].by->name, strlen(p->layer[i].by->name), out);
	if (p->service && (!only || strcmp(p->service->name, only) == 0))
		show_text(s, t, p->service->name, strlen(p->service->name), out);
}

static void show_home(const struct scene *s, const struct test *t, const struct record_owner *o, bool unit,
		      struct found *out)
{
	if (!o->home || (strcmp(o->home_kind, "unit") == 0) != unit)
		return;
	show_text(s, t, o->home, strlen(o->home), out);
	if (!unit)
		show_text(s, t, o->home_kind, strlen(o->home_kind), out);
}

static void show_owner(const struct scene *s, const struct test *t, enum fact fact, const struct record_owner *o,
		       struct found *out)
{
	if (fact == FACT_PID && o->pid > 0)
		show_number(s, t, (uint64_t)o->pid, true, out);
	else if (fact == FACT_PROCESS && o->pid > 0)
		show_text(s, t, o->comm, strnlen(o->comm, sizeof o->comm), out);
	else if (fact == FACT_FD && o->fd >= 0)
		show_number(s, t, (uint64_t)o->fd, true, out);
	else if (fact == FACT_USER && o->uid != UINT32_MAX)
		show_number(s, t, o->uid, true, out);
	else if (fact == FACT_CONTAINER || fact == FACT_UNIT)
		show_home(s, t, o, fact == FACT_UNIT, out);
}

static void show_owners(const struct scene *s, const struct test *t, enum fact fact, struct found *out)
{
	static const enum record_key key[] = {RECORD_OWNER_CLIENT, RECORD_OWNER_SERVER};

	for (unsigned side = 0; side < 2 && s->r; side++)
		for (unsigned i = 0; record_has(s->r, key[side]) && i < s->r->owner[side].n && i < RECORD_OWNERS_MAX; i++)
			show_owner(s, t, fact, &s->r->owner[side].at[i], out);
}

static void show_fact(const struct scene *s, const struct test *t, enum fact fact, struct found *out)
{
	const struct packet *p = s->p;

	if (fact >= FACT_PID && fact <= FACT_UNIT) {
		show_owners(s, t, fact, out);
		return;
	}
	if (fact == FACT_DURATION) {
		if (s->r && record_has(s->r, RECORD_FIRST) && record_has(s->r, RECORD_LAST))
			show_number(s, t, ordered(s->r->last_ns - s->r->first_ns), true, out);
		return;
	}
	if (!p)
		return;
	switch (fact) {
	case FACT_NUMBER:
		show_number(s, t, p->frame.number, true, out);
		break;
	case FACT_LENGTH:
		show_number(s, t, p->frame.wirelen, true, out);
		break;
	case FACT_CAPTURED:
		show_number(s, t, p->frame.caplen, true, out);
		break;
	case FACT_TIME:
		if (!(p->frame.flags & FRAME_NO_TIME))
			show_number(s, t, ordered(p->frame.ts_ns), true, out);
		break;
	case FACT_LAYERS:
		show_layers(s, t, NULL, out);
		break;
	case FACT_ISSUE:
		if (p->issue)
			show_text(s, t, p->issue, strlen(p->issue), out);
		else if (p->cut)
			show_text(s, t, "cut", 3, out);
		break;
	case FACT_RTT:
		if (s->judged && s->judged->rtt_ns >= 0)
			show_number(s, t, ordered(s->judged->rtt_ns), true, out);
		break;
	case FACT_DUP_ACK:
		if (s->judged && judged(s->judged, VERDICT_DUP_ACK))
			show_number(s, t, s->judged->dup_ack_number, true, out);
		break;
	default:
		break;
	}
}

/* ---- words alone ------------------------------------------------------------------ */

/* What a person reads of a packet: every row, the layers, what is noted. */
static bool packet_visible(const struct scene *s, const char *want, size_t len)
{
	const struct packet *p = s->p;
	char line[2048];
	struct text t;

	text_init(&t, line, sizeof line);
	for (unsigned i = 0; i < 2 && p->tuple.family != FAMILY_NONE; i++) {
		struct endpoint e = {.ip = i ? p->tuple.to : p->tuple.from, .family = p->tuple.family,
				     .port = i ? p->tuple.to_port : p->tuple.from_port,
				     .has_port = p->transport && p->tuple.proto != PROTO_ICMP &&
						 p->tuple.proto != PROTO_ICMPV6};

		tuple_endpoint(&t, &e);
		text_char(&t, ' ');
	}
	for (unsigned i = 0; i < p->layers; i++) {
		text_put(&t, p->layer[i].by ? p->layer[i].by->name : "");
		text_char(&t, ' ');
	}
	text_put(&t, p->service ? p->service->name : "");
	text_char(&t, ' ');
	if (s->judged)
		verdict_list(&t, s->judged);
	text_char(&t, ' ');
	text_put(&t, p->issue ? p->issue : "");
	if (contains_folded(line, t.len, want, len))
		return true;
	for (unsigned i = 0; i < p->fields; i++) {
		text_reset(&t);
		packet_field_text(&t, p, &p->field[i]);
		if (contains_folded(line, t.len, want, len))
			return true;
	}
	return false;
}

static bool word_visible(struct scene *s, const struct test *t)
{
	const char *want = s->f->store + t->value.text;
	struct text line;

	if (s->p)
		return packet_visible(s, want, t->value.len);
	/* Addresses are dear to write, and a word is found behind them or not at all. */
	if (visible_is_word(want, t->value.len))
		return visible_has(s->r, want, t->value.len);
	if (!s->has_visible) {
		text_init(&line, s->visible, sizeof s->visible);
		filter_visible(&line, s->r);
		s->visible_len = line.len;
		s->has_visible = true;
	}
	return contains_folded(s->visible, s->visible_len, want, t->value.len);
}

/* ---- the program ------------------------------------------------------------------- */

static void show_origin(const struct scene *s, const struct test *t, const struct origin *o, struct found *out)
{
	switch ((enum from)o->from) {
	case FROM_RECORD:
		if (s->r && record_has(s->r, (enum record_key)o->key) && only_of(s->r, o->only))
			show_key(s, t, (enum record_key)o->key, o->part, out);
		break;
	case FROM_COUNTERS:
		if (s->r)
			show_counters(s, t, out);
		break;
	case FROM_ROW:
	case FROM_FLAG:
		if (s->p)
			show_rows(s, t, o, out);
		break;
	case FROM_LAYER:
		if (s->p)
			show_layers(s, t, o->name, out);
		break;
	case FROM_VERDICTS:
		if (s->judged && s->judged->verdicts & t->verdicts)
			show_number(s, t, 1, true, out);
		break;
	case FROM_FACT:
		show_fact(s, t, (enum fact)o->key, out);
		break;
	}
}

static bool test_holds(struct scene *s, const struct test *t)
{
	struct found found = {false, false};

	if (t->relation == RELATION_VISIBLE)
		return word_visible(s, t);
	for (unsigned i = 0; i < t->origins && !found.hit; i++)
		show_origin(s, t, &t->origin[i], &found);
	return t->relation == RELATION_UNEQUAL ? found.known && !found.hit : found.hit;
}

static bool run(struct scene *s)
{
	const struct filter *f = s->f;
	bool truth = true;

	for (uint32_t at = 0; at < f->steps;) {
		const struct step *step = &f->step[at++];

		switch (step->kind) {
		case STEP_TEST:
			truth = test_holds(s, &f->test[step->to]);
			break;
		case STEP_NOT:
			truth = !truth;
			break;
		case STEP_IF_FALSE:
			at = truth ? at : step->to;
			break;
		case STEP_IF_TRUE:
			at = truth ? step->to : at;
			break;
		}
	}
	return truth;
}

bool filter_flow(const struct filter *f, const struct flow_record *r)
{
	struct scene s;

	s.f = f;
	s.r = r;
	s.p = NULL;
	s.judged = NULL;
	s.has_visible = false;
	return run(&s);
}

bool filter_packet(const struct filter *f, const struct event *ev)
{
	struct scene s;

	s.f = f;
	s.r = ev->flow;
	s.p = ev->packet;
	s.judged = ev->judged;
	s.has_visible = false;
	return run(&s);
}
