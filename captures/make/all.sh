#!/bin/sh
# Make every generated capture again, byte for byte: `git status` stays clean.
set -eu
cd "$(dirname "$0")"
for script in *.py; do
	[ "$script" = pcapgen.py ] || PYTHONDONTWRITEBYTECODE=1 python3 "$script"
done
