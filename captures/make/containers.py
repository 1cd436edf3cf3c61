"""pcap-*, pcapng-*, damaged-*: what a capture file can look like.

All hold the same TCP conversation (10 frames) unless said otherwise.

pcap-big-endian        written on a big endian machine
pcap-nanosecond        nanoseconds; -be: big endian
pcap-modified          Kuznetzov's pcap (0xa1b2cd34): eight more bytes per record
pcap-snaplen           frames cut to 60 bytes on the way
pcap-fcs               a link type field with FCS bits set; the four bytes are there
pcap-unordered         time goes backwards between records
pcapng-interfaces      two interfaces: Ethernet and raw IP; names, comments, snap lengths
pcapng-big-endian      the same in the other byte order
pcapng-sections        a little and a big endian section; interface numbers begin anew
pcapng-resolution      if_tsresol: 10^-9, 2^-20, 10^-3, none; the same instants
pcapng-tsoffset        if_tsoffset of -3600 s and +10 s
pcapng-blocks          simple, obsolete, names, statistics, custom (both kinds), an unknown block
damaged-header         17 bytes of a file header
damaged-record         the file ends inside a record's bytes
damaged-record-header  the file ends inside a record's header
damaged-length         the sixth record claims 0x7fffffff bytes
damaged-zeros          256 zero bytes after the fifth record
damaged-pcapng-cut     ends inside a block
damaged-pcapng-length  a block's second length differs
damaged-pcapng-tiny    a block of length 8
damaged-pcapng-interface  a packet of an interface that was never described
damaged-magic          not a capture
empty                  no byte at all; empty-pcap, empty-pcapng: a header and nothing else
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"


def packets():
    out = []
    k = Conversation(out, (A, 48000), (B, 80), seed="container", wrap=lambda p, s: p)
    t = k.handshake(START + 123456789, 12 * MS + 345678, 150 * US + 12)
    t = k.ask(t + 1 * MS, b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", 12 * MS)
    k.close(t + 5 * MS, 12 * MS)
    return out


RAW = packets()
FRAMES = [(t, ether(p)) for t, p in RAW]
PLAIN = pcap(FRAMES)


def old_ones():
    write("pcap-big-endian.pcap", pcap(FRAMES, order=">"))
    write("pcap-nanosecond.pcap", pcap(FRAMES, nano=True))
    write("pcap-nanosecond-be.pcap", pcap(FRAMES, nano=True, order=">"))
    modified = struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 262144, 1)
    for t, f in FRAMES:
        modified += struct.pack("<IIIIIHBB", t // S, t % S // 1000, len(f), len(f), 2, 0x0800, 0, 0) + f
    write("pcap-modified.pcap", modified)
    write("pcap-snaplen.pcap", pcap(FRAMES, snaplen=60))
    fcs = [(t, f + noise(f"fcs{t}", 4)) for t, f in FRAMES]
    write("pcap-fcs.pcap", pcap(fcs, link=1 | 0x04000000 | 2 << 28))
    order = FRAMES[:2] + FRAMES[4:6] + FRAMES[2:4] + FRAMES[6:]
    write("pcap-unordered.pcap", pcap(order))


def two_interfaces(order):
    f = Pcapng(order)
    f.section([(1, "two interfaces, in one file"), (2, "a machine"), (3, "an operating system"), (4, "pcapgen")])
    f.interface(1, 262144, [(2, "eth0"), (3, "the office"), (9, b"\x06")])
    f.interface(101, 96, [(2, "tun0"), (1, "raw IP, cut to 96 bytes"), (9, b"\x09")])
    for i, (t, p) in enumerate(RAW):
        comment = [(1, "the SYN")] if i == 0 else [(1, "first remark"), (1, "second remark, \x1b[31mred")] if i == 1 else []
        flags = [(2, struct.pack(order + "I", 1 + i % 2))] if i < 4 else []
        f.packet(0, t // 1000, ether(p), options=comment + flags)
        f.packet(1, t + 30 * US, p[:96], wire=len(p))
    return f


def new_ones():
    write("pcapng-interfaces.pcapng", two_interfaces("<").out)
    write("pcapng-big-endian.pcapng", two_interfaces(">").out)

    out = b""
    for order, part, link in (("<", RAW[:5], 1), (">", RAW[5:], 101)):
        f = Pcapng(order).section().interface(link, 262144, [(9, b"\x09")])
        for t, p in part:
            f.packet(0, t, ether(p) if link == 1 else p)
        out += f.out
    write("pcapng-sections.pcapng", out)

    f = Pcapng().section()
    for resolution in (b"\x09", b"\x94", b"\x03", None):
        f.interface(1, 0, [(9, resolution)] if resolution else [])
    for i, (t, p) in enumerate(FRAMES):
        f.packet(i % 4, (t, (t << 20) // S, t // MS, t // 1000)[i % 4], p)
    write("pcapng-resolution.pcapng", f.out)

    f = Pcapng().section()
    for offset in (-3600, 10):
        f.interface(1, 0, [(9, b"\x09"), (14, struct.pack("<q", offset))])
    for i, (t, p) in enumerate(FRAMES):
        f.packet(i % 2, t + (3600 if i % 2 == 0 else -10) * S, p)
    write("pcapng-tsoffset.pcapng", f.out)

    f = Pcapng().section().custom(32473, b"a custom block").interface(1, 64)
    f.names([(A, "client.example.org"), ("2001:db8::1", "six.example.org")])
    for i, (t, p) in enumerate(FRAMES):
        if i % 3 == 0:
            f.simple(p[:64], wire=len(p))
        elif i % 3 == 1:
            f.obsolete(0, t // 1000, p, drops=i)
        else:
            f.packet(0, t // 1000, p)
        if i == 4:
            f.custom(32473, b"do not copy", copy=False).block(0x0BADF00D, b"a block of tomorrow")
    f.statistics(0, FRAMES[-1][0] // 1000, 10, 3)
    write("pcapng-blocks.pcapng", f.out)


def damaged():
    record = 24
    ends = []
    for _, p in FRAMES:
        record += 16 + len(p)
        ends.append(record)
    write("damaged-header.pcap", PLAIN[:17])
    write("damaged-record.pcap", PLAIN[:ends[6] - 10])
    write("damaged-record-header.pcap", PLAIN[:ends[6] + 7])
    length = bytearray(PLAIN)
    length[ends[4] + 8:ends[4] + 16] = struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF)
    write("damaged-length.pcap", bytes(length))
    write("damaged-zeros.pcap", PLAIN[:ends[4]] + bytes(256) + PLAIN[ends[4]:])
    write("damaged-magic.pcap", b"This is a text and no capture.\n")
    write("empty.pcap", b"")
    write("empty-pcap.pcap", pcap([]))
    write("empty-pcapng.pcapng", Pcapng().section().interface().out)

    def five():
        f = Pcapng().section().interface(1, 262144, [(9, b"\x09")])
        for t, p in FRAMES[:5]:
            f.packet(0, t, p)
        return f

    write("damaged-pcapng-cut.pcapng", five().out[:-30])
    write("damaged-pcapng-length.pcapng", five().out[:-4] + struct.pack("<I", 4096))
    write("damaged-pcapng-tiny.pcapng", five().out + struct.pack("<II", 6, 8) + five().out)
    write("damaged-pcapng-interface.pcapng", five().packet(3, FRAMES[5][0], FRAMES[5][1]).out)


for part in (old_ones, new_ones, damaged):
    part()
