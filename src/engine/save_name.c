/* The name of a file that is saved, where none is said: sockeye-20261121-120712-conn2-3.pcapng.
 *
 * Of the run's clock and the number of a flow: nothing of it came in a packet.
 */
#include <time.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"
#include "sockeye/text.h"

void engine_save_name(const struct save_query *q, int64_t now_ns, unsigned try, char out[SAVE_NAME])
{
	static const char *const ends[] = {[SAVE_PACKETS] = "pcapng", [SAVE_TEXT] = "txt", [SAVE_JSON] = "json"};
	time_t now = (time_t)(now_ns / CLOCK_S);
	char when[32] = "";
	struct text t;
	struct tm tm;

	text_init(&t, out, SAVE_NAME);
	if (localtime_r(&now, &tm) && tm.tm_year >= 0 && tm.tm_year < 8000)
		(void)strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
	text_format(&t, "sockeye-%s", when[0] ? when : "00000000-000000");
	if (q->packets.flows == 1)
		text_format(&t, "-conn%llu", (unsigned long long)q->packets.flow[0]);
	if (try > 1)
		text_format(&t, "-%u", try);
	text_format(&t, ".%s", ends[q->kind]);
}
