"""Faults of files that are read: rows 33-40. Cut, shrinking, growing, stalling, lying, and with a clock of its own."""
import gzip
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import time

from faults_lab import Seat, measured, program_of, run
from lab import check, ended, records, wait_for

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def udp_frame(n, data=b"x" * 20):
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(data), n & 0xFFFF, 0, 64, 17, 0) + bytes([10, 0, 0, 1, 10, 0, 0, 2])
    total_sum = sum(struct.unpack(">10H", ip))
    total_sum = (total_sum & 0xFFFF) + (total_sum >> 16)
    ip = ip[:10] + struct.pack(">H", ~((total_sum & 0xFFFF) + (total_sum >> 16)) & 0xFFFF) + ip[12:]
    return bytes.fromhex("020000000002020000000001" "0800") + ip + struct.pack(">HHHH", 1024 + n % 60000, 9, 8 + len(data), 0) + data


def record(seconds, micros, frame, kept=None, wire=None, order="<"):
    return struct.pack(order + "IIII", seconds, micros, len(frame) if kept is None else kept, len(frame) if wire is None else wire) + frame


def write(lab, name, data):
    path = os.path.join(lab.folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def large(lab, packets=150_000):
    """A capture of some size: (path, packets)."""
    block = b"".join(record(1_700_000_000, i, udp_frame(i)) for i in range(1000))
    return write(lab, "large.pcap", HEADER + block * (packets // 1000)), packets


def f33_cut(lab):
    """prefixes of three captures: all whole packets told; the position said; 1 where the header is cut, 3 in a record, 0 between two"""
    runs = 0
    statuses = {0: 0, 1: 0, 3: 0}
    for name in ("arp.pcap", "truth-34-scan.pcap", "pcapng-sections.pcapng"):
        with open(f"captures/{name}", "rb") as f:
            data = f.read()[:300]
        path = os.path.join(lab.folder, name)
        whole = 0
        # Each length of one, every seventh of the others.
        for length in range(0, len(data) + 1, 1 if name == "arp.pcap" else 7):
            with open(path, "wb") as f:
                f.write(data[:length])
            done = subprocess.run([lab.program, "packets", "-n", path], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
            out, err = done.stdout.count(b"\n"), done.stderr.decode()
            where = f"{name} cut at {length}"
            check(done.returncode in statuses, f"{where}: status {done.returncode}", err)
            check(out >= whole or name.endswith("ng"), f"{where}: {out} packets, {whole} of less")
            # A number says where, but of an empty file there is nothing to say.
            said = err.replace(path, "")
            check(done.returncode == 0 or (len(err.splitlines()) == 1 and (length == 0 or re.search(r"\d", said))), f"{where}: said", err)
            if name.endswith(".pcap"):
                at, packets = 24, 0
                while at + 16 <= length and at + 16 + struct.unpack_from("<I", data, at + 8)[0] <= length:
                    at += 16 + struct.unpack_from("<I", data, at + 8)[0]
                    packets += 1
                wanted = 1 if length < 24 else 0 if at == length else 3
                check(done.returncode == wanted and out == packets, f"{where}: exit {done.returncode}, not {wanted}; {out} packets of {packets}")
                check(wanted != 3 or f"byte {length}" in err or f"byte {at}" in err, f"{where}: no position in", err)
            whole = max(whole, out)
            statuses[done.returncode] += 1
            runs += 1
    return f"{runs} prefixes: {statuses[0]} whole, {statuses[1]} no capture, {statuses[3]} cut; each as it must be"


def reading(lab, path):
    """sockeye packets over a file, standing still because nobody takes its output: (process, lines taken)."""
    eye = lab.start(None, lab.program, "packets", "-n", "-o", "json", path)
    taken = os.read(eye.stdout.fileno(), 1000)
    time.sleep(0.2)
    check(eye.poll() is None, "it did not wait for its output")
    return eye, taken.count(b"\n")


def f34_shrinks(lab):
    """the file is cut to nothing, or another moved over it, while it is read: no signal, what is missing said"""
    path, packets = large(lab)
    eye, taken = reading(lab, path)
    os.truncate(path, 0)
    status, out, err = ended(eye, 30)
    check(status == 3, f"exit {status}:", err)
    check(re.search(r"shrank|cut|shorter|ends", err), "said:", err)
    path, packets = large(lab)
    eye, taken = reading(lab, path)
    shutil.copy("captures/arp.pcap", path + ".new")
    os.rename(path + ".new", path)
    status, out, err = ended(eye, 60)
    check(status == 0 and out.count("\n") + taken == packets, f"moved over: exit {status}, {out.count(chr(10))} of {packets} packets:", err)
    return "cut to nothing: exit 3; moved over: the old one to its end, exit 0"


def f35_growing_plain(lab):
    """a file that ends in half a record, not followed: everything before it, 3"""
    path = write(lab, "half.pcap", HEADER + record(1, 0, udp_frame(1)) + record(2, 0, udp_frame(2))[:-9])
    out, _ = run(lab, ["packets", "-n", path], 3, r"byte \d+", sentences=1)
    check(out.count("\n") == 1, "told:", out)
    return "1 packet of one and a half, exit 3"


def f35_followed(lab):
    """--follow: a capture that grows in pieces of 1 to 100 bytes is told to its last packet, each within 200 ms"""
    dice = random.Random(35)
    data = HEADER + b"".join(record(1_700_000_000 + n, 0, udp_frame(n)) for n in range(40))
    path = write(lab, "grows.pcap", data[:30])
    eye = lab.start(None, lab.program, "packets", "--follow", "-n", "-l", path)
    os.set_blocking(eye.stdout.fileno(), False)
    told, at, worst = b"", 30, 0.0
    with open(path, "ab", 0) as f:
        while at < len(data):
            n = dice.randrange(1, 101)
            f.write(data[at:at + n])
            at = min(len(data), at + n)
            whole = (at - 24) // len(record(0, 0, udp_frame(0)))
            since = time.monotonic()
            while told.count(b"\n") < whole:
                check(time.monotonic() - since < 1.0 and eye.poll() is None, f"packet {whole} is not told after a second: {eye.poll()}")
                told += eye.stdout.read() or b""
                time.sleep(0.002)
            worst = max(worst, time.monotonic() - since)
    eye.terminate()
    check(eye.wait(3) == 0 and told.count(b"\n") == 40, f"exit {eye.returncode}, {told.count(10)} of 40 packets")
    check(worst <= 0.2, f"{worst * 1000:.0f} ms")
    return f"40 of 40 packets, told after {worst * 1000:.0f} ms at most, limit 200 ms"


def f36_pipes(lab):
    """a FIFO whose writer stalls and vanishes; a socket; standard input: the screen stays alive, what came is told"""
    with open("captures/handshakes.pcap", "rb") as f:
        data = f.read()
    fifo = os.path.join(lab.folder, "fifo")
    os.mkfifo(fifo)
    seat = Seat(lab, "watch", "-r", fifo)
    writer = os.open(fifo, os.O_WRONLY)
    os.write(writer, data[:20_000])
    seat.until("192.168.1.20:51000")
    began = time.monotonic()
    seat.keys("?")
    seat.until("Keys of")
    alive = time.monotonic() - began
    seat.keys("?")
    os.close(writer)
    seat.until("damaged", 3)
    seat.keys("q")
    status, _ = seat.over(3)
    check(status == 3 and alive < 0.5, f"exit {status}, the screen answered after {alive:.2f} s")
    for words in (f"socat -u FILE:captures/handshakes.pcap STDOUT | {lab.program} handshakes -o json -r -",
                  f"exec 3< <(cat captures/handshakes.pcap); exec {lab.program} handshakes -o json -r /dev/fd/3"):
        status, out, err = ended(lab.start(None, "bash", "-c", words), 10)
        check(status == 0 and len(records(out, "handshake")) == 36, f"{words}: exit {status}, {len(records(out, 'handshake'))} handshakes:", err)
    ours, theirs = socket.socketpair()
    eye = lab.start(None, lab.program, "handshakes", "-o", "json", "-r", "-", stdin=theirs)
    theirs.close()
    ours.sendall(data)
    ours.close()
    status, out, err = ended(eye, 10)
    check(status == 0 and len(records(out, "handshake")) == 36, f"a socket: exit {status}:", err)
    empty = os.path.join(lab.folder, "nobody")
    os.mkfifo(empty)
    eye = lab.start(None, lab.program, "connections", "-r", empty)
    time.sleep(0.5)
    os.kill(program_of(eye), 2)
    wait_for("the end of a wait for a FIFO's writer", 2, lambda: eye.poll() is not None)
    return f"the screen answers after {alive * 1000:.0f} ms beside a stalled writer, limit 500 ms; 3 kinds of pipes, all told"


def hostile_pcaps():
    """(name, bytes, packets that can be told or None) of headers and records that lie."""
    frame = udp_frame(1)
    good = record(1, 0, frame)
    for magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
        for order in "<>":
            extra = b"\0" * 8 if magic == 0xA1B2CD34 else b""
            yield (f"magic {magic:x} {order}", struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, 1)
                   + record(1, 0, frame, order=order)[:16] + extra + frame, 1)
    for snap in (0, 1, 0xFFFFFFFF):
        yield f"snaplen {snap}", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, 1) + good * 3, None
    yield "version 99", struct.pack("<IHHiIII", 0xA1B2C3D4, 99, 99, -1, 0xFFFFFFFF, 65535, 1) + good, None
    yield "link type 65535", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 65535) + good, None
    yield "link type 2^32-1", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 0xFFFFFFFF) + good, None
    for kept in (0xFFFFFFFF, 0x80000000, 300 << 20, 262145 * 2):
        yield f"kept {kept}", HEADER + good + record(2, 0, frame, kept=kept) + good, None
    yield "wire less than kept", HEADER + record(1, 0, frame, wire=5) * 2, None
    yield "nothing kept", HEADER + record(1, 0, b"", wire=0) * 50, None
    yield "kept 0 of 2^32-1", HEADER + record(1, 0, b"", wire=0xFFFFFFFF), None
    yield "zeros", HEADER + b"\0" * 100_000, None
    yield "ones", HEADER + b"\xff" * 100_000, None


def block(kind, body, length=None, trailer=None, order="<"):
    length = 12 + len(body) if length is None else length
    return struct.pack(order + "II", kind, length & 0xFFFFFFFF) + body + struct.pack(order + "I", (length if trailer is None else trailer) & 0xFFFFFFFF)


def section(order="<", length=None):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), length, order=order)


def interface(options=b"", order="<", snap=0):
    return block(1, struct.pack(order + "HHI", 1, 0, snap) + options, order=order)


def enhanced(frame, number=0, high=0, low=1000, kept=None, order="<"):
    pad = b"\0" * (-len(frame) % 4)
    return block(6, struct.pack(order + "IIIII", number, high, low, len(frame) if kept is None else kept, len(frame)) + frame + pad, order=order)


def hostile_pcapngs():
    frame = udp_frame(1)
    one = section() + interface() + enhanced(frame)
    for length in (0, 3, 11, 13, 0xFFFFFFFC, 0xFFFFFFFF):
        yield f"block length {length}", one + block(6, b"\0" * 40, length) + enhanced(frame)
        yield f"section length {length}", section(length=length)
    yield "trailer differs", one + block(6, b"\0" * 40, trailer=8)
    yield "options without end", section() + interface(struct.pack("<HH", 2, 4) + b"eth0") + enhanced(frame)
    yield "option longer than block", section() + interface(struct.pack("<HH", 2, 0xFFFF) + b"eth0") + enhanced(frame)
    yield "two byte orders", one + section(">") + interface(order=">") + enhanced(frame, order=">")
    yield "interface 2^32-1", one + enhanced(frame, number=0xFFFFFFFF)
    for resolution in (0, 1, 127, 128, 0xFF, 63 | 0x80, 20):
        yield f"if_tsresol {resolution}", section() + interface(struct.pack("<HHB3xHH", 9, 1, resolution, 0, 0)) + enhanced(frame, high=0xFFFFFFFF, low=0xFFFFFFFF)
    for offset in (-(1 << 63), (1 << 63) - 1, -1):
        yield f"if_tsoffset {offset}", section() + interface(struct.pack("<HHqHH", 14, 8, offset, 0, 0)) + enhanced(frame, high=0xFFFFFFFF)
    yield "no interface", section() + enhanced(frame)
    yield "kept more than the block", one + enhanced(frame, kept=0xFFFFFFFF)
    yield "secrets in secrets", one + block(10, struct.pack("<II", 0x544C534B, 0xFFFFFFF0) + b"x" * 12) + enhanced(frame)
    yield "simple packets, no interface", section() + block(3, struct.pack("<I", 60) + b"\0" * 60)
    yield "100 000 interfaces", section() + interface() * 100_000 + enhanced(frame, number=99_999)


def hostile(lab, files):
    """Each file is read or refused with a sentence, in bounded time and memory; statuses counted."""
    statuses, slowest, largest = {}, 0.0, 0.0
    for number, (name, data) in enumerate(files):
        path = write(lab, f"hostile{number}", data)
        cost, out, err = measured(lab, ["packets", "-n", "-o", "json", path])
        status = cost["status"]
        check(status in (0, 1, 3), f"{name}: status {status}:", err)
        check(status == 0 or (err and re.search(r"\d", err)), f"{name}: exit {status} without a position:", err)
        check(len(err.splitlines()) <= 2, f"{name}: {len(err.splitlines())} messages:", err)
        for r in records(out):
            check(r["type"] == "packet", f"{name}: a record of type", r["type"])
        statuses[status] = statuses.get(status, 0) + 1
        slowest, largest = max(slowest, cost["seconds"]), max(largest, cost["rss_mb"])
    check(slowest < 2 and largest < 64, f"the slowest took {slowest:.2f} s, the largest {largest:.0f} MB")
    return f"{sum(statuses.values())} files, statuses {statuses}; {slowest:.2f} s and {largest:.0f} MB at most, limits 2 s, 64 MB"


def f37_hostile_pcap(lab):
    """six magics, lengths that lie, link types that do not exist: read or refused with the position, nothing allocated for a length"""
    for name, data, packets in hostile_pcaps():
        if packets:
            out, err = run(lab, ["packets", "-n", write(lab, "good", data)], 0)
            check(out.count("\n") == packets, f"{name}: {out.count(chr(10))} packets of {packets}:", err)
    return hostile(lab, [(name, data) for name, data, _ in hostile_pcaps()])


def f38_hostile_pcapng(lab):
    """blocks, options, resolutions and interfaces that lie: skipped with a note or refused, no division by zero"""
    return hostile(lab, hostile_pcapngs())


def f39_bomb(lab):
    """2 GB of packets in a gzip file of some MB: a stream, memory flat"""
    block_bytes = b"".join(record(1_700_000_000, i, udp_frame(0, b"\0" * 1400)) for i in range(1400))
    member, times = gzip.compress(block_bytes, 9), 1000
    path = write(lab, "bomb.pcap.gz", gzip.compress(HEADER) + member * times)
    ratio = len(block_bytes) * times / os.path.getsize(path)
    cost, out, err = measured(lab, ["report", "-o", "json", "--memory", "32M", path])
    check(cost["status"] == 0, f"exit {cost['status']}:", err)
    packets = records(out, "summary")[0]["packets"]
    check(packets == 1400 * times, f"{packets} of {1400 * times} packets")
    check(cost["rss_mb"] <= 48, f"peak RSS {cost['rss_mb']:.0f} MB")
    return f"1:{ratio:.0f}, {packets} packets in {cost['seconds']:.1f} s, peak RSS {cost['rss_mb']:.0f} MB, limit 48"


def f40_clock_steps(lab):
    """stamps that step back, pass 2038 and 2106, have 10^9 ns and more: every packet told in its order, no absurd duration"""
    stamps = [(1_700_000_000, 0), (1_700_003_600, 0), (1_699_996_400, 0), (1_700_000_001, 999_999), (1_700_000_001, 1_000_000),
              (1_700_000_002, 0xFFFFFFFF), (0x7FFFFFFF, 999_999), (0x80000000, 0), (0xFFFFFFFF, 999_999), (0, 0), (1, 1), (1_700_000_003, 0)]
    path = write(lab, "steps.pcap", HEADER + b"".join(record(s, us, udp_frame(7)) for s, us in stamps))
    for view in (["packets"], ["connections"], ["handshakes"], ["report"]):
        out, err = run(lab, [*view, "-n", "-o", "json", path], 0)
        told = records(out)
        check(view != ["packets"] or [r["number"] for r in told] == list(range(1, len(stamps) + 1)), "numbers:", out)
        for key, value in re.findall(r'"([a-z_]*_us)":(-?\d+)', out):
            check(0 <= int(value) < 1 << 53, f"{view[0]}: {key} is {value}")
    for capture in ("truth-50-backwards.pcap", "pcap-unordered.pcap"):
        out, err = run(lab, ["connections", "-n", "-o", "json", f"captures/{capture}"], 0)
        for key, value in re.findall(r'"([a-z_]*_us)":(-?\d+)', out):
            check(int(value) >= 0 or key in ("rtt_us", "syn_to_synack_us"), f"{capture}: {key} is {value}")
    text, _ = run(lab, ["report", "-n", path], 0)
    check(not re.search(r" -\d+(\.\d+)? (us|ms|s|h)\b", text), "a negative duration in:", text)
    return f"{len(stamps)} stamps, 4 views, none absurd"


ROWS = [f33_cut, f34_shrinks, f35_growing_plain, f35_followed, f36_pipes, f37_hostile_pcap, f38_hostile_pcapng, f39_bomb, f40_clock_steps]
