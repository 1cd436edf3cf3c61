"""Files on two threads: signals in the middle of a big one, the sandbox of each thread, closed pipes."""
import gzip
import os
import pathlib
import signal
import struct
import time

from lab import TOP, check, ended, finish, records, wait_for

HANDSHAKES = TOP / "captures/handshakes.pcap"
MEGABYTES = 100


def big(lab, packed=False):
    """A capture again and again, an hour later each time: its handshakes are told as they come, and who reads them
    can hold the run up."""
    data = HANDSHAKES.read_bytes()
    parts, at = [], 24
    while at < len(data):
        seconds, rest, captured, wire = struct.unpack_from("<IIII", data, at)
        parts.append((seconds, struct.pack("<III", rest, captured, wire) + data[at + 16:at + 16 + captured]))
        at += 16 + captured
    path = os.path.join(lab.folder, "big.pcap" + (".gz" if packed else ""))
    with (gzip.open(path, "wb", 1) if packed else open(path, "wb")) as f:
        f.write(data[:24])
        for copy in range(MEGABYTES * 1000000 // len(data)):
            f.write(b"".join(struct.pack("<I", seconds + copy * 3600) + record for seconds, record in parts))
    return path


def in_the_middle(lab, packed=False):
    """A run that has told something and stands still, because nobody takes more."""
    eye = lab.start(None, lab.program, "handshakes", "--threads", "2", "-o", "json", big(lab, packed), bufsize=0)
    eye.stdout.readline()
    time.sleep(0.3)
    check(eye.poll() is None, "it has ended")
    return eye


def ends(lab, sign, wanted):
    status, out, err = finish(in_the_middle(lab), sign)
    check(status == wanted, f"exit {status}:", err)
    summary = records(out, "summary")
    check(not summary or summary[0]["packets"] > 0, "summary:", out[-300:])
    check(out.endswith("\n") and not err.strip(), "output:", out[-300:], err)


def threads_interrupt(lab):
    """SIGINT in the middle of a file on two threads: whole lines, exit 0"""
    ends(lab, signal.SIGINT, 0)


def threads_terminate(lab):
    """SIGTERM: the same"""
    ends(lab, signal.SIGTERM, 0)


def threads_hang_up(lab):
    """SIGHUP: exit 129"""
    ends(lab, signal.SIGHUP, 129)


def threads_interrupt_twice(lab):
    """a second SIGINT ends at once (130) where nobody takes the output"""
    eye = in_the_middle(lab)
    for _ in range(2):
        os.kill(eye.pid, signal.SIGINT)
        time.sleep(0.6) # quicker ones count as one
    wait_for("the end after a second SIGINT", 3, lambda: eye.poll() is not None)
    check(eye.returncode == 130, f"exit {eye.returncode}")


def threads_closed_pipe(lab):
    """the reader goes away: silent, exit 0"""
    eye = in_the_middle(lab)
    eye.stdout.close()
    wait_for("the end after the pipe closed", 10, lambda: eye.poll() is not None)
    err = eye.stderr.read().decode()
    check(eye.returncode == 0 and not err, f"exit {eye.returncode}:", err)


def threads_confined(lab):
    """each thread, also the one that decompresses: sandbox, no capability, no signal but the main one's"""
    eye = in_the_middle(lab, packed=True)
    tasks = sorted(os.listdir(f"/proc/{eye.pid}/task"), key=int)
    check(len(tasks) == 3, "threads:", tasks)
    for task in tasks:
        lines = pathlib.Path(f"/proc/{eye.pid}/task/{task}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        check(status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", f"thread {task}:", status)
        check(int(status["CapEff"], 16) == 0 and int(status["Uid"].split()[0]) != 0, f"thread {task}:", status)
        interrupt = int(status["SigBlk"], 16) >> (signal.SIGINT - 1) & 1
        check(interrupt == (task != tasks[0]), f"thread {task} blocks: {status['SigBlk']}")
    status, out, err = finish(eye)
    check(status == 0, f"exit {status}:", err)


def threads_same(lab):
    """a big file, compressed and not, with one thread and two: the same bytes"""
    said = []
    for path in (big(lab), big(lab, packed=True)):
        for threads in "12":
            with open(os.path.join(lab.folder, "out"), "w+b") as to:
                eye = lab.start(None, lab.program, "report", "-n", "--threads", threads, path, stdout=to)
                status, _, err = ended(eye, seconds=40)
                check(status == 0, f"exit {status}:", err)
                to.seek(0)
                said.append(to.read().split(b"\n", 2)[2])
    check(all(s == said[0] for s in said) and len(said[0]) > 500, "the reports differ")


TESTS = (threads_interrupt, threads_terminate, threads_hang_up, threads_interrupt_twice, threads_closed_pipe,
         threads_confined, threads_same)
