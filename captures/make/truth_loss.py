"""truth-*.pcap, part 2: losses, of the network and of the capture (rules 16 and 17).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS


@case("16-half-filled", 16, "A hole filled by half",
      "late is what comes, missed what is acknowledged without", "RFC 9293 3.4")
def half_filled(s):
    """Of a hole of 1000 bytes the second half comes late; the first is acknowledged, though never seen.

    1-3 handshake, 4 client 0-500, 5 client 1500-2000, 6 client 1000-1500, 7 ACK 2000, 8 client 2000-2500, 9 ACK"""
    k = s.talk(state="established", zeek="S1 ShADTaG")
    k.open()
    k.c("A", 500)
    k.unseen(0, 1000)
    k.c("A", 500, says="lost_segment")
    k.c("A", 500, at=1000, late=500, says="out_of_order")
    k.s("A", after=ROUND, says="acked_unseen")
    k.c("A", 500)
    k.s("A", after=ROUND)
    k.exact["missed_bytes"][0] = 500


@case("16-lost-and-missed", 16, "One hole acknowledged, the next one not",
      "each byte is judged by itself", "RFC 9293 3.4")
def lost_and_missed(s):
    """Two holes: the capture missed the first, the network lost the second, and the server gives up.

    1-3 handshake, 4 client 0-500, 5 client 1000-1500, 6 ACK 1500, 7 client 1800-2300, 8 ACK 1500, 9 RST of the
    server"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="server", zeek="RSTR ShADaGr")
    k.open()
    k.c("A", 500)
    k.unseen(0, 500)
    k.c("A", 500, says="lost_segment")
    k.s("A", after=ROUND, says="acked_unseen")
    k.unseen(0, 300)
    k.c("A", 500, says="lost_segment")
    k.s("A", ack=1500, after=ROUND, says="dup_ack")
    k.s("RA", ack=1500, after=20 * S, state="rst_abort")
    k.exact["missed_bytes"][0] = 500
    k.exact["lost_bytes"][0] = 300


@case("16-many-holes", 16, "Every second segment missed", "63 holes at once", "RFC 9293 3.4")
def many_holes(s):
    """The capture has every second of 127 segments; the server acknowledges all of them at the end.

    1-3 handshake, 4-67 client 100 bytes each, 100 bytes between, 68 ACK, 69 client 100 bytes, 70 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaGG")
    k.open()
    for i in range(64):
        if i:
            k.unseen(0, 100)
        k.c("A", 100, says="lost_segment" if i else "")
    k.s("A", after=ROUND, says="acked_unseen")
    k.c("A", 100)
    k.s("A", after=ROUND)
    k.exact["missed_bytes"][0] = 6300


def missed(k):
    k.open()
    k.c("A", 500)
    k.unseen(0, 500)
    k.c("A", 500, says="lost_segment")
    k.s("A", after=ROUND, says="acked_unseen")
    k.c("A", 500)
    k.s("A", after=ROUND)
    k.exact["missed_bytes"][0] = 500


@case("16-capture-loss", 16, "Lost by the capture",
      "a hole that the peer acknowledges was there: the capture missed it", "RFC 9293 3.4")
def capture_loss(s):
    """500 bytes never seen, but acknowledged: they travelled well, only the capture missed them.

    1-3 handshake, 4 client 0-500, 5 client 1000-1500, 6 ACK 1500, 7 client 1500-2000, 8 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaG")
    missed(k)


@case("16-capture-loss-6", 16, "Lost by the capture, in IPv6",
      "a hole that the peer acknowledges was there: the capture missed it", "RFC 9293 3.4")
def capture_loss_6(s):
    """The same over IPv6: 500 bytes never seen, but acknowledged.

    as 16-capture-loss"""
    s.v6 = True
    missed(s.talk(state="established", zeek="S1 ShADaG"))


@case("16-sack-splits", 16, "SACK of the middle of a hole",
      "what was selectively acknowledged did arrive: the capture missed it; what was not is lost", "RFC 2018 3, 4")
def sack_splits(s):
    """Of a hole of 1500 bytes the server has the middle third, as its SACK says; the rest never comes, and it gives up.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 2000-2500, 7 ACK 500 with SACK 2000-2500 and 1000-1500, 8 RST of the
    server"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="server", zeek="RSTR ShADar")
    k.open()
    k.c("A", 500)
    k.s("A", after=ROUND)
    k.unseen(0, 1500)
    k.c("A", 500, says="lost_segment")
    k.s("A", ack=500, sack=[(2000, 2500), (1000, 1500)], after=ROUND, says="dup_ack")
    k.s("RA", ack=500, after=20 * S, state="rst_abort")
    k.exact["missed_bytes"][0] = 500
    k.exact["lost_bytes"][0] = 1000


@case("16-network-loss", 16, "Lost by the network", "a hole never filled and never acknowledged", "RFC 9293 3.4")
def network_loss(s):
    """500 bytes never seen and never acknowledged: lost before the capture, and the connection is given up.

    Whether the server takes that RST the frames do not tell: by RFC 5961 3.2 it does not, because the number is
    behind the hole; Linux does.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 1000-1500, 7 ACK 500, 8 RST of the client"""
    k = s.talk(state="reset", tcp="closed ?", closed_by="client", zeek="RSTO ShADaR")
    k.open()
    k.c("A", 500)
    k.s("A", after=ROUND)
    k.unseen(0, 500)
    k.c("A", 500, says="lost_segment")
    k.s("A", ack=500, after=ROUND, says="dup_ack")
    k.c("RA", after=20 * S, state="rst_abort")
    k.exact["lost_bytes"][0] = 500


@case("16-filled", 16, "A hole that is filled", "bytes late, none lost", "RFC 9293 3.4")
def filled(s):
    """The server's hole of two segments is filled by two late ones; nothing is missing at the end.

    1-3 handshake, 4 client 0-10, 5 ACK, 6 server 0-1000, 7 server 3000-4000, 8 ACK 1000, 9 server 1000-2000, 10 server
    2000-3000, 11 ACK"""
    k = s.talk(state="established", zeek="S1 ShADadt")
    k.open()
    k.c("PA", 10)
    k.s("A", after=ROUND)
    k.s("A", 1000)
    k.unseen(1, 2000)
    k.s("A", 1000, says="lost_segment")
    k.c("A", ack=1000)
    k.s("A", 1000, at=1000, after=40 * MS, says="retransmission", late=1000)
    k.s("A", 1000, at=2000, says="retransmission", late=1000)
    k.c("A")


@case("17-acked-unseen", 17, "An ACK of bytes never seen",
      "more acknowledged than was captured: the bytes were missed; Wireshark says it again with the next ACK",
      "RFC 9293 3.4")
def acked_unseen(s):
    """The server acknowledges 500 bytes more than the capture has seen; the conversation goes on behind them.

    1-3 handshake, 4 client 0-500, 5 ACK 1000, 6 client 1000-1500, 7 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaG")
    k.open()
    k.c("A", 500)
    k.unseen(0, 500)
    k.s("A", after=ROUND, says="acked_unseen")
    k.c("A", 500, says="lost_segment")
    k.s("A", after=ROUND, says="acked_unseen")
    k.exact["missed_bytes"][0] = 500


@case("16-hole-before-fin", 16, "The last words missed, the FIN seen",
      "the FIN counts a number but no byte", "RFC 9293 3.4")
def hole_before_fin(s):
    """The capture missed the client's last 500 bytes and has the FIN behind them; the server acknowledges both.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 FIN at 1000, 7 ACK 1001, 8 FIN of the server, 9 ACK"""
    k = s.talk(state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShADaFGf")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.unseen(0, 500)
    k.c("FA", says="lost_segment")
    k.s("A", after=ROUND, says="acked_unseen")
    k.s("FA")
    k.c("A")
    k.exact["missed_bytes"][0] = 500
