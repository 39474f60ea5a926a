# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_recording.sh - a call is recorded, twice: the files have each packet that was relayed
#
# In the module the call stays there, and the recorder reads the packets from rtprelay0. The BPF
# program cannot show them: the call leaves the kernel meanwhile.

CASES+=" recording"
RECORDINGS=$TMP/recordings
mkdir -p "$RECORDINGS"
RELAY_OPTIONS[recording]="--recording-dir=$RECORDINGS --recording-min-free=0"

# Sets sent_a1 and sent_b1.
record_sent() {
	sent_a1=$(field a1 sent) sent_b1=$(field b1 sent)
}

# No RTP stream is in the kernel, and the reason is the recording.
record_by_daemon() {
	path_streams "$CALL_ID" >"$TMP/record.streams"
	awk '$2 == "RTP" { n++; if ($4 != "user" || $0 !~ / recording$/) wrong = 1 } END { exit !n || wrong }' "$TMP/record.streams"
}

record_files() { # record_files NUMBER: so many recordings are complete, and none is open
	local open
	[ "$(find "$RECORDINGS" -path '*/2*' -name '*.json' | wc -l)" = "$1" ] || return
	open=$(find "$RECORDINGS" -name '*.part')
	[ -z "$open" ]
}

# Of the sender WHO behind the NAT at ADDRESS: each packet from the start to the end. The phones'
# counts were read before and after both commands. LATE: packets that may miss at the beginning,
# until the device has been opened.
record_judge() { # record_judge PHONE WHO ADDRESS LATE BEFORE-START AFTER-START BEFORE-STOP AFTER-STOP
	local line first next rtp
	line=$(grep "^who=$2 " "$TMP/record.packets") || fail "no packet of $1 is recorded"
	[ "$(wc -l <<<"$line")" = 1 ] || fail "packets of $1 are recorded from several addresses: $line"
	first=$(value first "$line") next=$(value next "$line") rtp=$(value rtp "$line")
	[[ $line = *" from=$3:"*" to=198.51.100.20 "*" dup=0 late=0 "* ]] || fail "other packets of $1 are recorded: $line"
	[ $((next - first)) = "$rtp" ] || fail "packets of $1 are missing in the recording: $line"
	[ "$(value rtcp "$line")" -gt 0 ] || fail "no RTCP of $1 is recorded: $line"
	# One packet may be on its way when a count is read.
	[ "$first" -ge $(($5 - 1)) ] && [ "$first" -le $(($6 + $4 * SLOW)) ] || fail "the recording of $1 does not begin at $5 to $6: $line"
	[ "$next" -ge $(($7 - 1)) ] && [ "$next" -le $(($8 + 5 * SLOW)) ] || fail "the recording of $1 does not end at $7 to $8: $line"
}

record_round() { # record_round NUMBER CALLER-WHO LATE
	local caller=$2 late=$3 a b rtcp_a1 rtcp_b1 heard pcap
	record_sent
	a="$sent_a1" b="$sent_b1"
	ng command="start recording" "call-id=$CALL_ID" >"$TMP/record.reply" || fail "start recording failed: $(cat "$TMP/record.reply")"
	record_sent
	a+=" $sent_a1" b+=" $sent_b1"
	[ "$KERNEL" != bpf ] || until_ok 5 record_by_daemon || fail "the call is not recorded by the daemon: $(cat "$TMP/record.streams")"
	heard=$(field a1 heard) rtcp_a1=$(field a1 rtcp_heard) rtcp_b1=$(field b1 rtcp_heard)
	say a1 wait "$CALL" heard '>' $((heard + 150)) 20000 || fail "a1 received too few packets"
	say a1 wait "$CALL" rtcp_heard '>' $((rtcp_a1 + 1)) 15000 || fail "a1 received too little RTCP"
	say b1 wait "$CALL" rtcp_heard '>' $((rtcp_b1 + 1)) 15000 || fail "b1 received too little RTCP"
	[ "$KERNEL" = bpf ] || path_still "$CALL_ID" a1 b1
	record_sent
	a+=" $sent_a1" b+=" $sent_b1"
	ng command="stop recording" "call-id=$CALL_ID" >"$TMP/record.reply" || fail "stop recording failed: $(cat "$TMP/record.reply")"
	record_sent
	a+=" $sent_a1" b+=" $sent_b1"
	until_ok 10 record_files "$1" || fail "the recording is not complete: $(find "$RECORDINGS" -type f | tr '\n' ' ')"
	pcap=$(find "$RECORDINGS" -name '*.pcap' -newer "$TMP/record.stamp")
	touch "$TMP/record.stamp"
	"$PROGRAMS/rtp_pcap" "$pcap" >"$TMP/record.packets" 2>&1 || fail "$pcap cannot be read: $(cat "$TMP/record.packets")"
	grep -qx unmarked=0 "$TMP/record.packets" && [ "$(grep -c ^who= "$TMP/record.packets")" = 2 ] || fail "other packets are recorded: $(cat "$TMP/record.packets")"
	# shellcheck disable=SC2086 # counts
	record_judge a1 "$caller" 198.51.100.41 "$late" $a
	# shellcheck disable=SC2086 # counts
	record_judge b1 $((caller + 1)) 198.51.100.42 "$late" $b
}

# An operator looks into the call: each packet from the first one that is shown to the last.
look_on() {
	local phone line heard
	heard=$(field a1 heard)
	become_in_ns relay control/rtprelayctl --socket="$TMP/control.sock" pcap "$CALL_ID" -w "$TMP/look.pcap" 2>"$TMP/look.log" &
	started look
	until_ok 5 test -s "$TMP/look.pcap" || fail "no look into the call begins: $(cat "$TMP/look.log")"
	say a1 wait "$CALL" heard '>' $((heard + 150)) 20000 || fail "a1 received too few packets"
	[ "$KERNEL" = bpf ] || path_still "$CALL_ID" a1 b1
	end look INT
	[ ! -s "$TMP/look.log" ] || fail "the look into the call says: $(cat "$TMP/look.log")"
	"$PROGRAMS/rtp_pcap" "$TMP/look.pcap" >"$TMP/look.packets" 2>&1 || fail "what pcap has written cannot be read: $(cat "$TMP/look.packets")"
	[ "$(grep -c ^who= "$TMP/look.packets")" = 2 ] && grep -qx unmarked=0 "$TMP/look.packets" || fail "other packets are shown: $(cat "$TMP/look.packets")"
	for phone in 41 42; do
		line=$(grep "^who=.* from=198.51.100.$phone:.* to=198.51.100.20 .* dup=0 late=0 " "$TMP/look.packets") ||
			fail "packets of 198.51.100.$phone are not shown: $(cat "$TMP/look.packets")"
		[ "$(value rtp "$line")" -ge 100 ] && [ $(($(value next "$line") - $(value first "$line"))) = "$(value rtp "$line")" ] ||
			fail "packets are missing in what pcap shows: $line"
	done
}

case_recording() {
	local who=$NUMBER
	ends a1 b1
	callee b1
	caller a1 b1
	state b1 ringing
	nudge b1 answer
	state a1 talking
	hear 50 a1 b1
	touch "$TMP/record.stamp"
	record_round 1 "$who" 25
	record_round 2 "$who" 5 # the device is open
	look_on
	[ "$KERNEL" != bpf ] || hear 300 a1 b1 # back in the kernel
	judge a1 b1
	nudge a1 bye
	sip_done a1 b1
}
