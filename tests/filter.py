#!/usr/bin/env python3
"""Display filters, ours against tshark's: the same packets of bundled captures.

usage: filter.py --program PROGRAM [--show N]

Every expression of EXPRESSIONS is written as Wireshark knows it and is given to both, on
every capture of CAPTURES; the numbers of the packets that fit must be the same.
KNOWN are the pairs that differ by design, each with its reason; one that does not
differ any more is an error, too. Prints "ok filter/NAME" or what differs; 1 if anything does.
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

EXPRESSIONS = """
ip.addr == 192.168.1.20
ip.addr == 192.168.1.0/24
ip.src == 192.0.2.10
ip.dst == 198.51.100.0/24
ip.src != 192.168.1.20
!(ip.addr == 192.168.1.20)
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
arp
icmp
tcp.flags.syn == 1 && tcp.flags.ack == 0
tcp.flags.syn==1 and tcp.flags.ack==1
tcp.flags.reset == 1
tcp.flags.fin == 1 or tcp.flags.reset == 1
tcp.flags == 0x12
tcp.len > 0
tcp.len == 0 && tcp.flags == 0x10
tcp.len >= 1000
tcp.window_size_value == 0
tcp.options.mss_val == 1460
tcp.options.wscale.shift >= 7
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
tcp.analysis.flags
!tcp.analysis.flags && tcp
frame.number == 7
frame.number > 10 and frame.number <= 20
frame.len > 500
frame.len == 60 or frame.cap_len < 54
eth.addr == 02:00:00:00:00:fe
vlan.id == 100
tls.handshake.extensions_server_name
tls.handshake.extensions_server_name == "www.example.org"
tls.handshake.extensions_server_name contains "example.c"
tls.handshake.type == 2
http.request
http.host == "one.example.org"
http.request.method == "GET"
http.response.code == 200
dns.qry.name == "www.example.org"
dns.qry.name contains "example"
dns.qry.type == 1
dns.flags.rcode != 0
icmp.type == 3
icmp.type == 8 or icmp.type == 0
icmp.type
icmpv6.type == 135
""".strip().splitlines()

CAPTURES = ["handshakes.pcap", "dns.pcap", "http.pcap", "icmp.pcap", "tls.pcap", "truth-09-dup-ack.pcap", "truth-10-spurious.pcap",
            "truth-11-fast.pcap", "truth-12-late.pcap", "truth-12-reorder-1.pcap", "truth-04-zero-window.pcap", "truth-05-keep-alive.pcap",
            "truth-07-window-update.pcap", "truth-08-window-full.pcap", "truth-17-acked-unseen.pcap", "truth-19-syn-retransmission.pcap",
            "truth-20-reuse.pcap", "truth-02-qinq.pcap", "truth-30-abort.pcap", "tunnel-vxlan.pcap"]

# (expression, capture) -> why the two differ
KNOWN = {}


def numbers(words):
    """Packet numbers, or a sentence."""
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode:
        return f"{words[0]}: exit {done.returncode}: {done.stderr.strip()[-300:]}"
    return done.stdout


def ours(program, capture, expression):
    out = numbers([program, "packets", "-n", "-o", "json", "-Y", expression, capture])
    return [json.loads(line)["number"] for line in out.splitlines()] if not out.startswith(program) else out


def theirs(capture, expressions):
    """expression -> numbers. One run: a column of the frame number for each that fits."""
    result = {}
    for expression in expressions:
        out = numbers(["tshark", "-n", "-r", capture, "-Y", expression, "-T", "fields", "-e", "frame.number"])
        result[expression] = out if out.startswith("tshark:") else [int(n) for n in out.split()]
    return result


def compare(program, name):
    capture = f"captures/{name}"
    wanted = theirs(capture, EXPRESSIONS)
    complaints, fitting = [], 0
    for expression in EXPRESSIONS:
        got, want = ours(program, capture, expression), wanted[expression]
        fitting += bool(want)
        why = KNOWN.get((expression, name))
        if got != want and not why:
            complaints.append(f"{expression}: sockeye {got}, tshark {want}")
        if got == want and why:
            complaints.append(f"{expression}: does not differ any more ({why})")
    return complaints, fitting


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--show", type=int, default=10)
    options.add_argument("name", nargs="*")
    o = options.parse_args()
    program = str(pathlib.Path(o.program).resolve())
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        names = o.name or CAPTURES
        for name, (complaints, fitting) in zip(names, pool.map(lambda n: compare(program, n), names)):
            print(f"FAILED filter/{name}" if complaints else f"ok filter/{name}: {len(EXPRESSIONS)} expressions, {fitting} with packets")
            for line in complaints[:o.show]:
                print(f"    {line}")
            failed += bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
