"""truth-*.pcap, part 1: data. Numbers, repeats, order, round trips (rules 1, 2, 9 to 15, 45).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS  # between the capture, which is beside the client, and the server


@case("01-wrap", 1, "Both streams pass 2^32", "sequence numbers are compared modulo 2^32", "RFC 9293 3.4")
def wrap(s):
    """Sequence numbers start again at 0 in the middle of the data, and nothing is wrong.

    1-3 handshake, 4-7 client 4 x 500 (the third passes 2^32), 8 ACK, 9-10 server 2 x 1000 (passes in the first),
    11 ACK, 12-14 closed by the client"""
    k = s.talk(isn=(0xFFFFFFFF - 1300, 0xFFFFFFFF - 600), state="closed", tcp="time_wait closed", closed_by="client",
               zeek="SF ShADadFf")
    k.open()
    for _ in range(4):
        k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("PA", 1000)
    k.s("PA", 1000)
    k.c("A")
    k.close()


@case("01-first-numbers", 1, "First numbers at the edge of 2^32", "a SYN counts as one, modulo 2^32, so that data may begin at 0",
      "RFC 9293 3.4")
def first_numbers(s):
    """Six connections whose SYNs have the numbers 2^32 - 1, 2^32 - 2 and 0; the client's is sent twice. To Wireshark a
    next number of 0 is none: it marks no SYN of 2^32 - 1 as a repeat, and takes the ACK of one for a window update.

    Of each: 1, 2 SYN, 3 SYN/ACK, 4 ACK, 5 client 500, 6 the same again, 7 ACK, 8 server 700, 9 ACK, 10-12 closed by
    the client"""
    last = 0xFFFFFFFF
    for i, isn in enumerate(((last, last - 1), (last - 1, last), (0, last), (last, 0), (last, last), (0, 0))):
        k = s.talk(port=50101 + i, isn=isn, state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShADTadFf",
                   handshake__syn_retransmits=1, handshake__syn_to_synack_us=1010000, handshake__last_syn_to_synack_us=10000,
                   handshake__synack_to_ack_us=100, handshake__first_syn_to_ack_us=1010100)
        k.c("S")
        k.c("S", after=S, says="" if isn[0] == last else "retransmission")
        k.s("SA", after=ROUND)
        k.c("A", says="window_update" if isn[1] == last else "")
        k.c("PA", 500)
        k.c("PA", 500, at=0, after=S, says="retransmission", again=500)
        k.s("A", after=ROUND)
        k.s("PA", 700)
        k.c("A")
        k.close()
        s.wait(S)


@case("01-wrap-sack", 1, "A loss and its SACK across 2^32", "SACK blocks are compared modulo 2^32, too",
      "RFC 9293 3.4, RFC 2018")
def wrap_sack(s):
    """The lost segment is the one whose numbers pass 2^32; its SACK blocks begin behind it.

    1-3 handshake, 4 client 0-1000, 5 client 2000-3000 (1000-2000 lost), 6 ACK 1000, 7 client 3000-4000, 8 client
    4000-5000, 9, 10 ACK 1000 with SACK, 11 client 1000-2000, 12 ACK"""
    k = s.talk(isn=(0xFFFFFFFF - 1500, 5000), state="established", zeek="S1 ShADaT")
    k.open()
    k.c("A", 1000)
    k.unseen(0, 1000)
    k.c("A", 1000, says="lost_segment")
    k.s("A", ack=1000, after=ROUND)
    k.c("A", 1000)
    k.c("A", 1000)
    k.s("A", ack=1000, sack=[(2000, 4000)], after=ROUND, says="dup_ack")
    k.s("A", ack=1000, sack=[(2000, 5000)], says="dup_ack")
    k.c("A", 1000, at=1000, says="retransmission fast_retransmission", late=1000)
    k.s("A", after=ROUND)


@case("01-jump", 1, "A number far outside of every window",
      "a jump of more than 2^30 that no window allows is refused", "RFC 9293 3.10.7.4")
def jump(s):
    """One segment claims to be 1.5 GiB ahead; the receiver ignores it, and the conversation goes on where it was.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 500 bytes at 1.5 GiB, 7 ACK 500 again, 8 client 500-1000, 9 ACK"""
    k = s.talk(state="established")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("PA", noise("jump", 500), at=3 << 29, says="lost_segment", state="out_of_window")
    k.sent[0] = 500
    k.s("A", after=ROUND, says="dup_ack", state="challenge_ack")
    k.c("PA", 500, after=50 * MS, says="retransmission")
    k.s("A", after=ROUND)


def sent_twice(k):
    k.c("S")
    k.c("S", after=500 * MS, says="retransmission")
    k.s("SA", after=ROUND)
    k.c("A")
    k.c("PA", 500)
    k.c("PA", 500, at=0, after=500 * MS, says="retransmission", again=500)
    k.s("A", after=ROUND)
    k.c("A", at=499, after=30 * S, says="keep_alive")
    k.s("A", after=ROUND, says="keep_alive_ack")
    k.c("FA")
    k.c("FA", at=500, after=500 * MS, says="retransmission")
    k.s("FA", after=ROUND)
    k.c("A")


@case("02-not-advancing", 2, "What can be a repeat, and what never",
      "data, SYN and FIN that advance nothing are candidates; a keep-alive is none", "RFC 9293 3.8.1")
def not_advancing(s):
    """SYN, data and FIN are each sent twice, half a second apart, and each is a retransmission.

    1, 2 SYN twice, 3 SYN/ACK, 4 ACK, 5, 6 client 0-500 twice, 7 ACK, 8, 9 keep-alive and its answer, 10, 11 FIN twice,
    12 FIN of the server, 13 ACK"""
    k = s.talk(state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShADTaFf",
               handshake__syn_retransmits=1, handshake__first_syn_to_ack_us=510100,
               handshake__syn_to_synack_us=510000, handshake__last_syn_to_synack_us=10000,
               handshake__synack_to_ack_us=100)
    sent_twice(k)


@case("02-not-advancing-6", 2, "What can be a repeat, in IPv6", "the same, without an IP identification",
      "RFC 9293 3.8.1")
def not_advancing_6(s):
    """SYN, data and FIN are each sent twice over IPv6, and each is a retransmission.

    as 02-not-advancing"""
    s.v6 = True
    sent_twice(s.talk(state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShADTaFf",
                      handshake__syn_retransmits=1, handshake__client_options__mss=1440))


@case("09-dup-ack", 9, "Duplicate ACKs for a lost segment", "no data, the same ACK and window, data outstanding",
      "RFC 5681 2")
def dup_ack(s):
    """One segment is lost, and each later one makes the receiver repeat its last ACK.

    1-3 handshake, 4 client 0-1000, 5 ACK, 6-8 client 2000-5000 (1000-2000 lost), 9-11 ACK 1000 with growing SACK,
    12 client 1000-2000, 13 ACK 5000"""
    k = s.talk(state="established", zeek="S1 ShADaT", timestamps=True)
    k.open()
    k.c("A", 1000)
    k.s("A", after=ROUND)
    k.unseen(0, 1000)
    k.c("A", 1000, says="lost_segment")
    k.c("A", 1000)
    k.c("A", 1000)
    k.s("A", ack=1000, sack=[(2000, 3000)], after=ROUND, says="dup_ack")
    k.s("A", ack=1000, sack=[(2000, 4000)], says="dup_ack")
    k.s("A", ack=1000, sack=[(2000, 5000)], says="dup_ack")
    k.c("A", 1000, at=1000, says="retransmission fast_retransmission", late=1000)
    k.s("A", after=ROUND)


@case("09-dup-ack-idle", 9, "An ACK said twice with nothing outstanding",
      "RFC 5681 wants data outstanding; Wireshark does not ask, and we count as it does", "RFC 5681 2")
def dup_ack_idle(s):
    """Two equal ACKs while nothing is on its way: no loss, though by Wireshark's words a duplicate ACK.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 the same ACK, 7 client 500-1000, 8 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("A", after=S, says="dup_ack")
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("10-spurious", 10, "Sent again though it had arrived", "the peer had acknowledged it before; DSACK confirms",
      "RFC 2883 4")
def spurious(s):
    """The client sends again what the server had acknowledged, and the server says so with a DSACK.

    1-3 handshake, 4 client 0-1000, 5 ACK, 6 client 0-1000 again, 7 ACK with DSACK 0-1000"""
    k = s.talk(state="established", timestamps=True, zeek="S1 ShADaT")
    k.open()
    k.c("PA", 1000)
    k.s("A", after=ROUND)
    k.c("PA", 1000, at=0, after=300 * MS, says="retransmission spurious_retransmission", again=1000)
    k.s("A", sack=[(0, 1000)], after=ROUND, says="dup_ack")


@case("10-dsack", 10, "DSACK above a hole",
      "the first block lies in the second: its bytes came twice, not for the first time", "RFC 2883 4.2")
def dsack(s):
    """One segment is missing and the one behind it comes twice; the receiver reports the repeat and the hole at once.

    1-3 handshake, 4 client 0-1000, 5 ACK, 6 client 1500-2000 (1000-1500 lost), 7 ACK 1000 with SACK 1500-2000, 8
    client 1500-2000 after 300 ms, 9 ACK 1000 with DSACK 1500-2000, 10 client 1000-1500 after 50 ms, 11 ACK 2000"""
    k = s.talk(port=50110, state="established", timestamps=True, zeek="S1 ShADaT")
    k.open()
    k.c("PA", 1000)
    k.s("A", after=ROUND)
    k.unseen(0, 500)
    k.c("PA", 500, says="lost_segment")
    k.s("A", ack=1000, sack=[(1500, 2000)], after=ROUND, says="dup_ack")
    k.c("PA", 500, at=1500, after=300 * MS, says="retransmission", again=500)
    k.s("A", ack=1000, sack=[(1500, 2000), (1500, 2000)], after=ROUND, says="dup_ack")
    k.c("PA", 500, at=1000, after=50 * MS, says="retransmission", late=500)
    k.s("A", after=ROUND)


@case("11-fast", 11, "Fast retransmission", "two duplicate ACKs or more, starts at the peer's ACK, within 20 ms",
      "RFC 5681 3.2")
def fast(s):
    """Three duplicate ACKs make the client send the lost segment again at once; the capture saw it the first time.

    1-3 handshake, 4-7 client 0-4000 (1000-2000 is lost behind the capture), 8 ACK 1000, 9, 10 the same, 11 client
    1000-2000, 12 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaT", rtt__server__samples=1, rtt__server__min_us=10300,
               rtt__server__max_us=10300)
    k.open()
    for _ in range(4):
        k.c("A", 1000)
    k.s("A", ack=1000, after=ROUND)
    k.s("A", ack=1000, sack=[(2000, 3000)], says="dup_ack")
    k.s("A", ack=1000, sack=[(2000, 4000)], says="dup_ack")
    k.c("A", 1000, at=1000, says="retransmission fast_retransmission", again=1000)
    k.s("A", after=ROUND)


@case("11-fast-server", 11, "Fast retransmission by the server",
      "two duplicate ACKs or more, starts at the peer's ACK, within 20 ms", "RFC 5681 3.2")
def fast_server(s):
    """The same the other way: the client, beside the capture, misses a segment of the server, which sends it again.

    1-3 handshake, 4 client 0-10, 5 ACK, 6 server 0-1000, 7 server 2000-3000 (1000-2000 lost before), 8 ACK 1000, 9
    server
    3000-4000, 10 ACK 1000, 11 server 4000-5000, 12 ACK 1000, 13 server 1000-2000 after 10 ms, 14 ACK"""
    k = s.talk(port=50111, state="established", zeek="S1 ShADadt")
    k.open()
    k.c("PA", 10)
    k.s("A", after=ROUND)
    k.s("A", 1000)
    k.unseen(1, 1000)
    k.s("A", 1000, says="lost_segment")
    k.c("A", ack=1000, sack=[(2000, 3000)])
    for end in (4000, 5000):
        k.s("A", 1000)
        k.c("A", ack=1000, sack=[(2000, end)], says="dup_ack")
    k.s("A", 1000, at=1000, after=ROUND, says="retransmission fast_retransmission", late=1000)
    k.c("A")


@case("11-not-fast", 11, "Too late for a fast retransmission",
      "more than 20 ms after the last duplicate ACK: a plain one", "RFC 5681 3.2")
def not_fast(s):
    """The same, but 25 ms after the last duplicate ACK: an ordinary retransmission.

    1-3 handshake, 4-7 client 0-4000, 8 ACK 1000, 9, 10 the same, 11 client 1000-2000, 12 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaT")
    k.open()
    for _ in range(4):
        k.c("A", 1000)
    k.s("A", ack=1000, after=ROUND)
    k.s("A", ack=1000, says="dup_ack")
    k.s("A", ack=1000, says="dup_ack")
    k.c("A", 1000, at=1000, after=25 * MS, says="retransmission", again=1000)
    k.s("A", after=ROUND)


def reordered(s, by):
    k = s.talk(state="established", zeek="S1 ShADTa")
    k.open()
    k.c("A", 100)
    k.unseen(0, 100)
    for i in range(by):
        k.c("A", 100, says="" if i else "lost_segment")
    k.c("A", 100, at=100, says="out_of_order", late=100)
    k.c("A", 100)
    k.s("A", after=ROUND)


ORDER = "fills a hole never seen before, within the initial RTT of the highest segment"


@case("12-reorder-1", 12, "Two segments change places", ORDER, "RFC 9293 3.4")
def reorder_1(s):
    """The second segment arrives one place late: out of order, nothing is lost.

    1-3 handshake, 4-7 client in the order 0, 2, 1, 3, 8 ACK"""
    reordered(s, 1)


@case("12-reorder-3", 12, "A segment three places late", ORDER, "RFC 9293 3.4")
def reorder_3(s):
    """The second segment arrives three places late; nobody acknowledges meanwhile.

    1-3 handshake, 4-9 client in the order 0, 2, 3, 4, 1, 5, 10 ACK"""
    reordered(s, 3)


@case("12-reorder-20", 12, "A segment twenty places late", ORDER, "RFC 9293 3.4")
def reorder_20(s):
    """The second segment arrives twenty places late, 2 ms: still within the initial RTT.

    1-3 handshake, 4-26 client in the order 0, 2 to 21, 1, 22, 27 ACK"""
    reordered(s, 20)


@case("12-reorder-acked", 12, "Late, and the receiver has complained",
      "Wireshark takes it for a fast retransmission; the bytes were never seen before", "RFC 8985 3")
def reorder_acked(s):
    """A segment overtaken by three others: the duplicate ACKs let it look like a fast retransmission, the bytes tell
    better.

    1-3 handshake, 4 client 0-100, 5 client 200-300, 6 ACK 100, 7 client 300-400, 8 ACK 100, 9 client 400-500, 10 ACK
    100,
    11 client 100-200 (sent first, arrives last), 12 ACK 500"""
    k = s.talk(state="established", zeek="S1 ShADaT")
    k.open()
    k.c("A", 100)
    k.unseen(0, 100)
    k.c("A", 100, says="lost_segment")
    k.s("A", ack=100)
    k.c("A", 100)
    k.s("A", ack=100, says="dup_ack")
    k.c("A", 100)
    k.s("A", ack=100, says="dup_ack")
    k.c("A", 100, at=100, late=100, says="retransmission fast_retransmission", ident=0x1004)
    k.s("A")


@case("12-late", 12, "A hole filled after more than the initial RTT",
      "Wireshark: a retransmission; the bytes were never seen before, so for `exact` it is late", "RFC 9293 3.4")
def late(s):
    """The loss happened before the capture: what is seen is the second sending, 30 ms later, of bytes never seen
    before.

    1-3 handshake, 4 client 0-500, 5 client 1000-1500, 6 client 500-1000 after 30 ms, 7 ACK"""
    k = s.talk(state="established", zeek="S1 ShADTa")
    k.open()
    k.c("A", 500)
    k.unseen(0, 500)
    k.c("A", 500, says="lost_segment")
    k.c("A", 500, at=500, after=30 * MS, late=500, says="retransmission")
    k.s("A", after=ROUND)


@case("13-rto", 13, "Retransmission by the timer", "not advancing, and nothing more special", "RFC 6298 5")
def rto(s):
    """Nobody answers, so the client sends again after 1 s and 2 s more, and takes no RTT from what it sent thrice.

    1-3 handshake, 4 client 0-500, 5, 6 again, 7 ACK, 8 client 500-1000, 9 ACK"""
    k = s.talk(state="established", zeek="S1 ShADTa", rtt__server__samples=1, rtt__server__min_us=10000,
               rtt__server__max_us=10000)
    k.open()
    k.c("PA", 500)
    k.c("PA", 500, at=0, after=S, says="retransmission", again=500)
    k.c("PA", 500, at=0, after=2 * S, says="retransmission", again=500)
    k.s("A", after=ROUND)
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("14-tlp", 14, "Tail loss probe", "the last segment again, no duplicate ACKs, after about two RTT", "RFC 8985 7")
def tlp(s):
    """The last of three segments is lost, and the client asks for it after 2 RTT instead of waiting for its timer.

    1-3 handshake, 4-6 client 0-1500, 7 ACK 1000, 8 client 1000-1500 after 22 ms, 9 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaT")
    k.open()
    for _ in range(3):
        k.c("A", 500)
    k.s("A", ack=1000, after=ROUND)
    k.c("A", 500, at=1000, after=22 * MS, says="retransmission", again=500)
    k.s("A", after=ROUND)


@case("15-partial", 15, "A repeat that brings new bytes, too", "only the overlap was sent twice", "RFC 9293 3.10.7.4")
def partial(s):
    """The second sending begins in the middle of the first and ends behind it: half of it is new.

    1-3 handshake, 4 client 0-1000, 5 client 500-1500 after 300 ms, 6 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.open()
    k.c("PA", 1000)
    k.c("PA", 1000, at=500, after=300 * MS, says="retransmission", again=500)
    k.s("A", after=ROUND, says="acked_unseen")  # Wireshark follows only segments that begin at the next number


@case("15-mixed", 15, "A repeat that also fills a hole",
      "bytes seen before and bytes never seen before in one segment: retransmitted", "RFC 9293 3.10.7.4")
def mixed(s):
    """One segment holds 500 bytes seen before and 500 that the capture had missed.

    1-3 handshake, 4 client 0-500, 5 client 1000-1500, 6 client 0-1000 after 300 ms, 7 ACK"""
    k = s.talk(state="established", zeek="S1 ShADTa")
    k.open()
    k.c("PA", 500)
    k.unseen(0, 500)
    k.c("PA", 500, says="lost_segment")
    k.c("PA", 1000, at=0, after=300 * MS, says="retransmission", again=500, late=500)
    k.s("A", after=ROUND, says="acked_unseen")  # Wireshark follows only segments that begin at the next number


@case("15-conflict", 15, "The same place, other content", "overlapping bytes that differ", "RFC 9293 3.10.7.4")
def conflict(s):
    """The second sending claims another content for its last 200 bytes: an error, or someone in between.

    1-3 handshake, 4 client 0-500, 5 client 0-500 after 300 ms, its last 200 bytes differ, 6 ACK"""
    k = s.talk(state="established", zeek="S1 ShADTa")
    k.open()
    k.c("PA", 500)
    k.c("PA", 500, at=0, after=300 * MS, says="retransmission", again=500, conflict=200)
    k.s("A", after=ROUND)


@case("15-conflict-middle", 15, "Other content in a part of the overlap", "only the bytes that differ are in conflict",
      "RFC 9293 3.10.7.4")
def conflict_middle(s):
    """The second sending overlaps by 500 bytes, of which 100 in the middle differ; the rest is new.

    1-3 handshake, 4 client 0-1000, 5 client 500-1500 after 300 ms, bytes 700-800 differ, 6 ACK"""
    k = s.talk(port=50115, state="established", zeek="S1 ShADa")
    k.open()
    k.c("PA", 1000)
    k.c("PA", 1000, at=500, after=300 * MS, says="retransmission", again=500, conflict=100, where=200)
    k.s("A", after=ROUND, says="acked_unseen")


@case("15-conflict-acked", 15, "Other content after the ACK", "what was acknowledged comes again with other bytes",
      "RFC 9293 3.10.7.4")
def conflict_acked(s):
    """Somebody sends the acknowledged request again, with other words: no receiver takes it, but it is worth knowing.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 0-500 after 300 ms, all of it differs, 7 ACK"""
    k = s.talk(port=50215, state="established", zeek="S1 ShADaT")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("PA", 500, at=0, after=300 * MS, again=500, conflict=500, says="retransmission spurious_retransmission")
    k.s("A", after=ROUND, says="dup_ack")


@case("15-conflict-cut", 15, "Other content where the capture was cut", "what was not captured cannot be compared", "-")
def conflict_cut(s):
    """The last 200 of 500 bytes differ, but only the first 42 were kept: nothing can be said.

    1-3 handshake, 4 client 0-500, 5 client 0-500 after 300 ms, its last 200 bytes differ, 6 ACK; cut to 96 bytes"""
    s.snap = 96
    k = s.talk(port=50315, state="established")
    k.open()
    k.c("PA", 500)
    twisted = k.stream(0, 0, 300) + bytes(b ^ 0xFF for b in k.stream(0, 300, 200))
    k.c("PA", twisted, at=0, after=300 * MS, says="retransmission", again=500)
    k.s("A", after=ROUND)


@case("15-tso-part", 15, "A part of a super segment again", "a segment above the MSS may be sent again in parts",
      "RFC 9293 3.8.1")
def tso_part(s):
    """4380 bytes left as one offloaded segment; its middle 1460 bytes are sent again.

    1-3 handshake, 4 client 0-4380, 5 ACK 1460, 6 client 1460-2920 after 250 ms, 7 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaT")
    k.open()
    k.c("PA", 4380)
    k.s("A", ack=1460, after=ROUND)
    k.c("A", 1460, at=1460, after=250 * MS, says="retransmission", again=1460)
    k.s("A", after=ROUND)


@case("13-history", 13, "Twelve repeats in Zeek's history", "T, W and G are said at the 1st, 10th, 100th time",
      "RFC 6298 5")
def history(s):
    """The same segment is sent thirteen times; the history says T once for the first repeat and once for the tenth.

    1-3 handshake, 4-16 client 0-500, one second apart, 17 ACK"""
    k = s.talk(port=50113, state="established", zeek="S1 ShADTTa", exact__retransmitted_segments=[12, 0])
    k.open()
    k.c("PA", 500)
    for _ in range(12):
        k.c("PA", 500, at=0, after=S, says="retransmission", again=500)
    k.s("A", after=ROUND)


@case("rtt-both", 4.4, "Round trips to both sides", "first sending of data to the ACK of its end; not the handshake's",
      "RFC 6298 3")
def rtt_both(s):
    """Beside the client: its data is acknowledged after 10 and after 20 ms, the server's after 1 ms, by the client.

    1-3 handshake, 4 client 0-500, 5 ACK after 10 ms, 6 client 500-1000, 7 ACK after 20 ms, 8 server 0-500, 9 ACK
    after 1 ms"""
    k = s.talk(state="established", zeek="S1 ShADad", rtt__server__samples=2, rtt__server__min_us=10000,
               rtt__server__max_us=20000,
               rtt__client__samples=1, rtt__client__min_us=1000, rtt__client__max_us=1000)
    k.open(network_ns=7 * MS)
    k.c("PA", 500)
    k.s("A", after=10 * MS)
    k.c("PA", 500)
    k.s("A", after=20 * MS)
    k.s("PA", 500)
    k.c("A", after=MS)


@case("45-tso", 45, "64 KiB in one captured segment", "an ACK may land inside; the RTT is that of the ACK of its end",
      "RFC 9293 3.7.5")
def tso(s):
    """Segmentation offload shows 62 780 bytes as one segment; the receiver acknowledges it in the pieces that it got.

    1-3 handshake, 4 client 0-62780, 5 ACK 29200, 6 ACK 62780; every frame cut to 96 bytes"""
    s.snap = 96
    k = s.talk(state="established", rtt__server__samples=1, rtt__server__min_us=10500, rtt__server__max_us=10500)
    k.open()
    k.c("PA", 62780)
    k.s("A", ack=29200, after=ROUND)
    k.s("A", after=500 * US)
