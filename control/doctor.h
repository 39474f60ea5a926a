/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.h - the parts of rtprelayctl doctor */
#ifndef RTPRELAY_DOCTOR_H
#define RTPRELAY_DOCTOR_H

#include <stdint.h>
#include "finding.h"

/* Of the loaded module and of its file; empty: unknown, or there is none. */
struct module_versions {
	char loaded[64], loaded_source[64], file[64], file_source[64];
};

/* doctor_kernel.c, doctor_host.c */
void doctor_versions(struct doctor *doctor, const struct module_versions *versions);
void doctor_module(struct doctor *doctor);
void doctor_nftables(struct doctor *doctor);
void doctor_ports(struct doctor *doctor);
void doctor_process(struct doctor *doctor);
void doctor_network(struct doctor *doctor);
/* doctor_journal.c, doctor_bans.c, doctor_calls.c, doctor_recording.c */
void doctor_journal(struct doctor *doctor);
void doctor_cdr(struct doctor *doctor);
void doctor_bans(struct doctor *doctor);
void doctor_recording(struct doctor *doctor);
void doctor_calls(struct doctor *doctor);
/* doctor_tune.c */
void doctor_tune(struct doctor *doctor, uint64_t calls);
/* doctor_commands.c */
void doctor_commands(struct doctor *doctor);
/* doctor_external.c */
void doctor_external(struct doctor *doctor);
/* doctor_dtls.c */
void doctor_dtls(struct doctor *doctor);
/* doctor_seccomp.c */
void doctor_seccomp(struct doctor *doctor);
/* doctor_stun.c */
void doctor_stun(struct doctor *doctor);

#endif
