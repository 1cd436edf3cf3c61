/* Zeek's view of a flow: conn_state and history.
 *
 * Each end of a TCP connection goes through Zeek's states:
 *
 *   inactive --SYN--> syn_sent ------- SYN/ACK of the peer --> established
 *      |  `-SYN/ACK-------------------------------------------^  |       |
 *      `----anything else--> partial                          FIN|    RST|
 *                                                             closed   reset
 *
 * and at the end the pair of states is the conn_state. The history has a letter
 * for what happened, upper case where the client did it:
 *
 *   S H F R   SYN, SYN/ACK, FIN, RST: once, and again with another sequence number
 *   A D I Q   pure ACK, data, FIN+RST, SYN+FIN or SYN+RST: once
 *   T W G     data that ends at or below the highest end, a zero window, a gap that
 *             was ACKed: the first time, the 10th, the 100th ...
 *   ^         whom the letters before took for the client was the server
 *   X         more followed, but is not kept
 *
 * Letters are kept by side and get their case at the end, when the client is
 * known. What is not as in Zeek, and why, stands in docs/zeek.md. */
#include <string.h>

#include "flow_private.h"

enum zeek_scaled { SCALED_AGAIN, SCALED_WINDOW, SCALED_GAP };
_Static_assert(SCALED_GAP + 1 == ZEEK_COUNTED, "one count each");
_Static_assert(ZEEK_LETTERS + ZEEK_MORE + 2 < RECORD_HISTORY_MAX, "letters, X, zero");

/* A SYN or RST so far away does not move the highest end. */
#define FAR (1 << 20)

/* ---- letters ---------------------------------------------------------------- */

static struct zeek_more *more_of(const struct flow_table *t, const struct flow *f)
{
	return f->zeek.more == REF_NONE ? NULL : blocks_at(&t->blocks, f->zeek.more);
}

static struct zeek_more *more_need(struct flow_table *t, struct flow *f)
{
	if (f->zeek.more == REF_NONE)
		f->zeek.more = blocks_take(t, ZEEK_CLASS);
	return more_of(t, f);
}

/* The first letters are kept by code: their place in here, and whether they are of side 1. */
static const char letter_of[] = "SHFRADIQTWG^";
enum { CODE_BITS = 5, CODE_SIDE_1 = 16 };

static unsigned code_of(char letter, unsigned dir)
{
	unsigned i = 0;

	while (letter_of[i] != letter)
		i++;
	return letter == '^' ? i : i | dir * CODE_SIDE_1;
}

static char letter_at(const struct zeek_track *z, const struct zeek_more *more, unsigned n)
{
	unsigned code = n < ZEEK_PACKED ? (unsigned)(z->packed >> n * CODE_BITS) & 31 : z->last;
	char c = letter_of[code & 15];

	if (n >= ZEEK_LETTERS)
		return more->letters[n - ZEEK_LETTERS];
	return code & CODE_SIDE_1 ? (char)(c - 'A' + 'a') : c;
}

static void put_letter(struct flow_table *t, struct flow *f, unsigned dir, char letter)
{
	struct zeek_track *z = &f->zeek;
	char c = dir && letter != '^' ? (char)(letter - 'A' + 'a') : letter;
	struct zeek_more *more;

	if (z->cut)
		return;
	if (z->n < ZEEK_PACKED) {
		z->packed |= (uint64_t)code_of(letter, dir) << z->n++ * CODE_BITS;
		return;
	}
	if (z->n < ZEEK_LETTERS) {
		z->last = (uint8_t)code_of(letter, dir);
		z->n++;
		return;
	}
	more = z->n < ZEEK_LETTERS + ZEEK_MORE ? more_need(t, f) : NULL;
	if (!more) {
		z->cut = true;
		return;
	}
	more->letters[z->n++ - ZEEK_LETTERS] = c;
}

/* True if it was there before. */
static bool put_once(struct flow_table *t, struct flow *f, unsigned dir, enum zeek_seen bit, char letter)
{
	struct flow_side *s = &f->side[dir];

	if (s->zeek_seen & bit)
		return true;
	s->zeek_seen |= (uint16_t)bit;
	put_letter(t, f, dir, letter);
	return false;
}

/* Again only with another number than the last of its kind. */
static void put_numbered(struct flow_table *t, struct flow *f, unsigned dir, enum zeek_seen bit, char letter,
			 uint32_t *last, uint32_t number)
{
	if (put_once(t, f, dir, bit, letter) && *last != number)
		put_letter(t, f, dir, letter);
	*last = number;
}

static bool is_power_of_ten(uint32_t n)
{
	while (n % 10 == 0)
		n /= 10;
	return n == 1;
}

/* The first is remembered by its letter; from the second on there is a count. */
static void put_scaled(struct flow_table *t, struct flow *f, unsigned dir, enum zeek_scaled kind)
{
	static const char letters[] = {'T', 'W', 'G'};
	struct zeek_more *more;
	uint32_t *n;

	if (!put_once(t, f, dir, (enum zeek_seen)(SEEN_SCALED << kind), letters[kind]))
		return;
	more = more_need(t, f);
	if (!more)
		return;
	n = &more->count[dir][kind];
	if (*n == 0)
		*n = 1;
	if (*n < UINT32_MAX && is_power_of_ten(++*n))
		put_letter(t, f, dir, letters[kind]);
}

/* ---- one packet --------------------------------------------------------------- */

/* A side's first packet, and a SYN that begins anew: where its numbers start. */
static void start_numbers(struct zeek_side *s, const struct descriptor *d, uint32_t end)
{
	bool syn = d->flags & TCP_SYN;
	bool handshake = s->state == ZEEK_SYN_SENT || s->state == ZEEK_SYN_ACK_SENT;
	bool open = s->state == ZEEK_ESTABLISHED || s->state == ZEEK_PARTIAL;

	if (s->state == ZEEK_INACTIVE) {
		s->last = syn ? end : d->tcp.seq;
		s->looked = syn ? d->tcp.seq + 1 : d->tcp.seq;
	} else if (syn && handshake && d->tcp.seq != s->syn) {
		s->last = end;
		s->looked = d->tcp.seq + 1;
	} else if (syn && (open || (s->state == ZEEK_RESET && s->before == ZEEK_INACTIVE))) {
		s->last = end;
	}
}

static void put_kind(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir)
{
	struct zeek_side *s = &f->side[dir].zeek;
	bool ended = s->state == ZEEK_CLOSED || (s->state == ZEEK_RESET && s->before != ZEEK_INACTIVE);
	char syn = d->flags & TCP_ACK ? 'H' : 'S';

	switch (d->flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
	case TCP_SYN:
		if (!ended) /* its number is the new beginning, so never another */
			s->syn = d->tcp.seq;
		put_numbered(t, f, dir, SEEN_SYN, syn, &s->syn, d->tcp.seq);
		break;
	case TCP_FIN:
		put_numbered(t, f, dir, SEEN_FIN, 'F', &s->fin, d->tcp.seq + d->payload_len);
		break;
	case TCP_RST:
		put_numbered(t, f, dir, SEEN_RST, 'R', &s->rst, d->tcp.seq);
		break;
	case 0:
		if (d->payload_len)
			put_once(t, f, dir, SEEN_DATA, 'D');
		else if (d->flags & TCP_ACK)
			put_once(t, f, dir, SEEN_ACK, 'A');
		break;
	default:
		if (d->flags & TCP_FIN && d->flags & TCP_RST)
			put_once(t, f, dir, SEEN_FIN_RST, 'I');
		else
			put_once(t, f, dir, SEEN_FLAGS, 'Q');
	}
}

/* Does it send nothing new? The highest end moves, too. */
static bool sends_again(const struct flow *f, struct zeek_side *s, const struct descriptor *d, unsigned dir,
			uint32_t end)
{
	int32_t ahead = (int32_t)(end - s->last);

	if (d->flags & (TCP_SYN | TCP_RST) && (ahead > FAR || ahead < -FAR))
		return false;
	if (d->flags & TCP_FIN && s->last == f->side[dir].base + 1) {
		s->last = end; /* of a long stream only SYN and FIN were captured */
		return false;
	}
	if (s->state == ZEEK_RESET)
		return false;
	if (ahead > 0)
		s->last = end;
	return ahead <= 0 && d->payload_len;
}

static void enter(struct zeek_side *s, enum zeek_state to)
{
	if (s->state == to)
		return;
	s->before = s->state;
	s->state = (uint8_t)to;
}

/* The first packet of a side. */
static void step_inactive(struct zeek_side *s, struct zeek_side *peer, const struct descriptor *d, bool client)
{
	if (d->flags & TCP_SYN && client) {
		if (d->flags & TCP_ACK)
			enter(s, ZEEK_SYN_ACK_SENT);
		else /* after its own SYN/ACK: captured in the wrong order */
			enter(s, peer->state == ZEEK_ESTABLISHED ? ZEEK_ESTABLISHED : ZEEK_SYN_SENT);
	} else if (d->flags & TCP_SYN) {
		if (peer->state == ZEEK_SYN_SENT)
			enter(peer, ZEEK_ESTABLISHED);
		enter(s, ZEEK_ESTABLISHED);
	}
	if (d->flags & TCP_FIN)
		enter(s, ZEEK_CLOSED);
	if (d->flags & TCP_RST)
		enter(s, ZEEK_RESET);
	if (s->state != ZEEK_INACTIVE)
		return;
	if (!client && d->payload_len == 0 && peer->state == ZEEK_SYN_SENT)
		return; /* an ACK before the SYN/ACK: some do that */
	enter(s, d->flags & TCP_ACK && peer->state == ZEEK_ESTABLISHED ? ZEEK_ESTABLISHED : ZEEK_PARTIAL);
}

static void step(struct zeek_side *s, struct zeek_side *peer, const struct descriptor *d, bool client)
{
	bool fin = d->flags & TCP_FIN, rst = d->flags & TCP_RST;

	switch ((enum zeek_state)s->state) {
	case ZEEK_INACTIVE:
		step_inactive(s, peer, d, client);
		break;
	case ZEEK_SYN_SENT:
	case ZEEK_SYN_ACK_SENT:
		if (fin)
			enter(s, ZEEK_CLOSED);
		if (rst)
			enter(s, ZEEK_RESET);
		break;
	case ZEEK_PARTIAL:
	case ZEEK_ESTABLISHED:
		if (s->state == ZEEK_PARTIAL && peer->state == ZEEK_INACTIVE &&
		    (d->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			enter(s, ZEEK_SYN_SENT);
		if (fin && !rst) {
			enter(s, ZEEK_CLOSED);
			/* The peer sent FIN, then RST: a normal end after all. */
			if (peer->state == ZEEK_RESET && peer->before == ZEEK_CLOSED)
				enter(peer, ZEEK_CLOSED);
		}
		if (rst)
			enter(s, ZEEK_RESET);
		break;
	case ZEEK_CLOSED:
		if (rst && peer->state != ZEEK_CLOSED)
			enter(s, ZEEK_RESET);
		break;
	case ZEEK_RESET:
		break;
	}
}

static bool is_clean(const struct zeek_side *s)
{
	return s->state == ZEEK_ESTABLISHED || (s->state == ZEEK_CLOSED && s->before == ZEEK_ESTABLISHED);
}

/* An ACK moves on over bytes of side p: those that were not seen are gaps. */
static void put_gaps(struct flow_table *t, struct flow *f, unsigned p, uint32_t ack)
{
	struct zeek_side *s = &f->side[p].zeek;
	const struct flow_side *side = &f->side[p];
	uint32_t end = seq_before(side->next, s->last) ? s->last : side->next;
	uint32_t from = s->looked;
	unsigned n;

	if (side->fin && seq_before(s->fin, ack))
		ack = s->fin; /* the FIN itself is no byte */
	if (!seq_before(from, ack))
		return;
	s->looked = ack;
	if (!is_clean(s) || !is_clean(&f->side[!p].zeek))
		return;
	n = segments_gaps(t, side, from, ack);
	if (seq_before(end, ack))
		n++;
	while (n-- > 0)
		put_scaled(t, f, p, SCALED_GAP);
}

void zeek_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		  const struct judgement *j)
{
	struct zeek_track *z = &f->zeek;
	struct zeek_side *s = &f->side[dir].zeek, *peer = &f->side[!dir].zeek;
	uint32_t end = d->tcp.seq + (d->flags & TCP_RST ? 0 : d->payload_len) + (d->flags & TCP_SYN ? 1 : 0) +
		       (d->flags & TCP_FIN ? 1 : 0);
	bool peer_known = peer->state != ZEEK_INACTIVE;

	if (j->verdicts & verdict_bit(VERDICT_EXACT_DUPLICATE))
		return;
	if (s->state == ZEEK_INACTIVE && !peer_known && z->n == 0)
		z->client = (uint8_t)dir;
	if (z->client != f->client)
		put_letter(t, f, dir, '^');
	z->client = f->client;
	start_numbers(s, d, end);
	put_kind(t, f, d, dir);
	if (d->window == 0 && !(d->flags & TCP_RST) && peer->state != ZEEK_CLOSED && s->state != ZEEK_RESET)
		put_scaled(t, f, dir, SCALED_WINDOW);
	if (sends_again(f, s, d, dir, end))
		put_scaled(t, f, dir, SCALED_AGAIN);
	step(s, peer, d, dir == f->client);
	if (d->flags & TCP_ACK && peer_known)
		put_gaps(t, f, !dir, d->tcp.ack);
}

bool zeek_said_data(const struct flow *f, unsigned i)
{
	return f->side[i].zeek_seen & SEEN_DATA;
}

bool zeek_said_ack(const struct flow *f, unsigned i)
{
	return f->side[i].zeek_seen & SEEN_ACK;
}

/* A SYN as the embryo keeps it. Two letters at most: they need no table. */
void zeek_begin(struct flow *f, unsigned dir, const struct embryo *e)
{
	struct zeek_side *s = &f->side[dir].zeek;

	f->zeek.client = (uint8_t)dir;
	s->state = ZEEK_SYN_SENT;
	s->syn = e->isn;
	s->last = s->looked = e->isn + 1;
	put_once(NULL, f, dir, SEEN_SYN, 'S');
	if (e->window == 0)
		put_once(NULL, f, dir, (enum zeek_seen)(SEEN_SCALED << SCALED_WINDOW), 'W');
}

/* ---- at the end ----------------------------------------------------------------- */

static void history(char out[RECORD_HISTORY_MAX], const struct flow_table *t, const struct flow *f)
{
	const struct zeek_track *z = &f->zeek;
	const struct zeek_more *more = more_of(t, f);
	unsigned n = 0;

	for (; n < z->n; n++) {
		char c = letter_at(z, more, n);

		if (f->client && c != '^')
			c ^= 'a' ^ 'A';
		out[n] = c;
	}
	if (z->cut)
		out[n++] = 'X';
	out[n] = '\0';
}

/* Payload from the side's SYN, or the first that was captured of it, to the
 * highest that it sent or that was acknowledged. A stream longer than 2^32 is
 * counted by its bytes. */
static uint64_t stream_bytes(const struct flow_table *t, const struct flow *f, unsigned dir)
{
	const struct flow_side *s = &f->side[dir], *peer = &f->side[!dir];
	const struct side_trouble *x = side_trouble(t, s);
	uint64_t seen, missed, lost;
	uint32_t end = s->next, span;

	if (!(s->bits & SIDE_NEXT))
		return 0;
	if (peer->bits & SIDE_ACKED && seq_before(end, peer->acked))
		end = peer->acked;
	span = end - (s->bits & (SIDE_SYN | SIDE_SYNACK) ? s->base + 1 : s->low);
	span -= span && s->fin ? 1 : 0;
	segments_missing(t, s, peer, &missed, &lost);
	seen = s->bytes + missed + lost - (x ? x->seen_again_bytes : 0);
	if (span > seen + INT32_MAX)
		return 0; /* it ends before it begins */
	return seen > span ? span + ((seen - span + INT32_MAX) >> 32 << 32) : span;
}

/* A SYN and a RST of the client, nothing else of it but repeats. */
static bool only_syn_and_rst(const char *h)
{
	if (*h == '^')
		h++;
	if (*h++ != 'S')
		return false;
	h += strcspn(h, "HAFGIQR");
	return *h == 'R';
}

static const char *conn_state(const struct flow *f, const char *letters, const uint64_t bytes[2])
{
	enum zeek_state client = f->side[f->client].zeek.state, server = f->side[!f->client].zeek.state;
	bool no_client = client == ZEEK_INACTIVE || client == ZEEK_PARTIAL;
	bool no_server = server == ZEEK_INACTIVE || server == ZEEK_PARTIAL;

	if (server == ZEEK_RESET) {
		if (client == ZEEK_SYN_SENT || client == ZEEK_SYN_ACK_SENT ||
		    (client == ZEEK_RESET && bytes[0] == 0 && bytes[1] == 0))
			return "REJ";
		return no_client ? "RSTRH" : "RSTR";
	}
	if (client == ZEEK_RESET) {
		if (!no_server)
			return "RSTO";
		return only_syn_and_rst(letters) ? "RSTOS0" : "OTH";
	}
	if (client == ZEEK_CLOSED)
		return server == ZEEK_CLOSED ? "SF" : no_server ? "SH" : "S2";
	if (server == ZEEK_CLOSED)
		return no_client ? "SHR" : "S3";
	if (client == ZEEK_SYN_SENT && server == ZEEK_INACTIVE)
		return "S0";
	return client == ZEEK_ESTABLISHED && server == ZEEK_ESTABLISHED ? "S1" : "OTH";
}

/* UDP's letters follow from who spoke: the client is who spoke first. */
void zeek_fill(struct flow_record *r, const struct flow_table *t, const struct flow *f)
{
	bool answered = r->packets[0] && r->packets[1];

	if (f->key.proto == PROTO_TCP) {
		history(r->history, t, f);
		for (unsigned i = 0; i < 2; i++)
			r->stream_bytes[i] = stream_bytes(t, f, i ^ f->client);
		r->conn_state = conn_state(f, r->history, r->stream_bytes);
	} else {
		memcpy(r->stream_bytes, r->bytes, sizeof r->stream_bytes);
		r->conn_state = f->key.proto != PROTO_UDP ? "OTH" : answered ? "SF" : "S0";
		memcpy(r->history, f->key.proto != PROTO_UDP ? "" : answered ? "Dd" : "D",
		       f->key.proto != PROTO_UDP ? 1 : answered ? 3 : 2);
	}
	record_set(r, RECORD_CONN_STATE);
	if (r->history[0])
		record_set(r, RECORD_HISTORY);
}
