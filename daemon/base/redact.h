/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * redact.h - takes keys, passwords and DTMF digits out of text that will be logged
 *
 * Both SDP and the values of commands. Where it cannot tell where a secret ends, the rest of the
 * line goes.
 */
#ifndef RTPRELAY_REDACT_H
#define RTPRELAY_REDACT_H

#include "base/buf.h"

/* What stands in the place of a secret. */
#define REDACTED "***"

/* Appends @line, which has no line end, to @out; from a secret on, REDACTED. */
void redact_line(struct str line, struct buf *out);
/* The same for "name=value": with the name of a secret its whole value is left out. */
void redact_pair(struct str pair, struct buf *out);
/* Is the value under this key of a command a secret, whatever it is? */
bool redact_key(struct str key);

#endif
