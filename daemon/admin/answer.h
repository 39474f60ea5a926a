/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - the lines of an answer, written to the peer that asked
 *
 * A line is begun, written to by jsonl_*(), sent; one at a time.
 */
#ifndef RTPRELAY_ADMIN_ANSWER_H
#define RTPRELAY_ADMIN_ANSWER_H

#include "admin/peer.h"
#include "control_proto.h"

struct json_line *admin_line(struct admin_peer *peer, const char *type);
void admin_send(struct admin_peer *peer);
/* The last line. */
void admin_error(struct admin_peer *peer, const char *code, const char *text);
void admin_end(struct admin_peer *peer, uint64_t count);

/* Is there room for a line that comes without a request? False: the reader is behind, don't write it. */
bool admin_room(struct admin_peer *peer);
/* The answer goes on as soon as the socket takes something; a peer that is not ready in time is cut off. */
void admin_wake(struct admin_peer *peer);

#endif
