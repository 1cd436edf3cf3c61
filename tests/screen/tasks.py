#!/usr/bin/env python3
"""Questions that a person has, answered by keys alone on bundled captures.

usage: tasks.py --program PROGRAM [--show]

Each task is a key script and what must then stand in the selected row, in the means line (with
the lines below it), or anywhere on the screen, at 120x35 and at 80x24. --show prints the screens.
"""
import argparse, os, re, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAPTURE = "handshakes"

# question, keys, where to look (row, means, screen), what must be there, and the capture where it is not CAPTURE
TASKS = [
    ("Which handshake was the slowest?", "s s s", "row", r"198\.51\.100\.28:80 +S×3 (in )?all 3\.1s.*news\.example"),
    ("Who was refused?", "/ refused <Enter>", "row", r"✗ .*198\.51\.100\.54:5432 .*18\.0.*R.* refused"),
    ("Who never got an answer, and how often did it ask?", "/ no <Space> answer <Enter>", "row",
     r"203\.0\.113\.199:443 +(S─1\.0s─S─2\.0s─S…|S×3 …).*no answer"),
    ("Which handshake is half open?", "/ half-open <Enter>", "row", r"◐ .*203\.0\.113\.66:33012 .*half-open"),
    ("What is 203.0.113.80 called, and how long did its handshake take?", "/ 203.0.113.80 <Enter> d",
     "screen", r"(?s)296\.7.*mirror\.example\.com"),
    ("Which connection moved the most bytes?", "s s s s", "row", r"192\.168\.1\.20:51054 .*203\.0\.113\.10:443"),
    ("How many connections to port 443 took longer than 20 ms?", "/ port:443 <Space> rtt <gt> 20ms", "screen",
     r"matches 6 of 46"),
    ("Which segment was repeated, by what, and how late?", "2 j j j j j", "row",
     r"^▶ *3\.0102.*PSH .*(retransmission, 3\.00 s late|again \+3\.00 s, timeout)", "truth-13-rto"),
    ("Which segment was lost?", "2 j j j j j", "screen",
     r"(?s)1 lost.*\n▶[^\n]*│✕─[^\n]*500[^\n]*gap.*500.*\n.*seq 1 001\.\.1 501", "truth-16-network-loss"),
    ("Who stopped reading, and for how long?", "2 * j j j j", "screen",
     r"(?s)stalled: server 4\.02 s.*\n▶[^\n]*◀─+ ACK[^\n]* win 0 ─+│[^\n]*ZERO WINDOW", "truth-03-probe"),
    ("Who closed first?", "2 e j j j", "row", r"│◀─+ FIN .*│ +server closes", "truth-27-closed-by-server"),
    ("What does the client ask for in its SYN, and by which flags?", "j p <Tab> j j j j j j", "means",
     r"asks to open a connection \(SYN\)\s+.*tcp\.flags == 0x2\b"),
    ("Which byte of the SYN holds the window scale's exponent?", "j p <Tab> G k k", "screen",
     r"(?s)bytes +0x0049, 1 byte: tcp\.options\.wscale\.shift.*\[07\]"),
    ("Which packet says KEXINIT first, and who sent it?", "3 3 <F3> KEXINIT <Enter>", "row",
     r"^▶ +36 +1\.469170 +192\.1.*1\.20.* SSH .*KEXINIT"),
    ("Which packets are the selected connection's, and how many?", "j 3 j j j", "screen",
     r"(?s)of 192\.168\.1\.20:51000.*\n▶ +6 .*ClientHello.* 4 of 17"),
    ("And all of them, from there?", "j 3 j j j 3", "screen", r"(?s)\n▶ +6 .* 6 of 501"),
    ("What does the ClientHello say first?", "j 3 j j j <Tab> j", "row", r"▶ +6 .*ClientHello"),
    ("What was said without plain ACKs?", "/ 51002 <Enter> 2 * a G", "screen", r"NO ACKS(?s:.*) 8 of 8"),
    ("What is packet 20?", "3 3 # 20 <Enter>", "row", r"^▶ +20 +0\.600453 .*HTTP .*GET /status"),
    ("What did the printer answer to GET /status?", "/ printer <Enter> f", "screen",
     r"(?s)GET /status HTTP/1\.1.*◀ 10:00:00\.603 +500 B +packet 22.*HTTP/1\.1 200 OK"),
    ("Was the name asked for before the page, and how long before?", "<Space> <Space> <Enter> j j", "screen",
     r"(?s)A 192\.168\.1\.20:40101 → .*B ◆192\.168\.1\.20:51000 → .*\n▶B[: ].* \+2\.00.*SYN.*2 connections  3 of 19"),
    ("How long did the slowest answer of the name servers take?",
     "/ udp <Space> dns <Enter> <Space> <Space> <Space> <Space> <Enter> j j j j", "row",
     r"^▶B.* \+21\.91.*◀─+ dns 61 ─+.*response AAAA"),
]


def screen(program, capture, size, keys):
    command = [program, "watch", "-r", "captures/%s.pcap" % capture, "--headless", size, "--keys", keys, "--dump", "-"]
    return subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode()


def part(shown, where):
    """The part of the screen that is looked at; empty where there is not exactly one."""
    if where == "screen":
        return shown
    lines = shown.splitlines()
    if where == "means":
        starts = [i for i, l in enumerate(lines) if l.startswith("  means ")]
        return "\n".join(lines[starts[0]:]) if len(starts) == 1 else ""
    ends = [i for i, l in enumerate(lines) if l.startswith("──")] + [len(lines)]
    rows = [l for l in lines[:ends[0]] if l.startswith("▶")]
    return rows[0] if len(rows) == 1 else ""


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--show", action="store_true")
    a = ap.parse_args()
    failed = 0
    for size in ("120x35", "80x24"):
        for question, keys, where, want, *capture in TASKS:
            shown = screen(os.path.abspath(a.program), capture[0] if capture else CAPTURE, size, keys)
            good = re.search(want, part(shown, where)) is not None
            failed += not good
            print("%s %s: %s  [%s]" % ("ok" if good else "FAILED", size, question, keys))
            if a.show or not good:
                print(shown)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
