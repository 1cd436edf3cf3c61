"""Faults of filters: row 52. Wrong, huge, deep, and slow to compile."""
import os
import time

from faults_files import HEADER, record, udp_frame, write
from faults_lab import measured, run
from lab import check

PROCESSOR_S = 3.0


def f52_filters(lab):
    """capture filters that are wrong, 1 MB long, 10 000 brackets deep, 1000 ports wide: refused or done in bounded time and memory, on files and live"""
    path = write(lab, "one.pcap", HEADER + record(1, 0, udp_frame(1)))
    words = {
        "wrong word": ("tcp prot 80", (2,)),
        "a bracket too many": ("(tcp", (2,)),
        "1 MB": ("x" * (1 << 20), (1, 2)),
        "1 MB of ports": (" or ".join(f"port {i % 65536}" for i in range(90_000)), (1, 2)),
        "10 000 brackets open": ("(" * 10_000, (2,)),
        "8000 deep": ("(" * 8000 + "udp" + ")" * 8000, (0, 2)),
        "8000 nots": ("not " * 4000 + "udp", (0, 2)),
        "1000 ports": (" or ".join(f"port {i}" for i in range(1, 1001)), (0, 2)),
        "arithmetic": ("+".join(["ip[0]"] * 2500) + " > 3", (0, 2)),
        "a zero byte": ("tcp\0 or udp", (1, 2)),
        "percents and escapes": ("%n%s\x1b]0;x\x07", (2,)),
    }
    slowest, largest, statuses = 0.0, 0.0, {}
    for name, (filter_words, wanted) in words.items():
        file = write(lab, "filter", filter_words.encode())
        cost, out, err = measured(lab, ["packets", "-n", "-F", file, path])
        check(cost["status"] in wanted, f"{name}: exit {cost['status']}, not {wanted}:", err[:600])
        check(cost["status"] == 0 or len(err.splitlines()) == 1, f"{name}: more than a sentence:", err[:600])
        check(all(c >= " " or c == "\n" for c in err) and len(err) < 2000, f"{name}: said {err[:300]!r}")
        slowest, largest = max(slowest, cost["cpu_s"]), max(largest, cost["rss_mb"])
        statuses[cost["status"]] = statuses.get(cost["status"], 0) + 1
    began = time.monotonic()
    run(lab, ["packets", "-i", "wire0", "-F", write(lab, "ports", words["1000 ports"][0].encode()), "-c", "1", "--duration", "1"], (0, 2), namespace=lab.client)
    live = time.monotonic() - began
    check(slowest <= PROCESSOR_S and largest <= 512, f"{slowest:.1f} s of the processor, {largest:.0f} MB")
    os.unlink(path)
    return (f"{len(words)} filters, statuses {statuses}; {slowest:.1f} s of the processor and {largest:.0f} MB at most, limits {PROCESSOR_S:.0f} s, 512 MB; "
            f"live {live:.1f} s")


ROWS = [f52_filters]
