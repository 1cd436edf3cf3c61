/* The options of a TCP header: between tcp.c and the files beside it. */
#ifndef SOCKEYE_DISSECTORS_TCP_OPTIONS_H
#define SOCKEYE_DISSECTORS_TCP_OPTIONS_H

#include "layers.h"

/* The options, in n bytes: facts and rows. True: all of them were captured. */
bool tcp_options_read(struct cursor *c, struct packet *p, size_t n);

/* The value of one multipath TCP option: facts and rows. */
void tcp_mptcp_read(struct cursor *v, struct packet *p);

#endif
