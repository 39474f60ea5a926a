#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh [--list | PATTERN...] - where `make install` puts files; the manual, the example and
# the program agree
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tally.sh
tally_pick "$@"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
daemon=$root/usr/sbin/rtprelayd

# The addresses in the example do not exist on this machine.
accepts_example()
{
	"$daemon" --check-config --config="$root/etc/rtprelay/rtprelay.conf" --interface=127.0.0.1 --listen-ng=127.0.0.1:2223
}

refuses_unknown_key()
{
	sed 's/^#port-min/port-mni/' docs/rtprelay.conf >"$root/wrong.conf"
	! "$daemon" --check-config --config="$root/wrong.conf" --interface=127.0.0.1 2>"$root/said" &&
		grep -q 'wrong.conf.*port-min' "$root/said" || { cat "$root/said"; return 1; }
}

options()
{
	"$daemon" --help | grep -oE '^ *--[a-z-]+' | tr -d ' ' | sort -u
}

manual_has_every_option()
{
	[ "$(options | wc -l)" -gt 15 ] && for option in $(options); do
		grep -qE "^\.It Fl -?${option#--}( |=|$)" docs/rtprelayd.8 || { echo "$option is missing"; return 1; }
	done
}

# Options that are not valid in a configuration file
only_option='^--(config|check-config|help|version)$'

example_has_every_key()
{
	[ "$(options | wc -l)" -gt 15 ] && for option in $(options | grep -vE "$only_option"); do
		grep -qE "^#? ?${option#--} *=" docs/rtprelay.conf || { echo "$option is missing"; return 1; }
	done
}

keeps_changed_configuration()
{
	echo 'timeout = 61' >"$root/etc/rtprelay/rtprelay.conf"
	tests/make install DESTDIR="$root" PREFIX=/usr && grep -qx 'timeout = 61' "$root/etc/rtprelay/rtprelay.conf"
}

module_source_builds()
{
	local kernel source
	kernel=$(cat build/kdir) source=$(echo "$root"/usr/src/rtprelay-*)
	make -C "$kernel" M="$source" modules && [ -f "$source/rtprelay.ko" ] &&
		[ "rtprelay-$(modinfo -F version "$source/rtprelay.ko")" = "${source##*/}" ]
}

# The version of a checkout has its commit, everywhere the same: dkms skips a version that it has.
version_has_the_commit()
{
	local version
	version=$("$daemon" --version) version=${version#rtprelayd }
	[ ! -e .git ] || [[ $version == *-g"$(git rev-parse --short=10 HEAD)" ]] || { echo "$version"; return 1; }
	[ "$("$root/usr/sbin/rtprelayctl" --version)" = "rtprelayctl $version" ] &&
		grep -qx "PACKAGE_VERSION=\"$version\"" "$root/usr/src/rtprelay-$version/dkms.conf"
}

# With a dkms that writes down what it is told, and knows two earlier versions.
module_is_installed_by_one_way()
{
	local place=$root/modules kdir kernel
	# The kernel that loads such a module.
	kdir=$(cat build/kdir) && kernel=$(modinfo -F vermagic rtprelay.ko | cut -d' ' -f1) || return 1
	mkdir -p "$place/bin" "$place/usr/src/rtprelay-"{0.0.8,0.0.9,1.0} "$place/lib/modules/$kernel/"{extra,updates/dkms} || return 1
	touch "$place/lib/modules/$kernel/"{extra,updates/dkms}/rtprelay.ko.xz
	cat >"$place/bin/dkms" <<-'END'
		#!/bin/sh
		[ "$1" != status ] || printf 'rtprelay/0.0.8, 6.1.0-1, x86_64: installed\nrtprelay/0.0.8, 6.1.0-2, x86_64: built\nrtprelay, 0.0.9: added\n'
		[ "$1" = status ] || echo "$*" >>"${0%/*}/told"
	END
	chmod 755 "$place/bin/dkms"
	PATH=$place/bin:$PATH ROOT=$place packaging/install-module 1.0 "$kdir" || return 1
	printf '%s\n' 'remove rtprelay/0.0.8 --all' 'remove rtprelay/0.0.9 --all' "install rtprelay/1.0 -k $kernel --force" |
		cmp - "$place/bin/told" || { cat "$place/bin/told"; return 1; }
	[ "$(ls "$place/usr/src")" = rtprelay-1.0 ] && [ ! -e "$place/lib/modules/$kernel/extra/rtprelay.ko.xz" ] &&
		[ -e "$place/lib/modules/$kernel/updates/dkms/rtprelay.ko.xz" ]
}

# deps_on_a_system_without_clang GROUP...: on an imaginary system, whose apt-get writes down what it
# is told
deps_on_a_system_without_clang()
{
	local at=$root/deps
	mkdir -p "$at/bin" "$at/usr/sbin" && rm -f "$at/told" || return 1
	printf '#!/bin/sh\necho libevent-dev installed\n' >"$at/bin/dpkg-query"
	printf '#!/bin/sh\necho amd64\n' >"$at/bin/dpkg"
	printf '#!/bin/sh\necho 0\n' >"$at/bin/id"
	printf '#!/bin/sh\ncase $2 in clang*) echo "  Candidate: (none)" ;; *) echo "  Candidate: 1" ;; esac\n' >"$at/bin/apt-cache"
	printf '#!/bin/sh\necho "$*" >>"%s"\n' "$at/told" >"$at/bin/apt-get"
	chmod 755 "$at/bin/"* && PATH=$at/bin:$PATH ROOT=$at packaging/install-deps "$@" >"$at/said" 2>&1
}

absent_packages_are_named_and_the_rest_is_installed()
{
	deps_on_a_system_without_clang build format && grep -q 'install .*libjansson-dev' "$root/deps/told" &&
		! grep -q 'clang\|libevent-dev' "$root/deps/told" &&
		grep -q 'no package source offers clang-format-14 | clang-format-19: what needs group format' "$root/deps/said" || { cat "$root/deps/said"; return 1; }
	! deps_on_a_system_without_clang lint && grep -q 'install .*shellcheck' "$root/deps/told" || return 1
	! deps_on_a_system_without_clang format && ! grep -q install "$root/deps/told"
}

foreign_system_gets_the_list()
{
	local name
	mkdir -p "$root/foreign" || return 1
	for name in bash sed uname dirname env; do ln -sf "$(command -v $name)" "$root/foreign/"; done
	PATH=$root/foreign packaging/install-deps build >"$root/said" && grep -qx '  libjansson-dev' "$root/said" && grep -q '^  linux-headers-' "$root/said"
}

uninstall_removes_what_install_made()
{
	rm -rf "$root/other" && tests/make install uninstall DESTDIR="$root/other" PREFIX=/usr || return 1
	[ "$(cd "$root/other" && find . -type f)" = ./etc/rtprelay/rtprelay.conf ] || { find "$root/other" -type f; return 1; }
}

user_of_the_unit_is_installed()
{
	local unit=$root/usr/lib/systemd/system/rtprelayd.service user
	user=$(sed -n 's/^User=//p' "$unit")
	[ -n "$user" ] && grep -qx "Group=$user" "$unit" && grep -q "^u $user " "$root/usr/lib/sysusers.d/rtprelay.conf" || return 1
	# Only for a system that is complete: this creates the user below $root.
	systemd-sysusers --root="$root" "$root/usr/lib/sysusers.d/rtprelay.conf" && grep "^$user:" "$root/etc/passwd" && grep "^$user:" "$root/etc/group"
}

directory_of_records_is_one()
{
	grep -qx 'LogsDirectory=rtprelay' "$root/usr/lib/systemd/system/rtprelayd.service" &&
		grep -qF '/var/log/rtprelay/*.json {' "$root/etc/logrotate.d/rtprelay" &&
		grep -qx '#cdr-file = /var/log/rtprelay/[a-z]*.json' docs/rtprelay.conf
}

# Rendered, since a macro may turn quotes and hyphens into others. One for each verb, at least.
examples_are_json()
{
	local lint verb examples
	lint=build${SAN:+-san}/tests/control/json_lint
	tests/make "$lint" && examples=$(mandoc -T utf8 docs/rtprelay-control.7 | sed 's/.\x08//g' | grep -oE '[{].*[}]') &&
		"$lint" <<<"$examples" || { echo "$examples"; return 1; }
	for verb in $(sed -n 's/^#define CONTROL_VERB_[A-Z_]* *"\([a-z]*\)".*/\1/p' include/control_proto.h); do
		grep -qF "\"verb\":\"$verb\"" <<<"$examples" || { echo "no example of $verb in: $examples"; return 1; }
	done
	[ -n "$verb" ] && ! grep -n '^[>{<].*[^\]-' docs/rtprelay-control.7 # which other programs render as a hyphen
}

# links_resolve FILE...: relative links of Markdown files name an existing file, anchors a heading
# in it
links_resolve()
{
	local file link target anchor bad=0
	for file in "$@"; do
		for link in $(grep -oE '\]\([^)]+\)' "$file" | sed 's/^](//; s/)$//' | grep -v '://'); do
			target=$(dirname "$file")/${link%%#*} anchor=
			[ "${link#\#}" = "$link" ] || target=$file
			[ "${link#*#}" = "$link" ] || anchor=${link#*#}
			[ -e "$target" ] && { [ -z "$anchor" ] || anchors "$target" | grep -qxF "$anchor"; } ||
				{ echo "$file: $link"; bad=1; }
		done
	done
	return $bad
}

# anchors FILE: the anchors of its headings, as GitHub names them
anchors()
{
	sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

# Systemd's default is five tries in ten seconds.
waits_for_an_address()
{
	awk -F= '$1 == "StartLimitBurst" { tries = $2 } $1 == "RestartSec" { pause = $2 } $1 == "StartLimitIntervalSec" { within = $2 }
		END { exit !(tries * pause >= 300 && within > tries * pause) }' "$root/usr/lib/systemd/system/rtprelayd.service"
}

# exposure_is_low [SED]: by systemd-analyze 1.9 of 10 at most, with what SED changes
exposure_is_low()
{
	local said unit=$root/exposure/rtprelayd.service
	mkdir -p "${unit%/*}" && sed "${1:-}" "$root/usr/lib/systemd/system/rtprelayd.service" >"$unit" || return 1
	said=$(systemd-analyze security --offline=true --threshold=19 --no-pager "$unit") && grep -q 'Overall exposure level for rtprelayd.service: 1\.[0-9] OK' <<<"$said" ||
		{ echo "$said"; return 1; }
}

# With the abstractions of this system; nothing is loaded into the kernel.
parses() { apparmor_parser --skip-kernel-load --skip-cache --skip-read-cache "$@"; }

profile_is_valid()
{
	local profile=$root/etc/apparmor.d/usr.sbin.rtprelayd dir
	parses "$profile" && [ "$(parses --names "$profile")" = rtprelayd ] && grep -qF 'rtprelayd /usr/sbin/rtprelayd flags=(complain)' "$profile" || return 1
	# What the unit and the example name.
	for dir in etc lib log run spool; do
		case $dir in etc | run) dir=/$dir/rtprelay ;; *) dir=/var/$dir/rtprelay ;; esac
		grep -q "^  $dir/" "$profile" || { echo "no rule for $dir"; return 1; }
	done
	# It may start itself alone, under the same rules: the process that speaks UPnP.
	[ "$(grep -E '^  (owner )?[/@].*[[:space:]][a-zA-Z]*x[a-zA-Z]*,$' "$profile")" = '  /usr/sbin/rtprelayd mrix,' ] ||
		{ echo 'other programs than itself, or not itself:'; grep -E 'x[a-zA-Z]*,$' "$profile"; return 1; }
}

profile_with_an_error_is_refused()
{
	sed 's/^  network packet,/  network paket,/' "$root/etc/apparmor.d/usr.sbin.rtprelayd" >"$root/wrong" && ! parses "$root/wrong"
}

exposure_is_seen() { ! exposure_is_low '/^PrivateMounts/d' >/dev/null && ! exposure_is_low '/^SystemCallFilter/d' >/dev/null; }

step 'make install' tests/make install DESTDIR="$root" PREFIX=/usr
for file in sbin/rtprelayd sbin/rtprelayctl share/man/man8/rtprelayd.8 share/man/man8/rtprelayctl.8 share/man/man7/rtprelay-control.7 \
	lib/sysusers.d/rtprelay.conf share/bash-completion/completions/rtprelayctl share/doc/rtprelay/README.md share/doc/rtprelay/latching.md share/doc/rtprelay/kamailio/kamailio.cfg share/doc/rtprelay/fail2ban/filter.d/rtprelay.conf lib/systemd/system/rtprelayd.service lib/sysctl.d/30-rtprelay.conf ../etc/logrotate.d/rtprelay; do
	step "/usr/$file is there" test -s "$root/usr/$file"
done
step 'all place-holders are replaced' sh -c "grep -rn '@[A-Z]*@' '$root/usr/lib' '$root'/usr/src/*/dkms.conf; [ \$? -eq 1 ]"
step 'the unit starts the installed daemon' grep -q '^ExecStart=/usr/sbin/rtprelayd' "$root/usr/lib/systemd/system/rtprelayd.service"
step 'the unit waits for an address that comes late' waits_for_an_address
step 'the exposure of the unit is 1.9 at most, by systemd-analyze' exposure_is_low
step 'a unit without one of its restrictions has more' exposure_is_seen
step 'the profile of AppArmor is valid, and lets it start only itself' profile_is_valid
step 'a profile with an error is refused' profile_with_an_error_is_refused
step 'the user of the unit is one that is installed' user_of_the_unit_is_installed
step 'unit, logrotate and example name the same directory for call records' directory_of_records_is_one
step 'the installed daemon runs' "$daemon" --version
step 'the installed control program runs' "$root/usr/sbin/rtprelayctl" --version
step 'the example configuration is accepted' accepts_example
step 'a misspelt key is refused; the error names the file and the nearest key' refuses_unknown_key
step 'the example explains every key' example_has_every_key
step 'the manual explains every option' manual_has_every_option
for page in docs/*.[78]; do
	step "mandoc finds nothing in $page" mandoc -T lint -W warning "$page"
done
step 'each example of JSON in rtprelay-control(7) is JSON when it is rendered' examples_are_json
step 'links between documents resolve in the tree' links_resolve ./*.md docs/*.md
step 'links between documents resolve where they are installed' links_resolve "$root"/usr/share/doc/rtprelay/*.md
step 'the installed module source builds without the tree' module_source_builds
step 'the version has the commit' version_has_the_commit
step 'install-module removes what another way has installed' module_is_installed_by_one_way
step 'packages that no source offers are named, and the others installed' absent_packages_are_named_and_the_rest_is_installed
step 'a system without dpkg gets the list of packages' foreign_system_gets_the_list
step 'uninstall removes all but the configuration' uninstall_removes_what_install_made
step 'a second install keeps a changed configuration' keeps_changed_configuration
tally_end install
