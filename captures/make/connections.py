"""tcp-*.pcap: each about one thing that a TCP connection can do.

tcp-options            every option kind by name: MSS, window scale, SACK permitted and blocks, timestamps, MD5, fast open,
                       multipath, user timeout, AO, experimental; an option of length 1; one that overruns; a header length of 16
tcp-seq-wrap           both directions' numbers pass 2^32 within the data
tcp-syn-retries        three SYNs then complete; SYN/ACK lost and repeated; ACK lost and SYN/ACK repeated
tcp-unanswered         six SYNs in 31 s, nobody answers
tcp-refused            RST to the first SYN; RST to the second; a RST that carries a wrong acknowledgement number
tcp-half-open          SYN/ACK five times, never an ACK
tcp-reset-handshake    RST by the client after SYN/ACK, RST by the server after its own SYN/ACK
tcp-simultaneous-open  SYNs cross; both answer SYN/ACK
tcp-reuse              the same ports after FIN, after RST, and in the middle of an open connection
tcp-midstream          data, FIN; only ACKs; only a RST; first packet a SYN/ACK
tcp-half-closed        FIN of one side only; data the other way afterwards
tcp-fast-open          data in the SYN with a cookie, answered at once
tcp-flags              every flag alone, none, all; AE
tcp-data               out of order, a repeat, a hole never filled, a keep-alive, a zero window and its probe
tcp-twice              one connection whose frames were captured twice, 40 us apart
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"


class Scene:
    def __init__(self):
        self.frames = []

    def talk(self, port, server_port=80, **more):
        more.setdefault("seed", f"scene{port}")
        return Conversation(self.frames, (A, port), (B, server_port), wrap=lambda p, s: ether(p, src=mac_of("ab"[s]), dst=mac_of("ba"[s])), **more)

    def raw(self, t, segment, back=False):
        self.frames.append((t, ether(ipv4(*((B, A) if back else (A, B)), TCP, segment))))

    def write(self, name):
        write_pcap(f"tcp-{name}.pcap", self.frames)


def options():
    s = Scene()
    kinds = (opt_mss(1460) + opt_wscale(7), opt_sack_ok() + opt_ts(100, 0), opt_sack((1000, 2000), (3000, 4000), (5000, 6000)),
             b"\x13\x12" + noise("md5", 16), b"\x22\x0a" + noise("cookie", 8), b"\x1e\x0c\x00\x81" + noise("mptcp", 8), b"\x1c\x04\x80\x1e",
             b"\x1d\x10\x01\x02" + noise("ao", 12), b"\xfd\x04\xf9\x89", b"\xfe\x06\xe2\xd4\xc3\xd9", b"\x0e\x03\x01" + NOP, b"\x02\x01\0\0", b"\x03\x20\0\0",
             NOP * 5 + b"\0" + b"\x02\x04", opt_wscale(15) + NOP)
    for i, o in enumerate(kinds):
        s.raw(START + i * MS, tcp(A, B, 45000 + i, 80, 1000 * i, 0, SYN, options=o))
    short = bytearray(tcp(A, B, 45100, 80, 1, 0, SYN))
    short[12] = 0x40
    s.raw(START + 100 * MS, bytes(short))
    long = bytearray(tcp(A, B, 45101, 80, 1, 0, SYN))
    long[12] = 0xF0
    s.raw(START + 101 * MS, bytes(long))
    s.write("options")


def wrap():
    s = Scene()
    k = s.talk(45200, isn=(0xFFFFFF00, 0xFFFFFA00))
    t = k.handshake(START, 10 * MS)
    k.close(k.ask(t, noise("question", 700), noise("answer", 5000), 10 * MS), 10 * MS)
    s.write("seq-wrap")


def retries():
    s = Scene()
    k = s.talk(45300)
    k.syn(START, advance=False)
    k.syn(START + 1003 * MS, advance=False)
    t = k.handshake(START + 3019 * MS, 20 * MS)
    k.close(t + 100 * MS, 20 * MS)
    k = s.talk(45301)
    k.syn(START + 4 * S)
    k.s(START + 4020 * MS, SYN | ACK)
    k.again(START + 5005 * MS, 0, SYN)
    k.again(START + 5025 * MS, 1, SYN | ACK)
    k.close(k.c(START + 5026 * MS, ACK) + 1 * MS, 20 * MS)
    k = s.talk(45302)
    t = k.handshake(START + 6 * S, 20 * MS)
    k.again(t + 1 * S, 1, SYN | ACK)
    k.c(t + 1 * S + 100 * US, ACK)
    k.close(t + 2 * S, 20 * MS)
    s.write("syn-retries")

    s = Scene()
    k = s.talk(45310)
    for seconds in (0, 1, 3, 7, 15, 31):
        k.syn(START + seconds * S + seconds * 8 * MS, advance=False)
    s.write("unanswered")


def failures():
    s = Scene()
    k = s.talk(45400, 9)
    k.syn(START)
    k.s(START + 9 * MS, RST | ACK, seq=0)
    k = s.talk(45401, 9)
    k.syn(START + 1 * S, advance=False)
    k.syn(START + 2 * S)
    k.s(START + 2 * S + 9 * MS, RST | ACK, seq=0)
    k = s.talk(45402, 9)
    k.syn(START + 3 * S)
    k.s(START + 3 * S + 9 * MS, RST | ACK, seq=0, ack=12345)
    s.write("refused")

    s = Scene()
    k = s.talk(45410)
    k.syn(START)
    k.s(START + 8 * MS, SYN | ACK)
    for seconds in (1, 3, 7, 15):
        k.again(START + seconds * S + 8 * MS, 1, SYN | ACK)
    s.write("half-open")

    s = Scene()
    k = s.talk(45420)
    k.syn(START)
    k.s(START + 8 * MS, SYN | ACK)
    k.c(START + 8 * MS + 90 * US, RST)
    k = s.talk(45421)
    k.syn(START + 1 * S)
    k.s(START + 1 * S + 8 * MS, SYN | ACK)
    k.s(START + 1 * S + 9 * MS, RST)
    s.write("reset-handshake")


def simultaneous():
    s = Scene()
    k = s.talk(45500, 45500)
    k.c(START, SYN)
    k.s(START + 300 * US, SYN)
    k.again(START + 8 * MS, 0, SYN | ACK)
    k.again(START + 8 * MS + 200 * US, 1, SYN | ACK)
    k.close(k.ask(START + 20 * MS, b"hello\n", b"hello too\n", 8 * MS), 8 * MS)
    s.write("simultaneous-open")


def reuse():
    s = Scene()
    for i in range(4):
        k = s.talk(45600, seed=f"reuse{i}", isn=(1000000 * (i + 1), 7000000 * (i + 1)))
        t = k.handshake(START + i * 2 * S, 10 * MS)
        t = k.ask(t, b"turn %d\n" % i, b"good\n", 10 * MS)
        if i == 0:
            k.close(t, 10 * MS)
        if i == 1:
            k.c(t, RST | ACK)
    s.write("reuse")


def middle():
    s = Scene()
    k = s.talk(45700, seed="middle")
    k.close(k.ask(START, b"more\n", b"of the same\n", 10 * MS), 10 * MS)
    k = s.talk(45701)
    k.c(START + 1 * S, ACK)
    k.s(START + 1 * S + 5 * MS, ACK)
    s.talk(45702).c(START + 2 * S, RST)
    k = s.talk(45703)
    k.next[0] += 1
    k.s(START + 3 * S, SYN | ACK)
    k.close(k.c(START + 3 * S + 200 * US, ACK) + 1 * MS, 10 * MS)
    s.write("midstream")

    s = Scene()
    k = s.talk(45710)
    t = k.handshake(START, 10 * MS)
    t = k.c(t + 1 * MS, FIN | ACK, b"the last question\n")
    t = k.s(t + 10 * MS, ACK)
    for i in range(3):
        t = k.c(k.s(t + 50 * MS, PSH | ACK, b"line %d\n" % i) + 100 * US, ACK)
    s.write("half-closed")


def special():
    s = Scene()
    k = s.talk(45800)
    cookie = b"\x22\x0a" + noise("tfo", 8)
    k.c(START, SYN, b"GET / HTTP/1.1\r\nHost: fast.example.org\r\n\r\n", options=opt_mss(1460) + opt_sack_ok() + cookie)
    k.s(START + 10 * MS, SYN | ACK, options=opt_mss(1460) + opt_sack_ok())
    k.s(START + 10 * MS + 300 * US, PSH | ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", options=b"")
    t = k.c(START + 10 * MS + 400 * US, ACK, options=b"")
    k.timestamps = False
    k.close(t + 1 * MS, 10 * MS)
    s.write("fast-open")

    s = Scene()
    for i, flags in enumerate((0, FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, 0x100, 0xFF, 0x1FF, FIN | PSH | URG, SYN | FIN, SYN | RST)):
        s.raw(START + i * MS, tcp(A, B, 45900 + i, 80, 5000, 6000 if flags & ACK else 0, flags, urgent=1 if flags & URG else 0))
    s.write("flags")


def data():
    s = Scene()
    k = s.talk(46000)
    t = k.handshake(START, 20 * MS)
    start = k.next[0]
    parts = [noise(f"part{i}", 500) for i in range(8)]
    order = (0, 2, 1, 3, 3, 5, 6)  # 1 and 2 exchanged, 3 twice, 4 never seen but acknowledged
    for i, n in enumerate(order):
        k.c(t + i * 200 * US, PSH | ACK, parts[n], seq=start + 500 * n)
    k.next[0] = start + 3500
    t = k.s(t + 22 * MS, ACK)
    t = k.c(t + 10 * S, ACK, b"\0", seq=k.next[0] - 1)  # keep-alive
    t = k.s(t + 20 * MS, ACK, window=0)
    t = k.c(t + 1 * S, ACK, b"x", seq=k.next[0])        # window probe
    t = k.s(t + 20 * MS, ACK, window=0)
    t = k.s(t + 1 * S, ACK, window=502)
    k.close(t + 1 * MS, 20 * MS)
    s.write("data")

    s = Scene()
    k = s.talk(46100)
    t = k.handshake(START, 20 * MS)
    k.close(k.ask(t, b"twice\n", b"each\n", 20 * MS), 20 * MS)
    s.frames += [(t + 40 * US, f) for t, f in s.frames]
    s.write("twice")


for part in (options, wrap, retries, failures, simultaneous, reuse, middle, special, data):
    part()
