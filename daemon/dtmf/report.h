/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a key that was pressed, as rtpengine's users read it: one object of JSON; pure
 *
 * The keys are those of rtpengine's dtmf-log-dest, which Kamailio's event route
 * rtpengine:dtmf-event and OpenSIPS' E_RTPENGINE_NOTIFICATION expect.
 */
#ifndef RTPRELAY_DTMF_REPORT_H
#define RTPRELAY_DTMF_REPORT_H

#include "base/buf.h"
#include "base/endpoint.h"

/* Kamailio reads datagrams of 32 KiB. Tags that do not fit are left out. */
#define DTMF_REPORT_MAX ((size_t)32 * 1024)

/**
 * struct dtmf_report
 * @tags: of all parties of the call
 * @at_s: wall clock
 * @source: of the packets
 * @duration_ms, @event, @volume: of the key; @event 0..16, @volume 0..63
 */
struct dtmf_report {
	struct str call_id, source_tag, source_label;
	const struct str *tags;
	size_t n_tags;
	int64_t at_s;
	const struct endpoint *source;
	uint32_t duration_ms;
	uint8_t event, volume;
};

/* @buf: of DTMF_REPORT_MAX bytes. False: it is too long even without tags */
bool dtmf_report_write(const struct dtmf_report *report, struct buf *buf);

#endif
