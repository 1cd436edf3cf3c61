/* The link header of a packet: its words for -e, and where it ends for -x, -X, -A.
 *
 * It is the layers from the outside in whose dissectors have a link template: what
 * the words say is theirs. The frame's length stands after the first of them, as in
 * tcpdump; where there is no link header, the length stands alone.
 */
#include <string.h>

#include "sockeye/dissector.h"
#include "sockeye/info.h"
#include "view.h"

/* How many layers it is. */
static unsigned link_layers(const struct packet *p)
{
	unsigned n = 0;

	while (n < p->layers && p->layer[n].by && p->layer[n].by->link && p->layer[n].buffer == BUFFER_FRAME)
		n++;
	return n;
}

void link_text(struct text *t, const struct packet *p, bool quiet)
{
	unsigned n = link_layers(p);

	for (unsigned i = 0; i < n || i == 0; i++) {
		size_t before = t->len;

		if (i < n)
			info_link(t, p, i, quiet);
		if (t->len > before)
			text_put(t, ", ");
		if (i == 0)
			text_format(t, "length %u: ", (unsigned)p->frame.wirelen);
	}
}

unsigned link_vlans(const struct packet *p)
{
	unsigned tags = 0;

	for (unsigned i = link_layers(p); i-- > 0;)
		tags += strcmp(p->layer[i].by->name, "vlan") == 0;
	return tags < p->path.vlans ? tags : p->path.vlans;
}

uint32_t link_end(const struct packet *p)
{
	unsigned n = link_layers(p);
	const struct layer *last = &p->layer[n > 0 ? n - 1 : 0];

	if (n == 0 || last->off + last->len > p->frame.caplen)
		return 0;
	return last->off + last->len;
}
