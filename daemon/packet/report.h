/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - copies what a stream has counted and learned, on any thread, while packets flow */
#ifndef RTPRELAY_STREAM_REPORT_H
#define RTPRELAY_STREAM_REPORT_H

#include "packet/quality.h"
#include "packet/side.h"

struct stream;

void stream_report(const struct stream *stream, struct stream_report *report);
void stream_learned(const struct stream *stream, struct latch_record *record);
/* As if the open interval ended now. All zero if the daemon received no RTP of it. */
void stream_quality(const struct stream *stream, int64_t now_ms, struct quality *quality);

#endif
