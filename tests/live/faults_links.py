"""Faults of interfaces: rows 1-6, 15, 58. Links that go, names that change, rights that are missing."""
import os
import re
import shutil
import signal
import subprocess
import time

from faults_lab import Seat, Told, run, send
from lab import check, command, ended, finish, records, wait_for


def promiscuity(lab):
    found = re.search(r"promiscuity (\d+)", lab.inside(lab.client, "ip", "-d", "link", "show", "wire0"))
    check(found, "ip does not tell promiscuity")
    return int(found.group(1))


def f01_link_down(lab):
    """the link goes down: said within a second, the capture goes on"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    told = Told(eye)
    lab.inside(lab.client, "ip", "link", "set", "wire0", "down")
    took, _ = told.until(r"wire0: link down", 1.0)
    check(eye.poll() is None, f"ended with {eye.poll()}:", told.text)
    os.kill(eye.pid, signal.SIGINT)
    wait_for("the end", 3, lambda: eye.poll() is not None)
    check(eye.returncode == 0, f"exit {eye.returncode}:", told.take())
    return f"said after {took * 1000:.0f} ms, limit 1000 ms"


def f02_link_back(lab):
    """the link goes down and up: blind time said, packets after it are seen"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    told = Told(eye)
    lab.inside(lab.client, "ip", "link", "set", "wire0", "down")
    time.sleep(1.0)
    lab.inside(lab.client, "ip", "link", "set", "wire0", "up")
    took, found = told.until(r"wire0: link up, (\d+\.\d+) s blind", 1.5)
    blind = float(found.group(1))
    number = send(lab, "-n", 50, "-r", 1000, "udp")
    time.sleep(0.3)
    os.kill(eye.pid, signal.SIGINT)
    out = eye.stdout.read().decode()
    eye.wait(5)
    check(eye.returncode == 0, f"exit {eye.returncode}:", told.take())
    seen = sum(sum(r["packets"]) for r in records(out, "connection") if r["server"].get("port") == 9)
    check(seen == number and 0.9 <= blind <= 2.0, f"seen {seen} of {number}, {blind} s blind")
    return f"{blind} s blind, said after {took * 1000:.0f} ms, limit 1500 ms; {seen} of {number} seen after it"


def f03_deleted(lab):
    """the only interface is deleted: said within a second, everything before it told, exit 3"""
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    number = send(lab, "-n", 100, "-r", 2000, "udp")
    time.sleep(0.2)
    began = time.monotonic()
    lab.unplug()
    status, out, err = ended(eye, 5)
    took = time.monotonic() - began
    check(status == 3 and re.search(r"wire0: .*gone", err), f"exit {status}:", err)
    seen = sum(sum(r["packets"]) for r in records(out, "connection"))
    check(seen == number and took < 1.5, f"told {seen} of {number} packets after {took:.2f} s")
    return f"ended after {took * 1000:.0f} ms, limit 1500 ms; {seen} of {number} packets told"


def f03_deleted_screen(lab):
    """the interface is deleted under the screen: it stays open, its rows can be read, q leaves with 3"""
    seat = Seat(lab, "watch", "-i", "wire0", namespace=lab.client)
    seat.until("LIVE")
    send(lab, "-n", 10, "-r", 1000, "udp")
    seat.until("10.77.0.99:9")
    lab.unplug()
    seat.until("ENDED", 2)
    check(seat.process.poll() is None and seat.screen.holds("10.77.0.99:9"), "the screen is gone")
    seat.keys("?")
    seat.until("Keys of")
    seat.keys("?q")
    status, _ = seat.over(3)
    seat.restored()
    check(status == 3, f"exit {status}")
    return "screen open, exit 3"


def f03_deleted_writing(lab):
    """the interface is deleted while it is written to a file: the file is whole, exit 3"""
    path = os.path.join(lab.folder, "gone.pcapng")
    eye = lab.sockeye("connections", "-i", "wire0", "-w", path, "udp")
    number = send(lab, "-n", 200, "-r", 5000, "udp")
    time.sleep(0.3)
    lab.unplug()
    status, _, err = ended(eye, 5)
    check(status == 3, f"exit {status}:", err)
    kept = len(command("tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number").split())
    check(kept == number, f"{kept} of {number} packets in the file")
    return f"exit 3, {kept} of {number} packets in the file"


def f04_created_again(lab):
    """deleted and made again under the same name: not listened to unasked, exit 3"""
    eye = lab.sockeye("connections", "-i", "wire0", "-i", "lo", "-o", "json", "udp", sockets=2)
    send(lab, "-n", 20, "-r", 2000, "udp")
    time.sleep(0.2)
    lab.unplug()
    lab.plug()
    time.sleep(0.3)
    send(lab, "-n", 33, "-r", 2000, "udp")
    check(eye.poll() is None, f"ended with {eye.poll()}")
    status, out, err = finish(eye)
    seen = sum(sum(r["packets"]) for r in records(out, "connection"))
    check(status == 3 and "wire0" in err, f"exit {status}:", err)
    check(seen == 20, f"{seen} packets told: 20 of the old wire0, 33 of the new one")
    return "20 packets of the old interface, 0 of 33 of the new one, exit 3"


def f05_mtu_and_gso(lab):
    """MTU 9000 and frames of 64 KB: whole, or marked as cut"""
    for name in (lab.client, lab.server):
        lab.inside(name, "ip", "link", "set", "wire0", "mtu", "9000")
    seen = {}
    for snap in (0, 1000):
        eye = lab.sockeye("packets", "-i", "wire0", "-o", "json", *(["-s", str(snap)] if snap else []), "tcp")
        number = send(lab, "-n", 20, "-r", 500, "gso")
        status, out, err = finish(eye)
        told = records(out, "packet")
        check(status == 0 and len(told) == number, f"exit {status}: {len(told)} of {number} frames:", err)
        check(all(r["length"] == 65014 for r in told), "lengths:", {r["length"] for r in told})
        check(all(r["captured"] == (snap or 65014) for r in told), "captured:", {r["captured"] for r in told})
        seen[snap] = len(told)
    eye = lab.sockeye("packets", "-i", "wire0", "-s", "1000", "-v", "tcp")
    send(lab, "-n", 1, "gso")
    status, out, err = finish(eye)
    check(status == 0 and re.search(r"946 captured|\bcut\b|truncated", out), "no mark of the cut in:", out)
    return f"{seen[0]} of 20 frames of 65014 bytes whole; with -s 1000 all marked as cut"


def f06_no_rights(lab):
    """without the right to capture: the capability and the exact setcap line, exit 1; files are read"""
    copy = os.path.join(lab.folder, "sockeye")
    shutil.copy(lab.program, copy)
    os.chmod(copy, 0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy]
    for view in ("connections", "packets"):
        status, out, err = ended(lab.start(lab.client, *nobody, view, "-i", "wire0"))
        check(status == 1 and not out and f"setcap cap_net_raw,cap_net_admin+ep {copy}" in err, f"exit {status}:", out, err)
    capture = os.path.join(lab.folder, "x.pcap")
    shutil.copy("captures/handshakes.pcap", capture)
    os.chmod(capture, 0o644)
    status, out, err = ended(lab.start(lab.client, *nobody, "connections", "-o", "json", capture))
    check(status == 0 and records(out, "connection"), f"exit {status}:", err)
    return "exit 1 and the setcap line; a file is read, exit 0"


def runs(pid):
    """Is there a process of that number, other than one that only waits to be reaped?"""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def f15_core_killed(lab):
    """SIGKILL: no process of ours is left, and no promiscuous mode"""
    before = promiscuity(lab)
    eye = lab.sockeye("connections", "-i", "wire0")
    on = promiscuity(lab)
    check(on == before + 1, f"promiscuity {before}, then {on}")
    family = [int(p) for p in subprocess.run(["pgrep", "-s", str(os.getsid(eye.pid))], capture_output=True, text=True, timeout=5).stdout.split()]
    check(eye.pid in family, "the program is not in its own session:", family)
    began = time.monotonic()
    os.kill(eye.pid, signal.SIGKILL)
    eye.wait(2)

    def gone():
        return promiscuity(lab) == before and not any(runs(p) for p in family)

    wait_for("helpers and promiscuous mode to go", 1, gone)
    return f"{len(family)} processes and promiscuous mode gone after {(time.monotonic() - began) * 1000:.0f} ms, limit 1000 ms"


def f58_interfaces(lab):
    """4096 interfaces, names of odd bytes: listed quickly and escaped, any captures all of them"""
    odd = [b"\x1b[31mred\x07\xff", b"a\xc2\x9b5m", b"\xe2\x80\xaeevil", b"\"';$(id)`{}"]
    batch = os.path.join(lab.folder, "batch")
    with open(batch, "wb") as f:
        f.write(b"".join(b"link add x%d type veth peer name y%d\n" % (i, i) for i in range(2046)))
    lab.inside(lab.server, "ip", "-batch", batch)
    for n, name in enumerate(odd):
        subprocess.run([b"ip", b"netns", b"exec", lab.server.encode(), b"ip", b"link", b"set", b"x%d" % n, b"name", name], check=True, timeout=10)
        lab.inside(lab.server, "ip", "link", "set", f"y{n}", "up")
        subprocess.run([b"ip", b"netns", b"exec", lab.server.encode(), b"ip", b"link", b"set", name, b"up"], check=True, timeout=10)
    began = time.monotonic()
    out, err = run(lab, ["-D"], 0, namespace=lab.server)
    took = time.monotonic() - began
    lines = out.splitlines()
    check(len(lines) >= 4094 and took < 5.0, f"{len(lines)} lines after {took:.2f} s")
    check(not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f‮]", out), "a control character is in the list")
    eye = lab.sockeye("packets", "-o", "json", "udp", namespace=lab.server)
    number = send(lab, "-n", 40, "-r", 2000, "udp", namespace=lab.client)
    status, out, err = finish(eye)
    told = records(out, "packet")
    check(status == 0 and len(told) == number, f"exit {status}: {len(told)} of {number}:", err)
    out, err = run(lab, ["packets", "-o", "json", "-c", "1", "--duration", "1", "-i", os.fsdecode(odd[0])], 0, namespace=lab.server)
    return f"{len(lines)} lines in {took:.2f} s, limit 5 s; {len(told)} of {number} packets on any"


def f58_renamed(lab):
    """an interface is renamed while it is captured: said, the capture goes on"""
    lab.inside(lab.client, "ip", "link", "set", "wire0", "down")
    lab.inside(lab.client, "ip", "link", "set", "wire0", "up")
    eye = lab.sockeye("connections", "-i", "wire0", "-o", "json", "udp")
    told = Told(eye)
    lab.inside(lab.client, "ip", "link", "set", "wire0", "down")
    lab.inside(lab.client, "ip", "link", "set", "wire0", "name", "trunk")
    lab.inside(lab.client, "ip", "link", "set", "trunk", "up")
    took, _ = told.until(r"wire0: renamed to trunk", 2)
    check(eye.poll() is None, f"ended with {eye.poll()}")
    send(lab, "-n", 30, "-r", 2000, "udp")
    time.sleep(0.3)
    os.kill(eye.pid, signal.SIGINT)
    out = eye.stdout.read().decode()
    eye.wait(5)
    seen = sum(sum(r["packets"]) for r in records(out, "connection") if r["server"].get("port") == 9)
    check(eye.returncode == 0 and seen == 30, f"exit {eye.returncode}: {seen} of 30 packets:", told.take())
    return f"said after {took * 1000:.0f} ms, limit 2000 ms; {seen} of 30 packets after it"


ROWS = [f01_link_down, f02_link_back, f03_deleted, f03_deleted_screen, f03_deleted_writing, f04_created_again, f05_mtu_and_gso, f06_no_rights,
        f15_core_killed, f58_interfaces, f58_renamed]
