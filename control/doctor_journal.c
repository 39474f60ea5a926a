/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_journal.c - checks of rtprelayctl doctor: are calls saved, were all restored, and are
 * those recorded that ended?
 */
#include <inttypes.h>
#include <string.h>
#include "daemon/base/count.h"
#include "doctor.h"
#include "line.h"

static const struct {
	const char *state;
	enum verdict verdict;
	const char *text, *advice;
} states[] = {
	{ "ok", FINDING_OK, "calls are saved in state-dir", NULL },
	{ "off", FINDING_OK, "calls are not saved (state-dir): they end with the daemon", NULL },
	{ "failing", FINDING_BAD,
	  "calls cannot be written to state-dir: a restart loses what changes in them",
	  "the daemon's log says why: a full disk, or a directory that was removed" },
	{ "stalled", FINDING_BAD,
	  "a write to state-dir does not end: a restart loses what changes in calls",
	  "check the disk or the file server of state-dir" },
	{ "absent", FINDING_BAD,
	  "state-dir could not be used at the start: calls end when the daemon restarts",
	  "the daemon's log says why; restart the daemon when it has no calls" },
};

/* With state=none calls are not saved by choice, which may be forgotten. */
static void tell_state_none(struct doctor *doctor)
{
	bool has_dir = strcmp(text_of(doctor->status, "state-dir"), "-") != 0;

	finding(doctor, has_dir ? FINDING_NOTE : FINDING_OK,
		"to save them again: remove state = none from the configuration, and restart the "
		"daemon",
		"calls are not saved, because state=none%s: they end with the daemon",
		has_dir ? " switches state-dir off" : "");
}

void doctor_journal(struct doctor *doctor)
{
	const json_t *journal = json_object_get(doctor->status, "journal");
	int64_t lost = number_of(journal, "lost");

	if (!strcmp(text_of(doctor->status, "state"), "none")) {
		tell_state_none(doctor);
		return;
	}
	for (size_t i = 0; journal && i < COUNT(states); i++)
		if (!strcmp(text_of(journal, "state"), states[i].state))
			finding(doctor, states[i].verdict, states[i].advice, "%s", states[i].text);
	if (number_of(journal, "damaged") || lost)
		finding(doctor, FINDING_NOTE,
			"the log of the daemon's start names the file; check the disk",
			"the previous daemon's file was damaged or of another version: calls "
			"known to be lost: %" PRId64,
			lost);
}

void doctor_cdr(struct doctor *doctor)
{
	const json_t *cdr = json_object_get(doctor->status, "cdr");
	int64_t lost = number_of(cdr, "lost");

	if (!cdr)
		return;
	if (strcmp(text_of(cdr, "state"), "ok") != 0)
		finding(doctor, FINDING_BAD,
			"the daemon's log says why: a full disk, or a directory that is missing or "
			"not writable; then send SIGHUP (systemctl reload rtprelayd)",
			"records of calls cannot be written to cdr-file %s; lost so far: %" PRId64,
			text_of(cdr, "file"), lost);
	else if (lost)
		finding(doctor, FINDING_NOTE, "the daemon's log says when and why",
			"records of calls were lost, cdr-file %s: %" PRId64, text_of(cdr, "file"),
			lost);
	else
		finding(doctor, FINDING_OK, NULL, "records of calls are written to %s",
			text_of(cdr, "file"));
}
