#!/usr/bin/env python3
"""Compares what sockeye says of the captures with known truth with that truth.

usage: truth.py --program PATH [NAME...]
       truth.py --orphans    only: is there a truth for each capture and a capture for each truth

tests/truth/NAME.json is written together with captures/truth-NAME.pcap by
captures/make/truth_*.py, from the frames and from the rules, not from what any
program prints. For each the connections and the packets are asked for as JSON
lines, and compared:

  connections   as many TCP connections as the truth has, in the order of their
                ids, each with all keys that the truth names. A key is a path with
                dots; null: must be absent or null; "packets+": the pair's sum;
                mptcp.connection: place of the connection whose id it is.
  frames        the packets of a connection have its id as their `flow`, and
                there are no others
  packets       `verdicts` of every packet: those of `packets` and `states` together,
                none where the truth names none

A key that the truth names and the output lacks is a failure. Prints
"ok truth/NAME" or "FAILED truth/NAME: what, expected, got", status 1 if one failed.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent
TRUTH, TOP = TESTS / "truth", TESTS.parent
SECONDS = 60
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", "ASAN_OPTIONS": "exitcode=99",
               "UBSAN_OPTIONS": "exitcode=99"}
# Of the truth's own, no keys of a connection.
OURS = ("frames",)
# Their value is the id of a connection: the truth has its place, from 1.
PLACES = ("mptcp.connection",)
ABSENT = "absent"


def lines(program, view, capture):
    """What a view prints of a capture, as objects."""
    done = subprocess.run([program, view, "-n", "-o", "json", f"captures/{capture}"], cwd=TOP, env=ENVIRONMENT,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    if done.returncode:
        raise ValueError(f"sockeye {view} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def value(record, path):
    for part in path.split("."):
        if not isinstance(record, dict) or part not in record:
            return ABSENT
        record = record[part]
    return record


def differs(what, record, path, expected):
    """A sentence if the record's value is another, else None."""
    if path.endswith("+"):
        pair = value(record, path[:-1])
        got = sum(pair) if isinstance(pair, list) and None not in pair else pair
    else:
        got = value(record, path)
    if expected is None and got in (ABSENT, None):
        return None
    # true is 1 for Python, not here
    if got == expected and isinstance(got, bool) == isinstance(expected, bool):
        return None
    return f"{what} {path}, expected {json.dumps(expected)}, got {json.dumps(got) if got != ABSENT else ABSENT}"


def compare(truth, connections, packets, file):
    """What differs, one sentence each."""
    flows = sorted((c for c in connections if c["proto"] == "tcp"), key=lambda c: c["id"])
    if len(flows) != len(truth["connections"]):
        yield f"TCP connections, expected {len(truth['connections'])}, got {len(flows)}"
    owner = {}
    for place, (expected, got) in enumerate(zip(truth["connections"], flows), 1):
        what = f"connection {place}"
        for path, wanted in expected.items():
            if path in PLACES and wanted is not None:
                wanted = flows[wanted - 1]["id"] if wanted <= len(flows) else f"that of connection {wanted}"
            if path not in OURS:
                yield differs(what, got, path, wanted)
        owner.update((number, got["id"]) for number in expected["frames"])
        others = {p["number"] for p in packets if value(p, "flow") == got["id"]} - set(expected["frames"])
        if others:
            yield f"{what} frames, expected {expected['frames']}, got {sorted(others)} besides"
    for packet in packets:
        number = packet["number"]
        if number in owner:
            yield differs(f"packet {number}", packet, "flow", owner[number])
        wanted = sorted(truth["packets"].get(str(number), []) + truth.get("states", {}).get(str(number), []))
        got = value(packet, "verdicts")
        if sorted(got if isinstance(got, list) else []) != wanted:
            yield f"packet {number} verdicts, expected {wanted}, got {got}"
    missing = set(map(int, {**truth["packets"], **truth.get("states", {})})) - {p["number"] for p in packets}
    if missing:
        yield f"packets {sorted(missing)}, expected to be there, got none"
    for path, wanted in truth.get("file", {}).items():
        yield differs("file", file, path, wanted)


def judge(program, name):
    try:
        truth = json.loads((TRUTH / f"{name}.json").read_text())
        connections = lines(program, "connections", truth["capture"])
        packets = [r for r in lines(program, "packets", truth["capture"]) if r["type"] == "packet"]
        file = next((r for r in connections if r["type"] == "file"), {})
        return [c for c in compare(truth, [r for r in connections if r["type"] == "connection"], packets, file) if c]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as why:
        return [f"{type(why).__name__}: {why}"]


def orphans():
    """Captures without a truth, truths without a capture."""
    known = {json.loads(p.read_text())["capture"] for p in TRUTH.glob("*.json")}
    there = {p.name for p in (TOP / "captures").glob("truth-*")}
    return [f"{name}: " + ("no such capture" if name in known else "no truth in tests/truth")
            for name in sorted(known ^ there)]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program")
    options.add_argument("--orphans", action="store_true")
    options.add_argument("name", nargs="*")
    o = options.parse_args()
    if bool(o.program) == o.orphans:
        options.error("either --program or --orphans")
    names = [] if o.orphans else o.name or sorted(p.stem for p in TRUTH.glob("*.json"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = dict(zip(names, pool.map(lambda name: judge(os.path.abspath(o.program), name), names)))
    if not o.name:
        results["no-orphans"] = orphans()
    for name, complaints in results.items():
        print(f"FAILED truth/{name}: {'; '.join(complaints)}" if complaints else f"ok truth/{name}")
    return 1 if any(results.values()) or not results else 0


if __name__ == "__main__":
    sys.exit(main())
