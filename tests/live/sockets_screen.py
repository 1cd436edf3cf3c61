"""The Sockets screen: what it shows of real sockets, against the programs that hold them and against /proc."""
import os
import pathlib
import re
import subprocess
import sys
import time

from lab import check, children, ended, wait_for
from sockets import zoo
from syn_to_screen import Watch

AGE_SLACK_S = 2.5  # between a moment that the zoo notes and the one that the screen shows: it looks once a second


def lines_of(watch):
    return [line.rstrip() for line in watch.screen.lines()]


def line_with(watch, *texts):
    return next((line for line in lines_of(watch) if all(t in line for t in texts)), None)


def shown(watch, seconds, *texts):
    """The line that has all of these, once it is on the screen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = line_with(watch, *texts)
        if found:
            while watch.read(0.1):  # the rest of that frame
                pass
            return line_with(watch, *texts) or found
        check(watch.process.poll() is None, f"watch ended with {watch.process.poll()}")
        watch.read(0.2)
    check(False, f"not on the screen after {seconds} s: {texts}\n" + "\n".join(lines_of(watch)))


def screen_accept_queue(lab):
    """listen(5) and nobody accepts: used and limit, who waits and since when, what was dropped"""
    process, told = zoo(lab, "queue")
    watch = Watch(lab, "-i", "lo", namespace=lab.server)
    watch.quiet(0.5)
    watch.keys("4")
    row = shown(watch, 10, "127.0.0.1:9000", "6/5 FULL")
    check(f"python3 {process.pid} fd {told['queue']['fd']}" in row or f"{process.pid} fd {told['queue']['fd']}" in row,
          "the listener's owner is another one:", row)
    waiting = [line for line in lines_of(watch) if "(not accepted)" in line and "127.0.0.1:" in line]
    check(len(waiting) == 6, f"{len(waiting)} wait, not 6", waiting)
    ports = {told[f"queued-{i}"]["local"][1]: told["queue"]["began"][i] for i in range(8)}
    for line in waiting:
        port = int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])
        check(port in ports, "nobody's port:", line)
        age = re.search(r"waits (?:(\d+) min )?([\d.]+) (ms|s)", line)
        check(age, "no age:", line)
        age = int(age[1] or 0) * 60 + float(age[2]) / (1000 if age[3] == "ms" else 1)
        check(abs(time.time() - ports[port] - age) < AGE_SLACK_S, f"port {port}: waits {time.time() - ports[port]:.2f} s, shown:", line)
    # Those that are not even answered ask again, and are dropped and counted each time.
    first = int(re.search(r"drops (\d+)", shown(watch, 10, "127.0.0.1:9000", "FULL"))[1])
    wait_for("drops to be counted on", 20, lambda: watch.read(0.3) is not None and
             int(re.search(r"drops (\d+)", shown(watch, 5, "127.0.0.1:9000", "FULL"))[1]) > first)
    watch.keys("\x1b[H")  # Home: the listener
    shown(watch, 5, "accept", "6 of 5 FULL")
    shown(watch, 5, "came", "6 wait for accept()")
    watch.keys("\r")
    shown(watch, 5, "its connections; Esc goes back to the sockets")
    shown(watch, 5, "127.0.0.1:9000", "S")
    watch.keys("\x1b")
    shown(watch, 5, "6/5 FULL")
    watch.keys("q" + "q")
    check(ended(watch.process, 10)[0] == 0, "it did not end well")
    return f"{len(waiting)} waiting"


SERVER_PY = """
import asyncio, sys
async def serve(r, w):
    while await r.read(100):
        pass
async def main():
    s = await asyncio.start_server(serve, "127.0.0.1", 9100)
    print("ready", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; server {{ listen 127.0.0.1:9200; keepalive_timeout 300; root {folder}; }} }}
"""
CLIENTS_PY = """
import socket, sys
held = []
for n in range(int(sys.argv[2])):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.send(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    held.append(s)
print("ready", flush=True)
sys.stdin.read()
"""


def epolls(pid):
    """epoll descriptor -> [(watched descriptor, events)], as fdinfo has it."""
    sets = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}") != "anon_inode:[eventpoll]":
                continue
            text = pathlib.Path(f"/proc/{pid}/fdinfo/{fd}").read_text()
        except OSError:
            continue
        sets[int(fd)] = sorted((int(a), int(b, 16)) for a, b in re.findall(r"tfd:\s*(\d+) events:\s*([0-9a-f]+)", text))
    return sets


def detail(lab, find):
    """The page of the first row that has this text."""
    dump = os.path.join(lab.folder, "dump")
    status, _, err = ended(lab.start(lab.server, lab.program, "watch", "-i", "lo", "--duration", "1", "--headless", "240x60", "--dump", dump,
                                     "--keys", f"4 * <F3>{find}<Enter> d"), 30)
    check(status == 0, f"exit {status}:", err)
    return pathlib.Path(dump).read_text()


BITS = {"in": 1, "out": 4, "rdhup": 0x2000, "edge": 0x80000000, "oneshot": 0x40000000, "exclusive": 0x10000000}


def shown_epolls(page):
    """The same, as the page has it."""
    sets = {}
    for fd, n, rest in re.findall(r"^(?: epoll)? +fd (\d+) watches (\d+)(?:, this one too)?(?:  (?:fd )?(.*))?$", page, re.M):
        watched = []
        for word in rest.split():
            number, _, bits = word.partition(":")
            watched.append((int(number), sum(BITS[b] for b in bits.split(",") if b)))
        check(len(watched) == int(n), f"epoll fd {fd}: {n} told, {len(watched)} listed", page)
        sets[int(fd)] = sorted(watched)
    return sets


def compare_epoll(lab, name, pid, find):
    page = detail(lab, find)
    check(re.search(rf"threads +{re.escape(name)} {pid}: ", page), f"no threads of {name} {pid}:", page)
    mask = sum(BITS.values())
    truth = {fd: [(n, events & mask) for n, events in watched] for fd, watched in epolls(pid).items()}
    found = shown_epolls(page)
    check(truth == found, f"{name}: /proc has {truth}, the page {found}", page)
    return page, truth


def screen_epoll_sets(lab):
    """nginx, asyncio and http.server: the epoll sets and threads of the page are those of /proc"""
    asyncio = lab.start(lab.server, sys.executable, "-c", SERVER_PY)
    check(asyncio.stdout.readline() == b"ready\n", "asyncio did not start")
    conf = os.path.join(lab.folder, "nginx.conf")
    os.chmod(lab.folder, 0o755)
    pathlib.Path(conf).write_text(NGINX.format(folder=lab.folder))
    nginx = lab.start(lab.server, "nginx", "-c", conf, "-p", lab.folder, "-e", os.path.join(lab.folder, "error.log"))
    plain = lab.start(lab.server, sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "9300", stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL)
    ss = ["ip", "netns", "exec", lab.server, "ss", "-Hltn"]
    wait_for("the servers to listen", 20, lambda: {"9200", "9300"} <= set(re.findall(r":(9[23]00) ", subprocess.run(
        ss, capture_output=True, text=True, timeout=10).stdout)))
    for port in (9100, 9200):
        clients = lab.start(lab.server, sys.executable, "-c", CLIENTS_PY, str(port), "5", stdin=subprocess.PIPE)
        check(clients.stdout.readline() == b"ready\n", "the clients did not connect")
    worker = wait_for("nginx's worker", 10, lambda: children(nginx.pid))[0]
    time.sleep(0.5)
    page, sets = compare_epoll(lab, "python3", asyncio.pid, f"python3<Space>{asyncio.pid}<Space>fd")
    check(any(len(w) >= 6 for w in sets.values()), "asyncio watches too few:", sets)
    check(f"{asyncio.pid} in epoll_wait" in page or f"{asyncio.pid} in epoll_pwait" in page, "its thread waits elsewhere:", page)
    page, sets = compare_epoll(lab, "nginx", worker, f"nginx<Space>{worker}<Space>fd")
    check(any(len(w) >= 6 for w in sets.values()), "nginx watches too few:", sets)
    page = detail(lab, f"python3<Space>{plain.pid}<Space>fd")
    check(re.search(r"epoll +no set among", page), "http.server has no epoll set:", page)
    check(re.search(rf"threads +python3 {plain.pid}: 1 thread  {plain.pid} in p?poll", page), "http.server polls:", page)
    return "3 servers"


def screen_sniffers(lab):
    """who else sniffs is told, and our own packet socket is marked as ours"""
    dump = os.path.join(lab.folder, "capture.pcap")
    tcpdump = lab.tcpdump(dump, namespace=lab.server, interface="lo")
    watch = Watch(lab, "-i", "lo", namespace=lab.server)
    watch.quiet(0.5)
    watch.keys("4")
    shown(watch, 10, "RAW/PACKET", " sockets")
    check("all frames of lo" in shown(watch, 5, "this sockeye"), "ours:", lines_of(watch))
    for line in lines_of(watch):  # it has a second one for SYNs
        check(("this sockeye" in line) == (f"sockeye {watch.process.pid} fd" in line) or "of lo" not in line, "whose is it:", line)
    check(line_with(watch, f"tcpdump {tcpdump.pid}"), "tcpdump is not told:", "\n".join(lines_of(watch)))
    check("this sockeye" not in line_with(watch, f"tcpdump {tcpdump.pid}"), "tcpdump is none of ours")
    watch.keys("q" + "q")
    check(ended(watch.process, 10)[0] == 0, "it did not end well")
    return ""


TESTS = [screen_accept_queue, screen_epoll_sets, screen_sniffers]
