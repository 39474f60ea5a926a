# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# attacks.sh - for ice/run and browser/run: strangers who attack a call with ICE and DTLS-SRTP
# (stranger.py)
#
# SIDE is what they know of the phone's side: port and ufrag of the relay, ufrag of the phone. The
# phone is at the host a1, so that a2 is behind the same NAT.

declare -a SIDE

# count NAME[,NAME...]: these counters of the relay together, without what is before the dot
count()
{
	ctl stats --all | awk -v names=",$1," '{ sub(/^.*\./, "", $1) } index(names, "," $1 ",") { n += $2 } END { print n + 0 }'
}

has_risen() # has_risen COUNTER ABOVE
{
	[ "$(count "$1")" -gt "$2" ]
}

# attack HOST KINDS PACKETS KEY=VALUE...: nothing comes back
attack()
{
	local result
	result=$(in_ns "$1" /usr/bin/python3 tests/ice/stranger.py attack "$2" "198.51.100.20:${SIDE[0]}" "$3" ufrag="${SIDE[1]}" friend="${SIDE[2]}" "${@:4}") ||
		{ echo "the stranger ends: $result"; return 1; }
	[ "$result" = 'stun=0 other=0' ] || { echo "$2: the relay has answered a stranger at $1: $result"; return 1; }
}

# counted HOST KINDS COUNTER KEY=VALUE...: nearly all packets of an attack are in this counter
counted()
{
	local had
	had=$(count "$3")
	attack "$1" "$2" 100 rate=100 "${@:4}" || return 1
	until_ok 5 has_risen "$3" $((had + 89)) || { echo "$2 from $1: $3 has risen by $(($(count "$3") - had)), not by 100"; return 1; }
}

record_media() # record_media TYPES: until all of these have come from the phone
{
	in_ns relay /usr/bin/python3 tests/ice/stranger.py record "$TMP/media" "198.51.100.20:${SIDE[0]}" "$1"
}

pair_of() # pair_of CALL: the place of its phone with ICE
{
	ctl call "$1" | sed -n 's/.*ice-pair=\([0-9.:]*\).*/\1/p' | head -n 1
}

# From another network, and from behind the phone's own NAT.
from_elsewhere()
{
	local host
	for host in attacker a2; do
		counted "$host" check ice_forged,stun_lost && counted "$host" rtp,srtp,replay not_vouched record="$TMP/media" &&
			counted "$host" swapped,consent,refuse not_vouched && counted "$host" alert,hello,finish,damaged not_vouched || return 1
	done
}

# Packets that say they are from the pair that ICE has selected.
from_its_place() # from_its_place CALL
{
	local from record="record=$TMP/media"
	from=from=$(pair_of "$1")
	counted attacker check ice_forged,stun_lost "$from" && counted attacker rtp srtp_auth "$from" && counted attacker srtp srtp_auth,srtp_replay "$from" "$record" && counted attacker replay srtp_replay "$from" "$record" &&
		counted attacker alert dtls_malformed "$from" && attack attacker swapped,consent,refuse,stun,finish,damaged,hello 1000 "$from" "$record"
}
