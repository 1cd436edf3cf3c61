#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* What it would print is about the programs, and not for whoever runs this: the sentence is ours. */
static int library_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/* ISO C has no cast from an address of data to one of a function. */
static bool library_find(void *handle, const char *name, void *out, size_t size)
{
	void *found = dlsym(handle, name);

	_Static_assert(sizeof found == sizeof(void (*)(void)), "addresses are alike");
	memcpy(out, &found, size);
	return found != NULL;
}

const struct library *library_open(struct error *e)
{
	static struct library library;
	static bool whole;
	void *handle;

	if (whole)
		return &library;
	handle = dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		(void)error_set(e, ENOENT, "libbpf is not installed (Debian: apt install libbpf1)");
		return NULL;
	}
	whole = true;
#define LIBRARY_FIND(name) whole = library_find(handle, #name, &library.name, sizeof library.name) && whole;
	LIBRARY_FUNCTIONS(LIBRARY_FIND)
#undef LIBRARY_FIND
	if (!whole) {
		(void)dlclose(handle);
		(void)error_set(e, ENOSYS, "the libbpf that is installed lacks a function: 1.0 or later is needed");
		return NULL;
	}
	(void)library.libbpf_set_print(library_silent);
	return &library;
}
