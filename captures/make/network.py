"""The network layer: arp, ipv4-*, ipv6-*, icmp-errors.

arp                question, answer, gratuitous, probe, RARP, a short one
ipv4-options       router alert, record route, timestamp, source route, security; an option of length 0; one that overruns
ipv4-fragments     the same 3 000 byte UDP datagram: in order; reversed; the middle twice; overlapping with other bytes;
                   one missing; then a TCP handshake whose data segment comes in two fragments
ipv4-lengths       total length 0 (offloaded), shorter than the header, longer than the frame; padding after the packet;
                   header length 4; a wrong header checksum; version 7
ipv6-extensions    hop by hop, destination options, routing types 0 and 4, AH, no next header, an atomic fragment,
                   eight headers in a row; TCP behind each
ipv6-fragments     in order; reversed; overlapping (RFC 5722: dropped); one missing
icmp-errors        unreachable (host, port, fragmentation needed), time exceeded, redirect, parameter problem; quoting TCP
                   and UDP whole and cut to 8 bytes; ICMPv6 unreachable, packet too big, time exceeded; an error about
                   an error
ipcomp             a TCP handshake and a datagram with IPComp (stored blocks, the same with every zlib); one that is
                   not deflate; one compressed by LZS
icmp-echo          echo, timestamp, information and address mask with their answers, ICMPv6 echo, neighbour discovery
"""
import zlib

from pcapgen import *

A, B, R = "192.0.2.10", "198.51.100.20", "192.0.2.1"
A6, B6, R6 = "2001:db8::10", "2001:db8:1::20", "2001:db8::1"


def timed(packets, step=10 * MS):
    return [(START + i * step, p) for i, p in enumerate(packets)]


def arp():
    def one(op, sha, spa, tha, tpa, kind=0x0806, dst="ff:ff:ff:ff:ff:ff"):
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, op) + sha + ip(spa) + tha + ip(tpa)
        return ether(body, src=sha, dst=dst, kind=kind).ljust(60, b"\0")

    a, r, none = mac_of(A), mac_of(R), bytes(6)
    write_pcap("arp.pcap", timed([
        one(1, a, A, none, R), one(2, r, R, a, A, dst=a), one(1, a, A, none, A), one(1, a, "0.0.0.0", none, A),
        one(3, a, "0.0.0.0", a, "0.0.0.0", 0x8035), ether(struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + a, kind=0x0806)]))


def v4_options():
    lists = (b"\x94\x04\0\0", b"\x07\x0b\x08" + ip(R) + bytes(4), b"\x44\x0c\x0d\0" + noise("stamp", 8), b"\x83\x07\x04" + ip(B),
             b"\x89\x07\x04" + ip(R), b"\x82\x0b" + noise("basic", 9), b"\x01\x01\x94\x04\0\0\0", b"\x94\x00\0\0", b"\x07\x2b\x04\0")
    write_pcap("ipv4-options.pcap", timed([
        ether(ipv4(A, B, UDP, udp(A, B, 4000 + i, 9, b"options"), options=o, ident=i)) for i, o in enumerate(lists)]))


def fragments4(ident, data, cuts, proto=UDP):
    """Pieces of data between the offsets of cuts."""
    ends = list(cuts[1:]) + [len(data)]
    return [ether(ipv4(A, B, proto, data[a:b], ident=ident, df=False, mf=b < len(data), offset=a)) for a, b in zip(cuts, ends)]


def v4_fragments():
    def whole(i):
        return udp(A, B, 5000 + i, 9000, (b"datagram %d: " % i) + noise(f"datagram{i}", 1500).hex().encode()[:2980])

    cut = (0, 1480, 2960)
    frames = fragments4(1, whole(1), cut) + fragments4(2, whole(2), cut)[::-1]
    three = fragments4(3, whole(3), cut)
    frames += [three[0], three[1], three[1], three[2]]
    other = bytearray(whole(4))
    four = fragments4(4, bytes(other), cut)
    other[1472:1600] = b"X" * 128
    four.insert(1, ether(ipv4(A, B, UDP, bytes(other[1472:1600]), ident=4, df=False, mf=True, offset=1472)))
    frames += four
    frames += [f for i, f in enumerate(fragments4(5, whole(5), cut)) if i != 1]
    out = timed(frames)
    start = START + len(out) * 10 * MS
    packets = []
    k = Conversation(packets, (A, 42000), (B, 80), seed="fragmented")
    t = k.handshake(start, 9 * MS, 100 * US)
    k.ask(t + 100 * US, b"POST /form HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 400\r\n\r\n" + b"x" * 400, b"HTTP/1.1 204 No Content\r\n\r\n", 9 * MS)
    for t, p in packets:
        if len(p) > 400:
            out += [(t + i, f) for i, f in enumerate(fragments4(77, p[20:], (0, 256), TCP))]
        else:
            out.append((t, ether(p)))
    write_pcap("ipv4-fragments.pcap", out)


def v4_lengths():
    body = udp(A, B, 4000, 9, b"lengths")
    good = ipv4(A, B, UDP, body)
    broken = bytearray(good)
    broken[10] ^= 0xFF
    segment = tcp(A, B, 42001, 80, 1, 1, ACK, noise("offloaded", 2000))
    write_pcap("ipv4-lengths.pcap", timed([
        ether(ipv4(A, B, TCP, segment, total=0)), ether(ipv4(A, B, UDP, body, total=12)), ether(ipv4(A, B, UDP, body, total=900)),
        ether(good) + b"\xee" * 20, ether(b"\x44" + good[1:], kind=0x0800), ether(bytes(broken)), ether(b"\x75" + good[1:], kind=0x0800),
        ether(good[:13], kind=0x0800), ether(good[:20], kind=0x0800)]))


def header(following, body):
    """An extension header that counts its length in units of 8 bytes."""
    body += b"\0" * (-(len(body) + 2) % 8)
    return struct.pack("!BB", following, (len(body) + 2) // 8 - 1) + body


def v6_extensions():
    def segment(i):
        return tcp(A6, B6, 43000 + i, 80, 1000, 0, SYN, options=opt_mss(1440))

    pad = b"\x01\x02\0\0"
    router_alert = b"\x05\x02\0\0\x01\x00"
    routes = b"".join(ip(x) for x in (R6, "2001:db8:2::1"))
    segments = header(TCP, b"\x04\x01\x01\0\0\0" + routes)
    ah = struct.pack("!BBHII", TCP, 4, 0, 0x100, 7) + noise("icv", 12)
    eight = b"".join(header(60, pad) for _ in range(7)) + header(TCP, pad)
    chains = ((0, header(TCP, router_alert)), (60, header(TCP, pad)), (43, header(TCP, b"\0\0\0\0\0\0")), (43, segments),
              (51, ah), (44, struct.pack("!BBHI", TCP, 0, 0, 0x1234)), (0, header(60, router_alert) + header(TCP, pad)), (60, eight))
    frames = [ether(ipv6(A6, B6, first, chain + segment(i))) for i, (first, chain) in enumerate(chains)]
    frames.append(ether(ipv6(A6, B6, 59, b"nothing follows")))
    frames.append(ether(ipv6(A6, B6, 60, b"\x06\xff" + pad + segment(9))))  # longer than the packet
    write_pcap("ipv6-extensions.pcap", timed(frames))


def v6_fragments():
    def pieces(ident, data, cuts):
        ends = list(cuts[1:]) + [len(data)]
        return [ether(ipv6(A6, B6, 44, struct.pack("!BBHI", UDP, 0, a | (1 if b < len(data) else 0), ident) + data[a:b]))
                for a, b in zip(cuts, ends)]

    def whole(i):
        return udp(A6, B6, 5000 + i, 9000, (b"datagram %d: " % i) + noise(f"six{i}", 1500).hex().encode()[:2980])

    cut = (0, 1448, 2896)
    frames = pieces(1, whole(1), cut) + pieces(2, whole(2), cut)[::-1]
    three = pieces(3, whole(3), cut)
    three.insert(1, ether(ipv6(A6, B6, 44, struct.pack("!BBHI", UDP, 0, 1440 | 1, 3) + b"Y" * 64)))
    frames += three + [f for i, f in enumerate(pieces(4, whole(4), cut)) if i != 2]
    write_pcap("ipv6-fragments.pcap", timed(frames))


def icmp_errors():
    def about(packet, kind, code, rest=b"\0" * 4, keep=None):
        return ether(ipv4(R, A, ICMP, icmp(kind, code, rest, packet[:keep]), ttl=63))

    def about6(packet, kind, code, rest=b"\0" * 4, keep=None):
        return ether(ipv6(R6, A6, ICMPV6, icmpv6(R6, A6, kind, code, rest, packet[:keep]), ttl=63))

    def syn(port):
        return ipv4(A, B, TCP, tcp(A, B, port, 443, number(f"isn{port}"), 0, SYN, options=opt_mss(1460)))

    def ask(port):
        return udp_packet(A, B, port, 33434, b"who is there")

    def syn6(port):
        return ipv6(A6, B6, TCP, tcp(A6, B6, port, 443, number(f"isn{port}"), 0, SYN, options=opt_mss(1440)))

    frames = []
    for packet, kind, code, rest, keep in (
            (syn(44001), 3, 1, b"\0" * 4, 28), (syn(44002), 3, 13, b"\0" * 4, None), (ask(44003), 3, 3, b"\0" * 4, None),
            (syn(44004), 3, 4, b"\0\0" + struct.pack("!H", 1400), 28), (ask(44005), 11, 0, b"\0" * 4, 28),
            (syn(44006), 5, 1, ip("192.0.2.254"), 28), (syn(44007), 12, 0, b"\x14\0\0\0", 28), (ask(44008), 3, 3, b"\0" * 4, 22)):
        frames += [ether(packet), about(packet, kind, code, rest, keep)]
    for packet, kind, code, rest in ((syn6(44011), 1, 0, b"\0" * 4), (syn6(44012), 2, 0, struct.pack("!I", 1280)),
                                     (udp_packet(A6, B6, 44013, 33434, b"who"), 3, 0, b"\0" * 4), (syn6(44014), 1, 4, b"\0" * 4)):
        frames += [ether(packet), about6(packet, kind, code, rest)]
    frames.append(about(frames[1][14:], 11, 1, keep=56))
    write_pcap("icmp-errors.pcap", timed(frames))


def icmp_echo():
    def pair(kind, answer, rest, body=b""):
        return [ether(ipv4(A, B, ICMP, icmp(kind, 0, rest, body))), ether(ipv4(B, A, ICMP, icmp(answer, 0, rest, body), ttl=57))]

    frames = pair(8, 0, struct.pack("!HH", 77, 1), noise("echo", 48)) + pair(13, 14, struct.pack("!HH", 78, 1), noise("stamp", 12))
    frames += pair(15, 16, struct.pack("!HH", 79, 1)) + pair(17, 18, struct.pack("!HH", 80, 1), b"\xff\xff\xff\0")
    six = struct.pack("!HH", 81, 1)
    frames += [ether(ipv6(A6, B6, ICMPV6, icmpv6(A6, B6, 128, 0, six, b"echo"))), ether(ipv6(B6, A6, ICMPV6, icmpv6(B6, A6, 129, 0, six, b"echo")))]
    group = "ff02::1:ff00:1"
    frames.append(ether(ipv6(A6, group, ICMPV6, icmpv6(A6, group, 135, 0, b"\0" * 4, ip(R6) + b"\x01\x01" + mac_of(A6)), ttl=255), dst="33:33:ff:00:00:01"))
    frames.append(ether(ipv6(R6, A6, ICMPV6, icmpv6(R6, A6, 136, 0, b"\xe0\0\0\0", ip(R6) + b"\x02\x01" + mac_of(R6)), ttl=255)))
    write_pcap("icmp-echo.pcap", timed(frames))


def ipcomp():
    def deflate(data):
        z = zlib.compressobj(0, zlib.DEFLATED, -15)
        return z.compress(data) + z.flush()

    def packed(src, dst, proto, payload, cpi=2, body=None):
        body = deflate(payload) if body is None else body
        return ether(network(src, dst, 108, struct.pack("!BBH", proto, 0, cpi) + body))

    syn = tcp(A, B, 44020, 80, 1000, 0, SYN, options=opt_mss(1460))
    synack = tcp(B, A, 80, 44020, 5000, 1001, SYN | ACK, options=opt_mss(1400))
    ack = tcp(A, B, 44020, 80, 1001, 5001, ACK)
    write_pcap("ipcomp.pcap", timed([
        packed(A, B, TCP, syn), packed(B, A, TCP, synack), packed(A, B, TCP, ack),
        packed(A6, B6, UDP, udp(A6, B6, 44021, 9, b"small again\n" * 20)),
        packed(A, B, UDP, b"", body=b"\xff" * 40), packed(A, B, UDP, b"", 3, noise("lzs", 30))]))


for part in (arp, v4_options, v4_fragments, v4_lengths, v6_extensions, v6_fragments, icmp_errors, ipcomp, icmp_echo):
    part()
