# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tally.sh - for suites written in shell: runs steps, counts them, ends with the line that tests/run reads
#
#   . tests/tally.sh
#   step "the name, which is a promise" command...
#   tally_end SUITE
tally_passed=0 tally_failed=0

# What the command prints is shown when it fails.
step()
{
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		tally_passed=$((tally_passed + 1))
		echo "ok    $name"
	else
		tally_failed=$((tally_failed + 1))
		echo "FAIL  $name"
		printf '%s\n' "$output" | tail -40 | sed 's/^/      | /'
	fi
}

tally_end()
{
	echo
	echo "$1: $tally_passed passed, $tally_failed failed"
	[ $tally_failed -eq 0 ]
	exit
}
