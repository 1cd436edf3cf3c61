"""What BPF programs tell of sockets, against programs that write down what they did."""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time

import owners
from owners import TRACEFS
from lab import CLIENT, HERE, NOBODY_HOME, SERVER, check, command, ended, records
from sockets import MANY_PAIRS, MANY_ZOOS, PLAIN, by_inode, copy_of, holds, opened, sockets, zoo

CONNECTIONS = 5000
RIGHT = 0.999        # of both ends, the true process and no other
ACCEPT_SLACK_MS = 1.0
MANY_SHARE = 0.8
# Of a call, beyond the kernel's own counting, on a machine that is quiet: there that takes COUNTING_US. On one that is shared both
# take longer alike.
EVENT_LIMIT_US, COUNTING_US, BUSY_MOST, COST_BURSTS = 0.2, 0.05, 3, 6
STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
OWNER, ACCEPTED, GONE = 1, 2, 3
FOUND_OWNER, FOUND_ACCEPTED = 1, 2  # of findings
# Who talks to nobody, to a closed port, from an IPv6 socket to an IPv4 address, and by UDP without connect(2).
ODD = """
import json, os, socket, time
said = {}
def note(name, s, remote):
    said[name] = (s.getsockname()[1], *remote)
quiet = socket.socket()
quiet.setblocking(False)
quiet.connect_ex(("%s", 7001))
note("unanswered", quiet, ("10.77.0.99", 7001))
refused = socket.socket()
refused.bind(("", 0))
port = refused.getsockname()[1]
refused.connect_ex(("%s", 7002))
said["refused"] = (port, "10.77.0.2", 7002)
mapped = socket.socket(socket.AF_INET6)
mapped.bind(("::", 0))
port = mapped.getsockname()[1]
mapped.connect_ex(("::ffff:%s", 7003))
said["mapped"] = (port, "10.77.0.2", 7003)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.sendto(b"x", ("10.77.0.2", 7004))
note("udp", udp, ("0.0.0.0", 0))
time.sleep(1.6)
print(json.dumps({"pid": os.getpid(), "sockets": said}))
"""


class Event:
    def __init__(self, line):
        f = line.split("\t")
        self.kind, self.at_ns, self.cookie, self.inode, self.pid = (int(v) for v in f[:5])
        self.comm, self.uid, self.fd = f[5], int(f[6]), int(f[7])
        self.local, self.local_port, self.remote, self.remote_port, self.state = f[9], int(f[10]), f[11], int(f[12]), int(f[13])


def witness(lab, what, before=(), **options):
    """The tool of that name, opened and without rights, in the client's namespace."""
    process = lab.start(lab.client, *before, os.path.join(lab.tools, "witness"), what, "40", stdin=subprocess.PIPE, **options)
    line = process.stdout.readline().decode()
    check(line.startswith("ready"), "witness:", process.stderr.read().decode() if not line else line)
    return process, int(line.split()[1])


def told(process):
    """All that it told, once its input has ended."""
    out, err = process.communicate(timeout=20)
    check(process.returncode == 0, "witness:", err.decode())
    lines = out.decode().splitlines()
    check(lines[-1] == "lost 0", lines[-1])
    return [Event(line) for line in lines[:-1]]


def burst(lab, *words):
    """Short connections, and what their programs say of them, by the client's port, which none uses twice."""
    lab.inside(lab.client, "sysctl", "-qw", "net.ipv4.tcp_tw_reuse=0", "net.ipv4.ip_local_port_range=8000 65000")
    process = lab.start(lab.client, os.path.join(lab.tools, "burst"), *words, stdin=subprocess.PIPE)
    check(process.stdout.readline().startswith(b"ready"), "burst did not start")
    began = time.monotonic()
    out, err = process.communicate(b"\n", timeout=40)
    check(process.returncode == 0, "burst:", err.decode())
    rows = [[int(v) for v in line.split("\t")] for line in out.decode().splitlines()]
    names = ("port", "client", "client_fd", "connect_ns", "server", "server_fd", "accept_ns")
    return {row[0]: dict(zip(names, row)) for row in rows}, time.monotonic() - began


def ends_right(truth, events, kinds):
    """By end, of how many connections exactly its process is told; and how many name another."""
    client, server = {}, {}
    for e in events:
        if e.kind in kinds and e.local_port and e.remote_port:
            ends, port = (server, e.remote_port) if e.local_port == 7400 else (client, e.local_port)
            ends.setdefault(port, set()).add(e.pid)
    right = {"clients": sum(client.get(port) == {row["client"]} for port, row in truth.items()),
             "servers": sum(server.get(port) == {row["server"]} for port, row in truth.items())}
    wrong = sum(bool(client.get(p, set()) - {r["client"]}) + bool(server.get(p, set()) - {r["server"]}) for p, r in truth.items())
    check(all(n >= RIGHT * len(truth) for n in right.values()) and wrong == 0, f"{right} of {len(truth)} right, {wrong} wrong")
    return right


def bpf_burst(lab):
    """5 000 connections of some ten microseconds between 25 and 4 processes: each end is told to be its process's and no other's"""
    process, _ = witness(lab, "events")
    truth, took = burst(lab, "-n", str(CONNECTIONS))
    events = told(process)
    check(len(truth) > CONNECTIONS * 0.99, f"{len(truth)} ports of {CONNECTIONS} connections")
    right = ends_right(truth, events, (OWNER, ACCEPTED))
    # Each that somebody has ends.
    cookies = {e.cookie for e in events if e.kind == OWNER}
    gone = {e.cookie for e in events if e.kind == GONE}
    check(len(cookies & gone) >= 2 * RIGHT * CONNECTIONS, f"{len(cookies & gone)} sockets with owner and end")
    # connect(2) is what is told of a client, though it is told later.
    opened = {e.local_port: e for e in events if e.kind == OWNER and e.remote_port == 7400}
    late = max(abs(opened[port].at_ns - row["connect_ns"]) for port, row in truth.items() if port in opened) / 1e6
    return f"{right} of {len(truth)}, {len(events)} events in {took:.2f} s, connect(2) within {late:.1f} ms"


def bpf_findings(lab):
    """the same through the host thread, all rights given up: its findings name each end's process, once"""
    process, _ = witness(lab, "findings")
    truth, took = burst(lab, "-n", str(CONNECTIONS))
    events = told(process)
    right = ends_right(truth, events, (FOUND_OWNER, FOUND_ACCEPTED))
    named = [e for e in events if e.kind == FOUND_OWNER and 7400 in (e.local_port, e.remote_port) and e.remote_port]
    check(len(named) <= 2 * CONNECTIONS * 1.01, f"{len(named)} findings of owners")
    # Descriptors, too, and none that is another.
    fds = {"client": 0, "server": 0}
    for e in named:
        side, port = ("server", e.remote_port) if e.local_port == 7400 else ("client", e.local_port)
        check(e.fd in (-1, truth[port][f"{side}_fd"]), f"{side} of {port}: fd {e.fd}, not", truth[port])
        fds[side] += e.fd >= 0
    check(all(n >= RIGHT * len(truth) for n in fds.values()), f"descriptors are known of {fds}")
    return f"{right} of {len(truth)}, {len(events)} findings"


def bpf_records(lab):
    """the same in the records of connections: 99.9 % of both ends have exactly their process, and none another"""
    process = owners.watching(lab)
    truth = owners.burst(lab, "-n", str(CONNECTIONS))
    time.sleep(2.5)
    found, _ = owners.stopped(process)
    count = owners.judge(found, truth)
    check(all(c["right"] >= RIGHT * len(truth) for c in count.values()), "right:", {side: dict(c) for side, c in count.items()})
    return "  ".join(f"{side}: {', '.join(f'{k} {v}' for k, v in sorted(c.items()))}" for side, c in count.items())


def bpf_unanswered(lab):
    """a SYN that nobody answers, one that is refused, a mapped address, UDP: who that was, with both ports"""
    process, _ = witness(lab, "findings")
    client = lab.start(lab.client, sys.executable, "-c", ODD % (NOBODY_HOME, SERVER, SERVER), stdout=subprocess.PIPE)
    truth = json.loads(ended(client)[1])
    events = [e for e in told(process) if e.kind == FOUND_OWNER and e.pid == truth["pid"]]
    for name, (port, remote, remote_port) in truth["sockets"].items():
        found = [e for e in events if (e.local_port, e.remote, e.remote_port) == (port, remote, remote_port)]
        check(len(found) == 1 and found[0].comm.startswith("python3"), f"{name}: {port} {remote} {remote_port}:", [vars(e) for e in events])
    return f"{len(truth['sockets'])} sockets"


def bpf_accept(lab):
    """a server that sleeps 600 ms before accept() and takes no byte: the moment of accept(), where tracefs is there"""
    process, has = witness(lab, "events", before=TRACEFS)
    check(has & 8, f"accept(2) is not told: {has}")
    truth, _ = burst(lab, "-c", "1", "-s", "1", "-n", "3", "-a", "600", "-q")
    events = [e for e in told(process) if e.kind == ACCEPTED]
    worst = 0
    for port, row in truth.items():
        found = [e for e in events if e.remote_port == port]
        check(len(found) == 1 and (found[0].pid, found[0].fd) == (row["server"], row["server_fd"]), f"port {port}:", [vars(e) for e in found])
        check(row["accept_ns"] - row["connect_ns"] > 590e6, "it did not sleep:", row)
        worst = max(worst, abs(found[0].at_ns - row["accept_ns"]) / 1e6)
    check(worst < ACCEPT_SLACK_MS, f"{worst:.3f} ms beside the program's own record")
    return f"within {worst:.3f} ms (limit {ACCEPT_SLACK_MS})"


# Connections of a process with itself, over each loopback, then with what is outside: what follows is told all the same.
ELSEWHERE = """
import os, socket, sys
held = []
def pair(family, address):
    s = socket.socket(family)
    s.bind((address, 0))
    s.listen(8)
    c = socket.socket(family)
    c.connect(s.getsockname()[:2])
    a, _ = s.accept()
    c.sendall(b"x")
    a.recv(1)
    held.extend((s, c, a))
    return c.getsockname()[1], s.getsockname()[1]
print(os.getpid())
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::ffff:127.0.0.1")):
    print(*pair(family, address))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.sendto(b"x", ("%s", 7004))
print(u.getsockname()[1], *pair(socket.AF_INET, "%s"))
"""


def bpf_elsewhere(lab):
    """another namespace's process: what it says to itself over loopback is not told, and hides nothing that follows"""
    process, has = witness(lab, "elsewhere", before=TRACEFS)
    check(has & 8, f"accept(2) is not told: {has}")
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.lo.disable_ipv6=0")
    status, out, err = ended(lab.start(lab.server, sys.executable, "-c", ELSEWHERE % (CLIENT, SERVER)), 20)
    check(status == 0, err)
    rows = [[int(v) for v in line.split()] for line in out.splitlines()]
    pid, inside, (udp, client, server) = rows[0][0], {p for row in rows[1:4] for p in row}, rows[4]
    found = [e for e in told(process) if e.kind != GONE and e.pid == pid]
    wrong = [vars(e) for e in found if (e.local_port in inside and e.remote_port in inside) or e.cookie == 0]
    check(not wrong, f"{len(wrong)} of loopback, or of no socket:", wrong[:2])
    ends = {(e.kind, e.local_port, e.remote_port) for e in found}
    for end in ((OWNER, client, server), (ACCEPTED, server, client)):
        check(end in ends, f"{end} is not told:", ends)
    check(any(kind == OWNER and local == udp for kind, local, _ in ends), f"UDP of port {udp} is not told:", ends)
    return f"{len(found)} events of it"


@contextlib.contextmanager
def measured():
    """The kernel counts time and calls of each program."""
    before = STATS.read_text()
    STATS.write_text("1")
    try:
        yield
    finally:
        STATS.write_text(before)


class Empty(contextlib.AbstractContextManager):
    """A program that does nothing, at a tracepoint of ours: what the kernel's counting itself costs here and now."""

    def __init__(self):
        code = bytes.fromhex("b700000000000000" "9500000000000000")  # r0 = 0; exit
        self.code, self.text = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
        self.name = ctypes.create_string_buffer(b"sock_send_length")
        load = struct.pack("=IIQQIIQII16s", 17, 2, ctypes.addressof(self.code), ctypes.addressof(self.text), 0, 0, 0, 0, 0, b"empty_for_cost")
        self.program = self.bpf(5, load + bytes(48))
        self.link = self.bpf(17, struct.pack("=QI", ctypes.addressof(self.name), self.program) + bytes(4))

    @staticmethod
    def bpf(number, attributes):
        call = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[os.uname().machine]
        fd = ctypes.CDLL(None, use_errno=True).syscall(call, number, attributes, len(attributes))
        check(fd >= 0, f"bpf({number}): {os.strerror(ctypes.get_errno())}")
        return fd

    def __exit__(self, *_):
        os.close(self.link)
        os.close(self.program)


def costs():
    """run_time_ns and run_cnt of our programs, by their descriptors: {name: (ns, calls)}."""
    out = command("bpftool", "prog", "show")
    found = {}
    for name, ns, calls in re.findall(r"name (socket_\w+|accepted_\w+|empty_for_cost) .*run_time_ns (\d+) run_cnt (\d+)", out):
        found[name] = (found.get(name, (0, 0))[0] + int(ns), found.get(name, (0, 0))[1] + int(calls))
    return found


def bpf_cost(lab):
    """what a call of the programs costs beyond that of one which does nothing: by the kernel's own count, in the mean of a burst"""
    least = None
    with measured(), Empty():
        process, _ = witness(lab, "events", before=TRACEFS)
        for at in range(COST_BURSTS):
            before = costs()
            burst(lab, "-c", "2", "-s", "2", "-n", "1000", "-p", str(7500 + at))
            spent = {name: tuple(v - before.get(name, (0, 0))[i] for i, v in enumerate(now)) for name, now in costs().items()}
            empty, empty_calls = spent.pop("empty_for_cost")
            ns, calls = (sum(v[i] for v in spent.values()) for i in (0, 1))
            check(calls > 10 * 1000 and empty_calls > 1000, f"{calls} calls, {empty_calls} of the empty one")
            if least is None or ns / calls - empty / empty_calls < least[0] - least[1]:
                least = (ns / calls, empty / empty_calls, ", ".join(f"{name} {n / c / 1000:.2f}" for name, (n, c) in sorted(spent.items()) if c))
        told(process)
    mean, empty, each = least[0] / 1000, least[1] / 1000, least[2]
    limit = EVENT_LIMIT_US * min(max(1, empty / COUNTING_US), BUSY_MOST)
    check(mean - empty <= limit, f"{mean - empty:.3f} us for a call beyond {empty:.3f} for counting it, limit {limit:.3f}: {each}")
    return f"{mean - empty:.3f} us beyond {empty:.3f} for counting it (limit {limit:.3f}; {EVENT_LIMIT_US} where it is quiet): {each}"


def walked(lab, words=(), before=(), program=None):
    """The view sockets with the kernel's walk: its records by inode, and what it said."""
    found, err = sockets(lab, "-v", "--interval", "0.1", "-c", "1", *words, before=before, program=program)
    return by_inode(found), err


def bpf_walk(lab):
    """owners by the kernel's walk are those by /proc, of every kind of socket; all programs' rights are gone by then"""
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
    keeper, held = zoo(lab, "owners", lab.folder + os.sep)
    kernel, err = walked(lab)
    proc = by_inode(sockets(lab, "--no-bpf")[0])
    check("cannot be read" not in err, "said:", err)
    same = 0
    for name, h in held.items():
        if "inode" in h:
            evidence = {o["evidence"] for o in kernel[h["inode"]]["owner"]}
            check(evidence == {"iter"}, f"{name}: evidence {evidence}")
            said = [[{k: v for k, v in o.items() if k != "evidence"} for o in r[h["inode"]]["owner"]] for r in (kernel, proc)]
            check((h["pid"], h["fd"]) in holds(kernel[h["inode"]]) and said[0] == said[1], f"{name}: {h}", *said)
            check(kernel[h["inode"]].get("cgroup") == proc[h["inode"]].get("cgroup"), f"{name}:", kernel[h["inode"]], proc[h["inode"]])
            same += len(said[0])
    return f"{same} holders"


def bpf_rights(lab):
    """a plain user, file capabilities, /proc hidden, BPF refused, namespaces of its own: each shows what it can and says the rest"""
    keeper, held = zoo(lab, "idle")
    inode, mine = held["idle-0"]["inode"], (held["idle-0"]["pid"], held["idle-0"]["fd"])
    said = {}

    plain, said["plain"] = walked(lab, before=PLAIN, program=copy_of(lab))
    check(plain[inode]["owner_unknown"] == "no_capability" and "needs CAP_SYS_PTRACE" in said["plain"], "plain:", plain[inode], said["plain"])

    capable = copy_of(lab) + "-bpf"
    shutil.copy(copy_of(lab), capable)
    command("setcap", "cap_bpf,cap_perfmon+ep", capable)
    found, said["capable"] = walked(lab, before=PLAIN, program=capable)
    check(holds(found[inode]) == [mine] and "cannot be read" not in said["capable"], "with CAP_BPF and CAP_PERFMON alone:", found[inode], said["capable"])

    script = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"'
    hide = ("unshare", "--mount", "sh", "-c", script, "sh")
    found, said["hidden"] = walked(lab, before=(*hide, *PLAIN), program=capable)
    check(holds(found[inode]) == [mine], "/proc hidden:", found[inode], said["hidden"])

    # Without these two capabilities in its bounding set root has no BPF, and walks /proc.
    found, said["refused"] = walked(lab, before=("setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--"))
    check(holds(found[inode]) == [mine], "no capability:", found[inode], said["refused"])

    # A container's namespace of processes: numbers are its own, and who is outside has none.
    inside = ("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", '"$@" & wait $!', "sh")
    found, said["namespace"] = walked(lab, before=inside)
    check("owner" not in found[inode], "outside the namespace:", found[inode], said["namespace"])
    check(any(p < 30 for r in found.values() for p, _ in holds(r)), "inside the namespace:", [holds(r) for r in found.values()])
    return ""


def bpf_many(lab):
    """100 000 sockets and their owners, walked by the kernel: the time of one look, loading and all"""
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535", "net.core.somaxconn=4096")
    zoos = [lab.start(lab.server, sys.executable, str(HERE / "socket_zoo.py"), f"many:{MANY_PAIRS}:{at}", stdin=subprocess.PIPE)
            for at in range(MANY_ZOOS)]
    made = sum(told["many"] for _, told in map(opened, zoos))
    worked = {}
    for name, words in (("kernel", ()), ("proc", ("--no-bpf",))) * 3:
        eye = lab.start(lab.server, lab.program, "sockets", "--summary", "-o", "json", *words)
        _, raw, usage = os.wait4(eye.pid, 0)
        eye.returncode = os.waitstatus_to_exitcode(raw)
        out = eye.stdout.read().decode()
        check(eye.returncode == 0, f"exit {eye.returncode}:", eye.stderr.read().decode())
        tcp = [r for r in records(out) if r.get("proto") == "tcp"]
        check(sum(r["sockets"] for r in tcp) >= 2 * made and all(r["owner_unknown"] <= 5 for r in tcp), f"{name}:", tcp)
        spent = usage.ru_utime + usage.ru_stime
        worked[name] = min(worked.get(name, spent), spent)
    check(worked["kernel"] < MANY_SHARE * worked["proc"], f"seconds of processors: {worked}")
    return f"{2 * made} sockets: {worked['kernel']:.2f} s of processors, {worked['proc']:.2f} by /proc (limit {MANY_SHARE} of it)"


TESTS = [bpf_burst, bpf_findings, bpf_records, bpf_unanswered, bpf_accept, bpf_elsewhere, bpf_walk, bpf_rights, bpf_many, bpf_cost]
