"""What the truth_*.py scripts are made of: captures of which everything is known.

A case is a function that lets two sides talk. It writes one frame after the
other, and says next to each frame what it is: by Wireshark's rules (the words
that tshark marks it with), by what happened (bytes seen before, bytes that
come late, a copy of a frame, other content in the same place), and by the RFCs
(what a RST, a FIN, a mark means to the connection). From that come two files:
captures/truth-NAME.pcap, and tests/truth/NAME.json, the truth that
tests/truth.py holds against what the program prints and tests/truth_tshark.py
against what tshark says. The program takes no part in it.

    @case("13-rto", row=13, title="...", rule="...", reference="RFC 6298 5")
    def rto(s):
        \"\"\"One sentence for people, then the frames.\"\"\"
        k = s.talk(state="established")                     # both ends, too, unless tcp="..." says otherwise
        k.open()
        k.c("PA", 500)                                      # 500 bytes of the client's stream
        k.c("PA", 500, at=0, after=S, says="retransmission", again=500)
        k.s("A")
        k.s("RA", state="rst_abort")

Bytes come from a stream per side, so what is sent again is the same. `at` is
the place in the stream, 0 its first byte; without it what follows the last.
"""
import json

from pcapgen import *

TRUTH = os.path.join(OUT, "..", "tests", "truth")
CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
CLIENT6, SERVER6 = "2001:db8:1::10", "2001:db8:2::20"
LETTERS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG, "E": ECE, "C": CWR, "N": 0x100}

# word of a packet -> counter of a connection
COUNTERS = {
    "retransmission": "retransmissions", "fast_retransmission": "fast_retransmissions",
    "spurious_retransmission": "spurious_retransmissions", "out_of_order": "out_of_order", "dup_ack": "dup_acks",
    "zero_window": "zero_windows", "zero_window_probe": "zero_window_probes",
    "zero_window_probe_ack": "zero_window_probe_acks", "window_full": "window_full",
    "window_update": "window_updates", "keep_alive": "keep_alives", "keep_alive_ack": "keep_alive_acks",
    "lost_segment": "lost_segments", "acked_unseen": "acked_unseen",
}
# Words of RFC 9293 and its neighbours, docs/states.md; nothing counts them.
STATES = ("simultaneous_open", "split_handshake", "syn_on_established", "synack_after_ack", "half_close",
          "simultaneous_close", "rst_refused", "rst_handshake", "rst_abort", "rst_late", "rst_unacceptable",
          "rst_other_ttl", "challenge_ack", "out_of_window", "paws_old", "one_sided", "fast_open_request",
          "fast_open_cookie", "fast_open_data", "fast_open_accepted", "fast_open_ignored", "ecn", "accecn", "ecn_ce",
          "ecn_echo", "cwr", "mptcp_fastclose")
# Not there unless the case says so.
RARE = ("one_sided", "handshake.split", "handshake.fast_open", "handshake.ecn", "ecn.ce", "ecn.ece", "ecn.cwr",
        "mptcp.connection", "mptcp.subflow", "mptcp.token", "mptcp.version", "mptcp.fastclose", "mptcp.reset_reason")
EXACT = ("retransmitted_segments", "retransmitted_bytes", "late_segments", "late_bytes", "missed_bytes", "lost_bytes",
         "conflicting_bytes", "duplicates")


def flags_of(letters):
    return sum(LETTERS[letter] for letter in letters)


class Talk:
    """One connection: c() and s() write a frame of the client and of the server.

    flags   letters: S, SA, A, PA, FA, R ... (E ECE, C CWR, N AE)
    n       payload: so many bytes of this side's stream, or bytes
    at      place in the stream; else behind what was sent last. SYN is at -1
    ack     how much of the peer's stream is acknowledged; else all that was sent
    after   ns since the frame before
    says    Wireshark's words, separated by blanks
    state   words of STATES: what the frame means to the connection, by the RFCs
    again, late, conflict   so many of its bytes were seen before, come late, differ from those seen before
    where   place in the segment where the conflicting ones begin; else they are its last
    copy    it is a second copy of the frame before
    """

    def __init__(self, scene, port, server_port, isn, wscale, timestamps, truth):
        hosts = (CLIENT6, SERVER6) if scene.v6 else (CLIENT, SERVER)
        self.scene, self.end = scene, ((hosts[0], port), (hosts[1], server_port))
        self.seed = f"truth {scene.name} {port} {len(scene.talks)}"
        self.isn = [number(f"{self.seed} {side}", 30) for side in "cs"] if isn is None else list(isn)
        self.sent = [-1, -1]  # end of each stream so far; -1: no SYN yet
        self.wscale, self.timestamps, self.truth = list(wscale), timestamps, truth
        self.ident, self.echo, self.clock = [0x1000, 0x9000], [0, 0], [700000, 30000]
        self.frames, self.packets, self.bytes, self.fin, self.rst = [], [0, 0], [0, 0], [0, 0], [0, 0]
        self.words = {counter: [0, 0] for counter in COUNTERS.values()}
        self.exact = {key: [0, 0] for key in EXACT}
        self.flags, self.reused, self.unsaid, self.last = [], False, set(), None

    def c(self, flags, n=0, **more):
        return self.send(0, flags, n, **more)

    def s(self, flags, n=0, **more):
        return self.send(1, flags, n, **more)

    def open(self, network_ns=10 * MS, client_ns=100 * US):
        """SYN, SYN/ACK, ACK."""
        self.c("S")
        self.s("SA", after=network_ns)
        self.c("A", after=client_ns)

    def close(self, first=0, network_ns=10 * MS):
        """FIN, FIN/ACK, ACK."""
        self.send(first, "FA")
        self.send(1 - first, "FA", after=network_ns)
        self.send(first, "A")

    def unseen(self, side, n):
        """n bytes go past that the capture does not see."""
        self.sent[side] += n

    def stream(self, side, at, n):
        return noise(f"{self.seed} stream {side}", max(at, 0) + n)[max(at, 0):][:n]

    def options(self, side, bits, sack, extra, stamp):
        out = b""
        if bits & SYN:
            out = opt_mss(1440 if self.scene.v6 else 1460) + opt_sack_ok()
            if self.wscale[side] is not None:
                out += NOP + opt_wscale(self.wscale[side])
        if self.timestamps and not bits & RST:
            value = self.clock[side] + (self.scene.now - START) // MS if stamp is None else stamp
            out += NOP + NOP + opt_ts(value, self.echo[side])
            self.echo[1 - side] = value
        if sack:
            base = self.isn[1 - side] + 1
            out += NOP + NOP + opt_sack(*((base + a, base + b) for a, b in sack))
        return out + extra

    def send(self, side, flags, n=0, at=None, ack=None, after=100 * US, says="", state="", again=0, late=0,
             conflict=0, copy=False, window=None, options=None, extra=b"", sack=(), stamp=None, ttl=None, ident=None,
             seq=None, where=None, **how):
        scene, bits = self.scene, flags_of(flags)
        scene.now += after
        at = (-1 if bits & SYN else max(self.sent[side], 0)) if at is None else at
        data = n if isinstance(n, bytes) else self.stream(side, at + (1 if bits & SYN else 0), n)
        if conflict:  # its last bytes, or those from `where` on
            begin = len(data) - conflict if where is None else where
            end = begin + conflict
            data = data[:begin] + bytes(b ^ 0xFF for b in data[begin:end]) + data[end:]
        seq = self.isn[side] + 1 + at if seq is None else seq
        to = (self.isn[1 - side] + 1 + (max(self.sent[1 - side], 0) if ack is None else ack)) if bits & ACK else 0
        if options is None:
            options = self.options(side, bits, sack, extra, stamp)
        window = (0 if bits & RST else 64240 if bits & SYN else 502) if window is None else window
        (src, sport), (dst, dport) = self.end[side], self.end[1 - side]
        segment = tcp(src, dst, sport, dport, seq, to, bits, data, window, options)
        if ident is None:
            ident = self.ident[side]
            self.ident[side] += 1
        self.sent[side] = max(self.sent[side], at + len(data) + bool(bits & SYN) + bool(bits & FIN))
        ttl = ttl or (64, 57)[side]
        self.last = (side, flags, len(data), segment, ident, ttl)
        scene.put(side, src, dst, segment, ident, ttl, how)
        self.note(side, flags, len(data), says, state, again, late, conflict, copy)
        return scene.now

    def note(self, side, flags, length, says, state, again, late, conflict, copy):
        """The truth about the frame that was written last."""
        bits = flags_of(flags)
        self.frames.append(len(self.scene.frames))
        self.flags.append((bits, length, side, self.scene.now))
        self.packets[side] += 1
        self.bytes[side] += length
        self.fin[side] += bool(bits & FIN)
        self.rst[side] += bool(bits & RST)
        words = says.split()
        for word in words:
            if word == "reused":
                self.reused = True
            else:
                self.words[COUNTERS[word]][side] += 1
        for word in state.split():
            if word not in STATES:
                raise ValueError(f"{word} is no word of STATES")
            words.append(word)
        for word, n, counts in (("retransmitted_segment", again, "retransmitted"), ("late_segment", late, "late")):
            self.exact[counts + "_bytes"][side] += n
            if n and not (word == "late_segment" and again):
                self.exact[counts + "_segments"][side] += 1
                words.append("exact." + word)
        if conflict:
            self.exact["conflicting_bytes"][side] += conflict
            words.append("exact.conflicting")
        if copy:
            self.exact["duplicates"][side] += 1
            words.append("exact.duplicate")
        if words:
            self.scene.words[self.frames[-1]] = sorted(words)

    def copy(self, after=20 * US, says="", of=None, hops=0, known=True, **how):
        """A frame (the last one) once more, as a mirror port or a second interface gives it; hops: routers between;
        known: it can be told from a second transmission."""
        side, flags, length, segment, ident, ttl = of or self.last
        ttl -= hops
        self.scene.now += after
        self.scene.put(side, self.end[side][0], self.end[1 - side][0], segment, ident, ttl, how)
        self.note(side, flags, length, says, "", 0, 0, 0, known)

    def completeness(self):
        """docs/decisions.md 14: what tshark prints with the last packet, which is not added yet."""
        done = 0
        for i, (bits, length, _, _) in enumerate(self.flags[:-1]):
            if i == 0 and bits & (SYN | ACK) != SYN:
                continue
            if bits & SYN:
                done |= 2 if bits & ACK else 1
            if bits & (SYN | ACK) == ACK:
                done |= 8 if length else 4
            done |= 16 if bits & FIN and bits & ACK else 0
            done |= 32 if bits & RST else 0
        return done

    def initial_rtt(self):
        """docs/decisions.md 15, in us: from the last SYN to the first ACK without SYN; None: there is none."""
        syn = None
        for bits, _, _, t in self.flags:
            if bits & (SYN | ACK) == SYN:
                syn = t
            elif bits & (SYN | ACK) == ACK and syn is not None and t > syn:
                return (t - syn) // US
        return None

    def record(self):
        ends = [{"ip": ip_, "port": port} for ip_, port in self.end]
        truth = {"client": ends[0], "server": ends[1], "frames": self.frames, "orientation": "syn",
                 "packets": self.packets, "bytes": self.bytes,
                 "fin": self.fin, "rst": self.rst, "reused": self.reused, **self.words}
        truth.update({"exact." + key: value for key, value in self.exact.items()})
        truth.update(self.truth)
        return {key: value for key, value in truth.items() if key not in self.unsaid}


class Scene:
    """One capture: its frames, its connections and the truth about both."""

    def __init__(self, name, about):
        self.name, self.about, self.now = name, about, START
        self.frames, self.talks, self.words, self.deviations, self.file = [], [], {}, [], {}
        self.snap, self.link, self.suffix, self.build = None, 1, "pcap", None
        self.v6, self.wrap = False, lambda packet, side, src, dst: ether(packet, src, dst)

    def talk(self, port=None, server_port=5001, isn=None, wscale=(7, 7), timestamps=False, zeek=None, complete=True,
             tcp=None, **truth):
        """Keys as PRODUCT.md names them, __ for a dot.

        zeek    conn_state and history
        tcp     how both ends stand behind the last frame, client and server, in the words of RFC 9293 3.3.2;
                "-": never seen, "?": the frames do not tell
        """
        port = 50000 + int(self.about["row"]) if port is None else port
        truth = {key.replace("__", "."): value for key, value in truth.items()}
        truth["handshake.complete"] = complete
        if zeek:
            truth["conn_state"], truth["history"] = zeek.split()
        if tcp is None and truth["state"] == "established":
            tcp = "established established"
        for key, word in zip(("tcp_state.client", "tcp_state.server"), tcp.split()):
            if word != "?":
                truth[key] = None if word == "-" else word
        truth.update({key: truth.get(key) for key in RARE})
        self.talks.append(Talk(self, port, server_port, isn, wscale, timestamps, truth))
        return self.talks[-1]

    def wait(self, ns):
        self.now += ns

    def put(self, side, src, dst, segment, ident, ttl, how):
        """how: tos, and what a case needs besides: fragment (bytes), spoil (of the checksum), interface, kind.

        s.wrap puts a packet into a frame, given its side and both MAC addresses; s.v6: IPv6, without identification.
        """
        if "spoil" in how:
            segment = segment[:16] + how["spoil"](src, dst, segment) + segment[18:]
        tos = how.get("tos", 0)
        macs = (mac_of(self.name + "ab"[side]), mac_of(self.name + "ba"[side]))
        if "fragment" in how:
            cut = how["fragment"]
            first = ipv4(src, dst, TCP, segment[:cut], ttl=ttl, ident=ident, df=False, mf=True)
            self.frames.append((self.now, ether(first, *macs), how))
            segment, part = segment[cut:], {"df": False, "offset": cut}
        else:
            part = {}
        packet = network(src, dst, TCP, segment, ttl=ttl, ident=ident, tos=tos, **part)
        frame = self.wrap(packet, side, *macs) if self.link == 1 else self.cooked(packet, macs[0], how)
        self.frames.append((self.now, frame, how))

    def raw(self, packet):
        """A packet that is none of a connection's, ICMP."""
        self.frames.append((self.now, ether(packet, mac_of("x"), mac_of("y")), {}))

    def cooked(self, packet, address, how):
        """Linux cooked capture 2: protocol, interface, ARPHRD, who it is for, address."""
        return struct.pack("!HHIHBB", 0x0800, 0, how.get("interface", 2), how.get("arphrd", 1), how.get("kind", 0),
                           6) + address + b"\0\0" + packet

    def differs(self, packet, words, reason):
        """tshark 4.0 says these words of a packet instead; the truth keeps its own."""
        self.deviations.append({"packet": packet, "words": sorted(words.split()), "reason": reason})

    def write(self):
        name = f"truth-{self.name}.{self.suffix}"
        if self.build:
            write(name, self.build(self))
        else:
            snap = self.snap or 262144
            write(name, pcap([(t, data[:snap], len(data)) for t, data, _ in self.frames], link=self.link, snaplen=snap))
        record = dict(self.about, capture=name, connections=[talk.record() for talk in self.talks],
                      packets={str(number): words for number, words in sorted(self.words.items())},
                      deviation=self.deviations)
        if self.file:
            record["file"] = self.file
        with open(os.path.join(TRUTH, self.name + ".json"), "w") as f:
            f.write(text_of(record))


def text_of(record):
    """JSON, a key a line, so that a difference is seen."""
    def lines(thing, deep):
        pad = "  " * deep
        if isinstance(thing, dict) and thing and any(isinstance(v, (dict, list)) or deep < 2 for v in thing.values()):
            inner = ",\n".join(f"{pad}  {json.dumps(k)}: {lines(v, deep + 1)}" for k, v in thing.items())
            return "{\n" + inner + "\n" + pad + "}"
        if isinstance(thing, list) and any(isinstance(v, dict) for v in thing):
            return "[\n" + ",\n".join(pad + "  " + lines(v, deep + 1) for v in thing) + "\n" + pad + "]"
        return json.dumps(thing)
    return lines(record, 0) + "\n"


def case(name, row, title, rule, reference):
    """Run the function at once and write its two files. row: of the table of rules."""
    def run(function):
        says, _, listing = function.__doc__.partition("\n\n")
        about = {"row": row, "title": title, "rule": rule, "reference": reference, "says": " ".join(says.split()),
                 "listing": " ".join(listing.split())}
        scene = Scene(name, about)
        function(scene)
        for talk in scene.talks:
            talk.truth.setdefault("completeness", talk.completeness())
            if talk.truth["handshake.complete"] and talk.initial_rtt():
                talk.truth.setdefault("handshake.rtt_us", talk.initial_rtt())
        scene.write()
        return function
    os.makedirs(TRUTH, exist_ok=True)
    return run
