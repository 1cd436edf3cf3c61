#!/usr/bin/env python3
"""Display filters, ours against tshark's: the same packets of bundled captures.

usage: filter.py --program PROGRAM

Every expression is written as Wireshark knows it and is given to both; the numbers of the
packets that fit must be the same, but for those that MORE and APART name. Prints "ok
filter/NAME" or "FAILED filter/NAME" with what differs; 1 if anything does. And every key
that packets -v prints of a bundled capture must be in --list-fields.
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# Captures, and the expressions asked of each.
GROUPS = [
    (["handshakes.pcap"], """
ip.addr == 192.168.1.20
ip.addr == 192.168.1.0/24
ip.src != 192.168.1.20
!(ip.addr == 192.168.1.20)
ip.dst == 198.51.100.0/24
ipv6.addr == 2001:db8:1::20
ipv6.src == 2001:db8::/32
ip.ttl < 64
ip.proto == 17
tcp.port == 443
tcp.port in {80, 8080}
tcp.srcport == 443 or tcp.dstport == 22
tcp.dstport != 443
tcp.dstport >= 5000 and tcp.dstport < 9000
udp.port == 53
tcp
udp
dns
tls
http
tcp.flags.syn == 1 && tcp.flags.ack == 0
tcp.flags.syn==1 and tcp.flags.ack==1
tcp.flags.reset == 1
tcp.flags.fin == 1 or tcp.flags.reset == 1
tcp.flags == 0x12
tcp.len > 0
tcp.len == 0 && tcp.flags == 0x10
tcp.len >= 1000
tcp.options.mss_val == 1460
tcp.options.wscale.shift >= 7
!tcp.analysis.flags && tcp
frame.number == 7
frame.number > 10 and frame.number <= 20
frame.len > 500
frame.len == 60 or frame.cap_len < 54
frame.time_epoch < 1772445605
eth.addr == 02:00:00:00:00:fe
vlan.id == 100
vlan.id != 100
vlan.id >= 10
tls.handshake.extensions_server_name
tls.handshake.extensions_server_name == "www.example.org"
tls.handshake.extensions_server_name contains "example.c"
tls.handshake.type == 2
http.request
http.host == "one.example.org"
http.request.method == "GET"
http.response.code == 200
"""),
    (["dns.pcap"], """
dns
dns.qry.name == "www.example.org"
dns.qry.name contains "example"
dns.qry.type == 1
dns.flags.rcode != 0
udp.srcport == 53 and not dns.qry.type == 1
"""),
    (["icmp-errors.pcap", "icmp-echo.pcap"], """
icmp
icmp.type == 3
icmp.type == 8 or icmp.type == 0
icmp.type
icmpv6.type == 135
"""),
    (["arp.pcap", "tunnel-vxlan.pcap", "tunnel-gre.pcap"], """
arp
arp.opcode == 1
ip.addr == 10.0.0.0/8
ip.src == 192.0.2.0/24 && tcp.len > 0
udp.port == 4789
"""),
    (["truth-04-zero-window.pcap", "truth-05-keep-alive.pcap", "truth-09-dup-ack.pcap", "truth-11-fast.pcap",
      "truth-12-reorder-1.pcap", "truth-17-acked-unseen.pcap", "truth-20-reuse.pcap"], """
tcp.analysis.flags
tcp.analysis.retransmission
tcp.analysis.fast_retransmission
tcp.analysis.spurious_retransmission
tcp.analysis.out_of_order
tcp.analysis.duplicate_ack
tcp.analysis.duplicate_ack_num >= 2
tcp.analysis.zero_window
tcp.analysis.window_full
tcp.analysis.window_update
tcp.analysis.keep_alive
tcp.analysis.lost_segment
tcp.analysis.ack_lost_segment
tcp.analysis.reused_ports
tcp.window_size_value == 0
"""),
]

# Packets in which tshark sees more by design: the packet that an ICMP error quotes is
# read like one that came, and applications go on over the segments of the stream.
# There the two may differ: (part of the expression, packets).
MORE = [
    (("ip.", "tcp", "udp", "dns", "icmp."), "icmp.type in {3, 4, 5, 11, 12} || icmpv6.type in {1, 2, 3, 4}"),
    (("tls", "http"), "tcp.segment_data || tcp.segment || tcp.reassembled.length || (tls && !tls.record.content_type) "
                      "|| (http && !http.request && !http.response)"),
]

# And packets that are not compared, capture by capture.
APART = {
    "dns.pcap": {32, 33, 34,   # names that never end: sockeye shows no question
                 37, 39},      # DNS by its port; sockeye goes by content
    "tunnel-vxlan.pcap": set(range(11, 21)),  # VXLAN on port 8472, which tshark does not know
    "tunnel-gre.pcap": {41},   # more layers than sockeye reads
}


def numbers(words):
    """Packet numbers, or a sentence."""
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode:
        return f"{words[0]}: exit {done.returncode}: {done.stderr.strip()[-300:]}"
    return done.stdout


def ours(program, capture, expression):
    out = numbers([program, "packets", "-n", "-o", "json", "-Y", expression, capture])
    return [json.loads(line)["number"] for line in out.splitlines()] if not out.startswith(program) else out


def theirs(capture, expression):
    out = numbers(["tshark", "-n", "-r", capture, "-Y", expression, "-T", "fields", "-e", "frame.number"])
    return out if out.startswith("tshark:") else [int(n) for n in out.split()]


def compare(program, name, expressions):
    """(complaints, expressions that fit packets, packets that may differ and do)."""
    capture = f"captures/{name}"
    more = [(parts, set(theirs(capture, packets))) for parts, packets in MORE]
    complaints, fitting, explained = [], 0, 0
    for expression in expressions:
        got, want = ours(program, capture, expression), theirs(capture, expression)
        if isinstance(got, str) or isinstance(want, str):
            complaints.append(f"{expression}: sockeye {got}, tshark {want}")
            continue
        fitting += bool(want)
        differ = set(got) ^ set(want)
        may = APART.get(name, set()).union(*(packets for parts, packets in more if any(p in expression for p in parts)))
        explained += len(differ & may)
        if differ - may:
            complaints.append(f"{expression}: only sockeye {sorted(set(got) - set(want) - may)}, "
                              f"only tshark {sorted(set(want) - set(got) - may)}")
    return complaints, fitting, explained


def unlisted(program):
    """Keys of rows that packets -v prints of any capture and --list-fields does not have."""
    listed = {line.split()[0] for line in numbers([program, "--list-fields"]).splitlines()}
    captures = sorted(str(path.relative_to(TOP)) for path in (TOP / "captures").glob("*.pcap"))
    printed = set()
    for at in range(0, len(captures), 40):
        # A damaged capture ends with status 3; what was read counts.
        done = subprocess.run([program, "packets", "-n", "-v", "-o", "json", *captures[at:at + 40]], cwd=TOP,
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        for line in done.stdout.splitlines():
            for layer in json.loads(line).get("layers", ()):
                printed.update(layer["fields"])
    return len(printed), sorted(printed - listed)


# Keys whose words are few, so that the filter refuses others (src/filter/closed.c).
CLOSED = ["state", "outcome", "tcp_state.client", "tcp_state.server", "conn_state", "orientation", "closed_by", "capture_side",
          "handshake.fast_open", "handshake.ecn"]


def refused(program):
    """(pairs of such a key and a word that the captures bring forth, those of them that the filter refuses)."""
    captures = sorted(str(path.relative_to(TOP)) for path in (TOP / "captures").glob("*.pcap"))
    brought = set()
    for at in range(0, len(captures), 40):
        for view in ("connections", "handshakes"):
            done = subprocess.run([program, view, "-n", "-o", "json", *captures[at:at + 40]], cwd=TOP, capture_output=True,
                                  text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
            for line in done.stdout.splitlines():
                record = json.loads(line)
                for key in CLOSED:
                    value = record
                    for part in key.split("."):
                        value = value.get(part) if isinstance(value, dict) else None
                    if isinstance(value, str):
                        brought.add((key, value))
    all_of_them = " or ".join(f"{key}=={value}" for key, value in sorted(brought))
    said = numbers([program, "connections", "-n", "-Y", all_of_them, "captures/arp.pcap"])
    return len(brought), said if said.startswith(program) else ""


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    o = options.parse_args()
    program = str(pathlib.Path(o.program).resolve())
    tasks = [(name, lines.strip().splitlines()) for names, lines in GROUPS for name in names]
    failed = pairs = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, lines), (complaints, fitting, explained) in zip(
                tasks, pool.map(lambda task: compare(program, *task), tasks)):
            print(f"{'FAILED' if complaints else 'ok'} filter/{name}: {len(lines)} expressions, {fitting} fit packets; "
                  f"differ by design in {explained}")
            print("".join(f"    {line}\n" for line in complaints), end="")
            failed += bool(complaints)
            pairs += len(lines)
    printed, missing = unlisted(program)
    print(f"{'FAILED' if missing or printed < 300 else 'ok'} filter/rows: {printed} keys are printed, not listed: {missing}")
    failed += bool(missing) or printed < 300
    brought, said = refused(program)
    print(f"{'FAILED' if said or brought < 40 else 'ok'} filter/closed: {brought} words of keys that have few; {said or 'none refused'}")
    failed += bool(said) or brought < 40
    print(f"{pairs} pairs of expression and capture")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
