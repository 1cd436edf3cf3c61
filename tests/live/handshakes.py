"""Live handshakes: what came of each, how long it took, each packet once."""
import os
import subprocess

from lab import CLIENT, NOBODY_HOME, NOT_OURS, SERVER, check, finish, records, total, wait_for

NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen {address}:8080; location / {{ return 200 "fish\\n"; }} }} }}
"""
MICROSECONDS = 100  # how far durations may be from tshark's


def nginx(lab):
    path = os.path.join(lab.folder, "nginx.conf")
    with open(path, "w") as f:
        f.write(NGINX.format(folder=lab.folder, address=SERVER))
    lab.start(lab.server, "nginx", "-p", lab.folder, "-c", path, "-e", os.path.join(lab.folder, "nginx.log"),
              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("nginx", 10, lambda: b":8080" in subprocess.run(
        ["ip", "netns", "exec", lab.server, "ss", "-Hltn"], capture_output=True, timeout=10).stdout)


def curls(lab, number):
    running = [lab.start(lab.client, "curl", "-s", "-m", "5", f"http://{SERVER}:8080/") for _ in range(number)]
    for one in running:
        out, _ = one.communicate(timeout=10)
        check(out == b"fish\n", "curl got", out)


def by_tshark(path):
    """client port -> (SYN to SYN/ACK, SYN/ACK to ACK, SYN to ACK) in us, from a capture file."""
    out = subprocess.run(["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-e", "tcp.srcport", "-e", "tcp.dstport",
                          "-e", "tcp.flags", "-e", "frame.time_epoch"], capture_output=True, text=True, timeout=60).stdout
    seen = {}
    for line in out.splitlines():
        source, target, flags, epoch = line.split("\t")
        seconds, _, fraction = epoch.partition(".")
        ns = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
        bits = int(flags, 16) & 0x17
        if bits == 0x02:
            seen.setdefault(source, {})["syn"] = ns
        elif bits == 0x12:
            seen.setdefault(target, {})["synack"] = ns
        elif bits == 0x10 and target == "8080" and "synack" in seen.get(source, {}):
            seen[source].setdefault("ack", ns)
    return {int(port): ((t["synack"] - t["syn"]) / 1000, (t["ack"] - t["synack"]) / 1000, (t["ack"] - t["syn"]) / 1000)
            for port, t in seen.items() if len(t) == 3}


def ten_curls_against_nginx(lab):
    """ten concurrent curls are ten complete handshakes, as long as tshark says"""
    nginx(lab)
    path = os.path.join(lab.folder, "curls.pcap")
    dump = lab.tcpdump(path)
    eye = lab.sockeye("handshakes", "-i", "wire0", "-o", "json")
    curls(lab, 10)
    status, out, err = finish(eye)
    finish(dump)
    check(status == 0, f"exit {status}:", err)
    complete = [r for r in records(out, "handshake") if r["outcome"] == "complete"]
    check(len(complete) == 10, f"{len(complete)} complete handshakes of 10", out, err)
    theirs, worst = by_tshark(path), 0.0
    check(len(theirs) == 10, f"tshark sees {len(theirs)} handshakes")
    for r in complete:
        check(r["client"]["ip"] == CLIENT and r["server"] == {"ip": SERVER, "port": 8080} and r["state"] == "established", "wrong ends:", r)
        h = r["handshake"]
        check(h["complete"] and h["syn_retransmits"] == 0 and h["client_options"]["sack_permitted"], "wrong handshake:", h)
        ours = (h["syn_to_synack_us"], h["synack_to_ack_us"], h["first_syn_to_ack_us"])
        worst = max([worst, *(abs(a - b) for a, b in zip(ours, theirs[r["client"]["port"]]))])
    check(worst <= MICROSECONDS, f"durations differ from tshark's by {worst:.1f} us")
    return f"durations within {worst:.1f} us of tshark's"


def what_came_of_it(lab):
    """refused, unanswered and half-open handshakes are told as such"""
    lab.listen(7001)
    eye = lab.sockeye("handshakes", "-i", "wire0", "-o", "json")
    check(lab.connect(SERVER, 7009) == ["refused"], "port 7009 is not closed")
    check(lab.connect(NOBODY_HOME, 7001, wait=0.3) == ["timeout"], f"{NOBODY_HOME} answered")
    check(lab.connect(SERVER, 7001) == ["ok"], "port 7001 does not answer")
    lab.peer(lab.client, "syn", NOT_OURS, SERVER, 4001, 7001).wait(10)
    status, out, err = finish(eye)
    check(status == 0, f"exit {status}:", err)
    told = {(r["server"]["ip"], r["server"]["port"], r["client"]["ip"]): (r["outcome"], r["state"]) for r in records(out, "handshake")}
    wanted = {(SERVER, 7009, CLIENT): ("refused", "refused"), (NOBODY_HOME, 7001, CLIENT): ("unanswered", "syn_sent"),
              (SERVER, 7001, CLIENT): ("complete", "established"), (SERVER, 7001, NOT_OURS): ("half_open", "syn_received")}
    check(told == wanted, "told", told)


def loopback_once(lab):
    """on lo each packet is seen once"""
    eye = lab.sockeye("packets", "-i", "lo", "-o", "json", "udp")
    lab.peer(lab.client, "datagrams", "127.0.0.1", 5300, 5).wait(10)
    status, out, err = finish(eye)
    lengths = [r["length"] for r in records(out, "packet")]
    check(status == 0 and lengths == [52, 53, 54, 55, 56], f"exit {status}, lengths {lengths}", err)
    check(total(err, "packets captured") == 5, "totals:", err)


def loopback_handshake(lab):
    """on lo a handshake is complete and has no retransmission"""
    lab.listen(7002, namespace=lab.client, address="127.0.0.1")
    eye = lab.sockeye("connections", "-i", "lo", "-o", "json")
    check(lab.connect("127.0.0.1", 7002) == ["ok"], "lo does not connect")
    status, out, err = finish(eye)
    found = records(out, "connection")
    check(status == 0 and len(found) == 1, f"exit {status}, {len(found)} connections", out, err)
    h = found[0]["handshake"]
    check(h["complete"] and h["syn_retransmits"] == 0 and h["synack_retransmits"] == 0, "handshake:", h)
    check(found[0]["packets"][1] <= 2, "packets:", found[0]["packets"])


def any_interface(lab):
    """-i any sees the handshakes of every interface"""
    lab.listen(7003)
    lab.listen(7004, namespace=lab.client, address="127.0.0.1")
    eye = lab.sockeye("handshakes", "-i", "any", "-o", "json")
    check(lab.connect(SERVER, 7003) == ["ok"] and lab.connect("127.0.0.1", 7004) == ["ok"], "no connection")
    status, out, err = finish(eye)
    told = sorted((r["server"]["port"], r["outcome"]) for r in records(out, "handshake"))
    check(status == 0 and told == [(7003, "complete"), (7004, "complete")], f"exit {status}:", told, err)


def two_interfaces(lab):
    """-i twice: both are seen, each has its record at the end"""
    lab.listen(7005)
    lab.listen(7006, namespace=lab.client, address="127.0.0.1")
    eye = lab.sockeye("connections", "-i", "wire0", "-i", "lo", "-o", "json", sockets=2)
    check(lab.connect(SERVER, 7005) == ["ok"] and lab.connect("127.0.0.1", 7006) == ["ok"], "no connection")
    status, out, err = finish(eye)
    check(status == 0, f"exit {status}:", err)
    ports = sorted(r["server"]["port"] for r in records(out, "connection"))
    check(ports == [7005, 7006], "server ports:", ports)
    files = sorted((r["file"], r["format"]) for r in records(out, "file"))
    check(files == [("lo", "live"), ("wire0", "live")], "file records:", files)


def filter_words(lab):
    """words after the options are a BPF filter"""
    lab.listen(7007, 7008)
    eye = lab.sockeye("handshakes", "-i", "wire0", "-o", "json", "tcp", "port", "7008")
    check(lab.connect(SERVER, 7007, 7008) == ["ok", "ok"], "no connection")
    status, out, err = finish(eye)
    ports = [r["server"]["port"] for r in records(out, "handshake")]
    check(status == 0 and ports == [7008], f"exit {status}, ports {ports}", err)


TESTS = [ten_curls_against_nginx, what_came_of_it, loopback_once, loopback_handshake, any_interface, two_interfaces, filter_words]
