/* Sockets in words, for lists and pages. */
#include <string.h>

#include "sockeye/socket_record.h"

enum { TEXT_OWNERS = 4 };

void socket_netns_label(struct text *to, const struct socket_netns *n, bool ascii)
{
	if (n->name[0])
		text_foreign(to, n->name, strlen(n->name), ascii);
	else
		text_u64(to, n->inode);
}

void socket_endpoint(struct text *to, const struct endpoint *e)
{
	static const struct address none;

	if (e->family == FAMILY_NONE)
		text_put(to, "*");
	else if (memcmp(&e->ip, &none, sizeof none) != 0)
		tuple_endpoint(to, e);
	else if (e->has_port)
		text_format(to, "%s:%u", e->family == FAMILY_IPV4 ? "0.0.0.0" : "[::]", e->port);
	else
		text_put(to, e->family == FAMILY_IPV4 ? "0.0.0.0" : "::");
}

void socket_owners(struct text *to, const struct socket_table *t, const struct socket_record *s, bool ascii)
{
	for (uint32_t i = 0; i < s->owners && i < TEXT_OWNERS; i++) {
		const struct socket_owner *o = &t->owners[s->owner + i];
		const struct process *p = &t->processes[o->process];

		text_put(to, i ? ", " : "");
		text_foreign(to, p->comm, strlen(p->comm), ascii);
		text_format(to, "[%d] fd %d", p->pid, o->fd);
	}
	if (s->owners > TEXT_OWNERS)
		text_format(to, " and %u more", s->owners - TEXT_OWNERS);
}

void socket_duration(struct text *to, uint64_t us)
{
	if (us < 1000)
		text_format(to, "%u us", (unsigned)us);
	else if (us < 1000000)
		text_format(to, "%u.%u ms", (unsigned)(us / 1000), (unsigned)(us / 100 % 10));
	else if (us < UINT64_C(60000000))
		text_format(to, "%u.%02u s", (unsigned)(us / 1000000), (unsigned)(us / 10000 % 100));
	else if (us < UINT64_C(3600000000))
		text_format(to, "%u m %u s", (unsigned)(us / 60000000), (unsigned)(us / 1000000 % 60));
	else
		text_format(to, "%llu h %u m", (unsigned long long)(us / UINT64_C(3600000000)), (unsigned)(us / 60000000 % 60));
}

const char *socket_owner_unknown(const struct socket_table *t, const struct socket_record *s)
{
	if (s->owners > 0 || !socket_held(s))
		return NULL;
	return socket_unknown_word(s->hidden && t->unknown == SOCKET_TOO_LATE ? SOCKET_UNSUPPORTED : t->unknown);
}

void socket_name(struct text *to, const struct socket_record *s, bool ascii)
{
	const size_t hidden = s->un.name_len > 0 && s->un.name[0] == '\0' ? 1 : 0;

	if (hidden)
		text_char(to, '@');
	text_foreign(to, s->un.name + hidden, s->un.name_len - hidden, ascii);
}

bool socket_waited(const struct socket_record *s, uint64_t *us)
{
	if (!s->waiting || !(s->has & SOCKET_HAS_TCP) || s->tcp.data_segments_out != 0)
		return false;
	*us = (uint64_t)s->tcp.last_sent_ms * 1000;
	return true;
}

/* linux/if_ether.h: what is sniffed most */
const char *socket_frames_word(unsigned protocol)
{
	return protocol == 3 ? "all frames" : protocol == 0x800 ? "IPv4" : protocol == 0x806 ? "ARP" : protocol == 0x86dd ? "IPv6"
	       : protocol == 0x888e ? "EAPOL" : protocol == 0x88cc ? "LLDP" : protocol == 0 ? "no frames" : NULL;
}
