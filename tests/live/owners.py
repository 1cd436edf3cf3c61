"""Owners in the records of connections: against what the programs themselves know."""
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from lab import NOBODY_HOME, SERVER as REMOTE, check, command, ended, finish, listening, records, wait_for

# A program in there finds the tracepoints of the kernel.
TRACEFS = ("unshare", "--mount", "sh", "-c", 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', "sh")

BURST_PORT, CONNECTIONS = 7400, 5000
RIGHT = 0.999            # of both ends, where BPF tells
ACCEPT_SLACK_MS = 1.0
AGE_SLACK_S = 0.5        # the run's last look at the clock before its end
PLAIN = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")

# Each line: role, local port, remote port, pid, descriptor.
SERVER = """
import os, socket, sys, time
family, address, port, late = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
s = socket.socket(family)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((address, port))
s.listen(64)
print("listening", flush=True)
held = []
while True:
    time.sleep(late)
    c, peer = s.accept()
    print("server", port, peer[1], os.getpid(), c.fileno(), time.time_ns(), flush=True)
    c.recv(100)
    c.sendall(b"taken")
    held.append(c)
"""
CLIENT = """
import os, socket, sys, time
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
for _ in range(int(sys.argv[3])):
    c = socket.socket(family)
    c.connect((sys.argv[1], int(sys.argv[2])))
    print("client", c.getsockname()[1], sys.argv[2], os.getpid(), c.fileno(), flush=True)
    c.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    c.recv(100)
    time.sleep(float(sys.argv[4]))
    c.close()
"""


def serve(lab, address, port, late=0.0, namespace=None):
    process = lab.start(namespace or lab.client, sys.executable, "-c", SERVER, address, str(port), str(late))
    check(process.stdout.readline() == b"listening\n", "the server did not start")
    return process


def call(lab, address, port, n, seconds, before=()):
    out = ended(lab.start(lab.client, *before, sys.executable, "-c", CLIENT, address, str(port), str(n), str(seconds)), 30)
    check(out[0] == 0, out[2])
    return [line.split() for line in out[1].splitlines()]


def watching(lab, *words):
    return lab.sockeye("connections", "-i", "lo", "-o", "json", *words)


def stopped(process):
    status, out, err = finish(process, settle=0.6)
    check(status == 0, f"exit {status}:", err)
    return records(out, "connection"), err


def end(record, side):
    return [(o.get("pid"), o.get("fd")) for o in record.get("owner", {}).get(side, [])]


def of_port(found, port):
    mine = [r for r in found if r["client"].get("port") == int(port)]
    check(len(mine) == 1, f"{len(mine)} records of port {port}")
    return mine[0]


def owners_both_ends(lab):
    """loopback has two owners of each connection, IPv4 and IPv6, pid and descriptor"""
    lab.inside(lab.client, "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
    servers = [serve(lab, "127.0.0.1", 8080), serve(lab, "::1", 8081)]
    process = watching(lab)
    truth = call(lab, "127.0.0.1", 8080, 1, 2.5) + call(lab, "::1", 8081, 1, 2.5)
    found, _ = stopped(process)
    for server in servers:
        truth.append(server.stdout.readline().decode().split())
    for role, local, remote, pid, fd, *_ in truth:
        r = of_port(found, local if role == "client" else remote)
        check((int(pid), int(fd)) in end(r, role), f"{role} {pid} fd {fd} is not:", r.get("owner"), r.get("owner_unknown"))
        check({p for p, _ in end(r, role)} == {int(pid)}, "others hold it, too:", r["owner"])
    return f"{len(truth)} ends"


def owners_nginx(lab):
    """nginx and curl: the worker that serves it, not the master"""
    root = pathlib.Path(lab.folder)
    (root / "www").mkdir()
    (root / "www" / "big").write_bytes(b"x" * 60000000)
    for path in (root, root / "www", root / "www" / "big"):
        path.chmod(0o755)
    (root / "nginx.conf").write_text(f"""daemon off; worker_processes 2; pid {root}/nginx.pid; error_log {root}/error;
        events {{}} http {{ access_log off; client_body_temp_path {root}; proxy_temp_path {root}; fastcgi_temp_path {root};
        uwsgi_temp_path {root}; scgi_temp_path {root}; server {{ listen 127.0.0.1:8088; root {root}/www; }} }}""")
    master = lab.start(lab.client, "nginx", "-p", str(root), "-c", f"{root}/nginx.conf")
    wait_for("nginx", 10, lambda: "8088" in command("ip", "netns", "exec", lab.client, "ss", "-Hltn"))
    process = watching(lab)
    curl = lab.start(lab.client, "curl", "-s", "--noproxy", "*", "-o", "/dev/null", "--limit-rate", "12M", "http://127.0.0.1:8088/big")
    time.sleep(1.5)
    line = wait_for("the connection", 5, lambda: next((s for s in lab.inside(lab.client, "ss", "-Htnp", "sport", "=", ":8088").splitlines() if "ESTAB" in s), None))
    held = {(int(part.split("pid=")[1].split(",")[0]), int(part.split("fd=")[1].split(")")[0])) for part in line.split('("nginx",')[1:]}
    check(len(held) == 1, "ss:", line)
    check(ended(curl, 20)[0] == 0, "curl")
    found, _ = stopped(process)
    r = next(r for r in found if r["server"].get("port") == 8088)
    check(set(end(r, "server")) == held, "nginx:", r.get("owner"), held)
    check({pid for pid, _ in end(r, "client")} == {curl.pid}, "curl:", r.get("owner"), curl.pid)
    check(r["owner"]["server"][0]["comm"] == "nginx" and r["owner"]["client"][0]["comm"] == "curl", r["owner"])
    check(master.poll() is None, "nginx ended")
    return f"worker {held}"


def burst(lab, *words):
    """Short connections, and what their programs say of them, by the client's port."""
    process = lab.start(lab.client, os.path.join(lab.tools, "burst"), *words, stdin=subprocess.PIPE)
    check(process.stdout.readline().startswith(b"ready"), "burst did not start")
    time.sleep(1.5)  # the listener is there in a table before anybody connects
    out, err = process.communicate(b"\n", timeout=40)
    check(process.returncode == 0, "burst:", err.decode())
    rows = [[int(v) for v in line.split("\t")] for line in out.decode().splitlines()]
    times = collections.Counter(row[0] for row in rows)
    return {row[0]: {"client": row[1], "server": row[4]} for row in rows if times[row[0]] == 1}


def judge(found, truth):
    """How many ends are right, named as one of a listener's holders, said to be unknown and why; one that is wrong fails."""
    count = {"client": collections.Counter(), "server": collections.Counter()}
    seen = set()
    for r in found:
        port = r["client"].get("port")
        if r["server"].get("port") != BURST_PORT or port not in truth or port in seen:
            continue
        seen.add(port)
        for side in ("client", "server"):
            owners = [o for o in r.get("owner", {}).get(side, []) if "pid" in o]
            pids = {o["pid"] for o in owners}
            if not owners:
                why = r.get("owner_unknown", {}).get(side)
                check(why, f"{side} of {port}: no owner and no reason:", json.dumps(r)[:600])
                count[side][why] += 1
            elif all(o["evidence"] == "listener" for o in owners):
                check(truth[port][side] in pids, f"{side} of {port} is {truth[port][side]}, not among", owners)
                count[side]["listener"] += 1
            else:
                check(pids == {truth[port][side]}, f"{side} of {port} is {truth[port][side]}, not", owners)
                count[side]["right"] += 1
    check(len(truth) > CONNECTIONS * 0.9, f"only {len(truth)} of {CONNECTIONS} have a port of their own")
    check(len(seen) >= 0.99 * len(truth), f"{len(seen)} records of {len(truth)} connections")
    return count


def owners_burst(lab):
    """5 000 connections of some ten microseconds, without BPF: no owner is wrong, and each that is unknown says why"""
    process = watching(lab, "--no-bpf")
    truth = burst(lab, "-n", str(CONNECTIONS))
    time.sleep(2.5)
    found, _ = stopped(process)
    count = judge(found, truth)
    return "  ".join(f"{side}: {', '.join(f'{k} {v}' for k, v in sorted(c.items()))}" for side, c in count.items())


def owners_burst_bpf(lab):
    """the same with BPF: each end is said to be its process's and no other's, nearly always"""
    process = watching(lab)
    truth = burst(lab, "-n", str(CONNECTIONS))
    time.sleep(2.5)
    found, _ = stopped(process)
    count = judge(found, truth)
    for side in ("client", "server"):
        check(count[side]["right"] >= RIGHT * len(truth), f"{side}s:", dict(count[side]), "of", len(truth))
    return "  ".join(f"{side}s right: {c['right']} of {len(truth)}" for side, c in count.items())


def owners_accept(lab):
    """a server that sleeps 600 ms before accept(): how long it was waited for, with BPF"""
    server = serve(lab, "127.0.0.1", 8080, 0.6)
    process = lab.start(lab.client, *TRACEFS, lab.program, "connections", "-i", "lo", "-o", "json")
    wait_for("sockeye to listen", 10, lambda: process.poll() is not None or listening(process) >= 1)
    time.sleep(0.5)
    truth = call(lab, "127.0.0.1", 8080, 2, 0.1)
    accepted = {int(line[2]): int(line[5]) for line in (server.stdout.readline().decode().split() for _ in truth)}
    time.sleep(2.5)
    found, err = stopped(process)
    worst = 0
    for _, port, *_ in truth:
        r = of_port(found, port)
        check("accept_latency_us" in r, "no latency:", json.dumps(r)[:900], err)
        # The last packet of the handshake is on loopback when the kernel has it.
        opened = r["first"] + r["handshake"]["first_syn_to_ack_us"] / 1e6
        worst = max(worst, abs(accepted[int(port)] / 1e9 - opened - r["accept_latency_us"] / 1e6) * 1e3)
        check([o["pid"] for o in r["owner"]["server"]] == [server.pid], r["owner"])
    check(worst < ACCEPT_SLACK_MS, f"{worst:.3f} ms beside the program's own record")
    return f"within {worst:.3f} ms (limit {ACCEPT_SLACK_MS})"


def owners_lookup(lab):
    """connections of 30 ms, without BPF: the user is known by the look-up at the SYN, and that the process is not"""
    serve(lab, "127.0.0.1", 8080)
    process = watching(lab, "--no-bpf")
    truth = call(lab, "127.0.0.1", 8080, 30, 0.03, before=PLAIN)
    time.sleep(2.2)
    found, _ = stopped(process)
    known = 0
    for _, port, _, pid, _ in truth:
        r = of_port(found, port)
        client = r.get("owner", {}).get("client", [])
        check(all(o["uid"] == 65534 and o.get("pid", int(pid)) == int(pid) for o in client), "client:", client)
        check(any("pid" in o for o in client) or r["owner_unknown"]["client"] == "too_late", "why:", r.get("owner_unknown"))
        known += len(client) > 0
    check(known >= 0.9 * len(truth), f"the user of {known} of {len(truth)} is known")
    return f"{known} of {len(truth)}"


def owners_close_wait(lab):
    """a server that never closes: its pid, its descriptor, and since when, by the FIN on the wire"""
    server = serve(lab, "127.0.0.1", 8080)
    capture = os.path.join(lab.folder, "leak.pcap")
    process = watching(lab, "-w", capture)
    truth = call(lab, "127.0.0.1", 8080, 1, 0.2)
    said = server.stdout.readline().decode().split()
    time.sleep(3)
    os.kill(process.pid, signal.SIGINT)
    at = time.time()
    status, out, err = ended(process)
    check(status == 0, f"exit {status}:", err)
    r = of_port(records(out, "connection"), truth[0][1])
    check(end(r, "server") == [(int(said[3]), int(said[4]))], "the leak:", r.get("owner"), said)
    check(r["tcp_state"]["server"] == "close_wait", r["tcp_state"])
    packets = ended(lab.start(None, lab.program, "packets", "-o", "json", "-r", capture, "-Y", "tcp.flags.fin==1"))
    fin = [p for p in records(packets[1], "packet") if p["source"]["port"] == int(truth[0][1])]
    check(len(fin) == 1, f"{len(fin)} FINs")
    age, expected = r["close_wait_us"]["server"] / 1e6, at - fin[0]["time"]
    check(abs(age - expected) < AGE_SLACK_S, f"{age:.3f} s, by the capture {expected:.3f} s")
    check("client" not in r["close_wait_us"], r["close_wait_us"])
    return f"{age:.3f} s, by the capture {expected:.3f} s (limit {AGE_SLACK_S} s apart)"


def owners_filter(lab):
    """-Y pid, process and fd choose by owner, of connections and of packets"""
    server = serve(lab, "127.0.0.1", 8080)
    process = watching(lab, "-Y", f"pid:{server.pid} process:python3")
    none = watching(lab, "-Y", "pid:1")
    truth = call(lab, "127.0.0.1", 8080, 2, 1.5)
    found, _ = stopped(process)
    check(sorted(r["client"]["port"] for r in found) == sorted(int(t[1]) for t in truth), len(found))
    check(not stopped(none)[0], "pid:1 has a connection")


def owners_other_host(lab):
    """another host's or namespace's end has no owner here, though a program of ours listens on the same port of any address"""
    ours = serve(lab, "0.0.0.0", 8080)
    theirs = serve(lab, REMOTE, 8080, namespace=lab.server)
    process = lab.sockeye("connections", "-i", "wire0", "-o", "json", "tcp", sockets=2)
    time.sleep(1.5)  # for a table that has the listener
    truth = call(lab, REMOTE, 8080, 1, 1.5)
    check(lab.connect(NOBODY_HOME, 8080, wait=0.3) == ["timeout"], "somebody answers")
    found, _ = stopped(process)
    nobody = [r for r in found if r["server"]["ip"] == NOBODY_HOME]
    check(len(nobody) == 1 and nobody[0]["owner_unknown"]["server"] == "other_host", nobody)
    r = of_port(found, truth[0][1])
    # The other namespace's is told by BPF alone.
    check({p for p, _ in end(r, "server")} == {theirs.pid} or r["owner_unknown"]["server"] == "other_netns", r.get("owner"), r.get("owner_unknown"))
    check((int(truth[0][3]), int(truth[0][4])) in end(r, "client"), r.get("owner"))
    check(ours.poll() is None, "our own listener has ended")


TESTS = [owners_other_host, owners_both_ends, owners_nginx, owners_burst, owners_accept, owners_lookup, owners_close_wait, owners_filter]
NAMED = [owners_burst_bpf]  # by name only: on a machine that has no time for it some ends are too late
