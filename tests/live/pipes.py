"""Captures that arrive through pipes: standard input and FIFOs."""
import json
import os
import select
import signal
import struct
import subprocess
import time

from lab import SERVER, check, ended, listening, records, wait_for


def shell(lab, namespace, text):
    return lab.start(namespace, "bash", "-c", text)


def tcpdump_into_stdin(lab):
    """tcpdump -w - | sockeye -r -: the handshake is told while tcpdump still runs"""
    lab.listen(7101)
    ours, theirs = os.pipe()
    dump = lab.start(lab.client, "tcpdump", "-i", "wire0", "-n", "-U", "-Z", "root", "-w", "-", "tcp", stdout=theirs)
    eye = lab.start(lab.client, lab.program, "handshakes", "-l", "-r", "-", "-o", "json", stdin=ours)
    os.close(ours)
    os.close(theirs)
    wait_for("tcpdump to listen", 10, lambda: listening(dump))
    check(lab.connect(SERVER, 7101) == ["ok"], "no connection")
    os.set_blocking(eye.stdout.fileno(), False)
    said = bytearray()

    def complete():
        said.extend(eye.stdout.read() or b"")
        return b'"outcome":"complete"' in said

    wait_for("the record of the handshake", 3, complete)
    dump.terminate()
    dump.wait(5)
    wait_for("sockeye to end with its input", 5, lambda: eye.poll() is not None)
    check(eye.returncode == 0, f"exit {eye.returncode}:", eye.stderr.read().decode())


def same_as_file(lab):
    """a capture through a FIFO, in small pieces, gives the same bytes as the file"""
    fifo = os.path.join(lab.folder, "fifo")
    os.mkfifo(fifo)
    capture = "captures/handshakes.pcap"
    status, wanted, _ = ended(lab.start(None, lab.program, "handshakes", "-n", "-o", "json", capture))
    check(status == 0 and wanted, f"exit {status} for the file")
    for words in (f"dd if={capture} bs=97 status=none >{fifo} & exec {lab.program} handshakes -n -o json -r {fifo}",
                  f"dd if={capture} bs=1009 status=none | exec {lab.program} handshakes -n -o json -r -"):
        status, out, err = ended(shell(lab, None, words), 30)
        check(status == 0 and out == wanted, f"exit {status}: {words}", err)


def cut_pipe(lab):
    """a pipe that ends inside a record: everything before it is told, exit 3"""
    size = os.path.getsize("captures/handshakes.pcap")
    status, out, err = ended(shell(lab, None, f"head -c {size - 7} captures/handshakes.pcap | {lab.program} connections -o json -r -"))
    check(status == 3 and records(out, "connection"), f"exit {status}:", err)
    check("byte" in err or "packet" in err, "no position in:", err)
    check(records(out, "file")[0]["complete"] is False, "file record:", records(out, "file"))


def no_bytes(lab):
    """an empty pipe is not a capture: a sentence, exit 1"""
    status, out, err = ended(lab.start(None, lab.program, "connections", "-r", "-", stdin=subprocess.DEVNULL))
    check(status == 1 and not out and len(err.splitlines()) == 1, f"exit {status}:", out, err)


def fifo(lab, name):
    path = os.path.join(lab.folder, name)
    os.mkfifo(path)
    return path


def halves(path):
    """A capture's header, and its records."""
    with open(path, "rb") as f:
        data = f.read()
    at, out = 24, []
    while at < len(data):
        end = at + 16 + int.from_bytes(data[at + 8:at + 12], "little")
        out.append(data[at:end])
        at = end
    return data[:24], out


def told(eye, lines, seconds=10):
    """That many further lines of packets, and when each came."""
    found = []
    while len(found) < lines:
        ready, _, _ = select.select([eye.stdout], [], [], seconds)
        check(ready, f"{len(found)} of {lines} packets after {seconds} s")
        found.append((time.monotonic(), eye.stdout.readline().decode()))
    return found


PATIENCE_MS, ROOM_MS = 100, 250  # how long a silent pipe holds others up, and what a busy machine may add


def merged_pipes(lab):
    """two FIFOs: in order while both speak; a silent one holds the other up for 100 ms; what comes late is told"""
    header, packets = halves("captures/handshakes.pcap")
    paths = [fifo(lab, "one"), fifo(lab, "two")]
    eye = lab.start(None, lab.program, "packets", "-n", "-l", "-o", "json", "-r", paths[0], "-r", paths[1], bufsize=0)
    one, two = (open(p, "wb", buffering=0) for p in paths)
    # By turns, the second before the first: within the patience the order is that of time.
    two.write(header + packets[1] + packets[3])
    time.sleep(0.03)
    one.write(header + packets[0] + packets[2])
    numbers = [json.loads(t)["time"] for _, t in told(eye, 4)]
    # After a silence of both, too.
    time.sleep(0.4)
    two.write(packets[5])
    time.sleep(0.03)
    one.write(packets[4])
    numbers += [json.loads(t)["time"] for _, t in told(eye, 2)]
    check(numbers == sorted(numbers), "not in order of time:", numbers)
    # One is silent from now on: each further packet of two waits for 100 ms at most.
    slowest = 0.0
    for n in (7, 8, 9):
        time.sleep(0.05)
        began = time.monotonic()
        two.write(packets[n])
        came, last = told(eye, 1)[0]
        slowest = max(slowest, came - began)
    check(slowest * 1000 <= PATIENCE_MS + ROOM_MS, f"held up for {slowest * 1000:.0f} ms, limit {PATIENCE_MS + ROOM_MS}")
    one.write(packets[6])  # older than what has been told
    late = json.loads(told(eye, 1)[0][1])
    check(late["time"] <= json.loads(last)["time"] and late["number"] == 10, "the late packet:", late)
    one.close()
    two.close()
    status, out, err = ended(eye)
    check(status == 0 and not out, f"exit {status}:", out, err)
    return f"held up {slowest * 1000:.0f} ms, limit {PATIENCE_MS + ROOM_MS}"


def nothing_passes(lab):
    """a FIFO at full speed whose packets the filter drops has not run dry: the one that passes keeps its place"""
    def capture(name, packets):
        path = os.path.join(lab.folder, name)
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for times, seconds, last in packets:
                bytes_of = bytes([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, last])
                f.write((struct.pack("<IIII", seconds, 0, 20, 20) + bytes_of) * times)
        return path

    paths = [capture("long.pcap", [(2000000, 1000, 2), (1, 1000, 7)]), capture("short.pcap", [(1, 5000, 7)])]
    ends = [fifo(lab, "first"), fifo(lab, "second")]
    for path, end in zip(paths, ends):
        lab.start(None, "dd", f"if={path}", f"of={end}", "bs=4096", "status=none")
    status, out, err = ended(lab.start(None, lab.program, "packets", "-n", "-o", "json", "-r", ends[0], "-r", ends[1],
                                       "-f", "dst host 10.0.0.7"), 40)
    times = [json.loads(line)["time"] for line in out.splitlines()]
    check(status == 0 and len(times) == 2 and times == sorted(times), f"exit {status}, times:", times, err)


def one_ends(lab):
    """a source that has ended does not end the others: a file, then a FIFO that speaks later"""
    header, packets = halves("captures/handshakes.pcap")
    path = fifo(lab, "later")
    for words in (["captures/dns.pcap", path], [path, "captures/dns.pcap"]):
        eye = lab.start(None, lab.program, "packets", "-n", "-o", "json", *words)
        with open(path, "wb", buffering=0) as writer:
            writer.write(header)
            time.sleep(0.5)
            check(eye.poll() is None, f"ended with the file, exit {eye.returncode}:", *words)
            writer.write(packets[0] + packets[1])
        status, out, err = ended(eye)
        wanted = len(halves("captures/dns.pcap")[1]) + 2
        check(status == 0 and len(records(out, "packet")) == wanted, f"exit {status}, {len(records(out, 'packet'))} of {wanted} packets:", err)


def stalled_writer(lab):
    """a FIFO whose writer stalls in a record, or never comes: --duration and signals end it, the screen lives"""
    header, packets = halves("captures/handshakes.pcap")
    path = fifo(lab, "stalls")
    # Nobody writes: it waits, and a signal ends it.
    eye = lab.start(None, lab.program, "packets", "-n", "-r", path)
    time.sleep(0.6)
    check(eye.poll() is None, f"ended without a writer: exit {eye.returncode}")
    os.kill(eye.pid, signal.SIGTERM)
    status, out, err = ended(eye, 5)
    check(status == 0 and not out and not err, f"exit {status}:", out, err)
    for words, shown in ((["packets", "-n"], None), (["watch", "--headless", "100x20", "--dump", "-"], "2 packets")):
        eye = lab.start(None, lab.program, *words, "--duration", "0.7", "-r", path)
        began = time.monotonic()
        with open(path, "wb", buffering=0) as writer:
            writer.write(header + packets[0] + packets[1] + packets[2][:20])
            status, out, err = ended(eye, 10)
        took = time.monotonic() - began
        check(status == 0 and took < 5, f"exit {status} after {took:.1f} s:", err)
        check(shown in out if shown else out.count("\n") == 2, "what was whole is not told:", out)


def vanished_writer(lab):
    """a FIFO whose writer goes away: between records 0, within one 3 with the position"""
    header, packets = halves("captures/handshakes.pcap")
    for tail, wanted in ((b"", 0), (packets[2][:20], 3), (packets[2][:5], 3)):
        path = fifo(lab, f"gone{len(tail)}")
        eye = lab.start(None, lab.program, "packets", "-n", "-r", path)
        with open(path, "wb", buffering=0) as writer:
            writer.write(header + packets[0] + packets[1] + tail)
            time.sleep(0.1)
        status, out, err = ended(eye, 5)
        check(status == wanted and out.count("\n") == 2, f"exit {status}, not {wanted}:", out, err)
        check(not wanted or "cut at byte" in err and "packet 3" in err, "no position in:", err)


TESTS = [tcpdump_into_stdin, same_as_file, cut_pipe, no_bytes, merged_pipes, nothing_passes, one_ends, stalled_writer, vanished_writer]
