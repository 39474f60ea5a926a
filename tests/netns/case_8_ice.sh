# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_8_ice.sh - phones with ICE, that send nothing but STUN before it was answered
#
# In NG the ICE lines stay, because one of the relay's own addresses is a candidate. The test is the
# proxy, as in case_8_latching.sh.

for name in ice ice_ipv6; do
	CASES+=" $name rtpproxy_$name"
	# shellcheck disable=SC2004 # names, not numbers
	RELAY_OPTIONS[$name]=$SLOW_CALLS RELAY_OPTIONS[rtpproxy_$name]=$SLOW_CALLS
	eval "case_$name() { ${name}_by ng; }; case_rtpproxy_$name() { ${name}_by rtpproxy; }"
done
CHECKS=30

ice_sdp() { # ice_sdp ADDRESS PORT UFRAG
	sdp_of "$1" audio "$2"
	printf 'a=ice-ufrag:%s\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n' "$3"
	printf 'a=candidate:1 1 UDP 2130706431 %s %s typ host\r\n' "$1" "$2" "$(relay_address "$1")" 39998
}

# The offer of p1, ufrag "aaaa", and the answer of p2, ufrag "bbbb". Sets FOR_A and FOR_B.
ice_call() { # ice_call ng|rtpproxy P1 P2
	local six=
	CALL_ID=$CASE-1
	if [ "$1" = ng ]; then
		ice_signal offer "$(ice_sdp "$2" 40000 aaaa)" from-tag=f
		FOR_B=$GIVEN
		ice_signal answer "$(ice_sdp "$3" 40100 bbbb)" from-tag=f to-tag=t
		FOR_A=$GIVEN
		return
	fi
	[[ $2 != *:* ]] || six=6
	FOR_B=$(rtpproxy "U${six}c0,8,101 $CALL_ID $2 40000 f")
	FOR_A=$(rtpproxy "L${six}c0,8,101 $CALL_ID $3 40100 f t")
	FOR_A=${FOR_A%% *} FOR_B=${FOR_B%% *}
}

ice_signal() { # ice_signal offer|answer SDP TAG...
	local reply
	reply=$(ng "command=$1" "call-id=$CALL_ID" "${@:3}" "sdp=$2"$'\r\n') || fail "the $1 is refused: $reply"
	GIVEN=$(port_in <<<"$reply")
	grep -q '^a=ice-ufrag:' <<<"$reply" && grep -q '^a=candidate:1 ' <<<"$reply" || fail "the ICE lines of the $1 are gone: $reply"
}

stun_start() { # stun_start NAME HOST ADDRESS PORT RELAY-PORT USERNAME
	rm -f "$TMP/stun.$1" # that of an earlier case says ready, too
	become_in_ns "$2" "$PROGRAMS/stun_end" "$3" "$4" "$(relay_address "$3")" "$5" "$6" $CHECKS $((1500 * SLOW)) "$TMP/stun.start" >"$TMP/stun.$1" 2>&1 &
	echo "$1 $!" >>"$TMP/programs"
	ENDS+=("$!")
	until_ok 5 grep -qx ready "$TMP/stun.$1" || fail "$1 does not start: $(<"$TMP/stun.$1")"
}

stun_result() { # stun_result NAME
	tail -1 "$TMP/stun.$1"
}

# Each end hears all checks of the other and their responses, and nothing of the stranger.
stun_judge() {
	local phone
	for phone in a b; do
		[ "$(stun_result "$phone")" = "requests=$CHECKS responses=$CHECKS others=0" ] || fail "$phone: $(stun_result "$phone"), not $CHECKS of each"
	done
	[ "$(stun_result stranger)" = "requests=0 responses=0 others=0" ] || fail "the stranger: $(stun_result stranger)"
}

stun_talk() { # stun_talk P1 P2 STRANGER: checks of both phones, and of a stranger at p1's port
	local ENDS=()
	rm -f "$TMP/stun.start"
	stun_start a p1 "$1" 40000 "$FOR_A" bbbb:aaaa
	stun_start b p2 "$2" 40100 "$FOR_B" aaaa:bbbb
	stun_start stranger attacker "$3" 40200 "$FOR_A" bbbb:xxxx
	touch "$TMP/stun.start"
	wait "${ENDS[@]}"
	stun_judge
}

ice_by() { # ice_by ng|rtpproxy
	ice_call "$1" 198.51.100.31 198.51.100.32
	stun_talk 198.51.100.31 198.51.100.32 "$ATTACKER4"
	end_signalled
}

ice_ipv6_by() { # ice_ipv6_by ng|rtpproxy
	local host
	for host in 1 2; do
		ip -n "$NET-p$host" addr replace 2001:db8:1::3$host/64 dev eth0 nodad
	done
	ice_call "$1" 2001:db8:1::31 2001:db8:1::32
	stun_talk 2001:db8:1::31 2001:db8:1::32 "$ATTACKER6"
	for host in 1 2; do
		ip -n "$NET-p$host" addr del 2001:db8:1::3$host/64 dev eth0
	done
	end_signalled
}
