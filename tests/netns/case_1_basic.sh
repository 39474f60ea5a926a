# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_1_basic.sh - calls between phones in different networks, and ways to end a call

CASES+=" different_nats symmetric_to_restricted same_nat same_symmetric_nat nat_to_public public_to_nat public_to_public
	ipv4_to_ipv6 ipv6_to_ipv4 bye_by_callee cancel busy quality_at_the_proxy"

# Makes a call and answers it.
call_up() { # call_up CALLER CALLEE
	ends "$1" "$2"
	callee "$2"
	caller "$1" "$2"
	state "$2" ringing
	nudge "$2" answer
	state "$1" talking
}

# A call with media both ways, which is checked, and ended by @3 (default: the caller).
plain_call() { # plain_call CALLER CALLEE [PHONE-THAT-ENDS]
	call_up "$1" "$2"
	hear 60 "$1" "$2"
	judge "$1" "$2"
	nudge "${3:-$1}" bye
	sip_done "$1" "$2"
}

case_different_nats() {
	plain_call a1 b1
}

case_symmetric_to_restricted() {
	plain_call b1 a1
}

case_same_nat() {
	plain_call a1 a2
}

case_same_symmetric_nat() {
	plain_call b1 b2
}

case_nat_to_public() {
	plain_call b1 p1
}

case_public_to_nat() {
	plain_call p1 b1
}

case_public_to_public() {
	plain_call p1 p2
}

case_ipv4_to_ipv6() {
	plain_call a1 s6
}

case_ipv6_to_ipv4() {
	plain_call s6 b1
}

case_bye_by_callee() {
	plain_call a1 b1 b1
}

case_cancel() {
	ends a1 b1
	callee b1
	caller a1 b1
	state b1 ringing
	state a1 ringing
	[ "$(relay_calls)" = "$CALL_ID" ] || fail "the relay does not list the ringing call"
	nudge a1 cancel
	sip_done a1 b1
	[ "$(field a1 heard)" = 0 ] || fail "a1 received packets"
}

case_busy() {
	ends a1 b1
	callee b1
	caller a1 b1
	state b1 ringing
	nudge b1 busy
	sip_done a1 b1
}

# The quality in the reply to delete is in the variables of Kamailio's module: no loss, little
# jitter.
case_quality_at_the_proxy() {
	plain_call p1 p2
	grep -qE "media of $CALL_ID: MOS 4\\.[34][0-9]*, lowest [34]\\.[0-9]+, 0(\\.0+)? % lost, jitter [0-9.]+ ms" "$LOG/kamailio.log" ||
		fail "wrong quality in Kamailio's log: $(grep -a "media of" "$LOG/kamailio.log" | tail -1)"
}
