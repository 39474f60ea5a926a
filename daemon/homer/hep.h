/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hep.h - a report as a message of HEP version 3, the protocol of Homer and other capture servers
 *
 * A message is "HEP3", its length, and chunks: vendor, type, length, value; all numbers are in
 * network order. Pure.
 */
#ifndef RTPRELAY_HEP_H
#define RTPRELAY_HEP_H

#include "base/buf.h"
#include "base/endpoint.h"

/* What the payload is; values of the protocol. */
enum hep_type {
	HEP_RTCP = 5,	    /* RTCP as JSON */
	HEP_RTP_FINAL = 34, /* RTP of one side, at the end of the media, as JSON */
	HEP_RTP = 35,	    /* the same, of the last interval */
};

/**
 * struct hep_message - one report
 * @source: the sender of the packets that the report is about; if it is unset, zeros are sent
 * @local: where they arrived
 * @at_us: wall clock, microseconds since 1970
 * @agent: number of this relay among those that report to the same server (homer-id)
 * @password: empty: none
 * @correlation: Call-ID
 */
struct hep_message {
	enum hep_type type;
	const struct endpoint *source, *local;
	int64_t at_us;
	uint32_t agent;
	struct str password, correlation, payload;
};

/* Appends the message to @out, which is empty. False: it does not fit there, or in 65535 bytes. */
bool hep_encode(const struct hep_message *message, struct buf *out);

#endif
