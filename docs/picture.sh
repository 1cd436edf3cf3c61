#!/bin/sh
# Puts what the program prints today into the pages that show it: README.md (the
# pictures and the examples), docs/tour.md (its screens), docs/verdicts.md (a packet
# for each verdict) and docs/filter.md (the names that filters know).
#
# usage: sh docs/picture.sh PROGRAM [--check] [PAGE...]
#
# A line <!-- run: WORDS --> in a page is followed by a code block; the block
# becomes the output of the words, run in the top folder where `sockeye` is
# PROGRAM. --check changes nothing and fails where a block is not what the
# program prints; it is a test, so no page can grow old.
set -eu
program=$(realpath "$1")
shift
check=
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi
[ $# -gt 0 ] || set -- README.md docs/tour.md docs/verdicts.md docs/filter.md
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/sockeye"
PATH=$work/bin:$PATH TZ=UTC LC_ALL=C
export PATH TZ LC_ALL

# The page, with what the program prints now.
now() {
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
	' "$1"
}

status=0
for page in "$@"; do
	now "$page" >"$work/page"
	if [ -z "$check" ]; then
		cat "$work/page" >"$page"
	elif ! diff -u "$page" "$work/page"; then
		echo "$page shows what the program no longer prints: sh docs/picture.sh PROGRAM, then read it" >&2
		status=1
	fi
done
exit $status
