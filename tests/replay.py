#!/usr/bin/env python3
"""Files at their own pace: --replay.

usage: replay.py --program PATH [NAME...]

Every test measures when lines arrive, since before the program was started: what comes
too early by that clock fails. How late lines are is printed, and fails only where it is
seconds: the machine may be busy.
"""
import argparse
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
LATE = 5.0 # of a busy machine
BASE = 1772445600.0
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm",
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1", "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
}


def datagram(port, size=8):
    """An Ethernet frame with IPv4 and UDP from that port, without checksums."""
    address = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + size, 1, 0, 64, 17, 0, *address)
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + struct.pack(">HHHH", port, 7, 8 + size, 0) + b"x" * size


def record(offset, port):
    at = BASE + offset
    frame = datagram(port)
    return struct.pack("<IIII", int(at), round(at % 1 * 1e6), len(frame), len(frame)) + frame


HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


class Lab:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)

    def capture(self, name, offsets, first_port=1000):
        """A file of datagrams at those seconds; each has a port of its own, in their order."""
        path = self.folder / name
        path.write_bytes(HEADER + b"".join(record(t, first_port + i) for i, t in enumerate(offsets)))
        return str(path)

    def start(self, *words, **more):
        return subprocess.Popen([self.program, *words], cwd=TOP, env=ENVIRONMENT, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **{"stdin": subprocess.DEVNULL, **more})

    def run(self, *words, status=0, **more):
        """(seconds since the start, line) of each, the whole time, what it said."""
        begun = time.monotonic()
        running = self.start(*words, **more)
        lines = [(time.monotonic() - begun, line.decode()) for line in running.stdout]
        said = running.stderr.read().decode()
        check(running.wait(30) == status, f"{words}: status {running.returncode}, not {status}: {said}")
        return lines, time.monotonic() - begun, said


class Failed(Exception):
    pass


def check(good, sentence):
    if not good:
        raise Failed(sentence)


def ports(lines):
    return [int(m.group(1)) for _, line in lines if (m := re.search(r"192\.0\.2\.1:(\d+)", line))]


def paced(lines, offsets, speed, measured):
    """Each line is there no earlier than its frame is due; by how much lateness varies."""
    check(len(lines) == len(offsets), f"{len(lines)} lines of {len(offsets)} frames")
    late = [at - offset / speed for (at, _), offset in zip(lines, offsets)]
    for (at, line), by in zip(lines, late):
        check(by >= 0, f"{at:.4f} s after the start, {at - by:.4f} would be right: {line}")
    worst = max(late) - min(late)
    measured.append(f"within {worst * 1000:.2f} ms, limit {LATE:.0f} s")
    check(worst < LATE, f"{worst:.2f} s late, more than {LATE} s")


def own_pace(lab, measured):
    offsets = [0, 0.001, 0.1, 0.105, 0.4, 0.6, 1.0]
    lines, _, _ = lab.run("packets", "-n", "--replay", lab.capture("a.pcap", offsets))
    check(ports(lines) == list(range(1000, 1007)), "the order has changed")
    paced(lines, offsets, 1, measured)


def four_times(lab, measured):
    offsets = [0, 0.4, 1.2, 2.0]
    lines, _, _ = lab.run("packets", "-n", "--replay=4x", lab.capture("a.pcap", offsets))
    paced(lines, offsets, 4, measured)


def half(lab, measured):
    offsets = [0, 0.1, 0.3]
    lines, _, _ = lab.run("packets", "-n", "--replay=0.5", lab.capture("a.pcap", offsets))
    paced(lines, offsets, 0.5, measured)


def several_files(lab, measured):
    one, two = [0, 0.2, 0.5], [0.1, 0.3, 0.45]
    lines, _, _ = lab.run("packets", "-n", "--replay", lab.capture("a.pcap", one), lab.capture("b.pcap", two, 2000))
    check(ports(lines) == [1000, 2000, 1001, 2001, 2002, 1002], f"not in one order of time: {ports(lines)}")
    paced(lines, sorted(one + two), 1, measured)


def filtered(lab, measured):
    offsets = [0, 0.2, 0.4]
    path = lab.capture("a.pcap", offsets)
    lines, _, _ = lab.run("packets", "-n", "--replay", path, "-Y", "port:1000 or port:1002")
    paced(lines, [0, 0.4], 1, measured)


def hours(lab, measured):
    """Three hours and a half of nothing, a million times as fast."""
    lines, took, _ = lab.run("packets", "-n", "--replay=1000000", lab.capture("a.pcap", [0, 12600, 12600.5]))
    check(len(lines) == 3, f"{len(lines)} lines of 3")
    check(lines[1][0] >= 0.0126, f"the gap took {lines[1][0]:.4f} s, 0.0126 would be right")
    measured.append(f"all of it {took:.2f} s")


def steps_back(lab, measured):
    """The clock of the file steps back by an hour: the pace goes on from there."""
    lines, took, _ = lab.run("packets", "-n", "--replay", lab.capture("a.pcap", [7200, 7200.1, 3600, 3600.2, 3600.19, 3600.4]))
    check(ports(lines) == list(range(1000, 1006)), "the order has changed")
    check(lines[-1][0] >= 0.5, f"the end came after {lines[-1][0]:.3f} s, 0.5 would be right")
    check(took < 60, "it has slept for what the clock stepped back")
    measured.append(f"end after {lines[-1][0]:.3f} s of 0.5")


def same_lines(lab, measured):
    """What packets prints is what it prints without --replay, and so is the status."""
    for words, status in ((["handshakes.pcap"], 0), (["http.pcap"], 0), (["pcap-unordered.pcap"], 0),
                          (["pcapng-blocks.pcapng"], 0), (["damaged-record.pcap"], 3), (["pcap-nanosecond.pcap"], 0),
                          (["tcp-twice.pcap", "handshakes.pcap"], 0), (["empty-pcap.pcap"], 0)):
        words = [f"captures/{w}" for w in words]
        plain = subprocess.run([lab.program, "packets", "-n", *words], cwd=TOP, env=ENVIRONMENT,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        played, _, said = lab.run("packets", "-n", "--replay=1000000", *words, status=status)
        check(plain.returncode == status, f"{words}: status {plain.returncode}")
        check("".join(line for _, line in played) == plain.stdout.decode(), f"{words}: other lines than without --replay")
        check(said == plain.stderr.decode(), f"{words}: said {said!r}, not {plain.stderr!r}")
    measured.append("8 runs")


def flows_end_as_live(lab, measured):
    """A datagram's flow ends 60 s after it, by the replay's clock, and is told then."""
    begun = time.monotonic()
    running = lab.start("connections", "-n", "--replay=100", lab.capture("a.pcap", [0, 200, 36000]))
    for wanted in ("TIME ", "192.0.2.1:1000", "192.0.2.1:1001"):
        line = running.stdout.readline().decode()
        check(wanted in line, f"{line!r}, not {wanted}")
    took = time.monotonic() - begun
    check(running.poll() is None, "the end has come, and an hour and a half is missing")
    running.send_signal(signal.SIGINT)
    check(running.wait(30) == 0, f"status {running.returncode}")
    check(took >= 2.6, f"two flows told after {took:.2f} s, 2.6 would be right")
    measured.append(f"two flows told after {took:.2f} s, of 2.6")


def no_flow_ends_early(lab, measured):
    """However fast: time does not overtake the next frame."""
    path = lab.folder / "a.pcap"
    path.write_bytes(HEADER + b"".join(record(t, 1000) for t in range(0, 59 * 400, 59)))
    lines, _, _ = lab.run("connections", "-n", "-o", "csv", "--replay=1000000", str(path))
    check(len(lines) == 2, f"{len(lines) - 1} flows of 1")
    measured.append("400 frames, each 59 s after the one before: 1 flow")


def fast_pipe(lab, measured):
    offsets = [0, 0.3, 0.6]
    with open(lab.capture("a.pcap", offsets), "rb") as file:
        cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
        lines, _, _ = lab.run("packets", "-n", "--replay", "-r", "-", stdin=cat.stdout)
        cat.wait()
    paced(lines, offsets, 1, measured)


def slow_pipe(lab, measured):
    """A pipe that is slower than its own pace: every frame comes when it is there."""
    running = lab.start("packets", "-n", "--replay=1000", "-r", "-", stdin=subprocess.PIPE)
    begun = time.monotonic()
    running.stdin.write(HEADER)
    for i in range(4):
        running.stdin.write(record(i * 0.01, 1000 + i))
        running.stdin.flush()
        line = running.stdout.readline().decode()
        check(f"192.0.2.1:{1000 + i} " in line, f"frame {i}: {line!r}")
        time.sleep(0.15)
    before = os.times()
    running.stdin.close()
    check(running.stdout.read() == b"", "more lines than frames")
    check(running.wait(20) == 0, "status")
    measured.append(f"{time.monotonic() - begun:.2f} s, {os.times().children_user - before.children_user:.2f} s of the processor")


def idle_pipe_sleeps(lab, measured):
    """A pipe that was closed while a frame must wait does not keep the processor busy."""
    running = lab.start("packets", "-n", "--replay", "-r", "-", stdin=subprocess.PIPE)
    running.stdin.write(HEADER + record(0, 1000) + record(1.2, 1001))
    running.stdin.close()
    running.stdout.readline()
    stat = lambda: sum(int(v) for v in open(f"/proc/{running.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])
    time.sleep(0.1)
    before = stat()
    time.sleep(0.9)
    used = (stat() - before) / os.sysconf("SC_CLK_TCK")
    check(running.stdout.readline() != b"" and running.wait(20) == 0, "the second frame")
    measured.append(f"{used:.2f} s of the processor in 0.9 s, limit 0.4")
    check(used < 0.4, f"{used:.2f} s of the processor while it slept")


def interrupted(lab, measured):
    """In the middle of a gap of hours: tidily, status 0."""
    running = lab.start("connections", "-n", "--replay", lab.capture("a.pcap", [0, 36000]))
    time.sleep(0.5)
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    out = running.communicate(timeout=30)[0].decode()
    check(running.returncode == 0, f"status {running.returncode}")
    check("192.0.2.1:1000" in out and "192.0.2.1:1001" not in out, f"{out}")
    measured.append(f"{time.monotonic() - begun:.2f} s")


def bounds(lab, measured):
    """-c and --duration end it though the next frame is hours away."""
    path = lab.capture("a.pcap", [0, 0.1, 36000])
    lines, took, _ = lab.run("packets", "-n", "-c", "2", "--replay", path)
    check(len(lines) == 2 and took < 30, f"-c 2: {len(lines)} lines, {took:.1f} s")
    lines, took, _ = lab.run("packets", "-n", "--duration", "0.6", "--replay", path)
    check(len(lines) == 2 and 0.6 <= took < 30, f"--duration: {len(lines)} lines, {took:.1f} s")
    measured.append(f"0.6 s took {took:.2f} s")


def written(lab, measured):
    """-w has every frame, as it was; and -G counts the packets' time."""
    path = lab.capture("a.pcap", [0, 0.1, 0.3])
    for end in ("pcap", "pcapng"):
        out, plain = lab.folder / f"w.{end}", lab.folder / f"p.{end}"
        _, took, _ = lab.run("-w", str(out), "--replay", path)
        lab.run("-w", str(plain), path)
        check(out.read_bytes() == plain.read_bytes(), f"{end}: other bytes than without --replay")
        check(took >= 0.3, f"took {took:.3f} s, 0.3 would be right")
        measured.append(f"{end} {took:.2f} s")
    path = lab.capture("a.pcap", [0, 1, 3600, 3601, 7200])
    lab.run("-w", str(lab.folder / "g-%H.pcap"), "-G", "3600", "--replay=1000000", path)
    made = sorted(f.name for f in lab.folder.glob("g-*"))
    check(made == ["g-10.pcap", "g-11.pcap", "g-12.pcap"], f"-G: {made}")


def growing(lab, measured):
    """--follow: what is added is played at the same pace, and an interrupt ends it."""
    path = lab.folder / "a.pcap"
    path.write_bytes(HEADER + record(0, 1000))
    begun = time.monotonic()
    running = lab.start("packets", "-n", "--follow", "--replay", str(path))
    check("192.0.2.1:1000" in running.stdout.readline().decode(), "the first frame")
    with path.open("ab") as file:
        file.write(record(0.2, 1001) + record(0.6, 1002))
    check("192.0.2.1:1001" in running.stdout.readline().decode(), "the second frame")
    check("192.0.2.1:1002" in running.stdout.readline().decode(), "the third frame")
    took = time.monotonic() - begun
    running.send_signal(signal.SIGINT)
    check(running.wait(30) == 0, f"status {running.returncode}")
    check(took >= 0.6, f"the third frame came after {took:.3f} s, 0.6 would be right")
    measured.append(f"{took:.2f} s of 0.6")


def screen(lab, measured):
    """watch: REPLAY in the first row while it plays, FILE when it is over."""
    path = lab.capture("a.pcap", [0, 0.3, 1.5])
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(TOP)
        os.execve(lab.program, [lab.program, "watch", "--ascii", "--replay", path], {**ENVIRONMENT, "COLUMNS": "100", "LINES": "24"})
    seen, end, asked = b"", time.monotonic() + 30, False
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                got = os.read(fd, 65536)
            except OSError:
                break
            if not got:
                break
            seen += got
        if not asked and b"REPLAY" in seen and b"FILE" in seen:
            os.write(fd, b"q")
            asked = True
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    check(b"REPLAY" in seen, "REPLAY is not shown")
    check(asked, "FILE is not shown at the end")
    check(seen.index(b"REPLAY") < seen.index(b"FILE"), "FILE before REPLAY")
    check(b"LIVE" not in seen, "LIVE is shown")
    check(status == 0, f"status {status}")
    measured.append(f"{len(seen)} bytes of screen")


TESTS = [own_pace, four_times, half, several_files, filtered, hours, steps_back, same_lines, flows_end_as_live,
         no_flow_ends_early, fast_pipe, slow_pipe, idle_pipe_sleeps, interrupted, bounds, written, growing, screen]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--without-screen", action="store_true", help="of a build that has none")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    failed = 0
    for test in TESTS:
        if (given.names and test.__name__ not in given.names) or (given.without_screen and test is screen):
            continue
        measured = []
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            try:
                test(Lab(os.path.realpath(given.program), folder), measured)
                print(f"ok    {test.__name__}: {', '.join(measured)}")
            except Failed as why:
                failed += 1
                print(f"FAIL  {test.__name__}: {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
