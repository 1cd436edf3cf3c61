"""Rights: what the process that reads packets has left, and what its broker keeps."""
import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time

from endings import pings
from lab import SERVER, check, children, command, ended, finish, total, wait_for
from terminal import Screen, open_terminal

DROP_MS = 500  # the best of five, on a loaded machine; an idle one needs less than 30
NOBODY = 65534
NET_RAW, DAC_OVERRIDE = 1 << 13, 1 << 1


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def sets(s):
    return [int(s[name][0], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")]


def check_dropped(pid, uid=NOBODY, what="the parsing process"):
    s = status(pid)
    check(s["Uid"] == [str(uid)] * 4 and s["Gid"] == [str(uid)] * 4 and s.get("Groups", []) == [], f"{what}: user", s["Uid"], s["Gid"], s.get("Groups"))
    check(sets(s) == [0] * 5, f"{what}: capabilities", sets(s))
    check(s["NoNewPrivs"] == ["1"] and s["Seccomp"] == ["2"], f"{what}:", s["NoNewPrivs"], s["Seccomp"])


def check_broker(pid, uid=NOBODY):
    s = status(pid)
    check(s["Name"] == ["sockeye-broker"] and s["Uid"] == [str(uid)] * 4, "the broker is", s["Name"], s["Uid"])
    check(sets(s) == [NET_RAW, NET_RAW, 0, 0, 0], "the broker keeps", [hex(v) for v in sets(s)])
    check(s["NoNewPrivs"] == ["1"] and s["Seccomp"] == ["2"], "the broker:", s["NoNewPrivs"], s["Seccomp"])
    fds = sorted(os.readlink(f"/proc/{pid}/fd/{n}").split(":")[0] for n in os.listdir(f"/proc/{pid}/fd"))
    check(fds[:2] == ["/dev/null"] * 2 and fds.count("socket") == 1 and len(fds) == 4, "the broker has open:", fds)


def broker_of(eye):
    found = [c for c in children(eye.pid)]
    check(len(found) == 1, "children:", found)
    return found[0]


def rights_dropped_in_time(lab):
    """root: user, groups, every set of capabilities, no_new_privs and seccomp, soon after the start"""
    took = []
    for _ in range(5):
        began = time.monotonic()
        eye = lab.start(lab.client, lab.program, "packets", "-i", "wire0")

        def dropped():
            try:
                return status(eye.pid)["Seccomp"] == ["2"]
            except (OSError, KeyError):
                return False

        wait_for("seccomp", 5, dropped, pause=0.0005)
        took.append((time.monotonic() - began) * 1000)
        check_dropped(eye.pid)
        check_broker(broker_of(eye))
        code, _, err = finish(eye, settle=0)
        check(code == 0, f"exit {code}:", err)
    check(min(took) < DROP_MS, "dropped after ms:", took)
    return f"after {min(took):.1f} to {max(took):.1f} ms, ip netns exec included; limit {DROP_MS}"


def rights_of_files(lab):
    """a file that only root may read is open before; no broker where nothing is left to ask"""
    secret = os.path.join(lab.folder, "secret.pcap")
    shutil.copy("captures/handshakes.pcap", secret)
    os.chmod(secret, 0o600)
    ours, theirs = os.pipe()
    eye = lab.start(None, lab.program, "packets", "-v", "-x", "-r", secret, stdout=theirs)
    os.close(theirs)
    wait_for("a full pipe", 5, lambda: status(eye.pid)["State"][0] == "S")
    check_dropped(eye.pid)
    check(not children(eye.pid), "children:", children(eye.pid))
    with os.fdopen(ours, "rb") as out:
        wanted = len(subprocess.run([lab.program, "packets", "-v", "-x", "-r", "captures/handshakes.pcap"], stdin=subprocess.DEVNULL,
                                    capture_output=True, env={**os.environ, "TZ": "UTC"}, timeout=20).stdout)
        check(len(out.read()) == wanted > 0, "another output")
    check(eye.wait(5) == 0, f"exit {eye.returncode}")


def rights_by_name(lab):
    """-Z USER, else who called sudo, else nobody; an unknown user is a sentence"""
    for words, env, uid in ((["-Z", "daemon"], {}, 1), ([], {"SUDO_UID": "1234", "SUDO_GID": "1234"}, 1234),
                            ([], {"SUDO_UID": "0", "SUDO_GID": "0"}, NOBODY), ([], {"SUDO_UID": "-5", "SUDO_GID": "x"}, NOBODY)):
        eye = lab.sockeye("packets", "-i", "wire0", *words) if not env else \
            lab.start(lab.client, "env", *[f"{k}={v}" for k, v in env.items()], lab.program, "packets", "-i", "wire0")
        wait_for("the drop", 5, lambda: status(eye.pid)["Seccomp"] == ["2"])
        check_dropped(eye.pid, uid, f"{words} {env}")
        check_broker(broker_of(eye), uid)
        check(finish(eye, settle=0)[0] == 0, f"exit {eye.returncode}")
    code, out, err = ended(lab.start(lab.client, lab.program, "packets", "-i", "wire0", "-Z", "no such\x1b user"))
    check(code == 1 and not out and "no such user" in err and "\x1b" not in err and len(err.splitlines()) == 1, f"exit {code}:", err)


# Root with what the broker of -w has, and no CAP_SYS_PTRACE.
LIKE_IT = ("setpriv", "--bounding-set=-all,+net_raw,+dac_override", "--inh-caps=-all")


def peeks(pid):
    """Does a process of the same user and rights see the environment of that one?"""
    done = subprocess.run([*LIKE_IT, "cat", f"/proc/{pid}/environ"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    return done.returncode == 0


def writing_broker(lab):
    """the broker of -w: the starter's user, CAP_NET_RAW and CAP_DAC_OVERRIDE, one directory; nobody looks into it or main"""
    path = os.path.join(lab.folder, "out.pcap")
    open_one = lab.start(lab.client, *LIKE_IT, "sleep", "30")
    wait_for("sleep", 5, lambda: pathlib.Path(f"/proc/{open_one.pid}/comm").read_text() == "sleep\n")
    check(peeks(open_one.pid), "a process of the same rights cannot be looked into: this test would see nothing")
    for words, env, owner in ((["-Z", "root"], {}, 0), ([], {"SUDO_UID": "1234", "SUDO_GID": "1234"}, 1234), ([], {}, 0)):
        eye = lab.sockeye("packets", "-i", "wire0", "-w", path, *words, env=env)
        broker = broker_of(eye)
        s = status(broker)
        check(s["Uid"] == ["0", "0", "0", str(owner)] and s["Gid"] == ["0", "0", "0", str(owner)], f"{words} {env}: user", s["Uid"], s["Gid"])
        check(sets(s) == [NET_RAW | DAC_OVERRIDE] * 2 + [0, 0, 0], f"{words} {env}: the broker keeps", [hex(v) for v in sets(s)])
        check(s["NoNewPrivs"] == ["1"] and s["Seccomp"] == ["2"], "the broker:", s["NoNewPrivs"], s["Seccomp"])
        fds = sorted(os.readlink(f"/proc/{broker}/fd/{n}").split(":")[0] for n in os.listdir(f"/proc/{broker}/fd"))
        check(fds.count("/dev/null") >= 2 and fds.count("socket") == 1 and lab.folder in fds and len(fds) == 5, "it has open:", fds)
        check_dropped(eye.pid, 0 if words else owner or NOBODY, f"{words} {env}")
        check(not peeks(broker), f"{words} {env}: the broker can be looked into")
        check(not peeks(eye.pid), f"{words} {env}: main can be looked into")
        code, _, err = finish(eye, settle=0)
        check(code == 0, f"exit {code}:", err)
        os.unlink(path)


def changing_directory(lab):
    """-G with a % in the directory of -w: refused with a sentence before anything is made"""
    folder = os.path.join(lab.folder, "d%Y")
    now = os.path.join(lab.folder, time.strftime("d%Y"))
    os.mkdir(now)
    code, out, err = ended(lab.start(lab.client, lab.program, "packets", "-i", "wire0", "-G", "1", "-w", f"{folder}/x-%S.pcap"))
    check(code == 1 and not out and "the directory of -w may not change with the time" in err and len(err.splitlines()) == 1,
          f"exit {code}:", out, err)
    check(os.listdir(now) == [], "left behind:", os.listdir(now))


def timed_files(lab):
    """-G and -C as root: the broker makes each file that the writer names, in the user's name"""
    path = os.path.join(lab.folder, "t-%H%M%S.pcap")
    eye = lab.sockeye("packets", "-i", "wire0", "-G", "1", "-C", "4k", "-w", path, env={"SUDO_UID": "1234", "SUDO_GID": "1234"})
    for _ in range(8):
        pings(lab)
        code, _, err = ended(lab.peer(lab.client, "burst", 20, 400))
        check(code == 0, "sending:", err)
        time.sleep(0.2)
    code, _, err = finish(eye)
    made = [f for f in os.listdir(lab.folder) if f.startswith("t-")]
    check(code == 0 and len(made) > 4, f"exit {code}, files {made}:", err)
    check({os.stat(os.path.join(lab.folder, f)).st_uid for f in made} == {1234}, "not the user's:", made)
    check(any(not f.endswith(".pcap") for f in made) and len({f[:8] for f in made}) > 1, "one kind of rotation only:", made)
    return f"{len(made)} files"


def broker_killed(lab):
    """the broker is killed: said within a second, the capture goes on"""
    eye = lab.sockeye("packets", "-i", "wire0", "-n", "udp")
    os.set_blocking(eye.stderr.fileno(), False)
    os.kill(broker_of(eye), signal.SIGKILL)
    began, said = time.monotonic(), bytearray()

    def told():
        said.extend(eye.stderr.read() or b"")
        return b"the broker is gone: no further interface or file can be opened" in said

    wait_for("the sentence", 1, told, pause=0.005)
    took = (time.monotonic() - began) * 1000
    pings(lab)
    os.set_blocking(eye.stderr.fileno(), True)
    code, out, err = finish(eye)
    check(code == 0 and (total(err, "packets captured") or 0) >= 3 and out.count(f"> {SERVER}:9") >= 3, f"exit {code}:", out, err)
    check((said.decode() + err).count("broker") == 1, "told more than once:", said, err)
    return f"told after {took:.0f} ms"


def main_killed(lab):
    """main is killed: the broker ends, nothing stays promiscuous"""
    eye = lab.sockeye("packets", "-i", "wire0")
    broker = broker_of(eye)
    check("promiscuity 1" in lab.inside(lab.client, "ip", "-d", "link", "show", "wire0"), "not promiscuous while it listens")
    began = time.monotonic()
    os.kill(eye.pid, signal.SIGKILL)
    eye.wait(5)

    def gone():
        try:
            return status(broker)["State"][0] == "Z"
        except (OSError, KeyError):
            return True

    wait_for("the broker to end", 1, gone, pause=0.005)
    took = (time.monotonic() - began) * 1000
    check("promiscuity 0" in lab.inside(lab.client, "ip", "-d", "link", "show", "wire0"), "still promiscuous")
    return f"after {took:.0f} ms"


class Watch:
    """watch on a terminal of its own, with that as its controlling one."""

    def __init__(self, lab, namespace, *words):
        self.screen = Screen(100, 30)
        self.ours, theirs = open_terminal(100, 30)
        enter = ["ip", "netns", "exec", namespace] if namespace else []
        # A shell with jobs: when ^Z stops the program, it brings it back after a second.
        shell = f"{shlex.join([*enter, lab.program, 'watch', *words])}; sleep 1; fg"
        self.process = lab.start(None, "setsid", "--ctty", "--wait", "env", "TERM=xterm-256color", "LC_ALL=C.UTF-8", "bash", "-mc",
                                 shell, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)

    def eye(self):
        """The program itself, below setsid and the shell."""
        below = [self.process.pid]
        while below:
            pid = below.pop()
            if status(pid)["Name"] == ["sockeye"]:
                return pid
            below += children(pid)
        return None

    def look(self):
        while select.select([self.ours], [], [], 0.02)[0]:
            try:
                self.screen.feed(os.read(self.ours, 65536))
            except OSError:
                return

    def see(self, text, seconds=5):
        def holds():
            self.look()
            return self.screen.holds(text)
        try:
            wait_for(f"{text!r} on the screen", seconds, holds)
        except Exception as why:
            raise type(why)(f"{why}: " + " / ".join(line for line in self.screen.lines() if line)) from None

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def resize(self, width, height):
        self.look()
        self.screen = Screen(width, height)
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def watch_confined(lab):
    """watch, live and of a file, as root: threads confined; resize, ^Z and on again, q"""
    for words, namespace in ((("-i", "wire0"), lab.client), (("captures/handshakes.pcap",), None)):
        w = Watch(lab, namespace, *words)
        try:
            w.see("Connections")
            if namespace:
                pings(lab)
                w.see(f"{SERVER}:9")
            pid = wait_for("the program", 2, w.eye)
            threads = os.listdir(f"/proc/{pid}/task")
            check(len(threads) == (3 if namespace else 2), "threads:", threads)  # live one is the host's
            for thread in threads:
                check_dropped(f"{pid}/task/{thread}", what=f"thread of watch {words}")
            w.resize(80, 24)
            w.see("?Help")
            w.type("\x1a")
            wait_for("a stopped process", 3, lambda: (w.look(), status(pid)["State"][0] == "T")[1])
            w.screen = Screen(80, 24)
            w.see("?Help")
            w.type("qq" if namespace else "q")  # live it asks once
            wait_for("the end", 3, lambda: (w.look(), w.process.poll() is not None)[1])
            check(w.process.returncode == 0, f"exit {w.process.returncode}")
        finally:
            os.close(w.ours)


def copy_with(lab, *capabilities):
    copy = os.path.join(lab.folder, "sockeye")
    shutil.copy(lab.program, copy)
    os.chmod(copy, 0o755)
    if capabilities:
        command("setcap", *capabilities, copy)
    return copy


PLAIN = ("setpriv", "--reuid=1234", "--regid=1234", "--clear-groups")


def file_capabilities(lab):
    """setcap instead of root: captures, keeps a broker, drops; the environment is not believed"""
    copy = copy_with(lab, "cap_net_raw,cap_net_admin+ep")
    eye = lab.start(lab.client, *PLAIN, copy, "packets", "-i", "wire0", "-n", "udp")
    wait_for("the drop", 5, lambda: status(eye.pid)["Seccomp"] == ["2"])
    s = status(eye.pid)
    check(s["Uid"] == ["1234"] * 4 and sets(s)[:3] == [0, 0, 0] and sets(s)[4] == 0, "left:", s["Uid"], sets(s))
    broker = status(broker_of(eye))
    check(broker["Uid"] == ["1234"] * 4 and sets(broker)[:3] == [NET_RAW, NET_RAW, 0], "the broker keeps", sets(broker))
    code, _, err = finish(eye, settle=0.2)
    check(code == 0, f"exit {code}:", err)
    # A terminal that only a hostile TERMINFO knows.
    folder = os.path.join(lab.folder, "terminfo")
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    source = command("infocmp", "-1", "xterm").split("\n", 2)[2].replace("xterm|", "evil|", 1)
    path = os.path.join(lab.folder, "evil.ti")
    pathlib.Path(path).write_text("evil|hostile," + source[source.index("\n"):] if source.startswith("evil") else "evil|hostile,\n" + source)
    command("tic", "-x", "-o", folder, path)
    for program, known in ((copy, False), (lab.program, True)):
        ours, theirs = open_terminal(100, 30)
        try:
            prefix = PLAIN if program == copy else ()
            eye = lab.start(None, "env", f"TERMINFO={folder}", f"TERMINFO_DIRS={folder}", f"HOME={lab.folder}", "TERM=evil",
                            *prefix, program, "watch", "captures/handshakes.pcap", stdin=theirs, stdout=theirs)
            if known:
                wait_for("the screen", 5, lambda: select.select([ours], [], [], 0.1)[0])
                os.kill(eye.pid, signal.SIGTERM)
            code, _, err = ended(eye)
            check(code == (0 if known else 1) and ("unknown terminal" in err) != known, f"{program}: exit {code}:", err)
        finally:
            os.close(ours)
            os.close(theirs)


def refuses_setuid(lab):
    """setuid or setgid: refused with a sentence, exit 1"""
    for mode in (0o4755, 0o2755):
        copy = copy_with(lab)
        os.chmod(copy, mode)
        code, out, err = ended(lab.start(None, *PLAIN, copy, "--version"))
        check(code == 1 and not out and "setuid" in err and "setcap" in err and err.count("sockeye: ") == 1, f"{mode:o}: exit {code}:", out, err)
        os.unlink(copy)


def privileges_told(lab):
    """--privileges tells what there is and what is left, as root and without"""
    code, out, err = ended(lab.start(lab.client, lab.program, "--privileges"))
    check(code == 0 and not err, f"exit {code}:", err)
    for part in (f"sudo setcap cap_net_raw,cap_net_admin+ep {lab.program}", "CAP_NET_RAW    yes", f"user           yes  {NOBODY}",
                 "capabilities   yes  none, in no set; the bounding set is empty", "no_new_privs   yes", "system calls are left",
                 "Landlock       yes  ABI", "started        yes"):
        check(part in out, f"no {part!r} in:", out)
    check("stays user 0; capabilities: CAP_DAC_OVERRIDE, CAP_NET_RAW\n" in out, "the broker of -w:", out)
    code, out, err = ended(lab.start(lab.client, *PLAIN, copy_with(lab), "--privileges"))
    check(code == 0 and not err and "CAP_NET_RAW    no" in out and "started             not needed" in out and "seccomp        yes" in out
          and "stays user 1234; capabilities: none\n" in out and not re.search(r"^  (user|groups) +no", out, re.M), f"exit {code}:", out, err)


def mapped_without_nobody(lab):
    """in a user namespace without a nobody: said, without capabilities all the same"""
    code, out, err = ended(lab.start(None, "unshare", "--user", "--map-root-user", lab.program, "connections", "captures/dns.pcap"))
    check(code == 0 and out.count("\n") > 3 and len(err.splitlines()) == 1 and "the run goes on without it" in err, f"exit {code}:", out, err)


TESTS = [rights_dropped_in_time, rights_of_files, rights_by_name, writing_broker, changing_directory, timed_files,
         broker_killed, main_killed, watch_confined, file_capabilities, refuses_setuid, privileges_told, mapped_without_nobody]
