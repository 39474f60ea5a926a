/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.h - counts what ends: a media in its call and the daemon's counters; a call in counters,
 * log and call record
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_ACCOUNT_H
#define RTPRELAY_CALL_ACCOUNT_H

#include "call/tree.h"

/* Why a call ended, for log, call record and watchers. Static. */
const char *call_end_text(enum call_end end);
/* Did it end because media or an answer was missing? */
bool call_end_is_timeout(enum call_end end);

/* Call it between media_path_stop(), which makes the kernel's counters final, and media_close(). */
void account_media(struct call *call, struct media *media);
/* Call it when the last dialog has ended. */
void account_call(const struct call *call);

#endif
