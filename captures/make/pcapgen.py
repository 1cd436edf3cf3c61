"""Frames, checksums and capture files, with the standard library only.

What the scripts beside this file are made of. Everything is deterministic:
the same script gives the same bytes on every machine. Times are nanoseconds
since the epoch, addresses are text, layers are functions from the inside out:

    ether(ipv4("192.0.2.1", "192.0.2.2", UDP, udp(...)))

Promises right lengths and checksums unless a parameter says otherwise.
"""
import hashlib
import ipaddress
import os
import struct

ICMP, IGMP, IPIP, TCP, UDP, IPV6, GRE, ICMPV6 = 1, 2, 4, 6, 17, 41, 47, 58
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128

US, MS, S = 1000, 1000000, 1000000000
START = 1772445600 * S  # 2026-03-02 10:00:00 UTC: when every capture begins

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def noise(seed, n):
    """n bytes that look random and are always the same."""
    out, i = b"", 0
    while len(out) < n:
        out += hashlib.sha256(f"{seed}/{i}".encode()).digest()
        i += 1
    return out[:n]


def number(seed, bits=32):
    return int.from_bytes(noise(seed, 8), "big") % (1 << bits)


# ---- link -----------------------------------------------------------------


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def mac_of(address):
    """A locally administered MAC for an address: the same one every time."""
    return b"\x02\x00" + noise("mac " + address, 4)


def ether(payload, src="02:00:00:00:00:01", dst="02:00:00:00:00:02", kind=None, vlans=()):
    """Ethernet II; vlans: (tpid, tci) from the outside in."""
    src = mac(src) if isinstance(src, str) else src
    dst = mac(dst) if isinstance(dst, str) else dst
    if kind is None:
        kind = ethertype(payload)
    tags = b"".join(struct.pack("!HH", tpid, tci) for tpid, tci in vlans)
    return dst + src + tags + struct.pack("!H", kind) + payload


def ethertype(packet):
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


# ---- network --------------------------------------------------------------


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(address):
    return ipaddress.ip_address(address).packed


def ipv4(src, dst, proto, payload, ttl=64, ident=0, df=True, mf=False, offset=0, options=b"", tos=0,
         total=None):
    """offset in bytes; total: what the length field says, if not the truth."""
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4
    frag = (0x4000 if df else 0) | (0x2000 if mf else 0) | offset // 8
    total = words * 4 + len(payload) if total is None else total
    head = struct.pack("!BBHHHBBH", 0x40 | words, tos, total, ident, frag, ttl, proto, 0) + ip(src) + ip(dst)
    head += options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload, ttl=64, flow=0, tos=0, total=None):
    total = len(payload) if total is None else total
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | flow, total, proto, ttl) + ip(src) + ip(dst) + payload


def network(src, dst, proto, payload, ttl=64, ident=0, **more):
    if ":" in src:
        return ipv6(src, dst, proto, payload, ttl=ttl, **more)
    return ipv4(src, dst, proto, payload, ttl=ttl, ident=ident, **more)


def pseudo(src, dst, proto, length):
    if ":" in src:
        return ip(src) + ip(dst) + struct.pack("!II", length, proto)
    return ip(src) + ip(dst) + struct.pack("!HH", proto, length)


# ---- transport ------------------------------------------------------------


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b"", window=64240, options=b"", urgent=0):
    """src and dst are addresses, for the checksum."""
    options += b"\0" * (-len(options) % 4)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (5 + len(options) // 4) << 4 | flags >> 8, flags & 0xFF, window, 0, urgent) + options
    summed = checksum(pseudo(src, dst, TCP, len(head) + len(payload)) + head + payload)
    return head[:16] + struct.pack("!H", summed) + head[18:] + payload


def udp(src, dst, sport, dport, payload, length=None):
    length = 8 + len(payload) if length is None else length
    head = struct.pack("!HHHH", sport, dport, length, 0)
    summed = checksum(pseudo(src, dst, UDP, 8 + len(payload)) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", summed) + payload


def udp_packet(src, dst, sport, dport, payload, **more):
    return network(src, dst, UDP, udp(src, dst, sport, dport, payload), **more)


def icmp(kind, code, rest, body=b""):
    """rest: the four bytes behind the checksum."""
    data = struct.pack("!BBH", kind, code, 0) + rest + body
    return data[:2] + struct.pack("!H", checksum(data)) + data[4:]


def icmpv6(src, dst, kind, code, rest, body=b""):
    data = struct.pack("!BBH", kind, code, 0) + rest + body
    summed = checksum(pseudo(src, dst, ICMPV6, len(data)) + data)
    return data[:2] + struct.pack("!H", summed) + data[4:]


def opt_mss(n):
    return struct.pack("!BBH", 2, 4, n)


def opt_wscale(n):
    return struct.pack("!BBB", 3, 3, n)


def opt_sack_ok():
    return b"\x04\x02"


def opt_sack(*blocks):
    return struct.pack("!BB", 5, 2 + 8 * len(blocks)) + b"".join(struct.pack("!II", a & 0xFFFFFFFF, b & 0xFFFFFFFF)
                                                                  for a, b in blocks)


def opt_ts(value, echo):
    return struct.pack("!BBII", 8, 10, value & 0xFFFFFFFF, echo & 0xFFFFFFFF)


NOP = b"\x01"


# ---- a TCP connection -----------------------------------------------------


class Conversation:
    """One TCP connection; packets go to `out`, a list of (time, packet bytes).

    c() and s() send from client and server and keep the numbers. Times are
    when the capture sees the packet. Each returns the time of its packet.
    """

    def __init__(self, out, client, server, seed=None, mss=1460, server_mss=1460, wscale=7, timestamps=True,
                 ttl=(64, 57), wrap=lambda packet, side: packet, isn=None):
        self.out, self.end = out, (client, server)
        seed = seed or f"{client}{server}{len(out)}"
        self.next = list(isn) if isn else [number(seed + "c"), number(seed + "s")]
        self.sent, self.ident = [False, False], [number(seed + "i", 16), number(seed + "j", 16)]
        self.mss, self.wscale, self.timestamps, self.ttl = (mss, server_mss), wscale, timestamps, ttl
        self.clock, self.seen, self.wrap = [number(seed + "t", 31), number(seed + "u", 31)], [0, 0], wrap

    def options(self, side, flags, t):
        value = (self.clock[side] + t // MS) & 0xFFFFFFFF
        out = b""
        if flags & SYN:
            out = opt_mss(self.mss[side]) + opt_sack_ok()
            out += opt_ts(value, self.seen[side]) if self.timestamps else NOP + NOP
            if self.wscale is not None:
                out += NOP + opt_wscale(self.wscale)
        elif self.timestamps and not flags & RST:
            out = NOP + NOP + opt_ts(value, self.seen[side])
        self.seen[1 - side] = value
        return out

    def packet(self, t, side, flags, payload=b"", seq=None, ack=None, options=None, window=None, advance=True):
        (src, sport), (dst, dport) = self.end[side], self.end[1 - side]
        at = self.next[side] if seq is None else seq
        to = (self.next[1 - side] if ack is None else ack) if flags & ACK else 0
        opts = self.options(side, flags, t) if options is None else options
        if window is None:
            window = 64240 if flags & SYN else 0 if flags & RST else 502
        segment = tcp(src, dst, sport, dport, at, to, flags, payload, window, opts)
        packet = network(src, dst, TCP, segment, ttl=self.ttl[side], ident=self.ident[side])
        self.ident[side] = (self.ident[side] + 1) & 0xFFFF
        if seq is None and advance:
            step = len(payload) + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
            self.next[side] = (self.next[side] + step) & 0xFFFFFFFF
        self.out.append((t, self.wrap(packet, side)))
        return t

    def c(self, t, flags, payload=b"", **more):
        return self.packet(t, 0, flags, payload, **more)

    def s(self, t, flags, payload=b"", **more):
        return self.packet(t, 1, flags, payload, **more)

    def syn(self, t, **more):
        return self.c(t, SYN, **more)

    def again(self, t, side, flags, payload=b"", **more):
        """Repeat what was sent last: the numbers stay."""
        step = len(payload) + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
        return self.packet(t, side, flags, payload, seq=(self.next[side] - step) & 0xFFFFFFFF, **more)

    def handshake(self, t, network_ns, client_ns=200 * US):
        """SYN, SYN/ACK after network_ns, ACK after client_ns. Returns the ACK's time."""
        self.c(t, SYN)
        self.s(t + network_ns, SYN | ACK)
        return self.c(t + network_ns + client_ns, ACK)

    def ask(self, t, question, answer, wait, size=1400):
        """A question and its answer in segments, both acknowledged. Returns the end's time."""
        for i in range(0, len(question), size):
            t = self.c(t, PSH | ACK, question[i:i + size]) + 20 * US
        t = self.s(t + wait, ACK) + 150 * US
        for i in range(0, len(answer), size):
            t = self.s(t, PSH | ACK, answer[i:i + size]) + 30 * US
        return self.c(t + 80 * US, ACK)

    def close(self, t, wait, first=0):
        """FIN both ways."""
        self.packet(t, first, FIN | ACK)
        self.packet(t + wait, 1 - first, FIN | ACK)
        return self.packet(t + wait + 60 * US, first, ACK)


# ---- applications ---------------------------------------------------------


def dns_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".") if p) + b"\0"


def dns_query(ident, name, kind=1, edns=False, flags=0x0100):
    extra = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0) if edns else b""
    return struct.pack("!6H", ident, flags, 1, 0, 0, 1 if edns else 0) + dns_name(name) + struct.pack("!HH", kind, 1) + extra


def dns_record(name, kind, ttl, data):
    """name: bytes in wire form, e.g. b"\\xc0\\x0c" for the question's."""
    return name + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def dns_answer(ident, name, kind, records, flags=0x8180, authority=(), extra=()):
    return (struct.pack("!6H", ident, flags, 1, len(records), len(authority), len(extra)) + dns_name(name)
            + struct.pack("!HH", kind, 1) + b"".join(records) + b"".join(authority) + b"".join(extra))


def tls_record(kind, body, version=0x0303):
    return struct.pack("!BHH", kind, version, len(body)) + body


def tls_extension(kind, body):
    return struct.pack("!HH", kind, len(body)) + body


def tls_client_hello(name=None, alpn=("h2", "http/1.1"), versions=(0x0304, 0x0303), pad=0, seed="hello", record=True, share=0):
    """A ClientHello as a browser sends it; pad: bytes of padding extension; share: bytes of a key share before the name."""
    ciphers = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009C, 0x009D, 0x002F)
    ext = tls_extension(51, struct.pack("!HHH", share + 4, 0x11EC, share) + noise(seed + "post-quantum", share)) if share else b""
    if name:
        host = name.encode()
        ext += tls_extension(0, struct.pack("!HBH", len(host) + 3, 0, len(host)) + host)
    ext += tls_extension(23, b"") + tls_extension(0xFF01, b"\0")
    ext += tls_extension(10, struct.pack("!HHHH", 6, 0x001D, 0x0017, 0x0018)) + tls_extension(11, b"\x01\x00")
    if alpn:
        names = b"".join(bytes([len(a)]) + a.encode() for a in alpn)
        ext += tls_extension(16, struct.pack("!H", len(names)) + names)
    ext += tls_extension(13, struct.pack("!HHHHH", 8, 0x0403, 0x0804, 0x0401, 0x0503))
    if versions:
        ext += tls_extension(43, bytes([2 * len(versions)]) + b"".join(struct.pack("!H", v) for v in versions))
        ext += tls_extension(45, b"\x01\x01")
        if not share:
            ext += tls_extension(51, struct.pack("!HHH", 36, 0x001D, 32) + noise(seed + "share", 32))
    if pad:
        ext += tls_extension(21, b"\0" * pad)
    body = struct.pack("!H", 0x0303) + noise(seed + "random", 32) + b"\x20" + noise(seed + "session", 32)
    body += struct.pack("!H", 2 * len(ciphers)) + b"".join(struct.pack("!H", c) for c in ciphers) + b"\x01\x00"
    body += struct.pack("!H", len(ext)) + ext
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    return tls_record(22, hello, 0x0301) if record else hello


def tls_server_hello(version=0x0304, cipher=0x1301, seed="server"):
    ext = b""
    if version == 0x0304:
        ext = tls_extension(43, struct.pack("!H", version))
        ext += tls_extension(51, struct.pack("!HH", 0x001D, 32) + noise(seed + "share", 32))
    else:
        ext = tls_extension(0xFF01, b"\0")
    body = struct.pack("!H", min(version, 0x0303)) + noise(seed + "random", 32) + b"\x20" + noise(seed + "session", 32)
    body += struct.pack("!HB", cipher, 0) + struct.pack("!H", len(ext)) + ext
    return tls_record(22, b"\x02" + len(body).to_bytes(3, "big") + body)


def tls_data(n, seed="data"):
    return tls_record(23, noise(seed, n))


CHANGE_CIPHER_SPEC = tls_record(20, b"\x01")


def varint(n):
    if n < 64:
        return bytes([n])
    if n < 16384:
        return struct.pack("!H", 0x4000 | n)
    return struct.pack("!I", 0x80000000 | n)


def quic_long(kind, dcid, scid, version=1, size=1200, token=b"", seed="quic"):
    """A long header with what looks like protected bytes; kind as version 1 counts them."""
    bits = (kind + 1) & 3 if version == 0x6B3343CF else kind
    head = bytes([0xC0 | bits << 4 | 1]) + struct.pack("!I", version) + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid
    if kind == 3:
        return head + token + noise(seed + "tag", 16)
    if kind == 0:
        head += varint(len(token)) + token
    rest = size - len(head) - 2
    return head + struct.pack("!H", 0x4000 | rest) + noise(seed, rest)


def quic_short(dcid, size, seed="short"):
    return bytes([0x41]) + dcid + noise(seed, size - 1 - len(dcid))


# ---- tunnels --------------------------------------------------------------


def vxlan(vni, frame):
    return struct.pack("!II", 0x08000000, vni << 8) + frame


def gre(proto, payload, key=None, seq=None, version=0):
    flags = (0x2000 if key is not None else 0) | (0x1000 if seq is not None else 0) | version
    out = struct.pack("!HH", flags, proto)
    out += struct.pack("!I", key) if key is not None else b""
    out += struct.pack("!I", seq) if seq is not None else b""
    return out + payload


# ---- files ----------------------------------------------------------------


def in_order(frames):
    """By time; what has the same time keeps its place."""
    return sorted(frames, key=lambda f: f[0])


def pcap(frames, link=1, order="<", nano=False, snaplen=262144, magic=None):
    """frames: (time, bytes) or (time, bytes, length on the wire)."""
    magic = magic or (0xA1B23C4D if nano else 0xA1B2C3D4)
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    for frame in frames:
        t, data, wire = frame if len(frame) == 3 else (*frame, len(frame[1]))
        kept = data[:snaplen]
        out += struct.pack(order + "IIII", t // S, t % S // (1 if nano else 1000), len(kept), wire) + kept
    return out


class Pcapng:
    """A pcapng file under construction: one call, one block."""

    def __init__(self, order="<"):
        self.order, self.out = order, b""

    def option(self, code, value):
        value = value.encode() if isinstance(value, str) else value
        return struct.pack(self.order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)

    def options(self, pairs):
        if not pairs:
            return b""
        return b"".join(self.option(c, v) for c, v in pairs) + struct.pack(self.order + "HH", 0, 0)

    def block(self, kind, body):
        body += b"\0" * (-len(body) % 4)
        size = struct.pack(self.order + "I", len(body) + 12)
        self.out += struct.pack(self.order + "I", kind) + size + body + size
        return self

    def section(self, options=(), length=-1):
        return self.block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, length) + self.options(options))

    def interface(self, link=1, snaplen=262144, options=()):
        return self.block(1, struct.pack(self.order + "HHI", link, 0, snaplen) + self.options(options))

    def packet(self, interface, ticks, data, wire=None, options=()):
        """ticks: time in the interface's own unit."""
        wire = len(data) if wire is None else wire
        head = struct.pack(self.order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
        return self.block(6, head + data + b"\0" * (-len(data) % 4) + self.options(options))

    def simple(self, data, wire=None):
        return self.block(3, struct.pack(self.order + "I", len(data) if wire is None else wire) + data)

    def obsolete(self, interface, ticks, data, wire=None, drops=0):
        wire = len(data) if wire is None else wire
        head = struct.pack(self.order + "HHIIII", interface, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
        return self.block(2, head + data)

    def names(self, pairs):
        body = b""
        for address, name in pairs:
            value = ip(address) + name.encode() + b"\0"
            body += struct.pack(self.order + "HH", 2 if ":" in address else 1, len(value)) + value + b"\0" * (-len(value) % 4)
        return self.block(4, body + struct.pack(self.order + "HH", 0, 0))

    def statistics(self, interface, ticks, received, dropped):
        pairs = ((4, struct.pack(self.order + "Q", received)), (5, struct.pack(self.order + "Q", dropped)))
        return self.block(5, struct.pack(self.order + "III", interface, ticks >> 32, ticks & 0xFFFFFFFF) + self.options(pairs))

    def custom(self, enterprise, data, copy=True):
        return self.block(0xBAD if copy else 0x40000BAD, struct.pack(self.order + "I", enterprise) + data)


def write(name, data):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)


def write_pcap(name, frames, **more):
    write(name, pcap(in_order(frames), **more))
