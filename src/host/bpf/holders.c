#include "holders.h"

#include <string.h>
#include <unistd.h>

#define HOLDERS_NO_ROW UINT32_MAX

_Static_assert(sizeof(struct holder_head) + sizeof(struct holder_process) + HOLDER_LEVELS * HOLDER_NAME <= HOLDERS_RECORD,
	       "the longest record fits");

void holders_reset(struct holders *h)
{
	const long ticks = sysconf(_SC_CLK_TCK);

	h->known = false;
	h->have = h->at = 0;
	h->row = HOLDERS_NO_ROW;
	h->tick_ns = UINT64_C(1000000000) / (ticks > 0 ? (uint64_t)ticks : 100);
}

void holders_batch(struct holders *h, struct process_batch *out)
{
	memset(out, 0, offsetof(struct process_batch, process));
	h->row = HOLDERS_NO_ROW;
}

uint8_t *holders_room(struct holders *h, size_t *n)
{
	memmove(h->bytes, h->bytes + h->at, h->have - h->at);
	h->have -= h->at;
	h->at = 0;
	*n = sizeof h->bytes - h->have < HOLDERS_READ ? sizeof h->bytes - h->have : (size_t)HOLDERS_READ;
	return h->bytes + h->have;
}

void holders_came(struct holders *h, size_t n)
{
	h->have += n;
}

/* From the names, the last one first; "/" is the root; "" where it does not fit. */
static void holders_path(struct process *p, const uint8_t *names, int32_t levels)
{
	size_t len = 0;

	memset(p->cgroup, 0, sizeof p->cgroup);
	if (levels == 0)
		p->cgroup[0] = '/';
	for (int32_t i = levels - 1; i >= 0; i--) {
		const char *name = (const char *)names + (size_t)i * HOLDER_NAME;
		const size_t n = strnlen(name, HOLDER_NAME);

		if (n == 0 || len + 1 + n >= sizeof p->cgroup) {
			memset(p->cgroup, 0, sizeof p->cgroup);
			return;
		}
		p->cgroup[len] = '/';
		memcpy(p->cgroup + len + 1, name, n);
		len += 1 + n;
	}
}

/* The process's row; HOLDERS_NO_ROW: the batch has no room. */
static uint32_t holders_row(struct holders *h, struct process_batch *out)
{
	if (h->row == HOLDERS_NO_ROW && out->processes < PROCESS_BATCH_PROCESSES) {
		h->row = out->processes++;
		out->process[h->row] = h->now;
	}
	return h->row;
}

static void holders_process(struct holders *h, const uint8_t *record, int32_t levels)
{
	struct holder_process p;

	memcpy(&p, record + sizeof(struct holder_head), sizeof p);
	memset(&h->now, 0, sizeof h->now);
	h->now.pid = (int32_t)p.pid;
	h->now.parent = (int32_t)p.parent;
	h->now.uid = p.uid;
	h->now.started = p.started_ns / h->tick_ns;
	memcpy(h->now.comm, p.comm, strnlen(p.comm, sizeof h->now.comm - 1));
	holders_path(&h->now, record + sizeof(struct holder_head) + sizeof p, levels);
	h->known = true;
	h->row = HOLDERS_NO_ROW;
}

/* One record; false: the batch has no room for it. */
static bool holders_one(struct holders *h, struct process_batch *out, const struct holder_head *head, const uint8_t *record)
{
	uint32_t row;

	if (head->kind == HOLDER_PROCESS) {
		holders_process(h, record, head->fd);
		return true;
	}
	if (!h->known || head->kind == HOLDER_NOTHING)
		return true;
	if (head->kind == HOLDER_END)
		h->now.descriptors = (uint32_t)head->fd;
	if (head->kind == HOLDER_SOCKET && out->holders == PROCESS_BATCH_HOLDERS)
		return false;
	row = holders_row(h, out);
	if (row == HOLDERS_NO_ROW)
		return false;
	if (head->kind == HOLDER_END)
		out->process[row].descriptors = h->now.descriptors;
	else
		out->holder[out->holders++] = (struct process_holder){.inode = head->inode, .fd = head->fd, .process = row};
	return true;
}

bool holders_take(struct holders *h, struct process_batch *out)
{
	while (h->have - h->at >= sizeof(struct holder_head)) {
		struct holder_head head;
		size_t len = sizeof head;

		memcpy(&head, h->bytes + h->at, sizeof head);
		if (head.kind == HOLDER_PROCESS) {
			const int32_t levels = head.fd < 0 || head.fd > HOLDER_LEVELS ? -1 : head.fd;

			len += sizeof(struct holder_process) + (levels > 0 ? (size_t)levels * HOLDER_NAME : 0);
			head.fd = levels;
		}
		if (h->have - h->at < len)
			return true;
		if (!holders_one(h, out, &head, h->bytes + h->at))
			return false;
		h->at += len;
	}
	return true;
}
