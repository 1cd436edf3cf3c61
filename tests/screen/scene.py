#!/usr/bin/env python3
"""Draws the screens of scenes.txt without a terminal and compares them with the kept ones.

usage: scene.py --program PATH --sockets PATH (NAME... | --all)

Every screen must have exactly the lines asked for and none wider than asked
for, and two runs must give the same bytes. ACCEPT=1 in the environment rewrites
golden/NAME.txt (and NAME.attrs); look at the difference before you commit it.
"""
import argparse
import difflib
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SECONDS = 60


def scenes():
    """name -> (size, capture, keys, options)."""
    found = {}
    for line in (HERE / "scenes.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            # Keys may hold a bar: the first three and the last column are the fixed ones.
            name, size, capture, rest = (part.strip() for part in line.split("|", 3))
            keys, _, options = rest.rpartition("|")
            found[name] = (size, capture, keys.strip(), shlex.split(options))
    return found


def columns(text):
    """Cells that a line takes: two for wide characters, none for combining ones."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def draw(programs, size, capture, keys, options, locale):
    """(screen, attributes or None); raises RuntimeError with what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        dump, attrs = os.path.join(folder, "dump"), os.path.join(folder, "attrs")
        program = programs[capture == "sockets"]
        words = (["watch", "-r", capture] if capture != "sockets" else []) + ["--headless", size, "--dump", dump]
        if keys:
            words += ["--keys", keys]
        words += [w for o in options for w in ((o, attrs) if o == "--dump-attrs" else (o,))]
        # TERM is one that the screen refuses: headless must not look at it.
        done = subprocess.run([program, *words], cwd=TOP, capture_output=True, timeout=SECONDS,
                              stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": locale, "TERM": "dumb",
                                   "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"})
        if done.returncode not in (0, 3):
            raise RuntimeError(f"{os.path.basename(program)} {shlex.join(words)}: exit {done.returncode}\n"
                               + done.stderr.decode(errors="replace")[-2000:])
        kept = pathlib.Path(attrs)
        return pathlib.Path(dump).read_bytes(), kept.read_bytes() if kept.exists() else None


def shape(screen, size):
    """Complaint about lines too many, too few or too wide, or None."""
    width, height = map(int, size.split("x"))
    lines = screen.decode().split("\n")
    if lines[-1] != "" or len(lines) - 1 != height:
        return f"{len(lines) - 1} lines, not {height}"
    wide = [i for i, line in enumerate(lines, 1) if columns(line) > width]
    return f"lines wider than {width}: {wide}" if wide else None


def compare(path, now):
    if os.environ.get("ACCEPT"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(now)
        return None
    if not path.exists():
        return f"{path.relative_to(TOP)} does not exist yet: build the target accept, look at it, commit it"
    kept = path.read_bytes()
    if kept == now:
        return None
    return "\n".join(difflib.unified_diff(kept.decode().splitlines(), now.decode().splitlines(),
                                          f"{path.name} (kept)", f"{path.name} (now)", lineterm="", n=1))


def check(programs, name):
    scene = scenes()[name]
    screen, attrs = draw(programs, *scene, "C")
    again, _ = draw(programs, *scene, "C.UTF-8")
    complaints = [shape(screen, scene[0]), compare(HERE / "golden" / f"{name}.txt", screen)]
    if again != screen:
        complaints.append("the same command in another locale drew another screen")
    if attrs is not None:
        complaints.append(compare(HERE / "golden" / f"{name}.attrs", attrs))
    return [c for c in complaints if c]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--sockets", help="the program that draws scenes whose capture is the word sockets")
    options.add_argument("--all", action="store_true")
    options.add_argument("name", nargs="*")
    o = options.parse_args()
    failed = 0
    for name in scenes() if o.all else o.name:
        try:
            complaints = check([os.path.abspath(o.program), os.path.abspath(o.sockets or "")], name)
        except (RuntimeError, subprocess.TimeoutExpired, OSError, UnicodeDecodeError) as why:
            complaints = [str(why)]
        for complaint in complaints:
            print(f"{name}: {complaint}")
        failed += bool(complaints)
    if o.all:
        for path in sorted((HERE / "golden").glob("*.*")):
            if path.stem not in scenes():
                print(f"{path.relative_to(TOP)}: there is no such scene")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
