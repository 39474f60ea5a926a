/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.h - sums at the end: of a media in its call and in the daemon's counters, of a call in counters,
 * log and record
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_ACCOUNT_H
#define RTPRELAY_CALL_ACCOUNT_H

#include "call/tree.h"

/* Why a call ended, for the log, its record and whoever watches. Static. */
const char *call_end_text(enum call_end end);
/* For want of media, or of an answer. */
bool call_end_is_timeout(enum call_end end);

/* Before media_close(), and after media_path_stop(), so that the kernel's counters are final. */
void account_media(struct call *call, const struct media *media);
/* After its last dialog. */
void account_call(const struct call *call);

#endif
