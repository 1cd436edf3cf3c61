/* What the files of the view of sockets share. */
#ifndef SOCKETS_VIEW_PRIVATE_H
#define SOCKETS_VIEW_PRIVATE_H

#include "csv.h"
#include "json.h"
#include "out.h"
#include "sockeye/sockets_view.h"

enum { SOCKETS_GROWING = 1024 };

/* A process whose descriptors are counted from table to table. */
struct growing {
	int32_t pid;
	uint64_t started;
	uint32_t first, last; /* counted first and last */
	uint32_t looks;       /* tables, in none of which there were fewer than before */
	bool seen;            /* in this table */
};

struct sockets_view {
	struct sockets_view_options o;
	bool headed;
	uint64_t tables;
	struct growing growing[SOCKETS_GROWING];
	uint32_t n_growing;
	uint64_t growing_forgotten;
	/* The places that are written, in the order of the text; of this table. */
	uint32_t *order;
	uint32_t n;
	struct out out;
};

/* sockets_keys.c: what is written of a socket, key by key. */
enum socket_kind { KIND_WORD, KIND_FOREIGN, KIND_U64, KIND_BOOL, KIND_ENDPOINT, KIND_NULL, KIND_OWNERS };
struct socket_value {
	enum socket_kind kind;
	const char *text; /* KIND_WORD, KIND_FOREIGN */
	size_t len;       /* KIND_FOREIGN */
	uint64_t u64;
	bool yes;
	struct endpoint endpoint;
};
struct socket_key {
	const char *key; /* dotted; NULL ends the list */
	enum socket_kind kind;
	/* False: not known, or not a thing of this socket. */
	bool (*get)(const struct socket_table *t, const struct socket_record *s, const struct socket_key *k, struct socket_value *out);
	unsigned which;
};
extern const struct socket_key socket_keys[];
/* Numbers of tcp_info are behind them: "tcp_info." and socket_tcp_fields. */

const char *socket_container(const struct socket_table *t, const struct socket_record *s, struct process_home *home);
/* Is it written? What only waits for a listener that is may be in the order all the same. */
bool sockets_shown(const struct sockets_view *v, const struct socket_table *t, const struct socket_record *s);
/* Which part of the text it stands in. */
enum socket_part { PART_LISTENERS, PART_CLIENTS, PART_NOBODYS, PART_DATAGRAMS, PART_NAMED, PART_NAMELESS, PART_SNIFFERS,
		   PART_NETLINK, PARTS };
enum socket_part sockets_part(const struct socket_record *s);

/* sockets_records.c */
void sockets_json(struct sockets_view *v, const struct socket_table *t);
void sockets_csv(struct sockets_view *v, const struct socket_table *t);
void sockets_json_owners(struct json *j, const char *key, const struct socket_table *t, const struct socket_record *s);

/* The time and the namespace of a record, where it has them. */
void sockets_json_of(const struct sockets_view *v, struct json *j, const struct socket_table *t);

/* sockets_netns.c: which namespace it is, before its sockets: a line, or a record of its own. */
void sockets_netns(struct sockets_view *v, const struct socket_table *t);
/* A foreign text, its namespace's name or inode, with an end. */
enum { SOCKETS_LABEL = 1100 };
const char *sockets_netns_label(const struct sockets_view *v, const struct socket_table *t, char out[SOCKETS_LABEL]);

/* sockets_text.c */
void sockets_text(struct sockets_view *v, const struct socket_table *t);
/* sockets_leaks.c, sockets_summary.c */
void sockets_leaks(struct sockets_view *v, const struct socket_table *t);
void sockets_summary(struct sockets_view *v, const struct socket_table *t);
/* With several namespaces each table has the same processes: one of them counts. */
static inline bool sockets_all_processes(const struct socket_table *t)
{
	return !t->netns || t->netns->own;
}
/* Counts the descriptors of this table's processes. */
void sockets_grow(struct sockets_view *v, const struct socket_table *t);

#endif
