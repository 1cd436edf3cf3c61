"""What the rows of the fault list share: a seat at a terminal, the sender, what a process costs, notes."""
import fcntl
import json
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time

from lab import HERE, check, ended, wait_for
from terminal import Screen, open_terminal

TICK = os.sysconf("SC_CLK_TCK")
UTF8 = {"LC_ALL": "C.UTF-8"}


class Seat:
    """A program at a terminal of its own; what it wrote is on the screen once it was read."""

    def __init__(self, lab, *words, namespace=None, size=(100, 30), program=None, before=(), errors=True):
        self.ours, self.theirs = open_terminal(*size)
        self.modes = termios.tcgetattr(self.theirs)
        self.screen, self.raw = Screen(*size), bytearray()
        self.process = lab.start(namespace, *before, "env", "TERM=xterm-256color", "LC_ALL=C.UTF-8", program or lab.program, *words,
                                 stdin=self.theirs, stdout=self.theirs, stderr=subprocess.PIPE if errors else self.theirs)

    def read(self, seconds):
        if self.ours is None or not select.select([self.ours], [], [], max(0, seconds))[0]:
            return False
        try:
            data = os.read(self.ours, 1 << 16)
        except OSError:
            return False
        self.raw += data
        self.screen.feed(data)
        return bool(data)

    def quiet(self, seconds, most=5.0):
        end = time.monotonic() + most
        while time.monotonic() < end and self.read(seconds):
            pass

    def until(self, text, seconds=5):
        """Read until a text (or what a function says) is on the screen."""
        holds = text if callable(text) else lambda: self.screen.holds(text)
        end = time.monotonic() + seconds
        while not holds():
            check(time.monotonic() < end, f"not on the screen after {seconds} s: {text!r}:\n" + "\n".join(line[:60] for line in self.screen.lines() if line))
            self.read(0.05)

    def keys(self, text):
        data = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + 10
        while data:
            try:
                data = data[os.write(self.ours, data[:2048]):]
            except BlockingIOError:
                check(time.monotonic() < end, "the program does not read its keys")
                self.read(0.002)

    def size(self, width, height):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def hang_up(self):
        """The other side of the terminal goes away; ours is the last descriptor of it."""
        if self.theirs is not None:
            os.close(self.theirs)
            self.theirs = None
        os.close(self.ours)
        self.ours = None

    def over(self, seconds):
        """Wait for the end, reading what comes: (status, seconds it took)."""
        began = time.monotonic()
        while self.process.poll() is None:
            check(time.monotonic() - began < seconds, f"not ended after {seconds} s")
            if not self.read(0.005):
                time.sleep(0.002)
        took = time.monotonic() - began
        self.quiet(0.05)
        return self.process.returncode, took

    def restored(self):
        check(termios.tcgetattr(self.theirs) == self.modes, "the modes of the terminal are not restored")
        check(b"\x1b[?1049l" in self.raw or b"\x1b[?1049h" not in self.raw, "the alternate screen was not left")
        check(self.raw.rfind(b"\x1b[?2004l") >= self.raw.rfind(b"\x1b[?2004h"), "bracketed paste was left on")

    def close(self):
        for fd in (self.ours, self.theirs):
            if fd is not None:
                os.close(fd)
        self.ours = self.theirs = None


def program_of(process, name="sockeye"):
    """The id of the program itself, where ip, env or a shell stand between."""
    def found():
        todo = [process.pid]
        while todo:
            pid = todo.pop()
            try:
                with open(f"/proc/{pid}/comm") as f:
                    if f.read().strip() == name:
                        return pid
                with open(f"/proc/{pid}/task/{pid}/children") as f:
                    todo += map(int, f.read().split())
            except OSError:
                pass
        return None
    return wait_for(f"{name} to run", 5, found)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def done_reading(pid, seconds=15):
    """Wait until a program has nothing left to do: what waits in its ring when it is stopped is in no total."""
    used = [cpu_seconds(pid), time.monotonic()]

    def still():
        now = cpu_seconds(pid)
        if now - used[0] > 0.02:
            used[:] = now, time.monotonic()
        return time.monotonic() - used[1] > 0.7

    wait_for("the program to have read everything", seconds, still, 0.05)


def rss_mb(pid, key="VmRSS"):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{key}:\s+(\d+)", f.read(), re.M).group(1)) / 1024


def send(lab, *words, namespace=None, wait=True, before=()):
    """tools/send from the server's side, so that it arrives at the client's wire0; what it really sent."""
    process = lab.start(namespace or lab.server, *before, os.path.join(lab.tools, "send"), "-i", "wire0", *map(str, words))
    return sent(process) if wait else process


def sent(process, seconds=40):
    status, out, err = ended(process, seconds)
    check(status == 0, f"send: exit {status}:", err)
    done = json.loads(out)
    check(done["dropped"] == 0, "the wire itself dropped frames:", done)
    return done["sent"]


class Told:
    """Standard error of a program, as it comes."""

    def __init__(self, process):
        self.process, self.text = process, ""
        os.set_blocking(process.stderr.fileno(), False)

    def take(self):
        try:
            while True:
                data = os.read(self.process.stderr.fileno(), 65536)
                if not data:
                    break
                self.text += data.decode(errors="replace")
        except BlockingIOError:
            pass
        return self.text

    def until(self, pattern, seconds):
        """Seconds until a line that matches was told, and the match."""
        began = time.monotonic()
        while True:
            found = re.search(pattern, self.take(), re.I)
            if found:
                return time.monotonic() - began, found
            check(time.monotonic() - began < seconds, f"not told within {seconds} s: {pattern!r}; told:", self.text)
            time.sleep(0.01)


def total_of(err, words):
    found = re.search(rf"^(\d+) {re.escape(words)}", err, re.M)
    return int(found.group(1)) if found else None


def exact_totals(err, wanted, lost=0):
    """captured + dropped is what was sent, and no more was lost than allowed: (captured, dropped)."""
    captured, dropped = total_of(err, "packets captured"), total_of(err, "packets dropped by kernel")
    check(captured is not None and dropped is not None, "no totals in:", err)
    check(captured + dropped == wanted, f"captured {captured} + dropped {dropped}, sent {wanted}:", err)
    check(dropped <= lost, f"{dropped} of {wanted} lost")
    return captured, dropped


def measured(lab, words, seconds=60, before=()):
    """A run to its end, and what it cost: (dict of measure.py, out, err)."""
    path = os.path.join(lab.folder, "measured")
    process = lab.start(None, sys.executable, "-S", "-E", str(HERE / "measure.py"), path, *before, lab.program, *words)
    _, out, err = ended(process, seconds)
    with open(path) as f:
        return json.load(f), out, err


def run(lab, words, status, *parts, seconds=20, sentences=None, namespace=None, before=(), **options):
    """A run to its end: its status is one of those allowed, its messages contain these parts (regular expressions)."""
    wanted = (status,) if isinstance(status, int) else status
    process = lab.start(namespace, *before, lab.program, *words, **options)
    got, out, err = ended(process, seconds)
    shown = " ".join(words)[:200]
    check(got in wanted, f"exit {got}, not {' or '.join(map(str, wanted))}: {shown}:", err[:1500], out[:300])
    for part in parts:
        check(re.search(part, err, re.I), f"no {part!r} in what {shown} said:", err[:1500])
    if sentences is not None:
        check(len(err.splitlines()) == sentences, f"{len(err.splitlines())} lines instead of {sentences}:", err[:1500])
    return out, err
