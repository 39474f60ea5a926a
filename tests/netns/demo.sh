#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh - one call through the relay, step by step: who called, through which NAT, what each phone
# received
#
# Real SIP (sipp and Kamailio with docs/kamailio/kamailio.cfg), real RTP, in namespaces that are
# removed afterwards (drawn in net.sh). The kernel forwards the media: by the module, or, if this
# machine cannot load modules, by BPF. If neither is possible, the call is shown with media in the
# daemon, and then again in a virtual machine (tests/guest/demo), which runs this script too; VM=1
# asks for that in any case. Exit status 0: all checks passed.

set -u
cd "$(dirname "$0")/../.." || exit 1
LOG=build/logs/demo
PACKETS=150
NAT_OF_CALLER="NAT A, port-restricted"
NAT_OF_CALLEE="NAT B, symmetric with random ports"

# The first failed check ends the demo.
fail() {
	echo
	echo "demo: FAILED: $*"
	[ "${IN_GUEST:-}" ] || echo "demo: the logs of all programs are in $LOG"
	exit 1
}

step() {
	printf '  %-52s' "$1 ..."
}

done_with() {
	echo "${1:-done}"
}

[ "$(id -u)" = 0 ] || fail "needs root to make network namespaces: run sudo make demo"
rm -rf "$LOG"
mkdir -p "$LOG"
build() {
	make --no-print-directory daemon control netns-programs >"$LOG/build.log" 2>&1 || fail "the programs do not build: $(tail "$LOG/build.log")"
}
[ "${IN_GUEST:-}" ] || build

# --- The kernel path ------------------------------------------------------------------------------

# The module is loaded into this machine's kernel while the demo runs.
NO_MODULE='' NO_BPF='' MODULE_LOADED=''
module_load() {
	[ -d /sys/module/rtprelay ] && return
	if [ ! -e /proc/modules ]; then
		NO_MODULE="this machine's kernel cannot load modules"
	elif [ ! -e "/lib/modules/$(uname -r)/build" ]; then
		NO_MODULE="the headers of this machine's kernel $(uname -r) are not installed"
	elif ! make --no-print-directory module >"$LOG/module.log" 2>&1; then
		NO_MODULE="rtprelay.ko does not build for this machine's kernel, see $LOG/module.log"
	elif ! insmod rtprelay.ko 2>"$LOG/insmod.log"; then
		NO_MODULE="this machine's kernel does not load the module ($(cat "$LOG/insmod.log"))"
	else
		MODULE_LOADED=yes
	fi
}

bpf_try() {
	if daemon/rtprelayd --config=none --interface=127.0.0.1 --listen-ng=127.0.0.1:2223 --kernel=require --check-config >"$LOG/bpf.log" 2>&1; then
		KERNEL=bpf
	else
		NO_BPF=$(sed -n 's/.*nor can BPF: //p' "$LOG/bpf.log")
	fi
}

module_load
[ -z "$NO_MODULE" ] || bpf_try
. tests/netns/net.sh
. tests/netns/phone.sh
. tests/netns/path.sh
ATTACK=${ATTACK:-8000}

all_down() {
	net_down
	[ -z "$MODULE_LOADED" ] || rmmod rtprelay
}

trap all_down EXIT
trap 'exit 1' INT TERM

# --- Fields of the relay's reply to a query, for the party with this private address --------------

relay_says() { # relay_says PRIVATE-ADDRESS FIELD: of its RTP stream
	local at
	at=$(grep "/medias/0/streams/0/advertised endpoint/address=$1\$" <<<"$QUERY" | sed 's|/advertised endpoint/.*||')
	[ -n "$at" ] && grep -F "$at/$2=" <<<"$QUERY" | cut -d= -f2-
}

seen_as() { # seen_as PRIVATE-ADDRESS
	echo "$(relay_says "$1" endpoint/address):$(relay_says "$1" endpoint/port)"
}

relay_port() {
	echo "$(relay_says "$1" "local address"):$(relay_says "$1" "local port")"
}

# user or kernel, with the reason for user, or with the way into the kernel; and the number of
# packets forwarded by each.
path_of() {
	local reason all kernel
	reason=$(relay_says "$1" "path reason")$(relay_says "$1" "kernel path")
	all=$(relay_says "$1" stats/packets)
	kernel=$(relay_says "$1" "kernel packets")
	echo "$(relay_says "$1" path)${reason:+ ($reason)}; packets so far: ${kernel:-0} by the kernel, $((all - ${kernel:-0})) by the daemon"
}

# --- The call -------------------------------------------------------------------------------------

echo "rtprelay: a call between two phones behind NATs"
echo
step "Making network namespaces with two NATs"
net_up || fail "the network namespaces cannot be made"
done_with "9 hosts, 2 NATs"
step "Starting rtprelayd"
relay_start || fail "rtprelayd does not start: $(tail -n 3 "$LOG/relay.log")"
done_with "at 198.51.100.20, control port 2223"
step "Starting Kamailio with its rtpengine module"
kamailio_start || fail "Kamailio does not start: $(tail -n 3 "$LOG/kamailio.log")"
done_with "at 198.51.100.10"
step "Starting an attacker"
attacker_start "$ATTACK"
done_with "sends $ATTACK RTP packets a second to all ports"
scenarios_make
CASE=demo
phone_start a1 b1
ends a1 b1
step "Bob registers"
callee b1 bob
done_with "from ${ADDR[b1]}, $NAT_OF_CALLEE"
step "Alice calls Bob"
caller a1 bob
state b1 ringing
done_with "from ${ADDR[a1]}, $NAT_OF_CALLER; it rings"
step "Bob answers"
nudge b1 answer
state a1 talking
done_with "talking"
step "Both phones send a tone"
START=$SECONDS
hear $PACKETS a1 b1
done_with "received for $((SECONDS - START)) seconds"
path_still "$CALL_ID" a1 b1
QUERY=$(ng command=query "call-id=$CALL_ID") || fail "the relay does not know the call"
settle a1 b1
path_check "$CALL_ID"
SEEN_ALICE=$(seen_as "${ADDR[a1]}") SEEN_BOB=$(seen_as "${ADDR[b1]}")
step "Alice hangs up"
nudge a1 bye
sip_done a1 b1
done_with
until_ok 5 relay_is_empty || fail "the relay still has $(relay_calls | wc -l) calls, $(relay_sockets | wc -l) media sockets"
end attacker4
end attacker6

# --- Report ---------------------------------------------------------------------------------------

heard_line() { # heard_line NAME PHONE
	local jitter
	jitter=$(awk -v us="$(field "$2" jitter_us)" 'BEGIN { printf "%.2f", us / 1000 }')
	printf '    %-6s a tone of %4d Hz: %d packets, %d lost, %d duplicate; jitter %s ms; %d RTCP reports\n' "$1" \
		"$(field "$2" tone)" "$(field "$2" heard)" "$(field "$2" lost)" "$(field "$2" dup)" "$jitter" "$(field "$2" rtcp_heard)"
}

party_line() { # party_line NAME PHONE NAT SEEN
	printf '    %-6s private address %-14s %s: packets reach the relay from %s\n' "$1" "${ADDR[$2]}:$5" "$3" "$4"
}

cat <<-TEXT

	The call
	    Alice called Bob; both have private addresses that cannot be reached from outside.
	$(party_line Alice a1 "$NAT_OF_CALLER" "$SEEN_ALICE" 40000)
	$(party_line Bob b1 "$NAT_OF_CALLEE" "$SEEN_BOB" 40100)

	What each phone received
	$(heard_line Alice a1)
	$(heard_line Bob b1)
	    (Before these, $(field a1 first) and $(field b1 first) packets reached the relay before it knew where to send them.)

	Path of the media
	    Alice $SEEN_ALICE <-> $(relay_port "${ADDR[a1]}") relay $(relay_port "${ADDR[b1]}") <-> $SEEN_BOB Bob
	    from Alice: $(path_of "${ADDR[a1]}")
	    from Bob:   $(path_of "${ADDR[b1]}")

	The attacker
	    sent $(attacker_sum sent) packets to all ports of the relay from $ATTACKER4 and $ATTACKER6
	    received $(attacker_sum heard) packets of the call; Alice received $(($(field a1 attack) + $(field a1 rtcp_attack))) of the attacker's packets, Bob $(($(field b1 attack) + $(field b1 rtcp_attack)))

	The relay after the call
	    $(relay_calls | wc -l) calls, $(relay_sockets | wc -l) media sockets

TEXT

# The same checks as in the tests.
heard_well a1 b1
[[ $SEEN_ALICE = 198.51.100.41:* ]] || fail "Alice's packets reached the relay from $SEEN_ALICE, not from NAT A"
[[ $SEEN_BOB = 198.51.100.42:* ]] || fail "Bob's packets reached the relay from $SEEN_BOB, not from NAT B"
[ "$(attacker_sum heard)" = 0 ] || fail "the attacker received packets of the call"
end relay

# --- The same call in a virtual machine, with media in the kernel ---------------------------------

[ -z "$NO_MODULE" ] || [ -n "${VM:-}$NO_BPF" ] || echo "Not shown here: media by the kernel module: $NO_MODULE; make demo VM=1 shows it in a virtual machine"
[ -z "$NO_BPF" ] || echo "Not shown here: media by BPF: $NO_BPF"
if [ -n "$NO_BPF" ] || [ -n "${VM:-}" ]; then
	echo "The same call again in a virtual machine, with media in the kernel by the module"
	echo
	tests/guest/demo || fail "the call in the virtual machine"
fi
[ -n "${IN_GUEST:-}" ] || echo "demo: passed"
