"""Faults of load and time: rows 7, 14, 40 and 41 live, 42, 57. A process that does not run, too little of the processor, floods, clocks."""
import os
import re
import signal
import time

from faults_lab import Told, cpu_seconds, done_reading, exact_totals, program_of, rss_mb, send, sent
from lab import SERVER, check, children, finish, listening, records, wait_for

QUICK = ["--memory", "256M"]


def f07_stopped(lab):
    """SIGSTOP for 3 s at 50 kpps: nothing is lost"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", *QUICK, "udp")
    sender = send(lab, "-n", 250_000, "-t", 6, "-r", 50_000, "-f", 1000, "udp", wait=False)
    time.sleep(0.5)
    os.kill(eye.pid, signal.SIGSTOP)
    time.sleep(3.0)
    os.kill(eye.pid, signal.SIGCONT)
    number = sent(sender)
    done_reading(program_of(eye))
    status, _, err = finish(eye, settle=0.3)
    check(status == 0, f"exit {status}:", err)
    captured, dropped = exact_totals(err, number)
    return f"{captured} of {number} captured, {dropped} lost, limit 0"


def f07_stopped_said(lab):
    """SIGSTOP for 2 s: after it is said how long it did not run"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    told = Told(eye)
    send(lab, "-n", 100, "-r", 1000, "udp")
    os.kill(eye.pid, signal.SIGSTOP)
    time.sleep(2.0)
    os.kill(eye.pid, signal.SIGCONT)
    took, found = told.until(r"did not run for (\d+\.\d) s", 1.0)
    check(1.8 <= float(found.group(1)) <= 3.0, "said", found.group(0))
    return f"said {found.group(1)} s after {took * 1000:.0f} ms, limit 1000 ms"


def f14_helper_killed(lab):
    """a helper is killed: noticed within a second, what is lost is said, the rest goes on"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    told = Told(eye)
    helpers = children(program_of(eye))
    check(helpers, "it has no helper")
    os.kill(helpers[0], signal.SIGKILL)
    took, _ = told.until(r"helper|broker", 1.0)
    number = send(lab, "-n", 50, "-r", 2000, "udp")
    time.sleep(0.3)
    check(eye.poll() is None, f"ended with {eye.poll()}")
    os.kill(eye.pid, signal.SIGINT)
    out = eye.stdout.read().decode()
    eye.wait(5)
    seen = sum(sum(r["packets"]) for r in records(out, "connection"))
    check(seen == number, f"seen {seen} of {number} after it:", told.take())
    return f"said after {took * 1000:.0f} ms, limit 1000 ms; {seen} of {number} packets after it"


def shifted(lab, *words):
    """sockeye under the clock of tools/shift_clock.c: (process, function that shifts wall and boot time by seconds)."""
    path = os.path.join(lab.folder, "shift")

    def shift(wall, boot):
        with open(path, "r+b") as f:
            f.write(f"{wall} {boot}\n".encode().ljust(64, b"\0"))

    with open(path, "wb") as f:
        f.write(bytes(64))
    preload = os.path.join(lab.tools, "shift_clock.so")
    check(os.path.exists(preload), f"{preload} is not there")
    process = lab.start(lab.client, "env", f"LD_PRELOAD={preload}", f"SHIFT_FILE={path}", lab.program, *words)
    pid = program_of(process)
    wait_for("sockeye to listen", 10, lambda: process.poll() is not None or listening(process))
    time.sleep(0.3)
    with open(f"/proc/{pid}/maps") as f:
        check("shift_clock" in f.read(), "the clock is not shifted: the preload was not taken")
    return process, shift


def f40_clock_steps_live(lab):
    """the wall clock steps back and forward by an hour: said, nothing lost, no absurd duration"""
    eye, shift = shifted(lab, "connections", "-i", "wire0", "-o", "json")
    told = Told(eye)
    lab.listen(7440)
    check(lab.connect(SERVER, 7440) == ["ok"], "no connection")
    shift(-3600, 0)
    back, _ = told.until(r"clock was set back by 3600", 1.5)
    send(lab, "-n", 30, "-r", 1000, "udp")
    shift(3600, 0)
    forward, _ = told.until(r"clock was set forward by 7200", 1.5)
    check(lab.connect(SERVER, 7440) == ["ok"], "no connection")
    time.sleep(0.3)
    os.kill(program_of(eye), signal.SIGINT)
    out = eye.stdout.read().decode()
    eye.wait(5)
    told_of = records(out, "connection")
    tcp = [r for r in told_of if r["proto"] == "tcp" and r["server"].get("port") == 7440]
    udp = sum(sum(r["packets"]) for r in told_of if r["proto"] == "udp")
    check(eye.returncode == 0 and len(tcp) == 2 and udp == 30, f"exit {eye.returncode}, {len(tcp)} connections, {udp} datagrams:", told.take())
    check(all(0 <= r["handshake"]["rtt_us"] < 1_000_000 for r in tcp), "durations:", tcp)
    return f"said after {back * 1000:.0f} and {forward * 1000:.0f} ms, limit 1500 ms; 2 connections whole, 30 of 30 datagrams"


def f41_suspended(lab):
    """the machine slept for 2 h: said, the capture goes on"""
    eye, shift = shifted(lab, "connections", "-i", "wire0", "-o", "json", "udp")
    told = Told(eye)
    shift(7200, 7200)
    took, found = told.until(r"slept for ([0-9.]+) s", 1.5)
    check(7199.5 <= float(found.group(1)) <= 7200.5, "said:", found.group(0))
    number = send(lab, "-n", 30, "-r", 1000, "udp")
    time.sleep(0.3)
    os.kill(program_of(eye), signal.SIGINT)
    out = eye.stdout.read().decode()
    eye.wait(5)
    seen = sum(sum(r["packets"]) for r in records(out, "connection"))
    check(eye.returncode == 0 and seen == number, f"exit {eye.returncode}, {seen} of {number}:", told.take())
    check("clock was set" not in told.text, "a sleep is no step of the clock:", told.text)
    return f"said {found.group(1)} s after {took * 1000:.0f} ms, limit 1500 ms"


def f42_syn_flood(lab):
    """a flood of spoofed SYNs, each of another tuple: bounded memory, exact counts, real handshakes among them complete"""
    path = os.path.join(lab.folder, "handshakes")
    # A ring of its own size: what a busy machine cannot look at for a second waits there.
    words = ["handshakes", "-i", "wire0", "-o", "json", "--memory", "24M", "-B", "32768", "tcp"]
    with open(path, "wb") as out:
        eye = lab.sockeye(*words, stdout=out)
    pid = program_of(eye)
    lab.listen(7442)
    sender = send(lab, "-n", 200_000, "-t", 6, "-r", 40_000, "syn", wait=False)
    real = 0
    for _ in range(10):
        real += lab.connect(SERVER, 7442) == ["ok"]
    number = sent(sender)
    peak = rss_mb(pid, "VmHWM")
    done_reading(pid)
    status, _, err = finish(eye, settle=0.3, seconds=15)
    check(status == 0 and real == 10, f"exit {status}, {real} of 10 connections:", err)
    captured = int(re.search(r"^(\d+) packets captured", err, re.M).group(1))
    dropped = int(re.search(r"^(\d+) packets dropped", err, re.M).group(1))
    check(captured + dropped >= number + 30, f"captured {captured}, dropped {dropped}, sent {number} SYNs:", err)
    check(re.search(r"^\d+ flows forgotten", err, re.M), "nothing was said to be forgotten:", err)
    check(peak <= 24 + 16 + 32, f"peak RSS {peak:.1f} MB")
    with open(path) as f:
        told = sum(1 for line in f if '"outcome":"complete"' in line and '"port":7442' in line)
    check(dropped == 0 and told == 10, f"{dropped} of {number} lost, {told} of 10 real handshakes told")
    return f"{number} SYNs, {dropped} lost, limit 0; 10 of 10 real handshakes told; peak RSS {peak:.0f} MB, limit 72"


def f57_starved(lab):
    """nice 19 beside 4 busy loops, 100 kpps: the ring holds what cannot be looked at yet, nothing is lost"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", *QUICK, "udp")
    pid = program_of(eye)
    for task in os.listdir(f"/proc/{pid}/task"):
        os.setpriority(os.PRIO_PROCESS, int(task), 19)
    loops = [lab.start(None, "sh", "-c", "while :; do :; done") for _ in range(4)]
    used, began = cpu_seconds(pid), time.monotonic()
    number = send(lab, "-n", 250_000, "-t", 8, "-r", 100_000, "-f", 1000, "udp", before=["nice", "-n", "-19"])
    share = (cpu_seconds(pid) - used) / (time.monotonic() - began)
    for loop in loops:
        os.killpg(loop.pid, signal.SIGKILL)
        loop.wait(5)
    done_reading(pid)
    status, _, err = finish(eye, settle=0.3)
    check(status == 0, f"exit {status}:", err)
    captured, dropped = exact_totals(err, number)
    return f"{captured} of {number} captured with {share * 100:.0f} % of a processor, {dropped} lost, limit 0"


ROWS = [f07_stopped, f07_stopped_said, f14_helper_killed, f40_clock_steps_live, f41_suspended, f42_syn_flood, f57_starved]
