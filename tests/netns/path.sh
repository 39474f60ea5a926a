# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# path.sh - the path of media, daemon or kernel: as the relay reports it and as the kernel module
# counts it
#
# While media flows, path_note waits until all streams of a call take the path PATH_WANTED. For the
# kernel path the latching window of RTP must be closed too (RTCP is never locked): while it is
# open, or while a side is silent, a packet of the attacker moves the stream to the daemon, which
# then checks each packet. For the kernel path, path_still checks that the module itself has
# forwarded all packets that the phones received since then, and path_check, after the last packet,
# that none went through the daemon.

# How the relay uses the kernel: module; bpf: KERNEL=bpf tests/netns/run. The cases are judged
# alike: rtprelayctl kernel shows the counters of either.
KERNEL=${KERNEL:-module}
[ "$KERNEL" != bpf ] || PATH_WANTED=kernel
# user or kernel. Empty only for another relay (RELAY_CMD), which does not report the path: run says
# that it is not checked.
if [ -n "${RELAY_CMD:-}" ]; then
	PATH_WANTED=
else
	[ -d /sys/module/rtprelay ] && PATH_WANTED=${PATH_WANTED:-kernel} || PATH_WANTED=${PATH_WANTED:-user}
	[ "$PATH_WANTED" = user ] || [ "$PATH_WANTED" = kernel ] || {
		echo "netns: PATH_WANTED must be user or kernel, not $PATH_WANTED" >&2
		exit 2
	}
fi
# A phone that uses rtcp-mux while the other does not: the daemon moves its RTCP to the other port.
PATH_MUXED=
# Pattern of the names that the phones give to the call's streams, where they have other calls, too.
PATH_CALL='*'

# A line for each stream that has received packets:
# STREAM RTP|RTCP LOCAL-ENDPOINT PATH USER-PACKETS KERNEL-PACKETS LATCH REASON
path_streams() { # path_streams CALL-ID
	ng command=query "call-id=$1" | awk -F= '
		match($1, /^tags\/.*\/streams\/[01]\//) {
			at = substr($1, 1, RLENGTH - 1)
			key = substr($1, RLENGTH + 1)
			value[at, key] = $2
			if (key == "stats/packets" && $2 > 0)
				heard[at] = $2
		}
		END {
			for (at in heard) {
				host = value[at, "local address"]
				if (value[at, "family"] == "IPv6")
					host = "[" host "]"
				kernel = value[at, "kernel packets"] + 0
				gsub(" ", "_", value[at, "path reason"])
				print at, value[at, "flags/0"], host ":" value[at, "local port"], value[at, "path"], \
					heard[at] - kernel, kernel, value[at, "latch"], value[at, "path reason"]
			}
		}'
}

path_rtcp_muxed() {
	[ -z "$PATH_MUXED" ] && echo 0 || field "$PATH_MUXED" rtcp_sent
}

# RTP and RTCP arrive from both sides, and all streams take the path PATH_WANTED.
path_is_taken() { # path_is_taken CALL-ID
	path_rtcp_muxed >"$TMP/path.rtcp"
	path_streams "$1" >"$TMP/path.streams"
	awk -v wanted="$PATH_WANTED" -v muxed="${PATH_MUXED:+1}" '
		{ heard[$2]++ }
		$4 != wanted || (wanted == "kernel" && $2 == "RTP" && $7 != "locked") { wrong++ }
		END { exit !(heard["RTP"] >= 2 && heard["RTCP"] >= heard["RTP"] - muxed && !wrong) }' "$TMP/path.streams"
}

# The same for a call in which one side is silent: streams with new packets take the path.
path_is_taken_by_talker() { # path_is_taken_by_talker CALL-ID
	mv -f "$TMP/path.now" "$TMP/path.before"
	path_streams "$1" >"$TMP/path.now"
	awk -v wanted="$PATH_WANTED" '
		NR == FNR { before[$1] = $5 + $6; next }
		$2 == "RTP" && before[$1] && $5 + $6 > before[$1] { $4 == wanted && (wanted == "user" || $7 == "locked") ? right++ : wrong++ }
		END { exit !(right && !wrong) }' "$TMP/path.before" "$TMP/path.now"
}

# The flows as the module reports them: LOCAL-ENDPOINT PACKETS STATE
path_flows() {
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" kernel | awk 'NF >= 7 && $6 ~ /^[0-9]+$/ { print $2, $6, $1 }'
}

path_heard() { # path_heard PHONE...: packets that all their streams of the call have received
	local phone
	for phone; do
		say "$phone" report "$PATH_CALL"
	done | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^heard=/) n += substr($i, 7) } END { print n + 0 }'
}

path_note() { # path_note CALL-ID PHONE...
	[ "$PATH_WANTED" ] || return 0
	until_ok 20 path_is_taken "$1" || fail "not all streams take the path $PATH_WANTED: $(cat "$TMP/path.streams")"
	# The module first: otherwise a packet between the two could be counted by the phones only.
	[ "$PATH_WANTED" = user ] || path_flows >"$TMP/path.flows"
	path_heard "${@:2}" >"$TMP/path.heard"
}

# For calls side by side: what path_note has noted of one of them is put away, and taken again.
path_move() { # path_move SUFFIX NEW-SUFFIX
	local file
	[ "$PATH_WANTED" ] || return 0
	for file in streams rtcp; do
		mv "$TMP/path.$file$1" "$TMP/path.$file$2"
	done
}

path_still() { # path_still CALL-ID PHONE...: while media flows
	[ "$PATH_WANTED" ] || return 0
	path_heard "${@:2}" >"$TMP/path.heard.now"
	[ "$PATH_WANTED" = user ] || path_module_forwarded
	path_streams "$1" >"$TMP/path.now"
	[ -s "$TMP/path.now" ] || fail "no stream of $1 has received packets"
	! grep -v " $PATH_WANTED [0-9]" "$TMP/path.now" >"$TMP/path.wrong" || fail "not all streams take the path $PATH_WANTED: $(cat "$TMP/path.wrong")"
}

# The module's counters of the RTP flows have risen at least by the number of packets that the
# phones received.
path_module_forwarded() {
	local rtp forwarded heard
	path_flows >"$TMP/path.flows.now"
	rtp=$(awk '$2 == "RTP" { print $3 }' "$TMP/path.streams")
	forwarded=$(awk -v list="$rtp" '
		BEGIN { n = split(list, local, "\n"); for (i = 1; i <= n; i++) rtp[local[i]] = 1 }
		!($1 in rtp) { next }
		NR == FNR { then[$1] = $2; next }
		$3 == "ok" { sum += $2 - then[$1] }
		END { print sum + 0 }' "$TMP/path.flows" "$TMP/path.flows.now")
	heard=$(($(cat "$TMP/path.heard.now") - $(cat "$TMP/path.heard")))
	[ "$heard" -gt 0 ] && [ "$forwarded" -ge "$heard" ] ||
		fail "the module forwarded $forwarded packets, the phones received $heard: $(cat "$TMP/path.flows.now")"
}

# RTP: no packet took the other path. RTCP: most packets took the path PATH_WANTED. More than a
# second may pass between RTCP packets; a packet of the attacker in this time moves the stream to
# the daemon.
path_check() { # path_check CALL-ID: after the last packet
	local allowed
	[ "$PATH_WANTED" ] || return 0
	allowed=$(($(path_rtcp_muxed) - $(cat "$TMP/path.rtcp")))
	path_streams "$1" >"$TMP/path.now"
	awk -v wanted="$PATH_WANTED" -v allowed=$allowed '
		NR == FNR { user[$1] = $5; kernel[$1] = $6; next }
		{ by["user"] = $5 - user[$1]; by["kernel"] = $6 - kernel[$1] }
		{ other = by[wanted == "user" ? "kernel" : "user"]; right[$2] += by[wanted]; wrong[$2] += other }
		END { exit wrong["RTP"] > allowed || wrong["RTCP"] > right["RTCP"] }' "$TMP/path.streams" "$TMP/path.now" ||
		fail "packets did not take the path $PATH_WANTED: $(cat "$TMP/path.now"), before $(cat "$TMP/path.streams")"
}
