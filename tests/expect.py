#!/usr/bin/env python3
"""Runs sockeye over a capture, or a line of cases.txt, and compares what it prints.

usage: expect.py --program PATH [--has full] (NAME... | --all)

NAME is a file in captures/ or a case. A capture has two kept files:
tests/expect/CAPTURE.txt, the connections and the handshakes as text, and
CAPTURE.json, the connections as JSON lines and nothing else. A case has
tests/expect/cases/NAME.txt. Text files hold each command, what it wrote to
standard output, its messages and its exit status.

ACCEPT=1 in the environment rewrites the kept files instead; read the difference
before you commit it. The clock is UTC, the locale C and no terminal near, so
no colour: the same bytes on every machine.
"""
import argparse
import difflib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent
TOP = TESTS.parent
SECONDS = 60
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C", "TERM": "dumb",
    # A finding of a sanitizer is status 99, which no expectation holds.
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1", "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
}


class Run:
    """One run of the program: what it wrote and how it ended."""

    def __init__(self, program, words):
        self.words = words
        done = subprocess.run([program, *words], cwd=TOP, env=ENVIRONMENT,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        self.out, self.err, self.status = done.stdout, done.stderr, done.returncode

    def text(self):
        shown = f"$ sockeye {shlex.join(self.words)}\n".encode() + self.out
        if self.err:
            shown += b"-- messages\n" + self.err
        return shown + f"-- exit {self.status}\n\n".encode()


def cases():
    """name -> (exit status, what it needs, words) of cases.txt."""
    found = {}
    for line in (TESTS / "cases.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, status, needs, words = line.split(None, 3)
            found[name] = (int(status), needs, shlex.split(words))
    return found


def captures():
    return sorted(p.name for p in (TOP / "captures").iterdir() if p.suffix in (".pcap", ".pcapng", ".cap"))


def compare(path, now):
    """Complaint about a kept file that differs from now, or None."""
    if os.environ.get("ACCEPT"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(now)
        return None
    shown = path.relative_to(TOP)
    if not path.exists():
        return f"{shown} does not exist yet: build the target accept, read the file, commit it"
    kept = path.read_bytes()
    if kept == now:
        return None
    lines = difflib.unified_diff(kept.decode(errors="backslashreplace").splitlines(),
                                 now.decode(errors="backslashreplace").splitlines(),
                                 f"{shown} (kept)", f"{shown} (now)", lineterm="", n=2)
    return "\n".join(line[:200] for line in list(lines)[:40]) or f"{shown}: bytes differ"


def crashed(run):
    """Complaint about a run that no expectation may hold, or None."""
    if run.status < 0 or run.status not in (0, 1, 2, 3) or b"Sanitizer" in run.err or b"runtime error" in run.err:
        return f"sockeye {shlex.join(run.words)}: status {run.status}\n{run.err.decode(errors='replace')[-3000:]}"
    return None


def check_capture(program, name):
    path = f"captures/{name}"
    shown = [Run(program, [view, "-n", path]) for view in ("connections", "handshakes")]
    record = Run(program, ["connections", "-n", "-o", "json", path])
    complaints = [crashed(r) for r in (*shown, record)]
    if not any(complaints):
        complaints += [f"not JSON: {why}" for why in not_json(record.out)]
        complaints.append(compare(TESTS / "expect" / f"{name}.txt", b"".join(r.text() for r in shown)))
        complaints.append(compare(TESTS / "expect" / f"{name}.json", record.out))
        if record.status != shown[0].status:
            complaints.append(f"{name}: exit {record.status} with -o json, {shown[0].status} as text")
    return [c for c in complaints if c]


def not_json(out):
    for number, line in enumerate(out.splitlines(), 1):
        try:
            if not next(iter(json.loads(line))) == "type":
                yield f"line {number} does not begin with its type"
        except (ValueError, StopIteration) as why:
            yield f"line {number}: {why}"


def check_case(program, name, status, words):
    run = Run(program, words)
    complaints = [crashed(run)]
    if run.status != status:
        complaints.append(f"{name}: exit {run.status}, not {status}\n{run.err.decode(errors='replace')[-2000:]}")
    if "json" in words:
        complaints += [f"not JSON: {why}" for why in not_json(run.out)]
    if not any(complaints):
        complaints.append(compare(TESTS / "expect" / "cases" / f"{name}.txt", run.text()))
    return [c for c in complaints if c]


def orphans(known):
    """Kept files that nothing makes any more."""
    for path in sorted((TESTS / "expect").glob("*.*")):
        if path.stem not in captures():
            yield f"{path.relative_to(TOP)}: there is no such capture"
    for path in sorted((TESTS / "expect" / "cases").glob("*.txt")):
        if path.stem not in known:
            yield f"{path.relative_to(TOP)}: there is no such case"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--has", action="append", default=[])
    options.add_argument("--all", action="store_true")
    options.add_argument("--orphans", action="store_true", help="only look for kept files that nothing makes")
    options.add_argument("name", nargs="*")
    o = options.parse_args()
    program, known = os.path.abspath(o.program), cases()
    failed = 0
    for name in captures() + sorted(known) if o.all else o.name:
        if name in known:
            status, needs, words = known[name]
            if needs != "-" and needs not in o.has:
                continue
            complaints = check_case(program, name, status, words)
        else:
            complaints = check_capture(program, name)
        for complaint in complaints:
            print(complaint)
        failed += bool(complaints)
    if o.all or o.orphans:
        left = list(orphans(known))
        print("\n".join(left), end="\n" if left else "")
        failed += bool(left)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
