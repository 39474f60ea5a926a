# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_record_hangs.sh - the recording disk does not answer when the relay is to end
#
# recorded_hung_disk: a FUSE file system whose server is stopped: a process that waits for it can
# be killed, as with NFS, so the relay ends. recorded_frozen_disk: a frozen ext4: no process that
# waits for it can be killed, so the relay gives up all but the process. A pause that was ordered
# meanwhile holds in both.

RECORDS=$TMP/records
for name in recorded_hung_disk recorded_frozen_disk; do
	CASES+=" $name"
	LONG_CASES+=" $name"
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--state-dir=$TMP/$name --firewall=pinhole --recording-dir=$RECORDS/$name --recording-min-free=0"
	mkdir -p "$RECORDS/$name"
done

# What the service's TimeoutStopSec leaves, in seconds.
HANG_STOP_S=5

hang_make_hung() {
	mkdir -p "$TMP/hung.disk"
	bindfs --no-allow-other -o nonempty "$TMP/hung.disk" "$HANG_DIR" || fail "bindfs does not start"
	HANG_SERVER=$(pgrep -n -f "bindfs.* $HANG_DIR") || fail "bindfs does not run"
}

hang_begin_hung() {
	kill -STOP "$HANG_SERVER"
}

hang_end_hung() {
	kill -CONT "$HANG_SERVER"
}

hang_make_frozen() {
	truncate -s 64M "$TMP/frozen.image"
	mkfs.ext4 -q "$TMP/frozen.image" && mount -o loop "$TMP/frozen.image" "$HANG_DIR" || fail "a disk in a file cannot be mounted"
}

hang_begin_frozen() {
	fsfreeze --freeze "$HANG_DIR"
}

hang_end_frozen() {
	fsfreeze --unfreeze "$HANG_DIR"
}

# Variables of the case are not set any more.
hang_over() { # hang_over DIRECTORY SERVER
	[ -z "$2" ] || kill -CONT "$2" 2>/dev/null
	fsfreeze --unfreeze "$1" 2>/dev/null
	umount -l "$1"
}

# The recorder's thread waits for the disk.
hang_is_felt() {
	local task
	for task in /proc/"$(pid_of relay)"/task/*; do
		[ "$(cat "$task/comm" 2>/dev/null)" = recorder ] || continue
		grep -qE 'fuse|request_wait|percpu_rwsem|freez' "$task/wchan" && return
	done
	return 1
}

# Its main thread has ended, and it has no port any more.
hang_gave_up() {
	local state
	state=$(ps -o stat= -p "$(pid_of relay)") || return 0
	[[ $state = Z* ]] && [ -z "$(relay_sockets)" ]
}

# A recording that begins with its call is refused, and the call is not. Then CALL_REFUSED is there.
hang_refuses() {
	local reply
	CALL_REFUSED=$CASE-refused-$1
	reply=$(ng command=offer "call-id=$CALL_REFUSED" from-tag=f record-call=yes "sdp=$(sdp_of "${ADDR[p1]}" audio 41000)"$'\r\n') || fail "a call is refused while the disk hangs: $reply"
	if grep -q '^warning=Recording refused: the recorder waits for its disk' <<<"$reply"; then
		! grep -q '^recordings' <<<"$reply" || fail "the reply says that it is recorded: $reply"
		return 0
	fi
	ng command=delete "call-id=$CALL_REFUSED" >/dev/null || fail "the call $CALL_REFUSED cannot be ended"
	return 1
}

# Orders up to the bound, in a call whose pause goes on.
hang_fill() {
	local text i=0
	text=$(head -c 60000 /dev/zero | tr '\0' x)
	while ((i % 25)) || ! hang_refuses $i; do
		do_recording "pause recording" "metadata=$text"
		[ $((i += 1)) -lt 1000 ] || fail "$i orders of 60 kB were taken while the disk hangs"
	done
	echo "$CASE: refused after $i orders of 60 kB; resident $(awk '/VmRSS/ { print $2 }' "/proc/$(pid_of relay)/status") kB" >>"$LOG/record_hangs"
	! ng "command=start recording" "call-id=$CALL_REFUSED" >"$TMP/record.reply" || fail "start recording begins it"
	grep -q 'error-reason=Recording refused: the recorder waits for its disk' "$TMP/record.reply" || fail "another error: $(cat "$TMP/record.reply")"
	[ "$(rtpproxy "R $CALL_REFUSED f")" = E98 ] || fail "R says: $(rtpproxy "R $CALL_REFUSED f")"
	! in_ns relay control/rtprelayctl --socket="$TMP/control.sock" record "$CALL_REFUSED" start >"$TMP/record.reply" 2>&1 || fail "rtprelayctl can begin it"
	grep -q 'does not answer' "$TMP/record.reply" || fail "rtprelayctl says something else: $(cat "$TMP/record.reply")"
	grep -q 'the recorder does not read its orders' "$LOG/relay.log" || fail "the log does not say that orders wait"
	ng command=delete "call-id=$CALL_REFUSED" >/dev/null || fail "the call $CALL_REFUSED cannot be ended"
}

record_disk_hangs() { # record_disk_hangs hung|frozen
	local PATH_WANTED=$PATH_WANTED HANG_DIR=$RECORDS/$CASE HANG_SERVER='' part ports heard begun
	any_path_by_bpf
	relay_end
	"hang_make_$1"
	# shellcheck disable=SC2064 # as they are now
	trap "hang_over $HANG_DIR '$HANG_SERVER'" EXIT
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]} || fail "the relay does not start: $(tail -1 "$LOG/relay.log")"
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	both_talk p1 p2
	talk_captured "$TMP/wire.1"
	part=$(find "$HANG_DIR" -name '*.pcap.part')
	until_ok 5 file_has "$part" "$TMP/wire.1" || fail "packets are not in the file after a second: $(ls -l "$part")"
	"hang_begin_$1"
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	until_ok 10 hang_is_felt || fail "the recorder does not wait for the disk"
	do_recording "pause recording"
	settle p1 p2
	talk_captured "$TMP/wire.2"
	judge p1 p2
	if [ "$1" = hung ]; then
		# Else the call ends, if the machine is busy.
		say p1 unmute "$CALL"
		say p2 unmute "$CALL"
		hang_fill
		settle p1 p2
	fi
	ports=$(relay_sockets | sort)
	begun=$SECONDS
	kill -TERM "$(pid_of relay)"
	until_ok $HANG_STOP_S hang_gave_up || fail "the relay has not ended after $((SECONDS - begun)) seconds: $(ps -L -o stat=,comm= -p "$(pid_of relay)")"
	[ "$1" = frozen ] || until_ok 1 test -s "$TMP/relay.status" || fail "the relay still runs, though its disk lets it be killed"
	grep -q 'ends without having finished' "$LOG/relay.log" && grep -q "recording $HANG_DIR/.*: not finished: its last files end with .part" "$LOG/relay.log" ||
		fail "the log does not say which files are not finished: $(tail -3 "$LOG/relay.log")"
	"hang_end_$1"
	until_ok 10 test -s "$TMP/relay.status" || fail "the relay has not ended"
	end relay TERM
	[ "$(<"$TMP/relay.status")" = 0 ] || fail "the relay ended with status $(<"$TMP/relay.status")"
	[ -e "$part" ] || fail "the file has another name now: $(find "$HANG_DIR" -type f)"
	relay_again "$ports"
	say p1 unmute "$CALL"
	say p2 unmute "$CALL"
	heard=$(field p2 heard)
	say p2 wait "$CALL" heard '>' $((heard + 50)) 5000 || fail "p2 hears nothing after the restart"
	settle p1 p2
	do_recording "start recording"
	talk_captured "$TMP/wire.3"
	end_signalled
	until_ok 5 hang_is_one || fail "the recording is not finished: $(find "$HANG_DIR" -type f)"
	readable "$RECORDING.pcap" "$RECORDING-2.pcap"
	file_must_have "$RECORDING.pcap" "$TMP/wire.1"
	packets_of "$TMP/wire.2" >"$TMP/wire.packets"
	[ -s "$TMP/wire.packets" ] && [ -z "$(comm -12 "$TMP/wire.packets" "$TMP/file.packets")" ] || fail "packets of the pause are in the file: $(comm -12 "$TMP/wire.packets" "$TMP/file.packets" | wc -l)"
	file_must_have "$RECORDING-2.pcap" "$TMP/wire.3" only
	jq -e '[.files[].why] == ["crash", "deleted"] and (.paused | length) >= 1' "$RECORDING.json" >/dev/null || fail "the JSON file says something else: $(cat "$RECORDING.json")"
}

# Of the first call, beside those that filled the queue.
hang_is_one() {
	recording_is "$HANG_DIR" "$CALL_ID-*" && [ "$(wc -l <<<"$RECORDING")" = 1 ] && [ -z "$(find "$HANG_DIR" -name '*.part' -o -path "$HANG_DIR/.open/*.json")" ]
}

case_recorded_hung_disk() {
	record_disk_hangs hung
}

case_recorded_frozen_disk() {
	record_disk_hangs frozen
}
