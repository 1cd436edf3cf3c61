#!/bin/sh
# Runs one fuzz target: first its corpus once, then new inputs for some seconds.
#
# usage: fuzz.sh TARGET SECONDS WORKFOLDER
#
# The corpus is the captures, and tests/fuzz/NAME/ where that exists (inputs that
# broke something once). What breaks it now is printed in base64, to be kept there.
set -u
target=$1 seconds=$2 work=$3
name=$(basename "$target")
mkdir -p "$work/$name/new" "$work/$name/seed" "$work/$name/found"
# Frames one by one where the target wants frames, whole files where it wants files.
python3 "$(dirname "$0")/seed.py" "$name" "$work/$name/seed" captures/*.*cap* || {
	echo "FAILED $name-corpus: it could not be made"
	exit 0
}
[ ! -d "tests/fuzz/$name" ] || cp tests/fuzz/"$name"/* "$work/$name/seed/"

# Inputs that broke it, to be kept.
found() {
	for input in "$work/$name/found"/*; do
		[ -s "$input" ] && echo "$(basename "$input"):" && base64 "$input" | head -n 60
	done
}

options="-artifact_prefix=$work/$name/found/ -timeout=10 -rss_limit_mb=2048 -print_final_stats=1"
if ! timeout -k 5 120 "$target" $options -runs=0 "$work/$name/seed" >"$work/$name/log" 2>&1; then
	tail -n 60 "$work/$name/log"
	found
	echo "FAILED $name-corpus: an input of the corpus breaks it"
	exit 0
fi
echo "ok $name-corpus $(ls "$work/$name/seed" | wc -l) inputs"
timeout -k 5 $((seconds + 60)) "$target" $options -max_len=65536 -max_total_time="$seconds" \
	"$work/$name/new" "$work/$name/seed" >"$work/$name/log" 2>&1
status=$?
if [ "$status" != 0 ]; then
	grep -vE '^#[0-9]+' "$work/$name/log" | tail -n 80
	found
	echo "FAILED $name: status $status"
else
	echo "ok $name $seconds seconds, $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name/log") inputs"
fi
