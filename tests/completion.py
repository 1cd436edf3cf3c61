#!/usr/bin/env python3
"""What bash and zsh complete with the scripts of --completion, asked of the shells themselves.

usage: completion.py --program PATH
"""
import argparse
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
VIEWS = ["connections", "handshakes", "packets", "report", "sockets", "watch"]

# A program whose interfaces and fields are known; some are a trap.
STAND_IN = """#!/bin/sh
case $1 in
-D) cat <<'EOF'
1.eth0 [Up, Running, Connected]
2.any (Pseudo-device that captures on all interfaces) [Up, Running]
3.veth-a@b [none]
4.$(touch${IFS}trap) [none]
5.`touch` [none]
6.a;touch [none]
EOF
;;
--list-fields) printf 'NAME      ASKED OF\\nport      flows\\nproto     flows\\ntcp.flags packets\\n' ;;
esac
"""

BASH = """
source "$1"; shift
complete -p sockeye | grep -q -- '-F _sockeye' || { echo 'complete: not registered' >&2; exit 1; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_sockeye 2>&1
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""

# words typed -> all that is offered; None in it: and files
OFFERED = [
    (["wat"], ["watch"]),
    (["packets", "--out"], ["--output="]),
    (["--output", "=", "js"], ["json"]),
    (["report", "--output", "="], ["json", "text"]),
    (["packets", "-o", ""], ["csv", "json", "text", "tsv"]),
    (["-o", "z"], ["zeek"]),
    (["-i", ""], ["any", "eth0", "veth-a@b"]),
    (["--interface", "=", "e"], ["eth0"]),
    (["-Y", "p"], ["port", "proto"]),
    (["--display-filter", "=", "tcp."], ["tcp.flags"]),
    (["--backend", "=", ""], ["libpcap", "native"]),
    (["-Q", "in"], ["in", "inout"]),
    (["--completion", "=", ""], ["bash", "zsh"]),
    (["--threads", "=", ""], ["1", "2"]),
    (["-c", ""], []),
    (["-Z", "roo"], ["root"]),
    (["--replay", "one"], ["one two.pcap"]),
    (["-r", "one"], ["one two.pcap"]),
    (["packets", "one"], ["one two.pcap"]),
    (["sockets", "state", "l"], ["last_ack", "listen"]),
    (["sockets", "port", "22", "exclude", "time"], ["time_wait"]),
    (["packets", "state", "l"], []),
    (["packets", "--rep"], ["--replay"]),
    ([""], [*VIEWS, "one two.pcap", "sockeye", "script"]),
]

# typed, and what stands there after a tab
ZSH = [
    ("sockeye wat", "sockeye watch "),
    ("sockeye packets --out", "sockeye packets --output="),
    ("sockeye packets --output=js", "sockeye packets --output=json "),
    ("sockeye packets -o ts", "sockeye packets -o tsv "),
    ("sockeye report -o ", "sockeye report -o "),  # two of them: no choice
    ("sockeye report -o js", "sockeye report -o json "),
    ("sockeye -o z", "sockeye -o zeek "),
    ("sockeye -i e", "sockeye -i eth0 "),
    ("sockeye -ie", "sockeye -ieth0 "),
    ("sockeye -i ve", "sockeye -i veth-a@b "),
    ("sockeye -i '$", "sockeye -i '$"),
    ("sockeye -i a\\;", "sockeye -i a\\;"),
    ("sockeye -Y tc", "sockeye -Y tcp.flags "),
    ("sockeye --display-filter=por", "sockeye --display-filter=port "),
    ("sockeye --backend=n", "sockeye --backend=native "),
    ("sockeye --rep", "sockeye --replay="),
    ("sockeye -Q o", "sockeye -Q out "),
    ("sockeye packets -r on", "sockeye packets -r one\\ two.pcap "),
    ("sockeye packets on", "sockeye packets one\\ two.pcap "),
    ("sockeye sockets state li", "sockeye sockets state listen "),
    ("sockeye packets state on", "sockeye packets state one\\ two.pcap "),
    ("sockeye --comp", "sockeye --completion="),
    ("sockeye --completion=b", "sockeye --completion=bash "),
]


def script(program, shell):
    return subprocess.run([program, f"--completion={shell}"], check=True, capture_output=True, timeout=60).stdout.decode()


def built_options(program):
    """Letters and names of --help."""
    text = subprocess.run([program, "--help"], check=True, capture_output=True, timeout=60).stdout.decode()
    rows = re.findall(r"^  (?:-(\S))?(?:,? +)?(?:--([a-z-]+))?", text, re.M)
    return {f"-{letter}" for letter, _ in rows if letter} | {f"--{name}" for _, name in rows if name}


def bash(folder, text, complain):
    (folder / "script").write_text(text)
    for typed, wanted in OFFERED:
        done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", str(folder / "script"), "./sockeye", *typed], cwd=folder,
                              capture_output=True, timeout=60)
        got = sorted(done.stdout.decode().splitlines())
        if got != sorted(wanted) or done.returncode or done.stderr:
            complain(f"bash: {typed}: offered {got}, not {sorted(wanted)} {done.stderr.decode()}")
    return len(OFFERED)


def zsh(folder, text, complain):
    """Types into a real zsh, tab after tab; a key of ours says what stands there."""
    functions = folder / "functions"
    functions.mkdir()
    (functions / "_sockeye").write_text(text)
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": f"{folder}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(folder),
                                                "LC_ALL": "C.UTF-8"})

    def until(mark):
        seen, end = b"", time.monotonic() + 60
        while time.monotonic() < end and mark not in seen:
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    seen += os.read(fd, 65536)
                except OSError:
                    break
        return seen

    def tell(line):
        os.write(fd, line.encode() + b"\n")

    kept = folder / "buffer"
    tell("PS1= RPS1=; unsetopt zle_bracketed_paste list_beep; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D; "
         f"say() {{ print -rn -- \"$BUFFER\" >{kept}.new; mv {kept}.new {kept}; BUFFER= }}; zle -N say; bindkey '^X' say; "
         "bindkey '^I' complete-word; setopt no_auto_menu no_list_ambiguous no_auto_list; print rea''dy")
    if b"ready" not in until(b"ready"):
        complain("zsh: did not begin")
    for typed, wanted in ZSH:
        os.write(fd, typed.encode() + b"\t\x18")
        end = time.monotonic() + 60
        while not kept.exists() and time.monotonic() < end:
            select.select([fd], [], [], 0.05)[0] and os.read(fd, 65536)
        got = kept.read_text() if kept.exists() else "nothing"
        if got != wanted:
            complain(f"zsh: {typed!r} became {got!r}, not {wanted!r}")
        kept.unlink(missing_ok=True)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)
    return len(ZSH)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = os.path.realpath(parser.parse_args().program)
    complaints, counts = [], {}
    options = built_options(program)
    for shell, run in (("bash", bash), ("zsh", zsh)):
        if not shutil.which(shell):
            complaints.append(f"{shell} is not installed: sh tests/packages.sh test")
            continue
        text = script(program, shell)
        for option in sorted(options):
            if not re.search(rf"(?<![\w-]){re.escape(option)}(?![a-z-]\w)", text):
                complaints.append(f"{shell}: {option} is not in the script")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "sockeye").write_text(STAND_IN)
            (folder / "sockeye").chmod(0o755)
            (folder / "one two.pcap").touch()
            counts[shell] = run(folder, text, complaints.append)
            if (folder / "trap").exists():
                complaints.append(f"{shell}: the name of an interface was run as a command")
    print("\n".join(complaints) or f"{len(options)} options; completed in bash {counts['bash']} times, in zsh {counts['zsh']}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
