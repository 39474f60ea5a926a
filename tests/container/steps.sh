# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# steps.sh - carries out the steps of a Containerfile in systems of tests/systems.sh
#
#   steps_carry_out FILE CONTEXT     CONTEXT: a directory; 0: $at is the system of the last stage
#   steps_check FILE                 only reads it: each line that steps_carry_out would refuse
#
# Knows what Containerfile uses, in the meaning of the engines' reference; an instruction, option or
# form that it does not know is refused with its line, since a step that is left out tests nothing.
# After it: env, workdir, user, entrypoint, command, health of the last stage.
env=() workdir=/ user=0:0 entrypoint=() command=() health=() stage=
declare -A variables

steps_refuse()
{
	echo "$steps_file:$steps_line: $*" >&2
	return 1
}

# steps_expand TEXT: sets expanded. Variables have to be known: engines put nothing in their place.
steps_expand()
{
	local name
	expanded=$1
	while [[ $expanded =~ \$\{?([A-Za-z_][A-Za-z_0-9]*)\}? ]]; do
		name=${BASH_REMATCH[1]}
		[ -n "${variables[$name]+set}" ] || { steps_refuse "unknown variable $name"; return 1; }
		expanded=${expanded/"${BASH_REMATCH[0]}"/"${variables[$name]}"}
	done
	[[ $expanded != *\$* ]] || steps_refuse "unknown form of a variable: $1"
}

# steps_list TEXT: sets list, from ["one", "two"]
steps_list()
{
	local text='"[^"\]*"'
	[[ $1 =~ ^\[\ *$text(\ *,\ *$text)*\ *\]$ ]] || { steps_refuse "not a list of strings such as [\"a\", \"b\"]: $1"; return 1; }
	mapfile -t list < <(grep -o "$text" <<<"$1" | sed 's/^"//; s/"$//')
}

# steps_read FILE: a line "NUMBER INSTRUCTION ARGUMENTS" for each instruction
steps_read()
{
	awk '
		/^[[:space:]]*(#|$)/ { next }
		{
			if (whole == "")
				first = NR
			more = sub(/\\[[:space:]]*$/, "")
			sub(/^[[:space:]]+/, "")
			whole = whole $0
			if (more)
				next
			print first, whole
			whole = ""
		}
		END { if (whole != "") print first, whole }' "$1"
}

# in_image COMMAND: as the user, in the directory and with the variables that the stage has now
in_image()
{
	local quoted
	printf -v quoted '%q ' "${env[@]}" sh -c "$1"
	run_in "cd '$workdir' && exec setpriv --reuid='${user%:*}' --regid='${user#*:}' --clear-groups env $quoted"
}

# The image is a system that debootstrap makes, with the smallest set of packages.
step_FROM()
{
	local release name=
	[[ $1 =~ ^([^\ ]+)(\ [Aa][Ss]\ ([a-z]+))?$ ]] || { steps_refuse "unknown form: FROM $1"; return 1; }
	name=${BASH_REMATCH[3]}
	steps_expand "${BASH_REMATCH[1]}" || return
	[[ $expanded =~ ^debian:([a-z]+)-slim$ ]] || { steps_refuse "unknown image $expanded"; return 1; }
	release=${BASH_REMATCH[1]}
	env=() workdir=/ user=0:0 entrypoint=() command=() health=()
	[ -z "$checking" ] || { stage=$name; stages+=" $name"; return; }
	if [ -n "$stage" ]; then
		mkdir -p "$at/kept" && rm -rf "$at/kept/$stage" && mv "$(written '')" "$at/kept/$stage" || return
	fi
	stage=$name
	archive "$release" slim && system_of "$release-slim" && fresh --no-clone
}

step_ARG()
{
	[[ $1 =~ ^([A-Z]+)=([a-z0-9.]+)$ ]] || { steps_refuse "unknown form: ARG $1"; return 1; }
	local name=${BASH_REMATCH[1]}
	variables[$name]=${!name:-${BASH_REMATCH[2]}}
}

step_ENV()
{
	local name
	[[ $1 =~ ^([A-Za-z_]+)=([^\ \"\'\\]+)$ ]] || { steps_refuse "unknown form: ENV $1"; return 1; }
	name=${BASH_REMATCH[1]}
	steps_expand "${BASH_REMATCH[2]}" && variables[$name]=$expanded && env+=("$name=$expanded")
}

# Names of labels concern nobody but the engine.
step_LABEL()
{
	[[ $1 =~ ^([a-z.]+=([A-Za-z0-9.-]+|\"[^\"\$]*\")[[:blank:]]*)+$ ]] || steps_refuse "unknown form: LABEL $1"
}

step_VOLUME()
{
	steps_list "$1" || return
	[ -n "$checking" ] || [ -d "$(written "${list[0]}")" ] || steps_refuse "the image has no directory ${list[0]}"
}

step_STOPSIGNAL() { [ "$1" = SIGTERM ] || steps_refuse "unknown signal $1"; }

step_WORKDIR()
{
	steps_expand "$1" || return
	[[ $expanded == /* ]] || { steps_refuse "not an absolute path: $1"; return 1; }
	workdir=$expanded
	[ -n "$checking" ] || run_in "mkdir -p '$workdir'"
}

step_USER()
{
	[[ $1 =~ ^[0-9]+:[0-9]+$ ]] || { steps_refuse "not numbers of user and group: $1; a cluster cannot see that a name is not root"; return 1; }
	user=$1
}

step_RUN()
{
	[[ $1 != -* && $1 != \[* && $1 != '<<'* ]] || { steps_refuse "unknown form: RUN $1"; return 1; }
	[ -n "$checking" ] || in_image "$1" || steps_refuse "exit status $?: RUN $1"
}

# COPY [--from=STAGE] SOURCE... DESTINATION; of a directory its contents
step_COPY()
{
	local words from=${context:-} to i
	read -ra words <<<"$1"
	if [[ ${words[0]} == --from=* ]]; then
		from=${words[0]#--from=}
		[[ " $stages " == *" $from "* || -n ${at:+$(ls -d "$at/kept/$from" 2>/dev/null)} ]] || { steps_refuse "there is no stage $from"; return 1; }
		from=$at/kept/$from
		words=("${words[@]:1}")
	fi
	[[ "${words[*]}" != *--* && "${words[*]}" != *[\"\\$]* && ${#words[@]} -ge 2 ]] || { steps_refuse "unknown form: COPY $1"; return 1; }
	[ -z "$checking" ] || return 0
	to=${words[-1]}
	[[ $to == /* ]] || to=$workdir/$to
	for ((i = 0; i < ${#words[@]} - 1; i++)); do
		steps_copy "$from" "${words[i]#/}" "$to" || { steps_refuse "cannot copy ${words[i]}"; return 1; }
	done
}

# steps_copy ROOT PATTERN TO: by the system itself, whose directories keep their modes. Engines give
# the files to root.
steps_copy()
{
	local file parcel
	parcel=$(written root/rtprelay)
	for file in $1/$2; do
		[ -e "$file" ] || { echo "there is no $file" >&2; return 1; }
		rm -rf "${parcel:?}"/* && mkdir -p "$parcel/parcel" || return
		if [ -d "$file" ]; then
			cp -r --preserve=mode,links "$file/." "$parcel/parcel" && run_in "mkdir -p '$3' && cp -r --preserve=mode,links parcel/. '$3'"
		elif [[ $3 == */ ]]; then
			cp --preserve=mode "$file" "$parcel/parcel" && run_in "mkdir -p '$3' && cp --preserve=mode parcel/* '$3'"
		else
			cp --preserve=mode "$file" "$parcel/parcel/file" && run_in "mkdir -p '${3%/*}' && cp --preserve=mode parcel/file '$3'"
		fi || return
	done
	rm -rf "${parcel:?}"/*
}

step_ENTRYPOINT() { steps_list "$1" && entrypoint=("${list[@]}") command=(); }
step_CMD() { steps_list "$1" && command=("${list[@]}"); }

step_HEALTHCHECK()
{
	[[ $1 =~ ^(--(interval|timeout)=[0-9]+s\ )*CMD\ (.*)$ ]] || { steps_refuse "unknown form: HEALTHCHECK $1"; return 1; }
	steps_list "${BASH_REMATCH[3]}" && health=("${list[@]}")
}

# steps_each FILE
steps_each()
{
	local number instruction arguments
	variables=() stages='' stage='' steps_file=$1
	while read -r number instruction arguments; do
		steps_line=$number
		declare -F "step_$instruction" >/dev/null || { steps_refuse "unknown instruction $instruction"; return 1; }
		[ -n "$checking" ] || echo "--- $instruction $arguments"
		"step_$instruction" "$arguments" </dev/null || return
	done < <(steps_read "$1")
	[ ${#entrypoint[@]} -gt 0 ] || steps_refuse 'there is no ENTRYPOINT'
}

steps_check()
{
	checking=yes
	steps_each "$1"
}

steps_carry_out()
{
	checking='' context=$2
	steps_each "$1"
}
