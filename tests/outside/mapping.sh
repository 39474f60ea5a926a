# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2086 # names of calls and options are words
#
# mapping.sh - a router that forwards ports for media (port-mapping), and phones on both of its
# sides (local-networks); sourced by run
#
# Phones outside are at the server's addresses 11.0.0.50 and 11.0.0.51. The phone on this side is at
# the router's own address there, since there is no other host.

phone_a=11.0.0.50 phone_b=11.0.0.51 phone_near=192.168.7.1
# Four pairs, so that a test knows what the router has to forward.
range='--port-min=30000 --port-max=30007'

# start_mapped PROTOCOL [OPTION...]: the address outside is known beforehand
start_mapped()
{
	end daemon
	# shellcheck disable=SC2086 # two options
	ip netns exec "$ns-relay" "$build/daemon/rtprelayd" --config=none --foreground "--interface=pub/$relay!$wan" \
		"--port-mapping=$1" $range --port-quarantine=0 --delete-delay=0 --listen-ng=127.0.0.1:2223 --listen-rtpproxy=udp:127.0.0.1:22222 \
		--kernel=off "--state-dir=$dir/state" "--control-socket=$dir/control.sock" "${@:2}" >>"$dir/log" 2>&1 &
	echo $! >"$dir/daemon.pid"
	until_true ctl status
}

# forget: no call or mapping of an earlier test
forget() { end daemon; rm -rf "$dir/state"; }
new_router() { forget; start_router "$@"; }

rules() { in_ns router nft list chain inet filter prerouting_miniupnpd; }
forwards_ports() { [ "$(rules | grep -c dnat)" = "$1" ] || { rules; return 1; }; }
lists_mappings() { [ "$(grep -c . "$dir/state/port-mappings" 2>/dev/null || true)" = "$1" ] || { [ "$1" = 0 ] && [ ! -e "$dir/state/port-mappings" ]; } || { cat "$dir/state/port-mappings"; return 1; }; }
is_mapped_by() { until_true status_says "mapping    $relay: ok, by $1, 8 of 32 ports, 4 pairs"; }

# kill_daemon: as a crash
kill_daemon()
{
	local pid
	pid=$(cat "$dir/daemon.pid") || return 1
	rm "$dir/daemon.pid"
	kill -KILL "$pid" && until_true has_ended "$pid"
}

# --- Phones ---------------------------------------------------------------------------------------

say() { "$build/tests/netns/rtp_end" "$dir/$1.sock" "${@:2}"; }

# start_phone NAME NAMESPACE
start_phone()
{
	ip netns exec "$ns-$2" "$build/tests/netns/rtp_end" --serve "$dir/$1.sock" >>"$dir/log" 2>&1 &
	echo $! >"$dir/phone-$1.pid"
	until_true say "$1" ping
}

sdp_of() { printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %s RTP/AVP 0\r\n' "$1" "$1" "$2"; }
ask_ng() { in_ns relay "$build/tests/netns/ng_ask" 127.0.0.1 2223 "call-id=$call" from-tag=a "$@" >"$dir/reply" || { cat "$dir/reply"; return 1; }; }
reply_sdp() { sed -n 's/^sdp=//; /^[a-z]=/p' "$dir/reply"; }

calls=0
# make_call A-ADDRESS A-PHONE: to the phone B outside; each phone sends where its SDP says
make_call()
{
	calls=$((SRANDOM % 30000)) call=call-$calls
	local one=$((100 + calls % 60000)) other=$((101 + calls % 60000)) port=$((20000 + calls / 4 * 4)) to_a
	say "$2" open $call "$1" $port 440 $one $other && say outside open $call.b $phone_b $((port + 2)) 1000 $other $one || return 1
	ask_ng command=offer "sdp=$(sdp_of "$1" $port)" && reply_sdp >"$dir/sdp-b" || return 1
	ask_ng command=answer to-tag=b "sdp=$(sdp_of $phone_b $((port + 2)))" && reply_sdp >"$dir/sdp-a" || return 1
	to_a=$(cat "$dir/sdp-a")
	say "$2" sdp $call talking "$to_a" && say outside sdp $call.b talking "$(cat "$dir/sdp-b")"
}

# hear A-PHONE: both hear each other, RTP and RTCP, from now on
hear()
{
	say "$1" reset $call && say outside reset $call.b &&
		say "$1" wait $call heard '>' 50 8000 && say outside wait $call.b heard '>' 50 8000 &&
		say "$1" wait $call rtcp_heard '>' 0 8000 && say outside wait $call.b rtcp_heard '>' 0 8000 ||
		{ say "$1" report $call; say outside report $call.b; cat "$dir/sdp-a" "$dir/sdp-b"; rules; ctl status; return 1; }
}

hang_up() { ask_ng command=delete && say "$1" close $call && say outside close $call.b; }

# --- Tests ----------------------------------------------------------------------------------------

phones_are_there()
{
	ip -n "$ns-server" addr add $phone_a/24 dev eth0 && ip -n "$ns-server" addr add $phone_b/24 dev eth0 &&
		start_phone outside server && start_phone near router
}

# nat_lists_pairs PROTOCOL: four pairs, two of them in the call
nat_lists_pairs()
{
	local said json
	said=$(ctl nat) && json=$(ctl nat --json) || return 1
	grep -q "^mapping    $relay: ok, by $1, 8 of 32 ports, 2 pairs" <<<"$said" && [ "$(grep -c "by $1, in a call, for another" <<<"$said")" = 2 ] &&
		[ "$(grep -c "by $1, free, for another" <<<"$said")" = 2 ] && [ "$(grep -c '"type":"nat-mapping"' <<<"$json")" = 4 ] &&
		[ "$(grep -c "\"type\":\"nat-mapping\",\"address\":\"$relay\",\"port\":3000[0246],\"outside-rtp\":[0-9]*,\"outside-rtcp\":[0-9]*,\"protocol\":\"$1\",\"use\":\"call\",\"ends-in\":" <<<"$json")" = 2 ] ||
		{ echo "$said"; echo "$json"; return 1; }
}

# calls_by PROTOCOL: both ways, through the router, by no other way; at the end nothing is left
calls_by()
{
	new_router wan || return 1
	start_mapped "$1" && is_mapped_by "$1" && forwards_ports 8 && lists_mappings 4 && make_call $phone_a outside &&
		grep -q "IN IP4 $wan" "$dir/sdp-a" && hear outside && status_says '2 pairs for the next calls' && nat_lists_pairs "$1" && hang_up outside || return 1
	end daemon
	forwards_ports 0 && lists_mappings 0
}

auto_takes_what_the_router_has()
{
	new_router wan && start_mapped auto && is_mapped_by pcp || return 1
	end daemon
	start_router wan no && start_mapped auto && is_mapped_by upnp && forwards_ports 8 && ctl doctor >"$dir/tried"
	grep -q "the router forwards 8 ports to $relay, by upnp" "$dir/tried" || { cat "$dir/tried"; return 1; }
}

# restarted_by PROTOCOL: in mid-call; its phones are told nothing
restarted_by()
{
	new_router wan && start_mapped "$1" && is_mapped_by "$1" && make_call $phone_a outside && hear outside && watch_events || return 1
	# It is away for longer than clocks may differ: until the relay has missed an answer.
	end miniupnpd
	until_true counts_mapping unanswered '[1-9]' && start_router wan && forwards_ports 0 && until_true forwards_ports 8 && hear outside && counts_mapping restarts 1 &&
		grep -q "port-mapping: the router has lost what it forwarded to $relay" "$dir/events" && hang_up outside
}
counts_mapping() { ctl stats --json | grep -q "\"of\":\"portmap\",\"name\":\"$1\",\"value\":$2" || { ctl stats | grep portmap; return 1; }; }

another_host_has_the_ports()
{
	new_router wan && ip -n "$ns-relay" addr add 192.168.7.3/24 dev eth0 &&
		in_ns relay tests/outside/natpmp.py 192.168.7.3 192.168.7.1 30000 30001 30002 30003 30004 30005 30006 30007 || return 1
	start_mapped natpmp && is_mapped_by natpmp && forwards_ports 16 && make_call $phone_a outside &&
		! grep -q 'm=audio 3000[0-7] ' "$dir/sdp-a" && hear outside && hang_up outside || return 1
	start_mapped upnp && is_mapped_by upnp && forwards_ports 16 && make_call $phone_a outside &&
		! grep -q 'm=audio 3000[0-7] ' "$dir/sdp-a" && hear outside && hang_up outside || return 1
	end daemon
	forwards_ports 8 && ip -n "$ns-relay" addr del 192.168.7.3/24 dev eth0
}

crash_leaves_nothing()
{
	new_router wan && start_mapped pcp && is_mapped_by pcp && kill_daemon && forwards_ports 8 && lists_mappings 4 || return 1
	start_mapped off && until_true forwards_ports 0 && until_true lists_mappings 0 || return 1
	# The same of UPnP, whose entries have no nonce.
	start_mapped upnp && is_mapped_by upnp && kill_daemon && forwards_ports 8 || return 1
	start_mapped off && until_true forwards_ports 0 && until_true lists_mappings 0
}

call_goes_on_after_a_crash()
{
	new_router wan && start_mapped pcp && is_mapped_by pcp && make_call $phone_a outside && hear outside || return 1
	ctl stats >/dev/null && kill_daemon && start_mapped pcp && hear outside && is_mapped_with_call && forwards_ports 8 || return 1
	# And an orderly end keeps what the call needs, and nothing else.
	end daemon
	forwards_ports 4 && lists_mappings 2 && start_mapped pcp && hear outside && hang_up outside && end daemon && forwards_ports 0
}
is_mapped_with_call() { until_true status_says "mapping    $relay: ok, by pcp, 8 of 32 ports, 2 pairs"; }

# start_fake MODE [N]: a router that only speaks
start_fake()
{
	forget
	end miniupnpd
	ip netns exec "$ns-router" tests/outside/router.py 192.168.7.1 "$@" >"$dir/router.log" 2>&1 &
	echo $! >"$dir/miniupnpd.pid"
	until_true grep -q listening "$dir/router.log"
}

offers_are_answered() { offer && reply_sdp | grep -q 'm=audio' || { cat "$dir/reply"; return 1; }; }
doctor_says() { ctl doctor >"$dir/tried"; grep -q "$1" "$dir/tried" || { cat "$dir/tried"; return 1; }; }

full_router()
{
	start_fake full 5 && start_mapped natpmp && until_true status_says "mapping    $relay: full, by natpmp, 4 of 32 ports, 2 pairs" &&
		status_says 'natpmp: the router 192.168.7.1: it has no room for more mappings' && doctor_says 'forwards 4 ports to .*, and no more' &&
		offers_are_answered && offers_are_refused && counts_mapping refused '[1-9]'
}

max_is_not_exceeded()
{
	new_router wan && start_mapped pcp --port-mapping-max=4 && until_true status_says "mapping    $relay: ok, by pcp, 4 of 4 ports, 2 pairs" &&
		offers_are_answered && offers_are_refused && forwards_ports 4
}

# liar MODE TEXT
liar()
{
	start_fake "$1" && start_mapped natpmp && until_true status_says "$2" && status_says "mapping    $relay: failing" &&
		offers_are_refused && doctor_says "the router does not forward ports to $relay; calls are refused" && offers_are_refused
}

lies_are_seen()
{
	liar port-0 'natpmp: the router lies: it grants port 0' && liar garbage 'natpmp: the router' &&
		liar same 'natpmp: the router lies: it grants a port that it has granted for another one' || return 1
	start_fake other && start_mapped natpmp && is_mapped_by natpmp && offers_are_answered && reply_sdp | grep -q 'm=audio 4000[0246] '
}

# start_upnp_host NAMESPACE ADDRESS MODE: it answers searches of the relay
start_upnp_host()
{
	ip netns exec "$ns-$1" tests/outside/upnp.py "$2" "$3" >"$dir/upnp.log" 2>&1 &
	echo $! >"$dir/upnp.pid"
	until_true grep -q listening "$dir/upnp.log"
}

# Any host may answer a search in place of the router; only the router itself is asked.
host_that_drips_holds_nothing()
{
	new_router wan && ip -n "$ns-relay" addr add 192.168.7.3/24 dev eth0 && start_upnp_host relay 192.168.7.3 drip &&
		start_mapped upnp && is_mapped_by upnp && ! grep asked "$dir/upnp.log" || return 1
	forget
	end miniupnpd
	end upnp
	start_upnp_host relay 192.168.7.3 drip && start_mapped upnp && until_true status_says 'upnp: the router does not answer; other hosts do' &&
		offers_are_refused && ! grep asked "$dir/upnp.log" || return 1
	end upnp
	# A description at 127.0.0.1 is of a service for local programs.
	start_upnp_host relay 192.168.7.3 local && forget && start_mapped upnp && until_true status_says 'upnp: the router does not answer; other hosts do' &&
		! grep asked "$dir/upnp.log" || return 1
	end upnp
	ip -n "$ns-relay" addr del 192.168.7.3/24 dev eth0
}

# It sends a byte a second, for ever.
router_that_drips_is_told()
{
	forget
	end miniupnpd
	start_upnp_host router 192.168.7.1 drip && start_mapped upnp && until_true grep asked "$dir/upnp.log" && offers_are_refused &&
		until_true status_says "mapping    $relay: failing" && status_says 'upnp: an answer did not end within 15 s' &&
		offers_are_refused && until_true grep -q 'the client has ended it' "$dir/upnp.log" || { cat "$dir/upnp.log"; return 1; }
	# The same when it is asked for the address outside.
	end daemon
	start_relay upnp && until_true status_says 'upnp: an answer did not end within 15 s' && offers_are_refused || return 1
	end daemon
	end upnp
	start_mapped upnp || return 1
	start_router wan && until_true status_says "mapping    $relay: ok, by upnp"
}

slow_router_delays_nothing()
{
	local start took
	start_fake slow && start_mapped natpmp || return 1
	start=${EPOCHREALTIME/./}
	offers_are_refused || return 1
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	[ $took -lt 1500 ] || { echo "the refusal took $took ms"; return 1; }
	kill -USR1 "$(cat "$dir/miniupnpd.pid")"
	until_true offers_are_answered
}

router_without_any()
{
	forget
	end miniupnpd
	start_mapped auto && until_true status_says "mapping    $relay: failing" && status_says 'pcp: the router 192.168.7.1 does not answer' &&
		status_says 'natpmp: the router 192.168.7.1 does not answer' && status_says 'upnp: no router' && offers_are_refused &&
		doctor_says 'forward a range there by hand and set port-mapping = off' || return 1
	# It comes later.
	start_router wan && until_true status_says "mapping    $relay: ok"
}

double_nat_is_told()
{
	new_router lan && start_mapped auto && until_true status_says "mapping    $relay: failing" && offers_are_refused
}

metrics_tell_it()
{
	new_router wan && start_mapped pcp --listen-http=127.0.0.1:9200 && is_mapped_by pcp || return 1
	in_ns relay curl -s http://127.0.0.1:9200/metrics >"$dir/tried" || return 1
	grep -q "^rtprelay_port_mapping_ports{name=\"pub\",address=\"$relay\"} 8$" "$dir/tried" &&
		grep -q "^rtprelay_port_mapping_free_pairs{name=\"pub\",address=\"$relay\"} 4$" "$dir/tried" &&
		grep -q '^rtprelay_port_mapping_requests_total{result="granted"} 8$' "$dir/tried" || { grep port_mapping "$dir/tried"; return 1; }
}

# --- Phones on this side --------------------------------------------------------------------------

near_phone_is_told_the_address_here()
{
	new_router wan && start_mapped pcp --local-networks=192.168.7.0/24 && is_mapped_by pcp && make_call $phone_near near &&
		grep -q "c=IN IP4 $relay" "$dir/sdp-a" && grep -q "m=audio 3000[0246] " "$dir/sdp-a" && grep -q "c=IN IP4 $wan" "$dir/sdp-b" &&
		hear near && hang_up near
}

# A phone here needs nothing of the router: two of them talk while no pair is mapped. And those that
# are mapped are left for phones outside.
near_phones_need_no_mapping()
{
	start_fake full 0 && start_mapped natpmp --local-networks=192.168.7.0/24 "--interface=lan/$relay" &&
		until_true status_says "mapping    $relay: failing" && offers_are_refused || return 1
	sdp_a=$(sdp_of $phone_near 40000) call=near-$EPOCHREALTIME
	ask_ng command=offer from-interface=pub to-interface=lan "sdp=$sdp_a" && reply_sdp >"$dir/sdp-b" && ask_ng command=answer to-tag=b "sdp=$(sdp_of $phone_near 40002)" &&
		reply_sdp >"$dir/sdp-a" && grep -q "c=IN IP4 $relay" "$dir/sdp-a" && grep -q "c=IN IP4 $relay" "$dir/sdp-b" || { cat "$dir/reply"; return 1; }
}

# ask_rtpp COMMAND...: the reply is in $reply
ask_rtpp()
{
	reply=$(in_ns relay bash -c 'exec 3<>/dev/udp/127.0.0.1/22222; printf "%s\n" "$*" >&3; timeout 5 head -n 1 <&3' - "cookie$calls" "$@")
	reply=${reply#* }
}

near_phone_in_the_other_dialect()
{
	calls=$((calls + 1))
	ask_rtpp U rtpp-1 $phone_near 40000 a && [[ $reply == *" $wan"* ]] || { echo "offer: $reply"; return 1; }
	calls=$((calls + 1))
	ask_rtpp L rtpp-1 $phone_b 40002 a b && [[ $reply == 3000[0246]" $relay"* ]] || { echo "answer: $reply"; return 1; }
	calls=$((calls + 1))
	ask_rtpp U rtpp-2 $phone_a 40000 a && [[ $reply == *" $wan"* ]] || { echo "offer: $reply"; return 1; }
	calls=$((calls + 1))
	ask_rtpp L rtpp-2 $phone_b 40002 a b && [[ $reply == *" $wan"* ]] || { echo "answer: $reply"; return 1; }
}
