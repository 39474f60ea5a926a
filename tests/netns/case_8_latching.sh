# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_8_latching.sh - phones whose media comes from places that signalling does not name, and
# strangers who try to take these places
#
# The test is the proxy: it sends offer and answer itself, in both protocols.

# Each of these is a function case_NAME that takes the protocol: ng or rtpproxy.
BOTH_PROTOCOLS="first_hold three_private_addresses rebind_after_second_ssrc
	asymmetric reinvite_answered_late reinvite_unanswered
	final_answer_elsewhere gateway_changes_port rebind_while_talking unheard"
# Below the protocol it is the same as reinvite_unanswered.
LONG_CASES+=" rtpproxy_reinvite_unanswered"
for name in $BOTH_PROTOCOLS; do
	CASES+=" ${name} rtpproxy_${name}"
	# A guest may be so slow that silent calls would time out.
	# shellcheck disable=SC2004 # names, not numbers
	RELAY_OPTIONS[$name]=$SLOW_CALLS RELAY_OPTIONS[rtpproxy_$name]=$SLOW_CALLS
	eval "case_$name() { ${name}_by ng; }; case_rtpproxy_$name() { ${name}_by rtpproxy; }"
done

# Sends the SDP of one side, whose media is MEDIA; the rtpproxy protocol has one address: SIP's, or
# that of the SDP. Sets GIVEN: the port for the other side.
MEDIA=audio
signal() { # signal ng|rtpproxy offer|answer ADDRESS PORT [SIP-ADDRESS [FLAGS [SIP-CODE]]]
	local reply tags="from-tag=f" letter=U
	[ "$2" = offer ] || { tags="from-tag=f to-tag=t" letter=L; }
	if [ "$1" = ng ]; then
		# shellcheck disable=SC2086 # two words
		reply=$(ng "command=$2" "call-id=$CALL_ID" $tags ${5:+"received-from=$5"} ${7:+"sip-code=$7"} "rtpp-flags=${6:-}" \
			"sdp=$(sdp_of "$3" $MEDIA "$4")"$'\r\n') || fail "the $2 is refused: $reply"
		GIVEN=$(port_in <<<"$reply")
	else
		[ "$letter" = U ] && tags=f || tags="f t"
		GIVEN=$(rtpproxy "$letter${6:-} $CALL_ID ${5:-$3} $4 $tags")
		GIVEN=${GIVEN%% *}
	fi
	[[ $GIVEN = +([0-9]) ]] || fail "the $2 is refused: $GIVEN"
}

# The phone sends to this port of the relay from now on, and expects media from there.
talk_to() { # talk_to PHONE PORT [STREAM]
	say "$1" sdp "${3:-$CALL}" talking "$(sdp_of 198.51.100.20 audio "$2")"$'\r\n' >/dev/null || fail "$1 cannot send to port $2"
}

# A call of A and B whose SDP and SIP say this. Sets FOR_A and FOR_B: the ports they send to.
signalled_call() { # signalled_call ng|rtpproxy A ADDRESS PORT SIP-ADDRESS B ADDRESS PORT SIP-ADDRESS [FLAGS]
	CALL_ID=$CASE-1
	[ "$(field "$2" heard 2>/dev/null)" ] || ends "$2" "$6"
	signal "$1" offer "$3" "$4" "$5" "${10:-}"
	FOR_B=$GIVEN
	signal "$1" answer "$7" "$8" "$9" "${10:-}"
	FOR_A=$GIVEN
}

both_talk() { # both_talk A B
	talk_to "$1" "$FOR_A"
	talk_to "$2" "$FOR_B"
}

# An attacker who knows a port of the relay sends what a phone would send there, until the end of
# the case.
aim_at() { # aim_at PORT [HOST]
	local from=${2:-attacker}
	rm -f "$TMP/attack4.$from.$1"
	become_in_ns "$from" "$PROGRAMS/rtp_spray" 198.51.100.20 "$1" $(($1 + 1)) "${AIMED:-400}" "$TMP/attack4.$from.$1" &
	echo "$from $!" >>"$TMP/programs"
	until_ok 5 grep -q 'rounds=[1-9]' "$TMP/attack4.$from.$1" || fail "the attack on port $1 does not start"
}

# Both hear each other without a lost packet, from MS milliseconds after their first packets on.
judge_late() { # judge_late MS CALLER CALLEE
	local phone
	hear 60 "$2" "$3"
	path_still "$CALL_ID" "$2" "$3"
	settle "$2" "$3"
	path_check "$CALL_ID"
	pure "$2" "$CALLEE_HZ"
	pure "$3" "$CALLER_HZ"
	for phone in "$2" "$3"; do
		[ "$(field "$phone" start_ms)" -le $(($1 * SLOW)) ] ||
			fail "$phone heard the other only $(field "$phone" start_ms) ms after its own first packet"
	done
}

end_signalled() {
	ng command=delete "call-id=$CALL_ID" from-tag=f >/dev/null || fail "the call cannot be ended"
}

# The first offer holds the media in the old way, and nothing says where SIP came from.
first_hold_by() { # first_hold_by ng|rtpproxy
	signalled_call "$1" a1 0.0.0.0 40000 "" p2 198.51.100.32 40100 ""
	both_talk a1 p2
	judge_late 600 a1 p2
	end_signalled
}

# SIP, SDP and media of a phone in a VPN have three private addresses. Meanwhile somebody with a
# public address sends to its port.
three_private_addresses_by() { # three_private_addresses_by ng|rtpproxy
	local at=10.9.0.31
	ip -n "$NET-p1" addr replace $at/24 dev eth0
	ip -n "$NET-relay" route replace 10.9.0.0/24 dev eth0
	ADDR[p1]=$at
	signalled_call "$1" p1 10.8.0.31 40000 "${VPN_SIP[$1]}" p2 198.51.100.32 40100 ""
	[ "$1" = rtpproxy ] || aim_at "$FOR_A"
	both_talk p1 p2
	judge_late 600 p1 p2
	end_signalled
}
# A private address in U is known to be SIP's as little as that of the SDP: no source is refused.
declare -A VPN_SIP=([ng]=10.7.0.31 [rtpproxy]="")

# The same as ends; the caller has two SSRCs, numbers ONE and SECOND.
ends_with_second_ssrc() { # ends_with_second_ssrc CALLER CALLEE
	ONE=$NUMBER SECOND=$((NUMBER + 2))
	NUMBER=$((NUMBER + 3))
	say "$1" open "$CALL" "${ADDR[$1]}" 40000 "$CALLER_HZ" "$ONE" $((ONE + 1)) 0 || fail "media of $1"
	say "$2" open "$CALL" "${ADDR[$2]}" 40100 "$CALLEE_HZ" $((ONE + 1)) "$ONE,$SECOND" || fail "media of $2"
}

# The last packets before a NAT changes the port are retransmissions, with an SSRC of their own.
rebind_after_second_ssrc_by() { # rebind_after_second_ssrc_by ng|rtpproxy
	local silence=1200
	ends_with_second_ssrc p1 p2
	signalled_call "$1" p1 198.51.100.31 40000 198.51.100.31 p2 198.51.100.32 40100 198.51.100.32
	aim_at "$FOR_A"
	both_talk p1 p2
	hear 60 p1 p2
	say p1 as "$CALL" "$SECOND"
	say p2 wait "$CALL" ssrcs = 2 5000 || fail "p2 does not hear the second SSRC of p1"
	say p1 mute "$CALL"
	# The kernel tells of a refused source once a second, not of each. When it has told of one
	# after the second of silence, the daemon looks at all packets.
	[ "$PATH_WANTED" != kernel ] || silence=2400
	say p2 wait "$CALL" quiet_ms '>' $silence 9000 || fail "p2 still receives packets of p1, which is muted"
	say p1 as "$CALL" "$ONE"
	say p1 move "$CALL" 198.51.100.31 40020 || fail "p1 could not move"
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	say p1 unmute "$CALL"
	say p2 wait "$CALL" heard '>' 5 $((5000 * SLOW)) || fail "p2 does not hear p1 at its new port"
	judge_late 300 p1 p2
	end_signalled
}

# p1 listens where its SDP says. Its media comes from a1, behind a NAT that nobody told of.
declare -A ASYMMETRIC=([ng]=asymmetric [rtpproxy]=A)
asymmetric_by() { # asymmetric_by ng|rtpproxy
	local one=$NUMBER
	ends p1 p2
	say a1 open "$CALL" "${ADDR[a1]}" 40000 "$CALLER_HZ" "$one" $((one + 1)) 0 || fail "media of a1"
	signalled_call "$1" p1 198.51.100.31 40000 198.51.100.31 p2 198.51.100.32 40100 198.51.100.32 "${ASYMMETRIC[$1]}"
	both_talk a1 p2
	hear 60 p1 p2
	# Once one place is in use, nobody else gets in.
	aim_at "$FOR_A"
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	hear 60 p1 p2
	path_still "$CALL_ID" p1 p2
	settle a1 p2
	path_check "$CALL_ID"
	pure p1 "$CALLEE_HZ"
	pure p2 "$CALLER_HZ"
	[ "$(field a1 heard)" = 0 ] || fail "media is sent to a1, not only to the endpoint of the SDP"
	end_signalled
}

# Rule R9, row 9: a phone behind a NAT goes to the new port of its re-INVITE, with a new SSRC, when
# that is answered, long after the window of the offer.
reinvite_answered_late_by() { # reinvite_answered_late_by ng|rtpproxy
	ends_with_second_ssrc a1 p2
	signalled_call "$1" a1 "${ADDR[a1]}" 40000 198.51.100.41 p2 198.51.100.32 40100 198.51.100.32
	aim_at "$FOR_A"
	both_talk a1 p2
	hear 60 a1 p2
	reinvite_and_talk "$1" 200 a1 198.51.100.41
	signal "$1" answer 198.51.100.32 40100 198.51.100.32
	say a1 mute "$CALL"
	say a1 as "$CALL" "$SECOND"
	say a1 move "$CALL" "${ADDR[a1]}" 40020 || fail "a1 could not move"
	say a1 reset "$CALL"
	say p2 reset "$CALL"
	say a1 unmute "$CALL"
	judge_late 1000 a1 p2
	end_signalled
}

# The offer of a new port; the phone goes on at its old one until it was heard so often.
reinvite_and_talk() { # reinvite_and_talk ng|rtpproxy PACKETS PHONE SIP-ADDRESS
	signal "$1" offer "${ADDR[$3]}" 40020 "$4"
	[ "$GIVEN" = "$FOR_B" ] || fail "the port for p2 has changed: $FOR_B, $GIVEN"
	say p2 reset "$CALL"
	say p2 wait "$CALL" heard '>' "$2" $(($2 * 40)) || fail "p2 does not hear $3 while the re-INVITE is not answered"
}

# The re-INVITE is not answered for 40 seconds, 8 more than an offer without an answer keeps a
# stream open; after its window somebody behind the same NAT sends to the phone's port, too. The NAT
# never keeps the phone's port: one that did would make it a phone at the address and port of its
# SDP for the rtpproxy protocol, whose offer moves it at once.
reinvite_unanswered_by() { # reinvite_unanswered_by ng|rtpproxy
	ends b1 p2
	signalled_call "$1" b1 "${ADDR[b1]}" 40000 198.51.100.42 p2 198.51.100.32 40100 198.51.100.32
	aim_at "$FOR_A"
	both_talk b1 p2
	hear 60 b1 p2
	reinvite_and_talk "$1" 175 b1 198.51.100.42
	aim_at "$FOR_A" b2
	say p2 wait "$CALL" heard '>' 2000 60000 || fail "p2 does not hear b1 for 40 seconds"
	hear 60 b1 p2 # in the window of the offer the daemon had the packets
	judge b1 p2
	end_signalled
}

# A gateway with a public address, p2, which talks to p1 and has two SSRCs.
gateway_talks() { # gateway_talks ng|rtpproxy
	ends_with_second_ssrc p2 p1
	signalled_call "$1" p1 198.51.100.31 40100 198.51.100.31 p2 198.51.100.32 40000 198.51.100.32
	both_talk p1 p2
	hear 60 p2 p1
}

# The gateway goes on at another port, with its other SSRC.
gateway_moves() {
	say p2 mute "$CALL"
	say p2 as "$CALL" "$SECOND"
	say p2 move "$CALL" 198.51.100.32 40020 || fail "p2 could not move"
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	say p2 unmute "$CALL"
	say p1 wait "$CALL" heard '>' 5 $((9000 * SLOW)) || fail "p1 does not hear p2 at its other port"
}

# Rule R14, row 14: the announcement of a 183 came from the port of its SDP. The media after the
# 200, which has the same SDP, comes from another port of the same host.
final_answer_elsewhere_by() { # final_answer_elsewhere_by ng|rtpproxy
	gateway_talks "$1"
	[ "$1" = rtpproxy ] || signal ng offer 198.51.100.31 40100 198.51.100.31
	[ "$1" = rtpproxy ] || signal ng answer 198.51.100.32 40000 198.51.100.32 "" 183
	signal "$1" answer 198.51.100.32 40000 198.51.100.32 "" 200
	gateway_moves
	judge_late 1000 p2 p1
	end_signalled
}

# Rule R14, row 14: the same in mid-call. Its RTCP has been heard: so it is followed when that is
# silent for 6 seconds, too.
gateway_changes_port_by() { # gateway_changes_port_by ng|rtpproxy
	gateway_talks "$1"
	gateway_moves
	judge_late 7500 p2 p1
	end_signalled
}

# Rule R17: the NAT in front of a talking phone changes the port, while a stranger sprays. At 50
# packets a second 15 packets are 300 ms.
rebind_while_talking_by() { # rebind_while_talking_by ng|rtpproxy
	ends a1 p2
	signalled_call "$1" a1 "${ADDR[a1]}" 40000 198.51.100.41 p2 198.51.100.32 40100 198.51.100.32
	aim_at "$FOR_A"
	both_talk a1 p2
	hear 200 a1 p2
	say p2 reset "$CALL"
	say p2 wait "$CALL" heard '>' 5 5000 || fail "p2 does not hear a1"
	say a1 move "$CALL" "${ADDR[a1]}" 40020 || fail "a1 could not move"
	say p2 wait "$CALL" heard '>' 50 5000 || fail "p2 does not hear a1 at its new port"
	[ "$(field p2 lost)" -le $((15 * SLOW)) ] || fail "p2 missed $(field p2 lost) packets of a1"
	say a1 reset "$CALL"
	say p2 reset "$CALL"
	judge_late 300 a1 p2
	end_signalled
}

ctl() { # ctl WORD...: rtprelayctl in the relay's namespace
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" "$@"
}

# p1's SDP and SIP name p1, but its media comes from a1, behind a NAT: the default of other relays
# lets it in, and ours does not. The log says once which flag would, and doctor counts the call.
unheard_by() { # unheard_by ng|rtpproxy
	local one=$NUMBER line="$CASE-1] media 1: the caller is not heard at port"
	ends p1 p2
	say a1 open "$CALL" "${ADDR[a1]}" 40000 "$CALLER_HZ" "$one" $((one + 1)) 0 || fail "media of a1"
	signalled_call "$1" p1 198.51.100.31 40000 198.51.100.31 p2 198.51.100.32 40100 198.51.100.32
	both_talk a1 p2
	until_ok 10 grep -qF "$line $FOR_A: 25 packets from 198.51.100.41:" "$LOG/relay.log" || fail "the log does not name the media that is refused"
	grep -F "$line" "$LOG/relay.log" | grep -qF "(SDP: 198.51.100.31, SIP: 198.51.100.31); if it is that phone's, set latching=first" ||
		fail "the log does not say what to set: $(grep -F "$line" "$LOG/relay.log")"
	ctl doctor | grep -qF "from an address that neither SDP nor SIP names: 1" || fail "doctor does not count the call"
	ctl call "$CALL_ID" | grep -qF "; refused source: 198.51.100.41:" || fail "the details of the call do not show the refused source"
	[ "$1" = rtpproxy ] || unheard_is_let_in
	[ "$(grep -cF "$line" "$LOG/relay.log")" = 1 ] || fail "the log names the stream more than once"
	end_signalled
}

# What the log says is right.
unheard_is_let_in() {
	signalled_call ng p1 198.51.100.31 40000 198.51.100.31 p2 198.51.100.32 40100 198.51.100.32 latching=first
	hear 60 p2
}
