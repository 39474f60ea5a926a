#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh - everything builds without a warning, and only when something has changed
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tally.sh
log=build/logs/make.log
mkdir -p build/logs

builds()
{
	make --no-print-directory -j"$(nproc)" all "${SAN:+build-san/tests/unit}" "$@" >$log 2>&1 || { cat $log; return 1; }
}

no_warnings()
{
	! grep -iE 'warning:|error:' $log
}

# A program or module that is older than one of its own sources would tell that this dependency is missing.
rebuilds_after()
{
	touch "$1" && builds && [ "$2" -nt "$1" ]
}

second_make_does_nothing()
{
	builds && [ ! -s $log ] || { cat $log; return 1; }
}

root_is_clean()
{
	git rev-parse --git-dir >/dev/null 2>&1 || return 0
	[ -z "$(git status --porcelain --untracked-files=all -- . | grep -v '^ M' | tee /dev/stderr)" ]
}

module_passes_sparse()
{
	touch kmod/*.c && make --no-print-directory module C=1 CF=-D__CHECK_ENDIAN__ >$log 2>&1 || { cat $log; return 1; }
	no_warnings
}

# The first build may have nothing to do in a tree that was built before: then there is nothing to warn of either.
step 'daemon, control, module build' builds
step 'the compiler warned of nothing' no_warnings
step 'a second make does nothing' second_make_does_nothing
step 'a changed header rebuilds the daemon' rebuilds_after daemon/str.h daemon/rtprelayd
step 'a changed header rebuilds the control program' rebuilds_after daemon/dict.h control/rtprelayctl
step 'a changed contract rebuilds the module' rebuilds_after include/rtprelay_nl.h rtprelay.ko
step 'the module passes sparse with endian checks' module_passes_sparse
step 'what was built is ignored by git' root_is_clean
step 'make help needs no packages' env -i PATH="$PATH" make help
tally_end build
