# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_8_demux.sh - RTP whose marker bit and payload type look like RTCP (64 to 95), without
# rtcp-mux: `m=audio P RTP/AVP 80`
#
# Each packet has the marker bit; RTCP goes to its own port.

CASES+=" marker_bit"
MARKER=128

typed_sdp() { # typed_sdp ADDRESS PORT PAYLOAD-TYPE
	printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %s RTP/AVP %s\r\na=rtpmap:%s L8/8000\r\n' "$1" "$1" "$2" "$3" "$3"
}

# The two ends of the call "t<PAYLOAD-TYPE>", which talk as soon as they are told where to.
typed_ends() { # typed_ends PAYLOAD-TYPE: sets CALL, CALL_ID, AT
	local one=$NUMBER other=$((NUMBER + 1))
	CALL=t$1 CALL_ID=$CASE-$1 AT=$((40000 + 4 * $1))
	NUMBER=$((NUMBER + 2))
	say p1 open "$CALL" "${ADDR[p1]}" "$AT" "$CALLER_HZ" "$one" "$other" $((MARKER | $1)) || fail "media of p1"
	say p2 open "$CALL" "${ADDR[p2]}" "$AT" "$CALLEE_HZ" "$other" "$one" $((MARKER | $1)) || fail "media of p2"
}

typed_call() { # typed_call PAYLOAD-TYPE
	local offer answer
	offer=$(ng command=offer "call-id=$CALL_ID" from-tag=f "sdp=$(typed_sdp "${ADDR[p1]}" "$AT" "$1")"$'\r\n') || fail "the offer of $1 is refused"
	answer=$(ng command=answer "call-id=$CALL_ID" from-tag=f to-tag=t "sdp=$(typed_sdp "${ADDR[p2]}" "$AT" "$1")"$'\r\n') || fail "the answer of $1 is refused"
	say p2 sdp "$CALL" talking "${offer#*sdp=}" && say p1 sdp "$CALL" talking "${answer#*sdp=}" || fail "no SDP for the phones of $1"
}

typed_calls() { # typed_calls PAYLOAD-TYPE...: calls side by side
	local pt
	for pt in "$@"; do
		typed_ends "$pt"
		typed_call "$pt"
	done
	for pt in "$@"; do
		CALL=t$pt CALL_ID=$CASE-$pt PATH_CALL=t$pt
		hear 60 p1 p2
		path_still "$CALL_ID" p1 p2
		path_move '' ".$pt"
	done
	CALL='t*'
	settle p1 p2
	for pt in "$@"; do
		CALL=t$pt CALL_ID=$CASE-$pt
		path_move ".$pt" ''
		path_check "$CALL_ID"
		heard_well p1 p2
		ng command=delete "call-id=$CALL_ID" from-tag=f >/dev/null
	done
	PATH_CALL='*'
}

case_marker_bit() {
	local types="64 72 73 80 95" # a guest is slow
	[ "$SLOW" != 1 ] || types=$(echo {64..95})
	# shellcheck disable=SC2086 # several types
	typed_calls $types
}
