/* The compiled BPF programs, as bytes; written when this is built. Private to this room. */
#ifndef BPF_OBJECT_H
#define BPF_OBJECT_H

#include <stddef.h>

extern const unsigned char witness_object[];
extern const size_t witness_object_len;

#endif
