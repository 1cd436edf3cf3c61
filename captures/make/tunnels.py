"""tunnel-*.pcap: every tunnel around the same conversation.

The conversation inside: 10.1.0.5:41000 -> 10.2.0.9:80, HTTP, FIN both ways;
so a flow seen inside is the same in every file.

tunnel-ipip        IPv4 in IPv4
tunnel-6in4        IPv6 in IPv4 (2001:db8:a::5 -> 2001:db8:b::9), then IPv4 in IPv6
tunnel-gre         plain; with key and sequence; Ethernet inside (0x6558); PPTP's version 1 with PPP; a routing loop of
                   18 GRE headers that ends at the budget
tunnel-erspan      type II, session 100, VLAN 20; one frame of type I
tunnel-vxlan       VNI 42 and, on the second half, VNI 43 on Linux' old port 8472; a datagram on 4789 that is none
tunnel-geneve      VNI 5000 with an option; IPv4 directly inside
tunnel-gtpu        TEIDs differ by direction; with sequence number and extension header; an echo request
tunnel-teredo      IPv6 in UDP 3544, with authentication and origin indication
tunnel-ayiya       IPv6 in UDP 5072, signed; IPv4 inside; an operation without a packet; a wrong id kind; lengths that do not fit
tunnel-nested      VLAN 7, VXLAN 42, inside it GRE, inside it IPv4
"""
from pcapgen import *

OUTER = ("192.0.2.1", "198.51.100.1")
INNER = ("10.1.0.5", "10.2.0.9")
INNER6 = ("2001:db8:a::5", "2001:db8:b::9")
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"


def inside(wrap, addresses=INNER, port=41000, start=0):
    out = []
    k = Conversation(out, (addresses[0], port), (addresses[1], 80), seed=f"inside{port}", wrap=wrap)
    t = k.handshake(START + start, 8 * MS, 120 * US)
    t = k.ask(t + 100 * US, b"GET / HTTP/1.1\r\nHost: inside.example.org\r\n\r\n", PAGE, 8 * MS)
    k.close(t + 1 * MS, 8 * MS)
    return out


def outer(proto, payload, side, **more):
    return ether(ipv4(OUTER[side], OUTER[1 - side], proto, payload, ttl=60, **more))


def datagram(port, payload, side, seed="entropy"):
    return ether(udp_packet(OUTER[side], OUTER[1 - side], 49152 + number(f"{seed}{side}", 13), port, payload, ttl=60))


def lan(packet, side):
    return ether(packet, src=mac_of(f"pod{side}"), dst=mac_of(f"pod{1 - side}"))


def ip_in_ip():
    write_pcap("tunnel-ipip.pcap", inside(lambda p, s: outer(IPIP, p, s)))
    v6 = inside(lambda p, s: outer(IPV6, p, s), INNER6)
    back = inside(lambda p, s: ether(ipv6("2001:db8:f::1" if s == 0 else "2001:db8:f::2", "2001:db8:f::2" if s == 0 else "2001:db8:f::1", IPIP, p)), port=41001, start=1 * S)
    write_pcap("tunnel-6in4.pcap", v6 + back)


def generic():
    frames = inside(lambda p, s: outer(GRE, gre(0x0800, p), s))
    frames += inside(lambda p, s: outer(GRE, gre(0x0800, p, key=77 + s, seq=9), s), port=41001, start=1 * S)
    frames += inside(lambda p, s: outer(GRE, gre(0x6558, lan(p, s), key=0x2A00), s), port=41002, start=2 * S)

    def pptp(p, s):
        ppp = b"\xff\x03\x00\x21" + p
        return outer(GRE, struct.pack("!HHHHI", 0x3001, 0x880B, len(ppp), 900 + s, 5) + ppp, s)

    frames += inside(pptp, port=41003, start=3 * S)
    loop = udp_packet(*INNER, 1, 7, b"deep")
    for i in range(18):
        loop = ipv4(OUTER[i % 2], OUTER[1 - i % 2], GRE, gre(0x0800, loop))
    frames.append((START + 4 * S, ether(loop)))
    write_pcap("tunnel-gre.pcap", frames)

    def erspan2(p, s):
        head = struct.pack("!HHI", 0x1000 | 20, 0x1800 | 100, 7)
        return outer(GRE, gre(0x88BE, head + lan(p, s), seq=11), 0)

    frames = inside(erspan2)
    frames.append((START + 1 * S, outer(GRE, gre(0x88BE, lan(udp_packet(*INNER, 1, 7, b"type one"), 0)), 0)))
    write_pcap("tunnel-erspan.pcap", frames)


def over_udp():
    frames = inside(lambda p, s: datagram(4789, vxlan(42, lan(p, s)), s))
    frames += inside(lambda p, s: datagram(8472, vxlan(43, lan(p, s)), s), port=41001, start=1 * S)
    frames.append((START + 2 * S, datagram(4789, b"not a tunnel at all, only the port", 0)))
    write_pcap("tunnel-vxlan.pcap", frames)

    option = struct.pack("!HBB", 0x0102, 0x80, 1) + b"meta"
    frames = inside(lambda p, s: datagram(6081, struct.pack("!BBHI", 2, 0, 0x6558, 5000 << 8) + option + lan(p, s), s))
    frames += inside(lambda p, s: datagram(6081, struct.pack("!BBHI", 0, 0, 0x0800, 5001 << 8) + p, s), port=41001, start=1 * S)
    write_pcap("tunnel-geneve.pcap", frames)

    def gtp(kind, teid, body, seq=None, ext=b""):
        flags = 0x30 | (2 if seq is not None else 0) | (4 if ext else 0)
        more = struct.pack("!HBB", seq or 0, 0, 0x85 if ext else 0) + ext if flags & 6 else b""
        return struct.pack("!BBHI", flags, kind, len(more) + len(body), teid) + more + body

    frames = inside(lambda p, s: datagram(2152, gtp(255, 0x1111 + s, p), s))
    container = b"\x01\x00\x09\x00"  # PDU session, QFI 9, nothing follows
    frames += inside(lambda p, s: datagram(2152, gtp(255, 0x2222 + s, p, seq=3, ext=container), s), port=41001, start=1 * S)
    frames.append((START + 2 * S, datagram(2152, gtp(1, 0, b"", seq=4), 0)))
    write_pcap("tunnel-gtpu.pcap", frames)

    authentication = b"\0\x01\0\0" + noise("nonce", 8) + b"\0"
    origin = b"\0\0" + struct.pack("!H", 0xFFFF ^ 40000) + bytes(255 ^ b for b in ip("192.0.2.45"))
    teredo = ("2001:0:c633:6401:0:63bf:3fff:fdd2", "2001:db8:b::9")

    def teredo_packet(p, s):
        head = authentication if s == 0 else origin
        ports = (40000, 3544) if s == 0 else (3544, 40000)
        return ether(udp_packet(OUTER[s], OUTER[1 - s], *ports, head + p))

    write_pcap("tunnel-teredo.pcap", inside(teredo_packet, teredo))


def nested():
    def wrap(p, s):
        deep = lan(ipv4(f"172.16.0.{1 + s}", f"172.16.0.{2 - s}", GRE, gre(0x0800, p, key=5)), s)
        shell = udp_packet(OUTER[s], OUTER[1 - s], 50001, 4789, vxlan(42, deep))
        return ether(shell, vlans=[(0x8100, 7)])

    write_pcap("tunnel-nested.pcap", inside(wrap))


def ayiya():
    def header(packet, following, operation=1, kind=1, signature=5):
        return struct.pack("!BBBBI", 4 << 4 | kind, signature << 4 | 2, 1 << 4 | operation, following, 1772445600) + noise("id", 16) + noise("sha1", 20) + packet

    frames = inside(lambda p, s: datagram(5072, header(p, IPV6), s), INNER6)
    frames += inside(lambda p, s: datagram(5072, header(p, IPIP), s), port=41001, start=1 * S)
    inner = udp_packet(*INNER6, 1, 7, b"no")
    more = (header(b"", 59, 0), header(inner, IPV6, kind=9), header(inner, IPV6, signature=15)[:60], header(inner, IPIP))
    frames += [(START + 2 * S + i * MS, datagram(5072, m, 0)) for i, m in enumerate(more)]
    write_pcap("tunnel-ayiya.pcap", frames)


for part in (ip_in_ip, generic, over_udp, nested, ayiya):
    part()
