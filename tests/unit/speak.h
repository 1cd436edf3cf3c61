/* For the tests of payload dissectors: bytes go in as the payload of a segment
 * or datagram, in memory of exactly their size so that a read beside it shows,
 * and the packet comes out with its rows. */
#ifndef SOCKEYE_TESTS_SPEAK_H
#define SOCKEYE_TESTS_SPEAK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sockeye/dissector.h"

struct speaker {
	struct dissect *dissect;
	struct packet packet;
	uint8_t *bytes;
	const struct dissector *known; /* set it before a call, NULL to guess */
	const char *other;             /* what the other side said first, or NULL */
	bool server;                   /* the server speaks */
	bool later;                    /* not the first payload of its side */
	char text[512];
};

static inline struct speaker *speak_open(void)
{
	struct speaker *s = calloc(1, sizeof(*s));
	struct dissect_options options = {0};
	struct error e;

	assert_non_null(s);
	assert_int_equal(dissect_open(&s->dissect, &options, &e), 0);
	return s;
}

static inline void speak_free(struct speaker *s)
{
	dissect_free(s->dissect);
	free(s->bytes);
	free(s);
}

/* wire: bytes that the wire carried, of which n were captured. */
static inline enum dissect_result speak_cut(struct speaker *s, uint8_t proto, uint16_t to_port,
					    const void *bytes, size_t n, size_t wire)
{
	struct talk talk = {.known = s->known, .from_client = !s->server, .first = !s->later,
			    .other = (const uint8_t *)s->other, .other_len = s->other ? (uint32_t)strlen(s->other) : 0};
	struct frame frame = {.number = 1, .caplen = (uint32_t)n, .wirelen = (uint32_t)wire};
	struct packet *p = &s->packet;

	free(s->bytes);
	s->bytes = malloc(n ? n : 1);
	assert_non_null(s->bytes);
	memcpy(s->bytes, bytes, n);
	frame.data = s->bytes;
	p->want_fields = true;
	packet_reset(p, &frame);
	p->tuple.family = FAMILY_IPV4;
	p->tuple.proto = proto;
	p->tuple.from_port = 40000;
	p->tuple.to_port = to_port;
	p->transport = true;
	p->payload = s->bytes;
	p->payload_captured = (uint32_t)n;
	p->payload_len = (uint32_t)wire;
	p->payload_buffer = BUFFER_FRAME;
	return dissect_payload(s->dissect, p, &talk);
}

static inline enum dissect_result speak(struct speaker *s, uint8_t proto, uint16_t to_port,
					const void *bytes, size_t n)
{
	return speak_cut(s, proto, to_port, bytes, n, n);
}

static inline enum dissect_result speak_line(struct speaker *s, const char *text)
{
	return speak(s, PROTO_TCP, 7777, text, strlen(text));
}

/* The text of the row number `which` with that key; "" if there is none. */
static inline const char *speak_row(struct speaker *s, const char *key, unsigned which)
{
	struct text t;

	text_init(&t, s->text, sizeof(s->text));
	for (unsigned i = 0; i < s->packet.fields; i++) {
		if (strcmp(s->packet.field[i].info->key, key) == 0 && which-- == 0) {
			packet_field_text(&t, &s->packet, &s->packet.field[i]);
			break;
		}
	}
	return s->text;
}

static inline const char *speak_service(const struct speaker *s)
{
	return s->packet.service ? s->packet.service->name : "";
}

/* Whatever was not mine left nothing behind. */
static inline void speak_nothing(const struct speaker *s)
{
	assert_null(s->packet.service);
	assert_null(s->packet.server_name);
	assert_int_equal(s->packet.layers, 0);
	assert_int_equal(s->packet.fields, 0);
	assert_null(s->packet.issue);
}

#endif
