/* Losses and repeats of a whole run, as text and as JSON: the network's and the
 * capture's apart, ours and Wireshark's counts side by side. */
#include "losses.h"

#include "sockeye/histogram.h"

/* Of a direction whose other was not captured, what is lost is not known. */
static uint64_t known(uint64_t n)
{
	return n == PAIR_UNKNOWN ? 0 : n;
}

void losses_add(struct losses *l, const struct flow_record *f)
{
	uint64_t lost, missed;

	if (!record_has(f, RECORD_EXACT_LOST_BYTES) || f->lossless)
		return;
	lost = known(f->exact.lost_bytes[0]) + known(f->exact.lost_bytes[1]);
	missed = known(f->exact.missed_bytes[0]) + known(f->exact.missed_bytes[1]);
	if (lost && !record_has(f, RECORD_CAPTURE_DROPS) && !record_has(f, RECORD_CAPTURE_BLIND)) {
		l->network += lost;
		l->flows[0]++;
	} else {
		l->unclear += lost;
	}
	l->capture += missed;
	l->flows[1] += missed != 0;
	for (unsigned i = 0; i < 2; i++) {
		l->again += f->exact.retransmitted_segments[i];
		l->again_bytes += f->exact.retransmitted_bytes[i];
		l->late += f->exact.late_segments[i];
		l->late_bytes += f->exact.late_bytes[i];
		l->conflicting += f->exact.conflicting_bytes[i];
		l->duplicates += f->exact.duplicates[i];
		l->holes += f->exact.forgotten_holes[i];
		l->wireshark[0] += f->retransmissions[i];
		l->wireshark[1] += f->out_of_order[i];
		l->wireshark[2] += f->dup_acks[i];
		l->wireshark[3] += f->zero_windows[i];
	}
}

void losses_json_trips(struct json *j, const struct totals *t)
{
	static const char *const key[2][4] = {
		{"rtt_us.server.p50", "rtt_us.server.p90", "rtt_us.server.p99", "rtt_us.server.samples"},
		{"rtt_us.client.p50", "rtt_us.client.p90", "rtt_us.client.p99", "rtt_us.client.samples"},
	};
	static const unsigned percent[3] = {50, 90, 99};

	for (unsigned i = 0; i < 2; i++) {
		if (t->rtt[i].n == 0)
			continue;
		for (unsigned k = 0; k < 3; k++) {
			json_key(j, key[i][k]);
			json_u64(j, (uint64_t)out_microseconds(histogram_percentile(&t->rtt[i], percent[k])));
		}
		json_key(j, key[i][3]);
		json_u64(j, t->rtt[i].n);
	}
}

void losses_json(struct json *j, const struct losses *l)
{
	const struct {
		const char *key;
		uint64_t n;
	} all[] = {
		{"loss.network_bytes", l->network}, {"loss.network_connections", l->flows[0]},
		{"loss.unclear_bytes", l->unclear}, {"loss.capture_bytes", l->capture},
		{"loss.capture_connections", l->flows[1]},
		{"exact.retransmitted_segments", l->again}, {"exact.retransmitted_bytes", l->again_bytes},
		{"exact.late_segments", l->late}, {"exact.late_bytes", l->late_bytes},
		{"exact.conflicting_bytes", l->conflicting}, {"exact.duplicates", l->duplicates},
		{"exact.forgotten_holes", l->holes},
		{"retransmissions", l->wireshark[0]}, {"out_of_order", l->wireshark[1]},
		{"dup_acks", l->wireshark[2]}, {"zero_windows", l->wireshark[3]},
	};

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		json_key(j, all[i].key);
		json_u64(j, all[i].n);
	}
}

void losses_text_trips(struct out *out, const struct totals *t)
{
	static const char *const whose[2] = {"To the server", "To the client"};
	static const unsigned percent[3] = {50, 90, 99};

	if (t->rtt[0].n == 0 && t->rtt[1].n == 0)
		return;
	out_put(out, "\nRound trips of data, from where the capture was taken\n");
	for (unsigned i = 0; i < 2; i++) {
		if (t->rtt[i].n == 0)
			continue;
		out_format(out, "  %s ", whose[i]);
		for (unsigned k = 0; k < 3; k++) {
			out_format(out, "%s p%u ", k ? "," : "", percent[k]);
			out_duration(out, histogram_percentile(&t->rtt[i], percent[k]), 0);
		}
		out_format(out, " (to 3 %%), samples: %llu\n", (unsigned long long)t->rtt[i].n);
	}
}

/* The losses of the network and of the capture, each by its name. */
void losses_text(struct out *out, const struct losses *l)
{
	if (l->wireshark[0] + l->wireshark[1] + l->wireshark[2] + l->wireshark[3] +
		    l->again + l->late + l->network + l->capture + l->unclear == 0)
		return;
	out_put(out, "\nLosses and repeats\n");
	out_format(out, "  Network       %llu bytes never seen nor acknowledged, connections: %llu\n",
		   (unsigned long long)l->network, (unsigned long long)l->flows[0]);
	out_format(out, "  Capture       %llu bytes acknowledged but not captured, connections: %llu\n",
		   (unsigned long long)l->capture, (unsigned long long)l->flows[1]);
	if (l->unclear)
		out_format(out, "  Unclear       %llu bytes not seen while the capture dropped frames\n",
			   (unsigned long long)l->unclear);
	out_format(out, "  Exactly       again %llu segments (%llu bytes), late %llu (%llu)",
		   (unsigned long long)l->again, (unsigned long long)l->again_bytes,
		   (unsigned long long)l->late, (unsigned long long)l->late_bytes);
	if (l->duplicates)
		out_format(out, ", duplicates %llu", (unsigned long long)l->duplicates);
	if (l->conflicting)
		out_format(out, ", other content %llu bytes", (unsigned long long)l->conflicting);
	if (l->holes)
		out_format(out, ", holes forgotten %llu", (unsigned long long)l->holes);
	out_format(out,
		   "\n  By Wireshark  retransmissions %llu, out of order %llu, duplicate ACKs %llu, zero "
		   "windows %llu\n",
		   (unsigned long long)l->wireshark[0], (unsigned long long)l->wireshark[1],
		   (unsigned long long)l->wireshark[2], (unsigned long long)l->wireshark[3]);
}
