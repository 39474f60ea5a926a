/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quality.h - how good the media of a side is: MOS and its components, and its receiver's figures from RTCP */
#ifndef RTPRELAY_ADMIN_QUALITY_H
#define RTPRELAY_ADMIN_QUALITY_H

#include "base/json_line.h"
#include "call/tree.h"
#include "call/media_quality.h"

/* The members of what comes from @side; none as long as nothing is known. */
void admin_put_quality(struct json_line *line, const struct media *media, enum side side);
/* Hundredths: the worse side's average; the worst media's, the kernel asked before. 0: not known */
unsigned int admin_media_mos(const struct media *media);
unsigned int admin_call_mos(const struct call *call);

#endif
