"""Faults of bounds: rows 47-50. Nesting, odd handshakes, little memory, few descriptors."""
import contextlib
import json
import os
import re
import struct
import subprocess
import sys
import time

from faults_files import HEADER, record, udp_frame, write
from faults_lab import Seat, measured, run
from lab import HERE, check, ended, records, wait_for

LAYERS = 200


def ipv4(protocol, payload, n=1):
    total = 20 + len(payload)
    head = struct.pack(">BBHHHBBH", 0x45, 0, total & 0xFFFF, n, 0, 64, protocol, 0) + bytes([10, 0, 0, 1, 10, 0, 0, 2])
    s = sum(struct.unpack(">10H", head))
    s = (s & 0xFFFF) + (s >> 16)
    return head[:10] + struct.pack(">H", ~s & 0xFFFF) + head[12:] + payload


def nested():
    """(name, frame, does it fit within the layers that are read)."""
    plain = udp_frame(1)
    ethernet, inner = plain[:12], plain[14:]
    yield "vlan", ethernet + b"\x81\x00\x00\x05" * LAYERS + plain[12:]
    yield "mpls", ethernet + b"\x88\x47" + b"\x00\x01\x00\x40" * (LAYERS - 1) + b"\x00\x01\x01\x40" + inner
    for name, wrap in (("ipip", lambda p: ipv4(4, p)), ("gre", lambda p: ipv4(47, b"\x00\x00\x08\x00" + p))):
        packet = inner
        for _ in range(LAYERS):
            packet = wrap(packet)
        yield name, ethernet + b"\x08\x00" + packet
    frame = plain
    for _ in range(LAYERS):
        vxlan = struct.pack(">HHHH", 40000, 4789, (16 + len(frame)) & 0xFFFF, 0) + b"\x08\0\0\0\0\0\x2a\0" + frame
        frame = ethernet + b"\x08\x00" + ipv4(17, vxlan)
    yield "vxlan", frame
    packet = inner
    for _ in range(LAYERS):
        packet = struct.pack(">IHBB16s16s", 6 << 28, len(packet) & 0xFFFF, 4, 64, b"\xfd" + b"\0" * 15, b"\xfd" + b"\0" * 14 + b"\1") + packet
        packet = ipv4(41, packet)
    yield "6in4 in 4in6", ethernet + b"\x08\x00" + packet


def f47_nested_tunnels(lab):
    """200 tunnels inside each other, of six kinds: reading stops with a word for it, all bytes are still there, the next packet is read"""
    frames = list(nested())
    path = write(lab, "nested.pcap", HEADER + b"".join(record(n, 0, f) + record(n, 1, udp_frame(n)) for n, (_, f) in enumerate(frames)))
    out, err = run(lab, ["packets", "-n", "-o", "json", path], 0)
    told = records(out, "packet")
    check(len(told) == 2 * len(frames), f"{len(told)} packets of {2 * len(frames)}:", err)
    for (name, frame), r in zip(frames, told[::2]):
        check(r["length"] == r["captured"] == len(frame), f"{name}: {len(frame)} bytes:", r)
        # A stack of labels is one layer, whose rows are more than are kept.
        check("layers" in r.get("issue", "") or "more fields" in r["info"], f"{name}: no word about its layers:", r)
    check(all(r["protocol"] == "udp" and "issue" not in r for r in told[1::2]), "a packet after a nested one is told wrong")
    out, _ = run(lab, ["packets", "-n", "-xx", "-c", "1", path], 0)
    bytes_shown = sum(len(m.replace(" ", "")) // 2 for m in re.findall(r"^\s+(?:0x)?[0-9a-f]{4,}:?\s+((?:[0-9a-f]{2,4} ?)+)", out, re.M))
    check(bytes_shown >= len(frames[0][1]), f"{bytes_shown} of {len(frames[0][1])} bytes shown:", out[-300:])
    cost, _, err = measured(lab, ["packets", "-n", "-v", path])
    check(cost["status"] == 0 and cost["seconds"] < 1, f"exit {cost['status']} after {cost['seconds']:.2f} s:", err)
    return f"{len(frames)} kinds of {LAYERS} layers: all told, {cost['rss_mb']:.0f} MB, {cost['seconds'] * 1000:.0f} ms, limit 1000 ms"


# What is right for each is in tests/expect and tests/truth.
ODD = ("tcp-simultaneous-open", "truth-23-split-handshake", "tcp-fast-open", "tcp-reset-handshake", "tcp-reuse", "tcp-seq-wrap", "tcp-half-closed",
       "tcp-midstream", "truth-43-client-only", "truth-43-server-only")
SAME = ("proto", "client", "server", "orientation", "packets", "bytes", "state", "conn_state", "history", "completeness", "retransmissions",
        "out_of_order", "reused", "exact", "rst", "fin")


def f48_odd_handshakes(lab):
    """simultaneous open, split handshake, fast open, resets, reuse, wrap, half-closed, mid-stream, one way: live as of the file"""
    flows = 0
    for capture in ODD:
        out, _ = run(lab, ["connections", "-n", "-o", "json", f"captures/{capture}.pcap"], 0)
        wanted = records(out, "connection")
        eye = lab.sockeye("connections", "-i", "wire0", "-n", "-o", "json", "tcp")
        status, said, err = ended(lab.start(lab.server, os.path.join(lab.tools, "send"), "-i", "wire0", "-t", "5", "-r", "500", "file", f"captures/{capture}.pcap"))
        number = json.loads(said)["sent"] if status == 0 else 0
        check(status == 0 and number > 0, f"{capture}: send: exit {status}:", err)
        time.sleep(0.15)
        os.kill(eye.pid, 2)
        status, out, err = ended(eye, 5)
        told = records(out, "connection")
        check(status == 0 and len(told) == len(wanted), f"{capture}: exit {status}, {len(told)} of {len(wanted)} connections:", err)
        by = lambda r: (r["id"])
        for a, b in zip(sorted(wanted, key=by), sorted(told, key=by)):
            differ = [k for k in SAME if a.get(k) != b.get(k)]
            complete = [r.get("handshake", {}).get("complete") for r in (a, b)]
            check(not differ and complete[0] == complete[1], f"{capture}: live differs in {differ}:", [(a.get(k), b.get(k)) for k in differ], complete)
            check(capture != "tcp-midstream" or not complete[0], "a handshake was invented:", a)
        flows += len(told)
    return f"{len(ODD)} captures, {flows} connections: live as of the file, none invented"


def floods(lab, syns):
    flood, real = os.path.join(lab.folder, "flood.pcap"), os.path.join(lab.folder, "real.pcap")
    subprocess.run([sys.executable, str(HERE.parent / "tools/synflood.py"), flood, real, str(syns), "100"], check=True, timeout=60)
    return flood, real


def f49_address_space(lab):
    """RLIMIT_AS: a clear sentence where the promise of --memory cannot be kept, else all of it; never a crash"""
    flood, real = floods(lab, 100_000)
    seen = {}
    for megabytes in (20, 60, 100, 200, 400, 800):
        cost, out, err = measured(lab, ["report", "-o", "json", "--memory", "64M", flood, real], before=["prlimit", f"--as={megabytes << 20}"])
        status = cost["status"]
        # Under some limit not even the loader has room: 127 and its own words.
        check(status in (0, 1) or (status == 127 and "shared librar" in err), f"{megabytes} MB: exit {status}:", err)
        check(status != 1 or (len(err.splitlines()) == 1 and re.search(r"memory", err)), f"{megabytes} MB: said", err)
        check(status != 0 or records(out, "summary")[0]["handshakes"]["complete"] == 100, f"{megabytes} MB:", out[-500:])
        seen[megabytes] = status
    check(seen[400] == 0 and seen[800] == 0, "statuses:", seen)
    return f"--memory 64M under limits in MB, and the status: {seen}"


@contextlib.contextmanager
def memory_group(lab, megabytes):
    """A control group with so much memory, of either version: a command that enters it."""
    name = f"sockeye-faults-{os.getpid()}"
    for root, limit, controllers in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes", None), ("/sys/fs/cgroup", "memory.max", "cgroup.controllers")):
        if os.path.exists(f"{root}/cgroup.procs") and (controllers is None or "memory" in open(f"{root}/{controllers}").read()):
            break
    else:
        check(False, "there is no control group for memory here")
    path = f"{root}/{name}"
    os.mkdir(path)
    try:
        with open(f"{path}/{limit}", "w") as f:
            f.write(str(megabytes << 20))
        yield ["sh", "-c", f'echo $$ >{path}/cgroup.procs && exec "$@"', "-"]
    finally:
        wait_for("the control group to be empty", 3, lambda: not open(f"{path}/cgroup.procs").read())
        os.rmdir(path)


def f49_control_group(lab):
    """a control group of 48 MB around --memory 16M in a flood: what is forgotten is counted, nobody is killed"""
    flood, real = floods(lab, 250_000)
    with memory_group(lab, 48) as enter:
        process = lab.start(None, *enter, lab.program, "report", "-o", "json", "--memory", "16M", flood, real)
        status, out, err = ended(process, 30)
    check(status == 0, f"exit {status}:", err)
    summary = records(out, "summary")[0]
    check(summary["handshakes"]["complete"] == 100 and summary["flows_evicted"] > 0, "summary:", summary)
    return f"250000 SYNs, {summary['flows_evicted']} flows forgotten, 100 of 100 handshakes complete, not killed"


def f50_descriptors(lab):
    """RLIMIT_NOFILE 10 and fewer: works, or says in a sentence what is missing"""
    seen = {}
    for limit in (3, 4, 5, 6, 8, 10):
        for view in (["connections", "-n", "captures/handshakes.pcap"], ["connections", "-i", "wire0", "--duration", "0.3"]):
            before = ["prlimit", f"--nofile={limit}"]
            process = lab.start(lab.client, *before, lab.program, *view)
            status, out, err = ended(process)
            check(status in (0, 1, 127), f"{limit} descriptors, {view[1]}: exit {status}:", err)
            check(status != 1 or (0 < len(err.splitlines()) <= 2 and re.search(r"too many open files|descriptor", err, re.I)),
                  f"{limit} descriptors, {view[1]}: said", err)
            seen.setdefault(limit, []).append(status)
    check(seen[10] == [0, 0], "with 10 descriptors:", seen)
    seat = Seat(lab, "watch", "captures/handshakes.pcap", before=["prlimit", "--nofile=20"])
    seat.until(" of 46")
    seat.keys("q")
    status, _ = seat.over(3)
    check(status == 0, f"the screen with 20 descriptors: exit {status}")
    return f"a file and live, statuses by limit: {seen}; the screen works with 20"


ROWS = [f47_nested_tunnels, f48_odd_handshakes, f49_address_space, f49_control_group, f50_descriptors]
