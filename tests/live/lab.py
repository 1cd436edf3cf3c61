"""Two network namespaces joined by a cable, and the programs that run in them.

A Lab makes namespaces CLIENT (10.77.0.1) and SERVER (10.77.0.2) with one veth
pair, both ends named wire0. It keeps every process that it starts and ends them
by their id; leaving the `with` block, an exception and a signal all take the
namespaces away. The machine's own interfaces are not touched.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:77:00:01", "02:00:00:77:00:02"
NOBODY_HOME = "10.77.0.99"  # an address that is resolved and never answers
NOT_OURS = "10.77.0.50"     # an address the server answers to, and nobody has
SANITIZERS = {"ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"}


class Failed(Exception):
    """The sentence that says what was not as it must be."""


def check(holds, sentence, *more):
    if not holds:
        raise Failed(" ".join(str(m) for m in (sentence, *more))[:4000])


def command(*words, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, **options)
    check(done.returncode == 0, f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def wait_for(what, seconds, ask, pause=0.02):
    """Ask until the answer is true; the answer."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        check(time.monotonic() < end, f"waited {seconds} s for {what}")
        time.sleep(pause)


class Lab:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.tools = os.path.join(os.path.dirname(self.program), "tests")  # send, relay: built with it
        self.client, self.server = f"sk{os.getpid()}c", f"sk{os.getpid()}s"
        self.processes = []
        self.namespaces = []
        self.folder = tempfile.mkdtemp(prefix="sockeye-live.")

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            check(os.geteuid() == 0, "live tests make network namespaces: run them as root")
            os.chmod(self.folder, 0o755)
            for name in (self.client, self.server):
                command("ip", "netns", "add", name)
                self.namespaces.append(name)
                # Neighbour and router discovery would add packets of their own.
                self.inside(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
                self.inside(name, "ip", "link", "set", "lo", "up")
            self.plug()
        except BaseException:
            self.__exit__()
            raise
        return self

    def plug(self):
        """Lay the cable (again, after a test has cut it)."""
        command("ip", "link", "add", "wire0", "netns", self.client, "address", CLIENT_MAC, "type", "veth",
                "peer", "name", "wire0", "netns", self.server, "address", SERVER_MAC)
        for name, own, other, mac in ((self.client, CLIENT, SERVER, SERVER_MAC), (self.server, SERVER, CLIENT, CLIENT_MAC)):
            self.inside(name, "ip", "address", "add", f"{own}/24", "dev", "wire0")
            self.inside(name, "ip", "link", "set", "wire0", "up")
            self.inside(name, "ip", "neigh", "replace", other, "lladdr", mac, "dev", "wire0", "nud", "permanent")
        self.inside(self.client, "ip", "neigh", "replace", NOBODY_HOME, "lladdr", "02:00:00:77:00:99", "dev", "wire0", "nud", "permanent")
        self.inside(self.server, "ip", "neigh", "replace", NOT_OURS, "lladdr", CLIENT_MAC, "dev", "wire0", "nud", "permanent")

    def unplug(self):
        self.inside(self.client, "ip", "link", "del", "wire0")

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def inside(self, namespace, *words):
        return command("ip", "netns", "exec", namespace, *words)

    def start(self, namespace, *words, **options):
        """A process of ours in a namespace (None: in none), in a group of its own."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        more = options.pop("env", {})
        enter = ["ip", "netns", "exec", namespace] if namespace else []
        process = subprocess.Popen([*enter, *words], start_new_session=True, cwd=TOP,
                                   env={**os.environ, "TZ": "UTC", "LC_ALL": "C", **SANITIZERS, **more}, **options)
        self.processes.append(process)
        return process

    def sockeye(self, *words, namespace=None, sockets=1, **options):
        """sockeye, listening: its packet sockets are bound and running when this returns."""
        process = self.start(namespace or self.client, self.program, *words, **options)
        wait_for("sockeye to listen", 10, lambda: process.poll() is not None or listening(process) >= sockets)
        check(process.poll() is None, f"sockeye {' '.join(words)} ended: status {process.returncode}",
              process.stderr.read().decode(errors="replace") if process.poll() is not None and process.stderr else "")
        # All is opened, signals are heard, and nothing was read yet: then it confines itself.
        end = time.monotonic() + 5
        while process.poll() is None and not confined(process) and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.25)
        return process

    def tcpdump(self, path, *words, namespace=None, interface="wire0"):
        process = self.start(namespace or self.client, "tcpdump", "-i", interface, "-n", "-U", "-Z", "root", "-w", path,
                             "--time-stamp-precision=nano", *words)
        wait_for("tcpdump to listen", 10, lambda: process.poll() is not None or listening(process))
        check(process.poll() is None, "tcpdump ended")
        time.sleep(0.25)
        return process

    def peer(self, namespace, *words, **options):
        return self.start(namespace, sys.executable, str(HERE / "peer.py"), *map(str, words), **options)

    def listen(self, *ports, namespace=None, address=SERVER):
        process = self.peer(namespace or self.server, "listen", address, *ports)
        if process.stdout.readline() != b"listening\n":
            raise Failed(f"the server did not start: {process.stderr.readline().decode()}")
        return process

    def connect(self, address, *ports, namespace=None, wait=1.0):
        """Connect to each port; what came of it: 'ok', 'refused', 'timeout'."""
        process = self.peer(namespace or self.client, "connect", address, wait, *ports)
        out, err = process.communicate(timeout=20)
        check(process.returncode == 0, "connect:", err.decode())
        return out.decode().split()


def confined(process):
    """Whether the program of a process has its filter of system calls; the broker, its child, has its own earlier."""
    for pid in [process.pid, *children(process.pid)]:
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            if status.startswith("Name:\tsockeye\n"):
                return "\nSeccomp:\t2\n" in status
    return False


def listening(process, running="1"):
    """Packet sockets of a process's namespace that are bound, running, and the process's own. Running "0": of an
    interface that is down."""
    try:
        inodes = set()
        for pid in [process.pid, *children(process.pid)]:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        rows = pathlib.Path(f"/proc/{process.pid}/net/packet").read_text().splitlines()[1:]
    except OSError:
        return 0
    fields = (row.split() for row in rows)
    return sum(1 for f in fields if f[5] == running and f"socket:[{f[8]}]" in inodes)


def children(pid):
    with contextlib.suppress(OSError):
        return [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def finish(process, sign=signal.SIGINT, seconds=10, settle=0.4):
    """Let the last packets arrive, send the signal, and take everything: (status, out, err)."""
    time.sleep(settle)
    if sign and process.poll() is None:
        os.kill(process.pid, sign)
    return ended(process, seconds)


def ended(process, seconds=10):
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failed(f"not ended after {seconds} seconds: {' '.join(process.args)}") from None
    return process.returncode, (out or b"").decode(), (err or b"").decode(errors="replace")


def records(text, kind=None):
    """JSON lines, of one type if kind is given."""
    found = [json.loads(line) for line in text.splitlines() if line]
    return [r for r in found if kind is None or r["type"] == kind]


def total(err, words):
    """The number before words in the totals on standard error, or None."""
    found = re.search(rf"^(\d+) {re.escape(words)}", err, re.M)
    return int(found.group(1)) if found else None
