/* Values as they are written: numbers with units, durations, times, addresses
 * with prefix and port, hardware addresses, bytes.
 *
 * Numbers: 443, 0x1bb, 1.5M, 64KiB, 8000..8100. k, M, G, T (with or without a B)
 * count by 1000, Ki, Mi, Gi by 1024. Durations: 50ms, 1.5s; ns, us, ms, s, m, h.
 * A duration equals what rounds to it: 12ms is 11.5 to 12.5 ms, 12.0ms is less.
 */
#include <string.h>

#include "filter_private.h"

/* A decimal number as digits / 10^decimals. */
struct decimal {
	uint64_t digits;
	unsigned decimals;
	bool negative;
};

struct unit {
	const char *name;
	uint64_t size;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	c = lower(c);
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How many bytes were read; 0: no number, or more digits than are kept. */
static size_t read_decimal(const char *s, size_t n, struct decimal *out)
{
	size_t at = 0;

	memset(out, 0, sizeof *out);
	if (n > 1 && s[0] == '-') {
		out->negative = true;
		at = 1;
	}
	if (at == n || !is_digit(s[at]))
		return 0;
	for (bool point = false; at < n; at++) {
		/* Two points are a range's. */
		if (s[at] == '.' && !point && at + 1 < n && is_digit(s[at + 1])) {
			point = true;
			continue;
		}
		if (!is_digit(s[at]))
			break;
		if (out->digits > (UINT64_MAX - (uint64_t)(s[at] - '0')) / 10 || out->decimals == 9)
			return 0;
		out->digits = out->digits * 10 + (uint64_t)(s[at] - '0');
		out->decimals += point;
	}
	return at;
}

static uint64_t power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

/* digits * size / 10^decimals, and what the last digit is worth. */
static bool scale(const struct decimal *d, uint64_t size, uint64_t *out, uint64_t *last)
{
	uint64_t by = power_of_ten(d->decimals), whole = d->digits / by, rest = d->digits % by;

	if (size != 0 && whole > UINT64_MAX / size)
		return false;
	*out = whole * size;
	/* rest < 10^9 and size < 2^50: in two steps it stays inside. */
	rest = rest * (size / by) + rest * (size % by) / by;
	if (rest > UINT64_MAX - *out)
		return false;
	*out += rest;
	*last = size / by;
	return true;
}

static const struct unit *find_unit(const struct unit *units, const char *s, size_t n)
{
	for (; units->name; units++)
		if (strlen(units->name) == n && memcmp(units->name, s, n) == 0)
			return units;
	return NULL;
}

static bool read_hex(const char *s, size_t n, uint64_t *out)
{
	if (n < 3 || n > 18 || s[0] != '0' || lower(s[1]) != 'x')
		return false;
	*out = 0;
	for (size_t i = 2; i < n; i++) {
		if (hex_value(s[i]) < 0)
			return false;
		*out = *out << 4 | (uint64_t)hex_value(s[i]);
	}
	return true;
}

static bool read_number(const char *s, size_t n, bool is_signed, uint64_t *out)
{
	static const struct unit units[] = {
		{"", 1}, {"B", 1},
		{"k", 1000}, {"K", 1000}, {"kB", 1000}, {"KB", 1000}, {"KiB", 1024}, {"Ki", 1024},
		{"M", 1000000}, {"MB", 1000000}, {"MiB", 1 << 20}, {"Mi", 1 << 20},
		{"G", 1000000000}, {"GB", 1000000000}, {"GiB", 1 << 30}, {"Gi", 1 << 30},
		{"T", UINT64_C(1000000000000)}, {"TB", UINT64_C(1000000000000)}, {NULL, 0},
	};
	const struct unit *unit;
	struct decimal d;
	uint64_t last;
	size_t used;

	if (!is_signed && read_hex(s, n, out))
		return true;
	used = read_decimal(s, n, &d);
	unit = used ? find_unit(units, s + used, n - used) : NULL;
	if (!unit || (d.negative && !is_signed) || !scale(&d, unit->size, out, &last))
		return false;
	if (d.decimals > 0 && unit->size == 1)
		return false;
	if (is_signed) {
		if (*out > INT64_MAX)
			return false;
		*out = ordered(d.negative ? -(int64_t)*out : (int64_t)*out);
	}
	return true;
}

/* Numbers, and ranges of them with two points between. */
static bool read_range(struct literal *out, const char *s, size_t n, bool is_signed)
{
	for (size_t i = 1; i + 2 < n; i++)
		if (s[i] == '.' && s[i + 1] == '.') {
			out->number = read_number(s, i, is_signed, &out->low) &&
				      read_number(s + i + 2, n - i - 2, is_signed, &out->high) &&
				      out->low <= out->high;
			out->exact = out->low;
			return out->number;
		}
	out->number = read_number(s, n, is_signed, &out->exact);
	out->low = out->high = out->exact;
	return out->number;
}

static bool read_duration(struct literal *out, const char *s, size_t n, uint64_t bare)
{
	static const struct unit units[] = {
		{"ns", 1}, {"us", 1000}, {"\xc2\xb5s", 1000}, {"ms", 1000000}, {"s", 1000000000},
		{"m", UINT64_C(60000000000)}, {"min", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)}, {NULL, 0},
	};
	struct decimal d;
	uint64_t v, last;
	size_t used = read_decimal(s, n, &d);
	const struct unit *unit = used ? find_unit(units, s + used, n - used) : NULL;
	uint64_t size = unit ? unit->size : used == n ? bare : 0;
	int64_t exact;

	if (used == 0 || size == 0 || !scale(&d, size, &v, &last) || v > INT64_MAX / 2)
		return false;
	exact = d.negative ? -(int64_t)v : (int64_t)v;
	/* Half a unit of the last digit to either side; the upper end is the next value's. */
	out->exact = ordered(exact);
	out->low = ordered(exact - (int64_t)(last / 2));
	out->high = ordered(last > 1 ? exact + (int64_t)(last - last / 2) - 1 : exact);
	return out->number = true;
}

static bool read_time(struct literal *out, const char *s, size_t n)
{
	struct decimal d;
	uint64_t v, last;

	if (read_decimal(s, n, &d) != n || n == 0 || !scale(&d, 1000000000, &v, &last) || v > INT64_MAX / 2)
		return false;
	out->exact = out->low = ordered(d.negative ? -(int64_t)v : (int64_t)v);
	out->high = out->exact + (last > 0 ? last - 1 : 0);
	return out->number = true;
}

static bool read_bool(struct literal *out, const char *s, size_t n)
{
	static const char *const words[2][5] = {{"0", "no", "false", "off", "n"}, {"1", "yes", "true", "on", "y"}};

	for (unsigned v = 0; v < 2; v++)
		for (unsigned i = 0; i < 5; i++)
			if (equal_folded(words[v][i], strlen(words[v][i]), s, n)) {
				out->low = out->exact = out->high = v;
				return out->number = true;
			}
	return false;
}

/* ---- addresses ----------------------------------------------------------------- */

/* Digits up to `most`; how many bytes, 0: none or too large. */
static size_t read_small(const char *s, size_t n, unsigned most, unsigned *out)
{
	size_t at = 0;

	for (*out = 0; at < n && is_digit(s[at]) && at < 6; at++)
		*out = *out * 10 + (unsigned)(s[at] - '0');
	return *out > most ? 0 : at;
}

static size_t read_ipv4(const char *s, size_t n, uint8_t *b, unsigned *parts)
{
	size_t at = 0;

	for (*parts = 0; *parts < 4; (*parts)++) {
		unsigned v;
		size_t used;

		if (*parts > 0 && (at == n || s[at] != '.'))
			break;
		used = read_small(s + at + (*parts > 0), n - at - (*parts > 0), 255, &v);
		if (used == 0)
			break;
		at += used + (*parts > 0);
		b[*parts] = (uint8_t)v;
	}
	return at;
}

/* RFC 4291 2.2, with "::" once and an IPv4 tail; 0: not one. */
static size_t read_ipv6(const char *s, size_t n, uint8_t *b)
{
	unsigned group[8], all[8] = {0}, groups = 0, gap = 9, parts;
	uint8_t tail[4];
	size_t at = 0;

	if (n >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (groups < 8 && at < n) {
		unsigned v = 0, digits = 0;

		if (groups <= 6 && read_ipv4(s + at, n - at, tail, &parts) && parts == 4) {
			group[groups++] = (unsigned)tail[0] << 8 | tail[1];
			group[groups++] = (unsigned)tail[2] << 8 | tail[3];
			at += read_ipv4(s + at, n - at, tail, &parts);
			break;
		}
		while (at < n && digits < 4 && hex_value(s[at]) >= 0) {
			v = v << 4 | (unsigned)hex_value(s[at++]);
			digits++;
		}
		if (digits == 0)
			break;
		group[groups++] = v;
		if (groups == 8 || at == n || s[at] != ':')
			break;
		if (at + 1 < n && s[at + 1] == ':') {
			if (gap < 9)
				return 0;
			gap = groups;
			at += 2;
		} else {
			at++;
			if (at == n || hex_value(s[at]) < 0)
				return 0;
		}
	}
	if (gap == 9 ? groups != 8 : groups > 7)
		return 0;
	for (unsigned i = 0; i < groups; i++)
		all[i < gap ? i : 8 - groups + i] = group[i];
	for (unsigned i = 0; i < 8; i++) {
		b[i * 2] = (uint8_t)(all[i] >> 8);
		b[i * 2 + 1] = (uint8_t)all[i];
	}
	return at;
}

/* Address[/prefix], [address]:port, a.b.c.d:port; "10." and "10.1" are prefixes. */
bool literal_address(struct literal *out, const char *s, size_t n)
{
	bool brackets = n > 0 && s[0] == '[';
	unsigned v, parts = 0;
	size_t at = brackets, used;

	memset(&out->address, 0, sizeof out->address);
	used = brackets ? 0 : read_ipv4(s + at, n - at, out->address.b, &parts);
	if (parts > 0 && (at + used == n || s[at + used] != ':' || parts == 4)) {
		at += used;
		out->family = FAMILY_IPV4;
		out->prefix = (uint8_t)(parts * 8);
		if (parts < 4 && at < n && s[at] == '.')
			at++;
		if (parts == 1 && at == used && (at == n || s[at] != '/'))
			return false; /* a lone number is no address */
	} else {
		used = read_ipv6(s + at, n - at, out->address.b);
		if (used == 0)
			return false;
		at += used;
		out->family = FAMILY_IPV6;
		out->prefix = 128;
		if (brackets) {
			if (at == n || s[at] != ']')
				return false;
			at++;
		}
	}
	if (at < n && s[at] == '/') {
		used = read_small(s + at + 1, n - at - 1, out->family == FAMILY_IPV4 ? 32 : 128, &v);
		if (used == 0)
			return false;
		out->prefix = (uint8_t)v;
		at += used + 1;
	} else if (at < n && s[at] == ':' && (brackets || parts == 4)) {
		used = read_small(s + at + 1, n - at - 1, 65535, &v);
		if (used == 0)
			return false;
		out->port = (uint16_t)v;
		out->has_port = true;
		at += used + 1;
	}
	out->has_address = true;
	return at == n;
}

size_t literal_bytes(const char *s, size_t n, uint8_t *out, size_t most)
{
	size_t len = 0;

	if (n > 2 && s[0] == '0' && lower(s[1]) == 'x') {
		s += 2;
		n -= 2;
	}
	for (size_t at = 0; at < n;) {
		if (n - at < 2 || hex_value(s[at]) < 0 || hex_value(s[at + 1]) < 0 || len == most)
			return 0;
		out[len++] = (uint8_t)(hex_value(s[at]) << 4 | hex_value(s[at + 1]));
		at += 2;
		if (at < n && (s[at] == ':' || s[at] == '-') && ++at == n)
			return 0;
	}
	return len;
}

static bool read_endpoint(struct literal *out, const char *s, size_t n)
{
	unsigned v;

	if (n > 0 && read_small(s, n, 65535, &v) == n) {
		out->port = (uint16_t)v;
		out->has_port = true;
		return true;
	}
	return literal_address(out, s, n);
}

bool literal_read(struct literal *out, const struct name *f, enum relation r, const char *s, size_t n,
		  struct text *why)
{
	uint8_t bytes[256];
	struct decimal plain;
	bool good = true;

	switch (f->type) {
	case TYPE_NUMBER:
		good = read_range(out, s, n, false);
		text_put(why, "a number such as 443, 1.5M or 8000..8100");
		break;
	case TYPE_SIGNED:
		good = read_range(out, s, n, true);
		text_put(why, "a number such as -70");
		break;
	case TYPE_NAMED: /* else its words are meant */
		(void)read_range(out, s, n, false);
		break;
	case TYPE_DURATION:
		good = read_duration(out, s, n, f->plain_us ? 1000 : 0);
		text_put(why, "a duration such as ");
		if (!good && n < 32 && read_decimal(s, n, &plain) == n) { /* Wireshark's are seconds */
			text_bytes(why, s, n);
			text_put(why, "s or ");
		}
		text_put(why, "50ms");
		break;
	case TYPE_TIME:
		good = read_time(out, s, n);
		text_put(why, "seconds since 1970 such as 1700000000.25");
		break;
	case TYPE_BOOL:
		good = read_bool(out, s, n);
		text_put(why, "yes or no");
		break;
	case TYPE_ENDPOINT:
		good = read_endpoint(out, s, n);
		text_put(why, "an address, a prefix or a port such as 192.0.2.1, 10.0.0.0/8, 443 or [2001:db8::1]:443");
		break;
	case TYPE_ADDRESS:
		good = literal_address(out, s, n) && !out->has_port;
		text_put(why, "an address or a prefix such as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32");
		break;
	case TYPE_MAC:
		good = literal_bytes(s, n, bytes, 6) > 0 &&
		       (r != RELATION_EQUAL || literal_bytes(s, n, bytes, 6) == 6);
		text_put(why, "a hardware address such as 02:00:00:00:00:01; with : its first bytes");
		break;
	case TYPE_BYTES:
		good = literal_bytes(s, n, bytes, sizeof bytes) > 0;
		text_put(why, "bytes in hexadecimal such as 0d0a or 0d:0a");
		break;
	default:
		break;
	}
	return good;
}
