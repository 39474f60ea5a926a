/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.h - copies of a call's packets to another recorder: a sink of the recorder's thread
 *
 * A subscription of a call (call/copies.h) has m= lines, and each of them sends what one party of
 * one media sends, from ports of its own (RFC 7866). The relay is a translator: SSRC, sequence,
 * timestamps and payload types are those of the source (RFC 3550, section 7). What the recorder
 * sends is read, counted and dropped; it never changes where the copies go.
 *
 * The control thread makes another struct copy for each change; the recorder's thread uses it until
 * it gets another one. Both share the ports, which are counted: sockets are closed with the last
 * reference. copy_take(), copy_flush() and copy_listen() are called by one thread only.
 */
#ifndef RTPRELAY_RECORD_COPY_H
#define RTPRELAY_RECORD_COPY_H

#include "base/endpoint.h"
#include "srtp/srtp.h"

/* m= lines of one subscription; OpenSIPS reads so many. */
#define COPY_LINES 32
/* A packet that is longer is not copied, but counted as an error. */
#define COPY_BYTES 2048

/**
 * struct copy_counts - since the port was made
 * @packets, @bytes: sent, RTP and RTCP; bytes of UDP payload
 * @errors: not sent
 * @unwanted: of a payload type that the recorder's answer has not
 * @heard: packets that came from outside, and were dropped; @heard_rtcp: of these at the RTCP port
 */
struct copy_counts {
	uint64_t packets, bytes, errors, unwanted, heard, heard_rtcp;
};

struct copy_port;

/**
 * copy_port_new() - two bound sockets (RTP, RTCP), which it owns from then on
 * @master: what is sent is SRTP under this key; NULL: plain
 * Return: NULL: out of memory; the sockets stay the caller's
 */
struct copy_port *copy_port_new(const int fd[2], const struct srtp_master *master);
/**
 * copy_port_again() - the same sockets, with another key or none
 * The recorder's thread may still use @port: a key is never changed in place.
 * Return: NULL: out of memory or descriptors
 */
struct copy_port *copy_port_again(const struct copy_port *port, const struct srtp_master *master);
/* Does it send SRTP under this key, or plain for NULL? */
bool copy_port_has(const struct copy_port *port, const struct srtp_master *master);
/**
 * copy_port_resume() - what is sent under its key goes on behind @indexes of a former run
 * Before it sends anything. Indexes of SRTCP jump, also if none are known: none is used twice.
 * Return: 0; -EINVAL: no such indexes, or it sends plain; -ENOMEM
 */
int copy_port_resume(struct copy_port *port, const struct srtp_indexes *indexes, int64_t now_ms);
/* Have to be stored: indexes rose by SRTP_DUE, or there is a new SSRC. */
bool copy_port_due(const struct copy_port *port);
/* What was used when they were due last; they are not due any more. All zero: none, or plain */
void copy_port_indexes(struct copy_port *port, struct srtp_indexes *indexes);
/* Takes NULL. */
void copy_port_put(struct copy_port *port);
/* Any thread. */
void copy_port_counts(const struct copy_port *port, struct copy_counts *counts);

/**
 * struct copy_line - what one m= line sends
 * @tap: number of the source's media, @side: who sends it there
 * @to: by component; port 0: not sent
 * @pts: bit per payload type that is sent
 */
struct copy_line {
	uint32_t tap;
	uint8_t side;
	struct copy_port *port;
	struct endpoint to[2];
	uint64_t pts[2];
};

struct copy;

/* The first @n lines, COPY_LINES at most; takes references of their ports. NULL: out of memory */
struct copy *copy_new(const struct copy_line *lines, size_t n);
struct copy *copy_get(struct copy *copy);
/* Takes NULL. */
void copy_put(struct copy *copy);

/* The tap of line number @index; 0: there are no more lines. */
uint32_t copy_tap(const struct copy *copy, size_t index);

/* Packets that wait for copy_flush(); of a thread, for all its copies. NULL: out of memory */
struct copy_batch *copy_batch_new(void);
void copy_batch_free(struct copy_batch *batch);

/* One packet of the tap: plain RTP or RTCP. */
struct copy_packet {
	uint32_t tap;
	uint8_t side;
	bool rtcp;
	const uint8_t *data;
	size_t len;
};

/* Queues it for each line that wants it; sends what is queued if there is no more room. */
void copy_take(struct copy *copy, struct copy_batch *batch, const struct copy_packet *packet,
	       int64_t now_ms);
/* Sends all that is queued, of all copies. */
void copy_flush(struct copy_batch *batch);
/* Reads and drops what came to the ports; call it about once a second. */
void copy_listen(const struct copy *copy);

#endif
