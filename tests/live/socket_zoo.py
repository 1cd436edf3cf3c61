#!/usr/bin/env python3
"""Sockets of every kind, known to whoever asks: prints what it holds as one line of JSON, then waits for its input to end.

usage: socket_zoo.py KIND... [FOLDER]     kinds: queue owners idle leaks grow many:N:NUMBER
"""
import json
import os
import resource
import select
import socket
import sys
import time

held, told = [], {}


def tell(name, s, pid=None, fd=None, **more):
    """Keep it open, and say what it is."""
    held.append(s)
    local = remote = None
    if s.family in (socket.AF_INET, socket.AF_INET6):
        local = s.getsockname()[:2]
        try:
            remote = s.getpeername()[:2]
        except OSError:
            pass
    told[name] = {"inode": os.fstat(s.fileno()).st_ino, "pid": pid or os.getpid(), "fd": s.fileno() if fd is None else fd,
                  "local": local, "remote": remote, **more}
    return s


def serve(name, family, address, backlog=16, both=False):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both)
    s.bind(address)
    s.listen(backlog)
    return tell(name, s)


def connect(name, address):
    s = socket.create_connection(address[:2], 5)
    s.setblocking(True)
    return tell(name, s)


def queue():
    """listen(5), and eight that want in: six wait, two are not even answered."""
    s = serve("queue", socket.AF_INET, ("127.0.0.1", 9000), 5)
    began = []
    for at in range(8):
        c = socket.socket()
        c.setblocking(False)
        began.append(time.time())
        c.connect_ex(s.getsockname())
        tell(f"queued-{at}", c)
        time.sleep(0.05)
    told["queue"]["began"] = began


def fork(work):
    """A child that does that, and ends with us."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        work()
        os.write(write, b"x")
        sys.stdin.read()
        os._exit(0)
    os.close(write)
    os.read(read, 1)
    os.close(read)
    return pid


def owners(folder):
    shared = serve("shared", socket.AF_INET, ("127.0.0.1", 9001))
    children = [fork(lambda: None) for _ in range(2)]
    told["shared"]["pids"] = [os.getpid(), *children]
    connect("client", shared.getsockname())
    tell("accepted", shared.accept()[0])
    six = serve("six", socket.AF_INET6, ("::1", 9002))
    connect("six-client", six.getsockname())
    tell("six-accepted", six.accept()[0])
    both = serve("both", socket.AF_INET6, ("::", 9003), both=True)
    connect("mapped-client", ("127.0.0.1", 9003))
    tell("mapped", both.accept()[0])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 5300))
    tell("udp", udp)
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.connect(("127.0.0.1", 5300))
    asking.send(b"q" * 100)
    tell("udp-connected", asking)
    path = os.path.join(folder, "zoo.sock")
    named = socket.socket(socket.AF_UNIX)
    named.bind(path)
    named.listen(4)
    tell("unix", named, path=path)
    waits = socket.socket(socket.AF_UNIX)
    waits.connect(path)
    tell("unix-waiting", waits)
    hidden = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    hidden.bind(f"\0sockeye-zoo-{os.getpid()}")
    tell("abstract", hidden)
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tell("pair-a", a)
    tell("pair-b", b)
    b.send(b"hello")
    tell("raw", socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    packet.bind(("lo", 0))
    tell("packet", packet)

    def other():
        os.setgid(1234)
        os.setuid(1234)
        held.append(socket.create_connection(shared.getsockname()))
    told["other"] = {"pid": fork(other)}
    tell("other-accepted", shared.accept()[0])


def idle():
    """Connections that have moved some bytes and then rest; some bytes wait to be read."""
    s = serve("idle", socket.AF_INET, ("127.0.0.1", 9010))
    for at in range(5):
        c = connect(f"idle-{at}", s.getsockname())
        taken = tell(f"idle-taken-{at}", s.accept()[0])
        for _ in range(3):
            c.send(b"x" * 1000 * (at + 1))
            taken.recv(100000)
            taken.send(b"y" * 500)
            c.recv(100000)
        taken.send(b"z" * 77)
    gone = socket.create_connection(s.getsockname())
    taken = s.accept()[0]
    gone.close()
    taken.close()  # gone's end goes into TIME-WAIT


def leaks():
    s = serve("leaks", socket.AF_INET, ("127.0.0.1", 9020))
    for at in range(3):
        c = socket.create_connection(s.getsockname())
        tell(f"leaked-{at}", s.accept()[0])
        c.send(b"bye")
        c.close()
    told["leaks"]["closed"] = time.time()


def grow():
    """A descriptor more every 50 ms, for ever."""
    told["grow"] = {"pid": os.getpid()}


def many(n, number):
    """n connections at a port of that number, from an address of that number; both ends ours."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    s = socket.socket()
    port = 900 + number
    s.bind(("127.0.0.1", port))
    s.listen(1024)
    made = 0
    try:
        for _ in range(n):
            c = socket.socket()
            c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            c.bind((f"127.0.1.{1 + number}", 0))
            c.connect(("127.0.0.1", port))
            held.extend((c, s.accept()[0]))
            made += 1
    except OSError as why:
        told["why"] = str(why)
    held.append(s)
    told["many"] = made


def main():
    words = sys.argv[1:]
    folder = words.pop() if os.sep in words[-1] else None
    for word in words:
        kind, _, number = word.partition(":")
        {"queue": queue, "owners": lambda: owners(folder), "idle": idle, "leaks": leaks, "grow": grow,
         "many": lambda: many(*map(int, number.split(":")))}[kind]()
    print(json.dumps(told), flush=True)
    if "grow" in words:
        while not select.select([sys.stdin], [], [], 0.05)[0]:
            held.append(socket.socket())
    sys.stdin.read()


if __name__ == "__main__":
    main()
