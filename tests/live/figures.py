"""What the screen spends: frames, wake-ups, bytes, memory, and no cell that blinks. Counts have their limits as they
are; where time is involved the limit is five times the goal, and what was measured is printed."""
import os
import re
import time

from faults_lab import Seat, program_of, rss_mb, send, sent
from lab import TOP, check, children
from terminal import Screen

WIDTH, HEIGHT = 120, 35
BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"  # what the program writes round a frame where the terminal knows it
SMALL = TOP / "captures/tcp-twice.pcap"
FRAMES_S, IDLE_WAKES_S, TYPICAL_BYTES_S, WORST_BYTES_S, SMALL_MB = 10, 1, 2048, 20480, 20
FIRST_MS, LENIENT = 80, 5


class Watcher(Screen):
    """A screen that remembers which cells were blanked, though only for a while: between two frames that have them
    filled. The line that scrolling opens is counted by itself: terminals scroll and fill it in one go, and what stood
    there has moved on."""

    def __init__(self, width, height):
        super().__init__(width, height)
        self.blinked = self.opened = self.frames = 0
        self.example = ""
        self.frame_begins()

    def frame_begins(self):
        self.before = [row[:] for row in self.cells]
        self.blank = set()

    def frame_ends(self):
        self.frames += 1
        for y, x in self.blank:
            if self.cells[y][x] not in (" ", ""):
                self.blinked += 1
                self.example = self.example or f"row {y + 1} column {x + 1} of frame {self.frames}, {self.before[y][x]!r} then {self.cells[y][x]!r}"
        self.frame_begins()

    def look(self, rows):
        for y in rows:
            for x, (was, now) in enumerate(zip(self.before[y], self.cells[y])):
                if now == " " and was not in (" ", ""):
                    self.blank.add((y, x))

    def write(self, c):
        super().write(c)
        if c == " ":
            self.look((self.y,))

    def escape(self, found):
        super().escape(found)
        final = found.group(4)
        if final == "J":
            self.look(range(self.height))
        elif final in ("L", "M", "S", "T") or found.group(0) == "\x1bM":
            self.opened += 1
            self.before = [row[:] for row in self.cells]  # all has moved: what blinks, blinks from here
        elif final in ("K", "X", "P", "@", "b"):
            self.look((self.y,))


class Desk(Seat):
    """A seat whose terminal knows synchronized output: it sees where frames begin and end."""

    def __init__(self, lab, *words, **options):
        super().__init__(lab, *words, size=(WIDTH, HEIGHT), **options)
        self.screen = Watcher(WIDTH, HEIGHT)
        self.asked = self.fed = 0

    def read(self, seconds):
        before = len(self.raw)
        plain, self.screen = self.screen, Screen(WIDTH, HEIGHT)  # the seat's own reading goes nowhere
        try:
            came = super().read(seconds)
        finally:
            self.screen = plain
        asks = self.raw.count(b"\x1b[?2026$p")
        if asks > self.asked:
            os.write(self.ours, b"\x1b[?2026;2$y" * (asks - self.asked))
            self.asked = asks
        self.take()
        return came and len(self.raw) > before

    def take(self):
        """What is whole of frames goes onto the screen, each by itself."""
        while (at := self.raw.find(END, self.fed)) >= 0:
            begin = self.raw.find(BEGIN, self.fed, at)
            if begin > self.fed:
                self.screen.feed(bytes(self.raw[self.fed:begin]))
                self.screen.frame_begins()
            self.screen.feed(bytes(self.raw[begin if begin >= 0 else self.fed:at + len(END)]))
            self.screen.frame_ends()
            self.fed = at + len(END)

    def spend(self, seconds):
        """(frames, bytes, seconds) of a while."""
        frames, amount, began = self.screen.frames, len(self.raw), time.monotonic()
        while (past := time.monotonic() - began) < seconds:
            self.read(min(0.05, seconds - past))
        return self.screen.frames - frames, len(self.raw) - amount, past

    def leave(self):
        self.keys("qq")
        self.over(10)
        self.close()


def family(pid):
    return [pid, *(p for child in children(pid) for p in family(child))]


def wakes(pid):
    """Voluntary switches of all threads of a process and of those it started."""
    total = 0
    for one in family(pid):
        for task in os.listdir(f"/proc/{one}/task"):
            with open(f"/proc/{one}/task/{task}/status") as f:
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M).group(1))
    return total


def steady(lab, pps, flows, seconds=4):
    """(frames/s, bytes/s, the screen) of a live run in which so many packets of so many flows come."""
    desk = Desk(lab, "watch", "-i", "wire0", namespace=lab.client)
    desk.until("LIVE", 10)
    check(desk.asked > 0, "the program did not ask for synchronized output")
    sender = send(lab, "-n", 10_000_000, "-t", seconds + 2, "-r", pps, "-f", flows, "udp", wait=False)
    desk.spend(1)
    check(desk.screen.frames > 0, "no frame was seen")
    frames, amount, past = desk.spend(seconds)
    sent(sender)
    screen = desk.screen
    desk.leave()
    check(screen.unknown == 0, f"{screen.unknown} sequences that the terminal does not know")
    return frames / past, amount / past, screen


def figures_typical(lab):
    """some connections that talk: bytes to the terminal, and no cell blank between two frames that have it filled"""
    frames, amount, screen = steady(lab, 10, 5)
    check(amount <= TYPICAL_BYTES_S, f"{amount:.0f} bytes a second to the terminal, more than {TYPICAL_BYTES_S}")
    check(screen.blinked == 0, f"{screen.blinked} cells were blank between two frames that have them filled: {screen.example}")
    return f"{amount:.0f} bytes/s, at most {TYPICAL_BYTES_S}; {frames:.1f} frames/s; 0 cells blinked in {screen.frames} frames ({screen.opened} scrolled)"


def figures_worst(lab):
    """every row changes all the time: frames by data, bytes to the terminal, and no cell that blinks"""
    frames, amount, screen = steady(lab, 20_000, 24)
    # One more a second: the clock's, which is not by data; and what stands at the edges of the time.
    check(frames <= FRAMES_S + 1.5, f"{frames:.1f} frames a second, more than {FRAMES_S} and the clock's one")
    check(amount <= WORST_BYTES_S, f"{amount:.0f} bytes a second to the terminal, more than {WORST_BYTES_S}")
    check(screen.blinked == 0, f"{screen.blinked} cells were blank between two frames that have them filled: {screen.example}")
    return f"{frames:.1f} frames/s, at most {FRAMES_S + 1}; {amount:.0f} bytes/s, at most {WORST_BYTES_S}; 0 cells blinked in {screen.frames} frames ({screen.opened} scrolled)"


def figures_idle(lab, seconds=5):
    """a file on the screen and nothing to do: wake-ups of all its processes"""
    desk = Desk(lab, "watch", str(SMALL))
    desk.until("FILE", 10)
    desk.spend(0.7)
    pid = program_of(desk.process)
    before, amount = wakes(pid), len(desk.raw)
    time.sleep(seconds)
    woke = wakes(pid) - before
    desk.read(0)
    amount = len(desk.raw) - amount
    desk.leave()
    check(woke <= IDLE_WAKES_S * seconds, f"{woke} wake-ups in {seconds} s, more than {IDLE_WAKES_S} a second")
    check(amount == 0, f"{amount} bytes to the terminal though nothing changed")
    return f"{woke} wake-ups in {seconds} s, at most {IDLE_WAKES_S * seconds}; 0 bytes"


def figures_start(lab):
    """a small file: memory, and how soon the first screen is there"""
    took, memory = [], []
    for _ in range(3):
        began = time.monotonic()
        desk = Desk(lab, "watch", str(SMALL))
        desk.until("192.0.2.10:46100", 10)
        took.append((time.monotonic() - began) * 1000)
        memory.append(sum(rss_mb(p) for p in family(program_of(desk.process))))
        desk.leave()
    check(max(memory) <= SMALL_MB, f"{max(memory):.1f} MB resident, more than {SMALL_MB}")
    check(min(took) <= FIRST_MS * LENIENT, f"the first screen after {min(took):.0f} ms, more than {FIRST_MS * LENIENT}")
    return f"{max(memory):.1f} MB, at most {SMALL_MB}; first screen after {min(took):.0f} ms, goal {FIRST_MS}, limit {FIRST_MS * LENIENT}"


TESTS = [figures_typical, figures_worst, figures_idle, figures_start]
