"""truth-*.pcap, part 3: how connections begin (rules 19 to 26, 29, 33, 34, 36 to 38).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS


def talk_a_little(k, n=500):
    """The client says n bytes, the server acknowledges."""
    k.c("PA", n)
    k.s("A", after=ROUND)


@case("19-syn-retransmission", 19, "A SYN sent again with fewer options",
      "the same first number and ports", "RFC 6298 5.7, RFC 3168 6.1.1.1")
def syn_retransmission(s):
    """Nobody answers the SYN that asks for ECN; the third one, without, is answered.

    1, 2 SYN with ECE and CWR, 3 SYN without (1 s, 2 s later), 4 SYN/ACK, 5 ACK, 6 client 0-500, 7 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__syn_retransmits=2, handshake__synack_retransmits=0,
               handshake__syn_to_synack_us=3010000, handshake__last_syn_to_synack_us=10000,
               handshake__synack_to_ack_us=100, handshake__first_syn_to_ack_us=3010100)
    k.unsaid.add("handshake.ecn")  # asked for first, then no more: was it refused?
    k.c("SEC")
    k.c("SEC", after=S, says="retransmission")
    k.c("S", after=2 * S, says="retransmission")
    k.s("SA", after=ROUND)
    k.c("A")
    talk_a_little(k)


@case("20-reuse", 20, "The same ports again after an end",
      "a SYN with another first number on a known tuple is a new connection", "RFC 9293 3.6.1, RFC 6191")
def reuse(s):
    """Three connections on one tuple: the second after FIN both ways, the third after a RST.

    1-3 handshake, 4 client 0-500, 5 ACK, 6-8 closed by the client; 9-11 handshake, 12, 13 data, 14 RST of the server;
    15-17 handshake, 18, 19 data"""
    k = s.talk(state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShADaFf", isn=(1000000, 2000000))
    k.open()
    talk_a_little(k)
    k.close()
    s.wait(20 * S)
    k = s.talk(state="reset", tcp="closed closed", closed_by="server", zeek="RSTR ShADar", isn=(31000000, 32000000))
    k.c("S", says="reused")
    k.s("SA", after=ROUND)
    k.c("A")
    talk_a_little(k)
    k.s("RA", after=S, state="rst_abort")
    s.wait(20 * S)
    k = s.talk(state="established", zeek="S1 ShADa", isn=(61000000, 62000000))
    k.c("S", says="reused")
    k.s("SA", after=ROUND)
    k.c("A")
    talk_a_little(k)


@case("20-reuse-open", 20, "The same ports again without an end",
      "a SYN with another first number on a known tuple is a new connection", "RFC 9293 3.10.7.4")
def reuse_open(s):
    """The client crashed and comes back with the same port: the old connection never ended, a new one begins.

    1-3 handshake, 4 client 0-500, 5 ACK; 6-8 handshake with other numbers, 9 client 0-500, 10 ACK"""
    k = s.talk(state="established", tcp="? ?", zeek="S1 ShADa", isn=(1000000, 2000000))
    k.open()
    talk_a_little(k)
    s.wait(60 * S)
    k = s.talk(state="established", zeek="S1 ShADa", isn=(31000000, 32000000))
    k.c("S", says="reused", state="syn_on_established")  # of the old one
    k.s("SA", after=ROUND)
    k.c("A")
    talk_a_little(k)


@case("21-synack-again", 21, "SYN/ACK sent again after the ACK",
      "the server did not take the ACK: lost, or its accept queue is full", "RFC 9293 3.10.7.4")
def synack_again(s):
    """The server repeats its SYN/ACK though the client has answered, and the client answers again.

    1-3 handshake, 4 SYN/ACK again after 1 s, 5 ACK again, 6 client 0-500, 7 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__syn_retransmits=0, handshake__synack_retransmits=1)
    k.open()
    k.s("SA", after=S, says="retransmission", state="synack_after_ack")
    k.c("A", says="dup_ack")
    talk_a_little(k)


@case("21-synack-lost-ack", 21, "SYN/ACK sent again before the ACK",
      "the same first number of the server", "RFC 9293 3.8.1")
def synack_before(s):
    """The first SYN/ACK is seen but does not reach the client; the second one does.

    1 SYN, 2 SYN/ACK, 3 SYN/ACK after 1 s, 4 ACK, 5 client 0-500, 6 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__syn_retransmits=0, handshake__synack_retransmits=1)
    k.c("S")
    k.s("SA", after=ROUND)
    k.s("SA", after=S, says="retransmission")
    k.c("A")
    talk_a_little(k)


@case("22-synack-other-isn", 22, "Two SYN/ACKs with different numbers",
      "counts must not jump with the second number", "RFC 9293 3.10.7.4")
def synack_other(s):
    """A SYN proxy answers first and the server behind it second; the client goes on with the second.

    1 SYN, 2 SYN/ACK, 3 SYN/ACK with another number, 4 ACK of the second, 5 client 0-500, 6 ACK, 7 server 0-500, 8
    ACK"""
    k = s.talk(state="established", isn=(5000, 4000000))
    k.c("S")
    k.s("SA", after=ROUND)
    k.isn[1], k.sent[1] = 1700000000, -1
    k.s("SA", after=5 * MS, says="lost_segment reused")
    k.c("A", says="acked_unseen")
    talk_a_little(k)
    k.s("PA", 500)
    k.c("A")


@case("23-simultaneous-open", 23, "Both open at once",
      "SYN from both sides, then SYN/ACK from both: one connection", "RFC 9293 3.5 figure 7")
def simultaneous_open(s):
    """The SYNs cross, both sides answer with SYN/ACK, and there is one connection, opened by the first SYN.

    1 SYN, 2 SYN of the other, 3 SYN/ACK, 4 SYN/ACK of the other, 5 client 0-500, 6 ACK"""
    k = s.talk(port=50023, server_port=50023, state="established", zeek="S1 SsDa", handshake__simultaneous_open=True)
    k.c("S")
    k.s("S", after=300 * US, state="simultaneous_open")
    k.c("SA", after=ROUND, says="retransmission")
    k.s("SA", says="retransmission")
    talk_a_little(k)


@case("23-split-handshake", 23, "Split handshake",
      "the server answers SYN with SYN, the client says SYN/ACK", "RFC 9293 3.5")
def split(s):
    """The server sends its SYN without an ACK; the client answers it with SYN/ACK, and the roles stay.

    Its SYN may as well have crossed the client's; only its ACK without SYN shows that it answered.

    1 SYN, 2 SYN of the server, 3 SYN/ACK of the client, 4 ACK of the server, 5 client 0-500, 6 ACK"""
    k = s.talk(state="established", zeek="S1 SsaD", handshake__split=True, handshake__synack=False,
               handshake__ack=False)
    k.c("S")
    k.s("S", after=ROUND, state="simultaneous_open")
    k.c("SA", says="retransmission")
    k.s("A", after=ROUND, state="split_handshake")
    talk_a_little(k)


@case("25-half-open", 25, "Half open", "SYN/ACK and never an ACK", "RFC 9293 3.5.1")
def half_open(s):
    """The server answers and repeats its answer for 15 s; no ACK ever comes, as from a flood with false addresses.

    1 SYN, 2-6 SYN/ACK (after 1, 2, 4, 8 s again)"""
    k = s.talk(state="syn_received", tcp="syn_sent syn_received", complete=False, zeek="S1 Sh",
               handshake__synack_retransmits=4)
    k.c("S")
    k.s("SA", after=100 * US)
    for seconds in (1, 2, 4, 8):
        k.s("SA", after=seconds * S, says="retransmission")


@case("26-syn-cookie", 26, "An answer from a SYN cookie", "the SYN/ACK carries little more than an MSS", "RFC 4987 3.6")
def syn_cookie(s):
    """The server keeps no state, so its SYN/ACK has only an MSS from a short list; the rest works without extras.

    1 SYN, 2 SYN/ACK with MSS 536 alone, 3 ACK, 4 client 0-500, 5 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__client_options__wscale=7,
               handshake__server_options__mss=536,
               handshake__server_options__wscale=None)
    k.c("S")
    k.s("SA", after=ROUND, options=opt_mss(536))
    k.c("A")
    talk_a_little(k)


@case("29-refused", 29, "Refused", "RST that acknowledges the SYN: nobody listens", "RFC 9293 3.5.2 group 1")
def refused(s):
    """Nobody listens on the port, and the server's kernel says so.

    1 SYN, 2 RST/ACK"""
    k = s.talk(state="refused", tcp="closed closed", complete=False, closed_by="server", zeek="REJ Sr")
    k.c("S")
    k.s("RA", seq=0, after=ROUND, state="rst_refused")


@case("29-unanswered", 29, "No answer at all", "dropped on the way", "RFC 9293 3.8.3")
def unanswered(s):
    """Four SYNs, nothing comes back: a firewall, or nobody there.

    1-4 SYN at 0, 1, 3, 7 s"""
    k = s.talk(state="syn_sent", tcp="syn_sent -", complete=False, zeek="S0 S", handshake__syn_retransmits=3)
    k.c("S")
    for seconds in (1, 2, 4):
        k.c("S", after=seconds * S, says="retransmission")


@case("29-unreachable", 29, "A router says: unreachable", "an ICMP error that quotes the SYN", "RFC 9293 3.9.2.2")
def unreachable(s):
    """A router on the way answers the SYN with "administratively prohibited".

    1 SYN, 2 ICMP unreachable (3, 13) from 203.0.113.1 that quotes it"""
    k = s.talk(state="syn_sent", tcp="syn_sent -", complete=False, zeek="S0 S", icmp_error__type=3,
               icmp_error__code=13, icmp_error__from__ip="203.0.113.1")
    k.c("S")
    s.wait(ROUND)
    quoted = ipv4(CLIENT, SERVER, TCP, k.last[3], ident=k.last[4])
    s.raw(ipv4("203.0.113.1", CLIENT, ICMP, icmp(3, 13, b"\0\0\0\0", quoted[:28])))


@case("29-without-connection", 29, "First numbers at the edge of 2^32, and no connection",
      "the acknowledgement of the last number is 0", "RFC 9293 3.4, 3.5.2")
def without_connection(s):
    """A SYN of 2^32 - 1 is acknowledged by 0: it is refused, stays half open, and is never answered; one of 2^32 - 2 is
    answered and closed at once, so that the FIN has the last number. To Wireshark a
    next number of 0 is none: it marks no repeats here.

    1 SYN, 2 RST/ACK with 0 and 0; 3 SYN, 4-6 SYN/ACK; 7, 8 SYN; 9-11 handshake, 12-14 closed by the client"""
    last = 0xFFFFFFFF
    k = s.talk(port=50201, isn=(last, 0), state="refused", tcp="closed closed", complete=False, closed_by="server", zeek="REJ Sr")
    k.c("S")
    k.s("RA", seq=0, after=ROUND, state="rst_refused")
    k = s.talk(port=50202, isn=(last, last), state="syn_received", tcp="syn_sent syn_received", complete=False, zeek="S1 Sh",
               handshake__synack_retransmits=2)
    k.c("S")
    k.s("SA", after=ROUND)
    k.s("SA", after=S)
    k.s("SA", after=2 * S)
    k = s.talk(port=50203, isn=(last, 0), state="syn_sent", tcp="syn_sent -", complete=False, zeek="S0 S",
               handshake__syn_retransmits=1)
    k.c("S")
    k.c("S", after=S)
    k = s.talk(port=50204, isn=(last - 1, last - 1), state="closed", tcp="time_wait closed", closed_by="client", zeek="SF ShAFf")
    k.open()
    k.close()


@case("33-syn-on-established", 33, "A SYN on an open connection",
      "any SYN is answered with a challenge ACK", "RFC 5961 4")
def syn_on_established(s):
    """An old SYN comes once more in the middle of the connection; the server answers with an ACK of what it expects.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 the SYN of frame 1, 7 challenge ACK, 8 client 500-1000, 9 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.open()
    talk_a_little(k)
    k.c("S", after=S, says="retransmission", state="syn_on_established")
    k.s("A", after=ROUND, says="dup_ack", state="challenge_ack")
    talk_a_little(k)


@case("34-scan", 34, "SYN, then RST by the client",
      "a half-open scan: nobody owns the source port", "RFC 9293 3.10.7.3")
def scan(s):
    """The scanner's kernel knows nothing of the SYN, and answers the SYN/ACK with a RST.

    1 SYN, 2 SYN/ACK, 3 RST of the client"""
    k = s.talk(state="reset", tcp="closed listen", complete=False, closed_by="client", zeek="RSTO ShR")
    k.c("S")
    k.s("SA", after=ROUND)
    k.c("R", state="rst_handshake")


@case("34-given-up", 34, "SYN, then RST, and no answer", "the client gave up before an answer", "RFC 9293 3.10.7.3")
def given_up(s):
    """The client resets what it has begun before anybody answers.

    1 SYN, 2 RST of the client"""
    k = s.talk(state="reset", tcp="closed -", complete=False, closed_by="client", zeek="RSTOS0 SR")
    k.c("S")
    k.c("R", after=500 * MS, state="rst_handshake")


FAST_OPEN = b"\x22\x0a" + noise("cookie", 8) + NOP + NOP
OPTIONS = opt_mss(1460) + opt_sack_ok() + NOP + opt_wscale(7)


@case("36-tfo-request", 36, "Fast open: asking for a cookie", "option 34, empty", "RFC 7413 4.1.1")
def tfo_request(s):
    """The client asks for a cookie and gets one; no data is in the SYN yet.

    1 SYN with an empty option 34, 2 SYN/ACK with a cookie, 3 ACK, 4 client 0-500, 5 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__fast_open="cookie_given")
    k.c("S", options=OPTIONS + b"\x22\x02", state="fast_open_request")
    k.s("SA", after=ROUND, options=OPTIONS + FAST_OPEN, state="fast_open_cookie")
    k.c("A")
    talk_a_little(k)


@case("36-tfo-accepted", 36, "Fast open: data in the SYN, accepted",
      "the SYN/ACK acknowledges more than the SYN", "RFC 7413 3.1")
def tfo_accepted(s):
    """The request travels in the SYN, the server acknowledges it at once and answers before the handshake is over.

    1 SYN with cookie and client 0-300, 2 SYN/ACK of all, 3 server 0-400, 4 ACK"""
    k = s.talk(state="established", conn_state="S1", handshake__fast_open="accepted", handshake__syn_to_synack_us=10000)
    k.c("S", 300, options=OPTIONS + FAST_OPEN, state="fast_open_data")
    k.s("SA", after=ROUND, state="fast_open_accepted")
    k.s("PA", 400)
    k.c("A", after=200 * US)


@case("36-tfo-ignored", 36, "Fast open: data in the SYN, ignored",
      "the SYN/ACK acknowledges only the SYN; the data comes again, which is no anomaly", "RFC 7413 3.1")
def tfo_ignored(s):
    """The server takes the SYN but not its data; the client sends the data again, as it must.

    1 SYN with cookie and client 0-300, 2 SYN/ACK of the SYN alone, 3 client 0-300 again, 4 ACK"""
    k = s.talk(state="established", conn_state="S1", handshake__fast_open="ignored")
    k.c("S", 300, options=OPTIONS + FAST_OPEN, state="fast_open_data")
    k.s("SA", ack=0, after=ROUND, state="fast_open_ignored")
    k.c("PA", 300, at=0, says="retransmission")
    k.s("A", after=ROUND)


@case("37-ecn", 37, "Classic ECN", "SYN with ECE and CWR, SYN/ACK with ECE; then CE, ECE and CWR", "RFC 3168 6.1")
def ecn(s):
    """A router marks a packet instead of dropping it; the receiver echoes it, and the sender says it has slowed down.

    1 SYN ECE CWR, 2 SYN/ACK ECE, 3 ACK, 4 client 0-500 ECT(0), 5 client 500-1000 CE, 6 ACK ECE, 7 client 1000-1500
    CWR, 8 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__ecn="classic", ecn__ce=[1, 0], ecn__ece=[0, 1],
               ecn__cwr=[1, 0])
    k.c("SEC")
    k.s("SAE", after=ROUND, state="ecn")
    k.c("A")
    k.c("PA", 500, tos=2)
    k.c("PA", 500, tos=3, state="ecn_ce")
    k.s("AE", after=ROUND, state="ecn_echo")
    k.c("PAC", 500, tos=2, state="cwr")
    k.s("A", after=ROUND)


@case("37-accecn", 37, "Accurate ECN", "AE, CWR and ECE together count marks; AE is no reserved bit", "RFC 9768 3.1")
def accecn(s):
    """Both sides speak accurate ECN: the three flags become a counter of marked packets.

    1 SYN AE CWR ECE, 2 SYN/ACK CWR (not ECT seen), 3 ACK CWR (not ECT seen), 4 client 0-500 CE,
    counter 5, 5 ACK with counter 6, 6 client 500-1000, 7 ACK with counter 6"""
    k = s.talk(state="established", zeek="S1 ShADa", handshake__ecn="accurate", ecn__ce=[1, 0], ecn__ece=[0, 1])
    k.c("SNEC")
    k.s("SAC", after=ROUND, state="accecn")
    k.c("AC")
    k.c("PANE", 500, tos=3, state="ecn_ce")
    k.s("ANC", after=ROUND, state="ecn_echo")
    k.c("PANE", 500, tos=2)
    k.s("ANC", after=ROUND)


def multipath(subtype, rest, flags=0):
    return struct.pack("!BBBB", 30, 4 + len(rest), subtype << 4 | flags >> 8, flags & 0xFF) + rest


@case("38-mptcp", 38, "Multipath TCP with two subflows",
      "MP_CAPABLE, then MP_JOIN with a token from the key; ACKs that differ in their operations are no duplicates",
      "RFC 8684 2, 3")
def mptcp(s):
    """Two TCP connections that are one: the second joins the first, and each acknowledges data of both.

    1-3 handshake with MP_CAPABLE, 4 client 0-500 with DSS, 5 ACK with DSS, 6 the same ACK, DSS grown by the other
    subflow, 7 the same with ADD_ADDR, 8 the same with DSS (its operations differ from those before: no duplicate);
    9-11 handshake with MP_JOIN, 12 ACK, 13 client 0-500 with DSS, 14 ACK with DSS"""
    keys = noise("client key", 8), noise("server key", 8)
    token, *tokens = (hashlib.sha256(key).digest()[:4] for key in (keys[1], *keys))
    truth = {"mptcp__connection": 1, "mptcp__version": 1, "mptcp__token": [int.from_bytes(t, "big") for t in tokens]}
    k = s.talk(state="established", zeek="S1 ShADa", mptcp__subflow=1, **truth)
    k.c("S", extra=multipath(0, b"", 0x101))
    k.s("SA", extra=multipath(0, keys[1], 0x101), after=ROUND)
    k.c("A", extra=multipath(0, keys[0] + keys[1], 0x101))
    k.c("PA", 500, extra=multipath(2, struct.pack("!IIIHH", 1, 1, 1, 500, 0), 5))
    k.s("A", extra=multipath(2, struct.pack("!I", 501), 1), after=ROUND)
    k.s("A", extra=multipath(2, struct.pack("!I", 1001), 1), after=40 * MS, says="dup_ack")
    k.s("A", extra=multipath(3, b"\xc6\x33\x64\x15" + noise("hmac a", 8)), after=MS, says="dup_ack")
    k.s("A", extra=multipath(2, struct.pack("!I", 1501), 1), after=40 * MS)  # Wireshark compares with the packet before
    j = s.talk(port=50138, state="established", zeek="S1 ShAaD", mptcp__subflow=2, **truth)
    j.c("S", extra=multipath(1, token + noise("nonce c", 4), 1))
    j.s("SA", extra=multipath(1, noise("hmac s", 8) + noise("nonce s", 4), 1), after=ROUND)
    j.c("A", extra=multipath(1, noise("hmac c", 20)))
    j.s("A", extra=multipath(2, struct.pack("!I", 1001), 1), after=ROUND, says="window_update")
    j.c("PA", 500, extra=multipath(2, struct.pack("!IIIHH", 1, 1001, 1, 500, 0), 5))
    j.s("A", extra=multipath(2, struct.pack("!I", 1501), 1), after=ROUND)
