"""truth-*.pcap, part 6: what captures do to connections (rules 18, 24, 42 to 44, 46 to 50).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS


# Of a handshake that is captured twice: the copies count as repeats, as in other tools, but the times are of the first
SENT_ONCE = {"handshake__syn_retransmits": 1, "handshake__synack_retransmits": 1, "handshake__syn_to_synack_us": 10020,
             "handshake__last_syn_to_synack_us": 10020, "handshake__synack_to_ack_us": 120}


def mirrored(k, first=None, second=None, named=True):
    """A short talk of which every frame is there twice; first, second: how the two were captured; named: packets have an
    identification, so that the copy of a bare ACK is known too."""
    for send, flags, n, after, says in (
            (k.c, "S", 0, 0, "retransmission"), (k.s, "SA", 0, ROUND, "retransmission"),
            (k.c, "A", 0, 100 * US, "dup_ack"), (k.c, "PA", 500, 100 * US, "retransmission"),
            (k.s, "A", 0, ROUND, "dup_ack"), (k.s, "PA", 500, 100 * US, "retransmission"),
            (k.c, "A", 0, 100 * US, "dup_ack")):
        send(flags, n, after=after, **(first or {}))
        k.copy(says=says, known=named or flags != "A", **(second or {}))


@case("18-mirror", 18, "A mirror port gives every frame twice",
      "the same IP identification, numbers, flags and length within 1 ms", "-")
def mirror(s):
    """Every frame is there twice, 20 us apart: nothing was sent again, the switch copies both ways.

    1, 2 SYN, 3, 4 SYN/ACK, 5, 6 ACK, 7, 8 client 0-500, 9, 10 ACK, 11, 12 server 0-500, 13, 14 ACK"""
    k = s.talk(state="established", zeek="S1 ShADad", **SENT_ONCE)
    mirrored(k)


def soon_again(k):
    k.open()
    k.c("PA", 500)
    k.c("PA", 500, at=0, after=600 * US, says="retransmission", again=500)
    k.s("A", after=ROUND)


@case("18-not-a-copy", 18, "Sent again within a millisecond",
      "another IP identification: the sender did it, no mirror", "-")
def not_a_copy(s):
    """An impatient sender repeats itself after 600 us; the IP identification has moved on, so it is no copy.

    1-3 handshake, 4 client 0-500, 5 the same after 600 us with the next identification, 6 ACK"""
    soon_again(s.talk(port=50218, state="established", zeek="S1 ShADTa"))


@case("18-mirror-6", 18, "A mirror port, IPv6", "no IP identification: the same packet within 50 us", "-")
def mirror_6(s):
    """Every frame is there twice, 20 us apart, and IPv6 gives packets no identification: nothing was sent again. Of a bare
    ACK nobody can tell that.

    as 18-mirror"""
    s.v6 = True
    mirrored(s.talk(state="established", zeek="S1 ShADad", **SENT_ONCE), named=False)


@case("18-not-a-copy-6", 18, "Sent again within a millisecond, IPv6",
      "no IP identification: more than 50 us apart it is no mirror", "-")
def not_a_copy_6(s):
    """The same over IPv6: 600 us are too long for a mirror, and there is nothing else to tell the two apart.

    as 18-not-a-copy"""
    s.v6 = True
    soon_again(s.talk(port=50218, state="established", zeek="S1 ShADTa"))


@case("18-router", 18, "Captured before and behind a router",
      "the copy's time to live is smaller, the rest is the same", "RFC 1812 5.3.1")
def router(s):
    """A mirror of both sides of a router: each data frame is there twice, the second time one hop further.

    1-3 handshake, 4, 5 client 0-500 and its copy, 6, 7 ACK and its copy, 8, 9 server 0-500 and its copy, 10 ACK"""
    k = s.talk(port=50318, state="established")
    k.open()
    k.c("PA", 500)
    k.copy(hops=1, says="retransmission")
    k.s("A", after=ROUND)
    k.copy(hops=1, says="dup_ack")
    k.s("PA", 500)
    k.copy(hops=1, says="retransmission")
    k.c("A")


@case("18-burst", 18, "Copies that come behind the next frame", "copies are not always neighbours", "-")
def burst(s):
    """The mirror hands out two data frames, then their two copies, all within 100 us; then one is truly sent again.

    1-3 handshake, 4 client 0-500, 5 client 500-1000, 6 copy of 4, 7 copy of 5, 8 client 500-1000 after 300 ms, 9 its
    copy, 10 ACK"""
    k = s.talk(port=50418, state="established")
    k.open()
    k.c("PA", 500)
    first = k.last
    k.c("PA", 500, after=20 * US)
    k.copy(of=first, says="out_of_order")
    k.copy(says="retransmission")
    k.c("PA", 500, at=500, after=300 * MS, says="retransmission", again=500)
    k.copy(says="retransmission")
    k.s("A", after=ROUND)


@case("18-interfaces", 18, "The same frames on two interfaces",
      "what is on a flow's first interface is judged, the others count as duplicates", "-")
def interfaces(s):
    """A bridge: each frame comes in on one interface and leaves on the other, and the capture is on both.

    as 18-mirror; the second of each pair is of interface eth1"""
    s.suffix = "pcapng"

    def build(scene):
        ng = Pcapng().section()
        for name in ("eth0", "eth1"):
            ng.interface(options=((2, name), (9, b"\x06")))
        for t, data, how in scene.frames:
            ng.packet(how.get("interface", 0), t // US, data)
        return ng.out
    s.build = build
    k = s.talk(port=50118, state="established", zeek="S1 ShADad", **SENT_ONCE)
    mirrored(k, second={"interface": 1})


@case("49-loopback", 49, "Loopback shows every packet twice", "outgoing and incoming copy of one packet", "-")
def loopback(s):
    """On lo the kernel hands out each packet when it leaves and when it arrives.

    as 18-mirror, Linux cooked v2, interface 1; the first of each pair outgoing, the second incoming"""
    s.link = 276
    k = s.talk(state="established", zeek="S1 ShADad", **SENT_ONCE)
    mirrored(k, {"interface": 1, "arphrd": 772, "kind": 4}, {"interface": 1, "arphrd": 772, "kind": 0})


@case("24-self-connect", 24, "A socket connected to itself",
      "one endpoint is both sides: one socket, one connection", "RFC 9293 3.5")
def self_connect(s):
    """A program connects to its own port, and its SYN meets itself: SYN, SYN/ACK, ACK, all from one socket.

    1 SYN, 2 SYN/ACK, 3 ACK, 4 data 0-500, 5 ACK"""
    k = s.talk(state="established", isn=(7000, 7000))
    k.end = (k.end[0], k.end[0])
    k.c("S")
    k.sent[1] = 0
    k.c("SA", after=10 * US, says="retransmission")  # Wireshark sees one direction
    k.c("A", after=10 * US, says="window_update")
    k.c("PA", 500, ack=0)
    k.sent[1] = 500
    k.c("A")
    k.unsaid |= {"packets", "bytes", "retransmissions", "window_updates"}  # which side is which nobody can say
    k.truth.update({"packets+": 5, "bytes+": 500, "retransmissions+": 1, "window_updates+": 1})


@case("42-midstream", 42, "The capture begins in the middle",
      "no handshake, no RTT, nothing lost before the first number", "-")
def midstream(s):
    """A talk of which the beginning is not there; nothing is wrong with the rest.

    1 client 500 bytes, 2 ACK, 3 server 1000 bytes, 4 ACK"""
    k = s.talk(state="midstream", tcp="established established", complete=False, orientation="first_packet",
               zeek="OTH DadA", handshake__syn=False, handshake__rtt_us=None)
    k.unseen(0, 70000)
    k.unseen(1, 90000)
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("PA", 1000)
    k.c("A")


@case("42-first-missing", 42, "The capture missed the first three packets", "as in the middle; the end is seen", "-")
def first_missing(s):
    """The handshake went past before the capture began; data and end are seen, and the client is who speaks first.

    1 client 0-500, 2 ACK, 3 server 0-1000, 4 ACK, 5-7 closed by the client"""
    k = s.talk(port=50142, state="closed", tcp="time_wait closed", complete=False, orientation="first_packet",
               closed_by="client", zeek="SF DadAFf")
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("PA", 1000)
    k.c("A")
    k.close()


@case("42-synack-first", 42, "The capture missed the SYN",
      "a flow first seen at its SYN/ACK is never complete; its client receives the SYN/ACK", "-")
def synack_first(s):
    """The first packet is the SYN/ACK, from which it is known who opened.

    1 SYN/ACK, 2 ACK, 3 client 0-500, 4 ACK"""
    k = s.talk(port=50242, state="established", complete=False, orientation="synack", handshake__syn=False,
               handshake__synack=True,
               handshake__synack_to_ack_us=100)
    k.sent[0] = 0
    k.s("SA")
    k.c("A")
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("43-client-only", 43, "Only the client's packets", "ACKs of data never seen: one-way, no losses", "-")
def client_only(s):
    """The answers take another way: the client acknowledges 100 000 bytes that the capture never sees, and all is well.

    The first ACK of something that was never seen shows that there is another side.

    1 SYN, 2 ACK, 3 client 0-500, 4-6 ACKs, 7 FIN"""
    k = s.talk(state="half_closed", tcp="fin_wait_1 -", complete=False, one_sided=True, closed_by="client",
               zeek="SH SADF", handshake__synack=False)
    k.unsaid.add("exact.missed_bytes")
    k.c("S")
    k.sent[1] = 0
    k.c("A", after=ROUND)
    k.c("PA", 500)
    for n, state in ((1460, "one_sided"), (40000, ""), (58540, "")):
        k.unseen(1, n)
        k.c("A", after=ROUND, state=state)
    k.c("FA")


@case("43-server-only", 43, "Only the server's packets", "the acknowledgements are elsewhere: nothing is lost", "-")
def server_only(s):
    """The capture sees the server's side alone; that nobody acknowledges is the capture's fault.

    It is said with the fourth packet (docs/states.md): fewer may be no more than a late beginning.

    1 SYN/ACK, 2 ACK, 3-5 server 3 x 1000, 6 FIN"""
    k = s.talk(port=50143, state="half_closed", tcp="- fin_wait_1", complete=False, one_sided=True,
               orientation="synack", closed_by="server", handshake__syn=False)
    k.unsaid.add("exact.missed_bytes")
    k.sent[0] = 0
    k.s("SA")
    k.unseen(0, 300)
    k.s("A", after=ROUND)
    for state in ("", "one_sided", ""):
        k.s("A", 1000, state=state)
    k.s("FA")


@case("44-drops", 44, "The capture says that it lost packets",
      "drops are said, and holes in their time are not the network's", "-")
def drops(s):
    """The interface's statistics own up to 3 dropped packets; the hole is acknowledged, so the bytes did arrive.

    1-3 handshake, 4 client 0-500, 5 client 2000-2500, 6 ACK 2500, 7 client 2500-3000, 8 ACK; pcapng with ifdrop 3"""
    s.suffix = "pcapng"
    s.file = {"capture_drops": 3}

    def build(scene):
        ng = Pcapng().section().interface(options=((2, "eth0"), (9, b"\x06")))
        for t, data, _ in scene.frames:
            ng.packet(0, t // US, data)
        return ng.statistics(0, scene.now // US, len(scene.frames) + 3, 3).out
    s.build = build
    k = s.talk(state="established", zeek="S1 ShADaG")
    k.open()
    k.c("A", 500)
    k.unseen(0, 1500)
    k.c("A", 500, says="lost_segment")
    k.s("A", after=ROUND, says="acked_unseen")
    k.c("A", 500)
    k.s("A", after=ROUND)
    k.exact["missed_bytes"][0] = 1500


def offloaded(src, dst, segment):
    """The sum over the pseudo header alone, as a kernel leaves it to the card."""
    return struct.pack("!H", ~checksum(pseudo(src, dst, TCP, len(segment))) & 0xFFFF)


def wrong(src, dst, segment):
    return bytes(b ^ 0x55 for b in segment[16:18])


@case("46-offload", 46, "Checksums left to the network card", "all of one side are wrong: unknown, not bad", "-")
def offload(s):
    """Captured on the client, before its card fills the checksums in: nothing is wrong.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 server 0-500, 7 ACK; all of the client's have the pseudo header's sum"""
    k = s.talk(state="established")
    k.c("S", spoil=offloaded)
    k.s("SA", after=ROUND)
    k.c("A", spoil=offloaded)
    k.c("PA", 500, spoil=offloaded)
    k.s("A", after=ROUND)
    k.s("PA", 500)
    k.c("A", spoil=offloaded)


@case("46-bad-checksum", 46, "One segment with a bad checksum",
      "a receiver drops it, so it comes again", "RFC 9293 3.1")
def bad_checksum(s):
    """One segment is damaged on the way: its checksum is wrong, nobody acknowledges it, and it is sent again.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 client 500-1000 with a wrong checksum, 7 the same, right, after 300 ms, 8
    ACK"""
    k = s.talk(port=50146, state="established", zeek="S1 ShADaT")
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.c("PA", 500, spoil=wrong)
    k.c("PA", 500, at=500, after=300 * MS, says="retransmission", again=500)
    k.s("A", after=ROUND)


def cut(s, snap, **truth):
    s.snap = snap
    k = s.talk(port=50000 + snap, state="established", **truth)
    k.open()
    k.c("PA", 500)
    k.s("A", after=ROUND)
    k.s("A", 1000)
    k.c("PA", 500, at=0, ack=0, after=300 * MS, says="retransmission spurious_retransmission", again=500)
    k.c("A")


@case("47-snap-54", 47, "Frames cut to 54 bytes",
      "no byte of options or data is left: lengths from the IP header, scale and MSS unknown", "-")
def snap_54(s):
    """Only the fixed headers are kept; what was in the options is not known, and how long the data was is.

    1-3 handshake, 4 client 0-500, 5 ACK, 6 server 0-1000, 7 client 0-500 again, 8 ACK"""
    cut(s, 54, handshake__client_options__mss=None, handshake__client_options__wscale=None)


@case("47-snap-60", 47, "Frames cut to 60 bytes", "the options are cut behind MSS and SACK permitted", "-")
def snap_60(s):
    """Six bytes of options are kept: the MSS is known, the window scale behind it is not.

    as 47-snap-54"""
    cut(s, 60, handshake__client_options__mss=1460, handshake__client_options__wscale=None)


@case("47-snap-60-again", 47, "A repeat in frames that are cut in their options",
      "lengths and numbers are before the options: a repeat is still one", "-")
def snap_60_again(s):
    """With time stamps the options begin before and end behind the 60 bytes that are kept; one segment comes twice.

    1-3 handshake, 4 client 0-500, 5 the same after 300 ms, 6 ACK, 7 server 0-1000, 8 ACK"""
    s.snap = 60
    k = s.talk(port=50160, state="established", timestamps=True, zeek="S1 ShADTad", handshake__client_options__mss=1460,
               handshake__client_options__wscale=None, handshake__client_options__cut=True,
               handshake__server_options__cut=True)
    k.open()
    k.c("PA", 500)
    k.c("PA", 500, at=0, after=300 * MS, says="retransmission", again=500)
    s.differs(5, "", "tshark stops where the options are cut, and prints no verdict")
    k.s("A", after=ROUND)
    k.s("A", 1000)
    k.c("A")


@case("47-snap-96", 47, "Frames cut to 96 bytes", "headers and options whole, data cut", "-")
def snap_96(s):
    """All headers are kept, and the first bytes of the data: everything is known but content.

    as 47-snap-54"""
    cut(s, 96, handshake__client_options__mss=1460, handshake__client_options__wscale=7)


@case("48-fragments", 48, "A segment in two IP fragments",
      "the first has the header; together they are one packet", "RFC 791 3.2")
def fragments(s):
    """The client's segment is cut in two on the way, and is one packet of 1000 bytes all the same.

    1-3 handshake, 4, 5 client 0-1000 in fragments of 520 and 500 bytes, 6 ACK, 7 client 1000-1500, 8 ACK"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.open()
    k.c("PA", 1000, fragment=520)
    k.s("A", after=ROUND)
    k.c("PA", 500)
    k.s("A", after=ROUND)


@case("50-backwards", 50, "Time goes backwards", "several clocks or queues: never negative, never a division", "-")
def backwards(s):
    """The answers were stamped by another clock, 12 ms behind: they are older than what they answer.

    1-3 handshake, 4 client 0-500, 5 ACK 2 ms before it, 6 client 500-1000, 7 ACK 2 ms before it"""
    k = s.talk(state="established", zeek="S1 ShADa")
    k.open()
    k.c("PA", 500, after=20 * MS)
    k.s("A", after=-2 * MS)
    k.c("PA", 500, after=20 * MS)
    k.s("A", after=-2 * MS)
