/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_seccomp.c - check of rtprelayctl doctor: are threads held to their system calls? */
#include <inttypes.h>
#include <string.h>
#include "doctor.h"
#include "line.h"

void doctor_seccomp(struct doctor *doctor)
{
	const json_t *seccomp = json_object_get(doctor->status, "seccomp");
	const char *mode = text_of(seccomp, "mode");

	if (!seccomp) /* no daemon, or an older one */
		return;
	if (json_object_get(seccomp, "why-not"))
		finding(doctor, FINDING_NOTE,
			"allow seccomp(2) in the container, or use a kernel that has it",
			"seccomp=%s, but threads may make any system call: %s", mode,
			text_of(seccomp, "why-not"));
	else if (!strcmp(mode, "on"))
		finding(doctor, FINDING_OK, NULL,
			"each thread may make only the system calls that it needs");
	else if (!strcmp(mode, "off"))
		finding(doctor, FINDING_NOTE, "set seccomp = on, and restart",
			"seccomp=off: threads may make any system call");
	else if (number_of(seccomp, "violations"))
		finding(doctor, FINDING_NOTE,
			"report the lines \"seccomp: thread\" of the log; leave seccomp = log",
			"seccomp=log: calls that are not in the lists: %" PRId64
			"; with seccomp=on the daemon would have ended",
			number_of(seccomp, "violations"));
	else
		finding(doctor, FINDING_NOTE, "set seccomp = on, and restart",
			"seccomp=log: threads may make any system call, and made only those of "
			"their lists");
}
