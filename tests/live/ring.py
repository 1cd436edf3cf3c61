"""Both ways to capture, the kernel's ring and libpcap: the same packets, nothing lost unsaid, and what happens to
interfaces and to this process is told."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from lab import TOP, check, command, ended, finish, listening, records, total, wait_for

sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "captures" / "make"))
from pcapgen import MS, START, ether, pcap  # noqa: E402

BACKENDS = ("native", "libpcap")


def eyes(lab, *words, namespace=None, view="packets", interface="wire0", backends=BACKENDS, options=(), **more):
    """A sockeye for each back end on the same interface."""
    return {b: lab.sockeye(view, "-n", "-o", "json", "--backend", b, "-i", interface, *options, *words,
                           namespace=namespace or lab.server, **more) for b in backends}


def send(lab, frames):
    path = os.path.join(lab.folder, "frames.pcap")
    pathlib.Path(path).write_bytes(pcap(frames, nano=True))
    status, _, err = ended(lab.peer(lab.client, "frames", path), 20)
    check(status == 0, "sending:", err)


def captured(name, process, number=None, **more):
    """What it printed; exit 0, nothing dropped, and so many packets if that is said."""
    status, out, err = finish(process, **more)
    check(status == 0, f"{name}: exit {status}:", err)
    check(total(err, "packets dropped by kernel") == 0, f"{name}: dropped:", err)
    if number is not None:
        check(total(err, "packets captured") == number, f"{name}: not {number} packets:", err)
    return out, err


def without(line, *keys):
    for key in keys:
        line = re.sub(rf'"{key}":[^,}}]*,?', "", line)
    return line


def tagged(tags, inner, address="192.0.2.1"):
    """A frame behind VLAN tags (type, id), an IPv4 datagram inside."""
    udp = bytes.fromhex("1388138900140000") + b"hello sailor"
    ip = bytes.fromhex("4500002800010000401100000a4d0001") + bytes(int(x) for x in address.split("."))
    chain = b"".join(t.to_bytes(2, "big") + v.to_bytes(2, "big") for t, v in tags)
    return bytes.fromhex("020000770002020000770001") + chain + inner.to_bytes(2, "big") + ip + udp


def both_back_ends_agree(lab):
    """one capture in the cable gives the same records by the ring and by libpcap, on the interface and on any"""
    def capture(*names):
        out = []
        for name in names:
            data = (TOP / "captures" / f"{name}.pcap").read_bytes()
            at = 24
            while at < len(data):
                kept = int.from_bytes(data[at + 8:at + 12], "little")
                out.append((START + len(out) * 2 * MS, data[at + 16:at + 16 + kept]))
                at += 16 + kept
        return out

    frames = capture("link-qinq", "link-vlan", "tcp-options", "dns", "arp")
    running = eyes(lab, options=("-v",))
    send(lab, frames)
    told = {b: captured(b, p, len(frames))[0].splitlines() for b, p in running.items()}
    for a, b in zip(told["native"], told["libpcap"]):
        check(without(a, "time") == without(b, "time"), f"native\n{a}\nlibpcap\n{b}")
    # Of two tags newer kernels give cooked sockets the type behind both and the bytes behind one.
    frames = capture("link-vlan", "tcp-options", "dns", "arp")
    running = eyes(lab, interface="any")
    send(lab, frames)
    told = {b: captured(f"{b} any", p, len(frames))[0].splitlines() for b, p in running.items()}
    for a, b in zip(told["native"], told["libpcap"]):
        # libpcap's "any" is cooked: its header has another length, and no address to tell without IP.
        if '"source":{"mac"' not in a:
            a, b = (without(x, "time", "length", "captured") for x in (a, b))
            check(a == b, f"any: native\n{a}\nlibpcap\n{b}")
    return f"{len(frames)} packets"


def vlan_filters(lab):
    """vlan filters see the tags that the kernel takes off; so do filters on what is inside, as with libpcap"""
    frames = [(START + i * 20 * MS, f) for i, f in enumerate((
        tagged([], 0x800), tagged([(0x8100, 100)], 0x800), tagged([(0x8100, 200)], 0x800), tagged([(0x88a8, 100), (0x8100, 7)], 0x800),
        tagged([(0x8100, 100)], 0x800, "192.0.2.9")))]
    wanted = {"vlan 100": 3, "vlan 100 and vlan 7": 1, "vlan 100 and dst host 192.0.2.9": 1, "udp port 5001": 4}
    found = {}
    running = {w: eyes(lab, w) for w in wanted}
    send(lab, frames)
    for w, pair in running.items():
        found[w] = [total(captured(f"{b} {w}", p, settle=0.1)[1], "packets captured") for b, p in pair.items()]
    check(all(a == b for a, b in found.values()), "native and libpcap differ:", found)
    check({w: n for w, (n, _) in found.items()} == wanted, "packets", found, "not", wanted)
    # Whatever libpcap makes of words with and without tags, joined by "or": the same packets.
    odd = ("udp or vlan 999", "udp and vlan 100", "ether[12:2]=0x8100 or udp", "ip broadcast or vlan 200", "not vlan", "vlan and not vlan 100")
    running = {w: eyes(lab, w) for w in odd}
    send(lab, frames)
    for w, pair in running.items():
        a, b = (total(captured(f"{b} {w}", p, settle=0.1)[1], "packets captured") for b, p in pair.items())
        check(a == b, f"{w}: native {a}, libpcap {b}")


def raw_interfaces(lab):
    """tun0 has no link header: raw IP, the same by both back ends; on any a filter fits each kind of interface"""
    device = lab.peer(lab.client, "tun", 5, stdin=subprocess.PIPE)
    check(device.stdout.readline() == b"ready\n", "no tun0:")
    one = eyes(lab, "udp", "port", "5001", namespace=lab.client, interface="tun0")
    every = eyes(lab, "udp", "port", "5001", namespace=lab.client, interface="any")
    hosts = eyes(lab, "udp port 5001 and ether host 02:00:00:77:00:01", namespace=lab.client, interface="any", backends=("native",))
    device.stdin.write(b"\n")
    device.stdin.flush()
    check(device.stdout.readline() == b"sent\n", "nothing sent into tun0")
    status, _, err = ended(lab.peer(lab.client, "burst", 3, 74))
    check(status == 0, "sending:", err)
    told = {b: captured(b, p, 5)[0].splitlines() for b, p in one.items()}
    check([without(x, "time") for x in told["native"]] == [without(x, "time") for x in told["libpcap"]], "differ:", told)
    for b, p in every.items():
        names = [r["interface"] for r in records(captured(f"{b} any", p, 8)[0], "packet")]
        check(names == ["tun0"] * 5 + ["wire0"] * 3, f"{b}: interfaces {names}")
    # What the words do not fit is counted and said once.
    _, err = captured("ether host", hosts["native"], 3)
    check(err.count("does not fit link type 101") == 1, "nothing said of tun0:", err)


def directions(lab):
    """-Q in and out, and lo once on any, by both back ends"""
    told = {}
    for way in ("in", "out", "inout"):
        told[way] = eyes(lab, "udp", namespace=lab.client, options=("-Q", way))
    every = eyes(lab, "udp", "port", "5300", namespace=lab.client, interface="any")
    lab.peer(lab.client, "burst", 3, 74).wait(10)
    command("ip", "netns", "exec", lab.server, sys.executable, "-c",
            "import socket; [socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.77.0.1', 9)) for _ in range(2)]")
    lab.peer(lab.client, "datagrams", "127.0.0.1", 5300, 4).wait(10)
    for way, number in (("in", 2), ("out", 3), ("inout", 5)):
        for b, p in told[way].items():
            captured(f"{b} -Q {way}", p, number, settle=0.1)
    for b, p in every.items():
        captured(f"{b} any", p, 4, settle=0.1)


def large_frames(lab):
    """segments of up to 64 KB, as they are before a card cuts them: whole, by both back ends"""
    running = eyes(lab, namespace=lab.client, interface="lo", options=("-s", "0"))
    status, _, err = ended(lab.peer(lab.client, "bulk", "127.0.0.1", 7100, 8 << 20), 20)
    check(status == 0, "sending:", err)
    largest = []
    for b, p in running.items():
        packets = records(captured(b, p)[0], "packet")
        largest.append(max(r["length"] for r in packets))
        check(all(r["captured"] == r["length"] for r in packets), f"{b}: cut")
        payload = sum(int(re.search(r"length (\d+)", r["info"]).group(1)) for r in packets if r["source"]["port"] != 7100)
        check(8 << 20 <= payload < 9 << 20, f"{b}: {payload} bytes of payload")
    check(min(largest) > 60000, "largest frames:", largest)
    return f"{largest[0]} bytes"


def nothing_left_behind(lab):
    """a signal right behind the last packet: what came in was captured, by both back ends"""
    for b in BACKENDS:
        p = eyes(lab, "udp", backends=(b,))[b]
        status, _, err = ended(lab.peer(lab.client, "burst", 3000, 100), 20)
        check(status == 0, "sending:", err)
        captured(b, p, 3000, settle=0)


def notes(err):
    return [line.removeprefix("sockeye: ") for line in err.splitlines() if line.startswith("sockeye: ")]


def link_changes(lab):
    """an interface goes down, comes back, is renamed, gets another MTU, vanishes: told within a second, exit 3 at the end"""
    quiet = {"stdout": subprocess.DEVNULL}
    running = eyes(lab, view="connections", **quiet)
    every = eyes(lab, view="connections", interface="any", backends=("native",), **quiet)

    def link(*words):
        lab.inside(lab.server, "ip", "link", *words)

    link("set", "wire0", "down")
    time.sleep(0.5)
    link("set", "wire0", "up")
    lab.peer(lab.client, "burst", 1, 100).wait(10)
    link("set", "wire0", "mtu", "9000")
    link("set", "wire0", "down")
    link("set", "wire0", "name", "lan0")
    link("set", "lan0", "up")
    time.sleep(0.3)
    link("del", "lan0")
    link("add", "wire0", "type", "veth", "peer", "name", "wire1")
    seconds = []
    for b, p in running.items():
        status, _, err = ended(p)
        said = notes(err)
        check(status == 3, f"{b}: exit {status}:", err)
        check(said[0] == "wire0: link down", f"{b}:", said)
        blind = re.fullmatch(r"wire0: link up, (\d+\.\d\d) s blind", said[1])
        check(blind, f"{b}:", said)
        seconds.append(float(blind.group(1)))
        check(said[2:5] == ["wire0: MTU 9000", "wire0: link down", "wire0: renamed to lan0"], f"{b}:", said)
        check(said[5].startswith("lan0: link up, "), f"{b}:", said)
        # Once, by its last name; libpcap may find out before the kernel's message is there, and knows the first.
        gone = [n for n in said if "gone" in n]
        check(len(gone) == 1 and gone[0] == said[-1] and re.match(r"lan0: " if b == "native" else r"(lan0|wire0): ", gone[0]), f"{b}:", said)
        check(gone[0].endswith(": the interface is gone; a new one is not followed"), f"{b}:", said)
    check(all(0.4 < s < 2.5 for s in seconds), "blind for 0.5 s, told", seconds)
    _, err = captured("any", every["native"])
    check([n for n in notes(err) if "lan0" in n and "gone" in n] == ["lan0: the interface is gone"], "any:", err)


def down_at_the_start(lab):
    """an interface that is down: said, waited for, and captured when it comes up; the gap is no loss of the network"""
    lab.inside(lab.server, "ip", "link", "set", "wire0", "down")
    p = lab.start(lab.server, lab.program, "connections", "-n", "-o", "json", "-i", "wire0", "udp")
    wait_for("sockeye to listen", 10, lambda: p.poll() is not None or listening(p, running="0"))
    time.sleep(0.25)
    lab.inside(lab.server, "ip", "link", "set", "wire0", "up")
    wait_for("the interface to be up", 10, lambda: listening(p))
    time.sleep(0.3)
    lab.peer(lab.client, "burst", 2, 100).wait(10)
    out, err = captured("native", p, 2)
    said = notes(err)
    check(said[0] == "wire0: link down" and said[1].startswith("wire0: link up, "), said)
    check(all("capture_blind" not in c for c in records(out, "connection")), "a flow after the gap is not blind:", out)


def blind_flow(lab):
    """the link goes down under a flow: its record says that the capture was blind"""
    running = eyes(lab, "udp", view="connections")
    lab.peer(lab.client, "burst", 2, 100).wait(10)
    time.sleep(0.3)
    lab.inside(lab.server, "ip", "link", "set", "wire0", "down")
    time.sleep(0.2)
    lab.inside(lab.server, "ip", "link", "set", "wire0", "up")
    time.sleep(0.5)
    lab.peer(lab.client, "burst", 2, 100).wait(10)
    for b, p in running.items():
        out, err = captured(b, p, 4)
        found = records(out, "connection")
        check(len(found) == 1 and found[0].get("capture_blind") is True and "capture_drops" not in found[0], f"{b}:", out, err)


def stopped(lab):
    """stopped while packets come: what the ring holds is not lost, and it is told how long"""
    running = eyes(lab, "udp", view="report")
    for p in running.values():
        os.kill(p.pid, signal.SIGSTOP)
    began = time.monotonic()
    status, rate, err = ended(lab.peer(lab.client, "burst", 20000, 100), 20)
    check(status == 0, "sending:", err)
    time.sleep(max(0.0, 1.5 - (time.monotonic() - began)))
    for p in running.values():
        os.kill(p.pid, signal.SIGCONT)
    for b, p in running.items():
        _, err = captured(b, p, 20000, settle=1.0)
        check(re.search(r"sockeye: wire0: did not run for \d+\.\d s; nothing was lost", err), f"{b}: not told:", err)
    return f"sent at {rate.strip()} a second"


def stopped_too_long(lab):
    """stopped with a small ring: captured and dropped are what was sent, and the note says how many"""
    running = eyes(lab, "udp", view="report", options=("-B", "1024"))
    for p in running.values():
        os.kill(p.pid, signal.SIGSTOP)
    began = time.monotonic()
    status, _, err = ended(lab.peer(lab.client, "burst", 20000, 100), 20)
    check(status == 0, "sending:", err)
    time.sleep(max(0.0, 1.5 - (time.monotonic() - began)))
    for p in running.values():
        os.kill(p.pid, signal.SIGCONT)
    told = []
    for b, p in running.items():
        status, _, err = finish(p, settle=1.0)
        dropped = total(err, "packets dropped by kernel")
        check(status == 0 and dropped > 0, f"{b}: exit {status}, nothing dropped:", err)
        check(total(err, "packets captured") + dropped == 20000, f"{b}: they are not 20000:", err)
        check(f"; {dropped} packets were dropped" in err, f"{b}: note:", err)
        told.append(dropped)
    return f"dropped {told[0]} and {told[1]}"


def many_interfaces(lab):
    """any with hundreds of interfaces: each named, new ones come by themselves, gone ones are told"""
    pairs = 150
    batch = os.path.join(lab.folder, "batch")

    def make(first, last):
        pathlib.Path(batch).write_text("".join(f"link add a{i} type veth peer name b{i}\nlink set a{i} up\nlink set b{i} up\n"
                                               for i in range(first, last)))
        lab.inside(lab.client, "ip", "-batch", batch)

    lab.inside(lab.client, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    make(0, pairs)
    eye = eyes(lab, "ether", "proto", "0x88b5", namespace=lab.client, interface="any", backends=("native",))["native"]
    make(pairs, pairs + 20)
    script = (f"import socket\nfor i in range({pairs + 20}):\n s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
              " s.bind((f'a{i}', 0))\n s.send(bytes.fromhex('ffffffffffff02000000000188b5') + bytes(50))\n")
    command("ip", "netns", "exec", lab.client, sys.executable, "-c", script)
    lab.inside(lab.client, "ip", "link", "del", "a7")
    out, err = captured("any", eye, 2 * (pairs + 20), seconds=20)
    names = {r["interface"] for r in records(out, "packet")}
    check(names == {f"{x}{i}" for x in "ab" for i in range(pairs + 20)}, "names:", len(names), sorted(names)[:20])
    check({"a7: the interface is gone", "b7: the interface is gone"} <= set(notes(err)), "notes:", notes(err))


def link_types(lab):
    """-L lists the link types; -y takes one, and what the ring has not goes to libpcap or is refused"""
    done = lab.inside(lab.client, lab.program, "-L", "-i", "wire0")
    check("EN10MB (Ethernet)" in done, done)
    for words, status, said in ((("-y", "EN10MB", "--backend", "native"), 0, ""), (("-y", "LINUX_SLL", "-i", "any"), 0, ""),
                                (("-y", "RAW", "--backend", "native"), 1, "link type"), (("-y", "RAW"), 2, "link type")):
        p = lab.start(lab.client, lab.program, "packets", "--duration", "0.2", *(() if "-i" in words else ("-i", "wire0")), *words)
        got, _, err = ended(p)
        check(got == status and said in err, f"{words}: exit {got}:", err)


def running_source(lab):
    """without rights a running source takes another filter, and through the broker one more interface and a new file"""
    probe = pathlib.Path(lab.program).parent / "tests" / "live_source"
    process = lab.start(lab.server, str(probe), "wire0", "lo", os.path.join(lab.folder, "said.pcap"), stdin=subprocess.PIPE)

    def ask(word):
        process.stdin.write(word + b"\n")
        process.stdin.flush()
        return process.stdout.readline().decode().strip()

    def sent():
        lab.peer(lab.client, "burst", 4, 100).wait(10)
        lab.peer(lab.server, "datagrams", "127.0.0.1", 5300, 3).wait(10)
        time.sleep(0.1)
        return ask(b"count")

    check(process.stdout.readline() == b"ready\n", "the source does not start")
    check(sent() == "0", "the first filter (tcp) lets datagrams pass")
    check(ask(b"filter udp port 5001") == "0" and sent() == "4", "the second filter")
    check(ask(b"filter nonsense words").startswith("-22 "), "a filter that does not compile")
    check(sent() == "4", "the old filter stays")
    check(ask(b"filter") == "0" and sent() == "4", "no filter")
    got = ask(b"add")
    check(got == "0", "one more interface:", got)
    check(sent() == "7", "both interfaces")
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        check(line in status, f"{line} is not in", status)
    check("Uid:\t0" not in status, "root still:", status)
    for name, answer in (("said.pcap1", "0"), ("other.pcap", "-13 "), ("said1.pcap", "-13 "), ("../said.pcap1", "-13 ")):
        got = ask(b"output " + os.path.join(lab.folder, name).encode())
        check(got == answer or (answer != "0" and got.startswith(answer)), f"output {name}: {got}")
    check(pathlib.Path(lab.folder, "said.pcap1").read_text() == "written\n", "the new file")
    check(ask(b"filter host example.org").startswith("-22 "), "a name after the start")
    check(ask(b"quit") == "0", "the end")
    check(process.wait(5) == 0, "exit")


def bridge_port(lab):
    """a cable goes into a bridge and out again: nothing is gone, the capture goes on"""
    running = eyes(lab, "udp", namespace=lab.client, view="connections")
    lab.inside(lab.client, "ip", "link", "add", "br0", "type", "bridge")
    for _ in range(3):
        lab.inside(lab.client, "ip", "link", "set", "wire0", "master", "br0")
        lab.inside(lab.client, "ip", "link", "set", "wire0", "nomaster")
    time.sleep(0.3)
    status, _, err = ended(lab.peer(lab.client, "burst", 5, 74))
    check(status == 0, "sending:", err)
    for b, p in running.items():
        _, err = captured(b, p, 5)
        check("gone" not in err, f"{b}:", err)


TESTS = [bridge_port, both_back_ends_agree, vlan_filters, raw_interfaces, directions, large_frames, nothing_left_behind, link_changes,
         down_at_the_start, blind_flow, stopped, stopped_too_long, many_interfaces, link_types, running_source]
