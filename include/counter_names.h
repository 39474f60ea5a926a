/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counter_names.h - name, unit and help of each counter, held complete by static_assert
 *
 * Lists to be expanded: X(id, name, unit, help). The tables made from them assert that every counter has its
 * row (report/counters.c, packet/side.c). Names are what people and monitoring read: they never change.
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
	X(send_failed, "replies_lost", "commands", "had an answer that could not be sent")         \
	X(replies_evicted, "replies_evicted", "replies",                                           \
	  "forgotten before their time, because replay-entries or replay-mbytes was reached")      \
	X(rtpp_done, "rtpproxy_done", "commands", "of the rtpproxy protocol, done")                \
	X(rtpp_refused, "rtpproxy_refused", "commands",                                            \
	  "of the rtpproxy protocol, answered with an error")                                      \
	X(notices_lost, "notices_lost", "notices",                                                 \
	  "of time-outs, which the receiver (notify) took too slowly or not at all")               \
	X(events_lost, "events_lost", "events", "left out for a watcher that read too slowly")     \
	X(cdr_lost, "cdr_lost", "records", "of calls, which could not be written to cdr-file")

/* id: member of struct stats.medias */
#define MEDIA_COUNTERS(X)                                                                          \
	X(made, "made", "medias", "m= lines that were given ports")                                \
	X(ended, "ended", "medias", "ended")                                                       \
	X(timed_out, "timed_out", "medias", "ended because no media came")                         \
	X(complete, "complete", "medias", "ended, offered and answered")                           \
	X(no_rtp, "no_rtp", "medias", "ended, and no RTP had come from either side")               \
	X(one_way_rtp, "one_way_rtp", "medias", "ended, and RTP had come from one side alone")     \
	X(no_rtcp, "no_rtcp", "medias", "ended, and no RTCP had come from either side")            \
	X(one_way_rtcp, "one_way_rtcp", "medias", "ended, and RTCP had come from one side alone")  \
	X(expected, "expected", "packets", "RTP that should have come to medias that ended")       \
	X(received, "received", "packets", "RTP that came, repetitions left out")                  \
	X(duplicate, "duplicate", "packets", "RTP that came again")                                \
	X(lost, "lost", "packets", "RTP that was expected and did not come")                       \
	X(malformed, "malformed", "packets", "no RTP, though it came to a port for RTP")

/* id: member of struct quality_totals; its buckets follow from the bounds in stats/quality_totals.c */
#define QUALITY_COUNTERS(X)                                                                        \
	X(count, "sides", "sides", "of medias that ended and had a MOS")                           \
	X(sum[QUALITY_MOS], "mos", "hundredths", "sum of the average MOS of these")                \
	X(sum[QUALITY_LOSS], "loss", "hundredths of a percent", "sum of their average loss")       \
	X(sum[QUALITY_JITTER], "jitter", "microseconds", "sum of their average jitter")

/* id: member of struct journal_counters */
#define JOURNAL_COUNTERS(X)                                                                        \
	X(restored, "restored", "calls", "of the daemon before this one, which go on")             \
	X(not_restored, "not_restored", "calls",                                                   \
	  "of the daemon before this one, whose ports or addresses could not be had again")        \
	X(unreadable, "unreadable", "calls", "whose records were damaged")                         \
	X(too_large, "too_large", "calls", "which do not fit a record: a restart ends them")       \
	X(write_errors, "write_errors", "writes", "failed, and were tried again")

/* id: member of struct firewall_counters */
#define FIREWALL_COUNTERS(X)                                                                       \
	X(errors, "errors", "transactions", "the kernel refused to make the table, tried again")   \
	X(repairs, "repairs", "changes", "by other programs, after which the table is made anew")

/* For each verb: id: member of struct proxy_stats; the counters by verb have the names of VERBS (stats/stats.h) */
#define PROXY_COUNTERS(X) X(errors, "errors", "commands", "answered with an error")
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
	X(errors, "errors", "packets", "could not be sent")                                        \
	X(latched, "latched", "times", "a stream took a source, its first or another")

/* id: of enum latch_rank, of the source that was refused */
#define REFUSED_COUNTERS(X)                                                                        \
	X(RANK_UNKNOWN, "unknown", "verdicts", "against a source that nothing speaks for")         \
	X(RANK_NEAR, "near", "verdicts", "against a source near the signalled address")            \
	X(RANK_ADDR, "address", "verdicts", "against the signalled address, with another port")    \
	X(RANK_EXACT, "exact", "verdicts", "against the signalled address and port")

#endif
