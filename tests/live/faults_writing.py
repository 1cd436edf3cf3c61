"""Faults of what is written: rows 30-32, 55. Full disks, limits, folders that go, readers that go, two that write one file."""
import os
import re
import signal
import subprocess
import time

from faults_lab import Told, run, send
from lab import check, command, ended, finish, records, wait_for

BLOCK = 512


def kept(path):
    """Packets of a file that tshark reads to its end without a complaint."""
    done = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, timeout=20)
    check(done.returncode == 0 and "cut short" not in done.stderr, f"{path} is not whole:", done.stderr)
    return len(done.stdout.split())


def f30_disk_full(lab):
    """standard output on a full disk: said within a second, exit 3"""
    worst = 0.0
    for view in ("packets", "connections", "handshakes", "report"):
        with open("/dev/full", "wb") as full:
            began = time.monotonic()
            run(lab, [view, "-n", "captures/handshakes.pcap"], 3, r"no space left", stdout=full, sentences=1)
            worst = max(worst, time.monotonic() - began)
    with open("/dev/full", "wb") as full:
        eye = lab.sockeye("packets", "-i", "wire0", "-n", "udp", stdout=full)
        told = Told(eye)
        send(lab, "-n", 10, "udp")
        took, _ = told.until(r"no space left", 1.0)
        check(eye.wait(3) == 3, f"live: exit {eye.returncode}")
    check(worst < 1, f"{worst:.2f} s")
    return f"4 views and live: exit 3, said after {max(worst, took) * 1000:.0f} ms, limit 1000 ms"


def f30_file_limit(lab):
    """RLIMIT_FSIZE (SIGXFSZ) on standard output: said, exit 3, not killed"""
    path = os.path.join(lab.folder, "limited")
    for view, words in (("packets", ["-v"]), ("connections", [])):
        with open(path, "wb") as f:
            eye = lab.start(None, "prlimit", f"--fsize={4 * BLOCK}", lab.program, view, *words, "-n", "captures/handshakes.pcap", stdout=f)
            status, _, err = ended(eye)
        check(status == 3 and re.search(r"file too large", err, re.I), f"{view}: exit {status}:", err)
        check(os.path.getsize(path) <= 4 * BLOCK, f"{os.path.getsize(path)} bytes written")
    return f"exit 3, {4 * BLOCK} bytes at most written"


def small_disk(lab, kilobytes=256):
    """A folder on a file system of so many KB; only the lab's processes see it full."""
    folder = os.path.join(lab.folder, "small")
    os.makedirs(folder, exist_ok=True)
    command("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder)
    return folder


def f30_disk_full_writing(lab):
    """-w on a file system of 256 KB: said within a second, cut back to a whole record, exit 3; the view goes on"""
    folder = small_disk(lab)
    try:
        path = os.path.join(folder, "full.pcapng")
        eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "-w", path, "udp")
        told = Told(eye)
        number = send(lab, "-n", 6000, "-r", 20_000, "-l", 200, "udp")
        took, _ = told.until(r"no space left|full", 1.0)
        check(eye.poll() is None, f"ended with {eye.poll()}:", told.text)
        number += send(lab, "-n", 100, "-r", 2000, "udp")
        time.sleep(0.3)
        os.kill(eye.pid, signal.SIGINT)
        out = eye.stdout.read().decode()
        check(eye.wait(5) == 3, f"exit {eye.returncode}:", told.take())
        seen = sum(sum(r["packets"]) for r in records(out, "connection"))
        written = kept(path)
        check(seen == number and 0 < written < number, f"the view saw {seen} of {number}, {written} in the file")
        return f"said after {took * 1000:.0f} ms, limit 1000 ms; {written} whole packets in the file, {seen} of {number} in the view, exit 3"
    finally:
        command("umount", folder)


def f30_file_limit_writing(lab):
    """RLIMIT_FSIZE while -w writes: said, cut back to a whole record, exit 3"""
    path = os.path.join(lab.folder, "limited.pcapng")
    eye = lab.start(lab.client, "prlimit", "--fsize=100000", lab.program, "connections", "-r", "captures/tcp-big.pcap", "-r",
                    "captures/handshakes.pcap", "-w", path)
    status, _, err = ended(eye)
    check(status == 3 and re.search(r"too large|full|space", err, re.I), f"exit {status}:", err)
    return f"exit 3, {kept(path)} whole packets in {os.path.getsize(path)} bytes, limit 100000"


def f31_places(lab):
    """-w where nothing can be written: no folder, read-only, a folder, a FIFO without reader, a symbolic link: said at once, exit 1"""
    folder = small_disk(lab)
    capture = "captures/handshakes.pcap"
    try:
        command("mount", "-o", "remount,ro", folder)
        os.symlink(os.path.join(lab.folder, "target"), os.path.join(lab.folder, "link"))
        with open(os.path.join(lab.folder, "target"), "w") as f:
            f.write("precious")
        os.mkfifo(os.path.join(lab.folder, "fifo"))
        worst = 0.0
        for where, words in ((os.path.join(lab.folder, "none", "x.pcapng"), r"no such directory"), (os.path.join(folder, "x.pcapng"), r"read-only"),
                             (lab.folder, r"directory"), (os.path.join(lab.folder, "fifo"), r"reader|fifo|no such device"),
                             (os.path.join(lab.folder, "link"), r"symbolic link|symlink")):
            began = time.monotonic()
            run(lab, ["connections", "-r", capture, "-w", where], 1, words, sentences=1, seconds=5)
            worst = max(worst, time.monotonic() - began)
        with open(os.path.join(lab.folder, "target")) as f:
            check(f.read() == "precious", "the target of the link was written over")
        return f"5 places, exit 1 with a sentence after {worst * 1000:.0f} ms at most, limit 5 s"
    finally:
        command("umount", folder)


def f31_folder_removed(lab):
    """the folder goes away while a rotating -w needs its next file: said, exit 3, the view goes on"""
    folder = os.path.join(lab.folder, "gone")
    os.mkdir(folder)
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "-w", os.path.join(folder, "x.pcapng"), "-C", "1", "-W", "5", "udp")
    told = Told(eye)
    send(lab, "-n", 100, "-r", 5000, "-l", 1000, "udp")
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    os.rmdir(folder)
    number = 100 + send(lab, "-n", 3000, "-r", 10_000, "-l", 1000, "udp")
    took, _ = told.until(r"no such directory|was removed", 2.0)
    os.kill(eye.pid, signal.SIGINT)
    out = eye.stdout.read().decode()
    check(eye.wait(5) == 3, f"exit {eye.returncode}:", told.take())
    seen = sum(sum(r["packets"]) for r in records(out, "connection"))
    check(seen == number, f"the view saw {seen} of {number}")
    return f"said after {took * 1000:.0f} ms, limit 2000 ms; {seen} of {number} packets in the view, exit 3"


def f32_broken_pipe(lab):
    """the reader of standard output goes: a quiet, prompt end, exit 0"""
    for words in ("packets -n captures/handshakes.pcap", "packets -n -v -x captures/tcp-big.pcap", "connections -o json captures/handshakes.pcap",
                  "report captures/handshakes.pcap", "--help", "--version"):
        line = f'{lab.program} {words} | head -1 >/dev/null; echo "${{PIPESTATUS[0]}}"'
        status, out, err = ended(lab.start(None, "bash", "-c", line), 10)
        check(out.strip() == "0" and not err, f"{words}: exit {out.strip()}:", err)
    eye = lab.sockeye("packets", "-i", "wire0", "-n", "udp")
    sender = send(lab, "-n", 100_000, "-t", 3, "-r", 5000, "udp", wait=False)
    eye.stdout.readline()
    began = time.monotonic()
    eye.stdout.close()
    wait_for("the end after the reader went", 2, lambda: eye.poll() is not None)
    took = time.monotonic() - began
    err = eye.stderr.read().decode()
    sender.terminate()
    check(eye.returncode == 0 and "pipe" not in err.lower(), f"live: exit {eye.returncode}:", err)
    return f"7 runs, silent, exit 0; live after {took * 1000:.0f} ms, limit 2000 ms"


def f55_two_writers(lab):
    """two instances write the same file: the second refuses and says who holds it"""
    path = os.path.join(lab.folder, "one.pcapng")
    first = lab.sockeye("connections", "-i", "wire0", "-w", path, "udp")
    number = send(lab, "-n", 50, "-r", 2000, "udp")
    out, err = run(lab, ["connections", "-r", "captures/handshakes.pcap", "-w", path], 1, r"process \d+|pid \d+|\b\d{2,}\b", sentences=1, seconds=5)
    check(str(first.pid) in err, f"not who holds it ({first.pid}):", err)
    status, _, err = finish(first)
    check(status == 0 and kept(path) == number, f"the first: exit {status}, {kept(path)} of {number} packets:", err)
    return f"exit 1, said that process {first.pid} holds it; {number} of {number} packets of the first"


ROWS = [f30_disk_full, f30_file_limit, f30_disk_full_writing, f30_file_limit_writing, f31_places, f31_folder_removed, f32_broken_pipe, f55_two_writers]
