#!/usr/bin/env python3
"""Streams put in order, held against `tshark -z follow,tcp,raw`.

usage: follow.py --again PROGRAM [--least N] CAPTURE...

Of each TCP flow whose pair of endpoints occurs once in its capture, both directions are
compared byte for byte. Where tshark says that bytes are missing we must have a gap; what
it says instead of them is left out. Differences are listed, and end it with status 1,
but those that are ours to explain (DIFFERENT below), whose number is held too.
"""
import argparse
import pathlib
import re
import subprocess
import sys

MISSING = re.compile(rb"\[\d+ bytes missing in capture file\]\0?")

# capture: (why, how many directions)
AT_END = "bytes behind a hole that nobody acknowledged: we show them behind a gap, tshark not at all"
DIFFERENT = {
    "tls-sni-segments.pcap": ("the same bytes sent twice with other contents: the first win, tshark takes the later", 1),
    "truth-16-network-loss.pcap": (AT_END, 1),
    "truth-16-sack-splits.pcap": (AT_END, 1),
    "truth-16-lost-and-missed.pcap": (AT_END, 1),
}


def run(*words):
    return subprocess.run(words, capture_output=True, check=False, timeout=60).stdout


def tshark_streams(capture):
    """index -> (a, b), each "ip:port" as the first packet has them."""
    streams = {}
    fields = ["tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport"]
    out = run("tshark", "-n", "-r", str(capture), "-Y", "tcp and not icmp and not icmpv6", "-T", "fields",
              *[w for f in fields for w in ("-e", f)]).decode()
    for line in out.splitlines():
        n, s4, s6, sp, d4, d6, dp = (line.split("\t") + [""] * 7)[:7]
        if n and "," not in n + s4 + s6 + sp:
            streams.setdefault(int(n), ((s4 or s6, sp), (d4 or d6, dp)))
    return streams


def tshark_bytes(capture, stream):
    """Bytes of node 0 and node 1, and the nodes."""
    text = run("tshark", "-n", "-r", str(capture), "-q", "-z", f"follow,tcp,raw,{stream}").decode()
    nodes = re.findall(r"^Node \d: (.*)$", text, re.M)
    sides = [b"", b""]
    for line in text.splitlines():
        if re.fullmatch(r"\t?[0-9a-f]+", line):
            data = bytes.fromhex(line.strip())
            sides[line.startswith("\t")] += MISSING.sub(b"", data)
    return nodes, sides


def ours(again, capture):
    """flow id -> (client, server)"""
    flows = {}
    for line in run(again, str(capture), "flows").decode().splitlines():
        flow, proto, client, server = line.split()[:4]
        if proto == "tcp":
            flows[int(flow)] = (client, server)
    return flows


def endpoint(pair):
    ip, port = pair
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def compare(again, capture):
    """(directions compared, directions that differ)"""
    flows = ours(again, capture)
    streams = tshark_streams(capture)
    pairs = [frozenset(p) for p in flows.values()]
    theirs = [frozenset(map(endpoint, p)) for p in streams.values()]
    same = different = 0
    for flow, (client, server) in flows.items():
        pair = frozenset((client, server))
        if pairs.count(pair) != 1 or theirs.count(pair) != 1:
            continue
        stream = list(streams)[theirs.index(pair)]
        nodes, sides = tshark_bytes(capture, stream)
        if len(nodes) != 2:
            continue
        first = endpoint(tuple(nodes[0].rsplit(":", 1))) if "[" not in nodes[0] else nodes[0]
        for side in (0, 1):
            mine = run(again, str(capture), "stream", str(flow), str(side))
            other = sides[side if first == client else 1 - side]
            if mine == other:
                same += 1
                continue
            different += 1
            at = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b), min(len(mine), len(other)))
            print(f"{capture.name} flow {flow} side {side}: {len(mine)} bytes, tshark {len(other)}, differ from {at} on")
    return same, different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", required=True)
    parser.add_argument("--least", type=int, default=0)
    parser.add_argument("captures", nargs="+", type=pathlib.Path)
    o = parser.parse_args()
    total = wrong = 0
    for capture in o.captures:
        same, different = compare(o.again, capture)
        total += same + different
        allowed = DIFFERENT.get(capture.name, ("", 0))[1]
        if different != allowed:
            print(f"{capture.name}: {different} directions differ, {allowed} are known to")
            wrong += 1
    print(f"{total} directions of {len(o.captures)} captures compared; captures that differ: {wrong}")
    return 1 if wrong or total < o.least else 0


if __name__ == "__main__":
    sys.exit(main())
