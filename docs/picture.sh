#!/bin/sh
# Puts what the program prints today into README.md: the picture and the examples.
#
# usage: sh docs/picture.sh PROGRAM [--check]
#
# A line <!-- run: WORDS --> in README.md is followed by a code block; the block
# becomes the output of the words, run in the top folder where `sockeye` is
# PROGRAM. --check changes nothing and fails where a block is not what the
# program prints; it is a test, so the README cannot grow old.
set -eu
program=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/sockeye"
PATH=$work/bin:$PATH TZ=UTC LC_ALL=C
export PATH TZ LC_ALL

awk '
	/^<!-- run: .* -->$/ {
		print
		command = substr($0, 11, length($0) - 14) " 2>&1"
		print "```"
		while ((command | getline line) > 0) { sub(/ +$/, "", line); print line }
		close(command)
		print "```"
		fences = 2
		next
	}
	fences { if (/^```/) fences--; next }
	{ print }
' README.md >"$work/README.md"

if [ "${2:-}" = --check ]; then
	diff -u README.md "$work/README.md" || {
		echo "README.md shows what the program no longer prints: sh docs/picture.sh PROGRAM, then read it" >&2
		exit 1
	}
else
	cat "$work/README.md" >README.md
fi
