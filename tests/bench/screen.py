"""What the list of connections costs: questions about a million of them, and frames over 100 000 live flows.

The rows `screen` and `again` of bench.py. Questions are asked by tests/tools/again.c as the screen asks them, and are
measured in milliseconds of the processor: at first, when order or filter is new, and again, the least of five, when none
has moved. At first is measured twice: at once when everything was read, where all flows are looked at, and after the
program has prepared, as it does while nobody asks. The limits are those of the second. Drawing comes on top.
"""
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
from faults_lab import Seat, cpu_seconds, program_of, send, sent
from lab import Lab

LIVE_FLOWS = 100_000
AT_FIRST = (("sort", 50), ("filter", 100), ("groups", 100))
AGAIN = (("frame", 20), ("sort", 20), ("to the end", 50), ("filter", 20), ("groups", 100))


def live_cost(program, seconds=6):
    """(% of a core with the screen, and without it) while 100 000 flows go on."""
    shares = []
    for words in (["watch"], ["connections", "-o", "json"]):
        with Lab(program) as lab:
            if words == ["watch"]:
                seat = Seat(lab, *words, "-i", "wire0", namespace=lab.client, size=(120, 35))
                seat.until("LIVE", 10)
                process = seat.process
            else:
                seat = None
                process = lab.sockeye(*words, "-i", "wire0", stdout=subprocess.DEVNULL)
            pid = program_of(process)
            send(lab, "-n", LIVE_FLOWS, "-t", 20, "-r", 30_000, "-f", LIVE_FLOWS, "udp")
            sender = send(lab, "-n", 10_000_000, "-t", seconds + 1, "-r", 10_000, "-f", LIVE_FLOWS, "udp", wait=False)
            began, used = time.monotonic(), cpu_seconds(pid)
            while (past := time.monotonic() - began) < seconds:
                seat.read(0.05) if seat else time.sleep(0.05)
            shares.append((cpu_seconds(pid) - used) / past * 100)
            sent(sender)
    return shares


def told(program, path, word):
    """(what, the two times in milliseconds, note) of each line that again prints."""
    out = subprocess.run([program, path, word], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        found = re.match(r"(.{34}) +([0-9.]+) ms(?:, +([0-9.]+))?(?: of the processor;)?(.*)", line)
        if found:
            yield found[1].strip(), float(found[2]), float(found[3] or found[2]), found[4].strip(" ;")


def lists(b, again, path):
    goal = lambda goals, what: next((goal for start, goal in goals if what.startswith(start)), None)
    rows = list(told(again, path, "lists"))
    prepared = [row[0] for row in rows].index("prepared")
    at_once = {what: first for what, first, _, _ in rows[:prepared]}
    _, first, longest, note = rows[prepared]
    b.row("screen: prepared for questions", first, "ms", note=note.removeprefix("in all and the longest of "))
    b.row("screen: prepared for questions, the longest turn", longest, "ms")
    for what, first, later, note in rows[prepared + 1:]:
        if goal(AT_FIRST, what):
            b.row(f"screen: {what}, at first", first, "ms", goal(AT_FIRST, what), note=f"{at_once[what]:.1f} at once when all was read")
        b.row(f"screen: {what}", later, "ms", goal(AGAIN, what), note=note.removeprefix("at first and again; "))
    if os.geteuid() != 0:
        print(f"{'screen: 100000 live flows':58} needs root")
        return
    with_it, without = live_cost(b.program)
    b.row("screen: frames over 100000 live flows, processor", with_it - without, "%", 5, note=f"{with_it:.1f} with the screen, {without:.1f} without; 10 kpps")


def packets(b, again, path):
    for what, _, ms, note in told(again, path, "times"):
        b.row(f"again: {what}", ms, "ms", note=note)
