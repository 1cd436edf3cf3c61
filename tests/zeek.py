#!/usr/bin/env python3
"""Reads `connections -o zeek` of every capture as zeek-cut reads a log, and holds it against the JSON.

usage: zeek.py --program PATH

- the header: the separator by its \\x escape, as many types as fields, the times of the first and last packet;
- the columns, chosen by name, say what the keys of the JSON say;
- a uid is the same in a second run and belongs to one flow;
- where Zeek's own tests have the conn.log of a bundled capture, state, history and sizes are Zeek's
  (but for what docs/zeek.md lists).
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent

# From Zeek's repository, testing/btest/Baseline: core.vlan-mpls, core.tunnels.gre, scripts.base.protocols.xmpp.starttls.
# (id.orig_p, id.resp_p, proto, orig_bytes, resp_bytes, conn_state, history, orig_pkts, resp_pkts)
ZEEK = {
    "real-mixed-vlan-mpls.pcap": [
        ("11001", "23", "tcp", "26", "0", "SH", "SADF", "11", "0"),
        ("56730", "80", "tcp", "98", "9417", "SF", "ShADdFaf", "12", "10"),
        ("50343", "80", "tcp", "9", "3429", "SF", "ShADadfF", "7", "7"),
    ],
    "real-gre-sample.pcap": [
        ("40264", "22", "tcp", "952", "1671", "SF", "ShAdDaFf", "12", "10"),
        ("37675", "53", "udp", "66", "0", "S0", "D", "2", "0"),
        ("123", "123", "udp", "48", "48", "SF", "Dd", "1", "1"),
        ("8", "0", "icmp", "224", "224", "OTH", "-", "4", "4"),
        ("3", "3", "icmp", "122", "0", "OTH", "-", "2", "0"),
    ],
    "real-xmpp-starttls.pcap": [
        ("56048", "5222", "tcp", "676", "4678", "SF", "ShADadfFr", "19", "15"),
    ],
}
TRUTH = ("id.orig_p", "id.resp_p", "proto", "orig_bytes", "resp_bytes", "conn_state", "history", "orig_pkts", "resp_pkts")


def run(program, capture, form):
    done = subprocess.run([program, "connections", "-n", "-o", form, f"captures/{capture}"], cwd=TOP,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode("ascii" if form == "zeek" else "utf-8")


def cut(log):
    """(header, rows as dictionaries) of a log; what zeek-cut does with the lines that begin with #."""
    header, rows, separator = {}, [], None
    for line in log.splitlines():
        if line.startswith("#separator "):
            separator = re.sub(r"\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), line.split(" ", 1)[1])
        elif line.startswith("#"):
            key, *values = line[1:].split(separator)
            header[key] = values
        else:
            values = line.split(separator)
            assert len(values) == len(header["fields"]), f"{len(values)} values: {line}"
            rows.append(dict(zip(header["fields"], values)))
    return header, rows


def moment(ns_text):
    return time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(int(ns_text.split(".")[0])))


def expected(r):
    """Columns that follow from a connection's keys alone."""
    icmp = r["proto"].startswith("icmp")
    proto = "icmp" if icmp else r["proto"] if r["proto"] in ("tcp", "udp") else "unknown_transport"
    vlan = [str(v) for v in r.get("vlan", [])] + ["-", "-"]
    service = r.get("service", "-")
    want = {
        "ts": r["first"][:r["first"].index(".") + 7], "id.orig_h": r["client"]["ip"], "id.resp_h": r["server"]["ip"],
        "id.orig_p": str(r["icmp"]["type"] if icmp else r["client"].get("port", 0)), "proto": proto,
        "service": "ssl" if service == "tls" else service, "conn_state": r["conn_state"],
        "history": r.get("history", "-"), "orig_pkts": str(r["packets"][0]), "resp_pkts": str(r["packets"][1]),
        "missed_bytes": str(sum(r.get("exact", {}).get("missed_bytes", [0]))),
        "vlan": vlan[0], "inner_vlan": vlan[1],
        "local_orig": "-", "local_resp": "-", "orig_ip_bytes": "-", "resp_ip_bytes": "-", "tunnel_parents": "-",
    }
    if not icmp:
        want["id.resp_p"] = str(r["server"].get("port", 0))
    nanoseconds = [int(r[k].split(".")[0]) * 10**9 + int(r[k].split(".")[1].ljust(9, "0")) for k in ("first", "last")]
    lasted = nanoseconds[1] - nanoseconds[0]
    want["duration"] = f"{lasted // 10**9}.{lasted % 10**9 // 1000:06}" if lasted > 0 else "-"
    if lasted <= 0:
        want["orig_bytes"] = want["resp_bytes"] = "-"
    elif r["proto"] != "tcp":
        want["orig_bytes"], want["resp_bytes"] = map(str, r["bytes"])
    return want


def check(program, capture):
    status, log = run(program, capture, "zeek")
    _, text = run(program, capture, "json")
    records = [json.loads(line, parse_float=str) for line in text.splitlines()]
    flows = [r for r in records if r["type"] == "connection"]
    files = [r for r in records if r["type"] == "file" and "first" in r]
    if not log and not records:
        return 0  # refused: not a capture
    header, rows = cut(log)
    assert header["set_separator"] == [","] and header["empty_field"] == ["(empty)"], header
    assert header["unset_field"] == ["-"] and header["path"] == ["conn"], header
    assert len(header["fields"]) == len(header["types"]) == len(set(header["fields"])), header
    assert header["open"] == [moment(files[0]["first"]) if files else "-"], header["open"]
    assert header["close"] == [moment(files[0]["last"]) if files else "-"], header["close"]
    assert len(rows) == len(flows), f"{len(rows)} lines, {len(flows)} flows"
    for row, r in zip(rows, flows):
        for name, want in expected(r).items():
            assert row[name] == want, f"flow {r['id']}: {name} is {row[name]}, not {want}"
        assert re.fullmatch("C[0-9A-Za-z]{8,17}", row["uid"]), row["uid"]
    assert len({row["uid"] for row in rows}) == len(rows), "a uid twice"
    assert run(program, capture, "zeek") == (status, log), "another run gives another log"
    for line in ZEEK.get(capture, []):
        found = [tuple(row[n] for n in TRUTH) for row in rows]
        assert line in found, f"Zeek has {line}, not among {found}"
    return len(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    failed, lines = [], 0
    captures = sorted(p.name for p in (TOP / "captures").iterdir() if p.suffix in (".pcap", ".pcapng", ".cap"))
    for capture in captures:
        try:
            lines += check(program, capture)
        except (AssertionError, KeyError, ValueError) as e:
            failed.append(f"{capture}: {type(e).__name__}: {e}")
    print("\n".join(failed) or f"{lines} lines of {len(captures)} captures")
    return 1 if failed or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
