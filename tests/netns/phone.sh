# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# phone.sh - phones: sipp for SIP, rtp_end for media; commands to them, and checks of what they
# received
#
# A phone has the name of its namespace (net.sh). A call's Call-ID is "$CASE-N", N from 1; its media
# stream is named "$CALL" on both phones, a second m= line "$CALL.2".

CASE=call CALL_ID=none
CALL=1
NUMBER=256 # the number of the next sender; see rtp_mark.h
SIPP_S=90  # a scenario ends at the latest after so many seconds

say() { # say PHONE WORD...: sends a command to its rtp_end
	local words=("${@:2}")
	[ "$2" != wait ] || words[-1]=$((words[-1] * SLOW))
	"$PROGRAMS/rtp_end" "$TMP/$1.sock" "${words[@]}"
}

phone_start() { # phone_start PHONE...
	local phone
	for phone; do
		first_in_ns "$phone" "$PROGRAMS/rtp_end" --serve "$TMP/$phone.sock" 2>>"$LOG/rtp_end.log" &
		started "$phone"
	done
	for phone; do
		until_ok 5 say "$phone" ping
	done
}

# Makes the scenarios from their parts, which share one SDP.
scenarios_make() {
	local parts=tests/data/sipp sdp=sdp.part none=$TMP/nothing.part
	printf '      Content-Length: 0\n\n' >"$none"
	scenario_make caller OFFER=$sdp "ANSWER=$none" >"$TMP/caller.xml"
	scenario_make caller "OFFER=$none" ANSWER=$sdp >"$TMP/caller_late.xml"
	scenario_make callee >"$TMP/callee.xml"
	scenario_make caller_rel OFFER=$sdp PRACK=$sdp >"$TMP/caller_rel.xml"
	scenario_make callee_rel PRACK_OK=$sdp >"$TMP/callee_rel.xml"
	scenario_make caller_rel "OFFER=$none" PRACK=$sdp >"$TMP/caller_rel_late.xml"
	scenario_make callee_rel "PRACK_OK=$none" >"$TMP/callee_rel_late.xml"
	cp $parts/register.part "$TMP/register.xml"
}

# What stands for @NAME@ is in FILE; @SDP@ is sdp.part.
scenario_make() { # scenario_make PART [NAME=FILE...]
	local name edits=()
	for name in SDP=sdp.part "${@:2}"; do
		edits+=(-e "/^@${name%%=*}@\$/{r ${name#*=}" -e 'd}')
	done
	(cd tests/data/sipp && cat "$1.part" talking.part | sed "${edits[@]}")
}

proxy_of() {
	[ "$1" = s6 ] && echo "[2001:db8:1::10]:5060" || echo "198.51.100.10:5060"
}

# Replaces this shell. A message that the scenario does not expect (a late retransmission on a busy
# machine) does not end it; a message that it waits for must arrive.
sipp_run() { # sipp_run PHONE SCENARIO ARGUMENT...
	local log="$LOG/$CASE.$1.$2"
	become_in_ns "$1" sipp "$(proxy_of "$1")" -sf "$TMP/$2.xml" -i "${ADDR[$1]}" -p 5060 -nostdin -timeout $((SIPP_S * SLOW))s -timeout_error \
		-default_behaviors all,-abortunexp \
		-trace_err -error_file "$log.err" -trace_msg -message_file "$log.msg" "${@:3}" >"$log.out" 2>&1 </dev/null
}

register() { # register PHONE [USER [Q]]
	(sipp_run "$1" register -m 1 -key user "${2:-$1}" -key q "${3:-1.0}") || fail "$1 could not register"
}

sipp_is_bound() {
	[ -n "$(in_ns "$1" ss -Huln 'sport = :5060')" ]
}

# The scenarios caller_keys and callee_keys: their SDPs have telephone-event.
sipp_with_keys() {
	local name
	for name in caller callee; do
		sed -e 's,RTP/AVP 0$,RTP/AVP 0 101,' -e 's,^\( *\)a=rtpmap:0 PCMU/8000$,&\n\1a=rtpmap:101 telephone-event/8000,' \
			"$TMP/$name.xml" >"$TMP/${name}_keys.xml"
	done
}

# Registers a phone, which then waits for calls.
callee() { # callee PHONE [USER [Q [SDP-TAIL [CALLS [SCENARIO]]]]]
	register "$1" "${2:-$1}" "${3:-1.0}"
	sipp_run "$1" "${6:-callee}" -m "${5:-1}" -key user "$1" -key addr "${ADDR[$1]}" -key tell "$PROGRAMS/rtp_end $TMP/$1.sock" \
		-key sdp_tail "${4:-}" &
	echo "$1 $!" >>"$TMP/programs"
	SIPP[$1]=$!
	until_ok 5 sipp_is_bound "$1" || fail "sipp of $1 did not start"
}

# Calls the user; the callee's media port is always the caller's + 100.
caller() { # caller PHONE USER [SDP-TAIL [SCENARIO]]: one call; its port is 40000
	printf 'SEQUENTIAL\n%s;%s;%s;%s;%s\n' "$CALL" "${ADDR[$1]}" 40000 40100 no >"$TMP/$CASE-$CALL.csv"
	caller_of_list "$1" "$2" "$TMP/$CASE-$CALL.csv" 1 "${3:-}" "${4:-caller}"
}

caller_of_list() { # caller_of_list PHONE USER CSV CALLS [SDP-TAIL [SCENARIO]]
	sipp_run "$1" "${6:-caller}" -inf "$3" -m "$4" -r 25 -cid_str "$CASE-%u-$1" -key user "$1" -key callee "$2" \
		-key tell "$PROGRAMS/rtp_end $TMP/$1.sock" -key sdp_tail "${5:-}" &
	SIPP[$1]=$!
	echo "$1 $!" >>"$TMP/programs"
	CALL_ID=$CASE-1-$1
}
declare -A SIPP # process of each phone's scenario

sip_done() { # sip_done PHONE...: waits until their scenarios have ended, without an error
	local phone
	for phone; do
		until_ok 40 gone "${SIPP[$phone]}" && wait "${SIPP[$phone]}" || fail "the SIP scenario of $phone failed: $(head -c 300 "$LOG/$CASE.$phone".*.err 2>/dev/null)"
	done
}

# Makes a phone do something during a call, like a user who presses a button.
NUDGE=1
nudge() { # nudge PHONE bye|answer|early|busy|cancel|invite [ADDRESS PORT DIRECTION]
	NUDGE=$((NUDGE + 1))
	printf '%s\r\n' "NOTIFY sip:$1 SIP/2.0" "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-nudge$NUDGE" \
		"From: <sip:test@192.0.2.1>;tag=test" "To: <sip:$1@192.0.2.1>" "Call-ID: $CALL_ID" "CSeq: $NUDGE NOTIFY" \
		"X-Do: $2" "X-Addr: ${3:-none}" "X-Port: ${4:-0}" "X-Dir: ${5:-sendrecv}" "X-Version: $NUDGE" \
		"Content-Length: 0" "" >"$TMP/nudge"
	# shellcheck disable=SC2016 # for the inner shell; cat writes it as one datagram
	in_ns "$1" bash -c 'cat "$0" >"/dev/udp/$1/5060"' "$TMP/nudge" "${ADDR[$1]}"
}

state() { # state PHONE STATE: waits until the phone is in this state
	say "$1" wait "$CALL" state = "$2" 20000 2>/dev/null || fail "$1 is not $2 but $(say "$1" report "$CALL" | grep -o 'state=[^ ]*')"
}

# --- Media ----------------------------------------------------------------------------------------

# Opens the two streams of the call $CALL: each expects packets of the other. Their tones:
CALLER_HZ=440
CALLEE_HZ=1000
ends() { # ends CALLER CALLEE [mux-of-caller]
	local one=$NUMBER other=$((NUMBER + 1))
	NUMBER=$((NUMBER + 2))
	# shellcheck disable=SC2086 # a flag or nothing
	say "$1" open "$CALL" "${ADDR[$1]}" 40000 $CALLER_HZ $one $other 0 ${3:-} || fail "media of $1"
	say "$2" open "$CALL" "${ADDR[$2]}" 40100 $CALLEE_HZ $other $one || fail "media of $2"
}

field() { # field PHONE NAME [STREAM]
	say "$1" value "${3:-$CALL}" "$2"
}

# Waits until each phone has received more than PACKETS since the last reset, and more than one RTCP
# packet.
hear() { # hear PACKETS PHONE...
	local phone
	path_note "$CALL_ID" "${@:2}"
	for phone in "${@:2}"; do
		say "$phone" wait "$CALL*" heard '>' "$1" 20000 2>/dev/null || fail "$phone received too few packets: $(say "$phone" report "$CALL*")"
	done
	for phone in "${@:2}"; do
		say "$phone" wait "$CALL*" rtcp_heard '>' 1 15000 2>/dev/null || fail "$phone received too little RTCP: $(say "$phone" report "$CALL*")"
	done
}

# Makes all phones stop sending, and waits until the last packets have arrived.
settle() { # settle PHONE...
	local phone
	for phone; do
		say "$phone" mute '*'
	done
	for phone; do
		say "$phone" wait "$CALL*" quiet_ms '>' 100 5000 2>/dev/null || fail "$phone still receives packets though all phones are muted"
	done
}

# The received stream is right: the other's tone, no packet lost, none twice, none from another
# sender.
pure() { # pure PHONE HZ [STREAM]
	local expected report
	report="$(say "$1" report "${3:-$CALL}") "
	for expected in "tone=$2" lost=0 dup=0 foreign=0 unmarked=0 attack=0 rtcp_foreign=0 rtcp_attack=0; do
		[[ $report = *" $expected "* ]] || fail "$1: expected $expected in $report"
	done
}

# @1 has received the last packet that @2 sent, and all packets since the relay knew the address of
# @1, which is since the first packet of @1.
complete() { # complete PHONE OTHER [STREAM]
	local mine others
	mine=$(say "$1" report "${3:-$CALL}") others=$(say "$2" report "${3:-$CALL}")
	[ "$(value next "$mine")" = "$(value sent "$others")" ] || fail "$1 did not receive the last packets of $2"
	[ "$(value first "$mine")" = 0 ] || [ "$(value start_ms "$mine")" -le $((100 * SLOW)) ] ||
		fail "$1 received packets of $2 only $(value start_ms "$mine") ms after its own first packet"
}

value() { # value FIELD REPORT: as field, without another program
	local rest=" $2 "
	[[ $rest = *" $1="* ]] || { echo "no $1 in:$rest" >&2; return 1; }
	rest=${rest#* "$1"=}
	echo "${rest%% *}"
}

# All checks of a call with media both ways: all packets take the path PATH_WANTED, and arrive.
judge() { # judge CALLER CALLEE
	path_still "$CALL_ID" "$1" "$2"
	settle "$1" "$2"
	path_check "$CALL_ID"
	heard_well "$1" "$2"
}

heard_well() { # heard_well CALLER CALLEE
	pure "$1" $CALLEE_HZ
	pure "$2" $CALLER_HZ
	complete "$1" "$2"
	complete "$2" "$1"
}
