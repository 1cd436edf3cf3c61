/* Records by plan against the same records key by key: JSON and CSV, over records by chance.
 * links: views facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "views/csv.h"
#include "views/json.h"
#include "views/plan.h"
#include "views/shape.h"

/* The records of a round are more than the buffer holds several times over. */
enum { RECORDS = 2000, MAX = 8 << 20 };

static char by_plan[MAX], by_key[MAX];
static struct out out;
static struct flow_record record;
static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
	chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (chance_state >> 33) % below;
}

/* Zeroes half of the time; every length; the unknown. */
static uint64_t number(void)
{
	uint64_t size = chance(66), n = chance_state << 20 ^ chance_state >> 13;

	if (size < 33)
		return 0;
	return size == 65 ? PAIR_UNKNOWN : n >> (size - 33) * 2;
}

static const char *word(void)
{
	static const char *const words[] = {
		"", "tcp", "syn", "midstream", "a,b", "say \"x\"", "back\\slash", "tab\there", "\xc3\xa4hnlich",
		"twenty-three characters", "twenty-four characters..", "a word that is far longer than any of our own is, and more",
	};

	return words[chance(sizeof words / sizeof *words)];
}

static struct endpoint endpoint(void)
{
	struct endpoint e = {.port = (uint16_t)number(), .has_port = chance(2),
			     .family = chance(2) ? FAMILY_IPV4 : FAMILY_IPV6};

	for (unsigned i = 0; i < (e.family == FAMILY_IPV4 ? 4u : 16u); i++)
		e.ip.b[i] = (uint8_t)number();
	return e;
}

static void fill_name(struct record_name *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-.-.-,\"\\\n\xc3\xa4\xff\x1b";

	name->len = (uint16_t)chance(RECORD_NAME_MAX + 1);
	for (unsigned i = 0; i < name->len; i++)
		name->bytes[i] = letters[chance(chance(4) ? 36 : sizeof letters)];
}

static void fill(enum record_key k)
{
	void *x = (char *)&record + record_fields[k].offset;

	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD:
		*(const char **)x = word();
		break;
	case VALUE_LETTERS:
		(void)snprintf(x, RECORD_HISTORY_MAX, "%s", word());
		break;
	case VALUE_NAME:
		fill_name(x);
		break;
	case VALUE_U64:
		*(uint64_t *)x = number();
		break;
	case VALUE_BOOL:
		*(bool *)x = chance(2);
		break;
	case VALUE_TIME:
	case VALUE_DURATION:
		*(int64_t *)x = (int64_t)(number() >> 2) - (chance(8) ? 0 : 4000000000);
		break;
	case VALUE_PAIR:
		((uint64_t *)x)[0] = number();
		((uint64_t *)x)[1] = chance(2) ? number() : 0;
		break;
	case VALUE_ENDPOINT:
		*(struct endpoint *)x = endpoint();
		break;
	case VALUE_LIST:
		((struct record_list *)x)->n = (uint8_t)chance(RECORD_LIST_MAX + 1);
		for (unsigned i = 0; i < RECORD_LIST_MAX; i++)
			((struct record_list *)x)->at[i] = (uint32_t)number();
		break;
	case VALUE_OWNERS: { /* names of processes come by chance too */
		struct record_owners *o = x;

		o->n = (uint8_t)chance(RECORD_OWNERS_MAX + 1);
		for (unsigned i = 0; i < o->n; i++) {
			o->at[i] = (struct record_owner){.pid = (int32_t)chance(9999), .fd = 3, .uid = 1000};
			(void)snprintf(o->at[i].comm, sizeof o->at[i].comm, "%.15s", word());
		}
		break;
	}
	}
}

static unsigned again(unsigned i)
{
	return 1 + i % 3;
}

/* Is it true that there were no losses? */
static bool no_losses(void)
{
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const uint64_t *pair = record_member(&record, (enum record_key)k);

		if (record_fields[k].kind == VALUE_PAIR && record_part_of((enum record_key)k) == RECORD_PART_LOSSES &&
		    record_has(&record, (enum record_key)k) && (pair[0] | pair[1]))
			return false;
	}
	return true;
}

/* Some are full, some nearly empty, some have counters of zeroes as most do. */
static void make_record(void)
{
	unsigned often = (unsigned)chance(5), zeroes = (unsigned)chance(3);

	memset(&record, 0, sizeof record);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		if (chance(4) >= often)
			continue;
		record_set(&record, (enum record_key)k);
		if (record_fields[k].kind != VALUE_PAIR || zeroes == 0 || chance(10) == 0)
			fill((enum record_key)k);
		else if (zeroes == 2)
			memset((char *)&record + record_fields[k].offset, 0, sizeof(uint64_t[2]));
		if (record_fields[k].kind == VALUE_WORD && !*(const char *const *)record_member(&record, (enum record_key)k))
			fill((enum record_key)k);
	}
	record.lossless = no_losses();
}

/* ---- key by key, as the headers of the two formats say ----------------------------- */

static void json_number(uint64_t v)
{
	out_format(&out, "%llu", (unsigned long long)v);
}

static void json_one(struct json *j, enum value_kind kind, const void *x)
{
	const uint64_t *pair = x;
	const struct record_name *name = x;
	const struct record_list *list = x;
	const struct record_owners *o = x;

	switch (kind) {
	case VALUE_WORD:
		json_word(j, *(const char *const *)x);
		break;
	case VALUE_LETTERS:
		json_word(j, x);
		break;
	case VALUE_NAME:
		json_foreign(j, name->bytes, name->len);
		break;
	case VALUE_U64:
		json_number(*pair);
		break;
	case VALUE_BOOL:
		json_bool(j, *(const bool *)x);
		break;
	case VALUE_TIME:
		json_time(j, *(const int64_t *)x);
		break;
	case VALUE_DURATION:
		out_format(&out, "%lld", (long long)out_microseconds(*(const int64_t *)x));
		break;
	case VALUE_PAIR:
		for (unsigned i = 0; i < 2; i++) {
			out_char(&out, i ? ',' : '[');
			if (pair[i] == PAIR_UNKNOWN)
				out_put(&out, "null");
			else
				json_number(pair[i]);
		}
		out_char(&out, ']');
		break;
	case VALUE_ENDPOINT:
		json_endpoint(j, x);
		break;
	case VALUE_LIST:
		out_char(&out, '[');
		for (unsigned i = 0; i < list->n; i++)
			out_format(&out, "%s%u", i ? "," : "", (unsigned)list->at[i]);
		out_char(&out, ']');
		break;
	case VALUE_OWNERS:
		out_char(&out, '[');
		for (unsigned i = 0; i < o->n; i++) {
			out_format(&out, "%s{\"pid\":%d,\"comm\":", i ? "," : "", (int)o->at[i].pid);
			json_word(j, o->at[i].comm);
			out_format(&out, ",\"fd\":%d,\"uid\":%u}", (int)o->at[i].fd, (unsigned)o->at[i].uid);
		}
		out_char(&out, ']');
		break;
	}
}

static void json_by_key(unsigned in, const char *type, unsigned digits)
{
	struct json j;

	json_begin(&j, &out, type, digits);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		if (!(record_fields[k].in & in) || !record_has(&record, (enum record_key)k))
			continue;
		json_key(&j, record_fields[k].key);
		json_one(&j, (enum value_kind)record_fields[k].kind, record_member(&record, (enum record_key)k));
	}
	json_end(&j);
}

static void csv_pair(struct csv *c, bool has, const uint64_t *pair)
{
	for (unsigned i = 0; i < 2; i++)
		if (has && pair[i] != PAIR_UNKNOWN)
			csv_u64(c, pair[i]);
		else
			csv_cell(c, "");
}

static void csv_endpoint(struct csv *c, bool has, const struct endpoint *e)
{
	char cell[64];
	struct text t;

	text_init(&t, cell, sizeof cell);
	if (has)
		tuple_address(&t, &e->ip, e->family);
	csv_cell(c, cell);
	if (has && e->has_port)
		csv_u64(c, e->port);
	else
		csv_cell(c, "");
}

static void csv_one(struct csv *c, enum value_kind kind, const void *x)
{
	const struct record_name *name = x;
	const struct record_list *list = x;
	const struct record_owners *o = x;
	char cell[2048];
	struct text t;

	text_init(&t, cell, sizeof cell);
	if (kind == VALUE_WORD)
		text_put(&t, *(const char *const *)x);
	else if (kind == VALUE_LETTERS)
		text_put(&t, x);
	else if (kind == VALUE_NAME)
		text_foreign(&t, name->bytes, name->len, false);
	else if (kind == VALUE_U64)
		text_format(&t, "%llu", (unsigned long long)*(const uint64_t *)x);
	else if (kind == VALUE_BOOL)
		text_put(&t, *(const bool *)x ? "true" : "false");
	else if (kind == VALUE_TIME)
		text_seconds(&t, *(const int64_t *)x, c->digits);
	else if (kind == VALUE_DURATION)
		text_format(&t, "%lld", (long long)out_microseconds(*(const int64_t *)x));
	for (unsigned i = 0; kind == VALUE_LIST && i < list->n; i++)
		text_format(&t, "%s%u", i ? ";" : "", (unsigned)list->at[i]);
	for (unsigned i = 0; kind == VALUE_OWNERS && i < o->n; i++) {
		text_format(&t, "%s%d:%d:%u:", i ? ";" : "", (int)o->at[i].pid, (int)o->at[i].fd, (unsigned)o->at[i].uid);
		text_foreign(&t, o->at[i].comm, strlen(o->at[i].comm), false);
	}
	csv_cell(c, cell);
}

static void csv_by_key(unsigned in, const char *type, char separator, unsigned digits)
{
	struct csv c;

	csv_begin(&c, &out, separator, digits);
	csv_cell(&c, type);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		bool has = record_has(&record, (enum record_key)k);
		const void *x = record_member(&record, (enum record_key)k);

		if (!(record_fields[k].in & in))
			continue;
		if (record_fields[k].kind == VALUE_PAIR)
			csv_pair(&c, has, x);
		else if (record_fields[k].kind == VALUE_ENDPOINT)
			csv_endpoint(&c, has, x);
		else if (has)
			csv_one(&c, (enum value_kind)record_fields[k].kind, x);
		else
			csv_cell(&c, "");
	}
	csv_end(&c);
}

/* ---- both ------------------------------------------------------------------------- */

static void begin(bool ascii)
{
	out_init(&out, memfd_create("plan", 0), ascii);
	assert_true(out.fd >= 0);
}

static size_t end(char *all)
{
	ssize_t n;

	assert_int_equal(out_flush(&out), 0);
	n = pread(out.fd, all, MAX, 0);
	assert_in_range(n, 1, MAX - 1);
	(void)close(out.fd);
	return (size_t)n;
}

static void assert_same(size_t n, size_t m)
{
	size_t at = 0;

	while (at < n && at < m && by_plan[at] == by_key[at])
		at++;
	if (at < n || at < m)
		fail_msg("at %zu of %zu and %zu: %.120s | %.120s", at, n, m, by_plan + (at > 60 ? at - 60 : 0),
			 by_key + (at > 60 ? at - 60 : 0));
}

static void plan_json_is_key_by_key(void **state)
{
	(void)state;
	for (unsigned in = IN_CONNECTION; in <= IN_HANDSHAKE; in++) {
		const char *type = in == IN_CONNECTION ? "connection" : "handshake";
		struct json_plan *plan = json_plan_open(in, type);
		size_t n;

		assert_non_null(plan);
		chance_state = in;
		begin(false);
		for (unsigned i = 0; i < RECORDS; i++) {
			make_record();
			for (unsigned times = again(i); times > 0; times--) /* its shape is made, or there */
				json_record(&out, plan, &record, i % 2 ? 9 : 6);
		}
		n = end(by_plan);
		chance_state = in;
		begin(false);
		for (unsigned i = 0; i < RECORDS; i++) {
			make_record();
			for (unsigned times = again(i); times > 0; times--)
				json_by_key(in, type, i % 2 ? 9 : 6);
		}
		assert_same(n, end(by_key));
		assert_true(in == IN_HANDSHAKE || n > 4 * OUT_BUFFER);
		free(plan);
	}
}

static void plan_csv_is_cell_by_cell(void **state)
{
	(void)state;
	for (unsigned in = IN_CONNECTION; in <= IN_HANDSHAKE; in++) {
		const char *type = in == IN_CONNECTION ? "connection" : "handshake";
		const char separator = in == IN_CONNECTION ? ',' : '\t';
		struct csv_plan *plan = csv_plan_open(in, type, separator);
		size_t n;

		assert_non_null(plan);
		chance_state = in;
		begin(in == IN_HANDSHAKE);
		for (unsigned i = 0; i < RECORDS; i++) {
			make_record();
			for (unsigned times = again(i); times > 0; times--)
				csv_record(&out, plan, &record, i % 2 ? 9 : 6);
		}
		n = end(by_plan);
		chance_state = in;
		begin(in == IN_HANDSHAKE);
		for (unsigned i = 0; i < RECORDS; i++) {
			make_record();
			for (unsigned times = again(i); times > 0; times--)
				csv_by_key(in, type, separator, i % 2 ? 9 : 6);
		}
		assert_same(n, end(by_key));
		free(plan);
	}
}

static unsigned plain_begin(const void *self, char *to)
{
	(void)self;
	*to = '?';
	return 1;
}

static unsigned plain_before(const void *self, unsigned *at, enum record_key k, char *to)
{
	(void)self;
	(void)at;
	(void)k;
	*to = 'k';
	return 1;
}

static unsigned plain_end(const void *self, unsigned at, char *to)
{
	(void)self;
	(void)at;
	*to = '!';
	return 1;
}

static const struct shape_format plain_format = {
	.begin = plain_begin, .before = plain_before, .end = plain_end, .zeroes = "=", .quote = "",
};

/* What a form can hold; else what is gained is lost unseen. */
static void plan_knows_what_is_fixed(void **state)
{
	static struct plan plan;

	(void)state;
	plan_init(&plan, IN_CONNECTION);
	assert_false(plan_has(&plan, RECORD_HS_TIME));
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		bool has = plan_has(&plan, (enum record_key)k);

		assert_int_equal(plan.bools[k / 64] >> (k % 64) & 1, has && record_fields[k].kind == VALUE_BOOL);
		assert_int_equal(plan.words[k / 64] >> (k % 64) & 1, has && record_fields[k].kind == VALUE_WORD);
	}
}

/* The counters stand in rows as long as the tables say, across what is fixed. */
static void shape_finds_the_rows(void **state)
{
	static struct shapes shapes;
	const struct shape *s;
	unsigned longest = 0, losses = 0;

	(void)state;
	shapes_init(&shapes, IN_CONNECTION, &plain_format);
	memset(&record, 0, sizeof record);
	record_set_from(&record, RECORD_RETRANSMISSIONS, RECORD_EXACT_DUPLICATES);
	s = shape_of(&shapes, NULL, &record);
	for (unsigned i = 0; i < s->ops; i++) {
		longest = s->op[i].pairs > longest ? s->op[i].pairs : longest;
		losses += s->op[i].losses;
	}
	assert_int_equal(s->ops, 24); /* all that are pairs */
	assert_int_equal(losses, 22);
	assert_int_equal(s->op[0].pairs, 14);
	assert_int_equal(longest, 14);
	assert_int_equal(s->op[16].pairs, 8); /* exact.*, after rst and fin */
	assert_string_equal(s->text, "?k=k=k=k=k=k=k=k=k=k=k=k=kfalsek=k=k=k=k=k=k=k=k=k=k=k=!");
}

static const struct shape *shape_with(struct shapes *shapes, uint64_t has)
{
	memset(&record, 0, sizeof record);
	record.has[0] = has;
	return shape_of(shapes, NULL, &record);
}

/* The next record from this one on whose shape has its place in that set; no words, no bools. */
static uint64_t next_of(const struct shapes *like, uint64_t has, ptrdiff_t set)
{
	static struct shapes other;

	other.plan = like->plan;
	other.format = like->format;
	for (;; has++) {
		if (has & ~(like->plan.keys[0] & ~like->plan.words[0] & ~like->plan.bools[0]))
			continue;
		if ((shape_with(&other, has) - &other.at[0][0]) / SHAPE_WAYS == set)
			return has;
	}
}

/* Three of one set in turns: each is as it should be, and what was used last stays. */
static void shapes_of_a_set_share_it(void **state)
{
	static struct shapes shapes;
	uint64_t a, b, c;
	const struct shape *of_a, *of_b;

	(void)state;
	shapes_init(&shapes, IN_CONNECTION, &plain_format);
	a = next_of(&shapes, 1, 5);
	b = next_of(&shapes, a + 1, 5);
	c = next_of(&shapes, b + 1, 5);
	of_a = shape_with(&shapes, a);
	of_b = shape_with(&shapes, b);
	assert_ptr_not_equal(of_a, of_b);
	assert_ptr_equal(shape_with(&shapes, a), of_a);
	assert_ptr_equal(shape_with(&shapes, c), of_b);
	assert_ptr_equal(shape_with(&shapes, a), of_a);
	assert_ptr_equal(shape_with(&shapes, b), of_b);
	assert_int_equal(of_a->form.has[0], a);
	assert_int_equal(of_b->form.has[0], b);
	assert_int_equal(of_b->ops, __builtin_popcountll(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_json_is_key_by_key),
		cmocka_unit_test(plan_csv_is_cell_by_cell),
		cmocka_unit_test(plan_knows_what_is_fixed),
		cmocka_unit_test(shape_finds_the_rows),
		cmocka_unit_test(shapes_of_a_set_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
