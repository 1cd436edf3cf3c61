"""link-*.pcap: every link type, each carrying the same little story.

The story: a TCP handshake, "ping\\n" and its echo, FIN both ways (IPv4), then
one UDP datagram over IPv6 where the link can carry it.

link-ethernet      Ethernet II; the short frames are padded to 60 bytes
link-vlan          one 802.1Q tag, VLAN 100
link-qinq          802.1ad outside (VLAN 200), 802.1Q inside (VLAN 7); the last frame has four tags
link-llc-snap      802.3 length, LLC, SNAP with IPv4; then an STP frame and a frame whose length is a lie
link-sll           Linux cooked v1: to us, from us, broadcast ARP
link-sll2          Linux cooked v2, interface indexes 2 and 3
link-null-le/-be   BSD loopback in both byte orders; IPv6 families 10, 24, 28, 30
link-loop          OpenBSD loopback: family in network order
link-raw           raw IP, both versions (101)
link-ppp           PPP with and without address and control, compressed protocol, LCP, PPP in HDLC framing (50)
link-pppoe         PADI, PADO, PADR, PADS, session with LCP and the story, PADT
link-mpls          two labels over IPv4, a label over IPv6, an Ethernet pseudowire
link-vntag         VN-Tag outside, 802.1Q inside
link-fddi          FDDI with LLC and SNAP; the last frame is a token, not 802.2
link-ipoib         IP over InfiniBand
link-unknown       a link type that nobody reads (147, private use)
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"
A6, B6 = "2001:db8::10", "2001:db8::20"


def story(v6=True):
    out = []
    k = Conversation(out, (A, 40000), (B, 7), seed="story")
    t = k.handshake(START, 12 * MS, 150 * US)
    t = k.ask(t + 1 * MS, b"ping\n", b"ping\n", 12 * MS)
    k.close(t + 5 * MS, 12 * MS)
    if v6:
        out.append((START + 100 * MS, udp_packet(A6, B6, 40001, 7, b"over IPv6\n")))
    return out


def side(packet):
    """0: from us."""
    source = packet[12:16] if packet[0] >> 4 == 4 else packet[8:24]
    return 0 if source in (ip(A), ip(A6)) else 1


def macs(packet):
    return dict(src=mac_of(A if side(packet) == 0 else B), dst=mac_of(B if side(packet) == 0 else A))


def make(name, wrap, link=1, more=(), v6=True):
    write_pcap(f"link-{name}.pcap", [(t, wrap(p)) for t, p in story(v6)] + list(more), link=link)


def ethernet():
    make("ethernet", lambda p: ether(p, **macs(p)).ljust(60, b"\0"))
    make("vlan", lambda p: ether(p, vlans=[(0x8100, 0x6000 | 100)], **macs(p)))
    four = ether(udp_packet(A, B, 5, 7, b"four tags"), vlans=[(0x88A8, 1), (0x8100, 2), (0x8100, 3), (0x9100, 4)])
    make("qinq", lambda p: ether(p, vlans=[(0x88A8, 200), (0x8100, 7)], **macs(p)), more=[(START + 200 * MS, four)])


def llc():
    def snap(p):
        body = b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype(p)) + p
        return ether(body, kind=len(body), **macs(p)).ljust(60, b"\0")

    bpdu = b"\x42\x42\x03" + b"\0\0\0\0\0\x80\0" + noise("root", 6) + b"\0\0\0\0\x80\0" + noise("root", 6) + b"\x80\x01\0\0\x14\0\x02\0\x0f\0"
    stp = ether(bpdu, dst="01:80:c2:00:00:00", kind=len(bpdu)).ljust(60, b"\0")
    lie = ether(b"\xaa\xaa\x03\0\0\0\x08\0" + udp_packet(A, B, 5, 7, b"short"), kind=1400)
    make("llc-snap", snap, more=[(START + 200 * MS, stp), (START + 201 * MS, lie)])


def cooked():
    def sll(p):
        return struct.pack("!HHH", 4 if side(p) == 0 else 0, 1, 6) + macs(p)["src"] + b"\0\0" + struct.pack("!H", ethertype(p)) + p

    def sll2(p):
        return struct.pack("!HHIHBB", ethertype(p), 0, 2 + side(p), 1, 4 if side(p) == 0 else 0, 6) + macs(p)["src"] + b"\0\0" + p

    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac_of(B) + ip(B) + bytes(6) + ip(A)
    make("sll", sll, 113, [(START + 200 * MS, struct.pack("!HHH", 1, 1, 6) + mac_of(B) + b"\0\0\x08\x06" + arp)])
    make("sll2", sll2, 276, [(START + 200 * MS, struct.pack("!HHIHBB", 0x0806, 0, 3, 1, 1, 6) + mac_of(B) + b"\0\0" + arp)])


def loopback():
    def null(order):
        return lambda p: struct.pack(order + "I", 2 if p[0] >> 4 == 4 else 30) + p

    def families(order):
        return [(START + (200 + i) * MS, struct.pack(order + "I", f) + udp_packet(A6, B6, 40002, 7, b"family %d" % f))
                for i, f in enumerate((10, 24, 28))]

    make("null-le", null("<"), 0, families("<"))
    make("null-be", null(">"), 0, families(">"))
    make("loop", null(">"), 108)
    make("raw", lambda p: p, 101)


def ppp():
    def bare(p):
        return struct.pack("!H", 0x0021 if p[0] >> 4 == 4 else 0x0057) + p

    lcp = struct.pack("!BBH", 1, 7, 14) + b"\x01\x04\x05\xdc" + b"\x05\x06" + noise("magic", 4)
    more = [(START + 200 * MS, b"\xff\x03" + bare(udp_packet(A, B, 5, 7, b"with address and control"))),
            (START + 201 * MS, b"\x21" + udp_packet(A, B, 5, 7, b"compressed protocol")),
            (START + 202 * MS, b"\xff\x03\xc0\x21" + lcp)]
    make("ppp", bare, 9, more)
    make("ppp-hdlc", lambda p: b"\xff\x03" + bare(p), 50, [(START + 200 * MS, b"\xff\x03\xc0\x21" + lcp)])

    def pppoe(p):
        return ether(struct.pack("!BBHH", 0x11, 0, 0x2A51, len(p) + 2) + bare(p), kind=0x8864, **macs(p))

    def discovery(code, session, tags, src, dst):
        body = b"".join(struct.pack("!HH", k, len(v)) + v for k, v in tags)
        return ether(struct.pack("!BBHH", 0x11, code, session, len(body)) + body, kind=0x8863, src=src, dst=dst).ljust(60, b"\0")

    a, b, all_ones = mac_of(A), mac_of(B), "ff:ff:ff:ff:ff:ff"
    uniq, service = (0x0103, noise("uniq", 4)), (0x0101, b"")
    more = [(START - 60 * MS, discovery(0x09, 0, [service, uniq], a, all_ones)),
            (START - 50 * MS, discovery(0x07, 0, [service, uniq, (0x0102, b"access.example.net")], b, a)),
            (START - 40 * MS, discovery(0x19, 0, [service, uniq], a, b)),
            (START - 30 * MS, discovery(0x65, 0x2A51, [service, uniq], b, a)),
            (START - 20 * MS, ether(struct.pack("!BBHH", 0x11, 0, 0x2A51, 16) + b"\xc0\x21" + lcp, kind=0x8864, src=a, dst=b).ljust(60, b"\0")),
            (START + 300 * MS, discovery(0xA7, 0x2A51, [], a, b))]
    make("pppoe", pppoe, more=more)


def mpls():
    def label(value, bottom, ttl=63):
        return struct.pack("!I", value << 12 | bottom << 8 | ttl)

    def labels(p):
        stack = label(16001, 0) + label(24005, 1) if p[0] >> 4 == 4 else label(24006, 1)
        return ether(stack + p, kind=0x8847, **macs(p))

    wire = ether(label(299792, 1) + struct.pack("!I", 1) + ether(udp_packet(A, B, 5, 7, b"pseudowire")), kind=0x8847)
    make("mpls", labels, more=[(START + 200 * MS, wire)])


def others():
    def vntag(p):
        return macs(p)["dst"] + macs(p)["src"] + struct.pack("!HIHHH", 0x8926, 0x00010002, 0x8100, 12, ethertype(p)) + p

    def fddi(p):
        return b"\x50" + macs(p)["dst"] + macs(p)["src"] + b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype(p)) + p

    make("vntag", vntag)
    make("fddi", fddi, 10, [(START + 200 * MS, b"\x80" + mac_of(B) + mac_of(A) + b"token")])
    make("ipoib", lambda p: noise("gids", 40) + struct.pack("!HH", ethertype(p), 0) + p, 242)


for part in (ethernet, llc, cooked, loopback, ppp, mpls, others):
    part()
make("unknown", lambda p: noise("header", 4) + p, 147)
