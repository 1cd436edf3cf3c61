"""Faults of terminals: rows 8-13, 53, 54. One that takes nothing, one that is gone, one that sends rubbish."""
import os
import random
import re
import signal
import subprocess
import time

from faults_lab import Seat, cpu_seconds, program_of, rss_mb, send
from lab import check, wait_for

CAPTURE = "captures/handshakes.pcap"
BLOCKED_S = float(os.environ.get("FAULTS_BLOCKED_SECONDS", "6"))


def f08_terminal_blocked(lab):
    """a terminal that takes nothing at 100 kpps: the capture goes on, memory flat, then the newest state once"""
    seat = Seat(lab, "watch", "-i", "wire0", namespace=lab.client, size=(120, 35))
    seat.until("LIVE")
    pid = program_of(seat.process)
    sender = send(lab, "-n", int(BLOCKED_S * 100_000), "-t", BLOCKED_S + 5, "-r", 100_000, "-f", 2000, "udp", wait=False)
    time.sleep(1)
    for _ in range(30):  # more screens than the terminal holds: it is blocked for good
        seat.keys("?\x0c")
        time.sleep(0.01)
    early = rss_mb(pid)
    status, out, err = sender.communicate(timeout=BLOCKED_S + 30)[0], None, None
    number = int(re.search(rb'"sent":(\d+)', status).group(1))
    late = rss_mb(pid)
    time.sleep(0.3)
    backlog = len(seat.raw)
    seat.quiet(0.3)
    released = len(seat.raw) - backlog
    seat.keys("\x0c")
    seat.until(lambda: not seat.screen.holds("drop ?") and seat.screen.holds("drop "))
    seat.quiet(0.3)
    top = seat.screen.lines()[0]
    check(re.search(r"drop 0\b", top), "packets were lost:", top)
    seat.keys("\x1b")
    time.sleep(0.1)
    seat.keys("qq")
    code, _ = seat.over(5)
    seat.restored()
    check(code == 0, f"exit {code}")
    check(late - early < 8, f"memory grew from {early:.1f} to {late:.1f} MB")
    check(released < 300_000, f"{released} bytes were waiting for the terminal")
    return (f"{number} packets at 100 kpps, 0 lost, memory {early:.0f} to {late:.0f} MB, limit +8; "
            f"{released // 1024} KB painted on release, limit 300")


def gone(lab, sign, ignored, limit):
    """The terminal goes away: (status, seconds, CPU seconds)."""
    before = ["bash", "-c", 'trap "" HUP; exec "$@"', "-"] if ignored else []
    seat = Seat(lab, "watch", "-i", "wire0", namespace=lab.client, before=before)
    seat.until("LIVE")
    pid = program_of(seat.process)
    used = cpu_seconds(pid)
    began = time.monotonic()
    seat.hang_up()
    if sign:
        os.kill(pid, sign)
    while seat.process.poll() is None and time.monotonic() - began < limit:
        with_cpu = used
        try:
            with_cpu = cpu_seconds(pid)
        except OSError:
            pass
        time.sleep(0.005)
    took = time.monotonic() - began
    check(seat.process.poll() is not None, f"still there after {took:.1f} s, {with_cpu - used:.2f} s of the processor used")
    seat.close()
    return seat.process.returncode, took, with_cpu - used


def f09_hang_up(lab):
    """the terminal is closed and SIGHUP comes: over within 200 ms, 129, no helper left"""
    worst = 0.0
    for _ in range(3):
        status, took, _ = gone(lab, signal.SIGHUP, False, 2)
        check(status == 129, f"exit {status}")
        worst = max(worst, took)
    check(worst <= 0.2, f"ended after {worst * 1000:.0f} ms")
    return f"129 after {worst * 1000:.0f} ms at most, limit 200 ms"


def f09_hang_up_writing(lab):
    """SIGHUP while a file is written: it is closed whole, 129"""
    path = os.path.join(lab.folder, "up.pcapng")
    eye = lab.sockeye("connections", "-i", "wire0", "-w", path, "udp")
    number = send(lab, "-n", 300, "-r", 5000, "udp")
    time.sleep(0.3)
    began = time.monotonic()
    os.kill(eye.pid, signal.SIGHUP)
    wait_for("the end", 2, lambda: eye.poll() is not None)
    took = time.monotonic() - began
    done = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, timeout=20)
    check(eye.returncode == 129 and took < 0.5, f"exit {eye.returncode} after {took:.2f} s")
    check(done.returncode == 0 and len(done.stdout.split()) == number, f"{len(done.stdout.split())} of {number} packets in the file", done.stderr)
    return f"129 after {took * 1000:.0f} ms, limit 500 ms; {number} of {number} packets in the file"


def f10_no_signal(lab):
    """the terminal is closed and SIGHUP is ignored (nohup): the end all the same, without a spin"""
    status, took, used = gone(lab, None, True, 2)
    check(used < 0.05, f"{used:.2f} s of the processor used")
    check(status == 129 and took < 1.0, f"exit {status} after {took:.2f} s")
    return f"exit {status} after {took * 1000:.0f} ms, limit 1000 ms; {used * 1000:.0f} ms of the processor, limit 50"


def f11_signals(lab):
    """SIGTERM, SIGINT, SIGQUIT, SIGINT twice: a tidy end, the terminal as it was"""
    worst = 0.0
    for what in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, "twice"):
        seat = Seat(lab, "watch", "-i", "wire0", namespace=lab.client)
        seat.until("LIVE")
        pid = program_of(seat.process)
        for _ in range(2 if what == "twice" else 1):
            os.kill(pid, signal.SIGINT if what == "twice" else what)
        status, took = seat.over(3)
        seat.restored()
        check(status == 0 or (what == "twice" and status == 130), f"{what}: exit {status}")
        worst = max(worst, took)
        seat.close()
    check(worst <= 0.5, f"ended after {worst * 1000:.0f} ms")
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json")
    os.kill(eye.pid, signal.SIGQUIT)
    out, err = eye.communicate(timeout=5)
    check(eye.returncode == 0 and b'"type":"file"' in out, f"SIGQUIT without a screen: exit {eye.returncode}:", err.decode())
    return f"tidy after {worst * 1000:.0f} ms at most, limit 500 ms"


def f12_crash(lab):
    """SIGSEGV, SIGBUS, SIGABRT from outside: the terminal as it was, the signal's own status, no half of a JSON line"""
    for sign in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE):
        seat = Seat(lab, "watch", CAPTURE)
        seat.until(" of 46")
        os.kill(program_of(seat.process), sign)
        status, _ = seat.over(3)
        seat.restored()
        check(status == -sign, f"{sign.name}: status {status}")
        seat.close()
    eye = lab.sockeye("packets", "-i", "wire0", "-o", "json")
    sender = send(lab, "-n", 20000, "-r", 20000, "-t", 2, "udp", wait=False)
    got = b"".join(eye.stdout.readline() for _ in range(2000))
    os.kill(eye.pid, signal.SIGSEGV)
    got += eye.stdout.read()
    eye.wait(3)
    sender.terminate()
    check(eye.returncode == -signal.SIGSEGV and got.endswith(b"}\n"), f"status {eye.returncode}, the last bytes:", got[-80:])
    return f"5 signals, terminal restored, status that of the signal; JSON ends with a whole line after {got.count(10)}"


def f13_stopped(lab):
    """Ctrl-Z and fg under a shell with job control: the terminal as it was, then all of the screen again"""
    seat = Seat(lab, "--norc", "--noprofile", "-i", program="bash", before=["setsid", "--ctty", "--wait"], errors=False)
    seat.until("#")
    seat.keys("stty -g; echo ready\n")
    seat.until(lambda: any(line == "ready" for line in seat.screen.lines()))
    modes = modes_shown(seat)
    seat.keys(f"{lab.program} watch {CAPTURE}\n")
    seat.until(" of 46")
    seat.keys("\x1a")
    seat.until("Stopped")
    check(b"\x1b[?1049l" in seat.raw, "the alternate screen was not left")
    seat.keys("clear; stty -g; echo again\n")
    seat.until(lambda: any(line == "again" for line in seat.screen.lines()))
    check(modes_shown(seat) == modes and modes, "the modes while it is stopped:", modes, modes_shown(seat))
    seat.raw.clear()
    seat.keys("clear; fg\n")
    seat.until(" of 46")
    seat.until("sockeye │ captures/handshakes.pcap")
    seat.keys("j")
    seat.until("2 of 46")
    seat.keys("q")
    seat.until(lambda: seat.raw.rfind(b"\x1b[?1049l") > seat.raw.rfind(b"\x1b[?1049h"))
    seat.keys("clear; echo status $?; exit\n")
    seat.over(5)
    return "stopped with the shell's modes, on fg all of the screen, keys work"


def modes_shown(seat):
    """What stty -g printed, wrapped over rows of the screen."""
    text = "".join(line.ljust(100) for line in seat.screen.lines())
    found = re.findall(r"[0-9a-f]+(?::[0-9a-f]+){30,}", text)
    return found[-1] if found else ""


def f53_match_of_64k(lab):
    """64 KB typed into /, brackets and regular expressions among them: bounded, no crash, text is text"""
    seat = Seat(lab, "watch", CAPTURE)
    seat.until(" of 46")
    pid = program_of(seat.process)
    began = time.monotonic()
    for text in ("(" * 10_000, "[a-", "(a+)+$" * 1000, "\\", "x" * 65_536, "%n%s" * 500):
        seat.keys("/" + text + "\r")
        seat.quiet(0.05, 20)
        seat.keys("\x1b")
        seat.quiet(0.05)
        check(seat.process.poll() is None, f"ended with {seat.process.poll()} on {text[:20]!r}")
    took = time.monotonic() - began
    seat.until(" of 46")
    grown = rss_mb(pid)
    seat.keys("/5432\r")
    seat.until("1 of 2")
    seat.keys("q")
    status, _ = seat.over(3)
    check(status == 0 and took < 15, f"exit {status} after {took:.1f} s")
    return f"90 KB of six kinds in {took:.1f} s, limit 15 s; RSS {grown:.0f} MB"


def f54_paste(lab):
    """1 MB pasted with marks, in the prompt and outside: no command runs, the rest of the screen works"""
    seat = Seat(lab, "watch", CAPTURE)
    seat.until(" of 46")
    check(b"\x1b[?2004h" in seat.raw, "marks around pasted text were not asked for")
    began = time.monotonic()
    megabyte = "q?sSzZ/1\r\x1b2\n" * (1 << 20 >> 4)
    seat.keys("\x1b[200~" + megabyte.replace("\x1b", "") + "\x1b[201~")
    seat.quiet(0.2, 20)
    check(seat.process.poll() is None, f"a pasted q was obeyed: exit {seat.process.poll()}")
    seat.until(" of 46")
    check(not seat.screen.holds("sorted by") and not seat.screen.holds("Keys of"), "a pasted key was obeyed:\n" + "\n".join(seat.screen.lines()))
    seat.keys("/\x1b[200~5432\rq" + "y" * (1 << 18) + "\x1b[201~")
    seat.quiet(0.2, 20)
    check(seat.process.poll() is None, f"ended with {seat.process.poll()}")
    seat.keys("\x15" + "5432\r")
    seat.until("1 of 2")
    took = time.monotonic() - began
    seat.keys("q")
    status, _ = seat.over(3)
    check(status == 0 and took < 20, f"exit {status} after {took:.1f} s")
    return f"1.3 MB in {took:.1f} s, limit 20 s; nothing in it was obeyed"


def f54_rubbish(lab):
    """broken and unknown sequences, reports of mice, a paste without end: read past, no key obeyed"""
    seat = Seat(lab, "watch", CAPTURE)
    seat.until(" of 46")
    for rubbish in (b"\x1b[<0;10;10M", b"\x1b[<35;100;7m", b"\x1b[M qq", b"\x1b[1;99q", b"\x1b[12;34;56z", b"\x1b[?62;c", b"\x1bOw",
                    b"\x1b[>0;276;0c", b"\x1b[200~qqq?"):
        seat.keys(rubbish)
        seat.quiet(0.15)
        check(seat.process.poll() is None, f"{rubbish!r} was obeyed: exit {seat.process.poll()}")
        check(seat.screen.holds(" of 46") and not seat.screen.holds("sorted by") and not seat.screen.holds("not built yet"),
              f"{rubbish!r} was obeyed:\n" + "\n".join(seat.screen.lines()))
    time.sleep(0.7)  # the paste that never ended is over
    dice = random.Random(54)
    for _ in range(200):
        seat.keys(b"\x1b[" + bytes(dice.choice(b"0123456789;<>?") for _ in range(dice.randrange(40))) + b"\x1b")
        seat.read(0)
    seat.keys(bytes(dice.choice([0x80, 0xC0, 0xF5, 0xFF, 0xE2, 0x9B]) for _ in range(4000)))
    seat.quiet(0.3)
    check(seat.process.poll() is None, f"ended with {seat.process.poll()}")
    seat.keys("\x1b")
    seat.quiet(0.2)
    seat.keys("\x1b")
    seat.quiet(0.2)
    seat.keys("q")
    status, _ = seat.over(3)
    seat.restored()
    check(status == 0, f"exit {status}")
    return "9 kinds of sequences, 200 random ones, 4000 bytes of no UTF-8: nothing obeyed, q leaves"


ROWS = [f08_terminal_blocked, f09_hang_up, f09_hang_up_writing, f10_no_signal, f11_signals, f12_crash, f13_stopped, f53_match_of_64k, f54_paste,
        f54_rubbish]
