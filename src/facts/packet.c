/* The packet: reset, issues, field rows, the path, and rows as text.
 *
 * Rows and layers are bounded arrays; what finds no room is counted. Offsets
 * are checked again when a row is read, so a wrong row shows nothing instead
 * of reading outside its buffer.
 */
#include "sockeye/packet.h"

#include <inttypes.h>
#include <string.h>

void packet_reset(struct packet *p, const struct frame *f)
{
	bool want_fields = p->want_fields;

	/* The two big arrays are left as they are: their counts say what holds. */
	memset(p, 0, offsetof(struct packet, layer));
	p->frame = *f;
	p->buffer[BUFFER_FRAME].data = f->data;
	p->buffer[BUFFER_FRAME].len = f->caplen;
	p->layers = 0;
	p->layers_full = false;
	p->fields = 0;
	p->fields_dropped = 0;
	p->want_fields = want_fields;
	p->budget.left = BUDGET_FRAME;
	p->issue = NULL;
	p->cut = false;
	p->next_table = TABLE_NONE;
	p->next_key = p->next_alternative = 0;
	p->current_buffer = BUFFER_FRAME;
	p->current = NULL;
	p->talk = NULL;
}

void packet_issue(struct packet *p, const char *words)
{
	if (!p->issue)
		p->issue = words;
	if (p->layers > 0 && !p->layer[p->layers - 1].issue)
		p->layer[p->layers - 1].issue = words;
}

/* Where at lies in a buffer. Compared as numbers: at may be in none of them. */
static bool packet_locate(const struct packet *p, unsigned buffer, const uint8_t *at, uint32_t *off)
{
	uintptr_t base = (uintptr_t)p->buffer[buffer].data, pos = (uintptr_t)at;

	if (!p->buffer[buffer].data || pos < base || pos - base > p->buffer[buffer].len)
		return false;
	*off = (uint32_t)(pos - base);
	return true;
}

void packet_field(struct packet *p, const struct field_info *info, const uint8_t *at, size_t len,
		  uint64_t num)
{
	struct field *f;

	if (!p->want_fields)
		return;
	if (p->fields >= PACKET_FIELDS) {
		if (p->fields_dropped < UINT16_MAX)
			p->fields_dropped++;
		return;
	}
	f = &p->field[p->fields++];
	f->info = info;
	f->off = 0;
	f->len = 0;
	f->num = num;
	f->buffer = p->current_buffer;
	f->layer = (uint8_t)(p->layers > 0 ? p->layers - 1 : 0);
	if (!at)
		return;
	if (!packet_locate(p, f->buffer, at, &f->off)) {
		unsigned b = 0;

		while (b < PACKET_BUFFERS && !packet_locate(p, b, at, &f->off))
			b++;
		if (b == PACKET_BUFFERS)
			return;
		f->buffer = (uint8_t)b;
	}
	if (len > p->buffer[f->buffer].len - f->off)
		len = p->buffer[f->buffer].len - f->off;
	f->len = (uint32_t)len;
}

void packet_tunnel(struct packet *p, enum tunnel_kind kind, bool has_id, uint32_t id)
{
	struct path *path = &p->path;

	if (path->tunnels >= PACKET_TUNNELS)
		return;
	path->tunnel[path->tunnels] = (uint8_t)kind;
	path->tunnel_has_id[path->tunnels] = has_id;
	path->tunnel_id[path->tunnels] = has_id ? id : 0;
	path->tunnels++;
}

void packet_vlan(struct packet *p, uint16_t tci)
{
	if (p->path.vlans < PACKET_VLANS)
		p->path.vlan[p->path.vlans++] = tci & 0xfff; /* IEEE 802.1Q 9.6: the VID */
}

const struct field *packet_find(const struct packet *p, const char *key)
{
	for (unsigned i = 0; i < p->fields; i++)
		if (strcmp(p->field[i].info->key, key) == 0)
			return &p->field[i];
	return NULL;
}

static const char *name_of(const struct name_of *names, uint64_t value)
{
	for (; names && names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

static void hex_number(struct text *t, uint64_t v, uint32_t bytes)
{
	unsigned digits = bytes > 0 && bytes <= 8 ? bytes * 2 : 2;

	while (digits < 16 && v >> (digits * 4) != 0)
		digits += 2;
	text_put(t, "0x");
	text_hex(t, v, digits);
}

static void flags_text(struct text *t, const struct field *f)
{
	uint64_t left = f->num;
	bool any = false;

	for (const struct name_of *n = f->info->names; n && n->name; n++) {
		if (n->value == 0 || (f->num & n->value) != n->value)
			continue;
		if (any)
			text_put(t, ", ");
		text_put(t, n->name);
		left &= ~n->value;
		any = true;
	}
	if (left != 0 || !any) {
		if (any)
			text_put(t, ", ");
		hex_number(t, left, f->len);
	}
}

/* A name in wire form, with compression (RFC 1035 section 4.1.4). Pointers
 * must point backwards, so every jump shortens what is left: it ends. */
static void domain_text(struct text *t, const uint8_t *data, uint32_t size, uint32_t off, uint64_t message)
{
	uint32_t bound = off, at = off;
	unsigned octets = 0;
	bool any = false;

	while (at < size) {
		uint32_t n = data[at];

		if ((n & 0xc0) == 0xc0) {
			uint64_t to;

			if (at + 1 >= size)
				break;
			to = message + ((n & 0x3fu) << 8 | data[at + 1]);
			if (to >= bound)
				break;
			at = bound = (uint32_t)to;
			continue;
		}
		if (n == 0) {
			if (!any)
				text_char(t, '.');
			return;
		}
		octets += n + 1;
		if (n > 63 || n > size - at - 1 || octets > 255)
			break;
		if (any)
			text_char(t, '.');
		text_foreign(t, data + at + 1, n, false);
		any = true;
		at += n + 1;
	}
	text_put(t, any ? ".<cut>" : "<cut>");
}

static void bytes_text(struct text *t, const uint8_t *at, uint32_t len, char between)
{
	for (uint32_t i = 0; i < len && !t->cut; i++) {
		if (i > 0 && between)
			text_char(t, between);
		text_hex(t, at[i], 2);
	}
}

static void address_text(struct text *t, const uint8_t *at, uint32_t len, uint8_t family)
{
	struct address a = {{0}};
	uint32_t need = family == FAMILY_IPV4 ? 4 : 16;

	if (len < need)
		return;
	memcpy(a.b, at, need);
	tuple_address(t, &a, family);
}

/* "2026-03-02 10:00:00.000000000 UTC". Days to year, month and day by the eras
 * of 400 years, which repeat: no table, no loop, any 64-bit time. */
static void time_text(struct text *t, int64_t ns)
{
	int64_t s = ns / 1000000000 - (ns % 1000000000 < 0);
	int64_t fraction = ns % 1000000000 + (ns % 1000000000 < 0 ? 1000000000 : 0);
	int64_t days = s / 86400 - (s % 86400 < 0), rest = s - days * 86400;
	int64_t from_0000_03 = days + 719468; /* the year begins in March: leap days are last */
	int64_t era = (from_0000_03 >= 0 ? from_0000_03 : from_0000_03 - 146096) / 146097;
	int64_t day = from_0000_03 - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	text_format(t, "%04d-%02d-%02d %02d:%02d:%02d.%09d UTC", (int)(year + era * 400 + (month >= 10)),
		    (int)(month < 10 ? month + 3 : month - 9), (int)(of_year - (153 * month + 2) / 5 + 1),
		    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60), (int)fraction);
}

void packet_field_text(struct text *t, const struct packet *p, const struct field *f)
{
	uint32_t size = f->buffer < PACKET_BUFFERS ? p->buffer[f->buffer].len : 0;
	uint32_t off = f->off <= size ? f->off : size;
	uint32_t len = f->len <= size - off ? f->len : size - off;
	const uint8_t *data = size > 0 ? p->buffer[f->buffer].data : NULL;
	const char *name = name_of(f->info->names, f->num);

	switch (f->info->kind) {
	case FIELD_UINT:
		if (name) {
			text_put(t, name);
			text_put(t, " (");
		}
		text_u64(t, f->num);
		if (name)
			text_char(t, ')');
		return;
	case FIELD_INT:
		text_format(t, "%" PRId64, (int64_t)f->num);
		return;
	case FIELD_HEX:
		hex_number(t, f->num, f->len);
		if (name) {
			text_char(t, ' ');
			text_put(t, name);
		}
		return;
	case FIELD_FLAGS:
		flags_text(t, f);
		return;
	case FIELD_BOOL:
		text_put(t, name ? name : f->num ? "yes" : "no");
		return;
	case FIELD_TIME:
		time_text(t, (int64_t)f->num);
		return;
	case FIELD_STATIC:
		if (name)
			text_put(t, name);
		else
			text_u64(t, f->num);
		return;
	default:
		break;
	}
	if (!data || len == 0)
		return;
	switch (f->info->kind) {
	case FIELD_IPV4:
		address_text(t, data + off, len, FAMILY_IPV4);
		break;
	case FIELD_IPV6:
		address_text(t, data + off, len, FAMILY_IPV6);
		break;
	case FIELD_MAC:
		bytes_text(t, data + off, len, ':');
		break;
	case FIELD_TEXT:
		text_foreign(t, data + off, len, false);
		break;
	case FIELD_DOMAIN:
		domain_text(t, data, size, off, f->num);
		break;
	default:
		bytes_text(t, data + off, len, '\0');
		break;
	}
}

void path_tunnels(struct text *t, const struct path *p)
{
	static const char *const names[TUNNEL_KINDS] = {
		[TUNNEL_IPIP] = "ipip",	  [TUNNEL_6IN4] = "6in4",     [TUNNEL_GRE] = "gre",
		[TUNNEL_ERSPAN] = "erspan", [TUNNEL_VXLAN] = "vxlan",   [TUNNEL_GENEVE] = "geneve",
		[TUNNEL_GTPU] = "gtpu",	  [TUNNEL_TEREDO] = "teredo", [TUNNEL_MPLS] = "mpls",
		[TUNNEL_PPPOE] = "pppoe",     [TUNNEL_AYIYA] = "ayiya",
	};

	for (unsigned i = 0; i < p->tunnels && i < PACKET_TUNNELS; i++) {
		if (i > 0)
			text_put(t, " / ");
		text_put(t, p->tunnel[i] < TUNNEL_KINDS ? names[p->tunnel[i]] : "tunnel");
		if (p->tunnel_has_id[i]) {
			text_char(t, ' ');
			text_u64(t, p->tunnel_id[i]);
		}
	}
}
