"""Packets of a live capture that are looked at again: a bounded history, and what left it is counted."""
import pathlib
import re

from lab import check, ended

SENT = 12000


def history_by_the_ring(lab):
    """a full history begins with the first packet that is left; every one after it can still be had"""
    again = pathlib.Path(lab.program).parent / "tests" / "again"
    process = lab.start(lab.server, str(again), "-iwire0", "live", str(SENT), "16")
    check(process.stderr.readline() == b"listening\n", "the capture does not start")
    status, _, err = ended(lab.peer(lab.client, "burst", SENT + 500, 900), 30)
    check(status == 0, "sending:", err)
    status, out, err = ended(process, 30)
    check(status == 0, f"exit {status}:", err)
    got = re.fullmatch(r"total (\d+) forgotten (\d+) matched (\d+) first (\d+) detail (\d+) lines (\d+) interface (\S*) gone (\d+)\n",
                       out)
    check(got, "the answer:", out)
    total, forgotten, matched, first, detail, lines, gone = (int(got[i]) for i in (1, 2, 3, 4, 5, 6, 8))
    check(total == SENT, f"{total} packets, not {SENT}")
    check(0 < forgotten < total and matched == total - forgotten, "what is left:", out)
    check(first == forgotten + 1 == detail and lines > 10, "the first row:", out)
    check(gone == 0, "rows that are gone:", out)
    check(got[7] == "wire0", "the interface:", out)
    return out.strip()


TESTS = [history_by_the_ring]
