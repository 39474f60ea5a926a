/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quality.h - quality of a side's media: MOS and its components, its receiver's RTCP figures */
#ifndef RTPRELAY_ADMIN_QUALITY_H
#define RTPRELAY_ADMIN_QUALITY_H

#include "base/json_line.h"
#include "call/media_quality.h"
#include "call/tree.h"

/* Writes the quality of the media that @side sends; nothing while it is not known. */
void admin_put_quality(struct json_line *line, const struct media *media, enum side side);
/*
 * Both in hundredths; 0: not known. The lower average of both sides, that of a side
 * that is not heard is 1.00; the lowest of all medias, read from the kernel.
 */
unsigned int admin_media_mos(const struct media *media);
unsigned int admin_call_mos(const struct call *call);

#endif
