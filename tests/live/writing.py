"""Writing what is captured: whole files, faults, rotation, signals."""
import array
import fcntl
import os
import pathlib
import re
import signal
import socket
import termios
import time

from lab import CLIENT, SERVER, check, command, ended, finish, total, wait_for
from endings import pings
from terminal import open_terminal


def count(path):
    """Packets of a file that capinfos and tcpdump both read to its end."""
    said = command("capinfos", "-Mc", path)
    packets = int(re.search(r"Number of packets:\s+(\d+)", said).group(1))
    read = int(command("tcpdump", "--count", "-r", path).split()[0])
    check(read == packets, f"{path}: capinfos counts {packets}, tcpdump {read}")
    return packets


def bytes_of(path, *words):
    return command("tshark", "-nr", path, "-x", *words)


def datagrams(lab, n, size=1000):
    """n datagrams to the server's closed port, each answered by an ICMP error or not."""
    lab.start(lab.client, "bash", "-c", f"exec 2>/dev/null; x={'x' * size}; for i in $(seq {n}); do "
              f"echo $i$x >/dev/udp/{SERVER}/9; done").wait(20)


def until_said(process, words, seconds):
    """Standard error up to those words: (text, seconds waited)."""
    os.set_blocking(process.stderr.fileno(), False)
    said, began = bytearray(), time.monotonic()

    def there():
        said.extend(process.stderr.read() or b"")
        return words.encode() in said

    wait_for(f"{words!r} on standard error", seconds, there)
    return said.decode(), time.monotonic() - began


def written_to_the_last(lab):
    """a signal right behind the last packet: what was captured is written, by both back ends; the file is sudo's caller's"""
    for backend in ("native", "libpcap"):
        ours = os.path.join(lab.folder, f"{backend}.pcapng")
        eye = lab.sockeye("-w", ours, "-i", "wire0", "--backend", backend, "udp", namespace=lab.server, env={"SUDO_UID": "1234", "SUDO_GID": "1235"})
        status, _, err = ended(lab.peer(lab.client, "burst", 2000, 200))
        check(status == 0, "sending:", err)
        status, out, err = finish(eye, settle=0)
        check(status == 0 and not out, f"exit {status}:", out, err)
        seen = total(err, "packets captured")
        check(seen == total(err, "packets written") == count(ours), f"{backend}: {count(ours)} in the file:", err)
        check(seen == 2000, f"{backend}: {seen} captured of 2000")
        owner = os.stat(ours)
        check((owner.st_uid, owner.st_gid) == (1234, 1235), "whose file:", owner)


def written_live(lab):
    """-w alone: silent, counted, byte for byte what tcpdump writes"""
    ours, theirs = (os.path.join(lab.folder, n) for n in ("ours.pcapng", "theirs.pcap"))
    dump = lab.tcpdump(theirs, "udp")
    eye = lab.sockeye("-w", ours, "-i", "wire0", "udp")
    datagrams(lab, 50)
    status, out, err = finish(eye)
    # It gets them up to a second later, in a block, and what it has not got by then it does not write.
    wait_for("tcpdump to write", 5, lambda: os.path.getsize(theirs) >= 24 + 50 * (16 + 42 + 1002))
    dump.terminate()
    dump.wait(5)
    check(status == 0 and not out, f"exit {status}:", out, err)
    check(total(err, "packets captured") == total(err, "packets written") == count(ours) == 50, "counts:", err)
    check(bytes_of(ours) == bytes_of(theirs), "the bytes differ")
    names = command("tshark", "-nr", ours, "-T", "fields", "-e", "frame.interface_name").split()
    check(set(names) == {"wire0"}, "interfaces:", names)
    check("Filter string = udp" in command("capinfos", ours), "no filter in the file:", command("capinfos", ours))


def written_beside_a_view(lab):
    """packets -w, --print -w: lines as well; -c bounds both"""
    for words in (["packets"], ["--print"]):
        path = os.path.join(lab.folder, "x.pcap")
        eye = lab.sockeye(*words, "-w", path, "-i", "wire0", "-c", "3", "-n", "udp")
        datagrams(lab, 5)
        status, out, err = ended(eye)
        check(status == 0 and len(out.splitlines()) == 3 and count(path) == 3, f"exit {status}:", out, err)


def written_any(lab):
    """-i any: each interface by its name, read by tshark, capinfos and tcpdump"""
    path = os.path.join(lab.folder, "any.pcapng")
    eye = lab.sockeye("-w", path, "--backend", "libpcap", "udp")
    datagrams(lab, 3)
    lab.peer(lab.client, "datagrams", "127.0.0.1", 5301, 3).wait(10)
    status, _, err = finish(eye)
    names = command("tshark", "-nr", path, "-T", "fields", "-e", "frame.interface_name").split()
    check(status == 0 and count(path) >= 6 and set(names) == {"wire0", "lo"}, f"exit {status}:", names, err)


def flushed_each_second(lab):
    """a packet is in the file within a second, with -U at once"""
    measured = []
    for words, limit in (([], 1.5), (["-U"], 0.6)):
        path = os.path.join(lab.folder, "x.pcapng")
        eye = lab.sockeye("-w", path, *words, "-i", "wire0", "udp")
        datagrams(lab, 1)
        began = time.monotonic()
        wait_for("the packet in the file", 5, lambda: os.path.getsize(path) > 1000)
        took = time.monotonic() - began
        check(took <= limit, f"after {took:.2f} s, limit {limit} s")
        check(count(path) == 1, "not one packet")
        finish(eye)
        measured.append(f"{' '.join(words) or 'without -U'} after {took:.2f} s, limit {limit} s")
    return "; ".join(measured)


def full_folder(lab):
    """a disk of 256 KB is full: said within a second, cut whole, the view goes on, exit 3"""
    disk = os.path.join(lab.folder, "disk")
    os.mkdir(disk)
    command("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk)
    lab.listen(7301)
    measured = []
    try:
        for name in ("x.pcapng", "x.pcap"):
            path = os.path.join(disk, name)
            eye = lab.sockeye("connections", "-o", "json", "-w", path, "-i", "wire0")
            datagrams(lab, 400)
            said, took = until_said(eye, "No space left", 5)
            check(took <= 1.5 and path in said and "whole record" in said, f"after {took:.2f} s (limit 1.5):", said)
            check(lab.connect(SERVER, 7301) == ["ok"], "no connection")
            status, out, err = finish(eye)
            written, packets = total(err, "packets written"), count(path)
            check(status == 3 and written == packets > 100, f"exit {status}, {packets} in the file:", err)
            check('"port":7301' in out, "the view did not go on:", out[-500:])
            check(said.count("No space left") + err.count("No space left") == 1, "said more than once:", said, err)
            os.unlink(path)
            measured.append(f"{name}: said after {took:.2f} s, limit 1.5 s, {packets} packets in it")
    finally:
        command("umount", disk)
    return "; ".join(measured)


def full_device(lab):
    """/dev/full: one sentence, exit 3; without a view at once"""
    status, out, err = ended(lab.start(None, lab.program, "-w", "/dev/full", "captures/handshakes.pcap"))
    check(status == 3 and not out and "No space left" in err and len(err.splitlines()) == 1, f"exit {status}:", err)
    status, out, err = ended(lab.start(None, lab.program, "packets", "-n", "-w", "/dev/full", "captures/handshakes.pcap"))
    check(status == 3 and len(out.splitlines()) > 500 and len(err.splitlines()) == 1, f"exit {status}:", err)


def size_limit(lab):
    """ulimit -f: cut whole, exit 3, no signal"""
    for name in ("x.pcapng", "x.pcap"):
        path = os.path.join(lab.folder, name)
        eye = lab.start(None, "bash", "-c", f"ulimit -f 64; exec {lab.program} -w {path} captures/handshakes.pcap")
        status, _, err = ended(eye)
        check(status == 3 and "ulimit -f" in err, f"exit {status}:", err)
        check(0 < count(path) < 501 and os.path.getsize(path) <= 65536, f"{count(path)} packets")


def output_is_an_input(lab):
    """the file that is read is not written to, by any name"""
    path, link = os.path.join(lab.folder, "a.pcapng"), os.path.join(lab.folder, "b.pcapng")
    check(ended(lab.start(None, lab.program, "-w", path, "captures/handshakes.pcap"))[0] == 0, "not written")
    os.link(path, link)
    for words in (["-w", path, "-r", path], ["-w", link, "-r", path]):
        status, _, err = ended(lab.start(None, lab.program, *words))
        check(status == 1 and "is being read" in err, f"exit {status}:", err)
    status, _, err = ended(lab.start(None, "bash", "-c", f"exec {lab.program} -w - -r {path} >>{path}"))
    check(status == 1 and "is being read" in err, f"exit {status}:", err)
    check(count(path) == 501, "it was written to")


def two_writers(lab):
    """a second writer of the same file is refused and told the first one's process"""
    path = os.path.join(lab.folder, "x.pcapng")
    eye = lab.sockeye("-w", path, "-i", "wire0", "udp")
    datagrams(lab, 3)
    status, _, err = ended(lab.start(None, lab.program, "-w", path, "captures/handshakes.pcap"))
    check(status == 1 and f"process {eye.pid} " in err, f"exit {status}:", err)
    check(finish(eye)[0] == 0 and count(path) == 3, "the first one's file is not whole")


def places_that_are_no_places(lab):
    """no directory, a read-only one, a FIFO that nobody reads: a sentence, exit 1, no wait"""
    disk, fifo = os.path.join(lab.folder, "read-only"), os.path.join(lab.folder, "fifo")
    os.mkdir(disk)
    os.mkfifo(fifo)
    command("mount", "-t", "tmpfs", "-o", "size=256k,ro", "tmpfs", disk)
    try:
        for path, words in ((os.path.join(lab.folder, "no/x"), "no such directory"), (os.path.join(disk, "x"), "ead-only"),
                            (disk, "directory"), (fifo, "nobody reads")):
            began = time.monotonic()
            status, _, err = ended(lab.start(None, lab.program, "packets", "-w", path, "captures/handshakes.pcap"))
            took = time.monotonic() - began
            check(status == 1 and words in err and len(err.splitlines()) == 1, f"exit {status}:", err)
            check(took < 5, f"took {took:.1f} s, limit 5")
    finally:
        command("umount", disk)


def descriptors_that_are_none(lab):
    """closed standard descriptors, /dev/stdout that is a file, a socket, a link: each its sentence, exit 1"""
    path, link, sock = (os.path.join(lab.folder, n) for n in ("x", "link", "socket"))
    os.symlink("x", link)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(sock)
        for words, said in (("-w - captures/dns.pcap >&-", "standard output is closed"),
                            ("-w - captures/dns.pcap <&- >&-", "standard output is closed"),
                            (f"-w /dev/stdout captures/dns.pcap >{path}", "-w - writes there"),
                            (f"-w {sock} captures/dns.pcap", "a socket"), (f"-w {link} captures/dns.pcap", "symbolic link")):
            status, _, err = ended(lab.start(None, "bash", "-c", f"exec {lab.program} {words}"))
            check(status == 1 and said in err and len(err.splitlines()) == 1, f"{words}: exit {status}:", err)
    status, _, err = ended(lab.start(None, "bash", "-c", f"exec {lab.program} -w {path} captures/handshakes.pcap <&- >&- 2>&-"))
    check(status == 0 and count(path) == 501, f"exit {status}:", err)
    check(os.path.getsize(path) > 0 and ended(lab.start(None, "bash", "-c",
          f"{lab.program} -w /dev/stdout captures/handshakes.pcap | cat >{path}"))[0] == 0 and count(path) == 501, "a pipe")


def reader_leaves(lab):
    """a FIFO's and a pipe's reader leaves: quiet, exit 0, also where nothing arrives; a view goes on"""
    fifo = os.path.join(lab.folder, "fifo")
    os.mkfifo(fifo)
    for traffic in (True, False):
        end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        eye = lab.sockeye("-w", fifo, "-U", "-i", "wire0", "udp")
        if traffic:
            datagrams(lab, 3)
        os.close(end)
        if traffic:
            datagrams(lab, 3)
        wait_for("the end after the reader left", 3, lambda: eye.poll() is not None)
        err = eye.stderr.read().decode()
        check(eye.returncode == 0 and "sockeye:" not in err, f"exit {eye.returncode}:", err)
    end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    eye = lab.sockeye("packets", "-n", "-w", fifo, "-i", "wire0", "udp")
    os.close(end)
    said, _ = until_said(eye, "has left", 3)
    datagrams(lab, 2)
    status, out, err = finish(eye)
    check(status == 0 and len(out.splitlines()) == 2, f"the view did not go on, exit {status}:", said, out, err)
    eye = lab.start(None, "bash", "-c", f'{lab.program} -w - captures/handshakes.pcap | head -c 100 >/dev/null; echo "${{PIPESTATUS[0]}}"')
    status, out, err = ended(eye)
    check(out == "0\n" and not err, "said:", out, err)


def stuck_reader(lab):
    """a FIFO's reader takes nothing: SIGTERM ends it all the same, exit 3"""
    fifo = os.path.join(lab.folder, "fifo")
    os.mkfifo(fifo)
    end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        eye = lab.sockeye("-w", fifo, "-U", "-i", "wire0", "udp")
        datagrams(lab, 200)
        began = time.monotonic()
        status, _, err = finish(eye, signal.SIGTERM)
        took = time.monotonic() - began
        check(status == 3 and "takes nothing" in err, f"exit {status}:", err)
        check(took < 5, f"took {took:.1f} s, limit 5")
    finally:
        os.close(end)
    return f"ended after {took:.1f} s, limit 5 s"


def removed_while_written(lab):
    """the file is removed: said within a second, exit 3, the view goes on"""
    path = os.path.join(lab.folder, "x.pcapng")
    eye = lab.sockeye("connections", "-w", path, "-i", "wire0", "udp")
    pings(lab)
    time.sleep(0.3)
    os.unlink(path)
    said, took = until_said(eye, "was removed", 5)
    check(took <= 1.5, f"after {took:.2f} s, limit 1.5 s")
    check(eye.poll() is None, "the view did not go on")
    check(finish(eye)[0] == 3, "not exit 3")
    return f"said after {took:.2f} s, limit 1.5 s"


def ended_by_signal(lab):
    """SIGTERM and SIGHUP: the file is whole; 0 and 129"""
    for sign, wanted in ((signal.SIGTERM, 0), (signal.SIGHUP, 129)):
        path = os.path.join(lab.folder, "x.pcapng")
        eye = lab.sockeye("-w", path, "-i", "wire0", "udp")
        datagrams(lab, 20)
        status, _, err = finish(eye, sign)
        check(status == wanted and count(path) == 20 == total(err, "packets written"), f"exit {status}:", err)
        check("Interface #0 info" in command("capinfos", path), "no interface")


def counters_by_signal(lab):
    """SIGUSR1: counters on standard error, the run goes on; a screen is not disturbed"""
    path = os.path.join(lab.folder, "x.pcapng")
    eye = lab.sockeye("-w", path, "-i", "wire0", "udp")
    datagrams(lab, 4)
    time.sleep(0.5)
    for _ in range(3):
        os.kill(eye.pid, signal.SIGUSR1)
        said, _ = until_said(eye, "packets written", 3)
        check(total(said, "packets captured") == 4 == total(said, "packets written"), "said:", said)
        check(total(said, "packets dropped by kernel") == 0, "said:", said)
    datagrams(lab, 1)
    check(finish(eye)[0] == 0 and count(path) == 5, "not whole")
    ours, theirs = open_terminal(100, 30)
    try:
        eye = lab.start(None, "env", "TERM=xterm-256color", lab.program, "watch", "captures/handshakes.pcap", stdin=theirs,
                        stdout=theirs, stderr=theirs)
        time.sleep(0.5)
        os.kill(eye.pid, signal.SIGUSR1)
        time.sleep(0.3)
        check(eye.poll() is None, f"the screen ended: {eye.returncode}")
        os.write(ours, b"q")
        wait_for("the end", 3, lambda: eye.poll() is not None)
        check(eye.returncode == 0 and b"packets captured" not in os.read(ours, 1 << 20), f"exit {eye.returncode}")
    finally:
        os.close(ours)
        os.close(theirs)


class Blocked:
    """A run that stands in a write to its standard output; its input has not ended."""

    def __init__(self, lab):
        source, self.feed = os.pipe()
        self.out, sink = os.pipe()
        fcntl.fcntl(self.feed, fcntl.F_SETPIPE_SZ, 1 << 20)
        fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
        os.write(self.feed, pathlib.Path("captures/handshakes.pcap").read_bytes())
        self.eye = lab.start(None, lab.program, "packets", "-n", "-r", "-", stdin=source, stdout=sink)
        os.close(source)
        os.close(sink)
        wait_for("a full pipe", 5, self.full)
        time.sleep(0.2)

    def full(self):
        held = array.array("i", [0])
        fcntl.ioctl(self.out, termios.FIONREAD, held)
        return held[0] > 3000

    def rest(self):
        """Read it all: exit status, lines, and standard error."""
        with open(self.out, "rb") as f:
            lines = f.read().count(b"\n")
        status, _, err = ended(self.eye)
        os.close(self.feed)
        return status, lines, err


def signals_while_blocked(lab):
    """a blocked output: a storm of SIGUSR1 loses no SIGHUP; SIGTERM twice at once is one, after a second 130"""
    run = Blocked(lab)
    for _ in range(1000):
        os.kill(run.eye.pid, signal.SIGUSR1)
        time.sleep(0.0003)
    os.kill(run.eye.pid, signal.SIGHUP)
    status, lines, err = run.rest()
    check(status == 129 and lines > 50, f"exit {status}, {lines} lines:", err)
    check(err.count("packets captured") < 10, "not one answer for all:", err[-300:])
    run = Blocked(lab)
    for _ in range(2):
        os.kill(run.eye.pid, signal.SIGTERM)
        time.sleep(0.03)
    status, lines, err = run.rest()
    check(status == 0 and lines > 50, f"exit {status}, {lines} lines:", err)
    run = Blocked(lab)
    os.kill(run.eye.pid, signal.SIGTERM)
    time.sleep(1)
    os.kill(run.eye.pid, signal.SIGTERM)
    wait_for("the end", 3, lambda: run.eye.poll() is not None)
    check(run.rest()[0] == 130, f"exit {run.eye.returncode}")


def rotated_as_tcpdump_does(lab):
    """-C, -C -W, -G -W: tcpdump's names and tcpdump's bytes"""
    data = pathlib.Path("captures/handshakes.pcap").read_bytes()
    big = os.path.join(lab.folder, "big.pcap")
    pathlib.Path(big).write_bytes(data + data[24:] * 20)
    for words in (["-C", "1"], ["-C", "1", "-W", "3"], ["-C", "1", "-W", "12"]):
        folders = [os.path.join(lab.folder, f"{n}{len(words)}{words[-1]}") for n in ("ours", "theirs")]
        for folder, program in zip(folders, ([lab.program], ["tcpdump", "-Z", "root"])):
            os.mkdir(folder)
            status, _, err = ended(lab.start(None, *program, "-r", big, "-w", f"{folder}/x.pcap", *words))
            check(status == 0, f"exit {status}:", err)
        ours, theirs = ({p.name: p.read_bytes() for p in pathlib.Path(f).iterdir()} for f in folders)
        check(sorted(ours) == sorted(theirs) and len(ours) > 2, "names:", sorted(ours), sorted(theirs))
        check(ours == theirs, "bytes differ in", [n for n in ours if ours[n] != theirs[n]])
    pings(lab)
    began = time.monotonic()
    status, _, err = ended(lab.start(lab.client, lab.program, "-w", f"{lab.folder}/%s.pcapng", "-G", "1", "-W", "2", "-i", "wire0"))
    took = time.monotonic() - began
    names = sorted(p.name for p in pathlib.Path(lab.folder).glob("*.pcapng"))
    check(status == 0 and len(names) == 2 and took <= 5, f"exit {status} after {took:.1f} s (limit 5):", names, err)
    check(all(re.fullmatch(r"\d{10}\.pcapng", n) and count(f"{lab.folder}/{n}") > 0 for n in names), "names:", names)


def standard_output(lab):
    """-w - into tshark, live; into a file that is appended to"""
    eye = lab.start(lab.client, "bash", "-c", f"{lab.program} -w - -c 4 -i wire0 udp | tshark -nr - -T fields -e ip.src")
    pings(lab)
    status, out, err = ended(eye)
    check(status == 0 and out.split() == [CLIENT] * 4, f"exit {status}:", out, err)
    path = os.path.join(lab.folder, "x.pcapng")
    for _ in range(2):
        check(lab.start(None, "bash", "-c", f"exec {lab.program} -w - captures/handshakes.pcap >>{path}").wait(10) == 0, "not written")
    status, out, _ = ended(lab.start(None, lab.program, "packets", path))
    check(status == 0 and len(out.splitlines()) == 1002, f"exit {status}: two sections are not two captures")
    ours, theirs = open_terminal(80, 24)
    try:
        eye = lab.start(None, lab.program, "-w", "-", "captures/handshakes.pcap", stdout=theirs)
        status, _, err = ended(eye)
        check(status == 1 and "terminal" in err, f"exit {status}:", err)
    finally:
        os.close(ours)
        os.close(theirs)


TESTS = [written_to_the_last, written_live, written_beside_a_view, written_any, flushed_each_second, full_folder, full_device, size_limit,
         output_is_an_input, two_writers, places_that_are_no_places, descriptors_that_are_none, reader_leaves, stuck_reader, removed_while_written,
         ended_by_signal, counters_by_signal, signals_while_blocked, rotated_as_tcpdump_does, standard_output]
