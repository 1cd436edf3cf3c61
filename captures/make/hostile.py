"""hostile-*, clock-*: headers that lie, and clocks that no machine has.

All hold a TCP conversation (10 frames) unless said otherwise.

hostile-snaplen         a snap length of 0, of 2^32-1 (-max); records are longer than it
hostile-wire            records that say fewer bytes on the wire than they have
hostile-linktype        link type 65535
hostile-zero-length     a pcapng block of length 0; -odd: of length 3; -max: of length 2^32-4
hostile-options         options without an end, one that is longer than its block
hostile-interface       packets of interface 2^32-1, and before any interface is described
hostile-resolution      if_tsresol 0xff, 0x7f, 0x80, 0; if_tsoffset of the greatest and the least number
hostile-secrets         a decryption secrets block inside another's data, one that says it is longer than it is
clock-step              the clock steps back by an hour within the handshake, and forward again by two
clock-2038              the handshake passes 2^31 seconds; -2106: it comes to the last second of 32 bits and begins at 0 again
clock-fraction          microseconds of a million and more; -nano: nanoseconds of 10^9 and of 2^32-1
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"


def packets(begin=START):
    out = []
    k = Conversation(out, (A, 48200), (B, 80), seed="hostile", wrap=lambda p, s: ether(p))
    t = k.handshake(begin, 12 * MS, 150 * US)
    t = k.ask(t + 1 * MS, b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", 12 * MS)
    k.close(t + 5 * MS, 12 * MS)
    return out


FRAMES = packets()


def old(records, link=1, snaplen=262144, magic=0xA1B2C3D4):
    """records: (seconds, part, captured, wire, bytes), written as they are."""
    out = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    return out + b"".join(struct.pack("<IIII", *r[:4]) + r[4] for r in records)


def plain(frames=FRAMES, wire=lambda n: n):
    return [(t // S, t % S // 1000, len(p), wire(len(p)), p) for t, p in frames]


def whole(numbers, f=None, interface=0):
    f = f or Pcapng().section().interface(1, 262144, [(9, b"\x09")])
    for n in numbers:
        f.packet(interface, FRAMES[n][0], FRAMES[n][1])
    return f


def headers():
    write("hostile-snaplen.pcap", old(plain(), snaplen=0))
    write("hostile-snaplen-max.pcap", old(plain(), snaplen=0xFFFFFFFF))
    write("hostile-wire.pcap", old(plain(wire=lambda n: n // 2)))
    write("hostile-linktype.pcap", old(plain(), link=65535))


def blocks():
    for label, length in (("zero-length", 0), ("odd", 3), ("max", 0xFFFFFFFC)):
        write(f"hostile-{label}.pcapng", whole(range(5)).out + struct.pack("<II", 6, length) + whole(range(5, 10)).out)
    f = whole(range(2))
    t, p = FRAMES[2]
    head = struct.pack("<IIIII", 0, t >> 32, t & 0xFFFFFFFF, len(p), len(p)) + p + b"\0" * (-len(p) % 4)
    f.block(6, head + f.option(1, "no end behind this"))
    t, p = FRAMES[3]
    head = struct.pack("<IIIII", 0, t >> 32, t & 0xFFFFFFFF, len(p), len(p)) + p + b"\0" * (-len(p) % 4)
    f.block(6, head + struct.pack("<HH", 1, 65535) + b"short")
    write("hostile-options.pcapng", whole(range(4, 10), f).out)
    f = Pcapng().section()
    whole([0], f)
    f.interface(1, 262144, [(9, b"\x09")])
    whole(range(1, 5), f)
    whole([5], f, 0xFFFFFFFF)
    write("hostile-interface.pcapng", whole(range(6, 10), f).out)
    f = Pcapng().section()
    for resolution, offset in ((0xFF, 0), (0x7F, 0), (0x80, 0), (0, 0), (9, 2 ** 63 - 1), (9, -2 ** 63)):
        f.interface(1, 0, [(9, bytes([resolution])), (14, struct.pack("<q", offset))])
    for n in range(6):
        whole([n], f, n)
    f.packet(0, 2 ** 64 - 1, FRAMES[6][1]).packet(3, 2 ** 64 - 1, FRAMES[7][1])
    write("hostile-resolution.pcapng", f.out)
    f = whole(range(3))
    inner = Pcapng().block(10, struct.pack("<II", 0x544C534B, 12) + b"CLIENT_RANDO").out
    f.block(10, struct.pack("<II", 0x544C534B, len(inner)) + inner)
    f.block(10, struct.pack("<II", 0x544C534B, 0xFFFFFFFF) + b"CLIENT_RANDOM")
    write("hostile-secrets.pcapng", whole(range(3, 10), f).out)


def clocks():
    step = [(t - 3600 * S if n == 1 else t + 7200 * S if n > 4 else t, p) for n, (t, p) in enumerate(FRAMES)]
    write("clock-step.pcap", pcap(step))
    write("clock-2038.pcap", pcap(packets(2 ** 31 * S - 5 * MS)))
    late = packets(2 ** 32 * S - 20 * MS)
    write("clock-2106.pcap", old([(t // S % 2 ** 32, t % S // 1000, len(p), len(p), p) for t, p in late]))
    odd = [1000000, 1999999, 0xFFFFFFFF]
    write("clock-fraction.pcap", old([(t // S, odd[n % 3] if n > 2 else u, c, w, p)
                                      for n, ((t, _), (_, u, c, w, p)) in enumerate(zip(FRAMES, plain()))]))
    odd = [10 ** 9, 10 ** 9 + 1, 0xFFFFFFFF]
    write("clock-fraction-nano.pcap", old([(t // S, odd[n % 3] if n > 2 else t % S, len(p), len(p), p)
                                           for n, (t, p) in enumerate(FRAMES)], magic=0xA1B23C4D))


for part in (headers, blocks, clocks):
    part()
