# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_srtp.sh - a phone with SRTP (SDES) and one without: keys of the first one, a prompt to it
#
# p1 is srtp_phone, which libsrtp2 encrypts for; p2 speaks RTP.

SRTP_PROMPTS=$TMP/srtp.prompts
CASES+=" srtp_dtmf srtp_prompt"
RELAY_OPTIONS[srtp_dtmf]="--dtmf-log --cdr-file=$TMP/srtp.cdr"
RELAY_OPTIONS[srtp_prompt]="--prompt-dir=$SRTP_PROMPTS"
SRTP_KEY=WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz

# A second of 50 frames that differ from each other, of PCMU.
mkdir -p "$SRTP_PROMPTS"
awk 'BEGIN { for (i = 0; i < 8000; i++) printf "%c", 33 + (i * 7 + int(i / 91)) % 90 }' </dev/null >"$SRTP_PROMPTS/hello.0"

srtp_sdp() { # srtp_sdp ADDRESS PORT RTP/AVP|RTP/SAVP
	printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %s %s 0 101\r\na=rtpmap:101 telephone-event/8000\r\n' "$1" "$1" "$2" "$3"
	[ "$3" = RTP/AVP ] || printf 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n' $SRTP_KEY
}

# What p1 hears is in TMP/srtp.heard; its commands go to the descriptor SRTP_PHONE.
srtp_call() {
	local reply key
	CALL_ID=$CASE-1
	say p2 open "$CALL" "${ADDR[p2]}" 40100 "$CALLEE_HZ" $((NUMBER + 1)) "$NUMBER" || fail "media of p2"
	reply=$(ng command=offer "call-id=$CALL_ID" from-tag=f transport-protocol=RTP/AVP "sdp=$(srtp_sdp "${ADDR[p1]}" 40000 RTP/SAVP)"$'\r\n') || fail "the offer is refused: $reply"
	talk_to p2 "$(port_in <<<"$reply")"
	reply=$(ng command=answer "call-id=$CALL_ID" from-tag=f to-tag=t "sdp=$(srtp_sdp "${ADDR[p2]}" 40100 RTP/AVP)"$'\r\n') || fail "the answer is refused: $reply"
	key=$(sed -nE 's/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:([A-Za-z0-9+\/]{40}).*/\1/p' <<<"$reply")
	[ "$key" ] || fail "the relay answers p1 without a key: $reply"
	rm -f "$TMP/srtp.commands" && mkfifo "$TMP/srtp.commands"
	become_in_ns p1 "$PROGRAMS/srtp_phone" "${ADDR[p1]}" 40000 198.51.100.20 "$(port_in <<<"$reply")" $SRTP_KEY "$key" "$NUMBER" \
		<"$TMP/srtp.commands" >"$TMP/srtp.heard" 2>"$LOG/$CASE.srtp_phone.err" &
	started srtp_phone
	exec {SRTP_PHONE}>"$TMP/srtp.commands"
	NUMBER=$((NUMBER + 2))
	until_ok 20 srtp_heard 50 || fail "p1 hears only $(wc -l <"$TMP/srtp.heard") packets: $(cat "$LOG/$CASE.srtp_phone.err")"
	say p2 wait "$CALL" heard '>' 50 10000 || fail "p2 hears too little of p1: $(say p2 report "$CALL")"
}

srtp_heard() { # srtp_heard PACKETS
	[ "$(wc -l <"$TMP/srtp.heard")" -ge "$1" ]
}

srtp_end() {
	exec {SRTP_PHONE}>&-
	until_ok 5 gone "$(pid_of srtp_phone)" || fail "srtp_phone does not end"
	rm -f "$TMP/srtp_phone.pid"
	! grep -q refused "$TMP/srtp.heard" || fail "$(grep -c refused "$TMP/srtp.heard") packets to p1 are not authentic"
	end_signalled
}

srtp_press() { # srtp_press EVENT PACKETS: p2 then has so many of all keys
	local heard
	echo "press $1" >&"$SRTP_PHONE"
	say p2 wait "$CALL" unmarked '>' $(($2 - 1)) 5000 2>/dev/null || fail "p2 received $(field p2 unmarked) packets of keys, not $2"
	heard=$(field p2 heard)
	say p2 wait "$CALL" heard '>' $((heard + 10)) 5000 || fail "p2 hears nothing after a key"
	[ "$(field p2 unmarked)" = "$2" ] || fail "p2 received $(field p2 unmarked) packets of keys, not $2"
}

# The relay has decrypted the key, and told it: blocked or not.
srtp_told() { # srtp_told NUMBER
	[ "$(grep -c dtmf "$TMP/srtp.events")" -ge "$1" ]
}

case_srtp_dtmf() {
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" watch >"$TMP/srtp.events" 2>"$TMP/srtp.events.err" &
	started watch
	srtp_call
	srtp_press 5 6
	ng command="block DTMF" "call-id=$CALL_ID" from-tag=f >"$TMP/dtmf.reply" || fail "block DTMF failed: $(cat "$TMP/dtmf.reply")"
	srtp_press 7 6
	until_ok 5 srtp_told 2 || fail "the keys are not told: $(cat "$TMP/srtp.events")"
	ng command="unblock DTMF" "call-id=$CALL_ID" >"$TMP/dtmf.reply" || fail "unblock DTMF failed: $(cat "$TMP/dtmf.reply")"
	srtp_press 11 12
	end watch INT
	srtp_end
	until_ok 10 test -s "$TMP/srtp.cdr" || fail "the call has no record"
	grep -q '"from-caller":{[^}]*"dtmf":"57#"}' "$TMP/srtp.cdr" || fail "another record: $(cat "$TMP/srtp.cdr")"
}

# Of what p1 has heard: the prompt is complete, byte by byte, and p2's stream goes on as if it had
# not been there: each number and time fits to the first one.
srtp_judge() {
	awk -v prompt="$(od -An -v -tx1 "$SRTP_PROMPTS/hello.0" | tr -d ' \n')" '
	function bad(why) { print why " at packet " NR ": sequence " $1 ", timestamp " $2 ", SSRC " $3; failed = 1 }
	NR == 1 { voice = $3; first = $1; time = $2 }
	$3 == voice {
		if ($2 != time + ($1 - first) * 160) bad("the stream jumps")
		if (heard && $1 != last + 1 && !(played && !after)) bad("packets are missing")
		if (played && !after && !$5) bad("no marker behind the prompt")
		if (played && !after && ($1 - last < 45 || $1 - last > 56)) bad("the prompt has taken the time of " $1 - last " packets")
		after += !!played
		heard++; last = $1
		next
	}
	{
		if ($4 != 0 || (played && $1 != number + 1) || (played && $2 != stamp + 160)) bad("the prompt jumps")
		if (!played != $5) bad("a wrong marker in the prompt")
		if (after) bad("the prompt is mixed with the stream")
		number = $1; stamp = $2; played++; text = text $6
	}
	END {
		if (played != 50 || text != prompt) { print "the prompt is another one: " played " packets"; failed = 1 }
		if (after < 50) { print "only " after + 0 " packets follow the prompt"; failed = 1 }
		exit failed
	}' "$TMP/srtp.heard"
}

case_srtp_prompt() {
	local heard reason
	srtp_call
	ng command="play media" "call-id=$CALL_ID" from-tag=f file=hello >"$TMP/prompt.reply" || fail "play media failed: $(cat "$TMP/prompt.reply")"
	grep -q '^duration=1000$' "$TMP/prompt.reply" || fail "another duration: $(cat "$TMP/prompt.reply")"
	heard=$(wc -l <"$TMP/srtp.heard")
	until_ok 10 srtp_heard $((heard + 150)) || fail "p1 hears too little: $(($(wc -l <"$TMP/srtp.heard") - heard)) packets"
	srtp_end
	reason=$(srtp_judge) || fail "$reason"
}
