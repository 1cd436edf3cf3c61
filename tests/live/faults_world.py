"""Faults of the world around: rows 51, 56. /proc that hides or is not there, configuration that is a trap."""
import ctypes
import os
import re
import struct
import time

from faults_lab import Seat, run, send
from lab import check, ended, records

IN_OPEN = 0x20


def f51_proc(lab):
    """/proc that hides others (hidepid=2), and no /proc at all: captures and files work"""
    said = []
    for name, mount in (("hidepid=2", "mount -t proc -o hidepid=2 proc /proc"), ("no /proc", "mount -t tmpfs tmpfs /proc")):
        # Live, as root and in a mount namespace of its own.
        eye = lab.start(lab.client, "unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "-", lab.program, "connections", "-i", "wire0", "-o", "json",
                        "--duration", "1.5", "udp")
        time.sleep(0.7)
        number = send(lab, "-n", 30, "-r", 2000, "udp")
        status, out, err = ended(eye, 10)
        seen = sum(sum(r["packets"]) for r in records(out, "connection"))
        check(status == 0 and seen == number, f"{name}: exit {status}, {seen} of {number} packets:", err)
        nobody = ["unshare", "-m", "sh", "-c", f'{mount} && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"', "-"]
        out, err = run(lab, ["connections", "-o", "json", "-r", "-"], 0, before=nobody, stdin=open("captures/handshakes.pcap", "rb"))
        check(len(records(out, "connection")) == 46, f"{name}: {len(records(out, 'connection'))} connections of a file")
        out, err = run(lab, ["connections", "-i", "lo"], 1, r"setcap cap_net_raw", before=nobody, sentences=1)
        check(not re.search(r"\+ep ,|\+ep $", err), f"{name}: the line names no program:", err)
        said.append(f"{name}: {seen} of {number} live, a file, the sentence without rights")
    return "; ".join(said)


def watched(folder):
    """inotify on a folder: a function that gives the names opened in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_NONBLOCK)
    check(fd >= 0 and libc.inotify_add_watch(fd, folder.encode(), IN_OPEN) >= 0, "inotify does not work here")

    def opened():
        names = []
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            data = b""
        while data:
            length = struct.unpack_from("iIII", data)[3]
            names.append(data[16:16 + length].rstrip(b"\0").decode())
            data = data[16 + length:]
        os.close(fd)
        return names

    return opened


def f56_no_configuration(lab):
    """the screen reads one configuration file, nothing else any: a home full of traps (loops, FIFOs, rubbish) changes nothing"""
    home = os.path.join(lab.folder, "home")
    os.makedirs(os.path.join(home, ".config", "sockeye"))
    for name in (".sockeyerc", ".sockeye", ".config/sockeye.conf", ".config/sockeye/theme"):
        os.symlink(os.path.basename(name), os.path.join(home, name))  # to itself
    for name in (".config/sockeye/config", ".config/sockeye/keys", ".config/sockeye/sockeye.toml"):
        os.mkfifo(os.path.join(home, name))
    with open(os.path.join(home, ".config/sockeye/rc"), "wb") as f:
        f.write(b"\0\xff" * 500_000)
    os.symlink(".terminfo", os.path.join(home, ".terminfo"))
    watches = [watched(os.path.join(home, part)) for part in ("", ".config", ".config/sockeye")]
    set_home = ["env", f"HOME={home}", f"XDG_CONFIG_HOME={home}/.config"]
    plain, _ = run(lab, ["report", "-n", "captures/handshakes.pcap"], 0)
    trapped, _ = run(lab, ["report", "-n", "captures/handshakes.pcap"], 0, before=set_home)
    check(plain == trapped, "the report differs")
    seat = Seat(lab, "watch", "captures/handshakes.pcap", before=set_home)
    seat.until(" of 46")
    seat.keys("q")
    status, _ = seat.over(3)
    check(status == 0, f"the screen: exit {status}")
    opened = [name for ask in watches for name in ask() if name and not name.startswith(".terminfo")]
    check(set(opened) <= {"config"}, "opened in a home of traps:", opened)
    return "its own, a FIFO, is the one that was opened in a home of 8 traps; the same bytes, the screen works"


ROWS = [f51_proc, f56_no_configuration]
