# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# phones.sh - for browser/run and the demo: browsers with JsSIP, and baresip, as phones in the
# namespaces of tests/netns/net.sh
#
# A phone has a name, with which it registers, and a directory $TMP/NAME. A browser writes there
# what it sees and hears (stats); baresip its log, and what it hears as dump-...-dec.wav.

MODULES=${BUILD:-build}/browser JSSIP=3.13.8
DOMAIN=198.51.100.10
PROXY_WITH=(-A WITH_WEBSOCKET -A LISTENWS="tcp:$DOMAIN:8088")
declare -A KIND HZ IN_NS EAR

# JsSIP comes from the registry of npm, once, into the directory of the build.
jssip_is_there()
{
	[ "$(sed -n 's/^  "version": "\(.*\)",/\1/p' "$MODULES/node_modules/jssip/package.json" 2>/dev/null)" = $JSSIP ] && return
	command -v npm >/dev/null || { echo 'npm is missing; on Debian: apt-get install npm'; return 1; }
	mkdir -p "$MODULES" && npm install --cache "$TMP/npm" --prefix "$MODULES" --ignore-scripts --no-audit --no-fund "jssip@$JSSIP" >"$LOG/npm" 2>&1 ||
		{ echo "npm could not install jssip $JSSIP:"; cat "$LOG/npm"; return 1; }
}

# browser_up NAME HOST chromium|firefox HZ [KEY=VALUE...]: registers; settings are those of phone.js
browser_up()
{
	KIND[$1]=$3 HZ[$1]=$4 IN_NS[$1]=$2
	mkdir -p "$TMP/$1"
	become_in_ns "$2" /usr/bin/python3 tests/browser/browser.py "$3" "$TMP/$1" "$MODULES/node_modules" user="$1" hz="$4" \
		proxy="ws://$DOMAIN:8088/ws" domain=$DOMAIN "${@:5}" >"$TMP/$1/log" 2>&1 </dev/null &
	started "$1"
	until_ok 60 registered_or_gone "$1" && is "$1" state registered || { echo "$1 ($3) does not register"; tail -n 5 "$TMP/$1"/{log,browser,page,stats}; return 1; }
}

registered_or_gone()
{
	is "$1" state registered || gone "$(pid_of "$1")"
}

# baresip_up NAME HOST HZ [PARAMETERS-OF-ACCOUNT [LINE-OF-CONFIGURATION...]]: registers, answers
# calls; with video_codecs=vp8 it has a camera, too
baresip_up()
{
	local home=$TMP/$1 modules=(/usr/lib/baresip/modules /usr/lib/*/baresip/modules)
	KIND[$1]=baresip HZ[$1]=$3 IN_NS[$1]=$2 EAR[$1]=wire
	[[ ${4:-} != *mediaenc* ]] || EAR[$1]='a file'
	[ -e "${modules[0]}" ] || modules=("${modules[@]:1}")
	mkdir -p "$home"
	echo "<sip:$1@$DOMAIN>;regint=300;answermode=auto;audio_codecs=pcmu/8000/1${4:-}" >"$home/accounts"
	: >"$home/contacts"
	printf '%s\n' "sip_listen ${ADDR[$2]}:5060" "audio_source ausine,$3" 'audio_player aubridge,none' 'audio_alert none' 'ausrc_srate 48000' 'ausrc_channels 2' \
		"snd_path $home" 'cons_listen 127.0.0.1:5555' "module_path ${modules[0]}" 'module g711.so' 'module ausine.so' \
		'module aubridge.so' 'module sndfile.so' 'module cons.so' 'module srtp.so' 'module ice.so' 'module dtls_srtp.so' 'module_tmp account.so' \
		'module_app menu.so' "${@:5}" >"$home/config"
	[[ " ${*:5}" = *' rtp_timeout '* ]] || echo 'rtp_timeout 0' >>"$home/config"
	[[ ${4:-} != *video_codecs* ]] || printf '%s\n' 'module fakevideo.so' 'module vp8.so' 'video_source fakevideo,nil' 'video_display fakevideo,nil' \
		'video_size 160x120' 'video_fps 10' 'video_bitrate 100000' >>"$home/config"
	become_in_ns "$2" stdbuf -oL baresip -v -s -f "$home" >"$home/log" 2>&1 </dev/null &
	started "$1"
	until_ok 20 grep -q '200 OK' "$home/log" || { echo "$1 (baresip) does not register"; tail -n 20 "$home/log"; return 1; }
}

phones_end() # phones_end NAME...
{
	local name
	for name; do
		[ -e "$TMP/$name" ] || continue
		end "$name" TERM
		mkdir -p "$LOG/phones"
		rm -rf "$LOG/phones/$name" "$TMP/$name/profile"
		mv "$TMP/$name" "$LOG/phones/$name"
	done
}

# tell_phone NAME COMMAND: call USER, hold, resume, bye
tell_phone()
{
	if [ "${KIND[$1]}" != baresip ]; then
		echo "$2" >"$TMP/$1/do.new"
		mv "$TMP/$1/do.new" "$TMP/$1/do"
		return
	fi
	case $2 in
	call*) set -- "$1" "dial sip:${2#call }@$DOMAIN" ;;
	bye) set -- "$1" hangup ;;
	esac
	# shellcheck disable=SC2016 # for the inner shell
	in_ns "${IN_NS[$1]}" bash -c 'echo "/$0" >/dev/udp/127.0.0.1/5555' "$2"
}

value() # value BROWSER NAME: of its stats
{
	local text
	text=" $(cat "$TMP/$1/stats" 2>/dev/null) "
	[[ $text = *" $2="* ]] || { echo 0; return; }
	text=${text#*" $2="}
	echo "${text%% *}"
}

is() # is BROWSER NAME VALUE
{
	[ "$(value "$1" "$2")" = "$3" ]
}

above() # above BROWSER NAME VALUE
{
	[ "$(value "$1" "$2")" -gt "$3" ]
}

# hears NAME HZ: it hears this tone now, or 0 for silence; a browser's spectrum has steps of 12 Hz.
# Plain phones are heard on the wire: baresip 1.0 records no more after a re-INVITE.
hears()
{
	local now from=wire
	if [ "${KIND[$1]}" = baresip ]; then
		[ "${EAR[$1]}" = wire ] || for from in "$TMP/$1"/*-dec.wav; do :; done
		now=$(in_ns "${IN_NS[$1]}" /usr/bin/python3 tests/browser/ear.py "$from" 440 700 1000 1500) && [ "$now" = "$2" ]
	else
		now=$(value "$1" tone)
		[ $((now - $2)) -ge -15 ] && [ $((now - $2)) -le 15 ]
	fi
}

# talk NAME NAME: each hears the tone of the other, and a browser gets more packets
talk()
{
	local one=$1 other=$2 had turn
	for turn in 1 2; do
		[ "${KIND[$one]}" = baresip ] || had=$(value "$one" in)
		until_ok 20 hears "$one" "${HZ[$other]}" || { echo "$one does not hear the tone of $other, ${HZ[$other]} Hz"; tell "$@"; return 1; }
		[ "${KIND[$one]}" = baresip ] || until_ok 10 above "$one" in $((had + 50)) || { echo "$one gets no packets"; tell "$@"; return 1; }
		one=$2 other=$1
	done
}

tell() # tell NAME...: what phones and relay know, for a step that has failed
{
	local name
	for name; do
		[ "${KIND[$name]}" = baresip ] && tail -n 5 "$TMP/$name/log" && ls -l "$TMP/$name"
		[ "${KIND[$name]}" = baresip ] || { cat "$TMP/$name/stats"; grep -v '^a=' "$TMP/$name/page" | tail -n 5; }
	done
	tail -n 5 "$LOG/relay.log"
	for name in $(relay_calls); do
		ctl call "$name" | head -30
	done
}

ctl()
{
	in_ns relay control/rtprelayctl --socket="$TMP/control.sock" "$@"
}
