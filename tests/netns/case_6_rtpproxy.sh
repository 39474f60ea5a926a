# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_6_rtpproxy.sh - the same calls with Kamailio's rtpproxy module

RTPPROXY_CASES="different_nats symmetric_to_restricted same_nat same_symmetric_nat nat_to_public public_to_nat
	public_to_public ipv4_to_ipv6 ipv6_to_ipv4 bye_by_callee cancel busy hold_resume hold_by_callee move_port
	move_port_symmetric move_port_of_callee move_address move_address_behind_nat parallel_fork serial_fork two_medias late_offer
	offer_in_183 offer_in_prack aimed_attack neighbour_of_muted_phone fifty_calls"
for name in $RTPPROXY_CASES; do
	CASES+=" rtpproxy_$name"
	MODULE[rtpproxy_$name]=rtpproxy
	eval "case_rtpproxy_$name() { case_$name; }"
done

CASES+=" rtpproxy_statistics"
MODULE[rtpproxy_statistics]=rtpproxy

# The reply to Q at the end of a call is in Kamailio's $rtpstat, and agrees with what the phones
# sent.
case_rtpproxy_statistics() {
	local line of_caller of_callee relayed
	plain_call a1 b1
	# A repeated BYE, as in a slow guest, makes another line: its session has ended (E50).
	line=$(grep -a "media of $CALL_ID: " "$LOG/kamailio.log" | head -1)
	[[ $line =~ :\ [0-9]+\ ([0-9]+)\ ([0-9]+)\ ([0-9]+)\ ([0-9]+) ]] || fail "Kamailio's log has no statistics: \"$line\""
	of_caller=${BASH_REMATCH[1]} of_callee=${BASH_REMATCH[2]} relayed=${BASH_REMATCH[3]}
	[ "$of_caller" = "$(field a1 sent)" ] || fail "$of_caller packets counted, a1 sent $(field a1 sent)"
	[ "$of_callee" = "$(field b1 sent)" ] || fail "$of_callee packets counted, b1 sent $(field b1 sent)"
	# Packets relayed before the phone's NAT let them in were not received.
	[ "$relayed" -ge $(($(field a1 heard) + $(field b1 heard))) ] || fail "$relayed packets relayed, fewer than received"
	[ "$relayed" -le $((of_caller + of_callee)) ] || fail "$relayed packets relayed, more than were sent"
}

CASES+=" rtpproxy_malformed"
MODULE[rtpproxy_malformed]=rtpproxy

case_rtpproxy_malformed() {
	local where="198.51.100.20 22222"
	SIPP_S=600 # how long the datagrams take depends on the machine
	bystander_up
	# shellcheck disable=SC2086 # address and port
	in_ns proxy "$PROGRAMS/ng_fuzz" $where $((10 * FUZZ)) "${SEED:-1}" rtpproxy >"$LOG/$CASE.fuzz" 2>&1 || fail "$(cat "$LOG/$CASE.fuzz")"
	[ "$SLOW" = 1 ] || echo "$CASE: note: cookies of every length are not tested here"
	# shellcheck disable=SC2086
	[ $SLOW != 1 ] || in_ns proxy "$PROGRAMS/ng_fuzz" $where cookies >"$LOG/$CASE.cookies" 2>&1 || fail "$(cat "$LOG/$CASE.cookies")"
	bystander_is_well
	# Some of the changed commands are still valid and make calls: end them all.
	# shellcheck disable=SC2016 # for the inner shell
	in_ns proxy bash -c 'printf "end_1 X" >/dev/udp/198.51.100.20/22222'
}
