/* --netns: into another network namespace, before anything is opened. */
#ifndef SOCKEYE_NETNS_H
#define SOCKEYE_NETNS_H

#include "options.h"
#include "sockeye/host.h"
#include "sockeye/namespaces.h"

/* Where one is named: all that is opened from here on is in it. 0, or -errno with the sentence. */
int netns_enter(const struct options *o, struct error *e);

/* -D, in one or in all. */
int netns_list_interfaces(const struct options *o);

/* The kernel's side of one namespace, or of each, for the view sockets. */
struct netns_hosts {
	struct host *at[NAMESPACES_MOST];
	const struct socket_netns *whose[NAMESPACES_MOST]; /* of `spaces`; NULL: --netns was not said */
	unsigned n;
	struct namespaces spaces;
	bool missing; /* there are further ones: it has been said */
};

/* Opens them; with --netns each says which it is. 0, or -errno: not a single one, with the sentence. */
int netns_hosts_open(struct netns_hosts *h, const struct options *o, const struct host_options *host, struct error *e);
void netns_hosts_free(struct netns_hosts *h);

#endif
