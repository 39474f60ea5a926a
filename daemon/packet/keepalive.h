/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalive.h - packets to phones to which nothing else is sent, so that a NAT in front of them, or
 * of the relay, does not forget the binding (RFC 6263)
 *
 * Bridges wait in a wheel, each until nothing was sent by one of its streams for the interval. If
 * the kernel sends by all that need it, the bridge is not in the wheel until the kernel reports
 * silence: nobody looks at it meanwhile. Media thread only.
 */
#ifndef RTPRELAY_PACKET_KEEPALIVE_H
#define RTPRELAY_PACKET_KEEPALIVE_H

#include "packet/state.h"

#define KEEPALIVE_MAX 20 /* bytes of the longest one */

/* Something has changed: those streams of @bridge that need it wait from now on. */
void keepalive_mind(struct wheel *wheel, struct bridge *bridge, int64_t now_ms);
/* @bridge ends. */
void keepalive_end(struct wheel *wheel, struct bridge *bridge);
/* The kernel has reported of the flow that @stream receives by. */
void keepalive_kernel(struct stream *stream, const struct bridge_kernel *kernel, int64_t now_ms);
/* Visits one bridge that is due. Return: false: there is none */
bool keepalive_visit(struct wheel *wheel, int64_t now_ms);
/* Another source has taken over: what was sent to the one before has saved nothing. */
void keepalive_moved(struct stream *stream);
/**
 * keepalive_bytes() - what @stream sends
 * @to: has KEEPALIVE_MAX bytes
 * Return: the length, which may be 0
 */
size_t keepalive_bytes(const struct stream *stream, uint8_t *to);

#endif
