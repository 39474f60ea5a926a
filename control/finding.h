/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.h - prints and counts one finding of rtprelayctl doctor */
#ifndef RTPRELAY_FINDING_H
#define RTPRELAY_FINDING_H

#include <jansson.h>
#include "options.h"

enum verdict { FINDING_OK, FINDING_NOTE, FINDING_BAD };

struct doctor {
	const struct options *options;
	json_t *status; /* the daemon's line "status"; NULL: it did not answer */
	unsigned int notes, bad;
};

/* @advice: what to do; NULL: nothing */
void finding(struct doctor *doctor, enum verdict verdict, const char *advice, const char *format,
	     ...) __attribute__((format(printf, 4, 5)));

#endif
