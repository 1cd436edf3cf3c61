#!/usr/bin/env python3
"""Holds the Wireshark side of tests/truth/*.json against tshark itself.

usage: truth_tshark.py [NAME...]

For every capture with known truth: Wireshark's words of each packet (not the
exact ones and those of the RFCs, which tshark does not have), the stream that
it belongs to, and per connection tcp.completeness (with its last packet) and
the initial RTT. A truth may differ from tshark only where its list "deviation"
names the packet, what tshark says, and why. Prints "ok truth-tshark/NAME" or
"FAILED truth-tshark/NAME: why"; status 1 if one failed. Nothing of sockeye
runs here: this is how the truth is checked without the program.
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent
TRUTH, CAPTURES = TESTS / "truth", TESTS.parent / "captures"
SECONDS = 60

# tshark's field under tcp.analysis. -> our word
WORDS = {
    "retransmission": "retransmission", "fast_retransmission": "fast_retransmission",
    "spurious_retransmission": "spurious_retransmission", "out_of_order": "out_of_order",
    "duplicate_ack": "dup_ack", "zero_window": "zero_window", "zero_window_probe": "zero_window_probe",
    "zero_window_probe_ack": "zero_window_probe_ack", "window_full": "window_full", "window_update": "window_update",
    "keep_alive": "keep_alive", "keep_alive_ack": "keep_alive_ack", "reused_ports": "reused",
    "lost_segment": "lost_segment", "ack_lost_segment": "acked_unseen",
}
FIELDS = ["frame.number", "tcp.stream", "tcp.completeness", "tcp.analysis.initial_rtt", "icmp.type"]


def ask(capture):
    """(number, stream, completeness, initial rtt, words) of each TCP packet, as tshark says."""
    fields = FIELDS + ["tcp.analysis." + name for name in WORDS]
    words = ["tshark", "-n", "-r", str(CAPTURES / capture), "-T", "fields"]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    if done.returncode:
        raise OSError(f"tshark ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
    for line in done.stdout.decode().splitlines():
        values = dict(zip(fields, line.split("\t")))
        if values["tcp.stream"] and not values["icmp.type"]:
            said = sorted(ours for name, ours in WORDS.items() if values["tcp.analysis." + name])
            yield (int(values["frame.number"]), int(values["tcp.stream"]), int(values["tcp.completeness"] or 0, 0),
                   values["tcp.analysis.initial_rtt"], said)


def compare(truth):
    """What tshark says otherwise, one sentence each."""
    said = list(ask(truth["capture"]))
    excused = {d["packet"]: d for d in truth["deviation"]}
    numbers = {}
    for connection in truth["connections"]:
        for number in connection["frames"]:
            numbers[number] = connection
    missing = numbers.keys() ^ {number for number, *_ in said}
    if missing:
        yield f"packets {sorted(missing)} are TCP for one and not for the other"
    streams, last = {}, {}
    for number, stream, completeness, rtt, words in said:
        expected = [w for w in truth["packets"].get(str(number), []) if w in WORDS.values()]
        excuse = excused.pop(number, None)
        if excuse and excuse["words"] == expected:
            yield f"packet {number}: the deviation says what the truth says; take it out"
        if words != (excuse["words"] if excuse else expected):
            yield f"packet {number}: expected {expected}{' (deviation)' if excuse else ''}, tshark says {words}"
        connection = numbers.get(number)
        if connection is None:
            continue
        if streams.setdefault(stream, connection) is not connection:
            yield f"packet {number}: tshark sees it in stream {stream}, the truth in another connection"
        if last.get(id(connection), stream) != stream:
            yield f"packet {number}: tshark begins another stream here"
        last[id(connection)] = stream
        if number == connection["frames"][-1] and completeness != connection["completeness"]:
            yield f"completeness of stream {stream}: expected {connection['completeness']}, tshark says {completeness}"
        if rtt and "handshake.rtt_us" in connection and round(float(rtt) * 1e6) != connection["handshake.rtt_us"]:
            yield f"packet {number}: initial RTT expected {connection['handshake.rtt_us']} us, tshark says {rtt}"
    for number in excused:
        yield f"there is no packet {number} to deviate"


def judge(name):
    try:
        return list(compare(json.loads((TRUTH / f"{name}.json").read_text())))
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as why:
        return [f"{type(why).__name__}: {why}"]


def main():
    names = sys.argv[1:] or sorted(p.stem for p in TRUTH.glob("*.json"))
    failed = not names
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, complaints in zip(names, pool.map(judge, names)):
            failed |= bool(complaints)
            print(f"FAILED truth-tshark/{name}: {'; '.join(complaints)}" if complaints else f"ok truth-tshark/{name}",
                  flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
