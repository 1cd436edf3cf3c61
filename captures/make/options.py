"""tcp-mptcp.pcap, tcp-options-rare.pcap, tcp-accecn.pcap: TCP options, one segment each unless said.

tcp-mptcp         version 1: MP_CAPABLE in SYN, SYN/ACK, ACK and first data (length, then length and checksum);
                  MP_JOIN in SYN (backup), SYN/ACK, ACK; DSS: ACK of 4, of 8, mapping with sequence of 4, of 8 and
                  checksum, DATA_FIN; ADD_ADDR: IPv4, with port, IPv6 with port, echo; REMOVE_ADDR of two;
                  MP_PRIO; MP_FAIL; MP_FASTCLOSE; MP_TCPRST with each reason; DSS and MP_PRIO in one segment.
                  version 0: MP_CAPABLE with a key in the SYN and both in the ACK; ADD_ADDR; MP_PRIO of an address.
                  Then wrong ones: DSS too short, MP_JOIN of a length that does not exist, subtype 12, no subtype.
tcp-options-rare  echo, echo reply; CC, CC.NEW, CC.ECHO; alternate checksum and its data; partial order; SCPS, SNACK;
                  quick start; user timeout in seconds and in minutes; TCP-AO; MD5; fast open: request, cookies of 4
                  and 16, as experiments 254 and 253; encryption negotiation; experiments SMC, host identifier, one
                  nobody knows; window scale 15; MSS of length 3; MD5 of length 4; kind 200
tcp-accecn        a handshake that agrees on accurate ECN (RFC 9768), data with the ACE counter and both orders of the
                  option with 0, 1, 2 and 3 counters; then SYN/ACKs with every other answer; a classic ECN handshake
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"
AE = 0x100


def frame(t, options, flags=ACK, back=False, payload=b"", port=47000, seq=1000, ack=2000):
    src, dst = (B, A) if back else (A, B)
    sport, dport = (80, port) if back else (port, 80)
    options += NOP * (-len(options) % 4)
    segment = tcp(src, dst, sport, dport, seq, ack if flags & ACK else 0, flags, payload, 502, options)
    return t, ether(ipv4(src, dst, TCP, segment), src=mac_of(src), dst=mac_of(dst))


def option(kind, value=b""):
    return bytes([kind, len(value) + 2]) + value


def mptcp(subtype, low, value=b""):
    return option(30, bytes([subtype << 4 | low]) + value)


def multipath():
    key_a, key_b = noise("key a", 8), noise("key b", 8)
    token, hmac = noise("token", 4), noise("hmac", 20)
    data = struct.pack("!QIH", 0x1122334455667788, 1, 5)
    out = []

    def add(options, flags=ACK, back=False, payload=b"", **more):
        out.append(frame(START + len(out) * MS, options, flags, back, payload, **more))

    add(mptcp(0, 1, b"\x81"), SYN)
    add(mptcp(0, 1, b"\x81" + key_b), SYN | ACK, True)
    add(mptcp(0, 1, b"\x81" + key_a + key_b))
    add(mptcp(0, 1, b"\x81" + key_a + key_b + struct.pack("!H", 5)), payload=b"hello")
    add(mptcp(0, 1, b"\xa1" + key_a + key_b + struct.pack("!HH", 5, 0xABCD)), payload=b"hello")
    add(mptcp(1, 1, b"\x02" + token + noise("random a", 4)), SYN, port=47001)
    add(mptcp(1, 0, b"\x02" + hmac[:8] + noise("random b", 4)), SYN | ACK, True, port=47001)
    add(mptcp(1, 0, b"\x00" + hmac), port=47001)
    add(mptcp(2, 0, b"\x01" + struct.pack("!I", 77)), back=True)
    add(mptcp(2, 0, b"\x03" + struct.pack("!Q", 0x1122334455667700)), back=True)
    add(mptcp(2, 0, b"\x05" + struct.pack("!IIIH", 77, 99, 1, 5)), payload=b"hello")
    add(mptcp(2, 0, b"\x0f" + struct.pack("!Q", 77) + data + b"\xab\xcd"), payload=b"hello")
    add(mptcp(2, 0, b"\x1c" + data))
    add(mptcp(3, 0, b"\x03" + ip("203.0.113.5") + hmac[:8]))
    add(mptcp(3, 0, b"\x03" + ip("203.0.113.5") + struct.pack("!H", 8080) + hmac[:8]))
    add(mptcp(3, 0, b"\x04" + ip("2001:db8::5") + struct.pack("!H", 8080) + hmac[:8]))
    add(mptcp(3, 1, b"\x03" + ip("203.0.113.5")), back=True)
    add(mptcp(4, 0, b"\x03\x04"))
    add(mptcp(5, 1))
    add(mptcp(6, 0, b"\x00" + struct.pack("!Q", 1 << 40)))
    add(mptcp(7, 0, b"\x00" + key_b), RST)
    for reason in range(8):
        add(mptcp(8, reason & 1, bytes([reason])), RST)
    add(mptcp(2, 0, b"\x01" + struct.pack("!I", 78)) + mptcp(5, 0))
    add(mptcp(0, 0, b"\x01" + key_a), SYN, port=47002)
    add(mptcp(0, 0, b"\x01" + key_b), SYN | ACK, True, port=47002)
    add(mptcp(0, 0, b"\x01" + key_a + key_b), port=47002)
    add(mptcp(3, 4, b"\x05" + ip("203.0.113.6")), port=47002)
    add(mptcp(3, 6, b"\x06" + ip("2001:db8::6") + struct.pack("!H", 443)), port=47002)
    add(mptcp(5, 1, b"\x05"), port=47002)
    add(mptcp(2, 0, b"\x07" + struct.pack("!I", 1)), port=47003)
    add(mptcp(1, 0, b"\x02\x01\x02"), port=47003)
    add(mptcp(12, 0, b"\x01\x02\x03"), port=47003)
    add(option(30), port=47003)
    write_pcap("tcp-mptcp.pcap", out)


def rare():
    kinds = (option(6, b"\0\0\0\x05") + option(7, b"\0\0\0\x04"), option(11, b"\0\0\0\x01"), option(12, b"\0\0\0\x02"),
             option(13, b"\0\0\0\x03"), option(14, b"\x02") + option(15, b"\xab\xcd"), option(9) + option(10, b"\x80"),
             option(20, b"\x69\x07"), option(21, b"\0\x01\0\x02"), option(27, b"\x07\x03" + struct.pack("!I", 5 << 2)),
             option(28, struct.pack("!H", 90)), option(28, struct.pack("!H", 0x8000 | 30)),
             option(29, b"\x01\x02" + noise("ao", 12)), option(19, noise("md5", 16)), option(34), option(34, noise("c", 4)),
             option(34, noise("cookie", 16)), option(254, b"\xf9\x89"), option(253, b"\xf9\x89" + noise("cookie", 8)),
             option(69, b"\x01\x21\x22"), option(254, bytes.fromhex("e2d4c3d9")), option(253, b"\x03\x48" + b"\x01\x02\x03\x04"),
             option(253, b"\x99\x99\x01"), opt_wscale(15), option(2, b"\x05"), option(19, b"\x01\x02"), option(200, b"\x01\x02\x03"))
    write_pcap("tcp-options-rare.pcap", [frame(START + i * MS, o, SYN, port=47100 + i) for i, o in enumerate(kinds)])


def accecn():
    out = []

    def add(flags, options=b"", back=False, port=47200, **more):
        out.append(frame(START + len(out) * MS, options, flags, back, port=port, **more))

    def counters(kind, *values):
        return option(kind, b"".join(v.to_bytes(3, "big") for v in values))

    add(SYN | AE | CWR | ECE, opt_mss(1460) + counters(172), seq=999)
    add(SYN | ACK | AE, opt_mss(1460) + counters(172, 1, 0, 1), True, seq=1999, ack=1000)
    add(ACK | CWR, counters(172, 1, 0, 1))
    add(ACK | PSH | AE | ECE, counters(174, 1), payload=b"hello")
    add(ACK | CWR | ECE, counters(174, 1, 1460), True, ack=1005)
    add(ACK | AE | CWR, counters(174, 1, 2920, 0xFFFFFF), True, ack=1005)
    add(ACK | AE | CWR | ECE, option(172, b"\x01\x02"), True, ack=1005)
    for i, flags in enumerate((0, ECE, CWR, CWR | ECE, AE | ECE, AE | CWR, AE | CWR | ECE)):
        add(SYN | AE | CWR | ECE, port=47210 + i, seq=999)
        add(SYN | ACK | flags, b"", True, port=47210 + i, seq=1999, ack=1000)
    add(SYN | CWR | ECE, port=47220, seq=999)
    add(SYN | ACK | ECE, b"", True, port=47220, seq=1999, ack=1000)
    add(ACK, port=47220)
    write_pcap("tcp-accecn.pcap", out)


for part in (multipath, rare, accecn):
    part()
