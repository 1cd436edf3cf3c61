#!/bin/sh
# The live view in a real terminal, once: tmux with a server of its own.
#
# usage: sh tests/screen/tmux.sh PROGRAM
#
# What tmux shows must be what --headless dumps, at two sizes and after a resize;
# q ends the program; a terminal that cannot place the cursor is refused.
set -u
program=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/sockeye-tmux.XXXXXX") || exit 1
trap 'mux kill-server; rm -rf "$work"' EXIT
trap 'exit 143' INT TERM
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR TMUX
failed=0
capture=captures/handshakes.pcap

mux() { tmux -f /dev/null -S "$work/socket" "$@" 2>>"$work/tmux.log"; }
ok() { echo "ok tmux/$1"; }
bad() {
	echo "FAILED tmux/$1: $2"
	failed=1
}

# start WIDTH HEIGHT COMMAND: a pane of that size; its end writes its status.
start() {
	mux kill-server
	rm -f "$work/status"
	mux new-session -d -x "$1" -y "$2" -e TERM="${4:-tmux-256color}" \
		"$3; echo \$? >'$work/status'" \; set-option -g status off \; resize-window -x "$1" -y "$2"
}

# settle FILE: until the pane equals the file, for five seconds at most.
settle() {
	for _ in $(seq 50); do
		mux capture-pane -p >"$work/seen"
		# tmux takes blanks off the ends of lines.
		sed 's/ *$//' "$1" | cmp -s - "$work/seen" && return 0
		sleep 0.1
	done
	sed 's/ *$//' "$1" | diff - "$work/seen" | head -n 20
	return 1
}

# ends NAME: the program ends and its status is 0.
ends() {
	for _ in $(seq 30); do
		[ ! -s "$work/status" ] || break
		sleep 0.1
	done
	status=$(cat "$work/status" 2>/dev/null)
	if [ "$status" = 0 ]; then ok "$1"; else bad "$1" "status ${status:-none: it did not end}"; fi
}

dump() {
	"$program" watch -r "$capture" --headless "$1" ${2:+--keys "$2"} --dump "$work/$1${2:+-keys}.txt" || bad "dump-$1" "status $?"
}

for size in 120x35 80x24; do
	dump $size
	start "${size%x*}" "${size#*x}" "'$program' watch -r $capture"
	if settle "$work/$size.txt"; then ok "same-$size"; else bad "same-$size" "tmux and --headless differ"; fi
	dump $size "j j j"
	mux send-keys j j j
	if settle "$work/$size-keys.txt"; then ok "keys-$size"; else bad "keys-$size" "after j j j they differ"; fi
	mux send-keys q
	ends "quit-$size"
done

start 120 35 "'$program' watch -r $capture"
settle "$work/120x35.txt" >/dev/null || bad resize "the first screen did not come"
mux resize-window -x 80 -y 24
if settle "$work/80x24.txt"; then ok resize-smaller; else bad resize-smaller "after the resize they differ"; fi
mux resize-window -x 120 -y 35
if settle "$work/120x35.txt"; then ok resize-larger; else bad resize-larger "after the resize they differ"; fi
mux send-keys C-c
ends interrupt

# A dumb terminal: refused with a sentence, nothing drawn.
start 80 24 "TERM=dumb '$program' watch -r $capture 2>'$work/refusal'; (exit \$?)"
for _ in $(seq 30); do [ ! -s "$work/status" ] || break; sleep 0.1; done
if [ "$(cat "$work/status")" = 1 ] && grep -q dumb "$work/refusal"; then
	ok dumb
else
	bad dumb "status $(cat "$work/status" 2>/dev/null), said: $(cat "$work/refusal" 2>/dev/null)"
fi
exit $failed
