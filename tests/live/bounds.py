"""Memory stays bounded whatever arrives: a flood of a million SYNs around real traffic."""
import json
import os
import signal
import subprocess
import sys
import tempfile

from lab import HERE, check

LIMIT_MB, MARGIN_MB = 32, 16
SYNS, REAL = 1_000_000, 250


def run(program, *words, line):
    """Run to the end giving each line of output to line(); (status, peak RSS in MB, messages)."""
    with tempfile.NamedTemporaryFile(prefix="sockeye-live.") as result:
        # Through a small process: a child takes over the peak of the one that starts it.
        process = subprocess.Popen([sys.executable, str(HERE / "measure.py"), result.name, program, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            for text in process.stdout:
                line(text)
            err = process.stderr.read().decode()
            process.wait()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        measured = json.load(open(result.name, encoding="utf-8"))
    return measured["status"], measured["rss_mb"], err


def syn_flood(lab):
    """a million SYNs inside --memory 32M: every real handshake is told, the rest is counted"""
    flood, real = os.path.join(lab.folder, "flood.pcap"), os.path.join(lab.folder, "real.pcap")
    subprocess.run([sys.executable, str(HERE.parent / "tools/synflood.py"), flood, real, str(SYNS), str(REAL)], check=True, timeout=60)
    try:
        complete, unanswered = [], 0

        def count(text):
            nonlocal unanswered
            if b'"outcome":"complete"' in text:
                complete.append(json.loads(text))
            elif b'"outcome":"unanswered"' in text:
                unanswered += 1

        words = ["-n", "-o", "json", "--memory", f"{LIMIT_MB}M", flood, real]
        status, rss, err = run(lab.program, "handshakes", *words, line=count)
        check(status == 0, f"exit {status}:", err)
        ports = {r["client"]["port"] for r in complete}
        check(len(complete) == REAL and len(ports) == REAL, f"{len(complete)} complete handshakes of {REAL}")
        check(all(abs(r["handshake"]["rtt_us"] - 21000) < 1 for r in complete), "a duration is wrong")
        check(unanswered == SYNS, f"{unanswered} unanswered of {SYNS}")
        check(rss <= LIMIT_MB + MARGIN_MB, f"peak RSS {rss:.1f} MB, more than {LIMIT_MB + MARGIN_MB}")
        said = []
        status, again, err = run(lab.program, "report", *words, line=said.append)
        summary = next(json.loads(t) for t in said if b'"type":"summary"' in t)
        check(status == 0 and summary["flows_evicted"] > 0, f"exit {status}, evicted {summary.get('flows_evicted')}", err)
        check(summary["handshakes"]["complete"] == REAL, "summary:", summary["handshakes"])
        check(again <= LIMIT_MB + MARGIN_MB, f"peak RSS of report {again:.1f} MB")
        return f"peak RSS {rss:.1f} and {again:.1f} MB, {summary['flows_evicted']} flows forgotten and counted"
    finally:
        for path in (flood, real):
            if os.path.exists(path):
                os.unlink(path)


TESTS = [syn_flood]
