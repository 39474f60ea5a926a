/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.h - a line "recording" */
#ifndef RTPRELAY_CONTROL_RECORD_H
#define RTPRELAY_CONTROL_RECORD_H

#include <jansson.h>
#include <stdint.h>

/* Packets that are not in the files, wherever they were lost. */
int64_t recording_lost(const json_t *recording);

#endif
