/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counter_names.h - name, unit and help of each counter, held complete by static_assert
 *
 * Lists to be expanded: X(id, name, unit, help). The table made from a list asserts that every counter has
 * its row (packet/side.c). Names are what people and monitoring read: they never change.
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
	X(DROP_TTL, "ttl", "packets", "TTL or hop limit used up: a loop, or a sender far away")    \
	X(DROP_RECEIVE_QUEUE, "receive_queue", "packets",                                          \
	  "came faster than they were taken: the port's receive buffer was full")

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

/* id: member of struct stats */
#define DAEMON_COUNTERS(X)                                                                         \
	X(calls_made, "calls_made", "calls", "offered and taken")                                  \
	X(calls_rejected, "calls_rejected", "calls", "refused: the limit was reached")             \
	X(calls_deleted, "calls_deleted", "calls", "ended by the proxy's command")                 \
	X(calls_timeout, "calls_timeout", "calls", "ended because no media came")                  \
	X(calls_silent_timeout, "calls_silent_timeout", "calls",                                   \
	  "ended because no media came while on hold")                                             \
	X(calls_offer_timeout, "calls_offer_timeout", "calls", "ended because nobody answered")    \
	X(calls_forced, "calls_forced", "calls", "ended by an operator or by the daemon's end")    \
	X(zero_way, "zero_way", "calls", "ended, and no media had come from either side")          \
	X(one_way, "one_way", "calls", "ended, and media had come from one side alone")            \
	X(duration_ms, "duration", "milliseconds", "of calls that ended, their sum")               \
	X(requests, "requests", "commands", "came from proxies that may command")                  \
	X(replies, "replies", "commands", "were answered")                                         \
	X(replayed, "replayed", "commands", "came again, and got the recorded reply")              \
	X(malformed, "malformed_commands", "commands", "made no sense, and were not answered")     \
	X(not_allowed, "not_allowed", "commands", "came from strangers, and were not answered")    \
	X(unknown_command, "unknown_commands", "commands", "asked for something unknown")          \
	X(reply_too_large, "replies_too_large", "commands",                                        \
	  "had an answer longer than a datagram")                                                  \
	X(send_failed, "replies_lost", "commands", "had an answer that could not be sent")

/* id: of enum rtprelay_counter */
#define KERNEL_COUNTERS(X)                                                                         \
	X(RTPRELAY_C_PACKETS, "packets", "packets", "admitted and forwarded by the kernel")        \
	X(RTPRELAY_C_BYTES, "bytes", "bytes", "forwarded by the kernel, UDP payload")              \
	X(RTPRELAY_C_TAPPED, "tapped", "packets", "copied to rtprelay0")                           \
	X(RTPRELAY_C_PASS_STUN, "pass_stun", "packets", "STUN, left to the daemon")                \
	X(RTPRELAY_C_PASS_DTLS, "pass_dtls", "packets", "DTLS, left to the daemon")                \
	X(RTPRELAY_C_PASS_KIND, "pass_kind", "packets",                                            \
	  "not what the flow carries, left to the daemon")                                         \
	X(RTPRELAY_C_PASS_PT, "pass_pt", "packets",                                                \
	  "RTP of a payload type that was not negotiated, left to the daemon")                     \
	X(RTPRELAY_C_PASS_ROUTE, "pass_route", "packets", "no route, left to the daemon")          \
	X(RTPRELAY_C_PASS_SIZE, "pass_size", "packets",                                            \
	  "longer than the path's MTU, left to the daemon")                                        \
	X(RTPRELAY_C_DROP_SOURCE, "drop_source", "packets", "came from a stranger")                \
	X(RTPRELAY_C_DROP_BLOCKED, "drop_blocked", "packets", "media is blocked by command")       \
	X(RTPRELAY_C_DROP_TTL, "drop_ttl", "packets", "TTL or hop limit used up")                  \
	X(RTPRELAY_C_DROP_NOMEM, "drop_nomem", "packets", "no memory in the kernel")               \
	X(RTPRELAY_C_DROP_XMIT, "drop_xmit", "packets", "the output device refused it")

/* id: member of struct worker_totals */
#define TOTAL_COUNTERS(X)                                                                          \
	X(packets, "packets", "packets", "forwarded from user space")                              \
	X(bytes, "bytes", "bytes", "forwarded from user space, UDP payload")                       \
	X(errors, "errors", "packets", "could not be sent")

#endif
