/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - what a stream has counted and learned, copied by any thread while packets flow */
#ifndef RTPRELAY_STREAM_REPORT_H
#define RTPRELAY_STREAM_REPORT_H

#include "packet/quality.h"
#include "packet/side.h"

struct stream;

void stream_report(const struct stream *stream, struct stream_report *report);
void stream_learned(const struct stream *stream, struct latch_record *record);
/* As if the open interval ended now. All zero, when nothing was heard here. */
void stream_quality(const struct stream *stream, int64_t now_ms, struct quality *quality);

#endif
