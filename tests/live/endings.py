"""How a run ends: bounds, signals, closed pipes, missing rights, vanished interfaces."""
import fcntl
import os
import shutil
import signal
import termios
import time

from lab import SERVER, check, ended, finish, total, wait_for
from terminal import open_terminal

F_SETPIPE_SZ = 1031


def pings(lab, interval="0.05"):
    """Traffic that goes on: an ICMP echo and its reply again and again."""
    return lab.start(lab.client, "bash", "-c",
                     f"exec 2>/dev/null; while :; do echo x >/dev/udp/{SERVER}/9; sleep {interval}; done")


def count_bound(lab):
    """-c 3 ends after three packets"""
    eye = lab.sockeye("packets", "-i", "wire0", "-c", "3", "-n", "udp")
    pings(lab)
    status, out, err = ended(eye)
    check(status == 0 and total(err, "packets captured") == 3, f"exit {status}:", out, err)
    check(out.count(f"{SERVER}") >= 3, "lines:", out)


def duration_bound(lab):
    """--duration 1 ends after a second"""
    began = time.monotonic()
    status, _, err = ended(lab.start(lab.client, lab.program, "connections", "-i", "wire0", "--duration", "1"))
    took = time.monotonic() - began
    check(status == 0 and 0.9 <= took <= 2.5, f"exit {status} after {took:.2f} s:", err)


def ends_tidily(lab, sign):
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    pings(lab)
    status, out, err = finish(eye, sign)
    check(status == 0, f"exit {status}:", err)
    check('"type":"connection"' in out and '"type":"file"' in out, "records:", out)
    check((total(err, "packets captured") or 0) > 0 and total(err, "packets dropped by kernel") == 0, "totals:", err)


def interrupt(lab):
    """SIGINT: records and totals are written, exit 0"""
    ends_tidily(lab, signal.SIGINT)


def terminate(lab):
    """SIGTERM: the same"""
    ends_tidily(lab, signal.SIGTERM)


def hang_up(lab):
    """SIGHUP: exit 129"""
    status, out, err = finish(lab.sockeye("connections", "-i", "wire0", "-o", "json"), signal.SIGHUP)
    check(status == 129, f"exit {status}:", out, err)


def interrupt_twice(lab):
    """a second SIGINT ends at once (130), even where nobody takes the output"""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, F_SETPIPE_SZ, 4096)
    eye = lab.sockeye("packets", "-i", "wire0", "-v", "-x", stdout=theirs)
    os.close(theirs)
    try:
        lab.start(lab.client, "bash", "-c", f"exec 2>/dev/null; for i in $(seq 500); do echo x$i >/dev/udp/{SERVER}/9; done").wait(20)
        time.sleep(0.3)
        os.kill(eye.pid, signal.SIGINT)
        time.sleep(0.3)
        if eye.poll() is None:
            os.kill(eye.pid, signal.SIGINT)
        wait_for("the end after a second SIGINT", 2, lambda: eye.poll() is not None)
    finally:
        os.close(ours)
    check(eye.returncode == 130, f"exit {eye.returncode}")


def pipe_closed_live(lab):
    """live, the reader goes away: silent, exit 0"""
    eye = lab.sockeye("packets", "-i", "wire0", "-n", "udp")
    pings(lab)
    eye.stdout.readline()
    eye.stdout.close()
    wait_for("the end after the pipe closed", 5, lambda: eye.poll() is not None)
    err = eye.stderr.read().decode()
    check(eye.returncode == 0, f"exit {eye.returncode}:", err)
    check("roken pipe" not in err, "it complains:", err)


def pipe_closed_file(lab):
    """a file into head -1: one line, silent, exit 0"""
    eye = lab.start(None, "bash", "-c", f'{lab.program} packets -n captures/handshakes.pcap | head -1; echo "${{PIPESTATUS[0]}}"')
    status, out, err = ended(eye)
    lines = out.splitlines()
    check(status == 0 and len(lines) == 2 and lines[1] == "0" and not err, "said", out, err)
    ours, theirs = os.pipe()
    os.close(ours)
    eye = lab.start(None, lab.program, "watch", "--headless", "80x24", "captures/handshakes.pcap", stdout=theirs)
    os.close(theirs)
    status, out, err = ended(eye)
    check(status == 0 and not err, f"headless: exit {status}:", err)


def full_disk(lab):
    """output that cannot be written: said, exit 3"""
    with open("/dev/full", "wb") as full:
        eye = lab.start(None, lab.program, "packets", "-n", "captures/handshakes.pcap", stdout=full)
        _, err = eye.communicate(timeout=20)
    check(eye.returncode == 3 and b"pace" in err, f"exit {eye.returncode}:", err.decode())
    with open("/dev/full", "wb") as full:
        eye = lab.start(None, lab.program, "watch", "--headless", "80x24", "captures/handshakes.pcap", stdout=full)
        _, err = eye.communicate(timeout=20)
    check(eye.returncode == 3 and b"pace" in err, f"headless: exit {eye.returncode}:", err.decode())


def one_sentence(lab, status, words, *parts, namespace=None, prefix=()):
    eye = lab.start(namespace or lab.client, *prefix, lab.program, *words)
    got, out, err = ended(eye)
    check(got == status, f"exit {got}, not {status}:", out, err)
    for part in parts:
        check(part in err, f"no {part!r} in:", err)
    check(len(err.splitlines()) == 1, "more than one sentence:", err)


def no_such_interface(lab):
    """no such interface: a sentence, exit 1"""
    one_sentence(lab, 1, ["connections", "-i", "wire9"], "wire9")


def bad_filter(lab):
    """a filter that does not compile: a sentence, exit 2"""
    one_sentence(lab, 2, ["connections", "-i", "wire0", "tcp", "prot", "80"], "prot")


def no_permission(lab):
    """without the right to capture: the setcap line, exit 1"""
    copy = os.path.join(lab.folder, "sockeye")
    shutil.copy(lab.program, copy)
    os.chmod(copy, 0o755)
    eye = lab.start(lab.client, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "connections", "-i", "wire0")
    status, out, err = ended(eye)
    check(status == 1 and "setcap" in err and "cap_net_raw" in err and "read a file" in err, f"exit {status}:", out, err)
    check(copy in err, "the path of the program is not in:", err)


def interface_removed(lab):
    """the only interface vanishes: what was seen is told, exit 3"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    pings(lab)
    time.sleep(0.4)
    try:
        lab.unplug()
        status, out, err = ended(eye, 10)
    finally:
        lab.plug()
    check(status == 3, f"exit {status}:", out, err)
    check('"type":"connection"' in out and "wire0" in err, "said", out, err)


def one_of_two_removed(lab):
    """one of two interfaces vanishes: said, the run goes on, 3 at the end"""
    eye = lab.sockeye("connections", "-i", "wire0", "-i", "lo", "-o", "json", "udp", sockets=2)
    try:
        lab.unplug()
        time.sleep(1)
        check(eye.poll() is None, f"ended with {eye.poll()}")
        lab.peer(lab.client, "datagrams", "127.0.0.1", 5301, 3).wait(10)
        status, out, err = finish(eye)
    finally:
        lab.plug()
    check(status == 3 and '"port":5301' in out and "wire0" in err, f"exit {status}:", out, err)


def screen_without_terminal(lab):
    """watch into a pipe: a sentence, exit 1, not a byte of escape sequences"""
    eye = lab.start(lab.client, lab.program, "watch", "-i", "wire0")
    status, out, err = ended(eye)
    check(status == 1 and not out and "terminal" in err and "\x1b" not in err, f"exit {status}:", out, err)


def stopped_terminal(lab):
    """watch on a terminal that takes nothing: SIGTERM and SIGHUP end it all the same, the terminal is restored"""
    for sign, wanted in ((signal.SIGTERM, 0), (signal.SIGHUP, 129)):
        ours, theirs = open_terminal(200, 60)
        try:
            before = termios.tcgetattr(theirs)
            eye = lab.start(None, "env", "TERM=xterm-256color", lab.program, "watch", "captures/handshakes.pcap",
                            stdin=theirs, stdout=theirs)
            wait_for("the screen", 5, lambda: termios.tcgetattr(theirs) != before)
            for _ in range(40):  # more screens than the terminal holds
                os.write(ours, b"?\x0c")
                time.sleep(0.02)
            os.kill(eye.pid, sign)
            wait_for("the end", 3, lambda: eye.poll() is not None)
            check(eye.returncode == wanted, f"exit {eye.returncode}, not {wanted}")
            check(termios.tcgetattr(theirs) == before, "the modes of the terminal are not restored")
        finally:
            os.close(ours)
            os.close(theirs)


def interfaces_listed(lab):
    """-D lists the interfaces"""
    status, out, err = ended(lab.start(lab.client, lab.program, "-D"))
    check(status == 0 and "wire0" in out and "lo" in out and "any" in out, f"exit {status}:", out, err)


TESTS = [count_bound, duration_bound, interrupt, terminate, hang_up, interrupt_twice, pipe_closed_live, pipe_closed_file, full_disk,
         no_such_interface, bad_filter, no_permission, interface_removed, one_of_two_removed, screen_without_terminal, stopped_terminal,
         interfaces_listed]
