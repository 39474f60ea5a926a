/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.c - rtprelayctl doctor: checks the installation; each finding says what to do about it */
#include <string.h>
#include "control_proto.h"
#include "doctor.h"
#include "line.h"
#include "verb.h"
#include "version.h"

static void take_status(void *arg, const char *type, json_t *line)
{
	struct doctor *doctor = arg;

	if (!strcmp(type, "status") && !doctor->status)
		doctor->status = json_incref(line);
}

static void ask_daemon(struct doctor *doctor)
{
	struct options quiet = *doctor->options;

	quiet.json = false;
	line_ask(&quiet, line_request(CONTROL_VERB_STATUS), take_status, doctor);
	if (!doctor->status) {
		finding(doctor, FINDING_BAD,
			"start it (systemctl start rtprelayd), or name its control socket "
			"(--socket=PATH)",
			"the daemon does not answer at %s", doctor->options->socket);
		return;
	}
	finding(doctor, FINDING_OK, NULL, "daemon %s answers", text_of(doctor->status, "version"));
	if (strcmp(json_string_value(json_object_get(doctor->status, "version")) ?: "",
		   RTPRELAY_VERSION) != 0)
		finding(doctor, FINDING_NOTE, "restart the daemon after an upgrade",
			"this rtprelayctl is version " RTPRELAY_VERSION
			", the daemon is another version");
	if (json_is_true(json_object_get(doctor->status, "drain")))
		finding(doctor, FINDING_NOTE, "to accept calls again: rtprelayctl set --drain=off",
			"the daemon refuses new calls (drain)");
}

/* The daemon need not run: a host may be prepared for it. */
static int tune(struct doctor *doctor)
{
	struct options quiet = *doctor->options;

	quiet.json = false;
	line_ask(&quiet, line_request(CONTROL_VERB_STATUS), take_status, doctor);
	doctor_tune(doctor, doctor->options->tune);
	json_decref(doctor->status);
	return EXIT_OK;
}

int verb_doctor(const struct options *options, int argc, char **argv)
{
	struct doctor doctor = { .options = options };

	(void)argc;
	(void)argv;
	if (options->tune)
		return tune(&doctor);
	ask_daemon(&doctor);
	doctor_module(&doctor);
	doctor_nftables(&doctor);
	doctor_ports(&doctor);
	doctor_process(&doctor);
	doctor_network(&doctor);
	doctor_journal(&doctor);
	doctor_bans(&doctor);
	doctor_calls(&doctor);
	doctor_commands(&doctor);
	json_decref(doctor.status);
	if (!options->json)
		printf("\nfindings: %u wrong, %u notes\n", doctor.bad, doctor.notes);
	return doctor.bad ? EXIT_REFUSED : EXIT_OK;
}
