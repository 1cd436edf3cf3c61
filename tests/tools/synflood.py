#!/usr/bin/env python3
"""Writes two captures of the same ten seconds: a SYN flood and ordinary connections.

usage: synflood.py FLOOD.pcap REAL.pcap SYNS CONNECTIONS

The flood: SYNs from scattered addresses and ports to one server, evenly in time. The
connections, to the same server: SYN, SYN/ACK after 20 ms, ACK after 1 ms more, a
request and a response; every second one is closed by FINs, the others stay open.
"""
import random
import struct
import sys

START = 1_700_000_000
SECONDS = 10
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
RECORD = struct.Struct("<IIII14s")
NETWORK = struct.Struct(">BBHHHBBHII")
TRANSPORT = struct.Struct(">HHIIBBHHH")
ETHERNET = bytes.fromhex("020000000002020000000001" "0800")
SERVER, SERVER_PORT = 0xC0000250, 443  # 192.0.2.80
SYN, ACK, PUSH, FIN = 2, 16, 8, 1


def packet(us, source, target, source_port, target_port, seq, ack, flags, payload=b""):
    length = 54 + len(payload)
    return (RECORD.pack(START + us // 1_000_000, us % 1_000_000, length, length, ETHERNET)
            + NETWORK.pack(0x45, 0, length - 14, 0, 0x4000, 64, 6, 0, source, target)
            + TRANSPORT.pack(source_port, target_port, seq, ack, 0x50, flags, 64240, 0, 0) + payload)


def flood(path, number):
    dice = random.Random(1)
    bits = dice.getrandbits
    with open(path, "wb", 1 << 20) as f:
        f.write(HEADER)
        for n in range(number):
            # 11.x.x.x, each once: never an address of the real clients.
            source = 0x0B000000 | n * 0x9E3779B1 & 0xFFFFFF
            f.write(packet(n * SECONDS * 1_000_000 // number, source, SERVER, 1024 + bits(15), SERVER_PORT, bits(32), 0, SYN))


def connection(n, number):
    """(microseconds, bytes) of each packet of connection n."""
    t = n * (SECONDS - 1) * 1_000_000 // number
    client, port = 0x0A000001 + n, 20000 + n
    there = lambda at, seq, ack, flags, data=b"": (t + at, packet(t + at, client, SERVER, port, SERVER_PORT, seq, ack, flags, data))
    back = lambda at, seq, ack, flags, data=b"": (t + at, packet(t + at, SERVER, client, SERVER_PORT, port, seq, ack, flags, data))
    yield there(0, 1000, 0, SYN)
    yield back(20_000, 5000, 1001, SYN | ACK)
    yield there(21_000, 1001, 5001, ACK)
    yield there(22_000, 1001, 5001, ACK | PUSH, b"q" * 100)
    yield back(45_000, 5001, 1101, ACK | PUSH, b"r" * 1000)
    if n % 2:
        yield there(100_000, 1101, 6001, ACK | FIN)
        yield back(120_000, 6001, 1102, ACK | FIN)
        yield there(121_000, 1102, 6002, ACK)


def main():
    flood(sys.argv[1], int(sys.argv[3]))
    number = int(sys.argv[4])
    with open(sys.argv[2], "wb") as f:
        f.write(HEADER)
        for _, data in sorted(p for n in range(number) for p in connection(n, number)):
            f.write(data)


if __name__ == "__main__":
    main()
