"""Manners of the screen at a true terminal: idle, mouse, colours, whole frames, configuration, sizes."""
import os
import pathlib
import random
import re
import signal
import subprocess
import time

from faults_lab import Seat, program_of, send
from lab import check

CAPTURE = "captures/handshakes.pcap"
IDLE_S = 10


def family(pid):
    """The process and all it has started."""
    found, at = [pid], 0
    while at < len(found):
        for task in pathlib.Path(f"/proc/{found[at]}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
        at += 1
    return found


def switches(pids):
    """How often any of their threads was woken, as context switches."""
    n = 0
    for pid in pids:
        for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
            n += sum(int(v) for v in re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), re.M))
    return n


def idle(lab, seat):
    """Wake-ups a second of all processes together, and the bytes that came meanwhile."""
    seat.quiet(0.5)
    pids = family(program_of(seat.process))
    before, raw = switches(pids), len(seat.raw)
    end = time.monotonic() + IDLE_S
    while time.monotonic() < end:
        seat.read(end - time.monotonic())
    return (switches(pids) - before) / IDLE_S, len(seat.raw) - raw, len(pids)


def leave(seat):
    seat.keys("qq")
    status, _ = seat.over(3)
    seat.restored()
    check(status == 0, f"exit {status}")


def idle_on_a_file(lab):
    """nothing to do on a file: at most one wake-up a second of all processes, and not a byte"""
    seat = Seat(lab, "watch", CAPTURE)
    seat.until(" of 46")
    woken, wrote, processes = idle(lab, seat)
    check(woken <= 1.0 and wrote == 0, f"{woken:.1f} wake-ups a second, {wrote} bytes")
    leave(seat)
    return f"{woken:.1f} wake-ups a second of {processes} processes, limit 1.0; {wrote} bytes"


def idle_live(lab):
    """nothing comes in live: the clock's second, four looks at the ring in it, one at the kernel's sockets: ten wake-ups"""
    seat = Seat(lab, "watch", "-i", "wire0", "udp", "port", "4", namespace=lab.client)
    seat.until("LIVE")
    seat.quiet(2)  # until it is quiet
    # What another program takes of the processor cuts a wait in two: the least of some.
    for _ in range(4):
        woken, wrote, processes = idle(lab, seat)
        if woken <= 10.0:
            break
    check(woken <= 20.0 and wrote < 100 * IDLE_S, f"{woken:.1f} wake-ups a second, {wrote} bytes")
    leave(seat)
    return f"{woken:.1f} wake-ups a second of {processes} processes, limit 10, 20 on a busy machine; {wrote // IDLE_S} bytes a second, limit 100"


def mouse_at_a_terminal(lab):
    """wheel and clicks are obeyed where they point, and the terminal has its mouse back after :set mouse=off"""
    seat = Seat(lab, "watch", CAPTURE, size=(120, 35))
    seat.until(" 1 of 46")
    check(b"\x1b[?1006;1000h" in seat.raw, "the mouse was not asked for")
    seat.keys("\x1b[<65;10;10M")  # the wheel
    seat.until(" 4 of 46")
    seat.keys("\x1b[<0;10;10M\x1b[<0;10;10m")
    seat.until(" 7 of 46")
    seat.keys("\x1b[<0;30;3M\x1b[<0;30;3m")
    seat.until("sorted by server")
    seat.keys("\x1b[<0;30;3M\x1b[<0;30;3m")
    seat.until("the other way round")
    seat.keys(":set mouse=off\r")
    seat.until(lambda: b"\x1b[?1006;1000l" in seat.raw)
    leave(seat)
    seat = Seat(lab, "watch", "--no-mouse", CAPTURE)
    seat.until(" 1 of 46")
    check(b"\x1b[?1006;1000h" not in seat.raw, "--no-mouse, and the mouse was asked for")
    leave(seat)
    return "wheel, row, head of a column; off by :set and by --no-mouse"


def colours_as_wished(lab):
    """256, 16, 8 and no colours, by :set theme, --color=never and NO_COLOR; the text stays"""
    seat = Seat(lab, "watch", CAPTURE)
    seat.until(" of 46")
    seen = {}
    for theme in ("256", "16", "8", "mono", "auto"):
        seat.raw.clear()
        seat.keys(f":set theme={theme}\r\x0c")
        seat.quiet(0.3)
        seen[theme] = set(re.findall(rb"\x1b\[[0-9;]*(?:38;5|3[0-7])[0-9;]*m", bytes(seat.raw)))
        check(seat.screen.holds("192.0.2.80:443"), "the text is gone with theme " + theme)
    check(any(b"38;5" in c for c in seen["256"]) and any(b"38;5" in c for c in seen["auto"]), "256:", seen)
    check(seen["8"] and not any(b"38;5" in c for c in seen["8"] | seen["16"]), "8 and 16:", seen)
    check(not seen["mono"], "mono:", seen)
    leave(seat)
    for before, words in ((["env", "NO_COLOR=1"], []), ([], ["--color=never"])):
        seat = Seat(lab, "watch", *words, CAPTURE, before=before)
        seat.until(" of 46")
        colours = re.findall(rb"\x1b\[[0-9;]*(?:38;5|3[0-7])[0-9;]*m", bytes(seat.raw))
        check(not colours, words, before, "and coloured:", colours[:3])
        leave(seat)
    return ", ".join(f"{theme} {len(c)} colours" for theme, c in seen.items())


def frames_in_marks(lab):
    """a terminal that says it knows synchronized updates gets every frame in marks; any other none"""
    seat = Seat(lab, "watch", CAPTURE)
    seat.until(" of 46")
    check(b"\x1b[?2026$p" in seat.raw, "the terminal was not asked")
    seat.keys("j")
    seat.until(" 2 of 46")
    check(b"\x1b[?2026h" not in seat.raw, "marks for a terminal that has not answered")
    for answer, marks in (("0", False), ("4", False), ("2", True)):
        seat.keys(f"\x1b[?2026;{answer}$y")
        seat.quiet(0.2)
        seat.raw.clear()
        seat.keys("j")
        seat.quiet(0.3)
        frame = bytes(seat.raw)
        check((b"\x1b[?2026h" in frame) == marks, f"answer {answer}:", frame[:60])
    check(frame.startswith(b"\x1b[?2026h") and frame.endswith(b"\x1b[?2026l") and frame.count(b"\x1b[?2026h") == frame.count(b"\x1b[?2026l"),
          "the frame is not whole between its marks:", frame)
    leave(seat)
    return "asked once; no answer, 0 and 4: no marks; 2: each frame between its marks"


def frames_by_terminfo(lab):
    """terminfo has the capability Sync: frames are in its marks from the first one on, and nothing is asked"""
    source, folder = os.path.join(lab.folder, "sync.ti"), os.path.join(lab.folder, "terminfo")
    entry = subprocess.run(["infocmp", "-x", "xterm-256color"], capture_output=True, text=True, check=True, timeout=20).stdout
    pathlib.Path(source).write_text(entry.rstrip().rstrip(",") + r", Sync=\E[?2026%?%p1%{1}%-%tl%eh%;," + "\n")
    subprocess.run(["tic", "-x", "-o", folder, source], check=True, capture_output=True, timeout=20)
    seat = Seat(lab, "watch", CAPTURE, before=["env", f"TERMINFO={folder}"])
    seat.until(" of 46")
    raw = bytes(seat.raw)
    check(b"\x1b[?2026$p" not in raw, "the terminal was asked all the same")
    check(raw.count(b"\x1b[?2026h") == raw.count(b"\x1b[?2026l") > 0, "marks:", raw.count(b"\x1b[?2026h"), raw.count(b"\x1b[?2026l"))
    leave(seat)
    return f"{raw.count(b'2026h')} frames in marks"


def glyphs_by_locale(lab):
    """where glyphs may take two columns (zh, ja, ko), and where the locale is not UTF-8: the same columns in ASCII"""
    folder = os.path.join(lab.folder, "locales")
    os.mkdir(folder)
    made = []
    for name in ("ja_JP", "de_DE"):
        # Warnings are a status of 1, and the locale is made all the same.
        subprocess.run(["localedef", "-c", "-i", name, "-f", "UTF-8", f"{folder}/{name}.UTF-8"], capture_output=True, timeout=60)
        if os.path.isdir(f"{folder}/{name}.UTF-8"):
            made.append(name)
    check(len(made) == 2, "localedef made no locale: is the package locales installed?")
    seen = {}
    for name in [f"{n}.UTF-8" for n in made] + ["C", "C.UTF-8"]:
        seat = Seat(lab, f"LOCPATH={folder}" if name in os.listdir(folder) else "LOCPATH=", f"LC_ALL={name}", lab.program, "watch", CAPTURE, program="env")
        seat.until(" of 46")
        text = "".join(seat.screen.lines())
        seen[name] = text.isascii()
        leave(seat)
    check(seen["C"] and not seen["C.UTF-8"], "C and C.UTF-8:", seen)
    for name in made:
        check(seen[f"{name}.UTF-8"] == (name != "de_DE"), f"{name}:", seen)
    return "ASCII in " + ", ".join(n for n, a in seen.items() if a) + "; glyphs in " + ", ".join(n for n, a in seen.items() if not a)


def resize(seat, width, height):
    """As a terminal does it whose foreground process the program is."""
    seat.size(width, height)
    os.kill(program_of(seat.process), signal.SIGWINCH)


def storm_of_sizes(lab):
    """300 sizes in a burst, the smallest among them: then the very screen that --headless draws"""
    seat = Seat(lab, "watch", CAPTURE, size=(120, 35))
    seat.until(" of 46")
    dice = random.Random(8)
    for n in range(300):
        width, height = dice.choice(((40, 8), (39, 8), (20, 5), (1, 1), (80, 24), (200, 60), (dice.randrange(1, 250), dice.randrange(1, 80))))
        resize(seat, width, height)
        if n % 10 == 0:
            seat.keys("j" if n % 20 else "c")
            seat.read(0.002)
    seat.keys("\x1bg")
    seat.quiet(0.3)
    resize(seat, 40, 8)
    seat.quiet(0.3)
    seat.screen.__init__(120, 35)
    resize(seat, 120, 35)
    want = subprocess.run([lab.program, "watch", CAPTURE, "--headless", "120x35", "--dump", "-"], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, timeout=20).stdout.splitlines()

    def wrong():
        return [f"{n}: {a!r} is not {b!r}" for n, (a, b) in enumerate(zip(seat.screen.lines(), want), 1) if a != b]

    # However busy the machine is, it comes to this screen, and stays.
    end = time.monotonic() + 15
    while wrong() and time.monotonic() < end:
        seat.read(0.1)
    seat.quiet(0.3)
    check(not wrong(), f"{len(wrong())} rows differ:", *wrong()[:3])
    leave(seat)
    return "35 rows of 120 equal after 300 sizes"


def configured(lab, text, mode=0o600, owner=None, env=(), words=(), link=False):
    """A seat at a program with that configuration, and the file."""
    home = pathlib.Path(lab.folder) / f"home{random.randrange(1 << 30)}"
    path = home / "sockeye" / "config"
    path.parent.mkdir(parents=True)
    os.chmod(lab.folder, 0o755)
    if text is not None:
        target = path.with_name("elsewhere") if link else path
        target.write_text(text)
        target.chmod(mode)
        if owner is not None:
            os.chown(target, owner, owner)
        if link:
            path.symlink_to(target)
    return Seat(lab, "watch", *words, CAPTURE, size=(120, 35), before=["env", f"XDG_CONFIG_HOME={home}", *env]), path


def own_configuration(lab):
    """columns, order and keys of one's own; a wrong line is told with its number and the rest holds; kept again"""
    seat, path = configured(lab, "# mine\ncolumns = server, handshake, bytes\nkolumns = server\nsort = bytes\nkey hide-closed = X <F9>\n")
    seat.until("line 3: no such setting")
    check(seat.screen.lines()[2].split()[:4] == ["St", "Server", "Handshake", "ms"], "heads:", seat.screen.lines()[2])
    seat.until("bytes ▼")
    seat.keys("X")
    seat.until("over, hidden")
    seat.keys(":set theme=16\r:save-config\r")
    seat.until("kept in ")
    leave(seat)
    kept = path.read_text()
    for line in ("columns = server, handshake, bytes", "sort = bytes", "theme = 16", "key hide-closed = X <F9>"):
        check(line + "\n" in kept, f"not kept: {line}:", kept)
    seat, path = configured(lab, None)
    seat.until(" of 46")
    seat.keys(":set sort=-bytes\r:save-config\r")
    seat.until("sort = -bytes")
    said = " ".join(line.split("│")[-2].strip() for line in seat.screen.lines() if line.count("│") >= 2)
    check("it was not there at the start" in said and "Make it, empty" in said and str(path) in said.replace(" ", ""), "what to do is not said:", said)
    check(not path.exists(), "a file was made after rights were given up")
    seat.keys("\x1b")
    seat.until(lambda: not seat.screen.holds("sort = -bytes"))
    leave(seat)
    return "3 settings and 2 keys of a file with a wrong line; kept, and read as it was written; without a file its lines are shown"


def somebody_elses_configuration(lab):
    """a file that others may write, that belongs to somebody else, a link, a fifo, one too long: not read, and that is said"""
    said = []
    for why, more in (("others may write it", {"mode": 0o620}), ("belongs to somebody else", {"owner": 65534}), ("it is a link", {"link": True}),
                      ("is longer than", {"text": "#" * 70_000})):
        seat, _ = configured(lab, **{"text": "sort = bytes\n", **more})
        seat.until(why)
        check(not seat.screen.holds("bytes ▼"), "it was read all the same:", why)
        leave(seat)
        said.append(why)
    # Under sudo it is the caller's: XDG_CONFIG_HOME is root's then, and not looked at.
    seat, _ = configured(lab, "sort = bytes\n", env=["SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody"])
    seat.until(" of 46")
    check(not seat.screen.holds("bytes ▼"), "root's configuration was read for the caller of sudo")
    leave(seat)
    seat, path = configured(lab, None)
    os.mkfifo(path)
    leave_early = time.monotonic()
    seat.until(" of 46")
    check(time.monotonic() - leave_early < 5, "a fifo held it up")
    leave(seat)
    return "; ".join(said) + "; sudo's caller"


def another_capture_filter(lab):
    """the picker sets another capture filter on a running capture; a wrong one is told and the old one stays"""
    seat = Seat(lab, "watch", "-i", "wire0", "udp", "port", "7", namespace=lab.client, size=(120, 35))
    seat.until("LIVE")
    seat.keys("i")
    seat.until("capture filter udp port 7")
    check(seat.screen.holds("wire0"), "the interfaces:", "\n".join(seat.screen.lines()))
    seat.keys("\t\x15udp port\r")  # the cursor stands in the list at first
    seat.until("capture filter: ")
    seat.keys("\x15udp\r")
    seat.until("captured from now on: udp")
    seat.keys("\x1b")
    send(lab, "-n", 200, "-r", 1000, "-f", 4, "udp")
    seat.until(lambda: re.search(r"\b4 conns", seat.screen.lines()[0]))
    leave_live(seat)
    return "udp port 7, a broken one refused, then udp: 4 flows of 200 packets seen"


def another_interface(lab):
    """the picker shows what each interface gives, adds one more, under the filter that was set, and takes it off again"""
    seat = Seat(lab, "watch", "-i", "lo", "udp", namespace=lab.client, size=(120, 35))
    seat.until("LIVE")
    seat.keys("i")
    seat.until("in all")
    names = re.findall(r"│[ ▶][● ] \d+\.(\S+)", "\n".join(seat.screen.lines()))
    seat.keys("j" * names.index("wire0"))
    pid = program_of(seat.process)
    before = rings(pid)
    seat.keys("\r")
    seat.until("captured from now on, too: wire0")
    send(lab, "-n", 200, "-r", 1000, "-f", 4, "udp")
    seat.until(lambda: any(re.search(r"● .*wire0.* 200 in all", line) for line in seat.screen.lines()))
    check(rings(pid) == before + 1, f"{before} rings were mapped, and with one more interface {rings(pid)}")
    seat.keys("\r")
    seat.until("not captured any more: wire0")
    deadline(lambda: rings(pid) == before, 5, "the ring of the interface that was taken off is still mapped")
    send(lab, "-n", 200, "-r", 1000, "-f", 4, "-p", 7000, "udp")
    seat.quiet(0.3)
    for _ in range(5):  # more often than the screen has room for interfaces
        seat.keys("\r")
        seat.until("captured from now on, too: wire0")
        seat.until(lambda: any(re.search(r"● .*wire0", line) for line in seat.screen.lines()))
        seat.keys("\r")
        seat.until("not captured any more: wire0")
        deadline(lambda: rings(pid) == before, 5, "the ring of the interface that was taken off is still mapped")
    seat.keys("\r")
    seat.until("captured from now on, too: wire0")
    send(lab, "-n", 100, "-r", 1000, "-f", 2, "-p", 8000, "udp")
    seat.keys("k" * (names.index("wire0") - names.index("lo")) if names.index("wire0") > names.index("lo") else "j" * (names.index("lo") - names.index("wire0")))
    seat.keys("\r")
    seat.until("from the start on, and stays")
    seat.keys("\x1b")
    seat.until(lambda: re.search(r"\b6 conns", seat.screen.lines()[0]))
    leave_live(seat)
    return "lo at first, then wire0 as well: 4 flows of 200 packets seen; taken off: its ring is closed, none; added again: 2"


def rings(pid):
    """Rings of packet sockets in a process's memory."""
    with open(f"/proc/{pid}/maps") as f:
        return len(re.findall(r"socket:\[\d+\]", f.read()))


def deadline(holds, seconds, what):
    end = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < end, what)
        time.sleep(0.05)


def leave_live(seat):
    seat.keys("q")
    seat.quiet(0.1)
    seat.keys("q")
    status, _ = seat.over(3)
    check(status == 0, f"exit {status}")


def rates_live(lab):
    """live: the rate moves and falls, its curve grows, an order by rate has the fastest on top"""
    seat = Seat(lab, "watch", "-i", "wire0", "udp", namespace=lab.client, size=(120, 35))
    seat.until("LIVE")
    seat.keys(":sort rate\r")
    sender = send(lab, "-n", 4000, "-r", 1000, "-f", 3, "udp", wait=False)
    seat.until(lambda: any(len(re.findall("[▁▂▃▄▅▆▇█]", line)) >= 3 for line in seat.screen.lines()[3:8]), 8)
    seat.until("rate ▼")
    sender.communicate(timeout=20)
    seat.until(lambda: not any(re.search("[▁▂▃▄▅▆▇█]", line) for line in seat.screen.lines()[3:8]), 20)
    leave_live(seat)
    return "a curve of 3 cells within 8 s, blank again at most 20 s after the last packet"


TESTS = [idle_on_a_file, idle_live, mouse_at_a_terminal, colours_as_wished, frames_in_marks, frames_by_terminfo,
         glyphs_by_locale, storm_of_sizes, own_configuration,
         somebody_elses_configuration, another_capture_filter,
         another_interface, rates_live]
