/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_calls.c - checks of rtprelayctl doctor: is media refused that other relays accept? */
#include <inttypes.h>
#include "doctor.h"
#include "line.h"

void doctor_calls(struct doctor *doctor)
{
	const json_t *unheard = json_object_get(doctor->status, "unheard");
	int64_t calls = number_of(unheard, "last-hour");

	if (!unheard)
		return;
	if (calls)
		finding(doctor, FINDING_NOTE,
			"the log names each of them (\"is not heard\"). If these are phones: let "
			"the "
			"proxy say where SIP comes from (received-from), or set latching=first, as "
			"a flag of offer and answer or in rtprelay.conf; an attacker can then take "
			"over calls",
			"calls of the last hour with media that was refused, from an address that "
			"neither SDP nor SIP names: %" PRId64,
			calls);
	else
		finding(doctor, FINDING_OK, NULL,
			"no call of the last hour was silent because latching refused its media");
}
