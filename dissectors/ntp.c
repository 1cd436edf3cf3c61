/* NTP: the time asked and told.
 *
 * Promises: a datagram is NTP if its version and mode exist, its length is that
 * of a header with extensions and a MAC, and what is bounded in it is within
 * bounds; on another port than 123 the bounds are narrower. Control and private
 * messages (modes 6 and 7) are named on port 123 only, if their counts agree
 * with their length.
 *
 *  0            1         2      3           4       8        12    16     24     32     40      48
 *  | LI VN mode | stratum | poll | precision | delay | disp.  | id  | ref  | orig | recv | xmit  |
 */
#include "sockeye/dissector.h"

enum {
	NTP_PORT = 123, NTP_LEN = 48,
	NTP_CLIENT = 3, NTP_SERVER = 4, NTP_CONTROL = 6, NTP_PRIVATE = 7,
	NTP_STRATUM_MAX = 16, NTP_POLL_MIN = -8, NTP_POLL_MAX = 17,
	NTP_ROOT_MAX = 16, /* seconds: RFC 5905, MAXDISP */
	NTP_ROOT_LONG = 4096, /* seconds of those who run by themselves for long */
	NTP_CONTROL_LEN = 12, NTP_CONTROL_LAST = 12, NTP_PRIVATE_LEN = 8, NTP_MAC_MAX = 68,
	NTP_EXTENSION_MIN = 16,
};
#define NTP_TO_UNIX INT64_C(2208988800) /* 1900 to 1970 in seconds */

static const struct name_of ntp_modes[] = {
	{1, "symmetric active"}, {2, "symmetric passive"}, {3, "client"}, {4, "server"}, {5, "broadcast"},
	{6, "control"}, {7, "private"}, {0, NULL},
};

static const struct name_of ntp_leaps[] = {
	{0, "none"}, {1, "61 seconds"}, {2, "59 seconds"}, {3, "not synchronized"}, {0, NULL},
};

static const struct name_of ntp_strata[] = {
	{0, "unspecified"}, {1, "primary"}, {16, "not synchronized"}, {0, NULL},
};

static const struct field_info f_leap = {"ntp.flags.li", "Leap second", FIELD_UINT, ntp_leaps};
static const struct field_info f_version = {"ntp.flags.vn", "Version", FIELD_UINT, NULL};
static const struct field_info f_mode = {"ntp.flags.mode", "Mode", FIELD_UINT, ntp_modes};
static const struct field_info f_stratum = {"ntp.stratum", "Stratum", FIELD_UINT, ntp_strata};
static const struct field_info f_poll = {"ntp.ppoll", "Poll (log2 s)", FIELD_UINT, NULL};
static const struct field_info f_delay = {"ntp.rootdelay_us", "Root delay (us)", FIELD_UINT, NULL};
static const struct field_info f_dispersion = {"ntp.rootdispersion_us", "Root dispersion (us)", FIELD_UINT, NULL};
static const struct field_info f_refid = {"ntp.refid", "Reference", FIELD_BYTES, NULL};
static const struct field_info f_refname = {"ntp.refid.name", "Reference", FIELD_TEXT, NULL};
static const struct field_info f_times[] = {
	{"ntp.reftime", "Clock was set", FIELD_TIME, NULL},
	{"ntp.org", "Client asked", FIELD_TIME, NULL},
	{"ntp.rec", "Server received", FIELD_TIME, NULL},
	{"ntp.xmt", "Sent", FIELD_TIME, NULL},
};

/* RFC 5905 section 6: seconds since 1900 and their 32-bit fraction. Era 0 ends
 * in 2036; what is before 1968 (the top bit clear) is era 1. */
static uint64_t ntp_unix_ns(uint64_t stamp)
{
	int64_t s = (int64_t)(stamp >> 32) - NTP_TO_UNIX + (stamp >> 63 ? 0 : INT64_C(1) << 32);

	return (uint64_t)(s * INT64_C(1000000000) + (int64_t)((stamp & UINT32_MAX) * UINT64_C(1000000000) >> 32));
}

static uint64_t ntp_us(uint32_t fixed)
{
	return (uint64_t)fixed * 1000000 >> 16;
}

static bool ntp_is_within(int v, int least, int most)
{
	return v >= least && v <= most;
}

/* Extensions (RFC 7822) and a MAC of 20 or 24 bytes, or a bare key id, follow. */
static bool ntp_length(size_t rest)
{
	return rest == 0 || rest == 4 || rest == 20 || rest == 24 || (rest >= NTP_EXTENSION_MIN && rest % 4 == 0);
}

/* Mode 6 (RFC 9327 section 2): no leap bits; the operation, a sequence, a status,
 * an association, offset and count of the data, which end in four bytes; a MAC. */
static bool ntp_is_control(const uint8_t *at, size_t n)
{
	unsigned operation = at[1] & 31u, count = (unsigned)at[10] << 8 | at[11];
	size_t data = NTP_CONTROL_LEN + (count + 3) / 4 * 4;

	return at[0] >> 6 == 0 && ((operation > 0 && operation <= NTP_CONTROL_LAST) || operation == 31) &&
	       (n == NTP_CONTROL_LEN + count || (n >= data && n - data <= NTP_MAC_MAX && (n - data) % 4 == 0));
}

/* Mode 7, as ntpd had it: sequence, implementation (2, 3), request, error and
 * number of items, a zero and their size; requests are padded. */
static bool ntp_is_private(const uint8_t *at, size_t n)
{
	unsigned items = (at[4] & 15u) << 8 | at[5], size = (at[6] & 15u) << 8 | at[7];

	return (at[2] == 2 || at[2] == 3) && at[6] >> 4 == 0 && NTP_PRIVATE_LEN + (size_t)items * size <= n &&
	       n % 4 == 0;
}

static enum dissect_result ntp_control(struct cursor *c, struct packet *p, unsigned first)
{
	bool control = first % 8 == NTP_CONTROL;
	size_t n = cursor_wire_left(c);

	if (p->tuple.from_port != NTP_PORT && p->tuple.to_port != NTP_PORT)
		return DISSECT_NOT_MINE;
	if (cursor_left(c) < (control ? NTP_CONTROL_LEN : NTP_PRIVATE_LEN) ||
	    !(control ? ntp_is_control(c->pos, n) : ntp_is_private(c->pos, n)))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_version, c->pos, 1, first >> 3 & 7);
	packet_field(p, &f_mode, c->pos, 1, first & 7);
	cursor_skip(c, cursor_wire_left(c));
	p->service = p->current;
	return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_OK;
}

/* RFC 5905 section 7.3: four letters, filled up with zeros, or an address or hash. */
static void ntp_reference(struct packet *p, const uint8_t *at, bool letters)
{
	const uint8_t *zero = letters ? memchr(at, 0, 4) : NULL;

	if (zero != at)
		packet_field(p, letters ? &f_refname : &f_refid, at, zero ? (size_t)(zero - at) : 4, 0);
}

static enum dissect_result ntp_dissect(struct cursor *c, struct packet *p)
{
	bool usual = p->tuple.from_port == NTP_PORT || p->tuple.to_port == NTP_PORT;
	bool known = p->talk && p->talk->known;
	const uint8_t *at = c->pos;
	unsigned first = cursor_u8(c), mode = first & 7, version = first >> 3 & 7, stratum = cursor_u8(c);
	uint32_t delay, dispersion;
	int poll, precision;

	if (c->fault != CURSOR_OK || version < 1 || version > 4 || mode == 0)
		return DISSECT_NOT_MINE;
	if (mode >= NTP_CONTROL) {
		c->pos = at;
		return ntp_control(c, p, first);
	}
	poll = (int8_t)cursor_u8(c);
	precision = (int8_t)cursor_u8(c);
	delay = cursor_be32(c);
	dispersion = cursor_be32(c);
	if (c->fault != CURSOR_OK || stratum > NTP_STRATUM_MAX || cursor_wire_left(c) < NTP_LEN - 12 ||
	    !ntp_length(cursor_wire_left(c) - (NTP_LEN - 12)))
		return DISSECT_NOT_MINE;
	/* A client that gives nothing away may leave all at zero, or send random
	 * bytes for the last time stamp; the rest stays within bounds. */
	if (!known && (!ntp_is_within(poll, NTP_POLL_MIN, NTP_POLL_MAX) || !ntp_is_within(precision, -32, 32) ||
		       !ntp_is_within((int16_t)(delay >> 16), -NTP_ROOT_LONG, NTP_ROOT_LONG) ||
		       dispersion >> 16 > NTP_ROOT_LONG || (mode != NTP_CLIENT && precision > 0)))
		return DISSECT_NOT_MINE;
	if (!known && !usual &&
	    (poll < 0 || delay >> 16 > NTP_ROOT_MAX || dispersion >> 16 > NTP_ROOT_MAX ||
	     (mode != NTP_CLIENT && mode != NTP_SERVER) || (mode == NTP_SERVER && precision >= 0)))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_leap, at, 1, first >> 6);
	packet_field(p, &f_version, at, 1, version);
	packet_field(p, &f_mode, at, 1, mode);
	packet_field(p, &f_stratum, at + 1, 1, stratum);
	packet_field(p, &f_poll, at + 2, 1, at[2]);
	packet_field(p, &f_delay, at + 4, 4, ntp_us(delay));
	packet_field(p, &f_dispersion, at + 8, 4, ntp_us(dispersion));
	if (cursor_left(c) >= 4)
		ntp_reference(p, c->pos, stratum <= 1 && mode == NTP_SERVER);
	cursor_skip(c, 4);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *stamp_at = c->pos;
		uint64_t stamp = cursor_be64(c);

		if (c->fault == CURSOR_OK && stamp != 0)
			packet_field(p, &f_times[i], stamp_at, 8, ntp_unix_ns(stamp));
	}
	cursor_skip(c, cursor_wire_left(c));
	p->service = p->current;
	return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_OK;
}

/* Of the first four bytes as much as holds for any port. */
static bool ntp_perhaps(const uint8_t *at, size_t n)
{
	unsigned mode = at[0] & 7, version = at[0] >> 3 & 7;

	if (version < 1 || version > 4 || mode == 0)
		return false;
	return mode >= NTP_CONTROL || n < 4 ||
	       (at[1] <= NTP_STRATUM_MAX && ntp_is_within((int8_t)at[2], NTP_POLL_MIN, NTP_POLL_MAX) &&
		ntp_is_within((int8_t)at[3], -32, 32));
}

static const struct bind ntp_binds[] = {{TABLE_UDP_GUESS, 0}, {TABLE_NONE, 0}};

const struct dissector ntp_dissector = {
	.name = "ntp",
	.title = "Network Time Protocol",
	.reference = "RFC 5905, RFC 4330",
	.binds = ntp_binds,
	.info = "{ntp.flags.mode}[ version {ntp.flags.vn}][ stratum {ntp.stratum}][ {ntp.refid.name}][ {ntp.xmt}]",
	.dissect = ntp_dissect,
	.perhaps = ntp_perhaps,
};
