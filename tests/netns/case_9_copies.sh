# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_copies.sh - a recorder (SIPREC) gets copies of what both parties send, by their labels, and
# cannot talk into the call
#
# The recorder is at p1; of its m= lines the first is that of the caller.

CASES+=" copies copies_killed"
RELAY_OPTIONS[copies_killed]="--state-dir=$TMP/copies_killed --firewall=pinhole"
RELAY_OPTIONS[copies]=--prompt-dir=$TMP/copies_prompts
mkdir -p "$TMP/copies_prompts"
head -c 8000 /dev/zero | tr '\0' '\325' >"$TMP/copies_prompts/hello.0" # a second

# The m= lines of an SDP: PORT LABEL DIRECTION
copy_lines() { # copy_lines SDP
	tr -d '\r' <<<"$1" | awk '
		/^m=/ { split($0, m, " "); port = m[2]; way = "" }
		/^a=(sendonly|recvonly|sendrecv|inactive)$/ { way = substr($0, 3) }
		/^a=label:/ { print port, substr($0, 9), way }'
}

tag_of() { # tag_of PHONE SCENARIO [To]: of the phone that has sent INVITE, or that has got it
	tr -d '\r' <"$LOG/$CASE.$1.$2.msg" | sed -n "s/^${3:-From}:.*;tag=//p" | head -n 1
}

recorder_sdp() { # recorder_sdp PORT...
	printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n' "${ADDR[p1]}" "${ADDR[p1]}"
	printf 'm=audio %s RTP/AVP 0\r\na=recvonly\r\n' "$@"
}

# Each stream of the recorder has all of its phone's packets to the last one, and no other's.
copied_well() { # copied_well STREAM PHONE HZ
	local copy original
	pure p1 "$3" "$1"
	copy=$(say p1 report "$1") original=$(say "$2" report "$CALL")
	[ "$(value next "$copy")" = "$(value sent "$original")" ] || fail "the recorder did not receive the last packets of $2: $copy"
	[ "$(value heard "$copy")" -gt 50 ] || fail "the recorder has $(value heard "$copy") packets of $2"
}

case_copies() {
	local reply offered lines one=$NUMBER other=$((NUMBER + 1)) stream
	ends a1 b1
	callee b1 b1
	caller a1 b1
	state b1 ringing
	nudge b1 answer
	state a1 talking
	hear 50 a1 b1
	say p1 open "$CALL.rec" "${ADDR[p1]}" 40200 700 "$NUMBER" "$one" || fail "the recorder has no port"
	say p1 open "$CALL.rec.2" "${ADDR[p1]}" 40300 800 $((NUMBER + 1)) "$other" || fail "the recorder has no port"
	NUMBER=$((NUMBER + 2))
	reply=$(ng command="subscribe request" "call-id=$CALL_ID" to-tag=srs "rtpp-flags=all siprec") || fail "subscribe request failed: $reply"
	offered=${reply#*sdp=}
	lines=$(copy_lines "$offered")
	[[ $lines =~ ^[0-9]+\ 0\ sendonly$'\n'[0-9]+\ 1\ sendonly$ ]] || fail "the recorder is offered: $lines"
	grep -q "^media-labels/0/tag=$(tag_of a1 caller)\$" <<<"$reply" || fail "label 0 is not of the caller $(tag_of a1 caller): $reply"
	ng command="subscribe answer" "call-id=$CALL_ID" to-tag=srs "sdp=$(recorder_sdp 40200 40300)"$'\r\n' >"$TMP/copies.reply" ||
		fail "subscribe answer failed: $(cat "$TMP/copies.reply")"
	# What the recorder says is heard by nobody.
	say p1 sdp "$CALL.rec" talking "${offered//a=sendonly/a=sendrecv}" || fail "the recorder cannot read its SDP"
	for stream in "$CALL.rec" "$CALL.rec.2"; do
		say p1 wait "$stream" heard '>' 50 10000 2>/dev/null || fail "the recorder received too few packets: $(say p1 report "$stream")"
		say p1 wait "$stream" rtcp_heard '>' 1 15000 2>/dev/null || fail "the recorder received too little RTCP: $(say p1 report "$stream")"
	done
	settle a1 b1
	say p1 wait "$CALL.rec*" quiet_ms '>' $((500 * SLOW)) 5000 2>/dev/null || fail "the recorder still receives packets"
	[ "$(field p1 sent "$CALL.rec")" -gt 20 ] || fail "the recorder has sent $(field p1 sent "$CALL.rec") packets"
	heard_well a1 b1
	copied_well "$CALL.rec" a1 "$CALLER_HZ"
	copied_well "$CALL.rec.2" b1 "$CALLEE_HZ"
	# A prompt for the callee is in the place of what the caller says.
	ng command="play media" "call-id=$CALL_ID" "from-tag=$(tag_of b1 callee To)" file=hello >"$TMP/copies.reply" || fail "play media failed: $(cat "$TMP/copies.reply")"
	say p1 wait "$CALL.rec" unmarked '>' 40 10000 2>/dev/null || fail "the recorder has too little of the prompt: $(say p1 report "$CALL.rec")"
	[ "$(field p1 unmarked "$CALL.rec.2")" = 0 ] || fail "the prompt for b1 is in the copy of b1 itself"
	ng command=unsubscribe "call-id=$CALL_ID" to-tag=srs >/dev/null || fail "unsubscribe failed"
	say p1 reset "$CALL.rec*"
	say a1 reset "$CALL"
	say b1 reset "$CALL"
	say a1 unmute "$CALL"
	say b1 unmute "$CALL"
	say a1 wait "$CALL" heard '>' 50 10000 2>/dev/null && say b1 wait "$CALL" heard '>' 50 10000 2>/dev/null || fail "the call does not go on"
	[ -z "$PATH_WANTED" ] || until_ok 20 path_is_taken "$CALL_ID" || fail "without a recorder not all streams take the path $PATH_WANTED: $(cat "$TMP/path.streams")"
	for stream in "$CALL.rec" "$CALL.rec.2"; do
		[ "$(field p1 heard "$stream") $(field p1 rtcp_heard "$stream")" = "0 0" ] || fail "the recorder receives packets after the end: $(say p1 report "$stream")"
	done
	say p1 close "$CALL.rec*"
	nudge a1 bye
	sip_done a1 b1
}

# The next daemon sends from the same ports, though the recorder and the proxy do nothing.
case_copies_killed() {
	local reply one=$NUMBER other=$((NUMBER + 1)) stream ports
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 ""
	both_talk p1 p2
	hear 50 p1 p2
	say p1 open "$CALL.rec" "${ADDR[p1]}" 40200 700 "$NUMBER" "$one" || fail "the recorder has no port"
	say p1 open "$CALL.rec.2" "${ADDR[p1]}" 40300 800 $((NUMBER + 1)) "$other" || fail "the recorder has no port"
	NUMBER=$((NUMBER + 2))
	reply=$(ng command="subscribe request" "call-id=$CALL_ID" to-tag=srs "rtpp-flags=all siprec") || fail "subscribe request failed: $reply"
	ng command="subscribe answer" "call-id=$CALL_ID" to-tag=srs "sdp=$(recorder_sdp 40200 40300)"$'\r\n' >"$TMP/copies.reply" ||
		fail "subscribe answer failed: $(cat "$TMP/copies.reply")"
	say p1 wait "$CALL.rec" heard '>' 50 10000 || fail "the recorder received too few packets: $(say p1 report "$CALL.rec")"
	settle p1 p2
	ports=$(relay_sockets | sort)
	relay_kill
	relay_again "$ports"
	for stream in "$CALL" "$CALL.rec" "$CALL.rec.2"; do
		say p1 reset "$stream"
	done
	say p2 reset "$CALL"
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	for stream in "$CALL.rec" "$CALL.rec.2"; do
		say p1 wait "$stream" heard '>' 60 10000 || fail "the recorder receives too few packets after the restart: $(say p1 report "$stream")"
	done
	settle p1 p2
	say p1 wait "$CALL.rec*" quiet_ms '>' $((500 * SLOW)) 5000 || fail "the recorder still receives packets"
	copied_well "$CALL.rec" p1 "$CALLER_HZ"
	copied_well "$CALL.rec.2" p2 "$CALLEE_HZ"
	say p1 close "$CALL.rec*"
	end_signalled
}
