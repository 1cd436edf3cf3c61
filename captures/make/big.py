"""tcp-big.pcap: segments over 64 KB, as Linux hands them to the card and captures see them (BIG TCP).

Frames are kept to 160 bytes; their length on the wire is the real one.

IPv4: a handshake, 65 495 bytes in a packet of 65 535 (the largest that IPv4 can say), 120 000 bytes with
total length 0, its ACK, 20 with total length 0, too. IPv6: a handshake, 65 475 bytes in a payload of
65 507, 150 000 bytes behind a jumbo payload option (RFC 2675), 70 000 with length 0 and no option, their ACK.
Then wrong ones: a jumbo length with a payload length that is not 0, one above the frame's, one of 8 bytes.
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"
A6, B6 = "2001:db8::10", "2001:db8::20"
KEPT = 160
HOP_BY_HOP = 0


def main():
    frames = []

    def add(t, packet):
        data = ether(packet, src=mac_of(A), dst=mac_of(B))
        frames.append((t, data[:KEPT], len(data)))

    def segment(src, dst, port, seq, n):
        """The checksum is that of the first 64 bytes: the card would make the real one."""
        return tcp(src, dst, port, 80, seq, 5001, PSH | ACK, noise("start", min(n, 64))) + bytes(max(n - 64, 0))

    def handshake(t, src, dst, port):
        for i, (a, b, flags, seq, ack) in enumerate(((src, dst, SYN, 1000, 0), (dst, src, SYN | ACK, 5000, 1001),
                                                     (src, dst, ACK, 1001, 5001))):
            ports = (80, port) if i == 1 else (port, 80)
            add(t + i * MS, network(a, b, TCP, tcp(a, b, *ports, seq, ack, flags, options=opt_mss(1460) if i < 2 else b"")))

    def acked(t, src, dst, port, ack):
        add(t, network(dst, src, TCP, tcp(dst, src, 80, port, 5001, ack, ACK)))

    handshake(START, A, B, 48000)
    t, seq = START + 10 * MS, 1001
    for i, (n, total) in enumerate(((65495, None), (120000, 0), (20, 0))):
        add(t + i * MS, ipv4(A, B, TCP, segment(A, B, 48000, seq, n), total=total))
        seq += n
    acked(t + 10 * MS, A, B, 48000, seq)

    def jumbo(length):
        return struct.pack("!BBBBI", TCP, 0, 0xC2, 4, length)

    handshake(START + 100 * MS, A6, B6, 48001)
    t, seq = START + 110 * MS, 1001
    add(t, ipv6(A6, B6, TCP, segment(A6, B6, 48001, seq, 65475)))
    seq += 65475
    add(t + 1 * MS, ipv6(A6, B6, HOP_BY_HOP, jumbo(8 + 20 + 150000) + segment(A6, B6, 48001, seq, 150000), total=0))
    seq += 150000
    add(t + 2 * MS, ipv6(A6, B6, TCP, segment(A6, B6, 48001, seq, 70000), total=0))
    seq += 70000
    acked(t + 10 * MS, A6, B6, 48001, seq)

    t = START + 200 * MS
    add(t, ipv6(A6, B6, HOP_BY_HOP, jumbo(70000) + segment(A6, B6, 48002, 1, 50)))
    add(t + 1 * MS, ipv6(A6, B6, HOP_BY_HOP, jumbo(90000) + segment(A6, B6, 48003, 1, 70000), total=0))
    add(t + 2 * MS, ipv6(A6, B6, HOP_BY_HOP, jumbo(8) + segment(A6, B6, 48004, 1, 70000), total=0))
    write_pcap("tcp-big.pcap", frames)


main()
