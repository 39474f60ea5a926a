#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh [PATTERN...] - format, layers, scripts, words, cppcheck, and clang-tidy on changed files
# lint.sh tidy         - clang-tidy on all files
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tally.sh

# tidy TARGET...: without the lines of progress, which would leave no room for the findings
tidy()
{
	make --no-print-directory -k -j"$(nproc)" -Otarget "$@" | grep -vE '^[[:space:]]*TIDY '
	return "${PIPESTATUS[0]}"
}

# The rule of clang-tidy depends on object files, whose rule knows the headers of each file.
tidy_changed()
{
	local files targets
	files=$(tests/changed) || return
	mapfile -t targets < <(printf '%s\n' "$files" | sed -nE "s|(.+)\.c$|${BUILD:-build}/lint/\1.tidy|p")
	echo "${#targets[@]} files" >&3
	[ ${#targets[@]} -eq 0 ] || tidy "${targets[@]}"
}

exec 3>&1
if [ "${1:-}" = tidy ]; then
	step 'the objects for clang-tidy build' tests/make -j"$(nproc)" lint-objects
	step 'clang-tidy: all files' tidy lint-tidy
	tally_end tidy
fi
tally_pick "$@"
step 'clang-format: all files' make --no-print-directory lint-format
step 'layers: each include names a lower folder' make --no-print-directory lint-layers
step 'shellcheck: all scripts' make --no-print-directory lint-shell
step 'words: wording and length of lines' make --no-print-directory lint-words
step 'changes: the fragments have the right format' packaging/changelog --check
step 'cppcheck: all files' make --no-print-directory lint-cppcheck
step 'the objects for clang-tidy build' tests/make -j"$(nproc)" lint-objects
step 'clang-tidy: files that differ from main' tidy_changed
tally_end lint
