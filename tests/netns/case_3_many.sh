# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_3_many.sh - several ringing phones, m= lines or calls; a late offer; RTP and RTCP on one port

CASES+=" parallel_fork serial_fork two_medias late_offer rtcp_mux fifty_calls"

# Three phones: the caller receives early media of both callees.
fork_ends() { # fork_ends CALLER CALLEE CALLEE
	say "$1" open "$CALL" "${ADDR[$1]}" 40000 "$CALLER_HZ" 1 2,3 || fail "media of $1"
	say "$2" open "$CALL" "${ADDR[$2]}" 40100 "$CALLEE_HZ" 2 1 || fail "media of $2"
	say "$3" open "$CALL" "${ADDR[$3]}" 40100 1500 3 1 || fail "media of $3"
}

case_parallel_fork() {
	fork_ends a1 b1 p1
	callee b1 team
	callee p1 team
	caller a1 team
	state b1 ringing
	state p1 ringing
	nudge b1 early
	say a1 wait "$CALL" friends = 1 5000 || fail "a1 receives no early media of b1"
	say a1 wait "$CALL" heard '>' 10 5000 || fail "a1 receives no early media of b1"
	pure a1 "$CALLEE_HZ"
	nudge p1 early
	say a1 wait "$CALL" friends = 2 5000 || fail "a1 receives no early media of p1"
	nudge b1 answer
	state a1 talking
	state b1 talking
	# The phone whose branch was cancelled still sends; the relay must not forward its packets.
	state p1 cancelled
	say a1 reset "$CALL"
	say b1 reset "$CALL"
	hear 50 a1 b1
	[ "$(field a1 friends)" = 1 ] || fail "a1 receives packets of the phone whose branch was cancelled"
	judge a1 b1
	nudge a1 bye
	sip_done a1 b1 p1
}

case_serial_fork() {
	ends a1 p1
	say b1 open "$CALL" "${ADDR[b1]}" 40100 1500 3 1 || fail "media of b1"
	callee b1 desk 1.0
	callee p1 desk 0.5
	caller a1 desk
	state b1 ringing
	nudge b1 busy
	sip_done b1
	state p1 ringing
	nudge p1 answer
	state a1 talking
	hear 50 a1 p1
	judge a1 p1
	nudge p1 bye
	sip_done a1 p1
}

video_lines() { # video_lines PORT: the lines after the audio in SDP
	printf '\r\nm=video %s RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=sendrecv' "$1"
}

case_two_medias() {
	ends a1 b1
	say a1 open "$CALL.2" "${ADDR[a1]}" 40002 600 11 12 96 || fail "video of a1"
	say b1 open "$CALL.2" "${ADDR[b1]}" 40102 800 12 11 96 || fail "video of b1"
	callee b1 b1 1.0 "$(video_lines 40102)"
	caller a1 b1 "$(video_lines 40002)"
	state b1 ringing
	nudge b1 answer
	state a1 talking
	hear 60 a1 b1
	[ "$(relay_sockets | wc -l)" = 8 ] || fail "$(relay_sockets | wc -l) sockets are open for two medias, not 8"
	judge a1 b1
	pure a1 800 "$CALL.2"
	pure b1 600 "$CALL.2"
	complete a1 b1 "$CALL.2"
	complete b1 a1 "$CALL.2"
	nudge a1 bye
	sip_done a1 b1
}

# The INVITE has no SDP: the callee's offer is in its 200, the caller's answer in its ACK.
case_late_offer() {
	ends a1 b1
	callee b1
	caller a1 b1 "" caller_late
	state b1 ringing
	nudge b1 answer
	hear 60 a1 b1
	judge a1 b1
	nudge a1 bye
	sip_done a1 b1
}

# The caller uses one port for RTP and RTCP, the callee two.
case_rtcp_mux() {
	PATH_MUXED=a1
	ends a1 b1 mux
	callee b1
	caller a1 b1 $'\r\na=rtcp-mux'
	state b1 ringing
	nudge b1 answer
	state a1 talking
	[ "$(field a1 mux)" = 1 ] || fail "a1 was not offered rtcp-mux"
	[ "$(field b1 mux)" = 0 ] || fail "b1 was offered rtcp-mux"
	hear 60 a1 b1
	judge a1 b1
	nudge b1 bye
	sip_done a1 b1
}

CALLS=${CALLS:-50}
case_fifty_calls() {
	local n csv=$TMP/fifty.csv
	[ "$CALLS" = 50 ] || echo "$CASE: note: $CALLS calls, not 50"
	echo SEQUENTIAL >"$csv"
	for ((n = 1; n <= CALLS; n++)); do
		echo "$n;${ADDR[a1]};$((40000 + 4 * n));$((41000 + 4 * n));yes" >>"$csv"
		say a1 open $n "${ADDR[a1]}" $((40000 + 4 * n)) $((300 + 20 * n)) $((1000 + n)) $((2000 + n)) || fail "media of a1"
		say b1 open $n "${ADDR[b1]}" $((41000 + 4 * n)) $((1400 + 20 * n)) $((2000 + n)) $((1000 + n)) || fail "media of b1"
	done
	callee b1 b1 1.0 "" "$CALLS"
	caller_of_list a1 b1 "$csv" "$CALLS"
	say a1 wait "*" state = talking 8000 || fail "not all calls were answered: $(say a1 report "*" | cut -c1-60)"
	say b1 wait '*' state = talking 5000 || fail "not all calls were answered"
	[ "$(relay_calls | wc -l)" = "$CALLS" ] || fail "the relay lists $(relay_calls | wc -l) calls, not $CALLS"
	CALL="[0-9]"
	hear 100 a1 b1
	settle a1 b1
	for ((n = 1; n <= CALLS; n++)); do
		pure a1 $((1400 + 20 * n)) $n
		pure b1 $((300 + 20 * n)) $n
		complete a1 b1 $n
		complete b1 a1 $n
	done
	for ((n = 1; n <= CALLS; n++)); do
		CALL_ID=$CASE-$n-a1
		nudge a1 bye
	done
	sip_done a1 b1
}
