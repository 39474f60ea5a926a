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

# The script in a tree of its own: nothing without --release, then all of it.
changelog_asks_first()
{
	local tree status=0
	tree=$(mktemp -d) || return
	mkdir "$tree/packaging" "$tree/changes" "$tree/include" && cp packaging/changelog "$tree/packaging" &&
		cp include/version.h "$tree/include" && echo '- A new thing.' >"$tree/changes/new-thing.md" &&
		printf '# Changes\n\n## Unreleased\n\n- An old thing.\n' >"$tree/CHANGELOG.md" && cp "$tree/CHANGELOG.md" "$tree/before" &&
		"$tree/packaging/changelog" | grep -q 'would move 1 fragments.*below "## [0-9][0-9.]* (' && ! "$tree/packaging/changelog" 1.2.3 2>"$tree/said" &&
		grep -q '^usage: ' "$tree/said" && cmp "$tree/before" "$tree/CHANGELOG.md" && [ -e "$tree/changes/new-thing.md" ] &&
		"$tree/packaging/changelog" --release 1.2.3 2026-02-03 >"$tree/said" && [ ! -e "$tree/changes/new-thing.md" ] &&
		[ "$(cat "$tree/CHANGELOG.md")" = $'# Changes\n\n## 1.2.3 (2026-02-03)\n\n- An old thing.\n- A new thing.' ] ||
		{ status=1; cat "$tree/CHANGELOG.md" "$tree/said"; }
	rm -r "$tree"
	return $status
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
step 'changelog: only with --release it changes anything' changelog_asks_first
step 'cppcheck: all files' make --no-print-directory lint-cppcheck
step 'the objects for clang-tidy build' tests/make -j"$(nproc)" lint-objects
step 'clang-tidy: files that differ from main' tidy_changed
tally_end lint
