#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# corpus.sh [PATTERN...] - each parser handles each file of its corpus, which includes the inputs in
#                          which `make fuzz` once found an error
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
