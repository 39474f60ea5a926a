# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# case_2_change.sh - changes during a call: hold, resume, a phone that changes its address or port

CASES+=" hold_resume hold_by_callee move_port move_port_symmetric move_port_of_callee move_address move_address_behind_nat"

# @1 sends a re-INVITE, which @2 accepts.
reinvite() { # reinvite PHONE ADDRESS PORT DIRECTION
	nudge "$1" invite "$2" "$3" "$4"
	state "$1" "talking$NUDGE"
}

hold_and_resume() { # hold_and_resume CALLER CALLEE HOLDER PORT-OF-HOLDER
	local held=$1
	[ "$3" = "$1" ] && held=$2
	call_up "$1" "$2"
	hear 25 "$1" "$2"
	reinvite "$3" "${ADDR[$3]}" "$4" sendonly
	say "$3" wait "$CALL" quiet_ms '>' 300 5000 || fail "$3 still receives packets of $held, which is on hold"
	# The held side still receives packets, perhaps music. The other side receives none, not
	# even the attacker's.
	say "$held" reset "$CALL"
	say "$3" reset "$CALL"
	say "$held" wait "$CALL" heard '>' 50 5000 || fail "$held receives nothing while on hold"
	[ "$(field "$3" heard)" = 0 ] || fail "$3 received $(field "$3" heard) packets of $held, which is on hold"
	reinvite "$3" "${ADDR[$3]}" "$4" sendrecv
	hear 50 "$1" "$2"
	judge "$1" "$2"
	nudge "$1" bye
	sip_done "$1" "$2"
}

case_hold_resume() {
	hold_and_resume a1 b1 a1 40000
}

case_hold_by_callee() {
	hold_and_resume a1 b1 b1 40100
}

# @3 moves to another address or port, and signals it by a re-INVITE.
move() { # move CALLER CALLEE PHONE ADDRESS PORT
	call_up "$1" "$2"
	hear 25 "$1" "$2"
	say "$3" mute "$CALL"
	say "$3" move "$CALL" "$4" "$5" || fail "$3 could not move to $4 port $5"
	reinvite "$3" "$4" "$5" sendrecv
	say "$1" reset "$CALL"
	say "$2" reset "$CALL"
	say "$3" unmute "$CALL"
	hear 50 "$1" "$2"
	judge "$1" "$2"
	nudge "$1" bye
	sip_done "$1" "$2"
}

case_move_port() {
	move a1 b1 a1 "${ADDR[a1]}" 40010
}

case_move_port_symmetric() {
	move b1 a1 b1 "${ADDR[b1]}" 40010
}

case_move_port_of_callee() {
	move a1 b1 b1 "${ADDR[b1]}" 40110
}

# Media at an address from which no SIP message came.
case_move_address() {
	ip -n "$NET-p1" addr replace 198.51.100.33/24 dev eth0
	move p1 b1 p1 198.51.100.33 40020
}

case_move_address_behind_nat() {
	ip -n "$NET-a1" addr replace 10.1.0.12/24 dev eth0
	move a1 b1 a1 10.1.0.12 40020
}
