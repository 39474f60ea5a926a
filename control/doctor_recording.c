/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_recording.c - check of rtprelayctl doctor: what is not recorded, and the disk */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include "control_proto.h"
#include "doctor.h"
#include "line.h"

#define DAY_S 86400

/* Bytes per second of the recordings that run now. */
struct rate {
	int64_t now_s;
	double bytes;
};

static void add_rate(void *arg, const char *type, json_t *line)
{
	struct rate *rate = arg;
	int64_t age_s = rate->now_s - number_of(line, "since");

	if (!strcmp(type, "recording"))
		rate->bytes += (double)number_of(line, "bytes") / (double)(age_s > 0 ? age_s : 1);
}

static double rate_now(const struct doctor *doctor)
{
	struct options options = *doctor->options;
	struct rate rate = { .now_s = time(NULL) };

	options.json = false;
	if (line_ask(&options, line_request(CONTROL_VERB_RECORDINGS), add_rate, &rate) != EXIT_OK)
		return 0;
	return rate.bytes;
}

static void check_space(struct doctor *doctor, const json_t *recording)
{
	const char *dir = json_string_value(json_object_get(recording, "dir"));
	double kept = (double)number_of(recording, "min-free-mib") * 1048576, left, rate;
	struct statvfs disk;

	if (!dir || statvfs(dir, &disk))
		return;
	left = (double)disk.f_bavail * (double)disk.f_frsize - kept;
	if (left <= 0) {
		finding(doctor, FINDING_BAD, "remove old recordings, or change recording-min-free",
			"recording-dir %s has no more space than recording-min-free: nothing is "
			"recorded",
			text_of(recording, "dir"));
		return;
	}
	rate = rate_now(doctor);
	if (left < rate * DAY_S)
		finding(doctor, FINDING_NOTE, "remove old recordings, or use a larger disk",
			"recording-dir %s is full in %.1f hours, if calls are recorded as now",
			text_of(recording, "dir"), left / rate / 3600);
}

/* As the daemon's user sees it, and from where the daemon is: a unit may forbid it to write. */
static void check_usable(struct doctor *doctor, const json_t *recording)
{
	const json_t *usable = json_object_get(recording, "usable");

	if (json_is_false(usable))
		finding(doctor, FINDING_BAD,
			"calls go on; it is looked at again every five seconds",
			"nothing can be recorded: %s", text_of(recording, "why-not"));
	else if (json_is_true(usable))
		finding(doctor, FINDING_OK, NULL, "recordings can be written to %s",
			text_of(recording, "dir"));
}

void doctor_recording(struct doctor *doctor)
{
	const json_t *recording = json_object_get(doctor->status, "recording");
	int64_t lost = number_of(recording, "lost-ring") + number_of(recording, "lost-kernel") +
		       number_of(recording, "lost-disk");

	if (!recording)
		return;
	check_usable(doctor, recording);
	if (number_of(recording, "failed"))
		finding(doctor, FINDING_BAD, "the daemon's log says why: the disk, or its rights",
			"%" PRId64 " recording%s ended before the call",
			number_of(recording, "failed"), s_after(recording, "failed"));
	if (lost)
		finding(doctor, FINDING_NOTE, "the disk or the host is slow: recording-ring",
			"%" PRId64 " packet%s missing in recordings", lost,
			lost == 1 ? " is" : "s are");
	check_space(doctor, recording);
}
