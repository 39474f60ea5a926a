# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_9_keepalive.sh - calls in which nobody speaks for longer than the NATs of the phones keep a
# binding

CASES+=" keepalive_hold keepalive_hold_100"
LONG_CASES+=" keepalive_hold_100"
RELAY_OPTIONS[keepalive_hold]="--media-keepalive=1"

# New bindings of media end after so many seconds without a packet. Those of SIP outlive the call:
# phones refresh them, which sipp does not do.
nats_forget() { # nats_forget SECONDS
	local nat
	for nat in nata natb; do
		in_ns $nat nft -f - <<-NFT || fail "the NAT cannot have another time-out"
			table ip forget {
				ct timeout media {
					protocol udp
					l3proto ip
					policy = { unreplied: $1, replied: $1 }
				}
				ct timeout sip {
					protocol udp
					l3proto ip
					policy = { unreplied: 900, replied: 900 }
				}
				chain prerouting {
					type filter hook prerouting priority mangle;
					udp dport 5060 ct timeout set "sip"
					udp dport $PORT_MIN-$PORT_MAX ct timeout set "media"
				}
			}
		NFT
	done
}

nats_remember() {
	in_ns nata nft delete table ip forget
	in_ns natb nft delete table ip forget
}

# Nobody sends RTP, until both have received so many keep-alives.
nobody_speaks() { # nobody_speaks KEEPALIVES MILLISECONDS
	local phone
	for phone in a1 b1; do
		say $phone mute "$CALL"
	done
	for phone in a1 b1; do
		say $phone wait "$CALL" quiet_ms '>' 500 5000 || fail "$phone still receives packets though both are muted"
		say $phone reset "$CALL"
	done
	for phone in a1 b1; do
		say $phone wait "$CALL" kept '>' $(($1 - 1)) "$2" || fail "$phone received $(field $phone kept) keep-alives, not $1"
		[ "$(field $phone heard)" = 0 ] || fail "$phone received media though both are muted"
	done
}

# @1 speaks, and @2 hears it from the first packet on.
is_heard_at_once() { # is_heard_at_once SPEAKER LISTENER HZ
	say "$1" unmute "$CALL"
	say "$2" wait "$CALL" heard '>' 50 5000 || fail "$2 does not hear $1 after the silence: $(say "$2" report "$CALL")"
	[ "$(field "$2" first)" = 0 ] || fail "$2 did not hear the first $(field "$2" first) packets of $1"
	pure "$2" "$3"
}

# Both phones are behind NATs; each fell silent twice, and one spoke after each of these.
nat_is_seen() {
	local said
	said=$(in_ns relay control/rtprelayctl --socket="$TMP/control.sock" nat) || fail "rtprelayctl nat does not answer"
	grep -q '^phones  *2 heard, 2 behind a NAT' <<<"$said" || fail "rtprelayctl nat does not show two phones behind NATs: $said"
	grep -qE '^keepalives [1-9][0-9]* sent, [1-9]' <<<"$said" || fail "rtprelayctl nat does not show what keep-alives saved: $said"
}

# The holder's music reaches the held phone; then, after the same silence, the held phone is the
# first to speak in the resumed call.
hold_in_silence() { # hold_in_silence NAT-SECONDS KEEPALIVES MILLISECONDS
	trap nats_remember EXIT
	nats_forget "$1"
	call_up a1 b1
	hear 25 a1 b1
	reinvite a1 "${ADDR[a1]}" 40000 sendonly
	nobody_speaks "$2" "$3"
	is_heard_at_once a1 b1 "$CALLER_HZ"
	nobody_speaks "$2" "$3"
	reinvite a1 "${ADDR[a1]}" 40000 sendrecv
	is_heard_at_once b1 a1 "$CALLEE_HZ"
	say a1 unmute "$CALL"
	hear 50 a1 b1
	judge a1 b1
	nat_is_seen
	nudge a1 bye
	sip_done a1 b1
}

# Five intervals of a second or more; the NATs forget after four.
case_keepalive_hold() {
	hold_in_silence 4 5 20000
}

# As phones and NATs are: keep-alives every 20 s, for 100 s; NATs forget after 30.
case_keepalive_hold_100() {
	SIPP_S=400
	hold_in_silence 30 5 150000
}
