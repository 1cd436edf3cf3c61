"""handshakes.pcap: a minute in the life of a small office line.

Seen at the office's router (02:00:00:00:00:fe). 192.168.1.0/24 and
2001:db8:1::/64 are inside, the rest is outside. In order of their beginning:

  0.0  DNS www.example.org, answered in 14 ms; then TLS 1.3 to it (12 ms away), FIN both ways
  0.6  HTTP to a printer on the local network, handshake 0.2 ms, FIN both ways
  1.4  SSH to 203.0.113.22 (31 ms): identification, KEXINIT; open to the end
  2.5  DNS AAAA and A over IPv6; TLS over IPv6 (24 ms) with ALPN h2; FIN by the server
  4.0  TLS to a far server: 296 ms
  5.2  a slow server: SYN/ACK after 940 ms, HTTP
  6.0  a slow client: ACK 840 ms after the SYN/ACK
  8.0  SYN lost, again after 1 s, then completes (45 ms); TLS
 10.0  SYN lost twice, 1 s and 2 s, then completes (45 ms); HTTP
 12.0  nobody there: SYN at 0, 1 and 3 s
 13.0  refused: RST after 18 ms, port 5432
 13.5  refused at once by a neighbour, port 8443
 15.0  half open: SYN/ACK at 0.02, 1.02, 3.02 s, never an ACK
 17.0  reset by the client between SYN/ACK and ACK
 18.5  unreachable: ICMP host unreachable from the router of 203.0.113.0/24
 19.5  prohibited over IPv6: ICMPv6 administratively prohibited
 21.0  simultaneous open between two neighbours, port 179 both
 23.0  mid-stream: data of a connection whose handshake was before the capture
 24.5  DNS asked twice, never answered
 26.0  QUIC: Initial, Initial + Handshake back, short headers
 28.0  half closed: the server sends its FIN, the client stays
 30.0  RST abort after the answer
 32.0  tuple used again: closed at 32.4, a new connection on the same ports at 36.0
 38.0  the same within VLAN 42: HTTP to 10.42.0.80
 40.0  within VXLAN 7700 between 198.51.100.201 and .202: PostgreSQL's port, 0.4 ms
 42.0  ICMP echo, three questions, two answers
 44.0  TLS 1.2 that ends in an alert
 46.0  a ClientHello in two segments
 48.0  DNS over TCP: a long TXT answer
 50.0  eight connections of one page to www.example.com, 60 ms apart, 11 to 19 ms
 55.0  NTP asked and answered
 56.0  SYN with ECN bits, 9 ms; HTTP 404
 58.0  the last: SYN, SYN/ACK, ACK, still open
"""
from pcapgen import *

ROUTER = mac("02:00:00:00:00:fe")
OFFICE = "192.168.1.20"
OFFICE6 = "2001:db8:1::20"
RESOLVER, RESOLVER6 = "192.0.2.53", "2001:db8:53::53"

frames = []


def inside(address):
    return address.startswith(("192.168.", "10.42.", "2001:db8:1:"))


def hop(address):
    return mac_of(address) if inside(address) else ROUTER


def link(src, dst, vlans=()):
    return lambda packet, side: ether(packet, src=hop(src if side == 0 else dst), dst=hop(dst if side == 0 else src), vlans=vlans)


def talk(client, server, **more):
    """A conversation on the office's Ethernet."""
    more.setdefault("wrap", link(client[0], server[0]))
    if inside(server[0]):
        more.setdefault("ttl", (64, 64))
    return Conversation(frames, client, server, **more)


def datagram(t, src, dst, sport, dport, payload, ident=0):
    packet = udp_packet(src, dst, sport, dport, payload, ttl=64 if inside(src) else 57, ident=ident)
    frames.append((START + t, ether(packet, src=hop(src), dst=hop(dst))))


def lookup(t, name, addresses, ident, port, wait, v6=False, kind=1):
    """A question and its answer; without addresses only the question."""
    a, b = (OFFICE6, RESOLVER6) if v6 else (OFFICE, RESOLVER)
    datagram(t, a, b, port, 53, dns_query(ident, name, kind, edns=True), ident)
    if addresses:
        records = [dns_record(b"\xc0\x0c", kind, 300, ip(x)) for x in addresses]
        datagram(t + wait, b, a, 53, port, dns_answer(ident, name, kind, records), ident + 1)


def get(host, path="/"):
    return (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n").encode()


def reply(size, status="200 OK", kind="text/html"):
    body = noise("body", size // 2).hex().encode()[:size]
    return (f"HTTP/1.1 {status}\r\nServer: nginx\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n").encode() + body


def tls(k, t, name, rtt, kilobytes=3, version=0x0304, alpn=("h2", "http/1.1"), pad=0):
    """A TLS conversation after the handshake; returns the time of its end."""
    hello = tls_client_hello(name, alpn=alpn, pad=pad, seed=name)
    answer = tls_server_hello(version, seed=name) + CHANGE_CIPHER_SPEC + tls_data(1900, name + "certificate")
    t = k.ask(t + 300 * US, hello, answer, rtt)
    t = k.ask(t + 400 * US, CHANGE_CIPHER_SPEC + tls_data(53, name + "finished") + tls_data(90, name + "get"),
              tls_data(kilobytes * 1024, name + "body"), rtt)
    return t


def at(seconds):
    return START + int(seconds * 1000) * MS


def names_and_pages():
    lookup(0, "www.example.org", ["192.0.2.80"], 0x1A2B, 40101, 14 * MS)
    k = talk((OFFICE, 51000), ("192.0.2.80", 443))
    t = k.handshake(at(0.016), 12 * MS + 140 * US, 210 * US)
    k.close(tls(k, t, "www.example.org", 12 * MS) + 900 * MS, 12 * MS)

    k = talk((OFFICE, 51002), ("192.168.1.9", 80))
    t = k.handshake(at(0.6), 212 * US, 41 * US)
    k.close(k.ask(t + 200 * US, get("printer.example.net", "/status"), reply(420), 3 * MS), 2 * MS)

    k = talk((OFFICE, 51004), ("203.0.113.22", 22))
    t = k.handshake(at(1.4), 31 * MS + 90 * US, 180 * US)
    t = k.s(t + 36 * MS, PSH | ACK, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    k.c(t + 100 * US, ACK)
    t = k.c(t + 900 * US, PSH | ACK, b"SSH-2.0-OpenSSH_9.6\r\n")
    lists = b"".join(struct.pack("!I", len(x)) + x for x in (
        b"curve25519-sha256,ecdh-sha2-nistp256", b"ssh-ed25519,rsa-sha2-512",
        b"chacha20-poly1305@openssh.com,aes256-gcm@openssh.com", b"chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
        b"hmac-sha2-256", b"hmac-sha2-256", b"none", b"none", b"", b""))
    payload = b"\x14" + noise("cookie", 16) + lists + b"\0" * 5
    pad = 4 + -(len(payload) + 5 + 4) % 8
    kexinit = struct.pack("!IB", len(payload) + 1 + pad, pad) + payload + b"\0" * pad
    t = k.ask(t + 1 * MS, kexinit, kexinit, 31 * MS)
    for i in range(6):
        t = k.ask(t + 7000 * MS, noise(f"ssh{i}", 52), noise(f"ssh-{i}", 84), 31 * MS)

    lookup(2500 * MS, "api.example.net", ["2001:db8:80::443"], 0x2211, 40202, 22 * MS, v6=True, kind=28)
    lookup(2500 * MS + 90 * US, "api.example.net", ["198.51.100.43"], 0x2212, 40202, 23 * MS, v6=True)
    k = talk((OFFICE6, 51006), ("2001:db8:80::443", 443), mss=1440, server_mss=1440)
    t = k.handshake(at(2.525), 24 * MS + 310 * US, 190 * US)
    k.close(tls(k, t, "api.example.net", 24 * MS, 6) + 2000 * MS, 24 * MS, first=1)


def slow_ones():
    k = talk((OFFICE, 51008), ("203.0.113.80", 443))
    t = k.handshake(at(4.0), 296 * MS + 700 * US, 230 * US)
    k.close(tls(k, t, "mirror.example.com", 296 * MS, 8) + 500 * MS, 296 * MS)

    k = talk((OFFICE, 51010), ("198.51.100.25", 8080))  # the answer comes before the client's patience ends
    t = k.handshake(at(5.2), 940 * MS + 20 * US, 220 * US)
    k.close(k.ask(t + 300 * US, get("reports.example.org", "/month"), reply(2600), 1400 * MS), 20 * MS)

    k = talk(("192.168.1.31", 49200), ("198.51.100.26", 443))
    t = k.handshake(at(6.0), 15 * MS, 840 * MS)
    k.close(tls(k, t, "shop.example.com", 15 * MS) + 400 * MS, 15 * MS)


def retries():
    k = talk((OFFICE, 51012), ("198.51.100.27", 443))
    k.syn(at(8.0), advance=False)
    t = k.handshake(at(9.0) + 16 * MS, 45 * MS, 200 * US)
    k.close(tls(k, t, "mail.example.com", 45 * MS) + 300 * MS, 45 * MS)

    k = talk((OFFICE, 51014), ("198.51.100.28", 80))
    k.syn(at(10.0), advance=False)
    k.syn(at(11.0) + 8 * MS, advance=False)
    t = k.handshake(at(13.0) + 24 * MS, 45 * MS + 500 * US, 200 * US)
    k.close(k.ask(t + 200 * US, get("news.example.org"), reply(5200), 46 * MS), 45 * MS)

    k = talk((OFFICE, 51016), ("203.0.113.199", 443))
    for seconds in (12.0, 13.008, 15.024):
        k.syn(at(seconds), advance=False)


def failures():
    k = talk((OFFICE, 51018), ("198.51.100.54", 5432))
    k.syn(at(13.0))
    k.s(at(13.0) + 18 * MS, RST | ACK, seq=0)
    k = talk((OFFICE, 51020), ("192.168.1.9", 8443))
    k.syn(at(13.5))
    k.s(at(13.5) + 190 * US, RST | ACK, seq=0)

    k = talk(("203.0.113.66", 33012), ("192.168.1.10", 443), ttl=(49, 64))
    k.syn(at(15.0))
    k.s(at(15.0) + 20 * US, SYN | ACK)
    for seconds in (16.024, 18.04):
        k.again(at(seconds), 1, SYN | ACK)

    k = talk((OFFICE, 51022), ("198.51.100.29", 443))
    k.syn(at(17.0))
    k.s(at(17.0) + 16 * MS, SYN | ACK)
    k.c(at(17.0) + 16 * MS + 90 * US, RST)

    k = talk((OFFICE, 51024), ("203.0.113.200", 25))
    k.syn(at(18.5))
    sent = frames[-1][1][14:]
    error = icmp(3, 1, b"\0" * 4, sent[:28])
    frames.append((at(18.5) + 640 * MS, ether(ipv4("203.0.113.1", OFFICE, ICMP, error, ttl=55, tos=0xC0), src=ROUTER, dst=mac_of(OFFICE))))

    k = talk((OFFICE6, 51026), ("2001:db8:99::25", 25), mss=1440)
    k.syn(at(19.5))
    sent = frames[-1][1][14:]
    error = icmpv6("2001:db8:99::1", OFFICE6, 1, 1, b"\0" * 4, sent)
    frames.append((at(19.5) + 28 * MS, ether(ipv6("2001:db8:99::1", OFFICE6, ICMPV6, error, ttl=57), src=ROUTER, dst=mac_of(OFFICE6))))


def odd_ones():
    k = talk(("192.168.1.2", 179), ("192.168.1.3", 179))
    k.c(at(21.0), SYN)
    k.s(at(21.0) + 110 * US, SYN)
    k.again(at(21.0) + 420 * US, 0, SYN | ACK)
    k.again(at(21.0) + 530 * US, 1, SYN | ACK)
    k.ask(at(21.002), noise("bgp", 29), noise("bgp2", 29), 400 * US)

    k = talk((OFFICE, 50870), ("198.51.100.60", 993))
    for i in range(4):
        t = k.ask(at(23.0 + 4 * i), tls_data(60, f"imap{i}"), tls_data(140, f"imap-{i}"), 21 * MS)

    lookup(24500 * MS, "old.example.net", None, 0x3301, 40303, 0)
    lookup(29505 * MS, "old.example.net", None, 0x3301, 40303, 0)

    quic = ("192.0.2.81", 443)
    a, b = noise("dcid", 8), noise("scid", 8)
    datagram(26000 * MS, OFFICE, quic[0], 52443, 443, quic_long(0, a, b"", size=1200))
    datagram(26013 * MS, quic[0], OFFICE, 443, 52443, quic_long(0, b"", b, size=150, seed="i") + quic_long(2, b"", b, size=1050, seed="h"))
    datagram(26014 * MS, OFFICE, quic[0], 52443, 443, quic_long(0, b, b"", size=1200, seed="a"))
    for i in range(5):
        datagram((26015 + 14 * i) * MS, OFFICE, quic[0], 52443, 443, quic_short(b, 60 + i, f"c{i}"))
        datagram((26027 + 14 * i) * MS, quic[0], OFFICE, 443, 52443, quic_short(b"", 1200, f"s{i}"))

    k = talk((OFFICE, 51028), ("198.51.100.30", 80))
    t = k.handshake(at(28.0), 17 * MS, 200 * US)
    t = k.ask(t + 200 * US, get("stream.example.org", "/events"), reply(900, kind="text/event-stream"), 17 * MS)
    t = k.s(t + 400 * MS, FIN | ACK)
    k.c(t + 40 * MS, ACK)

    k = talk((OFFICE, 51030), ("198.51.100.31", 443))
    t = k.handshake(at(30.0), 13 * MS + 300 * US, 200 * US)
    t = tls(k, t, "ads.example.net", 13 * MS)
    k.c(t + 80 * MS, RST | ACK)

    for start, host in ((32.0, "one.example.org"), (36.0, "two.example.org")):
        k = talk((OFFICE, 51032), ("198.51.100.32", 80))
        t = k.handshake(at(start), 19 * MS, 200 * US)
        k.close(k.ask(t + 200 * US, get(host), reply(700), 19 * MS) + 200 * MS, 19 * MS)


def other_paths():
    k = talk(("10.42.0.7", 40900), ("10.42.0.80", 80), wrap=link("10.42.0.7", "10.42.0.80", ((0x8100, 42),)))
    t = k.handshake(at(38.0), 310 * US, 60 * US)
    k.close(k.ask(t + 100 * US, get("intranet.example.net", "/wiki"), reply(1800), 2 * MS), 400 * US)

    vteps = ("198.51.100.201", "198.51.100.202")

    def within(packet, side):
        inner = ether(packet, src=mac_of(f"pod{side}"), dst=mac_of(f"pod{1 - side}"))
        outer = udp_packet(vteps[side], vteps[1 - side], 50000 + number("entropy" + str(side), 13), 4789, vxlan(7700, inner))
        return ether(outer, src=ROUTER if side else mac_of(vteps[0]), dst=mac_of(vteps[0]) if side else ROUTER)

    k = talk(("10.244.1.15", 43022), ("10.244.2.8", 5432), wrap=within, ttl=(63, 63), mss=1410, server_mss=1410)
    t = k.handshake(at(40.0), 410 * US, 55 * US)
    t = k.ask(t + 90 * US, b"\0\0\0\x08\x04\xd2\x16\x2f", b"N", 300 * US)
    k.close(k.ask(t + 90 * US, noise("startup", 60), noise("auth", 300), 1 * MS), 350 * US)

    for i in range(3):
        rest = struct.pack("!HH", 77, i + 1)
        question = icmp(8, 0, rest, noise("ping", 56))
        frames.append((at(42 + i), ether(ipv4(OFFICE, "192.0.2.1", ICMP, question, ident=900 + i), src=mac_of(OFFICE), dst=ROUTER)))
        if i != 1:
            answer = icmp(0, 0, rest, noise("ping", 56))
            frames.append((at(42 + i) + 8 * MS, ether(ipv4("192.0.2.1", OFFICE, ICMP, answer, ttl=60), src=ROUTER, dst=mac_of(OFFICE))))


def last_ones():
    k = talk((OFFICE, 51034), ("198.51.100.33", 443))
    t = k.handshake(at(44.0), 22 * MS, 200 * US)
    t = k.ask(t + 300 * US, tls_client_hello("legacy.example.com", versions=()), tls_record(21, b"\x02\x28"), 22 * MS)
    k.close(t + 1 * MS, 22 * MS, first=1)

    k = talk((OFFICE, 51036), ("198.51.100.34", 443))
    t = k.handshake(at(46.0), 14 * MS, 200 * US)
    k.close(tls(k, t, "login.example.com", 14 * MS, pad=1500) + 100 * MS, 14 * MS)

    k = talk((OFFICE, 51038), (RESOLVER, 53))
    t = k.handshake(at(48.0), 14 * MS, 150 * US)
    question = dns_query(0x4401, "key._domainkey.example.com", 16)
    text = b"".join(b"\xff" + noise(f"txt{i}", 128).hex().encode()[:255] for i in range(4))
    answer = dns_answer(0x4401, "key._domainkey.example.com", 16, [dns_record(b"\xc0\x0c", 16, 600, text)])
    t = k.ask(t + 100 * US, struct.pack("!H", len(question)) + question, struct.pack("!H", len(answer)) + answer, 14 * MS)
    k.close(t + 1 * MS, 14 * MS)

    lookup(49960 * MS, "www.example.com", ["203.0.113.10"], 0x5501, 40505, 16 * MS)
    for i in range(8):
        k = talk((OFFICE, 51040 + 2 * i), ("203.0.113.10", 443))
        t = k.handshake(at(50.0) + 60 * i * MS, (11 + number(f"jitter{i}", 3)) * MS + number(f"us{i}", 9) * US, (150 + 9 * i) * US)
        k.close(tls(k, t, "www.example.com", 12 * MS, 2 + i) + (300 + 100 * i) * MS, 12 * MS)

    def stamp(t):  # of NTP: seconds since 1900 and a fraction of 32 bits
        return struct.pack("!II", (START + t) // S + 2208988800, ((START + t) % S << 32) // S)

    asked, told = 55000 * MS, 55011 * MS
    ask = struct.pack("!II4s", 0x0A3D, 0x051E, bytes([192, 0, 2, 123])) + stamp(asked - 64 * S) + bytes(16) + stamp(asked)
    tell = struct.pack("!II4s", 0, 0x0010, b"GPS") + stamp(told - 16 * S) + stamp(asked) + stamp(asked + 5 * MS) + stamp(told - 5 * MS)
    datagram(asked, OFFICE, "192.0.2.123", 123, 123, b"\x23\x02\x06\xe8" + ask)
    datagram(told, "192.0.2.123", OFFICE, 123, 123, b"\x24\x01\x06\xe8" + tell)

    k = talk((OFFICE, 51060), ("198.51.100.35", 80))
    k.c(at(56.0), SYN | ECE | CWR)
    k.s(at(56.0) + 9 * MS, SYN | ACK | ECE)
    t = k.c(at(56.0) + 9 * MS + 170 * US, ACK)
    k.close(k.ask(t + 100 * US, get("files.example.org", "/gone.tar.gz"), reply(153, "404 Not Found"), 9 * MS), 9 * MS)

    k = talk((OFFICE, 51062), ("198.51.100.36", 443))
    k.handshake(at(58.0), 26 * MS + 400 * US, 240 * US)


for part in (names_and_pages, slow_ones, retries, failures, odd_ones, other_paths, last_ones):
    part()
write_pcap("handshakes.pcap", frames)
