/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.c - rtprelayctl doctor: checks the installation; each finding says what to do about it */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "control_proto.h"
#include "daemon/base/procfs.h"
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

/* A process of that name; 0: none. */
static long find_daemon(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	long found = 0;

	while (dir && !found && (entry = readdir(dir))) {
		char path[300], name[32];
		long pid = strtol(entry->d_name, NULL, 10);

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (pid > 0 && procfs_line(path, name, sizeof(name)) && !strcmp(name, "rtprelayd"))
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void tell_unreachable(struct doctor *doctor, int err)
{
	const char *path = doctor->options->socket;
	const struct passwd *user = getpwuid(geteuid());
	char text[320];
	long pid;

	if (err == EACCES || err == EPERM) {
		finding(doctor, FINDING_BAD, line_who_may(path, text, sizeof(text)),
			"user %s may not open the control socket %s: what the daemon knows is not "
			"checked",
			user ? user->pw_name : "of this process", path);
		return;
	}
	if (err != ENOENT && err != ECONNREFUSED) {
		finding(doctor, FINDING_BAD, "name its control socket: --socket=PATH",
			"the control socket %s cannot be used: %s", path, strerror(err));
		return;
	}
	pid = find_daemon();
	if (pid)
		finding(doctor, FINDING_BAD,
			"name its control-socket: rtprelayctl --socket=PATH doctor; with "
			"control-socket=none it has none",
			"rtprelayd runs (process %ld), but not with the control socket %s", pid,
			path);
	else
		finding(doctor, FINDING_BAD,
			"start it: systemctl start rtprelayd. If it does not start, see journalctl "
			"-u rtprelayd, and rtprelayd --check-config",
			"rtprelayd is not running: there is no daemon at %s; the checks below are "
			"of the host",
			path);
}

/* False: it cannot be asked, which was told. */
static bool reach_daemon(struct doctor *doctor)
{
	struct line_link *link = line_try(doctor->options);
	int err = errno;

	if (!link)
		tell_unreachable(doctor, err);
	line_close(link);
	return link;
}

/* max-load, max-cpu, max-bandwidth */
static void tell_limits(struct doctor *doctor)
{
	const json_t *list = json_object_get(doctor->status, "limits");
	char advice[200];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *limit = json_array_get(list, i);

		if (!json_is_true(json_object_get(limit, "exceeded")))
			continue;
		snprintf(advice, sizeof(advice),
			 "proxies use another relay meanwhile; to accept more: rtprelayctl set "
			 "%s=N, and in rtprelay.conf",
			 text_of(limit, "key"));
		finding(doctor, FINDING_NOTE, advice,
			"%s is %.15g, now it is %.15g: new calls are refused",
			text_of(limit, "key"), real_of(limit, "limit"), real_of(limit, "value"));
	}
}

static void ask_daemon(struct doctor *doctor)
{
	struct options quiet = *doctor->options;

	if (!reach_daemon(doctor))
		return;
	quiet.json = false;
	line_ask(&quiet, line_request(CONTROL_VERB_STATUS), take_status, doctor);
	if (!doctor->status) {
		finding(doctor, FINDING_BAD,
			"see its log: journalctl -u rtprelayd; --timeout=SECONDS waits longer",
			"the daemon does not answer at %s", doctor->options->socket);
		return;
	}
	finding(doctor, FINDING_OK, NULL, "daemon %s answers", text_of(doctor->status, "version"));
	if (strcmp(json_string_value(json_object_get(doctor->status, "version")) ?: "",
		   RTPRELAY_VERSION) != 0)
		finding(doctor, FINDING_NOTE, "restart the daemon after an upgrade",
			"this rtprelayctl is version " RTPRELAY_VERSION
			", the daemon is another version");
	if (number_of(doctor->status, "max-sessions") > 0 &&
	    number_of(doctor->status, "calls") >= number_of(doctor->status, "max-sessions"))
		finding(doctor, FINDING_NOTE, "for more: rtprelayctl set max-sessions=N",
			"%" PRId64 " calls: max-sessions is reached, new calls are refused",
			number_of(doctor->status, "calls"));
	tell_limits(doctor);
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
	doctor_cdr(&doctor);
	doctor_bans(&doctor);
	doctor_recording(&doctor);
	doctor_calls(&doctor);
	doctor_commands(&doctor);
	doctor_dtls(&doctor);
	doctor_seccomp(&doctor);
	doctor_stun(&doctor);
	doctor_external(&doctor);
	json_decref(doctor.status);
	if (!options->json)
		printf("\nfindings: %u wrong, %u notes\n", doctor.bad, doctor.notes);
	return doctor.bad ? EXIT_REFUSED : EXIT_OK;
}
