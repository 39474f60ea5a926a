/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - writes the lines of an answer to the client
 *
 * One line at a time: admin_line(), then jsonl_*() for its members, then admin_send().
 */
#ifndef RTPRELAY_ADMIN_ANSWER_H
#define RTPRELAY_ADMIN_ANSWER_H

#include "admin/peer.h"
#include "control_proto.h"
#include "report/report.h"

struct json_line *admin_line(struct admin_peer *peer, const char *type);
void admin_send(struct admin_peer *peer);
/* The last line. */
void admin_error(struct admin_peer *peer, const char *code, const char *text);
void admin_end(struct admin_peer *peer, uint64_t count);
/* In the arena of the request. NULL: out of memory; admin_error() was sent. */
const struct daemon_report *admin_report(struct admin_peer *peer);

/* May an event line be written? False: the client reads too slowly, leave the line out. */
bool admin_room(struct admin_peer *peer);
/*
 * Continues the answer when the socket becomes writable; if it does not in time, disconnects the
 * client.
 */
void admin_wake(struct admin_peer *peer);

#endif
