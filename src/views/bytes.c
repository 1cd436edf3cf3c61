/* The bytes of a packet as tcpdump shows them: -x, -X and -A.
 *
 * What is no printable ASCII is a dot, so nothing of it reaches a terminal. -A
 * alone keeps tabs and ends of lines, as tcpdump does: there a payload may look
 * like lines of ours, and -X is the one that cannot be misread.
 */
#include "view.h"

enum { BYTES_LINE = 16, BYTES_HEX = BYTES_LINE / 2 * 5 };

static char bytes_char(uint8_t b)
{
	return b > ' ' && b < 0x7f ? (char)b : '.';
}

/* Offset and bytes in pairs, sixteen a line; with characters where asked. */
static void bytes_hex(struct out *out, const uint8_t *data, uint32_t n, bool characters)
{
	char line[128];
	struct text t;

	text_init(&t, line, sizeof line);
	for (uint32_t at = 0; at < n; at += BYTES_LINE) {
		uint32_t end = n - at < BYTES_LINE ? n : at + BYTES_LINE;
		size_t begin;

		text_reset(&t);
		text_put(&t, "\t0x");
		text_hex(&t, at, at > 0xffff ? 8 : 4);
		text_put(&t, ": ");
		begin = t.len;
		for (uint32_t i = at; i < end; i++) {
			if (i % 2 == 0)
				text_char(&t, ' ');
			text_hex(&t, data[i], 2);
		}
		while (characters && t.len < begin + BYTES_HEX + 2)
			text_char(&t, ' ');
		for (uint32_t i = at; characters && i < end; i++)
			text_char(&t, bytes_char(data[i]));
		text_char(&t, '\n');
		out_put(out, line);
	}
}

/* Returns before the end of a line are left out, as tcpdump does. */
static void bytes_ascii(struct out *out, const uint8_t *data, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t b = data[i];

		if (b == '\r' && (i + 1 == n || data[i + 1] == '\n'))
			continue;
		out_char(out, b == '\n' || b == '\t' || b == ' ' ? (char)b : bytes_char(b));
	}
	out_char(out, '\n');
}

void bytes_text(struct view *v, const struct packet *p)
{
	uint32_t start = v->o.bytes_of_link ? 0 : link_end(p), n = p->frame.caplen - start;
	const uint8_t *data = p->frame.data + start;

	if (v->o.bytes == VIEW_ASCII)
		bytes_ascii(&v->out, data, n);
	else if (v->o.bytes != VIEW_NO_BYTES)
		bytes_hex(&v->out, data, n, v->o.bytes == VIEW_HEX_ASCII);
}
