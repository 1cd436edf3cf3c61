"""The same packets on several interfaces of one host: counted, and judged once."""
import contextlib
import subprocess
import sys

from lab import Lab, SERVER, check, command, finish, records, wait_for

EXACT = ("retransmitted_segments", "retransmitted_bytes", "late_segments", "late_bytes", "missed_bytes", "lost_bytes", "conflicting_bytes")
SERVE = """
import socket, sys
s = socket.create_server(("0.0.0.0", 7300)); print("listening", flush=True)
for _ in range(int(sys.argv[1])):
    c, _ = s.accept()
    while data := c.recv(65536):
        c.sendall(data[:len(data) // 8 or 1])
    c.close()
"""
ASK = """
import socket, sys
for _ in range(int(sys.argv[2])):
    c = socket.create_connection((sys.argv[1], 7300), 5)
    for _ in range(20):
        c.sendall(b"x" * 20000); c.recv(1)
    c.shutdown(socket.SHUT_WR)
    while c.recv(65536): pass
    c.close()
"""


@contextlib.contextmanager
def middle(lab, *, bridge):
    """A third host between two more, on two cables: a router, or a switch."""
    names = {role: f"{lab.client}{role}" for role in ("left", "mid", "right")}
    try:
        for name in names.values():
            command("ip", "netns", "add", name)
            for key in ("all", "default"):
                lab.inside(name, "sysctl", "-qw", f"net.ipv6.conf.{key}.disable_ipv6=1")
            lab.inside(name, "ip", "link", "set", "lo", "up")
        inside = lambda role, *words: lab.inside(names[role], *words)
        for side in ("left", "right"):
            command("ip", "link", "add", "wire0", "netns", names[side], "type", "veth", "peer", "name", side, "netns", names["mid"])
            inside(side, "ip", "link", "set", "wire0", "up")
            inside("mid", "ip", "link", "set", side, "up")
        if bridge:
            inside("mid", "ip", "link", "add", "br0", "type", "bridge")
            inside("mid", "ip", "link", "set", "br0", "up")
            for n, side in enumerate(("left", "right"), 1):
                inside("mid", "ip", "link", "set", side, "master", "br0")
                inside(side, "ip", "address", "add", f"10.78.0.{n}/24", "dev", "wire0")
            server = "10.78.0.2"
        else:
            inside("mid", "sysctl", "-qw", "net.ipv4.ip_forward=1")
            for n, side in enumerate(("left", "right"), 1):
                inside("mid", "ip", "address", "add", f"10.78.{n}.254/24", "dev", side)
                inside(side, "ip", "address", "add", f"10.78.{n}.1/24", "dev", "wire0")
                inside(side, "ip", "route", "add", "default", "via", f"10.78.{n}.254")
            server = "10.78.2.1"
        yield names, server
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, timeout=20)


def judged_once(lab, words, *, times, connections=3, **way):
    with middle(lab, **way) as (names, server):
        serve = lab.start(names["right"], sys.executable, "-c", SERVE, str(connections))
        check(serve.stdout.readline() == b"listening\n", "the server did not start")
        one = lab.sockeye("connections", *words, "-o", "json", "tcp", "port", "7300", namespace=names["mid"], sockets=1)
        single = lab.sockeye("connections", "-i", "left", "-o", "json", "tcp", "port", "7300", namespace=names["mid"], sockets=1)
        asked = lab.start(names["left"], sys.executable, "-c", ASK, server, str(connections))
        _, err = asked.communicate(timeout=20)
        check(asked.returncode == 0, "client:", err.decode())
        status, out, err = finish(one)
        check(status == 0, f"exit {status}:", err)
        status, reference, err = finish(single)
        check(status == 0, f"exit {status}:", err)
    several, single = records(out, "connection"), records(reference, "connection")
    check(len(several) == len(single) == connections, f"{len(several)} connections on several interfaces, {len(single)} on one")
    packets = 0
    for s, a in zip(several, single):
        check(s["client"] == a["client"] and s["state"] == a["state"] == "closed", "states:", s["state"], a["state"])
        check(s["packets"] == [n * times for n in a["packets"]], f"packets {s['packets']}, on one interface {a['packets']}")
        extra = [n * (times - 1) for n in a["packets"]]
        check(s["exact"]["duplicates"] == extra, f"duplicates {s['exact']['duplicates']}, not {extra}")
        for key in EXACT:
            check(s["exact"].get(key) == a["exact"].get(key), f"exact.{key}: {s['exact'].get(key)}, on one interface {a['exact'].get(key)}")
        check(s["handshake"]["complete"] and s["conn_state"] == a["conn_state"] == "SF", "conn_state:", s["conn_state"], a["conn_state"])
        # Times are of the first interface: the same packets, the same clock.
        for key in ("syn_to_synack_us", "synack_to_ack_us", "first_syn_to_ack_us"):
            check(abs(s["handshake"][key] - a["handshake"][key]) <= 1000, f"{key}: {s['handshake'][key]}, on one interface {a['handshake'][key]}")
        packets += sum(s["packets"])
    return f"{packets} packets, each {times} times"


def router_any(lab):
    """a router, every interface: each packet twice, judged once"""
    return judged_once(lab, ["-i", "any"], bridge=False, times=2)


def router_two_interfaces(lab):
    """a router, two interfaces by name: each packet twice, judged once"""
    return judged_once(lab, ["-i", "left", "-i", "right"], bridge=False, times=2)


def bridge_any(lab):
    """a switch, every interface: each packet on two ports, judged once"""
    return judged_once(lab, ["-i", "any"], bridge=True, times=2)


TESTS = [router_any, router_two_interfaces, bridge_any]
