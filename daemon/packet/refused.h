/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refused.h - what an operator is told of sources that a stream refuses; media thread
 */
#ifndef RTPRELAY_REFUSED_H
#define RTPRELAY_REFUSED_H

#include "packet/state.h"

/*
 * So many packets of one source are refused before it is told that the stream is not heard: half a
 * second of a phone's media.
 */
#define REFUSED_UNHEARD 25

/**
 * stream_note_refused() - latching refused a packet, for its source
 * @rank: of that source
 * Causes BRIDGE_REFUSED, once a second, and BRIDGE_UNHEARD, once per stream.
 */
void stream_note_refused(struct stream *s, const struct latch_packet *packet, enum latch_rank rank);

#endif
