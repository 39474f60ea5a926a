# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_7_destination.sh - a caller whose SDP names the relay itself: media must not go there
#
# p1 is the caller and the callee of his own call: one of his SDPs names a control socket of the
# relay, and what he sends to the other side's port has a command in it. As media it leaves from
# the relay's own address, which control-allow allows. In a packet of RTP the command follows the
# header, which stands for the cookie.

CASES+=" command_in_media_ng command_in_media_rtpproxy command_in_media_ipv6 command_in_media_by_nat
	media_to_local_services command_at_later_address"

RTP_AS_COOKIE='\x80\x00\x01\x02aaaabbbb'
NG_LIST='d7:command4:liste'
CONTROL="control socket of the relay"
# At all addresses, also at those that come later.
LISTEN_ALL="--listen-ng=2224 --listen-rtpproxy=udp:22224"
# A guest may be so slow that these calls, most of them silent, would time out.
SLOW_CALLS="--timeout=3600"
for name in in_media_ng in_media_rtpproxy in_media_ipv6 at_later_address; do
	RELAY_OPTIONS[command_$name]="$LISTEN_ALL $SLOW_CALLS"
done
RELAY_OPTIONS[command_in_media_by_nat]=$SLOW_CALLS
RELAY_OPTIONS[media_to_local_services]="$SLOW_CALLS --listen-ng=127.0.0.1:2223 --media-deny=local:0-1023 --media-deny=198.51.100.8/30:5060-5061"

counter() { # counter OF.NAME
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" stats --all | awk -v name="$1" '$1 == name { print $2 }'
}

counter_is_above() { # counter_is_above OF.NAME NUMBER
	[ "$(counter "$1")" -gt "$2" ]
}

own_address() { # own_address ADDRESS: one of p1's, of the same family
	[[ $1 = *:* ]] && echo 2001:db8:1::31 || echo 198.51.100.31
}

relay_address() { # relay_address ADDRESS: one of the relay's, of the same family
	[[ $1 = *:* ]] && echo 2001:db8:1::20 || echo 198.51.100.20
}

sdp_of() { # sdp_of ADDRESS MEDIA PORT
	local family=IP4 format="RTP/AVP 0"
	[[ $1 = *:* ]] && family=IP6
	[ "$2" = audio ] || format="udptl t38"
	printf 'v=0\r\no=- 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=%s\r\n' $family "$1" $family "$1" "$2 $3 $format"
}

port_in() { # the port of the first m= line of a reply
	tr -d '\r' | sed -n 's/^m=[a-z]* \([0-9]*\) .*/\1/p' | head -1
}

# A call in which the SDP of side a or b names ADDRESS and PORT; the other side is p1. Sets GIVEN:
# the port that p1 was given.
ng_call_naming() { # ng_call_naming a|b CALL-ID ADDRESS MEDIA PORT
	local offer answer reply
	offer=$(sdp_of "$3" "$4" "$5") answer=$(sdp_of "$(own_address "$3")" "$4" 4000)
	[ "$1" = a ] || { reply=$offer offer=$answer answer=$reply; }
	reply=$(ng command=offer "call-id=$2" from-tag=f "sdp=$offer"$'\r\n') || fail "the offer of $2 is refused"
	GIVEN=$(port_in <<<"$reply")
	reply=$(ng command=answer "call-id=$2" from-tag=f to-tag=t "sdp=$answer"$'\r\n') || fail "the answer of $2 is refused"
	[ "$1" = a ] || GIVEN=$(port_in <<<"$reply")
}

rtpproxy() { # rtpproxy COMMAND: prints the reply without its cookie
	# shellcheck disable=SC2016 # for the inner shell
	in_ns proxy bash -c 'exec 3<>/dev/udp/198.51.100.20/22222
		printf "%s %s" "c_$$" "$1" >&3
		reply=$(timeout 5 dd bs=2000 count=1 <&3 2>/dev/null)
		echo "${reply#* }"' ask "$1"
}

# The same by the rtpproxy protocol, which names no kind of media: any packet passes.
rtpproxy_call_naming() { # rtpproxy_call_naming a|b CALL-ID ADDRESS any PORT
	local of_a="$3 $5" of_b reply six=
	[[ $3 = *:* ]] && six=6
	of_b="$(own_address "$3") 4000"
	[ "$1" = a ] || { reply=$of_a of_a=$of_b of_b=$reply; }
	GIVEN=$(rtpproxy "U$six $2 $of_a f")
	reply=$(rtpproxy "L$six $2 $of_b f t")
	[ "$1" = a ] || GIVEN=$reply
	GIVEN=${GIVEN%% *}
	[[ $GIVEN = +([0-9]) ]] || fail "the session $2 is refused: $GIVEN"
}

# Sends PAYLOAD, with the escapes of printf, ten times from one port; prints what is answered.
say_to_relay() { # say_to_relay ADDRESS PORT PAYLOAD
	# shellcheck disable=SC2016 # for the inner shell
	in_ns p1 bash -c 'exec 3<>"/dev/udp/$1/$2"
		for i in {1..10}; do
			printf "$3" >&3
		done
		timeout 0.3 dd bs=2000 count=1 <&3 2>/dev/null | tr -cd "[:print:]"' say "$1" "$2" "$3" 2>/dev/null
}

# The commands never arrive: each packet is counted by COUNTER instead.
command_is_not_answered() { # command_is_not_answered RELAY-ADDRESS PORT PAYLOAD COUNTER
	local counted requests answer now
	counted=$(counter "$4") requests=$(counter daemon.requests)
	answer=$(say_to_relay "$1" "$2" "$3")
	until_ok 3 counter_is_above "$4" $((counted + 9)) ||
		fail "of 10 packets with a command $(($(counter "$4") - counted)) are counted by $4"
	now=$(counter daemon.requests)
	[ "$now" = "$requests" ] || fail "$((now - requests)) commands in media were executed"
	[ -z "$answer" ] || fail "a command in media is answered: $answer"
}

# A call is set up by its own protocol; the forbidden side is counted and named in the log, the
# call goes on, and nothing that is sent there arrives.
attack() { # attack ng|rtpproxy a|b ADDRESS MEDIA PORT PAYLOAD [WHY]
	local before
	before=$(counter user.media_denied)
	CALL_ID=$CASE-$((++N_ATTACKS))
	"$1_call_naming" "$2" "$CALL_ID" "$3" "$4" "$5"
	until_ok 3 counter_is_above user.media_denied "$before" || fail "$1, side $2: $3 $4 $5 is not counted by media_denied"
	until_ok 3 grep -qF "$CALL_ID] media 1: RTP of the $([ "$2" = a ] && echo caller || echo callee): $(endpoint "$3" "$5") is refused as a destination (${7:-$CONTROL})" "$LOG/relay.log" ||
		fail "the log does not say why $3 $5 is refused"
	command_is_not_answered "$(relay_address "$3")" "$GIVEN" "$6" drop.destination
	relay_calls | grep -qx "$CALL_ID" || fail "the call $CALL_ID is gone"
	end_attack
}

endpoint() { # endpoint ADDRESS PORT
	[[ $1 = *:* ]] && echo "[$1]:$2" || echo "$1:$2"
}

end_attack() {
	ng command=delete "call-id=$CALL_ID" from-tag=f >/dev/null
}

case_command_in_media_ng() {
	local N_ATTACKS=0
	attack ng a 198.51.100.20 audio 2223 "$RTP_AS_COOKIE $NG_LIST"
	attack ng b 198.51.100.20 audio 2224 "$RTP_AS_COOKIE $NG_LIST"
	attack ng a 198.51.100.20 audio 22222 "$RTP_AS_COOKIE X"
	attack ng b 198.51.100.20 image 2223 "c_1 $NG_LIST"
	attack ng a 198.51.100.20 image 22224 "c_2 X"
}

case_command_in_media_rtpproxy() {
	local N_ATTACKS=0
	attack rtpproxy a 198.51.100.20 any 22222 "c_3 X"
	attack rtpproxy b 198.51.100.20 any 22224 "$RTP_AS_COOKIE X"
	attack rtpproxy a 198.51.100.20 any 2223 "c_4 $NG_LIST"
}

case_command_in_media_ipv6() {
	local N_ATTACKS=0
	ip -n "$NET-p1" addr replace 2001:db8:1::31/64 dev eth0 nodad
	attack ng a 2001:db8:1::20 audio 2224 "$RTP_AS_COOKIE $NG_LIST"
	attack ng b 2001:db8:1::20 image 22224 "c_5 X"
	attack rtpproxy a 2001:db8:1::20 any 2224 "c_6 $NG_LIST"
	ip -n "$NET-p1" addr del 2001:db8:1::31/64 dev eth0
}

# A NAT at the relay's host leads from another address to a control socket, which the relay cannot
# know: the control socket itself refuses what comes from a port that the relay holds.
case_command_in_media_by_nat() {
	local way payload
	in_ns relay nft -f - <<-NFT
		table ip hairpin {
			chain output {
				type nat hook output priority -100;
				ip daddr 198.51.100.98 udp dport 9000 dnat to 198.51.100.20:2223
				ip daddr 198.51.100.98 udp dport 9002 dnat to 198.51.100.20:22222
			}
		}
	NFT
	for way in "ng 9000 $NG_LIST" "ng 9002 X" "rtpproxy 9002 X" "rtpproxy 9000 $NG_LIST"; do
		read -r way port payload <<<"$way"
		CALL_ID=$CASE-$way-$port
		"${way}_call_naming" a "$CALL_ID" 198.51.100.98 audio "$port"
		command_is_not_answered 198.51.100.20 "$GIVEN" "$RTP_AS_COOKIE $payload" daemon.from_media_port
		# A proxy on the relay's host may send from any other port of the range.
		in_ns relay "$PROGRAMS/ng_ask" 198.51.100.20 2223 command=ping >/dev/null || fail "the relay's host may not send commands"
		end_attack
	done
	in_ns relay nft delete table ip hairpin
}

# Other programs on the relay's host or beside it, which trust the relay's address.
case_media_to_local_services() {
	local N_ATTACKS=0 call
	for call in ng rtpproxy; do
		attack $call a 127.0.0.1 audio 2223 "$RTP_AS_COOKIE $NG_LIST" "loopback address"
		attack $call b 198.51.100.20 audio 53 "$RTP_AS_COOKIE $NG_LIST" "media-deny"
		attack $call a 198.51.100.10 audio 5060 "$RTP_AS_COOKIE $NG_LIST" "media-deny"
		attack $call b 198.51.100.255 audio 4000 "$RTP_AS_COOKIE $NG_LIST" "broadcast address"
		attack $call a 224.0.0.1 audio 4000 "$RTP_AS_COOKIE $NG_LIST" "multicast address"
	done
}

# The SDP names an address that no host has. Later the relay's host gets it, where a control socket
# listens at all addresses. p1 says the command all the time, from one port, and with numbers that
# go on: else the relay would not lock to p1.
case_command_at_later_address() {
	local before requests later=198.51.100.99 talks="$TMP/talks"
	local numbered=${RTP_AS_COOKIE/'\x01\x02'/NUMBER}
	CALL_ID=$CASE
	ng_call_naming a "$CALL_ID" $later audio 2224
	touch "$talks"
	# shellcheck disable=SC2016 # for the inner shell
	in_ns p1 bash -c 'exec 3<>"/dev/udp/198.51.100.20/$1"
		for ((n = 258;; n++)); do
			[ -e "$3" ] || break
			printf -v number "\\\\x%02x\\\\x%02x" $((n >> 8)) $((n & 255))
			printf "${2/NUMBER/$number}" >&3
			sleep 0.02
		done
		timeout 0.3 dd bs=2000 count=1 <&3 2>/dev/null | tr -cd "[:print:]"' say "$GIVEN" "$numbered $NG_LIST" "$talks" >"$TMP/answer" 2>/dev/null &
	echo "talker $!" >>"$TMP/programs"
	until_ok 10 takes_path "$PATH_WANTED" || fail "what is sent to $later does not take the $PATH_WANTED path"
	before=$(counter user.media_denied) requests=$(counter daemon.requests)
	ip -n "$NET-relay" addr add $later/24 dev eth0
	until_ok 3 counter_is_above user.media_denied "$before" || fail "the new address is not noticed"
	before=$(counter drop.destination)
	until_ok 3 counter_is_above drop.destination $((before + 9)) || fail "packets to $later are not dropped as forbidden"
	takes_path user || fail "the kernel still forwards to $later"
	[ "$(counter daemon.requests)" = $((requests + 1)) ] || fail "commands in media were executed"
	ip -n "$NET-relay" addr del $later/24 dev eth0
	until_ok 3 drops_end || fail "$later is still forbidden when it is not local any more"
	rm "$talks"
	until_ok 3 gone $! || fail "the talker does not end"
	[ ! -s "$TMP/answer" ] || fail "a command in media is answered: $(cat "$TMP/answer")"
	end_attack
}

takes_path() { # takes_path user|kernel: all streams that received packets
	path_streams "$CALL_ID" >"$TMP/path.later"
	awk -v wanted="$1" '{ n++; wrong += $4 != wanted } END { exit !n || wrong }' "$TMP/path.later"
}

drops_end() {
	local now
	now=$(counter drop.destination)
	[ "$now" = "$before" ] || { before=$now; return 1; }
}
