#!/usr/bin/env python3
"""Six questions that a person has, answered by keys alone on the bundled capture.

usage: tasks.py --program PROGRAM [--show]

Each task is a key script and what must then stand in the selected row (or, where it says so,
anywhere on the screen), at 120x35 and at 80x24. --show prints the screens.
"""
import argparse, os, re, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAPTURE = "captures/handshakes.pcap"

# question, keys, selected row or whole screen, what must be there
TASKS = [
    ("Which handshake was the slowest?", "s s s", "row", r"198\.51\.100\.28:80 .*45\.5.*news\.example"),
    ("Who was refused?", "/ refused <Enter>", "row", r"✗ .*198\.51\.100\.54:5432 .*18\.0.*R.* refused"),
    ("Who never got an answer, and how often did it ask?", "/ no <Space> answer <Enter>", "row",
     r"203\.0\.113\.199:443 +(S─1\.0s─S─2\.0s─S…|S×3 …).*no answer"),
    ("Which handshake is half open?", "/ half-open <Enter>", "row", r"◐ .*203\.0\.113\.66:33012 .*half-open"),
    ("What is 203.0.113.80 called, and how long did its handshake take?", "/ 203.0.113.80 <Enter> d",
     "screen", r"(?s)296\.7.*mirror\.example\.com"),
    ("Which connection moved the most bytes?", "s s s s", "row", r"192\.168\.1\.20:51054 .*203\.0\.113\.10:443"),
]


def screen(program, size, keys):
    command = [program, "watch", "-r", CAPTURE, "--headless", size, "--keys", keys, "--dump", "-"]
    return subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--show", action="store_true")
    a = ap.parse_args()
    failed = 0
    for size in ("120x35", "80x24"):
        for question, keys, where, want in TASKS:
            shown = screen(os.path.abspath(a.program), size, keys)
            rows = [l for l in shown.splitlines() if l.startswith("▶")]
            text = shown if where == "screen" else "\n".join(rows)
            good = re.search(want, text) is not None and (where == "screen" or len(rows) == 1)
            failed += not good
            print("%s %s: %s  [%s]" % ("ok" if good else "FAILED", size, question, keys))
            if a.show or not good:
                print(shown)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
