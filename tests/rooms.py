#!/usr/bin/env python3
"""Holds the house to its own rules, as far as text can tell.

usage: rooms.py TOP

- a room includes only headers of rooms above it: the table of include/sockeye/README.md;
- calls that cannot be bounded, and exit(), do not appear (only src/main.c ends the program; the second ^C and the broker end their process);
- curses is src/tui/curses.c's alone, libpcap src/source's alone;
- no file grows over 600 lines;
- dissectors and the loop read packet bytes through the cursor: no struct on packet
  bytes, no pointer arithmetic on frame data;
- every dissector in dissectors.def has a file, every capture a line in captures/README.md
  (or one for all of `NAME-*`).
"""
import pathlib
import re
import sys

POISON = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|strncpy|strncat|vsprintf|gets|alloca|atoi|atol|atoll)\s*\(")
EXITS = re.compile(r"(?<![\w.>])(exit|_exit|quick_exit|abort)\s*\(")
FRAME_BYTES = re.compile(r"(->|\.)data\s*(\[|\+)|\(\s*(const\s+)?struct\s+\w+\s*\*\s*\)\s*\w*(->|\.)?(pos|data|base)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.M)
LINES = 600
ENDS = ("src/main.c", "src/signals.c")  # and the broker, a process of its own


def without_comments(text):
    """C text with comments and strings blanked, lines kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', lambda m: m.group(0) if m.group(0).startswith('"')
                  and INCLUDE.search(m.string[m.string.rfind("\n", 0, m.start()) + 1:m.end()]) else blank(m), text, flags=re.S)


def rooms(top):
    """(folder or file -> room, header -> room, room -> rooms and headers it may use) of the table."""
    folders, headers, above, order = {}, {}, {}, []
    for line in (top / "include/sockeye/README.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) < 4 or cells[0] in ("room", "---"):
            continue
        room, where, names, calls = cells[:4]
        for folder in where.split(","):
            folders[folder.strip()] = room
        for name in re.sub(r"\([^)]*\)", "", names).split(","):
            if name.strip():
                headers[name.strip()] = room
        calls, _, reads = calls.partition(";")
        above[room] = set(order) if calls in ("all above", "everything") else {c.strip() for c in calls.split(",")}
        above[room] |= set(re.findall(r"\w+\.h", reads))
        above[room] |= {room}
        order.append(room)
    return folders, headers, above


def path_name(name):
    return name.rpartition("/")[2]


def room_of(path, folders):
    for folder, room in folders.items():
        if str(path) == folder or str(path).startswith(folder + "/"):
            return room
    return "main" if path.parts[:1] == ("src",) and len(path.parts) == 2 else None


def check_includes(path, text, room, headers, above, complain):
    for found in INCLUDE.findall(text):
        name = found.strip('<>"')
        if name.startswith("sockeye/"):
            owner = headers.get(name[len("sockeye/"):].removesuffix(".h"))
            if owner is None:
                complain(f"{path}: {name} is in no row of include/sockeye/README.md")
            elif room in above and owner not in above[room] and path_name(name) not in above[room]:
                complain(f"{path}: room {room} includes {name} of room {owner}, which is not above it")
        elif re.search(r"curses|panel\.h|term\.h$", name) and found.startswith("<") and str(path) != "src/tui/curses.c":
            complain(f"{path}: includes {name}; only src/tui/curses.c may")
        elif name.startswith(("pcap", "linux/if_packet")) and room != "source" and path.name != "syn_ring.c":
            complain(f"{path}: includes {name}; only src/source may")
        elif found.startswith('"') and ".." in name:
            complain(f"{path}: includes {name}: another room's private header")


def check_text(path, text, room, complain):
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{path}:{number}"
        for call in POISON.findall(line):
            complain(f"{place}: {call}()")
        if str(path) not in ENDS and room != "broker" and path.parts[0] in ("src", "dissectors"):
            for call in EXITS.findall(line):
                complain(f"{place}: {call}(); only src/main.c ends the program")
        if (room == "dissect") and FRAME_BYTES.search(line):
            complain(f"{place}: packet bytes without the cursor: {line.strip()}")


def check_registries(top, complain):
    definitions = top / "dissectors/dissectors.def"
    if definitions.exists():
        for name in re.findall(r"^DISSECTOR\((\w+)\)", definitions.read_text(), re.M):
            if not (top / f"dissectors/{name}.c").exists():
                complain(f"dissectors/dissectors.def: {name} has no dissectors/{name}.c")
    listed = top / "captures/README.md"
    told = listed.read_text() if listed.exists() else ""
    patterns = re.findall(r"`([\w.-]+-\*)`", told)
    for capture in sorted((top / "captures").glob("*.*cap*")):
        if capture.name not in told and not any(capture.match(p) for p in patterns):
            complain(f"captures/{capture.name}: not in captures/README.md")


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    complaints = []
    folders, headers, above = rooms(top)
    if not folders or not headers:
        complaints.append("include/sockeye/README.md: its table could not be read")
    seen = 0
    for folder in ("src", "dissectors", "include", "tests"):
        for path in sorted((top / folder).rglob("*.[ch]")):
            seen += 1
            shown, raw = path.relative_to(top), path.read_text()
            if raw.count("\n") > LINES:
                complaints.append(f"{shown}: {raw.count(chr(10))} lines, more than {LINES}: which two things has it become?")
            room = room_of(shown, folders)
            text = without_comments(raw)
            if folder == "include":
                room = headers.get(path.stem)
            if folder != "tests":
                check_includes(shown, text, room, headers, above, complaints.append)
            check_text(shown, text, room, complaints.append)
    check_registries(top, complaints.append)
    print("\n".join(complaints) or f"{seen} files keep the rules")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
