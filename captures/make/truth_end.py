"""truth-*.pcap, part 5: how connections end (rules 27, 28, 30 to 32, 35).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS


@case("27-half-closed", 27, "Half closed", "FIN of one side, the other goes on sending", "RFC 9293 3.6")
def half_closed(s):
    """The client has said everything and closes; the server takes its time, and goes on sending.

    1-3 handshake, 4 client 0-500 with FIN, 5 ACK, 6 server 0-1000, 7 ACK, 8 server 1000-2000, 9 ACK"""
    k = s.talk(state="half_closed", tcp="fin_wait_2 close_wait", closed_by="client", zeek="S2 ShAFad")
    k.open()
    k.c("PFA", 500)
    k.s("A", after=ROUND)
    for state in ("half_close", ""):
        k.s("PA", 1000, after=200 * MS, state=state)
        k.c("A")


@case("27-closed-by-server", 27, "Closed by the server", "who sends the first FIN closes actively", "RFC 9293 3.6")
def closed_by_server(s):
    """The server closes first and the client follows a second later, after its last words.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 FIN of the server, 7 ACK, 8 client 500-600, 9 ACK, 10 FIN of the client,
    11 ACK"""
    k = s.talk(state="closed", tcp="closed time_wait", closed_by="server", zeek="SF ShADafF")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("FA", after=MS)
    k.c("A")
    k.c("PA", 100, after=500 * MS, state="half_close")
    k.s("A", after=ROUND)
    k.c("FA", after=500 * MS)
    k.s("A", after=ROUND)


@case("28-simultaneous-close", 28, "Both close at once",
      "the FINs cross: CLOSING, then TIME-WAIT on both sides", "RFC 9293 3.6 case 3")
def simultaneous_close(s):
    """Both sides send FIN before they have seen the other's; each acknowledges the other's.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 FIN of the client, 7 FIN of the server that does not know of it, 8 ACK of
    the client, 9 ACK of the server"""
    k = s.talk(state="closed", tcp="time_wait time_wait", closed_by="client", zeek="SF ShADaFf")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("FA")
    k.s("FA", ack=500, after=200 * US, state="simultaneous_close")
    k.c("A")
    k.s("A", after=ROUND)


@case("30-abort", 30, "Aborted", "RST on an open connection", "RFC 9293 3.5.2 group 3")
def abort(s):
    """The server's program dies with the client's data unread, and its kernel resets the connection.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 500-1000, 7 RST/ACK of the server"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="server", zeek="RSTR ShADar")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("PA", 500)
    k.s("RA", ack=500, after=ROUND, state="rst_abort")


@case("31-rst-late-data", 31, "RST to data after the close",
      "RST with the number of the ACK: the socket is gone", "RFC 9293 3.5.2 group 2")
def rst_late_data(s):
    """The client closes its socket altogether; the server still sends, and is told that nobody reads any more.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 FIN of the client, 7 ACK, 8 server 0-1000, 9 RST of the client"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="client", zeek="RSTO ShADaFdR")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("FA")
    k.s("A", after=ROUND)
    k.s("PA", 1000, state="half_close")
    k.c("R", at=501, state="rst_late")


@case("31-rst-after-close", 31, "RST after both FINs",
      "the connection had ended; the RST answers a straggler", "RFC 9293 3.5.2")
def rst_after_close(s):
    """Both sides have closed, the server repeats its FIN, and the client's kernel no longer knows the connection.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 FIN of the client, 7 FIN of the server, 8 ACK, 9 FIN of the server again,
    10 RST"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="client", zeek="SF ShADaFfR")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.close()
    k.s("FA", at=0, after=S, says="retransmission")
    k.c("R", at=501, state="rst_late")


@case("32-rst-in-window", 32, "RST in the window, not at its edge",
      "only a RST with exactly the next number is obeyed; others get a challenge ACK", "RFC 5961 3.2")
def rst_in_window(s):
    """Somebody forges a RST with a number in the window; the client answers with a challenge ACK, and the talk goes on.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 RST "of the server" 1000 bytes ahead, TTL 120, 7 challenge ACK, 8 client
    500-1000, 9 ACK"""
    k = s.talk(state="reset", tcp="established established", closed_by="server", zeek="RSTR ShADar")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("R", at=1000, ttl=120, ident=0x4321, state="rst_unacceptable rst_other_ttl")
    k.sent[1] = 0
    k.c("A", says="dup_ack", state="challenge_ack")
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("35-fin-data", 35, "FIN with data, sent again", "the FIN stands behind the data", "RFC 9293 3.4")
def fin_data(s):
    """The last words and the FIN in one segment, which gets lost behind the capture and is sent again.

    1-3 handshake, 4 client 0-500 with FIN, 5 the same after 300 ms, 6 FIN/ACK of the server, 7 ACK"""
    k = s.talk(state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShAFTf")
    k.open()
    k.c("PFA", 500)
    k.c("PFA", 500, at=0, after=300 * MS, says="retransmission", again=500)
    k.s("FA", after=ROUND)
    k.c("A")


@case("35-fin-again", 35, "A FIN sent again", "the same offset: a repeat, no second end", "RFC 9293 3.8.1")
def fin_again(s):
    """The server's FIN is repeated twice before it is acknowledged; the connection still ends once.

    1-3 handshake, 4 client 0-500, 5 FIN/ACK of the server, 6, 7 the same after 0.3 and 0.6 s, 8 FIN of the client, 9
    ACK"""
    k = s.talk(state="closed", tcp="closed time_wait", closed_by="server", zeek="SF ShADfFa")
    k.open()
    k.c("PA", 500)
    k.s("FA", after=ROUND)
    k.s("FA", at=0, after=300 * MS, says="retransmission")
    k.s("FA", at=0, after=600 * MS, says="retransmission")
    k.c("FA")
    k.s("A", after=ROUND)


@case("35-fin-rst", 35, "FIN and RST in one segment", "inconsistent flags", "RFC 9293 3.10.7.4")
def fin_rst(s):
    """A segment that wants to end politely and abort at once.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 FIN RST ACK of the client"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="client", zeek="RSTO ShADaI")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("FRA", state="rst_abort")


@case("35-syn-fin", 35, "SYN and FIN in one segment", "inconsistent flags, from a scanner", "RFC 9293 3.10.7.2")
def syn_fin(s):
    """A scanner's first segment opens and ends at once; the server's kernel refuses it.

    1 SYN FIN, 2 RST/ACK"""
    k = s.talk(state="refused", tcp="closed closed", complete=False, closed_by="client", zeek="RSTR Qr")
    k.c("SF")
    k.s("RA", seq=0, after=ROUND, says="acked_unseen", state="rst_refused")  # it acknowledges the FIN, too
