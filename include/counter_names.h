/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counter_names.h - name, unit and help of each counter
 *
 * X-macro lists: X(id, name, unit, help). The tables made from them (report/counters.c,
 * packet/side.c) assert that every counter has a row. Names never change: monitoring uses them.
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
	X(DROP_SOURCE, "source", "packets", "from a source refused by latching")                   \
	X(DROP_PATIENCE, "patience", "packets",                                                    \
	  "from a source that may be accepted later (latch-patience)")                             \
	X(DROP_NO_DESTINATION, "no_destination", "packets",                                        \
	  "the address of the other side is not known yet")                                        \
	X(DROP_DESTINATION, "destination", "packets",                                              \
	  "the address of the other side, or the source, is forbidden (media-deny)")               \
	X(DROP_BLOCKED, "blocked", "packets", "media of this side is blocked by command")          \
	X(DROP_SEND_QUEUE, "send_queue", "packets", "the system's send queue was full")            \
	X(DROP_UNREACHABLE, "unreachable", "packets", "the system rejected the destination")       \
	X(DROP_TOO_LARGE, "too_large", "packets", "larger than the MTU of the path allows")        \
	X(DROP_LOOP, "loop", "packets",                                                            \
	  "came from one of the relay's own ports of the same media")                              \
	X(DROP_TTL, "ttl", "packets", "TTL or hop limit exceeded: a loop, or a distant sender")    \
	X(DROP_RECEIVE_QUEUE, "receive_queue", "packets",                                          \
	  "arrived faster than they were read: the port's receive buffer was full")                \
	X(DROP_BANNED, "banned", "packets", "from a banned address (rtprelayctl ban)")             \
	X(DROP_NO_KEYS, "no_keys", "packets", "SRTP, before a side has its keys")                  \
	X(DROP_SRTP_AUTH, "srtp_auth", "packets", "SRTP that is not authentic, or plain RTP")      \
	X(DROP_SRTP_REPLAY, "srtp_replay", "packets", "SRTP with an index that was used before")   \
	X(DROP_NOT_VOUCHED, "not_vouched", "packets",                                              \
	  "ICE: from a source that has not sent an authentic check")                               \
	X(DROP_HANDSHAKE_QUEUE, "handshake_queue", "packets",                                      \
	  "DTLS, while too many datagrams wait for the crypto thread")                             \
	X(DROP_DTMF, "dtmf", "packets", "telephone-event of this side is blocked by command")      \
	X(DROP_BUNDLE, "bundle", "packets",                                                        \
	  "of none of the medias of a BUNDLE group, by MID, SSRC or payload type")                 \
	X(DROP_PROMPT, "prompt", "packets", "the other side hears a prompt instead (play media)")

/* id: member of struct stats */
#define DAEMON_COUNTERS(X)                                                                         \
	X(calls_made, "calls_made", "calls", "offered and accepted")                               \
	X(calls_rejected, "calls_rejected", "calls",                                               \
	  "refused: no ports or descriptors, or max-sessions is reached")                          \
	X(calls_drained, "calls_drained", "calls", "refused because drain is on")                  \
	X(calls_overload, "calls_overload", "calls",                                               \
	  "refused: max-load, max-cpu or max-bandwidth")                                           \
	X(calls_no_address, "calls_no_address", "calls",                                           \
	  "refused: an address of interface was not one of this host")                             \
	X(calls_no_outside, "calls_no_outside", "calls",                                           \
	  "refused: the address outside of the NAT was not known")                                 \
	X(recordings, "recordings", "recordings", "begun")                                         \
	X(recordings_failed, "recordings_failed", "recordings",                                    \
	  "ended before their call because their files could not be written")                      \
	X(calls_deleted, "calls_deleted", "calls", "ended by the proxy's command")                 \
	X(calls_timeout, "calls_timeout", "calls", "ended because no media arrived")               \
	X(calls_silent_timeout, "calls_silent_timeout", "calls",                                   \
	  "ended because no media arrived while on hold")                                          \
	X(calls_offer_timeout, "calls_offer_timeout", "calls", "ended because no answer came")     \
	X(calls_unanswered, "calls_unanswered", "calls",                                           \
	  "ended because neither an answer nor media came")                                        \
	X(calls_final_timeout, "calls_final_timeout", "calls", "ended at their longest duration")  \
	X(calls_forced, "calls_forced", "calls", "ended by an operator or by the daemon's stop")   \
	X(calls_unheard, "calls_unheard", "calls",                                                 \
	  "with media that was not heard: neither SDP nor SIP names its address")                  \
	X(srtp_replaced, "srtp_replaced", "SSRCs",                                                 \
	  "of SRTP that gave way to others under the same key")                                    \
	X(srtp_restarts, "srtp_restarts", "streams",                                               \
	  "to be encrypted whose sequence numbers went back: dropped until they are new")          \
	X(ice_completed, "ice_completed", "medias", "sides of them for which ICE has selected")    \
	X(ice_failed, "ice_failed", "medias", "sides of them for which ICE has found nothing")     \
	X(ice_lost, "ice_lost", "medias", "sides of them whose consent ended (ice-consent)")       \
	X(ice_forged, "ice_forged", "packets", "STUN for ICE that is not authentic, not answered") \
	X(dtls_handshakes, "dtls_handshakes", "handshakes", "of DTLS-SRTP that gave keys")         \
	X(dtls_mismatched, "dtls_mismatched", "handshakes",                                        \
	  "with another certificate than a=fingerprint names: no media")                           \
	X(dtls_failed, "dtls_failed", "handshakes", "of DTLS-SRTP that failed three times")        \
	X(dtls_malformed, "dtls_malformed", "datagrams",                                           \
	  "of DTLS that were dropped before OpenSSL: damaged, or alerts without encryption")       \
	X(prompts_played, "prompts_played", "prompts", "begun for a phone (play media)")           \
	X(prompts_refused, "prompts_refused", "prompts",                                           \
	  "not played: no such file, no codec of the listener, no memory")                         \
	X(zero_way, "zero_way", "calls", "ended, no media received from either side")              \
	X(one_way, "one_way", "calls", "ended, media received from one side only")                 \
	X(duration_ms, "duration", "milliseconds", "total of the calls that ended")                \
	X(requests, "requests", "commands", "received from sources in control-allow")              \
	X(replies, "replies", "commands", "answered")                                              \
	X(replayed, "replayed", "commands", "received again, answered with the recorded reply")    \
	X(malformed, "malformed_commands", "commands", "malformed, not answered")                  \
	X(not_allowed, "not_allowed", "commands", "source not in control-allow, not answered")     \
	X(from_media_port, "from_media_port", "commands",                                          \
	  "source is one of the relay's own media ports, not answered")                            \
	X(unknown_command, "unknown_commands", "commands", "unknown, answered with an error")      \
	X(reply_too_large, "replies_too_large", "commands",                                        \
	  "the reply exceeds a datagram: details are left out, or an error is sent")               \
	X(send_failed, "replies_lost", "commands", "the reply could not be sent")                  \
	X(replies_evicted, "replies_evicted", "replies",                                           \
	  "dropped early, because replay-entries or replay-mbytes was reached")                    \
	X(rtpp_done, "rtpproxy_done", "commands", "of the rtpproxy protocol, executed")            \
	X(rtpp_refused, "rtpproxy_refused", "commands",                                            \
	  "of the rtpproxy protocol, answered with an error")                                      \
	X(notices_lost, "notices_lost", "notices",                                                 \
	  "of time-outs, the listener (notify) read them too slowly or not at all, or refused "    \
	  "them")                                                                                  \
	X(events_lost, "events_lost", "events",                                                    \
	  "not sent to a client (rtprelayctl watch) that read too slowly")                         \
	X(cdr_lost, "cdr_lost", "records", "of calls, could not be written to cdr-file")           \
	X(homer_sent, "homer_sent", "reports", "sent to homer")                                    \
	X(homer_lost, "homer_lost", "reports",                                                     \
	  "not sent to homer: no route, nobody listens there, the send queue is full, too large")  \
	X(dtmf_keys, "dtmf_keys", "keys", "pressed by phones of calls where they are reported")    \
	X(dtmf_sent, "dtmf_sent", "reports", "of keys, sent to dtmf-log-dest")                     \
	X(dtmf_lost, "dtmf_reports_lost", "reports", "of keys, could not be sent to dtmf-log-dest")

/* id: member of struct stats.medias */
#define MEDIA_COUNTERS(X)                                                                          \
	X(made, "made", "medias", "m= lines of SDP that got ports")                                \
	X(ended, "ended", "medias", "ended")                                                       \
	X(timed_out, "timed_out", "medias", "ended because no media arrived")                      \
	X(complete, "complete", "medias", "ended, offered and answered")                           \
	X(no_rtp, "no_rtp", "medias", "ended, no RTP received from either side")                   \
	X(one_way_rtp, "one_way_rtp", "medias", "ended, RTP received from one side only")          \
	X(no_rtcp, "no_rtcp", "medias", "ended, no RTCP received from either side")                \
	X(one_way_rtcp, "one_way_rtcp", "medias", "ended, RTCP received from one side only")       \
	X(expected, "expected", "packets", "RTP expected by medias that ended")                    \
	X(received, "received", "packets", "RTP received, without duplicates")                     \
	X(duplicate, "duplicate", "packets", "RTP received again")                                 \
	X(lost, "lost", "packets", "RTP expected and not received")                                \
	X(malformed, "malformed", "packets", "not RTP, received on a port for RTP")

/* id: member of struct quality_totals; stats/quality_totals.c defines its buckets */
#define QUALITY_COUNTERS(X)                                                                        \
	X(count, "sides", "sides", "of medias that ended, with a MOS")                             \
	X(sum[QUALITY_MOS], "mos", "hundredths", "sum of the average MOS of these")                \
	X(sum[QUALITY_LOSS], "loss", "hundredths of a percent", "sum of their average loss")       \
	X(sum[QUALITY_JITTER], "jitter", "microseconds", "sum of their average jitter")

/* id: member of struct journal_counters */
#define JOURNAL_COUNTERS(X)                                                                        \
	X(restored, "restored", "calls", "of the previous daemon, restored at start")              \
	X(not_restored, "not_restored", "calls",                                                   \
	  "of the previous daemon, whose ports or addresses are no longer available")              \
	X(unreadable, "unreadable", "calls", "whose records were damaged")                         \
	X(lost, "lost", "calls",                                                                   \
	  "of the previous daemon, in damaged parts of the file or its log")                       \
	X(damaged, "damaged", "files", "of the previous daemon, damaged or of another version")    \
	X(too_large, "too_large", "calls", "too large to be saved: a restart ends them")           \
	X(write_errors, "write_errors", "writes", "failed and tried again")

/* id: member of struct firewall_counters */
#define FIREWALL_COUNTERS(X)                                                                       \
	X(errors, "errors", "transactions", "refused by the kernel, tried again")                  \
	X(repairs, "repairs", "changes", "by other programs, after which the table is restored")   \
	X(banned, "banned", "packets",                                                             \
	  "from banned addresses, dropped by the table before the relay received them")

/* id: member of struct stun_counters */
#define STUN_COUNTERS(X)                                                                           \
	X(requests, "requests", "requests", "datagrams received by the STUN service")              \
	X(replies, "replies", "replies", "sent, of all kinds")                                     \
	X(classic, "classic", "replies", "to clients of RFC 3489")                                 \
	X(discovery, "discovery", "replies", "with the addresses of RFC 5780")                     \
	X(errors, "errors", "replies", "that refuse a malformed request or an attribute")          \
	X(malformed, "malformed", "requests", "not a STUN request, not answered")                  \
	X(fingerprint, "fingerprint", "requests", "damaged: FINGERPRINT is wrong, not answered")   \
	X(source, "source", "requests", "from an address or port of no client, not answered")      \
	X(not_allowed, "not_allowed", "requests", "source not in stun-allow, not answered")        \
	X(banned, "banned", "requests", "from a banned address (rtprelayctl ban), not answered")   \
	X(classic_refused, "classic_refused", "requests",                                          \
	  "of RFC 3489: stun-classic is off, or it came by IPv6, not answered")                    \
	X(cannot_change, "cannot_change", "requests",                                              \
	  "of RFC 3489, for a reply from an address that there is not, not answered")              \
	X(limited, "limited", "requests", "of a source with too many (stun-rate, stun-burst)")     \
	X(limited_total, "limited_total", "requests", "beyond stun-total, not answered")           \
	X(send_failed, "send_failed", "replies", "that the system did not send")                   \
	X(receive_queue, "receive_queue", "requests",                                              \
	  "arrived faster than they were read: the socket's receive buffer was full")              \
	X(tcp, "tcp_connections", "connections", "by TCP, accepted")                               \
	X(tcp_refused, "tcp_refused", "connections",                                               \
	  "by TCP, of a source with too many, not in stun-allow, or banned")                       \
	X(tcp_ended, "tcp_ended", "connections",                                                   \
	  "by TCP, ended because they were idle, or to make room for others")

/* id: member of struct external_counters */
#define EXTERNAL_COUNTERS(X)                                                                       \
	X(checks, "checks", "rounds", "of questions for the address outside of the NAT")           \
	X(failed, "failed", "rounds", "that no source answered with a usable address")             \
	X(double_nat, "double_nat", "rounds",                                                      \
	  "in which a source named a private address: there is another NAT outside")               \
	X(changes, "changes", "times", "another address was found, or the first one")

/* id: member of struct portmap_counters */
#define PORTMAP_COUNTERS(X)                                                                        \
	X(granted, "granted", "requests", "that the router has granted a port for")                \
	X(refused, "refused", "requests", "that it has refused, or whose answer cannot be true")   \
	X(unanswered, "unanswered", "requests", "without an answer, or of a protocol it has not")  \
	X(restarts, "restarts", "times", "the router had lost what it forwarded")                  \
	X(moved, "moved", "times", "a port of a call got another port outside")

/* id: member of struct proxy_stats; the counters of each verb are named by VERBS (stats/stats.h) */
#define PROXY_COUNTERS(X) X(errors, "errors", "commands", "answered with an error")
/* id: of enum rtprelay_counter */
#define KERNEL_COUNTERS(X)                                                                         \
	X(RTPRELAY_C_PACKETS, "packets", "packets", "accepted and forwarded by the kernel")        \
	X(RTPRELAY_C_BYTES, "bytes", "bytes", "forwarded by the kernel, UDP payload")              \
	X(RTPRELAY_C_TAPPED, "tapped", "packets", "copied to rtprelay0")                           \
	X(RTPRELAY_C_PASS_STUN, "pass_stun", "packets", "STUN, passed to the daemon")              \
	X(RTPRELAY_C_PASS_DTLS, "pass_dtls", "packets", "DTLS, passed to the daemon")              \
	X(RTPRELAY_C_PASS_KIND, "pass_kind", "packets",                                            \
	  "not a kind that the flow carries, passed to the daemon")                                \
	X(RTPRELAY_C_PASS_PT, "pass_pt", "packets",                                                \
	  "RTP of a payload type that was not negotiated, passed to the daemon")                   \
	X(RTPRELAY_C_PASS_ROUTE, "pass_route", "packets", "no route, passed to the daemon")        \
	X(RTPRELAY_C_PASS_SIZE, "pass_size", "packets",                                            \
	  "longer than the path's MTU, passed to the daemon")                                      \
	X(RTPRELAY_C_DROP_SOURCE, "drop_source", "packets", "source is not the latched one")       \
	X(RTPRELAY_C_DROP_BLOCKED, "drop_blocked", "packets", "media is blocked by command")       \
	X(RTPRELAY_C_DROP_TTL, "drop_ttl", "packets", "TTL or hop limit exceeded")                 \
	X(RTPRELAY_C_DROP_NOMEM, "drop_nomem", "packets", "no memory in the kernel")               \
	X(RTPRELAY_C_DROP_XMIT, "drop_xmit", "packets", "refused by the output device")            \
	X(RTPRELAY_C_PASS_POLICY, "pass_policy", "packets",                                        \
	  "not allowed by an IPsec policy, passed to the daemon's socket, which refuses it")       \
	X(RTPRELAY_C_PASS_DEVICE, "pass_device", "packets",                                        \
	  "came by a device or VRF where the daemon's socket would not hear it, passed up")

/* id: member of struct worker_totals */
#define TOTAL_COUNTERS(X)                                                                          \
	X(packets, "packets", "packets", "forwarded from user space")                              \
	X(bytes, "bytes", "bytes", "forwarded from user space, UDP payload")                       \
	X(errors, "errors", "packets", "could not be sent")                                        \
	X(keepalives_in, "keepalives_received", "packets",                                         \
	  "that phones send to keep a binding of their NAT; not forwarded")                        \
	X(keepalives_out, "keepalives_sent", "packets",                                            \
	  "to phones to which nothing else was sent (media-keepalive)")                            \
	X(keepalives_saved, "keepalives_saved", "times",                                           \
	  "a silent phone was heard again at the place that keep-alives were sent to")             \
	X(rebinds, "nat_rebinds", "times",                                                         \
	  "a phone went on at another port or address without signalling: another NAT binding")    \
	X(latched, "latched", "times", "a stream latched to a source, its first or another")       \
	X(denied, "media_denied", "times",                                                         \
	  "an address was refused as destination of a stream (media-deny)")                        \
	X(rtcp_lost, "rtcp_lost", "packets",                                                       \
	  "of RTCP, forwarded but not reported to homer: too many at once, or of one side")        \
	X(stun_lost, "stun_lost", "packets",                                                       \
	  "of STUN for ICE, not looked at: too many at once, or of one port")                      \
	X(dtmf_lost, "dtmf_lost", "keys", "not reported: too many at once, or of one side")        \
	X(prompt_packets, "prompt_packets", "packets", "of prompts, also counted in packets")

/* id: of enum latch_rank, of the source that was refused */
#define REFUSED_COUNTERS(X)                                                                        \
	X(RANK_UNKNOWN, "unknown", "verdicts", "refusing a source that neither SDP nor SIP names") \
	X(RANK_NEAR, "near", "verdicts", "refusing a source near an address of SDP or SIP")        \
	X(RANK_ADDR, "address", "verdicts",                                                        \
	  "refusing an address of SDP or SIP, from another port")                                  \
	X(RANK_EXACT, "exact", "verdicts", "refusing the address and port of SDP")

#endif
