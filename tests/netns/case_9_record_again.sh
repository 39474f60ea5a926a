# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_record_again.sh - recordings when the relay is killed or replaced, or the directory removed
#
# Captured as in case_9_record.sh.

RECORDS=$TMP/records
for name in recorded_killed recorded_restarted recorded_removed; do
	CASES+=" $name"
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--state-dir=$TMP/$name --firewall=pinhole --recording-dir=$RECORDS/$name --recording-min-free=0"
	mkdir -p "$RECORDS/$name"
done

RELAY_OPTIONS[recorded_killed]+=" --recording-output=both"

# The file has each packet of WIRE, which were sent while it was written; with ONLY no others.
file_has() { # file_has FILE WIRE [only]
	packets_of "$2" >"$TMP/wire.packets"
	packets_of "$1" >"$TMP/file.packets"
	[ -s "$TMP/wire.packets" ] && [ -z "$(comm -23 "$TMP/wire.packets" "$TMP/file.packets")" ] || return
	[ -z "${3:-}" ] || [ -z "$(comm -13 "$TMP/wire.packets" "$TMP/file.packets")" ]
}

file_must_have() { # file_must_have FILE WIRE [only]
	file_has "$@" || fail "of $(wc -l <"$TMP/wire.packets") packets $(comm -23 "$TMP/wire.packets" "$TMP/file.packets" | wc -l) are not in ${1##*/}, which has $(comm -13 "$TMP/wire.packets" "$TMP/file.packets" | wc -l) others"
}

# tcpdump and tshark read it to the end, and find no half packet.
readable() { # readable FILE...
	local file
	for file; do
		tcpdump -nr "$file" >/dev/null 2>"$TMP/reader.log" && ! grep -qi 'truncated\|bad' "$TMP/reader.log" || fail "tcpdump cannot read ${file##*/}: $(cat "$TMP/reader.log")"
		tshark -nr "$file" >/dev/null 2>"$TMP/reader.log" && ! grep -qi 'cut short\|damaged' "$TMP/reader.log" || fail "tshark cannot read ${file##*/}: $(cat "$TMP/reader.log")"
	done
}

# One JSON file, and nothing of the recording is open.
is_one() { # is_one DIRECTORY
	recording_is "$1" '*' && [ "$(wc -l <<<"$RECORDING")" = 1 ] && [ -z "$(find "$1" -name '*.part' -o -path "$1/.open/*.json")" ]
}

# The first daemon ends; the second one has the same ports.
record_again() { # record_again TERM|KILL
	local ports reason
	ports=$(relay_sockets | sort)
	reason=$(relay_stop "$1") || fail "$reason"
	relay_again "$ports"
}

# The channels of the WAV file go at least so far, and sox plays it.
sound_goes_to() { # sound_goes_to WAV CALLERS-NEXT CALLEES-NEXT
	local left right
	"$PROGRAMS/record_sound" "$1" >"$TMP/sound.lines" 2>&1 || fail "${1##*/} cannot be read: $(cat "$TMP/sound.lines")"
	left=$(grep '^channel=1 ' "$TMP/sound.lines") right=$(grep '^channel=2 ' "$TMP/sound.lines")
	[ "$(value next "$left")" -ge "$2" ] && [ "$(value next "$right")" -ge "$3" ] ||
		fail "${1##*/} lacks sound that was a second old, of $2 and $3 packets: $left; $right"
	sox "$1" -n stat >"$TMP/reader.log" 2>&1 && ! grep -qi 'warn\|fail' "$TMP/reader.log" || fail "sox cannot play ${1##*/}: $(cat "$TMP/reader.log")"
}

# Killed in the midst of it: what was more than a second old is there, and the recording goes on.
case_recorded_killed() {
	local PATH_WANTED=$PATH_WANTED
	any_path_by_bpf
	local dir=$RECORDS/recorded_killed part sent_p1 sent_p2
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	both_talk p1 p2
	talk_captured "$TMP/wire.1"
	part=$(find "$dir" -name '*.pcap.part')
	until_ok 5 file_has "$part" "$TMP/wire.1" || fail "packets are not in the file after a second: $(ls -l "$part")"
	sent_p1=$(field p1 sent) sent_p2=$(field p2 sent)
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	hear $(($(field p1 heard) + 75)) p1 # 1.5 seconds: WAV files are written 0.2 later
	record_again KILL
	settle p1 p2
	until_ok 3 test -e "${part%.pcap.part}-2.pcap.part" || fail "the recording does not go on: $(find "$dir" -type f)"
	[ -e "${part%.part}" ] || fail "the first part is not finished: $(find "$dir" -type f)"
	talk_captured "$TMP/wire.2"
	ng command=query "call-id=$CALL_ID" >"$TMP/record.reply"
	grep -q '^recording/call recording=1' "$TMP/record.reply" || fail "query does not know the recording: $(cat "$TMP/record.reply")"

	part=$(find "$dir" -name '*-2.pcap.part')
	until_ok 5 file_has "$part" "$TMP/wire.2" || fail "packets are not in the second file after a second: $(ls -l "$part")"
	# Once more, since the second daemon has written records of the first one's call.
	record_again KILL
	talk_captured "$TMP/wire.3"
	end_signalled
	until_ok 5 is_one "$dir" || fail "the recording is not finished: $(find "$dir" -type f)"
	readable "$RECORDING.pcap" "$RECORDING-2.pcap" "$RECORDING-3.pcap"
	file_must_have "$RECORDING.pcap" "$TMP/wire.1"
	file_must_have "$RECORDING-2.pcap" "$TMP/wire.2"
	file_must_have "$RECORDING-3.pcap" "$TMP/wire.3" only
	sound_goes_to "$RECORDING.wav" "$sent_p1" "$sent_p2"
	sound_goes_to "$RECORDING-3.wav" "$(field p1 sent)" "$(field p2 sent)"
	jq -e '[.files[] | select(.format == "pcap").why] == ["crash", "crash", "deleted"] and .why == "deleted" and (.medias | length) == 1 and (.parties | length) == 2' \
		"$RECORDING.json" >/dev/null || fail "the JSON file says something else: $(cat "$RECORDING.json")"
}

# An upgrade in a pause: it holds until the proxy says so.
case_recorded_restarted() {
	local PATH_WANTED=$PATH_WANTED
	any_path_by_bpf
	local dir=$RECORDS/recorded_restarted heard
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 ""
	both_talk p1 p2
	hear 50 p1 p2
	settle p1 p2
	do_recording "start recording" recording-file=kept/one
	talk_captured "$TMP/wire.1"
	do_recording "pause recording"
	record_again TERM
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	heard=$(field p2 heard)
	say p2 wait "$CALL" heard '>' $((heard + 50)) 5000 || fail "p2 hears nothing after the restart"
	settle p1 p2
	do_recording "start recording"
	talk_captured "$TMP/wire.2"
	record_again TERM
	talk_captured "$TMP/wire.3"
	do_recording "stop recording"
	until_ok 5 is_one "$dir" || fail "the recording is not finished: $(find "$dir" -type f)"
	[ "$RECORDING" = "$dir/kept/one" ] || fail "the recording has another name: $RECORDING"
	readable "$RECORDING.pcap" "$RECORDING-2.pcap" "$RECORDING-3.pcap"
	file_must_have "$RECORDING.pcap" "$TMP/wire.1" only
	file_must_have "$RECORDING-2.pcap" "$TMP/wire.2" only
	file_must_have "$RECORDING-3.pcap" "$TMP/wire.3" only
	jq -e '[.files[].why] == ["restart", "restart", "stopped"] and .why == "stopped" and (.paused | length) >= 1 and all(.paused[]; .to != null)' \
		"$RECORDING.json" >/dev/null || fail "the JSON file says something else: $(cat "$RECORDING.json")"
	end_signalled
}

# The recording ends, and is told of; the call goes on, and the next recording is written.
case_recorded_removed() {
	local PATH_WANTED=$PATH_WANTED
	any_path_by_bpf
	local dir=$RECORDS/recorded_removed
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" watch >"$TMP/record.events" 2>"$TMP/record.events.err" &
	started watch
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	both_talk p1 p2
	hear 25 p1 p2
	until_ok 5 test -n "$(find "$dir" -name '*.pcap.part')" || fail "no file is written"
	rm -r "$dir"
	until_ok 5 has_failed || fail "nothing says that the recording has failed"
	until_ok 5 grep -q 'recording-failed.*No such file' "$TMP/record.events" || fail "there was no event: $(cat "$TMP/record.events")"
	end watch INT
	hear 100 p1 p2
	judge p1 p2
	mkdir "$dir"
	do_recording "start recording" recording-file=again
	talk_captured "$TMP/wire.1"
	end_signalled
	until_ok 5 is_one "$dir" || fail "the next recording is not finished: $(find "$dir" -type f)"
	file_must_have "$RECORDING.pcap" "$TMP/wire.1" only
}
