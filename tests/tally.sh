# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tally.sh - for suites written in shell: runs steps, counts them, prints the last line for
# tests/run
#
#   . tests/tally.sh
#   tally_pick "$@"          # optional: arguments select steps; --list prints their names
#   step "the name: what is guaranteed" command...
#   tally_end SUITE
#
# A pattern is a shell pattern (*, ?, [a-z]). It selects a step if it matches the whole name or the
# whole first word of the command.
tally_passed=0 tally_failed=0 tally_patterns=()

# tally_pick [--list | PATTERN...]
tally_pick()
{
	if [ "${1:-}" = --list ]; then
		sed -nE "s/^[[:space:]]*(\[.*\|\| )?step '([^']*)' ([^ ]+).*/\3\t\2/p
			s/^[[:space:]]*(\[.*\|\| )?step \"([^\"]*)\" ([^ ]+).*/\3\t\2/p" "$0" | expand -t 40
		exit
	fi
	tally_patterns=("$@")
}

# tally_wanted NAME COMMAND
tally_wanted()
{
	local pattern
	[ ${#tally_patterns[@]} -gt 0 ] || return 0
	for pattern in "${tally_patterns[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $1 = $pattern || $2 = $pattern ]] && return
	done
	return 1
}

# step NAME COMMAND...: runs the command; its output is shown if it fails
step()
{
	local name=$1 output start=${EPOCHREALTIME/./} tenths
	tally_wanted "$1" "$2" || return 0
	shift
	if output=$("$@" 2>&1); then
		tally_passed=$((tally_passed + 1))
		tenths=$(((${EPOCHREALTIME/./} - start + 50000) / 100000))
		echo "ok    $name ($((tenths / 10)).$((tenths % 10)) s)"
	else
		tally_failed=$((tally_failed + 1))
		echo "FAIL  $name"
		printf '%s\n' "$output" | tail -40 | sed 's/^/      | /'
	fi
}

# is_root: for a step that needs root; it fails where this user is not root, and says so
is_root()
{
	[ "$(id -u)" -eq 0 ] || { echo 'this step needs root'; return 1; }
}

# tally_take FILE: prints what a script has printed that ran elsewhere, and counts its steps.
# Without that script's last line it was interrupted: a failed step.
tally_take()
{
	local line
	grep -qE '^[a-z-]+: [0-9]+ passed, [0-9]+ failed' "$1" || { tally_failed=$((tally_failed + 1)); echo "FAIL  $1 has no last line: its script did not end"; }
	while IFS= read -r line; do
		case $line in
		'ok '*) tally_passed=$((tally_passed + 1)) ;;
		'FAIL '*) tally_failed=$((tally_failed + 1)) ;;
		esac
		echo "$line"
	done < <(sed -E 's/\r$//; /^[a-z-]+: [0-9]+ passed/d; /^$/d' "$1")
}

tally_end()
{
	echo
	[ $((tally_passed + tally_failed)) -gt 0 ] || echo "$1: no step matches ${tally_patterns[*]}; --list prints the names"
	echo "$1: $tally_passed passed, $tally_failed failed"
	[ $tally_failed -eq 0 ] && [ $tally_passed -gt 0 ]
	exit
}
