#!/usr/bin/env python3
"""Wireshark's verdicts, ours against tshark's, packet by packet.

usage: agree.py --program PROGRAM [--seeds A:B] [--show N] [FILE...]

Without FILE: random conversations, one capture a seed, with everything that
makes the rules collide: bytes that were sent, sent again in part, never sent or
never captured; windows of 0 and 1; keep-alives and probes; SYNs, FINs and RSTs
at the wrong time; numbers that wrap; clocks that go back. With FILEs: those.

A packet differs if the sets of verdict words differ. Prints "ok agree/NAME" or
"FAILED agree/NAME: ..." and ends with 1 if anything differs. Packets that are
no TCP, or whose TCP header was not captured, have no verdicts on either side.
"""
import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "captures", "make"))
sys.dont_write_bytecode = True
import pcapgen as g  # noqa: E402

# tshark's field behind "tcp.analysis." -> our word
WORDS = {
    "retransmission": "retransmission", "fast_retransmission": "fast_retransmission",
    "spurious_retransmission": "spurious_retransmission", "out_of_order": "out_of_order",
    "lost_segment": "lost_segment", "ack_lost_segment": "acked_unseen", "duplicate_ack": "dup_ack",
    "zero_window": "zero_window", "zero_window_probe": "zero_window_probe",
    "zero_window_probe_ack": "zero_window_probe_ack", "window_full": "window_full",
    "window_update": "window_update", "keep_alive": "keep_alive", "keep_alive_ack": "keep_alive_ack",
    "reused_ports": "reused",
}
GAPS = (0, 1000, 50000, 500000, 2 * g.MS, 5 * g.MS, 19 * g.MS, 25 * g.MS, 300 * g.MS, -400000)


CAPABLE = b"\x1e\x0c\x00\x81"  # and a key: the same key would tie two connections together
MPTCP = (b"", b"\x1e\x08\x20\x01\x00\x00\x00\x01", b"\x1e\x08\x20\x01\x00\x00\x00\x02",
         b"\x1e\x08\x30\x02\x0a\x00\x00\x09", b"\x1e\x08\x20\x01\x00\x00\x00\x01\x1e\x04\x50\x01", b"\x1e\x04\x40\x02")


class Side:
    def __init__(self, r):
        self.isn = r.choice((0, 1, 0xFFFFFFF0, r.getrandbits(32)))
        self.next = self.isn
        self.acked = 0
        self.window = r.choice((0, 1, 500, 64240, 65535))
        self.scale = r.choice((None, 0, 2, 7, 15))
        self.sent = []  # (seq, length)


def syn_options(scale):
    return b"\x02\x04\x05\xb4" + (b"\x01\x03\x03" + bytes([scale]) if scale is not None else b"")


def segment(r, s, peer):
    """One segment of side s: flags, seq, ack, payload length, options."""
    kind = r.random()
    flags, seq, ack, length, options = g.ACK, s.next, peer.next, 0, b""
    if kind < .35:
        length = r.choice((1, 1, 2, 10, 100, 1448))
        s.next += length
        s.sent.append((seq, length))
    elif kind < .50 and s.sent:  # again, whole or in part
        seq, length = r.choice(s.sent[-6:])
        if r.random() < .3:
            length += r.randint(1 - length, 5)
    elif kind < .56:  # behind a gap that may be filled later
        gap = r.choice((1, 10, 1448))
        seq, length = seq + gap, r.choice((0, 1, 50))
        s.next = seq + length
        s.sent += [(seq, length), (seq - gap, gap)]
    elif kind < .62:  # what looks like a keep-alive
        seq, length = s.next - 1, r.choice((0, 1, 1, 2, 20))
    elif kind < .66:
        flags, length = flags | g.FIN, r.choice((0, 5))
        s.next += length + (r.random() < .7)
    elif kind < .68:
        flags, seq = r.choice((g.RST, g.RST | g.ACK)), r.choice((0, seq, seq + 5))
        ack = ack if flags & g.ACK else 0
    elif kind < .72:
        flags, seq = r.choice((g.SYN, g.SYN | g.ACK)), r.choice((s.isn, s.isn, s.isn + 77))
        ack, length = (ack if flags & g.ACK else 0), r.choice((0, 0, 0, 3))
        options = syn_options(r.choice((None, 4)))
    elif kind < .76:  # ACK of what was not sent
        ack += r.choice((1, 100))
    elif kind < .80 and peer.sent:  # an old ACK
        ack = r.choice(peer.sent[-5:])[0]
    if r.random() < .12:
        s.window = r.choice((0, 0, 1, 500, 501, 65535))
    if r.random() < .10 and length == 0 and flags == g.ACK and peer.sent:
        ack = s.acked  # the same once more
    if r.random() < .04:
        peer.window = length or 10
    s.acked = ack
    return flags, seq, ack, length, options


def conversations(seed):
    """[(time in ns, frame)]"""
    r = random.Random(seed)
    ends, frames, now = ("10.0.0.1", "10.0.0.2"), [], g.START
    for _ in range(r.randint(1, 6)):
        port = r.choice((1000, 1001))  # few, so that tuples are used again
        sides, mptcp = (Side(r), Side(r)), r.random() < .25
        for k in range(r.randint(2, 60)):
            now += r.choice(GAPS)
            i = r.randint(0, 1)
            if k < 3 and r.random() < .8:  # mostly a handshake comes first
                i = (0, 1, 0)[k]
                s, peer = sides[i], sides[1 - i]
                flags, seq, ack, length, options = g.ACK, s.next, peer.next, 0, b""
                if k < 2:
                    flags, seq, ack = g.SYN | (g.ACK if k else 0), s.isn, (peer.next if k else 0)
                    s.next, options = s.isn + 1, syn_options(s.scale) + (CAPABLE + r.randbytes(8) if mptcp else b"")
            else:
                flags, seq, ack, length, options = segment(r, sides[i], sides[1 - i])
            if mptcp and not flags & g.SYN:
                options += r.choice(MPTCP)
            if r.random() < .08:
                continue  # not captured
            src, dst = ends[i], ends[1 - i]
            ports = (port, 80) if i == 0 else (80, port)
            frames.append((now, g.ether(g.ipv4(src, dst, g.TCP, g.tcp(
                src, dst, *ports, seq, ack, flags, b"x" * length, window=sides[i].window, options=options)))))
        now += g.S
    return frames


def write(path, frames):
    """pcap with nanoseconds; frames in the order given, whatever their times say."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for t, data in frames:
            f.write(struct.pack("<IIII", t // g.S, t % g.S, len(data), len(data)) + data)


def tshark(path):
    """Packet number -> words; of frames with one TCP header."""
    fields = [a for f in WORDS for a in ("-e", "tcp.analysis." + f)]
    out = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "tcp.stream",
                          "-e", "_ws.malformed", "-e", "_ws.short"] + fields,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    words = {}
    for line in out.splitlines():
        number, stream, malformed, short, *flags = line.split("\t")
        if "Dissector bug" in malformed:
            break  # tshark gave up on this packet: from here on its state is another
        if "TCP" in short:
            continue  # tshark prints no verdict where the options were cut, though it has judged
        if stream and "," not in stream:
            words[int(number)] = {w for w, f in zip(WORDS.values(), flags) if f}
    return words


def ours(program, path):
    out = subprocess.run([program, "packets", "-n", "-o", "json", "-r", path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False).stdout
    known = set(WORDS.values())
    packets = (json.loads(line) for line in out.splitlines())
    return {p["number"]: known.intersection(p.get("verdicts", ())) for p in packets if p["type"] == "packet"}


def differences(program, path):
    """(packets compared, [(number, tshark's words, ours)])"""
    want, got = tshark(path), ours(program, path)
    return len(want), [(n, w, got.get(n, set())) for n, w in want.items() if w != got.get(n, set())]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--program", required=True)
    ap.add_argument("--seeds", default="0:40")
    ap.add_argument("--show", type=int, default=5)
    ap.add_argument("files", nargs="*")
    a = ap.parse_args()
    compared, bad = 0, []
    with tempfile.TemporaryDirectory() as folder:
        jobs = [(os.path.basename(f), f) for f in a.files]
        if not jobs:
            for seed in range(*map(int, a.seeds.split(":"))):
                path = os.path.join(folder, f"{seed}.pcap")
                write(path, conversations(seed))
                jobs.append((f"seed {seed}", path))
        for name, path in jobs:
            n, differ = differences(a.program, path)
            compared += n
            bad += [(name, *d) for d in differ]
    name = "agree/files" if a.files else "agree/random"
    if not compared:
        print(f"FAILED {name}: nothing was compared; is tshark installed?")
        return 1
    for where, number, want, got in bad[:a.show]:
        print(f"  {where} packet {number}: tshark {sorted(want)}, ours {sorted(got)}")
    print(f"FAILED {name}: {len(bad)} of {compared} packets differ" if bad else f"ok {name}: {compared} packets")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
