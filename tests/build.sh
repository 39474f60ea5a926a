#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh - everything builds without a warning, and is built again only after a change
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tally.sh
log=build/logs/make.log
mkdir -p build/logs

# builds [TARGET...]
builds()
{
	tests/make -j"$(nproc)" "${@:-all}" >$log 2>&1 || { cat $log; return 1; }
}

# Builds everything that suites run, so that parallel suites have nothing to build. Programs for a
# guest are built without sanitizers.
builds_all()
{
	builds all "${BUILD:-build}/tests/unit/unit" fuzz-replay daemon-programs control-programs bench-tools netns-programs \
		lint-objects || return
	tests/make -j"$(nproc)" guest-programs guest-relay-programs netns-programs SAN= B=build >>$log 2>&1 || { cat $log; return 1; }
}

# What the compiler printed is beside each object, also that of an earlier build. Objects of sources
# that were removed are left out.
compiler_prints_nothing()
{
	local object source status=0
	while read -r object; do
		source=${object#*/} source=${source%.o}.c
		[ -e "$source" ] || continue
		if [ ! -e "$object.warnings" ]; then
			echo "$object: its warnings are not known; run make clean"
			status=1
		elif [ -s "$object.warnings" ]; then
			cat "$object.warnings"
			status=1
		fi
	done < <(find "${BUILD:-build}" build -path build/mutants -prune -o -name '*.o' -print | sort -u)
	return $status
}

# rebuilds_after SOURCE PROGRAM: fails if the program stays older, which means that the dependency
# is missing
rebuilds_after()
{
	touch "$1" && builds && [ "$2" -nt "$1" ]
}

# Enterprise kernels of an old version have parts of newer ones: only their headers tell.
module_looks_at_no_kernel_version()
{
	! grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|linux/version.h|RHEL_' Kbuild kmod/*.[ch]
}

second_make_does_nothing()
{
	builds && [ ! -s $log ] || { cat $log; return 1; }
}

# Files that git neither tracks nor ignores; empty without git
untracked_files()
{
	git ls-files --others --exclude-standard 2>/dev/null
}

leaves_no_files()
{
	diff <(printf '%s' "${untracked_before:+$untracked_before$'\n'}") <(untracked_files)
}

# A PATH with only make, sed, echo, find and a shell
help_on_a_bare_machine()
{
	local bare
	bare=$(mktemp -d)
	for tool in make sh sed echo find; do
		ln -s "$(type -P $tool)" "$bare"
	done
	env -i PATH="$bare" make help | grep -q 'deps  *installs'
	local status=$?
	rm -r "$bare"
	return $status
}

module_passes_sparse()
{
	touch kmod/*.c && tests/make -j"$(nproc)" module C=1 CF=-D__CHECK_ENDIAN__ >$log 2>&1 || { cat $log; return 1; }
	[ "$(grep -cE 'CHECK .*/kmod/' $log)" -eq "$(printf '%s\n' kmod/*.c | wc -l)" ] || { echo 'sparse did not check each file'; return 1; }
	! grep -iE 'warning:|error:' $log
}

# Libraries of the programs: packages ask for each of them. Development files alone, since compilers
# have other names there.
packages_ask_for_all_libraries()
{
	diff <(sed -nE 's/^program +([a-z0-9.+-]+-dev)$/\1/p' packaging/deps | grep -vx libc6-dev | sort) \
		<(sed -n '/^Build-Depends:/,/^[^ ]/p' debian/control | grep -oE '[a-z0-9.+-]+-dev\b' | sort)
}

# planned_for MINUTES [--long]
planned_for()
{
	local plan minutes
	plan=$(tests/run --list "${@:2}") || return
	minutes=$(sed -n 's/^together about \([0-9]*\) min .*/\1/p' <<<"$plan")
	[ -n "$minutes" ] && [ "$minutes" -le "$1" ] || { echo "$plan"; return 1; }
}

untracked_before=$(untracked_files)
# First, so that the module need not be built again for it. The headers that steps touch have few
# users, for the same reason.
step 'the module passes sparse with endian checks' module_passes_sparse
step 'daemon, control, module and all test programs build' builds_all
step 'the compiler prints no warning' compiler_prints_nothing
step 'a second make does nothing' second_make_does_nothing
step 'a changed header rebuilds the daemon' rebuilds_after daemon/base/procfs.h daemon/rtprelayd
step 'a changed header rebuilds the control program' rebuilds_after daemon/base/bencode.h control/rtprelayctl
step 'a changed contract rebuilds the module' rebuilds_after include/rtprelay_nl.h rtprelay.ko
step 'each include names a lower folder (tests/layers)' tests/layers
step 'no file was added by mistake (tests/stray)' tests/stray
step 'a file that was added by mistake is found' tests/stray --test
step 'each fault of tests/mutants finds its place' tests/mutants/run --check
step 'debian/control asks for the libraries of packaging/deps' packages_ask_for_all_libraries
step 'the files touched by the steps above are built again' builds_all
step 'git ignores all files that a build makes' leaves_no_files
step 'make help needs no packages' help_on_a_bare_machine
step 'by the times of suites make check takes at most 35 minutes' planned_for 35
step 'make check-long at most 65' planned_for 65 --long
tally_end build
