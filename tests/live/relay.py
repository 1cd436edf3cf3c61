"""Real TCP through a cable with faults: what sockeye says on both sides of it, against what the cable did.

tools/relay.c drops, delays, repeats, reorders and corrupts by its seed, and tells
each frame it met. From that the counts are worked out here, by the rules of
docs/verdicts.md and of nothing of the program's, for a capture before the cable
(everything the client sent) and one behind it (what the server got).
"""
import contextlib
import json
import os
import sys

from lab import CLIENT, CLIENT_MAC, SERVER, SERVER_MAC, Failed, check, command, ended, finish, records

PORT = 7300
SEQUENCE = 1 << 32


class Cable:
    """Client and server joined by a relay in a namespace of its own, with a capture at both ends."""

    def __init__(self, lab, *faults, seed=1, offload=False):
        self.lab = lab
        self.truth_file = os.path.join(lab.folder, f"truth{len(lab.processes)}")
        self.middle = lab.client[:-1] + "m"
        with contextlib.suppress(Failed):  # the other end's namespace may have taken it away
            lab.unplug()
        command("ip", "netns", "add", self.middle)
        lab.namespaces.append(self.middle)
        for own, end, mac in ((lab.client, "left", CLIENT_MAC), (lab.server, "right", SERVER_MAC)):
            command("ip", "link", "add", "wire0", "netns", own, "address", mac, "type", "veth", "peer", "name", end, "netns", self.middle)
        lab.inside(self.middle, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        for end in ("left", "right"):
            lab.inside(self.middle, "ip", "link", "set", end, "up")
        for name, own, other, mac in ((lab.client, CLIENT, SERVER, SERVER_MAC), (lab.server, SERVER, CLIENT, CLIENT_MAC)):
            lab.inside(name, "ip", "address", "add", f"{own}/24", "dev", "wire0")
            lab.inside(name, "ip", "link", "set", "wire0", "up")
            lab.inside(name, "ip", "neigh", "replace", other, "lladdr", mac, "dev", "wire0", "nud", "permanent")
            if not offload:
                lab.inside(name, sys.executable, "tests/live/peer.py", "plain", "wire0")
        self.relay = lab.start(self.middle, os.path.join(lab.tools, "relay"), "-a", "left", "-b", "right", "-s", str(seed), "-t", "40",
                               "-o", self.truth_file, *faults)
        said = self.relay.stdout.readline()
        check(said == b"listening\n", "the relay did not start:", self.relay.stderr.read().decode() if not said else said)

    def watch(self, view="connections"):
        """sockeye at both ends."""
        self.eyes = [self.lab.sockeye(view, "-i", "wire0", "-o", "json", "tcp", namespace=n) for n in (self.lab.client, self.lab.server)]

    def done(self, kind="connection"):
        """The records of the client's side, of the server's, and the truth."""
        told = []
        for eye in self.eyes:
            status, out, err = finish(eye)
            check(status == 0 and "\n0 packets dropped by kernel" in "\n" + err, f"exit {status}:", err)
            told.append(records(out, kind))
        return told[0], told[1], self.truth()

    def truth(self):
        status, _, err = finish(self.relay, settle=0.1)
        check(status == 0, f"the relay: exit {status}:", err)
        with open(self.truth_file) as f:
            return Truth([json.loads(line) for line in f])


class Seen:
    """The bytes of one direction, as they come by."""

    def __init__(self, base):
        self.ranges, self.end, self.base = [], None, base
        self.ids = set()
        self.again = self.late = self.duplicates = 0

    def segment(self, frame):
        if frame["id"] in self.ids:
            self.duplicates += 1
            return
        self.ids.add(frame["id"])
        first = (frame["seq"] - self.base) % SEQUENCE
        last = first + frame["data"]
        if any(a < last and first < b for a, b in self.ranges):
            self.again += 1
        elif self.end is not None and first < self.end:
            self.late += 1
        self.end = max(self.end or 0, last)
        self.ranges = merged(self.ranges + [(first, last)])


def merged(ranges):
    out = []
    for a, b in sorted(ranges):
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        else:
            out.append((a, b))
    return out


class Truth:
    def __init__(self, events):
        self.frames = {(e["way"], e["n"]): e for e in events if e["event"] == "in"}
        self.events = events
        self.came = [e for e in events if e["event"] == "in"]
        self.first = {(e["way"], tuple(e["ports"])): e["seq"] + 1 for e in self.came if e.get("flags", 0) & 2}
        self.left = [self.frames[e["way"], e["n"]] for e in events if e["event"] == "out"]
        self.end = events[-1]
        check(self.end["event"] == "end" and not any(self.end[w]["oversize"] or self.end[w]["no_room"] for w in ("ab", "ba")),
              "the relay's sums:", self.end)

    def counts(self, behind):
        """(retransmitted, late, duplicates), each [client, server], before the cable or behind it.

        The client's frames are seen at the client before the cable and at the server behind it; the
        server's the other way round."""
        sides = []
        for way in ("ab", "ba"):
            passed = self.left if behind == (way == "ab") else self.came
            flows = {}
            for frame in passed:
                if frame["way"] == way and frame.get("data"):
                    ports = tuple(frame["ports"])
                    if ports not in flows:
                        flows[ports] = Seen(self.first[way, ports])
                    flows[ports].segment(frame)
            sides.append([sum(getattr(s, what) for s in flows.values()) for what in ("again", "late", "duplicates")])
        return tuple([sides[0][i], sides[1][i]] for i in range(3))

    def data(self, way, *did):
        return sum(1 for f in self.came if f["way"] == way and f.get("data") and (not did or set(did) & set(f["did"])))


def bulk(lab, number, up, down, seconds=30):
    sink = lab.peer(lab.server, "sink", SERVER, PORT, up, down)
    check(sink.stdout.readline() == b"listening\n", "the server did not start")
    status, out, err = ended(lab.peer(lab.client, "calls", SERVER, PORT, number, up, down), seconds)
    check(status == 0 and out == "done\n", f"bulk: exit {status}:", out, err)


def exact(told, key):
    return [sum(r["exact"][key][side] for r in told) for side in (0, 1)]


def agrees(told, truth, behind, where):
    again, late, duplicates = truth.counts(behind)
    for key, wanted in (("late_segments", late), ("lost_bytes", [0, 0]), ("missed_bytes", [0, 0])):
        check(exact(told, key) == wanted, f"{where}: {key} {exact(told, key)}, by the cable's truth {wanted}")
    # A copy that a busy machine delivers more than a millisecond later is no copy any more: a few may be told as sent again.
    for side in (0, 1):
        seen = [exact(told, key)[side] for key in ("retransmitted_segments", "duplicates")]
        check(sum(seen) == again[side] + duplicates[side], f"{where}: sent again and copied {seen}, by the truth {again[side]} and {duplicates[side]}")
        check(0 <= seen[0] - again[side] <= duplicates[side] // 2, f"{where}: sent again {seen[0]}, by the truth {again[side]} and {duplicates[side]} copies")
    return again, late, duplicates


def relay_repeats(lab):
    """the same seed and the same frames: the same faults, and sent = arrived + lost, to the frame"""
    done = []
    for _ in range(2):
        cable = Cable(lab, "--ab", "loss=3%,duplicate=2%,reorder=2%,corrupt=2%,delay=2ms,jitter=1ms", seed=77)
        words = ["-i", "wire0", "-n", "3000", "-r", "20000", "-l", "120", "udp"]
        status, out, err = ended(lab.start(lab.client, os.path.join(lab.tools, "send"), *words))
        check(status == 0, f"send: exit {status}:", err)
        sent = json.loads(out)
        truth = cable.truth()
        check(sent["sent"] == 3000 and sent["dropped"] == 0 and truth.end["ab"]["in"] == 3000, "sent", sent, truth.end)
        wanted = 3000 - truth.end["ab"]["lost"] + truth.end["ab"]["duplicated"]
        check(truth.end["ab"]["out"] == wanted, "left", truth.end["ab"]["out"], "of", wanted)
        order = [f["n"] for f in truth.left]
        check(order != sorted(order) and len(set(order)) == 3000 - truth.end["ab"]["lost"], "nothing was reordered")
        done.append([(f["n"], f["did"]) for f in truth.came])
        lab.inside(cable.middle, "ip", "link", "del", "right")
        command("ip", "netns", "del", cable.middle)
        lab.namespaces.remove(cable.middle)
    check(done[0] == done[1], "two runs differ")
    return f"{sum(1 for _, did in done[0] if did)} of 3000 frames met a fault"


def relay_loss(lab):
    """3 % loss each way: retransmitted and late segments of both sides are the cable's, exactly"""
    cable = Cable(lab, "--both", "loss=3%,delay=4ms", seed=3)
    cable.watch()
    bulk(lab, 4, 300_000, 200_000)
    before, behind, truth = cable.done()
    check(len(before) == len(behind) == 4, f"{len(before)} and {len(behind)} connections of 4")
    again, late, _ = agrees(before, truth, False, "at the client")
    again_behind, late_behind, _ = agrees(behind, truth, True, "at the server")
    lost = [truth.data("ab", "lost"), truth.data("ba", "lost")]
    check(lost[0] > 3 and lost[1] > 3, "too few losses to mean anything:", lost)
    return f"segments lost {lost}; client's side again {again}, late {late}; server's again {again_behind}, late {late_behind}"


def relay_reorder(lab):
    """reordered and duplicated frames: late where they were late, duplicates no retransmissions"""
    cable = Cable(lab, "--both", "reorder=2%,duplicate=2%,delay=3ms,data", seed=9)
    cable.watch()
    bulk(lab, 3, 400_000, 300_000)
    before, behind, truth = cable.done()
    agrees(before, truth, False, "at the client")
    again, late, duplicates = agrees(behind, truth, True, "at the server")
    check(late[0] > 3 and duplicates[0] > 3, "too few to mean anything:", late, duplicates)
    return f"server's side: late {late}, duplicates {duplicates}, again {again}"


def relay_corrupt(lab):
    """a byte flipped on the way: sent again, and told as different content"""
    cable = Cable(lab, "--ab", "corrupt=2%,delay=3ms", seed=5)
    cable.watch()
    bulk(lab, 3, 300_000, 1000)
    before, behind, truth = cable.done()
    agrees(before, truth, False, "at the client")
    agrees(behind, truth, True, "at the server")
    flipped = truth.data("ab", "corrupted")
    conflicts = exact(behind, "conflicting_bytes")
    check(flipped > 3 and exact(before, "conflicting_bytes") == [0, 0], f"{flipped} flipped; before the cable", exact(before, "conflicting_bytes"))
    check(0 < conflicts[0] <= flipped and conflicts[1] == 0, f"conflicting bytes {conflicts} of {flipped} flipped")
    return f"{flipped} segments corrupted, {conflicts[0]} bytes told as different"


def syns_before_ack(truth, port, behind):
    """(SYNs, SYN/ACKs) that one side sees until the handshake's ACK."""
    seen = [0, 0]
    for event in truth.events[:-1]:
        frame = truth.frames[event["way"], event["n"]]
        if event["event"] != ("out" if behind == (event["way"] == "ab") else "in") or port not in frame["ports"]:
            continue
        if frame["flags"] & 2:
            seen[event["way"] == "ba"] += 1
        elif event["way"] == "ab":
            break
    return seen


def relay_handshakes(lab):
    """a SYN lost, then a SYN/ACK lost, 15 ms each way: told from where each side stands"""
    cable = Cable(lab, "--ab", "drop=1,delay=15ms", "--ba", "drop=2,delay=15ms", seed=1)
    cable.watch("handshakes")
    lab.listen(7301, 7302)
    check(lab.connect(SERVER, 7301, 7302, wait=8) == ["ok", "ok"], "no connection")
    before, behind, truth = cable.done("handshake")
    check(len(before) == len(behind) == 2, "handshakes:", before, behind)
    for told, side in ((before, False), (behind, True)):
        for r in told:
            seen = syns_before_ack(truth, r["server"]["port"], side)
            counts = [r["handshake"]["syn_retransmits"] + 1, r["handshake"]["synack_retransmits"] + 1]
            check(counts == seen and r["outcome"] == "complete", f"{'server' if side else 'client'}'s side saw {seen}:", r)
    client, server = before[0]["handshake"], behind[0]["handshake"]
    check((client["syn_retransmits"], server["syn_retransmits"]) == (1, 0), "the lost SYN:", client, server)
    check(truth.end["ab"]["lost"] == truth.end["ba"]["lost"] == 1, "lost:", truth.end)
    check(30_000 <= client["last_syn_to_synack_us"] <= 45_000, "the client's round trip:", client)
    check(30_000 <= server["synack_to_ack_us"] <= 45_000, "the server's round trip:", server)
    return f"round trip {client['last_syn_to_synack_us'] / 1000:.1f} ms by the client's side, {server['synack_to_ack_us'] / 1000:.1f} by the server's"


TESTS = [relay_repeats, relay_loss, relay_reorder, relay_corrupt, relay_handshakes]
