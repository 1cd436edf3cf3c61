#!/usr/bin/env python3
"""Makes the corpus of a fuzz target out of captures.

usage: seed.py TARGET FOLDER CAPTURE...

fuzz_file reads files: the captures as they are, up to 64 KiB. fuzz_frame reads
one frame behind a head that chooses the link type, see its first comment: frames
of the classic captures, the same bytes once. fuzz_payload reads what TCP and UDP
carry, one payload or the segments of a conversation, behind heads of its own.
fuzz_filter reads expressions: those kept in tests/fuzz/fuzz_filter.
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


def payload(frame):
    """(protocol, ends, ports, bytes) of TCP or UDP directly in IP on Ethernet, else None."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) > 34 and frame[14] >> 4 == 4:
        ip, proto, ends = 14 + (frame[14] & 15) * 4, frame[23], (frame[26:30], frame[30:34])
        end = 14 + struct.unpack_from(">H", frame, 16)[0]
    elif kind == b"\x86\xdd" and len(frame) > 54:
        ip, proto, ends = 54, frame[20], (frame[22:38], frame[38:54])
        end = 54 + struct.unpack_from(">H", frame, 18)[0]
    else:
        return None
    if proto == 17 and len(frame) > ip + 8:
        data = frame[ip + 8:end]
    elif proto == 6 and len(frame) > ip + 20:
        data = frame[ip + (frame[ip + 12] >> 4) * 4:end]
    else:
        return None
    return (proto, ends, frame[ip:ip + 4], data) if data else None


# Bits of fuzz_payload's first byte and of a segment's.
UDP, SERVER, FIRST, SEGMENTS = 1, 2, 4, 128
SEGMENTS_MAX, SEGMENT_MAX = 60, 1460


def payloads(data):
    talks = {}
    for link, frame in frames(data):
        found = payload(frame) if link == 1 else None
        if not found:
            continue
        proto, ends, ports, text = found
        key = (proto, *min((ends, ports), (ends[::-1], ports[2:] + ports[:2])))
        talk = talks.setdefault(key, (ports, ends, []))
        server = (ports, ends) != talk[:2]
        yield bytes([(UDP if proto == 17 else 0) | (SERVER if server else 0) | FIRST, 0]) + ports + b"\0\0" + text
        if proto == 6:
            talk[2].append(struct.pack(">BBH", 1 if server else 0, 0, (len(text) - 1) % SEGMENT_MAX) + text[:SEGMENT_MAX])
    for ports, _, segments in talks.values():
        if segments:
            yield bytes([SEGMENTS, 0]) + ports + b"\0\0" + b"".join(segments[:SEGMENTS_MAX])


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for capture in sys.argv[3:]:
        data = pathlib.Path(capture).read_bytes()
        if target == "fuzz_frame":
            inputs = [struct.pack(HEAD, link & LINKS) + frame for link, frame in frames(data)]
        elif target == "fuzz_payload":
            inputs = payloads(data)
        elif target == "fuzz_filter":
            inputs = ()
        else:
            inputs = [data[:BYTES]]
        for one in inputs:
            (folder / hashlib.sha1(one).hexdigest()).write_bytes(one)


if __name__ == "__main__":
    main()
