# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_record.sh - recordings: each packet that was relayed, byte for byte, and nothing of a pause
#
# What the relay gets from the phones is captured at its device; the recording has to have the same
# packets, with the same addresses (recording-side is "received").

RECORDS=$TMP/records
for name in recorded recorded_disk_full; do
	CASES+=" $name"
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--recording-dir=$RECORDS/$name --recording-min-free=0"
	mkdir -p "$RECORDS/$name"
done

# BPF cannot show the packets of a recorded call: it leaves the kernel meanwhile. The caller has a
# PATH_WANTED of its own.
any_path_by_bpf() {
	[ "$KERNEL" != bpf ] || PATH_WANTED=
}

wire_open() { # wire_open FILE: begins to capture what p1 and p2 send to the relay
	local filter="udp and dst host 198.51.100.20 and dst portrange $PORT_MIN-$PORT_MAX and (src host ${ADDR[p1]} or src host ${ADDR[p2]})"
	become_in_ns relay tcpdump -i eth0 --immediate-mode -B 8192 -U -s 2048 -w "$1" "$filter" 2>"$1.log" &
	started wire
	until_ok 5 grep -q listening "$1.log" || fail "tcpdump does not start: $(cat "$1.log")"
}

wire_close() {
	end wire INT
}

packets_of() { # packets_of FILE...: a line for each that FILTER of tshark admits: addresses, ports, payload
	local file
	for file; do
		tshark -nr "$file" -Y "${FILTER:-udp}" --disable-protocol rtp --disable-protocol rtcp -T fields -e ip.src -e udp.srcport -e ip.dst -e udp.dstport -e udp.payload 2>/dev/null
	done | sort
}

# Both speak; what they send is in FILE, up to the last packet.
talk_captured() { # talk_captured FILE
	wire_open "$1"
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	hear 60 p1 p2
	settle p1 p2
	wire_close
}

recording_is() { # recording_is DIRECTORY NAME: sets RECORDING when it is finished; NAME may be a pattern
	RECORDING=$(find "$1" -path "$1/.open" -prune -o -name "$2.json" -print)
	RECORDING=${RECORDING%.json}
	[ -n "$RECORDING" ]
}

do_recording() { # do_recording COMMAND [KEY=VALUE...]
	ng "command=$1" "call-id=$CALL_ID" "${@:2}" >"$TMP/record.reply" || fail "$1 is refused: $(cat "$TMP/record.reply")"
}

# The file of a call begun by a flag of the offer; its pause holds through a re-INVITE that has it.
case_recorded() {
	local PATH_WANTED=$PATH_WANTED
	any_path_by_bpf
	local dir=$RECORDS/recorded heard since
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	wire_open "$TMP/wire.1"
	both_talk p1 p2
	hear 60 p1 p2
	settle p1 p2
	wire_close
	do_recording "pause recording"
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	signal ng offer "${ADDR[p1]}" 40000 "" record-call=yes
	signal ng answer "${ADDR[p2]}" 40100 "" record-call=yes
	heard=$(field p2 heard)
	say p2 wait "$CALL" heard '>' $((heard + 50)) 5000 || fail "p2 hears nothing while the recording is paused"
	settle p1 p2
	do_recording "start recording" recording-file=/etc/passwd
	talk_captured "$TMP/wire.2"
	ng command=delete "call-id=$CALL_ID" from-tag=f delete-delay=30 >/dev/null || fail "the call cannot be ended"
	until_ok 3 recording_is "$dir" "$CALL_ID-*" || fail "the recording does not end with the call: $(find "$dir")"
	[ -z "$(find "$dir" -name '*.part')" ] || fail "files are not finished: $(find "$dir")"
	packets_of "$TMP/wire.1" "$TMP/wire.2" >"$TMP/wire.packets"
	packets_of "$RECORDING.pcap" >"$TMP/file.packets"
	[ "$(wc -l <"$TMP/wire.packets")" -gt 240 ] || fail "only $(wc -l <"$TMP/wire.packets") packets were captured"
	cmp -s "$TMP/wire.packets" "$TMP/file.packets" ||
		fail "of $(wc -l <"$TMP/wire.packets") packets $(comm -23 "$TMP/wire.packets" "$TMP/file.packets" | wc -l) are not in the file, which has $(comm -13 "$TMP/wire.packets" "$TMP/file.packets" | wc -l) others"
	jq -e --argjson packets "$(wc -l <"$TMP/wire.packets")" '.why == "deleted" and (.paused | length) == 1 and .paused[0].to != null
		and .files[0].packets == $packets and ([.medias[] | .caller, .callee | .rtp.packets + .rtcp.packets] | add) == $packets
		and (.sdp | length) == 4' "$RECORDING.json" >/dev/null ||
		fail "the JSON file says something else: $(cat "$RECORDING.json")"
	ng command=delete "call-id=$CALL_ID" from-tag=f delete-delay=0 >/dev/null

	# Begun in mid-call, stopped, and begun again, with a name of its own; then discarded.
	say p1 close '*'
	say p2 close '*'
	CALL=2
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 ""
	both_talk p1 p2
	hear 50 p1 p2
	wire_open "$TMP/wire.1"
	do_recording "start recording" "recording-file=$dir/mine/one"
	since=$(date +%s.%N)
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	hear 60 p1 p2
	settle p1 p2
	do_recording "stop recording"
	wire_close
	until_ok 3 recording_is "$dir/mine" "one*" || fail "stop recording does not end it: $(find "$dir")"
	packets_of "$TMP/wire.1" >"$TMP/wire.packets"
	packets_of "$RECORDING.pcap" >"$TMP/file.packets"
	# All that came after the reply, and nothing that did not come.
	FILTER="frame.time_epoch >= $since" packets_of "$TMP/wire.1" >"$TMP/wire.since"
	[ "$(wc -l <"$TMP/wire.since")" -gt 120 ] || fail "only $(wc -l <"$TMP/wire.since") packets came after the reply"
	comm -23 "$TMP/wire.since" "$TMP/file.packets" >"$TMP/wire.missing"
	comm -13 "$TMP/wire.packets" "$TMP/file.packets" >"$TMP/file.others"
	[ ! -s "$TMP/wire.missing" ] && [ ! -s "$TMP/file.others" ] ||
		fail "a recording that began in mid-call lacks $(wc -l <"$TMP/wire.missing") packets, and has $(wc -l <"$TMP/file.others") others"
	do_recording "start recording" "recording-file=$dir/mine/two"
	ctl recordings | grep -qE "^$CALL_ID +[0-9]+s +records +0 +0 +$dir/mine/two.pcap\$" || fail "the recording is not listed: $(ctl recordings)"
	[ "$(ctl record "$CALL_ID" pause)" = "$dir/mine/two.pcap (paused)" ] && ctl call "$CALL_ID" | grep -q "^recording, paused: $dir/mine/two.pcap, 0 packets" &&
		[ "$(ctl record "$CALL_ID" start)" = "$dir/mine/two.pcap" ] || fail "an operator cannot pause the recording: $(ctl recordings)"
	talk_captured "$TMP/wire.2"
	until_ok 3 test -e "$dir/mine/two.pcap.part" || fail "the second recording has no file: $(find "$dir")"
	ng command=delete "call-id=$CALL_ID" from-tag=f flags=discard-recording >/dev/null || fail "the call cannot be ended"
	until_ok 3 test ! -e "$dir/mine/two.pcap.part" || fail "the recording is not discarded"
	[ -z "$(find "$dir" -name 'two*')" ] || fail "the recording is not discarded: $(find "$dir")"

	! in_ns relay daemon/rtprelayd --foreground --config=none --interface=198.51.100.20 --listen-ng=198.51.100.20:2229 --control-socket="$TMP/second.sock" \
		--port-min=20000 --port-max=20100 --kernel=off "--recording-dir=$dir" >"$TMP/second.log" 2>&1 || fail "a second daemon with the same recording-dir starts"
	grep -q "recording-dir" "$TMP/second.log" || fail "the second daemon does not say why: $(cat "$TMP/second.log")"
}

has_failed() {
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" stats --all >"$TMP/record.stats" && grep -qE '^[a-z]+\.recordings[-_ ]failed +1( |$)' "$TMP/record.stats"
}

disk_lacks_packets() {
	ctl status | grep -qE '^recording .*, failed 1, packets lost [1-9]'
}

# The recording ends with whole packets, and those that found no room are counted; the call goes on.
case_recorded_disk_full() {
	local PATH_WANTED=$PATH_WANTED
	any_path_by_bpf
	local dir=$RECORDS/recorded_disk_full
	relay_end
	trap 'umount -l "$RECORDS/recorded_disk_full"' EXIT
	mount -t tmpfs -o size=1m records "$dir"
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]} || fail "the relay does not start: $(tail -1 "$LOG/relay.log")"
	dd if=/dev/zero of="$dir/fill" bs=1k count=940 2>/dev/null
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	both_talk p1 p2
	until_ok 20 has_failed || fail "no recording has failed though the disk is full: $(df "$dir" | tail -1)"
	until_ok 3 disk_lacks_packets || fail "packets that the full disk lacks are not counted: $(ctl status | grep ^recording)"
	hear 50 p1 p2
	judge p1 p2
	until_ok 3 recording_is "$dir" "$CALL_ID-*" || rm "$dir/fill"
	tcpdump -nr "$(find "$dir" -name '*.pcap*' | head -1)" >/dev/null 2>"$TMP/tcpdump.log"
	! grep -q truncated "$TMP/tcpdump.log" || fail "the file ends in half a packet: $(cat "$TMP/tcpdump.log")"
	end_signalled
}
