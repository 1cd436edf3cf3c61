"""truth-*.pcap, part 4: windows, probes, keep-alives and time stamps (rules 3 to 8, 39 to 41).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS


@case("03-probe", 3, "Zero window and a probe of one byte",
      "one byte at the next number while the peer's window is zero", "RFC 9293 3.8.6.1")
def probe(s):
    """The receiver's buffer is full; the sender asks with one byte, is refused twice, and then let go on.

    1-3 handshake, 4 client 0-500, 5 ACK with window 0, 6 probe 500-501, 7 ACK 500 with window 0, 8, 9 the same again,
    10 ACK with window 502"""
    k = s.talk(state="established", zeek="S1 ShADawT")
    k.open()
    k.c("PA", 500)
    k.s("A", window=0, after=ROUND, says="zero_window")
    k.c("A", 1, after=S, says="zero_window_probe")
    k.s("A", ack=500, window=0, after=ROUND, says="zero_window zero_window_probe_ack")
    k.c("A", 1, at=500, after=2 * S, says="zero_window_probe")
    k.s("A", ack=500, window=0, after=ROUND, says="zero_window zero_window_probe_ack")
    k.s("A", ack=500, after=S, says="window_update")


@case("03-probe-taken", 3, "A probe's byte that is taken", "the window has opened meanwhile, and the byte counts",
      "RFC 9293 3.8.6.1")
def probe_taken(s):
    """The window opens just as the probe arrives: its byte is acknowledged, and the data goes on behind it.

    1-3 handshake, 4 client 0-500, 5 ACK with window 0, 6 probe 500-501, 7 ACK 501 with window 502, 8 client 501-1001,
    9 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaw")
    k.open()
    k.c("PA", 500)
    k.s("A", window=0, after=ROUND, says="zero_window")
    k.c("A", 1, after=S, says="zero_window_probe")
    k.s("A", after=ROUND, says="acked_unseen")  # for Wireshark a probe's byte is none, and so it is missing
    k.c("PA", 500, says="lost_segment")
    k.s("A", after=ROUND, says="acked_unseen")


@case("03-probe-linux", 3, "Zero window and Linux's probe",
      "no byte, one below the next number: it has the shape of a keep-alive", "RFC 9293 3.8.6.1")
def probe_linux(s):
    """Linux asks without a byte, one number back, as a keep-alive does; only the window tells the two apart.

    1-3 handshake, 4 client 0-500, 5 ACK with window 0, 6 probe, 7 ACK with window 0, 8 ACK with window 502, 9 client
    500-1000, 10 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaw")
    k.open()
    k.c("PA", 500)
    k.s("A", window=0, after=ROUND, says="zero_window")
    k.c("A", at=499, after=S, says="keep_alive")
    k.s("A", window=0, after=ROUND, says="zero_window")
    k.s("A", after=S, says="window_update")
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("04-zero-window", 4, "Zero windows that count and that do not", "window 0 without SYN, FIN and RST",
      "RFC 9293 3.8.6")
def zero_window(s):
    """The server closes its window once; the zeros in its SYN/ACK, its FIN and the client's RST mean nothing.

    1 SYN, 2 SYN/ACK with window 0, 3 ACK, 4 ACK of the server with window 502, 5 client 0-500, 6 ACK with window 0,
    7 FIN with window 0, 8 RST with window 0"""
    k = s.talk(state="reset", tcp="closed closed", closed_by="server", zeek="RSTO ShwAaDfR")
    k.c("S")
    k.s("SA", window=0, after=ROUND)
    k.c("A")
    k.s("A", after=ROUND, says="window_update")
    k.c("PA", 500)
    k.s("A", window=0, after=ROUND, says="zero_window")
    k.s("FA", window=0)
    k.c("R", state="rst_abort")


@case("05-keep-alive", 5, "Keep-alives with no byte and with one", "length 0 or 1, one below the next number",
      "RFC 1122 4.2.3.6")
def keep_alive(s):
    """An idle connection asks whether the peer is still there, first without a byte, then with one.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 keep-alive without a byte, 7 answer, 8 keep-alive with one byte, 9 answer,
    10 client 500-1000, 11 ACK"""
    k = s.talk(state="established", zeek="S1 ShADaT")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("A", at=499, after=60 * S, says="keep_alive")
    k.s("A", after=ROUND, says="keep_alive_ack")
    k.c("A", 1, at=499, after=60 * S, says="keep_alive")
    k.s("A", after=ROUND, says="keep_alive_ack")
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("05-keep-alive-garbage", 5, "A keep-alive with a byte of its own", "its byte is no data and contradicts none",
      "RFC 1122 4.2.3.6")
def keep_alive_garbage(s):
    """Some systems put a zero into the keep-alive instead of the byte that was sent: no retransmission, no conflict.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 keep-alive with a byte that differs, 7 answer, 8 client 500-1000, 9 ACK"""
    k = s.talk(port=50105, state="established", zeek="S1 ShADaT")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("A", bytes([k.stream(0, 499, 1)[0] ^ 0xFF]), at=499, after=60 * S, says="keep_alive")
    k.s("A", after=ROUND, says="keep_alive_ack")
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("05-one-byte-again", 5, "One byte sent again, not acknowledged yet",
      "the shape is a keep-alive's; that nobody has acknowledged the byte makes it a repeat",
      "RFC 1122 4.2.3.6, RFC 6298 5")
def one_byte_again(s):
    """A key press gets lost behind the capture and is sent again: Wireshark sees a keep-alive, the bytes a repeat.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 500-501, 7 the same after 300 ms, 8 ACK 501, 9 client 501-1001, 10
    ACK"""
    k = s.talk(port=50205, state="established", zeek="S1 ShADaT")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("PA", 1, after=S)
    k.c("PA", 1, at=500, after=300 * MS, says="keep_alive", again=1)
    k.s("A", after=ROUND)
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("06-keep-alive-dead", 6, "Keep-alives that nobody answers", "an answer belongs to the keep-alive before it",
      "RFC 1122 4.2.3.6")
def keep_alive_dead(s):
    """The peer is gone: three keep-alives without an answer, then the client gives up with a RST.

    1-3 handshake, 4 client 0-500, 5 ACK, 6-8 keep-alives 10 s apart, 9 RST"""
    k = s.talk(state="reset", tcp="closed ?", closed_by="client", zeek="RSTO ShADaR")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    for _ in range(3):
        k.c("A", at=499, after=10 * S, says="keep_alive")
    k.c("RA", after=10 * S, state="rst_abort")


@case("07-window-update", 7, "Window updates", "no data, the same numbers, another window", "RFC 9293 3.8.6.2.2")
def window_update(s):
    """The application has read, so the receiver offers more; then less, which is an update, too.

    1-3 handshake, 4 client 0-500, 5 ACK with window 400, 6 the same with 800, 7 with 600, 8 client 500-1000, 9 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.open()
    k.c("PA", 500)
    k.s("A", window=400, after=ROUND)
    k.s("A", window=800, after=50 * MS, says="window_update")
    k.s("A", window=600, after=50 * MS, says="window_update")
    k.c("PA", 500)
    k.s("A", window=600, after=ROUND)


@case("08-window-full", 8, "The window is filled to its last byte",
      "the segment ends at the peer's ACK plus its scaled window", "RFC 9293 3.8.6, RFC 7323 2.2")
def window_full(s):
    """The server offers 8 x 128 bytes, and the client sends exactly so many.

    1-3 handshake, 4 client 0-500, 5 ACK with window 8 (1024 bytes), 6 client 500-1000, 7 client 1000-1524, 8 ACK with
    window 0, 9 ACK with window 8"""
    k = s.talk(state="established", zeek="S1 ShADaw")
    k.open()
    k.c("PA", 500)
    k.s("A", window=8, after=ROUND)
    k.c("A", 500)
    k.c("PA", 524, says="window_full")
    k.s("A", window=0, after=ROUND, says="zero_window")
    k.s("A", window=8, after=50 * MS, says="window_update")


@case("08-window-full-syn", 8, "The window of a SYN/ACK is not scaled", "the first window of a side is in bytes",
      "RFC 7323 2.2")
def window_full_syn(s):
    """The SYN/ACK offers 2000 bytes, whatever scale it announces, and the client fills them at once.

    1 SYN, 2 SYN/ACK with window 2000 and scale 7, 3 ACK, 4 client 0-1000, 5 client 1000-2000, 6 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.c("S")
    k.s("SA", window=2000, after=ROUND)
    k.c("A")
    k.c("A", 1000)
    k.c("PA", 1000, says="window_full")
    k.s("A", after=ROUND)


@case("39-timestamp-wrap", 39, "Time stamps pass 2^32", "signed comparison", "RFC 7323 5.2")
def timestamp_wrap(s):
    """The client's time stamp starts again at 0 in the middle, and nothing is wrong.

    1-3 handshake, 4-7 client 4 x 500, 50 ms apart, each acknowledged, 8-11 in between"""
    k = s.talk(state="established", timestamps=True, zeek="S1 ShADa")
    k.clock[0] = 0xFFFFFFFF - 100
    k.open()
    for _ in range(4):
        k.c("PA", 500, after=50 * MS)
        k.s("A", after=ROUND)


@case("40-paws", 40, "An old segment that PAWS drops", "its time stamp is older than the last one", "RFC 7323 5.3")
def paws(s):
    """A segment of long ago arrives once more with its old time stamp; the receiver drops it and repeats its ACK.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 500-1000, 7 ACK, 8 client 0-500 with the stamp of frame 4, 9 ACK"""
    k = s.talk(state="established", timestamps=True, zeek="S1 ShADaT")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("PA", 500, after=S)
    k.s("A", after=ROUND)
    k.c("PA", 500, at=0, stamp=700010, after=S, again=500, says="retransmission spurious_retransmission",
        state="paws_old")
    k.s("A", after=ROUND, says="dup_ack")


@case("41-scale-one-side", 41, "Only one side knows window scaling", "valid only if both SYNs carry it", "RFC 7323 2.3")
def scale_one_side(s):
    """The server has no window scaling, so its window of 1000 means 1000 bytes.

    1 SYN with scale 7, 2 SYN/ACK without, 3 ACK, 4 client 0-500, 5 ACK with window 1000, 6 client 500-1500, 7 ACK"""
    k = s.talk(state="established", wscale=(7, None), zeek="S1 ShADa", handshake__client_options__wscale=7,
               handshake__server_options__wscale=None)
    k.open()
    k.c("PA", 500)
    k.s("A", window=1000, after=ROUND)
    k.c("PA", 1000, says="window_full")
    k.s("A", window=1000, after=ROUND)


@case("41-scale-unknown", 41, "Window scale unknown", "the SYNs were not captured: nothing is said about full windows",
      "RFC 7323 2.3")
def scale_unknown(s):
    """The capture begins in the middle; a window of 1000 may be anything, so nobody can say that it is full.

    1 client 0-500, 2 ACK with window 1000, 3 client 500-1500, 4 ACK"""
    k = s.talk(state="midstream", tcp="? ?", complete=False, orientation="first_packet", zeek="OTH Da")
    k.c("PA", 500)
    k.s("A", window=1000, after=ROUND)
    k.c("PA", 1000)
    k.s("A", window=1000, after=ROUND)
