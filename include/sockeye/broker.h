/* The broker: the small process that keeps the rights.
 *
 * Forked before anything is open and before there is a thread; never sees the
 * bytes of a packet. It answers a closed vocabulary of fixed-size questions over
 * a SOCK_SEQPACKET pair and ends when the other side of it is gone. A
 * descriptor that it answers with comes by SCM_RIGHTS.
 */
#ifndef SOCKEYE_BROKER_H
#define SOCKEYE_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "sockeye/error.h"

struct broker;

/* 0, or -errno with the sentence. */
int broker_start(struct broker **out, struct error *e);

/* A packet socket, bound to nothing, in this network namespace; or -errno. */
int broker_packet_socket(struct broker *b, struct error *e);

/* A new or truncated file of that name, as open(2) with those flags gives it;
 * nothing but names that were said at the start (and their rotations) or names
 * without a slash in the directory said at the start. Or -errno. */
int broker_create_output(struct broker *b, const char *path, int flags, struct error *e);

/* False once the broker is gone. */
bool broker_alive(const struct broker *b);
pid_t broker_pid(const struct broker *b);

/* Ends the broker, waits for it, and frees b. NULL is fine. */
void broker_free(struct broker *b);

#endif
