#!/usr/bin/env python3
"""What -w writes is what was read: for us, for tshark, capinfos and tcpdump.

usage: written.py --program PATH [--tshark] [CAPTURE...]

Every capture (but the truth-*.pcap, which are all of one make) is written as pcapng
and read back: the packets as JSON must be the same. With --tshark instead one capture of each link type is compared in what
tcpdump prints of it; then all of them are merged into one file, of which tshark must
find every packet with its time, lengths and bytes, capinfos their number, tcpdump
those before the second link type, and pcap must refuse just that.
"""
import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C",
               "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"}
FIELDS = [w for f in ("time_epoch", "len", "cap_len", "encap_type") for w in ("-e", f"frame.{f}")]
# A packet of a simple block has no time in the file that is read; what is written gives it the one before it.
WITHOUT_TIME = {"pcapng-blocks.pcapng", "pcapng-set-all.pcapng", "pcapng-set-packets-be.pcapng", "pcapng-set-packets-le.pcapng"}


def run(*words):
    return subprocess.run([str(w) for w in words], cwd=TOP, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


class Comparison:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.failed, self.done = [], collections.Counter()

    def expect(self, holds, what, done):
        self.done[done] += 1
        if not holds:
            self.failed.append(f"{what}: {done} differ")

    def json(self, *files):
        return run(self.program, "packets", "-n", "-o", "json", *(w for f in files for w in ("-r", f)))

    def write(self, name, *files):
        out = self.folder / name
        wrote = run(self.program, "-w", out, *(w for f in files for w in ("-r", f)))
        return out, wrote

    def capture(self, path):
        """Compared as we read it; the file that was written."""
        before = self.json(path)
        if before.returncode not in (0, 3):
            return None
        out, wrote = self.write("x.pcapng", path)
        after = self.json(out)
        self.expect(wrote.returncode == before.returncode and not wrote.stdout, path.name, "exit status")
        self.expect(after.returncode == 0, path.name, "exit status of what was written")
        if path.name not in WITHOUT_TIME:
            self.expect(before.stdout == after.stdout, path.name, "packets as JSON")
        else:
            self.expect(before.stdout.count(b"\n") == after.stdout.count(b"\n"), path.name, "numbers of packets")
        return out

    def outside(self, path, out):
        a, b = run("tcpdump", "-tnxxr", path), run("tcpdump", "-tnxxr", out)
        self.expect(a.stdout == b.stdout and a.returncode == b.returncode, path.name, "tcpdump")

    def mixed(self, paths):
        """All link types in one file."""
        out, wrote = self.write("mixed.pcapng", *paths)
        self.expect(wrote.returncode == 0, "mixed", "exit status")
        self.expect(self.json(*paths).stdout == self.json(out).stdout, "mixed", "packets as JSON")
        # A line of fields, or a block of hexadecimal bytes, is a packet.
        for words, end in ((["-T", "fields", *FIELDS], b"\n"), (["-x"], b"\n\n")):
            wanted = [packet for p in paths for packet in run("tshark", "-nr", p, *words).stdout.split(end) if packet]
            found = run("tshark", "-nr", out, *words)
            packets = [packet for packet in found.stdout.split(end) if packet]
            self.expect(sorted(packets) == sorted(wanted) and found.returncode == 0, "mixed", f"tshark's packets ({words[0]})")
        counted = run("capinfos", "-Mc", out)
        self.expect(counted.stdout.split()[-1:] == [str(self.json(out).stdout.count(b"\n")).encode()], "mixed", "capinfos")
        # Up to the second link type tcpdump reads what it reads of our pcap, which ends there.
        pcap, wrote = self.write("mixed.pcap", *paths)
        self.expect(wrote.returncode == 3 and b"link type" in wrote.stderr and b".pcapng" in wrote.stderr, "mixed", "refusal of pcap")
        some, all_of_them = run("tcpdump", "-tnxxr", out), run("tcpdump", "-tnxxr", pcap)
        self.expect(some.stdout == all_of_them.stdout and some.stdout and all_of_them.returncode == 0, "mixed", "tcpdump's packets")


def linktype(path):
    """Of a pcap file's header; None for others."""
    head = path.read_bytes()[:24]
    order = {b"\xd4\xc3\xb2\xa1": "little", b"\xa1\xb2\xc3\xd4": "big", b"\x4d\x3c\xb2\xa1": "little", b"\xa1\xb2\x3c\x4d": "big"}.get(head[:4])
    return int.from_bytes(head[20:24], order) & 0xFFFF if order and len(head) == 24 else None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--tshark", action="store_true")
    options.add_argument("capture", nargs="*", type=pathlib.Path)
    o = options.parse_args()
    paths = o.capture or sorted(p for p in (TOP / "captures").iterdir() if p.suffix in (".pcap", ".pcapng", ".cap")
                                and not p.match("truth-*.pcap"))
    with tempfile.TemporaryDirectory(prefix="sockeye-written.") as folder:
        c = Comparison(os.path.abspath(o.program), folder)
        if o.tshark:
            whole = [p for p in paths if linktype(p) is not None and not p.name.startswith(("damaged", "empty", "clock", "hostile"))]
            kinds = {linktype(p): p for p in reversed(whole)}
            for path in kinds.values():
                c.outside(path, c.capture(path))
            c.mixed(list(kinds.values()))
            print(f"{len(kinds)} link types")
        else:
            for path in paths:
                c.capture(path)
    print("\n".join([*c.failed, *(f"{n} of {what} compared" for what, n in sorted(c.done.items()))]))
    return 1 if c.failed or not c.done else 0


if __name__ == "__main__":
    sys.exit(main())
