# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# path.sh - which way media takes through the relay, told by the relay and counted by the kernel's module
#
# While media flows, path_note waits until all of a call takes the path PATH_WANTED, for the kernel with the
# latching window closed: while it is open, or a side silent, an attacker's packet brings a stream to the daemon,
# which then looks at each. From there on, for the kernel, path_still wants that the module itself has forwarded
# whatever the phones heard, and path_check, after the last packet, that not one went through the daemon.

# user or kernel; empty for a relay that does not say it.
[ -d /sys/module/rtprelay ] && PATH_WANTED=${PATH_WANTED-kernel} || PATH_WANTED=${PATH_WANTED-user}
[ -z "${RELAY_CMD:-}" ] || PATH_WANTED=
# A phone that sends RTCP to its RTP port, while the other does not: that RTCP changes ports, in the daemon.
PATH_MUXED=

# A line for each stream that packets came to: STREAM RTP|RTCP LOCAL-ENDPOINT PATH USER-PACKETS KERNEL-PACKETS LATCH REASON
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

# RTP and RTCP come from both sides, and all is on the path that is wanted.
path_is_taken() { # path_is_taken CALL-ID
	path_rtcp_muxed >"$TMP/path.rtcp"
	path_streams "$1" >"$TMP/path.streams"
	awk -v wanted="$PATH_WANTED" -v muxed="${PATH_MUXED:+1}" '
		{ heard[$2]++ }
		$4 != wanted || (wanted == "kernel" && $7 != "locked") { ill++ }
		END { exit !(heard["RTP"] >= 2 && heard["RTCP"] >= heard["RTP"] - muxed && !ill) }' "$TMP/path.streams"
}

# The same of a call in which one side is silent: what is heard now is on the path.
path_is_taken_by_talker() { # path_is_taken_by_talker CALL-ID
	mv -f "$TMP/path.now" "$TMP/path.before"
	path_streams "$1" >"$TMP/path.now"
	awk -v wanted="$PATH_WANTED" '
		NR == FNR { before[$1] = $5 + $6; next }
		$2 == "RTP" && before[$1] && $5 + $6 > before[$1] { $4 == wanted && (wanted == "user" || $7 == "locked") ? well++ : ill++ }
		END { exit !(well && !ill) }' "$TMP/path.before" "$TMP/path.now"
}

# The flows as the module tells of them: LOCAL-ENDPOINT PACKETS STATE
path_flows() {
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" kernel | awk 'NF == 7 && $6 ~ /^[0-9]+$/ { print $2, $6, $1 }'
}

path_heard() { # path_heard PHONE...: packets of all its streams
	local phone
	for phone; do
		say "$phone" report '*'
	done | tr ' ' '\n' | awk -F= '$1 == "heard" { n += $2 } END { print n + 0 }'
}

path_note() { # path_note CALL-ID PHONE...
	[ "$PATH_WANTED" ] || return 0
	until_ok 20 path_is_taken "$1" || fail "not all takes the path $PATH_WANTED: $(cat "$TMP/path.streams")"
	# In this order: what is on its way counts as heard only if the module counts it as well.
	[ "$PATH_WANTED" = user ] || path_flows >"$TMP/path.flows"
	path_heard "${@:2}" >"$TMP/path.heard"
}

path_still() { # path_still CALL-ID PHONE...: while media flows
	[ "$PATH_WANTED" ] || return 0
	path_heard "${@:2}" >"$TMP/path.heard.now"
	[ "$PATH_WANTED" = user ] || path_module_forwarded
	path_streams "$1" >"$TMP/path.now"
	[ -s "$TMP/path.now" ] || fail "no stream of $1 is heard"
	! grep -v " $PATH_WANTED [0-9]" "$TMP/path.now" >"$TMP/path.wrong" || fail "not all takes the path $PATH_WANTED: $(cat "$TMP/path.wrong")"
}

# The module's counters of the flows of RTP have risen by as much as the phones heard, at least.
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
		fail "the module forwarded $forwarded packets of $heard that were heard: $(cat "$TMP/path.flows.now")"
}

# RTP: none by the other path. RTCP, of which a second may pass without a packet, so that the attacker makes
# the daemon look at the next one: the greater part by the path that is wanted.
path_check() { # path_check CALL-ID: after the last packet
	local allowed
	[ "$PATH_WANTED" ] || return 0
	allowed=$(($(path_rtcp_muxed) - $(cat "$TMP/path.rtcp")))
	path_streams "$1" >"$TMP/path.now"
	awk -v wanted="$PATH_WANTED" -v allowed=$allowed '
		NR == FNR { user[$1] = $5; kernel[$1] = $6; next }
		{ by["user"] = $5 - user[$1]; by["kernel"] = $6 - kernel[$1] }
		{ other = by[wanted == "user" ? "kernel" : "user"]; well[$2] += by[wanted]; ill[$2] += other }
		END { exit ill["RTP"] > allowed || ill["RTCP"] > well["RTCP"] }' "$TMP/path.streams" "$TMP/path.now" ||
		fail "packets did not take the path $PATH_WANTED: $(cat "$TMP/path.now"), before $(cat "$TMP/path.streams")"
}
