/* TFTP: a complete small dissector to copy from. Built and tested, not enabled.
 *
 * It promises what each dissector promises: it reads with the cursor, adds a
 * row for what people want to see, says NOT_MINE unless it is sure, and keeps
 * nothing. It does not follow the transfer to the port that the server picks.
 *
 *  request: | opcode 2 | file name ... 0 | mode ... 0 |     RFC 1350 section 5
 *  data:    | opcode 2 | block 2 | up to 512 bytes |
 *  error:   | opcode 2 | code 2 | message ... 0 |
 */
#include <string.h>

#include "sockeye/dissector.h"

enum { TFTP_READ = 1, TFTP_WRITE, TFTP_DATA, TFTP_ACK, TFTP_ERROR };

enum { TFTP_STRING_MAX = 255 };

/* 1. Words for numbers: shown instead of, or beside, the number. */
static const struct name_of tftp_opcodes[] = {
	{TFTP_READ, "read"}, {TFTP_WRITE, "write"}, {TFTP_DATA, "data"},
	{TFTP_ACK, "ack"},   {TFTP_ERROR, "error"}, {0, NULL},
};

static const struct name_of tftp_errors[] = {
	{0, "undefined"}, {1, "file not found"}, {2, "access violation"}, {3, "disk full"},
	{4, "illegal operation"}, {5, "unknown transfer"}, {6, "file exists"}, {7, "no such user"},
	{0, NULL},
};

/* 2. One constant per row. Keys are Wireshark's where it has one. */
static const struct field_info f_opcode = {"tftp.opcode", "Operation", FIELD_UINT, tftp_opcodes};
static const struct field_info f_word = {"tftp.message", "Message", FIELD_STATIC, tftp_opcodes};
static const struct field_info f_file = {"tftp.source_file", "File", FIELD_TEXT, NULL};
static const struct field_info f_mode = {"tftp.type", "Mode", FIELD_TEXT, NULL};
static const struct field_info f_block = {"tftp.block", "Block", FIELD_UINT, NULL};
static const struct field_info f_error = {"tftp.error.code", "Error", FIELD_UINT, tftp_errors};
static const struct field_info f_message = {"tftp.error.message", "Message", FIELD_TEXT, NULL};

/* A printable string up to its zero byte; false: it is none. */
static bool tftp_string(struct cursor *c, struct packet *p, const struct field_info *info)
{
	size_t left = cursor_left(c), look = left < TFTP_STRING_MAX ? left : TFTP_STRING_MAX;
	const uint8_t *at = c->pos, *end = look ? memchr(at, 0, look) : NULL;

	if (!end)
		return false;
	for (const uint8_t *b = at; b < end; b++)
		if (*b < ' ')
			return false;
	cursor_skip(c, (size_t)(end - at) + 1);
	if (end > at)
		packet_field(p, info, at, (size_t)(end - at), 0);
	return true;
}

static bool tftp_is_mode(const uint8_t *at, size_t n)
{
	return (n == 6 && memcmp(at, "octet", 6) == 0) || (n == 9 && memcmp(at, "netascii", 9) == 0);
}

/* 3. Read straight through. A short capture shows as c->fault: the caller
 * turns it into CUT or BAD, and reads give zero meanwhile. */
static enum dissect_result tftp_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known;
	const uint8_t *at = c->pos, *mode;
	unsigned opcode = cursor_be16(c);

	packet_field(p, &f_word, at, 2, opcode);
	packet_field(p, &f_opcode, at, 2, opcode);
	at = c->pos;
	switch (opcode) {
	case TFTP_READ:
	case TFTP_WRITE:
		if (!tftp_string(c, p, &f_file))
			return DISSECT_NOT_MINE;
		mode = c->pos;
		if (!tftp_string(c, p, &f_mode) || !tftp_is_mode(mode, (size_t)(c->pos - mode)))
			return DISSECT_NOT_MINE;
		break;
	case TFTP_DATA:
	case TFTP_ACK:
		if (!known) /* four bytes prove nothing */
			return DISSECT_NOT_MINE;
		packet_field(p, &f_block, at, 2, cursor_be16(c));
		break;
	case TFTP_ERROR:
		if (!known)
			return DISSECT_NOT_MINE;
		packet_field(p, &f_error, at, 2, cursor_be16(c));
		if (!tftp_string(c, p, &f_message)) {
			packet_issue(p, "the error's message does not end");
			return DISSECT_BAD;
		}
		break;
	default:
		return DISSECT_NOT_MINE;
	}
	/* 4. Sure: this is the conversation's application. */
	p->service = p->current;
	return DISSECT_OK;
}

/* 5. Where it plugs in: UDP_GUESS is asked for each unknown datagram. */
static const struct bind tftp_binds[] = {{TABLE_UDP_GUESS, 0}, {TABLE_NONE, 0}};

/* 6. The name of the constant is the name of the file: example.c here, so
 * DISSECTOR(example) in dissectors.def would enable it. */
const struct dissector example_dissector = {
	.name = "tftp",
	.title = "Trivial File Transfer Protocol",
	.reference = "RFC 1350",
	.binds = tftp_binds,
	.info = "{tftp.message}[ {tftp.source_file}][ block {tftp.block}][ {tftp.error.message}]",
	.dissect = tftp_dissect,
};
