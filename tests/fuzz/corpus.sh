#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# corpus.sh - every parser takes every file of its corpus; what once was found by `make fuzz` stays found
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/tally.sh
build=build${SAN:+-san}

replay()
{
	[ -n "$(ls -A "tests/fuzz/corpus/$1")" ] && "$build/tests/fuzz/replay_$1" "tests/fuzz/corpus/$1"/*
}

make --no-print-directory -j"$(nproc)" fuzz-replay || exit 1
for source in tests/fuzz/fuzz_*.c; do
	name=${source##*/fuzz_} name=${name%.c}
	step "$name takes its corpus" replay "$name"
done
tally_end fuzz
