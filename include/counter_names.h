/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counter_names.h - name, unit and help of each counter, held complete by static_assert
 *
 * Lists to be expanded: X(id, name, unit, help). The table made from a list asserts that every counter has
 * its row (bridge.c). Names are what people and monitoring read: they never change.
 */
#ifndef RTPRELAY_COUNTER_NAMES_H
#define RTPRELAY_COUNTER_NAMES_H

struct counter_name {
	const char *name, *unit, *help;
};

/* id: of enum stream_drop */
#define STREAM_DROP_COUNTERS(X)                                                                    \
	X(DROP_MALFORMED, "malformed", "packets", "empty, or shorter than its own header says")    \
	X(DROP_KIND, "kind", "packets", "not a kind of packet that this stream carries")           \
	X(DROP_SOURCE, "source", "packets", "came from a stranger, refused by latching")           \
	X(DROP_PATIENCE, "patience", "packets",                                                    \
	  "from a source that nothing speaks for, while a better one is waited for")               \
	X(DROP_NO_DESTINATION, "no_destination", "packets",                                        \
	  "the address of the other side is not known yet")                                        \
	X(DROP_BLOCKED, "blocked", "packets", "media of this side is blocked by command")          \
	X(DROP_SEND_QUEUE, "send_queue", "packets", "the system's send queue was full")            \
	X(DROP_UNREACHABLE, "unreachable", "packets", "the system refused the destination")        \
	X(DROP_TOO_LARGE, "too_large", "packets", "larger than the path to the other side allows") \
	X(DROP_LOOP, "loop", "packets", "came from one of the ports of the same bridge")           \
	X(DROP_TTL, "ttl", "packets", "TTL or hop limit used up: a loop, or a sender far away")

/* id: member of struct stream_report */
#define STREAM_COUNTERS(X)                                                                         \
	X(packets_in, "packets_in", "packets", "accepted from the remote")                         \
	X(bytes_in, "bytes_in", "bytes", "accepted from the remote, UDP payload")                  \
	X(packets_out, "packets_out", "packets", "sent to the remote")                             \
	X(bytes_out, "bytes_out", "bytes", "sent to the remote, UDP payload")                      \
	X(errors_out, "errors_out", "packets", "could not be sent to the remote")                  \
	X(relatched, "relatched", "changes", "times that another source took over")                \
	X(expected, "expected", "packets", "RTP packets that should have come (RFC 3550, A.3)")    \
	X(lost, "lost", "packets", "RTP packets expected that did not come (RFC 3550, A.3)")       \
	X(reordered, "reordered", "packets", "RTP packets that came late")                         \
	X(duplicate, "duplicate", "packets", "RTP packets that came again")

/* id: member of struct worker_totals */
#define TOTAL_COUNTERS(X)                                                                          \
	X(packets, "packets", "packets", "forwarded from user space")                              \
	X(bytes, "bytes", "bytes", "forwarded from user space, UDP payload")                       \
	X(errors, "errors", "packets", "could not be sent")

#endif
