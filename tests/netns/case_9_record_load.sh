# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_record_load.sh - many recorded calls: each packet that was relayed is in a file, byte for
# byte, or counted as lost
#
# On path user 200 calls with a packet each 20 ms; in the kernel, in a guest, 1,000 calls with a
# packet a second, and 20 with one each 20 ms. Both phones of a call are p1; their ports tell whose
# a packet is. Without an attacker (ATTACK=0), who would need as much of the processor as the calls.

CASES+=" recorded_load"
LONG_CASES+=" recorded_load"
LOADS=$TMP/recorded_load
mkdir -p "$LOADS"
RELAY_OPTIONS[recorded_load]="--recording-dir=$LOADS --recording-min-free=0 --port-max=39999"

record_load() { # record_load NAME CALLS MS SECONDS PORT: runs in the background
	(ulimit -n 8192 && become_in_ns p1 "$PROGRAMS/../bench/rtp_load" -R "$TMP/load.$1" -c "$2" -i "$3" -s "$4" -l "${ADDR[p1]}" -b "$5" \
		-p "$(pid_of relay)" 198.51.100.20 2223) >"$TMP/load.$1.out" 2>&1 &
}

# Packets that the recorder says it lacks; each file may tell of the same ones.
record_lost() {
	find "$LOADS" -name '*.json' -exec cat {} + | tr -d ' \n' | grep -oE '"(ring|kernel|disk)":[0-9]+' | awk -F: '$2 > most { most = $2 } END { print most + 0 }'
}

record_load_files() { # record_load_files NUMBER: so many recordings are complete, and none is open
	[ "$(find "$LOADS" -path '*/2*' -name '*.json' | wc -l)" = "$1" ] && [ -z "$(find "$LOADS" -name '*.part')" ]
}

record_load_in_kernel() { # record_load_in_kernel CALLS: nearly all of their RTP flows have packets
	path_flows >"$TMP/load.flows"
	[ "$(awk '$2 > 0' "$TMP/load.flows" | wc -l)" -gt $(($1 * 2 - $1 / 10)) ]
}

case_recorded_load() {
	local names="fast" calls=${RECORD_CALLS:-200} slow=0 seconds=${RECORD_SECONDS:-30} sums lost pids='' pid name
	if [ "$PATH_WANTED" = kernel ]; then
		names="fast slow" calls=20 slow=${RECORD_CALLS:-1000} seconds=${RECORD_SECONDS:-60}
		record_load slow "$slow" 1000 "$seconds" 20000
		pids+=" $!"
	fi
	record_load fast "$calls" 20 "$seconds" 10000
	pids+=" $!"
	[ "$PATH_WANTED" != kernel ] || until_ok 60 record_load_in_kernel $((calls + slow)) ||
		fail "not all calls are in the kernel: $(wc -l <"$TMP/load.flows") flows of $((calls + slow)) calls"
	for pid in $pids; do
		wait "$pid" || fail "the load failed: $(cat "$TMP"/load.*.out)"
	done
	until_ok 30 record_load_files $((calls + slow)) || fail "of $((calls + slow)) recordings $(find "$LOADS" -path '*/2*' -name '*.json' | wc -l) are complete"
	for name in $names; do
		cat "$TMP/load.$name"
	done >"$TMP/load.packets"
	find "$LOADS" -name '*.pcap' -exec "$PROGRAMS/record_sums" "$TMP/load.packets" {} + >"$TMP/load.sums" 2>&1 || fail "recordings cannot be read: $(cat "$TMP/load.sums")"
	sums=$(cat "$TMP/load.sums")
	lost=$(record_lost)
	echo "recorded_load: $sums, counted as lost: $lost; $(grep -ho "rate=[0-9]*" "$TMP"/load.*.out | tr "\n" " ")packets a second" | tee -a "$LOG/record_load"
	[ "$(wc -l <"$TMP/load.sums")" = 1 ] || fail "the recordings are too many for one command"
	[ "$(value senders "$sums")" = $(((calls + slow) * 2)) ] || fail "not all phones have sent: $sums"
	[ "$(value twice "$sums")" = 0 ] && [ "$(value other "$sums")" = 0 ] || fail "the files have packets that no phone sent, or have them twice: $sums"
	[ "$(value missing "$sums")" -le "$lost" ] || fail "packets are missing that are not counted: $sums, counted $lost"
	# A load of which the relay itself loses much would show nothing.
	[ $(($(value relayed "$sums") * 100)) -ge $(($(value sent "$sums") * 95)) ] || fail "too few packets were relayed: $sums"
}
