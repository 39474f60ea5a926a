/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - writes the members of a stream, in a line of its own or in that of its media */
#ifndef RTPRELAY_ADMIN_STREAM_H
#define RTPRELAY_ADMIN_STREAM_H

#include "base/json_line.h"
#include "call/media.h"

void admin_put_stream(struct json_line *line, const struct media *media, enum side side,
		      enum component comp);

#endif
