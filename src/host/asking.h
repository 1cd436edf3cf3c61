/* The open host: who is asked for what. Private to this room. */
#ifndef HOST_ASKING_H
#define HOST_ASKING_H

#include "cgroups.h"
#include "host_private.h"
#include "sweep.h"

enum { ASKING_FILE = 65536, ASKING_WALK_MS = 100, ASKING_INTERFACES = 256 };

/* A kind of sockets: sock_diag's way to it, and the files where that is not there. */
struct asking {
	const char *name; /* of its tier */
	unsigned bit;     /* HOST_ */
	uint8_t proto;    /* of IP */
	int family;       /* of sock_diag, AF_; AF_INET stands for both; 0: it never has these */
	int files[2];     /* HOST_TCP ..., -1: none */
	bool rare;        /* a kernel without it has none of these */
};
enum { ASKINGS = 8 };
extern const struct asking askings[ASKINGS];

enum way { WAY_NONE, WAY_DIAG, WAY_FILES };

enum counter_file { COUNTER_NETSTAT, COUNTER_SNMP, COUNTER_SOCKSTAT, COUNTER_PORTS, COUNTER_FILES };

struct host {
	struct host_options o;
	struct netlink diag;  /* of single questions */
	struct netlink dumps; /* of sweeps, which may be under way meanwhile */
	int notices; /* a netlink socket, or -1 */
	enum way ways[ASKINGS];
	int files[HOST_FILES], counters[COUNTER_FILES];
	struct process_walk walk;
	bool walks; /* walk is open */
	bool no_both; /* TCP is asked for by family */
	bool in_steps; /* one has others to look after: no call may take long */
	unsigned hidepid;
	struct host_tier tiers[SOCKET_TIERS];
	unsigned n_tiers;
	struct process_batch batch;
	struct cgroups cgroups;
	struct socket_interface interfaces[ASKING_INTERFACES];
	uint32_t n_interfaces;
	char text[ASKING_FILE], lines[ASKING_FILE];
	struct sweep_owners owners;
	struct host_sweeping sweep;
};

/* 1: there is more of that kind; 0: that was all; -EAGAIN: nothing is there yet; -errno. For the next
 * kind part, asked and read of f are set back. */
int asking_dump(struct host *h, const struct asking *a, struct filling *f, uint32_t states, bool *partial);
/* Does the kernel know that kind? 0, or -errno. */
int asking_trial(struct host *h, const struct asking *a, uint32_t states);
/* TCP's listeners alone, by sock_diag: some microseconds, whatever the machine holds. -ENOTSUP: it has no TCP. */
int asking_listeners(struct host *h, void (*each)(void *arg, const struct socket_record *s), void *arg);
int asking_files(struct host *h, const struct asking *a, struct filling *f);
/* What of a file fits, from its begin. */
size_t asking_read(int fd, char *out, size_t size);

/* probe.c: tries everything once, and says what came of it. */
void probe_all(struct host *h);
/* bpf/way.c: the kernel's walk through descriptors tells owners. 0, or -errno with the sentence, which a tier has too. */
int bpf_walk_open(struct host *h, struct error *e);
void host_tier_add(struct host *h, const char *name, bool works, const char *reason);
/* Another word about one that is there, for the tables to come: by the thread that asks. */
void host_tier_set(struct host *h, const char *name, bool works, const char *reason);
int notices_open(struct error *e);

#endif
