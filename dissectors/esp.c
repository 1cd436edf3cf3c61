/* ESP: encrypted from here on. Names the security association and stops; the
 * conversation is known by its addresses.
 *
 *  | spi 4 | sequence 4 | encrypted ...      RFC 4303
 */
#include "layers.h"

static const struct field_info f_spi = {"esp.spi", "Security association", FIELD_HEX, NULL};
static const struct field_info f_sequence = {"esp.sequence", "Sequence", FIELD_UINT, NULL};

static enum dissect_result esp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint32_t spi = cursor_be32(c), sequence = cursor_be32(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_spi, at, 4, spi);
	packet_field(p, &f_sequence, at + 4, 4, sequence);
	return DISSECT_OK;
}

static const struct bind esp_binds[] = {{TABLE_IPPROTO, PROTO_ESP}, {TABLE_NONE, 0}};

const struct dissector esp_dissector = {
	.name = "esp",
	.title = "Encapsulating security payload",
	.reference = "RFC 4303",
	.binds = esp_binds,
	.info = "ESP {esp.spi} sequence {esp.sequence}",
	.dissect = esp_dissect,
};
