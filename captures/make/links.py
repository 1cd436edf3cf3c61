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
link-chdlc         Cisco HDLC; SLARP request, reply, keep-alives with and without the time; CDP; bridged Ethernet; cut SLARP
link-nflog         netfilter log, both byte orders; prefix, user, interface; a family that is neither; a length of 2
link-wlan          802.11: the story by data frames to and from the network, then between networks (four addresses), without one,
                   QoS, QoS with HT control, padded; an A-MSDU of two; encrypted; no data; a first and a later fragment;
                   beacon, probe request, association, deauthentication, RTS, ack, block ack; version 1; a subframe too long
link-radiotap      the same story behind radiotap with and without check sequence, with two words of fields, with MCS;
                   version 1; a length of 4; fields longer than the header
link-ppi           802.11 with check sequence, aligned and not; Ethernet and raw IP inside; a field too long
link-prism         both byte orders and both kinds of item ids; an AVS header under the same link type; not a Prism header
link-avs           version 1, version 2 with a longer header; a wrong magic
link-unknown       a link type that nobody reads (147, private use)
"""
import zlib

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


def chdlc():
    def slarp(kind, rest):
        return b"\x8f\0\x80\x35" + struct.pack("!I", kind) + rest

    more = [slarp(0, bytes(10)), slarp(1, ip(B) + ip("255.255.255.0") + bytes(2)),
            slarp(2, struct.pack("!IIHI", 7, 6, 0xFFFF, 90000)), slarp(2, struct.pack("!IIH", 8, 7, 0xFFFF)), slarp(9, bytes(10)),
            b"\x8f\0\x20\0\x02\xb4" + noise("cdp", 20), b"\x0f\0\x65\x58" + ether(udp_packet(A, B, 5, 7, b"bridged")),
            slarp(2, b"\0\0\0\x01\0")]
    make("chdlc", lambda p: b"\x0f\0" + struct.pack("!H", ethertype(p)) + p, 104,
         [(START + (200 + i) * MS, f) for i, f in enumerate(more)])


def nflog():
    def attribute(order, kind, value):
        return struct.pack(order + "HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)

    def log(p, order="<", family=None):
        family = family or (10 if p[0] >> 4 == 6 else 2)
        out = struct.pack("!BBH", family, 0, 5) + attribute(order, 1, struct.pack("!HBB", ethertype(p), 3, 0))
        out += attribute(order, 10, b"web: \0") + attribute(order, 5, struct.pack("!I", 3))
        out += attribute(order, 11, struct.pack("!I", 1000)) + attribute(order, 14, struct.pack("!I", 100))
        return out + attribute(order, 9, p)

    datagram = udp_packet(A, B, 5, 7, b"big endian")
    more = [log(datagram, ">"), log(b"\0" * 20, family=7), b"\x02\0\0\x05\x02\0\x01\0", log(datagram)[:-12] + b"\xff\x7f\x09\0" + datagram]
    make("nflog", log, 239, [(START + (200 + i) * MS, f) for i, f in enumerate(more)])


BSS = mac("02:00:00:00:0a:0a")
TO, FROM, MORE, PROTECTED, ORDER = 0x01, 0x02, 0x04, 0x40, 0x80


def snap(p):
    return b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype(p)) + p


def wlan_header(kind, sub, flags, a1, a2=b"", a3=b"", seq=None, a4=b"", more=b""):
    control = struct.pack("<BBH", sub << 4 | kind << 2, flags, 44)
    return control + a1 + a2 + a3 + (b"" if seq is None else struct.pack("<H", seq)) + a4 + more


def wlan_data(p, sub=0, flags=0, seq=0x0120, more=b"", body=None):
    src, dst = macs(p)["src"], macs(p)["dst"]
    order = {0: (dst, src, BSS, b""), TO: (BSS, src, dst, b""), FROM: (dst, BSS, src, b""), TO | FROM: (BSS, mac_of("relay"), dst, src)}
    a1, a2, a3, a4 = order[flags & 3]
    return wlan_header(2, sub, flags, a1, a2, a3, seq, a4, more) + (snap(p) if body is None else body)


def wlan_story(p):
    return wlan_data(p, flags=TO) if side(p) == 0 else wlan_data(p, 8, FROM, more=b"\x05\0")


def wlan_management(sub, body, flags=0):
    return wlan_header(0, sub, flags, mac("ff:ff:ff:ff:ff:ff"), BSS, BSS, 0x0450) + body


def wlan():
    datagram = udp_packet(A, B, 5, 7, b"over the air")

    def subframe(payload, length=None):
        body = snap(payload)
        one = mac_of(B) + mac_of(A) + struct.pack("!H", len(body) if length is None else length) + body
        return one + b"\0" * (-len(one) % 4)

    two = subframe(datagram) + subframe(udp_packet(A, B, 6, 7, b"the second"))
    name = b"\0\x08home net" + b"\x01\x04\x82\x84\x8b\x96"
    frames = [wlan_data(datagram, flags=TO | FROM), wlan_data(datagram), wlan_data(datagram, 8, TO | ORDER, more=b"\x06\0" + noise("htc", 4)),
              wlan_data(datagram, 8, FROM, more=b"\0\0", body=b"\0\0" + snap(datagram)),
              wlan_data(datagram, 8, TO, more=b"\x80\0", body=two), wlan_data(datagram, 8, TO | PROTECTED, more=b"\0\0", body=noise("ccmp", 3) + b"\x60" + noise("c", 60)),
              wlan_data(datagram, 4, TO, body=b""), wlan_data(datagram, 12, TO, more=b"\0\0", body=b""),
              wlan_data(datagram, flags=TO | MORE, body=snap(datagram)[:36]), wlan_data(datagram, flags=TO, seq=0x0121, body=datagram[28:]),
              wlan_management(8, bytes(8) + b"\x64\0\x11\x04" + name), wlan_management(4, name), wlan_management(0, b"\x11\x04\x0a\0" + name),
              wlan_management(2, b"\x11\x04\x0a\0" + BSS + name), wlan_management(12, b"\x07\0"), wlan_management(13, noise("action", 20), PROTECTED),
              wlan_header(1, 11, 0, BSS, mac_of(A)), wlan_header(1, 13, 0, BSS), wlan_header(1, 9, 0, BSS, mac_of(A)) + noise("ba", 12),
              b"\x09" + wlan_data(datagram)[1:], wlan_data(datagram, 8, TO, more=b"\x80\0", body=subframe(datagram, 400)),
              wlan_management(8, bytes(12) + b"\0\x20cut")]
    make("wlan", wlan_story, 105, [(START + (200 + i) * MS, f) for i, f in enumerate(frames)])

    def radiotap(frame, flags=0x10, more=False, mcs=False):
        present = 0x0000086F | (0x80000 if mcs else 0)  # clock, flags, rate, channel, signal, noise, antenna
        words = struct.pack("<II", present | 0xA0000000, 0x00000820) if more else struct.pack("<I", present)
        fields = struct.pack("<Q", 123456789) if not more else bytes(4) + struct.pack("<Q", 123456789)
        fields += struct.pack("<BBHHbbB", flags, 48, 5180, 0x0140, -45, -96, 1) + (b"\x37\x04\x07" if mcs else b"")
        fields += struct.pack("<bB", -47, 0) if more else b""
        fcs = struct.pack("<I", zlib.crc32(frame)) if flags & 0x10 else b""
        return struct.pack("<BBH", 0, 0, 4 + len(words) + len(fields)) + words + fields + frame + fcs

    data = wlan_data(datagram, 8, TO, more=b"\0\0")
    tapped = [radiotap(data, 0), radiotap(data, more=True), radiotap(data, mcs=True), radiotap(frames[10]), b"\x01" + radiotap(data)[1:],
              b"\0\0\x04\0" + radiotap(data)[4:], struct.pack("<BBHI", 0, 0, 12, 0x0000086F) + bytes(4) + data, radiotap(frames[17])[:-2]]
    make("radiotap", lambda p: radiotap(wlan_story(p)), 127, [(START + (200 + i) * MS, f) for i, f in enumerate(tapped)])

    def ppi(frame, flags=1, dlt=105, aligned=0, length=20):
        common = struct.pack("<QHHHHBBbb", 99, flags, 12, 2437, 0x0480, 0, 0, -50, -90)
        fields = struct.pack("<HH", 5, 2) + b"\x01\x02" + (b"\0\0" if aligned else b"") + struct.pack("<HH", 2, length) + common
        fcs = struct.pack("<I", zlib.crc32(frame)) if flags & 1 and dlt == 105 else b""
        return struct.pack("<BBHI", 0, aligned, 8 + len(fields), dlt) + fields + frame + fcs

    inside = [ppi(data, 0), ppi(data, aligned=1), ppi(ether(datagram), dlt=1), ppi(datagram, dlt=12), ppi(data, length=200), b"\x05" + ppi(data)[1:]]
    make("ppi", lambda p: ppi(wlan_story(p)), 192, [(START + (200 + i) * MS, f) for i, f in enumerate(inside)])

    def avs(frame, version=1, extra=b""):
        return struct.pack("!IIQQIIIIIIiiII", 0x80211000 | version, 64 + len(extra), 5, 6, 7, 11, 110, 1, 0, 2, -60, -95, 1, 2) + extra + frame

    def prism(frame, order="<", old=False):
        items = (1000, 2000, 11, 0, 0, 60, 0, 22, 0, len(frame))  # the fourth, fifth and seventh are not known
        body = b"".join(struct.pack(order + "IHHI", n << 12 | 0x41 if old else n << 16 | 0x44, n in (4, 5, 7), 4, v) for n, v in enumerate(items, 1))
        return struct.pack(order + "II", 0x41 if old else 0x44, 24 + len(body)) + b"wlan0".ljust(16, b"\0") + body + frame

    more = [prism(data, ">"), prism(data, old=True), avs(data), noise("neither", 4) + prism(data)[4:]]
    make("prism", lambda p: prism(wlan_story(p)), 119, [(START + (200 + i) * MS, f) for i, f in enumerate(more)])
    more = [avs(data, 2, bytes(8)), avs(frames[10]), b"\0" + avs(data)[1:]]
    make("avs", lambda p: avs(wlan_story(p)), 163, [(START + (200 + i) * MS, f) for i, f in enumerate(more)])


for part in (ethernet, llc, cooked, loopback, ppp, mpls, others, chdlc, nflog, wlan):
    part()
make("unknown", lambda p: noise("header", 4) + p, 147)
