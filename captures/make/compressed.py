"""compressed*.gz, compressed*.zst: captures under compression, made of stored, fixed and run-length blocks only.

No library is asked to compress: the same bytes come out everywhere. All hold the conversation of containers.py
(10 frames) unless said otherwise; parts are cut anywhere, also inside records.

compressed.pcap.gz          three members, the second empty, zeros behind the last
compressed.pcapng.zst       a skippable frame, three frames (raw and run-length blocks), another skippable frame
compressed-cut.pcap.gz      ends in the middle of the second member; -cut.pcap.zst: of the second frame
compressed-checksum.pcap.gz the last member's checksum is wrong
compressed-garbage.pcap.zst something else follows the frames
compressed-inside.pcap.gz   the compression is whole, the capture in it is cut
compressed-window.pcap.zst  a frame that asks for a window of 2 GiB
compressed-zeros.pcap.zst   a file header, then 32 MiB of zeros in blocks of 128 KiB
"""
import zlib

from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"


def frames():
    out = []
    k = Conversation(out, (A, 48000), (B, 80), seed="container", wrap=lambda p, s: p)
    t = k.handshake(START + 123456789, 12 * MS + 345678, 150 * US + 12)
    t = k.ask(t + 1 * MS, b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", 12 * MS)
    k.close(t + 5 * MS, 12 * MS)
    return [(t, ether(p)) for t, p in out]


def member(data, wrong=0):
    """A gzip member with a name, one stored block."""
    out = bytes.fromhex("1f8b0808000000000003") + b"part.pcap\0"
    out += b"\x01" + struct.pack("<HH", len(data), ~len(data) & 0xFFFF) + data
    return out + struct.pack("<II", zlib.crc32(data) ^ wrong, len(data))


def frame(*blocks, window=0x40):
    """A zstd frame; a block is bytes as they are, or (byte, how often)."""
    out = struct.pack("<IBB", 0xFD2FB528, 0, window)
    for i, b in enumerate(blocks):
        kind, n, content = (0, len(b), b) if isinstance(b, bytes) else (1, b[1], bytes([b[0]]))
        out += struct.pack("<I", (i == len(blocks) - 1) | kind << 1 | n << 3)[:3] + content
    return out


def skippable(data):
    return struct.pack("<II", 0x184D2A50, len(data)) + data


OLD = pcap(frames())
NEW = Pcapng().section().interface(1, 262144, [(9, b"\x09")]).block(0x0BADF00D, bytes(5000))
for t, p in frames():
    NEW.packet(0, t, p)
NEW = NEW.out
ZEROS = NEW.index(bytes(5000))

write("compressed.pcap.gz", member(OLD[:300]) + member(b"") + member(OLD[300:]) + bytes(100))
write("compressed.pcapng.zst", skippable(b"made by hand") + frame(NEW[:50], NEW[50:ZEROS], (0, 5000))
      + frame(NEW[ZEROS + 5000:700 + ZEROS + 5000], b"") + frame(NEW[700 + ZEROS + 5000:]) + skippable(b""))
write("compressed-cut.pcap.gz", member(OLD[:500]) + member(OLD[500:])[:300])
write("compressed-cut.pcap.zst", frame(OLD[:500]) + frame(OLD[500:700], OLD[700:])[:300])
write("compressed-checksum.pcap.gz", member(OLD[:300]) + member(OLD[300:], wrong=1))
write("compressed-garbage.pcap.zst", frame(OLD[:300]) + frame(OLD[300:]) + b"garbage")
write("compressed-inside.pcap.gz", member(OLD[:-100]))
write("compressed-window.pcap.zst", frame(OLD, window=21 << 3))
write("compressed-zeros.pcap.zst", frame(OLD[:24], *[(0, 131072)] * 256))
