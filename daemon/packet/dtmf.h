/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtmf.h - packets of telephone-event in a stream: reads them, reports keys, says whether they pass
 *
 * Media thread. Only of sides with SIDE_DTMF or SIDE_DTMF_BLOCK; their flows of the kernel pass
 * these packets up.
 */
#ifndef RTPRELAY_PACKET_DTMF_H
#define RTPRELAY_PACKET_DTMF_H

#include "base/ring.h"
#include "packet/dtmf_ring.h"
#include "packet/side.h"

struct packet;
struct stream;

/* Keys of one side that are reported in a second, at most: nobody presses more. */
#define DTMF_BURST    25
#define DTMF_BURST_MS 1000

/**
 * struct stream_dtmf - of a side whose bridge had telephone-events
 * @source, @clock: of the last packet
 * @pressed: link in dtmf_thread.pressed while a key is pressed
 * @since_ms, @reported: keys since then
 */
struct stream_dtmf {
	struct dtmf_keys keys;
	struct endpoint source;
	uint32_t clock, reported;
	int64_t since_ms;
	struct stream *stream;
	struct ring pressed;
};

/**
 * struct dtmf_thread - of a media thread
 * @ring: to the control thread; NULL: it wants none
 * @pressed: streams with a key that is pressed; @due_ms: when they are looked at; 0: there are none
 */
struct dtmf_thread {
	struct dtmf_ring *ring;
	struct ring pressed;
	int64_t due_ms;
};

/* @wanted: NULL: without a ring. False: no memory */
bool dtmf_thread_init(struct dtmf_thread *thread, int wake_fd, bridge_dtmf_fn *wanted);
void dtmf_thread_fini(struct dtmf_thread *thread);
/* At @due_ms: ends the keys whose packets have stopped. */
void dtmf_visit(struct dtmf_thread *thread, int64_t now_us);

/*
 * @p: an admitted packet of RTP, not encrypted if SIDE_DTMF is set. Return: may it pass? False only
 * for a telephone-event of a side with SIDE_DTMF_BLOCK
 */
bool dtmf_pass(struct stream *s, const struct packet *p, const struct rtp_wire *w, int64_t now_us);
/* The bridge is being closed. */
void dtmf_end(struct bridge *bridge);

#endif
