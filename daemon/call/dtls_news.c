/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtls_news.c - what handshakes tell: keys go to the bridge and the journal, failures to the log
 */
#define LOG_WHERE "daemon/dtls/" /* the subsystem */
#include <errno.h>
#include "base/log.h"
#include "call/call.h"
#include "call/events.h"
#include "call/media_dtls.h"
#include "call/media_sdes.h"
#include "call/table.h"
#include "packet/bridge.h"
#include "packet/pool.h"
#include "stats/stats.h"

/* The key in use, as SDES keeps it. 0; -ENOMEM */
static int keep_key(struct media *media, enum side side, enum sdes_kind kind,
		    const struct srtp_master *master)
{
	struct sdes_lines lines = { .n = 1 };
	int error;

	lines.line[0] = (struct sdes_line){
		.tag = 1, .name = master->suite->name, .n_keys = 1, .keys = { *master }
	};
	error = media_sdes_set(media->sdes, side, kind, &lines);
	sdes_wipe(&lines);
	return error;
}

/* Those of RTP are kept; RTCP of a port of its own gets new ones after a restart. */
static int take_keys(struct media *media, enum side side, enum component comp,
		     const struct dtls_keys *keys)
{
	struct srtp *receive = srtp_new(&keys->receive, SRTP_RECEIVE);
	struct srtp *send = srtp_new(&keys->send, SRTP_SEND);
	struct bridge_change change = { 0 };
	int error = receive && send ? 0 : -ENOMEM;

	if (!error && comp == COMP_RTP)
		error = keep_key(media, side, SDES_HEARD, &keys->receive);
	if (!error && comp == COMP_RTP)
		error = keep_key(media, side, SDES_SENT, &keys->send);
	*(comp == COMP_RTP ? &change.receive[side] : &change.rtcp_receive[side]) = receive;
	*(comp == COMP_RTP ? &change.send[side] : &change.rtcp_send[side]) = send;
	if (!error)
		error = bridge_update(media->bridge, bridge_conf(media->bridge), &change);
	if (error) {
		srtp_free(receive);
		srtp_free(send);
	}
	return error;
}

static void tell(const struct media *media, enum side side, enum component comp,
		 const struct dtls_port *port)
{
	const struct happening happening = {
		.kind = port->state == DTLS_CONNECTED ? DTLS_SECURED : DTLS_REFUSED,
		.call = media->dialog->call,
		.media = media,
		.side = side,
		.comp = comp,
		.why = port->why,
	};

	events_tell(media->table->conf.events, &happening);
	if (port->state == DTLS_CONNECTED)
		log_call(LOG_LEVEL_DEBUG, media->dialog->call->id,
			 "media %u: DTLS of the %s (%s): handshake done in %u ms",
			 media->index + 1U, side_names[side], component_names[comp], port->took_ms);
	else
		log_call(LOG_LEVEL_WARNING, media->dialog->call->id,
			 "media %u: DTLS of the %s (%s): no keys: %s", media->index + 1U,
			 side_names[side], component_names[comp], port->why);
}

static void count(struct stats *stats, enum dtls_event event)
{
	stats->dtls_handshakes += event == DTLS_EVENT_KEYS;
	stats->dtls_mismatched += event == DTLS_EVENT_MISMATCH;
	stats->dtls_failed += event == DTLS_EVENT_FAILED;
}

static void follow(struct media *media, enum side side, enum component comp,
		   const struct dtls_report *report)
{
	struct dtls_port *port = &media->dtls->side[side].port[comp];

	if (!media_dtls_ends(media, side))
		return;
	count(media->table->conf.stats, report->event);
	port->took_ms = report->took_ms;
	port->why = report->why;
	switch (report->event) {
	case DTLS_EVENT_KEYS:
		port->state = DTLS_CONNECTED;
		if (take_keys(media, side, comp, report->keys)) {
			port->state = DTLS_FAILED;
			port->why = "out of memory";
		}
		break;
	case DTLS_EVENT_MISMATCH:
		if (port->state != DTLS_CONNECTED) /* otherwise the keys of before count */
			port->state = DTLS_MISMATCHED;
		break;
	case DTLS_EVENT_FAILED:
		if (port->state != DTLS_CONNECTED)
			port->state = DTLS_FAILED;
		break;
	}
	tell(media, side, comp, port);
	call_touch(media->dialog->call);
	worker_pool_flush(media->table->conf.workers);
}

void call_dtls_event(void *arg, const struct dtls_report *report)
{
	struct media *media = report->owner;

	(void)arg;
	if (!media->dialog || !media->dtls)
		return;
	each_component(side, comp)
		if (media->dtls->side[side].port[comp].link == report->link)
			follow(media, side, comp, report);
}
