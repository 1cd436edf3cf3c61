/* The broker: the small process that keeps the rights.
 *
 * Forked before anything is open and before there is a thread; never sees the
 * bytes of a packet. It answers a closed vocabulary of fixed-size questions over
 * a SOCK_SEQPACKET pair and ends when the other side of it is gone. A
 * descriptor that it answers with comes by SCM_RIGHTS.
 *
 * It keeps of what its starter had: CAP_NET_RAW; where an output is said also
 * the user who started it and CAP_DAC_OVERRIDE, so that a file can be made where
 * that user could have made it; where owners of sockets are wanted CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH, which it takes to read the descriptors of other users' processes.
 * Nothing else, and seccomp with a dozen or two calls. It is in no Landlock domain, which
 * would hide all processes from it.
 *
 * One thread asks. Where the engine's thread and the host thread both have something to ask there are two brokers,
 * each with the rights of its own questions alone.
 */
#ifndef SOCKEYE_BROKER_H
#define SOCKEYE_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sockeye/error.h"
#include "sockeye/process.h"

struct broker;

struct broker_options {
	/* The file that will be written, or NULL, and its rotations: by size (-C, so
	 * many files: -W, 0: without end), by time (-G). They fix the directory and
	 * the names: see broker_create_output(). */
	const char *output;
	bool saves;        /* broker_create_save() may be asked */
	bool sized, timed;
	unsigned files;
	/* Without an output: the user to become, as main will. With one: whose its
	 * files are, if own_files. */
	bool change_user, own_files;
	uid_t uid;
	gid_t gid;
	bool owners;     /* broker_processes() will be asked */
	bool no_capture; /* broker_packet_socket() will not: CAP_NET_RAW is given up too */
};

/* What the broker has become. */
struct broker_facts {
	uid_t uid;
	uint64_t capabilities;
	unsigned calls; /* that its seccomp list names; 0: no seccomp */
	bool no_new_privs, bounding_emptied;
	bool calls_refused; /* broker_ready() has the sentence in e all the same */
};

/* Forks it. 0, or -errno with the sentence; -EINVAL: the directory of the output
 * would change with the time. */
int broker_start(struct broker **out, const struct broker_options *o, struct error *e);

/* Waits until it has given up its own rights. 0, or -errno and why it could not. */
int broker_ready(struct broker *b, struct broker_facts *out, struct error *e);

/* A packet socket, bound to nothing, in this network namespace; or -errno. */
int broker_packet_socket(struct broker *b, struct error *e);

/* A new or existing regular file, opened with these flags of open(2), which must
 * have O_WRONLY and O_CREAT; or -errno. path: a name in the directory of the
 * output, alone or behind that directory as it was said. The name is one that the
 * writer makes of what was said: the same, with -C and a number behind it, with
 * -G what strftime(3) can make of it. Links are not followed. */
int broker_create_output(struct broker *b, const char *path, int flags, struct error *e);

/* A new file in the directory that was the working one at the start, for writing; or -errno, -EEXIST where there
 * is one. The name is sockeye-YYYYMMDD-HHMMSS, with -connN and a number behind, and .pcapng, .txt or .json: nothing
 * of it can come from a packet; or one that was typed, of letters, digits, dots, - and _, a letter or digit first, 63
 * bytes at most, that ends in .pcapng or .sockeye.txt. Nothing that is there is written over. */
int broker_create_save(struct broker *b, const char *name, struct error *e);

/* The next piece of a walk through /proc, which takes a tenth of a second at most; begin: of a
 * new one. 0 and a sound batch, or -errno: -EACCES: owners were not wanted at the start. */
int broker_processes(struct broker *b, bool begin, struct process_batch *out, struct error *e);

/* The same for a thread that must not wait: asks; once broker_fd() is readable, takes: -EAGAIN: it is not there yet.
 * Nothing else may be asked of that broker in between. */
int broker_processes_ask(struct broker *b, bool begin, struct error *e);
int broker_processes_take(struct broker *b, struct process_batch *out, struct error *e);

/* Threads and epoll sets of one process, in the same way: a fiftieth of a second at most. */
int broker_inside_ask(struct broker *b, int32_t pid, uint64_t started, struct error *e);
int broker_inside_take(struct broker *b, struct process_inside *out, struct error *e);

/* False once the broker is gone. */
bool broker_alive(const struct broker *b);
/* To poll: it hangs up (POLLHUP) when the broker is gone. */
int broker_fd(const struct broker *b);
pid_t broker_pid(const struct broker *b);

/* Ends the broker, waits for it, and frees b. NULL is fine. */
void broker_free(struct broker *b);

#endif
