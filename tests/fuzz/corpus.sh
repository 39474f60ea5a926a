#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# corpus.sh [PATTERN...] - every parser takes every file of its corpus; what once was found by `make fuzz` stays found
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/tally.sh
tally_pick "$@"
build=${BUILD:-build}

tests/make -j"$(nproc)" fuzz-replay || exit 1
for source in tests/fuzz/fuzz_*.c; do
	name=${source##*/fuzz_} name=${name%.c}
	step "$name" "$build/tests/fuzz/replay_$name" "tests/fuzz/corpus/$name"
done
tally_end fuzz
