/* Words that choose sockets, as users of ss type them, made into a small program
 * that socket_fit.c asks.
 *
 * The program is in postfix order: tests push an answer, and, or, not take theirs.
 * Its length and the depth of brackets are bounded, so that any command line
 * ends soon. Nothing is looked up: ports and users are numbers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "socket_words_private.h"
#include "sockeye/text.h"

struct reader {
	struct sockets_words *w;
	const char *text, *at; /* at: the word that is looked at */
	size_t len;            /* 0: the end */
	unsigned depth;
	bool typed;            /* words that are none are texts */
	struct error *e;
	unsigned *column;
};

/* Behind which a value stands; a state's where it says so. */
static const struct {
	const char *word;
	bool states;
} valued[] = {
	{"state", true}, {"exclude", true}, {"excl", true}, {"sport", false}, {"dport", false}, {"port", false},
	{"src", false}, {"dst", false}, {"host", false}, {"pid", false}, {"uid", false}, {"inode", false}, {"ino", false},
	{"holders", false}, {"process", false}, {"cgroup", false}, {"name", false},
};

bool sockets_words_wants(const char *word, size_t n, bool *states)
{
	for (size_t i = 0; i < sizeof valued / sizeof *valued; i++) {
		if (strlen(valued[i].word) != n || strncasecmp(valued[i].word, word, n) != 0)
			continue;
		*states = valued[i].states;
		return true;
	}
	return false;
}

/* ---- words of the text --------------------------------------------------------------------- */

static void reader_next(struct reader *r)
{
	static const char marks[] = "()=!<>&|";
	const char *s = r->at + r->len, *colon;
	bool states;

	if (*s == ':' && r->len > 0 && sockets_words_wants(r->at, r->len, &states))
		s++; /* port:443 */
	s += strspn(s, " \t\n");
	r->at = s;
	if (*s == '\0') {
		r->len = 0;
		return;
	}
	if (*s == '(' || *s == ')') {
		r->len = 1;
		return;
	}
	r->len = strchr(marks, *s) ? strspn(s, "=!<>&|") : strcspn(s, " \t\n()=!<>&|");
	colon = memchr(s, ':', r->len);
	if (colon && sockets_words_wants(s, (size_t)(colon - s), &states))
		r->len = (size_t)(colon - s);
}

static bool reader_is(const struct reader *r, const char *word)
{
	return strlen(word) == r->len && strncasecmp(r->at, word, r->len) == 0;
}

static int reader_fail(struct reader *r, const char *why)
{
	char word[80];
	struct text t;

	text_init(&t, word, sizeof word);
	text_foreign(&t, r->at, r->len < 60 ? r->len : 60, false);
	*r->column = 1;
	for (const char *s = r->text; s < r->at; s++)
		*r->column += ((unsigned char)*s & 0xc0) != 0x80;
	return error_set(r->e, EINVAL, r->len ? "%s: \"%s\"" : "%s, and the words end there", why, word);
}

static struct test *reader_test(struct reader *r, enum kind kind)
{
	struct test *t;

	if (r->w->n == SOCKETS_WORDS)
		return NULL;
	t = &r->w->at[r->w->n++];
	memset(t, 0, sizeof *t);
	t->kind = (uint8_t)kind;
	return t;
}

static bool number_of(const char *s, size_t n, uint64_t most, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || v > (most - (uint64_t)(s[i] - '0')) / 10)
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*out = v;
	return n > 0;
}

static enum operator reader_operator(struct reader *r)
{
	static const struct {
		const char *word;
		enum operator is;
	} words[] = {
		{"=", IS}, {"==", IS}, {"eq", IS}, {"!=", IS_NOT}, {"ne", IS_NOT}, {"neq", IS_NOT}, {"<", LESS}, {"lt", LESS},
		{"<=", LESS_OR_IS}, {"le", LESS_OR_IS}, {"leq", LESS_OR_IS}, {">", MORE}, {"gt", MORE}, {">=", MORE_OR_IS},
		{"ge", MORE_OR_IS}, {"geq", MORE_OR_IS},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (reader_is(r, words[i].word)) {
			reader_next(r);
			return words[i].is;
		}
	}
	return IS;
}

/* ---- single tests --------------------------------------------------------------------------- */

/* 443, :443, 6000-6063 */
static bool ports_of(const char *s, size_t n, uint64_t *low, uint64_t *high)
{
	const char *dash;

	if (n > 0 && *s == ':')
		s++, n--;
	dash = memchr(s, '-', n);
	if (!dash)
		return number_of(s, n, UINT16_MAX, low) && (*high = *low, true);
	return number_of(s, (size_t)(dash - s), UINT16_MAX, low) &&
	       number_of(dash + 1, n - (size_t)(dash + 1 - s), UINT16_MAX, high) && *low <= *high;
}

/* 10.0.0.1, 10.0.0.0/8, ::1, [::1], * */
static bool address_of(const char *s, size_t n, struct test *t)
{
	const char *slash = memchr(s, '/', n), *end = s + n;
	size_t len = slash ? (size_t)(slash - s) : n;
	char text[INET6_ADDRSTRLEN];
	uint64_t bits;

	if (len == 1 && *s == '*' && !slash)
		return true; /* any: family 0 */
	if (len >= 2 && s[0] == '[' && s[len - 1] == ']')
		s++, len -= 2;
	if (len == 0 || len >= sizeof text)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, t->address.b) == 1)
		t->family = FAMILY_IPV4;
	else if (inet_pton(AF_INET6, text, t->address.b) == 1)
		t->family = FAMILY_IPV6;
	else
		return false;
	bits = t->family == FAMILY_IPV4 ? 32 : 128;
	if (slash && !number_of(slash + 1, (size_t)(end - slash - 1), bits, &bits))
		return false;
	t->prefix = (uint8_t)bits;
	return true;
}

/* An address, a port, or both: two tests that both must hold, on that side. */
static int read_endpoint(struct reader *r, enum side side, enum operator operator)
{
	const char *s = r->at, *colon = memrchr(s, ':', r->len), *bracket = memrchr(s, ']', r->len);
	size_t len = r->len;
	struct test t = {.kind = TEST_ADDRESS, .side = (uint8_t)side, .operator = (uint8_t)operator}, port = t, *out;
	bool has_port = false;

	/* The last colon is the port's, but not in a bare IPv6 address. */
	if (colon && (bracket ? colon > bracket : memchr(s, ':', r->len) == colon)) {
		has_port = !(colon + 1 == s + len - 1 && colon[1] == '*');
		if (has_port && !ports_of(colon + 1, (size_t)(s + len - colon - 1), &port.low, &port.high))
			return reader_fail(r, "a port is a number up to 65535");
		len = (size_t)(colon - s);
	}
	if (len > 0 && !address_of(s, len, &t))
		return reader_fail(r, "no address such as 10.0.0.0/8, ::1, 10.0.0.1:80 or :80");
	if (side == SIDE_EITHER && has_port && len > 0) {
		/* both on the same side */
		t.low = port.low;
		t.high = port.high;
	}
	port.kind = TEST_PORT;
	if (!has_port || len > 0) {
		out = reader_test(r, TEST_ADDRESS);
		if (!out)
			return reader_fail(r, "too many words");
		t.high = has_port && side == SIDE_EITHER ? port.high : UINT64_MAX; /* no port asked for */
		*out = t;
	}
	if (has_port && (len == 0 || side != SIDE_EITHER)) {
		out = reader_test(r, TEST_PORT);
		if (!out)
			return reader_fail(r, "too many words");
		*out = port;
		if (len > 0 && !reader_test(r, operator == IS_NOT ? TEST_OR : TEST_AND))
			return reader_fail(r, "too many words");
	}
	reader_next(r);
	return 0;
}

static int read_states(struct reader *r, bool exclude)
{
	static const struct {
		const char *word;
		uint32_t states;
	} groups[] = {
		{"all", UINT32_MAX},
		{"connected", ~(1U << SOCKET_LISTEN | 1U << SOCKET_CLOSED)},
		{"synchronized", ~(1U << SOCKET_LISTEN | 1U << SOCKET_CLOSED | 1U << SOCKET_SYN_SENT)},
		{"bucket", 1U << SOCKET_SYN_RECEIVED | 1U << SOCKET_NEW_SYN_RECEIVED | 1U << SOCKET_TIME_WAIT},
		{"big", ~(1U << SOCKET_SYN_RECEIVED | 1U << SOCKET_NEW_SYN_RECEIVED | 1U << SOCKET_TIME_WAIT)},
	};
	const char *s = r->at, *end = r->at + r->len;
	struct test *t = reader_test(r, TEST_STATES);

	if (!t)
		return reader_fail(r, "too many words");
	if (r->len == 0)
		return reader_fail(r, "state wants a word such as established, listen or close_wait");
	while (s < end) {
		size_t n = strcspn(s, ", \t()");
		char word[32];
		unsigned state;
		bool found = false;

		n = n < (size_t)(end - s) ? n : (size_t)(end - s);
		if (n >= sizeof word)
			return reader_fail(r, "no such state");
		memcpy(word, s, n);
		word[n] = '\0';
		for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
			if (strcasecmp(word, groups[i].word) == 0) {
				t->low |= groups[i].states;
				found = true;
			}
		}
		state = found ? 0 : socket_state_find(word);
		if (!found && state == 0)
			return reader_fail(r, "no such state; there are established, syn_sent, syn_received, fin_wait1, fin_wait2, "
					      "time_wait, close_wait, last_ack, closing, listen, closed");
		if (!found)
			t->low |= 1U << state | (state == SOCKET_SYN_RECEIVED ? 1U << SOCKET_NEW_SYN_RECEIVED : 0);
		s += n + (s + n < end);
	}
	if (exclude)
		t->low = ~t->low;
	reader_next(r);
	return 0;
}

static int read_number(struct reader *r, enum kind kind, uint64_t most)
{
	enum operator operator = reader_operator(r);
	struct test *t = reader_test(r, kind);

	if (!t)
		return reader_fail(r, "too many words");
	if (!number_of(r->at, r->len, most, &t->low))
		return reader_fail(r, "a number is wanted here");
	t->operator = (uint8_t)operator;
	t->high = t->low;
	reader_next(r);
	return 0;
}

static int read_text(struct reader *r, enum kind kind)
{
	enum operator operator = reader_operator(r);
	struct test *t = reader_test(r, kind);

	if (!t)
		return reader_fail(r, "too many words");
	if (r->len == 0 || r->len >= sizeof t->text)
		return reader_fail(r, "a text is wanted here");
	memcpy(t->text, r->at, r->len);
	t->operator = (uint8_t)operator;
	reader_next(r);
	return 0;
}

static int read_ports(struct reader *r, enum side side)
{
	enum operator operator = reader_operator(r);
	struct test *t;

	/* ss also takes an address here: sport = 10.0.0.1:22 */
	if (r->len > 0 && memchr(r->at, ':', r->len) && *r->at != ':')
		return read_endpoint(r, side, operator);
	t = reader_test(r, TEST_PORT);
	if (!t)
		return reader_fail(r, "too many words");
	if (!ports_of(r->at, r->len, &t->low, &t->high))
		return reader_fail(r, "a port is a number up to 65535, or two with a dash");
	t->side = (uint8_t)side;
	t->operator = (uint8_t)operator;
	reader_next(r);
	return 0;
}

static const struct socket_bare {
	const char *word;
	enum kind kind;
	unsigned value;
} bare[] = {
	{"tcp", TEST_PROTO, PROTO_TCP}, {"udp", TEST_PROTO, PROTO_UDP}, {"udplite", TEST_PROTO, PROTO_UDPLITE},
	{"raw", TEST_PROTO, SOCKET_PROTO_RAW}, {"unix", TEST_FAMILY, SOCKET_UNIX}, {"packet", TEST_FAMILY, SOCKET_PACKET},
	{"netlink", TEST_FAMILY, SOCKET_NETLINK}, {"ipv4", TEST_IP, FAMILY_IPV4}, {"ipv6", TEST_IP, FAMILY_IPV6},
	{"inet", TEST_IP, FAMILY_IPV4}, {"inet6", TEST_IP, FAMILY_IPV6},
};

static const struct {
	const char *word;
	enum kind kind;
	uint64_t most;
} numbers[] = {{"pid", TEST_PID, INT32_MAX}, {"uid", TEST_UID, UINT32_MAX}, {"inode", TEST_INODE, UINT64_MAX},
	       {"ino", TEST_INODE, UINT64_MAX}, {"holders", TEST_HOLDERS, UINT32_MAX}},
  texts[] = {{"process", TEST_PROCESS, 0}, {"cgroup", TEST_CGROUP, 0}, {"name", TEST_NAME, 0}};

static const struct {
	const char *word;
	enum side side;
	bool port;
} ends[] = {{"sport", SIDE_LOCAL, true}, {"dport", SIDE_REMOTE, true}, {"port", SIDE_EITHER, true},
	    {"src", SIDE_LOCAL, false}, {"dst", SIDE_REMOTE, false}, {"host", SIDE_EITHER, false}};

static bool reader_is_state(const struct reader *r)
{
	char word[32];

	if (r->len == 0 || r->len >= sizeof word)
		return false;
	memcpy(word, r->at, r->len);
	word[r->len] = '\0';
	return socket_state_find(word) != 0;
}

/* A word that nobody knows: no operator, not before one, and no NAME: of a value. */
static bool reader_is_text(const struct reader *r)
{
	const char *behind = r->at + r->len;
	size_t name = strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	behind += strspn(behind, " \t\n");
	if (r->len == 0 || strchr("()=!<>&|", *r->at) || reader_is(r, "and") || reader_is(r, "or"))
		return false;
	if (strspn(behind, "=<>") > 0 || (behind[0] == '!' && behind[1] == '='))
		return false;
	return name == 0 || name == r->len || r->at[name] != ':';
}

static int read_word(struct reader *r)
{
	struct test *t = reader_test(r, TEST_TEXT);

	if (!t)
		return reader_fail(r, "too many words");
	if (r->len >= sizeof t->text)
		return reader_fail(r, "this word is too long");
	memcpy(t->text, r->at, r->len);
	reader_next(r);
	return 0;
}

/* An address or :PORT where it is one, else a text: part of an address, a port's number. */
static int read_typed(struct reader *r)
{
	const struct reader before = *r;
	const unsigned n = r->w->n, column = *r->column;
	struct error unused = {""};
	int rc;

	r->e = &unused;
	rc = read_endpoint(r, SIDE_EITHER, IS);
	r->e = before.e;
	if (rc == 0)
		return 0;
	*r = before;
	if (!reader_is_text(r))
		return reader_fail(r, "no address such as 10.0.0.0/8, ::1, 10.0.0.1:80 or :80");
	r->w->n = n;
	*r->column = column;
	return read_word(r);
}

static int read_one(struct reader *r)
{
	bool exclude = reader_is(r, "exclude") || reader_is(r, "excl");

	if (exclude || reader_is(r, "state")) {
		reader_next(r);
		return read_states(r, exclude);
	}
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (!reader_is(r, ends[i].word))
			continue;
		reader_next(r);
		return ends[i].port ? read_ports(r, ends[i].side) : read_endpoint(r, ends[i].side, reader_operator(r));
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (!reader_is(r, numbers[i].word))
			continue;
		reader_next(r);
		return read_number(r, numbers[i].kind, numbers[i].most);
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!reader_is(r, texts[i].word))
			continue;
		reader_next(r);
		return read_text(r, texts[i].kind);
	}
	for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
		struct test *t = reader_is(r, bare[i].word) ? reader_test(r, bare[i].kind) : NULL;

		if (!t)
			continue;
		t->low = bare[i].value;
		reader_next(r);
		return 0;
	}
	if (r->len > 0 && strchr("0123456789[:*", *r->at))
		return r->typed ? read_typed(r) : read_endpoint(r, SIDE_EITHER, IS);
	if (r->typed && reader_is_text(r))
		return read_word(r);
	if (reader_is_state(r))
		return reader_fail(r, "a state alone: write the word state before it");
	return reader_fail(r, r->len == 0 ? "something is missing" : "no such word; sockets are chosen by state, port, sport, dport, "
			   "src, dst, host, process, pid, uid, inode, holders, cgroup, name and protocols");
}

/* ---- and, or, not ----------------------------------------------------------------------------- */

static int read_any(struct reader *r);

static int read_factor(struct reader *r)
{
	unsigned nots = 0;
	int rc;

	while (reader_is(r, "not") || reader_is(r, "!")) {
		nots++;
		reader_next(r);
	}
	if (reader_is(r, "(")) {
		if (++r->depth > SOCKETS_DEPTH)
			return reader_fail(r, "too many brackets");
		reader_next(r);
		rc = read_any(r);
		if (rc == 0 && !reader_is(r, ")"))
			rc = reader_fail(r, "a bracket is not closed");
		if (rc == 0)
			reader_next(r);
		r->depth--;
	} else {
		rc = read_one(r);
	}
	if (rc == 0 && nots % 2 == 1 && !reader_test(r, TEST_NOT))
		return reader_fail(r, "too many words");
	return rc;
}

static int read_all(struct reader *r)
{
	int rc = read_factor(r);

	while (rc == 0 && r->len > 0 && !reader_is(r, ")") && !reader_is(r, "or") && !reader_is(r, "|") && !reader_is(r, "||")) {
		if (reader_is(r, "and") || reader_is(r, "&") || reader_is(r, "&&"))
			reader_next(r);
		rc = read_factor(r);
		if (rc == 0 && !reader_test(r, TEST_AND))
			return reader_fail(r, "too many words");
	}
	return rc;
}

static int read_any(struct reader *r)
{
	int rc = read_all(r);

	while (rc == 0 && (reader_is(r, "or") || reader_is(r, "|") || reader_is(r, "||"))) {
		reader_next(r);
		rc = read_all(r);
		if (rc == 0 && !reader_test(r, TEST_OR))
			return reader_fail(r, "too many words");
	}
	return rc;
}

static int parse(struct sockets_words **out, const char *text, bool typed, unsigned *column, struct error *e)
{
	struct reader r = {.text = text, .at = text, .typed = typed, .e = e, .column = column};
	int rc = 0;

	*column = 1;
	*out = r.w = calloc(1, sizeof *r.w);
	if (!r.w)
		return error_set(e, ENOMEM, "no memory for the words that choose sockets");
	reader_next(&r);
	if (r.len > 0)
		rc = read_any(&r);
	if (rc == 0 && r.len > 0)
		rc = reader_fail(&r, "this does not fit here");
	if (rc < 0) {
		free(r.w);
		*out = NULL;
	}
	return rc;
}

int sockets_words_parse(struct sockets_words **out, const char *text, unsigned *column, struct error *e)
{
	return parse(out, text, false, column, e);
}

int sockets_words_parse_typed(struct sockets_words **out, const char *text, unsigned *column, struct error *e)
{
	return parse(out, text, true, column, e);
}

void sockets_words_free(struct sockets_words *w)
{
	free(w);
}

/* ---- for people ----------------------------------------------------------------------------------- */

const char *sockets_words_list(unsigned i, const char **meaning)
{
	static const struct {
		const char *word, *meaning;
	} words[] = {
		{"state", "established, listen, close-wait ..."}, {"exclude", "all states but these"}, {"port", "either end"},
		{"sport", "the local port: = != < > 22"}, {"dport", "the remote port"}, {"src", "the local address, 10.0.0.0/8"},
		{"dst", "the remote address"}, {"host", "either address"}, {"process", "a name that has this in it"},
		{"pid", "a process that holds it"}, {"uid", "the user who made it"}, {"holders", "how many hold it"},
		{"cgroup", "a control group that has this in it"}, {"name", "a UNIX socket's name that has this in it"},
		{"inode", "its inode"}, {"tcp", "its kind"}, {"udp", "its kind"}, {"udplite", "its kind"}, {"raw", "its kind"},
		{"unix", "its kind"}, {"packet", "its kind: who sniffs"}, {"netlink", "its kind"}, {"ipv4", "its kind"},
		{"ipv6", "its kind"}, {"and", "both"}, {"or", "either"}, {"not", "turned round"},
	};

	if (i >= sizeof words / sizeof *words)
		return NULL;
	*meaning = words[i].meaning;
	return words[i].word;
}

const char *sockets_words_state(unsigned i)
{
	static const char *const words[] = {
		"established", "listen", "close_wait", "time_wait", "syn_sent", "syn_received", "fin_wait1", "fin_wait2",
		"last_ack", "closing", "closed", "connected", "synchronized", "bucket", "big", "all",
	};

	return i < sizeof words / sizeof *words ? words[i] : NULL;
}
