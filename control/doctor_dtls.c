/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_dtls.c - check of rtprelayctl doctor: can DTLS end in the relay, is its certificate valid
 * by the clock?
 *
 * Most phones compare only the fingerprint; some look at the dates, too.
 */
#include <time.h>
#include "doctor.h"
#include "line.h"

void doctor_dtls(struct doctor *doctor)
{
	const json_t *dtls = json_object_get(doctor->status, "dtls");
	json_int_t from = json_integer_value(json_object_get(dtls, "valid-from"));
	json_int_t until = json_integer_value(json_object_get(dtls, "valid-until"));
	time_t now = time(NULL), end = (time_t)until;
	struct tm tm;
	char date[32];

	if (!dtls || json_is_null(dtls)) {
		finding(doctor, FINDING_NOTE, "the log of the daemon's start has the reason",
			"DTLS cannot end in the relay: fingerprints of phones pass through");
		return;
	}
	gmtime_r(&end, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (now < from)
		finding(doctor, FINDING_BAD, "set the clock (timedatectl), then restart the daemon",
			"DTLS: the certificate is not valid yet: the clock has gone back");
	else if (now > until)
		finding(doctor, FINDING_BAD,
			"the next call gets another one; is the clock right (timedatectl)?",
			"DTLS: the certificate ended on %s", date);
	else
		finding(doctor, FINDING_OK, NULL, "DTLS: the certificate is valid until %s", date);
}
