# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_8_reliable.sh - offers and answers in reliable provisional replies and PRACK (RFC 3262)

# Calls with 100rel until the callee has SDP of PRACK; the caller's SDP in it names port 40010.
reliable_call() { # reliable_call SCENARIO-OF-CALLER SCENARIO-OF-CALLEE
	ends a1 b1
	say a1 move "$CALL" "${ADDR[a1]}" 40010 || fail "a1 could not move to port 40010"
	callee b1 b1 1.0 "" 1 "$2"
	printf 'SEQUENTIAL\n%s;%s;%s;%s;%s;%s\n' "$CALL" "${ADDR[a1]}" 40000 40100 no 40010 >"$TMP/$CASE.csv"
	caller_of_list a1 b1 "$TMP/$CASE.csv" 1 "" "$1"
	state b1 early
}

# Media flows both ways before the call is answered, and after it.
reliable_talk() { # reliable_talk STATE-OF-CALLER
	state a1 "$1"
	hear 25 a1 b1
	nudge b1 answer
	state a1 talking
	hear 60 a1 b1
	judge a1 b1
	nudge a1 bye
	sip_done a1 b1
}

CASES+=" offer_in_183 offer_in_prack"

# The INVITE has no SDP: the offer is in the 183, the answer in PRACK.
case_offer_in_183() {
	reliable_call caller_rel_late callee_rel_late
	reliable_talk early
}

# The 183 has the answer; PRACK has a new offer, and its 200 the answer.
case_offer_in_prack() {
	reliable_call caller_rel callee_rel
	reliable_talk changed
}

CASES+=" late_offer_fork"

# The INVITE has no SDP, and two phones ring. One has made its offer when the other one is busy.
case_late_offer_fork() {
	ends a1 p1
	# It answers in the ACK; before, the relay cannot know where it is.
	say a1 mute "$CALL"
	say b1 open "$CALL" "${ADDR[b1]}" 40100 1500 3 1 || fail "media of b1"
	callee b1 desk
	callee p1 desk
	caller a1 desk "" caller_late
	state b1 ringing
	state p1 ringing
	nudge p1 early
	state a1 early
	nudge b1 busy
	sip_done b1
	[ "$(relay_calls)" = "$CALL_ID" ] || fail "the relay has lost the call"
	nudge p1 answer
	state a1 talking
	say a1 unmute "$CALL"
	hear 50 a1 p1
	judge a1 p1
	nudge p1 bye
	sip_done a1 p1
}
