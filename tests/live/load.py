"""The screen while packets come as fast as a sender can send them: from a key to its cells, from a packet to its line.

What comes from the terminal is only kept, with its time, while the clock runs, and is read afterwards: a terminal in
Python would take more of a processor than the program does, and would measure itself.

The goals hold where there is a processor to be had. The sender takes one for itself, other programs of the machine take
more, so each limit is the goal and how late a process was meanwhile that only sleeps (the reader in its waits), once for
each wake-up on the way. That is printed beside what was measured. Late in two attempts has failed.
"""
import gc
import json
import os
import random
import re
import select
import subprocess
import time

from faults_lab import Seat, send
from lab import CLIENT, check, ended
from terminal import Screen

WIDTH, HEIGHT = 120, 35
RATE, FLOWS = 500_000, 1000
KEY_MS, KEY_MOST_MS, LINE_MS = 16, 50, 120
DRAWN_WAKES = 4  # the terminal's worker, the screen's thread, the worker again, the reader
ASKED_WAKES = LINE_WAKES = 6  # and the engine, and the screen's thread once more
ATTEMPTS = 2
TARGET, TARGET_PORT = "10.77.0.99", 9


class Clerk(Seat):
    """A seat that writes down what comes and when, to be read later."""

    def __init__(self, lab, *words, **options):
        super().__init__(lab, *words, size=(WIDTH, HEIGHT), **options)
        self.kept, self.late = [], []  # (ns, bytes); ms that a wait was too long

    def keep(self, seconds):
        """Take what comes within so many seconds, all of them."""
        end = time.monotonic_ns() + int(seconds * 1e9)
        while (left := end - time.monotonic_ns()) > 0:
            if select.select([self.ours], [], [], left / 1e9)[0]:
                data = os.read(self.ours, 1 << 16)
                self.kept.append((time.monotonic_ns(), data))
        self.late.append((time.monotonic_ns() - end) / 1e6)

    def frames(self):
        """(ns, screen) after each piece that was kept."""
        for ns, data in self.kept:
            self.screen.feed(data)
            yield ns, self.screen


def at(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def under_load(lab, words, seconds, work):
    """What work(clerk) gives while packets come; and how many thousand a second these are."""
    clerk = Clerk(lab, "watch", "-i", "wire0", *words, namespace=lab.client)
    clerk.until("LIVE", 10)
    clerk.quiet(0.3)
    sender = send(lab, "-n", 1_000_000_000, "-t", seconds + 2, "-r", RATE, "-f", FLOWS, "udp", wait=False)
    clerk.keep(1)
    clerk.late.clear()
    gc.collect()
    gc.disable()
    try:
        done = work(clerk)
    finally:
        gc.enable()
    check(sender.poll() is None, "the load was over before the work was")
    sender.terminate()
    status, out, err = ended(sender, 20)
    check(status == 0, f"send: exit {status}:", err)
    clerk.keep(0.3)
    check(clerk.process.poll() is None, f"watch ended with {clerk.process.poll()}")
    clerk.keys("qq")
    clerk.over(10)
    clerk.close()
    return clerk, done, json.loads(out)["pps"] / 1000


def attempts(lab, measure, number):
    """What measure() says; it returns whether that is good."""
    late = []
    for _ in range(ATTEMPTS):
        good, said = measure(lab, number)
        if good:
            return "; ".join([said] + [f"before that: {l}" for l in late])
        late.append(said)
    check(False, f"late in {ATTEMPTS} attempts:", "; then: ".join(late))


def keys(lab, number):
    dice = random.Random(1)
    typing = "??" * (number // 2) + "jk" * (number // 2)  # help and back: drawn at once; down and up: the engine is asked

    def work(clerk):
        typed = []
        for key in typing:
            clerk.keep(dice.uniform(0.020, 0.060))
            typed.append(time.monotonic_ns())
            os.write(clerk.ours, key.encode())
        clerk.keep(0.5)
        return typed

    clerk, typed, kpps = under_load(lab, [], len(typing) * 0.05 + 3, work)
    took, seen, waiting = {"?": [], "j": [], "k": []}, None, 0
    for ns, screen in clerk.frames():
        row = re.match(r".*?(\d+) of [0-9.KM ]+$", screen.lines()[-1])
        now = screen.holds("Keys of Connections"), row and row.group(1)
        while waiting < len(typed) and typed[waiting] < ns and seen is not None and now != seen:
            took[typing[waiting]].append((ns - typed[waiting]) / 1e6)
            waiting += 1
            seen = now
        seen = now
    check(clerk.screen.unknown == 0, f"{clerk.screen.unknown} sequences that the terminal does not know")
    check(waiting == len(typing), f"{waiting} of {len(typing)} keys were seen on the screen")
    said, good = [f"{kpps:.0f} kpps sent, a sleeper late by p50 {at(clerk.late, .5):.1f} ms, p99 {at(clerk.late, .99):.1f}, most {max(clerk.late):.1f}"], True
    for what, values, wakes in ("drawn at once", took["?"], DRAWN_WAKES), ("asked for", took["j"] + took["k"], ASKED_WAKES):
        limit, most = KEY_MS + wakes * at(clerk.late, .99), KEY_MOST_MS + wakes * max(clerk.late)
        said.append(f"{len(values)} {what}: p50 {at(values, .5):.1f} ms, p99 {at(values, .99):.1f}, limit {limit:.0f}, longest {max(values):.1f}, limit {most:.0f}")
        good = good and at(values, .99) <= limit and max(values) <= most
    return good, "; ".join(said)


def keys_under_load(lab, number=100):
    """keys while packets come as fast as can be: from the key to its cells, where the engine is asked and where not"""
    return attempts(lab, keys, number)


def syns(lab, number):
    dice = random.Random(2)
    sender = lab.peer(lab.client, "syns", CLIENT, TARGET, TARGET_PORT, stdin=subprocess.PIPE)
    check(sender.stdout.readline() == b"ready\n", "the sender did not start")
    ports = [20000 + 7 * n for n in range(number)]

    def work(clerk):
        sent = []
        for port in ports:
            clerk.keep(dice.uniform(0.030, 0.100))
            sender.stdin.write(f"{port}\n".encode())
            sender.stdin.flush()
        clerk.keep(0.5)
        for _ in ports:
            sent.append(int(sender.stdout.readline()))
        return sent

    clerk, sent, kpps = under_load(lab, ["-Y", "tcp"], number * 0.07 + 3, work)
    sender.stdin.close()
    seen, here = {}, 0
    for ns, screen in clerk.frames():
        for port, at_ns in zip(ports, sent):
            if port not in seen and at_ns < ns and screen.holds(f":{port}"):
                seen[port] = ns
    check(len(seen) == number, f"{len(seen)} of {number} SYNs were seen on the screen:\n" + "\n".join(clerk.screen.lines()))
    took = [(seen[port] - at_ns) / 1e6 for port, at_ns in zip(ports, sent)]
    limit = LINE_MS + LINE_WAKES * at(clerk.late, .99)
    said = (f"{number} SYNs with {kpps:.0f} kpps sent, a sleeper late by p50 {at(clerk.late, .5):.1f} ms, p99 {at(clerk.late, .99):.1f}: "
            f"p50 {at(took, .5):.1f} ms, p99 {at(took, .99):.1f}, limit {limit:.0f}, longest {max(took):.1f}")
    return at(took, .99) <= limit, said


def syns_under_load(lab, number=100):
    """a SYN while packets come as fast as can be: to its line on the screen, which draws ten times a second"""
    return attempts(lab, syns, number)


TESTS = [keys_under_load, syns_under_load]
