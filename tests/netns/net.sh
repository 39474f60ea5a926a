# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# net.sh - the network of the end-to-end tests, in its own namespaces, and the programs in it
#
#      10.1.0.0/24                         198.51.100.0/24, 2001:db8:1::/64
#   a1 .2 --+                                +-- relay    .20  ::20   rtprelayd
#   a2 .3 --+-- .1 nata .41 -----------------+-- proxy    .10  ::10   Kamailio
#               (port-restricted)            +-- p1       .31         phone with a public address
#      10.2.0.0/24                           +-- p2       .32         another
#   b1 .2 --+                                +-- s6            ::61   phone with IPv6 only
#   b2 .3 --+-- .1 natb .42 -----------------+-- attacker             sends RTP to all ports of the
#               (symmetric, random ports)  inet (a bridge)            relay, from another network
#
# nata is nftables' plain masquerade: a binding keeps the phone's port if it can, and accepts
# packets only from addresses and ports to which the phone has sent. natb chooses a new random port
# for each destination, so that neither SDP nor STUN can show a phone's port.
#
# Names of namespaces begin with a prefix that only this run uses; nothing is made outside of them.
# Processes are ended by PID, at the end of a case or of the run.

NET=rtpr$$
TMP=$(mktemp -d)
PROGRAMS=${BUILD:-build}/tests/netns # BUILD may be exported, and the lanes read this file again
LOG=${LOG:-build/logs/netns}
RELAY_NG="198.51.100.20 2223"
PORT_MIN=${PORT_MIN:-30000}
PORT_MAX=${PORT_MAX:-39999}
# Factor for all deadlines, for a machine that is slower than usual.
SLOW=${SLOW:-1}
# With media in the kernel, packets from a place near a phone move its stream to the daemon, and so
# does each packet to an RTCP port, for it is never locked: fewer of them, as in the guest.
[ "${KERNEL:-}" != bpf ] || : "${ATTACKER4:=203.0.113.66}" "${ATTACKER6:=2001:db8:6::66}" "${ATTACK:=2000}"
# In the same network as the NATs, the worst case; ATTACKER4=203.0.113.66 ATTACKER6=2001:db8:6::66:
# in another network.
ATTACKER4=${ATTACKER4:-198.51.100.66}
ATTACKER6=${ATTACKER6:-2001:db8:1::66}
# The command line of another relay, to run the same tests with it.
RELAY_CMD=${RELAY_CMD:-}
RELAY_CMD_DEFAULT="daemon/rtprelayd --foreground --config=none --interface=pub/198.51.100.20 --interface=pub/2001:db8:1::20
	--listen-ng=198.51.100.20:2223 --listen-rtpproxy=udp:198.51.100.20:22222 --port-min=$PORT_MIN --port-max=$PORT_MAX --delete-delay=0
	--control-socket=$TMP/control.sock"

declare -A ADDR=([a1]=10.1.0.2 [a2]=10.1.0.3 [b1]=10.2.0.2 [b2]=10.2.0.3 [p1]=198.51.100.31 [p2]=198.51.100.32
	[s6]=2001:db8:1::61)
declare -A HOST=([relay]=20 [proxy]=10 [p1]=31 [p2]=32)
declare -A MASQUERADE=([a]="" [b]="random,fully-random")
PHONES="a1 a2 b1 b2 p1 p2 s6"

# By nsenter, which takes a third of the time of "ip netns exec": that one also mounts a /sys.
in_ns() { # in_ns NAME COMMAND...
	nsenter --net="/run/netns/$NET-$1" "${@:2}"
}

# The same, replacing this shell: for "&", so that $! is the program's PID.
become_in_ns() {
	exec nsenter --net="/run/netns/$NET-$1" "${@:2}"
}

# The relay and the media of phones, whose packets are timed, come before the programs that only
# look at them, and before what else this machine does.
first_in_ns() { # first_in_ns NAME COMMAND...: replaces this shell, as become_in_ns does
	become_in_ns "$1" nice -n -10 "${@:2}"
}

until_ok() { # until_ok SECONDS COMMAND...: true as soon as the command succeeds; false after SECONDS
	local deadline=$((SECONDS + $1 * SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# --- Namespaces -----------------------------------------------------------------------------------

# One ip executes a batch of lines: to start it for each of them takes seconds in a guest.
ip_in() { # ip_in NAME: commands of ip, without its name, from stdin
	ip -n "$NET-$1" -batch -
}

ns_add() {
	ip netns add "$NET-$1"
	# Addresses are usable at once, and the kernel adds none of its own.
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0
}

cable() { # cable HOST DEVICE BRIDGE: a line for ip_in of the bridge's namespace
	echo "link add $1 master $3 up type veth peer name $2 netns $NET-$1"
}

nat_up() { # nat_up a|b MASQUERADE-FLAGS
	local nat=nat$1 net=10.1.0 wan=198.51.100.41 phone phones="${1}1 ${1}2"
	[ "$1" = a ] || { net=10.2.0 wan=198.51.100.42; }
	ns_add "$nat"
	for phone in $phones; do
		[ -e "/run/netns/$NET-$phone" ] || ns_add "$phone"
	done
	cable "$nat" wan net | ip_in inet
	{
		printf '%s\n' 'link set lo up' 'link add lan type bridge' "addr add $net.1/24 dev lan" 'link set lan up' \
			'link set wan up' "addr add $wan/24 dev wan"
		for phone in $phones; do
			cable "$phone" eth0 lan
		done
	} | ip_in "$nat"
	in_ns "$nat" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$nat" nft -f - <<-NFT
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority srcnat;
				oifname "wan" masquerade $2
			}
		}
		table ip filter {
			chain forward {
				type filter hook forward priority filter; policy drop;
				iifname "lan" accept
				ct state established,related accept
			}
		}
	NFT
	for phone in $phones; do
		ip_in "$phone" <<-IP
			link set lo up
			link set eth0 up
			addr add ${ADDR[$phone]}/24 dev eth0
			route add default via $net.1
		IP
	done
}

# Like a power failure: the phones behind this NAT are cut off.
nat_down() {
	ip netns del "$NET-nat$1"
}

net_up() {
	local host
	ns_add inet
	for host in "${!HOST[@]}" s6 attacker; do
		ns_add "$host"
	done
	{
		printf '%s\n' 'link set lo up' 'link add net type bridge' 'link set net up'
		for host in "${!HOST[@]}" s6 attacker; do
			cable "$host" eth0 net
		done
	} | ip_in inet
	for host in "${!HOST[@]}" s6 attacker; do
		host_lines "$host" | ip_in "$host"
	done
	nat_up a "${MASQUERADE[a]}"
	nat_up b "${MASQUERADE[b]}"
}

declare -A HOST6=([relay]=20 [proxy]=10 [s6]=61)

# The attacker may be in another network: each host has routes there, he has routes here.
host_lines() { # host_lines HOST
	printf '%s\n' 'link set lo up' 'link set eth0 up'
	if [ "$1" = attacker ]; then
		printf '%s\n' "addr add $ATTACKER4/24 dev eth0" "addr add $ATTACKER6/64 dev eth0 nodad" \
			'route replace 198.51.100.0/24 dev eth0' 'route replace 2001:db8:1::/64 dev eth0'
	fi
	if [ "${HOST[$1]:-}" ]; then
		printf '%s\n' "addr add 198.51.100.${HOST[$1]}/24 dev eth0" 'route add 203.0.113.0/24 dev eth0'
	fi
	if [ "${HOST6[$1]:-}" ]; then
		printf '%s\n' "addr add 2001:db8:1::${HOST6[$1]}/64 dev eth0 nodad" 'route add 2001:db8:6::/64 dev eth0'
	fi
}

net_down() {
	local name pid
	for name in $(ip netns list | awk -v n="$NET-" 'index($1, n) == 1 { print $1 }'); do
		for pid in $(ip netns pids "$name"); do
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$name"
	done
	! grep -q " $TMP/bpf " /proc/mounts || umount "$TMP/bpf"
	rm -rf "$TMP"
}

# --- Programs that run in the background ----------------------------------------------------------

# Their PIDs are in files, since each case runs in its own shell: relay, kamailio, attacker4, a1,
# ...
started() { # started NAME: stores the PID of the last background program
	echo $! >"$TMP/$1.pid"
	disown $! # the shell must not print that it was killed
}

pid_of() {
	[ -e "$TMP/$1.pid" ] && echo "$(<"$TMP/$1.pid")" || echo none
}

# A zombie counts as gone if no other thread is left: these hold its sockets until they have ended.
gone() { # gone PID
	local tasks
	[ -e "/proc/$1" ] || return 0
	tasks=("/proc/$1/task"/*)
	[ ${#tasks[@]} -eq 1 ] && grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

end() { # end NAME [SIGNAL]: sends the signal and waits for the end
	local pid
	pid=$(pid_of "$1")
	rm -f "$TMP/$1.pid"
	[ "$pid" != none ] && kill "-${2:-TERM}" "$pid" 2>/dev/null && until_ok 5 gone "$pid"
}

# The exit status has to be that of a clean end, or of the signal KILL.
relay_stop() { # relay_stop TERM|KILL: ends the relay, or says why not
	local want=0 status
	[ "$1" = TERM ] || want=137
	end relay "$1" || { echo "the relay does not end"; return 1; }
	until_ok 5 test -s "$TMP/relay.status" || { echo "the exit status of the relay is not known"; return 1; }
	status=$(<"$TMP/relay.status")
	[ "$status" = $want ] || { echo "the relay ended with status $status, not $want, see $LOG/relay.log"; return 1; }
}

ng() { # ng KEY=VALUE...: sends the relay an NG command, as the proxy does
	# shellcheck disable=SC2086 # address and port
	in_ns proxy "$PROGRAMS/ng_ask" $RELAY_NG "$@"
}

relay_start() { # relay_start [OPTION...]
	rm -f "$TMP/relay.status" "$TMP/relay.pid"
	# In a shell that waits for it, since the shell that ends it may be another one than this.
	{
		# shellcheck disable=SC2086 # a command line
		first_in_ns relay ${RELAY_CMD:-$RELAY_CMD_DEFAULT --kernel=${KERNEL:-auto} --bpf-pin=$TMP/bpf/rtprelay} ${RELAY_MORE:-} "$@" >>"$LOG/relay.log" 2>&1 </dev/null &
		echo $! >"$TMP/relay.pid"
		wait $!
		echo $? >"$TMP/relay.status"
	} 2>/dev/null &
	disown $!
	until_ok 10 test -s "$TMP/relay.pid" && until_ok 10 ng command=ping
}

relay_is_up() {
	! gone "$(pid_of relay)" && ng command=ping >/dev/null
}

relay_calls() {
	local reply
	reply=$(ng command=list limit=1000) || return
	sed -n 's|^calls/[0-9]*=||p' <<<"$reply"
}

# All UDP sockets in the relay's namespace that are bound to a media port, one per line. The
# daemon's own sockets at 127.127.127.127 have ports of the system's choice, maybe in the range.
relay_sockets() {
	local sockets
	sockets=$(in_ns relay ss -Huan) || return
	awk -v min="$PORT_MIN" -v max="$PORT_MAX" '{
		n = split($4, part, ":"); port = part[n]
		if (port + 0 >= min && port + 0 <= max && $4 !~ /127\.127\.127\.127/) print $4 }' <<<"$sockets"
}

# How many packets the relay has dropped because of their source.
relay_refused() {
	ng command=statistics | sed -n 's|^statistics/totalstatistics/drops/source=||p'
}

relay_is_empty() {
	local calls sockets
	calls=$(relay_calls) && sockets=$(relay_sockets) && [ -z "$calls$sockets" ]
}

PROXY_MODULE=rtpengine # or rtpproxy; with "+control", tests can make it command (control.cfg)
PROXY_WITH=() # more of Kamailio's command line
kamailio_start() {
	local with=() config=docs/kamailio/kamailio.cfg
	[[ $PROXY_MODULE = rtpengine* ]] || with=(-A WITH_RTPPROXY -A 'RELAY_RTPPROXY="udp:198.51.100.20:22222"')
	if [[ $PROXY_MODULE = *+control ]]; then
		sed -e 's/^request_route {$/&\n\troute(CONTROL);/' $config >"$TMP/kamailio.cfg"
		cat tests/data/kamailio/control.cfg >>"$TMP/kamailio.cfg"
		config=$TMP/kamailio.cfg
	fi
	become_in_ns proxy kamailio -f "$config" -DD -E -m 64 -M 8 -u root -w "$TMP" -A WITH_IPV6 \
		-A 'LISTEN4=udp:198.51.100.10:5060' -A 'LISTEN6=udp:[2001:db8:1::10]:5060' \
		-A 'RELAY="udp:198.51.100.20:2223"' "${with[@]}" "${PROXY_WITH[@]}" >>"$LOG/kamailio.log" 2>&1 </dev/null &
	started kamailio
	until_ok 10 kamailio_answers
}

# Sets the module that Kamailio uses for the relay; a change needs a restart of Kamailio.
kamailio_module() { # kamailio_module rtpengine|rtpproxy[+control]
	[ "$PROXY_MODULE" = "$1" ] && return
	PROXY_MODULE=$1
	end kamailio
	kamailio_start
}

# The proxy answers 403 to a request for another domain: it is running.
kamailio_answers() {
	in_ns p1 bash -c 'exec 3<>/dev/udp/198.51.100.10/5060
		printf "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.31:5999;branch=z9hG4bK-up\r\nFrom: <sip:up@x>;tag=1\r\nTo: <sip:x@x>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n" | cat >&3
		timeout 0.5 dd bs=2000 count=1 <&3 | grep -q "^SIP/2.0 403"'
}

# Kills the main process and all its children at once.
kamailio_kill() {
	local pids
	pids=$(ip netns pids "$NET-proxy")
	# shellcheck disable=SC2086 # several numbers
	kill -9 $pids
	until_ok 5 gone "$(pid_of kamailio)"
}

attacker_start() { # attacker_start PACKETS-PER-SECOND
	become_in_ns attacker "$PROGRAMS/rtp_spray" 198.51.100.20 "$PORT_MIN" "$PORT_MAX" "$1" "$TMP/attack4" &
	started attacker4
	become_in_ns attacker "$PROGRAMS/rtp_spray" 2001:db8:1::20 "$PORT_MIN" "$PORT_MAX" "$(($1 / 4))" "$TMP/attack6" &
	started attacker6
}

attacker_sum() { # attacker_sum FIELD: the sum of the field in all its reports
	cat "$TMP"/attack[46]* 2>/dev/null |
		awk -v f="$1=" '{ for (i = 1; i <= NF; i++) if (index($i, f) == 1) n += substr($i, length(f) + 1) } END { print n + 0 }'
}
