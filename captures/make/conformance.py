"""pcapng-set-*: the blocks and options of the public pcapng conformance set, in files of our own.

Numbers in brackets are those of the public set (basic, advanced and difficult tests); each file is there in both
byte orders, -le and -be, unless it holds both.

pcapng-set-section     a section header with every option, custom and unknown ones too [007]
pcapng-set-interfaces  interfaces with every option, in both orders of options; one link type, two snap lengths; the
                       second described after the first packet [004 005 006 008]
pcapng-set-packets     enhanced packets with every option; simple ones between; a snap length below some [009 010 011 012]
pcapng-set-empty       sections, interfaces, statistics, names and no packet [001 013 014 015 100 200]
pcapng-set-names       name resolution: twice the same, unknown kinds, empty, options behind the records [016 017]
pcapng-set-custom      custom blocks, to be copied and not, between packets [018]
pcapng-set-statistics  statistics with every option, twice, of an earlier time, of an interface without packets [101 102 201]
pcapng-set-all         three sections, the middle one in the other byte order, every block in them [202]
pcapng-set-version     three sections, the middle one of a version that nobody knows [901]
pcapng-set-only-custom a section and custom blocks, no interface
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"
CUSTOM = [(2988, struct.pack("<I", 32473) + b"a string"), (2989, struct.pack("<I", 32473) + b"\1\2\3"),
          (19372, struct.pack("<I", 32473) + b"not to be copied"), (19373, struct.pack("<I", 32473) + b"\4\5\6")]
UNKNOWN = [(1234, b"an option of tomorrow"), (32768 + 77, b"a local option")]


def conversation():
    out = []
    k = Conversation(out, (A, 48100), (B, 80), seed="conformance", wrap=lambda p, s: ether(p))
    t = k.handshake(START, 12 * MS)
    t = k.ask(t + 1 * MS, b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n" + b"." * 300, 12 * MS)
    k.close(t + 5 * MS, 12 * MS)
    return out


FRAMES = conversation()


class Set(Pcapng):
    def q(self, value):
        return struct.pack(self.order + "Q", value)

    def i(self, value):
        return struct.pack(self.order + "I", value)

    def own(self, options):
        """Custom options carry their number in the file's byte order."""
        return [(code, self.i(32473) + value[4:]) if (code, value) in CUSTOM else (code, value) for code, value in options]

    def frames(self, numbers, interface=0, snaplen=None, options=()):
        for n in numbers:
            t, p = FRAMES[n]
            self.packet(interface, t // 1000, p[:snaplen], wire=len(p), options=options)
        return self

    def records(self, records, options=()):
        body = b""
        for kind, value in records:
            body += struct.pack(self.order + "HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)
        body += struct.pack(self.order + "HH", 0, 0)
        return self.block(4, body + self.options(options))

    def numbers(self, interface, time, options):
        return self.block(5, struct.pack(self.order + "III", interface, time >> 32, time & 0xFFFFFFFF) + self.options(options))

    def every_number(self, interface, time):
        stamp = struct.pack(self.order + "II", time >> 32, time & 0xFFFFFFFF)
        return self.numbers(interface, time, [(2, stamp), (3, stamp), (4, self.q(100)), (5, self.q(1)), (6, self.q(9)),
                                              (7, self.q(42)), (8, self.q(6)), (1, "all of them"), *UNKNOWN])


def name(address, text):
    return (2 if ":" in address else 1, ip(address) + text.encode() + b"\0")


NAMES = [name(A, "a"), name(A, "example.com"), name(A, "example.com"), name("2001:db8::beef", "example.com"),
         name(A, "one.example.net"), (77, b"unknown"), (32768 + 5, b"a local record")]


def section(order):
    f = Set(order)
    return f.section([(1, "every option"), (2, "a machine"), (3, "a system"), (4, "a program"), *f.own(CUSTOM), *UNKNOWN]) \
        .interface(1, 96, [(2, "eth0")]).frames(range(4), snaplen=96)


def interfaces(order):
    f = Set(order)
    every = [(1, "more than\na line\r\n"), (2, "eth-_0 foo"), (3, "an interface"), (4, ip("192.0.2.3") + ip("255.255.255.0")),
             (5, ip("2001:db8::1a2b") + b"\x40"), (6, bytes(range(6))), (7, bytes(range(8))), (8, f.q(10 ** 9)), (9, b"\x06"),
             (10, f.i(3600)), (11, b"\0tcp port 23"), (12, "a system"), (13, b"\0"), (14, f.q(0)), (15, "a card"),
             (16, f.q(10 ** 8)), (17, f.q(10 ** 7)), *f.own(CUSTOM), *UNKNOWN]
    f.section().interface(1, 96, every).frames([0, 1], 0, 96)
    f.interface(1, 128, [(c, v) for c, v in reversed(every) if c != 2] + [(2, "en1")]).interface(0, 0, [(2, "null1")])
    f.frames([2, 3], 1, 128).frames([4], 0, 96)
    t, p = FRAMES[5]
    return f.packet(2, t // 1000, f.i(2) + p[14:]).frames([6, 7], 1, 128)


def packets(order):
    f = Set(order).section().interface(1, 315, [(2, "eth0")])
    every = [(2, f.i(0x48000001)), (3, b"\x02" + noise("hash", 4)), (4, f.q(3)), (5, f.q(0x1122334455667788)), (6, f.i(5)),
             (7, b"\x00" + f.q(0)), (8, f.i(4711)), *f.own(CUSTOM), *UNKNOWN]
    for n, (t, p) in enumerate(FRAMES):
        if n % 3 == 2:
            f.simple(p[:315], wire=len(p))
        else:
            remark = [(1, f"packet {n}")]
            f.packet(0, t // 1000, p[:315], wire=len(p), options=remark + every if n % 2 else every[:1] + remark + every[3:])
    return f


def empty(order):
    f = Set(order)
    for snaplen, link, label in ((96, 1, "eth0"), (0, 1, "eth0"), (128, 0, "null1")):
        f.section([(1, "no packet")]).interface(link, snaplen, [(2, label)]).interface(1, 96, [(2, "silly!\r\ninterface")])
        f.numbers(1, START // 1000, []).numbers(0, 0, []).records(NAMES).records([])
    return f


def names(order):
    f = Set(order).section().interface(1, 0, [(2, "eth0")])
    f.records(NAMES, [(1, "names"), (2, "a server"), (3, ip("192.0.2.53")), *UNKNOWN]).frames([0])
    f.records([], [(1, "no record")]).records([]).frames([1, 2])
    return f.records(NAMES[::-1]).frames(range(3, len(FRAMES)))


def custom(order):
    f = Set(order).section().interface(1, 0, [(2, "eth0")]).custom(32473, b"an example").frames([0])
    f.custom(32473, b"not to be copied" + f.options([(1, "a remark")]), copy=False).frames([1]).custom(36724, b"").frames([2])
    return f.custom(36724, noise("custom", 41)).frames(range(3, len(FRAMES))).custom(1, b"the last one", copy=False)


def statistics(order):
    t = START // 1000
    f = Set(order).section().interface(1, 0, [(2, "eth0")]).interface(0, 0, [(2, "null1")]).numbers(1, t, [])
    f.frames(range(4)).every_number(0, t + 1000).numbers(0, t - 1000, [(5, f.q(1))]).numbers(1, 0, [(5, f.q(10))])
    return f.frames(range(4, len(FRAMES))).every_number(0, t + 2000).numbers(0, 0, [])


def every_block(orders):
    out = b""
    for n, order in enumerate(orders):
        f = Set(order)
        f.section([(1, f"section {n}"), *UNKNOWN]).records([], [(1, "no record")]).interface(1, 96 if n != 1 else 128, [(2, "eth0")])
        f.custom(32473, b"an example").interface(0, 0, [(2, "null1")]).records(NAMES, UNKNOWN).frames(range(4 * n, 4 * n + 2), 0, 96)
        f.every_number(1, START // 1000).custom(36724, b"not to be copied", copy=False)
        f.simple(FRAMES[4 * n + 2][1][:96 if n != 1 else 128], wire=len(FRAMES[4 * n + 2][1])) if 4 * n + 2 < len(FRAMES) else None
        out += f.block(0x0BADF00D, b"a block of tomorrow").out
    return out


def version(order):
    f = Set(order).section().interface(1, 0, [(2, "eth0")]).frames(range(4))
    f.block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 2, 0, -1)).interface(1, 0, [(9, b"\x09")]).frames(range(4, 6))
    return f.section().interface(1, 0, [(2, "eth0")]).frames(range(6, len(FRAMES)))


def only_custom(order):
    f = Set(order).section()
    return f.custom(32473, b"an example").custom(32473, b"not to be copied", copy=False).custom(36724, b"")


for make in (section, interfaces, packets, empty, names, custom, statistics, version, only_custom):
    for order, label in (("<", "le"), (">", "be")):
        write(f"pcapng-set-{make.__name__.replace('_', '-')}-{label}.pcapng", make(order).out)
write("pcapng-set-all.pcapng", every_block("<><"))
