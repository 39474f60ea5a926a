#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh - a browser calls a phone through the relay, step by step; both are behind NATs
#
# Chromium without a window, with JsSIP by WebSocket to Kamailio (docs/kamailio/kamailio.cfg); the
# phone is baresip, with plain RTP. In namespaces that are removed afterwards (tests/netns/net.sh).
# BROWSER=firefox: with Firefox, which needs the packages of make deps-browser. Exit status 0: all
# checks passed.
set -u
cd "$(dirname "$0")/../.." || exit 1
LOG=build/logs/demo-webrtc
BROWSER=${BROWSER:-chromium}
export LC_ALL=C

fail()
{
	echo
	echo "demo-webrtc: FAILED: $*"
	echo "demo-webrtc: the logs of all programs are in $LOG"
	exit 1
}

step()
{
	printf '  %-66s' "$1 ..."
}

done_with()
{
	echo "${1:-done}"
}

# must COMMAND...: what it prints is shown if it fails; the first failure ends the demo
must()
{
	local result
	"$@" >"$LOG/step" 2>&1
	result=$?
	[ $result = 0 ] || fail "$(cat "$LOG/step")"
}

[ "$(id -u)" = 0 ] || fail 'needs root to make network namespaces: run sudo make demo-webrtc'
rm -rf "$LOG"
mkdir -p "$LOG"
make --no-print-directory daemon control netns-programs >"$LOG/build.log" 2>&1 || fail "the programs do not build: $(tail "$LOG/build.log")"
. tests/netns/net.sh
. tests/browser/phones.sh
trap 'phones_end alice bob; net_down' EXIT
trap 'exit 1' INT TERM

# shown NAME: the word NAME=... of the relay's report of the call
shown()
{
	grep -o "\b$1=[^ ]*" <<<"$REPORT" | head -n 1 | cut -d= -f2-
}

# seen_from N: where the media of the N-th party comes from
seen_from()
{
	grep -oE 'accepted [0-9.:]+' <<<"$REPORT" | cut -d' ' -f2 | sed -n "$1p"
}

echo 'rtprelay: a browser calls a phone, both behind NATs'
echo
step 'Getting JsSIP, the SIP phone in the page, from npm'
must jssip_is_there
done_with "version $JSSIP"
step 'Making network namespaces with two NATs'
must net_up
done_with '9 hosts, 2 NATs'
step 'Starting rtprelayd'
relay_start --log-level=info || fail "rtprelayd does not start: $(tail -n 3 "$LOG/relay.log")"
done_with 'at 198.51.100.20, control port 2223'
step 'Starting Kamailio with its modules websocket and rtpengine'
kamailio_start || fail "Kamailio does not start: $(tail -n 3 "$LOG/kamailio.log")"
done_with "at $DOMAIN, WebSocket at port 8088"
step 'Bob registers, a phone that knows only plain RTP (baresip)'
must baresip_up bob b1 1000
done_with "from ${ADDR[b1]}, NAT B, symmetric with random ports"
step "Alice opens a page in a browser ($BROWSER)"
must browser_up alice a1 "$BROWSER" 440
done_with "from ${ADDR[a1]}, NAT A, port-restricted"
step 'Alice calls Bob, who answers'
must tell_phone alice 'call bob'
must until_ok 20 is alice state talking
done_with 'talking'
step 'The browser finds its way (ICE), and agrees on keys (DTLS)'
until_ok 20 is alice connection connected || fail "the browser is not connected: $(cat "$TMP/alice/stats")"
done_with 'connected'
step 'Each listens for the tone of the other one'
must talk alice bob
done_with 'heard'
step 'Alice puts Bob on hold, and takes him back'
tell_phone alice hold
until_ok 20 hears bob 0 || fail 'Bob still hears Alice'
tell_phone alice resume
must talk alice bob
done_with 'silence, then the tones again'
REPORT=$(ctl call "$(relay_calls | head -n 1)") || fail 'the relay does not know the call'
HEARD=$(cat "$TMP/alice/stats") BOB=$(grep -oE 'RTP type 0, .*' <<<"$REPORT" | head -n 1)
step 'Bob hangs up'
tell_phone bob bye
until_ok 10 is alice ended 1 || fail "the browser's call has not ended: $(cat "$TMP/alice/stats")"
done_with
until_ok 10 relay_is_empty || fail "the relay still has $(relay_calls | wc -l) calls, $(relay_sockets | wc -l) media sockets"

of()
{
	local rest=" $HEARD "
	rest=${rest#*" $1="}
	echo "${rest%% *}"
}

cat <<-TEXT

	The call
	    Alice is a browser, which sends nothing before ICE, and nothing without keys. Bob's phone knows neither.
	    Alice  private address ${ADDR[a1]}: ICE has selected $(shown ice-pair), ICE $(shown ice), DTLS $(shown dtls)
	    Bob    private address ${ADDR[b1]}: RTP reaches the relay from $(seen_from 2)

	Keys
	    Alice's media is SRTP with $(shown suite); the handshake took $(shown handshake)

	What each heard
	    Alice  a tone of $(of tone) Hz: $(of in) packets, $(of lost) lost
	    Bob    a tone of 440 Hz; the relay heard of Alice: $BOB

	The relay after the call
	    $(relay_calls | wc -l) calls, $(relay_sockets | wc -l) media sockets

TEXT
echo 'demo-webrtc: passed'
