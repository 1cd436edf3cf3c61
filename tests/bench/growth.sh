#!/bin/sh
# What a packet of each attack costs, in nanoseconds of the processor, with N packets and with 2N,
# and how the counted work grew. Measured in the release build; a busy machine makes it slower.
#
# usage: sh tests/bench/growth.sh
set -eu
cd "$(dirname "$0")/../.."
cmake --preset release -G Ninja >/dev/null
cmake --build build/release --target test_growth >/dev/null
exec build/release/tests/test_growth --time
