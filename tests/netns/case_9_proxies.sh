# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_proxies.sh - what the real Kamailio sends has the shape of the flows in tests/proxies

CASES+=" kamailio_commands rtpproxy_kamailio_commands"
MODULE[rtpproxy_kamailio_commands]=rtpproxy

# A call with a re-INVITE that the callee ends; a cancelled one; one with the offer in the 200.
commands_of_kamailio() {
	call_up a1 b1
	reinvite a1 "${ADDR[a1]}" 40000 sendrecv
	nudge b1 bye
	sip_done a1 b1
	ends p1 p2
	callee p2
	caller p1 p2
	state p1 ringing
	nudge p1 cancel
	sip_done p1 p2
	ends b2 a2
	callee a2
	caller b2 a2 "" caller_late
	state a2 ringing
	nudge a2 answer
	state b2 talking
	nudge b2 bye
	sip_done a2 b2
}

# All kinds of commands that the example configuration makes Kamailio send.
case_kamailio_commands() {
	local shapes=$TMP/$CASE.shapes version flows unknown
	version=$(kamailio -v | sed -nE 's/^version: kamailio ([0-9]+\.[0-9]+).*/\1/p')
	flows=tests/proxies/kamailio-$version
	# Flows of other versions were written from documents alone.
	[ "$version" = 5.6 ] || { echo "$CASE: note: not compared, Kamailio is $version and not 5.6"; return; }
	become_in_ns relay "${PROGRAMS%/netns}/proxies/tap" 2223 22222 >"$shapes" 2>&1 &
	echo "tap $!" >>"$TMP/programs"
	until_ok 5 grep -q ready "$shapes" || fail "the tap does not start: $(cat "$shapes")"
	commands_of_kamailio
	unknown=$(grep -v ready "$shapes" | sort -u | grep -vxFf <(for flow in "$flows"/*.txt; do "${PROGRAMS%/netns}/proxies/replay" --shapes "$flow"; done))
	[ -z "$unknown" ] || fail "Kamailio sends what is in no flow of $flows: $unknown"
	[ "$(grep -c ' offer:\| U:' "$shapes")" -gt 2 ] || fail "too few commands: $(cat "$shapes")"
}
eval "case_rtpproxy_kamailio_commands() { case_kamailio_commands; }"
