/* The kernel's side of a live run: see kernel.h.
 *
 * Owners are told by a broker of its own: the host thread asks it while the
 * engine's asks the other one, and neither can do what the other can.
 */
#include "kernel.h"

#include <net/if.h>
#include <string.h>

#include "sockeye/confine.h"
#include "sockeye/host_bpf.h"
#include "sockeye/host_ways.h"
#include "sockeye/namespaces.h"

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
	/* Of the views without a screen the records of connections name owners; of the others a filter may ask for them. */
	const bool asks = o->view == OPTIONS_WATCH || o->view == OPTIONS_CONNECTIONS || o->display_filter != NULL;

	return asks && !o->only_write && (o->n_interfaces > 0 || o->n_files == 0);
}

bool kernel_joined(const struct kernel *k, const struct options *o)
{
	return k->live && o->n_files == 0;
}

/* Further ways of knowing; each says itself what it lacks. */
static void kernel_ways(struct kernel *k, const struct options *o)
{
	unsigned index[HOST_LOOKUPS_INTERFACES], n = 0;
	struct error e;

	for (unsigned i = 0; i < o->n_interfaces && n < HOST_LOOKUPS_INTERFACES; i++) {
		index[n] = if_nametoindex(o->interfaces[i]);
		if (index[n] == 0) { /* any, or one that is not the kernel's own */
			n = 0;
			break;
		}
		n++;
	}
	(void)host_add_notices(k->live, &e);
	(void)host_add_lookups(k->live, index, n == o->n_interfaces ? n : 0, &e);
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
	if (host_live_open(&k->live, &host, &k->missing) < 0 || o->n_files > 0)
		return;
	/* It comes first: what it tells need not be told in dearer ways. Its tiers say what it lacks. */
	if (!o->no_bpf)
		(void)host_add_bpf(k->live, &bpf);
	kernel_ways(k, o);
}

static void elsewhere(void *arg, const struct address *a, uint8_t family)
{
	engine_elsewhere(arg, a, family);
}

int kernel_elsewhere(const struct kernel *k, struct engine *engine, struct error *e)
{
	return k->rights->had & CONFINE_BIT(CONFINE_SYS_ADMIN) ? namespaces_elsewhere(elsewhere, engine, e) : 0;
}

void kernel_start(struct kernel *k)
{
	if (!k->live || host_live_start(k->live, &k->missing) == 0)
		return;
	k->idle = k->live; /* whom the engine still asks: it knows nothing */
	k->live = NULL;
}

void kernel_follow(struct kernel *k, const char *name)
{
	if (k->live)
		host_lookups_follow(k->live, name);
}

void kernel_unfollow(struct kernel *k, const char *name)
{
	if (k->live)
		host_lookups_unfollow(k->live, name);
}

void kernel_close(struct kernel *k)
{
	host_live_free(k->live);
	host_live_free(k->idle);
	k->live = k->idle = NULL;
}
