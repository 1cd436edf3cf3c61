#!/bin/sh
# The test command: installs what it needs, builds, runs every stage, counts.
#
# usage: sh tests/run.sh [STAGE...]
#
#   build    four builds: dev (gcc, ASan and UBSan), fuzz (clang, the same), release, min;
#            and what cmake --install puts in place runs
#   unit     cmocka programs and the rules of the house, in dev, and some of them in min; hand-overs between
#            threads with ThreadSanitizer
#   expect   what each capture must print, the known truth of captures; what each case must print, in both builds
#   cut      every frame of every capture at every length; fuzz targets on the captures
#   fuzz     libFuzzer on the readers and the dissectors, FUZZ_SECONDS in all (40)
#   live     real handshakes in network namespaces, signals, pipes, bounds, a cable with faults (root, or sudo)
#   faults   everything that can go wrong around the program, provoked once (root, or sudo)
#   screen   kept screens, tmux, from SYN to screen (root, or sudo)
#   sweep    the developer captures in ../shared/captures where they are
#
# No stage stops the next: the report is at the end. Nothing is skipped: what
# cannot run has failed, and says why. Status 0 only if everything passed.
# Without a stage's name all run; a stage builds what it lacks.
set -u
cd "$(dirname "$0")/.." || exit 1
exec </dev/null
export LC_ALL=C TZ=UTC PYTHONDONTWRITEBYTECODE=1
unset ACCEPT # a test run compares, it never rewrites what is kept
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:print_stacktrace=1

stages=${*:-build unit expect cut fuzz live faults screen sweep}
work=$(mktemp -d "${TMPDIR:-/tmp}/sockeye-tests.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/results"
: >"$work/minutes"

# result pass|fail NAME [WHY]: one line of the report.
result() {
	echo "$1 $2" >>"$work/results"
	[ "$1" = pass ] || echo "FAILED $2${3:+: $3}" | tee -a "$work/failures"
}

# attempt NAME SECONDS COMMAND...: a test that is one command; its output is shown if it fails.
attempt() {
	name=$1 bound=$2
	shift 2
	if timeout -k 5 "$bound" "$@" >"$work/log" 2>&1; then
		result pass "$name"
	else
		status=$?
		tail -n 60 "$work/log"
		[ "$status" != 124 ] || echo "(stopped after $bound seconds)"
		result fail "$name" "status $status"
	fi
}

# aside NAME SECONDS COMMAND...: a test that is one command, with what the others leave of the processors; its
# result is looked at when all stages are over.
aside() {
	name=$1 bound=$2
	shift 2
	(
		nice -n 19 timeout -k 5 "$bound" "$@" >"$work/aside-$name.log" 2>&1
		echo $? >"$work/aside-$name"
	) &
	asides="${asides:-} $name"
}

asides_end() {
	wait
	for name in ${asides:-}; do
		status=$(cat "$work/aside-$name" 2>/dev/null || echo 1)
		if [ "$status" = 0 ]; then
			result pass "$name"
		else
			tail -n 60 "$work/aside-$name.log"
			result fail "$name" "status $status"
		fi
	done
}

# lines NAME SECONDS COMMAND...: many tests in one command, which prints "ok NAME" and
# "FAILED NAME: why" as it goes. Its status must agree.
lines() {
	name=$1 bound=$2
	shift 2
	timeout -k 10 "$bound" "$@" >"$work/log" 2>&1
	status=$?
	grep -v "^ok sweep/" "$work/log"
	sed -n 's/^ok \([^ ]*\).*/pass \1/p; s/^FAILED \([^ :]*\).*/fail \1/p' "$work/log" >"$work/part"
	sed -n '/^FAILED /p' "$work/log" >>"$work/failures"
	cat "$work/part" >>"$work/results"
	if [ ! -s "$work/part" ] || { [ "$status" != 0 ] && ! grep -q '^fail ' "$work/part"; }; then
		result fail "$name" "ended with status $status"
	fi
}

# tests BUILD REGEX: those tests of a build that ctest knows, two at a time.
tests() {
	timeout -k 10 600 ctest --test-dir "build/$1" -j2 --timeout 120 -R "$2" --output-on-failure \
		--no-tests=error >"$work/log" 2>&1
	status=$?
	sed -n 's/^ *[0-9]*\/[0-9]* *Test *#[0-9]*: \([^ ]*\) .*Passed.*/pass \1/p
		s/^ *[0-9]*\/[0-9]* *Test *#[0-9]*: \([^ ]*\) .*\*\*\*.*/fail \1/p' "$work/log" |
		sed "s| | $1/|" >"$work/part"
	cat "$work/part" >>"$work/results"
	sed -n 's/^fail /FAILED /p' "$work/part" >>"$work/failures"
	grep -q '^fail ' "$work/part" && grep -vE '^ *[0-9]+/[0-9]+ Test|^ *Start ' "$work/log" | cut -c1-400 | head -n 200
	echo "$1: $(grep -c '^pass' "$work/part") of $(wc -l <"$work/part") passed"
	if [ ! -s "$work/part" ] || { [ "$status" != 0 ] && ! grep -q '^fail ' "$work/part"; }; then
		tail -n 20 "$work/log"
		result fail "$1/$2" "ctest ended with status $status"
	fi
}

# built PRESET: configured and built; once a run.
built() {
	[ ! -e "$work/built-$1" ] || return "$(cat "$work/built-$1")"
	echo "building $1"
	# The unit programs run in dev and min.
	targets=
	[ "$1" != release ] || targets='--target sockeye completions live_tools'
	if timeout -k 5 300 cmake --preset "$1" -G Ninja >"$work/log" 2>&1 &&
		timeout -k 5 480 cmake --build "build/$1" -j2 $targets >"$work/log" 2>&1; then
		result pass "build/$1"
		echo 0 >"$work/built-$1"
	else
		grep -vE '^\[[0-9]+/[0-9]+\]' "$work/log" | head -n 60
		result fail "build/$1"
		echo 1 >"$work/built-$1"
	fi
	return "$(cat "$work/built-$1")"
}

stage_build() {
	for preset in dev fuzz release min; do
		built "$preset"
	done
	attempt install 30 sh -c "cmake --install build/release --prefix '$work/prefix' &&
		'$work/prefix/bin/sockeye' --version && '$work/prefix/bin/sockeye' handshakes captures/handshakes.pcap"
}

stage_unit() {
	built dev && tests dev '^(unit|rooms)\.'
	# Of the rooms that the small build leaves something out of; the others are the same as in dev.
	built min && tests min '^(rooms\.|unit\.test_(engine|run|source|pcap|host|host_live|broker|confine|sockets|writer_files|zeek|plan)$)'
	# What passes between threads, with ThreadSanitizer: beside the others, which wait much.
	aside tsan 900 sh -c 'cmake --preset tsan -G Ninja &&
		cmake --build build/tsan -j2 --target test_pipeline test_exchange &&
		build/tsan/tests/test_pipeline && build/tsan/tests/test_exchange'
}

stage_expect() {
	built dev && tests dev '^(expect|case)\.'
	built min && tests min '^case\.'
	# The truth needs the second opinions, which take their time: once.
	built dev && tests dev '^truth\.'
}

stage_cut() {
	built dev && tests dev '^(cut|replay)\.'
}

stage_fuzz() {
	built fuzz || return
	seconds=${FUZZ_SECONDS:-40}
	fuzzers=$(find build/fuzz/tests -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x | sort)
	if [ -z "$fuzzers" ]; then
		result fail fuzz 'there is no fuzz target'
		return
	fi
	# The time is split evenly; two run at once.
	each=$((seconds / $(echo "$fuzzers" | wc -l)))
	echo "$fuzzers" | xargs -P 2 -I {} sh tests/tools/fuzz.sh {} "$each" "$work" >"$work/fuzz.out" 2>&1
	lines fuzz 10 cat "$work/fuzz.out"
}

# Namespaces need root: through sudo where the caller is not. A password is never waited for, in the middle of a
# run nobody would see the question.
root=
[ "$(id -u)" = 0 ] || root='sudo -n env PYTHONDONTWRITEBYTECODE=1'

# rooted NAME: whether that test can have root; where it cannot, it has failed.
rooted() {
	[ -n "$root" ] || return 0
	if sudo -n true 2>/dev/null; then
		return 0
	fi
	result fail "$1" 'it makes network namespaces: run the tests as root, or let sudo work without a password (sudo -v)'
	return 1
}

stage_live() {
	built release || return
	rooted live && lines live 700 $root python3 tests/live/run.py --program build/release/sockeye
}

stage_faults() {
	built release || return
	rooted faults && lines faults 500 $root python3 tests/live/faults.py --program build/release/sockeye
}

stage_screen() {
	built dev && tests dev '^screen\.'
	built release || return
	lines tmux 90 sh tests/screen/tmux.sh build/release/sockeye
	rooted syn-to-screen && lines syn-to-screen 200 $root python3 tests/live/syn_to_screen.py --program build/release/sockeye
}

stage_sweep() {
	if [ ! -d ../shared/captures ]; then
		echo 'note: ../shared/captures is not here; the sweep over it is not part of this run'
		return
	fi
	built dev && lines sweep 240 python3 tests/sweep.py --program build/dev/sockeye ../shared/captures
}

begun=$(date +%s)
if ! sh tests/packages.sh test; then
	result fail packages 'what the tests need could not be installed'
fi
for stage in $stages; do
	case $stage in
	build | unit | expect | cut | fuzz | live | faults | screen | sweep) ;;
	*)
		echo "run.sh: no such stage: $stage" >&2
		exit 2
		;;
	esac
	echo "== $stage"
	since=$(date +%s)
	"stage_$stage"
	echo "$stage $(($(date +%s) - since))" >>"$work/minutes"
done
asides_end

passed=$(grep -c '^pass' "$work/results")
failed=$(grep -c '^fail' "$work/results")
echo '== report'
awk '{ printf "%-8s %5.1f min\n", $1, $2 / 60 }' "$work/minutes"
printf '%-8s %5.1f min\n' all "$(awk -v s="$(($(date +%s) - begun))" 'BEGIN { print s / 60 }')"
[ ! -s "$work/failures" ] || sort -u "$work/failures"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
