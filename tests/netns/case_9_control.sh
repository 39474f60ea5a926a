# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_control.sh - the real Kamailio records, plays and blocks by the functions of its modules
#
# A test tells Kamailio what to do by an INFO with the call's Call-ID and tags; see
# tests/data/kamailio/control.cfg.

CASES+=" controlled rtpproxy_controlled"
MODULE[controlled]=rtpengine+control
MODULE[rtpproxy_controlled]=rtpproxy+control
for name in controlled rtpproxy_controlled; do
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--recording-dir=$TMP/control_$name --recording-min-free=0 --recording-dtmf=no --prompt-dir=$TMP/control_prompts"
	mkdir -p "$TMP/control_$name"
done
RELAY_OPTIONS[rtpproxy_controlled]+=" --recording-side=sent"
mkdir -p "$TMP/control_prompts"
head -c 8000 /dev/zero | tr '\0' '\325' >"$TMP/control_prompts/hello.0" # a second

CONTROLS=0
control() { # control WHAT FROM-TAG TO-TAG: Kamailio does it, and its function is true
	local reply
	CONTROLS=$((CONTROLS + 1))
	printf '%s\r\n' "INFO sip:control@198.51.100.10 SIP/2.0" "Via: SIP/2.0/UDP ${ADDR[p1]}:5998;rport;branch=z9hG4bK-control$CONTROLS" \
		"From: <sip:control@198.51.100.10>;tag=$2" "To: <sip:control@198.51.100.10>;tag=$3" "Call-ID: $CALL_ID" \
		"CSeq: $((1000 + CONTROLS)) INFO" "Max-Forwards: 70" "X-Do: $1" "Content-Length: 0" "" >"$TMP/control"
	# shellcheck disable=SC2016 # for the inner shell
	reply=$(in_ns p1 bash -c 'exec 3<>/dev/udp/198.51.100.10/5060; cat "$0" >&3; timeout 10 dd bs=2000 count=1 <&3 2>/dev/null' "$TMP/control" | head -1)
	[[ $reply = "SIP/2.0 200 "* ]] || fail "Kamailio's \"$1\" is refused: $reply; $(tail -2 "$LOG/kamailio.log")"
}

tags_of_call() { # sets FROM_TAG, TO_TAG from what the caller's sipp has received
	FROM_TAG=$(tr -d '\r' <"$LOG/$CASE.a1.$1.msg" | sed -n 's/^From:.*;tag=//p' | head -1)
	TO_TAG=$(tr -d '\r' <"$LOG/$CASE.a1.$1.msg" | sed -n 's/^To:.*;tag=//p' | tail -1)
	[ "$FROM_TAG" ] && [ "$TO_TAG" ] || fail "the call has no tags: $FROM_TAG, $TO_TAG"
}

# A call whose SDPs have telephone-event.
control_call_up() {
	sipp_with_keys
	ends a1 b1
	callee b1 b1 1.0 "" 1 callee_keys
	caller a1 b1 "" caller_keys
	state b1 ringing
	nudge b1 answer
	state a1 talking
	tags_of_call caller_keys
	hear 50 a1 b1
}

# The phone hears the prompt, then the other phone again.
control_plays() { # control_plays PHONE FROM-TAG TO-TAG
	say "$1" reset "$CALL"
	control play "$2" "$3"
	say "$1" wait "$CALL" unmarked '>' 20 10000 2>/dev/null || fail "$1 hears no prompt: $(say "$1" report "$CALL")"
	control "stop playing" "$2" "$3"
	say "$1" reset "$CALL"
	say "$1" wait "$CALL" heard '>' 50 10000 2>/dev/null || fail "$1 hears nothing after the prompt: $(say "$1" report "$CALL")"
}

packets_in() { # packets_in FILE PT
	tshark -nr "$1" -d udp.port==1024-65535,rtp -Y "rtp.p_type == $2" 2>/dev/null | wc -l
}

case_controlled() {
	local dir=$TMP/control_controlled
	control_call_up
	control "record as" "$FROM_TAG" "$TO_TAG"
	say b1 reset "$CALL"
	say b1 wait "$CALL" heard '>' 50 10000 2>/dev/null || fail "b1 hears nothing while the call is recorded"
	say a1 press "$CALL" 5 || fail "a1 cannot press 5"
	say b1 wait "$CALL" unmarked '>' 5 5000 2>/dev/null || fail "b1 received $(field b1 unmarked) packets of keys"
	control pause "$FROM_TAG" "$TO_TAG"
	control_plays a1 "$FROM_TAG" "$TO_TAG"
	control record "$FROM_TAG" "$TO_TAG"
	control "block keys" "$FROM_TAG" "$TO_TAG"
	say b1 reset "$CALL"
	say a1 press "$CALL" 7 || fail "a1 cannot press 7"
	say b1 wait "$CALL" heard '>' 50 10000 2>/dev/null || fail "b1 hears nothing"
	[ "$(field b1 unmarked)" = 0 ] || fail "b1 received $(field b1 unmarked) packets of a blocked key"
	control "unblock keys" "$FROM_TAG" "$TO_TAG"
	say a1 press "$CALL" 8 || fail "a1 cannot press 8"
	say b1 wait "$CALL" unmarked '>' 5 5000 2>/dev/null || fail "b1 received $(field b1 unmarked) packets of keys"
	control "stop recording" "$FROM_TAG" "$TO_TAG"
	until_ok 5 test -e "$dir/mine/one.json" || fail "the recording does not end: $(find "$dir")"
	jq -e '.why == "stopped" and .metadata == "key:value" and (.paused | length) == 1 and .paused[0].to != null
		and ([.medias[] | .caller, .callee | .rtp.packets > 50] | all)' "$dir/mine/one.json" >/dev/null ||
		fail "the JSON file says something else: $(cat "$dir/mine/one.json")"
	[ "$(packets_in "$dir/mine/one.pcap" 0)" -gt 150 ] || fail "only $(packets_in "$dir/mine/one.pcap" 0) packets of audio are recorded"
	[ "$(packets_in "$dir/mine/one.pcap" 101)" = 0 ] || fail "$(packets_in "$dir/mine/one.pcap" 101) packets of keys are recorded"
	nudge a1 bye
	sip_done a1 b1
}

case_rtpproxy_controlled() {
	local dir=$TMP/control_rtpproxy_controlled file prompt
	control_call_up
	control record "$FROM_TAG" "$TO_TAG"
	control record "$TO_TAG" "$FROM_TAG"
	control_plays a1 "$FROM_TAG" "$TO_TAG"
	nudge a1 bye
	sip_done a1 b1
	until_ok 5 recording_is "$dir" "$CALL_ID-*" || fail "the recording does not end with the call: $(find "$dir")"
	[ "$(find "$dir" -name '*.json' | wc -l)" = 1 ] || fail "one call has several recordings: $(find "$dir")"
	jq -e '[.medias[] | .caller, .callee | .rtp.packets > 50] | all' "$RECORDING.json" >/dev/null ||
		fail "the JSON file says something else: $(cat "$RECORDING.json")"
	file=$RECORDING.pcap
	prompt=$(tshark -nr "$file" -Y 'udp.payload contains d5:d5:d5:d5:d5:d5:d5:d5' 2>/dev/null | wc -l)
	[ "$prompt" -gt 15 ] || fail "only $prompt packets of the prompt are recorded"
	[ "$(packets_in "$file" 0)" -gt 100 ] || fail "only $(packets_in "$file" 0) packets of audio are recorded"
}
