# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_4_hardship.sh - failures and attacks during a call, which must not affect another call
#
# The other call is between b2 and p2.

CASES+=" aimed_attack neighbour_of_muted_phone phone_killed nat_gone kamailio_killed malformed_control"

# A phone that was killed sends no BYE: its call times out, since no media arrives.
RELAY_OPTIONS[phone_killed]="--timeout=$((1 + SLOW))"
EMPTY_AFTER_S[phone_killed]=5

# The attacker knows the ports of a call, and never stops sending to them.
aim_attack() {
	local port
	for port in $(relay_sockets | sed 's/.*://' | sort); do
		[ $((port % 2)) = 0 ] || continue
		rm -f "$TMP/attack4.$port"
		become_in_ns attacker "$PROGRAMS/rtp_spray" 198.51.100.20 "$port" $((port + 1)) "${AIMED:-400}" "$TMP/attack4.$port" &
		echo "attacker $!" >>"$TMP/programs"
		until_ok 5 grep -q 'rounds=[1-9]' "$TMP/attack4.$port" || fail "the attack on port $port does not start"
	done
	[ -n "$port" ] || fail "the relay has no open ports"
}

# The attack begins before the phones have sent anything.
case_aimed_attack() {
	ends a1 b1
	callee b1
	caller a1 b1
	state b1 ringing
	aim_attack
	nudge b1 answer
	state a1 talking
	hear 60 a1 b1
	# While a phone sends nothing, it is easiest for the attacker to take its place.
	say b1 mute "$CALL"
	say a1 wait "$CALL" quiet_ms '>' 1500 5000 || fail "a1 receives packets though b1 is muted"
	say b1 unmute "$CALL"
	hear 100 a1 b1
	judge a1 b1
	nudge a1 bye
	sip_done a1 b1
}

# p2 has a public address in its SDP and is muted from the start. The attacker is in the same
# network: nothing of the call may go there, however long p2 is silent.
case_neighbour_of_muted_phone() {
	ends a1 p2
	callee p2
	caller a1 p2
	state p2 ringing
	say p2 mute "$CALL"
	aim_attack
	nudge p2 answer
	state a1 talking
	say p2 wait "$CALL" heard '>' 100 20000 || fail "p2 hears nothing"
	[ "$(field a1 heard)" = 0 ] || fail "a1 hears $(field a1 heard) packets though p2 is muted"
	say p2 unmute "$CALL"
	hear 60 a1 p2
	judge a1 p2
	nudge a1 bye
	sip_done a1 p2
}

bystander_up() {
	call_up b2 p2
	BYSTANDER=$CALL_ID
	hear 25 b2 p2
	say b2 reset '*'
	say p2 reset '*'
}

# Not one packet of the other call was lost since bystander_up.
bystander_is_well() {
	CALL_ID=$BYSTANDER
	hear 100 b2 p2
	judge b2 p2
	nudge b2 bye
	sip_done b2 p2
}

case_phone_killed() {
	bystander_up
	call_up a1 b1
	hear 25 a1 b1
	disown "${SIPP[a1]}" "${SIPP[b1]}" # the shell must not print that they were killed
	kill -9 "$(pid_of a1)" "${SIPP[a1]}"
	# b1 receives nothing and is killed too: it never sends a BYE.
	settle b1
	kill -9 "${SIPP[b1]}"
	until_ok 6 only_bystander || fail "the relay still lists $(relay_calls | tr '\n' ' ')"
	[ "$(relay_sockets | wc -l)" = 4 ] || fail "$(relay_sockets | wc -l) sockets are open for one call, not 4"
	bystander_is_well
}

only_bystander() {
	[ "$(relay_calls)" = "$BYSTANDER" ]
}

case_nat_gone() {
	bystander_up
	call_up a1 b1
	hear 25 a1 b1
	nat_down a
	say b1 wait "$CALL" quiet_ms '>' 500 5000 || fail "b1 still receives packets of a phone that is cut off"
	nudge b1 bye
	until_ok 5 only_bystander || fail "the relay still lists $(relay_calls | tr '\n' ' ')"
	bystander_is_well
}

case_kamailio_killed() {
	local victim
	bystander_up
	call_up a1 b1
	victim=$CALL_ID
	hear 25 a1 b1
	kamailio_kill
	say a1 reset '*'
	say b1 reset '*'
	hear 60 a1 b1
	judge a1 b1
	kamailio_start || fail "Kamailio did not start again"
	CALL_ID=$victim
	nudge a1 bye
	sip_done a1 b1
	bystander_is_well
}

FUZZ=${FUZZ:-10000} # datagrams
case_malformed_control() {
	SIPP_S=600 # how long the datagrams take depends on the machine
	bystander_up
	# shellcheck disable=SC2086 # address and port
	in_ns proxy "$PROGRAMS/ng_fuzz" $RELAY_NG "$FUZZ" "${SEED:-1}" >"$LOG/$CASE.fuzz" 2>&1 || fail "$(cat "$LOG/$CASE.fuzz")"
	bystander_is_well
	# Some of the changed requests are still valid and make calls: end them all.
	# shellcheck disable=SC2016 # for the inner shell
	in_ns proxy bash -c 'printf "end_1 X" >/dev/udp/198.51.100.20/2223'
}
