# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_8_attacks.sh - attacks on single rules of latching: nothing of the call reaches the attacker,
# nothing of him the phones, and no packet of theirs is lost
#
# The test is the proxy, as in case_8_latching.sh. run counts what attackers have received.

# Each of these is a function case_NAME that takes the protocol: ng or rtpproxy.
BOTH_PROTOCOLS="fax_rebinds fax_guesser neighbour_of_listener flood_while_awaited dtx_with_neighbour
	stun_next_door talking_call_sprayed one_packet_next_door"
for name in $BOTH_PROTOCOLS; do
	CASES+=" ${name} rtpproxy_${name}"
	# shellcheck disable=SC2004 # names, not numbers
	RELAY_OPTIONS[$name]=$SLOW_CALLS RELAY_OPTIONS[rtpproxy_$name]=$SLOW_CALLS
	eval "case_$name() { ${name}_by ng; }; case_rtpproxy_$name() { ${name}_by rtpproxy; }"
done

# rtp_spray from a host, to ports of the relay, until the end of the case.
attack_from() { # attack_from HOST FIRST LAST PACKETS-PER-SECOND [KIND]
	local report="$TMP/attack4.$1.$2${5:+.$5}"
	become_in_ns "$1" "$PROGRAMS/rtp_spray" 198.51.100.20 "$2" "$3" "$4" "$report" ${5:+"$5"} &
	echo "$1 $!" >>"$TMP/programs"
	until_ok 5 grep -q 'rounds=[1-9][0-9]' "$report" || fail "the attack on port $2 does not start"
}

# --- Faxes: rule R8 -------------------------------------------------------------------------------

# The same as ends, for two faxes: UDPTL, and no RTCP.
faxes() { # faxes CALLER CALLEE
	local one=$NUMBER other=$((NUMBER + 1))
	MEDIA=image
	NUMBER=$((NUMBER + 2))
	say "$1" open "$CALL" "${ADDR[$1]}" 40000 "$CALLER_HZ" "$one" "$other" fax || fail "media of $1"
	say "$2" open "$CALL" "${ADDR[$2]}" 40100 "$CALLEE_HZ" "$other" "$one" fax || fail "media of $2"
}

# All streams of the call take the path PATH_WANTED; but in the rtpproxy protocol, which does not
# tell that it is a fax, a flow in the kernel is one of RTP, which passes all packets of a fax on.
fax_path_is_taken() {
	ng command=query "call-id=$CALL_ID" | awk -F= -v wanted="$PATH_WANTED" '
		$1 ~ /streams\/[01]\/path$/ { streams++; right += $2 == wanted }
		END { exit streams < 2 || right < streams }'
}

fax_hear() { # fax_hear ng|rtpproxy PACKETS CALLER CALLEE
	local phone
	for phone in "${@:3}"; do
		say "$phone" wait "$CALL" heard '>' "$2" 20000 || fail "$phone hears $(field "$phone" heard) packets"
	done
	[ "$1" = rtpproxy ] || [ -z "$PATH_WANTED" ] || until_ok 20 fax_path_is_taken ||
		fail "the fax does not take the path $PATH_WANTED"
}

fax_judge() { # fax_judge CALLER CALLEE
	settle "$1" "$2"
	pure "$1" "$CALLEE_HZ"
	pure "$2" "$CALLER_HZ"
	end_signalled
}

# Row 8, "0 of 60". Meanwhile somebody elsewhere tries numbers.
fax_rebinds_by() { # fax_rebinds_by ng|rtpproxy
	faxes p1 p2
	# Not at the port of its SDP: so it is told by its numbers, not as a phone without a NAT.
	signalled_call "$1" p1 198.51.100.31 41000 198.51.100.31 p2 198.51.100.32 40100 198.51.100.32
	attack_from attacker "$FOR_A" "$FOR_A" 400 fax
	both_talk p1 p2
	fax_hear "$1" 60 p1 p2
	say p1 move "$CALL" 198.51.100.31 40020 || fail "p1 could not move"
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	fax_hear "$1" 60 p1 p2
	[ "$(field p1 start_ms)" -le $((1500 * SLOW)) ] || fail "p1 is heard at its new port only after $(field p1 start_ms) ms"
	fax_judge p1 p2
}

# a2 is behind the same NAT as the phone, and tries all numbers while the phone is silent.
fax_guesser_by() { # fax_guesser_by ng|rtpproxy
	faxes a1 p2
	signalled_call "$1" a1 10.1.0.2 40000 198.51.100.41 p2 198.51.100.32 40100 198.51.100.32
	both_talk a1 p2
	fax_hear "$1" 60 a1 p2
	say a1 mute "$CALL"
	attack_from a2 "$FOR_A" "$FOR_A" 400 fax
	say p2 wait "$CALL" quiet_ms '>' 5000 9000 || fail "p2 hears packets though a1 is muted"
	[ "$(field p2 attack)" = 0 ] || fail "p2 hears $(field p2 attack) packets of the guesser"
	say a1 unmute "$CALL"
	say p2 reset "$CALL"
	fax_hear "$1" 60 p2
	fax_judge a1 p2
}

# --- RTP ------------------------------------------------------------------------------------------

# It sends only RTCP from now on, and hears all.
listen_to() { # listen_to PHONE PORT
	say "$1" sdp "$CALL" talking "$(sdp_of 198.51.100.20 audio "$2")"$'\na=inactive\r\n' >/dev/null || fail "$1 cannot listen at port $2"
}

# b1 is behind a NAT, p2 is not: both send no media, but RTCP. The attacker, in the network of both,
# may be p2 as little as he may be b1, which was heard where it should be.
neighbour_of_listener_by() { # neighbour_of_listener_by ng|rtpproxy
	local phone
	signalled_call "$1" b1 10.2.0.2 40000 198.51.100.42 p2 198.51.100.32 40100 198.51.100.32
	listen_to b1 "$FOR_A"
	listen_to p2 "$FOR_B"
	for phone in b1 p2; do
		say "$phone" wait "$CALL" rtcp_heard '>' 1 9000 || fail "$phone hears no RTCP"
	done
	attack_from attacker "$FOR_A" $((FOR_A + 1)) 400
	attack_from attacker "$FOR_B" $((FOR_B + 1)) 400
	for phone in b1 p2; do
		say "$phone" wait "$CALL" rtcp_heard '>' 6 9000 || fail "$phone hears no RTCP any more"
		[ "$(field "$phone" attack)" = 0 ] || fail "$phone hears $(field "$phone" attack) packets of the neighbour"
		[ "$(field "$phone" sent)" = 0 ] || fail "$phone does not only listen"
	done
	both_talk b1 p2
	judge_late 100 b1 p2
	end_signalled
}

# Where no address is known, strangers are awaited: 1,000 a second, each with one packet. The phone
# has to talk for latch-patience, and its place among them must not be lost for long.
flood_while_awaited_by() { # flood_while_awaited_by ng|rtpproxy
	ip -n "$NET-attacker" route replace local 198.51.100.128/25 dev lo
	signalled_call "$1" b1 10.2.0.2 40000 "" p2 198.51.100.32 40100 198.51.100.32
	attack_from attacker "$FOR_A" "$FOR_A" 1000 many
	both_talk b1 p2
	judge_late 1000 b1 p2
	end_signalled
}

# The phone sends in each third tenth of a second: less often than somebody who proves himself may.
dtx_with_neighbour_by() { # dtx_with_neighbour_by ng|rtpproxy
	signalled_call "$1" b1 10.2.0.2 40000 198.51.100.42 p2 198.51.100.32 40100 198.51.100.32
	say b1 every "$CALL" 15
	both_talk b1 p2
	say p2 wait "$CALL" heard '>' 0 9000 || fail "p2 does not hear b1"
	attack_from attacker "$FOR_A" $((FOR_A + 1)) 400
	say p2 wait "$CALL" heard '>' 20 20000 || fail "p2 hears too little of b1"
	say b1 every "$CALL" 1
	judge_late 100 b1 p2
	end_signalled
}

# The attacker sends nothing but STUN: before the phones talk, and while they are muted.
stun_next_door_by() { # stun_next_door_by ng|rtpproxy
	signalled_call "$1" a1 10.1.0.2 40000 198.51.100.41 p2 198.51.100.32 40100 198.51.100.32
	attack_from attacker "$FOR_A" $((FOR_A + 1)) 400 stun
	attack_from attacker "$FOR_B" $((FOR_B + 1)) 400 stun
	both_talk a1 p2
	say p2 wait "$CALL" heard '>' 60 9000 || fail "p2 does not hear a1"
	say a1 mute "$CALL"
	say p2 mute "$CALL"
	say p2 wait "$CALL" quiet_ms '>' 2000 9000 || fail "p2 hears packets though a1 is muted"
	say a1 unmute "$CALL"
	say p2 unmute "$CALL"
	judge_late 100 a1 p2
	end_signalled
}

# Everybody sends to the ports of a locked call: a network next door, many addresses with one packet
# each, and a host behind the same NAT as the phone. The call stays in the kernel, and the flows
# that forward it are those of before: new ones would count from 0.
talking_call_sprayed_by() { # talking_call_sprayed_by ng|rtpproxy
	local rate=${AIMED:-400} phone refused
	ip -n "$NET-attacker" route replace local 198.51.100.128/25 dev lo
	signalled_call "$1" a1 10.1.0.2 40000 198.51.100.41 p2 198.51.100.32 40100 198.51.100.32
	both_talk a1 p2
	hear 60 a1 p2
	refused=$(counter "$(refused_by)")
	attack_from a2 "$FOR_A" "$FOR_A" "$rate"
	attack_from attacker "$FOR_A" "$FOR_A" "$rate" many
	attack_from attacker "$FOR_B" "$FOR_B" "$rate"
	for phone in a1 p2; do
		say "$phone" wait "$CALL" heard '>' $(($(field "$phone" heard) + 150)) 20000 || fail "$phone hears too little"
	done
	until_ok 20 counter_is_above "$(refused_by)" $((refused + 3 * rate)) ||
		fail "$(refused_by) has risen from $refused to $(counter "$(refused_by)") only"
	judge a1 p2
	end_signalled
}

# Who refuses packets from elsewhere, as a counter of the relay.
refused_by() {
	[ "$PATH_WANTED" = kernel ] && echo kernel.drop_source || echo drop.source
}

# Before the phones talk a2, behind the NAT of a1, sends one packet: the place is not a2's for that.
one_packet_next_door_by() { # one_packet_next_door_by ng|rtpproxy
	signalled_call "$1" a1 10.1.0.2 40000 198.51.100.41 p2 198.51.100.32 40100 198.51.100.32
	in_ns a2 bash -c 'printf "\x80\0\0\1\0\0\0\1\0\0\0\7%0160d" 0 >"/dev/udp/198.51.100.20/$1"' - "$FOR_A"
	say p2 wait "$CALL" unmarked '>' 0 9000 || fail "the packet of a2 was not accepted"
	say p2 reset "$CALL"
	both_talk a1 p2
	judge_late 600 a1 p2
	end_signalled
}
