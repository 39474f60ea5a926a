# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_dtmf.sh - keys by telephone-event: forwarded, blocked, in the call record; none is a loss

CASES+=" dtmf"
RELAY_OPTIONS[dtmf]="--dtmf-log --cdr-file=$TMP/dtmf.cdr"

# The caller presses a key of six packets; the callee then has so many of all keys.
press() { # press EVENT PACKETS
	say a1 press "$CALL" "$1" || fail "a1 cannot press $1"
	say b1 wait "$CALL" unmarked '>' $(($2 - 1)) 5000 2>/dev/null || fail "b1 received $(field b1 unmarked) packets of keys, not $2"
	[ "$(field b1 unmarked)" = "$2" ] || fail "b1 received $(field b1 unmarked) packets of keys, not $2"
}

recorded() {
	[ -s "$TMP/dtmf.cdr" ]
}

case_dtmf() {
	sipp_with_keys
	ends a1 b1
	callee b1 b1 1.0 "" 1 callee_keys
	caller a1 b1 "" caller_keys
	state b1 ringing
	nudge b1 answer
	state a1 talking
	hear 50 a1 b1
	say b1 reset "$CALL"
	press 5 6
	ng command="block DTMF" "call-id=$CALL_ID" from-tag= >"$TMP/dtmf.reply" || fail "block DTMF failed: $(cat "$TMP/dtmf.reply")"
	press 7 6
	ng command="unblock DTMF" "call-id=$CALL_ID" >"$TMP/dtmf.reply" || fail "unblock DTMF failed: $(cat "$TMP/dtmf.reply")"
	press 11 12
	hear 50 a1 b1 # the path is as before
	nudge a1 bye
	sip_done a1 b1
	until_ok 10 recorded || fail "the call has no record"
	grep -q '"from-caller":{[^}]*"lost":0,[^}]*"dtmf":"57#"}' "$TMP/dtmf.cdr" || fail "another record: $(cat "$TMP/dtmf.cdr")"
}
