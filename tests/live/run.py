#!/usr/bin/env python3
"""The live tests: each in fresh namespaces, each bounded in time.

usage: run.py --program PATH [NAME...]

Prints "ok NAME" or "FAILED NAME: why" for each; status 1 if one failed. Needs root.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bounds
import bpf
import copies
import compressed
import endings
import figures
import follow
import handshakes
import history
import listeners
import load
import manners
import netns
import node
import owners
import pipes
import relay
import rights
import ring
import same
import sockets
import sockets_screen
import threads
import writing
from lab import Failed, Lab, TOP

SECONDS = 60

# The second ones run beside the first: both mostly wait, in namespaces of their own, and take about as long.
MODULES = [manners, sockets_screen, bpf, owners, listeners, netns, node]
BESIDE = [handshakes, same, copies, ring, sockets, endings, pipes, follow, compressed, bounds, writing, rights, relay, threads, history]

# What is measured, and what a run costs where nothing happens on the machine: when both are over.
ALONE = [listeners.listeners_idle, manners.idle_live, *load.TESTS]


def out_of_time(*_):
    raise Failed(f"not done after {SECONDS} seconds")


def attempt(program, test):
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(SECONDS)
    try:
        with Lab(program) as lab:
            return True, test(lab)
    except (Failed, OSError, subprocess.SubprocessError, KeyError, ValueError, StopIteration) as why:
        return False, f"{type(why).__name__}: {why}" if not isinstance(why, Failed) else str(why)
    finally:
        signal.alarm(0)


def run(program, tests):
    """1: one of them failed."""
    failed = 0
    for test in tests:
        name = test.__name__.replace("_", "-")
        began = time.monotonic()
        good, said = attempt(program, test)
        took = f"{time.monotonic() - began:.1f} s"
        if good:
            print(f"ok live/{name} {test.__doc__} ({took}{', ' + said if said else ''})", flush=True)
        else:
            failed += 1
            said = " | ".join(said.split("\n"))
            print(f"FAILED live/{name}: {test.__doc__}: {said}", flush=True)
    return 1 if failed else 0


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("name", nargs="*")
    o = options.parse_args()
    program = os.path.abspath(o.program)
    os.chdir(TOP)
    tests = [t for m in MODULES + BESIDE for t in m.TESTS] + load.TESTS
    # By name only: they measure, for half a minute, what the benchmark says too.
    named = [t for t in figures.TESTS + owners.NAMED if t.__name__.replace("_", "-") in o.name]
    tests += named
    unknown = set(o.name) - {t.__name__.replace("_", "-") for t in tests}
    if unknown:
        print("no such test: " + ", ".join(sorted(unknown)), file=sys.stderr)
        return 2
    # One sentence where there is one cause: no root, or no network namespaces.
    good, said = attempt(program, lambda lab: "")
    if not good:
        print(f"FAILED live/namespaces: cannot work in network namespaces here, {len(tests)} tests did not run: "
              + " | ".join(said.split("\n")), flush=True)
        return 1
    if o.name:
        return run(program, [t for t in tests if t.__name__.replace("_", "-") in o.name])
    other = os.fork()
    if other == 0:
        os._exit(run(program, [t for m in BESIDE for t in m.TESTS]))
    failed = run(program, [t for m in MODULES for t in m.TESTS if t not in ALONE])
    other_failed = os.waitpid(other, 0)[1] != 0
    failed |= run(program, ALONE)
    return 1 if failed or other_failed else 0


if __name__ == "__main__":
    sys.exit(main())
