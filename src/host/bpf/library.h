/* libbpf, opened when it is needed: no other run pays for it. Private to this room. */
#ifndef BPF_LIBRARY_H
#define BPF_LIBRARY_H

#include <bpf/libbpf.h>

#include "sockeye/error.h"

#define LIBRARY_FUNCTIONS(X) \
	X(libbpf_set_print) X(bpf_object__open_mem) X(bpf_object__load) X(bpf_object__close) X(bpf_object__next_program) \
	X(bpf_object__find_map_by_name) X(bpf_map__fd) X(bpf_map__set_initial_value) X(bpf_program__name) \
	X(bpf_program__set_autoload) X(bpf_program__attach) X(bpf_link__fd) X(bpf_link__destroy)

/* Its functions, by their names. */
struct library {
#define LIBRARY_POINTER(name) __typeof__(&name) name;
	LIBRARY_FUNCTIONS(LIBRARY_POINTER)
#undef LIBRARY_POINTER
};

/* NULL, with the sentence: it is not installed. Stays open to the end. */
const struct library *library_open(struct error *e);

#endif
