#!/usr/bin/env python3
"""What is saved is what was captured, other programs read it, and what cannot be written is said.

usage: save.py --again PROGRAM
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
CAPTURE = TOP / "captures/handshakes.pcap"
COMMENTS = TOP / "captures/pcapng-interfaces.pcapng"
STEM = "sockeye-20260302-100058"


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **more)


def lines(capture, *words):
    """The packets as tcpdump shows them, with all bytes and full times."""
    return run("tcpdump", "-nn", "-tt", "-xx", "--time-stamp-precision=nano", "-r", str(capture), *words).stdout


def tshark(capture, *words):
    return run("tshark", "-n", "-r", str(capture), "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len",
               "-e", "frame.interface_name", "-e", "frame.comment", "-e", "frame.protocols", *words).stdout


def check(holds, what, *more):
    if not holds:
        print("FAILED", what, *more)
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", required=True)
    again = os.path.abspath(parser.parse_args().again)
    os.environ["TZ"] = "UTC"
    with tempfile.TemporaryDirectory(prefix="sockeye-save.") as folder:
        def save(*words, capture=CAPTURE, **more):
            return run(again, str(capture), "save", *words, **{"cwd": folder, **more})

        at = pathlib.Path(folder)
        got = save("2")
        check(got.stdout.startswith(f"{STEM}-conn2.pcapng 17 packets"), "the flow's name and packets:", got.stdout, got.stderr)
        check(lines(at / f"{STEM}-conn2.pcapng") == lines(CAPTURE, "port", "51000") != "", "the flow's packets")
        check(tshark(at / f"{STEM}-conn2.pcapng").count("\n") == 17, "tshark reads them")
        check(f"{STEM}-conn2-2.pcapng 17 packets" in save("2").stdout, "a second one has another name")

        check("501 packets" in save("0").stdout, "all packets")
        check(lines(at / f"{STEM}.pcapng") == lines(CAPTURE), "all of them, as they were")
        got = save("0", "tcp.flags.syn == 1")
        syns = tshark(CAPTURE, "-Y", "tcp.flags.syn == 1 && !icmp && !icmpv6").count("\n")
        check(f"{STEM}-2.pcapng {syns} packets" in got.stdout, "those that match:", got.stdout, syns)
        check(lines(at / f"{STEM}-2.pcapng", "tcp[13] & 2 != 0") == lines(CAPTURE, "tcp[13] & 2 != 0") != "", "as they were")

        got = save("0", capture=COMMENTS)
        name = got.stdout.split()[0]
        # Several comments of a packet are one here.
        check(tshark(at / name).replace("; ", ",") == tshark(COMMENTS).replace("; ", ",") != "", "interfaces and comments",
              tshark(at / name), tshark(COMMENTS))

        got = save("0", "", "a ladder\n")
        check((at / f"{STEM}.txt").read_text() == "a ladder\n", "a text:", got.stdout)
        os.symlink("/nowhere/else", at / f"{STEM}-2.txt")
        check(save("0", "", "more\n").stdout.startswith(f"{STEM}-3.txt"), "links are not followed")
        check(not os.path.exists("/nowhere"), "links are not followed")

        # A limit of file sizes is a full disk, but for its word.
        small = save("0", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)))
        check(small.returncode == 1 and "error: " in small.stdout and "too large" in small.stdout, "a full disk:", small.stdout)
        name = small.stdout.splitlines()[-1].split()[0]
        whole = lines(at / name)
        check(whole and lines(CAPTURE).startswith(whole), "and what was written is whole packets")
        small = save("0", "", "x" * 5000, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
        check(small.returncode == 1 and "cannot be written: File too large" in small.stdout, "a text:", small.stdout)

        def nobody():
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
        os.chmod(folder, 0o555)
        got = save("2", preexec_fn=nobody)
        check(got.returncode == 1 and "no permission to write in this directory" in got.stdout, "a directory of others:",
              got.stdout, got.stderr)
        os.chmod(folder, 0o755)
    print("saved packets are those that were captured")
    return 0


if __name__ == "__main__":
    sys.exit(main())
