"""Listeners: those that share a port, what comes to them a second, floods of SYNs, interfaces that are captured later; and
what looking at very many sockets costs."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import owners
from bpf import witness
from lab import CLIENT, HERE, SERVER, check, command, ended, finish, listening, records, wait_for
from owners import TRACEFS
from sockets import MANY_PAIRS, MANY_ZOOS, opened, sockets
from sockets_screen import line_with, lines_of
from syn_to_screen import Watch

STEP_LIMIT_MS = 20.0     # of the host thread, with 99 000 sockets
IDLE_SOCKETS, IDLE_S, IDLE_LIMIT = 10000, 20, 0.005  # of a processor
SYNS, SYNS_S = 60000, 20000

# One of several on a port; says its pid, takes what comes when it is told to.
SHARER = """
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind((sys.argv[1], int(sys.argv[2])))
s.listen(16)
print("listening", os.fstat(s.fileno()).st_ino, flush=True)
held = []
for line in sys.stdin:
    c, peer = s.accept()
    print(peer[1], flush=True)
    held.append(c)
"""
CALLER = """
import socket, sys, time
held = []
for n in range(int(sys.argv[3])):
    c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    print(c.getsockname()[1], flush=True)
    held.append(c)
    if float(sys.argv[4]):
        time.sleep(float(sys.argv[4]))
        held.pop().close()
sys.stdin.read()
"""


def shown(watch, seconds, *texts):
    """The line that has all of these, once it is on the screen, which may change all the time."""
    end = time.monotonic() + seconds
    while not line_with(watch, *texts):
        check(watch.process.poll() is None, f"watch ended with {watch.process.poll()}")
        check(time.monotonic() < end, f"not on the screen after {seconds} s: {texts}\n" + "\n".join(lines_of(watch)))
        watch.read(0.2)
    return line_with(watch, *texts)


def sharers(lab, n, address, port):
    """{process: inode of its listener}"""
    all_of = {}
    for _ in range(n):
        process = lab.start(lab.client, sys.executable, "-c", SHARER, address, str(port), stdin=subprocess.PIPE)
        word, inode = process.stdout.readline().split()
        check(word == b"listening", "a sharer did not start")
        all_of[process] = int(inode)
    return all_of


def callers(lab, address, port, n, pause=0.0, namespace=None):
    process = lab.start(namespace or lab.client, sys.executable, "-c", CALLER, address, str(port), str(n), str(pause), stdin=subprocess.PIPE)
    ports = [int(process.stdout.readline()) for _ in range(n)] if not pause else []
    return process, ports


def listeners_shared(lab):
    """three listeners on one port: each has its own queue, who took a connection is named, of one that waits all who may"""
    servers = sharers(lab, 3, "127.0.0.1", 8090)
    eye = owners.watching(lab, "--no-bpf")
    time.sleep(1.5)  # a table has them
    caller, ports = callers(lab, "127.0.0.1", 8090, 12)

    def seen():
        out = ended(lab.start(lab.client, lab.program, "sockets", "--no-bpf", "-o", "json", "port", "8090"), 20)
        check(out[0] == 0, out[2])
        found = records(out[1])
        return {r["inode"]: r for r in found if r["type"] == "listener"}, [r for r in found if r["type"] == "socket"]

    listeners, _ = seen()
    check(set(listeners) == set(servers.values()), "listeners:", listeners.keys(), servers)
    used = {inode: r["accept_queue"]["used"] for inode, r in listeners.items()}
    check(sum(used.values()) == 12 and len(ports) == 12, "queues:", used)
    # Each takes all that lies in its own queue, but for the one with most, which leaves one.
    last = max(servers, key=lambda p: used[servers[p]])
    taken = {}
    for process, inode in servers.items():
        for _ in range(used[inode] - (process is last)):
            process.stdin.write(b"go\n")
            process.stdin.flush()
            taken[int(process.stdout.readline())] = process.pid
    listeners, children = seen()
    check({inode: r["accept_queue"]["used"] for inode, r in listeners.items()} == {i: int(i == servers[last]) for i in servers.values()}, listeners)
    waits = set(ports) - set(taken)
    for inode, r in listeners.items():
        check({w["port"] for w in r["waiting"]} == (waits if inode == servers[last] else set()), "waiting:", inode, r["waiting"])
    for r in children:
        port = r["remote"]["port"]
        if r["local"]["port"] == 8090 and port in taken:
            mine = next(i for p, i in servers.items() if p.pid == taken[port])
            check(r.get("listener_inode") == mine, f"{port} is {mine}'s:", r)
    time.sleep(4)
    os.kill(eye.pid, 2)  # while all are open
    status, out, err = ended(eye, 20)
    check(status == 0, f"exit {status}:", err)
    found, exactly = records(out, "connection"), 0
    for port in ports:
        r = owners.of_port(found, port)
        named = {o["pid"] for o in r.get("owner", {}).get("server", [])}
        evidence = {o["evidence"] for o in r.get("owner", {}).get("server", [])}
        if port in taken:
            # Before who holds what was asked again, all are named.
            exactly += named == {taken[port]} and evidence == {"proc"}
            check(taken[port] in named and (named == {taken[port]} or evidence == {"listener"}), f"{port} was taken by {taken[port]}:", r.get("owner"))
        if evidence == {"listener"} or port not in taken:
            check(named == {p.pid for p in servers} and evidence == {"listener"}, f"{port} waits:", r.get("owner"), r.get("owner_unknown"))
    caller.stdin.close()
    return f"queues {sorted(used.values())}, {len(taken)} taken, {exactly} of them by exactly one, {len(waits)} waits"


def listeners_rates(lab):
    """what comes to a listener and what is taken in a second stand in its row and on its page, not another namespace's"""
    server = owners.serve(lab, "127.0.0.1", 8080)
    other = owners.serve(lab, SERVER, 8080, namespace=lab.server)  # on the same port
    watch = Watch(lab, "-i", "lo", before=TRACEFS)
    wait_for("the screen", 10, lambda: watch.read(0.2) is not None and watch.screen.holds("LIVE"))
    watch.keys("4")
    shown(watch, 10, "127.0.0.1:8080")
    callers(lab, "127.0.0.1", 8080, 1000, 0.05)
    callers(lab, SERVER, 8080, 1000, 0.05, namespace=lab.server)
    shown(watch, 8, "127.0.0.1:8080", "SYN/s")
    watch.keys("\x1b[H")
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:  # of a whole second
        page = shown(watch, 5, "rate", "SYNs a second came", "a second were accepted")
        syns, accepts = map(int, re.search(r"(\d+) SYNs a second came +(\d+) a second", page).groups())
        if syns > 8 and abs(syns - accepts) <= 3:
            break
        watch.read(0.3)
    check(8 < syns <= 22 and abs(syns - accepts) <= 3, "20 connections a second at most:", page)
    watch.keys("qq")
    check(ended(watch.process, 10)[0] == 0, "it did not end well")
    check(server.poll() is None and other.poll() is None, "a server ended")
    return page.strip()


def tier(watch):
    return next((line for line in lines_of(watch) if "look-up" in line), "")


def listeners_flood(lab):
    """20 000 SYNs a second: nobody looks for some seconds, and says so; then it is tried again"""
    watch = Watch(lab, "--no-bpf", "-i", "wire0", namespace=lab.client)
    watch.quiet(0.5)
    watch.keys("4")
    shown(watch, 10, "RAW/PACKET")
    watch.keys("d")
    watch.quiet(0.3)
    watch.keys("\x1b[F")  # the end of the page: what works
    shown(watch, 10, "looked", "sockets in")
    check(tier(watch) == "", tier(watch))
    sender = lab.start(lab.server, os.path.join(lab.tools, "send"), "-i", "wire0", "-n", str(SYNS), "-r", str(SYNS_S), "-t", "4",
                       "-D", CLIENT, "-M", "02:00:00:77:00:01", "-p", "9", "syn")
    shown(watch, 12, "more than 5000 SYNs a second")
    status, said, err = ended(sender, 20)
    check(status == 0, "sending:", err)
    sent = json.loads(said)["sent"]
    check(sent > 12000, f"only {sent} SYNs")
    wait_for("looking again", 25, lambda: watch.read(0.3) is not None and tier(watch) == "" and line_with(watch, "looked", "sockets in"))
    watch.keys("q" + "qq")
    check(ended(watch.process, 10)[0] == 0, "it did not end well")
    return f"{sent} SYNs"


def listeners_follow(lab):
    """an interface that is captured later: SYNs there are counted and looked up, too"""
    server = owners.serve(lab, SERVER, 8080, namespace=lab.server)
    watch = Watch(lab, "--no-bpf", "-i", "lo", namespace=lab.server)
    watch.quiet(0.5)
    watch.keys("4")
    shown(watch, 10, f"{SERVER}:8080")
    caller, _ = callers(lab, SERVER, 8080, 1000, 0.05)
    watch.quiet(0.1)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        watch.read(0.2)
        check(not any(f"{SERVER}:8080" in line and "SYN/s" in line for line in lines_of(watch)), "wire0 is not captured:", lines_of(watch))
    watch.keys("1i")
    shown(watch, 5, "wire0")
    names = re.findall(r"[|│][ >▶][O● ] \d+\.(\S+)", "\n".join(lines_of(watch)))
    watch.keys("j" * names.index("wire0") + "\r")
    shown(watch, 5, "captured from now on, too: wire0")
    watch.keys("\x1b")
    watch.quiet(0.2)
    watch.keys("4")
    row = shown(watch, 10, f"{SERVER}:8080", "SYN/s")
    watch.keys("qq")
    check(ended(watch.process, 10)[0] == 0, "it did not end well")
    check(server.poll() is None and caller.poll() is None, "server or caller ended")
    return row.split("0/64")[-1].strip()


def many(lab, pairs, zoos):
    lab.inside(lab.client, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535", "net.core.somaxconn=4096")
    started = [lab.start(lab.client, sys.executable, str(HERE / "socket_zoo.py"), f"many:{pairs}:{at}", stdin=subprocess.PIPE)
               for at in range(zoos)]
    return sum(told["many"] for _, told in map(opened, started))


def listeners_steps(lab):
    """99 000 sockets: no step of the thread that looks at them takes long"""
    made = many(lab, MANY_PAIRS, MANY_ZOOS)
    process, _ = witness(lab, "sweeps")
    time.sleep(12)
    out, err = process.communicate(timeout=20)
    found = re.search(r"sweeps (\d+) sockets (\d+) longest_us (\d+)", out.decode())
    check(found, "it said:", out.decode(), err.decode())
    longest = int(found[3]) / 1000
    check(int(found[1]) >= 2 and int(found[2]) >= 2 * made, "sweeps:", found[0])
    check(longest <= STEP_LIMIT_MS, f"{longest:.1f} ms in a step, limit {STEP_LIMIT_MS}")
    return f"{found[1]} sweeps of {found[2]} sockets, the longest step {longest:.1f} ms, limit {STEP_LIMIT_MS}"


def family_ticks(pid):
    total = 0
    for one in [pid, *map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def listeners_idle(lab):
    """10 000 sockets that do nothing, and the screen that shows them: processor time of all its processes"""
    made = many(lab, IDLE_SOCKETS // 2, 1)
    watch = Watch(lab, "-i", "lo", namespace=lab.client)
    watch.quiet(0.5)
    watch.keys("4")
    shown(watch, 20, "tcp")
    end = time.monotonic() + 8  # until it is calm
    while time.monotonic() < end:
        watch.read(0.5)
    shares = []
    while len(shares) < 2 and min(shares, default=1) > IDLE_LIMIT:
        before, began = family_ticks(watch.process.pid), time.monotonic()
        while time.monotonic() < began + IDLE_S:
            watch.read(0.5)
        shares.append((family_ticks(watch.process.pid) - before) / (time.monotonic() - began))
    share = min(shares)
    watch.keys("qq")
    check(ended(watch.process, 10)[0] == 0, "it did not end well")
    check(made == IDLE_SOCKETS // 2, f"{made} pairs")
    # A busy machine's caches are cold each time: twice the limit there.
    check(share <= 2 * IDLE_LIMIT, f"{share:.2%} of a processor, limit {IDLE_LIMIT:.2%}")
    return f"{2 * made} sockets: {share:.2%} of a processor (limit {IDLE_LIMIT:.2%}, twice that on a busy machine)"


TESTS = [listeners_shared, listeners_rates, listeners_flood, listeners_follow, listeners_steps, listeners_idle]
