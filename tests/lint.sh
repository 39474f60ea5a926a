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
	mkdir "$tree/packaging" "$tree/changes" "$tree/include" "$tree/debian" && cp packaging/changelog "$tree/packaging" &&
		cp debian/changelog "$tree/debian" &&
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

# version_is VERSION HEADING TIME: in the three files of $tree
version_is()
{
	grep -qx "#define RTPRELAY_RELEASE \"$1\"" "$tree/include/version.h" &&
		[ "$(grep -m1 '^## ' "$tree/CHANGELOG.md")" = "## $2" ] &&
		[ "$(dpkg-parsechangelog -l "$tree/debian/changelog" -S Version)" = "$1" ] &&
		[[ $(dpkg-parsechangelog -l "$tree/debian/changelog" -S Date) == *"$3"* ]] || { head -n 9 "$tree"/*/changelog "$tree"/*/version.h "$tree/CHANGELOG.md"; return 1; }
}

# The next version, its release, and again the next one; a version in only one file is found.
version_is_one()
{
	local tree status=0
	tree=$(mktemp -d) && mkdir "$tree/changes" && cp -r packaging debian CHANGELOG.md "$tree" &&
		mkdir "$tree/include" && cp include/version.h "$tree/include" || return
	"$tree/packaging/changelog" --check && "$tree/packaging/changelog" --next 8.1.0 &&
		version_is 8.1.0 'Unreleased (8.1.0)' "$(date -u +%Y)" && echo '- A new thing.' >"$tree/changes/thing.md" &&
		"$tree/packaging/changelog" --check && "$tree/packaging/changelog" --release 8.1.0 2027-02-03 &&
		version_is 8.1.0 '8.1.0 (2027-02-03)' '03 Feb 2027' && "$tree/packaging/changelog" --check &&
		"$tree/packaging/changelog" --next 8.2.0 && version_is 8.2.0 'Unreleased (8.2.0)' "$(date -u +%Y)" &&
		[ "$(grep -c '^rtprelay (8\.' "$tree/debian/changelog")" -eq 2 ] && ! "$tree/packaging/changelog" --next 8.2-x &&
		sed -i 's/8\.2\.0/8.3.0/' "$tree/include/version.h" && ! "$tree/packaging/changelog" --check 2>"$tree/said" &&
		[ "$(grep -c 'another version than 8.3.0' "$tree/said")" -eq 2 ] || status=1
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
step 'version: version.h, CHANGELOG.md and debian/changelog have the same one' version_is_one
step 'cppcheck: all files' make --no-print-directory lint-cppcheck
step 'the objects for clang-tidy build' tests/make -j"$(nproc)" lint-objects
step 'clang-tidy: files that differ from main' tidy_changed
tally_end lint
