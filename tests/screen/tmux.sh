#!/bin/sh
# The screen in a real terminal: tmux with a server of its own.
#
# usage: sh tests/screen/tmux.sh PROGRAM
#
# What tmux shows must be what --headless dumps for the same keys: at several sizes,
# in each view, typed, pasted and clicked, after resizes, on an old terminal, without
# colours and in a locale that has no line drawing. q and ^C end the program and leave
# the terminal as it was; a terminal that cannot place the cursor is refused.
#
# Nothing waits longer than until what it waits for is there, 5 seconds at most, and
# all of it 80; a line "ok tmux/NAME" or "FAILED tmux/NAME: why" for each scene.
set -u
program=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/sockeye-tmux.XXXXXX") || exit 1
trap 'mux kill-server; rm -rf "$work"' EXIT
trap 'exit 143' INT TERM
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR TMUX
failed=0
server=0
term=tmux-256color
capture=captures/handshakes.pcap
watch="'$program' watch -r $capture"
last=$(($(date +%s) + 80))

mux() { tmux -f /dev/null -S "$work/socket$server" "$@" 2>>"$work/tmux.log"; }
ok() { echo "ok tmux/$1"; }
bad() {
	echo "FAILED tmux/$1: $2"
	failed=1
}

# until COMMAND...: until it succeeds, for five seconds at most.
until_true() {
	for _ in $(seq 100); do
		"$@" && return 0
		[ "$(date +%s)" -lt "$last" ] || return 1
		sleep 0.05
	done
	return 1
}

# start SIZE COMMAND [TERM]: a pane of that size; its end writes its status.
start() {
	mux kill-server
	server=$((server + 1)) # a socket of its own: the last one may still be going
	rm -f "$work/status"
	# tmux sets TERM itself, whatever -e says.
	mux new-session -d -x "${1%x*}" -y "${1#*x}" \
		"export TERM=${3:-tmux-256color}; $2; echo \$? >'$work/status'" \; set-option -g status off \; resize-window -x "${1%x*}" -y "${1#*x}"
}

# expect SIZE KEYS [OPTION]: what --headless draws, with the blanks off the ends of lines, as tmux has it.
expect() {
	"$program" watch -r "$capture" --headless "$1" --keys "$2" ${3:+"$3"} --dump "$work/dump" ||
		bad "dump-$1" "status $?"
	sed 's/ *$//' "$work/dump" | page >"$work/expected"
}

# A page of text is longer where there is a mouse: lines of so many are said of it.
page() { sed 's/\([0-9]-[0-9]* of\) [0-9]*$/\1 N/'; }

seen() {
	mux capture-pane -p | page >"$work/seen"
	cmp -s "$work/expected" "$work/seen"
}

# same NAME: the pane comes to be what is expected.
same() {
	if until_true seen; then
		ok "$1"
	else
		bad "$1" 'tmux and --headless differ'
		diff "$work/expected" "$work/seen" | head -n 8
	fi
}

# shows: the pane comes to be what is expected, before a scene begins.
shows() { until_true seen || bad "$1" 'the first screen did not come'; }

# scene NAME SIZE KEYS TYPED...: the first screen, then what tmux types, is what KEYS are headless.
scene() {
	name=$1 size=$2 keys=$3
	shift 3
	expect "$size" ''
	start "$size" "$watch" "$term"
	shows "$name"
	expect "$size" "$keys"
	mux send-keys "$@"
	same "$name"
}

has_ended() { [ -s "$work/status" ]; }

# ends NAME [STATUS]: the program ends, with status 0 if not told.
ends() {
	until_true has_ended
	status=$(cat "$work/status" 2>/dev/null)
	if [ "$status" = "${2:-0}" ]; then ok "$1"; else bad "$1" "status ${status:-none: it did not end}"; fi
}

# ---- sizes, typing, leaving
for size in 120x35 80x24 200x60 40x8 30x6; do
	expect $size ''
	start $size "$watch"
	same "same-$size"
	expect $size 'j j j'
	mux send-keys j j j
	same "keys-$size"
	mux send-keys q
	ends "quit-$size"
done

# ---- the views
scene arrows 120x35 '<Down> <Down> <PgDn> <Up>' Down Down PageDown Up
scene ladder 120x35 'j <Enter> j j' j Enter j j
scene ladder-80x24 80x24 '/ news <Enter> <Enter> G' / n e w s Enter Enter G
scene packets 120x35 '3 3 <F3> KEXINIT <Enter> <Tab> j' 3 3 F3 K E X I N I T Enter Tab j
scene packets-80x24 80x24 'j p <Tab> j j j j j j' j p Tab j j j j j j
scene stream 80x24 'j j f x' j j f x
scene marked 120x35 '<Space> <Space> <Enter> j' Space Space Enter j
scene dialog 80x24 'c j <Space>' c j Space
scene help 120x35 '? <PgDn>' '?' PageDown
# Escape alone, which begins every arrow, too.
scene back 80x24 'j <Enter> <Esc>' j Enter Escape

# ---- the mouse: a press and a release as terminals write them, counted from 1; the old way, then that of xterm
scene click-old 80x24 '<click:5,6>' -l "$(printf '\033[M &'"'"'\033[M#&'"'")"
term=xterm-256color
scene click 80x24 '<click:5,6>' -l "$(printf '\033[<0;6;7M\033[<0;6;7m')"
scene wheel 80x24 '<wheel-down>' -l "$(printf '\033[<65;6;7M')"
scene click-head 120x35 '<click:70,2>' -l "$(printf '\033[<0;71;3M\033[<0;71;3m')"
term=tmux-256color

# ---- pasted between marks: into the prompt, where an end of line is no Enter; elsewhere no key
scene prompt 80x24 / /
mux set-buffer 'port:443
 rtt>20ms
' \; paste-buffer -p
expect 80x24 '/ port:443 <Space> rtt <gt> 20ms'
same paste-prompt
scene paste-before 80x24 j j
mux set-buffer "$(printf 'q\nq\n')" \; paste-buffer -p \; send-keys j
expect 80x24 'j j'
same paste-no-keys

# ---- other sizes on the way
expect 120x35 ''
start 120x35 "$watch"
shows resize
mux resize-window -x 80 -y 24
expect 80x24 ''
same resize-smaller
mux resize-window -x 120 -y 35
expect 120x35 ''
same resize-larger
for size in 40x8 200x60 30x6 81x25 2x2 160x45 60x20 1x1 119x34 40x50 300x9 100x30; do
	mux resize-window -x ${size%x*} -y ${size#*x}
done
expect 100x30 ''
same resize-storm
mux send-keys j
expect 100x30 j
same resize-storm-key
mux send-keys C-c
ends interrupt

# ---- terminals
term=vt100
scene vt100 80x24 j j
mux send-keys q
ends vt100-quit
term=linux
scene linux-ladder 80x24 'j <Enter>' j Enter
term=tmux-256color

# colours NAME WANT COMMAND: whether the screen has colours.
colours() {
	expect 80x24 ''
	start 80x24 "$3"
	same "$1"
	if mux capture-pane -p -e | grep -Eq "$(printf '\033')"'\[([0-9;]*;)?([34][0-7]|9[0-7]|[34]8;[0-9;]+)m'; then has=yes; else has=no; fi
	if [ $has = "$2" ]; then ok "$1-seen"; else bad "$1-seen" "colours: $has"; fi
}
colours colour yes "$watch"
colours no-colour no "NO_COLOR=1 $watch"

# A terminal that takes every colour as a number of its own: xterm's, made so here, as its entry may not be installed.
infocmp -1x xterm-256color | sed -e 's/^xterm-256color.*/sockeye-direct|every colour as red, green and blue,/' \
	-e 's/colors#[^,]*,/colors#0x1000000,/' -e 's/pairs#[^,]*,/pairs#0x7fff,/' -e '/^\tccc,/d' -e '/^\tinitc=/d' -e '/^\toc=/d' \
	-e 's/^\tsetab=.*/\tsetab=\\E[%?%p1%{8}%<%t4%p1%d%e48;2;%p1%{65536}%\/%d;%p1%{256}%\/%{255}%\&%d;%p1%{255}%\&%d%;m,/' \
	-e 's/^\tsetaf=.*/\tRGB,\n\tsetaf=\\E[%?%p1%{8}%<%t3%p1%d%e38;2;%p1%{65536}%\/%d;%p1%{256}%\/%{255}%\&%d;%p1%{255}%\&%d%;m,/' \
	>"$work/direct.ti" && tic -x -o "$work/terminfo" "$work/direct.ti" || bad direct 'tic made no entry'
colours direct yes "TERMINFO='$work/terminfo' TERM=sockeye-direct $watch"
mux capture-pane -p -e >"$work/seen"
if grep -q "$(printf '\033')"'\[[0-9;]*38;2;' "$work/seen"; then ok direct-rgb; else bad direct-rgb 'no colour as red, green and blue'; fi
mux send-keys q
ends direct-quit

expect 80x24 '' --ascii
start 80x24 "LC_ALL=C $watch"
shows locale-c
expect 80x24 'j <Enter>' --ascii
mux send-keys j Enter
same locale-c

# ---- the terminal afterwards, and packets on standard input with keys from the terminal
start 80x24 "stty -g >'$work/before'; $watch; r=\$?; stty -g >'$work/after'; (exit \$r)"
expect 80x24 ''
shows restored
mux send-keys q
ends quit
if [ -s "$work/before" ] && cmp -s "$work/before" "$work/after"; then ok restored; else bad restored 'stty differs'; fi
start 80x24 "cat $capture | '$program' watch -r -"
first_row() { mux capture-pane -p | grep -q '^▶●.*40101'; }
if until_true first_row; then ok standard-input; else bad standard-input 'no screen'; fi
mux send-keys q
ends standard-input-quit

# ---- refused with a sentence, nothing drawn
for term in dumb nonesuch; do
	start 80x24 "TERM=$term '$program' watch -r $capture 2>'$work/refusal'; (exit \$?)"
	ends $term 1
	grep -q $term "$work/refusal" || bad $term-said "said: $(cat "$work/refusal" 2>/dev/null)"
done
exit $failed
