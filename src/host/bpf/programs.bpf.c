/* All BPF programs, as one object: they share the numbers of our namespaces, and the kernel's types are looked up once.
 *
 * Which of them are loaded is decided by whoever loads it (witness.c).
 */
#include "kernel.h"

#include "events.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

const volatile struct settings settings SEC(".rodata.settings") = {0};
struct counters counters SEC(".data.counters") = {0};

#include "holders_programs.h"
#include "sockets_programs.h"
