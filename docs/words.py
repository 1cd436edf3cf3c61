#!/usr/bin/env python3
"""The words of verdicts: what docs/verdicts.md is made from and held against.

usage: words.py rest     the words without an entry of their own there: the sentence of
                         include/sockeye/verdict.h, the page that explains the word, and the
                         first packet of a bundled capture that carries it, with the line
                         before it (as `sockeye`, which must be in PATH, prints them)
       words.py check    does each word of Wireshark's and of the exact family have an entry,
                         is each entry about a word that exists, and does its example show it?

An entry is a heading ### `word` and, behind it, a code block. "check" prints what is
wrong, status 1 if anything is.
"""
import json
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent
TOP = DOCS.parent
PAGE = DOCS / "verdicts.md"


def words():
    """word -> sentence, in the order of the header."""
    text = (TOP / "include/sockeye/verdict.h").read_text()
    listed = text[text.index("#define VERDICT_LIST"):text.index("enum verdict {")].replace("\\\n", " ")
    return dict(re.findall(r'X\(\w+,\s*"([^"]+)",\s*"([^"]+)"\)', listed))


def entries():
    """word -> text of its entry, up to the next heading."""
    parts = re.split(r"^(#+ .*)$", PAGE.read_text(), flags=re.M)
    return {word: body for heading, body in zip(parts[1::2], parts[2::2])
            for word in re.findall(r"`([\w.]+)`", heading) if heading.startswith("### ")}


def counted(known):
    """The first two families: all up to the last that is exact."""
    order = list(known)
    return order[:1 + max(i for i, word in enumerate(order) if word.startswith("exact."))]


def sockeye(capture, *options):
    done = subprocess.run(["sockeye", "packets", "-n", *options, str(capture.relative_to(TOP))], cwd=TOP,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def examples(wanted):
    """word -> (capture, lines), of the first packet that carries it."""
    found = {}
    captures = sorted(TOP.glob("captures/*.pcap*"), key=lambda c: (not c.name.startswith("truth-"), c.name))
    for capture in captures if wanted else ():
        for line in sockeye(capture, "-o", "json"):
            packet = json.loads(line)
            for word in wanted.intersection(packet.get("verdicts", ())) - found.keys():
                end = packet["number"]
                found[word] = (capture, sockeye(capture)[max(end - 2, 0):end])
        if wanted == found.keys():
            break
    return found


def explained(word):
    """The pages besides this one that are about the word."""
    return [page.name for page in sorted(DOCS.glob("*.md"))
            if page != PAGE and page.name != "decisions.md" and f"`{word}`" in page.read_text()]


def rest():
    known, own = words(), entries()
    left = [word for word in known if word not in own]
    found = examples(set(left))
    if not left:
        print("none: every word has its entry above")
    for number, word in enumerate(left):
        if number:
            print()
        capture, lines = found.get(word, (None, ()))
        print(f"{word}: {known[word]}" + "".join(f"; see docs/{page}" for page in explained(word)))
        for line in lines:
            print(f"    {line}")
        print(f"    captures/{capture.name}" if capture else "    in no bundled capture")
    return 0


def check():
    known, own = words(), entries()
    wrong = [f"include/sockeye/verdict.h has no `{word}`" for word in own if word not in known]
    wrong += [f"`{word}` has no entry" for word in counted(known) if word not in own]
    for word in own.keys() & known.keys():
        shown = "".join(re.findall(r"^```\n(.*?)^```$", own[word], re.M | re.S))
        if not re.search(rf'[{{ "]{re.escape(word)}[#}} "]', shown):
            wrong.append(f"the example of `{word}` does not show it")
    print("\n".join(f"docs/verdicts.md: {what}" for what in wrong) or f"{len(own)} words have their entries")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["rest"], ["check"]):
        sys.exit(__doc__)
    sys.exit(rest() if sys.argv[1] == "rest" else check())
