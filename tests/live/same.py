"""The same packets from a file and live: the same words of each packet, the same numbers of each flow.

A capture is sent into the cable frame by frame, paced by its own times, while sockeye listens at the other end. What
was seen is compared twice:

- with the file whose frames have the times that sockeye saw: every key of every packet must be equal, whatever the
  machine did meanwhile;
- with the file as it is: what does not depend on time must be equal (TIMED has what does), and where the capture's
  times are far from every threshold, the words that do, too.
"""
import os
import pathlib
import struct
import subprocess
import sys
from decimal import Decimal

from lab import TOP, check, ended, finish, records, total

sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "captures" / "make"))
from pcapgen import ACK, FIN, MS, PSH, START, SYN, US, Conversation, ether, noise, opt_sack, opt_ts, pcap  # noqa: E402

# Words that the times decide, and how: out of order or a retransmission by the initial RTT since the highest number,
# fast within 20 ms of a duplicate ACK, a duplicate within 1 ms. "retransmission" is what the first two leave over.
TIMED = {"retransmission", "fast_retransmission", "out_of_order", "exact.duplicate"}
# The bundled captures: short ones of Ethernet, each about something else. Tags are taken off and put back on the way.
BUNDLED = ("tcp-twice", "tcp-seq-wrap", "tcp-simultaneous-open", "ipv4-fragments", "ipv6-fragments", "link-qinq",
           "real-vxlan-overlapping-http-get", "real-handshake-reorder")


def frames_of(data):
    """[(ns, bytes)] of a pcap file."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    check(struct.unpack(order + "I", data[20:24])[0] == 1, "the capture is not one of Ethernet")
    at, out = 24, []
    while at < len(data):
        seconds, part, kept, wire = struct.unpack(order + "IIII", data[at:at + 16])
        check(kept == wire, "the capture is cut: it cannot be sent")
        out.append((seconds * 10**9 + part * unit, data[at + 16:at + 16 + kept]))
        at += 16 + kept
    return out


def listen_and_send(lab, frames):
    """What sockeye saw of them live: (packets, connections)."""
    path = os.path.join(lab.folder, "sent.pcap")
    pathlib.Path(path).write_bytes(pcap(frames, nano=True))
    eyes = [lab.sockeye(view, "-n", "-i", "wire0", "-o", "json", namespace=lab.server) for view in ("packets", "connections")]
    status, _, err = ended(lab.peer(lab.client, "frames", path), 30)
    check(status == 0, "sending:", err)
    seen = []
    for eye in eyes:
        status, out, err = finish(eye)
        check(status == 0, f"exit {status}:", err)
        check(total(err, "packets captured") == len(frames), f"not {len(frames)} packets:", err)
        seen.append(out)
    return seen[0], seen[1]


def read(lab, frames, view):
    path = os.path.join(lab.folder, "read.pcap")
    pathlib.Path(path).write_bytes(pcap(frames, nano=True))
    done = subprocess.run([lab.program, view, "-n", "-o", "json", "-r", path], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=20, env={**os.environ, "TZ": "UTC", "LC_ALL": "C"})
    check(done.returncode == 0, f"{view} of the file: exit {done.returncode}:", done.stderr)
    return done.stdout


def time_of(line):
    """The ns of a packet's line: a float has not enough digits."""
    return int(Decimal(line.split('"time":', 1)[1].split(",", 1)[0]) * 10**9)


def lines(text, kind):
    return [line for line in text.splitlines() if line.startswith(f'{{"type":"{kind}"')]


def words(packet, without=frozenset()):
    return [w for w in packet.get("verdicts", []) if w not in without]


def same_with_its_own_times(lab, frames, live, name):
    """Every key of every packet, against the file that has the times of the live run."""
    seen = lines(live, "packet")
    check(len(seen) == len(frames), f"{name}: {len(seen)} packets live, {len(frames)} sent")
    timed = [(time_of(line), data) for line, (_, data) in zip(seen, frames)]
    for line, other in zip(seen, lines(read(lab, timed, "packets"), "packet")):
        line = line.replace('"interface":"wire0",', "")
        check(line == other, f"{name}: live\n{line}\nof a file\n{other}")


def exact_of(connection):
    return {k: v for k, v in connection.get("exact", {}).items() if k != "duplicates"}


def same_without_times(lab, frames, packets, connections, name):
    """What does not depend on time, against the file as it is."""
    for live, file in zip(records(packets, "packet"), records(read(lab, frames, "packets"), "packet")):
        check(words(live, TIMED) == words(file, TIMED), f"{name}: packet {live['number']} live {words(live)}, of the file {words(file)}")
    live, file = ({c["id"]: c for c in records(text, "connection")} for text in (connections, read(lab, frames, "connections")))
    check(live.keys() == file.keys(), f"{name}: connections {sorted(live)} live, {sorted(file)} of the file")
    for number, one in live.items():
        other = file[number]
        check(exact_of(one) == exact_of(other), f"{name}: connection {number} live {exact_of(one)}, of the file {exact_of(other)}")
        for key in ("proto", "client", "server", "packets", "bytes", "state", "completeness", "dup_acks", "zero_windows",
                    "zero_window_probes", "window_full", "keep_alives", "lost_segments", "acked_unseen", "reused", "service"):
            check(one.get(key) == other.get(key), f"{name}: connection {number}: {key} {one.get(key)} live, {other.get(key)} of the file")


def troubled():
    """A conversation with every trouble, and the words that belong to each packet.

    RTT 300 ms; out of order by 0.1 ms, repeats after a second: what the machine adds to that changes no word. Only the
    20 ms of a fast retransmission may pass, and then the word is missing; it comes 800 ms after the highest number, so
    that it is a retransmission all the same.
    """
    out, said = [], []
    k = Conversation(out, ("192.0.2.10", 46500), ("198.51.100.20", 80), seed="trouble", wrap=lambda p, s: ether(p))
    rtt = 300 * MS

    def c(t, flags=ACK, payload=b"", expect=(), **more):
        said.append(set(expect))
        return k.c(t, flags, payload, **more)

    def s(t, flags=ACK, payload=b"", expect=(), **more):
        said.append(set(expect))
        return k.s(t, flags, payload, **more)

    piece = [noise(f"piece{i}", 100) for i in range(10)]
    c(START, SYN)
    s(START + rtt, SYN | ACK)
    t = c(START + rtt + 200 * US)
    one = k.next[0]
    c(t + 10 * MS, PSH | ACK, piece[0])
    # The second and the third change places.
    k.next[0] = one + 200
    c(t + 11 * MS, PSH | ACK, piece[2], ["lost_segment"])
    c(t + 11 * MS + 100 * US, PSH | ACK, piece[1], ["out_of_order", "exact.late_segment"], seq=one + 100)
    t = s(t + 11 * MS + rtt)
    # Not ACKed in a second: again, once the same and once with other bytes.
    c(t + 10 * MS, PSH | ACK, piece[3])
    c(t + 1010 * MS, PSH | ACK, piece[3], ["retransmission", "exact.retransmitted_segment"], seq=one + 300)
    c(t + 2010 * MS, PSH | ACK, piece[9], ["retransmission", "exact.retransmitted_segment", "exact.conflicting"], seq=one + 300)
    t = s(t + 2010 * MS + rtt)
    # The fifth is lost on the way; what comes behind it is ACKed with the same number; it is sent again.
    k.next[0] = one + 500
    c(t + 10 * MS, PSH | ACK, piece[5], ["lost_segment"])
    c(t + 11 * MS, PSH | ACK, piece[6])
    c(t + 12 * MS, PSH | ACK, piece[7])
    t += 800 * MS
    for i in range(3):
        s(t + i * MS, expect=["dup_ack"], ack=one + 400)
    c(t + 2 * MS + 100 * US, PSH | ACK, piece[4], ["retransmission", "fast_retransmission", "exact.late_segment"], seq=one + 400)
    t = s(t + 2 * MS + rtt)
    # All of it was ACKed, and yet it comes again.
    c(t + 500 * MS, PSH | ACK, piece[6], ["retransmission", "spurious_retransmission", "exact.retransmitted_segment"], seq=one + 600)
    t = s(t + 510 * MS, expect=["dup_ack"])
    # Is anyone there? Yes.
    c(t + 100 * MS, expect=["keep_alive"], seq=one + 799)
    t = s(t + 110 * MS, expect=["keep_alive_ack"])
    # No room; a question; no room still; room again.
    s(t + 50 * MS, expect=["zero_window"], window=0)
    c(t + 150 * MS, ACK, b"?", ["zero_window_probe"], advance=False)
    s(t + 160 * MS, expect=["zero_window", "zero_window_probe_ack"], window=0)
    t = s(t + 200 * MS, expect=["window_update"])
    # The server answers; the capture missed it, the client did not.
    c(t + 50 * MS, PSH | ACK, piece[8])
    t = s(t + 60 * MS)
    k.next[1] += 1000
    c(t + 100 * MS, expect=["acked_unseen"])
    t = s(t + 110 * MS, PSH | ACK, piece[9], ["lost_segment"])
    c(t + 10 * MS, FIN | ACK, expect=["acked_unseen"])
    s(t + 310 * MS, FIN | ACK)
    c(t + 320 * MS)
    return out, said


def file_and_live_agree(lab):
    """a conversation with every trouble has the same words live and of a file, and they are the right ones"""
    frames, said = troubled()
    check(frames == sorted(frames, key=lambda f: f[0]), "the frames are not in order")
    file = records(read(lab, frames, "packets"), "packet")
    for packet, expected in zip(file, said):
        check(set(words(packet)) == expected, f"packet {packet['number']} of the file: {words(packet)}, not {sorted(expected)}")
    check(len(file) == len(said), "packets are missing")
    packets, connections = listen_and_send(lab, frames)
    same_with_its_own_times(lab, frames, packets, "troubled")
    same_without_times(lab, frames, packets, connections, "troubled")
    fast = {"fast_retransmission"}
    for packet, expected in zip(records(packets, "packet"), said):
        check(set(words(packet, fast)) == expected - fast, f"packet {packet['number']} live: {words(packet)}, not {sorted(expected)}")
    return f"{len(frames)} packets"


def bundled_captures_agree(lab):
    """bundled captures sent into the cable give what their files give"""
    count = 0
    for namespace in (lab.client, lab.server):  # some were captured above the card's own segmentation
        lab.inside(namespace, "ip", "link", "set", "wire0", "mtu", "65535")
    for name in BUNDLED:
        frames = frames_of((TOP / "captures" / f"{name}.pcap").read_bytes())
        packets, connections = listen_and_send(lab, frames)
        same_with_its_own_times(lab, frames, packets, name)
        # Of what is a copy within a millisecond only the times can tell.
        if "exact.duplicate" not in read(lab, frames, "packets"):
            same_without_times(lab, frames, packets, connections, name)
        count += len(frames)
    return f"{len(BUNDLED)} captures, {count} packets"


TESTS = [file_and_live_agree, bundled_captures_agree]
