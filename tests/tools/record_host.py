#!/usr/bin/env python3
"""Records what this kernel says of sockets, as inputs of tests/fuzz/fuzz_host.c and tests/unit/test_sockets.c.

usage: record_host.py FOLDER      (root: it works in a network namespace of its own)

Each file is one byte that says what it is (KINDS below, as in fuzz_host.c), then the bytes as the kernel gave them.
The namespace holds known sockets only: a listener with listen(5) on 127.0.0.1:8080 and three clients that it does not
accept, one accepted connection on [::1]:8081, one from an IPv4 client on an IPv6 listener, UDP, UNIX and a packet socket.
"""
import ctypes
import os
import pathlib
import select
import socket
import struct
import sys
import time

KINDS = {"walk": 0, "inet": 1, "unix": 2, "packet": 3, "netlink": 4, "tcp": 5, "tcp6": 6, "udp": 7, "raw": 8, "unixline": 9,
         "packetline": 10, "netlinkline": 11, "stat": 12, "status": 13, "cgroup": 14, "link": 15, "epoll": 16, "mounts": 17,
         "netstat": 18, "sockstat": 19, "ports": 20}
SOCK_DIAG, DUMP = 20, 0x301
folder = pathlib.Path(sys.argv[1])


def keep(kind, name, data):
    (folder / f"{kind}-{name}").write_bytes(bytes([KINDS[kind]]) + data)


def ask(request):
    """Every datagram of the answer."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as s:
        s.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG, DUMP, 1, 0) + request)
        while True:
            data = s.recv(65536)
            yield data
            if any(kind in (2, 3) for kind, _ in messages(data)):
                return


def messages(data):
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        yield kind, data[at + 16:at + length]
        at += (length + 3) & ~3


def dump(request):
    return [body for data in ask(request) for kind, body in messages(data) if kind == SOCK_DIAG]


def inet(family, proto):
    return struct.pack("=BBBBI", family, proto, 0xfa, 0, 0xffffffff) + bytes(48)


def main():
    ctypes.CDLL(None, use_errno=True).unshare(0x40000000)  # CLONE_NEWNET
    os.system("ip link set lo up")
    folder.mkdir(parents=True, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", 8080), backlog=5)
    clients = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(3)]
    six = socket.create_server(("::1", 8081), family=socket.AF_INET6)
    both = socket.create_server(("::", 8082), family=socket.AF_INET6, dualstack_ipv6=True)
    one, other = socket.create_connection(("::1", 8081)), six.accept()[0]
    mapped, taken = socket.create_connection(("127.0.0.1", 8082)), both.accept()[0]
    one.send(b"x" * 1000)
    mapped.send(b"y" * 3000)
    taken.recv(1000)
    closed = socket.create_connection(("::1", 8081))
    late = six.accept()[0]
    closed.shutdown(socket.SHUT_WR)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 5300))
    udp.sendto(b"z" * 100, ("127.0.0.1", 5300))
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    packet.bind(("lo", 3))
    local = socket.socket(socket.AF_UNIX)
    local.bind("\0sockeye-recorded")
    local.listen(4)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect("\0sockeye-recorded")
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    a.send(b"hello")
    watch = select.epoll()
    watch.register(listener.fileno(), select.EPOLLIN | select.EPOLLET)
    watch.register(udp.fileno(), select.EPOLLIN)
    time.sleep(0.2)
    for family, name in ((socket.AF_INET, "4"), (socket.AF_INET6, "6")):
        for at, data in enumerate(ask(inet(family, 6))):
            keep("walk", f"tcp{name}-{at}", data)
        for at, body in enumerate(dump(inet(family, 6))):
            keep("inet", f"tcp{name}-{at:02}", body)
    keep("inet", "udp", dump(inet(socket.AF_INET, 17))[0])
    for at, data in enumerate(ask(inet(socket.AF_INET, 255))):
        keep("walk", f"raw-{at}", data)
    mine = {s.fileno(): os.fstat(s.fileno()).st_ino for s in (local, waiting, a, b)}
    for body in dump(struct.pack("=BBHIII", socket.AF_UNIX, 0, 0, 0xffffffff, 0, 0x7f) + bytes(8)):
        inode, = struct.unpack_from("=I", body, 4)
        for s, name in ((local, "listen"), (waiting, "waiting"), (a, "pair-a"), (b, "pair-b")):
            if inode == mine[s.fileno()]:
                keep("unix", name, body)
    keep("packet", "all", dump(struct.pack("=BBHII", socket.AF_PACKET, 0, 0, 0, 0x3f) + bytes(8))[0])
    for at, body in enumerate(dump(struct.pack("=BBHII", socket.AF_NETLINK, 255, 0, 0, 0xb) + bytes(8))[:4]):
        keep("netlink", f"{at}", body)
    for kind, name in (("tcp", "tcp"), ("tcp6", "tcp6"), ("udp", "udp"), ("raw", "raw"), ("packetline", "packet"),
                       ("netlinkline", "netlink"), ("netstat", "netstat"), ("sockstat", "sockstat")):
        keep(kind, "all", pathlib.Path(f"/proc/net/{name}").read_bytes())
    keep("netstat", "snmp", pathlib.Path("/proc/net/snmp").read_bytes())
    lines = pathlib.Path("/proc/net/unix").read_bytes().splitlines(keepends=True)
    keep("unixline", "own", b"".join(line for line in lines if b"recorded" in line or line.split()[6].decode() in map(str, mine.values())))
    keep("ports", "range", pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_bytes())
    keep("epoll", "two", pathlib.Path(f"/proc/self/fdinfo/{watch.fileno()}").read_bytes())
    keep("stat", "self", pathlib.Path("/proc/self/stat").read_bytes())
    keep("status", "self", pathlib.Path("/proc/self/status").read_bytes())
    keep("link", "socket", os.readlink(f"/proc/self/fd/{udp.fileno()}").encode())
    del clients, other, late, raw, mapped, one


if __name__ == "__main__":
    main()
