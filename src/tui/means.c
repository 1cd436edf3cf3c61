/* What a line of the layers says: whoever knows most of it has the word. */
#include "means.h"

#include <string.h>

#include "words.h"

/* The other keys of what is the same: their table is the first one's. */
static const char *means_key(const struct detail_line *line)
{
	static const char *const same[][2] = {
		{"vlan.etype", "eth.type"}, {"sll.etype", "eth.type"}, {"llc.type", "eth.type"}, {"gre.proto", "eth.type"},
		{"geneve.proto_type", "eth.type"}, {"nflog.protocol", "eth.type"}, {"null.type", "eth.type"},
		{"ipoib.type", "eth.type"}, {"vntag.etype", "eth.type"}, {"ipv6.ext.nxt", "ipv6.nxt"},
		{"arp.proto.type", "eth.type"}, {"ah.next_header", "ip.proto"}, {"ipcomp.next", "ip.proto"},
		{"arp.message", "arp.opcode"}, {"icmp.message", "icmp.type"}, {"icmpv6.message", "icmpv6.type"},
	};

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		if (strcmp(line->key, same[i][0]) == 0)
			return same[i][1];
	if (strcmp(line->key, "icmp.code") == 0 && line->text[0] > '9') /* it has a name: of which table? */
		return strncmp(line->text, "in transit", 10) == 0 || strncmp(line->text, "fragments not", 13) == 0
			       ? "icmp.code.exceeded"
			       : "icmp.code.unreachable";
	return line->key;
}

/* A whole layer: its full name, where it lies, what is wrong with it. */
static void means_layer(struct text *t, const struct detail_line *line)
{
	static const char *const layer[] = {
		"", "the physical layer", "the link layer", "the network layer", "the transport layer", "the session layer",
		"the presentation layer, as TLS is customarily placed", "the application layer",
	};

	if (strcmp(line->key, "frame") == 0 || strcmp(line->key, "talk") == 0) { /* no dissector's */
		text_put(t, means_field(line->key));
		return;
	}
	text_put(t, line->title);
	if (line->osi >= 1 && line->osi <= 7)
		text_format(t, ": %s", layer[line->osi]);
	if (line->len > 0)
		text_format(t, "; %u bytes at %u", (unsigned)line->len, (unsigned)line->off);
	if (line->bad) {
		text_put(t, "; broken or cut: ");
		text_put(t, line->text);
	} else if (line->osi > 0) {
		text_put(t, line->osi >= 5 ? " (TCP/IP has four layers: 5 to 7 are one)" : "");
	}
}

/* "word (5)" or "0x0800 word": the number has a name; else it is a number. */
static void means_named(struct text *t, const struct detail_line *line)
{
	const char *open = strrchr(line->text, '('), *blank = strchr(line->text, ' ');
	char number[24];
	struct text n;

	text_init(&n, number, sizeof number);
	text_u64(&n, line->num);
	if (open != NULL && open > line->text && open[-1] == ' ' && strncmp(open + 1, number, n.len) == 0) {
		text_format(t, "%s %s stands for \"", line->title, number);
		text_bytes(t, line->text, (size_t)(open - 1 - line->text));
		text_char(t, '"');
		return;
	}
	if (strncmp(line->text, "0x", 2) == 0 && blank != NULL) {
		text_put(t, line->title);
		text_char(t, ' ');
		text_bytes(t, line->text, (size_t)(blank - line->text));
		text_put(t, " stands for \"");
		text_put(t, blank + 1);
		text_char(t, '"');
		return;
	}
	text_put(t, line->title);
	text_put(t, line->text[0] != '\0' ? " is " : " is empty");
	text_put(t, line->text);
	if (line->len > 0)
		text_format(t, ", in %u byte%s", (unsigned)line->len, line->len == 1 ? "" : "s");
}

void means_line(struct text *t, const struct means_of *of, const struct detail_line *line,
		const struct detail_line *layer)
{
	const char *says;

	if (strcmp(line->key, "talk.verdict") == 0 && line->num < VERDICTS) {
		means_verdict(t, (enum verdict)line->num);
		return;
	}
	if (line == layer && line->depth == 0) {
		means_layer(t, line);
		return;
	}
	if (means_tcp(t, of, line) || means_ip(t, line))
		return;
	says = means_value(means_key(line), line->num);
	if (says == NULL)
		says = means_field(line->key);
	if (says != NULL)
		text_put(t, says);
	else
		means_named(t, line);
}
