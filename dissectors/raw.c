/* Raw IP: no link header at all; the first four bits of IP say its version.
 * The link types of one version (LINKTYPE_IPV4, LINKTYPE_IPV6) are bound by
 * ipv4.c and ipv6.c themselves. */
#include "layers.h"

static const struct name_of raw_versions[] = {{4, "IPv4"}, {6, "IPv6"}, {0, NULL}};

static const struct field_info f_version = {"raw.version", "Version", FIELD_UINT, raw_versions};

static enum dissect_result raw_dissect(struct cursor *c, struct packet *p)
{
	uint8_t first = 0;

	if (!cursor_peek(c, 0, &first)) {
		cursor_skip(c, 1); /* the fault says whether it was cut or never there */
		return DISSECT_OK;
	}
	packet_field(p, &f_version, c->pos, 1, first >> 4);
	if (!layers_ip_by_version(c, p)) {
		packet_issue(p, "neither IPv4 nor IPv6");
		return DISSECT_BAD;
	}
	return DISSECT_OK;
}

static const struct bind raw_binds[] = {{TABLE_LINKTYPE, LINKTYPE_RAW}, {TABLE_NONE, 0}};

const struct dissector raw_dissector = {
	.name = "raw",
	.title = "Raw IP",
	.reference = "LINKTYPE_RAW",
	.binds = raw_binds,
	.info = "{raw.version}",
	.link = "{raw.version}",
	.dissect = raw_dissect,
};
