/* SPDX-License-Identifier: GPL-2.0-or-later */
/* homer.c - sends reports to a Homer server, by HEP version 3 over UDP */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/resolve.h"
#include "homer/hep.h"
#include "homer/homer.h"

/*
 * A report has the Call-ID twice in JSON: the longest one fits, each byte as an escape, so that no
 * caller can choose one that keeps the call from being reported. The message is a datagram.
 */
#define PAYLOAD_MAX ((size_t)56 * 1024)
#define MESSAGE_MAX 65507
/* Between two log lines about lost reports. */
#define TELL_MS 60000

struct homer {
	int fd;
	bool connected;
	struct endpoint target;
	char *text; /* as configured */
	char *password;
	uint32_t id;
	uint64_t *sent, *lost;
	int64_t told_ms; /* last log line about lost reports; 0: none */
	char payload[PAYLOAD_MAX], message[MESSAGE_MAX];
};

bool homer_target(const char *text, struct endpoint *target, const char **error)
{
	const struct str udp = STR("udp:");
	bool prefixed = str_starts(str_of(text), udp);
	const char *address = prefixed ? text + udp.len : text;

	*error = "only UDP is possible: [udp:]HOST:PORT";
	if (str_starts(str_of(text), STR("tcp:")) || str_starts(str_of(text), STR("tls:")))
		return false;
	*error = "is not [udp:]HOST:PORT, or HOST has no address";
	return endpoint_resolve(address, target, 1) == 1 && endpoint_port(target) &&
	       !endpoint_is_any(target);
}

static bool is_connected(struct homer *homer)
{
	if (!homer->connected)
		homer->connected =
			!connect(homer->fd, &homer->target.sa, endpoint_len(&homer->target));
	return homer->connected;
}

/* The password must not appear: only the address is in the line. */
static void tell_lost(struct homer *homer, int err)
{
	int64_t now_ms = clock_ms();

	++*homer->lost;
	if (homer->told_ms && now_ms - homer->told_ms < TELL_MS)
		return;
	homer->told_ms = now_ms;
	log_warn("homer %s: reports are lost: %s; the next line about this comes after a minute "
		 "at the earliest",
		 homer->text, strerror(err));
}

/* An ICMP error about an earlier report is told at the next one, which then has to be repeated. */
static void send_message(struct homer *homer, const struct buf *message)
{
	int err;

	for (int tries = 0; tries < 2; tries++) {
		if (!is_connected(homer)) {
			tell_lost(homer, errno);
			return;
		}
		if (send(homer->fd, message->data, message->len, MSG_DONTWAIT | MSG_NOSIGNAL) >=
		    0) {
			++*homer->sent;
			return;
		}
		err = errno;
		tell_lost(homer, err);
		if (err != ECONNREFUSED)
			return;
	}
}

static void send_report(struct homer *homer, struct hep_message *report)
{
	struct buf message = BUF_INIT(homer->message, sizeof(homer->message));

	report->agent = homer->id;
	report->password = str_of(homer->password);
	if (hep_encode(report, &message))
		send_message(homer, &message);
	else
		tell_lost(homer, EMSGSIZE);
}

static int64_t wall_us(int64_t at_us)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 - (clock_us() - at_us);
}

void homer_send_rtcp(struct homer *homer, struct str call_id, const struct endpoint *source,
		     const struct endpoint *local, const uint8_t *rtcp, size_t len, int64_t at_us)
{
	struct buf payload = BUF_INIT(homer->payload, sizeof(homer->payload));
	struct hep_message report = { .type = HEP_RTCP,
				      .source = source,
				      .local = local,
				      .at_us = wall_us(at_us),
				      .correlation = call_id };

	if (!payload_rtcp(&payload, rtcp, len)) {
		if (payload.overflow)
			tell_lost(homer, EMSGSIZE);
		return;
	}
	report.payload = (struct str){ payload.data, payload.len };
	send_report(homer, &report);
}

void homer_send_rtp(struct homer *homer, struct payload_rtp *rtp)
{
	struct buf payload = BUF_INIT(homer->payload, sizeof(homer->payload));
	struct hep_message report = { .type = rtp->final ? HEP_RTP_FINAL : HEP_RTP,
				      .source = &rtp->report->latched,
				      .local = &rtp->report->local,
				      .at_us = wall_us(clock_us()),
				      .correlation = rtp->call_id };

	rtp->at_s = report.at_us / 1000000;
	if (!payload_rtp(&payload, rtp)) {
		tell_lost(homer, EMSGSIZE);
		return;
	}
	report.payload = (struct str){ payload.data, payload.len };
	send_report(homer, &report);
}

struct homer *homer_open(const struct homer_conf *conf, const char **error)
{
	struct homer *homer;
	struct endpoint target;

	if (!homer_target(conf->target, &target, error))
		return NULL;
	homer = calloc(1, sizeof(*homer));
	*error = "out of memory";
	if (!homer)
		return NULL;
	homer->target = target;
	homer->id = conf->id;
	homer->sent = conf->sent;
	homer->lost = conf->lost;
	homer->text = strdup(conf->target);
	homer->password = strdup(conf->password ? conf->password : "");
	homer->fd = socket(target.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (homer->fd < 0)
		*error = "no socket: too many open files, or the family is switched off";
	if (homer->text && homer->password && homer->fd >= 0)
		return homer;
	homer_close(homer);
	return NULL;
}

void homer_close(struct homer *homer)
{
	if (!homer)
		return;
	if (homer->fd >= 0)
		close(homer->fd);
	free(homer->text);
	free(homer->password);
	free(homer);
}
