# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_5_restart.sh - the relay is killed or replaced in mid-call, and the calls go on; its table in nf_tables
#
# The phones are behind NATs, the second of which no SDP and no guess could find again: the next daemon has
# to know where each of them is. Meanwhile the attacker goes on, too.

for name in relay_killed relay_killed_on_hold relay_replaced journal_damaged firewall_flushed; do
	CASES+=" $name"
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--state-dir=$TMP/$name --firewall=pinhole"
done

# As a crash is: at any moment, with nothing to say.
relay_kill() {
	end relay KILL || fail "the relay does not die"
	[ -z "$(relay_sockets)" ] || fail "it has left sockets"
}

# The same ports are there again as in the list @1.
relay_again() { # relay_again PORTS
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]} || fail "the relay does not come back: $(tail -1 "$LOG/relay.log")"
	[ "$(relay_sockets | sort)" = "$1" ] || fail "ports were $1, and are $(relay_sockets | sort)"
}

# What was lost while there was no daemon does not count, but in the kernel nothing is.
may_have_lost() { # may_have_lost PHONE...
	local phone
	[ "$PATH_WANTED" = kernel ] && return
	for phone; do
		say "$phone" reset "$CALL"
	done
}

# From the restart on: within a second, and nothing is lost any more.
media_goes_on() { # media_goes_on PHONE PHONE
	local phone before=0
	may_have_lost "$@"
	for phone; do
		before=$(($(field "$phone" heard) > before ? $(field "$phone" heard) : before))
	done
	for phone; do
		say "$phone" wait "$CALL" heard '>' $((before + 5)) 1000 || fail "$phone hears nothing a second after the restart"
	done
	hear $((before + 50)) "$@"
	judge "$@"
}

# Every port that is open belongs to the call, and every port of the call is open.
only_calls_are_open() {
	in_ns relay nft -nn list set inet rtprelay open4 | grep -o '198.51.100.20 \. [0-9]*' | sed 's/ \. /:/' | sort >"$TMP/open"
	relay_sockets | grep -v '^\[' | sort | cmp -s - "$TMP/open"
}

case_relay_killed() {
	local ports
	call_up a1 b1
	hear 25 a1 b1
	ports=$(relay_sockets | sort)
	relay_kill
	relay_again "$ports"
	media_goes_on a1 b1
	only_calls_are_open || fail "open are $(cat "$TMP/open")"
	say a1 unmute "$CALL"
	say b1 unmute "$CALL"
	reinvite a1 "${ADDR[a1]}" 40000 sendrecv
	[ "$(relay_sockets | sort)" = "$ports" ] || fail "a re-INVITE after the restart got other ports"
	path_note "$CALL_ID" a1 b1
	# Once more, since what the second daemon has written was not all its own.
	relay_kill
	relay_again "$ports"
	media_goes_on a1 b1
	nudge a1 bye
	sip_done a1 b1
	until_ok 3 relay_is_empty || fail "BYE after the restart does not end the call"
	only_calls_are_open || fail "open without a call: $(cat "$TMP/open")"
}

# A phone that says nothing is the attacker's best chance, before the restart as after it.
case_relay_killed_on_hold() {
	local ports
	call_up a1 b1
	hear 25 a1 b1
	reinvite a1 "${ADDR[a1]}" 40000 sendonly
	say a1 wait "$CALL" quiet_ms '>' 300 5000 || fail "a1 still hears b1, which is on hold"
	[ -z "$PATH_WANTED" ] || until_ok 20 path_is_taken_by_talker "$CALL_ID" || fail "a1 does not take the path $PATH_WANTED: $(cat "$TMP/path.now")"
	ports=$(relay_sockets | sort)
	relay_kill
	relay_again "$ports"
	say a1 reset "$CALL"
	may_have_lost b1
	say b1 wait "$CALL" heard '>' $(($(field b1 heard) + 50)) 5000 || fail "b1 hears nothing while on hold"
	[ "$(field a1 heard)" = 0 ] || fail "a1 hears $(field a1 heard) packets of b1, which is on hold"
	reinvite a1 "${ADDR[a1]}" 40000 sendrecv
	hear 50 a1 b1
	judge a1 b1
	nudge b1 bye
	sip_done a1 b1
}

# An upgrade: the first has time to say farewell.
case_relay_replaced() {
	local ports
	call_up a1 b1
	CALL=2
	call_up b2 p2
	hear 25 b2 p2
	ports=$(relay_sockets | sort)
	end relay || fail "the relay does not end"
	in_ns relay nft list table inet rtprelay >/dev/null || fail "the table did not stay for the calls"
	relay_again "$ports"
	media_goes_on b2 p2
	nudge b2 bye
	sip_done b2 p2
	CALL=1 CALL_ID=$CASE-1-a1
	media_goes_on a1 b1
	nudge a1 bye
	sip_done a1 b1
	until_ok 3 relay_is_empty || fail "the calls do not end"
	end relay || fail "the relay does not end"
	[ -z "$(in_ns relay nft list tables)" ] || fail "left behind without calls: $(in_ns relay nft list tables)"
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]}
	[ -z "$(relay_calls)" ] || fail "calls that had ended are back: $(relay_calls)"
}

case_journal_damaged() {
	local file
	call_up a1 b1
	hear 25 a1 b1
	relay_kill
	for file in calls.sqlite calls.sqlite-wal; do
		head -c 20000 /dev/urandom >"$TMP/$CASE/$file"
	done
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]} || fail "the relay does not start: $(tail -1 "$LOG/relay.log")"
	grep -q 'calls.sqlite cannot be used: .* renamed to' "$LOG/relay.log" || fail "it does not say so"
	[ "$(find "$TMP/$CASE" -name 'calls.sqlite.*Z' | wc -l)" = 1 ] || fail "nothing is set aside"
	[ -z "$(relay_calls)" ] || fail "there are calls: $(relay_calls)"
	nudge a1 bye
	sip_done a1 b1
	# It keeps calls again.
	call_up b2 p2
	hear 25 b2 p2
	relay_kill
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]}
	media_goes_on b2 p2
	nudge b2 bye
	sip_done b2 p2
}

# How many packets of the relay's own ports the tap has seen: those without connection tracking, and others.
tapped() { # tapped untracked|tracked
	in_ns relay nft list chain inet tap "$1" | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'
}

case_firewall_flushed() {
	call_up a1 b1
	hear 25 a1 b1
	only_calls_are_open || fail "open are $(cat "$TMP/open")"
	in_ns relay nft flush ruleset
	until_ok 5 only_calls_are_open || fail "flushed, the table does not come back: $(cat "$TMP/open")"
	in_ns relay nft -f - <<-NFT
		table inet tap {
			chain untracked {
				type filter hook input priority 10;
				udp dport $PORT_MIN-$PORT_MAX ct state untracked counter
			}
			chain tracked {
				type filter hook input priority 10;
				udp dport $PORT_MIN-$PORT_MAX ct state != untracked counter
			}
		}
	NFT
	say a1 reset "$CALL"
	say b1 reset "$CALL"
	hear 50 a1 b1
	judge a1 b1
	if [ "$PATH_WANTED" = kernel ]; then
		[ "$(tapped untracked)" -lt 100 ] || fail "$(tapped untracked) packets came to the daemon"
	else
		[ "$(tapped untracked)" -gt 100 ] || fail "only $(tapped untracked) packets were without connection tracking"
	fi
	[ "$(tapped tracked)" = 0 ] || fail "$(tapped tracked) packets were tracked"
	in_ns relay nft delete table inet tap
	# The attacker, who is at all ports, meets those of no call.
	[ "$(in_ns relay nft list chain inet rtprelay input | sed -n 's/.*@open4 counter packets \([0-9]*\) .*/\1/p')" -gt 0 ] ||
		fail "nothing was dropped at ports of no call"
	nudge a1 bye
	sip_done a1 b1
	until_ok 3 only_calls_are_open || fail "open without a call: $(cat "$TMP/open")"
}
