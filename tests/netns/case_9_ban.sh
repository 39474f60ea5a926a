# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_ban.sh - a phone is banned in the middle of a call: none of its packets passes any more,
# the other one is heard, and it too, when the ban has ended
#
# Without the firewall the daemon drops the packets, after their flows have left the kernel; with it
# the chain of bans does, before they reach the module.

CASES+=" ban ban_in_the_firewall ban_by_another_program"
RELAY_OPTIONS[ban]=$SLOW_CALLS
RELAY_OPTIONS[ban_in_the_firewall]="$SLOW_CALLS --firewall=notrack"
RELAY_OPTIONS[ban_by_another_program]="$SLOW_CALLS --firewall=notrack"

ctl() { # ctl VERB...
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" "$@"
}

P1=198.51.100.31

talkers() {
	signalled_call ng p1 $P1 40000 $P1 p2 198.51.100.32 40100 198.51.100.32
	both_talk p1 p2
	hear 60 p1 p2
}

# Nothing of p1 arrives while 100 of its packets are counted; p2 is heard meanwhile.
p1_is_banned() {
	local before counted
	say p2 wait "$CALL" quiet_ms '>' 300 9000 || fail "p2 still hears p1, which is banned"
	before=$(field p2 heard)/$(field p2 rtcp_heard) counted=$(counter drop.banned)
	say p1 reset "$CALL"
	until_ok 20 counter_is_above drop.banned $((counted + 100)) || fail "packets of p1 are not counted: $(counter drop.banned)"
	[ "$before" = "$(field p2 heard)/$(field p2 rtcp_heard)" ] || fail "p2 has heard p1, which is banned"
	say p1 wait "$CALL" heard '>' 50 9000 || fail "p1 does not hear p2, which is not banned"
}

both_are_heard() {
	say p1 reset "$CALL"
	say p2 reset "$CALL"
	hear 60 p1 p2
	path_still "$CALL_ID" p1 p2
	settle p1 p2
	path_check "$CALL_ID"
	pure p1 "$CALLEE_HZ"
	pure p2 "$CALLER_HZ"
	end_signalled
}

banned_and_unbanned() { # banned_and_unbanned: the call shows the packets, if they reach the daemon
	local shown
	talkers
	ctl ban $P1 || fail "$P1 cannot be banned"
	[ "$(ctl banned | awk 'NR > 1 { print $1 }')" = $P1 ] || fail "$P1 is not listed: $(ctl banned)"
	p1_is_banned
	shown=$(ctl call "$CALL_ID" --json)
	[ "$CASE" != ban ] || [[ $shown = *'"banned":'[1-9]* ]] || fail "the call does not show the packets: $shown"
	[ "$PATH_WANTED" = user ] || [[ $shown = *'"source is banned"'* ]] || fail "the call does not show the ban: $shown"
	ctl unban $P1 || fail "the ban of $P1 cannot be ended"
	both_are_heard
}

case_ban() {
	banned_and_unbanned
}

case_ban_in_the_firewall() {
	banned_and_unbanned
}

# As fail2ban does with its own action for nftables.
case_ban_by_another_program() {
	talkers
	in_ns relay nft "add element inet rtprelay banned4 { $P1 }" || fail "nft cannot add an element"
	p1_is_banned
	in_ns relay nft "delete element inet rtprelay banned4 { $P1 }" || fail "nft cannot delete the element"
	[ "$(counter firewall.repairs)" = 0 ] || fail "the table was made again"
	both_are_heard
}
