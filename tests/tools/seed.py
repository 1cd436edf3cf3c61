#!/usr/bin/env python3
"""Makes the corpus of a fuzz target out of captures.

usage: seed.py TARGET FOLDER CAPTURE...

fuzz_file reads files: the captures as they are, up to 64 KiB. fuzz_frame reads
one frame behind a head that chooses the link type, see its first comment: frames
of the classic captures, the same bytes once.
"""
import hashlib
import pathlib
import struct
import sys

BYTES = 65536
# Before the frame in an input of fuzz_frame: link type (9 bits), big endian.
HEAD, LINKS = ">H", 0x1FF


def frames(data):
    """(link type, bytes) of each whole record of a classic pcap; none of other files."""
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if not order or len(data) < 24:
        return
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        at += 16
        if at + length > len(data):
            return
        yield link, data[at:at + length]
        at += length


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for capture in sys.argv[3:]:
        data = pathlib.Path(capture).read_bytes()
        inputs = [data[:BYTES]] if target != "fuzz_frame" else [struct.pack(HEAD, link & LINKS) + frame for link, frame in frames(data)]
        for one in inputs:
            (folder / hashlib.sha1(one).hexdigest()).write_bytes(one)


if __name__ == "__main__":
    main()
