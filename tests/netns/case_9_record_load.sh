# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_record_load.sh - many recorded calls: each packet that was relayed is in a file, byte for
# byte, or counted as lost
#
# recorded_load: on path user 200 calls with a packet each 20 ms; in the kernel, in a guest, 1,000
# calls with a packet a second, and 20 with one each 20 ms. recorded_burst: many that begin at once.
# recorded_slow_disk: the disk does not write for a while. Both phones of a call are p1; their ports
# tell whose a packet is. Without an attacker (ATTACK=0), who would need as much of the processor as
# the calls.

RECORDS=$TMP/records
CASES+=" recorded_load recorded_burst recorded_slow_disk"
LONG_CASES+=" recorded_load recorded_burst recorded_slow_disk"
for name in recorded_load recorded_burst recorded_slow_disk; do
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--recording-dir=$RECORDS/$name --recording-min-free=0 --port-max=39999"
	mkdir -p "$RECORDS/$name"
done
RELAY_OPTIONS[recorded_slow_disk]+=" --recording-ring=1"

record_load() { # record_load NAME CALLS MS SECONDS PORT: runs in the background
	(ulimit -n 8192 && become_in_ns p1 "$PROGRAMS/../bench/rtp_load" -R "$TMP/load.$1" -c "$2" -i "$3" -s "$4" -l "${ADDR[p1]}" -b "$5" \
		-p "$(pid_of relay)" 198.51.100.20 2223) >"$TMP/load.$1.out" 2>&1 &
}

# Packets that a recording says it lacks: of its own, and of whatever call, since nobody knows whose
# they were.
record_lost() { # record_lost FILE.json
	tr -d ' \n' <"$1" | grep -oE '"(ring|kernel|disk)":[0-9]+' | awk -F: '{ n += $2 } END { print n + 0 }'
}

# Each file may tell of the same ones.
record_lost_most() {
	local file
	find "$LOADS" -path '*/2*' -name '*.json' | while read -r file; do
		record_lost "$file"
	done | sort -n | tail -1
}

# Each recording that lacks packets says so itself: lines "NUMBER FILE.pcap" of record_sums.
record_load_confess() {
	local number file lost
	while read -r number file; do
		[ "$file" != - ] || fail "calls of which $number packets were relayed have no file"
		lost=$(record_lost "${file%.pcap}.json")
		[ "$number" -le "$lost" ] || fail "$number packets are missing in a recording that counts $lost: $(basename "$file"); all: $SUMS"
	done <"$TMP/load.missing"
}

record_load_files() { # record_load_files NUMBER: so many recordings are complete, and none is open
	[ "$(find "$LOADS" -path '*/2*' -name '*.json' | wc -l)" = "$1" ] && [ -z "$(find "$LOADS" -name '*.part')" ]
}

record_load_writes() { # record_load_writes CALLS: each has a file, with packets
	[ "$(find "$LOADS" -name '*.pcap.part' -size +1k | wc -l)" = "$1" ]
}

record_load_in_kernel() { # record_load_in_kernel CALLS: nearly all of their RTP flows have packets
	path_flows >"$TMP/load.flows"
	[ "$(awk '$2 > 0' "$TMP/load.flows" | wc -l)" -gt $(($1 * 2 - $1 / 10)) ]
}

record_load_reaches_kernel() { # record_load_reaches_kernel CALLS
	until_ok 60 record_load_in_kernel "$1" ||
		fail "not all calls are in the kernel: $(wc -l <"$TMP/load.flows") flows of $1 calls; $(cat "$TMP"/load.*.out)"
}

# Of the recordings in LOADS: SUMS of record_sums, and LOST, what the one counts that lacks most;
# each packet that was relayed is in its file, or counted there.
record_load_judge() { # record_load_judge PHONES PACKETS: calls of phones whose packets are in this file
	local files
	mapfile -t files < <(find "$LOADS" -path '*/2*' -name '*.pcap' ! -name "$CASE-*")
	"$PROGRAMS/record_sums" -m "$TMP/load.missing" "$2" "${files[@]}" >"$TMP/load.sums" 2>&1 || fail "recordings cannot be read: $(cat "$TMP/load.sums")"
	SUMS=$(cat "$TMP/load.sums")
	LOST=$(record_lost_most)
	echo "$CASE: $SUMS, counted as lost: $LOST; $(grep -ho "rate=[0-9]*" "$TMP"/load.*.out | tr "\n" " ")packets a second" | tee -a "$LOG/record_load"
	[ "$(value senders "$SUMS")" = "$1" ] || fail "not all phones have sent: $SUMS"
	[ "$(value twice "$SUMS")" = 0 ] && [ "$(value other "$SUMS")" = 0 ] || fail "the files have packets that no phone sent, or have them twice: $SUMS"
	record_load_confess
	# A load of which the relay itself loses much would show nothing.
	[ $(($(value relayed "$SUMS") * 100)) -ge $(($(value sent "$SUMS") * 95)) ] || fail "too few packets were relayed: $SUMS"
}

case_recorded_load() {
	local LOADS=$RECORDS/$CASE
	local names="fast" calls=${RECORD_CALLS:-200} slow=0 seconds=${RECORD_SECONDS:-30} pids='' pid name
	if [ "$PATH_WANTED" = kernel ]; then
		names="fast slow" calls=${RECORD_FAST:-20} slow=${RECORD_CALLS:-1000} seconds=${RECORD_SECONDS:-60}
		# It goes on until the others, which begin later, have ended.
		record_load slow "$slow" 1000 $((seconds * 3 / 2 + 10)) 20000
		pids+=" $!"
		record_load_reaches_kernel "$slow"
	fi
	record_load fast "$calls" 20 "$seconds" 10000
	pids+=" $!"
	[ "$PATH_WANTED" != kernel ] || record_load_reaches_kernel $((calls + slow))
	for pid in $pids; do
		wait "$pid" || fail "the load failed: $(cat "$TMP"/load.*.out)"
	done
	until_ok 30 record_load_files $((calls + slow)) || fail "of $((calls + slow)) recordings $(find "$LOADS" -path '*/2*' -name '*.json' | wc -l) are complete"
	for name in $names; do
		cat "$TMP/load.$name"
	done >"$TMP/load.packets"
	record_load_judge $(((calls + slow) * 2)) "$TMP/load.packets"
}

# Seconds from the first recording's start to the last one's
record_starts_s() {
	find "$LOADS" -path '*/2*' -name '*.json' -exec jq -r '.started | sub("\\.[0-9]+"; "") | fromdateiso8601' {} + | sort -n | awk 'NR == 1 { first = $1 } END { print $1 - first }'
}

# Many calls begin in a few seconds, each recorded from its first packet on; a packet a second.
case_recorded_burst() {
	local LOADS=$RECORDS/$CASE PATH_WANTED=$PATH_WANTED calls=${RECORD_BURST:-200} files
	any_path_by_bpf
	record_load burst "$calls" 1000 "${RECORD_SECONDS:-3}" 10000
	wait $! || fail "the load failed: $(cat "$TMP"/load.*.out)"
	until_ok 30 record_load_files "$calls" || fail "of $calls recordings $(find "$LOADS" -path '*/2*' -name '*.json' | wc -l) are complete"
	[ "$(record_starts_s)" -le $((10 * SLOW)) ] || fail "the calls have begun within $(record_starts_s) seconds, not 10"
	record_load_judge $((calls * 2)) "$TMP/load.burst"
	[ "$(value missing "$SUMS")" = 0 ] || fail "packets are missing: $SUMS"
	mapfile -t files < <(find "$LOADS" -path '*/2*' -name '*.pcap' | shuf -n 3)
	readable "${files[@]}"
}

freeze_disk() { # freeze_disk [--unfreeze]
	fsfreeze "${1:---freeze}" "$LOADS"
}

# LOADS is not set any more.
slow_disk_end() {
	fsfreeze --unfreeze "$RECORDS/recorded_slow_disk" 2>/dev/null
	umount -l "$RECORDS/recorded_slow_disk"
}

# A disk on which nothing can be written for a while, as an NFS server that is away: media goes on,
# calls begin and end, and what the ring has no room for is counted.
case_recorded_slow_disk() {
	local LOADS=$RECORDS/$CASE PATH_WANTED=$PATH_WANTED calls=${RECORD_CALLS:-40} load
	any_path_by_bpf
	relay_end
	truncate -s 256M "$TMP/slow_disk.image"
	mkfs.ext4 -q "$TMP/slow_disk.image" && mount -o loop "$TMP/slow_disk.image" "$LOADS" || fail "a disk in a file cannot be mounted"
	trap slow_disk_end EXIT
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]} || fail "the relay does not start: $(tail -1 "$LOG/relay.log")"
	record_load slow "$calls" 20 "${RECORD_SECONDS:-12}" 10000
	load=$!
	until_ok 20 record_load_writes "$calls" || fail "not all calls of the load are recorded: $(cat "$TMP/load.slow.out")"
	freeze_disk || fail "the disk cannot be frozen"
	signalled_call ng p1 "${ADDR[p1]}" 40000 "" p2 "${ADDR[p2]}" 40100 "" record-call=yes
	both_talk p1 p2
	hear 150 p1 p2
	judge p1 p2
	do_recording "pause recording"
	ng command=delete "call-id=$CALL_ID" from-tag=f >/dev/null || fail "the call cannot be ended"
	[ -z "$(find "$LOADS" -name "$CALL_ID-*")" ] || fail "the disk was not slow: $(find "$LOADS" -name "$CALL_ID-*")"
	freeze_disk --unfreeze || fail "the disk cannot be thawed"
	wait $load || fail "the load failed: $(cat "$TMP/load.slow.out")"
	until_ok 30 record_load_files $((calls + 1)) || fail "of $((calls + 1)) recordings $(find "$LOADS" -path '*/2*' -name '*.json' | wc -l) are complete"
	record_load_judge $((calls * 2)) "$TMP/load.slow"
	[ "$LOST" -gt 0 ] || fail "the ring had room for everything: this shows nothing"
	[ "$(value relayed "$SUMS")" = "$(value sent "$SUMS")" ] || fail "the slow disk has kept packets from being relayed: $SUMS"
	readable "$(find "$LOADS" -path '*/2*' -name '*.pcap' | head -1)"
}
