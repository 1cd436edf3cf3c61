#!/usr/bin/env python3
"""The fault runner: everything that can go wrong around the program is made to go wrong, once.

usage: faults.py --program PATH [--times N] [--list] [NAME or NUMBER...]

A row is a function fNN_name(lab) in a faults_*.py file: its docstring says what
must happen, what it returns is the value measured and its limit. Each runs in
namespaces of its own. Prints "ok faults/NN-name VALUE" or "FAILED faults/NN-name:
why"; status 1 if one failed. None is skipped: what cannot be provoked has failed.
Needs root, and the tools that are built with the program. The program is the
release build: the limits are of what users run.
"""
import argparse
import os
import sys
import time

import faults_bounds
import faults_files
import faults_filters
import faults_links
import faults_load
import faults_terminal
import faults_world
import faults_writing
from lab import TOP
from run import attempt

FILES = (faults_links, faults_load, faults_terminal, faults_writing, faults_files, faults_bounds, faults_filters, faults_world)


def name_of(row):
    return row.__name__[1:].replace("_", "-")


def chosen(row, names):
    name = name_of(row)
    return not names or any(n == name or n == name.split("-")[0] or n.zfill(2) == name.split("-")[0] for n in names)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--times", type=int, default=1)
    options.add_argument("--list", action="store_true")
    options.add_argument("name", nargs="*")
    o = options.parse_args()
    program = os.path.abspath(o.program)
    os.chdir(TOP)
    rows = sorted((row for f in FILES for row in f.ROWS if chosen(row, o.name)), key=name_of)
    if not rows:
        sys.exit("faults.py: no such row")
    if o.list:
        print("\n".join(f"{name_of(r)}  {r.__doc__}" for r in rows))
        return 0
    failed, begun = 0, time.monotonic()
    for turn in range(o.times):
        for row in rows:
            began = time.monotonic()
            good, said = attempt(program, row)
            said = " | ".join(str(said or "").split("\n"))
            if good:
                print(f"ok faults/{name_of(row)} {said} ({time.monotonic() - began:.1f} s)", flush=True)
            else:
                failed += 1
                print(f"FAILED faults/{name_of(row)}: {row.__doc__}: {said}", flush=True)
        if o.times > 1:
            print(f"turn {turn + 1} of {o.times}: {failed} failed so far, {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
