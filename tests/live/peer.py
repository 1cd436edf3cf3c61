#!/usr/bin/env python3
"""The other programs of the live tests, to be run inside a namespace.

peer.py listen ADDRESS PORT...         accept and hold connections; says "listening"
peer.py connect ADDRESS WAIT PORT...   connect to each; prints ok, refused or timeout for each
peer.py datagrams ADDRESS PORT N       N datagrams to a socket that takes them
peer.py syn FROM TO FROMPORT TOPORT    one SYN frame out of wire0, from any address
peer.py syns FROM TO TOPORT            for each source port on standard input: a SYN, and
                                       its time (ns, monotonic) on standard output
peer.py frames FILE                    the frames of a pcap file (ns, this machine's byte order) out of
                                       wire0, at their times; 2000 and 20 s at most
peer.py burst N LENGTH                 N numbered datagram frames of LENGTH bytes out of wire0, at once
peer.py bulk ADDRESS PORT BYTES        so many bytes over one connection, both ends in here
peer.py tun N                          an interface tun0; says "ready"; after a line N packets come in by it
peer.py plain IFACE...                 senders sum and cut by themselves: no checksums, no segments left to the card
peer.py calls ADDRESS PORT N UP DOWN   N connections one after the other: send UP bytes, take DOWN, close
peer.py sink ADDRESS PORT UP DOWN      the other end of calls, until it is ended; says "listening"
"""
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time


def listen(address, *ports):
    sockets = []
    for port in ports:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, int(port)))
        s.listen(64)
        sockets.append(s)
    print("listening", flush=True)
    held = []
    while True:
        for s in select.select(sockets, [], [])[0]:
            held.append(s.accept()[0])


def connect(address, wait, *ports):
    held, said = [], []
    for port in ports:
        s = socket.socket()
        s.settimeout(float(wait))
        try:
            s.connect((address, int(port)))
            said.append("ok")
            held.append(s)
        except ConnectionRefusedError:
            said.append("refused")
        except TimeoutError:
            said.append("timeout")
    print(*said)


def datagrams(address, port, number):
    taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taker.bind((address, int(port)))
    giver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n in range(int(number)):
        giver.sendto(b"x" * (10 + n), (address, int(port)))
        taker.recv(100)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack(f">{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def syn_frame(source, target, source_port, target_port):
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    tcp = struct.pack(">HHIIBBHHH4s", source_port, target_port, 0x51000000 + source_port, 0, 0x60, 2, 64240, 0, 0, b"\x02\x04\x05\xb4")
    sum_tcp = checksum(addresses + struct.pack(">HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack(">H", sum_tcp) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), source_port, 0x4000, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return bytes.fromhex("020000770002020000770001" "0800") + ip + tcp


def wire():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("wire0", 0))
    return s


def syn(source, target, source_port, target_port):
    wire().send(syn_frame(source, target, int(source_port), int(target_port)))


def syns(source, target, target_port):
    out = wire()
    print("ready", flush=True)
    for line in sys.stdin:
        frame = syn_frame(source, target, int(line), int(target_port))
        now = time.monotonic_ns()
        out.send(frame)
        print(now, flush=True)


def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    at, all_of_them = 24, []
    while at < len(data):
        seconds, part, kept, _ = struct.unpack("=IIII", data[at:at + 16])
        all_of_them.append((seconds * 10**9 + part, data[at + 16:at + 16 + kept]))
        at += 16 + kept
    if len(all_of_them) > 2000 or all_of_them[-1][0] - all_of_them[0][0] > 20 * 10**9:
        sys.exit("too many frames, or too long")
    try:  # nobody comes between two frames; where it is not allowed it goes without
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass
    out = wire()
    begin, first = time.monotonic_ns(), all_of_them[0][0]
    for when, frame in all_of_them:
        left = begin + when - first - time.monotonic_ns()
        if left > 500000:
            time.sleep((left - 300000) / 1e9)
        while time.monotonic_ns() < begin + when - first:
            pass
        out.send(frame)


def datagram(number, length):
    """An IPv4 datagram from 10.77.0.1 to who answers nothing; it carries its number."""
    udp = struct.pack(">HHHHI", 5000, 5001, length - 20, 0, number) + b"." * (length - 32)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, number & 0xffff, 0, 64, 17, 0) + bytes((10, 77, 0, 1, 10, 77, 0, 77))
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + udp


def burst(number, length):
    out, head = wire(), bytes.fromhex("020000770002020000770001" "0800")
    prepared = [head + datagram(n, int(length) - 14) for n in range(int(number))]
    began = time.monotonic()
    for frame in prepared:
        out.send(frame)
    print(round(len(prepared) / (time.monotonic() - began)))


def bulk(address, port, number):
    left = int(number)
    taker = socket.create_server((address, int(port)))
    giver = socket.create_connection((address, int(port)))
    held, _ = taker.accept()

    def give():
        giver.sendall(bytes(left))
        giver.close()

    threading.Thread(target=give).start()
    while left > 0:
        left -= len(held.recv(1 << 20))


def tun(number):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    subprocess.run(["ip", "link", "set", "tun0", "up"], check=True)
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(int(number)):
        os.write(device, datagram(n, 60))
    print("sent", flush=True)
    sys.stdin.readline()


def plain(*names):
    """ETHTOOL_STXCSUM, STSO, SGSO, SGRO = 0: what leaves is what the wire carries."""
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for name in names:
        for what in (0x2C, 0x1F, 0x24, 0x17):
            value = ctypes.create_string_buffer(struct.pack("=II", what, 0))
            fcntl.ioctl(control, 0x8946, struct.pack("16sP16x", name.encode(), ctypes.addressof(value)))  # SIOCETHTOOL


def pattern(n):
    """n bytes that are not the same a segment later."""
    return bytes((i * 7 + (i >> 8)) & 255 for i in range(65536)) * (n // 65536 + 1)


def take(s, n):
    while n > 0:
        got = len(s.recv(min(n, 1 << 16)))
        if got == 0:
            raise ConnectionError("the other side ended")
        n -= got


def calls(address, port, number, up, down):
    up, down = int(up), int(down)
    for _ in range(int(number)):
        with socket.create_connection((address, int(port)), timeout=30) as s:
            s.sendall(pattern(up)[:up])
            take(s, down)
            s.shutdown(socket.SHUT_WR)
            s.recv(1)
    print("done")


def sink(address, port, up, down):
    up, down = int(up), int(down)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    s.listen(16)
    print("listening", flush=True)
    while True:
        with s.accept()[0] as one:
            take(one, up)
            one.sendall(pattern(down)[:down])
            one.recv(1)


if __name__ == "__main__":
    {"burst": burst, "bulk": bulk, "tun": tun, "plain": plain, "calls": calls, "sink": sink, "listen": listen, "frames": frames,
     "connect": connect, "datagrams": datagrams, "syn": syn, "syns": syns}[sys.argv[1]](*sys.argv[2:])
