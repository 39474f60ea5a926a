# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_5_restart.sh - calls continue when the relay is killed or replaced; its table in nf_tables
#
# The phones are behind NATs. The address behind the second NAT cannot be derived from SDP: the next
# daemon must know it from the journal. Meanwhile the attacker continues to send.

for name in relay_killed relay_killed_on_hold relay_replaced journal_damaged firewall_flushed; do
	CASES+=" $name"
	# shellcheck disable=SC2004 # an associative array
	RELAY_OPTIONS[$name]="--state-dir=$TMP/$name --firewall=pinhole"
done

# Like a crash: at any moment, without a chance to clean up.
relay_kill() {
	local reason
	reason=$(relay_stop KILL) || fail "$reason"
	[ -z "$(relay_sockets)" ] || fail "sockets of the killed relay are still open"
}

# Starts the relay; it must open the same ports as in the list @1.
relay_again() { # relay_again PORTS
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]} || fail "the relay does not start again: $(tail -1 "$LOG/relay.log")"
	[ "$(relay_sockets | sort)" = "$1" ] || fail "ports were $1 before the restart, and are $(relay_sockets | sort) now"
}

# Packets lost while no daemon ran do not count, unless media is in the kernel, which must lose
# none.
may_have_lost() { # may_have_lost PHONE...
	local phone
	[ "$PATH_WANTED" = kernel ] && return
	for phone; do
		say "$phone" reset "$CALL"
	done
}

# Media arrives within a second of the restart, and no packet is lost from then on.
media_goes_on() { # media_goes_on PHONE PHONE
	local phone before=0
	may_have_lost "$@"
	for phone; do
		before=$(($(field "$phone" heard) > before ? $(field "$phone" heard) : before))
	done
	for phone; do
		say "$phone" wait "$CALL" heard '>' $((before + 5)) 1000 || fail "$phone receives nothing within a second of the restart"
	done
	hear $((before + 50)) "$@"
	judge "$@"
}

# Every port open in the firewall belongs to a call, and every port of a call is open.
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
	only_calls_are_open || fail "wrong ports are open in the firewall: $(cat "$TMP/open")"
	say a1 unmute "$CALL"
	say b1 unmute "$CALL"
	reinvite a1 "${ADDR[a1]}" 40000 sendrecv
	[ "$(relay_sockets | sort)" = "$ports" ] || fail "a re-INVITE after the restart got other ports"
	path_note "$CALL_ID" a1 b1
	# Once more, since the second daemon has written records of the first one's call.
	relay_kill
	relay_again "$ports"
	media_goes_on a1 b1
	nudge a1 bye
	sip_done a1 b1
	until_ok 3 relay_is_empty || fail "BYE after the restart does not end the call"
	only_calls_are_open || fail "ports of no call are open in the firewall: $(cat "$TMP/open")"
}

# While a phone sends nothing, it is easiest for the attacker to take its place, also after a
# restart.
case_relay_killed_on_hold() {
	local ports
	call_up a1 b1
	hear 25 a1 b1
	reinvite a1 "${ADDR[a1]}" 40000 sendonly
	say a1 wait "$CALL" quiet_ms '>' 300 5000 || fail "a1 still receives packets of b1, which is on hold"
	[ -z "$PATH_WANTED" ] || until_ok 20 path_is_taken_by_talker "$CALL_ID" || fail "packets of a1 do not take the path $PATH_WANTED: $(cat "$TMP/path.now")"
	ports=$(relay_sockets | sort)
	relay_kill
	relay_again "$ports"
	say a1 reset "$CALL"
	may_have_lost b1
	say b1 wait "$CALL" heard '>' $(($(field b1 heard) + 50)) 5000 || fail "b1 receives nothing while on hold"
	[ "$(field a1 heard)" = 0 ] || fail "a1 received $(field a1 heard) packets of b1, which is on hold"
	reinvite a1 "${ADDR[a1]}" 40000 sendrecv
	hear 50 a1 b1
	judge a1 b1
	nudge b1 bye
	sip_done a1 b1
}

# An upgrade: the first daemon ends on SIGTERM.
case_relay_replaced() {
	local ports reason
	call_up a1 b1
	CALL=2
	call_up b2 p2
	hear 25 b2 p2
	ports=$(relay_sockets | sort)
	reason=$(relay_stop TERM) || fail "$reason"
	in_ns relay nft list table inet rtprelay >/dev/null || fail "the relay removed its table though calls continue"
	relay_again "$ports"
	media_goes_on b2 p2
	nudge b2 bye
	sip_done b2 p2
	CALL=1 CALL_ID=$CASE-1-a1
	media_goes_on a1 b1
	nudge a1 bye
	sip_done a1 b1
	until_ok 3 relay_is_empty || fail "the calls do not end"
	reason=$(relay_stop TERM) || fail "$reason"
	[ -z "$(in_ns relay nft list tables)" ] || fail "tables are left though there are no calls: $(in_ns relay nft list tables)"
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]}
	[ -z "$(relay_calls)" ] || fail "ended calls were restored: $(relay_calls)"
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
	grep -q 'calls.sqlite cannot be used: .* renamed to' "$LOG/relay.log" || fail "the log does not say that the journal was set aside"
	[ "$(find "$TMP/$CASE" -name 'calls.sqlite.*Z' | wc -l)" = 1 ] || fail "the damaged journal was not set aside"
	[ -z "$(relay_calls)" ] || fail "the relay lists calls without a journal: $(relay_calls)"
	nudge a1 bye
	sip_done a1 b1
	# The new journal keeps calls again.
	call_up b2 p2
	hear 25 b2 p2
	relay_kill
	# shellcheck disable=SC2086 # several options
	relay_start ${RELAY_OPTIONS[$CASE]}
	media_goes_on b2 p2
	nudge b2 bye
	sip_done b2 p2
}

# Number of packets to the relay's ports that the tap counted, without or with connection tracking.
tapped() { # tapped untracked|tracked
	in_ns relay nft list chain inet tap "$1" | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'
}

case_firewall_flushed() {
	call_up a1 b1
	hear 25 a1 b1
	only_calls_are_open || fail "wrong ports are open in the firewall: $(cat "$TMP/open")"
	in_ns relay nft flush ruleset
	until_ok 5 only_calls_are_open || fail "the table is not restored after a flush: $(cat "$TMP/open")"
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
		[ "$(tapped untracked)" -lt 100 ] || fail "$(tapped untracked) packets reached the daemon"
	else
		[ "$(tapped untracked)" -gt 100 ] || fail "only $(tapped untracked) packets were without connection tracking"
	fi
	[ "$(tapped tracked)" = 0 ] || fail "$(tapped tracked) packets were tracked"
	in_ns relay nft delete table inet tap
	# The attacker sends to all ports: packets to ports of no call were dropped.
	[ "$(in_ns relay nft list chain inet rtprelay input | sed -n 's/.*@open4 counter packets \([0-9]*\) .*/\1/p')" -gt 0 ] ||
		fail "nothing was dropped at ports of no call"
	nudge a1 bye
	sip_done a1 b1
	until_ok 3 only_calls_are_open || fail "ports of no call are open in the firewall: $(cat "$TMP/open")"
}
