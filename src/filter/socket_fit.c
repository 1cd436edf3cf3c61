/* Asking a socket what socket_words.c has made of the words. */
#include <string.h>

#include "socket_words_private.h"
#include "sockeye/text.h"

static bool compare(enum operator operator, uint64_t v, uint64_t low, uint64_t high)
{
	switch (operator) {
	case IS:
		return v >= low && v <= high;
	case IS_NOT:
		return v < low || v > high;
	case LESS:
		return v < low;
	case LESS_OR_IS:
		return v <= high;
	case MORE:
		return v > high;
	default:
		return v >= low;
	}
}

static bool fits_address(const struct test *t, const struct endpoint *e)
{
	unsigned whole = t->prefix / 8, rest = t->prefix % 8;

	if (e->family == FAMILY_NONE || (t->family != 0 && e->family != t->family))
		return false;
	if (t->high != UINT64_MAX && !(e->has_port && compare(IS, e->port, t->low, t->high)))
		return false;
	if (t->family == 0)
		return true;
	return memcmp(e->ip.b, t->address.b, whole) == 0 &&
	       (rest == 0 || ((e->ip.b[whole] ^ t->address.b[whole]) >> (8 - rest)) == 0);
}

static bool fits_side(const struct test *t, const struct endpoint *e)
{
	if (t->kind == TEST_ADDRESS)
		return fits_address(t, e);
	/* Who has no remote end has port 0 there, as in ss; "port" asks of ends that there are. */
	if (e->family == FAMILY_NONE && t->side == SIDE_EITHER)
		return false;
	return e->has_port && compare(t->operator == IS_NOT ? IS : (enum operator)t->operator, e->port, t->low, t->high);
}

static bool fits_owner(const struct test *t, const struct socket_table *table, const struct socket_record *s)
{
	for (uint32_t i = 0; i < s->owners; i++) {
		const struct process *p = &table->processes[table->owners[s->owner + i].process];

		if (t->kind == TEST_PID ? compare((enum operator)t->operator, (uint64_t)p->pid, t->low, t->high)
					: (strstr(p->comm, t->text) != NULL) == (t->operator == IS))
			return true;
	}
	return false;
}

static bool fits_text(const struct test *t, const char *in, size_t n)
{
	return (memmem(in, n, t->text, strlen(t->text)) != NULL) == (t->operator == IS);
}

/* Letters of either case, - and _ are the same: "close-wait" is the state close_wait. */
static bool same_letter(char a, char b)
{
	if (a == '-')
		a = '_';
	if (b == '-')
		b = '_';
	return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
}

static bool is_in(const char *line, const char *word)
{
	for (; *line != '\0'; line++) {
		size_t i = 0;

		while (word[i] != '\0' && same_letter(line[i], word[i]))
			i++;
		if (word[i] == '\0')
			return true;
	}
	return false;
}

/* Is the word somewhere in what the screen says of it? As states it takes the record's words, and those of ss that
 * the screen writes. */
static bool fits_word(const char *word, const struct socket_table *table, const struct socket_record *s)
{
	char line[512];
	struct text t;

	text_init(&t, line, sizeof line);
	text_format(&t, "%s %s %s", socket_family_word(s), socket_proto_word(s), socket_state_word(s));
	text_put(&t, s->state == SOCKET_SYN_RECEIVED || s->state == SOCKET_NEW_SYN_RECEIVED ? " syn_recv"
		     : s->state == SOCKET_FIN_WAIT1 ? " fin_wait_1"
		     : s->state == SOCKET_FIN_WAIT2 ? " fin_wait_2" : "");
	text_put(&t, s->waiting ? " waiting " : " ");
	if (s->family == SOCKET_UNIX) {
		socket_name(&t, s, false);
	} else if (s->family == SOCKET_INET || s->family == SOCKET_INET6) {
		socket_endpoint(&t, &s->local);
		text_char(&t, ' ');
		socket_endpoint(&t, &s->remote);
	}
	if (is_in(line, word))
		return true;
	for (uint32_t i = 0; i < s->owners; i++) {
		const struct process *p = &table->processes[table->owners[s->owner + i].process];

		text_reset(&t);
		text_put(&t, p->comm);
		text_format(&t, " %d", p->pid);
		if (is_in(line, word))
			return true;
	}
	return false;
}

static bool fits(const struct test *t, const struct socket_table *table, const struct socket_record *s)
{
	const bool inet = s->family == SOCKET_INET || s->family == SOCKET_INET6;
	const char *path;
	bool any;

	switch ((enum kind)t->kind) {
	case TEST_STATES:
		return (t->low >> s->state & 1) != 0;
	case TEST_PORT:
	case TEST_ADDRESS:
		if (!inet)
			return false;
		any = ((t->side & SIDE_LOCAL) && fits_side(t, &s->local)) || ((t->side & SIDE_REMOTE) && fits_side(t, &s->remote));
		return t->operator == IS_NOT ? !any : any;
	case TEST_PID:
	case TEST_PROCESS:
		return fits_owner(t, table, s);
	case TEST_UID:
		return s->has & SOCKET_HAS_UID && compare((enum operator)t->operator, s->uid, t->low, t->high);
	case TEST_INODE:
		return compare((enum operator)t->operator, s->inode, t->low, t->high);
	case TEST_HOLDERS:
		return socket_held(s) && compare((enum operator)t->operator, s->owners, t->low, t->high);
	case TEST_CGROUP:
		path = socket_cgroup(table, s);
		return path && fits_text(t, path, strlen(path));
	case TEST_NAME:
		return s->family == SOCKET_UNIX && fits_text(t, s->un.name, s->un.name_len);
	case TEST_PROTO:
		return inet && s->proto == t->low;
	case TEST_FAMILY:
		return s->family == t->low;
	case TEST_TEXT:
		return fits_word(t->text, table, s);
	default: /* TEST_IP */
		return inet && s->local.family == t->low;
	}
}

bool sockets_words_fit(const struct sockets_words *w, const struct socket_table *t, const struct socket_record *s)
{
	bool stack[SOCKETS_WORDS + 1];
	unsigned n = 0;

	if (!w || w->n == 0)
		return true;
	for (unsigned i = 0; i < w->n; i++) {
		switch (w->at[i].kind) {
		case TEST_NOT:
			stack[n - 1] = !stack[n - 1];
			break;
		case TEST_AND:
			n--;
			stack[n - 1] = stack[n - 1] && stack[n];
			break;
		case TEST_OR:
			n--;
			stack[n - 1] = stack[n - 1] || stack[n];
			break;
		default:
			stack[n++] = fits(&w->at[i], t, s);
			break;
		}
	}
	return stack[0];
}
