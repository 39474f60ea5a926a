# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_record_sound.sh - files of a recording as programs that are not ours read them: pcap in
# tshark, WAV in sox
#
# The caller sends one tone, the callee another one. In between the caller's packets are lost for a
# second: the gap has its length in the file, and both sides stay aligned.

RECORDS=$TMP/records
CASES+=" recorded_sound"
RELAY_OPTIONS[recorded_sound]="--recording-dir=$RECORDS/recorded_sound --recording-min-free=0 --recording-output=both"
mkdir -p "$RECORDS/recorded_sound"

# The row of "tshark -z rtp,streams" of a sender: its packets, those that are missing, payload type
sound_stream() { # sound_stream PCAP ADDRESS PORT RELAY-PORT SSRC
	tshark -nr "$1" -d "udp.port==$FOR_A,rtp" -d "udp.port==$FOR_B,rtp" -q -z rtp,streams 2>/dev/null |
		awk -v from="$2 $3" -v to="198.51.100.20 $4" -v ssrc="$(printf '0x%08X' "$5")" '
			$3 " " $4 == from && $5 " " $6 == to && toupper($7) == toupper(ssrc) { print $9, $10, $8 }'
}

# How loud the channel is at a frequency, in millionths of the loudest: between the multiples of 50
# Hz that the phones' marks make, of which there is one for each packet
sound_level() { # sound_level WAV CHANNEL HZ
	sox "$1" -n remix "$2" sinc -t 8 "$(($3 - 8))-$(($3 + 8))" stat 2>&1 | awk '/^RMS +amplitude/ { print int($3 * 1000000) }'
}

# The channel has its own tone, and not that of the other.
sound_is() { # sound_is WAV CHANNEL HZ OTHER-HZ
	local mine others
	mine=$(sound_level "$1" "$2" "$3") others=$(sound_level "$1" "$2" "$4")
	[ "$mine" -gt 20000 ] && [ "$mine" -gt $((others * 5)) ] ||
		fail "sox hears channel $2 with $mine at $3 Hz and $others at $4 Hz"
}

# A line of record_sound: each packet from the first one on is where its count says, but LOST.
sound_judge() { # sound_judge LINE WHO HZ SENT LOST
	local first next
	first=$(value first "$1") next=$(value next "$1")
	[ "$(value who "$1")" = "$2" ] && [ "$(value tone "$1")" = "$3" ] || fail "the WAV file has another sender or tone: $1"
	[ "$(value moved "$1")" = 0 ] && [ "$(value noise "$1")" = 0 ] || fail "packets are not where their timestamps say, or silence is none: $1"
	[ "$next" = "$4" ] && [ $((next - first - $(value packets "$1"))) = "$5" ] || fail "the WAV file lacks packets, of $4 that were sent and $5 that were lost: $1"
}

case_recorded_sound() {
	local PATH_WANTED=$PATH_WANTED who=$NUMBER begin lost sent_p1 sent_p2 left right wav ahead frames
	any_path_by_bpf
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	both_talk p1 p2
	hear 60 p1 p2
	say p1 lose "$CALL" 1
	begin=$(field p1 sent)
	say p1 wait "$CALL" sent '>' $((begin + 49)) 5000 || fail "p1 does not send"
	say p1 lose "$CALL" 0
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	hear 60 p1 p2
	settle p1 p2
	sent_p1=$(field p1 sent) sent_p2=$(field p2 sent)
	end_signalled
	until_ok 5 recording_is "$RECORDS/recorded_sound" "$CALL_ID-*" || fail "the recording is not finished: $(find "$RECORDS/recorded_sound" -type f)"
	wav=$RECORDING.wav

	"$PROGRAMS/record_sound" "$wav" >"$TMP/sound.lines" 2>&1 || fail "the WAV file cannot be read: $(cat "$TMP/sound.lines")"
	left=$(grep '^channel=1 ' "$TMP/sound.lines") right=$(grep '^channel=2 ' "$TMP/sound.lines")
	lost=$(($(value next "$left") - $(value first "$left") - $(value packets "$left")))
	[ "$lost" -ge 45 ] && [ "$lost" -le $((60 * SLOW)) ] || fail "of the caller $lost packets are missing, of about 50 that were lost: $left"
	sound_judge "$left" "$who" "$CALLER_HZ" "$sent_p1" "$lost"
	sound_judge "$right" $((who + 1)) "$CALLEE_HZ" "$sent_p2" 0
	# What both phones sent at one time is at one place.
	ahead=$(($(value zero_ms "$left") - $(value zero_ms "$right")))
	[ ${ahead#-} -le $((60 * SLOW)) ] || fail "the sides are $ahead ms apart: $left; $right"

	sound_is "$wav" 1 "$CALLER_HZ" "$CALLEE_HZ"
	sound_is "$wav" 2 "$CALLEE_HZ" "$CALLER_HZ"
	frames=$(value frames "$(tail -1 "$TMP/sound.lines")")
	[ "$(soxi -s "$wav") $(soxi -c "$wav") $(soxi -r "$wav")" = "$frames 2 8000" ] || fail "sox sees another format: $(soxi "$wav" 2>&1)"
	# From the first packet to the end of the last one.
	[ $((frames - $(value begin "$right"))) -ge $((sent_p2 * 160 - 8000 * SLOW)) ] || fail "the WAV file has $frames samples, of $sent_p2 packets"
	jq -e --argjson bytes "$(stat -c %s "$wav")" --argjson packets $(($(value packets "$left") + $(value packets "$right"))) '.files[] | select(.format == "wav")
		| .bytes == $bytes and .packets == $packets' "$RECORDING.json" >/dev/null || fail "the JSON file says something else: $(cat "$RECORDING.json")"

	readable "$RECORDING.pcap"
	[ "$(sound_stream "$RECORDING.pcap" "${ADDR[p1]}" 40000 "$FOR_A" "$who")" = "$(value packets "$left") $lost g711U" ] ||
		fail "tshark does not see the caller's $(value packets "$left") packets, with $lost missing: $(tshark -nr "$RECORDING.pcap" -d "udp.port==$FOR_A,rtp" -d "udp.port==$FOR_B,rtp" -q -z rtp,streams 2>&1)"
	[ "$(sound_stream "$RECORDING.pcap" "${ADDR[p2]}" 40100 "$FOR_B" $((who + 1)))" = "$(value packets "$right") 0 g711U" ] ||
		fail "tshark does not see the callee's $(value packets "$right") packets: $(tshark -nr "$RECORDING.pcap" -d "udp.port==$FOR_A,rtp" -d "udp.port==$FOR_B,rtp" -q -z rtp,streams 2>&1)"
}
