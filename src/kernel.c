/* The kernel's side of a live run: see kernel.h.
 *
 * Owners are told by a broker of its own: the host thread asks it while the
 * engine's asks the other one, and neither can do what the other can.
 */
#include "kernel.h"

#include <string.h>

#include "sockeye/confine.h"
#include "sockeye/host_bpf.h"

#define KERNEL_OWNERS_NEED (CONFINE_BIT(CONFINE_SYS_PTRACE) | CONFINE_BIT(CONFINE_DAC_READ_SEARCH))

enum { KERNEL_SHARE = 4, KERNEL_TABLES = 2 }; /* a quarter of --memory, for a table and the one that replaces it */

static int kernel_ask(void *arg, bool begin, struct error *e)
{
	struct kernel *k = arg;

	return broker_processes_ask(k->rights->teller, begin, e);
}

static int kernel_take(void *arg, struct process_batch *out, struct error *e)
{
	struct kernel *k = arg;

	return broker_processes_take(k->rights->teller, out, e);
}

static int kernel_inside_ask(void *arg, int32_t pid, uint64_t started, struct error *e)
{
	struct kernel *k = arg;

	return broker_inside_ask(k->rights->teller, pid, started, e);
}

static int kernel_inside_take(void *arg, struct process_inside *out, struct error *e)
{
	struct kernel *k = arg;

	return broker_inside_take(k->rights->teller, out, e);
}

bool kernel_wanted(const struct options *o)
{
	return o->view == OPTIONS_WATCH && (o->n_interfaces > 0 || o->n_files == 0);
}

size_t kernel_share(const struct options *o)
{
	return kernel_wanted(o) ? o->memory / KERNEL_SHARE : 0;
}

void kernel_open(struct kernel *k, const struct options *o, struct rights *r)
{
	struct host_options host = {
		.memory = kernel_share(o) / KERNEL_TABLES,
		.notices = true,
		.all_rights = (r->had & KERNEL_OWNERS_NEED) == KERNEL_OWNERS_NEED,
		.processes_fd = -1,
		.arg = k,
	};
	struct error bpf;

	memset(k, 0, sizeof *k);
	k->rights = r;
	if (!kernel_wanted(o))
		return;
	if (r->teller) {
		host.processes_ask = kernel_ask;
		host.processes_take = kernel_take;
		host.inside_ask = kernel_inside_ask;
		host.inside_take = kernel_inside_take;
		host.processes_fd = broker_fd(r->teller);
	}
	if (host_live_open(&k->live, &host, &k->missing) == 0 && !o->no_bpf && o->n_files == 0)
		(void)host_add_bpf(k->live, &bpf); /* its tiers say what it lacks */
}

void kernel_start(struct kernel *k)
{
	if (!k->live || host_live_start(k->live, &k->missing) == 0)
		return;
	host_live_free(k->live);
	k->live = NULL;
}

void kernel_close(struct kernel *k)
{
	host_live_free(k->live);
	k->live = NULL;
}
