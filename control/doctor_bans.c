/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_bans.c - check of rtprelayctl doctor: does the list of bans survive a restart? */
#include <string.h>
#include "daemon/base/count.h"
#include "doctor.h"
#include "line.h"

static const struct {
	const char *state, *text, *advice;
} states[] = {
	{ "unreadable",
	  "the file of bans in state-dir cannot be read: it is left as it is, and bans are not "
	  "saved",
	  "the log of the daemon's start says why; correct or remove the file, and restart the "
	  "daemon" },
	{ "failing", "the file of bans in state-dir cannot be written: a restart forgets changes",
	  "the daemon's log says why; the next ban or unban tries again" },
};

void doctor_bans(struct doctor *doctor)
{
	const json_t *bans = json_object_get(doctor->status, "bans");

	for (size_t i = 0; bans && i < COUNT(states); i++)
		if (!strcmp(text_of(bans, "state"), states[i].state))
			finding(doctor, FINDING_BAD, states[i].advice, "%s", states[i].text);
}
