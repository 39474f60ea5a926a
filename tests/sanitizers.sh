#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sanitizers.sh - unit tests and fuzz corpus with address and undefined behaviour sanitizers
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tally.sh
# Fewer requests of ports than without sanitizers: each costs several times as much.
export SAN=1 BUILD=build-san PORT_TAKES=20000

# Which test has failed, or what the sanitizer says: the end of the output does not tell.
unit_tests_pass()
{
	local log=build/logs/sanitizers-unit.log
	mkdir -p build/logs
	tests/unit/run >$log 2>&1 && return
	grep -a -A12 -E '^FAIL|ERROR: |runtime error' $log | head -50
	tail -1 $log
	return 1
}

tests/make -s -j"$(nproc)" build-san/tests/unit/unit || exit 2
step 'the unit tests pass' unit_tests_pass
step 'each parser handles its corpus' tests/fuzz/corpus.sh
tally_end sanitizers
