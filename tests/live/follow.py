"""Files that grow, shrink and are replaced while they are read."""
import os
import random
import signal
import subprocess
import time

from lab import check, ended, records, wait_for

CAPTURE = "captures/handshakes.pcap"
NG = "captures/pcapng-interfaces.pcapng"
PIECES_MS = 200  # within that time the rest of a half record must be told


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data, mode="wb"):
    with open(path, mode) as f:
        f.write(data)


def packets_of(lab, path):
    return ended(lab.start(None, lab.program, "packets", "-n", path), 20)[1]


class Following:
    """sockeye --follow whose output goes to a file, so that it never waits for its reader."""

    def __init__(self, lab, view, *words):
        self.path = os.path.join(lab.folder, "told")
        self.file = open(self.path, "wb")
        self.process = lab.start(None, lab.program, view, "-n", "--follow", *words, stdout=self.file)

    def told(self):
        return read(self.path).decode()

    def lines(self):
        return self.told().count("\n")

    def end(self, sign=None, seconds=10):
        if sign:
            os.kill(self.process.pid, sign)
        status, _, err = ended(self.process, seconds)
        self.file.close()
        return status, self.told(), err


def watched(process):
    """True once it holds its inotify watch: the file has been opened."""
    for fd in os.listdir(f"/proc/{process.pid}/fdinfo"):
        try:
            if "inotify wd:" in open(f"/proc/{process.pid}/fdinfo/{fd}").read():
                return True
        except OSError:
            continue
    return False


def grown_in_pieces(lab):
    """a file that grows by random pieces from no byte on gives what the whole one gives: pcap, pcapng, gzip, zstd"""
    packed = {}
    for name, tool in (("a.gz", "gzip"), ("a.zst", "zstd")):
        packed[name] = subprocess.run([tool, "-c", CAPTURE], capture_output=True, check=True).stdout
        write(os.path.join(lab.folder, name), packed[name])
    for source in (CAPTURE, NG, *(os.path.join(lab.folder, n) for n in packed)):
        data, wanted = read(source), packets_of(lab, source)
        path = os.path.join(lab.folder, "grows")
        write(path, b"")
        eye = Following(lab, "packets", path)
        wait_for("sockeye to watch the file", 10, lambda: watched(eye.process))
        chance, at = random.Random(source), 0
        with open(path, "ab", buffering=0) as f:
            while at < len(data):
                n = chance.randint(1, max(100, len(data) // 400))
                f.write(data[at:at + n])
                at += n
        wait_for(f"all of {source}", 10, lambda: len(eye.told()) >= len(wanted))
        status, told, err = eye.end(signal.SIGINT)
        check(status == 0 and told == wanted, f"exit {status}, {len(told)} of {len(wanted)} bytes:", err)


def half_record(lab):
    """the second half of a record is read within 200 ms, again and again; -c and --duration end it"""
    data, path = read(CAPTURE), os.path.join(lab.folder, "half")
    ends = [24]
    while len(ends) < 22:
        ends.append(ends[-1] + 16 + int.from_bytes(data[ends[-1] + 8:ends[-1] + 12], "little"))
    write(path, data[:ends[1] + 20])
    eye = Following(lab, "packets", "-c", "21", path)
    wait_for("the first packet", 10, lambda: eye.lines() == 1)
    slowest = 0.0
    for i in range(1, 21):
        time.sleep(0.03)
        check(eye.lines() == i, f"{eye.lines()} packets told, {i} are whole")
        write(path, data[ends[i] + 20:ends[i + 1] + (20 if i < 20 else 0)], "ab")
        began = time.monotonic()
        wait_for("the packet", 5, lambda: eye.lines() == i + 1, 0.001)
        slowest = max(slowest, time.monotonic() - began)
    status, _, err = eye.end()
    check(status == 0 and not err, f"exit {status} after -c 21:", err)
    check(slowest * 1000 <= PIECES_MS, f"{slowest * 1000:.0f} ms, limit {PIECES_MS}")
    began = time.monotonic()
    eye = Following(lab, "connections", "--duration", "0.5", path)
    status, told, err = eye.end()
    check(status == 0 and told.count("\n") > 1 and not err, f"exit {status} after --duration:", told, err)
    check(time.monotonic() - began < 5, "--duration did not end it")
    return f"slowest {slowest * 1000:.1f} ms, limit {PIECES_MS}"


def shrinks(lab):
    """a file that shrinks while it is followed, or read: said, exit 3, what was read is told"""
    path = os.path.join(lab.folder, "shrinks")
    write(path, read(CAPTURE))
    eye = Following(lab, "packets", path)
    wait_for("all packets", 10, lambda: eye.lines() == 501)
    os.truncate(path, 0)
    status, told, err = eye.end()
    check(status == 3 and told.count("\n") == 501 and "file shrank" in err and "after packet 501" in err, f"exit {status}:", err)
    # Not followed: sockeye is stopped by its full output in the middle of the file.
    data = read(CAPTURE)
    write(path, data[:24] + data[24:] * 20)
    eye = lab.start(None, lab.program, "packets", "-n", path)
    wait_for("the first packets", 10, lambda: len(eye.stdout.peek(1)) > 0)
    time.sleep(0.3)
    os.truncate(path, 1000)
    status, out, err = ended(eye, 20)
    check(status == 3 and out.count("\n") > 100 and "file shrank" in err, f"exit {status}, {out.count(chr(10))} packets:", err)


def replaced(lab):
    """another file takes the name: the followed one is read to its end, said, exit 3; removed: said, and followed on"""
    data, path = read(CAPTURE), os.path.join(lab.folder, "name")
    write(path, data[:2000])
    eye = Following(lab, "packets", path)
    wait_for("the first packets", 10, lambda: eye.lines() > 5)
    with open(path, "ab") as writer:
        write(path + ".new", read("captures/dns.pcap"))
        os.rename(path + ".new", path)
        writer.write(data[2000:])
    status, told, err = eye.end()
    check(status == 3 and told.count("\n") == 501 and "another file has the name" in err, f"exit {status}:", err)

    write(path, data[:2000])
    eye = Following(lab, "packets", path)
    wait_for("the first packets", 10, lambda: eye.lines() > 5)
    with open(path, "ab") as writer:
        os.unlink(path)
        time.sleep(0.3)
        writer.write(data[2000:])
        writer.flush()
        wait_for("the rest", 10, lambda: eye.lines() == 501)
    status, _, err = eye.end(signal.SIGTERM)
    check(status == 0 and err.count("no file has that name") == 1, f"exit {status}:", err)


def merged(lab):
    """two followed files and one that is whole, merged by time; watch draws a followed file"""
    a, b = os.path.join(lab.folder, "a"), os.path.join(lab.folder, "b")
    data = read(CAPTURE)
    write(a, data[:24])
    write(b, data)
    eye = Following(lab, "packets", a, b)
    wait_for("the whole file's packets", 10, lambda: eye.lines() == 501)
    write(a, data[24:], "ab")
    wait_for("the growing file's packets", 10, lambda: eye.lines() == 1002)
    status, _, err = eye.end(signal.SIGINT)
    check(status == 0 and not err, f"exit {status}:", err)
    watch = lab.start(None, lab.program, "watch", "--follow", "--headless", "100x20", "--duration", "1", "--dump", "-", a)
    status, out, err = ended(watch)
    check(status == 0 and "501 packets" in out, f"exit {status}:", out, err)
    status, _, err = ended(lab.start(None, lab.program, "packets", "--follow", "-i", "lo"))
    check(status == 2 and "--follow" in err, f"exit {status} without a file:", err)


TESTS = [grown_in_pieces, half_record, shrinks, replaced, merged]
