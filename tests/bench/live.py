#!/usr/bin/env python3
"""What a live capture costs and loses, measured: a table, not a test.

usage: live.py --program build/release/sockeye [--backend NAME]... [--seconds S] [--json] [ROW...]

Rows: idle, 100k, flat, stopped, latency, screen. In namespaces of its own, with the
sender that is built with the program; root. Without --backend: each of native and
libpcap that the program has. A busy machine makes every figure worse: run it alone.

    sent      what the sender really handed to the wire        lost    by the kernel's counter
    differ    sent less captured less lost: must be 0          CPU     of one processor, while sending
    wakes     voluntary switches of all threads, a second      p50 p99 from the kernel's stamp of a packet to
                                                               its JSON line in the reader's hands
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))
from faults_lab import Seat, cpu_seconds, program_of, send, sent, total_of
from lab import Failed, Lab, check, finish

COLUMNS = ("backend", "row", "sent", "captured", "lost", "differ", "kpps", "CPU %", "wakes/s", "p50 ms", "p99 ms")


def wakes(pid):
    number = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as f:
            number += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M).group(1))
    return number


class Meter:
    def __init__(self, pid):
        self.pid, self.cpu, self.wakes, self.began = pid, cpu_seconds(pid), wakes(pid), time.monotonic()

    def read(self):
        took = time.monotonic() - self.began
        return {"CPU %": f"{(cpu_seconds(self.pid) - self.cpu) / took * 100:.1f}", "wakes/s": f"{(wakes(self.pid) - self.wakes) / took:.0f}",
                "seconds": took}


def totals(err, number):
    captured, lost = total_of(err, "packets captured"), total_of(err, "packets dropped by kernel")
    check(captured is not None and lost is not None, "no totals in:", err)
    return {"sent": number, "captured": captured, "lost": lost, "differ": number - captured - lost}


def counted(lab, backend, words, stop=0.0):
    """Connections of a stream; stopped for a while where stop is not 0."""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "--backend", backend, "udp", stdout=subprocess.DEVNULL)
    meter = Meter(program_of(eye))
    sender = send(lab, *words, "-f", 1000, "udp", wait=False)
    if stop:
        time.sleep(0.5)
        os.kill(eye.pid, signal.SIGSTOP)
        time.sleep(stop)
        os.kill(eye.pid, signal.SIGCONT)
    number = sent(sender, 60)
    cost = meter.read()
    status, _, err = finish(eye, settle=2.0, seconds=30)
    check(status == 0, f"exit {status}:", err)
    return {**cost, **totals(err, number), "kpps": f"{number / cost['seconds'] / 1000:.0f}"}


def row_idle(lab, backend, seconds):
    eye = lab.sockeye("connections", "-i", "wire0", "--backend", backend)
    meter = Meter(program_of(eye))
    time.sleep(seconds / 2)
    cost = meter.read()
    status, _, err = finish(eye)
    check(status == 0, f"exit {status}:", err)
    return {**cost, **totals(err, 0)}


def row_100k(lab, backend, seconds):
    return counted(lab, backend, ["-n", int(100_000 * seconds), "-t", seconds + 1, "-r", 100_000])


def row_flat(lab, backend, seconds):
    return counted(lab, backend, ["-n", 100_000_000, "-t", seconds, "-r", "max"])


def row_stopped(lab, backend, seconds):
    return counted(lab, backend, ["-n", 250_000, "-t", 6, "-r", 50_000], stop=3.0)


def row_latency(lab, backend, seconds):
    eye = lab.sockeye("packets", "-i", "wire0", "-l", "-o", "json", "--backend", backend, "udp")
    meter = Meter(program_of(eye))
    number = int(500 * seconds)
    sender = send(lab, "-n", number, "-t", seconds + 1, "-r", 500, "udp", wait=False)
    took = []
    for _ in range(number):
        line = eye.stdout.readline()
        now = time.time()
        took.append(now - json.loads(line)["time"])
    cost = meter.read()
    sent(sender)
    status, _, err = finish(eye)
    check(status == 0, f"exit {status}:", err)
    took.sort()
    return {**cost, **totals(err, number), "p50 ms": f"{took[len(took) // 2] * 1000:.1f}", "p99 ms": f"{took[int(len(took) * .99)] * 1000:.1f}"}


def row_screen(lab, backend, seconds):
    """100 kpps with the screen open, whose top line counts."""
    seat = Seat(lab, "watch", "-i", "wire0", "--backend", backend, namespace=lab.client, size=(120, 35))
    seat.until("LIVE")
    meter = Meter(program_of(seat.process))
    sender = send(lab, "-n", int(100_000 * seconds), "-t", seconds + 1, "-r", 100_000, "-f", 1000, "udp", wait=False)
    while sender.poll() is None:
        seat.read(0.05)
    cost = meter.read()
    number = sent(sender)
    seat.quiet(0.5)
    dropped = re.search(r"drop (\S+)", seat.screen.lines()[0])
    seat.keys("qq")
    seat.over(5)
    seat.close()
    return {**cost, "sent": number, "lost": dropped.group(1) if dropped else "?", "kpps": f"{number / cost['seconds'] / 1000:.0f}"}


ROWS = {"idle": row_idle, "100k": row_100k, "flat": row_flat, "stopped": row_stopped, "latency": row_latency, "screen": row_screen}


def line(values):
    return "".join(str(v).rjust(9) for v in values)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--backend", action="append")
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--json", action="store_true", help="each row as an object")
    options.add_argument("row", nargs="*", choices=[[], *ROWS])
    o = options.parse_args()
    told = subprocess.run([o.program, "--help"], capture_output=True, text=True, timeout=10).stdout
    has = re.search(r"--backend=(\S+)", told)
    backends = o.backend or (has.group(1).split("|") if has else ["libpcap"])
    if not o.json:
        print(line(COLUMNS), flush=True)
    failed = 0
    for backend in backends:
        for name in o.row or ROWS:
            try:
                with Lab(o.program) as lab:
                    result = {"backend": backend, "row": name, **ROWS[name](lab, backend, o.seconds)}
                print(json.dumps(result) if o.json else line(result.get(c, "-") for c in COLUMNS), flush=True)
            except (Failed, OSError, subprocess.SubprocessError) as why:
                failed += 1
                print(f"{line((backend, name))}  could not be measured: {why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
