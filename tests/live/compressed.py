"""Compressed captures as gzip and zstd write them, whole, cut, damaged, and made to burst."""
import gzip
import os
import struct
import subprocess
import zlib

from lab import check, ended, records
from bounds import run

CAPTURE = "captures/handshakes.pcap"
BOMB_MB = 10 * 1024
RSS_MB = 40


def packed(*words, data=None):
    return subprocess.run(words, input=data, stdin=None if data is not None else subprocess.DEVNULL,
                          capture_output=True, check=True).stdout


def write(lab, name, data):
    path = os.path.join(lab.folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def packets(lab, *words, **more):
    return ended(lab.start(None, lab.program, "packets", "-n", *words, **more), 30)


def same_as_plain(lab):
    """gzip and zstd at several levels, members and frames in a row, skippable frames, zeros behind: as the plain file"""
    with open(CAPTURE, "rb") as f:
        data = f.read()
    _, wanted, _ = packets(lab, CAPTURE)
    skippable = struct.pack("<II", 0x184D2A53, 5) + b"hello"
    members = [packed("gzip", f"-{n}", "-c", data=data) for n in (1, 6, 9)]
    frames = [packed("zstd", "-q", *w, "-c", data=data) for w in (["-1"], ["-19"], ["--ultra", "-22", "--long=27"], ["--no-check"])]
    members.append(b"".join(packed("gzip", "-c", data=data[i:i + 10000]) for i in range(0, len(data), 10000)) + bytes(5000))
    frames.append(skippable + b"".join(packed("zstd", "-q", "-c", data=data[i:i + 10000]) + skippable
                                     for i in range(0, len(data), 10000)))
    for name, files in (("gz", members), ("zst", frames)):
        for i, content in enumerate(files):
            path = write(lab, f"{i}.{name}", content)
            status, out, err = packets(lab, path)
            check(status == 0 and out == wanted and not err, f"exit {status}, file {i}.{name}:", err)
            piped = lab.start(None, "bash", "-c", f"dd if={path} bs=331 status=none | exec {lab.program} packets -n -r -")
            status, out, err = ended(piped, 30)
            check(status == 0 and out == wanted and not err, f"exit {status}, {i}.{name} through a pipe:", err)


def cut_and_damaged(lab):
    """cut, with a wrong checksum, with something behind: everything before is told, exit 3, with the position"""
    for tool, name in ((["gzip", "-c"], "gz"), (["zstd", "-q", "-c"], "zst")):
        with open(CAPTURE, "rb") as f:
            whole = packed(*tool, data=f.read())
            f.seek(0)
            parts = [packed(*tool, data=f.read(40000)) for _ in range(3)]
        wrong = bytearray(whole)
        wrong[-6 if name == "gz" else -2] ^= 1
        half = len(parts[0]) + len(parts[1]) // 2
        cases = {f"cut at byte {half} of the compressed file": b"".join(parts)[:half], "checksum": bytes(wrong),
                 f"what follows byte {len(whole)}": whole + b"garbage"}
        for words, content in cases.items():
            status, out, err = packets(lab, write(lab, f"bad.{name}", content))
            check(status == 3 and words in err and "packet" in err and out.count("\n") > 50, f"exit {status}, {words}, {name}:", err)
        status, out, err = ended(lab.start(None, lab.program, "report", "-n", "-o", "json", write(lab, f"whole.{name}", whole)))
        said = records(out, "file")[0]
        check(said["compression"] == ("gzip" if name == "gz" else "zstd") and said["compressed_bytes"] == len(whole)
              and said["uncompressed_bytes"] == os.path.getsize(CAPTURE) and said["complete"], "file record:", said)
    with open(CAPTURE, "rb") as f:
        data = f.read() * 400
    path = write(lab, "long.zst", packed("zstd", "-q", "--long=27", "-c", data=data))
    status, _, err = packets(lab, "--memory", "32M", "-c", "1", path)
    check(status == 1 and "window of more than 16 MiB" in err, f"exit {status}:", err)


def zstd_frame(path, parts):
    """A frame of 8 MiB window: bytes as they are, numbers as that many zeros (a block of 4 bytes makes 128 KiB)."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IBB", 0xFD2FB528, 0, 0x68))
        for part in parts:
            for _ in range(1 if isinstance(part, bytes) else part // 131072):
                kind, size, content = (0, len(part), part) if isinstance(part, bytes) else (1, 131072, b"\0")
                f.write(struct.pack("<I", kind << 1 | size << 3)[:3] + content)
        f.write(struct.pack("<I", 1)[:3])


def gzip_members(path, begin, megabytes):
    """Members of a megabyte of zeros each."""
    with open(path, "wb") as f:
        if begin:
            f.write(gzip.compress(begin))
        member = gzip.compress(bytes(1 << 20))
        for _ in range(megabytes):
            f.write(member)


def bombs(lab):
    """10 GB of zeros in little: what is no record ends it, what is one is read at the same memory; the report shows the ratio"""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    record = struct.pack("<IIII", 1700000000, 0, 262144, 262144)
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    length = (1 << 31) + 12
    files = (("zeros", zstd_frame, [[BOMB_MB << 20]], 1, "not a capture file"),
             ("zeros", gzip_members, [b"", BOMB_MB], 1, "not a capture file"),
             ("records", zstd_frame, [[header, BOMB_MB << 20]], 3, "zeros from byte 24"),
             ("records", gzip_members, [header, BOMB_MB], 3, "zeros from byte 24"),
             ("packets", zstd_frame, [[header] + [record, 262144] * 4096], 0, ""),
             ("block", zstd_frame, [[section, struct.pack("<II", 0xBAD, length), 1 << 31, struct.pack("<I", length)]], 0, ""))
    most = 0.0
    for name, make, how, wanted, words in files:
        said, path = [], os.path.join(lab.folder, name)
        make(path, *how)
        status, rss, err = run(lab.program, "report", "-n", path, line=said.append)
        os.unlink(path)
        most = max(most, rss)
        check(status == wanted and words in err, f"exit {status}, {name}:", err)
        check(rss <= RSS_MB, f"{name}: peak RSS {rss:.1f} MB, limit {RSS_MB}")
        if status == 0:
            check(any(b":1)" in line for line in said), f"{name}: no ratio in the report", *said[:3])
    return f"peak RSS {most:.1f} MB, limit {RSS_MB}"


def kept_signals(lab):
    """a stream that gives nothing for long (empty members without end) does not keep a signal or --duration away"""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    path = write(lab, "empty.gz", squeeze.flush() * 40)
    eye = lab.start(None, "bash", "-c", f"while cat {path}; do :; done | exec {lab.program} packets --duration 1 -r -")
    status, out, err = ended(eye, 20)
    check(status == 0 and not out, f"exit {status}:", err)


TESTS = [same_as_plain, cut_and_damaged, bombs, kept_signals]
