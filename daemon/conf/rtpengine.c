/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtpengine.c - the keys of rtpengine.conf, which are also rtpengine's options, in our words
 *
 * The keys are those of rtpengine's manual page. rtprelayd names our key where it meets theirs,
 * rtprelayctl migrate translates whole files (control/migrate_rtpengine.c).
 */
#include <string.h>
#include "base/count.h"
#include "conf/rtpengine.h"

#define NO_MIXING  "the relay does not play, mix or transcode: media is forwarded as it is"
#define NO_DTLS	   "DTLS has a P-256 certificate, and ciphers AES-GCM and ChaCha: there is no choice"
#define NO_DTMF	   "keys are told as with dtmf-log-dest; see also dtmf-log"
#define FOR_UNIT   "set it in the systemd unit: CPUSchedulingPolicy=, CPUSchedulingPriority=, Nice="
#define BY_METRICS "figures are at /metrics of listen-http, for Prometheus"
#define BY_WATCH   "events and figures: rtprelayctl watch, and /metrics of listen-http"

const struct conf_rtpengine conf_rtpengine_rows[] = {
	{ "interface", 'i', false, "interface", NULL },
	{ "listen-ng", 'n', false, "listen-ng", NULL },
	{ "listen-udp", 'u', false, "listen-rtpproxy", NULL },
	{ "listen-tcp", 'l', false, NULL,
	  "write listen-rtpproxy = tcp:HOST:PORT, if a proxy uses it" },
	{ "listen-tcp-ng", '\0', false, "listen-tcp-ng", NULL },
	{ "listen-cli", 'c', false, NULL, "rtprelayctl uses the Unix socket control-socket" },
	{ "listen-http", '\0', false, "listen-http", NULL },
	{ "listen-https", '\0', false, NULL, "put an HTTPS server in front of listen-http" },
	{ "https-*", '\0', false, NULL, "put an HTTPS server in front of listen-http" },
	{ "http-threads", '\0', false, NULL, NULL },
	{ "port-min", 'm', false, "port-min", NULL },
	{ "port-max", 'M', false, "port-max", NULL },
	{ "timeout", 'o', false, "timeout", NULL },
	{ "silent-timeout", 's', false, "silent-timeout", NULL },
	{ "offer-timeout", '\0', false, "offer-timeout", NULL },
	{ "final-timeout", 'a', false, "final-timeout", NULL },
	{ "delete-delay", 'd', false, "delete-delay", NULL },
	{ "max-sessions", '\0', false, "max-sessions", NULL },
	{ "max-load", '\0', false, "max-load", NULL },
	{ "max-cpu", '\0', false, "max-cpu", NULL },
	{ "max-bandwidth", '\0', false, "max-bandwidth", NULL },
	{ "tos", 'T', false, "tos", NULL },
	{ "control-tos", '\0', false, NULL, "replies to proxies have no TOS of their own" },
	{ "pidfile", 'p', false, "pidfile", NULL },
	{ "foreground", 'f', true, "foreground", NULL },
	{ "table", 't', false, "kernel", NULL },
	{ "no-fallback", 'F', true, "kernel", NULL },
	{ "nftables-*", '\0', false, NULL,
	  "the kernel path needs no rule; see firewall = notrack or pinhole" },
	{ "iptables-chain", '\0', false, NULL,
	  "the kernel path needs no rule; see firewall = notrack or pinhole" },
	{ "num-threads", '\0', false, "media-threads", NULL },
	{ "media-num-threads", '\0', false, NULL, NO_MIXING },
	{ "codec-num-threads", '\0', false, NULL, NO_MIXING },
	{ "log-level", 'L', false, "log-level", NULL },
	{ "log-level-*", '\0', false, NULL,
	  "levels of subsystems stand in log-level: info, latch:debug" },
	{ "log-facility", '\0', false, "log-facility", NULL },
	{ "log-facility-cdr", '\0', false, NULL, "records of calls go to cdr-file" },
	{ "log-facility-*", '\0', false, NULL, "there is one log" },
	{ "log-stderr", 'E', true, "log-facility", NULL },
	{ "log-format", '\0', false, NULL, NULL },
	{ "log-mark-*", '\0', false, NULL,
	  "keys and digits are never logged, so nothing is marked" },
	{ "log-srtp-keys", '\0', true, NULL, "keys are never logged" },
	{ "log-name", '\0', false, NULL, NULL },
	{ "no-log-timestamps", '\0', true, NULL, NULL },
	{ "max-log-line-length", '\0', false, NULL, NULL },
	{ "split-logs", '\0', true, NULL, NULL },
	{ "sip-source", '\0', true, NULL,
	  "give the flag SIP-source-address in the proxy's commands" },
	{ "endpoint-learning", '\0', false, "latching", NULL },
	{ "reject-invalid-sdp", '\0', true, NULL, NULL },
	{ "save-interface-ports", 'S', true, NULL, NULL },
	{ "poller-per-thread", '\0', true, NULL, NULL },
	{ "thread-stack", '\0', false, NULL, NULL },
	{ "socket-cpu-affinity", '\0', false, NULL, NULL },
	{ "software-id", '\0', false, NULL, NULL },
	{ "config-file", '\0', false, NULL, "migrate that file too" },
	{ "config-section", '\0', false, NULL,
	  "only the section [rtpengine] is read, else the first" },
	{ "redis-*", '\0', false, NULL, "see state-dir" },
	{ "redis", 'r', false, "state-dir", NULL },
	{ "redis-write", 'w', false, "state-dir", NULL },
	{ "no-redis-required", 'q', true, NULL, NULL },
	{ "subscribe-keyspace", 'k', false, NULL, "see state-dir" },
	{ "active-switchover", '\0', true, NULL, "see state-dir" },
	{ "b2b-url", 'b', false, "notify", NULL },
	{ "xmlrpc-format", 'x', false, NULL, "see notify" },
	{ "homer", '\0', false, "homer", NULL },
	{ "homer-id", '\0', false, "homer-id", NULL },
	{ "homer-protocol", '\0', false, "homer", NULL },
	{ "homer-disable-rtcp-stats", '\0', true, NULL,
	  "homer gets RTCP and the quality of RTP; leave homer out for neither" },
	{ "homer-*", '\0', false, NULL, "homer gets RTCP and the quality of RTP, not commands" },
	{ "graphite*", 'g', false, NULL, BY_METRICS },
	{ "mqtt-*", '\0', false, NULL, BY_WATCH },
	{ "mos", '\0', false, NULL, NULL },
	{ "measure-rtp", '\0', true, NULL, NULL },
	{ "recording-dir", '\0', false, "recording-dir", NULL },
	{ "recording-method", '\0', false, NULL,
	  "calls in the kernel stay there while they are recorded" },
	{ "recording-format", '\0', false, NULL, "see recording-linktype: raw, ethernet" },
	{ "recording-*", '\0', false, NULL, "see recording-dir" },
	{ "record-egress", '\0', true, NULL, "see recording-side" },
	{ "rec-egress", '\0', true, NULL, "see recording-side" },
	{ "mysql-*", '\0', false, NULL, NO_MIXING },
	{ "db-*", '\0', false, NULL, NO_MIXING },
	{ "jitter-buffer", '\0', false, NULL, NO_MIXING },
	{ "jb-*", '\0', false, NULL, NO_MIXING },
	{ "dtx-*", '\0', false, NULL, NO_MIXING },
	{ "max-dtx", '\0', false, NULL, NO_MIXING },
	{ "amr-*", '\0', false, NULL, NO_MIXING },
	{ "evs-*", '\0', false, NULL, NO_MIXING },
	{ "silence-detect", '\0', false, NULL, NO_MIXING },
	{ "cn-payload", '\0', false, NULL, NO_MIXING },
	{ "moh-*", '\0', false, NULL, NO_MIXING },
	{ "player-cache", '\0', true, NULL, NO_MIXING },
	{ "dtls-mtu", '\0', false, "dtls-mtu", NULL },
	{ "dtls-passive", '\0', true, "dtls-passive", NULL },
	{ "dtls-*", '\0', false, NULL, NO_DTLS },
	{ "debug-srtp", '\0', true, NULL, "rtprelayctl call counts what SRTP refused" },
	{ "dtmf-log-dest", '\0', false, "dtmf-log-dest", NULL },
	{ "dtmf-*", '\0', false, NULL, NO_DTMF },
	{ "scheduling", '\0', false, NULL, FOR_UNIT },
	{ "priority", '\0', false, NULL, FOR_UNIT },
	{ "idle-*", '\0', false, NULL, FOR_UNIT },
	{ "templates", '\0', false, NULL, "flags are given by the proxy, per command" },
};

const size_t conf_rtpengine_n = COUNT(conf_rtpengine_rows);

/* "log-level-core" is found as "log-level-*", which stands after "log-level". */
static bool names(const struct conf_rtpengine *row, struct str key)
{
	size_t len = strlen(row->key);

	if (row->key[len - 1] == '*')
		return str_starts(key, (struct str){ row->key, len - 1 });
	return str_eq(str_of(row->key), key);
}

const struct conf_rtpengine *conf_rtpengine_find(struct str key)
{
	const struct conf_rtpengine *found = NULL;

	for (size_t i = 0; i < conf_rtpengine_n; i++) {
		if (str_eq(str_of(conf_rtpengine_rows[i].key), key))
			return &conf_rtpengine_rows[i];
		if (!found && names(&conf_rtpengine_rows[i], key))
			found = &conf_rtpengine_rows[i];
	}
	return found;
}
