/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.h - one finding of rtprelayctl doctor */
#ifndef RTPRELAY_DOCTOR_H
#define RTPRELAY_DOCTOR_H

#include "verb.h"

enum verdict { FINDING_OK, FINDING_NOTE, FINDING_BAD };

struct doctor {
	const struct options *options;
	json_t *status; /* the daemon's line "status"; NULL: it did not answer */
	unsigned int notes, bad;
};

/* @advice: what to do; NULL: nothing */
void finding(struct doctor *doctor, enum verdict verdict, const char *advice, const char *format,
	     ...) __attribute__((format(printf, 4, 5)));

/* doctor_kernel.c, doctor_host.c */
void doctor_module(struct doctor *doctor);
void doctor_nftables(struct doctor *doctor);
void doctor_ports(struct doctor *doctor);
void doctor_process(struct doctor *doctor);
void doctor_network(struct doctor *doctor);

#endif
