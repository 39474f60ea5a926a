/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_commands.c - checks of rtprelayctl doctor: are commands of proxies refused? */
#include <inttypes.h>
#include <string.h>
#include "control_proto.h"
#include "doctor.h"
#include "line.h"

static void take_refused(void *arg, const char *type, json_t *counter)
{
	int64_t *refused = arg;

	if (!strcmp(type, "counter") && !strcmp(text_of(counter, "of"), "daemon") &&
	    !strcmp(text_of(counter, "name"), "not_allowed"))
		*refused = number_of(counter, "value");
}

void doctor_commands(struct doctor *doctor)
{
	struct options quiet = *doctor->options;
	int64_t refused = 0;

	if (!doctor->status)
		return;
	quiet.json = false;
	line_ask(&quiet, line_request(CONTROL_VERB_STATS), take_refused, &refused);
	if (refused)
		finding(doctor, FINDING_NOTE,
			"the log names the sources: if one is your proxy, add it to control-allow, "
			"and restart the daemon",
			"commands refused, because their source is not in control-allow: %" PRId64,
			refused);
	else
		finding(doctor, FINDING_OK, NULL, "no command was refused by control-allow");
}
