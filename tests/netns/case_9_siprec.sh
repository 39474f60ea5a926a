# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_siprec.sh - a whole SIPREC session with sipp as recorder: INVITE with SDP, labels and
# metadata, its answer, media of both parties by their labels, BYE; plain and with SRTP
#
# sipp plays the recording client too, with what the relay says: OpenSIPS, which does it in the
# field, is not among the packages. The recorder is at p1; SIP 5062, media from 40200 on.

CASES+=" siprec siprec_srtp"
SRS_PORTS=(40200 40300)

# A sipp scenario of parts: FILE with each line @NAME@ replaced.
siprec_scenario() { # siprec_scenario PART NAME=FILE... >FILE
	local name edits=()
	for name in "${@:2}"; do
		edits+=(-e "/^@${name%%=*}@\$/{r ${name#*=}" -e 'd}')
	done
	sed "${edits[@]}" "tests/data/sipp/$1"
}

siprec_sipp() { # siprec_sipp SCENARIO-FILE LOCAL-PORT ARGUMENT...: in p1; replaces this shell
	local name=${1##*/}
	become_in_ns p1 sipp -sf "$1" -i "${ADDR[p1]}" -p "$2" -m 1 -nostdin -timeout $((SIPP_S * SLOW))s -timeout_error \
		-trace_err -error_file "$LOG/$CASE.${name%.xml}.err" -trace_msg -message_file "$LOG/$CASE.${name%.xml}.msg" "${@:3}" \
		>"$LOG/$CASE.${name%.xml}.out" 2>&1 </dev/null
}

srs_is_bound() { [ -n "$(in_ns p1 ss -Huln 'sport = :5062')" ]; }

# What the recorder reads in the INVITE: PORT LABEL TAG for each m= line.
siprec_lines() {
	tr -d '\r' <"$LOG/$CASE.srs.msg" | awk '
		/^(SIP\/2.0|ACK) / { exit }
		/^m=/ { split($0, m, " "); port[++n] = m[2] }
		/^a=label:/ { label[n] = substr($0, 9) }
		/<stream label=/ { split($0, s, "\""); tag[s[2]] = s[4] }
		END { for (i = 1; i <= n; i++) print port[i], label[i], tag[label[i]] }'
}

# The recorder takes all m= lines of the offer, each at a port of its own, and the second suite.
siprec_answer() { # siprec_answer RTP/AVP|RTP/SAVP >FILE
	local port
	for port in "${SRS_PORTS[@]}"; do
		printf '      m=audio %s %s 0\n      a=recvonly\n' "$port" "$1"
		[ "$1" = RTP/AVP ] || echo "      a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
	done
}

# Subscribes for both parties, and takes the offer to the recorder; its answer goes to the relay.
siprec_begin() { # siprec_begin RTP/AVP|RTP/SAVP [KEY=VALUE...]
	local reply label
	siprec_answer "$1" >"$TMP/siprec.answer"
	siprec_scenario srs.part "ANSWER=$TMP/siprec.answer" >"$TMP/srs.xml"
	siprec_sipp "$TMP/srs.xml" 5062 &
	SRS=$!
	echo "srs $SRS" >>"$TMP/programs"
	until_ok 5 srs_is_bound || fail "sipp does not start: $(cat "$LOG/$CASE.srs.err")"
	reply=$(ng command="subscribe request" "call-id=$CALL_ID" to-tag=recorder "rtpp-flags=all siprec" "${@:2}") || fail "subscribe request failed: $reply"
	OFFERED=${reply#*sdp=}
	OFFERED=$(tr -d '\r' <<<"$OFFERED" | grep '^[a-z]=')
	while read -r label; do echo "      $label"; done <<<"$OFFERED" >"$TMP/siprec.offer"
	{
		echo '      <recording xmlns="urn:ietf:params:xml:ns:recording:1">'
		for label in 0 1; do
			echo "      <stream label=\"$label\" tag=\"$(sed -n "s,^media-labels/$label/tag=,,p" <<<"$reply")\"/>"
		done
		echo '      </recording>'
	} >"$TMP/siprec.metadata"
	siprec_scenario src.part "OFFER=$TMP/siprec.offer" "METADATA=$TMP/siprec.metadata" >"$TMP/src.xml"
	(siprec_sipp "$TMP/src.xml" 5064 -cid_str "$CASE-recording" "${ADDR[p1]}:5062") || fail "the recorder does not take the session: $(cat "$LOG/$CASE.src.err" "$LOG/$CASE.srs.err")"
	# The message after "200 OK" that has an SDP is the answer.
	tr -d '\r' <"$LOG/$CASE.src.msg" | awk '/^SIP\/2.0 200/ { on = 1 } /^ACK/ { exit } on && /^[a-z]=/' >"$TMP/siprec.answered"
	ng command="subscribe answer" "call-id=$CALL_ID" to-tag=recorder "sdp=$(sed 's/$/\r/' "$TMP/siprec.answered")"$'\n' >"$TMP/siprec.reply" ||
		fail "subscribe answer failed: $(cat "$TMP/siprec.reply" "$TMP/siprec.answered")"
}

siprec_end() {
	ng command=unsubscribe "call-id=$CALL_ID" to-tag=recorder >/dev/null || fail "unsubscribe failed"
	(siprec_sipp tests/data/sipp/src_bye.xml 5064 -cid_str "$CASE-recording" "${ADDR[p1]}:5062") || fail "the recorder takes no BYE: $(cat "$LOG/$CASE.src_bye.err")"
	until_ok 10 gone "$SRS" && wait "$SRS" || fail "the recorder's session failed: $(cat "$LOG/$CASE.srs.err")"
}

siprec_call_up() {
	ends a1 b1
	callee b1 b1
	caller a1 b1
	state b1 ringing
	nudge b1 answer
	state a1 talking
	hear 50 a1 b1
	declare -gA SPEAKER=(["$(tag_of a1 caller)"]=a1 ["$(tag_of b1 callee To)"]=b1) TONE=([a1]=$CALLER_HZ [b1]=$CALLEE_HZ)
	[ ${#SPEAKER[@]} = 2 ] || fail "the parties have no tags: ${!SPEAKER[*]}"
}

siprec_call_end() {
	nudge a1 bye
	sip_done a1 b1
}

case_siprec() {
	local i=0 label tag phone numbers=("$NUMBER" $((NUMBER + 1))) lines
	siprec_call_up
	for i in 0 1; do
		say p1 open "$CALL.rec$i" "${ADDR[p1]}" "${SRS_PORTS[i]}" $((700 + i)) "$NUMBER" "${numbers[i]}" || fail "the recorder has no port"
		NUMBER=$((NUMBER + 1))
	done
	siprec_begin RTP/AVP
	lines=$(siprec_lines)
	[ "$(wc -l <<<"$lines")" = 2 ] || fail "the recorder is told: $lines"
	for i in 0 1; do
		say p1 wait "$CALL.rec$i" heard '>' 50 10000 2>/dev/null || fail "the recorder received too few packets: $(say p1 report "$CALL.rec$i")"
		say p1 wait "$CALL.rec$i" rtcp_heard '>' 1 15000 2>/dev/null || fail "the recorder received too little RTCP: $(say p1 report "$CALL.rec$i")"
	done
	settle a1 b1
	say p1 wait "$CALL.rec*" quiet_ms '>' $((500 * SLOW)) 5000 2>/dev/null || fail "the recorder still receives packets"
	heard_well a1 b1
	i=0
	while read -r _ label tag; do
		phone=${SPEAKER[$tag]:-}
		[ "$phone" ] || fail "the recorder is told label $label is of $tag, and the parties are ${!SPEAKER[*]}"
		copied_well "$CALL.rec$i" "$phone" "${TONE[$phone]}"
		i=$((i + 1))
	done <<<"$lines"
	siprec_end
	say p1 close "$CALL.rec*"
	siprec_call_end
}

# The relay's keys are those of its offer.
case_siprec_srtp() {
	local i=0 label tag phone who keys sink
	declare -A who=([a1]=$NUMBER [b1]=$((NUMBER + 1)))
	siprec_call_up
	siprec_begin RTP/SAVP transport-protocol=RTP/SAVP
	mapfile -t keys < <(sed -nE 's/^a=crypto:[0-9]+ AES_CM_128_HMAC_SHA1_80 inline:([A-Za-z0-9+\/]{40}).*/\1/p' <<<"$OFFERED")
	[ ${#keys[@]} = 2 ] || fail "the relay offers ${#keys[@]} keys: $OFFERED"
	in_ns p1 "$PROGRAMS/srtp_sink" "${ADDR[p1]}" "${SRS_PORTS[0]}" "${keys[0]}" "${SRS_PORTS[1]}" "${keys[1]}" >"$TMP/siprec.sink" ||
		fail "the recorder hears too little: $(cat "$TMP/siprec.sink")"
	while read -r _ label tag; do
		phone=${SPEAKER[$tag]:-}
		[ "$phone" ] || fail "the recorder is told label $label is of $tag, and the parties are ${!SPEAKER[*]}"
		sink=$(sed -n "s/^${SRS_PORTS[i]} //p" "$TMP/siprec.sink")
		[[ "$sink" = *" refused=0 foreign=0 who=${who[$phone]}" ]] || fail "label $label is not of $phone alone: $sink"
		i=$((i + 1))
	done <<<"$(siprec_lines)"
	[ "$i" = 2 ] || fail "the recorder is told $i m= lines"
	siprec_end
	siprec_call_end
}
