/* A DNS message being read: what dns.c and dns_records.c share. */
#ifndef DISSECTORS_DNS_RECORDS_H
#define DISSECTORS_DNS_RECORDS_H

#include "dns.h"

enum { DNS_HEADER_LEN = 12 };

struct dns {
	struct cursor whole; /* at its first byte: compression points from here */
	struct packet *p;
	const char *wrong;   /* what does not read as DNS, or NULL */
	enum dns_kind kind;
};

/* Say what does not read as DNS, the first time; always false. */
bool dns_wrong(struct dns *d, const char *words);

/* The question or record at c, with its rows, and a step over it. False: it is
 * none (d->wrong) or not all there (c->fault). */
bool dns_question(struct dns *d, struct cursor *c);
bool dns_record(struct dns *d, struct cursor *c);

#endif
