#!/usr/bin/env python3
"""The manual page docs/sockeye.1: the parts of it that the program knows better.

usage: man.py PROGRAM [--check | --examples]

Between `.\\" from the program: WHAT` and `.\\" until here` stand the options, of --help, and
the keys, of --list-keys. Without more, they are written anew. --check changes nothing and
fails where they differ from what the program says, where mandoc has something to say of the
page, or where an option is missing. --examples runs each line of EXAMPLES in a folder where
trace.pcap and others are captures of ours; each must succeed and print something, or write
a file.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

TOP = pathlib.Path(__file__).resolve().parent.parent
PAGE = TOP / "docs/sockeye.1"
ENVIRONMENT = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
# What the examples call their files.
FILES = {"trace.pcap": "handshakes.pcap", "slow.pcap": "truth-16-lost-and-missed.pcap", "web.pcap": "http.pcap",
         "trace.pcap.gz": "compressed.pcap.gz"}


def ask(program, *words):
    return subprocess.run([program, *words], check=True, capture_output=True, timeout=60, env=ENVIRONMENT).stdout.decode()


def text(words):
    """Lines of text: no macro, no escape, minus signs that can be copied."""
    words = words.replace("\\", "\\e")
    words = re.sub(r"(?<![\w\\])-(?=[\w#-])", r"\\-", words)
    words = words.replace("'", "\\(aq").replace("()", "\\&()")  # mdoc wants a macro for functions
    lines = textwrap.wrap(words, 76, break_long_words=False, break_on_hyphens=False)
    return [("\\&" if line.startswith(".") else "") + line for line in lines]


def argument(words):
    """What follows an option, as macros: Ar for a NAME, Cm for words to choose from."""
    if "|" in words:
        return " Ns | Ns ".join(f"{'Ar' if w.isupper() else 'Cm'} {w}" for w in words.split("|"))
    return f"Ar {words}"


def rows(help_text):
    """(group, letter, name, argument, sentence) of each option in --help."""
    group, found = None, []
    pattern = re.compile(r"^  (?:-(\S)(?:, | (?=[A-Z])|(?= )|$)|    )(?:--([a-z0-9-]+))?(\[=[^\]]*\]|=?\S+)?(?:  +(\S.*))?$")
    for line in help_text.splitlines():
        if re.match(r"^[A-Z]", line):
            group = line.rstrip()
        elif line.startswith(" " * 30):
            *before, (g, letter, name, value, sentence) = found
            found = [*before, (g, letter, name, value, f"{sentence} {line.strip()}".strip())]
        elif group in ("Input", "Output", "The screen", "Sockets", "The run", "Other"):
            m = pattern.match(line)
            if m:
                found.append((group, m[1], m[2], (m[3] or "").lstrip("="), m[4] or ""))
            elif line.strip():
                sys.exit(f"man.py: --help has a line that is no option: {line!r}")
    return found


def options(program):
    lines, group = [], None
    for g, letter, name, value, sentence in rows(ask(program, "--help")):
        if g != group:
            lines += ([".El"] if group else []) + [f".Ss {g}", ".Bl -tag -width Ds"]
            group = g
        optional = value.startswith("[")
        item = []
        if letter:
            item.append(f"Fl {letter}" + (f" Ar {value}" if value and not name else ""))
        if name:
            value = value.strip("[]").lstrip("=")
            follows = f" Ns Op = Ns {argument(value)}" if optional else f" Ns = Ns {argument(value)}" if value else ""
            item.append(f"Fl \\-{name}{follows}")
        lines += [".It " + " , ".join(item), *text(sentence[0].upper() + sentence[1:] + ".")]
    return lines + [".El"]


def keys(program):
    lines = [".Bl -tag -width \"PgDn, ^F, Space\""]
    for line in ask(program, "--list-keys").splitlines():
        _, names, does = re.match(r"^(\S+) +((?:\S+ )*\S+) {2,}(.*)$", line).groups()
        names = ", ".join(names.replace("\\", "\\e").replace("^", "\\(ha").split())
        # A lone bracket or colon would be punctuation to mdoc.
        lines += [f".It Li \"\\&{names}\"", *text(does[0].upper() + does[1:] + ".")]
    return lines + [".El"]


PARTS = {"options": options, "keys": keys}


def renewed(program, page):
    out, inside = [], False
    for line in page.splitlines():
        begin = re.match(r'^\.\\" from the program: (\w+)$', line)
        if begin:
            out += [line, *PARTS[begin[1]](program)]
            inside = True
        elif line == '.\\" until here':
            inside = False
        if not inside:
            out.append(line)
    return "\n".join(out) + "\n"


def check(program):
    page, complaints = PAGE.read_text(), []
    if renewed(program, page) != page:
        complaints.append("docs/sockeye.1 is not what the program says: python3 docs/man.py PROGRAM, then read it")
    if not shutil.which("mandoc"):
        complaints.append("mandoc is not installed: sh tests/packages.sh test")
    else:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "all", str(PAGE)], capture_output=True, timeout=60)
        # Whether other pages are installed here says nothing of this one.
        complaints += [line for line in done.stdout.decode().splitlines() if "referenced manual not found" not in line]
        shown = subprocess.run(["mandoc", "-T", "utf8", str(PAGE)], capture_output=True, timeout=60).stdout.decode()
        shown = re.sub(r".\x08", "", shown).replace("\u2010", "-")
        for _, letter, name, _, _ in rows(ask(program, "--help")):
            for option in ([f"-{letter}"] if letter else []) + ([f"--{name}"] if name else []):
                if not re.search(rf"^ +(-\S[^-]*, )?{re.escape(option)}(?![\w-])", shown, re.M):
                    complaints.append(f"docs/sockeye.1: {option} does not stand there")
    print("\n".join(complaints) or f"{len(rows(ask(program, '--help')))} options, nothing that mandoc would say")
    return 1 if complaints else 0


def examples(program):
    part = re.search(r"^\.Sh EXAMPLES$(.*?)^\.Sh ", PAGE.read_text(), re.M | re.S)[1]
    commands = [c.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")
                for c in re.findall(r"^\.Dl (.*)$", part, re.M)]
    complaints = [] if len(commands) >= 12 else [f"{len(commands)} examples, 12 are promised"]
    for command in commands:
        with tempfile.TemporaryDirectory() as name:
            os.chmod(name, 0o777)
            folder = pathlib.Path(name)
            (folder / "sockeye").symlink_to(program)
            for shown, capture in FILES.items():
                shutil.copy(TOP / "captures" / capture, folder / shown)
            before = set(os.listdir(folder))
            done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, timeout=60,
                                  stdin=subprocess.DEVNULL, env={**ENVIRONMENT, "PATH": f"{folder}:{os.environ['PATH']}"})
            made = [f for f in set(os.listdir(folder)) - before if (folder / f).stat().st_size]
            if done.returncode or not (done.stdout.count(b"\n") > 1 or made):
                complaints.append(f"{command}: status {done.returncode}, {len(done.stdout)} bytes, {done.stderr.decode()}")
    print("\n".join(complaints) or f"{len(commands)} examples work")
    return 1 if complaints else 0


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--check"], ["--examples"]):
        sys.exit(__doc__)
    program = os.path.realpath(sys.argv[1])
    if sys.argv[2:] == ["--check"]:
        return check(program)
    if sys.argv[2:] == ["--examples"]:
        return examples(program)
    PAGE.write_text(renewed(program, PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
