#include "streams.h"
#include "answers.h"
#include <string.h>
struct streams { int x; };
int streams_open(struct remembered *m, struct error *e) { (void)m; (void)e; return 0; }
void streams_free(struct streams *s) { (void)s; }
bool streams_go_on(struct streams *s, int64_t d) { (void)s; (void)d; return true; }
void answer_stream(struct engine *e, const struct stream_query *q, struct stream_answer *out, int64_t d)
{ (void)e;(void)q;(void)d; memset(out, 0, offsetof(struct stream_answer, bytes)); }
