"""Applications, known by their content: dns, dns-tcp, tls, http, ssh, quic.

dns      A, AAAA, CNAME chain, NS, PTR, MX, TXT, SOA, SRV, EDNS with a cookie, HTTPS, NXDOMAIN, refused, an update;
         on port 53 and on port 5300; then what is no DNS: a pointer forwards, a loop of pointers, a name too long,
         a count that lies, mDNS, random bytes on port 53, a DNS message after four bytes of something else
dns-tcp  two questions in one segment, answers in two; a message that begins in one segment and ends in the next
tls      1.3 and 1.2 with SNI and ALPN on 443 and on 8883; an address instead of a name; a ClientHello in two segments;
         SSL 2 hello (not read); an alert; several records in a segment; data of a session joined late;
         SNI with control characters and an escape sequence
http     GET, POST, HEAD, CONNECT; 200, 301, 404, chunked, 101; on 80 and on 12345; a request in three segments;
         bytes that only look like HTTP; a header line without end; a Host with an escape sequence
ssh      identification and KEXINIT of both, key exchange, NEWKEYS, encrypted; a server that talks before; port 2222
quic     version 1, version 2, draft 29, version negotiation, Retry, 0-RTT, coalesced; a version nobody knows;
         short headers before and after the handshake
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"


class Scene:
    """Conversations a second apart, datagrams 10 ms apart."""

    def __init__(self):
        self.frames, self.t, self.port = [], START, 47000

    def wrap(self, packet, side):
        return ether(packet, src=mac_of("ab"[side]), dst=mac_of("ba"[side]))

    def open(self, server_port):
        self.port += 1
        k = Conversation(self.frames, (A, self.port), (B, server_port), seed=f"app{self.port}", wrap=self.wrap)
        self.t += 1 * S
        return k, k.handshake(self.t, 10 * MS)

    def ask(self, server_port, *turns, size=1400):
        k, t = self.open(server_port)
        for question, answer in turns:
            t = k.ask(t + 1 * MS, question, answer, 10 * MS, size)
        k.close(t + 5 * MS, 10 * MS)

    def talk(self, server_port, *turns):
        """Each turn a text of the server (str: "S: ...", "C: ...") or (side, bytes), 10 ms apart."""
        k, t = self.open(server_port)
        for turn in turns:
            if isinstance(turn, str):
                turn = ("CS".index(turn[0]), turn[3:].encode() + b"\r\n")
            t = k.packet(t + 10 * MS, turn[0], PSH | ACK, turn[1])
        k.close(t + 10 * MS, 10 * MS)

    def send(self, payload, server_port=53, side=0, new=True):
        self.port += 1 if new and side == 0 else 0
        ends, ports = ((A, B), (self.port, server_port)) if side == 0 else ((B, A), (server_port, self.port))
        self.t += 10 * MS
        self.frames.append((self.t, self.wrap(udp_packet(*ends, *ports, payload), side)))


Q = b"\xc0\x0c"  # the question's name


def dns():
    s, n = Scene(), 0x1000
    a, aaaa = ip("203.0.113.5"), ip("2001:db8::5")
    soa = dns_name("ns1.example.org") + dns_name("admin.example.org") + struct.pack("!5I", 2026030201, 7200, 900, 1209600, 300)
    turns = [
        ("example.org", 1, [dns_record(Q, 1, 300, a)]),
        ("example.org", 28, [dns_record(Q, 28, 300, aaaa)]),
        ("www.example.org", 1, [dns_record(Q, 5, 60, b"\x03cdn" + b"\xc0\x10"), dns_record(b"\xc0\x2d", 1, 60, a), dns_record(b"\xc0\x2d", 1, 60, ip("203.0.113.6"))]),
        ("example.org", 2, [dns_record(Q, 2, 3600, b"\x03ns1" + Q), dns_record(Q, 2, 3600, b"\x03ns2" + Q)]),
        ("5.113.0.203.in-addr.arpa", 12, [dns_record(Q, 12, 3600, dns_name("host.example.org"))]),
        ("example.org", 15, [dns_record(Q, 15, 3600, b"\0\x0a" + b"\x04mail" + Q)]),
        ("example.org", 16, [dns_record(Q, 16, 3600, b"\x0bv=spf1 -all" + b"\x04more")]),
        ("example.org", 6, [dns_record(Q, 6, 3600, soa)]),
        ("_xmpp._tcp.example.org", 33, [dns_record(Q, 33, 3600, struct.pack("!HHH", 5, 10, 5222) + dns_name("chat.example.org"))]),
        ("example.org", 65, [dns_record(Q, 65, 300, b"\0\x01\0\0\x01\0\x03\x02h2")]),
    ]
    for name, kind, records in turns:
        for port in (53, 5300) if kind in (1, 28) else (53,):
            n += 1
            s.send(dns_query(n, name, kind), port)
            s.send(dns_answer(n, name, kind, records), port, side=1)
    cookie = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, 12) + struct.pack("!HH", 10, 8) + noise("cookie", 8)
    s.send(dns_query(n + 1, "missing.example.org")[:10] + b"\0\x01" + dns_name("missing.example.org") + b"\0\x01\0\x01" + cookie)
    s.send(dns_answer(n + 1, "missing.example.org", 1, [], 0x8183, [dns_record(b"\xc0\x14", 6, 300, soa)], [cookie]), side=1)
    s.send(dns_query(n + 2, "example.com", 255))
    s.send(dns_answer(n + 2, "example.com", 255, [], 0x8105), side=1)
    s.send(struct.pack("!6H", n + 3, 0x2800, 1, 0, 1, 0) + dns_name("example.org") + struct.pack("!HH", 6, 1) + dns_record(b"\x03new" + Q, 1, 60, a))

    head = struct.pack("!6H", 0x2001, 0x0100, 1, 0, 0, 0)
    s.send(head + b"\x03www\xc0\x40" + b"\0\x01\0\x01" + b"\0" * 60)   # forwards
    s.send(head + b"\x03www\xc0\x0c" + b"\0\x01\0\x01")                 # to itself
    s.send(head + (b"\x3f" + b"a" * 63) * 5 + b"\0\0\x01\0\x01")       # 321 bytes
    s.send(struct.pack("!6H", 0x2004, 0x8180, 1, 40, 0, 0) + dns_name("example.org") + b"\0\x01\0\x01" + dns_record(Q, 1, 60, a))
    s.send(struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + dns_record(dns_name("printer.local"), 1, 120, a), 5353)
    s.send(noise("not dns", 80))
    s.send(b"\x01\x02\x03\x04" + dns_query(0x2005, "example.org"), 5300)
    s.send(dns_query(0x2006, "example.org") + b"trailing", 5300)
    write_pcap("dns.pcap", s.frames)


def dns_tcp():
    s = Scene()

    def framed(message):
        return struct.pack("!H", len(message)) + message

    questions = framed(dns_query(1, "example.org", 16)) + framed(dns_query(2, "example.net", 1))
    text = b"".join(b"\xfa" + noise(f"text{i}", 125).hex().encode() for i in range(8))
    answers = framed(dns_answer(2, "example.net", 1, [dns_record(Q, 1, 60, ip("203.0.113.7"))]))
    answers += framed(dns_answer(1, "example.org", 16, [dns_record(Q, 16, 60, text)]))
    s.ask(53, (questions, answers))
    s.ask(5300, (framed(dns_query(3, "example.com", 28)), framed(dns_answer(3, "example.com", 28, []))))
    write_pcap("dns-tcp.pcap", s.frames)


def tls():
    s = Scene()
    modern = tls_server_hello() + CHANGE_CIPHER_SPEC + tls_data(900)
    old = tls_server_hello(0x0303, 0xC02F) + tls_record(22, b"\x0b" + (700).to_bytes(3, "big") + noise("chain", 700) + b"\x0e\0\0\0")
    key = tls_record(22, b"\x10\0\0\x21\x20" + noise("key", 32)) + CHANGE_CIPHER_SPEC + tls_record(22, noise("finished", 40))
    s.ask(443, (tls_client_hello("www.example.org"), modern), (CHANGE_CIPHER_SPEC + tls_data(53) + tls_data(120), tls_data(4000)))
    s.ask(443, (tls_client_hello("old.example.org", versions=()), old), (key, CHANGE_CIPHER_SPEC + tls_record(22, noise("done", 40))), (tls_data(99), tls_data(500)))
    s.ask(8883, (tls_client_hello("broker.example.net", alpn=("mqtt",)), modern))
    s.ask(443, (tls_client_hello(None, alpn=()), modern))
    s.ask(443, (tls_client_hello("split.example.com", pad=1800), modern))
    s.ask(443, (tls_client_hello("tiny.example.com", seed="tiny"), modern), size=90)
    s.ask(443, (b"\x80\x2e\x01\x03\x00\x00\x15\x00\x00\x00\x10" + noise("ssl2", 37), b"\x15\x03\x00\x00\x02\x02\x28"))
    s.ask(443, (tls_client_hello("wrong.example.org"), tls_record(21, b"\x02\x70")))
    s.ask(443, (tls_client_hello("evil\x1b[31m\r\n\x07\u202e.example.org"), modern))
    s.ask(443, (b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03" + noise("length", 600), b"no"))
    k = Conversation(s.frames, (A, 47900), (B, 443), seed="late", wrap=s.wrap)
    k.ask(s.t + 2 * S, tls_data(70) + tls_data(80), tls_data(300), 10 * MS)
    write_pcap("tls.pcap", s.frames)


def http():
    s = Scene()
    agent = b"User-Agent: curl/8.5.0\r\nAccept: */*\r\n"
    ok = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello"
    s.ask(80, (b"GET / HTTP/1.1\r\nHost: www.example.org\r\n" + agent + b"\r\n", ok),
          (b"HEAD /x?y=1 HTTP/1.1\r\nhost:www.example.org:80\r\n\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
    s.ask(12345, (b"POST /form HTTP/1.0\r\nHost: [2001:db8::1]:12345\r\nContent-Length: 3\r\n\r\na=b", b"HTTP/1.0 301 Moved Permanently\r\nLocation: https://www.example.org/\r\n\r\n"))
    s.ask(8080, (b"CONNECT secure.example.org:443 HTTP/1.1\r\nHost: secure.example.org:443\r\n\r\n", b"HTTP/1.1 200\r\n\r\n"))
    s.ask(80, (b"GET /chat HTTP/1.1\r\nHost: chat.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
               b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello"))
    s.ask(80, (b"GET /chunks HTTP/1.1\r\nHost: www.example.org\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
    s.ask(80, (b"GET /" + b"long/" * 60 + b" HTTP/1.1\r\nHost: three.example.org\r\n" + agent + b"\r\n", ok), size=150)
    s.ask(80, (b"GET / HTTP/9.9\r\n\r\n", b"HTTP/1.1 2OO OK\r\n\r\n"), (b"GETTING /warm HTTP/1.1\r\n\r\n", b"HTTPS/1.1 200 OK\r\n\r\n"))
    s.ask(80, (b"GET / HTTP/1.1\r\nHost: endless.example.org\r\nX: " + b"y" * 1200, ok))
    s.ask(80, (b"GET /%1b HTTP/1.1\r\nHost: ev\x1b[2Jil.example.org\r\nUser-Agent: \x9b\xff\r\n\r\n", ok))
    write_pcap("http.pcap", s.frames)


def ssh_packet(payload):
    pad = 4 + -(len(payload) + 5 + 4) % 8
    return struct.pack("!IB", len(payload) + 1 + pad, pad) + payload + b"\0" * pad


def ssh():
    s = Scene()
    lists = (b"curve25519-sha256,diffie-hellman-group14-sha256", b"ssh-ed25519", b"aes256-gcm@openssh.com,aes128-ctr", b"aes256-gcm@openssh.com,aes128-ctr",
             b"hmac-sha2-256", b"hmac-sha2-256", b"none,zlib@openssh.com", b"none,zlib@openssh.com", b"", b"")
    kexinit = ssh_packet(b"\x14" + noise("cookie", 16) + b"".join(struct.pack("!I", len(x)) + x for x in lists) + b"\0" * 5)
    start, answer = ssh_packet(b"\x1e\0\0\0\x20" + noise("point", 32)), ssh_packet(b"\x1f" + noise("reply", 400)) + ssh_packet(b"\x15")
    for port, before in ((22, b""), (2222, b"Authorised users of example.org only\r\n")):
        k, t = s.open(port)
        t = k.s(t + 12 * MS, PSH | ACK, before + b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        t = k.ask(t + 1 * MS, b"SSH-2.0-libssh_0.10.5\r\n" + kexinit, kexinit, 10 * MS)
        t = k.ask(t + 1 * MS, start, answer, 10 * MS)
        t = k.ask(t + 1 * MS, ssh_packet(b"\x15") + noise("encrypted", 44), noise("more", 44), 10 * MS)
        k.close(k.ask(t + 1 * MS, noise("shell", 52), noise("screen", 300), 10 * MS), 10 * MS)
    s.ask(22, (b"SSH is what I ask for\r\n", b"SSH-3.0-never\r\n"))
    write_pcap("ssh.pcap", s.frames)


def quic():
    s = Scene()
    a, b = noise("client", 8), noise("server", 20)
    for port, version in ((443, 1), (8443, 0x6B3343CF), (443, 0xFF00001D)):
        s.send(quic_long(0, a, b"", version), port)
        s.send(quic_long(0, b"", b, version, size=140) + quic_long(2, b"", b, version, size=1000) + b"\0" * 40, port, side=1)
        s.send(quic_long(0, b, b"", version, size=60) + quic_long(2, b, b"", version, size=90) + quic_short(b, 60), port, new=False)
        s.send(quic_short(b"", 700), port, side=1)
        s.send(quic_short(b, 44), port, new=False)
    s.send(quic_long(0, a, a, 1), 443)
    s.send(quic_long(3, a, b, 1, token=noise("token", 40)), 443, side=1)
    s.send(quic_long(0, b, a, 1, token=noise("token", 40)) , 443, new=False)
    s.send(quic_long(1, b, a, 1, size=300), 443, new=False)
    s.send(quic_long(0, a, a, 0x1A2A3A4A), 443)
    s.send(b"\x80\0\0\0\0\x08" + a + b"\x08" + a + struct.pack("!III", 1, 0x6B3343CF, 0x1A2A3A4A), 443, side=1)
    s.send(quic_long(0, a, b"", 0x12345678), 443)           # a version nobody knows
    s.send(quic_short(a, 80), 443)                           # nothing came before it
    s.send(quic_long(0, a, b"", 1)[:900], 443)               # a length beyond the datagram
    s.send(b"\xc3\0\0\0\x01\x15" + noise("too long", 60), 443)  # an id of 21 bytes
    write_pcap("quic.pcap", s.frames)


if __name__ == "__main__":
    for part in (dns, dns_tcp, tls, http, ssh, quic):
        part()
