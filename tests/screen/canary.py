#!/usr/bin/env python3
"""Canaries: texts from the wire and from the file that a terminal would act on, in every field that
is text; whatever screen shows them, not one byte of them reaches the terminal as it is.

usage: canary.py --program PROGRAM

A capture is made here: HTTP, SMTP, FTP, SSH, SIP, Redis, TLS (server name, protocols), DNS, a comment
of a packet and the name of an interface, each with OSC 8 and 52, CSI 21 t, C1, bidi, combining marks,
bad UTF-8. Then Packets and Follow stream are drawn for each packet, pane, size and way, and looked
through byte by byte. That the canaries were there at all is checked, too.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "captures" / "make"))
import pcapgen as g  # noqa: E402

EVIL = [b"\x1b]8;;http://x\x07CANARY\x1b]8;;\x07", b"\x1b]52;c;CANARY\x07", b"\x1b[21t", b"\xc2\x9b31mCANARY",
        b"\x9bCANARY", "\u202eCANARY\u2066".encode(), "e\u0301\u0301CANARY".encode(), b"\xff\xfeCANARY", b"\x7f\x08\x08CANARY",
        "\u200b\ufeffCANARY\U000e0041".encode()]
EVERY = b"".join(EVIL)
A, B = "192.0.2.10", "198.51.100.20"


def talk(out, port, question, answer, first=None, at=0):
    k = g.Conversation(out, (A, 48000 + port), (B, port), seed=f"canary{port}", wrap=lambda p, s: g.ether(p))
    t = k.handshake(g.START + at * g.S, 12 * g.MS)
    if first:
        k.s(t + g.MS, g.PSH | g.ACK, first)
        t += 2 * g.MS
    t = k.ask(t + g.MS, question, answer, 12 * g.MS)
    k.close(t + g.MS, 12 * g.MS)


class Raw(str):
    """A name whose encode() gives bytes that no name has."""
    def encode(self, *_):
        return EVERY[:200]


def capture():
    out = []
    line = EVERY + b"\r\n"
    talk(out, 80, b"GET /" + EVERY + b" HTTP/1.1\r\nHost: " + EVERY + b"\r\nUser-Agent: " + EVERY + b"\r\n\r\n",
         b"HTTP/1.1 200 " + EVERY + b"\r\nServer: " + EVERY + b"\r\nContent-Type: " + EVERY + b"\r\n\r\n" + EVERY, at=0)
    talk(out, 25, b"EHLO " + line, b"250 " + line, b"220 " + line, at=1)
    talk(out, 21, b"USER " + line, b"331 " + line, b"220 " + line, at=2)
    talk(out, 22, b"SSH-2.0-" + line, b"x" * 9, b"SSH-2.0-" + line, at=3)
    talk(out, 6379, b"*2\r\n$3\r\nGET\r\n$%d\r\n" % len(EVERY) + line, b"+" + line, at=4)
    talk(out, 443, g.tls_client_hello(Raw("x"), alpn=(Raw("y"),)), g.tls_server_hello(), at=5)
    sip = b"INVITE sip:" + EVERY + b" SIP/2.0\r\nFrom: " + EVERY + b"\r\nTo: " + EVERY + b"\r\nCall-ID: " + EVERY + b"\r\n\r\n"
    out.append((g.START + 6 * g.S, g.ether(g.udp_packet(A, B, 5060, 5060, sip))))
    name = b"".join(bytes([len(e)]) + e for e in EVIL) + b"\0"
    dns = b"\x10\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + name + b"\x00\x01\x00\x01"
    out.append((g.START + 7 * g.S, g.ether(g.udp_packet(A, B, 47001, 53, dns))))
    f = g.Pcapng().section().interface(1, 262144, [(2, EVERY), (3, EVERY), (9, b"\x09")])
    for t, frame in sorted(out):
        f.packet(0, t, frame, options=[(1, EVERY)])
    return f.out, len(out)


def bad(screen, width):
    """The first thing on it that no screen may hold, or None."""
    for number, row in enumerate(screen.split(b"\n"), 1):
        try:
            text = row.decode()
        except UnicodeDecodeError as why:
            return f"row {number}: {why}"
        for c in text:
            if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn", "Mn",
                                                                                     "Me"):
                return f"row {number}: U+{ord(c):04x} in {text!r}"
        if sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) > width:
            return f"row {number} is wider than {width}"
    return None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    program = os.path.abspath(ap.parse_args().program)
    failed = screens = canaries = 0
    ways = ["", "<Tab> *", "<Tab> * \\ G", "<Tab> <Tab> xx G", "<Tab> * G =", "f", "f G", "f x", "f xx G", "f / canary <Enter> n", "w", "p"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "canary.pcapng")
        content, packets = capture()
        pathlib.Path(path).write_bytes(content)
        for i in range(packets):
            for k in range(i % 3, len(ways), 3):  # each way with every third packet
                way = ways[k]
                size, ascii_only = [("120x35", False), ("80x24", True), ("200x50", False), ("40x8", False)][(i + k // 3) % 4]
                keys = "3 3 # %d <Enter> %s" % (i + 1, way)
                command = [program, "watch", "-r", path, "--headless", size, "--keys", keys, "--dump", "-"]
                done = subprocess.run(command + ["--ascii"] * ascii_only, capture_output=True, timeout=60, cwd=folder,
                                      env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", "TERM": "dumb"})
                screens += 1
                canaries += done.stdout.upper().count(b"CANARY")
                why = bad(done.stdout, int(size.split("x")[0])) or (done.returncode not in (0, 3) and
                                                                    done.stderr.decode(errors="replace")[-800:])
                if why:
                    failed += 1
                    print(f"packet {i + 1}, {size}, keys {keys}: {why}")
    print(f"{screens} screens, {canaries} canaries in sight (at least 500)")
    sys.exit(1 if failed or canaries < 500 else 0)


if __name__ == "__main__":
    main()
