"""Network namespaces: --netns by name, by process and all; the same tuples in two of them at once; owners of others."""
import csv
import json
import os
import shutil
import sys
import time

import copies
import owners
from lab import SERVER, check, ended, finish, listening, records, wait_for

PORT, LOCAL_PORT = 7600, 7601

# The same tuple in each namespace: 127.0.0.1:7601 to 127.0.0.1:7600, both ends in one process.
PAIR = """
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", %d))
s.listen(8)
print("listening", flush=True)
for line in sys.stdin:
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    c.bind(("127.0.0.1", %d))
    c.connect(("127.0.0.1", %d))
    a, _ = s.accept()
    c.sendall(b"hello")
    a.recv(10)
    print(os.getpid(), s.fileno(), c.fileno(), a.fileno(), os.fstat(s.fileno()).st_ino, os.fstat(c.fileno()).st_ino,
          os.fstat(a.fileno()).st_ino, flush=True)
""" % (PORT, LOCAL_PORT, PORT)


class Pair:
    def __init__(self, lab, namespace):
        self.process = lab.start(namespace, sys.executable, "-c", PAIR, stdin=-1)
        check(self.process.stdout.readline() == b"listening\n", "the pair did not start")

    def connect(self):
        self.process.stdin.write(b"now\n")
        self.process.stdin.flush()
        told = [int(v) for v in self.process.stdout.readline().split()]
        self.pid, self.fds, self.inodes = told[0], told[1:4], told[4:]
        return self


def inode_of(namespace):
    return os.stat(f"/run/netns/{namespace}").st_ino


def outside(lab, *words, status=0, before=(), program=None):
    """sockeye, started in no namespace of the test's."""
    got, out, err = ended(lab.start(None, *before, program or lab.program, *words), 20)
    check(got == status, f"sockeye {' '.join(words)}: exit {got}, not {status}:", err)
    return out, err


def tcp_of(found):
    """(state, inode, {(pid, fd)}) of what has our ports, with its namespace."""
    return {(r["netns"], r["inode"], o["pid"], o["fd"]) for r in found if r["type"] in ("socket", "listener")
            and r.get("local", {}).get("port") in (PORT, LOCAL_PORT) and r["proto"] == "tcp" for o in r["owner"]}


def held(name, pair):
    return {(name, inode, pair.pid, fd) for inode, fd in zip(pair.inodes, pair.fds)}


def netns_sockets(lab):
    """sockets --netns: by name, process and path, and all; one tuple in two namespaces has each time its own owner"""
    names = (lab.client, lab.server)
    pairs = [Pair(lab, name).connect() for name in names]
    for name, pair in zip(names, pairs):
        for word in (name, str(pair.pid), f"/run/netns/{name}", f"/proc/{pair.pid}/ns/net"):
            found = records(outside(lab, "sockets", "--netns", word, "--ipv4", "-o", "json")[0])
            check(tcp_of(found) == held(name, pair), f"--netns {word}:", tcp_of(found), "held:", held(name, pair))
            check({r["netns"] for r in found} == {name}, f"--netns {word}: of others, too")
    both = set().union(*(held(name, pair) for name, pair in zip(names, pairs)))
    found = records(outside(lab, "sockets", "--netns", "all", "--ipv4", "-o", "json")[0])
    check(tcp_of(found) == both, "all:", tcp_of(found) ^ both)
    # A namespace is told before its sockets, and once.
    told = {r["netns"]: r for r in found if r["type"] == "netns"}
    check(len(told) == len([r for r in found if r["type"] == "netns"]), "a namespace is told twice")
    own = [r for r in told.values() if r["own"]]
    check(len(own) == 1 and own[0]["inode"] == os.stat("/proc/self/ns/net").st_ino, "the own one:", own)
    for name, pair in zip(names, pairs):
        here = told[name]
        check((here["inode"], here["processes"], here["pid"], here["comm"], here["interfaces"]) ==
              (inode_of(name), 1, pair.pid, "python3", 2), here)
    rows = list(csv.DictReader(outside(lab, "sockets", "--netns", "all", "--ipv4", "-o", "csv")[0].splitlines()))
    check({(r["netns"], int(r["inode"]), int(r["owner.pid"]), int(r["owner.fd"])) for r in rows
           if r["proto"] == "tcp" and r["local.port"] in (str(PORT), str(LOCAL_PORT))} == both, "csv:", rows[:3])
    text = outside(lab, "sockets", "--netns", "all", "--summary")[0]
    check(all(f"Namespace {name}: inode {inode_of(name)}, 1 process, python3[{p.pid}], 2 interfaces\n" in text
              for name, p in zip(names, pairs)), text)
    # Without the option nothing of it is there.
    plain = records(ended(lab.start(lab.client, lab.program, "sockets", "-o", "json"), 20)[1])
    check(plain and not any("netns" in r for r in plain), "told without --netns")
    return f"{len(told)} namespaces, {len(both)} holders"


def netns_capture(lab):
    """connections --netns: a capture in a namespace from outside, the same tuple in another one at the same time"""
    names = (lab.client, lab.server)
    pairs = [Pair(lab, name) for name in names]
    eyes = []
    for name in names:
        eye = lab.start(None, lab.program, "connections", "-i", "lo", "-o", "json", "--netns", name, "tcp", "port", str(PORT))
        wait_for("sockeye to listen", 10, lambda: eye.poll() is not None or listening(eye) >= 2)
        eyes.append(eye)
    time.sleep(0.5)
    for pair in pairs:
        pair.connect()
    time.sleep(1.5)
    for name, pair, eye in zip(names, pairs, eyes):
        check(os.stat(f"/proc/{eye.pid}/ns/net").st_ino == inode_of(name), "it is in another namespace")
        status, out, err = finish(eye)
        found = records(out, "connection")
        check(status == 0 and len(found) == 1, f"{name}: exit {status}, {len(found)} connections:", err)
        ends = [owners.end(found[0], side) for side in ("client", "server")]
        check(ends == [[(pair.pid, pair.fds[1])], [(pair.pid, pair.fds[2])]], f"{name}: {ends}, held by {pair.pid} {pair.fds}", found[0])
        check("netns" not in json.dumps(found[0]["owner"]), "its own namespace is another one:", found[0]["owner"])
    return ""


def netns_elsewhere(lab):
    """an end in another namespace of this machine: its owner and the namespace where BPF tells it, other_netns where not"""
    server = owners.serve(lab, SERVER, 8080, namespace=lab.server)
    eyes = [lab.sockeye("connections", "-i", "wire0", "-o", "json", *words, "tcp", sockets=2) for words in ((), ("--no-bpf",))]
    truth = owners.call(lab, SERVER, 8080, 1, 3)
    fd = int(server.stdout.readline().split()[4])
    told, untold = [owners.of_port(owners.stopped(eye)[0], truth[0][1]) for eye in eyes]
    # Without BPF /proc may be asked too late for the client's.
    check(untold["owner_unknown"].get("client") != "other_netns", "the client is here:", untold["owner_unknown"])
    check((int(truth[0][3]), int(truth[0][4])) in owners.end(told, "client"), "client:", told.get("owner"), told.get("owner_unknown"))
    check("netns" not in json.dumps(told["owner"]["client"]), "the client's namespace is ours:", told["owner"])
    check(owners.end(told, "server") == [(server.pid, fd)], f"server {server.pid} fd {fd}:", told.get("owner"), told.get("owner_unknown"))
    check([o["netns"] for o in told["owner"]["server"]] == [str(inode_of(lab.server))], told["owner"]["server"])
    check("server" not in untold.get("owner", {}) and untold["owner_unknown"]["server"] == "other_netns", untold.get("owner"))
    return ""


def netns_between(lab):
    """a switch between two namespaces: each end is told with its process and its namespace, and none is of here"""
    with copies.middle(lab, bridge=True) as (names, address):
        # A program of here listens on the same port: it is at neither end.
        ours = owners.serve(lab, "0.0.0.0", 8080, namespace=names["mid"])
        server = owners.serve(lab, address, 8080, namespace=names["right"])
        eyes = [lab.sockeye("connections", "-i", "br0", "-o", "json", *words, "tcp", namespace=names["mid"], sockets=2)
                for words in ((), ("--no-bpf",))]
        client = lab.start(names["left"], sys.executable, "-c", owners.CLIENT, address, "8080", "1", "1")
        _, port, _, pid, fd = client.stdout.readline().split()
        accepted = int(server.stdout.readline().split()[4])
        check(ended(client, 20)[0] == 0, "the client failed")
        told, untold = [owners.of_port(owners.stopped(eye)[0], port) for eye in eyes]
        truth = {"client": [(int(pid), int(fd), str(inode_of(names["left"])))], "server": [(server.pid, accepted, str(inode_of(names["right"])))]}
        found = {side: [(o["pid"], o["fd"], o["netns"]) for o in told["owner"][side]] for side in told.get("owner", {})}
        check(found == truth, found, "not", truth, told.get("owner_unknown"))
        check(untold.get("owner") is None and untold["owner_unknown"] == {"client": "other_netns", "server": "other_netns"}, untold)
        check(ours.poll() is None, "our own listener has ended")
    return ""


def netns_refused(lab):
    """a wrong name says which there are; without the right, a file, all with a capture: one sentence each"""
    for words, status, parts in (
            (("sockets", "--netns", "no-such"), 1, ("no network namespace has that name in /run/netns", "there are: ")),
            (("connections", "-i", "lo", "--netns", "no-such"), 1, ("no network namespace has that name",)),
            (("connections", "-i", "bad", "--netns", lab.client), 1, (f"bad: no such interface (sockeye -D --netns {lab.client} lists them)",)),
            (("sockets", "--netns", "4194305"), 1, ("no process has that number",)),
            (("sockets", "--netns", "/etc/passwd"), 1, ("that is no namespace",)),
            (("sockets", "--netns", "/proc/self/ns/uts"), 1, ("not one of networks",)),
            (("sockets", "--netns", "\x1b[31m"), 1, ("\\x1b",)),
            (("connections", "-i", "lo", "--netns", "all"), 2, ("a capture is in one network namespace",)),
            (("captures/handshakes.pcap", "--netns", lab.client), 2, ("not to files",))):
        out, err = outside(lab, *words, status=status)
        check(out == "" and err.count("\n") == 1 and all(p in err for p in parts), f"{words}:", err)
    copy = os.path.join(lab.folder, "sockeye")
    shutil.copy(lab.program, copy)
    plain = {"before": owners.PLAIN, "program": copy}
    _, err = outside(lab, "sockets", "--netns", lab.client, status=1, **plain)
    check(err.count("\n") == 1 and "needs CAP_SYS_ADMIN" in err, "plain user:", err)
    # All of them without the right: its own, and which are not.
    out, err = outside(lab, "sockets", "--netns", "all", "-o", "json", status=3, **plain)
    check({r["netns"] for r in records(out)} == {str(os.stat("/proc/self/ns/net").st_ino)}, "others are told:", out[:300])
    check(sum("needs CAP_SYS_ADMIN" in line for line in err.splitlines()) == 1, err)
    # The own one needs no right.
    own, _ = outside(lab, "sockets", "--netns", str(os.getpid()), "-o", "json")
    check(records(own, "netns")[0]["inode"] == os.stat("/proc/self/ns/net").st_ino, "the own one")
    return ""


def netns_own(lab):
    """in a user and network namespace of its own: it shows what is there, and says that it cannot get out"""
    unshare = ("unshare", "--user", "--map-root-user", "--net", "--")
    copy = os.path.join(lab.folder, "sockeye")
    shutil.copy(lab.program, copy)
    os.chmod(copy, 0o755)
    out, _ = outside(lab, "sockets", "-o", "json", before=unshare, program=copy)
    check(not any(r.get("proto") == "tcp" for r in records(out)), "sockets of elsewhere:", out[:300])
    _, err = outside(lab, "sockets", "--netns", lab.client, before=unshare, program=copy, status=1)
    check("needs CAP_SYS_ADMIN" in err, err)
    out, _ = outside(lab, "-D", "--netns", lab.client)
    check("wire0" in out and "eth0" not in out, "-D:", out)
    out, _ = outside(lab, "-D", "--netns", "all")
    check(all(f"Namespace {n}\n" in out for n in (lab.client, lab.server)) and out.count("wire0") >= 2, "-D all:", out)
    return ""


TESTS = [netns_sockets, netns_capture, netns_elsewhere, netns_between, netns_refused, netns_own]
