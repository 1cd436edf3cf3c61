/* The floor of reading a capture file: libpcap's loop with a callback that counts.
 *
 * usage: floor FILE
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long packets;

static void count(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	(void)user;
	(void)h;
	(void)bytes;
	packets++;
}

int main(int argc, char **argv)
{
	char errors[PCAP_ERRBUF_SIZE];
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], errors) : NULL;

	if (!p) {
		fprintf(stderr, "floor: %s\n", argc == 2 ? errors : "usage: floor FILE");
		return 1;
	}
	if (pcap_loop(p, -1, count, NULL) < 0) {
		fprintf(stderr, "floor: %s\n", pcap_geterr(p));
		return 1;
	}
	printf("%lu\n", packets);
	pcap_close(p);
	return 0;
}
