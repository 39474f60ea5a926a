# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# systems.sh - minimal Debian systems in directories, for suites that install something
#
#   . tests/systems.sh
#   systems_open SUITE [PARTS]   # root only; takes the lock of these parts of the suite
#   archive bookworm && system_of bookworm && fresh
#   in_system NAME COMMAND   # its output is in build/logs/SUITE/NAME.log
#
# A system is a directory below build/bare/of-SUITE-PARTS, unpacked from an archive that debootstrap
# makes once a month. Mirror, proxy and keys are those of this machine's apt. The sources in it are
# a clone of HEAD. Commands run there in their own mount and PID namespaces, which end with them;
# this machine is not changed. Archives and downloaded packages are in build/bare/RELEASE, for all
# suites.
store=build/bare bare=build/bare/of-bare logs=build/logs/bare

# This file marks such a system, so that these suites are left out there.
inside=/etc/rtprelay-bare

# --- In a system ----------------------------------------------------------------------------------

# enter DIRECTORY LAYERS COMMAND: called by run_in in new mount and PID namespaces
enter()
{
	local at=$1 layers=$2 command=$3 node
	# `ip netns exec` requires / to be a mount point.
	if [ -n "$layers" ]; then
		mount -t overlay -o "lowerdir=$layers,upperdir=$at/upper,workdir=$at/work" \
			system "$at/root"
	else
		mount --bind "$at/root" "$at/root"
	fi || exit 125
	cd "$at/root" || exit 125
	mount -t proc proc proc && mount -t sysfs sysfs sys && mount -t tmpfs run run &&
		mount -t tmpfs dev dev || exit 125
	for node in null zero full random urandom tty; do
		touch dev/$node && mount --bind /dev/$node dev/$node || exit 125
	done
	mkdir dev/pts dev/shm && mount -t tmpfs shm dev/shm &&
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts &&
		ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd || exit 125
	mount --bind "$at/archives" var/cache/apt/archives || exit 125
	mkdir -p .old && pivot_root . .old && umount -l /.old && rmdir /.old || exit 125
	cd /root/rtprelay || exit 125
	# This shell is process 1 of the namespace: when it ends, the kernel kills all others.
	trap 'exit 143' INT TERM
	# It shares this machine's kernel, into which nothing may load a module: `make demo` uses
	# BPF, or a guest.
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		TERM=dumb "${proxies[@]}" \
		setpriv --bounding-set=-sys_module bash -c "$command" </dev/null &
	wait $!
	exit
}

# Proxies of the environment; configure() copies those of apt's configuration.
proxies=()
for name in http_proxy https_proxy no_proxy; do
	[ -z "${!name:-}" ] || proxies+=("$name=${!name}")
done

# Not sourced, but called by run_in.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	export LC_ALL=C
	[ "${1:-}" = --enter ] && enter "${@:2}"
	echo 'systems.sh: to be sourced' >&2
	exit 2
fi

# A command before it, such as nsenter, so that the system has another network
within=()

# run_in COMMAND: runs it in the system; all its processes and mounts end with it
run_in()
{
	"${within[@]}" unshare --mount --propagation private --pid --fork --kill-child \
		bash tests/systems.sh --enter "$PWD/$at" "$layers" "$1"
}

# --- Systems --------------------------------------------------------------------------------------

# mirror LABEL: the URI of the archive with that label that apt uses on this machine
mirror()
{
	apt-get indextargets --format '$(REPO_URI) $(LABEL)' | sed -n "s| $1\$||p" | sort -u |
		head -1
}

# keyring: the keyring that apt's sources name for Debian's archive, or else the default one
keyring()
{
	local named
	named=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
		sed -nE '/^#/d; s/.*(Signed-By: *|signed-by=)(\/[^] ]*\.gpg).*/\2/p' |
		grep debian | head -1)
	echo "${named:-/usr/share/keyrings/debian-archive-keyring.gpg}"
}

# configure ROOT SUITE: copies apt's sources, keys and settings from this machine
configure()
{
	local root=$1 debian security
	debian=$(mirror Debian) security=$(mirror Debian-Security)
	{
		echo "deb $debian $2 main"
		echo "deb $debian $2-updates main"
		[ -z "$security" ] || echo "deb $security $2-security main"
	} >"$root/etc/apt/sources.list"
	apt-config dump | grep -v '""' |
		grep -E '^Acquire::(https?|Retries|ForceIPv[46]|Check-(Valid-Until|Date))\b' \
			>"$root/etc/apt/apt.conf.d/50host"
	cp /etc/apt/trusted.gpg.d/* "$root/etc/apt/trusted.gpg.d/" 2>/dev/null
	mkdir -p "$root/usr/share/keyrings" && cp "$(keyring)" "$root/usr/share/keyrings/" || return
	# A mirror that uses TLS.
	if [[ $debian$security == *https:* ]]; then
		mkdir -p "$root/etc/ssl/certs" &&
			cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" || return
	fi
	# The system is deleted later: dpkg need not wait for the disk.
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	echo "127.0.0.1 localhost bare" >"$root/etc/hosts"
	echo bare >"$root/etc/hostname"
	touch "$root$inside"
}

# archive RELEASE: build/bare/RELEASE/root.tar, of a minimal system with git, gcc and make
# archive RELEASE slim: build/bare/RELEASE-slim/root.tar, without them
# Suites run in parallel: the first one makes it, the others wait.
archive()
{
	(flock 8 && archive_make "$@") 8>"$store/$1${2:+-$2}.lock"
}

archive_make()
{
	local at=$store/$1${2:+-$2} debian proxy include=("--include=git,gcc,make")
	[ -z "${2:-}" ] || include=()
	[ -z "$(find "$at/root.tar" -mtime -30 2>/dev/null)" ] || return 0
	debian=$(mirror Debian)
	[ -n "$debian" ] || { echo "apt's sources have no Debian archive"; return 1; }
	rm -rf --one-file-system "$at"
	mkdir -p "$at/archives"
	proxy=$(/usr/lib/apt/apt-helper auto-detect-proxy "$debian" |
		sed -n "s/^Using proxy '\(.*\)' for URL .*/\1/p")
	# In a new mount namespace: its mounts end with it, even if it is interrupted.
	env ${proxy:+"http_proxy=$proxy" "https_proxy=$proxy"} \
		unshare --mount --propagation private \
		debootstrap --variant=minbase "${include[@]}" --keyring="$(keyring)" \
		"$1" "$at/root" "$debian" || return
	configure "$at/root" "$1" || return
	rm -rf "$at"/root/var/cache/apt/archives/*.deb "$at"/root/var/lib/apt/lists/*
	tar -C "$at/root" -cf "$at/root.tar.new" . && mv "$at/root.tar.new" "$at/root.tar"
	rm -rf --one-file-system "$at/root"
}

# The system. $at is the directory of its release, which has
#   root      the mount point
#   base      the unpacked archive, never changed
#   upper     the changes made in the system
#   kept      uppers of earlier systems, each with the name of the group that it has installed
# $layers: the overlay's layers below upper; empty if the kernel cannot mount an overlay here: root
# is then a copy of the archive.
at='' layers=''

# layers_of[GROUP]: the layers of the kept system
declare -A layers_of

# system_of RELEASE [GROUP]: GROUP: one that is kept
system_of()
{
	at=$bare/$1 layers=$PWD/$bare/$1/base
	share_packages "$store/$1/archives" "$at/archives"
	can_overlay || layers=''
	[ -z "$layers" ] || [ -z "${2:-}" ] || layers=${layers_of[$2]}
}

# share_packages FROM TO: the packages that apt has downloaded to one directory are in both. Each
# suite has its own, since apt locks it.
share_packages()
{
	mkdir -p "$1/partial" "$2/partial"
	find "$1" -maxdepth 1 -name '*.deb' -exec cp -ln -t "$2" {} + 2>/dev/null
	return 0
}

can_overlay()
{
	mkdir -p "$at"/{root,base,upper,work} && unshare --mount --propagation private \
		mount -t overlay -o "lowerdir=$at/base,upperdir=$at/upper,workdir=$at/work" \
		system "$at/root"
} >/dev/null 2>&1

# fresh: the system without changes, with a clone of these sources
# fresh --no-clone: with an empty directory in its place
fresh()
{
	local to=$at/upper clone=${1:-}
	rm -rf --one-file-system "$at"/{root,upper,work} || return
	mkdir -p "$at"/{root,base,upper,work} || return
	if [ -z "$layers" ]; then
		to=$at/root
		tar -C "$to" -xf "$store/${at##*/}/root.tar" || return
	elif [ ! -e "$at/base$inside" ]; then
		tar -C "$at/base" -xf "$store/${at##*/}/root.tar" || return
	fi
	mkdir -p "$to/etc" "$to/root" && cp -L /etc/resolv.conf "$to/etc/resolv.conf" || return
	[ -z "$clone" ] || { mkdir -p "$to/root/rtprelay"; return; }
	[[ $layers == */kept/* ]] || git clone -q --no-hardlinks . "$to/root/rtprelay"
}

# written FILE: where this file, written in the system, is outside of it
written()
{
	if [ -n "$layers" ]; then echo "$at/upper/$1"; else echo "$at/root/$1"; fi
}

# discard: removes all systems; in this mount namespace nothing is mounted below them
discard()
{
	local archives
	for archives in "$bare"/*/archives; do
		[ ! -d "$archives" ] || share_packages "$archives" "$store/$(basename "${archives%/archives}")/archives"
	done
	rm -rf --one-file-system "$bare"
}

# systems_open SUITE [PARTS]: for a suite that has systems; without root or git it ends. Runs with
# other PARTS, words of the caller, may go on at the same time.
systems_open()
{
	local parts=${2:-}
	logs=build/logs/$1 bare=$store/of-$1${parts:+-${parts//[^a-z0-9]/-}}
	if [ -e $inside ]; then
		echo "$1: left out: this system was made by tests/systems.sh"
		exit 0
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "$1: needs root to make and enter a system"
		exit 1
	fi
	mkdir -p $store "$logs"
	exec 9>"$bare.lock"
	flock -w 60 9 || { echo "$1: another run of it uses $bare"; exit 1; }
	discard
	trap discard EXIT
	trap 'exit 1' INT TERM
	git rev-parse --verify -q HEAD >/dev/null || { echo "$1: needs a git clone"; exit 1; }
	[ -z "$(git status --porcelain)" ] || echo "$1: note: uncommitted changes are not tested"
}

# --- Steps ----------------------------------------------------------------------------------------

# in_system NAME COMMAND: writes its output to $logs/NAME.log
in_system()
{
	run_in "$2" >"$logs/$1.log" 2>&1
	local status=$?
	[ $status -ne 0 ] || return 0
	tail -n 38 "$logs/$1.log"
	echo "exit status $status: $2"
	return 1
}

has_line()
{
	grep -qE -- "$2" "$logs/$1.log" || { echo "$logs/$1.log has no line '$2'"; return 1; }
}
