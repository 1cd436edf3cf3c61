"""The view sockets: against what a program knows it holds, and against ss at the same moment."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from lab import HERE, NOT_OURS, SERVER, check, children, command, ended, records, wait_for

PTRACE, READ_SEARCH = 1 << 19, 1 << 2
PLAIN = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
AGE_SLACK_S = 1.5    # between a moment that the zoo notes and the one at which the kernel is asked
MANY_LIMIT_S, MANY_RSS_MB = 3.0, 160  # seconds of processors, the broker's included: a busy machine's clock says little
MANY_PAIRS, MANY_ZOOS = 9900, 5  # 99 000 sockets, in as many processes as a limit of 20 000 descriptors asks for


def zoo(lab, *kinds, before=()):
    """The sockets of socket_zoo.py in the server's namespace: the process, and what it says of itself."""
    return opened(lab.start(lab.server, *before, sys.executable, str(HERE / "socket_zoo.py"), *kinds, stdin=subprocess.PIPE))


def opened(process):
    line = process.stdout.readline()
    check(line, "the zoo did not open:", process.stderr.read().decode() if not line else "")
    return process, json.loads(line)


def sockets(lab, *words, before=(), program=None, status=0):
    code, out, err = ended(lab.start(lab.server, *before, program or lab.program, "sockets", "-o", "json", *words), 20)
    check(code == status, f"exit {code}:", err)
    return records(out), err


def copy_of(lab):
    """The program where everybody may run it."""
    path = os.path.join(lab.folder, "sockeye")
    if not os.path.exists(path):
        shutil.copy(lab.program, path)
        os.chmod(path, 0o755)
    return path


def by_inode(found):
    return {r["inode"]: r for r in found if "inode" in r}


def holds(record):
    return sorted((o["pid"], o["fd"]) for o in record.get("owner", []))


# ---- ss ---------------------------------------------------------------------------------------

STATES = {"ESTAB": "established", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_received", "FIN-WAIT-1": "fin_wait1", "FIN-WAIT-2": "fin_wait2",
          "TIME-WAIT": "time_wait", "CLOSE-WAIT": "close_wait", "LAST-ACK": "last_ack", "LISTEN": "listen", "CLOSING": "closing"}
MILLI = {"rto": "rto_us", "ato": "ato_us", "minrtt": "min_rtt_us", "rcv_rtt": "receive_rtt_us"}
PLAINLY = {"mss": "mss", "pmtu": "mtu", "rcvmss": "receive_mss", "advmss": "advertised_mss", "cwnd": "cwnd", "ssthresh": "ssthresh",
           "bytes_sent": "bytes_sent", "bytes_acked": "bytes_acked", "bytes_received": "bytes_received", "segs_out": "segments_out",
           "segs_in": "segments_in", "data_segs_out": "data_segments_out", "data_segs_in": "data_segments_in", "delivered": "delivered",
           "rcv_space": "receive_space", "rcv_ssthresh": "receive_ssthresh", "snd_wnd": "peer_window", "unacked": "unacked",
           "notsent": "unsent", "rcv_ooopack": "out_of_order", "bytes_retrans": "bytes_retransmitted"}
AGES = {"lastsnd": "last_sent_ms", "lastrcv": "last_received_ms", "lastack": "last_ack_ms"}
MEMORY = {"r": "receive", "rb": "receive_limit", "t": "send", "tb": "send_limit", "f": "forward", "w": "queued", "o": "option",
          "bl": "backlog", "d": "drops"}


def endpoint(text):
    ip, _, port = text.rpartition(":")
    ip = ip.strip("[]").partition("%")[0].removeprefix("::ffff:")
    return ("::" if ip == "*" else ip, 0 if port == "*" else int(port))  # "*" is IPv6's any that takes IPv4 too


def ours(record, side):
    e = record.get(side)
    return (e["ip"], e.get("port", 0)) if e else None


def ss_lines(lab, *words):
    out = lab.inside(lab.server, "ss", "-H", "-O", "-n", *words)
    return [line for line in out.splitlines() if line]


def compare_tcp(what, line, r):
    """Every number that both have; how many."""
    info, n = r["tcp_info"], 0
    for name, key in [*MILLI.items(), *PLAINLY.items(), *AGES.items()]:
        found = re.search(rf"(?:^| ){name}:([\d.]+)", line)
        if not found:
            continue
        theirs, mine = float(found.group(1)), info[key] / (1000 if name in MILLI else 1)
        slack = 3000 if name in AGES else 0.0006 if name in MILLI else 0
        check(abs(theirs - mine) <= slack, f"{what}: {name}: ss {theirs}, sockeye {key} {mine}\n{line}")
        n += 1
    found = re.search(r" rtt:([\d.]+)/([\d.]+)", line)
    if found:
        check([round(float(v) * 1000) for v in found.groups()] == [info["rtt_us"], info["rtt_variation_us"]], f"{what}: rtt", line)
        n += 2
    found = re.search(r" wscale:(\d+),(\d+)", line)
    if found:
        check([int(v) for v in found.groups()] == [info["send_scale"], info["receive_scale"]], f"{what}: wscale", line)
        n += 2
    for name, key in (("pacing_rate", "pacing_rate"), ("delivery_rate", "delivery_rate")):
        found = re.search(rf" {name} (\d+)bps", line)
        if found:
            check(int(found.group(1)) == info[key] * 8, f"{what}: {name}: ss {found.group(1)}, sockeye {info[key] * 8}")
            n += 1
    check((" sack" in line) == bool(info["options"] & 2) and (" ts " in line) == bool(info["options"] & 1), f"{what}: options", line)
    check(f" {r['congestion']} " in line, f"{what}: {r['congestion']}", line)
    return n + 3


def compare_memory(what, line, r):
    found = re.search(r"skmem:\(([^)]*)\)", line)
    if not found:
        return 0
    drops = r["accept_queue"]["drops"] if r["type"] == "listener" else r["memory"]["drops"]
    for letters, number in re.findall(r"([a-z]+)(\d+)", found.group(1)):
        mine = drops if letters == "d" else r["memory"][MEMORY[letters]]
        check(int(number) == mine, f"{what}: skmem {letters}: ss {number}, sockeye {mine}")
    return 9


def compare_inet(line, found):
    """A line of ss against our record of the same socket."""
    words = line.split()
    protocol, state, receive, send, local, remote = words[:6]
    key = (protocol, endpoint(local), endpoint(remote) if not remote.endswith(":*") else None)
    check(key in found, f"not in sockeye: {line}\n{sorted(map(str, found))}")
    r, n = found[key], 6
    what = f"{protocol} {local} {remote}"
    queues = (r["accept_queue"]["used"], r["accept_queue"]["limit"]) if r["type"] == "listener" else (r["receive_queue"], r["send_queue"])
    check((int(receive), int(send)) == queues, f"{what}: queues: ss {receive} {send}, sockeye {queues}")
    if state in STATES and r["type"] == "socket":
        check(r["state"] == STATES[state], f"{what}: ss {state}, sockeye {r['state']}")
    users = sorted((int(p), int(f)) for p, f in re.findall(r"pid=(\d+),fd=(\d+)", line))
    check(users == holds(r), f"{what}: ss {users}, sockeye {holds(r)}")
    for name, mine, base in (("ino", r.get("inode", 0), 10), ("sk", r["cookie"], 16), ("uid", r.get("uid", 0), 10)):
        theirs = re.search(rf" {name}:([\da-f]+)", line)
        if theirs and not (name == "uid" and "uid" not in r):
            check(int(theirs.group(1), base) == mine, f"{what}: {name}: ss {theirs.group(1)}, sockeye {mine}")
            n += 1
    theirs = re.search(r" timer:\((\w+),([^,]*),(\d+)\)", line)
    mine = r.get("timer")
    if protocol == "tcp" and r["type"] == "socket":
        kind = {"keepalive": "keepalive", "on": "on", "timewait": "time_wait", "persist": "persist"}[theirs.group(1)] if theirs else None
        check((mine or {}).get("kind") == kind, f"{what}: timer: {mine}", line)
        check(not theirs or int(theirs.group(3)) == mine["retransmits"], f"{what}: timer: {mine}", line)
        n += 1
    n += compare_memory(what, line, r)
    if "tcp_info" in r and " cwnd:" in line and r["type"] == "socket":
        n += compare_tcp(what, line, r)
    return n


def sockets_like_ss(lab):
    """every field that ss -tunapeim and ss -xp have too is the same"""
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
    keeper, held = zoo(lab, "queue", "owners", "idle", lab.folder + os.sep)
    time.sleep(1.0)  # delayed acknowledgements are over
    mine, _ = sockets(lab)
    lines = ss_lines(lab, "-tunapeim")
    found = {}
    for r in mine:
        if r["family"] in ("inet", "inet6") and r["proto"] in ("tcp", "udp"):
            found[r["proto"], ours(r, "local"), ours(r, "remote")] = r
    # Two that were not answered repeat their SYN and may change between the two looks: their numbers are compared below.
    still = [line for line in lines if "SYN-SENT" not in line and "SYN-RECV" not in line]
    fields = sum(compare_inet(line, found) for line in still)
    check(len(lines) == len(found), f"sockets: ss {len(lines)}, sockeye {len(found)}")
    named = {r["inode"]: r for r in mine if r["family"] == "unix" and "inode" in r}
    unix = ss_lines(lab, "-xpa")
    own = {h["inode"] for h in held.values() if "inode" in h}
    seen = 0
    for line in unix:
        kind, state, receive, send, name, inode, _, peer = line.split()[:8]
        if int(inode) not in own:
            continue  # others of this machine's, that come and go: UNIX sockets of the namespace are only those of ours
        r = named[int(inode)]
        seen += 1
        check({"u_str": "stream", "u_dgr": "dgram", "u_seq": "seqpacket"}[kind] == r["proto"], "unix:", line, r)
        check((r["path"] if "path" in r else "@" + r["abstract"] if "abstract" in r else "*") == name, "unix:", line, r)
        check(r.get("peer", 0) == int(peer), "unix: peer:", line, r)
        queues = (r["accept_queue"]["used"], r["accept_queue"]["limit"]) if r["type"] == "listener" else (r["receive_queue"], r["send_queue"])
        check(queues == (int(receive), int(send)), "unix: queues:", line, r)
        users = sorted((int(p), int(f)) for p, f in re.findall(r"pid=(\d+),fd=(\d+)", line))
        check(users == holds(r), f"unix: ss {users}, sockeye {holds(r)}")
        fields += 7
    check(seen >= 5, f"UNIX sockets compared: {seen}")
    return f"{len(still)} TCP and UDP sockets, {seen} UNIX sockets, {fields} fields equal"


WORDS = ["state established", "state listening", "state close-wait", "state connected", "state synchronized", "exclude listening",
         "state bucket", "state big", "sport = :9010", "dport = :9010", "sport :9010", "sport > :9009", "sport >= :9010", "dport != :9010",
         "dport lt 9010 sport gt 9010", "( sport = :9010 or dport = :9020 )", "sport = :9010 and dport > :1", "not sport = :9010",
         "src 127.0.0.1", "src 127.0.0.0/8:9010", "dst 127.0.0.1:9010", "dst 127.0.1.0/24", "src [::1]:9002", "dst [::1]",
         "state established ( dport = :9010 or dport = :9002 )", "state established,close-wait sport = :9020"]


def sockets_words_like_ss(lab):
    """the words that ss has too choose the same TCP sockets"""
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
    keeper, held = zoo(lab, "owners", "idle", "leaks", lab.folder + os.sep)
    time.sleep(0.5)
    chosen = 0
    for words in WORDS:
        theirs = set()
        # a list with commas is ours alone
        for state in words.split()[1].split(",") if "," in words else [None]:
            said = words.split() if state is None else ["state", state, *words.split()[2:]]
            for line in ss_lines(lab, "-ta", *said):
                # with one state ss does not show it
                ends = [w for w in line.split() if re.search(r":(\d+|\*)$", w)]
                theirs.add((endpoint(ends[0]), endpoint(ends[1]) if not ends[1].endswith(":*") else None))
        found, _ = sockets(lab, "tcp", *words.split())
        mine = {(ours(r, "local"), ours(r, "remote")) for r in found}
        check(mine == theirs, f"{words}: only ss {sorted(theirs - mine, key=str)}, only sockeye {sorted(mine - theirs, key=str)}")
        chosen += len(mine)
    return f"{len(WORDS)} expressions, {chosen} sockets chosen"


def sockets_accept_queue(lab):
    """listen(5) that nobody accepts: used, limit, who waits and since when, what was dropped"""
    keeper, held = zoo(lab, "queue")
    asked = time.time()
    found, _ = sockets(lab, "state", "listen", "port", "9000")
    check(len(found) == 1 and found[0]["type"] == "listener", "listeners:", found)
    q = found[0]["accept_queue"]
    check(q["used"] == 6 and q["limit"] == 5, "queue:", q)
    waiting = found[0]["waiting"]
    clients = [held[f"queued-{at}"]["local"] for at in range(6)]
    check([[w["ip"], w["port"]] for w in waiting] == clients, "waiting, the oldest first:", waiting, clients)
    worst = 0
    for w, began in zip(waiting, held["queue"]["began"]):
        late = abs(w["waited_us"] / 1e6 - (asked - began))
        worst = max(worst, late)
        check(late < AGE_SLACK_S, f"age: {w}, {asked - began:.3f} s ago by the zoo's clock")

    def dropped():
        return sockets(lab, "state", "listen", "port", "9000")[0][0]["accept_queue"]["drops"]

    drops = wait_for("drops", 10, dropped, 0.2)
    found, _ = sockets(lab, "--leaks")
    full = [f for f in found if f["rule"] == "accept-queue-full"]
    check(len(full) == 1 and "6 wait, of 5" in full[0]["sentence"] and any("ListenOverflows" in e for e in full[0]["evidence"]), "findings:", found)
    children_of, _ = sockets(lab, "port", "9000", "state", "established")
    check(sum(1 for r in children_of if r.get("waiting")) == 6, "children that wait:", children_of)
    return f"6/5 waiting, {drops} dropped, ages within {worst:.3f} s (limit {AGE_SLACK_S})"


HALF = """
import socket, struct
def total(data):
    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
    n = (n & 0xffff) + (n >> 16)
    return ~(n + (n >> 16)) & 0xffff
here, there = socket.inet_aton("%s"), socket.inet_aton("%s")
tcp = struct.pack("!HHIIBBHHH", 40404, 9000, 1, 0, 5 << 4, 2, 1024, 0, 0)
tcp = tcp[:16] + struct.pack("!H", total(here + there + struct.pack("!HH", 6, 20) + tcp)) + tcp[18:]
ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + here + there
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).sendto(ip + tcp, ("%s", 0))
"""


def sockets_half_open(lab):
    """a SYN whose answer nobody answers: syn_received below its listener, no one's, with its timer and repeats"""
    lab.listen(9000)
    lab.inside(lab.client, sys.executable, "-c", HALF % (NOT_OURS, SERVER, SERVER))
    found = wait_for("a half-open connection", 5, lambda: sockets(lab, "state", "syn-recv")[0])
    listener, = sockets(lab, "--listen", "port", "9000")[0]
    half, = found
    check(half["remote"] == {"ip": NOT_OURS, "port": 40404} and half["listener_inode"] == listener["inode"], "half-open:", half)
    check(half["timer"]["kind"] == "on" and "owner_unknown" not in half and "uid" not in half and "waiting" not in half, "half-open:", half)
    check(listener["waiting"] == [] and listener["accept_queue"]["used"] == 0, "listener:", listener)
    again = wait_for("a repeat", 5, lambda: [r for r in sockets(lab, "state", "syn-recv")[0] if r["timer"]["retransmits"] > 0], 0.2)
    return f"after {again[0]['timer']['retransmits']} repeat"


def sockets_owners(lab):
    """owners by pid and fd: TCP, UDP, UNIX, raw, packet, shared by forked processes, IPv6, IPv4 in IPv6"""
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
    keeper, held = zoo(lab, "owners", lab.folder + os.sep)
    mine, _ = sockets(lab)
    inodes = by_inode(mine)
    for name, h in held.items():
        if "inode" not in h:
            continue
        check(h["inode"] in inodes, f"{name} is not there")
        r = inodes[h["inode"]]
        check((h["pid"], h["fd"]) in holds(r), f"{name}: {h}, not {holds(r)}")
        if h["local"] and r["family"] != "packet":
            check([ours(r, "local")[0], ours(r, "local")[1]] == [h["local"][0].removeprefix("::ffff:"), h["local"][1] if r["proto"] != "raw" else 0],
                  f"{name}: {h}", r)
    check([p for p, _ in holds(inodes[held["shared"]["inode"]])][:3] == sorted(held["shared"]["pids"]), "a forked server:", inodes[held["shared"]["inode"]])
    check(inodes[held["mapped"]["inode"]]["mapped"] and inodes[held["mapped"]["inode"]]["local"]["ip"] == "127.0.0.1", "mapped:", inodes[held["mapped"]["inode"]])
    check(inodes[held["pair-a"]["inode"]]["peer"] == held["pair-b"]["inode"], "peers:", inodes[held["pair-a"]["inode"]])
    waits = inodes[held["unix"]["inode"]]
    check(waits["accept_queue"]["used"] == 1 and [w["inode"] for w in waits["waiting"]] == [held["unix-waiting"]["inode"]], "unix listener:", waits)
    check(inodes[held["raw"]["inode"]]["raw_protocol"] == 1, "raw:", inodes[held["raw"]["inode"]])
    sniffer = inodes[held["packet"]["inode"]]
    check(sniffer["interface"] == "lo" and sniffer["packet"]["protocol"] == 3 and sniffer["packet"]["running"], "packet:", sniffer)
    other, _ = sockets(lab, "pid", str(held["other"]["pid"]), "state", "established")
    # It shares what it was forked with; one is its own, and it is another user's.
    alone = [r for r in other if len(r["owner"]) == 1]
    check(len(alone) == 1 and alone[0]["owner"][0]["uid"] == 1234 and alone[0]["uid"] == 1234, "another user's:", alone)
    return f"{len([h for h in held.values() if 'inode' in h])} sockets"


def sockets_as_plain_user(lab):
    """a plain user sees every socket and its own owners, is told once what is missing, and with two file capabilities sees all"""
    root, held = zoo(lab, "idle")
    mine, own = zoo(lab, "queue", before=PLAIN)
    found, err = sockets(lab, before=PLAIN, program=copy_of(lab))
    inodes = by_inode(found)
    for at in range(5):
        r = inodes[held[f"idle-{at}"]["inode"]]
        check("owner" not in r and r["owner_unknown"] == "no_capability" and r["tcp_info"]["rtt_us"] > 0, "of root:", r)
    check(holds(inodes[own["queue"]["inode"]]) == [(own["queue"]["pid"], own["queue"]["fd"])], "its own:", inodes[own["queue"]["inode"]])
    capable = copy_of(lab) + "-capable"
    shutil.copy(copy_of(lab), capable)
    command("setcap", "cap_sys_ptrace,cap_dac_read_search+ep", capable)
    r = by_inode(sockets(lab, before=PLAIN, program=capable)[0])[held["idle-0"]["inode"]]
    check(holds(r) == [(held["idle-0"]["pid"], held["idle-0"]["fd"])], "with file capabilities:", r)
    lines = [line for line in err.splitlines() if line]
    check(len(lines) == 1 and "cannot be read: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH" in lines[0], "said:", err)
    return ""


def sockets_proc_hidden(lab):
    """/proc mounted with hidepid: a plain user is told so, root's broker sees all"""
    keeper, held = zoo(lab, "idle")
    # A mount namespace of its own, in which only /proc is another.
    script = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"'
    hide = ("unshare", "--mount", "sh", "-c", script, "sh")
    found, err = sockets(lab, before=(*hide, *PLAIN), program=copy_of(lab))
    r = by_inode(found)[held["idle-0"]["inode"]]
    check(r["owner_unknown"] == "no_capability" and "hides processes of other users (hidepid)" in err, "plain:", r, err)
    found, err = sockets(lab, before=hide)
    r = by_inode(found)[held["idle-0"]["inode"]]
    check(holds(r) == [(held["idle-0"]["pid"], held["idle-0"]["fd"])], "root:", r, err)
    return ""


def sockets_leaks(lab):
    """CLOSE_WAIT by program with its least age and its fd; a program whose descriptors only grow"""
    keeper, held = zoo(lab, "leaks")
    wait_for("two seconds", 5, lambda: time.time() - held["leaks"]["closed"] > 2)
    found, _ = sockets(lab, "--leaks")
    closed = [f for f in found if f["rule"] == "close-wait"]
    check(len(closed) == 1 and closed[0]["count"] == 3 and f"[{keeper_pid(held)}]" in closed[0]["sentence"], "findings:", found)
    ages = [float(a) for a in re.findall(r"at least (\d+\.\d+) s", " ".join(closed[0]["evidence"]))]
    since = time.time() - held["leaks"]["closed"]
    check(len(ages) == 3 and all(1.9 <= a <= since + AGE_SLACK_S for a in ages), f"ages: {ages}, closed {since:.2f} s ago")
    for at in range(3):
        check(any(f"fd {held[f'leaked-{at}']['fd']} " in e and "3 bytes unread" in e for e in closed[0]["evidence"]), "evidence:", closed[0])
    growing, told = zoo(lab, "grow")
    found, _ = sockets(lab, "--leaks", "--interval", "0.3", "-c", "6")
    grow = [f for f in found if f["rule"] == "descriptors-grow" and f"[{told['grow']['pid']}]" in f["sentence"]]
    check(grow and grow[-1]["count"] >= 5, "growing:", found)
    return f"ages {min(ages):.2f} to {max(ages):.2f} s, {since:.2f} s after the close"


def keeper_pid(held):
    return held["leaks"]["pid"]


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def sockets_rights(lab):
    """while it repeats: no right is left in the one that parses, two capabilities in the broker"""
    eye = lab.start(lab.server, lab.program, "sockets", "-o", "json", "--interval", "0.2", "--duration", "20", stdout=subprocess.DEVNULL)
    wait_for("seccomp", 5, lambda: status(eye.pid).get("Seccomp") == ["2"])
    s = status(eye.pid)
    check(s["Uid"] == ["65534"] * 4 and [int(s[k][0], 16) for k in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")] == [0] * 5, "parses:", s)
    broker = status(children(eye.pid)[0])
    check(broker["Uid"] == ["65534"] * 4 and int(broker["CapEff"][0], 16) == PTRACE | READ_SEARCH and broker["Seccomp"] == ["2"], "broker:", broker)
    time.sleep(0.7)
    check(eye.poll() is None, "it ended")
    os.kill(eye.pid, 2)
    code, _, err = ended(eye)
    check(code == 0 and "Operation not permitted" not in err, f"exit {code}:", err)
    return ""


def sockets_repeated(lab):
    """--interval: a record has its time, -c ends it; a closed pipe ends it silently"""
    keeper, held = zoo(lab, "idle")
    found, _ = sockets(lab, "--interval", "0.2", "-c", "3", "port", "9010", "state", "listen")
    check(len(found) == 3 and all(b["time"] - a["time"] > 0.15 for a, b in zip(found, found[1:])), "times:", [r.get("time") for r in found])
    code, out, err = ended(lab.start(lab.server, "sh", "-c", f"{lab.program} sockets --interval 0.1 --duration 10 | head -1"))
    check(code == 0 and out and "written" not in err, f"exit {code}:", err)
    return ""


def sockets_endings(lab):
    """a full disk is 3, a hang-up 129; without its broker it goes on and says once that owners are not known"""
    code, _, err = ended(lab.start(lab.server, "sh", "-c", f"{lab.program} sockets > /dev/full"))
    check(code == 3 and "standard output cannot be written" in err, f"exit {code}:", err)
    keeper, held = zoo(lab, "idle")
    out = os.path.join(lab.folder, "out")
    with open(out, "wb") as to:
        eye = lab.start(lab.server, lab.program, "sockets", "--no-bpf", "-o", "json", "--interval", "0.1", "port", "9010", stdout=to)
    lines = lambda: pathlib.Path(out).read_text().splitlines()
    wait_for("records", 5, lambda: len(lines()) > 20)
    os.kill(children(eye.pid)[0], 9)
    had = len(lines())
    wait_for("records without owners", 5, lambda: len(lines()) > had + 40)
    last = [json.loads(line) for line in lines()[-14:-1]]
    check(any(r.get("owner_unknown") == "unsupported" for r in last) and not any("owner" in r for r in last), "after the broker:", last)
    os.kill(eye.pid, 1)
    code, _, err = ended(eye)
    check(code == 129 and err.count("the broker is gone: who holds sockets is not known any more") == 1, f"exit {code}:", err)
    return ""


def sockets_many(lab):
    """100 000 sockets and their owners: the time and the memory of one sweep"""
    lab.inside(lab.server, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535", "net.core.somaxconn=4096")
    zoos = [lab.start(lab.server, sys.executable, str(HERE / "socket_zoo.py"), f"many:{MANY_PAIRS}:{at}", stdin=subprocess.PIPE)
            for at in range(MANY_ZOOS)]
    zoos = [opened(process) for process in zoos]
    made = sum(told["many"] for _, told in zoos)
    took, worked, peak = [], [], 0
    for _ in range(3):
        began = time.monotonic()
        eye = lab.start(lab.server, lab.program, "sockets", "--summary", "-o", "json")
        _, raw, usage = os.wait4(eye.pid, 0)
        took.append(time.monotonic() - began)
        worked.append(usage.ru_utime + usage.ru_stime)
        eye.returncode = os.waitstatus_to_exitcode(raw)
        out = eye.stdout.read().decode()
        check(eye.returncode == 0, f"exit {eye.returncode}:", eye.stderr.read().decode())
        peak = max(peak, usage.ru_maxrss / 1024)
    tcp = [r for r in records(out) if r.get("proto") == "tcp"]
    check(sum(r["sockets"] for r in tcp) >= 2 * made and all(r["owner_unknown"] <= 5 for r in tcp), "summary:", tcp)
    check(min(worked) < MANY_LIMIT_S and peak < MANY_RSS_MB, f"{2 * made} sockets: {worked} s of processors, {took} s, {peak:.0f} MB")
    return (f"{2 * made} sockets with owners: {min(worked):.2f} s of processors (limit {MANY_LIMIT_S}), {min(took):.2f} s by the clock, "
            f"{peak:.0f} MB (limit {MANY_RSS_MB})")


TESTS = [sockets_like_ss, sockets_words_like_ss, sockets_accept_queue, sockets_half_open, sockets_owners, sockets_as_plain_user, sockets_proc_hidden, sockets_leaks, sockets_rights,
         sockets_repeated, sockets_endings, sockets_many]
