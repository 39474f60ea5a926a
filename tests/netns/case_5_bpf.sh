# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_5_bpf.sh - media by BPF: what a killed relay leaves, and programs of others beside it

if [ "$KERNEL" = bpf ]; then
	CASES+=" bpf_killed_then_off bpf_without_bpffs bpf_beside_others bpf_killed_under_many_calls"
	for name in killed_then_off without_bpffs killed_under_many_calls; do
		RELAY_OPTIONS[bpf_$name]="--state-dir=$TMP/bpf_$name"
	done
	RELAY_OPTIONS[bpf_without_bpffs]+=" --bpf-pin=$TMP/no-bpffs/rtprelay"
fi

bpf_programs() { # how many programs of the relay are at its device
	in_ns relay tc filter show dev eth0 ingress | grep -c 'rtprelay:'
}

flows_are() { # flows_are NUMBER: that the kernel holds
	[ "$(path_flows | wc -l)" = "$1" ]
}

# The next relay does not use the kernel: nobody would end the flows that the killed one has left.
case_bpf_killed_then_off() {
	local ports
	call_up a1 b1
	hear 25 a1 b1
	ports=$(relay_sockets | sort)
	[ "$(bpf_programs)" = 1 ] || fail "$(bpf_programs) programs are at the device"
	relay_kill
	[ "$(bpf_programs)" = 1 ] || fail "the program has ended with the relay"
	KERNEL=off relay_again "$ports"
	[ "$(bpf_programs)" = 0 ] || fail "the program of the killed relay is still there"
	[ ! -e "$TMP/bpf/rtprelay" ] || fail "the pins of the killed relay are still there"
	PATH_WANTED=user
	hear $(($(field a1 heard) + 50)) a1 b1
	judge a1 b1
	nudge a1 bye
	sip_done a1 b1
}

case_bpf_without_bpffs() {
	local ports
	grep -q "at most .*; $TMP/no-bpffs/rtprelay is not on a bpffs: a restart interrupts media" "$LOG/relay.log" ||
		fail "the log does not say that media pauses"
	call_up a1 b1
	hear 25 a1 b1
	ports=$(relay_sockets | sort)
	relay_kill
	relay_again "$ports"
	say a1 reset "$CALL"
	say b1 reset "$CALL"
	hear 50 a1 b1
	judge a1 b1
	[ "$(bpf_programs)" = 1 ] || fail "$(bpf_programs) programs are at the device"
	nudge a1 bye
	sip_done a1 b1
}

input_counted() { # packets to media ports that the rules of somebody else have seen
	in_ns relay nft list chain inet other input | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'
}

# A filter of somebody else before it in clsact, and rules of nftables, which come after the relay
# and are there before the next one: all go on. What such a program sees: tests/bpf/test_net.c.
case_bpf_beside_others() {
	local counted again reason
	in_ns relay tc qdisc add dev eth0 clsact 2>/dev/null # it is there while the relay is attached
	in_ns relay tc filter add dev eth0 ingress protocol ip prio 1 u32 match ip protocol 254 0xff flowid 1:1 ||
		fail "the filter of somebody else cannot be added"
	in_ns relay nft -f - <<-NFT
		table inet other {
			chain input {
				type filter hook input priority 10;
				udp dport $PORT_MIN-$PORT_MAX counter
			}
		}
	NFT
	plain_call a1 p2
	counted=$(input_counted)
	[ "$counted" -gt 0 ] || fail "nftables sees no packet"
	# The relay ends: the other filter stays.
	reason=$(relay_stop TERM) || fail "$reason"
	[ "$(bpf_programs)" = 0 ] || fail "the relay has left its program"
	in_ns relay tc filter show dev eth0 ingress prio 1 | grep -q u32 || fail "the filter of somebody else is gone"
	# The next relay finds filter and rules there.
	relay_start || fail "the relay does not start beside the filter of somebody else"
	plain_call p1 b1
	[ "$(bpf_programs)" = 1 ] || fail "$(bpf_programs) programs are at the device"
	again=$(input_counted)
	[ "$again" -gt "$counted" ] || fail "nftables sees no packet of the second call"
	reason=$(relay_stop TERM) || fail "$reason"
	in_ns relay tc filter show dev eth0 ingress prio 1 | grep -q u32 || fail "the filter of somebody else is gone with the second relay"
	in_ns relay tc qdisc del dev eth0 clsact
	in_ns relay nft delete table inet other
	relay_start || fail "the relay does not start again"
}

# Calls of NG without SIP, each with media both ways. No packet may be lost while no relay runs.
MANY_CALLS=${MANY_CALLS:-200}
case_bpf_killed_under_many_calls() {
	local n ports before
	for ((n = 1; n <= MANY_CALLS; n++)); do
		CALL=$n CALL_ID=$CASE-$n
		say p1 open "$n" 198.51.100.31 $((40000 + 4 * n)) "$CALLER_HZ" $((1000 + n)) $((2000 + n)) || fail "media of p1"
		say p2 open "$n" 198.51.100.32 $((41000 + 4 * n)) "$CALLEE_HZ" $((2000 + n)) $((1000 + n)) || fail "media of p2"
		signal ng offer 198.51.100.31 $((40000 + 4 * n)) 198.51.100.31
		talk_to p2 "$GIVEN"
		signal ng answer 198.51.100.32 $((41000 + 4 * n)) 198.51.100.32
		talk_to p1 "$GIVEN"
	done
	until_ok 30 flows_are $((4 * MANY_CALLS)) || fail "the kernel has $(path_flows | wc -l) flows, not $((4 * MANY_CALLS))"
	ports=$(relay_sockets | sort)
	for n in p1 p2; do
		say $n reset '*'
	done
	relay_kill
	for n in p1 p2; do
		say $n wait '*' heard '>' 50 20000 || fail "$n hears nothing while no relay runs"
	done
	relay_again "$ports"
	until_ok 10 flows_are $((4 * MANY_CALLS)) || fail "the next relay has $(path_flows | wc -l) flows, not $((4 * MANY_CALLS))"
	for n in p1 p2; do
		before=$(field $n heard)
		say $n wait '*' heard '>' $((before + 50)) 20000 || fail "$n hears nothing after the restart"
	done
	CALL='*'
	settle p1 p2
	for ((n = 1; n <= MANY_CALLS; n++)); do
		pure p1 "$CALLEE_HZ" "$n"
		pure p2 "$CALLER_HZ" "$n"
		ng command=delete "call-id=$CASE-$n" from-tag=f >/dev/null || fail "the call $n cannot be ended"
	done
	until_ok 10 flows_are 0 || fail "the kernel still has $(path_flows | wc -l) flows of ended calls"
}
