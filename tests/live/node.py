"""node, whose threads and epoll sets are libuv's: owners of its connections, epoll membership, threads."""
import os
import re
import sys
import time

import owners
from lab import check, command
from sockets_screen import CLIENTS_PY, compare_epoll

HELD = 5

# Each line: the descriptor of a connection and the client's port.
SERVER_JS = """
const server = require("http").createServer((q, r) => { r.end("ok"); });
server.keepAliveTimeout = 300000;
server.on("connection", c => console.log(c._handle.fd, c.remotePort));
server.listen(9400, "127.0.0.1", () => console.log("ready"));
"""


def node_owners(lab):
    """node: owners of both ends, threads, and its epoll sets as fdinfo has them"""
    node = lab.start(lab.server, "node", "-e", SERVER_JS)
    check(node.stdout.readline() == b"ready\n", "node did not start:", node.poll())
    eye = lab.sockeye("connections", "-i", "lo", "-o", "json", "tcp", "port", "9400", namespace=lab.server, sockets=2)
    clients = lab.start(lab.server, sys.executable, "-c", CLIENTS_PY, "9400", str(HELD), stdin=-1)
    check(clients.stdout.readline() == b"ready\n", "the clients did not connect")
    truth = [[int(v) for v in node.stdout.readline().split()] for _ in range(HELD)]
    time.sleep(1.5)
    found, _ = owners.stopped(eye)
    for fd, port in truth:
        r = owners.of_port(found, port)
        check(owners.end(r, "server") == [(node.pid, fd)], f"node {node.pid} fd {fd}:", r.get("owner"), r.get("owner_unknown"))
        check({p for p, _ in owners.end(r, "client")} == {clients.pid}, f"client {clients.pid}:", r["owner"])
    page, sets = compare_epoll(lab, "node", node.pid, f"node<Space>{node.pid}<Space>fd")
    watched = {n for w in sets.values() for n, _ in w}
    check({fd for fd, _ in truth} <= watched, "not watched by epoll:", truth, sets)
    threads = len(os.listdir(f"/proc/{node.pid}/task"))
    told = re.search(r"threads +node %d: (\d+) threads" % node.pid, page)
    check(told and int(told[1]) == threads, f"{threads} threads:", page)
    check(f"{node.pid} in epoll_wait" in page or f"{node.pid} in epoll_pwait" in page, "its loop waits elsewhere:", page)
    return f"node {command('node', '--version').strip()}, {threads} threads, {sum(map(len, sets.values()))} watched in {len(sets)} epoll sets"


TESTS = [node_owners]
