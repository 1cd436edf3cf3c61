"""sctp.pcap, udplite.pcap, igmp.pcap: what IP carries besides TCP, UDP and ICMP.

sctp     an association: INIT with two addresses, extensions and AUTH's parameters, INIT ACK with a cookie, COOKIE ECHO
         with DATA behind it, COOKIE ACK with SACK; DATA begin and end, unordered, two in a packet; SACK with gaps and
         duplicates; HEARTBEAT and its ACK; AUTH before ASCONF (add, delete, primary), ASCONF ACK; RE-CONFIG (outgoing,
         response, add streams), FORWARD TSN; ECNE, CWR; PAD; ERROR; SHUTDOWN, SHUTDOWN ACK, SHUTDOWN COMPLETE. Over IPv6:
         I-DATA first and later fragment, I-FORWARD TSN, ABORT with a cause. Then ABORT of a stranger (T), a chunk of a type
         nobody knows, and wrong ones: chunk length 2, beyond the packet, a SACK that promises too much, a parameter
         of length 3, 20 bytes of an INIT in a frame cut by the capture
udplite  a question and an answer with DNS inside, whole coverage; coverage 8, 0 and 20 of 40; IPv6; wrong coverage 5 and 100
igmp     version 1: query, report; version 2: general and group query, report, leave; version 3: general query, a query
         with sources and a folded time, a report with records of all six kinds, one with auxiliary data; DVMRP;
         a report that promises more records than it has
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"
A6, B6 = "2001:db8::10", "2001:db8::20"
SCTP, UDPLITE = 132, 136


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return ~crc & 0xFFFFFFFF


class Frames:
    def __init__(self):
        self.out = []

    def add(self, packet, src, dst, kept=None):
        data = ether(packet, src=mac_of(src), dst=mac_of(dst))
        self.out.append((START + len(self.out) * 10 * MS, data[:kept], len(data)))


def tlv(kind, value=b"", length=None):
    """A parameter or a cause with its padding."""
    length = 4 + len(value) if length is None else length
    return struct.pack("!HH", kind, length) + value + b"\0" * (-len(value) % 4)


def chunk(kind, value=b"", flags=0, length=None):
    length = 4 + len(value) if length is None else length
    return struct.pack("!BBH", kind, flags, length) + value + b"\0" * (-len(value) % 4)


def data(tsn, stream, number_, payload, flags=3, protocol=46):
    return chunk(0, struct.pack("!IHHI", tsn, stream, number_, protocol) + payload, flags)


def sctp():
    f = Frames()
    tags = (0x11112222, 0x33334444)  # what the client, and what the server, wants to see

    def add(*chunks, back=False, tag=None, v6=False, port=38412, kept=None):
        src, dst = (A6, B6) if v6 else (A, B)
        ports = (36412, port)
        if back:
            src, dst, ports = dst, src, ports[::-1]
        tag = tags[0 if back else 1] if tag is None else tag
        head = struct.pack("!HHI", *ports, tag)
        body = b"".join(chunks)
        summed = struct.pack("<I", crc32c(head + bytes(4) + body))
        f.add(network(src, dst, SCTP, head + summed + body), src, dst, kept)

    def init(kind, tag, tsn, more):
        return chunk(kind, struct.pack("!IIHHI", tag, 106496, 10, 5, tsn) + more)

    addresses = tlv(5, ip(A)) + tlv(5, ip("192.0.2.11")) + tlv(6, ip(A6)) + tlv(12, struct.pack("!HH", 5, 6))
    auth = tlv(0x8002, noise("random", 32)) + tlv(0x8003, b"\xc1\x80") + tlv(0x8004, struct.pack("!HH", 3, 1))
    add(init(1, tags[0], 1000, addresses + tlv(0x8000) + tlv(0x8008, b"\x80\x82\xc0\xc1\x0f") + tlv(0xC000) + tlv(9, struct.pack("!I", 5000)) + auth), tag=0)
    add(init(2, tags[1], 9000, tlv(7, noise("cookie", 40)) + tlv(0x8000) + tlv(11, b"sctp.example.org\0")), back=True)
    add(chunk(10, noise("cookie", 40)), data(1000, 0, 0, noise("m", 20)))
    add(chunk(11), chunk(3, struct.pack("!IIHH", 1000, 106496, 0, 0)), back=True)
    add(data(1001, 1, 0, b"half a mes", 2), data(1002, 1, 0, b"sage", 1))
    add(data(1004, 2, 0, b"unordered, at once", 0xF, 51))
    add(chunk(3, struct.pack("!IIHHHHI", 1002, 100000, 1, 1, 2, 2, 1001)), back=True)
    add(chunk(4, tlv(1, noise("beat", 12))))
    add(chunk(5, tlv(1, noise("beat", 12))), back=True)
    add(chunk(15, struct.pack("!HH", 0, 3) + noise("hmac", 32)),
        chunk(0xC1, struct.pack("!I", 1000) + tlv(5, ip(A)) + tlv(0xC001, struct.pack("!I", 1) + tlv(6, ip("2001:db8::11")))
              + tlv(0xC002, struct.pack("!I", 2) + tlv(5, ip("192.0.2.11"))) + tlv(0xC004, struct.pack("!I", 3) + tlv(5, ip(A)))))
    add(chunk(0x80, struct.pack("!I", 1000) + tlv(0xC005, struct.pack("!I", 1)) + tlv(0xC003, struct.pack("!I", 2) + tlv(160))), back=True)
    add(chunk(130, tlv(13, struct.pack("!IIIHH", 1000, 8999, 1004, 1, 2))))
    add(chunk(130, tlv(16, struct.pack("!II", 1000, 1))), back=True)
    add(chunk(130, tlv(17, struct.pack("!IHH", 1001, 4, 0))))
    add(chunk(130, tlv(16, struct.pack("!IIII", 1001, 1, 9001, 1005))), back=True)
    add(chunk(0xC0, struct.pack("!IHHHH", 1006, 1, 7, 2, 8)))
    add(chunk(12, struct.pack("!I", 1004)), back=True)
    add(chunk(13, struct.pack("!I", 1004)), chunk(132, bytes(16)))
    add(chunk(9, tlv(1, struct.pack("!HH", 77, 0))), back=True)
    add(chunk(7, struct.pack("!I", 9000)))
    add(chunk(8), back=True)
    add(chunk(14))
    add(chunk(64, struct.pack("!IHHII", 1, 3, 0, 5, 53) + b"first", 2), v6=True, port=5000)
    add(chunk(64, struct.pack("!IHHII", 2, 3, 0, 5, 1) + b"second", 1), v6=True, port=5000)
    add(chunk(0xC2, struct.pack("!IHHIHHI", 9, 3, 1, 6, 4, 0, 7)), v6=True, port=5000)
    add(chunk(6, tlv(12, b"good bye")), v6=True, port=5000)
    add(chunk(6, flags=1), back=True, port=9)
    add(chunk(0xFE, b"\x01\x02\x03"))
    add(chunk(3, b"", length=2))
    add(data(1010, 0, 0, b"fine"), chunk(0, bytes(20), 3, length=200))
    add(chunk(3, struct.pack("!IIHH", 1002, 100000, 500, 2)), back=True)
    add(init(1, tags[0], 1000, struct.pack("!HH", 5, 3)), tag=0)
    add(init(1, tags[0], 1000, addresses), tag=0, kept=14 + 20 + 12 + 20)
    write_pcap("sctp.pcap", f.out)


def udplite():
    f = Frames()

    def add(src, dst, sport, dport, payload, coverage):
        head = struct.pack("!HHHH", sport, dport, coverage, 0)
        whole = head + payload
        part = whole[:coverage or len(whole)]
        summed = checksum(pseudo(src, dst, UDPLITE, len(whole)) + part) or 0xFFFF
        f.add(network(src, dst, UDPLITE, head[:6] + struct.pack("!H", summed) + payload), src, dst)

    query = dns_query(7, "www.example.org")
    answer = dns_answer(7, "www.example.org", 1, [dns_record(b"\xc0\x0c", 1, 300, ip("192.0.2.80"))])
    add(A, B, 49000, 53, query, 8 + len(query))
    add(B, A, 53, 49000, answer, 8 + len(answer))
    for port, coverage in ((49001, 8), (49002, 0), (49003, 20)):
        add(A, B, port, 5004, noise("voice", 32), coverage)
    add(A6, B6, 49004, 5004, noise("voice", 32), 12)
    for port, coverage in ((49005, 5), (49006, 100)):
        add(A, B, port, 5004, noise("voice", 32), coverage)
    write_pcap("udplite.pcap", f.out)


def igmp():
    f = Frames()

    def add(kind, time, rest, dst, src=A):
        message = struct.pack("!BBH", kind, time, 0) + rest
        message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        f.add(ipv4(src, dst, IGMP, message, ttl=1, options=b"\x94\x04\0\0", df=False), src, dst)

    def record(kind, group, sources=(), extra=b""):
        return struct.pack("!BBH", kind, len(extra) // 4, len(sources)) + ip(group) + b"".join(ip(s) for s in sources) + extra

    add(0x11, 0, ip("0.0.0.0"), "224.0.0.1", B)
    add(0x12, 0, ip("239.1.2.3"), "239.1.2.3")
    add(0x11, 100, ip("0.0.0.0"), "224.0.0.1", B)
    add(0x11, 10, ip("239.1.2.3"), "239.1.2.3", B)
    add(0x16, 0, ip("239.1.2.3"), "239.1.2.3")
    add(0x17, 0, ip("239.1.2.3"), "224.0.0.2")
    add(0x11, 100, ip("0.0.0.0") + b"\x02\x7d\0\0", "224.0.0.1", B)
    add(0x11, 0x8A, ip("232.1.2.3") + b"\x0a\x9f\0\x02" + ip("192.0.2.80") + ip("192.0.2.81"), "232.1.2.3", B)
    records = [record(k, f"239.1.2.{k}", ("192.0.2.80", "192.0.2.81")[:k % 3]) for k in range(1, 7)]
    add(0x22, 0, struct.pack("!HH", 0, 6) + b"".join(records), "224.0.0.22")
    add(0x22, 0, struct.pack("!HH", 0, 1) + record(4, "239.9.9.9", (), b"auxiliary..."), "224.0.0.22")
    add(0x13, 1, bytes(4), "224.0.0.4", B)
    add(0x22, 0, struct.pack("!HH", 0, 9) + record(2, "239.9.9.9"), "224.0.0.22")
    write_pcap("igmp.pcap", f.out)


for part in (sctp, udplite, igmp):
    part()
