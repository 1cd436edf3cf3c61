"""A terminal of our own: just enough of xterm to know what is on the screen.

Understands what ncurses sends for TERM=xterm-256color: text in UTF-8, cursor
movement, erasing, inserting, deleting, scrolling, REP; colours and modes are read
past. What it does not know it counts in `unknown`, so that a test can object.
"""
import fcntl
import os
import pty
import re
import struct
import termios
import unicodedata

SEQUENCE = re.compile(r"\x1b(?:\[([?>=!]?)([0-9;:]*)([ -/]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+].|[ -/]*[0-~])")
# The beginning of a sequence whose end has not come yet.
UNFINISHED = re.compile(r"\x1b(?:\[[?>=!]?[0-9;:]*[ -/]*|\][^\x07\x1b]*\x1b?|[()*+]?|[ -/]*)\Z")


class Screen:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.cells = [[" "] * width for _ in range(height)]
        self.x = self.y = 0
        self.top, self.bottom = 0, height - 1
        self.saved = (0, 0)
        self.last = " "
        self.unknown = 0
        self.pending = b""
        self.rest = ""

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def holds(self, text):
        return any(text in "".join(row) for row in self.cells)

    def feed(self, data):
        data = self.pending + data
        keep = 0  # bytes of a character that is not whole yet
        for back in range(1, min(4, len(data) + 1)):
            byte = data[-back]
            if byte >= 0xC0:
                keep = back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
                break
            if byte < 0x80:
                break
        self.pending = data[len(data) - keep:]
        text = self.rest + data[:len(data) - keep].decode(errors="replace")
        self.rest = ""
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\x1b":
                found = SEQUENCE.match(text, at)
                if not found or UNFINISHED.match(text, at):
                    if UNFINISHED.match(text, at):
                        self.rest = text[at:]
                        return
                    self.unknown += 1
                    at += 1
                    continue
                self.escape(found)
                at = found.end()
                continue
            self.put(c)
            at += 1

    def put(self, c):
        if c == "\r":
            self.x = 0
        elif c == "\n":
            self.line_feed()
        elif c == "\b":
            self.x = max(0, min(self.x, self.width - 1) - 1)
        elif c == "\t":
            self.x = min(self.width - 1, (self.x // 8 + 1) * 8)
        elif c < " " or c == "\x7f":
            pass
        else:
            self.write(c)

    def write(self, c):
        wide = 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        if not wide:
            return
        if self.x + wide > self.width:
            self.x = 0
            self.line_feed()
        row = self.cells[self.y]
        # Half of a wide character is written over: the other half goes too.
        if row[self.x] == "" and self.x:
            row[self.x - 1] = " "
        if self.x + wide < self.width and row[self.x + wide] == "":
            row[self.x + wide] = " "
        row[self.x] = c
        if wide == 2:
            row[self.x + 1] = ""
        self.x += wide
        self.last = c

    def line_feed(self):
        if self.y == self.bottom:
            self.scroll(self.top, 1)
        elif self.y < self.height - 1:
            self.y += 1

    def scroll(self, first, n):
        """Lines first..bottom go up by n, or down where n is negative."""
        blank = [[" "] * self.width for _ in range(min(abs(n), self.bottom + 1 - first))]
        region = self.cells[first:self.bottom + 1]
        region = region[n:] + blank if n > 0 else blank + region[:len(region) - len(blank)]
        self.cells[first:self.bottom + 1] = region[:self.bottom + 1 - first]

    def escape(self, found):
        mark, numbers, _, final = found.groups()
        if final is None:
            self.short(found.group(0))
            return
        if mark or final in "mhlnctqrx" and final != "r":
            return
        n = [int(v) if v else 0 for v in numbers.split(";")] if numbers else [0]
        one = max(1, n[0])
        row = self.cells[self.y]
        x = min(self.x, self.width - 1)
        if final in "Hf":
            self.y, self.x = min(one, self.height) - 1, min(max(1, n[1]) if len(n) > 1 else 1, self.width) - 1
        elif final == "A":
            self.y = max(0, self.y - one)
        elif final in "Be":
            self.y = min(self.height - 1, self.y + one)
        elif final in "Ca":
            self.x = min(self.width - 1, x + one)
        elif final == "D":
            self.x = max(0, x - one)
        elif final in "G`":
            self.x = min(one, self.width) - 1
        elif final == "d":
            self.y = min(one, self.height) - 1
        elif final == "J":
            self.erase_lines({0: range(self.y + 1, self.height), 1: range(self.y), 2: range(self.height)}.get(n[0], range(0)))
            self.erase(row, {0: (x, self.width), 1: (0, x + 1)}.get(n[0], (0, 0)))
        elif final == "K":
            self.erase(row, {0: (x, self.width), 1: (0, x + 1), 2: (0, self.width)}[n[0]])
        elif final == "X":
            self.erase(row, (x, min(self.width, x + one)))
        elif final == "P":
            row[x:] = (row[x + one:] + [" "] * one)[:self.width - x]
        elif final == "@":
            row[x:] = ([" "] * one + row[x:])[:self.width - x]
        elif final == "L":
            self.scroll(self.y, -one)
        elif final == "M":
            self.scroll(self.y, one)
        elif final == "S":
            self.scroll(self.top, one)
        elif final == "T":
            self.scroll(self.top, -one)
        elif final == "b":
            for _ in range(one):
                self.write(self.last)
        elif final == "r":
            self.top, self.bottom = max(1, n[0]) - 1, (n[1] if len(n) > 1 and n[1] else self.height) - 1
            self.x = self.y = 0
        elif final not in "su":
            self.unknown += 1

    def short(self, sequence):
        final = sequence[1]
        if final == "M":
            if self.y == self.top:
                self.scroll(self.top, -1)
            else:
                self.y = max(0, self.y - 1)
        elif final == "7":
            self.saved = (self.x, self.y)
        elif final == "8":
            self.x, self.y = self.saved
        elif final == "D":
            self.line_feed()
        elif final == "E":
            self.x = 0
            self.line_feed()
        elif final not in "()*+=>]c":
            self.unknown += 1

    def erase(self, row, span):
        row[span[0]:span[1]] = [" "] * (span[1] - span[0])

    def erase_lines(self, numbers):
        for y in numbers:
            self.cells[y] = [" "] * self.width


def open_terminal(width, height):
    """(our end, the program's end) of a pseudo terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    os.set_blocking(ours, False)
    return ours, theirs
