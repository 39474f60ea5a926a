/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_sink.h - a subscriber in the recorder's thread: its copy gets the packets of its taps
 */
#ifndef RTPRELAY_RECORD_COPY_SINK_H
#define RTPRELAY_RECORD_COPY_SINK_H

#include "record/copy.h"
#include "record/recorder.h"

struct copy_sink;

/* Control thread. It gets nothing until copy_sink_set(). NULL: out of memory */
struct copy_sink *copy_sink_new(void);
/*
 * What is sent from now on; takes a reference. NULL: the end: the recorder's thread frees @sink. Of
 * several that the thread has not seen yet only the last one counts, so none is ever lost.
 */
void copy_sink_set(struct recorder *recorder, struct copy_sink *sink, struct copy *copy);

#endif
