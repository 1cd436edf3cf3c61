#!/usr/bin/env python3
"""How fast sockeye is, as ratios to floors measured in the same run.

usage: bench.py [--program PATH] [--packets N] [--runs N] [--only PART[,PART]] [--json FILE] [--keep]
       bench.py --compare OLD.json NEW.json
       bench.py --check --traffic PATH [--program PATH]      small captures, truth only: a test

Makes its captures with tests/bench/traffic.c (known truth: a fast wrong answer fails), measures `cat` and an empty
pcap_loop() on each, the program, and the peers that are installed. Every figure is the least of the runs, in CPU
seconds (user and system) where there is one thread, in seconds of the clock where there are two. Prints a table with
the goal beside each figure; a missed goal is said, and is no failure: a machine may be busy. Wrong numbers are.
"""
import argparse
import json
import mmap
import os
import pathlib
import platform
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

import screen

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = TOP / "build/release"
MEASURE = TOP / "tests/live/measure.py"
# Only conversations that are open at once: what one more of them costs.
PLAIN = "udp=0 six=0 refused=0 unanswered=0 midstream=0 reset=0 length=100000000".split()
CAPTURES = {  # name -> packets of it for one of --packets, further settings
    "a": (1, ["flows=100000"]),
    "b": (0.5, ["flood=500"]),
    "c": (1, ["flows=1000000"]),
    "d": (0.3, ["flows=8", "udp=0", "six=0", "refused=0", "unanswered=0", "midstream=0", "mix=full", "length=100000000", "lost=0.1", "late=0.1"]),
    "e": (1, ["flows=100000", "format=pcapng"]),
}


PAGE = 4096


class Wrong(Exception):
    """The program is fast, and not right."""


def memory_at_hand(most=1 << 30):
    """Take memory and give it back, so that who is measured next gets what the machine has. In a virtual machine a page that
    was free for two seconds may be the host's again, and to have it back costs many times what clearing it does (343 and
    12 ms for 100 MB): a floor that needs no memory would win by that, and the same program twice would differ."""
    size = min(most, os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4) // PAGE * PAGE
    with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as taken:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            taken.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, size, PAGE):
            taken[at] = 1


def run(words, **options):
    """(CPU s, wall s, peak RSS KiB, output) of one run. By a small process in between: a command takes over the
    peak of the process that starts it, and this one's is larger than the program's."""
    memory_at_hand()
    with open("/dev/null", "rb") as nothing, tempfile.NamedTemporaryFile() as result:
        done = subprocess.run([sys.executable, "-ES", MEASURE, result.name, *map(str, words)], stdin=nothing,
                              stdout=options.get("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                              env={**os.environ, "LC_ALL": "C", "TZ": "UTC"}, check=True)
        figures = json.load(result)
    if figures["status"] != 0:
        raise Wrong(f"{' '.join(map(str, words))}: status {figures['status']}: {done.stderr.decode(errors='replace')[:300]}")
    return figures["cpu_s"], figures["seconds"], figures["rss_mb"] * 1024, done.stdout or b""


def line():
    """ns that a cache line takes from one processor to the other, or None: there is one."""
    if len(os.sched_getaffinity(0)) < 2:
        return None
    return int(subprocess.run([BUILD / "tests/line"], capture_output=True, text=True, check=True, timeout=60).stdout)


class Bench:
    def __init__(self, o):
        self.program, self.packets, self.runs, self.keep = os.path.abspath(o.program), o.packets, o.runs, o.keep
        self.traffic = os.path.abspath(o.traffic)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockeye-bench.")) if o.check else TOP / "build/bench"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.figures = {}
        self.rows = []
        self.truths = {}

    def capture(self, name, packets=None, settings=None):
        """The path of a capture, made if it is not there; its truth beside it."""
        if packets is None:
            share, settings = CAPTURES[name]
            packets = int(self.packets * share)
        path = self.folder / f"{name}-{packets}-{zlib.crc32(' '.join(settings).encode()):08x}.pcap"
        truth = path.with_suffix(".json")
        if not truth.exists():
            with open(path, "wb") as to:
                made = subprocess.run([self.traffic, f"packets={packets}", *settings], stdout=to, stderr=subprocess.PIPE, check=True)
            truth.write_bytes(made.stderr)
        self.truths[path] = json.loads(truth.read_text())
        return path

    def drop(self, *paths):
        for path in paths:
            if not self.keep and path.exists():
                path.unlink()
                path.with_suffix(".json").unlink()

    def least(self, words, runs=None, wall=False, **options):
        """The least CPU (or wall) seconds of the runs, its RSS and output."""
        runs = [run(words, **options) for _ in range(runs or self.runs)]
        best = min(runs, key=lambda r: r[1] if wall else r[0])
        return (best[1] if wall else best[0]), best[2] / 1024, best[3]

    def row(self, what, value, unit, goal=None, least=None, more_is_better=False, note=""):
        ok = ""
        if goal is not None:
            met = lambda limit: value >= limit if more_is_better else value <= limit
            ok = "goal met" if met(goal) else "accepted" if least is not None and met(least) else "MISSED"
        limit = "" if goal is None else f"{'>=' if more_is_better else '<='} {goal:g}" + (f" ({least:g})" if least else "")
        self.figures[what] = {"value": value, "unit": unit, "goal": goal, "least": least, "met": ok}
        print(f"{what:58} {value:10.3f} {unit:12} {limit:18} {ok:9} {note}", flush=True)

    def check(self, path, out):
        """The report of a capture against what was made."""
        truth = self.truths[path]
        summary = next(json.loads(line) for line in out.splitlines() if line.startswith(b'{"type":"summary"'))
        said = {"packets": summary["packets"], "tcp": summary["flows"]["tcp"], "complete": summary["handshakes"]["complete"],
                "refused": summary["handshakes"]["refused"], "unanswered": summary["handshakes"]["unanswered"]}
        if summary["flows_evicted"] == 0:
            said |= {"retransmitted": summary["exact"]["retransmitted_segments"], "late": summary["exact"]["late_segments"]}
        wrong = {k: (v, truth[k]) for k, v in said.items() if v != truth[k]}
        if wrong:
            raise Wrong(f"{path.name}: said and true: {wrong}")

    def report(self, path, *words, wall=False, runs=None):
        seconds, rss, out = self.least([self.program, "report", "-o", "json", *words, path], runs=runs, wall=wall)
        self.check(path, out)
        return seconds, rss

    def floors(self, path):
        # cat from a pipe would copy twice: the file itself into nothing.
        with open("/dev/null", "wb") as nothing:
            cat, _, _ = self.least(["cat", path], stdout=nothing)
        loop, _, _ = self.least([BUILD / "tests/floor", path])
        return cat, loop


def mixed(b):
    """(a) and its pcapng twin (e): many conversations, mixed sizes."""
    a = b.capture("a")
    n = b.truths[a]["packets"]
    cat, loop = b.floors(a)
    one, rss = b.report(a, "--threads", "1")
    b.row("a: cat", n / cat / 1e6, "Mpps")
    b.row("a: empty pcap_loop", n / loop / 1e6, "Mpps")
    b.row("a: report, one thread", n / one / 1e6, "Mpps", note=f"RSS {rss:.0f} MB, truth equal")
    b.row("a: report, one thread / pcap_loop", one / loop, "x", 1.0, 1.3)
    before = line()
    two, _ = b.report(a, wall=True)
    after = line()
    walls = b.least([BUILD / "tests/floor", a], wall=True)[0]
    with open("/dev/null", "wb") as nothing:
        catwall = b.least(["cat", a], wall=True, stdout=nothing)[0]
    b.row("a: report, default threads / pcap_loop (clock)", two / walls, "x", 0.65, 0.9,
          note=f"a line from processor to processor: {before} ns before, {after} after" if before else "one processor")
    b.row("a: report, default threads / cat (clock)", two / catwall, "x", 1.75)
    e = b.capture("e")
    with open("/dev/null", "wb") as nothing: # both have been read before
        catng, _, _ = b.least(["cat", e], stdout=nothing)
    ng, _ = b.report(e, "--threads", "1")
    b.row("e: pcapng / pcap", ng / one, "x", 1.05, 1.15,
          note=f"bytes {e.stat().st_size / a.stat().st_size:.3f} x, cat {catng / cat:.3f} x")
    b.drop(e)
    peers(b, a, one, two)
    c = b.capture("c")
    many, rss = b.report(c, "--threads", "1", "--memory", "1G")
    b.row("c: a million at once, per packet / a", many / b.truths[c]["packets"] / (one / n), "x", 1.25, 1.7, note=f"RSS {rss:.0f} MB")
    b.drop(a, c)


def peers(b, path, one, two):
    """As who types the commands sees it: by the clock, threads as each has them. And what one thread of ours has to do."""
    n = b.truths[path]["packets"]

    def against(name, cpu, clock, share, goal, least, note=""):
        b.row(f"a: {name} / report, default threads (clock)", clock / (two * share), "x", goal, least, more_is_better=True, note=note)
        b.row(f"a: {name} / report, one thread", cpu / (one * share), "x")

    for name, words, goal, least in (("tcptrace", ["tcptrace", "-n"], 25, 15), ("argus", ["argus", "-w", "/dev/null", "-r"], 10, 7)):
        if not shutil.which(name):
            print(f"{'a: ' + name:58} not installed")
            continue
        cpu, clock, _, _ = run([*words, path])
        against(name, cpu, clock, 1, goal, least)
    if not shutil.which("tshark"):
        print(f"{'a: tshark':58} not installed")
        return
    # tshark keeps a kilobyte a packet: of a tenth of the capture, and scaled.
    part = b.folder / "part.pcap"
    size = min(n, 1000000)
    subprocess.run(["tcpdump", "-nn", "-r", path, "-c", str(size), "-w", part], stderr=subprocess.DEVNULL, check=True)
    cpu, clock, _, _ = run(["tshark", "-n", "-q", "-z", "conv,tcp", "-r", part])
    part.unlink()
    against("tshark -z conv,tcp", cpu, clock, size / n, 110, 80, note=f"of {size} packets")


def flood(b):
    """(b) strangers' SYNs, and handshakes among them, inside 256 MB."""
    path = b.capture("b")
    seconds, rss = b.report(path, "--threads", "1", "--memory", "256M")
    b.row("b: SYN flood, new flows", b.truths[path]["flows"] / seconds / 1e6, "M/s", 6, 4, more_is_better=True,
          note=f"RSS {rss:.0f} MB, {b.truths[path]['complete']} handshakes of {b.truths[path]['complete']}")
    b.drop(path)


def elephants(b):
    path = b.capture("d")
    cat, _ = b.floors(path)
    with open("/dev/null", "wb") as nothing:
        clock = b.least(["cat", path], wall=True, stdout=nothing)[0]
    two, _ = b.report(path, wall=True)
    b.row("d: eight elephants, default threads / cat (clock)", two / clock, "x", 1.15, 1.35)
    seconds, rss = b.report(path, "--threads", "1")
    b.row("d: eight elephants, one thread / cat", seconds / cat, "x")
    b.row("d: memory", rss, "MB RSS", 16, 32)
    b.drop(path)


def scaling(b):
    """Per packet, from 10^5 to 5 x 10^6 conversations at once, small frames."""
    first = None
    for flows in (100000, 300000, 1000000, 3000000, 5000000):
        packets = max(int(b.packets * 0.6), flows * 3)
        path = b.capture(f"s{flows}", packets, [f"flows={flows}", "mix=small", "udp=0", "six=0"])
        seconds, rss = b.report(path, "--threads", "1", "--memory", "8G", runs=max(1, b.runs // 2))
        each = seconds / packets
        first = first or each
        limits = (2.3, 3.5) if flows == 5000000 else (None, None)
        b.row(f"scaling: {flows} at once, per packet / 100000", each / first, "x", *limits, note=f"{packets / seconds / 1e6:.2f} Mpps, RSS {rss:.0f} MB")
        b.drop(path)


def memory(b):
    """What one more established IPv4 conversation with data both ways costs."""
    rss, made = {}, {}
    for flows in (500000, 1000000):
        path = b.capture(f"m{flows}", flows * 14, [f"flows={flows}", "mix=small", *PLAIN])
        rss[flows] = b.report(path, "--threads", "1", "--memory", "4G", runs=1)[1]
        made[flows] = b.truths[path]["complete"] # those that came to speak: what memory is for
        b.drop(path)
    more = made[1000000] - made[500000]
    b.row("memory of an established flow", (rss[1000000] - rss[500000]) * 1048576 / more, "bytes", 320, 384, note=f"of {more} more")


def output(b):
    """Records a second into nothing, beyond what the report of the same file costs."""
    path = b.capture("o", 2000000, ["flows=300000", "length=4", "mix=small", "lost=0.1", "late=0.1"])
    runs = max(5, b.runs) # a difference of two figures wavers by both
    base, _ = b.report(path, "--threads", "1", "--memory", "1G", runs=runs)
    for form, goal, least in (("json", 1.5, 1.0), ("csv", 1.5, 1.0), ("text", 1.5, 1.0)):
        with open("/dev/null", "wb") as nothing:
            seconds, _, _ = b.least([b.program, "connections", "-o", form, "--threads", "1", "--memory", "1G", path], runs=runs, stdout=nothing)
        b.row(f"output: connections -o {form}", b.truths[path]["flows"] / max(seconds - base, 1e-6) / 1e6, "M records/s", goal, least, more_is_better=True)
    b.drop(path)


def start(b):
    """From nothing to the last line of a tiny capture."""
    tiny = TOP / "captures/tcp-twice.pcap"
    median = lambda words: sorted(run(words)[1] for _ in range(60))[30] * 1000
    ours = median([b.program, "connections", "-r", tiny])
    if not shutil.which("tcpdump"):
        b.row("start: connections -r tiny", ours, "ms", note="tcpdump is not installed")
        return
    theirs = median(["tcpdump", "-nn", "-r", tiny])
    b.row("start: connections -r tiny / tcpdump -r", ours / theirs, "x", 1.0, 1.5, note=f"{ours:.2f} and {theirs:.2f} ms")


def screen_of(words, marks, limit=120):
    """Runs it on a terminal of 120x35 of its own; when each mark, in turn, was there: seconds. Ends it with q."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(words[0], [str(w) for w in words], {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "LINES": "35", "COLUMNS": "120"})
    began, seen, times = time.monotonic(), b"", []
    while len(times) < len(marks) and time.monotonic() - began < limit:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            seen = seen[-4096:] + os.read(terminal, 65536)
        except OSError: # the end
            break
        while len(times) < len(marks) and marks[len(times)] in seen:
            times.append(time.monotonic() - began)
    try:
        os.write(terminal, b"q")
    except OSError:
        pass
    while True:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:
            break
    os.close(terminal)
    _, status, usage = os.wait4(pid, 0)
    if len(times) < len(marks):
        raise Wrong(f"{' '.join(map(str, words))}: no {marks[len(times)]!r} on the screen; status {status}")
    return times


def watch(b):
    """The first screen with the file's name, and all of it read, as a person sees it."""
    path = b.capture("a")
    wall = min(b.least([b.program, "report", "-o", "json", path], wall=True, runs=1)[0] for _ in range(b.runs))
    first, all_read = (min(t) for t in zip(*(screen_of([b.program, "watch", path], (b"READING", b"FILE")) for _ in range(b.runs))))
    b.row("watch: first screen", first * 1000, "ms", 80, 200)
    b.row("watch: all read / report, default threads (clock)", all_read / wall, "x", 1.5, 2.0, note=f"{all_read:.2f} s")
    b.drop(path)


def live(b):
    """Frames lost and processor time of a live capture (live.py), where there is root."""
    if os.geteuid() != 0:
        print(f"{'live':58} needs root")
        return
    made = subprocess.run([sys.executable, HERE / "live.py", "--program", b.program, "--backend", "native", "--json", "idle", "100k", "flat"],
                          capture_output=True, text=True)
    if made.returncode != 0:
        raise Wrong(f"live.py: {made.stderr[-300:]}")
    for row in map(json.loads, made.stdout.splitlines()):
        name = f"live: {row['row']}"
        if "lost" in row:
            b.row(f"{name}, frames lost of {row['sent']}", float(row["lost"]) + float(row["differ"]), "frames", 0)
        b.row(f"{name}, processor", float(row["CPU %"]), "%", 1 if row["row"] == "100k" else None,
              note=f"{row.get('kpps', '0')} kpps, {row['wakes/s']} wake-ups/s")


def million(b, ask):
    """Questions about a million connections (screen.py)."""
    path = b.capture("n", 5_000_000, ["flows=1000000", "length=2", "mix=small"])
    ask(b, BUILD / "tests/again", path)
    b.drop(path)


PARTS = {"mixed": mixed, "flood": flood, "elephants": elephants, "scaling": scaling, "memory": memory, "output": output, "start": start,
         "watch": watch, "live": live, "screen": lambda b: million(b, screen.lists), "again": lambda b: million(b, screen.packets)}


def compare(old, new):
    old, new = (json.loads(pathlib.Path(p).read_text()) for p in (old, new))
    print(f"{old['commit']} {old['machine']} -> {new['commit']} {new['machine']}")
    for what, now in new["figures"].items():
        before = old["figures"].get(what)
        if before:
            print(f"{what:58} {before['value']:10.3f} -> {now['value']:10.3f} {now['unit']:12} {now['value'] / before['value']:.2f}x")


def check(b):
    """The captures, small, and the report of each against what was made."""
    for name, (share, settings) in CAPTURES.items():
        settings = ["flows=3000" if s.startswith("flows=1") else s for s in settings]
        path = b.capture(name, 100000 if name != "b" else 60000, settings)
        b.report(path, runs=1)
        print(f"{name}: the report says what was made: {json.dumps(b.truths[path])}")
    shutil.rmtree(b.folder)


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} x {model.group(1) if model else platform.machine()}, Linux {platform.release().split('-')[0]}"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", default=BUILD / "sockeye")
    options.add_argument("--packets", type=int, default=10_000_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", default=",".join(PARTS))
    options.add_argument("--json")
    options.add_argument("--keep", action="store_true", help="leave the captures in build/bench")
    options.add_argument("--compare", nargs=2)
    options.add_argument("--check", action="store_true")
    options.add_argument("--traffic", default=BUILD / "tests/traffic")
    o = options.parse_args()
    if o.compare:
        return compare(*o.compare)
    if o.check:
        return check(Bench(o))
    os.chdir(TOP)
    subprocess.run(["cmake", "--preset", "release", "-G", "Ninja"], stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["cmake", "--build", "build/release"], stdout=subprocess.DEVNULL, check=True)
    b = Bench(o)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"{machine()}; load {os.getloadavg()[0]:.2f}; commit {commit}; {o.packets} packets; least of {o.runs} runs")
    wrong = 0
    for name in o.only.split(","):
        try:
            PARTS[name](b)
        except Wrong as why:
            wrong += 1
            print(f"WRONG {name}: {why}", flush=True)
    if o.json:
        pathlib.Path(o.json).write_text(json.dumps({"commit": commit, "machine": machine(), "date": time.strftime("%F"), "packets": o.packets,
                                                    "runs": o.runs, "figures": b.figures}, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
