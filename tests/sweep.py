#!/usr/bin/env python3
"""Runs sockeye over a folder of developer captures: it must not fall, and must end as kept.

usage: sweep.py --program PATH FOLDER

For every capture under FOLDER the connections as JSON and the packets with all
their layers are printed to nowhere. No crash, no word from a sanitizer, JSON
that parses, and the exit status (0 complete, 1 not a capture, 3 damaged) of
tests/sweep.txt. ACCEPT=1 rewrites that list. Files that the list does not
know, and lines without a file, are failures: the list is kept whole.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

LIST = pathlib.Path(__file__).resolve().parent / "sweep.txt"
SECONDS = 60
HEAD = """# How sockeye ends on each developer capture: exit status, file.
# 0 complete; 1 not a capture we read; 3 cut or damaged, everything before it reported.
"""


def run(program, words):
    environment = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"}
    return subprocess.run([program, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, env=environment)


def sweep(program, path):
    """(exit status, complaint or None) of one capture."""
    try:
        flows = run(program, ["connections", "-n", "-o", "json", "-r", str(path)])
        packets = run(program, ["packets", "-n", "-v", "-r", str(path)])
    except subprocess.TimeoutExpired:
        return -1, f"not done after {SECONDS} seconds"
    for done in (flows, packets):
        if done.returncode not in (0, 1, 3):
            return done.returncode, f"status {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}"
    if flows.returncode != packets.returncode:
        return flows.returncode, f"status {flows.returncode} for connections, {packets.returncode} for packets"
    if flows.returncode and not flows.stderr.strip():
        return flows.returncode, f"status {flows.returncode} without a word"
    try:
        for line in flows.stdout.splitlines():
            json.loads(line)
    except ValueError as why:
        return flows.returncode, f"not JSON: {why}"
    return flows.returncode, None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("folder", type=pathlib.Path)
    o = options.parse_args()
    program = os.path.abspath(o.program)
    found = {str(p.relative_to(o.folder)): p for p in sorted(o.folder.rglob("*"))
             if p.is_file() and p.parent != o.folder and p.relative_to(o.folder).parts[0] != "expected"}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = dict(zip(found, pool.map(lambda p: sweep(program, p), found.values())))
    bad = {name: why for name, (_, why) in results.items() if why}
    if os.environ.get("ACCEPT") and not bad:
        LIST.write_text(HEAD + "".join(f"{status} {name}\n" for name, (status, _) in results.items()))
    kept = {}
    if LIST.exists():
        kept = {name: int(status) for status, name in (line.split(None, 1) for line in LIST.read_text().splitlines()
                                                       if line and not line.startswith("#"))}
    for name, (status, _) in results.items():
        if name not in bad and kept.get(name) != status:
            bad[name] = f"exit {status}, kept {kept.get(name, 'none')}"
    for name in kept.keys() - results.keys():
        bad[name] = "in the list, not in the folder"
    for name, why in sorted(bad.items()):
        print(f"FAILED sweep/{name.replace(' ', '_')}: {why}")
    for name in results.keys() - bad.keys():
        print(f"ok sweep/{name.replace(' ', '_')}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
