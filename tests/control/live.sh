# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# live.sh - a live daemon with calls, for suites that use rtprelayctl or HTTP
#
# Uses a random loopback address and a socket in a temporary directory, so that parallel runs do not
# collide. A script that includes it must be in the root of the tree and have included
# tests/tally.sh.
export LC_ALL=C
unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID
build=${BUILD:-build${SAN:+-san}}
tests/make daemon control control-programs || exit 2
dir=$(mktemp -d) || exit 2
chmod 755 "$dir"
# Copies that all users may run: the tree may be in root's home.
cp "$build/daemon/rtprelayd" "$build/control/rtprelayctl" "$dir" || exit 2
# Others are given by a script that has a network namespace of its own.
addr=${addr:-127.$((RANDOM % 200 + 20)).$((RANDOM % 254 + 1)).$((RANDOM % 254 + 1))}
phones=${phones:-127.$((RANDOM % 30 + 221)).$((RANDOM % 254 + 1)).$((RANDOM % 254 + 1))}
under=()   # e.g. setpriv, for the daemon
outside=() # e.g. another network namespace, for the phones
ng=2223 http_at=$addr:2280 log=$dir/log socket=$dir/run/control.sock
trap 'gone || kill -KILL "$(pid)"; hang_up; terminal kill-server 2>/dev/null; rm -rf "$dir"' EXIT
ulimit -n "$(ulimit -Hn)"
# Calls without media must not end while a slow machine measures them: timeout.
basic=(--config=none --kernel=module --bpf-pin= "--interface=pub/$addr" "--listen-ng=$addr:$ng" --delete-delay=0 --port-min=20000
	--port-max=60000 --timeout=3600 --log-level=warning "--control-socket=$socket" "--listen-http=$http_at")

# --- Helpers --------------------------------------------------------------------------------------

ctl() { "$dir/rtprelayctl" "--socket=$socket" "$@"; }
load() { "$build/tests/bench/ng_load" -n "$1" "$addr" $ng; }

# talk CALLS [MS [OPTION...]]: makes CALLS calls, in which both phones send a packet every half
# second, or every MS milliseconds, until hang_up. OPTION: of rtp_load
talk()
{
	"${outside[@]}" "$build/tests/bench/rtp_load" -s 3600 -i "${2:-500}" -c "$1" -l "$phones" -p "$(pid)" "${@:3}" \
		"$addr" $ng >"$dir/talk" 2>&1 &
	echo $! >"$dir/talkers"
	disown
	until_true all_heard "$1" || { cat "$dir/talk"; return 1; }
}

all_heard() { [ "$(ctl streams --json | grep -c '"component":"rtp".*"latched"')" -eq $((2 * $1)) ]; }

hang_up()
{
	[ -e "$dir/talkers" ] || return 0
	kill -TERM "$(cat "$dir/talkers")" 2>/dev/null
	rm -f "$dir/talkers"
}

# get PATH: prints the body of the response
get()
{
	exec 7<>"/dev/tcp/${http_at%:*}/${http_at##*:}" || return 1
	printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" "$http_at" >&7
	timeout 10 sed '1,/^\r$/d' <&7
	exec 7>&- 7<&-
}

has() { [[ $1 == *"$2"* ]] || { echo "no '$2' in: $1"; return 1; }; }
says() { grep -qE -- "$1" "$log"; }
is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }

until_true()
{
	local tries=250
	until "$@"; do
		((tries--)) || { echo "timeout: $*"; cat "$log"; return 1; }
		sleep 0.02
	done
}

answers() { ctl status >/dev/null 2>&1; }

# note TEXT: prints it even if the step passes
exec 3>&1
note() { echo "      $*" >&3; }

# Each step runs in its own shell: state shared by steps is in files.
pid() { cat "$dir/pid" 2>/dev/null; }

# No daemon runs, and its exit status is written: otherwise the status of a daemon that was killed
# could be taken for that of the next one.
gone() { [ ! -e "$dir/launched" ] || [ -s "$dir/status" ]; }

# launch OPTION...: starts the daemon in the background; its exit status is written to a file
launch()
{
	rm -f "$dir/pid" "$dir/status"
	: >"$dir/launched"
	(
		"${under[@]}" "$dir/rtprelayd" --foreground "${basic[@]}" --pidfile="$dir/pid" "$@"
		echo $? >"$dir/status"
	) >"$log" 2>&1 </dev/null &
}

# up OPTION...: starts the daemon for the following steps
up() { launch "$@" && until_true answers; }

down()
{
	kill -TERM "$(pid)" && until_true test -s "$dir/status" && is "$(cat "$dir/status")" 0 || return 1
	[ ! -e "$socket" ] || { echo 'the daemon did not remove its socket'; return 1; }
}

# refused STATUS TEXT COMMAND...: it ends with this status, and its output contains the text
refused()
{
	local status=$1 text=$2 said
	shift 2
	said=$("$@" 2>&1)
	is $? "$status" && has "$said" "$text"
}

calls_now() { ctl status --json | sed -n 's/.*"calls":\([0-9]*\).*/\1/p'; }
first_id() { ctl calls --json --limit=1 | sed 's/.*"call-id":"\([^"]*\)".*/\1/'; }
